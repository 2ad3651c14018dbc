/* price: what the work of the voting service costs in gas, besides storage: some 10 ns of work per
 * unit, as bench/bench_edwards and bench/bench_ballot measure it on one core of a 2.4 GHz server,
 * and a third more. Charged before the work, and the same whether a node finds it done already. */
#ifndef PARVIS_CITY_VOTING_PRICE_H
#define PARVIS_CITY_VOTING_PRICE_H

#include "belenios/election.h"

#define GAS_VOTING_POINT 1200u      /* decode a point and see that it lies in the subgroup */
#define GAS_VOTING_MULTIPLY 2500u   /* a point times a number */
#define GAS_VOTING_PAIR 4000u       /* one case of a proof: two commitments found again */
#define GAS_VOTING_SIGNATURE 5000u  /* a signature or a proof of knowledge, its points included */
#define GAS_VOTING_SUM 900u         /* one ciphertext of a ballot added to the sums */
#define GAS_VOTING_SUM_LOAD 2500u   /* one ciphertext of stored sums decoded */
#define GAS_VOTING_ELECTION 100000u /* an election read, and the tables of its key made */
#define GAS_VOTING_DOCUMENT_BYTE 1u /* of a document, read or written and hashed */

/* price_election reads a document of so many bytes and prepares it. */
uint64_t price_election(size_t document_bytes);

/* price_ballot verifies a ballot, price_sums adds one to the sums or takes it out again (the sums
 * decoded and encoded), price_decryption checks a trustee's part. */
uint64_t price_ballot(const struct bel_election *e);
uint64_t price_sums(size_t ciphertexts);
uint64_t price_decryption(size_t ciphertexts);

/* price_opening combines the parts of `alone` single trustees and of `grouped` members of groups
 * into the result and checks it. */
uint64_t price_opening(size_t alone, size_t grouped, size_t ciphertexts);

/* price_transactions is the gas of the dearest transaction of an election's life that cannot be
 * split: a ballot that replaces another, a trustee's part, or the result. template_bytes: of the
 * template that its document follows from. */
uint64_t price_transactions(const struct bel_election *e, size_t template_bytes, size_t alone,
                            size_t grouped);

#endif
