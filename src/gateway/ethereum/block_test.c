#include "gateway/ethereum/block_test.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/lang.h"
#include "chain/ethereum.h"
#include "gateway/ethereum/alloc.h"
#include "gateway/ethereum/exceptions.h"
#include "gateway/ethereum/forms.h"
#include "gateway/ethereum/networks.h"

#define NOWHERE SIZE_MAX

/* A block that holds. */
struct node {
    struct block block;
    size_t parent; /* index; NOWHERE for block 0 */
    struct u256 total_difficulty;
};

struct test {
    const struct json *json;
    struct evm *evm;
    struct block_outcome *out;
    struct schedule schedule;
    struct arena arena; /* the blocks */
    struct node *nodes; /* in the order they were accepted */
    size_t count, cap;
    size_t head;
    struct alloc *before; /* at block 0 */
    struct alloc *now;    /* at block `at`, when at is not NOWHERE */
    struct state *state;  /* over now */
    size_t at;
    size_t under;     /* the parent of the block in hand */
    enum err refusal; /* of a transaction of the block in hand */
};

static bool fail(struct test *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct test *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    t->out->verdict = BLOCK_TEST_FAILED;
    vsnprintf(t->out->reason, sizeof t->out->reason, format, args);
    va_end(args);
    return false;
}

/* --- the blocks so far ------------------------------------------------------------------------ */

static size_t find(const struct test *t, const struct hash *hash)
{
    for (size_t i = t->count; i-- > 0;)
        if (hash_eq(&t->nodes[i].block.hash, hash))
            return i;
    return NOWHERE;
}

static const struct block *find_block(void *ctx, const struct hash *hash)
{
    const struct test *t = ctx;
    size_t i = find(t, hash);
    return i == NOWHERE ? NULL : &t->nodes[i].block;
}

static struct hash block_hash(void *ctx, uint64_t number)
{
    const struct test *t = ctx;
    uint64_t next = t->nodes[t->under].block.header.number + 1;
    if (number >= next || next - number > 256)
        return (struct hash){{0}};
    for (size_t i = t->under; i != NOWHERE; i = t->nodes[i].parent)
        if (t->nodes[i].block.header.number == number)
            return t->nodes[i].block.hash;
    return (struct hash){{0}};
}

static void add(struct test *t, const struct block *b, size_t parent)
{
    struct node node = {.block = *b, .parent = parent, .total_difficulty = b->header.difficulty};
    if (t->count == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 8;
        t->nodes = mem_resize(t->nodes, t->cap, sizeof *t->nodes);
    }
    if (parent != NOWHERE)
        (void)u256_add(&node.total_difficulty, node.total_difficulty,
                       t->nodes[parent].total_difficulty);
    t->nodes[t->count++] = node;
}

/* --- the accounts ----------------------------------------------------------------------------- */

/* root takes the changes so far into the accounts: what follows a refusal begins anew. */
static enum err root(void *ctx, struct hash *out)
{
    struct test *t = ctx;
    TRY(state_error(t->state));
    alloc_apply(t->now, t->state);
    state_clear(t->state);
    t->at = NOWHERE;
    *out = alloc_root(t->now);
    return E_OK;
}

static enum err run(struct test *t, struct block *b, size_t parent, struct diag *d)
{
    struct block_run r = {.schedule = &t->schedule,
                          .state = t->state,
                          .evm = t->evm,
                          .block_hash = block_hash,
                          .root = root,
                          .ctx = t};
    t->under = parent;
    enum err e = ethereum_run(&r, b, &t->arena, d);
    t->refusal = r.refusal;
    return e;
}

/* go_to makes the accounts those after block i: from block 0 when another branch was in hand. */
static bool go_to(struct test *t, size_t i)
{
    struct diag d;
    if (t->at == i)
        return true;
    if (i == 0) {
        state_free(t->state);
        alloc_free(t->now);
        t->now = alloc_copy(t->before);
        t->state = state_new(alloc_reader(t->now));
        t->at = 0;
        return true;
    }
    if (!go_to(t, t->nodes[i].parent))
        return false;
    struct block again = t->nodes[i].block;
    if (run(t, &again, t->nodes[i].parent, &d) != E_OK)
        return fail(t,
                    T("block %zu does not execute a second time: %s",
                      "bloc %zu : ne s'exécute pas une seconde fois : %s"),
                    i, d.text);
    t->at = i;
    return true;
}

