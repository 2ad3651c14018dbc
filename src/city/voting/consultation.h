/* consultation: what the files of the voting service share: its records, the guards every handler
 * begins with, and the handlers. Not for other rooms (they use voting.h).
 *
 * Slots (numbers big-endian; id: the consultation's)
 *   "consultations"          number of the last one
 *   "clerk", account         01 while appointed
 *   "consultation", id       consultation.c: struct consultation
 *   "reason", id             text
 *   "progress", id           progress.c: what every ballot changes
 *   "units", id              of a merged one: ids, 8 each
 *   "weight", id             of a merged one: of all its units' rolls
 *   "series", id             01 once there are more units than this first one
 *   "template", "election", "trustees", id   documents; trustees of a series' first only
 *   "board", id              board.c: accounts, groups and steps of the trustees
 *   "message", id, owner * 256 + round; "shares", id, owner
 *   "roll", id; "voters", id, page; "voter", id, key     voters.c
 *   "event", id, height; "tracker", id, tracker          events.c
 *   "sums", id               64 bytes a ciphertext
 *   "decryptions", id        per part: owner 8, height of its event 8
 *   "result", id             counts, 8 each */
#ifndef PARVIS_CITY_VOTING_CONSULTATION_H
#define PARVIS_CITY_VOTING_CONSULTATION_H

#include "belenios/election.h"
#include "city/record.h"
#include "city/voting/voting.h"

#define VOTING_UUID_CHARS 17

enum consultation_stage {
    STAGE_DRAFT = 1,
    STAGE_PUBLISHED, /* open and closed follow from the time */
    STAGE_ENDED,     /* EndBallots is written */
    STAGE_TALLIED,
    STAGE_DECIDED,
    STAGE_CANCELLED,
    STAGE_MERGED,
};

struct consultation {
    uint64_t id;
    enum consultation_stage stage;
    bool is_merge;
    struct address clerk, registrar; /* a merge has no registrar */
    uint64_t created_s, published_s; /* block times; published 0: not yet */
    uint64_t opens_s, closes_s;
    uint64_t floor;
    uint64_t series;      /* the first unit's id */
    uint64_t merged_into; /* 0: none */
    uint32_t ciphertexts; /* of a ballot */
    uint32_t ballot_bytes;
    struct hash election_hash; /* SHA-256 of election.json; zero before publication */
    char uuid[VOTING_UUID_CHARS + 1];
    char name[VOTING_NAME_MAX + 1];
};

/* consultation_load takes the id from the method's first argument: UnknownConsultation.
 * consultation_load_id likewise for a number; consultation_new counts one up. */
enum err consultation_load(struct service_call *c, struct consultation *out);
enum err consultation_load_id(struct service_call *c, struct u256 id, struct consultation *out);
enum err consultation_store(struct service_call *c, const struct consultation *v);
enum err consultation_new(struct service_call *c, struct consultation *v);
enum err consultation_count(struct service_call *c, uint64_t *out);
/* Whether it is one of several units; note_units says so of its series. */
enum err consultation_has_units(struct service_call *c, const struct consultation *v, bool *out);
enum err consultation_note_units(struct service_call *c, const struct consultation *v);

/* The word for a consultation's state at the block's time: "draft", "open" ... */
const char *consultation_status(const struct service_call *c, const struct consultation *v);
bool consultation_is_over(const struct service_call *c, const struct consultation *v);
enum err wrong_status(struct service_call *c, const struct consultation *v);

/* NotAuthorised(caller, "clerk" or "registrar"); WrongStatus unless in that stage. */
enum err require_clerk(struct service_call *c, const struct consultation *v);
enum err require_registrar(struct service_call *c, const struct consultation *v);
enum err require_stage(struct service_call *c, const struct consultation *v,
                       enum consultation_stage stage);
/* The voting is over: EndBallots written, or published and the time is past. NotOver, WrongStatus.
 */
enum err require_over(struct service_call *c, const struct consultation *v);

/* A text argument: InvalidText. */
enum err require_text(struct service_call *c, struct bytes text, size_t max);
enum err store_reason(struct service_call *c, const struct consultation *v, struct bytes reason);

/* Documents and other values of one slot, into the call's arena. */
enum err load_document(struct service_call *c, const char *tag, uint64_t id, struct bytes *out);
enum err store_document(struct service_call *c, const char *tag, uint64_t id, struct bytes value);

/* The rule an error of src/belenios stands for, as bytes32: "proof", "signature" ... */
struct abi_value rule_word(enum err e);

static inline struct abi_value abi_text(const char *text)
{
    return abi_bytes(bytes_str(text));
}

/* --- handlers --------------------------------------------------------------------------------- */

enum err clerk_genesis(struct service_call *c, const struct json *root, struct diag *d);
enum err run_voting_appoint_clerk(struct service_call *c);
enum err run_voting_dismiss_clerk(struct service_call *c);
enum err run_voting_is_clerk(struct service_call *c);
enum err require_appointed(struct service_call *c);

enum err run_voting_create(struct service_call *c);
enum err run_voting_create_unit(struct service_call *c);
enum err run_voting_post_key(struct service_call *c);
enum err run_voting_post_certificate(struct service_call *c);
enum err run_voting_commit_coefficients(struct service_call *c);
enum err run_voting_post_coefficients(struct service_call *c);
enum err run_voting_post_verification(struct service_call *c);
enum err run_voting_complain(struct service_call *c);
enum err run_voting_reset_trustees(struct service_call *c);
enum err run_voting_add_voters(struct service_call *c);
enum err run_voting_publish(struct service_call *c);
enum err run_voting_strike(struct service_call *c);
enum err run_voting_postpone(struct service_call *c);
enum err run_voting_cancel(struct service_call *c);
enum err run_voting_cast(struct service_call *c);
enum err run_voting_close(struct service_call *c);
enum err run_voting_tally(struct service_call *c);
enum err run_voting_post_decryption(struct service_call *c);
enum err run_voting_post_result(struct service_call *c);
enum err run_voting_merge(struct service_call *c);

enum err run_voting_consultation_count(struct service_call *c);
enum err run_voting_consultation(struct service_call *c);
enum err run_voting_election_of(struct service_call *c);
enum err run_voting_trustees_of(struct service_call *c);
enum err run_voting_trustee_count(struct service_call *c);
enum err run_voting_trustee_at(struct service_call *c);
enum err run_voting_message_of(struct service_call *c);
enum err run_voting_shares_of(struct service_call *c);
enum err run_voting_voter_of(struct service_call *c);
enum err run_voting_voters_of(struct service_call *c);
enum err run_voting_event_at(struct service_call *c);
enum err run_voting_events_of(struct service_call *c);
enum err run_voting_ballot_height(struct service_call *c);
enum err run_voting_tally_of(struct service_call *c);
enum err run_voting_result_of(struct service_call *c);

#endif
