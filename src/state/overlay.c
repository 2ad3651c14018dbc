/* overlay: which accounts and slots the block has met, found through two hash tables. */
#include "state/state_internal.h"

#define TABLE_START 64u

__extension__ typedef unsigned __int128 wide;

static uint64_t mix(uint64_t a, uint64_t b)
{
    wide p = (wide)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* Callers choose addresses and slots, so the hash is seeded: where the state lies in memory is not
 * known outside. The seed decides only where an entry is found, never an order that is seen. */
static uint32_t hash_words(uint64_t seed, const uint8_t *data, size_t len)
{
    uint64_t h = seed, a, b;
    for (; len >= 16; data += 16, len -= 16) {
        memcpy(&a, data, 8);
        memcpy(&b, data + 8, 8);
        h = mix(a ^ h ^ 0xa0761d6478bd642fULL, b ^ seed ^ 0xe7037ed1a0b428dbULL);
    }
    if (len) {
        a = 0;
        memcpy(&a, data, len);
        h = mix(a ^ h ^ 0x8ebc6af09c88c6e3ULL, seed ^ 0x589965cc75374cc3ULL);
    }
    return (uint32_t)(h ^ h >> 32);
}

static void *table_place(void **at, size_t cap, uint32_t hash, void *item)
{
    size_t i = hash & (cap - 1);
    while (at[i])
        i = (i + 1) & (cap - 1);
    at[i] = item;
    return item;
}

static void table_grow(struct table *t, bool slots)
{
    size_t cap = t->cap ? 2 * t->cap : TABLE_START;
    void **at = mem_zalloc(cap, sizeof *at);
    for (size_t i = 0; i < t->cap; i++)
        if (t->at[i]) {
            uint32_t hash = slots ? ((struct state_slot *)t->at[i])->hash
                                  : ((struct state_account *)t->at[i])->hash;
            table_place(at, cap, hash, t->at[i]);
        }
    mem_free(t->at);
    t->at = at;
    t->cap = cap;
}

/* Costs what the table holds: one that was needed once for a large block shrinks again. */
void table_clear(struct table *t)
{
    if (t->cap > TABLE_START && t->count < t->cap / 16) {
        t->cap /= 2;
        mem_free(t->at);
        t->at = mem_zalloc(t->cap, sizeof *t->at);
    } else if (t->cap) {
        memset(t->at, 0, t->cap * sizeof *t->at);
    }
    t->count = 0;
}

static struct state_account *acct_find_hashed(const struct state *s, const struct address *address,
                                              uint32_t hash)
{
    const struct table *t = &s->acct_table;
    if (!t->cap)
        return NULL;
    for (size_t i = hash & (t->cap - 1); t->at[i]; i = (i + 1) & (t->cap - 1)) {
        struct state_account *a = t->at[i];
        if (a->hash == hash && address_eq(&a->address, address))
            return a;
    }
    return NULL;
}

const struct state_account *acct_find(const struct state *s, const struct address *address)
{
    return acct_find_hashed(s, address, hash_words(s->seed, address->b, sizeof address->b));
}

struct state_account *acct_get(struct state *s, const struct address *address)
{
    struct table *t = &s->acct_table;
    uint32_t hash = hash_words(s->seed, address->b, sizeof address->b);
    struct state_account *a = acct_find_hashed(s, address, hash);
    if (a)
        return a;
    if (2 * (t->count + 1) > t->cap)
        table_grow(t, false);
    a = arena_zalloc(&s->block, 1, sizeof *a);
    a->address = *address;
    a->hash = hash;
    t->count++;
    table_place(t->at, t->cap, hash, a);
    if (s->acct_count == s->acct_cap) {
        s->acct_cap = s->acct_cap ? 2 * s->acct_cap : 64;
        s->accts = mem_resize(s->accts, s->acct_cap, sizeof(struct state_account *));
    }
    s->accts[s->acct_count++] = a;
    return a;
}

static void reader_failed(struct state *s, enum err e)
{
    if (s->error == E_OK)
        s->error = e;
}

struct state_account *acct_load(struct state *s, const struct address *address)
{
    struct state_account *a = acct_get(s, address);
    if (a->loaded)
        return a;
    bool exists = false;
    enum err e = s->reader.account(s->reader.ctx, address, &a->before, &exists);
    if (e != E_OK || !exists) {
        a->before = account_empty();
        exists = false;
    }
    if (e != E_OK)
        reader_failed(s, e);
    a->loaded = true;
    a->existed = a->alive = exists;
    a->now = a->before;
    return a;
}

static uint32_t slot_hash(const struct state *s, const struct state_account *a,
                          const struct hash *key)
{
    return hash_words(s->seed ^ a->hash, key->b, sizeof key->b);
}

static struct state_slot *slot_find_hashed(const struct state *s, const struct state_account *a,
                                           const struct hash *key, uint32_t hash)
{
    const struct table *t = &s->slot_table;
    if (!t->cap)
        return NULL;
    for (size_t i = hash & (t->cap - 1); t->at[i]; i = (i + 1) & (t->cap - 1)) {
        struct state_slot *slot = t->at[i];
        if (slot->hash == hash && slot->owner == a && hash_eq(&slot->key, key))
            return slot;
    }
    return NULL;
}

struct state_slot *slot_find(const struct state *s, const struct state_account *a,
                             const struct hash *key)
{
    return slot_find_hashed(s, a, key, slot_hash(s, a, key));
}

struct state_slot *slot_get(struct state *s, struct state_account *a, const struct hash *key)
{
    struct table *t = &s->slot_table;
    uint32_t hash = slot_hash(s, a, key);
    struct state_slot *slot = slot_find_hashed(s, a, key, hash);
    if (slot)
        return slot;
    if (2 * (t->count + 1) > t->cap)
        table_grow(t, true);
    slot = arena_zalloc(&s->block, 1, sizeof *slot);
    slot->key = *key;
    slot->owner = a;
    slot->hash = hash;
    slot->next = a->slots;
    a->slots = slot;
    t->count++;
    table_place(t->at, t->cap, hash, slot);
    return slot;
}

struct state_slot *slot_load(struct state *s, struct state_account *a, const struct hash *key)
{
    struct state_slot *slot = slot_get(s, a, key);
    if (slot->loaded)
        return slot;
    slot->loaded = true;
    slot->now = slot->before = bytes_of(NULL, 0);
    slot->cap = 0;
    slot->before_known = !a->cleared;
    if (a->cleared || !a->existed)
        return slot;
    buf_clear(&s->scratch);
    enum err e = s->reader.storage(s->reader.ctx, &a->address, key, &s->scratch);
    if (e != E_OK)
        reader_failed(s, e);
    else if (s->scratch.len)
        slot->before =
            bytes_of(arena_dup(&s->block, s->scratch.data, s->scratch.len), s->scratch.len);
    slot->now = slot->before;
    return slot;
}
