/* replay: a block that exists elsewhere (another store, a file) executed again on a chain that ends
 * right before it, and compared byte by byte. Shared by audit and import. */
#ifndef PARVIS_CHAIN_REPLAY_H
#define PARVIS_CHAIN_REPLAY_H

#include "chain/blocks.h"
#include "chain/chain.h"
#include "chain/recover.h"

/* replay_block executes and compares with the stated header. On E_OK the block is in hand:
 * chain_commit or chain_abandon. E_BLOCK: d names the transaction or header field that differs. */
enum err replay_block(struct chain *c, const struct block *stated, const struct block **out,
                      struct diag *d);

/* replay_check_seal: who sealed the block that comes next? Before the network its proposer, on the
 * network nobody, in an imported Ethereum chain nobody. seal_opt NULL: it has none. Returns what is
 * wrong, or NULL. */
const char *replay_check_seal(const struct chain *c, const struct recover_seal *seal_opt);

#endif
