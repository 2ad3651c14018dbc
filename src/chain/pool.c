/* pool: transactions waiting to be ordered.
 *
 * Every waiting transaction stands in one map by hash, in its sender's queue by nonce, and in one
 * of three lists: ready (executable, in the order in which they became so), gapped (an earlier
 * nonce is missing) or lent (borrowed by the block in hand). A sender's transactions become ready
 * in nonce order, so taking from the front of ready keeps nonces in order and costs the same
 * however many wait. Decoding and signature recovery happen outside of the lock. */
#include "chain/chain_internal.h"
#include "chain/rehearse.h"

#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"

#define POOL_IDLE_SENDERS_MAX 65536u /* senders remembered with nothing waiting */
#define POOL_COMMIT_CHUNK 1024u      /* accounts followed per hold of the lock */
#define POOL_ADMIT_TRIES 16
#define POOL_STALE_CHUNK 256u /* entries whose age is looked at per block */

enum place { PLACE_READY, PLACE_GAPPED, PLACE_LENT, PLACE_COUNT };

struct entry {
    struct tx tx;
    struct arena arena; /* its access list */
    struct sender *sender;
    struct entry *prev, *next;
    enum place place;
    uint64_t since_s, since_head; /* when it came, and after how many blocks */
    _Atomic unsigned references;  /* the pool's, and pool_add's while it tells the listeners */
    uint8_t raw[];
};

/* A sender's queue, and what is known of it at the head. queue[first .. first+count) is sorted by
 * nonce; its first ready_count entries follow state_nonce without a gap (ready or lent). */
struct sender {
    struct address address;
    uint64_t state_nonce;
    struct u256 balance;
    uint64_t credit_gas; /* may be admitted without asking the quota again */
    struct entry **queue;
    size_t first, count, cap;
    size_t ready_count;
};

struct list {
    struct entry *head, *tail;
    size_t count;
};

struct pool {
    struct chain *chain;
    pthread_mutex_t lock;
    struct ptr_map by_hash;
    struct ptr_map by_sender;
    struct list lists[PLACE_COUNT];
    size_t idle_senders;
    size_t bytes;
    size_t txs_max, bytes_max;
    bool judges;    /* makes blocks: what is executable is executed in its turn */
    uint64_t heads; /* blocks seen */
    uint64_t epoch; /* counts heads: state read before a change of it is stale */
    bool moving;    /* knows of a block that the store's readers do not see yet */
    pthread_cond_t settled;
    int wake_fd;
    bool sleeping; /* someone waits on wake_fd */
};

/* --- lists and queues ------------------------------------------------------------------------- */

static void list_append(struct pool *p, enum place place, struct entry *e)
{
    struct list *l = &p->lists[place];
    e->place = place;
    e->next = NULL;
    e->prev = l->tail;
    *(l->tail ? &l->tail->next : &l->head) = e;
    l->tail = e;
    l->count++;
}

static void list_prepend(struct pool *p, enum place place, struct entry *e)
{
    struct list *l = &p->lists[place];
    e->place = place;
    e->prev = NULL;
    e->next = l->head;
    *(l->head ? &l->head->prev : &l->tail) = e;
    l->head = e;
    l->count++;
}

static void list_remove(struct pool *p, struct entry *e)
{
    struct list *l = &p->lists[e->place];
    *(e->prev ? &e->prev->next : &l->head) = e->next;
    *(e->next ? &e->next->prev : &l->tail) = e->prev;
    l->count--;
}

static struct entry *queue_at(const struct sender *s, size_t i)
{
    return s->queue[s->first + i];
}

