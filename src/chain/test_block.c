/* Headers, blocks, receipts and blooms against @ethereumjs (block 10, mpt, vm's bloom). */
#include "test.h"

#include "chain/block.h"
#include "crypto/keccak.h"
#include "state/trie.h"

/* 32 or 20 equal bytes, as the vectors were made. */
static struct hash hash_fill(uint8_t byte)
{
    struct hash h;
    memset(h.b, byte, sizeof h.b);
    return h;
}

static struct address address_fill(uint8_t byte)
{
    struct address a;
    memset(a.b, byte, sizeof a.b);
    return a;
}

static struct header sample_header(void)
{
    static const uint8_t extra[] = {'p', 'a', 'r', 'v', 'i', 's', 0, 0xff};
    struct hash topic = hash_fill(0xbb);
    struct address emitter = address_fill(0xaa);
    struct header h = {
        .parent_hash = hash_fill(1),
        .beneficiary = address_fill(2),
        .state_root = hash_fill(3),
        .transactions_root = hash_fill(4),
        .receipts_root = hash_fill(5),
        .number = 1234567,
        .gas_limit = 500000000,
        .gas_used = 21000,
        .timestamp_s = 1763900000,
        .extra_data = bytes_of(extra, sizeof extra),
        .prev_randao = hash_fill(6),
    };
    header_own(&h);
    bloom_add(h.bloom, bytes_of(emitter.b, sizeof emitter.b));
    bloom_add(h.bloom, bytes_of(topic.b, sizeof topic.b));
    return h;
}

TEST(header_hash_of_an_osaka_block)
{
    struct header h = sample_header();
    struct hash hash = header_hash(&h);
    CHECK_HEX(hash.b, 32, "4d3d2e36e13664413b797a560b191437a6acd66adb14cd70d39050b876990d9c");
    struct header zero = {.state_root = KECCAK_EMPTY_TRIE,
                          .transactions_root = KECCAK_EMPTY_TRIE,
                          .receipts_root = KECCAK_EMPTY_TRIE,
                          .gas_limit = 21000};
    header_own(&zero);
    hash = header_hash(&zero);
    CHECK_HEX(hash.b, 32, "050f86413289e87de75d6c2c913b9f12882b7d98e9a0120de422a87a7764ac58");
}

TEST(header_round_trip)
{
    struct header h = sample_header(), back;
    struct buf a = {0}, b = {0};
    header_encode(&a, &h);
    CHECK_INT(a.len, 619);
    REQUIRE(header_decode(&back, buf_view(&a)) == E_OK);
    header_encode(&b, &back);
    CHECK(bytes_eq(buf_view(&a), buf_view(&b)));
    CHECK(back.number == h.number && back.timestamp_s == h.timestamp_s);
    CHECK(bytes_eq(back.extra_data, h.extra_data));
    for (size_t len = 0; len < a.len; len++)
        CHECK_ERR(header_decode(&back, bytes_of(a.data, len)), E_RLP);
    buf_put_u8(&a, 0);
    CHECK_ERR(header_decode(&back, buf_view(&a)), E_RLP);
    buf_free(&a);
    buf_free(&b);
}

/* Re-encodes the sample header with field `index` (from 0) replaced, or one field more at the end.
 */
static void replace_field(struct buf *out, size_t index, const void *data, size_t len)
{
    struct header h = sample_header();
    struct buf whole = {0};
    struct rlp r, fields;
    struct rlp_item item;
    header_encode(&whole, &h);
    r = rlp_reader(buf_view(&whole));
    if (rlp_next_list(&r, &fields) != E_OK)
        test_fail(__FILE__, __LINE__, "no list");
    buf_clear(out);
    size_t list = rlp_list_open(out), i = 0;
    for (; rlp_next(&fields, &item) == E_OK; i++) {
        if (i == index)
            rlp_put_string(out, data, len);
        else
            rlp_put_raw(out, item.raw);
    }
    if (index >= i)
        rlp_put_string(out, data, len);
    rlp_list_close(out, list);
    buf_free(&whole);
}

TEST(header_refusals)
{
    /* fields that are constant in a block of ours: ommers, difficulty, nonce, base fee,
     * blob gas twice, beacon root, requests; and how long each is */
    static const size_t constant[][2] = {{1, 32}, {7, 1},  {14, 8},  {15, 1},
                                         {17, 1}, {18, 1}, {19, 32}, {20, 32}};
    static const uint8_t one[33] = {1};
    struct buf b = {0};
    struct header h = sample_header();
    CHECK_ERR(header_check_own(&h), E_OK);
    for (size_t i = 0; i < sizeof constant / sizeof constant[0]; i++) {
        replace_field(&b, constant[i][0], one, constant[i][1]);
        CHECK_ERR(header_decode(&h, buf_view(&b)), E_OK);
        CHECK_ERR(header_check_own(&h), E_BLOCK);
        replace_field(&b, constant[i][0], one, 33);
        CHECK_ERR(header_decode(&h, buf_view(&b)), E_RANGE);
    }
    replace_field(&b, 12, one, 32);
    CHECK_ERR(header_decode(&h, buf_view(&b)), E_OK);
    replace_field(&b, 12, one, 33);
    CHECK_ERR(header_decode(&h, buf_view(&b)), E_RANGE);
    replace_field(&b, 21, one, 1);
    CHECK_ERR(header_decode(&h, buf_view(&b)), E_RLP);
    buf_free(&b);
}

