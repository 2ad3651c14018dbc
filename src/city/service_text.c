/* What the tables say, for tools and people: JSON ABI, Solidity, Markdown, explained reverts. */
#include "city/service_table.h"

#include <ctype.h>
#include <stdlib.h>

#include "crypto/keccak.h"

/* --- structs: Solidity has no anonymous tuples, so each gets a name from its parameter -------- */

#define STRUCTS_MAX 64

struct struct_names {
    struct arena arena;
    size_t count;
    struct {
        const struct abi_type *type;
        const char *name;
    } list[STRUCTS_MAX];
};

static bool same_shape(const struct abi_type *a, const struct abi_type *b)
{
    if (a->kind != b->kind || a->bits != b->bits || a->size != b->size)
        return false;
    if (a->kind == ABI_ARRAY || a->kind == ABI_FIXED_ARRAY)
        return same_shape(a->item, b->item);
    for (size_t i = 0; a->kind == ABI_TUPLE && i < a->size; i++)
        if (strcmp(a->item[i].name, b->item[i].name) != 0 || !same_shape(&a->item[i], &b->item[i]))
            return false;
    return true;
}

/* "points" of an array of tuples -> Point; "point" -> Point; no name -> Item. */
static const char *struct_base_name(struct arena *a, const char *parameter, bool is_array)
{
    char *name = arena_strdup(a, parameter && parameter[0] ? parameter : "item");
    size_t len = strlen(name);
    if (is_array && len > 1 && name[len - 1] == 's')
        name[len - 1] = 0;
    name[0] = (char)toupper((unsigned char)name[0]);
    return name;
}

static bool name_taken(const struct struct_names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->list[i].name, name) == 0)
            return true;
    return false;
}

static void collect_struct(struct struct_names *n, const struct abi_type *t, const char *parameter,
                           bool is_array)
{
    if (t->kind == ABI_ARRAY || t->kind == ABI_FIXED_ARRAY) {
        collect_struct(n, t->item, parameter, true);
        return;
    }
    if (t->kind != ABI_TUPLE)
        return;
    for (size_t i = 0; i < t->size; i++) /* inner ones first, as they must be declared */
        collect_struct(n, &t->item[i], t->item[i].name, false);
    for (size_t i = 0; i < n->count; i++)
        if (same_shape(n->list[i].type, t))
            return;
    const char *base = struct_base_name(&n->arena, parameter, is_array);
    const char *name = base;
    for (unsigned k = 2; name_taken(n, name); k++)
        name = arena_printf(&n->arena, "%s%u", base, k);
    ASSERT(n->count < STRUCTS_MAX);
    n->list[n->count].type = t;
    n->list[n->count++].name = name;
}

static void collect_structs(struct struct_names *n, const struct abi_type *tuple)
{
    for (size_t i = 0; i < tuple->size; i++)
        collect_struct(n, &tuple->item[i], tuple->item[i].name, false);
}

static struct struct_names structs_of(const struct service_table *t)
{
    struct struct_names n = {0};
    for (size_t i = 0; i < t->method_count; i++) {
        collect_structs(&n, &t->methods[i].inputs);
        collect_structs(&n, &t->methods[i].outputs);
    }
    for (size_t i = 0; i < t->event_count; i++)
        collect_structs(&n, &t->events[i].inputs);
    for (size_t i = 0; i < t->error_count; i++)
        collect_structs(&n, &t->errors[i].inputs);
    return n;
}

static const char *struct_name(const struct struct_names *n, const struct abi_type *t)
{
    for (size_t i = 0; i < n->count; i++)
        if (same_shape(n->list[i].type, t))
            return n->list[i].name;
    ASSERT(!"every tuple was collected");
    return NULL;
}

/* --- types as text ---------------------------------------------------------------------------- */

enum type_style {
    STYLE_ABI,      /* uint64, tuple[] */
    STYLE_INTERNAL, /* uint64, struct IParvisMoney.Point[] */
    STYLE_SOLIDITY, /* uint64, Point[] */
    STYLE_PLAIN,    /* uint64, (address owner, uint64 power)[] */
};

static void put_type(struct buf *out, const struct abi_type *t, enum type_style style,
                     const struct struct_names *names, const char *title);

