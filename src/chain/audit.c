/* audit: see audit.h. Three passes: every record opens; every block re-executes; the state holds.
 */
#include "chain/audit.h"

#include "base/lang.h"
#include "chain/ahead.h"
#include "chain/chain_internal.h"
#include "chain/replay.h"
#include "crypto/keccak.h"
#include "store/tables.h"

struct audit {
    struct store *store;
    struct store_txn *txn;
    const struct progress *progress;
    struct audit_report *report;
    struct diag *d;
    struct chain *again; /* the re-execution, in the scratch store */
    struct replay *replay;
    struct ahead_block *in; /* the block in hand */
    uint64_t head;
    uint64_t next; /* the block to read next */
    struct hash head_hash;
    struct header head_header;
    uint64_t total; /* of the pass under way, for progress */
    enum store_table table;
    uint64_t records[STORE_TABLE_COUNT];
};

static void tick(const struct audit *a, const char *what, uint64_t done)
{
    if (a->progress && a->progress->tick)
        a->progress->tick(a->progress->ctx, what, done, a->total);
}

/* --- every record opens ----------------------------------------------------------------------- */

static enum err name_record(struct audit *a, const struct store_record *record, const char *why)
{
    char name[2 * SEAL_NAME_BYTES + 1] = "";
    if (record->hidden_name.len == SEAL_NAME_BYTES)
        hex_encode(name, record->hidden_name.data, SEAL_NAME_BYTES);
    return diag_set(
        a->d, E_CORRUPT,
        T("table %s, height %llu, record %s: %s", "table %s, hauteur %llu, enregistrement %s : %s"),
        store_table_name(a->table), (unsigned long long)record->height, name, why);
}

static enum err check_record(void *ctx, const struct store_record *record)
{
    struct audit *a = ctx;
    a->records[a->table]++;
    if (++a->report->records % 4096 == 0)
        tick(a, T("records", "enregistrements"), a->report->records);
    if (record->error != E_OK)
        return name_record(a, record,
                           T("does not open: it was changed", "ne s'ouvre pas : il a été modifié"));
    if (a->table == TABLE_CODE) {
        struct hash hash = keccak256_of(record->value);
        uint8_t hidden[SEAL_NAME_BYTES];
        store_hide(a->store, hidden, bytes_of(hash.b, sizeof hash.b));
        if (!bytes_eq(bytes_of(hidden, sizeof hidden), record->hidden_name))
            return name_record(
                a, record,
                T("the code is not that of its hash", "le code n'est pas celui de son empreinte"));
    }
    return E_OK;
}

static enum err check_records(struct audit *a)
{
    struct store_stats stats;
    TRY(store_stats(a->store, &stats));
    a->total = 0;
    for (int i = 0; i < STORE_TABLE_COUNT; i++)
        a->total += stats.records[i];
    for (a->table = 0; a->table < STORE_TABLE_COUNT; a->table++) {
        enum err e = store_walk(a->txn, a->table, 0, check_record, a);
        if (e != E_OK)
            return a->d->text[0] ? e
                                 : diag_set(a->d, e, T("table %s: %s", "table %s : %s"),
                                            store_table_name(a->table), err_text(e));
    }
    tick(a, T("records", "enregistrements"), a->report->records);
    return E_OK;
}

/* --- every block re-executes ------------------------------------------------------------------ */

/* bad_block and bad_tx put the place in front of what is wrong there. */
static enum err bad_block(struct diag *d, uint64_t number, const char *why)
{
    return diag_set(d, E_CORRUPT, T("block %llu: %s", "bloc %llu : %s"), (unsigned long long)number,
                    why);
}

static enum err bad_tx(struct diag *d, uint64_t number, size_t index, const char *why)
{
    return diag_set(d, E_CORRUPT,
                    T("block %llu, transaction %zu: %s", "bloc %llu, transaction %zu : %s"),
                    (unsigned long long)number, index, why);
}

static enum err check_header(struct audit *a, const struct stored_header *h,
                             const struct hash *parent)
{
    uint64_t number = h->header.number, found;
    if (blocks_number_of(a->txn, &h->hash, &found) != E_OK || found != number)
        return bad_block(a->d, number,
                         T("the header's hash is not the one indexed",
                           "l'empreinte de l'en-tête n'est pas celle de l'index"));
    if (number == 0)
        return E_OK;
    if (!hash_eq(&h->header.parent_hash, parent))
        return bad_block(a->d, number,
                         T("the header does not continue the block before",
                           "l'en-tête ne suit pas le bloc précédent"));
    return E_OK;
}

