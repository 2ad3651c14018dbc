/* trie_proof: proofs in the form of EIP-1186, their verification, and the tries of a block's lists.
 */
#include "state/trie_node.h"

#include "codec/rlp.h"

/* Proving */

/* A node shorter than 32 bytes lies inside its parent and is no item of its own, save the root. */
static void emit(struct buf *out, struct bytes rlp, bool is_root)
{
    if (is_root || rlp.len >= 32)
        rlp_put_string(out, rlp.data, rlp.len);
}

static void emit_leaf(struct buf *out, const struct leaf *l, bool is_root)
{
    struct buf rlp = {0};
    encode_leaf_head(&rlp, l);
    buf_put(&rlp, l->value, l->value_len);
    emit(out, buf_view(&rlp), is_root);
    buf_free(&rlp);
}

/* The branch's nodes: its extension, if it has a prefix, then (when the key follows the prefix) the
 * branch proper. */
static void emit_branch(struct trie *t, struct buf *out, const struct branch *b, bool follows,
                        bool is_root)
{
    struct buf rlp = {0};
    encode_branch(&rlp, b);
    if (b->n.len) {
        uint8_t ref[32];
        size_t ref_len = reference_of(ref, buf_view(&rlp));
        buf_clear(&t->scratch);
        encode_extension(&t->scratch, b, ref, ref_len);
        emit(out, buf_view(&t->scratch), is_root);
        is_root = false;
    }
    if (follows)
        emit(out, buf_view(&rlp), is_root);
    buf_free(&rlp);
}

static enum err prove(struct trie *t, struct bytes key, struct buf *out)
{
    uint8_t *nibbles = mem_alloc(2 * key.len + 1);
    for (size_t i = 0; i < 2 * key.len; i++)
        nibbles[i] = key_nibble(key.data, i);
    size_t len = 2 * key.len, depth = 0;
    struct node **slot = &t->root;
    enum err e;
    for (bool is_root = true;; is_root = false) {
        e = node_resolve(t, slot, nibbles, depth);
        struct node *n = *slot;
        if (e != E_OK || !n)
            break;
        if (n->kind == NODE_LEAF) {
            bool had_value = as_leaf(n)->value != NULL;
            e = leaf_value(t, as_leaf(n));
            if (e == E_OK)
                emit_leaf(out, as_leaf(n), is_root);
            if (!had_value)
                leaf_drop_value(t, as_leaf(n));
            break;
        }
        struct branch *b = as_branch(n);
        bool follows = len - depth >= n->len &&
                       (n->len == 0 || memcmp(nibbles + depth, b->prefix, n->len) == 0);
        emit_branch(t, out, b, follows, is_root);
        depth += n->len;
        if (!follows || depth == len)
            break;
        slot = &b->child[nibbles[depth++]];
    }
    mem_free(nibbles);
    return e;
}

enum err trie_prove(struct trie *t, struct bytes key, struct buf *rlp_list_out)
{
    trie_root(t);
    size_t start = rlp_list_out->len, mark = rlp_list_open(rlp_list_out);
    enum err e = prove(t, key, rlp_list_out);
    rlp_list_close(rlp_list_out, mark);
    if (e != E_OK)
        rlp_list_out->len = start;
    return e;
}

/* Verifying: every byte comes from a stranger. */

struct verifier {
    struct rlp proof; /* what is left of it */
    struct bytes key;
    size_t depth;      /* nibbles of the key used up */
    struct bytes node; /* RLP of the node at hand */
    bool done;
    struct bytes value;
};

/* Step to the node a reference names: the next item of the proof, or the item inside. */
static enum err follow(struct verifier *v, const struct rlp_item *ref)
{
    if (ref->is_list) {
        if (ref->raw.len >= 32)
            return E_CORRUPT;
        v->node = ref->raw;
        return E_OK;
    }
    if (ref->payload.len == 0) { /* nothing there: absent */
        v->done = true;
        return E_OK;
    }
    struct bytes next;
    if (ref->payload.len != 32 || rlp_next_string(&v->proof, &next) != E_OK || next.len < 32)
        return E_CORRUPT;
    struct hash h = keccak256_of(next);
    if (memcmp(h.b, ref->payload.data, 32) != 0)
        return E_CORRUPT;
    v->node = next;
    return E_OK;
}

