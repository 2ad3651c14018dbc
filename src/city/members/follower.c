/* Followers: nodes that keep a full copy without voting, let in by a member. */
#include "city/members/roll.h"

static struct hash follower_slot(const uint8_t node20[20])
{
    struct bytes key = bytes_of(node20, 20);
    return service_slot("follower", &key, 1);
}

static struct hash followers_slot(const struct address *operator)
{
    struct bytes key = bytes_of(operator->b, sizeof operator->b);
    return service_slot("followers", &key, 1);
}

/* The nodes an operator admitted, 20 bytes each. */
static enum err load_nodes(struct service_call *c, const struct address *operator, struct buf * out)
{
    struct hash slot = followers_slot(operator);
    TRY(service_load(c, &slot, out));
    return out->len % 20 || out->len > MEMBERS_FOLLOWERS_MAX * 20 ? record_unreadable(c) : E_OK;
}

enum err follower_load(struct service_call *c, const uint8_t node20[20], struct address *out)
{
    struct hash slot = follower_slot(node20);
    struct record r;
    memset(out, 0, sizeof *out);
    TRY(record_load(c, &slot, &r));
    if (record_is_empty(&r))
        return E_OK;
    memcpy(out->b, record_take(&r, 20), 20);
    return r.bad ? record_unreadable(c) : E_OK;
}

bool follower_read(struct state *s, const uint8_t node20[20])
{
    struct hash slot = follower_slot(node20);
    return state_storage(s, &MEMBERS_SERVICE.address, &slot).len == 20;
}

static enum err forget(struct service_call *c, const struct address *operator,
                       const uint8_t node20[20], bool silent)
{
    struct hash slot = follower_slot(node20);
    TRY(service_store(c, &slot, (struct bytes){0}));
    return silent ? E_OK
                  : EMIT(c, "FollowerDismissed", abi_address(operator), members_abi_node(node20));
}

enum err follower_drop(struct service_call *c, const uint8_t node20[20])
{
    struct address operator;
    struct buf nodes = {0};
    TRY(follower_load(c, node20, &operator));
    if (address_is_zero(&operator))
        return E_OK;
    enum err err = load_nodes(c, &operator, & nodes);
    if (err == E_OK) {
        struct hash slot = followers_slot(&operator);
        struct buf rest = {0};
        for (size_t i = 0; i < nodes.len; i += 20)
            if (memcmp(nodes.data + i, node20, 20) != 0)
                buf_put(&rest, nodes.data + i, 20);
        err = record_store(c, &slot, &rest);
    }
    buf_free(&nodes);
    return err == E_OK ? forget(c, &operator, node20, false) : err;
}

enum err followers_drop(struct service_call *c, const struct address *operator, bool silent)
{
    struct buf nodes = {0};
    enum err err = load_nodes(c, operator, & nodes);
    for (size_t i = 0; err == E_OK && i < nodes.len; i += 20)
        err = forget(c, operator, nodes.data + i, silent);
    if (err == E_OK && nodes.len) {
        struct hash slot = followers_slot(operator);
        err = service_store(c, &slot, (struct bytes){0});
    }
    buf_free(&nodes);
    return err;
}

/* --- methods ---------------------------------------------------------------------------------- */

static bool is_member_node(const struct roll *r, const uint8_t node20[20])
{
    for (size_t i = 0; i < r->count; i++)
        if (memcmp(r->member[i].node20, node20, 20) == 0)
            return true;
    return false;
}

static enum err append_node(struct service_call *c, const struct address *operator,
                            const uint8_t node20[20])
{
    struct hash list_slot = followers_slot(operator), slot = follower_slot(node20);
    struct buf nodes = {0};
    enum err err = load_nodes(c, operator, & nodes);
    if (err == E_OK && nodes.len == MEMBERS_FOLLOWERS_MAX * 20)
        err = REFUSE(c, "TooManyFollowers", abi_address(operator), abi_u64(MEMBERS_FOLLOWERS_MAX));
    if (err != E_OK) {
        buf_free(&nodes);
        return err;
    }
    buf_put(&nodes, node20, 20);
    TRY(record_store(c, &list_slot, &nodes));
    return service_store(c, &slot, bytes_of(operator->b, sizeof operator->b));
}

enum err run_members_admit_follower(struct service_call *c)
{
    static const uint8_t NOWHERE[20];
    const struct address *caller = &c->frame->caller;
    struct roll roll;
    struct address by;
    uint8_t node20[20];
    size_t self;
    members_node_argument(node20, service_arg(c, 0));
    TRY(members_require_member(c, &roll, &self));
    if (memcmp(node20, NOWHERE, 20) == 0)
        return REFUSE(c, "InvalidNode", *service_arg(c, 0));
    TRY(follower_load(c, node20, &by));
    if (!address_is_zero(&by) || is_member_node(&roll, node20))
        return REFUSE(c, "NodeTaken", *service_arg(c, 0));
    TRY(append_node(c, caller, node20));
    TRY(EMIT(c, "FollowerAdmitted", abi_address(caller), *service_arg(c, 0)));
    return service_return(c, NULL);
}

enum err run_members_dismiss_follower(struct service_call *c)
{
    struct roll roll;
    struct address by;
    uint8_t node20[20];
    size_t self;
    members_node_argument(node20, service_arg(c, 0));
    TRY(members_require_member(c, &roll, &self));
    TRY(follower_load(c, node20, &by));
    if (!address_eq(&by, &c->frame->caller))
        return REFUSE(c, "UnknownFollower", abi_address(&c->frame->caller), *service_arg(c, 0));
    TRY(follower_drop(c, node20));
    return service_return(c, NULL);
}

enum err run_members_followers_of(struct service_call *c)
{
    struct address account = abi_get_address(service_arg(c, 0));
    struct buf nodes = {0};
    enum err err = load_nodes(c, &account, &nodes);
    if (err == E_OK) {
        struct abi_value list = abi_list(c->arena, nodes.len / 20);
        for (size_t i = 0; i < list.count; i++)
            list.item[i] = members_abi_node(nodes.data + i * 20);
        err = service_return(c, &list);
    }
    buf_free(&nodes);
    return err;
}

enum err run_members_is_node_allowed(struct service_call *c)
{
    struct roll roll;
    struct address by;
    uint8_t node20[20];
    bool founded;
    uint64_t number, time_s;
    members_node_argument(node20, service_arg(c, 0));
    TRY(members_load_founded(c, &founded, &number, &time_s));
    TRY(roll_load(c, &roll));
    TRY(follower_load(c, node20, &by));
    bool allowed = founded && (is_member_node(&roll, node20) || !address_is_zero(&by));
    return service_return(c, (struct abi_value[]){abi_bool(allowed)});
}
