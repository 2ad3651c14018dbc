/* ptr_map: a hash table of pointers to entries that carry their own key (a hash or an address).
 * Open addressing, linear probing, deletion without tombstones. Never iterated for results: the
 * order of its slots means nothing.
 *
 * Keys can be chosen by strangers, so the first eight bytes are mixed with a secret salt before
 * they pick a slot. */
#ifndef PARVIS_CHAIN_PTR_MAP_H
#define PARVIS_CHAIN_PTR_MAP_H

#include "base/mem.h"

struct ptr_map {
    void **slot;
    size_t mask; /* slots - 1; 0 before the first insertion */
    size_t count;
    size_t key_at;  /* offset of the key in an entry */
    size_t key_len; /* at least 8 */
    uint64_t salt;
};

static inline size_t ptr_map_home(const struct ptr_map *m, const void *key)
{
    uint64_t h;
    memcpy(&h, key, sizeof h);
    h = (h ^ m->salt) * 0x9e3779b97f4a7c15ULL;
    return (size_t)(h ^ (h >> 32)) & m->mask;
}

static inline const uint8_t *ptr_map_key(const struct ptr_map *m, const void *entry)
{
    return (const uint8_t *)entry + m->key_at;
}

static inline void *ptr_map_find(const struct ptr_map *m, const void *key)
{
    if (!m->slot)
        return NULL;
    for (size_t i = ptr_map_home(m, key); m->slot[i]; i = (i + 1) & m->mask)
        if (memcmp(ptr_map_key(m, m->slot[i]), key, m->key_len) == 0)
            return m->slot[i];
    return NULL;
}

static inline void ptr_map_place(struct ptr_map *m, void *entry)
{
    size_t i = ptr_map_home(m, ptr_map_key(m, entry));
    while (m->slot[i])
        i = (i + 1) & m->mask;
    m->slot[i] = entry;
}

/* ptr_map_insert adds an entry whose key is not there yet. */
static inline void ptr_map_insert(struct ptr_map *m, void *entry)
{
    if (!m->slot || 2 * (m->count + 1) > m->mask + 1) {
        void **old = m->slot;
        size_t old_slots = old ? m->mask + 1 : 0;
        m->mask = (old_slots ? 2 * old_slots : 1024) - 1;
        m->slot = mem_zalloc(m->mask + 1, sizeof *m->slot);
        for (size_t i = 0; i < old_slots; i++)
            if (old[i])
                ptr_map_place(m, old[i]);
        mem_free(old);
    }
    ptr_map_place(m, entry);
    m->count++;
}

/* ptr_map_remove takes an entry out; it must be there. Later entries of its run move up. */
static inline void ptr_map_remove(struct ptr_map *m, const void *entry)
{
    size_t hole = ptr_map_home(m, ptr_map_key(m, entry));
    while (m->slot[hole] != entry) {
        ASSERT(m->slot[hole]);
        hole = (hole + 1) & m->mask;
    }
    for (size_t i = (hole + 1) & m->mask; m->slot[i]; i = (i + 1) & m->mask) {
        size_t home = ptr_map_home(m, ptr_map_key(m, m->slot[i]));
        if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
            m->slot[hole] = m->slot[i];
            hole = i;
        }
    }
    m->slot[hole] = NULL;
    m->count--;
}

#endif
