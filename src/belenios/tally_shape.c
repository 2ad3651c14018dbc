#include "belenios/tally_shape.h"

#include <stdio.h>

#include "base/lang.h"

#define NUMBER_MAX ((UINT64_C(1) << 30) - 1) /* above, Belenios writes a string */

static void write_row(struct buf *json, size_t *at, size_t count, bel_put_fn put, const void *ctx)
{
    json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        put(json, ctx, (*at)++);
    json_close(json, ']');
}

void bel_shape_write(struct buf *json, const struct bel_election *e, bel_put_fn put,
                     const void *ctx)
{
    size_t at = 0;
    json_open(json, '[');
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        if (q->kind == BEL_HOMOMORPHIC) {
            write_row(json, &at, q->ciphertext_count, put, ctx);
            continue;
        }
        json_open(json, '[');
        for (size_t l = 0; l < q->list_count; l++)
            write_row(json, &at, 1 + q->lists[l].candidate_count, put, ctx);
        json_close(json, ']');
    }
    json_close(json, ']');
    ASSERT(at == e->ciphertext_count);
}

static enum err wrong_length(struct diag *d, size_t question)
{
    return diag_set(d, E_INVALID,
                    T("question %zu: not as many values as there are answers",
                      "question %zu : pas autant de valeurs que de réponses"),
                    question);
}

static enum err read_row(const struct bel_election *e, const struct json *j, size_t question,
                         size_t *at, size_t count, bel_take_fn take, void *ctx, struct diag *d)
{
    if (!json_is_array(j) || json_count(j) != count)
        return wrong_length(d, question);
    const struct json *value = json_first(j);
    for (size_t i = 0; i < count; i++, value = json_next(value), ++*at)
        if (!take(ctx, *at, value)) {
            diag_set(d, E_INVALID, T("malformed", "mal formé"));
            return bel_shape_where(d, E_INVALID, e, *at);
        }
    return E_OK;
}

enum err bel_shape_read(const struct bel_election *e, const struct json *j, bel_take_fn take,
                        void *ctx, struct diag *d)
{
    size_t at = 0;
    if (!json_is_array(j) || json_count(j) != e->question_count)
        return diag_set(d, E_INVALID,
                        T("not an array of %zu questions", "pas un tableau de %zu questions"),
                        e->question_count);
    const struct json *row = json_first(j);
    for (size_t i = 0; i < e->question_count; i++, row = json_next(row)) {
        const struct bel_question *q = &e->questions[i];
        if (q->kind == BEL_HOMOMORPHIC) {
            TRY(read_row(e, row, i + 1, &at, q->ciphertext_count, take, ctx, d));
            continue;
        }
        if (!json_is_array(row) || json_count(row) != q->list_count)
            return wrong_length(d, i + 1);
        const struct json *list = json_first(row);
        for (size_t l = 0; l < q->list_count; l++, list = json_next(list))
            TRY(read_row(e, list, i + 1, &at, 1 + q->lists[l].candidate_count, take, ctx, d));
    }
    return E_OK;
}

enum err bel_shape_where(struct diag *d, enum err code, const struct bel_election *e, size_t i)
{
    size_t q = 0;
    while (i >= e->questions[q].first_ciphertext + e->questions[q].ciphertext_count)
        q++;
    const struct bel_question *question = &e->questions[q];
    i -= question->first_ciphertext;
    if (question->kind == BEL_LISTS) {
        size_t l = 0;
        for (; i > question->lists[l].candidate_count; l++)
            i -= 1 + question->lists[l].candidate_count;
        if (i == 0)
            return diag_wrap(d, code, T("question %zu, list %zu: ", "question %zu, liste %zu : "),
                             q + 1, l + 1);
        return diag_wrap(d, code,
                         T("question %zu, list %zu, candidate %zu: ",
                           "question %zu, liste %zu, candidat %zu : "),
                         q + 1, l + 1, i);
    }
    if (question->has_blank && i == 0)
        return diag_wrap(d, code, T("question %zu, blank: ", "question %zu, vote blanc : "), q + 1);
    return diag_wrap(d, code, T("question %zu, answer %zu: ", "question %zu, réponse %zu : "),
                     q + 1, question->has_blank ? i : i + 1);
}

void bel_weight_write(struct buf *json, uint64_t weight)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)weight);
    if (weight > NUMBER_MAX)
        json_put_string(json, digits);
    else
        json_put_u64(json, weight);
}

/* A partial decryption is the longest: two numbers of 76 digits and a point for each ciphertext. */
#define CIPHERTEXT_CHARS 512u
#define FRAME_CHARS 4096u

enum err bel_shape_parse(struct json **out, const struct bel_election *e, struct bytes json,
                         struct diag *d)
{
    size_t most = FRAME_CHARS + CIPHERTEXT_CHARS * e->ciphertext_count;
    if (json.len > most)
        return diag_set(d, E_TOO_LARGE,
                        T("%zu bytes; in this election it has at most %zu",
                          "%zu octets ; dans cette élection il en a au plus %zu"),
                        json.len, most);
    return json_parse(out, json, d);
}

enum err bel_same_document(struct buf *written, struct bytes json, struct diag *d)
{
    bool same = bytes_eq(buf_view(written), json);
    buf_free(written);
    if (!same)
        return diag_set(
            d, E_INVALID,
            T("not in canonical form (compact, members in order, none besides)",
              "pas sous forme canonique (compacte, membres dans l'ordre, rien d'autre)"));
    return E_OK;
}
