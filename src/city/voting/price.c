#include "city/voting/price.h"

#include "belenios/tally.h"
#include "city/service.h"

/* What a cast costs besides proofs and sums: the transaction itself, its call data (16 a byte), the
 * records it writes, its log, and the ballot it replaces read again. */
#define GAS_CAST_BASE 70000u
#define GAS_CAST_BYTE 20u
#define DOCUMENT_MORE 1024u /* what a document may have besides its template: key, name, uuid */

/* How many cases the proofs of a question have besides the 0-or-1 of each ciphertext
 * (belenios/ballot.h). */
static uint64_t extra_cases(const struct bel_question *q)
{
    if (q->kind == BEL_LISTS)
        return 1 + 2 * (uint64_t)q->list_count + 2; /* one list; each list's; the non-zero proof */
    uint64_t range = q->max - q->min + 1;
    return q->has_blank ? 2 + 1 + range : range;
}

uint64_t price_election(size_t document_bytes)
{
    return GAS_VOTING_ELECTION + GAS_VOTING_DOCUMENT_BYTE * (uint64_t)document_bytes;
}

uint64_t price_ballot(const struct bel_election *e)
{
    uint64_t gas = GAS_VOTING_SIGNATURE;
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        gas += (uint64_t)q->ciphertext_count * (2 * GAS_VOTING_POINT + 2 * GAS_VOTING_PAIR) +
               extra_cases(q) * GAS_VOTING_PAIR;
    }
    return gas;
}

uint64_t price_sums(size_t ciphertexts)
{
    return (uint64_t)ciphertexts * (GAS_VOTING_SUM + GAS_VOTING_SUM_LOAD);
}

uint64_t price_decryption(size_t ciphertexts)
{
    return (uint64_t)ciphertexts * (2 * GAS_VOTING_POINT + 2 * GAS_VOTING_PAIR);
}

uint64_t price_opening(size_t alone, size_t grouped, size_t ciphertexts)
{
    return (uint64_t)ciphertexts * ((alone + grouped) * (uint64_t)GAS_VOTING_SUM_LOAD +
                                    (grouped + 1) * (uint64_t)GAS_VOTING_MULTIPLY);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t price_transactions(const struct bel_election *e, size_t template_bytes, size_t alone,
                            size_t grouped)
{
    size_t count = e->ciphertext_count;
    uint64_t cast = GAS_CAST_BASE + GAS_CAST_BYTE * (uint64_t)e->ballot_bytes + price_ballot(e) +
                    2 * price_sums(count);
    uint64_t part =
        GAS_CAST_BASE + GAS_CAST_BYTE * (uint64_t)bel_decryption_bytes(e) + price_decryption(count);
    uint64_t result =
        GAS_CAST_BASE + GAS_CAST_BYTE * 32 * (uint64_t)count + price_opening(alone, grouped, count);
    return price_election(template_bytes + DOCUMENT_MORE) + larger(cast, larger(part, result));
}
