"""Images of intervals under the scalar primitives: rigorous, with open and closed ends.

An end is ``(value, closed)``; ``None`` is infinite.  Results with long numerators are
rounded outwards to 64 bits, so that ranges along a deep network stay short.
"""

from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from tamecheck.ground.intervals import LINE, Interval, bounded, magnitude, meet
from tamecheck.ground.numbers import enclose, enclose_interval, outward, power

MAXIMAL_POWER = 10**6
ONE = Fraction(1)
ZERO = Fraction(0)
HALF = Fraction(1, 2)
UNIT: Interval = (ZERO, ONE, True, True)
SIGNED_UNIT: Interval = (-ONE, ONE, True, True)
POSITIVE: Interval = (ZERO, None, False, False)
NONNEGATIVE: Interval = (ZERO, None, True, False)


def _short(low: Fraction | None, high: Fraction | None, low_closed: bool, high_closed: bool) -> Interval:
    if low is not None:
        value = outward(low, -1)
        low_closed, low = value is not None and (low_closed or value != low), value
    if high is not None:
        value = outward(high, 1)
        high_closed, high = value is not None and (high_closed or value != high), value
    return (low, high, low_closed and low is not None, high_closed and high is not None)


@lru_cache(maxsize=65_536)
def add(a: Interval, b: Interval) -> Interval:
    """Return the interval of sums."""
    low = None if a[0] is None or b[0] is None else a[0] + b[0]
    high = None if a[1] is None or b[1] is None else a[1] + b[1]
    return _short(low, high, a[2] and b[2], a[3] and b[3])


def negate(a: Interval) -> Interval:
    """Return the mirrored interval."""
    return (None if a[1] is None else -a[1], None if a[0] is None else -a[0], a[3], a[2])


def _ends(a: Interval) -> tuple:
    """Return both ends as (value, sign of infinity, closed)."""
    return ((a[0], -1 if a[0] is None else 0, a[2]), (a[1], 1 if a[1] is None else 0, a[3]))


@lru_cache(maxsize=65_536)
def multiply(a: Interval, b: Interval) -> Interval:
    """Return the interval of products; zero times infinity counts as zero."""
    finite: list[tuple[Fraction, bool]] = []
    infinities = set()
    for x, x_sign, x_closed in _ends(a):
        for y, y_sign, y_closed in _ends(b):
            if x_sign == 0 and y_sign == 0:
                value = x * y
                closed = (x_closed and y_closed) or (x == 0 and x_closed) or (y == 0 and y_closed)
                finite.append((value, closed))
            elif (x_sign == 0 and x == 0) or (y_sign == 0 and y == 0):
                finite.append((ZERO, x_closed if x_sign == 0 else y_closed))
            else:
                infinities.add((x_sign or (1 if x > 0 else -1)) * (y_sign or (1 if y > 0 else -1)))
    lows, highs = [v for v, _ in finite], [v for v, _ in finite]
    low = None if -1 in infinities or not lows else min(lows)
    high = None if 1 in infinities or not highs else max(highs)
    return _short(low, high, (low, True) in finite, (high, True) in finite)


def absolute(a: Interval) -> Interval:
    """Return the image of |x|."""
    if a[0] is not None and a[0] >= 0:
        return a
    mirrored = negate(a)
    if a[1] is not None and a[1] <= 0:
        return mirrored
    top = maximum(a, mirrored)
    return (ZERO, top[1], True, top[3])


def square(a: Interval) -> Interval:
    """Return the interval of squares of one and the same number."""
    return integer_power(a, 2)


def scale(a: Interval, k: int) -> Interval:
    """Return k times an interval, k >= 0."""
    return (ZERO, ZERO, True, True) if k == 0 else multiply(a, (Fraction(k), Fraction(k), True, True))


