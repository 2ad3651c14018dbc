/* test_files: the elections of the optional shared data (README of data/voting), for tests. */
#ifndef PARVIS_BELENIOS_TEST_FILES_H
#define PARVIS_BELENIOS_TEST_FILES_H

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "test.h"

/* A whole file; data NULL when it cannot be read. Freed with buf_free. */
static inline struct buf test_file(const char *path)
{
    struct buf b = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        return b;
    uint8_t block[1 << 16];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
        buf_put(&b, block, n);
    fclose(f);
    return b;
}

/* Calls visit for each file of the shared data that matches; returns how many, 0 where there are
 * no such data. */
static inline size_t test_each(const char *pattern, void (*visit)(const char *path, struct bytes))
{
    const char *folder = test_data("voting");
    if (!folder)
        return 0;
    char full[4096];
    snprintf(full, sizeof full, "%s/%s", folder, pattern);
    glob_t found = {0};
    if (glob(full, 0, NULL, &found) != 0)
        return 0;
    size_t count = found.gl_pathc;
    for (size_t i = 0; i < count; i++) {
        struct buf b = test_file(found.gl_pathv[i]);
        visit(found.gl_pathv[i], buf_view(&b));
        buf_free(&b);
    }
    globfree(&found);
    return count;
}

#endif
