/* organiser: see organiser.h. */
#include "gateway/files/organiser.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/json.h"
#include "crypto/ecdsa.h"
#include "crypto/keccak.h"
#include "crypto/seal.h"

static const char MAGIC[] = "parvis-organiser-1\n";
#define MAGIC_BYTES (sizeof MAGIC - 1)
#define HEADER_BYTES (MAGIC_BYTES + SEAL_SALT_BYTES)
#define FILE_BYTES_MAX (64u << 20)

static void make_pseudonym(struct organiser_entry *e)
{
    struct keccak k;
    const char *name = e->prm[0] ? e->prm : e->id;
    keccak_init(&k);
    keccak_update(&k, e->salt, sizeof e->salt);
    keccak_update(&k, name, strlen(name));
    keccak_final(&k, &e->pseudonym);
}

void organiser_from_district(struct organiser *o, const struct district *op)
{
    *o = (struct organiser){.party = op->organiser};
    snprintf(o->operation_name, sizeof o->operation_name, "%s", op->name);
    ecdsa_key_generate(o->key32);
    o->count = op->consumers + op->producers;
    o->entry = mem_zalloc(o->count, sizeof *o->entry);
    for (size_t i = 0; i < o->count; i++) {
        const struct district_point *p =
            i < op->consumers ? &op->consumer[i] : &op->producer[i - op->consumers];
        struct organiser_entry *e = &o->entry[i];
        memcpy(e->id, p->id, sizeof e->id);
        memcpy(e->prm, p->prm, sizeof e->prm);
        e->holder = p->holder;
        e->is_producer = p->is_producer;
        random_bytes(e->salt, sizeof e->salt);
        ecdsa_key_generate(e->key32);
        make_pseudonym(e);
    }
}

/* --- the sealed record, JSON inside ----------------------------------------------------------- */

static void put_text(struct buf *b, const char *name, const char *text)
{
    json_put_key(b, name);
    json_put_string(b, text);
}

static void put_party(struct buf *b, const struct district_party *p)
{
    put_text(b, "name", p->name);
    put_text(b, "address", p->address);
    put_text(b, "siret", p->siret);
    put_text(b, "vatNumber", p->vat_number);
}

static void put_bytes(struct buf *b, const char *name, const uint8_t *data, size_t len)
{
    json_put_key(b, name);
    json_put_data(b, data, len);
}

static void write_record(struct buf *b, const struct organiser *o)
{
    json_open(b, '{');
    put_text(b, "operationName", o->operation_name);
    put_party(b, &o->party);
    put_bytes(b, "key", o->key32, 32);
    if (o->has_operation) {
        json_put_key(b, "chainId");
        json_put_u64(b, o->chain_id);
        json_put_key(b, "operation");
        json_put_u64(b, o->operation);
    }
    json_put_key(b, "points");
    json_open(b, '[');
    for (size_t i = 0; i < o->count; i++) {
        const struct organiser_entry *e = &o->entry[i];
        json_open(b, '{');
        put_text(b, "id", e->id);
        put_text(b, "prm", e->prm);
        put_party(b, &e->holder);
        json_put_key(b, "producer");
        json_put_bool(b, e->is_producer);
        json_put_key(b, "erased");
        json_put_bool(b, e->erased);
        put_bytes(b, "salt", e->salt, 32);
        put_bytes(b, "key", e->key32, 32);
        put_bytes(b, "pseudonym", e->pseudonym.b, 32);
        json_close(b, '}');
    }
    json_close(b, ']');
    json_close(b, '}');
}

