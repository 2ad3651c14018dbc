/* code: contract code made ready to run, and the cache of it.
 *
 * Ready     A copy with CODE_PADDING zero bytes behind it, so that running past the end meets STOP
 *           and the bytes of a PUSH can be read without looking; a map of the valid jump
 *           destinations; and a second copy of the same length, `fast`, for the fast interpreters
 *           (evm/translate.h).
 * Cache     by code hash, for one fork at a time, up to LIMIT_EVM_CODE_CACHE_BYTES; the longest
 *           unused goes first. Code in use is pinned. What is in the cache changes no result.
 * Threads   one. */
#ifndef PARVIS_EVM_CODE_H
#define PARVIS_EVM_CODE_H

#include "base/bytes.h"
#include "evm/fork.h"

#define CODE_PADDING 40

struct code {
    const uint8_t *bytes;
    const uint8_t *fast;
    const uint8_t *jumpdests; /* bit pc & 7 of byte pc >> 3 */
    uint32_t len;
    bool delegates; /* EIP-7702; target is then set */
    struct address target;

    /* of the cache */
    struct hash hash;
    struct code *bucket_next;
    struct code *newer, *older;
    unsigned pins;
};

/* code_room: bytes of memory that code_prepare needs for code of this length. code_prepare writes
 * there (aligned to 8), a struct code first; nothing else is allocated. */
size_t code_room(size_t code_len);
struct code *code_prepare(void *room, struct bytes code, enum fork fork);

static inline bool code_is_jumpdest(const struct code *c, uint64_t pc)
{
    return pc < c->len && c->jumpdests[pc >> 3] >> (pc & 7) & 1;
}

struct code_cache;
struct code_cache *code_cache_new(void);
void code_cache_free(struct code_cache *cache);

/* code_cache_find returns the code of that hash, pinned, or NULL. code_cache_add prepares it first.
 * code_unpin ends a use of either. Another fork than before empties the cache; nothing may be
 * pinned then. */
struct code *code_cache_find(struct code_cache *cache, const struct hash *hash, enum fork fork);
struct code *code_cache_add(struct code_cache *cache, const struct hash *hash, struct bytes code,
                            enum fork fork);
static inline void code_unpin(struct code *code)
{
    code->pins--;
}

#endif
