/* test_bench: a world in memory for tests of services: genesis from text, calls by method name and
 * arguments as text, answers as text ("true", "ERC20InsufficientBalance(sender=0x.., ...)").
 *
 * "@name" in an argument, an expectation or the genesis stands for the address of that name. */
#ifndef PARVIS_CITY_TEST_BENCH_H
#define PARVIS_CITY_TEST_BENCH_H

#include <ctype.h>
#include <stdlib.h>

#include "city/service.h"
#include "crypto/keccak.h"
#include "evm/test_reader.h"
#include "test.h"

#define BENCH_CHAIN_ID 20260u
#define BENCH_NOW_S 1700000000u
#define BENCH_GAS 10000000
#define BENCH_ARGS 16

struct bench {
    struct state *state;
    struct block_env env;
    struct world world;
    struct arena arena;
    /* the next call */
    bool is_static;
    enum frame_kind kind;
    struct u256 value;
    int64_t gas;
    /* the last call */
    struct frame_result result;
    char text[4096];
};

static inline struct address bench_address(const char *name)
{
    struct address a = {0};
    struct hash h;
    if (strcmp(name, "zero") == 0)
        return a;
    if (service_named(name))
        return service_named(name)->address;
    keccak256(&h, name, strlen(name));
    memcpy(a.b, h.b + 12, sizeof a.b);
    return a;
}

/* Text with every "@name" replaced by 0x and 40 digits, and "%name%" by the name as bytes32. */
static inline const char *bench_text(struct bench *b, const char *text)
{
    struct buf out = {0};
    for (const char *p = text; *p;) {
        char name[64];
        size_t n = 0;
        if (*p != '@' && *p != '%') {
            buf_put_u8(&out, (uint8_t)*p++);
            continue;
        }
        char mark = *p++;
        while (isalnum((unsigned char)*p) && n < sizeof name - 1)
            name[n++] = *p++;
        name[n] = 0;
        if (mark == '@') {
            struct address a = bench_address(name);
            buf_put_hex(&out, a.b, sizeof a.b);
        } else {
            uint8_t word[32] = {0};
            memcpy(word, name, n < 32 ? n : 32);
            buf_put_hex(&out, word, sizeof word);
            p += *p == '%';
        }
    }
    const char *copy = arena_strdup(&b->arena, buf_cstr(&out));
    buf_free(&out);
    return copy;
}

static inline void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->state = state_new(&EMPTY_READER);
    b->env = (struct block_env){.chain_id = BENCH_CHAIN_ID,
                                .number = 1,
                                .timestamp_s = BENCH_NOW_S,
                                .gas_limit = 500000000,
                                .fork = FORK_OSAKA};
    b->world = (struct world){
        .state = b->state, .block = &b->env, .arena = &b->arena, .runners = {service_run}};
    b->gas = BENCH_GAS;
}

static inline void bench_close(struct bench *b)
{
    state_free(b->state);
    arena_free(&b->arena);
}

/* Allocations and services of a genesis text. */
static inline enum err bench_genesis(struct bench *b, const char *text, struct diag *d)
{
    struct json *root = NULL;
    enum err err = json_parse(&root, bytes_str(bench_text(b, text)), d);
    const struct json *alloc = err == E_OK ? json_get(root, "alloc") : NULL;
    for (const struct json *m = json_first(alloc); m; m = json_next(m)) {
        struct address a;
        struct u256 balance;
        if (address_from_hex(&a, json_key(m)) == E_OK &&
            json_u256(&balance, json_get(m, "balance")) == E_OK)
            state_set_balance(b->state, &a, balance);
    }
    if (err == E_OK)
        err = services_genesis(&b->world, root, d);
    json_free(root);
    return err;
}

static inline const struct abi_entry *bench_method(const struct service *s, const char *name)
{
    for (size_t i = 0; i < service_method_count(s); i++)
        if (strcmp(service_method_entry(s, i)->name, name) == 0)
            return service_method_entry(s, i);
    printf("# no method %s\n", name);
    abort();
}

/* Call data of a method with its arguments as texts (NULL-terminated unless all are given). */
static inline struct bytes bench_encode(struct bench *b, const struct abi_entry *m,
                                        const char *const *args)
{
    struct abi_value items[BENCH_ARGS] = {0};
    struct abi_value tuple = {.item = items, .count = m->inputs.size};
    struct diag d = {0};
    struct buf data = {0};
    for (size_t i = 0; i < m->inputs.size; i++)
        if (!args[i] || abi_value_from_text(&items[i], &b->arena, &m->inputs.item[i],
                                            bench_text(b, args[i]), &d) != E_OK) {
            printf("# %s: argument %zu: %s\n", m->signature, i, d.text);
            abort();
        }
    buf_put(&data, m->selector, 4);
    abi_encode(&data, &m->inputs, &tuple);
    struct bytes copy = bytes_of(arena_dup(&b->arena, data.data, data.len), data.len);
    buf_free(&data);
    return copy;
}

/* Sends raw call data; the state keeps what a successful call changed, as in a transaction. */
static inline void bench_send(struct bench *b, const char *caller, const struct service *s,
                              struct bytes input)
{
    struct frame f = {.kind = b->kind,
                      .is_static = b->is_static,
                      .caller = bench_address(caller),
                      .recipient = s->address,
                      .code_address = s->address,
                      .value = b->value,
                      .gas = b->gas,
                      .input = input};
    state_tx_begin(b->state);
    frame_call(&b->world, &f, &b->result);
}

/* The outcome in words: outputs as JSON (integers wider than 53 bits are quoted), a revert
 * explained, or the frame's status. */