/* queue_find returns the place of a nonce in the queue: of the first entry not below it. */
static size_t queue_find(const struct sender *s, uint64_t nonce)
{
    size_t low = 0, high = s->count;
    if (high && queue_at(s, high - 1)->tx.nonce < nonce) /* the usual case: a next nonce */
        return high;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (queue_at(s, mid)->tx.nonce < nonce)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void queue_insert(struct sender *s, size_t at, struct entry *e)
{
    if (s->first + s->count == s->cap) {
        if (s->first > s->count) { /* reuse the room in front */
            memmove(s->queue, s->queue + s->first, s->count * sizeof(struct entry *));
            s->first = 0;
        } else {
            s->cap = s->cap ? 2 * s->cap : 4;
            s->queue = mem_resize(s->queue, s->cap, sizeof(struct entry *));
        }
    }
    struct entry **place = s->queue + s->first + at;
    memmove(place + 1, place, (s->count - at) * sizeof(struct entry *));
    *place = e;
    s->count++;
}

static void queue_remove(struct sender *s, size_t at)
{
    if (at == 0) {
        s->first++;
    } else {
        struct entry **place = s->queue + s->first + at;
        memmove(place, place + 1, (s->count - at - 1) * sizeof(struct entry *));
    }
    if (--s->count == 0)
        s->first = 0;
}

/* promote moves entries that now follow without a gap to the ready list. */
static void promote(struct pool *p, struct sender *s)
{
    while (s->ready_count < s->count &&
           queue_at(s, s->ready_count)->tx.nonce == s->state_nonce + s->ready_count) {
        struct entry *e = queue_at(s, s->ready_count++);
        if (e->place == PLACE_GAPPED) {
            list_remove(p, e);
            list_append(p, PLACE_READY, e);
        }
    }
}

/* demote marks entries from place `from` on as gapped. */
static void demote(struct pool *p, struct sender *s, size_t from)
{
    for (size_t i = from; i < s->ready_count; i++) {
        struct entry *e = queue_at(s, i);
        list_remove(p, e);
        list_append(p, PLACE_GAPPED, e);
    }
    if (s->ready_count > from)
        s->ready_count = from;
}

/* --- entries and senders ---------------------------------------------------------------------- */

static struct entry *entry_new(struct bytes raw)
{
    struct entry *e = mem_alloc(sizeof *e + raw.len);
    *e = (struct entry){.place = PLACE_GAPPED, .references = 2};
    if (raw.len) /* no bytes may come without an address */
        memcpy(e->raw, raw.data, raw.len);
    return e;
}

static void entry_unref(struct entry *e)
{
    if (atomic_fetch_sub(&e->references, 1) != 1)
        return;
    arena_free(&e->arena);
    mem_free(e);
}

/* forget takes an entry out of map and list; the caller has taken it out of the queue. Its memory
 * goes onto *garbage, to be released outside of the lock. */
static void forget(struct pool *p, struct entry *e, struct entry **garbage)
{
    ptr_map_remove(&p->by_hash, e);
    list_remove(p, e);
    p->bytes -= e->tx.raw.len;
    if (e->sender->count == 0)
        p->idle_senders++;
    e->next = *garbage;
    *garbage = e;
}

static void release_garbage(struct entry *garbage)
{
    while (garbage) {
        struct entry *next = garbage->next;
        entry_unref(garbage);
        garbage = next;
    }
}

static struct sender *sender_find(struct pool *p, const struct address *a)
{
    return ptr_map_find(&p->by_sender, a->b);
}

static struct sender *sender_make(struct pool *p, const struct address *a)
{
    struct sender *s = sender_find(p, a);
    if (s)
        return s;
    s = mem_zalloc(1, sizeof *s);
    s->address = *a;
    ptr_map_insert(&p->by_sender, s);
    p->idle_senders++;
    return s;
}

/* drop_idle_senders forgets senders with nothing waiting once there are too many: one pass over all
 * of them, paid by the many that came before. */
static void drop_idle_senders(struct pool *p)
{
    if (p->idle_senders <= POOL_IDLE_SENDERS_MAX)
        return;
    struct ptr_map old = p->by_sender;
    p->by_sender.slot = NULL;
    p->by_sender.mask = p->by_sender.count = 0;
    for (size_t i = 0; i <= old.mask; i++) {
        struct sender *s = old.slot[i];
        if (s && s->count) {
            ptr_map_insert(&p->by_sender, s);
        } else if (s) {
            mem_free(s->queue);
            mem_free(s);
        }
    }
    mem_free(old.slot);
    p->idle_senders = 0;
}

/* --- adding ----------------------------------------------------------------------------------- */

/* outbids: a replacement must raise both prices by a tenth; free transactions are not replaced. */
static bool outbids(const struct tx *new, const struct tx *old)
{
    struct u256 tenth, floor;
    if (u256_is_zero(old->max_fee) && u256_is_zero(new->max_fee))
        return false;
    u256_divmod(&tenth, NULL, old->max_fee, u256_from_u64(10));
    if (u256_add(&floor, old->max_fee, tenth) || u256_cmp(new->max_fee, floor) < 0)
        return false;
    u256_divmod(&tenth, NULL, old->max_priority_fee, u256_from_u64(10));
    return !u256_add(&floor, old->max_priority_fee, tenth) &&
           u256_cmp(new->max_priority_fee, floor) >= 0 && u256_cmp(new->max_fee, old->max_fee) > 0;
}

/* spend counts gas that was admitted without asking the quota. It does not come back when a
 * transaction leaves: asking again only costs a look into the store. */
static void spend(struct sender *s, uint64_t gas)
{
    s->credit_gas -= gas < s->credit_gas ? gas : s->credit_gas;
}

static enum err replace(struct pool *p, size_t at, struct entry *old, struct entry *e,
                        struct entry **garbage)
{
    size_t others = p->bytes - old->tx.raw.len;
    if (old->place == PLACE_LENT || !outbids(&e->tx, &old->tx))
        return E_TX_UNDERPRICED;
    if (e->tx.raw.len > old->tx.raw.len && others + e->tx.raw.len > p->bytes_max)
        return E_POOL_FULL;
    if (e->tx.gas_limit > old->tx.gas_limit)
        spend(e->sender, e->tx.gas_limit - old->tx.gas_limit);
    /* takes the old one's turn */
    struct list *l = &p->lists[old->place];
    e->place = old->place;
    e->prev = old->prev;
    e->next = old->next;
    *(e->prev ? &e->prev->next : &l->head) = e;
    *(e->next ? &e->next->prev : &l->tail) = e;
    e->sender->queue[e->sender->first + at] = e;
    ptr_map_remove(&p->by_hash, old);
    ptr_map_insert(&p->by_hash, e);
    p->bytes = others + e->tx.raw.len;
    old->next = *garbage;
    *garbage = old;
    return E_OK;
}

static bool is_full(const struct pool *p, size_t extra_bytes)
{
    return p->by_hash.count >= p->txs_max || p->bytes + extra_bytes > p->bytes_max;
}

/* make_room lets an executable transaction push out the oldest ones that wait behind a gap. */
static bool make_room(struct pool *p, const struct sender *s, const struct entry *e,
                      struct entry **garbage)
{
    bool executable = e->tx.nonce == s->state_nonce + s->ready_count;
    while (is_full(p, e->tx.raw.len)) {
        struct entry *victim = p->lists[PLACE_GAPPED].head;
        if (!executable || !victim || victim->sender == s)
            return false;
        queue_remove(victim->sender, queue_find(victim->sender, victim->tx.nonce));
        forget(p, victim, garbage);
    }
    return true;
}

/* insert places an admitted transaction. The lock is held. */
static enum err insert(struct pool *p, struct sender *s, struct entry *e, struct entry **garbage)
{
    TRY(chain_check_known(p->chain, &e->tx, s->state_nonce, s->balance));
    if (ptr_map_find(&p->by_hash, e->tx.hash.b))
        return E_TX_KNOWN;
    e->sender = s;
    e->since_s = chain_now_s(p->chain);
    e->since_head = p->heads;
    size_t at = queue_find(s, e->tx.nonce);
    if (at < s->count && queue_at(s, at)->tx.nonce == e->tx.nonce)
        return replace(p, at, queue_at(s, at), e, garbage);
    if (s->count >= LIMIT_POOL_PER_SENDER || !make_room(p, s, e, garbage))
        return E_POOL_FULL;
    spend(s, e->tx.gas_limit);
    if (s->count == 0)
        p->idle_senders--;
    queue_insert(s, at, e);
    ptr_map_insert(&p->by_hash, e);
    p->bytes += e->tx.raw.len;
    list_append(p, PLACE_GAPPED, e);
    promote(p, s);
    return E_OK;
}

static void wake(struct pool *p)
{
    uint64_t one = 1;
    if (p->sleeping) {
        p->sleeping = false;
        (void)!write(p->wake_fd, &one, sizeof one);
    }
}

/* knows_enough: what is remembered of the sender suffices to admit t. */
static bool knows_enough(const struct pool *p, const struct sender *s, const struct tx *t)
{
    return s && s->credit_gas >= t->gas_limit &&
           chain_check_known(p->chain, t, s->state_nonce, s->balance) != E_TX_FUNDS;
}

/* learn notes what the store said about a sender. A nonce never goes back. */
static struct sender *learn(struct pool *p, const struct address *a,
                            const struct sender_state *state)
{
    struct sender *s = sender_make(p, a);
    if (s->count == 0 && state->nonce > s->state_nonce)
        s->state_nonce = state->nonce;
    s->balance = state->balance;
    s->credit_gas = state->credit_gas;
    return s;
}

/* look_up asks the store about the transaction's sender, without the lock; what was read there
 * counts only if the head did not move meanwhile. When it always does, the lock is kept. */
static enum err look_up(struct pool *p, struct sender **s, const struct tx *t)
{
    for (int i = 0; !knows_enough(p, *s, t); i++) {
        struct sender_state state = {0};
        bool keep_lock = i == POOL_ADMIT_TRIES;
        while (p->moving)
            pthread_cond_wait(&p->settled, &p->lock);
        uint64_t epoch = p->epoch;
        if (!keep_lock)
            pthread_mutex_unlock(&p->lock);
        enum err error = chain_check_sender(p->chain, t, &state);
        if (!keep_lock)
            pthread_mutex_lock(&p->lock);
        if (error != E_OK)
            return error;
        if (p->epoch == epoch) {
            *s = learn(p, &t->sender, &state);
            return E_OK;
        }
        *s = sender_find(p, &t->sender);
    }
    return E_OK;
}

/* admit checks the sender, from memory if possible, and takes the transaction in. */
static enum err admit(struct pool *p, struct entry *e)
{
    struct entry *garbage = NULL;
    pthread_mutex_lock(&p->lock);
    struct sender *s = sender_find(p, &e->tx.sender);
    enum err error = look_up(p, &s, &e->tx);
    if (error == E_OK)
        error = insert(p, s, e, &garbage);
    if (error == E_OK && p->lists[PLACE_READY].count)
        wake(p);
    pthread_mutex_unlock(&p->lock);
    release_garbage(garbage);
    return error;
}

/* first_look refuses what is known, stands in one of the last blocks (peers tell of a transaction
 * after its block as often as before) or finds no room, before the costly signature recovery. */
static enum err first_look(struct pool *p, const struct hash *hash)
{
    uint64_t number;
    size_t index;
    if (recent_find_tx(&p->chain->recent, hash, &number, &index))
        return E_TX_NONCE_LOW;
    pthread_mutex_lock(&p->lock);
    bool known = ptr_map_find(&p->by_hash, hash->b) != NULL;
    bool full = is_full(p, 0) && p->lists[PLACE_GAPPED].count == 0;
    pthread_mutex_unlock(&p->lock);
    return known ? E_TX_KNOWN : full ? E_POOL_FULL : E_OK;
}

/* rehearse runs a transaction whose method asks for it on the state of the head, once everything
 * that is cheaper to ask was asked. */
static enum err rehearse(struct pool *p, const struct tx *t, struct diag *d)
{
    struct sender_state state = {0};
    if (!chain_asks_rehearsal(p->chain, t))
        return E_OK;
    TRY(chain_check_sender(p->chain, t, &state));
    return chain_rehearse(p->chain, t, d);
}

enum err pool_add(struct pool *p, struct bytes raw, struct hash *hash_out, struct diag *d)
{
    if (raw.len > LIMIT_TX_BYTES)
        return E_TX_TOO_LARGE;
    struct entry *e = entry_new(raw);
    enum err error = tx_decode(&e->tx, &e->arena, bytes_of(e->raw, raw.len));
    if (error == E_OK) {
        *hash_out = e->tx.hash;
        error = tx_check(&e->tx, chain_next_fork(p->chain), chain_id(p->chain), 0);
    }
    if (error == E_OK)
        error = first_look(p, &e->tx.hash);
    if (error == E_OK)
        error = tx_recover(&e->tx);
    if (error == E_OK)
        error = rehearse(p, &e->tx, d);
    if (error == E_OK)
        error = admit(p, e);
    if (error == E_OK)
        chain_notify_pending(p->chain, &e->tx);
    else
        entry_unref(e);
    entry_unref(e);
    return error;
}

/* --- the block in hand ------------------------------------------------------------------------ */

size_t pool_take(struct pool *p, struct tx **out, size_t count_max, uint64_t gas_max,
                 size_t bytes_max)
{
    size_t count = 0;
    pthread_mutex_lock(&p->lock);
    p->judges = true;
    for (struct entry *e; (e = p->lists[PLACE_READY].head) && count < count_max;) {
        if (e->tx.gas_limit > gas_max || e->tx.raw.len > bytes_max)
            break;
        gas_max -= e->tx.gas_limit;
        bytes_max -= e->tx.raw.len;
        list_remove(p, e);
        list_append(p, PLACE_LENT, e);
        out[count++] = &e->tx;
    }
    pthread_mutex_unlock(&p->lock);
    return count;
}

/* give_back puts what is still lent in front of the ready list, in its old order. */
static void give_back(struct pool *p)
{
    for (struct entry *e; (e = p->lists[PLACE_LENT].tail);) {
        list_remove(p, e);
        list_prepend(p, PLACE_READY, e);
    }
}

void pool_return(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    give_back(p);
    pthread_mutex_unlock(&p->lock);
}

/* advance moves a sender's known nonce on and lets go of what is used up. */
static void advance(struct pool *p, struct sender *s, uint64_t nonce, struct entry **garbage)
{
    while (s->count && queue_at(s, 0)->tx.nonce < nonce) {
        struct entry *e = queue_at(s, 0);
        queue_remove(s, 0);
        if (s->ready_count)
            s->ready_count--;
        forget(p, e, garbage);
    }
    s->state_nonce = nonce;
    promote(p, s);
}

/* take_out removes a transaction before its turn; later nonces wait behind the gap. */
static void take_out(struct pool *p, struct entry *e, struct entry **garbage)
{
    struct sender *s = e->sender;
    size_t at = queue_find(s, e->tx.nonce);
    demote(p, s, at + 1);
    if (at < s->ready_count)
        s->ready_count = at;
    queue_remove(s, at);
    s->credit_gas = 0; /* ask again: funds or quota were not what was remembered */
    forget(p, e, garbage);
}

/* drop_unpaid takes out an account's next transaction when it can no longer be paid for: delegated
 * code, or a service, can spend for anybody. Where blocks are made, its execution says so. */
static void drop_unpaid(struct pool *p, struct sender *s, struct entry **garbage)
{
    struct entry *e = s->ready_count ? queue_at(s, 0) : NULL;
    if (!p->judges && e &&
        chain_check_known(p->chain, &e->tx, s->state_nonce, s->balance) == E_TX_FUNDS)
        take_out(p, e, garbage);
}

/* drop_stale takes out what has waited too long and nobody judges: what a gap keeps back, and
 * everything where no blocks are made (a follower's node may have lost or dropped it). */
static void drop_stale(struct pool *p, enum place place, struct entry **garbage)
{
    uint64_t now_s = chain_now_s(p->chain);
    struct entry *e = p->lists[place].head;
    for (unsigned i = 0; e && e->place == place && i < POOL_STALE_CHUNK; i++) {
        struct entry *next = e->next;
        bool stale =
            now_s >= e->since_s + POOL_WAIT_S && p->heads - e->since_head >= POOL_WAIT_BLOCKS;
        if (stale)
            take_out(p, e, garbage);
        e = next;
    }
}

/* What the walk over a block's changes needs. */
struct walk {
    struct pool *pool;
    struct entry **garbage;
    size_t count;
};

/* follow_account notes what a block made of an account. */
static void follow_account(void *ctx, const struct address *a, uint64_t nonce, struct u256 balance)
{
    struct walk *w = ctx;
    struct pool *p = w->pool;
    if (++w->count % POOL_COMMIT_CHUNK == 0) { /* let others in */
        pthread_mutex_unlock(&p->lock);
        pthread_mutex_lock(&p->lock);
    }
    struct sender *s = sender_find(p, a);
    if (!s)
        return;
    s->balance = balance;
    if (nonce > s->state_nonce)
        advance(p, s, nonce, w->garbage);
    drop_unpaid(p, s, w->garbage);
}

/* refresh_sender reads nonce and balance of the state just committed, or of the head. */
static void refresh_sender(struct pool *p, struct sender *s, struct entry **garbage)
{
    uint64_t nonce;
    chain_sender_now(p->chain, &s->address, &nonce, &s->balance);
    if (nonce > s->state_nonce)
        advance(p, s, nonce, garbage);
}

/* drop takes out a transaction that turned out invalid, and lets later nonces go on if the
 * account's nonce has gone past it. */
static void drop(struct pool *p, const struct hash *hash, struct entry **garbage)
{
    struct entry *e = ptr_map_find(&p->by_hash, hash->b);
    if (!e)
        return;
    struct sender *s = e->sender;
    take_out(p, e, garbage);
    refresh_sender(p, s, garbage);
}

void pool_drop(struct pool *p, const struct hash *tx_hash)
{
    struct entry *garbage = NULL;
    pthread_mutex_lock(&p->lock);
    struct entry *e = ptr_map_find(&p->by_hash, tx_hash->b);
    if (e && e->place != PLACE_LENT)
        take_out(p, e, &garbage);
    pthread_mutex_unlock(&p->lock);
    release_garbage(garbage);
}

void pool_committed(struct pool *p, const struct block *b, const struct hash *dropped,
                    size_t dropped_count)
{
    struct entry *garbage = NULL;
    struct walk w = {.pool = p, .garbage = &garbage};
    pthread_mutex_lock(&p->lock);
    p->epoch++;
    p->moving = b != NULL;
    if (b && p->by_sender.count) /* every account: delegated code (EIP-7702) raises nonces too */
        chain_visit_changed(p->chain, follow_account, &w);
    for (size_t i = 0; i < dropped_count; i++)
        drop(p, &dropped[i], &garbage);
    give_back(p);
    if (b) {
        p->heads++;
        drop_stale(p, PLACE_GAPPED, &garbage);
        if (!p->judges)
            drop_stale(p, PLACE_READY, &garbage);
    }
    drop_idle_senders(p);
    pthread_mutex_unlock(&p->lock);
    release_garbage(garbage);
}

void pool_published(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->moving = false;
    pthread_cond_broadcast(&p->settled);
    pthread_mutex_unlock(&p->lock);
}

/* --- asking ----------------------------------------------------------------------------------- */

uint64_t pool_next_nonce(struct pool *p, const struct address *sender, uint64_t state_nonce)
{
    pthread_mutex_lock(&p->lock);
    const struct sender *s = sender_find(p, sender);
    uint64_t next = s ? s->state_nonce + s->ready_count : 0;
    pthread_mutex_unlock(&p->lock);
    return next > state_nonce ? next : state_nonce;
}

enum err pool_get(struct pool *p, const struct hash *tx_hash, struct buf *raw_out)
{
    pthread_mutex_lock(&p->lock);
    const struct entry *e = ptr_map_find(&p->by_hash, tx_hash->b);
    if (e)
        buf_put(raw_out, e->tx.raw.data, e->tx.raw.len);
    pthread_mutex_unlock(&p->lock);
    return e ? E_OK : E_NOT_FOUND;
}

void pool_fill_senders(struct pool *p, struct tx *const *txs, size_t count)
{
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < count; i++) {
        struct tx *t = txs[i];
        const struct entry *e = t->has_sender ? NULL : ptr_map_find(&p->by_hash, t->hash.b);
        if (!e)
            continue;
        t->sender = e->tx.sender;
        t->has_sender = true;
        if (t->auth_count) /* the same hash: as many, and the same */
            memcpy(t->auths, e->tx.auths, t->auth_count * sizeof *t->auths);
    }
    pthread_mutex_unlock(&p->lock);
}

