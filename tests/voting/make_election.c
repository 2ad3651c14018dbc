/* make_election: a whole election as belenios-tool would make it, by the library and without a
 * node.
 *
 *   make_election FOLDER [--kind KIND | --template FILE] [--voters N] [--trustees 1,2/3]
 *       [--open 1,2,4] [--weights MAX] [--revotes PERCENT] [--absent PERCENT] [--seed N]
 *       [--threads N] [--until setup|ballots|closed|tally|decrypted|result]
 *   make_election FOLDER --roll UUID [--voters N] [--weights MAX] [--seed N] [--threads N]
 *   make_election FOLDER --ballots [--revotes PERCENT] [--absent PERCENT] [--seed N] [--threads N]
 *
 * The first writes UUID.bel and the files that belenios-tool keeps beside it; ballots go to the
 * disk as they are made, so their number is bounded by the disk alone. The second makes the roll of
 * an election that has no more than its uuid: public_creds.json, private_creds.json. The third
 * makes ballots for an election that is there (these two, election.json): ballots.jsonl and,
 * packed, ballots.hex, one a line. The first and the third write expected.json, the sum of the
 * choices in clear, and print a line of JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "elect.h"

#include "base/thread.h"
#include "crypto/sha256.h"

static const struct {
    const char *name, *template;
} KINDS[] = {
    {"simple", "{\"description\":\"One of three\",\"name\":\"Simple\",\"questions\":[{\"answers\":["
               "\"Parc\",\"Piscine\",\"Tram\"],\"min\":1,\"max\":1,\"question\":\"Lequel ?\"}]}"},
    {"basic",
     "{\"description\":\"Three questions, eleven ciphertexts\",\"name\":\"Consultation — été\","
     "\"questions\":[{\"answers\":[\"Parc\",\"Piscine\",\"Tram\"],\"min\":1,\"max\":1,\"question\":"
     "\"Un seul\"},{\"answers\":[\"A\",\"B\",\"C\",\"D\"],\"min\":0,\"max\":2,\"question\":"
     "\"Zéro à deux\"},{\"answers\":[\"Oui\",\"Non\",\"Sans avis\"],\"blank\":true,\"min\":1,"
     "\"max\":1,\"question\":\"Ou blanc\"}],\"administrator\":\"Mairie\"}"},
    {"lists",
     "{\"description\":\"d\",\"name\":\"Lists\",\"questions\":[{\"type\":\"Lists\","
     "\"value\":{\"answers\":[[\"L1\",\"a\",\"b\"],[\"L2\",\"c\"],[\"L3\",\"d\",\"e\",\"f\"]],"
     "\"question\":\"Q?\"}}]}"},
};

_Noreturn void elect_stop(const char *what, enum err code, const struct diag *d)
{
    fprintf(stderr, "make_election: %s: %s\n", what, d && d->text[0] ? d->text : err_text(code));
    exit(code == E_USAGE ? 2 : 1);
}

static const char *path_of(const char *folder, const char *name, char out[4096])
{
    snprintf(out, 4096, "%s/%s", folder, name);
    return out;
}

FILE *elect_create(const char *folder, const char *name)
{
    char path[4096];
    FILE *f = fopen(path_of(folder, name, path), "wb");
    if (!f)
        elect_stop(path, E_IO, NULL);
    return f;
}

void elect_file(const char *folder, const char *name, struct bytes content)
{
    FILE *f = elect_create(folder, name);
    if (fwrite(content.data, 1, content.len, f) != content.len || fclose(f) != 0)
        elect_stop(name, E_IO, NULL);
}

struct bytes elect_read(struct arena *a, const char *folder, const char *name)
{
    char path[4096];
    FILE *f = fopen(path_of(folder, name, path), "rb");
    struct buf content = {0};
    size_t n;
    if (!f)
        elect_stop(path, E_IO, NULL);
    do {
        buf_reserve(&content, 1 << 16);
        n = fread(content.data + content.len, 1, 1 << 16, f);
        content.len += n;
    } while (n > 0);
    fclose(f);
    struct bytes out = bytes_of(arena_dup(a, content.data, content.len), content.len);
    buf_free(&content);
    return out;
}

struct share {
    void (*job)(void *ctx, size_t i);
    void *ctx;
    size_t count;
    size_t *next;
};

static void *take(void *arg)
{
    struct share *s = arg;
    for (size_t i; (i = __atomic_fetch_add(s->next, 1, __ATOMIC_RELAXED)) < s->count;)
        s->job(s->ctx, i);
    return NULL;
}

void elect_parallel(unsigned threads, size_t count, void (*job)(void *ctx, size_t i), void *ctx)
{
    size_t next = 0;
    struct share s = {job, ctx, count, &next};
    pthread_t others[64];
    unsigned started = 0;
    while (started + 1 < threads && started < 64)
        if (thread_start(&others[started++], 0, take, &s) != 0)
            elect_stop("thread", E_LIMIT, NULL);
    take(&s);
    for (unsigned i = 0; i < started; i++)
        pthread_join(others[i], NULL);
}

/* SplitMix64's finaliser (Steele, Lea, Flood 2014) over the three numbers. */
uint64_t elect_random(uint64_t seed, uint64_t what, uint64_t index)
{
    uint64_t z = seed + what * UINT64_C(0x9e3779b97f4a7c15) + index * UINT64_C(0xd1342543de82ef95);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void flush(struct elect *x)
{
    if (fwrite(x->out.data, 1, x->out.len, x->archive) != x->out.len)
        elect_stop("the archive", E_IO, NULL);
    buf_clear(&x->out);
}

void elect_data(struct elect *x, struct bytes body)
{
    bel_writer_data(&x->writer, body);
}

void elect_event(struct elect *x, enum bel_event_type type, const struct hash *payload)
{
    bel_writer_event(&x->writer, type, payload, NULL);
    flush(x);
}

static void write_setup(struct elect *x)
{
    char name[96];
    struct buf json = {0};
    struct bytes parts[3] = {x->election.document, x->trustees.document,
                             buf_view(&x->public_credentials)};
    struct hash hashes[3], setup;
    snprintf(name, sizeof name, "%s.bel", x->election.uuid);
    x->archive = elect_create(x->options->folder, name);
    bel_writer_begin(&x->writer, &x->out, (uint64_t)time(NULL));
    for (int i = 0; i < 3; i++) {
        sha256_once(&hashes[i], parts[i].data, parts[i].len);
        elect_data(x, parts[i]);
    }
    bel_setup_write(&json, &hashes[0], &hashes[1], &hashes[2]);
    sha256_once(&setup, json.data, json.len);
    elect_data(x, buf_view(&json));
    elect_event(x, BEL_SETUP, &setup);
    buf_free(&json);
}

/* --- options ------------------------------------------------------------------------------------
 */

/* Five projects, each given one of seven grades; or twenty to approve up to five of, and ten points
 * over four projects, a number for each point. */
static char *long_template(struct arena *a, const char *kind)
{
    struct buf b = {0};
    bool grades = strcmp(kind, "majority") == 0;
    if (!grades && strcmp(kind, "budget") != 0)
        elect_stop("--kind: simple, basic, lists, majority or budget", E_USAGE, NULL);
    buf_putf(&b, "{\"description\":\"%s\",\"name\":\"%s\",\"questions\":[", kind, kind);
    for (int i = 0; grades && i < 5; i++)
        buf_putf(&b,
                 "%s{\"answers\":[\"Excellent\",\"Très bien\",\"Bien\",\"Assez bien\",\"Passable\","
                 "\"Insuffisant\",\"À rejeter\"],\"min\":1,\"max\":1,\"question\":\"Projet %d\"}",
                 i ? "," : "", i + 1);
    for (int i = 0; !grades && i < 40; i++)
        buf_putf(&b, "%s\"Projet %02d\"%s", i % 20 ? "," : "{\"answers\":[", i + 1,
                 i == 19   ? "],\"min\":0,\"max\":5,\"question\":\"Projets\"},"
                 : i == 39 ? "],\"min\":0,\"max\":10,\"question\":\"Points\"}"
                           : "");
    buf_puts(&b, "]}");
    char *out = arena_strdup(a, buf_cstr(&b));
    buf_free(&b);
    return out;
}

static uint64_t number(const char *option, const char *text, uint64_t max)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (end == text || *end || n > max)
        elect_stop(option, E_USAGE, NULL);
    return n;
}

