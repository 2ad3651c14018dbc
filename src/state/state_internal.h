/* state_internal: the overlay's records and its journal; private to the state*.c files and
 * frozen.c.
 *
 * An acct or slot is made at first use and lives in the block arena until state_clear. What belongs
 * to a transaction is not stored in sets but stamped with the transaction's number, so that a new
 * transaction forgets it by counting up. */
#ifndef PARVIS_STATE_STATE_INTERNAL_H
#define PARVIS_STATE_STATE_INTERNAL_H

#include "state/state.h"

#include "base/mem.h"
#include "crypto/keccak.h"

struct state_slot {
    struct hash key;
    struct state_account *owner;
    struct state_slot *next; /* of the same account */
    uint32_t hash;
    uint32_t cap;      /* bytes at now.data */
    bool loaded;       /* now is valid */
    bool before_known; /* before is valid: the reader was asked */
    struct bytes now, before, tx_before;
    uint64_t tx; /* in which tx_before was noted */
    uint64_t warm_tx;
    size_t undo_at; /* the journal entry of the last change of now */
    struct u256 transient;
    uint64_t transient_tx;
};

struct state_account {
    struct address address;
    uint32_t hash;
    bool loaded;  /* the reader was asked */
    bool existed; /* before the block */
    bool alive;   /* exists now (possibly empty in the sense of EIP-161) */
    bool cleared; /* storage from before the block is gone */
    bool code_loaded;
    struct account before, now;
    struct bytes code;
    uint64_t warm_tx, touched_tx, created_tx, destroyed_tx;
    struct state_slot *slots;
};

enum undo_kind {
    UNDO_BALANCE,
    UNDO_NONCE,
    UNDO_CODE,
    UNDO_SLOT,
    UNDO_ALIVE,
    UNDO_CLEAR,
    /* from here on: transaction scope */
    UNDO_WARM_ADDRESS,
    UNDO_WARM_SLOT,
    UNDO_TRANSIENT,
    UNDO_TOUCH,
    UNDO_CREATED,
    UNDO_DESTROYED,
    UNDO_REFUND,
    UNDO_LOG,
};

struct undo {
    uint8_t kind;
    bool alive;
    bool flag; /* UNDO_CODE: code_loaded; UNDO_CLEAR: cleared */
    uint32_t cap;
    union {
        struct state_account *acct;
        struct state_slot *slot;
    };
    union {
        struct u256 word; /* balance, transient */
        uint64_t number;  /* nonce, the stamp before */
        int64_t refund;
        struct {
            struct bytes value;
            size_t undo_at;
        };
        struct {
            struct hash code_hash;
            struct bytes code;
        };
    };
};

/* Open addressing over pointers; never deletes singly. */
struct table {
    void **at;
    size_t cap, count;
};

struct state {
    struct state_reader reader;
    struct state_rules rules;
    enum err error;
    uint64_t seed; /* of the tables' hash */
    struct arena block;
    struct table acct_table, slot_table;
    struct state_account **accts; /* in order of first use */
    size_t acct_count, acct_cap;
    struct undo *journal;
    size_t journal_len, journal_cap;
    size_t last_checkpoint; /* no checkpoint lies after this journal position */
    struct buf scratch;

    /* transaction scope */
    uint64_t tx;     /* number of the current transaction in the block, from 1 */
    size_t tx_start; /* journal position */
    struct state_account **touched;
    size_t touched_len, touched_cap;
    int64_t refund;
    struct log_entry *logs;
    size_t log_len, log_cap;
    struct arena log_arena;
};

/* overlay.c: find or make; acct_load also asks the reader. Never NULL. acct_find: NULL when there
 * is no record of it; changes nothing, so that threads may share a state that has finished. */
const struct state_account *acct_find(const struct state *s, const struct address *a);
struct state_account *acct_get(struct state *s, const struct address *a);
struct state_account *acct_load(struct state *s, const struct address *a);
/* slot_find: NULL when there is no record of it. */
struct state_slot *slot_find(const struct state *s, const struct state_account *a,
                             const struct hash *key);
struct state_slot *slot_get(struct state *s, struct state_account *a, const struct hash *key);
struct state_slot *slot_load(struct state *s, struct state_account *a, const struct hash *key);
void table_clear(struct table *t);

/* state.c: state_set_storage for a loaded slot. */
void slot_set(struct state *s, struct state_slot *slot, struct bytes value);

/* journal.c */
struct undo *journal_add(struct state *s, enum undo_kind kind, struct state_account *a);
struct undo *journal_add_slot(struct state *s, enum undo_kind kind, struct state_slot *slot);
/* acct_touch: EIP-161. acct_clear: the account and its storage are gone. */
void acct_touch(struct state *s, struct state_account *a);
void acct_clear(struct state *s, struct state_account *a);
void tx_forget(struct state *s);

#endif
