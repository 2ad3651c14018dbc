#include "state/trie_node.h"

/* Pool */

static size_t pool_class(size_t size)
{
    return (size + POOL_STEP - 1) / POOL_STEP;
}

void *pool_alloc(struct pool *p, size_t size)
{
    size_t c = pool_class(size);
    if (c >= POOL_CLASSES)
        return mem_alloc(size);
    void *piece = p->free[c];
    if (piece) {
        memcpy(&p->free[c], piece, sizeof(void *));
        return piece;
    }
    size_t need = c * POOL_STEP;
    if (!p->chunk || p->chunk->size - p->chunk->used < need) {
        /* start small: most contracts have few slots; end big: the account trie has millions */
        size_t size_next = p->chunk ? p->chunk->size * 2 : 2048;
        if (size_next > 1u << 20)
            size_next = 1u << 20;
        struct pool_chunk *chunk = mem_alloc(sizeof *chunk + 8 + size_next);
        chunk->next = p->chunk;
        chunk->size = size_next;
        chunk->used = 0;
        p->chunk = chunk;
    }
    piece = (uint8_t *)p->chunk + 32 + p->chunk->used;
    p->chunk->used += need;
    return piece;
}

_Static_assert(sizeof(struct pool_chunk) + 8 == 32, "pool pieces start 32 bytes into a chunk");

void pool_release(struct pool *p, void *piece, size_t size)
{
    if (!piece)
        return;
    size_t c = pool_class(size);
    if (c >= POOL_CLASSES) {
        mem_free(piece);
        return;
    }
    memcpy(piece, &p->free[c], sizeof(void *));
    p->free[c] = piece;
}

void pool_free_all(struct pool *p)
{
    while (p->chunk) {
        struct pool_chunk *next = p->chunk->next;
        mem_free(p->chunk);
        p->chunk = next;
    }
    memset(p->free, 0, sizeof p->free);
}

/* Nodes */

struct leaf *leaf_new(struct trie *t, struct bytes key, uint32_t depth, uint64_t height)
{
    struct leaf *l = pool_alloc(&t->pool, sizeof *l + key.len);
    memset(l, 0, sizeof *l);
    l->n.kind = NODE_LEAF;
    l->n.len = (uint32_t)key.len;
    l->n.height = height;
    l->depth = depth;
    if (key.len)
        memcpy(l->key, key.data, key.len);
    t->nodes++;
    return l;
}

void leaf_drop_value(struct trie *t, struct leaf *l)
{
    pool_release(&t->pool, l->value, l->value_len);
    l->value = NULL;
    l->value_len = 0;
}

void leaf_set_value(struct trie *t, struct leaf *l, struct bytes value)
{
    ASSERT(value.len > 0 && value.len < UINT32_MAX);
    leaf_drop_value(t, l);
    l->value = pool_alloc(&t->pool, value.len);
    l->value_len = (uint32_t)value.len;
    memcpy(l->value, value.data, value.len);
}

void branch_set_prefix(struct trie *t, struct branch *b, const uint8_t *prefix, size_t len)
{
    uint8_t *copy = NULL;
    if (len) {
        copy = pool_alloc(&t->pool, len);
        memcpy(copy, prefix, len);
    }
    pool_release(&t->pool, b->prefix, b->n.len);
    b->prefix = copy;
    b->n.len = (uint32_t)len;
}

struct branch *branch_new(struct trie *t, const uint8_t *prefix, size_t prefix_len)
{
    struct branch *b = pool_alloc(&t->pool, sizeof *b);
    memset(b, 0, sizeof *b);
    b->n.kind = NODE_BRANCH;
    b->n.height = HEIGHT_NONE;
    b->n.dirty = true;
    branch_set_prefix(t, b, prefix, prefix_len);
    t->nodes++;
    return b;
}

void node_free(struct trie *t, struct node *n)
{
    if (!n)
        return;
    t->nodes--;
    if (n->kind == NODE_LEAF) {
        struct leaf *l = as_leaf(n);
        leaf_drop_value(t, l);
        pool_release(&t->pool, l, sizeof *l + n->len);
    } else if (n->kind == NODE_BRANCH) {
        struct branch *b = as_branch(n);
        for (int i = 0; i < 17; i++)
            node_free(t, b->child[i]);
        pool_release(&t->pool, b->prefix, n->len);
        pool_release(&t->pool, b, sizeof *b);
    } else {
        pool_release(&t->pool, n, sizeof *n);
    }
}

