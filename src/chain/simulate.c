#include "chain/simulate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "chain/call_site.h"
#include "chain/chain_internal.h"
#include "chain/ethereum.h"
#include "crypto/keccak.h"
#include "evm/tracer.h"

/* ERC-7528's address for the native coin, and keccak256("Transfer(address,address,uint256)"). */
static const struct address COIN = {{0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee,
                                     0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee}};
static const struct hash TRANSFER = {{0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b,
                                      0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa,
                                      0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16,
                                      0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef}};

/* --- logs, with transfers among them ---------------------------------------------------------- */

struct transfer_log {
    struct log_entry *at;
    size_t *numbers;
    size_t count, cap;
    size_t next; /* number of the block's next log: those taken back keep theirs, as geth has it */
    size_t seen; /* logs of the state that are in the list */
    size_t marks[LIMIT_CALL_DEPTH + 2];
    struct arena *arena;
};

static struct log_entry *add_log(struct transfer_log *l)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct log_entry *at = arena_alloc(l->arena, cap * sizeof *at);
        size_t *numbers = arena_alloc(l->arena, cap * sizeof *numbers);
        if (l->count) {
            memcpy(at, l->at, l->count * sizeof *at);
            memcpy(numbers, l->numbers, l->count * sizeof *numbers);
        }
        l->at = at;
        l->numbers = numbers;
        l->cap = cap;
    }
    l->numbers[l->count] = l->next++;
    return &l->at[l->count++];
}

static void take_logs(struct transfer_log *l, struct state *s)
{
    for (size_t i = l->seen; i < state_log_count(s); i++) {
        struct log_entry *e = add_log(l);
        *e = *state_log(s, i);
        e->data.data = arena_dup(l->arena, e->data.data, e->data.len);
    }
    l->seen = state_log_count(s);
}

static struct hash padded(const struct address *a)
{
    struct hash h = {{0}};
    memcpy(h.b + 12, a->b, sizeof a->b);
    return h;
}

static void add_transfer(struct transfer_log *l, const struct address *from,
                         const struct address *to, struct u256 value)
{
    uint8_t be[32];
    if (u256_is_zero(value))
        return;
    u256_to_be(be, value);
    *add_log(l) = (struct log_entry){.address = COIN,
                                     .topics = {TRANSFER, padded(from), padded(to)},
                                     .topic_count = 3,
                                     .data = bytes_of(arena_dup(l->arena, be, 32), 32)};
}

static void watch_enter(void *ctx, struct world *w, const struct frame *f,
                        const struct address *recipient)
{
    struct transfer_log *l = ctx;
    take_logs(l, w->state);
    l->marks[f->depth <= LIMIT_CALL_DEPTH ? f->depth : LIMIT_CALL_DEPTH + 1] = l->count;
    if (f->kind != FRAME_DELEGATECALL && f->kind != FRAME_CALLCODE)
        add_transfer(l, &f->caller, recipient, f->value);
}

/* A frame that failed takes back what was logged since it began. */
static void watch_leave(void *ctx, struct world *w, const struct frame *f,
                        const struct frame_result *r)
{
    struct transfer_log *l = ctx;
    if (r->status == FRAME_SUCCESS) {
        take_logs(l, w->state);
        return;
    }
    l->count = l->marks[f->depth <= LIMIT_CALL_DEPTH ? f->depth : LIMIT_CALL_DEPTH + 1];
    l->seen = state_log_count(w->state);
}

static void watch_destruct(void *ctx, struct world *w, const struct address *a,
                           const struct address *to, struct u256 value)
{
    take_logs(ctx, w->state);
    add_transfer(ctx, a, to, value);
}

/* --- the chain of blocks ---------------------------------------------------------------------- */

struct simulation {
    struct call_site site; /* header and env are those of the block at work */
    const struct simulate_request *request;
    struct header base; /* what is simulated upon */
    struct hash base_hash;
    struct state *state;
    struct simulate_block *plan; /* gaps filled, numbers and times set */
    struct simulated_block *out;
    size_t count, done;
    uint64_t gas_left; /* of LIMIT_SIMULATE_GAS */
    struct precompile_moves moves;
    size_t next_log; /* of the block at work */
    enum simulate_code code;
    struct diag *d;
};

