/* fuzz_pairing: byte 0 chooses an identity, the rest is points and scalars. Raw bytes must have the
 * same answer from every variant; points made from bytes must obey the laws of their groups. */
#include "base/mem.h"
#include "crypto/pairing/bls12_381.h"
#include "crypto/pairing/bn254.h"
#include "crypto/pairing/variants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COUNT_MAX 24 /* points of a sum, which bounds the time of one input */

struct input {
    const uint8_t *data;
    size_t left;
};

/* The next len bytes, zeros after the end. */
static void take(struct input *in, uint8_t *out, size_t len)
{
    size_t n = len < in->left ? len : in->left;
    memset(out, 0, len);
    memcpy(out, in->data, n);
    in->data += n;
    in->left -= n;
}

static void add_256(uint8_t out[32], const uint8_t a[32], const uint8_t b[32])
{
    unsigned carry = 0;
    for (int i = 31; i >= 0; i--) {
        carry += (unsigned)a[i] + b[i];
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void same_answer(bool first, const uint8_t *a, bool second, const uint8_t *b, size_t len)
{
    ASSERT(first == second && (!first || memcmp(a, b, len) == 0));
}

#ifdef __x86_64__
static void bn_raw(struct input *in)
{
    uint8_t p[64], q[64], a[64], b[64], pair[192];
    bool one_a = false, one_b = false;
    if (!pairing_has_adx())
        return;
    take(in, p, 64);
    take(in, q, 64);
    same_answer(bn254_plain.add(a, p, q), a, bn254_adx.add(b, p, q), b, 64);
    same_answer(bn254_plain.mul(a, p, q), a, bn254_adx.mul(b, p, q), b, 64);
    memcpy(pair, p, 64);
    take(in, pair + 64, 128);
    ASSERT(bn254_plain.pairing_check(&one_a, pair, 1) == bn254_adx.pairing_check(&one_b, pair, 1));
    ASSERT(one_a == one_b);
}

static void bls_raw(struct input *in)
{
    uint8_t p[512], a[256], b[256];
    bool one_a = false, one_b = false;
    if (!pairing_has_adx())
        return;
    take(in, p, sizeof p);
    same_answer(bls_plain.g1_add(a, p, p + 128), a, bls_adx.g1_add(b, p, p + 128), b, 128);
    same_answer(bls_plain.g2_add(a, p, p + 256), a, bls_adx.g2_add(b, p, p + 256), b, 256);
    same_answer(bls_plain.g1_msm(a, p, 2), a, bls_adx.g1_msm(b, p, 2), b, 128);
    same_answer(bls_plain.g2_msm(a, p, 1), a, bls_adx.g2_msm(b, p, 1), b, 256);
    same_answer(bls_plain.map_fp_to_g1(a, p), a, bls_adx.map_fp_to_g1(b, p), b, 128);
    same_answer(bls_plain.map_fp2_to_g2(a, p), a, bls_adx.map_fp2_to_g2(b, p), b, 256);
    ASSERT(bls_plain.pairing_check(&one_a, p, 1) == bls_adx.pairing_check(&one_b, p, 1));
    ASSERT(one_a == one_b);
    ASSERT(bls_plain.kzg_verify(p, p + 48, p + 80, p + 112) ==
           bls_adx.kzg_verify(p, p + 48, p + 80, p + 112));
}
#else
static void bn_raw(struct input *in)
{
    (void)in;
}

static void bls_raw(struct input *in)
{
    (void)in;
}
#endif

/* (a + b) P = a P + b P, with P a multiple of the generator */
static void bn_multiples(struct input *in)
{
    uint8_t g[64] = {[31] = 1, [63] = 2}, p[64], s[64], t[64], k[32], a[32], b[32];
    take(in, k, 32);
    take(in, a, 32);
    take(in, b, 32);
    a[0] &= 0x7f;
    b[0] &= 0x7f;
    ASSERT(bn254_mul(p, g, k));
    ASSERT(bn254_mul(s, p, a) && bn254_mul(t, p, b) && bn254_add(s, s, t));
    add_256(k, a, b);
    ASSERT(bn254_mul(t, p, k) && memcmp(s, t, 64) == 0);
}

/* A field element from 47 bytes. */
static void take_fp(struct input *in, uint8_t fp[BLS_FP_BYTES])
{
    memset(fp, 0, BLS_FP_BYTES);
    take(in, fp + 17, 47);
}

static void take_point(struct input *in, uint8_t *point, bool in_g2)
{
    uint8_t element[2 * BLS_FP_BYTES];
    take_fp(in, element);
    take_fp(in, element + BLS_FP_BYTES);
    ASSERT(in_g2 ? bls_map_fp2_to_g2(point, element) : bls_map_fp_to_g1(point, element));
}

/* A sum is the sum of its parts; a nibble decides per part whether the point or the scalar of the
 * one before comes again. */
static void bls_sum(struct input *in, bool in_g2)
{
    size_t bytes = in_g2 ? BLS_G2_BYTES : BLS_G1_BYTES, pair = bytes + BLS_SCALAR_BYTES;
    bool (*msm)(uint8_t *, const uint8_t *, size_t) = in_g2 ? bls_g2_msm : bls_g1_msm;
    bool (*add)(uint8_t *, const uint8_t *, const uint8_t *) = in_g2 ? bls_g2_add : bls_g1_add;
    uint8_t pairs[COUNT_MAX * (BLS_G2_BYTES + 32)], sum[256] = {0}, part[256], choice;
    size_t count = 0;
    while (in->left > 0 && count < COUNT_MAX) {
        uint8_t *at = pairs + count * pair;
        take(in, &choice, 1);
        if (count > 0 && (choice & 1))
            memcpy(at, at - pair, bytes);
        else if (choice & 2)
            memset(at, 0, bytes);
        else
            take_point(in, at, in_g2);
        if (count > 0 && (choice & 4))
            memcpy(at + bytes, at - pair + bytes, 32);
        else
            take(in, at + bytes, 32);
        ASSERT(msm(part, at, 1) && add(sum, sum, part));
        count++;
    }
    ASSERT(count == 0 || (msm(part, pairs, count) && memcmp(part, sum, bytes) == 0));
}

/* e(aP, Q) = e(P, aQ), as e(aP, Q) e(-P, aQ) = 1, -P being (r - 1) P */
static void bls_pairing(struct input *in)
{
    static const char minus_one[] =
        "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000";
    uint8_t p[BLS_G1_BYTES + 32], q[BLS_G2_BYTES + 32], pairs[768];
    bool one = false;
    take_point(in, p, false);
    take_point(in, q, true);
    take(in, p + BLS_G1_BYTES, 32);
    memcpy(q + BLS_G2_BYTES, p + BLS_G1_BYTES, 32);
    ASSERT(bls_g1_msm(pairs, p, 1) && bls_g2_msm(pairs + 512, q, 1));
    memcpy(pairs + 128, q, 256);
    ASSERT(hex_decode(p + BLS_G1_BYTES, 32, minus_one, 64) == E_OK);
    ASSERT(bls_g1_msm(pairs + 384, p, 1));
    ASSERT(bls_pairing_check(&one, pairs, 2) && one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct input in = {data + 1, size - 1};
    switch (data[0] % 6) {
    case 0:
        bn_raw(&in);
        break;
    case 1:
        bls_raw(&in);
        break;
    case 2:
        bn_multiples(&in);
        break;
    case 3:
        bls_sum(&in, false);
        break;
    case 4:
        bls_sum(&in, true);
        break;
    case 5:
        bls_pairing(&in);
        break;
    }
    return 0;
}
