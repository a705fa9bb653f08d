"""Certified numbers for people and for JSON: exact rationals as text, anything else as an enclosure of two doubles."""

from __future__ import annotations

import math
from fractions import Fraction

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.points import enclosure
from tamecheck.geometry.univariate.printing import text

LONGEST_CLOSED_FORM = 60
LONGEST_RATIONAL = 24


def down(q: Fraction) -> float:
    """Return a double that is not larger."""
    return _rounded(q, -1)


def up(q: Fraction) -> float:
    """Return a double that is not smaller."""
    return _rounded(q, 1)


def _rounded(q: Fraction, side: int) -> float:
    try:
        nearest = q.numerator / q.denominator
    except OverflowError:
        huge = math.inf if q > 0 else -math.inf
        return huge if (q > 0) == (side > 0) else math.copysign(1.7976931348623157e308, huge)
    exact = Fraction(nearest)
    if exact == q or (exact > q) == (side > 0):
        return nearest
    return math.nextafter(nearest, side * math.inf)


def doubles(e: Expr) -> list[float]:
    """Return an enclosure of a constant by two doubles."""
    low, high = enclosure(e, balls.BASE)
    return [down(low), up(high)]


def number(e: object) -> str | list[float] | None:
    """Return a limit, point or value: ``"1/2"``, ``"inf"``, ``"-inf"``, an enclosure ``[low, high]``, or ``None``."""
    if e is None or isinstance(e, int):
        return None if e is None else "inf" if e > 0 else "-inf"
    if e.rational is not None and len(str(e.rational)) <= LONGEST_RATIONAL:  # type: ignore[attr-defined]
        return str(e.rational)  # type: ignore[attr-defined]
    shown = doubles(e)  # type: ignore[arg-type]
    return "0" if shown[0] <= 0 <= shown[1] and constants.sign(e) == 0 else shown  # type: ignore[arg-type]


def closed_form(e: object) -> str | None:
    """Return a formula for a constant that is known exactly and is not rational, such as ``sqrt(2)`` or ``log(2)``."""
    if not isinstance(e, Expr) or e.rational is not None or any(p.kind == "root" for p in e.ancestors()):
        return None
    shown = text(e)
    return shown if len(shown) <= LONGEST_CLOSED_FORM else None


def endpoint(e: Expr | None, side: int) -> str | list[float] | None:
    """Return an end of an interval; ``None`` is minus infinity on the left (side -1) and plus infinity on the right."""
    return number(e) if e is not None else "inf" if side > 0 else "-inf"


def interval(low: Expr | None, high: Expr | None) -> list:
    """Return an interval as a pair of ends."""
    return [endpoint(low, -1), endpoint(high, 1)]


def decimal(shown: object, digits: int = 12) -> str:
    """Return a number for a screen: exact text as it is, an enclosure as the decimals on which its ends agree."""
    if shown is None:
        return "?"
    if isinstance(shown, str):
        return shown
    low, high = shown  # type: ignore[misc]
    for n in range(digits, 0, -1):
        a, b = f"{low:.{n}g}", f"{high:.{n}g}"
        if a == b:
            return a
    return f"[{low:.6g}, {high:.6g}]"
