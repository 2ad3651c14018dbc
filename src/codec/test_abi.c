/* Encodings below were made with another implementation (ethers); the first five are the worked
 * examples of Solidity's specification. */
#include "test.h"

#include "base/mem.h"
#include "codec/abi.h"

/* A type, a value as typed, and its encoding in words of 32 bytes. */
struct example {
    const char *types, *value, *words;
};

/* words: separated by spaces; a word is padded with zeros on the left, or on the right after "<" */
static const struct example examples[] = {
    {"(uint32,bool)", "[69,true]", "45 1"},
    {"(bytes3[2])", "[[\"0x616263\",\"0x646566\"]]", "<616263 <646566"},
    {"(bytes,bool,uint256[])", "[\"0x64617665\",true,[1,2,3]]", "60 1 a0 4 <64617665 3 1 2 3"},
    {"(uint256,uint32[],bytes10,bytes)",
     "[0x123,[0x456,0x789],0x31323334353637383930,0x48656c6c6f2c20776f726c6421]",
     "123 80 <31323334353637383930 e0 2 456 789 d <48656c6c6f2c20776f726c6421"},
    {"(uint256[][],string[])", "[[[1,2],[3]],[\"one\",\"two\",\"three\"]]",
     "40 140 2 40 a0 2 1 2 1 3 3 60 a0 e0 3 <6f6e65 3 <74776f 5 <7468726565"},
    {"((address,(int64,string)[],int8)[2],bytes)",
     "[[[0x00000000000000000000000000000000000000aa,[[-5,\"x\"],[7,\"\"]],-128],"
     "[0x00000000000000000000000000000000000000bb,[],127]],0x]",
     "40 2a0 40 1e0 aa 60 ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff80 2 40 c0 "
     "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffb 40 1 <78 7 40 0 bb 60 7f 0 "
     "0"},
    {"(uint8,bool[2])[]", "[[1,[true,false]],[2,[false,true]]]", "20 2 1 1 0 2 0 1"},
    {"string[2]", "[\"a\",\"\"]", "20 40 80 1 <61 0"},
    {"string", "\"a\"", "20 1 <61"},
    {"()", "[]", ""},
};

static struct buf words_of(const char *text)
{
    struct buf b = {0};
    while (*text) {
        bool right = *text == '<';
        text += right;
        size_t digits = strcspn(text, " ");
        char hex[65];
        memset(hex, '0', 64);
        memcpy(right ? hex : hex + 64 - digits, text, digits);
        CHECK_ERR(hex_decode_buf(&b, hex, 64), E_OK);
        text += digits;
        text += *text == ' ';
    }
    return b;
}

static struct abi_type type_of(struct arena *a, const char *text)
{
    struct abi_type t = {.name = ""};
    if (abi_parse_type(&t, a, text) != E_OK)
        test_fail(__FILE__, __LINE__, "not a type: %s", text);
    return t;
}

TEST(abi_worked_examples)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct arena a = {0};
        struct buf expected = words_of(examples[i].words), encoded = {0}, again = {0};
        struct abi_type type = type_of(&a, examples[i].types);
        struct abi_value value, decoded;
        struct diag d = {""};
        CHECK_STR(abi_type_text(&a, &type), examples[i].types);
        if (abi_value_from_text(&value, &a, &type, examples[i].value, &d) != E_OK)
            test_fail(__FILE__, __LINE__, "%s: %s", examples[i].value, d.text);
        abi_encode(&encoded, &type, &value);
        if (!bytes_eq(buf_view(&encoded), buf_view(&expected)))
            test_fail(__FILE__, __LINE__, "other encoding: %s", examples[i].types);
        REQUIRE(abi_decode(&decoded, &a, &type, buf_view(&expected)) == E_OK);
        abi_encode(&again, &type, &decoded);
        CHECK(bytes_eq(buf_view(&again), buf_view(&expected)));
        buf_free(&expected);
        buf_free(&encoded);
        buf_free(&again);
        arena_free(&a);
    }
}

