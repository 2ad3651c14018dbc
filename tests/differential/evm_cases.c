/* evm_cases: writes random state tests whose expected state root and logs hash are ours, for
 * another EVM to check.
 *
 *   evm_cases --seed N --from INDEX --count N [--fork NAME|all] > FILE.json
 *
 * A transaction that we refuse is written with "expectException": the other must refuse it too. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/thread.h"
#include "differential/scenario.h"
#include "gateway/ethereum/forks.h"
#include "gateway/ethereum/state_test.h"

struct job {
    uint64_t seed, from, count;
    bool all_forks;
    enum fork fork;
};

static void put_post(struct buf *out, const char *fork, const struct case_outcome *o)
{
    buf_putf(out, ", \"post\": {\"%s\": [{\"indexes\": {\"data\": 0, \"gas\": 0, \"value\": 0}, ",
             fork);
    buf_puts(out, "\"hash\": \"");
    buf_put_hex(out, o->root.b, 32);
    buf_puts(out, "\", \"logs\": \"");
    buf_put_hex(out, o->logs.b, 32);
    buf_puts(out, o->refusal != E_OK
                      ? "\", \"expectException\": \"TransactionException.INVALID\"}]}"
                      : "\"}]}");
}

/* execute fills what this EVM makes of the test; its text still has a dummy "post". */
static void execute(struct buf *text, struct evm *evm, struct case_outcome *out)
{
    struct json *j;
    struct state_test *t;
    struct diag d = {0};
    enum err e = json_parse(&j, buf_view(text), &d);
    ASSERT(e == E_OK);
    e = state_test_open(&t, json_first(j), &d);
    if (e != E_OK) {
        fprintf(stderr, "evm_cases: %s\n", d.text);
        exit(1);
    }
    state_test_run(t, 0, evm, NULL, false, out);
    state_test_close(t);
    json_free(j);
}

static void *run(void *ctx)
{
    static const enum fork FORKS[] = {FORK_OSAKA, FORK_PRAGUE, FORK_CANCUN};
    const struct job *job = ctx;
    struct evm *evm = evm_new();
    struct buf text = {0}, head = {0};
    printf("{");
    for (uint64_t i = job->from; i < job->from + job->count; i++) {
        struct case_outcome o = {0};
        enum fork fork = job->all_forks ? FORKS[i % 3] : job->fork;
        const char *name = fork_name(fork);
        buf_clear(&head);
        buf_putf(&head, "\"parvis_%llx_%llu\": {", (unsigned long long)job->seed,
                 (unsigned long long)i);
        scenario_append(&head, job->seed, i, fork);
        buf_clear(&text);
        buf_puts(&text, "{");
        buf_put(&text, head.data, head.len);
        put_post(&text, name, &o);
        buf_puts(&text, "}}");
        execute(&text, evm, &o);
        put_post(&head, name, &o);
        printf("%s\n%s}", i > job->from ? "," : "", buf_cstr(&head));
    }
    printf("\n}\n");
    buf_free(&text);
    buf_free(&head);
    evm_free(evm);
    return NULL;
}

static uint64_t number(const char *text)
{
    struct u256 v;
    if (u256_parse(&v, text) != E_OK || !u256_fits_u64(v)) {
        fprintf(stderr, "evm_cases: %s is not a number\n", text);
        exit(2);
    }
    return v.w[0];
}

int main(int argc, char **argv)
{
    struct job job = {.seed = 1, .count = 1000, .all_forks = true};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--seed") == 0) {
            job.seed = number(value);
        } else if (strcmp(argv[i], "--from") == 0) {
            job.from = number(value);
        } else if (strcmp(argv[i], "--count") == 0) {
            job.count = number(value);
        } else if (strcmp(argv[i], "--fork") == 0) {
            job.all_forks = strcmp(value, "all") == 0;
            if (!job.all_forks && !fork_named(value, &job.fork)) {
                fprintf(stderr, "evm_cases: no fork is named %s\n", value);
                return 2;
            }
        } else {
            fprintf(stderr, "usage: evm_cases --seed N --from INDEX --count N [--fork NAME|all]\n");
            return 2;
        }
    }
    int e = thread_run(LIMIT_EVM_STACK_BYTES, run, &job, NULL);
    if (e) {
        fprintf(stderr, "evm_cases: %s\n", strerror(e));
        return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
