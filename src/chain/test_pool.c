/* Tests of the pool: every refusal, order, gaps, replacement, bounds, threads. */
#include "chain/pool.h"
#include "chain/test_ledger.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/limits.h"
#include "chain/ptr_map.h"
#include "chain/recent.h"

/* refused sends t and expects an error. */
static void refused(struct ledger *l, struct tx *t, size_t from, enum err expected)
{
    CHECK_ERR(ledger_send(l, t, from), expected);
}

TEST(every_refusal_has_its_code)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct hash hash;
    struct pool *pool = chain_pool(l.chain);
    CHECK_ERR(pool_add(pool, (struct bytes){0}, &hash, NULL), E_RLP); /* as a peer may send it */
    CHECK_ERR(pool_add(pool, bytes_str("\x02nonsense"), &hash, NULL), E_RLP);
    CHECK_ERR(pool_add(pool, bytes_str("\x05\xc0"), &hash, NULL), E_TX_TYPE);
    struct hash blob = {{1}};
    struct tx with_blob = ledger_unsigned(&l, 0, 1, 1);
    with_blob.type = TX_BLOB;
    with_blob.blob_hashes = &blob;
    with_blob.blob_hash_count = 1;
    refused(&l, &with_blob, 0, E_TX_TYPE); /* no chain of ours carries blobs */
    uint8_t *huge = mem_zalloc(1, LIMIT_TX_BYTES + 1);
    CHECK_ERR(pool_add(pool, bytes_of(huge, LIMIT_TX_BYTES + 1), &hash, NULL), E_TX_TOO_LARGE);
    mem_free(huge);

    ledger_transfer(&l, 0, 1, 1);
    CHECK_INT(ledger_block(&l), 1);
    struct tx t = ledger_unsigned(&l, 0, 1, 1);
    t.chain_id = 1;
    refused(&l, &t, 0, E_TX_CHAIN_ID);
    t = ledger_unsigned(&l, 0, 1, 1);
    t.nonce = 0;
    refused(&l, &t, 0, E_TX_NONCE_LOW);
    t.nonce = 1 + LIMIT_POOL_PER_SENDER;
    refused(&l, &t, 0, E_TX_NONCE_HIGH);
    t.nonce = UINT64_MAX;
    refused(&l, &t, 0, E_TX_NONCE_MAX);
    t = ledger_unsigned(&l, 7, 1, 1);
    refused(&l, &t, 7, E_TX_FUNDS);
    t = ledger_unsigned(&l, 0, 1, 0);
    t.value = U256_MAX;
    refused(&l, &t, 0, E_TX_FUNDS);
    t = ledger_unsigned(&l, 0, 1, 1);
    t.gas_limit = 20999;
    refused(&l, &t, 0, E_TX_INTRINSIC_GAS);
    t.gas_limit = LIMIT_TX_GAS + 1;
    refused(&l, &t, 0, E_TX_GAS_LIMIT);
    t = ledger_unsigned(&l, 0, 1, 1);
    t.max_priority_fee = u256_from_u64(2);
    t.max_fee = u256_from_u64(1);
    refused(&l, &t, 0, E_TX_FEE);

    t = ledger_unsigned(&l, 0, 1, 1);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    refused(&l, &t, 0, E_TX_KNOWN);
    struct tx other = ledger_unsigned(&l, 0, 2, 1); /* same nonce, also free */
    refused(&l, &other, 0, E_TX_UNDERPRICED);
    struct pool_stats stats = pool_stats(pool);
    CHECK(stats.pending == 1 && stats.queued == 0 && stats.bytes == t.raw.len);
    struct buf raw = {0};
    CHECK_ERR(pool_get(pool, &t.hash, &raw), E_OK);
    CHECK(bytes_eq(buf_view(&raw), t.raw));
    CHECK_ERR(pool_get(pool, &other.hash, &raw), E_NOT_FOUND);
    buf_free(&raw);
    ledger_end(&l);
}

/* A set-code transaction of `from` with authorizations by the accounts named. */
static struct tx delegating(struct ledger *l, size_t from, struct tx_auth *auths,
                            const size_t *signers, size_t count)
{
    struct tx t = ledger_unsigned(l, from, 6, 0);
    t.type = TX_SET_CODE;
    t.gas_limit = 200000;
    t.auths = auths;
    t.auth_count = count;
    for (size_t i = 0; i < count; i++)
        CHECK_ERR(tx_auth_sign(&auths[i], l->keys[signers[i]]), E_OK);
    return t;
}

