/* statedb: the state trie in the store: latest flat values, versioned trie nodes, the last
 * LIMIT_STATE_HISTORY blocks readable and provable.
 *
 * Layout    name of an account: keccak(address); of a slot: keccak(address) | keccak(slot), so that
 *           walking the tries gives the names of all flat records.
 *           TABLE_FLAT    name -> u64 height written, content (head state: one read). Content of
 *                         an account: u64 height of its storage root's node, account RLP; of a
 *                         slot: its value.
 *           TABLE_HISTORY (height written, name) -> the flat record that was replaced later
 *           TABLE_NODE    (height written, 'a' | path or 's' | keccak(address) | path) -> trie node
 *                         (trie_node.h). The account trie's root is written by every block, so
 *                         that a block's root is found by the block's height.
 *           TABLE_STALE   height -> per NODE or HISTORY record that became unreachable there:
 *                         u8 (0 node, 1 history), u64 its height, its hidden name (16); they are
 *                         deleted when height + LIMIT_STATE_HISTORY is committed. And per FLAT
 *                         record that was not there before: u8 2, u64 height, its hidden name
 *           Committing a block writes what changed: one flat record per changed value, one history
 *           record per replaced value, the branches on the changed paths, one stale list.
 * Use       engine thread: statedb_reader -> execute on a struct state -> statedb_apply (the root
 *           is known, nothing is stored) -> statedb_write in the block's store transaction, then
 *           statedb_written after the commit; or statedb_discard.
 *           any thread: statedb_view for reads and proofs at a height. */
#ifndef PARVIS_STATE_STATEDB_H
#define PARVIS_STATE_STATEDB_H

#include "state/state.h"
#include "store/store.h"

struct statedb;

/* statedb_open reads the root at `height` (the store's head). keep_all keeps every height
 * (archive). genesis: root = KECCAK_EMPTY_TRIE, height 0. E_OK | E_CORRUPT | E_IO. */
enum err statedb_open(struct statedb **out, struct store *store, const struct hash *root,
                      uint64_t height, bool keep_all);
void statedb_close(struct statedb *db);

/* The reader of the state at the head, for the engine thread only. Valid until statedb_close. */
const struct state_reader *statedb_reader(struct statedb *db);

/* statedb_apply merges the changes of s into the trie as block `height` (head + 1) and returns the
 * new state root. Nothing is stored yet. E_OK | E_CORRUPT | E_IO. */
enum err statedb_apply(struct statedb *db, struct state *s, uint64_t height, struct hash *root_out);
/* statedb_write stores what statedb_apply computed and prunes what fell out of the window. */
enum err statedb_write(struct statedb *db, struct store_txn *t);
/* statedb_written: the transaction was committed; the head is now `height`. */
void statedb_written(struct statedb *db);
/* statedb_refresh: something else was committed to the store; reads go on from there. */
enum err statedb_refresh(struct statedb *db);
/* statedb_discard forgets an applied block; the head is unchanged. */
void statedb_discard(struct statedb *db);

/* statedb_rollback takes block `height`, the head, out of the stored state again, in t: what it
 * replaced is restored from the history, what it made is deleted. No statedb may be open on the
 * store. What the block pruned stays pruned. E_OK | E_PRUNED
 * (the state before it was never here, or is no longer) | E_CORRUPT | E_IO and the other store
 * errors. */
enum err statedb_rollback(struct store_txn *t, uint64_t height);

/* statedb_limit_memory bounds the trie nodes kept in memory (default 2 million, some 200 MB). */
void statedb_limit_memory(struct statedb *db, size_t nodes);

/* A read-only view of the state after block `height`, over a read transaction the caller keeps
 * open (and may share with block reads). root is that block's stateRoot, head_height the
 * head as t sees it. Blocks head - LIMIT_STATE_HISTORY .. head can be read; with keep_all every
 * block, as far as the store was always written so (else reading gives E_PRUNED). E_OK | E_PRUNED
 */
struct statedb_view;
enum err statedb_view_open(struct statedb_view **out, struct store *store, struct store_txn *t,
                           const struct hash *root, uint64_t height, uint64_t head_height,
                           bool keep_all);
void statedb_view_close(struct statedb_view *v);
const struct state_reader *statedb_view_reader(struct statedb_view *v);

/* statedb_view_root: the root the state would have if the changes of s (a state over this view's
 * reader) were merged in. Nothing is stored and the view is as before: for simulated blocks. Costs
 * what changed. E_OK | the code of state_error | E_PRUNED | E_CORRUPT | E_IO. */
enum err statedb_view_root(struct statedb_view *v, struct state *s, struct hash *root_out);

/* Proofs (EIP-1186): an RLP list of the nodes. E_OK | E_CORRUPT | E_IO. */
enum err statedb_prove_account(struct statedb_view *v, const struct address *a,
                               struct buf *rlp_list_out);
enum err statedb_prove_storage(struct statedb_view *v, const struct address *a,
                               const struct hash *slot, struct buf *rlp_list_out);

/* statedb_check walks the whole state at the head: every node hashes to what its parent says,
 * every leaf has its flat record, no flat record is left over. For audits. On a fault, d names it.
 * E_OK | E_CORRUPT | E_IO. */
enum err statedb_check(struct store *store, const struct hash *root, uint64_t height,
                       struct diag *d);

#endif
