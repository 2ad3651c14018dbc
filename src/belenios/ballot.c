/* ballot: the document of a packed ballot and back. One walk over the election's questions serves
 * both ways: it says what stands next, and the codec takes it from the document or puts it there.
 * So a document is read only if it is what would be written. */
#include "belenios/ballot.h"

#include "base/lang.h"
#include "belenios/ballot_plan.h"
#include "crypto/sha256.h"

struct codec {
    const struct bel_election *election;
    /* writing: from `in` to `json` */
    struct buf *json;
    struct bytes in; /* packed */
    size_t json_start;
    /* reading: from `text` to `packed` */
    struct buf *packed;
    struct bytes text;
    size_t at; /* in `in` or `text` */
    struct diag *d;
};

static bool is_reading(const struct codec *c)
{
    return c->packed;
}

static const char *ahead(const struct codec *c)
{
    return (const char *)c->text.data + c->at;
}

static bool has_ahead(const struct codec *c, const char *text, size_t len)
{
    return c->text.len - c->at >= len && memcmp(ahead(c), text, len) == 0;
}

static enum err expected(struct codec *c, const char *what)
{
    return diag_set(c->d, E_JSON,
                    T("ballot: byte %zu: %s is expected (a ballot has to be byte for byte as "
                      "Belenios writes it)",
                      "bulletin : octet %zu : %s attendu (un bulletin doit être octet pour octet "
                      "tel que Belenios l'écrit)"),
                    c->at, what);
}

/* --- the pieces -------------------------------------------------------------------------------
 */

static enum err literal(struct codec *c, const char *text)
{
    size_t len = strlen(text);
    if (!is_reading(c)) {
        buf_put(c->json, text, len);
        return E_OK;
    }
    if (!has_ahead(c, text, len))
        return expected(c, text);
    c->at += len;
    return E_OK;
}

static enum err point(struct codec *c)
{
    if (!is_reading(c)) {
        char text[BEL_POINT_CHARS + 1];
        bel_point_text(text, c->in.data + c->at);
        c->at += EDWARDS_BYTES;
        buf_put(c->json, text, BEL_POINT_CHARS);
        return E_OK;
    }
    uint8_t le32[EDWARDS_BYTES];
    if (c->text.len - c->at < BEL_POINT_CHARS || !bel_point_bytes(le32, ahead(c), BEL_POINT_CHARS))
        return expected(c, T("a point, 64 lower-case hexadecimal digits,",
                             "un point, 64 chiffres hexadécimaux minuscules,"));
    buf_put(c->packed, le32, sizeof le32);
    c->at += BEL_POINT_CHARS;
    return E_OK;
}

static size_t digits_ahead(const struct codec *c)
{
    size_t len = 0;
    while (c->at + len < c->text.len && len <= ED_SCALAR_DECIMAL_MAX && ahead(c)[len] >= '0' &&
           ahead(c)[len] <= '9')
        len++;
    return len;
}

static enum err scalar(struct codec *c)
{
    struct ed_scalar s;
    char text[ED_SCALAR_DECIMAL_MAX + 1];
    if (!is_reading(c)) {
        if (!ed_scalar_from_be32(&s, c->in.data + c->at))
            return E_INVALID;
        c->at += 32;
        size_t len = ed_scalar_to_decimal(text, &s);
        buf_put(c->json, text, len);
        return E_OK;
    }
    size_t len = digits_ahead(c);
    if (len == 0 || !ed_scalar_from_decimal(&s, ahead(c), len))
        return expected(c,
                        T("a decimal number below the group's order, without leading zero,",
                          "un nombre décimal inférieur à l'ordre du groupe, sans zéro initial,"));
    ed_scalar_to_be32(buf_grow(c->packed, 32), &s);
    c->at += len;
    return E_OK;
}

/* What the election or the content before says anyway. */
static enum err known(struct codec *c, const char *text, const char *rule)
{
    if (is_reading(c) && !has_ahead(c, text, strlen(text)))
        return diag_set(c->d, E_INVALID, "%s", rule);
    return literal(c, text);
}

/* --- the walk ---------------------------------------------------------------------------------
 */

static enum err ciphertexts(struct codec *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(literal(c, i > 0 ? ",{\"alpha\":\"" : "[{\"alpha\":\""));
        TRY(point(c));
        TRY(literal(c, "\",\"beta\":\""));
        TRY(point(c));
        TRY(literal(c, "\"}"));
    }
    return literal(c, "]");
}