/* EIP-7702: an authorization moves its account's nonce on without a transaction of the account; the
 * pool follows, and an account that delegates still sends. */
TEST(authorizations_move_nonces)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    struct tx_auth auths[2] = {{.address = {{0xcc}}, .nonce = 0},
                               {.address = {{0xcc}}, .nonce = 1}};
    /* account 1 has two waiting; account 0 takes along 1's authorization for nonce 0, and its own
     */
    ledger_transfer(&l, 1, 2, 1);
    ledger_transfer(&l, 1, 2, 1);
    struct tx t = delegating(&l, 0, auths, (size_t[]){1, 0}, 2);
    struct hash hash;
    struct bytes raw = ledger_sign(&l, &t, 0);
    CHECK_ERR(pool_add(pool, raw, &hash, NULL), E_OK);
    l.nonces[0] = 2;
    CHECK_INT(ledger_block(&l),
              3); /* 1's first came before the authorization: that one is skipped */
    uint64_t nonce = 0;
    (void)ledger_balance(&l, 0, &nonce);
    CHECK_INT(nonce, 2);
    CHECK_INT(pool_next_nonce(pool, &l.accounts[0], 0), 2);
    (void)ledger_balance(&l, 1, &nonce);
    CHECK_INT(nonce, 2);
    ledger_transfer(&l, 0, 2, 1); /* a delegated account sends */
    CHECK_INT(ledger_block(&l), 1);
    /* now the authorization comes first: the nonce that waits is used up by it */
    auths[0] = (struct tx_auth){.address = {{0xcd}}, .nonce = 2};
    t = delegating(&l, 0, auths, (size_t[]){1}, 1);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    ledger_transfer(&l, 1, 2, 1); /* nonce 2 */
    ledger_transfer(&l, 1, 2, 1); /* nonce 3 */
    CHECK_INT(pool_stats(pool).pending, 3);
    CHECK_INT(ledger_block(&l), 2); /* nonce 2 was too low by then, 3 went through */
    struct pool_stats stats = pool_stats(pool);
    CHECK(stats.pending == 0 && stats.queued == 0);
    (void)ledger_balance(&l, 1, &nonce);
    CHECK_INT(nonce, 4);
    ledger_transfer(&l, 1, 2, 1); /* nonce 4 */
    CHECK_INT(ledger_block(&l), 1);
    ledger_end(&l);
}

/* A third party's authorization passes a nonce for which one waits behind it in the same pool. */
TEST(a_nonce_used_up_by_an_authorization_is_dropped)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    struct tx_auth auth = {.address = {{0xcc}}, .nonce = 0};
    struct tx t = delegating(&l, 0, &auth, (size_t[]){1}, 1);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    ledger_transfer(&l, 1, 2, 5);
    CHECK_INT(ledger_block(&l), 1);
    struct pool_stats stats = pool_stats(pool);
    CHECK(stats.pending == 0 && stats.queued == 0);
    CHECK_INT(pool_next_nonce(pool, &l.accounts[1], 0), 1);
    ledger_transfer(&l, 1, 2, 5); /* nonce 1 */
    CHECK_INT(ledger_block(&l), 1);
    ledger_end(&l);
}

TEST(a_tampered_signature_is_another_sender)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct tx t = ledger_unsigned(&l, 0, 1, 1);
    struct hash hash;
    struct bytes raw = ledger_sign(&l, &t, 0);
    uint8_t *copy = arena_dup(&l.arena, raw.data, raw.len);
    copy[raw.len - 40] ^= 1; /* in r: recovers to a stranger without funds, or to nobody */
    enum err e = pool_add(chain_pool(l.chain), bytes_of(copy, raw.len), &hash, NULL);
    CHECK(e == E_TX_FUNDS || e == E_SIGNATURE);
    ledger_end(&l);
}