static enum bel_event_type stage(const char *name)
{
    static const char *const NAMES[] = {"setup", "ballots",   "closed",
                                        "tally", "decrypted", "result"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcmp(name, NAMES[i]) == 0)
            return (enum bel_event_type)i;
    elect_stop("--until: setup, ballots, closed, tally, decrypted or result", E_USAGE, NULL);
}

static const char *kind_template(struct arena *a, const char *kind)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(KINDS[i].name, kind) == 0)
            return KINDS[i].template;
    return long_template(a, kind);
}

enum task { WHOLE, ROLL, BALLOTS };

static enum task read_options(struct elect_options *o, struct arena *a, int argc, char **argv)
{
    enum task task = WHOLE;
    o->template = kind_template(a, "basic");
    for (int i = 2; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--ballots") == 0) {
            task = BALLOTS;
            continue;
        }
        if (++i == argc)
            elect_stop(name, E_USAGE, NULL);
        const char *value = argv[i];
        if (strcmp(name, "--kind") == 0)
            o->template = kind_template(a, value);
        else if (strcmp(name, "--template") == 0) {
            struct bytes text = elect_read(a, ".", value);
            o->template = arena_printf(a, "%.*s", (int)text.len, (const char *)text.data);
        } else if (strcmp(name, "--roll") == 0) {
            task = ROLL;
            o->uuid = value;
        } else if (strcmp(name, "--voters") == 0)
            o->voters = number(name, value, BEL_ROLL_MAX);
        else if (strcmp(name, "--trustees") == 0)
            o->trustees = value;
        else if (strcmp(name, "--open") == 0)
            o->open = value;
        else if (strcmp(name, "--weights") == 0)
            o->weight_max = number(name, value, BEL_WEIGHT_MAX);
        else if (strcmp(name, "--revotes") == 0)
            o->revotes = (unsigned)number(name, value, 100);
        else if (strcmp(name, "--absent") == 0)
            o->absent = (unsigned)number(name, value, 100);
        else if (strcmp(name, "--seed") == 0)
            o->seed = number(name, value, UINT64_MAX);
        else if (strcmp(name, "--threads") == 0)
            o->threads = (unsigned)number(name, value, 64);
        else if (strcmp(name, "--until") == 0)
            o->until = stage(value);
        else
            elect_stop(name, E_USAGE, NULL);
    }
    return task;
}

