"""The checker of decompositions: one file that trusts python-flint and the standard library, and nothing else of this package.

It reads the evidence of a cylindrical algebraic decomposition (``docs/reference/cell-evidence.md``) and recomputes everything that the
theorem behind it needs.  It is started as a plain file:

    python -I cell_checker.py EVIDENCE.json [--json] [--timeout SECONDS]

Exit status: 0 accepted, 1 rejected (with a code, the reason and the cell), 3 unreadable, 4 not decided within the limits.

What is recomputed, and how it differs from the way the decomposition was made:

* the projection: coefficients, resultants with the derivative and pairwise resultants are computed anew, and shown to be products of the
  listed factors by exact division (no factorisation);
* over rational points every polynomial of a stack is divided by the polynomials of the listed roots, and Sturm's sequences show that
  the listed roots are all;
* over algebraic points the evidence lists discs; Pellet's test with balls shows how many roots each holds.  That a disc holds one
  root only, or that two polynomials share it, follows from a resultant that vanishes, or from a greatest common divisor over Q(theta),
  an exact field with a primitive element (Trager's norm);
* signs are computed from values at the sample points of sectors.

The theorems: S. McCallum (1998) with C. W. Brown's improvement (2001) where the projection is called ``mccallum``; S. McCallum, A. Parusinski,
L. Paunescu (2019) where it is called ``lazard``.

Reading order: numbers and polynomials; the projection; real roots over Q; fields; points; discs; stacks; order; signs and sentences; the
document.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement, pairwise
from math import gcd, lcm

from flint import acb, acb_poly, arb, arb_poly, ctx, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpq_poly, fmpz_poly

FORMAT = "tamecheck decomposition 1"
MAXIMAL_BYTES = 2**30
MAXIMAL_DIGITS = 4000
MAXIMAL_VARIABLES = 16
MAXIMAL_TERMS = 100_000
MAXIMAL_DEGREE = 2_000
MAXIMAL_FIELD = 120
"""Degree of a number field that is still made."""
MAXIMAL_WORK = 10**10
"""Estimated work of a resultant that is still computed."""
MAXIMAL_BITS = 1 << 15
FIRST_BITS = 96


class Reject(Exception):
    """The evidence is refused: a stable code, the reason, and the index of a cell."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason
        self.where: tuple[int, ...] | None = None


class Unable(Exception):
    """Something is not decided within the limits (nothing is said against the evidence)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def need(condition: bool, code: str, reason: str) -> None:
    """Refuse the evidence unless a condition holds."""
    if not condition:
        raise Reject(code, reason)


class precision:
    """Set FLINT's working precision for a block and put it back."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __enter__(self) -> None:
        self.before, ctx.prec = ctx.prec, self.bits

    def __exit__(self, *_: object) -> None:
        ctx.prec = self.before


# -------------------------------------------------------------------------------------------------------- numbers and polynomials

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:/[1-9][0-9]*)?", re.ASCII)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}", re.ASCII)


def number(text: object) -> fmpq:
    """Read ``p`` or ``p/q``."""
    need(type(text) is str and len(text) <= 2 * MAXIMAL_DIGITS and NUMBER.fullmatch(text) is not None, "TC802", f"no rational: {text!r:.60}")
    top, _, bottom = text.partition("/")
    need(max(len(top), len(bottom)) <= MAXIMAL_DIGITS, "TC802", "a number with too many digits")
    return fmpq(int(top), int(bottom or 1))


def whole(value: object, low: int, high: int, what: str) -> int:
    """Read an integer in a range."""
    need(type(value) is int and low <= value <= high, "TC802", f"{what}: {value!r:.60} is no integer from {low} to {high}")
    return value


def listed(value: object, what: str, length: int | None = None) -> list:
    """Read a list, of a given length if one is given."""
    need(type(value) is list, "TC801", f"{what} is no list")
    need(length is None or len(value) == length, "TC801", f"{what} has {len(value)} entries instead of {length}")
    return value


def keyed(value: object, what: str, required: Sequence[str], optional: Sequence[str] = ()) -> dict:
    """Read an object with exactly these keys."""
    need(type(value) is dict, "TC801", f"{what} is no object")
    for key in required:
        need(key in value, "TC801", f"{what} has no {key!r}")
    for key in value:
        need(key in required or key in optional, "TC801", f"{what} has the unknown key {key!r:.60}")
    return value


def read_polynomial(value: object, context: fmpq_mpoly_ctx, variables: int) -> fmpq_mpoly:
    """Read a list of [integer as text, [exponents]]."""
    terms: dict[tuple[int, ...], fmpq] = {}
    listed(value, "a polynomial")
    need(len(value) <= MAXIMAL_TERMS, "TC803", "a polynomial with too many terms")
    for term in value:
        c, exponents = listed(term, "a term", 2)
        key = tuple([whole(e, 0, MAXIMAL_DEGREE, "an exponent") for e in listed(exponents, "exponents", variables)])
        coefficient = number(c)
        need(key not in terms and coefficient != 0 and coefficient.q == 1, "TC803", "a polynomial with a repeated, zero or broken term")
        terms[key] = coefficient
    return context.from_dict(terms)


def degree_in(p: fmpq_mpoly, k: int) -> int:
    """Return the degree in the variable at position ``k`` (from 0); -1 for the zero polynomial."""
    return -1 if p.is_zero() else int(p.degrees()[k])


def level(p: fmpq_mpoly, variables: int) -> int:
    """Return the number of the last variable that occurs, from 1; 0 for a constant."""
    degrees = p.degrees()
    return max([k + 1 for k in range(variables) if degrees[k] > 0], default=0)


def coefficients(p: fmpq_mpoly, k: int, context: fmpq_mpoly_ctx) -> list[fmpq_mpoly]:
    """Return the coefficients c_0, ..., c_d with respect to the variable at position ``k``."""
    parts: list[dict] = [{} for _ in range(degree_in(p, k) + 1)]
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        rest = list(exponents)
        rest[k] = 0
        parts[int(exponents[k])][tuple(rest)] = c
    return [context.from_dict(part) for part in parts]


def divided(p: fmpq_mpoly, q: fmpq_mpoly) -> fmpq_mpoly | None:
    """Return p / q, or ``None`` if q does not divide p."""
    if any([a < b for a, b in zip(p.degrees(), q.degrees(), strict=True)]):
        return None
    quotient, rest = divmod(p, q)
    return quotient if rest.is_zero() else None


def proportional(p: fmpq_mpoly, q: fmpq_mpoly) -> bool:
    """Return whether p is a nonzero number times q."""
    return not p.is_zero() and not q.is_zero() and p * q.coeffs()[0] == q * p.coeffs()[0] and p.monoms() == q.monoms()


def partials(p: fmpq_mpoly, variables: int, order: int) -> list[fmpq_mpoly]:
    """Return the partial derivatives of an order with respect to the first variables that are no zero polynomials."""
    found = []
    for chosen in combinations_with_replacement(range(variables), order):
        q = p
        for i in chosen:
            q = q.derivative(i)
        if not q.is_zero():
            found.append(q)
    return found


def obviously_positive(p: fmpq_mpoly) -> bool:
    """Return True if p or -p is a positive number plus even monomials with positive coefficients."""
    c = p.coeffs()
    constant = any([not any(e) for e in p.monoms()])
    return constant and all([(x > 0) == (c[0] > 0) for x in c]) and not any([e & 1 for monomial in p.monoms() for e in map(int, monomial)])


# ----------------------------------------------------------------------------------------------------------------- the projection


