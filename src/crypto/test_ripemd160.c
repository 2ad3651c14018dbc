/* RIPEMD-160: the values its authors published. */
#include "test.h"

#include "base/mem.h"
#include "crypto/ripemd160.h"

static void check(const char *text, size_t len, const char *expected)
{
    uint8_t digest[RIPEMD160_BYTES];
    ripemd160_once(digest, text, len);
    CHECK_HEX(digest, sizeof digest, expected);
}

TEST(ripemd160_published)
{
    check(NULL, 0, "9c1185a5c5e9fc54612808977ee8f548b2258d31");
    check("a", 1, "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe");
    check("abc", 3, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    check("message digest", 14, "5d0689ef49d2fae572b881b123a85ffa21595f36");
    check("12345678901234567890123456789012345678901234567890123456789012345678901234567890", 80,
          "9b752e45573d4b39f4dbd3323cab82bf63326bfb");
}

TEST(ripemd160_million_a)
{
    char *text = mem_alloc(1000000);
    memset(text, 'a', 1000000);
    check(text, 1000000, "52783243c1697bdbe16d37f97f68f08325dc1528");
    mem_free(text);
}
