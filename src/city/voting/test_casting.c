/* Ballots: who may cast one, when, and everything that is wrong with those that are refused. */
#include "belenios/proof.h"
#include "city/record.h"
#include "city/voting/election_cache.h"
#include "city/voting/price.h"
#include "city/voting/test_world.h"
#include "city/voting/verified.h"

#define ONE "[[0,[\"@ines\"]]]"

/* An election of one simple question, open. */
static void open_election(struct election_world *w, size_t voters)
{
    world_create(w, WORLD_TEMPLATE, "0", ONE);
    world_single(w, "ines");
    world_voters(w, voters, false);
    world_publish(w);
    world_at(w, WORLD_OPENS);
}

static const char *hex_of(struct election_world *w, struct bytes b)
{
    return world_hex(w, b.data, b.len);
}
static const char *key_of(struct election_world *w, size_t voter)
{
    return world_hex(w, w->voters[voter].key32, 32);
}

TEST(voting_time_of_ballots)
{
    struct election_world w;
    world_open(&w);
    open_election(&w, 2);
    const char *id = world_id(&w), *ballot = hex_of(&w, world_ballot(&w, 0, 0));
    world_at(&w, WORLD_OPENS - 1);
    SAY(&w, "NotOpen(id=1, opens=1700001000, closes=1700002000, time=1700000999)", "phone", "cast",
        id, ballot);
    SAY(&w, "NotOver(id=1, closes=1700002000, time=1700000999)", "x", "tally", id);
    SAY(&w, "NotOver(id=1, closes=1700002000, time=1700000999)", "x", "close", id);
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "NotOpen(id=1, opens=1700001000, closes=1700002000, time=1700002000)", "phone", "cast",
        id, ballot);
    world_at(&w, WORLD_CLOSES - 1);
    SAY(&w, "ok", "phone", "cast", id, ballot);
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "ok", "x", "close", id);
    SAY(&w, "NoChange()", "x", "close", id);
    SAY(&w, "WrongStatus(id=1, status=\"closed\")", "phone", "cast", id, ballot);
    world_close(&w);
}

TEST(voting_who_casts)
{
    struct election_world w;
    world_open(&w);
    open_election(&w, 3);
    const char *id = world_id(&w);
    /* a credential that is not on the roll */
    struct world_voter stranger = w.voters[2];
    bel_credential_new(stranger.credential);
    bel_credential_secret(&stranger.x, bel_version(1), w.e.uuid, stranger.credential);
    bel_credential_public(stranger.key32, &stranger.x);
    struct world_voter member = w.voters[2];
    w.voters[2] = stranger;
    SAY(&w,
        arena_printf(&w.arena, "UnknownCredential(id=1, key=%s)",
                     world_hex(&w, stranger.key32, 32)),
        "phone", "cast", id, hex_of(&w, world_ballot(&w, 2, 0)));
    w.voters[2] = member;
    /* struck out */
    SAY(&w, "NotAuthorised(account=@clerk, role=\"registrar\")", "clerk", "strike", id,
        key_of(&w, 1), "a voté sur papier");
    SAY(&w,
        arena_printf(&w.arena, "UnknownCredential(id=1, key=%s)",
                     world_hex(&w, stranger.key32, 32)),
        "registrar", "strike", id, world_hex(&w, stranger.key32, 32), "why");
    SAY(&w, "InvalidText(length=0, limit=1024)", "registrar", "strike", id, key_of(&w, 1), "");
    SAY(&w, "ok", "registrar", "strike", id, key_of(&w, 1), "a voté sur papier");
    SAY(&w, arena_printf(&w.arena, "CredentialStruck(id=1, key=%s)", key_of(&w, 1)), "registrar",
        "strike", id, key_of(&w, 1), "why");
    SAY(&w, arena_printf(&w.arena, "CredentialStruck(id=1, key=%s)", key_of(&w, 1)), "phone",
        "cast", id, hex_of(&w, world_ballot(&w, 1, 0)));
    world_cast(&w, 0, 1);
    SAY(&w, arena_printf(&w.arena, "HasVoted(id=1, key=%s)", key_of(&w, 0)), "registrar", "strike",
        id, key_of(&w, 0), "why");
    world_at(&w, WORLD_CLOSES);
    SAY(&w, "WrongStatus(id=1, status=\"closed\")", "registrar", "strike", id, key_of(&w, 2),
        "why");
    world_close(&w);
}

