/* test_ledger: a small chain for tests: a genesis with funded accounts, signed transfers, blocks.
 * Header-only, included by the tests of chain and engine. */
#ifndef PARVIS_CHAIN_TEST_LEDGER_H
#define PARVIS_CHAIN_TEST_LEDGER_H

#include "chain/chain.h"
#include "chain/pool.h"

#include "test.h"

#define LEDGER_ACCOUNTS 8
#define LEDGER_CONTRACT 5 /* this account has code */
#define LEDGER_CHAIN_ID 20260u
#define LEDGER_TIME 1700000000u
#define LEDGER_GAS_LIMIT 30000000u

static const uint8_t LEDGER_STORE_KEY[32] = "the key of the stores of tests..";

struct ledger {
    struct chain *chain;
    char dir[512];
    uint8_t proposer_key[32];
    struct address proposer;
    uint8_t keys[LEDGER_ACCOUNTS][32];
    struct address accounts[LEDGER_ACCOUNTS]; /* the last one has no funds */
    uint64_t nonces[LEDGER_ACCOUNTS];         /* of the next transaction made */
    struct arena arena;
    const char *services; /* the genesis file's "services", or NULL */
    const char *alloc;    /* more entries of "alloc", or NULL */
    const char *forks;    /* "forks", or NULL */
};

static inline void ledger_keys(struct ledger *l)
{
    memset(l->proposer_key, 0x77, 32);
    CHECK_ERR(ecdsa_address(&l->proposer, l->proposer_key), E_OK);
    for (size_t i = 0; i < LEDGER_ACCOUNTS; i++) {
        memset(l->keys[i], (int)(i + 1), 32);
        CHECK_ERR(ecdsa_address(&l->accounts[i], l->keys[i]), E_OK);
    }
}

static inline void ledger_genesis_text(struct ledger *l, struct buf *out)
{
    buf_putf(out,
             "{\"parvis\": 1, \"chainId\": %u, \"timestamp\": %u, \"gasLimit\": %u, \"engine\": "
             "{\"name\": \"solo\", \"proposer\": \"",
             LEDGER_CHAIN_ID, LEDGER_TIME, LEDGER_GAS_LIMIT);
    buf_put_hex(out, l->proposer.b, 20);
    buf_puts(out, "\"}, \"alloc\": {");
    for (size_t i = 0; i + 1 < LEDGER_ACCOUNTS; i++) {
        buf_puts(out, i ? ", \"" : "\"");
        buf_put_hex(out, l->accounts[i].b, 20);
        buf_puts(out, "\": {\"balance\": \"1000000000000000000000\"");
        buf_puts(out, i == LEDGER_CONTRACT ? ", \"code\": \"0x00\"}" : "}");
    }
    if (l->alloc)
        buf_putf(out, ", %s", l->alloc);
    buf_puts(out, "}");
    if (l->forks)
        buf_putf(out, ", \"forks\": %s", l->forks);
    if (l->services)
        buf_putf(out, ", \"services\": %s", l->services);
    buf_puts(out, "}");
}