static void put_tuple(struct buf *out, const struct abi_type *t, enum type_style style,
                      const struct struct_names *names, const char *title)
{
    switch (style) {
    case STYLE_ABI:
        buf_puts(out, "tuple");
        return;
    case STYLE_INTERNAL:
        buf_putf(out, "struct I%s.%s", title, struct_name(names, t));
        return;
    case STYLE_SOLIDITY:
        buf_puts(out, struct_name(names, t));
        return;
    case STYLE_PLAIN:
        break;
    }
    buf_puts(out, "(");
    for (size_t i = 0; i < t->size; i++) {
        buf_puts(out, i ? ", " : "");
        put_type(out, &t->item[i], style, names, title);
        buf_putf(out, "%s%s", t->item[i].name[0] ? " " : "", t->item[i].name);
    }
    buf_puts(out, ")");
}

static void put_type(struct buf *out, const struct abi_type *t, enum type_style style,
                     const struct struct_names *names, const char *title)
{
    switch (t->kind) {
    case ABI_UINT:
        buf_putf(out, "uint%u", t->bits);
        break;
    case ABI_INT:
        buf_putf(out, "int%u", t->bits);
        break;
    case ABI_ADDRESS:
        buf_puts(out, "address");
        break;
    case ABI_BOOL:
        buf_puts(out, "bool");
        break;
    case ABI_FIXED_BYTES:
        buf_putf(out, "bytes%zu", t->size);
        break;
    case ABI_BYTES:
        buf_puts(out, "bytes");
        break;
    case ABI_STRING:
        buf_puts(out, "string");
        break;
    case ABI_ARRAY:
        put_type(out, t->item, style, names, title);
        buf_puts(out, "[]");
        break;
    case ABI_FIXED_ARRAY:
        put_type(out, t->item, style, names, title);
        buf_putf(out, "[%zu]", t->size);
        break;
    case ABI_TUPLE:
        put_tuple(out, t, style, names, title);
        break;
    }
}

void service_put_signature(struct buf *out, const struct abi_entry *e)
{
    buf_puts(out, e->name);
    put_tuple(out, &e->inputs, STYLE_PLAIN, NULL, NULL);
}

/* --- JSON ABI --------------------------------------------------------------------------------- */

static void json_type(struct buf *out, const char *key, const struct abi_type *t,
                      enum type_style style, const struct struct_names *names, const char *title)
{
    struct buf text = {0};
    put_type(&text, t, style, names, title);
    json_put_key(out, key);
    json_put_string(out, buf_cstr(&text));
    buf_free(&text);
}

static void json_params(struct buf *out, const char *key, const struct abi_type *tuple,
                        bool is_event, const struct struct_names *names, const char *title);

static void json_param(struct buf *out, const struct abi_type *t, bool is_event,
                       const struct struct_names *names, const char *title)
{
    const struct abi_type *inner = t;
    while (inner->kind == ABI_ARRAY || inner->kind == ABI_FIXED_ARRAY)
        inner = inner->item;
    json_open(out, '{');
    if (inner->kind == ABI_TUPLE)
        json_params(out, "components", inner, false, names, title);
    if (is_event) {
        json_put_key(out, "indexed");
        json_put_bool(out, t->indexed);
    }
    json_type(out, "internalType", t, STYLE_INTERNAL, names, title);
    json_put_key(out, "name");
    json_put_string(out, t->name);
    json_type(out, "type", t, STYLE_ABI, names, title);
    json_close(out, '}');
}

static void json_params(struct buf *out, const char *key, const struct abi_type *tuple,
                        bool is_event, const struct struct_names *names, const char *title)
{
    json_put_key(out, key);
    json_open(out, '[');
    for (size_t i = 0; i < tuple->size; i++)
        json_param(out, &tuple->item[i], is_event, names, title);
    json_close(out, ']');
}

static const char *mutability_text(const struct abi_entry *e)
{
    switch (e->mutability) {
    case ABI_NONPAYABLE:
        return "nonpayable";
    case ABI_PAYABLE:
        return "payable";
    case ABI_VIEW:
        return "view";
    case ABI_PURE:
        return "pure";
    }
    return NULL;
}

