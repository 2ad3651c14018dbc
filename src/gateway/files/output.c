/* output: see output.h. */
#include "gateway/files/output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "base/lang.h"

enum err output_write(const char *path, struct bytes text, struct diag *d)
{
    size_t len = strlen(path);
    bool zip = len > 3 && strcmp(path + len - 3, ".gz") == 0;
    errno = 0;
    if (strcmp(path, "-") == 0) {
        if (fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
            return E_OK;
        return diag_os(d, E_IO, T("standard output", "sortie standard"), errno);
    }
    gzFile gz = gzopen(path, zip ? "wb9" : "wbT"); /* T: as it is, without compression */
    if (!gz)
        return diag_os(d, E_IO, path, errno);
    bool ok = true;
    for (size_t at = 0; ok && at < text.len;) {
        unsigned part = text.len - at < (1u << 20) ? (unsigned)(text.len - at) : 1u << 20;
        ok = gzwrite(gz, text.data + at, part) == (int)part;
        at += part;
    }
    ok = gzclose_w(gz) == Z_OK && ok;
    if (ok)
        return E_OK;
    unlink(path);
    return diag_os(d, errno == ENOSPC ? E_DISK_FULL : E_IO, path, errno);
}
