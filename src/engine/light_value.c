/* light: the values of the engine's JSON. There is one way to write each, so that a document has no
 * loose parts. */
#include "engine/light_value.h"

#include <stdio.h>

#include "base/lang.h"

enum err value_bad(struct diag *d, const char *where)
{
    return diag_set(d, E_JSON,
                    T("%s: missing, unknown or malformed", "%s : absent, inconnu ou mal formé"),
                    where);
}

/* j is an object of these members (space-separated) and no other; those after '?' may be missing.
 */
enum err value_only(const struct json *j, const char *members, struct diag *d)
{
    if (!json_is_object(j))
        return value_bad(d, members);
    for (const struct json *m = json_first(j); m; m = json_next(m)) {
        const char *key = json_key(m), *at = members;
        size_t len = strlen(key);
        while ((at = strstr(at, key)) &&
               !((at == members || at[-1] == ' ' || at[-1] == '?') && (!at[len] || at[len] == ' ')))
            at++;
        if (!at || !len || strpbrk(key, " ?"))
            return value_bad(d, key);
    }
    char name[64];
    for (const char *p = members; *p && *p != '?';) {
        size_t len = strcspn(p, " ");
        snprintf(name, sizeof name, "%.*s", (int)len, p);
        if (!json_get(j, name))
            return value_bad(d, name);
        p += len + (p[len] == ' ');
    }
    return E_OK;
}

/* Decimal without leading zeros, in a string: the engine's form of 64-bit integers. */
enum err value_number(uint64_t *out, const struct json *j, const char *name, uint64_t max,
                      struct diag *d)
{
    const char *text = json_text(json_get(j, name));
    uint64_t v = 0;
    if (!text || !*text || (text[0] == '0' && text[1]))
        return value_bad(d, name);
    for (; *text; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
            __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
            return value_bad(d, name);
    if (v > max)
        return value_bad(d, name);
    *out = v;
    return E_OK;
}

/* A JSON integer: the engine's form of smaller ones. */
enum err value_small(uint32_t *out, const struct json *j, const char *name, struct diag *d)
{
    uint64_t v;
    const struct json *m = json_get(j, name);
    if (!json_is_number(m) || json_u64(&v, m) != E_OK || v > INT32_MAX)
        return value_bad(d, name);
    *out = (uint32_t)v;
    return E_OK;
}

static bool is_upper_hex(const char *text)
{
    return strspn(text, "0123456789ABCDEF") == strlen(text);
}

/* Hexadecimal in capitals: min to max bytes. */
enum err value_hex(struct bytes *out, struct arena *a, const struct json *j, const char *name,
                   size_t min, size_t max, struct diag *d)
{
    const char *text = json_text(json_get(j, name));
    if (!text || !is_upper_hex(text) || strlen(text) % 2 || strlen(text) / 2 < min ||
        strlen(text) / 2 > max)
        return value_bad(d, name);
    size_t len = strlen(text) / 2;
    uint8_t *b = arena_alloc(a, len + 1);
    if (hex_decode(b, len, text, 2 * len) != E_OK)
        return value_bad(d, name);
    *out = bytes_of(b, len);
    return E_OK;
}

/* 32 bytes, or none. */
enum err value_hash(struct bytes *out, struct arena *a, const struct json *j, const char *name,
                    struct diag *d)
{
    TRY(value_hex(out, a, j, name, 0, 32, d));
    return out->len == 0 || out->len == 32 ? E_OK : value_bad(d, name);
}

enum err value_whole_hash(struct bytes *out, struct arena *a, const struct json *j,
                          const char *name, struct diag *d)
{
    return value_hex(out, a, j, name, 32, 32, d);
}

enum err value_20(uint8_t out20[20], const struct json *j, const char *name, struct diag *d)
{
    const char *text = json_text(json_get(j, name));
    if (!text || !is_upper_hex(text) || hex_decode(out20, 20, text, strlen(text)) != E_OK)
        return value_bad(d, name);
    return E_OK;
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648 sec. 4 with padding; unused bits must be zero. */
enum err value_base64(uint8_t *out, size_t len, const struct json *j, const char *name,
                      struct diag *d)
{
    const char *text = json_text(json_get(j, name));
    size_t pad = (3 - len % 3) % 3, digits = (len + 2) / 3 * 4 - pad, at = 0;
    if (!text || strlen(text) != digits + pad || strspn(text + digits, "=") != pad)
        return value_bad(d, name);
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *digit = text[i] == 0 ? NULL : strchr(BASE64, text[i]);
        if (!digit)
            return value_bad(d, name);
        bits = bits << 6 | (uint32_t)(digit - BASE64);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[at++] = (uint8_t)(bits >> count);
            bits &= (1u << count) - 1;
        }
    }
    return bits == 0 && at == len ? E_OK : value_bad(d, name);
}

