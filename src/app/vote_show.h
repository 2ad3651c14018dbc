/* vote_show: a consultation in words. */
#ifndef PARVIS_APP_VOTE_SHOW_H
#define PARVIS_APP_VOTE_SHOW_H

#include "app/vote_ledger.h"

/* vote_print_state asks for the consultation and prints where it stands and what comes next: what
 * a command that changed something says at its end. receipt (may be NULL): of the transaction. */
enum err vote_print_state(struct vote_ledger *l, uint64_t id, const struct json *receipt,
                          struct diag *d);

/* A trustee, as trusteeAt() tells. */
struct vote_trustee {
    uint64_t owner; /* from 1 */
    struct address account;
    uint64_t entry;           /* of trustees.json, from 0 */
    uint32_t member;          /* in its group, from 1; 0: alone */
    uint32_t threshold, size; /* of the group */
    uint32_t step;            /* rounds passed */
    bool has_decrypted;
};
#define VOTE_TRUSTEE_ROUNDS 4u /* of a group's member; 1 for who is alone */
static inline bool vote_trustee_is_ready(const struct vote_trustee *t)
{
    return t->step >= (t->member ? VOTE_TRUSTEE_ROUNDS : 1);
}
/* All of them, in the ledger's arena. */
enum err vote_trustees_get(struct vote_ledger *l, uint64_t id, struct vote_trustee **out,
                           size_t *count_out, struct diag *d);

#endif
