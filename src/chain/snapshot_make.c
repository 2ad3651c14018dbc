/* snapshot_make: a ledger cut into chunks; see snapshot.h. */
#include "chain/snapshot_internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "chain/blocks.h"
#include "chain/genesis.h"
#include "chain/store_dir.h"
#include "crypto/sha256.h"
#include "state/statedb_copy.h"
#include "store/tables.h"

struct make {
    const struct snapshot_make_config *config;
    struct diag *d;
    struct store_txn *txn;
    struct seal seal;
    struct stored_header head; /* of the snapshot's block */
    struct arena arena;
    char part[SNAPSHOT_PATH_BYTES];

    enum snapshot_section section;
    struct manifest manifest; /* counts so far */
    struct buf hashes;        /* of the chunks so far */
    struct buf content;       /* of the chunk being filled */
    uint64_t skip;            /* content not to be cut again: it is in linked chunks */

    /* the section of blocks */
    uint64_t block, block_at; /* the block in hand; bytes of the section before it */
    uint64_t section_at;      /* bytes of the section so far */
    struct blocks_place place;
};

/* --- cutting ---------------------------------------------------------------------------------- */

static enum err tick(const struct make *m, const char *what, uint64_t done, uint64_t total)
{
    const struct progress *p = m->config->progress_opt;
    if (m->config->stop_opt && atomic_load(m->config->stop_opt))
        return E_STOPPED;
    if (p && p->tick)
        p->tick(p->ctx, what, done, total);
    return E_OK;
}

/* count_chunk notes a chunk of the section in hand. E_OK | E_LIMIT. */
static enum err count_chunk(struct make *m, const struct hash *hash, size_t content_len)
{
    if (m->manifest.chunk_count == manifest_chunks_max(m->head.rlp.len))
        return diag_set(m->d, E_LIMIT,
                        T("the ledger is too large for a snapshot: more than %u chunks",
                          "le registre est trop grand pour un instantané : plus de %u morceaux"),
                        (unsigned)m->manifest.chunk_count);
    buf_put(&m->hashes, hash->b, sizeof hash->b);
    m->manifest.chunks[m->section]++;
    m->manifest.chunk_count++;
    m->manifest.content_bytes += content_len;
    return E_OK;
}

static enum err flush(struct make *m)
{
    char path[SNAPSHOT_PATH_BYTES];
    struct hash hash;
    struct buf chunk = {0};
    if (m->config->stop_opt && atomic_load(m->config->stop_opt))
        return E_STOPPED;
    snapshot_chunk_path(path, m->part, m->manifest.chunk_count);
    sha256_once(&hash, m->content.data, m->content.len);
    TRY(count_chunk(m, &hash, m->content.len));
    chunk_pack(&chunk, buf_view(&m->content));
    enum err e = snapshot_write_file(path, &m->seal, buf_view(&chunk),
                                     bytes_of(hash.b, sizeof hash.b), m->d);
    buf_free(&chunk);
    if (m->section == SECTION_BLOCKS && m->content.len == snapshot_content_bytes)
        m->place = (struct blocks_place){m->place.full + 1, m->block, m->section_at - m->block_at};
    buf_clear(&m->content);
    return e;
}

static enum err put(struct make *m, struct bytes data)
{
    if (data.len == 0)
        return E_OK;
    uint64_t skipped = m->skip < data.len ? m->skip : data.len;
    m->skip -= skipped;
    data.data += skipped;
    data.len -= skipped;
    m->section_at += skipped;
    while (data.len) {
        size_t room = snapshot_content_bytes - m->content.len;
        size_t len = data.len < room ? data.len : room;
        buf_put(&m->content, data.data, len);
        m->section_at += len;
        data.data += len;
        data.len -= len;
        if (m->content.len == snapshot_content_bytes)
            TRY(flush(m));
    }
    return E_OK;
}

/* A record of two parts. */
static enum err put_record(struct make *m, uint8_t kind, struct bytes first, struct bytes second)
{
    uint8_t head[RECORD_HEAD_BYTES] = {kind};
    size_t len = first.len + second.len;
    if (len > LIMIT_SNAPSHOT_RECORD_BYTES)
        return diag_set(m->d, E_LIMIT,
                        T("a record of %zu bytes is too long for a snapshot",
                          "un enregistrement de %zu octets est trop long pour un instantané"),
                        len);
    be32_put(head + 1, (uint32_t)len);
    TRY(put(m, bytes_of(head, sizeof head)));
    TRY(put(m, first));
    return put(m, second);
}

static enum err end_section(struct make *m)
{
    if (m->content.len)
        TRY(flush(m));
    m->section++;
    m->section_at = 0;
    return E_OK;
}

/* --- sections --------------------------------------------------------------------------------- */

static const struct bytes NOTHING = {NULL, 0};

