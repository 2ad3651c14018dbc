/* statedb_record: how accounts, slots and trie nodes are named and written in the store. */
#include "state/statedb_internal.h"

#include "codec/rlp.h"

struct record record_absent(void)
{
    return (struct record){.account = account_empty()};
}

void record_encode(struct buf *out, const struct record *r)
{
    uint8_t *p = buf_grow(out, 16);
    be64_put(p, r->height);
    be64_put(p + 8, r->storage_height);
    account_encode(out, &r->account);
}

enum err record_decode(struct record *out, struct bytes flat)
{
    struct record r = {.exists = true};
    if (flat.len < 16)
        return E_CORRUPT;
    r.height = be64_get(flat.data);
    r.storage_height = be64_get(flat.data + 8);
    if (account_decode(&r.account, bytes_of(flat.data + 16, flat.len - 16)) != E_OK)
        return E_CORRUPT;
    *out = r;
    return E_OK;
}

size_t node_name(uint8_t out[NODE_NAME_MAX], const struct place *p, struct bytes path)
{
    size_t len = 1;
    ASSERT(path.len <= 64);
    out[0] = p->is_storage ? 's' : 'a';
    if (p->is_storage) {
        memcpy(out + len, p->owner.b, sizeof p->owner.b);
        len += sizeof p->owner.b;
    }
    if (path.len)
        memcpy(out + len, path.data, path.len);
    return len + path.len;
}

void put_trie_value(struct buf *out, struct bytes slot_value)
{
    rlp_put_string(out, slot_value.data, slot_value.len);
}

enum err flat_get(struct store_txn *t, struct bytes name, struct buf *out)
{
    size_t start = out->len;
    TRY(store_get(t, TABLE_FLAT, (struct store_key){.name = name}, out));
    return out->len - start < 8 ? E_CORRUPT : E_OK;
}

enum err flat_get_at(struct store_txn *t, struct bytes name, uint64_t height, bool flat_only,
                     struct buf *out)
{
    size_t start = out->len;
    enum err e = flat_get(t, name, out);
    if (e == E_OK && be64_get(out->data + start) == height)
        return E_OK;
    if (flat_only || (e != E_OK && e != E_NOT_FOUND))
        return e == E_OK || e == E_NOT_FOUND ? E_CORRUPT : e;
    out->len = start;
    e = store_get(t, TABLE_HISTORY, (struct store_key){height, name}, out);
    if (e == E_OK && (out->len - start < 8 || be64_get(out->data + start) != height))
        return E_CORRUPT;
    return e == E_NOT_FOUND ? E_CORRUPT : e;
}

static enum err place_node(void *ctx, uint64_t height, struct bytes path, struct buf *out)
{
    struct place *p = ctx;
    uint8_t name[NODE_NAME_MAX];
    size_t len = node_name(name, p, path);
    enum err e =
        store_get(*p->txn, TABLE_NODE, (struct store_key){height, bytes_of(name, len)}, out);
    if (e != E_NOT_FOUND)
        return e;
    return p->may_be_pruned && !p->is_storage && path.len == 0 ? E_PRUNED : E_CORRUPT;
}

static enum err place_value(void *ctx, uint64_t height, struct bytes key, struct buf *out)
{
    struct place *p = ctx;
    struct slot_name slot;
    struct bytes name = key;
    ASSERT(key.len == 32);
    if (p->is_storage) {
        memcpy(slot.b, p->owner.b, 32);
        memcpy(slot.b + 32, key.data, 32);
        name = bytes_of(slot.b, sizeof slot.b);
    }
    buf_clear(&p->flat);
    TRY(flat_get_at(*p->txn, name, height, p->flat_only, &p->flat));
    size_t head = p->is_storage ? 8 : 16;
    if (p->flat.len <= head)
        return E_CORRUPT;
    struct bytes content = bytes_of(p->flat.data + head, p->flat.len - head);
    if (p->is_storage)
        put_trie_value(out, content);
    else
        buf_put(out, content.data, content.len);
    return E_OK;
}

struct trie_source place_source(struct place *p)
{
    return (struct trie_source){place_node, place_value, p};
}
