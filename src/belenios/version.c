#include "belenios/version.h"

#include "belenios/text.h"
#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"

/* What stands before the context in a challenge's hash. */
static const char *const WORDS_1[BEL_PURPOSE_COUNT] = {
    [BEL_PROOF_OF_KNOWLEDGE] = "pok|Ed25519|",
    [BEL_MESSAGE] = "sigmsg|",
    [BEL_CERTIFICATES] = "sigmsg|certs_sig|",
    [BEL_SIGNATURE] = "sig|",
    [BEL_RANGE] = "prove|",
    [BEL_BLANK_0] = "bproof0|",
    [BEL_BLANK_1] = "bproof1|",
    [BEL_LIST] = "lproof|",
    [BEL_NONZERO] = "nonzero|",
    [BEL_DECRYPTION] = "decrypt|",
};

/* SHA-256 of word, context, "|" and the points as text with commas between, modulo q. */
static struct ed_scalar challenge_1(enum bel_purpose purpose, struct bytes context,
                                    const uint8_t (*points32)[EDWARDS_BYTES], size_t count)
{
    struct sha256 s;
    struct hash h;
    struct ed_scalar c;
    ASSERT(purpose < BEL_PURPOSE_COUNT && count > 0);
    sha256_init(&s);
    sha256_update(&s, WORDS_1[purpose], strlen(WORDS_1[purpose]));
    sha256_update(&s, context.data, context.len);
    for (size_t i = 0; i < count; i++) {
        char text[1 + BEL_POINT_CHARS + 1];
        text[0] = i == 0 ? '|' : ',';
        bel_point_text(text + 1, points32[i]);
        sha256_update(&s, text, 1 + BEL_POINT_CHARS);
    }
    sha256_final(&s, &h);
    ed_scalar_reduce(&c, h.b, sizeof h.b);
    return c;
}

/* The hashes of "derive_credential|" uuid "|0|" c and of the same with "|1|", one after the other
 * a big-endian number, modulo q. */
static struct ed_scalar credential_1(const char *uuid, const char *credential)
{
    uint8_t wide[64];
    struct ed_scalar x;
    struct sha256 s;
    struct hash h;
    for (int half = 0; half < 2; half++) {
        sha256_init(&s);
        sha256_update(&s, "derive_credential|", 18);
        sha256_update(&s, uuid, strlen(uuid));
        sha256_update(&s, half == 0 ? "|0|" : "|1|", 3);
        sha256_update(&s, credential, strlen(credential));
        sha256_final(&s, &h);
        memcpy(wide + 32 * half, h.b, 32);
    }
    ed_scalar_reduce(&x, wide, sizeof wide);
    ed_secret_wipe(wide, sizeof wide);
    ed_secret_wipe(&s, sizeof s);
    ed_secret_wipe(&h, sizeof h);
    return x;
}

static const struct bel_version VERSION_1 = {1, "Ed25519", challenge_1, credential_1};

const struct bel_version *bel_version(uint64_t number)
{
    return number == 1 ? &VERSION_1 : NULL;
}
