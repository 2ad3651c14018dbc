/* elect_setup: trustees, election and roll of an election made by the library alone. */
#include <stdlib.h>
#include <string.h>

#include "elect.h"

struct group {
    uint32_t threshold, size;
};

/* One trustee alone: its secret is known at once. */
static void make_single(struct elect *x, struct bel_entry *entry, struct ed_scalar *secret)
{
    char seed[BEL_SEED_CHARS + 1];
    (void)x;
    bel_seed_new(seed);
    bel_single_make(&entry->single, secret, seed);
}

/* The four rounds of a group, every member's part played here; each message checked as its
 * receivers do. */
static void make_group(struct elect *x, struct bel_entry *entry, const struct group *g,
                       const char *uuid, struct ed_scalar *secrets)
{
    struct arena *a = &x->arena;
    struct diag d = {0};
    uint32_t n = g->size;
    char(*seeds)[BEL_SEED_CHARS + 1] = arena_zalloc(a, n, sizeof *seeds);
    struct bel_context *contexts = arena_zalloc(a, n, sizeof *contexts);
    struct bel_certificate *certificates = arena_zalloc(a, n, sizeof *certificates);
    struct bel_coefficients *coefficients = arena_zalloc(a, n, sizeof *coefficients);
    struct bel_verification *verifications = arena_zalloc(a, n, sizeof *verifications);
    struct bel_share *shares = arena_zalloc(a, (size_t)n * n, sizeof *shares);
    for (uint32_t i = 0; i < n; i++) {
        contexts[i] = (struct bel_context){g->threshold, n, i + 1};
        bel_seed_new(seeds[i]);
        enum err code = bel_certificate_make(&certificates[i], &contexts[i], seeds[i]);
        if (code == E_OK)
            code = bel_certificate_check(&certificates[i], &contexts[i], &d);
        if (code != E_OK)
            elect_stop("certificate", code, &d);
    }
    for (uint32_t i = 0; i < n; i++) {
        bel_coefficients_make(&coefficients[i], &shares[(size_t)i * n], &contexts[i], uuid,
                              seeds[i], certificates, a);
        enum err code =
            bel_coefficients_check(&coefficients[i], &contexts[i], &certificates[i], &d);
        if (code != E_OK)
            elect_stop("coefficients", code, &d);
    }
    for (uint32_t i = 0; i < n; i++) {
        secrets[i] = ED_ZERO;
        for (uint32_t dealer = 0; dealer < n; dealer++) {
            struct ed_scalar share;
            enum err code =
                bel_share_open(&share, &contexts[i], dealer + 1, uuid, seeds[i],
                               &shares[(size_t)dealer * n + i], &coefficients[dealer], &d);
            if (code != E_OK)
                elect_stop("share", code, &d);
            secrets[i] = ed_scalar_add(secrets[i], share);
        }
        bel_verification_make(&verifications[i], &contexts[i], seeds[i], &secrets[i], certificates,
                              coefficients);
        enum err code =
            bel_verification_check(&verifications[i], &contexts[i], certificates, coefficients, &d);
        if (code != E_OK)
            elect_stop("verification key", code, &d);
    }
    *entry = (struct bel_entry){.threshold = g->threshold,
                                .size = n,
                                .certificates = certificates,
                                .coefficients = coefficients,
                                .verifications = verifications};
}

/* "1,2/3" -> one alone, then a group; returns how many entries. */
static size_t read_groups(struct group *out, size_t max, const char *text)
{
    size_t count = 0;
    while (*text) {
        char *end;
        unsigned long k = strtoul(text, &end, 10), n = 0;
        if (end == text || count == max)
            elect_stop("--trustees", E_USAGE, NULL);
        text = end;
        if (*text == '/') {
            n = strtoul(text + 1, &end, 10);
            text = end;
        }
        if (n == 0 && k != 1)
            elect_stop("--trustees: 1 is one alone, K/N a group", E_USAGE, NULL);
        out[count++] = (struct group){n ? (uint32_t)k : 0, n ? (uint32_t)n : 1};
        text += *text == ',';
    }
    return count;
}

static void make_trustees(struct elect *x, const char *uuid)
{
    struct group groups[BEL_TRUSTEES_MAX];
    struct diag d = {0};
    size_t count = read_groups(groups, BEL_TRUSTEES_MAX, x->options->trustees), first = 0;
    struct bel_entry *entries = arena_zalloc(&x->arena, count, sizeof *entries);
    x->secrets = arena_zalloc(&x->arena, BEL_TRUSTEES_MAX, sizeof *x->secrets);
    for (size_t i = 0; i < count; i++) {
        if (first + groups[i].size > BEL_TRUSTEES_MAX)
            elect_stop("--trustees", E_TOO_LARGE, NULL);
        if (groups[i].threshold == 0)
            make_single(x, &entries[i], &x->secrets[first]);
        else
            make_group(x, &entries[i], &groups[i], uuid, &x->secrets[first]);
        first += groups[i].size;
    }
    struct buf json = {0}, keys = {0};
    bel_trustees_write(&json, entries, count);
    enum err code = bel_trustees_read(&x->trustees, &x->arena, buf_view(&json), &d);
    if (code != E_OK)
        elect_stop("trustees.json", code, &d);
    elect_file(x->options->folder, "trustees.json", buf_view(&json));
    json_open(&keys, '{');
    for (size_t i = 0; i < first; i++) {
        char owner[24], decimal[ED_SCALAR_DECIMAL_MAX + 1];
        snprintf(owner, sizeof owner, "%zu", i + 1);
        ed_scalar_to_decimal(decimal, &x->secrets[i]);
        json_put_key(&keys, owner);
        json_put_string(&keys, decimal);
    }
    json_close(&keys, '}');
    elect_file(x->options->folder, "keys.json", buf_view(&keys));
    buf_free(&json);
    buf_free(&keys);
}

