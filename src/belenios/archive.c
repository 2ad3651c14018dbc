/* archive: the records of UUID.bel, written and read. */
#include "belenios/archive.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/lang.h"
#include "crypto/sha256.h"

#define BLOCK 512
#define NAME_BYTES 100
#define OCTAL_MAX ((UINT64_C(1) << 33) - 1) /* eleven octal digits */

/* Where a header's fields stand; all else is zero. Numbers are octal digits and a NUL. */
enum {
    AT_NAME = 0,
    AT_MODE = 100,
    AT_OWNER = 108,
    AT_GROUP = 116,
    AT_SIZE = 124,
    AT_TIME = 136,
    AT_CHECKSUM = 148,
    AT_KIND = 156,
};

static const char FIRST_NAME[] = "BELENIOS";

static size_t padding(uint64_t size)
{
    return (size_t)((BLOCK - size % BLOCK) % BLOCK);
}

static void make_header(uint8_t out[BLOCK], const char *name, uint64_t size, uint64_t timestamp_s)
{
    ASSERT(strlen(name) < NAME_BYTES && size <= OCTAL_MAX && timestamp_s <= OCTAL_MAX);
    char *h = (char *)out;
    memset(out, 0, BLOCK);
    memcpy(h + AT_NAME, name, strlen(name));
    memcpy(h + AT_MODE, "0000644", 7);
    memcpy(h + AT_OWNER, "0000000", 7);
    memcpy(h + AT_GROUP, "0000000", 7);
    snprintf(h + AT_SIZE, 12, "%011llo", (unsigned long long)size);
    snprintf(h + AT_TIME, 12, "%011llo", (unsigned long long)timestamp_s);
    memset(h + AT_CHECKSUM, ' ', 8);
    h[AT_KIND] = '0';
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += out[i];
    snprintf(h + AT_CHECKSUM, 7, "%06o", sum); /* its NUL, then the last of the eight spaces */
}

static void put_record(struct buf *out, const char *name, struct bytes body, uint64_t timestamp_s)
{
    make_header(buf_grow(out, BLOCK), name, body.len, timestamp_s);
    buf_put(out, body.data, body.len);
    size_t pad = padding(body.len);
    memset(buf_grow(out, pad), 0, pad);
}

static void record_name(char out[NAME_BYTES], const struct hash *h, bool is_event)
{
    hex_encode(out, h->b, sizeof h->b);
    memcpy(out + 2 * sizeof h->b, is_event ? ".event.json" : ".data.json", is_event ? 12 : 11);
}

static void first_body(struct buf *out, uint64_t timestamp_s, bool as_text)
{
    buf_putf(out,
             as_text ? "{\"version\":1,\"timestamp\":\"%llu\"}"
                     : "{\"version\":1,\"timestamp\":%llu}",
             (unsigned long long)timestamp_s);
}

/* --- writing -----------------------------------------------------------------------------------
 */

void bel_writer_begin(struct bel_writer *w, struct buf *out, uint64_t timestamp_s)
{
    *w = (struct bel_writer){.out = out, .timestamp_s = timestamp_s};
    struct buf body = {0};
    first_body(&body, timestamp_s, true);
    put_record(out, FIRST_NAME, buf_view(&body), timestamp_s);
    buf_free(&body);
}

static void put_hashed(struct bel_writer *w, struct bytes body, bool is_event,
                       struct hash *hash_out)
{
    char name[NAME_BYTES];
    sha256_once(hash_out, body.data, body.len);
    record_name(name, hash_out, is_event);
    put_record(w->out, name, body, w->timestamp_s);
}

void bel_writer_data(struct bel_writer *w, struct bytes body)
{
    struct hash h;
    put_hashed(w, body, false, &h);
}

void bel_writer_event(struct bel_writer *w, enum bel_event_type type, const struct hash *payload,
                      struct hash *hash_out)
{
    struct bel_event e = {.height = w->height,
                          .type = type,
                          .has_parent = w->height > 0,
                          .has_payload = payload != NULL,
                          .parent = w->last};
    if (payload)
        e.payload = *payload;
    struct buf json = {0};
    bel_event_write(&json, &e);
    put_hashed(w, buf_view(&json), true, &w->last);
    buf_free(&json);
    w->height++;
    if (hash_out)
        *hash_out = w->last;
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* A record's name and body as its header has them; *at moves behind it. */
struct raw {
    const char *name;
    struct bytes body;
    uint64_t offset;
};

__attribute__((format(printf, 3, 4))) static enum err refuse(struct diag *d, uint64_t offset,
                                                             const char *format, ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return diag_set(d, E_INVALID,
                    T("record at byte %llu: %s", "enregistrement à l'octet %llu : %s"),
                    (unsigned long long)offset, what);
}

static bool octal(uint64_t *out, const uint8_t *digits)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 11; i++) {
        if (digits[i] < '0' || digits[i] > '7')
            return false;
        v = v * 8 + (digits[i] - '0');
    }
    *out = v;
    return true;
}

/* A record's name as it may be shown: what is not plain text becomes '?'. */
struct shown {
    char text[NAME_BYTES + 1];
};

static struct shown shown(const char *name)
{
    struct shown s = {{0}};
    for (size_t i = 0; i < NAME_BYTES && name[i]; i++)
        s.text[i] = (char)(name[i] >= ' ' && name[i] <= '~' ? name[i] : '?');
    return s;
}

