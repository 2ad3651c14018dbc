/* sample_sky: sun and weather over Lyon for the sample district, in integers (16.16 fixed point,
 * angles in 1/65536 turns). Accuracy: the sun within about a degree, plenty for a made-up roof. */
#ifndef PARVIS_GATEWAY_FILES_SAMPLE_SKY_H
#define PARVIS_GATEWAY_FILES_SAMPLE_SKY_H

#include "base/bytes.h"

#define Q16 65536

/* noise_u32 is the n-th number of a numbered stream of a seed (splitmix64): no state, any order. */
uint32_t noise_u32(uint64_t seed, uint32_t stream, uint64_t n);
/* Uniform in 0..bound-1. */
uint32_t noise_below(uint64_t seed, uint32_t stream, uint64_t n, uint32_t bound);
/* Roughly normal (sum of four uniforms), mean 0, standard deviation about Q16. */
int32_t noise_normal_q16(uint64_t seed, uint32_t stream, uint64_t n);

/* sin of an angle in 1/65536 turns, times Q16. */
int32_t sin_q16(int32_t turn16);
static inline int32_t cos_q16(int32_t turn16)
{
    return sin_q16(turn16 + 16384);
}

/* The sky of one half-hour. */
struct sky {
    int32_t up, south, west; /* unit vector to the sun, Q16; up <= 0: night */
    int32_t direct_w;        /* W/m2 on a surface facing the sun, clouds included */
    int32_t diffuse_w;       /* W/m2 on the horizontal */
    int32_t temperature_dc;  /* tenths of a degree Celsius */
};

/* sky_fill computes the half-hours from start_s (UTC) on, with the weather of a seed. */
void sky_fill(struct sky *out, size_t count, int64_t start_s, uint64_t seed);

/* A roof: peak power in W at 1000 W/m2, slope and direction of its fall in degrees (0 south, 90
 * west, -90 east). */
struct roof {
    uint32_t peak_w;
    int16_t tilt_deg;
    int16_t azimuth_deg;
};

/* roof_wh is the energy of a half-hour under a sky, system losses of 14 % included. */
uint32_t roof_wh(const struct roof *r, const struct sky *s);

#endif