__attribute__((format(printf, 3, 4))) static enum err
refuse(struct simulation *m, enum simulate_code code, const char *format, ...)
{
    va_list ap;
    m->code = code;
    va_start(ap, format);
    vsnprintf(m->d->text, sizeof m->d->text, format, ap);
    va_end(ap);
    return E_INVALID;
}

/* BLOCKHASH: simulated blocks, the one they stand on, and the chain below. */
static struct hash simulated_hash(void *ctx, uint64_t number)
{
    struct simulation *m = ctx;
    uint64_t at = m->site.env.number;
    struct hash hash = {{0}};
    if (number >= at || at - number > CHAIN_HASH_WINDOW)
        return hash;
    if (number == m->base.number)
        return m->base_hash;
    if (number > m->base.number)
        return number - m->base.number <= m->done ? m->out[number - m->base.number - 1].block.hash
                                                  : hash;
    return call_site_hash(&m->site, number);
}

/* plan_one appends a block, and empty ones before it up to its number. */
static enum err plan_one(struct simulation *m, const struct simulate_block *given, uint64_t *number,
                         uint64_t *time_s)
{
    struct simulate_block b = *given;
    if (!b.block.has_number)
        b.block.number = *number + 1;
    if (b.block.number <= *number)
        return refuse(m, SIMULATE_NUMBER, "block numbers must be in order: %" PRIu64 " <= %" PRIu64,
                      b.block.number, *number);
    if (b.block.number - m->base.number > LIMIT_SIMULATE_BLOCKS)
        return refuse(m, SIMULATE_BLOCKS, "too many blocks");
    while (*number + 1 < b.block.number) {
        *time_s += SIMULATE_SECONDS;
        m->plan[m->count++] =
            (struct simulate_block){.block = {.number = ++*number, .time_s = *time_s}};
    }
    if (!b.block.has_time)
        b.block.time_s = *time_s + SIMULATE_SECONDS;
    else if (b.block.time_s <= *time_s)
        return refuse(m, SIMULATE_TIME,
                      "block timestamps must be in order: %" PRIu64 " <= %" PRIu64, b.block.time_s,
                      *time_s);
    *number = b.block.number;
    *time_s = b.block.time_s;
    m->plan[m->count++] = b;
    return E_OK;
}

static enum err make_plan(struct simulation *m)
{
    uint64_t number = m->base.number, time_s = m->base.timestamp_s;
    if (m->request->block_count > LIMIT_SIMULATE_BLOCKS)
        return refuse(m, SIMULATE_BLOCKS, "too many blocks");
    m->plan = arena_zalloc(m->site.arena, LIMIT_SIMULATE_BLOCKS, sizeof *m->plan);
    m->out = arena_zalloc(m->site.arena, LIMIT_SIMULATE_BLOCKS, sizeof *m->out);
    for (size_t i = 0; i < m->request->block_count; i++)
        TRY(plan_one(m, &m->request->blocks[i], &number, &time_s));
    return E_OK;
}

/* --- one block -------------------------------------------------------------------------------- */

