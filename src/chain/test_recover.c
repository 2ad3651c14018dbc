/* Tests of recover: what worker threads find is what tx_recover finds, and the first signature that
 * does not hold is the one named. */
#include "chain/recover.h"

#include <stdatomic.h>

#include "city/service.h"
#include "test.h"

#define TXS 400u
#define CHAIN 20260u

/* A row of transactions of every type, decoded, nothing recovered yet. */
struct row {
    struct arena arena;
    struct tx txs[TXS];
    size_t count;
};

static void key_of(uint8_t key32[32], size_t number)
{
    memset(key32, 0x11, 32);
    be64_put(key32 + 8, number + 1);
}

/* Three authorizations: of the sender, of somebody else, and one nobody signed. */
static struct tx_auth *authorizations(struct row *r, size_t i)
{
    uint8_t key[32];
    struct tx_auth *auths = arena_zalloc(&r->arena, 3, sizeof *auths);
    for (size_t k = 0; k < 3; k++) {
        auths[k].nonce = i + k;
        key_of(key, i + k);
        CHECK_ERR(tx_auth_sign(&auths[k], key), E_OK);
    }
    auths[2].r = u256_from_u64(5); /* x = 5 lies on no point of the curve */
    return auths;
}

static void add(struct row *r, size_t i)
{
    static const enum tx_type TYPES[] = {TX_LEGACY, TX_ACCESS_LIST, TX_DYNAMIC_FEE, TX_SET_CODE};
    uint8_t key[32];
    struct tx t = {.type = TYPES[i % 4],
                   .has_chain_id = true,
                   .chain_id = CHAIN,
                   .nonce = i,
                   .gas_limit = 21000 + i,
                   .to = {{(uint8_t)i, (uint8_t)(i >> 8)}}};
    if (t.type == TX_SET_CODE) {
        t.auths = authorizations(r, i);
        t.auth_count = 3;
    }
    key_of(key, i % 37);
    CHECK_ERR(tx_sign(&t, &r->arena, key), E_OK);
    CHECK_ERR(tx_decode(&r->txs[r->count++], &r->arena, t.raw), E_OK);
}

static struct row *row_new(size_t count)
{
    struct row *r = mem_zalloc(1, sizeof *r);
    for (size_t i = 0; i < count; i++)
        add(r, i);
    return r;
}

static void row_free(struct row *r)
{
    arena_free(&r->arena);
    mem_free(r);
}

/* spoil makes a signature that decodes and gives no sender. */
static void spoil(struct tx *t)
{
    memset(t->signature.r, 0, 32);
    t->signature.r[31] = 5;
}

static void check_recovered(const struct row *r, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const struct tx *t = &r->txs[i];
        struct tx alone;
        struct arena a = {0};
        CHECK_ERR(tx_decode(&alone, &a, t->raw), E_OK);
        CHECK_ERR(tx_recover(&alone), E_OK);
        wrong += !t->has_sender || !address_eq(&t->sender, &alone.sender);
        for (size_t k = 0; k < t->auth_count; k++)
            wrong += !t->auths[k].is_recovered || t->auths[k].has_authority != (k < 2) ||
                     (k < 2 && !address_eq(&t->auths[k].authority, &alone.auths[k].authority));
        arena_free(&a);
    }
    CHECK_INT(wrong, 0);
}

TEST(senders_and_authorities_are_those_of_one_by_one)
{
    struct row *r = row_new(TXS);
    struct recover *recover = recover_new();
    size_t bad = 0;
    struct recover_batch *b = recover_start_block(recover, r->txs, r->count, NULL);
    CHECK_ERR(recover_finish(b, &bad), E_OK);
    check_recovered(r, r->count);
    recover_free(recover);
    row_free(r);
}

TEST(batches_wait_for_each_other_in_any_order)
{
    struct row *r = row_new(TXS);
    struct recover *recover = recover_new();
    struct recover_batch *batches[4];
    static const size_t ORDER[] = {2, 0, 3, 1};
    size_t bad;
    for (size_t i = 0; i < 4; i++) /* far apart: every fourth each, through pointers */
    {
        struct tx *mine[TXS / 4];
        for (size_t k = 0; k < TXS / 4; k++)
            mine[k] = &r->txs[4 * k + i];
        batches[i] = recover_start(recover, mine, TXS / 4);
    }
    for (size_t i = 0; i < 4; i++)
        CHECK_ERR(recover_finish(batches[ORDER[i]], &bad), E_OK);
    check_recovered(r, r->count);
    recover_free(recover);
    row_free(r);
}

/* Whatever thread meets which first. */
TEST(the_first_bad_signature_is_named)
{
    static const size_t FIRST[] = {0, 1, 7, 8, 63, 120, 199};
    struct recover *recover = recover_new();
    for (size_t i = 0; i < sizeof FIRST / sizeof FIRST[0]; i++) {
        struct row *r = row_new(200);
        size_t bad = SIZE_MAX;
        for (size_t k = FIRST[i]; k < r->count; k += 3)
            spoil(&r->txs[k]);
        CHECK_ERR(recover_finish(recover_start_block(recover, r->txs, r->count, NULL), &bad),
                  E_SIGNATURE);
        CHECK_INT(bad, FIRST[i]);
        check_recovered(r, FIRST[i]);
        CHECK(!r->txs[FIRST[i]].has_sender);
        row_free(r);
    }
    recover_free(recover);
}

