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
    struct address created;   /* not part of the encoding */
    struct bytes output;      /* revert data; not part of the encoding, not stored */
};

void header_encode(struct buf *out, const struct header *h);
enum err header_decode(struct header *out, struct bytes rlp); /* extra_data borrows */
struct hash header_hash(const struct header *h);

/* Typed receipt encoding (EIP-2718) as in the receipts trie. receipt_decode fills logs in the arena. */
void receipt_encode(struct buf *out, const struct receipt *r);
enum err receipt_decode(struct receipt *out, struct arena *a, struct bytes encoded);

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
