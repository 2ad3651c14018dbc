/* load_watch: when each transaction is in a block, as the node tells it to which it was sent. A
 * thread for each node asks for the next block every few milliseconds; what a client could see
 * earlier than that is missed by as much. */
#ifndef PARVIS_BENCH_LOAD_WATCH_H
#define PARVIS_BENCH_LOAD_WATCH_H

#include <stdatomic.h>

#include "load_http.h"

/* A transaction on its way. */
struct voyage {
    _Atomic uint64_t sent_us, seen_us; /* seen_us 0: in no block yet */
    _Atomic uint64_t *under_way;       /* counts those that are; one less when it is seen */
};

struct watch;

struct watch *watch_new(const struct node *nodes, size_t node_count, unsigned every_ms,
                        size_t voyages);
/* All are added before watch_start, which looks at blocks behind `head`. */
void watch_add(struct watch *w, size_t node, const struct hash *tx_hash, struct voyage *v);
void watch_start(struct watch *w, uint64_t head);
uint64_t watch_seen(struct watch *w);
void watch_stop(struct watch *w); /* joins the threads; the figures stay */

/* The times between blocks with transactions, as the first node showed them, in milliseconds:
 * median and longest. 0 when there were fewer than two. */
void watch_intervals(struct watch *w, double *median_ms, double *max_ms);

#endif
