/* Ballots verified together give the answer that they give one by one, whatever the hints are. */
#include "belenios/batch.h"
#include "belenios/test_kit.h"
#include "test.h"

#define COUNT 8u /* their points are so many that the subgroup is told by sums */

struct set {
    struct kit kit;
    struct bytes packed[COUNT], hints[COUNT];
};

static void set_open(struct set *s)
{
    static const char *const choices[] = {"[[0,1,0],[[1,0,1],[0,0]]]", "[[1,0,0],[[0,0,0],[1,1]]]",
                                          "[[0,0,1],[[1,1,1],[0,0]]]", "[[0,1,1],[[0,0,0],[1,1]]]",
                                          "[[0,1,0],[[1,1,0],[0,0]]]"};
    kit_open(&s->kit, KIT_BLANK "," KIT_LISTS);
    for (size_t i = 0; i < COUNT; i++) {
        struct buf hints = {0};
        kit_vote(&s->kit, choices[i % 5]);
        s->packed[i] = bytes_of(mem_dup(s->kit.packed.data, s->kit.packed.len), s->kit.packed.len);
        CHECK_ERR(bel_hints_make(&hints, &s->kit.election, s->packed[i]), E_OK);
        CHECK_INT(hints.len, bel_hints_bytes(&s->kit.election));
        s->hints[i] = buf_view(&hints);
    }
}

static void set_close(struct set *s)
{
    for (size_t i = 0; i < COUNT; i++) {
        mem_free((void *)(uintptr_t)s->packed[i].data);
        mem_free((void *)(uintptr_t)s->hints[i].data);
    }
    kit_close(&s->kit);
}

/* The answer is that of bel_ballot_verify, ballot after ballot. */
static enum err verify(const struct set *s)
{
    size_t bad = SIZE_MAX;
    struct diag d = {""}, one = {""};
    enum err expected = E_OK,
             err = bel_ballots_verify(&s->kit.election, s->packed, s->hints, COUNT, &bad, &d);
    for (size_t i = 0; i < COUNT && expected == E_OK; i++) {
        expected = bel_ballot_verify(&s->kit.election, s->packed[i], &one);
        if (expected != E_OK)
            CHECK_INT(bad, i);
    }
    CHECK_ERR(err, expected);
    CHECK_STR(d.text, one.text);
    return err;
}

TEST(batch_with_and_without_hints)
{
    struct set s;
    struct diag d;
    size_t bad;
    set_open(&s);
    CHECK_ERR(verify(&s), E_OK);
    CHECK_ERR(bel_ballots_verify(&s.kit.election, s.packed, s.hints, 0, &bad, &d), E_OK);
    struct bytes was = s.hints[2];
    s.hints[2] = (struct bytes){0};
    CHECK_ERR(verify(&s), E_OK);
    s.hints[2] = s.hints[1]; /* another ballot's */
    CHECK_ERR(verify(&s), E_OK);
    s.hints[2] = bytes_of(was.data, was.len - 1);
    CHECK_ERR(verify(&s), E_OK);
    s.hints[2] = was;
    for (size_t at = 0; at < was.len; at += 61) { /* a changed hint is no reason to refuse */
        uint8_t *byte = (uint8_t *)(uintptr_t)was.data + at;
        *byte ^= 1;
        CHECK_ERR(verify(&s), E_OK);
        *byte ^= 1;
    }
    set_close(&s);
}

TEST(batch_with_bad_ballots)
{
    struct set s;
    set_open(&s);
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t *ballot = (uint8_t *)(uintptr_t)s.packed[i].data;
        for (size_t at = 5; at < s.packed[i].len; at += 311) {
            uint8_t was[8192];
            memcpy(was, ballot, s.packed[i].len);
            ballot[at] ^= 4;
            CHECK(verify(&s) != E_OK);
            kit_sign(&s.kit, ballot);
            CHECK(verify(&s) != E_OK || at >= s.packed[i].len - BEL_PROOF_BYTES);
            memcpy(ballot, was, s.packed[i].len);
        }
    }
    set_close(&s);
}

/* A false ballot with hints that its challenges hash: only the equations, or the subgroup, tell. Of
 * a proof the response is changed, so that its commitments are no longer those of the hints. */