/* A block read ahead: what stands beside it in the store. */
struct stored_block {
    struct stored_header h;
    struct address *senders;
};

/* read_block reads the next block for the queue. */
static bool read_block(void *ctx, struct ahead_block *out)
{
    struct audit *a = ctx;
    if (a->next > a->head)
        return false;
    struct stored_block *s = arena_zalloc(&out->arena, 1, sizeof *s);
    struct block *b = &out->block;
    out->place = a->next++;
    out->note = s;
    out->error = blocks_header(a->txn, out->place, &out->arena, &s->h);
    if (out->error != E_OK) {
        diag_set(&out->why, out->error, "%s",
                 T("the header is missing or not a header", "l'en-tête manque ou n'en est pas un"));
        return true;
    }
    *b = (struct block){
        .header = s->h.header, .hash = s->h.hash, .seal = s->h.seal, .size_bytes = s->h.size_bytes};
    out->is_sealed = ecdsa_signature_is_set(&s->h.seal);
    out->seal = (struct recover_seal){.block_hash = s->h.hash, .signature = s->h.seal};
    out->error = blocks_body(a->txn, out->place, &out->arena, b);
    if (out->error != E_OK) {
        diag_set(&out->why, out->error, "%s",
                 T("the transactions are missing or malformed",
                   "les transactions manquent ou sont mal formées"));
        return true;
    }
    s->senders = arena_alloc(&out->arena, (b->tx_count + 1) * sizeof *s->senders);
    for (size_t i = 0; i < b->tx_count; i++)
        s->senders[i] = b->txs[i].sender;
    return true;
}

/* check_txs: stored transactions are indexed, match the header's root, and were signed by their
 * stored senders.
 *   signed_as, bad  what ahead_senders said */
static enum err check_txs(struct audit *a, const struct ahead_block *in, enum err signed_as,
                          size_t bad)
{
    const struct stored_block *s = in->note;
    const struct stored_header *h = &s->h;
    uint64_t number = h->header.number, at;
    const struct tx *txs = in->block.txs;
    size_t count = in->block.tx_count, index;
    for (size_t i = 0; i < count; i++)
        if (blocks_find_tx(a->txn, &txs[i].hash, &at, &index) != E_OK || at != number || index != i)
            return bad_tx(
                a->d, number, i,
                T("its hash is not indexed here", "son empreinte n'est pas indexée à cette place"));
    struct hash root = blocks_tx_root(txs, count);
    if (count != h->tx_count || !hash_eq(&root, &h->header.transactions_root))
        return bad_block(a->d, number,
                         T("the transactions are not those of the header",
                           "les transactions ne sont pas celles de l'en-tête"));
    enum err e = signed_as;
    for (size_t i = 0; i < count && (e == E_OK || i < bad); i++)
        if (!address_eq(&s->senders[i], &txs[i].sender)) {
            e = E_SIGNATURE;
            bad = i;
        }
    if (e != E_OK)
        return bad_tx(a->d, number, bad,
                      T("the sender is not who signed", "l'émetteur n'est pas le signataire"));
    return E_OK;
}

static bool same_receipt(const struct receipt *x, const struct receipt *y)
{
    struct buf a = {0}, b = {0};
    blocks_encode_receipts(&a, x, 1);
    blocks_encode_receipts(&b, y, 1);
    bool same = bytes_eq(buf_view(&a), buf_view(&b));
    buf_free(&a);
    buf_free(&b);
    return same;
}

/* check_receipts is what the replay asks when a block has executed. */
static enum err check_receipts(void *ctx, const struct block *made, struct diag *d)
{
    struct audit *a = ctx;
    struct receipt *stored;
    size_t count;
    uint64_t number = a->in->place;
    if (blocks_receipts(a->txn, number, &a->in->arena, &stored, &count) != E_OK ||
        count != made->tx_count)
        return bad_block(d, number,
                         T("the receipts are missing or not as many as the transactions",
                           "les reçus manquent ou ne sont pas autant que les transactions"));
    for (size_t i = 0; i < count; i++)
        if (!same_receipt(&stored[i], &made->receipts[i]))
            return bad_tx(d, number, i,
                          T("the stored receipt is not what execution gives",
                            "le reçu enregistré n'est pas celui de l'exécution"));
    return E_OK;
}