struct pool_stats pool_stats(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    struct pool_stats stats = {
        .pending = p->lists[PLACE_READY].count + p->lists[PLACE_LENT].count,
        .queued = p->lists[PLACE_GAPPED].count,
        .bytes = p->bytes,
    };
    pthread_mutex_unlock(&p->lock);
    return stats;
}

static int compare_senders(const void *a, const void *b)
{
    const struct sender *const *x = a, *const *y = b;
    return memcmp((*x)->address.b, (*y)->address.b, sizeof(*x)->address.b);
}

void pool_visit(struct pool *p, pool_visitor visit, void *ctx)
{
    pthread_mutex_lock(&p->lock);
    struct sender **order = mem_alloc((p->by_sender.count + 1) * sizeof(struct sender *));
    size_t n = 0;
    for (size_t i = 0; p->by_sender.slot && i <= p->by_sender.mask; i++) {
        struct sender *s = p->by_sender.slot[i];
        if (s && s->count)
            order[n++] = s;
    }
    qsort(order, n, sizeof *order, compare_senders);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < order[i]->count; j++)
            visit(ctx, &queue_at(order[i], j)->tx, j < order[i]->ready_count);
    mem_free(order);
    pthread_mutex_unlock(&p->lock);
}

/* --- waiting ---------------------------------------------------------------------------------- */

