/* alloc: Ethereum accounts in memory, as fixtures list them ("pre", "alloc", "postState"): read
 * from JSON, seen through a state_reader, changed by what a struct state did, hashed, and written
 * back as JSON.
 *
 *   {"0x<address>": {"balance": "0x1", "nonce": "0x0", "code": "0x", "storage": {"0x0": "0x1"}}}
 *
 * Every member may be absent. An account that is listed exists, even an empty one (EIP-161 removes
 * it when it is touched, not before). Storage words of zero are absent.
 * Threads   one writer; a reader of an alloc that nobody changes may be any thread. */
#ifndef PARVIS_GATEWAY_ETHEREUM_ALLOC_H
#define PARVIS_GATEWAY_ETHEREUM_ALLOC_H

#include "codec/json.h"
#include "state/state.h"

struct alloc;

struct alloc *alloc_new(void);
void alloc_free(struct alloc *a); /* NULL is fine */

/* alloc_read adds the accounts of a JSON object. Odd numbers of hexadecimal digits, short
 * addresses and short storage keys are padded in front, as every Ethereum tool does; more than 32
 * bytes are refused. E_OK | E_JSON, d names the account and field. */
enum err alloc_read(struct alloc *a, const struct json *object, struct diag *d);

/* alloc_copy makes an alloc that can be changed on its own. It borrows code and unchanged storage:
 * `from` must outlive it and stay as it is. Cheap: costs what the number of accounts is. */
struct alloc *alloc_copy(const struct alloc *from);

/* The accounts as a state's reader; valid as long as the alloc. */
const struct state_reader *alloc_reader(struct alloc *a);

/* alloc_apply takes in what s changed since it was made or cleared. s must have been reading this
 * alloc, and is to be cleared (state_clear) or freed before it is used again. */
void alloc_apply(struct alloc *a, struct state *s);

/* The state root. Hashes only what changed since the last call. */
struct hash alloc_root(struct alloc *a);

/* alloc_write appends the accounts as one JSON object, addresses and slots ascending, in the form
 * that the execution-spec tests write and other transition tools read: numbers as QUANTITY, storage
 * keys and values as 32 bytes of DATA, absent members left out. */
void alloc_write(struct alloc *a, struct buf *out);

/* alloc_diff appends one line for every account, field and slot in which got differs from wanted.
 * For people who look for a fault. Returns the number of lines. */
size_t alloc_diff(struct alloc *got, struct alloc *wanted, struct buf *out);

/* keccak256(rlp(logs)): what state tests call "logs" and transition tools "logsHash". */
struct hash logs_hash(const struct log_entry *logs, size_t count);

#endif
