/* evm_command: `parvis evm run`: code given on the command line, run once, traced, or timed. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/ethereum_commands.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/thread.h"
#include "chain/execute.h"
#include "codec/json.h"
#include "gateway/ethereum/alloc.h"
#include "gateway/ethereum/forks.h"
#include "gateway/ethereum/forms.h"
#include "gateway/ethereum/trace3155.h"

#define GAS_DEFAULT 10000000000u
#define GAS_MAX (UINT64_C(1) << 62)
#define BENCH_MS 500u /* how long runs are repeated, unless --time says otherwise */
#define BENCH_RUNS_MIN 5u
#define BENCH_RUNS_MAX 1000000u

const struct cli_option EVM_RUN_OPTIONS[] = {
    {"code", "HEX|FILE", "bytecode, or a file with it in hexadecimal",
     "bytecode, ou fichier qui le contient en hexadécimal"},
    {"input", "HEX|FILE", "call data (default none)", "données d'appel (défaut : aucune)"},
    {"gas", "N", "gas of the call (default 10000000000)", "gas de l'appel (défaut 10000000000)"},
    {"fork", "NAME", "rules (default Osaka)", "règles (défaut Osaka)"},
    {"sender", "ADDRESS", "who calls", "qui appelle"},
    {"receiver", "ADDRESS", "where the code lies", "où se trouve le code"},
    {"value", "N", "value sent with the call, in the smallest unit",
     "valeur envoyée avec l'appel, dans la plus petite unité"},
    {"create", NULL, "run the code as init code", "exécute le code comme code d'initialisation"},
    {"prestate", "FILE", "accounts as JSON (an alloc, or a genesis with one)",
     "comptes en JSON (un alloc, ou une genèse qui en contient un)"},
    {"env", "FILE", "environment as JSON (currentNumber, currentTimestamp ...)",
     "environnement en JSON (currentNumber, currentTimestamp ...)"},
    {"trace", NULL, "write every instruction to standard error (EIP-3155)",
     "écrit chaque instruction sur la sortie d'erreur (EIP-3155)"},
    {"memory", NULL, "with --trace: the memory too", "avec --trace : aussi la mémoire"},
    {"bench", NULL, "repeat, and tell the least and the median time",
     "répète, et donne le temps le plus court et le temps médian"},
    {"time", "MS", "with --bench: for how long (default 500)",
     "avec --bench : pendant combien de temps (défaut 500)"},
    {0},
};

/* What is run, and what came of it. */
struct evm_run {
    const struct cli *cli;
    struct arena arena;
    struct alloc *alloc;
    struct block_env env;
    struct buf code, input;
    struct address sender, receiver;
    struct u256 value;
    uint64_t gas, bench_ms;
    struct frame_result result;
    uint64_t runs, best_ns, median_ns;
};

/* --- arguments -------------------------------------------------------------------------------- */

static bool is_hex(const char *text)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return true;
    return strspn(text, "0123456789abcdefABCDEF") == strlen(text);
}

/* read_bytes reads hexadecimal from the argument, or from the file it names. */
static enum err read_bytes(const struct cli *cli, const char *option, struct buf *out,
                           struct diag *d)
{
    const char *text = cli_get(cli, option);
    struct buf file = {0};
    if (!text)
        return E_OK;
    const char *digits = text;
    if (!is_hex(text)) {
        enum err e = file_read(&file, text, 2 * (size_t)LIMIT_RPC_BODY_BYTES, d);
        while (e == E_OK && file.len && isspace(file.data[file.len - 1]))
            file.len--;
        digits = buf_cstr(&file);
        if (e != E_OK) {
            buf_free(&file);
            return e;
        }
    }
    enum err e = hex_decode_buf(out, digits, strlen(digits));
    buf_free(&file);
    if (e != E_OK)
        return diag_set(d, E_HEX, T("--%s %.60s: not hexadecimal", "--%s %.60s : pas hexadécimal"),
                        option, text);
    return E_OK;
}

static enum err read_address(const struct cli *cli, const char *option, const char *fallback,
                             struct address *out, struct diag *d)
{
    const char *text = cli_get(cli, option);
    size_t len = strlen(fallback);
    memset(out, 0, sizeof *out);
    memcpy(out->b + sizeof out->b - len, fallback, len);
    if (text && address_from_hex(out, text) != E_OK)
        return diag_set(d, E_USAGE, T("--%s %s: not an address", "--%s %s : pas une adresse"),
                        option, text);
    return E_OK;
}

