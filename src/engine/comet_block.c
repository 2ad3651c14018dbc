/* comet_block: a height, from proposal to commit. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "chain/pool.h"
#include "crypto/ed25519.h"
#include "crypto/keccak.h"
#include "engine/bundle.h"
#include "engine/comet.h"

/* --- handshake -------------------------------------------------------------------------------- */

static struct bytes head_hash(struct comet *c, struct arena *a)
{
    struct chain_head head = chain_head(c->chain);
    return bytes_of(arena_dup(a, head.hash.b, sizeof head.hash.b), sizeof head.hash.b);
}

void comet_info(struct comet *c, struct abci_info_response *out, struct arena *a)
{
    *out = (struct abci_info_response){
        .data = bytes_str("parvis"),
        .version = bytes_str(PARVIS_VERSION),
        .app_version = ENGINE_APP_VERSION,
        .last_block_height = (int64_t)chain_consensus(c->chain).height,
    };
    if (out->last_block_height)
        out->last_block_app_hash = head_hash(c, a);
}

/* same_validators: the engine's genesis names exactly the members of the ledger. */
static bool same_validators(const struct consensus_members *m,
                            const struct abci_init_chain_request *in)
{
    if (in->validator_count != m->count)
        return false;
    for (size_t i = 0; i < m->count; i++) {
        size_t at = 0;
        while (at < in->validator_count &&
               memcmp(in->validators[at].key32, m->list[i].key32, sizeof m->list[i].key32) != 0)
            at++;
        if (at == in->validator_count || in->validators[at].power < 0 ||
            (uint64_t)in->validators[at].power != m->list[i].power)
            return false;
    }
    return true;
}

void comet_init_chain(struct comet *c, const struct abci_init_chain_request *in,
                      struct abci_response *out, struct arena *a)
{
    char name[40];
    struct consensus_members m = chain_members(c->chain);
    snprintf(name, sizeof name, "parvis-%llu", (unsigned long long)chain_id(c->chain));
    if (!bytes_eq(in->chain_id, bytes_str(name))) {
        comet_fail(
            c, out, a, E_GENESIS,
            arena_printf(a,
                         T("the engine's genesis is of chain \"%.*s\", the ledger is %s: "
                           "give both the same network file (parvis network join)",
                           "la genèse du moteur est celle de la chaîne « %.*s », le registre "
                           "est %s : donnez aux deux le même fichier de réseau (parvis "
                           "network join)"),
                         (int)in->chain_id.len, (const char *)in->chain_id.data, name));
        return;
    }
    if (!same_validators(&m, in)) {
        comet_fail(c, out, a, E_GENESIS,
                   T("the validators of the engine's genesis are not the members on the ledger: "
                     "give both the same network file (parvis network join)",
                     "les validateurs de la genèse du moteur ne sont pas les membres inscrits au "
                     "registre : donnez aux deux le même fichier de réseau (parvis network join)"));
        return;
    }
    out->init_chain.app_hash = head_hash(c, a);
}

/* --- what a height is made of ----------------------------------------------------------------- */

/* The engine's part of a height, in the chain's terms. */
struct input {
    struct proposal proposal; /* without transactions */
    struct withdrawal *reports;
    struct bytes bundle; /* empty: no transactions */
    uint64_t height;
    struct hash key;
};

