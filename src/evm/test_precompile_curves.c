/* Prices, encodings and refusals of the precompiles on curves with pairings, on values that follow
 * from the generators. The official vectors are in test_precompile_vectors.c. */
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
