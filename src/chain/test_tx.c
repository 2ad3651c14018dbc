/* Transactions against encodings, hashes and signatures made by ethers 6 (RFC 6979 makes them
 * reproducible), and the rules of each fork at their edges. */
#include "test.h"

#include "base/limits.h"
#include "chain/tx.h"

static const char *const VECTORS[] = {
    /* legacy with EIP-155, legacy creation without chain id, EIP-2930, EIP-1559 */
    "f86e098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080829e6b"
    "a07b5b393f4d18bb7553a77d0afede49b89b0d177571c9eef8a6f1f9b0af6cdd96a04c28050f39c9b23808783fc0"
    "301557aca682b8b32bb3b009e7eff3dd7d05d981",
    "f8518080830186a080808560006000551ba007bfd7e4ec88d88f3e0b70e68bfe746e61b9002dfe6e338ace6333b5"
    "cbc5978da0675cb3295f399630184d41d4b69e8c8243d830498fef868a4a32a8669ca84ba4",
    "01f8db824f2482012c0782fde8941111111111111111111111111111111111111111018300ff00f872f859942222"
    "222222222222222222222222222222222222f842a001010101010101010101010101010101010101010101010101"
    "01010101010101a00000000000000000000000000000000000000000000000000000000000000000d69433333333"
    "33333333333333333333333333333333c080a073566afd9f64ddf1336bfac4672a157af3b66653f0ca67d4959fbe"
    "6b233fc8daa05c78188f8d4847eedd27fd541bd2595e6f452011d99204ae33edd804d64716f3",
    "02f8ca824f24850100000000018940000000000000000083015f9094444444444444444444444444444444444444"
    "44449a0100000000000000000000000000000000000000000000000000b83cababababababababababababababab"
    "abababababababababababababababababababababababababababababababababababababababababababababc0"
    "80a03fe75c7f176b63c312f1308b196f85c058f59c41bce3d962a83df6e1da99cd69a03ca8594eab0b967757b8d8"
    "8640b94a724290f83210205c0965477a605099412e",
};
static const char *const HASHES[] = {
    "cfd5bf7851aa2047d50430df8256c97c558338e12c78c2804e872773b6e685fc",
    "c721a6c1a9a90f061ffd7ec2d3f9ce60f520774e8229eb57e0abd52a36a4e576",
    "5af3b7d19120b178bbf7c3aec14d5af1de23aaa421ea260a3861f12176052b1d",
    "9dafdbb3c4e29884f3545f197b73f866fd9c85036b4b41979283db08dc499c81",
};
#define VECTOR_COUNT (sizeof VECTORS / sizeof VECTORS[0])
#define SENDER "9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"

static const uint8_t KEY[32] = {0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46,
                                0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46,
                                0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46, 0x46};

static struct bytes unhex(struct buf *out, const char *hex)
{
    buf_clear(out);
    if (hex_decode_buf(out, hex, strlen(hex)) != E_OK)
        test_fail(__FILE__, __LINE__, "not hexadecimal: %s", hex);
    return buf_view(out);
}

TEST(vectors_decode_and_recover)
{
    struct arena a = {0};
    struct buf raw = {0};
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct tx t;
        REQUIRE(tx_decode(&t, &a, unhex(&raw, VECTORS[i])) == E_OK);
        CHECK_HEX(t.hash.b, 32, HASHES[i]);
        CHECK(!t.has_sender);
        CHECK_ERR(tx_recover(&t), E_OK);
        CHECK(t.has_sender);
        CHECK_HEX(t.sender.b, 20, SENDER);
        CHECK_ERR(tx_check(&t, FORK_OSAKA, 20260, 0), E_OK);
    }
    buf_free(&raw);
    arena_free(&a);
}

