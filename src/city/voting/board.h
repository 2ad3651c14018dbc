/* board: the trustees of a series of consultations: who they are, how they are grouped, how far
 * each one is with making the key. Numbered from 1 through all entries of trustees.json, a group's
 * members one by one: that number is the trustee's "owner" number (belenios/trustees.h). */
#ifndef PARVIS_CITY_VOTING_BOARD_H
#define PARVIS_CITY_VOTING_BOARD_H

#include "belenios/trustees.h"
#include "city/voting/consultation.h"

#define BOARD_SINGLE_STEPS 1u
#define BOARD_GROUP_STEPS 4u

enum board_round {                /* what messageOf counts */
                   ROUND_KEY = 1, /* of a trustee alone */
                   ROUND_CERTIFICATE = 1,
                   ROUND_COMMITMENT,
                   ROUND_COEFFICIENTS,
                   ROUND_VERIFICATION,
};

struct board_trustee {
    struct address account;
    uint32_t entry;
    uint32_t member; /* in its group, from 1; 0: alone */
    uint8_t step;    /* rounds passed */
};
struct board_entry {
    uint32_t threshold; /* 0: one trustee alone */
    uint32_t size;
    uint32_t first; /* its first trustee's place */
};
struct board {
    uint64_t series;
    struct board_trustee trustees[BEL_TRUSTEES_MAX]; /* trustees[owner - 1] */
    size_t count;
    struct board_entry entries[BEL_TRUSTEES_MAX];
    size_t entry_count;
};

enum err board_load(struct service_call *c, uint64_t series, struct board *out);
enum err board_store(struct service_call *c, const struct board *b);

/* board_find returns an account's owner number, 0 for none. board_require_caller refuses who is no
 * trustee: NotAuthorised(caller, "trustee"). */
uint64_t board_find(const struct board *b, const struct address *account);
enum err board_require_caller(struct service_call *c, const struct board *b, uint64_t *owner_out);

static inline const struct board_entry *board_entry_of(const struct board *b, uint64_t owner)
{
    return &b->entries[b->trustees[owner - 1].entry];
}
/* The context of a group member's messages. */
struct bel_context board_context(const struct board *b, uint64_t owner);

/* TrusteesIncomplete(owner) unless every trustee has passed all its rounds. */
enum err board_require_complete(struct service_call *c, const struct board *b);
/* How many parts open a sum: of trustees alone, and of members of groups. */
void board_opening(const struct board *b, size_t *alone_out, size_t *grouped_out);
/* board_restart takes all messages of an entry's trustees away. */
enum err board_restart(struct service_call *c, struct board *b, size_t entry);

/* Messages: what a trustee posted in a round (empty: nothing), and its sealed shares. */
enum err message_load(struct service_call *c, const struct board *b, uint64_t owner, unsigned round,
                      struct bytes *out);
enum err message_store(struct service_call *c, const struct board *b, uint64_t owner,
                       unsigned round, struct bytes message);
enum err shares_load(struct service_call *c, const struct board *b, uint64_t owner,
                     struct bytes *out);
enum err shares_store(struct service_call *c, const struct board *b, uint64_t owner,
                      struct bytes shares);

/* Stored messages unpacked: that of a trustee alone, and those of a whole group, in the call's
 * arena. They were checked when they were posted; lengths and proofs that cannot be written as
 * documents are RecordUnreadable all the same: a call may run on a state that somebody made up. */
enum err single_key_load(struct service_call *c, const struct board *b, size_t entry,
                         struct bel_key_message *out);
enum err certificates_load(struct service_call *c, const struct board *b, size_t entry,
                           struct bel_certificate **out);
enum err coefficients_load(struct service_call *c, const struct board *b, size_t entry,
                           struct bel_coefficients **out);
enum err verifications_load(struct service_call *c, const struct board *b, size_t entry,
                            struct bel_verification **out);
/* Coefficients from their packed form, which they borrow; false: not that long. */
bool coefficients_unpack(struct bel_coefficients *out, uint32_t threshold, struct bytes packed);

#endif
