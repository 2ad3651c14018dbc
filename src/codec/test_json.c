#include "test.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/json.h"
#include "codec/utf8.h"

/* Parses a copy of exactly the text's size, so that a sanitizer sees reads past its end. */
static enum err parse_exact(struct json **out, const char *text, size_t len, struct diag *d)
{
    uint8_t *exact = mem_dup(text, len);
    enum err e = json_parse(out, bytes_of(exact, len), d);
    mem_free(exact);
    return e;
}

static struct json *parse(const char *text)
{
    struct json *j = NULL;
    struct diag d = {""};
    if (parse_exact(&j, text, strlen(text), &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, d.text);
    return j;
}

TEST(json_walk)
{
    struct json *j = parse(" {\"a\": 1, \"A\": [true, false, null, \"x\"], \"\": {}}\n");
    REQUIRE(json_is_object(j) && json_count(j) == 3);
    const struct json *list = json_get(j, "A");
    CHECK(json_is_number(json_get(j, "a")) && json_is_array(list) && json_count(list) == 4);
    CHECK(json_is_bool(json_at(list, 0)) && json_true(json_at(list, 0)));
    CHECK(json_is_bool(json_at(list, 1)) && !json_true(json_at(list, 1)));
    CHECK(json_is_null(json_at(list, 2)) && json_is_string(json_at(list, 3)));
    CHECK_STR(json_text(json_at(list, 3)), "x");
    CHECK(json_at(list, 4) == NULL && json_get(j, "b") == NULL && json_get(list, "a") == NULL);
    CHECK(json_at(j, 0) == NULL && json_text(list) == NULL && !json_true(list));
    CHECK_STR(json_key(json_first(j)), "a");
    CHECK_STR(json_key(json_next(json_first(j))), "A");
    CHECK(json_is_object(json_get(j, "")) && json_first(json_get(j, "")) == NULL);
    CHECK(!json_is_object(NULL) && !json_is_null(NULL) && json_count(NULL) == 0 &&
          json_get(NULL, "a") == NULL && json_at(NULL, 0) == NULL && json_text(NULL) == NULL &&
          !json_true(NULL) && json_first(NULL) == NULL);
    json_free(j);
    json_free(NULL);
}

TEST(json_strings)
{
    struct json *j =
        parse("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u00e9\\ud83d\\ude00é😀\", \"\\uFFFF\"]");
    CHECK_STR(json_text(json_at(j, 0)), "\"\\/\b\f\n\r\t");
    CHECK_STR(json_text(json_at(j, 1)), "é😀é😀");
    CHECK_STR(json_text(json_at(j, 2)), "\xef\xbf\xbf");
    json_free(j);
}

TEST(json_refusals)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "{,}",
        "[,1]",
        "{\"a\" 1}",
        "{1:1}",
        "[1 2]",
        "1 2",
        "[]]",
        "{}}",
        "[}",
        "{]",
        "nul",
        "True",
        "nulll",
        "'a'",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u0x12\"",
        "\"\n\"",
        "\"\t\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xe2\x82\"",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "-01",
        "0x10",
        "1.5.5",
        "NaN",
        "Infinity",
        "1e400",
        "-1e400",
        "/**/1",
        "\xef\xbb\xbf",
        "[1]\x01",
        "{\"a\":1,\"a\":2}",
        "{\"x\":{\"a\":1,\"b\":2,\"a\":3}}",
        "{\"\\u0061\":1,\"a\":2}",
        "1111111111222222222233333333334444444444555555555566666666667777"};
    struct diag d;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct json *j = NULL;
        d.text[0] = 0;
        if (parse_exact(&j, bad[i], strlen(bad[i]), &d) != E_JSON || j != NULL || !d.text[0])
            test_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
    }
    struct json *j = NULL;
    CHECK_ERR(parse_exact(&j, "1\0", 2, NULL), E_JSON);
    CHECK_ERR(parse_exact(&j, "\"\0\"", 3, NULL), E_JSON);
}

TEST(json_parse_most_counts_all_values)
{
    static const char text[] = "[0,{\"a\":[],\"b\":\"x\"},null]"; /* 6 of them */
    struct json *j = NULL;
    struct diag d;
    CHECK_ERR(json_parse_most(&j, bytes_str(text), 6, &d), E_OK);
    json_free(j);
    j = NULL;
    CHECK_ERR(json_parse_most(&j, bytes_str(text), 5, &d), E_TOO_LARGE);
    CHECK_STR(d.text, "line 1, column 21: too many values");
    CHECK(!j);
    CHECK_ERR(json_parse_most(&j, bytes_str("[0,}"), 3, &d), E_JSON);
    CHECK(!j);
}