static enum err decode_words(const char *type_text, const char *words)
{
    struct arena a = {0};
    struct buf b = words_of(words);
    uint8_t *exact = mem_dup(b.data, b.len);
    struct abi_type type = type_of(&a, type_text);
    struct abi_value v;
    enum err e = abi_decode(&v, &a, &type, bytes_of(exact, b.len));
    /* the bound of the header: no small input takes much memory */
    CHECK(a.used_bytes < 8192 + 200 * b.len);
    mem_free(exact);
    buf_free(&b);
    arena_free(&a);
    return e;
}

#define MINUS_1 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

TEST(abi_strictness)
{
    static const char *const good[][2] = {
        {"(uint8)", "ff"},
        {"(int8)", "7f"},
        {"(int8)", MINUS_1},
        {"(bool)", "1"},
        {"(uint256)", MINUS_1},
        {"(int256)", MINUS_1},
        {"(bytes1)", "<ff"},
        {"(bytes)", "20 0"},
        {"(address)", "ffffffffffffffffffffffffffffffffffffffff"},
        {"(bytes32)", MINUS_1},
        {"(uint8[])", "20 0"},
        {"(bytes[],uint8)", "40 5 1 20 0"},
    };
    static const char *const bad[][2] = {
        {"(uint8)", "100"},
        {"(uint8)", ""},
        {"(uint8)", "1 1"}, /* left over */
        {"(uint248)", MINUS_1},
        {"(int8)", "80"},
        {"(int8)", "ff"},
        {"(int8)", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {"(int248)", "80000000000000000000000000000000000000000000000000000000000000"},
        {"(bool)", "2"},
        {"(bool)", MINUS_1},
        {"(address)", "10000000000000000000000000000000000000000"},
        {"(bytes1)", "<ff01"},
        {"(bytes31)", MINUS_1},
        {"(bytes)", "20 1 <6162"}, /* padding */
        {"(bytes)", "20 1"},       /* content missing */
        {"(bytes)", "20 21 <61"},  /* longer than what is there */
        {"(bytes)", "20"},         /* length missing */
        {"(bytes)", "0"},          /* offset into the head */
        {"(bytes)", "40 0 0"},     /* a gap */
        {"(bytes)", "21 0 0"},     /* between words */
        {"(bytes)", MINUS_1 " 0"}, /* far away */
        {"(bytes)", "8000000000000000 0"},
        {"(bytes)", "20 " MINUS_1},
        {"(bytes)", "20 ffffffffffffffff"},
        {"(bytes)", "20 ffffffffffffffe1"},
        {"(bytes,bytes)", "40 40 0"},   /* two offsets to one place */
        {"(bytes,bytes)", "60 40 0 0"}, /* tails out of order */
        {"(uint8[])", "20 2 1"},
        {"(uint8[])", "20 ffffffffffffffff"},
        {"(uint8[])", "20 800000000000000"},
        {"(uint8[])", "20 " MINUS_1},
        {"(uint8[2])", "1"},
        {"(uint8[1000000])", "1"},
        {"(bytes[1000000])", "20 1"},
        {"(uint8[2][2])", "1 2 3"},
        {"(bytes[])", "20 2 40 40 0"},
        {"bytes", "0 0"},
        {"bytes", "40 0 0"},
        {"bytes", ""},
        {"()", "0"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (decode_words(good[i][0], good[i][1]) != E_OK)
            test_fail(__FILE__, __LINE__, "refused: %s %s", good[i][0], good[i][1]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (decode_words(bad[i][0], bad[i][1]) != E_ABI)
            test_fail(__FILE__, __LINE__, "accepted: %s %s", bad[i][0], bad[i][1]);
    /* lengths that are no whole number of words */
    struct arena a = {0};
    struct abi_type type = type_of(&a, "(bytes)");
    struct abi_value v;
    struct buf b = words_of("20 1 <61");
    for (size_t len = 0; len < b.len; len++)
        REQUIRE(abi_decode(&v, &a, &type, bytes_of(b.data, len)) == E_ABI);
    buf_free(&b);
    arena_free(&a);
}

/* Offsets that all point to one array would multiply at each level: 8 words, 4^8 elements. */
TEST(abi_no_small_input_explodes)
{
    CHECK_ERR(decode_words("uint8[][][][][][][][]", "20 4 20 20 20 20 4 20 20 20 20 0"), E_ABI);
    CHECK_ERR(decode_words("uint8[][]", "20 2 40 40 0"), E_ABI);
}

TEST(abi_types_parsed)
{
    struct arena a = {0};
    struct abi_type t =
        type_of(&a, " tuple ( uint a , int8 [ ] b, address payable c, bytes1[2][] ) [3] ");
    CHECK_STR(abi_type_text(&a, &t), "(uint256,int8[],address,bytes1[2][])[3]");
    CHECK(t.kind == ABI_FIXED_ARRAY && t.size == 3 && t.dynamic && t.item->kind == ABI_TUPLE);
    CHECK_STR(t.item->item[1].name, "b");
    CHECK_STR(t.item->item[3].name, "");
    t = type_of(&a, "(bool,(uint8,bytes32)[4])");
    CHECK(!t.dynamic && t.size == 2);
    static const char *const bad[] = {"",
                                      "x",
                                      "uint7",
                                      "uint0",
                                      "uint264",
                                      "uint08",
                                      "int512",
                                      "uint8x",
                                      "bytes0",
                                      "bytes33",
                                      "bytes01",
                                      "fixed",
                                      "function",
                                      "byte",
                                      "tuple",
                                      "uint8[",
                                      "uint8]",
                                      "uint8[0]",
                                      "uint8[-1]",
                                      "uint8[01]",
                                      "uint8[x]",
                                      "uint8[99999999999]",
                                      "uint8[1000][1000][1000]",
                                      "bytes[100000000]",
                                      "()[]",
                                      "(())",
                                      "(uint8",
                                      "uint8)",
                                      "(uint8,)",
                                      "(,uint8)",
                                      "(uint8 a,uint8 a)",
                                      "(uint8 1a)",
                                      "(uint8 a b)",
                                      "uint8 a",
                                      "address payable payable",
                                      "uint8;",
                                      "() ()"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (abi_parse_type(&t, &a, bad[i]) != E_ABI)
            test_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
    struct buf deep = {0};
    buf_puts(&deep, "uint8");
    for (int i = 0; i < 33; i++)
        buf_puts(&deep, "[]");
    CHECK_ERR(abi_parse_type(&t, &a, buf_cstr(&deep)), E_ABI);
    deep.len -= 2;
    CHECK_ERR(abi_parse_type(&t, &a, buf_cstr(&deep)), E_OK);
    buf_clear(&deep);
    for (int i = 0; i < 100000; i++)
        buf_puts(&deep, "(");
    CHECK_ERR(abi_parse_type(&t, &a, buf_cstr(&deep)), E_ABI);
    buf_clear(&deep);
    for (int i = 0; i <= 1024; i++)
        buf_puts(&deep, i ? ",bool" : "(bool");
    buf_puts(&deep, ")");
    CHECK_ERR(abi_parse_type(&t, &a, buf_cstr(&deep)), E_ABI);
    buf_free(&deep);
    arena_free(&a);
}

TEST(abi_entries_parsed)
{
    struct arena a = {0};
    struct abi_entry e;
    REQUIRE(abi_parse_entry(&e, &a,
                            "function f(uint x, uint32[] calldata y, bytes10, bytes z) external "
                            "view returns (bool ok, string memory)") == E_OK);
    CHECK_STR(e.name, "f");
    CHECK_STR(e.signature, "f(uint256,uint32[],bytes10,bytes)");
    CHECK_HEX(e.selector, 4, "8be65246");
    CHECK(e.what == ABI_FUNCTION && e.mutability == ABI_VIEW && e.outputs.size == 2);
    CHECK_STR(e.outputs.item[0].name, "ok");
    REQUIRE(abi_parse_entry(&e, &a,
                            "event Transfer(address indexed from, address indexed to, uint256 "
                            "value);") == E_OK);
    CHECK_HEX(e.topic.b, 32, "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    CHECK(e.what == ABI_EVENT && e.inputs.item[0].indexed && !e.inputs.item[2].indexed);
    REQUIRE(abi_parse_entry(&e, &a,
                            "error InsufficientBalance(address account, uint256 balance, uint256 "
                            "needed)") == E_OK);
    CHECK_HEX(e.selector, 4, "db42144d");
    CHECK(e.what == ABI_ERROR && e.outputs.size == 0);
    REQUIRE(abi_parse_entry(&e, &a,
                            "function h(tuple(address,(int64,string)[],int8)[2], bytes) payable") ==
            E_OK);
    CHECK_HEX(e.selector, 4, "cba5b1f1");
    CHECK(e.mutability == ABI_PAYABLE);
    REQUIRE(abi_parse_entry(&e, &a, "function decimals() public pure returns (uint8)") == E_OK);
    CHECK(e.mutability == ABI_PURE && e.inputs.size == 0);
    CHECK_HEX(e.selector, 4, "313ce567");
    REQUIRE(abi_parse_entry(&e, &a, "function f() nonpayable") == E_OK);
    CHECK(e.mutability == ABI_NONPAYABLE);
    static const char *const bad[] = {
        "",
        "f(uint8)",
        "function",
        "function f",
        "function (uint8)",
        "function f(uint8",
        "function 1f()",
        "function f() view view",
        "function f() view pure",
        "function f() returns ()",
        "function f() returns",
        "function f() returns (bool) view",
        "function f() virtual",
        "function f(uint8 indexed a)x",
        "function f(uint7)",
        "function f();;",
        "event E() view",
        "event E(uint8 indexed a, uint8 indexed b, uint8 indexed c, uint8 indexed d)",
        "event E(uint8 memory a)",
        "error E() returns (bool)",
        "function f(uint8 a, bool a)",
        "function f() external public",
        "function f(()[] x)"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (abi_parse_entry(&e, &a, bad[i]) != E_ABI)
            test_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
    arena_free(&a);
}

TEST(abi_values_and_accessors)
{
    struct address address = {{1, 2, 3}}, back;
    uint8_t b[32] = {9, 8}, b_back[32];
    struct abi_value v = abi_address(&address);
    back = abi_get_address(&v);
    CHECK(address_eq(&address, &back) && v.word.w[3] == 0);
    v = abi_bytes32(b);
    abi_get_bytes32(b_back, &v);
    CHECK(memcmp(b, b_back, 32) == 0);
    v = abi_u64(7);
    CHECK_INT(abi_get_u64(&v), 7);
    v = abi_bool(true);
    CHECK_INT(abi_get_u64(&v), 1);
    v = abi_u256(U256_MAX);
    CHECK(u256_eq(v.word, U256_MAX));
    v = abi_bytes(bytes_str("xy"));
    CHECK_INT(v.bytes.len, 2);
}

struct text_case {
    const char *type, *text, *json; /* json NULL: refused */
};

static const struct text_case text_cases[] = {
    {"uint8", "255", "255"},
    {"uint8", " \"0xff\" ", "255"},
    {"uint8", "256", NULL},
    {"uint8", "-1", NULL},
    {"uint8", "", NULL},
    {"uint8", "1 2", NULL},
    {"uint8", "1.0", NULL},
    {"int8", "-128", "-128"},
    {"int8", "-129", NULL},
    {"int8", "-200", NULL},
    {"int8", "128", NULL},
    {"int8", "127", "127"},
    {"int8", "--1", NULL},
    {"int8", "-0", "0"},
    {"uint48", "281474976710655", "281474976710655"},
    {"uint56", "1", "\"1\""},
    {"int256", "-57896044618658097711785492504343953926634992332820282019728792003956564819968",
     "\"-57896044618658097711785492504343953926634992332820282019728792003956564819968\""},
    {"int256", "57896044618658097711785492504343953926634992332820282019728792003956564819968",
     NULL},
    {"int256", "-57896044618658097711785492504343953926634992332820282019728792003956564819969",
     NULL},
    {"uint256", "115792089237316195423570985008687907853269984665640564039457584007913129639935",
     "\"115792089237316195423570985008687907853269984665640564039457584007913129639935\""},
    {"bool", "true", "true"},
    {"bool", "false", "false"},
    {"bool", "1", NULL},
    {"address", "0x00000000000000000000000000000000000000AA",
     "\"0x00000000000000000000000000000000000000aa\""},
    {"address", "0xaa", NULL},
    {"bytes4", "0x01020304", "\"0x01020304\""},
    {"bytes4", "0x010203", NULL},
    {"bytes", "0x", "\"0x\""},
    {"bytes", "\"0x0102\"", "\"0x0102\""},
    {"bytes", "0102", NULL},
    {"bytes", "0x012", NULL},
    {"string", "hello, [world]", "\"hello, [world]\""},
    {"string", "\"a\\n\\u00e9\"", "\"a\\né\""},
    {"string", "\"a", NULL},
    {"string", "\"a\" b", NULL},
    {"string", "\"\\", NULL},
    {"string[]", "[\"a,]\", \"\\\"\"]", "[\"a,]\",\"\\\"\"]"},
    {"string[]", "[a]", NULL},
    {"uint8[]", "[]", "[]"},
    {"uint8[]", "[1,2", NULL},
    {"uint8[]", "[1 2]", NULL},
    {"uint8[]", "[1,]", NULL},
    {"uint8[]", "1", NULL},
    {"uint8[2]", "[1,2]", "[1,2]"},
    {"uint8[2]", "[1]", NULL},
    {"uint8[2]", "[1,2,3]", NULL},
    {"(uint8 a,bool b)", "[1,true]", "{\"a\":1,\"b\":true}"},
    {"(uint8 a,bool b)", "{\"b\": true, a: 1}", "{\"a\":1,\"b\":true}"},
    {"(uint8 a,bool b)", "{\"a\": 1}", NULL},
    {"(uint8 a,bool b)", "{}", NULL},
    {"(uint8 a,bool b)", "{\"a\":1,\"a\":1}", NULL},
    {"(uint8 a,bool b)", "{\"a\":1,\"c\":1}", NULL},
    {"(uint8 a,bool b)", "{\"a\" 1}", NULL},
    {"(uint8 a,bool b)", "{\"a\":1,\"b\":true", NULL},
    {"(uint8 a,bool)", "[1,true]", "[1,true]"},
    {"()", "[]", "[]"},
};

TEST(abi_text_and_json)
{
    for (size_t i = 0; i < sizeof text_cases / sizeof *text_cases; i++) {
        const struct text_case *c = &text_cases[i];
        struct arena a = {0};
        struct buf json = {0};
        struct diag d = {""};
        struct abi_value v;
        struct abi_type type = type_of(&a, c->type);
        enum err e = abi_value_from_text(&v, &a, &type, c->text, &d);
        if (e != (c->json ? E_OK : E_ABI) || (e != E_OK && !d.text[0]))
            test_fail(__FILE__, __LINE__, "%s \"%s\": %s", c->type, c->text, err_name(e));
        if (e == E_OK && c->json) {
            abi_value_to_json(&json, &type, &v);
            CHECK_STR(buf_cstr(&json), c->json);
            struct buf encoded = {0};
            abi_encode(&encoded, &type, &v); /* ASSERTs that every word is in range */
            REQUIRE(abi_decode(&v, &a, &type, buf_view(&encoded)) == E_OK);
            buf_free(&encoded);
        }
        buf_free(&json);
        arena_free(&a);
    }
    struct diag d;
    struct abi_value v;
    struct arena a = {0};
    struct abi_type type = type_of(&a, "(uint8[],bool)");
    CHECK_ERR(abi_value_from_text(&v, &a, &type, "[[1,300],true]", &d), E_ABI);
    CHECK_STR(d.text, "character 5: not a value of this type (uint8)");
    arena_free(&a);
}
