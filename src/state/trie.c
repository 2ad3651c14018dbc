/* trie: reading, changing, hashing and committing. Nodes: trie_node.c; proofs: trie_proof.c. */
#include "state/trie_node.h"

struct trie *trie_new(const struct trie_source *source, const struct hash *root, uint64_t height)
{
    struct trie *t = mem_zalloc(1, sizeof *t);
    t->root_height = HEIGHT_NONE;
    if (!source)
        return t;
    t->stored = true;
    t->source = *source;
    if (hash_eq(root, &KECCAK_EMPTY_TRIE))
        return t;
    t->root = pool_alloc(&t->pool, sizeof *t->root);
    *t->root = (struct node){.kind = NODE_STUB, .ref_len = 32, .height = height};
    memcpy(t->root->ref, root->b, 32);
    t->root_height = height;
    t->nodes = 1;
    return t;
}

static void free_big_values(struct trie *t, struct node *n)
{
    if (!n)
        return;
    if (n->kind == NODE_BRANCH) {
        for (int i = 0; i < 17; i++)
            free_big_values(t, as_branch(n)->child[i]);
        if (n->len > (POOL_CLASSES - 1) * POOL_STEP)
            mem_free(as_branch(n)->prefix);
    } else if (n->kind == NODE_LEAF) {
        leaf_drop_value(t, as_leaf(n));
        if (sizeof(struct leaf) + n->len > (POOL_CLASSES - 1) * POOL_STEP)
            mem_free(n);
    }
}

void trie_free(struct trie *t)
{
    if (!t)
        return;
    free_big_values(t, t->root); /* the rest goes with the pool */
    pool_free_all(&t->pool);
    mem_free(t->stale);
    buf_free(&t->stale_paths);
    buf_free(&t->path);
    buf_free(&t->scratch);
    mem_free(t);
}

size_t trie_node_count(const struct trie *t)
{
    return t->nodes;
}

uint64_t trie_root_height(const struct trie *t)
{
    return t->root_height;
}

/* The key's nibbles, one per byte, in t->path. */
static const uint8_t *spread_key(struct trie *t, struct bytes key)
{
    ASSERT(!t->stored || key.len == 32);
    buf_clear(&t->path);
    uint8_t *p = buf_grow(&t->path, 2 * key.len + 1);
    for (size_t i = 0; i < key.len; i++) {
        p[2 * i] = key.data[i] >> 4;
        p[2 * i + 1] = key.data[i] & 15;
    }
    return p;
}

static bool leaf_is(const struct leaf *l, struct bytes key)
{
    return bytes_eq(bytes_of(l->key, l->n.len), key);
}

static size_t common_len(const uint8_t *a, const uint8_t *b, size_t max)
{
    size_t i = 0;
    while (i < max && a[i] == b[i])
        i++;
    return i;
}

static enum err find_leaf(struct trie *t, struct bytes key, struct leaf **out)
{
    const uint8_t *nibbles = spread_key(t, key);
    size_t len = 2 * key.len, depth = 0;
    struct node **slot = &t->root;
    for (;;) {
        TRY(node_resolve(t, slot, nibbles, depth));
        struct node *n = *slot;
        if (!n)
            return E_NOT_FOUND;
        if (n->kind == NODE_LEAF) {
            *out = as_leaf(n);
            return leaf_is(*out, key) ? E_OK : E_NOT_FOUND;
        }
        struct branch *b = as_branch(n);
        if (len - depth < n->len || common_len(nibbles + depth, b->prefix, n->len) < n->len)
            return E_NOT_FOUND;
        depth += n->len;
        slot = &b->child[depth == len ? BRANCH_VALUE : nibbles[depth]];
        depth += depth < len;
    }
}

enum err trie_find(struct trie *t, struct bytes key, uint64_t *leaf_height_out)
{
    struct leaf *l;
    TRY(find_leaf(t, key, &l));
    *leaf_height_out = l->n.height;
    return E_OK;
}

