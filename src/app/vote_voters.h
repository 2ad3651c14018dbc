/* vote_voters: the registrar's two files: who may vote, and each one's secret credential.
 *
 * VOTERS.csv (any separator of csv.h) has a first line of column names: `login`, which names a
 * voter and is in no other line; and, if wanted, `weight` (1), and `name` and `address`, which only
 * the printed sheets show. The credentials are Belenios' own file, a JSON object login: credential,
 * with mode 0600. Neither file ever goes to the ledger. */
#ifndef PARVIS_APP_VOTE_VOTERS_H
#define PARVIS_APP_VOTE_VOTERS_H

#include "belenios/credential.h"
#include "gateway/files/problems.h"

#define VOTE_LOGIN_MAX 256

struct vote_voter {
    const char *login;
    const char *name, *address; /* NULL: no such column; empty where nothing is written */
    uint64_t weight;
    size_t line; /* of the file */
    char credential[BEL_CREDENTIAL_CHARS + 1];
};
struct vote_voters {
    struct arena arena;
    struct vote_voter *at; /* in the order of the file */
    size_t count;
    struct vote_voter **by_login;
    bool has_weights;
};

/* vote_voters_read reads VOTERS.csv; *out is freed with vote_voters_free, which wipes the
 * credentials. E_OK | E_NOT_FOUND | E_IO | E_CSV (p has every bad line). */
enum err vote_voters_read(struct vote_voters *out, const char *path, struct problems *p,
                          struct diag *d);
void vote_voters_free(struct vote_voters *v);

/* vote_credentials_new draws a credential for everyone and writes the file, which must not exist.
 * vote_credentials_read takes them from it: exactly the voters' logins. E_OK | E_EXISTS | E_IO |
 * E_NOT_FOUND | E_JSON | E_INVALID. */
enum err vote_credentials_new(struct vote_voters *v, const char *path, struct diag *d);
enum err vote_credentials_read(struct vote_voters *v, const char *path, struct diag *d);

/* vote_voters_roll makes the public credentials for an election's uuid, sorted, so that their order
 * tells nothing. Memory is the arena's. */
void vote_voters_roll(struct bel_roll *out, struct arena *a, const struct vote_voters *v,
                      const char *uuid);

#endif
