"""The intervals on which a function is one analytic expression, with its derivatives and its limits at the ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from tamecheck.geometry.univariate import asymptotics, constants
from tamecheck.geometry.univariate.asymptotics import End
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.derivatives import derivative
from tamecheck.geometry.univariate.expressions import Expr, TooLarge
from tamecheck.geometry.univariate.isolation import Open, ZeroSet, zeros
from tamecheck.geometry.univariate.normal_forms import simplified
from tamecheck.geometry.univariate.piecewise import Opaque, Piecewise, analytic_at, sign_between, value_at
from tamecheck.geometry.univariate.ranges import sign_on
from tamecheck.geometry.univariate.structural_limits import structural_limit

Limit = Expr | int | None
"""A constant; 1 and -1 for the two infinities; ``None`` when it is not known or does not exist."""


@dataclass(eq=False)
class Region:
    """One open interval with one analytic expression; ``None`` is an infinite end."""

    low: Expr | None
    high: Expr | None
    function: Expr
    orders: list[Expr] = field(default_factory=list)
    doubts: list[Open] = field(default_factory=list)

    def derivative(self, n: int) -> Expr:
        """Return the n-th derivative, simplified on the interval."""
        if not self.orders:
            self.orders = [self.function]
        while len(self.orders) <= n:
            e = derivative(self.orders[-1])
            if len(self.orders) <= 2 and len(e.args) > 1:
                e = simplified(e, lambda d: bool(sign_on(d, self.low, self.high)))
            self.orders.append(e)
        return self.orders[n]

    def zeros(self, n: int) -> ZeroSet:
        """Return the zeros of the n-th derivative inside."""
        try:
            return zeros(self.derivative(n), self.low, self.high)
        except TooLarge as reason:
            return ZeroSet((), (Open(self.low, self.high, reason.message),))

    def ends(self) -> tuple[End, End]:
        """Return the two ends, left and right."""
        return (self.low, 1), (self.high, -1)

    def limit(self, n: int, end: End) -> Limit:
        """Return the limit of the n-th derivative at an end."""
        try:
            return limit_of(self.derivative(n), end)
        except TooLarge:
            return None

    def signs(self, e: Expr, found: ZeroSet) -> list[tuple[Expr | None, Expr | None, int | None]]:
        """Return the sign of an expression, whose zeros are given, on the intervals between them; ``None``: open."""
        if found.identical:
            return [(self.low, self.high, 0)]
        if found.open and any(o.low is o.high and o.low is not None for o in found.open):
            return [(self.low, self.high, None)]
        marks = [z.point for z in found.zeros]
        for o in found.open:
            marks += [p for p in (o.low, o.high) if p not in (None, self.low, self.high) and p not in marks]
        ends = [self.low, *ordered(marks), self.high]
        result = []
        for a, b in zip(ends, ends[1:], strict=False):
            blocked = any(_meets(o, a, b) for o in found.open)
            result.append((a, b, None if blocked else self._sign(e, a, b)))
        return result

    def _sign(self, e: Expr, a: Expr | None, b: Expr | None) -> int | None:
        """Return the sign between two neighbouring zeros; a point that cannot be enclosed leaves it open, and that is noted."""
        try:
            found = sign_between(e, a, b)
        except Unresolved as reason:
            found, why = None, str(reason)
        else:
            why = "the sign at a point is not decided"
        if found is None and not any(d.low is a and d.high is b for d in self.doubts):
            self.doubts.append(Open(a, b, why))
        return found


def ordered(points: list[Expr]) -> list[Expr]:
    """Return points in increasing order; equal ones are kept once."""
    from functools import cmp_to_key

    result: list[Expr] = []
    for p in sorted(points, key=cmp_to_key(lambda a, b: constants.compare(a, b) or 0)):
        if not result or constants.compare(result[-1], p) != 0:
            result.append(p)
    return result


def _meets(o: Open, a: Expr | None, b: Expr | None) -> bool:
    left = o.low is None or b is None or constants.compare(o.low, b) in (-1, None)
    right = o.high is None or a is None or constants.compare(a, o.high) in (-1, None)
    return left and right


def limit_of(e: Expr, end: End) -> Limit:
    """Return the limit of an expression at an end."""
    key = ("limit", end)
    if key not in e.memo:
        e.memo[key] = _limit(e, end)
    return e.memo[key]


def _limit(e: Expr, end: End) -> Limit:
    if not e.varies:
        return e
    if e.algebra.oracle is not None and e.algebra.oracle.concerns(e):
        from tamecheck.geometry.univariate.structural_limits import limit_with_parameter

        return limit_with_parameter(e, end)
    point = end[0]
    if point is not None and analytic_at(e, point):
        value = value_at(e, point)
        if isinstance(value, Expr):
            return value
    try:
        return asymptotics.limit(e, end)
    except asymptotics.Unknown:
        return structural_limit(e, end)


def compare_limits(a: Limit, b: Limit) -> int | None:
    """Return the sign of ``a - b`` for limits, infinite ones included; ``None`` if not decided."""
    if a is None or b is None:
        return None
    if isinstance(a, int) or isinstance(b, int):
        left = 2 * a if isinstance(a, int) else 0
        right = 2 * b if isinstance(b, int) else 0
        return (left > right) - (left < right)
    return constants.compare(a, b)


def regions(f: Piecewise) -> list[Region | None]:
    """Return the region of every interval of a function by cases, ``None`` where it is undefined or opaque."""
    return [Region(*f.interval(i), e) if isinstance(e, Expr) else None for i, e in enumerate(f.between)]


def opaque_parts(f: Piecewise) -> list[Open]:
    """Return the intervals and points about which nothing is known, with reasons."""
    result = [Open(*f.interval(i), e.reason, e.endless) for i, e in enumerate(f.between) if isinstance(e, Opaque)]
    result += [Open(p, p, e.reason, e.endless) for p, e in zip(f.points, f.at, strict=True) if isinstance(e, Opaque)]
    return result
