/* Any text: what is accepted prints to a text that parses to the same; what is refused says where.
 */
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same tree, numbers and integers included. */
static void check_same(const struct json *a, const struct json *b)
{
    ASSERT(json_is_object(a) == json_is_object(b) && json_is_array(a) == json_is_array(b));
    ASSERT(json_is_null(a) == json_is_null(b) && json_is_bool(a) == json_is_bool(b));
    ASSERT(json_true(a) == json_true(b) && json_count(a) == json_count(b));
    if (json_is_string(a))
        ASSERT(json_is_string(b) && strcmp(json_text(a), json_text(b)) == 0);
    if (json_is_number(a))
        ASSERT(json_is_number(b) && json_double(a) == json_double(b));
    int64_t v, w;
    if (json_i64(&v, a) == E_OK)
        ASSERT(json_i64(&w, b) == E_OK && v == w);
    const struct json *c = json_first(a), *d = json_first(b);
    for (; c; c = json_next(c), d = json_next(d)) {
        if (json_is_object(a))
            ASSERT(strcmp(json_key(c), json_key(d)) == 0 && json_get(a, json_key(c)) == c);
        check_same(c, d);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *j = NULL, *again = NULL;
    struct diag d = {""};
    struct buf out = {0}, twice = {0};
    if (json_parse(&j, bytes_of(data, size), &d) != E_OK) {
        ASSERT(!j && d.text[0]);
        return 0;
    }
    json_print(&out, j);
    ASSERT(json_parse(&again, buf_view(&out), &d) == E_OK);
    check_same(j, again);
    json_print(&twice, again);
    ASSERT(bytes_eq(buf_view(&out), buf_view(&twice)));
    json_free(j);
    json_free(again);
    buf_free(&out);
    buf_free(&twice);
    return 0;
}