/* --- one block -------------------------------------------------------------------------------- */

/* judge checks and executes a block. The reason of a refusal is in d. */
static enum err judge(struct test *t, struct block *b, size_t *parent_out, struct diag *d)
{
    struct ancestry ancestry = {find_block, t};
    size_t parent = find(t, &b->header.parent_hash);
    if (parent == NOWHERE)
        return diag_set(d, E_BLOCK, T("the parent is unknown", "le parent est inconnu"));
    const struct node *p = &t->nodes[parent];
    TRY(rules_check_header(&t->schedule, &b->header, &p->block.header, &p->block.hash,
                           p->total_difficulty, d));
    TRY(rules_check_body(&t->schedule, b, d));
    TRY(rules_check_ommers(&t->schedule, b, &ancestry, d));
    if (!go_to(t, parent))
        return E_CORRUPT;
    enum err e = run(t, b, parent, d);
    if (e == E_OK)
        *parent_out = parent;
    else
        state_clear(t->state);
    return e;
}

/* expected_refusal is what the test says of a block that must be refused; NULL: it must hold. */
static const char *expected_refusal(const struct json *block)
{
    for (const struct json *m = json_first(block); m; m = json_next(m))
        if (strncmp(json_key(m), "expectException", 15) == 0)
            return json_text(m) ? json_text(m) : "";
    return NULL;
}

/* A refused block is as it should be; if one of its transactions is the reason, then for the reason
 * that the test gives. */
static bool refused_well(struct test *t, size_t index, const char *expected, const struct diag *d)
{
    t->out->refused++;
    if (t->refusal == E_OK || exception_allows(expected, t->refusal))
        return true;
    return fail(
        t,
        T("block %zu is refused, but not for %s: %s", "bloc %zu : refusé, mais pas pour %s : %s"),
        index, expected, d->text);
}

/* A block of proof of stake is the head when it comes; one of proof of work when it is heavier. */
static void choose_head(struct test *t)
{
    const struct node *n = &t->nodes[t->count - 1], *head = &t->nodes[t->head];
    if (u256_is_zero(n->block.header.difficulty) ||
        u256_cmp(n->total_difficulty, head->total_difficulty) > 0)
        t->head = t->count - 1;
}

static bool run_block(struct test *t, const struct json *j, size_t index)
{
    struct buf rlp = {0};
    struct block b = {0};
    struct diag d = {""};
    struct hash stated;
    size_t parent = NOWHERE;
    const char *expected = expected_refusal(j);
    t->refusal = E_OK;
    enum err e = form_data(&rlp, json_get(j, "rlp"));
    if (e == E_OK)
        e = block_decode(&b, &t->arena, buf_view(&rlp));
    buf_free(&rlp);
    if (e == E_OK)
        e = judge(t, &b, &parent, &d);
    if (t->out->verdict == BLOCK_TEST_FAILED)
        return false;
    t->out->blocks++;
    if (expected)
        return e != E_OK ? refused_well(t, index, expected, &d)
                         : fail(t,
                                T("block %zu holds, but must be refused",
                                  "bloc %zu : valide, mais doit être refusé"),
                                index);
    if (e != E_OK)
        return fail(t, T("block %zu is refused: %s", "bloc %zu : refusé : %s"), index,
                    d.text[0] ? d.text : err_text(e));
    if (form_hash(&stated, json_get(json_get(j, "blockHeader"), "hash")) == E_OK &&
        !hash_eq(&stated, &b.hash))
        return fail(t,
                    T("block %zu: its hash is not the stated one",
                      "bloc %zu : son empreinte n'est pas celle indiquée"),
                    index);
    t->out->gas_used += b.header.gas_used;
    add(t, &b, parent);
    t->at = t->count - 1;
    choose_head(t);
    return true;
}