TEST(headers_of_every_fork)
{
    static const struct {
        enum header_form form;
        size_t len;
    } FORMS[] = {{HEADER_FRONTIER, 517},
                 {HEADER_LONDON, 518},
                 {HEADER_SHANGHAI, 551},
                 {HEADER_CANCUN, 586},
                 {HEADER_PRAGUE, 619}};
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        struct header h = sample_header(), back;
        struct buf a = {0}, b = {0};
        h.form = FORMS[i].form;
        header_encode(&a, &h);
        CHECK_INT(a.len, FORMS[i].len);
        REQUIRE(header_decode(&back, buf_view(&a)) == E_OK);
        CHECK(back.form == h.form);
        header_encode(&b, &back);
        CHECK(bytes_eq(buf_view(&a), buf_view(&b)));
        CHECK_ERR(header_check_own(&back), h.form == HEADER_PRAGUE ? E_OK : E_BLOCK);
        buf_free(&a);
        buf_free(&b);
    }
}

TEST(bloom_vectors)
{
    uint8_t bloom[BLOOM_BYTES] = {0};
    struct address a = address_fill(0xaa);
    struct hash t = hash_fill(0xbb), absent = hash_fill(0xbc);
    CHECK(!bloom_may_contain(bloom, bytes_of(a.b, 20)));
    bloom_add(bloom, bytes_of(a.b, 20));
    CHECK(bloom_may_contain(bloom, bytes_of(a.b, 20)));
    CHECK(!bloom_may_contain(bloom, bytes_of(t.b, 32)));
    bloom_add(bloom, bytes_of(t.b, 32));
    CHECK(bloom_may_contain(bloom, bytes_of(t.b, 32)));
    CHECK(!bloom_may_contain(bloom, bytes_of(absent.b, 32)));
    struct hash hash = keccak256_of(bytes_of(bloom, sizeof bloom));
    CHECK_HEX(hash.b, 32, "be2b6da4967ed7305e1ed105a18513e5d6d1f3ef3b42bbcb06b334cfd76b47d6");
}

static const struct {
    size_t len;
    const char *hash;
} RECEIPTS[3] = {
    {267, "e38e5532717f12f769b07ea016014bd39b74fb72def4de8442114cc2728609f2"},
    {269, "5cd916a35f05cfa8178c082968213917eae748473ed9c2ae93baed4691e3ab9f"},
    {558, "341833f132cc63135b4e3a1d02a425d3669aaedb6fb9ae384c042b61ffb96d1f"},
};

static void sample_receipts(struct receipt r[3], struct log_entry logs[2])
{
    static uint8_t data[70];
    memset(data, 0xdd, sizeof data);
    logs[0] = (struct log_entry){.address = address_fill(0xaa), .topic_count = 1};
    logs[0].topics[0] = hash_fill(0xbb);
    logs[1] = (struct log_entry){.address = address_fill(0xcc), .topic_count = 4};
    logs[1].data = bytes_of(data, sizeof data);
    for (uint8_t i = 0; i < 4; i++)
        logs[1].topics[i] = hash_fill((uint8_t)(i + 1));
    r[0] = (struct receipt){.type = TX_LEGACY, .success = true, .cumulative_gas_used = 21000};
    r[1] = (struct receipt){.type = TX_ACCESS_LIST, .cumulative_gas_used = 121000};
    r[2] = (struct receipt){.type = TX_DYNAMIC_FEE,
                            .success = true,
                            .cumulative_gas_used = 300000,
                            .logs = logs,
                            .log_count = 2};
    for (size_t i = 0; i < 2; i++) {
        bloom_add(r[2].bloom, bytes_of(logs[i].address.b, 20));
        for (unsigned k = 0; k < logs[i].topic_count; k++)
            bloom_add(r[2].bloom, bytes_of(logs[i].topics[k].b, 32));
    }
}

TEST(receipts_and_their_root)
{
    struct receipt r[3];
    struct log_entry logs[2];
    struct buf encoded[3] = {{0}};
    struct bytes items[3];
    sample_receipts(r, logs);
    for (size_t i = 0; i < 3; i++) {
        receipt_encode(&encoded[i], &r[i]);
        items[i] = buf_view(&encoded[i]);
        struct hash hash = keccak256_of(items[i]);
        CHECK_INT(encoded[i].len, RECEIPTS[i].len);
        CHECK_HEX(hash.b, 32, RECEIPTS[i].hash);
    }
    struct hash root = trie_list_root(items, 3);
    CHECK_HEX(root.b, 32, "fee12218a11922d5e523da4cad0339d4fa50c3c165eb0638c27cd6954319f9fc");
    for (size_t i = 0; i < 3; i++)
        buf_free(&encoded[i]);
}

