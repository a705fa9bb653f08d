"""Rigorous values of scalar functions at rationals: the one door to python-flint on the proof path.

Every function returns rational bounds that hold; nothing is a sample.  Hostile sizes are
bounded before FLINT sees them: arguments beyond 2^4096 in either direction, or with more
than 4096 bits, are replaced by wider ones.
"""

from fractions import Fraction
from functools import lru_cache

PRECISION = 96
WIDE_PRECISION = 192  # enclosures over wide balls depend on the precision: this is the checker's
KEPT_BITS = 48
HUGE_BITS = 4096


@lru_cache(maxsize=65_536)
def enclose(function: str, x: Fraction) -> tuple[Fraction | None, Fraction | None, bool]:
    """Return ``(low, high, exact)`` with ``low <= function(x) <= high``.

    ``exact`` says that the two are equal.  ``None`` means no finite bound on that side.
    ``function`` is the name of an `arb` method, or ``besselj0`` and its like, or ``pi``.
    """
    import flint

    if x.numerator.bit_length() > HUGE_BITS or x.denominator.bit_length() > HUGE_BITS:
        return (None, None, False)
    before = flint.ctx.prec
    flint.ctx.prec = PRECISION
    try:
        ball = _value(flint, function, flint.arb(flint.fmpq(x.numerator, x.denominator)))
        return _bounds(ball)
    finally:
        flint.ctx.prec = before


def enclose_interval(function: str, low: Fraction, high: Fraction) -> tuple[Fraction | None, Fraction | None]:
    """Return bounds of a function over the whole interval ``[low, high]`` by one ball evaluation."""
    import flint

    if max(abs(low.numerator), abs(high.numerator), low.denominator, high.denominator).bit_length() > HUGE_BITS:
        return (None, None)
    before = flint.ctx.prec
    flint.ctx.prec = WIDE_PRECISION
    try:
        ends = [flint.arb(flint.fmpq(e.numerator, e.denominator)) for e in (low, high)]
        return _bounds(_value(flint, function, ends[0].union(ends[1])))[:2]
    finally:
        flint.ctx.prec = before


def power(x: Fraction, q: Fraction) -> tuple[Fraction | None, Fraction | None, bool]:
    """Return bounds of ``x**q`` for ``x > 0`` and rational ``q``."""
    import flint

    if x in (0, 1):
        return (x, x, True)
    if max(x.numerator.bit_length(), x.denominator.bit_length(), abs(q.numerator).bit_length(), q.denominator.bit_length()) > HUGE_BITS:
        return (Fraction(0), None, False)
    before = flint.ctx.prec
    flint.ctx.prec = PRECISION
    try:
        base = flint.arb(flint.fmpq(x.numerator, x.denominator))
        return _bounds(base ** flint.arb(flint.fmpq(q.numerator, q.denominator)))
    finally:
        flint.ctx.prec = before


def _value(flint, function: str, x):
    if function == "pi":
        return flint.arb.pi()
    if function.startswith("bessel"):
        order = flint.arb(int(function[-1]))
        kind = function[6]
        return {"j": x.bessel_j, "y": x.bessel_y, "i": x.bessel_i, "k": x.bessel_k}[kind](order)
    return getattr(x, function)()


def _bounds(ball) -> tuple[Fraction | None, Fraction | None, bool]:
    if not ball.is_finite():
        return (None, None, False)
    low, high = _end(ball.lower(), -1), _end(ball.upper(), 1)
    if ball.is_exact() and low is not None and high is not None:
        value = _exact(ball)
        if value is not None:
            return (value, value, True)
    return (low, high, False)


def _exact(ball) -> Fraction | None:
    mantissa, exponent = (int(part) for part in ball.man_exp())
    if abs(exponent) > HUGE_BITS or mantissa.bit_length() > KEPT_BITS:
        return None
    return Fraction(mantissa) * (Fraction(2) ** exponent)


def _end(ball, side: int) -> Fraction | None:
    """Round an exact end outwards to a short dyadic, with one unit to spare."""
    mantissa, exponent = (int(part) for part in ball.man_exp())
    if mantissa == 0:
        return Fraction(side, 2**64)
    excess = max(mantissa.bit_length() - KEPT_BITS, 0)
    mantissa = (mantissa >> excess) + (-1 if side < 0 else 2)
    exponent += excess
    size = abs(mantissa).bit_length() + exponent  # 2^(size-1) <= |value| < 2^size
    if size > HUGE_BITS:
        towards_zero = (mantissa > 0) == (side < 0)
        return Fraction(-side) * 2 ** (HUGE_BITS - 1) if towards_zero else None
    if size < -HUGE_BITS:
        return Fraction(side, 2**HUGE_BITS) if (mantissa > 0) == (side > 0) else Fraction(0)
    return Fraction(mantissa) * (Fraction(2) ** exponent)


TINY = Fraction(1, 2**512)


def outward(value: Fraction, side: int) -> Fraction | None:
    """Return a short rational on the given side (-1 below, 1 above) of ``value``; ``None`` beyond 2^4096.

    Short: at most 64 bits, or rounded outwards to 56; values below 2^-512 in size become 0 or 2^-512.
    """
    top, bottom = value.numerator, value.denominator
    high, low = top.bit_length(), bottom.bit_length()
    if high <= 64 and low <= 64:
        return value
    if high - low < -512:
        return Fraction(0) if (top > 0) == (side < 0) else TINY * side
    if high - low > HUGE_BITS:
        return None if (top > 0) == (side > 0) else Fraction(-side) * 2**HUGE_BITS
    shift = 56 - (high - low)
    if shift >= 0:
        top <<= shift
    else:
        bottom <<= -shift
    rounded = top // bottom if side < 0 else -(-top // bottom)
    return Fraction(rounded, 1 << shift) if shift >= 0 else Fraction(rounded << -shift)


def square_root_above(n: int) -> Fraction:
    """Return a rational C with C*C >= n, exact for squares."""
    from math import isqrt

    root = isqrt(n)
    if root * root == n:
        return Fraction(root)
    scale = 2**20
    return Fraction(isqrt(n * scale * scale) + 1, scale)
