"""Monomials of an asymptotic scale at infinity: ``exp(h) * X^p * (log X)^q * (log log X)^r``.

``h`` is a finite sum of constants times larger-than-1 monomials (no logarithms), so ``exp(-exp(X))`` and
``X^3*exp(-X^2/2)`` are monomials.  They form an ordered group: ``m < n`` when ``m/n -> 0``.  Two quantitative facts are
computed here, for a start ``A``: the value at A, and the supremum over ``[A, oo)`` of a monomial that tends to 0.

Supremum.  With ``theta(m) = X*(log m)'``, a sum of monomials again, m decreases on ``[A, oo)`` when theta is negative
there, and theta is negative when its leading term outweighs the others: ``sum |c_i| sup(m_i/m_0) < |c_0|``.  The
ratios are simpler monomials.  When this cannot be shown the start is too small (`LargerStart`).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cmp_to_key
from typing import TYPE_CHECKING

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.expressions import Algebra, Expr

if TYPE_CHECKING:
    from flint import arb

DEEPEST = 12


class Unsupported(Exception):
    """The expansion leaves the scale, or a function has no expansion here; the text says which."""


class Undecided(Exception):
    """The sign of a coefficient could not be decided."""


class LargerStart(Exception):
    """The estimates fail on [A, oo); a larger A may do."""


class MoreTerms(Exception):
    """Everything that was kept cancelled; more terms are needed."""


class Monomial:
    """``exp(sum c*m over (m, c) in h) * X^p * (log X)^q * (log log X)^r``; h is in descending order.

    Immutable; the hash is kept, since monomials are keys of large tables.
    """

    __slots__ = ("h", "p", "q", "r", "_hash")

    def __init__(self, h: tuple[tuple[Monomial, Expr], ...], p: Fraction, q: Fraction, r: Fraction) -> None:
        self.h, self.p, self.q, self.r = h, p, q, r
        self._hash = hash((h, p.numerator, p.denominator, q.numerator, r.numerator))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Monomial) or self._hash != other._hash:
            return False
        return self.p == other.p and self.q == other.q and self.r == other.r and self.h == other.h

    def __repr__(self) -> str:
        return f"Monomial({self.h}, {self.p}, {self.q}, {self.r})"

    @property
    def powers(self) -> tuple[Fraction, Fraction, Fraction]:
        """The exponents of X and of its logarithms."""
        return self.p, self.q, self.r


ZERO = Fraction(0)
ONE = Monomial((), ZERO, ZERO, ZERO)
IDENTITY = Monomial((), Fraction(1), ZERO, ZERO)
LOGARITHM = Monomial((), ZERO, Fraction(1), ZERO)
ITERATED = Monomial((), ZERO, ZERO, Fraction(1))


class Scale:
    """Comparison, multiplication and estimates of monomials on ``[A, oo)``."""

    def __init__(self, algebra: Algebra) -> None:
        self.algebra = algebra
        self.order: dict[tuple[Monomial, Monomial], int] = {}
        self.products: dict[tuple[Monomial, Monomial, int], Monomial] = {}
        self.suprema: dict[tuple[Monomial, Fraction], arb | None] = {}
        self.values: dict[tuple[Monomial, Fraction], arb] = {}

    # -------------------------------------------------------------- the group

    def times(self, m: Monomial, n: Monomial, k: int = 1) -> Monomial:
        """Return ``m * n^k`` for k = 1 or -1."""
        key = (m, n, k)
        found = self.products.get(key)
        if found is None:
            h = m.h
            if n.h:
                h = self.collect([*m.h, *[(a, c if k > 0 else self.algebra.neg(c)) for a, c in n.h]]) if m.h or k < 0 else n.h
            found = self.products[key] = Monomial(h, m.p + k * n.p, m.q + k * n.q, m.r + k * n.r)
        return found

    def power(self, m: Monomial, e: Fraction) -> Monomial:
        """Return ``m^e``."""
        h = tuple([(a, self.algebra.scale(e, c)) for a, c in m.h]) if e else ()
        return Monomial(h, m.p * e, m.q * e, m.r * e)

    def collect(self, pairs: list[tuple[Monomial, Expr]]) -> tuple[tuple[Monomial, Expr], ...]:
        """Return a sum of monomials in descending order, without zero terms."""
        table: dict[Monomial, Expr] = {}
        for m, c in pairs:
            table[m] = self.algebra.add(table[m], c) if m in table else c
        kept = []
        for m, c in table.items():
            zero = constants.is_zero(c)
            if zero is None:
                raise Undecided(f"cannot tell whether {c} is 0")
            if not zero:
                kept.append((m, c))
        kept.sort(key=cmp_to_key(lambda a, b: self.compare(b[0], a[0])))
        return tuple(kept)

    def compare(self, m: Monomial, n: Monomial) -> int:
        """Return the sign of ``log(m/n)`` near infinity."""
        if m.h == n.h:
            a, b = m.powers, n.powers
            return (a > b) - (a < b)
        known = self.order.get((m, n))
        if known is None:
            known = self.order[m, n] = self._compare(m, n)
        return known

    def _compare(self, m: Monomial, n: Monomial) -> int:
        """Compare by the largest of the terms of ``log(m/n)``: those of h, ``log X``, ``log log X``, one more."""
        ratio = self.times(m, n, -1)
        h, rest = ratio.h, ratio.powers
        if not h:
            return (rest > (0, 0, 0)) - (rest < (0, 0, 0))
        lead, c = h[0]
        for logarithm, exponent in ((LOGARITHM, rest[0]), (ITERATED, rest[1])):
            if exponent and self.compare(lead, logarithm) <= 0:
                return 1 if exponent > 0 else -1
        if rest[2] and self.compare(lead, ITERATED) < 0:
            raise Unsupported("iterated logarithms")
        s = constants.sign(c)
        if s is None:
            raise Undecided(f"cannot tell the sign of {c}")
        return s

    # ------------------------------------------------------------- estimates

    def value(self, m: Monomial, start: Fraction) -> arb:
        """Return a ball for ``m(A)``."""
        key = (m, start)
        if key not in self.values:
            if start <= 1 or m.r and start <= 3:
                raise LargerStart
            at = balls.ball(start)
            total = at ** balls.ball(m.p) if m.p else balls.ball(1)
            if m.q:
                total = total * at.log() ** balls.ball(m.q)
            if m.r:
                total = total * at.log().log() ** balls.ball(m.r)
            if m.h:
                exponent = balls.ball(0)
                for n, c in m.h:
                    exponent = exponent + balls.value(c) * self.value(n, start)
                total = total * exponent.exp()
            self.values[key] = total
        return self.values[key]

    def supremum(self, m: Monomial, start: Fraction, depth: int = 0) -> arb:
        """Return an upper bound of m over ``[A, oo)``, for m = 1 or m -> 0.

        Raises
        ------
        LargerStart
            If m could not be shown to decrease on ``[A, oo)``.
        """
        if m == ONE:
            return balls.ball(1)
        key = (m, start)
        if key not in self.suprema:
            self.suprema[key] = self._supremum(m, start, depth)
        found = self.suprema[key]
        if found is None:
            raise LargerStart
        return found

    def _supremum(self, m: Monomial, start: Fraction, depth: int) -> arb | None:
        if depth > DEEPEST:
            raise Unsupported("exponentials nested too deeply")
        if start < 3 or (m.r and start < 16):
            return None
        if not m.h and m.p < 0 and m.q > 0 and not m.r:
            at = balls.ball(start)
            if at.log() * balls.ball(-m.p) > balls.ball(m.q):
                return self.value(m, start).upper()
            peak = balls.ball(m.q / -m.p)  # the maximum of X^p (log X)^q over X > 1 is at log X = q/|p|
            return ((peak / balls.ball(1).exp()) ** balls.ball(m.q)).upper()
        slope = self.theta(m, depth)
        if not slope:
            return None
        lead, c = slope[0]
        if constants.sign(c) != -1:
            raise Unsupported("a monomial that does not tend to 0")
        rest = balls.ball(0)
        for n, k in slope[1:]:
            rest = rest + abs(balls.value(k)) * self.supremum(self.times(n, lead, -1), start, depth + 1)
        return self.value(m, start).upper() if rest < -balls.value(c) else None

    def theta(self, m: Monomial, depth: int = 0) -> tuple[tuple[Monomial, Expr], ...]:
        """Return ``X*(log m)'`` as a sum of monomials in descending order."""
        if depth > DEEPEST:
            raise Unsupported("exponentials nested too deeply")
        k = self.algebra
        pairs: list[tuple[Monomial, Expr]] = []
        for n, c in m.h:
            pairs += [(self.times(n, t), k.mul(c, d)) for t, d in self.theta(n, depth + 1)]
        if m.p:
            pairs.append((ONE, k.number(m.p)))
        if m.q:
            pairs.append((Monomial((), ZERO, Fraction(-1), ZERO), k.number(m.q)))
        if m.r:
            pairs.append((Monomial((), ZERO, Fraction(-1), Fraction(-1)), k.number(m.r)))
        return self.collect(pairs)
