/* Tests of the overlay: a random run of every operation with nested checkpoints against a model
 * that copies everything, and the transaction-scope rules of EIP-161, 1153, 2200, 2929, 6780. */
#include "test.h"

#include "base/mem.h"
#include "crypto/keccak.h"
#include "state/state.h"

enum { ACCOUNTS = 6, SLOTS = 4, VALUE_MAX = 40 };

struct model_slot {
    uint8_t value[VALUE_MAX];
    size_t len;
};

struct model_account {
    bool alive, cleared, touched, created, destroyed, warm;
    uint64_t nonce;
    struct u256 balance;
    uint8_t code; /* 0: none */
    struct model_slot slot[SLOTS], tx_before[SLOTS];
    bool warm_slot[SLOTS];
    uint64_t transient[SLOTS];
};

struct world {
    struct model_account a[ACCOUNTS];
    int64_t refund;
    size_t logs;
    uint8_t log_mark[256];
};

static struct world before; /* what the reader gives */
static enum err reader_error;
static unsigned account_reads;

static struct address address_of(unsigned i)
{
    struct address a = {{0}};
    a.b[18] = 1; /* not among the precompiles: 0x03 has a rule of its own */
    a.b[19] = (uint8_t)(i + 1);
    return a;
}

static struct hash slot_of(unsigned i)
{
    struct hash h = {{0}};
    h.b[31] = (uint8_t)i;
    return h;
}

static struct hash code_hash_of(uint8_t code)
{
    return code ? keccak256_of(bytes_of(&code, 1)) : KECCAK_EMPTY;
}

static enum err read_account(void *ctx, const struct address *a, struct account *out, bool *exists)
{
    const struct world *w = ctx;
    unsigned i = a->b[19] - 1u;
    account_reads++;
    if (reader_error)
        return reader_error;
    *out = account_empty();
    *exists = i < ACCOUNTS && w->a[i].alive;
    if (!*exists)
        return E_OK;
    out->nonce = w->a[i].nonce;
    out->balance = w->a[i].balance;
    out->code_hash = code_hash_of(w->a[i].code);
    for (unsigned n = 0; n < SLOTS; n++)
        if (w->a[i].slot[n].len)
            memset(out->storage_root.b, 0x77, 32);
    return E_OK;
}

static enum err read_storage(void *ctx, const struct address *a, const struct hash *slot,
                             struct buf *out)
{
    const struct world *w = ctx;
    if (reader_error)
        return reader_error;
    const struct model_slot *s = &w->a[a->b[19] - 1].slot[slot->b[31]];
    buf_put(out, s->value, s->len);
    return E_OK;
}

static enum err read_code(void *ctx, const struct hash *code_hash, struct buf *out)
{
    (void)ctx;
    if (reader_error)
        return reader_error;
    for (unsigned c = 1; c < 256; c++) {
        struct hash h = code_hash_of((uint8_t)c);
        if (hash_eq(&h, code_hash))
            buf_put_u8(out, (uint8_t)c);
    }
    return out->len ? E_OK : E_CORRUPT;
}

static const struct state_reader reader = {read_account, read_storage, read_code, &before};

static bool model_empty(const struct model_account *m)
{
    return m->nonce == 0 && u256_is_zero(m->balance) && m->code == 0;
}

static void model_clear(struct model_account *m)
{
    m->nonce = 0;
    m->balance = U256_ZERO;
    m->code = 0;
    m->alive = false;
    m->cleared = true;
    memset(m->slot, 0, sizeof m->slot);
}

static void model_tx_begin(struct world *w)
{
    w->refund = 0;
    w->logs = 0;
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct model_account *m = &w->a[i];
        m->touched = m->created = m->destroyed = m->warm = false;
        memset(m->warm_slot, 0, sizeof m->warm_slot);
        memset(m->transient, 0, sizeof m->transient);
        memcpy(m->tx_before, m->slot, sizeof m->slot);
    }
}

