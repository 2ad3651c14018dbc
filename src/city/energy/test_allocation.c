/* The sharing rules against everyone else's word and against their own laws. */
#include "base/mem.h"
#include "city/energy/allocation.h"
#include "codec/json.h"
#include "test.h"

#define MANY 64

static struct allocation_scratch *scratch(void)
{
    static struct allocation_scratch s;
    if (!s.remainder)
        allocation_scratch_init(&s, mem_alloc(allocation_scratch_bytes(ALLOCATION_POINTS_MAX)),
                                ALLOCATION_POINTS_MAX);
    return &s;
}

static bool equal(const uint64_t *a, const uint64_t *b, size_t count)
{
    return memcmp(a, b, count * sizeof *a) == 0;
}

/* --- a second, naive R1: repeated search for the largest remainder ------------------------------
 */

__extension__ typedef unsigned __int128 u128;

static void naive_r1(uint64_t *out, uint64_t total, const uint64_t *w, size_t n)
{
    u128 sum = 0;
    uint64_t given = 0, rest[MANY];
    bool taken[MANY] = {false};
    for (size_t i = 0; i < n; i++)
        sum += w[i];
    for (size_t i = 0; i < n; i++) {
        out[i] = sum == 0 ? 0 : (uint64_t)((u128)total * w[i] / sum);
        rest[i] = sum == 0 ? 0 : (uint64_t)((u128)total * w[i] % sum);
        given += out[i];
    }
    for (; sum != 0 && given < total; given++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++) {
            if (!taken[i] && (best == n || rest[i] > rest[best]))
                best = i;
        }
        taken[best] = true;
        out[best]++;
    }
}

TEST(r1_small_vectors)
{
    uint64_t out[4];
    largest_remainder(out, 10, (uint64_t[]){1, 1, 1}, 3, scratch());
    CHECK(equal(out, (uint64_t[]){4, 3, 3}, 3));
    largest_remainder(out, 2, (uint64_t[]){1, 1, 1, 0}, 4, scratch());
    CHECK(equal(out, (uint64_t[]){1, 1, 0, 0}, 4));
    largest_remainder(out, 5, (uint64_t[]){0, 0, 0}, 3, scratch());
    CHECK(equal(out, (uint64_t[]){0, 0, 0}, 3));
    largest_remainder(out, 7, (uint64_t[]){3, 2, 1}, 3, scratch());
    CHECK(equal(out, (uint64_t[]){4, 2, 1}, 3)); /* 3.5 2.33 1.17 */
}

/* Every path (narrow, wide) and many ties, against the naive version. */
/* What R1 takes is paid by `work`: numbers beyond the fast way's count for their time. */
TEST(r1_counts_its_work)
{
    uint64_t out[3], big = 1ull << 40;
    struct allocation_scratch *s = scratch();
    uint64_t before = s->work;
    largest_remainder(out, 10, (uint64_t[]){1, 1, 1}, 3, s);
    uint64_t narrow = s->work - before;
    largest_remainder(out, 10, (uint64_t[]){big, big, big}, 3, s);
    uint64_t wide = s->work - before - narrow;
    CHECK_INT(narrow, 3);
    CHECK_INT(wide, 6 * 3);
    CHECK(out[0] == 4 && out[1] == 3 && out[2] == 3);
}

TEST(r1_equals_naive)
{
    size_t cases = 0;
    for (unsigned round = 0; round < 20000; round++) {
        uint64_t w[MANY], fast[MANY], slow[MANY];
        size_t n = 1 + test_random() % MANY;
        unsigned bits = 1 + (unsigned)(test_random() % 44);
        for (size_t i = 0; i < n; i++)
            w[i] = test_random() % 5 == 0 ? 0 : test_random() >> (64 - bits);
        uint64_t total = test_random() >> (64 - (1 + test_random() % 44));
        largest_remainder(fast, total, w, n, scratch());
        naive_r1(slow, total, w, n);
        REQUIRE(equal(fast, slow, n));
        cases++;
    }
    printf("# %zu cases agree\n", (size_t)cases);
}

