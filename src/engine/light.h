/* light: verification of CometBFT v0.40 headers by someone who runs no node.
 *
 * What is known  a trust: the chain's name, one height and the validators of that height, taken
 * from the genesis file or from a header verified before. What is asked: whether another header of
 * the chain holds. Rules          a block (header, commit, validators) must hold in itself: the
 * commit names the header's hash, the header the hash of the validators, and valid signatures of
 * more than two thirds of their power stand under it. And it must follow from the trust: the same
 * height    the same validators, or the very header; the next height    its validators are those
 * that the trusted header named; a later height     more than a third of the trusted power signed
 * it. All but "the very header" only within the trust period: who has stopped being a validator may
 * sign anything later. Encodings      a header's hash is the RFC 6962 tree over its 14 fields as
 * protobuf messages, the set's over SimpleValidator; a vote signs CanonicalVote with its length in
 * front (facts of CometBFT's proto files and types/block.go). Only Ed25519 keys. All numbers are
 * integers. Memory: what is read lies in the arena and borrows nothing from the JSON. Threads
 * values only. */
#ifndef PARVIS_ENGINE_LIGHT_H
#define PARVIS_ENGINE_LIGHT_H

#include "base/mem.h"
#include "codec/json.h"

#define LIGHT_PERIOD_S (14u * 86400) /* of a trust that says none */
#define LIGHT_DRIFT_S 10             /* how far a header may be ahead of the reader's clock */

struct light_time {
    int64_t s; /* since 1970 */
    uint32_t ns;
};

/* A hash that may be missing (len 0) or has 32 bytes; the application's is of any length. */
struct light_block_id {
    struct bytes hash;
    uint32_t parts;
    struct bytes parts_hash;
};

struct light_header {
    uint64_t version_block, version_app;
    const char *chain_id;
    uint64_t height; /* 1 .. 2^63 - 1 */
    struct light_time time;
    struct light_block_id last_block_id;
    struct bytes last_commit_hash, data_hash;
    struct bytes validators_hash; /* 32 bytes, as next_validators_hash */
    struct bytes next_validators_hash;
    struct bytes consensus_hash, app_hash, last_results_hash, evidence_hash;
    uint8_t proposer20[20];
};

enum light_flag { LIGHT_ABSENT = 1, LIGHT_COMMIT = 2, LIGHT_NIL = 3 };

struct light_vote {
    enum light_flag flag;
    uint8_t validator20[20]; /* the rest is not set when absent */
    struct light_time time;
    uint8_t signature64[64];
};

struct light_commit {
    uint64_t height;
    uint32_t round;
    struct light_block_id block_id;
    struct light_vote *votes; /* one a validator, in the set's order */
    size_t count;
};

struct light_validator {
    uint8_t key32[32];
    uint8_t address20[20];
    uint64_t power;
};

struct light_set {
    struct light_validator *validators;
    size_t count;
    uint64_t power; /* of all */
};

struct light_block {
    struct light_header header;
    struct light_commit commit;
    struct light_set set;
    struct hash hash; /* of the header, computed */
};

struct light_trust {
    const char *chain_id;
    uint64_t height;
    struct light_time time;
    struct light_set set;      /* of this height */
    bool has_header;           /* false: from a genesis */
    struct hash header_hash;   /* with has_header */
    struct hash next_set_hash; /* likewise */
    uint64_t period_s;
};

/* --- reading and writing (light_json.c) ------------------------------------------------------- */

/* The engine's JSON, strictly: no member unknown, hexadecimal in capitals, canonical base64, times
 * in UTC. light_read_validators appends a page; from_engine allows (and ignores) what is under no
 * hash, "proposer_priority". E_JSON, d names the member. */
enum err light_read_signed_header(struct light_block *out, struct arena *a, const struct json *j,
                                  struct diag *d);
enum err light_read_validators(struct light_set *out, struct arena *a, const struct json *array,
                               bool from_engine, struct diag *d);

/* {"signed_header":{"header":..,"commit":..},"validators":[..]}, the engine's form without what is
 * under no hash. */
enum err light_read_block(struct light_block *out, struct arena *a, const struct json *j,
                          struct diag *d);
void light_put_block(struct buf *out, const struct light_block *b);

/* A trust: our own form, or CometBFT's genesis file with its validators. E_JSON. */
enum err light_read_trust(struct light_trust *out, struct arena *a, const struct json *j,
                          struct diag *d);
void light_put_trust(struct buf *out, const struct light_trust *t);

/* RFC 3339 in UTC, as the engine writes times. light_read_time: E_JSON. */
enum err light_read_time(struct light_time *out, const char *text);
void light_put_time(struct buf *out, struct light_time t);
int light_time_compare(struct light_time a, struct light_time b);

/* --- verifying (light.c) ---------------------------------------------------------------------- */

struct hash light_header_hash(const struct light_header *h);
struct hash light_set_hash(const struct light_set *s);
/* Into the engine's order, which the hash is of: by falling power, then by address. */
void light_set_sort(struct light_set *s);
/* What vote i of a commit signs, appended. */
void light_vote_bytes(struct buf *out, const char *chain_id, const struct light_commit *c,
                      size_t i);

/* light_drop_bad_votes turns votes whose signature does not verify here into absent ones. */
void light_drop_bad_votes(struct light_block *b);

/* What a commit says: how many signed the block, and their power. */
struct light_tally {
    size_t signers;
    uint64_t power;
};
struct light_tally light_tally(const struct light_block *b);

/* light_check: the block holds in itself. light_step: and it follows from the trust, which is moved
 * to it (and then borrows from b). E_OK | E_PROOF; d says what does not hold. */
enum err light_check(const struct light_block *b, struct diag *d);
enum err light_step(struct light_trust *t, const struct light_block *b, struct light_time now,
                    struct diag *d);

#endif