static void model_tx_end(struct world *w)
{
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct model_account *m = &w->a[i];
        bool gone = m->touched && ((m->created && m->destroyed) || model_empty(m));
        if (gone && m->alive)
            model_clear(m);
    }
}

static void compare(struct state *s, const struct world *w)
{
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        const struct model_account *m = &w->a[i];
        struct address a = address_of(i);
        struct hash code_hash = code_hash_of(m->code), got = state_code_hash(s, &a);
        CHECK(state_exists(s, &a) == (m->alive && !model_empty(m)));
        CHECK(state_is_listed(s, &a) == m->alive);
        CHECK(state_nonce(s, &a) == m->nonce);
        CHECK(u256_eq(state_balance(s, &a), m->balance));
        CHECK(hash_eq(&got, &code_hash));
        CHECK(bytes_eq(state_code(s, &a), bytes_of(&m->code, m->code != 0)));
        CHECK(state_was_created(s, &a) == m->created);
        for (unsigned n = 0; n < SLOTS; n++) {
            struct hash k = slot_of(n);
            CHECK(bytes_eq(state_storage(s, &a, &k), bytes_of(m->slot[n].value, m->slot[n].len)));
            CHECK(bytes_eq(state_storage_original(s, &a, &k),
                           bytes_of(m->tx_before[n].value, m->tx_before[n].len)));
            CHECK(u256_eq(state_transient(s, &a, &k), u256_from_u64(m->transient[n])));
        }
    }
    CHECK_INT(state_refund(s), w->refund);
    CHECK_INT(state_log_count(s), w->logs);
    for (size_t i = 0; i < w->logs; i++)
        CHECK(state_log(s, i)->data.data[0] == w->log_mark[i]);
}

static void random_slot_value(struct model_slot *v)
{
    v->len = test_random() % 3 == 0 ? 0 : 1 + test_random() % VALUE_MAX;
    for (size_t i = 0; i < VALUE_MAX; i++)
        v->value[i] = i < v->len ? (uint8_t)test_random() : 0;
}

static void random_storage_op(struct state *s, struct model_account *m, const struct address *a)
{
    unsigned n = (unsigned)(test_random() % SLOTS);
    struct hash k = slot_of(n);
    struct model_slot v;
    uint64_t t = test_random() % 3;
    switch (test_random() % 4) {
    case 0:
        CHECK(state_warm_slot(s, a, &k) == m->warm_slot[n]);
        m->warm_slot[n] = true;
        break;
    case 1:
        state_set_transient(s, a, &k, u256_from_u64(t));
        m->transient[n] = t;
        break;
    default:
        random_slot_value(&v);
        if (v.len != m->slot[n].len || memcmp(v.value, m->slot[n].value, v.len) != 0)
            m->alive = true;
        state_set_storage(s, a, &k, bytes_of(v.value, v.len));
        m->slot[n] = v;
    }
}

static void random_transfer(struct state *s, struct world *w, unsigned i)
{
    unsigned j = (unsigned)(test_random() % ACCOUNTS);
    struct address from = address_of(i), to = address_of(j);
    struct u256 value = u256_from_u64(test_random() % 40);
    bool fits = u256_cmp(w->a[i].balance, value) >= 0;
    CHECK(state_transfer(s, &from, &to, value) == fits);
    if (!fits)
        return;
    w->a[i].touched = w->a[j].touched = true;
    if (u256_is_zero(value) || i == j)
        return;
    u256_sub(&w->a[i].balance, w->a[i].balance, value);
    u256_add(&w->a[j].balance, w->a[j].balance, value);
    w->a[j].alive = true;
}

