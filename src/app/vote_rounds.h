/* vote_rounds: the steps of a trustee, one transaction each.
 *
 * A trustee keeps a seed and nothing else: certificate, polynomial and the key that decrypts follow
 * from it and from what the ledger has, so that any machine with seed and account can go on.
 *
 * What the ledger has is what a node says. One that lies could have a single ballot decrypted,
 * named as the sum, or have complaints reveal share after share: so whatever secrets are applied to
 * is asked of other members' nodes too, the witnesses, and nothing is sent unless all say the same.
 */
#ifndef PARVIS_APP_VOTE_ROUNDS_H
#define PARVIS_APP_VOTE_ROUNDS_H

#include "app/vote_show.h"
#include "belenios/trustees.h"

#define VOTE_WITNESSES_MAX 8u

struct vote_work {
    struct cli *cli;
    struct vote_ledger ledger;
    struct vote_ledger witnesses[VOTE_WITNESSES_MAX]; /* other nodes, which have to say the same */
    const char *witness_urls[VOTE_WITNESSES_MAX];
    size_t witness_count;
    uint8_t key32[32];
    char seed[BEL_SEED_CHARS + 1];
    struct address account;
    uint64_t id;
    struct vote_consultation consultation;
    struct vote_consultation origin; /* where keys were made: the first of its units */
    struct vote_trustee *trustees;   /* of the consultation */
    size_t count;
    const struct vote_trustee *me;
    const struct vote_trustee *group; /* the members of my entry, by index */
    struct bel_context context;
    struct buf did; /* what was done, in words; empty: nothing */
    struct buf waits;
    uint64_t accused; /* the trustee that this run complained of; 0: none */
    bool is_over;
};

/* Each makes its message, sends it and says so in w->did. A trustee alone has the first one; a
 * group's member the other four, in order, each when all members have done the one before. What
 * others posted is checked before it is used; a member whose share is false is complained of. The
 * codes of vote_send | E_INVALID, E_SIGNATURE (d names the trustee), E_PROOF (the same; or a
 * witness says something else, or a second member would be complained of: then nothing was sent).
 */
enum err vote_post_key(struct vote_work *w, struct diag *d);
enum err vote_post_certificate(struct vote_work *w, struct diag *d);
enum err vote_commit(struct vote_work *w, struct diag *d);
enum err vote_post_coefficients(struct vote_work *w, struct diag *d);
enum err vote_verify_shares(struct vote_work *w, struct diag *d);
/* The part of the decryption. E_PROOF: the seed is not the one that the key was made with, or a
 * witness has other sums. */
enum err vote_decrypt(struct vote_work *w, struct diag *d);

#endif
