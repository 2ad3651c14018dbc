/* The roll: one record with every member, and the settings that stand beside it. A hundred members
 * are some 15 KiB, read as a whole wherever one of them is asked for: changes are rare, and a rule
 * like "no two members share a key" then reads what it speaks of. */
#include "city/members/roll.h"

#include <stdlib.h>

_Static_assert((uint64_t)MEMBERS_MAX *MEMBERS_POWER_MAX < UINT64_C(1) << 60,
               "CometBFT's bound of the total power");

/* --- slots ------------------------------------------------------------------------------------ */

struct hash members_slot(const char *tag)
{
    return service_slot(tag, NULL, 0);
}

struct hash members_slot_at(const char *tag, uint64_t index)
{
    return RECORD_SLOT(tag, index);
}

enum err members_load_u64(struct service_call *c, const char *tag, uint64_t *out)
{
    struct hash slot = members_slot(tag);
    struct u256 v;
    TRY(service_load_u256(c, &slot, &v));
    *out = v.w[0];
    return E_OK;
}

enum err members_store_u64(struct service_call *c, const char *tag, uint64_t v)
{
    struct hash slot = members_slot(tag);
    return service_store_u256(c, &slot, u256_from_u64(v));
}

enum err members_index_argument(struct service_call *c, const char *counter, uint64_t *out)
{
    struct u256 index = service_arg(c, 0)->word;
    uint64_t count;
    TRY(members_load_u64(c, counter, &count));
    if (u256_cmp(index, u256_from_u64(count)) >= 0)
        return REFUSE(c, "UnknownIndex", abi_u256(index), abi_u64(count));
    *out = index.w[0];
    return E_OK;
}

/* --- the record ------------------------------------------------------------------------------- */

static bool roll_decode(struct roll *out, struct bytes bytes)
{
    out->count = 0;
    out->next_serial = 1;
    if (bytes.len == 0)
        return true;
    struct record r = {bytes.data, bytes.data + bytes.len, false};
    out->next_serial = record_u32(&r);
    while (!record_is_empty(&r) && !r.bad && out->count < MEMBERS_MAX) {
        struct member *m = &out->member[out->count];
        out->serial[out->count] = record_u32(&r);
        memcpy(m->operator.b, record_take(&r, 20), 20);
        memcpy(m->key32, record_take(&r, 32), 32);
        m->power = record_u64(&r);
        memcpy(m->node20, record_take(&r, 20), 20);
        uint8_t len = record_u8(&r);
        if (len > MEMBERS_NAME_MAX)
            return false;
        memcpy(m->name, record_take(&r, len), len);
        memset(m->name + len, 0, sizeof m->name - len);
        out->count++;
    }
    return !r.bad && record_is_empty(&r);
}

enum err roll_load(struct service_call *c, struct roll *out)
{
    struct hash slot = members_slot("roll");
    struct buf b = {0};
    enum err err = service_load(c, &slot, &b);
    if (err == E_OK && !roll_decode(out, buf_view(&b)))
        err = record_unreadable(c);
    buf_free(&b);
    return err;
}

bool roll_read(struct state *s, struct roll *out)
{
    struct hash slot = members_slot("roll");
    return roll_decode(out, state_storage(s, &MEMBERS_SERVICE.address, &slot));
}

enum err roll_store(struct service_call *c, const struct roll *r)
{
    struct hash slot = members_slot("roll");
    struct buf b = {0};
    record_put_u32(&b, r->next_serial);
    for (size_t i = 0; i < r->count; i++) {
        const struct member *m = &r->member[i];
        size_t len = strlen(m->name);
        record_put_u32(&b, r->serial[i]);
        buf_put(&b, m->operator.b, 20);
        buf_put(&b, m->key32, 32);
        record_put_u64(&b, m->power);
        buf_put(&b, m->node20, 20);
        buf_put_u8(&b, (uint8_t)len);
        buf_put(&b, m->name, len);
    }
    return record_store(c, &slot, &b);
}

size_t roll_find(const struct roll *r, const struct address *operator)
{
    for (size_t i = 0; i < r->count; i++)
        if (address_eq(&r->member[i].operator, operator))
            return i;
    return ROLL_NOBODY;
}

size_t roll_find_serial(const struct roll *r, uint32_t serial)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->serial[i] == serial)
            return i;
    return ROLL_NOBODY;
}

uint64_t roll_power(const struct roll *r)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < r->count; i++)
        sum += r->member[i].power;
    return sum;
}

