/* rehearse: a transaction run on the state of the head before it is queued.
 *
 * Only for calls to services' methods that ask for it (city/service.h, `ahead`): their work is
 * costly, so a refusal is found before anything waits, travels or stands in a block, by whichever
 * thread brings the transaction, and what was found out is remembered for its execution. It is run
 * as if in the next block, now. What the pool holds is not looked at: such a method must not depend
 * on its sender's earlier transactions.
 * Threads   any; a view of its own. */
#ifndef PARVIS_CHAIN_REHEARSE_H
#define PARVIS_CHAIN_REHEARSE_H

#include "chain/chain.h"

/* chain_asks_rehearsal: does t call such a method? chain_rehearse runs it: t has its sender, and
 * passed chain_check. E_OK | E_REVERT, d (may be NULL) with the service's reason | E_OUT_OF_GAS |
 * E_PRUNED, E_CORRUPT, E_IO. */
bool chain_asks_rehearsal(const struct chain *c, const struct tx *t);
enum err chain_rehearse(struct chain *c, const struct tx *t, struct diag *d);

#endif
