/* statetest_command: `parvis statetest`: files of official state tests, run on several threads. */
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "app/ethereum_commands.h"
#include "app/json_files.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/thread.h"
#include "codec/json.h"
#include "gateway/ethereum/forks.h"
#include "gateway/ethereum/state_test.h"
#include "gateway/ethereum/trace3155.h"

#define JOBS_MAX 64
#define REASONS_MAX 32

const struct cli_option STATETEST_OPTIONS[] = {
    {"fork", "NAME", "only cases of this fork (Osaka, Prague, Cancun ...)",
     "seulement les cas de ce fork (Osaka, Prague, Cancun ...)"},
    {"run", "TEXT", "only tests whose name contains this",
     "seulement les tests dont le nom contient ceci"},
    {"trace", NULL, "write every instruction to standard error (EIP-3155), on one thread",
     "écrit chaque instruction sur la sortie d'erreur (EIP-3155), sur un seul fil"},
    {"jobs", "N", "threads (default: one per processor)", "fils (défaut : un par processeur)"},
    {0},
};

struct tally {
    size_t passed, failed, skipped;
};

/* Why cases were skipped. */
struct reason {
    char text[sizeof((struct case_outcome *)0)->reason];
    size_t count;
};

struct statetest {
    const struct cli *cli;
    struct json_files files;
    bool trace, all_forks;
    enum fork fork;       /* unless all_forks */
    _Atomic size_t next;  /* file */
    pthread_mutex_t lock; /* guards what follows, and standard output */
    struct tally forks[FORK_COUNT], other;
    struct reason reasons[REASONS_MAX];
    size_t reason_count;
    size_t files_done, bad_files;
    uint64_t gas;
    bool any; /* --json: a verdict was written */
};

/* What one file came to, gathered without the lock. */
struct file_report {
    struct statetest *all;
    const char *file;
    struct buf text; /* --json: verdicts, each after a comma and a newline; else the failures */
    struct tally forks[FORK_COUNT], other;
    struct case_outcome *skips;
    size_t skip_count;
    uint64_t gas;
};

/* --- verdicts --------------------------------------------------------------------------------- */

static void put_json_hash(struct buf *b, const char *name, const struct hash *h)
{
    json_put_key(b, name);
    json_put_data(b, h->b, sizeof h->b);
}

static void put_case_json(struct buf *b, const char *file, const char *name,
                          const struct state_case *c, const struct case_outcome *o)
{
    static const char *const WORDS[] = {"passed", "failed", "skipped"};
    struct buf line = {0};
    json_open(&line, '{');
    json_put_key(&line, "name");
    json_put_string(&line, name);
    json_put_key(&line, "file");
    json_put_string(&line, file);
    json_put_key(&line, "fork");
    json_put_string(&line, c->fork_name);
    json_put_key(&line, "index");
    json_put_u64(&line, c->index);
    json_put_key(&line, "verdict");
    json_put_string(&line, WORDS[o->verdict]);
    put_json_hash(&line, "stateRoot", &o->root);
    put_json_hash(&line, "logsHash", &o->logs);
    if (o->refusal != E_OK) {
        json_put_key(&line, "refusal");
        json_put_string(&line, err_name(o->refusal));
    }
    json_put_key(&line, "gasUsed");
    json_put_u64(&line, o->gas_used);
    if (o->reason[0]) {
        json_put_key(&line, "reason");
        json_put_string(&line, o->reason);
    }
    json_close(&line, '}');
    buf_puts(b, ",\n");
    buf_put(b, line.data, line.len);
    buf_free(&line);
}

static void note(struct file_report *r, const char *name, const struct state_case *c,
                 const struct case_outcome *o)
{
    struct tally *t = c->known ? &r->forks[c->fork] : &r->other;
    t->passed += o->verdict == CASE_PASSED;
    t->failed += o->verdict == CASE_FAILED;
    t->skipped += o->verdict == CASE_SKIPPED;
    r->gas += o->gas_used;
    if (o->verdict == CASE_SKIPPED) {
        r->skips = mem_resize(r->skips, r->skip_count + 1, sizeof *r->skips);
        r->skips[r->skip_count++] = *o;
    }
    if (r->all->cli->json)
        put_case_json(&r->text, r->file, name, c, o);
    else if (o->verdict == CASE_FAILED)
        buf_putf(&r->text, T("failed: %s, %s %zu (%s)\n  %s\n", "échec : %s, %s %zu (%s)\n  %s\n"),
                 name, c->fork_name, c->index, r->file, o->reason);
}