class Factors:
    """The listed factors with what follows from them.

    ``polynomials`` and ``levels`` by number; ``at[k]`` the numbers of level k (from 1).
    ``leading[f]``, ``multiple[f]`` and ``common[f, g]`` are the numbers of the factors of the leading coefficient of f, of its resultant with
    its derivative (for full degree), and of the resultant of f and g.
    """

    def __init__(self, context: fmpq_mpoly_ctx, variables: int, lazard: bool) -> None:
        self.context, self.variables, self.lazard = context, variables, lazard
        self.polynomials: list[fmpq_mpoly] = []
        self.levels: list[int] = []
        self.at: list[list[int]] = [[] for _ in range(variables + 1)]
        self.leading: dict[int, frozenset[int]] = {}
        self.multiple: dict[int, frozenset[int]] = {}
        self.common: dict[tuple[int, int], frozenset[int]] = {}
        self._parts: dict[int, list[tuple[fmpq_mpoly, frozenset[int] | None]]] = {}
        self._nowhere: dict[int, bool] = {}

    def read(self, value: object) -> None:
        """Read the factors, level by level."""
        for k, part in enumerate(listed(value, "factors", self.variables), 1):
            for entry in listed(part, "the factors of a level"):
                p = read_polynomial(entry, self.context, self.variables)
                need(not p.is_zero() and level(p, self.variables) == k, "TC810", f"a factor of level {k} does not have x_{k} as its last variable")
                self.at[k].append(len(self.polynomials))
                self.polynomials.append(p)
                self.levels.append(k)

    def strip(self, p: fmpq_mpoly, below: int) -> frozenset[int] | None:
        """Return the factors of levels below ``below`` whose product is p up to a number, ``None`` if there is no such product."""
        found = set()
        for k in range(below - 1, 0, -1):
            for n in self.at[k] if degree_in(p, k - 1) > 0 else ():
                while (quotient := divided(p, self.polynomials[n])) is not None:
                    p = quotient
                    found.add(n)
        return frozenset(found) if p.is_constant() else None

    def check(self) -> None:
        """Show that the factors are closed under projection."""
        for k in range(self.variables, 0, -1):
            for i, f in enumerate(self.at[k]):
                check_time()
                self._alone(f, k)
                for g in self.at[k][:i]:
                    self._pair(f, g, k)

    def _alone(self, f: int, k: int) -> None:
        p = self.polynomials[f]
        c = coefficients(p, k - 1, self.context)
        content = c[-1]
        for part in c[:-1]:
            if content.is_constant():
                break
            content = content if part.is_zero() else content.gcd(part)
        need(content.is_constant(), "TC812", f"factor {f} has a factor without its main variable")
        mask = self.strip(c[-1], k)
        need(mask is not None, "TC814", f"the leading coefficient of factor {f} is no product of the listed factors")
        self.leading[f] = mask
        if self.lazard:
            need(not c[0].is_zero() or (len(c) == 2 and c[1].is_constant()), "TC817", f"factor {f} is divisible by its main variable")
            known = c[0].is_zero() or self.strip(c[0], k) is not None
            need(known, "TC817", f"the trailing coefficient of factor {f} is no product of the listed factors")
        self.multiple[f] = frozenset()
        if len(c) > 2:
            for r in self._multiple_roots(p, c, k):
                need(not r.is_zero(), "TC813", f"factor {f} has a multiple factor")
                mask = self.strip(r, k)
                need(mask is not None, "TC815", f"the discriminant of factor {f} is no product of the listed factors")
                self.multiple[f] |= mask

    def _multiple_roots(self, p: fmpq_mpoly, c: list[fmpq_mpoly], k: int) -> list[fmpq_mpoly]:
        """Return polynomials that vanish, where the leading coefficient does not, exactly if there is a multiple root.

        For p = q(x^a) the roots are multiple where c_0 = 0 or q has a multiple root.
        """
        step = gcd(*[i for i, x in enumerate(c) if not x.is_zero()])
        if step < 2:
            return [self.resultant(p, p.derivative(k - 1), k)]
        q = inflated(p, k - 1, step, self.context)
        return [c[0], *([self.resultant(q, q.derivative(k - 1), k)] if degree_in(q, k - 1) > 1 else [])]

    def _pair(self, f: int, g: int, k: int) -> None:
        p, q = self.polynomials[f], self.polynomials[g]
        step = gcd(*[int(e[k - 1]) for r in (p, q) for e in r.monoms()])
        if step > 1:
            p, q = [inflated(r, k - 1, step, self.context) for r in (p, q)]
        r = self.resultant(p, q, k)
        need(not r.is_zero(), "TC813", f"factors {f} and {g} have a common factor")
        mask = self.strip(r, k)
        need(mask is not None, "TC816", f"the resultant of factors {f} and {g} is no product of the listed factors")
        self.common[f, g] = self.common[g, f] = mask

    def resultant(self, p: fmpq_mpoly, q: fmpq_mpoly, k: int) -> fmpq_mpoly:
        """Return a resultant of bounded size."""
        a, b = p.degrees(), q.degrees()
        m, n = int(a[k - 1]), int(b[k - 1])
        terms = 1
        for i in range(self.variables):
            if i != k - 1:
                terms *= n * int(a[i]) + m * int(b[i]) + 1
        if terms * (m + n) ** 3 > MAXIMAL_WORK * 100:
            raise Unable("TC860", f"a resultant of degrees {m} and {n} with up to {terms} terms is not attempted")
        return p.resultant(q, k - 1)

    def parts(self, f: int) -> list[tuple[fmpq_mpoly, frozenset[int] | None]]:
        """Return the nonzero coefficients of a factor, from the leading one down, with their factors if they are all listed."""
        if f not in self._parts:
            k = self.levels[f]
            c = coefficients(self.polynomials[f], k - 1, self.context)
            self._parts[f] = [(x, self.strip(x, k)) for x in reversed(c) if not x.is_zero()]
        return self._parts[f]

    def never_vanishes(self, f: int) -> bool:
        """Return True if the coefficients provably have no common real zero."""
        found = self._nowhere.get(f)
        if found is None:
            parts = [c for c, _ in self.parts(f)]
            # coprime polynomials in one variable have no common zero; coprimality was checked
            found = self.levels[f] == 2 or any([c.is_constant() or obviously_positive(c) for c in parts])
            found = self._nowhere[f] = found or without_common_zero(parts, self.context)
        return found


def inflated(p: fmpq_mpoly, k: int, step: int, context: fmpq_mpoly_ctx) -> fmpq_mpoly:
    """Return q with p = q(x^step) in the variable at position ``k``."""
    terms = {}
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        e = list(map(int, exponents))
        e[k] //= step
        terms[tuple(e)] = c
    return context.from_dict(terms)


def without_common_zero(polynomials: Sequence[fmpq_mpoly], context: fmpq_mpoly_ctx) -> bool:
    """Return True if S-polynomials of the polynomials, reduced by them, lead to a sum of positive terms (a number, say).

    Then they have no common real zero.

    Every polynomial made is a combination of the given ones; which ones are made does not matter for that.
    """
    basis = [p for p in polynomials if not p.is_zero()]
    for i in range(12):
        for j in range(i):
            if i >= len(basis) or len(basis) > 12:
                break
            rest = s_polynomial(basis[i], basis[j], context)
            moved = True
            while moved and not rest.is_zero():
                moved = False
                for b in basis:
                    after = divmod(rest, b)[1]
                    if after != rest:
                        rest, moved = after, True
            if not rest.is_zero():
                if obviously_positive(rest):
                    return True
                basis.append(rest)
    return False


def s_polynomial(p: fmpq_mpoly, q: fmpq_mpoly, context: fmpq_mpoly_ctx) -> fmpq_mpoly:
    """Return the combination of p and q in which their first monomials cancel."""
    a, b = [tuple(map(int, r.monoms()[0])) for r in (p, q)]
    top = [max(x, y) for x, y in zip(a, b, strict=True)]
    u = context.from_dict({tuple([t - x for t, x in zip(top, a, strict=True)]): q.coeffs()[0]})
    v = context.from_dict({tuple([t - y for t, y in zip(top, b, strict=True)]): p.coeffs()[0]})
    return u * p - v * q


# --------------------------------------------------------------------------------------------------------------- real roots over Q

_STURM: dict[str, list[fmpz_poly]] = {}
_IRREDUCIBLE: dict[str, bool] = {}


