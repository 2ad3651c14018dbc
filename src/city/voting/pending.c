#include "city/voting/consultation.h"
enum err run_voting_add_voters(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_ballot_height(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_cancel(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_cast(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_close(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_commit_coefficients(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_complain(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_consultation(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_consultation_count(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_create(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_create_unit(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_election_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_event_at(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_events_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_merge(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_message_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_post_certificate(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_post_coefficients(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_post_decryption(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_post_key(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_post_result(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_post_verification(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_postpone(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_publish(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_reset_trustees(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_result_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_shares_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_strike(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_tally(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_tally_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_trustee_at(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_trustee_count(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_trustees_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_voter_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
enum err run_voting_voters_of(struct service_call *c)
{
    return service_revert(c, "NoChange", NULL);
}
