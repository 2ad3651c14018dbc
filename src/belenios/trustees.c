/* trustees: trustees.json read and checked. */
#include "belenios/trustees.h"

#include "base/lang.h"
#include "belenios/pedersen.h"

/* What is being read: a group's messages before they are checked. */
struct group {
    struct bel_context context; /* index: the member in hand */
    struct bel_certificate *certificates;
    struct bel_coefficients *coefficients;
    struct bel_verification *verifications;
};

static enum err malformed(struct diag *d, const char *member)
{
    return diag_set(d, E_INVALID, T("%s is missing or malformed", "%s manque ou est mal formé"),
                    member);
}

/* {"message":TEXT,"signature":PROOF}; the text, parsed, is *inside_out. */
static enum err read_signed(struct json **inside_out, const char **text_out,
                            uint8_t signature[BEL_PROOF_BYTES], const struct json *j,
                            const char *what, struct diag *d)
{
    *text_out = json_text(json_get(j, "message"));
    if (!*text_out || !bel_message_proof_read(signature, json_get(j, "signature")))
        return malformed(d, what);
    if (json_parse(inside_out, bytes_str(*text_out), d) != E_OK)
        return diag_wrap(d, E_INVALID, T("%s: message: ", "%s : message : "), what);
    return E_OK;
}

static enum err same_text(struct buf *written, const char *text, const char *what, struct diag *d)
{
    bool same = bytes_eq(buf_view(written), bytes_str(text));
    buf_free(written);
    if (!same)
        return diag_set(d, E_INVALID,
                        T("%s: the signed message has another context or is not in canonical form",
                          "%s : le message signé a un autre contexte ou n'est pas sous forme "
                          "canonique"),
                        what);
    return E_OK;
}

static enum err read_certificate(struct group *g, const struct json *j, struct diag *d)
{
    struct json *inside;
    const char *text;
    struct bel_certificate *m = &g->certificates[g->context.index - 1];
    TRY(read_signed(&inside, &text, m->signature, j, "certs", d));
    bool read = bel_message_point_read(m->verification32, json_get(inside, "verification")) &&
                bel_message_point_read(m->encryption32, json_get(inside, "encryption"));
    json_free(inside);
    if (!read)
        return malformed(d, "certs: message");
    struct buf again = {0};
    bel_certificate_text(&again, &g->context, m);
    TRY(same_text(&again, text, "certs", d));
    return bel_certificate_check(m, &g->context, d);
}

static enum err read_coefficients(struct group *g, struct arena *a, const struct json *j,
                                  struct diag *d)
{
    struct json *inside;
    const char *text;
    struct bel_coefficients *m = &g->coefficients[g->context.index - 1];
    TRY(read_signed(&inside, &text, m->signature, j, "coefexps", d));
    const struct json *list = json_get(inside, "coefexps");
    bool read = json_is_array(list) && json_count(list) == g->context.threshold;
    m->points32 = arena_alloc(a, g->context.threshold * sizeof *m->points32);
    const struct json *point = json_first(list);
    for (size_t i = 0; read && i < g->context.threshold; i++, point = json_next(point))
        read = bel_message_point_read(m->points32[i], point);
    json_free(inside);
    if (!read)
        return malformed(d, "coefexps: message");
    struct buf again = {0};
    bel_coefficients_text(&again, &g->context, m);
    TRY(same_text(&again, text, "coefexps", d));
    return bel_coefficients_check(m, &g->context, &g->certificates[g->context.index - 1], d);
}

static enum err read_key(struct bel_key_message *m, uint8_t *signature, const struct json *j,
                         struct diag *d)
{
    if (!bel_message_point_read(m->key32, json_get(j, "public_key")))
        return malformed(d, "public_key");
    if (!bel_message_proof_read(m->pok, json_get(j, "pok")))
        return malformed(d, "pok");
    if (signature && !bel_message_proof_read(signature, json_get(j, "signature")))
        return malformed(d, "signature");
    return E_OK;
}

