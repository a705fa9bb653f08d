"""Suprema over the whole domain: range, Lipschitz constant, distance from homogeneity; all with proof.

A supremum of an expression g on a region is the largest of its limits at the two ends and its values at the zeros of g';
when the zeros of g' are not all known, bounds by interval arithmetic stand in and the answer says that it is a bound only.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.expressions import Algebra, Expr
from tamecheck.geometry.univariate.isolation import ZeroSet, zeros
from tamecheck.geometry.univariate.piecewise import value_at
from tamecheck.geometry.univariate.ranges import bounds_on
from tamecheck.geometry.univariate.regions import Limit, Region, compare_limits, limit_of
from tamecheck.geometry.univariate.shapes import Shape

INFINITY = 1
CLOSE = Fraction(1, 2**400)


class Candidate(NamedTuple):
    """A value that is attained at a point, or approached towards an end."""

    value: Limit
    point: Expr | None
    attained: bool
    end: tuple | None = None


class Supremum(NamedTuple):
    """The least upper bound.

    ``value`` is a constant, 1 for plus infinity, -1 for minus infinity, ``None`` when not known; when ``exact`` is false
    it is an upper bound only.  ``attained`` and the ``places`` (points, or ends ``(point, side)`` it is approached at) are
    known only when exact.
    """

    value: Limit
    exact: bool
    attained: bool | None
    places: tuple


NOTHING = Supremum(None, False, None, ())


def candidates(g: Expr, low: Expr | None, high: Expr | None, found: ZeroSet) -> list[Candidate]:
    """Return what can be the supremum or infimum of g on an open interval; ``found`` are the zeros of g'."""
    result = [Candidate(limit_of(g, end), end[0], False, end) for end in ((low, 1), (high, -1))]
    if found.identical:
        from tamecheck.geometry.univariate.points import between

        inside = value_at(g, g.algebra.number(between(low, high))) if g.varies else g
        return [Candidate(inside if isinstance(inside, Expr) else None, None, True)]
    for z in found.zeros:
        value = value_at(g, z.point)
        result.append(Candidate(value if isinstance(value, Expr) else None, z.point, True))
    return result


def greatest(options: list[Candidate], sign: int = 1) -> Supremum:
    """Return the greatest (``sign`` 1) or least (-1) candidate.

    Candidates that cannot be told apart (their difference is below the last precision and no algebra settles it) all
    stay; whether the bound is attained is then said only if they agree.
    """
    best: Limit = None
    winners: list[Candidate] = []
    certain = True
    for c in options:
        if c.value is None:
            return NOTHING
        s = 1 if not winners else compare_limits(c.value, best)
        if s is None:
            certain, s = False, 0
            winners.append(c)
        elif s == 0:
            winners.append(c)
        elif s * sign > 0 or not winners:
            best, winners, certain = c.value, [c], True
    if not winners:
        return NOTHING
    seen = {c.attained for c in winners}
    attained = (True in seen) if certain or len(seen) == 1 else None
    places = [c.point if c.attained else c.end for c in winners if c.attained or not attained]
    return Supremum(best, True, attained, tuple([p for p in places if p is not None]))


def bound_above(g: Expr, low: Expr | None, high: Expr | None, sign: int = 1) -> Limit:
    """Return an upper (``sign`` 1) or lower (-1) bound by interval arithmetic, as a rational constant."""
    below, above = bounds_on(g, low, high)
    found = above if sign > 0 else below
    return None if found is None else g.algebra.number(balls.exact(found))


def supremum(pieces: list[tuple[Expr, Expr | None, Expr | None, ZeroSet]], extra: list[Candidate], sign: int = 1) -> Supremum:
    """Return the supremum (infimum) over several intervals and further values."""
    options = list(extra)
    bounds: list[Limit] = []
    for g, low, high, found in pieces:
        some = candidates(g, low, high, found)
        infinite = [c for c in some if isinstance(c.value, int) and c.value == sign]
        if infinite:
            return Supremum(sign, True, False, tuple([c.end for c in infinite]))
        whole = [(low, high)] if any(c.value is None and c.attained for c in some) else []
        for a, b in whole or _uncertain(low, high, some, found):
            bound = bound_above(g, a, b, sign)
            if bound is None:
                return NOTHING
            bounds.append(bound)
            some += [Candidate(_value(g, p), p, True) for p in (a, b) if p not in (None, low, high)]
        options += [c for c in some if c.value is not None]
    best = greatest(options, sign)
    worse = [b for b in bounds if best.value is None or compare_limits(b, best.value) not in (0, -sign)]
    if not worse:
        return best
    return Supremum(greatest([Candidate(b, None, False) for b in worse], sign).value, False, None, ())


