/* proof: a document that shows, to someone who runs no node and asks nobody, what the ledger holds.
 *
 *   {"version":1,
 *    "path":[BLOCK...],      headers between the trusted one and the one proven; left out if none
 *    "block":BLOCK,          light.h; its application hash is the hash of
 *    "ethHeader":"0x..",     the Ethereum header, in RLP, under whose roots stands
 *    "subject":{"kind":..}}  what is proven
 *
 *   kind "account"      address, accountProof [node...], storage [{key, proof [node...]}...]; a
 *                       service's record is a slot of the service's account
 *   kind "transaction"  transactionHash, index, transaction, transactionProof [node...]
 *   kind "receipt"      the same and receipt, receiptProof [node...]
 *
 * Numbers are JSON integers; hexadecimal is "0x" and small letters. A value that follows from a
 * proof stands in it and nowhere else, or must be equal.
 * Memory: facts live in the arena. Threads: values only. */
#ifndef PARVIS_ENGINE_PROOF_H
#define PARVIS_ENGINE_PROOF_H

#include "chain/block.h"
#include "engine/light.h"
#include "state/account.h"

enum proof_kind { PROOF_ACCOUNT, PROOF_TRANSACTION, PROOF_RECEIPT };

struct proof_slot {
    struct hash key;
    struct bytes value; /* empty: nothing is stored there */
};

struct proof_facts {
    const char *chain_id;
    uint64_t consensus_height;
    struct light_time time;
    struct hash consensus_hash;
    struct light_tally signed_by;
    size_t validators;
    uint64_t power;
    struct header header;
    struct hash eth_hash;
    enum proof_kind kind;
    /* PROOF_ACCOUNT */
    struct address address;
    bool exists;
    struct account account;
    struct proof_slot *slots;
    size_t slot_count;
    /* PROOF_TRANSACTION, PROOF_RECEIPT */
    uint64_t index;
    struct tx tx; /* sender recovered */
    struct receipt receipt;
};

/* proof_verify checks all of a document from the trust on, and moves the trust to its block. E_OK |
 * E_PROOF (what is asked does not follow, or the document is malformed); d names the first thing
 * that fails. On an error nothing is proven, and the trust is as it was. */
enum err proof_verify(struct proof_facts *out, struct arena *a, struct light_trust *trust,
                      const struct json *document, struct light_time now, struct diag *d);

/* Names of the kinds in documents. */
const char *proof_kind_name(enum proof_kind k);

#endif