TEST(vectors_fields)
{
    struct arena a = {0};
    struct buf raw = {0};
    struct tx t;
    REQUIRE(tx_decode(&t, &a, unhex(&raw, VECTORS[0])) == E_OK);
    CHECK(t.type == TX_LEGACY && t.has_chain_id && t.chain_id == 20260 && t.nonce == 9);
    CHECK(u256_eq(t.max_fee, u256_from_u64(20000000000)) && t.gas_limit == 21000);
    CHECK(u256_eq(t.max_fee, t.max_priority_fee) && !t.is_create && t.data.len == 0);
    CHECK(u256_eq(t.value, u256_from_u64(1000000000000000000)));
    REQUIRE(tx_decode(&t, &a, unhex(&raw, VECTORS[1])) == E_OK);
    CHECK(t.type == TX_LEGACY && !t.has_chain_id && t.is_create && t.data.len == 5);
    REQUIRE(tx_decode(&t, &a, unhex(&raw, VECTORS[2])) == E_OK);
    CHECK(t.type == TX_ACCESS_LIST && t.nonce == 300 && t.access_count == 2);
    CHECK(t.access[0].slot_count == 2 && t.access[1].slot_count == 0);
    CHECK(t.access[0].address.b[0] == 0x22 && t.access[1].address.b[19] == 0x33);
    CHECK(t.access[0].slots[0].b[31] == 1 && hash_is_zero(&t.access[0].slots[1]));
    REQUIRE(tx_decode(&t, &a, unhex(&raw, VECTORS[3])) == E_OK);
    CHECK(t.type == TX_DYNAMIC_FEE && t.nonce == 1ULL << 32 && t.access_count == 0);
    CHECK(u256_eq(t.max_priority_fee, u256_from_u64(1)) && u256_bit_len(t.max_fee) == 71);
    CHECK(u256_bit_len(t.value) == 201 && t.data.len == 60 && t.data.data[59] == 0xab);
    buf_free(&raw);
    arena_free(&a);
}

TEST(signing_gives_the_same_bytes)
{
    struct arena a = {0};
    struct buf raw = {0};
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct tx t;
        struct bytes expected = unhex(&raw, VECTORS[i]);
        REQUIRE(tx_decode(&t, &a, expected) == E_OK);
        struct tx again = t;
        memset(&again.signature, 0, sizeof again.signature);
        memset(&again.hash, 0, sizeof again.hash);
        again.raw = (struct bytes){0};
        CHECK_ERR(tx_sign(&again, &a, KEY), E_OK);
        CHECK(bytes_eq(again.raw, expected));
        CHECK(hash_eq(&again.hash, &t.hash));
        CHECK(again.has_sender);
        CHECK_HEX(again.sender.b, 20, SENDER);
    }
    buf_free(&raw);
    arena_free(&a);
}

TEST(signing_refusals)
{
    struct arena a = {0};
    static const uint8_t zero_key[32];
    struct tx t = {.has_chain_id = true, .chain_id = TX_CHAIN_ID_MAX, .gas_limit = 21000};
    CHECK_ERR(tx_sign(&t, &a, zero_key), E_KEY);
    CHECK_ERR(tx_sign(&t, &a, KEY), E_OK);
    struct tx back;
    REQUIRE(tx_decode(&back, &a, t.raw) == E_OK);
    CHECK(back.chain_id == TX_CHAIN_ID_MAX);
    t.chain_id++;
    CHECK_ERR(tx_sign(&t, &a, KEY), E_RANGE);
    arena_free(&a);
}