static bool get_text(const struct json *j, const char *name, char *out, size_t size)
{
    const char *text = json_text(json_get(j, name));
    if (!text || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool get_party(const struct json *j, struct district_party *p)
{
    return get_text(j, "name", p->name, sizeof p->name) &&
           get_text(j, "address", p->address, sizeof p->address) &&
           get_text(j, "siret", p->siret, sizeof p->siret) &&
           get_text(j, "vatNumber", p->vat_number, sizeof p->vat_number);
}

static bool get_bytes32(const struct json *j, const char *name, uint8_t out[32])
{
    const char *text = json_text(json_get(j, name));
    return text && hex_decode(out, 32, text, strlen(text)) == E_OK;
}

static bool read_record(struct organiser *o, const struct json *j)
{
    const struct json *points = json_get(j, "points");
    bool ok = get_text(j, "operationName", o->operation_name, sizeof o->operation_name) &&
              get_party(j, &o->party) && get_bytes32(j, "key", o->key32) && json_is_array(points);
    if (!ok)
        return false;
    o->has_operation = json_get(j, "operation") != NULL;
    if (o->has_operation && (json_u64(&o->operation, json_get(j, "operation")) != E_OK ||
                             json_u64(&o->chain_id, json_get(j, "chainId")) != E_OK))
        return false;
    o->entry = mem_zalloc(json_count(points) + 1, sizeof *o->entry);
    for (const struct json *p = json_first(points); p; p = json_next(p)) {
        struct organiser_entry *e = &o->entry[o->count++];
        e->is_producer = json_true(json_get(p, "producer"));
        e->erased = json_true(json_get(p, "erased"));
        if (!get_text(p, "id", e->id, sizeof e->id) || !get_text(p, "prm", e->prm, sizeof e->prm) ||
            !get_party(p, &e->holder) || !get_bytes32(p, "salt", e->salt) ||
            !get_bytes32(p, "key", e->key32) || !get_bytes32(p, "pseudonym", e->pseudonym.b))
            return false;
    }
    return true;
}

/* --- the file --------------------------------------------------------------------------------- */

static enum err open_seal(struct seal *s, struct organiser_secret secret, const uint8_t *salt)
{
    uint8_t key[SEAL_KEY_BYTES];
    if (secret.key32)
        memcpy(key, secret.key32, sizeof key);
    else
        TRY(seal_key_from_passphrase(key, secret.passphrase ? secret.passphrase : "", salt));
    seal_init(s, key);
    explicit_bzero(key, sizeof key);
    return E_OK;
}

static enum err read_file(struct buf *out, const char *path, struct diag *d)
{
    uint8_t chunk[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f)
        return diag_os(d, errno == ENOENT ? E_NOT_FOUND : E_IO, path, errno);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0 && out->len <= FILE_BYTES_MAX)
        buf_put(out, chunk, n);
    bool bad = ferror(f) != 0;
    fclose(f);
    return bad ? diag_os(d, E_IO, path, errno) : E_OK;
}

enum err organiser_load(struct organiser *o, const char *path, struct organiser_secret secret,
                        struct diag *d)
{
    struct buf file = {0}, plain = {0};
    struct seal s;
    struct json *j = NULL;
    *o = (struct organiser){0};
    enum err e = read_file(&file, path, d);
    if (e == E_OK && (file.len < HEADER_BYTES || memcmp(file.data, MAGIC, MAGIC_BYTES) != 0))
        e = diag_set(d, E_VERSION,
                     T("%s: not an organiser's file", "%s : pas un fichier d'organisateur"), path);
    if (e == E_OK)
        e = open_seal(&s, secret, file.data + MAGIC_BYTES);
    if (e == E_OK) {
        struct bytes sealed = bytes_of(file.data + HEADER_BYTES, file.len - HEADER_BYTES);
        if (seal_decrypt(&s, &plain, sealed, bytes_of(file.data, HEADER_BYTES)) != E_OK ||
            json_parse(&j, buf_view(&plain), NULL) != E_OK || !read_record(o, j))
            e = diag_set(d, E_KEY,
                         T("%s: wrong key or passphrase, or a damaged file",
                           "%s : clé ou phrase incorrecte, ou fichier altéré"),
                         path);
        seal_wipe(&s);
    }
    json_free(j);
    if (plain.data)
        explicit_bzero(plain.data, plain.cap);
    buf_free(&plain);
    buf_free(&file);
    if (e != E_OK)
        organiser_free(o);
    return e;
}

/* Writes beside the file and renames, so that a cut never leaves half of it. */
static enum err replace_file(const char *path, struct bytes content, struct diag *d)
{
    char temporary[4200];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return diag_os(d, E_IO, temporary, errno);
    bool ok = true;
    for (size_t at = 0; ok && at < content.len;) {
        ssize_t n = write(fd, content.data + at, content.len - at);
        ok = n > 0 || (n < 0 && errno == EINTR);
        at += n > 0 ? (size_t)n : 0;
    }
    ok = ok && fsync(fd) == 0;
    int why = errno;
    ok = close(fd) == 0 && ok;
    if (ok && rename(temporary, path) == 0)
        return E_OK;
    why = ok ? errno : why;
    unlink(temporary);
    return diag_os(d, why == ENOSPC ? E_DISK_FULL : E_IO, path, why);
}

enum err organiser_save(const struct organiser *o, const char *path, struct organiser_secret secret,
                        struct diag *d)
{
    struct seal s;
    struct buf plain = {0}, file = {0};
    uint8_t salt[SEAL_SALT_BYTES];
    random_bytes(salt, sizeof salt);
    enum err e = open_seal(&s, secret, salt);
    if (e != E_OK)
        return diag_set(d, e, T("%s: an empty passphrase", "%s : phrase secrète vide"), path);
    write_record(&plain, o);
    buf_put(&file, MAGIC, MAGIC_BYTES);
    buf_put(&file, salt, sizeof salt);
    uint8_t header[HEADER_BYTES];
    memcpy(header, file.data, HEADER_BYTES);
    seal_encrypt(&s, &file, buf_view(&plain), bytes_of(header, sizeof header));
    seal_wipe(&s);
    explicit_bzero(plain.data, plain.cap);
    buf_free(&plain);
    e = replace_file(path, buf_view(&file), d);
    buf_free(&file);
    return e;
}

enum err organiser_erase(struct organiser *o, const char *id)
{
    struct organiser_entry *e = organiser_by_id(o, id);
    if (!e)
        return E_NOT_FOUND;
    struct hash pseudonym = e->pseudonym;
    bool is_producer = e->is_producer;
    explicit_bzero(e, sizeof *e);
    e->pseudonym = pseudonym;
    e->is_producer = is_producer;
    e->erased = true;
    return E_OK;
}

struct organiser_entry *organiser_by_pseudonym(struct organiser *o, const struct hash *pseudonym)
{
    for (size_t i = 0; i < o->count; i++)
        if (hash_eq(&o->entry[i].pseudonym, pseudonym))
            return &o->entry[i];
    return NULL;
}

struct organiser_entry *organiser_by_id(struct organiser *o, const char *id)
{
    for (size_t i = 0; i < o->count; i++)
        if (!o->entry[i].erased && strcmp(o->entry[i].id, id) == 0)
            return &o->entry[i];
    return NULL;
}

void organiser_free(struct organiser *o)
{
    if (o->entry)
        explicit_bzero(o->entry, o->count * sizeof *o->entry);
    mem_free(o->entry);
    explicit_bzero(o, sizeof *o);
}
