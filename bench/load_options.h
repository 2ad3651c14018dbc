/* load_options: the load generator's command line; loadgen.c says what each means. */
#ifndef PARVIS_BENCH_LOAD_OPTIONS_H
#define PARVIS_BENCH_LOAD_OPTIONS_H

#include "load_http.h"

#define NODES_MAX 64
#define PIDS_MAX 256

struct load_options {
    const char *host;
    struct node nodes[NODES_MAX];
    size_t node_count;
    uint64_t pids[PIDS_MAX];
    size_t pid_count;
    uint64_t transfers, accounts, connections, recipients, timeout_s, waiting;
    uint64_t rate, seconds, watch_ms, window;
    uint64_t chain_id;
    uint8_t funder_key[32];
    const char *label;
    const char *kind;     /* "transfer" | "erc20" | "day" */
    const char *bytecode; /* file: a token's creation code in hexadecimal; all to its creator */
};
extern struct load_options options;

void read_options(int argc, char **argv);

#endif
