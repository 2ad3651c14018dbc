#include "belenios/message.h"

#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"

void bel_message_sign(uint8_t proof[BEL_PROOF_BYTES], enum bel_purpose purpose,
                      struct bytes context, const struct ed_scalar *secret)
{
    struct ed_scalar w = ed_secret_scalar();
    bel_schnorr_prove(proof, bel_version(1), purpose, context, secret, &w);
    ed_secret_wipe(&w, sizeof w);
}

bool bel_message_holds(const uint8_t proof[BEL_PROOF_BYTES], enum bel_purpose purpose,
                       struct bytes context, const struct ed_point *key)
{
    return bel_schnorr_check(proof, bel_version(1), purpose, context, key);
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
    ASSERT(bel_proof_read(&c, &r, proof));
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
    ed_secret_wipe(&s, sizeof s); /* coefficients and masks come from here too */
    ed_secret_wipe(&h, sizeof h);
    return out;
}
