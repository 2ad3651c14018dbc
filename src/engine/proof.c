#include "engine/proof.h"

#include "base/lang.h"
#include "base/limits.h"
#include "codec/rlp.h"
#include "crypto/keccak.h"
#include "engine/light_value.h"
#include "state/trie.h"

#define NODES_MAX 65u /* of one proof: as many as a key has nibbles, and the root */
#define NODE_BYTES_MAX (LIMIT_STATE_VALUE_BYTES + 1024u)

static const char *const KINDS[] = {"account", "transaction", "receipt"};

const char *proof_kind_name(enum proof_kind k)
{
    return KINDS[k];
}

/* --- values -------------------------------------------------------------------------------------
 */

static enum err no(struct diag *d, const char *what)
{
    return diag_set(d, E_PROOF, "%s", what);
}

/* "0x" and small letters, min to max bytes. */
static enum err hex_of(struct bytes *out, struct arena *a, const struct json *j, const char *name,
                       size_t min, size_t max, struct diag *d)
{
    const char *text = json_text(j);
    if (!text || strncmp(text, "0x", 2) != 0 ||
        strspn(text + 2, "0123456789abcdef") != strlen(text + 2) || strlen(text) % 2 ||
        strlen(text) / 2 - 1 < min || strlen(text) / 2 - 1 > max)
        return value_bad(d, name);
    size_t len = strlen(text) / 2 - 1;
    uint8_t *b = arena_alloc(a, len + 1);
    if (hex_decode(b, len, text, 2 * len + 2) != E_OK)
        return value_bad(d, name);
    *out = bytes_of(b, len);
    return E_OK;
}

static enum err read_hex(struct bytes *out, struct arena *a, const struct json *j, const char *name,
                         size_t min, size_t max, struct diag *d)
{
    return hex_of(out, a, json_get(j, name), name, min, max, d);
}

static enum err read_hash(struct hash *out, struct arena *a, const struct json *j, const char *name,
                          struct diag *d)
{
    struct bytes b;
    TRY(read_hex(&b, a, j, name, sizeof out->b, sizeof out->b, d));
    memcpy(out->b, b.data, sizeof out->b);
    return E_OK;
}

/* The nodes of a proof as the list that trie_verify takes. */
static enum err read_nodes(struct bytes *out, struct arena *a, const struct json *j,
                           const char *name, struct diag *d)
{
    const struct json *nodes = json_get(j, name);
    struct buf rlp = {0};
    enum err e = E_OK;
    if (!json_is_array(nodes) || json_count(nodes) > NODES_MAX)
        return value_bad(d, name);
    size_t mark = rlp_list_open(&rlp);
    for (const struct json *n = json_first(nodes); n && e == E_OK; n = json_next(n)) {
        struct bytes node;
        e = hex_of(&node, a, n, name, 1, NODE_BYTES_MAX, d);
        if (e == E_OK)
            rlp_put_string(&rlp, node.data, node.len);
    }
    rlp_list_close(&rlp, mark);
    if (e == E_OK)
        *out = bytes_of(arena_dup(a, rlp.data, rlp.len), rlp.len);
    buf_free(&rlp);
    return e;
}

/* --- what stands under the header ---------------------------------------------------------------
 */

static enum err storage_proven(struct proof_slot *out, struct arena *a, const struct hash *root,
                               const struct json *j, struct diag *d)
{
    struct bytes nodes, leaf;
    struct rlp_item item;
    TRY(value_only(j, "key proof", d));
    TRY(read_hash(&out->key, a, j, "key", d));
    TRY(read_nodes(&nodes, a, j, "proof", d));
    struct hash key = keccak256_of(bytes_of(out->key.b, sizeof out->key.b));
    if (trie_verify(root, bytes_of(key.b, sizeof key.b), nodes, &leaf) != E_OK)
        return no(d, T("storage: the proof does not lead from the account's storage root to the "
                       "slot",
                       "stockage : la preuve ne mène pas de la racine de stockage du compte à "
                       "l'emplacement"));
    out->value = bytes_of(NULL, 0);
    if (leaf.len == 0)
        return E_OK;
    struct rlp r = rlp_reader(leaf);
    if (rlp_next(&r, &item) != E_OK || item.is_list || !rlp_at_end(&r))
        return no(d, T("storage: the slot holds no value",
                       "stockage : l'emplacement ne contient pas de valeur"));
    out->value = item.payload;
    return E_OK;
}