enum err trie_get(struct trie *t, struct bytes key, struct buf *out)
{
    struct leaf *l;
    TRY(find_leaf(t, key, &l));
    if (!l->value) /* straight to the caller: reading must not fill the memory with values */
        return t->source.value(t->source.ctx, l->n.height, key, out);
    buf_put(out, l->value, l->value_len);
    return E_OK;
}

/* Changing */

/* The record of a branch that leaves its place becomes unreachable. The root's is kept track of by
 * root_height instead. */
static void leave_place(struct trie *t, struct branch *b, const uint8_t *path, size_t path_len)
{
    b->n.ref_len = 0;
    b->n.dirty = true;
    if (path_len && b->n.height != HEIGHT_NONE) {
        if (t->stale_len == t->stale_cap) {
            t->stale_cap = t->stale_cap ? 2 * t->stale_cap : 16;
            t->stale = mem_resize(t->stale, t->stale_cap, sizeof *t->stale);
        }
        t->stale[t->stale_len++] =
            (struct stale){b->n.height, (uint32_t)t->stale_paths.len, (uint32_t)path_len};
        buf_put(&t->stale_paths, path, path_len);
    }
    b->n.height = HEIGHT_NONE;
}

static enum err leaf_move(struct trie *t, struct leaf *l, size_t depth)
{
    TRY(leaf_value(t, l)); /* its encoding changes, so the value is hashed again */
    l->depth = (uint32_t)depth;
    l->n.ref_len = 0;
    return E_OK;
}

struct put {
    struct bytes key, value;
    const uint8_t *nibbles;
    size_t len; /* nibbles */
    uint64_t height;
};

static struct node *put_new_leaf(struct trie *t, const struct put *put, size_t depth)
{
    struct leaf *l = leaf_new(t, put->key, (uint32_t)depth, put->height);
    leaf_set_value(t, l, put->value);
    return &l->n;
}

/* The slot of branch b in which the rest of the key goes; depth: nibbles above b's children. */
static struct node **put_slot(struct branch *b, const struct put *put, size_t depth,
                              size_t *child_depth_out)
{
    if (depth == put->len) {
        *child_depth_out = depth;
        return &b->child[BRANCH_VALUE];
    }
    *child_depth_out = depth + 1;
    return &b->child[put->nibbles[depth]];
}

static enum err split_leaf(struct trie *t, struct node **slot, const struct put *put, size_t depth)
{
    struct leaf *old = as_leaf(*slot);
    size_t old_len = 2 * (size_t)old->n.len, fork = depth, child_depth;
    while (fork < put->len && fork < old_len && key_nibble(old->key, fork) == put->nibbles[fork])
        fork++;
    TRY(leaf_move(t, old, fork + (fork < old_len)));
    struct branch *b = branch_new(t, put->nibbles + depth, fork - depth);
    b->child[fork < old_len ? key_nibble(old->key, fork) : BRANCH_VALUE] = &old->n;
    struct node **free_slot = put_slot(b, put, fork, &child_depth);
    *free_slot = put_new_leaf(t, put, child_depth);
    *slot = &b->n;
    return E_OK;
}

static void split_branch(struct trie *t, struct node **slot, const struct put *put, size_t depth,
                         size_t common)
{
    struct branch *old = as_branch(*slot);
    size_t child_depth;
    leave_place(t, old, put->nibbles, depth);
    struct branch *b = branch_new(t, old->prefix, common);
    b->child[old->prefix[common]] = &old->n;
    branch_set_prefix(t, old, old->prefix + common + 1, old->n.len - common - 1);
    struct node **free_slot = put_slot(b, put, depth + common, &child_depth);
    *free_slot = put_new_leaf(t, put, child_depth);
    *slot = &b->n;
}