TEST(replacing_needs_a_tenth_more)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    struct tx t = ledger_unsigned(&l, 0, 1, 1), first;
    t.max_fee = t.max_priority_fee = u256_from_u64(100);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    first = t;
    ledger_transfer(&l, 1, 2, 1);
    t.value = u256_from_u64(2);
    t.max_fee = t.max_priority_fee = u256_from_u64(109);
    refused(&l, &t, 0, E_TX_UNDERPRICED);
    t.max_fee = u256_from_u64(110);
    refused(&l, &t, 0, E_TX_UNDERPRICED);
    t.max_priority_fee = u256_from_u64(110);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    struct buf raw = {0};
    CHECK_ERR(pool_get(pool, &first.hash, &raw), E_NOT_FOUND);
    buf_free(&raw);
    CHECK_INT(pool_stats(pool).pending, 2);
    struct tx *taken[4];
    CHECK_INT(pool_take(pool, taken, 4, UINT64_MAX, SIZE_MAX), 2);
    CHECK(hash_eq(&taken[0]->hash, &t.hash)); /* kept its turn */
    t.max_fee = t.max_priority_fee = u256_from_u64(1000);
    refused(&l, &t, 0, E_TX_UNDERPRICED); /* stands in a block in hand */
    pool_return(pool);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    ledger_end(&l);
}

/* A replacement has to fit like anything else: its sender would otherwise fill the memory with what
 * began small. */
TEST(replacing_keeps_the_byte_bound)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    const size_t max = 64u << 10;
    uint8_t *zeros = mem_zalloc(1, max);
    pool_limit(pool, 100, max);
    for (uint64_t n = 1; n <= 4; n++) { /* behind a gap, and free */
        struct tx small = ledger_unsigned(&l, 0, 1, 0);
        small.nonce = n;
        CHECK_ERR(ledger_send(&l, &small, 0), E_OK);
    }
    for (uint64_t n = 1; n <= 4; n++) {
        struct tx large = ledger_unsigned(&l, 0, 1, 0);
        large.nonce = n;
        large.max_fee = large.max_priority_fee = u256_from_u64(1);
        large.gas_limit = 2000000;
        large.data = bytes_of(zeros, max / 2 - 200);
        CHECK_ERR(ledger_send(&l, &large, 0), n == 1 ? E_OK : E_POOL_FULL);
    }
    CHECK(pool_stats(pool).bytes <= max);
    /* one that is no longer than what it replaces finds its place however full the pool is */
    struct tx again = ledger_unsigned(&l, 0, 1, 0);
    again.nonce = 1;
    again.max_fee = again.max_priority_fee = u256_from_u64(2);
    CHECK_ERR(ledger_send(&l, &again, 0), E_OK);
    pool_limit(pool, 4, 1);
    again.max_fee = again.max_priority_fee = u256_from_u64(3);
    CHECK_ERR(ledger_send(&l, &again, 0), E_OK);
    mem_free(zeros);
    ledger_end(&l);
}

/* An authorization raises its signer's nonce too: the transaction after it must not wait for ever.
 */
TEST(an_authorization_moves_the_nonce_on)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct tx_auth auths[2] = {
        {.chain_id = u256_from_u64(LEDGER_CHAIN_ID), .address = l.accounts[5], .nonce = 1},
        {.chain_id = u256_from_u64(LEDGER_CHAIN_ID), .address = l.accounts[5], .nonce = 1}};
    CHECK_ERR(tx_auth_sign(&auths[0], l.keys[0]), E_OK); /* the sender's own */
    CHECK_ERR(tx_auth_sign(&auths[1], l.keys[1]), E_OK); /* another's, who has sent before */
    ledger_transfer(&l, 1, 2, 1);
    CHECK_INT(ledger_block(&l), 1);
    struct tx t = ledger_unsigned(&l, 0, 3, 1);
    t.type = TX_SET_CODE;
    t.gas_limit = 100000;
    t.auths = auths;
    t.auth_count = 2;
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    CHECK_INT(ledger_block(&l), 1);
    for (size_t from = 0; from < 2; from++) {
        l.nonces[from] = 2;
        struct tx low = ledger_unsigned(&l, from, 3, 1);
        low.nonce = 1;
        refused(&l, &low, from, E_TX_NONCE_LOW);
        CHECK_INT(pool_next_nonce(chain_pool(l.chain), &l.accounts[from], 2), 2);
        ledger_transfer(&l, from, 3, 1);
    }
    CHECK_INT(pool_stats(chain_pool(l.chain)).pending, 2);
    CHECK_INT(ledger_block(&l), 2);
    ledger_end(&l);
}

