/* store: opening and closing; error codes; figures. Transactions are in txn.c. */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/lang.h"

#define STORE_MAP_BYTES ((uint64_t)64 << 30)
#define STORE_READERS 512u

int (*store_fault_hook)(const char *operation);

/* LMDB's locks belong to the process: opening one file twice and closing one of the two would drop
 * the other's. Open stores are listed so that this is refused. */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct store *open_stores;

static const char *const TABLE_NAMES[STORE_TABLE_COUNT] = {
#define STORE_NAME(id, name, height, named) name,
    STORE_TABLES(STORE_NAME)
#undef STORE_NAME
};

const char *store_table_name(enum store_table table)
{
    ASSERT(table < STORE_TABLE_COUNT);
    return TABLE_NAMES[table];
}

int store_fault(const char *operation)
{
    return store_fault_hook ? store_fault_hook(operation) : 0;
}

/* disk_is_full tells whether the file system has no room for another page or two. */
static bool disk_is_full(const struct store *s)
{
    struct statvfs fs;
    return s && fstatvfs(s->data_fd, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize < 2 * (uint64_t)s->page_bytes;
}

enum err store_error(const struct store *s, int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return E_OK;
    case MDB_NOTFOUND:
        return E_NOT_FOUND;
    case MDB_MAP_FULL:
        return E_MAP_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
        return E_CORRUPT;
    case MDB_VERSION_MISMATCH:
        return E_VERSION;
    case MDB_READERS_FULL:
        return E_LIMIT;
    case ENOSPC:
    case EDQUOT:
        return E_DISK_FULL;
    case EIO:
        return disk_is_full(s) ? E_DISK_FULL : E_IO;
    default:
        return E_IO;
    }
}

/* lmdb_failed sets the message for a code of LMDB (negative) or of the system. */
static enum err lmdb_failed(struct diag *d, enum err e, const char *path, int code)
{
    if (code > 0)
        return diag_os(d, e, path, code);
    const char *reason = mdb_strerror(code);
    if (e == E_CORRUPT || e == E_VERSION || e == E_MAP_FULL || e == E_LIMIT)
        reason = T(reason, err_text(e));
    return diag_set(d, e, T("%s: %s", "%s : %s"), path, reason);
}

/* file_check refuses a store.mdb that is missing, empty or shorter than what LMDB would map. */
static enum err file_present(const char *path, struct diag *d)
{
    struct stat st;
    if (stat(path, &st) != 0 || st.st_size == 0)
        return diag_set(d, E_CORRUPT,
                        T("%s is missing or empty; restore it from a backup",
                          "%s est absent ou vide ; restaurez-le depuis une sauvegarde"),
                        path);
    return E_OK;
}

static enum err file_whole(struct store *s, const char *path, struct diag *d)
{
    MDB_envinfo info;
    MDB_stat stat_env;
    struct stat st;
    mdb_env_info(s->env, &info);
    mdb_env_stat(s->env, &stat_env);
    s->page_bytes = stat_env.ms_psize;
    uint64_t needed = ((uint64_t)info.me_last_pgno + 1) * s->page_bytes;
    if (fstat(s->data_fd, &st) != 0)
        return diag_os(d, E_IO, path, errno);
    if ((uint64_t)st.st_size < needed)
        return diag_set(d, E_CORRUPT,
                        T("%s is truncated: %lld bytes, %llu expected; restore it from a backup",
                          "%s est tronqué : %lld octets, %llu attendus ; restaurez-le depuis une "
                          "sauvegarde"),
                        path, (long long)st.st_size, (unsigned long long)needed);
    return E_OK;
}

static enum err lock_for_writing(struct store *s, const char *dir, struct diag *d)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/store.lock", dir);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return diag_os(d, errno == ENOENT ? E_NOT_FOUND : store_error(NULL, errno), path, errno);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return diag_set(d, errno == EWOULDBLOCK ? E_LOCKED : E_IO,
                        T("%s is used by another process", "%s est utilisé par un autre processus"),
                        dir);
    return E_OK;
}

