/* audit: a whole copy checked from genesis: every record opens, every block re-executes to the same
 * header, receipts and state, every seal is the proposer's. Also one-file export and import. */
#ifndef PARVIS_CHAIN_AUDIT_H
#define PARVIS_CHAIN_AUDIT_H

#include "chain/chain.h"

struct progress {
    void (*tick)(void *ctx, const char *what, uint64_t done, uint64_t total);
    void *ctx;
};

struct audit_report {
    uint64_t blocks;
    uint64_t transactions;
    uint64_t gas;
    uint64_t records;    /* opened and checked */
    uint64_t elapsed_us; /* filled by the caller, which owns the clock */
};

/* audit_run: E_OK, or the first fault: d says which block, transaction or record does not hold.
 * scratch_dir: an empty directory for the re-execution's own store. */
enum err audit_run(struct store *store, const char *scratch_dir, const struct progress *progress,
                   struct audit_report *out, struct diag *d);

/* One file: "parvis chain 1\n", then records of kind (1 byte), length (4), content, and the first 8
 * bytes of keccak-256 over kind, length and content:
 *   'G'  the genesis file's text
 *   'B'  per block from 1 on: RLP [header, seal (65), [transaction encoding ...]]; where the block
 *        has such: then [ommer...], [withdrawal or report...] (block.h). A block of a network has
 *        a seal of zeros.
 *   'E'  number of the last block (8), its hash (32); nothing may follow
 * A byte that is wrong, missing or too many is named by its record's place in the file.
 *
 * chain_export writes PATH beside and renames it when it is complete and on disk. */
enum err chain_export(struct store *store, const char *path, const struct progress *progress,
                      struct diag *d);

/* The content of a 'B' record, of one block, for a node that follows another over the network. The
 * transactions read have no senders. E_OK | E_RLP | E_RANGE and the codes of tx_decode. */
void export_put_block(struct buf *out, const struct block *b);
enum err export_read_block(struct block *out, struct arena *a, struct bytes content);

/* chain_import reads the whole file once for damage, then re-executes and checks every block. The
 * store is marked unfinished from the first record to the last: chain_open refuses it until the
 * import has ended well. E_OK | E_EXISTS (the store has a chain) | E_IO | E_CORRUPT | E_VERSION |
 * E_GENESIS | E_BLOCK ... */
enum err chain_import(struct store *empty_store, const char *path, const struct progress *progress,
                      struct diag *d);

/* chain_import_ethereum makes a chain of Ethereum's in an empty store: from a genesis in geth's
 * form, and a file of blocks one after the other in RLP, as `geth export` writes it (block 0 may be
 * among them; NULL: block 0 alone). Every block is checked by Ethereum's rules and executed; the
 * state of every height is kept. The store is marked unfinished meanwhile. Such a chain is read,
 * audited and exported, not continued. E_OK | E_EXISTS | E_GENESIS | E_JSON | E_RLP | E_BLOCK, d
 * names the block | E_IO ... */
enum err chain_import_ethereum(struct store *empty_store, struct bytes genesis,
                               const char *blocks_path_opt, const struct progress *progress,
                               struct diag *d);

/* chain_import_new is all or nothing on disk: it builds the store described by config (create) in
 * DIR.import beside, syncs it, and renames it to DIR when done; on an error nothing is left. DIR
 * must not exist or be empty. */
enum err chain_import_new(const struct store_config *config, const char *path,
                          const struct progress *progress, struct diag *d);

#endif