/* EIP-7702: code that an account delegates to can create contracts, which raises the account's
 * nonce in a transaction of anybody; it is in no list of the block's transactions. */
TEST(a_delegated_account_that_creates_moves_on)
{
    struct ledger l, what = {.alloc = "\"cc00000000000000000000000000000000000000\": {\"balance\": "
                                      "\"0\", \"code\": \"0x600060006000f000\"}"};
    REQUIRE(ledger_begin_as(&l, &what));
    struct pool *pool = chain_pool(l.chain);
    ledger_transfer(&l, 1, 2, 1); /* the pool knows account 1 */
    CHECK_INT(ledger_block(&l), 1);
    struct tx_auth auth = {.address = {{0xcc}}, .nonce = 1};
    struct tx t = delegating(&l, 0, &auth, (size_t[]){1}, 1);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    l.nonces[0]++;
    CHECK_INT(ledger_block(&l), 1);
    t = ledger_unsigned(&l, 0, 1, 0); /* anybody calls it */
    t.gas_limit = 200000;
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    l.nonces[0]++;
    CHECK_INT(ledger_block(&l), 1);
    uint64_t nonce = 0;
    (void)ledger_balance(&l, 1, &nonce);
    CHECK_INT(nonce, 3);
    CHECK_INT(pool_next_nonce(pool, &l.accounts[1], 0), 3);
    l.nonces[1] = 3;
    ledger_transfer(&l, 1, 2, 5);
    CHECK_INT(pool_stats(pool).pending, 1);
    CHECK_INT(ledger_block(&l), 1);
    /* and where one waits with the nonce that the call uses up */
    t.nonce = l.nonces[0]++;
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    ledger_transfer(&l, 1, 2, 5); /* nonce 4 */
    ledger_transfer(&l, 1, 2, 5);
    CHECK_INT(ledger_block(&l), 2);
    struct pool_stats stats = pool_stats(pool);
    CHECK(stats.pending == 0 && stats.queued == 0 && stats.bytes == 0);
    CHECK_INT(pool_next_nonce(pool, &l.accounts[1], 0), 6);
    ledger_end(&l);
}

static void send_nonce(struct ledger *l, size_t from, uint64_t nonce)
{
    struct tx t = ledger_unsigned(l, from, 1, 1);
    t.nonce = nonce;
    CHECK_ERR(ledger_send(l, &t, from), E_OK);
}

struct visit {
    uint64_t nonces[16];
    bool pending[16];
    size_t count;
};

static void note(void *ctx, const struct tx *t, bool pending)
{
    struct visit *v = ctx;
    v->nonces[v->count % 16] = t->nonce;
    v->pending[v->count++ % 16] = pending;
}

TEST(gaps_wait_and_close)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    send_nonce(&l, 0, 3);
    send_nonce(&l, 0, 1);
    send_nonce(&l, 0, 4);
    CHECK_INT(pool_wait(pool, 0), 0);
    CHECK_INT(pool_next_nonce(pool, &l.accounts[0], 0), 0);
    CHECK_INT(pool_stats(pool).queued, 3);
    send_nonce(&l, 0, 0);
    CHECK_INT(pool_wait(pool, 0), 2);
    CHECK_INT(pool_next_nonce(pool, &l.accounts[0], 0), 2);
    CHECK_INT(pool_next_nonce(pool, &l.accounts[1], 7), 7);
    struct visit v = {0};
    pool_visit(pool, note, &v);
    CHECK(v.count == 4 && v.nonces[1] == 1 && v.pending[1] && v.nonces[2] == 3 && !v.pending[2]);
    CHECK_INT(ledger_block(&l), 2);
    CHECK_INT(pool_stats(pool).queued, 2);
    send_nonce(&l, 0, 2);
    CHECK_INT(ledger_block(&l), 3);
    uint64_t nonce;
    ledger_balance(&l, 0, &nonce);
    CHECK_INT(nonce, 5);
    CHECK_INT(pool_stats(pool).bytes, 0);
    ledger_end(&l);
}

