/* Changes that members agree on: what the rules allow, and what each one does. The same rules hold
 * for the founding members. */
#include "city/members/roll.h"

#define HEARTBEAT_MIN_S 1u

const char *change_kind_name(enum change_kind kind)
{
    static const char *const NAMES[] = {"",    "add",       "power",   "remove",
                                        "key", "heartbeat", "upgrade", "calloff"};
    _Static_assert(sizeof NAMES / sizeof *NAMES == CHANGE_END, "one name per kind");
    return NAMES[kind];
}

struct change change_add_arguments(const struct service_call *c)
{
    struct change change = {.kind = CHANGE_ADD,
                            .account = abi_get_address(service_arg(c, 1)),
                            .number = abi_get_u64(service_arg(c, 3)),
                            .text = service_arg(c, 0)->bytes};
    abi_get_bytes32(change.key32, service_arg(c, 2));
    members_node_argument(change.node20, service_arg(c, 4));
    return change;
}

struct member change_member(const struct change *change)
{
    struct member m = {.power = change->number};
    ASSERT(change->text.len <= MEMBERS_NAME_MAX); /* change_check */
    memcpy(m.operator.b, change->account.b, 20);
    memcpy(m.key32, change->key32, 32);
    memcpy(m.node20, change->node20, 20);
    memcpy(m.name, change->text.data, change->text.len);
    return m;
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

static enum err check_power(struct service_call *c, uint64_t power)
{
    return power >= 1 && power <= MEMBERS_POWER_MAX
               ? E_OK
               : REFUSE(c, "InvalidPower", abi_u64(power), abi_u64(MEMBERS_POWER_MAX));
}

/* Key and node of a member: given, and nobody else's. self: the member they are for, or
 * ROLL_NOBODY. */
static enum err check_keys(struct service_call *c, const struct roll *r,
                           const struct change *change, size_t self)
{
    struct abi_value key = abi_bytes32(change->key32), node = members_abi_node(change->node20);
    if (is_zero(change->key32, 32))
        return REFUSE(c, "InvalidKey", key);
    if (is_zero(change->node20, 20))
        return REFUSE(c, "InvalidNode", node);
    for (size_t i = 0; i < r->count; i++) {
        if (i == self)
            continue;
        if (memcmp(r->member[i].key32, change->key32, 32) == 0)
            return REFUSE(c, "KeyTaken", key);
        if (memcmp(r->member[i].node20, change->node20, 20) == 0)
            return REFUSE(c, "NodeTaken", node);
    }
    return E_OK;
}

static enum err check_add(struct service_call *c, const struct roll *r, const struct change *change)
{
    struct abi_value account = abi_address(&change->account);
    if (!members_text_holds(change->text))
        return REFUSE(c, "InvalidName", abi_u64(change->text.len), abi_u64(MEMBERS_NAME_MAX));
    if (address_is_zero(&change->account) || service_at(&change->account))
        return REFUSE(c, "InvalidOperator", account);
    TRY(check_power(c, change->number));
    if (r->count == MEMBERS_MAX)
        return REFUSE(c, "TooManyMembers", abi_u64(MEMBERS_MAX));
    if (roll_find(r, &change->account) != ROLL_NOBODY)
        return REFUSE(c, "OperatorTaken", account);
    return check_keys(c, r, change, ROLL_NOBODY);
}

static enum err no_change(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}

/* Of a change to one member: there is such a member, and it becomes another than it was. */
static enum err check_member(struct service_call *c, const struct roll *r,
                             const struct change *change)
{
    size_t i = roll_find(r, &change->account);
    if (i == ROLL_NOBODY)
        return REFUSE(c, "UnknownMember", abi_address(&change->account));
    const struct member *m = &r->member[i];
    switch (change->kind) {
    case CHANGE_POWER:
        TRY(check_power(c, change->number));
        return m->power == change->number ? no_change(c) : E_OK;
    case CHANGE_KEY:
        TRY(check_keys(c, r, change, i));
        return memcmp(m->key32, change->key32, 32) == 0 &&
                       memcmp(m->node20, change->node20, 20) == 0
                   ? no_change(c)
                   : E_OK;
    default:
        return r->count == 1 ? REFUSE(c, "LastMember", abi_address(&change->account)) : E_OK;
    }
}

static enum err check_heartbeat(struct service_call *c, uint64_t period_s)
{
    uint64_t now_s;
    if (period_s < HEARTBEAT_MIN_S || period_s > MEMBERS_HEARTBEAT_MAX_S)
        return REFUSE(c, "InvalidHeartbeat", abi_u64(period_s), abi_u64(MEMBERS_HEARTBEAT_MAX_S));
    TRY(members_load_heartbeat(c, &now_s));
    return now_s == period_s ? no_change(c) : E_OK;
}

enum err change_check(struct service_call *c, const struct roll *r, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_ADD:
        return check_add(c, r, change);
    case CHANGE_POWER:
    case CHANGE_REMOVE:
    case CHANGE_KEY:
        return check_member(c, r, change);
    case CHANGE_HEARTBEAT:
        return check_heartbeat(c, change->number);
    case CHANGE_UPGRADE:
        return upgrade_check(c, change->number, change->text);
    case CHANGE_CALL_OFF:
        return upgrade_check_call_off(c);
    case CHANGE_END:
        break;
    }
    ASSERT(!"a kind of the list");
    return E_OK;
}

