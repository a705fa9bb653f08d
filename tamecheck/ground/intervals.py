"""Real intervals with exact rational or infinite ends, open or closed.

An interval is a tuple ``(low, high, low_closed, high_closed)``; ``low`` is ``None`` for
minus infinity, ``high`` is ``None`` for plus infinity, finite ends are `Fraction`.  The
canonical text is the usual notation: ``"[0,1)"``, ``"(-inf,inf)"``, ``"(1/2,inf)"``.
Intervals are never empty.
"""

import re
from fractions import Fraction
from functools import lru_cache

from tamecheck.errors import InputError

Interval = tuple[Fraction | None, Fraction | None, bool, bool]

LINE: Interval = (None, None, False, False)
MAXIMAL_DIGITS = 4_000
_TEXT = re.compile(r"([\[(])(-inf|-?[0-9]+(?:/[0-9]+)?),(inf|-?[0-9]+(?:/[0-9]+)?)([\])])", re.ASCII)


def interval(low: Fraction | int | None, high: Fraction | int | None, low_closed: bool = True, high_closed: bool = True) -> Interval:
    """Return the interval with the given ends; infinite ends are open whatever is asked."""
    bottom = None if low is None else Fraction(low)
    top = None if high is None else Fraction(high)
    closed = (bool(low_closed) and bottom is not None, bool(high_closed) and top is not None)
    if bottom is not None and top is not None and (bottom > top or (bottom == top and closed != (True, True))):
        raise InputError(f"the interval from {bottom} to {top} is empty", code="TC121", hint="give the lower end first")
    return (bottom, top, *closed)


def point(value: Fraction | int) -> Interval:
    """Return the one-point interval ``[value, value]``."""
    number = Fraction(value)
    return (number, number, True, True)


@lru_cache(maxsize=65_536)
def to_text(i: Interval) -> str:
    """Return the canonical text of an interval."""
    low, high, low_closed, high_closed = i
    left = "-inf" if low is None else str(low)
    right = "inf" if high is None else str(high)
    return f"{'[' if low_closed else '('}{left},{right}{']' if high_closed else ')'}"


@lru_cache(maxsize=65_536)
def from_text(text: str) -> Interval:
    """Return the interval written in canonical text.

    Raises
    ------
    InputError
        If the text is not an interval, is empty, or has more than 4 000 digits.
    """
    found = _TEXT.fullmatch(text) if len(text) <= 4 * MAXIMAL_DIGITS else None
    if not found or any(len(digits) > MAXIMAL_DIGITS for end in found.groups()[1:3] for digits in end.split("/")):
        raise InputError(f"not an interval: {text[:60]!r}", code="TC121", hint="write [0,1], (0,inf) or (-inf,inf)")
    left, low, high, right = found.groups()
    return interval(
        None if low == "-inf" else Fraction(low), None if high == "inf" else Fraction(high), left == "[", right == "]"
    )


def hull(a: Interval, b: Interval) -> Interval:
    """Return the smallest interval that holds both."""
    low, low_closed = _lower(a, b)
    high, high_closed = _upper(a, b)
    return (low, high, low_closed, high_closed)


def _lower(a: Interval, b: Interval) -> tuple[Fraction | None, bool]:
    if a[0] is None or b[0] is None:
        return None, False
    if a[0] == b[0]:
        return a[0], a[2] or b[2]
    return (a[0], a[2]) if a[0] < b[0] else (b[0], b[2])


def _upper(a: Interval, b: Interval) -> tuple[Fraction | None, bool]:
    if a[1] is None or b[1] is None:
        return None, False
    if a[1] == b[1]:
        return a[1], a[3] or b[3]
    return (a[1], a[3]) if a[1] > b[1] else (b[1], b[3])


def meet(a: Interval, b: Interval) -> Interval | None:
    """Return the intersection, or ``None`` when it is empty."""
    low, low_closed = (a[0], a[2]) if b[0] is None else (b[0], b[2])
    if a[0] is not None and b[0] is not None:
        low, low_closed = (a[0], a[2] and b[2]) if a[0] == b[0] else max((a[0], a[2]), (b[0], b[2]))
    high, high_closed = (a[1], a[3]) if b[1] is None else (b[1], b[3])
    if a[1] is not None and b[1] is not None:
        high, high_closed = (a[1], a[3] and b[3]) if a[1] == b[1] else min((a[1], a[3]), (b[1], b[3]))
    if low is not None and high is not None and (low > high or (low == high and not (low_closed and high_closed))):
        return None
    return (low, high, low_closed, high_closed)


def contains(outer: Interval, inner: Interval) -> bool:
    """Tell whether ``inner`` is a subset of ``outer``, exactly."""
    return hull(outer, inner) == outer


def bounded(i: Interval) -> bool:
    """Tell whether both ends are finite."""
    return i[0] is not None and i[1] is not None


def magnitude(i: Interval) -> Fraction | None:
    """Return ``sup |x|`` over the interval, or ``None`` when it is infinite."""
    return None if i[0] is None or i[1] is None else max(abs(i[0]), abs(i[1]))