TEST(receipt_round_trip)
{
    struct receipt r[3], back;
    struct log_entry logs[2];
    struct arena a = {0};
    struct buf one = {0}, two = {0};
    sample_receipts(r, logs);
    for (size_t i = 0; i < 3; i++) {
        buf_clear(&one);
        buf_clear(&two);
        receipt_encode(&one, &r[i]);
        REQUIRE(receipt_decode(&back, &a, buf_view(&one)) == E_OK);
        receipt_encode(&two, &back);
        CHECK(bytes_eq(buf_view(&one), buf_view(&two)));
        CHECK(back.type == r[i].type && back.success == r[i].success);
        CHECK(back.log_count == r[i].log_count);
        for (size_t len = 0; len < one.len; len++)
            CHECK_ERR(receipt_decode(&back, &a, bytes_of(one.data, len)), E_RLP);
        buf_put_u8(&one, 0);
        CHECK_ERR(receipt_decode(&back, &a, buf_view(&one)), E_RLP);
    }
    buf_free(&one);
    buf_free(&two);
    arena_free(&a);
}

TEST(receipt_refusals)
{
    struct arena a = {0};
    struct buf b = {0};
    struct receipt r;
    static const uint8_t bloom[BLOOM_BYTES];
    static const struct hash topic;
    buf_put_u8(&b, 5);
    CHECK_ERR(receipt_decode(&r, &a, buf_view(&b)), E_TX_TYPE);
    for (unsigned what = 0; what < 3; what++) { /* sound, status 2, five topics */
        buf_clear(&b);
        size_t list = rlp_list_open(&b);
        rlp_put_u64(&b, what == 1 ? 2 : 1);
        rlp_put_u64(&b, 21000);
        rlp_put_string(&b, bloom, sizeof bloom);
        size_t logs = rlp_list_open(&b), log = rlp_list_open(&b);
        rlp_put_string(&b, topic.b, 20);
        size_t topics = rlp_list_open(&b);
        for (unsigned i = 0; i < (what == 2 ? 5u : 4u); i++)
            rlp_put_string(&b, topic.b, 32);
        rlp_list_close(&b, topics);
        rlp_put_string(&b, NULL, 0);
        rlp_list_close(&b, log);
        rlp_list_close(&b, logs);
        rlp_list_close(&b, list);
        CHECK_ERR(receipt_decode(&r, &a, buf_view(&b)), what ? E_RANGE : E_OK);
    }
    buf_free(&b);
    arena_free(&a);
}

/* The four transactions of test_tx.c under the sample header. */
static const char *const TXS[] = {
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

TEST(whole_block)
{
    struct arena a = {0};
    struct tx txs[4];
    struct bytes items[4];
    struct buf out = {0};
    struct block b = {.header = sample_header(), .txs = txs, .tx_count = 4};
    for (size_t i = 0; i < 4; i++) {
        struct buf raw = {0};
        REQUIRE(hex_decode_buf(&raw, TXS[i], strlen(TXS[i])) == E_OK);
        items[i] = bytes_of(arena_dup(&a, raw.data, raw.len), raw.len);
        buf_free(&raw);
        REQUIRE(tx_decode(&txs[i], &a, items[i]) == E_OK);
    }
    block_encode(&out, &b);
    CHECK_INT(out.len, 1253);
    struct hash hash = keccak256_of(buf_view(&out));
    CHECK_HEX(hash.b, 32, "d36c5afdb9ab07c6a395f3a3097762f57be5ae8bf870089980a0ad703a991fb0");
    struct hash root = trie_list_root(items, 4);
    CHECK_HEX(root.b, 32, "58fba90af7a0c43fc17bebe1cc66d64745720ee4303a471911bf3be5c8a18954");
    CHECK_INT(block_rlp_size(&b), out.len);
    struct block back;
    struct buf again = {0};
    REQUIRE(block_decode(&back, &a, buf_view(&out)) == E_OK);
    block_encode(&again, &back);
    CHECK(bytes_eq(buf_view(&again), buf_view(&out)));
    CHECK(back.tx_count == 4 && back.size_bytes == out.len);
    hash = header_hash(&b.header);
    CHECK(hash_eq(&hash, &back.hash));
    for (size_t len = 0; len < out.len; len++)
        CHECK_ERR(block_decode(&back, &a, bytes_of(out.data, len)), E_RLP);
    buf_free(&again);
    buf_free(&out);
    arena_free(&a);
}
