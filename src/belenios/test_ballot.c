/* Ballots made here: verified, changed, and refused. */
#include "belenios/test_kit.h"
#include "test.h"

static const struct {
    const char *questions, *choice;
} cases[] = {
    {KIT_YES_NO, "[[0]]"},
    {KIT_YES_NO, "[[1]]"},
    {KIT_ONE_OF_3, "[[0,1,0]]"},
    {KIT_BLANK, "[[1,0,0]]"},
    {KIT_BLANK, "[[0,1,1]]"},
    {KIT_LISTS, "[[[1,0,1],[0,0]]]"},
    {KIT_LISTS, "[[[0,0,0],[1,1]]]"},
    {KIT_ONE_OF_3 "," KIT_BLANK "," KIT_LISTS, "[[0,0,1],[0,0,1],[[1,1,1],[0,0]]]"},
    {"{\"answers\":[\"a\",\"b\"],\"blank\":true,\"min\":0,\"max\":0,\"question\":\"\"}",
     "[[0,0,0]]"},
    {"{\"answers\":[\"a\",\"b\",\"c\"],\"min\":3,\"max\":3,\"question\":\"\"}", "[[1,1,1]]"},
};
#define CASES (sizeof cases / sizeof *cases)

TEST(ballot_of_every_kind)
{
    for (size_t i = 0; i < CASES; i++) {
        struct kit k;
        struct buf again = {0};
        struct diag d = {""};
        kit_open(&k, cases[i].questions);
        kit_vote(&k, cases[i].choice);
        CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&k.packed), &d), E_OK);
        CHECK_ERR(bel_ballot_read(&again, &k.election, buf_view(&k.json), &d), E_OK);
        CHECK(bytes_eq(buf_view(&again), buf_view(&k.packed)));
        CHECK_ERR(bel_opening_check(&k.election, buf_view(&k.packed), &k.opening, &d), E_OK);
        buf_free(&again);
        kit_close(&k);
    }
}

/* As large as an election may be: 1024 ciphertexts, in many questions or in one. */
TEST(ballot_of_the_largest)
{
    for (size_t questions = 1; questions <= BEL_QUESTIONS_MAX; questions += BEL_QUESTIONS_MAX - 1) {
        struct kit k;
        struct buf text = {0}, choice = {0}, again = {0};
        struct diag d = {""};
        size_t answers = BEL_CIPHERTEXTS_MAX / questions - 1;
        for (size_t i = 0; i < questions; i++) {
            buf_puts(&text, i ? ",{\"answers\":[" : "{\"answers\":[");
            buf_puts(&choice, i ? ",[0" : "[[0");
            for (size_t j = 0; j < answers; j++) {
                buf_puts(&text, j ? ",\"\"" : "\"\"");
                buf_puts(&choice, j < 15 ? ",1" : ",0");
            }
            buf_putf(&text, "],\"blank\":true,\"min\":0,\"max\":%u,\"question\":\"\"}",
                     answers < BEL_RANGE_MAX ? (unsigned)answers : BEL_RANGE_MAX);
            buf_puts(&choice, "]");
        }
        buf_puts(&choice, "]");
        kit_open(&k, buf_cstr(&text));
        kit_vote(&k, buf_cstr(&choice));
        CHECK_INT(k.election.ciphertext_count, BEL_CIPHERTEXTS_MAX);
        CHECK(k.json.len <= LIMIT_BEL_BALLOT_BYTES);
        CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&k.packed), &d), E_OK);
        CHECK_ERR(bel_ballot_read(&again, &k.election, buf_view(&k.json), &d), E_OK);
        CHECK(bytes_eq(buf_view(&again), buf_view(&k.packed)));
        k.packed.data[k.packed.len - 2 * BEL_PROOF_BYTES - 1] ^= 1;
        kit_sign(&k, k.packed.data);
        CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&k.packed), &d), E_PROOF);
        buf_free(&text);
        buf_free(&choice);
        buf_free(&again);
        kit_close(&k);
    }
}

