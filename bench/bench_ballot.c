/* bench_ballot: a ballot's CPU time by kind of question, on one processor: read (document to
 * packed), written, verified, verified with hints in blocks (batch.h), made. Elections are made in
 * place.
 * Usage: bench_ballot [--json] [MS_EACH] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "belenios/batch.h"
#include "belenios/test_kit.h"

static uint64_t budget_ns = 300 * 1000000;

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void must(enum err err, const struct diag *d)
{
    if (err == E_OK)
        return;
    fprintf(stderr, "bench_ballot: %s\n", d->text);
    exit(1);
}

static void read_it(struct kit *k, struct diag *d)
{
    struct buf packed = {0};
    must(bel_ballot_read(&packed, &k->election, buf_view(&k->json), d), d);
    buf_free(&packed);
}

static void write_it(struct kit *k, struct diag *d)
{
    struct buf json = {0};
    must(bel_ballot_write(&json, &k->election, buf_view(&k->packed)), d);
    buf_free(&json);
}

static void verify_it(struct kit *k, struct diag *d)
{
    must(bel_ballot_verify(&k->election, buf_view(&k->packed), d), d);
}

static void make_it(struct kit *k, struct diag *d)
{
    struct buf packed = {0};
    must(bel_ballot_make(&packed, &k->election, &k->x, k->choice, &k->arena, NULL, d), d);
    buf_free(&packed);
}

static struct buf hints; /* of the ballot in hand */

/* One block, as large as they are. */
static void batch_it(struct kit *k, struct diag *d)
{
    size_t count = bel_batch_ballots(&k->election), bad;
    struct bytes *ballots = mem_alloc(count * sizeof *ballots),
                 *helps = mem_alloc(count * sizeof *helps);
    for (size_t i = 0; i < count; i++) {
        ballots[i] = buf_view(&k->packed);
        helps[i] = buf_view(&hints);
    }
    must(bel_ballots_verify(&k->election, ballots, helps, count, &bad, d), d);
    mem_free(ballots);
    mem_free(helps);
}

/* The least of the runs that fit into the budget, in nanoseconds. */
static uint64_t least(struct kit *k, void (*run)(struct kit *, struct diag *))
{
    uint64_t best = UINT64_MAX, start = cpu_ns(), now;
    struct diag d = {""};
    do {
        uint64_t before = cpu_ns();
        run(k, &d);
        now = cpu_ns();
        if (now - before < best)
            best = now - before;
    } while (now - start < budget_ns);
    return best;
}

/* Seven grades of five projects. */
#define GRADES                                                                                   \
    "{\"answers\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"],\"min\":1,\"max\":1,\"question\":" \
    "\"\"}"
#define GRADE "[0,0,1,0,0,0,0]"
#define FOUR "{\"answers\":[\"A\",\"B\",\"C\",\"D\"],\"min\":0,\"max\":2,\"question\":\"\"}"
#define BLANK_3 \
    "{\"answers\":[\"a\",\"b\",\"c\"],\"blank\":true,\"min\":1,\"max\":1,\"question\":\"\"}"

static const struct {
    const char *name, *id, *questions, *choice;
} rows[] = {
    {"one of 3", "simple", KIT_ONE_OF_3, "[[0,1,0]]"},
    {"one of 3 or blank", "blank", BLANK_3, "[[0,0,1,0]]"},
    {"three questions (3, 4, 3 and blank)", "questions3", KIT_ONE_OF_3 "," FOUR "," BLANK_3,
     "[[1,0,0],[0,1,1,0],[0,0,0,1]]"},
    {"majority judgment, 5 by 7", "majority", GRADES "," GRADES "," GRADES "," GRADES "," GRADES,
     "[" GRADE "," GRADE "," GRADE "," GRADE "," GRADE "]"},
    {"two lists", "lists", KIT_LISTS, "[[[1,1,0],[0,0]]]"},
};

int main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 + json)
        budget_ns = strtoull(argv[1 + json], NULL, 10) * 1000000;
    if (!json)
        printf("%-36s %6s %6s %6s %8s %8s %8s %8s %8s\n", "us a ballot", "packed", "json", "hints",
               "read", "write", "verify", "hinted", "make");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kit k;
        struct diag d = {""};
        kit_open(&k, rows[i].questions);
        kit_vote(&k, rows[i].choice);
        buf_clear(&hints);
        must(bel_hints_make(&hints, &k.election, buf_view(&k.packed)), &d);
        uint64_t batch = least(&k, batch_it) / bel_batch_ballots(&k.election);
        uint64_t read = least(&k, read_it), write = least(&k, write_it);
        uint64_t verify = least(&k, verify_it), make = least(&k, make_it);
        if (json)
            printf("%s\"%s\":{\"packed_bytes\":%zu,\"json_bytes\":%zu,\"hints_bytes\":%zu,\"read_"
                   "ns\":%llu,"
                   "\"write_ns\":%llu,\"verify_ns\":%llu,\"batch_ns\":%llu,\"make_ns\":%llu}",
                   i == 0 ? "{" : ",", rows[i].id, k.packed.len, k.json.len, hints.len,
                   (unsigned long long)read, (unsigned long long)write, (unsigned long long)verify,
                   (unsigned long long)batch, (unsigned long long)make);
        else
            printf("%-36s %6zu %6zu %6zu %8.1f %8.1f %8.0f %8.0f %8.0f\n", rows[i].name,
                   k.packed.len, k.json.len, hints.len, (double)read / 1e3, (double)write / 1e3,
                   (double)verify / 1e3, (double)batch / 1e3, (double)make / 1e3);
        kit_close(&k);
    }
    buf_free(&hints);
    if (json)
        printf("}\n");
    return 0;
}
