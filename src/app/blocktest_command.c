/* blocktest_command: `parvis blocktest`: files of official block tests, run on several threads. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/ethereum_commands.h"
#include "app/json_files.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/thread.h"
#include "codec/json.h"
#include "gateway/ethereum/block_test.h"
#include "gateway/ethereum/networks.h"

#define JOBS_MAX 64
#define NETWORKS_MAX 64

const struct cli_option BLOCKTEST_OPTIONS[] = {
    {"fork", "NAME", "only tests of this network (Osaka, CancunToPragueAtTime15k ...)",
     "seulement les tests de ce réseau (Osaka, CancunToPragueAtTime15k ...)"},
    {"run", "TEXT", "only tests whose name contains this",
     "seulement les tests dont le nom contient ceci"},
    {"jobs", "N", "threads (default: one per processor)", "fils (défaut : un par processeur)"},
    {0},
};

/* Counts of one network. */
struct tally {
    char network[64];
    size_t passed, failed, skipped;
};

struct blocktest {
    const struct cli *cli;
    struct json_files files;
    _Atomic size_t next;  /* file */
    pthread_mutex_t lock; /* guards what follows, and standard output */
    struct tally tallies[NETWORKS_MAX];
    size_t tally_count;
    size_t blocks, refused, bad_files;
    uint64_t gas;
    bool any; /* --json: a verdict was written */
};

/* --- verdicts --------------------------------------------------------------------------------- */

static struct tally *tally_of(struct blocktest *b, const char *network)
{
    for (size_t i = 0; i < b->tally_count; i++)
        if (strcmp(b->tallies[i].network, network) == 0)
            return &b->tallies[i];
    ASSERT(b->tally_count < NETWORKS_MAX);
    struct tally *t = &b->tallies[b->tally_count++];
    snprintf(t->network, sizeof t->network, "%s", network);
    return t;
}

static void put_verdict_json(struct blocktest *b, const char *file, const char *name,
                             const struct block_outcome *o)
{
    static const char *const WORDS[] = {"passed", "failed", "skipped"};
    struct buf line = {0};
    json_open(&line, '{');
    json_put_key(&line, "name");
    json_put_string(&line, name);
    json_put_key(&line, "file");
    json_put_string(&line, file);
    json_put_key(&line, "network");
    json_put_string(&line, o->network);
    json_put_key(&line, "verdict");
    json_put_string(&line, WORDS[o->verdict]);
    json_put_key(&line, "blocks");
    json_put_u64(&line, o->blocks);
    json_put_key(&line, "refused");
    json_put_u64(&line, o->refused);
    json_put_key(&line, "gasUsed");
    json_put_u64(&line, o->gas_used);
    if (o->reason[0]) {
        json_put_key(&line, "reason");
        json_put_string(&line, o->reason);
    }
    json_close(&line, '}');
    printf("%s%.*s", b->any ? ",\n" : "[\n", (int)line.len, (const char *)line.data);
    b->any = true;
    buf_free(&line);
}

static void put_verdict(struct blocktest *b, const char *file, const char *name,
                        const struct block_outcome *o)
{
    pthread_mutex_lock(&b->lock);
    struct tally *t = tally_of(b, o->network);
    t->passed += o->verdict == BLOCK_TEST_PASSED;
    t->failed += o->verdict == BLOCK_TEST_FAILED;
    t->skipped += o->verdict == BLOCK_TEST_SKIPPED;
    b->blocks += o->blocks;
    b->refused += o->refused;
    b->gas += o->gas_used;
    if (b->cli->json)
        put_verdict_json(b, file, name, o);
    else if (o->verdict == BLOCK_TEST_FAILED)
        printf(T("failed: %s (%s)\n  %s\n", "échec : %s (%s)\n  %s\n"), name, file, o->reason);
    else if (o->verdict == BLOCK_TEST_SKIPPED)
        printf(T("skipped: %s (%s)\n  %s\n", "sauté : %s (%s)\n  %s\n"), name, file, o->reason);
    pthread_mutex_unlock(&b->lock);
}

static void put_bad_file(struct blocktest *b, const struct diag *d)
{
    pthread_mutex_lock(&b->lock);
    b->bad_files++;
    fprintf(stderr, "parvis: %s\n", d->text);
    pthread_mutex_unlock(&b->lock);
}

/* --- running ---------------------------------------------------------------------------------- */

