"""Quotients and powers: the two binary primitives with a domain of their own."""

from fractions import Fraction
from math import floor

from tamecheck.ground.intervals import LINE, Interval, bounded, magnitude
from tamecheck.ground.numbers import power
from tamecheck.kernel import images
from tamecheck.kernel.judgments import HIGHEST_ORDER, NOTHING, R_LIN, ROUGH, Record, settle
from tamecheck.kernel.primitives import AN_EXP, R_ALG, R_AN, R_EXP, R_POW


def distance_from_zero(a: Interval) -> Fraction | None:
    """Return m > 0 with |x| >= m on the interval, or ``None``."""
    if a[0] is not None and a[0] > 0:
        return a[0]
    return -a[1] if a[1] is not None and a[1] < 0 else None


def quotient(a: Record, b: Record) -> Record:
    """Return the record of a/b on the set where b is not 0."""
    own = R_ALG if b[0] else R_LIN
    homes, local = a[1] & b[1] & own, a[2] & b[2] & own
    inverse = images.reciprocal(b[3])
    spread = LINE if inverse is None else images.multiply(a[3], inverse)
    total = int(a[4] and b[4] and images.excludes_zero(b[3]))
    return settle((
        a[0] | b[0], homes, local, spread, total, 0, min(a[6], b[6]), a[7] & b[7], _quotient_lip(a, b),
    ))


def _quotient_lip(a: Record, b: Record) -> Fraction | None:
    m = distance_from_zero(b[3])
    if m is None or a[8] is None or b[8] is None:
        return None
    if b[8] == 0:
        return images.outward(a[8] / m, 1)
    top = magnitude(a[3])
    return None if top is None else images.outward(a[8] / m + top * b[8] / (m * m), 1)


def power_rule(a: Record, b: Record) -> Record:
    """Return the record of a**b: by a known rational exponent, or on a positive base."""
    low, high = b[3][0], b[3][1]
    if low is not None and low == high and b[4]:
        return _rational_power(a, low)
    return _general_power(a, b)


def _rational_power(a: Record, q: Fraction) -> Record:
    varies, homes, local, spread, total, bound, smooth, loclip, lip = a
    own = R_LIN if q in (0, 1) else R_ALG
    homes, local = homes & own, local & own
    if q.denominator == 1 and q >= 0:
        n = int(q)
        result = images.integer_power(spread, n)
        return settle((varies, homes, local, result, total, bound, smooth, loclip, _scaled(_slope(spread, n), lip)))
    if q.denominator == 1:
        base = images.reciprocal(images.integer_power(spread, int(-q)))
        total = int(total and images.excludes_zero(spread))
        m = distance_from_zero(spread)
        slope = None if m is None or -q > images.MAXIMAL_POWER else -q * power(m, q - 1)[1]
        return settle((varies, homes, local, LINE if base is None else base, total, 0, smooth, loclip, _scaled(slope, lip)))
    return _fractional_power(a, q, homes, local)


def _fractional_power(a: Record, q: Fraction, homes: int, local: int) -> Record:
    varies, _, _, spread, total, bound, smooth, loclip, lip = a
    strictly = images.positive(spread)
    inside = strictly or (q > 0 and spread[0] is not None and spread[0] >= 0)
    part = spread if inside else _positive_part(spread, q > 0)
    image = LINE if part is None else images.rational_power(part, q)
    if not strictly:
        smooth = min(smooth, floor(q), HIGHEST_ORDER) if q > 0 else smooth
        loclip = int(loclip and (q > 1 or q < 0))
    entire = int(bound and q > 0)
    slope = _fractional_slope(spread, q) if inside else None
    return settle((varies, homes, local, image, int(total and inside), entire, smooth, loclip, _scaled(slope, lip)))


def _positive_part(a: Interval, closed: bool) -> Interval | None:
    from tamecheck.ground.intervals import meet

    return meet(a, images.NONNEGATIVE if closed else images.POSITIVE)


def _fractional_slope(a: Interval, q: Fraction) -> Fraction | None:
    """Return sup |q| x^(q-1) over the closed hull of ``a`` inside [0, inf), or ``None``."""
    if a[1] is None and q > 1:
        return None
    if q > 1:
        top = power(a[1], q - 1)[1]
    else:
        top = power(a[0], q - 1)[1] if a[0] > 0 else None
    return None if top is None else abs(q) * top


def _slope(a: Interval, n: int) -> Fraction | None:
    if n == 0:
        return Fraction(0)
    if n == 1:
        return Fraction(1)
    top = magnitude(a)
    if top is None or n > images.MAXIMAL_POWER:
        return None
    largest = images.integer_power((Fraction(0), top, True, True), n - 1)[1]
    return None if largest is None else n * largest


def _scaled(slope: Fraction | None, lip: Fraction | None) -> Fraction | None:
    if lip == 0:
        return Fraction(0)
    return None if slope is None or lip is None else images.outward(slope * lip, 1)


def _general_power(a: Record, b: Record) -> Record:
    if not images.positive(a[3]):
        if b[0]:
            return settle((1, *NOTHING[1:]))
        # One fixed exponent, whatever it is: the natural domain is a half-line, the line or the line without 0.
        return settle((a[0], a[1] & R_POW, a[2] & R_POW, LINE, 0, 0, ROUGH, 0, None))
    compact_base = bounded(a[3]) and a[3][0] > 0
    compact_exponent = bounded(b[3])
    if not b[0]:
        own = R_POW | R_AN if compact_base else R_POW
    elif not a[0]:
        own = AN_EXP if compact_exponent else R_EXP
    else:
        own = AN_EXP if compact_base and compact_exponent else R_EXP
    total = a[4] & b[4]
    return settle((
        a[0] | b[0], a[1] & b[1] & own, a[2] & b[2] & own, images.POSITIVE, total, 0, min(a[6], b[6]), a[7] & b[7], None,
    ))
