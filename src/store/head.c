/* head: DIR/store.head, the one clear file: says which program can read the store and lets a wrong
 * key be refused before a record is touched.
 *
 *   parvis-store 1
 *   kdf argon2id | key-file
 *   salt <32 digits>
 *   check <the sealed constant>        opens only with the right key; bound to the lines above
 *   sum <keccak-256 of the lines above> tells a damaged file from a wrong key */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "crypto/keccak.h"

#define HEAD_VERSION 1
#define HEAD_BYTES_MAX 1024
static const char HEAD_CONSTANT[] = "the key of this store";

static void head_path(char out[4096], const char *dir, const char *suffix)
{
    snprintf(out, 4096, "%s/store.head%s", dir, suffix);
}

bool head_exists(const char *dir)
{
    char path[4096];
    head_path(path, dir, "");
    return access(path, F_OK) == 0;
}

/* master_key fills key from the configuration. E_OK | E_KEY. */
static enum err master_key(uint8_t key[SEAL_KEY_BYTES], const struct store_config *config,
                           const uint8_t salt[SEAL_SALT_BYTES], struct diag *d)
{
    if (config->key32) {
        memcpy(key, config->key32, SEAL_KEY_BYTES);
        return E_OK;
    }
    if (!config->passphrase || !config->passphrase[0])
        return diag_set(d, E_KEY,
                        T("a key file or a passphrase is needed to open %s",
                          "il faut un fichier de clé ou une phrase secrète pour ouvrir %s"),
                        config->dir);
    return seal_key_from_passphrase(key, config->passphrase, salt);
}

/* write_durably writes a whole file beside, syncs it, renames it and syncs the directory. */
static enum err write_durably(const char *dir, const char *path, struct bytes text, struct diag *d)
{
    char temporary[4096];
    head_path(temporary, dir, ".new");
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int code = fd < 0 ? errno : store_fault("head");
    if (code == 0 && write(fd, text.data, text.len) != (ssize_t)text.len)
        code = errno ? errno : ENOSPC;
    if (code == 0 && fsync(fd) != 0)
        code = errno;
    if (fd >= 0)
        close(fd);
    if (code == 0 && rename(temporary, path) != 0)
        code = errno;
    int dir_fd = code == 0 ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (code == 0 && (dir_fd < 0 || fsync(dir_fd) != 0))
        code = errno;
    if (dir_fd >= 0)
        close(dir_fd);
    if (code == 0)
        return E_OK;
    unlink(temporary);
    return diag_os(d, store_error(NULL, code), path, code);
}

enum err head_write(const char *dir, const struct store_config *config, struct seal *seal,
                    struct diag *d)
{
    uint8_t salt[SEAL_SALT_BYTES], key[SEAL_KEY_BYTES];
    char path[4096];
    random_bytes(salt, sizeof salt);
    TRY(master_key(key, config, salt, d));
    seal_init(seal, key);
    explicit_bzero(key, sizeof key);

    struct buf text = {0}, check = {0};
    buf_putf(&text, "parvis-store %d\nkdf %s\nsalt ", HEAD_VERSION,
             config->key32 ? "key-file" : "argon2id");
    char digits[2 * HEAD_BYTES_MAX];
    hex_encode(digits, salt, sizeof salt);
    buf_putf(&text, "%s\n", digits);
    seal_encrypt(seal, &check, bytes_str(HEAD_CONSTANT), buf_view(&text));
    hex_encode(digits, check.data, check.len);
    buf_putf(&text, "check %s\n", digits);
    struct hash sum = keccak256_of(buf_view(&text));
    hex_encode(digits, sum.b, sizeof sum.b);
    buf_putf(&text, "sum %s\n", digits);

    head_path(path, dir, "");
    enum err e = write_durably(dir, path, buf_view(&text), d);
    buf_free(&text);
    buf_free(&check);
    return e;
}

/* The lines of a head file, as offsets into its text. */
struct head_text {
    char text[HEAD_BYTES_MAX + 1];
    size_t len;
    int version;
    char kdf[16];
    char salt[64];
    char check[512];
    char sum[80];
    size_t check_at, sum_at;
};

