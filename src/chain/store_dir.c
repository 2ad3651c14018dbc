#include "chain/store_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err dir_error(struct diag *d, const char *path)
{
    int code = errno ? errno : EIO;
    return diag_os(d, code == ENOSPC || code == EDQUOT ? E_DISK_FULL : E_IO, path, code);
}

void store_dir_beside(char out[4096], const char *dir, const char *suffix)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    snprintf(out, 4096, "%.*s%s", (int)len, dir, suffix);
}

void store_dir_remove(const char *dir)
{
    static const char *const FILES[] = {"store.mdb", "store.mdb-lock", "store.lock", "store.head",
                                        "store.head.new"};
    char path[4200];
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        unlink(path);
    }
    rmdir(dir);
}

enum err dir_sync(const char *dir, struct diag *d)
{
    errno = 0;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = fd < 0 || fsync(fd) != 0 ? dir_error(d, dir) : E_OK;
    if (fd >= 0)
        close(fd);
    return e;
}

enum err store_dir_move(const char *from, const char *to, struct diag *d)
{
    char parent[4200];
    errno = 0;
    if (rename(from, to) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST)
            return diag_os(d, E_EXISTS, to, errno);
        return dir_error(d, to);
    }
    snprintf(parent, sizeof parent, "%s/..", to);
    return dir_sync(parent, d);
}
