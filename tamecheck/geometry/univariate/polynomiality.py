"""Is a function a polynomial?  Yes with its degree, no with a reason, or not known.

A polynomial of degree n is total, analytic, grows like x^n with an integer n >= 0, and its (n+1)-st derivative vanishes identically; each of
these is decided with proof, and a function for which one fails is none.
"""

from __future__ import annotations

from typing import NamedTuple

from tamecheck.geometry.univariate import asymptotics, constants
from tamecheck.geometry.univariate.breaks import INFINITE
from tamecheck.geometry.univariate.expressions import Expr, TooLarge
from tamecheck.geometry.univariate.normal_forms import identically_zero
from tamecheck.geometry.univariate.piecewise import value_at
from tamecheck.geometry.univariate.shapes import Shape

LARGEST = 40
TRIED = 8
PROBES = (3, 7, -2)


class Polynomial(NamedTuple):
    """The answer: ``verdict`` True, False or None, the degree (-1 for the zero function), the reason."""

    verdict: bool | None
    degree: int | None
    reason: str


def polynomial(shape: Shape, total: bool | None, excluded: list[str]) -> Polynomial:
    """Decide; ``excluded`` are the structures in which the function is proved not to be definable."""
    if "R_alg" in excluded or "any" in excluded:
        return Polynomial(False, None, "not semialgebraic")
    if total is False:
        return Polynomial(False, None, "not defined everywhere")
    kinks = [b for b in shape.breaks if b.order is not None and b.order < INFINITE and b.left and b.right]
    if kinks:
        return Polynomial(False, None, "not analytic")
    if total is None or shape.hidden or len(shape.regions) != 1:
        return Polynomial(None, None, "not established")
    return _of_region(shape)


def _of_region(shape: Shape) -> Polynomial:
    r = shape.regions[0]
    if identically_zero(r.function):
        return Polynomial(True, -1, "zero")
    if r.low is not None and r.high is not None:
        return _by_derivatives(r, range(TRIED))
    try:
        m = asymptotics.leading(r.function, (None, -1) if r.high is None else (None, 1)).monomial
    except asymptotics.Unknown:
        return Polynomial(None, None, "not established")
    if m is None or m.h or m.q or m.r or m.p.denominator != 1 or m.p < 0:
        return Polynomial(False, None, "its leading term at infinity is no power with an exponent 0, 1, 2, ...")
    return _by_derivatives(r, [int(m.p)] if m.p <= LARGEST else [])


def _by_derivatives(r, degrees) -> Polynomial:
    """Find the first derivative that vanishes identically; for one candidate, a value that is not 0 settles the other case."""
    for n in degrees:
        try:
            d = r.derivative(n + 1)
        except TooLarge:
            break
        if identically_zero(d):
            return Polynomial(True, n, f"the derivative of order {n + 1} vanishes identically")
        if len(degrees) == 1 and any(_nonzero(d, q) for q in PROBES):
            return Polynomial(False, None, f"of degree {n} at infinity, and its derivative of order {n + 1} is not 0")
    return Polynomial(None, None, "not established")


def _nonzero(d: Expr, q: int) -> bool:
    value = value_at(d, d.algebra.number(q)) if d.varies else d
    return isinstance(value, Expr) and constants.sign(value) in (1, -1)