static void new_uuid(char out[18])
{
    char seed[BEL_SEED_CHARS + 1];
    bel_seed_new(seed);
    memcpy(out, seed, 17);
    out[17] = 0;
}

struct keys_job {
    struct elect *x;
    struct bel_voter *voters;
    char (*credentials)[BEL_CREDENTIAL_CHARS + 1];
};

static void make_credential(void *ctx, size_t i)
{
    struct keys_job *job = ctx;
    const struct bel_election *e = &job->x->election;
    struct ed_scalar secret;
    bel_credential_new(job->credentials[i]);
    bel_credential_secret(&secret, e->version, e->uuid, job->credentials[i]);
    bel_credential_public(job->voters[i].key32, &secret);
}

/* Writes both files of credentials; the roll is read back, as anyone would. */
void elect_make_roll(struct elect *x)
{
    const struct elect_options *o = x->options;
    struct diag d = {0};
    struct bel_roll roll = {.count = o->voters, .has_weights = o->weight_max > 0};
    struct keys_job job = {x, mem_zalloc(o->voters, sizeof *job.voters),
                           mem_zalloc(o->voters, sizeof *job.credentials)};
    elect_parallel(o->threads, o->voters, make_credential, &job);
    roll.voters = mem_dup(job.voters, o->voters * sizeof *job.voters);
    roll.by_key = mem_zalloc(o->voters, sizeof *roll.by_key);
    for (size_t i = 0; i < o->voters; i++)
        roll.voters[i].weight =
            o->weight_max ? elect_random(o->seed, 1, i) % (o->weight_max + 1) : 1;
    bel_roll_sort(&roll);
    bel_roll_write(&x->public_credentials, &roll);
    enum err code = bel_roll_read(&x->roll, &x->arena, buf_view(&x->public_credentials), &d);
    if (code != E_OK)
        elect_stop("public_creds.json", code, &d);
    elect_file(o->folder, "public_creds.json", buf_view(&x->public_credentials));
    FILE *f = elect_create(o->folder, "private_creds.json");
    x->credentials = mem_zalloc(o->voters, sizeof *x->credentials);
    for (size_t i = 0; i < o->voters; i++) {
        size_t place = bel_roll_find(&x->roll, job.voters[i].key32);
        ASSERT(place < o->voters);
        memcpy(x->credentials[place], job.credentials[i], sizeof *x->credentials);
        fprintf(f, "%s\"voter%zu\":\"%s\"", i ? "," : "{", i, job.credentials[i]);
    }
    fputs("}", f);
    if (fclose(f) != 0)
        elect_stop("private_creds.json", E_IO, NULL);
    mem_free(job.voters);
    mem_free(job.credentials);
    mem_free(roll.voters);
    mem_free(roll.by_key);
}

void elect_set_up(struct elect *x)
{
    const struct elect_options *o = x->options;
    struct diag d = {0};
    struct bel_election template;
    struct buf json = {0};
    char uuid[18];
    new_uuid(uuid);
    enum err code = bel_template_read(&template, &x->arena, bytes_str(o->template), &d);
    if (code != E_OK)
        elect_stop("template", code, &d);
    make_trustees(x, uuid);
    template.version = bel_version(1);
    template.uuid = uuid;
    memcpy(template.public_key32, x->trustees.key32, EDWARDS_BYTES);
    bel_election_write(&json, &template);
    code = bel_election_read(&x->election, &x->arena, buf_view(&json), &d);
    if (code != E_OK)
        elect_stop("election.json", code, &d);
    bel_election_prepare(&x->election);
    elect_file(o->folder, "election.json", buf_view(&json));
    buf_free(&json);
    elect_make_roll(x);
}

/* private_creds.json of the registrar: {"login":"credential",...} */
static void read_credentials(struct elect *x)
{
    const struct bel_election *e = &x->election;
    struct diag d = {0};
    struct json *j;
    struct bytes text = elect_read(&x->arena, x->options->folder, "private_creds.json");
    enum err code = json_parse(&j, text, &d);
    if (code != E_OK)
        elect_stop("private_creds.json", code, &d);
    x->credentials = mem_zalloc(x->roll.count, sizeof *x->credentials);
    for (const struct json *m = json_first(j); m; m = json_next(m)) {
        struct ed_scalar secret;
        uint8_t key32[EDWARDS_BYTES];
        const char *credential = json_text(m);
        if (!credential || !bel_credential_is_well_formed(credential))
            elect_stop("private_creds.json: a credential is not well formed", E_INVALID, NULL);
        bel_credential_secret(&secret, e->version, e->uuid, credential);
        bel_credential_public(key32, &secret);
        size_t place = bel_roll_find(&x->roll, key32);
        if (place == SIZE_MAX)
            elect_stop("private_creds.json: a credential is not on the roll", E_NOT_FOUND, NULL);
        memcpy(x->credentials[place], credential, BEL_CREDENTIAL_CHARS + 1);
    }
    json_free(j);
}

void elect_open_folder(struct elect *x)
{
    const char *folder = x->options->folder;
    struct diag d = {0};
    struct bytes election = elect_read(&x->arena, folder, "election.json"),
                 roll = elect_read(&x->arena, folder, "public_creds.json");
    enum err code = bel_election_read(&x->election, &x->arena, election, &d);
    if (code != E_OK)
        elect_stop("election.json", code, &d);
    code = bel_roll_read(&x->roll, &x->arena, roll, &d);
    if (code != E_OK)
        elect_stop("public_creds.json", code, &d);
    bel_election_prepare(&x->election);
    read_credentials(x);
}
