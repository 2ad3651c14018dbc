/* roles: what trustees do with their secrets, for tests that speak to the ledger themselves.
 *
 * Reads lines, answers each by a line, in order; bytes are hexadecimal. CONTEXT is K N I:
 * threshold, size, index from 1. Lists of messages are written one after the other. seed -> SEED
 *   single SEED                                       -> MESSAGE
 *   certificate CONTEXT SEED                          -> MESSAGE
 *   coefficients CONTEXT UUID SEED CERTIFICATES       -> HASH COEFFICIENTS SHARES
 *   verification CONTEXT UUID SEED CERTIFICATES COEFFICIENTS SHARES-FOR-ME
 *                                                     -> MESSAGE, or "false DEALER"
 *   complaint CONTEXT DEALER UUID SEED SHARE          -> COMPLAINT
 *   decrypt FOLDER SUMS SEED                          -> MESSAGE, alone
 *   decrypt FOLDER SUMS SEED CONTEXT UUID COEFFICIENTS SHARES-FOR-ME    -> MESSAGE, in a group
 *   result FOLDER SUMS WEIGHT OWNER:DECRYPTION...     -> numbers with commas, or "none"
 * FOLDER holds election.json and trustees.json. A line that is none of these ends the program. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "belenios/tally.h"

struct line {
    char *rest;
    struct arena arena;
    struct buf out;
};

static _Noreturn void refuse(const char *what)
{
    fprintf(stderr, "roles: %s\n", what);
    exit(2);
}

static const char *word(struct line *l)
{
    const char *w = strtok_r(NULL, " ", &l->rest);
    if (!w)
        refuse("a word is missing");
    return w;
}

static uint32_t number(struct line *l)
{
    return (uint32_t)strtoul(word(l), NULL, 10);
}

static struct bytes hex(struct line *l)
{
    const char *text = word(l);
    struct buf b = {0};
    if (hex_decode_buf(&b, text, strlen(text)) != E_OK)
        refuse("hexadecimal is wanted");
    struct bytes out = bytes_of(arena_dup(&l->arena, b.data, b.len), b.len);
    buf_free(&b);
    return out;
}

/* count messages of size bytes each */
static void *list(struct line *l, size_t count, size_t size)
{
    struct bytes b = hex(l);
    if (b.len != count * size)
        refuse("a list has another length");
    return arena_dup(&l->arena, b.data, b.len);
}

static struct bel_context context(struct line *l)
{
    struct bel_context c = {.threshold = number(l)};
    c.size = number(l);
    c.index = number(l);
    if (c.size == 0 || c.size > BEL_TRUSTEES_MAX || c.threshold == 0 || c.threshold > c.size ||
        c.index == 0 || c.index > c.size)
        refuse("no such context");
    return c;
}

static struct bel_coefficients *coefficients(struct line *l, const struct bel_context *c)
{
    size_t size = c->threshold * EDWARDS_BYTES + BEL_PROOF_BYTES;
    uint8_t *bytes = list(l, c->size, size);
    struct bel_coefficients *out = arena_zalloc(&l->arena, c->size, sizeof *out);
    for (uint32_t i = 0; i < c->size; i++) {
        out[i].points32 = (void *)(bytes + i * size);
        memcpy(out[i].signature, bytes + (i + 1) * size - BEL_PROOF_BYTES, BEL_PROOF_BYTES);
    }
    return out;
}

/* The sum of the shares made for me; 0, or the index of the first dealer of a false one. */
static uint32_t open_shares(struct ed_scalar *sum, struct line *l, const struct bel_context *me,
                            const char *uuid, const char *seed,
                            const struct bel_coefficients *dealers)
{
    const struct bel_share *shares = list(l, me->size, sizeof *shares);
    struct diag d;
    *sum = ED_ZERO;
    for (uint32_t i = 0; i < me->size; i++) {
        struct ed_scalar share;
        if (bel_share_open(&share, me, i + 1, uuid, seed, &shares[i], &dealers[i], &d) != E_OK)
            return i + 1;
        *sum = ed_scalar_add(*sum, share);
    }
    return 0;
}

/* --- making a key -------------------------------------------------------------------------------
 */

static void answer_seed(struct line *l)
{
    char seed[BEL_SEED_CHARS + 1];
    bel_seed_new(seed);
    buf_puts(&l->out, seed);
}

static void answer_single(struct line *l)
{
    struct bel_key_message m;
    struct ed_scalar secret;
    bel_single_make(&m, &secret, word(l));
    buf_put_hex(&l->out, (const uint8_t *)&m, sizeof m);
}

static void answer_certificate(struct line *l)
{
    struct bel_context c = context(l);
    struct bel_certificate m;
    if (bel_certificate_make(&m, &c, word(l)) != E_OK)
        refuse("certificate");
    buf_put_hex(&l->out, (const uint8_t *)&m, sizeof m);
}

static void answer_coefficients(struct line *l)
{
    struct bel_context c = context(l);
    const char *uuid = word(l), *seed = word(l);
    const struct bel_certificate *certificates = list(l, c.size, sizeof *certificates);
    struct bel_share *shares = arena_zalloc(&l->arena, c.size, sizeof *shares);
    struct bel_coefficients m = {0};
    struct hash hash;
    struct buf packed = {0};
    bel_coefficients_make(&m, shares, &c, uuid, seed, certificates, &l->arena);
    bel_coefficients_hash(&hash, &c, &m);
    buf_put(&packed, m.points32, c.threshold * EDWARDS_BYTES);
    buf_put(&packed, m.signature, sizeof m.signature);
    buf_put_hex(&l->out, hash.b, sizeof hash.b);
    buf_puts(&l->out, " ");
    buf_put_hex(&l->out, packed.data, packed.len);
    buf_puts(&l->out, " ");
    buf_put_hex(&l->out, (const uint8_t *)shares, c.size * sizeof *shares);
    buf_free(&packed);
}

