/* The library against an independent program's results: a real district's year, and a city's day.
 */
#include "city/energy/test_london.h"

#include "crypto/sha256.h"

struct year {
    uint64_t shared[4][LONDON_STEPS];
    uint64_t matrix[12][LONDON_PRODUCERS][LONDON_CONSUMERS]; /* default key */
    struct hash year[4];
    struct hash pairwise_year;
};

static struct allocation_scratch *scratch(void)
{
    static struct allocation_scratch s;
    if (!s.remainder)
        allocation_scratch_init(&s, mem_alloc(allocation_scratch_bytes(ALLOCATION_POINTS_MAX)),
                                ALLOCATION_POINTS_MAX);
    return &s;
}

static void compute_key(const struct london *l, enum allocation_key key,
                        const struct london_hashes *expected, struct year *out)
{
    uint64_t need[LONDON_CONSUMERS], a[LONDON_CONSUMERS], u[LONDON_PRODUCERS];
    uint64_t m[LONDON_PRODUCERS * LONDON_CONSUMERS];
    struct yearhash year, pairwise_year;
    yearhash_begin(&year);
    yearhash_begin(&pairwise_year);
    for (uint32_t day = 0; day < LONDON_DAYS; day++) {
        struct dayhash h, pairs;
        struct hash digest;
        dayhash_begin(&h);
        dayhash_begin(&pairs);
        uint32_t month = civil_of_day(zone_day(ZONE_UTC, LONDON_START_S) + day).month - 1;
        for (uint64_t step = day * 48; step < day * 48 + 48; step++) {
            const uint64_t *measured = l->consumption + step * LONDON_CONSUMERS;
            for (size_t i = 0; i < LONDON_CONSUMERS; i++)
                need[i] = measured[i] == READING_ABSENT ? 0 : measured[i];
            struct allocation_step in = {key,
                                         LONDON_CONSUMERS,
                                         LONDON_PRODUCERS,
                                         need,
                                         l->production + step * LONDON_PRODUCERS,
                                         l->ppm,
                                         l->level};
            struct allocation_result r = {a, u, m, 0, 0, 0};
            allocate_step(&r, &in, scratch());
            REQUIRE(allocation_check(&in, &r) == FAULT_NONE);
            out->shared[key][step] = r.shared_wh;
            dayhash_step(&h, step, a, LONDON_CONSUMERS);
            for (size_t k = 0; k < LONDON_PRODUCERS; k++) {
                dayhash_row(&pairs, step, k, m + k * LONDON_CONSUMERS, LONDON_CONSUMERS);
                for (size_t i = 0; key == KEY_DEFAULT && i < LONDON_CONSUMERS; i++)
                    out->matrix[month][k][i] += m[k * LONDON_CONSUMERS + i];
            }
        }
        dayhash_end(&h, &digest);
        yearhash_day(&year, &digest);
        REQUIRE(london_hash_is(&digest, expected->hex[day][key]));
        dayhash_end(&pairs, &digest);
        yearhash_day(&pairwise_year, &digest);
        if (key == KEY_DEFAULT)
            REQUIRE(london_hash_is(&digest, expected->hex[day][4]));
    }
    yearhash_end(&year, &out->year[key]);
    if (key == KEY_DEFAULT)
        yearhash_end(&pairwise_year, &out->pairwise_year);
}

/* Per-step totals: step,production,consumption,missing,auto of the four keys,... */
static void check_steps(const struct london *l, const struct year *y)
{
    char line[512];
    const char *path = test_data("energy/oracle/a-london-2013/steps.csv.gz");
    REQUIRE(path);
    gzFile f = gzopen(path, "rb");
    REQUIRE(f && gzgets(f, line, sizeof line));
    for (size_t step = 0; step < LONDON_STEPS; step++) {
        uint64_t v[8], produced = 0, consumed = 0, missing = 0;
        REQUIRE(gzgets(f, line, sizeof line));
        char *p = line;
        for (size_t i = 0; i < 8; i++, p++)
            v[i] = strtoull(p, &p, 10);
        for (size_t k = 0; k < LONDON_PRODUCERS; k++)
            produced += l->production[step * LONDON_PRODUCERS + k];
        for (size_t i = 0; i < LONDON_CONSUMERS; i++) {
            uint64_t c = l->consumption[step * LONDON_CONSUMERS + i];
            missing += c == READING_ABSENT;
            consumed += c == READING_ABSENT ? 0 : c;
        }
        REQUIRE(v[0] == step && v[1] == produced && v[2] == consumed && v[3] == missing);
        for (size_t key = 0; key < 4; key++)
            REQUIRE(v[4 + key] == y->shared[key][step]);
    }
    gzclose(f);
}

