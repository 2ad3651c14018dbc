/* Private to snapshot_take*.c: a take under way. */
#ifndef PARVIS_CHAIN_SNAPSHOT_TAKE_H
#define PARVIS_CHAIN_SNAPSHOT_TAKE_H

#include "chain/blocks.h"
#include "chain/recover.h"
#include "chain/snapshot_internal.h"
#include "state/statedb_copy.h"

struct snapshot_take {
    struct snapshot_take_config config; /* what it points to is copied: */
    char *dir;
    struct buf manifest_text, genesis_expected;
    char beside[4096]; /* where the store is built */
    struct manifest manifest;
    struct store *store;
    struct recover *recover;
    enum err failed; /* what ended the take */
    uint32_t next;   /* chunk */
    enum snapshot_section section;
    uint32_t section_end;   /* the first chunk after it */
    uint64_t content_bytes; /* so far */

    struct store_txn *txn; /* of the chunk in hand */
    struct buf content;    /* of the chunk in hand, after what the one before left over */
    struct bytes rest;     /* of it */
    struct diag *d;

    struct buf genesis;       /* the text; empty: not seen yet */
    struct hash genesis_hash; /* of the block it makes */

    uint64_t block;     /* the next one */
    uint64_t read_next; /* the next one to be read ahead */
    struct hash parent;
    uint64_t tx_total;

    struct statedb_build *state;
};

/* take_genesis: the text is whole: what block 0 must be; its records. */
enum err take_genesis(struct snapshot_take *s);
/* take_blocks takes the whole blocks that s->rest begins with. E_OK | E_BLOCK | store errors. */
enum err take_blocks(struct snapshot_take *s);

/* take_records takes the whole records that s->rest begins with, of the section in hand. E_OK |
 * E_BLOCK | store errors. */
enum err take_records(struct snapshot_take *s);

/* The content does not hold: the message, and E_BLOCK. */
enum err take_refuse(struct snapshot_take *s, const char *why);

#endif
