/* block: headers, receipts and blooms in Ethereum's encodings (Osaka fields).
 *
 * Constant fields: ommers = keccak(rlp([])), difficulty 0, nonce 0, base fee 0, withdrawals root =
 * empty trie, blob gas 0, parent beacon root 0, requests hash = sha256(""), prev_randao = hash of
 * the parent's hash. The block's signature (its seal) stands beside it, not in it, so that every
 * engine makes the same bytes from the same input. */
#ifndef PARVIS_CHAIN_BLOCK_H
#define PARVIS_CHAIN_BLOCK_H

#include "chain/tx.h"
#include "state/state.h"

#define BLOOM_BYTES 256

struct header {
    struct hash parent_hash;
    struct address beneficiary; /* the proposer */
    struct hash state_root;
    struct hash transactions_root;
    struct hash receipts_root;
    uint8_t bloom[BLOOM_BYTES];
    uint64_t number;
    uint64_t gas_limit;
    uint64_t gas_used;
    uint64_t timestamp_s;
    struct bytes extra_data; /* at most 32 bytes */
    struct hash prev_randao;
};

struct receipt {
    enum tx_type type;
    bool success;
    uint64_t gas_used; /* of this transaction */
    uint64_t cumulative_gas_used;
    uint8_t bloom[BLOOM_BYTES];
    struct log_entry *logs;
    size_t log_count;
    bool has_created;
    struct address created; /* not part of the encoding */
    struct bytes output;    /* revert data; not part of the encoding, not stored */
};

/* header_decode: E_OK | E_RLP | E_RANGE (a number or extra_data too wide) | E_BLOCK (a constant
 * field has another value). extra_data borrows from rlp. */
void header_encode(struct buf *out, const struct header *h);
enum err header_decode(struct header *out, struct bytes rlp);
struct hash header_hash(const struct header *h);

/* Typed receipt encoding (EIP-2718) as in the receipts trie. receipt_decode copies logs into the
 * arena; gas_used is not in the encoding and stays 0. E_OK | E_RLP | E_TX_TYPE | E_RANGE (a status
 * above 1, more than four topics). */
void receipt_encode(struct buf *out, const struct receipt *r);
enum err receipt_decode(struct receipt *out, struct arena *a, struct bytes encoded);

/* The logs bloom (Yellow Paper sec. 4.3.1): items are a log's address and each of its topics. */
void bloom_add(uint8_t bloom[BLOOM_BYTES], struct bytes item);
bool bloom_may_contain(const uint8_t bloom[BLOOM_BYTES], struct bytes item);

/* A whole block. Everything lives in the arena given when it was made or loaded. */
struct block {
    struct header header;
    struct hash hash;
    struct tx *txs;
    size_t tx_count;
    struct receipt *receipts; /* as many as txs; NULL if not loaded */
    struct ecdsa_signature seal;
    size_t size_bytes; /* of its RLP encoding */
};

/* RLP([header, [tx...], [], []]) as Ethereum writes it. */
void block_encode(struct buf *out, const struct block *b);

#endif
