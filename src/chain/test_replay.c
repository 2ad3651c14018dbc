/* Tests of replay: a random chain whose blocks lean on what the blocks before them left, replayed
 * block after block and overlapped. Both give the same stores; whatever is wrong with a block, both
 * name the same block and say the same. */
#include "chain/replay.h"

#include <errno.h>

#include "chain/blocks.h"
#include "chain/ethereum.h"
#include "chain/test_ledger.h"
#include "crypto/keccak.h"

#define HISTORY "0000f90827f1c53a10cb7a02335b175320002935"
#define WORDS "c100000000000000000000000000000000000001"  /* (slot, value): stores it */
#define COPIES "c100000000000000000000000000000000000002" /* (a, b): slot b = slot a + 1 */
#define HASHES "c100000000000000000000000000000000000003" /* (n): slot n = hash of n blocks ago */
#define PAST "c100000000000000000000000000000000000004"   /* (n): slot n = history's hash of n */
#define FACTORY \
    "c100000000000000000000000000000000000005" /* (salt, init code): CREATE2, calls it */

static const char ALLOC[] =
    "\"0x" WORDS "\": {\"code\": \"0x6020355f355500\"},"
    "\"0x" COPIES "\": {\"code\": \"0x5f3554600101602035550000\"},"
    "\"0x" HASHES "\": {\"code\": \"0x5f354303405f355500\"},"
    "\"0x" PAST "\": {\"code\": \"0x5f355f526020602060205f5f73" HISTORY "5af1506020515f355500\"},"
    "\"0x" FACTORY "\": {\"code\": \"0x3660209003" /* n = its length */
    "8060205f37"                                   /* copied to memory */
    "5f35905f34f5"                                 /* CREATE2(value, 0, n, salt) */
    "5f5f5f5f5f855af100\"}";

/* Init codes of the factory's children. */
static const char *const CHILDREN[] = {
    "6133ff5f526002601ef3",             /* destroys itself when called: in the same transaction */
    "60075f556133ff5f526002601ef3",     /* the same, with storage */
    "33ff",                             /* destroys itself while it is made */
    "600760015500",                     /* no code, storage */
    "675f546001015f55005f5260086018f3", /* counts its calls in slot 0 */
};
enum { SALTS = 3, NUMBERED = 6, BLOCKS = 36, BLOCK_TXS = 7 };

static struct address address_of(const char *hex)
{
    struct address a;
    CHECK_ERR(address_from_hex(&a, hex), E_OK);
    return a;
}

static bool begin(struct ledger *l)
{
    static char alloc[2048];
    char code[200];
    struct bytes history = ethereum_history_code();
    hex_encode(code, history.data, history.len);
    snprintf(alloc, sizeof alloc, "%s, \"0x" HISTORY "\": {\"nonce\": 1, \"code\": \"0x%s\"}",
             ALLOC, code);
    return ledger_begin_as(l, &(struct ledger){.alloc = alloc});
}

/* --- a random chain --------------------------------------------------------------------------- */

static size_t put_child(uint8_t *out, size_t child)
{
    size_t len = strlen(CHILDREN[child]) / 2;
    CHECK_ERR(hex_decode(out, len, CHILDREN[child], 2 * len), E_OK);
    return len;
}

/* Where the factory puts a child. */
static struct address child_address(size_t child, uint8_t salt)
{
    struct address factory = address_of(FACTORY), a;
    uint8_t init[64], whole[85] = {0xff};
    struct hash code = keccak256_of(bytes_of(init, put_child(init, child)));
    memcpy(whole + 1, factory.b, 20);
    whole[21 + 31] = salt;
    memcpy(whole + 53, code.b, 32);
    struct hash hash = keccak256_of(bytes_of(whole, sizeof whole));
    memcpy(a.b, hash.b + 12, 20);
    return a;
}