def _uncertain(low: Expr | None, high: Expr | None, some: list[Candidate], found: ZeroSet) -> list[tuple[Expr | None, Expr | None]]:
    """Return the intervals on which the zeros of the derivative are open, or beside an end whose limit is not known."""
    result = [(o.low, o.high) for o in found.open]
    if any(a is b and a is not None for a, b in result):
        return [(low, high)]
    for c in some:
        if c.value is None and c.end is not None and not any(c.end[0] is (a if c.end[1] > 0 else b) for a, b in result):
            return [(low, high)]
    return result


def _value(g: Expr, p: Expr) -> Limit:
    found = value_at(g, p)
    return found if isinstance(found, Expr) else None


# ---------------------------------------------------------------------- range


def range_of(shape: Shape) -> tuple[Supremum, Supremum]:
    """Return infimum and supremum of the function."""
    if shape.hidden:
        nothing = NOTHING
        return nothing, nothing
    pieces = [(r.function, r.low, r.high, r.zeros(1)) for r in shape.regions]
    extra = [Candidate(b.value, b.point, True) for b in shape.breaks if isinstance(b.value, Expr)]
    return supremum(pieces, extra, -1), supremum(pieces, extra, 1)


def lipschitz(shape: Shape) -> Supremum:
    """Return the supremum of ``|f'|``: the global Lipschitz constant when the domain is one interval and f continuous."""
    if shape.hidden:
        return NOTHING
    for b in shape.breaks:
        if b.order is not None and b.order < 0:
            return Supremum(INFINITY, True, False, ((b.point, 1),))
        if b.kind in ("unknown", "isolated"):
            return NOTHING
    inner = [i for i, r in enumerate(shape.parts) if r is not None]
    if not inner or None in shape.parts[inner[0] : inner[-1] + 1]:
        return NOTHING
    return _absolute([(r.derivative(1), r.low, r.high, r.zeros(2)) for r in shape.regions])


def _absolute(pieces: list, extra: list[Candidate] | None = None) -> Supremum:
    top, bottom = supremum(pieces, extra or [], 1), supremum(pieces, extra or [], -1)
    if top.value is None or bottom.value is None:
        for s in (top, bottom):
            if s.value == (INFINITY if s is top else -INFINITY):
                return Supremum(INFINITY, True, False, s.places)
        return NOTHING
    flipped = _negated(bottom)
    s = compare_limits(top.value, flipped.value)
    if s is None:
        return _either(top.value, flipped.value)
    if s == 0:
        attained = None if top.attained is None or flipped.attained is None else top.attained or flipped.attained
        places = [p for t in (top, flipped) if t.attained == attained for p in t.places]
        return Supremum(top.value, top.exact and flipped.exact, attained, tuple(places))
    best = top if s > 0 else flipped
    return best if top.exact and flipped.exact else Supremum(best.value, False, None, ())


def _either(a: Limit, b: Limit) -> Supremum:
    """Return a bound of two constants that no algebra tells apart, if they are certainly close: a little more than the first."""
    if isinstance(a, int) or isinstance(b, int) or a is None or b is None:
        return NOTHING
    k = a.algebra
    found = constants.bounds(k.sub(a, b), CLOSE.denominator.bit_length() + 200)
    if found is None or not -CLOSE < found[0] <= found[1] < CLOSE:
        return NOTHING
    return Supremum(k.add(a, k.number(CLOSE)), False, None, ())


def _negated(s: Supremum) -> Supremum:
    value = -s.value if isinstance(s.value, int) else s.value.algebra.neg(s.value)  # type: ignore[union-attr]
    return Supremum(value, s.exact, s.attained, s.places)


# ------------------------------------------------------------------ homogeneity


def slope_at(shape: Shape, side: int) -> Limit:
    """Return the limit of ``f(x)/x`` at plus infinity (side 1) or minus infinity (-1)."""
    r = shape.parts[-1] if side > 0 else shape.parts[0]
    if r is None:
        return None
    k = r.function.algebra
    return limit_of(k.div(r.function, k.x), (None, -side))


