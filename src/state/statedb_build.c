/* statedb_build: a state made from its values in order: flat records and codes as they come, trie
 * nodes as they are complete (trie_build). */
#include "state/statedb_copy.h"
#include "state/statedb_copy_internal.h"
#include "state/trie_build.h"

#include "base/lang.h"

/* Where the nodes of one of the tries go. */
struct build_place {
    struct statedb_build *build;
    struct place place;
};

struct statedb_build {
    uint64_t height;
    struct store_txn *txn;                 /* of the call in hand */
    struct trie_build *accounts, *storage; /* storage: of `owner`; NULL if it has none */
    struct build_place accounts_place, storage_place;
    struct hash owner; /* the last account's name */
    struct hash storage_root;
    bool has_root; /* all accounts are there */
    struct code_set codes;
    size_t code_next;
    struct buf flat, value;
};

static enum err put_node(void *ctx, struct bytes path, struct bytes stored)
{
    struct build_place *to = ctx;
    uint8_t name[NODE_NAME_MAX];
    size_t len = node_name(name, &to->place, path);
    return store_put(to->build->txn, TABLE_NODE,
                     (struct store_key){to->build->height, bytes_of(name, len)}, stored);
}

static struct trie_build *new_trie(const struct statedb_build *b, struct build_place *place)
{
    struct trie_sink sink = {.put_node = put_node, .ctx = place};
    return trie_build_new(b->height, &sink);
}

struct statedb_build *statedb_build_new(uint64_t height)
{
    struct statedb_build *b = mem_zalloc(1, sizeof *b);
    b->height = height;
    b->accounts_place.build = b->storage_place.build = b;
    b->storage_place.place.is_storage = true;
    b->accounts = new_trie(b, &b->accounts_place);
    return b;
}

void statedb_build_free(struct statedb_build *b)
{
    if (!b)
        return;
    trie_build_free(b->accounts);
    trie_build_free(b->storage);
    code_set_free(&b->codes);
    buf_free(&b->flat);
    buf_free(&b->value);
    mem_free(b);
}

/* bad_account says what is wrong at an account. */
static enum err bad_account(const struct hash *name, const char *why, struct diag *d)
{
    char hex[65];
    hex_encode(hex, name->b, sizeof name->b);
    return diag_set(d, E_INVALID, T("state: account 0x%s: %s", "état : compte 0x%s : %s"), hex,
                    why);
}

static enum err put_flat(struct statedb_build *b, struct bytes name)
{
    return store_put(b->txn, TABLE_FLAT, (struct store_key){.name = name}, buf_view(&b->flat));
}

/* close_storage: the last account has all its slots. */
static enum err close_storage(struct statedb_build *b, struct diag *d)
{
    struct hash root;
    if (!b->storage)
        return E_OK;
    TRY(trie_build_end(b->storage, &root));
    trie_build_free(b->storage);
    b->storage = NULL;
    if (!hash_eq(&root, &b->storage_root))
        return bad_account(&b->owner,
                           T("its storage is not that of its storage root",
                             "son stockage n'est pas celui de sa racine de stockage"),
                           d);
    return E_OK;
}

enum err statedb_build_account(struct statedb_build *b, struct store_txn *t,
                               const struct hash *name, struct bytes rlp, struct diag *d)
{
    struct record r = {.exists = true, .height = b->height};
    ASSERT(!b->has_root);
    b->txn = t;
    TRY(close_storage(b, d));
    if (account_decode(&r.account, rlp) != E_OK)
        return bad_account(name, T("it is not an account", "ce n'est pas un compte"), d);
    b->owner = *name;
    b->storage_root = r.account.storage_root;
    if (!hash_eq(&b->storage_root, &KECCAK_EMPTY_TRIE)) {
        r.storage_height = b->height;
        b->storage_place.place.owner = *name;
        b->storage = new_trie(b, &b->storage_place);
    }
    buf_clear(&b->flat);
    record_encode(&b->flat, &r);
    struct bytes key = bytes_of(name->b, sizeof name->b);
    enum err e = trie_build_add(b->accounts, key, bytes_of(b->flat.data + 16, b->flat.len - 16));
    if (e == E_INVALID)
        return bad_account(name, T("it is not in its place", "il n'est pas à sa place"), d);
    if (e == E_OK)
        e = put_flat(b, key);
    if (e == E_OK)
        code_set_add(&b->codes, &r.account.code_hash);
    return e;
}

enum err statedb_build_slot(struct statedb_build *b, struct store_txn *t, const struct hash *name,
                            struct bytes value, struct diag *d)
{
    ASSERT(!b->has_root);
    b->txn = t;
    if (!b->storage)
        return bad_account(&b->owner,
                           T("a slot of an account that has no storage",
                             "un emplacement d'un compte sans stockage"),
                           d);
    if (value.len == 0 || value.len > LIMIT_STATE_VALUE_BYTES)
        return bad_account(&b->owner,
                           T("the value of a slot is empty or too long",
                             "la valeur d'un emplacement est vide ou trop longue"),
                           d);
    buf_clear(&b->value);
    put_trie_value(&b->value, value);
    enum err e = trie_build_add(b->storage, bytes_of(name->b, sizeof name->b), buf_view(&b->value));
    if (e == E_INVALID)
        return bad_account(
            &b->owner, T("a slot is not in its place", "un emplacement n'est pas à sa place"), d);
    TRY(e);
    struct slot_name flat = slot_name(&b->owner, name);
    buf_clear(&b->flat);
    be64_put(buf_grow(&b->flat, 8), b->height);
    buf_put(&b->flat, value.data, value.len);
    return put_flat(b, bytes_of(flat.b, sizeof flat.b));
}

enum err statedb_build_root(struct statedb_build *b, struct store_txn *t, const struct hash *root,
                            struct diag *d)
{
    struct hash built;
    ASSERT(!b->has_root);
    b->txn = t;
    TRY(close_storage(b, d));
    TRY(trie_build_end(b->accounts, &built));
    if (!hash_eq(&built, root))
        return diag_set(d, E_INVALID,
                        T("state: the accounts are not those of the header's state root",
                          "état : les comptes ne sont pas ceux de la racine d'état de l'en-tête"));
    b->has_root = true;
    code_set_sort(&b->codes);
    return E_OK;
}

static enum err bad_code(const struct hash *code_hash, const char *why, struct diag *d)
{
    char hex[65];
    hex_encode(hex, code_hash->b, sizeof code_hash->b);
    return diag_set(d, E_INVALID, T("state: code 0x%s: %s", "état : code 0x%s : %s"), hex, why);
}

enum err statedb_build_code(struct statedb_build *b, struct store_txn *t, struct bytes code,
                            struct diag *d)
{
    ASSERT(b->has_root);
    struct hash name = keccak256_of(code);
    if (b->code_next == b->codes.count || !hash_eq(&name, &b->codes.at[b->code_next]))
        return bad_code(
            &name,
            T("no account's, or not in its place", "celui d'aucun compte, ou pas à sa place"), d);
    b->code_next++;
    return store_put(t, TABLE_CODE, (struct store_key){.name = bytes_of(name.b, sizeof name.b)},
                     code);
}

enum err statedb_build_end(struct statedb_build *b, struct diag *d)
{
    ASSERT(b->has_root);
    if (b->code_next < b->codes.count)
        return bad_code(&b->codes.at[b->code_next], T("it is missing", "il manque"), d);
    return E_OK;
}
