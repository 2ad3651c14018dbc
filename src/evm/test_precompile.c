/* The runner and its table, and each precompile's price and refusals, on published values and edges
 * of our own. The official vectors are in test_precompile_vectors.c. */
#include "test.h"

#include "base/mem.h"
#include "evm/test_price.h"

/* --- the table -------------------------------------------------------------------------------- */

TEST(table_by_fork)
{
    static const struct {
        enum fork fork;
        size_t count;
        const char *last;
    } rows[] = {
        {FORK_FRONTIER, 4, "ID"},
        {FORK_EIP158, 4, "ID"},
        {FORK_BYZANTIUM, 8, "BN254_PAIRING"},
        {FORK_ISTANBUL, 9, "BLAKE2F"},
        {FORK_SHANGHAI, 9, "BLAKE2F"},
        {FORK_CANCUN, 10, "KZG_POINT_EVALUATION"},
        {FORK_PRAGUE, 17, "BLS12_MAP_FP2_TO_G2"},
        {FORK_OSAKA, PRECOMPILE_MAX, "P256VERIFY"},
    };
    struct address list[PRECOMPILE_MAX];
    const char *names[PRECOMPILE_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count = precompile_list(rows[i].fork, list, names);
        CHECK_INT(count, rows[i].count);
        CHECK_STR(names[count - 1], rows[i].last);
        CHECK_STR(names[0], "ECREC");
        for (size_t k = 0; k < count; k++) {
            CHECK(precompile_is(rows[i].fork, &list[k]));
            CHECK(k == 0 || memcmp(list[k - 1].b, list[k].b, 20) < 0);
        }
    }
}

/* What is not in the list is no precompile and does not run. */
TEST(table_only_these)
{
    struct address list[PRECOMPILE_MAX];
    const char *names[PRECOMPILE_MAX];
    for (unsigned fork = 0; fork < FORK_COUNT; fork++) {
        size_t count = precompile_list((enum fork)fork, list, names), found = 0;
        for (unsigned low = 0; low < 0x300; low++) {
            struct address a = precompile_address(low);
            bool is = precompile_is((enum fork)fork, &a);
            found += is;
            CHECK(is == precompile_call(&c, (enum fork)fork, low, (struct bytes){0}, 0));
        }
        CHECK_INT(found, count);
    }
    for (size_t i = 0; i < 19; i++) { /* another byte set anywhere above */
        struct address a = precompile_address(1);
        a.b[i] = 1;
        CHECK(precompile_is(FORK_OSAKA, &a) == false);
    }
}

/* Code of a creation is never a precompile's; a delegate call to one is. */
TEST(runner_kinds)
{
    static const enum frame_kind answered[] = {FRAME_CALL, FRAME_DELEGATECALL, FRAME_CALLCODE};
    static const enum frame_kind refused[] = {FRAME_CREATE, FRAME_CREATE2};
    struct block_env env = {.fork = FORK_OSAKA};
    struct arena arena = {0};
    struct world w = {.block = &env, .arena = &arena};
    struct frame f = {.gas = 15, .code_address = precompile_address(4)};
    struct frame_result out;
    for (size_t i = 0; i < sizeof answered / sizeof answered[0]; i++) {
        f.kind = answered[i];
        CHECK(precompile_run(&w, &f, &out) && out.status == FRAME_SUCCESS && out.gas_left == 0);
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        f.kind = refused[i];
        CHECK(!precompile_run(&w, &f, &out));
    }
    arena_free(&arena);
}

/* --- signatures ------------------------------------------------------------------------------- */

/* The private key 1 signs: the address of the generator. */
static void ecrecover_input(struct buf *in)
{
    buf_clear(in);
    put_hex(in, "18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c"
                "000000000000000000000000000000000000000000000000000000000000001c"
                "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f"
                "eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549");
}

TEST(ecrecover)
{
    struct buf in = {0};
    ecrecover_input(&in);
    CHECK_INT(price(FORK_FRONTIER, 1, buf_view(&in)), 3000);
    CHECK_HEX(c.result.output.data, c.result.output.len,
              "000000000000000000000000a94f5374fce5edbc8e2a8697c15331677e6ebf0b");
    buf_put_u8(&in, 0x55); /* more than 128 bytes: the rest is not looked at */
    CHECK_INT(price(FORK_OSAKA, 1, buf_view(&in)), 3000);
    CHECK_INT(c.result.output.len, 32);
    buf_free(&in);
}