/* The header as far as it is known before the block runs. */
static void begin_header(struct simulation *m, const struct block_override *o,
                         const struct header *parent, const struct hash *parent_hash)
{
    struct header *h = &m->site.header;
    const struct schedule *s = m->site.schedule;
    *h = (struct header){0};
    header_own(h);
    h->number = o->number;
    h->timestamp_s = o->time_s;
    h->parent_hash = *parent_hash;
    h->beneficiary = o->has_beneficiary ? o->beneficiary : parent->beneficiary;
    h->gas_limit = o->has_gas_limit ? o->gas_limit : parent->gas_limit;
    h->prev_randao = o->prev_randao;
    h->parent_beacon_root = o->beacon_root;
    if (m->site.is_ethereum) {
        bool merged = u256_is_zero(parent->difficulty) ||
                      schedule_rules(s, o->number, o->time_s, true).fork >= FORK_SHANGHAI;
        h->difficulty = o->has_difficulty ? o->difficulty : merged ? U256_ZERO : parent->difficulty;
        struct rules rules = rules_of(s, h);
        h->form = rules_form(rules.fork);
        if (h->form >= HEADER_LONDON && m->request->validation)
            h->base_fee = rules_base_fee(parent);
        if (h->form >= HEADER_CANCUN && parent->form >= HEADER_CANCUN)
            h->excess_blob_gas = rules_excess_blob_gas(&rules, parent);
    }
    if (o->has_base_fee)
        h->base_fee = o->base_fee;
}

static enum err refuse_call(struct simulation *m, enum err e, const struct tx *t, struct diag *why)
{
    static const struct {
        enum err e;
        enum simulate_code code;
    } codes[] = {
        {E_TX_NONCE_LOW, SIMULATE_NONCE_LOW},
        {E_TX_NONCE_HIGH, SIMULATE_NONCE_HIGH},
        {E_TX_FEE, SIMULATE_FEE},
        {E_TX_INTRINSIC_GAS, SIMULATE_INTRINSIC_GAS},
        {E_TX_FUNDS, SIMULATE_FUNDS},
        {E_TX_INITCODE, SIMULATE_INITCODE},
        {E_INVALID, SIMULATE_PARAMS},
        {E_TX_NONCE_MAX, SIMULATE_OTHER},
        {E_TX_BLOBS, SIMULATE_OTHER},
        {E_TX_BLOB_FEE, SIMULATE_OTHER},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].e == e)
            return refuse(m, codes[i].code, "err: %s (supplied gas %" PRIu64 ")", why->text,
                          t->gas_limit);
    return e;
}

/* A legacy transaction that nobody signed has v, r and s 0, as geth has it; tx_encode writes the v
 * of a signature. */
static void encode_unsigned(struct tx *t, struct arena *a)
{
    struct buf raw = {0};
    size_t mark = rlp_list_open(&raw);
    rlp_put_u64(&raw, t->nonce);
    rlp_put_u256(&raw, t->max_fee);
    rlp_put_u64(&raw, t->gas_limit);
    rlp_put_string(&raw, t->to.b, t->is_create ? 0 : sizeof t->to.b);
    rlp_put_u256(&raw, t->value);
    rlp_put_string(&raw, t->data.data, t->data.len);
    for (int i = 0; i < 3; i++)
        rlp_put_u64(&raw, 0);
    rlp_list_close(&raw, mark);
    t->raw = bytes_of(arena_dup(a, raw.data, raw.len), raw.len);
    keccak256(&t->hash, raw.data, raw.len);
    buf_free(&raw);
}

static enum err in_time(const struct simulation *m)
{
    return !m->request->goes_on || m->request->goes_on(m->request->ctx) ? E_OK : E_TIMEOUT;
}

/* The transaction a call stands for, its gas and nonce filled in, encoded as unsigned. */
static enum err make_tx(struct simulation *m, const struct call_request *q, uint64_t gas_used,
                        struct tx *t)
{
    const struct block_env *env = &m->site.env;
    *t = call_tx(q);
    if (q->is_legacy)
        t->type = TX_LEGACY;
    t->chain_id = env->chain_id;
    t->has_chain_id = t->type != TX_LEGACY;
    if (!q->has_nonce)
        t->nonce = state_nonce(m->state, &q->from);
    uint64_t room = env->gas_limit > gas_used ? env->gas_limit - gas_used : 0;
    if (!q->gas)
        t->gas_limit = room;
    if (t->gas_limit > room)
        return refuse(m, SIMULATE_BLOCK_GAS, "block gas limit reached: %" PRIu64 " >= %" PRIu64,
                      gas_used, env->gas_limit);
    if (t->gas_limit > m->gas_left)
        t->gas_limit = m->gas_left;
    if (t->type == TX_LEGACY)
        encode_unsigned(t, m->site.arena);
    else if (tx_encode(t, m->site.arena) != E_OK)
        return refuse(m, SIMULATE_PARAMS, "a field of the transaction is out of range");
    return E_OK;
}

