/* random: a small seeded generator, the same on every machine. For tests. */
#ifndef PARVIS_TESTS_DIFFERENTIAL_RANDOM_H
#define PARVIS_TESTS_DIFFERENTIAL_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t random_u64(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static inline unsigned random_below(struct random *r, unsigned n)
{
    return (unsigned)(((random_u64(r) >> 32) * n) >> 32);
}

/* True `percent` times in a hundred. */
static inline bool random_chance(struct random *r, unsigned percent)
{
    return random_below(r, 100) < percent;
}

#endif
