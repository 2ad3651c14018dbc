/* program: random bytecode that mostly does something.
 *
 * Random bytes die at their first instruction. These programs keep count of the stack, jump to
 * where they may, call the accounts of the cast and write what they find into storage, so that a
 * difference between two interpreters ends in a difference of the state root. A few instructions
 * are put in without asking, so that the exceptional halts occur too. */
#ifndef PARVIS_TESTS_DIFFERENTIAL_PROGRAM_H
#define PARVIS_TESTS_DIFFERENTIAL_PROGRAM_H

#include "base/bytes.h"
#include "differential/random.h"

#define PROGRAM_CAST 12 /* addresses a program may speak to, beside the precompiles */

/* program_append writes a program of about `steps` steps to out. cast are the addresses it knows.
 */
void program_append(struct buf *out, struct random *r, const struct address cast[PROGRAM_CAST],
                    unsigned steps);

/* A word that is likely to hurt: 0, 1, powers of two and their neighbours, an address, any bits. */
void program_word(uint8_t out[32], struct random *r, const struct address cast[PROGRAM_CAST]);

#endif