/* --- exhaustive small cases ------------------------------------------------------------------- */

struct small {
    uint64_t consumption[3], production[2];
    uint32_t ppm[6];
    uint8_t level[3];
    uint64_t allocated[3], used[2], matrix[6];
};

static void check_step(struct small *c, enum allocation_key key, size_t n, size_t p, size_t *cases)
{
    struct allocation_step in = {key, n, p, c->consumption, c->production, c->ppm, c->level};
    struct allocation_result out = {c->allocated, c->used, c->matrix, 0, 0, 0};
    allocate_step(&out, &in, scratch());
    enum allocation_fault fault = allocation_check(&in, &out);
    if (fault != FAULT_NONE)
        test_fail(__FILE__, __LINE__, "%s: %s", allocation_key_name(key),
                  allocation_fault_name(fault));
    (*cases)++;
}

static void check_keys(struct small *c, size_t n, size_t p, size_t *cases)
{
    static const uint32_t PPM[][6] = {{500000, 300000, 200000, 100000, 0, 900000},
                                      {333334, 333333, 333333, 0, 0, 0},
                                      {100000, 0, 400000, 1, 999999, 0}};
    static const uint8_t LEVEL[][3] = {{1, 1, 1}, {1, 2, 3}, {2, 1, 2}};
    check_step(c, KEY_DEFAULT, n, p, cases);
    for (size_t v = 0; v < 3; v++) {
        memcpy(c->ppm, PPM[v], sizeof c->ppm);
        memcpy(c->level, LEVEL[v], sizeof c->level);
        for (unsigned key = KEY_STATIC; key < KEY_COUNT; key++)
            check_step(c, (enum allocation_key)key, n, p, cases);
    }
}

TEST(laws_hold_for_all_small_cases)
{
    size_t cases = 0;
    for (size_t n = 0; n <= 3; n++) {
        unsigned consumptions = 1;
        for (size_t i = 0; i < n; i++)
            consumptions *= 4;
        for (unsigned k = 0; k < consumptions; k++) {
            for (unsigned p1 = 0; p1 <= 6; p1++) {
                for (unsigned p2 = 0; p2 + p1 <= 6; p2++) {
                    struct small c = {
                        {k % 4, k / 4 % 4, k / 16}, {p1, p2}, {0}, {0}, {0}, {0}, {0}};
                    check_keys(&c, n, 2, &cases);
                    if (p2 == 0)
                        check_keys(&c, n, 1, &cases);
                }
            }
        }
    }
    printf("# %zu cases agree\n", (size_t)cases);
}

/* Each law is broken once, and named. */
TEST(check_finds_every_fault)
{
    const uint64_t consumption[] = {5, 5}, production[] = {4, 4};
    struct allocation_step in = {KEY_DEFAULT, 2, 2, consumption, production, NULL, NULL};
    static const struct {
        uint64_t allocated[2], used[2], matrix[4], shared;
        enum allocation_fault fault;
    } CASES[] = {
        {{4, 4}, {4, 4}, {2, 2, 2, 2}, 8, FAULT_NONE},
        {{6, 2}, {4, 4}, {3, 1, 3, 1}, 8, FAULT_ABOVE_CONSUMPTION},
        {{4, 4}, {5, 3}, {3, 2, 1, 2}, 8, FAULT_ABOVE_PRODUCTION},
        {{5, 5}, {4, 4}, {3, 3, 2, 2}, 10, FAULT_ABOVE_PRODUCTION},
        {{4, 3}, {4, 3}, {2, 2, 2, 1}, 7, FAULT_NOT_ALL_SHARED},
        {{4, 4}, {4, 3}, {2, 2, 2, 1}, 8, FAULT_USED},
        {{4, 4}, {4, 4}, {2, 2, 2, 2}, 7, FAULT_TOTALS},
        {{4, 4}, {4, 4}, {2, 1, 2, 3}, 8, FAULT_MATRIX_ROW},
        {{4, 4}, {4, 4}, {3, 1, 2, 2}, 8, FAULT_MATRIX_COLUMN},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint64_t a[2], u[2], m[4];
        memcpy(a, CASES[i].allocated, sizeof a);
        memcpy(u, CASES[i].used, sizeof u);
        memcpy(m, CASES[i].matrix, sizeof m);
        struct allocation_result out = {a, u, m, 8, 10, CASES[i].shared};
        CHECK_STR(allocation_fault_name(allocation_check(&in, &out)),
                  allocation_fault_name(CASES[i].fault));
    }
}