/* --- effects ---------------------------------------------------------------------------------- */

static enum err apply_add(struct service_call *c, struct roll *r, const struct change *change)
{
    struct member m = change_member(change);
    TRY(follower_drop(c, m.node20)); /* a follower that becomes a member */
    TRY(roll_add(c, r, &m));
    return EMIT(c, "MemberAdded", abi_address(&m.operator), abi_text(m.name), abi_bytes32(m.key32),
                abi_u64(m.power), members_abi_node(m.node20));
}

static enum err apply_power(struct service_call *c, struct roll *r, size_t i, uint64_t power)
{
    struct member *m = &r->member[i];
    uint64_t former = m->power;
    m->power = power;
    TRY(roll_store(c, r));
    return EMIT(c, "MemberReweighted", abi_address(&m->operator), abi_u64(former), abi_u64(power));
}

static enum err apply_key(struct service_call *c, struct roll *r, size_t i,
                          const struct change *change)
{
    struct member *m = &r->member[i];
    TRY(follower_drop(c, change->node20));
    memcpy(m->key32, change->key32, 32);
    memcpy(m->node20, change->node20, 20);
    TRY(roll_store(c, r));
    return EMIT(c, "KeyReplaced", abi_address(&m->operator), abi_bytes32(m->key32),
                members_abi_node(m->node20));
}

enum err change_apply(struct service_call *c, struct roll *r, const struct change *change,
                      uint64_t id)
{
    size_t i = roll_find(r, &change->account);
    switch (change->kind) {
    case CHANGE_ADD:
        return apply_add(c, r, change);
    case CHANGE_POWER:
        return apply_power(c, r, i, change->number);
    case CHANGE_KEY:
        return apply_key(c, r, i, change);
    case CHANGE_REMOVE:
        TRY(roll_drop(c, r, i, false));
        return EMIT(c, "MemberRemoved", abi_address(&change->account));
    case CHANGE_HEARTBEAT:
        TRY(members_set_heartbeat(c, change->number));
        return EMIT(c, "HeartbeatSet", abi_u64(change->number));
    case CHANGE_UPGRADE:
        return upgrade_agree(c, change->number, change->text, id);
    case CHANGE_CALL_OFF:
        return upgrade_call_off(c, id);
    case CHANGE_END:
        break;
    }
    ASSERT(!"a kind of the list");
    return E_OK;
}
