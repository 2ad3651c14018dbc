/* The made-up district: the same bytes everywhere, and a district that makes sense. */
#include "test.h"

#include "crypto/sha256.h"
#include "gateway/files/sample.h"
#include "gateway/files/sample_sky.h"
#include "gateway/files/settlement.h"

static struct hash hash_of_dataset(const struct dataset *s)
{
    struct sha256 sha;
    struct hash out;
    struct buf text = {0};
    sha256_init(&sha);
    district_put_json(&text, &s->op);
    sha256_update(&sha, text.data, text.len);
    sha256_update(&sha, s->consumption_wh,
                  s->op.steps * s->op.consumers * sizeof *s->consumption_wh);
    sha256_update(&sha, s->production_wh, s->op.steps * s->op.producers * sizeof *s->production_wh);
    sha256_final(&sha, &out);
    buf_free(&text);
    return out;
}

/* Changes only when the generator is changed on purpose: the same for every compiler. */
static const char GOLDEN[] = "129ef0b10f754d145c96cc6635501ebfc0e97e3d70fb429d42da3f2d6be5726e";

TEST(same_seed_same_bytes)
{
    struct dataset a, b;
    sample_generate(&a, 2026);
    sample_generate(&b, 2027);
    struct hash ha = hash_of_dataset(&a), hb = hash_of_dataset(&b);
    CHECK_HEX(ha.b, 32, GOLDEN);
    CHECK(!hash_eq(&ha, &hb));
    dataset_free(&a);
    dataset_free(&b);
}

TEST(it_is_read_back_and_settles)
{
    char dir[512];
    struct problems p = {0};
    struct diag d = {0};
    struct dataset made, back;
    struct settlement s;
    snprintf(dir, sizeof dir, "%s/new", test_tmpdir());
    REQUIRE(sample_write(dir, 2026, &d) == E_OK);
    REQUIRE(dataset_read_dir(&back, dir, &p, &d) == E_OK);
    sample_generate(&made, 2026);
    struct hash a = hash_of_dataset(&made), b = hash_of_dataset(&back);
    CHECK(hash_eq(&a, &b));
    settlement_run(&s, &back, KEY_DEFAULT, NULL, NULL, NULL, NULL);
    CHECK_INT(s.days, 365);
    CHECK_INT(s.months, 12);
    CHECK(s.shared_wh > s.produced_wh / 2 && s.shared_wh < s.produced_wh);
    CHECK(s.consumed_wh > s.produced_wh);
    /* about 1000 kWh per kW of roof in Lyon */
    CHECK(s.produced_wh > 205000000 * 9 / 10 && s.produced_wh < 205000000ull * 13 / 10);
    settlement_free(&s);
    dataset_free(&made);
    dataset_free(&back);
    CHECK_ERR(sample_write("/nonexistent/dir", 1, &d), E_IO);
}

TEST(sun_and_sine)
{
    CHECK_INT(sin_q16(0), 0);
    CHECK_INT(sin_q16(16384), Q16);
    CHECK_INT(sin_q16(49152), -Q16);
    CHECK_INT(sin_q16(-16384), -Q16);
    CHECK(sin_q16(5461) > 32748 && sin_q16(5461) < 32788); /* 30 degrees: one half */
    struct sky sky[48];
    sky_fill(sky, 48, 1750377600, 1); /* 2025-06-20 00:00Z */
    int best = 0;
    for (int i = 0; i < 48; i++)
        best = sky[i].up > sky[best].up ? i : best;
    CHECK_INT(best, 23);                                 /* 11:30-12:00Z: solar noon is at 11:41 */
    CHECK(sky[best].up > 60000 && sky[best].up < 61500); /* sin(67.7 degrees) is 0.925 */
    CHECK(sky[0].up < 0 && sky[47].up < 0);
    struct roof flat = {10000, 0, 0};
    CHECK_INT(roof_wh(&flat, &sky[0]), 0);
    CHECK(roof_wh(&flat, &sky[best]) > 500 && roof_wh(&flat, &sky[best]) <= 5000);
}