static enum err insert(struct trie *t, struct node **slot, const struct put *put, size_t depth)
{
    TRY(node_resolve(t, slot, put->nibbles, depth));
    struct node *n = *slot;
    if (!n) {
        *slot = put_new_leaf(t, put, depth);
        return E_OK;
    }
    if (n->kind == NODE_LEAF) {
        struct leaf *l = as_leaf(n);
        if (!leaf_is(l, put->key))
            return split_leaf(t, slot, put, depth);
        leaf_set_value(t, l, put->value);
        n->height = put->height;
        n->ref_len = 0;
        return E_OK;
    }
    struct branch *b = as_branch(n);
    size_t max = n->len < put->len - depth ? n->len : put->len - depth;
    size_t common = common_len(put->nibbles + depth, b->prefix, max), child_depth;
    if (common < n->len) {
        split_branch(t, slot, put, depth, common);
        return E_OK;
    }
    struct node **child = put_slot(b, put, depth + common, &child_depth);
    TRY(insert(t, child, put, child_depth));
    n->dirty = true;
    n->ref_len = 0;
    return E_OK;
}

/* A branch with one child left is no branch: the child takes its place, with the nibbles between.
 * path: nibbles above b. */
static enum err collapse(struct trie *t, struct node **slot, const uint8_t *path, size_t depth)
{
    struct branch *b = as_branch(*slot);
    int only = -1;
    for (int i = 0; i < 17; i++) {
        if (!b->child[i])
            continue;
        if (only >= 0)
            return E_OK;
        only = i;
    }
    ASSERT(only >= 0);
    uint8_t stack[160], *full = stack;
    size_t len = depth + b->n.len, full_len = len + (only != BRANCH_VALUE);
    if (len + 1 > sizeof stack)
        full = mem_alloc(len + 1);
    memcpy(full, path, depth);
    if (b->n.len)
        memcpy(full + depth, b->prefix, b->n.len);
    full[len] = (uint8_t)only;
    enum err e = node_resolve(t, &b->child[only], full, full_len);
    struct node *child = b->child[only];
    if (e == E_OK && child->kind == NODE_LEAF) {
        e = leaf_move(t, as_leaf(child), depth);
    } else if (e == E_OK) {
        leave_place(t, as_branch(child), full, full_len);
        struct buf prefix = {0};
        buf_put(&prefix, full + depth, full_len - depth);
        buf_put(&prefix, as_branch(child)->prefix, child->len);
        branch_set_prefix(t, as_branch(child), prefix.data, prefix.len);
        buf_free(&prefix);
        /* it now stands where b stood, and replaces b's record */
        child->height = b->n.height;
    }
    if (full != stack)
        mem_free(full);
    if (e != E_OK)
        return e;
    if (child->kind == NODE_LEAF)
        leave_place(t, b, path, depth);
    b->child[only] = NULL;
    *slot = child;
    node_free(t, &b->n);
    return E_OK;
}

static enum err erase(struct trie *t, struct node **slot, const struct put *put, size_t depth)
{
    TRY(node_resolve(t, slot, put->nibbles, depth));
    struct node *n = *slot;
    if (!n)
        return E_NOT_FOUND;
    if (n->kind == NODE_LEAF) {
        if (!leaf_is(as_leaf(n), put->key))
            return E_NOT_FOUND;
        node_free(t, n);
        *slot = NULL;
        return E_OK;
    }
    struct branch *b = as_branch(n);
    size_t child_depth;
    if (put->len - depth < n->len || common_len(put->nibbles + depth, b->prefix, n->len) < n->len)
        return E_NOT_FOUND;
    struct node **child = put_slot(b, put, depth + n->len, &child_depth);
    TRY(erase(t, child, put, child_depth));
    n->dirty = true;
    n->ref_len = 0;
    return *child ? E_OK : collapse(t, slot, put->nibbles, depth);
}

enum err trie_put(struct trie *t, struct bytes key, struct bytes value, uint64_t leaf_height)
{
    struct put put = {key, value, spread_key(t, key), 2 * key.len, leaf_height};
    enum err e = value.len ? insert(t, &t->root, &put, 0) : erase(t, &t->root, &put, 0);
    if (e == E_NOT_FOUND)
        return E_OK;
    t->root_dirty = true;
    return e;
}

enum err trie_load_root(struct trie *t)
{
    return node_resolve(t, &t->root, NULL, 0);
}