static enum err account_proven(struct proof_facts *f, struct arena *a, const struct json *j,
                               struct diag *d)
{
    struct bytes address, nodes, leaf;
    const struct json *storage = json_get(j, "storage");
    TRY(value_only(j, "kind address accountProof storage", d));
    TRY(read_hex(&address, a, j, "address", 20, 20, d));
    memcpy(f->address.b, address.data, 20);
    TRY(read_nodes(&nodes, a, j, "accountProof", d));
    struct hash key = keccak256_of(address);
    if (trie_verify(&f->header.state_root, bytes_of(key.b, sizeof key.b), nodes, &leaf) != E_OK)
        return no(d,
                  T("account: the proof does not lead from the header's state root to the account",
                    "compte : la preuve ne mène pas de la racine d'état de l'en-tête au compte"));
    f->exists = leaf.len > 0;
    f->account = account_empty();
    if (f->exists && account_decode(&f->account, leaf) != E_OK)
        return no(
            d, T("account: the leaf is not an account", "compte : la feuille n'est pas un compte"));
    if (!json_is_array(storage) || json_count(storage) > 1024)
        return value_bad(d, "storage");
    f->slots = arena_zalloc(a, json_count(storage) + 1, sizeof *f->slots);
    for (const struct json *s = json_first(storage); s; s = json_next(s))
        TRY(storage_proven(&f->slots[f->slot_count++], a, &f->account.storage_root, s, d));
    return E_OK;
}

/* The item at the index of a list must be the bytes that the document shows. */
static enum err item_proven(struct arena *a, const struct hash *root, uint64_t index,
                            const struct json *j, const char *proof, struct bytes shown,
                            struct diag *d)
{
    struct bytes nodes, value;
    TRY(read_nodes(&nodes, a, j, proof, d));
    if (trie_list_verify(root, index, nodes, &value) != E_OK || !bytes_eq(value, shown))
        return diag_set(d, E_PROOF,
                        T("%s: does not lead from the header's root to what is shown",
                          "%s : ne mène pas de la racine de l'en-tête à ce qui est montré"),
                        proof);
    return E_OK;
}

static enum err tx_proven(struct proof_facts *f, struct arena *a, const struct json *j,
                          struct diag *d)
{
    struct bytes raw;
    struct hash hash;
    uint32_t index;
    TRY(value_only(
        j,
        f->kind == PROOF_RECEIPT
            ? "kind transactionHash index transaction transactionProof receipt receiptProof"
            : "kind transactionHash index transaction transactionProof",
        d));
    TRY(read_hash(&hash, a, j, "transactionHash", d));
    TRY(value_small(&index, j, "index", d));
    f->index = index;
    TRY(read_hex(&raw, a, j, "transaction", 1, LIMIT_TX_BYTES, d));
    TRY(item_proven(a, &f->header.transactions_root, index, j, "transactionProof", raw, d));
    if (tx_decode(&f->tx, a, raw) != E_OK || tx_recover(&f->tx) != E_OK)
        return no(d, T("transaction: not one that can be read", "transaction : illisible"));
    if (!hash_eq(&f->tx.hash, &hash))
        return no(d, T("transaction: its hash is another", "transaction : son hash est un autre"));
    return E_OK;
}

