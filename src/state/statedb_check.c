/* statedb_check: the audit of the head state: tries, flat records and code must agree. */
#include "state/statedb_internal.h"

#include <inttypes.h>

#include "base/lang.h"

struct check {
    struct store_txn *txn;
    struct diag *d;
    uint64_t leaves; /* = flat records there must be */
    uint64_t flats;
    struct buf scratch;
};

/* Names the trie and the place where a walk stopped. */
static enum err fault(struct check *c, enum err e, const struct place *p, const struct buf *path)
{
    struct buf text = {0};
    if (p->is_storage) {
        buf_puts(&text, T("storage of account ", "stockage du compte "));
        buf_put_hex(&text, p->owner.b, sizeof p->owner.b);
    } else {
        buf_puts(&text, T("account trie", "arbre des comptes"));
    }
    buf_puts(&text, T(", at nibbles ", ", aux demi-octets "));
    for (size_t i = 0; i < path->len; i++)
        buf_putf(&text, "%x", path->data[i]);
    diag_set(c->d, e,
             T("state: %s: the node or the value below it does not hold, or is missing",
               "état : %s : le nœud ou la valeur qui en dépend est altéré ou manque"),
             buf_cstr(&text));
    buf_free(&text);
    return e;
}

static enum err check_trie(struct check *c, struct place *p, const struct hash *root,
                           uint64_t height,
                           enum err (*leaf)(void *, uint64_t, struct bytes, struct bytes))
{
    struct trie_source source = place_source(p);
    struct trie *t = trie_new(&source, root, height);
    struct buf bad_path = {0};
    struct trie_visitor visitor = {.leaf = leaf, .ctx = c};
    c->d->text[0] = 0;
    enum err e = trie_walk(t, &visitor, true, &bad_path);
    if (e != E_OK && c->d->text[0] == 0) /* else the fault was named further down */
        fault(c, e, p, &bad_path);
    buf_free(&bad_path);
    buf_free(&p->flat);
    trie_free(t);
    return e;
}

static enum err check_slot(void *ctx, uint64_t height, struct bytes key, struct bytes value)
{
    struct check *c = ctx;
    (void)height;
    (void)key;
    (void)value;
    c->leaves++;
    return E_OK;
}

static enum err check_code(struct check *c, const struct hash *code_hash)
{
    if (hash_eq(code_hash, &KECCAK_EMPTY))
        return E_OK;
    buf_clear(&c->scratch);
    struct store_key key = {.name = bytes_of(code_hash->b, sizeof code_hash->b)};
    enum err e = store_get(c->txn, TABLE_CODE, key, &c->scratch);
    struct hash now = e == E_OK ? keccak256_of(buf_view(&c->scratch)) : KECCAK_EMPTY;
    if (e == E_OK && hash_eq(&now, code_hash))
        return E_OK;
    char hex[65];
    hex_encode(hex, code_hash->b, sizeof code_hash->b);
    e = e == E_OK || e == E_NOT_FOUND ? E_CORRUPT : e;
    return diag_set(c->d, e,
                    T("state: contract code 0x%s is missing or does not hold",
                      "état : le code de contrat 0x%s manque ou est altéré"),
                    hex);
}

static enum err check_account(void *ctx, uint64_t height, struct bytes key, struct bytes value)
{
    struct check *c = ctx;
    struct record r;
    (void)height;
    (void)value;
    c->leaves++;
    buf_clear(&c->scratch);
    TRY(flat_get(c->txn, key, &c->scratch));
    TRY(record_decode(&r, buf_view(&c->scratch)));
    TRY(check_code(c, &r.account.code_hash));
    struct place p = {.txn = &c->txn, .is_storage = true, .flat_only = true};
    memcpy(p.owner.b, key.data, sizeof p.owner.b);
    return check_trie(c, &p, &r.account.storage_root, r.storage_height, check_slot);
}

static enum err count_flat(void *ctx, const struct store_record *record)
{
    struct check *c = ctx;
    c->flats++;
    if (record->error == E_OK)
        return E_OK;
    char hex[2 * SEAL_NAME_BYTES + 1] = "";
    if (record->hidden_name.len == SEAL_NAME_BYTES)
        hex_encode(hex, record->hidden_name.data, SEAL_NAME_BYTES);
    return diag_set(c->d, record->error,
                    T("state: the flat record with hidden name %s does not open",
                      "état : l'enregistrement de nom caché %s ne s'ouvre pas"),
                    hex);
}

enum err statedb_check(struct store *store, const struct hash *root, uint64_t height,
                       struct diag *d)
{
    struct diag own;
    struct check c = {.d = d ? d : &own};
    enum err e = store_begin_read(store, &c.txn);
    if (e != E_OK)
        return diag_set(d, e, T("state: %s", "état : %s"), err_text(e));
    struct place p = {.txn = &c.txn, .flat_only = true};
    e = check_trie(&c, &p, root, height, check_account);
    if (e == E_OK)
        e = store_walk(c.txn, TABLE_FLAT, 0, count_flat, &c);
    if (e == E_OK && c.flats != c.leaves)
        e = diag_set(d, E_CORRUPT,
                     T("state: %" PRIu64 " flat records, but the tries have %" PRIu64 " leaves",
                       "état : %" PRIu64 " enregistrements, mais les arbres ont %" PRIu64
                       " feuilles"),
                     c.flats, c.leaves);
    store_abort(c.txn);
    buf_free(&c.scratch);
    return e;
}