TEST(ballot_layout)
{
    struct kit k;
    kit_open(&k, KIT_ONE_OF_3);
    CHECK_INT(k.election.ballot_bytes, 736);
    kit_close(&k);
    kit_open(&k, KIT_BLANK "," KIT_LISTS);
    const struct bel_question *q = k.election.questions;
    CHECK_INT(q[0].answer_offset, 32);
    CHECK_INT(q[0].answer_bytes, 3 * 64 + 3 * 128 + 3 * 64 + 128);
    CHECK_INT(q[1].answer_offset, 32 + q[0].answer_bytes);
    CHECK_INT(q[1].answer_bytes, 5 * 64 + 5 * 128 + 64 + 2 * 128 + 128);
    CHECK_INT(q[1].first_ciphertext, 3);
    kit_close(&k);
}

/* The only change that can be read is one of the signature's two numbers: all else is hashed. */
TEST(ballot_every_byte_of_the_document)
{
    struct kit k;
    size_t read = 0, tried = 0;
    kit_open(&k, KIT_YES_NO);
    kit_vote(&k, "[[1]]");
    for (size_t at = 0; at < k.json.len; at++) {
        uint8_t was = k.json.data[at];
        for (unsigned value = 0; value < 256; value++) {
            struct buf packed = {0};
            struct diag d = {""};
            if (value == was)
                continue;
            k.json.data[at] = (uint8_t)value;
            tried++;
            enum err err = bel_ballot_read(&packed, &k.election, buf_view(&k.json), &d);
            if (err == E_OK) {
                read++;
                CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&packed), &d), E_SIGNATURE);
            } else {
                CHECK(err == E_JSON || err == E_INVALID);
                CHECK_INT(packed.len, 0);
            }
            CHECK(d.text[0]);
            buf_free(&packed);
        }
        k.json.data[at] = was;
    }
    CHECK(read > 0);
    test_count(tried);
    kit_close(&k);
}

static void flip(struct kit *k, size_t at, unsigned bit, bool signed_again)
{
    struct diag d = {""};
    struct bytes packed = buf_view(&k->packed);
    uint8_t signature[BEL_PROOF_BYTES], *tail = k->packed.data + packed.len - sizeof signature;
    memcpy(signature, tail, sizeof signature);
    k->packed.data[at] ^= (uint8_t)(1u << bit);
    if (signed_again)
        kit_sign(k, k->packed.data);
    enum err err = bel_ballot_verify(&k->election, packed, &d);
    if (signed_again && at >= EDWARDS_BYTES)
        CHECK(err == E_INVALID || err == E_PROOF);
    else
        CHECK(err == E_INVALID || err == E_SIGNATURE);
    CHECK(d.text[0]);
    if (signed_again)
        memcpy(tail, signature, sizeof signature);
    k->packed.data[at] ^= (uint8_t)(1u << bit);
}

/* By anyone; and by the voter, who can sign what he changed: every bit of the small ballot, a bit
 * of every byte of the others. */
TEST(ballot_every_byte_of_the_packed)
{
    static const size_t kinds[] = {1, 3, 5};
    size_t tried = 0;
    for (size_t i = 0; i < 3; i++) {
        struct kit k;
        kit_open(&k, cases[kinds[i]].questions);
        kit_vote(&k, cases[kinds[i]].choice);
        for (size_t at = 0; at < k.packed.len; at++) {
            for (unsigned bit = 0; bit < 8; bit++, tried++)
                flip(&k, at, bit, false);
        }
        for (size_t at = 0; at < k.packed.len - BEL_PROOF_BYTES; at++, tried++) {
            unsigned drawn = test_random() % 8;
            for (unsigned bit = i == 0 ? 0 : drawn; bit <= (i == 0 ? 7 : drawn); bit++)
                flip(&k, at, bit, true);
        }
        CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&k.packed), NULL), E_OK);
        kit_close(&k);
    }
    test_count(tried);
}

/* --- refusals by name -------------------------------------------------------------------------
 */