TEST(json_many_members_and_a_duplicate)
{
    for (int twice = 0; twice <= 1; twice++) {
        struct buf b = {0};
        json_open(&b, '{');
        for (int i = 0; i < 1000; i++) {
            char name[16];
            snprintf(name, sizeof name, "n%d", twice && i == 777 ? 3 : i);
            json_put_key(&b, name);
            json_put_u64(&b, (uint64_t)i);
        }
        json_close(&b, '}');
        struct json *j = NULL;
        struct diag d = {""};
        CHECK_ERR(json_parse(&j, buf_view(&b), &d), twice ? E_JSON : E_OK);
        CHECK(twice ? strstr(d.text, "\"n3\"") != NULL : json_count(j) == 1000);
        json_free(j);
        buf_free(&b);
    }
}

TEST(json_places_of_errors)
{
    struct json *j = NULL;
    struct diag d;
    CHECK_ERR(json_parse(&j, bytes_str("[1,\n 2,\n  x]"), &d), E_JSON);
    CHECK_STR(d.text, "line 3, column 3: a value is expected");
    CHECK_ERR(json_parse(&j, bytes_str("{\"a\" 1}"), &d), E_JSON);
    CHECK_STR(d.text, "line 1, column 6: \":\" is expected");
}

TEST(json_depth)
{
    for (unsigned depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        struct buf b = {0};
        for (unsigned i = 0; i < depth; i++)
            buf_puts(&b, i % 2 ? "{\"a\":" : "[");
        buf_puts(&b, depth % 2 ? "" : "1");
        for (unsigned i = depth; i-- > 0;)
            buf_puts(&b, i % 2 ? "}" : "]");
        struct json *j = NULL;
        struct diag d = {""};
        CHECK_ERR(json_parse(&j, buf_view(&b), &d), depth <= LIMIT_JSON_DEPTH ? E_OK : E_JSON);
        json_free(j);
        buf_free(&b);
    }
    struct json *j = NULL;
    struct buf many = {0};
    memset(buf_grow(&many, 1 << 20), '[', 1 << 20);
    CHECK_ERR(json_parse(&j, buf_view(&many), NULL), E_JSON);
    buf_free(&many);
}

static enum err u64_of(const char *text, uint64_t *v)
{
    struct json *j = parse(text);
    enum err e = json_u64(v, j);
    json_free(j);
    return e;
}

static enum err i64_of(const char *text, int64_t *v)
{
    struct json *j = parse(text);
    enum err e = json_i64(v, j);
    json_free(j);
    return e;
}

static enum err u256_of(const char *text, struct u256 *v)
{
    struct json *j = parse(text);
    enum err e = json_u256(v, j);
    json_free(j);
    return e;
}

