#include "belenios/election.h"

#include <stdio.h>

#include "base/lang.h"
#include "belenios/ballot_plan.h"
#include "crypto/sha256.h"

#define UUID_CHARS_MIN 14
#define UUID_CHARS_MAX 64

/* Where reading stands: the member's path, for messages. */
struct reader {
    struct arena *arena;
    struct diag *d;
    char at[96];
};

static enum err read_text(struct reader *r, const char **out, const struct json *value,
                          const char *name)
{
    if (!json_is_string(value))
        return diag_set(r->d, E_INVALID,
                        T("%s%s: a text is expected", "%s%s : un texte est attendu"), r->at, name);
    *out = arena_strdup(r->arena, json_text(value));
    return E_OK;
}

static enum err read_number(struct reader *r, uint32_t *out, const struct json *object,
                            const char *name, uint32_t most)
{
    const struct json *value = json_get(object, name);
    uint64_t n;
    if (!json_is_number(value) || json_u64(&n, value) != E_OK)
        return diag_set(r->d, E_INVALID,
                        T("%s%s: a whole number is expected", "%s%s : un entier est attendu"),
                        r->at, name);
    if (n > most)
        return diag_set(r->d, E_RANGE, T("%s%s: %llu is more than %u", "%s%s : %llu dépasse %u"),
                        r->at, name, (unsigned long long)n, most);
    *out = (uint32_t)n;
    return E_OK;
}

/* Refuses members that are not among the names (a list that ends with NULL). */
static enum err check_names(struct reader *r, const struct json *object, const char *const *names)
{
    for (const struct json *m = json_first(object); m; m = json_next(m)) {
        const char *const *name = names;
        while (*name && strcmp(*name, json_key(m)) != 0)
            name++;
        if (!*name)
            return diag_set(
                r->d, E_INVALID,
                T("%s\"%.40s\": no such member is known here", "%s« %.40s » : membre inconnu ici"),
                r->at, json_key(m));
    }
    return E_OK;
}

/* --- questions --------------------------------------------------------------------------------
 */

/* An array of texts with at least `least` of them. */
static enum err read_texts(struct reader *r, const char ***out, size_t *count_out,
                           const struct json *array, const char *name, size_t least)
{
    size_t count = json_count(array);
    if (!json_is_array(array) || count < least)
        return diag_set(r->d, E_INVALID,
                        T("%s%s: an array of at least %zu texts is expected",
                          "%s%s : une liste d'au moins %zu textes est attendue"),
                        r->at, name, least);
    if (count > BEL_CIPHERTEXTS_MAX)
        return diag_set(r->d, E_TOO_LARGE,
                        T("%s%s: more than %u answers", "%s%s : plus de %u réponses"), r->at, name,
                        BEL_CIPHERTEXTS_MAX);
    const char **texts = arena_alloc(r->arena, count * sizeof *texts);
    const struct json *value = json_first(array);
    for (size_t i = 0; i < count; i++, value = json_next(value))
        TRY(read_text(r, &texts[i], value, name));
    *out = texts;
    *count_out = count;
    return E_OK;
}

static enum err read_homomorphic(struct reader *r, struct bel_question *q,
                                 const struct json *object)
{
    static const char *const names[] = {"answers", "blank", "min", "max", "question", NULL};
    const struct json *blank = json_get(object, "blank");
    TRY(check_names(r, object, names));
    q->kind = BEL_HOMOMORPHIC;
    TRY(read_texts(r, &q->answers, &q->answer_count, json_get(object, "answers"), "answers", 1));
    TRY(read_text(r, &q->question, json_get(object, "question"), "question"));
    if (blank && !json_is_bool(blank))
        return diag_set(r->d, E_INVALID,
                        T("%sblank: true or false is expected", "%sblank : true ou false attendu"),
                        r->at);
    q->has_blank = json_true(blank);
    uint32_t most = q->answer_count < BEL_RANGE_MAX ? (uint32_t)q->answer_count : BEL_RANGE_MAX;
    TRY(read_number(r, &q->max, object, "max", most));
    TRY(read_number(r, &q->min, object, "min", q->max));
    q->ciphertext_count = q->answer_count + q->has_blank;
    return E_OK;
}

