#include "city/service_table.h"

#include <stdlib.h>

/* Filled once by services_init, read-only afterwards. */
static struct {
    bool ready;
    size_t count;
    struct service_table tables[SERVICE_MAX];
    uint8_t by_number[256]; /* last address byte -> index + 1 */
    struct arena arena;
} parsed;

static const struct service ADDRESS_BASE = {.address = SERVICE_ADDRESS(0)};

#define ADDRESS_PREFIX 19 /* bytes all services share */

static void parse_line(struct abi_entry *out, const char *line, int what)
{
    ASSERT(abi_parse_entry(out, &parsed.arena, line) == E_OK);
    ASSERT((int)out->what == what);
}

static size_t count_methods(const struct service_method *m)
{
    size_t n = 0;
    while (m && m[n].line)
        n++;
    return n;
}

static size_t count_lines(const struct service_line *l)
{
    size_t n = 0;
    while (l && l[n].line)
        n++;
    return n;
}

static int compare_selectors(const void *a, const void *b)
{
    return memcmp(a, b, 4);
}

static bool takes_list(const struct abi_type *t)
{
    if (t->kind == ABI_ARRAY)
        return true;
    for (size_t i = 0; t->kind == ABI_TUPLE && i < t->size; i++)
        if (takes_list(&t->item[i]))
            return true;
    return t->kind == ABI_FIXED_ARRAY && takes_list(t->item);
}

static void parse_methods(struct service_table *t)
{
    size_t own = count_methods(t->service->methods);
    size_t standard = count_methods(SERVICE_STANDARD_METHODS);
    size_t n = own + standard;
    ASSERT(n <= SERVICE_LINES_MAX);
    t->method_count = n;
    t->method_lines = arena_zalloc(&parsed.arena, n, sizeof(*t->method_lines));
    t->methods = arena_zalloc(&parsed.arena, n, sizeof *t->methods);
    t->selectors = arena_zalloc(&parsed.arena, n, sizeof *t->selectors);
    for (size_t i = 0; i < n; i++) {
        const struct service_method *m =
            i < own ? &t->service->methods[i] : &SERVICE_STANDARD_METHODS[i - own];
        ASSERT(m->run && m->purpose);
        t->method_lines[i] = m;
        parse_line(&t->methods[i], m->line, ABI_FUNCTION);
        ASSERT(!takes_list(&t->methods[i].inputs) || m->gas_per_word >= GAS_SERVICE_LIST_WORD);
        memcpy(t->selectors[i].selector, t->methods[i].selector, 4);
        t->selectors[i].method = (uint16_t)i;
    }
    qsort(t->selectors, n, sizeof *t->selectors, compare_selectors);
    for (size_t i = 1; i < n; i++)
        ASSERT(memcmp(t->selectors[i - 1].selector, t->selectors[i].selector, 4) != 0);
}

/* Indexed parameters become topics, which only a value type is as it stands. */
static bool is_value_type(const struct abi_type *t)
{
    return t->kind != ABI_BYTES && t->kind != ABI_STRING && t->kind != ABI_ARRAY &&
           t->kind != ABI_FIXED_ARRAY && t->kind != ABI_TUPLE;
}

static void parse_event(struct service_table *t, size_t i)
{
    struct abi_entry *e = &t->events[i];
    struct abi_type *data = &t->event_data[i];
    parse_line(e, t->service->events[i].line, ABI_EVENT);
    struct abi_type *item = arena_zalloc(&parsed.arena, e->inputs.size + 1, sizeof *item);
    *data = (struct abi_type){.kind = ABI_TUPLE, .item = item, .name = ""};
    size_t indexed = 0;
    for (size_t k = 0; k < e->inputs.size; k++) {
        const struct abi_type *p = &e->inputs.item[k];
        if (p->indexed) {
            ASSERT(is_value_type(p));
            indexed++;
        } else {
            item[data->size++] = *p;
            data->dynamic |= p->dynamic;
        }
    }
    ASSERT(indexed <= 3);
}

