/* pedersen: the messages of trustees, made and checked. */
#include "belenios/pedersen.h"

#include "base/lang.h"
#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"

/* --- seeds ------------------------------------------------------------------------------------ */

static const char BASE58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* The lowest 22 digits in base 58 of a uniform number below q: 58^22 is some 2^129, so that they
 * are uniform but for 2^-123. */
void bel_seed_new(char out[BEL_SEED_CHARS + 1])
{
    struct ed_scalar s = ed_secret_scalar();
    for (size_t i = 0; i < BEL_SEED_CHARS; i++) {
        uint64_t rest = 0;
        for (size_t k = 4; k-- > 0;) { /* long division, 32 bits at a time */
            uint64_t high = rest << 32 | s.limb[k] >> 32;
            uint64_t low = (high % 58) << 32 | (s.limb[k] & UINT32_MAX);
            s.limb[k] = (high / 58) << 32 | low / 58;
            rest = low % 58;
        }
        out[i] = BASE58[rest];
    }
    out[BEL_SEED_CHARS] = '\0';
    ed_secret_wipe(&s, sizeof s);
}

/* SHA-256 of word, seed as a number modulo q. */
static struct ed_scalar derive(const char *word, const char *seed)
{
    struct sha256 s;
    struct hash h;
    struct ed_scalar x;
    sha256_init(&s);
    sha256_update(&s, word, strlen(word));
    sha256_update(&s, seed, strlen(seed));
    sha256_final(&s, &h);
    ed_scalar_reduce(&x, h.b, sizeof h.b);
    ed_secret_wipe(&h, sizeof h);
    ed_secret_wipe(&s, sizeof s);
    return x;
}

struct ed_scalar bel_seed_signing(const char *seed)
{
    return derive("sk|", seed);
}

struct ed_scalar bel_seed_decryption(const char *seed)
{
    return derive("dk|", seed);
}

/* --- a key and the proof that its exponent is known ------------------------------------------- */

static enum err read_key(struct ed_point *out, const uint8_t key32[EDWARDS_BYTES], const char *what,
                         struct diag *d)
{
    if (!ed_decode_prime(out, key32) || ed_is_identity(out))
        return diag_set(
            d, E_INVALID,
            T("the %s is not a point of the group", "la clé (%s) n'est pas un point du groupe"),
            what);
    return E_OK;
}

static void make_key(struct bel_key_message *out, const struct ed_scalar *secret)
{
    char text[BEL_POINT_CHARS + 1];
    ed_secret_base_mul(out->key32, secret);
    bel_point_text(text, out->key32);
    bel_message_sign(out->pok, BEL_PROOF_OF_KNOWLEDGE, bytes_str(text), secret);
}

void bel_single_make(struct bel_key_message *out, struct ed_scalar *secret_out, const char *seed)
{
    *secret_out = bel_seed_signing(seed);
    make_key(out, secret_out);
}

enum err bel_single_check(const struct bel_key_message *m, struct diag *d)
{
    struct ed_point key;
    char text[BEL_POINT_CHARS + 1];
    TRY(read_key(&key, m->key32, T("public key", "publique"), d));
    bel_point_text(text, m->key32);
    if (!bel_message_holds(m->pok, BEL_PROOF_OF_KNOWLEDGE, bytes_str(text), &key))
        return diag_set(d, E_PROOF,
                        T("the proof of knowing the key's secret does not hold",
                          "la preuve de connaissance du secret de la clé ne tient pas"));
    return E_OK;
}

/* --- 1: certificates ---------------------------------------------------------------------------
 */

static enum err check_context(const struct bel_context *c, struct diag *d)
{
    if (c->threshold < 1 || c->threshold >= c->size || c->size > BEL_TRUSTEES_MAX)
        return diag_set(
            d, E_RANGE,
            T("a threshold of %u of %u: it must be from 1 to one less than the members, "
              "at most %u",
              "un seuil de %u sur %u : il va de 1 au nombre de membres moins un, au plus "
              "%u"),
            c->threshold, c->size, BEL_TRUSTEES_MAX);
    if (c->index < 1 || c->index > c->size)
        return diag_set(d, E_RANGE, T("member %u of %u", "membre %u sur %u"), c->index, c->size);
    return E_OK;
}

