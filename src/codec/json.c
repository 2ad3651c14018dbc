/* Reading. A struct json is a cJSON item; nobody else needs to know. */
#include "codec/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_scan.h"

/* Set in a number's type beside cJSON's own bits (below 1024): it was written without fraction and
 * exponent, so that its double is exactly what was written up to 2^53 - 1. */
#define TYPE_PLAIN_INTEGER (1 << 16)

#define EXACT_MAX 9007199254740991.0 /* 2^53 - 1; 2^53 is also what 2^53 + 1 reads as */

static const cJSON *item_of(const struct json *j)
{
    return (const cJSON *)(const void *)j;
}

static const struct json *json_of(const cJSON *item)
{
    return (const struct json *)(const void *)item;
}

static void use_our_memory(void)
{
    cJSON_Hooks hooks = {.malloc_fn = mem_alloc, .free_fn = mem_free};
    cJSON_InitHooks(&hooks);
}

/* "line 3, column 7: " or "file:3:7: ", then what was wrong. Columns count bytes from 1. */
static enum err report(struct diag *d, enum err e, const char *path, struct bytes text,
                       struct json_fault fault)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < fault.at && i < text.len; i++) {
        column = text.data[i] == '\n' ? 1 : column + 1;
        line += text.data[i] == '\n';
    }
    if (path)
        return diag_set(d, e, "%s:%zu:%zu: %s", path, line, column, fault.what);
    return diag_set(d, e, T("line %zu, column %zu: %s", "ligne %zu, colonne %zu : %s"), line,
                    column, fault.what);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A name that occurs twice in an object, or NULL. Two readers of such a text may disagree about
 * which one counts, so it is refused. */
static const char *find_duplicate(const cJSON *object)
{
    enum { FEW = 12 };
    const char *few[FEW], **names = few, *found = NULL;
    size_t count = json_count(json_of(object)), n = 0;
    if (count > FEW)
        names = mem_zalloc(count, sizeof *names);
    for (const cJSON *c = object->child; c; c = c->next)
        names[n++] = c->string;
    if (count > FEW)
        qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count && !found; i++)
        for (size_t k = count > FEW ? i - 1 : 0; k < i && !found; k++)
            found = strcmp(names[i], names[k]) == 0 ? names[i] : NULL;
    if (names != few)
        mem_free(names);
    return found;
}

/* What cJSON does not check: duplicate names, numbers beyond double. Marks the plain integers. */
static enum err check_tree(cJSON *item, const uint8_t **plain, struct diag *d)
{
    if (cJSON_IsNumber(item)) {
        if (!isfinite(item->valuedouble))
            return diag_set(d, E_JSON, "%s",
                            T("a number is too large", "un nombre est trop grand"));
        item->type |= *(*plain)++ ? TYPE_PLAIN_INTEGER : 0;
    }
    const char *twice = cJSON_IsObject(item) ? find_duplicate(item) : NULL;
    if (twice)
        return diag_set(d, E_JSON,
                        T("member \"%s\" occurs twice", "le membre « %s » est en double"), twice);
    for (cJSON *c = item->child; c; c = c->next)
        TRY(check_tree(c, plain, d));
    return E_OK;
}

static enum err parse(struct json **out, struct bytes text, size_t most, const char *path,
                      struct diag *d)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    ASSERT(pthread_once(&once, use_our_memory) == 0);
    struct buf plain = {0};
    struct json_fault fault;
    enum err e = json_scan(text, most, &plain, &fault);
    if (e != E_OK) {
        buf_free(&plain);
        return report(d, e, path, text, fault);
    }
    cJSON *tree = cJSON_ParseWithLengthOpts((const char *)text.data, text.len, NULL, false);
    ASSERT(tree); /* json_scan accepts nothing that cJSON refuses */
    const uint8_t *next_plain = plain.data;
    e = check_tree(tree, &next_plain, d);
    buf_free(&plain);
    if (e != E_OK) {
        cJSON_Delete(tree);
        return path ? diag_wrap(d, e, T("%s: ", "%s : "), path) : e;
    }
    *out = (struct json *)(void *)tree;
    return E_OK;
}

enum err json_parse(struct json **out, struct bytes text, struct diag *d)
{
    return parse(out, text, SIZE_MAX, NULL, d);
}

enum err json_parse_most(struct json **out, struct bytes text, size_t most, struct diag *d)
{
    return parse(out, text, most, NULL, d);
}

static enum err read_whole(struct buf *b, const char *path, struct diag *d)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    enum err e = E_OK;
    if (fd < 0)
        return diag_os(d, E_IO, path, errno);
    if (fstat(fd, &st) == 0 && st.st_size > (off_t)LIMIT_IMPORT_FILE_BYTES)
        e = diag_set(d, E_TOO_LARGE, T("%s: more than %u bytes", "%s : plus de %u octets"), path,
                     LIMIT_IMPORT_FILE_BYTES);
    while (e == E_OK) {
        buf_reserve(b, 1 << 16);
        ssize_t n = read(fd, b->data + b->len, b->cap - b->len);
        if (n == 0)
            break;
        if (n > 0)
            b->len += (size_t)n;
        else if (errno != EINTR)
            e = diag_os(d, E_IO, path, errno);
        if (b->len > LIMIT_IMPORT_FILE_BYTES)
            e = diag_set(d, E_TOO_LARGE, T("%s: more than %u bytes", "%s : plus de %u octets"),
                         path, LIMIT_IMPORT_FILE_BYTES);
    }
    close(fd);
    return e;
}

