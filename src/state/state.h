/* state: the world as one block's execution sees and changes it: accounts, storage, code, logs,
 * with checkpoints and reverts. Knows nothing of tries or the store: unchanged values come from a
 * reader, changes are kept here until statedb takes them.
 *
 * Storage   a slot is named by 32 bytes; its value is a byte string of any length up to
 *           LIMIT_STATE_VALUE_BYTES, empty = absent. EVM words are stored without leading zeros.
 * Journal   every change can be undone: cp = state_checkpoint(s); ... state_revert(s, cp).
 * Scopes    block: account and storage changes. transaction: warm sets (EIP-2929), transient
 *           storage (EIP-1153), refund, logs, created and self-destructed accounts (EIP-6780);
 *           reset by state_tx_begin.
 * Errors    a reader failure (E_CORRUPT, E_IO) is sticky: getters then return empty values and
 *           state_error tells; the block must not be committed.
 * Handles   struct state_account and struct state_slot name an account and a slot once looked up;
 *           they stay valid until state_clear, whatever is reverted.
 * Empties   EIP-161 removes touched accounts with nonce 0, balance 0 and no code at state_tx_end,
 *           with their storage: a service that keeps storage needs nonce 1 (or code).
 * Threads   one. Returned views are valid until the next call that changes the same item. */
#ifndef PARVIS_STATE_STATE_H
#define PARVIS_STATE_STATE_H

#include "state/account.h"

struct state;
struct state_account;
struct state_slot;

/* Read access to the state before this block. account: absent accounts give account_empty() and
 * *exists_out false. storage: appends nothing when absent. E_OK | E_CORRUPT | E_IO | E_PRUNED. */
struct state_reader {
    enum err (*account)(void *ctx, const struct address *a, struct account *out, bool *exists_out);
    enum err (*storage)(void *ctx, const struct address *a, const struct hash *slot,
                        struct buf *out);
    enum err (*code)(void *ctx, const struct hash *code_hash, struct buf *out);
    void *ctx;
};

struct log_entry {
    struct address address;
    struct hash topics[4];
    unsigned topic_count;
    struct bytes data; /* owned by the state until state_tx_begin */
};

struct state *state_new(const struct state_reader *reader);
void state_free(struct state *s);
/* state_clear drops every change and cached read (after a commit, or to abandon a block). */
void state_clear(struct state *s);
enum err state_error(const struct state *s);

/* Ethereum's rules before two forks, for the official fixtures; a new state has neither. Kept by
 * state_clear. keeps_empty (before EIP-161): empty accounts exist, touching one makes it.
 * destroys_any (before EIP-6780): a destruction takes effect whenever the account was created. */
struct state_rules {
    bool keeps_empty, destroys_any;
};
void state_set_rules(struct state *s, struct state_rules rules);

/* Checkpoints nest; state_revert undoes everything after cp. Keeping changes needs no call. A
 * checkpoint may lie before the current transaction: what was transaction scope is then forgotten.
 */
typedef size_t state_checkpoint_t;
state_checkpoint_t state_checkpoint(struct state *s);
void state_revert(struct state *s, state_checkpoint_t cp);

/* Accounts. */
bool state_exists(struct state *s, const struct address *a); /* false for EIP-161 empty accounts */
/* Whether the trie has the account, be it empty: a genesis may list such ones. */
bool state_is_listed(struct state *s, const struct address *a);
struct u256 state_balance(struct state *s, const struct address *a);
uint64_t state_nonce(struct state *s, const struct address *a);
struct hash state_code_hash(struct state *s, const struct address *a);
struct bytes state_code(struct state *s, const struct address *a);
void state_set_nonce(struct state *s, const struct address *a, uint64_t nonce);
void state_set_balance(struct state *s, const struct address *a, struct u256 balance);
/* state_transfer moves value; false (and no change) when the balance does not suffice. The payee's
 * balance wraps modulo 2^256, as in other clients: a genesis may hold more than that together. */
bool state_transfer(struct state *s, const struct address *from, const struct address *to,
                    struct u256 value);
void state_set_code(struct state *s, const struct address *a, struct bytes code);
void state_touch(struct state *s, const struct address *a);
/* EIP-7610: whether any slot of the account has a value (a contract must not be created there). */
bool state_has_storage(struct state *s, const struct address *a);

/* Storage. state_storage_original is the value before the current transaction (EIP-2200). */
struct bytes state_storage(struct state *s, const struct address *a, const struct hash *slot);
struct bytes state_storage_original(struct state *s, const struct address *a,
                                    const struct hash *slot);
void state_set_storage(struct state *s, const struct address *a, const struct hash *slot,
                       struct bytes value);
struct u256 state_transient(struct state *s, const struct address *a, const struct hash *slot);
void state_set_transient(struct state *s, const struct address *a, const struct hash *slot,
                         struct u256 value);

/* Storage of bytecode: one look-up for all that SLOAD and SSTORE ask. state_slot_of finds the slot,
 * loads it and warms it; *was_warm_out as state_warm_slot returns it. The words are those that
 * state_storage and state_storage_original would give; a service's longer value gives its last 32
 * bytes. */
struct state_account *state_account_of(struct state *s, const struct address *a);
struct u256 state_account_balance(const struct state_account *a);
struct state_slot *state_slot_of(struct state *s, struct state_account *a, const struct hash *slot,
                                 bool *was_warm_out);
struct u256 state_slot_word(const struct state_slot *slot);
struct u256 state_slot_original(const struct state *s, const struct state_slot *slot);
void state_slot_set(struct state *s, struct state_slot *slot, struct u256 value);

/* Transaction scope. */
void state_tx_begin(struct state *s); /* forgets the previous transaction's scope */
void state_tx_end(struct state *s); /* EIP-6780 destructions, EIP-161 clearing of touched empties */
bool state_warm_address(struct state *s, const struct address *a); /* true if it was warm before */
bool state_warm_slot(struct state *s, const struct address *a, const struct hash *slot);
void state_mark_created(struct state *s, const struct address *a);
bool state_was_created(struct state *s, const struct address *a);
/* true if it was not yet to be destroyed in this transaction */
bool state_self_destruct(struct state *s, const struct address *a);
void state_add_refund(struct state *s, int64_t gas);
int64_t state_refund(const struct state *s);

/* Logs of the current transaction, in order. data is copied. */
void state_add_log(struct state *s, const struct address *a, const struct hash *topics,
                   unsigned topic_count, struct bytes data);
size_t state_log_count(const struct state *s);
const struct log_entry *state_log(const struct state *s, size_t index);

/* Walk the block's net changes, account by account in the order they were first met: first
 * storage_cleared, then storage, code and account. account NULL = deleted; the storage_root given
 * is the one before the block. A change equal to the value before the block is not visited. */
struct state_change_visitor {
    void (*account)(void *ctx, const struct address *a, const struct account *now_opt);
    void (*storage)(void *ctx, const struct address *a, const struct hash *slot,
                    struct bytes value);
    /* all earlier storage of the account is gone (destroyed, or created anew) */
    void (*storage_cleared)(void *ctx, const struct address *a);
    void (*code)(void *ctx, const struct hash *code_hash, struct bytes code);
    void *ctx;
};
void state_visit_changes(struct state *s, const struct state_change_visitor *visitor);

#endif