TEST(voting_copies)
{
    struct election_world w;
    world_open(&w);
    open_election(&w, 2);
    const char *id = world_id(&w);
    struct bytes first = world_ballot(&w, 0, 0), second = world_ballot(&w, 0, 1);
    struct hash tracker;
    CHECK_ERR(bel_ballot_hash(&tracker, &w.e, first), E_OK);
    SAY(&w, "ok", "phone", "cast", id, hex_of(&w, first));
    SAY(&w, "\"2\"", "x", "ballotHeight", id, world_hex(&w, tracker.b, 32));
    const char *known =
        arena_printf(&w.arena, "KnownBallot(tracker=%s, height=1)", world_hex(&w, tracker.b, 32));
    SAY(&w, known, "phone", "cast", id, hex_of(&w, first));
    SAY(&w, "ok", "phone", "cast", id, hex_of(&w, second));
    SAY(&w, known, "other", "cast", id, hex_of(&w, first)); /* an older one comes back */
    /* another voter's answers under one's own credential, and the reverse */
    struct bytes own = world_ballot(&w, 1, 2);
    uint8_t *copied = arena_dup(&w.arena, first.data, first.len);
    memcpy(copied, own.data, 32);
    SAY(&w, "InvalidBallot(rule=\"signature\")", "phone", "cast", id,
        hex_of(&w, bytes_of(copied, first.len)));
    /* the same question elsewhere */
    struct bel_election first_election = w.e;
    memset(&w.e, 0, sizeof w.e);
    world_create(&w, WORLD_TEMPLATE, "0", ONE);
    world_single(&w, "ines");
    SAY(&w, "ok", "registrar", "addVoters", world_id(&w), key_of(&w, 1), "[]");
    world_publish(&w);
    world_at(&w, WORLD_OPENS);
    SAY(&w, "InvalidBallot(rule=\"signature\")", "phone", "cast", world_id(&w), hex_of(&w, own));
    SAY(&w, "ok", "phone", "cast", id, hex_of(&w, own));
    bel_election_free(&first_election);
    world_close(&w);
}

/* Signs a changed ballot anew, as a program that cheats would do. */
static void sign_again(struct election_world *w, uint8_t *ballot, size_t len,
                       const struct ed_scalar *x)
{
    struct buf json = {0};
    struct hash h;
    char text[BEL_HASH_CHARS + 1];
    struct ed_scalar nonce = ed_secret_scalar();
    CHECK_ERR(bel_ballot_write(&json, &w->e, bytes_of(ballot, len)), E_OK);
    char *end = strstr((char *)(uintptr_t)buf_cstr(&json), ",\"signature\":");
    json.len = (size_t)((uint8_t *)end - json.data);
    buf_puts(&json, "}");
    sha256_once(&h, json.data, json.len);
    bel_hash_text(text, &h);
    bel_schnorr_prove(ballot + len - BEL_PROOF_BYTES, w->e.version, BEL_SIGNATURE, bytes_str(text),
                      x, &nonce);
    buf_free(&json);
}

/* A ballot whose proofs were made for other answers, signed by its voter all the same. */
TEST(voting_false_proofs)
{
    struct election_world w;
    struct diag why = {0};
    world_open(&w);
    open_election(&w, 1);
    w.b.world.why = &why;
    struct bytes ballot = world_ballot(&w, 0, 0);
    uint8_t *changed = arena_dup(&w.arena, ballot.data, ballot.len);
    uint8_t *proof = changed + 32 + 3 * 64; /* the first answer's first challenge */
    proof[31] ^= 1;
    sign_again(&w, changed, ballot.len, &w.voters[0].x);
    SAY(&w, "InvalidBallot(rule=\"proof\")", "phone", "cast", world_id(&w),
        world_hex(&w, changed, ballot.len));
    CHECK(strstr(why.text, "question 1, answer 1") != NULL);
    world_close(&w);
}