enum err roll_add(struct service_call *c, struct roll *r, const struct member *m)
{
    ASSERT(r->count < MEMBERS_MAX);
    r->member[r->count] = *m;
    r->serial[r->count++] = r->next_serial++;
    return roll_store(c, r);
}

enum err roll_drop(struct service_call *c, struct roll *r, size_t index, bool silent)
{
    ASSERT(index < r->count);
    struct address account = r->member[index].operator;
    size_t after = r->count - index - 1;
    memmove(&r->member[index], &r->member[index + 1], after * sizeof r->member[0]);
    memmove(&r->serial[index], &r->serial[index + 1], after * sizeof r->serial[0]);
    r->count--;
    TRY(roll_store(c, r));
    return followers_drop(c, &account, silent);
}

/* --- founding and heartbeat ------------------------------------------------------------------- */

enum err members_load_founded(struct service_call *c, bool *founded_out, uint64_t *number_out,
                              uint64_t *time_out)
{
    struct hash slot = members_slot("founded");
    struct record r;
    TRY(record_load(c, &slot, &r));
    *founded_out = !record_is_empty(&r);
    *number_out = *founded_out ? record_u64(&r) : 0;
    *time_out = *founded_out ? record_u64(&r) : 0;
    return r.bad ? record_unreadable(c) : E_OK;
}

enum err members_set_founded(struct service_call *c)
{
    struct hash slot = members_slot("founded");
    struct buf b = {0};
    record_put_u64(&b, c->world->block->number);
    record_put_u64(&b, service_now_s(c));
    return record_store(c, &slot, &b);
}

enum err members_set_heartbeat(struct service_call *c, uint64_t seconds)
{
    return members_store_u64(c, "heartbeat", seconds);
}

enum err members_load_heartbeat(struct service_call *c, uint64_t *out)
{
    TRY(members_load_u64(c, "heartbeat", out));
    *out = *out ? *out : MEMBERS_HEARTBEAT_S;
    return E_OK;
}

enum err members_require_member(struct service_call *c, struct roll *out, size_t *index_out)
{
    bool founded;
    uint64_t number, time_s;
    TRY(members_load_founded(c, &founded, &number, &time_s));
    if (!founded)
        return service_revert(c, "NotFounded", NULL);
    TRY(roll_load(c, out));
    *index_out = roll_find(out, &c->frame->caller);
    return *index_out == ROLL_NOBODY ? service_not_authorised(c, "member") : E_OK;
}

/* --- texts and nodes -------------------------------------------------------------------------- */

bool members_text_holds(struct bytes text)
{
    return text.len <= MEMBERS_NAME_MAX && record_text_holds(text);
}

struct abi_value members_abi_node(const uint8_t node20[20])
{
    uint8_t word[32] = {0};
    memcpy(word, node20, 20);
    return abi_bytes32(word);
}

void members_node_argument(uint8_t node20[20], const struct abi_value *v)
{
    uint8_t word[32];
    abi_get_bytes32(word, v);
    memcpy(node20, word, 20);
}

/* --- for the chain and the engine ------------------------------------------------------------- */

bool members_founded(struct state *s)
{
    struct hash slot = members_slot("founded");
    return state_storage(s, &MEMBERS_SERVICE.address, &slot).len != 0;
}

uint64_t members_heartbeat_s(struct state *s)
{
    struct hash slot = members_slot("heartbeat");
    struct bytes stored = state_storage(s, &MEMBERS_SERVICE.address, &slot);
    uint64_t seconds = stored.len <= 32 ? u256_from_be_min(stored).w[0] : 0;
    return seconds ? seconds : MEMBERS_HEARTBEAT_S;
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(((const struct member *)a)->key32, ((const struct member *)b)->key32, 32);
}

enum err members_validators(struct state *s, struct arena *a, struct member **out,
                            size_t *count_out)
{
    struct roll r = {0};
    if (members_founded(s) && !roll_read(s, &r))
        return E_CORRUPT;
    TRY(state_error(s));
    struct member *list = arena_zalloc(a, r.count + 1, sizeof *list);
    memcpy(list, r.member, r.count * sizeof *list);
    qsort(list, r.count, sizeof *list, compare_keys);
    *out = list;
    *count_out = r.count;
    return E_OK;
}

bool members_node_allowed(struct state *s, const uint8_t node20[20])
{
    struct roll r;
    if (!members_founded(s) || !roll_read(s, &r))
        return false;
    for (size_t i = 0; i < r.count; i++)
        if (memcmp(r.member[i].node20, node20, 20) == 0)
            return true;
    return follower_read(s, node20);
}
