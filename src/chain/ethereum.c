#include "chain/ethereum.h"

#include "base/lang.h"
#include "chain/blocks.h"
#include "chain/execute.h"
#include "crypto/keccak.h"
#include "crypto/sha256.h"

#define SYSTEM_GAS 30000000 /* EIP-4788 and its likes: not counted in the block */
#define WEI_PER_GWEI 1000000000u

static const struct address SYSTEM = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}};
static const struct address BEACON_ROOTS = {{0x00, 0x0f, 0x3d, 0xf6, 0xd7, 0x32, 0x80,
                                             0x7e, 0xf1, 0x31, 0x9f, 0xb7, 0xb8, 0xbb,
                                             0x85, 0x22, 0xd0, 0xbe, 0xac, 0x02}};
const struct address ETHEREUM_HISTORY_ADDRESS = {{0x00, 0x00, 0xf9, 0x08, 0x27, 0xf1, 0xc5,
                                                  0x3a, 0x10, 0xcb, 0x7a, 0x02, 0x33, 0x5b,
                                                  0x17, 0x53, 0x20, 0x00, 0x29, 0x35}};
static const struct address WITHDRAWAL_QUEUE = {{0x00, 0x00, 0x09, 0x61, 0xef, 0x48, 0x0e,
                                                 0xb5, 0x5e, 0x80, 0xd1, 0x9a, 0xd8, 0x35,
                                                 0x79, 0xa6, 0x4c, 0x00, 0x70, 0x02}};
static const struct address CONSOLIDATION_QUEUE = {{0x00, 0x00, 0xbb, 0xdd, 0xc7, 0xce, 0x48,
                                                    0x86, 0x42, 0xfb, 0x57, 0x9f, 0x8b, 0x00,
                                                    0xf3, 0xa5, 0x90, 0x00, 0x72, 0x51}};

/* EIP-2935, "Block processing": the runtime code, a ring of the last 8191 hashes */
static const uint8_t HISTORY_CODE[] = {
    0x33, 0x73, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x14, 0x60, 0x46, 0x57, 0x60, 0x20,
    0x36, 0x03, 0x60, 0x42, 0x57, 0x5f, 0x35, 0x60, 0x01, 0x43, 0x03, 0x81, 0x11, 0x60,
    0x42, 0x57, 0x61, 0x1f, 0xff, 0x81, 0x43, 0x03, 0x11, 0x60, 0x42, 0x57, 0x61, 0x1f,
    0xff, 0x90, 0x06, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3, 0x5b, 0x5f, 0x5f, 0xfd,
    0x5b, 0x5f, 0x35, 0x61, 0x1f, 0xff, 0x60, 0x01, 0x43, 0x03, 0x06, 0x55, 0x00};

struct bytes ethereum_history_code(void)
{
    return bytes_of(HISTORY_CODE, sizeof HISTORY_CODE);
}

/* --- system calls ----------------------------------------------------------------------------- */

/* system_call runs a contract as the protocol itself. *output_opt is appended to. False when there
 * is no such contract or it failed. */
static bool system_call(struct state *s, struct evm *evm, const struct block_env *env,
                        const struct address *contract, struct bytes input, struct buf *output_opt)
{
    struct hash code_hash = state_code_hash(s, contract);
    if (hash_eq(&code_hash, &KECCAK_EMPTY) || hash_is_zero(&code_hash))
        return false;
    struct arena arena = {0};
    struct world w;
    struct frame_result result;
    struct frame f = {.kind = FRAME_CALL,
                      .caller = SYSTEM,
                      .recipient = *contract,
                      .code_address = *contract,
                      .gas = SYSTEM_GAS,
                      .input = input};
    struct execute_context x = {
        .state = s, .block = env, .arena = &arena, .evm = evm, .ethereum_only = true};
    execute_world(&w, &x);
    w.origin = SYSTEM;
    state_tx_begin(s);
    frame_call(&w, &f, &result);
    bool done = result.status == FRAME_SUCCESS;
    if (done && output_opt)
        buf_put(output_opt, result.output.data, result.output.len);
    state_tx_end(s);
    arena_free(&arena);
    return done;
}