static enum err step_branch(struct verifier *v, const struct rlp_item item[17])
{
    if (v->depth == 2 * v->key.len) {
        if (item[16].is_list)
            return E_CORRUPT;
        v->value = item[16].payload;
        v->done = true;
        return E_OK;
    }
    return follow(v, &item[key_nibble(v->key.data, v->depth++)]);
}

/* A leaf or an extension: a hex-prefix path and a value or a reference. */
static enum err step_short(struct verifier *v, const struct rlp_item item[2])
{
    struct bytes hp = item[0].payload;
    if (item[0].is_list || hp.len == 0 || hp.data[0] > 0x3f ||
        (!(hp.data[0] & 0x10) && (hp.data[0] & 15)))
        return E_CORRUPT;
    bool leaf = hp.data[0] & 0x20, odd = hp.data[0] & 0x10;
    size_t count = 2 * (hp.len - 1) + odd, left = 2 * v->key.len - v->depth;
    if (!leaf && count == 0)
        return E_CORRUPT;
    bool matches = leaf ? count == left : count <= left;
    for (size_t i = 0; matches && i < count; i++)
        matches = key_nibble(hp.data, i + 2 - odd) == key_nibble(v->key.data, v->depth + i);
    if (leaf && (item[1].is_list || item[1].payload.len == 0))
        return E_CORRUPT;
    if (!leaf && !item[1].is_list && item[1].payload.len != 32)
        return E_CORRUPT;
    if (leaf || !matches) {
        v->done = true;
        if (matches)
            v->value = item[1].payload;
        return E_OK;
    }
    v->depth += count;
    return follow(v, &item[1]);
}

static enum err step(struct verifier *v)
{
    struct rlp outer = rlp_reader(v->node), list;
    struct rlp_item item[17];
    size_t count = 0;
    if (rlp_next_list(&outer, &list) != E_OK || !rlp_at_end(&outer))
        return E_CORRUPT;
    while (!rlp_at_end(&list))
        if (count == 17 || rlp_next(&list, &item[count++]) != E_OK)
            return E_CORRUPT;
    if (count == 17)
        return step_branch(v, item);
    return count == 2 ? step_short(v, item) : E_CORRUPT;
}

enum err trie_verify(const struct hash *root, struct bytes key, struct bytes proof_rlp_list,
                     struct bytes *value_out)
{
    struct verifier v = {.key = key};
    struct rlp outer = rlp_reader(proof_rlp_list);
    if (rlp_next_list(&outer, &v.proof) != E_OK || !rlp_at_end(&outer))
        return E_CORRUPT;
    if (hash_eq(root, &KECCAK_EMPTY_TRIE)) { /* nothing to show */
        if (!rlp_at_end(&v.proof))
            return E_CORRUPT;
        *value_out = bytes_of(NULL, 0);
        return E_OK;
    }
    if (rlp_next_string(&v.proof, &v.node) != E_OK)
        return E_CORRUPT;
    struct hash h = keccak256_of(v.node);
    if (!hash_eq(&h, root))
        return E_CORRUPT;
    while (!v.done)
        TRY(step(&v));
    if (!rlp_at_end(&v.proof))
        return E_CORRUPT;
    *value_out = v.value;
    return E_OK;
}

/* Lists */

static struct trie *list_trie(const struct bytes *items, size_t count)
{
    struct trie *t = trie_new(NULL, NULL, 0);
    struct buf key = {0};
    for (size_t i = 0; i < count; i++) {
        buf_clear(&key);
        rlp_put_u64(&key, i);
        enum err e = trie_put(t, buf_view(&key), items[i], 0);
        ASSERT(e == E_OK);
    }
    buf_free(&key);
    return t;
}

struct hash trie_list_root(const struct bytes *items, size_t count)
{
    struct trie *t = list_trie(items, count);
    struct hash root = trie_root(t);
    trie_free(t);
    return root;
}

void trie_list_prove(const struct bytes *items, size_t count, size_t index,
                     struct buf *rlp_list_out)
{
    struct trie *t = list_trie(items, count);
    struct buf key = {0};
    rlp_put_u64(&key, index);
    enum err e = trie_prove(t, buf_view(&key), rlp_list_out);
    ASSERT(e == E_OK);
    buf_free(&key);
    trie_free(t);
}

enum err trie_list_verify(const struct hash *root, uint64_t index, struct bytes proof_rlp_list,
                          struct bytes *value_out)
{
    struct buf key = {0};
    rlp_put_u64(&key, index);
    enum err e = trie_verify(root, buf_view(&key), proof_rlp_list, value_out);
    buf_free(&key);
    return e;
}
