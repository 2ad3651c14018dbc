/* network_grow: a chain that was `solo` becomes a network. Its governor enrols the members and
 * founds in the last block that the genesis proposer seals; the chain goes on from its hash. */
#include "app/network.h"

#include <stdio.h>

#include "app/invocation.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "chain/chain.h"
#include "chain/pool.h"
#include "city/members/members.h"
#include "city/service.h"
#include "crypto/ecdsa.h"

#define FOUNDING_GAS 1000000u /* of each transaction */

struct founding {
    struct chain *chain;
    uint8_t node_key32[32], governor_key32[32];
    struct address governor;
    uint64_t nonce;
    size_t tx_count;
};

/* --- what the ledger says ----------------------------------------------------------------------
 */

struct roster {
    bool founded;
    size_t count, found; /* members there, and those of them on the cards */
    uint64_t nonce;      /* of the governor's account */
};

static size_t known_members(const struct network *n, const struct member *members, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n->member_count; k++)
            found += address_eq(&members[i].operator, & n->members[k].operator) &&
                     memcmp(members[i].key32, n->members[k].key32, 32) == 0 &&
                     memcmp(members[i].node20, n->members[k].node20, 20) == 0 &&
                     members[i].power == n->members[k].power;
    return found;
}

static enum err read_roster(const struct founding *f, const struct network *n, struct roster *out)
{
    struct chain_view *view;
    struct statedb_view *base;
    struct arena arena = {0};
    struct member *members = NULL;
    TRY(chain_view_open(f->chain, &view));
    enum err e = chain_state_at(view, chain_view_head(view), &base);
    if (e == E_OK) {
        struct state *s = state_new(statedb_view_reader(base));
        out->nonce = state_nonce(s, &f->governor);
        out->founded = members_founded(s);
        e = members_validators(s, &arena, &members, &out->count);
        out->found = e == E_OK ? known_members(n, members, out->count) : 0;
        if (e == E_OK)
            e = state_error(s);
        state_free(s);
    }
    arena_free(&arena);
    chain_view_close(view);
    return e;
}

/* --- founding ----------------------------------------------------------------------------------
 */

static enum err send(struct founding *f, const char *method, const char **args, size_t count,
                     struct diag *d)
{
    struct invocation v = {0};
    struct arena arena = {0};
    struct hash hash;
    struct tx t = {.type = TX_DYNAMIC_FEE,
                   .has_chain_id = true,
                   .chain_id = chain_id(f->chain),
                   .nonce = f->nonce,
                   .gas_limit = FOUNDING_GAS,
                   .to = MEMBERS_SERVICE.address};
    enum err e = invocation_encode(&v, &t.to, method, args, count, d);
    t.data = buf_view(&v.input);
    if (e == E_OK)
        e = tx_sign(&t, &arena, f->governor_key32);
    if (e == E_OK) {
        e = pool_add(chain_pool(f->chain), t.raw, &hash, NULL);
        if (e != E_OK)
            diag_set(d, e, T("%s: %s", "%s : %s"), method, err_text(e));
    }
    if (e == E_OK) {
        f->nonce++;
        f->tx_count++;
    }
    arena_free(&arena);
    invocation_free(&v);
    return e;
}

static enum err send_all(struct founding *f, const struct network *n, struct diag *d)
{
    for (size_t i = 0; i < n->member_count; i++) {
        const struct network_member *m = &n->members[i];
        char operator[43] = "0x", key[67] = "0x", node[43] = "0x", power[24];
        hex_encode(operator+ 2, m->operator.b, 20);
        hex_encode(key + 2, m->key32, 32);
        hex_encode(node + 2, m->node20, 20);
        snprintf(power, sizeof power, "%llu", (unsigned long long)m->power);
        struct buf name = {0}; /* as JSON: whatever its characters */
        json_put_string(&name, m->name);
        const char *args[] = {buf_cstr(&name), operator, key, power, node};
        enum err e = send(f, "enrol", args, 5, d);
        buf_free(&name);
        TRY(e);
    }
    return send(f, "found", NULL, 0, d);
}