enum err trie_touch(struct trie *t)
{
    TRY(node_resolve(t, &t->root, NULL, 0));
    if (t->root) {
        t->root_dirty = true;
        if (t->root->kind == NODE_BRANCH)
            t->root->dirty = true;
    }
    return E_OK;
}

struct hash trie_root(struct trie *t)
{
    struct hash root;
    if (!t->root)
        return KECCAK_EMPTY_TRIE;
    compute_refs(t, t->root);
    if (t->root->ref_len == 32)
        memcpy(root.b, t->root->ref, 32);
    else
        keccak256(&root, t->root->ref, t->root->ref_len);
    return root;
}

/* Commit */

struct commit {
    struct trie *t;
    const struct trie_sink *sink;
    uint64_t height;
    struct buf stored;
    uint8_t path[64];
};

static enum err commit_node(struct commit *c, struct node *n, size_t depth)
{
    if (n->kind == NODE_LEAF) {
        leaf_drop_value(c->t, as_leaf(n));
        return E_OK;
    }
    if (n->kind != NODE_BRANCH || !n->dirty)
        return E_OK;
    struct branch *b = as_branch(n);
    buf_clear(&c->stored);
    node_store(&c->stored, n, c->height);
    TRY(c->sink->put_node(c->sink->ctx, bytes_of(c->path, depth), buf_view(&c->stored)));
    if (depth && n->height != HEIGHT_NONE)
        TRY(c->sink->stale_node(c->sink->ctx, n->height, bytes_of(c->path, depth)));
    n->height = c->height;
    n->dirty = false;
    if (n->len)
        memcpy(c->path + depth, b->prefix, n->len);
    for (unsigned i = 0; i < 16; i++) {
        if (!b->child[i])
            continue;
        c->path[depth + n->len] = (uint8_t)i;
        TRY(commit_node(c, b->child[i], depth + n->len + 1));
    }
    return E_OK;
}

enum err trie_commit(struct trie *t, uint64_t height, const struct trie_sink *sink)
{
    ASSERT(t->stored);
    if (!t->root_dirty)
        return E_OK;
    trie_root(t);
    for (size_t i = 0; i < t->stale_len; i++)
        TRY(sink->stale_node(
            sink->ctx, t->stale[i].height,
            bytes_of(t->stale_paths.data + t->stale[i].path_at, t->stale[i].path_len)));
    t->stale_len = 0;
    buf_clear(&t->stale_paths);
    if (t->root_height != HEIGHT_NONE)
        TRY(sink->stale_node(sink->ctx, t->root_height, bytes_of(NULL, 0)));
    t->root_height = t->root ? height : HEIGHT_NONE;
    t->root_dirty = false;
    if (!t->root)
        return E_OK;
    struct commit c = {.t = t, .sink = sink, .height = height};
    if (t->root->kind == NODE_LEAF) {
        node_store(&c.stored, t->root, height);
        TRY(sink->put_node(sink->ctx, bytes_of(NULL, 0), buf_view(&c.stored)));
    }
    enum err e = commit_node(&c, t->root, 0);
    buf_free(&c.stored);
    return e;
}

/* Forgetting and walking */

static void forget_below(struct trie *t, struct node **slot, size_t depth, unsigned keep_depth)
{
    struct node *n = *slot;
    if (!n || n->kind != NODE_BRANCH)
        return;
    if (!n->dirty && depth > keep_depth) {
        node_to_stub(t, slot);
        return;
    }
    for (int i = 0; i < 16; i++)
        forget_below(t, &as_branch(n)->child[i], depth + n->len + 1, keep_depth);
}

void trie_forget(struct trie *t, unsigned keep_depth)
{
    if (t->stored && !t->root_dirty)
        forget_below(t, &t->root, 0, keep_depth);
}

struct walk {
    struct trie *t;
    const struct trie_visitor *visitor;
    bool verify;
    struct buf path;
    struct buf *bad_path_out;
};

static enum err walk_fault(struct walk *w, size_t depth, enum err e)
{
    if (e == E_CORRUPT && w->bad_path_out && w->bad_path_out->len == 0)
        buf_put(w->bad_path_out, w->path.data, depth);
    return e;
}

