/* Tests of the compression wrapper: round trips, bounds, and what is not one frame. */
#include "codec/zstd.h"

#include "test.h"

TEST(pieces_come_back)
{
    static const size_t LENGTHS[] = {0, 1, 2, 100, 4096, 100000, 1 << 20};
    struct buf plain = {0}, frame = {0}, back = {0};
    for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++)
        for (unsigned mask = 0; mask < 256; mask += 85) { /* alike to random */
            buf_clear(&plain);
            for (size_t k = 0; k < LENGTHS[i]; k++)
                buf_put_u8(&plain, (uint8_t)(test_random() & mask));
            buf_clear(&frame);
            zstd_compress(&frame, buf_view(&plain));
            CHECK(frame.len <= zstd_bound(plain.len));
            buf_clear(&back);
            buf_puts(&back, "before");
            CHECK_ERR(zstd_expand(&back, buf_view(&frame), LENGTHS[i]), E_OK);
            CHECK(back.len == 6 + plain.len && memcmp(back.data, "before", 6) == 0);
            CHECK(bytes_eq(bytes_of(back.data + 6, back.len - 6), buf_view(&plain)));
            if (LENGTHS[i] == 0)
                continue;
            buf_clear(&back);
            CHECK_ERR(zstd_expand(&back, buf_view(&frame), LENGTHS[i] - 1), E_TOO_LARGE);
            CHECK(back.len == 0);
        }
    buf_free(&plain);
    buf_free(&frame);
    buf_free(&back);
}

TEST(other_than_one_frame_is_refused)
{
    struct buf frame = {0}, back = {0};
    zstd_compress(&frame, bytes_str("a piece of text, a piece of text, a piece of text"));
    size_t len = frame.len;
    for (size_t cut = 0; cut < len; cut++)
        CHECK_ERR(zstd_expand(&back, bytes_of(frame.data, cut), 1000), E_CORRUPT);
    buf_put_u8(&frame, 0);
    CHECK_ERR(zstd_expand(&back, buf_view(&frame), 1000), E_CORRUPT);
    frame.len = len;
    zstd_compress(&frame, bytes_str("another"));
    CHECK_ERR(zstd_expand(&back, buf_view(&frame), 1000), E_CORRUPT);
    CHECK_ERR(zstd_expand(&back, bytes_str("no frame at all, but longer"), 1000), E_CORRUPT);
    CHECK(back.len == 0);
    buf_free(&frame);
    buf_free(&back);
}
