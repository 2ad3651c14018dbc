/* Solidity's words for types, functions, events and errors. */
#include "codec/abi_internal.h"
#include "crypto/keccak.h"

/* The text is split into tokens: a word, or one character of "()[],;". */
struct parser {
    const char *p;
    struct arena *arena;
    unsigned depth;
};

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$';
}

static void skip_space(struct parser *s)
{
    while (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')
        s->p++;
}

static bool take(struct parser *s, char c)
{
    skip_space(s);
    if (*s->p != c)
        return false;
    s->p++;
    return true;
}

/* The word that comes next, without taking it; len 0 if none does. */
static struct bytes peek_word(struct parser *s)
{
    skip_space(s);
    size_t len = 0;
    while (is_word_char(s->p[len]))
        len++;
    return bytes_of(s->p, len);
}

static bool take_word(struct parser *s, const char *word)
{
    struct bytes w = peek_word(s);
    if (!bytes_eq(w, bytes_str(word)))
        return false;
    s->p += w.len;
    return true;
}

static const char *keep_text(struct parser *s, struct bytes text)
{
    char *copy = arena_alloc(s->arena, text.len + 1);
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    return copy;
}

/* An identifier, or "" where it is left out. */
static enum err parse_name(struct parser *s, const char **out)
{
    struct bytes w = peek_word(s);
    if (w.len > 0 && w.data[0] >= '0' && w.data[0] <= '9')
        return E_ABI;
    s->p += w.len;
    *out = keep_text(s, w);
    return E_OK;
}

/* Decimal digits without a leading zero, 1..max. */
static bool read_count(struct bytes digits, size_t max, size_t *out)
{
    if (digits.len == 0 || digits.len > 9 || digits.data[0] == '0')
        return false;
    size_t v = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        v = v * 10 + (digits.data[i] - '0');
    }
    *out = v;
    return v <= max;
}

/* "uint", "uint8" .. "uint256" and the same for int. prefix_len says how long the word's name is.
 */
static enum err parse_integer(struct abi_type *out, struct bytes word, size_t prefix_len)
{
    size_t bits = 256;
    struct bytes digits = bytes_of(word.data + prefix_len, word.len - prefix_len);
    if (digits.len > 0 && (!read_count(digits, 256, &bits) || bits % 8 != 0))
        return E_ABI;
    out->bits = (unsigned)bits;
    return E_OK;
}

static bool starts_with(struct bytes word, const char *prefix)
{
    size_t len = strlen(prefix);
    return word.len >= len && memcmp(word.data, prefix, len) == 0;
}

static enum err parse_elementary(struct parser *s, struct abi_type *out)
{
    struct bytes word = peek_word(s);
    s->p += word.len;
    if (starts_with(word, "uint")) {
        out->kind = ABI_UINT;
        return parse_integer(out, word, 4);
    }
    if (starts_with(word, "int")) {
        out->kind = ABI_INT;
        return parse_integer(out, word, 3);
    }
    if (bytes_eq(word, bytes_str("address"))) {
        out->kind = ABI_ADDRESS;
        take_word(s, "payable");
    } else if (bytes_eq(word, bytes_str("bool"))) {
        out->kind = ABI_BOOL;
    } else if (bytes_eq(word, bytes_str("string"))) {
        out->kind = ABI_STRING;
        out->dynamic = true;
    } else if (bytes_eq(word, bytes_str("bytes"))) {
        out->kind = ABI_BYTES;
        out->dynamic = true;
    } else if (starts_with(word, "bytes")) {
        out->kind = ABI_FIXED_BYTES;
        return read_count(bytes_of(word.data + 5, word.len - 5), 32, &out->size) ? E_OK : E_ABI;
    } else {
        return E_ABI;
    }
    return E_OK;
}

static enum err parse_members(struct parser *s, struct abi_type *out, bool event);

