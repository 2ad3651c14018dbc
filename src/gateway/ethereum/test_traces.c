/* geth's trace tests: a genesis, one transaction, and what its tracers tell of it. They are not
 * part of the project: skipped where the archive of the official fixtures is not there. */
#include "test.h"

#include <dirent.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "chain/execute.h"
#include "chain/schedule.h"
#include "gateway/ethereum/alloc.h"
#include "gateway/ethereum/forms.h"
#include "rpc/trace.h"

/* Unpacks geth's trace tests; the directory, or NULL. */
static const char *unpack(void)
{
    static char dir[600];
    const char *archive = test_data("evm/fixtures.tar.zst"), *into = test_tmpdir();
    if (!archive)
        return NULL;
    const char *const argv[] = {
        "tar", "--zstd", "-xf", archive, "-C", into, "--wildcards", "*geth/tracetest/*", NULL};
    pid_t pid;
    int status = -1;
    if (posix_spawnp(&pid, "tar", NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        test_fail(__FILE__, __LINE__, "tar could not unpack %s", archive);
        return NULL;
    }
    snprintf(dir, sizeof dir, "%s/geth/tracetest", into);
    return dir;
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool same(const struct json *a, const struct json *b);

/* The expected answers leave out what is nothing. */
static bool is_nothing(const struct json *j)
{
    static const char *const zero = "0x0000000000000000000000000000000000000000";
    const char *text = j ? json_text(j) : NULL;
    if (text)
        return strlen(text) <= 42 && strncmp(text, zero, strlen(text)) == 0;
    return !j || json_is_null(j) || (json_is_object(j) && json_count(j) == 0);
}

static bool has_all(const struct json *a, const struct json *b)
{
    for (const struct json *x = json_first(a); x; x = json_next(x)) {
        const struct json *y = json_get(b, json_key(x));
        if (!(is_nothing(x) && is_nothing(y)) && !same(x, y))
            return false;
    }
    return true;
}

static bool same_array(const struct json *a, const struct json *b)
{
    if (json_count(a) != json_count(b))
        return false;
    const struct json *y = json_first(b);
    for (const struct json *x = json_first(a); x; x = json_next(x), y = json_next(y))
        if (!same(x, y))
            return false;
    return true;
}

static bool same(const struct json *a, const struct json *b)
{
    if (!a || !b)
        return false;
    if (json_is_object(a))
        return json_is_object(b) && has_all(a, b) && has_all(b, a);
    if (json_is_array(a))
        return json_is_array(b) && same_array(a, b);
    if (json_is_string(a))
        return json_is_string(b) && strcmp(json_text(a), json_text(b)) == 0;
    if (json_is_number(a))
        return json_is_number(b) && !(json_double(a) < json_double(b)) &&
               !(json_double(a) > json_double(b));
    return json_is_bool(a) ? json_is_bool(b) && json_true(a) == json_true(b)
                           : json_is_null(a) == json_is_null(b);
}

/* Of a flat trace only these count: the rest says where the transaction stood. What failed without
 * a revert has no result, of which some expected answers keep the gas. */
static bool same_flat(const struct json *a, const struct json *b)
{
    static const char *const members[] = {"action",    "error",        "result",
                                          "subtraces", "traceAddress", "type"};
    if (json_count(a) != json_count(b))
        return false;
    const struct json *y = json_first(b);
    for (const struct json *x = json_first(a); x; x = json_next(x), y = json_next(y))
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
            const struct json *p = json_get(x, members[i]), *q = json_get(y, members[i]);
            if (!(is_nothing(p) && is_nothing(q)) && !same(p, q))
                return false;
        }
    return true;
}

/* --- one case --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum fork fork;
    bool by_time;
} forks[] = {
    {"homesteadBlock", FORK_HOMESTEAD, false},
    {"eip150Block", FORK_EIP150, false},
    {"eip158Block", FORK_EIP158, false},
    {"byzantiumBlock", FORK_BYZANTIUM, false},
    {"constantinopleBlock", FORK_CONSTANTINOPLE, false},
    {"petersburgBlock", FORK_PETERSBURG, false},
    {"istanbulBlock", FORK_ISTANBUL, false},
    {"IstanbulBlock", FORK_ISTANBUL, false}, /* so one file has it */
    {"berlinBlock", FORK_BERLIN, false},
    {"londonBlock", FORK_LONDON, false},
    {"shanghaiTime", FORK_SHANGHAI, true},
    {"cancunTime", FORK_CANCUN, true},
    {"pragueTime", FORK_PRAGUE, true},
};