/* Does the node's content give the reference its parent holds? The reference is put back. */
static bool ref_holds(struct trie *t, struct node *n, bool is_root)
{
    uint8_t claimed[32], claimed_len = n->ref_len;
    memcpy(claimed, n->ref, sizeof claimed);
    compute_ref(t, n);
    struct hash h;
    struct bytes now = bytes_of(n->ref, n->ref_len);
    if (is_root && claimed_len == 32 && now.len < 32) {
        h = keccak256_of(now);
        now = bytes_of(h.b, 32);
    }
    bool ok = bytes_eq(now, bytes_of(claimed, claimed_len));
    n->ref_len = claimed_len;
    memcpy(n->ref, claimed, sizeof claimed);
    return ok;
}

static enum err walk_leaf(struct walk *w, struct leaf *l, size_t depth)
{
    bool had_value = l->value != NULL;
    enum err e = E_OK;
    if (w->verify && !had_value)
        e = leaf_value(w->t, l);
    if (e == E_OK && w->verify && l->n.ref_len && !ref_holds(w->t, &l->n, depth == 0))
        e = E_CORRUPT;
    if (e == E_OK && w->visitor->leaf)
        e = w->visitor->leaf(w->visitor->ctx, l->n.height, bytes_of(l->key, l->n.len),
                             bytes_of(l->value, l->value_len));
    if (!had_value)
        leaf_drop_value(w->t, l);
    return walk_fault(w, depth, e);
}

static enum err walk_node(struct walk *w, struct node **slot, size_t depth);

static enum err walk_branch(struct walk *w, struct branch *b, size_t depth)
{
    if (w->verify && b->n.ref_len && !b->n.dirty && !ref_holds(w->t, &b->n, depth == 0))
        return walk_fault(w, depth, E_CORRUPT);
    if (w->visitor->node && b->n.height != HEIGHT_NONE)
        TRY(w->visitor->node(w->visitor->ctx, b->n.height, bytes_of(w->path.data, depth)));
    if (b->child[BRANCH_VALUE]) /* the shortest key comes first */
        TRY(walk_leaf(w, as_leaf(b->child[BRANCH_VALUE]), depth));
    w->path.len = depth;
    buf_put(&w->path, b->prefix, b->n.len);
    buf_put_u8(&w->path, 0);
    for (unsigned i = 0; i < 16; i++) {
        w->path.len = depth + b->n.len + 1;
        w->path.data[depth + b->n.len] = (uint8_t)i;
        TRY(walk_node(w, &b->child[i], depth + b->n.len + 1));
    }
    return E_OK;
}

static enum err walk_node(struct walk *w, struct node **slot, size_t depth)
{
    if (!*slot)
        return E_OK;
    bool was_stub = (*slot)->kind == NODE_STUB;
    enum err e = node_resolve(w->t, slot, w->path.data, depth);
    if (e != E_OK)
        return walk_fault(w, depth, e);
    if ((*slot)->kind == NODE_LEAF)
        e = walk_leaf(w, as_leaf(*slot), depth);
    else
        e = walk_branch(w, as_branch(*slot), depth);
    if (was_stub && (*slot)->kind == NODE_BRANCH)
        node_to_stub(w->t, slot);
    return e;
}

enum err trie_walk(struct trie *t, const struct trie_visitor *visitor, bool verify,
                   struct buf *bad_path_out)
{
    trie_root(t);
    struct walk w = {.t = t, .visitor = visitor, .verify = verify, .bad_path_out = bad_path_out};
    if (t->root && t->root->kind == NODE_STUB)
        TRY(node_resolve(t, &t->root, NULL, 0)); /* the root stays in memory: it may be a leaf */
    if (t->root && t->root->kind == NODE_LEAF && t->root_height != HEIGHT_NONE && visitor->node)
        TRY(visitor->node(visitor->ctx, t->root_height, bytes_of(NULL, 0)));
    enum err e = walk_node(&w, &t->root, 0);
    buf_free(&w.path);
    return e;
}