TEST(taking_goes_by_arrival_and_keeps_limits)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    struct tx *taken[8];
    ledger_transfer(&l, 2, 1, 1);
    ledger_transfer(&l, 0, 1, 1);
    ledger_transfer(&l, 2, 1, 2);
    ledger_transfer(&l, 1, 0, 1);
    CHECK_INT(pool_take(pool, taken, 3, UINT64_MAX, SIZE_MAX), 3);
    CHECK(address_eq(&taken[0]->sender, &l.accounts[2]) && taken[0]->nonce == 0);
    CHECK(address_eq(&taken[1]->sender, &l.accounts[0]));
    CHECK(address_eq(&taken[2]->sender, &l.accounts[2]) && taken[2]->nonce == 1);
    CHECK_INT(pool_stats(pool).pending, 4);
    CHECK_INT(pool_wait(pool, 0), 1);
    pool_return(pool);
    struct tx *again[8];
    CHECK_INT(pool_take(pool, again, 8, 3 * 21000 + 20999, SIZE_MAX), 3);
    CHECK(memcmp(taken, again, 3 * sizeof taken[0]) == 0); /* the old order */
    pool_return(pool);
    CHECK_INT(pool_take(pool, again, 8, UINT64_MAX, taken[0]->raw.len), 1);
    pool_return(pool);
    ledger_end(&l);
}

/* A block that another node made: its transactions leave, others move up. */
TEST(blocks_of_others_clear_the_pool)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    struct tx foreign = ledger_unsigned(&l, 0, 2, 77), *order[1] = {&foreign};
    const struct block *b;
    struct diag d;
    ledger_sign(&l, &foreign, 0);
    CHECK_ERR(tx_recover(&foreign), E_OK);
    ledger_transfer(&l, 0, 1, 1); /* same nonce as foreign */
    ledger_transfer(&l, 0, 1, 2);
    send_nonce(&l, 0, 3);
    struct proposal p = {1, LEDGER_TIME + 1, l.proposer, order, 1};
    CHECK_ERR(chain_finalize(l.chain, &p, false, &b, &d), E_OK);
    CHECK_ERR(ledger_commit(&l, b), E_OK);
    struct pool_stats stats = pool_stats(pool);
    CHECK(stats.pending == 1 && stats.queued == 1);
    CHECK_INT(pool_next_nonce(pool, &l.accounts[0], 1), 2);
    CHECK_INT(ledger_block(&l), 1);
    ledger_end(&l);
}

TEST(contracts_cannot_send)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct tx t = ledger_unsigned(&l, LEDGER_CONTRACT, 1, 1);
    refused(&l, &t, LEDGER_CONTRACT, E_TX_SENDER_CODE);
    ledger_end(&l);
}

TEST(a_quota_bounds_admission_and_comes_back)
{
    struct ledger l;
    REQUIRE(ledger_begin_with(&l, "{\"money\": {\"quotaGas\": 63000, \"quotaPeriod_s\": 3600}}"));
    for (int i = 0; i < 3; i++) {
        ledger_transfer(&l, 0, 1, 1);
        CHECK_INT(ledger_block(&l), 1);
    }
    struct tx t = ledger_unsigned(&l, 0, 1, 1);
    refused(&l, &t, 0, E_TX_QUOTA);
    ledger_transfer(&l, 1, 0, 1); /* others have their own */
    chain_tell_time(l.chain, LEDGER_TIME + 7200);
    CHECK_ERR(ledger_send(&l, &t, 0), E_OK);
    ledger_end(&l);
}

TEST(only_members_are_admitted)
{
    struct ledger l;
    REQUIRE(ledger_begin_with(&l, "{\"money\": {\"admission\": \"members\"}}"));
    struct tx t = ledger_unsigned(&l, 0, 1, 1);
    refused(&l, &t, 0, E_TX_NOT_MEMBER);
    ledger_end(&l);
}