static void random_op(struct state *s, struct world *w)
{
    unsigned i = (unsigned)(test_random() % ACCOUNTS);
    struct address a = address_of(i);
    struct model_account *m = &w->a[i];
    uint8_t byte = (uint8_t)(test_random() % 4);
    switch (test_random() % 16) {
    case 0:
        state_set_nonce(s, &a, byte);
        m->nonce = byte;
        m->alive = m->touched = true;
        break;
    case 1:
        m->balance = u256_from_u64(test_random() % 100 * (byte != 0));
        state_set_balance(s, &a, m->balance);
        m->alive = m->touched = true;
        break;
    case 2:
        state_set_code(s, &a, bytes_of(&byte, byte != 0));
        m->code = byte;
        m->alive = m->touched = true;
        break;
    case 3:
        state_touch(s, &a);
        m->touched = true;
        break;
    case 4:
        CHECK(state_warm_address(s, &a) == m->warm);
        m->warm = true;
        break;
    case 5:
        state_mark_created(s, &a);
        m->created = true;
        break;
    case 6:
        state_self_destruct(s, &a);
        m->destroyed = m->touched = true;
        break;
    case 7:
        state_add_refund(s, (int64_t)byte - 2);
        w->refund += (int64_t)byte - 2;
        break;
    case 8:
        if (w->logs == sizeof w->log_mark)
            break;
        state_add_log(s, &a, NULL, 0, bytes_of(&byte, 1));
        w->log_mark[w->logs++] = byte;
        break;
    case 9:
    case 10:
        random_transfer(s, w, i);
        break;
    default:
        random_storage_op(s, m, &a);
    }
}

struct seen {
    const struct world *now;
    bool account[ACCOUNTS], cleared[ACCOUNTS], slot[ACCOUNTS][SLOTS];
};

static void seen_account(void *ctx, const struct address *a, const struct account *now)
{
    struct seen *x = ctx;
    unsigned i = a->b[19] - 1u;
    const struct model_account *m = &x->now->a[i];
    CHECK(!x->account[i]);
    x->account[i] = true;
    CHECK((now != NULL) == m->alive);
    if (!now)
        return;
    struct hash code_hash = code_hash_of(m->code);
    CHECK(now->nonce == m->nonce && u256_eq(now->balance, m->balance) &&
          hash_eq(&now->code_hash, &code_hash));
}

static void seen_storage(void *ctx, const struct address *a, const struct hash *slot,
                         struct bytes value)
{
    struct seen *x = ctx;
    unsigned i = a->b[19] - 1u, n = slot->b[31];
    CHECK(!x->slot[i][n]);
    x->slot[i][n] = true;
    CHECK(bytes_eq(value, bytes_of(x->now->a[i].slot[n].value, x->now->a[i].slot[n].len)));
}

static void seen_cleared(void *ctx, const struct address *a)
{
    struct seen *x = ctx;
    for (unsigned n = 0; n < SLOTS; n++)
        CHECK(!x->slot[a->b[19] - 1][n]);
    x->cleared[a->b[19] - 1] = true;
}

static void seen_code(void *ctx, const struct hash *code_hash, struct bytes code)
{
    (void)ctx;
    struct hash h = keccak256_of(code);
    CHECK(hash_eq(&h, code_hash));
}

/* Exactly the net changes against the world before the block are visited. */
static void check_visit(struct state *s, const struct world *w)
{
    struct seen x = {.now = w};
    struct state_change_visitor v = {seen_account, seen_storage, seen_cleared, seen_code, &x};
    state_visit_changes(s, &v);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        const struct model_account *b = &before.a[i], *m = &w->a[i];
        bool changed =
            m->alive != b->alive || (m->alive && (m->nonce != b->nonce || m->code != b->code ||
                                                  !u256_eq(m->balance, b->balance)));
        CHECK(x.account[i] == changed);
        CHECK(x.cleared[i] == (b->alive && m->cleared));
        for (unsigned n = 0; n < SLOTS; n++) {
            const struct model_slot *o = &b->slot[n], *c = &m->slot[n];
            bool differs = o->len != c->len || memcmp(o->value, c->value, o->len) != 0;
            CHECK(x.slot[i][n] == (m->alive && (m->cleared ? c->len > 0 : differs)));
        }
    }
}