static int compare_reports(const void *a, const void *b)
{
    const struct withdrawal *x = a, *y = b;
    int by_address = memcmp(x->address.b, y->address.b, sizeof x->address.b);
    if (by_address)
        return by_address;
    if (x->validator_index != y->validator_index)
        return x->validator_index < y->validator_index ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void read_reports(struct input *in, const struct abci_block *b, struct arena *a)
{
    in->reports = arena_zalloc(a, b->misbehaviour_count + 1, sizeof *in->reports);
    for (size_t i = 0; i < b->misbehaviour_count; i++) {
        const struct abci_misbehaviour *m = &b->misbehaviours[i];
        in->reports[i].index = (uint64_t)m->kind;
        in->reports[i].validator_index = m->height > 0 ? (uint64_t)m->height : 0;
        memcpy(in->reports[i].address.b, m->validator.address20, sizeof m->validator.address20);
    }
    if (b->misbehaviour_count)
        qsort(in->reports, b->misbehaviour_count, sizeof *in->reports, compare_reports);
    in->proposal.reports = in->reports;
    in->proposal.report_count = b->misbehaviour_count;
}

/* operator_of names who gets a block's beneficiary field: the member's operator; for a validator
 * that has just left the register, its address in the engine. */
static struct address operator_of(struct comet *c, const uint8_t proposer20[20])
{
    struct consensus_members m = chain_members(c->chain);
    struct address unknown;
    uint8_t of_member20[20];
    for (size_t i = 0; i < m.count; i++) {
        ed25519_address20(of_member20, m.list[i].key32);
        if (memcmp(of_member20, proposer20, sizeof of_member20) == 0)
            return m.list[i].operator;
    }
    memcpy(unknown.b, proposer20, sizeof unknown.b);
    return unknown;
}

static void put_u64(struct buf *out, uint64_t v)
{
    be64_put(buf_grow(out, 8), v);
}

/* make_key hashes everything that decides what execution gives. */
static void make_key(struct input *in)
{
    struct buf b = {0};
    const struct proposal *p = &in->proposal;
    put_u64(&b, in->height);
    put_u64(&b, p->number);
    put_u64(&b, p->timestamp_s);
    buf_put(&b, p->proposer.b, sizeof p->proposer.b);
    put_u64(&b, p->report_count);
    for (size_t i = 0; i < p->report_count; i++) {
        put_u64(&b, p->reports[i].index);
        put_u64(&b, p->reports[i].validator_index);
        buf_put(&b, p->reports[i].address.b, sizeof p->reports[i].address.b);
    }
    buf_put(&b, in->bundle.data, in->bundle.len);
    in->key = keccak256_of(buf_view(&b));
    buf_free(&b);
}

/* read_input: false when the block has another form than a proposal of ours (one bundle or none) or
 * does not follow the last height. Its time is told to the chain: the members agree on it, and it
 * is that of the last height's votes, a second or two behind the clock where nothing happens; what
 * admission took by the clock could come too early for its block. */
static bool read_input(struct comet *c, const struct abci_block *b, struct arena *a,
                       struct input *out)
{
    struct chain_head head = chain_head(c->chain);
    uint64_t time_s = b->time.seconds > 0 ? (uint64_t)b->time.seconds : 0;
    if (b->height <= 0 || (uint64_t)b->height != chain_consensus(c->chain).height + 1)
        return false;
    *out = (struct input){.height = (uint64_t)b->height};
    out->proposal = (struct proposal){
        .number = head.number + 1,
        .timestamp_s = time_s > head.timestamp_s ? time_s : head.timestamp_s,
        .proposer = operator_of(c, b->proposer20),
    };
    chain_tell_time(c->chain, out->proposal.timestamp_s);
    read_reports(out, b, a);
    if (b->tx_count > 1)
        return false;
    if (b->tx_count)
        out->bundle = b->txs[0];
    return true;
}

/* makes_block: the ledger gets a block at this height. */
static bool makes_block(struct comet *c, const struct input *in)
{
    uint64_t age_s = in->proposal.timestamp_s - chain_head(c->chain).timestamp_s;
    return in->bundle.len || in->proposal.report_count ||
           age_s >= chain_members(c->chain).heartbeat_s;
}

static void drop_candidate(struct comet *c)
{
    chain_abandon(c->chain);
    c->has_candidate = false;
    c->finalized_height = 0;
}

static void keep_candidate(struct comet *c, struct input *in)
{
    make_key(in);
    c->candidate = in->key;
    c->has_candidate = true;
}

/* is_candidate: exactly this was executed, and is still in hand. */
static bool is_candidate(struct comet *c, struct input *in)
{
    make_key(in);
    return c->has_candidate && hash_eq(&in->key, &c->candidate);
}

/* --- proposing -------------------------------------------------------------------------------- */

struct budget {
    uint64_t until_us;
};

static bool enough(void *ctx)
{
    const struct budget *b = ctx;
    return clock_mono_us() >= b->until_us;
}

/* wait_for_work lets an idle proposer wait, once a height; not when a block is due anyway. */
static void wait_for_work(struct comet *c, const struct input *in)
{
    if (c->prepared_height == in->height || makes_block(c, in))
        return;
    uint64_t until_us = clock_mono_us() + COMET_IDLE_MS * UINT64_C(1000), now_us;
    while (!atomic_load(&c->stopping) && (now_us = clock_mono_us()) < until_us &&
           pool_wait(chain_pool(c->chain), (unsigned)((until_us - now_us + 999) / 1000)) == 0)
        ;
}

/* execute_own executes what the pool has; what does not hold is left out. */
static enum err execute_own(struct comet *c, struct input *in, size_t bytes_max,
                            const struct block **out, struct diag *d)
{
    struct budget budget = {clock_mono_us() + COMET_EXECUTE_US};
    struct proposal p;
    chain_prepare(c->chain, &p, in->proposal.timestamp_s, bytes_max);
    p.proposer = in->proposal.proposer;
    p.reports = in->proposal.reports;
    p.report_count = in->proposal.report_count;
    p.enough = enough;
    p.enough_ctx = &budget;
    return chain_finalize(c->chain, &p, true, out, d);
}

static struct bytes encode_block(const struct block *b, struct arena *a)
{
    struct buf bundle = {0};
    bundle_open(&bundle, 0);
    for (size_t i = 0; i < b->tx_count; i++)
        bundle_add(&bundle, b->txs[i].raw);
    struct bytes out = bytes_of(arena_dup(a, bundle.data, bundle.len), bundle.len);
    buf_free(&bundle);
    return out;
}

/* transactions_max: how many bytes of transactions fit, each with its length, into a bundle of
 * max_tx_bytes. The smallest transaction has more than 80 bytes. */
static size_t transactions_max(int64_t max_tx_bytes)
{
    size_t max = max_tx_bytes > 0 ? (size_t)max_tx_bytes : CHAIN_BLOCK_BYTES;
    return max < 64 ? 0 : (max - 32) / 84 * 80;
}

void comet_prepare(struct comet *c, const struct abci_block *in, struct abci_txs_response *out,
                   struct arena *a)
{
    struct input input;
    struct abci_block plain = *in;
    const struct block *b = NULL;
    struct diag d = {""};
    plain.tx_count = 0; /* the engine has no transactions of its own */
    drop_candidate(c);
    if (!read_input(c, &plain, a, &input))
        return;
    wait_for_work(c, &input);
    c->prepared_height = input.height;
    if (execute_own(c, &input, transactions_max(in->max_tx_bytes), &b, &d) != E_OK) {
        log_warn("engine", "%s", d.text);
        drop_candidate(c);
        return;
    }
    if (b->tx_count) {
        struct bytes *txs = arena_alloc(a, sizeof *txs);
        *txs = input.bundle = encode_block(b, a);
        *out = (struct abci_txs_response){txs, 1};
    }
    if (makes_block(c, &input))
        keep_candidate(c, &input);
    else
        drop_candidate(c);
}

/* --- somebody's proposal ---------------------------------------------------------------------- */

/* decode_bundle makes the proposal's transactions of the bundle. E_OK and the codes of bundle_read
 * and tx_decode. */
static enum err decode_bundle(struct input *in, struct arena *a)
{
    struct bundle bundle;
    struct bytes raw;
    TRY(bundle_read(&bundle, in->bundle));
    if (bundle.mark != 0)
        return E_INVALID;
    struct tx *txs = arena_zalloc(a, bundle.count, sizeof *txs);
    struct tx **order = arena_alloc(a, bundle.count * sizeof(struct tx *));
    for (size_t i = 0; bundle_next(&bundle, &raw); i++) {
        TRY(tx_decode(&txs[i], a, raw));
        order[i] = &txs[i];
    }
    in->proposal.txs = order;
    in->proposal.tx_count = bundle.count;
    return E_OK;
}

/* execute executes a proposal that must hold as it is. */
static enum err execute(struct comet *c, struct input *in, struct arena *a, struct diag *d)
{
    const struct block *b;
    drop_candidate(c);
    enum err e = in->bundle.len ? decode_bundle(in, a) : E_OK;
    if (e != E_OK)
        return diag_set(d, e, T("the proposal's bundle: %s", "le lot de la proposition : %s"),
                        err_text(e));
    TRY(chain_process(c->chain, &in->proposal, d));
    TRY(chain_finalize(c->chain, &in->proposal, false, &b, d));
    keep_candidate(c, in);
    return E_OK;
}

void comet_process(struct comet *c, const struct abci_block *in, struct abci_verdict_response *out,
                   struct arena *a)
{
    struct input input;
    struct diag d = {""};
    enum err e = E_OK;
    out->status = ABCI_REJECT;
    if (!read_input(c, in, a, &input)) {
        log_warn("engine",
                 T("height %lld: a proposal of another form was refused",
                   "hauteur %lld : proposition d'une autre forme refusée"),
                 (long long)in->height);
        return;
    }
    if (!is_candidate(c, &input) && makes_block(c, &input))
        e = execute(c, &input, a, &d);
    if (e == E_OK) {
        out->status = ABCI_ACCEPT;
        return;
    }
    log_warn("engine",
             T("height %lld: the proposal was refused: %s",
               "hauteur %lld : la proposition est refusée : %s"),
             (long long)in->height, d.text[0] ? d.text : err_text(e));
    drop_candidate(c);
}

/* --- decided ---------------------------------------------------------------------------------- */

/* put_updates lists the validators whose power the block in hand changes. Both lists are sorted by
 * key. */
static enum err put_updates(struct comet *c, struct abci_finalize_block_response *out,
                            struct arena *a)
{
    struct consensus_members now = chain_members(c->chain);
    struct member *next;
    size_t next_count, i = 0, k = 0;
    TRY(chain_members_next(c->chain, a, &next, &next_count));
    struct abci_validator_update *updates =
        arena_zalloc(a, now.count + next_count + 1, sizeof *updates);
    while (i < now.count || k < next_count) {
        int order = i == now.count    ? 1
                    : k == next_count ? -1
                                      : memcmp(now.list[i].key32, next[k].key32, 32);
        struct abci_validator_update *u = &updates[out->validator_update_count];
        memcpy(u->key32, order < 0 ? now.list[i].key32 : next[k].key32, 32);
        u->power = order < 0 ? 0 : (int64_t)next[k].power;
        if (order != 0 || now.list[i].power != next[k].power)
            out->validator_update_count++;
        i += order <= 0;
        k += order >= 0;
    }
    out->validator_updates = updates;
    return E_OK;
}

/* fill_decided answers with the block in hand, or with the head when the height makes none. */
static enum err fill_decided(struct comet *c, const struct block *b_opt, size_t tx_count,
                             struct abci_finalize_block_response *out, struct arena *a)
{
    struct abci_tx_result *results = arena_zalloc(a, tx_count + 1, sizeof *results);
    *out =
        (struct abci_finalize_block_response){.tx_results = results, .tx_result_count = tx_count};
    if (!b_opt) {
        out->app_hash = head_hash(c, a);
        return E_OK;
    }
    if (tx_count)
        results[0].gas_used = (int64_t)b_opt->header.gas_used;
    out->app_hash = bytes_of(arena_dup(a, b_opt->hash.b, sizeof b_opt->hash.b), 32);
    return put_updates(c, out, a);
}

void comet_finalize(struct comet *c, const struct abci_block *in, struct abci_response *out,
                    struct arena *a)
{
    struct input input;
    struct diag d = {""};
    enum err e = E_OK;
    if (!read_input(c, in, a, &input)) {
        comet_fail(c, out, a, E_BLOCK,
                   arena_printf(a,
                                T("height %lld was decided, which is not one that follows %llu "
                                  "here or not of this application's form: the ledger and the "
                                  "engine's data are not of the same time; see docs/network.md",
                                  "la hauteur %lld est décidée, mais ne suit pas %llu ici ou n'a "
                                  "pas la forme de cette application : le registre et les données "
                                  "du moteur ne sont pas de la même date ; voir docs/network.md"),
                                (long long)in->height,
                                (unsigned long long)chain_consensus(c->chain).height));
        return;
    }
    bool block = makes_block(c, &input);
    if (!block)
        drop_candidate(c);
    else if (!is_candidate(c, &input))
        e = execute(c, &input, a, &d);
    if (e == E_OK)
        e = fill_decided(c, block ? chain_in_hand(c->chain) : NULL, in->tx_count,
                         &out->finalize_block, a);
    if (e != E_OK) {
        comet_fail(c, out, a, e,
                   arena_printf(a,
                                T("height %lld was decided by the network and does not hold here: "
                                  "%s; this node stops: audit its copy (parvis audit)",
                                  "la hauteur %lld, décidée par le réseau, n'est pas valide ici : "
                                  "%s ; ce nœud s'arrête : vérifiez sa copie (parvis audit)"),
                                (long long)in->height, d.text[0] ? d.text : err_text(e)));
        return;
    }
    c->finalized_height = input.height;
    c->finalized_block = block;
}

/* linger gives the other members time to hear the last votes, which the engine goes on telling
 * while it waits for an answer. */
static void linger(struct comet *c)
{
    uint64_t until_us = clock_mono_us() + COMET_LEAVE_MS * UINT64_C(1000);
    while (!atomic_load(&c->stopping) && clock_mono_us() < until_us)
        usleep(20000);
}

void comet_commit(struct comet *c, struct abci_response *out, struct arena *a)
{
    uint64_t height = c->finalized_height;
    struct diag d = {""};
    if (height == 0) {
        comet_fail(c, out, a, E_BLOCK, "Commit without FinalizeBlock");
        return;
    }
    if (c->finalized_block)
        chain_decided_at(c->chain, height);
    enum err e =
        c->finalized_block ? chain_commit(c->chain, NULL) : chain_commit_height(c->chain, height);
    c->has_candidate = false;
    c->finalized_height = 0;
    if (e != E_OK) {
        comet_fail(c, out, a, e,
                   arena_printf(a,
                                T("height %llu could not be stored: %s; the node stops, what was "
                                  "stored before holds",
                                  "la hauteur %llu n'a pas pu être enregistrée : %s ; le nœud "
                                  "s'arrête, ce qui précède fait foi"),
                                (unsigned long long)height, err_text(e)));
        return;
    }
    if (comet_program_is_known(c, &d) != E_OK) { /* this height is stored, the next is not ours */
        linger(c);
        comet_fail(c, out, a, E_VERSION, d.text);
        return;
    }
    comet_snapshots_wake(c);
    out->commit.retain_height =
        height > COMET_RETAIN_HEIGHTS ? (int64_t)(height - COMET_RETAIN_HEIGHTS) : 0;
}
