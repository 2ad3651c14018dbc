/* Views of settled days: computed anew from the stored batch by the code that settled it. */
#include "city/energy/settle.h"

static struct abi_value list_of(struct arena *a, const uint64_t *v, size_t count)
{
    struct abi_value list = abi_list(a, count);
    for (size_t i = 0; i < count; i++)
        list.item[i] = abi_u64(v[i]);
    return list;
}

enum err run_day_result(struct service_call *c)
{
    struct operation o;
    struct day_result r;
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(day_result_load(c, &o, abi_get_u64(service_arg(c, 1)), &r));
    return service_return(
        c, (struct abi_value[]){abi_u64(r.version), abi_u64(r.steps), abi_u64(r.produced_wh),
                                abi_u64(r.consumed_wh), abi_u64(r.shared_wh),
                                abi_u64(r.produced_wh - r.shared_wh), abi_u64(r.missing),
                                abi_bytes32(r.allocation_hash.b), abi_bytes32(r.matrix_hash.b)});
}

enum err run_readings(struct service_call *c)
{
    struct operation o;
    struct day_result r;
    struct record batch;
    uint64_t day = abi_get_u64(service_arg(c, 1)), version = abi_get_u64(service_arg(c, 2));
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), &o));
    TRY(day_result_load(c, &o, day, &r));
    if (version == 0 || version > r.version)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("version")), abi_u64(version));
    struct hash slot = RECORD_SLOT("batch", o.id, day, version);
    TRY(record_load(c, &slot, &batch));
    struct bytes view = bytes_of(batch.p, (size_t)(batch.end - batch.p));
    return service_return(c, (struct abi_value[]){abi_bytes(view)});
}

static enum err allocate_asked_step(struct service_call *c, struct operation *o, struct day *d,
                                    struct allocation_result *out)
{
    uint64_t step = abi_get_u64(service_arg(c, 2));
    TRY(operation_load(c, abi_get_u64(service_arg(c, 0)), o));
    TRY(day_reopen(c, o, abi_get_u64(service_arg(c, 1)), d));
    if (step >= d->steps.count)
        return REFUSE(c, "BadValue", abi_bytes(bytes_str("step")), abi_u64(step));
    day_result_new(c, d, out);
    return day_allocate(c, d, (uint32_t)step, out);
}

enum err run_allocation(struct service_call *c)
{
    struct operation o;
    struct day d;
    struct allocation_result r;
    TRY(allocate_asked_step(c, &o, &d, &r));
    return service_return(c, (struct abi_value[]){list_of(c->arena, r.allocated_wh, d.consumers),
                                                  list_of(c->arena, r.used_wh, d.producers)});
}

enum err run_matrix(struct service_call *c)
{
    struct operation o;
    struct day d;
    struct allocation_result r;
    TRY(allocate_asked_step(c, &o, &d, &r));
    struct abi_value cells = list_of(c->arena, r.matrix_wh, (size_t)d.consumers * d.producers);
    return service_return(c, &cells);
}