static inline struct store *ledger_store(const char *dir, bool create)
{
    struct store_config config = {.dir = dir, .key32 = LEDGER_STORE_KEY, .create = create};
    struct store *s = NULL;
    struct diag d = {""};
    if (store_open(&s, &config, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "store_open: %s", d.text);
    return s;
}

/* ledger_open opens the chain in l->dir; false (and a failed test) if that does not work. */
static inline bool ledger_open(struct ledger *l)
{
    struct chain_config config = {.store = ledger_store(l->dir, false)};
    struct diag d = {""};
    if (config.store && chain_open(&l->chain, &config, &d) == E_OK)
        return true;
    test_fail(__FILE__, __LINE__, "chain_open: %s", d.text);
    store_close(config.store);
    return false;
}

static inline bool ledger_begin_as(struct ledger *l, const struct ledger *what)
{
    struct genesis g = {0};
    struct buf text = {0};
    struct diag d = {""};
    *l = *what;
    snprintf(l->dir, sizeof l->dir, "%s", test_tmpdir());
    ledger_keys(l);
    ledger_genesis_text(l, &text);
    enum err e = genesis_parse(&g, buf_view(&text), &d);
    buf_free(&text);
    struct store *s = e == E_OK ? ledger_store(l->dir, true) : NULL;
    if (s) {
        e = chain_create(s, &g, &d);
        genesis_free(&g);
        store_close(s);
    }
    if (e == E_OK && s)
        return ledger_open(l);
    test_fail(__FILE__, __LINE__, "chain_create: %s", d.text);
    return false;
}

static inline bool ledger_begin_with(struct ledger *l, const char *services)
{
    return ledger_begin_as(l, &(struct ledger){.services = services});
}

static inline bool ledger_begin(struct ledger *l)
{
    return ledger_begin_with(l, NULL);
}

static inline void ledger_end(struct ledger *l)
{
    chain_close(l->chain);
    arena_free(&l->arena);
}

/* ledger_tx makes a signed transfer with the account's next nonce; change t and sign again for
 * anything else. */
static inline struct tx ledger_unsigned(struct ledger *l, size_t from, size_t to, uint64_t value)
{
    return (struct tx){.type = TX_DYNAMIC_FEE,
                       .has_chain_id = true,
                       .chain_id = LEDGER_CHAIN_ID,
                       .nonce = l->nonces[from],
                       .gas_limit = 21000,
                       .to = l->accounts[to],
                       .value = u256_from_u64(value)};
}

static inline struct bytes ledger_sign(struct ledger *l, struct tx *t, size_t from)
{
    CHECK_ERR(tx_sign(t, &l->arena, l->keys[from]), E_OK);
    return t->raw;
}

static inline enum err ledger_send(struct ledger *l, struct tx *t, size_t from)
{
    struct hash hash = {{0}};
    enum err e = pool_add(chain_pool(l->chain), ledger_sign(l, t, from), &hash, NULL);
    if (e == E_OK && !hash_eq(&hash, &t->hash))
        test_fail(__FILE__, __LINE__, "pool_add returned another hash");
    return e;
}

/* ledger_transfer sends a transfer and moves the account's nonce on. */
static inline struct hash ledger_transfer(struct ledger *l, size_t from, size_t to, uint64_t value)
{
    struct tx t = ledger_unsigned(l, from, to, value);
    CHECK_ERR(ledger_send(l, &t, from), E_OK);
    l->nonces[from]++;
    return t.hash;
}

/* ledger_seal_commit seals the block in hand with the proposer's key and commits it. */
static inline enum err ledger_commit(struct ledger *l, const struct block *b)
{
    struct ecdsa_signature seal;
    CHECK_ERR(ecdsa_sign(&seal, &b->hash, l->proposer_key), E_OK);
    return chain_commit(l->chain, &seal);
}

/* ledger_block makes a block of what waits; returns its number of transactions. */
static inline size_t ledger_block(struct ledger *l)
{
    struct proposal p;
    const struct block *b = NULL;
    struct diag d = {""};
    chain_prepare(l->chain, &p, LEDGER_TIME + chain_head(l->chain).number + 1, CHAIN_BLOCK_BYTES);
    if (chain_finalize(l->chain, &p, true, &b, &d) != E_OK) {
        test_fail(__FILE__, __LINE__, "chain_finalize: %s", d.text);
        chain_abandon(l->chain);
        return 0;
    }
    size_t count = b->tx_count;
    CHECK_ERR(ledger_commit(l, b), E_OK);
    return count;
}

static inline uint64_t ledger_balance(struct ledger *l, size_t account, uint64_t *nonce_out)
{
    struct chain_view *v;
    struct statedb_view *at;
    struct account a = account_empty();
    bool exists;
    CHECK_ERR(chain_view_open(l->chain, &v), E_OK);
    CHECK_ERR(chain_state_at(v, chain_view_head(v), &at), E_OK);
    const struct state_reader *r = statedb_view_reader(at);
    CHECK_ERR(r->account(r->ctx, &l->accounts[account], &a, &exists), E_OK);
    chain_view_close(v);
    if (nonce_out)
        *nonce_out = a.nonce;
    return a.balance.w[0];
}

#endif