/* All transactions are in the block and succeeded, or why one did not. */
static enum err check_block(const struct founding *f, const struct block *b, struct diag *d)
{
    struct buf why = {0};
    enum err e = E_OK;
    if (b->tx_count != f->tx_count)
        e = diag_set(d, E_INVALID,
                     T("%zu of %zu transactions of the founding could not be made",
                       "%zu des %zu transactions de fondation n'ont pu être faites"),
                     f->tx_count - b->tx_count, f->tx_count);
    for (size_t i = 0; e == E_OK && i < b->tx_count; i++) {
        const struct receipt *r = &b->receipts[i];
        if (r->success)
            continue;
        service_explain_revert(&why, r->output);
        e = diag_set(d, E_REVERT,
                     T("founding: %s; nothing was changed", "fondation : %s ; rien n'a été changé"),
                     why.len ? buf_cstr(&why) : err_text(E_REVERT));
    }
    buf_free(&why);
    return e;
}

static enum err make_block(struct founding *f, struct diag *d)
{
    struct proposal p;
    const struct block *b;
    struct ecdsa_signature seal;
    chain_prepare(f->chain, &p, clock_unix_s(), CHAIN_BLOCK_BYTES);
    enum err e = chain_finalize(f->chain, &p, true, &b, d);
    if (e == E_OK)
        e = check_block(f, b, d);
    if (e == E_OK)
        e = ecdsa_sign(&seal, &b->hash, f->node_key32);
    if (e != E_OK) {
        chain_abandon(f->chain);
        return e;
    }
    return chain_commit(f->chain, &seal);
}

static enum err found(struct founding *f, const struct network *n, struct diag *d)
{
    struct roster r = {0};
    TRY(read_roster(f, n, &r));
    if (r.founded && r.count == n->member_count && r.found == r.count)
        return E_OK; /* done before: the files are made again */
    if (r.founded)
        return diag_set(d, E_EXISTS,
                        T("this chain is a network already, of other members",
                          "cette chaîne est déjà un réseau, d'autres membres"));
    f->nonce = r.nonce;
    chain_tell_time(f->chain, clock_unix_s());
    TRY(send_all(f, n, d));
    return make_block(f, d);
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static enum err load_keys(const struct cli *from, struct founding *f, struct diag *d)
{
    struct address node;
    const char *governor = cli_get(from, "governor");
    TRY(key_load(from, "node", f->node_key32, d));
    TRY(key_load(from, governor ? governor : "admin", f->governor_key32, d));
    TRY(ecdsa_address(&node, f->node_key32));
    TRY(ecdsa_address(&f->governor, f->governor_key32));
    if (!address_eq(&node, &chain_genesis(f->chain)->proposer))
        return diag_set(d, E_KEY,
                        T("%s: its key `node` does not seal this chain",
                          "%s : sa clé `node` ne scelle pas cette chaîne"),
                        cli_home(from));
    return E_OK;
}

static enum err grow(struct cli *from, const char *chain_path, struct network *n, struct diag *d)
{
    struct store *store = NULL;
    struct founding f = {0};
    struct progress progress = {cli_progress, from};
    TRY(home_open_store(from, false, false, &store, d));
    struct chain_config config = {.store = store};
    enum err e = chain_open(&f.chain, &config, d);
    if (e != E_OK) {
        store_close(store);
        return e;
    }
    if (chain_genesis(f.chain)->is_ethereum)
        e = diag_set(d, E_UNSUPPORTED,
                     T("an imported Ethereum chain cannot be continued",
                       "une chaîne Ethereum importée ne peut être poursuivie"));
    if (e == E_OK)
        e = load_keys(from, &f, d);
    if (e == E_OK)
        e = found(&f, n, d);
    if (e == E_OK)
        e = chain_export(store, chain_path, &progress, d);
    if (e == E_OK) {
        struct chain_head head = chain_head(f.chain);
        struct bytes text = buf_view(&chain_genesis(f.chain)->text);
        buf_put(&n->genesis, text.data, text.len);
        n->chain_id = chain_id(f.chain);
        n->head = head.hash;
        n->head_number = head.number;
        n->chain_path = mem_strdup(chain_path);
        n->grown = true;
    }
    explicit_bzero(f.node_key32, sizeof f.node_key32);
    explicit_bzero(f.governor_key32, sizeof f.governor_key32);
    chain_close(f.chain);
    return e;
}

enum err network_grow(struct cli *cli, const char *from, const char *chain_path, struct network *n,
                      struct diag *d)
{
    struct cli *there = mem_zalloc(1, sizeof *there);
    *there = *cli;
    if (there->value_count == sizeof there->values / sizeof there->values[0])
        there->value_count--;
    there->values[there->value_count++] = (struct cli_value){"home", from};
    enum err e = grow(there, chain_path, n, d);
    mem_free(there);
    return e;
}
