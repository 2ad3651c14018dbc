/* export: a chain as one file, and back. The format is in audit.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/limits.h"
#include "chain/ahead.h"
#include "chain/audit.h"
#include "chain/chain_internal.h"
#include "chain/replay.h"
#include "chain/store_dir.h"
#include "crypto/keccak.h"
#include "store/tables.h"

static const char MAGIC[] = "parvis chain 1\n";
#define MAGIC_LEN (sizeof MAGIC - 1)
#define RECORD_HEAD 5 /* kind, length */
#define RECORD_SUM 8
#define RECORD_BYTES_MAX ((uint32_t)64 << 20)
#define SEAL_SIGNATURE_BYTES 65

/* --- export ----------------------------------------------------------------------------------- */

static bool put_record(FILE *f, uint8_t kind, struct bytes content)
{
    uint8_t head[RECORD_HEAD] = {kind};
    struct keccak k;
    struct hash sum;
    be32_put(head + 1, (uint32_t)content.len);
    keccak_init(&k);
    keccak_update(&k, head, sizeof head);
    keccak_update(&k, content.data, content.len);
    keccak_final(&k, &sum);
    return fwrite(head, 1, sizeof head, f) == sizeof head &&
           fwrite(content.data, 1, content.len, f) == content.len &&
           fwrite(sum.b, 1, RECORD_SUM, f) == RECORD_SUM;
}

void export_put_block(struct buf *out, const struct block *b)
{
    size_t whole = rlp_list_open(out);
    uint8_t seal[SEAL_SIGNATURE_BYTES];
    memcpy(seal, b->seal.r, 32);
    memcpy(seal + 32, b->seal.s, 32);
    seal[64] = b->seal.y_parity;
    header_encode(out, &b->header);
    rlp_put_string(out, seal, sizeof seal);
    size_t list = rlp_list_open(out);
    for (size_t i = 0; i < b->tx_count; i++)
        rlp_put_string(out, b->txs[i].raw.data, b->txs[i].raw.len);
    rlp_list_close(out, list);
    if (b->ommer_count || b->withdrawal_count)
        block_encode_extras(out, b);
    rlp_list_close(out, whole);
}

/* Where a block lies in the file, for messages and progress. */
struct record_place {
    uint64_t from, to;
};

/* An export or import under way. */
struct transfer {
    const char *path;
    const struct progress *progress;
    struct diag *d;
    const struct genesis *genesis; /* import */
    FILE *file;
    struct buf record;
    struct arena arena;
    uint64_t at;                   /* import: where the record in hand begins */
    uint64_t block;                /* the block in hand */
    uint64_t total;                /* for progress: blocks, or bytes */
    struct record_place places[2]; /* import: of the last two blocks pushed, by number */
};

static void tick(const struct transfer *x, uint64_t done)
{
    if (x->progress && x->progress->tick)
        x->progress->tick(x->progress->ctx, T("blocks", "blocs"), done, x->total);
}

static enum err export_block(struct transfer *x, struct store_txn *t, uint64_t number)
{
    struct stored_header h;
    struct block b = {0};
    arena_reset(&x->arena);
    enum err e = blocks_header(t, number, &x->arena, &h);
    b.header = h.header;
    b.seal = h.seal;
    if (e == E_OK)
        e = blocks_body(t, number, &x->arena, &b);
    if (e != E_OK)
        return diag_set(x->d, E_CORRUPT, T("block %llu: %s", "bloc %llu : %s"),
                        (unsigned long long)number, err_text(E_CORRUPT));
    buf_clear(&x->record);
    export_put_block(&x->record, &b);
    return put_record(x->file, 'B', buf_view(&x->record)) ? E_OK : dir_error(x->d, x->path);
}

static enum err export_all(struct transfer *x, struct store_txn *t)
{
    uint8_t end[40];
    struct hash hash;
    uint64_t head;
    enum err e = blocks_head(t, &head, &hash);
    if (e == E_OK)
        e = blocks_meta(t, META_GENESIS, &x->record);
    if (e != E_OK)
        return diag_set(
            x->d, e,
            T("the store has no readable chain: %s", "la base n'a pas de chaîne lisible : %s"),
            err_text(e));
    if (fwrite(MAGIC, 1, MAGIC_LEN, x->file) != MAGIC_LEN ||
        !put_record(x->file, 'G', buf_view(&x->record)))
        return dir_error(x->d, x->path);
    x->total = head;
    for (uint64_t n = 1; n <= head; n++) {
        TRY(export_block(x, t, n));
        tick(x, n);
    }
    be64_put(end, head);
    memcpy(end + 8, hash.b, 32);
    return put_record(x->file, 'E', bytes_of(end, sizeof end)) ? E_OK : dir_error(x->d, x->path);
}

