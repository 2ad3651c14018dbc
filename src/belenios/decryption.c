/* decryption: a trustee's part in opening a sum: alpha^x for every ciphertext, and the proof that x
 * is the exponent of its key (Chaum and Pedersen 1992). */
#include "base/lang.h"
#include "belenios/tally.h"
#include "belenios/tally_shape.h"
#include "crypto/edwards/edwards_secret.h"

#define ITEM_BYTES (EDWARDS_BYTES + BEL_PROOF_BYTES)

static struct ed_scalar challenge(const struct bel_election *e, const uint8_t key32[EDWARDS_BYTES],
                                  uint8_t commitments[2][EDWARDS_BYTES])
{
    char context[BEL_HASH_CHARS + 1 + BEL_POINT_CHARS + 1];
    memcpy(context, e->fingerprint, BEL_HASH_CHARS);
    context[BEL_HASH_CHARS] = '|';
    bel_point_text(context + BEL_HASH_CHARS + 1, key32);
    return e->version->challenge(BEL_DECRYPTION, bytes_str(context),
                                 (const uint8_t(*)[EDWARDS_BYTES])commitments, 2);
}

void bel_decryption_make(struct buf *packed, const struct bel_election *e, struct bytes packed_sums,
                         const struct ed_scalar *x)
{
    uint8_t key32[EDWARDS_BYTES];
    ASSERT(packed_sums.len == 2 * EDWARDS_BYTES * e->ciphertext_count);
    ed_secret_base_mul(key32, x);
    for (size_t i = 0; i < e->ciphertext_count; i++) {
        const uint8_t *alpha32 = packed_sums.data + 2 * EDWARDS_BYTES * i;
        uint8_t *item = buf_grow(packed, ITEM_BYTES), commitments[2][EDWARDS_BYTES];
        struct ed_scalar w = ed_secret_scalar();
        ed_secret_mul(item, alpha32, x);
        ed_secret_base_mul(commitments[0], &w);
        ed_secret_mul(commitments[1], alpha32, &w);
        struct ed_scalar c = challenge(e, key32, commitments);
        struct ed_scalar r = ed_scalar_sub(w, ed_scalar_mul(*x, c));
        bel_message_proof_join(item + EDWARDS_BYTES, &c, &r);
        ed_secret_wipe(&w, sizeof w);
    }
}

/* One item: A = g^r X^c, B = alpha^r F^c, c is their hash. */
static enum err check_item(const struct bel_election *e, const uint8_t *alpha32,
                           const uint8_t *item, const uint8_t key32[EDWARDS_BYTES],
                           const struct ed_odd *key, struct diag *d)
{
    struct ed_point pair[2], commitment[2];
    struct ed_scalar c, r;
    if (!ed_decode(&pair[0], alpha32) || !ed_decode_prime(&pair[1], item))
        return diag_set(d, E_INVALID,
                        T("the decryption factor is not a point of the group",
                          "le facteur de déchiffrement n'est pas un point du groupe"));
    if (!bel_proof_read(&c, &r, item + EDWARDS_BYTES))
        return diag_set(d, E_INVALID,
                        T("a number of the decryption proof is out of range",
                          "un nombre de la preuve de déchiffrement est hors limites"));
    struct ed_scalar exponents[2] = {r, c};
    uint8_t encoded[2][EDWARDS_BYTES];
    ed_table_odd(&commitment[0], ed_table_base(), &r, key, &c);
    ed_msm(&commitment[1], pair, exponents, 2);
    ed_encode_many(encoded[0], commitment, 2);
    struct ed_scalar again = challenge(e, key32, encoded);
    if (!ed_scalar_eq(&again, &c))
        return diag_set(
            d, E_PROOF,
            T("the decryption proof does not hold", "la preuve de déchiffrement ne tient pas"));
    return E_OK;
}

