/* store: the node's one file of sealed records (LMDB behind a small table of operations).
 *
 * Model     A table maps (height, name) to a value. height is stored in clear, big-endian, so that
 *           records of one block lie together and can be walked and pruned in order; name (an
 *           address, a trie path, a transaction hash) is hidden by seal_name; values are sealed by
 *           seal_encrypt bound to table and key. A table uses height, name, or both (TABLE_*).
 * Durable   One write transaction per block. store_commit returns after the data is on disk
 *           (fdatasync) unless the store was opened with no_sync (audits, benchmarks).
 * Failure   Full disk, full map, wrong key, truncated file: a code with a message; the data stays
 *           as it was before the transaction.
 * Threads   one writer at a time (store_begin_write blocks); any number of readers, each with its
 *           own transaction, which sees the state at its beginning.
 * Files     DIR/store.mdb       the records (and LMDB's own DIR/store.mdb-lock: reader slots)
 *           DIR/store.head      clear: format version, where the key comes from, salt, key check
 *           DIR/store.lock      flock-ed by the one process that writes; read_only opens pass
 * Truncated A file shorter than its last page is refused at open: reading past its end would be a
 *           SIGBUS. So that no crash leaves such a file, the file is kept STORE_HEADROOM_BYTES
 *           longer than what is used (a hole: no disk space); a clean close cuts the rest off. */
#ifndef PARVIS_STORE_STORE_H
#define PARVIS_STORE_STORE_H

#include "base/bytes.h"
#include "crypto/seal.h"

/* X(id, name, uses height, uses name): every table; keys and values are described in tables.h. */
#define STORE_TABLES(X)                                                                            \
    X(TABLE_META, "meta", false, true)         /* name -> small values: head, genesis, version */  \
    X(TABLE_HEADER, "header", true, false)     /* height -> seal, counts, header */                \
    X(TABLE_BODY, "body", true, false)         /* height -> transactions */                        \
    X(TABLE_RECEIPTS, "receipts", true, false) /* height -> receipts */                            \
    X(TABLE_BLOCK_HASH, "block_hash", false, true) /* block hash -> height */                      \
    X(TABLE_TX_HASH, "tx_hash", false, true)       /* tx hash -> height, index */                  \
    X(TABLE_NODE, "node", true, true)              /* (height written, owner+path) -> trie node */ \
    X(TABLE_FLAT, "flat", false, true)             /* account or slot -> latest value */           \
    X(TABLE_HISTORY, "history", true, true) /* (height written, account or slot) -> old value */   \
    X(TABLE_STALE, "stale", true, false)    /* height -> keys that became unreachable there */     \
    X(TABLE_CODE, "code", false, true)      /* code hash -> contract code */                       \
    X(TABLE_INDEX, "index", true, true)     /* derived read indexes; can be dropped */             \
    X(TABLE_CONSENSUS, "consensus", true, false) /* height -> the engine's height of that block */

enum store_table {
#define STORE_ENUM(id, name, height, named) id,
    STORE_TABLES(STORE_ENUM)
#undef STORE_ENUM
        STORE_TABLE_COUNT
};

struct store;
struct store_txn;

struct store_config {
    const char *dir;
    const uint8_t *key32;    /* from a key file, or NULL */
    const char *passphrase;  /* used when key32 is NULL */
    uint64_t map_size_bytes; /* 0 = default (64 GiB of address space, not of disk) */
    bool create;             /* make a new store; refuses a directory that has one */
    bool read_only;
    bool no_sync;
};

/* store_open: E_OK | E_NOT_FOUND | E_EXISTS | E_KEY | E_CORRUPT | E_VERSION | E_LOCKED | E_IO |
 * E_DISK_FULL; d says which file and what to do. */
enum err store_open(struct store **out, const struct store_config *config, struct diag *d);
/* All transactions must have ended. */
void store_close(struct store *s); /* NULL is fine */

