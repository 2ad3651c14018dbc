/* Private to src/store: the open store and its transactions. The only header that includes lmdb.h.
 */
#ifndef PARVIS_STORE_STORE_INTERNAL_H
#define PARVIS_STORE_STORE_INTERNAL_H

#include <lmdb.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/mem.h"
#include "store/store.h"

#define STORE_IDLE_READERS 64 /* reset read transactions kept for reuse */
#define STORE_KEY_MAX (8 + SEAL_NAME_BYTES)

struct store {
    MDB_env *env;
    MDB_dbi dbi[STORE_TABLE_COUNT];
    struct seal seal;
    bool read_only;
    int lock_fd; /* store.lock, flock-ed; -1 when read only */
    int data_fd; /* store.mdb, for fstat and ftruncate */
    size_t page_bytes;
    dev_t device; /* identity of store.mdb: one process may open a file once */
    ino_t inode;
    pid_t opener; /* a forked child inherits the list, not the locks */
    struct store *next_open;
    pthread_mutex_t idle_lock;
    struct store_txn *idle; /* reset read transactions */
    size_t idle_count;
};

struct store_txn {
    struct store *store;
    MDB_txn *txn;
    bool writing;
    enum err failed;    /* the first failure of a write transaction: commit refuses */
    struct buf scratch; /* sealed form of the value being put */
    struct store_txn *next_idle;
};

/* store_fault asks the test hook; 0 when the operation may go on. */
int store_fault(const char *operation);

/* store_error maps an errno or MDB code. s may be NULL; with it, a short write on a full disk
 * (which LMDB reports as EIO) is told from a broken disk. */
enum err store_error(const struct store *s, int code);

/* head.c: the clear file. head_write makes it, head_read derives the master key and checks it. */
enum err head_write(const char *dir, const struct store_config *config, struct seal *seal,
                    struct diag *d);
enum err head_read(const char *dir, const struct store_config *config, struct seal *seal,
                   struct diag *d);
bool head_exists(const char *dir);

#endif
