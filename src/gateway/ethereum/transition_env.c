/* The environment of a transition, and what follows from the parent it tells of. */
#include "gateway/ethereum/transition_internal.h"

#include <stdlib.h>

#include "base/lang.h"
#include "gateway/ethereum/forms.h"

static enum err refuse(struct transition *t, const char *name, enum err e)
{
    return diag_set(t->d, e, T("env.%s: %s", "env.%s : %s"), name, err_text(e));
}

static enum err need(struct transition *t, const char *name)
{
    return diag_set(t->d, E_INVALID, T("env.%s: missing", "env.%s : absent"), name);
}

static const struct json *member(const struct transition *t, const char *name)
{
    const struct json *j = json_get(t->in->env, name);
    return json_is_null(j) ? NULL : j;
}

static bool given(const struct transition *t, const char *name)
{
    return member(t, name) != NULL;
}

/* What is absent stays as it is. */
static enum err read_u64(struct transition *t, uint64_t *out, const char *name)
{
    const struct json *j = member(t, name);
    enum err e = j ? form_u64(out, j) : E_OK;
    return e == E_OK ? E_OK : refuse(t, name, e);
}

static enum err read_u256(struct transition *t, struct u256 *out, const char *name)
{
    const struct json *j = member(t, name);
    enum err e = j ? form_u256(out, j) : E_OK;
    return e == E_OK ? E_OK : refuse(t, name, e);
}

static enum err read_hash(struct transition *t, struct hash *out, const char *name)
{
    const struct json *j = member(t, name);
    struct u256 number;
    if (!j)
        return E_OK;
    enum err e = form_u256(&number, j); /* a hash may be written as a number, decimal too */
    if (e != E_OK)
        return refuse(t, name, e);
    u256_to_be(out->b, number);
    return E_OK;
}

static struct hash block_hash(void *ctx, uint64_t number)
{
    const struct transition *t = ctx;
    for (size_t i = 0; i < t->hash_count; i++)
        if (t->hashes[i].number == number)
            return t->hashes[i].hash;
    return (struct hash){{0}};
}

static enum err read_hashes(struct transition *t)
{
    const struct json *map = member(t, "blockHashes");
    t->hashes = arena_zalloc(&t->arena, json_count(map) + 1, sizeof *t->hashes);
    for (const struct json *m = json_first(map); m; m = json_next(m)) {
        struct u256 number;
        if (u256_parse(&number, json_key(m)) != E_OK || !u256_fits_u64(number) ||
            form_hash(&t->hashes[t->hash_count].hash, m) != E_OK)
            return refuse(t, "blockHashes", E_JSON);
        t->hashes[t->hash_count++].number = number.w[0];
    }
    return E_OK;
}

static enum err read_ommers(struct transition *t)
{
    const struct json *list = member(t, "ommers");
    t->ommers = arena_zalloc(&t->arena, json_count(list) + 1, sizeof *t->ommers);
    for (const struct json *m = json_first(list); m; m = json_next(m)) {
        struct ommer_reward *o = &t->ommers[t->ommer_count++];
        if (form_address(&o->beneficiary, json_get(m, "address")) != E_OK ||
            form_u64(&o->generations, json_get(m, "delta")) != E_OK || o->generations < 1 ||
            o->generations > 8)
            return refuse(t, "ommers", E_JSON);
    }
    return E_OK;
}

static enum err read_withdrawals(struct transition *t)
{
    const struct json *list = member(t, "withdrawals");
    t->has_withdrawals = list != NULL;
    t->withdrawals = arena_zalloc(&t->arena, json_count(list) + 1, sizeof *t->withdrawals);
    for (const struct json *m = json_first(list); m; m = json_next(m)) {
        struct withdrawal *w = &t->withdrawals[t->withdrawal_count++];
        if (form_u64(&w->index, json_get(m, "index")) != E_OK ||
            form_u64(&w->validator_index, json_get(m, "validatorIndex")) != E_OK ||
            form_address(&w->address, json_get(m, "address")) != E_OK ||
            form_u64(&w->amount_gwei, json_get(m, "amount")) != E_OK)
            return refuse(t, "withdrawals", E_JSON);
    }
    return E_OK;
}

/* --- what follows from the parent ------------------------------------------------------------- */

