"""``floor``, ``ceil`` and ``round`` of an analytic expression: split where it crosses the steps.

On an interval where the expression is unbounded there are infinitely many steps; those near the origin are split, and
beyond them the function is left opaque, with the bounds ``g - 1 <= step(g) <= g + 1``.
"""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate import asymptotics, balls, constants
from tamecheck.geometry.univariate.expressions import Algebra, Expr
from tamecheck.geometry.univariate.isolation import zeros
from tamecheck.geometry.univariate.piecewise import Entry, Opaque, Piecewise, Unresolved, _sorted, simple
from tamecheck.geometry.univariate.points import between
from tamecheck.geometry.univariate.ranges import bounds_on

FEW = 10
MANY = 200


def step_function(k: Algebra, name: str, g: Expr, low: Expr | None, high: Expr | None) -> Piecewise:
    """Return ``floor(g)``, ``ceil(g)`` or ``round(g)`` on an open interval."""
    if not g.varies:
        return simple(step_at(k, name, g))
    below, above = bounds_on(g, low, high)
    first = Fraction(-FEW) if below is None else _floor(balls.exact(below))
    last = Fraction(FEW) if above is None else _floor(balls.exact(above)) + 1
    if last - first > MANY:
        return simple(_beyond(k, name, g, low, high))
    shift = Fraction(1, 2) if name == "round" else Fraction(0)
    marks: list[tuple[Expr, int | None]] = []
    levels = [first - 1 + i + shift for i in range(int(last - first) + 3)]
    for level in levels:
        found = zeros(k.sub(g, k.number(level)), low, high)
        if found.open or found.identical:
            return simple(_beyond(k, name, g, low, high))
        marks += [(z.point, 0) for z in found.zeros]
    points = [p for p, _ in _sorted(marks)]
    ends = [low, *points, high]
    pieces: list[Entry] = []
    for a, b in zip(ends, ends[1:], strict=False):
        inside = k.at(g, k.number(between(a, b)))
        value = step_at(k, name, inside)
        far = isinstance(value, Expr) and not levels[0] <= value.rational <= levels[-1] + 1  # type: ignore[operator]
        pieces.append(_beyond(k, name, g, a, b) if far or _outside(k, inside, levels) else value)
    return Piecewise(tuple(points), tuple(pieces), tuple([step_at(k, name, k.at(g, p), True) for p in points]))


def _outside(k: Algebra, value: Expr, levels: list[Fraction]) -> bool:
    return constants.compare(value, k.number(levels[0])) != 1 or constants.compare(value, k.number(levels[-1])) != -1


def _beyond(k: Algebra, name: str, g: Expr, low: Expr | None, high: Expr | None) -> Opaque:
    """Return the entry for many steps; they are infinitely many when the expression tends to infinity at an end."""
    endless = False
    for end in ((low, 1), (high, -1)):
        try:
            endless = endless or asymptotics.size_at(g, end) > 0
        except asymptotics.Unknown:
            continue
    return Opaque(f"{name} has {'infinitely ' if endless else ''}many steps", k.sub(g, k.one), k.add(g, k.one), endless)


def _floor(q: Fraction) -> Fraction:
    return Fraction(q.numerator // q.denominator)


def step_at(k: Algebra, name: str, value: Expr, on_step: bool = False) -> Entry:
    """Return the step function at a constant; ``on_step``: the constant is known to be a step (an integer, or a half for round)."""
    if name == "round":
        low = step_at(k, "floor", k.add(value, k.number(Fraction(1, 2))), on_step)
        if not isinstance(low, Expr):
            return low
        n = low.rational
        tie = constants.compare(k.sub(value, low), k.number(Fraction(-1, 2)))
        if tie is None and not on_step:
            return Opaque("a tie of round is not decided")
        return k.number(n - 1) if (tie == 0 or on_step and tie is None) and n % 2 else low  # type: ignore[operator]
    if name == "ceil":
        low = step_at(k, "floor", k.neg(value), on_step)
        return k.neg(low) if isinstance(low, Expr) else low
    for bits in balls.LADDER:
        v = balls.value(value, bits)
        if not v.is_finite():
            raise Unresolved("a value at a step is not finite")
        a, b = balls.ends(v)
        low, high = _floor(a), _floor(b)
        if low == high:
            return k.number(low)
        if high == low + 1 and (on_step or constants.compare(value, k.number(high)) == 0):
            return k.number(high)
    return Opaque("a value at a step is not decided")
