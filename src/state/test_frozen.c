/* Tests of frozen: random blocks executed on two states that take turns, each before the block
 * before it is merged, against the same blocks executed one after the other on a statedb. What is
 * read and every root must be the same. */
#include "test.h"

#include "base/mem.h"
#include "crypto/keccak.h"
#include "state/frozen.h"
#include "state/statedb.h"

enum { ACCOUNTS = 24, SLOTS = 6, CODES = 5, BLOCKS = 60, CHAINS = 6, TXS = 8, CHANGES = 10 };

static const uint8_t STORE_KEY[32] = {7};

static struct address address_of(uint64_t i)
{
    struct address a = {{0}};
    be32_put(a.b + 16, (uint32_t)i * 2654435761u + 1);
    return a;
}

static struct hash slot_of(uint64_t i)
{
    return (struct hash){{[31] = (uint8_t)i}};
}

static struct bytes code_of(uint64_t i)
{
    static const uint8_t CODE[CODES + 1] = {1, 2, 3, 4, 5, 6};
    return bytes_of(CODE + i % CODES, i % CODES ? 2 : 0);
}

/* --- a store with a state in it --------------------------------------------------------------- */

struct side {
    struct store *store;
    struct statedb *db;
    uint64_t height;
    struct hash root;
};

static bool side_open(struct side *x)
{
    struct diag d = {""};
    struct store_config config = {
        .dir = test_tmpdir(), .key32 = STORE_KEY, .create = true, .no_sync = true};
    *x = (struct side){.root = KECCAK_EMPTY_TRIE};
    if (store_open(&x->store, &config, &d) == E_OK &&
        statedb_open(&x->db, x->store, &x->root, 0, false) == E_OK)
        return true;
    test_fail(__FILE__, __LINE__, "%s", d.text);
    return false;
}

static void side_close(struct side *x)
{
    statedb_close(x->db);
    store_close(x->store);
}

