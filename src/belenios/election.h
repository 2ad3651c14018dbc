/* election: what is asked, of whom, under which key: Belenios' election.json (crypto version 1).
 *
 * The document's bytes count: their SHA-256 (the fingerprint) goes into every proof. Read from
 * bytes, kept with them; written compactly, members in Belenios' order.
 * Sizes     at most BEL_QUESTIONS_MAX questions, BEL_CIPHERTEXTS_MAX ciphertexts in one ballot,
 *           LIMIT_BEL_ELECTION_BYTES of JSON. */
#ifndef PARVIS_BELENIOS_ELECTION_H
#define PARVIS_BELENIOS_ELECTION_H

#include "base/mem.h"
#include "belenios/text.h"
#include "belenios/version.h"

#define BEL_QUESTIONS_MAX 64u
#define BEL_CIPHERTEXTS_MAX 1024u
#define BEL_RANGE_MAX 256u /* answers of one question that may be chosen at once (max) */
#define LIMIT_BEL_ELECTION_BYTES (256u << 10)

enum bel_kind {
    BEL_HOMOMORPHIC, /* choose min to max of the answers; with `blank`: or none of them, openly */
    BEL_LISTS,       /* choose one list and at least one of its candidates */
};
/* "NonHomomorphic" (a mixnet) is refused: E_UNSUPPORTED. */

struct bel_list {
    const char *name;
    const char **candidates;
    size_t candidate_count;
};

struct bel_question {
    enum bel_kind kind;
    const char *question;
    const char **answers; /* BEL_HOMOMORPHIC */
    size_t answer_count;
    bool has_blank;
    uint32_t min, max;
    struct bel_list *lists; /* BEL_LISTS */
    size_t list_count;
    struct bytes extra; /* BEL_LISTS: "extra", any JSON, compactly; empty: absent */
    /* A voter's answer is this many numbers 0 or 1, each encrypted: [blank] answers..., or for each
     * list its own flag and its candidates'. */
    size_t ciphertext_count;
    size_t first_ciphertext; /* among the election's */
    size_t answer_bytes;     /* of its part of a packed ballot (belenios/ballot.h) */
    size_t answer_offset;
};

struct bel_plan; /* what a ballot's proofs state: belenios/ballot_plan.h */

struct bel_election {
    const struct bel_version *version;
    struct bytes document;                /* in the arena */
    struct hash hash;                     /* SHA-256 of it */
    char fingerprint[BEL_HASH_CHARS + 1]; /* the same as text */
    const char *uuid, *name, *description;
    const char *administrator, *credential_authority; /* NULL: absent */
    uint8_t public_key32[EDWARDS_BYTES];
    struct ed_point public_key;
    struct ed_table *table; /* of public_key; NULL until bel_election_prepare */
    struct bel_question *questions;
    size_t question_count;
    size_t ciphertext_count; /* of a ballot */
    size_t ballot_bytes;     /* of a packed ballot */
    const struct bel_plan *plan;
};

/* bel_election_read parses and checks a document: version known, group, uuid (at least 14 base58
 * characters, at most 64), the key's encoding and order, min <= max <= answers, no question
 * without answers, no list without candidates. "language" (3.3) is read over. What it points to
 * lies in the arena. E_OK | E_JSON (not JSON) | E_INVALID (a member missing, of the wrong type,
 * unknown) | E_RANGE | E_UNSUPPORTED | E_TOO_LARGE; d names the member ("questions[2].max"). */
enum err bel_election_read(struct bel_election *out, struct arena *a, struct bytes document,
                           struct diag *d);
/* bel_template_read reads what a clerk writes: the same without "public_key", "uuid", "version" and
 * "group" (refused), and bel_election_write makes the document of it: fields as they stand in *e,
 * in Belenios' order, absent ones left out. */
enum err bel_template_read(struct bel_election *out, struct arena *a, struct bytes document,
                           struct diag *d);
void bel_election_write(struct buf *out, const struct bel_election *e);

/* bel_election_prepare makes the table of the key, for verifying or making many ballots (some ms,
 * 490 kB); bel_election_free releases it (the rest is the arena's). */
void bel_election_prepare(struct bel_election *e);
void bel_election_free(struct bel_election *e);

/* A choice for every ciphertext, 0 or 1, by question: what a ballot encrypts.
 * bel_choice_read reads belenios-tool's form, a JSON array by question ([[1,0,0],[0,1]], a Lists
 * question [[1,1,0],[0,0]]); bel_choice_check says whether a voter may choose so. choice has
 * e->ciphertext_count bytes. E_OK | E_JSON | E_INVALID; d names question and rule. */
enum err bel_choice_read(uint8_t *choice, const struct bel_election *e, struct bytes json,
                         struct diag *d);
enum err bel_choice_check(const struct bel_election *e, const uint8_t *choice, struct diag *d);

#endif
