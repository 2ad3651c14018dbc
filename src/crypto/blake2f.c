#include "crypto/blake2f.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* RFC 7693, 2.7: the order of the message words, which repeats after ten rounds. */
#define SIGMA(X)                                               \
    X(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) \
    X(1, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3) \
    X(2, 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4) \
    X(3, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8) \
    X(4, 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13) \
    X(5, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9) \
    X(6, 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11) \
    X(7, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10) \
    X(8, 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5) \
    X(9, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0)

#define SIGMA_ROWS 10

static const uint64_t iv[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                               0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                               0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

/* --- plain ------------------------------------------------------------------------------------ */

static inline uint64_t rotate(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

static inline void mix(uint64_t v[16], unsigned a, unsigned b, unsigned c, unsigned d, uint64_t x,
                       uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = rotate(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 63);
}

static void rounds_plain(uint64_t v[16], const uint64_t m[16], uint32_t rounds)
{
#define ROW(row, ...) {__VA_ARGS__},
    static const uint8_t sigma[SIGMA_ROWS][16] = {SIGMA(ROW)};
#undef ROW
    unsigned row = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        const uint8_t *s = sigma[row];
        mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
        row = row == SIGMA_ROWS - 1 ? 0 : row + 1;
    }
}

#if defined(__x86_64__)

/* --- vectors ---------------------------------------------------------------------------------- */

/* A row of the state per register: a = v[0..3] ... d = v[12..15]. A round mixes columns, then
 * diagonals. To line the diagonals up, a, c and d turn and b stays: b is what the next step waits
 * for, the others are ready earlier. Lane 0 then holds the last diagonal, and so on, which the
 * order of the message words below follows. */

#define WORDS(m, i0, i1, i2, i3)                                                  \
    _mm256_set_epi64x((long long)(m)[i3], (long long)(m)[i2], (long long)(m)[i1], \
                      (long long)(m)[i0])

#define ROW(row, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15) \
    out[row][0] = WORDS(m, s0, s2, s4, s6);                                            \
    out[row][1] = WORDS(m, s1, s3, s5, s7);                                            \
    out[row][2] = WORDS(m, s14, s8, s10, s12);                                         \
    out[row][3] = WORDS(m, s15, s9, s11, s13);

/* All ten rows of message words once, instead of gathering them in every round. */
__attribute__((target("avx2"))) static inline void schedule(__m256i out[SIGMA_ROWS][4],
                                                            const uint64_t m[16])
{
    SIGMA(ROW)
}
#undef ROW

/* a + word is ready before b is; the barrier keeps the compiler from adding b first. */
#define ADD_EARLY(a, word)         \
    a = _mm256_add_epi64(a, word); \
    __asm__("" : "+x"(a))

#define HALF_ROUND(a, b, c, d, x, y)                                    \
    ADD_EARLY(a, x);                                                    \
    a = _mm256_add_epi64(a, b);                                         \
    d = _mm256_shuffle_epi32(_mm256_xor_si256(d, a), 0xb1); /* by 32 */ \
    c = _mm256_add_epi64(c, d);                                         \
    b = _mm256_shuffle_epi8(_mm256_xor_si256(b, c), by_24);             \
    ADD_EARLY(a, y);                                                    \
    a = _mm256_add_epi64(a, b);                                         \
    d = _mm256_shuffle_epi8(_mm256_xor_si256(d, a), by_16);             \
    c = _mm256_add_epi64(c, d);                                         \
    b = _mm256_xor_si256(b, c);                                         \
    b = _mm256_xor_si256(_mm256_srli_epi64(b, 63), _mm256_add_epi64(b, b)) /* by 63 */

#define LANES_LEFT 0x39  /* lane i takes lane i + 1 */
#define LANES_RIGHT 0x93 /* lane i takes lane i - 1 */
#define LANES_SWAP 0x4e  /* lane i takes lane i + 2 */

#define AT(p) ((__m256i *)(void *)(p))

__attribute__((target("avx2"))) static void rounds_avx2(uint64_t v[16], const uint64_t m[16],
                                                        uint32_t rounds)
{
    __m256i words[SIGMA_ROWS][4];
    __m256i a = _mm256_loadu_si256(AT(v)), b = _mm256_loadu_si256(AT(v + 4));
    __m256i c = _mm256_loadu_si256(AT(v + 8)), d = _mm256_loadu_si256(AT(v + 12));
    const __m256i by_24 = _mm256_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, 3,
                                           4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
    const __m256i by_16 = _mm256_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, 2,
                                           3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    unsigned row = 0;
    schedule(words, m);
    for (uint32_t i = 0; i < rounds; i++) {
        const __m256i *w = words[row];
        HALF_ROUND(a, b, c, d, w[0], w[1]);
        a = _mm256_permute4x64_epi64(a, LANES_RIGHT);
        c = _mm256_permute4x64_epi64(c, LANES_LEFT);
        d = _mm256_permute4x64_epi64(d, LANES_SWAP);
        HALF_ROUND(a, b, c, d, w[2], w[3]);
        a = _mm256_permute4x64_epi64(a, LANES_LEFT);
        c = _mm256_permute4x64_epi64(c, LANES_RIGHT);
        d = _mm256_permute4x64_epi64(d, LANES_SWAP);
        row = row == SIGMA_ROWS - 1 ? 0 : row + 1;
    }
    _mm256_storeu_si256(AT(v), a);
    _mm256_storeu_si256(AT(v + 4), b);
    _mm256_storeu_si256(AT(v + 8), c);
    _mm256_storeu_si256(AT(v + 12), d);
}

#endif

/* --- the function ----------------------------------------------------------------------------- */

blake2f_rounds blake2f_variant(unsigned i)
{
    if (i == 0)
        return rounds_plain;
#if defined(__x86_64__)
    if (i == 1 && __builtin_cpu_supports("avx2"))
        return rounds_avx2;
#endif
    return NULL;
}

void blake2f(uint64_t h[8], const uint64_t m[16], const uint64_t t[2], bool is_final,
             uint32_t rounds)
{
    uint64_t v[16];
    blake2f_rounds run = NULL;
    memcpy(v, h, 8 * sizeof v[0]);
    memcpy(v + 8, iv, sizeof iv);
    v[12] ^= t[0];
    v[13] ^= t[1];
    if (is_final)
        v[14] = ~v[14];
    for (unsigned i = BLAKE2F_VARIANTS; !run; i--)
        run = blake2f_variant(i - 1);
    run(v, m, rounds);
    for (int i = 0; i < 8; i++)
        h[i] ^= v[i] ^ v[i + 8];
}