static enum err receipt_proven(struct proof_facts *f, struct arena *a, const struct json *j,
                               struct diag *d)
{
    struct bytes encoded;
    TRY(tx_proven(f, a, j, d));
    TRY(read_hex(&encoded, a, j, "receipt", 1, LIMIT_RPC_RESPONSE_BYTES, d));
    TRY(item_proven(a, &f->header.receipts_root, f->index, j, "receiptProof", encoded, d));
    if (receipt_decode(&f->receipt, a, encoded) != E_OK)
        return no(d, T("receipt: not one that can be read", "reçu : illisible"));
    return E_OK;
}

static enum err subject_proven(struct proof_facts *f, struct arena *a, const struct json *j,
                               struct diag *d)
{
    const char *kind = json_text(json_get(j, "kind"));
    if (kind && strcmp(kind, KINDS[PROOF_ACCOUNT]) == 0)
        return account_proven(f, a, j, d);
    f->kind = PROOF_TRANSACTION;
    if (kind && strcmp(kind, KINDS[PROOF_TRANSACTION]) == 0)
        return tx_proven(f, a, j, d);
    f->kind = PROOF_RECEIPT;
    if (kind && strcmp(kind, KINDS[PROOF_RECEIPT]) == 0)
        return receipt_proven(f, a, j, d);
    return value_bad(d, "kind");
}

/* --- the header ----------------------------------------------------------------------------------
 */

static enum err header_proven(struct proof_facts *f, struct arena *a, const struct light_block *b,
                              const struct json *document, struct diag *d)
{
    struct bytes rlp;
    TRY(read_hex(&rlp, a, document, "ethHeader", 1, 4096, d));
    f->eth_hash = keccak256_of(rlp);
    if (b->header.app_hash.len != sizeof f->eth_hash.b ||
        memcmp(b->header.app_hash.data, f->eth_hash.b, sizeof f->eth_hash.b) != 0)
        return no(d, T("ethHeader: not the header whose hash the validators signed",
                       "ethHeader : pas l'en-tête dont les validateurs ont signé le hash"));
    if (header_decode(&f->header, rlp) != E_OK)
        return no(d, T("ethHeader: not an Ethereum header", "ethHeader : pas un en-tête Ethereum"));
    return E_OK;
}

static enum err step(struct light_trust *t, struct light_block *b, struct arena *a,
                     const struct json *j, struct light_time now, struct diag *d)
{
    TRY(light_read_block(b, a, j, d));
    return light_step(t, b, now, d);
}

static enum err verify(struct proof_facts *f, struct arena *a, struct light_trust *t,
                       const struct json *document, struct light_time now, struct diag *d)
{
    struct light_block b;
    uint32_t version;
    const struct json *path = json_get(document, "path");
    TRY(value_only(document, "version block ethHeader subject ?path", d));
    TRY(value_small(&version, document, "version", d));
    if (version != 1)
        return no(d, T("version: this program reads version 1",
                       "version : ce programme lit la version 1"));
    if (path && (!json_is_array(path) || json_count(path) > LIMIT_LIGHT_PATH))
        return value_bad(d, "path");
    for (const struct json *j = json_first(path); j; j = json_next(j))
        TRY(step(t, &b, a, j, now, d));
    TRY(step(t, &b, a, json_get(document, "block"), now, d));
    f->chain_id = b.header.chain_id;
    f->consensus_height = b.header.height;
    f->time = b.header.time;
    f->consensus_hash = b.hash;
    f->signed_by = light_tally(&b);
    f->validators = b.set.count;
    f->power = b.set.power;
    TRY(header_proven(f, a, &b, document, d));
    return subject_proven(f, a, json_get(document, "subject"), d);
}

enum err proof_verify(struct proof_facts *out, struct arena *a, struct light_trust *trust,
                      const struct json *document, struct light_time now, struct diag *d)
{
    struct proof_facts f = {0};
    struct light_trust t = *trust;
    if (verify(&f, a, &t, document, now, d) != E_OK)
        return E_PROOF; /* a malformed document proves nothing either */
    *out = f;
    *trust = t;
    return E_OK;
}
