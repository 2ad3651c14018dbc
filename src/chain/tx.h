/* tx: transactions of types 0 (legacy), 1 (EIP-2930), 2 (EIP-1559) and 4 (EIP-7702). Type 3
 * (EIP-4844) is decoded and executed for Ethereum's fixtures only: a chain of ours carries no
 * blobs. */
#ifndef PARVIS_CHAIN_TX_H
#define PARVIS_CHAIN_TX_H

#include "base/mem.h"
#include "codec/rlp.h"
#include "crypto/ecdsa.h"
#include "evm/fork.h"

enum tx_type {
    TX_LEGACY = 0,
    TX_ACCESS_LIST = 1,
    TX_DYNAMIC_FEE = 2,
    TX_BLOB = 3,
    TX_SET_CODE = 4
};

struct tx_access {
    struct address address;
    const struct hash *slots;
    size_t slot_count;
};

/* An account's signed wish to run the code at `address` (EIP-7702). Its numbers are as wide as the
 * encoding allows: a signature out of range makes the tuple invalid, not the transaction. */
struct tx_auth {
    struct u256 chain_id; /* 0: any chain */
    struct address address;
    uint64_t nonce;
    struct u256 y_parity, r, s;
    /* filled by tx_recover and tx_recover_auth */
    bool is_recovered;
    bool has_authority; /* false: the signature gives none, the tuple is skipped */
    struct address authority;
};

struct tx {
    enum tx_type type;
    bool has_chain_id; /* false for legacy transactions before EIP-155 */
    uint64_t chain_id;
    uint64_t nonce;
    struct u256 max_priority_fee; /* = gas price for types 0 and 1 */
    struct u256 max_fee;          /* = gas price for types 0 and 1 */
    uint64_t gas_limit;
    bool is_create;
    struct address to;
    struct u256 value;
    struct bytes data;
    const struct tx_access *access;
    size_t access_count;
    struct tx_auth *auths; /* TX_SET_CODE */
    size_t auth_count;
    struct u256 max_fee_per_blob_gas; /* TX_BLOB */
    const struct hash *blob_hashes;
    size_t blob_hash_count;
    struct ecdsa_signature signature;
    /* filled by tx_decode */
    struct bytes raw; /* the encoding: type byte and RLP, or RLP */
    struct hash hash;
    /* filled by tx_recover */
    bool has_sender;
    struct address sender;
};

/* EIP-2294: a larger chain id would not fit a legacy transaction's v in 64 bits. */
#define TX_CHAIN_ID_MAX (UINT64_MAX / 2 - 36)

/* tx_decode reads one encoded transaction, strictly. Views borrow from raw; lists live in the
 * arena. A blob transaction comes without its blobs (as in a block). E_OK | E_RLP | E_TX_TYPE |
 * E_RANGE | E_SIGNATURE (r, s, v out of range) | E_TX_TOO_LARGE. */
enum err tx_decode(struct tx *out, struct arena *a, struct bytes raw);

/* tx_recover fills the sender from raw and signature, and the authority of each authorization; a
 * high s is tx_check's to refuse, since Frontier allowed it. E_OK | E_SIGNATURE (of the
 * transaction). About 55 us for each signature: call it off the engine thread, after tx_check. */
enum err tx_recover(struct tx *t);

/* tx_recover_auth fills authority and has_authority of one authorization. Not asked: whether its
 * chain id and nonce fit. */
void tx_recover_auth(struct tx_auth *auth);

/* tx_sign signs with key32, fills signature, sender, hash, and raw (arena). has_chain_id and
 * chain_id must be set (types 1 to 4) or may be (legacy: EIP-155). For types 0 and 1, max_fee and
 * max_priority_fee are equal. E_OK | E_KEY | E_RANGE (chain id above TX_CHAIN_ID_MAX). */
enum err tx_sign(struct tx *t, struct arena *a, const uint8_t key32[32]);

/* tx_encode writes the encoding of a transaction whose signature is given, into raw (arena), and
 * its hash. The sender is left to tx_recover. E_OK | E_RANGE (as tx_sign). */
enum err tx_encode(struct tx *t, struct arena *a);

/* tx_auth_sign signs an authorization (chain_id, address and nonce must be set) with an account's
 * key32 and fills the rest. E_OK | E_KEY. */
enum err tx_auth_sign(struct tx_auth *auth, const uint8_t key32[32]);

/* Intrinsic gas and EIP-7623 floor (0 before Prague) for the given rules. E_OK | E_RANGE on
 * overflow. */
enum err tx_intrinsic_gas(const struct tx *t, enum fork fork, uint64_t *gas_out,
                          uint64_t *floor_out);

/* tx_check: everything that can be said without state under the given rules: type known to the
 * fork, chain id (0 = any), low s, fees ordered, nonce < 2^64-1, init code size, EIP-7825 cap,
 * intrinsic gas, lists of types 3 and 4; gas_limit * max_fee must fit 256 bits. A legacy
 * transaction without a chain id (before EIP-155) is valid on any chain, as on Ethereum.
 *   blobs_max  that a block may carry; 0 on a chain of ours: type 3 is then E_TX_TYPE
 * E_OK | E_TX_* | E_SIGNATURE (high s; EIP-155 before its fork). */
enum err tx_check(const struct tx *t, enum fork fork, uint64_t chain_id, unsigned blobs_max);

/* EIP-4844: gas of the transaction's blobs, which is paid apart from its gas. */
#define TX_GAS_PER_BLOB 131072u
uint64_t tx_blob_gas(const struct tx *t);

/* The price paid per gas over a base fee (EIP-1559). */
struct u256 tx_effective_gas_price(const struct tx *t, struct u256 base_fee);

/* keccak256(rlp([sender, nonce]))[12:]: the address a creating transaction deploys to. */
struct address tx_create_address(const struct address *sender, uint64_t nonce);

#endif