def defect(shape: Shape) -> Supremum:
    """Return ``sup |x f' - f|``, the distance from being homogeneous of degree 1 in the sense of Euler's identity."""
    if shape.hidden:
        return NOTHING
    pieces = []
    for r in shape.regions:
        k = r.function.algebra
        g = k.sub(k.mul(k.x, r.derivative(1)), r.function)
        pieces.append((g, r.low, r.high, _with_zero(r.zeros(2), r)))
    return _absolute(pieces)


def _with_zero(found: ZeroSet, r: Region) -> ZeroSet:
    """Add 0, where ``(x f' - f)' = x f''`` vanishes too."""
    from tamecheck.geometry.univariate.isolation import Zero

    zero = r.function.algebra.zero
    inside = (r.low is None or constants.sign(r.low) == -1) and (r.high is None or constants.sign(r.high) == 1)
    if found.identical or not inside or any(z.point is zero for z in found.zeros):
        return found
    return ZeroSet((*found.zeros, Zero(zero, 1)), found.open)


def recession_gap(shape: Shape) -> Supremum:
    """Return ``sup |f - f_H|`` with ``f_H(x) = lim f(tx)/t``, when the two slopes at infinity are finite."""
    slopes = {s: slope_at(shape, s) for s in (1, -1)}
    if shape.hidden or not all(isinstance(v, Expr) for v in slopes.values()):
        infinite = not shape.hidden and any(isinstance(v, int) for v in slopes.values())
        return Supremum(INFINITY if infinite else None, infinite, False if infinite else None, ())
    pieces = []
    for r in shape.regions:
        k = r.function.algebra
        for low, high, side in _halves(r, k):
            g = k.sub(r.function, k.mul(slopes[side], k.x))  # type: ignore[arg-type]
            slope = k.sub(r.derivative(1), slopes[side])  # type: ignore[arg-type]
            pieces.append((g, low, high, zeros(slope, low, high)))
    extra = []
    for b in shape.breaks:
        if isinstance(b.value, Expr):
            k = b.value.algebra
            side = 1 if constants.sign(b.point) in (0, 1) else -1
            extra.append(Candidate(k.sub(b.value, k.mul(slopes[side], b.point)), b.point, True))  # type: ignore[arg-type]
    zero = [r for r in shape.regions if len(_halves(r, r.function.algebra)) == 2]
    for r in zero:
        value = value_at(r.function, r.function.algebra.zero)
        extra.append(Candidate(value if isinstance(value, Expr) else None, r.function.algebra.zero, True))
    return _absolute(pieces, extra)


def _halves(r: Region, k: Algebra) -> list[tuple[Expr | None, Expr | None, int]]:
    """Split a region at 0."""
    left = r.low is None or constants.sign(r.low) == -1
    right = r.high is None or constants.sign(r.high) == 1
    if left and right:
        return [(r.low, k.zero, -1), (k.zero, r.high, 1)]
    return [(r.low, r.high, 1 if right else -1)]


def degree(shape: Shape):
    """Return the degree p of a positively homogeneous function (``f(tx) = t^p f(x)`` for t > 0), else ``None``."""
    from tamecheck.geometry.univariate import asymptotics
    from tamecheck.geometry.univariate.normal_forms import identically_zero

    if shape.hidden or any(constants.sign(b.point) != 0 for b in shape.breaks) or not shape.regions:
        return None
    if len(shape.regions) < len(shape.parts):
        return None
    found = set()
    for r in shape.regions:
        k = r.function.algebra
        if identically_zero(r.function):
            continue
        end = (None, -1) if r.high is None else (None, 1)
        try:
            m = asymptotics.leading(r.function, end).monomial
        except asymptotics.Unknown:
            return None
        if m is None or m.h or m.q or m.r:
            return None
        if not identically_zero(k.sub(k.mul(k.x, r.derivative(1)), k.scale(m.p, r.function))):
            return None
        found.add(m.p)
    at_zero = [b.value for b in shape.breaks]
    if len(found) != 1:
        return None
    p = found.pop()
    fits = all(isinstance(v, Expr) and (p == 0 or constants.sign(v) == 0) for v in at_zero)
    return p if fits else None
