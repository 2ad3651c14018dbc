/* quota: who may use the ledger, and how much gas per period. Residents pay no fee; what
 * bounds abuse is this quota.
 *
 * Admission  open: every account has the default quota. members: only accounts admitted by the
 *            registrar, each with the default or its own quota. Set in genesis, kept in the money
 *            service's storage.
 * Storage    use is kept in QUOTA_BUCKETS records of the money service, an account's bucket chosen
 *            by its address, entries of earlier periods dropped when a bucket is rewritten, so a
 *            block of n transactions rewrites at most QUOTA_BUCKETS records.
 * Use        one struct quota_block per block: check before, use after each transaction, flush once
 *            at the end of the block. */
#ifndef PARVIS_CITY_MONEY_QUOTA_H
#define PARVIS_CITY_MONEY_QUOTA_H

#include "evm/frame.h"

#define QUOTA_BUCKETS 256

struct quota_block;

/* quota_block_new begins a block at timestamp_s over s. */
struct quota_block *quota_block_new(struct state *s, uint64_t timestamp_s);
void quota_block_free(struct quota_block *q);

/* quota_check: may this account spend gas_limit more in this period?
 * E_OK | E_TX_QUOTA | E_TX_NOT_MEMBER. */
enum err quota_check(struct quota_block *q, const struct address *account, uint64_t gas_limit);
void quota_use(struct quota_block *q, const struct address *account, uint64_t gas_used);
/* quota_flush writes the buckets that changed into the state. */
void quota_flush(struct quota_block *q);

#endif