static void random_before(void)
{
    memset(&before, 0, sizeof before);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct model_account *m = &before.a[i];
        m->alive = test_random() % 3 != 0;
        if (!m->alive)
            continue;
        m->nonce = test_random() % 3;
        m->balance = u256_from_u64(test_random() % 90);
        m->code = (uint8_t)(test_random() % 3);
        for (unsigned n = 0; n < SLOTS; n++)
            random_slot_value(&m->slot[n]);
    }
    model_tx_begin(&before);
}

TEST(random_against_copies)
{
    struct state *s = state_new(&reader);
    for (int block = 0; block < 150; block++) {
        random_before();
        state_clear(s);
        struct world w = before;
        struct world saved[12];
        state_checkpoint_t cp[12];
        bool cp_tx[12]; /* taken before the current transaction */
        unsigned depth = 0;
        for (int step = 0; step < 400; step++) {
            uint64_t dice = test_random() % 40;
            if (dice < 4 && depth < 12) {
                saved[depth] = w;
                cp_tx[depth] = false;
                cp[depth++] = state_checkpoint(s);
            } else if (dice < 6 && depth > 0) {
                depth--;
                if (dice == 4) { /* else: the changes are kept */
                    unsigned to = (unsigned)(test_random() % (depth + 1));
                    state_revert(s, cp[to]);
                    w = saved[to];
                    if (cp_tx[to])
                        model_tx_begin(&w);
                    depth = to;
                }
            } else if (dice == 6) {
                if (test_random() % 4)
                    state_tx_end(s), model_tx_end(&w);
                state_tx_begin(s);
                model_tx_begin(&w);
                for (unsigned d = 0; d < depth; d++)
                    cp_tx[d] = true;
            } else {
                random_op(s, &w);
            }
            if (step % 16 == 0)
                compare(s, &w);
        }
        compare(s, &w);
        check_visit(s, &w);
        CHECK_ERR(state_error(s), E_OK);
    }
    state_free(s);
}

TEST(large_values_are_written_over)
{
    memset(&before, 0, sizeof before);
    struct state *s = state_new(&reader);
    struct address a = address_of(0);
    struct hash k = slot_of(0);
    uint8_t *big = mem_zalloc(1, 200000);
    state_tx_begin(s);
    state_checkpoint_t cp = state_checkpoint(s);
    for (unsigned i = 0; i < 50000; i++) { /* 10 GB if each were kept */
        big[0] = (uint8_t)(i + 1);
        big[i + 1] = (uint8_t)i;
        state_set_storage(s, &a, &k, bytes_of(big, 200000 - i));
        CHECK(state_storage(s, &a, &k).data[0] == (uint8_t)(i + 1));
    }
    CHECK_INT(state_storage(s, &a, &k).len, 150001);
    state_revert(s, cp);
    CHECK_INT(state_storage(s, &a, &k).len, 0);
    CHECK(!state_has_storage(s, &a));
    state_set_storage(s, &a, &k, bytes_of(big, 1));
    CHECK(state_has_storage(s, &a));
    mem_free(big);
    state_free(s);
}

TEST(accounts_are_read_once_a_block)
{
    random_before();
    struct state *s = state_new(&reader);
    struct address a = address_of(1);
    account_reads = 0;
    for (int i = 0; i < 10; i++) {
        state_tx_begin(s);
        state_balance(s, &a);
        state_set_nonce(s, &a, 7);
        state_tx_end(s);
    }
    CHECK_INT(account_reads, 1);
    state_clear(s);
    state_nonce(s, &a);
    CHECK_INT(account_reads, 2);
    state_free(s);
}

TEST(reader_errors_stick)
{
    random_before();
    struct state *s = state_new(&reader);
    struct address a = address_of(0);
    struct hash k = slot_of(0);
    reader_error = E_IO;
    CHECK(!state_exists(s, &a));
    CHECK_INT(state_storage(s, &a, &k).len, 0);
    reader_error = E_OK;
    a = address_of(1);
    state_balance(s, &a);
    CHECK_ERR(state_error(s), E_IO);
    state_clear(s);
    CHECK_ERR(state_error(s), E_OK);
    state_free(s);
}