/* A type where only its brackets are missing. */
static enum err parse_base_type(struct parser *s, struct abi_type *out)
{
    take_word(s, "tuple"); /* as some tools write it; a word "tuple" alone is no type and fails */
    skip_space(s);
    if (*s->p != '(')
        return parse_elementary(s, out);
    if (++s->depth > ABI_TYPE_DEPTH)
        return E_ABI;
    TRY(parse_members(s, out, false));
    s->depth--;
    /* an element of no size would allow 2^60 of them in an empty input */
    return out->size > 0 ? E_OK : E_ABI;
}

static enum err wrap_in_array(struct parser *s, struct abi_type *type)
{
    struct abi_type array = {.kind = ABI_ARRAY, .dynamic = true, .name = ""};
    struct bytes digits = peek_word(s);
    if (digits.len > 0) {
        if (!read_count(digits, ABI_HEAD_BYTES / ABI_WORD, &array.size))
            return E_ABI;
        s->p += digits.len;
        array.kind = ABI_FIXED_ARRAY;
        array.dynamic = type->dynamic;
        if (array.size > ABI_HEAD_BYTES / abi_head_bytes(type))
            return E_ABI;
    }
    if (!take(s, ']'))
        return E_ABI;
    array.item = arena_dup(s->arena, type, sizeof *type);
    *type = array;
    return E_OK;
}

static enum err parse_type(struct parser *s, struct abi_type *out)
{
    *out = (struct abi_type){.name = ""};
    TRY(parse_base_type(s, out));
    unsigned depth = s->depth;
    while (take(s, '[')) {
        if (++s->depth > ABI_TYPE_DEPTH)
            return E_ABI;
        TRY(wrap_in_array(s, out));
    }
    s->depth = depth;
    return E_OK;
}

/* A type with what may follow it in a list of parameters: "indexed", a data location, a name. */
static enum err parse_parameter(struct parser *s, struct abi_type *out, bool event)
{
    TRY(parse_type(s, out));
    if (event)
        out->indexed = take_word(s, "indexed");
    else if (!take_word(s, "memory") && !take_word(s, "calldata"))
        take_word(s, "storage");
    return parse_name(s, &out->name);
}

static bool name_is_taken(const struct abi_type *members, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (*name && strcmp(members[i].name, name) == 0)
            return true;
    return false;
}

/* "(type name, type name)" into a tuple. */
static enum err parse_members(struct parser *s, struct abi_type *out, bool event)
{
    *out = (struct abi_type){.kind = ABI_TUPLE, .name = ""};
    struct buf members = {0};
    enum err e = take(s, '(') ? E_OK : E_ABI;
    size_t head_bytes = 0;
    if (e == E_OK && !take(s, ')')) {
        do {
            struct abi_type m;
            e = out->size == ABI_TUPLE_MEMBERS ? E_ABI : parse_parameter(s, &m, event);
            if (e == E_OK && name_is_taken((const void *)members.data, out->size, m.name))
                e = E_ABI;
            if (e != E_OK)
                break;
            buf_put(&members, &m, sizeof m);
            out->size++;
            out->dynamic = out->dynamic || m.dynamic;
            head_bytes += abi_head_bytes(&m);
        } while (take(s, ','));
        if (e == E_OK && (!take(s, ')') || head_bytes > ABI_HEAD_BYTES))
            e = E_ABI;
    }
    if (e == E_OK)
        out->item = arena_dup(s->arena, members.data, members.len);
    buf_free(&members);
    return e;
}

/* Appends the type as the selector's signature spells it. */
static void put_canonical(struct buf *b, const struct abi_type *type)
{
    switch (type->kind) {
    case ABI_UINT:
        buf_putf(b, "uint%u", type->bits);
        break;
    case ABI_INT:
        buf_putf(b, "int%u", type->bits);
        break;
    case ABI_ADDRESS:
        buf_puts(b, "address");
        break;
    case ABI_BOOL:
        buf_puts(b, "bool");
        break;
    case ABI_FIXED_BYTES:
        buf_putf(b, "bytes%zu", type->size);
        break;
    case ABI_BYTES:
        buf_puts(b, "bytes");
        break;
    case ABI_STRING:
        buf_puts(b, "string");
        break;
    case ABI_ARRAY:
        put_canonical(b, type->item);
        buf_puts(b, "[]");
        break;
    case ABI_FIXED_ARRAY:
        put_canonical(b, type->item);
        buf_putf(b, "[%zu]", type->size);
        break;
    case ABI_TUPLE:
        buf_puts(b, "(");
        for (size_t i = 0; i < type->size; i++) {
            buf_puts(b, i ? "," : "");
            put_canonical(b, &type->item[i]);
        }
        buf_puts(b, ")");
        break;
    }
}