static enum err read_prestate(struct evm_run *r, struct diag *d)
{
    const char *path = cli_get(r->cli, "prestate");
    struct json *j = NULL;
    if (!path)
        return E_OK;
    TRY(json_parse_file(&j, path, d));
    const struct json *inner = json_get(j, "alloc");
    enum err e = alloc_read(r->alloc, inner ? inner : j, d);
    if (e != E_OK)
        diag_wrap(d, e, "%s: ", path);
    json_free(j);
    return e;
}

static enum err read_env(struct evm_run *r, enum fork fork, struct diag *d)
{
    static const char NOTHING[] = "{}";
    const char *path = cli_get(r->cli, "env");
    struct json *j = NULL;
    if (path)
        TRY(json_parse_file(&j, path, d));
    else
        TRY(json_parse(&j, bytes_str(NOTHING), d));
    enum err e = form_env(&r->env, &r->arena, j, fork, 1, d);
    if (e != E_OK && path)
        diag_wrap(d, e, "%s: ", path);
    if (r->env.gas_limit == 0)
        r->env.gas_limit = r->gas;
    json_free(j);
    return e;
}

static enum err read_options(struct evm_run *r, struct diag *d)
{
    const char *fork_text = cli_get(r->cli, "fork"), *value = cli_get(r->cli, "value");
    enum fork fork = FORK_OSAKA;
    if (!cli_has(r->cli, "code") && !cli_has(r->cli, "prestate"))
        return diag_set(d, E_USAGE,
                        T("give --code (or --prestate with an account at --receiver)",
                          "donnez --code (ou --prestate, avec un compte à "
                          "--receiver)"));
    if (fork_text && !fork_named(fork_text, &fork))
        return diag_set(d, E_USAGE, T("--fork %s: no such fork", "--fork %s : fork inconnu"),
                        fork_text);
    if (value && u256_parse(&r->value, value) != E_OK)
        return diag_set(d, E_USAGE, T("--value %s: not an amount", "--value %s : pas un montant"),
                        value);
    TRY(cli_get_u64(r->cli, "gas", 0, GAS_MAX, &r->gas));
    TRY(cli_get_u64(r->cli, "time", 1, 3600000, &r->bench_ms));
    TRY(read_address(r->cli, "sender", "sender", &r->sender, d));
    TRY(read_address(r->cli, "receiver", "receiver", &r->receiver, d));
    TRY(read_bytes(r->cli, "code", &r->code, d));
    TRY(read_bytes(r->cli, "input", &r->input, d));
    TRY(read_prestate(r, d));
    return read_env(r, fork, d);
}

/* --- running ---------------------------------------------------------------------------------- */

static struct frame message(const struct evm_run *r)
{
    bool creates = cli_has(r->cli, "create");
    return (struct frame){
        .kind = creates ? FRAME_CREATE : FRAME_CALL,
        .caller = r->sender,
        .recipient = r->receiver,
        .code_address = r->receiver,
        .value = r->value,
        .gas = (int64_t)r->gas,
        .input = creates ? buf_view(&r->code) : buf_view(&r->input),
    };
}

/* begin warms what a transaction would (EIP-2929, EIP-3651). */
static void begin(struct evm_run *r, struct state *s)
{
    state_tx_begin(s);
    if (r->env.fork < FORK_BERLIN)
        return;
    state_warm_address(s, &r->sender);
    if (!cli_has(r->cli, "create"))
        state_warm_address(s, &r->receiver);
    if (r->env.fork >= FORK_SHANGHAI)
        state_warm_address(s, &r->env.beneficiary);
}

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* repeat runs the message again and again on the state as it was before. */
static void repeat(struct evm_run *r, struct world *w, const struct frame *f)
{
    struct state *s = w->state;
    size_t cap = 1024;
    uint64_t *times = mem_alloc(cap * sizeof *times), spent = 0;
    state_checkpoint_t before = state_checkpoint(s);
    r->runs = 0;
    while (r->runs < BENCH_RUNS_MIN ||
           (spent < r->bench_ms * 1000000u && r->runs < BENCH_RUNS_MAX)) {
        if (r->runs == cap) {
            cap *= 2;
            times = mem_resize(times, cap, sizeof *times);
        }
        struct arena_mark mark = arena_mark(&r->arena);
        begin(r, s);
        uint64_t from = cpu_ns();
        frame_call(w, f, &r->result);
        uint64_t took = cpu_ns() - from;
        state_revert(s, before);
        times[r->runs++] = took;
        spent += took;
        arena_back(&r->arena, mark);
    }
    qsort(times, r->runs, sizeof *times, compare_times);
    r->best_ns = times[0];
    r->median_ns = times[r->runs / 2];
    mem_free(times);
}