static size_t index_of(const char (*names)[32], size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

/* month,producer,consumer,energy_wh,price,nanoeur,ht,vat,ttc */
static void check_invoices(const struct london *l, const struct year *y)
{
    char line[512];
    const char *path = test_data("energy/oracle/a-london-2013/invoices.csv");
    REQUIRE(path);
    FILE *f = fopen(path, "r");
    REQUIRE(f && fgets(line, sizeof line, f));
    size_t lines = 0;
    uint64_t ht = 0, vat = 0;
    for (; fgets(line, sizeof line, f); lines++) {
        unsigned month;
        char producer[32], consumer[32];
        uint64_t v[6];
        REQUIRE(sscanf(line,
                       "2013-%2u,%31[^,],%31[^,],%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%" SCNu64
                       ",%" SCNu64 ",%" SCNu64,
                       &month, producer, consumer, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]) == 9);
        size_t k = index_of(l->producer, LONDON_PRODUCERS, producer);
        size_t i = index_of(l->consumer, LONDON_CONSUMERS, consumer);
        REQUIRE(k < LONDON_PRODUCERS && i < LONDON_CONSUMERS);
        struct invoice_amount a;
        uint64_t energy = y->matrix[month - 1][k][i];
        REQUIRE(invoice_amount_of(&a, energy, l->price[k], 200000));
        REQUIRE(energy == v[0] && l->price[k] == v[1] && a.nanoeur == v[2] && a.ht_cents == v[3] &&
                a.vat_cents == v[4] && v[3] + v[4] == v[5]);
        ht += a.ht_cents;
        vat += a.vat_cents;
    }
    fclose(f);
    CHECK_INT(ht, 1239563);
    CHECK_INT(vat, 247884);
    test_count(lines);
}

TEST(london_year_equals_the_reference)
{
    static const char *const YEAR[] = {
        "074f2b93d5917073987d0f4788a9678b9f696e2b5d5ca8bd5b31fd7910a9009c",
        "6fa0cd4b66afa09864cdbb73a4826d2fd0f67cbabb4c89dadb31f2c06ea71097",
        "8a9d02ff5145df54be658617141dfbbcfb6d9711e61b69482b5f5d2e5919aed8",
        "8233e1d5c4de881d7fc87fa65aa96ae391f0bf1408e95b6fd4323b21ee47081e"};
    const struct london *l = london_load();
    struct london_hashes *expected = mem_zalloc(1, sizeof *expected);
    if (!l || !london_hashes_load(expected)) {
        mem_free(expected);
        SKIP("no energy/a-london-2013 or its reference results");
    }
    struct year *y = mem_zalloc(1, sizeof *y);
    for (unsigned key = KEY_DEFAULT; key <= KEY_PRIORITY; key++) {
        compute_key(l, (enum allocation_key)key, expected, y);
        CHECK(london_hash_is(&y->year[key], YEAR[key]));
    }
    CHECK(london_hash_is(&y->pairwise_year,
                         "77b5cdfd3f1399cebc3035517440029aa310de085d75f1b40b43c287f87ce646"));
    check_steps(l, y);
    check_invoices(l, y);
    mem_free(y);
    mem_free(expected);
}

/* --- a city ------------------------------------------------------------------------------------
 */

static uint64_t splitmix64(uint64_t x)
{
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

struct meter {
    uint32_t home, shift, scale, kwp_w;
};

static struct meter meter_of(uint64_t seed, uint64_t m)
{
    uint64_t r = splitmix64(seed ^ m);
    bool prosumer = ((r >> 48) & 15) % 10 == 0;
    return (struct meter){(uint32_t)(r % LONDON_CONSUMERS), (uint32_t)((r >> 16) % 52) * 336,
                          500 + (uint32_t)((r >> 32) % 1001),
                          prosumer ? 2000 + (uint32_t)((r >> 52) % 8) * 1000 : 0};
}

/* A quarter-hour curve out of half-hours: the first quarter takes the half's upper rounding, so
 * that both quarters add up to the half. */
static uint64_t quarter(uint64_t half_wh, unsigned which)
{
    return which == 0 ? (half_wh + 1) / 2 : half_wh / 2;
}

struct city {
    size_t meters, operation_size, first_step, steps, split; /* split: steps per half-hour */
    bool naive;                                              /* the second implementation */
    uint64_t consumed, produced, allocated;
    struct hash consumption_hash, allocation_hash;
};

/* R2 again, as a reader would write it on paper: shares by 128-bit division, then the rest one by
 * one to the largest remainder. */
static void naive_default(uint64_t *out, uint64_t production, const uint64_t *need, size_t n)
{
    uint64_t total = 0, given = 0, rest[128];
    for (size_t i = 0; i < n; i++)
        total += need[i];
    for (size_t i = 0; i < n; i++) {
        __extension__ unsigned __int128 x = (unsigned __int128)production * need[i];
        out[i] = production >= total ? need[i] : (uint64_t)(x / total);
        rest[i] = production >= total ? 0 : (uint64_t)(x % total);
        given += out[i];
    }
    for (uint64_t left = production < total ? production - given : 0; left != 0; left--) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            best = rest[i] > rest[best] ? i : best;
        out[best]++;
        rest[best] = 0;
    }
}

