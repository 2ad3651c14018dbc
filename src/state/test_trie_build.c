/* Tests of tries built in order: they have the records of tries put together in any order. */
#include "state/trie_build.h"

#include "test.h"

#include <stdlib.h>

#include "base/mem.h"
#include "crypto/keccak.h"

/* The records a trie hands out, as text in the order of their paths. */
struct records {
    struct buf text[4096];
    size_t count;
};

static enum err note_node(void *ctx, struct bytes path, struct bytes stored)
{
    struct records *r = ctx;
    struct buf *b = &r->text[r->count++];
    buf_put_hex(b, path.data, path.len);
    buf_puts(b, " = ");
    buf_put_hex(b, stored.data, stored.len);
    return r->count < 4096 ? E_OK : E_LIMIT;
}

static enum err no_stale(void *ctx, uint64_t height, struct bytes path)
{
    (void)ctx, (void)height, (void)path;
    return E_CORRUPT;
}

static enum err no_record(void *ctx, uint64_t height, struct bytes path, struct buf *out)
{
    (void)ctx, (void)height, (void)path, (void)out;
    return E_CORRUPT;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(buf_cstr((struct buf *)(uintptr_t)a), buf_cstr((struct buf *)(uintptr_t)b));
}

static void sort_records(struct records *r)
{
    if (r->count)
        qsort(r->text, r->count, sizeof r->text[0], compare_text);
}

static void free_records(struct records *r)
{
    for (size_t i = 0; i < r->count; i++)
        buf_free(&r->text[i]);
    r->count = 0;
}

struct pair {
    uint8_t key[32];
    uint8_t value[100];
    size_t len;
};

static int compare_pairs(const void *a, const void *b)
{
    return memcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key, 32);
}

/* Keys that share long beginnings now and then, down to their last nibble; short values make nodes
 * that lie inside their parents. */
static size_t random_pairs(struct pair *at, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < 32; k++)
            at[i].key[k] = (uint8_t)test_random();
        size_t same = i && test_random() % 2 ? test_random() % 65 : 0;
        for (size_t k = 0; k < same; k++) {
            uint8_t mask = k % 2 ? 0x0f : 0xf0, from = at[test_random() % i].key[k / 2];
            if (k / 2 < 32)
                at[i].key[k / 2] = (uint8_t)((at[i].key[k / 2] & ~mask) | (from & mask));
        }
        if (i && test_random() % 4 == 0) { /* a neighbour */
            memcpy(at[i].key, at[i - 1].key, 32);
            at[i].key[31] ^= (uint8_t)(1u << (test_random() % 8));
        }
        at[i].len = 1 + test_random() % (test_random() % 2 ? 3 : 100);
        memset(at[i].value, (int)(1 + test_random() % 100), at[i].len);
    }
    if (count)
        qsort(at, count, sizeof *at, compare_pairs);
    for (size_t i = 0; i < count; i++)
        if (!kept || compare_pairs(&at[kept - 1], &at[i]) != 0)
            at[kept++] = at[i];
    return kept;
}

static struct records put_in, built;

TEST(a_trie_built_in_order_has_the_same_records)
{
    static struct pair pairs[600];
    for (unsigned round = 0; round < 200; round++) {
        size_t count = round < 8 ? round : test_random() % (round % 10 ? 40 : 600);
        count = random_pairs(pairs, count);
        struct trie_source source = {no_record, no_record, NULL};
        struct trie_sink sink = {note_node, no_stale, &put_in};
        struct trie *t = trie_new(&source, &KECCAK_EMPTY_TRIE, 0);
        struct trie_sink build_sink = {.put_node = note_node, .ctx = &built};
        struct trie_build *b = trie_build_new(77, &build_sink);
        for (size_t i = 0; i < count; i++) {
            size_t k = (i * 7919) % count; /* 7919 is a prime: each once */
            CHECK_ERR(
                trie_put(t, bytes_of(pairs[k].key, 32), bytes_of(pairs[k].value, pairs[k].len), 77),
                E_OK);
        }
        struct hash root = trie_root(t), again;
        CHECK_ERR(trie_commit(t, 77, &sink), E_OK);
        for (size_t i = 0; i < count; i++)
            CHECK_ERR(trie_build_add(b, bytes_of(pairs[i].key, 32),
                                     bytes_of(pairs[i].value, pairs[i].len)),
                      E_OK);
        CHECK_ERR(trie_build_end(b, &again), E_OK);
        CHECK(hash_eq(&root, &again));
        sort_records(&put_in);
        sort_records(&built);
        CHECK_INT(built.count, put_in.count);
        for (size_t i = 0; i < built.count && i < put_in.count; i++)
            CHECK_STR(buf_cstr(&built.text[i]), buf_cstr(&put_in.text[i]));
        trie_build_free(b);
        trie_free(t);
        free_records(&put_in);
        free_records(&built);
    }
}

TEST(a_trie_is_built_in_order_only)
{
    uint8_t key[32] = {5};
    struct trie_sink sink = {.put_node = note_node, .ctx = &built};
    struct trie_build *b = trie_build_new(1, &sink);
    struct bytes k = bytes_of(key, 32), v = bytes_str("value");
    CHECK_ERR(trie_build_add(b, k, v), E_OK);
    CHECK_ERR(trie_build_add(b, k, v), E_INVALID);
    key[0] = 4;
    CHECK_ERR(trie_build_add(b, k, v), E_INVALID);
    key[0] = 6;
    CHECK_ERR(trie_build_add(b, k, v), E_OK);
    trie_build_free(b); /* with branches open */
    free_records(&built);
}