static void count_reason(struct statetest *s, const char *text)
{
    size_t i = 0;
    while (i < s->reason_count && strcmp(s->reasons[i].text, text) != 0)
        i++;
    if (i == REASONS_MAX)
        i--; /* the last one stands for all others */
    else if (i == s->reason_count)
        snprintf(s->reasons[s->reason_count++].text, sizeof s->reasons[i].text, "%s", text);
    s->reasons[i].count++;
}

static void add_tally(struct tally *to, const struct tally *from)
{
    to->passed += from->passed;
    to->failed += from->failed;
    to->skipped += from->skipped;
}

/* hand_in adds a file's results to all, and prints them. */
static void hand_in(struct file_report *r)
{
    struct statetest *s = r->all;
    pthread_mutex_lock(&s->lock);
    for (int f = 0; f < FORK_COUNT; f++)
        add_tally(&s->forks[f], &r->forks[f]);
    add_tally(&s->other, &r->other);
    for (size_t i = 0; i < r->skip_count; i++)
        count_reason(s, r->skips[i].reason);
    s->gas += r->gas;
    if (r->text.len) {
        size_t from = s->cli->json && !s->any ? 2 : 0; /* no comma before the first */
        cli_progress_end();
        if (from)
            printf("[\n");
        fwrite(r->text.data + from, 1, r->text.len - from, stdout);
        s->any = true;
    }
    cli_progress((void *)(uintptr_t)s->cli, T("files", "fichiers"), ++s->files_done,
                 s->files.count);
    pthread_mutex_unlock(&s->lock);
    buf_free(&r->text);
    mem_free(r->skips);
}

static void put_bad_file(struct statetest *s, const char *file, const struct diag *d)
{
    pthread_mutex_lock(&s->lock);
    s->bad_files++;
    cli_progress_end();
    fprintf(stderr, "parvis: %s%s%s\n", file, file[0] ? ": " : "", d->text);
    pthread_mutex_unlock(&s->lock);
}

/* --- running ---------------------------------------------------------------------------------- */

/* The line that ends a case's trace (EIP-3155). */
static void put_trace_end(const struct state_test *t, const struct state_case *c,
                          const struct case_outcome *o)
{
    struct buf line = {0};
    json_open(&line, '{');
    put_json_hash(&line, "stateRoot", &o->root);
    json_put_key(&line, "gasUsed");
    json_put_quantity(&line, o->gas_used);
    json_put_key(&line, "pass");
    json_put_bool(&line, o->verdict == CASE_PASSED);
    json_put_key(&line, "fork");
    json_put_string(&line, c->fork_name);
    json_put_key(&line, "name");
    json_put_string(&line, state_test_name(t));
    json_close(&line, '}');
    fprintf(stderr, "%s\n", buf_cstr(&line));
    buf_free(&line);
}

static void run_case(struct file_report *r, struct state_test *t, size_t i, struct evm *evm)
{
    struct case_outcome outcome;
    struct trace3155 trace;
    if (!r->all->trace) {
        state_test_run(t, i, evm, NULL, false, &outcome);
    } else {
        trace3155_open(&trace, stderr, false);
        state_test_run(t, i, evm, &trace.tracer, false, &outcome);
        trace3155_close(&trace);
        put_trace_end(t, state_test_case(t, i), &outcome);
    }
    note(r, state_test_name(t), state_test_case(t, i), &outcome);
}

static void run_test(struct file_report *r, const struct json *j, struct evm *evm)
{
    struct statetest *s = r->all;
    struct state_test *t = NULL;
    struct diag d = {""};
    if (state_test_open(&t, j, &d) != E_OK) {
        diag_wrap(&d, E_JSON, "%s: ", json_key(j));
        put_bad_file(s, r->file, &d);
        return;
    }
    for (size_t i = 0; i < state_test_cases(t); i++) {
        const struct state_case *c = state_test_case(t, i);
        if (s->all_forks || (c->known && c->fork == s->fork))
            run_case(r, t, i, evm);
    }
    state_test_close(t);
}

static void run_file(struct statetest *s, const char *file, struct evm *evm)
{
    const char *only = cli_get(s->cli, "run");
    struct file_report r = {.all = s, .file = file};
    struct json *j = NULL;
    struct diag d = {""};
    if (json_parse_file(&j, file, &d) != E_OK) {
        put_bad_file(s, "", &d);
        return;
    }
    for (const struct json *m = json_first(j); m; m = json_next(m)) {
        if (json_is_array(json_get(m, "blocks"))) /* a block test */
            continue;
        if (!only || strstr(json_key(m), only))
            run_test(&r, m, evm);
    }
    json_free(j);
    hand_in(&r);
}

