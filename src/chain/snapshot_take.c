/* snapshot_take: a ledger made from chunks; see snapshot.h. Blocks: snapshot_take_blocks.c. */
#include "chain/snapshot_take.h"

#include "base/lang.h"
#include "chain/chain_internal.h"
#include "chain/store_dir.h"
#include "store/tables.h"

/* --- beginning -------------------------------------------------------------------------------- */

static enum err read_manifest(struct snapshot_take *s, const struct snapshot_take_config *config)
{
    buf_put(&s->manifest_text, config->manifest.data, config->manifest.len);
    enum err e = manifest_decode(&s->manifest, buf_view(&s->manifest_text));
    if (e == E_VERSION)
        return diag_set(s->d, e,
                        T("the snapshot is of another format than %u",
                          "l'instantané est d'un autre format que %u"),
                        SNAPSHOT_FORMAT);
    if (e != E_OK)
        return diag_set(s->d, e, "%s",
                        T("this is not the manifest of a snapshot",
                          "ce n'est pas le manifeste d'un instantané"));
    if (!hash_eq(&s->manifest.head_hash, &config->head_hash))
        return diag_set(s->d, E_BLOCK, "%s",
                        T("the snapshot's last block is not the trusted one",
                          "le dernier bloc de l'instantané n'est pas celui de confiance"));
    return E_OK;
}

static enum err begin_store(struct snapshot_take *s)
{
    struct store_config config = s->config.store;
    config.dir = s->beside;
    config.create = true;
    config.read_only = false;
    config.no_sync = true; /* put on disk as a whole at the end */
    store_dir_remove(s->beside);
    TRY(store_open(&s->store, &config, s->d));
    enum err e = chain_mark_importing(s->store, true);
    return e == E_OK ? E_OK : diag_set(s->d, e, "%s", err_text(e));
}

enum err snapshot_take_begin(struct snapshot_take **out, const struct snapshot_take_config *config,
                             struct diag *d)
{
    struct diag spare;
    struct snapshot_take *s = mem_zalloc(1, sizeof *s);
    s->d = d ? d : &spare;
    s->config = *config;
    s->config.manifest = s->config.genesis_opt = (struct bytes){NULL, 0};
    s->dir = mem_strdup(config->store.dir);
    s->config.store.dir = s->dir;
    store_dir_beside(s->beside, s->dir, ".take");
    buf_put(&s->genesis_expected, config->genesis_opt.data, config->genesis_opt.len);
    enum err e = read_manifest(s, config);
    if (e == E_OK)
        e = begin_store(s);
    /* the key was for opening */
    s->config.store.key32 = NULL;
    s->config.store.passphrase = NULL;
    if (e != E_OK) {
        snapshot_take_free(s);
        return e;
    }
    s->section_end = s->manifest.chunks[SECTION_GENESIS];
    s->recover = recover_new();
    s->state = statedb_build_new(s->manifest.number);
    *out = s;
    return E_OK;
}

void snapshot_take_free(struct snapshot_take *s)
{
    if (!s)
        return;
    if (s->store) { /* else it never was, or has its place by now */
        store_close(s->store);
        store_dir_remove(s->beside);
    }
    recover_free(s->recover);
    statedb_build_free(s->state);
    mem_free(s->dir);
    buf_free(&s->manifest_text);
    buf_free(&s->genesis_expected);
    buf_free(&s->genesis);
    buf_free(&s->content);
    mem_free(s);
}

uint32_t snapshot_take_next(const struct snapshot_take *s)
{
    return s->next;
}

uint32_t snapshot_take_chunks(const struct snapshot_take *s)
{
    return s->manifest.chunk_count;
}

/* --- records ---------------------------------------------------------------------------------- */

enum err take_refuse(struct snapshot_take *s, const char *why)
{
    return diag_set(s->d, E_BLOCK, "%s", why);
}

static enum err wrong_kind(struct snapshot_take *s)
{
    return take_refuse(s, T("a record of another kind is expected",
                            "un enregistrement d'une autre sorte est attendu"));
}