enum err ethereum_history(struct state *s, struct evm *evm, const struct block_env *env,
                          const struct hash *parent_hash)
{
    if (env->number > 0)
        (void)system_call(s, evm, env, &ETHEREUM_HISTORY_ADDRESS, bytes_of(parent_hash->b, 32),
                          NULL);
    return state_error(s);
}

enum err ethereum_begin(struct state *s, struct evm *evm, const struct block_env *env,
                        const struct hash *parent_hash, const struct hash *parent_beacon_root)
{
    if (env->fork >= FORK_CANCUN)
        (void)system_call(s, evm, env, &BEACON_ROOTS, bytes_of(parent_beacon_root->b, 32), NULL);
    if (env->fork >= FORK_PRAGUE)
        TRY(ethereum_history(s, evm, env, parent_hash));
    return state_error(s);
}

/* --- requests --------------------------------------------------------------------------------- */

void requests_free(struct requests *r)
{
    for (int i = 0; i < REQUEST_TYPES; i++)
        buf_free(&r->of[i]);
}

struct hash requests_hash(const struct requests *r)
{
    struct buf hashes = {0}, typed = {0};
    struct hash hash;
    for (uint8_t i = 0; i < REQUEST_TYPES; i++) {
        if (r->of[i].len == 0)
            continue;
        buf_clear(&typed);
        buf_put_u8(&typed, i);
        buf_put(&typed, r->of[i].data, r->of[i].len);
        sha256_once(&hash, typed.data, typed.len);
        buf_put(&hashes, hash.b, sizeof hash.b);
    }
    sha256_once(&hash, hashes.data, hashes.len);
    buf_free(&hashes);
    buf_free(&typed);
    return hash;
}

/* keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)") */
static const struct hash DEPOSIT_EVENT = {{0x64, 0x9b, 0xbc, 0x62, 0xd0, 0xe3, 0x13, 0x42,
                                           0xaf, 0xea, 0x4e, 0x5c, 0xd8, 0x2d, 0x40, 0x49,
                                           0xe7, 0xe1, 0xee, 0x91, 0x2f, 0xc0, 0x88, 0x9a,
                                           0xa7, 0x90, 0x80, 0x3b, 0xe3, 0x90, 0x38, 0xc5}};

/* word_is tells whether the 32-byte number at `at` is v. */
static bool word_is(struct bytes data, size_t at, uint64_t v)
{
    struct u256 word = u256_from_be(data.data + at);
    return u256_eq(word, u256_from_u64(v));
}

/* EIP-6110: the event's five byte strings, at fixed places and of fixed lengths. */
static bool put_deposit(struct buf *out, struct bytes data)
{
    static const struct {
        size_t at, len;
    } PARTS[] = {{160, 48}, {256, 32}, {320, 8}, {384, 96}, {512, 8}};
    if (data.len != 576)
        return false;
    for (size_t i = 0; i < 5; i++)
        if (!word_is(data, 32 * i, PARTS[i].at) || !word_is(data, PARTS[i].at, PARTS[i].len))
            return false;
    for (size_t i = 0; i < 5; i++)
        buf_put(out, data.data + PARTS[i].at + 32, PARTS[i].len);
    return true;
}

static bool put_deposits(struct buf *out, const struct address *contract, const struct receipt *r)
{
    for (size_t i = 0; i < r->log_count; i++) {
        const struct log_entry *log = &r->logs[i];
        if (!address_eq(&log->address, contract) || log->topic_count == 0 ||
            !hash_eq(&log->topics[0], &DEPOSIT_EVENT))
            continue;
        if (!put_deposit(out, log->data))
            return false;
    }
    return true;
}