/* Every way of cutting, lengthening or typing an encoding is refused, with the right code. */
TEST(decoding_refusals)
{
    struct arena a = {0};
    struct buf raw = {0}, changed = {0};
    struct tx t;
    CHECK_ERR(tx_decode(&t, &a, (struct bytes){0}), E_RLP);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct bytes whole = unhex(&raw, VECTORS[i]);
        for (size_t len = 0; len < whole.len; len++)
            CHECK(tx_decode(&t, &a, bytes_of(whole.data, len)) != E_OK);
        buf_clear(&changed);
        buf_put(&changed, whole.data, whole.len);
        buf_put_u8(&changed, 0);
        CHECK_ERR(tx_decode(&t, &a, buf_view(&changed)), E_RLP);
    }
    struct bytes dynamic = unhex(&raw, VECTORS[3]);
    for (unsigned type = 0; type < 0x80; type++) {
        buf_clear(&changed);
        buf_put(&changed, dynamic.data, dynamic.len);
        changed.data[0] = (uint8_t)type;
        enum err e = tx_decode(&t, &a, buf_view(&changed));
        if (type == TX_DYNAMIC_FEE)
            CHECK_ERR(e, E_OK);
        else if (type == TX_ACCESS_LIST) /* one field fewer: a fee stands in the gas limit */
            CHECK_ERR(e, E_RANGE);
        else if (type == TX_BLOB || type == TX_SET_CODE) /* they have more lists */
            CHECK_ERR(e, E_RLP);
        else
            CHECK_ERR(e, E_TX_TYPE);
    }
    for (unsigned first = 0x80; first < 0xc0; first++) { /* an RLP string is no transaction */
        buf_clear(&changed);
        buf_put(&changed, dynamic.data, dynamic.len);
        changed.data[0] = (uint8_t)first;
        CHECK_ERR(tx_decode(&t, &a, buf_view(&changed)), E_RLP);
    }
    buf_clear(&changed);
    memset(buf_grow(&changed, LIMIT_TX_BYTES + 1), 0xc0, LIMIT_TX_BYTES + 1);
    CHECK_ERR(tx_decode(&t, &a, buf_view(&changed)), E_TX_TOO_LARGE);
    buf_free(&raw);
    buf_free(&changed);
    arena_free(&a);
}

/* A legacy transaction with the given v, r and s. */
static enum err decode_signed(struct tx *t, struct arena *a, uint64_t v, struct u256 r,
                              struct u256 s)
{
    struct buf b = {0};
    size_t list = rlp_list_open(&b);
    rlp_put_u64(&b, 0);
    rlp_put_u64(&b, 0);
    rlp_put_u64(&b, 21000);
    rlp_put_string(&b, KEY, 20);
    rlp_put_u64(&b, 0);
    rlp_put_string(&b, NULL, 0);
    rlp_put_u64(&b, v);
    rlp_put_u256(&b, r);
    rlp_put_u256(&b, s);
    rlp_list_close(&b, list);
    enum err e = tx_decode(t, a, bytes_of(arena_dup(a, b.data, b.len), b.len));
    buf_free(&b);
    return e;
}

TEST(wide_numbers)
{
    static const uint8_t wide[33] = {1};
    struct arena a = {0};
    for (size_t field = 0; field < 9; field++) {
        struct buf b = {0};
        struct tx t;
        size_t list = rlp_list_open(&b);
        for (size_t i = 0; i < 9; i++)
            rlp_put_string(&b, wide, i == field ? sizeof wide : i == 3 ? 20 : 1);
        rlp_list_close(&b, list);
        enum err e = tx_decode(&t, &a, buf_view(&b));
        if (field == 3)
            CHECK_ERR(e, E_RLP); /* an address has 20 bytes or none */
        else if (field == 5)
            CHECK_ERR(e, E_SIGNATURE); /* data may be long; v = 1 is nothing */
        else
            CHECK_ERR(e, field < 5 || field == 6 ? E_RANGE : E_SIGNATURE); /* v comes before r, s */
        buf_free(&b);
    }
    arena_free(&a);
}

