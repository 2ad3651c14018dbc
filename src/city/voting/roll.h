/* roll: the voters of a consultation: public credentials and what became of them.
 *
 * Kept twice: in pages in the order of public_credentials.json, to be listed, and one record per
 * key, to be looked up. The document itself is never stored; its hash is carried on from call to
 * call, so that publishing costs the same for ten voters and for a million. */
#ifndef PARVIS_CITY_VOTING_ROLL_H
#define PARVIS_CITY_VOTING_ROLL_H

#include "belenios/credential.h"
#include "city/voting/consultation.h"
#include "crypto/sha256.h"

enum roll_weights { ROLL_UNKNOWN, ROLL_PLAIN, ROLL_WEIGHTED };

struct roll {
    uint64_t count;
    uint64_t total_weight;
    enum roll_weights weights;
    uint8_t last_be32[EDWARDS_BYTES]; /* the last key as Belenios orders them */
    struct sha256 document;           /* public_credentials.json so far */
};
enum err roll_load(struct service_call *c, uint64_t id, struct roll *out);
/* SHA-256 of the whole document. */
struct hash roll_hash(const struct roll *r);

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