void node_to_stub(struct trie *t, struct node **slot)
{
    struct node *n = *slot;
    ASSERT(n->kind == NODE_BRANCH && !n->dirty && n->ref_len && n->height != HEIGHT_NONE);
    struct node *stub = pool_alloc(&t->pool, sizeof *stub);
    *stub = *n;
    stub->kind = NODE_STUB;
    stub->len = 0;
    t->nodes++;
    node_free(t, n);
    *slot = stub;
}

enum err leaf_value(struct trie *t, struct leaf *l)
{
    if (l->value)
        return E_OK;
    ASSERT(t->stored);
    buf_clear(&t->scratch);
    TRY(t->source.value(t->source.ctx, l->n.height, bytes_of(l->key, l->n.len), &t->scratch));
    if (t->scratch.len == 0)
        return E_CORRUPT;
    leaf_set_value(t, l, buf_view(&t->scratch));
    return E_OK;
}

enum err node_resolve(struct trie *t, struct node **slot, const uint8_t *path, size_t path_len)
{
    struct node *stub = *slot;
    if (!stub || stub->kind != NODE_STUB)
        return E_OK;
    buf_clear(&t->scratch);
    TRY(t->source.node(t->source.ctx, stub->height, bytes_of(path, path_len), &t->scratch));
    struct node *loaded;
    TRY(node_load(t, buf_view(&t->scratch), path, path_len, &loaded));
    if (loaded->kind == NODE_BRANCH)
        loaded->height = stub->height;
    loaded->ref_len = stub->ref_len;
    memcpy(loaded->ref, stub->ref, sizeof stub->ref);
    *slot = loaded;
    node_free(t, stub);
    return E_OK;
}

/* RLP (Yellow Paper app. B, D). Written by hand: a branch is at most 532 bytes of known shape and
 * this is where a block's commit spends its time. */

static uint8_t *put_header(uint8_t *p, uint8_t base, size_t len)
{
    if (len < 56) {
        *p++ = (uint8_t)(base + len);
        return p;
    }
    unsigned width = 1;
    for (size_t rest = len >> 8; rest; rest >>= 8)
        width++;
    *p++ = (uint8_t)(base + 55 + width);
    for (unsigned i = width; i-- > 0;)
        *p++ = (uint8_t)(len >> (8 * i));
    return p;
}

static size_t header_size(size_t len)
{
    size_t size = 1;
    if (len >= 56)
        for (; len; len >>= 8)
            size++;
    return size;
}

static size_t string_size(const uint8_t *s, size_t len)
{
    return len == 1 && s[0] < 0x80 ? 1 : header_size(len) + len;
}

static uint8_t *put_ref(uint8_t *p, const uint8_t *ref, size_t ref_len)
{
    if (ref_len == 32)
        *p++ = 0xa0;
    memcpy(p, ref, ref_len);
    return p + ref_len;
}

static size_t ref_size(size_t ref_len)
{
    return ref_len == 32 ? 33 : ref_len;
}

/* The hex-prefix form of count nibbles given by a callback-free pair: packed key from nibble
 * `from`, or one nibble per byte. Returns its length. */
static size_t hex_prefix(uint8_t *out, const uint8_t *nibbles, bool packed, size_t from,
                         size_t count, bool leaf)
{
    size_t at = 0, n = 1;
    out[0] = leaf ? 0x20 : 0;
    if (count & 1) {
        out[0] |= 0x10 | (packed ? key_nibble(nibbles, from) : nibbles[from]);
        at = 1;
    }
    for (; at < count; at += 2) {
        uint8_t high = packed ? key_nibble(nibbles, from + at) : nibbles[from + at];
        uint8_t low = packed ? key_nibble(nibbles, from + at + 1) : nibbles[from + at + 1];
        out[n++] = (uint8_t)(high << 4 | low);
    }
    return n;
}

void encode_leaf_head(struct buf *out, const struct leaf *l)
{
    size_t count = 2 * (size_t)l->n.len - l->depth, hp_len = count / 2 + 1;
    /* the hex-prefix string is one byte < 0x80 when at most one nibble is left */
    size_t hp_size = hp_len == 1 ? 1 : header_size(hp_len) + hp_len;
    size_t payload = hp_size + string_size(l->value, l->value_len);
    buf_reserve(out, payload - l->value_len + 24);
    uint8_t *start = out->data + out->len, *p = put_header(start, 0xc0, payload);
    if (hp_len > 1)
        p = put_header(p, 0x80, hp_len);
    p += hex_prefix(p, l->key, true, l->depth, count, true);
    if (string_size(l->value, l->value_len) > l->value_len)
        p = put_header(p, 0x80, l->value_len);
    out->len += (size_t)(p - start);
}

