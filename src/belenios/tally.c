/* tally: the sum of ballots under encryption. */
#include "belenios/tally.h"

#include <unistd.h>

#include "base/lang.h"
#include "base/thread.h"
#include "belenios/tally_shape.h"

#define THREADS_MAX 256u
#define PER_THREAD_MIN 32 /* ballots: fewer are not worth a thread */

void bel_tally_init(struct bel_tally *t, const struct bel_election *e)
{
    *t = (struct bel_tally){.election = e};
    t->sums = mem_alloc(2 * e->ciphertext_count * sizeof *t->sums);
    for (size_t i = 0; i < 2 * e->ciphertext_count; i++)
        t->sums[i] = ED_IDENTITY;
}

void bel_tally_fini(struct bel_tally *t)
{
    mem_free(t->sums);
    *t = (struct bel_tally){0};
}

/* Decodes all points of a ballot first, so that a bad one changes nothing. */
static enum err decode(struct ed_point *out, const struct bel_election *e, struct bytes packed)
{
    if (packed.len != e->ballot_bytes)
        return E_INVALID;
    for (size_t i = 0; i < e->ciphertext_count; i++) {
        const uint8_t *c = bel_ballot_ciphertext(e, packed, i);
        if (!ed_decode(&out[2 * i], c) || !ed_decode(&out[2 * i + 1], c + EDWARDS_BYTES))
            return E_INVALID;
    }
    return E_OK;
}

/* points: of the ballot's ciphertexts; they may be overwritten. */
static void change_points(struct bel_tally *t, struct ed_point *points, uint64_t weight, bool add)
{
    t->ballot_count += add ? 1 : UINT64_MAX;
    t->total_weight += add ? weight : -weight;
    if (weight == 0)
        return;
    for (size_t i = 0; i < 2 * t->election->ciphertext_count; i++) {
        if (weight > 1)
            ed_mul_small(&points[i], &points[i], weight);
        if (add)
            ed_add(&t->sums[i], &t->sums[i], &points[i]);
        else
            ed_sub(&t->sums[i], &t->sums[i], &points[i]);
    }
}

static enum err change(struct bel_tally *t, struct bytes packed, uint64_t weight, bool add,
                       struct ed_point *room)
{
    TRY(decode(room, t->election, packed));
    change_points(t, room, weight, add);
    return E_OK;
}

void bel_tally_add_points(struct bel_tally *t, struct ed_point *points, uint64_t weight)
{
    change_points(t, points, weight, true);
}

static enum err change_once(struct bel_tally *t, struct bytes packed, uint64_t weight, bool add)
{
    struct ed_point *room = mem_alloc(2 * t->election->ciphertext_count * sizeof *room);
    enum err e = change(t, packed, weight, add, room);
    mem_free(room);
    return e;
}

enum err bel_tally_add(struct bel_tally *t, struct bytes packed, uint64_t weight)
{
    return change_once(t, packed, weight, true);
}

enum err bel_tally_remove(struct bel_tally *t, struct bytes packed, uint64_t weight)
{
    ASSERT(t->ballot_count > 0);
    return change_once(t, packed, weight, false);
}

void bel_tally_merge(struct bel_tally *t, const struct bel_tally *other)
{
    ASSERT(t->election->ciphertext_count == other->election->ciphertext_count);
    for (size_t i = 0; i < 2 * t->election->ciphertext_count; i++)
        ed_add(&t->sums[i], &t->sums[i], &other->sums[i]);
    t->ballot_count += other->ballot_count;
    t->total_weight += other->total_weight;
}

void bel_tally_subtract(struct bel_tally *t, const struct bel_tally *other)
{
    ASSERT(t->election->ciphertext_count == other->election->ciphertext_count);
    ASSERT(t->ballot_count >= other->ballot_count);
    for (size_t i = 0; i < 2 * t->election->ciphertext_count; i++)
        ed_sub(&t->sums[i], &t->sums[i], &other->sums[i]);
    t->ballot_count -= other->ballot_count;
    t->total_weight -= other->total_weight;
}

/* --- many --------------------------------------------------------------------------------------
 */

struct part {
    struct bel_tally tally;
    const struct bytes *packed;
    const uint64_t *weights;
    size_t count;
    enum err code;
};

static void *run_part(void *ctx)
{
    struct part *p = ctx;
    struct ed_point *room = mem_alloc(2 * p->tally.election->ciphertext_count * sizeof *room);
    for (size_t i = 0; i < p->count && p->code == E_OK; i++)
        p->code = change(&p->tally, p->packed[i], p->weights[i], true, room);
    mem_free(room);
    return NULL;
}

