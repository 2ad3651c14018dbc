/* clock: the seams to time and randomness. Only edges and engines call them; state, evm, city and
 * chain never do (tools/check-layers refuses it). Tests may set a fixed clock. */
#ifndef PARVIS_BASE_CLOCK_H
#define PARVIS_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

uint64_t clock_unix_s(void);           /* wall clock, seconds since 1970 */
uint64_t clock_mono_us(void);          /* monotonic, microseconds */
void clock_set_fixed(uint64_t unix_s); /* test seam; 0 returns to the real clock */

/* random_bytes fills out from the system's generator; fail-stop if there is none. */
void random_bytes(void *out, size_t len);

#endif
