/* opening: what a ballot encrypts, revealed and compared (Benaloh 2006). */
#include "base/lang.h"
#include "belenios/ballot.h"

/* --- checking ---------------------------------------------------------------------------------
 */

/* alpha = g^r and beta = y^r g^m. The key's table is used where it is there. */
static void encrypt(uint8_t out[2][EDWARDS_BYTES], const struct bel_election *e,
                    const struct ed_scalar *r, uint8_t m)
{
    struct ed_point points[2];
    ed_table_mul(&points[0], ed_table_base(), r);
    if (e->table)
        ed_table_mul(&points[1], e->table, r);
    else
        ed_mul(&points[1], &e->public_key, r);
    if (m)
        ed_add(&points[1], &points[1], &ED_BASE);
    ed_encode_many(out[0], points, 2);
}

enum err bel_opening_check(const struct bel_election *e, struct bytes packed,
                           const struct bel_opening *o, struct diag *d)
{
    char hash[BEL_HASH_CHARS + 1];
    if ((packed.len != e->ballot_bytes && packed.len != bel_unsigned_bytes(e)) ||
        bel_ballot_signed_text(hash, e, packed) != E_OK)
        return diag_set(d, E_INVALID,
                        T("the ballot is none of this election",
                          "le bulletin n'est pas un bulletin de cette élection"));
    if (strcmp(hash, o->hash) != 0)
        return diag_set(d, E_PROOF,
                        T("the opening is another ballot's: the ballot codes differ",
                          "l'ouverture est celle d'un autre bulletin : les codes du bulletin "
                          "diffèrent"));
    for (size_t k = 0; k < e->question_count; k++) {
        const struct bel_question *q = &e->questions[k];
        for (size_t i = 0; i < q->ciphertext_count; i++) {
            size_t number = q->first_ciphertext + i;
            uint8_t expected[2][EDWARDS_BYTES];
            encrypt(expected, e, &o->randomness[number], o->choice[number]);
            if (o->choice[number] > 1 ||
                memcmp(expected, bel_ballot_ciphertext(e, packed, number), sizeof expected) != 0)
                return diag_set(d, E_PROOF,
                                T("question %zu, answer %zu: the ballot encrypts something else",
                                  "question %zu, réponse %zu : le bulletin chiffre autre chose"),
                                k + 1, i + 1);
        }
    }
    return E_OK;
}

/* --- writing ----------------------------------------------------------------------------------
 */

static void put_bits(struct buf *json, const uint8_t *choice, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_puts(json, i == 0 ? (choice[i] ? "[1" : "[0") : (choice[i] ? ",1" : ",0"));
    buf_put_u8(json, ']');
}

static void put_choice(struct buf *json, const struct bel_question *q, const uint8_t *choice)
{
    if (q->kind != BEL_LISTS) {
        put_bits(json, choice, q->ciphertext_count);
        return;
    }
    for (size_t i = 0; i < q->list_count; i++) {
        buf_put_u8(json, i == 0 ? '[' : ',');
        put_bits(json, choice, 1 + q->lists[i].candidate_count);
        choice += 1 + q->lists[i].candidate_count;
    }
    buf_put_u8(json, ']');
}

void bel_opening_write(struct buf *json, const struct bel_election *e, struct bytes packed,
                       const struct bel_opening *o)
{
    char hash[BEL_HASH_CHARS + 1];
    ASSERT(bel_ballot_signed_text(hash, e, packed) == E_OK);
    buf_putf(json, "{\"hash\":\"%s\",\"choice\":[", hash);
    for (size_t i = 0; i < e->question_count; i++) {
        if (i > 0)
            buf_put_u8(json, ',');
        put_choice(json, &e->questions[i], o->choice + e->questions[i].first_ciphertext);
    }
    buf_puts(json, "],\"randomness\":[");
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        buf_puts(json, i > 0 ? ",[" : "[");
        for (size_t j = 0; j < q->ciphertext_count; j++) {
            char decimal[ED_SCALAR_DECIMAL_MAX + 1];
            ed_scalar_to_decimal(decimal, &o->randomness[q->first_ciphertext + j]);
            buf_putf(json, j > 0 ? ",\"%s\"" : "\"%s\"", decimal);
        }
        buf_put_u8(json, ']');
    }
    buf_puts(json, "]}");
}

