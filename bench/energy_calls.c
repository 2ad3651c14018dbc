#include "energy_calls.h"

#include "city/energy/energy.h"
#include "city/energy/readings.h"

#define PRODUCERS 10u
#define CONSUMERS (ENERGY_POINTS - PRODUCERS)
#define FIRST_DAY 19662u /* ENERGY_START_S's */

static uint64_t next_random(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* One signed call of the energy service. */
static struct tx call(struct organiser *o, struct arena *a, const char *method,
                      struct abi_value *args, uint64_t gas)
{
    const struct service *s = &ENERGY_SERVICE;
    const struct abi_entry *entry = NULL;
    struct buf input = {0};
    for (size_t i = 0; s->methods[i].line && !entry; i++)
        if (strcmp(service_method_entry(s, i)->name, method) == 0)
            entry = service_method_entry(s, i);
    ASSERT(entry);
    struct abi_value tuple = {.item = args, .count = entry->inputs.size};
    buf_put(&input, entry->selector, 4);
    abi_encode(&input, &entry->inputs, &tuple);
    struct tx t = {.type = TX_DYNAMIC_FEE,
                   .has_chain_id = true,
                   .chain_id = o->chain_id,
                   .nonce = o->nonce++,
                   .gas_limit = gas,
                   .to = s->address,
                   .data = bytes_of(arena_dup(a, input.data, input.len), input.len)};
    ASSERT(tx_sign(&t, a, o->key32) == E_OK);
    buf_free(&input);
    return t;
}

struct tx energy_create_operation(struct organiser *o, struct arena *a)
{
    uint8_t site[32] = {1};
    struct abi_value args[] = {abi_u64(0),
                               abi_u64(ENERGY_START_S),
                               abi_u64(15),
                               abi_u64(1),
                               abi_bytes32(site),
                               abi_u64(1),
                               abi_u64(OPERATION_LEGAL_ORGANISER | OPERATION_RENEWABLE)};
    return call(o, a, "createOperation", args, 1000000);
}

struct tx energy_add_point(struct organiser *o, struct arena *a, uint64_t operation, uint64_t index)
{
    uint8_t pseudonym[32] = {0}, site[32] = {1};
    bool producer = index >= CONSUMERS;
    be64_put(pseudonym, operation * 1000 + index + 1);
    struct abi_value args[] = {abi_u64(operation),
                               abi_bytes32(pseudonym),
                               abi_u64(producer),
                               abi_address(&o->address),
                               abi_u64(0),
                               abi_u64(ENERGY_START_S),
                               abi_u64(producer ? 9000 : 0),
                               abi_u64(producer ? 110000 : 0),
                               abi_u64(producer ? 200000 : 0),
                               abi_bytes32(site),
                               abi_u64(0),
                               abi_u64(1),
                               abi_u64(0),
                               abi_u64(0)};
    return call(o, a, "addPoint", args, 1000000);
}

struct tx energy_submit_day(struct organiser *o, struct arena *a, uint64_t operation, uint64_t day)
{
    struct buf batch = {0};
    uint64_t wh[ENERGY_STEPS];
    readings_begin(&batch);
    for (size_t p = 0; p < ENERGY_POINTS; p++) {
        for (size_t t = 0; t < ENERGY_STEPS; t++)
            wh[t] = p < CONSUMERS ? 20 + next_random() % 400 : next_random() % 2500;
        readings_put(&batch, wh, ENERGY_STEPS);
    }
    struct abi_value args[] = {abi_u64(operation), abi_u64(FIRST_DAY + day),
                               abi_bytes(buf_view(&batch))};
    struct tx t = call(o, a, "submitDay", args, 6000000);
    buf_free(&batch);
    return t;
}