/* What a challenge reveals of a ballot is everything but its signature: it cannot be cast. */
TEST(voting_challenged_ballot)
{
    struct election_world w;
    world_open(&w);
    open_election(&w, 2);
    struct bytes ballot = world_ballot(&w, 0, 0), other = world_ballot(&w, 0, 1);
    uint8_t *unsigned_ = arena_dup(&w.arena, ballot.data, ballot.len);
    memset(unsigned_ + ballot.len - BEL_PROOF_BYTES, 0, BEL_PROOF_BYTES);
    SAY(&w, "InvalidBallot(rule=\"signature\")", "x", "cast", world_id(&w),
        world_hex(&w, unsigned_, ballot.len));
    memcpy(unsigned_ + ballot.len - BEL_PROOF_BYTES, /* the one under the voter's real ballot */
           other.data + other.len - BEL_PROOF_BYTES, BEL_PROOF_BYTES);
    SAY(&w, "ok", "phone", "cast", world_id(&w), hex_of(&w, other));
    SAY(&w, "InvalidBallot(rule=\"signature\")", "x", "cast", world_id(&w),
        world_hex(&w, unsigned_, ballot.len));
    world_close(&w);
}

/* Each byte of a ballot matters. */
TEST(voting_each_byte_flipped)
{
    struct election_world w;
    world_open(&w);
    open_election(&w, 1);
    const struct abi_entry *m = bench_method(&VOTING_SERVICE, "cast");
    struct bytes ballot = world_ballot(&w, 0, 0);
    uint8_t *changed = arena_dup(&w.arena, ballot.data, ballot.len);
    state_tx_begin(w.b.state);
    struct hash before = bench_digest(&w.b);
    for (size_t i = 0; i < ballot.len; i++) {
        changed[i] ^= (uint8_t)(1u << (i % 8));
        bench_send(
            &w.b, "phone", &VOTING_SERVICE,
            bench_encode(&w.b, m,
                         (const char *[]){world_id(&w), world_hex(&w, changed, ballot.len)}));
        struct hash after = bench_digest(&w.b);
        if (w.b.result.status != FRAME_REVERT || !hash_eq(&before, &after))
            test_fail(__FILE__, __LINE__, "byte %zu: %s", i, bench_outcome(&w.b, m));
        changed[i] = ballot.data[i];
    }
    test_count(ballot.len);
    SAY(&w, "InvalidBallot(rule=\"invalid\")", "phone", "cast", world_id(&w),
        world_hex(&w, ballot.data, ballot.len - 1));
    SAY(&w, "ok", "phone", "cast", world_id(&w), hex_of(&w, ballot));
    world_close(&w);
}

/* A ballot costs the same whether the node knows it or not, and stops anywhere without a trace. */
TEST(voting_gas)
{
    struct election_world w;
    world_open(&w);
    open_election(&w, 2);
    const struct abi_entry *m = bench_method(&VOTING_SERVICE, "cast");
    struct bytes ballot = world_ballot(&w, 0, 0);
    const char *args[] = {world_id(&w), hex_of(&w, ballot), NULL};
    struct bytes input = bench_encode(&w.b, m, args);
    int64_t used[2];
    uint64_t work = verified_work();
    for (int i = 0; i < 2; i++) {
        state_checkpoint_t cp = state_checkpoint(w.b.state);
        bench_send(&w.b, "phone", &VOTING_SERVICE, input);
        used[i] = BENCH_GAS - w.b.result.gas_left;
        state_revert(w.b.state, cp);
    }
    CHECK_INT(used[0], used[1]);
    CHECK_INT(verified_work(), work + 1);
    CHECK(used[0] > 50000 && used[0] < 200000);
    printf("# a simple ballot: %lld gas of the service\n", (long long)used[0]);
    bench_starve(&w.b, "phone", &VOTING_SERVICE, "cast", args);
    world_close(&w);
}

/* As many other elections as the cache holds, so that it forgets those that nobody holds. */
static void forget_elections(struct election_world *w)
{
    struct buf document = {0};
    for (uint32_t i = 0; i < ELECTION_CACHE_MAX; i++) {
        buf_clear(&document);
        struct bel_election e = w->e;
        e.name = arena_printf(&w->arena, "other %u", i);
        bel_election_write(&document, &e);
        struct voting_election *other = election_make(buf_view(&document), 9);
        CHECK(other != NULL);
        election_release(other);
    }
    buf_free(&document);
}

