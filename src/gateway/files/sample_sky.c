/* sample_sky: see sample_sky.h. */
#include "gateway/files/sample_sky.h"

#include "gateway/files/civil.h"

/* Lyon Confluence: 45.74 N, 4.82 E. */
#define SIN_LATITUDE_Q16 46935
#define COS_LATITUDE_Q16 45740
#define SOLAR_OFFSET_S 1157 /* 4.82 degrees of longitude */

uint32_t noise_u32(uint64_t seed, uint32_t stream, uint64_t n)
{
    uint64_t z = seed ^ ((uint64_t)stream << 40);
    z += (n + 1) * 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

uint32_t noise_below(uint64_t seed, uint32_t stream, uint64_t n, uint32_t bound)
{
    return (uint32_t)((uint64_t)noise_u32(seed, stream, n) * bound >> 32);
}

int32_t noise_normal_q16(uint64_t seed, uint32_t stream, uint64_t n)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < 4; i++)
        sum += noise_u32(seed, stream, n * 4 + i) >> 16;
    /* four uniforms of width Q16 have variance 4/12 Q16^2: divide by 0.577 */
    return (int32_t)((sum - 2 * Q16) * 113512 / Q16);
}

/* sin(z * pi/2) = 1.570627 z - 0.643229 z^3 + 0.072710 z^5 on 0..1, error below 0.0002. */
int32_t sin_q16(int32_t turn16)
{
    int32_t t = turn16 & 0xffff, sign = 1;
    if (t >= 32768) {
        t -= 32768;
        sign = -1;
    }
    if (t > 16384)
        t = 32768 - t;
    int64_t z = (int64_t)t * 4, z2 = z * z / Q16;
    int64_t s = z * (102933 - z2 * (42155 - 4765 * z2 / Q16) / Q16) / Q16;
    return sign * (int32_t)(s > Q16 ? Q16 : s);
}

static int32_t sqrt_q16(int64_t v_q16)
{
    int64_t v = v_q16 < 0 ? 0 : v_q16 * Q16, r = 0;
    for (int64_t bit = 1LL << 30; bit; bit >>= 1)
        if ((r + bit) * (r + bit) <= v)
            r += bit;
    return (int32_t)r;
}

static int32_t turns_of_degrees(int32_t degrees)
{
    return degrees * 65536 / 360;
}

static void place_sun(struct sky *s, int64_t t)
{
    struct date_time c = civil_from_unix(t);
    struct date_time new_year = {.year = c.year, .month = 1, .day = 1};
    int32_t day = (int32_t)((t - civil_to_unix(new_year)) / 86400);
    int64_t sin_declination = (int64_t)cos_q16((day - 172) * 65536 / 365) * 26080 / Q16;
    int64_t cos_declination = sqrt_q16(Q16 - sin_declination * sin_declination / Q16);
    /* the middle of the half-hour, in turns from solar noon */
    int64_t solar_s = (t + 900 + SOLAR_OFFSET_S) % 86400 - 43200;
    int32_t hour_turn = (int32_t)(solar_s * 65536 / 86400);
    int64_t noonward = cos_declination * cos_q16(hour_turn) / Q16;
    s->up = (int32_t)((sin_declination * SIN_LATITUDE_Q16 + noonward * COS_LATITUDE_Q16) / Q16);
    s->south = (int32_t)((noonward * SIN_LATITUDE_Q16 - sin_declination * COS_LATITUDE_Q16) / Q16);
    s->west = (int32_t)(cos_declination * sin_q16(hour_turn) / Q16);
}

/* clear_q16: 0 overcast .. Q16 clear. */
static void light(struct sky *s, int32_t clear_q16)
{
    s->direct_w = s->diffuse_w = 0;
    if (s->up <= 0)
        return;
    int64_t clear_direct = 960LL * s->up / (s->up + 9830); /* air mass: 0.15 in Q16 */
    int64_t clear_diffuse = 30 + 75LL * s->up / Q16;
    int64_t k = clear_q16, cloud = Q16 - k;
    s->direct_w = (int32_t)(clear_direct * k / Q16 * k / Q16);
    /* half of what thin cloud takes from the beam comes down scattered; thick cloud swallows it */
    int64_t scattered = (clear_direct - s->direct_w) * s->up / Q16 * (k + Q16 / 4) / Q16 / 2;
    s->diffuse_w = (int32_t)(clear_diffuse * (Q16 - cloud / 3) / Q16 + scattered);
}

static int32_t clamp(int64_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : (int32_t)v;
}

enum { STREAM_CLOUD_DAY = 1, STREAM_CLOUD_STEP, STREAM_TEMPERATURE };

void sky_fill(struct sky *out, size_t count, int64_t start_s, uint64_t seed)
{
    int64_t day_state = 0, step_state = 0, warm_state = 0;
    for (size_t i = 0; i < count; i++) {
        struct sky *s = &out[i];
        int64_t t = start_s + (int64_t)i * 1800;
        place_sun(s, t);
        uint64_t day = (uint64_t)t / 86400;
        if (i == 0 || t % 86400 == 0) { /* yesterday's weather lasts: autocorrelation 0.6 a day */
            day_state =
                day_state * 6 / 10 + noise_normal_q16(seed, STREAM_CLOUD_DAY, day) * 8LL / 10;
            warm_state =
                warm_state * 8 / 10 + noise_normal_q16(seed, STREAM_TEMPERATURE, day) * 6LL / 10;
        }
        step_state = step_state * 85 / 100 + noise_normal_q16(seed, STREAM_CLOUD_STEP, i) / 2;
        int32_t season = cos_q16((int32_t)(day % 365) * 65536 / 365 + 31000); /* about +1 in July */
        int64_t clear = 42000 + season / 7 + day_state * 28 / 100 + step_state * 12 / 100;
        light(s, clamp(clear, Q16 / 12, Q16));
        /* 12.5 +- 9.5 degrees over the year, +- 4 over the day, weather on top */
        int32_t hour_turn = (int32_t)((t % 86400 - 54000) * 65536 / 86400);
        s->temperature_dc = (int32_t)(125 + 95LL * season / Q16 + 40LL * cos_q16(hour_turn) / Q16 +
                                      warm_state * 35 / Q16);
    }
}

uint32_t roof_wh(const struct roof *r, const struct sky *s)
{
    if (s->up <= 0)
        return 0;
    int32_t tilt = turns_of_degrees(r->tilt_deg), azimuth = turns_of_degrees(r->azimuth_deg);
    int64_t flat = sin_q16(tilt); /* length of the normal's horizontal part */
    int64_t facing = ((int64_t)s->up * cos_q16(tilt) + s->south * (flat * cos_q16(azimuth) / Q16) +
                      s->west * (flat * sin_q16(azimuth) / Q16)) /
                     Q16;
    int64_t irradiance = s->diffuse_w * (int64_t)(Q16 + cos_q16(tilt)) / 2 / Q16;
    if (facing > 0)
        irradiance += s->direct_w * facing / Q16;
    /* panels lose 0.4 % per degree above 25; they are some 25 degrees above the air in full sun */
    int64_t cell_dc = s->temperature_dc + irradiance / 4;
    int64_t heat_ppm = cell_dc > 250 ? (cell_dc - 250) * 400 : 0;
    int64_t wh = (int64_t)r->peak_w * irradiance / 1000 * (860000 - heat_ppm) / 1000000 / 2;
    return (uint32_t)(wh > r->peak_w / 2 ? r->peak_w / 2 : wh);
}
