/* account: what the state trie holds for an address (Yellow Paper sec. 4.1). */
#ifndef PARVIS_STATE_ACCOUNT_H
#define PARVIS_STATE_ACCOUNT_H

#include "base/u256.h"

struct account {
    uint64_t nonce;
    struct u256 balance;
    struct hash storage_root; /* KECCAK_EMPTY_TRIE when it has no storage */
    struct hash code_hash;    /* KECCAK_EMPTY when it has no code */
};

#define ACCOUNT_RLP_MAX 112

/* The account of an address never touched. */
struct account account_empty(void);
/* EIP-161: nonce 0, balance 0, no code. */
bool account_is_empty(const struct account *a);

/* RLP([nonce, balance, storageRoot, codeHash]). account_decode: E_OK | E_RLP. */
void account_encode(struct buf *out, const struct account *a);
enum err account_decode(struct account *out, struct bytes rlp);

#endif