static enum err head_load(struct head_text *h, const char *path, struct diag *d)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return diag_os(d, errno == ENOENT ? E_NOT_FOUND : E_IO, path, errno);
    h->len = fread(h->text, 1, HEAD_BYTES_MAX, f);
    bool broken = ferror(f) != 0;
    fclose(f);
    if (broken)
        return diag_set(d, E_IO, T("%s cannot be read", "%s ne peut pas être lu"), path);
    h->text[h->len] = 0;
    return E_OK;
}

static bool head_parse(struct head_text *h)
{
    if (strlen(h->text) != h->len || sscanf(h->text, "parvis-store %d\n", &h->version) != 1)
        return false;
    if (h->version != HEAD_VERSION)
        return true;
    const char *check = strstr(h->text, "\ncheck "), *sum = strstr(h->text, "\nsum ");
    if (!check || !sum || check > sum)
        return false;
    h->check_at = (size_t)(check - h->text) + 1;
    h->sum_at = (size_t)(sum - h->text) + 1;
    return sscanf(h->text, "parvis-store %*d kdf %15s salt %63s check %511s sum %79s", h->kdf,
                  h->salt, h->check, h->sum) == 4 &&
           h->text[h->len - 1] == '\n';
}

/* head_intact compares the file's sum with its lines. */
static bool head_intact(const struct head_text *h)
{
    struct hash stated, actual = keccak256_of(bytes_of(h->text, h->sum_at));
    return hex_decode(stated.b, sizeof stated.b, h->sum, strlen(h->sum)) == E_OK &&
           hash_eq(&stated, &actual) && h->len == h->sum_at + strlen("sum \n") + strlen(h->sum);
}

static enum err head_open_key(const struct head_text *h, const struct store_config *config,
                              struct seal *seal, struct diag *d)
{
    uint8_t salt[SEAL_SALT_BYTES], key[SEAL_KEY_BYTES];
    struct buf check = {0}, plain = {0};
    if (hex_decode(salt, sizeof salt, h->salt, strlen(h->salt)) != E_OK ||
        hex_decode_buf(&check, h->check, strlen(h->check)) != E_OK) {
        buf_free(&check);
        return E_CORRUPT;
    }
    enum err e = master_key(key, config, salt, d);
    if (e == E_OK) {
        seal_init(seal, key);
        explicit_bzero(key, sizeof key);
        e = seal_decrypt(seal, &plain, buf_view(&check), bytes_of(h->text, h->check_at));
        if (e != E_OK || !bytes_eq(buf_view(&plain), bytes_str(HEAD_CONSTANT))) {
            seal_wipe(seal);
            bool by_phrase = strcmp(h->kdf, "argon2id") == 0;
            e = diag_set(d, E_KEY,
                         by_phrase ? T("%s: this passphrase does not open the store (it was made "
                                       "with a passphrase)",
                                       "%s : cette phrase secrète n'ouvre pas la base (créée avec "
                                       "une phrase secrète)")
                                   : T("%s: this key does not open the store (it was made with a "
                                       "key file)",
                                       "%s : cette clé n'ouvre pas la base (créée avec un fichier "
                                       "de clé)"),
                         config->dir);
        }
    }
    buf_free(&check);
    buf_free(&plain);
    return e;
}

enum err head_read(const char *dir, const struct store_config *config, struct seal *seal,
                   struct diag *d)
{
    char path[4096];
    struct head_text h = {0};
    head_path(path, dir, "");
    TRY(head_load(&h, path, d));
    bool parsed = head_parse(&h);
    if (parsed && h.version != HEAD_VERSION)
        return diag_set(d, E_VERSION,
                        T("%s: store format %d, this program reads format %d",
                          "%s : format de base %d, ce programme lit le format %d"),
                        path, h.version, HEAD_VERSION);
    if (!parsed || !head_intact(&h))
        return diag_set(d, E_CORRUPT,
                        T("%s was altered; restore it from a backup",
                          "%s a été altéré ; restaurez-le depuis une sauvegarde"),
                        path);
    return head_open_key(&h, config, seal, d);
}