static enum fork fork_of(const struct json *config, uint64_t number, uint64_t time_s)
{
    enum fork fork = FORK_FRONTIER;
    for (size_t i = 0; i < sizeof forks / sizeof *forks; i++) {
        uint64_t from;
        if (json_u64(&from, json_get(config, forks[i].name)) == E_OK &&
            from <= (forks[i].by_time ? time_s : number))
            fork = forks[i].fork;
    }
    return fork;
}

static struct hash no_hash(void *ctx, uint64_t number)
{
    (void)ctx;
    (void)number;
    return (struct hash){{0}};
}

static struct block_env env_of(const struct json *test)
{
    const struct json *genesis = json_get(test, "genesis"), *at = json_get(test, "context"),
                      *config = json_get(genesis, "config");
    struct block_env env = {.block_hash = no_hash};
    struct schedule schedule;
    uint64_t excess = 0;
    (void)form_u64(&env.number, json_get(at, "number"));
    (void)form_u64(&env.timestamp_s, json_get(at, "timestamp"));
    (void)form_u64(&env.gas_limit, json_get(at, "gasLimit"));
    (void)form_address(&env.beneficiary, json_get(at, "miner"));
    (void)form_u256(&env.difficulty, json_get(at, "difficulty"));
    (void)form_u256(&env.base_fee, json_get(at, "baseFeePerGas"));
    (void)json_u64(&env.chain_id, json_get(config, "chainId"));
    (void)form_u64(&excess, json_get(genesis, "excessBlobGas"));
    env.fork = fork_of(config, env.number, env.timestamp_s);
    schedule_of(&schedule, env.fork, env.chain_id);
    struct rules rules = schedule_rules(&schedule, env.number, env.timestamp_s, true);
    env.blob_base_fee = schedule_blob_fee(excess, rules.blobs.base_fee_fraction);
    env.blobs_max = (unsigned)rules.blobs.max;
    return env;
}

struct bench {
    struct evm *evm;
    struct arena arena;
    struct alloc *alloc;
    struct state *state;
    struct tx tx;
};

static bool prepare(struct bench *b, const struct json *test, struct diag *d)
{
    struct buf raw = {0};
    b->alloc = alloc_new();
    if (alloc_read(b->alloc, json_get(json_get(test, "genesis"), "alloc"), d) != E_OK)
        return false;
    b->state = state_new(alloc_reader(b->alloc));
    enum err e = form_data(&raw, json_get(test, "input"));
    struct bytes copy = bytes_of(arena_dup(&b->arena, raw.data, raw.len), raw.len);
    buf_free(&raw);
    if (e == E_OK)
        e = tx_decode(&b->tx, &b->arena, copy);
    if (e == E_OK)
        e = tx_recover(&b->tx);
    return e == E_OK || (diag_set(d, e, "the transaction: %s", err_name(e)), false);
}