static void count_block(struct audit *a, uint64_t number)
{
    a->report->blocks = number + 1;
    tick(a, T("blocks", "blocs"), number + 1);
}

/* settled is how the replay of a block ended. */
static enum err settled(void *ctx, const struct replay_end *end)
{
    struct audit *a = ctx;
    enum err e = end->error;
    count_block(a, end->number);
    if (e == E_OK) {
        a->report->gas += end->gas_used;
        a->report->transactions += end->tx_count;
        return E_OK;
    }
    *a->d = end->why;
    if (end->fault == REPLAY_BLOCK)
        return diag_wrap(a->d, E_CORRUPT, T("block %llu: ", "bloc %llu : "),
                         (unsigned long long)end->number);
    return e;
}

/* check_stored looks at what can be told without executing. */
static enum err check_stored(struct audit *a, struct ahead_block *in, const struct hash *parent,
                             uint64_t *tx_total)
{
    const struct stored_header *h = &((const struct stored_block *)in->note)->h;
    const struct block *stored = &in->block;
    size_t bad = 0;
    if (in->error != E_OK)
        return bad_block(a->d, in->place, in->why.text);
    enum err signed_as = ahead_senders(in, &bad);
    TRY(check_header(a, h, parent));
    TRY(check_txs(a, in, signed_as, bad));
    *tx_total += stored->tx_count;
    if (h->tx_total != *tx_total || h->size_bytes != block_rlp_size(stored))
        return bad_block(a->d, in->place,
                         T("the counts beside the header are wrong",
                           "les comptes à côté de l'en-tête sont faux"));
    return E_OK;
}

static enum err check_block(struct audit *a, struct ahead_block *in, struct hash *parent,
                            uint64_t *tx_total)
{
    struct diag why;
    a->in = in;
    enum err e = check_stored(a, in, parent, tx_total);
    if (e != E_OK) {
        why = *a->d;
        TRY(replay_finish(a->replay)); /* what is wrong with the block before comes first */
        *a->d = why;
        count_block(a, in->place);
        return e;
    }
    *parent = in->block.hash;
    a->head_header = in->block.header;
    a->head_header.extra_data = (struct bytes){0};
    return replay_push(a->replay, &in->block, in->is_sealed ? &in->seal : NULL);
}

/* check_genesis compares block 0 with the one the genesis text makes. */
static enum err check_genesis(struct audit *a, struct hash *parent, struct arena *arena)
{
    struct stored_header h;
    if (blocks_header(a->txn, 0, arena, &h) != E_OK)
        return bad_block(
            a->d, 0,
            T("the header is missing or not a header", "l'en-tête manque ou n'en est pas un"));
    TRY(check_header(a, &h, parent));
    struct chain_head made = chain_head(a->again);
    if (!hash_eq(&made.hash, &h.hash) || h.tx_count != 0)
        return bad_block(a->d, 0,
                         T("it is not the block the genesis text makes",
                           "ce n'est pas le bloc que donne le texte de genèse"));
    *parent = h.hash;
    a->head_header = h.header;
    a->head_header.extra_data = (struct bytes){0};
    return E_OK;
}

static enum err check_blocks(struct audit *a)
{
    struct arena arena = {0};
    struct hash parent = {{0}};
    struct ahead ahead;
    struct ahead_block *b;
    uint64_t tx_total = 0;
    a->total = a->head + 1;
    a->next = 1;
    enum err e = check_genesis(a, &parent, &arena);
    arena_free(&arena);
    ahead_init(&ahead, a->again->recover, read_block, a);
    while (e == E_OK && (b = ahead_next(&ahead)) != NULL)
        e = check_block(a, b, &parent, &tx_total);
    if (e == E_OK)
        e = replay_finish(a->replay);
    ahead_fini(&ahead);
    a->report->blocks += a->head == 0;
    if (e == E_OK && !hash_eq(&parent, &a->head_hash))
        return bad_block(
            a->d, a->head,
            T("it is not the head the store names", "ce n'est pas la tête que la base désigne"));
    return e;
}