static enum err take_genesis_text(struct snapshot_take *s, const struct record_in *r)
{
    if (r->kind != 'G' || s->genesis.len || !r->content.len)
        return wrong_kind(s);
    if (s->genesis_expected.len && !bytes_eq(buf_view(&s->genesis_expected), r->content))
        return take_refuse(s, T("the genesis is not the one this node was set up with",
                                "la genèse n'est pas celle de ce nœud"));
    buf_put(&s->genesis, r->content.data, r->content.len);
    return E_OK;
}

static enum err take_value(struct snapshot_take *s, const struct record_in *r)
{
    struct hash name;
    if (r->kind != 'A' && r->kind != 'S')
        return wrong_kind(s);
    if (r->content.len < sizeof name.b)
        return take_refuse(
            s, T("state: a record is too short", "état : un enregistrement est trop court"));
    memcpy(name.b, r->content.data, sizeof name.b);
    struct bytes value = bytes_of(r->content.data + sizeof name.b, r->content.len - sizeof name.b);
    return r->kind == 'A' ? statedb_build_account(s->state, s->txn, &name, value, s->d)
                          : statedb_build_slot(s->state, s->txn, &name, value, s->d);
}

static enum err take_code(struct snapshot_take *s, const struct record_in *r)
{
    return r->kind == 'C' ? statedb_build_code(s->state, s->txn, r->content, s->d) : wrong_kind(s);
}

enum err take_records(struct snapshot_take *s)
{
    struct record_in r;
    bool too_long;
    enum err e = E_OK;
    if (s->section == SECTION_BLOCKS)
        return take_blocks(s);
    while (e == E_OK && record_next(&s->rest, &r, &too_long))
        e = s->section == SECTION_GENESIS ? take_genesis_text(s, &r)
            : s->section == SECTION_STATE ? take_value(s, &r)
                                          : take_code(s, &r);
    if (e == E_OK && too_long)
        e = take_refuse(s, T("a record is too long", "un enregistrement est trop long"));
    return e == E_INVALID ? E_BLOCK : e; /* what the state's construction says of its values */
}

/* end_section: its last chunk was taken. */
static enum err end_section(struct snapshot_take *s)
{
    enum err e = E_OK;
    if (s->rest.len)
        return take_refuse(s, T("it ends inside a record", "il s'arrête dans un enregistrement"));
    if (s->section == SECTION_GENESIS)
        e = take_genesis(s);
    else if (s->section == SECTION_BLOCKS && s->block != s->manifest.number + 1)
        e = take_refuse(s, T("blocks are missing", "des blocs manquent"));
    else if (s->section == SECTION_STATE)
        e = statedb_build_root(s->state, s->txn, &s->manifest.header.state_root, s->d);
    else if (s->section == SECTION_CODE)
        e = statedb_build_end(s->state, s->d);
    if (e != E_OK)
        return e == E_INVALID ? E_BLOCK : e;
    if (++s->section < SECTION_COUNT)
        s->section_end += s->manifest.chunks[s->section];
    return E_OK;
}

/* --- chunks ----------------------------------------------------------------------------------- */

static enum err take_content(struct snapshot_take *s, size_t content_len)
{
    bool last = s->next + 1 == s->section_end;
    if (last ? content_len == 0 || content_len > snapshot_content_bytes
             : content_len != snapshot_content_bytes)
        return take_refuse(s,
                           T("it is not as long as it must be", "il n'a pas la longueur voulue"));
    s->content_bytes += content_len;
    s->rest = buf_view(&s->content);
    TRY(take_records(s));
    s->next++;
    while (s->section < SECTION_COUNT && s->next == s->section_end)
        TRY(end_section(s));
    if (s->section == SECTION_COUNT && s->content_bytes != s->manifest.content_bytes)
        return take_refuse(s, T("the sum of the lengths is not the one stated",
                                "la somme des longueurs n'est pas celle annoncée"));
    return E_OK;
}