enum err chain_export(struct store *store, const char *path, const struct progress *progress,
                      struct diag *d)
{
    char temporary[4096];
    struct transfer x = {.path = path, .progress = progress, .d = d};
    struct store_txn *t = NULL;
    snprintf(temporary, sizeof temporary, "%s.part", path);
    errno = 0;
    x.file = fopen(temporary, "wbe");
    if (!x.file)
        return dir_error(d, temporary);
    enum err e = store_begin_read(store, &t);
    if (e == E_OK)
        e = export_all(&x, t);
    store_abort(t);
    if (e == E_OK && (fflush(x.file) != 0 || fsync(fileno(x.file)) != 0))
        e = dir_error(d, path);
    fclose(x.file);
    if (e == E_OK && rename(temporary, path) != 0)
        e = dir_error(d, path);
    if (e != E_OK)
        unlink(temporary);
    buf_free(&x.record);
    arena_free(&x.arena);
    return e;
}

/* --- reading the file ------------------------------------------------------------------------- */

static enum err bad_place(struct transfer *x, const char *why)
{
    return diag_set(x->d, E_CORRUPT,
                    T("%s: record at byte %llu (block %llu): %s",
                      "%s : enregistrement à l'octet %llu (bloc %llu) : %s"),
                    x->path, (unsigned long long)x->at, (unsigned long long)x->block, why);
}

/* next_record reads a record into x->record and checks its sum. */
static enum err next_record(struct transfer *x, uint8_t *kind_out)
{
    uint8_t head[RECORD_HEAD], sum[RECORD_SUM];
    struct keccak k;
    struct hash actual;
    x->at = (uint64_t)ftello(x->file);
    if (fread(head, 1, sizeof head, x->file) != sizeof head)
        return bad_place(x, T("the file ends here", "le fichier s'arrête ici"));
    uint32_t len = be32_get(head + 1);
    if (len > RECORD_BYTES_MAX || x->at + len > x->total)
        return bad_place(x, T("its length is wrong", "sa longueur est fausse"));
    buf_clear(&x->record);
    if (fread(buf_grow(&x->record, len), 1, len, x->file) != len ||
        fread(sum, 1, sizeof sum, x->file) != sizeof sum)
        return bad_place(x, T("the file ends inside it", "le fichier s'arrête au milieu"));
    keccak_init(&k);
    keccak_update(&k, head, sizeof head);
    keccak_update(&k, x->record.data, len);
    keccak_final(&k, &actual);
    if (memcmp(sum, actual.b, sizeof sum) != 0)
        return bad_place(x, T("it was changed", "il a été modifié"));
    *kind_out = head[0];
    return E_OK;
}

static enum err open_file(struct transfer *x)
{
    struct stat st;
    errno = 0;
    x->file = fopen(x->path, "rbe");
    if (!x->file || fstat(fileno(x->file), &st) != 0)
        return diag_os(x->d, errno == ENOENT ? E_NOT_FOUND : E_IO, x->path, errno);
    x->total = (uint64_t)st.st_size;
    return E_OK;
}

/* rewind_file goes back to the first record after the magic line. */
static enum err rewind_file(struct transfer *x)
{
    char magic[MAGIC_LEN];
    rewind(x->file);
    x->block = 0;
    if (fread(magic, 1, MAGIC_LEN, x->file) != MAGIC_LEN ||
        memcmp(magic, MAGIC, MAGIC_LEN - 2) != 0)
        return diag_set(x->d, E_CORRUPT,
                        T("%s is not an exported chain", "%s n'est pas une chaîne exportée"),
                        x->path);
    if (memcmp(magic, MAGIC, MAGIC_LEN) != 0)
        return diag_set(
            x->d, E_VERSION,
            T("%s was exported by another version", "%s a été exporté par une autre version"),
            x->path);
    return E_OK;
}