/* EIP-6780: created in the same transaction, else it stays. */
TEST(eip_6780)
{
    memset(&before, 0, sizeof before);
    before.a[0] = (struct model_account){.alive = true, .nonce = 1, .code = 5};
    struct state *s = state_new(&reader);
    struct address old = address_of(0), fresh = address_of(1);
    struct hash k = slot_of(0);
    state_tx_begin(s);
    state_mark_created(s, &fresh);
    state_set_nonce(s, &fresh, 1);
    state_set_storage(s, &fresh, &k, bytes_str("x"));
    state_self_destruct(s, &fresh);
    state_self_destruct(s, &old);
    CHECK(state_exists(s, &fresh)); /* until the end of the transaction */
    state_tx_end(s);
    CHECK(!state_exists(s, &fresh) && state_exists(s, &old));
    CHECK_INT(state_storage(s, &fresh, &k).len, 0);
    state_tx_begin(s); /* created in an earlier transaction of the block: stays as well */
    state_mark_created(s, &fresh);
    state_set_nonce(s, &fresh, 1);
    state_tx_end(s);
    state_tx_begin(s);
    state_self_destruct(s, &fresh);
    state_tx_end(s);
    CHECK(state_exists(s, &fresh));
    state_free(s);
}

/* EIP-161: touched and empty goes, untouched stays; a reverted touch is no touch. */
TEST(eip_161)
{
    memset(&before, 0, sizeof before);
    before.a[0].alive = before.a[1].alive = true;
    struct state *s = state_new(&reader);
    struct address touched = address_of(0), reverted = address_of(1), payee = address_of(2);
    state_tx_begin(s);
    state_touch(s, &touched);
    CHECK(state_transfer(s, &touched, &payee, U256_ZERO));
    state_checkpoint_t cp = state_checkpoint(s);
    state_touch(s, &reverted);
    state_revert(s, cp);
    state_tx_end(s);
    struct world w = before;
    model_clear(&w.a[0]);
    check_visit(s, &w);
    state_free(s);
}

/* EIP-2929 and EIP-1153: forgotten by revert and by the next transaction. */
TEST(eip_2929_and_1153)
{
    memset(&before, 0, sizeof before);
    struct state *s = state_new(&reader);
    struct address a = address_of(0), b = address_of(1);
    struct hash k = slot_of(0);
    state_tx_begin(s);
    CHECK(!state_warm_address(s, &a) && state_warm_address(s, &a));
    state_checkpoint_t cp = state_checkpoint(s);
    CHECK(!state_warm_address(s, &b) && !state_warm_slot(s, &a, &k) && state_warm_slot(s, &a, &k));
    state_set_transient(s, &a, &k, u256_from_u64(9));
    CHECK(u256_eq(state_transient(s, &a, &k), u256_from_u64(9)));
    CHECK(u256_is_zero(state_transient(s, &b, &k)));
    state_revert(s, cp);
    CHECK(u256_is_zero(state_transient(s, &a, &k)));
    CHECK(state_warm_address(s, &a) && !state_warm_address(s, &b) && !state_warm_slot(s, &a, &k));
    state_set_transient(s, &a, &k, u256_from_u64(9));
    state_tx_end(s);
    state_tx_begin(s);
    CHECK(u256_is_zero(state_transient(s, &a, &k)));
    CHECK(!state_warm_address(s, &a) && !state_warm_slot(s, &a, &k));
    state_free(s);
}