static void refused(struct kit *k, size_t at, unsigned bit, enum err expected, const char *text)
{
    struct diag d = {""};
    uint8_t was[4096];
    memcpy(was, k->packed.data, k->packed.len);
    k->packed.data[at] ^= (uint8_t)bit;
    kit_sign(k, k->packed.data);
    CHECK_ERR(bel_ballot_verify(&k->election, buf_view(&k->packed), &d), expected);
    CHECK_STR(d.text, text);
    memcpy(k->packed.data, was, k->packed.len);
}

TEST(ballot_refusals_of_proofs)
{
    struct kit k;
    kit_open(&k, KIT_ONE_OF_3 "," KIT_BLANK "," KIT_LISTS);
    kit_vote(&k, "[[0,0,1],[0,0,1],[[1,1,1],[0,0]]]");
    size_t first = 32 + 3 * 64, blank = first + 3 * 128 + 64 + 3 * 64;
    size_t lists = blank + 3 * 128 + 3 * 64 + 128 + 5 * 64;
    refused(&k, first + 128 + 31, 1, E_PROOF,
            "question 1, answer 2: the individual proof does not hold");
    refused(&k, first + 3 * 128 + 63, 1, E_PROOF, "question 1: the overall proof does not hold");
    refused(&k, blank + 31, 1, E_PROOF, "question 2, answer 1: the individual proof does not hold");
    refused(&k, blank + 3 * 128 + 31, 1, E_PROOF, "question 2: the overall proof does not hold");
    refused(&k, blank + 3 * 128 + 3 * 64 + 31, 1, E_PROOF,
            "question 2: the blank proof does not hold");
    refused(&k, lists + 4 * 128 + 127, 1, E_PROOF,
            "question 3, answer 5: the individual proof does not hold");
    refused(&k, lists + 5 * 128 + 31, 1, E_PROOF, "question 3: the overall proof does not hold");
    refused(&k, lists + 5 * 128 + 64 + 128 + 31, 1, E_PROOF,
            "question 3, list 2: the list proof does not hold");
    size_t nonzero = lists + 5 * 128 + 64 + 2 * 128;
    refused(&k, nonzero + 32 + 31, 1, E_PROOF, "question 3: the non-zero proof does not hold");
    refused(&k, nonzero + 32 + 63, 1, E_PROOF, "question 3: the non-zero proof does not hold");
    refused(&k, nonzero + 32 + 95, 1, E_PROOF, "question 3: the non-zero proof does not hold");
    kit_close(&k);
}

TEST(ballot_refusals_of_numbers)
{
    struct kit k;
    struct diag d = {""};
    struct buf json = {0};
    kit_open(&k, KIT_LISTS);
    kit_vote(&k, "[[[1,1,1],[0,0]]]");
    size_t proofs = 32 + 5 * 64, nonzero = proofs + 5 * 128 + 64 + 2 * 128;
    refused(&k, proofs, 0x80, E_INVALID,
            "question 1: a number of a proof is not below the group's order");
    refused(&k, nonzero + 32, 0x80, E_INVALID,
            "question 1: a number of a proof is not below the group's order");
    k.packed.data[k.packed.len - 64] ^= 0x80;
    CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&k.packed), &d), E_INVALID);
    CHECK_STR(d.text, "the signature: a number is not below the group's order");
    CHECK_ERR(bel_ballot_write(&json, &k.election, buf_view(&k.packed)), E_INVALID);
    CHECK_INT(json.len, 0);
    k.packed.len--;
    CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&k.packed), &d), E_INVALID);
    CHECK_STR(d.text, "the ballot has 1503 bytes; one of this election has 1504");
    CHECK_ERR(bel_ballot_write(&json, &k.election, buf_view(&k.packed)), E_INVALID);
    struct hash h;
    CHECK_ERR(bel_ballot_hash(&h, &k.election, buf_view(&k.packed)), E_INVALID);
    buf_free(&json);
    kit_close(&k);
}

/* A point of order 8, added to a good one or alone; the identity written in another way; a y that
 * is not below p. */