TEST(signature_bounds)
{
    static const struct u256 one = {{1, 0, 0, 0}};
    static const struct u256 order = {
        {0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, 0xffffffffffffffff}};
    static const struct u256 half = {
        {0xdfe92f46681b20a0, 0x5d576e7357a4501d, 0xffffffffffffffff, 0x7fffffffffffffff}};
    struct arena a = {0};
    struct tx t;
    struct u256 last, above_half;
    u256_sub(&last, order, one);
    u256_add(&above_half, half, one);
    for (uint64_t v = 0; v < 64; v++) {
        bool known = v == 27 || v == 28 || v >= 35;
        CHECK_ERR(decode_signed(&t, &a, v, one, one), known ? E_OK : E_SIGNATURE);
    }
    CHECK_ERR(decode_signed(&t, &a, 27, U256_ZERO, one), E_SIGNATURE);
    CHECK_ERR(decode_signed(&t, &a, 27, one, U256_ZERO), E_SIGNATURE);
    CHECK_ERR(decode_signed(&t, &a, 27, order, one), E_SIGNATURE);
    CHECK_ERR(decode_signed(&t, &a, 27, one, order), E_SIGNATURE);
    CHECK_ERR(decode_signed(&t, &a, 27, last, half), E_OK);
    CHECK_ERR(tx_check(&t, FORK_HOMESTEAD, 0, 0), E_OK);
    CHECK_ERR(decode_signed(&t, &a, 27, one, above_half), E_OK);
    CHECK_ERR(tx_check(&t, FORK_FRONTIER, 0, 0), E_OK);
    CHECK_ERR(tx_check(&t, FORK_HOMESTEAD, 0, 0), E_SIGNATURE);
    CHECK_ERR(decode_signed(&t, &a, 27, one, last), E_OK);
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 0, 0), E_SIGNATURE);
    /* x = 5 lies on no point of the curve (5^3 + 7 is no square) */
    CHECK_ERR(decode_signed(&t, &a, 27, u256_from_u64(5), one), E_OK);
    CHECK_ERR(tx_recover(&t), E_SIGNATURE);
    CHECK(!t.has_sender);
    arena_free(&a);
}

static struct tx plain(enum tx_type type)
{
    return (struct tx){.type = type,
                       .has_chain_id = true,
                       .chain_id = 7,
                       .gas_limit = 100000,
                       .signature = {.r = {1}, .s = {1}}};
}

TEST(check_type_and_chain)
{
    struct tx t = plain(TX_LEGACY);
    CHECK_ERR(tx_check(&t, FORK_EIP150, 0, 0), E_SIGNATURE); /* EIP-155 is later */
    CHECK_ERR(tx_check(&t, FORK_EIP158, 0, 0), E_OK);
    CHECK_ERR(tx_check(&t, FORK_EIP158, 7, 0), E_OK);
    CHECK_ERR(tx_check(&t, FORK_EIP158, 8, 0), E_TX_CHAIN_ID);
    t.has_chain_id = false;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 8, 0), E_OK);
    t = plain(TX_ACCESS_LIST);
    CHECK_ERR(tx_check(&t, FORK_ISTANBUL, 7, 0), E_TX_TYPE);
    CHECK_ERR(tx_check(&t, FORK_BERLIN, 7, 0), E_OK);
    CHECK_ERR(tx_check(&t, FORK_BERLIN, 1, 0), E_TX_CHAIN_ID);
    t = plain(TX_DYNAMIC_FEE);
    CHECK_ERR(tx_check(&t, FORK_BERLIN, 7, 0), E_TX_TYPE);
    CHECK_ERR(tx_check(&t, FORK_LONDON, 7, 0), E_OK);
}

/* EIP-4844: what a blob transaction must carry, and that a chain without blobs takes none. */
TEST(check_blobs)
{
    struct hash hashes[10] = {0};
    struct tx t = plain(TX_BLOB);
    for (int i = 0; i < 10; i++)
        hashes[i].b[0] = 1;
    t.blob_hashes = hashes;
    t.blob_hash_count = 6;
    CHECK_ERR(tx_check(&t, FORK_SHANGHAI, 7, 6), E_TX_TYPE);
    CHECK_ERR(tx_check(&t, FORK_CANCUN, 7, 6), E_OK);
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_TYPE);
    CHECK_INT(tx_blob_gas(&t), 6 * 131072);
    t.blob_hash_count = 7;
    CHECK_ERR(tx_check(&t, FORK_CANCUN, 7, 6), E_TX_BLOBS);
    CHECK_ERR(tx_check(&t, FORK_PRAGUE, 7, 9), E_OK);
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 9), E_TX_BLOBS); /* EIP-7594: six in one transaction */
    t.blob_hash_count = 0;
    CHECK_ERR(tx_check(&t, FORK_CANCUN, 7, 6), E_TX_BLOBS);
    t.blob_hash_count = 2;
    hashes[1].b[0] = 2;
    CHECK_ERR(tx_check(&t, FORK_CANCUN, 7, 6), E_TX_BLOBS);
    hashes[1].b[0] = 1;
    t.is_create = true;
    CHECK_ERR(tx_check(&t, FORK_CANCUN, 7, 6), E_TX_CREATE);
}