static enum err array_of(const struct json **out, const struct json *j, const char *name,
                         size_t size, struct diag *d)
{
    *out = json_get(j, name);
    return json_is_array(*out) && json_count(*out) == size ? E_OK : malformed(d, name);
}

static enum err read_members(struct group *g, struct arena *a, const struct json *certs,
                             const struct json *coefexps, const struct json *signatures,
                             const struct json *keys, struct diag *d)
{
    uint32_t *i = &g->context.index, size = g->context.size;
    const struct json *j = json_first(certs);
    for (*i = 1; *i <= size; ++*i, j = json_next(j))
        TRY(read_certificate(g, j, d));
    j = json_first(coefexps);
    for (*i = 1; *i <= size; ++*i, j = json_next(j))
        TRY(read_coefficients(g, a, j, d));
    struct ed_point sums[BEL_TRUSTEES_MAX];
    TRY(bel_coefficients_sum(sums, &g->context, g->coefficients, d));
    j = json_first(keys);
    for (*i = 1; *i <= size; ++*i, j = json_next(j), signatures = json_next(signatures)) {
        struct bel_verification *m = &g->verifications[*i - 1];
        TRY(read_key(&m->key, m->key_signature, j, d));
        if (!bel_message_proof_read(m->certs_signature, signatures))
            return malformed(d, "signatures");
        TRY(bel_verification_check_sums(m, &g->context, g->certificates, &g->coefficients[*i - 1],
                                        sums, d));
    }
    return E_OK;
}

static enum err read_group(struct group *g, struct arena *a, const struct json *j, struct diag *d)
{
    uint64_t threshold;
    const struct json *certs = json_get(j, "certs"), *coefexps, *signatures, *keys;
    size_t size = json_count(certs);
    if (json_u64(&threshold, json_get(j, "threshold")) != E_OK)
        return malformed(d, "threshold");
    if (!json_is_array(certs))
        return malformed(d, "certs");
    if (size < 2 || size > BEL_TRUSTEES_MAX || threshold < 1 || threshold >= size)
        return diag_set(d, E_RANGE,
                        T("a threshold of %llu of %zu: it must be from 1 to one less than the "
                          "members, at most %u",
                          "un seuil de %llu sur %zu : il va de 1 au nombre de membres moins un, au "
                          "plus %u"),
                        (unsigned long long)threshold, size, BEL_TRUSTEES_MAX);
    TRY(array_of(&coefexps, j, "coefexps", size, d));
    TRY(array_of(&signatures, j, "signatures", size, d));
    TRY(array_of(&keys, j, "verification_keys", size, d));
    g->context = (struct bel_context){.threshold = (uint32_t)threshold, .size = (uint32_t)size};
    g->certificates = arena_zalloc(a, size, sizeof *g->certificates);
    g->coefficients = arena_zalloc(a, size, sizeof *g->coefficients);
    g->verifications = arena_zalloc(a, size, sizeof *g->verifications);
    enum err e = read_members(g, a, certs, coefexps, json_first(signatures), keys, d);
    uint32_t member = g->context.index;
    if (e != E_OK && member >= 1 && member <= size)
        return diag_wrap(d, e, T("member %u: ", "membre %u : "), member);
    return e;
}

static void add_key(struct ed_point *sum, const uint8_t key32[EDWARDS_BYTES])
{
    struct ed_point key;
    ASSERT(ed_decode(&key, key32)); /* was checked */
    ed_add(sum, sum, &key);
}

