/* chain: making, opening and closing a ledger; its head, its listeners, admission. */
#include "chain/chain_internal.h"

#include <stdatomic.h>

#include "base/lang.h"
#include "base/limits.h"
#include "city/money/quota.h"
#include "city/service.h"
#include "crypto/keccak.h"
#include "store/tables.h"

/* Gas a quota check asks for ahead, in units of the asking transaction's limit, so that a sender's
 * next transactions need not read the store again. */
#define CREDIT_TRANSACTIONS 64u

uint64_t chain_salt(struct store *s)
{
    static const char NAME[] = "chain: table salt";
    uint8_t hidden[SEAL_NAME_BYTES];
    store_hide(s, hidden, bytes_str(NAME));
    return be64_get(hidden);
}

/* --- block 0 ---------------------------------------------------------------------------------- */

static enum err put_meta(struct store_txn *t, const char *name, struct bytes value)
{
    return store_put(t, TABLE_META, (struct store_key){.name = bytes_str(name)}, value);
}

static enum err put_genesis(struct store_txn *t, struct statedb *db, const struct genesis *g,
                            const struct block *b)
{
    uint8_t version[4];
    be32_put(version, CHAIN_RECORDS_VERSION);
    TRY(put_meta(t, META_VERSION, bytes_of(version, sizeof version)));
    TRY(put_meta(t, META_GENESIS, buf_view(&g->text)));
    TRY(blocks_put(t, b, 0));
    return statedb_write(db, t);
}

static enum err write_genesis(struct store *store, struct statedb *db, const struct genesis *g,
                              struct diag *d)
{
    struct state *s = state_new(statedb_reader(db));
    struct block b = {0};
    struct hash root;
    enum err e = genesis_apply(g, s, d);
    if (e == E_OK)
        e = statedb_apply(db, s, 0, &root);
    state_free(s);
    if (e != E_OK)
        return e;
    b.header = genesis_header(g, &root);
    b.hash = header_hash(&b.header);
    b.size_bytes = block_rlp_size(&b);
    struct store_txn *t = NULL;
    e = store_begin_write(store, &t);
    if (e == E_OK) {
        e = put_genesis(t, db, g, &b);
        if (e == E_OK)
            e = store_commit(t);
        else
            store_abort(t);
    }
    if (e == E_OK)
        statedb_written(db);
    else
        diag_set(d, e, "%s", err_text(e));
    return e;
}

/* has_chain: E_EXISTS when the store has a head, E_OK when it is empty. */
static enum err has_chain(struct store *store)
{
    struct store_txn *t;
    uint64_t number;
    struct hash hash;
    TRY(store_begin_read(store, &t));
    enum err e = blocks_head(t, &number, &hash);
    store_abort(t);
    return e == E_OK ? E_EXISTS : e == E_NOT_FOUND ? E_OK : e;
}

