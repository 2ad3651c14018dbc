/* Points, hashes and strings as text. */
#include "belenios/text.h"
#include "test.h"

TEST(text_points)
{
    static const char base[] = "6666666666666666666666666666666666666666666666666666666666666658";
    char text[BEL_POINT_CHARS + 1];
    uint8_t le32[32];
    CHECK(bel_point_bytes(le32, base, 64));
    CHECK_INT(le32[0], 0x58);
    bel_point_text(text, le32);
    CHECK_STR(text, base);
    CHECK(!bel_point_bytes(le32, base, 63));
    CHECK(!bel_point_bytes(le32, "0x66666666666666666666666666666666666666666666666666666666666666",
                           64));
    CHECK(!bel_point_bytes(le32, "A666666666666666666666666666666666666666666666666666666666666658",
                           64));
}

TEST(text_hashes)
{
    static const char b64[] = "Nk86aDavtj2fygNVDD6LFEEC4qtB8cYfzJciF7VKN0Q";
    struct hash h;
    char text[BEL_HASH_CHARS + 1];
    CHECK(bel_hash_from_text(&h, b64, 43));
    CHECK_HEX(h.b, 32, "364f3a6836afb63d9fca03550c3e8b144102e2ab41f1c61fcc972217b54a3744");
    bel_hash_text(text, &h);
    CHECK_STR(text, b64);
    CHECK(!bel_hash_from_text(&h, b64, 42));
    CHECK(
        !bel_hash_from_text(&h, "Nk86aDavtj2fygNVDD6LFEEC4qtB8cYfzJciF7VKN0R", 43)); /* odd bits */
    CHECK(!bel_hash_from_text(&h, "Nk86aDavtj2fygNVDD6LFEEC4qtB8cYfzJciF7VKN0=", 43));
    CHECK(!bel_hash_from_text(&h, "Nk86aDavtj2fygNVDD6LFEEC4qtB8cYfzJciF7VKN\0Q", 43));
}

TEST(text_base58)
{
    CHECK(bel_is_base58("123ABCxyz", 9));
    CHECK(!bel_is_base58("0", 1) && !bel_is_base58("O", 1) && !bel_is_base58("I", 1) &&
          !bel_is_base58("l", 1) && !bel_is_base58("-", 1) && !bel_is_base58("", 1));
}

TEST(text_strings)
{
    struct buf b = {0};
    bel_put_string(&b, "a\"\\/\b\f\n\r\t\x01\x1f\x7fé", 14);
    CHECK_STR(buf_cstr(&b), "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007fé\"");
    buf_free(&b);
}
