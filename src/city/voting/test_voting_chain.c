/* Ballots on a chain: refused before they are queued, verified once, executed again by an audit and
 * by workers that read ahead; several threads at once. */
#include "chain/audit.h"
#include "chain/call.h"
#include "chain/rehearse.h"
#include "chain/replay.h"
#include "chain/test_ledger.h"

#include <pthread.h>

#include "belenios/ballot.h"
#include "belenios/trustees.h"
#include "city/test_bench.h"
#include "city/voting/verified.h"
#include "city/voting/voting.h"

#define VOTERS 24
#define OPENS (LEDGER_TIME + 30)
#define CLOSES (LEDGER_TIME + 60)
#define TEMPLATE                                                                                 \
    "{\\\"description\\\":\\\"\\\",\\\"name\\\":\\\"n\\\",\\\"questions\\\":[{\\\"answers\\\":[" \
    "\\\"oui\\\","                                                                               \
    "\\\"non\\\"],\\\"min\\\":1,\\\"max\\\":1,\\\"question\\\":\\\"q\\\"}]}"

enum { CLERK, REGISTRAR, TRUSTEE, PHONE }; /* accounts of the ledger */

struct poll {
    struct ledger l;
    struct bench b; /* its arena and its way of writing arguments */
    struct bel_election e;
    struct arena arena;
    struct ed_scalar x[VOTERS];
    uint8_t key32[VOTERS][32];
};

static struct tx call_of(struct poll *p, size_t from, struct bytes data, uint64_t gas)
{
    return (struct tx){.type = TX_DYNAMIC_FEE,
                       .has_chain_id = true,
                       .chain_id = LEDGER_CHAIN_ID,
                       .nonce = p->l.nonces[from],
                       .gas_limit = gas,
                       .to = VOTING_SERVICE.address,
                       .data = data};
}

static struct bytes encode(struct poll *p, const char *const *words)
{
    return bench_encode(&p->b, bench_method(&VOTING_SERVICE, words[0]), words + 1);
}

/* A transaction in a block of its own. */
static void send(struct poll *p, size_t from, const char *const *words)
{
    struct tx t = call_of(p, from, encode(p, words), 8000000);
    CHECK_ERR(ledger_send(&p->l, &t, from), E_OK);
    p->l.nonces[from]++;
    CHECK_INT(ledger_block(&p->l), 1);
}
#define SEND(p, from, ...) send(p, from, (const char *const[BENCH_ARGS + 1]){__VA_ARGS__})

/* A view's answer. */
static struct abi_value ask(struct poll *p, const char *const *words)
{
    struct chain_view *v;
    struct frame_result r = {0};
    struct abi_value out = {0};
    uint64_t gas;
    struct call_request request = {.to = VOTING_SERVICE.address, .data = encode(p, words)};
    CHECK_ERR(chain_view_open(p->l.chain, &v), E_OK);
    CHECK_ERR(chain_call(v, chain_view_head(v), &request, &p->arena, &r, &gas), E_OK);
    chain_view_close(v);
    CHECK_ERR(
        abi_decode(&out, &p->arena, &bench_method(&VOTING_SERVICE, words[0])->outputs, r.output),
        E_OK);
    return out;
}
#define ASK(p, ...) ask(p, (const char *const[BENCH_ARGS + 1]){__VA_ARGS__})

static const char *hex_of(struct poll *p, const void *data, size_t len)
{
    struct buf out = {0};
    buf_put_hex(&out, data, len);
    const char *text = arena_strdup(&p->arena, buf_cstr(&out));
    buf_free(&out);
    return text;
}

static const char *address_of(struct poll *p, size_t account)
{
    return hex_of(p, p->l.accounts[account].b, 20);
}

