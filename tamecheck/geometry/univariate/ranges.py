"""Signs and bounds of an expression on a whole interval, finite or not, by its form alone.

Cheap and often decisive: ``1 + exp(-x)`` is at least 1 on the line.  Bounds are pairs of Arb numbers, ``None`` for an
infinite end.  An interval is given by two constants, ``None`` for an infinite end, and is open.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.expressions import Algebra, Expr

if TYPE_CHECKING:
    from flint import arb

Bounds = tuple["arb | None", "arb | None"]
ANYTHING: Bounds = (None, None)
SAME_SIGN = frozenset(["atan", "asin", "erf", "erfinv", "lambertw"])


def sign_on(e: Expr, low: Expr | None, high: Expr | None) -> int | None:
    """Return the sign that ``e`` has at *every* point of the open interval, ``None`` if the form does not show one."""
    if not e.varies:
        return constants.sign(e)
    with balls.precision(balls.BASE):
        parts = e.ancestors()
        found = bounds_of_parts(parts, low, high)
        signs: dict[int, int | None] = {}
        for p in parts:
            signs[p.id] = _sign(p, signs, found[p.id], low, high)
        return signs[e.id]


def bounds_on(e: Expr, low: Expr | None, high: Expr | None) -> Bounds:
    """Return bounds of ``e`` on the open interval."""
    with balls.precision(balls.BASE):
        return bounds_of_parts(e.ancestors(), low, high)[e.id]


def unsealed(e: Expr, low: Expr | None, high: Expr | None) -> Expr:
    """Write roots of even powers without them on an interval where the signs of the bases are known: ``sqrt(x^2)`` is -x left of 0."""
    if not any(p.kind == "seal" for p in e.ancestors()):
        return e
    k, image = e.algebra, {}
    for p in e.ancestors():
        if p.kind == "prod" and any(b.kind == "seal" for b in p.args):
            parts = []
            for b, q in zip(p.args, p.data, strict=True):  # type: ignore[arg-type]
                parts += _absolute(k, image[b], q, low, high)
            image[p] = k.product(parts)
        else:
            image[p] = k.again(p, [image[a] for a in p.args]) if p.args else p
    return image[e]


def _absolute(k: Algebra, b: Expr, q: Fraction, low: Expr | None, high: Expr | None) -> list[tuple[Expr, Fraction]]:
    """Return ``b**q`` for a sealed product over the absolute values of its bases, if their signs are known."""
    inner = b.args[0] if b.kind == "seal" else None
    if inner is None or inner.kind != "prod":
        return [(b, q)]
    signs = [sign_on(base, low, high) for base in inner.args]
    if not all(signs):
        return [(b, q)]
    return [(base if s > 0 else k.neg(base), n * q) for base, n, s in zip(inner.args, inner.data, signs, strict=True)]  # type: ignore


def _sign(e: Expr, signs: dict[int, int | None], found: Bounds, low: Expr | None, high: Expr | None) -> int | None:
    if not e.varies:
        return _constant_sign(e)
    if e.kind == "x":
        if low is not None and constants.sign(low) in (0, 1):
            return 1
        return -1 if high is not None and constants.sign(high) in (0, -1) else None
    below, above = found
    if below is not None and below > 0:
        return 1
    if above is not None and above < 0:
        return -1
    if e.kind in ("exp", "seal", "gamma"):
        return 1 if e.kind != "gamma" or signs[e.args[0].id] == 1 else None
    if e.kind == "prod":
        result = 1
        for b, q in zip(e.args, e.data, strict=True):  # type: ignore[arg-type]
            s = signs[b.id]
            if q.denominator != 1:
                continue
            if s is None:
                return None
            result *= s if q.numerator % 2 else s * s
        return result
    if e.kind == "sum":
        start, coefficients = e.data  # type: ignore[misc]
        seen = {(start > 0) - (start < 0)} - {0}
        for c, a in zip(coefficients, e.args, strict=True):
            s = signs[a.id]
            if s is None:
                return None
            seen.add(s if c > 0 else -s)
        return seen.pop() if len(seen) == 1 and 0 not in seen else None
    if e.kind in SAME_SIGN:
        return signs[e.args[0].id]
    return None


def _constant_sign(e: Expr) -> int | None:
    """Return the sign of a constant; one that changes with a parameter is not asked for here, where any answer will do."""
    from tamecheck.geometry.univariate.parameters import Split

    try:
        return constants.sign(e)
    except Split:
        return None


def bounds_of_parts(parts: list[Expr], low: Expr | None, high: Expr | None) -> dict[int, Bounds]:
    """Return bounds of every part; call it with Arb's precision set."""
    found: dict[int, Bounds] = {}
    for e in parts:
        if not e.varies:
            v = balls.value(e)
            found[e.id] = (v.lower(), v.upper()) if v.is_finite() else ANYTHING
        elif e.kind == "x":
            found[e.id] = (_end(low, -1), _end(high, 1))
        elif e.kind == "sum":
            found[e.id] = _sum(e, found)
        elif e.kind == "prod":
            total: Bounds | None = None
            for b, q in zip(e.args, e.data, strict=True):  # type: ignore[arg-type]
                part = _power(found[b.id], q)
                total = part if total is None else _times(total, part)
            found[e.id] = total or ANYTHING
        elif e.kind == "seal":
            found[e.id] = found[e.args[0].id]
        else:
            found[e.id] = _function(e, found[e.args[0].id])
    return found


