/* roll: what the files of the members' service share: the record of all members, the rules for a
 * member's fields, followers, upgrades, and the changes that are voted on. Not for other rooms
 * (they use members.h).
 *
 * Slots
 *   "founded"             block number 8 | time 8
 *   "heartbeat"           seconds
 *   "roll"                next serial 4 | per member, in order of joining: serial 4 | operator 20 |
 *                         key 32 | power 8 | node 20 | name length 1 | name
 *   "follower", node      the operator that admitted it
 *   "followers", operator its follower nodes, 20 bytes each
 *   "proposals"           number of the last one; "proposal", id and "open-proposals": proposal.c
 *   "upgrades", "upgrade", index and "upgrade-current": upgrade.c
 *   "misbehaviours" and "misbehaviour", index: misbehaviour.c */
#ifndef PARVIS_CITY_MEMBERS_ROLL_H
#define PARVIS_CITY_MEMBERS_ROLL_H

#include "city/members/members.h"
#include "city/record.h"

#define ROLL_NOBODY SIZE_MAX

/* A serial is given once: who left and came back is another member, whose old votes are void. */
struct roll {
    uint32_t next_serial;
    uint32_t serial[MEMBERS_MAX];
    struct member member[MEMBERS_MAX];
    size_t count;
};

/* roll_load and roll_store for handlers; roll_read without gas, false if it does not decode. */
enum err roll_load(struct service_call *c, struct roll *out);
enum err roll_store(struct service_call *c, const struct roll *r);
bool roll_read(struct state *s, struct roll *out);

/* The position of a member, by operator or by serial, or ROLL_NOBODY. */
size_t roll_find(const struct roll *r, const struct address *operator);
size_t roll_find_serial(const struct roll *r, uint32_t serial);
uint64_t roll_power(const struct roll *r);

/* roll_add appends a member that passed change_check; roll_drop removes one and the followers it
 * admitted (with events unless silent). Both store the roll. */
enum err roll_add(struct service_call *c, struct roll *r, const struct member *m);
enum err roll_drop(struct service_call *c, struct roll *r, size_t index, bool silent);

enum err members_load_founded(struct service_call *c, bool *founded_out, uint64_t *number_out,
                              uint64_t *time_out);
enum err members_set_founded(struct service_call *c);
enum err members_set_heartbeat(struct service_call *c, uint64_t seconds);
enum err members_load_heartbeat(struct service_call *c, uint64_t *out);

/* NotFounded, then NotAuthorised(caller, "member"), unless the caller is a member of a founded
 * network; the roll and the caller's place on it. */
enum err members_require_member(struct service_call *c, struct roll *out, size_t *index_out);

/* 1 to MEMBERS_NAME_MAX bytes of UTF-8 without control, formatting and line characters, and without
 * a space at either end. */
bool members_text_holds(struct bytes text);

/* A node of the peer-to-peer network in the ABI (bytes20), and as an argument. */
struct abi_value members_abi_node(const uint8_t node20[20]);
void members_node_argument(uint8_t node20[20], const struct abi_value *v);
static inline struct abi_value abi_text(const char *text)
{
    return abi_bytes(bytes_str(text));
}

/* Counters: the value of a slot, and of an entry's slot. */
struct hash members_slot(const char *tag);
struct hash members_slot_at(const char *tag, uint64_t index);
enum err members_load_u64(struct service_call *c, const char *tag, uint64_t *out);
enum err members_store_u64(struct service_call *c, const char *tag, uint64_t v);
/* UnknownIndex(index, count) unless the method's first argument is below the counter's value. */
enum err members_index_argument(struct service_call *c, const char *counter, uint64_t *out);

/* --- followers (follower.c) ------------------------------------------------------------------- */

/* follower_load tells who admitted a node; zero: it is no follower. follower_drop ends one
 * admission, followers_drop all those of an operator. */
