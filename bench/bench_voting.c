/* bench_voting: what ballots of one election cost, on one processor unless said otherwise.
 *
 *   bench_voting FOLDER [BALLOTS]
 *
 * FOLDER is one that tests/voting/make_election wrote (election.json, UUID.bel,
 * private_creds.json). Prints a line of JSON: sizes in bytes, times of processor in ms a ballot: to
 * read the document and pack it, to verify it, to verify it in a batch with hints, to make it; and
 * seconds for the sum of the ballots by one thread and by one for each processor. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "belenios/archive.h"
#include "belenios/batch.h"
#include "belenios/tally.h"

struct sample {
    struct arena arena;
    struct bel_election election;
    struct bytes *documents, *packed, *hints;
    uint64_t *weights;
    size_t count, max;
};

static _Noreturn void stop(const char *what, enum err code, const struct diag *d)
{
    fprintf(stderr, "bench_voting: %s: %s\n", what, d && d->text[0] ? d->text : err_text(code));
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct bytes read_file(struct arena *a, const char *folder, const char *name)
{
    char *path = arena_printf(a, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    long len;
    if (!f || fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0)
        stop(path, E_IO, NULL);
    rewind(f);
    uint8_t *data = arena_alloc(a, (size_t)len);
    if (fread(data, 1, (size_t)len, f) != (size_t)len)
        stop(path, E_IO, NULL);
    fclose(f);
    return bytes_of(data, (size_t)len);
}

/* The documents of the first Ballot events. */
static void read_ballots(struct sample *s, const char *folder)
{
    struct bel_reader reader;
    struct bel_record record;
    struct bytes last = {0};
    struct diag d = {0};
    char *name = arena_printf(&s->arena, "%s.bel", s->election.uuid);
    enum err code = bel_reader_begin(&reader, read_file(&s->arena, folder, name), &d);
    s->documents = arena_zalloc(&s->arena, s->max, sizeof *s->documents);
    while (code == E_OK && s->count < s->max) {
        struct bel_event event;
        code = bel_reader_next(&reader, &record, &d);
        if (code == E_OK && record.is_event) {
            code = bel_event_read(&event, record.body, &d);
            if (code == E_OK && event.type == BEL_BALLOT)
                s->documents[s->count++] = last;
        } else if (code == E_OK)
            last = record.body;
    }
    if (code != E_OK && code != E_NOT_FOUND)
        stop(name, code, &d);
    if (s->count == 0)
        stop("the archive has no ballots", E_NOT_FOUND, NULL);
}

static double time_reading(struct sample *s)
{
    struct diag d = {0};
    s->packed = arena_zalloc(&s->arena, s->count, sizeof *s->packed);
    s->weights = arena_zalloc(&s->arena, s->count, sizeof *s->weights);
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < s->count; i++) {
        struct buf packed = {0};
        enum err code = bel_ballot_read(&packed, &s->election, s->documents[i], &d);
        if (code != E_OK)
            stop("read", code, &d);
        s->packed[i] = bytes_of(packed.data, packed.len);
        s->weights[i] = 1;
    }
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static double time_verifying(const struct sample *s)
{
    struct diag d = {0};
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < s->count; i++) {
        enum err code = bel_ballot_verify(&s->election, s->packed[i], &d);
        if (code != E_OK)
            stop("verify", code, &d);
    }
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static double time_batch(struct sample *s)
{
    struct diag d = {0};
    size_t bad;
    s->hints = arena_zalloc(&s->arena, s->count, sizeof *s->hints);
    for (size_t i = 0; i < s->count; i++) {
        struct buf hints = {0};
        enum err code = bel_hints_make(&hints, &s->election, s->packed[i]);
        if (code != E_OK)
            stop("hints", code, NULL);
        s->hints[i] = bytes_of(hints.data, hints.len);
    }
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    enum err code = bel_ballots_verify(&s->election, s->packed, s->hints, s->count, &bad, &d);
    if (code != E_OK)
        stop("batch", code, &d);
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

/* Each voter of private_creds.json makes a ballot that chooses as the election's smallest choice.
 */
static double time_making(struct sample *s, const char *folder, size_t *count_out)
{
    const struct bel_election *e = &s->election;
    struct diag d = {0};
    struct json *j;
    uint8_t *choice = arena_zalloc(&s->arena, e->ciphertext_count, 1);
    enum err code = json_parse(&j, read_file(&s->arena, folder, "private_creds.json"), &d);
    if (code != E_OK)
        stop("private_creds.json", code, &d);
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        size_t ones = q->kind == BEL_LISTS ? 2 : q->min;
        for (size_t k = 0; k < ones; k++)
            choice[q->first_ciphertext + q->has_blank + k] = 1;
    }
    size_t count = 0;
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (const struct json *m = json_first(j); m && count < s->max; m = json_next(m), count++) {
        struct arena arena = {0};
        struct buf packed = {0};
        struct ed_scalar secret;
        bel_credential_secret(&secret, e->version, e->uuid, json_text(m));
        code = bel_ballot_make(&packed, e, &secret, choice, &arena, NULL, &d);
        if (code != E_OK)
            stop("make", code, &d);
        buf_free(&packed);
        arena_free(&arena);
    }
    double spent = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    json_free(j);
    *count_out = count;
    return spent;
}

static double time_tally(const struct sample *s, unsigned threads)
{
    struct bel_tally tally;
    bel_tally_init(&tally, &s->election);
    double start = seconds(CLOCK_MONOTONIC);
    enum err code = bel_tally_many(&tally, s->packed, s->weights, s->count, threads);
    double spent = seconds(CLOCK_MONOTONIC) - start;
    if (code != E_OK)
        stop("tally", code, NULL);
    bel_tally_fini(&tally);
    return spent;
}

int main(int argc, char **argv)
{
    struct sample s = {.max = argc > 2 ? strtoul(argv[2], NULL, 10) : 500};
    struct diag d = {0};
    size_t made;
    if (argc < 2 || s.max == 0)
        stop("usage: bench_voting FOLDER [BALLOTS]", E_USAGE, NULL);
    enum err code =
        bel_election_read(&s.election, &s.arena, read_file(&s.arena, argv[1], "election.json"), &d);
    if (code != E_OK)
        stop("election.json", code, &d);
    bel_election_prepare(&s.election);
    read_ballots(&s, argv[1]);
    double n = (double)s.count, reading = time_reading(&s), verifying = time_verifying(&s),
           batch = time_batch(&s), making = time_making(&s, argv[1], &made);
    double alone = time_tally(&s, 1), together = time_tally(&s, 0);
    printf("{\"ballots\":%zu,\"ciphertexts\":%zu,\"json_bytes\":%zu,\"packed_bytes\":%zu,"
           "\"read_ms\":%.4f,\"verify_ms\":%.4f,\"batch_ms\":%.4f,\"make_ms\":%.4f,"
           "\"tally_s\":%.4f,\"tally_threads_s\":%.4f}\n",
           s.count, s.election.ciphertext_count, s.documents[0].len, s.election.ballot_bytes,
           reading * 1e3 / n, verifying * 1e3 / n, batch * 1e3 / n, making * 1e3 / (double)made,
           alone, together);
    for (size_t i = 0; i < s.count; i++) {
        mem_free((void *)(uintptr_t)s.packed[i].data);
        mem_free((void *)(uintptr_t)s.hints[i].data);
    }
    bel_election_free(&s.election);
    arena_free(&s.arena);
    return 0;
}
