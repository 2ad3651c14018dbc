/* The first line is a type or an entry, the rest is data. What is decoded encodes to the same
 * bytes, in memory bounded by the input; a value written as JSON reads back as the same value; a
 * signature reads back as the same signature. */
#include "codec/abi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 2048

static void check_entry(struct arena *a, const char *line)
{
    struct abi_entry e, again;
    if (abi_parse_entry(&e, a, line) != E_OK)
        return;
    ASSERT(abi_parse_entry(&again, a, arena_printf(a, "error %s", e.signature)) == E_OK);
    ASSERT(strcmp(again.signature, e.signature) == 0 && hash_eq(&again.topic, &e.topic));
}

static void check_json(struct arena *a, const struct abi_type *type, const struct abi_value *value,
                       struct bytes data)
{
    struct buf json = {0}, again = {0};
    struct abi_value back;
    struct diag d;
    abi_value_to_json(&json, type, value);
    ASSERT(abi_value_from_text(&back, a, type, buf_cstr(&json), &d) == E_OK);
    abi_encode(&again, type, &back);
    ASSERT(bytes_eq(buf_view(&again), data));
    buf_free(&json);
    buf_free(&again);
}

static void check_type(struct arena *a, const char *text, struct bytes data)
{
    struct abi_type type, same;
    struct abi_value value;
    struct buf again = {0};
    if (abi_parse_type(&type, a, text) != E_OK)
        return;
    const char *canonical = abi_type_text(a, &type);
    ASSERT(abi_parse_type(&same, a, canonical) == E_OK);
    ASSERT(strcmp(abi_type_text(a, &same), canonical) == 0 && same.dynamic == type.dynamic);
    struct arena values = {0};
    if (abi_decode(&value, &values, &type, data) == E_OK) {
        abi_encode(&again, &type, &value);
        ASSERT(bytes_eq(buf_view(&again), data));
        if (!strstr(canonical, "string")) /* any bytes are a string, but not any are text */
            check_json(a, &type, &value, data);
    }
    /* 96 bytes per word and level of the type, which has at most as many as characters */
    ASSERT(values.used_bytes <= (data.len / 32 + 1) * 96 * (strlen(canonical) + 1));
    arena_free(&values);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX + 1];
    const uint8_t *line_end = size ? memchr(data, '\n', size) : NULL;
    size_t len = line_end ? (size_t)(line_end - data) : size;
    if (len > TEXT_MAX)
        return 0;
    if (len)
        memcpy(text, data, len);
    text[len] = 0;
    struct arena a = {0};
    check_entry(&a, text);
    size_t skip = line_end ? len + 1 : len;
    check_type(&a, text, bytes_of(data + skip, size - skip));
    arena_free(&a);
    return 0;
}