/* An election costs the same whether it is at hand or has to be read. */
TEST(voting_gas_of_an_election)
{
    struct election_world w;
    world_open(&w);
    open_election(&w, 2);
    const struct abi_entry *m = bench_method(&VOTING_SERVICE, "cast");
    struct bytes input = bench_encode(
        &w.b, m, (const char *[]){world_id(&w), hex_of(&w, world_ballot(&w, 0, 0)), NULL});
    int64_t used[3];
    for (int i = 0; i < 3; i++) {
        struct voting_election *held = election_hold(&w.e.hash);
        CHECK((held != NULL) == (i != 1));
        election_release(held);
        state_checkpoint_t cp = state_checkpoint(w.b.state);
        bench_send(&w.b, "phone", &VOTING_SERVICE, input);
        CHECK_INT(w.b.result.status, FRAME_SUCCESS);
        used[i] = BENCH_GAS - w.b.result.gas_left;
        state_revert(w.b.state, cp);
        if (i == 0)
            forget_elections(&w);
    }
    CHECK_INT(used[0], used[1]);
    CHECK_INT(used[0], used[2]);
    CHECK(used[0] > GAS_VOTING_ELECTION + (int64_t)w.e.document.len);
    world_close(&w);
}

/* Work done ahead of a transaction's turn is found by it, and decides nothing. */
TEST(voting_ahead)
{
    struct election_world w;
    world_open(&w);
    open_election(&w, 2);
    const struct abi_entry *m = bench_method(&VOTING_SERVICE, "cast");
    world_cast(&w, 0, 0); /* the election is known from here on */
    struct bytes ballot = world_ballot(&w, 1, 0);
    struct bytes input =
        bench_encode(&w.b, m, (const char *[]){world_id(&w), hex_of(&w, ballot), NULL});
    CHECK(service_does_ahead(&VOTING_SERVICE.address, input));
    CHECK(!service_does_ahead(&VOTING_SERVICE.address, bytes_of(input.data, 3)));
    CHECK(!service_does_ahead(&(struct address){{1}}, input));
    uint64_t work = verified_work();
    service_ahead(&VOTING_SERVICE.address, input);
    CHECK(verified_work() > work); /* under each election of that number, of other worlds too */
    work = verified_work();
    service_ahead(&VOTING_SERVICE.address, bytes_of(input.data, input.len - 1)); /* no encoding */
    service_ahead(&(struct address){{1}}, input);
    SAY(&w, "ok", "phone", "cast", world_id(&w), hex_of(&w, ballot));
    CHECK_INT(verified_work(), work);
    world_close(&w);
}

/* A record that the store gives back otherwise than it was written stops what needs it. */
TEST(voting_damaged_records)
{
    static const char *const TAGS[] = {"consultation", "progress", "roll",  "board",
                                       "election",     "sums",     "event", "decryptions"};
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        struct election_world w;
        uint64_t keys[] = {1, 1};
        world_open(&w);
        open_election(&w, 1);
        world_cast(&w, 0, 0);
        struct hash slot = record_slot(TAGS[i], keys, strcmp(TAGS[i], "event") == 0 ? 2 : 1);
        state_set_storage(w.b.state, &VOTING_SERVICE.address, &slot, bytes_str("\x01"));
        const char *refused = "RecordUnreadable()", *id = world_id(&w);
        if (strcmp(TAGS[i], "roll") == 0) {
            SAY(&w, refused, "x", "votersOf", id, "0", "1");
        } else if (strcmp(TAGS[i], "board") == 0) {
            SAY(&w, refused, "x", "trusteeCount", id);
        } else if (strcmp(TAGS[i], "decryptions") == 0) {
            SAY(&w, refused, "x", "trusteeAt", id, "1");
        } else if (strcmp(TAGS[i], "election") == 0) {
            world_at(&w, WORLD_CLOSES); /* the election is known to the cache by its hash */
            SAY(&w, "ok", "x", "tally", id);
        } else {
            SAY(&w, refused, "phone", "cast", id, hex_of(&w, world_ballot(&w, 0, 1)));
        }
        world_close(&w);
    }
    test_count(sizeof TAGS / sizeof *TAGS);
}