void encode_branch(struct buf *out, const struct branch *b)
{
    const struct leaf *value = (const struct leaf *)b->child[BRANCH_VALUE];
    size_t payload = value ? string_size(value->value, value->value_len) : 1;
    for (int i = 0; i < 16; i++)
        payload += b->child[i] ? ref_size(b->child[i]->ref_len) : 1;
    buf_reserve(out, payload + 16);
    uint8_t *start = out->data + out->len, *p = put_header(start, 0xc0, payload);
    for (int i = 0; i < 16; i++) {
        const struct node *c = b->child[i];
        if (c)
            p = put_ref(p, c->ref, c->ref_len);
        else
            *p++ = 0x80;
    }
    if (value) {
        if (string_size(value->value, value->value_len) > value->value_len)
            p = put_header(p, 0x80, value->value_len);
        memcpy(p, value->value, value->value_len);
        p += value->value_len;
    } else {
        *p++ = 0x80;
    }
    out->len += (size_t)(p - start);
}

void encode_extension(struct buf *out, const struct branch *b, const uint8_t *ref, size_t ref_len)
{
    size_t hp_len = b->n.len / 2 + 1, hp_size = hp_len == 1 ? 1 : header_size(hp_len) + hp_len;
    size_t payload = hp_size + ref_size(ref_len);
    buf_reserve(out, payload + 16);
    uint8_t *start = out->data + out->len, *p = put_header(start, 0xc0, payload);
    if (hp_len > 1)
        p = put_header(p, 0x80, hp_len);
    p += hex_prefix(p, b->prefix, false, 0, b->n.len, false);
    p = put_ref(p, ref, ref_len);
    out->len += (size_t)(p - start);
}

size_t reference_of(uint8_t ref[32], struct bytes rlp)
{
    if (rlp.len < 32) {
        memcpy(ref, rlp.data, rlp.len);
        return rlp.len;
    }
    struct hash h;
    keccak256(&h, rlp.data, rlp.len);
    memcpy(ref, h.b, 32);
    return 32;
}

static void compute_leaf_ref(struct trie *t, struct leaf *l)
{
    struct buf *out = &t->scratch;
    ASSERT(l->value);
    buf_clear(out);
    encode_leaf_head(out, l);
    if (l->value_len > 256) { /* do not copy a large value only to hash it */
        struct keccak k;
        struct hash h;
        keccak_init(&k);
        keccak_update(&k, out->data, out->len);
        keccak_update(&k, l->value, l->value_len);
        keccak_final(&k, &h);
        memcpy(l->n.ref, h.b, 32);
        l->n.ref_len = 32;
        return;
    }
    buf_put(out, l->value, l->value_len);
    l->n.ref_len = (uint8_t)reference_of(l->n.ref, buf_view(out));
}

void compute_ref(struct trie *t, struct node *n)
{
    if (n->kind == NODE_LEAF) {
        compute_leaf_ref(t, as_leaf(n));
        return;
    }
    ASSERT(n->kind == NODE_BRANCH);
    struct branch *b = as_branch(n);
    uint8_t ref[32];
    buf_clear(&t->scratch);
    encode_branch(&t->scratch, b);
    size_t ref_len = reference_of(ref, buf_view(&t->scratch));
    if (n->len) {
        buf_clear(&t->scratch);
        encode_extension(&t->scratch, b, ref, ref_len);
        ref_len = reference_of(ref, buf_view(&t->scratch));
    }
    n->ref_len = (uint8_t)ref_len;
    memcpy(n->ref, ref, ref_len);
}

/* Several references at a time: keccak256_many hashes eight inputs in the time of two. Nodes that
 * lack a reference are noted with their rank, leaves 0 and a branch one above its highest child;
 * nodes of one rank do not need each other. */
#define ROW 8u

struct noted {
    struct node *n;
    unsigned rank;
};

struct notes {
    struct noted *at;
    size_t count, cap;
};

/* note_lacking notes what lacks a reference below n and n itself; returns n's rank + 1, or 0. */
static unsigned note_lacking(struct notes *all, struct node *n)
{
    unsigned rank = 0;
    if (!n || n->ref_len)
        return 0;
    if (n->kind == NODE_BRANCH)
        for (int i = 0; i < 16; i++) { /* the branch value has no reference of its own */
            unsigned above = note_lacking(all, as_branch(n)->child[i]);
            rank = above > rank ? above : rank;
        }
    if (all->count == all->cap) {
        all->cap = all->cap ? 2 * all->cap : 64;
        all->at = mem_resize(all->at, all->cap, sizeof *all->at);
    }
    all->at[all->count++] = (struct noted){n, rank};
    return rank + 1;
}

