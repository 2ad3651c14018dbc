/* 0x0a, the point evaluation of EIP-4844, and 0x0b to 0x11, the operations of EIP-2537. */
#include "crypto/pairing/bls12_381.h"
#include "crypto/sha256.h"
#include "evm/precompile_internal.h"

/* --- 0x0a KZG_POINT_EVALUATION ---------------------------------------------------------------- */

#define KZG_BYTES 192 /* versioned hash, z, y, 32 each; commitment, proof, 48 each */
#define KZG_AT_Z 32
#define KZG_AT_Y 64
#define KZG_AT_COMMITMENT 96
#define KZG_AT_PROOF 144
#define KZG_VERSION 0x01 /* VERSIONED_HASH_VERSION_KZG */

uint64_t kzg_price(enum fork fork, struct bytes input)
{
    (void)fork;
    (void)input;
    return 50000;
}

bool kzg_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    /* FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS, a word each */
    static const uint8_t constants[64] = {
        [30] = 0x10, [32] = 0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39,
        0xd8,        0x08,        0x09, 0xa1, 0xd8, 0x05, 0x53, 0xbd, 0xa4, 0x02, 0xff,
        0xfe,        0x5b,        0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01};
    const uint8_t *in = input.data;
    struct hash versioned;
    (void)fork;
    if (input.len != KZG_BYTES)
        return false;
    sha256_once(&versioned, in + KZG_AT_COMMITMENT, 48);
    versioned.b[0] = KZG_VERSION;
    if (memcmp(versioned.b, in, sizeof versioned.b) != 0 ||
        !kzg_verify(in + KZG_AT_COMMITMENT, in + KZG_AT_Z, in + KZG_AT_Y, in + KZG_AT_PROOF))
        return false;
    memcpy(output_alloc(a, sizeof constants, out), constants, sizeof constants);
    return true;
}

/* --- 0x0b, 0x0d: additions -------------------------------------------------------------------- */

uint64_t bls_g1_add_price(enum fork fork, struct bytes input)
{
    (void)fork;
    (void)input;
    return 375;
}

bool bls_g1_add_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    (void)fork;
    return input.len == 2 * BLS_G1_BYTES &&
           bls_g1_add(output_alloc(a, BLS_G1_BYTES, out), input.data, input.data + BLS_G1_BYTES);
}

uint64_t bls_g2_add_price(enum fork fork, struct bytes input)
{
    (void)fork;
    (void)input;
    return 600;
}

bool bls_g2_add_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    (void)fork;
    return input.len == 2 * BLS_G2_BYTES &&
           bls_g2_add(output_alloc(a, BLS_G2_BYTES, out), input.data, input.data + BLS_G2_BYTES);
}

/* --- 0x0c, 0x0e: sums of products ------------------------------------------------------------- */

#define G1_PAIR_BYTES (BLS_G1_BYTES + BLS_SCALAR_BYTES)
#define G2_PAIR_BYTES (BLS_G2_BYTES + BLS_SCALAR_BYTES)
#define DISCOUNTS 128

/* EIP-2537: thousandths of a multiplication's price per pair, for 1, 2, ... pairs; beyond the table
 * as for its last. */
static const uint16_t g1_discount[DISCOUNTS] = {
    1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692, 687, 682, 677, 673, 669, 665,
    661,  658, 654, 651, 648, 645, 642, 640, 637, 635, 632, 630, 627, 625, 623, 621, 619, 617, 615,
    613,  611, 609, 608, 606, 604, 603, 601, 599, 598, 596, 595, 593, 592, 591, 589, 588, 586, 585,
    584,  582, 581, 580, 579, 577, 576, 575, 574, 573, 572, 570, 569, 568, 567, 566, 565, 564, 563,
    562,  561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 551, 550, 549, 548, 547, 547, 546, 545,
    544,  543, 542, 541, 540, 540, 539, 538, 537, 536, 536, 535, 534, 533, 532, 532, 531, 530, 529,
    528,  528, 527, 526, 525, 525, 524, 523, 522, 522, 521, 520, 520, 519};