TEST(a_full_pool_makes_room_only_behind_gaps)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    pool_limit(pool, 3, SIZE_MAX);
    send_nonce(&l, 1, 5);
    send_nonce(&l, 0, 2);
    send_nonce(&l, 0, 0);
    struct tx gapped = ledger_unsigned(&l, 2, 1, 1), t;
    gapped.nonce = 7;
    refused(&l, &gapped, 2, E_POOL_FULL);
    send_nonce(&l, 2, 0); /* pushes account 1's out: the oldest behind a gap */
    struct visit v = {0};
    pool_visit(pool, note, &v);
    CHECK_INT(v.count, 3);
    CHECK_INT(pool_stats(pool).queued, 1);
    send_nonce(&l, 3, 0);
    CHECK_INT(pool_stats(pool).queued, 0);
    t = ledger_unsigned(&l, 4, 1, 1);
    refused(&l, &t, 4, E_POOL_FULL);
    CHECK_INT(ledger_block(&l), 3);
    pool_limit(pool, 10, t.raw.len);
    CHECK_ERR(ledger_send(&l, &t, 4), E_OK);
    t = ledger_unsigned(&l, 3, 1, 1);
    t.nonce = 1;
    refused(&l, &t, 3, E_POOL_FULL); /* by bytes */
    ledger_end(&l);
}

TEST(one_sender_is_bounded)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    /* gas 0 would be refused, signing is the slow part: fill from both ends of the window */
    for (uint64_t n = 0; n < 300; n++)
        send_nonce(&l, 0, LIMIT_POOL_PER_SENDER - 1 - n);
    CHECK_INT(pool_stats(chain_pool(l.chain)).queued, 300);
    struct tx t = ledger_unsigned(&l, 0, 1, 1);
    t.nonce = LIMIT_POOL_PER_SENDER;
    refused(&l, &t, 0, E_TX_NONCE_HIGH);
    ledger_end(&l);
}

/* foreign_block commits a block of other nodes: one transfer of an account. */
static void foreign_block(struct ledger *l, size_t from, size_t to, struct u256 value)
{
    struct tx t = ledger_unsigned(l, from, to, 0), *order[1] = {&t};
    const struct block *b;
    struct diag d = {""};
    uint64_t number = chain_head(l->chain).number + 1;
    t.value = value;
    ledger_sign(l, &t, from);
    l->nonces[from]++;
    CHECK_ERR(tx_recover(&t), E_OK);
    struct proposal p = {number, LEDGER_TIME + number, l->proposer, order, 1};
    CHECK_ERR(chain_finalize(l->chain, &p, false, &b, &d), E_OK);
    CHECK_ERR(ledger_commit(l, b), E_OK);
}

/* A node that makes no blocks learns of no refusal by execution. */
TEST(what_cannot_be_paid_any_more_leaves_a_copy)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    struct u256 half; /* and a little more, of what the accounts have */
    (void)u256_mul(&half, u256_from_u64(UINT64_C(1000000000000000000)), u256_from_u64(501));
    send_nonce(&l, 1, 0);
    struct tx t = ledger_unsigned(&l, 1, 2, 0);
    t.nonce = 1;
    t.value = half;
    CHECK_ERR(ledger_send(&l, &t, 1), E_OK);
    send_nonce(&l, 1, 2);
    CHECK_INT(pool_stats(pool).pending, 3);
    foreign_block(&l, 1, 2, half); /* another with nonce 0 */
    struct pool_stats stats = pool_stats(pool);
    CHECK(stats.pending == 0 && stats.queued == 1);
    send_nonce(&l, 1, 1); /* the nonce is free again */
    CHECK_INT(pool_stats(pool).pending, 2);
    ledger_end(&l);
}

TEST(nothing_waits_unjudged_for_ever)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    send_nonce(&l, 1, 3); /* behind a gap */
    send_nonce(&l, 2, 0); /* executable, but no block of others has it */
    for (unsigned i = 0; i < POOL_WAIT_BLOCKS; i++)
        foreign_block(&l, 0, 3, u256_from_u64(1));
    CHECK_INT(pool_stats(pool).pending + pool_stats(pool).queued, 2); /* three hours are not over */
    chain_tell_time(l.chain, LEDGER_TIME + POOL_WAIT_S + POOL_WAIT_BLOCKS);
    send_nonce(&l, 4, 3);
    foreign_block(&l, 0, 3, u256_from_u64(1));
    struct pool_stats stats = pool_stats(pool);
    CHECK(stats.pending == 0 && stats.queued == 1); /* the late one has seen too few blocks */
    send_nonce(&l, 2, 0);
    chain_tell_time(l.chain, LEDGER_TIME + 3 * POOL_WAIT_S);
    for (unsigned i = 0; i < POOL_WAIT_BLOCKS; i++) { /* a node that makes blocks */
        ledger_transfer(&l, 0, 3, 1);
        (void)ledger_block(&l);
    }
    stats = pool_stats(pool);
    CHECK(stats.pending == 0 && stats.queued == 0 && stats.bytes == 0);
    uint64_t nonce;
    (void)ledger_balance(&l, 2, &nonce);
    CHECK_INT(nonce, 1);
    ledger_end(&l);
}