static void random_call(struct tx *t, uint8_t data[128])
{
    static const char *const TO[] = {WORDS, COPIES, HASHES, PAST};
    memset(data, 0, 64);
    data[31] = (uint8_t)(1 + test_random() % NUMBERED);
    data[63] = (uint8_t)(test_random() % 3 ? 0 : 1 + test_random() % NUMBERED);
    t->to = address_of(TO[test_random() % 4]);
    t->data = bytes_of(data, 64);
}

static void random_child(struct tx *t, uint8_t data[128])
{
    size_t child = test_random() % (sizeof CHILDREN / sizeof CHILDREN[0]);
    memset(data, 0, 32);
    data[31] = (uint8_t)(test_random() % SALTS);
    if (test_random() % 2) { /* a payment or a call: to what is there, was there, or will be */
        t->to = child_address(child, data[31]);
        t->value = u256_from_u64(test_random() % 2);
        return;
    }
    t->to = address_of(FACTORY);
    t->value = u256_from_u64(test_random() % 2);
    t->data = bytes_of(data, 32 + put_child(data + 32, child));
}

/* The account without funds delegates to code, or to none again (EIP-7702). */
static void random_delegation(struct ledger *l, struct tx *t, struct tx_auth *auth)
{
    const size_t who = LEDGER_ACCOUNTS - 1;
    *auth = (struct tx_auth){.nonce = l->nonces[who]++};
    if (test_random() % 2)
        auth->address = address_of(WORDS);
    CHECK_ERR(tx_auth_sign(auth, l->keys[who]), E_OK);
    t->type = TX_SET_CODE;
    t->to = l->accounts[who];
    t->auths = auth;
    t->auth_count = 1;
}

static void random_tx(struct ledger *l)
{
    uint8_t data[128];
    struct tx_auth auth;
    size_t from = test_random() % LEDGER_CONTRACT;
    struct tx t = ledger_unsigned(l, from, test_random() % LEDGER_ACCOUNTS, test_random() % 2);
    t.gas_limit = 400000;
    switch (test_random() % 8) {
    case 0:
        break;
    case 1:
        random_delegation(l, &t, &auth);
        break;
    case 2:
        memset(t.to.b, (int)(0xe0 + test_random() % 8), sizeof t.to.b); /* perhaps nobody's */
        break;
    case 3:
    case 4:
        random_child(&t, data);
        break;
    default:
        random_call(&t, data);
    }
    CHECK_ERR(ledger_send(l, &t, from), E_OK);
    l->nonces[from]++;
}

/* A chain and its blocks, as they would be read from elsewhere. */
struct source {
    struct ledger ledger;
    struct chain_view *view;
    struct arena arena;
    struct block blocks[BLOCKS + 1];
};

static bool source_make(struct source *x)
{
    *x = (struct source){0};
    if (!begin(&x->ledger))
        return false;
    for (size_t i = 0; i < BLOCKS; i++) {
        for (size_t n = test_random() % BLOCK_TXS; n; n--)
            random_tx(&x->ledger);
        (void)ledger_block(&x->ledger);
    }
    CHECK_ERR(chain_view_open(x->ledger.chain, &x->view), E_OK);
    for (uint64_t n = 1; n <= BLOCKS; n++)
        CHECK_ERR(chain_load_block(x->view, n, &x->arena, true, &x->blocks[n]), E_OK);
    return true;
}

static void source_free(struct source *x)
{
    chain_view_close(x->view);
    arena_free(&x->arena);
    ledger_end(&x->ledger);
}

/* --- replaying it ----------------------------------------------------------------------------- */

struct outcome {
    enum err error;
    struct replay_end end; /* of the last block that ended */
    size_t settled;
    struct chain_head head;
    struct hash records; /* what lies in the store, whatever its order */
};

struct run {
    const struct block *blocks;
    uint64_t count;
    uint64_t refuse_at;      /* `executed` refuses this block; 0: none */
    unsigned commit_fails;   /* so manieth commit of the store; 0: none */
    uint64_t forget_after;   /* freed after that push, without being finished; 0: no */
    const struct genesis *g; /* of the chain */
    /* while it runs */
    uint64_t executed;
    struct outcome *out;
};

