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
    uint64_t records;      /* opened and checked */
    uint64_t elapsed_us;   /* filled by the caller, which owns the clock */
};

/* audit_run: E_OK, or the first fault: d says which block, transaction or record does not hold.
 * scratch_dir: an empty directory for the re-execution's own store. */
enum err audit_run(struct store *store, const char *scratch_dir, const struct progress *progress,
                   struct audit_report *out, struct diag *d);

/* One file: "parvis chain 1\n", then length-prefixed records: genesis text, then per block header,
 * seal, transactions. chain_import re-executes and checks every block. Import is all or nothing:
 * it builds a new store beside and renames it when done. */
enum err chain_export(struct store *store, const char *path, const struct progress *progress,
                      struct diag *d);
enum err chain_import(struct store *empty_store, const char *path, const struct progress *progress,
                      struct diag *d);

#endif
