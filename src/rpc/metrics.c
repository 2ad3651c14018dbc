/* /metrics in the OpenMetrics text format, /health in JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "rpc/rpc_internal.h"
#include "store/store.h"

#define STALE_US 30000000u /* work waited this long without a block: not healthy */

static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_putf(out, "# TYPE parvis_%s %s\n# HELP parvis_%s %s\n", name, type, name, help);
}

static void gauge(struct buf *out, const char *name, const char *help, uint64_t v)
{
    family(out, name, "gauge", help);
    buf_putf(out, "parvis_%s %" PRIu64 "\n", name, v);
}

static void counter(struct buf *out, const char *name, const char *help, uint64_t v)
{
    family(out, name, "counter", help);
    buf_putf(out, "parvis_%s_total %" PRIu64 "\n", name, v);
}

static void put_chain(struct rpc *r, struct buf *out)
{
    struct chain_head head = chain_head(r->chain);
    struct feed_figures f;
    feed_figures(r, &f);
    gauge(out, "height", "Number of the last committed block.", head.number);
    counter(out, "transactions", "Transactions in the chain since genesis.", head.tx_total);
    gauge(out, "head_timestamp_seconds", "Timestamp of the last block.", head.timestamp_s);
    gauge(out, "block_gas_limit", "Gas limit of a block.", head.gas_limit);
    gauge(out, "block_gas_used", "Gas used by the last block.", f.last_gas);
    gauge(out, "block_transactions", "Transactions of the last block.", f.last_txs);
    counter(out, "blocks", "Blocks committed since this node started.", f.blocks);
    counter(out, "gas", "Gas used since this node started.", f.gas);
    family(out, "block_interval_seconds", "histogram", "Time between commits.");
    for (size_t i = 0; i < 10; i++)
        buf_putf(out, "parvis_block_interval_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
                 FEED_BUCKETS_S[i], f.interval_bucket[i]);
    buf_putf(out, "parvis_block_interval_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n",
             f.interval_count);
    buf_putf(out, "parvis_block_interval_seconds_count %" PRIu64 "\n", f.interval_count);
    buf_putf(out, "parvis_block_interval_seconds_sum %" PRIu64 ".%06" PRIu64 "\n",
             f.interval_sum_us / 1000000, f.interval_sum_us % 1000000);
}

static void put_pool(struct rpc *r, struct buf *out)
{
    struct pool *pool = chain_pool(r->chain);
    struct pool_stats s = pool ? pool_stats(pool) : (struct pool_stats){0};
    family(out, "pool_transactions", "gauge", "Waiting transactions.");
    buf_putf(out, "parvis_pool_transactions{state=\"pending\"} %zu\n", s.pending);
    buf_putf(out, "parvis_pool_transactions{state=\"queued\"} %zu\n", s.queued);
    gauge(out, "pool_bytes", "Encoded size of the waiting transactions.", s.bytes);
}

static void put_rpc(struct rpc *r, struct buf *out)
{
    struct http_stats s = {0};
    if (r->http)
        http_stats(r->http, &s);
    gauge(out, "http_connections", "Open connections.", s.connections_now);
    counter(out, "http_accepted_connections", "Connections accepted.", s.connections);
    counter(out, "http_requests", "HTTP requests and WebSocket messages.", s.requests);
    counter(out, "http_received_bytes", "Bytes received.", s.bytes_in);
    counter(out, "http_sent_bytes", "Bytes sent.", s.bytes_out);
    gauge(out, "rpc_subscriptions", "Open subscriptions.", subs_count(r));
    gauge(out, "rpc_filters", "Installed filters.", filters_count(r));
    for (int errors = 0; errors < 2; errors++) {
        const _Atomic uint64_t *v = errors ? r->method_errors : r->method_calls;
        family(out, errors ? "rpc_errors" : "rpc_requests", "counter",
               errors ? "JSON-RPC requests answered with an error, by method."
                      : "JSON-RPC requests by method.");
        for (size_t i = 0; i <= RPC_METHOD_COUNT; i++) {
            uint64_t n = atomic_load_explicit(&v[i], memory_order_relaxed);
            if (n)
                buf_putf(out, "parvis_rpc_%s_total{method=\"%s\"} %" PRIu64 "\n",
                         errors ? "errors" : "requests",
                         i < RPC_METHOD_COUNT ? RPC_METHODS[i].name : "unknown", n);
        }
    }
}

static uint64_t resident_bytes(void)
{
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    if (fscanf(f, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    (void)fclose(f);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void metrics_put(struct rpc *r, struct buf *out)
{
    struct store_stats s = {0};
    put_chain(r, out);
    put_pool(r, out);
    put_rpc(r, out);
    if (store_stats(chain_store(r->chain), &s) == E_OK) {
        gauge(out, "store_file_bytes", "Size of the store's file.", s.file_bytes);
        gauge(out, "store_used_bytes", "Bytes of the store in use.", s.used_bytes);
        gauge(out, "store_map_bytes", "Largest size the store may reach.", s.map_bytes);
    }
    gauge(out, "resident_memory_bytes", "Resident memory of the process.", resident_bytes());
    gauge(out, "uptime_seconds", "Time since this node started serving.",
          (clock_mono_us() - r->started_us) / 1000000);
    buf_puts(out, "# EOF\n");
}

bool health_put(struct rpc *r, struct buf *out)
{
    struct feed_figures f;
    feed_figures(r, &f);
    struct pool *pool = chain_pool(r->chain);
    size_t waiting = pool ? pool_stats(pool).pending : 0;
    uint64_t last_us = f.last_commit_us ? f.last_commit_us : r->started_us;
    uint64_t age_us = clock_mono_us() - last_us;
    bool failed = atomic_load(&r->engine->failed), stale = waiting && age_us > STALE_US;
    json_open(out, '{');
    json_put_key(out, "status");
    json_put_string(out, failed ? "failed" : stale ? "stale" : "ok");
    json_put_key(out, "height");
    json_put_u64(out, chain_head(r->chain).number);
    json_put_key(out, "pending");
    json_put_u64(out, waiting);
    json_put_key(out, "secondsSinceBlock");
    json_put_u64(out, age_us / 1000000);
    if (failed) {
        json_put_key(out, "failure");
        json_put_string(out, r->engine->failure.text);
    }
    json_close(out, '}');
    return !failed && !stale;
}