/* One entry: *w for writing it again, its trustees appended, its key added to *sum. */
static enum err read_entry(struct bel_trustees *t, struct bel_entry *w, struct ed_point *sum,
                           struct arena *a, const struct json *j, struct diag *d)
{
    const char *kind = json_text(json_at(j, 0));
    if (!json_is_array(j) || json_count(j) != 2 || !kind)
        return diag_set(d, E_INVALID,
                        T("not [\"Single\",..] nor [\"Pedersen\",..]",
                          "ni [\"Single\",..] ni [\"Pedersen\",..]"));
    struct group g = {0};
    if (strcmp(kind, "Single") == 0) {
        TRY(read_key(&w->single, NULL, json_at(j, 1), d));
        TRY(bel_single_check(&w->single, d));
        w->size = 1;
    } else if (strcmp(kind, "Pedersen") == 0) {
        TRY(read_group(&g, a, json_at(j, 1), d));
        *w = (struct bel_entry){.threshold = g.context.threshold,
                                .size = g.context.size,
                                .certificates = g.certificates,
                                .coefficients = g.coefficients,
                                .verifications = g.verifications};
    } else {
        return diag_set(d, E_UNSUPPORTED,
                        T("a trustee of kind %.40s (Single and Pedersen are known)",
                          "un dépositaire de type %.40s (Single et Pedersen sont connus)"),
                        kind);
    }
    if (w->size > BEL_TRUSTEES_MAX - t->count)
        return diag_set(d, E_TOO_LARGE, T("more than %u trustees", "plus de %u dépositaires"),
                        BEL_TRUSTEES_MAX);
    struct bel_trustees_entry *entry = &t->entries[t->entry_count];
    *entry = (struct bel_trustees_entry){w->threshold, w->size, t->count};
    for (size_t i = 0; i < w->size; i++) {
        struct bel_trustee *x = &t->trustees[t->count++];
        const struct bel_key_message *key = w->threshold ? &w->verifications[i].key : &w->single;
        memcpy(x->key32, key->key32, sizeof x->key32);
        x->entry = t->entry_count;
        x->member = w->threshold ? i + 1 : 0;
        if (w->threshold)
            add_key(sum, w->coefficients[i].points32[0]);
        else
            add_key(sum, x->key32);
    }
    t->entry_count++;
    return E_OK;
}

static enum err read_entries(struct bel_trustees *t, struct arena *a, const struct json *j,
                             struct diag *d)
{
    if (!json_is_array(j) || json_count(j) == 0)
        return diag_set(
            d, E_INVALID,
            T("not an array of at least one trustee", "pas un tableau d'au moins un dépositaire"));
    size_t count = json_count(j);
    if (count > BEL_TRUSTEES_MAX)
        return diag_set(d, E_TOO_LARGE, T("more than %u trustees", "plus de %u dépositaires"),
                        BEL_TRUSTEES_MAX);
    struct bel_entry *written = arena_zalloc(a, count, sizeof *written);
    struct ed_point sum = ED_IDENTITY;
    t->trustees = arena_zalloc(a, BEL_TRUSTEES_MAX, sizeof *t->trustees);
    t->entries = arena_zalloc(a, count, sizeof *t->entries);
    const struct json *entry = json_first(j);
    for (size_t i = 0; i < count; i++, entry = json_next(entry)) {
        enum err e = read_entry(t, &written[i], &sum, a, entry, d);
        if (e != E_OK)
            return diag_wrap(d, e, T("entry %zu: ", "entrée %zu : "), i + 1);
    }
    ed_encode(t->key32, &sum);
    struct buf again = {0};
    bel_trustees_write(&again, written, count);
    bool same = bytes_eq(buf_view(&again), t->document);
    buf_free(&again);
    if (!same)
        return diag_set(
            d, E_INVALID,
            T("not in canonical form (compact, members in order, none besides)",
              "pas sous forme canonique (compacte, membres dans l'ordre, rien d'autre)"));
    return E_OK;
}

enum err bel_trustees_read(struct bel_trustees *out, struct arena *a, struct bytes json,
                           struct diag *d)
{
    struct json *j;
    if (json.len > LIMIT_BEL_TRUSTEES_BYTES)
        return diag_set(d, E_TOO_LARGE,
                        T("trustees: more than %u bytes", "dépositaires : plus de %u octets"),
                        LIMIT_BEL_TRUSTEES_BYTES);
    struct bel_trustees t = {.document = {arena_dup(a, json.data, json.len), json.len}};
    enum err e = json_parse(&j, json, d);
    if (e == E_OK) {
        e = read_entries(&t, a, j, d);
        json_free(j);
    }
    if (e != E_OK)
        return diag_wrap(d, e, T("trustees: ", "dépositaires : "));
    *out = t;
    return E_OK;
}