TEST(batch_told_by_the_equations)
{
    struct set s;
    set_open(&s);
    const struct bel_plan *p = s.kit.election.plan;
    size_t tried = 0;
    for (size_t i = 0; i < p->statement_count; i++, tried++) {
        uint8_t *byte = (uint8_t *)(uintptr_t)s.packed[3].data + p->statements[i].offset + 63;
        *byte ^= 1;
        kit_sign(&s.kit, (uint8_t *)(uintptr_t)s.packed[3].data);
        struct buf hints = {0};
        struct bytes was = s.hints[3];
        /* the new signature's commitment; the others as they were */
        CHECK_ERR(bel_hints_make(&hints, &s.kit.election, s.packed[3]), E_OK);
        memcpy(hints.data, was.data, was.len - EDWARDS_BYTES);
        s.hints[3] = buf_view(&hints);
        CHECK_ERR(verify(&s), E_PROOF);
        s.hints[3] = was;
        buf_free(&hints);
        *byte ^= 1;
    }
    kit_sign(&s.kit, (uint8_t *)(uintptr_t)s.packed[3].data);
    for (size_t i = 0; i < p->nonzero_count; i++) {
        uint8_t *ballot = (uint8_t *)(uintptr_t)s.packed[3].data;
        for (size_t k = 2; k < 4; k++) {
            ballot[p->nonzeros[i].offset + 32 * k + 31] ^= 1;
            kit_sign(&s.kit, ballot);
            struct buf hints = {0};
            struct bytes was = s.hints[3];
            CHECK_ERR(bel_hints_make(&hints, &s.kit.election, s.packed[3]), E_OK);
            memcpy(hints.data, was.data, was.len - EDWARDS_BYTES);
            s.hints[3] = buf_view(&hints);
            CHECK_ERR(verify(&s), E_PROOF);
            s.hints[3] = was;
            buf_free(&hints);
            ballot[p->nonzeros[i].offset + 32 * k + 31] ^= 1;
        }
    }
    test_count(tried);
    set_close(&s);
}

/* A signature whose commitment was moved by a point of order 8 before it was hashed: the equation
 * alone would let one in eight pass. */
TEST(batch_commitment_outside_the_subgroup)
{
    struct set s;
    struct ed_point torsion, a;
    uint8_t bytes[32], a32[1][32];
    char text[BEL_HASH_CHARS + 1];
    set_open(&s);
    const struct bel_election *e = &s.kit.election;
    uint8_t *ballot = (uint8_t *)(uintptr_t)s.packed[4].data;
    REQUIRE(hex_decode(bytes, 32,
                       "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                       64) == E_OK &&
            ed_decode(&torsion, bytes));
    CHECK_ERR(bel_ballot_signed_text(text, e, s.packed[4]), E_OK);
    for (uint64_t w = 1; w <= 40; w++) {
        struct ed_scalar secret = ed_scalar_of(w);
        ed_table_mul(&a, ed_table_base(), &secret);
        ed_add(&a, &a, &torsion);
        ed_encode(a32[0], &a);
        struct ed_scalar c = e->version->challenge(BEL_SIGNATURE, bytes_str(text),
                                                   (const uint8_t(*)[EDWARDS_BYTES])a32, 1);
        struct ed_scalar r = ed_scalar_sub(secret, ed_scalar_mul(s.kit.x, c));
        ed_scalar_to_be32(ballot + s.packed[4].len - 64, &c);
        ed_scalar_to_be32(ballot + s.packed[4].len - 32, &r);
        memcpy((uint8_t *)(uintptr_t)s.hints[4].data + s.hints[4].len - 32, a32[0], 32);
        CHECK_ERR(verify(&s), E_SIGNATURE);
    }
    set_close(&s);
}

TEST(batch_hints_of_no_ballot)
{
    struct set s;
    struct buf hints = {0};
    set_open(&s);
    memset((uint8_t *)(uintptr_t)s.packed[0].data + 40, 0xff, 8);
    CHECK_ERR(bel_hints_make(&hints, &s.kit.election, s.packed[0]), E_INVALID);
    CHECK_INT(hints.len, 0);
    set_close(&s);
}
