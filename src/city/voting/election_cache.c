#include "city/voting/election_cache.h"

static struct {
    pthread_mutex_t lock;
    struct voting_election *items[ELECTION_CACHE_MAX];
    size_t count;
    uint64_t clock;
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define SUMS_KEPT (sizeof((struct voting_election *)0)->sums / sizeof(struct decoded_sums))

static void election_free(struct voting_election *v)
{
    for (size_t i = 0; i < SUMS_KEPT; i++) {
        mem_free(v->sums[i].packed);
        mem_free(v->sums[i].points);
    }
    pthread_mutex_destroy(&v->sums_lock);
    bel_election_free(&v->e);
    arena_free(&v->arena);
    mem_free(v);
}

/* --- the list; the lock is held --------------------------------------------------------------- */

static struct voting_election *hold(struct voting_election *v)
{
    v->holders++;
    v->used = ++cache.clock;
    return v;
}

static struct voting_election *find(const struct hash *hash)
{
    for (size_t i = 0; i < cache.count; i++)
        if (hash_eq(&cache.items[i]->e.hash, hash))
            return hold(cache.items[i]);
    return NULL;
}

/* make_room takes out the one that nobody holds and that was not used for longest. NULL: all are
 * held, or there is room. */
static struct voting_election *make_room(void)
{
    size_t oldest = SIZE_MAX;
    if (cache.count < ELECTION_CACHE_MAX)
        return NULL;
    for (size_t i = 0; i < cache.count; i++)
        if (cache.items[i]->holders == 0 &&
            (oldest == SIZE_MAX || cache.items[i]->used < cache.items[oldest]->used))
            oldest = i;
    if (oldest == SIZE_MAX)
        return NULL;
    struct voting_election *out = cache.items[oldest];
    cache.items[oldest] = cache.items[--cache.count];
    return out;
}

/* --- for everybody ---------------------------------------------------------------------------- */

struct voting_election *election_hold(const struct hash *hash)
{
    pthread_mutex_lock(&cache.lock);
    struct voting_election *v = find(hash);
    pthread_mutex_unlock(&cache.lock);
    return v;
}

size_t election_hold_numbered(struct voting_election **out, size_t max, uint64_t number)
{
    size_t count = 0;
    uint64_t before = UINT64_MAX; /* uses are told apart by the clock */
    pthread_mutex_lock(&cache.lock);
    while (count < max) {
        struct voting_election *latest = NULL;
        for (size_t i = 0; i < cache.count; i++) {
            struct voting_election *v = cache.items[i];
            if (v->number == number && v->used < before && (!latest || v->used > latest->used))
                latest = v;
        }
        if (!latest)
            break;
        before = latest->used;
        latest->holders++; /* a guess is no use */
        out[count++] = latest;
    }
    pthread_mutex_unlock(&cache.lock);
    return count;
}

struct voting_election *election_make(struct bytes document, uint64_t number)
{
    struct voting_election *v = mem_zalloc(1, sizeof *v), *gone = NULL;
    struct diag d = {0};
    v->number = number;
    pthread_mutex_init(&v->sums_lock, NULL);
    if (bel_election_read(&v->e, &v->arena, document, &d) != E_OK) {
        election_free(v);
        return NULL;
    }
    bel_election_prepare(&v->e);
    pthread_mutex_lock(&cache.lock);
    struct voting_election *other = find(&v->e.hash); /* made by another thread meanwhile */
    if (!other) {
        gone = make_room();
        v->is_kept = cache.count < ELECTION_CACHE_MAX;
        if (v->is_kept)
            cache.items[cache.count++] = v;
        hold(v);
    }
    pthread_mutex_unlock(&cache.lock);
    if (gone)
        election_free(gone);
    if (other) {
        election_free(v);
        return other;
    }
    return v;
}

void election_release(struct voting_election *v)
{
    if (!v)
        return;
    pthread_mutex_lock(&cache.lock);
    bool last = --v->holders == 0 && !v->is_kept;
    pthread_mutex_unlock(&cache.lock);
    if (last)
        election_free(v);
}

/* --- sums ------------------------------------------------------------------------------------- */

static bool find_sums(struct voting_election *v, struct ed_point *out, struct bytes packed)
{
    bool found = false;
    pthread_mutex_lock(&v->sums_lock);
    for (size_t i = 0; i < SUMS_KEPT && !found; i++) {
        struct decoded_sums *s = &v->sums[i];
        found = s->packed && memcmp(s->packed, packed.data, packed.len) == 0;
        if (found) {
            s->used = ++v->sums_clock;
            memcpy(out, s->points, 2 * v->e.ciphertext_count * sizeof *out);
        }
    }
    pthread_mutex_unlock(&v->sums_lock);
    return found;
}

bool election_sums(struct voting_election *v, struct ed_point *out, struct bytes packed)
{
    size_t count = 2 * v->e.ciphertext_count, bad;
    ASSERT(packed.len == count * EDWARDS_BYTES);
    if (find_sums(v, out, packed))
        return true;
    if (!ed_decode_prime_many(out, packed.data, EDWARDS_BYTES, count, &bad))
        return false;
    election_note_sums(v, packed, out);
    return true;
}

void election_note_sums(struct voting_election *v, struct bytes packed,
                        const struct ed_point *points)
{
    size_t size = 2 * v->e.ciphertext_count * sizeof *points;
    struct decoded_sums *s = &v->sums[0];
    pthread_mutex_lock(&v->sums_lock);
    for (size_t i = 1; i < SUMS_KEPT; i++)
        if (v->sums[i].used < s->used)
            s = &v->sums[i];
    if (!s->packed) {
        s->packed = mem_alloc(packed.len);
        s->points = mem_alloc(size);
    }
    s->used = ++v->sums_clock;
    memcpy(s->packed, packed.data, packed.len);
    memcpy(s->points, points, size);
    pthread_mutex_unlock(&v->sums_lock);
}