void value_put_base64(struct buf *out, const uint8_t *data, size_t len)
{
    char text[128];
    size_t n = 0;
    ASSERT(len <= 64);
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)data[i] << 16;
        if (i + 1 < len)
            bits |= (uint32_t)data[i + 1] << 8;
        if (i + 2 < len)
            bits |= data[i + 2];
        text[n++] = BASE64[bits >> 18];
        text[n++] = BASE64[bits >> 12 & 63];
        text[n++] = i + 1 < len ? BASE64[bits >> 6 & 63] : '=';
        text[n++] = i + 2 < len ? BASE64[bits & 63] : '=';
    }
    json_put_text(out, text, n);
}

void value_put_hex(struct buf *out, struct bytes b)
{
    struct buf text = {0};
    for (size_t i = 0; i < b.len; i++)
        buf_putf(&text, "%02X", b.data[i]);
    json_put_string(out, buf_cstr(&text));
    buf_free(&text);
}

void value_put_number(struct buf *out, uint64_t v)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    json_put_string(out, text);
}

/* --- times
 * ---------------------------------------------------------------------------------------- */

/* Days since 1970-01-01 of the proleptic Gregorian calendar, and back. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = year / 400, yoe = year - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void date_of(int64_t days, unsigned out[3])
{
    int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    out[2] = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    out[1] = (unsigned)(mp + (mp < 10 ? 3 : -9));
    out[0] = (unsigned)(yoe + era * 400 + (out[1] <= 2));
}

static bool digits(const char *text, size_t count, unsigned *out)
{
    unsigned v = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        v = v * 10 + (unsigned)(text[i] - '0');
    }
    *out = v;
    return true;
}

enum err light_read_time(struct light_time *out, const char *text)
{
    unsigned f[6], ns = 0, back[3];
    if (!text || strlen(text) < 20 || !digits(text, 4, &f[0]) || text[4] != '-' ||
        !digits(text + 5, 2, &f[1]) || text[7] != '-' || !digits(text + 8, 2, &f[2]) ||
        text[10] != 'T' || !digits(text + 11, 2, &f[3]) || text[13] != ':' ||
        !digits(text + 14, 2, &f[4]) || text[16] != ':' || !digits(text + 17, 2, &f[5]))
        return E_JSON;
    const char *end = text + 19;
    if (*end == '.') { /* as few digits as are needed */
        size_t count = strspn(end + 1, "0123456789");
        if (count == 0 || count > 9 || end[count] == '0' || !digits(end + 1, count, &ns))
            return E_JSON;
        for (size_t i = count; i < 9; i++)
            ns *= 10;
        end += 1 + count;
    }
    if (strcmp(end, "Z") != 0 || f[0] < 1970 || f[1] < 1 || f[1] > 12 || f[2] < 1 || f[3] > 23 ||
        f[4] > 59 || f[5] > 59)
        return E_JSON;
    int64_t days = days_of(f[0], f[1], f[2]);
    date_of(days, back); /* 30 February is another day */
    if (back[0] != f[0] || back[1] != f[1] || back[2] != f[2])
        return E_JSON;
    *out = (struct light_time){days * 86400 + f[3] * 3600 + f[4] * 60 + f[5], ns};
    return E_OK;
}

void light_put_time(struct buf *out, struct light_time t)
{
    char text[40];
    unsigned date[3], s = (unsigned)(t.s % 86400);
    date_of(t.s / 86400, date);
    int n = snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02u", date[0], date[1], date[2],
                     s / 3600, s / 60 % 60, s % 60);
    if (t.ns) {
        n += snprintf(text + n, sizeof text - (size_t)n, ".%09u", t.ns);
        while (text[n - 1] == '0')
            n--;
    }
    text[n++] = 'Z';
    json_put_text(out, text, (size_t)n);
}

enum err value_time(struct light_time *out, const struct json *j, const char *name, struct diag *d)
{
    return light_read_time(out, json_text(json_get(j, name))) == E_OK ? E_OK : value_bad(d, name);
}
