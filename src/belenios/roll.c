/* roll: public_credentials.json. A town's may have a million entries: its few forms are scanned
 * here, without a tree. */
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/thread.h"
#include "belenios/credential.h"

/* --- places by key ----------------------------------------------------------------------------
 */

static int compare_places(const void *a, const void *b, void *voters)
{
    const struct bel_voter *v = voters;
    return memcmp(v[*(const uint32_t *)a].key32, v[*(const uint32_t *)b].key32, EDWARDS_BYTES);
}

static void sort_places(struct bel_roll *r)
{
    for (size_t i = 0; i < r->count; i++)
        r->by_key[i] = (uint32_t)i;
    if (r->count > 1)
        qsort_r(r->by_key, r->count, sizeof *r->by_key, compare_places, r->voters);
}

size_t bel_roll_find(const struct bel_roll *r, const uint8_t key32[EDWARDS_BYTES])
{
    size_t from = 0, to = r->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = memcmp(r->voters[r->by_key[middle]].key32, key32, EDWARDS_BYTES);
        if (order == 0)
            return r->by_key[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return SIZE_MAX;
}

/* As the texts compare: the last byte is written first. */
static int compare_texts(const void *a, const void *b)
{
    const struct bel_voter *v = a, *w = b;
    for (size_t i = EDWARDS_BYTES; i-- > 0;) {
        if (v->key32[i] != w->key32[i])
            return v->key32[i] < w->key32[i] ? -1 : 1;
    }
    return 0;
}

void bel_roll_sort(struct bel_roll *r)
{
    if (r->count > 1)
        qsort(r->voters, r->count, sizeof *r->voters, compare_texts);
    sort_places(r);
}

/* --- reading ----------------------------------------------------------------------------------
 */

struct scanner {
    const char *start, *p, *end;
    struct diag *d;
};

static void skip_space(struct scanner *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static bool take(struct scanner *s, char c)
{
    skip_space(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static enum err expected(struct scanner *s, const char *what)
{
    return diag_set(
        s->d, E_JSON,
        T("public credentials: byte %zu: %s is expected", "codes publics : octet %zu : %s attendu"),
        (size_t)(s->p - s->start), what);
}

/* After the key's comma: a number without leading zero. */
static enum err scan_weight(struct scanner *s, struct bel_voter *v, size_t number)
{
    const char *from = s->p;
    uint64_t weight = 0;
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9' && s->p - from < 17; s->p++)
        weight = weight * 10 + (uint64_t)(*s->p - '0');
    if (s->p == from || (*from == '0' && s->p - from > 1) || s->p == s->end || *s->p != '"')
        return diag_set(s->d, E_INVALID,
                        T("public credential %zu: \"key,weight\" is expected, the weight a whole "
                          "number (and no name or login after it)",
                          "code public %zu : « clé,poids » attendu, le poids étant un entier (et "
                          "ni nom ni identifiant ensuite)"),
                        number);
    if (weight > BEL_WEIGHT_MAX)
        return diag_set(s->d, E_RANGE,
                        T("public credential %zu: the weight is more than %llu",
                          "code public %zu : le poids dépasse %llu"),
                        number, (unsigned long long)BEL_WEIGHT_MAX);
    v->weight = weight;
    return E_OK;
}

static enum err scan_voter(struct scanner *s, struct bel_roll *r)
{
    struct bel_voter v = {.weight = 1};
    size_t number = r->count + 1;
    if (!take(s, '"'))
        return expected(s, T("a text", "un texte"));
    if (s->end - s->p <= BEL_POINT_CHARS || !bel_point_bytes(v.key32, s->p, BEL_POINT_CHARS))
        return diag_set(s->d, E_INVALID,
                        T("public credential %zu: 64 lower-case hexadecimal digits are expected",
                          "code public %zu : 64 chiffres hexadécimaux minuscules attendus"),
                        number);
    s->p += BEL_POINT_CHARS;
    if (*s->p == ',') {
        s->p++;
        r->has_weights = true;
        TRY(scan_weight(s, &v, number));
    }
    if (*s->p != '"')
        return expected(s, T("\" or a comma and a weight", "\" ou une virgule et un poids"));
    s->p++;
    r->total_weight += v.weight;
    if (r->total_weight > BEL_WEIGHT_MAX)
        return diag_set(s->d, E_RANGE,
                        T("public credential %zu: the weights sum to more than %llu",
                          "code public %zu : la somme des poids dépasse %llu"),
                        number, (unsigned long long)BEL_WEIGHT_MAX);
    r->voters[r->count++] = v;
    return E_OK;
}

/* How many entries there can be: quotes in pairs. */
static size_t most_voters(struct bytes json)
{
    size_t quotes = 0;
    for (size_t i = 0; i < json.len; i++)
        quotes += json.data[i] == '"';
    return quotes / 2;
}

static enum err scan_roll(struct scanner *s, struct bel_roll *r)
{
    if (!take(s, '['))
        return expected(s, "\"[\"");
    if (!take(s, ']')) {
        do {
            TRY(scan_voter(s, r));
        } while (take(s, ','));
        if (!take(s, ']'))
            return expected(s, T("\",\" or \"]\"", "« , » ou « ] »"));
    }
    skip_space(s);
    return s->p == s->end ? E_OK : expected(s, T("the end", "la fin"));
}

#define DECODE_TOGETHER 64
#define KEYS_A_THREAD 4096u /* fewer are not worth a thread */
#define THREADS_MAX 16u

/* One thread's part of the keys. */
struct keys {
    const struct bel_roll *roll;
    size_t from, to;
    size_t bad; /* the first that is none; SIZE_MAX: all are good */
    pthread_t thread;
    bool started;
};

/* Every key a point of the prime-order subgroup, and none the identity. */
static void *check_part(void *ctx)
{
    struct keys *k = ctx;
    struct ed_point points[DECODE_TOGETHER];
    k->bad = SIZE_MAX;
    for (size_t i = k->from; i < k->to && k->bad == SIZE_MAX; i += DECODE_TOGETHER) {
        size_t count = k->to - i < DECODE_TOGETHER ? k->to - i : DECODE_TOGETHER, bad;
        if (!ed_decode_prime_many(points, k->roll->voters[i].key32, sizeof *k->roll->voters, count,
                                  &bad)) {
            k->bad = i + bad;
            count = bad; /* an identity before it comes first */
        }
        for (size_t j = count; j-- > 0;) {
            if (ed_is_identity(&points[j]))
                k->bad = i + j;
        }
    }
    return NULL;
}

static enum err check_keys(const struct bel_roll *r, struct diag *d)
{
    struct keys parts[THREADS_MAX];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = r->count / KEYS_A_THREAD + 1, bad = SIZE_MAX;
    if (threads > (processors > 1 ? (size_t)processors : 1))
        threads = processors > 1 ? (size_t)processors : 1;
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    for (size_t i = 0; i < threads; i++) {
        parts[i] = (struct keys){
            .roll = r, .from = r->count * i / threads, .to = r->count * (i + 1) / threads};
        if (i + 1 < threads)
            parts[i].started = thread_start(&parts[i].thread, 0, check_part, &parts[i]) == 0;
        if (!parts[i].started)
            check_part(&parts[i]);
    }
    for (size_t i = threads; i-- > 0;) {
        if (parts[i].started)
            pthread_join(parts[i].thread, NULL);
        if (parts[i].bad != SIZE_MAX)
            bad = parts[i].bad;
    }
    if (bad == SIZE_MAX)
        return E_OK;
    return diag_set(d, E_INVALID,
                    T("public credential %zu: not a key of the group Ed25519",
                      "code public %zu : pas une clé du groupe Ed25519"),
                    bad + 1);
}

static enum err check_twice(const struct bel_roll *r, struct diag *d)
{
    for (size_t i = 1; i < r->count; i++) {
        uint32_t a = r->by_key[i - 1], b = r->by_key[i];
        if (memcmp(r->voters[a].key32, r->voters[b].key32, EDWARDS_BYTES) == 0)
            return diag_set(d, E_EXISTS,
                            T("public credential %u: the same key as number %u",
                              "code public %u : la même clé que le numéro %u"),
                            (a > b ? a : b) + 1, (a > b ? b : a) + 1);
    }
    return E_OK;
}

enum err bel_roll_read(struct bel_roll *out, struct arena *a, struct bytes json, struct diag *d)
{
    const char *text = json.len ? (const char *)json.data : "";
    struct scanner s = {text, text, text + json.len, d};
    struct bel_roll r = {0};
    size_t most = most_voters(json);
    if (most > BEL_ROLL_MAX)
        return diag_set(d, E_TOO_LARGE,
                        T("public credentials: more than %u", "codes publics : plus de %u"),
                        BEL_ROLL_MAX);
    r.voters = arena_alloc(a, most * sizeof *r.voters);
    r.by_key = arena_alloc(a, most * sizeof *r.by_key);
    TRY(scan_roll(&s, &r));
    TRY(check_keys(&r, d));
    sort_places(&r);
    TRY(check_twice(&r, d));
    *out = r;
    return E_OK;
}

void bel_roll_write(struct buf *out, const struct bel_roll *r)
{
    buf_put_u8(out, '[');
    for (size_t i = 0; i < r->count; i++) {
        char key[BEL_POINT_CHARS + 1];
        bel_point_text(key, r->voters[i].key32);
        buf_puts(out, i > 0 ? ",\"" : "\"");
        buf_put(out, key, BEL_POINT_CHARS);
        if (r->has_weights)
            buf_putf(out, ",%llu", (unsigned long long)r->voters[i].weight);
        buf_put_u8(out, '"');
    }
    buf_put_u8(out, ']');
}
