/* verify_ballots: the ballots of an archive, on several threads.
 *
 * Threads take ballots in turn, a few at a time. Which one meets a bad ballot first depends on
 * their course; the fault that is kept does not: it is the one of the lowest number, and no thread
 * stops before every ballot below it was looked at. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/thread.h"
#include "belenios/verify_steps.h"
#include "crypto/sha256.h"

#define THREADS_MAX 256u
#define TURN 8 /* ballots a thread takes at a time */

struct run {
    struct bel_contents *c;
    const struct bel_election *election;
    const struct bel_roll *roll;
    const struct bel_verify_options *options;
    bool with_tally;
    const uint32_t *list; /* what to go through: numbers of ballots; NULL: all */
    size_t count;
    enum err (*one)(struct run *r, struct bel_tally *t, struct buf *packed, size_t ballot,
                    struct diag *d);
    const char *what;                 /* for the progress */
    _Atomic size_t next, done, bound; /* bound: the lowest place of a fault so far */
    pthread_mutex_t lock;             /* of fault */
    struct bel_fault fault;
    struct bel_tally *tally; /* of all threads; under lock */
};

static struct bytes document(const struct bel_contents *c, size_t i)
{
    return bytes_of(c->file.data + c->ballots[i].offset, c->ballots[i].len);
}

static enum err verify_one(struct run *r, struct bel_tally *t, struct buf *packed, size_t i,
                           struct diag *d)
{
    struct bel_place *place = &r->c->ballots[i];
    TRY(bel_ballot_read(packed, r->election, document(r->c, i), d));
    size_t voter = bel_roll_find(r->roll, bel_ballot_credential(buf_view(packed)));
    if (voter == SIZE_MAX)
        return diag_set(
            d, E_NOT_FOUND,
            T("its credential is not on the roll", "son droit de vote n'est pas dans la liste"));
    TRY(bel_ballot_verify(r->election, buf_view(packed), d));
    place->voter = (uint32_t)voter;
    if (!r->with_tally)
        return E_OK;
    enum err e = bel_tally_add(t, buf_view(packed), r->roll->voters[voter].weight);
    ASSERT(e == E_OK); /* it was just verified */
    return E_OK;
}

/* A ballot that a later one of the same voter replaces. */
static enum err take_out(struct run *r, struct bel_tally *t, struct buf *packed, size_t i,
                         struct diag *d)
{
    uint64_t weight = r->roll->voters[r->c->ballots[i].voter].weight;
    enum err e = bel_ballot_read(packed, r->election, document(r->c, i), d);
    if (e == E_OK)
        e = bel_tally_add(t, buf_view(packed), weight);
    ASSERT(e == E_OK); /* it was verified before */
    return E_OK;
}

static void note_fault(struct run *r, size_t place, size_t ballot, enum err code, struct diag *d)
{
    struct hash h;
    char tracker[BEL_HASH_CHARS + 1];
    struct bytes json = document(r->c, ballot);
    sha256_once(&h, json.data, json.len);
    bel_hash_text(tracker, &h);
    diag_wrap(d, code, T("ballot %zu (%s): ", "bulletin %zu (%s) : "), ballot + 1, tracker);
    pthread_mutex_lock(&r->lock);
    if (place < r->bound) {
        r->bound = place;
        r->fault = (struct bel_fault){.d = *d};
        bel_fault_set(&r->fault, code, ballot + 1, BEL_BALLOT);
    }
    pthread_mutex_unlock(&r->lock);
}

static void tick(struct run *r)
{
    if (r->options->tick)
        r->options->tick(r->options->tick_ctx, r->what, r->done, r->count);
}

static void work(struct run *r, bool is_main)
{
    struct buf packed = {0};
    struct bel_tally own;
    bel_tally_init(&own, r->election);
    for (;;) {
        size_t from = atomic_fetch_add(&r->next, TURN);
        for (size_t i = from; i < from + TURN && i < r->bound; i++) {
            struct diag d = {0};
            size_t ballot = r->list ? r->list[i] : i;
            buf_clear(&packed);
            enum err e = r->one(r, &own, &packed, ballot, &d);
            if (e != E_OK)
                note_fault(r, i, ballot, e, &d);
            r->done++;
        }
        if (from + TURN >= r->bound)
            break;
        if (is_main)
            tick(r);
    }
    pthread_mutex_lock(&r->lock);
    bel_tally_merge(r->tally, &own);
    pthread_mutex_unlock(&r->lock);
    bel_tally_fini(&own);
    buf_free(&packed);
}

static void *run_thread(void *ctx)
{
    work(ctx, false);
    return NULL;
}

static void run_all(struct run *r)
{
    pthread_t thread[THREADS_MAX];
    size_t threads = r->options->threads, started = 0;
    if (threads == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = processors > 0 ? (size_t)processors : 1;
    }
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    if (threads > (r->count + TURN - 1) / TURN)
        threads = (r->count + TURN - 1) / TURN;
    r->bound = r->count;
    pthread_mutex_init(&r->lock, NULL);
    while (started + 1 < threads && thread_start(&thread[started], 0, run_thread, r) == 0)
        started++;
    work(r, true);
    for (size_t i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    tick(r);
    pthread_mutex_destroy(&r->lock);
}

/* Counts the last ballot of each voter, and lists those that it replaces. */
static size_t list_replaced(uint32_t *list, struct bel_contents *c, const struct bel_roll *roll)
{
    uint32_t *last = mem_zalloc(roll->count + 1, sizeof *last); /* ballot + 1 */
    size_t count = 0;
    for (size_t i = 0; i < c->ballot_count; i++) {
        uint32_t voter = c->ballots[i].voter;
        if (last[voter])
            list[count++] = last[voter] - 1;
        else
            c->counted_weight += roll->voters[voter].weight;
        last[voter] = (uint32_t)(i + 1);
    }
    c->counted = c->ballot_count - count;
    mem_free(last);
    return count;
}

struct bel_fault bel_verify_ballots(struct bel_contents *c, const struct bel_election *e,
                                    const struct bel_roll *roll, struct bel_tally *tally,
                                    bool with_tally, const struct bel_verify_options *options)
{
    struct run r = {.c = c,
                    .election = e,
                    .roll = roll,
                    .options = options,
                    .with_tally = with_tally,
                    .count = c->ballot_count,
                    .one = verify_one,
                    .what = T("ballots", "bulletins"),
                    .tally = tally};
    run_all(&r);
    if (r.fault.code != E_OK)
        return r.fault;
    uint32_t *list = mem_alloc((c->ballot_count + 1) * sizeof *list);
    size_t replaced = list_replaced(list, c, roll);
    if (with_tally && replaced) {
        struct bel_tally out;
        bel_tally_init(&out, e);
        struct run again = {.c = c,
                            .election = e,
                            .roll = roll,
                            .options = options,
                            .list = list,
                            .count = replaced,
                            .one = take_out,
                            .what = T("replaced ballots", "bulletins remplacés"),
                            .tally = &out};
        run_all(&again);
        bel_tally_subtract(tally, &out);
        bel_tally_fini(&out);
    }
    mem_free(list);
    return (struct bel_fault){0};
}
