/* members: who runs the network. The organisations that keep the ledger, their validators' keys and
 * weights, what they decide by vote, and what became of validators that misbehaved.
 *
 * Before    the governor (money's role) enrols the founding members one by one, strikes them again
 *           if need be, and founds. Until then the chain is `solo`: its genesis proposer seals.
 * After     the chain is a network: a block's beneficiary is a current member's operator, and only
 *           operators act here. A change of the set, of the heartbeat or of the program is proposed
 *           by a member and takes effect in the transaction whose vote gives it more than two
 *           thirds of the power there is at that moment; a third against rejects it; time ends it.
 * Members   1 to MEMBERS_MAX, of power 1 to MEMBERS_POWER_MAX, so that the total stays far below
 *           CometBFT's bound of 2^60; operator, key and node are each one member's alone.
 * Followers nodes outside the validators that a member lets connect, MEMBERS_FOLLOWERS_MAX each,
 *           without vote; they go with the member that admitted them.
 * Storage   one record for all members (roll.h), one per proposal, follower, upgrade and
 *           misbehaviour. The functions below read it through the state, without gas.
 * Genesis   services.members: {"validators": [{"name", "operator", "key", "power", "node"}...],
 *           "heartbeat": seconds, "controller"}; with validators the chain is founded from block 0.
 * Threads   as the state they are given. A failed read (state_error) shows as an empty register. */
#ifndef PARVIS_CITY_MEMBERS_MEMBERS_H
#define PARVIS_CITY_MEMBERS_MEMBERS_H

#include "city/service.h"

extern const struct service MEMBERS_SERVICE;

#define MEMBERS_MAX 100u
#define MEMBERS_NAME_MAX 64u /* bytes of a member's name, or of a program's */
#define MEMBERS_POWER_MAX 1000000000u
#define MEMBERS_FOLLOWERS_MAX 8u /* of one member */
#define MEMBERS_HEARTBEAT_S 10u  /* unless the genesis or a vote says otherwise */
#define MEMBERS_HEARTBEAT_MAX_S 3600u

struct member {
    struct address operator;
    uint8_t key32[32]; /* Ed25519 public key of the validator */
    uint64_t power;
    uint8_t node20[20]; /* its node on the peer-to-peer network */
    char name[MEMBERS_NAME_MAX + 1];
};

/* members_validators lists the current members, all of power > 0, ascending by key32, in the arena;
 * none before the chain is founded. E_OK | E_CORRUPT | what state_error says. */
enum err members_validators(struct state *s, struct arena *a, struct member **out,
                            size_t *count_out);

bool members_founded(struct state *s);

/* Seconds of consensus time after which a block is made though there is nothing to put in it. */
uint64_t members_heartbeat_s(struct state *s);

/* Whether a node may connect: a member's own, or a follower that a member admitted. False before
 * the chain is founded. */
bool members_node_allowed(struct state *s, const uint8_t node20[20]);

/* members_upgrade tells the upgrade in force: from Ethereum block *number_out on (which may lie
 * ahead or behind) only a program that knows `name` may run. False, and nothing written, when none
 * was ever agreed. An upgrade called off before its block gives way to the one before it. */
bool members_upgrade(struct state *s, uint64_t *number_out, char name_out[MEMBERS_NAME_MAX + 1]);

/* What the ordering engine reports of a validator: kind 1 two votes in one round, 2 an attack on
 * light clients. validator20 is CometBFT's address (the first 20 bytes of the key's SHA-256). */
struct misbehaviour {
    uint8_t kind;
    uint8_t validator20[20];
    uint64_t height; /* consensus height at which it happened */
    uint64_t time_s; /* of the block that reports it */
    uint64_t power;  /* the member's, before what follows; 0: it is none */
};

/* members_punish acts on reports in the order given, at the start of a block, outside any
 * transaction (w->state and w->block are set; no gas, no logs): the member named is expelled with
 * the followers it admitted, unless it is the last one. Each report is kept with what was decided
 * (misbehaviourAt). On an error the block must not be committed. E_OK | E_BLOCK (the chain is not
 * founded: nobody can have misbehaved) | E_CORRUPT | what state_error says. */
enum err members_punish(struct world *w, const struct misbehaviour *list, size_t count);

#endif