TEST(account_rlp)
{
    struct account a = account_empty(), back;
    struct buf rlp = {0};
    CHECK(account_is_empty(&a));
    a.nonce = 0x1234;
    a.balance = U256_MAX;
    account_encode(&rlp, &a);
    CHECK(rlp.len <= ACCOUNT_RLP_MAX);
    CHECK_ERR(account_decode(&back, buf_view(&rlp)), E_OK);
    CHECK(back.nonce == a.nonce && u256_eq(back.balance, a.balance) &&
          hash_eq(&back.storage_root, &a.storage_root) && hash_eq(&back.code_hash, &a.code_hash));
    for (size_t len = 0; len < rlp.len; len++)
        CHECK_ERR(account_decode(&back, bytes_of(rlp.data, len)), E_RLP);
    buf_put_u8(&rlp, 0);
    CHECK_ERR(account_decode(&back, buf_view(&rlp)), E_RLP);
    /* the leaf of an empty account, as every Ethereum client has it */
    a = account_empty();
    buf_clear(&rlp);
    account_encode(&rlp, &a);
    CHECK_HEX(rlp.data, rlp.len,
              "f8448080a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
              "a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    buf_free(&rlp);
}

/* Handles give what the calls by name give, warm the slot, and outlive a revert. */
TEST(slots_by_handle)
{
    struct state *s = state_new(&reader);
    struct address a = address_of(40);
    struct hash k = slot_of(3);
    bool warm;
    memset(&before, 0, sizeof before);
    state_set_storage(s, &a, &k, bytes_str("\x05"));
    state_tx_begin(s);
    struct state_account *account = state_account_of(s, &a);
    state_checkpoint_t cp = state_checkpoint(s);
    struct state_slot *slot = state_slot_of(s, account, &k, &warm);
    CHECK(!warm && state_warm_slot(s, &a, &k));
    CHECK(u256_eq(state_slot_word(slot), u256_from_u64(5)));
    state_slot_set(s, slot, u256_from_u64(0x1234));
    CHECK(bytes_eq(state_storage(s, &a, &k), bytes_str("\x12\x34")));
    CHECK(u256_eq(state_slot_original(s, slot), u256_from_u64(5)));
    CHECK(state_slot_of(s, account, &k, &warm) == slot && warm);
    state_slot_set(s, slot, U256_ZERO);
    CHECK_INT(state_storage(s, &a, &k).len, 0);
    state_revert(s, cp);
    CHECK(u256_eq(state_slot_word(slot), u256_from_u64(5)));
    CHECK(state_slot_of(s, account, &k, &warm) == slot && !warm);
    state_set_balance(s, &a, u256_from_u64(77));
    CHECK(u256_eq(state_account_balance(account), u256_from_u64(77)));
    state_free(s);
}

/* Frontier's empty accounts stay; before Cancun any account may be destroyed. */
TEST(rules_of_old_forks)
{
    struct state *s = state_new(&reader);
    struct address empty = address_of(41), old = address_of(42);
    memset(&before, 0, sizeof before);
    for (unsigned i = 0; i < 2; i++) {
        state_set_rules(s, (struct state_rules){.keeps_empty = i, .destroys_any = i});
        state_clear(s);
        state_set_nonce(s, &old, 1);
        state_tx_begin(s);
        state_touch(s, &empty);
        CHECK(state_self_destruct(s, &old));
        CHECK(!state_self_destruct(s, &old));
        state_tx_end(s);
        CHECK(state_exists(s, &empty) == (i == 1));
        CHECK(state_exists(s, &old) == (i == 0));
    }
    state_free(s);
}

/* EIP-161 as main net has it: the RIPEMD-160 precompile stays touched when the call fails. */
TEST(touch_of_ripemd_outlives_a_revert)
{
    struct state *s = state_new(&reader);
    struct address ripemd = {{[19] = 3}}, other = {{[19] = 4}};
    memset(&before, 0, sizeof before);
    state_set_rules(s, (struct state_rules){.keeps_empty = true});
    state_touch(s, &ripemd);
    state_touch(s, &other);
    CHECK(state_exists(s, &ripemd));
    state_tx_begin(s);
    state_set_rules(s, (struct state_rules){0});
    state_checkpoint_t cp = state_checkpoint(s);
    state_touch(s, &ripemd);
    state_touch(s, &other);
    state_revert(s, cp);
    state_tx_end(s);
    state_set_rules(s, (struct state_rules){.keeps_empty = true});
    CHECK(!state_exists(s, &ripemd));
    CHECK(state_exists(s, &other));
    state_free(s);
}
