/* pages: the structure of store.mdb, checked before LMDB follows it. LMDB trusts its own pages: a
 * damaged offset inside one would make it read outside of its map. This walks every tree of a
 * snapshot with pread, bounds and all, in LMDB 0.9's format (64-bit, little-endian: mdb.c). */
#include "store/store_internal.h"

#include <unistd.h>

#include "base/lang.h"

#define PAGE_HEAD 16u
#define NODE_HEAD 8u
#define TREE_BYTES 48u
#define TREE_DEPTH_MAX 32u
#define KEY_BYTES_MAX 511u
#define NO_PAGE UINT64_MAX
#define META_TREES 24u /* in a meta page's body: magic, version, address, map size come before */
#define META_BYTES (META_TREES + 2 * TREE_BYTES + 16)

enum page_flag { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4 };
enum node_flag { NODE_BIG = 1, NODE_TREE = 2 };

/* The two trees of a meta page and what was committed with them. */
struct meta {
    uint8_t free_tree[TREE_BYTES], main_tree[TREE_BYTES];
    uint64_t last_page, txn;
};

struct pages {
    const struct store *store;
    uint64_t last_page;
    uint8_t *seen; /* a bit per page: no page belongs to two places */
    uint64_t bad;  /* the page that does not hold */
};

/* One tree being walked. */
struct tree {
    struct pages *pages;
    unsigned depth;
    bool is_main, is_free;
    uint64_t entries;
    uint8_t last_key[KEY_BYTES_MAX + 1];
    size_t last_key_len;
};

