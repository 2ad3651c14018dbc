/* Any sequence of calls, well-formed or not, to every service: nothing may stop the program, no
 * coin may appear or vanish, a failed call leaves no log, and a founded network keeps members with
 * keys of their own whoever is reported for misbehaving.
 *
 * Input     calls one after the other: caller 1 | service 1 | method 1 | way 1 | length 2 |
 * arguments. Ways: 0 plain, 1 static, 2 with a coin, 3 little gas, 4 arguments without selector, 5
 * delegate call, 6 the clock moves on first. Arguments are cut at the end of the input. */
#include "city/members/members.h"
#include "city/money/money.h"
#include "city/test_bench.h"
#include "crypto/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GENESIS                                                                    \
    "{\"alloc\":{\"@a\":{\"balance\":\"1000000\"},\"@b\":{\"balance\":\"5000\"}}," \
    "\"roles\":{\"issuer\":\"@a\",\"registrar\":\"@a\",\"governor\":\"@b\"},"      \
    "\"services\":{\"money\":{\"reserve\":\"2000000\"},\"voting\":{\"clerks\":[\"@a\"]}}}"

#define CALLS_MAX 64

static const char *const CALLERS[] = {"a", "b", "c", "zero"};

/* A service that moved coins to an account nobody watches would not be noticed by summing the known
 * ones, so all balances are summed from the changes of the state. */
static void add_balance(void *ctx, const struct address *a, const struct account *now)
{
    struct u256 *sum = ctx;
    (void)a;
    if (now)
        ASSERT(!u256_add(sum, *sum, now->balance));
}

static void skip_storage(void *ctx, const struct address *a, const struct hash *slot,
                         struct bytes value)
{
    (void)ctx;
    (void)a;
    (void)slot;
    (void)value;
}

static void skip_cleared(void *ctx, const struct address *a)
{
    (void)ctx;
    (void)a;
}

static void skip_code(void *ctx, const struct hash *code_hash, struct bytes code)
{
    (void)ctx;
    (void)code_hash;
    (void)code;
}

static struct u256 sum_of_balances(struct bench *b)
{
    struct u256 sum = U256_ZERO;
    struct state_change_visitor v = {add_balance, skip_storage, skip_cleared, skip_code, &sum};
    state_visit_changes(b->state, &v);
    return sum;
}

static void check_conserved(struct bench *b)
{
    b->kind = FRAME_CALL;
    b->is_static = true;
    b->value = U256_ZERO;
    b->gas = BENCH_GAS;
    BENCH_CALL(b, "a", &MONEY_SERVICE, "totalSupply");
    b->is_static = false;
    ASSERT(b->result.status == FRAME_SUCCESS);
    ASSERT(u256_eq(u256_from_be(b->result.output.data), sum_of_balances(b)));
}

/* The validators, with what always holds of them. */
static struct member *validators(struct bench *b, size_t *count)
{
    struct member *list;
    ASSERT(members_validators(b->state, &b->arena, &list, count) == E_OK);
    ASSERT(*count <= MEMBERS_MAX && (*count > 0) == members_founded(b->state));
    for (size_t i = 0; i < *count; i++) {
        ASSERT(list[i].power >= 1 && list[i].power <= MEMBERS_POWER_MAX && list[i].name[0]);
        ASSERT(members_node_allowed(b->state, list[i].node20));
        ASSERT(i == 0 || memcmp(list[i - 1].key32, list[i].key32, 32) < 0);
    }
    return list;
}

/* Everybody is reported: one member stays. */
static void check_members(struct bench *b)
{
    size_t count, left;
    struct member *list = validators(b, &count);
    for (size_t i = 0; i < count; i++) {
        struct misbehaviour m = {.kind = 1};
        struct hash h;
        sha256_once(&h, list[i].key32, 32);
        memcpy(m.validator20, h.b, 20);
        ASSERT(members_punish(&b->world, &m, 1) == E_OK);
    }
    validators(b, &left);
    ASSERT(left == (count > 0));
}

static size_t service_count(void)
{
    size_t n = 0;
    while (SERVICES[n])
        n++;
    return n;
}

static void one_call(struct bench *b, const uint8_t head[6], struct bytes args)
{
    const struct service *s = SERVICES[head[1] % service_count()];
    const struct abi_entry *m = service_method_entry(s, head[2] % service_method_count(s));
    unsigned way = head[3] % 7;
    uint8_t *input = arena_alloc(&b->arena, 4 + args.len);
    memcpy(input, m->selector, 4);
    if (args.len)
        memcpy(input + 4, args.data, args.len);
    b->is_static = way == 1;
    b->value = u256_from_u64(way == 2);
    b->gas = way == 3 ? head[3] * 200 : BENCH_GAS;
    b->kind = way == 5 ? FRAME_DELEGATECALL : FRAME_CALL;
    b->env.timestamp_s += way == 6 ? head[3] * 60 : 0;
    bench_send(b, CALLERS[head[0] % 4], s, way == 4 ? args : bytes_of(input, 4 + args.len));
    ASSERT(b->result.status == FRAME_SUCCESS || state_log_count(b->state) == 0);
    ASSERT(b->result.status != FRAME_REVERT || b->result.output.len >= 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench b;
    struct diag d = {0};
    services_init();
    bench_open(&b);
    enum err err = bench_genesis(&b, GENESIS, &d);
    ASSERT(err == E_OK);
    for (size_t i = 0; size >= 6 && i < CALLS_MAX; i++) {
        size_t len = (size_t)data[4] << 8 | data[5];
        if (len > size - 6)
            len = size - 6;
        one_call(&b, data, bytes_of(data + 6, len));
        data += 6 + len;
        size -= 6 + len;
    }
    check_conserved(&b);
    check_members(&b);
    bench_close(&b);
    return 0;
}
