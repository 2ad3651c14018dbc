/* trie: the hexary Merkle-Patricia trie (Yellow Paper app. D).
 *
 * Model     keys are byte strings (32-byte hashes in the state; any length in memory-only use),
 *           values non-empty byte strings. Nodes live in memory as far as they were touched; a
 *           missing subtree is loaded on demand through a source.
 * Versions  every stored node is named by (height it was written at, path), so the nodes of one
 *           block lie together in the store, old roots stay readable by plain traversal, and a
 *           node that is replaced at height h is listed as stale and deleted at
 *           h + LIMIT_STATE_HISTORY. A parent keeps each child's hash and height.
 * Threads   one user at a time. */
#ifndef PARVIS_STATE_TRIE_H
#define PARVIS_STATE_TRIE_H

#include "base/bytes.h"
#include "base/mem.h"

struct trie;

/* Where missing nodes and leaf values come from. Either call: E_OK | E_CORRUPT | E_IO. path is in
 * nibbles (one per byte) and does not contain the owner: ctx knows it. The stored form of a node
 * is private to trie_node.c. In a stored trie all keys are 32 bytes; leaves lie in their parent's
 * record, their values elsewhere, found through the height they were written at. */
struct trie_source {
    enum err (*node)(void *ctx, uint64_t height, struct bytes path, struct buf *out);
    enum err (*value)(void *ctx, uint64_t height, struct bytes key, struct buf *out);
    void *ctx;
};

/* What a commit produces: nodes in path order; what it replaces in any order. */
struct trie_sink {
    enum err (*put_node)(void *ctx, struct bytes path, struct bytes stored);
    enum err (*stale_node)(void *ctx, uint64_t height, struct bytes path);
    void *ctx;
};

/* trie_new makes a trie. Memory-only: source NULL. Stored: root and its height, as committed. */
struct trie *trie_new(const struct trie_source *source, const struct hash *root, uint64_t height);
void trie_free(struct trie *t);

/* trie_put stores a copy of value; an empty value deletes (a missing key: nothing). leaf_height is
 * the height at which the value is written (0 in memory-only use). E_OK | the source's errors,
 * after which the trie is good for trie_free only. trie_get appends to out; trie_find gives only
 * the height at which the value was written. E_OK | E_NOT_FOUND | the source's errors. */
enum err trie_put(struct trie *t, struct bytes key, struct bytes value, uint64_t leaf_height);
enum err trie_get(struct trie *t, struct bytes key, struct buf *out);
enum err trie_find(struct trie *t, struct bytes key, uint64_t *leaf_height_out);

/* trie_root hashes what changed and returns the root (KECCAK_EMPTY_TRIE when empty). */
struct hash trie_root(struct trie *t);

/* trie_commit hands every changed node to the sink as written at `height`. */
enum err trie_commit(struct trie *t, uint64_t height, const struct trie_sink *sink);

/* trie_touch makes the next commit write the root's record anew, so that a root can be found by its
 * height alone even when the block changed nothing. */
enum err trie_touch(struct trie *t);

/* trie_load_root reads the root's record, to find out early whether it is there. */
enum err trie_load_root(struct trie *t);

/* trie_root_height is the height of the root's record (UINT64_MAX when there is none). */
uint64_t trie_root_height(const struct trie *t);

/* trie_walk visits every node record and every leaf in key order, keeping in memory only what was
 * there before. verify: each node read from the source must hash to what its parent says, each
 * leaf's value likewise. A visit that does not return E_OK ends the walk with its code. value is
 * loaded (else empty) when verify is set or the trie is memory-only.
 * On E_CORRUPT, bad_path_out (nibbles) tells where; may be NULL. */
struct trie_visitor {
    enum err (*node)(void *ctx, uint64_t height, struct bytes path);
    enum err (*leaf)(void *ctx, uint64_t height, struct bytes key, struct bytes value);
    void *ctx;
};
enum err trie_walk(struct trie *t, const struct trie_visitor *visitor, bool verify,
                   struct buf *bad_path_out);

/* trie_forget drops memory: clean nodes deeper than keep_depth nibbles. trie_node_count counts the
 * nodes in memory. */
void trie_forget(struct trie *t, unsigned keep_depth);
size_t trie_node_count(const struct trie *t);

/* trie_prove appends the RLP nodes from the root towards key, in order, as byte strings of one RLP
 * list (EIP-1186). Proves presence and absence alike. */
enum err trie_prove(struct trie *t, struct bytes key, struct buf *rlp_list_out);

/* trie_verify checks such a proof against a root. On success *value_out borrows from proof; absent
 * keys give len 0. E_OK | E_CORRUPT. */
enum err trie_verify(const struct hash *root, struct bytes key, struct bytes proof_rlp_list,
                     struct bytes *value_out);

/* trie_list_root is the root of the trie of RLP(i) -> item i (transactions, receipts). */
struct hash trie_list_root(const struct bytes *items, size_t count);

/* trie_list_prove appends the proof of item `index` (or of its absence) in that trie, in the form
 * of trie_prove; trie_list_verify checks one, as trie_verify does. */
void trie_list_prove(const struct bytes *items, size_t count, size_t index,
                     struct buf *rlp_list_out);
enum err trie_list_verify(const struct hash *root, uint64_t index, struct bytes proof_rlp_list,
                          struct bytes *value_out);

#endif
