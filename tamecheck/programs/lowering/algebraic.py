"""Pieces with auxiliary variables at rational points: the roots as exact algebraic numbers."""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.errors import InputError
from tamecheck.ground.algebraic import AlgebraicNumber, number, real_roots
from tamecheck.programs.lowering.branches import Quotient, Root

Value = AlgebraicNumber


def coordinates(names: Sequence[str], point: Sequence[Fraction], roots: Sequence[Root]) -> list[Value]:
    """Return the coordinates of a point of a piece: those given and the values of the auxiliary variables.

    Raises
    ------
    InputError
        TC163: a radicand is negative there.
    """
    values = {name: number(c) for name, c in zip(names, point, strict=False)}
    for root in roots:
        known = [values.get(name, number(0)) for name in names]
        values[root.variable] = root_of(quotient_at(root.radicand, known), root.degree)
    return [values.get(name, number(0)) for name in names]


def at(p: fmpz_mpoly, point: Sequence[Value]) -> Value:
    """Return the value of a polynomial."""
    total = number(0)
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = number(int(c))
        for x, e in zip(point, exponents, strict=False):
            for _ in range(int(e)):
                term = term * x
        total = total + term
    return total


def quotient_at(v: Quotient, point: Sequence[Value]) -> Value:
    """Return the value of a quotient."""
    return at(v[0], point) / at(v[1], point)


def root_of(a: Value, degree: int) -> Value:
    """Return the real number b >= 0 with b**degree == a.

    Among the numbers that are not negative, ``t -> t**degree`` keeps the order: the roots of p(t**degree) correspond to those of p.
    """
    if a.sign() < 0:
        raise InputError("a root of a negative number", code="TC163", where=repr(a))
    coefficients = [int(c) for c in a.polynomial.coeffs()]
    spread = [0] * (degree * (len(coefficients) - 1) + 1)
    spread[::degree] = coefficients
    below = [r for r, _ in real_roots(tuple(coefficients)) if r.sign() >= 0]
    above = [r for r, _ in real_roots(tuple(spread)) if r.sign() >= 0]
    return above[below.index(a)]
