/* eth_config (EIP-7910) and eth_capabilities: which rules hold, and what this node can answer. */
#include <stdlib.h>

#include "chain/ethereum.h"
#include "evm/precompile.h"
#include "rpc/methods.h"

/* --- fork ids (EIP-2124, EIP-6122) ------------------------------------------------------------ */

static uint32_t crc32_of(uint32_t crc, const uint8_t *data, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

#define FORK_POINTS_MAX (FORK_COUNT + BOMB_COUNT + SCHEDULE_BPO_MAX)

/* Places where rules change, ascending, each once, none at block 0. */
struct fork_points {
    uint64_t at[FORK_POINTS_MAX];
    size_t count;
};

static void add_point(struct fork_points *p, uint64_t at, uint64_t start)
{
    if (at == SCHEDULE_NEVER || at <= start)
        return;
    for (size_t i = 0; i < p->count; i++)
        if (p->at[i] == at)
            return;
    ASSERT(p->count < FORK_POINTS_MAX);
    p->at[p->count++] = at;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static struct fork_points time_points(const struct schedule *s, uint64_t genesis_time_s)
{
    struct fork_points p = {.count = 0};
    for (int f = FORK_SHANGHAI; f < FORK_COUNT; f++)
        add_point(&p, s->from_time[f], genesis_time_s);
    for (size_t i = 0; i < s->bpo_count; i++)
        add_point(&p, s->bpo[i].from_time, genesis_time_s);
    qsort(p.at, p.count, sizeof *p.at, by_value);
    return p;
}

static struct fork_points block_points(const struct schedule *s)
{
    struct fork_points p = {.count = 0};
    for (int f = FORK_HOMESTEAD; f < FORK_PARIS; f++)
        add_point(&p, s->from_block[f], 0);
    for (int b = 0; b < BOMB_COUNT; b++)
        add_point(&p, s->bomb_block[b], 0);
    qsort(p.at, p.count, sizeof *p.at, by_value);
    return p;
}

/* The id of the rules from time_s on: genesis and every change so far. */
static uint32_t fork_id(const struct schedule *s, const struct hash *genesis, uint64_t start_s,
                        uint64_t time_s)
{
    struct fork_points blocks = block_points(s), times = time_points(s, start_s);
    uint32_t crc = crc32_of(0, genesis->b, sizeof genesis->b);
    uint8_t be[8];
    for (size_t i = 0; i < blocks.count; i++) {
        be64_put(be, blocks.at[i]);
        crc = crc32_of(crc, be, sizeof be);
    }
    for (size_t i = 0; i < times.count && times.at[i] <= time_s; i++) {
        be64_put(be, times.at[i]);
        crc = crc32_of(crc, be, sizeof be);
    }
    return crc;
}

/* --- eth_config ------------------------------------------------------------------------------- */

static void put_precompiles(struct buf *out, enum fork fork)
{
    struct address list[PRECOMPILE_MAX];
    const char *names[PRECOMPILE_MAX];
    size_t n = precompile_list(fork, list, names);
    json_put_key(out, "precompiles");
    json_open(out, '{');
    for (size_t i = 0; i < n; i++) {
        json_put_key(out, names[i]);
        put_address(out, &list[i]);
    }
    json_close(out, '}');
}

static void put_contract(struct buf *out, const char *name, const char *address)
{
    json_put_key(out, name);
    json_put_string(out, address);
}

/* The addresses of EIP-4788, 2935, 7251, 7002 and 6110. A chain of ours has no beacon chain. */
static void put_contracts(struct buf *out, const struct schedule *s, enum fork fork, bool beacon)
{
    json_put_key(out, "systemContracts");
    json_open(out, '{');
    if (beacon)
        put_contract(out, "BEACON_ROOTS_ADDRESS", "0x000f3df6d732807ef1319fb7b8bb8522d0beac02");
    if (beacon && fork >= FORK_PRAGUE) {
        put_contract(out, "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS",
                     "0x0000bbddc7ce488642fb579f8b00f3a590007251");
        json_put_key(out, "DEPOSIT_CONTRACT_ADDRESS");
        put_address(out, &s->deposit_contract);
    }
    if (fork >= FORK_PRAGUE)
        put_contract(out, "HISTORY_STORAGE_ADDRESS", "0x0000f90827f1c53a10cb7a02335b175320002935");
    if (beacon && fork >= FORK_PRAGUE)
        put_contract(out, "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS",
                     "0x00000961ef480eb55e80d19ad83579a64c007002");
    json_close(out, '}');
}

struct config_site {
    struct rpc_call *c;
    const struct genesis *genesis;
    struct hash genesis_hash;
    uint64_t head_number;
};

static void put_config(const struct config_site *at, uint64_t time_s)
{
    struct buf *out = at->c->out;
    const struct schedule *s = &at->genesis->schedule;
    struct rules r = schedule_rules(s, at->head_number, time_s, true);
    uint32_t id = fork_id(s, &at->genesis_hash, at->genesis->timestamp_s, time_s);
    uint8_t be[4];
    be32_put(be, id);
    json_open(out, '{');
    json_put_key(out, "activationTime");
    json_put_u64(out, time_s);
    json_put_key(out, "blobSchedule");
    json_open(out, '{');
    json_put_key(out, "baseFeeUpdateFraction");
    json_put_u64(out, r.blobs.base_fee_fraction);
    json_put_key(out, "max");
    json_put_u64(out, r.blobs.max);
    json_put_key(out, "target");
    json_put_u64(out, r.blobs.target);
    json_close(out, '}');
    json_put_key(out, "chainId");
    json_put_quantity(out, chain_id(at->c->chain));
    json_put_key(out, "forkId");
    json_put_data(out, be, sizeof be);
    put_precompiles(out, r.fork);
    put_contracts(out, s, r.fork, at->genesis->is_ethereum);
    json_close(out, '}');
}

bool eth_config(struct rpc_call *c)
{
    struct config_site at = {.c = c, .genesis = chain_genesis(c->chain)};
    struct header h;
    struct chain_view *v = call_view(c);
    if (!v)
        return false;
    enum err e = chain_load_header(v, 0, &c->arena, &h, &at.genesis_hash);
    if (e == E_OK) {
        struct hash hash;
        e = chain_load_header(v, chain_view_head(v), &c->arena, &h, &hash);
    }
    if (e != E_OK)
        return rpc_fail_err(c, e);
    at.head_number = h.number;
    struct fork_points p = time_points(&at.genesis->schedule, at.genesis->timestamp_s);
    size_t passed = 0;
    while (passed < p.count && p.at[passed] <= h.timestamp_s)
        passed++;
    struct buf *out = c->out;
    json_open(out, '{');
    json_put_key(out, "current");
    put_config(&at, passed ? p.at[passed - 1] : 0);
    json_put_key(out, "next");
    if (passed < p.count)
        put_config(&at, p.at[passed]);
    else
        json_put_null(out);
    json_put_key(out, "last");
    if (passed < p.count)
        put_config(&at, p.at[p.count - 1]);
    else
        json_put_null(out);
    json_close(out, '}');
    return true;
}

/* --- eth_capabilities ------------------------------------------------------------------------- */

static void put_capability(struct buf *out, const char *name, uint64_t oldest)
{
    json_put_key(out, name);
    json_open(out, '{');
    json_put_key(out, "disabled");
    json_put_bool(out, false);
    json_put_key(out, "oldestBlock");
    json_put_quantity(out, oldest);
    if (oldest) { /* what is older was deleted: state beyond the history */
        json_put_key(out, "deleteStrategy");
        json_open(out, '{');
        json_put_key(out, "type");
        json_put_string(out, "window");
        json_put_key(out, "retentionBlocks");
        json_put_quantity(out, LIMIT_STATE_HISTORY);
        json_close(out, '}');
    }
    json_close(out, '}');
}

bool eth_capabilities(struct rpc_call *c)
{
    struct chain_view *v = call_view(c);
    struct header h;
    struct hash hash;
    struct statedb_view *s;
    if (!v)
        return false;
    uint64_t head = chain_view_head(v), oldest = 0;
    enum err e = chain_load_header(v, head, &c->arena, &h, &hash);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    if (chain_state_at(v, 0, &s) == E_PRUNED)
        oldest = head - LIMIT_STATE_HISTORY;
    struct buf *out = c->out;
    json_open(out, '{');
    json_put_key(out, "head");
    json_open(out, '{');
    json_put_key(out, "number");
    json_put_quantity(out, head);
    json_put_key(out, "hash");
    put_hash(out, &hash);
    json_close(out, '}');
    put_capability(out, "state", oldest);
    put_capability(out, "tx", 0);
    put_capability(out, "logs", 0);
    put_capability(out, "receipts", 0);
    put_capability(out, "blocks", 0);
    put_capability(out, "stateproofs", oldest);
    json_close(out, '}');
    return true;
}
