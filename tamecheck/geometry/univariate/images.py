"""The image of a function by cases: an exact union of intervals and points, not only its hull.

On an interval between neighbouring zeros of f' the function is monotonic, so its image is the interval between its limits at the two
ends, open where they are limits only; breakpoints add their values.  Intervals that meet or touch in an attained point are joined.
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import NamedTuple

from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.piecewise import value_at
from tamecheck.geometry.univariate.regions import Limit, Region, compare_limits
from tamecheck.geometry.univariate.shapes import Shape
from tamecheck.geometry.univariate.sizes import supremum


class Span(NamedTuple):
    """An interval of values: ends are constants or infinities (1, -1), closed where the end is attained."""

    low: Limit
    high: Limit
    low_closed: bool
    high_closed: bool


class _Undecided(Exception):
    pass


def image(shape: Shape) -> list[Span] | None:
    """Return the image as disjoint spans in increasing order, ``None`` when a part of it is not known."""
    if shape.hidden:
        return None
    spans: list[Span] = []
    try:
        for r in shape.regions:
            spans += _of_region(r)
        spans += [Span(b.value, b.value, True, True) for b in shape.breaks if isinstance(b.value, Expr)]
        return _joined(spans)
    except _Undecided:
        return None


def _of_region(r: Region) -> list[Span]:
    found = r.zeros(1)
    if found.identical:
        from tamecheck.geometry.univariate.points import between

        value = value_at(r.function, r.function.algebra.number(between(r.low, r.high)))
        if not isinstance(value, Expr):
            raise _Undecided
        return [Span(value, value, True, True)]
    if found.open:
        return [_connected(r)]
    values: list[tuple[Limit, bool]] = [(r.limit(0, (r.low, 1)), False)]
    for z in found.zeros:
        value = value_at(r.function, z.point)
        values.append((value if isinstance(value, Expr) else None, True))
    values.append((r.limit(0, (r.high, -1)), False))
    result = []
    for (a, a_closed), (b, b_closed) in zip(values, values[1:], strict=False):
        result.append(Span(a, b, a_closed, b_closed) if _compare(a, b) <= 0 else Span(b, a, b_closed, a_closed))
    return result


def _connected(r: Region) -> Span:
    """Return the image of a region between its infimum and supremum, by the intermediate value theorem."""
    piece = [(r.function, r.low, r.high, r.zeros(1))]
    low, high = supremum(piece, [], -1), supremum(piece, [], 1)
    if not (low.exact and high.exact) or low.attained is None or high.attained is None:
        raise _Undecided
    return Span(low.value, high.value, low.attained, high.attained)


def _compare(a: Limit, b: Limit) -> int:
    s = compare_limits(a, b)
    if s is None:
        raise _Undecided
    return s


def _joined(spans: list[Span]) -> list[Span]:
    def order(a: Span, b: Span) -> int:
        return _compare(a.low, b.low) or (not a.low_closed) - (not b.low_closed)

    result: list[Span] = []
    for s in sorted(spans, key=cmp_to_key(order)):
        if result:
            last = result[-1]
            gap = _compare(last.high, s.low)
            if gap > 0 or (gap == 0 and (last.high_closed or s.low_closed)):
                further = _compare(s.high, last.high)
                high, closed = (s.high, s.high_closed) if further > 0 else (last.high, last.high_closed or (further == 0 and s.high_closed))
                result[-1] = Span(last.low, high, last.low_closed, closed)
                continue
        result.append(s)
    return result
