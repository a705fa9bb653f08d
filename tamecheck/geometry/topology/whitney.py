"""Whitney's conditions for strata of hypersurfaces in R^3, decided by discriminants.

Let V = {F = 0} with F squarefree, P a point of V of order m (the lowest order of a partial derivative of F that is not zero at P), and v a
direction that is *transversal*: F(P + t v) vanishes to order exactly m at t = 0.  Project along v.  If the reduced discriminant of F is smooth at
the image of P, then near P

* the singular points of V (m > 1) form one smooth curve C over it: the roots are Puiseux series in one variable (Jung, Abhyankar), and
  those that come together at P stay together along the curve;
* V is equisingular along C, and the regular part of V satisfies Whitney's conditions (a) and (b) along C [Z65]_.

Conversely, if it is not smooth although no other root over that point is multiple, V is not equisingular at P.  So a 0-dimensional stratum
is needed there for the complex points, and where no direction of a fixed list gives a smooth discriminant we keep one: the result is a Whitney
stratification in either case, and the reason is recorded.

Along a cell of dimension one no test at a point is enough; but there the decomposition itself has a smooth reduced discriminant, so it suffices
that the direction of projection is transversal along the cell, which is checked with multiplicities and orders (both are constant on it).

That (a) or (b) fails at P is shown by arcs (`tamecheck.geometry.topology.arcs`).

.. [Z65] O. Zariski, "Studies in equisingularity II", Amer. J. Math. 87 (1965).
.. [T82] B. Teissier, "Varietes polaires II", in: Algebraic Geometry (La Rabida 1981), LNM 961, Springer 1982.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from flint import arb, fmpz_mpoly

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.lifting import partials
from tamecheck.ground.algebraic import precision
from tamecheck.ground.polynomials import MAXIMAL_TERMS, Ring
from tamecheck.ground.towers import sign_at

DIRECTIONS = ((0, 0, 1), (1, 2, 1), (-2, 1, 1), (3, -1, 1), (1, -3, 1))
"""The directions that are tried, all with last coordinate 1."""
MAXIMAL_ORDER = 64


def order_at(p: fmpz_mpoly, point: Sequence, variables: int) -> int:
    """Return the lowest order of a partial derivative of a nonzero polynomial that is not zero at a point, exactly."""
    for order in range(MAXIMAL_ORDER):
        if not all_vanish(partials(p, variables, order) if order else [p], point):
            return order
    return MAXIMAL_ORDER


def all_vanish(polynomials: Sequence[fmpz_mpoly], point: Sequence) -> bool:
    """Return whether all polynomials are zero at a point, exactly.

    Balls first, for all of them: one that excludes zero spares the exact tests of the others.
    """
    for bits in (64, 256):
        with precision(bits):
            balls = [arb(x.rational) if x.rational is not None else x.ball(bits) for x in point]
            if any([0 not in enclosure(p, balls) for p in polynomials]):
                return False
    return all(sign_at(p, point) == 0 for p in polynomials)


def enclosure(p: fmpz_mpoly, balls: Sequence[arb]) -> arb:
    """Return an enclosure of the values of a polynomial on a box."""
    total = arb(0)
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = arb(c)
        for x, e in zip(balls, exponents, strict=False):
            for _ in range(int(e)):
                term *= x
        total += term
    return total


def transversal(p: fmpz_mpoly, order: int, point: Sequence, direction: Sequence[int]) -> bool:
    """Return whether a polynomial vanishes at a point along a direction to its order there."""
    q = p
    for _ in range(order):
        q = along(q, direction)
    return sign_at(q, point) != 0


def along(p: fmpz_mpoly, direction: Sequence[int]) -> fmpz_mpoly:
    """Return the derivative in a direction."""
    total = p * 0
    for i, c in enumerate(direction):
        if c:
            total += p.derivative(i) * c
    return total


@dataclass(frozen=True)
class Verdict:
    """Whether the regular part of a surface satisfies Whitney's conditions at a point along its singular curve, and why."""

    good: bool
    reason: str


def examine(ring: Ring, factors: Sequence[fmpz_mpoly], point: Sequence) -> Verdict:
    """Decide Whitney's conditions at a point of {F = 0}, F the product of distinct irreducible factors in three variables, by discriminants."""
    orders = [order_at(p, point, 3) for p in factors]
    tried = 0
    for direction in DIRECTIONS:
        if not all([transversal(p, m, point, direction) for p, m in zip(factors, orders, strict=True)]):
            continue
        try:
            smooth = smooth_discriminant(ring, factors, point, direction)
        except BudgetExceeded as stop:
            # a point too many is no error: the strata stay a Whitney stratification
            return Verdict(False, f"not decided: {stop.message}")
        tried += 1
        if smooth:
            return Verdict(True, f"the discriminant along {direction} is smooth there")
    if tried == 0:
        return Verdict(False, "no direction of the list is transversal there")
    return Verdict(False, f"the discriminant is singular there, along {tried} transversal directions")


def smooth_discriminant(ring: Ring, factors: Sequence[fmpz_mpoly], point: Sequence, direction: Sequence[int]) -> bool:
    """Return whether the reduced discriminant along a direction (a, b, 1) is smooth at the image of a point.

    It is, if exactly one irreducible factor of the discriminants and resultants vanishes there, and its gradient does not.
    """
    if any([comb(int(p.total_degree()) + 3, 3) > MAXIMAL_TERMS for p in factors]):
        raise BudgetExceeded("a polynomial is too large for a change of coordinates", code="TC306")
    x, y, z = [ring.variable(name) for name in ring.names]
    a, b, _ = direction
    # new coordinates (x - a z, y - b z, z): a point of them is x = u + a w, y = v + b w, z = w
    moved = [p.compose(x + a * z, y + b * z, z, ctx=ring.context) for p in factors]
    found: dict[str, fmpz_mpoly] = {}
    for i, p in enumerate(moved):
        candidates = [ring.discriminant(p, 3)] if p.degrees()[2] > 1 else [p] if p.degrees()[2] == 0 else []
        candidates += [ring.resultant(p, q, 3) for q in moved[:i] if p.degrees()[2] > 0 and q.degrees()[2] > 0]
        for r in candidates:
            if r.is_constant():
                continue
            for h, _ in ring.factors(r)[1]:
                found[str(h)] = h
    # back to the coordinates of the point: u = x - a z, v = y - b z
    back = [h.compose(x - a * z, y - b * z, z, ctx=ring.context) for h in found.values()]
    through = [h for h in back if sign_at(h, point) == 0]
    return len(through) == 1 and not all_vanish([through[0].derivative(i) for i in range(3)], point)
