#include "city/voting/verified.h"

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/sha256.h"

#define PARTS 64u
#define WAYS 16u /* places a ballot may take */
#define PART_SETS (VERIFIED_MAX / PARTS / WAYS)

struct known {
    struct hash key;
    struct hash tracker;
};

static struct part {
    pthread_mutex_t lock;
    struct known (*sets)[WAYS]; /* NULL until something is noted */
    uint32_t turn;              /* which place is overwritten next */
} parts[PARTS];

static pthread_once_t once = PTHREAD_ONCE_INIT;

static _Atomic uint64_t work;

static void make_locks(void)
{
    for (size_t i = 0; i < PARTS; i++)
        pthread_mutex_init(&parts[i].lock, NULL);
}

static struct hash key_of(const struct bel_election *e, struct bytes packed)
{
    struct sha256 s;
    struct hash out;
    sha256_init(&s);
    sha256_update(&s, e->hash.b, sizeof e->hash.b);
    sha256_update(&s, packed.data, packed.len);
    sha256_final(&s, &out);
    return out;
}

static struct part *part_of(const struct hash *key)
{
    return &parts[key->b[0] % PARTS];
}

static size_t set_of(const struct hash *key)
{
    return be32_get(key->b + 1) % PART_SETS;
}

static bool find(const struct hash *key, struct hash *tracker_out)
{
    struct part *p = part_of(key);
    bool found = false;
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; p->sets && i < WAYS && !found; i++) {
        const struct known *k = &p->sets[set_of(key)][i];
        found = hash_eq(&k->key, key);
        if (found)
            *tracker_out = k->tracker;
    }
    pthread_mutex_unlock(&p->lock);
    return found;
}

static void note(const struct hash *key, const struct hash *tracker)
{
    struct part *p = part_of(key);
    pthread_mutex_lock(&p->lock);
    if (!p->sets)
        p->sets = mem_zalloc(PART_SETS, sizeof *p->sets);
    struct known *set = p->sets[set_of(key)];
    size_t place = p->turn++ % WAYS;
    for (size_t i = 0; i < WAYS; i++)
        if (hash_is_zero(&set[i].key)) {
            place = i;
            break;
        }
    set[place] = (struct known){*key, *tracker};
    pthread_mutex_unlock(&p->lock);
}

enum err verified_ballot(const struct bel_election *e, struct bytes packed,
                         struct hash *tracker_out, struct diag *d)
{
    struct hash key = key_of(e, packed);
    pthread_once(&once, make_locks);
    if (find(&key, tracker_out))
        return E_OK;
    atomic_fetch_add(&work, 1);
    TRY(bel_ballot_verify(e, packed, d));
    TRY(bel_ballot_hash(tracker_out, e, packed));
    note(&key, tracker_out);
    return E_OK;
}

uint64_t verified_work(void)
{
    return atomic_load(&work);
}
