/* fuzz_block: blocks of every fork. What decodes encodes to the same bytes and is as long as it
 * says; the rules judge it, as its own parent's child, without a fault. */
#include <stddef.h>
#include <stdint.h>

#include "chain/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct block *no_ancestor(void *ctx, const struct hash *hash)
{
    (void)ctx;
    (void)hash;
    return NULL;
}

static void judge(const struct block *b)
{
    const struct ancestry orphan = {no_ancestor, NULL};
    struct diag d;
    for (int fork = 0; fork < FORK_COUNT; fork++) {
        struct schedule s;
        schedule_of(&s, (enum fork)fork, 1);
        struct header child = b->header;
        child.number++;
        child.timestamp_s += child.timestamp_s < UINT64_MAX;
        child.parent_hash = b->hash;
        enum err e = rules_check_header(&s, &child, &b->header, &b->hash, U256_ZERO, &d);
        ASSERT(e == E_OK || e == E_BLOCK);
        e = rules_check_body(&s, b, &d);
        ASSERT(e == E_OK || e == E_BLOCK);
        e = rules_check_ommers(&s, b, &orphan, &d);
        ASSERT(e == (b->ommer_count ? E_BLOCK : E_OK));
        (void)rules_env(&s, &b->header);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct block b;
    struct buf out = {0};
    if (block_decode(&b, &a, bytes_of(data, size)) == E_OK) {
        block_encode(&out, &b);
        ASSERT(bytes_eq(buf_view(&out), bytes_of(data, size)));
        ASSERT(block_rlp_size(&b) == size && b.size_bytes == size);
        struct hash hash = header_hash(&b.header);
        ASSERT(hash_eq(&hash, &b.hash));
        judge(&b);
    }
    buf_free(&out);
    arena_free(&a);
    return 0;
}
