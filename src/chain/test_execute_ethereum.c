/* execute_tx under Ethereum's rules: delegations, blobs, warm addresses, what old forks did
 * otherwise. Whole behaviours are the official fixtures' to test; here each rule stands alone. */
#include "test.h"

#include "chain/evm_pool.h"
#include "chain/execute.h"
#include "crypto/keccak.h"
#include "evm/test_reader.h"

#define ETHER 1000000000000000000ULL

static const uint8_t ALICE_KEY[32] = {[31] = 1}, BOB_KEY[32] = {[31] = 2};
static const struct address MINER = {{0xfe}}, CODE = {{0xcc}}, OTHER = {{0xdd}};

struct bench {
    struct state *state;
    struct block_env env;
    struct arena arena;
    struct evm *evm;
    struct execute_context x;
    struct address alice, bob;
    struct tx tx;
    struct tx_auth auths[3];
    struct receipt receipt;
};

static void bench_open(struct bench *b, enum fork fork)
{
    memset(b, 0, sizeof *b);
    b->state = state_new(&EMPTY_READER);
    b->evm = evm_new();
    b->env = (struct block_env){.chain_id = 1,
                                .number = 1,
                                .gas_limit = 30000000,
                                .beneficiary = MINER,
                                .blobs_max = 6,
                                .blob_base_fee = u256_from_u64(3),
                                .fork = fork};
    b->x = (struct execute_context){.state = b->state,
                                    .block = &b->env,
                                    .arena = &b->arena,
                                    .evm = b->evm,
                                    .ethereum_only = true};
    execute_prepare(&b->x);
    CHECK_ERR(ecdsa_address(&b->alice, ALICE_KEY), E_OK);
    CHECK_ERR(ecdsa_address(&b->bob, BOB_KEY), E_OK);
    state_set_balance(b->state, &b->alice, u256_from_u64(ETHER));
    b->tx = (struct tx){.type = TX_LEGACY,
                        .gas_limit = 500000,
                        .to = OTHER,
                        .signature = {.r = {1}, .s = {1}},
                        .has_sender = true,
                        .sender = b->alice};
}

static void bench_close(struct bench *b)
{
    evm_free(b->evm);
    state_free(b->state);
    arena_free(&b->arena);
}

static enum err run(struct bench *b)
{
    memset(&b->receipt, 0x5a, sizeof b->receipt);
    return execute_tx(&b->x, &b->tx, &b->receipt);
}

static void put_code(struct bench *b, const struct address *a, const void *code, size_t len)
{
    state_set_nonce(b->state, a, 1);
    state_set_code(b->state, a, bytes_of(code, len));
}

/* --- EIP-7702 --------------------------------------------------------------------------------- */

static void delegate(struct bench *b, size_t i, const uint8_t key[32], struct address to,
                     uint64_t nonce, uint64_t chain_id)
{
    b->auths[i] =
        (struct tx_auth){.chain_id = u256_from_u64(chain_id), .address = to, .nonce = nonce};
    CHECK_ERR(tx_auth_sign(&b->auths[i], key), E_OK);
    b->tx.type = TX_SET_CODE;
    b->tx.has_chain_id = true;
    b->tx.chain_id = 1;
    b->tx.auths = b->auths;
    b->tx.auth_count = i + 1;
}

static bool delegates_to(struct bench *b, const struct address *a, const struct address *to)
{
    struct address target;
    return evm_delegation(state_code(b->state, a), &target) && address_eq(&target, to);
}

TEST(a_delegation_is_set_and_taken_back)
{
    struct bench b;
    bench_open(&b, FORK_PRAGUE);
    delegate(&b, 0, BOB_KEY, CODE, 0, 1);
    CHECK_ERR(run(&b), E_OK);
    CHECK(b.receipt.success && b.receipt.gas_used == 21000 + 25000); /* bob's account is new */
    CHECK(delegates_to(&b, &b.bob, &CODE));
    CHECK_INT(state_nonce(b.state, &b.bob), 1);
    b.tx.nonce = 1;
    delegate(&b, 0, BOB_KEY, (struct address){{0}}, 1, 0); /* any chain */
    CHECK_ERR(run(&b), E_OK);
    CHECK_INT(b.receipt.gas_used, 46000 - 46000 / 5); /* 12500 back, but no more than a fifth */
    CHECK_INT(state_code(b.state, &b.bob).len, 0);
    CHECK_INT(state_nonce(b.state, &b.bob), 2);
    bench_close(&b);
}