static enum err read_raw(struct raw *out, struct bytes file, uint64_t at, struct diag *d)
{
    uint64_t size, left = file.len - at;
    if (left < BLOCK)
        return refuse(d, at,
                      T("the file ends within a header (%llu bytes are left)",
                        "le fichier finit dans un en-tête (il reste %llu octets)"),
                      (unsigned long long)left);
    const uint8_t *h = file.data + at;
    if (h[0] == 0)
        return refuse(d, at,
                      T("an empty block: a Belenios archive has none at its end",
                        "un bloc vide : une archive Belenios n'en a pas à sa fin"));
    if (!memchr(h + AT_NAME, 0, NAME_BYTES) || !octal(&size, h + AT_SIZE))
        return refuse(
            d, at, T("the header has no name or no size", "l'en-tête n'a pas de nom ou de taille"));
    left -= BLOCK;
    if (size > left || padding(size) > left - size)
        return refuse(d, at,
                      T("the file ends before the %llu bytes of the body",
                        "le fichier finit avant les %llu octets du contenu"),
                      (unsigned long long)size);
    *out = (struct raw){(const char *)h, {h + BLOCK, (size_t)size}, at};
    for (size_t i = 0; i < padding(size); i++)
        if (h[BLOCK + size + i])
            return refuse(d, at,
                          T("something stands in the zeros after the body",
                            "quelque chose se trouve dans les zéros après le contenu"));
    return E_OK;
}

static enum err check_header(const struct raw *raw, const char *name, uint64_t timestamp_s,
                             struct diag *d)
{
    uint8_t header[BLOCK];
    make_header(header, name, raw->body.len, timestamp_s);
    for (size_t i = 0; i < BLOCK; i++)
        if (header[i] != (uint8_t)raw->name[i])
            return refuse(d, raw->offset,
                          T("byte %zu of the header is 0x%02x, an archive's has 0x%02x there",
                            "l'octet %zu de l'en-tête est 0x%02x, celui d'une archive y a 0x%02x"),
                          i, (uint8_t)raw->name[i], header[i]);
    return E_OK;
}

enum err bel_reader_begin(struct bel_reader *r, struct bytes file, struct diag *d)
{
    *r = (struct bel_reader){.file = file};
    struct raw raw;
    if (file.len < BLOCK || memcmp(file.data, FIRST_NAME, sizeof FIRST_NAME) != 0)
        return diag_set(d, E_INVALID,
                        T("not a Belenios archive: it does not begin with a record BELENIOS",
                          "pas une archive Belenios : elle ne commence pas par un enregistrement "
                          "BELENIOS"));
    TRY(read_raw(&raw, file, 0, d));
    struct json *j;
    enum err e = bel_link_parse(&j, raw.body, d);
    if (e != E_OK)
        return diag_wrap(d, E_INVALID, T("record BELENIOS: ", "enregistrement BELENIOS : "));
    uint64_t version = 0;
    bool known = json_u64(&version, json_get(j, "version")) == E_OK &&
                 json_u64(&r->timestamp_s, json_get(j, "timestamp")) == E_OK &&
                 r->timestamp_s <= OCTAL_MAX;
    json_free(j);
    if (known && version != 1)
        return diag_set(d, E_UNSUPPORTED,
                        T("an archive of version %llu: this program reads version 1",
                          "une archive de version %llu : ce programme lit la version 1"),
                        (unsigned long long)version);
    struct buf text = {0}, number = {0}; /* 3.x writes a string, 2.0 a number */
    if (known) {
        first_body(&text, r->timestamp_s, true);
        first_body(&number, r->timestamp_s, false);
        known = bytes_eq(raw.body, buf_view(&text)) || bytes_eq(raw.body, buf_view(&number));
    }
    buf_free(&text);
    buf_free(&number);
    if (!known)
        return refuse(d, 0,
                      T("the body is not {\"version\":1,\"timestamp\":\"seconds\"}",
                        "le contenu n'est pas {\"version\":1,\"timestamp\":\"secondes\"}"));
    TRY(check_header(&raw, FIRST_NAME, r->timestamp_s, d));
    r->at = BLOCK + raw.body.len + padding(raw.body.len);
    return E_OK;
}

enum err bel_reader_next(struct bel_reader *r, struct bel_record *out, struct diag *d)
{
    if (r->at == r->file.len)
        return E_NOT_FOUND;
    struct raw raw;
    TRY(read_raw(&raw, r->file, r->at, d));
    const char *dot = strchr(raw.name, '.');
    bool is_event = dot && strcmp(dot, ".event.json") == 0;
    if (!is_event && !(dot && strcmp(dot, ".data.json") == 0))
        return refuse(d, r->at,
                      T("%s is neither HASH.data.json nor HASH.event.json",
                        "%s n'est ni HACHAGE.data.json ni HACHAGE.event.json"),
                      shown(raw.name).text);
    struct hash h;
    char name[NAME_BYTES];
    sha256_once(&h, raw.body.data, raw.body.len);
    record_name(name, &h, is_event);
    if (strcmp(name, raw.name) != 0)
        return refuse(d, r->at,
                      T("the content does not have the hash in its name %s (it has %.64s)",
                        "le contenu n'a pas le hachage de son nom %s (il a %.64s)"),
                      shown(raw.name).text, name);
    TRY(check_header(&raw, name, r->timestamp_s, d));
    *out = (struct bel_record){.offset = r->at, .is_event = is_event, .hash = h, .body = raw.body};
    r->at += BLOCK + raw.body.len + padding(raw.body.len);
    return E_OK;
}
