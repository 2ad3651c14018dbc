#include "belenios/message.h"

#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"

/* Trustees' documents have no version of their own: those of crypto version 1. */
static struct ed_scalar challenge(enum bel_purpose purpose, struct bytes context,
                                  const uint8_t commitment32[EDWARDS_BYTES])
{
    return bel_version(1)->challenge(purpose, context,
                                     (const uint8_t(*)[EDWARDS_BYTES])commitment32, 1);
}

void bel_message_sign(uint8_t proof[BEL_PROOF_BYTES], enum bel_purpose purpose,
                      struct bytes context, const struct ed_scalar *secret)
{
    uint8_t commitment32[EDWARDS_BYTES];
    struct ed_scalar w = ed_secret_scalar();
    ed_secret_base_mul(commitment32, &w);
    struct ed_scalar c = challenge(purpose, context, commitment32);
    struct ed_scalar r = ed_scalar_sub(w, ed_scalar_mul(*secret, c));
    bel_message_proof_join(proof, &c, &r);
    ed_secret_wipe(&w, sizeof w);
}

bool bel_message_holds(const uint8_t proof[BEL_PROOF_BYTES], enum bel_purpose purpose,
                       struct bytes context, const struct ed_point *key)
{
    struct ed_scalar c, r;
    if (!bel_message_proof_split(&c, &r, proof))
        return false;
    struct ed_odd odd;
    struct ed_point commitment;
    uint8_t commitment32[EDWARDS_BYTES];
    ed_odd_make(&odd, key);
    ed_table_odd(&commitment, ed_table_base(), &r, &odd, &c);
    ed_encode(commitment32, &commitment);
    struct ed_scalar again = challenge(purpose, context, commitment32);
    return ed_scalar_eq(&again, &c);
}

bool bel_message_proof_split(struct ed_scalar *c, struct ed_scalar *response,
                             const uint8_t proof[BEL_PROOF_BYTES])
{
    return ed_scalar_from_be32(c, proof) && ed_scalar_from_be32(response, proof + 32);
}

void bel_message_proof_join(uint8_t proof[BEL_PROOF_BYTES], const struct ed_scalar *c,
                            const struct ed_scalar *response)
{
    ed_scalar_to_be32(proof, c);
    ed_scalar_to_be32(proof + 32, response);
}

static void put_scalar(struct buf *json, const char *name, const struct ed_scalar *s)
{
    char digits[ED_SCALAR_DECIMAL_MAX + 1];
    ed_scalar_to_decimal(digits, s);
    json_put_key(json, name);
    json_put_string(json, digits);
}

void bel_message_proof_write(struct buf *json, const uint8_t proof[BEL_PROOF_BYTES])
{
    struct ed_scalar c, r;
    ASSERT(bel_message_proof_split(&c, &r, proof));
    json_open(json, '{');
    put_scalar(json, "challenge", &c);
    put_scalar(json, "response", &r);
    json_close(json, '}');
}

static bool read_scalar(struct ed_scalar *out, const struct json *j)
{
    const char *text = json_text(j);
    return text && ed_scalar_from_decimal(out, text, strlen(text));
}

bool bel_message_proof_read(uint8_t proof[BEL_PROOF_BYTES], const struct json *j)
{
    struct ed_scalar c, r;
    if (!json_is_object(j) || json_count(j) != 2 || !read_scalar(&c, json_get(j, "challenge")) ||
        !read_scalar(&r, json_get(j, "response")))
        return false;
    bel_message_proof_join(proof, &c, &r);
    return true;
}

void bel_message_point_write(struct buf *json, const uint8_t le32[EDWARDS_BYTES])
{
    char text[BEL_POINT_CHARS + 1];
    bel_point_text(text, le32);
    json_put_string(json, text);
}

bool bel_message_point_read(uint8_t le32[EDWARDS_BYTES], const struct json *j)
{
    const char *text = json_text(j);
    return text && bel_point_bytes(le32, text, strlen(text));
}

struct ed_scalar bel_message_hash(struct bytes prefix, const uint8_t (*points32)[EDWARDS_BYTES],
                                  size_t count)
{
    struct sha256 s;
    struct hash h;
    struct ed_scalar out;
    sha256_init(&s);
    sha256_update(&s, prefix.data, prefix.len);
    for (size_t i = 0; i < count; i++) {
        char text[BEL_POINT_CHARS + 1];
        bel_point_text(text, points32[i]);
        if (i > 0)
            sha256_update(&s, ",", 1);
        sha256_update(&s, text, BEL_POINT_CHARS);
    }
    sha256_final(&s, &h);
    ed_scalar_reduce(&out, h.b, sizeof h.b);
    return out;
}