/* check_counts: nothing is missing from, or left over in, the tables that go by block. */
static enum err check_counts(struct audit *a)
{
    const struct {
        enum store_table table;
        uint64_t expected;
    } counts[] = {{TABLE_HEADER, a->head + 1},
                  {TABLE_BODY, a->head + 1},
                  {TABLE_RECEIPTS, a->head + 1},
                  {TABLE_BLOCK_HASH, a->head + 1},
                  {TABLE_TX_HASH, a->report->transactions}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (a->records[counts[i].table] != counts[i].expected)
            return diag_set(a->d, E_CORRUPT,
                            T("table %s has %llu records, %llu expected",
                              "la table %s a %llu enregistrements, %llu attendus"),
                            store_table_name(counts[i].table),
                            (unsigned long long)a->records[counts[i].table],
                            (unsigned long long)counts[i].expected);
    return E_OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* scratch_key derives the scratch store's key from the audited store's, so that what the audit
 * writes is no easier to read than what it checks. */
static void scratch_key(struct store *s, uint8_t key32[32])
{
    store_hide(s, key32, bytes_str("audit: scratch key 1"));
    store_hide(s, key32 + SEAL_NAME_BYTES, bytes_str("audit: scratch key 2"));
}

static enum err open_again(struct audit *a, const char *scratch_dir, struct store **scratch)
{
    uint8_t key[32];
    struct buf text = {0};
    struct genesis g = {0};
    scratch_key(a->store, key);
    struct store_config config = {
        .dir = scratch_dir, .key32 = key, .create = true, .no_sync = true};
    enum err e = blocks_check_version(a->txn);
    if (e == E_OK)
        e = blocks_meta(a->txn, META_GENESIS, &text);
    if (e != E_OK)
        e = diag_set(a->d, e, T("the genesis record: %s", "l'enregistrement de genèse : %s"),
                     err_text(e));
    if (e == E_OK)
        e = store_open(scratch, &config, a->d);
    explicit_bzero(key, sizeof key);
    if (e == E_OK)
        e = genesis_parse_stored(&g, buf_view(&text), a->d);
    if (e == E_OK) {
        e = chain_create(*scratch, &g, a->d);
        genesis_free(&g);
    }
    if (e == E_OK) {
        struct chain_config chain = {.store = *scratch, .audit = true};
        e = chain_open(&a->again, &chain, a->d);
    }
    if (e == E_OK) {
        struct replay_caller caller = {check_receipts, settled, a};
        a->replay = replay_new(a->again, &caller);
    }
    buf_free(&text);
    return e;
}

static enum err run_passes(struct audit *a, const char *scratch_dir, struct store **scratch)
{
    TRY(store_check_pages(a->store, a->d));
    TRY(check_records(a));
    enum err e = blocks_head(a->txn, &a->head, &a->head_hash);
    if (e != E_OK)
        return diag_set(a->d, e, T("the head record: %s", "l'enregistrement de tête : %s"),
                        err_text(e));
    TRY(open_again(a, scratch_dir, scratch));
    TRY(check_blocks(a));
    TRY(check_counts(a));
    a->total = 1;
    tick(a, T("state", "état"), 0);
    e = statedb_check(a->store, &a->head_header.state_root, a->head, a->d);
    if (e != E_OK)
        return diag_wrap(a->d, e, T("state at block %llu: ", "état au bloc %llu : "),
                         (unsigned long long)a->head);
    tick(a, T("state", "état"), 1);
    return E_OK;
}

enum err audit_run(struct store *store, const char *scratch_dir, const struct progress *progress,
                   struct audit_report *out, struct diag *d)
{
    struct diag spare;
    struct store *scratch = NULL;
    *out = (struct audit_report){0};
    struct audit a = {.store = store, .progress = progress, .report = out, .d = d ? d : &spare};
    a.d->text[0] = 0;
    enum err e = store_begin_read(store, &a.txn);
    if (e == E_OK)
        e = run_passes(&a, scratch_dir, &scratch);
    if (e != E_OK && !a.d->text[0])
        diag_set(a.d, e, "%s", err_text(e));
    store_abort(a.txn);
    replay_free(a.replay);
    if (a.again)
        chain_close(a.again); /* closes scratch */
    else
        store_close(scratch);
    return e;
}