static enum err note_executed(void *ctx, const struct block *made, struct diag *d)
{
    struct run *r = ctx;
    const struct block *stated = &r->blocks[++r->executed];
    struct buf x = {0}, y = {0};
    if (r->executed == r->refuse_at)
        return diag_set(d, E_LIMIT, "refused");
    blocks_encode_receipts(&x, made->receipts, made->tx_count);
    if (stated->tx_count == made->tx_count)
        blocks_encode_receipts(&y, stated->receipts, stated->tx_count);
    enum err e = bytes_eq(buf_view(&x), buf_view(&y)) ? E_OK : diag_set(d, E_CORRUPT, "receipts");
    buf_free(&x);
    buf_free(&y);
    return e;
}

static enum err note_settled(void *ctx, const struct replay_end *end)
{
    struct run *r = ctx;
    CHECK_INT(end->number, r->out->settled + 1);
    r->out->settled++;
    r->out->end = *end;
    return end->error;
}

static enum err add_record(void *ctx, const struct store_record *record)
{
    struct outcome *out = ctx;
    struct keccak k;
    struct hash h;
    uint8_t height[8];
    be64_put(height, record->height);
    keccak_init(&k);
    keccak_update(&k, height, sizeof height);
    keccak_update(&k, record->value.data, record->value.len);
    keccak_final(&k, &h);
    for (size_t i = 0; i < sizeof h.b; i += 8)
        be64_put(out->records.b + i, be64_get(out->records.b + i) + be64_get(h.b + i));
    return record->error;
}

/* add_stale leaves out TABLE_STALE's values: they hold hidden names, each store's own. */
static enum err add_stale(void *ctx, const struct store_record *record)
{
    struct store_record length = *record;
    uint8_t len[8];
    be64_put(len, record->value.len);
    length.value = bytes_of(len, sizeof len);
    return add_record(ctx, &length);
}

static void read_records(struct store *s, struct outcome *out)
{
    struct store_txn *t;
    CHECK_ERR(store_begin_read(s, &t), E_OK);
    for (int table = 0; table < STORE_TABLE_COUNT; table++)
        CHECK_ERR(store_walk(t, (enum store_table)table, 0,
                             table == TABLE_STALE ? add_stale : add_record, out),
                  E_OK);
    store_abort(t);
}

static unsigned commits_left; /* until one fails; counted by the one thread that commits */

static int fail_commit(const char *operation)
{
    return strcmp(operation, "commit") == 0 && --commits_left == 0 ? ENOSPC : 0;
}

