"""Functions by cases on the line: finitely many points, an analytic expression between them, a value at each of them.

`Piecewise` is a partition: ``points[0] < points[1] < ...``, ``between[i]`` is what the function is on the open interval
left of ``points[i]`` (the last one: right of all points), ``at[i]`` its value at ``points[i]``.  An entry is an
expression that is analytic there (a constant at a point), `UNDEFINED`, or an `Opaque`: nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.expressions import Algebra, Expr, Undefined
from tamecheck.geometry.univariate.isolation import zeros
from tamecheck.geometry.univariate.points import between, enclosure


class _Undefined:
    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = _Undefined()


class Opaque(NamedTuple):
    """An entry about which only bounds (expressions, or ``None``) are known, and why; ``endless``: it has infinitely many jumps."""

    reason: str
    low: Expr | None = None
    high: Expr | None = None
    endless: bool = False


Entry = Expr | _Undefined | Opaque


class Piecewise(NamedTuple):
    """See the module."""

    points: tuple[Expr, ...]
    between: tuple[Entry, ...]
    at: tuple[Entry, ...]

    def interval(self, i: int) -> tuple[Expr | None, Expr | None]:
        """Return the ends of interval number i."""
        return self.points[i - 1] if i else None, self.points[i] if i < len(self.points) else None


class Split(NamedTuple):
    """The signs of an expression on an interval: points inside, signs between and at them; ``None``: unknown."""

    points: tuple[Expr, ...]
    between: tuple[int | None, ...]
    at: tuple[int | None, ...]
    reason: str


def value_at(e: Expr, point: Expr) -> Entry:
    """Return the value of an expression at a point."""
    try:
        return e.algebra.at(e, point)
    except Undefined:
        return UNDEFINED


def sign_split(g: Expr, low: Expr | None, high: Expr | None) -> Split:
    """Return where an expression that is analytic on an open interval is positive, zero and negative."""
    found = zeros(g, low, high)
    if found.identical:
        return Split((), (0,), (), "")
    if any(o.low is o.high and o.low is not None for o in found.open):
        return Split((), (None,), (), found.open[0].reason)
    marks: list[tuple[Expr, int | None]] = [(z.point, 0) for z in found.zeros]
    for o in found.open:
        for end in (o.low, o.high):
            if end is not None and end is not low and end is not high and all(m is not end for m, _ in marks):
                marks.append((end, constants.sign(g.algebra.at(g, end))))
    marks = _sorted(marks)
    ends = [low, *[m for m, _ in marks], high]
    signs: list[int | None] = []
    for a, b in zip(ends, ends[1:], strict=False):
        blocked = any(_overlaps(o.low, o.high, a, b) for o in found.open)
        signs.append(None if blocked else sign_between(g, a, b))
    reason = found.open[0].reason if found.open else ""
    return Split(tuple([m for m, _ in marks]), tuple(signs), tuple([s for _, s in marks]), reason)


def _sorted(marks: list[tuple[Expr, int | None]]) -> list[tuple[Expr, int | None]]:
    from functools import cmp_to_key

    def order(a: tuple, b: tuple) -> int:
        s = constants.compare(a[0], b[0])
        if s is None:
            raise Unresolved("two points cannot be told apart")
        return s

    return sorted(marks, key=cmp_to_key(order))


def _overlaps(low: Expr | None, high: Expr | None, a: Expr | None, b: Expr | None) -> bool:
    """Tell whether two open intervals may meet."""
    left = low is None or b is None or constants.compare(low, b) in (-1, None)
    right = high is None or a is None or constants.compare(a, high) in (-1, None)
    return left and right


def sign_between(g: Expr, low: Expr | None, high: Expr | None) -> int | None:
    """Return the sign of an expression without zeros on an open interval, from one point inside."""
    if g.algebra.oracle is not None:
        return constants.sign(g.algebra.at(g, _middle(g.algebra, low, high)))
    q = between(low, high)
    for bits in balls.LADDER:
        with balls.precision(bits):
            found = balls.sign(balls.Tape([g]).run(balls.ball(q), bits)[0])
        if found:
            return found
    return constants.sign(g.algebra.at(g, g.algebra.number(q)))


def _middle(k: Algebra, low: Expr | None, high: Expr | None) -> Expr:
    """Return a constant between two constants."""
    if low is None or high is None:
        return k.zero if low is high else k.add(high or low, k.number(1 if low is not None else -1))  # type: ignore[arg-type]
    return k.scale(Fraction(1, 2), k.add(low, high))


# --------------------------------------------------------------- combination


def refined(functions: Sequence[Piecewise]) -> tuple[tuple[Expr, ...], list[Piecewise]]:
    """Return the functions over their common points.

    Raises
    ------
    Unresolved
        If two points cannot be compared.
    """
    points: tuple[Expr, ...] = ()
    for f in functions:
        points = _union(points, f.points)
    return points, [_over(f, points) for f in functions]


def _union(a: tuple[Expr, ...], b: tuple[Expr, ...]) -> tuple[Expr, ...]:
    if a == b or not b:
        return a
    if not a:
        return b
    result: list[Expr] = []
    i = j = 0
    while i < len(a) and j < len(b):
        s = constants.compare(a[i], b[j])
        if s is None:
            raise Unresolved(f"cannot tell the breakpoints {a[i]} and {b[j]} apart")
        if s <= 0:
            result.append(a[i])
            i += 1
            j += s == 0
        else:
            result.append(b[j])
            j += 1
    return (*result, *a[i:], *b[j:])


def _over(f: Piecewise, points: tuple[Expr, ...]) -> Piecewise:
    if len(f.points) == len(points):
        return Piecewise(points, f.between, f.at)
    pieces, values, j = [f.between[0]], [], 0
    for p in points:
        if j < len(f.points) and (f.points[j] is p or constants.compare(f.points[j], p) == 0):
            values.append(f.at[j])
            j += 1
        else:
            e = f.between[j]
            values.append(value_at(e, p) if isinstance(e, Expr) else e)
        pieces.append(f.between[j])
    return Piecewise(points, tuple(pieces), tuple(values))


On = Callable[[list[Entry], Expr | None, Expr | None], Piecewise]
At = Callable[[list[Entry]], Entry]


def combine(functions: Sequence[Piecewise], on: On, at: At) -> Piecewise:
    """Apply an operation interval by interval (it may split them) and point by point."""
    points, parts = refined(functions)
    pieces: list[Entry] = []
    values: list[Entry] = []
    places: list[Expr] = []
    for i in range(len(points) + 1):
        low, high = points[i - 1] if i else None, points[i] if i < len(points) else None
        local = on([f.between[i] for f in parts], low, high)
        pieces += local.between
        values += local.at
        places += local.points
        if i < len(points):
            places.append(points[i])
            values.append(at([f.at[i] for f in parts]))
    return Piecewise(tuple(places), tuple(pieces), tuple(values))


def simple(e: Entry) -> Piecewise:
    """Return the function that is one expression on one interval."""
    return Piecewise((), (e,), ())


def from_split(split: Split, entry: Callable[[int], Entry], at_point: Callable[[int | None, Expr], Entry]) -> Piecewise:
    """Build entries from signs; where a sign is unknown the entry is opaque."""
    pieces = tuple([Opaque(split.reason or "a sign is not known") if s is None else entry(s) for s in split.between])
    values = tuple([at_point(s, p) for s, p in zip(split.at, split.points, strict=True)])
    return Piecewise(split.points, pieces, values)


def tidy(f: Piecewise) -> Piecewise:
    """Drop the points at which the function is one analytic expression on both sides, with the value it has there."""
    points: list[Expr] = []
    pieces: list[Entry] = [f.between[0]]
    values: list[Entry] = []
    for i, p in enumerate(f.points):
        left, right, here = pieces[-1], f.between[i + 1], f.at[i]
        if _continues(left, right, here, p):
            continue
        points.append(p)
        pieces.append(right)
        values.append(here)
    return Piecewise(tuple(points), tuple(pieces), tuple(values))


def _continues(left: Entry, right: Entry, here: Entry, p: Expr) -> bool:
    if left is UNDEFINED and right is UNDEFINED and here is UNDEFINED:
        return True
    if isinstance(left, Opaque) and isinstance(right, Opaque) and isinstance(here, Opaque):
        return True
    if left is not right or not isinstance(left, Expr) or not isinstance(here, Expr):
        return False
    if not analytic_at(left, p):
        return False
    value = value_at(left, p)
    return value is here or (isinstance(value, Expr) and constants.compare(value, here) == 0)


def analytic_at(e: Expr, p: Expr) -> bool:
    """Tell whether an expression is seen to be analytic on a neighbourhood of a point."""
    if not e.varies:
        return True
    tape = balls.Tape([e])
    for bits in (20, 60):
        with balls.precision(balls.BASE):
            around = balls.value(p) + balls.span(Fraction(-1, 2**bits), Fraction(1, 2**bits))
            if tape.analytic(around, balls.BASE):
                return True
    if e.algebra.oracle is not None:
        from tamecheck.geometry.univariate.parameters import analytic_structurally

        return analytic_structurally(e, p)
    return False


__all__ = ["UNDEFINED", "Entry", "Opaque", "Piecewise", "Split", "Unresolved", "combine", "enclosure", "sign_split", "tidy"]
