#include "test.h"

#include "base/limits.h"
#include "base/mem.h"
#include "codec/rlp.h"

/* Appends to out what an encoder writes for the items of r; false if they are malformed. */
static bool encode_again(struct buf *out, struct rlp r)
{
    struct rlp_item item;
    while (!rlp_at_end(&r)) {
        if (rlp_next(&r, &item) != E_OK)
            return false;
        if (!item.is_list) {
            rlp_put_string(out, item.payload.data, item.payload.len);
            continue;
        }
        size_t mark = rlp_list_open(out);
        if (!encode_again(out, rlp_reader(item.payload)))
            return false;
        rlp_list_close(out, mark);
    }
    return true;
}

/* A second decoder, straight from the definition: is b exactly one canonical item? Lengths here are
 * at most 3 bytes of input, so no long form can be well-formed. */
static bool is_canonical_short(struct bytes b)
{
    if (b.len == 0)
        return false;
    uint8_t first = b.data[0];
    if (first < 0x80)
        return b.len == 1;
    if (first < 0xb8) {
        size_t len = first - 0x80;
        return b.len == 1 + len && !(len == 1 && b.data[1] < 0x80);
    }
    if (first < 0xc0 || first > 0xf7 || b.len != 1u + (first - 0xc0))
        return false;
    for (size_t at = 1; at < b.len;) { /* the items of the list, one after the other */
        size_t len = b.data[at] < 0x80   ? 1
                     : b.data[at] < 0xb8 ? 1u + (b.data[at] - 0x80)
                     : b.data[at] < 0xc0 ? b.len
                                         : 1u + (b.data[at] - 0xc0);
        if (len > b.len - at || !is_canonical_short(bytes_of(b.data + at, len)))
            return false;
        at += len;
    }
    return true;
}

TEST(rlp_all_strings_up_to_3_bytes)
{
    struct buf again = {0};
    size_t accepted = 0, cases = 0;
    for (size_t len = 0; len <= 3; len++)
        for (uint32_t v = 0; v < 1u << (8 * len); v++) {
            uint8_t in[4];
            be32_put(in, v);
            struct bytes b = bytes_of(in + 4 - len, len);
            bool ok = rlp_check(b) == E_OK;
            REQUIRE(ok == is_canonical_short(b));
            buf_clear(&again);
            bool parsed = encode_again(&again, rlp_reader(b));
            REQUIRE(!ok || (parsed && bytes_eq(buf_view(&again), b)));
            accepted += ok;
            cases++;
        }
    buf_free(&again);
    CHECK(accepted > 0 && accepted < cases);
    printf("# %zu strings, %zu canonical\n", (size_t)cases, (size_t)accepted);
}

static enum err check_hex(const char *hex)
{
    struct buf b = {0};
    CHECK_ERR(hex_decode_buf(&b, hex, strlen(hex)), E_OK);
    uint8_t *exact = mem_dup(b.data, b.len); /* so that a sanitizer sees reads past the end */
    enum err e = rlp_check(bytes_of(exact, b.len));
    mem_free(exact);
    buf_free(&b);
    return e;
}

TEST(rlp_long_forms_refused)
{
    static const char *const bad[] = {
        "",                     /* nothing */
        "b800",                 /* long form of no bytes */
        "b83700",               /* long form of 55 */
        "b90038",               /* leading zero in the length */
        "b838",                 /* content missing */
        "b8",                   /* length missing */
        "bfffffffffffffffff",   /* a length of 2^64 - 1 */
        "bf0fffffffffffffff00", /* far beyond the input */
        "f800",
        "f837",
        "f90038",
        "f8",
        "ffffffffffffffffff",
        "c28100", /* a list with a malformed item */
        "c1b8",   /* an item that runs past its list */
        "c0c0",   /* two items */
        "8180c0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (check_hex(bad[i]) != E_RLP)
            test_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
}

/* Strings and lists around each length where the header grows. */
TEST(rlp_header_sizes)
{
    static const size_t lens[] = {0, 1, 2, 54, 55, 56, 57, 255, 256, 257, 65535, 65536, 1 << 24};
    uint8_t *data = mem_zalloc((1 << 24) + 1, 1);
    data[0] = 0x80;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct buf s = {0}, list = {0}, header = {0};
        struct bytes content = bytes_of(data, lens[i]), got;
        rlp_put_string(&s, content.data, content.len);
        REQUIRE(s.len == rlp_string_size(content));
        struct rlp r = rlp_reader(buf_view(&s));
        REQUIRE(rlp_next_string(&r, &got) == E_OK && rlp_at_end(&r) && bytes_eq(got, content));
        size_t mark = rlp_list_open(&list);
        rlp_put_raw(&list, buf_view(&s));
        rlp_list_close(&list, mark);
        REQUIRE(list.len == rlp_list_size(s.len));
        rlp_list_header(&header, s.len);
        REQUIRE(header.len + s.len == list.len && memcmp(header.data, list.data, header.len) == 0);
        REQUIRE(rlp_check(buf_view(&list)) == E_OK);
        buf_free(&s);
        buf_free(&list);
        buf_free(&header);
    }
    mem_free(data);
}