static void take_receipt(struct simulation *m, const struct tx *t, const struct execute_context *x,
                         const struct message_result *result, struct receipt *r)
{
    struct state *s = m->state;
    *r = (struct receipt){.type = t->type,
                          .success = result->frame.status == FRAME_SUCCESS,
                          .gas_used = result->gas_used,
                          .cumulative_gas_used = x->gas_used,
                          .log_count = state_log_count(s)};
    r->logs = arena_zalloc(m->site.arena, r->log_count + 1, sizeof *r->logs);
    for (size_t i = 0; i < r->log_count; i++) {
        struct log_entry *l = &r->logs[i];
        *l = *state_log(s, i);
        l->data.data = arena_dup(m->site.arena, l->data.data, l->data.len);
        bloom_add(r->bloom, bytes_of(l->address.b, sizeof l->address.b));
        for (unsigned k = 0; k < l->topic_count; k++)
            bloom_add(r->bloom, bytes_of(l->topics[k].b, sizeof l->topics[k].b));
    }
}

static enum err run_call(struct simulation *m, struct execute_context *x,
                         const struct call_request *q, struct tx *t, struct receipt *r,
                         struct simulated_call *out)
{
    struct transfer_log *logs = arena_zalloc(m->site.arena, 1, sizeof *logs);
    struct tracer tracer = {
        .enter = watch_enter, .leave = watch_leave, .self_destruct = watch_destruct, .ctx = logs};
    struct message_result result;
    struct diag why = {""};
    TRY(in_time(m));
    logs->arena = m->site.arena;
    logs->next = m->next_log;
    TRY(make_tx(m, q, x->gas_used, t));
    x->tracer = m->request->trace_transfers ? &tracer : NULL;
    enum err e = message_run(x, t, m->request->validation ? MESSAGE_CHECK_NONCE | MESSAGE_PAID : 0,
                             &m->moves, &result, &why);
    if (e != E_OK)
        return refuse_call(m, e, t, &why);
    m->gas_left -= result.gas_used;
    take_receipt(m, t, x, &result, r);
    if (m->site.env.fork < FORK_BYZANTIUM) {
        r->has_root = true;
        TRY(statedb_view_root(m->site.base, m->state, &r->root));
    }
    if (!x->tracer)
        take_logs(logs, m->state);
    m->next_log = logs->next;
    struct bytes output = result.frame.output;
    *out = (struct simulated_call){
        .status = result.frame.status,
        .output = bytes_of(arena_dup(m->site.arena, output.data, output.len), output.len),
        .gas_used = result.gas_used,
        .gas_peak = result.gas_peak,
        .logs = logs->at,
        .log_numbers = logs->numbers,
        .log_count = logs->count};
    return E_OK;
}

/* What Ethereum does after the last transaction. */
static enum err end_block(struct simulation *m, struct block *b)
{
    struct call_site *site = &m->site;
    struct header *h = &b->header;
    if (!site->is_ethereum)
        return state_error(m->state);
    if (site->env.fork < FORK_PARIS)
        ethereum_reward(m->state, ethereum_base_reward(site->env.fork), &h->beneficiary, NULL, 0);
    if (h->form >= HEADER_PRAGUE) {
        struct requests requests = {0};
        struct diag why = {""};
        enum err e =
            ethereum_requests(m->state, site->evm, &site->env, &site->schedule->deposit_contract,
                              b->receipts, b->tx_count, &requests, &why);
        h->requests_hash = requests_hash(&requests);
        requests_free(&requests);
        if (e == E_BLOCK)
            return refuse(m, SIMULATE_OTHER, "%.900s", why.text);
        TRY(e);
    }
    if (h->form >= HEADER_SHANGHAI)
        TRY(ethereum_withdraw(m->state, b->withdrawals, b->withdrawal_count));
    return state_error(m->state);
}