const char *abi_type_text(struct arena *a, const struct abi_type *type)
{
    struct buf b = {0};
    put_canonical(&b, type);
    const char *text = arena_strdup(a, buf_cstr(&b));
    buf_free(&b);
    return text;
}

enum err abi_parse_type(struct abi_type *out, struct arena *a, const char *text)
{
    struct parser s = {.p = text, .arena = a};
    struct abi_type t;
    skip_space(&s);
    /* "()" is the type of no arguments: fine alone, refused as an element */
    struct parser empty = s;
    if (take(&empty, '(') && take(&empty, ')') && take(&empty, 0)) {
        *out = (struct abi_type){.kind = ABI_TUPLE, .name = ""};
        return E_OK;
    }
    TRY(parse_type(&s, &t));
    skip_space(&s);
    if (*s.p)
        return E_ABI;
    *out = t;
    return E_OK;
}

/* What may stand between a function's parameters and its end, each at most once. */
static enum err parse_modifiers(struct parser *s, struct abi_entry *out)
{
    bool mutability = false, visibility = false, returns = false;
    for (;;) {
        bool *seen = &mutability;
        if (take_word(s, "view"))
            out->mutability = ABI_VIEW;
        else if (take_word(s, "pure"))
            out->mutability = ABI_PURE;
        else if (take_word(s, "payable"))
            out->mutability = ABI_PAYABLE;
        else if (take_word(s, "nonpayable"))
            out->mutability = ABI_NONPAYABLE;
        else if (take_word(s, "external") || take_word(s, "public"))
            seen = &visibility;
        else if (take_word(s, "returns"))
            seen = &returns;
        else
            return E_OK;
        if (*seen || (returns && seen != &returns))
            return E_ABI;
        *seen = true;
        if (seen == &returns) {
            TRY(parse_members(s, &out->outputs, false));
            if (out->outputs.size == 0)
                return E_ABI;
        }
    }
}

static bool indexed_fit(const struct abi_type *inputs)
{
    size_t indexed = 0;
    for (size_t i = 0; i < inputs->size; i++)
        indexed += inputs->item[i].indexed;
    return indexed <= 3; /* the fourth topic is the signature's hash */
}

enum err abi_parse_entry(struct abi_entry *out, struct arena *a, const char *line)
{
    struct parser s = {.p = line, .arena = a};
    struct abi_entry e = {.outputs = {.kind = ABI_TUPLE, .name = ""}};
    if (take_word(&s, "function"))
        e.what = ABI_FUNCTION;
    else if (take_word(&s, "event"))
        e.what = ABI_EVENT;
    else if (take_word(&s, "error"))
        e.what = ABI_ERROR;
    else
        return E_ABI;
    TRY(parse_name(&s, &e.name));
    if (!*e.name)
        return E_ABI;
    TRY(parse_members(&s, &e.inputs, e.what == ABI_EVENT));
    if (e.what == ABI_FUNCTION)
        TRY(parse_modifiers(&s, &e));
    take(&s, ';');
    skip_space(&s);
    if (*s.p || !indexed_fit(&e.inputs))
        return E_ABI;
    e.signature = arena_printf(a, "%s%s", e.name, abi_type_text(a, &e.inputs));
    keccak256(&e.topic, e.signature, strlen(e.signature));
    memcpy(e.selector, e.topic.b, sizeof e.selector);
    *out = e;
    return E_OK;
}
