"""Critical values: smooth, Clarke's, and asymptotic ones; and Lojasiewicz exponents at critical points.

* smooth: values where f is differentiable with derivative 0;
* Clarke: values where 0 lies between the one-sided derivatives (in one variable, for a piecewise C^1 function, the
  Clarke subdifferential is the interval between them);
* asymptotic: limits of f along ``|x| -> oo`` with ``|x| |f'| -> 0`` (Malgrange's condition).

At a critical point where ``f - f(p) ~ c |t|^m`` on a side, the least exponent with ``|f'| >= C |f - f(p)|^theta`` there is
``1 - 1/m``; for ``c t^m (log 1/t)^q`` it is that for q > 0, and for q < 0 every larger number and
not this one.  Where f - f(p) is smaller than all powers of t and not zero, no exponent below 1 works.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from tamecheck.geometry.univariate import asymptotics, constants
from tamecheck.geometry.univariate.asymptotics import Unknown, leading
from tamecheck.geometry.univariate.breaks import Break
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.isolation import Open
from tamecheck.geometry.univariate.normal_forms import identically_zero
from tamecheck.geometry.univariate.piecewise import value_at
from tamecheck.geometry.univariate.regions import Limit, Region, compare_limits
from tamecheck.geometry.univariate.shapes import Shape


class CriticalPoint(NamedTuple):
    """A critical point, or an interval of them, with its value."""

    point: Expr | None
    interval: tuple[Expr | None, Expr | None] | None
    value: Expr
    smooth: bool
    exponent: Fraction | None
    reason: str


class Asymptotic(NamedTuple):
    """An asymptotic critical value at plus (side 1) or minus infinity; trivial when the function is constant there."""

    value: Expr
    side: int
    trivial: bool


def critical_points(shape: Shape) -> list[CriticalPoint]:
    """Return all critical points, smooth and Clarke, in order of the regions."""
    result: list[CriticalPoint] = []
    for i, r in enumerate(shape.parts):
        if r is not None:
            result += _inside(shape, r)
        if i < len(shape.breaks):
            found = _at_break(shape.breaks[i])
            if found is not None:
                result.append(found)
    return result


def _inside(shape: Shape, r: Region) -> list[CriticalPoint]:
    found = r.zeros(1)
    if found.identical:
        from tamecheck.geometry.univariate.points import between

        value = value_at(r.function, r.function.algebra.number(between(r.low, r.high)))
        return [CriticalPoint(None, (r.low, r.high), value, True, Fraction(0), "constant")] if isinstance(value, Expr) else []
    result = []
    for z in found.zeros:
        value = value_at(r.function, z.point)
        if isinstance(value, Expr):
            m = z.order + 1
            result.append(CriticalPoint(z.point, None, value, True, 1 - Fraction(1, m), f"f - f(p) has order {m}"))
    return result


def _at_break(b: Break) -> CriticalPoint | None:
    if not isinstance(b.value, Expr) or b.order is None or b.order < 0 or b.left is None or b.right is None:
        return None
    low, high = b.slopes
    if low is None or high is None:
        return None
    signs = [s if isinstance(s, int) else constants.sign(s) for s in (low, high)]
    if None in signs or signs[0] * signs[1] > 0:  # type: ignore[operator]
        return None
    smooth = b.order >= 1
    exponent, reason = _exponent(b)
    return CriticalPoint(b.point, None, b.value, smooth, exponent, reason)


def _exponent(b: Break) -> tuple[Fraction | None, str]:
    """Return the least exponent that works on both sides of a breakpoint."""
    best, text = Fraction(0), "constant near the point"
    for r, side in ((b.left, -1), (b.right, 1)):
        gap = b.point.algebra.sub(r.function, b.value)  # type: ignore[union-attr, arg-type]
        try:
            found = leading(gap, (b.point, side))
        except Unknown as unknown:
            return None, f"not known: {unknown}"
        m = found.monomial
        if m is None:
            continue
        if m.h or not found.tame or m.p == 0:
            return None, "none below 1: f - f(p) is smaller than every power" if m.h and found.tame else "not known"
        theta = max(1 - 1 / -m.p, Fraction(0))
        if (m.q, m.r) < (0, 0):  # |f'| / |f - f(p)|^theta ~ (log 1/t)^(q/m) tends to 0
            return None, f"every exponent above {theta} works, {theta} does not: f - f(p) has order {-m.p}, over a logarithm"
        if theta >= best:
            best, text = theta, f"f - f(p) has order {-m.p}" + (", times a logarithm" if m.q or m.r else "")
    return best, text


def asymptotic_values(shape: Shape) -> tuple[list[Asymptotic], list[Open]]:
    """Return the asymptotic critical values, and the ends at which they are not known."""
    result: list[Asymptotic] = []
    unsettled: list[Open] = []
    for side in (1, -1):
        r = shape.parts[-1] if side > 0 else shape.parts[0]
        if r is None:
            hidden = [o for o in shape.hidden if (o.high if side > 0 else o.low) is None]
            unsettled += hidden
            continue
        end = (None, -side)
        k = r.function.algebra
        if isinstance(r.limit(0, end), int):
            continue
        try:
            if asymptotics.size_at(k.mul(k.x, r.derivative(1)), end) >= 0:
                continue
            trivial = identically_zero(r.derivative(1))
        except Unknown as unknown:
            edge = (r.low, None) if side > 0 else (None, r.high)
            unsettled.append(Open(*edge, str(unknown)))
            continue
        value: Limit = r.limit(0, end)
        if value is None:
            edge = (r.low, None) if side > 0 else (None, r.high)
            unsettled.append(Open(*edge, "the limit is not known"))
        elif isinstance(value, Expr):
            result.append(Asymptotic(value, side, trivial))
    return result, unsettled


def distinct(values: list[Expr]) -> list[Expr]:
    """Return constants without repetitions, in increasing order as far as that is decided."""
    kept: list[Expr] = []
    for v in values:
        place = len(kept)
        for i, old in enumerate(kept):
            s = compare_limits(v, old)
            if s == 0:
                place = -1
                break
            if s is not None and s < 0:
                place = i
                break
        if place >= 0:
            kept.insert(place, v)
    return kept