enum err bel_certificate_make(struct bel_certificate *out, const struct bel_context *c,
                              const char *seed)
{
    TRY(check_context(c, NULL));
    struct ed_scalar sk = bel_seed_signing(seed), dk = bel_seed_decryption(seed);
    struct buf text = {0};
    ed_secret_base_mul(out->verification32, &sk);
    ed_secret_base_mul(out->encryption32, &dk);
    bel_certificate_text(&text, c, out);
    bel_message_sign(out->signature, BEL_MESSAGE, buf_view(&text), &sk);
    buf_free(&text);
    ed_secret_wipe(&sk, sizeof sk);
    ed_secret_wipe(&dk, sizeof dk);
    return E_OK;
}

static bool signed_by(const struct buf *text, const uint8_t signature[BEL_PROOF_BYTES],
                      const uint8_t key32[EDWARDS_BYTES])
{
    struct ed_point key;
    return ed_decode_prime(&key, key32) &&
           bel_message_holds(signature, BEL_MESSAGE, buf_view(text), &key);
}

enum err bel_certificate_check(const struct bel_certificate *m, const struct bel_context *c,
                               struct diag *d)
{
    struct ed_point key;
    TRY(check_context(c, d));
    TRY(read_key(&key, m->verification32, T("verification key", "de vérification"), d));
    TRY(read_key(&key, m->encryption32, T("encryption key", "de chiffrement"), d));
    struct buf text = {0};
    bel_certificate_text(&text, c, m);
    bool holds = signed_by(&text, m->signature, m->verification32);
    buf_free(&text);
    if (!holds)
        return diag_set(d, E_SIGNATURE,
                        T("the certificate is not signed for member %u of %u with threshold %u",
                          "le certificat n'est pas signé pour le membre %u sur %u au seuil %u"),
                        c->index, c->size, c->threshold);
    return E_OK;
}

/* --- 2 and 3: coefficients ---------------------------------------------------------------------
 */

void bel_coefficients_hash(struct hash *out, const struct bel_context *c,
                           const struct bel_coefficients *m)
{
    struct buf text = {0};
    buf_putf(&text, "parvis-commitment|%u|%u|%u|", c->index, c->threshold, c->size);
    struct buf json = {0};
    bel_coefficients_text(&json, c, m);
    buf_put(&text, json.data, json.len);
    sha256_once(out, text.data, text.len);
    buf_free(&json);
    buf_free(&text);
}

enum err bel_coefficients_check(const struct bel_coefficients *m, const struct bel_context *dealer,
                                const struct bel_certificate *certificate, struct diag *d)
{
    TRY(check_context(dealer, d));
    for (size_t i = 0; i < dealer->threshold; i++) {
        struct ed_point p;
        if (!ed_decode_prime(&p, m->points32[i]))
            return diag_set(d, E_INVALID,
                            T("coefficient %zu is not a point of the group",
                              "le coefficient %zu n'est pas un point du groupe"),
                            i + 1);
    }
    struct buf text = {0};
    bel_coefficients_text(&text, dealer, m);
    bool holds = signed_by(&text, m->signature, certificate->verification32);
    buf_free(&text);
    if (!holds)
        return diag_set(d, E_SIGNATURE,
                        T("the coefficients are not signed by their dealer, member %u",
                          "les coefficients ne sont pas signés par leur auteur, le membre %u"),
                        dealer->index);
    return E_OK;
}

