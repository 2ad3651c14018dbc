/* home: folder, secrets and sealed keys of a node. */
#include "app/home.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
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

static enum err make_dir(const char *path, struct diag *d)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return E_OK;
    return diag_set(d, E_IO, "%s: %s", path, strerror(errno));
}

static enum err write_random_hex(const char *path, size_t len, struct diag *d)
{
    uint8_t random[32];
    char hex[66];
    random_bytes(random, len);
    hex_encode(hex, random, len);
    hex[2 * len] = '\n';
    enum err e = file_write(path, bytes_of(hex, 2 * len + 1), 0600, false, d);
    memset(random, 0, sizeof random);
    memset(hex, 0, sizeof hex);
    return e;
}

enum err home_create(const struct cli *cli, struct diag *d)
{
    if (access(home_path(cli, "store/store.mdb"), F_OK) == 0)
        return diag_set(d, E_EXISTS,
                        T("%s already holds a ledger; choose another folder with --home",
                          "%s contient déjà un registre ; choisissez un autre dossier avec --home"),
                        cli_home(cli));
    TRY(make_dir(cli_home(cli), d));
    TRY(make_dir(home_path(cli, "keys"), d));
    if (access(home_path(cli, "keys/salt"), F_OK) != 0)
        TRY(write_random_hex(home_path(cli, "keys/salt"), SEAL_SALT_BYTES, d));
    if (!cli_get(cli, "key-file") && !cli_get(cli, "passphrase-file") &&
        !getenv("PARVIS_PASSPHRASE_FILE") && access(home_path(cli, "store.key"), F_OK) != 0)
        TRY(write_random_hex(home_path(cli, "store.key"), SEAL_KEY_BYTES, d));
    return E_OK;
}

enum err home_open_store(const struct cli *cli, bool create, bool read_only, struct store **out,
                         struct diag *d)
{
    uint8_t key32[32];
    char *passphrase;
    TRY(cli_read_secret(cli, key32, &passphrase, d));
    uint64_t map_mb = 0;
    const char *text = getenv("PARVIS_MAP_MB");
    if (text)
        map_mb = strtoull(text, NULL, 10);
    struct store_config config = {
        .dir = home_path(cli, "store"),
        .key32 = passphrase ? NULL : key32,
        .passphrase = passphrase,
        .map_size_bytes = map_mb << 20,
        .create = create,
        .read_only = read_only,
    };
    enum err e = create ? make_dir(config.dir, d) : E_OK;
    if (e == E_OK)
        e = store_open(out, &config, d);
    memset(key32, 0, sizeof key32);
    if (passphrase)
        memset(passphrase, 0, strlen(passphrase));
    mem_free(passphrase);
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
    uint8_t key32[32], salt[SEAL_SALT_BYTES];
    char *passphrase;
    struct buf text = {0};
    TRY(cli_read_secret(cli, key32, &passphrase, d));
    enum err e = E_OK;
    if (passphrase) {
        e = file_read(&text, home_path(cli, "keys/salt"), 256, d);
        if (e == E_OK)
            e = hex_decode(salt, sizeof salt, (char *)text.data, text.len ? text.len - 1 : 0);
        if (e == E_OK)
            e = seal_key_from_passphrase(key32, passphrase, salt);
        memset(passphrase, 0, strlen(passphrase));
    }
    if (e == E_OK)
        seal_init(seal, key32);
    memset(key32, 0, sizeof key32);
    mem_free(passphrase);
    buf_free(&text);
    return e;
}

enum err key_save(const struct cli *cli, const char *name, const uint8_t key32[32], struct diag *d)
{
    const char *path;
    struct seal seal;
    struct buf text = {0}, sealed = {0};
    TRY(key_path(cli, name, &path, d));
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
    else
        e = diag_set(d, E_KEY,
                     T("%s does not open with this key or passphrase",
                       "%s ne s'ouvre pas avec cette clé ou phrase secrète"),
                     path);
    if (plain.data)
        memset(plain.data, 0, plain.len);
    buf_free(&plain);
    buf_free(&sealed);
    return e;
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
        diag_set(
            d, e,
            T("no key named %s in %s; `parvis account list` shows them, `parvis account new "
              "%s` makes one",
              "pas de clé nommée %s dans %s ; `parvis account list` les montre, `parvis account "
              "new %s` en crée une"),
            name, cli_home(cli), name);
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
        memset(text.data, 0, text.cap);
    buf_free(&text);
    struct address a;
    if (e == E_OK && ecdsa_address(&a, key32) != E_OK)
        e = diag_set(d, E_KEY, T("%s: not a valid secp256k1 key", "%s : clé secp256k1 invalide"),
                     name);
    return e;
}

enum err key_remove(const struct cli *cli, const char *name, struct diag *d)
{
    const char *path;
    TRY(key_path(cli, name, &path, d));
    if (unlink(path) == 0)
        return E_OK;
    return diag_set(d, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: %s", path, strerror(errno));
}

enum err key_visit(const struct cli *cli, void (*visit)(void *ctx, const char *name), void *ctx,
                   struct diag *d)
{
    struct dirent **entries;
    int count = scandir(home_path(cli, "keys"), &entries, NULL, alphasort);
    if (count < 0)
        return diag_set(d, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: %s", home_path(cli, "keys"),
                        strerror(errno));
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