/* --- reading ----------------------------------------------------------------------------------
 */

static enum err read_randomness(struct bel_opening *o, const struct bel_election *e,
                                const struct json *array, struct diag *d)
{
    const struct json *part = json_first(array);
    if (!json_is_array(array) || json_count(array) != e->question_count)
        return diag_set(d, E_INVALID,
                        T("opening: randomness is an array of %zu arrays",
                          "ouverture : randomness est une liste de %zu listes"),
                        e->question_count);
    for (size_t i = 0; i < e->question_count; i++, part = json_next(part)) {
        const struct bel_question *q = &e->questions[i];
        const struct json *value = json_first(part);
        if (!json_is_array(part) || json_count(part) != q->ciphertext_count)
            return diag_set(d, E_INVALID,
                            T("opening: randomness of question %zu is an array of %zu numbers",
                              "ouverture : randomness de la question %zu est une liste de %zu "
                              "nombres"),
                            i + 1, q->ciphertext_count);
        for (size_t j = 0; j < q->ciphertext_count; j++, value = json_next(value)) {
            const char *text = json_is_string(value) ? json_text(value) : "";
            if (!ed_scalar_from_decimal(&o->randomness[q->first_ciphertext + j], text,
                                        strlen(text)))
                return diag_set(d, E_INVALID,
                                T("opening: randomness of question %zu, answer %zu: a decimal "
                                  "number below the group's order is expected, as a text",
                                  "ouverture : randomness de la question %zu, réponse %zu : un "
                                  "nombre décimal inférieur à l'ordre du groupe est attendu, en "
                                  "texte"),
                                i + 1, j + 1);
        }
    }
    return E_OK;
}

static enum err read_opening(struct bel_opening *o, const struct bel_election *e,
                             const struct json *j, struct diag *d)
{
    const char *hash = json_text(json_get(j, "hash"));
    struct hash bytes;
    struct buf choice = {0};
    if (!json_is_object(j) || json_count(j) != 3)
        return diag_set(d, E_INVALID,
                        T("an opening is an object of hash, choice and randomness",
                          "une ouverture est un objet de hash, choice et randomness"));
    if (!hash || !bel_hash_from_text(&bytes, hash, strlen(hash)))
        return diag_set(d, E_INVALID,
                        T("opening: hash: %d base64 characters are expected",
                          "ouverture : hash : %d caractères base64 attendus"),
                        BEL_HASH_CHARS);
    memcpy(o->hash, hash, sizeof o->hash);
    if (!json_get(j, "choice"))
        return diag_set(d, E_INVALID, T("opening: choice is missing", "ouverture : choice manque"));
    json_print(&choice, json_get(j, "choice"));
    enum err err = bel_choice_read(o->choice, e, buf_view(&choice), d);
    buf_free(&choice);
    if (err != E_OK)
        return diag_wrap(d, err, T("opening: ", "ouverture : "));
    return read_randomness(o, e, json_get(j, "randomness"), d);
}

enum err bel_opening_read(struct bel_opening *out, struct arena *a, const struct bel_election *e,
                          struct bytes json, struct diag *d)
{
    struct bel_opening o;
    struct json *j;
    TRY(json_parse(&j, json, d));
    o.randomness = arena_alloc(a, e->ciphertext_count * sizeof *o.randomness);
    o.choice = arena_alloc(a, e->ciphertext_count);
    enum err err = read_opening(&o, e, j, d);
    json_free(j);
    if (err == E_OK)
        *out = o;
    return err;
}
