"""Closed intervals with rational ends (``None`` is infinite): values of programs at points, on boxes and everywhere."""

from collections.abc import Callable
from fractions import Fraction

from flint import arb, ctx

Enclosure = tuple[Fraction | None, Fraction | None]
EVERYTHING: Enclosure = (None, None)
PRECISION = 128
MONOTONE = {"exp", "atan", "erf", "sinh", "tanh", "expm1"}


def point(q: Fraction | int) -> Enclosure:
    """Return the interval of one number."""
    return Fraction(q), Fraction(q)


def exact(a: Enclosure) -> Fraction | None:
    """Return the number if the interval is one."""
    return a[0] if a[0] is not None and a[0] == a[1] else None


def bounded(a: Enclosure) -> bool:
    """Return whether both ends are finite."""
    return a[0] is not None and a[1] is not None


def sign(a: Enclosure) -> int | None:
    """Return the sign of all numbers of the interval, ``None`` if it is not the same."""
    if exact(a) == 0:
        return 0
    if a[0] is not None and a[0] > 0:
        return 1
    return -1 if a[1] is not None and a[1] < 0 else None


def add(a: Enclosure, b: Enclosure) -> Enclosure:
    """Return a + b."""
    return None if None in (a[0], b[0]) else a[0] + b[0], None if None in (a[1], b[1]) else a[1] + b[1]


def neg(a: Enclosure) -> Enclosure:
    """Return -a."""
    return None if a[1] is None else -a[1], None if a[0] is None else -a[0]


def mul(a: Enclosure, b: Enclosure) -> Enclosure:
    """Return a*b; unbounded factors are only followed where the other one is a number."""
    if exact(a) == 0 or exact(b) == 0:
        return point(0)
    if bounded(a) and bounded(b):
        ends = [x * y for x in a for y in b]
        return min(ends), max(ends)
    for c, other in ((exact(a), b), (exact(b), a)):
        if c is not None:
            ends = (None if other[0] is None else c * other[0], None if other[1] is None else c * other[1])
            return ends if c > 0 else (ends[1], ends[0])
    return EVERYTHING


def inverse(a: Enclosure) -> Enclosure | None:
    """Return 1/a, ``None`` if 0 is not excluded."""
    if sign(a) not in (1, -1):
        return None
    low = Fraction(0) if a[1] is None else 1 / a[1]
    high = Fraction(0) if a[0] is None else 1 / a[0]
    return low, high


def power(a: Enclosure, n: int) -> Enclosure:
    """Return a**n for n >= 0, tight."""
    if n == 0:
        return point(1)
    if not bounded(a):
        return (Fraction(0), None) if n % 2 == 0 else EVERYTHING
    ends = sorted([a[0] ** n, a[1] ** n])
    if n % 2 == 0 and a[0] < 0 < a[1]:
        ends[0] = Fraction(0)
    return ends[0], ends[1]


def extremum(a: Enclosure, b: Enclosure, largest: bool) -> Enclosure:
    """Return max(a, b) or min(a, b)."""
    if not largest:
        return neg(extremum(neg(a), neg(b), True))
    low = b[0] if a[0] is None else a[0] if b[0] is None else max(a[0], b[0])
    return low, None if None in (a[1], b[1]) else max(a[1], b[1])


def hull(a: Enclosure, b: Enclosure) -> Enclosure:
    """Return the smallest interval around both."""
    return None if None in (a[0], b[0]) else min(a[0], b[0]), None if None in (a[1], b[1]) else max(a[1], b[1])


def rational(x: arb) -> Fraction:
    """Return a dyadic ball of radius zero as a number."""
    man, exp = x.man_exp()
    return Fraction(int(man)) * (Fraction(2) ** int(exp))


def apply(name: str, a: Enclosure) -> Enclosure | None:
    """Return an enclosure of a smooth function on an interval, ``None`` where it is not defined or not followed."""
    if exact(a) == 0 and name in ("sin", "tan", "atan", "asin", "erf", "sinh", "tanh"):
        return point(0)
    if exact(a) == 0 and name in ("exp", "cos", "cosh"):
        return point(1)
    if exact(a) == 1 and name == "log":
        return point(0)
    if not bounded(a):
        return {"exp": (Fraction(0), None), "sin": (Fraction(-1), Fraction(1)), "cos": (Fraction(-1), Fraction(1)),
                "tanh": (Fraction(-1), Fraction(1)), "erf": (Fraction(-1), Fraction(1))}.get(name)  # fmt: skip
    if max(abs(a[0]), abs(a[1])) > 1000:
        return None
    if name in ("log", "sqrt") and (a[0] < 0 or (name == "log" and a[0] == 0)):
        return None
    return _balls(lambda x: getattr(x, name)(), a) if hasattr(arb, name) else None


def _balls(function: Callable[[arb], arb], a: Enclosure) -> Enclosure | None:
    old, ctx.prec = ctx.prec, PRECISION
    try:
        ends = [arb(x.numerator) / arb(x.denominator) for x in a]
        value = function(ends[0].union(ends[1]))
        if not value.is_finite():
            return None
        return rational(value.lower()), rational(value.upper())
    finally:
        ctx.prec = old
