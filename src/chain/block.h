/* block: headers, receipts, blooms and whole blocks in Ethereum's encodings, of every fork.
 *
 * A header has the 15 fields it had in Frontier; later forks appended more (enum header_form). In a
 * block of ours several are constant (header_own): ommers = keccak(rlp([])), difficulty 0, nonce 0,
 * base fee 0, blob gas 0, parent beacon root 0, requests hash =
 * sha256(""), prev_randao = hash of the parent's hash. The block's signature (its seal) stands
 * beside it, not in it, so that every engine makes the same bytes from the same input.
 *
 * What a block must satisfy is in chain/rules.h; here is only its form. */
#ifndef PARVIS_CHAIN_BLOCK_H
#define PARVIS_CHAIN_BLOCK_H

#include "chain/tx.h"
#include "state/state.h"

#define BLOOM_BYTES 256
#define HEADER_EXTRA_BYTES 32

/* How many fields a header has; each form keeps those of the one before. */
enum header_form {
    HEADER_FRONTIER, /* 15 */
    HEADER_LONDON,   /* base fee (EIP-1559) */
    HEADER_SHANGHAI, /* withdrawals root (EIP-4895) */
    HEADER_CANCUN,   /* blob gas used, excess blob gas (EIP-4844), parent beacon root (EIP-4788) */
    HEADER_PRAGUE,   /* requests hash (EIP-7685) */
};

struct header {
    struct hash parent_hash;
    struct hash ommers_hash;
    struct address beneficiary; /* the proposer */
    struct hash state_root;
    struct hash transactions_root;
    struct hash receipts_root;
    uint8_t bloom[BLOOM_BYTES];
    struct u256 difficulty; /* 0 from Paris on */
    uint64_t number;
    uint64_t gas_limit;
    uint64_t gas_used;
    uint64_t timestamp_s;
    struct bytes extra_data; /* at most HEADER_EXTRA_BYTES */
    struct hash prev_randao; /* before Paris: the mix hash of the proof of work */
    uint8_t nonce[8];
    enum header_form form;        /* the fields below are there from the form named beside them */
    struct u256 base_fee;         /* LONDON */
    struct hash withdrawals_root; /* SHANGHAI */
    uint64_t blob_gas_used;       /* CANCUN */
    uint64_t excess_blob_gas;
    struct hash parent_beacon_root;
    struct hash requests_hash; /* PRAGUE */
};

/* An amount the beacon chain sends to an account (EIP-4895).
 *
 * Reports  On a network of ours the ordering engine's word to execution stands in the same place,
 *          so that header, body and every tool carry it: a validator that misbehaved.
 *          index = kind (1 duplicate vote, 2 attack on light clients), validator_index = the
 *          engine's height at which it happened, address = the validator's address in the engine
 *          (the first 20 bytes of SHA-256 of its key), amount = 0: it pays nobody. */
struct withdrawal {
    uint64_t index;
    uint64_t validator_index;
    struct address address;
    uint64_t amount_gwei;
};

struct receipt {
    enum tx_type type;
    bool success;
    bool has_root; /* before Byzantium a receipt states the state root after it, not success */
    struct hash root;
    uint64_t gas_used; /* of this transaction */
    uint64_t cumulative_gas_used;
    uint8_t bloom[BLOOM_BYTES];
    struct log_entry *logs;
    size_t log_count;
    bool has_created;
    struct address created; /* not part of the encoding */
    struct bytes output;    /* revert data; not part of the encoding, not stored */
};

/* The ommers hash of a block without ommers, and the requests hash of one without requests. */
extern const struct hash HEADER_NO_OMMERS;
extern const struct hash HEADER_NO_REQUESTS;

/* header_own sets the fields that are constant in a block of ours, all but prev_randao.
 * header_check_own: E_OK | E_BLOCK when one of them has another value (but for the withdrawals
 * root, which the block's reports give). */
void header_own(struct header *h);
enum err header_check_own(const struct header *h);

/* header_decode: E_OK | E_RLP (also: a number of fields that no fork has) | E_RANGE (a number or
 * extra_data too wide). extra_data borrows from rlp. */
void header_encode(struct buf *out, const struct header *h);
enum err header_decode(struct header *out, struct bytes rlp);
struct hash header_hash(const struct header *h);

/* Typed receipt encoding (EIP-2718) as in the receipts trie. receipt_decode copies logs into the
 * arena; gas_used is not in the encoding and stays 0. E_OK | E_RLP | E_TX_TYPE | E_RANGE (neither a
 * status nor a root, more than four topics). */
void receipt_encode(struct buf *out, const struct receipt *r);
enum err receipt_decode(struct receipt *out, struct arena *a, struct bytes encoded);

/* receipt_copy moves what a receipt points to into another arena; the output is not kept. */
void receipt_copy(struct receipt *out, struct arena *a, const struct receipt *r);

/* The logs bloom (Yellow Paper sec. 4.3.1): items are a log's address and each of its topics. */
void bloom_add(uint8_t bloom[BLOOM_BYTES], struct bytes item);
bool bloom_may_contain(const uint8_t bloom[BLOOM_BYTES], struct bytes item);

/* A whole block. Everything lives in the arena given when it was made or loaded. */
struct block {
    struct header header;
    struct hash hash;
    struct tx *txs;
    size_t tx_count;
    struct header *ommers; /* before Paris; at most two in a valid block */
    size_t ommer_count;
    struct withdrawal *withdrawals; /* from HEADER_SHANGHAI on */
    size_t withdrawal_count;
    struct receipt *receipts; /* as many as txs; NULL if not loaded */
    struct ecdsa_signature seal;
    size_t size_bytes; /* of its RLP encoding */
};

/* RLP([header, [tx...], [ommer...], [withdrawal...]]) as Ethereum writes it; the withdrawals are
 * there from HEADER_SHANGHAI on. block_rlp_size is the length of that without making it.
 * block_decode copies rlp into the arena; senders are not recovered. E_OK | E_RLP | E_RANGE and
 * the codes of tx_decode. */
void block_encode(struct buf *out, const struct block *b);
size_t block_rlp_size(const struct block *b);
enum err block_decode(struct block *out, struct arena *a, struct bytes rlp);

/* The second part of a block's body: the lists of ommers and of withdrawals, as two RLP items.
 * block_decode_extras reads them back, into the arena. E_OK | E_RLP | E_RANGE. */
void block_encode_extras(struct buf *out, const struct block *b);
enum err block_decode_extras(struct block *b, struct arena *a, struct bytes ommers_and_withdrawals);

/* What a header says of these lists: keccak256 of the ommers' RLP, the root of the withdrawals. */
struct hash block_ommers_hash(const struct block *b);
struct hash block_withdrawals_root(const struct block *b);

#endif
