/* statedb_head: the head state in memory and a block being applied; private to statedb.c and
 * statedb_apply.c. */
#ifndef PARVIS_STATE_STATEDB_HEAD_H
#define PARVIS_STATE_STATEDB_HEAD_H

#include "state/statedb_internal.h"

#define CACHE_ENTRIES (1u << 16) /* accounts kept decoded across blocks */

/* An entry of TABLE_STALE: kind, u64 height, hidden name. */
#define STALE_NODE 0
#define STALE_HISTORY 1
#define STALE_MADE 2 /* nothing became unreachable: the flat record is new (statedb_rollback) */
#define STALE_ENTRY_BYTES 25u

/* A storage trie in memory. */
struct storage {
    struct place place;
    struct trie *trie;
    uint64_t used; /* height of the last block that changed it */
    size_t nodes;  /* as counted in statedb.nodes */
};

struct cached {
    bool valid;
    struct address address;
    struct hash name;
    struct record record;
};

struct slot_change {
    struct hash hash; /* keccak(slot) */
    struct bytes value;
};

/* What a block changes of one account. */
struct change {
    struct address address;
    struct hash name;
    bool has_account, deleted, cleared;
    struct account now;
    size_t slot_first, slot_count;
    struct record record; /* after the block */
};

/* A pending put or delete; name and value lie in statedb.bytes. */
struct op {
    uint8_t table;
    bool del;
    uint64_t height;
    size_t name_at, name_len, value_at, value_len;
    uint64_t order; /* first bytes of the hidden name: where the store will put it */
};

struct statedb {
    struct store *store;
    struct store_txn *read; /* sees the head */
    enum err read_error;    /* it could not be moved to the head: nothing can be read any more */
    bool keep_all;
    struct hash root;
    uint64_t height;
    size_t nodes, nodes_max;
    struct state_reader reader;
    struct cached *cache;

    struct place accounts_place;
    struct trie *accounts;
    struct storage **storages; /* open addressing by owner */
    size_t storage_cap, storage_count;

    /* the applied block */
    bool applied;
    struct hash new_root;
    uint64_t new_height;
    struct change *changes;
    size_t change_count, change_cap;
    struct slot_change *slots;
    size_t slot_count, slot_cap;
    struct op *ops;
    size_t op_count, op_cap;
    struct buf bytes, stale;
    uint64_t prune_next; /* lowest height whose stale list may be there */
    struct buf scratch;
};

/* cache_slot is the place for the address; the caller looks whether it is this address's. */
struct cached *cache_slot(struct statedb *db, const struct address *a);
/* read_record reads an account of the head from the store (absent ones: record_absent). */
enum err read_record(struct statedb *db, const struct hash *name, struct record *out);
/* storage_open: the storage trie of an account, made from r if it is not in memory. */
struct storage *storage_open(struct statedb *db, const struct hash *owner, const struct record *r);
/* drop_tries forgets every trie in memory; they come back from the store as needed. trim_tries
 * keeps their nodes within nodes_max. */
void drop_tries(struct statedb *db);
void trim_tries(struct statedb *db);

#endif
