/* voters: who may vote in a consultation: its roll of a consultation: public credentials and what
 * became of them.
 *
 * Kept twice: in pages in the order of public_credentials.json, to be listed, and one record per
 * key, to be looked up. The document itself is never stored; its hash is carried on from call to
 * call, so that publishing costs the same for ten voters and for a million. */
#ifndef PARVIS_CITY_VOTING_VOTERS_H
#define PARVIS_CITY_VOTING_VOTERS_H

#include "belenios/credential.h"
#include "city/voting/consultation.h"
#include "crypto/sha256.h"

enum voters_weights { VOTERS_UNKNOWN, VOTERS_PLAIN, VOTERS_WEIGHTED };

struct voters {
    uint64_t count;
    uint64_t total_weight;
    enum voters_weights weights;
    uint8_t last_be32[EDWARDS_BYTES]; /* the last key as Belenios orders them */
    struct sha256 document;           /* public_credentials.json so far */
};
enum err voters_load(struct service_call *c, uint64_t id, struct voters *out);
/* SHA-256 of the whole document. */
struct hash voters_hash(const struct voters *r);

struct voter {
    bool known, struck;
    uint64_t weight;
    uint32_t ballots;
    uint64_t height; /* of the last ballot's event */
};
enum err voter_load(struct service_call *c, uint64_t id, const uint8_t key32[EDWARDS_BYTES],
                    struct voter *out);
enum err voter_store(struct service_call *c, uint64_t id, const uint8_t key32[EDWARDS_BYTES],
                     const struct voter *v);

#endif