/* --- single rules ------------------------------------------------------------------------------
 */

TEST(keys_on_one_step)
{
    const uint64_t need[] = {100, 20, 80};
    const uint32_t ppm[] = {500000, 300000, 100000};
    const uint8_t level[] = {2, 1, 2};
    uint64_t out[3];
    allocate_default(out, 100, need, 3, scratch());
    CHECK(equal(out, (uint64_t[]){50, 10, 40}, 3));
    allocate_static(out, 100, need, ppm, 3, scratch());
    CHECK(equal(out, (uint64_t[]){50, 20, 10}, 3));
    allocate_waterfill(out, 100, need, ppm, 3, scratch());
    CHECK(equal(out, (uint64_t[]){67, 20, 13}, 3)); /* 80 by 5:1 once the second is served */
    allocate_priority(out, 100, need, level, 3, scratch());
    CHECK(equal(out, (uint64_t[]){44, 20, 36}, 3)); /* 80 by 100:80, 44.4 and 35.6 */
}

TEST(full_dynamic_caps_in_order_of_producers)
{
    const uint64_t need[] = {6, 10}, made[] = {10, 10};
    const uint32_t ppm[] = {500000, 500000, 800000, 100000};
    uint64_t a[2], u[2], m[4];
    struct allocation_step in = {KEY_DYNAMIC_FULL, 2, 2, need, made, ppm, NULL};
    struct allocation_result out = {a, u, m, 0, 0, 0};
    allocate_step(&out, &in, scratch());
    CHECK(equal(m, (uint64_t[]){5, 5, 1, 1}, 4));
    CHECK(equal(a, (uint64_t[]){6, 6}, 2));
    CHECK(equal(u, (uint64_t[]){10, 2}, 2));
    CHECK_INT(allocation_check(&in, &out), FAULT_NONE);
}

TEST(key_names_round_trip)
{
    enum allocation_key key;
    for (unsigned k = 0; k < KEY_COUNT; k++) {
        REQUIRE(allocation_key_parse(&key, allocation_key_name((enum allocation_key)k)));
        CHECK_INT(key, k);
    }
    CHECK(!allocation_key_parse(&key, "Default"));
}

TEST(invoice_amounts_round_half_up)
{
    struct invoice_amount a;
    REQUIRE(invoice_amount_of(&a, 8338, 110000, 200000));
    CHECK_INT(a.nanoeur, 917180000);
    CHECK_INT(a.ht_cents, 92);
    CHECK_INT(a.vat_cents, 18);
    REQUIRE(invoice_amount_of(&a, 5, 1000000, 1000000)); /* exactly half a cent */
    CHECK_INT(a.ht_cents, 1);
    REQUIRE(invoice_amount_of(&a, 4999, 1000, 0));
    CHECK_INT(a.ht_cents, 0);
    CHECK(!invoice_amount_of(&a, 1ull << 40, 1ull << 24, 0));
    CHECK(!invoice_amount_of(&a, 1, 1, PPM_ONE + 1));
}