static void report(const struct elect *x, double setup_s, double cast_s, double close_s)
{
    printf("{\"uuid\":\"%s\",\"voters\":%zu,\"ballots\":%zu,\"counted\":%" PRIu64
           ",\"weight\":%" PRIu64 ",\"setup_s\":%.3f,\"cast_s\":%.3f,\"make_ms\":%.4f,"
           "\"close_s\":%.3f}\n",
           x->election.uuid, x->roll.count, x->ballots, x->tally.ballot_count,
           x->tally.total_weight, setup_s, cast_s,
           x->ballots ? x->make_s * 1e3 / (double)x->ballots : 0, close_s);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct elect x = {0};
    struct elect_options o = {.trustees = "1", .voters = 10, .seed = 1, .until = BEL_RESULT};
    o.threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    if (argc < 2 || argv[1][0] == '-')
        elect_stop("usage: make_election FOLDER [OPTION VALUE]...", E_USAGE, NULL);
    o.folder = argv[1];
    enum task task = read_options(&o, &x.arena, argc, argv);
    double started = now_s();
    x.options = &o;
    if (task == ROLL) {
        x.election.version = bel_version(1);
        x.election.uuid = o.uuid;
        elect_make_roll(&x);
        o.until = BEL_SETUP;
    } else if (task == BALLOTS)
        elect_open_folder(&x);
    else {
        elect_set_up(&x);
        write_setup(&x);
    }
    double set_up = now_s(), cast = set_up;
    if (o.until >= BEL_BALLOT) {
        struct buf expected = {0};
        elect_cast(&x);
        cast = now_s();
        bel_result_write(&expected, &x.election, x.expected);
        elect_file(o.folder, "expected.json", buf_view(&expected));
        buf_free(&expected);
        if (task == WHOLE)
            elect_close(&x);
    }
    if (x.archive && fclose(x.archive) != 0)
        elect_stop("the archive", E_IO, NULL);
    report(&x, set_up - started, cast - set_up, now_s() - cast);
    if (o.until >= BEL_BALLOT)
        bel_tally_fini(&x.tally);
    bel_election_free(&x.election);
    mem_free(x.credentials);
    buf_free(&x.public_credentials);
    buf_free(&x.out);
    arena_free(&x.arena);
    return 0;
}
