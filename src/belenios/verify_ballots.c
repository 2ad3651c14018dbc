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
#include "belenios/hints.h"
#include "belenios/verify_steps.h"
#include "crypto/sha256.h"

#define THREADS_MAX 256u
#define TURN 8 /* ballots a thread takes at a time, where they have no hints */

struct run {
    struct bel_contents *c;
    const struct bel_election *election;
    const struct bel_roll *roll;
    const struct bel_verify_options *options;
    bool with_tally;
    const uint32_t *list; /* what to go through: numbers of ballots; NULL: all */
    size_t first, count;  /* where there is no list, the number of the first */
    size_t total;         /* for the progress, of which `first` are done */
    enum err (*one)(struct run *r, struct bel_tally *t, struct buf *packed, size_t ballot,
                    struct diag *d);
    const char *what; /* for the progress */
    uint8_t *hints;   /* to be made */
    size_t turn;
    _Atomic size_t next, done, bound; /* bound: the lowest place of a fault so far */
    _Atomic size_t hinted;
    pthread_mutex_t lock; /* of fault */
    struct bel_fault fault;
    struct bel_tally *tally; /* of all threads; under lock */
};

static struct bytes document(const struct bel_contents *c, size_t i)
{
    return bytes_of(c->file.data + c->ballots[i].offset, c->ballots[i].len);
}

/* Appends the packed ballot. */
static enum err read_one(struct run *r, struct buf *packed, size_t i, size_t *voter, struct diag *d)
{
    size_t before = packed->len;
    TRY(bel_ballot_read(packed, r->election, document(r->c, i), d));
    *voter = bel_roll_find(r->roll, packed->data + before);
    if (*voter == SIZE_MAX)
        return diag_set(
            d, E_NOT_FOUND,
            T("its credential is not on the roll", "son droit de vote n'est pas dans la liste"));
    return E_OK;
}

static enum err verify_one(struct run *r, struct bel_tally *t, struct buf *packed, size_t i,
                           struct diag *d)
{
    size_t voter = 0;
    TRY(read_one(r, packed, i, &voter, d));
    TRY(bel_ballot_verify(r->election, buf_view(packed), d));
    r->c->ballots[i].voter = (uint32_t)voter;
    if (!r->with_tally)
        return E_OK;
    enum err e = bel_tally_add(t, buf_view(packed), r->roll->voters[voter].weight);
    ASSERT(e == E_OK); /* it was just verified */
    return E_OK;
}

static enum err make_one(struct run *r, struct bel_tally *t, struct buf *packed, size_t i,
                         struct diag *d)
{
    size_t each = bel_hints_bytes(r->election);
    struct buf hints = {0};
    struct diag why = {0};
    (void)t;
    (void)d;
    buf_reserve(&hints, each);
    if (bel_ballot_read(packed, r->election, document(r->c, i), &why) == E_OK)
        bel_hints_make(&hints, r->election, buf_view(packed));
    memset(r->hints + (i - r->first) * each, 0, each);
    if (hints.len == each)
        memcpy(r->hints + (i - r->first) * each, hints.data, each);
    buf_free(&hints);
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
        r->options->tick(r->options->tick_ctx, r->what, r->first + r->done, r->total);
}

/* --- with hints: a turn is one block ---
 *
 * Its ballots are read up to the first that cannot be, and those before that one verified together;
 * the lowest fault is still the one that is told. */

struct block {
    struct buf packed; /* one ballot after the other */
    struct bytes *ballots, *hints;
    uint64_t *weights;
};

static void block_begin(struct block *b, const struct run *r)
{
    *b = (struct block){0};
    b->ballots = mem_zalloc(r->turn, sizeof *b->ballots);
    b->hints = mem_zalloc(r->turn, sizeof *b->hints);
    b->weights = mem_zalloc(r->turn, sizeof *b->weights);
}

static void block_end(struct block *b)
{
    buf_free(&b->packed);
    mem_free(b->ballots);
    mem_free(b->hints);
    mem_free(b->weights);
}