/* Nothing recovered is a success with no output, at the full price. */
TEST(ecrecover_nothing)
{
    struct buf in = {0};
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {{63, 26}, {63, 29}, {63, 0}, {32, 1}, {62, 1}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        ecrecover_input(&in);
        in.data[changes[i].at] = changes[i].value;
        CHECK_INT(price(FORK_OSAKA, 1, buf_view(&in)), 3000);
        CHECK_INT(c.result.output.len, 0);
    }
    for (size_t half = 64; half < 128; half += 32) { /* r and s: zero, above the order */
        for (int value = 0; value < 256; value += 255) {
            ecrecover_input(&in);
            memset(in.data + half, value, 32);
            CHECK_INT(price(FORK_OSAKA, 1, buf_view(&in)), 3000);
            CHECK_INT(c.result.output.len, 0);
        }
    }
    CHECK_INT(price(FORK_OSAKA, 1, (struct bytes){0}), 3000);
    CHECK_INT(c.result.output.len, 0);
    buf_free(&in);
}

TEST(p256verify)
{
    struct buf in = {0};
    /* RFC 6979, A.2.5, "sample" */
    put_hex(&in, "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"
                 "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                 "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
                 "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                 "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    CHECK_INT(price(FORK_OSAKA, 0x100, buf_view(&in)), 6900);
    CHECK_HEX(c.result.output.data, c.result.output.len,
              "0000000000000000000000000000000000000000000000000000000000000001");
    CHECK_INT(price(FORK_OSAKA, 0x100, bytes_of(in.data, 159)), 6900);
    CHECK_INT(c.result.output.len, 0);
    in.data[0] ^= 1;
    CHECK_INT(price(FORK_OSAKA, 0x100, buf_view(&in)), 6900);
    CHECK_INT(c.result.output.len, 0);
    in.data[0] ^= 1;
    buf_put_u8(&in, 0);
    CHECK_INT(price(FORK_OSAKA, 0x100, buf_view(&in)), 6900);
    CHECK_INT(c.result.output.len, 0);
    buf_free(&in);
}

/* --- hashes and copying ----------------------------------------------------------------------- */

TEST(hashes)
{
    CHECK_INT(price(FORK_FRONTIER, 2, bytes_str("abc")), 72);
    CHECK_HEX(c.result.output.data, c.result.output.len,
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_INT(price(FORK_FRONTIER, 2, (struct bytes){0}), 60);
    CHECK_HEX(c.result.output.data, c.result.output.len,
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_INT(price(FORK_FRONTIER, 3, bytes_str("abc")), 720);
    CHECK_HEX(c.result.output.data, c.result.output.len,
              "0000000000000000000000008eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    CHECK_INT(price(FORK_FRONTIER, 3, (struct bytes){0}), 600);
    CHECK_HEX(c.result.output.data, c.result.output.len,
              "0000000000000000000000009c1185a5c5e9fc54612808977ee8f548b2258d31");
}

TEST(prices_by_word)
{
    static const uint8_t zeros[65];
    static const struct {
        size_t len, words;
    } sizes[] = {{0, 0}, {1, 1}, {31, 1}, {32, 1}, {33, 2}, {64, 2}, {65, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct bytes in = bytes_of(zeros, sizes[i].len);
        intmax_t words = (intmax_t)sizes[i].words;
        CHECK_INT(price(FORK_OSAKA, 2, in), 60 + 12 * words);
        CHECK_INT(price(FORK_OSAKA, 3, in), 600 + 120 * words);
        CHECK_INT(price(FORK_OSAKA, 4, in), 15 + 3 * words);
        CHECK(bytes_eq(c.result.output, in));
    }
}

/* --- MODEXP ----------------------------------------------------------------------------------- */

static struct bytes modexp_input(struct buf *b, uint64_t base, uint64_t exponent, uint64_t modulus,
                                 const char *hex)
{
    buf_clear(b);
    put_word(b, base);
    put_word(b, exponent);
    put_word(b, modulus);
    put_hex(b, hex);
    return buf_view(b);
}

/* EIP-198's own example: 3^(p-1) mod p for the field of secp256k1 is 1, at 13056 gas. */
TEST(modexp_published)
{
    struct buf b = {0};
    struct bytes in =
        modexp_input(&b, 1, 32, 32,
                     "03fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e"
                     "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
    static const char one[] = "0000000000000000000000000000000000000000000000000000000000000001";
    CHECK_INT(price(FORK_BYZANTIUM, 5, in), 13056);
    CHECK_HEX(c.result.output.data, c.result.output.len, one);
    CHECK_INT(price(FORK_BERLIN, 5, in), 1360);
    CHECK_HEX(c.result.output.data, c.result.output.len, one);
    CHECK_INT(price(FORK_OSAKA, 5, in), 4080);
    CHECK_HEX(c.result.output.data, c.result.output.len, one);
    buf_free(&b);
}

TEST(modexp_missing_input)
{
    struct buf b = {0};
    CHECK_INT(price(FORK_BYZANTIUM, 5, (struct bytes){0}), 0);
    CHECK_INT(c.result.output.len, 0);
    CHECK_INT(price(FORK_BERLIN, 5, (struct bytes){0}), 200);
    CHECK_INT(price(FORK_OSAKA, 5, (struct bytes){0}), 500);
    CHECK_INT(c.result.output.len, 0);
    /* lengths cut off in the middle: the first word alone is a base length of 1 */
    price(FORK_OSAKA, 5, bytes_of(modexp_input(&b, 1, 2, 3, "").data, 32));
    CHECK_INT(c.result.output.len, 0);
    /* no modulus given: modulo 0 is 0 */
    price(FORK_OSAKA, 5, modexp_input(&b, 1, 1, 4, "0203"));
    CHECK_HEX(c.result.output.data, c.result.output.len, "00000000");
    /* a modulus cut off is filled up at its end: 0x64 becomes 0x6400; 2^3 = 8 */
    price(FORK_OSAKA, 5, modexp_input(&b, 1, 1, 2, "020364"));
    CHECK_HEX(c.result.output.data, c.result.output.len, "0008");
    /* an exponent cut off: 0x01 becomes 0x0100, modulus 0 */
    price(FORK_OSAKA, 5, modexp_input(&b, 1, 2, 1, "0201"));
    CHECK_HEX(c.result.output.data, c.result.output.len, "00");
    buf_free(&b);
}

/* The steps of the three price rules, each computed by hand from its EIP. */
TEST(modexp_prices)
{
    struct buf b = {0};
    static const struct {
        uint64_t base, exponent, modulus;
        const char *hex;
        int64_t byzantium, berlin, osaka;
    } rows[] = {
        /* 64^2 / 20; 8^2 / 3 -> 200; 2 * 8^2 -> 500 */
        {64, 1, 1, "", 204, 200, 500},
        /* 65^2/4 + 96*65 - 3072 = 4224 (/20); 81/3 -> 200; 162 -> 500 */
        {65, 1, 65, "", 211, 200, 500},
        /* 1024: 262144 + 98304 - 3072 = 357376 (/20); 128^2/3; 2*128^2 */
        {1, 0, 1024, "", 17868, 5461, 32768},
        /* exponent of 33 bytes, head empty: 8 or 16 iterations; 1*8/20, 8/3, 16*16 */
        {1, 33, 1, "", 0, 200, 500},
        /* head 0x80 in its first byte: bit 255, and 1 byte beyond: 263 and 271 iterations */
        {0, 33, 32, "80", 13465, 1402, 4336},
        /* 32 bytes of exponent, only the last bit: 0 -> 1 iteration; with 0x02: 1; 0x04: 2 */
        {0, 1, 32, "02", 51, 200, 500},
        {0, 1, 1000, "04", 34292, 10416, 62500},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes in =
            modexp_input(&b, rows[i].base, rows[i].exponent, rows[i].modulus, rows[i].hex);
        CHECK_INT(price(FORK_BYZANTIUM, 5, in), rows[i].byzantium);
        CHECK_INT(price(FORK_BERLIN, 5, in), rows[i].berlin);
        CHECK_INT(price(FORK_OSAKA, 5, in), rows[i].osaka);
    }
    buf_free(&b);
}

/* Lengths that nobody can pay are refused by price, before anything is allocated for them. */
TEST(modexp_huge_lengths)
{
    struct buf b = {0};
    static const enum fork forks[] = {FORK_BYZANTIUM, FORK_BERLIN, FORK_OSAKA};
    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++) {
        for (size_t field = 0; field < 96; field += 32) {
            modexp_input(&b, 1, 1, 1, "020305");
            memset(b.data + field, 0xff, 32);
            CHECK_INT(call(forks[i], 5, buf_view(&b), INT64_MAX), FRAME_OUT_OF_GAS);
            modexp_input(&b, 1, 1, 1, "020305");
            memset(b.data + field + 24, 0xff, 8); /* 2^64 - 1 */
            CHECK_INT(call(forks[i], 5, buf_view(&b), INT64_MAX), FRAME_OUT_OF_GAS);
            modexp_input(&b, 1, 1, 1, "020305");
            b.data[field + 23] = 1; /* 2^64 + 1 */
            CHECK_INT(call(forks[i], 5, buf_view(&b), INT64_MAX), FRAME_OUT_OF_GAS);
        }
    }
    /* nothing to raise and nothing to reduce by: the exponent's length is free before Osaka */
    modexp_input(&b, 0, 0, 0, "");
    memset(b.data + 32, 0xff, 32);
    CHECK_INT(price(FORK_BYZANTIUM, 5, buf_view(&b)), 0);
    CHECK_INT(price(FORK_BERLIN, 5, buf_view(&b)), 200);
    CHECK_INT(call(FORK_OSAKA, 5, buf_view(&b), INT64_MAX), FRAME_OUT_OF_GAS);
    buf_free(&b);
}

/* EIP-7823 */
TEST(modexp_osaka_cap)
{
    struct buf b = {0};
    for (size_t field = 0; field < 96; field += 32) {
        modexp_input(&b, 0, 0, 0, "");
        be64_put(b.data + field + 24, 1024);
        CHECK_INT(call(FORK_OSAKA, 5, buf_view(&b), ANY_GAS), FRAME_SUCCESS);
        be64_put(b.data + field + 24, 1025);
        CHECK_INT(call(FORK_OSAKA, 5, buf_view(&b), ANY_GAS), FRAME_INVALID);
        CHECK_INT(call(FORK_PRAGUE, 5, buf_view(&b), ANY_GAS), FRAME_SUCCESS);
    }
    buf_free(&b);
}

/* --- BLAKE2F ---------------------------------------------------------------------------------- */

/* EIP-152, test vector 5: the hash of "abc" */
static void blake2f_input(struct buf *in)
{
    buf_clear(in);
    put_hex(in, "0000000c48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f"
                "3af54fa5d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e13"
                "19cde05b616263");
    memset(buf_grow(in, 213 - in->len), 0, 213 - in->len);
    memset(in->data + 71, 0, 213 - 71);
    in->data[196] = 3;
    in->data[212] = 1;
}

TEST(blake2f)
{
    struct buf in = {0};
    blake2f_input(&in);
    CHECK_INT(price(FORK_ISTANBUL, 9, buf_view(&in)), 12);
    CHECK_HEX(c.result.output.data, c.result.output.len,
              "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
              "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    in.data[3] = 0;
    CHECK_INT(price(FORK_ISTANBUL, 9, buf_view(&in)), 0);
    CHECK_INT(c.result.output.len, 64);
    memset(in.data, 0xff, 4); /* all the rounds there are: paid before the first */
    CHECK_INT(call(FORK_ISTANBUL, 9, buf_view(&in), UINT32_MAX - 1), FRAME_OUT_OF_GAS);
    buf_free(&in);
}

TEST(blake2f_refusals)
{
    struct buf in = {0};
    blake2f_input(&in);
    in.data[212] = 2;
    CHECK_INT(call(FORK_OSAKA, 9, buf_view(&in), ANY_GAS), FRAME_INVALID);
    in.data[212] = 0;
    CHECK_INT(call(FORK_OSAKA, 9, buf_view(&in), ANY_GAS), FRAME_SUCCESS);
    CHECK_INT(call(FORK_OSAKA, 9, bytes_of(in.data, 212), ANY_GAS), FRAME_INVALID);
    CHECK_INT(call(FORK_OSAKA, 9, (struct bytes){0}, 0), FRAME_INVALID);
    buf_put_u8(&in, 0);
    CHECK_INT(call(FORK_OSAKA, 9, buf_view(&in), ANY_GAS), FRAME_INVALID);
    buf_free(&in);
}
