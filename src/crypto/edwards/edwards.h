/* edwards: the prime-order subgroup of edwards25519 (RFC 7748, RFC 8032 section 5.1), for public
 * data. y^2 - x^2 = 1 + d x^2 y^2 over 2^255 - 19; order q = 2^252 + 277423177773723535358519377908
 * 83648493; cofactor 8; g is RFC 8032's base point.
 *
 * Time      everything here takes a time that depends on its arguments: for verifying what is
 * public anyway. A secret exponent goes through edwards_secret.h (libsodium, constant time).
 * Cost      a 0/1 proof (two points read, four commitments, encoded) takes some 80 us;
 *           bench/bench_edwards.c shows how, and every call beside libsodium's.
 * Encoding  RFC 8032's 32 bytes, little-endian, the sign of x in the top bit. Only the canonical
 *           encoding of a point is read.
 * Threads   any; tables are built once and then only read. */
#ifndef PARVIS_CRYPTO_EDWARDS_H
#define PARVIS_CRYPTO_EDWARDS_H

#include "base/bytes.h"

#define EDWARDS_BYTES 32

/* An element of the field of 2^255 - 19: five limbs of 51 bits, loosely reduced (field25519.h). */
struct fe25519 {
    uint64_t limb[5];
};

/* A point in extended coordinates (Hisil, Wong, Carter, Dawson 2008): x = X/Z, y = Y/Z, XY = TZ. */
struct ed_point {
    struct fe25519 x, y, z, t;
};

/* A number below q, in limbs of 64 bits, the lowest first. */
struct ed_scalar {
    uint64_t limb[4];
};

extern const struct ed_point ED_IDENTITY, ED_BASE;
extern const struct ed_scalar ED_ZERO, ED_ONE;

/* --- scalars: numbers modulo q -----------------------------------------------------------------
 */

/* ed_scalar_from_be32 reads a big-endian number; false (and *out untouched) when it is not below q.
 * ed_scalar_reduce reads any number of up to 64 big-endian bytes modulo q. */
bool ed_scalar_from_be32(struct ed_scalar *out, const uint8_t be32[32]);
void ed_scalar_reduce(struct ed_scalar *out, const uint8_t *be, size_t len);
void ed_scalar_to_be32(uint8_t be32[32], const struct ed_scalar *s);
void ed_scalar_to_le32(uint8_t le32[32], const struct ed_scalar *s);
struct ed_scalar ed_scalar_of(uint64_t n);
/* Decimal as Belenios writes it: no sign, no leading zero, below q; at most 76 digits. From text:
 * false when it is not that. To text: returns the digits' number, NUL-terminated. */
#define ED_SCALAR_DECIMAL_MAX 76
bool ed_scalar_from_decimal(struct ed_scalar *out, const char *text, size_t len);
size_t ed_scalar_to_decimal(char out[ED_SCALAR_DECIMAL_MAX + 1], const struct ed_scalar *s);
/* Addition and multiplication take the same time for all values: secrets may pass. Inversion (of
 * 0: 0) does not. */
struct ed_scalar ed_scalar_add(struct ed_scalar a, struct ed_scalar b);
struct ed_scalar ed_scalar_sub(struct ed_scalar a, struct ed_scalar b);
struct ed_scalar ed_scalar_mul(struct ed_scalar a, struct ed_scalar b);
struct ed_scalar ed_scalar_inverse(struct ed_scalar a);
bool ed_scalar_eq(const struct ed_scalar *a, const struct ed_scalar *b);
bool ed_scalar_is_zero(const struct ed_scalar *a);

/* --- points ---
 *
 * Where a result and an argument have the same type, they may be the same object. */

/* ed_decode reads a point's canonical encoding, of any order. ed_decode_prime also asks that it lie
 * in the subgroup of order q (the identity does): not by multiplying by q, but by halving the
 * point, in less than half the time (subgroup.c). False: it does not; *out is undefined. */
bool ed_decode(struct ed_point *out, const uint8_t le32[EDWARDS_BYTES]);
bool ed_decode_prime(struct ed_point *out, const uint8_t le32[EDWARDS_BYTES]);
bool ed_is_prime_order(const struct ed_point *p); /* or the identity */
/* ed_decode_prime_many decodes `count` encodings that lie `stride` bytes apart, four side by side,
 * which saves a fifth of the time; false: *bad_out is the first that is none. */
bool ed_decode_prime_many(struct ed_point *out, const uint8_t *le32, size_t stride, size_t count,
                          size_t *bad_out);

