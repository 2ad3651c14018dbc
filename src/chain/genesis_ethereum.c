/* The genesis of an Ethereum chain, as geth reads it: "config" tells the forks, the rest block 0.
 */
#include "chain/genesis_internal.h"

#include <stdio.h>

#include "base/lang.h"
#include "chain/rules.h"
#include "crypto/keccak.h"

static const struct {
    const char *name;
    enum fork fork;
} BLOCK_FORKS[] = {
    {"homesteadBlock", FORK_HOMESTEAD},
    {"eip150Block", FORK_EIP150},
    {"eip158Block", FORK_EIP158},
    {"byzantiumBlock", FORK_BYZANTIUM},
    {"constantinopleBlock", FORK_CONSTANTINOPLE},
    {"petersburgBlock", FORK_PETERSBURG},
    {"istanbulBlock", FORK_ISTANBUL},
    {"berlinBlock", FORK_BERLIN},
    {"londonBlock", FORK_LONDON},
};
static const struct {
    const char *name, *blobs;
    enum fork fork;
} TIME_FORKS[] = {
    {"shanghaiTime", NULL, FORK_SHANGHAI},
    {"cancunTime", "cancun", FORK_CANCUN},
    {"pragueTime", "prague", FORK_PRAGUE},
    {"osakaTime", "osaka", FORK_OSAKA},
};
static const char *const BOMBS[BOMB_COUNT] = {"muirGlacierBlock", "arrowGlacierBlock",
                                              "grayGlacierBlock"};

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* Forks of other names change rules we do not have: such a chain is refused, not misunderstood. */
static bool is_known(const char *name)
{
    static const char *const OTHERS[] = {"eip155Block", "daoForkBlock", "mergeNetsplitBlock"};
    for (size_t i = 0; i < sizeof BLOCK_FORKS / sizeof BLOCK_FORKS[0]; i++)
        if (strcmp(name, BLOCK_FORKS[i].name) == 0)
            return true;
    for (size_t i = 0; i < sizeof TIME_FORKS / sizeof TIME_FORKS[0]; i++)
        if (strcmp(name, TIME_FORKS[i].name) == 0)
            return true;
    for (size_t i = 0; i < BOMB_COUNT; i++)
        if (strcmp(name, BOMBS[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
        if (strcmp(name, OTHERS[i]) == 0)
            return true;
    unsigned n;
    int used = 0;
    return sscanf(name, "bpo%1u%n", &n, &used) == 1 && n >= 1 && n <= SCHEDULE_BPO_MAX &&
           strcmp(name + used, "Time") == 0;
}

static enum err check_known(const struct json *config, struct diag *d)
{
    for (const struct json *m = json_first(config); m; m = json_next(m)) {
        const char *name = json_key(m);
        if ((ends_with(name, "Block") || ends_with(name, "Time")) && !json_is_null(m) &&
            !is_known(name))
            return genesis_refuse(
                d, genesis_path_of("config", name).text,
                T("rules that this build does not have", "des règles que ce programme n'a pas"));
    }
    if (json_true(json_get(config, "daoForkSupport")))
        return genesis_refuse(
            d, "config.daoForkSupport",
            T("the state change of the DAO fork is not supported",
              "le changement d'état de la scission DAO n'est pas pris en charge"));
    if (json_get(config, "clique"))
        return genesis_refuse(d, "config.clique",
                              T("proof of authority is not supported",
                                "la preuve d'autorité n'est pas prise en charge"));
    return E_OK;
}

/* null is as good as absent, as in geth */
static enum err read_number(uint64_t *out, const struct json *object, const char *parent,
                            const char *name, uint64_t max, struct diag *d)
{
    if (json_is_null(json_get(object, name)))
        return E_OK;
    return genesis_read_u64(out, object, parent, name, 0, max, d);
}

static enum err read_when(uint64_t *out, const struct json *config, const char *name,
                          struct diag *d)
{
    return read_number(out, config, "config", name, UINT64_MAX - 1, d);
}

static enum err read_blobs(struct blob_params *out, const struct json *schedule, const char *name,
                           struct diag *d)
{
    const struct json *entry = json_get(schedule, name);
    struct path where = genesis_path_of("config.blobSchedule", name);
    if (!entry)
        return E_OK;
    if (!json_is_object(entry))
        return genesis_refuse(d, where.text, T("an object is needed", "un objet est attendu"));
    TRY(genesis_read_u64(&out->target, entry, where.text, "target", 0, 4096, d));
    TRY(genesis_read_u64(&out->max, entry, where.text, "max", 1, 4096, d));
    TRY(genesis_read_u64(&out->base_fee_fraction, entry, where.text, "baseFeeUpdateFraction", 1,
                         UINT64_MAX / TX_GAS_PER_BLOB, d));
    if (out->target > out->max)
        return genesis_refuse(d, where.text,
                              T("the target is above the maximum", "la cible dépasse le maximum"));
    return E_OK;
}

static enum err read_bpo(struct schedule *s, const struct json *config, const struct json *blobs,
                         struct diag *d)
{
    for (unsigned i = 1; i <= SCHEDULE_BPO_MAX; i++) {
        char time[16], name[8];
        uint64_t from = SCHEDULE_NEVER;
        struct blob_params params = {0};
        snprintf(time, sizeof time, "bpo%uTime", i);
        snprintf(name, sizeof name, "bpo%u", i);
        TRY(read_when(&from, config, time, d));
        TRY(read_blobs(&params, blobs, name, d));
        if (from == SCHEDULE_NEVER)
            continue;
        if (params.max == 0)
            return genesis_refuse(d, genesis_path_of("config.blobSchedule", name).text,
                                  T("missing", "absent"));
        s->bpo[s->bpo_count].from_time = from;
        s->bpo[s->bpo_count++].blobs = params;
    }
    return E_OK;
}

static enum err read_schedule(struct schedule *s, const struct json *config, struct diag *d)
{
    const struct json *ttd = json_get(config, "terminalTotalDifficulty");
    const struct json *blobs = json_get(config, "blobSchedule");
    const struct json *deposits = json_get(config, "depositContractAddress");
    TRY(check_known(config, d));
    for (int f = FORK_HOMESTEAD; f < FORK_PARIS; f++)
        s->from_block[f] = SCHEDULE_NEVER;
    for (int f = FORK_SHANGHAI; f < FORK_COUNT; f++)
        s->from_time[f] = SCHEDULE_NEVER;
    for (size_t i = 0; i < sizeof BLOCK_FORKS / sizeof BLOCK_FORKS[0]; i++)
        TRY(read_when(&s->from_block[BLOCK_FORKS[i].fork], config, BLOCK_FORKS[i].name, d));
    if (s->from_block[FORK_PETERSBURG] == SCHEDULE_NEVER)
        s->from_block[FORK_PETERSBURG] = s->from_block[FORK_CONSTANTINOPLE];
    for (int i = 0; i < BOMB_COUNT; i++) {
        s->bomb_block[i] = SCHEDULE_NEVER;
        TRY(read_when(&s->bomb_block[i], config, BOMBS[i], d));
    }
    TRY(genesis_check_named(blobs, "config.blobSchedule", d));
    for (size_t i = 0; i < sizeof TIME_FORKS / sizeof TIME_FORKS[0]; i++) {
        TRY(read_when(&s->from_time[TIME_FORKS[i].fork], config, TIME_FORKS[i].name, d));
        if (TIME_FORKS[i].blobs)
            TRY(read_blobs(&s->blobs[TIME_FORKS[i].fork], blobs, TIME_FORKS[i].blobs, d));
    }
    TRY(read_bpo(s, config, blobs, d));
    s->has_terminal_difficulty = ttd && !json_is_null(ttd);
    if (s->has_terminal_difficulty && json_u256(&s->terminal_difficulty, ttd) != E_OK)
        return genesis_refuse(d, "config.terminalTotalDifficulty",
                              T("an integer is needed", "un entier est attendu"));
    return deposits ? genesis_read_address(&s->deposit_contract, deposits,
                                           "config.depositContractAddress", d)
                    : E_OK;
}

/* --- block 0 ---------------------------------------------------------------------------------- */

static enum err read_fixed(uint8_t *out, size_t len, const struct json *object, const char *name,
                           struct diag *d)
{
    const struct json *j = json_get(object, name);
    struct u256 value;
    uint8_t be[32];
    if (!j || json_is_null(j))
        return E_OK;
    if (json_u256(&value, j) != E_OK)
        return genesis_refuse(
            d, name, T("hexadecimal bytes are needed", "des octets hexadécimaux sont attendus"));
    u256_to_be(be, value);
    for (size_t i = 0; i < 32 - len; i++)
        if (be[i])
            return genesis_refuse(d, name, T("too wide", "trop grand"));
    memcpy(out, be + 32 - len, len);
    return E_OK;
}

static enum err read_u256(struct u256 *out, const struct json *object, const char *name,
                          struct diag *d)
{
    const struct json *j = json_get(object, name);
    if (j && !json_is_null(j) && json_u256(out, j) != E_OK)
        return genesis_refuse(d, name, T("an integer is needed", "un entier est attendu"));
    return E_OK;
}

static enum err read_header(struct genesis *g, struct diag *d)
{
    struct header *h = &g->header;
    const struct json *root = g->json;
    const struct json *coinbase = json_get(root, "coinbase");
    struct buf extra = {0};
    TRY(read_fixed(h->parent_hash.b, 32, root, "parentHash", d));
    TRY(read_fixed(h->prev_randao.b, 32, root, "mixHash", d));
    TRY(read_fixed(h->nonce, sizeof h->nonce, root, "nonce", d));
    TRY(read_fixed(h->parent_beacon_root.b, 32, root, "parentBeaconBlockRoot", d));
    TRY(read_u256(&h->difficulty, root, "difficulty", d));
    TRY(read_number(&h->timestamp_s, root, "", "timestamp", UINT64_MAX, d));
    TRY(read_number(&h->gas_limit, root, "", "gasLimit", INT64_MAX, d));
    TRY(read_number(&h->gas_used, root, "", "gasUsed", 0, d));
    TRY(read_number(&h->number, root, "", "number", 0, d));
    TRY(read_number(&h->excess_blob_gas, root, "", "excessBlobGas", UINT64_MAX, d));
    TRY(read_number(&h->blob_gas_used, root, "", "blobGasUsed", UINT64_MAX, d));
    if (coinbase)
        TRY(genesis_read_address(&h->beneficiary, coinbase, "coinbase", d));
    enum err e =
        genesis_read_hex(&extra, json_get(root, "extraData"), "extraData", sizeof g->extra_data, d);
    if (e == E_OK && extra.len)
        memcpy(g->extra_data, extra.data, extra.len);
    g->extra_data_len = extra.len;
    buf_free(&extra);
    TRY(e);
    struct rules r = rules_of(&g->schedule, h);
    h->form = rules_form(r.fork);
    if (h->form >= HEADER_LONDON)
        h->base_fee = u256_from_u64(1000000000); /* EIP-1559 */
    return read_u256(&h->base_fee, root, "baseFeePerGas", d);
}

enum err genesis_check_ethereum(struct genesis *g, struct diag *d)
{
    const struct json *config = json_get(g->json, "config");
    if (!json_is_object(config))
        return genesis_refuse(d, "config", T("an object is needed", "un objet est attendu"));
    if (!json_get(config, "chainId"))
        return genesis_refuse(d, "config.chainId", T("missing", "absent"));
    TRY(genesis_read_u64(&g->chain_id, config, "config", "chainId", 1, TX_CHAIN_ID_MAX, d));
    g->is_ethereum = true;
    schedule_of(&g->schedule, FORK_OSAKA, g->chain_id);
    TRY(read_schedule(&g->schedule, config, d));
    TRY(read_header(g, d));
    g->timestamp_s = g->header.timestamp_s;
    g->gas_limit = g->header.gas_limit;
    g->proposer = g->header.beneficiary;
    return genesis_check_allocations(json_get(g->json, "alloc"), true, d);
}

struct header genesis_header(const struct genesis *g, const struct hash *state_root)
{
    struct header h = {
        .beneficiary = g->proposer, .gas_limit = g->gas_limit, .timestamp_s = g->timestamp_s};
    if (g->is_ethereum)
        h = g->header;
    else
        header_own(&h);
    h.state_root = *state_root;
    h.transactions_root = KECCAK_EMPTY_TRIE;
    h.receipts_root = KECCAK_EMPTY_TRIE;
    h.extra_data = bytes_of(g->extra_data, g->extra_data_len);
    if (g->is_ethereum) {
        h.ommers_hash = HEADER_NO_OMMERS;
        h.withdrawals_root = KECCAK_EMPTY_TRIE;
        h.requests_hash = HEADER_NO_REQUESTS;
    }
    return h;
}