def product_power(a: Interval, k: int) -> Interval:
    """Return the interval of products of k independent factors from ``a``."""
    if k > MAXIMAL_POWER:
        return LINE
    result: Interval = (ONE, ONE, True, True)
    base, left = a, k
    while left:
        if left & 1:
            result = multiply(result, base)
        left >>= 1
        if left:
            base = multiply(base, base)
    return result


@lru_cache(maxsize=65_536)
def integer_power(a: Interval, n: int) -> Interval:
    """Return the image of ``x**n`` for an integer ``n >= 0``."""
    if n == 0:
        return (ONE, ONE, True, True)
    if n > MAXIMAL_POWER or any(e is not None and n * e.numerator.bit_length() > 200_000 for e in a[:2]):
        return NONNEGATIVE if n % 2 == 0 else LINE
    low = None if a[0] is None else a[0] ** n
    high = None if a[1] is None else a[1] ** n
    if n % 2 or (a[0] is not None and a[0] >= 0):
        return _short(low, high, a[2], a[3])
    if a[1] is not None and a[1] <= 0:
        return _short(high, low, a[3], a[2])
    tops = [(low, a[2]), (high, a[3])]
    top = None if None in (low, high) else max(low, high)
    return _short(ZERO, top, True, top is not None and (top, True) in tops)


@lru_cache(maxsize=65_536)
def reciprocal(b: Interval) -> Interval | None:
    """Return the image of 1/y on the nonzero part of ``b``; ``None`` when ``b`` is ``[0,0]``."""
    low, high, low_closed, high_closed = b
    if (low is None or low < 0) and (high is None or high > 0):
        return LINE
    if low == 0 and high == 0:
        return None
    if low is not None and low >= 0:
        bottom = ZERO if high is None else 1 / high
        top = None if low == 0 else 1 / low
        return _short(bottom, top, high_closed, low_closed and low != 0)
    return negate(reciprocal(negate(b)))


def maximum(a: Interval, b: Interval) -> Interval:
    """Return the interval of maxima."""
    low, low_closed = (a[0], a[2])
    if low is None or (b[0] is not None and (b[0] > low or (b[0] == low and not b[2]))):
        low, low_closed = b[0], b[2]
    if a[1] is None or b[1] is None:
        return (low, None, low_closed, False)
    high = max(a[1], b[1])
    return (low, high, low_closed, (high, True) in ((a[1], a[3]), (b[1], b[3])))


def minimum(a: Interval, b: Interval) -> Interval:
    """Return the interval of minima."""
    return negate(maximum(negate(a), negate(b)))


def positive(a: Interval) -> bool:
    """Tell whether the interval lies in (0, inf)."""
    return a[0] is not None and (a[0] > 0 or (a[0] == 0 and not a[2]))


def excludes_zero(a: Interval) -> bool:
    """Tell whether 0 is outside the interval."""
    return positive(a) or positive(negate(a))


def inside(a: Interval, low: Fraction, high: Fraction | None) -> bool:
    """Tell whether the closure of ``a`` is a compact part of the open interval (low, high)."""
    return bounded(a) and a[0] > low and (high is None or a[1] < high)


LIMITS = {  # function: (limit at the lower end of its domain, limit at the upper end), open when exact
    "exp": (ZERO, None),
    "log": (None, None),
    "sqrt": (None, None),
    "erf": (-ONE, ONE),
    "erfinv": (None, None),
    "lambertw": (None, None),
    "digamma": (None, None),
    "besseli1": (None, None),
}
DECREASING = {"acos": (None, None), "besselk0": (None, ZERO), "besselk1": (None, ZERO), "zeta": (None, ONE)}


