/* import_ethereum: a store from an Ethereum chain's genesis and its blocks in one file. */
#include "chain/ahead.h"
#include "chain/audit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/lang.h"
#include "base/limits.h"
#include "chain/chain_internal.h"
#include "chain/replay.h"

static enum err read_file(struct buf *out, const char *path, struct diag *d)
{
    struct stat st;
    errno = 0;
    FILE *f = fopen(path, "rbe");
    if (!f || fstat(fileno(f), &st) != 0) {
        enum err e = diag_os(d, errno == ENOENT ? E_NOT_FOUND : E_IO, path, errno);
        if (f)
            fclose(f);
        return e;
    }
    enum err e = E_OK;
    if (st.st_size > (off_t)LIMIT_IMPORT_FILE_BYTES)
        e = diag_set(d, E_TOO_LARGE, T("%s is too large", "%s est trop grand"), path);
    else if (st.st_size > 0 && fread(buf_grow(out, (size_t)st.st_size), 1, (size_t)st.st_size, f) !=
                                   (size_t)st.st_size)
        e = diag_os(d, E_IO, path, errno ? errno : EIO);
    fclose(f);
    return e;
}

static enum err bad_block(struct diag *d, const char *path, size_t index, const char *why)
{
    return diag_set(d, E_BLOCK, T("%s: block %zu of the file: %s", "%s : bloc %zu du fichier : %s"),
                    path, index, why);
}

/* The file being read. */
struct blocks_file {
    const char *path;
    struct buf content;
    struct rlp rest;
    size_t index; /* of the next block */
};

/* read_block decodes the next block for the queue; its note is where it ends in the file. */
static bool read_block(void *ctx, struct ahead_block *out)
{
    struct blocks_file *f = ctx;
    struct rlp_item item;
    if (rlp_at_end(&f->rest))
        return false;
    out->place = f->index++;
    out->error = rlp_next(&f->rest, &item);
    if (out->error == E_OK)
        out->error = block_decode(&out->block, &out->arena, item.raw);
    if (out->error != E_OK)
        bad_block(&out->why, f->path, out->place, err_text(out->error));
    uint64_t end = (uint64_t)(f->rest.p - f->content.data);
    out->note = arena_dup(&out->arena, &end, sizeof end);
    return true;
}

static enum err import_block(struct chain *c, const char *path, struct ahead_block *in,
                             struct diag *d)
{
    const struct block *b = &in->block, *made;
    struct diag why = {""};
    size_t index = in->place, bad;
    if (in->error != E_OK)
        return diag_set(d, E_BLOCK, "%s", in->why.text);
    if (b->header.number == 0) {
        struct chain_head head = chain_head(c);
        return head.number == 0 && hash_eq(&head.hash, &b->hash)
                   ? E_OK
                   : bad_block(d, path, index,
                               T("it is not the block 0 that the genesis makes",
                                 "ce n'est pas le bloc 0 que donne la genèse"));
    }
    if (ahead_senders(in, &bad) != E_OK)
        return bad_block(d, path, index, err_text(E_SIGNATURE));
    enum err e = chain_append(c, b, &made, &why);
    if (e == E_OK)
        e = chain_commit(c, NULL);
    if (e == E_OK)
        return E_OK;
    bad_block(d, path, index, why.text[0] ? why.text : err_text(e));
    return e;
}

static enum err import_blocks(struct chain *c, const char *path, const struct progress *progress,
                              struct diag *d)
{
    struct blocks_file f = {.path = path};
    struct ahead ahead;
    struct ahead_block *b;
    enum err e = read_file(&f.content, path, d);
    f.rest = rlp_reader(buf_view(&f.content));
    ahead_init(&ahead, c->recover, read_block, &f);
    while (e == E_OK && (b = ahead_next(&ahead)) != NULL) {
        e = import_block(c, path, b, d);
        if (progress && progress->tick)
            progress->tick(progress->ctx, T("bytes", "octets"), *(const uint64_t *)b->note,
                           f.content.len);
    }
    ahead_fini(&ahead);
    buf_free(&f.content);
    return e;
}

enum err chain_import_ethereum(struct store *empty_store, struct bytes genesis,
                               const char *blocks_path_opt, const struct progress *progress,
                               struct diag *d)
{
    struct genesis g = {0};
    struct chain *c = NULL;
    TRY(genesis_parse_ethereum(&g, genesis, d));
    enum err e = chain_mark_importing(empty_store, true);
    if (e == E_OK)
        e = chain_create(empty_store, &g, d);
    genesis_free(&g);
    struct chain_config config = {.store = empty_store, .archive = true, .audit = true};
    if (e == E_OK)
        e = chain_open_unfinished(&c, &config, d);
    if (e == E_OK && blocks_path_opt)
        e = import_blocks(c, blocks_path_opt, progress, d);
    chain_release(c);
    if (e == E_OK)
        e = store_sync(empty_store);
    if (e == E_OK)
        e = chain_mark_importing(empty_store, false);
    return e == E_OK ? store_sync(empty_store) : e;
}
