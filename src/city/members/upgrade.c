/* Upgrades: the block from which every member runs a program that knows a name. What was agreed
 * stays on the ledger, what was called off included.
 *
 * "upgrades"          how many were agreed
 * "upgrade", index    number 8 | agreed at 8 | proposal 8 | the one in force before: index + 1, 8 |
 *                     called off by proposal 8 (0: not) | program
 * "upgrade-current"   the one in force or to come: index + 1; 0: none */
#include "city/members/roll.h"

struct upgrade {
    uint64_t number;
    uint64_t agreed_s;
    uint64_t proposal;
    uint64_t previous;
    uint64_t called_off;
    struct bytes program;
};

static bool upgrade_decode(struct upgrade *out, struct record r)
{
    out->number = record_u64(&r);
    out->agreed_s = record_u64(&r);
    out->proposal = record_u64(&r);
    out->previous = record_u64(&r);
    out->called_off = record_u64(&r);
    out->program = bytes_of(r.p, (size_t)(r.end - r.p));
    return !r.bad && out->program.len <= MEMBERS_NAME_MAX;
}

static enum err upgrade_load(struct service_call *c, uint64_t index, struct upgrade *out)
{
    struct hash slot = members_slot_at("upgrade", index);
    struct record r;
    TRY(record_load(c, &slot, &r));
    return upgrade_decode(out, r) ? E_OK : record_unreadable(c);
}

static enum err upgrade_store(struct service_call *c, uint64_t index, const struct upgrade *u)
{
    struct hash slot = members_slot_at("upgrade", index);
    struct buf b = {0};
    record_put_u64(&b, u->number);
    record_put_u64(&b, u->agreed_s);
    record_put_u64(&b, u->proposal);
    record_put_u64(&b, u->previous);
    record_put_u64(&b, u->called_off);
    buf_put(&b, u->program.data, u->program.len);
    return record_store(c, &slot, &b);
}

/* The upgrade in force or to come; *place_out is its index + 1, or 0 and *out is empty. */
static enum err load_current(struct service_call *c, uint64_t *place_out, struct upgrade *out)
{
    *out = (struct upgrade){0};
    TRY(members_load_u64(c, "upgrade-current", place_out));
    return *place_out ? upgrade_load(c, *place_out - 1, out) : E_OK;
}

/* Whether it lies ahead: its block is not the one being made, nor an earlier one. */
static bool is_pending(const struct service_call *c, const struct upgrade *u)
{
    return u->number > c->world->block->number;
}

enum err upgrade_check(struct service_call *c, uint64_t number, struct bytes program)
{
    struct upgrade current;
    uint64_t place;
    if (!members_text_holds(program))
        return REFUSE(c, "InvalidProgram", abi_u64(program.len), abi_u64(MEMBERS_NAME_MAX));
    if (number <= c->world->block->number)
        return REFUSE(c, "UpgradePassed", abi_u64(number), abi_u64(c->world->block->number));
    TRY(load_current(c, &place, &current));
    if (is_pending(c, &current))
        return REFUSE(c, "UpgradePending", abi_u64(current.number), abi_bytes(current.program));
    return E_OK;
}

enum err upgrade_agree(struct service_call *c, uint64_t number, struct bytes program, uint64_t id)
{
    struct upgrade u = {
        .number = number, .agreed_s = service_now_s(c), .proposal = id, .program = program};
    uint64_t count;
    TRY(members_load_u64(c, "upgrades", &count));
    TRY(members_load_u64(c, "upgrade-current", &u.previous));
    TRY(upgrade_store(c, count, &u));
    TRY(members_store_u64(c, "upgrades", count + 1));
    TRY(members_store_u64(c, "upgrade-current", count + 1));
    return EMIT(c, "UpgradeAgreed", abi_u64(number), abi_bytes(program), abi_u64(id));
}

enum err upgrade_check_call_off(struct service_call *c)
{
    struct upgrade current;
    uint64_t place;
    TRY(load_current(c, &place, &current));
    return is_pending(c, &current) ? E_OK : service_revert(c, "NoUpgrade", NULL);
}

enum err upgrade_call_off(struct service_call *c, uint64_t id)
{
    struct upgrade current;
    uint64_t place;
    TRY(load_current(c, &place, &current));
    ASSERT(place); /* upgrade_check_call_off */
    current.called_off = id;
    TRY(upgrade_store(c, place - 1, &current));
    TRY(members_store_u64(c, "upgrade-current", current.previous));
    return EMIT(c, "UpgradeCalledOff", abi_u64(current.number), abi_bytes(current.program),
                abi_u64(id));
}

/* --- views ------------------------------------------------------------------------------------ */

enum err run_members_upgrade(struct service_call *c)
{
    struct upgrade u;
    uint64_t place;
    TRY(load_current(c, &place, &u));
    return service_return(c, (struct abi_value[]){abi_u64(u.number), abi_bytes(u.program),
                                                  abi_u64(u.agreed_s), abi_u64(u.proposal)});
}

enum err run_members_upgrade_count(struct service_call *c)
{
    uint64_t count;
    TRY(members_load_u64(c, "upgrades", &count));
    return service_return(c, (struct abi_value[]){abi_u64(count)});
}

enum err run_members_upgrade_at(struct service_call *c)
{
    struct upgrade u;
    uint64_t index;
    TRY(members_index_argument(c, "upgrades", &index));
    TRY(upgrade_load(c, index, &u));
    return service_return(c, (struct abi_value[]){abi_u64(u.number), abi_bytes(u.program),
                                                  abi_u64(u.agreed_s), abi_u64(u.proposal),
                                                  abi_u64(u.called_off)});
}

/* --- for the chain and the engine ------------------------------------------------------------- */

bool members_upgrade(struct state *s, uint64_t *number_out, char name_out[MEMBERS_NAME_MAX + 1])
{
    struct hash slot = members_slot("upgrade-current");
    struct bytes stored = state_storage(s, &MEMBERS_SERVICE.address, &slot);
    uint64_t place = stored.len <= 32 ? u256_from_be_min(stored).w[0] : 0;
    struct upgrade u;
    if (place == 0)
        return false;
    slot = members_slot_at("upgrade", place - 1);
    stored = state_storage(s, &MEMBERS_SERVICE.address, &slot);
    if (stored.len == 0 ||
        !upgrade_decode(&u, (struct record){stored.data, stored.data + stored.len, false}))
        return false;
    *number_out = u.number;
    memcpy(name_out, u.program.data, u.program.len);
    name_out[u.program.len] = 0;
    return true;
}
