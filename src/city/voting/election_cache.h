/* election_cache: the elections that are voted in, read and prepared once for all threads.
 *
 * What is kept follows from an election's document alone, so it changes nothing but time. Bounded:
 * ELECTION_CACHE_MAX elections of some 300 kB and their documents; what was not used for longest
 * and nobody holds gives way.
 * Threads   any; one lock, not held while an election is prepared or used. */
#ifndef PARVIS_CITY_VOTING_ELECTION_CACHE_H
#define PARVIS_CITY_VOTING_ELECTION_CACHE_H

#include <pthread.h>

#include "belenios/tally.h"

#define ELECTION_CACHE_MAX 128u

/* Encrypted sums and their points, decoded. */
struct decoded_sums {
    uint8_t *packed; /* 64 bytes a ciphertext; NULL: none yet */
    struct ed_point *points;
    uint64_t used;
};

struct voting_election {
    struct bel_election e; /* prepared; only read */
    /* the cache's own */
    uint64_t number; /* the consultation's */
    struct arena arena;
    unsigned holders;
    bool is_kept;
    uint64_t used; /* a clock of uses */
    pthread_mutex_t sums_lock;
    struct decoded_sums sums[4]; /* those used last */
    uint64_t sums_clock;
};

/* election_hold finds an election by its document's hash, or NULL. election_make reads a document
 * (of consultation `number`) and holds the election, or NULL where it is none. Both are given back
 * with election_release (NULL is fine). */
struct voting_election *election_hold(const struct hash *hash);
struct voting_election *election_make(struct bytes document, uint64_t number);
void election_release(struct voting_election *v);

/* election_hold_numbered holds up to `max` elections of that number (different chains have
 * different ones), those used last first, and returns how many. */
size_t election_hold_numbered(struct voting_election **out, size_t max, uint64_t number);

/* election_sums finds the points of packed sums (2 for each ciphertext: alpha, beta) among those
 * noted, or decodes and notes them. False: they are none. election_note_sums notes some in place of
 * those that were not used for longest. */
bool election_sums(struct voting_election *v, struct ed_point *out, struct bytes packed);
void election_note_sums(struct voting_election *v, struct bytes packed,
                        const struct ed_point *points);

#endif
