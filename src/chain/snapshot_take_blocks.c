/* snapshot_take_blocks: the blocks of a snapshot, checked and stored. Each is read from its three
 * records as they lie in a store, held against its header and the block before, and written again
 * with its indexes. Signatures are recovered by worker threads a few blocks ahead. */
#include "chain/snapshot_take.h"

#include "base/lang.h"
#include "chain/ahead.h"
#include "chain/genesis.h"
#include "crypto/keccak.h"
#include "state/statedb.h"
#include "store/tables.h"

/* --- genesis ---------------------------------------------------------------------------------- */

/* genesis_root computes the state root after the genesis, without storing anything. */
static enum err genesis_root(struct snapshot_take *s, const struct genesis *g,
                             struct hash *root_out)
{
    struct statedb *db;
    TRY(statedb_open(&db, s->store, &KECCAK_EMPTY_TRIE, 0, true));
    struct state *state = state_new(statedb_reader(db));
    enum err e = genesis_apply(g, state, s->d);
    if (e == E_OK)
        e = statedb_apply(db, state, 0, root_out);
    if (e == E_OK)
        statedb_discard(db);
    state_free(state);
    statedb_close(db);
    return e;
}

static enum err put_meta(struct snapshot_take *s, const char *name, struct bytes value)
{
    return store_put(s->txn, TABLE_META, (struct store_key){.name = bytes_str(name)}, value);
}

