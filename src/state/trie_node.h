/* trie_node: the trie's nodes in memory and their two encodings; private to the trie_*.c files.
 *
 * Shape     A radix tree: a branch carries the nibbles of the extension above it (its prefix), so
 *           "extension" is no node of its own here; a leaf carries its whole key and the depth at
 *           which its part of the key begins, so moving it up or down changes one number. A stub
 *           stands for a branch that is in the store and not in memory. Leaves are always in
 *           memory with their branch; their values need not be.
 * Reference what the parent's encoding contains for a child: keccak of the child's RLP (32 bytes),
 *           or the RLP itself when it is shorter than 32 bytes (Yellow Paper app. D). For a branch
 *           with a prefix it is the reference of the extension.
 * Heights   of a branch or stub: the block its record was written at, HEIGHT_NONE if it never was;
 *           of a leaf: the block its value was written at.
 *
 * Stored form of a node (numbers are LEB128 unless a size is given; nibbles packed, high first):
 *   branch  0x01 | prefix nibble count | prefix | u16 BE child mask | u16 BE leaf mask |
 *           per child: height | u8 reference length | reference | if leaf: suffix nibble count,
 *           suffix
 *   leaf    0x02 | height | suffix nibble count | suffix            (only as the root)
 * So a leaf costs no record of its own, and its value is found by (height, key). */
#ifndef PARVIS_STATE_TRIE_NODE_H
#define PARVIS_STATE_TRIE_NODE_H

#include "state/trie.h"

#include "crypto/keccak.h"

#define HEIGHT_NONE UINT64_MAX
#define BRANCH_VALUE 16 /* child index of the value of a key that ends at the branch */
#define POOL_STEP 16u
#define POOL_CLASSES 33u /* sizes up to 512 bytes; larger ones are allocated singly */

enum node_kind { NODE_STUB, NODE_LEAF, NODE_BRANCH };

struct node {
    uint8_t kind;
    uint8_t ref_len; /* 0: to be computed; < 32: the RLP itself; 32: its hash */
    bool dirty;      /* branches: differs from the stored record */
    uint32_t len;    /* branch: prefix nibbles; leaf: key bytes */
    uint64_t height;
    uint8_t ref[32];
};

struct leaf {
    struct node n;
    uint8_t *value; /* NULL: not in memory, see trie_source.value */
    uint32_t value_len;
    uint32_t depth; /* nibbles of the key above this leaf */
    uint8_t key[];
};

struct branch {
    struct node n;
    uint8_t *prefix; /* n.len nibbles, one per byte; NULL when none */
    struct node *child[17];
};

struct pool_chunk {
    struct pool_chunk *next;
    size_t size;
    size_t used;
};

/* Memory of one trie: pieces of like size are reused, all of it goes at once with the trie. */
struct pool {
    struct pool_chunk *chunk;
    void *free[POOL_CLASSES];
};

struct stale {
    uint64_t height;
    uint32_t path_at; /* in trie.stale_paths */
    uint32_t path_len;
};

struct trie {
    struct trie_source source;
    bool stored; /* has a source; else memory-only */
    struct node *root;
    bool root_dirty;
    uint64_t root_height; /* of the record at the empty path, or HEIGHT_NONE */
    size_t nodes;
    struct pool pool;
    struct stale *stale; /* records whose node moved or vanished since the last commit */
    size_t stale_len, stale_cap;
    struct buf stale_paths;
    struct buf path; /* nibbles of the key at work */
    struct buf scratch;
};

void *pool_alloc(struct pool *p, size_t size);
void pool_release(struct pool *p, void *piece, size_t size);
void pool_free_all(struct pool *p);

struct leaf *leaf_new(struct trie *t, struct bytes key, uint32_t depth, uint64_t height);
void leaf_set_value(struct trie *t, struct leaf *l, struct bytes value);
void leaf_drop_value(struct trie *t, struct leaf *l);
struct branch *branch_new(struct trie *t, const uint8_t *prefix, size_t prefix_len);
void branch_set_prefix(struct trie *t, struct branch *b, const uint8_t *prefix, size_t len);
/* node_free frees the node and everything below it that is in memory. */
void node_free(struct trie *t, struct node *n);
/* node_to_stub frees a clean branch's memory and leaves a stub in its place. */
void node_to_stub(struct trie *t, struct node **slot);

static inline uint8_t key_nibble(const uint8_t *key, size_t i)
{
    return i & 1 ? key[i / 2] & 15 : key[i / 2] >> 4;
}

static inline struct leaf *as_leaf(struct node *n)
{
    return (struct leaf *)n;
}

static inline struct branch *as_branch(struct node *n)
{
    return (struct branch *)n;
}

/* RLP. encode_leaf_head appends everything of a leaf but its value's bytes (the list header counts
 * them). The children's references must be there; encode_extension needs the branch's own. */
void encode_leaf_head(struct buf *out, const struct leaf *l);
void encode_branch(struct buf *out, const struct branch *b);
void encode_extension(struct buf *out, const struct branch *b, const uint8_t *ref, size_t ref_len);
size_t reference_of(uint8_t ref[32], struct bytes rlp);
/* compute_ref fills in the reference of one node whose children's references are there. */
void compute_ref(struct trie *t, struct node *n);
void compute_refs(struct trie *t, struct node *n); /* of all below that lack theirs, then its own */

/* The stored form. Children that are dirty are written as of commit_height. */
void node_store(struct buf *out, const struct node *n, uint64_t commit_height);
/* node_load makes the node whose record is `stored`; path: its nibbles. E_OK | E_CORRUPT. */
enum err node_load(struct trie *t, struct bytes stored, const uint8_t *path, size_t path_len,
                   struct node **out);

/* node_resolve puts the branch in place of a stub (or does nothing). E_OK | source's errors. */
enum err node_resolve(struct trie *t, struct node **slot, const uint8_t *path, size_t path_len);
/* leaf_value brings the value into memory. */
enum err leaf_value(struct trie *t, struct leaf *l);

#endif
