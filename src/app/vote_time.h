/* vote_time: instants as a clerk writes and reads them. */
#ifndef PARVIS_APP_VOTE_TIME_H
#define PARVIS_APP_VOTE_TIME_H

#include "base/bytes.h"

/* vote_time_read reads an instant: seconds since 1970; 2026-12-01T08:00:00+01:00 (or Z); the same
 * without an offset, then in French legal time; or +30, +30m, +2h, +7d from now. E_OK | E_USAGE (d
 * says what is wanted, `what` names the option). */
enum err vote_time_read(uint64_t *out, const char *what, const char *text, struct diag *d);

/* vote_put_time appends an instant in French legal time: "1 December 2026, 08:00". */
void vote_put_time(struct buf *out, uint64_t unix_s);

#endif
