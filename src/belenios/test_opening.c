/* Openings of ballots: the right one holds, any other does not. */
#include "belenios/test_kit.h"
#include "crypto/sha256.h"
#include "test.h"

#define QUESTIONS KIT_BLANK "," KIT_LISTS
#define CHOICE "[[0,1,1],[[1,0,1],[0,0]]]"

TEST(opening_of_a_ballot)
{
    struct kit k;
    struct diag d = {""};
    kit_open(&k, QUESTIONS);
    kit_vote(&k, CHOICE);
    struct bel_opening *o = &k.opening;
    struct bytes packed = buf_view(&k.packed);
    CHECK_ERR(bel_opening_check(&k.election, packed, o, &d), E_OK);
    for (size_t i = 0; i < k.election.ciphertext_count; i++) {
        struct ed_scalar was = o->randomness[i];
        o->choice[i] ^= 1;
        CHECK_ERR(bel_opening_check(&k.election, packed, o, &d), E_PROOF);
        o->choice[i] += 2;
        CHECK_ERR(bel_opening_check(&k.election, packed, o, &d), E_PROOF);
        o->choice[i] = k.choice[i];
        o->randomness[i] = ed_scalar_add(was, ED_ONE);
        CHECK_ERR(bel_opening_check(&k.election, packed, o, &d), E_PROOF);
        o->randomness[i] = was;
    }
    CHECK_STR(d.text, "question 2, answer 5: the ballot encrypts something else");
    bel_election_free(&k.election); /* without the key's table it is the same */
    CHECK_ERR(bel_opening_check(&k.election, packed, o, &d), E_OK);
    packed.len = bel_unsigned_bytes(&k.election); /* nor does it need the signature */
    CHECK_ERR(bel_opening_check(&k.election, packed, o, &d), E_OK);
    o->hash[0] ^= 1;
    CHECK_ERR(bel_opening_check(&k.election, packed, o, &d), E_PROOF);
    CHECK_STR(d.text, "the opening is another ballot's: the ballot codes differ");
    packed.len--;
    CHECK_ERR(bel_opening_check(&k.election, packed, o, &d), E_INVALID);
    kit_close(&k);
}

TEST(opening_as_text)
{
    struct kit k;
    struct diag d = {""};
    struct buf json = {0};
    struct bel_opening read;
    kit_open(&k, QUESTIONS);
    kit_vote(&k, CHOICE);
    bel_opening_write(&json, &k.election, buf_view(&k.packed), &k.opening);
    CHECK_ERR(bel_opening_read(&read, &k.arena, &k.election, buf_view(&json), &d), E_OK);
    CHECK_STR(read.hash, k.opening.hash);
    CHECK(memcmp(read.choice, k.choice, k.election.ciphertext_count) == 0);
    CHECK_ERR(bel_opening_check(&k.election, buf_view(&k.packed), &read, &d), E_OK);
    buf_free(&json);
    kit_close(&k);
}

TEST(unsigned_ballot)
{
    struct kit k;
    struct diag d = {""};
    struct buf json = {0}, again = {0}, packed = {0};
    kit_open(&k, QUESTIONS);
    kit_vote(&k, CHOICE);
    struct bytes whole = buf_view(&k.packed);
    CHECK_ERR(bel_unsigned_write(&json, &k.election, whole), E_OK);
    /* the document as it is signed: SHA-256 of it is the ballot's code */
    struct hash h;
    char code[BEL_HASH_CHARS + 1];
    sha256_once(&h, json.data, json.len);
    bel_hash_text(code, &h);
    CHECK_STR(code, k.opening.hash);
    CHECK_ERR(bel_unsigned_read(&packed, &k.election, buf_view(&json), &d), E_OK);
    REQUIRE(packed.len == bel_unsigned_bytes(&k.election));
    CHECK(memcmp(packed.data, whole.data, packed.len) == 0);
    CHECK_ERR(bel_unsigned_write(&again, &k.election, buf_view(&packed)), E_OK);
    CHECK(bytes_eq(buf_view(&json), buf_view(&again)));
    /* neither is taken for the other, and a part of one is none */
    CHECK_ERR(bel_ballot_read(&packed, &k.election, buf_view(&json), &d), E_JSON);
    CHECK_ERR(bel_unsigned_read(&packed, &k.election, buf_view(&k.json), &d), E_JSON);
    CHECK_ERR(bel_ballot_write(&again, &k.election, buf_view(&packed)), E_INVALID);
    packed.len--;
    CHECK_ERR(bel_unsigned_write(&again, &k.election, buf_view(&packed)), E_INVALID);
    buf_free(&json);
    buf_free(&again);
    buf_free(&packed);
    kit_close(&k);
}

TEST(opening_unreadable)
{
#define CODE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    static const struct {
        const char *json, *text;
        enum err err;
    } cases[] = {
        {"{", "", E_JSON},
        {"[]", "an opening is an object of hash, choice and randomness", E_INVALID},
        {"{\"hash\":\"" CODE "\",\"choice\":[[0]],\"randomness\":[[\"1\"]],\"a\":0}",
         "an opening is an object of hash, choice and randomness", E_INVALID},
        {"{\"hash\":\"A\",\"choice\":[[0]],\"randomness\":[[\"1\"]]}",
         "opening: hash: 43 base64 characters are expected", E_INVALID},
        {"{\"hash\":\"" CODE "\",\"chosen\":[[0]],\"randomness\":[[\"1\"]]}",
         "opening: choice is missing", E_INVALID},
        {"{\"hash\":\"" CODE "\",\"choice\":[[2]],\"randomness\":[[\"1\"]]}",
         "opening: question 1, answer 1: 0 or 1 is expected", E_INVALID},
        {"{\"hash\":\"" CODE "\",\"choice\":[[0]],\"randomness\":[]}",
         "opening: randomness is an array of 1 arrays", E_INVALID},
        {"{\"hash\":\"" CODE "\",\"choice\":[[0]],\"randomness\":[[]]}",
         "opening: randomness of question 1 is an array of 1 numbers", E_INVALID},
        {"{\"hash\":\"" CODE "\",\"choice\":[[0]],\"randomness\":[[1]]}",
         "opening: randomness of question 1, answer 1: a decimal number below the group's order is "
         "expected, as a text",
         E_INVALID},
        {"{\"hash\":\"" CODE "\",\"choice\":[[0]],\"randomness\":[[\"01\"]]}", "", E_INVALID},
        {"{\"hash\":\"" CODE "\",\"choice\":[[0]],\"randomness\":[[\"1\"]]}", "", E_OK},
    };
    struct kit k;
    kit_open(&k, KIT_YES_NO);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diag d = {""};
        struct bel_opening o;
        CHECK_ERR(bel_opening_read(&o, &k.arena, &k.election, bytes_str(cases[i].json), &d),
                  cases[i].err);
        if (cases[i].text[0])
            CHECK_STR(d.text, cases[i].text);
    }
    kit_close(&k);
}
