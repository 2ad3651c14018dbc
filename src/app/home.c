/* home: folder, secrets and sealed keys of a node. */
#include "app/home.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "chain/snapshot.h"
#include "city/service.h"
#include "crypto/ecdsa.h"
#include "crypto/seal.h"

static const char KEY_HEADER[] = "parvis-key 1\n";

const char *home_path(const struct cli *cli, const char *name)
{
    static char path[4][4400];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", cli_home(cli), name);
    return out;
}

void made_add(struct made *m, const char *path)
{
    ASSERT(m->count < sizeof m->paths / sizeof m->paths[0]);
    m->paths[m->count++] = mem_strdup(path);
}

void made_end(struct made *m, bool keep)
{
    while (m->count > 0) {
        char *path = m->paths[--m->count];
        if (!keep)
            (void)remove(path); /* a folder that holds more than we made stays */
        mem_free(path);
    }
}

enum err home_make_dir(struct made *m, const char *path, struct diag *d)
{
    if (mkdir(path, 0700) == 0) {
        made_add(m, path);
        return E_OK;
    }
    int code = errno;
    struct stat st;
    if (code == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return E_OK;
    if (code == EEXIST)
        code = ENOTDIR; /* what is there is a file */
    return diag_os(d, code == ENOSPC ? E_DISK_FULL : E_IO, path, code);
}

static enum err write_random_hex(struct made *m, const char *path, size_t len, struct diag *d)
{
    if (access(path, F_OK) == 0)
        return E_OK;
    uint8_t random[32];
    char hex[66];
    random_bytes(random, len);
    hex_encode(hex, random, len);
    hex[2 * len] = '\n';
    enum err e = file_write(path, bytes_of(hex, 2 * len + 1), 0600, false, d);
    explicit_bzero(random, sizeof random);
    explicit_bzero(hex, sizeof hex);
    if (e == E_OK)
        made_add(m, path);
    return e;
}

enum err home_create(const struct cli *cli, struct made *m, struct diag *d)
{
    if (access(home_path(cli, "store/store.mdb"), F_OK) == 0)
        return diag_set(d, E_EXISTS,
                        T("%s already holds a ledger; choose another folder with --home",
                          "%s contient déjà un registre ; choisissez un autre dossier avec --home"),
                        cli_home(cli));
    TRY(home_make_dir(m, cli_home(cli), d));
    TRY(home_make_dir(m, home_path(cli, "keys"), d));
    TRY(write_random_hex(m, home_path(cli, "keys/salt"), SEAL_SALT_BYTES, d));
    if (!cli_get(cli, "key-file") && !cli_get(cli, "passphrase-file") &&
        !getenv("PARVIS_PASSPHRASE_FILE"))
        TRY(write_random_hex(m, home_path(cli, "store.key"), SEAL_KEY_BYTES, d));
    return E_OK;
}

/* --- the store -------------------------------------------------------------------------------- */

#define MAP_MB_MAX ((uint64_t)64 << 20)

/* --map-mb where the command has it, else PARVIS_MAP_MB, else 0: the store's default. */
static enum err read_map_size(const struct cli *cli, uint64_t *bytes_out, struct diag *d)
{
    uint64_t map_mb = 0;
    struct u256 value = U256_ZERO;
    const char *text = getenv("PARVIS_MAP_MB");
    if (cli_declares(cli, "map-mb") && cli_get(cli, "map-mb")) {
        TRY(cli_get_u64(cli, "map-mb", 1, MAP_MB_MAX, &map_mb));
    } else if (text) {
        if (u256_parse(&value, text) != E_OK || !u256_fits_u64(value) || value.w[0] < 1 ||
            value.w[0] > MAP_MB_MAX)
            return diag_set(d, E_USAGE,
                            T("PARVIS_MAP_MB=%s: give a whole number from 1 to %llu",
                              "PARVIS_MAP_MB=%s : donnez un nombre entier de 1 à %llu"),
                            text, (unsigned long long)MAP_MB_MAX);
        map_mb = value.w[0];
    }
    *bytes_out = map_mb << 20;
    return E_OK;
}

/* What a store is opened with; secret_wipe ends it. */
struct secret {
    uint8_t key32[32];
    char *passphrase;
};

static enum err read_store_config(const struct cli *cli, struct secret *secret,
                                  struct store_config *config, struct diag *d)
{
    *config = (struct store_config){.dir = home_path(cli, "store")};
    TRY(read_map_size(cli, &config->map_size_bytes, d));
    TRY(cli_read_secret(cli, secret->key32, &secret->passphrase, d));
    config->key32 = secret->passphrase ? NULL : secret->key32;
    config->passphrase = secret->passphrase;
    return E_OK;
}

static void secret_wipe(struct secret *s)
{
    explicit_bzero(s->key32, sizeof s->key32);
    if (s->passphrase)
        explicit_bzero(s->passphrase, strlen(s->passphrase));
    mem_free(s->passphrase);
    s->passphrase = NULL;
}

enum err home_open_store(const struct cli *cli, bool create, bool read_only, struct store **out,
                         struct diag *d)
{
    struct secret secret = {0};
    struct store_config config;
    enum err e = read_store_config(cli, &secret, &config, d);
    config.create = create;
    config.read_only = read_only;
    if (e == E_OK)
        e = store_open(out, &config, d);
    secret_wipe(&secret);
    return e;
}

enum err home_import_store(const struct cli *cli, const char *path, const struct progress *progress,
                           struct diag *d)
{
    struct secret secret = {0};
    struct store_config config;
    enum err e = read_store_config(cli, &secret, &config, d);
    if (e == E_OK)
        e = chain_import_new(&config, path, progress, d);
    secret_wipe(&secret);
    return e;
}

enum err home_take_begin(const struct cli *cli, struct snapshot_take_config *config,
                         struct snapshot_take **out, struct diag *d)
{
    struct secret secret = {0};
    struct buf genesis = {0};
    enum err e = read_store_config(cli, &secret, &config->store, d);
    if (e == E_OK)
        e = file_read(&genesis, home_path(cli, "genesis.json"), LIMIT_GENESIS_BYTES, d);
    config->genesis_opt = buf_view(&genesis);
    if (e == E_OK)
        e = snapshot_take_begin(out, config, d);
    config->genesis_opt = bytes_of(NULL, 0);
    buf_free(&genesis);
    secret_wipe(&secret);
    return e;
}

/* --- keys ------------------------------------------------------------------------------------- */

static enum err key_path(const struct cli *cli, const char *name, const char **out, struct diag *d)
{
    char file[64];
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", name[i]))
            len = 0;
    if (len == 0 || len > 40)
        return diag_set(d, E_INVALID,
                        T("%s: a key's name has 1 to 40 letters, digits, '-' or '_'",
                          "%s : un nom de clé a de 1 à 40 lettres, chiffres, « - » ou « _ »"),
                        name);
    snprintf(file, sizeof file, "keys/%s.key", name);
    *out = home_path(cli, file);
    return E_OK;
}

static enum err key_seal(const struct cli *cli, struct seal *seal, struct diag *d)
{
    uint8_t salt[SEAL_SALT_BYTES];
    struct secret secret = {0};
    struct buf text = {0};
    const char *salt_path = home_path(cli, "keys/salt");
    enum err e = cli_read_secret(cli, secret.key32, &secret.passphrase, d);
    if (e == E_OK && secret.passphrase) {
        e = file_read(&text, salt_path, 256, d);
        if (e == E_OK &&
            hex_decode(salt, sizeof salt, (char *)text.data, text.len ? text.len - 1 : 0) != E_OK)
            e = diag_set(d, E_CORRUPT,
                         T("%s was altered; restore it from a backup",
                           "%s a été altéré ; restaurez-le depuis une sauvegarde"),
                         salt_path);
        if (e == E_OK)
            e = seal_key_from_passphrase(secret.key32, secret.passphrase, salt);
    }
    if (e == E_OK)
        seal_init(seal, secret.key32);
    secret_wipe(&secret);
    buf_free(&text);
    return e;
}

enum err key_save(const struct cli *cli, const char *name, const uint8_t key32[32], struct diag *d)
{
    const char *path;
    struct seal seal;
    struct buf text = {0}, sealed = {0};
    TRY(key_path(cli, name, &path, d));
    if (service_named(name)) /* `send` and `call` would mean the service */
        return diag_set(d, E_INVALID,
                        T("%s is the name of a city service; choose another one for the key",
                          "%s est le nom d'un service de la ville ; choisissez-en un autre"),
                        name);
    if (access(path, F_OK) == 0)
        return diag_set(d, E_EXISTS,
                        T("there is a key named %s already; it was left as it is",
                          "il y a déjà une clé nommée %s ; elle est restée telle quelle"),
                        name);
    TRY(key_seal(cli, &seal, d));
    seal_encrypt(&seal, &sealed, bytes_of(key32, 32), bytes_str(KEY_HEADER));
    seal_wipe(&seal);
    buf_puts(&text, KEY_HEADER);
    buf_put_hex(&text, sealed.data, sealed.len);
    buf_puts(&text, "\n");
    enum err e = file_write(path, buf_view(&text), 0600, false, d);
    buf_free(&sealed);
    buf_free(&text);
    return e;
}

static enum err key_open_sealed(const struct cli *cli, const char *path, struct buf *text,
                                uint8_t key32[32], struct diag *d)
{
    struct seal seal;
    struct buf sealed = {0}, plain = {0};
    size_t header = strlen(KEY_HEADER);
    enum err e = E_KEY;
    if (text->len > header + 1 && memcmp(text->data, KEY_HEADER, header) == 0)
        e = hex_decode_buf(&sealed, (char *)text->data + header, text->len - header - 1);
    if (e == E_OK)
        e = key_seal(cli, &seal, d);
    if (e == E_OK) {
        e = seal_decrypt(&seal, &plain, buf_view(&sealed), bytes_str(KEY_HEADER));
        seal_wipe(&seal);
    }
    if (e == E_OK && plain.len == 32)
        memcpy(key32, plain.data, 32);
    else if (e == E_OK || e == E_KEY || e == E_HEX || e == E_CORRUPT)
        e = diag_set(d, E_KEY,
                     T("%s does not open with this key or passphrase, or was altered",
                       "%s ne s'ouvre pas avec cette clé ou phrase secrète, ou a été altéré"),
                     path);
    if (plain.data)
        explicit_bzero(plain.data, plain.len);
    buf_free(&plain);
    buf_free(&sealed);
    return e;
}

static enum err no_such_key(const struct cli *cli, const char *name, struct diag *d)
{
    return diag_set(
        d, E_NOT_FOUND,
        T("no key named %s in %s; `parvis account list` shows them, `parvis account new %s` makes "
          "one",
          "pas de clé nommée %s dans %s ; `parvis account list` les montre, `parvis account new "
          "%s` en crée une"),
        name, cli_home(cli), name);
}

enum err key_load(const struct cli *cli, const char *name, uint8_t key32[32], struct diag *d)
{
    struct buf text = {0};
    const char *path = name;
    bool is_file = strchr(name, '/') != NULL;
    if (!is_file)
        TRY(key_path(cli, name, &path, d));
    enum err e = file_read(&text, path, 4096, d);
    if (e == E_NOT_FOUND && !is_file)
        no_such_key(cli, name, d);
    if (e == E_OK && is_file) {
        while (text.len && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
            text.len--;
        e = hex_decode(key32, 32, (char *)text.data, text.len);
        if (e != E_OK)
            e = diag_set(d, E_KEY,
                         T("%s: a key is 64 hexadecimal digits",
                           "%s : une clé se compose de 64 chiffres hexadécimaux"),
                         path);
    } else if (e == E_OK) {
        e = key_open_sealed(cli, path, &text, key32, d);
    }
    if (text.data)
        explicit_bzero(text.data, text.cap);
    buf_free(&text);
    struct address a;
    if (e == E_OK && ecdsa_address(&a, key32) != E_OK)
        e = diag_set(d, E_KEY, T("%s: not a valid secp256k1 key", "%s : clé secp256k1 invalide"),
                     name);
    return e;
}

enum err home_new_key(const struct cli *cli, const char *name, struct made *made,
                      struct address *out, struct diag *d)
{
    uint8_t key32[32];
    char file[64];
    ecdsa_key_generate(key32);
    enum err e = key_save(cli, name, key32, d);
    if (e == E_OK) {
        snprintf(file, sizeof file, "keys/%s.key", name);
        made_add(made, home_path(cli, file));
    } else if (e == E_EXISTS) { /* a key brought along, or an earlier ledger's */
        e = key_load(cli, name, key32, d);
    }
    if (e == E_OK)
        e = ecdsa_address(out, key32);
    explicit_bzero(key32, sizeof key32);
    return e;
}

enum err key_remove(const struct cli *cli, const char *name, struct diag *d)
{
    const char *path;
    TRY(key_path(cli, name, &path, d));
    if (unlink(path) == 0)
        return E_OK;
    return errno == ENOENT ? no_such_key(cli, name, d) : diag_os(d, E_IO, path, errno);
}

enum err key_visit(const struct cli *cli, void (*visit)(void *ctx, const char *name), void *ctx,
                   struct diag *d)
{
    struct dirent **entries;
    int count = scandir(home_path(cli, "keys"), &entries, NULL, alphasort);
    if (count < 0 && errno == ENOENT)
        return diag_set(d, E_NOT_FOUND,
                        T("%s: no keys there; run `parvis init`, or choose the folder with --home",
                          "%s : pas de clés ; lancez `parvis init`, ou choisissez le dossier avec "
                          "--home"),
                        home_path(cli, "keys"));
    if (count < 0)
        return diag_os(d, E_IO, home_path(cli, "keys"), errno);
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;
        size_t len = strlen(name);
        if (len > 4 && strcmp(name + len - 4, ".key") == 0) {
            name[len - 4] = 0;
            visit(ctx, name);
        }
        free(entries[i]);
    }
    free(entries);
    return E_OK;
}