enum err take_genesis(struct snapshot_take *s)
{
    struct genesis g = {0};
    struct hash root;
    uint8_t version[4];
    if (!s->genesis.len || genesis_parse_stored(&g, buf_view(&s->genesis), s->d) != E_OK)
        return take_refuse(s, T("its genesis is none", "sa genèse n'en est pas une"));
    enum err e = E_OK;
    if (g.is_ethereum)
        e = take_refuse(s, T("an imported Ethereum chain cannot be taken from a snapshot",
                             "une chaîne Ethereum importée ne se reprend pas d'un instantané"));
    if (e == E_OK)
        e = genesis_root(s, &g, &root);
    if (e == E_GENESIS)
        e = E_BLOCK;
    if (e == E_OK) {
        struct header h = genesis_header(&g, &root);
        s->genesis_hash = header_hash(&h);
        be32_put(version, CHAIN_RECORDS_VERSION);
        e = put_meta(s, META_VERSION, bytes_of(version, sizeof version));
    }
    if (e == E_OK)
        e = put_meta(s, META_GENESIS, buf_view(&s->genesis));
    genesis_free(&g);
    return e;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A block read ahead: what its records say beside it. */
struct taken_block {
    struct stored_header h;
    struct address *senders; /* as stored; those of the transactions are recovered */
    size_t receipt_count;
};

static const enum store_table TABLES[] = {TABLE_HEADER, TABLE_BODY, TABLE_RECEIPTS};
static const uint8_t KINDS[] = {'H', 'B', 'R'};
#define RECORDS (sizeof KINDS)

/* next_records finds the three records of the next block. E_OK | E_NOT_FOUND (not all here yet) |
 * E_BLOCK. */
static enum err next_records(struct snapshot_take *s, struct record_in out[RECORDS])
{
    struct bytes rest = s->rest;
    bool too_long;
    for (size_t i = 0; i < RECORDS; i++) {
        if (rest.len && rest.data[0] != KINDS[i])
            return take_refuse(s, T("a record of another kind is expected",
                                    "un enregistrement d'une autre sorte est attendu"));
        if (!record_next(&rest, &out[i], &too_long))
            return too_long ? take_refuse(
                                  s, T("a record is too long", "un enregistrement est trop long"))
                            : E_NOT_FOUND;
    }
    s->rest = rest;
    return E_OK;
}

/* too_many: BODY and RECEIPTS begin with their count. What it would take to decode so many is not
 * spent on a peer's word. */
static bool too_many(struct bytes record)
{
    return record.len < 4 || be32_get(record.data) > LIMIT_BLOCK_TXS;
}

/* load_block stores the records and reads them back as what they must be. */
static enum err load_block(struct snapshot_take *s, const struct record_in records[RECORDS],
                           uint64_t number, struct arena *a, struct block *b, struct taken_block *t)
{
    if (too_many(records[1].content) || too_many(records[2].content))
        return take_refuse(s, T("it has more transactions than a block may have",
                                "il a plus de transactions qu'un bloc n'en peut avoir"));
    for (size_t i = 0; i < RECORDS; i++)
        TRY(store_put(s->txn, TABLES[i], (struct store_key){.height = number}, records[i].content));
    if (blocks_header(s->txn, number, a, &t->h) != E_OK)
        return take_refuse(s, T("its header is none", "son en-tête n'en est pas un"));
    *b = (struct block){.header = t->h.header, .hash = t->h.hash, .seal = t->h.seal};
    if (blocks_body(s->txn, number, a, b) != E_OK)
        return take_refuse(
            s, T("its transactions are malformed", "ses transactions sont mal formées"));
    if (blocks_receipts(s->txn, number, a, &b->receipts, &t->receipt_count) != E_OK)
        return take_refuse(s, T("its receipts are malformed", "ses reçus sont mal formés"));
    b->size_bytes = block_rlp_size(b);
    return E_OK;
}

static bool has_seal(const struct block *b)
{
    static const struct ecdsa_signature none;
    return memcmp(b->seal.r, none.r, sizeof none.r) != 0 ||
           memcmp(b->seal.s, none.s, sizeof none.s) != 0 || b->seal.y_parity;
}

/* read_block reads the next block for the queue. */
static bool read_block(void *ctx, struct ahead_block *out)
{
    struct snapshot_take *s = ctx;
    struct diag *d = s->d;
    struct record_in records[RECORDS];
    struct taken_block *t = arena_zalloc(&out->arena, 1, sizeof *t);
    struct block *b = &out->block;
    out->place = s->read_next;
    out->note = t;
    s->d = &out->why;
    out->error = next_records(s, records);
    if (out->error == E_NOT_FOUND) {
        s->d = d;
        return false;
    }
    if (out->error == E_OK)
        out->error = load_block(s, records, s->read_next++, &out->arena, b, t);
    s->d = d;
    if (out->error != E_OK)
        return true;
    t->senders = arena_alloc(&out->arena, (b->tx_count + 1) * sizeof *t->senders);
    for (size_t i = 0; i < b->tx_count; i++) {
        t->senders[i] = b->txs[i].sender;
        b->txs[i].has_sender = false;
    }
    out->is_sealed = has_seal(b);
    out->seal = (struct recover_seal){.block_hash = b->hash, .signature = b->seal};
    return true;
}

/* --- checking --------------------------------------------------------------------------------- */

/* check_place: the block is the next one: of the genesis, or of the block before. */
static enum err check_place(struct snapshot_take *s, const struct block *b, uint64_t number)
{
    if (number > s->manifest.number)
        return take_refuse(s, T("the manifest has no such block", "le manifeste n'a pas ce bloc"));
    if (number == 0 && !hash_eq(&b->hash, &s->genesis_hash))
        return take_refuse(s, T("it is not the block the genesis text makes",
                                "ce n'est pas le bloc que donne le texte de genèse"));
    if (number > 0 && !hash_eq(&b->header.parent_hash, &s->parent))
        return take_refuse(s, T("the header does not continue the block before",
                                "l'en-tête ne suit pas le bloc précédent"));
    if (number > 0 && header_check_own(&b->header) != E_OK)
        return take_refuse(s, T("the header is not one of a chain of ours",
                                "l'en-tête n'est pas celui d'une de nos chaînes"));
    if (number == s->manifest.number && !hash_eq(&b->hash, &s->manifest.head_hash))
        return take_refuse(s,
                           T("it is not the trusted block", "ce n'est pas le bloc de confiance"));
    return E_OK;
}

/* check_txs: they are the header's, and were sent by whom the record says.
 *   signed_as  what ahead_senders said */
static enum err check_txs(struct snapshot_take *s, const struct ahead_block *in, enum err signed_as)
{
    const struct block *b = &in->block;
    const struct taken_block *t = in->note;
    struct hash root = blocks_tx_root(b->txs, b->tx_count);
    struct hash reports = block_withdrawals_root(b);
    if (!hash_eq(&reports, &b->header.withdrawals_root))
        return take_refuse(s, T("the reports of misbehaviour are not those of the header",
                                "les signalements de manquement ne sont pas ceux de l'en-tête"));
    if (!hash_eq(&root, &b->header.transactions_root) || b->ommer_count)
        return take_refuse(s, T("the transactions are not those of the header",
                                "les transactions ne sont pas celles de l'en-tête"));
    for (size_t i = 0; signed_as == E_OK && i < b->tx_count; i++)
        if (!address_eq(&b->txs[i].sender, &t->senders[i]))
            signed_as = E_SIGNATURE;
    if (signed_as != E_OK)
        return take_refuse(s, T("the sender of a transaction is not who signed",
                                "l'émetteur d'une transaction n'est pas le signataire"));
    return E_OK;
}

/* check_receipts: they are the header's; the address a transaction creates, which the root does not
 * contain, follows from the transaction. */
static enum err check_receipts(struct snapshot_take *s, const struct block *b,
                               const struct taken_block *t)
{
    bool good = t->receipt_count == b->tx_count;
    for (size_t i = 0; good && i < b->tx_count; i++) {
        const struct receipt *r = &b->receipts[i];
        good = r->type == b->txs[i].type && !r->has_root && r->has_created == b->txs[i].is_create;
        if (good && r->has_created) {
            struct address created = tx_create_address(&b->txs[i].sender, b->txs[i].nonce);
            good = address_eq(&created, &r->created);
        }
    }
    if (good) {
        struct hash root = blocks_receipt_root(b->receipts, b->tx_count);
        good = hash_eq(&root, &b->header.receipts_root);
    }
    return good ? E_OK
                : take_refuse(s, T("the receipts are not those of the header",
                                   "les reçus ne sont pas ceux de l'en-tête"));
}

/* check_beside: what stands beside the header follows from the block; a seal, where there is one,
 * is the proposer's. */
static enum err check_beside(struct snapshot_take *s, const struct ahead_block *in)
{
    const struct block *b = &in->block;
    const struct stored_header *h = &((const struct taken_block *)in->note)->h;
    if (h->tx_count != b->tx_count || h->tx_total != s->tx_total + b->tx_count ||
        h->size_bytes != b->size_bytes)
        return take_refuse(s, T("the counts beside the header are wrong",
                                "les comptes à côté de l'en-tête sont faux"));
    if (in->is_sealed &&
        !(in->seal.has_signer && address_eq(&in->seal.signer, &b->header.beneficiary)))
        return take_refuse(
            s, T("the seal is not the proposer's", "le sceau n'est pas celui du proposant"));
    return E_OK;
}

static enum err check_block(struct snapshot_take *s, struct ahead_block *in)
{
    const struct block *b = &in->block;
    size_t bad;
    if (in->error != E_OK)
        return diag_set(s->d, in->error, "%s",
                        in->why.text[0] ? in->why.text : err_text(in->error));
    enum err signed_as = ahead_senders(in, &bad);
    TRY(check_place(s, b, in->place));
    TRY(check_txs(s, in, signed_as));
    TRY(check_receipts(s, b, in->note));
    TRY(check_beside(s, in));
    s->tx_total += b->tx_count;
    s->parent = b->hash;
    return blocks_put(s->txn, b, s->tx_total);
}

enum err take_blocks(struct snapshot_take *s)
{
    struct ahead ahead;
    struct ahead_block *b;
    enum err e = E_OK;
    s->read_next = s->block;
    ahead_init(&ahead, s->recover, read_block, s);
    while (e == E_OK && (b = ahead_next(&ahead)) != NULL) {
        uint64_t number = b->place;
        e = check_block(s, b);
        if (e != E_OK && !s->d->text[0])
            diag_set(s->d, e, "%s", err_text(e));
        if (e != E_OK)
            diag_wrap(s->d, e, T("block %llu: ", "bloc %llu : "), (unsigned long long)number);
        else
            s->block = number + 1;
    }
    ahead_fini(&ahead);
    return e;
}