def _end(e: Expr | None, side: int) -> arb | None:
    if e is None:
        return None
    v = balls.value(e)
    return v.lower() if side < 0 else v.upper()


def _clean(v: arb | None, side: int) -> arb | None:
    if v is None or not v.is_finite():
        return None
    return v.lower() if side < 0 else v.upper()


def _sum(e: Expr, found: dict[int, Bounds]) -> Bounds:
    start, coefficients = e.data  # type: ignore[misc]
    low: arb | None = balls.ball(start)
    high: arb | None = low
    for c, a in zip(coefficients, e.args, strict=True):
        below, above = found[a.id] if c > 0 else found[a.id][::-1]
        k = balls.ball(c)
        low = None if low is None or below is None else low + k * below
        high = None if high is None or above is None else high + k * above
    return _clean(low, -1), _clean(high, 1)


def _times(a: Bounds, b: Bounds) -> Bounds:
    """Multiply; an infinite end times zero is zero, since the ends are limits of bounds."""
    lows: list[arb | None] = []
    highs: list[arb | None] = []
    for i in (0, 1):
        for j in (0, 1):
            u, v = a[i], b[j]
            if u is not None and v is not None:
                lows.append(u * v)
                highs.append(u * v)
                continue
            su = (1 if i else -1) if u is None else balls.sign(u)
            sv = (1 if j else -1) if v is None else balls.sign(v)
            if su is None or sv is None:
                return ANYTHING
            s = su * sv
            if s > 0:
                highs.append(None)
            elif s < 0:
                lows.append(None)
            else:
                zero = balls.ball(0)
                lows.append(zero)
                highs.append(zero)
    low = None if None in [x if x is None else 1 for x in lows] or not lows else _least(lows, -1)
    high = None if None in [x if x is None else 1 for x in highs] or not highs else _least(highs, 1)
    return _clean(low, -1), _clean(high, 1)


def _least(values: list, side: int) -> arb:
    result = values[0]
    for v in values[1:]:
        result = result.min(v) if side < 0 else result.max(v)
    return result


def _power(a: Bounds, q: Fraction) -> Bounds:
    low, high = a
    zero = balls.ball(0)
    if q.denominator != 1:
        low = zero if low is None or not low > 0 else low
        if high is not None and high < 0:
            return ANYTHING
    if q < 0:
        if low is not None and (low > 0 or (q.denominator != 1 and low.is_zero())):
            top = None if low.is_zero() else _clean(_positive_power(low, q), 1)
            return (zero if high is None else _clean(_positive_power(high, q), -1)), top
        if high is not None and high < 0:
            below, above = _power((-high, None if low is None else -low), q)
            if q.numerator % 2 == 0:
                return below, above
            return (None if above is None else -above), (None if below is None else -below)
        return (zero, None) if q.numerator % 2 == 0 else ANYTHING
    if q.denominator != 1:
        return _clean(_positive_power(low, q), -1), None if high is None else _clean(_positive_power(high, q), 1)
    n = int(q)
    if n % 2:
        return (None if low is None else _clean(low**n, -1)), (None if high is None else _clean(high**n, 1))
    if low is not None and low >= 0:
        return _clean(low**n, -1), None if high is None else _clean(high**n, 1)
    if high is not None and high <= 0:
        return _clean(high**n, -1), None if low is None else _clean(low**n, 1)
    return zero, None if low is None or high is None else _clean((low**n).max(high**n), 1)


def _positive_power(v: arb, q: Fraction) -> arb:
    return v if v.is_zero() and q > 0 else v ** balls.ball(q)


def _function(e: Expr, a: Bounds) -> Bounds:
    low, high = a
    name = e.kind
    if name == "exp":
        return (balls.ball(0) if low is None else _clean(low.exp(), -1)), None if high is None else _clean(high.exp(), 1)
    if name == "log":
        return (_clean(low.log(), -1) if low is not None and low > 0 else None), None if high is None else _clean(high.log(), 1)
    if name in ("erf", "atan"):
        limit = balls.ball(1) if name == "erf" else low.pi() / 2 if low is not None else balls.ball(0).pi() / 2
        below = -limit if low is None else getattr(low, name)()
        above = limit if high is None else getattr(high, name)()
        return _clean(below, -1), _clean(above, 1)
    if low is not None and high is not None:
        v = balls._function(name, e.data)(low.union(high))
        if v.is_finite():
            return v.lower(), v.upper()
    if name in ("sin", "cos"):
        return balls.ball(-1), balls.ball(1)
    return ANYTHING