TEST(tuples_that_do_not_fit_are_skipped)
{
    static const uint8_t stop[] = {0};
    for (int i = 0; i < 6; i++) {
        struct bench b;
        bench_open(&b, FORK_PRAGUE);
        state_set_nonce(b.state, &b.bob, 3);
        delegate(&b, 0, BOB_KEY, CODE, i == 0 ? 2 : i == 1 ? UINT64_MAX : 3, i == 2 ? 5 : 1);
        if (i == 3)
            state_set_code(b.state, &b.bob, bytes_of(stop, 1)); /* a contract */
        if (i == 4)
            b.auths[0].r = U256_ZERO, tx_recover_auth(&b.auths[0]);
        if (i == 5)
            b.auths[0].chain_id = U256_MAX;
        CHECK_ERR(run(&b), E_OK);
        CHECK(!delegates_to(&b, &b.bob, &CODE) && state_nonce(b.state, &b.bob) == 3);
        CHECK_INT(b.receipt.gas_used, 46000);
        bench_close(&b);
    }
}

TEST(a_delegation_survives_its_transaction_failing)
{
    static const uint8_t fail[] = {0x60, 0, 0x60, 0, 0xfd};
    struct bench b;
    bench_open(&b, FORK_OSAKA);
    put_code(&b, &OTHER, fail, sizeof fail);
    delegate(&b, 0, BOB_KEY, CODE, 0, 1);
    b.auths[0].is_recovered = b.auths[0].has_authority = false; /* found here, then */
    CHECK_ERR(run(&b), E_OK);
    CHECK(!b.receipt.success && delegates_to(&b, &b.bob, &CODE));
    bench_close(&b);
}

/* Alice delegates to code and calls herself in one transaction: nonces 0 and 1. */
TEST(the_senders_own_authorization)
{
    static const uint8_t store[] = {0x30, 0x60, 5, 0x55}; /* SSTORE(5, ADDRESS) */
    struct bench b;
    struct hash slot = {{[31] = 5}};
    bench_open(&b, FORK_OSAKA);
    put_code(&b, &CODE, store, sizeof store);
    delegate(&b, 0, ALICE_KEY, CODE, 1, 1);
    b.tx.to = b.alice;
    CHECK_ERR(run(&b), E_OK);
    CHECK(b.receipt.success && state_nonce(b.state, &b.alice) == 2);
    struct bytes word = state_storage(b.state, &b.alice, &slot);
    CHECK(word.len == 20 && memcmp(word.data, b.alice.b, 20) == 0);
    b.tx.nonce = 2; /* and she may still send */
    b.tx.type = TX_LEGACY;
    b.tx.auth_count = 0;
    CHECK_ERR(run(&b), E_OK);
    bench_close(&b);
}

TEST(only_delegating_code_may_send)
{
    uint8_t code[23] = {0xef, 0x01, 0x00, 0xcc};
    struct bench b;
    bench_open(&b, FORK_CANCUN);
    state_set_code(b.state, &b.alice, bytes_of(code, sizeof code));
    CHECK_ERR(run(&b), E_TX_SENDER_CODE); /* not yet */
    b.env.fork = FORK_PRAGUE;
    CHECK_ERR(run(&b), E_OK);
    b.tx.nonce = 1;
    state_set_code(b.state, &b.alice, bytes_of(code, 22));
    CHECK_ERR(run(&b), E_TX_SENDER_CODE);
    bench_close(&b);
}

/* --- what is warm ----------------------------------------------------------------------------- */

/* Gas of BALANCE(a) as the first instruction of the code that runs. */
static int64_t balance_gas(struct bench *b, const struct address *a)
{
    uint8_t code[22] = {0x73, [21] = 0x31};
    memcpy(code + 1, a->b, 20);
    put_code(b, &OTHER, code, sizeof code);
    b->tx.nonce = state_nonce(b->state, &b->alice);
    CHECK_ERR(run(b), E_OK);
    CHECK(b->receipt.success);
    return (int64_t)b->receipt.gas_used - 21000 - 3;
}

