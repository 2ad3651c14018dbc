/* flip: one byte changed inside a stored record, many times; each must be noticed.
 *
 *   flip PARVIS HOME COUNT SEED
 *
 * Finds where the live records of HOME/store/store.mdb lie in the file (through LMDB's own map),
 * then changes one random bit pattern of one random byte of a key or a value, runs `parvis audit`,
 * which must report damage and not crash, and puts the byte back. Prints TAP. */
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"

struct span {
    uint64_t offset;
    uint64_t len;
};

static struct span *spans;
static size_t span_count, span_cap;
static uint64_t total_len;
static char store_path[4096];

static _Noreturn void give_up(const char *what, const char *detail)
{
    printf("not ok 1 flip # %s %s\n1..1\n", what, detail);
    exit(1);
}

static void check(int rc, const char *what)
{
    if (rc != MDB_SUCCESS)
        give_up(what, mdb_strerror(rc));
}

/* Where LMDB mapped the file in this process. */
static const uint8_t *map_base(void)
{
    char line[4600], *real = realpath(store_path, NULL);
    FILE *f = fopen("/proc/self/maps", "r");
    const uint8_t *base = NULL;
    while (f && real && !base && fgets(line, sizeof line, f))
        if (strstr(line, real))
            base = (const uint8_t *)(uintptr_t)strtoull(line, NULL, 16);
    if (f)
        fclose(f);
    free(real);
    if (!base)
        give_up("the map of the store was not found", store_path);
    return base;
}

static void add_span(const uint8_t *base, MDB_val v)
{
    if (v.mv_size == 0)
        return;
    if (span_count == span_cap) {
        span_cap = span_cap ? span_cap * 2 : 4096;
        spans = mem_resize(spans, span_cap, sizeof *spans);
    }
    spans[span_count++] = (struct span){(uint64_t)((const uint8_t *)v.mv_data - base), v.mv_size};
    total_len += v.mv_size;
}

static void collect(MDB_txn *txn, MDB_dbi dbi, const uint8_t *base)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    check(mdb_cursor_open(txn, dbi, &cursor), "cursor");
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
        add_span(base, key);
        add_span(base, value);
    }
    mdb_cursor_close(cursor);
}

static void collect_all(void)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi names, dbi;
    MDB_cursor *cursor;
    MDB_val key, value;
    check(mdb_env_create(&env), "env");
    check(mdb_env_set_maxdbs(env, 64), "maxdbs");
    check(mdb_env_open(env, store_path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0600), store_path);
    check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "txn");
    check(mdb_dbi_open(txn, NULL, 0, &names), "main database");
    const uint8_t *base = map_base();
    check(mdb_cursor_open(txn, names, &cursor), "cursor");
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)key.mv_size, (const char *)key.mv_data);
        if (mdb_dbi_open(txn, name, 0, &dbi) == MDB_SUCCESS)
            collect(txn, dbi, base);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    if (span_count == 0)
        give_up("no records in", store_path);
}

static int run_audit(const char *parvis, const char *home)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(parvis, parvis, "audit", "--home", home, "--quiet", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: flip PARVIS HOME COUNT SEED\n");
        return 2;
    }
    const char *parvis = argv[1], *home = argv[2];
    unsigned count = (unsigned)strtoul(argv[3], NULL, 10);
    uint64_t random_state = strtoull(argv[4], NULL, 10) * 0x9e3779b97f4a7c15ULL + 1;
    unsigned unnoticed = 0, crashed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(store_path, sizeof store_path, "%s/store/store.mdb", home);
    collect_all();
    int before = run_audit(parvis, home);
    int fd = open(store_path, O_RDWR);
    for (unsigned i = 0; fd >= 0 && i < count; i++) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        uint64_t at = random_state % total_len, offset = 0;
        uint8_t old, new;
        for (size_t s = 0; s < span_count; s++) {
            if (at < spans[s].len) {
                offset = spans[s].offset + at;
                break;
            }
            at -= spans[s].len;
        }
        if (pread(fd, &old, 1, (off_t)offset) != 1)
            give_up("pread", store_path);
        new = old ^ (uint8_t)(1 + (random_state >> 40) % 255);
        if (pwrite(fd, &new, 1, (off_t)offset) != 1)
            give_up("pwrite", store_path);
        int code = run_audit(parvis, home);
        if (pwrite(fd, &old, 1, (off_t)offset) != 1)
            give_up("pwrite", store_path);
        unnoticed += code == 0;
        crashed += code >= 126;
        if (code == 0 || code >= 126)
            printf("# byte %" PRIu64 ": %02x -> %02x: exit %d\n", offset, old, new, code);
    }
    printf("# %u flips in %zu keys and values of %" PRIu64 " bytes\n", count, span_count,
           total_len);
    printf("%s 1 the untouched ledger passes its audit, before and after\n",
           fd >= 0 && before == 0 && run_audit(parvis, home) == 0 ? "ok" : "not ok");
    printf("# cases: %u\n%s 2 every changed byte was noticed\n", count,
           unnoticed == 0 ? "ok" : "not ok");
    printf("%s 3 nothing crashed on a changed byte\n1..3\n", crashed == 0 ? "ok" : "not ok");
    return 0;
}
