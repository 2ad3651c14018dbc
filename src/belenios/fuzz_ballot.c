/* Ballots of small elections. The first byte says which election and what the rest is: a document,
 * a packed ballot, a packed ballot that its voter signs whatever it is, or one with hints behind
 * it. What is read is written to the same bytes; what verifies has a document that reads to it;
 * hints change no answer. */
#include "belenios/batch.h"
#include "belenios/test_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const questions[] = {KIT_YES_NO, KIT_BLANK, KIT_LISTS,
                                        KIT_ONE_OF_3 "," KIT_YES_NO};
#define KITS (sizeof questions / sizeof *questions)

static struct kit *kit_of(size_t number)
{
    static struct kit kits[KITS];
    if (!kits[number].election.table)
        kit_open(&kits[number], questions[number]);
    return &kits[number];
}

/* The same ballot by way of its document. */
static void check_document(const struct kit *k, struct bytes packed)
{
    struct buf json = {0}, again = {0};
    struct diag d = {""};
    ASSERT(bel_ballot_write(&json, &k->election, packed) == E_OK);
    ASSERT(bel_ballot_read(&again, &k->election, buf_view(&json), &d) == E_OK);
    ASSERT(bytes_eq(buf_view(&again), packed));
    buf_free(&json);
    buf_free(&again);
}

static void try_packed(const struct kit *k, struct bytes packed)
{
    struct diag d = {""};
    enum err err = bel_ballot_verify(&k->election, packed, &d);
    ASSERT(err == E_OK || err == E_INVALID || err == E_SIGNATURE || err == E_PROOF);
    ASSERT((err == E_OK) == (d.text[0] == '\0'));
    if (err == E_OK || err == E_PROOF)
        check_document(k, packed);
}

static void try_document(const struct kit *k, struct bytes json)
{
    struct buf packed = {0}, again = {0};
    struct diag d = {""};
    enum err err = bel_ballot_read(&packed, &k->election, json, &d);
    if (err != E_OK) {
        ASSERT(err == E_JSON || err == E_INVALID || err == E_TOO_LARGE);
        ASSERT(d.text[0] && packed.len == 0);
    } else {
        ASSERT(bel_ballot_write(&again, &k->election, buf_view(&packed)) == E_OK);
        ASSERT(bytes_eq(buf_view(&again), json));
        try_packed(k, buf_view(&packed));
    }
    buf_free(&packed);
    buf_free(&again);
}

static void try_signed(const struct kit *k, struct bytes packed)
{
    uint8_t *ballot = mem_dup(packed.data, packed.len);
    kit_sign(k, ballot);
    try_packed(k, bytes_of(ballot, packed.len));
    mem_free(ballot);
}

static void try_hints(const struct kit *k, struct bytes both)
{
    size_t len = k->election.ballot_bytes, bad = 1;
    struct bytes packed = bytes_of(both.data, len);
    struct bytes hints = bytes_of(both.data + len, both.len - len);
    struct diag d = {""};
    enum err err = bel_ballots_verify(&k->election, &packed, &hints, 1, &bad, &d);
    ASSERT(err == bel_ballot_verify(&k->election, packed, NULL));
    ASSERT(err == E_OK || bad == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct kit *k = kit_of((data[0] >> 2) % KITS);
    struct bytes rest = bytes_of(data + 1, size - 1);
    if (data[0] % 4 == 0)
        try_document(k, rest);
    else if (data[0] % 4 == 1 || rest.len < k->election.ballot_bytes)
        try_packed(k, rest);
    else if (data[0] % 4 == 3)
        try_hints(k, rest);
    else if (rest.len == k->election.ballot_bytes)
        try_signed(k, rest);
    return 0;
}
