/* elect: a whole election made in memory and on disk with the library alone, without a node: what
 * the tests and measurements compare belenios-tool with. Kinds, sizes and choices follow from the
 * options; keys, credentials and encryption from the system's randomness. Every step stops the
 * program with a message when it fails. */
#ifndef PARVIS_TESTS_ELECT_H
#define PARVIS_TESTS_ELECT_H

#include <stdio.h>

#include "belenios/archive.h"
#include "belenios/tally.h"

struct elect_options {
    const char *folder;
    const char *uuid;     /* of an election for which a roll is wanted */
    const char *template; /* the document */
    const char *trustees; /* "1,2/3": one alone, and any 2 of 3 */
    const char *open;     /* owners that decrypt, "1,2,4"; NULL: each alone, and the first k */
    size_t voters;
    uint64_t weight_max; /* 0: no weights; else weights 0 .. weight_max */
    unsigned revotes;    /* in a hundred: voters who vote twice */
    unsigned absent;     /* in a hundred: voters who do not vote */
    unsigned threads;
    uint64_t seed;
    enum bel_event_type until; /* the last kind of event to write */
};

struct elect {
    const struct elect_options *options;
    struct arena arena;
    struct bel_election election;
    struct bel_trustees trustees;
    struct ed_scalar *secrets; /* secrets[owner - 1]: what it decrypts with */
    struct bel_roll roll;
    char (*credentials)[BEL_CREDENTIAL_CHARS + 1]; /* credentials[i] is roll.voters[i]'s */
    struct buf public_credentials;                 /* the document */
    FILE *archive;                                 /* NULL: ballots go to ballots.jsonl */
    struct buf out;
    struct bel_writer writer;
    struct bel_tally tally;
    uint64_t *expected; /* the result, from the choices in clear */
    size_t ballots;
    double make_s; /* time spent on making ballots, all threads together */
};

_Noreturn void elect_stop(const char *what, enum err code, const struct diag *d);
FILE *elect_create(const char *folder, const char *name);
/* elect_file writes a whole file of the folder. */
void elect_file(const char *folder, const char *name, struct bytes content);
/* elect_read reads one into the arena. */
struct bytes elect_read(struct arena *a, const char *folder, const char *name);

/* elect_parallel calls job(ctx, i) for every i below count on `threads` threads. */
void elect_parallel(unsigned threads, size_t count, void (*job)(void *ctx, size_t i), void *ctx);
/* elect_random is the index-th number of the seed's sequence `what`. */
uint64_t elect_random(uint64_t seed, uint64_t what, uint64_t index);

/* election.json, trustees.json, public_creds.json, private_creds.json (login: credential) and
 * keys.json (owner: its secret exponent) come into the folder. */
void elect_set_up(struct elect *x);
/* elect_make_roll makes the two files of credentials, for x->election's version and uuid. */
void elect_make_roll(struct elect *x);
/* elect_open_folder takes election.json, public_creds.json and private_creds.json as they are
 * there, from whoever made them. */
void elect_open_folder(struct elect *x);

/* Ballots in a random order, the revotes among them, to the archive or to ballots.jsonl and
 * ballots.hex; the tally and the expected result go along. */
void elect_cast(struct elect *x);
void elect_close(struct elect *x); /* EndBallots to Result, as far as options->until says */

void elect_data(struct elect *x, struct bytes body);
void elect_event(struct elect *x, enum bel_event_type type, const struct hash *payload);

#endif