void ed_encode(uint8_t le32[EDWARDS_BYTES], const struct ed_point *p);
/* ed_encode_many encodes `count` points, 32 bytes each, with one inversion among 128. */
void ed_encode_many(uint8_t *le32, const struct ed_point *points, size_t count);

/* An eighth of a point P is a point E with 8 E = P, written as x and y, 32 bytes each,
 * little-endian and below p. It proves that P lies in the subgroup, and needs no square root:
 * reading it takes a third of a microsecond, where ed_decode_prime_many takes eight. Whoever can
 * multiply makes it: E is P times 1/8 modulo q.
 *
 * ed_eighths_read finds the points, with z = 1, and their encodings, 32 bytes each. False: *bad_out
 * is the first whose coordinates are not those of a point of the curve. ed_eighths_write writes the
 * coordinates of points that are eighths, ED_EIGHTH_BYTES each. */
#define ED_EIGHTH_BYTES 64
bool ed_eighths_read(struct ed_point *points, uint8_t *le32, const uint8_t *xy, size_t count,
                     size_t *bad_out);
void ed_eighths_write(uint8_t *xy, const struct ed_point *eighths, size_t count);

void ed_add(struct ed_point *out, const struct ed_point *a, const struct ed_point *b);
void ed_sub(struct ed_point *out, const struct ed_point *a, const struct ed_point *b);
void ed_neg(struct ed_point *out, const struct ed_point *a);
void ed_double(struct ed_point *out, const struct ed_point *a);
bool ed_eq(const struct ed_point *a, const struct ed_point *b);
bool ed_is_identity(const struct ed_point *a);
/* ed_mul is s times p (Belenios writes p^s), for a scalar, so modulo q; ed_mul_small is n times a
 * point of any order. */
void ed_mul(struct ed_point *out, const struct ed_point *p, const struct ed_scalar *s);
void ed_mul_small(struct ed_point *out, const struct ed_point *p, uint64_t n);

/* --- what a verifier multiplies by again and again ---
 *
 *   many scalars, one point known beforehand (g, an election's y)   ed_table
 *   some scalars at once, one point                                 ed_mul_each
 *   one scalar now and then, one point                              ed_odd
 *   many points, a scalar each, only the sum asked for              ed_msm */

/* A fixed point's table: multiplying by it costs 32 additions and no doubling. The base point's is
 * there from the first use; ed_table_new builds another (a millisecond, 490 kB), ed_table_free
 * releases it (NULL is fine). */
struct ed_table;
const struct ed_table *ed_table_base(void);
struct ed_table *ed_table_new(const struct ed_point *p);
void ed_table_free(struct ed_table *t);
void ed_table_mul(struct ed_point *out, const struct ed_table *t, const struct ed_scalar *s);
/* ed_table_add is p plus s times t's point. */
void ed_table_add(struct ed_point *out, const struct ed_point *p, const struct ed_table *t,
                  const struct ed_scalar *s);

/* A point's odd multiples, for two or more multiplications of it by scalars that are known. */
#define ED_ODD_MULTIPLES 8
struct ed_odd {
    struct ed_point multiple[ED_ODD_MULTIPLES]; /* 1, 3 ... 15 times, in group25519.h's own form */
};
void ed_odd_make(struct ed_odd *out, const struct ed_point *p);
/* ed_table_odd is t's point times a, plus p times b: what a proof's commitments are. */
void ed_table_odd(struct ed_point *out, const struct ed_table *t, const struct ed_scalar *a,
                  const struct ed_odd *p, const struct ed_scalar *b);

/* ed_mul_each multiplies one point by `count` scalars: products[i] is scalars[i] times p. The
 * doublings are made once for eight scalars, so that each further one costs a quarter of the first:
 * what alpha and beta of a proof with several branches ask for. ed_mul_each_prime tells besides
 * whether p lies in the subgroup, at a third of what ed_is_prime_order costs (so that p need only
 * come from ed_decode); false: it does not, and the products are undefined. p may be one of the
 * products. */
void ed_mul_each(struct ed_point *products, const struct ed_point *p,
                 const struct ed_scalar *scalars, size_t count);
bool ed_mul_each_prime(struct ed_point *products, const struct ed_point *p,
                       const struct ed_scalar *scalars, size_t count);

/* ed_msm is the sum of scalars[i] times points[i]: 5 us a point for a few (Straus), 2 us for many
 * thousands (Pippenger's buckets, with 160 bytes of memory a point meanwhile). Zeros at the top of
 * all scalars are left out: scalars of 128 bits take half the time. */
void ed_msm(struct ed_point *out, const struct ed_point *points, const struct ed_scalar *scalars,
            size_t count);

#endif