/* --- waiting and threads ---------------------------------------------------------------------- */

static void *wake_soon(void *arg)
{
    pool_wake(arg);
    return NULL;
}

TEST(waiting_ends_by_work_time_or_wake)
{
    struct ledger l;
    pthread_t thread;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    CHECK_INT(pool_wait(pool, 1), 0);
    REQUIRE(pthread_create(&thread, NULL, wake_soon, pool) == 0);
    CHECK_INT(pool_wait(pool, 60000), 0);
    pthread_join(thread, NULL);
    ledger_transfer(&l, 0, 1, 1);
    CHECK_INT(pool_wait(pool, 60000), 1);
    ledger_end(&l);
}

#define SENDERS 4
#define PER_SENDER 150

struct sending {
    pthread_t thread;
    struct pool *pool;
    struct bytes raws[PER_SENDER];
    _Atomic unsigned refused;
};

static void *send_all(void *arg)
{
    struct sending *s = arg;
    struct hash hash;
    for (size_t i = 0; i < PER_SENDER; i++)
        if (pool_add(s->pool, s->raws[i], &hash, NULL) != E_OK)
            atomic_fetch_add(&s->refused, 1);
    return NULL;
}

TEST(threads_send_while_blocks_are_made)
{
    struct ledger l;
    static struct sending sendings[SENDERS];
    REQUIRE(ledger_begin(&l));
    for (size_t s = 0; s < SENDERS; s++) {
        sendings[s].pool = chain_pool(l.chain);
        for (size_t i = 0; i < PER_SENDER; i++) {
            struct tx t = ledger_unsigned(&l, s, 6, 1);
            sendings[s].raws[i] = ledger_sign(&l, &t, s);
            l.nonces[s]++;
        }
    }
    for (size_t s = 0; s < SENDERS; s++)
        REQUIRE(pthread_create(&sendings[s].thread, NULL, send_all, &sendings[s]) == 0);
    size_t included = 0;
    for (int idle = 0; included < SENDERS * PER_SENDER && idle < 100;) {
        if (!pool_wait(chain_pool(l.chain), 100)) {
            idle++;
            continue;
        }
        included += ledger_block(&l);
    }
    for (size_t s = 0; s < SENDERS; s++) {
        pthread_join(sendings[s].thread, NULL);
        CHECK_INT(sendings[s].refused, 0);
        uint64_t nonce;
        ledger_balance(&l, s, &nonce);
        CHECK_INT(nonce, PER_SENDER);
    }
    CHECK_INT(included, SENDERS * PER_SENDER);
    CHECK_INT(pool_stats(chain_pool(l.chain)).pending, 0);
    ledger_end(&l);
}

struct late {
    pthread_t thread;
    struct pool *pool;
    struct bytes raw;
    enum err error;
    _Atomic bool done;
};

static void *send_late(void *arg)
{
    struct late *late = arg;
    struct hash hash;
    late->error = pool_add(late->pool, late->raw, &hash, NULL);
    atomic_store(&late->done, true);
    return NULL;
}

/* Between the pool's moving on and the publishing of the head the store still gives the old nonces:
 * they are not to be learnt. */
