"""Smooth real branches of plane curves that are singular over the complex numbers.

The curve y^3 + x^2 y + x^5 = 0 has order 3 at the origin, but its real points near it are the graph of one analytic function: the other two branches,
y = +-i x + ..., are not real.  Newton's polygon finds such a branch.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import comb

from flint import fmpq, fmpz_mpoly

from tamecheck.ground.algebraic import irreducible_factors, irreducible_roots, number

MAXIMAL_STEPS = 16
MAXIMAL_TERMS = 400
Terms = dict[tuple[int, int], Fraction]
"""Coefficients of x^i y^j by (i, j)."""


def smooth_branch(p: fmpz_mpoly, point: Sequence[fmpq]) -> bool:
    """Return True if a polynomial in two variables provably vanishes on the graph of an analytic function through a rational point.

    The graph is over one of the two axes.  Newton's polygon: y = x^m (c + y') for an edge of integral slope m and a real root c of its
    polynomial.  If c is a simple root, y' is an analytic function by the theorem on implicit functions; at a multiple
    rational root the step is repeated.  False says nothing.
    """
    terms = around(p, [Fraction(int(x.p), int(x.q)) for x in point])
    return _analytic(terms) or _analytic({(j, i): c for (i, j), c in terms.items()})


def around(p: fmpz_mpoly, point: Sequence[Fraction]) -> Terms:
    """Return a polynomial in two variables expanded around a rational point."""
    out: Terms = {}
    for (i, j), c in zip([tuple(map(int, e))[:2] for e in p.monoms()], p.coeffs(), strict=True):
        for a in range(i + 1):
            for b in range(j + 1):
                value = int(c) * comb(i, a) * comb(j, b) * point[0] ** (i - a) * point[1] ** (j - b)
                out[a, b] = out.get((a, b), Fraction(0)) + value
    return {e: c for e, c in out.items() if c}


def _analytic(terms: Terms) -> bool:
    waiting = [(terms, 0)]
    while waiting:
        current, steps = waiting.pop()
        if not current or (0, 0) in current:
            continue
        if all([j for _, j in current]) or (0, 1) in current:
            # y = 0 is a solution, or the theorem on implicit functions gives one
            return True
        for slope, edge in edges(current):
            for key, e in irreducible_factors(edge):
                if e == 1 and irreducible_roots(key):
                    return True
                if e > 1 and len(key) == 2 and steps < MAXIMAL_STEPS:
                    waiting.append((substituted(current, slope, Fraction(-key[0], key[1])), steps + 1))
    return False


def edges(terms: Terms) -> list[tuple[int, tuple[int, ...]]]:
    """Return the integral slopes m of Newton's polygon with their edge polynomials (in c, without the factor c, over the integers)."""
    low: dict[int, int] = {}
    for i, j in terms:
        low[j] = min(i, low.get(j, i))
    found = []
    at = min(low)
    while True:
        later = [j for j in low if j > at and low[j] < low[at]]
        if not later:
            return found
        # the steepest descent; among equal ones the farthest point
        step = max([(Fraction(low[at] - low[j], j - at), j) for j in later])
        slope, end = step
        if slope.denominator == 1:
            weight = low[at] + slope * at
            c = [terms.get((int(weight - slope * j), j), Fraction(0)) if weight >= slope * j else Fraction(0) for j in range(at, end + 1)]
            scale = 1
            for x in c:
                scale *= x.denominator
            found.append((int(slope), tuple([int(x * scale) for x in c])))
        at = end


def substituted(terms: Terms, slope: int, c: Fraction) -> Terms:
    """Return the polynomial with y = x^m (c + y'), divided by the largest power of x."""
    out: Terms = {}
    for (i, j), a in terms.items():
        for b in range(j + 1):
            key = (i + slope * j, b)
            out[key] = out.get(key, Fraction(0)) + a * comb(j, b) * c ** (j - b)
    out = {e: a for e, a in out.items() if a}
    if len(out) > MAXIMAL_TERMS:
        return {}
    least = min([i for i, _ in out], default=0)
    return {(i - least, j): a for (i, j), a in out.items()}


def rational_point(coordinates: Sequence[object]) -> list[fmpq] | None:
    """Return the coordinates of a point if all are rational."""
    values = [number(x) if getattr(x, "rational", None) is None else x for x in coordinates]
    if any([x is None or x.rational is None for x in values]):
        return None
    return [x.rational for x in values]