TEST(json_integers)
{
    uint64_t v = 77;
    int64_t i = 77;
    struct u256 w;
    CHECK(u64_of("9007199254740991", &v) == E_OK && v == 9007199254740991);
    CHECK(u64_of("-0", &v) == E_OK && v == 0);
    CHECK(u64_of("\"18446744073709551615\"", &v) == E_OK && v == ~0ULL);
    CHECK(u64_of("\"0xff\"", &v) == E_OK && v == 255);
    CHECK_ERR(u64_of("9007199254740992", &v), E_RANGE);
    CHECK_ERR(u64_of("9007199254740993", &v), E_RANGE);
    CHECK_ERR(u64_of("123456789012345678901234567890", &v), E_RANGE);
    CHECK_ERR(u64_of("-1", &v), E_RANGE);
    CHECK_ERR(u64_of("\"-1\"", &v), E_RANGE);
    CHECK_ERR(u64_of("\"18446744073709551616\"", &v), E_RANGE);
    static const char *const not_integers[] = {
        "1.5",    "1.0",     "1e3",   "0.99999999999999999999", "null", "true", "[1]", "{}", "\"\"",
        "\"1 \"", "\"1.0\"", "\"0x\""};
    for (size_t k = 0; k < sizeof not_integers / sizeof *not_integers; k++) {
        CHECK_ERR(u64_of(not_integers[k], &v), E_JSON);
        CHECK_ERR(i64_of(not_integers[k], &i), E_JSON);
        CHECK_ERR(u256_of(not_integers[k], &w), E_JSON);
    }
    CHECK(v == 255 && i == 77); /* untouched */
    CHECK_ERR(json_u64(&v, NULL), E_JSON);
    CHECK(i64_of("-9007199254740991", &i) == E_OK && i == -9007199254740991);
    CHECK(i64_of("\"-9223372036854775808\"", &i) == E_OK && i == INT64_MIN);
    CHECK(i64_of("\"9223372036854775807\"", &i) == E_OK && i == INT64_MAX);
    CHECK(i64_of("\"-0\"", &i) == E_OK && i == 0);
    CHECK_ERR(i64_of("\"-9223372036854775809\"", &i), E_RANGE);
    CHECK_ERR(i64_of("\"9223372036854775808\"", &i), E_RANGE);
    CHECK_ERR(i64_of("-9007199254740992", &i), E_RANGE);
    CHECK(u256_of("\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"", &w) ==
              E_OK &&
          u256_eq(w, U256_MAX));
    CHECK_ERR(
        u256_of("\"0x10000000000000000000000000000000000000000000000000000000000000000\"", &w),
        E_RANGE);
    CHECK_ERR(u256_of("\"--1\"", &w), E_JSON);
    /* the marks of plain integers follow the numbers through the tree, in order */
    struct json *j = parse("{\"a\":[1.0,2,{\"b\":3,\"c\":4.5}],\"d\":5}");
    const struct json *list = json_get(j, "a");
    CHECK_ERR(json_u64(&v, json_at(list, 0)), E_JSON);
    CHECK(json_u64(&v, json_at(list, 1)) == E_OK && v == 2);
    CHECK(json_u64(&v, json_get(json_at(list, 2), "b")) == E_OK && v == 3);
    CHECK_ERR(json_u64(&v, json_get(json_at(list, 2), "c")), E_JSON);
    CHECK(json_double(json_get(json_at(list, 2), "c")) == 4.5);
    CHECK(json_u64(&v, json_get(j, "d")) == E_OK && v == 5);
    CHECK(isnan(json_double(j)) && isnan(json_double(NULL)));
    json_free(j);
}

TEST(json_print_echoes)
{
    static const char *const pairs[][2] = {
        {" [ 1 , -2, \"a\\u0041\\n\" ,true,false,null, {} , [] ] ",
         "[1,-2,\"aA\\n\",true,false,null,{},[]]"},
        {"{\"a\":{\"b\":[1,{\"c\":2}]},\"d\":0.1}", "{\"a\":{\"b\":[1,{\"c\":2}]},\"d\":0.1}"},
        {"9007199254740991", "9007199254740991"},
        {"9007199254740994", "9007199254740994"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"1e-7", "1e-07"},
        {"\"\\u2028\"", "\"\xe2\x80\xa8\""},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct json *j = parse(pairs[i][0]);
        struct buf b = {0};
        json_print(&b, j);
        CHECK_STR(buf_cstr(&b), pairs[i][1]);
        buf_free(&b);
        json_free(j);
    }
}

TEST(json_writer_commas)
{
    struct buf b = {0};
    json_open(&b, '{');
    json_put_key(&b, "a");
    json_open(&b, '[');
    json_put_u64(&b, 0);
    json_put_u64(&b, UINT64_MAX);
    json_put_i64(&b, INT64_MIN);
    json_put_i64(&b, 5);
    json_open(&b, '[');
    json_close(&b, ']');
    json_open(&b, '{');
    json_close(&b, '}');
    json_put_bool(&b, true);
    json_put_bool(&b, false);
    json_put_null(&b);
    json_put_raw(&b, "{\"x\":1}\n");
    json_put_string(&b, "ends with [");
    json_put_string(&b, "");
    json_close(&b, ']');
    json_put_key(&b, "b,");
    json_put_string(&b, ":");
    json_close(&b, '}');
    CHECK_STR(
        buf_cstr(&b),
        "{\"a\":[0,18446744073709551615,-9223372036854775808,5,[],{},true,false,null,{\"x\":1},"
        "\"ends with [\",\"\"],\"b,\":\":\"}");
    buf_put_u8(&b, '\n');
    json_put_u64(&b, 1); /* a new document of a stream */
    CHECK_STR(buf_cstr(&b) + b.len - 3, "}\n1");
    buf_free(&b);
}

TEST(json_writer_strings)
{
    struct buf b = {0};
    json_put_text(&b, "a\0\x01\x1f\b\t\n\f\r\"\\/\x7fé", 15);
    CHECK_STR(buf_cstr(&b), "\"a\\u0000\\u0001\\u001f\\b\\t\\n\\f\\r\\\"\\\\/\x7fé\"");
    buf_clear(&b);
    json_put_text(&b, "\xc3", 1);
    json_put_text(&b, "a\xff\xed\xa0\x80z", 6);
    json_put_text(&b, NULL, 0);
    CHECK_STR(buf_cstr(&b),
              "\"\xef\xbf\xbd\",\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\",\"\"");
    buf_free(&b);
    /* whatever the bytes, what is written is JSON */
    for (int i = 0; i < 5000; i++) {
        char text[40];
        size_t len = test_random() % sizeof text;
        for (size_t k = 0; k < len; k++)
            text[k] = (char)(test_random() % 3 ? test_random() : 0xe0 + test_random() % 32);
        for (size_t k = 0; k < len; k++)
            text[k] = text[k] ? text[k] : 1;
        json_put_text(&b, text, len);
        struct json *j = NULL;
        struct diag d = {""};
        REQUIRE(json_parse(&j, buf_view(&b), &d) == E_OK);
        json_free(j);
        buf_clear(&b);
    }
    buf_free(&b);
}

TEST(json_writer_hexadecimal)
{
    struct buf b = {0};
    json_put_data(&b, "\x00\x01\xab", 3);
    json_put_data(&b, NULL, 0);
    json_put_quantity(&b, 0);
    json_put_quantity(&b, 15);
    json_put_quantity(&b, 16);
    json_put_quantity(&b, UINT64_MAX);
    json_put_quantity_u256(&b, (struct u256){{0, 1, 0, 0}});
    json_put_quantity_u256(&b, U256_MAX);
    CHECK_STR(buf_cstr(&b), "\"0x0001ab\",\"0x\",\"0x0\",\"0xf\",\"0x10\",\"0xffffffffffffffff\","
                            "\"0x10000000000000000\",\"0xffffffffffffffffffffffffffffffffffffffffff"
                            "ffffffffffffffffffffff\"");
    buf_free(&b);
    for (int i = 0; i < 5000; i++) {
        struct u256 v = {{test_random(), test_random(), test_random(), test_random()}}, back;
        for (unsigned limbs = (unsigned)(test_random() % 5); limbs < 4; limbs++)
            v.w[limbs] = 0;
        v.w[0] >>= test_random() % 64;
        json_put_quantity_u256(&b, v);
        b.data[b.len - 1] = 0;
        const char *text = (const char *)b.data + 1;
        REQUIRE(u256_parse(&back, text) == E_OK && u256_eq(v, back));
        REQUIRE(text[2] != '0' || text[3] == 0);
        buf_clear(&b);
    }
    buf_free(&b);
}

/* Every code point, and every sequence of up to three bytes, against a decoder by the definition.
 */
TEST(utf8_characters)
{
    uint8_t p[4];
    for (uint32_t c = 1; c <= 0x110000; c++) {
        size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = len; i-- > 1;)
            p[i] = (uint8_t)(0x80 | (c >> 6 * (len - 1 - i) & 0x3f));
        p[0] = (uint8_t)(len == 1 ? c : (0xf00u >> len & 0xff) | c >> 6 * (len - 1));
        bool valid = (c < 0xd800 || c > 0xdfff) && c < 0x110000;
        REQUIRE(utf8_len(p, len) == (valid ? len : 0));
        REQUIRE(len == 1 || utf8_len(p, len - 1) == 0);
    }
    for (uint32_t v = 0; v < 1u << 24; v++) {
        p[0] = (uint8_t)(v >> 16), p[1] = (uint8_t)(v >> 8), p[2] = (uint8_t)v;
        bool tail1 = p[1] >> 6 == 2, tail2 = p[2] >> 6 == 2;
        uint32_t two = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
        uint32_t three = (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
        bool surrogate = three >= 0xd800 && three <= 0xdfff;
        size_t expected = p[0] < 0x80                                                         ? 1
                          : p[0] >> 5 == 6 && tail1 && two >= 0x80                            ? 2
                          : p[0] >> 4 == 14 && tail1 && tail2 && three >= 0x800 && !surrogate ? 3
                                                                                              : 0;
        REQUIRE(utf8_len(p, 3) == expected);
    }
}

static const char *write_file(const char *name, const void *data, size_t len)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", test_tmpdir(), name);
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(data, 1, len, f) == len);
    fclose(f);
    return path;
}

