/* json_files: the fixture files that a command line names: files as they are, folders searched for
 * *.json at every depth, sorted, so that runs are alike. */
#ifndef PARVIS_APP_JSON_FILES_H
#define PARVIS_APP_JSON_FILES_H

#include <stddef.h>

#include "base/err.h"

struct json_files {
    char **paths;
    size_t count, cap;
};

/* json_files_add: E_OK | E_NOT_FOUND | E_IO, d names the path. */
enum err json_files_add(struct json_files *f, const char *path, struct diag *d);
void json_files_free(struct json_files *f);

#endif