static struct chain *new_chain(const struct genesis *g)
{
    struct store_config config = {
        .dir = test_tmpdir(), .key32 = LEDGER_STORE_KEY, .create = true, .no_sync = true};
    struct chain_config chain = {.audit = true};
    struct chain *c = NULL;
    struct diag d = {""};
    if (store_open(&chain.store, &config, &d) != E_OK || chain_create(chain.store, g, &d) != E_OK ||
        chain_open(&c, &chain, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s", d.text);
    return c;
}

static void push_all(struct run *r, struct replay *replay)
{
    enum err e = E_OK;
    struct recover_seal seal = {.has_signer = true, .signer = r->g->proposer};
    for (uint64_t n = 1; n <= r->count && e == E_OK; n++) {
        e = replay_push(replay, &r->blocks[n], &seal);
        if (n == r->forget_after)
            return;
    }
    if (e == E_OK)
        e = replay_finish(replay);
    r->out->error = e;
}

static void run_replay(struct run *r, enum replay_mode mode, struct outcome *out)
{
    struct replay_caller caller = {note_executed, note_settled, r};
    struct chain *c = new_chain(r->g);
    *out = (struct outcome){0};
    if (!c)
        return;
    r->out = out;
    r->executed = 0;
    replay_mode = mode;
    commits_left = r->commit_fails;
    if (r->commit_fails)
        store_fault_hook = fail_commit;
    struct replay *replay = replay_new(c, &caller);
    push_all(r, replay);
    replay_free(replay);
    store_fault_hook = NULL;
    replay_mode = REPLAY_AUTO;
    out->head = chain_head(c);
    read_records(chain_store(c), out);
    chain_close(c);
}

static void check_same(const struct outcome *x, const struct outcome *y, const char *what)
{
    if (x->error == y->error && x->settled == y->settled && x->end.error == y->end.error &&
        (x->end.error == E_OK || x->end.fault == y->end.fault) &&
        strcmp(x->end.why.text, y->end.why.text) == 0 && x->end.gas_used == y->end.gas_used &&
        x->end.tx_count == y->end.tx_count && memcmp(&x->head, &y->head, sizeof x->head) == 0 &&
        hash_eq(&x->records, &y->records))
        return;
    test_fail(__FILE__, __LINE__, "%s: %s at %zu (%s), head %llu; %s at %zu (%s), head %llu", what,
              err_name(x->error), x->settled, x->end.why.text, (unsigned long long)x->head.number,
              err_name(y->error), y->settled, y->end.why.text, (unsigned long long)y->head.number);
}

/* run_all replays in every mode and expects one outcome. */
static struct outcome run_all(struct run *r, const char *what)
{
    struct outcome turn, overlapped, mixed;
    run_replay(r, REPLAY_IN_TURN, &turn);
    run_replay(r, REPLAY_OVERLAPPED, &overlapped);
    run_replay(r, REPLAY_AUTO, &mixed); /* small blocks merged by the thread that executes */
    check_same(&turn, &overlapped, what);
    check_same(&turn, &mixed, what);
    return turn;
}

TEST(overlapped_blocks_leave_the_store_that_blocks_in_turn_do)
{
    for (int i = 0; i < 4; i++) {
        static struct source x;
        REQUIRE(source_make(&x));
        struct run r = {.blocks = x.blocks, .count = BLOCKS, .g = chain_genesis(x.ledger.chain)};
        struct outcome o = run_all(&r, "a good chain");
        struct chain_head head = chain_head(x.ledger.chain);
        CHECK_ERR(o.error, E_OK);
        CHECK(o.settled == BLOCKS && memcmp(&o.head, &head, sizeof head) == 0);
        source_free(&x);
    }
}

/* --- faults ----------------------------------------------------------------------------------- */

static const char *const ALTERATIONS[] = {
    "state root",   "gas used",      "receipts root", "transactions root",
    "bloom",        "beneficiary",   "gas limit",     "prev randao",
    "extra data",   "hash only",     "parent hash",   "early",
    "late",         "number",        "ommers",        "a tx missing",
    "txs reversed", "another nonce", "difficulty",    "form"};
enum { ALTERATION_COUNT = sizeof ALTERATIONS / sizeof ALTERATIONS[0] };

static void alter_txs(struct block *b, struct arena *a, unsigned how)
{
    struct tx *txs = arena_dup(a, b->txs, (b->tx_count + 1) * sizeof *txs);
    if (how == 15 && b->tx_count)
        b->tx_count--;
    for (size_t i = 0; how == 16 && i < b->tx_count; i++)
        txs[i] = b->txs[b->tx_count - 1 - i];
    if (how == 17 && b->tx_count)
        txs[0].nonce++;
    b->txs = txs;
}

static void alter(struct block *b, struct arena *a, unsigned how)
{
    static const uint8_t EXTRA[HEADER_EXTRA_BYTES] = "something else than nothing";
    struct header *h = &b->header;
    uint8_t *const bytes[] = {h->state_root.b,
                              NULL,
                              h->receipts_root.b,
                              h->transactions_root.b,
                              h->bloom,
                              h->beneficiary.b,
                              NULL,
                              h->prev_randao.b,
                              NULL,
                              b->hash.b,
                              h->parent_hash.b};
    if (how < sizeof bytes / sizeof bytes[0] && bytes[how])
        bytes[how][3] ^= 1;
    h->gas_used += how == 1;
    h->gas_limit += how == 6;
    if (how == 8)
        h->extra_data = bytes_of(EXTRA, sizeof EXTRA);
    if (how == 11)
        h->timestamp_s = 5;
    h->timestamp_s += how == 12;
    h->number += how == 13;
    b->ommer_count += how == 14;
    if (how == 18)
        h->difficulty = u256_from_u64(1);
    if (how == 19)
        h->form = HEADER_SHANGHAI;
    if (how >= 15 && how <= 17)
        alter_txs(b, a, how);
    if (how != 9)
        b->hash = header_hash(h);
}

/* altered gives the chain's blocks, block n altered, and the next one in line with it: it executes
 * until what it stands on turns out wrong. */
static struct block *altered(const struct source *x, struct arena *a, uint64_t n, unsigned how)
{
    struct block *blocks = arena_dup(a, x->blocks, sizeof x->blocks);
    alter(&blocks[n], a, how);
    if (n < BLOCKS) {
        struct header *h = &blocks[n + 1].header;
        h->parent_hash = blocks[n].hash;
        h->prev_randao = keccak256_of(bytes_of(blocks[n].hash.b, 32));
        blocks[n + 1].hash = header_hash(h);
    }
    return blocks;
}

TEST(the_first_fault_is_named_whatever_executes_after_it)
{
    static struct source x;
    struct arena a = {0};
    size_t cases = 0;
    REQUIRE(source_make(&x));
    for (unsigned how = 0; how < ALTERATION_COUNT; how++)
        for (unsigned k = 0; k < 3; k++) {
            uint64_t n = k == 2 ? BLOCKS : 1 + test_random() % (BLOCKS - 1);
            bool no_difference = how == 12 || (how >= 15 && how <= 17 && x.blocks[n].tx_count < 2);
            struct run r = {.blocks = altered(&x, &a, n, how),
                            .count = BLOCKS,
                            .refuse_at = k == 1 ? n : 0, /* what the header states comes first */
                            .g = chain_genesis(x.ledger.chain)};
            struct outcome o = run_all(&r, ALTERATIONS[how]);
            if (no_difference && k != 1)
                continue;
            CHECK(o.error != E_OK && o.settled == n && o.head.number == n - 1);
            CHECK(no_difference || (o.error == E_BLOCK && o.end.fault == REPLAY_BLOCK));
            CHECK(o.end.why.text[0] != 0);
            arena_reset(&a);
            cases++;
        }
    test_count(cases);
    arena_free(&a);
    source_free(&x);
}

TEST(a_refusal_or_a_full_disk_ends_both_ways_at_the_same_block)
{
    static struct source x;
    REQUIRE(source_make(&x));
    const struct genesis *g = chain_genesis(x.ledger.chain);
    for (uint64_t n = 1; n <= BLOCKS; n += 7) {
        struct run refused = {.blocks = x.blocks, .count = BLOCKS, .refuse_at = n, .g = g};
        struct outcome o = run_all(&refused, "refused");
        CHECK(o.error == E_LIMIT && o.end.fault == REPLAY_CALLER && o.settled == n);
        CHECK(o.head.number == n - 1 && strcmp(o.end.why.text, "refused") == 0);
        struct run full = {
            .blocks = x.blocks, .count = BLOCKS, .commit_fails = (unsigned)n, .g = g};
        o = run_all(&full, "disk full");
        CHECK(o.error == E_DISK_FULL && o.end.fault == REPLAY_STORE && o.settled == n);
        CHECK_INT(o.head.number, n - 1);
    }
    source_free(&x);
}

/* What was pushed may be left unfinished: the block under way is committed or not, no harm done. */
TEST(a_replay_may_be_left_in_the_middle)
{
    static struct source x;
    struct outcome o;
    REQUIRE(source_make(&x));
    for (uint64_t n = 1; n < 6; n++) {
        struct run r = {.blocks = x.blocks,
                        .count = BLOCKS,
                        .forget_after = n,
                        .g = chain_genesis(x.ledger.chain)};
        run_replay(&r, REPLAY_OVERLAPPED, &o);
        CHECK(o.settled == n - 1 && (o.head.number == n || o.head.number == n - 1));
    }
    source_free(&x);
}
