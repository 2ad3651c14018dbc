/* ahead: blocks on their way to be replayed. They are read in order by the thread that executes, a
 * few before their turn; while the blocks before them execute, worker threads recover who sent
 * their transactions and who sealed them. */
#ifndef PARVIS_CHAIN_AHEAD_H
#define PARVIS_CHAIN_AHEAD_H

#include "chain/block.h"
#include "chain/recover.h"

#define AHEAD_BLOCKS 16u
#define AHEAD_BYTES ((size_t)32 << 20) /* of decoded blocks; the oldest may be larger */

struct ahead_block {
    struct arena arena; /* what the block points to; the reader may take more */
    struct block block; /* senders: theirs after ahead_senders */
    enum err error;     /* it could not be read; the reader says in `why` or `note` what is wrong */
    struct diag why;
    uint64_t place;           /* `place` and `note` are the reader's own */
    void *note;               /* in the arena */
    struct recover_seal seal; /* of is_sealed blocks: the signer is there after ahead_senders */
    bool is_sealed;           /* set by the reader, with seal's hash and signature */
    struct recover_batch *signers;
};

/* The reader fills *out (emptied before, arena too). False: there is no further block. After an
 * error it is not asked again. */
typedef bool (*ahead_reader)(void *ctx, struct ahead_block *out);

struct ahead {
    struct recover *recover;
    ahead_reader read;
    void *ctx;
    struct ahead_block ring[AHEAD_BLOCKS];
    uint64_t taken, read_count; /* blocks handed out and given back; blocks read */
    bool handed_out, ended;
};

void ahead_init(struct ahead *a, struct recover *recover, ahead_reader read, void *ctx);
void ahead_fini(struct ahead *a);

/* ahead_next gives the previous block back and hands out the next, which stays valid until the call
 * after. NULL: there is none. */
struct ahead_block *ahead_next(struct ahead *a);

/* ahead_senders waits for the signers of the block handed out, as recover_finish. Once. */
enum err ahead_senders(struct ahead_block *b, size_t *bad_out);

#endif