static inline const char *bench_outcome(struct bench *b, const struct abi_entry *m)
{
    struct buf out = {0};
    struct abi_value v;
    switch (b->result.status) {
    case FRAME_SUCCESS:
        if (m->outputs.size == 0)
            buf_puts(&out, b->result.output.len == 0 ? "ok" : "unexpected output");
        else if (abi_decode(&v, &b->arena, &m->outputs, b->result.output) != E_OK)
            buf_puts(&out, "output does not decode");
        else
            for (size_t i = 0; i < v.count; i++) {
                struct buf one = {0};
                abi_value_to_json(&one, &m->outputs.item[i], &v.item[i]);
                buf_putf(&out, "%s%s", i ? ", " : "", buf_cstr(&one));
                buf_free(&one);
            }
        break;
    case FRAME_REVERT:
        if (!service_explain_revert(&out, b->result.output))
            buf_puts(&out, "unknown revert");
        break;
    case FRAME_OUT_OF_GAS:
        buf_puts(&out, "out of gas");
        break;
    default:
        buf_putf(&out, "frame status %d", (int)b->result.status);
    }
    snprintf(b->text, sizeof b->text, "%s", buf_cstr(&out));
    buf_free(&out);
    return b->text;
}

static inline const char *bench_call(struct bench *b, const char *caller, const struct service *s,
                                     const char *method, const char *const *args)
{
    const struct abi_entry *m = bench_method(s, method);
    bench_send(b, caller, s, bench_encode(b, m, args));
    return bench_outcome(b, m);
}

/* BENCH_CALL(&b, "alice", &MONEY_SERVICE, "transfer", "@bob", "100") */
#define BENCH_CALL(b, caller, service, ...) \
    bench_call_words(b, caller, service, (const char *const[BENCH_ARGS + 1]){__VA_ARGS__})

static inline const char *bench_call_words(struct bench *b, const char *caller,
                                           const struct service *s, const char *const *words)
{
    return bench_call(b, caller, s, words[0], words + 1);
}

/* A digest of everything that accounts own and services keep: what a failed call must leave as it
 * was. */
struct bench_digest_sum {
    struct hash sum; /* order-free: xor of the changes' hashes */
};

static inline void bench_mix(struct bench_digest_sum *v, const struct keccak *k)
{
    struct keccak copy = *k;
    struct hash h;
    keccak_final(&copy, &h);
    for (size_t i = 0; i < 32; i++)
        v->sum.b[i] ^= h.b[i];
}

static inline void bench_visit_account(void *ctx, const struct address *a,
                                       const struct account *now)
{
    struct keccak k;
    keccak_init(&k);
    keccak_update(&k, a->b, 20);
    if (now) {
        keccak_update(&k, &now->nonce, sizeof now->nonce);
        keccak_update(&k, now->balance.w, sizeof now->balance.w);
    }
    bench_mix(ctx, &k);
}

static inline void bench_visit_storage(void *ctx, const struct address *a, const struct hash *slot,
                                       struct bytes value)
{
    struct keccak k;
    keccak_init(&k);
    keccak_update(&k, a->b, 20);
    keccak_update(&k, slot->b, 32);
    keccak_update(&k, value.data, value.len);
    bench_mix(ctx, &k);
}

static inline void bench_visit_cleared(void *ctx, const struct address *a)
{
    bench_visit_account(ctx, a, NULL);
}

static inline void bench_visit_code(void *ctx, const struct hash *code_hash, struct bytes code)
{
    (void)ctx;
    (void)code_hash;
    (void)code;
}

static inline struct hash bench_digest(struct bench *b)
{
    struct bench_digest_sum v = {0};
    struct state_change_visitor visitor = {bench_visit_account, bench_visit_storage,
                                           bench_visit_cleared, bench_visit_code, &v};
    state_visit_changes(b->state, &visitor);
    return v.sum;
}

/* Runs a call with every gas limit that could stop it somewhere: at each it runs out and leaves
 * everything as it was, until it passes with exactly what it needs. Steps are found by asking for
 * the smallest sufficient limit first. */
static inline void bench_starve(struct bench *b, const char *caller, const struct service *s,
                                const char *method, const char *const *args)
{
    const struct abi_entry *m = bench_method(s, method);
    struct bytes input = bench_encode(b, m, args);
    state_tx_begin(b->state);
    struct hash before = bench_digest(b);
    state_checkpoint_t cp = state_checkpoint(b->state);
    b->gas = BENCH_GAS;
    bench_send(b, caller, s, input);
    if (b->result.status != FRAME_SUCCESS)
        test_fail(__FILE__, __LINE__, "%s: %s", method, bench_outcome(b, m));
    int64_t needed = BENCH_GAS - b->result.gas_left;
    state_revert(b->state, cp);
    size_t starved = 0;
    for (int64_t gas = 0; gas < needed; gas += 1 + (int64_t)(test_random() % 97)) {
        b->gas = gas;
        bench_send(b, caller, s, input);
        struct hash after = bench_digest(b);
        if (b->result.status != FRAME_OUT_OF_GAS || b->result.gas_left != 0 ||
            !hash_eq(&before, &after) || state_log_count(b->state) != 0)
            test_fail(__FILE__, __LINE__, "%s with %lld gas: %s", method, (long long)gas,
                      bench_outcome(b, m));
        starved++;
    }
    CHECK(starved > 0);
    b->gas = needed - 1;
    bench_send(b, caller, s, input);
    CHECK_INT(b->result.status, FRAME_OUT_OF_GAS);
    b->gas = needed;
    bench_send(b, caller, s, input);
    CHECK_INT(b->result.status, FRAME_SUCCESS);
    CHECK_INT(b->result.gas_left, 0);
    b->gas = BENCH_GAS;
}

#endif