enum err json_parse_file(struct json **out, const char *path, struct diag *d)
{
    struct buf b = {0};
    enum err e = read_whole(&b, path, d);
    struct bytes text = buf_view(&b);
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) /* a mark some editors put */
        text = bytes_of(text.data + 3, text.len - 3);
    if (e == E_OK)
        e = parse(out, text, SIZE_MAX, path, d);
    buf_free(&b);
    return e;
}

void json_free(struct json *j)
{
    cJSON_Delete((cJSON *)(void *)j);
}

/* ---- walking ---- */

bool json_is_object(const struct json *j)
{
    return cJSON_IsObject(item_of(j));
}

bool json_is_array(const struct json *j)
{
    return cJSON_IsArray(item_of(j));
}

bool json_is_string(const struct json *j)
{
    return cJSON_IsString(item_of(j));
}

bool json_is_number(const struct json *j)
{
    return cJSON_IsNumber(item_of(j));
}

bool json_is_bool(const struct json *j)
{
    return cJSON_IsBool(item_of(j));
}

bool json_is_null(const struct json *j)
{
    return cJSON_IsNull(item_of(j));
}

const struct json *json_get(const struct json *object, const char *name)
{
    if (!json_is_object(object))
        return NULL;
    for (const cJSON *c = item_of(object)->child; c; c = c->next)
        if (strcmp(c->string, name) == 0)
            return json_of(c);
    return NULL;
}

const struct json *json_at(const struct json *array, size_t index)
{
    if (!json_is_array(array))
        return NULL;
    const cJSON *c = item_of(array)->child;
    for (; c && index > 0; index--)
        c = c->next;
    return json_of(c);
}

size_t json_count(const struct json *j)
{
    size_t count = 0;
    for (const struct json *c = json_first(j); c; c = json_next(c))
        count++;
    return count;
}

const struct json *json_first(const struct json *j)
{
    return j ? json_of(item_of(j)->child) : NULL;
}

const struct json *json_next(const struct json *child)
{
    return json_of(item_of(child)->next);
}

const char *json_key(const struct json *member)
{
    return item_of(member)->string;
}

const char *json_text(const struct json *string)
{
    return json_is_string(string) ? item_of(string)->valuestring : NULL;
}

bool json_true(const struct json *j)
{
    return cJSON_IsTrue(item_of(j));
}

double json_double(const struct json *j)
{
    return json_is_number(j) ? item_of(j)->valuedouble : NAN;
}

/* ---- integers ---- */

/* A number or a string as sign and magnitude. */
static enum err read_integer(bool *negative, struct u256 *magnitude, const struct json *j)
{
    if (json_is_number(j)) {
        double v = item_of(j)->valuedouble;
        if (!(item_of(j)->type & TYPE_PLAIN_INTEGER))
            return E_JSON;
        if (v > EXACT_MAX || v < -EXACT_MAX)
            return E_RANGE;
        *negative = v < 0;
        *magnitude = u256_from_u64((uint64_t)(v < 0 ? -v : v));
        return E_OK;
    }
    const char *text = json_text(j);
    if (!text)
        return E_JSON;
    *negative = text[0] == '-';
    enum err e = u256_parse(magnitude, text + *negative);
    if (e == E_OK && *negative && u256_is_zero(*magnitude))
        *negative = false;
    return e == E_INVALID ? E_JSON : e;
}

enum err json_u256(struct u256 *out, const struct json *j)
{
    bool negative;
    struct u256 v;
    TRY(read_integer(&negative, &v, j));
    if (negative)
        return E_RANGE;
    *out = v;
    return E_OK;
}

enum err json_u64(uint64_t *out, const struct json *j)
{
    struct u256 v;
    TRY(json_u256(&v, j));
    if (!u256_fits_u64(v))
        return E_RANGE;
    *out = v.w[0];
    return E_OK;
}

enum err json_i64(int64_t *out, const struct json *j)
{
    bool negative;
    struct u256 v;
    TRY(read_integer(&negative, &v, j));
    if (!u256_fits_u64(v) || v.w[0] > (uint64_t)INT64_MAX + negative)
        return E_RANGE;
    *out = negative ? -(int64_t)(v.w[0] - 1) - 1 : (int64_t)v.w[0];
    return E_OK;
}

/* ---- printing what was read ---- */

static void print_number(struct buf *out, const cJSON *item)
{
    double v = item->valuedouble;
    if (fabs(v) <= EXACT_MAX && v == (double)(int64_t)v) {
        json_put_i64(out, (int64_t)v);
        return;
    }
    /* the fewest digits that read back the same; cJSON's own test for "the same" is too lenient */
    char text[40];
    int digits = 15;
    do
        snprintf(text, sizeof text, "%.*g", digits, v);
    while (strtod(text, NULL) != v && digits++ < 17);
    for (char *p = text; *p; p++)
        *p = *p == ',' ? '.' : *p; /* the locale's decimal comma */
    json_put_raw(out, text);
}

void json_print(struct buf *out, const struct json *j)
{
    if (json_is_number(j)) {
        print_number(out, item_of(j));
    } else if (json_is_string(j)) {
        json_put_string(out, json_text(j));
    } else if (json_is_bool(j)) {
        json_put_bool(out, json_true(j));
    } else if (json_is_object(j) || json_is_array(j)) {
        bool object = json_is_object(j);
        json_open(out, object ? '{' : '[');
        for (const struct json *c = json_first(j); c; c = json_next(c)) {
            if (object)
                json_put_key(out, json_key(c));
            json_print(out, c);
        }
        json_close(out, object ? '}' : ']');
    } else {
        json_put_null(out);
    }
}