static void side_merge(struct side *x, struct state *s)
{
    struct store_txn *t;
    CHECK_ERR(statedb_apply(x->db, s, x->height + 1, &x->root), E_OK);
    CHECK_ERR(store_begin_write(x->store, &t), E_OK);
    CHECK_ERR(statedb_write(x->db, t), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    statedb_written(x->db);
    x->height++;
}

/* --- random blocks ---------------------------------------------------------------------------- */

/* A source of numbers that two executions of one block share. */
static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* look folds in all that can be asked of an account; storage where EIP-7610 asks, as it does. */
static void look(struct state *s, const struct address *a, struct keccak *k)
{
    struct u256 balance = state_balance(s, a);
    struct hash code_hash = state_code_hash(s, a);
    struct bytes code = state_code(s, a);
    uint64_t nonce = state_nonce(s, a);
    uint8_t flags[3] = {state_exists(s, a), state_is_listed(s, a), 0};
    if (nonce == 0 && hash_eq(&code_hash, &KECCAK_EMPTY))
        flags[2] = state_has_storage(s, a);
    keccak_update(k, &balance, sizeof balance);
    keccak_update(k, &nonce, sizeof nonce);
    keccak_update(k, code_hash.b, sizeof code_hash.b);
    keccak_update(k, code.data, code.len);
    keccak_update(k, flags, sizeof flags);
}

static void look_at_slot(struct state *s, const struct address *a, uint64_t i, struct keccak *k)
{
    struct hash slot = slot_of(i);
    struct bytes value = state_storage(s, a, &slot);
    keccak_update(k, value.data, value.len);
    keccak_update(k, "|", 1);
}

/* change makes one random change of an account. Nonces only rise, and code is replaced only where
 * there is a nonce, as in transactions. */
static void change(struct state *s, const struct address *a, uint64_t *seed)
{
    struct hash slot = slot_of(next(seed) % SLOTS);
    struct address other = address_of(next(seed) % ACCOUNTS);
    uint64_t n = next(seed);
    uint8_t value[40];
    memset(value, (int)(n % 255) + 1, sizeof value);
    switch (next(seed) % 9) {
    case 0:
        state_set_balance(s, a, u256_from_u64(n % 3));
        break;
    case 1:
        state_set_nonce(s, a, state_nonce(s, a) + n % 2);
        break;
    case 2:
        if (state_nonce(s, a))
            state_set_code(s, a, code_of(n));
        break;
    case 3:
        state_mark_created(s, a);
        (void)state_self_destruct(s, a);
        break;
    case 4:
        (void)state_self_destruct(s, a); /* before EIP-6780 this is enough */
        break;
    case 5:
        (void)state_transfer(s, a, &other, u256_from_u64(n % 2));
        break;
    default:
        state_set_storage(s, a, &slot, bytes_of(value, n % 3 ? 0 : n % sizeof value));
    }
}

/* execute runs a block: transactions of changes, a part of them undone. */
static struct hash execute(struct state *s, uint64_t seed)
{
    struct keccak k;
    struct hash digest;
    keccak_init(&k);
    for (uint64_t txs = next(&seed) % TXS; txs; txs--) {
        state_tx_begin(s);
        for (uint64_t changes = next(&seed) % CHANGES; changes; changes--) {
            struct address a = address_of(next(&seed) % ACCOUNTS);
            state_checkpoint_t before = state_checkpoint(s);
            if (next(&seed) % 4 == 0)
                look(s, &a, &k);
            if (next(&seed) % 3 == 0)
                look_at_slot(s, &a, next(&seed) % SLOTS, &k);
            change(s, &a, &seed);
            if (next(&seed) % 5 == 0)
                state_revert(s, before);
            look(s, &a, &k);
        }
        state_tx_end(s);
    }
    CHECK_ERR(state_error(s), E_OK);
    keccak_final(&k, &digest);
    return digest;
}

/* --- ahead against in turn -------------------------------------------------------------------- */

struct ahead {
    struct side side;
    struct frozen *frozen;
    struct state *states[2];
    struct state *unmerged; /* executed and put; NULL: merged */
    size_t waits;
    enum err refusal; /* what waiting gives instead of merging */
};

static enum err merge_now(void *ctx)
{
    struct ahead *x = ctx;
    x->waits++;
    if (x->refusal != E_OK)
        return x->refusal;
    if (x->unmerged)
        side_merge(&x->side, x->unmerged);
    x->unmerged = NULL;
    return E_OK;
}

static bool ahead_open(struct ahead *x)
{
    *x = (struct ahead){0};
    if (!side_open(&x->side))
        return false;
    CHECK_ERR(frozen_open(&x->frozen, x->side.store, merge_now, x), E_OK);
    for (size_t i = 0; i < 2; i++) {
        x->states[i] = state_new(frozen_reader(x->frozen));
        state_set_rules(x->states[i], (struct state_rules){.destroys_any = true});
    }
    return true;
}

static void ahead_close(struct ahead *x)
{
    state_free(x->states[0]);
    state_free(x->states[1]);
    frozen_close(x->frozen);
    side_close(&x->side);
}

/* ahead_settle merges the block put and lets its state go. */
static void ahead_settle(struct ahead *x, struct state *s)
{
    if (x->unmerged)
        side_merge(&x->side, x->unmerged);
    x->unmerged = NULL;
    frozen_merged(x->frozen);
    state_clear(s);
}

static size_t one_chain(uint64_t seed)
{
    struct side turn;
    struct ahead ahead;
    if (!side_open(&turn) || !ahead_open(&ahead))
        return 0;
    struct state *s = state_new(statedb_reader(turn.db));
    state_set_rules(s, (struct state_rules){.destroys_any = true});
    for (unsigned i = 0; i < BLOCKS; i++) {
        uint64_t block = next(&seed);
        struct state *now = ahead.states[i % 2], *before = ahead.states[(i + 1) % 2];
        if (ahead.unmerged && next(&seed) % 3 == 0) { /* merged while the next one executes */
            side_merge(&ahead.side, ahead.unmerged);
            ahead.unmerged = NULL;
        }
        struct hash x = execute(s, block), y = execute(now, block);
        CHECK(hash_eq(&x, &y));
        ahead_settle(&ahead, before);
        CHECK(hash_eq(&turn.root, &ahead.side.root));
        side_merge(&turn, s);
        state_clear(s);
        frozen_put(ahead.frozen, now);
        ahead.unmerged = now;
    }
    ahead_settle(&ahead, ahead.states[(BLOCKS - 1) % 2]);
    CHECK(hash_eq(&turn.root, &ahead.side.root));
    CHECK_ERR(statedb_check(ahead.side.store, &ahead.side.root, BLOCKS, NULL), E_OK);
    size_t waits = ahead.waits;
    ahead_close(&ahead);
    state_free(s);
    side_close(&turn);
    return waits;
}

TEST(blocks_executed_ahead_read_and_leave_what_blocks_in_turn_do)
{
    size_t waits = 0;
    for (size_t i = 0; i < CHAINS; i++)
        waits += one_chain(test_random() | 1);
    CHECK(waits > 0); /* some accounts lost their last slot: see frozen.h */
    test_count((size_t)CHAINS * BLOCKS);
}

/* --- single rules ----------------------------------------------------------------------------- */

/* first_block gives account 1 storage and a balance, account 2 code, and merges that. */
static void first_block(struct ahead *x)
{
    struct address a = address_of(1), b = address_of(2);
    struct hash slot = slot_of(1);
    struct state *s = x->states[0];
    state_set_balance(s, &a, u256_from_u64(9));
    state_set_storage(s, &a, &slot, bytes_str("x"));
    state_set_nonce(s, &b, 1);
    state_set_code(s, &b, code_of(1));
    frozen_put(x->frozen, s);
    x->unmerged = s;
    ahead_settle(x, s);
}

TEST(what_only_the_merging_tells_is_waited_for)
{
    struct ahead x;
    struct address a = address_of(1);
    struct hash slot = slot_of(1);
    REQUIRE(ahead_open(&x));
    first_block(&x);
    state_set_storage(x.states[1], &a, &slot, bytes_of(NULL, 0));
    frozen_put(x.frozen, x.states[1]);
    x.unmerged = x.states[1];
    CHECK(!state_has_storage(x.states[0], &a));
    CHECK(x.waits == 1 && !x.unmerged && x.side.height == 2);
    CHECK(u256_eq(state_balance(x.states[0], &a), u256_from_u64(9)));
    ahead_settle(&x, x.states[1]);
    ahead_close(&x);
}

TEST(a_block_that_is_not_merged_ends_the_next)
{
    struct ahead x;
    struct address a = address_of(1), b = address_of(2);
    struct hash slot = slot_of(1);
    REQUIRE(ahead_open(&x));
    first_block(&x);
    state_set_storage(x.states[1], &a, &slot, bytes_of(NULL, 0));
    frozen_put(x.frozen, x.states[1]);
    x.refusal = E_BLOCK;
    CHECK(state_exists(x.states[0], &b));
    CHECK_ERR(state_error(x.states[0]), E_OK);
    CHECK(!state_exists(x.states[0], &a));
    CHECK_ERR(state_error(x.states[0]), E_BLOCK);
    ahead_close(&x);
}

static int fail_renew(const char *operation)
{
    return strcmp(operation, "renew") == 0 ? 5 /* EIO */ : 0;
}

TEST(a_head_that_cannot_be_reached_is_an_error)
{
    struct ahead x;
    struct address a = address_of(1);
    struct hash slot = slot_of(1);
    REQUIRE(ahead_open(&x));
    first_block(&x);
    store_fault_hook = fail_renew;
    frozen_put(x.frozen, x.states[1]);
    frozen_merged(x.frozen);
    store_fault_hook = NULL;
    struct account account;
    bool exists;
    struct buf out = {0};
    struct hash code_hash = keccak256_of(code_of(1));
    const struct state_reader *r = frozen_reader(x.frozen);
    CHECK_ERR(r->account(r->ctx, &a, &account, &exists), E_IO);
    CHECK_ERR(r->storage(r->ctx, &a, &slot, &out), E_IO);
    CHECK_ERR(r->code(r->ctx, &code_hash, &out), E_IO);
    ahead_close(&x);
}

TEST(code_comes_from_the_block_before_or_the_store)
{
    struct ahead x;
    struct address a = address_of(1), b = address_of(2);
    struct buf out = {0};
    struct hash nobody = {{1}};
    REQUIRE(ahead_open(&x));
    first_block(&x);
    state_set_nonce(x.states[1], &a, 1);
    state_set_code(x.states[1], &a, code_of(2));
    frozen_put(x.frozen, x.states[1]);
    CHECK(bytes_eq(state_code(x.states[0], &a), code_of(2)));
    CHECK(bytes_eq(state_code(x.states[0], &b), code_of(1)));
    const struct state_reader *r = frozen_reader(x.frozen);
    CHECK_ERR(r->code(r->ctx, &nobody, &out), E_CORRUPT);
    buf_free(&out);
    ahead_close(&x);
}