static void parse_events(struct service_table *t)
{
    size_t n = count_lines(t->service->events);
    ASSERT(n <= SERVICE_LINES_MAX);
    t->event_count = n;
    t->events = arena_zalloc(&parsed.arena, n + 1, sizeof *t->events);
    t->event_data = arena_zalloc(&parsed.arena, n + 1, sizeof *t->event_data);
    for (size_t i = 0; i < n; i++)
        parse_event(t, i);
}

static void parse_errors(struct service_table *t)
{
    size_t own = count_lines(t->service->errors);
    size_t n = own + count_lines(SERVICE_STANDARD_ERRORS);
    ASSERT(n <= SERVICE_LINES_MAX);
    t->error_count = n;
    t->error_lines = arena_zalloc(&parsed.arena, n, sizeof(*t->error_lines));
    t->errors = arena_zalloc(&parsed.arena, n, sizeof *t->errors);
    for (size_t i = 0; i < n; i++) {
        t->error_lines[i] = i < own ? &t->service->errors[i] : &SERVICE_STANDARD_ERRORS[i - own];
        parse_line(&t->errors[i], t->error_lines[i]->line, ABI_ERROR);
        for (size_t k = 0; k < i; k++)
            ASSERT(strcmp(t->errors[k].name, t->errors[i].name) != 0);
    }
}

void services_init_with(const struct service *const *list)
{
    arena_free(&parsed.arena);
    memset(&parsed, 0, sizeof parsed);
    for (size_t i = 0; list[i]; i++) {
        const struct service *s = list[i];
        uint8_t number = s->address.b[ADDRESS_PREFIX];
        ASSERT(i < SERVICE_MAX && parsed.by_number[number] == 0);
        ASSERT(memcmp(s->address.b, ADDRESS_BASE.address.b, ADDRESS_PREFIX) == 0);
        struct service_table *t = &parsed.tables[i];
        t->service = s;
        parse_methods(t);
        parse_events(t);
        parse_errors(t);
        parsed.by_number[number] = (uint8_t)(i + 1);
        parsed.count = i + 1;
    }
    parsed.ready = true;
}

void services_init(void)
{
    if (!parsed.ready)
        services_init_with(SERVICES);
}

const struct service_table *service_table_at(size_t index)
{
    return index < parsed.count ? &parsed.tables[index] : NULL;
}

const struct service *service_at(const struct address *a)
{
    if (memcmp(a->b, ADDRESS_BASE.address.b, ADDRESS_PREFIX) != 0)
        return NULL;
    ASSERT(parsed.ready);
    uint8_t index = parsed.by_number[a->b[ADDRESS_PREFIX]];
    return index ? parsed.tables[index - 1].service : NULL;
}

const struct service *service_named(const char *name)
{
    ASSERT(parsed.ready);
    for (size_t i = 0; i < parsed.count; i++)
        if (strcmp(parsed.tables[i].service->name, name) == 0)
            return parsed.tables[i].service;
    return NULL;
}

const struct service_table *service_table(const struct service *s)
{
    ASSERT(parsed.ready);
    uint8_t index = parsed.by_number[s->address.b[ADDRESS_PREFIX]];
    ASSERT(index && parsed.tables[index - 1].service == s);
    return &parsed.tables[index - 1];
}

size_t service_method_count(const struct service *s)
{
    return service_table(s)->method_count;
}

size_t service_event_count(const struct service *s)
{
    return service_table(s)->event_count;
}

size_t service_error_count(const struct service *s)
{
    return service_table(s)->error_count;
}

const struct abi_entry *service_method_entry(const struct service *s, size_t method)
{
    const struct service_table *t = service_table(s);
    ASSERT(method < t->method_count);
    return &t->methods[method];
}

const struct abi_entry *service_event_entry(const struct service *s, size_t event)
{
    const struct service_table *t = service_table(s);
    ASSERT(event < t->event_count);
    return &t->events[event];
}

const struct abi_entry *service_error_entry(const struct service *s, size_t error)
{
    const struct service_table *t = service_table(s);
    ASSERT(error < t->error_count);
    return &t->errors[error];
}
