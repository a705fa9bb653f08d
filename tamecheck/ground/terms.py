"""Sums of few terms, on the way from text to polynomials.

Every operation of FLINT costs some microseconds, however small the polynomials; a formula of forty terms has a hundred operations.  So
monomials and sums are tuples of terms, like terms not yet collected, until something is done that FLINT does better.
"""

from math import gcd
from operator import add

from flint import fmpz_mpoly, fmpz_mpoly_ctx

Term = tuple[tuple[int, ...], int]
"""Exponents and coefficient (not zero)."""
Terms = tuple[Term, ...]
FEW = 200
"""Longer sums become polynomials."""


def product(a: Terms, b: Terms) -> Terms:
    """Return the product of two sums, one of which is a monomial (or has no terms)."""
    if len(a) > 1:
        a, b = b, a
    if not a or not b:
        return ()
    e, c = a[0]
    if not any(e):
        return scaled(b, c)
    if len(b) == 1:
        f, d = b[0]
        return ((tuple(map(add, e, f)), c * d),)
    return tuple([(tuple(map(add, e, f)), c * d) for f, d in b])


def scaled(a: Terms, c: int) -> Terms:
    """Return a sum times an integer that is not zero."""
    return a if c == 1 else tuple([(e, c * d) for e, d in a])


def collected(a: Terms, context: fmpz_mpoly_ctx) -> fmpz_mpoly:
    """Return the polynomial."""
    merged: dict[tuple[int, ...], int] = {}
    for e, c in a:
        merged[e] = merged[e] + c if e in merged else c
    if len(merged) < len(a):
        merged = {e: c for e, c in merged.items() if c}
    return context.from_dict(merged)


class Values:
    """The nodes of a syntax tree that are polynomials, as (sum of terms or polynomial, positive denominator).

    ``values[n]`` is the polynomial with numerator and denominator coprime.
    """

    __slots__ = ("context", "raw", "_finished")

    def __init__(self, context: fmpz_mpoly_ctx) -> None:
        self.context = context
        self.raw: dict[int, tuple[Terms | fmpz_mpoly, int]] = {}
        self._finished: dict[int, tuple[fmpz_mpoly, int]] = {}

    def __contains__(self, n: int) -> bool:
        return n in self.raw

    def __getitem__(self, n: int) -> tuple[fmpz_mpoly, int]:
        found = self._finished.get(n)
        if found is None:
            p, d = self.raw[n]
            found = self._finished[n] = reduced(self.finished(p), d)
        return found

    def finished(self, p: Terms | fmpz_mpoly) -> fmpz_mpoly:
        """Return a polynomial for a sum of terms."""
        return collected(p, self.context) if p.__class__ is tuple else p


def reduced(p: fmpz_mpoly, d: int) -> tuple[fmpz_mpoly, int]:
    """Return numerator and denominator divided by their common divisor."""
    if d == 1 or p.is_zero():
        return p, 1
    common = gcd(int(p.content()), d)
    return (p, d) if common == 1 else (p / common, d // common)
