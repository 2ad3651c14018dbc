/* replay: blocks that exist elsewhere (another store, a file) executed again, one after the other,
 * on a chain that ends right before the first, and compared byte by byte. Shared by audit and
 * import.
 *
 * Overlap   A stated header gives the next block its parent's hash and time before the parent's own
 *           root is known. So a block executes on the caller's thread while another one merges the
 *           block before into the tries, makes its header, compares and commits it (overlap.h). If
 *           that block turns out wrong, its error is the replay's and what was executed after it is
 *           forgotten. Results and errors are those of block after block, as is what is stored.
 *           Blocks of imported Ethereum chains, whose execution asks for the root, take turns.
 * Threads   one, which pushes; it also runs the callbacks. */
#ifndef PARVIS_CHAIN_REPLAY_H
#define PARVIS_CHAIN_REPLAY_H

#include "chain/blocks.h"
#include "chain/chain.h"
#include "chain/recover.h"

struct replay;

enum replay_fault {
    REPLAY_BLOCK,  /* the block is not what its header states */
    REPLAY_CALLER, /* `executed` refused it */
    REPLAY_STORE,  /* it could not be committed */
};

/* How a block ended. E_OK: it is committed. */
struct replay_end {
    uint64_t number; /* its place in the chain, whatever its header says */
    enum err error;
    enum replay_fault fault; /* of an error */
    struct diag why;         /* the transaction or header field that differs; may be empty */
    uint64_t gas_used;
    size_t tx_count;
};

struct replay_caller {
    /* A block has executed: its transactions, receipts and gas used are there, the rest of its
     * header not. An error refuses it, unless it turns out not to be what its header states. */
    enum err (*executed)(void *ctx, const struct block *made, struct diag *d); /* may be NULL */
    /* Once per block, in order; what it returns is what the call that found it out returns: the
     * push of the block, that of the next, or replay_finish. */
    enum err (*settled)(void *ctx, const struct replay_end *end);
    void *ctx;
};

/* c was opened for audit, and is the replay's until replay_free; its recover and readers are not.
 */
struct replay *replay_new(struct chain *c, const struct replay_caller *caller);
void replay_free(struct replay *r); /* NULL is fine */

/* replay_push takes the next block, and who sealed it (NULL: it has no seal); nothing of either is
 * needed after the call. At most one block is under way after it. replay_finish waits for that one:
 * also before a caller says that a block is wrong which it has not pushed, so that the first fault
 * is the one named. After an error there is nothing left but replay_free. */
enum err replay_push(struct replay *r, const struct block *stated,
                     const struct recover_seal *seal_opt);
enum err replay_finish(struct replay *r);

/* Whether blocks overlap. Seam of tests and benchmarks: read by replay_new. */
enum replay_mode { REPLAY_AUTO, REPLAY_IN_TURN, REPLAY_OVERLAPPED };
extern enum replay_mode replay_mode;

/* replay_block does one block by itself, on any chain of ours: on E_OK it is in hand and is what it
 * states: chain_commit or chain_abandon. Before the network a block bears its proposer's seal, on
 * the network none. E_BLOCK: d names what differs | E_CORRUPT | E_IO. */
enum err replay_block(struct chain *c, const struct block *stated,
                      const struct recover_seal *seal_opt, const struct block **out,
                      struct diag *d);

/* replay_check_seal: whether who sealed the block that comes next may, by the state that the chain
 * is in: before the network its proposer, afterwards nobody. E_OK | E_BLOCK. */
enum err replay_check_seal(struct chain *c, const struct recover_seal *seal_opt, struct diag *d);

#endif
