/* hints_file: the file of hints beside an archive. */
#include "belenios/hints.h"

#include "base/lang.h"
#include "belenios/verify_steps.h"

#define MAGIC "parvis hints 1\n" /* 16 bytes with its zero */
#define PIECE_BYTES ((size_t)16 << 20)

static void write_header(uint8_t out[BEL_HINTS_HEADER_BYTES], const struct bel_election *e,
                         uint64_t count)
{
    memcpy(out, MAGIC, 16);
    memcpy(out + 16, e->hash.b, 32);
    be64_put(out + 48, count);
    be64_put(out + 56, bel_hints_bytes(e));
}

enum err bel_hints_file_read(struct bel_hints_file *out, struct bytes file, struct diag *d)
{
    uint64_t content;
    if (file.len < BEL_HINTS_HEADER_BYTES || memcmp(file.data, MAGIC, 16) != 0)
        return diag_set(d, E_INVALID,
                        T("not a file of hints (`parvis vote hints` writes them)",
                          "ce n'est pas un fichier d'indices (`parvis vote hints` en écrit)"));
    memcpy(out->election.b, file.data + 16, 32);
    out->count = be64_get(file.data + 48);
    out->bytes_each = be64_get(file.data + 56);
    out->hints = bytes_of(file.data + BEL_HINTS_HEADER_BYTES, file.len - BEL_HINTS_HEADER_BYTES);
    if (__builtin_mul_overflow(out->count, out->bytes_each, &content) || content != out->hints.len)
        return diag_set(d, E_INVALID,
                        T("the file of hints has %zu bytes after its header, which says %llu "
                          "ballots of %llu: it was cut or changed; write it again",
                          "le fichier d'indices a %zu octets après son en-tête, qui dit %llu "
                          "bulletins de %llu : il a été coupé ou modifié ; à refaire"),
                        out->hints.len, (unsigned long long)out->count,
                        (unsigned long long)out->bytes_each);
    return E_OK;
}

struct bytes bel_hints_of(const struct bel_hints_file *f, const struct bel_election *e, uint64_t i)
{
    size_t len = bel_hints_bytes(e);
    if (i >= f->count || f->bytes_each != len || !hash_eq(&f->election, &e->hash))
        return (struct bytes){0};
    return bytes_of(f->hints.data + (size_t)i * len, len);
}

static enum err put_all(struct bel_contents *c, const struct bel_election *e,
                        const struct bel_verify_options *options,
                        enum err (*put)(void *ctx, struct bytes piece, struct diag *d), void *ctx,
                        struct diag *d)
{
    uint8_t header[BEL_HINTS_HEADER_BYTES];
    size_t each = bel_hints_bytes(e), together = PIECE_BYTES / each + 1;
    if (together > c->ballot_count)
        together = c->ballot_count;
    write_header(header, e, c->ballot_count);
    TRY(put(ctx, bytes_of(header, sizeof header), d));
    uint8_t *room = mem_alloc(together * each);
    enum err err = E_OK;
    for (size_t from = 0; from < c->ballot_count && err == E_OK; from += together) {
        size_t some = c->ballot_count - from < together ? c->ballot_count - from : together;
        bel_make_hints(room, c, e, from, some, options);
        err = put(ctx, bytes_of(room, some * each), d);
    }
    mem_free(room);
    return err;
}

enum err bel_hints_file_make(struct bytes archive, const struct bel_verify_options *options,
                             enum err (*put)(void *ctx, struct bytes piece, struct diag *d),
                             void *ctx, uint64_t *ballots_out, struct diag *d)
{
    struct bel_contents c;
    struct bel_election e;
    struct arena a = {0};
    bel_verify_read(&c, archive, options);
    enum err err = c.fault.code == E_OK ? E_OK : diag_set(d, c.fault.code, "%s", c.fault.d.text);
    if (err == E_OK)
        err = bel_election_read(&e, &a, c.election, d);
    if (err == E_OK) {
        bel_election_prepare(&e);
        *ballots_out = c.ballot_count;
        err = put_all(&c, &e, options, put, ctx, d);
        bel_election_free(&e);
    }
    bel_contents_free(&c);
    arena_free(&a);
    return err;
}