TEST(warm_addresses)
{
    struct address sha256 = {{[19] = 2}};
    struct bench b;
    bench_open(&b, FORK_BERLIN);
    CHECK_INT(balance_gas(&b, &b.alice), 100);
    CHECK_INT(balance_gas(&b, &OTHER), 100);
    CHECK_INT(balance_gas(&b, &sha256), 100);
    CHECK_INT(balance_gas(&b, &b.bob), 2600);
    CHECK_INT(balance_gas(&b, &MINER), 2600);
    b.env.fork = FORK_SHANGHAI; /* EIP-3651 */
    CHECK_INT(balance_gas(&b, &MINER), 100);
    b.env.fork = FORK_ISTANBUL;
    CHECK_INT(balance_gas(&b, &b.alice), 700);
    bench_close(&b);
}

TEST(listed_and_delegated_addresses_are_warm)
{
    uint8_t delegation[23] = {0xef, 0x01, 0x00};
    struct tx_access access = {.address = MINER};
    struct bench b;
    bench_open(&b, FORK_BERLIN);
    b.tx.type = TX_ACCESS_LIST;
    b.tx.has_chain_id = true;
    b.tx.chain_id = 1;
    b.tx.access = &access;
    b.tx.access_count = 1;
    CHECK_INT(balance_gas(&b, &MINER), 2400 + 100);
    bench_close(&b);

    bench_open(&b, FORK_PRAGUE);
    uint8_t code[22] = {0x73, [21] = 0x31}; /* at CODE: its own balance is warm, as the target */
    memcpy(code + 1, CODE.b, 20);
    put_code(&b, &CODE, code, sizeof code);
    memcpy(delegation + 3, CODE.b, 20);
    put_code(&b, &b.bob, delegation, sizeof delegation);
    b.tx.to = b.bob;
    CHECK_ERR(run(&b), E_OK);
    CHECK(b.receipt.success);
    CHECK_INT(b.receipt.gas_used, 21000 + 3 + 100);
    bench_close(&b);
}

/* --- blobs ------------------------------------------------------------------------------------ */

TEST(blobs_are_paid_and_burnt)
{
    struct hash hashes[4] = {{{1}}, {{1, 1}}, {{1, 2}}, {{1, 3}}};
    struct bench b;
    bench_open(&b, FORK_CANCUN);
    b.tx.type = TX_BLOB;
    b.tx.has_chain_id = true;
    b.tx.chain_id = 1;
    b.tx.blob_hashes = hashes;
    b.tx.blob_hash_count = 4;
    b.tx.max_fee_per_blob_gas = u256_from_u64(2);
    CHECK_ERR(run(&b), E_TX_BLOB_FEE);
    b.tx.max_fee_per_blob_gas = u256_from_u64(10);
    CHECK_ERR(run(&b), E_OK);
    uint64_t paid = 4 * 131072 * 3;
    CHECK_INT(state_balance(b.state, &b.alice).w[0], (intmax_t)(ETHER - paid));
    CHECK_INT(state_balance(b.state, &MINER).w[0], 0);
    CHECK_INT(b.x.blob_gas_used, 4 * 131072);
    b.tx.nonce = 1;
    CHECK_ERR(run(&b), E_TX_BLOBS); /* room for two more */
    b.tx.blob_hash_count = 2;
    state_set_balance(b.state, &b.alice, u256_from_u64(2 * 131072 * 10 - 1));
    CHECK_ERR(run(&b), E_TX_FUNDS); /* the cap counts, not the price */
    b.tx.max_fee_per_blob_gas = U256_MAX;
    CHECK_ERR(run(&b), E_TX_FUNDS);
    b.env.blobs_max = 0; /* a chain of ours */
    CHECK_ERR(run(&b), E_TX_TYPE);
    bench_close(&b);
}

