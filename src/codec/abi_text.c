/* Values from what a person types, and to JSON. */
#include "base/lang.h"
#include "codec/abi_internal.h"
#include "codec/json.h"

struct reader {
    const char *start, *p;
    struct arena *arena;
    struct diag *diag;
};

static enum err fail(const struct reader *r, const struct abi_type *type, const char *what)
{
    return diag_set(r->diag, E_ABI, T("character %zu: %s (%s)", "caractère %zu : %s (%s)"),
                    (size_t)(r->p - r->start) + 1, what, abi_type_text(r->arena, type));
}

static void skip_space(struct reader *r)
{
    while (*r->p && strchr(" \t\r\n", *r->p))
        r->p++;
}

static bool take(struct reader *r, char c)
{
    skip_space(r);
    if (*r->p != c)
        return false;
    r->p++;
    return true;
}

/* Reads a JSON string, quotes included, with JSON's own rules. */
static enum err read_quoted(struct reader *r, const struct abi_type *type, const char **out)
{
    const char *end = r->p + 1;
    while (*end && *end != '"')
        end += *end == '\\' && end[1] ? 2 : 1;
    struct json *j;
    if (!*end || json_parse(&j, bytes_of(r->p, (size_t)(end + 1 - r->p)), NULL) != E_OK)
        return fail(r, type, T("not a string", "pas une chaîne"));
    *out = arena_strdup(r->arena, json_text(j));
    json_free(j);
    r->p = end + 1;
    return E_OK;
}

/* A number, address, hexadecimal or truth value, with or without quotes. */
static enum err read_token(struct reader *r, const struct abi_type *type, const char **out)
{
    skip_space(r);
    if (*r->p == '"')
        return read_quoted(r, type, out);
    size_t len = strcspn(r->p, " \t\r\n,[]{}:\"");
    char *copy = arena_alloc(r->arena, len + 1);
    memcpy(copy, r->p, len);
    copy[len] = 0;
    *out = copy;
    r->p += len;
    return E_OK;
}

static struct u256 negate(struct u256 v)
{
    struct u256 out;
    u256_sub(&out, U256_ZERO, v);
    return out;
}

static enum err integer_of(struct u256 *out, const struct abi_type *type, const char *text)
{
    bool negative = type->kind == ABI_INT && *text == '-';
    struct u256 v;
    if (u256_parse(&v, text + negative) != E_OK)
        return E_ABI;
    /* two's complement has one more number below zero: -v fits where v - 1 does */
    struct u256 magnitude = v;
    if (negative && !u256_is_zero(v))
        u256_sub(&magnitude, v, u256_from_u64(1));
    if (u256_bit_len(magnitude) > type->bits - (type->kind == ABI_INT))
        return E_ABI;
    *out = negative ? negate(v) : v;
    return E_OK;
}

static enum err word_of(struct u256 *out, const struct abi_type *type, const char *text)
{
    uint8_t be[ABI_WORD] = {0};
    struct address address;
    switch (type->kind) {
    case ABI_UINT:
    case ABI_INT:
        return integer_of(out, type, text);
    case ABI_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return E_ABI;
        *out = u256_from_u64(text[0] == 't');
        return E_OK;
    case ABI_ADDRESS:
        if (address_from_hex(&address, text) != E_OK)
            return E_ABI;
        *out = abi_address(&address).word;
        return E_OK;
    default: /* bytesN */
        if (hex_decode(be, type->size, text, strlen(text)) != E_OK)
            return E_ABI;
        *out = u256_from_be(be);
        return E_OK;
    }
}

static enum err read_bytes(struct reader *r, struct bytes *out, const struct abi_type *type)
{
    const char *text;
    struct buf b = {0};
    TRY(read_token(r, type, &text));
    if (strncmp(text, "0x", 2) != 0 || hex_decode_buf(&b, text, strlen(text)) != E_OK) {
        buf_free(&b);
        return fail(r, type,
                    T("0x and an even number of hexadecimal digits are expected",
                      "0x et un nombre pair de chiffres hexadécimaux sont attendus"));
    }
    *out = bytes_of(arena_dup(r->arena, b.data, b.len), b.len);
    buf_free(&b);
    return E_OK;
}

static enum err read_value(struct reader *r, struct abi_value *out, const struct abi_type *type);

/* "[v, v, ...]" for arrays and, by position, for tuples. */
static enum err read_list(struct reader *r, struct abi_value *out, const struct abi_type *type)
{
    bool any_count = type->kind == ABI_ARRAY;
    struct buf items = {0};
    size_t count = 0;
    enum err e = E_OK;
    if (!take(r, '['))
        return fail(r, type, T("\"[\" is expected", "« [ » est attendu"));
    if (!take(r, ']')) {
        do {
            struct abi_value v = {0};
            if (!any_count && count == type->size)
                e = fail(r, type, T("too many values", "trop de valeurs"));
            else
                e = read_value(r, &v, abi_member(type, count));
            if (e != E_OK)
                break;
            buf_put(&items, &v, sizeof v);
            count++;
        } while (take(r, ','));
        if (e == E_OK && !take(r, ']'))
            e = fail(r, type, T("\",\" or \"]\" is expected", "« , » ou « ] » est attendu"));
    }
    if (e == E_OK && !any_count && count != type->size)
        e = fail(r, type, T("too few values", "trop peu de valeurs"));
    if (e == E_OK) {
        out->item = arena_dup(r->arena, items.data, items.len);
        out->count = count;
    }
    buf_free(&items);
    return e;
}