enum err ethereum_requests(struct state *s, struct evm *evm, const struct block_env *env,
                           const struct address *deposit_contract, const struct receipt *receipts,
                           size_t count, struct requests *out, struct diag *d)
{
    for (size_t i = 0; i < count; i++)
        if (!put_deposits(&out->of[0], deposit_contract, &receipts[i]))
            return diag_set(d, E_BLOCK,
                            T("transaction %zu: malformed deposit event",
                              "transaction %zu : événement de dépôt mal formé"),
                            i);
    bool done = system_call(s, evm, env, &WITHDRAWAL_QUEUE, (struct bytes){0}, &out->of[1]);
    TRY(state_error(s));
    if (!done)
        return diag_set(d, E_BLOCK,
                        T("the contract of withdrawal requests (EIP-7002) is missing or failed",
                          "le contrat des demandes de retrait (EIP-7002) manque ou a échoué"));
    done = system_call(s, evm, env, &CONSOLIDATION_QUEUE, (struct bytes){0}, &out->of[2]);
    TRY(state_error(s));
    if (!done)
        return diag_set(d, E_BLOCK,
                        T("the contract of consolidation requests (EIP-7251) is missing or failed",
                          "le contrat des demandes de fusion (EIP-7251) manque ou a échoué"));
    return E_OK;
}

/* --- money from outside ----------------------------------------------------------------------- */

static void credit(struct state *s, const struct address *a, struct u256 amount)
{
    struct u256 sum;
    if (u256_add(&sum, state_balance(s, a), amount))
        sum = U256_MAX; /* no chain mints so much */
    state_set_balance(s, a, sum);
}

enum err ethereum_withdraw(struct state *s, const struct withdrawal *withdrawals, size_t count)
{
    state_tx_begin(s);
    for (size_t i = 0; i < count; i++) {
        struct u256 wei;
        (void)u256_mul(&wei, u256_from_u64(withdrawals[i].amount_gwei),
                       u256_from_u64(WEI_PER_GWEI));
        credit(s, &withdrawals[i].address, wei);
        state_touch(s, &withdrawals[i].address);
    }
    state_tx_end(s);
    return state_error(s);
}

uint64_t ethereum_base_reward(enum fork fork)
{
    return fork >= FORK_PARIS            ? 0
           : fork >= FORK_CONSTANTINOPLE ? 2000000000000000000u /* EIP-1234 */
           : fork >= FORK_BYZANTIUM      ? 3000000000000000000u /* EIP-649 */
                                         : 5000000000000000000u;
}

void ethereum_reward(struct state *s, uint64_t base_wei, const struct address *miner,
                     const struct ommer_reward *ommers, size_t count)
{
    struct u256 reward = u256_from_u64(base_wei), share;
    state_tx_begin(s);
    for (size_t i = 0; i < count; i++) {
        ASSERT(ommers[i].generations >= 1 && ommers[i].generations <= 8);
        (void)u256_mul(&share, u256_from_u64(base_wei), u256_from_u64(8 - ommers[i].generations));
        u256_divmod(&share, NULL, share, u256_from_u64(8));
        credit(s, &ommers[i].beneficiary, share);
        (void)u256_add(&reward, reward, u256_from_u64(base_wei / 32));
    }
    credit(s, miner, reward);
    state_touch(s, miner);
    state_tx_end(s);
}

/* --- the whole block -------------------------------------------------------------------------- */

static enum err bad_tx(struct block_run *run, struct diag *d, size_t index, enum err why)
{
    run->refusal = why;
    return diag_set(d, E_BLOCK, T("transaction %zu: %s", "transaction %zu : %s"), index,
                    err_text(why));
}

static enum err differs(struct diag *d, const char *field)
{
    return diag_set(
        d, E_BLOCK,
        T("%s is not what execution gives", "%s : autre chose que ce que donne l'exécution"),
        field);
}

/* run_tx executes transaction i into b->receipts. */
static enum err run_tx(struct block_run *run, struct execute_context *x, struct block *b, size_t i,
                       struct arena *a, struct diag *d)
{
    struct tx *t = &b->txs[i];
    struct receipt r = {0};
    arena_reset(x->arena);
    if (!t->has_sender && tx_recover(t) != E_OK)
        return bad_tx(run, d, i, E_SIGNATURE);
    enum err e = execute_tx(x, t, &r);
    TRY(state_error(run->state));
    if (e != E_OK)
        return bad_tx(run, d, i, e);
    receipt_copy(&b->receipts[i], a, &r);
    if (x->block->fork < FORK_BYZANTIUM) {
        b->receipts[i].has_root = true;
        TRY(run->root(run->ctx, &b->receipts[i].root));
    }
    return E_OK;
}