enum err bel_decryption_check(const struct bel_election *e, struct bytes packed_sums,
                              struct bytes packed, const uint8_t trustee_key32[EDWARDS_BYTES],
                              struct diag *d)
{
    struct ed_point key;
    struct ed_odd odd;
    ASSERT(packed_sums.len == 2 * EDWARDS_BYTES * e->ciphertext_count);
    if (packed.len != bel_decryption_bytes(e))
        return diag_set(d, E_INVALID,
                        T("a partial decryption of %zu bytes: this election's have %zu",
                          "un déchiffrement partiel de %zu octets : cette élection en demande %zu"),
                        packed.len, bel_decryption_bytes(e));
    if (!ed_decode_prime(&key, trustee_key32))
        return diag_set(d, E_INVALID,
                        T("the trustee's key is not a point of the group",
                          "la clé du dépositaire n'est pas un point du groupe"));
    ed_odd_make(&odd, &key);
    for (size_t i = 0; i < e->ciphertext_count; i++) {
        enum err code = check_item(e, packed_sums.data + 2 * EDWARDS_BYTES * i,
                                   packed.data + ITEM_BYTES * i, trustee_key32, &odd, d);
        if (code != E_OK)
            return bel_shape_where(d, code, e, i);
    }
    return E_OK;
}

/* --- documents ---------------------------------------------------------------------------------
 */

static void put_factor(struct buf *json, const void *ctx, size_t i)
{
    bel_message_point_write(json, (const uint8_t *)ctx + ITEM_BYTES * i);
}

static void put_proof(struct buf *json, const void *ctx, size_t i)
{
    bel_message_proof_write(json, (const uint8_t *)ctx + ITEM_BYTES * i + EDWARDS_BYTES);
}

void bel_decryption_write(struct buf *json, const struct bel_election *e, struct bytes packed)
{
    ASSERT(packed.len == bel_decryption_bytes(e));
    json_open(json, '{');
    json_put_key(json, "decryption_factors");
    bel_shape_write(json, e, put_factor, packed.data);
    json_put_key(json, "decryption_proofs");
    bel_shape_write(json, e, put_proof, packed.data);
    json_close(json, '}');
}

static bool take_factor(void *ctx, size_t i, const struct json *j)
{
    return bel_message_point_read((uint8_t *)ctx + ITEM_BYTES * i, j);
}

static bool take_proof(void *ctx, size_t i, const struct json *j)
{
    return bel_message_proof_read((uint8_t *)ctx + ITEM_BYTES * i + EDWARDS_BYTES, j);
}

static enum err read_document(uint8_t *items, const struct bel_election *e, const struct json *j,
                              struct diag *d)
{
    if (!json_is_object(j))
        return diag_set(d, E_INVALID, T("not an object", "n'est pas un objet"));
    enum err code = bel_shape_read(e, json_get(j, "decryption_factors"), take_factor, items, d);
    if (code != E_OK)
        return diag_wrap(d, code, "%s: ", "decryption_factors");
    code = bel_shape_read(e, json_get(j, "decryption_proofs"), take_proof, items, d);
    return code == E_OK ? E_OK : diag_wrap(d, code, "%s: ", "decryption_proofs");
}

enum err bel_decryption_read(struct buf *packed, const struct bel_election *e, struct bytes json,
                             struct diag *d)
{
    struct json *j;
    size_t len = bel_decryption_bytes(e);
    enum err code = bel_shape_parse(&j, e, json, d);
    if (code == E_OK) {
        uint8_t *items = mem_alloc(len);
        code = read_document(items, e, j, d);
        json_free(j);
        if (code == E_OK) {
            struct buf again = {0};
            bel_decryption_write(&again, e, bytes_of(items, len));
            code = bel_same_document(&again, json, d);
        }
        if (code == E_OK)
            buf_put(packed, items, len);
        mem_free(items);
    }
    return code == E_OK ? E_OK
                        : diag_wrap(d, code, T("partial decryption: ", "déchiffrement partiel : "));
}

void bel_owned_write(struct buf *json, uint64_t owner, const struct hash *payload)
{
    char text[2 * sizeof payload->b + 1];
    hex_encode(text, payload->b, sizeof payload->b);
    json_open(json, '{');
    json_put_key(json, "owner");
    json_put_u64(json, owner);
    json_put_key(json, "payload");
    json_put_string(json, text);
    json_close(json, '}');
}
