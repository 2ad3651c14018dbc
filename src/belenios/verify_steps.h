/* verify_steps: the verification of an archive in three steps; internal to this folder.
 *
 *   bel_verify_read      one pass over the records: every byte of the container, the hash chain,
 * the order of events; notes where the documents are. Needs no election. bel_verify_ballots   every
 * ballot, on several threads the rest             setup before, tally, decryptions and result
 * after, in verify.c A fault of the first step is told last: only when all that stands before it
 * holds. */
#ifndef PARVIS_BELENIOS_VERIFY_STEPS_H
#define PARVIS_BELENIOS_VERIFY_STEPS_H

#include "belenios/verify.h"

#define BEL_OUTSIDE UINT64_MAX /* a fault that no event has */

struct bel_fault {
    enum err code; /* E_OK: none */
    uint64_t event;
    struct diag d;
};

/* Where one ballot's document is. 24 bytes, and 8 to 16 for finding copies. */
struct bel_place {
    uint64_t offset; /* of its body in the file */
    uint64_t prefix; /* of its hash */
    uint32_t len;
    uint32_t voter; /* place on the roll, once verified */
};

struct bel_decrypted {
    uint64_t event;
    struct bytes decryption, owned;
    struct hash decryption_hash;
};

/* What an archive holds, as far as its container holds. Documents point into the file. */
struct bel_contents {
    struct bytes file;
    struct bytes election, trustees, credentials, setup; /* data NULL: no Setup */
    struct hash setup_hashes[3];
    struct bel_place *ballots; /* ballot i is of event i + 1 */
    size_t ballot_count, ballot_cap;
    uint64_t counted, counted_weight; /* the last ballot of each voter; once verified */
    uint64_t hinted;                  /* verified with the help of their hints */
    uint32_t *copies;                 /* the ballots by prefix, open addressing: number + 1 */
    size_t copy_slots;
    struct bytes sums, sized; /* data NULL: no EncryptedTally */
    struct hash sums_hash;
    uint64_t tally_event;
    struct bel_decrypted *decrypted;
    size_t decrypted_count, decrypted_cap;
    struct bytes result; /* data NULL: none */
    uint64_t result_event;
    uint64_t event_count;
    enum bel_event_type last_type;
    struct hash last;
    struct bel_fault fault; /* where reading ended */
};

void bel_verify_read(struct bel_contents *c, struct bytes file,
                     const struct bel_verify_options *options);
void bel_contents_free(struct bel_contents *c);

/* Verifies all ballots of c and fills their voters; *tally, initialised, becomes the sum of those
 * that count (with_tally; else it is left alone). The first fault of the archive's order. */
struct bel_fault bel_verify_ballots(struct bel_contents *c, const struct bel_election *e,
                                    const struct bel_roll *roll, struct bel_tally *tally,
                                    bool with_tally, const struct bel_verify_options *options);

/* Writes the hints of ballots [from, from + count) of c, bel_hints_bytes each; zeros where a ballot
 * has none. */
void bel_make_hints(uint8_t *out, struct bel_contents *c, const struct bel_election *e, size_t from,
                    size_t count, const struct bel_verify_options *options);

/* What Setup says, without the voters: setup_data, election (prepared; freed with bel_report_free),
 * trustees and their key. */
enum err bel_verify_setup(struct bel_report *r, struct arena *a, const struct bel_contents *c,
                          struct diag *d);

/* Whether in place of credentials there may be the last events of units (as a text: 64 digits are
 * a public key too), and no ballot is there. bel_units_wanted says so and names them:
 * E_UNSUPPORTED. */
bool bel_names_units(const struct bel_contents *c);
enum err bel_units_wanted(const struct bel_contents *c, struct diag *d);

/* Verifies the units of c and adds their sums to *tally; fills units and numbers of r, which has
 * its setup. E_OK | E_UNSUPPORTED (one is wanting) | E_NOT_FOUND (one that is not named) | E_EXISTS
 * (twice; a uuid again) | E_INVALID (c has no units; voting had not ended) | E_PROOF (of another
 * election) | E_RANGE (the weights together) | what its archive is refused with. */
enum err bel_verify_units(struct bel_report *r, struct arena *a, const struct bel_contents *c,
                          struct bel_tally *tally, const struct bel_verify_options *options,
                          struct diag *d);

/* The message "event N (NAME): ..." around what is in f->d. */
void bel_fault_set(struct bel_fault *f, enum err code, uint64_t event, enum bel_event_type type);

#endif