enum err follower_load(struct service_call *c, const uint8_t node20[20], struct address *out);
enum err follower_drop(struct service_call *c, const uint8_t node20[20]);
enum err followers_drop(struct service_call *c, const struct address *operator, bool silent);
bool follower_read(struct state *s, const uint8_t node20[20]);

/* --- upgrades (upgrade.c) --------------------------------------------------------------------- */

/* InvalidProgram, UpgradePassed or UpgradePending; NoUpgrade. Then the change itself. */
enum err upgrade_check(struct service_call *c, uint64_t number, struct bytes program);
enum err upgrade_agree(struct service_call *c, uint64_t number, struct bytes program, uint64_t id);
enum err upgrade_check_call_off(struct service_call *c);
enum err upgrade_call_off(struct service_call *c, uint64_t id);

/* --- changes (change.c) ----------------------------------------------------------------------- */

enum change_kind {
    CHANGE_ADD = 1,   /* all of a member; text is its name */
    CHANGE_POWER,     /* account, number */
    CHANGE_REMOVE,    /* account */
    CHANGE_KEY,       /* account, key32, node20 */
    CHANGE_HEARTBEAT, /* number of seconds */
    CHANGE_UPGRADE,   /* number of the block, text is the program */
    CHANGE_CALL_OFF,
    CHANGE_END,
};

struct change {
    enum change_kind kind;
    struct address account; /* the member's operator */
    uint8_t key32[32];
    uint8_t node20[20];
    uint64_t number; /* power, seconds or block */
    struct bytes text;
};

/* change_check refuses (E_REVERT) a change that the rules do not allow now, and changes nothing.
 * change_apply makes one that passed it, for proposal id. change_member makes the member to add. */
enum err change_check(struct service_call *c, const struct roll *r, const struct change *change);
enum err change_apply(struct service_call *c, struct roll *r, const struct change *change,
                      uint64_t id);
struct member change_member(const struct change *change);
/* A change's kind as the ABI tells it: "add", "power", "remove", ... */
const char *change_kind_name(enum change_kind kind);
/* The change that the first arguments of enrol and proposeAdd ask for. */
struct change change_add_arguments(const struct service_call *c);

/* --- genesis and handlers --------------------------------------------------------------------- */

enum err founding_genesis(struct service_call *c, const struct json *root, struct diag *d);

enum err run_members_enrol(struct service_call *c);
enum err run_members_strike(struct service_call *c);
enum err run_members_found(struct service_call *c);
enum err run_members_founded(struct service_call *c);

enum err run_members_propose_add(struct service_call *c);
enum err run_members_propose_power(struct service_call *c);
enum err run_members_propose_remove(struct service_call *c);
enum err run_members_propose_key(struct service_call *c);
enum err run_members_propose_heartbeat(struct service_call *c);
enum err run_members_propose_upgrade(struct service_call *c);
enum err run_members_propose_call_off(struct service_call *c);
enum err run_members_vote(struct service_call *c);
enum err run_members_recount(struct service_call *c);
enum err run_members_proposal(struct service_call *c);
enum err run_members_votes_of(struct service_call *c);
enum err run_members_proposal_count(struct service_call *c);
enum err run_members_open_proposals(struct service_call *c);

enum err run_members_admit_follower(struct service_call *c);
enum err run_members_dismiss_follower(struct service_call *c);
enum err run_members_followers_of(struct service_call *c);
enum err run_members_is_node_allowed(struct service_call *c);

enum err run_members_member_count(struct service_call *c);
enum err run_members_member_at(struct service_call *c);
enum err run_members_member_of(struct service_call *c);
enum err run_members_member_list(struct service_call *c);
enum err run_members_total_power(struct service_call *c);
enum err run_members_heartbeat(struct service_call *c);

enum err run_members_upgrade(struct service_call *c);
enum err run_members_upgrade_count(struct service_call *c);
enum err run_members_upgrade_at(struct service_call *c);

enum err run_members_misbehaviour_count(struct service_call *c);
enum err run_members_misbehaviour_at(struct service_call *c);

#endif
