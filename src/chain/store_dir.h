/* store_dir: the directory of a closed store, as a whole: removed, or moved to its place. */
#ifndef PARVIS_CHAIN_STORE_DIR_H
#define PARVIS_CHAIN_STORE_DIR_H

#include "base/err.h"

/* store_dir_beside writes DIR and a suffix, without slashes at DIR's end. */
void store_dir_beside(char out[4096], const char *dir, const char *suffix);

/* store_dir_remove deletes a store's files and its directory; what else is there stays. */
void store_dir_remove(const char *dir);

/* store_dir_move renames and makes the new name durable; `to` must not exist or be empty.
 * E_OK | E_EXISTS | E_DISK_FULL | E_IO. dir_sync makes the names in a directory durable. */
enum err store_dir_move(const char *from, const char *to, struct diag *d);
enum err dir_sync(const char *dir, struct diag *d);

/* dir_error: errno, met at a path, as a code and a message. */
enum err dir_error(struct diag *d, const char *path);

#endif