TEST(ballot_points_outside_the_group)
{
    static const char order8[] = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    static const char *const bad[] = {
        order8,
        "0100000000000000000000000000000000000000000000000000000000000080",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0200000000000000000000000000000000000000000000000000000000000000"};
    struct kit k;
    struct ed_point torsion, p;
    uint8_t bytes[32];
    kit_open(&k, KIT_LISTS);
    kit_vote(&k, "[[[0,0,0],[1,1]]]");
    size_t nonzero = 32 + 5 * 64 + 5 * 128 + 64 + 2 * 128;
    const struct {
        size_t at;
        const char *text;
    } places[] = {
        {0, "the credential is not a point of the group Ed25519"},
        {32 + 64, "question 1, answer 2: alpha is not a point of the group Ed25519"},
        {32 + 4 * 64 + 32, "question 1, answer 5: beta is not a point of the group Ed25519"},
        {nonzero, "question 1: the non-zero proof's commitment is not a point of the group "
                  "Ed25519"},
    };
    REQUIRE(hex_decode(bytes, 32, order8, 64) == E_OK && ed_decode(&torsion, bytes));
    for (size_t i = 0; i < 4; i++) {
        uint8_t *at = k.packed.data + places[i].at, was[32];
        memcpy(was, at, 32);
        for (size_t j = 0; j <= sizeof bad / sizeof *bad; j++) {
            struct diag d = {""};
            if (j == 0) {
                REQUIRE(ed_decode(&p, was));
                ed_add(&p, &p, &torsion);
                ed_encode(at, &p);
            } else {
                REQUIRE(hex_decode(at, 32, bad[j - 1], 64) == E_OK);
            }
            kit_sign(&k, k.packed.data);
            CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&k.packed), &d), E_INVALID);
            CHECK_STR(d.text, places[i].text);
            memcpy(at, was, 32);
        }
    }
    /* the identity is a point of the group; as the non-zero proof's commitment it proves nothing */
    static const uint8_t identity[32] = {1};
    struct diag d = {""};
    memcpy(k.packed.data + nonzero, identity, 32);
    kit_sign(&k, k.packed.data);
    CHECK_ERR(bel_ballot_verify(&k.election, buf_view(&k.packed), &d), E_PROOF);
    CHECK_STR(d.text, "question 1: the non-zero proof does not hold");
    kit_close(&k);
}

/* A voter may choose the randomness 0: alpha is the identity then, and the proofs can be made. */
TEST(ballot_with_identities)
{
    struct kit k;
    struct diag d = {""};
    kit_open(&k, KIT_YES_NO);
    for (uint32_t m = 0; m < 2; m++) {
        const struct bel_election *e = &k.election;
        uint8_t ballot[416] = {0};
        struct bel_draw draws[2];
        struct bel_claim claims[2] = {{ED_ZERO, m, 0}, {ED_ZERO, m, 1}};
        struct buf context = {0};
        CHECK_INT(e->ballot_bytes, sizeof ballot);
        bel_credential_public(ballot, &k.x);
        bel_encrypt(ballot + 32, ballot + 64, e->public_key32, &ED_ZERO, m);
        bel_voter_context(&context, e, ballot);
        bel_put_ciphertexts(&context, ballot + 32, 1);
        bel_draws_make(draws, 2);
        bel_claims_prove(ballot + 96, e->version, BEL_RANGE, buf_view(&context), claims, 2,
                         e->public_key32, draws);
        bel_put_ciphertexts(&context, ballot + 32, 1);
        bel_claims_prove(ballot + 224, e->version, BEL_RANGE, buf_view(&context), claims, 2,
                         e->public_key32, draws);
        kit_sign(&k, ballot);
        CHECK_ERR(bel_ballot_verify(e, bytes_of(ballot, sizeof ballot), &d), E_OK);
        CHECK_STR(d.text, "");
        buf_free(&context);
    }
    kit_close(&k);
}