def primitive(c: Sequence[fmpq]) -> fmpz_poly:
    """Return a positive multiple with coprime integer coefficients."""
    scale = lcm(*[int(x.q) for x in c])
    values = [int(x.p) * (scale // int(x.q)) for x in c]
    common = gcd(*values) or 1
    return fmpz_poly([v // common for v in values])


def sturm(p: fmpz_poly) -> list[fmpz_poly]:
    """Return Sturm's sequence of a polynomial and its derivative, up to positive numbers."""
    key = str(p)
    found = _STURM.get(key)
    if found is None:
        found = [p]
        after = p.derivative()
        while not after.is_zero():
            found.append(fmpz_poly([c // after.content() for c in after.coeffs()]))
            rest = -(fmpq_poly(found[-2]) % fmpq_poly(found[-1]))
            after = rest.numer()
        _STURM[key] = found
    return found


def variations(signs: Sequence[int]) -> int:
    """Return the number of changes of sign, zeros left out."""
    kept = [s for s in signs if s]
    return sum([1 for a, b in pairwise(kept) if a != b])


def sign_of(value: object) -> int:
    """Return the sign of an exact number."""
    return (value > 0) - (value < 0)


def real_roots(p: fmpz_poly, low: fmpq | None = None, high: fmpq | None = None) -> int:
    """Return the number of different real roots in (low, high], or on the line; the ends are no roots."""
    sequence = sturm(p)
    if low is None:
        above = [sign_of(q.leading_coefficient()) for q in sequence]
        ends = [[-s if q.degree() & 1 else s for q, s in zip(sequence, above, strict=True)], above]
    else:
        ends = [[sign_of(q(x)) for q in sequence] for x in (low, high)]
    return variations(ends[0]) - variations(ends[1])


def irreducible(p: fmpz_poly) -> bool:
    """Return whether a polynomial of positive degree is irreducible over Q."""
    key = str(p)
    if key not in _IRREDUCIBLE:
        pairs = p.factor()[1]
        _IRREDUCIBLE[key] = len(pairs) == 1 and pairs[0][1] == 1
    return _IRREDUCIBLE[key]


# ----------------------------------------------------------------------------------------------------------------- fields Q(theta)

T = fmpq_poly([0, 1])
Vector = list[fmpq_poly]
"""A polynomial over a field Q(theta): coefficients from below, each a polynomial in theta."""


class Field:
    """Q(theta) for the root theta of an irreducible polynomial, with the images of some coordinates."""

    def __init__(self, modulus: fmpq_poly, images: dict[int, fmpq_poly], theta: Callable[[int], arb]) -> None:
        self.modulus, self.images, self.theta = modulus, images, theta
        self.degree = modulus.degree()

    def value(self, c: fmpq_mpoly) -> fmpq_poly:
        """Return a polynomial in the irrational coordinates as an element."""
        total = fmpq_poly([0])
        for exponents, x in zip(c.monoms(), c.coeffs(), strict=True):
            term = fmpq_poly([x])
            for k, e in enumerate(map(int, exponents)):
                if e:
                    term = term * self.power(self.images[k], e) % self.modulus
            total += term
        return total % self.modulus

    def power(self, x: fmpq_poly, e: int) -> fmpq_poly:
        """Return x^e."""
        out = fmpq_poly([1])
        while e:
            if e & 1:
                out = out * x % self.modulus
            x = x * x % self.modulus
            e >>= 1
        return out

    def inverse(self, x: fmpq_poly) -> fmpq_poly:
        """Return 1/x for x other than 0."""
        common, u, _ = x.xgcd(self.modulus)
        return u * (1 / common[0])

    def trimmed(self, f: Vector) -> Vector:
        """Return a polynomial without leading zeros."""
        n = len(f)
        while n and f[n - 1].is_zero():
            n -= 1
        return f[:n]

    def rest(self, f: Vector, g: Vector) -> Vector:
        """Return the remainder of f by a monic g."""
        f = list(f)
        while len(f) >= len(g):
            lead = f[-1]
            shift = len(f) - len(g)
            for i, c in enumerate(g):
                f[shift + i] = (f[shift + i] - lead * c) % self.modulus
            f = self.trimmed(f[:-1])
        return f

    def gcd(self, f: Vector, g: Vector) -> Vector:
        """Return the monic greatest common divisor."""
        f, g = self.trimmed(f), self.trimmed(g)
        while g:
            check_time()
            scale = self.inverse(g[-1])
            g = [c * scale % self.modulus for c in g]
            f, g = g, self.rest(f, g)
        scale = self.inverse(f[-1])
        return [c * scale % self.modulus for c in f]

    def derivative(self, f: Vector) -> Vector:
        """Return the derivative."""
        return [c * k for k, c in enumerate(f)][1:]

    def extend(self, h: Vector, root: Callable[[int], arb], position: int) -> "Field":
        """Return the field with one more coordinate, a root of h."""
        if len(h) == 2:
            image = -h[0] * self.inverse(h[1]) % self.modulus
            return Field(self.modulus, {**self.images, position: image}, self.theta)
        if self.degree * (len(h) - 1) > MAXIMAL_FIELD:
            raise Unable("TC861", f"a number field of degree up to {self.degree * (len(h) - 1)} is not attempted")
        if self.degree == 1:
            m = minimal(primitive([c[0] for c in h]), root)
            return Field(fmpq_poly(m), {**{k: x % fmpq_poly(m) for k, x in self.images.items()}, position: T % fmpq_poly(m)}, root)
        for s in (1, -1, 2, -2, 3, -3, 5, -5):
            found = self._primitive(h, root, position, s)
            if found is not None:
                return found
        raise Unable("TC861", "no primitive element was found")

    def _primitive(self, h: Vector, root: Callable[[int], arb], position: int, s: int) -> "Field | None":
        """Try root + s theta as the generator (Trager): its polynomial divides the norm of h(z - s theta)."""
        both = fmpq_mpoly_ctx.get(("t", "z"), "lex")
        t, z = both.gens()
        shifted, power = both.constant(0), both.constant(1)
        for c in h:
            shifted += power * sum([t**i * x for i, x in enumerate(c.coeffs())], both.constant(0))
            power *= z - s * t
        modulus = sum([t**i * x for i, x in enumerate(self.modulus.coeffs())], both.constant(0))
        norm = modulus.resultant(shifted, 0)
        dense = [fmpq(0)] * (int(norm.degrees()[1]) + 1)
        for exponents, x in zip(norm.monoms(), norm.coeffs(), strict=True):
            dense[int(exponents[1])] = x
        theta = lambda bits: root(bits) + s * self.theta(bits)  # noqa: E731
        m = fmpq_poly(minimal(primitive(dense), theta))
        new = Field(m, {}, theta)
        # the old generator is the common root t of its polynomial and of h(t, z - s t)
        parts: Vector = [fmpq_poly([0])] * (int(shifted.degrees()[0]) + 1)
        for exponents, x in zip(shifted.monoms(), shifted.coeffs(), strict=True):
            parts[int(exponents[0])] = parts[int(exponents[0])] + fmpq_poly([0] * int(exponents[1]) + [x])
        common = new.gcd([fmpq_poly([x]) for x in self.modulus.coeffs()], [x % m for x in parts])
        if len(common) != 2:
            return None
        old = -common[0] % m
        new.images = {k: new.composed(x, old) for k, x in self.images.items()}
        new.images[position] = (T - s * old) % m
        return new

    def composed(self, x: fmpq_poly, at: fmpq_poly) -> fmpq_poly:
        """Return x(at)."""
        total = fmpq_poly([0])
        for c in reversed(x.coeffs()):
            total = (total * at + fmpq_poly([c])) % self.modulus
        return total


def minimal(p: fmpz_poly, root: Callable[[int], arb]) -> fmpz_poly:
    """Return the irreducible factor of p that vanishes at a real number given by balls."""
    left = [q for q, _ in p.factor()[1]]
    bits = FIRST_BITS
    while len(left) > 1:
        with precision(2 * bits):
            x = root(bits)
            left = [q for q in left if 0 in arb_poly([arb(c) for c in q.coeffs()])(x)]
        bits = doubled(bits)
    return left[0]


def doubled(bits: int) -> int:
    """Return twice the precision, within the limit."""
    if 2 * bits > MAXIMAL_BITS:
        raise Unable("TC863", f"not decided with {bits} bits")
    return 2 * bits


# -------------------------------------------------------------------------------------------------------------------------- points


class Real:
    """The only root in (low, high) of a polynomial given by balls, whose signs at the ends differ."""

    rational = None

    def __init__(self, given: Callable[[int], list], low: fmpq, high: fmpq) -> None:
        self.given, self.low, self.high = given, low, high
        self.bits = 0

    def ball(self, bits: int) -> arb:
        """Return an enclosure of radius about 2^-bits (relative to 1 + |x|)."""
        while self.bits < bits:
            self._narrow(bits)
        with precision(bits + 16):
            middle = (self.low + self.high) / 2
            return arb(arb(middle).mid(), ((arb(self.high) - arb(self.low)) * fmpq(9, 16) + abs(arb(middle)) * arb(2) ** (-bits - 8)).upper())

    def _sign(self, x: fmpq, bits: int, limit: int = MAXIMAL_BITS) -> int:
        """Return the sign at a number, 0 if so many bits do not show it."""
        while bits <= limit:
            with precision(bits):
                value = arb_poly(self.given(bits))(arb(x))
            if value > 0 or value < 0:
                return 1 if value > 0 else -1
            bits *= 2
        return 0

    def _narrow(self, bits: int) -> None:
        """Make the interval much shorter by a step of Newton's method, tested by signs, or else halve it."""
        check_time()
        if not self.bits:
            self.below = self._sign(self.low, FIRST_BITS)
            if self.below == 0 or self._sign(self.high, FIRST_BITS) != -self.below:
                raise Unable("TC863", "no change of sign at the ends of an interval is seen")
            # the interval may be short from the beginning
            self._measure()
        width = self.high - self.low
        working = 2 * max(self.bits, 32) + FIRST_BITS
        with precision(working):
            middle = (self.low + self.high) / 2
            p = arb_poly(self.given(working))
            slope = p.derivative()(arb(middle))
            step = p(arb(middle)) / slope if 0 not in slope else None
            guess = None if step is None or not step.is_finite() else dyadic(arb(middle) - step, working)
        done = False
        for radius in (width * width / 4, width * width * 64, width / 64) if guess is not None else ():
            low, high = guess - radius, guess + radius
            if self.low < low and high < self.high:
                done = self._sign(low, working, working) == self.below and self._sign(high, working, working) == -self.below
            if done:
                self.low, self.high = low, high
                break
        if not done:
            for part in (fmpq(1, 2), fmpq(15, 32), fmpq(9, 16)):
                x = self.low + width * part
                side = self._sign(x, working, 2 * working)
                if side:  # otherwise it is perhaps the root itself
                    self.low, self.high = (x, self.high) if side == self.below else (self.low, x)
                    break
            else:
                raise Unable("TC863", "a root is not approximated")
        self._measure()

    def _measure(self) -> None:
        relative = (self.high - self.low) / (1 + abs(self.low))
        self.bits = max(int(relative.q).bit_length() - int(relative.p).bit_length() - 1, 1)


def dyadic(x: arb, bits: int) -> fmpq:
    """Return a number near the middle of a ball, rounded to so many bits after the point."""
    mantissa, exponent = x.mid().man_exp()
    exponent += bits
    value = int(mantissa) << int(exponent) if exponent >= 0 else int(mantissa) >> -int(exponent)
    return fmpq(value, 1 << bits)


def raised(x: arb, e: int) -> arb:
    """Return a power by products: FLINT's operator gives no number for a ball around 0."""
    out = x
    for _ in range(e - 1):
        out *= x
    return out


class Fixed:
    """A rational coordinate."""

    def __init__(self, value: fmpq) -> None:
        self.rational = value

    def ball(self, bits: int) -> arb:
        """Return an enclosure."""
        with precision(bits + 16):
            return arb(self.rational)


class Base:
    """A sample point with what is known there: the cell whose sample it is, and the factors of higher level over it."""

    def __init__(self, factors: Factors) -> None:
        self.factors = factors
        self.index: tuple[int, ...] = ()
        self.coordinates: list[Fixed | Real] = []
        self.dimension = 0
        self.rigid = 0
        self.over: dict[int, fmpq_mpoly] = dict(enumerate(factors.polynomials))
        self.replaced: dict[int, fmpq_mpoly] = {}
        self.zero: frozenset = frozenset()
        self.known: list[fmpq_mpoly] = []
        self.cuts: dict[object, fmpq_mpoly] = {}
        self.signs: dict[int, int] = {}
        self.parent: Base | None = None
        self._definition: Vector | Callable | None = None
        self._field: Field | None = None

    @property
    def irrational(self) -> list[int]:
        """The positions of the irrational coordinates."""
        return [k for k, x in enumerate(self.coordinates) if x.rational is None]

    def special(self, p: fmpq_mpoly) -> fmpq_mpoly:
        """Return a polynomial with the rational coordinates substituted."""
        names = p.context().names()
        values = {names[k]: x.rational for k, x in enumerate(self.coordinates) if x.rational is not None}
        return p.subs(values) if values else p

    def value(self, c: fmpq_mpoly, bits: int) -> arb:
        """Return an enclosure of a polynomial in the irrational coordinates."""
        total = arb(0)
        with precision(bits):
            for exponents, x in zip(c.monoms(), c.coeffs(), strict=True):
                term = arb(x)
                for k, e in enumerate(map(int, exponents)):
                    if e:
                        term *= raised(self.coordinates[k].ball(bits), e)
                total += term
        return total

    def vanishes(self, c: fmpq_mpoly) -> bool:
        """Return whether a polynomial in the irrational coordinates is zero at the point, exactly."""
        if c.is_zero() or c.is_constant():
            return c.is_zero()
        if any([divided(c, h) is not None for h in self.known]):
            return True
        if any([0 not in self.value(c, bits) for bits in (FIRST_BITS, 4 * FIRST_BITS)]):
            return False
        return self.field().value(c).is_zero()

    def field(self) -> Field:
        """Return the field of the coordinates."""
        if self._field is None:
            if self.parent is None:
                self._field = Field(T, {}, lambda bits: arb(0))
            else:
                below = self.parent.field()
                if self.coordinates[-1].rational is not None:
                    self._field = below
                else:
                    h = below.trimmed(self._definition(below))
                    self._field = below.extend(h, self.coordinates[-1].ball, len(self.coordinates) - 1)
        return self._field

    def child(self, entry: "Entry") -> "Base":
        """Return the sample point of a cell of the stack over this one."""
        k = len(self.coordinates)
        new = Base(self.factors)
        new.parent = self
        new.index = (*self.index, entry.place)
        new.coordinates = [*self.coordinates, entry.coordinate]
        section = entry.place % 2 == 0
        new.dimension = self.dimension + (0 if section else 1)
        new.rigid = k + 1 if section and self.rigid == k else self.rigid
        new.zero = self.zero | entry.zero
        new.cuts = {**self.cuts, **entry.cuts}
        new.signs = self.signs
        new._definition = entry.definition
        name = self.factors.context.names()[k]
        x = entry.coordinate.rational
        put = (lambda p: p) if x is None else (lambda p: p.subs({name: x}) if degree_in(p, k) > 0 else p)
        new.known = [q for q in map(put, [*self.known, *entry.vanishing]) if not q.is_constant()]
        new.over = {n: put(p) for n, p in self.over.items() if self.factors.levels[n] > k + 1}
        if self.factors.lazard:
            new.replaced = {n: p for n, p in self.replaced.items() if n in new.over}
            for n in new.over:
                new.evaluate(n)
        return new

    def evaluate(self, n: int) -> None:
        """Lazard's rule: differentiate with respect to the last coordinate until the polynomial does not vanish over the point."""
        k = len(self.coordinates)
        while all([self.vanishes(c) for c in self.grouped(self.over[n], k)]):
            p = self.replaced.get(n, self.factors.polynomials[n]).derivative(k - 1)
            self.replaced[n] = p
            self.over[n] = self.special(p)

    def grouped(self, p: fmpq_mpoly, k: int) -> list[fmpq_mpoly]:
        """Return the coefficients of a polynomial with respect to the variables from position ``k`` on."""
        parts: dict[tuple[int, ...], dict] = {}
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            e = tuple(map(int, exponents))
            parts.setdefault(e[k:], {})[(*e[:k], *[0] * (len(e) - k))] = c
        return [self.factors.context.from_dict(part) for part in parts.values()]


# --------------------------------------------------------------------------------------------------------------------------- discs


class Disc:
    """A disc with a number of roots."""

    def __init__(self, re: fmpq, im: fmpq, radius: fmpq, count: int) -> None:
        self.re, self.im, self.radius, self.count = re, im, radius, count

    def meets(self, other: "Disc") -> bool:
        """Return whether two closed discs have a common point."""
        return (self.re - other.re) ** 2 + (self.im - other.im) ** 2 <= (self.radius + other.radius) ** 2

    def mirrored(self) -> "Disc":
        """Return the conjugate disc."""
        return Disc(self.re, -self.im, self.radius, self.count)


def pellet(c: list, re: fmpq, im: fmpq, radius: fmpq, count: int) -> bool:
    """Return True if the polynomial with these coefficients certainly has so many roots in a disc and none on its boundary.

    Pellet: |a_m| r^m > sum of |a_i| r^i over i other than m, for the expansion a_0 + a_1 (z - c) + ... around the centre.
    """
    shifted = acb_poly(c)(acb_poly([acb(arb(re), arb(im)), 1]))
    r, power, inner, outer = arb(radius), arb(1), arb(0), arb(0)
    for i, a in enumerate(shifted.coeffs()):
        if i == count:
            inner = abs(acb(a)) * power
        else:
            outer += abs(acb(a)) * power
        power *= r
    return bool(inner > outer)


class Branch:
    """One polynomial of a stack over an algebraic point: its degree there and discs that hold its roots."""

    def __init__(self, base: Base, polynomial: fmpq_mpoly, key: object, value: list) -> None:
        k = len(base.coordinates)
        self.base, self.key = base, key
        self.coefficients = coefficients(polynomial, k, base.factors.context)
        # resultants speak of the degree as a polynomial in all variables: where it drops they vanish whatever the roots are
        self.formal = degree_in(base.factors.polynomials[key], k) if type(key) is int else -1
        self.degree = whole(value[1], 0, len(self.coefficients) - 1, "a degree")
        for c in self.coefficients[self.degree + 1 :]:
            need(base.vanishes(c), "TC828", f"the degree of polynomial {key} over the point is more than {self.degree}")
        self.discs: list[Disc] = []
        self.real: list[Disc] = []
        self._balls: dict[int, list] = {}
        self._read(value[2])
        self._certify()

    def balls(self, bits: int) -> list:
        """Return the coefficients at the point as balls (numbers that are exactly zero as exact zeros)."""
        found = self._balls.get(bits)
        if found is None:
            found = self._balls[bits] = [self.base.value(c, bits) for c in self.coefficients[: self.degree + 1]]
        return found

    def _read(self, value: object) -> None:
        for entry in listed(value, "discs"):
            re, im, radius, count = listed(entry, "a disc", 4)
            disc = Disc(number(re), number(im), number(radius), whole(count, 1, MAXIMAL_DEGREE, "a number of roots"))
            need(disc.radius > 0 and (disc.im == 0 or disc.im > disc.radius), "TC830", "a disc is on both sides of the real line, or empty")
            self.discs.append(disc)
            if disc.im == 0:
                self.real.append(disc)
            else:
                self.discs.append(disc.mirrored())
        self.real.sort(key=lambda d: d.re)
        need(sum([d.count for d in self.discs]) == self.degree, "TC830", f"the discs of polynomial {self.key} do not hold {self.degree} roots")
        for i, d in enumerate(self.discs):
            need(not any([d.meets(e) for e in self.discs[:i]]), "TC830", f"two discs of polynomial {self.key} meet")

    def _certify(self) -> None:
        bits = FIRST_BITS
        while True:
            c = self.balls(bits)
            with precision(bits):
                if 0 not in c[-1] and all([pellet(c, d.re, d.im, d.radius, d.count) for d in self.discs if d.im >= 0]):
                    return
            lead = bits <= 4 * FIRST_BITS or not self.base.vanishes(self.coefficients[self.degree])
            need(lead, "TC828", f"the degree of polynomial {self.key} over the point is less than {self.degree}")
            need(bits < 1 << 12, "TC829", f"a disc of polynomial {self.key} does not hold the number of roots that is claimed")
            bits = doubled(bits)

    def single(self) -> None:
        """Show that every disc holds one root only, as often as its count says."""
        excess = self.degree - len(self.discs)
        if excess == 0:
            return
        base, factors = self.base, self.base.factors
        if excess == 1 and self.degree == self.formal and base.zero & factors.multiple.get(self.key, frozenset()):
            return
        field = base.field()
        f = [field.value(c) for c in self.coefficients[: self.degree + 1]]
        common = field.gcd(f, field.derivative(f))
        need(len(common) - 1 == excess, "TC831", f"polynomial {self.key} has other multiple roots over the point than claimed")

    def root(self, disc: Disc) -> tuple[Real, Callable[[Field], Vector]]:
        """Return the root in a real disc, and how to get a polynomial over the field for it."""
        k = disc.count

        def given(bits: int) -> list:
            c = self.balls(bits)
            for _ in range(k - 1):
                c = [i * x for i, x in enumerate(c)][1:]
            return c

        def definition(field: Field) -> Vector:
            f = [field.value(c) for c in self.coefficients[: self.degree + 1]]
            out = f
            for _ in range(k - 1):
                f = field.derivative(f)
                out = field.gcd(out, f)
            return out

        if k > 1:
            # the root is a simple one of the derivative of order k - 1, the only one in the disc
            bits = FIRST_BITS
            while True:
                c = given(bits)
                with precision(bits):
                    if 0 not in c[-1] and pellet(c, disc.re, disc.im, disc.radius, 1):
                        break
                bits = doubled(bits)
        return Real(given, disc.re - disc.radius, disc.re + disc.radius), definition


def shared(f: Branch, g: Branch, a: Disc, b: Disc) -> bool:
    """Return whether the root of f in a real disc is the root of g in another.

    The discs that meet bound the number of common roots from above; if algebra gives the same number from below, all of them are common.
    """
    if not a.meets(b):
        return False
    base, factors = f.base, f.base.factors
    most = sum([min(d.count, e.count) for d in f.discs for e in g.discs if d.meets(e)])
    mask = factors.common.get((f.key, g.key), frozenset()) if type(f.key) is int and type(g.key) is int else frozenset()
    if most == 1 and base.zero & mask and (f.degree == f.formal or g.degree == g.formal):
        return True
    field = base.field()
    p, q = [[field.value(c) for c in h.coefficients[: h.degree + 1]] for h in (f, g)]
    return len(field.gcd(p, q)) - 1 == most


# -------------------------------------------------------------------------------------------------------------------------- stacks


class Entry:
    """A cell of a stack: its place (odd for sectors), a coordinate, and the polynomials that vanish there."""

    def __init__(self, place: int, coordinate: object) -> None:
        self.place, self.coordinate = place, coordinate
        self.zero: frozenset = frozenset()
        self.vanishing: list[fmpq_mpoly] = []
        self.cuts: dict[object, fmpq_mpoly] = {}
        self.definition: Callable | None = None


class Stack:
    """The stack over a sample point, checked."""

    def __init__(self, base: Base, value: object, top: bool) -> None:
        self.base, self.top = base, top
        self.level = len(base.coordinates) + 1
        keyed(value, "a stack", ("sections", "samples"), ("null", "cuts", "roots", "signs", "over"))
        self.raw = value
        self.polynomials: dict[object, fmpq_mpoly] = {n: base.over[n] for n in base.factors.at[self.level]}
        self.null = self._null(value.get("null", []))
        self.cuts = self._cuts(value.get("cuts", []))
        self.samples = [number(x) for x in listed(value["samples"], "samples")]
        self.sections = [keyed(s, "a section", ("at", "zero")) for s in listed(value["sections"], "sections")]
        need(len(self.samples) == len(self.sections) + 1, "TC820", "a stack of s sections has s + 1 sectors")
        self.zero = [self._zero(s["zero"]) for s in self.sections]
        self._nullified()
        self.coordinates: list = []
        self.definitions: list = []
        if "roots" in value:
            Numeric(self)
        else:
            mixed = any([int(e[k]) for p in self.polynomials.values() for e in p.monoms() for k in base.irrational])
            need(not mixed, "TC830", "discs are needed over a point where a polynomial has irrational coefficients")
            Exact(self)

    # ---------------------------------------------------------------- reading

    def _null(self, value: object) -> set[int]:
        found = {whole(n, 0, len(self.base.factors.polynomials) - 1, "a factor") for n in listed(value, "null")}
        need(all([self.base.factors.levels[n] == self.level for n in found]), "TC833", "a factor of another level is said to vanish")
        return found

    def _cuts(self, value: object) -> dict[object, tuple[int | None, fmpq_mpoly]]:
        """Read polynomials that cut this stack besides the factors."""
        base, factors = self.base, self.base.factors
        cuts: dict[object, tuple[int | None, fmpq_mpoly]] = {}
        for i, entry in enumerate(listed(value, "cuts")):
            owner, terms = listed(entry, "a cut", 2)
            need(owner is None or owner in self.null, "TC836", "a cut for a factor that does not vanish")
            p = read_polynomial(terms, factors.context, factors.variables)
            if factors.lazard:
                need(owner in base.replaced and proportional(p, base.replaced[owner]), "TC836", "a cut that is not the derivative of Lazard's rule")
            else:
                need(base.dimension == 0, "TC836", "a cut over a cell of positive dimension")
            need(level(p, factors.variables) <= self.level, "TC836", "a cut in variables of higher levels")
            key = ("cut", self.level, i)
            cuts[key] = (owner, p)
            self.polynomials[key] = base.special(p)
        if factors.lazard:
            owners = [owner for owner, _ in cuts.values()]
            need(sorted(owners) == sorted(self.null), "TC836", "Lazard's rule puts one derivative in the place of each vanishing factor")
        return cuts

    def key(self, n: object) -> object:
        """Return the name of a polynomial of the stack: a number of a factor, or a negative one for a cut."""
        whole(n, -len(self.cuts), len(self.base.factors.polynomials) - 1, "a polynomial of the stack")
        key = n if n >= 0 else ("cut", self.level, -1 - n)
        need(key in self.polynomials and key not in self.null, "TC824", f"polynomial {n} cannot vanish on a section here")
        return key

    def _zero(self, value: object) -> dict[object, int]:
        found: dict[object, int] = {}
        for entry in listed(value, "zero"):
            n, count = listed(entry, "a vanishing polynomial", 2)
            key = self.key(n)
            need(key not in found, "TC801", f"polynomial {n} is listed twice at a section")
            found[key] = whole(count, 1, MAXIMAL_DEGREE, "a multiplicity")
        need(bool(found), "TC827", "a section on which nothing vanishes")
        return found

    # --------------------------------------------------------- identical zeros

    def _nullified(self) -> None:
        """Check which factors vanish on the whole fibre, and that this and all else is settled on the whole cell."""
        base, factors = self.base, self.base.factors
        for n in factors.at[self.level]:
            if factors.lazard:
                need((n in base.replaced) == (n in self.null), "TC833", f"factor {n} vanishes over the point, or does not, against what is said")
                if n in self.null:
                    del self.polynomials[n]
                continue
            if n in self.null:
                c = coefficients(base.over[n], self.level - 1, factors.context)
                need(all([base.vanishes(x) for x in c]), "TC833", f"factor {n} does not vanish over the point")
                del self.polynomials[n]
                self._settled(n)
            elif base.zero & factors.leading[n] and not factors.never_vanishes(n):
                if base.dimension:
                    need(
                        any([mask is not None and not base.zero & mask for _, mask in factors.parts(n)]), "TC834",
                        f"it is not shown that factor {n} vanishes identically nowhere on the cell",
                    )  # fmt: skip
                else:
                    c = coefficients(base.over[n], self.level - 1, factors.context)
                    need(not all([base.vanishes(x) for x in c]), "TC833", f"factor {n} vanishes over the point, which is not said")

    def _settled(self, n: int) -> None:
        """Check that a factor that vanishes over the sample point does so over the whole cell, with constant orders."""
        base, factors = self.base, self.base.factors
        if base.dimension:
            zeros = [factors.polynomials[m] if type(m) is int else base.cuts[m] for m in base.zero]
            for c, _ in factors.parts(n):
                need(any([divided(c, h) is not None for h in zeros]), "TC834", f"it is not shown that factor {n} vanishes on the whole cell")
        if self.level == factors.variables:
            return
        if base.dimension:
            constant_order(base, n)
        else:
            self._cut_by_order(n)

    def _cut_by_order(self, n: int) -> None:
        """Check that the stack is cut where the order of a factor that vanishes on the line over a point is not the least."""
        base, factors = self.base, self.base.factors
        order, found = 0, []
        while not found:
            order += 1
            for p in partials(factors.polynomials[n], self.level, order):
                c = coefficients(base.special(p), self.level - 1, factors.context)
                if not all([base.vanishes(x) for x in c]):
                    found.append((p, c))
        for owner, p in self.cuts.values():
            if owner == n and any([proportional(p, q) for q, _ in found]):
                return
        for _, c in found:
            if len(c) == 1:
                return
        field = base.field()
        common: Vector = []
        for _, c in found:
            f = field.trimmed([field.value(x) for x in c])
            common = field.gcd(common, f) if common else f
        if len(common) > 1:
            need(
                field.degree == 1 and real_roots(primitive([c[0] for c in common])) == 0, "TC835",
                f"the line over the point is not cut where the order of factor {n} jumps",
            )  # fmt: skip

    # ------------------------------------------------------------------ cells

    def ordered(self, intervals: Sequence[tuple[fmpq, fmpq]]) -> None:
        """Check that samples and sections alternate."""
        for i, (low, high) in enumerate(intervals):
            need(self.samples[i] < low and high < self.samples[i + 1], "TC821", f"section {i + 1} is not between the samples beside it")

    def entries(self) -> Iterator[Entry]:
        """Yield the cells from below."""
        null = frozenset(self.null)
        # by Lazard's rule ``over`` holds a derivative, which does not vanish
        everywhere = [] if self.base.factors.lazard else [self.base.over[n] for n in self.null]
        for i, sample in enumerate(self.samples):
            entry = Entry(2 * i + 1, Fixed(sample))
            entry.zero, entry.vanishing = null, everywhere
            entry.cuts = {key: p for key, (_, p) in self.cuts.items()}
            yield entry
            if i < len(self.sections):
                entry = Entry(2 * i + 2, self.coordinates[i])
                entry.zero = null | frozenset(self.zero[i])
                entry.vanishing = [*everywhere, *[self.polynomials[key] for key in self.zero[i]]]
                entry.cuts = {key: p for key, (_, p) in self.cuts.items()}
                entry.definition = self.definitions[i]
                yield entry

    def signs(self, wanted: frozenset[int]) -> list[dict[int, int]]:
        """Return the signs of factors of this level on the cells, from values at the samples of the sectors."""
        table: list[dict[int, int]] = [{n: 0 for n in wanted & self.null} for _ in range(2 * len(self.sections) + 1)]
        for n in wanted - self.null:
            if self.base.factors.levels[n] != self.level:
                continue
            c = coefficients(self.polynomials[n], self.level - 1, self.base.factors.context)
            for i, x in enumerate(self.samples):
                table[2 * i][n] = s = self._sign(c, x)
                if i < len(self.sections):
                    # where a factor does not vanish it has the sign of the sector below
                    table[2 * i + 1][n] = 0 if n in self.zero[i] else s
        return table

    def _sign(self, c: list[fmpq_mpoly], x: fmpq) -> int:
        if all([part.is_constant() for part in c]):
            value = fmpq(0)
            for part in reversed(c):
                value = value * x + (part.coeffs()[0] if not part.is_zero() else 0)
            return sign_of(value)
        bits = FIRST_BITS
        while True:
            with precision(bits):
                value = arb(0)
                for part in reversed(c):
                    value = value * arb(x) + self.base.value(part, bits)
            if value > 0 or value < 0:
                return 1 if value > 0 else -1
            bits = doubled(bits)


def constant_order(base: Base, n: int) -> None:
    """Check that the order of a factor that vanishes on S x R is the same everywhere there, for the cell S of a point.

    S lies in the plane where the first coordinates, as far as they are fixed, have their values.  All partial derivatives of lower order vanish on
    the plane; one of this order without the last variable, or the resultant of two, is a product of polynomials that vanish nowhere on S.
    """
    factors, k = base.factors, len(base.coordinates)
    fixed = {factors.context.names()[i]: base.coordinates[i].rational for i in range(base.rigid)}
    need(all([x is not None for x in fixed.values()]), "TC835", f"the order of factor {n} is not shown to be constant (an irrational plane)")

    def on_plane(p: fmpq_mpoly) -> fmpq_mpoly:
        return p.subs(fixed) if fixed else p

    order, found = 0, []
    while not found:
        derivatives = partials(factors.polynomials[n], k + 1, order) if order else [factors.polynomials[n]]
        found = [q for q in map(on_plane, derivatives) if not q.is_zero()]
        order += 1
    moving = [p for p in found if degree_in(p, k) > 0]
    candidates = [p for p in found if degree_in(p, k) == 0]
    candidates += [factors.resultant(p, q, k + 1) for i, p in enumerate(moving) for q in moving[:i]]
    signed = [(m, on_plane(factors.polynomials[m])) for j in range(1, k + 1) for m in factors.at[j]]
    signed += [(key, on_plane(p)) for key, p in base.cuts.items()]
    signed = [(m, p) for m, p in signed if not p.is_constant() and m not in base.zero]
    for c in candidates:
        if c.is_zero():
            continue
        for _, p in signed:
            while (quotient := divided(c, p)) is not None:
                c = quotient
        if c.is_constant():
            return
    need(False, "TC835", f"the order of factor {n} is not shown to be constant over the cell")


class Exact:
    """A stack in which all polynomials have rational coefficients: division and Sturm's sequences."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        k = stack.level - 1
        self.given: dict[object, fmpz_poly] = {}
        for key, p in stack.polynomials.items():
            need(not p.is_zero(), "TC833", f"polynomial {key} vanishes over the point, which is not said")
            c = coefficients(p, k, stack.base.factors.context)
            self.given[key] = primitive([x.coeffs()[0] if not x.is_zero() else fmpq(0) for x in c])
        intervals, defining = [], []
        for section in stack.sections:
            coordinate, q, interval = exact_coordinate(section["at"])
            stack.coordinates.append(coordinate)
            stack.definitions.append(constant_definition(q))
            defining.append(q)
            intervals.append(interval)
        stack.ordered(intervals)
        for key, p in self.given.items():
            self._complete(key, p, defining)

    def _complete(self, key: object, p: fmpz_poly, defining: Sequence[fmpz_poly]) -> None:
        """Check the multiplicities of the listed roots of a polynomial, and that there are no others."""
        used: dict[str, tuple[fmpz_poly, int]] = {}
        rest = p
        for q, zero in zip(defining, self.stack.zero, strict=True):
            if key not in zero:
                continue
            name = str(q)
            if name not in used:
                for _ in range(zero[key]):
                    quotient, left = divmod(fmpq_poly(rest), fmpq_poly(q))
                    need(left.is_zero(), "TC824", f"polynomial {key} does not vanish on a section to the order claimed")
                    rest = quotient.numer()
                need(not (fmpq_poly(rest) % fmpq_poly(q)).is_zero(), "TC825", f"polynomial {key} has a root of higher multiplicity than claimed")
                used[name] = (q, zero[key])
            need(used[name][1] == zero[key], "TC825", f"polynomial {key} has conjugate roots of different multiplicity")
        for name, (q, _) in used.items():
            count = len([1 for d, zero in zip(defining, self.stack.zero, strict=True) if key in zero and str(d) == name])
            need(count == real_roots(q), "TC826", f"polynomial {key} has {real_roots(q)} roots of one kind, {count} are listed")
        need(rest.degree() < 1 or real_roots(rest) == 0, "TC826", f"polynomial {key} has a real root that is not listed")


def exact_coordinate(value: object) -> tuple[Fixed | Real, fmpz_poly, tuple[fmpq, fmpq]]:
    """Read a rational or algebraic number; return it, its irreducible polynomial, and an isolating interval."""
    if type(value) is str:
        x = number(value)
        return Fixed(x), fmpz_poly([-x.p, x.q]), (x, x)
    keyed(value, "a coordinate", ("root", "in"))
    c = [number(x) for x in listed(value["root"], "a polynomial")]
    need(3 <= len(c) <= MAXIMAL_DEGREE and c[-1] != 0 and all([x.q == 1 for x in c]), "TC823", "no polynomial of degree at least 2")
    q = fmpz_poly([int(x.p) for x in c])
    need(irreducible(q), "TC823", "a number is given by a reducible polynomial")
    low, high = [number(x) for x in listed(value["in"], "an interval", 2)]
    need(low < high and real_roots(q, low, high) == 1, "TC822", "an interval does not hold exactly one root")
    return Real(lambda bits: [arb(x) for x in q.coeffs()], low, high), q, (low, high)


def constant_definition(q: fmpz_poly) -> Callable[[Field], Vector]:
    """Return how to get a number with rational polynomial q over a field: q itself (the field picks the right factor)."""
    return lambda field: [fmpq_poly([x]) for x in q.coeffs()]


class Numeric:
    """A stack over an algebraic point: discs, Pellet's test, and algebra for what coincides."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        listing = {}
        for entry in listed(stack.raw.get("roots", []), "roots"):
            listed(entry, "the roots of a polynomial", 3)
            listing[stack.key(entry[0])] = entry
        need(set(listing) == set(stack.polynomials), "TC830", "discs of a polynomial of the stack are missing")
        self.branches = {key: Branch(stack.base, stack.polynomials[key], key, entry) for key, entry in listing.items()}
        self.place: dict[object, dict[int, Disc]] = {}
        for key, branch in self.branches.items():
            branch.single()
            where = [i for i, zero in enumerate(stack.zero) if key in zero]
            need(len(where) == len(branch.real), "TC826", f"polynomial {key} has {len(branch.real)} real roots, {len(where)} sections are listed")
            self.place[key] = dict(zip(where, branch.real, strict=True))
            for i, disc in self.place[key].items():
                need(stack.zero[i][key] == disc.count, "TC825", f"polynomial {key} has another multiplicity at section {i + 1}")
        stack.ordered([self._hull(i) for i in range(len(stack.sections))])
        for i, section in enumerate(stack.sections):
            self._coordinate(i, section["at"])
            self._joined(i)

    def _hull(self, i: int) -> tuple[fmpq, fmpq]:
        discs = [self.place[key][i] for key in self.stack.zero[i]]
        return min([d.re - d.radius for d in discs]), max([d.re + d.radius for d in discs])

    def _coordinate(self, i: int, value: object) -> None:
        """Read the coordinate of a section: the root of one of its polynomials, or a number that is one."""
        stack = self.stack
        if type(value) is dict and "of" in value:
            keyed(value, "a coordinate", ("of",))
            key = stack.key(value["of"])
            need(key in stack.zero[i], "TC838", "a coordinate is a root of a polynomial that does not vanish there")
            coordinate, definition = self.branches[key].root(self.place[key][i])
        else:
            coordinate, q, (low, high) = exact_coordinate(value)
            proved = False
            for key in stack.zero[i]:
                disc, c = self.place[key][i], self.branches[key].coefficients
                inside = disc.re - disc.radius < low and high < disc.re + disc.radius
                proved = proved or (inside and self._is_root(c, coordinate, q))
            need(proved, "TC822", f"the number given for section {i + 1} is no root")
            definition = constant_definition(q)
        stack.coordinates.append(coordinate)
        stack.definitions.append(definition)

    def _is_root(self, c: list[fmpq_mpoly], x: Fixed | Real, q: fmpz_poly) -> bool:
        if x.rational is not None:
            total = self.stack.base.factors.context.constant(0)
            for part in reversed(c):
                total = total * x.rational + part
            return self.stack.base.vanishes(total)
        if all([part.is_constant() for part in c]):
            p = fmpq_poly([part.coeffs()[0] if not part.is_zero() else fmpq(0) for part in c])
            return (p % fmpq_poly(q)).is_zero()
        return False

    def _joined(self, i: int) -> None:
        """Check that the polynomials that vanish on a section have the same root there."""
        stack = self.stack
        waiting = list(stack.zero[i])
        proved = [waiting.pop(0)]
        x = stack.coordinates[i]
        if x.rational is not None:
            exact = [key for key in stack.zero[i] if self._is_root(self.branches[key].coefficients, x, fmpz_poly([0, 1]))]
            proved = exact or proved
            waiting = [key for key in stack.zero[i] if key not in proved]
        while waiting:
            step = None
            for key in waiting:
                if any([shared(self.branches[key], self.branches[other], self.place[key][i], self.place[other][i]) for other in proved]):
                    step = key
                    break
            need(step is not None, "TC832", f"it is not shown that the polynomials {waiting + proved} have a common root at section {i + 1}")
            waiting.remove(step)
            proved.append(step)


# -------------------------------------------------------------------------------------------------------------- signs and sentences

RELATIONS = {"lt": (-1,), "le": (-1, 0), "eq": (0,), "ne": (-1, 1), "ge": (0, 1), "gt": (1,)}
WRITTEN = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "ge": ">=", "gt": ">"}


class Sentence:
    """A quantified Boolean combination of sign conditions on the polynomials."""

    def __init__(self, value: object, variables: Sequence[str], polynomials: int) -> None:
        keyed(value, "the sentence", ("prefix", "nodes", "value"))
        self.kinds = []
        for entry, name in zip(listed(value["prefix"], "the prefix", len(variables)), variables, strict=True):
            kind, bound = listed(entry, "a quantifier", 2)
            need(kind in ("exists", "forall") and bound == name, "TC850", "the quantifiers are not those of the variables, in their order")
            self.kinds.append(kind)
        self.nodes = []
        for n, node in enumerate(listed(value["nodes"], "nodes")):
            need(type(node) is list and bool(node), "TC850", "a node of the formula is broken")
            if node[0] == "atom":
                need(len(node) == 3 and node[2] in RELATIONS, "TC850", "a comparison is broken")
                whole(node[1], 0, polynomials - 1, "a polynomial")
            elif node[0] in ("and", "or"):
                for child in listed(node[1], "parts", None):
                    whole(child, 0, n - 1, "a part of the formula")
            else:
                need(node[0] in ("true", "false") and len(node) == 1, "TC850", f"an unknown node {node[0]!r:.40}")
            self.nodes.append(node)
        need(bool(self.nodes), "TC850", "an empty formula")
        need(type(value["value"]) is bool, "TC850", "the truth value is no truth value")
        self.value = value["value"]

    def matrix(self, signs: Sequence[int]) -> bool:
        """Return the truth of the matrix from the signs of the polynomials."""
        truth: list[bool] = []
        for node in self.nodes:
            if node[0] == "atom":
                truth.append(signs[node[1]] in RELATIONS[node[2]])
            elif node[0] in ("and", "or"):
                parts = [truth[c] for c in node[1]]
                truth.append(all(parts) if node[0] == "and" else any(parts))
            else:
                truth.append(node[0] == "true")
        return truth[-1]

    def text(self, polynomials: Sequence[fmpq_mpoly]) -> str:
        """Return the matrix for a person to read, cut where it is long."""
        shown: list[str] = []
        for node in self.nodes:
            if node[0] == "atom":
                shown.append(f"{polynomials[node[1]]} {WRITTEN[node[2]]} 0")
            elif node[0] in ("and", "or"):
                shown.append("(" + f" {node[0]} ".join([shown[c] for c in node[1]]) + ")")
            else:
                shown.append(node[0])
            if len(shown[-1]) > 300:
                shown[-1] = shown[-1][:300] + "...)"
        return shown[-1]

    def fold(self, kind: str, values: Sequence[bool | None]) -> bool | None:
        """Return the truth of a quantified formula from that over the cells; ``None`` for what is not known."""
        decisive = kind == "exists"
        if decisive in values:
            return decisive
        return None if None in values else not decisive


# --------------------------------------------------------------------------------------------------------------------- the document

DEADLINE: list = [None]


def check_time() -> None:
    """Stop if the time is over."""
    if DEADLINE[0] is not None and time.monotonic() > DEADLINE[0]:
        raise Unable("TC864", "the time is over")


class Document:
    """The whole evidence."""

    def __init__(self, value: object) -> None:
        keyed(
            value, "the evidence", ("format", "variables", "projection", "polynomials", "factors", "products", "root", "cells"),
            ("sentence", "tamecheck"),
        )  # fmt: skip
        need(value["format"] == FORMAT, "TC800", f"the format is not {FORMAT!r}")
        self.variables = listed(value["variables"], "variables")
        need(1 <= len(self.variables) <= MAXIMAL_VARIABLES, "TC804", "no variable, or too many")
        need(all([type(v) is str and NAME.fullmatch(v) is not None for v in self.variables]), "TC804", "a variable has no name")
        need(len(set(self.variables)) == len(self.variables), "TC804", "a variable is listed twice")
        need(value["projection"] in ("mccallum", "lazard"), "TC801", "an unknown projection")
        self.lazard = value["projection"] == "lazard"
        self.context = fmpq_mpoly_ctx.get(tuple(self.variables), "lex")
        n = len(self.variables)
        self.polynomials = [read_polynomial(p, self.context, n) for p in listed(value["polynomials"], "polynomials")]
        self.factors = Factors(self.context, n, self.lazard)
        self.factors.read(value["factors"])
        self.products = self._products(value["products"])
        self.sentence = Sentence(value["sentence"], self.variables, len(self.polynomials)) if "sentence" in value else None
        self.root, self.claimed = value["root"], whole(value["cells"], 0, 10**9, "the number of cells")
        self.wanted = frozenset([f for product in self.products if product is not None for f, _ in product[1]])
        self.cells, self.stacks = 0, 0

    def _products(self, value: object) -> list[tuple[int, list[tuple[int, int]]] | None]:
        """Read and check each polynomial as a number times powers of factors."""
        found: list[tuple[int, list[tuple[int, int]]] | None] = []
        for p, entry in zip(self.polynomials, listed(value, "products", len(self.polynomials)), strict=True):
            c, pairs = listed(entry, "a product", 2)
            unit = number(c)
            product, read = self.context.constant(1) * unit, []
            for pair in listed(pairs, "factors of a product"):
                n, e = listed(pair, "a factor of a product", 2)
                q = self.factors.polynomials[whole(n, 0, len(self.factors.polynomials) - 1, "a factor")]
                whole(e, 1, MAXIMAL_DEGREE, "an exponent")
                # before a power is taken: the degrees have to fit
                need(q.total_degree() * e <= p.total_degree(), "TC811", "a polynomial is not the product that is claimed")
                product *= q**e
                read.append((n, e))
            need(product == p, "TC811", "a polynomial is not the product that is claimed")
            found.append((sign_of(unit), read) if unit != 0 else None)
        return found

    def signs(self, factors: dict[int, int]) -> list[int]:
        """Return the signs of the polynomials from those of the factors."""
        found = []
        for product in self.products:
            sign = 0 if product is None else product[0]
            for n, e in product[1] if product is not None else ():
                sign *= factors[n] if e & 1 else factors[n] ** 2
            found.append(sign)
        return found

    def check(self) -> None:
        """Check everything."""
        self.factors.check()
        base = Base(self.factors)
        value = self._walk(base, self.root)
        if self.sentence is None:
            need(self.cells == self.claimed, "TC842", f"there are {self.cells} cells, not {self.claimed}")
        else:
            need(value is not None, "TC852", "the cells that are given do not decide the sentence")
            need(value == self.sentence.value, "TC851", f"the sentence is {str(value).lower()}")

    def _walk(self, base: Base, raw: object) -> bool | None:
        """Check the stack over a point and all over it; return the truth of the sentence over the point."""
        check_time()
        k = len(base.coordinates)
        top = k + 1 == len(self.variables)
        try:
            stack = Stack(base, raw, top)
            table = stack.signs(self.wanted)
            return self._leaves(base, stack, table) if top else self._branches(base, stack, table)
        except Reject as reason:
            if reason.where is None:
                reason.where = base.index
            raise
        finally:
            self.stacks += 1

    def _branches(self, base: Base, stack: Stack, table: list[dict[int, int]]) -> bool | None:
        need("over" in stack.raw and "signs" not in stack.raw, "TC801", "a stack below the last level has stacks over its cells, and no signs")
        over = listed(stack.raw["over"], "over")
        need(len(over) == len(table), "TC820", "not every cell of a stack has a stack over it")
        values: list[bool | None] = []
        for entry, signs, raw in zip(stack.entries(), table, over, strict=True):
            if raw is None:
                need(self.sentence is not None, "TC853", "a cell without a stack over it")
                values.append(None)
                continue
            child = base.child(entry)
            child.signs = {**base.signs, **signs}
            values.append(self._walk(child, raw))
        return None if self.sentence is None else self.sentence.fold(self.sentence.kinds[len(base.coordinates)], values)

    def _leaves(self, base: Base, stack: Stack, table: list[dict[int, int]]) -> bool | None:
        need("over" not in stack.raw and "signs" in stack.raw, "TC801", "a stack of the last level has signs, and nothing over its cells")
        given = listed(stack.raw["signs"], "signs")
        need(len(given) == len(table), "TC820", "not every cell of a stack has signs")
        values: list[bool | None] = []
        for i, (text, signs) in enumerate(zip(given, table, strict=True)):
            found = self.signs({**base.signs, **signs})
            shown = "".join(["-0+"[s + 1] for s in found])
            need(text == shown, "TC840", f"the signs of the polynomials on cell {i + 1} of this stack are {shown!r}")
            self.cells += 1
            if self.sentence is not None:
                values.append(self.sentence.matrix(found))
        return None if self.sentence is None else self.sentence.fold(self.sentence.kinds[-1], values)

    def proved(self) -> str:
        """Say what acceptance means."""
        shown = ", ".join([str(p) for p in self.polynomials])
        if len(shown) > 300:
            shown = shown[:300] + "..."
        if self.sentence is not None:
            prefix = " ".join([f"{kind} {name}:" for kind, name in zip(self.sentence.kinds, self.variables, strict=True)])
            return f"the sentence {prefix} {self.sentence.text(self.polynomials)} is {str(self.sentence.value).lower()}"
        return (
            f"{self.cells} cells decompose R^{len(self.variables)} ({', '.join(self.variables)}) cylindrically, and the signs of {shown} on them "
            f"are constant and those given"
        )


def unique(pairs: list[tuple[str, object]]) -> dict:
    """Refuse keys that are repeated."""
    found = dict(pairs)
    need(len(found) == len(pairs), "TC801", "a key is repeated")
    return found


def no_float(text: str) -> object:
    """Refuse numbers that are not integers."""
    raise Reject("TC802", f"a number that is not exact: {text:.40}")


def answer(text: bytes | str, seconds: float | None = None) -> dict:
    """Return the verdict on an evidence: ``valid``, ``invalid``, ``unreadable`` or ``budget``, with code, reason and cell."""
    DEADLINE[0] = None if seconds is None else time.monotonic() + seconds
    started = time.process_time()
    try:
        need(len(text) <= MAXIMAL_BYTES, "TC804", "the file is too large")
        try:
            value = json.loads(text, object_pairs_hook=unique, parse_float=no_float, parse_constant=no_float)
        except (ValueError, RecursionError) as failure:
            return {"verdict": "unreadable", "code": "TC800", "reason": f"no JSON: {str(failure)[:200]}"}
        document = Document(value)
        document.check()
    except Reject as reason:
        return {"verdict": "invalid", "code": reason.code, "reason": reason.reason, "where": list(reason.where or [])}
    except Unable as reason:
        return {"verdict": "budget", "code": reason.code, "reason": reason.reason}
    except (RecursionError, MemoryError):
        return {"verdict": "budget", "code": "TC864", "reason": "too deep or too large"}
    theorem = "McCallum, Parusinski, Paunescu 2019" if document.lazard else "McCallum 1998, Brown 2001"
    # whole milliseconds: no floating point here
    spent = int((time.process_time() - started) * 1000)
    return {
        "verdict": "valid", "proved": document.proved(), "cells": document.cells, "stacks": document.stacks, "theorem": theorem,
        "milliseconds": spent,
    }  # fmt: skip


def verify(document: object, seconds: float | None = None) -> dict:
    """Return the verdict on an evidence given as an object; it is written as JSON and read again."""
    return answer(json.dumps(document), seconds)


STATUS = {"valid": 0, "invalid": 1, "unreadable": 3, "budget": 4}


def main(arguments: list[str]) -> int:
    """Check a file; print the answer; return the exit status."""
    seconds, paths = None, []
    rest = iter(arguments)
    for a in rest:
        if a == "--timeout":
            seconds = int(next(rest, "0"))
        elif a != "--json":
            paths.append(a)
    if len(paths) != 1:
        print("usage: python -I cell_checker.py EVIDENCE.json [--json] [--timeout SECONDS]", file=sys.stderr)
        return 3
    try:
        with open(paths[0], "rb") as handle:
            text = handle.read(MAXIMAL_BYTES + 1)
    except OSError as failure:
        found = {"verdict": "unreadable", "code": "TC128", "reason": f"{failure.strerror}: {paths[0]}"}
    else:
        found = answer(text, seconds)
    if "--json" in arguments:
        print(json.dumps(found))
    else:
        print("; ".join([f"{key}: {value}" for key, value in found.items()]))
    return STATUS[found["verdict"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