static size_t find_member(const struct abi_type *type, const char *name)
{
    size_t i = 0;
    while (i < type->size && (!*name || strcmp(type->item[i].name, name) != 0))
        i++;
    return i;
}

/* "{name: v, ...}" for a tuple with names: each exactly once, in any order. */
static enum err read_object(struct reader *r, struct abi_value *out, const struct abi_type *type)
{
    bool *seen = arena_zalloc(r->arena, type->size, sizeof *seen);
    out->item = arena_zalloc(r->arena, type->size, sizeof *out->item);
    out->count = type->size;
    size_t count = 0;
    take(r, '{');
    if (!take(r, '}')) {
        do {
            const char *name;
            TRY(read_token(r, type, &name));
            size_t i = find_member(type, name);
            if (i == type->size || seen[i])
                return fail(r, type, T("unknown or repeated member", "membre inconnu ou répété"));
            if (!take(r, ':'))
                return fail(r, type, T("\":\" is expected", "« : » est attendu"));
            TRY(read_value(r, &out->item[i], &type->item[i]));
            seen[i] = true;
            count++;
        } while (take(r, ','));
        if (!take(r, '}'))
            return fail(r, type, T("\",\" or \"}\" is expected", "« , » ou « } » est attendu"));
    }
    return count == type->size ? E_OK
                               : fail(r, type, T("a member is missing", "il manque un membre"));
}

static enum err read_value(struct reader *r, struct abi_value *out, const struct abi_type *type)
{
    const char *text;
    skip_space(r);
    switch (type->kind) {
    case ABI_ARRAY:
    case ABI_FIXED_ARRAY:
        return read_list(r, out, type);
    case ABI_TUPLE:
        return *r->p == '{' ? read_object(r, out, type) : read_list(r, out, type);
    case ABI_BYTES:
        return read_bytes(r, &out->bytes, type);
    case ABI_STRING:
        if (*r->p != '"')
            return fail(
                r, type,
                T("a string in quotes is expected", "une chaîne entre guillemets est attendue"));
        TRY(read_quoted(r, type, &text));
        out->bytes = bytes_str(text);
        return E_OK;
    case ABI_UINT:
    case ABI_INT:
    case ABI_ADDRESS:
    case ABI_BOOL:
    case ABI_FIXED_BYTES:
        break;
    }
    const char *from = r->p;
    TRY(read_token(r, type, &text));
    if (word_of(&out->word, type, text) != E_OK) {
        r->p = from;
        return fail(r, type, T("not a value of this type", "pas une valeur de ce type"));
    }
    return E_OK;
}

enum err abi_value_from_text(struct abi_value *out, struct arena *a, const struct abi_type *type,
                             const char *text, struct diag *d)
{
    struct reader r = {text, text, a, d};
    struct abi_value v = {0};
    skip_space(&r);
    if (type->kind == ABI_STRING && *r.p != '"') {
        *out = abi_bytes(bytes_str(arena_strdup(a, text))); /* a whole argument needs no quotes */
        return E_OK;
    }
    TRY(read_value(&r, &v, type));
    skip_space(&r);
    if (*r.p)
        return fail(&r, type, T("something follows the value", "quelque chose suit la valeur"));
    *out = v;
    return E_OK;
}

/* ---- to JSON ---- */

static void put_integer(struct buf *out, const struct abi_type *type, struct u256 w)
{
    char text[80];
    bool negative = type->kind == ABI_INT && w.w[3] >> 63;
    text[0] = '-';
    u256_dec(text + 1, negative ? negate(w) : w);
    const char *number = negative ? text : text + 1;
    if (type->bits <= 53)
        json_put_raw(out, number);
    else
        json_put_string(out, number);
}

static bool all_named(const struct abi_type *type)
{
    for (size_t i = 0; i < type->size; i++)
        if (!*type->item[i].name)
            return false;
    return type->size > 0;
}

static void put_members(struct buf *out, const struct abi_type *type, const struct abi_value *v)
{
    bool named = type->kind == ABI_TUPLE && all_named(type);
    json_open(out, named ? '{' : '[');
    for (size_t i = 0; i < v->count; i++) {
        const struct abi_type *member = abi_member(type, i);
        if (named)
            json_put_key(out, member->name);
        abi_value_to_json(out, member, &v->item[i]);
    }
    json_close(out, named ? '}' : ']');
}

void abi_value_to_json(struct buf *out, const struct abi_type *type, const struct abi_value *v)
{
    uint8_t be[ABI_WORD];
    u256_to_be(be, v->word);
    switch (type->kind) {
    case ABI_UINT:
    case ABI_INT:
        put_integer(out, type, v->word);
        break;
    case ABI_BOOL:
        json_put_bool(out, !u256_is_zero(v->word));
        break;
    case ABI_ADDRESS:
        json_put_data(out, be + 12, 20);
        break;
    case ABI_FIXED_BYTES:
        json_put_data(out, be, type->size);
        break;
    case ABI_BYTES:
        json_put_data(out, v->bytes.data, v->bytes.len);
        break;
    case ABI_STRING:
        json_put_text(out, (const char *)v->bytes.data, v->bytes.len);
        break;
    case ABI_ARRAY:
    case ABI_FIXED_ARRAY:
    case ABI_TUPLE:
        put_members(out, type, v);
        break;
    }
}
