/* vote_make: a voter's ballot, made on this machine. */
#ifndef PARVIS_APP_VOTE_MAKE_H
#define PARVIS_APP_VOTE_MAKE_H

#include "app/cli.h"
#include "belenios/ballot.h"

/* What `cast`, `ballot` and `challenge` take. */
/* clang-format off */
#define VOTE_MAKE_OPTIONS \
    {"credential", "FILE|-", "file with the secret voting code; -: standard input", \
     "fichier du code de vote secret ; - : entrée standard"}, \
    {"choice", "FILE|-", \
     "the choice, as [[1,0,0],[0,1]]: 1 for what is chosen, by question (default: asked for)", \
     "le choix, sous la forme [[1,0,0],[0,1]] : 1 pour ce qui est choisi, par question (défaut : " \
     "demandé)"}
/* clang-format on */

/* vote_make reads credential and choice - or asks for the choice on a terminal - and makes a ballot
 * of them. The election is read, not prepared. *opening (NULL: not wanted) lives in the arena and
 * is secret. E_OK | E_USAGE | E_KEY | E_INVALID | E_JSON ... */
enum err vote_make(const struct cli *cli, struct bel_election *e, struct arena *a,
                   struct buf *packed, struct bel_opening *opening, struct diag *d);

/* vote_write_challenge writes what a challenge reveals: the ballot without its signature, and its
 * opening (mode 0600). Without --force nothing is overwritten. E_OK | E_EXISTS | E_IO |
 * E_DISK_FULL. */
enum err vote_write_challenge(const struct cli *cli, const struct bel_election *e,
                              struct bytes packed, const struct bel_opening *opening,
                              const char *ballot_path, const char *opening_path, struct diag *d);
void vote_wipe_opening(struct bel_opening *o, const struct bel_election *e);

/* vote_ask asks for a choice on the terminal, question by question; choice has a byte for each
 * ciphertext. E_OK | E_IO (the input ended). */
enum err vote_ask(uint8_t *choice, const struct bel_election *e, struct diag *d);

#endif
