#!/usr/bin/env python3
"""Constants of a pairing-friendly curve: gen_pairing.py bn254|bls12_381 OUT.h

Everything is computed here from the curve's definition (its parameter x, the small coefficients
and the tower), so that the C code holds no unexplained number. Field elements are printed in
Montgomery form, R = 2^(64 * limbs), least significant limb first."""
import math
import sys


class Field:
    """Fp and Fp2 = Fp[u] / (u^2 + 1), elements of Fp2 as pairs."""

    def __init__(self, p):
        self.p = p

    def mul(self, a, b):
        return ((a[0] * b[0] - a[1] * b[1]) % self.p, (a[0] * b[1] + a[1] * b[0]) % self.p)

    def add(self, a, b):
        return ((a[0] + b[0]) % self.p, (a[1] + b[1]) % self.p)

    def scale(self, a, k):
        return (a[0] * k % self.p, a[1] * k % self.p)

    def power(self, a, e):
        r = (1, 0)
        for bit in bin(e)[2:]:
            r = self.mul(r, r)
            if bit == '1':
                r = self.mul(r, a)
        return r

    def inverse(self, a):
        n = pow(a[0] * a[0] + a[1] * a[1], -1, self.p)
        return (a[0] * n % self.p, -a[1] * n % self.p)


class Header:
    def __init__(self, name, p, limbs):
        self.p, self.limbs = p, limbs
        self.lines = [f'/* Made by tools/gen_pairing.py {name}; do not edit. */', '#include <stdint.h>', '']

    def note(self, text):
        self.lines.append(f'/* {text} */')

    def words(self, value, limbs=None):
        return ', '.join(f'0x{value >> 64 * i & 2**64 - 1:016x}' for i in range(limbs or self.limbs))

    def fp(self, value):
        return '{{' + self.words((value << 64 * self.limbs) % self.p) + '}}'

    def fp2(self, value):
        return '{' + self.fp(value[0]) + ', ' + self.fp(value[1]) + '}'

    def integer(self, name, value, limbs=None, note=None):
        if note:
            self.note(note)
        self.lines.append(f'static const uint64_t {name}[{limbs or self.limbs}] = '
                          f'{{{self.words(value, limbs)}}};')

    def word(self, name, value, note=None):
        if note:
            self.note(note)
        self.lines.append(f'static const uint64_t {name} = 0x{value:x};')

    def one(self, name, value, note=None):
        """An element of Fp or Fp2, or a list of them."""
        if note:
            self.note(note)
        many = isinstance(value, list)
        sample = value[0] if many else value
        kind, show = ('fp2', self.fp2) if isinstance(sample, tuple) else ('fp', self.fp)
        if many:
            body = '{' + ',\n    '.join(show(v) for v in value) + '}'
            self.lines.append(f'static const struct {kind} {name}[{len(value)}] = {body};')
        else:
            self.lines.append(f'static const struct {kind} {name} = {show(value)};')

    def signed_digits(self, name, digits, note):
        self.note(note)
        self.lines.append(f'static const int8_t {name}[{len(digits)}] = '
                          f'{{{", ".join(str(d) for d in digits)}}};')


def naf(k):
    """Non-adjacent form, most significant digit first."""
    digits = []
    while k:
        d = 0
        if k & 1:
            d = 2 - (k & 3)
            k -= d
        digits.append(d)
        k >>= 1
    return digits[::-1]


