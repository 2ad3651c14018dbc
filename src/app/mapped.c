#include "app/mapped.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_MAX (UINT64_C(1) << 32) /* of what cannot be mapped */

enum err file_map(struct mapped *m, const char *path, struct diag *d)
{
    struct stat st;
    *m = (struct mapped){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int code = errno;
        if (fd >= 0)
            close(fd);
        return diag_os(d, code == ENOENT ? E_NOT_FOUND : E_IO, path, code);
    }
    void *map = MAP_FAILED;
    if (S_ISREG(st.st_mode) && st.st_size > 0)
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map != MAP_FAILED) {
        m->map = map;
        m->content = bytes_of(map, (size_t)st.st_size);
        return E_OK;
    }
    enum err e = file_read(&m->read, path, PIPE_MAX, d);
    m->content = buf_view(&m->read);
    return e;
}

void file_unmap(struct mapped *m)
{
    if (m->map)
        munmap(m->map, m->content.len);
    buf_free(&m->read);
}
