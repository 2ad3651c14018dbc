/* snapshot: a whole ledger at one height, in chunks, for a copy that joins without executing.
 *
 * What      Every block 0..N with its receipts, and the state after block N. The taker trusts one
 *           hash, that of block N. Each header is in its child's parent hash, transactions and
 *           receipts are in their header's roots, the state is in header N's state root, a code is
 *           in its hash: so nothing is executed and nothing is believed. What was taken is a ledger
 *           as any other: an audit re-executes it from block 0, and it goes on from block N. Only
 *           the state before N is not there (E_PRUNED).
 * Same      Two nodes with the same blocks make the same content, chunk for chunk: order and
 *           boundaries depend on nothing else (state in the order of the tries), and the manifest
 *           names the content, not its compressed form, which may change with zstd's version.
 *           All chunks of blocks but the last are those of every later snapshot.
 *
 * Content   four sections, in this order; each begins a chunk, and is cut into chunks of
 *           SNAPSHOT_CONTENT_BYTES, the last one shorter, wherever that falls. A section is a row
 *           of records: kind (1), length (4), and as many bytes:
 *   genesis   'G' the genesis file's text
 *   blocks    for each block from 0 on, as in the store (store/tables.h):
 *             'H' HEADER record, 'B' BODY record, 'R' RECEIPTS record
 *   state     for each account in the order of keccak(address):
 *             'A' keccak(address) (32), account RLP
 *             'S' for each slot in the order of keccak(slot): keccak(slot) (32), value
 *   code      'C' each code that an account of the state has, once, in the order of their hashes
 * Chunk     as sent: first 8 bytes of SHA-256 over the rest, then one zstd frame of the content.
 *           At most LIMIT_SNAPSHOT_CHUNK_BYTES.
 * Manifest  "PVSN", format (4), number of the block (8), bytes of content (8), chunks per section
 *           (4 each), length of the block's header (4), header RLP, SHA-256 of each chunk's content
 *           (32 each). Its SHA-256 names the snapshot. At most LIMIT_SNAPSHOT_MANIFEST_BYTES: some
 *           16 000 chunks of 8 MiB, so a ledger of at most 127 GiB of content.
 *
 * On disk   DIR/NUMBER/manifest and DIR/NUMBER/000000.chunk ...: each sealed under a key derived
 *           from the store's, since the content is the ledger in clear. `blocks` there says where
 *           the last chunk of blocks begins, so that the next snapshot need not read all blocks
 *           again: the chunks before are linked, not written. DIR/NUMBER.part is one being made or
 *           removed.
 * Threads   snapshot_make reads in one transaction of its own and can run on any thread while
 *           blocks go on. One make or prune per DIR at a time; list and load at any time. A take
 *           belongs to one thread. */
#ifndef PARVIS_CHAIN_SNAPSHOT_H
#define PARVIS_CHAIN_SNAPSHOT_H

#include <stdatomic.h>

#include "base/limits.h"
#include "base/mem.h"
#include "chain/audit.h"
#include "store/store.h"

#define SNAPSHOT_FORMAT 1u
#define SNAPSHOT_HEAD UINT64_MAX

struct snapshot_make_config {
    struct store *store;
    const char *dir; /* of all snapshots of the store; made if it is not there */
    uint64_t number; /* of the block; SNAPSHOT_HEAD: the last */
    const struct progress *progress_opt;
    const atomic_bool *stop_opt; /* set by another thread: E_STOPPED soon */
};

/* snapshot_make writes a snapshot, and on E_OK gives its number. On anything else nothing is left.
 * Meanwhile the store reuses no page that is freed: it grows with what blocks replace.
 * E_OK | E_EXISTS (there is one of that number) | E_PRUNED (the state of that block is no longer
 * kept) | E_NOT_FOUND (no such block) | E_UNSUPPORTED (an imported Ethereum chain) | E_LIMIT
 * (larger than a manifest can name) | E_STOPPED | E_CORRUPT | E_DISK_FULL | E_IO. */
enum err snapshot_make(const struct snapshot_make_config *config, uint64_t *number_out,
                       struct diag *d);

/* A complete snapshot in a directory. */
struct snapshot_info {
    uint64_t number;
    uint32_t chunks;
    struct hash hash;      /* of the manifest */
    struct bytes manifest; /* in the arena */
};

/* snapshot_list gives the complete ones, the newest first. One that does not open (made under
 * another key, damaged) is left out. No directory is an empty list. E_OK | E_IO. */
enum err snapshot_list(const struct store *store, const char *dir, struct arena *a,
                       struct snapshot_info **out, size_t *count_out);

/* snapshot_load_chunk appends a chunk as it is sent. E_OK | E_NOT_FOUND (no such snapshot or chunk)
 * | E_CORRUPT | E_IO. */
enum err snapshot_load_chunk(const struct store *store, const char *dir, uint64_t number,
                             uint32_t index, struct buf *out);

/* snapshot_prune removes all but the newest `keep`, and what an interrupted make left. E_OK | E_IO.
 */
enum err snapshot_prune(const char *dir, size_t keep, struct diag *d);

/* --- taking ----------------------------------------------------------------------------------- */

struct snapshot_take;

struct snapshot_take_config {
    struct store_config store; /* dir and key of the store to make; its flags are set here. dir must
                                  not exist or be empty when the take ends */
    struct bytes manifest;
    struct hash head_hash;    /* the trusted one */
    struct bytes genesis_opt; /* the text this node was set up with: the snapshot's must be it */
    const struct progress *progress_opt;
    /* called last, in the transaction that completes the store, to write what else belongs there */
    enum err (*finish_opt)(void *ctx, struct store_txn *t);
    void *finish_ctx;
};

/* snapshot_take_begin checks the manifest and begins a store in DIR.take beside, where an
 * interrupted take may have left one: that is removed. The store is marked unfinished: chain_open
 * refuses it. E_OK | E_CORRUPT (not a manifest) | E_VERSION (of another format) | E_BLOCK (not of
 * the trusted block) | E_IO ... */
enum err snapshot_take_begin(struct snapshot_take **out, const struct snapshot_take_config *config,
                             struct diag *d);

/* snapshot_take_chunk takes the next chunk; what it holds is stored before the call returns.
 *   E_CORRUPT  these bytes are not the chunk that the manifest names: get it from somebody else.
 *              The take is as before.
 *   E_INVALID  not the next index. The take is as before.
 *   E_BLOCK    it is the chunk, but its content does not hold; d says what. The snapshot is of no
 *              use: snapshot_take_free.
 *   others     (E_DISK_FULL, E_MAP_FULL, E_IO) the store: snapshot_take_free. */
enum err snapshot_take_chunk(struct snapshot_take *s, uint32_t index, struct bytes chunk,
                             struct diag *d);

/* snapshot_take_end: all chunks were taken; checks that nothing is missing, completes the store,
 * closes it and moves it to its directory. E_OK | E_BLOCK | E_EXISTS | finish's code | E_IO ... */
enum err snapshot_take_end(struct snapshot_take *s, struct diag *d);

/* snapshot_take_free; before a good snapshot_take_end it removes what was taken. NULL is fine. */
void snapshot_take_free(struct snapshot_take *s);

/* How far a take is: the chunk it needs next, and how many there are. */
uint32_t snapshot_take_next(const struct snapshot_take *s);
uint32_t snapshot_take_chunks(const struct snapshot_take *s);

/* snapshot_manifest_block reads from a manifest which block it is of. E_OK | E_CORRUPT | E_VERSION.
 */
enum err snapshot_manifest_block(struct bytes manifest, uint64_t *number_out,
                                 struct hash *hash_out);

#endif