def field_constants(h):
    p, limbs = h.p, h.limbs
    r = 1 << 64 * limbs
    h.integer('FP_P', p, note='the field modulus p')
    h.word('FP_INV', -pow(p, -1, 2**64) % 2**64, '-1/p mod 2^64')
    h.one('FP_ONE', 1, 'R mod p')
    h.one('FP_R2', r, 'R^2 mod p, which brings an integer into Montgomery form')
    h.one('FP_R3', r * r, 'R^3 mod p, which corrects the inverse of an element in Montgomery form')
    h.word('FP_INV62', pow(p, -1, 2**62), '1/p mod 2^62, and p in words of 62 bits')
    count = (64 * limbs + 62) // 62 + (limbs == 6) * 0
    h.lines.append(f'#define S62_WORDS {count}')
    h.lines.append(f'static const int64_t FP_P62[{count}] = '
                   f'{{{", ".join(hex(p >> 62 * i & 2**62 - 1) for i in range(count))}}};')
    h.one('FP_HALF', (p + 1) // 2, '1 / 2')
    h.integer('FP_P_MINUS_1_HALF', (p - 1) // 2, note='(p - 1) / 2')


def tower_constants(h, f, xi, twist_divides):
    """Frobenius on Fp12 = Fp2[w] / (w^6 - xi) multiplies the coefficient of w^i by
    xi^(i (p^k - 1) / 6); psi is the Frobenius seen on the twist."""
    p = h.p
    g1 = [f.power(xi, i * (p - 1) // 6) for i in range(6)]
    g2 = [f.power(xi, i * (p * p - 1) // 6) for i in range(6)]
    assert all(g[1] == 0 for g in g2)
    h.one('FROBENIUS', g1, 'xi^(i (p - 1) / 6) for i = 0..5')
    h.one('FROBENIUS2', [g[0] for g in g2], 'xi^(i (p^2 - 1) / 6) for i = 0..5')
    x, y = g1[2], g1[3]
    if twist_divides:
        x, y = f.inverse(x), f.inverse(y)
    h.one('PSI_X', x, 'psi(x, y) = (PSI_X * conj(x), PSI_Y * conj(y))')
    h.one('PSI_Y', y)


def bn254():
    x = 4965661367192848881
    p = 36 * x**4 + 36 * x**3 + 24 * x**2 + 6 * x + 1
    r = 36 * x**4 + 36 * x**3 + 18 * x**2 + 6 * x + 1
    h, f, xi = Header('bn254', p, 4), Field(p), (9, 1)
    field_constants(h)
    tower_constants(h, f, xi, False)
    h.word('CURVE_X', x, 'the parameter x of the family')
    h.signed_digits('ATE_LOOP', naf(6 * x + 2)[1:], '6x + 2 in signed digits, below the leading one')
    h.signed_digits('X_DIGITS', naf(x)[1:], 'x in signed digits, below the leading one')
    h.one('G1_B', 3, 'y^2 = x^3 + 3 and, on the twist, y^2 = x^3 + 3 / xi')
    h.one('G2_B', f.scale(f.inverse(xi), 3))
    h.one('G2_B3', f.scale(f.inverse(xi), 9), 'three times the coefficient of the twist')
    h.one('G1_GENERATOR', [1, 2], 'the generators of EIP-196 and EIP-197')
    # lambda acts on G1 as (x, y) -> (beta x, y)
    lam = 36 * x**3 + 18 * x**2 + 6 * x + 1
    assert (lam * lam + lam + 1) % r == 0
    h.integer('ORDER', r, note='the order of G1 and G2')
    # Short vectors (a, b) of the lattice a + b lambda = 0 mod r, by Euclid's algorithm (GLV 2001)
    rows = [(r, 0), (lam, 1)]
    while rows[-1][0]:
        q = rows[-2][0] // rows[-1][0]
        rows.append((rows[-2][0] - q * rows[-1][0], rows[-2][1] - q * rows[-1][1]))
    i = next(i for i, row in enumerate(rows) if row[0] ** 2 < r)
    rows = [(a, -b) for a, b in rows]
    (a1, b1), (a2, b2) = rows[i], min(rows[i - 1], rows[i + 1], key=lambda v: v[0]**2 + v[1]**2)
    det = a1 * b2 - a2 * b1
    if det < 0:
        (a1, b1), (a2, b2), det = (a2, b2), (a1, b1), -det
    assert det == r and all((a + b * lam) % r == 0 for a, b in ((a1, b1), (a2, b2)))
    # k = c1 (a1, b1) + c2 (a2, b2) + remainder, c1 = round(k b2 / r), c2 = round(-k b1 / r)
    h.note('Splitting k = k0 + k1 lambda: basis (a1, b1), (a2, b2) mod 2^256 and |b2|, |b1| * 2^256 / r')
    for name, v in (('GLV_A1', a1), ('GLV_B1', b1), ('GLV_A2', a2), ('GLV_B2', b2)):
        h.integer(name, v % 2**256, 4)
    for name, v in (('GLV_C1', b2), ('GLV_C2', -b1)):
        h.integer(name, ((abs(v) << 256) + r // 2) // r, 4)
        h.lines.append(f'#define {name}_NEGATIVE {int(v < 0)}')
    beta = beta_for(f, p, r, lam, (1, 2), 3)
    h.one('G1_BETA', beta, '(x, y) -> (G1_BETA x, y) multiplies a point by lambda')
    return h


def point_add(p, a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % p == 0:
            return None
        s = 3 * a[0] * a[0] * pow(2 * a[1], -1, p)
    else:
        s = (b[1] - a[1]) * pow(b[0] - a[0], -1, p)
    x = (s * s - a[0] - b[0]) % p
    return (x, (s * (a[0] - x) - a[1]) % p)


def point_mul(p, k, a):
    r = None
    while k:
        if k & 1:
            r = point_add(p, r, a)
        a = point_add(p, a, a)
        k >>= 1
    return r


def beta_for(f, p, r, lam, g, b):
    """The cube root of unity beta with (beta gx, gy) = lambda g."""
    assert point_mul(p, r, g) is None and (g[1] ** 2 - g[0] ** 3 - b) % p == 0
    target = point_mul(p, lam % r, g)
    beta = target[0] * pow(g[0], -1, p) % p
    assert beta != 1 and pow(beta, 3, p) == 1 and target[1] == g[1]
    return beta


def fp2_sqrt(f, a):
    """A square root by the norm: p = 3 mod 4, and a is a square."""
    p = f.p
    s = pow(a[0] * a[0] + a[1] * a[1], (p + 1) // 4, p)
    t = (a[0] + s) * pow(2, -1, p) % p
    x = pow(t, (p + 1) // 4, p)
    if (x * x - t) % p:
        half = a[1] * pow(2 * x, -1, p) % p
        r = (half, x)
    else:
        r = (x, a[1] * pow(2 * x, -1, p) % p)
    assert f.mul(r, r) == (a[0] % p, a[1] % p)
    return r


def g2_decompress(f, b, text):
    """A compressed point of the twist (flags in the upper three bits, imaginary part first)."""
    data = bytes.fromhex(text)
    flags = data[0] >> 5
    assert len(data) == 96 and flags & 6 == 4
    x = (int.from_bytes(data[48:], 'big'), int.from_bytes(data[:48], 'big') & (1 << 381) - 1)
    y = fp2_sqrt(f, f.add(f.mul(f.mul(x, x), x), b))
    if (y[1] > (f.p - 1) // 2 if y[1] else y[0] > (f.p - 1) // 2) != (flags & 1 == 1):
        y = f.scale(y, -1)
    return (x, y)


def g2_negative(f, q):
    return (q[0], f.scale(q[1], -1))


def ate_lines(f, q, digits):
    """The lines of the Miller loop for a fixed point: (-slope, slope x - y) per doubling and per
    addition, as in miller.inc with a = 1."""
    lines, t = [], q
    for digit in digits:
        for other in (t, q)[:1 + abs(digit)]:
            if other is t:
                top = f.scale(f.mul(t[0], t[0]), 3)
                bottom = f.scale(t[1], 2)
            else:
                top = f.add(t[1], f.scale(other[1], -1))
                bottom = f.add(t[0], f.scale(other[0], -1))
            slope = f.mul(top, f.inverse(bottom))
            lines += [f.scale(slope, -1), f.add(f.mul(slope, t[0]), f.scale(t[1], -1))]
            x = f.add(f.mul(slope, slope), f.scale(f.add(t[0], other[0]), -1))
            t = (x, f.add(f.mul(slope, f.add(t[0], f.scale(x, -1))), f.scale(t[1], -1)))
    return lines


class Polynomial:
    """Over Fp2; coefficients from the constant one up."""

    def __init__(self, f, c):
        self.f, self.c = f, c

    def __add__(self, other):
        n = max(len(self.c), len(other.c))
        a, b = (q.c + [(0, 0)] * (n - len(q.c)) for q in (self, other))
        return Polynomial(self.f, [self.f.add(x, y) for x, y in zip(a, b)])

    def __mul__(self, other):
        r = [(0, 0)] * (len(self.c) + len(other.c) - 1)
        for i, a in enumerate(self.c):
            for j, b in enumerate(other.c):
                r[i + j] = self.f.add(r[i + j], self.f.mul(a, b))
        return Polynomial(self.f, r)

    def scale(self, k):
        return Polynomial(self.f, [self.f.scale(a, k) for a in self.c])

    def derivative(self):
        return Polynomial(self.f, [self.f.scale(a, i) for i, a in enumerate(self.c)][1:])


def isogeny(f, a, b, kernel, b_target, u):
    """The numerator N of the isogeny x -> u^2 N(x) / h(x)^2, y -> u^3 y (N / h^2)' of y^2 = x^3 +
    a x + b with the monic kernel polynomial h (D. Kohel, 1996), onto y^2 = x^3 + b_target."""
    h = Polynomial(f, kernel)
    h1, n = h.derivative(), len(kernel) - 1
    h2 = h1.derivative() if n > 1 else Polynomial(f, [(0, 0)])
    curve = Polynomial(f, [b, a, (0, 0), (1, 0)])
    sum_of_roots = f.scale(kernel[n - 1], -1)
    numerator = (curve * (h1 * h1 + (h * h2).scale(-1))).scale(4) \
        + (curve.derivative() * h1 * h).scale(-2) \
        + Polynomial(f, [f.scale(sum_of_roots, -2), (2 * n + 1, 0)]) * h * h
    while numerator.c[-1] == (0, 0):
        numerator.c.pop()
    # Check the target on one x: (y')^2 = g(x) (u^3 (N/h^2)')^2 = X^3 + b_target
    x = (2, 3)

    def at(q):
        r = (0, 0)
        for c in reversed(q.c):
            r = f.add(f.mul(r, x), c)
        return r
    slope = f.add(f.mul(at(numerator.derivative()), at(h)), f.scale(f.mul(at(numerator), at(h1)), -2))
    left = f.mul(at(curve), f.mul(f.power(u, 6), f.mul(slope, slope)))
    right = f.add(f.power(f.mul(f.mul(u, u), at(numerator)), 3), f.mul(b_target, f.power(at(h), 6)))
    assert left == right
    return numerator.c


def bls12_381_maps(h, f):
    """The maps of RFC 9380 section 8.8: E' of section 6.6.3 and an isogeny of odd degree to E. The
    isogeny is determined by its kernel polynomial and the scale u (appendix E of the RFC gives the
    coefficients; x_den there is the square of the kernel polynomial, u^2 and u^3 are the leading
    ones of x_num and y_num)."""
    p = h.p
    a1 = 0x144698a3b8e9433d693a02c96d4982b0ea985383ee66a8d8e8981aefd881ac98936f8da0e0f97f5cf428082d584c1d
    b1 = 0x12e2908d11688030018b12e8753eee3b2016c1f0f24f4070a0b9c14fcef35ef55a23215a316ceaa5d1cc48e98e172be0
    x_den = [
        0x08ca8d548cff19ae18b2e62f4bd3fa6f01d5ef4ba35b48ba9c9588617fc8ac62b558d681be343df8993cf9fa40d21b1c,
        0x12561a5deb559c4348b4711298e536367041e8ca0cf0800c0126c2588c48bf5713daa8846cb026e9e5c8276ec82b3bff,
        0x0b2962fe57a3225e8137e629bff2991f6f89416f5a718cd1fca64e00b11aceacd6a3d0967c94fedcfcc239ba5cb83e19,
        0x03425581a58ae2fec83aafef7c40eb545b08243f16b1655154cca8abc28d6fd04976d5243eecf5c4130de8938dc62cd8,
        0x13a8e162022914a80a6f1d5f43e7a07dffdfc759a12062bb8d6b44e833b306da9bd29ba81f35781d539d395b3532a21e,
        0x0e7355f8e4e667b955390f7f0506c6e9395735e9ce9cad4d0a43bcef24b8982f7400d24bc4228f11c02df9a29f6304a5,
        0x0772caacf16936190f3e0c63e0596721570f5799af53a1894e2e073062aede9cea73b3538f0de06cec2574496ee84a3a,
        0x14a7ac2a9d64a8b230b3f5b074cf01996e7f63c21bca68a81996e1cdf9822c580fa5b9489d11e2d311f7d99bbdcc5a5e,
        0x0a10ecf6ada54f825e920b3dafc7a3cce07f8d1d7161366b74100da67f39883503826692abba43704776ec3a79a1d641,
        0x095fc13ab9e92ad4476d6e3eb3a56680f682b4ee96f7d03776df533978f31c1593174e4b4b7865002d6384d168ecdd0a,
        1]
    x_lead = 0x06e08c248e260e70bd1e962381edee3d31d79d7e22c837bc23c0bf1bc24c6b68c24b1b80b64d391fa9c8ba2e8ba2d229
    y_lead = 0x15e6be4e990f03ce4ea50b3b42df2eb5cb181d8f84965a3957add4fa95af01b2b665027efec01c7704b456be69c8b604
    kernel = [0] * 5 + [1]
    for i in range(4, -1, -1):  # the square root, from the top
        middle = sum(kernel[j] * kernel[5 + i - j] for j in range(i + 1, 5))
        kernel[i] = (x_den[5 + i] - middle) * pow(2, -1, p) % p
    assert all(sum(kernel[j] * kernel[i - j] for j in range(max(0, i - 5), min(5, i) + 1)) % p == x_den[i]
               for i in range(11))
    u = y_lead * pow(x_lead, -1, p) % p
    assert u * u % p == x_lead
    numerator = isogeny(f, (a1, 0), (b1, 0), [(k, 0) for k in kernel], (4, 0), (u, 0))
    h.one('MAP1_A', a1, 'G1: y^2 = x^3 + A x + B, Z of RFC 9380 section 8.8.1')
    h.one('MAP1_B', b1)
    h.one('MAP1_Z', 11)
    h.one('MAP1_MINUS_B_OVER_A', -b1 * pow(a1, -1, p) % p)
    h.one('MAP1_B_OVER_ZA', b1 * pow(11 * a1, -1, p) % p)
    root = pow(-11**3, (p + 1) // 4, p)
    assert (root * root + 11**3) % p == 0
    h.one('MAP1_ROOT', root, 'the square root of -Z^3')
    h.one('MAP1_KERNEL', kernel, 'the isogeny of degree 11: kernel polynomial, numerator, scale')
    h.one('MAP1_NUMERATOR', [c[0] for c in numerator])
    h.one('MAP1_U2', u * u % p)
    h.one('MAP1_U3', u**3 % p)

    a2, b2, z2 = (0, 240), (1012, 1012), (-2 % p, -1 % p)
    minus_third = -pow(3, -1, p) % p  # u = -1/3 lands on 4 (1 + u) with the sign of the RFC
    h.one('MAP2_A', a2, 'G2: the same of section 8.8.2, with an isogeny of degree 3')
    h.one('MAP2_B', b2)
    h.one('MAP2_Z', z2)
    h.one('MAP2_MINUS_B_OVER_A', f.mul(f.scale(b2, -1), f.inverse(a2)))
    h.one('MAP2_B_OVER_ZA', f.mul(b2, f.inverse(f.mul(z2, a2))))
    h.one('MAP2_Z3', f.power(z2, 3))
    root = pow(-5**3, (p + 1) // 4, p)  # the norm of Z is 5
    assert (root * root + 125) % p == 0
    h.one('MAP2_ROOT', root, 'the square root of -norm(Z)^3')
    kernel = [(6, -6 % p), (1, 0)]
    numerator = isogeny(f, a2, b2, kernel, (4, 4), (minus_third, 0))
    h.one('MAP2_KERNEL', kernel)
    h.one('MAP2_NUMERATOR', numerator)
    h.one('MAP2_U2', (minus_third**2 % p, 0))
    h.one('MAP2_U3', (minus_third**3 % p, 0))


def bls12_381():
    x = 0xd201000000010000  # minus the parameter of the family
    r = x**4 - x**2 + 1
    p = (x + 1)**2 * r // 3 - x
    h, f, xi = Header('bls12_381', p, 6), Field(p), (1, 1)
    field_constants(h)
    h.integer('FP_P_MINUS_3_QUARTER', (p - 3) // 4, note='(p - 3) / 4')
    tower_constants(h, f, xi, True)
    h.word('CURVE_X', x, 'minus the parameter x of the family (x is negative here)')
    bits = [int(b) for b in bin(x)[3:]]
    h.signed_digits('ATE_LOOP', bits, '-x in binary, below the leading one')
    h.signed_digits('X_DIGITS', bits, 'the same')
    h.one('G1_B', 4, 'y^2 = x^3 + 4 and, on the twist, y^2 = x^3 + 4 xi')
    h.one('G2_B', (4, 4))
    h.integer('ORDER', r, 4, note='the order of G1 and G2')
    g1 = (0x17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
          0x08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1)
    h.one('G1_GENERATOR', list(g1), 'the usual generator of G1')
    beta = beta_for(f, p, r, -x * x, g1, 4)
    h.one('G1_BETA', beta, '(x, y) -> (G1_BETA x, y) multiplies a point of G1 by -x^2')
    # The membership test of G2 (psi Q = x Q) is sound if these share no factor: the cofactors of
    # the norm of psi - x, which is p - x, and of the order of the twist.
    t2 = 1 - x  # the trace of Frobenius; #E'(Fp2) by its sextic twist
    tau = t2 * t2 - 2 * p
    ff = math.isqrt((4 * p * p - tau * tau) // 3)
    orders = [p * p + 1 - (s1 * tau + s2 * 3 * ff) // 2 for s1 in (1, -1) for s2 in (1, -1)]
    order2 = next(n for n in orders if n % r == 0)
    assert math.gcd((p + x) // r, order2 // r) == 1 and order2 // r % r
    bls12_381_maps(h, f)
    # KZG: the generator of G2 and tau G2 of the Ethereum ceremony (c-kzg-4844, trusted_setup.txt,
    # g2_monomial[0] and [1]), for which the lines of the pairing are fixed
    g2 = g2_decompress(f, (4, 4), '93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf112'
                                  '13945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02'
                                  'b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8')
    tau_g2 = g2_decompress(f, (4, 4), TAU_G2)
    h.one('KZG_LINES_MINUS_G2', ate_lines(f, g2_negative(f, g2), bits),
          'per line of the Miller loop -slope and slope x - y, for -G2 and for tau G2')
    h.one('KZG_LINES_TAU_G2', ate_lines(f, tau_g2, bits))
    return h


TAU_G2 = ('b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d'
          '2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e2'
          '3926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2')

CURVES = {'bn254': bn254, 'bls12_381': bls12_381}


def main(name, out):
    header = CURVES[name]()
    with open(out, 'w', encoding='ascii') as file:
        file.write('\n'.join(header.lines) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
