/* bench_energy: what sharing costs, in CPU time of one core.
 *   in memory   meter-steps per second of the keys over operations of 100 points (README figure)
 *   on chain    readings per second settled by the energy service through service_run: decoding,
 *               allocation, matrix, conservation, hashes, records; on a state in memory, without
 *               signatures, trie and disk
 * Usage: bench_energy [SECONDS_PER_LINE] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "city/energy/allocation.h"
#include "city/energy/energy.h"
#include "city/energy/readings.h"
#include "evm/test_reader.h"

#define POINTS 100u
#define OPERATIONS 3000u
#define CONSUMERS 96u
#define STEPS 96u
#define START 1698796800u /* 2023-11-01 */
#define DAY_0 19662u

static uint64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t next_random(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static void report(const char *what, const char *unit, uint64_t count, uint64_t us)
{
    printf("%-28s %8.1f million %s/s\n", what, (double)count / (double)(us ? us : 1), unit);
}

/* --- in memory -------------------------------------------------------------------------------- */

static void bench_key(enum allocation_key key, const uint64_t *need, uint64_t limit_us)
{
    static uint64_t out[POINTS], sink;
    uint32_t ppm[POINTS];
    uint8_t level[POINTS];
    struct allocation_scratch s;
    void *memory = mem_alloc(allocation_scratch_bytes(POINTS));
    allocation_scratch_init(&s, memory, POINTS);
    for (size_t i = 0; i < POINTS; i++) {
        ppm[i] = PPM_ONE / POINTS;
        level[i] = (uint8_t)(1 + i % 3);
    }
    uint64_t start = cpu_us(), done = 0;
    while (cpu_us() - start < limit_us) {
        for (size_t o = 0; o < OPERATIONS; o++) {
            uint64_t made = 20000 + (done + o) * 7 % 60000; /* a fifth to four fifths of the need */
            const uint64_t *c = need + o * POINTS;
            if (key == KEY_DEFAULT)
                allocate_default(out, made, c, POINTS, &s);
            else if (key == KEY_STATIC)
                allocate_static(out, made, c, ppm, POINTS, &s);
            else if (key == KEY_WATERFILL)
                allocate_waterfill(out, made, c, ppm, POINTS, &s);
            else
                allocate_priority(out, made, c, level, POINTS, &s);
            sink += out[o % POINTS];
        }
        done += OPERATIONS;
    }
    char what[64];
    snprintf(what, sizeof what, "in memory, key %s", allocation_key_name(key));
    report(what, "meter-steps", done * POINTS, cpu_us() - start);
    mem_free(memory);
    if (sink == 1)
        printf("\n");
}

/* --- through the service ------------------------------------------------------------------------
 */

struct ledger {
    struct state *state;
    struct block_env env;
    struct world world;
    struct arena arena;
};

static void call(struct ledger *l, const char *method, struct abi_value *items)
{
    const struct abi_entry *m = NULL;
    for (size_t i = 0; i < service_method_count(&ENERGY_SERVICE); i++) {
        if (strcmp(service_method_entry(&ENERGY_SERVICE, i)->name, method) == 0)
            m = service_method_entry(&ENERGY_SERVICE, i);
    }
    ASSERT(m);
    struct abi_value tuple = {.item = items, .count = m->inputs.size};
    struct buf data = {0};
    buf_put(&data, m->selector, 4);
    abi_encode(&data, &m->inputs, &tuple);
    struct frame f = {.caller = {{1}},
                      .recipient = ENERGY_SERVICE.address,
                      .code_address = ENERGY_SERVICE.address,
                      .gas = LIMIT_TX_GAS,
                      .input = buf_view(&data)};
    struct frame_result r;
    state_tx_begin(l->state);
    frame_call(&l->world, &f, &r);
    if (r.status != FRAME_SUCCESS) {
        struct buf why = {0};
        service_explain_revert(&why, r.output);
        fprintf(stderr, "bench_energy: %s: status %d %s\n", method, (int)r.status, buf_cstr(&why));
        exit(1);
    }
    state_tx_end(l->state);
    buf_free(&data);
    arena_reset(&l->arena);
}

static void open_ledger(struct ledger *l)
{
    memset(l, 0, sizeof *l);
    services_init();
    l->state = state_new(&EMPTY_READER);
    l->env = (struct block_env){
        .chain_id = 1, .number = 1, .timestamp_s = 2000000000, .fork = FORK_OSAKA};
    l->world = (struct world){
        .state = l->state, .block = &l->env, .arena = &l->arena, .runners = {service_run}};
    state_set_nonce(l->state, &ENERGY_SERVICE.address, 1); /* as genesis does */
    struct abi_value operation[] = {abi_u64(0), abi_u64(START), abi_u64(15), abi_u64(1),
                                    abi_u64(1), abi_u64(1),     abi_u64(3)};
    call(l, "createOperation", operation);
    for (uint64_t i = 0; i < POINTS; i++) {
        bool makes = i >= CONSUMERS;
        struct abi_value point[] = {abi_u64(1),
                                    abi_u64(i + 1),
                                    abi_u64(makes),
                                    abi_u64(i + 1),
                                    abi_u64(0),
                                    abi_u64(START),
                                    abi_u64(makes ? 9 : 0),
                                    abi_u64(0),
                                    abi_u64(0),
                                    abi_u64(1),
                                    abi_u64(0),
                                    abi_u64(1),
                                    abi_u64(0),
                                    abi_u64(0)};
        call(l, "addPoint", point);
    }
}

static void put_day(struct buf *batch)
{
    readings_begin(batch);
    for (size_t i = 0; i < POINTS; i++) {
        uint64_t v[STEPS];
        for (size_t t = 0; t < STEPS; t++)
            v[t] = next_random() % (i < CONSUMERS ? 500 : 4000);
        readings_put(batch, v, STEPS);
    }
}

static void bench_service(uint64_t limit_us)
{
    struct ledger l;
    struct buf batch = {0};
    uint64_t day = 0, us = 0;
    open_ledger(&l);
    while (us < limit_us && day < 2000) {
        buf_clear(&batch);
        put_day(&batch);
        struct abi_value args[] = {abi_u64(1), abi_u64(DAY_0 + day++), abi_bytes(buf_view(&batch))};
        uint64_t start = cpu_us();
        call(&l, "submitDay", args);
        us += cpu_us() - start;
    }
    report("on chain, key default", "readings", day * POINTS * STEPS, us);
    buf_free(&batch);
    state_free(l.state);
    arena_free(&l.arena);
}

int main(int argc, char **argv)
{
    uint64_t limit_us = 1000000 * (argc > 1 ? strtoull(argv[1], NULL, 10) : 1);
    uint64_t *need = mem_alloc(OPERATIONS * POINTS * sizeof *need);
    for (size_t i = 0; i < OPERATIONS * POINTS; i++)
        need[i] = next_random() % 2000;
    for (unsigned key = KEY_DEFAULT; key <= KEY_PRIORITY; key++)
        bench_key((enum allocation_key)key, need, limit_us);
    bench_service(limit_us);
    mem_free(need);
    return 0;
}