static enum err cut_genesis(struct make *m)
{
    struct buf text = {0};
    struct genesis g = {0};
    enum err e = blocks_meta(m->txn, META_GENESIS, &text);
    if (e == E_OK)
        e = genesis_parse_stored(&g, buf_view(&text), m->d);
    if (e == E_OK && g.is_ethereum)
        e = diag_set(m->d, E_UNSUPPORTED,
                     T("an imported Ethereum chain has no snapshots; export it instead",
                       "une chaîne Ethereum importée n'a pas d'instantanés ; exportez-la"));
    if (e == E_OK)
        e = put_record(m, 'G', buf_view(&text), NOTHING);
    genesis_free(&g);
    buf_free(&text);
    return e == E_OK ? end_section(m) : e;
}

static enum err cut_block(struct make *m, uint64_t number, struct buf *record)
{
    static const struct {
        enum store_table table;
        uint8_t kind;
    } PARTS[] = {{TABLE_HEADER, 'H'}, {TABLE_BODY, 'B'}, {TABLE_RECEIPTS, 'R'}};
    m->block = number;
    m->block_at = m->section_at;
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        buf_clear(record);
        enum err e =
            store_get(m->txn, PARTS[i].table, (struct store_key){.height = number}, record);
        if (e != E_OK)
            return diag_set(m->d, e == E_NOT_FOUND ? E_CORRUPT : e,
                            T("block %llu: %s", "bloc %llu : %s"), (unsigned long long)number,
                            err_text(e));
        TRY(put_record(m, PARTS[i].kind, buf_view(record), NOTHING));
    }
    return number % 64 ? E_OK : tick(m, T("blocks", "blocs"), number, m->manifest.number);
}

/* link_chunks links the full chunks of blocks of an earlier snapshot. False: one is not there. */
static bool link_chunks(struct make *m, const char *of, const struct manifest *earlier,
                        uint32_t full)
{
    char from[SNAPSHOT_PATH_BYTES], to[SNAPSHOT_PATH_BYTES];
    uint32_t first = earlier->chunks[SECTION_GENESIS];
    for (uint32_t i = first; i < first + full; i++) {
        snapshot_chunk_path(from, of, i);
        snapshot_chunk_path(to, m->part, i);
        if (link(from, to) == 0)
            continue;
        while (i-- > first) {
            snapshot_chunk_path(to, m->part, i);
            unlink(to);
        }
        return false;
    }
    return true;
}

/* same_beginning: the earlier snapshot is one of a block of this very chain. */
static bool same_beginning(struct make *m, const struct manifest *earlier)
{
    struct stored_header h;
    size_t genesis_len = (size_t)m->manifest.chunks[SECTION_GENESIS] * 32;
    return earlier->chunks[SECTION_GENESIS] == m->manifest.chunks[SECTION_GENESIS] &&
           memcmp(earlier->hashes.data, m->hashes.data, genesis_len) == 0 &&
           blocks_header(m->txn, earlier->number, &m->arena, &h) == E_OK &&
           hash_eq(&h.hash, &earlier->head_hash);
}

/* reuse_from takes over the chunks of one earlier snapshot. False: nothing was done. */
static enum err reuse_from(struct make *m, uint64_t number, bool *reused_out)
{
    char of[SNAPSHOT_PATH_BYTES];
    struct buf text = {0};
    struct manifest earlier;
    struct blocks_place place = {0};
    enum err e = E_OK;
    snapshot_path(of, m->config->dir, number, false);
    *reused_out =
        snapshot_load_manifest(m->config->dir, number, &m->seal, &text, &earlier) == E_OK &&
        snapshot_read_place(of, &m->seal, buf_view(&text), &place) == E_OK &&
        place.full <= earlier.chunks[SECTION_BLOCKS] && place.block <= earlier.number &&
        same_beginning(m, &earlier) && link_chunks(m, of, &earlier, place.full);
    for (uint32_t i = 0; *reused_out && e == E_OK && i < place.full; i++) {
        struct hash hash = manifest_chunk_hash(&earlier, earlier.chunks[SECTION_GENESIS] + i);
        e = count_chunk(m, &hash, snapshot_content_bytes);
    }
    if (*reused_out)
        m->place = place;
    buf_free(&text);
    return e;
}

/* reuse_chunks takes over what the newest fitting earlier snapshot has. */
static enum err reuse_chunks(struct make *m)
{
    uint64_t *numbers;
    size_t count;
    bool reused = false;
    enum err e = E_OK;
    if (snapshot_numbers(m->config->dir, false, &numbers, &count) != E_OK)
        return E_OK; /* everything is then written anew */
    while (count-- > 0 && !reused && e == E_OK)
        if (numbers[count] < m->manifest.number)
            e = reuse_from(m, numbers[count], &reused);
    mem_free(numbers);
    if (!reused || e != E_OK)
        return e;
    m->skip = m->place.skip;
    m->section_at = m->place.full * (uint64_t)snapshot_content_bytes - m->place.skip;
    return E_OK;
}

static enum err cut_blocks(struct make *m)
{
    struct buf record = {0};
    enum err e = reuse_chunks(m);
    for (uint64_t n = m->place.block; e == E_OK && n <= m->manifest.number; n++)
        e = cut_block(m, n, &record);
    buf_free(&record);
    return e == E_OK ? end_section(m) : e;
}