TEST(nothing_is_learnt_between_two_heads)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct pool *pool = chain_pool(l.chain);
    struct tx foreign = ledger_unsigned(&l, 3, 2, 1), *order[1] = {&foreign};
    const struct block *b;
    struct diag d;
    ledger_sign(&l, &foreign, 3);
    CHECK_ERR(tx_recover(&foreign), E_OK);
    struct proposal p = {1, LEDGER_TIME + 1, l.proposer, order, 1};
    CHECK_ERR(chain_finalize(l.chain, &p, false, &b, &d), E_OK);
    pool_committed(pool, b, NULL, 0);
    l.nonces[3] = 1;
    struct tx second = ledger_unsigned(&l, 3, 2, 1);
    struct late late = {.pool = pool, .raw = ledger_sign(&l, &second, 3)};
    REQUIRE(pthread_create(&late.thread, NULL, send_late, &late) == 0);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    CHECK(!atomic_load(&late.done));
    CHECK_ERR(ledger_commit(&l, b), E_OK);
    pthread_join(late.thread, NULL);
    CHECK_ERR(late.error, E_OK);
    struct pool_stats stats = pool_stats(pool);
    CHECK(stats.pending == 1 && stats.queued == 0);
    CHECK_INT(ledger_block(&l), 1);
    ledger_end(&l);
}

/* --- the tables under it ---------------------------------------------------------------------- */

struct item {
    uint64_t value;
    uint8_t key[8];
};

TEST(ptr_map_agrees_with_a_plain_list)
{
    enum { ITEMS = 3000 };
    static struct item items[ITEMS];
    static bool in[ITEMS];
    struct ptr_map m = {.key_at = offsetof(struct item, key), .key_len = 8, .salt = 42};
    size_t count = 0;
    for (size_t i = 0; i < ITEMS; i++)
        be64_put(items[i].key, i % 2 ? i : i << 40); /* runs and collisions */
    for (int step = 0; step < 60000; step++) {
        size_t i = test_random() % ITEMS;
        if (in[i]) {
            CHECK(ptr_map_find(&m, items[i].key) == &items[i]);
            ptr_map_remove(&m, &items[i]);
        } else {
            CHECK(ptr_map_find(&m, items[i].key) == NULL);
            ptr_map_insert(&m, &items[i]);
        }
        in[i] = !in[i];
        count += in[i] ? 1 : (size_t)-1;
    }
    CHECK_INT(m.count, count);
    for (size_t i = 0; i < ITEMS; i++)
        CHECK((ptr_map_find(&m, items[i].key) != NULL) == in[i]);
    mem_free(m.slot);
}

static struct recent_block *block_of(uint64_t number, size_t tx_count, size_t extra_bytes)
{
    struct recent_block *b = recent_block_new();
    b->block.header.number = number;
    b->block.txs = arena_zalloc(&b->arena, tx_count + 1, sizeof(struct tx));
    b->block.tx_count = tx_count;
    for (size_t i = 0; i < tx_count; i++) {
        be64_put(b->block.txs[i].hash.b, number);
        be64_put(b->block.txs[i].hash.b + 8, i);
    }
    if (extra_bytes)
        (void)arena_alloc(&b->arena, extra_bytes);
    return b;
}

TEST(recent_blocks_are_bounded_and_shared)
{
    struct recent r;
    recent_init(&r, 1);
    struct recent_block *held = NULL;
    uint64_t number;
    size_t index;
    for (uint64_t n = 5; n < 5 + 2 * RECENT_BLOCKS; n++) {
        struct recent_block *b = block_of(n, 3, 0);
        recent_add(&r, b);
        recent_unref(b);
        if (n == 6)
            held = recent_get(&r, 6);
    }
    struct hash hash = {{0}};
    be64_put(hash.b, 6);
    be64_put(hash.b + 8, 2);
    CHECK(recent_get(&r, 6) == NULL && !recent_find_tx(&r, &hash, &number, &index));
    CHECK(held && held->block.header.number == 6 && hash_eq(&held->block.txs[2].hash, &hash));
    recent_unref(held);
    be64_put(hash.b, 5 + 2 * RECENT_BLOCKS - 1);
    CHECK(recent_find_tx(&r, &hash, &number, &index) && number == 4 + 2 * RECENT_BLOCKS);
    CHECK_INT(index, 2);
    CHECK_INT(r.count, RECENT_BLOCKS);
    struct recent_block *big = block_of(5 + 2 * RECENT_BLOCKS, 1, RECENT_BYTES_MAX);
    recent_add(&r, big); /* too large to have neighbours, but the newest is always kept */
    recent_unref(big);
    CHECK_INT(r.count, 1);
    CHECK(!recent_find_tx(&r, &hash, &number, &index));
    recent_fini(&r);
    recent_unref(NULL);
}
