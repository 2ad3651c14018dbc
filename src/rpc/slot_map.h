/* slot_map: finds an entry by a storage slot's 32 bytes. Lives in an arena; never deletes. A
 * contract may touch tens of thousands of slots in one call. Private to the tracers. */
#ifndef PARVIS_RPC_SLOT_MAP_H
#define PARVIS_RPC_SLOT_MAP_H

#include "base/mem.h"

struct slot_map {
    void **at; /* entries that begin with their struct hash */
    size_t mask, count;
};

/* Callers choose the slots, so that a fixed hash could be made to collide; the work of one request
 * is bounded by its time all the same. */
static inline size_t slot_map_home(const struct slot_map *m, const struct hash *key)
{
    uint64_t w[4], h = 0;
    memcpy(w, key->b, sizeof w);
    for (int i = 0; i < 4; i++) {
        h = (h ^ w[i] ^ w[i] >> 32) * 0x9e3779b97f4a7c15ULL; /* what varies may be at either end */
        h ^= h >> 29;
    }
    return (size_t)h & m->mask;
}

static inline void *slot_map_find(const struct slot_map *m, const struct hash *key)
{
    if (!m->at)
        return NULL;
    for (size_t i = slot_map_home(m, key); m->at[i]; i = (i + 1) & m->mask)
        if (hash_eq(m->at[i], key))
            return m->at[i];
    return NULL;
}

/* slot_map_add takes an entry whose key is not there yet. */
static inline void slot_map_add(struct slot_map *m, struct arena *a, void *entry)
{
    if (!m->at || 2 * (m->count + 1) > m->mask + 1) {
        struct slot_map old = *m;
        m->mask = old.at ? 2 * old.mask + 1 : 15;
        m->count = 0;
        m->at = arena_zalloc(a, m->mask + 1, sizeof *m->at);
        for (size_t i = 0; old.at && i <= old.mask; i++)
            if (old.at[i])
                slot_map_add(m, a, old.at[i]);
    }
    size_t i = slot_map_home(m, entry);
    while (m->at[i])
        i = (i + 1) & m->mask;
    m->at[i] = entry;
    m->count++;
}

#endif