static void answer_verification(struct line *l)
{
    struct bel_context c = context(l);
    const char *uuid = word(l), *seed = word(l);
    const struct bel_certificate *certificates = list(l, c.size, sizeof *certificates);
    const struct bel_coefficients *dealers = coefficients(l, &c);
    struct bel_verification m;
    struct ed_scalar sum;
    uint32_t dealer = open_shares(&sum, l, &c, uuid, seed, dealers);
    if (dealer) {
        buf_putf(&l->out, "false %" PRIu32, dealer);
        return;
    }
    bel_verification_make(&m, &c, seed, &sum, certificates, dealers);
    buf_put_hex(&l->out, (const uint8_t *)&m, sizeof m);
}

static void answer_complaint(struct line *l)
{
    struct bel_context c = context(l);
    uint32_t dealer = number(l);
    const char *uuid = word(l), *seed = word(l);
    const struct bel_share *share = list(l, 1, sizeof *share);
    struct bel_complaint m;
    bel_share_reveal(&m, &c, dealer, uuid, seed, share);
    buf_put_hex(&l->out, (const uint8_t *)&m, sizeof m);
}

/* --- opening ------------------------------------------------------------------------------------
 */

static struct bytes read_file(struct arena *a, const char *folder, const char *name)
{
    char *path = arena_printf(a, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    struct buf b = {0};
    size_t n;
    if (!f)
        refuse(path);
    do {
        buf_reserve(&b, 1 << 16);
        n = fread(b.data + b.len, 1, 1 << 16, f);
        b.len += n;
    } while (n > 0);
    fclose(f);
    struct bytes out = bytes_of(arena_dup(a, b.data, b.len), b.len);
    buf_free(&b);
    return out;
}

static void read_election(struct bel_election *out, struct line *l, const char *folder)
{
    struct diag d = {0};
    if (bel_election_read(out, &l->arena, read_file(&l->arena, folder, "election.json"), &d) !=
        E_OK)
        refuse(d.text);
}

static void answer_decrypt(struct line *l)
{
    struct bel_election e;
    struct buf packed = {0};
    struct ed_scalar secret;
    read_election(&e, l, word(l));
    struct bytes sums = hex(l);
    const char *seed = word(l);
    if (*l->rest) {
        struct bel_context c = context(l);
        const char *uuid = word(l);
        const struct bel_coefficients *dealers = coefficients(l, &c);
        if (open_shares(&secret, l, &c, uuid, seed, dealers))
            refuse("a share is false");
    } else {
        struct bel_key_message m;
        bel_single_make(&m, &secret, seed);
    }
    bel_decryption_make(&packed, &e, sums, &secret);
    buf_put_hex(&l->out, packed.data, packed.len);
    buf_free(&packed);
    bel_election_free(&e);
}

static void answer_result(struct line *l)
{
    struct bel_election e;
    struct bel_trustees trustees;
    struct diag d = {0};
    uint64_t owners[BEL_TRUSTEES_MAX];
    struct bytes parts[BEL_TRUSTEES_MAX];
    size_t count = 0;
    const char *folder = word(l);
    read_election(&e, l, folder);
    if (bel_trustees_read(&trustees, &l->arena, read_file(&l->arena, folder, "trustees.json"),
                          &d) != E_OK)
        refuse(d.text);
    struct bytes sums = hex(l);
    uint64_t weight = strtoull(word(l), NULL, 10);
    while (*l->rest && count < BEL_TRUSTEES_MAX) {
        owners[count] = strtoull(strtok_r(NULL, ":", &l->rest), NULL, 10);
        parts[count++] = hex(l);
    }
    struct ed_point *opened = arena_zalloc(&l->arena, e.ciphertext_count, sizeof *opened);
    uint64_t *counts = arena_zalloc(&l->arena, e.ciphertext_count, sizeof *counts);
    enum err code = bel_open(opened, &e, &trustees, sums, owners, parts, count, &d);
    if (code == E_OK)
        code = bel_result_find(counts, &e, opened, weight, &d);
    if (code != E_OK)
        buf_puts(&l->out, "none");
    for (size_t i = 0; code == E_OK && i < e.ciphertext_count; i++)
        buf_putf(&l->out, "%s%" PRIu64, i ? "," : "", counts[i]);
    bel_election_free(&e);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*answer)(struct line *l);
    } ANSWERS[] = {{"seed", answer_seed},
                   {"single", answer_single},
                   {"certificate", answer_certificate},
                   {"coefficients", answer_coefficients},
                   {"verification", answer_verification},
                   {"complaint", answer_complaint},
                   {"decrypt", answer_decrypt},
                   {"result", answer_result}};
    char *text = NULL;
    size_t cap = 0, i;
    ssize_t len;
    while ((len = getline(&text, &cap, stdin)) > 0) {
        struct line l = {0};
        text[len - (text[len - 1] == '\n')] = 0;
        const char *name = strtok_r(text, " ", &l.rest);
        for (i = 0; name && i < sizeof ANSWERS / sizeof *ANSWERS; i++)
            if (strcmp(name, ANSWERS[i].name) == 0)
                break;
        if (!name || i == sizeof ANSWERS / sizeof *ANSWERS)
            refuse("unknown question");
        ANSWERS[i].answer(&l);
        printf("%s\n", buf_cstr(&l.out));
        fflush(stdout);
        buf_free(&l.out);
        arena_free(&l.arena);
    }
    free(text);
    return 0;
}