enum err store_begin_write(struct store *s, struct store_txn **out);
enum err store_begin_read(struct store *s, struct store_txn **out);
/* store_commit ends the transaction in every case. E_OK | E_MAP_FULL | E_DISK_FULL | E_IO; after
 * an error nothing of the transaction is stored. store_abort ends it without effect; NULL is fine.
 * A read transaction is ended by store_abort. store_renew moves a read transaction to the newest
 * state (cheaper than a new one). */
enum err store_commit(struct store_txn *t);
void store_abort(struct store_txn *t);
enum err store_renew(struct store_txn *t);
struct store *store_of(const struct store_txn *t);

/* A record's name in its table. height is ignored by tables without one, name likewise. */
struct store_key {
    uint64_t height;
    struct bytes name;
};

/* store_get appends the value to out. E_OK | E_NOT_FOUND | E_CORRUPT | E_IO. */
enum err store_get(struct store_txn *t, enum store_table table, struct store_key key,
                   struct buf *out);
/* store_put stores or replaces. E_OK | E_MAP_FULL | E_DISK_FULL | E_IO. */
enum err store_put(struct store_txn *t, enum store_table table, struct store_key key,
                   struct bytes value);
/* store_del: deleting what is not there is E_NOT_FOUND. */
enum err store_del(struct store_txn *t, enum store_table table, struct store_key key);

/* The hidden form of a name, for records that refer to other records (TABLE_STALE). The *_hidden
 * calls take such a 16-byte name instead of a clear one. */
void store_hide(const struct store *s, uint8_t out[SEAL_NAME_BYTES], struct bytes name);
enum err store_get_hidden(struct store_txn *t, enum store_table table, uint64_t height,
                          const uint8_t hidden[SEAL_NAME_BYTES], struct buf *out);
enum err store_put_hidden(struct store_txn *t, enum store_table table, uint64_t height,
                          const uint8_t hidden[SEAL_NAME_BYTES], struct bytes value);
enum err store_del_hidden(struct store_txn *t, enum store_table table, uint64_t height,
                          const uint8_t hidden[SEAL_NAME_BYTES]);

/* store_walk visits every record of a table in key order from `from_height` on. visit gets the
 * record's height (0 where unused), its hidden name and its opened value; it returns E_OK to go
 * on, anything else to stop (returned). A record that does not open is given with value.data NULL
 * and error E_CORRUPT, so that an audit can name it. */
struct store_record {
    uint64_t height;
    struct bytes hidden_name;
    struct bytes value;
    enum err error;
};
typedef enum err (*store_visit)(void *ctx, const struct store_record *record);
enum err store_walk(struct store_txn *t, enum store_table table, uint64_t from_height,
                    store_visit visit, void *ctx);

/* Figures for /metrics and status. */
struct store_stats {
    uint64_t file_bytes;
    uint64_t used_bytes;
    uint64_t map_bytes;
    uint64_t records[STORE_TABLE_COUNT];
};
enum err store_stats(struct store *s, struct store_stats *out);

/* "header", "body" ...: for messages. */
const char *store_table_name(enum store_table table);

/* store_sync puts everything committed so far on disk: the end of a bulk load made with no_sync. */
enum err store_sync(struct store *s);

#define STORE_HEADROOM_BYTES (16u << 20)

/* store_check_pages verifies the structure of the whole file without trusting it: every page in
 * bounds, in one place, of the kind and order its tree needs. Damage there could otherwise stop the
 * process when LMDB follows it. Says nothing about values: store_walk opens those.
 * E_OK | E_CORRUPT (d names the page) | E_IO | E_LIMIT. Cost: reads every page of the trees. */
enum err store_check_pages(struct store *s, struct diag *d);

/* Test seam: called before each LMDB operation that can fail; a non-zero return is used as if the
 * operation had failed with that errno or MDB code. */
extern int (*store_fault_hook)(const char *operation);

#endif