/* Runs the transaction under the tracer; what it tells is appended to out. */
static bool run(struct bench *b, const struct json *test, const struct trace_config *config,
                struct buf *out, struct diag *d)
{
    struct block_env env = env_of(test);
    struct execute_context x = {
        .state = b->state, .block = &env, .arena = &b->arena, .evm = b->evm, .ethereum_only = true};
    struct receipt r = {0};
    struct trace trace;
    size_t left = LIMIT_TRACE_BYTES;
    execute_prepare(&x);
    trace_open(&trace, config, b->state, &env, &b->tx, UINT64_MAX, &left);
    x.tracer = &trace.tracer;
    enum err e = execute_tx(&x, &b->tx, &r);
    struct trace_outcome outcome = {r.success ? FRAME_SUCCESS : FRAME_REVERT, r.gas_used, r.output};
    struct trace_place place = {.block_number = env.number};
    if (e == E_OK)
        trace_put(&trace, b->state, &outcome, &place, out);
    trace_close(&trace);
    return e == E_OK || (diag_set(d, e, "executing: %s", err_name(e)), false);
}

static bool passes(struct evm *evm, const struct json *test, enum trace_kind kind, struct diag *d)
{
    struct bench b = {.evm = evm};
    struct trace_config config;
    struct buf options = {0}, told = {0};
    struct json *j = NULL;
    const struct json *own = json_get(test, "tracerConfig"), *want = json_get(test, "result");
    json_open(&options, '{');
    if (own) {
        json_put_key(&options, "tracerConfig");
        json_print(&options, own);
    }
    json_close(&options, '}');
    bool ok =
        json_parse(&j, buf_view(&options), d) == E_OK && trace_config_read(&config, j, d) == E_OK;
    json_free(j);
    j = NULL;
    config.kind = kind;
    ok = ok && prepare(&b, test, d) && run(&b, test, &config, &told, d) &&
         json_parse(&j, buf_view(&told), d) == E_OK;
    if (ok && !(kind == TRACE_FLAT ? same_flat(j, want) : same(j, want))) {
        ok = false;
        if (getenv("PARVIS_TRACE_DIFF")) {
            buf_clear(&options);
            json_print(&options, want);
            printf("# got  %s\n# want %s\n", buf_cstr(&told), buf_cstr(&options));
        }
        diag_set(d, E_INVALID, "differs: %.300s", buf_cstr(&told));
    }
    json_free(j);
    buf_free(&options);
    buf_free(&told);
    if (b.state)
        state_free(b.state);
    alloc_free(b.alloc);
    arena_free(&b.arena);
    return ok;
}

/* Not looked at: before Homestead a contract whose deposit could not be paid was kept without code;
 * geth tells the code that was not stored. */
static int is_json(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 5 && strcmp(e->d_name, "frontier_create_outofstorage.json") != 0 &&
           strcmp(e->d_name + n - 5, ".json") == 0;
}

static void run_folder(const char *dir, const char *folder, enum trace_kind kind)
{
    char path[900];
    struct dirent **names;
    size_t passed = 0;
    snprintf(path, sizeof path, "%s/%s", dir, folder);
    int n = scandir(path, &names, is_json, alphasort);
    CHECK(n > 0);
    struct evm *evm = evm_new();
    for (int i = 0; i < n; i++) {
        struct json *test = NULL;
        struct diag d = {""};
        snprintf(path, sizeof path, "%s/%s/%s", dir, folder, names[i]->d_name);
        if (json_parse_file(&test, path, &d) == E_OK && passes(evm, test, kind, &d))
            passed++;
        else
            test_fail(__FILE__, __LINE__, "%s/%s: %s", folder, names[i]->d_name, d.text);
        json_free(test);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    evm_free(evm);
    test_count(passed);
}

/* Not run: *_legacy (what geth's former JavaScript tracers told) and erc7562_tracer (of bundlers,
 * which this node does not have). */
TEST(traces_of_geth)
{
    const char *dir = unpack();
    if (!dir)
        SKIP("the official fixtures are not there");
    run_folder(dir, "call_tracer", TRACE_CALLS);
    run_folder(dir, "call_tracer_withLog", TRACE_CALLS);
    run_folder(dir, "call_tracer_flat", TRACE_FLAT);
    run_folder(dir, "prestate_tracer", TRACE_PRESTATE);
    run_folder(dir, "prestate_tracer_with_diff_mode", TRACE_PRESTATE);
}