/* Keys that ascend as the roll wants them. */
static void make_voters(struct poll *p, struct buf *keys)
{
    for (size_t i = 0; i < VOTERS; i++) {
        p->x[i] = ed_scalar_of(i + 7);
        bel_credential_public(p->key32[i], &p->x[i]);
        for (size_t k = i; k > 0; k--) { /* insertion, by the reversed bytes */
            size_t byte = 31;
            while (byte && p->key32[k][byte] == p->key32[k - 1][byte])
                byte--;
            if (p->key32[k][byte] > p->key32[k - 1][byte])
                break;
            uint8_t key32[32];
            struct ed_scalar x = p->x[k];
            memcpy(key32, p->key32[k], 32);
            memcpy(p->key32[k], p->key32[k - 1], 32);
            memcpy(p->key32[k - 1], key32, 32);
            p->x[k] = p->x[k - 1];
            p->x[k - 1] = x;
        }
    }
    buf_put(keys, p->key32, sizeof p->key32);
}

/* A consultation, published, in `number` blocks. */
static bool poll_begin(struct poll *p)
{
    struct bel_key_message m;
    struct ed_scalar secret;
    struct buf keys = {0};
    struct diag d = {0};
    memset(p, 0, sizeof *p);
    services_init();
    ledger_keys(&p->l);
    const char *clerk = address_of(p, CLERK);
    if (!ledger_begin_with(&p->l,
                           arena_printf(&p->arena, "{\"voting\":{\"clerks\":[\"%s\"]}}", clerk)))
        return false;
    SEND(p, CLERK, "create",
         arena_printf(&p->arena, "[\"" TEMPLATE "\",%u,%u,0,\"%s\",[[0,[\"%s\"]]]]", OPENS, CLOSES,
                      address_of(p, REGISTRAR), address_of(p, TRUSTEE)));
    bel_single_make(&m, &secret, "aaaaaaaaaaaaaaaaaaaaaa");
    SEND(p, TRUSTEE, "postKey", "1", hex_of(p, &m, sizeof m));
    make_voters(p, &keys);
    SEND(p, REGISTRAR, "addVoters", "1", hex_of(p, keys.data, keys.len), "[]");
    SEND(p, CLERK, "publish", "1");
    CHECK_ERR(bel_election_read(&p->e, &p->arena, ASK(p, "electionOf", "1").item[0].bytes, &d),
              E_OK);
    CHECK_STR(d.text, "");
    bel_election_prepare(&p->e);
    buf_free(&keys);
    return true;
}

static void poll_end(struct poll *p)
{
    bel_election_free(&p->e);
    ledger_end(&p->l);
    arena_free(&p->b.arena);
    arena_free(&p->arena);
}

/* Blocks until the voting is open. */
static void wait_for(struct poll *p, uint64_t time_s)
{
    while (chain_head(p->l.chain).timestamp_s < time_s)
        ledger_block(&p->l);
    chain_tell_time(p->l.chain, time_s);
}

static struct bytes ballot_of(struct poll *p, size_t voter, uint8_t answer)
{
    uint8_t choice[2] = {answer == 0, answer == 1};
    struct buf packed = {0};
    struct diag d = {0};
    CHECK_ERR(bel_ballot_make(&packed, &p->e, &p->x[voter], choice, &p->arena, NULL, &d), E_OK);
    struct bytes copy = bytes_of(arena_dup(&p->arena, packed.data, packed.len), packed.len);
    buf_free(&packed);
    return copy;
}

static struct tx cast_of(struct poll *p, size_t from, struct bytes ballot)
{
    const char *words[] = {"cast", "1", hex_of(p, ballot.data, ballot.len), NULL};
    return call_of(p, from, encode(p, words), 400000);
}

static enum err offer(struct poll *p, struct tx *t, size_t from, struct diag *d)
{
    struct hash hash;
    struct bytes raw = ledger_sign(&p->l, t, from);
    *d = (struct diag){0};
    return pool_add(chain_pool(p->l.chain), raw, &hash, d);
}

static uint64_t ballots_cast(struct poll *p)
{
    return abi_get_u64(&ASK(p, "consultation", "1").item[0].item[10]);
}