static const uint16_t g2_discount[DISCOUNTS] = {
    1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740, 732, 724, 717, 711, 704, 699,
    693,  688,  683, 679, 674, 670, 666, 663, 659, 655, 652, 649, 646, 643, 640, 637, 634, 632, 629,
    627,  624,  622, 620, 618, 615, 613, 611, 609, 607, 606, 604, 602, 600, 598, 597, 595, 593, 592,
    590,  589,  587, 586, 584, 583, 582, 580, 579, 578, 576, 575, 574, 573, 571, 570, 569, 568, 567,
    566,  565,  563, 562, 561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 552, 551, 550, 549, 548,
    547,  546,  545, 545, 544, 543, 542, 541, 541, 540, 539, 538, 537, 537, 536, 535, 535, 534, 533,
    532,  532,  531, 530, 530, 529, 528, 528, 527, 526, 526, 525, 524, 524};

static uint64_t msm_price(const uint16_t discount[DISCOUNTS], uint64_t each, uint64_t pairs)
{
    if (pairs == 0)
        return 0;
    return pairs * each * discount[(pairs < DISCOUNTS ? pairs : DISCOUNTS) - 1] / 1000;
}

uint64_t bls_g1_msm_price(enum fork fork, struct bytes input)
{
    (void)fork;
    return msm_price(g1_discount, 12000, input.len / G1_PAIR_BYTES);
}

bool bls_g1_msm_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    (void)fork;
    return input.len > 0 && input.len % G1_PAIR_BYTES == 0 &&
           bls_g1_msm(output_alloc(a, BLS_G1_BYTES, out), input.data, input.len / G1_PAIR_BYTES);
}

uint64_t bls_g2_msm_price(enum fork fork, struct bytes input)
{
    (void)fork;
    return msm_price(g2_discount, 22500, input.len / G2_PAIR_BYTES);
}

bool bls_g2_msm_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    (void)fork;
    return input.len > 0 && input.len % G2_PAIR_BYTES == 0 &&
           bls_g2_msm(output_alloc(a, BLS_G2_BYTES, out), input.data, input.len / G2_PAIR_BYTES);
}

/* --- 0x0f: pairing ---------------------------------------------------------------------------- */

#define PAIR_BYTES (BLS_G1_BYTES + BLS_G2_BYTES)

uint64_t bls_pairing_price(enum fork fork, struct bytes input)
{
    (void)fork;
    return 37700 + 32600 * (uint64_t)(input.len / PAIR_BYTES);
}

bool bls_pairing_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    bool is_one;
    (void)fork;
    if (input.len == 0 || input.len % PAIR_BYTES != 0 ||
        !bls_pairing_check(&is_one, input.data, input.len / PAIR_BYTES))
        return false;
    output_alloc(a, 32, out)[31] = is_one;
    return true;
}

/* --- 0x10, 0x11: maps to the curves ----------------------------------------------------------- */

uint64_t bls_map_fp_price(enum fork fork, struct bytes input)
{
    (void)fork;
    (void)input;
    return 5500;
}

bool bls_map_fp_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    (void)fork;
    return input.len == BLS_FP_BYTES &&
           bls_map_fp_to_g1(output_alloc(a, BLS_G1_BYTES, out), input.data);
}

uint64_t bls_map_fp2_price(enum fork fork, struct bytes input)
{
    (void)fork;
    (void)input;
    return 23800;
}

bool bls_map_fp2_body(struct arena *a, enum fork fork, struct bytes input, struct bytes *out)
{
    (void)fork;
    return input.len == 2 * BLS_FP_BYTES &&
           bls_map_fp2_to_g2(output_alloc(a, BLS_G2_BYTES, out), input.data);
}
