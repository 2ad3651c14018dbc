/* proof_document: makes a proof document (engine/proof.h) by asking a node. */
#ifndef PARVIS_APP_PROOF_DOCUMENT_H
#define PARVIS_APP_PROOF_DOCUMENT_H

#include "app/client.h"
#include "engine/proof.h"

struct proof_wish {
    enum proof_kind kind;
    struct address address; /* PROOF_ACCOUNT */
    const struct hash *slots;
    size_t slot_count;
    const char *block;   /* number of an Ethereum block, NULL: the latest that is signed */
    struct hash tx_hash; /* PROOF_TRANSACTION, PROOF_RECEIPT */
};

/* Appends the document. trust: from where it must be verifiable, so that headers in between are put
 * in when they are needed; NULL: the reader trusts the block's own validators. What is appended has
 * been verified. The codes of client_call (E_INVALID also: the node orders alone, no validators
 * sign) | E_NOT_FOUND | E_PROOF. */
enum err proof_document(struct buf *out, struct client *c, const struct proof_wish *wish,
                        const struct light_trust *trust, struct diag *d);

#endif