TEST(pool_refuses_ballots_that_do_not_hold)
{
    struct poll p;
    struct diag d;
    REQUIRE(poll_begin(&p));
    struct bytes ballot = ballot_of(&p, 0, 1);
    struct tx t = cast_of(&p, PHONE, ballot);
    CHECK(chain_asks_rehearsal(p.l.chain, &t));
    CHECK_ERR(offer(&p, &t, PHONE, &d), E_REVERT); /* too early */
    CHECK(strncmp(d.text, "NotOpen(id=1, ", 14) == 0);
    chain_tell_time(p.l.chain, OPENS); /* the head is older: its time is not what counts */
    CHECK_ERR(offer(&p, &t, PHONE, &d), E_OK);
    wait_for(&p, OPENS);
    p.l.nonces[PHONE]++;
    CHECK_INT(ballots_cast(&p),
              0); /* it stood in a block before the opening, by the block's time */

    t = cast_of(&p, PHONE, ballot);
    CHECK_ERR(offer(&p, &t, PHONE, &d), E_OK);
    p.l.nonces[PHONE]++;
    CHECK_INT(ledger_block(&p.l), 1);
    CHECK_INT(ballots_cast(&p), 1);
    t = cast_of(&p, PHONE, ballot);
    CHECK_ERR(offer(&p, &t, PHONE, &d), E_REVERT);
    CHECK(strncmp(d.text, "KnownBallot(", 12) == 0);

    uint8_t *changed = arena_dup(&p.arena, ballot.data, ballot.len);
    changed[ballot.len - 1] ^= 1;
    t = cast_of(&p, PHONE, bytes_of(changed, ballot.len));
    CHECK_ERR(offer(&p, &t, PHONE, &d), E_REVERT);
    CHECK(strncmp(d.text, "InvalidBallot(rule=\"signature\"): ", 33) == 0 && d.text[33]);
    CHECK_INT(pool_stats(chain_pool(p.l.chain)).pending, 0);
    CHECK_ERR(pool_add(chain_pool(p.l.chain), ledger_sign(&p.l, &t, PHONE), &t.hash, NULL),
              E_REVERT); /* nobody asks why */

    /* what is cheaper to ask is asked first: no ballot is verified for a sender without a future */
    uint64_t work = verified_work();
    t = cast_of(&p, PHONE, ballot_of(&p, 1, 0));
    t.nonce--;
    CHECK_ERR(offer(&p, &t, PHONE, &d), E_TX_NONCE_LOW);
    t = cast_of(&p, PHONE, ballot_of(&p, 1, 0));
    t.value = u256_from_u64(1);
    CHECK_ERR(offer(&p, &t, PHONE, &d), E_REVERT);
    CHECK_STR(d.text, "NotPayable()");
    CHECK_INT(verified_work(), work);
    t = cast_of(&p, PHONE, ballot_of(&p, 1, 0));
    t.gas_limit = 60000; /* enough for the transaction, not for the ballot */
    CHECK_ERR(offer(&p, &t, PHONE, &d), E_OUT_OF_GAS);
    CHECK(d.text[0] != 0);
    poll_end(&p);
}

/* A ballot is verified when it is offered, and never again by the node that took it. */
TEST(ballots_are_verified_once)
{
    struct poll p;
    struct diag d;
    REQUIRE(poll_begin(&p));
    wait_for(&p, OPENS);
    uint64_t work = verified_work();
    for (size_t i = 0; i < VOTERS; i++) {
        struct tx t = cast_of(&p, PHONE, ballot_of(&p, i, i % 2));
        CHECK_ERR(offer(&p, &t, PHONE, &d), E_OK);
        p.l.nonces[PHONE]++;
    }
    CHECK_INT(verified_work(), work + VOTERS);
    CHECK_INT(ledger_block(&p.l), VOTERS);
    CHECK_INT(ballots_cast(&p), VOTERS);
    CHECK_INT(verified_work(), work + VOTERS);
    poll_end(&p);
}

