/* What anybody may ask about the members. Before the founding: those enrolled so far. */
#include "city/members/roll.h"

/* name, operator, key, power, node */
#define MEMBER_FIELDS 5u

static void member_values(struct abi_value out[MEMBER_FIELDS], const struct member *m)
{
    out[0] = abi_text(m->name);
    out[1] = abi_address(&m->operator);
    out[2] = abi_bytes32(m->key32);
    out[3] = abi_u64(m->power);
    out[4] = members_abi_node(m->node20);
}

enum err run_members_member_count(struct service_call *c)
{
    struct roll r;
    TRY(roll_load(c, &r));
    return service_return(c, (struct abi_value[]){abi_u64(r.count)});
}

enum err run_members_member_at(struct service_call *c)
{
    struct u256 index = service_arg(c, 0)->word;
    struct abi_value fields[MEMBER_FIELDS];
    struct roll r;
    TRY(roll_load(c, &r));
    if (u256_cmp(index, u256_from_u64(r.count)) >= 0)
        return REFUSE(c, "UnknownIndex", abi_u256(index), abi_u64(r.count));
    member_values(fields, &r.member[index.w[0]]);
    return service_return(c, fields);
}

enum err run_members_member_of(struct service_call *c)
{
    static const struct member NOBODY;
    struct address account = abi_get_address(service_arg(c, 0));
    struct abi_value fields[MEMBER_FIELDS];
    struct roll r;
    TRY(roll_load(c, &r));
    size_t i = roll_find(&r, &account);
    member_values(fields, i == ROLL_NOBODY ? &NOBODY : &r.member[i]);
    return service_return(c, (struct abi_value[]){fields[0], fields[2], fields[3], fields[4]});
}

enum err run_members_member_list(struct service_call *c)
{
    struct roll r;
    TRY(roll_load(c, &r));
    struct abi_value list = abi_list(c->arena, r.count);
    for (size_t i = 0; i < r.count; i++) {
        list.item[i] = abi_list(c->arena, MEMBER_FIELDS);
        member_values(list.item[i].item, &r.member[i]);
    }
    return service_return(c, &list);
}

enum err run_members_total_power(struct service_call *c)
{
    struct roll r;
    TRY(roll_load(c, &r));
    return service_return(c, (struct abi_value[]){abi_u64(roll_power(&r))});
}

enum err run_members_heartbeat(struct service_call *c)
{
    uint64_t seconds;
    TRY(members_load_heartbeat(c, &seconds));
    return service_return(c, (struct abi_value[]){abi_u64(seconds)});
}