static void compute_row(struct trie *t, struct node *const *row, size_t count)
{
    struct bytes rlp[ROW];
    struct hash hashes[ROW];
    buf_clear(&t->scratch);
    for (size_t i = 0; i < count; i++) {
        size_t from = t->scratch.len;
        if (row[i]->kind == NODE_LEAF) {
            encode_leaf_head(&t->scratch, as_leaf(row[i]));
            buf_put(&t->scratch, as_leaf(row[i])->value, as_leaf(row[i])->value_len);
        } else {
            encode_branch(&t->scratch, as_branch(row[i]));
        }
        rlp[i].len = t->scratch.len - from;
    }
    const uint8_t *at = t->scratch.data; /* moves no more */
    for (size_t i = 0; i < count; at += rlp[i++].len)
        rlp[i].data = at;
    keccak256_many(hashes, rlp, count);
    for (size_t i = 0; i < count; i++) {
        bool whole = rlp[i].len < sizeof hashes[i].b;
        row[i]->ref_len = (uint8_t)(whole ? rlp[i].len : sizeof hashes[i].b);
        memcpy(row[i]->ref, whole ? rlp[i].data : hashes[i].b, row[i]->ref_len);
    }
}

/* fits_row: an extension's branch is hashed twice, a large value not copied: these go alone. */
static bool fits_row(const struct node *n)
{
    return n->kind == NODE_LEAF ? ((const struct leaf *)n)->value_len <= 1024 : n->len == 0;
}

void compute_refs(struct trie *t, struct node *n)
{
    struct notes all = {0};
    struct node *row[ROW];
    unsigned ranks = note_lacking(&all, n);
    for (unsigned rank = 0; rank < ranks; rank++) {
        size_t count = 0;
        for (size_t i = 0; i < all.count; i++) {
            struct node *lacking = all.at[i].n;
            if (all.at[i].rank != rank)
                continue;
            if (!fits_row(lacking))
                compute_ref(t, lacking);
            else
                row[count++] = lacking;
            if (count == ROW) {
                compute_row(t, row, count);
                count = 0;
            }
        }
        compute_row(t, row, count);
    }
    mem_free(all.at);
}

/* Stored form */

static void put_number(struct buf *out, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    buf_put(out, bytes, n);
}

static void put_suffix(struct buf *out, const struct leaf *l)
{
    size_t end = 2 * (size_t)l->n.len, i = l->depth;
    put_number(out, end - i);
    if (!(i & 1)) {
        buf_put(out, l->key + i / 2, l->n.len - i / 2);
        return;
    }
    /* the key's length is even, so its packed tail is shifted by one nibble */
    uint8_t *p = buf_grow(out, (end - i + 1) / 2);
    for (size_t at = i / 2; at < l->n.len; at++)
        *p++ = (uint8_t)(l->key[at] << 4 | (at + 1 < l->n.len ? l->key[at + 1] >> 4 : 0));
}

void node_store(struct buf *out, const struct node *n, uint64_t commit_height)
{
    if (n->kind == NODE_LEAF) {
        buf_put_u8(out, 2);
        put_number(out, n->height);
        put_suffix(out, (const struct leaf *)n);
        return;
    }
    ASSERT(n->kind == NODE_BRANCH);
    const struct branch *b = (const struct branch *)n;
    ASSERT(!b->child[BRANCH_VALUE]);
    unsigned mask = 0, leaves = 0;
    for (unsigned i = 0; i < 16; i++)
        if (b->child[i]) {
            mask |= 1u << i;
            leaves |= (unsigned)(b->child[i]->kind == NODE_LEAF) << i;
        }
    buf_put_u8(out, 1);
    put_number(out, n->len);
    for (size_t i = 0; i < n->len; i += 2)
        buf_put_u8(out, (uint8_t)(b->prefix[i] << 4 | (i + 1 < n->len ? b->prefix[i + 1] : 0)));
    uint8_t masks[4] = {(uint8_t)(mask >> 8), (uint8_t)mask, (uint8_t)(leaves >> 8),
                        (uint8_t)leaves};
    buf_put(out, masks, sizeof masks);
    for (int i = 0; i < 16; i++) {
        const struct node *c = b->child[i];
        if (!c)
            continue;
        put_number(out, c->kind == NODE_BRANCH && c->dirty ? commit_height : c->height);
        buf_put_u8(out, c->ref_len);
        buf_put(out, c->ref, c->ref_len);
        if (c->kind == NODE_LEAF)
            put_suffix(out, (const struct leaf *)c);
    }
}