static enum err seal_block(struct simulation *m, struct block *b)
{
    struct header *h = &b->header;
    TRY(end_block(m, b));
    TRY(in_time(m));
    TRY(statedb_view_root(m->site.base, m->state, &h->state_root));
    h->transactions_root = blocks_tx_root(b->txs, b->tx_count);
    h->receipts_root = blocks_receipt_root(b->receipts, b->tx_count);
    if (h->form >= HEADER_SHANGHAI)
        h->withdrawals_root = block_withdrawals_root(b);
    for (size_t i = 0; i < b->tx_count; i++)
        for (size_t k = 0; b->receipts[i].log_count && k < BLOOM_BYTES; k++)
            h->bloom[k] |= b->receipts[i].bloom[k];
    b->hash = header_hash(h);
    b->size_bytes = block_rlp_size(b);
    return E_OK;
}

static enum err run_block(struct simulation *m, const struct header *parent,
                          const struct hash *parent_hash)
{
    const struct simulate_block *plan = &m->plan[m->done];
    struct simulated_block *out = &m->out[m->done];
    struct call_site *site = &m->site;
    struct block *b = &out->block;
    m->next_log = 0;
    begin_header(m, &plan->block, parent, parent_hash);
    site->env = rules_env(site->schedule, &site->header);
    site->env.block_hash = simulated_hash;
    site->env.block_hash_ctx = m;
    if (plan->block.has_blob_base_fee)
        site->env.blob_base_fee = plan->block.blob_base_fee;
    struct execute_context x = call_site_context(site, m->state);
    execute_prepare(&x);
    enum err e = override_apply(&plan->state, m->state, site->env.fork, !site->is_ethereum,
                                site->arena, &m->moves, m->d);
    if (e == E_INVALID)
        m->code = SIMULATE_INVALID;
    TRY(e);
    TRY(call_site_begin(site, m->state));
    size_t n = plan->call_count;
    *b = (struct block){.tx_count = n,
                        .txs = arena_zalloc(site->arena, n + 1, sizeof *b->txs),
                        .receipts = arena_zalloc(site->arena, n + 1, sizeof *b->receipts),
                        .withdrawals = (struct withdrawal *)plan->block.withdrawals,
                        .withdrawal_count = plan->block.withdrawal_count};
    out->calls = arena_zalloc(site->arena, n + 1, sizeof *out->calls);
    for (size_t i = 0; i < n; i++)
        TRY(run_call(m, &x, &plan->calls[i], &b->txs[i], &b->receipts[i], &out->calls[i]));
    b->header = site->header;
    b->header.gas_used = x.gas_used;
    b->header.blob_gas_used = x.blob_gas_used;
    TRY(seal_block(m, b));
    m->done++;
    return E_OK;
}

static enum err run_all(struct simulation *m)
{
    TRY(make_plan(m));
    while (m->done < m->count) {
        const struct block *last = m->done ? &m->out[m->done - 1].block : NULL;
        struct header parent = last ? last->header : m->base;
        struct hash parent_hash = last ? last->hash : m->base_hash;
        TRY(run_block(m, &parent, &parent_hash));
    }
    return E_OK;
}

enum err chain_simulate(struct chain_view *v, uint64_t number, const struct simulate_request *q,
                        struct arena *a, struct simulated_block **out, size_t *count_out,
                        enum simulate_code *code_out, struct diag *d)
{
    struct simulation m = {.request = q, .gas_left = LIMIT_SIMULATE_GAS, .d = d};
    TRY(call_site_open(&m.site, v, number, number, a));
    m.base = m.site.header;
    m.base_hash = m.site.hash;
    m.state = state_new(statedb_view_reader(m.site.base));
    enum err e = run_all(&m);
    state_free(m.state);
    call_site_close(&m.site);
    *out = m.out;
    *count_out = m.done;
    *code_out = m.code;
    return e;
}