/* list_open enters the store in the list of this process. E_OK | E_LOCKED. */
static enum err list_open(struct store *s, const char *path, struct diag *d)
{
    struct stat st;
    s->data_fd = open(path, (s->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (s->data_fd < 0 || fstat(s->data_fd, &st) != 0)
        return diag_os(d, store_error(NULL, errno), path, errno);
    enum err e = E_OK;
    pthread_mutex_lock(&open_lock);
    for (struct store *o = open_stores; o; o = o->next_open)
        if (o->device == st.st_dev && o->inode == st.st_ino && o->opener == getpid())
            e = E_LOCKED;
    if (e == E_OK) {
        s->device = st.st_dev;
        s->inode = st.st_ino;
        s->opener = getpid();
        s->next_open = open_stores;
        open_stores = s;
    }
    pthread_mutex_unlock(&open_lock);
    return e == E_OK ? E_OK
                     : diag_set(d, e,
                                T("%s is already open in this process",
                                  "%s est déjà ouvert dans ce processus"),
                                path);
}

static void unlist_open(struct store *s)
{
    pthread_mutex_lock(&open_lock);
    for (struct store **link = &open_stores; *link; link = &(*link)->next_open)
        if (*link == s) {
            *link = s->next_open;
            break;
        }
    pthread_mutex_unlock(&open_lock);
}

static int open_tables(struct store *s, bool create)
{
    MDB_txn *txn = NULL;
    int code = store_fault("open");
    if (code == 0)
        code = mdb_txn_begin(s->env, NULL, s->read_only ? MDB_RDONLY : 0, &txn);
    for (int i = 0; code == 0 && i < STORE_TABLE_COUNT; i++)
        code = mdb_dbi_open(txn, TABLE_NAMES[i], create ? MDB_CREATE : 0, &s->dbi[i]);
    if (code == 0)
        code = mdb_txn_commit(txn);
    else if (txn)
        mdb_txn_abort(txn);
    return code;
}

static enum err open_environment(struct store *s, const struct store_config *config,
                                 const char *path, struct diag *d)
{
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
    if (config->read_only)
        flags |= MDB_RDONLY;
    if (config->no_sync)
        flags |= MDB_NOSYNC;
    int code = mdb_env_create(&s->env);
    if (code == 0)
        code = mdb_env_set_maxdbs(s->env, STORE_TABLE_COUNT);
    if (code == 0)
        code = mdb_env_set_maxreaders(s->env, STORE_READERS);
    if (code == 0)
        code = mdb_env_set_mapsize(s->env, config->map_size_bytes ? config->map_size_bytes
                                                                  : STORE_MAP_BYTES);
    if (code == 0)
        code = mdb_env_open(s->env, path, flags, 0600);
    if (code != 0)
        return lmdb_failed(d, store_error(NULL, code), path, code);
    TRY(list_open(s, path, d));
    TRY(file_whole(s, path, d));
    if (!config->read_only)
        mdb_reader_check(s->env, NULL); /* slots of killed readers hold old pages back */
    code = open_tables(s, config->create);
    /* a table that is not there: not one of our files, or a create that was interrupted */
    if (code == MDB_NOTFOUND)
        return diag_set(d, E_CORRUPT, T("%s: a table is missing", "%s : une table manque"), path);
    if (code != 0)
        return lmdb_failed(d, store_error(s, code), path, code);
    return E_OK;
}

static enum err make_directory(const struct store_config *config, const char *path, struct diag *d)
{
    if (mkdir(config->dir, 0700) != 0 && errno != EEXIST)
        return diag_os(d, store_error(NULL, errno), config->dir, errno);
    if (head_exists(config->dir) || access(path, F_OK) == 0)
        return diag_set(d, E_EXISTS, T("%s already has a store", "%s contient déjà une base"),
                        config->dir);
    return E_OK;
}

/* remove_unfinished takes away what an unsuccessful create made. */
static void remove_unfinished(const char *path)
{
    char lock[4200];
    snprintf(lock, sizeof lock, "%s-lock", path);
    unlink(path);
    unlink(lock);
}

enum err store_open(struct store **out, const struct store_config *config, struct diag *d)
{
    ASSERT(config->dir && !(config->create && config->read_only));
    char path[4096];
    snprintf(path, sizeof path, "%s/store.mdb", config->dir);
    struct store *s = mem_zalloc(1, sizeof *s);
    s->lock_fd = s->data_fd = -1;
    s->read_only = config->read_only;
    pthread_mutex_init(&s->idle_lock, NULL);

    bool made = false;
    enum err e = E_OK;
    if (config->create)
        e = make_directory(config, path, d);
    else if (!head_exists(config->dir))
        e = diag_set(d, E_NOT_FOUND, T("%s has no store", "%s ne contient pas de base"),
                     config->dir);
    if (e == E_OK && !config->read_only)
        e = lock_for_writing(s, config->dir, d);
    if (e == E_OK && !config->create)
        e = head_read(config->dir, config, &s->seal, d);
    if (e == E_OK && !config->create)
        e = file_present(path, d);
    if (e == E_OK) {
        made = config->create;
        e = open_environment(s, config, path, d);
    }
    /* last: a directory with store.head has a complete store */
    if (e == E_OK && config->create)
        e = head_write(config->dir, config, &s->seal, d);
    if (e != E_OK) {
        store_close(s);
        if (made)
            remove_unfinished(path);
        return e;
    }
    *out = s;
    return E_OK;
}

/* cut_headroom gives the hole at the file's end back. */
static void cut_headroom(struct store *s)
{
    MDB_envinfo info;
    struct stat st;
    mdb_env_info(s->env, &info);
    off_t needed = (off_t)((info.me_last_pgno + 1) * s->page_bytes);
    if (fstat(s->data_fd, &st) == 0 && st.st_size > needed)
        (void)!ftruncate(s->data_fd, needed); /* a longer file is harmless */
}

void store_close(struct store *s)
{
    if (!s)
        return;
    while (s->idle) {
        struct store_txn *t = s->idle;
        s->idle = t->next_idle;
        mdb_txn_abort(t->txn);
        buf_free(&t->scratch);
        mem_free(t);
    }
    if (s->env && s->page_bytes && !s->read_only)
        cut_headroom(s);
    if (s->env)
        mdb_env_close(s->env);
    unlist_open(s);
    if (s->data_fd >= 0)
        close(s->data_fd);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    pthread_mutex_destroy(&s->idle_lock);
    seal_wipe(&s->seal);
    mem_free(s);
}

enum err store_sync(struct store *s)
{
    int code = store_fault("sync");
    return store_error(s, code ? code : mdb_env_sync(s->env, 1));
}

enum err store_stats(struct store *s, struct store_stats *out)
{
    struct store_txn *t;
    TRY(store_begin_read(s, &t));
    MDB_envinfo info;
    struct stat st = {0};
    mdb_env_info(s->env, &info);
    (void)fstat(s->data_fd, &st);
    out->file_bytes = (uint64_t)st.st_blocks * 512;
    out->used_bytes = ((uint64_t)info.me_last_pgno + 1) * s->page_bytes;
    out->map_bytes = info.me_mapsize;
    enum err e = E_OK;
    for (int i = 0; e == E_OK && i < STORE_TABLE_COUNT; i++) {
        MDB_stat table = {0};
        e = store_error(s, mdb_stat(t->txn, s->dbi[i], &table));
        out->records[i] = table.ms_entries;
    }
    store_abort(t);
    return e;
}