/* --- the whole test --------------------------------------------------------------------------- */

static bool begin(struct test *t)
{
    const struct json *config = json_get(t->json, "config");
    struct buf rlp = {0};
    struct block b = {0};
    struct diag d = {""};
    uint64_t chain_id = 1;
    (void)form_u64(&chain_id, json_get(config, "chainid"));
    if (network_schedule(&t->schedule, t->out->network, chain_id) != E_OK) {
        t->out->verdict = BLOCK_TEST_SKIPPED;
        snprintf(t->out->reason, sizeof t->out->reason,
                 T("no rules for the network %s%s", "pas de règles pour le réseau %s%s"),
                 t->out->network,
                 strstr(t->out->network, "Dao")
                     ? T(": the DAO fork's change of state is not built in",
                         " : le changement d'état de la scission DAO n'est pas intégré")
                     : "");
        return false;
    }
    if (network_blobs(&t->schedule, json_get(config, "blobSchedule"), &d) != E_OK ||
        alloc_read(t->before, json_get(t->json, "pre"), &d) != E_OK)
        return fail(t, "%s", d.text);
    enum err e = form_data(&rlp, json_get(t->json, "genesisRLP"));
    if (e == E_OK)
        e = block_decode(&b, &t->arena, buf_view(&rlp));
    buf_free(&rlp);
    if (e != E_OK)
        return fail(t, T("genesisRLP: %s", "genesisRLP : %s"), err_text(e));
    struct hash made = alloc_root(t->before);
    if (!hash_eq(&made, &b.header.state_root))
        return fail(t, T("the accounts before have another state root than block 0",
                         "les comptes avant ont une autre racine que le bloc 0"));
    add(t, &b, NOWHERE);
    return go_to(t, 0);
}

/* The root of the accounts after is in the head's header; those listed must give the same. */
static bool check_end(struct test *t)
{
    const struct block *head = &t->nodes[t->head].block;
    const struct json *post = json_get(t->json, "postState");
    struct hash stated;
    struct diag d = {""};
    if (form_hash(&stated, json_get(t->json, "lastblockhash")) != E_OK ||
        !hash_eq(&stated, &head->hash))
        return fail(t,
                    T("the last block is not the stated one but number %llu",
                      "le dernier bloc n'est pas celui indiqué mais le numéro %llu"),
                    (unsigned long long)head->header.number);
    if (form_hash(&stated, json_get(t->json, "postStateHash")) == E_OK &&
        !hash_eq(&stated, &head->header.state_root))
        return fail(t, T("postStateHash is not the last block's state root",
                         "postStateHash n'est pas la racine du dernier bloc"));
    if (!json_is_object(post))
        return true;
    struct alloc *after = alloc_new();
    bool ok = alloc_read(after, post, &d) == E_OK;
    struct hash listed = alloc_root(after);
    alloc_free(after);
    if (!ok)
        return fail(t, T("postState: %s", "postState : %s"), d.text);
    return hash_eq(&listed, &head->header.state_root)
               ? true
               : fail(t, T("postState is not the accounts after the last block",
                           "postState n'est pas les comptes après le dernier bloc"));
}

void block_test_run(const struct json *test, struct evm *evm, struct block_outcome *out)
{
    const char *network = json_text(json_get(test, "network"));
    *out = (struct block_outcome){.network = network ? network : ""};
    struct test t = {.json = test, .evm = evm, .out = out, .before = alloc_new(), .at = NOWHERE};
    bool ok = begin(&t);
    size_t index = 0;
    for (const struct json *b = json_first(json_get(test, "blocks")); ok && b; b = json_next(b))
        ok = run_block(&t, b, index++);
    if (ok)
        check_end(&t);
    state_free(t.state);
    alloc_free(t.now);
    alloc_free(t.before);
    mem_free(t.nodes);
    arena_free(&t.arena);
}
