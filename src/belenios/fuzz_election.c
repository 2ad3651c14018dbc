/* Elections, templates, rolls, choices and openings: the first byte says which the rest is. What is
 * read is written, and read again to the same. */
#include "belenios/test_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every ciphertext and every proof has its place. */
static void check_shape(const struct bel_election *e)
{
    size_t ciphertexts = 0, offset = EDWARDS_BYTES;
    for (size_t i = 0; i < e->question_count; i++) {
        ASSERT(e->questions[i].first_ciphertext == ciphertexts);
        ASSERT(e->questions[i].answer_offset == offset);
        ciphertexts += e->questions[i].ciphertext_count;
        offset += e->questions[i].answer_bytes;
    }
    ASSERT(e->ciphertext_count == ciphertexts && ciphertexts <= BEL_CIPHERTEXTS_MAX);
    ASSERT(e->ballot_bytes == offset + BEL_PROOF_BYTES);
    for (size_t i = 0; i < e->plan->statement_count; i++) {
        const struct bel_statement *s = &e->plan->statements[i];
        ASSERT(s->offset + (size_t)s->branch_count * BEL_PROOF_BYTES <= offset);
    }
}

static void try_election(struct arena *a, struct bytes json, bool is_template)
{
    struct bel_election e, again;
    struct buf b = {0}, twice = {0};
    struct diag d = {""};
    enum err err =
        is_template ? bel_template_read(&e, a, json, &d) : bel_election_read(&e, a, json, &d);
    if (err != E_OK) {
        ASSERT(d.text[0]);
        return;
    }
    if (is_template) {
        e.uuid = KIT_UUID;
        ed_encode(e.public_key32, &ED_BASE);
    }
    check_shape(&e);
    bel_election_write(&b, &e);
    err = bel_election_read(&again, a, buf_view(&b), &d);
    ASSERT(err == E_OK || err == E_TOO_LARGE); /* written with escapes it may be longer */
    if (err == E_OK) {
        ASSERT(again.ballot_bytes == e.ballot_bytes);
        bel_election_write(&twice, &again);
        ASSERT(bytes_eq(buf_view(&b), buf_view(&twice)));
    }
    buf_free(&b);
    buf_free(&twice);
}

static void try_roll(struct arena *a, struct bytes json)
{
    struct bel_roll r, again;
    struct buf b = {0}, twice = {0};
    struct diag d = {""};
    if (bel_roll_read(&r, a, json, &d) != E_OK) {
        ASSERT(d.text[0]);
        return;
    }
    bel_roll_write(&b, &r);
    ASSERT(bel_roll_read(&again, a, buf_view(&b), &d) == E_OK);
    ASSERT(again.count == r.count && again.total_weight == r.total_weight);
    for (size_t i = 0; i < r.count; i++)
        ASSERT(bel_roll_find(&r, again.voters[i].key32) == i);
    bel_roll_write(&twice, &again);
    ASSERT(bytes_eq(buf_view(&b), buf_view(&twice)));
    bel_roll_sort(&again);
    buf_free(&b);
    buf_free(&twice);
}

static struct kit *kit(void)
{
    static struct kit k;
    if (!k.election.table) {
        kit_open(&k, KIT_BLANK "," KIT_LISTS);
        kit_vote(&k, "[[0,1,1],[[1,0,1],[0,0]]]");
    }
    return &k;
}

static void try_choice(struct bytes json)
{
    uint8_t choice[16];
    struct diag d = {""};
    if (bel_choice_read(choice, &kit()->election, json, &d) == E_OK)
        (void)bel_choice_check(&kit()->election, choice, &d);
    else
        ASSERT(d.text[0]);
}

/* An opening that says less than the ballot's own cannot hold. */
static void try_opening(struct arena *a, struct bytes json)
{
    const struct kit *k = kit();
    struct bel_opening o;
    struct diag d = {""};
    if (bel_opening_read(&o, a, &k->election, json, &d) != E_OK) {
        ASSERT(d.text[0]);
        return;
    }
    memcpy(o.hash, k->opening.hash, sizeof o.hash);
    ASSERT(bel_opening_check(&k->election, buf_view(&k->packed), &o, &d) == E_PROOF);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    if (size == 0)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
    case 1:
        try_election(&a, rest, data[0] % 5 == 1);
        break;
    case 2:
        try_roll(&a, rest);
        break;
    case 3:
        try_choice(rest);
        break;
    default:
        try_opening(&a, rest);
    }
    arena_free(&a);
    return 0;
}
