/* energy_vectors: allocation test vectors of others, run through the contract's code. */
#include <inttypes.h>
#include <stdio.h>

#include "app/energy_allocate.h"
#include "base/mem.h"
#include "city/energy/allocation.h"
#include "codec/json.h"

struct checker {
    struct arena arena;
    struct allocation_scratch scratch;
    const char *group; /* and case being run, for the message */
    size_t index;
    size_t passed, failed;
    bool malformed;
};

/* An array of integers below `limit`; count_inout: SIZE_MAX takes any length and returns it. */
static uint64_t *read_array(struct checker *c, const struct json *object, const char *name,
                            uint64_t limit, size_t *count_inout)
{
    const struct json *list = json_get(object, name);
    size_t n = json_is_array(list) ? json_count(list) : SIZE_MAX, i = 0;
    if (n > ALLOCATION_POINTS_MAX || (*count_inout != SIZE_MAX && *count_inout != n)) {
        c->malformed = true;
        return NULL;
    }
    uint64_t *out = arena_zalloc(&c->arena, n + 1, sizeof *out);
    for (const struct json *j = json_first(list); j; j = json_next(j), i++)
        if (json_u64(&out[i], j) != E_OK || out[i] >= limit)
            c->malformed = true;
    *count_inout = n;
    return c->malformed ? NULL : out;
}

static uint64_t read_u64(struct checker *c, const struct json *object, const char *name)
{
    uint64_t v = 0;
    const struct json *j = json_get(object, name);
    if (!j || json_u64(&v, j) != E_OK || v >= ALLOCATION_WH_LIMIT)
        c->malformed = true;
    return v;
}

static void compare(struct checker *c, const char *what, const uint64_t *actual,
                    const uint64_t *expected, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (actual[i] == expected[i])
            continue;
        fprintf(stderr,
                T("%s[%zu].%s[%zu]: %" PRIu64 ", expected %" PRIu64 "\n",
                  "%s[%zu].%s[%zu] : %" PRIu64 ", attendu %" PRIu64 "\n"),
                c->group, c->index, what, i, actual[i], expected[i]);
        c->failed++;
        return;
    }
    c->passed++;
}

static void check_allocation(struct checker *c, const struct json *j)
{
    static const enum allocation_key KEYS[] = {KEY_DEFAULT, KEY_STATIC, KEY_WATERFILL,
                                               KEY_PRIORITY};
    size_t n = SIZE_MAX;
    uint64_t production = read_u64(c, j, "production_wh"), ppm_sum = 0;
    uint64_t *need = read_array(c, j, "consumption_wh", ALLOCATION_WH_LIMIT, &n);
    uint64_t *ppm = c->malformed ? NULL : read_array(c, j, "static_ppm", PPM_ONE + 1, &n);
    uint64_t *level = c->malformed ? NULL : read_array(c, j, "level", 256, &n);
    for (size_t i = 0; !c->malformed && i < n; i++)
        ppm_sum += ppm[i];
    if (c->malformed || ppm_sum > PPM_ONE) {
        c->malformed = true;
        return;
    }
    uint32_t *ppm32 = arena_zalloc(&c->arena, n + 1, sizeof *ppm32);
    uint8_t *level8 = arena_zalloc(&c->arena, n + 1, 1);
    uint64_t *actual = arena_zalloc(&c->arena, n + 1, sizeof *actual);
    for (size_t i = 0; i < n; i++) {
        ppm32[i] = (uint32_t)ppm[i];
        level8[i] = (uint8_t)level[i];
    }
    for (size_t k = 0; k < sizeof KEYS / sizeof KEYS[0]; k++) {
        const char *name = allocation_key_name(KEYS[k]);
        uint64_t *expected = read_array(c, j, name, ALLOCATION_WH_LIMIT, &n);
        if (c->malformed)
            return;
        if (KEYS[k] == KEY_DEFAULT)
            allocate_default(actual, production, need, n, &c->scratch);
        else if (KEYS[k] == KEY_STATIC)
            allocate_static(actual, production, need, ppm32, n, &c->scratch);
        else if (KEYS[k] == KEY_WATERFILL)
            allocate_waterfill(actual, production, need, ppm32, n, &c->scratch);
        else
            allocate_priority(actual, production, need, level8, n, &c->scratch);
        compare(c, name, actual, expected, n);
    }
}

static void check_remainder(struct checker *c, const struct json *j)
{
    size_t n = SIZE_MAX;
    uint64_t total = read_u64(c, j, "total");
    uint64_t *weight = read_array(c, j, "weights", ALLOCATION_WH_LIMIT, &n);
    uint64_t *expected = c->malformed ? NULL : read_array(c, j, "result", ALLOCATION_WH_LIMIT, &n);
    if (c->malformed)
        return;
    uint64_t *actual = arena_zalloc(&c->arena, n + 1, sizeof *actual);
    largest_remainder(actual, total, weight, n, &c->scratch);
    compare(c, "result", actual, expected, n);
}