struct reader {
    const uint8_t *p, *end;
    bool bad;
};

static const uint8_t *take(struct reader *r, size_t len)
{
    static const uint8_t nothing[32];
    if (r->bad || (size_t)(r->end - r->p) < len) {
        r->bad = true;
        return nothing;
    }
    r->p += len;
    return r->p - len;
}

static uint64_t take_number(struct reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = *take(r, 1);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
    r->bad = true;
    return 0;
}

#define STORED_KEY_BYTES 32u /* keys of stored tries are hashes */

/* Reads count nibbles into path[at...]; returns the new length of the path. */
static size_t take_nibbles(struct reader *r, uint8_t *path, size_t at)
{
    size_t count = (size_t)take_number(r);
    if (r->bad || count > 2 * STORED_KEY_BYTES - at) {
        r->bad = true;
        return at;
    }
    const uint8_t *packed = take(r, (count + 1) / 2);
    if ((count & 1) && (packed[count / 2] & 15)) /* one form only */
        r->bad = true;
    for (size_t i = 0; i < count && !r->bad; i++)
        path[at + i] = key_nibble(packed, i);
    return at + count;
}

static struct node *take_leaf(struct trie *t, struct reader *r, uint64_t height, uint8_t *path,
                              size_t depth)
{
    uint8_t key[STORED_KEY_BYTES];
    size_t len = take_nibbles(r, path, depth);
    if (r->bad || len != 2 * STORED_KEY_BYTES) {
        r->bad = true;
        return NULL;
    }
    for (size_t i = 0; i < STORED_KEY_BYTES; i++)
        key[i] = (uint8_t)(path[2 * i] << 4 | path[2 * i + 1]);
    return &leaf_new(t, bytes_of(key, sizeof key), (uint32_t)depth, height)->n;
}

static void take_child(struct trie *t, struct reader *r, struct branch *b, unsigned i, bool is_leaf,
                       uint8_t *path, size_t depth)
{
    uint64_t height = take_number(r);
    uint8_t ref_len = *take(r, 1);
    if (r->bad || ref_len == 0 || ref_len > 32 || depth >= 2 * STORED_KEY_BYTES) {
        r->bad = true;
        return;
    }
    const uint8_t *ref = take(r, ref_len);
    path[depth] = (uint8_t)i;
    struct node *c;
    if (is_leaf) {
        c = take_leaf(t, r, height, path, depth + 1);
    } else {
        c = pool_alloc(&t->pool, sizeof *c);
        *c = (struct node){.kind = NODE_STUB, .height = height};
        t->nodes++;
    }
    if (!c)
        return;
    c->ref_len = ref_len;
    memcpy(c->ref, ref, ref_len);
    b->child[i] = c;
}

enum err node_load(struct trie *t, struct bytes stored, const uint8_t *path, size_t path_len,
                   struct node **out)
{
    uint8_t full[2 * STORED_KEY_BYTES];
    if (path_len >= sizeof full || stored.len == 0)
        return E_CORRUPT;
    struct reader r = {stored.data, stored.data + stored.len, false};
    if (path_len)
        memcpy(full, path, path_len);
    uint8_t kind = *take(&r, 1);
    struct node *n = NULL;
    if (kind == 2 && path_len == 0) {
        uint64_t height = take_number(&r);
        n = take_leaf(t, &r, height, full, 0);
    } else if (kind == 1) {
        size_t depth = take_nibbles(&r, full, path_len);
        const uint8_t *masks = take(&r, 4);
        unsigned mask = (unsigned)masks[0] << 8 | masks[1];
        unsigned leaves = (unsigned)masks[2] << 8 | masks[3];
        if ((leaves & ~mask) || !(mask & (mask - 1)))
            return E_CORRUPT;
        struct branch *b = branch_new(t, full + path_len, depth - path_len);
        b->n.dirty = false;
        for (unsigned i = 0; i < 16 && !r.bad; i++)
            if (mask >> i & 1)
                take_child(t, &r, b, i, leaves >> i & 1, full, depth);
        n = &b->n;
    }
    if (r.bad || !n || r.p != r.end) {
        node_free(t, n);
        return E_CORRUPT;
    }
    *out = n;
    return E_OK;
}