static enum err proof(struct codec *c)
{
    TRY(literal(c, "{\"challenge\":\""));
    TRY(scalar(c));
    TRY(literal(c, "\",\"response\":\""));
    TRY(scalar(c));
    return literal(c, "\"}");
}

static enum err proofs(struct codec *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(literal(c, i > 0 ? "," : "["));
        TRY(proof(c));
    }
    return literal(c, "]");
}

/* [[p,p],[p,p]...] */
static enum err pairs_of_proofs(struct codec *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(literal(c, i > 0 ? "," : "["));
        TRY(proofs(c, 2));
    }
    return literal(c, "]");
}

static enum err homomorphic(struct codec *c, const struct bel_question *q)
{
    TRY(literal(c, "{\"choices\":"));
    TRY(ciphertexts(c, q->ciphertext_count));
    TRY(literal(c, ",\"individual_proofs\":"));
    TRY(pairs_of_proofs(c, q->ciphertext_count));
    TRY(literal(c, ",\"overall_proof\":"));
    TRY(proofs(c, q->max - q->min + 1 + q->has_blank));
    if (q->has_blank) {
        TRY(literal(c, ",\"blank_proof\":"));
        TRY(proofs(c, 2));
    }
    return literal(c, "}");
}

static enum err nonzero(struct codec *c)
{
    TRY(literal(c, ",\"nonzero_proof\":{\"commitment\":\""));
    TRY(point(c));
    TRY(literal(c, "\",\"challenge\":\""));
    TRY(scalar(c));
    TRY(literal(c, "\",\"response\":[\""));
    TRY(scalar(c));
    TRY(literal(c, "\",\""));
    TRY(scalar(c));
    return literal(c, "\"]}");
}

static enum err lists(struct codec *c, const struct bel_question *q)
{
    TRY(literal(c, "{\"choices\":"));
    for (size_t i = 0; i < q->list_count; i++) {
        TRY(literal(c, i > 0 ? "," : "["));
        TRY(ciphertexts(c, 1 + q->lists[i].candidate_count));
    }
    TRY(literal(c, "],\"individual_proofs\":"));
    for (size_t i = 0; i < q->list_count; i++) {
        TRY(literal(c, i > 0 ? "," : "["));
        TRY(pairs_of_proofs(c, 1 + q->lists[i].candidate_count));
    }
    TRY(literal(c, "],\"overall_proof\":"));
    TRY(proof(c));
    TRY(literal(c, ",\"list_proofs\":"));
    TRY(pairs_of_proofs(c, q->list_count));
    TRY(nonzero(c));
    return literal(c, "}");
}

static enum err answers(struct codec *c)
{
    const struct bel_election *e = c->election;
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        TRY(literal(c, i > 0 ? "," : "["));
        enum err err = (q->kind == BEL_LISTS ? lists : homomorphic)(c, q);
        if (err != E_OK)
            return diag_wrap(c->d, err, T("question %zu: ", "question %zu : "), i + 1);
    }
    return literal(c, "]");
}

/* SHA-256 of the document so far, closed: what is signed. */
static void hash_unsigned(char out[BEL_HASH_CHARS + 1], const struct codec *c)
{
    struct bytes document =
        is_reading(c) ? bytes_of(c->text.data, c->at)
                      : bytes_of(c->json->data + c->json_start, c->json->len - c->json_start);
    struct sha256 s;
    struct hash h;
    sha256_init(&s);
    sha256_update(&s, document.data, document.len);
    sha256_update(&s, "}", 1);
    sha256_final(&s, &h);
    bel_hash_text(out, &h);
}

static enum err content(struct codec *c)
{
    TRY(literal(c, "{\"election_uuid\":\""));
    TRY(known(c, c->election->uuid,
              T("ballot: election_uuid is another election's",
                "bulletin : election_uuid est celui d'une autre élection")));
    TRY(literal(c, "\",\"election_hash\":\""));
    TRY(known(c, c->election->fingerprint,
              T("ballot: election_hash is another election's fingerprint",
                "bulletin : election_hash est l'empreinte d'une autre élection")));
    TRY(literal(c, "\",\"credential\":\""));
    TRY(point(c));
    TRY(literal(c, "\",\"answers\":"));
    return answers(c);
}