static enum err read_lists(struct reader *r, struct bel_question *q, const struct json *object)
{
    static const char *const names[] = {"type", "value", "extra", NULL};
    static const char *const value_names[] = {"answers", "question", NULL};
    const struct json *value = json_get(object, "value"), *extra = json_get(object, "extra");
    const struct json *lists = json_get(value, "answers");
    TRY(check_names(r, object, names));
    if (!json_is_object(value))
        return diag_set(r->d, E_INVALID,
                        T("%svalue: an object is expected", "%svalue : un objet est attendu"),
                        r->at);
    TRY(check_names(r, value, value_names));
    q->kind = BEL_LISTS;
    TRY(read_text(r, &q->question, json_get(value, "question"), "value.question"));
    q->list_count = json_count(lists);
    if (!json_is_array(lists) || q->list_count == 0)
        return diag_set(r->d, E_INVALID,
                        T("%svalue.answers: an array of lists is expected",
                          "%svalue.answers : une suite de listes est attendue"),
                        r->at);
    if (q->list_count > BEL_CIPHERTEXTS_MAX)
        return diag_set(
            r->d, E_TOO_LARGE,
            T("%svalue.answers: more than %u lists", "%svalue.answers : plus de %u listes"), r->at,
            BEL_CIPHERTEXTS_MAX);
    q->lists = arena_alloc(r->arena, q->list_count * sizeof *q->lists);
    const struct json *list = json_first(lists);
    for (size_t i = 0; i < q->list_count; i++, list = json_next(list)) {
        const char **texts;
        size_t count;
        TRY(read_texts(r, &texts, &count, list, "value.answers", 2));
        q->lists[i] = (struct bel_list){texts[0], texts + 1, count - 1};
        q->ciphertext_count += count;
    }
    if (extra) {
        struct buf b = {0};
        json_print(&b, extra);
        q->extra = bytes_of(arena_dup(r->arena, b.data, b.len), b.len);
        buf_free(&b);
    }
    return E_OK;
}

static enum err read_question(struct reader *r, struct bel_question *q, const struct json *object)
{
    const struct json *type = json_get(object, "type");
    if (!json_is_object(object))
        return diag_set(r->d, E_INVALID,
                        T("%.*s: an object is expected", "%.*s : un objet est attendu"),
                        (int)(strlen(r->at) - 1), r->at);
    if (!type)
        return read_homomorphic(r, q, object);
    if (json_is_string(type) && strcmp(json_text(type), "Lists") == 0)
        return read_lists(r, q, object);
    return diag_set(r->d, E_UNSUPPORTED,
                    T("%stype: only homomorphic questions and \"Lists\" are known here, not %.40s",
                      "%stype : seules les questions homomorphes et « Lists » sont connues ici, "
                      "pas %.40s"),
                    r->at, json_is_string(type) ? json_text(type) : "?");
}

static enum err read_questions(struct reader *r, struct bel_election *e, const struct json *array)
{
    e->question_count = json_count(array);
    if (!json_is_array(array) || e->question_count == 0)
        return diag_set(r->d, E_INVALID,
                        T("questions: an array of at least one question is expected",
                          "questions : une liste d'au moins une question est attendue"));
    if (e->question_count > BEL_QUESTIONS_MAX)
        return diag_set(r->d, E_TOO_LARGE, T("questions: more than %u", "questions : plus de %u"),
                        BEL_QUESTIONS_MAX);
    e->questions = arena_zalloc(r->arena, e->question_count, sizeof *e->questions);
    const struct json *question = json_first(array);
    for (size_t i = 0; i < e->question_count; i++, question = json_next(question)) {
        snprintf(r->at, sizeof r->at, "questions[%zu].", i);
        TRY(read_question(r, &e->questions[i], question));
        e->questions[i].first_ciphertext = e->ciphertext_count;
        e->ciphertext_count += e->questions[i].ciphertext_count;
        if (e->ciphertext_count > BEL_CIPHERTEXTS_MAX)
            return diag_set(r->d, E_TOO_LARGE,
                            T("%.*s: a ballot would have more than %u encrypted answers",
                              "%.*s : un bulletin aurait plus de %u réponses chiffrées"),
                            (int)(strlen(r->at) - 1), r->at, BEL_CIPHERTEXTS_MAX);
    }
    r->at[0] = '\0';
    bel_plan_make(e, r->arena);
    return E_OK;
}

/* --- the document -----------------------------------------------------------------------------
 */

static enum err read_optional(struct reader *r, const char **out, const struct json *j,
                              const char *name)
{
    const struct json *value = json_get(j, name);
    return value ? read_text(r, out, value, name) : E_OK;
}

static enum err read_texts_of_all(struct reader *r, struct bel_election *e, const struct json *j)
{
    TRY(read_text(r, &e->name, json_get(j, "name"), "name"));
    TRY(read_text(r, &e->description, json_get(j, "description"), "description"));
    TRY(read_optional(r, &e->administrator, j, "administrator"));
    TRY(read_optional(r, &e->credential_authority, j, "credential_authority"));
    return read_questions(r, e, json_get(j, "questions"));
}