/* check_file reads everything once: damage is found before anything is built. */
static enum err check_file(struct transfer *x)
{
    uint8_t kind;
    TRY(rewind_file(x));
    TRY(next_record(x, &kind));
    if (kind != 'G')
        return bad_place(x, T("the genesis is expected here", "la genèse est attendue ici"));
    for (;;) {
        x->block++;
        TRY(next_record(x, &kind));
        if (kind == 'E')
            break;
        if (kind != 'B')
            return bad_place(x, T("a block is expected here", "un bloc est attendu ici"));
    }
    if (x->record.len != 40 || be64_get(x->record.data) != x->block - 1)
        return bad_place(x, T("the count of blocks is wrong", "le nombre de blocs est faux"));
    x->at = (uint64_t)ftello(x->file);
    if (fgetc(x->file) != EOF)
        return bad_place(x, T("nothing may follow the end", "rien ne peut suivre la fin"));
    return E_OK;
}

/* --- import ----------------------------------------------------------------------------------- */

static enum err decode_txs(struct block *b, struct arena *a, struct rlp list)
{
    struct rlp counting = list;
    struct bytes raw;
    while (!rlp_at_end(&counting)) {
        TRY(rlp_next_string(&counting, &raw));
        b->tx_count++;
    }
    b->txs = arena_zalloc(a, b->tx_count + 1, sizeof *b->txs);
    for (size_t i = 0; i < b->tx_count; i++) {
        TRY(rlp_next_string(&list, &raw));
        TRY(tx_decode(&b->txs[i], a, raw));
    }
    return E_OK;
}

enum err export_read_block(struct block *b, struct arena *a, struct bytes content)
{
    struct rlp whole = rlp_reader(content), r, list;
    struct rlp_item header;
    uint8_t seal[SEAL_SIGNATURE_BYTES];
    *b = (struct block){0};
    TRY(rlp_next_list(&whole, &r));
    TRY(rlp_next(&r, &header));
    TRY(header_decode(&b->header, header.raw));
    b->hash = keccak256_of(header.raw);
    TRY(rlp_next_fixed(&r, seal, sizeof seal));
    memcpy(b->seal.r, seal, 32);
    memcpy(b->seal.s, seal + 32, 32);
    b->seal.y_parity = seal[64];
    TRY(rlp_next_list(&r, &list));
    if (!rlp_at_end(&whole))
        return E_RLP;
    if (!rlp_at_end(&r))
        TRY(block_decode_extras(b, a, bytes_of(r.p, (size_t)(r.end - r.p))));
    TRY(decode_txs(b, a, list));
    b->size_bytes = block_rlp_size(b);
    return E_OK;
}

/* read_block reads the next record for the queue; the last one stays in x->record. */
static bool read_block(void *ctx, struct ahead_block *out)
{
    struct transfer *x = ctx;
    struct diag *d = x->d;
    uint8_t kind;
    x->block++;
    x->d = &out->why;
    out->error = next_record(x, &kind);
    if (out->error == E_OK && kind == 'B') {
        struct bytes record =
            bytes_of(arena_dup(&out->arena, x->record.data, x->record.len), x->record.len);
        if (export_read_block(&out->block, &out->arena, record) != E_OK)
            out->error = bad_place(x, T("it is not a block", "ce n'est pas un bloc"));
    }
    out->is_sealed = ecdsa_signature_is_set(&out->block.seal);
    out->seal = (struct recover_seal){.block_hash = out->block.hash, .signature = out->block.seal};
    struct record_place place = {x->at, (uint64_t)ftello(x->file)};
    out->place = x->block;
    out->note = arena_dup(&out->arena, &place, sizeof place);
    x->d = d;
    return out->error != E_OK || kind == 'B';
}

/* settled is how the replay of a block ended. The places read on are put back after the message. */
static enum err settled(void *ctx, const struct replay_end *end)
{
    struct transfer *x = ctx;
    const struct record_place *place = &x->places[end->number % 2];
    uint64_t at = x->at, block = x->block;
    if (end->error == E_OK) {
        tick(x, place->to);
        return E_OK;
    }
    x->at = place->from;
    x->block = end->number;
    if (end->fault == REPLAY_BLOCK)
        bad_place(x, end->why.text[0] ? end->why.text : err_text(end->error));
    x->at = at;
    x->block = block;
    return end->error;
}

/* check_signers looks at what can be told without executing. */
static enum err check_signers(struct transfer *x, struct ahead_block *in)
{
    size_t bad;
    if (in->error != E_OK)
        return diag_set(x->d, in->error, "%s", in->why.text);
    enum err signed_as = ahead_senders(in, &bad);
    if (signed_as != E_OK)
        return bad_place(x, T("a transaction's signature does not hold",
                              "la signature d'une transaction n'est pas valide"));
    return E_OK;
}

