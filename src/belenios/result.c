/* result: the numbers of votes, found from an opened sum and checked against it. */
#include "base/lang.h"
#include "belenios/tally.h"
#include "belenios/tally_shape.h"

/* --- logarithms: baby steps, giant steps (Shanks 1971) ---------------------------------------- */

/* The y of n g for n = 0 .. size: a point and its opposite share it, so that one look says whether
 * a point is m g for -size <= m <= size. */
struct steps {
    uint64_t size;
    uint64_t *ys;    /* the low 64 bits of each y */
    uint32_t *slots; /* open addressing: the step + 1 */
    uint64_t mask;
};

#define STEPS_MAX (UINT64_C(1) << 22) /* 100 MB of tables */
#define BATCH 256                     /* points encoded together */

static uint64_t y_of(const uint8_t le32[EDWARDS_BYTES])
{
    uint64_t y;
    memcpy(&y, le32, sizeof y); /* the sign of x stands in the last byte, outside of this */
    return y;
}

static uint64_t slot_of(const struct steps *s, uint64_t y)
{
    return (y * UINT64_C(0x9e3779b97f4a7c15) >> 20) & s->mask;
}

static void steps_insert(struct steps *s, uint64_t n)
{
    uint64_t at = slot_of(s, s->ys[n]);
    while (s->slots[at])
        at = (at + 1) & s->mask;
    s->slots[at] = (uint32_t)(n + 1);
}

static void steps_make(struct steps *s, uint64_t size)
{
    uint64_t slots = 4;
    while (slots < 2 * (size + 1))
        slots *= 2;
    *s = (struct steps){.size = size, .mask = slots - 1};
    s->ys = mem_alloc((size + 1) * sizeof *s->ys);
    s->slots = mem_zalloc(slots, sizeof *s->slots);
    struct ed_point batch[BATCH], next = ED_IDENTITY;
    uint8_t encoded[BATCH][EDWARDS_BYTES];
    for (uint64_t from = 0; from <= size; from += BATCH) {
        size_t count = size + 1 - from < BATCH ? (size_t)(size + 1 - from) : BATCH;
        for (size_t i = 0; i < count; i++) {
            batch[i] = next;
            ed_add(&next, &next, &ED_BASE);
        }
        ed_encode_many(encoded[0], batch, count);
        for (size_t i = 0; i < count; i++) {
            s->ys[from + i] = y_of(encoded[i]);
            steps_insert(s, from + i);
        }
    }
}

static void steps_free(struct steps *s)
{
    mem_free(s->ys);
    mem_free(s->slots);
}

static bool is_power(const struct ed_point *p, uint64_t n)
{
    struct ed_point power;
    struct ed_scalar s = ed_scalar_of(n);
    ed_table_mul(&power, ed_table_base(), &s);
    return ed_eq(&power, p);
}

/* Does a step say that p is (around - n) g or (around + n) g, and is it? */
static bool look(uint64_t *out, const struct steps *s, const struct ed_point *p, uint64_t y,
                 uint64_t around)
{
    for (uint64_t at = slot_of(s, y); s->slots[at]; at = (at + 1) & s->mask) {
        uint64_t n = s->slots[at] - 1;
        if (s->ys[n] != y)
            continue;
        if (n <= around && is_power(p, around - n)) {
            *out = around - n;
            return true;
        }
        if (is_power(p, around + n)) {
            *out = around + n;
            return true;
        }
    }
    return false;
}

/* p less 0, w, 2w .. g, w = 2 size + 1, is looked up, up to the bound. */
static bool logarithm(uint64_t *out, const struct steps *s, const struct ed_point *p,
                      uint64_t bound)
{
    uint64_t width = 2 * s->size + 1, giants = bound / width + 2;
    struct ed_point batch[BATCH], giant, at = *p;
    uint8_t encoded[BATCH][EDWARDS_BYTES];
    ed_mul_small(&giant, &ED_BASE, width);
    for (uint64_t from = 0; from < giants; from += BATCH) {
        size_t count = giants - from < BATCH ? (size_t)(giants - from) : BATCH;
        for (size_t i = 0; i < count; i++) {
            batch[i] = at;
            ed_sub(&at, &at, &giant);
        }
        ed_encode_many(encoded[0], batch, count);
        for (size_t i = 0; i < count; i++)
            if (look(out, s, p, y_of(encoded[i]), (from + i) * width))
                return *out <= bound;
    }
    return false;
}

enum err bel_result_find(uint64_t *counts, const struct bel_election *e,
                         const struct ed_point *opened, uint64_t total_weight, struct diag *d)
{
    struct steps s;
    uint64_t size = 1;
    while (size < STEPS_MAX && size * size < total_weight)
        size *= 2;
    steps_make(&s, size);
    enum err code = E_OK;
    for (size_t i = 0; code == E_OK && i < e->ciphertext_count; i++)
        if (!logarithm(&counts[i], &s, &opened[i], total_weight)) {
            code =
                diag_set(d, E_NOT_FOUND,
                         T("no number from 0 to %llu is the result: a partial decryption or the "
                           "sum is false",
                           "aucun nombre de 0 à %llu n'est le résultat : un déchiffrement partiel "
                           "ou le total est faux"),
                         (unsigned long long)total_weight);
            bel_shape_where(d, code, e, i);
        }
    steps_free(&s);
    return code;
}

enum err bel_result_check(const uint64_t *counts, const struct bel_election *e,
                          const struct ed_point *opened, struct diag *d)
{
    for (size_t i = 0; i < e->ciphertext_count; i++)
        if (!is_power(&opened[i], counts[i])) {
            diag_set(d, E_PROOF,
                     T("the result says %llu, the decrypted sum is another number",
                       "le résultat dit %llu, le total déchiffré est un autre nombre"),
                     (unsigned long long)counts[i]);
            return bel_shape_where(d, E_PROOF, e, i);
        }
    return E_OK;
}

/* --- the document ------------------------------------------------------------------------------
 */

static void put_count(struct buf *json, const void *ctx, size_t i)
{
    bel_weight_write(json, ((const uint64_t *)ctx)[i]);
}

void bel_result_write(struct buf *json, const struct bel_election *e, const uint64_t *counts)
{
    json_open(json, '{');
    json_put_key(json, "result");
    bel_shape_write(json, e, put_count, counts);
    json_close(json, '}');
}

static bool take_count(void *ctx, size_t i, const struct json *j)
{
    return json_u64((uint64_t *)ctx + i, j) == E_OK;
}

enum err bel_result_read(uint64_t *counts, const struct bel_election *e, struct bytes json,
                         struct diag *d)
{
    struct json *j;
    enum err code = bel_shape_parse(&j, e, json, d);
    if (code == E_OK) {
        code = bel_shape_read(e, json_get(j, "result"), take_count, counts, d);
        json_free(j);
    }
    if (code == E_OK) {
        struct buf again = {0};
        bel_result_write(&again, e, counts);
        code = bel_same_document(&again, json, d);
    }
    return code == E_OK ? E_OK : diag_wrap(d, code, T("result: ", "résultat : "));
}