/* Members in alphabetical order, as solc prints them. */
static void json_entry(struct buf *out, const struct abi_entry *e, const struct struct_names *names,
                       const char *title)
{
    json_open(out, '{');
    if (e->what == ABI_EVENT) {
        json_put_key(out, "anonymous");
        json_put_bool(out, false);
    }
    json_params(out, "inputs", &e->inputs, e->what == ABI_EVENT, names, title);
    json_put_key(out, "name");
    json_put_string(out, e->name);
    if (e->what == ABI_FUNCTION) {
        json_params(out, "outputs", &e->outputs, false, names, title);
        json_put_key(out, "stateMutability");
        json_put_string(out, mutability_text(e));
    }
    json_put_key(out, "type");
    json_put_string(out, e->what == ABI_FUNCTION ? "function"
                         : e->what == ABI_EVENT  ? "event"
                                                 : "error");
    json_close(out, '}');
}

static int compare_entries(const void *a, const void *b)
{
    const struct abi_entry *x = *(const struct abi_entry *const *)a;
    const struct abi_entry *y = *(const struct abi_entry *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->signature, y->signature);
}

static void json_sorted(struct buf *out, const struct abi_entry *entries, size_t count,
                        struct struct_names *names, const char *title)
{
    const struct abi_entry **sorted = arena_zalloc(&names->arena, count + 1, sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &entries[i];
    qsort(sorted, count, sizeof(*sorted), compare_entries);
    for (size_t i = 0; i < count; i++)
        json_entry(out, sorted[i], names, title);
}

void service_abi_json(struct buf *out, const struct service *s)
{
    const struct service_table *t = service_table(s);
    struct struct_names names = structs_of(t);
    json_open(out, '[');
    json_sorted(out, t->errors, t->error_count, &names, s->title);
    json_sorted(out, t->events, t->event_count, &names, s->title);
    json_sorted(out, t->methods, t->method_count, &names, s->title);
    json_close(out, ']');
    arena_free(&names.arena);
}

/* --- Solidity --------------------------------------------------------------------------------- */

static bool is_reference_type(const struct abi_type *t)
{
    return t->kind == ABI_BYTES || t->kind == ABI_STRING || t->kind == ABI_ARRAY ||
           t->kind == ABI_FIXED_ARRAY || t->kind == ABI_TUPLE;
}

/* (type [location] [indexed] [name], ...); location NULL for events and errors. */
static void solidity_params(struct buf *out, const struct abi_type *tuple, const char *location,
                            const struct struct_names *names)
{
    buf_puts(out, "(");
    for (size_t i = 0; i < tuple->size; i++) {
        const struct abi_type *t = &tuple->item[i];
        buf_puts(out, i ? ", " : "");
        put_type(out, t, STYLE_SOLIDITY, names, NULL);
        if (location && is_reference_type(t))
            buf_putf(out, " %s", location);
        if (t->indexed)
            buf_puts(out, " indexed");
        buf_putf(out, "%s%s", t->name[0] ? " " : "", t->name);
    }
    buf_puts(out, ")");
}

static void solidity_struct(struct buf *out, const struct abi_type *t, const char *name,
                            const struct struct_names *names)
{
    buf_putf(out, "    struct %s {\n", name);
    for (size_t i = 0; i < t->size; i++) {
        buf_puts(out, "        ");
        put_type(out, &t->item[i], STYLE_SOLIDITY, names, NULL);
        buf_putf(out, " %s;\n", t->item[i].name);
    }
    buf_puts(out, "    }\n\n");
}

static void solidity_function(struct buf *out, const struct service_method *m,
                              const struct abi_entry *e, const struct struct_names *names)
{
    buf_putf(out, "    /// @notice %s\n    function %s", m->purpose, e->name);
    solidity_params(out, &e->inputs, "calldata", names);
    buf_puts(out, " external");
    if (e->mutability != ABI_NONPAYABLE)
        buf_putf(out, " %s", mutability_text(e));
    if (e->outputs.size > 0) {
        buf_puts(out, " returns ");
        solidity_params(out, &e->outputs, "memory", names);
    }
    buf_puts(out, ";\n\n");
}

/* EIP-55: a digit is a capital where the hash of the lower-case text has a nibble above 7. */
static void put_checksummed(struct buf *out, const struct address *a)
{
    char hex[41];
    struct hash h;
    hex_encode(hex, a->b, sizeof a->b);
    keccak256(&h, hex, 40);
    for (size_t i = 0; i < 40; i++) {
        unsigned nibble = i % 2 ? h.b[i / 2] & 15u : h.b[i / 2] >> 4;
        if (nibble > 7)
            hex[i] = (char)toupper((unsigned char)hex[i]);
    }
    buf_putf(out, "0x%s", hex);
}

/* The constant of title "ParvisMoney" is PARVIS_MONEY. */
static void put_constant_name(struct buf *out, const char *title)
{
    for (size_t i = 0; title[i]; i++) {
        if (i && isupper((unsigned char)title[i]))
            buf_put_u8(out, '_');
        buf_put_u8(out, (uint8_t)toupper((unsigned char)title[i]));
    }
}

void service_solidity(struct buf *out, const struct service *s)
{
    const struct service_table *t = service_table(s);
    struct struct_names names = structs_of(t);
    buf_putf(out,
             "// SPDX-License-Identifier: Apache-2.0\n"
             "// Generated by `parvis abi %s --solidity`; do not edit.\n"
             "pragma solidity ^0.8.4;\n\n",
             s->name);
    buf_puts(out, "address constant ");
    put_constant_name(out, s->title);
    buf_puts(out, " = ");
    put_checksummed(out, &s->address);
    buf_putf(out, ";\n\n/// @title %s\n/// @notice %s\ninterface I%s {\n", s->title, s->purpose,
             s->title);
    for (size_t i = 0; i < names.count; i++)
        solidity_struct(out, names.list[i].type, names.list[i].name, &names);
    for (size_t i = 0; i < t->error_count; i++) {
        buf_putf(out, "    /// @notice %s\n    error %s", t->error_lines[i]->purpose,
                 t->errors[i].name);
        solidity_params(out, &t->errors[i].inputs, NULL, &names);
        buf_puts(out, ";\n\n");
    }
    for (size_t i = 0; i < t->event_count; i++) {
        buf_putf(out, "    /// @notice %s\n    event %s", s->events[i].purpose, t->events[i].name);
        solidity_params(out, &t->events[i].inputs, NULL, &names);
        buf_puts(out, ";\n\n");
    }
    for (size_t i = 0; i < t->method_count; i++)
        solidity_function(out, t->method_lines[i], &t->methods[i], &names);
    out->len--; /* the last blank line */
    buf_puts(out, "}\n");
    arena_free(&names.arena);
}

/* --- the reference page ----------------------------------------------------------------------- */

static void markdown_method(struct buf *out, const struct service_method *m,
                            const struct abi_entry *e)
{
    buf_puts(out, "### `");
    service_put_signature(out, e);
    buf_puts(out, "`\n\n");
    buf_putf(out, "%s\n\n- ", m->purpose);
    if (e->outputs.size > 0) {
        buf_puts(out, "returns `");
        put_tuple(out, &e->outputs, STYLE_PLAIN, NULL, NULL);
        buf_puts(out, "`\n- ");
    }
    buf_putf(out, "%s; selector `", mutability_text(e));
    buf_put_hex(out, e->selector, 4);
    buf_putf(out, "`; gas %llu", (unsigned long long)m->gas);
    if (m->gas_per_word)
        buf_putf(out, " + %llu per 32 bytes of arguments", (unsigned long long)m->gas_per_word);
    buf_puts(out, "\n\n");
}

static void markdown_row(struct buf *out, const struct abi_entry *e, const char *purpose)
{
    buf_puts(out, "| `");
    service_put_signature(out, e);
    buf_puts(out, "` | `");
    if (e->what == ABI_EVENT)
        buf_put_hex(out, e->topic.b, sizeof e->topic.b);
    else
        buf_put_hex(out, e->selector, 4);
    buf_putf(out, "` | %s |\n", purpose);
}

void service_markdown(struct buf *out, const struct service *s)
{
    const struct service_table *t = service_table(s);
    buf_putf(out, "<!-- Generated by `parvis abi %s --markdown`; do not edit. -->\n# %s\n\n%s\n\n",
             s->name, s->name, s->purpose);
    buf_puts(out, "Address `");
    put_checksummed(out, &s->address);
    buf_putf(out, "`, Solidity interface `I%s`.\n\n", s->title);
    if (s->notes)
        buf_putf(out, "%s\n", s->notes);
    buf_putf(out,
             "## Methods\n\nGas is the method's own; to it come, for every storage record, %u to "
             "read (and %u per 32 bytes) or %u to write (and %u per 32 bytes), and for every event "
             "%u each for itself and its topics and %u per byte of data.\n\n",
             GAS_SERVICE_LOAD, GAS_SERVICE_LOAD_WORD, GAS_SERVICE_STORE, GAS_SERVICE_STORE_WORD,
             GAS_SERVICE_LOG, GAS_SERVICE_LOG_BYTE);
    for (size_t i = 0; i < t->method_count; i++)
        markdown_method(out, t->method_lines[i], &t->methods[i]);
    if (t->event_count > 0)
        buf_puts(out, "## Events\n\n| event | topic 0 | when |\n|---|---|---|\n");
    for (size_t i = 0; i < t->event_count; i++)
        markdown_row(out, &t->events[i], s->events[i].purpose);
    buf_puts(out, "\n## Errors\n\n| error | selector | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < t->error_count; i++)
        markdown_row(out, &t->errors[i], t->error_lines[i]->purpose);
}

/* --- explained reverts ------------------------------------------------------------------------ */

/* A bytes32 that reads as a short name ("issuer"): printable, then only zeros. */
static bool is_short_name(const uint8_t b[32])
{
    size_t len = 0;
    while (len < 32 && b[len] > 0x20 && b[len] < 0x7f)
        len++;
    for (size_t i = len; i < 32; i++)
        if (b[i])
            return false;
    return len > 0;
}

static void explain_value(struct buf *out, const struct abi_type *t, const struct abi_value *v)
{
    uint8_t word[32];
    char decimal[79];
    struct buf json = {0};
    if (t->kind == ABI_UINT) {
        u256_dec(decimal, v->word);
        buf_puts(out, decimal);
        return;
    }
    if (t->kind == ABI_FIXED_BYTES && t->size == 32) {
        abi_get_bytes32(word, v);
        if (is_short_name(word)) {
            buf_putf(out, "\"%.32s\"", (const char *)word);
            return;
        }
    }
    abi_value_to_json(&json, t, v);
    bool quoted = (t->kind == ABI_ADDRESS || t->kind == ABI_FIXED_BYTES) && json.len >= 2 &&
                  json.data[0] == '"';
    buf_put(out, json.data + quoted, json.len - 2 * (size_t)quoted);
    buf_free(&json);
}

static bool explain_entry(struct buf *out, const struct abi_entry *e, struct bytes args)
{
    struct arena arena = {0};
    struct abi_value tuple;
    bool ok = abi_decode(&tuple, &arena, &e->inputs, args) == E_OK;
    if (ok) {
        buf_putf(out, "%s(", e->name);
        for (size_t i = 0; i < e->inputs.size; i++) {
            buf_putf(out, "%s%s%s", i ? ", " : "", e->inputs.item[i].name,
                     e->inputs.item[i].name[0] ? "=" : "");
            explain_value(out, &e->inputs.item[i], &tuple.item[i]);
        }
        buf_puts(out, ")");
    }
    arena_free(&arena);
    return ok;
}

/* What Solidity itself reverts with. */
static bool explain_solidity(struct buf *out, struct bytes data)
{
    static const char *const lines[] = {"error Error(string message)", "error Panic(uint256 code)"};
    bool known = false;
    for (size_t i = 0; i < 2 && !known; i++) {
        struct arena arena = {0};
        struct abi_entry e;
        ASSERT(abi_parse_entry(&e, &arena, lines[i]) == E_OK);
        known = memcmp(e.selector, data.data, 4) == 0 &&
                explain_entry(out, &e, bytes_of(data.data + 4, data.len - 4));
        arena_free(&arena);
    }
    return known;
}

bool service_explain_revert(struct buf *out, struct bytes revert_data)
{
    if (revert_data.len < 4)
        return false;
    services_init();
    struct bytes args = bytes_of(revert_data.data + 4, revert_data.len - 4);
    for (size_t i = 0; service_table_at(i); i++) {
        const struct service_table *t = service_table_at(i);
        for (size_t k = 0; k < t->error_count; k++)
            if (memcmp(t->errors[k].selector, revert_data.data, 4) == 0 &&
                explain_entry(out, &t->errors[k], args))
                return true;
    }
    return explain_solidity(out, revert_data);
}