static void audit(struct poll *p, enum replay_mode mode)
{
    struct audit_report report = {0};
    struct diag d = {0};
    replay_mode = mode;
    CHECK_ERR(audit_run(chain_store(p->l.chain), test_tmpdir(), NULL, &report, &d), E_OK);
    CHECK_STR(d.text, "");
    CHECK(report.transactions >= VOTERS);
    replay_mode = REPLAY_AUTO;
}

TEST(an_audit_executes_ballots_again)
{
    struct poll p;
    struct diag d;
    REQUIRE(poll_begin(&p));
    wait_for(&p, OPENS);
    for (size_t i = 0; i < VOTERS; i++) {
        struct tx t = cast_of(&p, PHONE, ballot_of(&p, i / 2, i % 2)); /* everybody twice */
        CHECK_ERR(offer(&p, &t, PHONE, &d), E_OK);
        p.l.nonces[PHONE]++;
        if (i % 5 == 4)
            ledger_block(&p.l);
    }
    ledger_block(&p.l);
    CHECK_INT(ballots_cast(&p), VOTERS);
    CHECK_INT(abi_get_u64(&ASK(&p, "consultation", "1").item[0].item[11]), VOTERS / 2);
    wait_for(&p, CLOSES);
    SEND(&p, PHONE, "tally", "1");
    audit(&p, REPLAY_IN_TURN);
    audit(&p, REPLAY_AUTO);
    poll_end(&p);
}

/* --- threads ---------------------------------------------------------------------------------- */

struct sending {
    pthread_t thread;
    struct pool *pool;
    struct bytes raws[VOTERS];
    size_t count;
    size_t taken, refused;
};

static void *send_all(void *arg)
{
    struct sending *s = arg;
    struct hash hash;
    for (size_t i = 0; i < s->count; i++) {
        struct diag d = {0};
        enum err e = pool_add(s->pool, s->raws[i], &hash, &d);
        *(e == E_OK ? &s->taken : &s->refused) += 1;
    }
    return NULL;
}

TEST(threads_offer_ballots_while_blocks_are_made)
{
    enum { THREADS = 4 };
    struct poll p;
    static struct sending sendings[THREADS];
    REQUIRE(poll_begin(&p));
    wait_for(&p, OPENS);
    static const size_t FROM[THREADS] = {CLERK, REGISTRAR, PHONE, TRUSTEE};
    for (size_t s = 0; s < THREADS; s++)
        sendings[s] = (struct sending){.pool = chain_pool(p.l.chain)};
    for (size_t i = 0; i < VOTERS; i++) {
        size_t s = i % (THREADS - 1);
        struct sending *spoilt = &sendings[THREADS - 1];
        struct bytes ballot = ballot_of(&p, i, 0);
        struct tx t = cast_of(&p, FROM[s], ballot);
        sendings[s].raws[sendings[s].count++] = ledger_sign(&p.l, &t, FROM[s]);
        p.l.nonces[FROM[s]]++;
        uint8_t *bad = arena_dup(&p.arena, ballot.data, ballot.len);
        bad[40] ^= 1;
        t = cast_of(&p, TRUSTEE, bytes_of(bad, ballot.len));
        spoilt->raws[spoilt->count++] = ledger_sign(&p.l, &t, TRUSTEE);
    }
    for (size_t s = 0; s < THREADS; s++)
        REQUIRE(pthread_create(&sendings[s].thread, NULL, send_all, &sendings[s]) == 0);
    for (int i = 0; i < 10; i++)
        ledger_block(&p.l);
    for (size_t s = 0; s < THREADS; s++)
        pthread_join(sendings[s].thread, NULL);
    while (pool_stats(chain_pool(p.l.chain)).pending)
        ledger_block(&p.l);
    CHECK_INT(ballots_cast(&p), VOTERS);
    CHECK_INT(sendings[THREADS - 1].taken, 0);
    for (size_t s = 0; s + 1 < THREADS; s++)
        CHECK_INT(sendings[s].refused, 0);
    poll_end(&p);
}
