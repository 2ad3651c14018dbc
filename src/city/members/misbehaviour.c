/* Misbehaviour: what the ordering engine proved of a validator, and what became of it. No vote: the
 * rule is the same for everybody, and every copy of the ledger applies it at the same block.
 *
 * "misbehaviours"        how many were reported
 * "misbehaviour", index  kind 1 | validator 20 | height 8 | time 8 | power 8 | consequence 1 |
 *                        operator 20 | block 8 | name (the last three of the member, if found) */
#include "city/members/roll.h"
#include "crypto/ed25519.h"

enum consequence { EXPELLED, LAST, UNKNOWN, CONSEQUENCE_END };

static const char *const CONSEQUENCES[] = {"expelled", "last", "unknown"};
_Static_assert(sizeof CONSEQUENCES / sizeof *CONSEQUENCES == CONSEQUENCE_END, "a name each");

static size_t find_validator(const struct roll *r, const uint8_t validator20[20])
{
    for (size_t i = 0; i < r->count; i++) {
        uint8_t of_member20[20];
        ed25519_address20(of_member20, r->member[i].key32);
        if (memcmp(of_member20, validator20, sizeof of_member20) == 0)
            return i;
    }
    return ROLL_NOBODY;
}

static enum err keep(struct service_call *c, const struct misbehaviour *m,
                     enum consequence consequence, const struct member *who)
{
    uint64_t index;
    struct buf b = {0};
    TRY(members_load_u64(c, "misbehaviours", &index));
    struct hash slot = members_slot_at("misbehaviour", index);
    buf_put_u8(&b, m->kind);
    buf_put(&b, m->validator20, 20);
    record_put_u64(&b, m->height);
    record_put_u64(&b, m->time_s);
    record_put_u64(&b, m->power);
    buf_put_u8(&b, (uint8_t)consequence);
    buf_put(&b, who->operator.b, 20);
    record_put_u64(&b, c->world->block->number);
    buf_puts(&b, who->name);
    TRY(record_store(c, &slot, &b));
    return members_store_u64(c, "misbehaviours", index + 1);
}

static enum err punish(struct service_call *c, const struct misbehaviour *m)
{
    struct roll r;
    struct member who = {0};
    TRY(roll_load(c, &r));
    size_t i = find_validator(&r, m->validator20);
    if (i == ROLL_NOBODY)
        return keep(c, m, UNKNOWN, &who);
    who = r.member[i];
    if (r.count == 1)
        return keep(c, m, LAST, &who);
    TRY(roll_drop(c, &r, i, true));
    return keep(c, m, EXPELLED, &who);
}

enum err members_punish(struct world *w, const struct misbehaviour *list, size_t count)
{
    const struct address *self = &MEMBERS_SERVICE.address;
    struct frame frame = {.kind = FRAME_CALL, .recipient = *self, .code_address = *self};
    struct arena arena = {0};
    struct service_call c = {.world = w,
                             .frame = &frame,
                             .service = &MEMBERS_SERVICE,
                             .gas_left = INT64_MAX,
                             .arena = &arena};
    enum err err = members_founded(w->state) || count == 0 ? E_OK : E_BLOCK;
    for (size_t i = 0; err == E_OK && i < count; i++)
        err = punish(&c, &list[i]);
    buf_free(&c.output);
    arena_free(&arena);
    TRY(state_error(w->state));
    return err == E_REVERT ? E_CORRUPT : err; /* the only refusal here: RecordUnreadable */
}

/* --- views ------------------------------------------------------------------------------------ */

enum err run_members_misbehaviour_count(struct service_call *c)
{
    uint64_t count;
    TRY(members_load_u64(c, "misbehaviours", &count));
    return service_return(c, (struct abi_value[]){abi_u64(count)});
}

enum err run_members_misbehaviour_at(struct service_call *c)
{
    uint64_t index;
    struct record r;
    TRY(members_index_argument(c, "misbehaviours", &index));
    struct hash slot = members_slot_at("misbehaviour", index);
    TRY(record_load(c, &slot, &r));
    uint8_t kind = record_u8(&r);
    const uint8_t *validator20 = record_take(&r, 20);
    uint64_t height = record_u64(&r), time_s = record_u64(&r), power = record_u64(&r);
    uint8_t consequence = record_u8(&r);
    struct address who;
    memcpy(who.b, record_take(&r, 20), 20);
    uint64_t number = record_u64(&r);
    if (r.bad || consequence >= CONSEQUENCE_END)
        return record_unreadable(c);
    return service_return(
        c, (struct abi_value[]){abi_u64(kind), members_abi_node(validator20), abi_u64(height),
                                abi_u64(time_s), abi_u64(power), abi_address(&who),
                                abi_bytes(bytes_of(r.p, (size_t)(r.end - r.p))),
                                service_name32(CONSEQUENCES[consequence]), abi_u64(number)});
}