/* Reads the ballots from `from` on; how many before the first that cannot be read. */
static size_t block_read(struct block *b, struct run *r, size_t from, size_t count, enum err *err,
                         struct diag *d)
{
    const struct bel_election *e = r->election;
    size_t n = 0;
    buf_clear(&b->packed);
    for (; n < count; n++) {
        size_t voter = 0;
        *err = read_one(r, &b->packed, from + n, &voter, d);
        if (*err != E_OK)
            break;
        r->c->ballots[from + n].voter = (uint32_t)voter;
        b->weights[n] = r->roll->voters[voter].weight;
        b->hints[n] = bel_hints_of(r->options->hints, e, from + n);
    }
    for (size_t i = 0; i < n; i++)
        b->ballots[i] = bytes_of(b->packed.data + i * e->ballot_bytes, e->ballot_bytes);
    return n;
}

static void work_on_block(struct run *r, struct bel_tally *t, struct block *b, size_t from,
                          size_t count)
{
    enum err unread = E_OK, err;
    struct diag d = {0}, why = {0};
    size_t bad = 0, hinted = 0, n = block_read(b, r, from, count, &unread, &d);
    err = bel_ballots_tally(t, b->ballots, b->hints, b->weights, n, &hinted, &bad, &why);
    if (err != E_OK)
        note_fault(r, from + bad, from + bad, err, &why);
    else if (unread != E_OK)
        note_fault(r, from + n, from + n, unread, &d);
    r->hinted += hinted;
    r->done += count;
}

/* --- threads -----------------------------------------------------------------------------------
 */

static void work_one_by_one(struct run *r, struct bel_tally *t, struct buf *packed, size_t from,
                            size_t count)
{
    for (size_t i = from; i < from + count && i < r->bound; i++) {
        struct diag d = {0};
        size_t ballot = r->list ? r->list[i] : r->first + i;
        buf_clear(packed);
        enum err e = r->one(r, t, packed, ballot, &d);
        if (e != E_OK)
            note_fault(r, i, ballot, e, &d);
        r->done++;
    }
}

static void work(struct run *r, bool is_main)
{
    struct buf packed = {0};
    struct block block;
    struct bel_tally own;
    bel_tally_init(&own, r->election);
    block_begin(&block, r);
    for (size_t from; (from = atomic_fetch_add(&r->next, r->turn)) < r->bound;) {
        size_t count = r->count - from < r->turn ? r->count - from : r->turn;
        if (r->one)
            work_one_by_one(r, &own, &packed, from, count);
        else
            work_on_block(r, &own, &block, from, count);
        if (is_main)
            tick(r);
    }
    pthread_mutex_lock(&r->lock);
    if (r->with_tally)
        bel_tally_merge(r->tally, &own);
    pthread_mutex_unlock(&r->lock);
    bel_tally_fini(&own);
    block_end(&block);
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
    r->turn = TURN;
    if (!r->one) { /* as large as is good, and something for every thread */
        size_t share = (r->count + threads - 1) / threads, most = bel_batch_ballots(r->election);
        r->turn = share < most ? share + 1 : most;
    }
    if (threads > (r->count + r->turn - 1) / r->turn)
        threads = (r->count + r->turn - 1) / r->turn;
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
                    .total = c->ballot_count,
                    .one = options->hints ? NULL : verify_one,
                    .what = T("ballots", "bulletins"),
                    .tally = tally};
    run_all(&r);
    if (r.fault.code != E_OK)
        return r.fault;
    c->hinted = r.hinted;
    uint32_t *list = mem_alloc((c->ballot_count + 1) * sizeof *list);
    size_t replaced = list_replaced(list, c, roll);
    if (with_tally && replaced) {
        struct bel_tally out;
        bel_tally_init(&out, e);
        struct run again = {.c = c,
                            .election = e,
                            .roll = roll,
                            .options = options,
                            .with_tally = true,
                            .list = list,
                            .count = replaced,
                            .total = replaced,
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

void bel_make_hints(uint8_t *out, struct bel_contents *c, const struct bel_election *e, size_t from,
                    size_t count, const struct bel_verify_options *options)
{
    struct run r = {.c = c,
                    .election = e,
                    .options = options,
                    .first = from,
                    .count = count,
                    .total = c->ballot_count,
                    .one = make_one,
                    .what = T("hints", "indices"),
                    .hints = out};
    run_all(&r);
}