static enum err unsigned_ballot(struct codec *c)
{
    TRY(content(c));
    return literal(c, "}");
}

static enum err ballot(struct codec *c)
{
    char hash[BEL_HASH_CHARS + 1];
    TRY(content(c));
    hash_unsigned(hash, c);
    TRY(literal(c, ",\"signature\":{\"hash\":\""));
    TRY(known(c, hash,
              T("ballot: signature.hash is not the hash of what is signed: the ballot was changed",
                "bulletin : signature.hash n'est pas l'empreinte de ce qui est signé : le bulletin "
                "a été modifié")));
    TRY(literal(c, "\",\"proof\":"));
    TRY(proof(c));
    return literal(c, "}}");
}

/* --- the interface ----------------------------------------------------------------------------
 */

static enum err read_whole(struct buf *packed, const struct bel_election *e, struct bytes json,
                           enum err (*walk)(struct codec *c), size_t packed_bytes, struct diag *d)
{
    struct codec c = {.election = e, .packed = packed, .text = json, .d = d};
    size_t start = packed->len;
    if (json.len > LIMIT_BEL_BALLOT_BYTES)
        return diag_set(
            d, E_TOO_LARGE,
            T("the ballot has %zu bytes; %u are the most", "le bulletin a %zu octets ; %u au plus"),
            json.len, LIMIT_BEL_BALLOT_BYTES);
    buf_reserve(packed, packed_bytes);
    enum err err = walk(&c);
    if (err == E_OK && c.at != json.len)
        err = expected(&c, T("the end", "la fin"));
    if (err != E_OK)
        packed->len = start;
    else
        ASSERT(packed->len - start == packed_bytes);
    return err;
}

enum err bel_ballot_read(struct buf *packed, const struct bel_election *e, struct bytes json,
                         struct diag *d)
{
    return read_whole(packed, e, json, ballot, e->ballot_bytes, d);
}

enum err bel_unsigned_read(struct buf *packed, const struct bel_election *e, struct bytes json,
                           struct diag *d)
{
    return read_whole(packed, e, json, unsigned_ballot, bel_unsigned_bytes(e), d);
}

static struct codec writer(struct buf *json, const struct bel_election *e, struct bytes packed)
{
    return (struct codec){.election = e, .json = json, .in = packed, .json_start = json->len};
}

static enum err write_whole(struct buf *json, const struct bel_election *e, struct bytes packed,
                            enum err (*walk)(struct codec *c))
{
    struct codec c = writer(json, e, packed);
    enum err err = walk(&c);
    if (err != E_OK)
        json->len = c.json_start;
    return err;
}

enum err bel_ballot_write(struct buf *json, const struct bel_election *e, struct bytes packed)
{
    return packed.len == e->ballot_bytes ? write_whole(json, e, packed, ballot) : E_INVALID;
}

enum err bel_unsigned_write(struct buf *json, const struct bel_election *e, struct bytes packed)
{
    if (packed.len != e->ballot_bytes && packed.len != bel_unsigned_bytes(e))
        return E_INVALID;
    return write_whole(json, e, packed, unsigned_ballot);
}

enum err bel_ballot_hash(struct hash *out, const struct bel_election *e, struct bytes packed)
{
    struct buf json = {0};
    enum err err = bel_ballot_write(&json, e, packed);
    if (err == E_OK)
        sha256_once(out, json.data, json.len);
    buf_free(&json);
    return err;
}

enum err bel_ballot_signed_text(char out[BEL_HASH_CHARS + 1], const struct bel_election *e,
                                struct bytes packed)
{
    struct buf json = {0};
    struct codec c = writer(&json, e, packed);
    enum err err = content(&c);
    if (err == E_OK)
        hash_unsigned(out, &c);
    buf_free(&json);
    return err;
}

const uint8_t *bel_ballot_ciphertext(const struct bel_election *e, struct bytes packed, size_t i)
{
    size_t k = 0;
    ASSERT(i < e->ciphertext_count && packed.len >= bel_unsigned_bytes(e));
    while (i >= e->questions[k].first_ciphertext + e->questions[k].ciphertext_count)
        k++;
    const struct bel_question *q = &e->questions[k];
    return packed.data + q->answer_offset + 2 * EDWARDS_BYTES * (i - q->first_ciphertext);
}