void pool_pause(struct pool *p, unsigned timeout_ms)
{
    uint64_t wakes;
    struct pollfd fd = {.fd = p->wake_fd, .events = POLLIN};
    if (poll(&fd, 1, timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms) > 0)
        (void)!read(p->wake_fd, &wakes, sizeof wakes);
}

size_t pool_wait(struct pool *p, unsigned timeout_ms)
{
    pthread_mutex_lock(&p->lock);
    size_t ready = p->lists[PLACE_READY].count;
    p->sleeping = ready == 0;
    pthread_mutex_unlock(&p->lock);
    if (ready)
        return ready;
    pool_pause(p, timeout_ms);
    pthread_mutex_lock(&p->lock);
    p->sleeping = false;
    ready = p->lists[PLACE_READY].count;
    pthread_mutex_unlock(&p->lock);
    return ready;
}

void pool_wake(struct pool *p)
{
    uint64_t one = 1;
    (void)!write(p->wake_fd, &one, sizeof one);
}

/* --- life ------------------------------------------------------------------------------------- */

struct pool *pool_new(struct chain *c)
{
    struct pool *p = mem_zalloc(1, sizeof *p);
    uint64_t salt = chain_salt(chain_store(c));
    p->chain = c;
    p->txs_max = LIMIT_POOL_TXS;
    p->bytes_max = LIMIT_POOL_BYTES;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->settled, NULL);
    p->by_hash = (struct ptr_map){.key_at = offsetof(struct entry, tx) + offsetof(struct tx, hash),
                                  .key_len = sizeof(struct hash),
                                  .salt = salt};
    p->by_sender = (struct ptr_map){.key_at = offsetof(struct sender, address),
                                    .key_len = sizeof(struct address),
                                    .salt = salt};
    p->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ASSERT(p->wake_fd >= 0);
    return p;
}

void pool_limit(struct pool *p, size_t txs_max, size_t bytes_max)
{
    pthread_mutex_lock(&p->lock);
    p->txs_max = txs_max < LIMIT_POOL_TXS ? txs_max : LIMIT_POOL_TXS;
    p->bytes_max = bytes_max < LIMIT_POOL_BYTES ? bytes_max : LIMIT_POOL_BYTES;
    pthread_mutex_unlock(&p->lock);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    for (int place = 0; place < PLACE_COUNT; place++)
        for (struct entry *e = p->lists[place].head, *next; e; e = next) {
            next = e->next;
            entry_unref(e);
        }
    for (size_t i = 0; p->by_sender.slot && i <= p->by_sender.mask; i++) {
        struct sender *s = p->by_sender.slot[i];
        if (s)
            mem_free(s->queue);
        mem_free(s);
    }
    mem_free(p->by_hash.slot);
    mem_free(p->by_sender.slot);
    close(p->wake_fd);
    pthread_cond_destroy(&p->settled);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}
