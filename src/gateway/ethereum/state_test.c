#include "gateway/ethereum/state_test.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/lang.h"
#include "chain/execute.h"
#include "gateway/ethereum/exceptions.h"
#include "gateway/ethereum/forks.h"
#include "gateway/ethereum/forms.h"

/* A case and what it must come to. */
struct wanted {
    struct state_case c;
    const struct json *json;
    const char *exception_opt;
    struct hash root, logs;
};

/* Who signed a transaction: cases of different forks share their transactions. */
struct signer {
    struct hash tx_hash;
    struct address sender;
    enum err e;
};

struct state_test {
    const struct json *json;
    const char *name;
    uint64_t chain_id;
    struct alloc *pre;
    struct hash pre_root;
    struct arena arena; /* of the list of cases */
    struct wanted *cases;
    size_t case_count;
    struct signer *signers;
    size_t signer_count, signer_cap;
};

/* --- opening ---------------------------------------------------------------------------------- */

static enum err read_case(struct wanted *w, const char *fork_name, size_t index,
                          const struct json *j)
{
    const struct json *indexes = json_get(j, "indexes");
    uint64_t data, gas, value;
    w->json = j;
    w->c.fork_name = fork_name;
    w->c.index = index;
    w->c.known = fork_named(fork_name, &w->c.fork);
    w->exception_opt = json_text(json_get(j, "expectException"));
    TRY(form_u64(&data, json_get(indexes, "data")));
    TRY(form_u64(&gas, json_get(indexes, "gas")));
    TRY(form_u64(&value, json_get(indexes, "value")));
    TRY(form_hash(&w->root, json_get(j, "hash")));
    TRY(form_hash(&w->logs, json_get(j, "logs")));
    w->c.data = (unsigned)data;
    w->c.gas = (unsigned)gas;
    w->c.value = (unsigned)value;
    return E_OK;
}

static enum err read_cases(struct state_test *t, const struct json *post)
{
    size_t count = 0;
    for (const struct json *f = json_first(post); f; f = json_next(f))
        count += json_count(f);
    t->cases = arena_zalloc(&t->arena, count + 1, sizeof *t->cases);
    for (const struct json *f = json_first(post); f; f = json_next(f)) {
        size_t index = 0;
        for (const struct json *j = json_first(f); j; j = json_next(j))
            TRY(read_case(&t->cases[t->case_count++], json_key(f), index++, j));
    }
    return E_OK;
}

enum err state_test_open(struct state_test **out, const struct json *j, struct diag *d)
{
    struct state_test *t = mem_zalloc(1, sizeof *t);
    const struct json *chain_id = json_get(json_get(j, "config"), "chainid");
    t->json = j;
    t->name = json_key(j);
    t->chain_id = 1;
    t->pre = alloc_new();
    enum err e = alloc_read(t->pre, json_get(j, "pre"), d);
    if (e == E_OK && chain_id)
        e = form_u64(&t->chain_id, chain_id);
    if (e == E_OK &&
        (!json_is_object(json_get(j, "post")) || !json_is_object(json_get(j, "transaction"))))
        e = diag_set(d, E_JSON,
                     T("not a state test: no \"post\" or \"transaction\"",
                       "pas un test d'état : ni « post » ni « transaction »"));
    if (e == E_OK && read_cases(t, json_get(j, "post")) != E_OK)
        e = diag_set(d, E_JSON,
                     T("a case lacks its indexes, hash or logs",
                       "il manque à un cas ses indices, son « hash » ou ses « logs »"));
    if (e != E_OK) {
        state_test_close(t);
        return e;
    }
    t->pre_root = alloc_root(t->pre);
    *out = t;
    return E_OK;
}

void state_test_close(struct state_test *t)
{
    if (!t)
        return;
    alloc_free(t->pre);
    mem_free(t->signers);
    arena_free(&t->arena);
    mem_free(t);
}

const char *state_test_name(const struct state_test *t)
{
    return t->name ? t->name : "";
}

size_t state_test_cases(const struct state_test *t)
{
    return t->case_count;
}

const struct state_case *state_test_case(const struct state_test *t, size_t i)
{
    ASSERT(i < t->case_count);
    return &t->cases[i].c;
}

/* --- the transaction -------------------------------------------------------------------------- */