/* The rows of R6. used_by_producer is taken as the production: what is produced is what is used, so
 * R1 over it gives it back. */
static void check_pairwise(struct checker *c, const struct json *j)
{
    size_t producers = SIZE_MAX, consumers = SIZE_MAX;
    uint64_t *used = read_array(c, j, "used_by_producer", ALLOCATION_WH_LIMIT, &producers);
    uint64_t *got =
        c->malformed ? NULL
                     : read_array(c, j, "allocated_to_consumer", ALLOCATION_WH_LIMIT, &consumers);
    const struct json *rows = json_get(j, "matrix");
    uint64_t sum_used = 0, sum_got = 0;
    for (size_t k = 0; !c->malformed && k < producers; k++)
        sum_used += used[k];
    for (size_t i = 0; !c->malformed && i < consumers; i++)
        sum_got += got[i];
    if (c->malformed || sum_used != sum_got || !json_is_array(rows) ||
        json_count(rows) != producers || producers * consumers > 1u << 20) {
        c->malformed = true;
        return;
    }
    uint64_t *actual_used = arena_zalloc(&c->arena, producers + 1, sizeof *used);
    uint64_t *actual = arena_zalloc(&c->arena, producers * consumers + 1, sizeof *actual);
    uint64_t *expected = arena_zalloc(&c->arena, producers * consumers + 1, sizeof *expected);
    size_t row = 0;
    for (const struct json *r = json_first(rows); r; r = json_next(r), row++) {
        size_t i = 0;
        if (!json_is_array(r) || json_count(r) != consumers)
            c->malformed = true;
        for (const struct json *v = json_first(r); !c->malformed && v; v = json_next(v), i++)
            if (json_u64(&expected[row * consumers + i], v) != E_OK)
                c->malformed = true;
        if (c->malformed)
            return;
    }
    allocate_matrix(actual_used, actual, used, producers, got, consumers, &c->scratch);
    compare(c, "matrix", actual, expected, producers * consumers);
}

static size_t run_group(struct checker *c, const struct json *root, const char *name,
                        void (*check)(struct checker *, const struct json *))
{
    c->group = name;
    c->index = 0;
    for (const struct json *j = json_first(json_get(root, name)); j && !c->malformed;
         j = json_next(j)) {
        check(c, j);
        arena_reset(&c->arena);
        if (!c->malformed)
            c->index++;
    }
    return c->index;
}

int energy_check_vectors(struct cli *cli, const char *path)
{
    struct json *root = NULL;
    struct diag d = {0};
    struct checker c = {0};
    enum err e = json_parse_file(&root, path, &d);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    void *memory = mem_alloc(allocation_scratch_bytes(ALLOCATION_POINTS_MAX));
    allocation_scratch_init(&c.scratch, memory, ALLOCATION_POINTS_MAX);
    size_t allocations = run_group(&c, root, "allocation", check_allocation);
    size_t remainders = run_group(&c, root, "largest_remainder", check_remainder);
    size_t matrices = run_group(&c, root, "pairwise", check_pairwise);
    if (!c.malformed && allocations + remainders + matrices == 0)
        c.malformed = true;
    mem_free(memory);
    arena_free(&c.arena);
    json_free(root);
    if (c.malformed) {
        diag_set(&d, E_JSON,
                 T("%s: %s[%zu] is not a vector as expected", "%s : %s[%zu] n'est pas un vecteur "
                                                              "attendu"),
                 path, c.group, c.index);
        return cli_fail(cli, E_JSON, &d);
    }
    struct buf b = {0};
    if (cli->json) {
        buf_putf(&b,
                 "{\"allocation\":%zu,\"largest_remainder\":%zu,\"pairwise\":%zu,\"checks\":%zu,"
                 "\"failed\":%zu}",
                 allocations, remainders, matrices, c.passed + c.failed, c.failed);
    } else {
        buf_putf(&b,
                 T("%zu allocation, %zu largest-remainder and %zu matrix vectors: %zu checks, "
                   "%zu failed\n",
                   "%zu vecteurs d'allocation, %zu de plus grand reste, %zu de matrice : %zu "
                   "vérifications, %zu échecs\n"),
                 allocations, remainders, matrices, c.passed + c.failed, c.failed);
    }
    cli_print(&b);
    buf_free(&b);
    return c.failed ? EXIT_NO : EXIT_OK;
}
