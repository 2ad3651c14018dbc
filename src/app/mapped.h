/* mapped: a whole file in memory, mapped where it can be, so that a large one needs no memory of
 * its own. */
#ifndef PARVIS_APP_MAPPED_H
#define PARVIS_APP_MAPPED_H

#include "app/cli.h"

struct mapped {
    struct bytes content;
    void *map; /* NULL: in `read` */
    struct buf read;
};

/* file_map reads what cannot be mapped (a pipe: at most 4 GiB). E_OK | E_NOT_FOUND | E_IO |
 * E_TOO_LARGE; file_unmap after any of these, and of what is zeroed. */
enum err file_map(struct mapped *m, const char *path, struct diag *d);
void file_unmap(struct mapped *m);

#endif