static enum err cut_account(void *ctx, const struct hash *name, struct bytes rlp)
{
    struct make *m = ctx;
    TRY(put_record(m, 'A', bytes_of(name->b, sizeof name->b), rlp));
    /* names are spread evenly */
    return name->b[1] % 16
               ? E_OK
               : tick(m, T("state", "état"), (uint64_t)name->b[0] << 8 | name->b[1], 1u << 16);
}

static enum err cut_slot(void *ctx, const struct hash *name, struct bytes value)
{
    return put_record(ctx, 'S', bytes_of(name->b, sizeof name->b), value);
}

static enum err cut_code(void *ctx, const struct hash *name, struct bytes code)
{
    struct make *m = ctx;
    (void)name;
    if (m->section == SECTION_STATE)
        TRY(end_section(m));
    return put_record(m, 'C', code, NOTHING);
}

static enum err cut_state(struct make *m)
{
    struct statedb_row row = {cut_account, cut_slot, cut_code, m};
    enum err e = statedb_dump(m->txn, &m->head.header.state_root, m->manifest.number, &row);
    if (e != E_OK)
        return m->d->text[0]
                   ? e
                   : diag_set(m->d, e, T("state of block %llu: %s", "état du bloc %llu : %s"),
                              (unsigned long long)m->manifest.number, err_text(e));
    while (m->section != SECTION_COUNT)
        TRY(end_section(m));
    return E_OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* find_block: which block the snapshot is of. */
static enum err find_block(struct make *m)
{
    uint64_t head;
    struct hash hash;
    uint64_t number = m->config->number;
    enum err e = blocks_head(m->txn, &head, &hash);
    if (e == E_OK && number == SNAPSHOT_HEAD)
        number = head;
    if (e == E_OK && number > head)
        e = E_NOT_FOUND;
    if (e == E_OK)
        e = blocks_header(m->txn, number, &m->arena, &m->head);
    if (e != E_OK)
        return diag_set(m->d, e, T("block %llu: %s", "bloc %llu : %s"), (unsigned long long)number,
                        err_text(e));
    m->manifest.number = number;
    m->manifest.header_rlp = m->head.rlp;
    return E_OK;
}

static enum err make_directories(struct make *m)
{
    char whole[SNAPSHOT_PATH_BYTES];
    snapshot_path(whole, m->config->dir, m->manifest.number, false);
    snapshot_path(m->part, m->config->dir, m->manifest.number, true);
    if (mkdir(m->config->dir, 0700) != 0 && errno != EEXIST)
        return dir_error(m->d, m->config->dir);
    if (access(whole, F_OK) == 0)
        return diag_set(m->d, E_EXISTS, T("%s is already there", "%s existe déjà"), whole);
    if (mkdir(m->part, 0700) == 0)
        return E_OK;
    return dir_error(m->d, m->part);
}

static enum err finish(struct make *m)
{
    char whole[SNAPSHOT_PATH_BYTES];
    struct buf text = {0};
    m->manifest.hashes = buf_view(&m->hashes);
    manifest_encode(&text, &m->manifest);
    enum err e = snapshot_write_place(m->part, &m->seal, buf_view(&text), &m->place, m->d);
    if (e == E_OK)
        e = snapshot_write_manifest(m->part, &m->seal, buf_view(&text), m->d);
    buf_free(&text);
    TRY(e);
    TRY(dir_sync(m->part, m->d));
    snapshot_path(whole, m->config->dir, m->manifest.number, false);
    return store_dir_move(m->part, whole, m->d);
}

static enum err make_all(struct make *m)
{
    TRY(cut_genesis(m));
    TRY(cut_blocks(m));
    TRY(cut_state(m));
    TRY(tick(m, T("state", "état"), 1, 1));
    return finish(m);
}

enum err snapshot_make(const struct snapshot_make_config *config, uint64_t *number_out,
                       struct diag *d)
{
    struct diag spare;
    struct make m = {.config = config, .d = d ? d : &spare};
    m.d->text[0] = 0;
    enum err e = store_begin_read(config->store, &m.txn);
    if (e == E_OK)
        e = find_block(&m);
    if (e == E_OK) { /* what an interrupted one left */
        char part[SNAPSHOT_PATH_BYTES];
        snapshot_path(part, config->dir, m.manifest.number, true);
        snapshot_remove_part(part);
        e = make_directories(&m);
    }
    if (e == E_OK) {
        snapshot_seal(config->store, &m.seal);
        e = make_all(&m);
        seal_wipe(&m.seal);
        if (e != E_OK)
            snapshot_remove_part(m.part);
        else
            *number_out = m.manifest.number;
    }
    if (e != E_OK && !m.d->text[0])
        diag_set(m.d, e, "%s", err_text(e));
    store_abort(m.txn);
    arena_free(&m.arena);
    buf_free(&m.hashes);
    buf_free(&m.content);
    return e;
}