TEST(check_authorizations)
{
    struct tx_auth auths[2] = {0};
    struct tx t = plain(TX_SET_CODE);
    t.auths = auths;
    t.auth_count = 2;
    CHECK_ERR(tx_check(&t, FORK_CANCUN, 7, 0), E_TX_TYPE);
    CHECK_ERR(tx_check(&t, FORK_PRAGUE, 7, 0), E_OK);
    t.gas_limit = 21000 + 2 * 25000;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_OK);
    t.gas_limit--;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_INTRINSIC_GAS);
    t.auth_count = 0;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_AUTHS);
    t.auth_count = 2;
    t.is_create = true;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_CREATE);
}

/* Types 3 and 4 come back from their encoding as they went in, with the signers of their tuples. */
TEST(lists_of_types_3_and_4)
{
    static const uint8_t key[32] = {[31] = 1}, other[32] = {[31] = 2};
    struct arena a = {0};
    struct hash hashes[2] = {{{1, 2}}, {{1, 3}}};
    struct tx_auth auths[3] = {{.chain_id = u256_from_u64(7), .address = {{9}}, .nonce = 5},
                               {.address = {{8}}, .nonce = UINT64_MAX - 1},
                               {.chain_id = U256_MAX, .nonce = 1}};
    CHECK_ERR(tx_auth_sign(&auths[0], key), E_OK);
    CHECK_ERR(tx_auth_sign(&auths[1], other), E_OK);
    CHECK_ERR(tx_auth_sign(&auths[2], key), E_OK);
    auths[2].y_parity = u256_from_u64(2); /* fits the encoding, names nobody */
    struct tx t = plain(TX_SET_CODE), back;
    t.auths = auths;
    t.auth_count = 3;
    REQUIRE(tx_sign(&t, &a, key) == E_OK);
    CHECK_ERR(tx_decode(&back, &a, t.raw), E_OK);
    CHECK(hash_eq(&back.hash, &t.hash) && back.auth_count == 3 && !back.auths[0].is_recovered);
    CHECK_ERR(tx_recover(&back), E_OK);
    CHECK(address_eq(&back.sender, &t.sender));
    for (int i = 0; i < 2; i++) {
        CHECK(u256_eq(back.auths[i].chain_id, auths[i].chain_id));
        CHECK(address_eq(&back.auths[i].address, &auths[i].address));
        CHECK(back.auths[i].nonce == auths[i].nonce && back.auths[i].has_authority);
        CHECK(address_eq(&back.auths[i].authority, &auths[i].authority));
    }
    CHECK(address_eq(&back.auths[0].authority, &t.sender));
    CHECK(back.auths[2].is_recovered && !back.auths[2].has_authority);
    auths[2].y_parity = u256_from_u64(256); /* wider than the encoding allows */
    REQUIRE(tx_sign(&t, &a, key) == E_OK);
    CHECK_ERR(tx_decode(&back, &a, t.raw), E_RANGE);

    t = plain(TX_BLOB);
    t.blob_hashes = hashes;
    t.blob_hash_count = 2;
    t.max_fee_per_blob_gas = u256_from_u64(77);
    REQUIRE(tx_sign(&t, &a, key) == E_OK);
    CHECK_ERR(tx_decode(&back, &a, t.raw), E_OK);
    CHECK(back.blob_hash_count == 2 && hash_eq(&back.blob_hashes[1], &hashes[1]));
    CHECK(u256_eq(back.max_fee_per_blob_gas, t.max_fee_per_blob_gas));
    CHECK_ERR(tx_recover(&back), E_OK);
    CHECK(address_eq(&back.sender, &t.sender));
    arena_free(&a);
}

