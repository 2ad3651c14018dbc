/* The precompiles that are one call of a primitive: 0x01 to 0x04, 0x09 and 0x100. */
#include "crypto/blake2f.h"
#include "crypto/ecdsa.h"
#include "crypto/p256.h"
#include "crypto/ripemd160.h"
#include "crypto/sha256.h"
#include "evm/precompile_internal.h"

/* Yellow Paper, appendix E */
#define GAS_ECRECOVER 3000
#define GAS_SHA256 60
#define GAS_SHA256_WORD 12
#define GAS_RIPEMD160 600
#define GAS_RIPEMD160_WORD 120
#define GAS_IDENTITY 15
#define GAS_IDENTITY_WORD 3
#define GAS_P256VERIFY 6900 /* EIP-7951 */

/* --- 0x01 ECREC: digest, v, r, s, 32 bytes each, to the signer's address ---------------------- */

uint64_t ecrecover_price(enum fork fork, struct bytes input)
{
    (void)fork;
    (void)input;
    return GAS_ECRECOVER;
}

/* A signature that recovers nothing is a success without output. */
bool ecrecover_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    static const uint8_t zeros[31];
    uint8_t in[128];
    struct hash digest;
    struct ecdsa_signature sig;
    struct address signer;
    (void)fork;
    input_copy(in, sizeof in, input, 0);
    if (memcmp(in + 32, zeros, sizeof zeros) != 0 || (in[63] != 27 && in[63] != 28))
        return true;
    memcpy(digest.b, in, 32);
    memcpy(sig.r, in + 64, 32);
    memcpy(sig.s, in + 96, 32);
    sig.y_parity = (uint8_t)(in[63] - 27);
    if (ecdsa_recover(&signer, &digest, &sig, true) != E_OK)
        return true;
    memcpy(output_alloc(a, 32, out) + 12, signer.b, sizeof signer.b);
    return true;
}

/* --- 0x02 SHA256, 0x03 RIPEMD160 -------------------------------------------------------------- */

uint64_t sha256_price(enum fork fork, struct bytes input)
{
    (void)fork;
    return GAS_SHA256 + GAS_SHA256_WORD * input_words(input);
}

bool sha256_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    struct hash *h = arena_alloc(a, sizeof *h);
    (void)fork;
    sha256_once(h, input.data, input.len);
    *out = bytes_of(h->b, sizeof h->b);
    return true;
}

uint64_t ripemd160_price(enum fork fork, struct bytes input)
{
    (void)fork;
    return GAS_RIPEMD160 + GAS_RIPEMD160_WORD * input_words(input);
}

bool ripemd160_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    (void)fork;
    ripemd160_once(output_alloc(a, 32, out) + 12, input.data, input.len);
    return true;
}

/* --- 0x04 ID ---------------------------------------------------------------------------------- */

uint64_t identity_price(enum fork fork, struct bytes input)
{
    (void)fork;
    return GAS_IDENTITY + GAS_IDENTITY_WORD * input_words(input);
}

/* A copy: the input is borrowed from the caller's memory, the output outlives it. */
bool identity_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    (void)fork;
    if (input.len > 0)
        *out = bytes_of(arena_dup(a, input.data, input.len), input.len);
    return true;
}

/* --- 0x09 BLAKE2F (EIP-152): rounds, h, m, t, final: 4 + 64 + 128 + 16 + 1 bytes ---------------
 */

#define BLAKE2F_BYTES 213
#define BLAKE2F_AT_H 4
#define BLAKE2F_AT_M 68
#define BLAKE2F_AT_T 196
#define BLAKE2F_AT_FINAL 212

/* A gas per round */
uint64_t blake2f_price(enum fork fork, struct bytes input)
{
    (void)fork;
    return input.len == BLAKE2F_BYTES ? be32_get(input.data) : 0;
}

static void words_le(uint64_t *out, size_t count, const uint8_t *in)
{
    for (size_t i = 0; i < count; i++)
        out[i] = __builtin_bswap64(be64_get(in + 8 * i));
}

bool blake2f_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    uint64_t h[8], m[16], t[2];
    (void)fork;
    if (input.len != BLAKE2F_BYTES || input.data[BLAKE2F_AT_FINAL] > 1)
        return false;
    words_le(h, 8, input.data + BLAKE2F_AT_H);
    words_le(m, 16, input.data + BLAKE2F_AT_M);
    words_le(t, 2, input.data + BLAKE2F_AT_T);
    blake2f(h, m, t, input.data[BLAKE2F_AT_FINAL] == 1, be32_get(input.data));
    uint8_t *p = arena_alloc(a, 64);
    for (size_t i = 0; i < 8; i++)
        be64_put(p + 8 * i, __builtin_bswap64(h[i]));
    *out = bytes_of(p, 64);
    return true;
}

/* --- 0x100 P256VERIFY (EIP-7951): digest, r, s, x, y, 32 bytes each --------------------------- */

#define P256VERIFY_BYTES 160

uint64_t p256verify_price(enum fork fork, struct bytes input)
{
    (void)fork;
    (void)input;
    return GAS_P256VERIFY;
}

/* 1 in a word, or nothing; bad input is no error. */
bool p256verify_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    const uint8_t *in = input.data;
    (void)fork;
    if (input.len == P256VERIFY_BYTES && p256_verify(in, in + 32, in + 64, in + 96, in + 128))
        output_alloc(a, 32, out)[31] = 1;
    return true;
}
