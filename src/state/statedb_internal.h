/* statedb_internal: names and records of the state in the store; private to the statedb*.c files
 * and frozen.c. */
#ifndef PARVIS_STATE_STATEDB_INTERNAL_H
#define PARVIS_STATE_STATEDB_INTERNAL_H

#include "state/statedb.h"
#include "state/trie.h"

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/keccak.h"

/* An account as its flat record holds it. */
struct record {
    bool exists;
    uint64_t height;         /* written */
    uint64_t storage_height; /* of the storage trie's root node */
    struct account account;
};

/* The record of an account never written. */
struct record record_absent(void);
void record_encode(struct buf *out, const struct record *r);
enum err record_decode(struct record *out, struct bytes flat);

static inline struct hash name_of_address(const struct address *a)
{
    return keccak256_of(bytes_of(a->b, sizeof a->b));
}

static inline struct hash name_of_slot(const struct hash *slot)
{
    return keccak256_of(bytes_of(slot->b, sizeof slot->b));
}

struct slot_name {
    uint8_t b[64];
};

static inline struct slot_name slot_name(const struct hash *owner, const struct hash *slot_hash)
{
    struct slot_name n;
    memcpy(n.b, owner->b, 32);
    memcpy(n.b + 32, slot_hash->b, 32);
    return n;
}

#define NODE_NAME_MAX (1 + 32 + 64)

/* One trie's place in the store: the context of its trie_source. */
struct place {
    struct store_txn **txn; /* the transaction to read in, as it is at the time of reading */
    bool is_storage;
    bool flat_only;     /* statedb_check: values of the head, never from the history */
    bool may_be_pruned; /* a missing root of the account trie is E_PRUNED, not E_CORRUPT */
    struct hash owner;  /* of a storage trie: keccak(address) */
    struct buf flat;
};

/* node_name writes the name of a trie node and returns its length. */
size_t node_name(uint8_t out[NODE_NAME_MAX], const struct place *p, struct bytes path);
struct trie_source place_source(struct place *p);
/* The value of a slot as the trie has it: an RLP string. */
void put_trie_value(struct buf *out, struct bytes slot_value);

/* flat_get appends the flat record of a name. E_OK | E_NOT_FOUND | E_CORRUPT (also when it is too
 * short to hold its height) | E_IO. */
enum err flat_get(struct store_txn *t, struct bytes name, struct buf *out);
/* flat_get_at appends the flat record of the name as it was written at `height`, which must be
 * there: the head's or, when replaced since, the history's. E_OK | E_CORRUPT | E_IO. */
enum err flat_get_at(struct store_txn *t, struct bytes name, uint64_t height, bool flat_only,
                     struct buf *out);

#endif