/* A signature of an authorization must have a low s (EIP-7702); its own tuple is skipped. */
TEST(authorization_signature_bounds)
{
    static const uint8_t key[32] = {[31] = 1};
    static const struct u256 order = {
        {0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, 0xffffffffffffffff}};
    struct tx_auth good = {.nonce = 1}, bad;
    CHECK_ERR(tx_auth_sign(&good, key), E_OK);
    good.has_authority = false;
    tx_recover_auth(&good);
    CHECK(good.has_authority);
    bad = good;
    u256_sub(&bad.s, order, good.s);
    bad.y_parity = u256_from_u64(1 - good.y_parity.w[0]);
    tx_recover_auth(&bad);
    CHECK(!bad.has_authority);
    bad = good;
    bad.r = U256_ZERO;
    tx_recover_auth(&bad);
    CHECK(!bad.has_authority);
    bad = good;
    bad.s = order;
    tx_recover_auth(&bad);
    CHECK(!bad.has_authority);
}

TEST(check_bounds)
{
    struct tx t = plain(TX_DYNAMIC_FEE);
    t.nonce = UINT64_MAX - 1;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_OK);
    t.nonce++;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_NONCE_MAX);
    t = plain(TX_DYNAMIC_FEE);
    t.max_priority_fee = u256_from_u64(1);
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_FEE);
    t.max_fee = u256_from_u64(1);
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_OK);
    t.max_fee = U256_MAX;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_FUNDS);
    t = plain(TX_DYNAMIC_FEE);
    t.gas_limit = 20999;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_INTRINSIC_GAS);
    t.gas_limit = LIMIT_TX_GAS;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_OK);
    t.gas_limit = LIMIT_TX_GAS + 1;
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_GAS_LIMIT);
    CHECK_ERR(tx_check(&t, FORK_PRAGUE, 7, 0), E_OK);
}

TEST(check_initcode)
{
    static const uint8_t code[LIMIT_INITCODE_BYTES + 1];
    struct tx t = plain(TX_DYNAMIC_FEE);
    t.is_create = true;
    t.gas_limit = 10000000;
    t.data = bytes_of(code, LIMIT_INITCODE_BYTES);
    CHECK_ERR(tx_check(&t, FORK_SHANGHAI, 7, 0), E_OK);
    t.data.len++;
    CHECK_ERR(tx_check(&t, FORK_SHANGHAI, 7, 0), E_TX_INITCODE);
    CHECK_ERR(tx_check(&t, FORK_PARIS, 7, 0), E_OK);
    t.is_create = false;
    CHECK_ERR(tx_check(&t, FORK_SHANGHAI, 7, 0), E_OK);
}

static void check_gas(const struct tx *t, enum fork fork, uint64_t gas, uint64_t floor)
{
    uint64_t g = 0, f = 0;
    CHECK_ERR(tx_intrinsic_gas(t, fork, &g, &f), E_OK);
    CHECK_INT(g, gas);
    CHECK_INT(f, floor);
}