static enum err read_rules(struct reader *r, struct bel_election *e, const struct json *j)
{
    uint32_t version;
    const char *group;
    TRY(read_number(r, &version, j, "version", UINT32_MAX));
    e->version = bel_version(version);
    if (!e->version)
        return diag_set(r->d, E_UNSUPPORTED,
                        T("version: Belenios' crypto version %u is not known here; 1 is",
                          "version : la version cryptographique %u de Belenios est inconnue "
                          "ici ; la 1 est connue"),
                        version);
    TRY(read_text(r, &group, json_get(j, "group"), "group"));
    if (strcmp(group, e->version->group) != 0)
        return diag_set(r->d, E_UNSUPPORTED,
                        T("group: %.40s is not known here; %s is",
                          "group : %.40s est inconnu ici ; %s est connu"),
                        group, e->version->group);
    return E_OK;
}

static enum err read_identity(struct reader *r, struct bel_election *e, const struct json *j)
{
    const char *key;
    TRY(read_text(r, &e->uuid, json_get(j, "uuid"), "uuid"));
    size_t len = strlen(e->uuid);
    if (len < UUID_CHARS_MIN || len > UUID_CHARS_MAX || !bel_is_base58(e->uuid, len))
        return diag_set(r->d, E_INVALID,
                        T("uuid: %u to %u base58 characters are expected",
                          "uuid : %u à %u caractères base58 sont attendus"),
                        UUID_CHARS_MIN, UUID_CHARS_MAX);
    TRY(read_text(r, &key, json_get(j, "public_key"), "public_key"));
    if (!bel_point_bytes(e->public_key32, key, strlen(key)) ||
        !ed_decode_prime(&e->public_key, e->public_key32) || ed_is_identity(&e->public_key))
        return diag_set(r->d, E_INVALID,
                        T("public_key: not a key of the group Ed25519 (64 lower-case hexadecimal "
                          "digits, of prime order)",
                          "public_key : pas une clé du groupe Ed25519 (64 chiffres hexadécimaux "
                          "minuscules, d'ordre premier)"));
    return E_OK;
}

/* Parses the text and hands the tree to one of the two below. */
static enum err
read_document(struct bel_election *out, struct arena *a, struct bytes document, struct diag *d,
              enum err (*read)(struct reader *, struct bel_election *, const struct json *))
{
    struct reader r = {a, d, ""};
    struct bel_election e = {0};
    struct json *j;
    if (document.len > LIMIT_BEL_ELECTION_BYTES)
        return diag_set(d, E_TOO_LARGE,
                        T("the election has %zu bytes; %u are the most",
                          "l'élection a %zu octets ; %u au plus"),
                        document.len, LIMIT_BEL_ELECTION_BYTES);
    TRY(json_parse(&j, document, d));
    enum err err =
        json_is_object(j)
            ? read(&r, &e, j)
            : diag_set(d, E_INVALID,
                       T("an election is a JSON object", "une élection est un objet JSON"));
    json_free(j);
    if (err == E_OK)
        *out = e;
    return err;
}

static enum err read_election(struct reader *r, struct bel_election *e, const struct json *j)
{
    static const char *const names[] = {
        "version",   "description", "name",     "group",         "public_key",
        "questions", "uuid",        "language", "administrator", "credential_authority",
        NULL};
    TRY(check_names(r, j, names));
    TRY(read_rules(r, e, j));
    TRY(read_identity(r, e, j));
    return read_texts_of_all(r, e, j);
}

static enum err read_template(struct reader *r, struct bel_election *e, const struct json *j)
{
    static const char *const names[] = {
        "description", "name", "questions", "administrator", "credential_authority", NULL};
    TRY(check_names(r, j, names));
    e->version = bel_version(1);
    return read_texts_of_all(r, e, j);
}

enum err bel_election_read(struct bel_election *out, struct arena *a, struct bytes document,
                           struct diag *d)
{
    struct bel_election e;
    TRY(read_document(&e, a, document, d, read_election));
    e.document = bytes_of(arena_dup(a, document.data, document.len), document.len);
    sha256_once(&e.hash, document.data, document.len);
    bel_hash_text(e.fingerprint, &e.hash);
    *out = e;
    return E_OK;
}

enum err bel_template_read(struct bel_election *out, struct arena *a, struct bytes document,
                           struct diag *d)
{
    return read_document(out, a, document, d, read_template);
}

void bel_election_prepare(struct bel_election *e)
{
    if (!e->table)
        e->table = ed_table_new(&e->public_key);
}

void bel_election_free(struct bel_election *e)
{
    ed_table_free(e->table);
    e->table = NULL;
}