enum err bel_tally_many(struct bel_tally *t, const struct bytes *packed, const uint64_t *weights,
                        size_t count, unsigned threads)
{
    if (threads == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = processors > 0 ? (unsigned)processors : 1;
    }
    size_t parts = count / PER_THREAD_MIN;
    if (parts > threads)
        parts = threads;
    if (parts > THREADS_MAX)
        parts = THREADS_MAX;
    if (parts == 0)
        parts = 1;
    struct part part[THREADS_MAX];
    pthread_t thread[THREADS_MAX];
    bool started[THREADS_MAX] = {false};
    for (size_t i = 0; i < parts; i++) {
        size_t from = count * i / parts, to = count * (i + 1) / parts;
        part[i] =
            (struct part){.packed = packed + from, .weights = weights + from, .count = to - from};
        bel_tally_init(&part[i].tally, t->election);
        started[i] = i + 1 < parts && thread_start(&thread[i], 0, run_part, &part[i]) == 0;
    }
    enum err e = E_OK;
    for (size_t i = parts; i-- > 0;) { /* the last part, and what got no thread, here */
        if (started[i])
            pthread_join(thread[i], NULL);
        else
            run_part(&part[i]);
        if (part[i].code != E_OK)
            e = part[i].code;
    }
    for (size_t i = 0; i < parts; i++) {
        if (e == E_OK)
            bel_tally_merge(t, &part[i].tally);
        bel_tally_fini(&part[i].tally);
    }
    return e;
}

/* --- packed, and as documents ------------------------------------------------------------------
 */

void bel_tally_pack(uint8_t *out, const struct bel_tally *t)
{
    ed_encode_many(out, t->sums, 2 * t->election->ciphertext_count);
}

enum err bel_tally_load(struct bel_tally *t, struct bytes packed, uint64_t ballot_count,
                        uint64_t total_weight)
{
    size_t points = 2 * t->election->ciphertext_count, bad;
    if (packed.len != points * EDWARDS_BYTES)
        return E_INVALID;
    struct ed_point *sums = mem_alloc(points * sizeof *sums);
    if (!ed_decode_prime_many(sums, packed.data, EDWARDS_BYTES, points, &bad)) {
        mem_free(sums);
        return E_INVALID;
    }
    mem_free(t->sums);
    t->sums = sums;
    t->ballot_count = ballot_count;
    t->total_weight = total_weight;
    return E_OK;
}

static void put_sum(struct buf *json, const void *ctx, size_t i)
{
    const uint8_t *c = (const uint8_t *)ctx + 2 * EDWARDS_BYTES * i;
    json_open(json, '{');
    json_put_key(json, "alpha");
    bel_message_point_write(json, c);
    json_put_key(json, "beta");
    bel_message_point_write(json, c + EDWARDS_BYTES);
    json_close(json, '}');
}

void bel_sums_write(struct buf *json, const struct bel_election *e, struct bytes packed_sums)
{
    ASSERT(packed_sums.len == 2 * EDWARDS_BYTES * e->ciphertext_count);
    bel_shape_write(json, e, put_sum, packed_sums.data);
}

static bool take_sum(void *ctx, size_t i, const struct json *j)
{
    uint8_t *c = (uint8_t *)ctx + 2 * EDWARDS_BYTES * i;
    return bel_message_point_read(c, json_get(j, "alpha")) &&
           bel_message_point_read(c + EDWARDS_BYTES, json_get(j, "beta"));
}

enum err bel_sums_read(struct buf *packed_sums, const struct bel_election *e, struct bytes json,
                       struct diag *d)
{
    struct json *j;
    size_t len = 2 * EDWARDS_BYTES * e->ciphertext_count;
    enum err code = bel_shape_parse(&j, e, json, d);
    if (code != E_OK)
        return diag_wrap(d, code, T("encrypted tally: ", "total chiffré : "));
    uint8_t *sums = mem_alloc(len);
    code = bel_shape_read(e, j, take_sum, sums, d);
    json_free(j);
    if (code == E_OK) {
        struct buf again = {0};
        bel_sums_write(&again, e, bytes_of(sums, len));
        code = bel_same_document(&again, json, d);
    }
    if (code == E_OK)
        buf_put(packed_sums, sums, len);
    mem_free(sums);
    return code == E_OK ? E_OK : diag_wrap(d, code, T("encrypted tally: ", "total chiffré : "));
}

void bel_sized_write(struct buf *json, uint64_t ballot_count, uint64_t total_weight,
                     const struct hash *encrypted_tally)
{
    char text[2 * sizeof encrypted_tally->b + 1];
    hex_encode(text, encrypted_tally->b, sizeof encrypted_tally->b);
    json_open(json, '{');
    json_put_key(json, "num_tallied");
    json_put_u64(json, ballot_count);
    json_put_key(json, "total_weight");
    bel_weight_write(json, total_weight);
    json_put_key(json, "encrypted_tally");
    json_put_string(json, text);
    json_close(json, '}');
}