TEST(a_bad_batch_leaves_the_next_alone)
{
    struct row *r = row_new(100);
    struct recover *recover = recover_new();
    size_t bad = SIZE_MAX;
    spoil(&r->txs[50]);
    struct recover_batch *first = recover_start_block(recover, r->txs, 51, NULL);
    struct recover_batch *second = recover_start_block(recover, r->txs + 51, 49, NULL);
    CHECK_ERR(recover_finish(second, &bad), E_OK);
    CHECK_ERR(recover_finish(first, &bad), E_SIGNATURE);
    CHECK_INT(bad, 50);
    for (size_t i = 51; i < 100; i++)
        CHECK(r->txs[i].has_sender);
    recover_free(recover);
    row_free(r);
}

TEST(small_and_empty_batches)
{
    struct row *r = row_new(3);
    struct recover *recover = recover_new();
    size_t bad = SIZE_MAX;
    CHECK_ERR(recover_finish(NULL, &bad), E_OK);
    CHECK_ERR(recover_finish(recover_start(recover, NULL, 0), &bad), E_OK);
    CHECK_ERR(recover_finish(recover_start_block(recover, r->txs, 3, NULL), &bad), E_OK);
    check_recovered(r, 3);
    recover_free(recover);
    recover_free(NULL);
    row_free(r);
}

TEST(many_batches_one_after_the_other)
{
    struct row *r = row_new(16);
    struct recover *recover = recover_new();
    size_t bad, lost = 0;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < r->count; i++)
            r->txs[i].has_sender = false;
        struct recover_batch *a = recover_start_block(recover, r->txs, 8, NULL);
        struct recover_batch *b = recover_start_block(recover, r->txs + 8, 8, NULL);
        lost += recover_finish(a, &bad) != E_OK;
        lost += recover_finish(b, &bad) != E_OK;
        for (size_t i = 0; i < r->count; i++)
            lost += !r->txs[i].has_sender;
    }
    CHECK_INT(lost, 0);
    recover_free(recover);
    row_free(r);
}

/* The seal's signer is found whatever becomes of the transactions, and if there are none. */
TEST(who_sealed_the_block)
{
    struct recover *recover = recover_new();
    struct address sealer;
    uint8_t key[32];
    key_of(key, 99);
    CHECK_ERR(ecdsa_address(&sealer, key), E_OK);
    for (size_t count = 0; count <= 60; count += 20) {
        struct row *r = row_new(count);
        struct recover_seal good = {.block_hash = {{(uint8_t)count, 1}}}, bad = good;
        size_t at = SIZE_MAX;
        CHECK_ERR(ecdsa_sign(&good.signature, &good.block_hash, key), E_OK);
        bad.signature.r[31] = 5; /* no point of the curve, and s = 0 */
        bad.has_signer = true;
        if (count)
            spoil(&r->txs[count - 1]);
        struct recover_batch *one = recover_start_block(recover, r->txs, count, &good);
        CHECK_ERR(recover_finish(one, &at), count ? E_SIGNATURE : E_OK);
        CHECK(good.has_signer && address_eq(&good.signer, &sealer));
        struct recover_batch *two = recover_start_block(recover, NULL, 0, &bad);
        CHECK_ERR(recover_finish(two, &at), E_OK);
        CHECK(!bad.has_signer);
        row_free(r);
    }
    recover_free(recover);
}

/* --- work of services ------------------------------------------------------------------------- */

static _Atomic uint64_t sum_ahead;

static enum err run_nothing(struct service_call *c)
{
    return service_return(c, NULL);
}

static void add_ahead(const struct abi_value *args)
{
    atomic_fetch_add(&sum_ahead, abi_get_u64(&args[0]));
}

static const struct service_method METHODS[] = {
    {"function slow(uint64 n)", "Has work to be done ahead.", 1, 0, run_nothing, add_ahead},
    {"function quick(uint64 n)", "Has none.", 1, 0, run_nothing, NULL},
    {0},
};
static const struct service_line NONE[] = {{0}};
static const struct service SLOW = {.name = "slow",
                                    .title = "ParvisSlow",
                                    .purpose = "For tests.",
                                    .address = SERVICE_ADDRESS(0xee),
                                    .methods = METHODS,
                                    .events = NONE,
                                    .errors = NONE};
static const struct service *const SLOW_LIST[] = {&SLOW, NULL};

/* Transaction i calls one of the methods with the number i, one byte short every eleventh time, or
 * creates a contract of what would be a call. */
static void make_call(struct row *r, size_t i)
{
    uint8_t key[32], data[36] = {0};
    memcpy(data, service_method_entry(&SLOW, i % 3 == 0)->selector, 4);
    be64_put(data + 28, i);
    struct tx t = {.type = TX_DYNAMIC_FEE,
                   .has_chain_id = true,
                   .chain_id = CHAIN,
                   .nonce = i,
                   .gas_limit = 100000,
                   .is_create = i % 7 == 0,
                   .to = i % 7 == 0 ? (struct address){{0}} : SLOW.address,
                   .data = bytes_of(data, i % 11 == 0 ? 35 : 36)};
    key_of(key, i % 37);
    CHECK_ERR(tx_sign(&t, &r->arena, key), E_OK);
    CHECK_ERR(tx_decode(&r->txs[r->count++], &r->arena, t.raw), E_OK);
}

TEST(services_work_ahead)
{
    struct row *r = mem_zalloc(1, sizeof *r);
    struct recover *recover = recover_new();
    uint64_t expected = 0;
    size_t bad;
    services_init_with(SLOW_LIST);
    for (size_t i = 0; i < TXS; i++) {
        make_call(r, i);
        expected += i % 3 && i % 7 && i % 11 ? i : 0;
    }
    CHECK_ERR(recover_finish(recover_start_block(recover, r->txs, r->count, NULL), &bad), E_OK);
    CHECK_INT(atomic_load(&sum_ahead), expected);
    recover_free(recover);
    row_free(r);
    services_init_with(SERVICES);
}
