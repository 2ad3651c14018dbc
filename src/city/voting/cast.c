/* Casting a ballot: the cheap questions first, then what it is worth. */
#include "city/voting/cast.h"

#include "city/voting/price.h"
#include "city/voting/voters.h"
#include "city/voting/sums.h"
#include "city/voting/verified.h"

#define CANDIDATES_MAX 4u /* elections of one number, of as many chains in one process */

static enum err require_open(struct service_call *c, const struct consultation *v)
{
    uint64_t now_s = service_now_s(c);
    TRY(require_stage(c, v, STAGE_PUBLISHED));
    return v->opens_s <= now_s && now_s < v->closes_s
               ? E_OK
               : REFUSE(c, "NotOpen", abi_u64(v->id), abi_u64(v->opens_s), abi_u64(v->closes_s),
                        abi_u64(now_s));
}

static enum err require_voter(struct service_call *c, const struct consultation *v,
                              const uint8_t key32[EDWARDS_BYTES], struct voter *out)
{
    TRY(voter_load(c, v->id, key32, out));
    if (!out->known)
        return REFUSE(c, "UnknownCredential", abi_u64(v->id), abi_bytes32(key32));
    return out->struck ? REFUSE(c, "CredentialStruck", abi_u64(v->id), abi_bytes32(key32)) : E_OK;
}

/* Proofs and signature hold, and it is no copy of an earlier ballot. */
static enum err check_ballot(struct service_call *c, const struct consultation *v,
                             const struct bel_election *e, struct bytes ballot,
                             struct hash *tracker_out)
{
    struct diag d = {0};
    uint64_t known;
    TRY(service_charge(c, price_ballot(e)));
    enum err err = verified_ballot(e, ballot, tracker_out, &d);
    if (err != E_OK) {
        service_tell(c, d.text);
        return REFUSE(c, "InvalidBallot", rule_word(err));
    }
    TRY(tracker_load(c, v->id, tracker_out, &known));
    return known ? REFUSE(c, "KnownBallot", abi_bytes32(tracker_out->b), abi_u64(known - 1)) : E_OK;
}

/* The ballot's event, the sums, and what is known of the voter. */
static enum err record_ballot(struct service_call *c, const struct consultation *v,
                              struct voting_election *election, struct bytes ballot,
                              const struct hash *tracker, struct voter *voter)
{
    const uint8_t *key32 = bel_ballot_credential(ballot);
    struct event former = {0};
    struct progress p;
    if (voter->ballots)
        TRY(event_load(c, v->id, voter->height, &former));
    TRY(sums_change(c, v, election, ballot, former.body, voter->weight));
    TRY(progress_load(c, v->id, &p));
    p.cast++;
    if (voter->ballots == 0) {
        p.counted++;
        p.counted_weight += voter->weight;
    }
    voter->ballots++;
    voter->height = p.events;
    TRY(tracker_store(c, v->id, tracker, p.events));
    TRY(event_append(c, v->id, &p, BEL_BALLOT, tracker, 0, ballot));
    TRY(voter_store(c, v->id, key32, voter));
    TRY(progress_store(c, v->id, &p));
    return EMIT(c, "BallotCast", abi_u64(v->id), abi_bytes32(key32), abi_bytes32(tracker->b),
                abi_bytes32(p.last.b), abi_u64(voter->height));
}

enum err run_voting_cast(struct service_call *c)
{
    struct bytes ballot = service_arg(c, 1)->bytes;
    struct consultation v;
    struct voter voter;
    struct voting_election *election = NULL;
    struct hash tracker;
    TRY(consultation_load(c, &v));
    TRY(require_open(c, &v));
    if (ballot.len != v.ballot_bytes)
        return REFUSE(c, "InvalidBallot", rule_word(E_INVALID));
    TRY(require_voter(c, &v, bel_ballot_credential(ballot), &voter));
    TRY(election_of(c, &v, &election));
    enum err e = check_ballot(c, &v, &election->e, ballot, &tracker);
    if (e == E_OK)
        e = record_ballot(c, &v, election, ballot, &tracker, &voter);
    election_release(election);
    return e == E_OK ? service_return(c, NULL) : e;
}

void cast_ahead(const struct abi_value *args)
{
    struct voting_election *candidates[CANDIDATES_MAX];
    struct bytes ballot = args[1].bytes;
    struct hash tracker;
    struct diag d = {0};
    size_t count = election_hold_numbered(candidates, CANDIDATES_MAX, args[0].word.w[0]);
    for (size_t i = 0; i < count; i++) {
        if (candidates[i]->e.ballot_bytes == ballot.len)
            (void)verified_ballot(&candidates[i]->e, ballot, &tracker, &d);
        election_release(candidates[i]);
    }
}
