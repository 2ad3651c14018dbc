#include "state/trie_build.h"

#include "state/trie_node.h"

#define KEY_BYTES 32u
#define KEY_NIBBLES (2 * KEY_BYTES)

/* A branch whose last child is not known yet, and the nibbles of the key above its children. */
struct open_branch {
    struct branch *branch;
    size_t depth;
};

struct trie_build {
    struct trie *t; /* memory for the nodes; holds none itself */
    struct trie_sink sink;
    uint64_t height;
    struct open_branch open[KEY_NIBBLES]; /* from the root down, each deeper than the one before */
    size_t open_count;
    struct leaf *last;         /* the leaf added last: its place follows from the next */
    uint8_t path[KEY_NIBBLES]; /* its key */
    struct buf stored;
};

static enum err no_node(void *ctx, uint64_t height, struct bytes path, struct buf *out)
{
    (void)ctx, (void)height, (void)path, (void)out;
    return E_CORRUPT;
}

struct trie_build *trie_build_new(uint64_t height, const struct trie_sink *sink)
{
    struct trie_build *b = mem_zalloc(1, sizeof *b);
    struct trie_source source = {no_node, no_node, NULL};
    b->t = trie_new(&source, &KECCAK_EMPTY_TRIE, 0);
    b->sink = *sink;
    b->height = height;
    return b;
}

void trie_build_free(struct trie_build *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->open_count; i++)
        node_free(b->t, &b->open[i].branch->n);
    if (b->last)
        node_free(b->t, &b->last->n);
    trie_free(b->t);
    buf_free(&b->stored);
    mem_free(b);
}

/* store_node hands out the record of the node whose place begins after `depth` nibbles. */
static enum err store_node(struct trie_build *b, const struct node *n, size_t depth)
{
    buf_clear(&b->stored);
    node_store(&b->stored, n, b->height);
    return b->sink.put_node(b->sink.ctx, bytes_of(b->path, depth), buf_view(&b->stored));
}

/* finish_leaf: the last leaf's place begins after `depth` nibbles. */
static void finish_leaf(struct trie_build *b, size_t depth)
{
    b->last->depth = (uint32_t)depth;
    compute_ref(b->t, &b->last->n);
    leaf_drop_value(b->t, b->last);
}

/* finish_branch: the deepest open branch has all its children; its place begins after `depth`.
 * What is left of it is a stub. */
static enum err finish_branch(struct trie_build *b, size_t depth, struct node **out)
{
    struct open_branch *o = &b->open[b->open_count - 1];
    struct node *n = &o->branch->n;
    branch_set_prefix(b->t, o->branch, b->path + depth, o->depth - depth);
    compute_ref(b->t, n);
    TRY(store_node(b, n, depth));
    n->height = b->height;
    n->dirty = false;
    node_to_stub(b->t, &n);
    b->open_count--;
    *out = n;
    return E_OK;
}

/* The place of the deepest open branch but `skip`, or of what hangs below it: after the nibble of
 * the next open branch, or of the one at `fork` that will be there. */
static size_t place_above(const struct trie_build *b, size_t skip, int fork)
{
    if (b->open_count > skip) {
        int depth = (int)b->open[b->open_count - 1 - skip].depth;
        if (depth > fork)
            return (size_t)depth + 1;
    }
    return (size_t)(fork + 1);
}

/* close_below closes what lies deeper than a branch after `fork` nibbles (-1: everything), and
 * gives the node that will hang there, on the path of the last key. */
static enum err close_below(struct trie_build *b, int fork, struct node **out)
{
    struct node *done = &b->last->n;
    finish_leaf(b, place_above(b, 0, fork));
    b->last = NULL;
    while (b->open_count && (int)b->open[b->open_count - 1].depth > fork) {
        struct open_branch *top = &b->open[b->open_count - 1];
        top->branch->child[b->path[top->depth]] = done;
        TRY(finish_branch(b, place_above(b, 1, fork), &done));
    }
    *out = done;
    return E_OK;
}

enum err trie_build_add(struct trie_build *b, struct bytes key, struct bytes value)
{
    ASSERT(key.len == KEY_BYTES && value.len > 0);
    if (b->last) {
        size_t fork = 0;
        while (fork < KEY_NIBBLES && key_nibble(key.data, fork) == b->path[fork])
            fork++;
        if (fork == KEY_NIBBLES || key_nibble(key.data, fork) < b->path[fork])
            return E_INVALID;
        struct node *done;
        TRY(close_below(b, (int)fork, &done));
        if (!b->open_count || b->open[b->open_count - 1].depth < fork)
            b->open[b->open_count++] = (struct open_branch){branch_new(b->t, NULL, 0), fork};
        b->open[b->open_count - 1].branch->child[b->path[fork]] = done;
    }
    b->last = leaf_new(b->t, key, 0, b->height);
    leaf_set_value(b->t, b->last, value);
    for (size_t i = 0; i < KEY_NIBBLES; i++)
        b->path[i] = key_nibble(key.data, i);
    return E_OK;
}

enum err trie_build_end(struct trie_build *b, struct hash *root_out)
{
    struct node *root;
    if (!b->last) {
        *root_out = KECCAK_EMPTY_TRIE;
        return E_OK;
    }
    TRY(close_below(b, -1, &root));
    enum err e = root->kind == NODE_LEAF ? store_node(b, root, 0) : E_OK;
    if (root->ref_len == 32)
        memcpy(root_out->b, root->ref, 32);
    else
        keccak256(root_out, root->ref, root->ref_len);
    node_free(b->t, root);
    return e;
}