static void run_city(const struct london *l, struct city *c)
{
    struct meter *meter = mem_alloc(c->meters * sizeof *meter);
    uint64_t *need = mem_alloc(c->operation_size * sizeof *need);
    uint64_t *share = mem_alloc(c->operation_size * sizeof *share);
    uint32_t *stream[2] = {mem_alloc(c->meters * 4), mem_alloc(c->meters * 4)};
    struct sha256 sha[2];
    sha256_init(&sha[0]);
    sha256_init(&sha[1]);
    for (size_t m = 0; m < c->meters; m++)
        meter[m] = meter_of(0x43495459, m);
    for (size_t s = 0; s < c->steps * c->split; s++) {
        size_t t = c->first_step + s / c->split;
        unsigned part = (unsigned)(s % c->split);
        for (size_t m = 0; m < c->meters; m += c->operation_size) {
            size_t n = c->meters - m < c->operation_size ? c->meters - m : c->operation_size;
            uint64_t made = 0, total = 0;
            for (size_t i = 0; i < n; i++) {
                const struct meter *k = &meter[m + i];
                uint64_t base =
                    l->consumption[(t + k->shift) % LONDON_STEPS * LONDON_CONSUMERS + k->home];
                uint64_t wh = ((base == READING_ABSENT ? 0 : base) * k->scale + 500) / 1000;
                uint64_t pv =
                    (l->production[t * LONDON_PRODUCERS] * k->kwp_w + l->peak_w / 2) / l->peak_w;
                need[i] = c->split == 2 ? quarter(wh, part) : wh;
                made += c->split == 2 ? quarter(pv, part) : pv;
                total += need[i];
            }
            if (c->naive)
                naive_default(share, made, need, n);
            else
                allocate_default(share, made, need, n, scratch());
            for (size_t i = 0; i < n; i++) {
                stream[0][m + i] = (uint32_t)need[i]; /* little-endian machines only */
                stream[1][m + i] = (uint32_t)share[i];
                c->allocated += share[i];
            }
            c->consumed += total;
            c->produced += made;
        }
        sha256_update(&sha[0], stream[0], c->meters * 4);
        sha256_update(&sha[1], stream[1], c->meters * 4);
    }
    sha256_final(&sha[0], &c->consumption_hash);
    sha256_final(&sha[1], &c->allocation_hash);
    mem_free(meter);
    mem_free(need);
    mem_free(share);
    mem_free(stream[0]);
    mem_free(stream[1]);
}

static void check_city(const struct london *l, const struct json *e, const char *name)
{
    const struct json *steps = json_get(e, "steps");
    uint64_t first, count, minutes = 30;
    CHECK_ERR(json_u64(&first, json_at(steps, 0)), E_OK);
    CHECK_ERR(json_u64(&count, json_at(steps, 2)), E_OK);
    struct city c = {.meters = london_number(e, "meters"),
                     .operation_size = london_number(e, "operation_size"),
                     .first_step = first,
                     .steps = count,
                     .split = 1};
    if (json_get(e, "step_minutes"))
        minutes = london_number(e, "step_minutes");
    if (minutes != 30)
        return;
    run_city(l, &c);
    CHECK_INT(c.consumed, london_number(e, "consumption_wh"));
    CHECK_INT(c.produced, london_number(e, "production_wh"));
    CHECK_INT(c.allocated, london_number(e, "allocated_wh"));
    if (!london_hash_is(&c.consumption_hash, json_text(json_get(e, "sha256_consumption_u32le"))) ||
        !london_hash_is(&c.allocation_hash, json_text(json_get(e, "sha256_allocation_u32le"))))
        test_fail(__FILE__, __LINE__, "%s: hash differs", name);
}

TEST(city_equals_the_reference)
{
    const struct london *l = london_load();
    const char *path = test_data("energy/oracle/scale/scale.json");
    if (!l || !path)
        SKIP("no energy/oracle/scale/scale.json");
    struct json *root;
    struct diag d;
    REQUIRE(json_parse_file(&root, path, &d) == E_OK);
    CHECK(splitmix64(0) == 0xe220a8397b1dcdafull);
    size_t cases = 0;
    for (const struct json *e = json_first(root); e; e = json_next(e)) {
        if (!json_is_object(e) || !json_get(e, "meters"))
            continue;
        check_city(l, e, json_key(e));
        cases++;
    }
    CHECK(cases >= 4);
    test_count(cases);
    json_free(root);
}

/* Quarter-hours: no reference of others, so two implementations of ours and the energy of the
 * half-hours, which quarters must keep. */
TEST(city_quarter_hours_two_ways)
{
    const struct london *l = london_load();
    if (!l)
        SKIP("no energy/a-london-2013");
    struct city fast = {
        .meters = 300000, .operation_size = 100, .first_step = 7728, .steps = 48, .split = 2};
    struct city slow = fast;
    slow.naive = true;
    run_city(l, &fast);
    run_city(l, &slow);
    CHECK_INT(fast.consumed, 2936264282);
    CHECK_INT(fast.produced, 757532235);
    CHECK(hash_eq(&fast.consumption_hash, &slow.consumption_hash));
    CHECK(hash_eq(&fast.allocation_hash, &slow.allocation_hash));
    CHECK_INT(fast.allocated, slow.allocated);
    char hex[65];
    hex_encode(hex, fast.allocation_hash.b, 32);
    printf("# 300000 meters, 96 steps: allocated %" PRIu64 " Wh, %s\n", fast.allocated, hex);
}
