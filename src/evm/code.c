#include "evm/code.h"

#include "base/limits.h"
#include "base/mem.h"
#include "evm/evm.h"
#include "evm/opcode.h"
#include "evm/translate.h"

/* --- one code --------------------------------------------------------------------------------- */

static size_t map_size(size_t code_len)
{
    return code_len / 8 + 1;
}

size_t code_room(size_t code_len)
{
    return (sizeof(struct code) + 2 * (code_len + CODE_PADDING) + map_size(code_len) + 15) &
           ~(size_t)15;
}

static void find_jumpdests(uint8_t *map, const uint8_t *bytes, size_t len)
{
    for (size_t pc = 0; pc < len; pc++) {
        unsigned push = (unsigned)bytes[pc] - OP_PUSH1;
        if (push < 32)
            pc += push + 1;
        else if (bytes[pc] == OP_JUMPDEST)
            map[pc >> 3] |= (uint8_t)(1 << (pc & 7));
    }
}

struct code *code_prepare(void *room, struct bytes code, enum fork fork)
{
    ASSERT(code.len <= UINT32_MAX);
    struct code *c = room;
    uint8_t *bytes = (uint8_t *)(c + 1), *fast = bytes + code.len + CODE_PADDING;
    uint8_t *map = fast + code.len + CODE_PADDING;
    *c = (struct code){.bytes = bytes, .fast = fast, .jumpdests = map, .len = (uint32_t)code.len};
    if (code.len)
        memcpy(bytes, code.data, code.len);
    memset(bytes + code.len, 0, CODE_PADDING);
    memset(map, 0, map_size(code.len));
    find_jumpdests(map, bytes, code.len);
    c->delegates = fork >= FORK_PRAGUE && evm_delegation(code, &c->target);
    code_translate(fast, c, fork);
    return c;
}

/* --- the cache -------------------------------------------------------------------------------- */

#define BUCKETS 4096u

struct code_cache {
    enum fork fork;
    size_t bytes;
    struct code *newest, *oldest;
    struct code *buckets[BUCKETS];
};

struct code_cache *code_cache_new(void)
{
    return mem_zalloc(1, sizeof(struct code_cache));
}

static struct code **bucket_of(struct code_cache *cache, const struct hash *hash)
{
    uint64_t h;
    memcpy(&h, hash->b, sizeof h); /* it is a hash already */
    return &cache->buckets[h % BUCKETS];
}

static void unlink_use(struct code_cache *cache, struct code *c)
{
    *(c->newer ? &c->newer->older : &cache->newest) = c->older;
    *(c->older ? &c->older->newer : &cache->oldest) = c->newer;
}

static void link_newest(struct code_cache *cache, struct code *c)
{
    c->newer = NULL;
    c->older = cache->newest;
    *(c->older ? &c->older->newer : &cache->oldest) = c;
    cache->newest = c;
}

static void drop(struct code_cache *cache, struct code *c)
{
    struct code **at = bucket_of(cache, &c->hash);
    while (*at != c)
        at = &(*at)->bucket_next;
    *at = c->bucket_next;
    unlink_use(cache, c);
    cache->bytes -= code_room(c->len);
    mem_free(c);
}

static void drop_all(struct code_cache *cache)
{
    for (struct code *c = cache->oldest, *next; c; c = next) {
        next = c->newer;
        ASSERT(c->pins == 0);
        drop(cache, c);
    }
}

void code_cache_free(struct code_cache *cache)
{
    if (!cache)
        return;
    drop_all(cache);
    mem_free(cache);
}

struct code *code_cache_find(struct code_cache *cache, const struct hash *hash, enum fork fork)
{
    if (fork != cache->fork) {
        drop_all(cache);
        cache->fork = fork;
        return NULL;
    }
    struct code *c = *bucket_of(cache, hash);
    while (c && !hash_eq(&c->hash, hash))
        c = c->bucket_next;
    if (!c)
        return NULL;
    if (c != cache->newest) {
        unlink_use(cache, c);
        link_newest(cache, c);
    }
    c->pins++;
    return c;
}

static void make_room(struct code_cache *cache, size_t needed)
{
    for (struct code *c = cache->oldest, *next;
         c && cache->bytes + needed > LIMIT_EVM_CODE_CACHE_BYTES; c = next) {
        next = c->newer;
        if (c->pins == 0)
            drop(cache, c);
    }
}

struct code *code_cache_add(struct code_cache *cache, const struct hash *hash, struct bytes code,
                            enum fork fork)
{
    size_t room = code_room(code.len);
    ASSERT(fork == cache->fork);
    make_room(cache, room);
    struct code *c = code_prepare(mem_alloc(room), code, fork), **bucket = bucket_of(cache, hash);
    c->hash = *hash;
    c->bucket_next = *bucket;
    *bucket = c;
    link_newest(cache, c);
    cache->bytes += room;
    c->pins = 1;
    return c;
}
