/* test_program: runs one program in a small world of its own and sums up all that it did, so that
 * two flavours of the interpreter can be compared. For tests and fuzz targets. */
#ifndef PARVIS_EVM_TEST_PROGRAM_H
#define PARVIS_EVM_TEST_PROGRAM_H

#include "base/limits.h"
#include "crypto/keccak.h"
#include "evm/evm.h"
#include "evm/precompile.h"
#include "evm/test_reader.h"

static const struct address PROGRAM_CALLER = {{[19] = 0xca}};
static const struct address PROGRAM_SELF = {{[18] = 0x10, [19] = 0x01}};
static const struct address PROGRAM_ECHO = {{[18] = 0x10, [19] = 0x02}};
static const struct address PROGRAM_REVERT = {{[18] = 0x10, [19] = 0x03}};
static const struct address PROGRAM_DELEGATES = {{[18] = 0x10, [19] = 0x04}};

struct program {
    enum fork fork;
    int64_t gas;
    bool is_static, creates;
    struct bytes code, input;
};

/* All that a frame leaves behind. */
struct program_result {
    enum frame_status status;
    int64_t gas_left, refund;
    struct hash output, changes, logs;
};

static inline void digest_account(void *ctx, const struct address *a, const struct account *now)
{
    keccak_update(ctx, a->b, sizeof a->b);
    if (now)
        keccak_update(ctx, now, sizeof *now);
}

static inline void digest_storage(void *ctx, const struct address *a, const struct hash *slot,
                                  struct bytes value)
{
    keccak_update(ctx, a->b, sizeof a->b);
    keccak_update(ctx, slot->b, sizeof slot->b);
    keccak_update(ctx, value.data, value.len);
}

static inline void digest_cleared(void *ctx, const struct address *a)
{
    keccak_update(ctx, "cleared", 7);
    keccak_update(ctx, a->b, sizeof a->b);
}

static inline void digest_code(void *ctx, const struct hash *hash, struct bytes code)
{
    (void)code;
    keccak_update(ctx, hash->b, sizeof hash->b);
}

static inline struct hash digest_logs(const struct state *s)
{
    struct keccak k;
    struct hash h;
    keccak_init(&k);
    for (size_t i = 0; i < state_log_count(s); i++) {
        const struct log_entry *log = state_log(s, i);
        keccak_update(&k, log->address.b, sizeof log->address.b);
        keccak_update(&k, log->topics, log->topic_count * sizeof *log->topics);
        keccak_update(&k, log->data.data, log->data.len);
    }
    keccak_final(&k, &h);
    return h;
}

static inline struct hash digest_changes(struct state *s)
{
    struct keccak k;
    struct hash h;
    keccak_init(&k);
    const struct state_change_visitor v = {digest_account, digest_storage, digest_cleared,
                                           digest_code, &k};
    state_visit_changes(s, &v);
    keccak_final(&k, &h);
    return h;
}

static inline struct hash program_block_hash(void *ctx, uint64_t number)
{
    (void)ctx;
    struct hash h = {{1}};
    h.b[31] = (uint8_t)number;
    return h;
}

static inline void program_accounts(struct state *s, const struct program *p)
{
    static const uint8_t echo[] = "\x36\x5f\x5f\x37\x36\x5f\xf3"; /* returns its call data */
    static const uint8_t fails[] = "\x60\x2a\x60\x00\x52\x60\x20\x60\x00\xfd";
    uint8_t delegation[23] = {0xef, 0x01, 0x00};
    static const struct hash slot_1 = {{[31] = 1}};
    memcpy(delegation + 3, PROGRAM_ECHO.b, 20);
    state_set_balance(s, &PROGRAM_CALLER, u256_from_u64(1000000));
    state_set_balance(s, &PROGRAM_SELF, u256_from_u64(1000));
    state_set_nonce(s, &PROGRAM_SELF, 1);
    state_set_code(s, &PROGRAM_SELF, p->code);
    state_set_storage(s, &PROGRAM_SELF, &slot_1, bytes_str("\x07"));
    state_set_code(s, &PROGRAM_ECHO, bytes_of(echo, sizeof echo - 1));
    state_set_code(s, &PROGRAM_REVERT, bytes_of(fails, sizeof fails - 1));
    state_set_code(s, &PROGRAM_DELEGATES, bytes_of(delegation, sizeof delegation));
    state_tx_begin(s);
}

static inline struct program_result program_run(struct evm *e, const struct program *p,
                                                const struct tracer *tracer)
{
    struct state *s = state_new(&EMPTY_READER);
    struct arena arena = {0};
    struct block_env block = {.chain_id = 7,
                              .number = 1000,
                              .timestamp_s = 1700000000,
                              .gas_limit = 30000000,
                              .beneficiary = {{0xbe}},
                              .base_fee = {{9}},
                              .fork = p->fork,
                              .block_hash = program_block_hash};
    struct world w = {.state = s,
                      .block = &block,
                      .origin = PROGRAM_CALLER,
                      .gas_price = {{10}},
                      .evm = e,
                      .tracer = tracer,
                      .arena = &arena,
                      .runners = {precompile_run, evm_run}};
    struct frame f = {.kind = p->creates ? FRAME_CREATE : FRAME_CALL,
                      .is_static = p->is_static && !p->creates,
                      .caller = PROGRAM_CALLER,
                      .recipient = PROGRAM_SELF,
                      .code_address = PROGRAM_SELF,
                      .gas = p->gas,
                      .input = p->creates ? p->code : p->input};
    struct frame_result out;
    state_set_rules(s, (struct state_rules){.keeps_empty = p->fork < FORK_EIP158,
                                            .destroys_any = p->fork < FORK_CANCUN});
    program_accounts(s, p);
    frame_call(&w, &f, &out);
    struct program_result r = {.status = out.status,
                               .gas_left = out.gas_left,
                               .refund = state_refund(s),
                               .output = keccak256_of(out.output),
                               .logs = digest_logs(s)};
    state_tx_end(s);
    r.changes = digest_changes(s);
    state_free(s);
    arena_free(&arena);
    return r;
}

static inline bool program_result_eq(const struct program_result *a, const struct program_result *b)
{
    return a->status == b->status && a->gas_left == b->gas_left && a->refund == b->refund &&
           hash_eq(&a->output, &b->output) && hash_eq(&a->changes, &b->changes) &&
           hash_eq(&a->logs, &b->logs);
}

#endif
