"""Germs at infinity with rigorous remainders: ``f = c_1 m_1 + ... + c_k m_k + R``, ``|R| <= B*m`` on ``[A, oo)``.

Coefficients are exact constants, so that cancellations are seen; the remainder holds for *every* ``X >= A``, so that
a leading term that outweighs the rest gives the sign of f on the whole half line.  A `Frame` fixes A and the number of
terms that are kept; operations raise `LargerStart` or `MoreTerms` when these are too small.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.monomials import (
    IDENTITY,
    ITERATED,
    LOGARITHM,
    ONE,
    ZERO,
    LargerStart,
    Monomial,
    MoreTerms,
    Scale,
    Undecided,
    Unsupported,
)  # fmt: skip

if TYPE_CHECKING:
    from flint import arb


MOST_PRODUCTS = 12_000


class Germ(NamedTuple):
    """Terms ``(monomial, coefficient)`` in descending order and a remainder ``(B, monomial)`` or ``None``."""

    terms: tuple[tuple[Monomial, Expr], ...]
    rest: tuple[arb, Monomial] | None

    @property
    def exactly_zero(self) -> bool:
        """True when nothing is left, not even a remainder."""
        return not self.terms and self.rest is None


class Frame:
    """Arithmetic of germs on ``[start, oo)``, keeping at most ``count`` terms."""

    def __init__(self, scale: Scale, start: Fraction, count: int) -> None:
        self.scale = scale
        self.algebra = scale.algebra
        self.start = start
        self.count = count
        self.oscillates = False  # set when a sine of something unbounded was replaced by its bound

    # ------------------------------------------------------------------ shape

    def supremum(self, m: Monomial) -> arb:
        """Return a bound of m over the half line, for m <= 1."""
        return self.scale.supremum(m, self.start)

    def germ(self, pairs: list[tuple[Monomial, Expr]], rests: list[tuple[arb, Monomial]]) -> Germ:
        """Return the normal form of a sum: collected, sorted, short; what is dropped goes into the remainder."""
        terms = list(self.scale.collect(pairs))
        if rests:
            lead = rests[0][1]
            for _, m in rests[1:]:
                if self.scale.compare(m, lead) > 0:
                    lead = m
        elif len(terms) > self.count:
            lead = terms[self.count][0]
        else:
            return Germ(tuple(terms), None)
        if len(terms) > self.count and self.scale.compare(terms[self.count][0], lead) > 0:
            lead = terms[self.count][0]
        total = balls.ball(0)
        kept = []
        for m, c in terms:
            if self.scale.compare(m, lead) > 0:
                kept.append((m, c))
            else:
                total = total + abs(balls.value(c)) * self.supremum(self.scale.times(m, lead, -1))
        for b, m in rests:
            total = total + b * self.supremum(self.scale.times(m, lead, -1))
        if not total.is_finite():
            raise LargerStart
        return Germ(tuple(kept), (total.abs_upper(), lead))

    def constant(self, c: Expr) -> Germ:
        """Return the germ of a constant."""
        return self.germ([(ONE, c)], [])

    def size(self, f: Germ) -> tuple[arb, Monomial]:
        """Return ``(F, m)`` with ``|f| <= F*m`` on the half line; m is the leading monomial."""
        if not f.terms:
            if f.rest is None:
                return balls.ball(0), ONE
            return f.rest
        lead = f.terms[0][0]
        total = balls.ball(0)
        for m, c in f.terms:
            total = total + abs(balls.value(c)) * self.supremum(self.scale.times(m, lead, -1))
        if f.rest is not None:
            total = total + f.rest[0] * self.supremum(self.scale.times(f.rest[1], lead, -1))
        return total.abs_upper(), lead

    def dominated(self, f: Germ) -> bool:
        """Tell whether the first term outweighs the rest at every point of the half line."""
        (lead, c), others = f.terms[0], f.terms[1:]
        total = balls.ball(0)
        for m, k in others:
            total = total + abs(balls.value(k)) * self.supremum(self.scale.times(m, lead, -1))
        if f.rest is not None:
            total = total + f.rest[0] * self.supremum(self.scale.times(f.rest[1], lead, -1))
        return bool(total < abs(balls.value(c)))

    # -------------------------------------------------------------- arithmetic

    def linear(self, constant: Expr, pairs: list[tuple[Expr, Germ]]) -> Germ:
        """Return ``constant + sum c*f``."""
        terms = [(ONE, constant)] if constant is not self.algebra.zero else []
        rests = []
        for c, f in pairs:
            terms += [(m, self.algebra.mul(c, k)) for m, k in f.terms]
            if f.rest is not None:
                rests.append((f.rest[0] * abs(balls.value(c)), f.rest[1]))
        return self.germ(terms, rests)

    def add(self, f: Germ, g: Germ) -> Germ:
        """Return ``f + g``."""
        return self.germ([*f.terms, *g.terms], [r for r in (f.rest, g.rest) if r is not None])

    def scaled(self, c: Expr, f: Germ) -> Germ:
        """Return ``c*f`` for a constant."""
        return self.linear(self.algebra.zero, [(c, f)])

    def mul(self, f: Germ, g: Germ) -> Germ:
        """Return ``f*g``."""
        rests = []
        if f.rest is not None:
            size, lead = self.size(g)
            rests.append((f.rest[0] * size, self.scale.times(f.rest[1], lead)))
        if g.rest is not None and f.terms:
            size, lead = self.size(Germ(f.terms, None))
            rests.append((g.rest[0] * size, self.scale.times(g.rest[1], lead)))
        terms: list[tuple[Monomial, Expr]] = []
        floor = rests[0][1] if rests else None
        if len(rests) == 2 and self.scale.compare(rests[1][1], rests[0][1]) > 0:
            floor = rests[1][1]
        self._spend(f, g)
        for m, c in f.terms:
            for j, (n, d) in enumerate(g.terms):
                product = self.scale.times(m, n)
                if floor is not None and self.scale.compare(product, floor) <= 0:
                    size, _ = self.size(Germ(g.terms[j:], None))  # this term and the smaller ones drown in the remainder
                    rests.append((abs(balls.value(c)) * size, product))
                    break
                terms.append((product, self.algebra.mul(c, d)))
        return self.germ(terms, rests)

    def _spend(self, f: Germ, g: Germ) -> None:
        """Count the products of irrational coefficients, which are slow, over all expansions of one function."""
        irrational = [sum([c.kind != "number" for _, c in h.terms]) for h in (f, g)]
        spent = self.algebra.x.memo.setdefault("products", [0])
        spent[0] += irrational[0] * irrational[1]
        if spent[0] > MOST_PRODUCTS:
            raise Unsupported("the expansions are too large")

    def relative(self, f: Germ) -> tuple[Monomial, Expr, Germ, arb, tuple[arb, Monomial]]:
        """Return ``(m, c, d, D, (S, s))`` with ``f = c*m*(1 + d)``, ``|d| <= D <= 1/2`` and ``|d| <= S*s``."""
        if not f.terms:
            if f.rest is None:
                raise Unsupported("division by zero")
            raise MoreTerms
        m, c = f.terms[0]
        inverse = self.algebra.power(c, -1)
        pairs = [(self.scale.times(n, m, -1), self.algebra.mul(k, inverse)) for n, k in f.terms[1:]]
        rests = [] if f.rest is None else [(f.rest[0] * abs(balls.value(inverse)), self.scale.times(f.rest[1], m, -1))]
        d = self.germ(pairs, rests)
        size, lead = self.size(d)
        most = (size * self.supremum(lead)).abs_upper() if not d.exactly_zero else balls.ball(0)
        if not most * 2 < 1:
            raise LargerStart
        return m, c, d, most, (size, lead)

    def series(self, coefficients: list[Expr], d: Germ, remainder: arb, size: tuple[arb, Monomial]) -> Germ:
        """Return ``sum c_k d^k + r`` with ``|r| <= remainder*|d|^K``, K the number of coefficients."""
        total = self.constant(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = self.add(self.constant(c), self.mul(d, total))
        if d.exactly_zero:
            return total
        n = len(coefficients)
        bound = (remainder * size[0] ** n, self.scale.power(size[1], Fraction(n)))
        return self.germ(list(total.terms), [bound, *([total.rest] if total.rest is not None else [])])

    def power(self, f: Germ, e: Fraction) -> Germ:
        """Return ``f**e``; a fractional power needs a positive leading coefficient."""
        if e == 1:
            return f
        if e.denominator == 1 and 0 < e <= 4 and len(f.terms) <= 3 and f.rest is None:
            total = f
            for _ in range(int(e) - 1):
                total = self.mul(total, f)
            return total
        m, c, d, most, size = self.relative(f)
        if e.denominator != 1 and constants.sign(c) != 1:
            raise Unsupported("a fractional power of something negative or undecided")
        front = self.scale.power(m, e)
        factor = self.algebra.power(c, e)
        if d.exactly_zero:
            return Germ(((front, factor),), None)
        coefficients, b = [], Fraction(1)
        for k in range(self.count + 1):
            coefficients.append(self.algebra.number(b))
            b = b * (e - k) / (k + 1)
        n = len(coefficients)
        interval = balls.ball(1) + most * balls.span(Fraction(-1), Fraction(1))
        remainder = (abs(balls.ball(b)) * interval ** balls.ball(e - n)).abs_upper()
        s = self.series(coefficients, d, remainder, size)
        return self.shift(s, front, factor)

    def shift(self, f: Germ, m: Monomial, c: Expr) -> Germ:
        """Return ``c*m*f``."""
        terms = tuple([(self.scale.times(n, m), self.algebra.mul(k, c)) for n, k in f.terms])
        rest = None if f.rest is None else ((f.rest[0] * abs(balls.value(c))).abs_upper(), self.scale.times(f.rest[1], m))
        return Germ(terms, rest)

    # ------------------------------------------------------------ exp and log

    def split(self, f: Germ) -> tuple[list[tuple[Monomial, Expr]], Expr, Germ]:
        """Return ``(large terms, constant, small germ)``.

        Raises
        ------
        MoreTerms
            If the remainder is not small.
        """
        if f.rest is not None and self.scale.compare(f.rest[1], ONE) >= 0:
            raise MoreTerms
        large, small, c = [], [], self.algebra.zero
        for m, k in f.terms:
            s = self.scale.compare(m, ONE)
            if s > 0:
                large.append((m, k))
            elif s == 0:
                c = k
            else:
                small.append((m, k))
        return large, c, Germ(tuple(small), f.rest)

    def exp(self, f: Germ) -> Germ:
        """Return ``exp(f)``; logarithms in the exponent become powers."""
        large, c, d = self.split(f)
        p = q = ZERO
        h = []
        for m, k in large:
            if m in (LOGARITHM, ITERATED):
                if k.rational is None:
                    raise Unsupported("an irrational power")
                p, q = (k.rational, q) if m == LOGARITHM else (p, k.rational)
            else:
                h.append((m, k))
        front = Monomial(tuple(h), p, q, ZERO)
        factor = self.algebra.exp(c)
        if d.exactly_zero:
            return Germ(((front, factor),), None)
        size = self.size(d)
        most = (size[0] * self.supremum(size[1])).abs_upper()
        if not most < 4:
            raise LargerStart
        coefficients, b = [], Fraction(1)
        for k in range(self.count + 1):
            coefficients.append(self.algebra.number(b))
            b = b / (k + 1)
        return self.shift(self.series(coefficients, d, (balls.ball(b) * most.exp()).abs_upper(), size), front, factor)

    def log(self, f: Germ) -> Germ:
        """Return ``log(f)`` for a positive leading coefficient."""
        m, c, d, most, size = self.relative(f)
        if constants.sign(c) != 1:
            raise Unsupported("logarithm of something that is not positive")
        pairs = [(ONE, self.algebra.log(c)), *m.h]
        if m.p:
            pairs.append((LOGARITHM, self.algebra.number(m.p)))
        if m.q:
            pairs.append((ITERATED, self.algebra.number(m.q)))
        if m.r:
            raise Unsupported("three times a logarithm")
        total = self.germ(pairs, [])
        if d.exactly_zero:
            return total
        coefficients = [self.algebra.zero]
        for k in range(1, self.count + 1):
            coefficients.append(self.algebra.number(Fraction(-1 if k % 2 == 0 else 1, k)))
        n = len(coefficients)
        remainder = (1 / (balls.ball(n) * (1 - most) ** n)).abs_upper()
        return self.add(total, self.series(coefficients, d, remainder, size))


__all__ = ["IDENTITY", "Frame", "Germ", "LargerStart", "MoreTerms", "Undecided", "Unsupported"]