static void *worker(void *ctx)
{
    struct statetest *s = ctx;
    struct evm *evm = evm_new();
    for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < s->files.count;)
        run_file(s, s->files.paths[i], evm);
    evm_free(evm);
    return NULL;
}

static void run_all(struct statetest *s, size_t jobs)
{
    pthread_t threads[JOBS_MAX];
    bool started[JOBS_MAX] = {false};
    void *nothing;
    for (size_t i = 1; i < jobs; i++)
        started[i] = thread_start(&threads[i], LIMIT_EVM_STACK_BYTES, worker, s) == 0;
    if (thread_run(LIMIT_EVM_STACK_BYTES, worker, s, &nothing) != 0) {
        struct diag d;
        diag_set(&d, E_LIMIT, T("no thread could be started", "aucun fil n'a pu démarrer"));
        put_bad_file(s, "", &d);
    }
    for (size_t i = 1; i < jobs; i++)
        if (started[i])
            pthread_join(threads[i], NULL);
}

/* --- the summary ------------------------------------------------------------------------------ */

static void put_tally(const char *name, const struct tally *t)
{
    if (t->passed + t->failed + t->skipped)
        printf(T("%-20s %7zu passed %7zu failed %7zu skipped\n",
                 "%-20s %7zu réussis %7zu échoués %7zu sautés\n"),
               name, t->passed, t->failed, t->skipped);
}

static struct tally total(const struct statetest *s)
{
    struct tally all = s->other;
    for (int f = 0; f < FORK_COUNT; f++)
        add_tally(&all, &s->forks[f]);
    return all;
}

static void print_summary(const struct statetest *s, uint64_t elapsed_us)
{
    struct tally all = total(s);
    cli_progress_end();
    if (s->cli->json) {
        printf("%s", s->any ? "\n]\n" : "[]\n");
        return;
    }
    for (int f = 0; f < FORK_COUNT; f++)
        put_tally(fork_name((enum fork)f), &s->forks[f]);
    put_tally(T("other forks", "autres forks"), &s->other);
    for (size_t i = 0; i < s->reason_count; i++)
        printf(T("skipped %zu: %s\n", "sautés %zu : %s\n"), s->reasons[i].count,
               s->reasons[i].text);
    printf(T("%zu passed, %zu failed, %zu skipped (%zu files, %.0f Mgas, %.1f s)\n",
             "%zu réussis, %zu échoués, %zu sautés (%zu fichiers, %.0f Mgas, %.1f s)\n"),
           all.passed, all.failed, all.skipped, s->files_done, (double)s->gas / 1e6,
           (double)elapsed_us / 1e6);
}

static enum err read_options(struct statetest *s, uint64_t *jobs, struct diag *d)
{
    const char *fork = cli_get(s->cli, "fork");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *jobs = processors > 0 && processors <= JOBS_MAX ? (uint64_t)processors : 1;
    TRY(cli_get_u64(s->cli, "jobs", 1, JOBS_MAX, jobs));
    s->trace = cli_has(s->cli, "trace");
    if (s->trace)
        *jobs = 1;
    s->all_forks = fork == NULL;
    if (fork && !fork_named(fork, &s->fork))
        return diag_set(d, E_USAGE, T("--fork %s: no such fork", "--fork %s : fork inconnu"), fork);
    for (size_t i = 0; i < s->cli->arg_count; i++)
        TRY(json_files_add(&s->files, s->cli->args[i], d));
    return E_OK;
}

int run_statetest(struct cli *cli)
{
    struct diag d = {""};
    struct statetest s = {.cli = cli, .lock = PTHREAD_MUTEX_INITIALIZER};
    uint64_t jobs;
    enum err e = read_options(&s, &jobs, &d);
    if (e != E_OK) {
        json_files_free(&s.files);
        return cli_fail(cli, e, &d);
    }
    uint64_t from_us = clock_mono_us();
    run_all(&s, jobs);
    struct tally all = total(&s);
    print_summary(&s, clock_mono_us() - from_us);
    json_files_free(&s.files);
    if (all.failed)
        return EXIT_NO;
    if (s.bad_files)
        return EXIT_INPUT;
    if (all.passed + all.skipped == 0) {
        diag_set(&d, E_NOT_FOUND, T("no case was run", "aucun cas exécuté"));
        return cli_fail(cli, E_NOT_FOUND, &d);
    }
    return EXIT_OK;
}