enum err bel_coefficients_sum(struct ed_point *out, const struct bel_context *c,
                              const struct bel_coefficients *all, struct diag *d)
{
    for (size_t i = 0; i < c->threshold; i++) {
        out[i] = ED_IDENTITY;
        for (size_t j = 0; j < c->size; j++) {
            struct ed_point p;
            if (!ed_decode(&p, all[j].points32[i]))
                return diag_set(d, E_INVALID,
                                T("coefficient %zu of member %zu is not a point of the group",
                                  "le coefficient %zu du membre %zu n'est pas un point du groupe"),
                                i + 1, j + 1);
            ed_add(&out[i], &out[i], &p);
        }
    }
    return E_OK;
}

void bel_polynomial_at(struct ed_point *out, const struct ed_point *points, size_t count,
                       uint32_t x)
{
    struct ed_point sum = ED_IDENTITY;
    for (size_t d = count; d-- > 0;) {
        ed_mul_small(&sum, &sum, x);
        ed_add(&sum, &sum, &points[d]);
    }
    *out = sum;
}

/* --- 4: verification keys ----------------------------------------------------------------------
 */

void bel_verification_make(struct bel_verification *out, const struct bel_context *me,
                           const char *seed, const struct ed_scalar *secret,
                           const struct bel_certificate *certificates,
                           const struct bel_coefficients *coefficients)
{
    struct ed_scalar sk = bel_seed_signing(seed);
    char key[BEL_POINT_CHARS + 1];
    struct buf text = {0};
    make_key(&out->key, secret);
    bel_point_text(key, out->key.key32);
    bel_message_sign(out->key_signature, BEL_MESSAGE, bytes_str(key), &sk);
    bel_certificates_text(&text, me, certificates, &coefficients[me->index - 1]);
    bel_message_sign(out->certs_signature, BEL_CERTIFICATES, buf_view(&text), &sk);
    buf_free(&text);
    ed_secret_wipe(&sk, sizeof sk);
}

enum err bel_verification_check_sums(const struct bel_verification *m,
                                     const struct bel_context *sender,
                                     const struct bel_certificate *certificates,
                                     const struct bel_coefficients *own,
                                     const struct ed_point *sums, struct diag *d)
{
    struct ed_point expected, signing;
    uint8_t expected32[EDWARDS_BYTES];
    TRY(bel_single_check(&m->key, d));
    bel_polynomial_at(&expected, sums, sender->threshold, sender->index);
    ed_encode(expected32, &expected);
    if (memcmp(expected32, m->key.key32, sizeof expected32) != 0)
        return diag_set(d, E_PROOF,
                        T("the key is not the one that follows from the coefficients",
                          "la clé n'est pas celle qui résulte des coefficients"));
    char key[BEL_POINT_CHARS + 1];
    bel_point_text(key, m->key.key32);
    TRY(read_key(&signing, certificates[sender->index - 1].verification32,
                 T("verification key", "de vérification"), d));
    if (!bel_message_holds(m->key_signature, BEL_MESSAGE, bytes_str(key), &signing))
        return diag_set(d, E_SIGNATURE,
                        T("the key is not signed with the verification key",
                          "la clé n'est pas signée par la clé de vérification"));
    struct buf text = {0};
    bel_certificates_text(&text, sender, certificates, own);
    bool holds = bel_message_holds(m->certs_signature, BEL_CERTIFICATES, buf_view(&text), &signing);
    buf_free(&text);
    if (!holds)
        return diag_set(d, E_SIGNATURE,
                        T("the signature of all certificates does not hold",
                          "la signature de tous les certificats ne tient pas"));
    return E_OK;
}

enum err bel_verification_check(const struct bel_verification *m, const struct bel_context *sender,
                                const struct bel_certificate *certificates,
                                const struct bel_coefficients *coefficients, struct diag *d)
{
    struct ed_point sums[BEL_TRUSTEES_MAX];
    TRY(check_context(sender, d));
    TRY(bel_coefficients_sum(sums, sender, coefficients, d));
    return bel_verification_check_sums(m, sender, certificates, &coefficients[sender->index - 1],
                                       sums, d);
}