static void run_file(struct blocktest *b, const char *file, struct evm *evm)
{
    const char *fork = cli_get(b->cli, "fork"), *only = cli_get(b->cli, "run");
    struct json *j = NULL;
    struct diag d = {""};
    struct block_outcome outcome;
    if (json_parse_file(&j, file, &d) != E_OK) {
        put_bad_file(b, &d);
        return;
    }
    for (const struct json *m = json_first(j); m; m = json_next(m)) {
        const char *network = json_text(json_get(m, "network"));
        if (only && !strstr(json_key(m), only))
            continue;
        if (fork && (!network || strcmp(fork, network) != 0))
            continue;
        if (!json_is_array(json_get(m, "blocks"))) /* a state test, or an index */
            continue;
        block_test_run(m, evm, &outcome);
        put_verdict(b, file, json_key(m), &outcome);
    }
    json_free(j);
}

static void *worker(void *ctx)
{
    struct blocktest *b = ctx;
    struct evm *evm = evm_new();
    for (size_t i; (i = atomic_fetch_add(&b->next, 1)) < b->files.count;)
        run_file(b, b->files.paths[i], evm);
    evm_free(evm);
    return NULL;
}

static void run_all(struct blocktest *b, size_t jobs)
{
    pthread_t threads[JOBS_MAX];
    bool started[JOBS_MAX] = {false};
    void *nothing;
    for (size_t i = 1; i < jobs; i++)
        started[i] = thread_start(&threads[i], LIMIT_EVM_STACK_BYTES, worker, b) == 0;
    if (thread_run(LIMIT_EVM_STACK_BYTES, worker, b, &nothing) != 0)
        worker(b);
    for (size_t i = 1; i < jobs; i++)
        if (started[i])
            pthread_join(threads[i], NULL);
}

/* --- the summary ------------------------------------------------------------------------------ */

static int compare_tallies(const void *a, const void *b)
{
    return strcmp(((const struct tally *)a)->network, ((const struct tally *)b)->network);
}

static struct tally print_summary(struct blocktest *b, uint64_t elapsed_us)
{
    struct tally all = {"", 0, 0, 0};
    qsort(b->tallies, b->tally_count, sizeof b->tallies[0], compare_tallies);
    for (size_t i = 0; i < b->tally_count; i++) {
        const struct tally *t = &b->tallies[i];
        all.passed += t->passed;
        all.failed += t->failed;
        all.skipped += t->skipped;
        if (!b->cli->json)
            printf(T("%-34s %6zu passed %6zu failed %6zu skipped\n",
                     "%-34s %6zu réussis %6zu échoués %6zu sautés\n"),
                   t->network, t->passed, t->failed, t->skipped);
    }
    if (b->cli->json)
        printf("%s", b->any ? "\n]\n" : "[]\n");
    else
        printf(T("%zu passed, %zu failed, %zu skipped (%zu blocks, %zu of them refused, %.0f Mgas, "
                 "%.1f s)\n",
                 "%zu réussis, %zu échoués, %zu sautés (%zu blocs, dont %zu refusés, %.0f Mgas, "
                 "%.1f s)\n"),
               all.passed, all.failed, all.skipped, b->blocks, b->refused, (double)b->gas / 1e6,
               (double)elapsed_us / 1e6);
    return all;
}

int run_blocktest(struct cli *cli)
{
    struct diag d = {""};
    struct blocktest b = {.cli = cli, .lock = PTHREAD_MUTEX_INITIALIZER};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = processors > 0 && processors <= JOBS_MAX ? (uint64_t)processors : 1;
    const char *fork = cli_get(cli, "fork");
    struct schedule schedule;
    enum err e = cli_get_u64(cli, "jobs", 1, JOBS_MAX, &jobs);
    if (e == E_OK && fork && network_schedule(&schedule, fork, 1) != E_OK)
        e = diag_set(&d, E_USAGE, T("--fork %s: no such network", "--fork %s : réseau inconnu"),
                     fork);
    for (size_t i = 0; e == E_OK && i < cli->arg_count; i++)
        e = json_files_add(&b.files, cli->args[i], &d);
    if (e != E_OK) {
        json_files_free(&b.files);
        return cli_fail(cli, e, &d);
    }
    uint64_t from_us = clock_mono_us();
    run_all(&b, jobs);
    struct tally all = print_summary(&b, clock_mono_us() - from_us);
    json_files_free(&b.files);
    if (all.failed)
        return EXIT_NO;
    if (b.bad_files)
        return EXIT_INPUT;
    if (all.passed + all.skipped)
        return EXIT_OK;
    diag_set(&d, E_NOT_FOUND, T("no test was run", "aucun test exécuté"));
    return cli_fail(cli, E_NOT_FOUND, &d);
}