enum err chain_create(struct store *store, const struct genesis *g, struct diag *d)
{
    enum err e = has_chain(store);
    if (e != E_OK)
        return diag_set(d, e, "%s",
                        e == E_EXISTS
                            ? T("the store already has a chain", "la base contient déjà une chaîne")
                            : err_text(e));
    struct statedb *db;
    e = statedb_open(&db, store, &KECCAK_EMPTY_TRIE, 0, true);
    if (e != E_OK)
        return diag_set(d, e, "%s", err_text(e));
    e = write_genesis(store, db, g, d);
    statedb_close(db);
    return e;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum err load_genesis(struct chain *c, struct store_txn *t, struct diag *d)
{
    struct buf text = {0};
    enum err e = blocks_meta(t, META_GENESIS, &text);
    if (e == E_OK)
        e = genesis_parse_stored(&c->genesis, buf_view(&text), d);
    buf_free(&text);
    return e;
}

/* load_head reads the head block's header and the hashes BLOCKHASH can ask for. */
static enum err load_head(struct chain *c, struct store_txn *t)
{
    struct arena a = {0};
    struct stored_header h;
    uint64_t number;
    struct hash hash;
    enum err e = blocks_head(t, &number, &hash);
    if (e == E_OK)
        e = blocks_header(t, number, &a, &h);
    if (e == E_OK && !hash_eq(&h.hash, &hash))
        e = E_CORRUPT;
    if (e == E_OK)
        c->head = (struct chain_head){
            number,     h.hash, h.header.state_root, h.header.timestamp_s, h.header.gas_limit,
            h.tx_total, 0};
    for (uint64_t back = 0; e == E_OK && back <= number && back < CHAIN_HASH_WINDOW; back++) {
        c->hashes[(number - back) % CHAIN_HASH_WINDOW] = h.hash;
        if (back < number)
            e = blocks_header(t, number - back - 1, &a, &h);
    }
    arena_free(&a);
    return e;
}

static enum err open_records(struct chain *c, bool unfinished, struct diag *d)
{
    struct store_txn *t = NULL;
    struct buf marker = {0};
    enum err e = store_begin_read(c->store, &t);
    if (e == E_OK && !unfinished && blocks_meta(t, META_IMPORTING, &marker) == E_OK)
        e = diag_set(d, E_CORRUPT,
                     T("an import into this store did not end; import again into a new directory",
                       "un import dans cette base n'est pas allé au bout ; recommencez l'import "
                       "dans un nouveau dossier"));
    else if (e == E_OK)
        e = blocks_check_version(t);
    if (e == E_OK)
        e = load_genesis(c, t, d);
    if (e == E_OK)
        e = load_head(c, t);
    if (e == E_OK)
        e = consensus_get(t, &c->consensus);
    c->head.consensus_height = c->consensus.height;
    buf_free(&marker);
    store_abort(t);
    return e;
}

void chain_release(struct chain *c)
{
    if (!c)
        return;
    chain_abandon(c);
    pool_free(c->pool);
    recover_free(c->recover);
    state_free(c->state);
    evm_free(c->evm);
    evm_pool_free(c->evms);
    statedb_close(c->db);
    recent_fini(&c->recent);
    genesis_free(&c->genesis);
    mem_free(c->work.taken);
    mem_free(c->work.dropped);
    arena_free(&c->work.scratch);
    arena_free(&c->members_arena);
    pthread_mutex_destroy(&c->head_lock);
    mem_free(c);
}

static enum err open_chain(struct chain **out, const struct chain_config *config, bool unfinished,
                           struct diag *d)
{
    struct chain *c = mem_zalloc(1, sizeof *c);
    struct diag reason = {""};
    services_init();
    c->store = config->store;
    c->archive = config->archive;
    c->audit = config->audit;
    c->evms = evm_pool_new();
    c->recover = recover_new();
    recent_init(&c->recent, chain_salt(c->store));
    pthread_mutex_init(&c->head_lock, NULL);
    enum err e = open_records(c, unfinished, &reason);
    c->archive |= c->genesis.is_ethereum; /* such a chain was written so */
    if (e == E_OK)
        e = statedb_open(&c->db, c->store, &c->head.state_root, c->head.number, c->archive);
    if (e == E_OK)
        e = consensus_refresh(c);
    if (e != E_OK) {
        chain_release(c);
        return diag_set(d, e, "%s", reason.text[0] ? reason.text : err_text(e));
    }
    c->state = state_new(statedb_reader(c->db));
    c->evm = evm_new();
    c->work.taken = mem_zalloc(LIMIT_BLOCK_TXS, sizeof *c->work.taken);
    c->now_s = c->head.timestamp_s;
    if (!c->audit)
        c->pool = pool_new(c);
    *out = c;
    return E_OK;
}

enum err chain_open(struct chain **out, const struct chain_config *config, struct diag *d)
{
    return open_chain(out, config, false, d);
}

enum err chain_open_unfinished(struct chain **out, const struct chain_config *config,
                               struct diag *d)
{
    return open_chain(out, config, true, d);
}

void chain_close(struct chain *c)
{
    if (!c)
        return;
    struct store *store = c->store;
    chain_release(c);
    store_close(store);
}

uint64_t chain_id(const struct chain *c)
{
    return c->genesis.chain_id;
}

const struct genesis *chain_genesis(const struct chain *c)
{
    return &c->genesis;
}

struct pool *chain_pool(struct chain *c)
{
    return c->pool;
}

struct store *chain_store(struct chain *c)
{
    return c->store;
}

struct evm *chain_evm_take(struct chain *c)
{
    return evm_pool_take(c->evms);
}

void chain_evm_give(struct chain *c, struct evm *e)
{
    evm_pool_give(c->evms, e);
}

struct chain_head chain_head(struct chain *c)
{
    pthread_mutex_lock(&c->head_lock);
    struct chain_head head = c->head;
    pthread_mutex_unlock(&c->head_lock);
    return head;
}

void chain_listen(struct chain *c, const struct chain_listener *l)
{
    pthread_mutex_lock(&c->head_lock);
    size_t n = atomic_load(&c->listener_count);
    ASSERT(n < CHAIN_LISTENERS_MAX);
    c->listeners[n] = *l;
    atomic_store(&c->listener_count, n + 1); /* readers see complete entries only */
    pthread_mutex_unlock(&c->head_lock);
}

void chain_notify_pending(struct chain *c, const struct tx *t)
{
    size_t n = atomic_load(&c->listener_count);
    for (size_t i = 0; i < n; i++)
        if (c->listeners[i].pending)
            c->listeners[i].pending(c->listeners[i].ctx, t);
}

void chain_tell_time(struct chain *c, uint64_t unix_s)
{
    atomic_store(&c->now_s, unix_s);
}

uint64_t chain_now_s(struct chain *c)
{
    uint64_t now_s = atomic_load(&c->now_s), head_s = chain_head(c).timestamp_s;
    return now_s > head_s ? now_s : head_s;
}

/* --- admission -------------------------------------------------------------------------------- */

enum err chain_check_known(const struct chain *c, const struct tx *t, uint64_t nonce,
                           struct u256 balance)
{
    struct u256 cost;
    if (t->gas_limit > c->genesis.gas_limit)
        return E_TX_GAS_LIMIT;
    if (t->nonce < nonce)
        return E_TX_NONCE_LOW;
    if (t->nonce - nonce >= LIMIT_POOL_PER_SENDER)
        return E_TX_NONCE_HIGH;
    if (u256_mul(&cost, t->max_fee, u256_from_u64(t->gas_limit)) ||
        u256_add(&cost, cost, t->value) || u256_cmp(cost, balance) > 0)
        return E_TX_FUNDS;
    return E_OK;
}

/* ask_quota finds how much gas the sender may plan with: CREDIT_TRANSACTIONS times the asked limit
 * if the quota allows that, else just the limit. */
static enum err ask_quota(struct chain *c, const struct state_reader *reader, const struct tx *t,
                          uint64_t *credit_out)
{
    struct state *s = state_new(reader);
    struct quota_block *q = quota_block_new(s, chain_now_s(c));
    *credit_out = t->gas_limit * CREDIT_TRANSACTIONS;
    enum err e = quota_check(q, &t->sender, *credit_out);
    if (e == E_TX_QUOTA) {
        *credit_out = t->gas_limit;
        e = quota_check(q, &t->sender, t->gas_limit);
    }
    quota_block_free(q);
    enum err broken = state_error(s);
    state_free(s);
    return broken != E_OK ? broken : e;
}

enum fork chain_next_fork(struct chain *c)
{
    uint64_t next = chain_head(c).number + 1;
    return schedule_rules(&c->genesis.schedule, next, chain_now_s(c), true).fork;
}

/* EIP-3607 lets no contract send; EIP-7702 makes an exception for accounts that delegate. */
static enum err check_sender_code(const struct state_reader *reader, enum fork fork,
                                  const struct hash *code_hash)
{
    struct address target;
    struct buf code = {0};
    enum err e = reader->code(reader->ctx, code_hash, &code);
    if (e == E_OK && (fork < FORK_PRAGUE || !evm_delegation(buf_view(&code), &target)))
        e = E_TX_SENDER_CODE;
    buf_free(&code);
    return e;
}

static enum err check_at(struct chain *c, struct chain_view *v, const struct tx *t,
                         struct sender_state *out)
{
    struct statedb_view *at;
    struct account account;
    bool exists;
    TRY(chain_state_at(v, chain_view_head(v), &at));
    const struct state_reader *reader = statedb_view_reader(at);
    TRY(reader->account(reader->ctx, &t->sender, &account, &exists));
    out->nonce = account.nonce;
    out->balance = account.balance;
    TRY(chain_check_known(c, t, account.nonce, account.balance));
    if (!hash_eq(&account.code_hash, &KECCAK_EMPTY))
        TRY(check_sender_code(reader, chain_next_fork(c), &account.code_hash));
    out->credit_gas = UINT64_MAX;
    if (c->genesis.is_ethereum) /* it has no quotas */
        return E_OK;
    return ask_quota(c, reader, t, &out->credit_gas);
}

enum err chain_check_sender(struct chain *c, const struct tx *t, struct sender_state *out)
{
    ASSERT(t->has_sender);
    struct chain_view *v;
    TRY(chain_view_open(c, &v));
    enum err e = check_at(c, v, t, out);
    chain_view_close(v);
    return e;
}

enum err chain_check(struct chain *c, const struct tx *t, uint64_t *state_nonce_out)
{
    struct sender_state sender = {0};
    enum err e = chain_check_sender(c, t, &sender);
    *state_nonce_out = sender.nonce;
    return e;
}
