/* The Ethereum Foundation's RLPTests and ABITests. They are not part of the project: skipped where
 * the archive of the official fixtures is not there. */
#include "test.h"

#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/abi.h"
#include "codec/json.h"
#include "codec/rlp.h"

/* Unpacks what matches pattern; the directory, or NULL. */
static const char *unpack(const char *pattern)
{
    const char *archive = test_data("evm/fixtures.tar.zst");
    if (!archive)
        return NULL;
    const char *dir = test_tmpdir();
    const char *const argv[] = {"tar", "--zstd",      "-xf",   archive, "-C",
                                dir,   "--wildcards", pattern, NULL};
    pid_t pid;
    int status = -1;
    if (posix_spawnp(&pid, "tar", NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        test_fail(__FILE__, __LINE__, "tar could not unpack %s", archive);
        return NULL;
    }
    return dir;
}

#define NUL_STAND_IN "\\uE000"

/* The RLP tests use "\u0000", which our reader refuses: a private character stands in for it. */
static struct json *read_tests(const char *dir, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/ethereum-tests/%s", dir, name);
    struct buf text = {0};
    FILE *f = fopen(path, "rb");
    if (!f) {
        test_fail(__FILE__, __LINE__, "%s is not in the archive", path);
        return NULL;
    }
    uint8_t chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        buf_put(&text, chunk, n);
    fclose(f);
    char *start = (char *)(uintptr_t)buf_cstr(&text);
    for (char *p = start; (p = strstr(p, "\\u0000"));)
        memcpy(p, NUL_STAND_IN, 6);
    struct json *j = NULL;
    struct diag d = {""};
    if (json_parse(&j, buf_view(&text), &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", name, d.text);
    buf_free(&text);
    return j;
}

static struct buf bytes_of_hex(const char *text)
{
    struct buf b = {0};
    CHECK_ERR(hex_decode_buf(&b, text, strlen(text)), E_OK);
    return b;
}

/* A test's string as bytes, the stand-in back to NUL. */
static struct buf bytes_of_text(const char *text)
{
    struct buf b = {0};
    while (*text) {
        bool nul = strncmp(text, "\xee\x80\x80", 3) == 0;
        buf_put_u8(&b, nul ? 0 : (uint8_t)*text);
        text += nul ? 3 : 1;
    }
    return b;
}

/* The minimal big-endian bytes of a decimal integer of any width: one test goes beyond 256 bits. */
static struct buf bytes_of_decimal(const char *digits)
{
    uint8_t be[64] = {0};
    struct buf b = {0};
    size_t lead = 0;
    for (; *digits; digits++) {
        unsigned carry = (unsigned)(*digits - '0');
        for (size_t i = sizeof be; i-- > 0; carry >>= 8)
            be[i] = (uint8_t)(carry += be[i] * 10u);
        CHECK(carry == 0);
    }
    while (lead < sizeof be && be[lead] == 0)
        lead++;
    buf_put(&b, be + lead, sizeof be - lead);
    return b;
}

static struct buf bytes_of_integer(const struct json *in)
{
    char text[79];
    struct u256 v = U256_ZERO;
    if (json_is_string(in))
        return bytes_of_decimal(json_text(in) + 1);
    CHECK_ERR(json_u256(&v, in), E_OK);
    u256_dec(text, v);
    return bytes_of_decimal(text);
}

/* The value "in" to RLP. Integers wider than 53 bits are strings after "#". */
static void encode_value(struct buf *out, const struct json *in)
{
    const char *text = json_text(in);
    if (json_is_array(in)) {
        size_t mark = rlp_list_open(out);
        for (const struct json *c = json_first(in); c; c = json_next(c))
            encode_value(out, c);
        rlp_list_close(out, mark);
    } else if (text && text[0] != '#') {
        struct buf s = bytes_of_text(text);
        rlp_put_string(out, s.data, s.len);
        buf_free(&s);
    } else {
        struct buf integer = bytes_of_integer(in);
        if (integer.len <= 32)
            rlp_put_u256(out, u256_from_be_min(buf_view(&integer)));
        else
            rlp_put_string(out, integer.data, integer.len);
        buf_free(&integer);
    }
}

/* Reads RLP as the value "in" says; false on any difference. */
static bool decode_value(struct rlp *r, const struct json *in)
{
    const char *text = json_text(in);
    struct u256 v;
    struct bytes s;
    if (json_is_array(in)) {
        struct rlp list;
        if (rlp_next_list(r, &list) != E_OK)
            return false;
        for (const struct json *c = json_first(in); c; c = json_next(c))
            if (!decode_value(&list, c))
                return false;
        return rlp_at_end(&list);
    }
    if (text && text[0] != '#') {
        struct buf b = bytes_of_text(text);
        bool same = rlp_next_string(r, &s) == E_OK && bytes_eq(s, buf_view(&b));
        buf_free(&b);
        return same;
    }
    struct buf integer = bytes_of_integer(in);
    bool same;
    if (integer.len <= 32)
        same = rlp_next_u256(r, &v) == E_OK && u256_eq(v, u256_from_be_min(buf_view(&integer)));
    else
        same = rlp_next_u256(r, &v) == E_RANGE && rlp_next_string(r, &s) == E_OK &&
               bytes_eq(s, buf_view(&integer));
    buf_free(&integer);
    return same;
}

static bool run_rlp_case(const struct json *test)
{
    const struct json *in = json_get(test, "in");
    const char *kind = json_text(in), *hex = json_text(json_get(test, "out"));
    bool invalid = kind && strcmp(kind, "INVALID") == 0;
    bool valid = kind && strcmp(kind, "VALID") == 0;
    struct buf expected = bytes_of_hex(hex), encoded = {0};
    enum err e = rlp_check(buf_view(&expected));
    bool ok = (e == E_OK) == !invalid;
    if (!invalid && !valid) {
        encode_value(&encoded, in);
        struct rlp r = rlp_reader(buf_view(&expected));
        ok = ok && bytes_eq(buf_view(&encoded), buf_view(&expected)) && decode_value(&r, in) &&
             rlp_at_end(&r);
    }
    buf_free(&expected);
    buf_free(&encoded);
    return ok;
}

static void run_rlp_file(const char *dir, const char *name)
{
    struct json *tests = read_tests(dir, name);
    size_t passed = 0;
    for (const struct json *t = json_first(tests); t; t = json_next(t)) {
        if (run_rlp_case(t))
            passed++;
        else
            test_fail(__FILE__, __LINE__, "%s: %s", name, json_key(t));
    }
    CHECK(passed > 0);
    test_count(passed);
    json_free(tests);
}

TEST(official_rlp)
{
    const char *dir = unpack("*/RLPTests/*");
    if (!dir)
        SKIP("the archive of the official fixtures is not there");
    run_rlp_file(dir, "RLPTests/rlptest.json");
    run_rlp_file(dir, "RLPTests/invalidRLPTest.json");
    run_rlp_file(dir, "RLPTests/RandomRLPTests/example.json");
}

/* "(uint256,uint32[])" from the test's list of types. */
static void tuple_text(struct buf *out, const struct json *types)
{
    buf_puts(out, "(");
    for (const struct json *t = json_first(types); t; t = json_next(t))
        buf_putf(out, "%s%s", json_text(t), json_next(t) ? "," : ")");
}

/* In these files a string given for bytes is its text, but for an address hexadecimal. */
static void argument_text(struct buf *out, const char *type, const struct json *arg)
{
    const char *text = json_text(arg);
    if (text && strncmp(type, "bytes", 5) == 0)
        json_put_data(out, text, strlen(text));
    else
        json_print(out, arg);
}

static bool run_abi_case(struct arena *a, const struct json *test)
{
    struct buf type_text = {0}, args = {0}, encoded = {0}, again = {0};
    struct buf expected = bytes_of_hex(json_text(json_get(test, "result")));
    const struct json *types = json_get(test, "types"), *list = json_get(test, "args");
    struct abi_type type;
    struct abi_value value, decoded;
    struct diag d = {""};
    tuple_text(&type_text, types);
    json_open(&args, '[');
    for (size_t i = 0; i < json_count(types); i++)
        argument_text(&args, json_text(json_at(types, i)), json_at(list, i));
    json_close(&args, ']');
    bool ok = abi_parse_type(&type, a, buf_cstr(&type_text)) == E_OK &&
              abi_value_from_text(&value, a, &type, buf_cstr(&args), &d) == E_OK;
    if (ok) {
        abi_encode(&encoded, &type, &value);
        ok = bytes_eq(buf_view(&encoded), buf_view(&expected)) &&
             abi_decode(&decoded, a, &type, buf_view(&expected)) == E_OK;
    }
    if (ok) {
        abi_encode(&again, &type, &decoded);
        ok = bytes_eq(buf_view(&again), buf_view(&expected));
    }
    buf_free(&type_text);
    buf_free(&args);
    buf_free(&encoded);
    buf_free(&again);
    buf_free(&expected);
    return ok;
}

TEST(official_abi)
{
    const char *dir = unpack("*/ABITests/*");
    if (!dir)
        SKIP("the archive of the official fixtures is not there");
    struct json *tests = read_tests(dir, "ABITests/basic_abi_tests.json");
    struct arena a = {0};
    size_t passed = 0;
    for (const struct json *t = json_first(tests); t; t = json_next(t)) {
        if (run_abi_case(&a, t))
            passed++;
        else
            test_fail(__FILE__, __LINE__, "%s", json_key(t));
    }
    CHECK(passed > 0);
    test_count(passed);
    arena_free(&a);
    json_free(tests);
}