TEST(derived_coefficients_give_back_the_allocation)
{
    uint64_t worst = 0;
    for (unsigned round = 0; round < 5000; round++) {
        uint64_t need[MANY], a[MANY];
        uint32_t ppm[MANY];
        size_t n = 1 + test_random() % MANY;
        for (size_t i = 0; i < n; i++)
            need[i] = test_random() % 3000;
        uint64_t production = test_random() % 1000001;
        allocate_default(a, production, need, n, scratch());
        uint64_t d = coefficients_derive(ppm, production, a, need, n, scratch());
        worst = d > worst ? d : worst;
    }
    CHECK(worst <= 1);
    uint32_t none[2];
    CHECK_INT(coefficients_derive(none, 0, (uint64_t[]){0, 0}, (uint64_t[]){3, 4}, 2, scratch()),
              0);
    CHECK_INT(none[0] + none[1], 0);
}

/* --- the independent reference's vectors ---------------------------------------------------------
 */

static size_t numbers(uint64_t *out, const struct json *list)
{
    size_t n = 0;
    for (const struct json *j = json_first(list); j; j = json_next(j)) {
        ASSERT(n < MANY * MANY && json_u64(&out[n], j) == E_OK);
        n++;
    }
    return n;
}

static bool matches(const struct json *entry, const char *name, const uint64_t *got, size_t n)
{
    uint64_t expected[MANY];
    size_t count = numbers(expected, json_get(entry, name));
    return count == n && equal(expected, got, n);
}

static void check_vector(const struct json *v)
{
    uint64_t need[MANY], words[MANY], production, out[MANY];
    uint32_t ppm[MANY];
    uint8_t level[MANY];
    size_t n = numbers(need, json_get(v, "consumption_wh"));
    CHECK_ERR(json_u64(&production, json_get(v, "production_wh")), E_OK);
    numbers(words, json_get(v, "static_ppm"));
    for (size_t i = 0; i < n; i++)
        ppm[i] = (uint32_t)words[i];
    numbers(words, json_get(v, "level"));
    for (size_t i = 0; i < n; i++)
        level[i] = (uint8_t)words[i];
    allocate_default(out, production, need, n, scratch());
    CHECK(matches(v, "default", out, n));
    allocate_static(out, production, need, ppm, n, scratch());
    CHECK(matches(v, "static", out, n));
    allocate_waterfill(out, production, need, ppm, n, scratch());
    CHECK(matches(v, "waterfill", out, n));
    allocate_priority(out, production, need, level, n, scratch());
    CHECK(matches(v, "priority", out, n));
}

static void check_pairwise(const struct json *v)
{
    uint64_t used[MANY], allocated[MANY], u[MANY], *matrix, *expected;
    size_t p = numbers(used, json_get(v, "used_by_producer"));
    size_t n = numbers(allocated, json_get(v, "allocated_to_consumer"));
    matrix = mem_zalloc(p * n + 1, sizeof *matrix);
    expected = mem_zalloc(p * n + 1, sizeof *expected);
    allocate_matrix(u, matrix, used, p, allocated, n, scratch());
    size_t at = 0;
    for (const struct json *row = json_first(json_get(v, "matrix")); row; row = json_next(row))
        at += numbers(expected + at, row);
    CHECK(at == p * n && equal(matrix, expected, at) && equal(u, used, p));
    mem_free(matrix);
    mem_free(expected);
}

TEST(reference_vectors)
{
    const char *path = test_data("energy/oracle/vectors.json");
    if (!path)
        SKIP("no energy/oracle/vectors.json");
    struct json *root;
    struct diag d;
    REQUIRE(json_parse_file(&root, path, &d) == E_OK);
    size_t cases = 0;
    const struct json *v;
    for (v = json_first(json_get(root, "allocation")); v; v = json_next(v), cases++)
        check_vector(v);
    for (v = json_first(json_get(root, "largest_remainder")); v; v = json_next(v), cases++) {
        uint64_t total, w[MANY], out[MANY];
        size_t n = numbers(w, json_get(v, "weights"));
        CHECK_ERR(json_u64(&total, json_get(v, "total")), E_OK);
        largest_remainder(out, total, w, n, scratch());
        CHECK(matches(v, "result", out, n));
    }
    for (v = json_first(json_get(root, "pairwise")); v; v = json_next(v), cases++)
        check_pairwise(v);
    CHECK(cases >= 451);
    test_count(cases);
    json_free(root);
}