TEST(code_sees_blob_hashes)
{
    static const uint8_t code[] = {0x60, 1, 0x49, 0x60, 0, 0x55}; /* SSTORE(0, BLOBHASH(1)) */
    struct hash hashes[2] = {{{1}}, {{1, 9}}}, zero = {{0}};
    struct bench b;
    bench_open(&b, FORK_CANCUN);
    put_code(&b, &OTHER, code, sizeof code);
    b.tx.type = TX_BLOB;
    b.tx.has_chain_id = true;
    b.tx.chain_id = 1;
    b.tx.blob_hashes = hashes;
    b.tx.blob_hash_count = 2;
    b.tx.max_fee_per_blob_gas = u256_from_u64(3);
    CHECK_ERR(run(&b), E_OK);
    struct bytes word = state_storage(b.state, &OTHER, &zero);
    CHECK(b.receipt.success && word.len == 32 && word.data[1] == 9);
    bench_close(&b);
}

/* --- old forks -------------------------------------------------------------------------------- */

TEST(a_beneficiary_without_a_fee)
{
    struct bench b;
    bench_open(&b, FORK_EIP150);
    CHECK_ERR(run(&b), E_OK);
    CHECK(state_is_listed(b.state, &MINER)); /* made by being paid nothing */
    CHECK(state_is_listed(b.state, &OTHER));
    bench_close(&b);
    bench_open(&b, FORK_EIP158);
    CHECK_ERR(run(&b), E_OK);
    CHECK(!state_is_listed(b.state, &MINER) && !state_is_listed(b.state, &OTHER));
    bench_close(&b);
}

/* Two clearings give 2 * 15000 back before London, 2 * 4800 after; capped at a half, a fifth. */
TEST(refunds_of_forks)
{
    static const uint8_t code[] = {0x60, 0, 0x60, 0, 0x55, 0x60, 0, 0x60, 1, 0x55};
    static const struct {
        enum fork fork;
        uint64_t used, refund;
    } rows[] = {{FORK_HOMESTEAD, 21000 + 12 + 10000, 15506},
                {FORK_BERLIN, 21000 + 12 + 10000, 15506},
                {FORK_LONDON, 21000 + 12 + 10000, 6202}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        struct hash slots[2] = {{{0}}, {{[31] = 1}}};
        bench_open(&b, rows[i].fork);
        put_code(&b, &OTHER, code, sizeof code);
        state_set_storage(b.state, &OTHER, &slots[0], bytes_str("x"));
        state_set_storage(b.state, &OTHER, &slots[1], bytes_str("x"));
        state_tx_begin(b.state);
        CHECK_ERR(run(&b), E_OK);
        CHECK_INT(b.receipt.gas_used, rows[i].used - rows[i].refund);
        bench_close(&b);
    }
}

/* Balances of a fixture may add up to more than 256 bits: they wrap, as in other clients. */
TEST(sums_beyond_256_bits_wrap)
{
    struct bench b;
    bench_open(&b, FORK_LONDON);
    state_set_balance(b.state, &MINER, U256_MAX);
    state_set_balance(b.state, &OTHER, U256_MAX);
    b.tx.max_fee = b.tx.max_priority_fee = u256_from_u64(1);
    b.tx.value = u256_from_u64(10);
    CHECK_ERR(run(&b), E_OK);
    CHECK_INT(state_balance(b.state, &MINER).w[0], 20999);
    CHECK_INT(state_balance(b.state, &OTHER).w[0], 9);
    bench_close(&b);
}

/* --- messages and interpreters ---------------------------------------------------------------- */

TEST(without_an_interpreter_contracts_are_refused)
{
    static const uint8_t stop[] = {0};
    struct bench b;
    bench_open(&b, FORK_OSAKA);
    put_code(&b, &OTHER, stop, 1);
    b.x.evm = NULL;
    CHECK_ERR(run(&b), E_OK);
    CHECK(!b.receipt.success && b.receipt.gas_used == b.tx.gas_limit);
    bench_close(&b);
}

TEST(interpreters_are_lent)
{
    struct evm_pool *p = evm_pool_new();
    struct evm *lent[20];
    for (int i = 0; i < 20; i++) {
        lent[i] = evm_pool_take(p);
        for (int k = 0; k < i; k++)
            CHECK(lent[i] != lent[k]);
    }
    for (int i = 0; i < 20; i++)
        evm_pool_give(p, lent[i]);
    struct evm *again = evm_pool_take(p);
    CHECK(again == lent[7]); /* the last one that was kept */
    evm_pool_give(p, again);
    evm_pool_free(p);
    evm_pool_free(NULL);
}
