/* Prices, encodings and refusals of the precompiles on curves with pairings, on values that follow
 * from the generators. The official vectors are in test_precompile_vectors.c. */
#include "crypto/sha256.h"
#include "evm/test_price.h"

/* --- BN254 ------------------------------------------------------------------------------------ */

#define BN_G2                                                          \
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2" \
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed" \
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b" \
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
#define BN_MINUS_2 "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45"
#define BN_2G1                                                         \
    "030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3" \
    "15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4"

TEST(bn254_add)
{
    struct buf in = {0};
    put_word(&in, 1);
    put_word(&in, 2);
    put_word(&in, 1);
    put_word(&in, 2);
    CHECK_INT(price(FORK_BYZANTIUM, 6, buf_view(&in)), 500);
    CHECK_HEX(c.result.output.data, c.result.output.len, BN_2G1);
    CHECK_INT(price(FORK_ISTANBUL, 6, buf_view(&in)), 150);
    /* cut off: plus infinity, and more than there should be: ignored */
    price(FORK_OSAKA, 6, bytes_of(in.data, 64));
    CHECK(bytes_eq(c.result.output, bytes_of(in.data, 64)));
    put_word(&in, 99);
    price(FORK_OSAKA, 6, buf_view(&in));
    CHECK_HEX(c.result.output.data, c.result.output.len, BN_2G1);
    price(FORK_OSAKA, 6, (struct bytes){0});
    CHECK_INT(c.result.output.len, 64);
    /* cut off within y, so that the point is not on the curve */
    CHECK_INT(call(FORK_OSAKA, 6, bytes_of(in.data, 63), ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}

TEST(bn254_mul)
{
    struct buf in = {0};
    put_word(&in, 1);
    put_word(&in, 2);
    put_word(&in, 2);
    CHECK_INT(price(FORK_BYZANTIUM, 7, buf_view(&in)), 40000);
    CHECK_HEX(c.result.output.data, c.result.output.len, BN_2G1);
    CHECK_INT(price(FORK_ISTANBUL, 7, buf_view(&in)), 6000);
    price(FORK_OSAKA, 7, bytes_of(in.data, 64)); /* times 0 */
    CHECK(c.result.output.len == 64 && c.result.output.data[31] == 0);
    in.data[63] = 3;
    CHECK_INT(call(FORK_OSAKA, 7, buf_view(&in), ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}

TEST(bn254_pairing)
{
    static const char one[] = "0000000000000000000000000000000000000000000000000000000000000001";
    struct buf in = {0};
    CHECK_INT(price(FORK_BYZANTIUM, 8, (struct bytes){0}), 100000);
    CHECK_HEX(c.result.output.data, c.result.output.len, one);
    put_word(&in, 1);
    put_word(&in, 2);
    put_hex(&in, BN_G2);
    CHECK_INT(price(FORK_BYZANTIUM, 8, buf_view(&in)), 180000);
    CHECK_INT(price(FORK_ISTANBUL, 8, buf_view(&in)), 79000);
    CHECK(c.result.output.len == 32 && c.result.output.data[31] == 0);
    put_word(&in, 1);
    put_hex(&in, BN_MINUS_2 BN_G2);
    CHECK_INT(price(FORK_OSAKA, 8, buf_view(&in)), 113000);
    CHECK_HEX(c.result.output.data, c.result.output.len, one);
    CHECK_INT(call(FORK_OSAKA, 8, bytes_of(in.data, 383), ANY_GAS), FRAME_INVALID);
    CHECK_INT(call(FORK_OSAKA, 8, bytes_of(in.data, 1), ANY_GAS), FRAME_INVALID);
    in.data[383] ^= 1;
    CHECK_INT(call(FORK_OSAKA, 8, buf_view(&in), ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}

/* --- KZG point evaluation --------------------------------------------------------------------- */

#define BLS_G1_X                                                       \
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58" \
    "6c55e83ff97a1aeffb3af00adb22c6bb"
#define BLS_G1_Y                                                       \
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3ed" \
    "d03cc744a2888ae40caa232946c5e7e1"
#define ZEROS_16 "00000000000000000000000000000000"
#define BLS_G1 ZEROS_16 BLS_G1_X ZEROS_16 BLS_G1_Y
#define BLS_ORDER "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001"

/* The polynomial 1: its commitment is the generator, its value at z is 1, and the proof (the
 * quotient, which is 0) is the point at infinity. */
static void kzg_input(struct buf *in)
{
    struct hash h;
    buf_clear(in);
    put_word(in, 0);
    put_word(in, 5);
    put_word(in, 1);
    put_hex(in, BLS_G1_X);
    in->data[96] |= 0x80; /* compressed, the smaller y */
    memset(buf_grow(in, 48), 0, 48);
    in->data[144] = 0xc0;
    sha256_once(&h, in->data + 96, 48);
    h.b[0] = 1;
    memcpy(in->data, h.b, sizeof h.b);
}

TEST(kzg)
{
    struct buf in = {0};
    kzg_input(&in);
    CHECK_INT(price(FORK_CANCUN, 0x0a, buf_view(&in)), 50000);
    CHECK_HEX(c.result.output.data, c.result.output.len,
              "0000000000000000000000000000000000000000000000000000000000001000" BLS_ORDER);
    buf_put_u8(&in, 0);
    CHECK_INT(call(FORK_CANCUN, 0x0a, buf_view(&in), ANY_GAS), FRAME_INVALID);
    CHECK_INT(call(FORK_CANCUN, 0x0a, bytes_of(in.data, 191), ANY_GAS), FRAME_INVALID);
    CHECK_INT(call(FORK_CANCUN, 0x0a, (struct bytes){0}, ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}

TEST(kzg_refusals)
{
    static const struct {
        size_t at;
        uint8_t flip;
    } flips[] = {{0, 3},  {31, 1},    {32, 0x80}, {64, 0x80},
                 {95, 2}, {96, 0x80}, {100, 1},   {144, 0x40}};
    struct buf in = {0};
    for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
        kzg_input(&in);
        in.data[flips[i].at] ^= flips[i].flip;
        if (call(FORK_OSAKA, 0x0a, buf_view(&in), ANY_GAS) != FRAME_INVALID)
            test_fail(__FILE__, __LINE__, "byte %zu", flips[i].at);
    }
    for (size_t at = 32; at <= 64; at += 32) { /* z and y must be below the order */
        struct buf order = {0};
        kzg_input(&in);
        put_hex(&order, BLS_ORDER);
        memcpy(in.data + at, order.data, 32);
        CHECK_INT(call(FORK_OSAKA, 0x0a, buf_view(&in), ANY_GAS), FRAME_INVALID);
        buf_free(&order);
    }
    buf_free(&in);
}

/* --- BLS12-381 -------------------------------------------------------------------------------- */

static uint8_t zeros[129 * 288]; /* points at infinity, times 0 */

/* Every length but the right one is refused. */
static void check_length(unsigned low, size_t len, int64_t gas)
{
    CHECK_INT(price(FORK_PRAGUE, low, bytes_of(zeros, len)), gas);
    CHECK_INT(call(FORK_PRAGUE, low, bytes_of(zeros, len - 1), ANY_GAS), FRAME_INVALID);
    CHECK_INT(call(FORK_PRAGUE, low, bytes_of(zeros, len + 1), ANY_GAS), FRAME_INVALID);
    CHECK_INT(call(FORK_PRAGUE, low, (struct bytes){0}, ANY_GAS), FRAME_INVALID);
}

TEST(bls_prices)
{
    check_length(0x0b, 256, 375);
    check_length(0x0c, 160, 12000);
    check_length(0x0c, 2 * 160, 22776);    /* 2 * 12000 * 949 / 1000 */
    check_length(0x0c, 128 * 160, 797184); /* 128 * 12000 * 519 / 1000 */
    check_length(0x0c, 129 * 160, 803412); /* the last discount goes on */
    check_length(0x0d, 512, 600);
    check_length(0x0e, 288, 22500);
    check_length(0x0e, 2 * 288, 45000);
    check_length(0x0e, 128 * 288, 1509120); /* 128 * 22500 * 524 / 1000 */
    CHECK_INT(price(FORK_PRAGUE, 0x0e, bytes_of(zeros, 129 * 288)), 1520910);
    check_length(0x0f, 384, 70300);
    check_length(0x0f, 2 * 384, 102900);
    check_length(0x10, 64, 5500);
    check_length(0x11, 128, 23800);
}

#define BLS_2G1                                                                 \
    ZEROS_16 "0572cbea904d67468808c8eb50a9450c9721db309128012543902d0ac358a62a" \
             "e28f75bb8f1c7c42c39a8c5529bf0f4e" ZEROS_16                        \
             "166a9d8cabc673a322fda673779d8e3822ba3ecb8670e461f73bb9021d5fd76a" \
             "4c56d9d4cd16bd1bba86881979749d28"

TEST(bls_g1)
{
    struct buf in = {0};
    put_hex(&in, BLS_G1 BLS_G1);
    price(FORK_PRAGUE, 0x0b, buf_view(&in));
    CHECK_HEX(c.result.output.data, c.result.output.len, BLS_2G1);
    buf_clear(&in);
    put_hex(&in, BLS_G1);
    put_word(&in, 2);
    price(FORK_PRAGUE, 0x0c, buf_view(&in));
    CHECK_HEX(c.result.output.data, c.result.output.len, BLS_2G1);
    /* one more than the order times the generator is the generator */
    in.len = 128;
    put_hex(&in, BLS_ORDER);
    in.data[159]++;
    price(FORK_PRAGUE, 0x0c, buf_view(&in));
    CHECK_HEX(c.result.output.data, c.result.output.len, BLS_G1);
    /* not on the curve; padding that is not zero */
    in.data[127] ^= 1;
    CHECK_INT(call(FORK_PRAGUE, 0x0c, buf_view(&in), ANY_GAS), FRAME_INVALID);
    in.data[127] ^= 1;
    in.data[0] = 1;
    CHECK_INT(call(FORK_PRAGUE, 0x0c, buf_view(&in), ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}

/* (0, 2) is on G1's curve but not in the subgroup: it may be added, not multiplied. */
TEST(bls_subgroup)
{
    struct buf in = {0};
    memset(buf_grow(&in, 256), 0, 256);
    in.data[127] = 2;
    CHECK_INT(call(FORK_PRAGUE, 0x0b, buf_view(&in), ANY_GAS), FRAME_SUCCESS);
    CHECK(bytes_eq(c.result.output, bytes_of(in.data, 128)));
    in.data[159] = 3;
    CHECK_INT(call(FORK_PRAGUE, 0x0c, bytes_of(in.data, 160), ANY_GAS), FRAME_INVALID);
    in.data[159] = 0;
    memset(buf_grow(&in, 128), 0, 128);
    CHECK_INT(call(FORK_PRAGUE, 0x0f, buf_view(&in), ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}

#define BLS_G2                                                         \
    "00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051" \
    "c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8" \
    "0000000000000000000000000000000013e02b6052719f607dacd3a088274f65" \
    "596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e" \
    "000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351a" \
    "adfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801" \
    "000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99" \
    "cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"
#define BLS_MINUS_Y                                                    \
    "114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac4236" \
    "4e6f38ba0ecb751bad54dcd6b939c2ca"

TEST(bls_pairing)
{
    struct buf in = {0};
    put_hex(&in, BLS_G1 BLS_G2);
    price(FORK_PRAGUE, 0x0f, buf_view(&in));
    CHECK(c.result.output.len == 32 && c.result.output.data[31] == 0);
    put_hex(&in, ZEROS_16 BLS_G1_X ZEROS_16 BLS_MINUS_Y BLS_G2);
    price(FORK_PRAGUE, 0x0f, buf_view(&in));
    CHECK(c.result.output.len == 32 && c.result.output.data[31] == 1);
    in.data[in.len - 1] ^= 1;
    CHECK_INT(call(FORK_PRAGUE, 0x0f, buf_view(&in), ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}

/* A field element is below the modulus, which ends in aaab. */
TEST(bls_maps)
{
    struct buf in = {0};
    put_hex(&in, ZEROS_16 "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
                          "1eabfffeb153ffffb9feffffffffaaaa");
    price(FORK_PRAGUE, 0x10, buf_view(&in));
    CHECK_INT(c.result.output.len, 128);
    in.data[63]++;
    CHECK_INT(call(FORK_PRAGUE, 0x10, buf_view(&in), ANY_GAS), FRAME_INVALID);
    in.data[63]--;
    buf_put(&in, zeros, 64);
    price(FORK_PRAGUE, 0x11, buf_view(&in));
    CHECK_INT(c.result.output.len, 256);
    in.data[64] = 1;
    CHECK_INT(call(FORK_PRAGUE, 0x11, buf_view(&in), ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}
