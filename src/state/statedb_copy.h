/* statedb_copy: a whole state as a row of values in the order of the tries, and the same state made
 * from such a row in a store that has none. The row does not depend on what one store's records
 * look like: it is the same for every copy of the ledger. Neither side holds the state in memory.
 *
 * Row       for each account, in the order of keccak(address): its RLP, then its slots in the order
 *           of keccak(slot); after all accounts each code that one of them has, once, in the order
 *           of the codes' hashes (these hashes are kept in memory: 32 bytes per code). */
#ifndef PARVIS_STATE_STATEDB_COPY_H
#define PARVIS_STATE_STATEDB_COPY_H

#include "state/statedb.h"

/* name: keccak(address), keccak(slot), keccak(code). Not E_OK ends the walk with that code. */
struct statedb_row {
    enum err (*account)(void *ctx, const struct hash *name, struct bytes rlp);
    enum err (*slot)(void *ctx, const struct hash *name, struct bytes value);
    enum err (*code)(void *ctx, const struct hash *name, struct bytes code);
    void *ctx;
};

/* statedb_dump walks the state after block `height`, whose state root is `root`, as t sees it.
 * E_OK | E_PRUNED (no longer kept) | the row's codes | E_CORRUPT | E_IO. */
enum err statedb_dump(struct store_txn *t, const struct hash *root, uint64_t height,
                      const struct statedb_row *row);

/* A state under construction, as of block `height`. Calls may be spread over several transactions,
 * each given as t. After an error it is good for statedb_build_free only. E_INVALID: this is no
 * state's row; d says where. */
struct statedb_build;
struct statedb_build *statedb_build_new(uint64_t height);
void statedb_build_free(struct statedb_build *b); /* NULL is fine */

/* E_OK | E_INVALID | store errors. A slot belongs to the last account. */
enum err statedb_build_account(struct statedb_build *b, struct store_txn *t,
                               const struct hash *name, struct bytes rlp, struct diag *d);
enum err statedb_build_slot(struct statedb_build *b, struct store_txn *t, const struct hash *name,
                            struct bytes value, struct diag *d);
/* statedb_build_root: no account follows. E_INVALID too when the root is not `root`. */
enum err statedb_build_root(struct statedb_build *b, struct store_txn *t, const struct hash *root,
                            struct diag *d);
/* After the root: the codes; then whether each account has its code. */
enum err statedb_build_code(struct statedb_build *b, struct store_txn *t, struct bytes code,
                            struct diag *d);
enum err statedb_build_end(struct statedb_build *b, struct diag *d);

#endif
