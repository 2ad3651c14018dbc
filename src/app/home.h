/* home: the node's folder.
 *
 *   HOME/genesis.json    the file the chain began with (the store keeps its own copy)
 *   HOME/store.key       32-byte key of the store in hexadecimal, mode 0600; absent when the
 *                        secret is elsewhere (--key-file) or a passphrase
 *   HOME/store/          the sealed ledger (store/store.h)
 *   HOME/keys/salt       salt for keys sealed under a passphrase
 *   HOME/keys/NAME.key   a signing key, sealed with crypto/seal.h under the same key or passphrase
 */
#ifndef PARVIS_APP_HOME_H
#define PARVIS_APP_HOME_H

#include "app/cli.h"
#include "chain/audit.h"
#include "store/store.h"

/* home_path appends a name to the home's path; valid until the next call but three. */
const char *home_path(const struct cli *cli, const char *name);

/* The option that home_open_store reads where a command's table has it. */
/* clang-format off */
#define MAP_MB_OPTION \
    {"map-mb", "N", "largest size of the store in MiB (default $PARVIS_MAP_MB, else 65536)", \
     "taille maximale de la base en Mio (défaut $PARVIS_MAP_MB, sinon 65536)"}
/* clang-format on */

/* Files and folders made by a command that may still fail. made_end frees the list and, unless they
 * are kept, removes them, the last first. */
struct made {
    char *paths[24];
    size_t count;
};
void made_add(struct made *m, const char *path);
void made_end(struct made *m, bool keep);

/* home_create makes the folder and its secrets, where they are not there yet, and notes what it
 * made. E_OK | E_EXISTS (it holds a ledger) | E_IO | E_DISK_FULL. */
enum err home_create(const struct cli *cli, struct made *m, struct diag *d);

/* home_take_begin is snapshot_take_begin into HOME/store, of the ledger that HOME/genesis.json
 * begins: it sets config->store and genesis_opt. */
struct snapshot_take;
struct snapshot_take_config;
enum err home_take_begin(const struct cli *cli, struct snapshot_take_config *config,
                         struct snapshot_take **out, struct diag *d);

/* home_make_dir makes one folder, mode 0700, and notes it, unless it is there. E_OK | E_IO |
 * E_DISK_FULL. */
enum err home_make_dir(struct made *m, const char *path, struct diag *d);

/* home_open_store opens (or creates) HOME/store with the secret the command line names and the map
 * size of --map-mb or PARVIS_MAP_MB. The codes of store_open | E_USAGE. */
enum err home_open_store(const struct cli *cli, bool create, bool read_only, struct store **out,
                         struct diag *d);

/* home_import_store makes HOME/store from an exported chain, all or nothing. The codes of
 * chain_import_new | E_USAGE. */
enum err home_import_store(const struct cli *cli, const char *path, const struct progress *progress,
                           struct diag *d);

/* Keys by name (letters, digits, '-', '_'; at most 40). key_load also accepts a path (it contains a
 * '/') of a file with 64 hexadecimal digits. E_OK | E_NOT_FOUND | E_INVALID | E_KEY | E_EXISTS |
 * E_IO. */
enum err key_save(const struct cli *cli, const char *name, const uint8_t key32[32], struct diag *d);
enum err key_load(const struct cli *cli, const char *name, uint8_t key32[32], struct diag *d);
/* home_new_key makes a key and notes its file, or takes the one of that name that is there. The
 * codes of key_save and key_load. */
enum err home_new_key(const struct cli *cli, const char *name, struct made *made,
                      struct address *out, struct diag *d);
enum err key_remove(const struct cli *cli, const char *name, struct diag *d);
/* key_visit calls back with each name, sorted. */
enum err key_visit(const struct cli *cli, void (*visit)(void *ctx, const char *name), void *ctx,
                   struct diag *d);

#endif
