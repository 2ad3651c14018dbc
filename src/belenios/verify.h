/* verify: a whole election checked from its archive, whoever made it.
 *
 * Stricter than belenios-tool 3: a strict automaton of events (Setup, Ballot*, EndBallots,
 * EncryptedTally, PartialDecryption*, Result; any prefix is an election under way, nothing may
 * follow out of order or twice), the sized tally's numbers, canonical bytes everywhere, no record
 * that no event asks for. Ballots are verified on several threads; the first fault in the archive's
 * order is the one told, however many there are. */
#ifndef PARVIS_BELENIOS_VERIFY_H
#define PARVIS_BELENIOS_VERIFY_H

#include "belenios/archive.h"
#include "belenios/tally.h"

struct bel_hints_file;

/* The archive of a unit. A consultation that units were merged into has no voters and no ballots of
 * its own: in place of public credentials its Setup carries the hashes of the units' last events,
 * ["hex","hex"...], 2 to BEL_UNITS_MAX of them, and its sums are the products of theirs
 * (docs/services/voting.md). So it is verified with the archives of all of them. */
#define BEL_UNITS_MAX 64u
struct bel_unit_file {
    struct bytes file;
    const char *name; /* for messages: its path */
};

struct bel_verify_options {
    unsigned threads; /* 0: one per processor */
    void (*tick)(void *ctx, const char *what, uint64_t done, uint64_t total); /* or NULL */
    void *tick_ctx;
    /* An older copy: its events must be the first of this one's (empty: none). */
    struct bytes older;
    /* A trusted event hash that must be in the chain, as a ledger's state proves it. */
    const struct hash *anchor;
    /* A file of hints (hints.h): ballots are verified together, in a fifth of the time. It decides
     * nothing: what is missing or wrong there costs time only. NULL: none. */
    const struct bel_hints_file *hints;
    /* Of a merged consultation: the archives of its units, in any order, and of those merged into
     * them; exactly these. Each must hold and end with its EndBallots. Else none. */
    const struct bel_unit_file *units;
    size_t unit_count;
};

#define BEL_NO_UNIT SIZE_MAX

/* A unit that was verified. Numbers of a unit that is merged itself are the sums of its own. */
struct bel_unit {
    size_t file; /* place in options.units */
    size_t
        parent; /* place in report.units of the one it was merged into; BEL_NO_UNIT: the archive */
    bool is_merged;
    const char *name, *uuid;
    struct hash last_event;
    uint64_t voter_count, ballot_count, counted, total_weight;
};

/* What was found, up to the first fault. Memory is the arena's. */
struct bel_report {
    struct bel_election election; /* freed with bel_report_free */
    struct bel_trustees trustees;
    struct bel_roll roll;   /* empty where units were merged */
    struct bel_unit *units; /* in the order in which they are named, then those of units ... */
    size_t unit_count;
    uint64_t voter_count, roll_weight; /* of the roll, or of the units' */
    bool has_weights;                  /* any was written */
    bool has_setup;
    uint64_t event_count, ballot_count; /* before the first fault */
    uint64_t hinted;                    /* of them: verified with the help of their hints */
    uint64_t counted, total_weight;     /* the last ballot of each voter, and their weights */
    enum bel_event_type last_event;     /* of the chain, which may go on after a fault inside */
    struct hash last_hash;              /* an event */
    uint64_t decryption_count;
    bool has_result;
    uint64_t *counts;     /* e.ciphertext_count of them, where there is a result */
    uint64_t fault_event; /* where the fault is: the event's height, UINT64_MAX outside of events */
};

/* E_OK: everything holds | any other code, d naming event, ballot and rule ("event 12, ballot 9,
 * question 1, answer 2: the individual proof does not hold"). What is wrong with a unit is told at
 * event 0; E_UNSUPPORTED there: archives of units are wanting, d names the events they end with. */
enum err bel_archive_verify(struct bel_report *out, struct arena *a, struct bytes file,
                            const struct bel_verify_options *options, struct diag *d);
void bel_report_free(struct bel_report *r);

#endif