TEST(json_files)
{
    struct json *j = NULL;
    struct diag d = {""};
    const char *path = write_file("good.json", "\xef\xbb\xbf{\"a\": 1}\n", 12);
    REQUIRE(json_parse_file(&j, path, &d) == E_OK);
    CHECK_INT(json_count(j), 1);
    json_free(j);
    j = NULL;
    path = write_file("bad.json", "{\n  \"a\": x\n}", 12);
    CHECK_ERR(json_parse_file(&j, path, &d), E_JSON);
    CHECK(strstr(d.text, "bad.json:2:8: a value is expected") != NULL);
    path = write_file("twice.json", "{\"a\":1,\"a\":2}", 13);
    CHECK_ERR(json_parse_file(&j, path, &d), E_JSON);
    CHECK(strstr(d.text, "twice.json: ") != NULL && strstr(d.text, "\"a\"") != NULL);
    path = write_file("large.json", "", 0);
    CHECK(truncate(path, (off_t)LIMIT_IMPORT_FILE_BYTES + 1) == 0); /* sparse: takes no space */
    CHECK_ERR(json_parse_file(&j, path, &d), E_TOO_LARGE);
    CHECK_ERR(json_parse_file(&j, "/nonexistent/x.json", &d), E_IO);
    CHECK_ERR(json_parse_file(&j, test_tmpdir(), &d),
              E_IO); /* a directory opens, but cannot be read */
    CHECK(j == NULL);
}