static void *run_on_thread(void *ctx)
{
    struct evm_run *r = ctx;
    struct world w;
    struct trace3155 trace;
    struct frame f = message(r);
    struct state *s = state_new(alloc_reader(r->alloc));
    struct evm *evm = evm_new();
    struct execute_context x = {
        .state = s, .block = &r->env, .arena = &r->arena, .evm = evm, .ethereum_only = true};
    bool traces = cli_has(r->cli, "trace");
    trace3155_open(&trace, stderr, cli_has(r->cli, "memory"));
    if (traces)
        x.tracer = &trace.tracer;
    execute_prepare(&x);
    execute_world(&w, &x);
    w.origin = r->sender;
    state_tx_begin(s);
    if (r->code.len && f.kind == FRAME_CALL)
        state_set_code(s, &r->receiver, buf_view(&r->code));
    if (!u256_is_zero(r->value) && u256_cmp(state_balance(s, &r->sender), r->value) < 0)
        state_set_balance(s, &r->sender, r->value);
    if (cli_has(r->cli, "bench")) {
        w.tracer = NULL;
        repeat(r, &w, &f);
        w.tracer = x.tracer;
    }
    begin(r, s);
    frame_call(&w, &f, &r->result);
    if (traces) {
        bool failed = r->result.status != FRAME_SUCCESS;
        trace3155_end(&trace, r->result.output, r->gas - (uint64_t)r->result.gas_left,
                      failed ? frame_status_text(r->result.status) : NULL);
    }
    trace3155_close(&trace);
    evm_free(evm);
    state_free(s);
    return NULL;
}

/* --- telling ---------------------------------------------------------------------------------- */

static double mgas_per_second(const struct evm_run *r)
{
    double gas = (double)(r->gas - (uint64_t)r->result.gas_left);
    return r->best_ns ? gas * 1000.0 / (double)r->best_ns : 0;
}

static void put_json(const struct evm_run *r, struct buf *b)
{
    const struct frame_result *o = &r->result;
    json_open(b, '{');
    json_put_key(b, "success");
    json_put_bool(b, o->status == FRAME_SUCCESS);
    json_put_key(b, "output");
    json_put_data(b, o->output.data, o->output.len);
    json_put_key(b, "gasUsed");
    json_put_u64(b, r->gas - (uint64_t)o->gas_left);
    if (o->status != FRAME_SUCCESS) {
        json_put_key(b, "error");
        json_put_string(b, frame_status_text(o->status));
    }
    if (cli_has(r->cli, "bench")) {
        json_put_key(b, "runs");
        json_put_u64(b, r->runs);
        json_put_key(b, "bestNs");
        json_put_u64(b, r->best_ns);
        json_put_key(b, "medianNs");
        json_put_u64(b, r->median_ns);
        json_put_key(b, "mgasPerSecond");
        buf_putf(b, "%.1f", mgas_per_second(r));
    }
    json_close(b, '}');
}

static void put_text(const struct evm_run *r, struct buf *b)
{
    const struct frame_result *o = &r->result;
    if (o->status != FRAME_SUCCESS)
        buf_putf(b, T("failed: %s\n", "échec : %s\n"), frame_status_text(o->status));
    buf_puts(b, T("output ", "sortie "));
    buf_put_hex(b, o->output.data, o->output.len);
    buf_putf(b, T("\ngas used %llu\n", "\ngas consommé %llu\n"),
             (unsigned long long)(r->gas - (uint64_t)o->gas_left));
    if (cli_has(r->cli, "bench"))
        buf_putf(b,
                 T("%llu runs: least %llu ns, median %llu ns, %.1f Mgas/s\n",
                   "%llu exécutions : au moins %llu ns, médiane %llu ns, %.1f Mgas/s\n"),
                 (unsigned long long)r->runs, (unsigned long long)r->best_ns,
                 (unsigned long long)r->median_ns, mgas_per_second(r));
}

static void release(struct evm_run *r)
{
    alloc_free(r->alloc);
    buf_free(&r->code);
    buf_free(&r->input);
    arena_free(&r->arena);
}

int run_evm(struct cli *cli)
{
    struct evm_run r = {.cli = cli, .gas = GAS_DEFAULT, .bench_ms = BENCH_MS};
    struct diag d = {""};
    struct buf text = {0};
    void *nothing;
    r.alloc = alloc_new();
    enum err e = read_options(&r, &d);
    if (e == E_OK && thread_run(LIMIT_EVM_STACK_BYTES, run_on_thread, &r, &nothing) != 0)
        e = diag_set(&d, E_LIMIT, T("no thread could be started", "aucun fil n'a pu démarrer"));
    if (e != E_OK) {
        release(&r);
        return cli_fail(cli, e, &d);
    }
    int code = r.result.status == FRAME_SUCCESS ? EXIT_OK : EXIT_NO;
    (cli->json ? put_json : put_text)(&r, &text);
    cli_print(&text);
    buf_free(&text);
    release(&r);
    return code;
}