TEST(rlp_integers)
{
    for (int i = 0; i < 20000; i++) {
        struct buf b = {0};
        uint64_t v = test_random() >> test_random() % 64, v_back;
        struct u256 w = {{test_random(), test_random(), test_random(), test_random()}}, w_back;
        for (unsigned limbs = (unsigned)(test_random() % 5); limbs < 4; limbs++)
            w.w[limbs] = 0;
        rlp_put_u64(&b, i == 0 ? 0 : v);
        rlp_put_u256(&b, w);
        struct rlp r = rlp_reader(buf_view(&b));
        REQUIRE(rlp_next_u64(&r, &v_back) == E_OK && v_back == (i == 0 ? 0 : v));
        REQUIRE(rlp_next_u256(&r, &w_back) == E_OK && u256_eq(w, w_back) && rlp_at_end(&r));
        buf_free(&b);
    }
}

TEST(rlp_typed_reads_refuse)
{
    static const uint8_t list[] = {0xc1, 0x05}, zero[] = {0x00}, lead[] = {0x82, 0x00, 0x01};
    static const uint8_t wide[] = {0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    uint8_t wider[34] = {0xa1, 1}, fixed[20] = {7};
    uint64_t v = 5;
    struct u256 w = u256_from_u64(6);
    struct bytes s;
    struct rlp inner;
#define AT(array)                   \
    (struct rlp)                    \
    {                               \
        array, array + sizeof array \
    }
    struct rlp r = AT(list);
    CHECK_ERR(rlp_next_u64(&r, &v), E_RLP);
    CHECK_ERR(rlp_next_u256(&r, &w), E_RLP);
    CHECK_ERR(rlp_next_string(&r, &s), E_RLP);
    CHECK_ERR(rlp_next_fixed(&r, fixed, 1), E_RLP);
    CHECK(r.p == list);
    CHECK_ERR(rlp_next_list(&r, &inner), E_OK);
    CHECK(rlp_at_end(&r) && inner.end - inner.p == 1);
    CHECK_ERR(rlp_next_list(&r, &inner), E_RLP); /* at the end */
    r = AT(zero);
    CHECK_ERR(rlp_next_list(&r, &inner), E_RLP);
    CHECK_ERR(rlp_next_u64(&r, &v), E_RLP); /* zero is the empty string */
    r = AT(lead);
    CHECK_ERR(rlp_next_u64(&r, &v), E_RLP);
    CHECK_ERR(rlp_next_u256(&r, &w), E_RLP);
    CHECK_ERR(rlp_next_fixed(&r, fixed, 3), E_RANGE);
    CHECK_ERR(rlp_next_fixed(&r, fixed, 1), E_RANGE);
    CHECK(r.p == lead && fixed[0] == 7);
    CHECK_ERR(rlp_next_fixed(&r, fixed, 2), E_OK);
    CHECK(fixed[0] == 0 && fixed[1] == 1 && rlp_at_end(&r));
    r = AT(wide);
    CHECK_ERR(rlp_next_u64(&r, &v), E_RANGE);
    CHECK_ERR(rlp_next_u256(&r, &w), E_OK);
    CHECK(w.w[0] == 0x0203040506070809 && w.w[1] == 1 && v == 5);
    r = AT(wider);
    CHECK_ERR(rlp_next_u256(&r, &w), E_RANGE);
    r = AT(list);
    CHECK_ERR(rlp_next_list(&r, &r), E_OK); /* descending in place */
    CHECK_ERR(rlp_next_u64(&r, &v), E_OK);
    CHECK_INT(v, 5);
    r = rlp_reader(bytes_of(NULL, 0));
    CHECK(rlp_at_end(&r));
}

TEST(rlp_depth_limit)
{
    struct buf b = {0};
    size_t mark[LIMIT_RLP_DEPTH + 1];
    for (size_t depth = LIMIT_RLP_DEPTH; depth <= LIMIT_RLP_DEPTH + 1; depth++) {
        buf_clear(&b);
        for (size_t i = 0; i < depth; i++)
            mark[i] = rlp_list_open(&b);
        for (size_t i = depth; i-- > 0;) {
            rlp_list_close(&b, mark[i]);
            if (i > 0)
                rlp_put_u64(&b, i); /* something after the inner list */
        }
        CHECK_ERR(rlp_check(buf_view(&b)), depth <= LIMIT_RLP_DEPTH ? E_OK : E_RLP);
    }
    buf_free(&b);
}