static uint64_t le(const uint8_t *p, size_t len)
{
    uint64_t v = 0;
    for (size_t i = len; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static enum err bad_page(struct pages *p, uint64_t page)
{
    p->bad = page;
    return E_CORRUPT;
}

/* claim marks pages as used by one place. */
static enum err claim(struct pages *p, uint64_t page, uint64_t count)
{
    if (page < 2 || count == 0 || page > p->last_page || count > p->last_page - page + 1)
        return bad_page(p, page);
    for (uint64_t i = page; i < page + count; i++) {
        if (p->seen[i / 8] & 1u << i % 8)
            return bad_page(p, i);
        p->seen[i / 8] |= (uint8_t)(1u << i % 8);
    }
    return E_OK;
}

static enum err read_page(struct pages *p, uint64_t page, uint8_t *out)
{
    size_t len = p->store->page_bytes;
    if (pread(p->store->data_fd, out, len, (off_t)(page * len)) != (ssize_t)len ||
        le(out, 8) != page)
        return bad_page(p, page);
    return E_OK;
}

/* check_overflow checks the pages that hold a large value. */
static enum err check_overflow(struct pages *p, uint64_t page, uint64_t value_len)
{
    uint8_t head[PAGE_HEAD];
    size_t len = p->store->page_bytes;
    uint64_t needed = (PAGE_HEAD - 1 + value_len) / len + 1;
    if (page > p->last_page ||
        pread(p->store->data_fd, head, sizeof head, (off_t)(page * len)) != sizeof head)
        return bad_page(p, page);
    uint64_t stated = le(head + 12, 4);
    if (le(head, 8) != page || le(head + 10, 2) != PAGE_OVERFLOW || stated < needed)
        return bad_page(p, page);
    return claim(p, page, stated);
}

static enum err check_tree(struct pages *p, const uint8_t *stated, bool is_main, bool is_free);

/* A free-list record is a count and as many page numbers. */
static bool is_page_list(const uint8_t *value, uint64_t len)
{
    return len >= 8 && len % 8 == 0 && le(value, 8) <= len / 8 - 1;
}

static enum err check_leaf_node(struct tree *t, uint64_t page, const uint8_t *node, size_t room)
{
    struct pages *p = t->pages;
    uint64_t value_len = le(node, 4), flags = le(node + 4, 2);
    size_t key_len = (size_t)le(node + 6, 2);
    const uint8_t *key = node + NODE_HEAD, *value = key + key_len;
    size_t inside = flags & NODE_BIG ? 8 : value_len;
    if (flags & ~(uint64_t)(NODE_BIG | (t->is_main ? NODE_TREE : 0)) || key_len == 0 ||
        key_len > KEY_BYTES_MAX || NODE_HEAD + key_len > room ||
        inside > room - NODE_HEAD - key_len)
        return bad_page(p, page);
    if (t->is_main != ((flags & NODE_TREE) != 0) || (t->is_main && value_len != TREE_BYTES))
        return bad_page(p, page);
    size_t common = key_len < t->last_key_len ? key_len : t->last_key_len;
    int order = memcmp(t->last_key, key, common);
    if (!t->is_free && t->entries && (order > 0 || (order == 0 && t->last_key_len >= key_len)))
        return bad_page(p, page); /* keys must ascend; the free list's are not byte strings */
    memcpy(t->last_key, key, key_len);
    t->last_key_len = key_len;
    t->entries++;
    if (flags & NODE_BIG)
        return check_overflow(p, le(value, 8), value_len);
    if (t->is_free && !is_page_list(value, value_len))
        return bad_page(p, page);
    return t->is_main ? check_tree(p, value, false, false) : E_OK;
}

static enum err check_page(struct tree *t, uint64_t page, unsigned level);

static enum err check_node(struct tree *t, uint64_t page, const uint8_t *node, size_t room,
                           unsigned level)
{
    if (level + 1 == t->depth)
        return check_leaf_node(t, page, node, room);
    if (NODE_HEAD + le(node + 6, 2) > room)
        return bad_page(t->pages, page);
    return check_page(t, le(node, 6), level + 1);
}

static enum err check_nodes(struct tree *t, uint64_t page, const uint8_t *body, unsigned level)
{
    size_t len = t->pages->store->page_bytes;
    size_t lower = (size_t)le(body + 12, 2), upper = (size_t)le(body + 14, 2);
    bool leaf = level + 1 == t->depth;
    if (le(body + 10, 2) != (leaf ? PAGE_LEAF : PAGE_BRANCH) || lower <= PAGE_HEAD || lower % 2 ||
        lower > upper || upper > len)
        return bad_page(t->pages, page);
    for (size_t i = PAGE_HEAD; i < lower; i += 2) {
        size_t at = (size_t)le(body + i, 2);
        if (at < upper || at % 2 || at + NODE_HEAD > len)
            return bad_page(t->pages, page);
        TRY(check_node(t, page, body + at, len - at, level));
    }
    return E_OK;
}

static enum err check_page(struct tree *t, uint64_t page, unsigned level)
{
    TRY(claim(t->pages, page, 1));
    uint8_t *body = mem_alloc(t->pages->store->page_bytes);
    enum err e = read_page(t->pages, page, body);
    if (e == E_OK)
        e = check_nodes(t, page, body, level);
    mem_free(body);
    return e;
}

/* check_tree walks a tree from its description (flags, depth, page counts, entries, root). */
static enum err check_tree(struct pages *p, const uint8_t *stated, bool is_main, bool is_free)
{
    struct tree t = {.pages = p, .is_main = is_main, .is_free = is_free};
    uint64_t entries = le(stated + 32, 8), root = le(stated + 40, 8);
    uint64_t flags = le(stated + 4, 2); /* the free list: integer keys, and how the file was made */
    t.depth = (unsigned)le(stated + 6, 2);
    if (t.depth > TREE_DEPTH_MAX || (is_free ? flags & 0xff : flags) != (is_free ? 8u : 0u))
        return bad_page(p, root);
    if (root == NO_PAGE)
        return t.depth == 0 && entries == 0 ? E_OK : bad_page(p, root);
    if (t.depth == 0)
        return bad_page(p, root);
    TRY(check_page(&t, root, 0));
    return t.entries == entries ? E_OK : bad_page(p, root);
}

/* read_meta finds the meta page of the transaction `txn`. */
static bool read_meta(const struct store *s, uint64_t txn, struct meta *out)
{
    for (uint64_t page = 0; page < 2; page++) {
        uint8_t b[PAGE_HEAD + META_BYTES], *m = b + PAGE_HEAD;
        if (pread(s->data_fd, b, sizeof b, (off_t)(page * s->page_bytes)) != sizeof b)
            return false;
        memcpy(out->free_tree, m + META_TREES, TREE_BYTES);
        memcpy(out->main_tree, m + META_TREES + TREE_BYTES, TREE_BYTES);
        out->last_page = le(m + META_TREES + 2 * TREE_BYTES, 8);
        out->txn = le(m + META_TREES + 2 * TREE_BYTES + 8, 8);
        if (out->txn == txn)
            return true;
    }
    return false;
}

/* check_snapshot checks what the read transaction sees. */
static enum err check_snapshot(struct store *s, struct store_txn *t, struct diag *d)
{
    struct meta meta;
    struct stat st;
    if (!read_meta(s, mdb_txn_id(t->txn), &meta))
        return E_TIMEOUT; /* two commits went by since it began: look again */
    if (fstat(s->data_fd, &st) != 0 || meta.last_page >= (uint64_t)st.st_size / s->page_bytes)
        return diag_set(d, E_CORRUPT, T("store.mdb is truncated", "store.mdb est tronqué"));
    struct pages p = {.store = s, .last_page = meta.last_page};
    p.seen = mem_zalloc(meta.last_page / 8 + 1, 1);
    enum err e = check_tree(&p, meta.free_tree, false, true);
    if (e == E_OK)
        e = check_tree(&p, meta.main_tree, true, false);
    mem_free(p.seen);
    if (e != E_OK)
        return diag_set(d, e,
                        T("store.mdb, page %llu: damaged; restore it from a backup",
                          "store.mdb, page %llu : endommagée ; restaurez-le depuis une sauvegarde"),
                        (unsigned long long)p.bad);
    return E_OK;
}

enum err store_check_pages(struct store *s, struct diag *d)
{
    for (int i = 0; i < 16; i++) {
        struct store_txn *t;
        enum err e = store_begin_read(s, &t);
        if (e != E_OK)
            return diag_set(d, e, "%s", err_text(e));
        e = check_snapshot(s, t, d);
        store_abort(t);
        if (e != E_TIMEOUT)
            return e;
    }
    return diag_set(d, E_CORRUPT,
                    T("store.mdb has no valid head page", "store.mdb n'a pas de page de tête"));
}
