#!/usr/bin/env python3
"""Constants of a pairing-friendly curve: gen_pairing.py bn254|bls12_381 OUT.h

Everything is computed here from the curve's definition (its parameter x, the small coefficients
and the tower), so that the C code holds no unexplained number. Field elements are printed in
Montgomery form, R = 2^(64 * limbs), least significant limb first."""
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


CURVES = {'bn254': bn254}


def main(name, out):
    header = CURVES[name]()
    with open(out, 'w', encoding='ascii') as file:
        file.write('\n'.join(header.lines) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