@lru_cache(maxsize=65_536)
def monotone(function: str, a: Interval) -> Interval:
    """Return the image under a strictly monotone primitive, ``a`` inside its domain."""
    if function == "atan":
        half = enclose("pi", ZERO)[1] / 2
        bottom = (None, None, False) if a[0] is None else enclose("atan", a[0])
        top = (None, None, False) if a[1] is None else enclose("atan", a[1])
        low = -half if bottom[0] is None else bottom[0]
        high = half if top[1] is None else top[1]
        return (low, high, a[2] if bottom[2] else True, a[3] if top[2] else True)
    if function in DECREASING:
        at_low, at_high = DECREASING[function]
        top = _end_value(function, a[0], a[2], at_low, 1)
        bottom = _end_value(function, a[1], a[3], at_high, -1)
    else:
        at_low, at_high = LIMITS.get(function, (None, None))
        bottom = _end_value(function, a[0], a[2], at_low, -1)
        top = _end_value(function, a[1], a[3], at_high, 1)
    return (bottom[0], top[0], bottom[1], top[1])


def _end_value(function: str, x: Fraction | None, closed: bool, limit: Fraction | None, side: int) -> tuple[Fraction | None, bool]:
    if x is None:
        return limit, False
    low, high, exact = enclose(function, x)
    value = low if side < 0 else high
    if value is None:
        return limit if side < 0 and function == "exp" else None, False
    return value, closed if exact else True


@lru_cache(maxsize=65_536)
def stepwise(function: str, a: Interval) -> Interval:
    """Return the image hull under floor, ceil, round (half to even) or sign; an open end counts with its limit."""
    if function == "sign":
        low = -ONE if a[0] is None or a[0] < 0 else Fraction(1 if positive(a) else 0)
        high = ONE if a[1] is None or a[1] > 0 else Fraction(-1 if positive(negate(a)) else 0)
        return (low, high, True, True)
    low = None if a[0] is None else Fraction(_step(function, a[0], 0 if a[2] else 1))
    high = None if a[1] is None else Fraction(_step(function, a[1], 0 if a[3] else -1))
    return (low, high, low is not None, high is not None)


def _step(function: str, x: Fraction, side: int) -> int:
    """Return the rounding of x, or its limit from the right (side 1) or from the left (side -1)."""
    if function == "round":
        if side == 0 or (x + HALF).denominator != 1:
            return round(x)
        return floor(x + HALF) if side > 0 else floor(x - HALF)
    if function == "floor":
        return floor(x) - (side < 0 and x.denominator == 1)
    return ceil(x) + (side > 0 and x.denominator == 1)


@lru_cache(maxsize=65_536)
def ball_image(function: str, a: Interval, known: Interval) -> Interval:
    """Return ``known`` met with one ball evaluation over ``a`` when that is bounded and closed in the domain."""
    if not bounded(a):
        return known
    low, high = enclose_interval(function, a[0], a[1])
    if low is not None and high is not None and function.startswith("bessel"):
        # Over a wide ball these enclosures depend on the precision: keep clear of what another precision gives.
        slack = (high - low) / 1024
        low, high = outward(low - slack, -1), outward(high + slack, 1)
    found = meet(known, (low, high, low is not None, high is not None))
    return known if found is None else found


@lru_cache(maxsize=65_536)
def rational_power(a: Interval, q: Fraction) -> Interval:
    """Return the image of ``x**q`` for a non-integer q on ``a`` inside [0, inf) (or (0, inf) for q < 0)."""
    at_low, at_high = (ZERO, None) if q > 0 else (None, ZERO)
    if q > 0:
        low = (ZERO, a[2]) if a[0] == 0 else _power_end(a[0], a[2], q, -1)
        high = (at_high, False) if a[1] is None else _power_end(a[1], a[3], q, 1)
    else:
        high = (None, False) if a[0] == 0 else _power_end(a[0], a[2], q, 1)
        low = (ZERO, False) if a[1] is None else _power_end(a[1], a[3], q, -1)
    return (low[0], high[0], low[1], high[1])


def _power_end(x: Fraction, closed: bool, q: Fraction, side: int) -> tuple[Fraction | None, bool]:
    low, high, exact = power(x, q)
    value = low if side < 0 else high
    return (value, (closed if exact else True) and value is not None)


def sup(a: Interval) -> Fraction | None:
    """Return sup |x| or ``None``."""
    return magnitude(a)