/* keep_rest leaves in s->content what belongs to a record that goes on in the next chunk. */
static void keep_rest(struct snapshot_take *s)
{
    if (s->rest.len)
        memmove(s->content.data, s->rest.data, s->rest.len);
    s->content.len = s->rest.len;
}

static enum err store_chunk(struct snapshot_take *s, size_t content_len)
{
    TRY(store_begin_write(s->store, &s->txn));
    enum err e = take_content(s, content_len);
    if (e == E_OK)
        e = store_commit(s->txn);
    else
        store_abort(s->txn);
    s->txn = NULL;
    return e;
}

enum err snapshot_take_chunk(struct snapshot_take *s, uint32_t index, struct bytes chunk,
                             struct diag *d)
{
    struct diag spare;
    s->d = d ? d : &spare;
    if (s->failed != E_OK)
        return diag_set(s->d, s->failed, "%s",
                        T("the take has failed before", "la reprise a déjà échoué"));
    if (index != s->next || s->next == s->manifest.chunk_count)
        return diag_set(s->d, E_INVALID,
                        T("chunk %u was given, %u is next", "morceau %u donné, %u attendu"),
                        (unsigned)index, (unsigned)s->next);
    struct hash hash = manifest_chunk_hash(&s->manifest, index);
    size_t before = s->content.len;
    if (chunk_open(&s->content, chunk, &hash) != E_OK)
        return diag_set(s->d, E_CORRUPT,
                        T("chunk %u is not the one the manifest names",
                          "le morceau %u n'est pas celui que le manifeste désigne"),
                        (unsigned)index);
    s->d->text[0] = 0;
    enum err e = store_chunk(s, s->content.len - before);
    if (e == E_CORRUPT || e == E_INVALID) /* of the store; these words are for the chunk's bytes */
        e = E_IO;
    if (e != E_OK) {
        s->failed = e;
        if (!s->d->text[0])
            diag_set(s->d, e, "%s", err_text(e));
        return diag_wrap(s->d, e, T("chunk %u: ", "morceau %u : "), (unsigned)index);
    }
    keep_rest(s);
    const struct progress *p = s->config.progress_opt;
    if (p && p->tick)
        p->tick(p->ctx, T("chunks", "morceaux"), s->next, s->manifest.chunk_count);
    return E_OK;
}

/* --- the end ---------------------------------------------------------------------------------- */

/* complete takes the mark away, with what the caller adds. */
static enum err complete(struct snapshot_take *s)
{
    struct store_txn *t;
    TRY(store_sync(s->store)); /* the ledger first, then the word that it is all there */
    TRY(store_begin_write(s->store, &t));
    enum err e = store_del(t, TABLE_META, (struct store_key){.name = bytes_str(META_IMPORTING)});
    if (e == E_OK && s->config.finish_opt)
        e = s->config.finish_opt(s->config.finish_ctx, t);
    if (e != E_OK) {
        store_abort(t);
        return e;
    }
    TRY(store_commit(t));
    return store_sync(s->store);
}

enum err snapshot_take_end(struct snapshot_take *s, struct diag *d)
{
    struct diag spare;
    s->d = d ? d : &spare;
    s->d->text[0] = 0;
    enum err e = s->failed;
    if (e == E_OK && s->next != s->manifest.chunk_count)
        return diag_set(s->d, E_INVALID,
                        T("chunk %u is still to be taken", "le morceau %u reste à prendre"),
                        (unsigned)s->next);
    if (e == E_OK)
        e = complete(s);
    if (e == E_OK) {
        store_close(s->store);
        s->store = NULL;
        e = store_dir_move(s->beside, s->dir, s->d);
        if (e != E_OK)
            store_dir_remove(s->beside);
    }
    s->failed = e == E_OK ? E_EXISTS : e; /* ended, well or not */
    if (e != E_OK && !s->d->text[0])
        diag_set(s->d, e, "%s", err_text(e));
    return e;
}