/* sender recovers the signer, or remembers it. */
static enum err find_sender(struct state_test *t, struct tx *tx)
{
    for (size_t i = 0; i < t->signer_count; i++)
        if (hash_eq(&t->signers[i].tx_hash, &tx->hash)) {
            tx->sender = t->signers[i].sender;
            tx->has_sender = t->signers[i].e == E_OK;
            return t->signers[i].e;
        }
    enum err e = tx_recover(tx);
    if (t->signer_count == t->signer_cap) {
        t->signer_cap = t->signer_cap ? 2 * t->signer_cap : 16;
        t->signers = mem_resize(t->signers, t->signer_cap, sizeof *t->signers);
    }
    t->signers[t->signer_count++] = (struct signer){tx->hash, tx->sender, e};
    return e;
}

/* The encoded transaction of the case, as a node would get it. */
static enum err decode(struct state_test *t, const struct json *txbytes, struct arena *a,
                       struct tx *out)
{
    struct buf raw = {0};
    enum err e = form_data(&raw, txbytes);
    struct bytes copy = bytes_of(arena_dup(a, raw.data, raw.len), raw.len);
    buf_free(&raw);
    if (e == E_OK)
        e = tx_decode(out, a, copy);
    return e == E_OK ? find_sender(t, out) : e;
}

/* The transaction put together from the lists, for files without encoded ones. */
static enum err compose(struct state_test *t, const struct wanted *w, struct arena *a,
                        struct tx *out)
{
    const struct json *j = json_get(t->json, "transaction");
    const struct json *access = json_at(json_get(j, "accessLists"), w->c.data);
    const struct json *secret = json_get(j, "secretKey");
    struct buf data = {0};
    struct hash key;
    *out = (struct tx){.has_chain_id = true, .chain_id = t->chain_id};
    TRY(form_tx_common(out, a, j));
    TRY(form_u64(&out->gas_limit, json_at(json_get(j, "gasLimit"), w->c.gas)));
    TRY(form_u256(&out->value, json_at(json_get(j, "value"), w->c.value)));
    enum err e = form_data(&data, json_at(json_get(j, "data"), w->c.data));
    out->data = bytes_of(arena_dup(a, data.data, data.len), data.len);
    buf_free(&data);
    TRY(e);
    if (json_is_array(access))
        TRY(form_access_list(out, a, access));
    if (out->type == TX_ACCESS_LIST && !json_is_array(access))
        out->type = TX_LEGACY; /* this case has none */
    if (out->type == TX_LEGACY)
        out->has_chain_id = false;
    if (secret) {
        TRY(form_hash(&key, secret));
        return tx_sign(out, a, key.b);
    }
    return out->has_sender ? tx_encode(out, a) : E_JSON;
}

/* --- running ---------------------------------------------------------------------------------- */

