"""A function with one parameter: finitely many intervals and points of the parameter on which the same facts hold, with proof.

On an interval the analysis runs once, with the parameter as a symbol (`parameters`); where it has to know a sign that changes,
the interval is split exactly there.  A function that is ``t^-c g(t^w x)`` with ``t = a/a0`` is a scaled copy of the member at
a0, and everything that scaling preserves is read off that member.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tamecheck.geometry.univariate import behaviour, constants, sizes
from tamecheck.geometry.univariate.breaks import ANALYTIC, INFINITE
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.expressions import Algebra, Expr, TooLarge, Undefined
from tamecheck.geometry.univariate.normal_forms import identically_zero
from tamecheck.geometry.univariate.parameters import Oracle, Split
from tamecheck.geometry.univariate.piecewise import Piecewise
from tamecheck.geometry.univariate.points import between
from tamecheck.geometry.univariate.regions import compare_limits, limit_of
from tamecheck.geometry.univariate.shapes import Shape
from tamecheck.ground.intervals import LINE, Interval

MOST_CELLS = 24
DEGREES = (Fraction(1), Fraction(0), Fraction(2), Fraction(3))
WEIGHTS = tuple([Fraction(w) for w in ("0", "1", "-1", "2", "-2", "1/2", "-1/2")])
Lower = Callable[[Algebra, Expr], Piecewise]
"""Builds the function by cases in an algebra, with the parameter standing for a constant of it."""


@dataclass
class Cell:
    """An open interval of the parameter (``low < high``, ``None`` is infinite) or a point (``low is high``), with what holds on it."""

    low: Expr | None
    high: Expr | None
    facts: dict
    scaling: dict | None = None

    @property
    def is_point(self) -> bool:
        """Whether the cell is one value."""
        return self.low is not None and self.low is self.high


# --------------------------------------------------------------------- partition


def partition(lower: Lower, low: Expr | None, high: Expr | None, line: Algebra, name: str, scaled: Callable,
              box: Interval = LINE) -> list[Cell]:
    """Return cells that cover the open interval ``(low, high)`` of the parameter, in order.

    ``scaled(low, high)`` returns the facts of an interval by scaling, or ``None``.  Cells whose facts could not be
    established have none (``{}``): nothing is claimed there.
    """
    pending, done = [(low, high)], []
    if _inside(line.zero, low, high):
        pending = [(low, line.zero), (line.zero, high)]
        done.append(Cell(line.zero, line.zero, {}))
    while pending:
        a, b = pending.pop()
        found = scaled(a, b)
        if found is not None:
            done.append(Cell(a, b, *found))
            continue
        try:
            done.append(Cell(a, b, facts_on(lower, a, b, line, name, box) if len(done) + len(pending) < MOST_CELLS else {}))
        except Split as split:
            points = split.points
            if len(done) + len(pending) + len(points) > MOST_CELLS:
                done.append(Cell(a, b, {}))
                continue
            done += [Cell(p, p, {}) for p in points]
            ends = [a, *points, b]
            pending += list(zip(ends, ends[1:], strict=False))
    return _sorted(done)


def _inside(p: Expr, low: Expr | None, high: Expr | None) -> bool:
    return (low is None or constants.compare(low, p) == -1) and (high is None or constants.compare(p, high) == -1)


def _sorted(cells: list[Cell]) -> list[Cell]:
    from functools import cmp_to_key

    def order(a: Cell, b: Cell) -> int:
        if a.low is b.low:  # a point and the interval that begins there
            return 0 if a is b else -1 if a.is_point else 1
        if a.low is None or b.low is None:
            return -1 if a.low is None else 1
        return constants.compare(a.low, b.low) or 0

    return sorted(cells, key=cmp_to_key(order))


def facts_on(lower: Lower, low: Expr | None, high: Expr | None, line: Algebra, name: str, box: Interval = LINE) -> dict:
    """Return the facts that hold for every value of the parameter in an open interval; what is not established is ``None``."""
    k = Algebra()
    k.oracle = Oracle(k, name, low, high, line)
    return _facts(lower, k, k.oracle.atom, box)


def facts_at(lower: Lower, point: Expr, box: Interval = LINE) -> dict:
    """Return the facts at one exact value of the parameter."""
    from tamecheck.geometry.univariate.parameters import transfer

    k = Algebra()
    return _facts(lower, k, transfer(point, k, {}), box)


def _facts(lower: Lower, k: Algebra, value: Expr, box: Interval) -> dict:
    try:
        return facts(Shape.of(lower(k, value)), box)
    except (Unresolved, TooLarge):
        return {}


# ------------------------------------------------------------------------- facts


def facts(shape: Shape, box: Interval = LINE) -> dict:
    """Return what can be read off an analysed function, as plain values; ``None`` where it is not established.

    ``box`` is the domain asked for; "total" and what rests on it are meant inside.
    """
    shape = Boxed(shape.function, shape.parts, shape.breaks, shape.hidden, box)
    if not shape.regions and not shape.hidden:
        return {"defined": False}
    questions = {
        "total": _total, "smoothness": _smoothness, "monotone": monotone, "convex": lambda s: s.convex(), "globally_lipschitz": _lipschitz,
        "bounded": _bounded, "sublinear": _sublinear, "homogeneity": _degree, "affine": _affine,
    }  # fmt: skip
    found: dict = {"defined": True if shape.regions else None}
    for key, question in questions.items():
        try:
            found[key] = None if shape.hidden else question(shape)
        except (Unresolved, TooLarge, Undefined):
            found[key] = None
    return found


@dataclass
class Boxed(Shape):
    """A shape and the domain that was asked for."""

    box: Interval = LINE


def _total(shape: Shape) -> bool:
    """Tell whether the function has a value everywhere in the box."""
    low, high, low_closed, high_closed = shape.box if isinstance(shape, Boxed) else LINE
    parts, marks = list(shape.parts), list(shape.breaks)
    for end, closed, place in ((low, low_closed, 0), (high, high_closed, -1)):
        if end is not None and marks and parts[place] is None and marks[place].point.rational == end:
            if closed and not isinstance(marks[place].value, Expr):
                return False
            del parts[place], marks[place]
    return all(r is not None for r in parts) and all(isinstance(b.value, Expr) for b in marks)


def _smoothness(shape: Shape) -> str | None:
    if not _total(shape):
        return None
    orders = [b.order for b in shape.breaks if isinstance(b.value, Expr)]
    if any(o is not None and o < 0 for o in orders):
        return "discontinuous"
    if None in orders:
        return None
    order = min([ANALYTIC, *orders])  # type: ignore[type-var]
    return "analytic" if order >= ANALYTIC else "Cinf" if order >= INFINITE else f"C{order}"


def monotone(shape: Shape) -> str | None:
    """Return how a function is monotone on its whole domain: strictly, weakly, or "no"; gaps in the domain make it ``None``."""
    kinds = {s.kind for s in shape.monotonicity()}
    if "increasing" in kinds and "decreasing" in kinds:
        return "no"
    if "unknown" in kinds or not _total(shape):
        return None
    jumps: set[int] = set()
    for b in shape.breaks:
        if b.order is None and b.kind == "unknown":
            return None
        if b.order is not None and b.order < 0:
            for before, after in ((b.limits[0], b.value), (b.value, b.limits[1])):
                s = compare_limits(after, before)  # type: ignore[arg-type]
                if s is None:
                    return None
                jumps.add(s)
    jumps.discard(0)
    up, down = "increasing" in kinds or 1 in jumps, "decreasing" in kinds or -1 in jumps
    if up and down:
        return "no"
    flat = "constant" in kinds
    if not up and not down:
        return "constant"
    return ("nondecreasing" if flat else "increasing") if up else "nonincreasing" if flat else "decreasing"


def _lipschitz(shape: Shape) -> bool | None:
    best = sizes.lipschitz(shape)
    if isinstance(best.value, Expr):
        return True
    if isinstance(best.value, int):
        return False
    ends = [limit_of(r.derivative(1), end) for r in shape.regions for end in r.ends()]
    if any(isinstance(v, int) for v in ends):
        return False
    continuous = _total(shape) and all(b.order is not None and b.order >= 0 for b in shape.breaks)
    return True if continuous and all(isinstance(v, Expr) for v in ends) else None


def _bounded(shape: Shape) -> bool | None:
    """A function with finite limits at all ends of its pieces is bounded; one infinite limit makes it unbounded."""
    ends = [r.limit(0, end) for r in shape.regions for end in r.ends()]
    if any(isinstance(v, int) for v in ends):
        return False
    if all(isinstance(v, Expr) for v in ends):
        return True
    low, high = sizes.range_of(shape)
    return True if isinstance(low.value, Expr) and isinstance(high.value, Expr) else None


def _sublinear(shape: Shape) -> bool | None:
    """``|f(x)| <= C (1 + |x|)``: finite limits of f at finite ends and of f(x)/x at infinite ones."""
    answer: bool | None = True
    for r in shape.regions:
        k = r.function.algebra
        for end in r.ends():
            limit = limit_of(r.function if end[0] is not None else k.div(r.function, k.x), end)
            if isinstance(limit, int):
                return False
            if limit is None:
                answer = None
    if answer:
        return answer
    try:
        return behaviour.sublinear(shape)[0]
    except Split:  # asked by an expansion
        return None


def _degree(shape: Shape) -> str | None:
    """Return the degree of a positively homogeneous function, "none" when it is not, ``None`` when not established."""
    if _total(shape) and all(identically_zero(r.function) for r in shape.regions):
        return "every" if all(constants.sign(b.value) == 0 for b in shape.breaks if isinstance(b.value, Expr)) else None
    try:
        p = sizes.degree(shape)
    except Split as asked:  # by an expansion, for one parameter
        if not asked.points:
            raise
        p = None
    if p is None:
        p = next((q for q in DEGREES if _homogeneous(shape, q)), None)
    if p is not None:
        return str(p)
    if any(constants.sign(b.point) for b in shape.breaks if b.order is not None and b.order < ANALYTIC):
        return "none"  # a kink or jump away from 0 would be repeated along the ray
    return None


def _homogeneous(shape: Shape, p: Fraction) -> bool:
    """Tell whether Euler's identity ``x f' = p f`` is seen to hold on every piece of a function that breaks at 0 only."""
    if not _total(shape) or any(constants.sign(b.point) != 0 for b in shape.breaks):
        return False
    for r in shape.regions:
        k = r.function.algebra
        if not identically_zero(k.sub(k.mul(k.x, r.derivative(1)), k.scale(p, r.function))):
            return False
    return all(not p or constants.sign(b.value) == 0 for b in shape.breaks if isinstance(b.value, Expr))


def _affine(shape: Shape) -> bool | None:
    if len(shape.regions) == 1:
        found = shape.regions[0].zeros(2)
        return found.identical or (None if found.open else False)
    return False if any(b.order is not None and b.order < INFINITE for b in shape.breaks if isinstance(b.value, Expr)) else None


# ----------------------------------------------------------------------- scaling


def scaling(lower: Lower, low: Expr | None, high: Expr | None, line: Algebra, name: str,
            value: Callable) -> tuple[Fraction, Fraction, Fraction] | None:
    """Return ``(a0, w, c)`` with ``t^c f(t^-w x; a) = f(x; a0)`` for all x and all a in the interval, where ``t = a/a0`` is positive.

    ``value(x, a)`` is a floating-point value; it only suggests the exponents, which are then proved.
    """
    if _inside(line.zero, low, high):
        return None
    sample = between(low, high)
    if not sample:
        return None
    for w in WEIGHTS:
        c = _suggested(value, sample, w)
        if c is None:
            continue
        try:
            if _is_scaled(lower, low, high, line, name, sample, w, c):
                return sample, w, c
        except (Unresolved, TooLarge, Undefined, Split):
            continue
    return None


def _suggested(value: Callable, sample: Fraction, w: Fraction) -> Fraction | None:
    """Return the exponent c that fits two places, in halves."""
    ratio = 1.375
    seen: set[Fraction] = set()
    for x in (0.71, -1.3, 2.9):
        here, there = value(x, float(sample)), value(x * ratio ** -float(w), float(sample) * ratio)
        if not (math.isfinite(here) and math.isfinite(there)) or here == there == 0:
            continue
        if here * there <= 0:
            return None
        c = math.log(here / there) / math.log(ratio)
        near = Fraction(round(2 * c), 2)
        if abs(c - near) > 1e-6:
            return None
        seen.add(near)
    return seen.pop() if len(seen) == 1 else None


def _is_scaled(lower: Lower, low: Expr | None, high: Expr | None, line: Algebra, name: str, sample: Fraction, w: Fraction, c: Fraction) -> bool:
    """Prove the identity on every piece, breakpoint and value."""
    k = Algebra()
    k.oracle = Oracle(k, name, low, high, line)
    t = k.scale(1 / sample, k.oracle.atom)
    if constants.sign(t) != 1:
        return False
    f, g = lower(k, k.oracle.atom), lower(k, k.number(sample))
    if len(f.points) != len(g.points):
        return False
    inner, outer = k.power(t, -w), k.power(t, c)
    for p, q in zip(f.points, g.points, strict=True):
        if not identically_zero(k.sub(p, k.mul(inner, q))):
            return False

    def same(e: object, h: object, place: Expr | None) -> bool:
        if not isinstance(e, Expr) or not isinstance(h, Expr):
            return e is h
        moved = e if place is not None else k.rebuild([e], {k.x: k.mul(inner, k.x)})[0]
        return identically_zero(k.sub(k.mul(outer, moved), h))

    pieces = all(same(e, h, None) for e, h in zip(f.between, g.between, strict=True))
    return pieces and all(same(e, h, p) for e, h, p in zip(f.at, g.at, f.points, strict=True))