static enum err run_txs(struct block_run *run, struct execute_context *x, struct block *b,
                        struct arena *a, struct diag *d)
{
    b->receipts = arena_zalloc(a, b->tx_count + 1, sizeof *b->receipts);
    for (size_t i = 0; i < b->tx_count; i++)
        TRY(run_tx(run, x, b, i, a, d));
    if (x->gas_used != b->header.gas_used)
        return differs(d, T("gas used", "le gas consommé"));
    if (x->block->fork >= FORK_CANCUN && x->blob_gas_used != b->header.blob_gas_used)
        return differs(d, T("blob gas used", "le gas de blobs consommé"));
    return E_OK;
}

static void reward(struct block_run *run, const struct rules *rules, const struct block *b)
{
    struct ommer_reward ommers[2];
    ASSERT(b->ommer_count <= 2); /* rules_check_ommers looked */
    for (size_t i = 0; i < b->ommer_count; i++)
        ommers[i] =
            (struct ommer_reward){b->ommers[i].beneficiary, b->header.number - b->ommers[i].number};
    ethereum_reward(run->state, ethereum_base_reward(rules->fork), &b->header.beneficiary, ommers,
                    b->ommer_count);
}

static enum err run_end(struct block_run *run, const struct block_env *env,
                        const struct rules *rules, const struct block *b, struct diag *d)
{
    if (rules->fork < FORK_PARIS)
        reward(run, rules, b);
    if (rules->fork >= FORK_SHANGHAI)
        TRY(ethereum_withdraw(run->state, b->withdrawals, b->withdrawal_count));
    if (rules->fork < FORK_PRAGUE)
        return E_OK;
    struct requests requests = {0};
    enum err e = ethereum_requests(run->state, run->evm, env, &run->schedule->deposit_contract,
                                   b->receipts, b->tx_count, &requests, d);
    struct hash hash = requests_hash(&requests);
    requests_free(&requests);
    if (e == E_OK && !hash_eq(&hash, &b->header.requests_hash))
        e = differs(d, T("requests hash", "l'empreinte des demandes"));
    return e;
}

static enum err check_results(const struct block *b, struct diag *d)
{
    uint8_t bloom[BLOOM_BYTES] = {0};
    for (size_t i = 0; i < b->tx_count; i++)
        for (size_t j = 0; b->receipts[i].log_count && j < BLOOM_BYTES; j++)
            bloom[j] |= b->receipts[i].bloom[j];
    if (memcmp(bloom, b->header.bloom, BLOOM_BYTES) != 0)
        return differs(d, T("logs bloom", "le filtre des événements"));
    struct hash root = blocks_receipt_root(b->receipts, b->tx_count);
    return hash_eq(&root, &b->header.receipts_root)
               ? E_OK
               : differs(d, T("receipts root", "la racine des reçus"));
}

enum err ethereum_run(struct block_run *run, struct block *b, struct arena *a, struct diag *d)
{
    struct rules rules = rules_of(run->schedule, &b->header);
    struct block_env env = rules_env(run->schedule, &b->header);
    struct arena scratch = {0};
    struct execute_context x = {.state = run->state,
                                .block = &env,
                                .arena = &scratch,
                                .evm = run->evm,
                                .ethereum_only = true};
    struct hash root;
    env.block_hash = run->block_hash;
    env.block_hash_ctx = run->ctx;
    execute_prepare(&x);
    enum err e = ethereum_begin(run->state, run->evm, &env, &b->header.parent_hash,
                                &b->header.parent_beacon_root);
    if (e == E_OK)
        e = run_txs(run, &x, b, a, d);
    arena_free(&scratch);
    if (e == E_OK)
        e = run_end(run, &env, &rules, b, d);
    if (e == E_OK)
        e = check_results(b, d);
    if (e == E_OK)
        e = run->root(run->ctx, &root);
    if (e == E_OK && !hash_eq(&root, &b->header.state_root))
        e = differs(d, T("state root", "la racine de l'état"));
    return e;
}