static enum err import_block(struct transfer *x, struct replay *r, struct ahead_block *in)
{
    enum err e = check_signers(x, in);
    if (e != E_OK) {
        struct diag why = *x->d;
        TRY(replay_finish(r)); /* what is wrong with the block before comes first */
        *x->d = why;
        return e;
    }
    x->places[in->place % 2] = *(const struct record_place *)in->note;
    return replay_push(r, &in->block, in->is_sealed ? &in->seal : NULL);
}

enum err chain_mark_importing(struct store *s, bool present)
{
    struct store_txn *t;
    struct store_key key = {.name = bytes_str(META_IMPORTING)};
    TRY(store_begin_write(s, &t));
    enum err e =
        present ? store_put(t, TABLE_META, key, bytes_str("1")) : store_del(t, TABLE_META, key);
    if (e != E_OK) {
        store_abort(t);
        return e;
    }
    return store_commit(t);
}

static enum err import_blocks(struct transfer *x, struct chain *c)
{
    struct ahead ahead;
    struct ahead_block *b;
    enum err e = E_OK;
    struct replay_caller caller = {.settled = settled, .ctx = x};
    struct replay *r = replay_new(c, &caller);
    x->genesis = chain_genesis(c);
    ahead_init(&ahead, c->recover, read_block, x);
    while (e == E_OK && (b = ahead_next(&ahead)) != NULL) {
        const struct record_place *place = b->note;
        uint64_t read_at = x->at, read_block_number = x->block;
        x->at = place->from;
        x->block = b->place;
        e = import_block(x, r, b);
        x->at = read_at;
        x->block = read_block_number;
    }
    if (e == E_OK)
        e = replay_finish(r);
    replay_free(r);
    ahead_fini(&ahead);
    TRY(e);
    struct chain_head head = chain_head(c);
    if (memcmp(x->record.data + 8, head.hash.b, 32) != 0)
        return bad_place(x, T("the last block is another one", "le dernier bloc est un autre"));
    return E_OK;
}

static enum err import_all(struct transfer *x, struct store *store)
{
    struct genesis g = {0};
    struct chain *c = NULL;
    uint8_t kind;
    TRY(open_file(x));
    TRY(check_file(x));
    TRY(rewind_file(x));
    TRY(next_record(x, &kind));
    TRY(genesis_parse_stored(&g, buf_view(&x->record), x->d));
    enum err e = chain_mark_importing(store, true);
    if (e == E_OK)
        e = chain_create(store, &g, x->d);
    genesis_free(&g);
    struct chain_config config = {.store = store, .audit = true};
    if (e == E_OK)
        e = chain_open_unfinished(&c, &config, x->d);
    if (e == E_OK)
        e = import_blocks(x, c);
    chain_release(c);
    if (e == E_OK)
        e = store_sync(store); /* the blocks first, then the word that they are all there */
    if (e == E_OK)
        e = chain_mark_importing(store, false);
    return e == E_OK ? store_sync(store) : e;
}

enum err chain_import(struct store *empty_store, const char *path, const struct progress *progress,
                      struct diag *d)
{
    struct diag spare;
    struct transfer x = {.path = path, .progress = progress, .d = d ? d : &spare};
    x.d->text[0] = 0;
    enum err e = import_all(&x, empty_store);
    if (e != E_OK && !x.d->text[0])
        diag_set(x.d, e, T("%s: %s", "%s : %s"), path, err_text(e));
    if (x.file)
        fclose(x.file);
    buf_free(&x.record);
    arena_free(&x.arena);
    return e;
}

enum err chain_import_new(const struct store_config *config, const char *path,
                          const struct progress *progress, struct diag *d)
{
    char beside[4096];
    struct store *store = NULL;
    store_dir_beside(beside, config->dir, ".import");
    struct store_config temporary = *config;
    temporary.dir = beside;
    temporary.create = true;
    temporary.read_only = false;
    temporary.no_sync = true;
    store_dir_remove(beside); /* what an import that was killed left */
    enum err e = store_open(&store, &temporary, d);
    if (e != E_OK)
        return e;
    e = chain_import(store, path, progress, d);
    store_close(store);
    if (e == E_OK)
        e = store_dir_move(beside, config->dir, d);
    if (e != E_OK)
        store_dir_remove(beside);
    return e;
}
