/* Ballots verified together give the answer that they give one by one, whatever the hints are. */
#include "belenios/batch.h"
#include "belenios/test_kit.h"
#include "test.h"

#define COUNT 6u

struct set {
    struct kit kit;
    struct bytes packed[COUNT], hints[COUNT];
};

static const char ORDER_8[] = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";

/* Number i, 0 to 7, of the points whose order divides 8. */
static struct ed_point torsion(uint64_t i)
{
    uint8_t bytes[EDWARDS_BYTES];
    struct ed_point p = ED_IDENTITY;
    CHECK(hex_decode(bytes, sizeof bytes, ORDER_8, 64) == E_OK && ed_decode(&p, bytes));
    ed_mul_small(&p, &p, i);
    return p;
}

static uint8_t *bytes_at(struct bytes b, size_t at)
{
    return (uint8_t *)(uintptr_t)b.data + at;
}

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

/* How many hints are of use. */
static size_t hinted(const struct set *s)
{
    struct bel_tally t;
    uint64_t weights[COUNT] = {1, 1, 1, 1, 1, 1};
    size_t count = 0, bad = 0;
    struct diag d = {""};
    bel_tally_init(&t, &s->kit.election);
    CHECK_ERR(bel_ballots_tally(&t, s->packed, s->hints, weights, COUNT, &count, &bad, &d), E_OK);
    bel_tally_fini(&t);
    return count;
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

/* --- hints of good ballots: whatever they are, the ballots are good ------------------------------
 */

TEST(batch_with_and_without_hints)
{
    struct set s;
    struct diag d;
    size_t bad;
    set_open(&s);
    CHECK_ERR(verify(&s), E_OK);
    CHECK_INT(hinted(&s), COUNT);
    CHECK_ERR(bel_ballots_verify(&s.kit.election, s.packed, s.hints, 0, &bad, &d), E_OK);
    struct bytes was = s.hints[2];
    s.hints[2] = (struct bytes){0};
    CHECK_ERR(verify(&s), E_OK);
    CHECK_INT(hinted(&s), COUNT - 1);
    s.hints[2] = s.hints[1]; /* another ballot's */
    CHECK_ERR(verify(&s), E_OK);
    CHECK_INT(hinted(&s), COUNT - 1);
    s.hints[2] = bytes_of(was.data, was.len - 1);
    CHECK_ERR(verify(&s), E_OK);
    CHECK_INT(hinted(&s), COUNT - 1);
    s.hints[2] = was;
    for (size_t i = 0; i < COUNT; i++)
        s.hints[i].len = 0;
    CHECK_ERR(verify(&s), E_OK);
    CHECK_INT(hinted(&s), 0);
    set_close(&s);
}

/* Every bit of a small ballot's hints. A changed one is of no use, and no reason to refuse. */
TEST(batch_every_bit_of_the_hints)
{
    struct kit k;
    struct buf hints = {0};
    struct bel_tally t;
    struct diag d = {""};
    uint64_t weight = 1;
    size_t count = 0, bad = 0;
    kit_open(&k, KIT_YES_NO);
    kit_vote(&k, "[[1]]");
    CHECK_ERR(bel_hints_make(&hints, &k.election, buf_view(&k.packed)), E_OK);
    CHECK_INT(hints.len, 12 * ED_EIGHTH_BYTES);
    struct bytes packed = buf_view(&k.packed), view = buf_view(&hints);
    bel_tally_init(&t, &k.election);
    for (size_t bit = 0; bit < 8 * hints.len; bit++) {
        hints.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_ERR(bel_ballots_tally(&t, &packed, &view, &weight, 1, &count, &bad, &d), E_OK);
        hints.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_INT(count, 0);
    CHECK_ERR(bel_ballots_tally(&t, &packed, &view, &weight, 1, &count, &bad, &d), E_OK);
    CHECK_INT(count, 1);
    test_count(8 * hints.len);
    bel_tally_fini(&t);
    buf_free(&hints);
    kit_close(&k);
}

static void move_hint(struct bytes hints, size_t point, const struct ed_point *by)
{
    uint8_t *xy = bytes_at(hints, point * ED_EIGHTH_BYTES);
    struct ed_point p;
    uint8_t le32[EDWARDS_BYTES];
    memcpy(le32, xy + 32, sizeof le32);
    le32[31] |= (uint8_t)(xy[0] << 7);
    REQUIRE(ed_decode(&p, le32));
    ed_add(&p, &p, by);
    ed_eighths_write(xy, &p, 1);
}

/* Eight points are an eighth of a point: they differ by what vanishes. Any other is none. */
TEST(batch_hints_moved_on_the_curve)
{
    struct set s;
    set_open(&s);
    size_t points = bel_hint_points(&s.kit.election);
    for (uint64_t i = 0; i < 8; i++) {
        struct ed_point by = torsion(i), back;
        ed_neg(&back, &by);
        for (size_t point = 0; point < points; point += 7)
            move_hint(s.hints[2], point, &by);
        CHECK_ERR(verify(&s), E_OK);
        CHECK_INT(hinted(&s), COUNT);
        for (size_t point = 0; point < points; point += 7)
            move_hint(s.hints[2], point, &back);
    }
    for (size_t point = 0; point < points; point++) {
        struct ed_point back;
        ed_neg(&back, &ED_BASE);
        move_hint(s.hints[2], point, &ED_BASE);
        CHECK_INT(hinted(&s), COUNT - 1);
        move_hint(s.hints[2], point, &back);
    }
    CHECK_INT(hinted(&s), COUNT);
    set_close(&s);
}

TEST(batch_tally_is_the_sum)
{
    struct set s;
    struct bel_tally t, plain;
    uint64_t weights[COUNT] = {1, 0, 7, UINT64_C(1) << 40, 1, 2};
    size_t count = 0, bad = 0;
    struct diag d = {""};
    set_open(&s);
    size_t points = 2 * s.kit.election.ciphertext_count;
    s.hints[3].len = 0;
    bel_tally_init(&t, &s.kit.election);
    bel_tally_init(&plain, &s.kit.election);
    CHECK_ERR(bel_ballots_tally(&t, s.packed, s.hints, weights, COUNT, &count, &bad, &d), E_OK);
    for (size_t i = 0; i < COUNT; i++)
        CHECK_ERR(bel_tally_add(&plain, s.packed[i], weights[i]), E_OK);
    for (size_t i = 0; i < points; i++)
        CHECK(ed_eq(&t.sums[i], &plain.sums[i]));
    CHECK_INT(t.ballot_count, COUNT);
    CHECK_INT(t.total_weight, plain.total_weight);
    CHECK_INT(count, COUNT - 1);
    bel_tally_fini(&t);
    bel_tally_fini(&plain);
    set_close(&s);
}

/* More ballots than a block has, the bad one in the last. */
TEST(batch_of_several_blocks)
{
    struct kit k;
    struct buf hints = {0};
    struct diag d = {""};
    size_t bad = 0;
    kit_open(&k, KIT_YES_NO);
    kit_vote(&k, "[[1]]");
    CHECK_ERR(bel_hints_make(&hints, &k.election, buf_view(&k.packed)), E_OK);
    size_t count = 2 * bel_batch_ballots(&k.election) + 3;
    struct bytes *packed = mem_zalloc(count, sizeof *packed),
                 *help = mem_zalloc(count, sizeof *help);
    for (size_t i = 0; i < count; i++) {
        packed[i] = buf_view(&k.packed);
        help[i] = buf_view(&hints);
    }
    CHECK_ERR(bel_ballots_verify(&k.election, packed, help, count, &bad, &d), E_OK);
    uint8_t *other = mem_dup(k.packed.data, k.packed.len);
    other[k.packed.len - 1] ^= 1;
    packed[count - 2] = bytes_of(other, k.packed.len);
    CHECK_ERR(bel_ballots_verify(&k.election, packed, help, count, &bad, &d), E_SIGNATURE);
    CHECK_INT(bad, count - 2);
    mem_free(other);
    mem_free(packed);
    mem_free(help);
    buf_free(&hints);
    kit_close(&k);
}

/* --- bad ballots ---------------------------------------------------------------------------------
 */

TEST(batch_with_bad_ballots)
{
    struct set s;
    set_open(&s);
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t *ballot = bytes_at(s.packed[i], 0);
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

/* Adds n to one of the numbers of ballot i and has the voter sign it again; its hints become those
 * of the new signature, the old ones else, so that every hash holds that held: of what was changed
 * only the equations tell. */
static void change_number(struct set *s, size_t i, size_t offset, struct ed_scalar n)
{
    const struct bel_election *e = &s->kit.election;
    size_t signature = (bel_check_commitments(e->plan) - 1) * ED_EIGHTH_BYTES;
    struct buf hints = {0};
    struct ed_scalar number;
    CHECK(ed_scalar_from_be32(&number, s->packed[i].data + offset));
    number = ed_scalar_add(number, n);
    ed_scalar_to_be32(bytes_at(s->packed[i], offset), &number);
    kit_sign(&s->kit, bytes_at(s->packed[i], 0));
    CHECK_ERR(bel_hints_make(&hints, e, s->packed[i]), E_OK);
    memcpy(bytes_at(s->hints[i], signature), hints.data + signature, ED_EIGHTH_BYTES);
    buf_free(&hints);
}

TEST(batch_told_by_the_equations)
{
    struct set s;
    struct ed_scalar less = ed_scalar_sub(ED_ZERO, ED_ONE);
    size_t tried = 0;
    set_open(&s);
    const struct bel_plan *p = s.kit.election.plan;
    for (size_t i = 0; i < p->statement_count; i++) {
        for (uint32_t j = 0; j < p->statements[i].branch_count; j++, tried++) {
            size_t response = p->statements[i].offset + BEL_PROOF_BYTES * (size_t)j + 32;
            change_number(&s, 3, response, ED_ONE);
            CHECK_ERR(verify(&s), E_PROOF);
            change_number(&s, 3, response, less);
        }
    }
    for (size_t k = 2; k < 4; k++, tried++) { /* the two responses of the non-zero proof */
        change_number(&s, 3, p->nonzeros[0].offset + 32 * k, ED_ONE);
        CHECK_ERR(verify(&s), E_PROOF);
        change_number(&s, 3, p->nonzeros[0].offset + 32 * k, less);
    }
    CHECK_ERR(verify(&s), E_OK);
    CHECK_INT(hinted(&s), COUNT);
    test_count(tried);
    set_close(&s);
}

/* What is false in one equation is false the other way in another: their plain sum would hold. Two
 * challenges of a proof, whose sum is what is hashed; two responses of a proof; two responses of
 * different ballots. */
TEST(batch_errors_that_cancel)
{
    struct set s;
    struct ed_scalar less = ed_scalar_sub(ED_ZERO, ED_ONE);
    size_t tried = 0;
    set_open(&s);
    const struct bel_plan *p = s.kit.election.plan;
    for (size_t i = 0; i < p->statement_count; i++) {
        size_t first = p->statements[i].offset, second = first + BEL_PROOF_BYTES;
        const struct {
            size_t ballot, at;
        } others[] = {{1, second}, {1, second + 32}, {4, first + 32}};
        for (size_t k = p->statements[i].branch_count > 1 ? 0 : 2; k < 3; k++, tried++) {
            size_t at = first + (k > 0 ? 32 : 0);
            change_number(&s, 1, at, ED_ONE);
            change_number(&s, others[k].ballot, others[k].at, less);
            CHECK_ERR(verify(&s), E_PROOF);
            change_number(&s, 1, at, less);
            change_number(&s, others[k].ballot, others[k].at, ED_ONE);
        }
    }
    CHECK_ERR(verify(&s), E_OK);
    CHECK_INT(hinted(&s), COUNT);
    test_count(tried);
    set_close(&s);
}

/* A signature whose commitment was moved by a point of small order before it was hashed: the
 * equation times 8 would hold. The hints are the best there are: those of the commitment unmoved,
 * and the moved one itself. */
TEST(batch_signature_outside_the_subgroup)
{
    struct set s;
    struct ed_point a;
    uint8_t a32[1][EDWARDS_BYTES];
    char text[BEL_HASH_CHARS + 1];
    set_open(&s);
    const struct bel_election *e = &s.kit.election;
    uint8_t *proof = bytes_at(s.packed[4], s.packed[4].len - BEL_PROOF_BYTES);
    uint8_t *hint = bytes_at(s.hints[4], (bel_check_commitments(e->plan) - 1) * ED_EIGHTH_BYTES);
    struct ed_scalar w = ed_scalar_of(4711),
                     eighth = ed_scalar_mul(w, ed_scalar_inverse(ed_scalar_of(8)));
    CHECK_ERR(bel_ballot_signed_text(text, e, s.packed[4]), E_OK);
    for (uint64_t i = 0; i < 8; i++) {
        struct ed_point by = torsion(i);
        ed_table_mul(&a, ed_table_base(), &w);
        ed_add(&a, &a, &by);
        ed_encode(a32[0], &a);
        struct ed_scalar c = e->version->challenge(BEL_SIGNATURE, bytes_str(text),
                                                   (const uint8_t(*)[EDWARDS_BYTES])a32, 1);
        struct ed_scalar r = ed_scalar_sub(w, ed_scalar_mul(s.kit.x, c));
        ed_scalar_to_be32(proof, &c);
        ed_scalar_to_be32(proof + 32, &r);
        ed_eighths_write(hint, &a, 1);
        CHECK_ERR(verify(&s), i == 0 ? E_OK : E_SIGNATURE);
        ed_table_mul(&a, ed_table_base(), &eighth);
        ed_eighths_write(hint, &a, 1);
        CHECK_ERR(verify(&s), i == 0 ? E_OK : E_SIGNATURE);
    }
    set_close(&s);
}

/* A ciphertext's point, the credential and A0, each moved by every point of small order and signed
 * again: refused, with the hints of the points unmoved and with none. */
TEST(batch_ballot_outside_the_subgroup)
{
    struct set s;
    set_open(&s);
    const struct bel_election *e = &s.kit.election;
    size_t places[] = {0, e->questions[0].answer_offset, e->questions[1].answer_offset + 32,
                       e->plan->nonzeros[0].offset};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uint8_t *at = bytes_at(s.packed[5], places[i]);
        uint8_t *was = mem_dup(s.packed[5].data, s.packed[5].len);
        for (uint64_t k = 1; k < 8; k++) {
            struct ed_point p, by = torsion(k);
            REQUIRE(ed_decode(&p, at));
            ed_add(&p, &p, &by);
            ed_encode(at, &p);
            kit_sign(&s.kit, bytes_at(s.packed[5], 0));
            CHECK(verify(&s) != E_OK);
            struct bytes hints = s.hints[5];
            s.hints[5].len = 0;
            CHECK(verify(&s) != E_OK);
            s.hints[5] = hints;
            memcpy(bytes_at(s.packed[5], 0), was, s.packed[5].len);
        }
        mem_free(was);
    }
    set_close(&s);
}

/* A non-zero proof whose A0 is the identity: anyone can make it, of whatever ciphertexts. All
 * hashes and equations hold, and the hints are right. */
TEST(batch_nonzero_proof_of_the_identity)
{
    struct set s;
    struct bel_check c;
    struct buf whole = {0}, hints = {0};
    set_open(&s);
    const struct bel_election *e = &s.kit.election;
    const struct bel_question *q = &e->questions[1];
    struct bytes packed = s.packed[1];
    uint8_t points[3][EDWARDS_BYTES] = {{1}},
            *proof = bytes_at(packed, e->plan->nonzeros[0].offset);
    memcpy(proof, points[0], EDWARDS_BYTES);
    bel_check_begin(&c, e);
    CHECK_ERR(bel_check_open(&c, packed, NULL), E_OK);
    CHECK_ERR(bel_check_commit(&c, NULL), E_OK);
    memcpy(points[1], c.encoded[2 * e->plan->branch_count], 2 * sizeof points[0]);
    bel_check_end(&c);
    bel_voter_context(&whole, e, packed.data);
    bel_put_ciphertexts(&whole, packed.data + q->answer_offset, q->ciphertext_count);
    struct ed_scalar challenge = e->version->challenge(BEL_NONZERO, buf_view(&whole),
                                                       (const uint8_t(*)[EDWARDS_BYTES])points, 3);
    ed_scalar_to_be32(proof + EDWARDS_BYTES, &challenge);
    kit_sign(&s.kit, bytes_at(packed, 0));
    CHECK_ERR(bel_hints_make(&hints, e, packed), E_OK);
    struct bytes was = s.hints[1];
    s.hints[1] = buf_view(&hints);
    CHECK_ERR(verify(&s), E_PROOF);
    s.hints[1] = was;
    buf_free(&whole);
    buf_free(&hints);
    set_close(&s);
}

/* Ballots that have none; and a false one, which has: they change nothing. */
TEST(batch_hints_of_bad_ballots)
{
    struct set s;
    struct buf hints = {0};
    set_open(&s);
    s.packed[0].len--;
    CHECK_ERR(bel_hints_make(&hints, &s.kit.election, s.packed[0]), E_INVALID);
    s.packed[0].len++;
    memset(bytes_at(s.packed[0], 32), 0xff, 32);
    CHECK_ERR(bel_hints_make(&hints, &s.kit.election, s.packed[0]), E_INVALID);
    memset(bytes_at(s.packed[0], 0), 0xff, 32);
    CHECK_ERR(bel_hints_make(&hints, &s.kit.election, s.packed[0]), E_INVALID);
    CHECK_INT(hints.len, 0);
    *bytes_at(s.packed[1], s.packed[1].len - 1) ^= 1;
    CHECK_ERR(bel_hints_make(&hints, &s.kit.election, s.packed[1]), E_OK);
    struct bytes was[2] = {s.packed[0], s.hints[1]};
    s.packed[0] = s.packed[2];
    s.hints[0].len = 0;
    s.hints[1] = buf_view(&hints);
    CHECK_ERR(verify(&s), E_SIGNATURE);
    s.packed[0] = was[0];
    s.hints[1] = was[1];
    buf_free(&hints);
    set_close(&s);
}