static enum err read_parent(struct transition *t, struct header *parent)
{
    bool has_ommers = false;
    struct hash ommers;
    *parent = (struct header){
        .number = t->header.number - 1, .form = HEADER_PRAGUE, .ommers_hash = HEADER_NO_OMMERS};
    if (t->rules.fork == FORK_LONDON && !given(t, "parentBaseFee"))
        parent->form = HEADER_FRONTIER;
    TRY(read_u256(t, &parent->base_fee, "parentBaseFee"));
    TRY(read_u64(t, &parent->gas_used, "parentGasUsed"));
    TRY(read_u64(t, &parent->gas_limit, "parentGasLimit"));
    TRY(read_u256(t, &parent->difficulty, "parentDifficulty"));
    TRY(read_u64(t, &parent->timestamp_s, "parentTimestamp"));
    TRY(read_u64(t, &parent->excess_blob_gas, "parentExcessBlobGas"));
    TRY(read_u64(t, &parent->blob_gas_used, "parentBlobGasUsed"));
    has_ommers = given(t, "parentUncleHash");
    TRY(read_hash(t, &ommers, "parentUncleHash"));
    if (has_ommers && !hash_is_zero(&ommers))
        parent->ommers_hash = ommers;
    return E_OK;
}

static enum err fill_base_fee(struct transition *t, const struct header *parent)
{
    if (t->rules.fork < FORK_LONDON)
        return E_OK;
    if (given(t, "currentBaseFee"))
        return read_u256(t, &t->header.base_fee, "currentBaseFee");
    if (!given(t, "parentBaseFee") || t->header.number == 0)
        return need(t, "currentBaseFee");
    t->header.base_fee = rules_base_fee(parent);
    return E_OK;
}

static enum err fill_difficulty(struct transition *t, const struct header *parent)
{
    struct header *h = &t->header;
    TRY(read_u256(t, &h->difficulty, "currentDifficulty"));
    TRY(read_hash(t, &h->prev_randao, "currentRandom"));
    if (t->merged) {
        if (!u256_is_zero(h->difficulty))
            return refuse(t, "currentDifficulty", E_INVALID);
        return given(t, "currentRandom") ? E_OK : need(t, "currentRandom");
    }
    h->prev_randao = (struct hash){{0}};
    if (given(t, "currentDifficulty"))
        return E_OK;
    if (!given(t, "parentDifficulty") || h->number == 0)
        return need(t, "currentDifficulty");
    if (h->timestamp_s <= parent->timestamp_s)
        return refuse(t, "parentTimestamp", E_INVALID);
    h->difficulty = rules_difficulty(&t->rules, h->number, h->timestamp_s, parent);
    return E_OK;
}

static enum err fill_blobs(struct transition *t, const struct header *parent)
{
    struct header *h = &t->header;
    if (t->rules.fork < FORK_CANCUN)
        return E_OK;
    if (!given(t, "parentBeaconBlockRoot"))
        return need(t, "parentBeaconBlockRoot");
    TRY(read_hash(t, &h->parent_beacon_root, "parentBeaconBlockRoot"));
    if (given(t, "currentExcessBlobGas"))
        return read_u64(t, &h->excess_blob_gas, "currentExcessBlobGas");
    if (given(t, "parentExcessBlobGas") && given(t, "parentBlobGasUsed"))
        h->excess_blob_gas = rules_excess_blob_gas(&t->rules, parent);
    return E_OK;
}

enum err transition_read_env(struct transition *t)
{
    struct header *h = &t->header, parent;
    if (!json_is_object(t->in->env))
        return diag_set(t->d, E_JSON, T("env: an object is needed", "env : un objet est attendu"));
    const struct json *coinbase = member(t, "currentCoinbase");
    enum err e = coinbase ? form_address(&h->beneficiary, coinbase) : E_OK;
    if (e != E_OK)
        return refuse(t, "currentCoinbase", e);
    TRY(read_u64(t, &h->number, "currentNumber"));
    TRY(read_u64(t, &h->timestamp_s, "currentTimestamp"));
    TRY(read_u64(t, &h->gas_limit, "currentGasLimit"));
    TRY(read_hashes(t));
    TRY(read_ommers(t));
    TRY(read_withdrawals(t));
    /* a network that merges on the way is merged where the environment gives no difficulty */
    t->merged = t->schedule.has_terminal_difficulty &&
                (u256_is_zero(t->schedule.terminal_difficulty) || !given(t, "currentDifficulty"));
    t->rules = schedule_rules(&t->schedule, h->number, h->timestamp_s, t->merged);
    h->form = rules_form(t->rules.fork);
    TRY(read_parent(t, &parent));
    TRY(fill_difficulty(t, &parent));
    TRY(fill_base_fee(t, &parent));
    TRY(fill_blobs(t, &parent));
    if (t->rules.fork >= FORK_SHANGHAI && !t->has_withdrawals)
        return need(t, "withdrawals");
    t->env = rules_env(&t->schedule, h);
    t->env.fork = t->rules.fork; /* an environment may have no difficulty before Paris */
    t->env.block_hash = block_hash;
    t->env.block_hash_ctx = t;
    if (h->number > 0)
        h->parent_hash = block_hash(t, h->number - 1);
    return E_OK;
}
