/* hints: the file of hints beside an archive (batch.h says what hints are).
 *
 * A header of 64 bytes - "parvis hints 1\n" and a zero; SHA-256 of election.json; the number of
 * ballots; the bytes of one ballot's hints; both numbers 8 bytes, big-endian - and then the hints
 * of the archive's ballots in their order. A ballot without a point to hint has zeros there, which
 * no point has. A file serves every archive of its election that begins with the same ballots,
 * however long it has become since; for what it has no hints, or others, ballots are verified
 * without. */
#ifndef PARVIS_BELENIOS_HINTS_H
#define PARVIS_BELENIOS_HINTS_H

#include "belenios/batch.h"
#include "belenios/verify.h"

#define BEL_HINTS_HEADER_BYTES 64

struct bel_hints_file {
    struct hash election;
    uint64_t count, bytes_each;
    struct bytes hints; /* points into the file */
};
/* bel_hints_file_read: E_OK | E_INVALID (another kind of file; cut: d says). */
enum err bel_hints_file_read(struct bel_hints_file *out, struct bytes file, struct diag *d);
/* The hints of ballot i, or none: of another election, or behind the last. */
struct bytes bel_hints_of(const struct bel_hints_file *f, const struct bel_election *e, uint64_t i);

/* bel_hints_file_make finds the hints of an archive's ballots, on several threads, and gives the
 * file to `put` piece by piece. Only the chain of the archive is checked. E_OK, *ballots_out their
 * number | bel_archive_verify's, of the chain | what put answers. */
enum err bel_hints_file_make(struct bytes archive, const struct bel_verify_options *options,
                             enum err (*put)(void *ctx, struct bytes piece, struct diag *d),
                             void *ctx, uint64_t *ballots_out, struct diag *d);

#endif
