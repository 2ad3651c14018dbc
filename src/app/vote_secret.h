/* vote_secret: secrets of voters and trustees from files, never from the command line. */
#ifndef PARVIS_APP_VOTE_SECRET_H
#define PARVIS_APP_VOTE_SECRET_H

#include "belenios/credential.h"
#include "belenios/trustees.h"

/* The first line of a file, or of standard input for "-": a voter's secret credential, also alone
 * in Belenios' JSON ({"login":"credential"}, "credential"). E_OK | E_NOT_FOUND | E_IO | E_KEY (it
 * is none). Wipe it after use. */
enum err vote_credential_read(char out[BEL_CREDENTIAL_CHARS + 1], const char *path, struct diag *d);
/* A trustee's seed, likewise. */
enum err vote_seed_read(char out[BEL_SEED_CHARS + 1], const char *path, struct diag *d);
void vote_wipe(void *secret, size_t len);

/* vote_input_read appends what is no secret: a file, or standard input for "-". */
enum err vote_input_read(struct buf *out, const char *path, size_t max_bytes, struct diag *d);

#endif