static void give_verdict(struct case_outcome *out, enum case_verdict verdict, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

static void give_verdict(struct case_outcome *out, enum case_verdict verdict, const char *format,
                         ...)
{
    va_list ap;
    out->verdict = verdict;
    va_start(ap, format);
    vsnprintf(out->reason, sizeof out->reason, format, ap);
    va_end(ap);
}

/* explain adds what the accounts differ in, where the file tells what they should be. */
static void explain(const struct wanted *w, struct alloc *post, struct case_outcome *out)
{
    struct alloc *expected = alloc_new();
    struct buf lines = {0};
    size_t at = strlen(out->reason);
    if (json_is_object(json_get(w->json, "state")) &&
        alloc_read(expected, json_get(w->json, "state"), NULL) == E_OK &&
        alloc_diff(post, expected, &lines) > 0)
        snprintf(out->reason + at, sizeof out->reason - at, "; %s", buf_cstr(&lines));
    buf_free(&lines);
    alloc_free(expected);
}

static void judge(const struct wanted *w, struct alloc *post, struct case_outcome *out)
{
    char got[65], wanted[65];
    if (w->exception_opt && out->refusal == E_OK) {
        give_verdict(out, CASE_FAILED, T("executed, expected %s", "exécutée, attendu : %s"),
                     w->exception_opt);
    } else if (w->exception_opt && !exception_allows(w->exception_opt, out->refusal)) {
        give_verdict(out, CASE_FAILED,
                     T("refused with %s, expected %s", "refusée par %s, attendu : %s"),
                     err_name(out->refusal), w->exception_opt);
    } else if (!w->exception_opt && out->refusal != E_OK) {
        give_verdict(out, CASE_FAILED, T("refused with %s", "refusée par %s"),
                     err_name(out->refusal));
    } else if (!hash_eq(&out->root, &w->root)) {
        hex_encode(got, out->root.b, 32);
        hex_encode(wanted, w->root.b, 32);
        give_verdict(out, CASE_FAILED,
                     T("state root 0x%s, expected 0x%s", "racine d'état 0x%s, attendu 0x%s"), got,
                     wanted);
        explain(w, post, out);
    } else if (!hash_eq(&out->logs, &w->logs)) {
        hex_encode(got, out->logs.b, 32);
        hex_encode(wanted, w->logs.b, 32);
        give_verdict(out, CASE_FAILED,
                     T("logs hash 0x%s, expected 0x%s", "empreinte des logs 0x%s, attendu 0x%s"),
                     got, wanted);
    } else {
        out->verdict = CASE_PASSED;
    }
}

/* execute runs the transaction on a state over the pre-state, unless it was refused before, and
 * leaves the result in *post. */
static void execute(struct state_test *t, const struct tx *tx, const struct block_env *env,
                    struct arena *a, struct evm *evm, const struct tracer *tracer,
                    struct alloc **post, struct case_outcome *out)
{
    struct receipt receipt = {0};
    struct state *s = state_new(alloc_reader(t->pre));
    struct execute_context x = {
        .state = s, .block = env, .arena = a, .evm = evm, .tracer = tracer, .ethereum_only = true};
    execute_prepare(&x);
    if (out->refusal == E_OK)
        out->refusal = execute_tx(&x, tx, &receipt);
    if (out->refusal == E_OK) {
        out->logs = logs_hash(receipt.logs, receipt.log_count);
        out->gas_used = receipt.gas_used;
    } else {
        /* The fixtures' block has a reward of 0 all the same: before EIP-161 it makes the account
         * of the beneficiary. */
        state_tx_begin(s);
        state_touch(s, &env->beneficiary);
        state_tx_end(s);
    }
    *post = alloc_copy(t->pre);
    alloc_apply(*post, s);
    out->root = alloc_root(*post);
    state_free(s);
}

static void run(struct state_test *t, const struct wanted *w, struct arena *a, struct evm *evm,
                const struct tracer *tracer, struct alloc **post, struct case_outcome *out)
{
    struct block_env env;
    struct diag d = {""};
    struct tx tx = {0};
    struct address sender;
    if (form_env(&env, a, json_get(t->json, "env"), w->c.fork, t->chain_id, &d) != E_OK) {
        give_verdict(out, CASE_FAILED, "%s", d.text);
        return;
    }
    const struct json *txbytes = json_get(w->json, "txbytes");
    const struct json *stated = json_get(json_get(t->json, "transaction"), "sender");
    out->refusal = txbytes ? decode(t, txbytes, a, &tx) : compose(t, w, a, &tx);
    if (out->refusal == E_OK && stated && form_address(&sender, stated) == E_OK &&
        !address_eq(&sender, &tx.sender)) {
        give_verdict(out, CASE_FAILED,
                     T("signed by another than \"sender\"", "signée par un autre que « sender »"));
        return;
    }
    execute(t, &tx, &env, a, evm, tracer, post, out);
    judge(w, *post, out);
}

void state_test_run(struct state_test *t, size_t i, struct evm *evm, const struct tracer *tracer,
                    bool keep_post, struct case_outcome *out)
{
    ASSERT(i < t->case_count);
    const struct wanted *w = &t->cases[i];
    struct arena a = {0};
    struct alloc *post = NULL;
    *out = (struct case_outcome){.root = t->pre_root, .logs = logs_hash(NULL, 0)};
    if (!w->c.known) {
        give_verdict(out, CASE_SKIPPED, T("fork %s is not one of ours", "fork %s inconnu ici"),
                     w->c.fork_name);
        return;
    }
    run(t, w, &a, evm, tracer, &post, out);
    if (keep_post)
        out->post_opt = post ? post : alloc_copy(t->pre);
    else
        alloc_free(post);
    arena_free(&a);
}
