/* blocks: how blocks lie in the store (store/tables.h): writing one, reading its parts. Works on a
 * store transaction; knows nothing of pools, caches or execution. */
#ifndef PARVIS_CHAIN_BLOCKS_H
#define PARVIS_CHAIN_BLOCKS_H

#include "chain/block.h"
#include "store/store.h"

/* What the HEADER record of a block holds. header.extra_data borrows from the arena. */
struct stored_header {
    struct header header;
    struct hash hash;
    struct ecdsa_signature seal;
    uint32_t tx_count;
    uint64_t tx_total; /* transactions since genesis, with this block's */
    uint64_t size_bytes;
    struct bytes rlp; /* the header's encoding, in the arena */
};

/* blocks_put writes a whole block and makes it the head. Store errors. */
enum err blocks_put(struct store_txn *t, const struct block *b, uint64_t tx_total);

/* blocks_remove takes the head's records out again and makes its parent the head. E_OK | E_CORRUPT
 * | store errors. */
enum err blocks_remove(struct store_txn *t, uint64_t number);

/* The head. E_OK | E_NOT_FOUND (no chain in this store) | E_CORRUPT | E_IO. */
enum err blocks_head(struct store_txn *t, uint64_t *number_out, struct hash *hash_out);

/* Parts of a block, loaded into the arena. E_OK | E_NOT_FOUND | E_CORRUPT | E_IO. blocks_bodies
 * decodes every transaction and fills the stored sender; blocks_receipts needs nothing else. */
enum err blocks_header(struct store_txn *t, uint64_t number, struct arena *a,
                       struct stored_header *out);
enum err blocks_body(struct store_txn *t, uint64_t number, struct arena *a, struct block *out);
enum err blocks_receipts(struct store_txn *t, uint64_t number, struct arena *a,
                         struct receipt **out, size_t *count_out);

enum err blocks_number_of(struct store_txn *t, const struct hash *block_hash, uint64_t *number_out);
enum err blocks_find_tx(struct store_txn *t, const struct hash *tx_hash, uint64_t *number_out,
                        size_t *index_out);

/* blocks_meta appends a META value. E_OK | E_NOT_FOUND | E_CORRUPT | E_IO. blocks_check_version
 * refuses records of another version. */
enum err blocks_meta(struct store_txn *t, const char *name, struct buf *out);
enum err blocks_check_version(struct store_txn *t);

/* The record form, for comparing what is stored with what was computed. */
void blocks_encode_receipts(struct buf *out, const struct receipt *receipts, size_t count);
enum err blocks_decode_receipts(struct arena *a, struct bytes record, struct receipt **out,
                                size_t *count_out);

/* The roots of a block's transactions and receipts. */
struct hash blocks_tx_root(const struct tx *txs, size_t count);
struct hash blocks_receipt_root(const struct receipt *receipts, size_t count);

/* Proofs (trie_list_prove) that item `index` is under these roots. */
void blocks_prove_tx(const struct tx *txs, size_t count, size_t index, struct buf *rlp_list_out);
void blocks_prove_receipt(const struct receipt *receipts, size_t count, size_t index,
                          struct buf *rlp_list_out);

#endif
