/* load_send: accounts, their signed transactions as complete HTTP requests, and the threads that
 * send them: one for each connection. */
#ifndef PARVIS_BENCH_LOAD_SEND_H
#define PARVIS_BENCH_LOAD_SEND_H

#include <pthread.h>

#include "chain/tx.h"
#include "load_options.h"
#include "load_watch.h"

struct sender {
    const struct node *node; /* that takes its transactions */
    uint8_t key[32];
    struct address address;
    uint64_t first_nonce;
    uint64_t nonce;     /* at the head, as last asked */
    uint64_t operation; /* --kind day: its own */
};

/* A complete HTTP request that sends one signed transaction. */
struct prepared {
    uint8_t *data;
    size_t len, raw_len; /* raw: the transaction alone */
    struct hash hash;
    struct voyage voyage;
};

struct worker {
    pthread_t thread;
    size_t index, of; /* among all that run */
    const struct node *node;
    struct prepared *requests;
    size_t count;
    size_t sent;
    uint64_t accepted, refused;
    _Atomic uint64_t under_way; /* sent and in no block yet; counted while somebody looks */
    float *latency_ms;
    char first_error[300];
};

double now_s(void);

/* Asked of the first node. receipt_ok waits a second for the receipt: some nodes show nonces before
 * receipts. ask_nonces asks the nonces at the head. wait_for_all waits until every node has the
 * first one's blocks. */
uint64_t rpc_quantity(const char *method);
bool receipt_ok(const struct hash *h);
void ask_nonces(struct sender *s, size_t count);
void wait_for_all(void);

void derive_key(uint8_t key[32], const char *kind, uint64_t index);
struct prepared prepare_signed(const struct tx *t, const struct node *node);
/* what: gas limit, receiver or creation, value, data. */
struct prepared prepare(const struct sender *from, uint64_t nonce, const struct tx *what);

/* run_workers sends what each has. Those with `of` set keep to --rate, --window and --seconds. */
void run_workers(struct worker *w, size_t count);
/* send_and_wait sends what was prepared, all of one sender, over one connection, waits until it is
 * in blocks, and frees it. Otherwise the program ends and says `what`. */
void send_and_wait(struct worker *w, struct sender *from, const char *what);

#endif