TEST(intrinsic_gas_of_each_fork)
{
    static const uint8_t data[33] = {1, 2, 3}; /* 3 bytes that are not zero, 30 that are */
    static const struct hash slots[3];
    static const struct tx_access access[2] = {{.slots = slots, .slot_count = 3}, {.slots = NULL}};
    struct tx t = plain(TX_LEGACY);
    check_gas(&t, FORK_FRONTIER, 21000, 0);
    check_gas(&t, FORK_OSAKA, 21000, 21000);
    t.data = bytes_of(data, sizeof data);
    check_gas(&t, FORK_FRONTIER, 21000 + 30 * 4 + 3 * 68, 0);
    check_gas(&t, FORK_CONSTANTINOPLE, 21000 + 30 * 4 + 3 * 68, 0);
    check_gas(&t, FORK_ISTANBUL, 21000 + 30 * 4 + 3 * 16, 0);
    check_gas(&t, FORK_PRAGUE, 21000 + 30 * 4 + 3 * 16, 21000 + 10 * (30 + 4 * 3));
    t.is_create = true;
    check_gas(&t, FORK_FRONTIER, 21000 + 30 * 4 + 3 * 68, 0);
    check_gas(&t, FORK_HOMESTEAD, 53000 + 30 * 4 + 3 * 68, 0);
    check_gas(&t, FORK_PARIS, 53000 + 30 * 4 + 3 * 16, 0);
    check_gas(&t, FORK_SHANGHAI, 53000 + 30 * 4 + 3 * 16 + 2 * 2, 0);
    t = plain(TX_ACCESS_LIST);
    t.access = access;
    t.access_count = 2;
    check_gas(&t, FORK_BERLIN, 21000 + 2 * 2400 + 3 * 1900, 0);
}

TEST(floor_gas_is_part_of_the_check)
{
    static uint8_t data[100];
    struct tx t = plain(TX_LEGACY);
    memset(data, 1, sizeof data);
    t.data = bytes_of(data, sizeof data);
    t.gas_limit = 21000 + 10 * 4 * 100 - 1;
    CHECK_ERR(tx_check(&t, FORK_CANCUN, 7, 0), E_OK);
    CHECK_ERR(tx_check(&t, FORK_PRAGUE, 7, 0), E_TX_INTRINSIC_GAS);
    t.gas_limit++;
    CHECK_ERR(tx_check(&t, FORK_PRAGUE, 7, 0), E_OK);
}

TEST(intrinsic_gas_overflow)
{
    struct tx_access access = {.slot_count = SIZE_MAX / 2};
    struct tx t = plain(TX_ACCESS_LIST);
    uint64_t gas, floor;
    t.access = &access;
    t.access_count = 1;
    CHECK_ERR(tx_intrinsic_gas(&t, FORK_OSAKA, &gas, &floor), E_RANGE);
    CHECK_ERR(tx_check(&t, FORK_OSAKA, 7, 0), E_TX_INTRINSIC_GAS);
}

TEST(effective_price)
{
    struct tx t = plain(TX_DYNAMIC_FEE);
    t.max_priority_fee = u256_from_u64(3);
    t.max_fee = u256_from_u64(10);
    CHECK(u256_eq(tx_effective_gas_price(&t, U256_ZERO), u256_from_u64(3)));
    CHECK(u256_eq(tx_effective_gas_price(&t, u256_from_u64(5)), u256_from_u64(8)));
    CHECK(u256_eq(tx_effective_gas_price(&t, u256_from_u64(8)), u256_from_u64(10)));
    t.max_priority_fee = t.max_fee = U256_MAX;
    CHECK(u256_eq(tx_effective_gas_price(&t, u256_from_u64(8)), U256_MAX));
}

/* getCreateAddress of ethers 6: the nonce's length in RLP changes the address. */
TEST(create_addresses)
{
    static const struct {
        uint64_t nonce;
        const char *address;
    } rows[] = {
        {0, "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"},
        {1, "343c43a37d37dff08ae8c4a11544c718abb4fcf8"},
        {127, "06d9a77f5e4b311bae8d559db9cdb4df94104aa0"},
        {128, "08e190dcb7b73f5fcdabb43e102215c83659a76d"},
        {255, "3ef7c1a519e4b4431e317d7839340e3139b03c65"},
        {256, "3837c1ae70354f670550c746580199ac6a73cb0a"},
        {65536, "f666a819b370d38f44f2573464da3fba8479b917"},
        {1ULL << 32, "f4bf328880432064068338f915c49f817dc4ce18"},
        {1ULL << 63, "2784510e2ee056fdb751085bad9a38b57799fd99"},
    };
    struct address creator;
    REQUIRE(address_from_hex(&creator, "6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0") == E_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address a = tx_create_address(&creator, rows[i].nonce);
        CHECK_HEX(a.b, 20, rows[i].address);
    }
}
