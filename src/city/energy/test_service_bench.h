/* test_service_bench: a ledger in memory with the energy service, for its tests and its bench. */
#ifndef PARVIS_CITY_ENERGY_TEST_SERVICE_BENCH_H
#define PARVIS_CITY_ENERGY_TEST_SERVICE_BENCH_H

#include "city/energy/allocation.h"
#include "city/energy/calendar.h"
#include "city/energy/energy.h"
#include "city/energy/readings.h"
#include "city/money/money.h"
#include "city/test_bench.h"

#define ENERGY_GENESIS                                                     \
    "{\"roles\":{\"issuer\":\"@issuer\"},"                                 \
    "\"alloc\":{\"@bank\":{\"balance\":\"1000000000000000000000000\"},"    \
    "\"@alice\":{\"balance\":\"1000000000000000000000\"}},"                \
    "\"services\":{\"money\":{\"reserve\":\"2000000000000000000000000\"}," \
    "\"energy\":{\"rulesRole\":\"@prefect\"}}}"

static inline void energy_open(struct bench *b)
{
    struct diag d = {0};
    bench_open(b);
    b->gas = LIMIT_TX_GAS;
    services_init();
    if (bench_genesis(b, ENERGY_GENESIS, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "genesis: %s", d.text);
}

/* An outcome without quotes, so that expectations read easily; errors are noted by name. */
static bool energy_error_seen[128];

static inline const char *energy_plain(const char *outcome)
{
    static char text[4096];
    size_t at = 0;
    for (const char *p = outcome; *p && at < sizeof text - 1; p++) {
        if (*p != '"')
            text[at++] = *p;
    }
    text[at] = 0;
    for (size_t i = 0; i < service_error_count(&ENERGY_SERVICE); i++) {
        const char *name = service_error_entry(&ENERGY_SERVICE, i)->name;
        if (strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == '(')
            energy_error_seen[i] = true;
    }
    return text;
}

/* ENERGY_CALL(&b, "caller", "method", arguments...): see BENCH_CALL. */
#define ENERGY_CALL(b, caller, ...) \
    energy_plain(BENCH_CALL(b, caller, &ENERGY_SERVICE, __VA_ARGS__))

/* submitDay, correctDay, submitCoefficients: bytes too long for text. */
static inline const char *energy_send_batch(struct bench *b, const char *caller, const char *method,
                                            uint64_t operation, uint64_t day, struct bytes batch)
{
    const struct abi_entry *m = bench_method(&ENERGY_SERVICE, method);
    struct abi_value items[] = {abi_u64(operation), abi_u64(day), abi_bytes(batch)};
    struct abi_value tuple = {.item = items, .count = 3};
    struct buf data = {0};
    buf_put(&data, m->selector, 4);
    abi_encode(&data, &m->inputs, &tuple);
    bench_send(b, caller, &ENERGY_SERVICE, buf_view(&data));
    buf_free(&data);
    return energy_plain(bench_outcome(b, m));
}

/* The nth log of an event of the last call, counted from 0; NULL when there is none. */
static inline const struct log_entry *energy_log(struct bench *b, const char *event, size_t nth)
{
    const struct abi_entry *e = NULL;
    for (size_t i = 0; i < service_event_count(&ENERGY_SERVICE); i++) {
        if (strcmp(service_event_entry(&ENERGY_SERVICE, i)->name, event) == 0)
            e = service_event_entry(&ENERGY_SERVICE, i);
    }
    ASSERT(e);
    for (size_t i = 0; i < state_log_count(b->state); i++) {
        const struct log_entry *l = state_log(b->state, i);
        if (hash_eq(&l->topics[0], &e->topic) && nth-- == 0)
            return l;
    }
    return NULL;
}

/* Word i of a log's data as an integer (two's complement for negative ones). */
static inline int64_t energy_word(const struct log_entry *l, size_t i)
{
    return (int64_t)be64_get(l->data.data + 32 * i + 24);
}
static inline uint64_t energy_topic(const struct log_entry *l, size_t i)
{
    return be64_get(l->topics[i].b + 24);
}

#endif
