/* state_test: Ethereum's official state tests (GeneralStateTests, EEST state_tests).
 *
 * A file holds tests; a test a pre-state, an environment, one transaction with lists of data, gas
 * and value, and for each fork a list of cases: which of the lists, and the state root and logs
 * hash that must come out, or the refusal expected. */
#ifndef PARVIS_GATEWAY_ETHEREUM_STATE_TEST_H
#define PARVIS_GATEWAY_ETHEREUM_STATE_TEST_H

#include "evm/evm.h"
#include "evm/tracer.h"
#include "gateway/ethereum/alloc.h"

struct state_test;

/* One case. */
struct state_case {
    const char *fork_name; /* as the file has it */
    bool known;            /* fork is one of ours */
    enum fork fork;
    size_t index; /* among the fork's cases */
    unsigned data, gas, value;
};

enum case_verdict { CASE_PASSED, CASE_FAILED, CASE_SKIPPED };

/* What came of it. */
struct case_outcome {
    enum case_verdict verdict;
    struct hash root, logs; /* ours; root of the pre-state when the transaction was refused */
    enum err refusal;       /* E_OK: it was executed */
    uint64_t gas_used;
    char reason[512];       /* of a failure or skip */
    struct alloc *post_opt; /* when asked for: ours; freed by the caller */
};

/* state_test_open takes one member of a file; j must outlive it. E_OK | E_JSON. */
enum err state_test_open(struct state_test **out, const struct json *j, struct diag *d);
void state_test_close(struct state_test *t);
const char *state_test_name(const struct state_test *t);
size_t state_test_cases(const struct state_test *t);
const struct state_case *state_test_case(const struct state_test *t, size_t i);

/* state_test_run executes a case with this thread's evm. tracer may be NULL. keep_post fills
 * post_opt. */
void state_test_run(struct state_test *t, size_t i, struct evm *evm, const struct tracer *tracer,
                    bool keep_post, struct case_outcome *out);

#endif