/* What a ballot encrypts beyond the rules cannot be proved: an encryption of 2, and of 1 twice. */
TEST(ballot_of_a_false_choice)
{
    struct kit k;
    struct diag d = {""};
    struct buf packed = {0};
    kit_open(&k, KIT_ONE_OF_3);
    static const uint8_t two[] = {1, 1, 0}, much[] = {2, 0, 0};
    CHECK_ERR(bel_ballot_make(&packed, &k.election, &k.x, two, &k.arena, NULL, &d), E_INVALID);
    CHECK_STR(d.text, "question 1: 2 answers are chosen; choose 1 to 1");
    CHECK_ERR(bel_ballot_make(&packed, &k.election, &k.x, much, &k.arena, NULL, &d), E_INVALID);
    CHECK_INT(packed.len, 0);
    kit_close(&k);
}

/* --- refusals of documents --------------------------------------------------------------------
 */

static void unreadable(const struct kit *k, const char *from, const char *to, enum err expected,
                       const char *text)
{
    struct buf json = {0}, packed = {0};
    struct diag d = {""};
    const char *all = (const char *)k->json.data,
               *at = memmem(all, k->json.len, from, strlen(from));
    REQUIRE(at);
    buf_put(&json, all, (size_t)(at - all));
    buf_puts(&json, to);
    buf_put(&json, at + strlen(from), k->json.len - (size_t)(at - all) - strlen(from));
    CHECK_ERR(bel_ballot_read(&packed, &k->election, buf_view(&json), &d), expected);
    if (!strstr(d.text, text))
        test_fail(__FILE__, __LINE__, "\"%s\", expected \"%s\"", d.text, text);
    CHECK_INT(packed.len, 0);
    buf_free(&json);
    buf_free(&packed);
}

TEST(ballot_unreadable)
{
    struct kit k, other;
    struct diag d = {""};
    struct buf packed = {0};
    kit_open(&k, KIT_BLANK);
    kit_vote(&k, "[[1,0,0]]");
    unreadable(&k, KIT_UUID, "KitKitKitKitK2", E_INVALID, "another election's");
    unreadable(&k, "\"election_hash\":\"", "\"election_hash\":\"A", E_INVALID,
               "another election's fingerprint");
    unreadable(&k, "{\"election_uuid\"", " {\"election_uuid\"", E_JSON, "byte 0: {\"election_uuid");
    unreadable(&k, "\"credential\":\"", "\"credential\":\"G", E_JSON, "a point, 64 lower-case");
    unreadable(&k, "\"beta\":\"", "\"beta\": \"", E_JSON, "question 1: ballot: byte");
    unreadable(&k, "\"response\":\"", "\"response\":\"0", E_JSON, "a decimal number");
    unreadable(&k, "\"response\":\"",
               "\"response\":\"7237005577332262213973186563042994240857116"
               "35938",
               E_JSON, "a decimal number");
    unreadable(&k, "\"response\":\"", "\"response\":\"\"", E_JSON, "a decimal number");
    unreadable(&k, ",\"blank_proof\":", ",\"blank\":", E_JSON, ",\"blank_proof\": is expected");
    unreadable(&k, "\"signature\":{\"hash\":\"", "\"signature\":{\"hash\":\"A", E_INVALID,
               "signature.hash");
    unreadable(&k, "}}}", "}}} ", E_JSON, "the end is expected");
    unreadable(&k, "}}}", "}}", E_JSON, "}} is expected");
    kit_open(&other, KIT_ONE_OF_3);
    CHECK_ERR(bel_ballot_read(&packed, &other.election, buf_view(&k.json), &d), E_INVALID);
    CHECK_STR(d.text, "ballot: election_hash is another election's fingerprint");
    buf_grow(&k.json, LIMIT_BEL_BALLOT_BYTES);
    CHECK_ERR(bel_ballot_read(&packed, &k.election, buf_view(&k.json), &d), E_TOO_LARGE);
    CHECK_ERR(bel_ballot_read(&packed, &k.election, (struct bytes){0}, &d), E_JSON);
    buf_free(&packed);
    kit_close(&k);
    kit_close(&other);
}
