"""Intervals with ends that are whole multiples of 2^-shift: Python integers, rounded outwards, no floating point.

An interval is a pair of integers ``(low, high)``.  Sums are exact, products and quotients are rounded outwards, monotone functions are
evaluated at the two ends in ball arithmetic.  Wide intervals keep their signs, which balls would lose.
"""

from collections.abc import Callable
from fractions import Fraction

from flint import arb, ctx, fmpz

Interval = tuple[int, int]
MAXIMAL_BITS = 4_000
"""Ends of more bits are not put into a function; the box has to be cut first."""


class Unbounded(Exception):
    """An operation is not defined, or not bounded, on the whole box."""


class Fixed:
    """Interval arithmetic with a fixed number of binary places."""

    __slots__ = ("shift", "one", "bits", "constants")

    def __init__(self, shift: int = 64) -> None:
        self.shift = shift
        self.one = 1 << shift
        self.bits = shift + 40
        self.constants: dict[str, Interval] = {}

    def number(self, q: Fraction) -> Interval:
        """Return a rational."""
        scaled = q.numerator << self.shift
        low = scaled // q.denominator
        return (low, low if low * q.denominator == scaled else low + 1)

    def rational(self, end: int) -> Fraction:
        """Return an end as a rational."""
        return Fraction(end, self.one)

    def mul(self, a: Interval, b: Interval) -> Interval:
        """Return the product."""
        (p, q), (r, s) = a, b
        if p >= 0:
            if r >= 0:
                low, high = p * r, q * s
            elif s <= 0:
                low, high = q * r, p * s
            else:
                low, high = q * r, q * s
        elif q <= 0:
            if r >= 0:
                low, high = p * s, q * r
            elif s <= 0:
                low, high = q * s, p * r
            else:
                low, high = p * s, p * r
        elif r >= 0:
            low, high = p * s, q * s
        elif s <= 0:
            low, high = q * r, p * r
        else:
            low, high = min(p * s, q * r), max(p * r, q * s)
        return low >> self.shift, -(-high >> self.shift)

    def inverse(self, a: Interval) -> Interval:
        """Return 1/a."""
        p, q = a
        if p <= 0 <= q:
            raise Unbounded("division by an interval with zero")
        square = self.one * self.one
        return square // q, -(-square // p)

    def div(self, a: Interval, b: Interval) -> Interval:
        """Return a/b."""
        r, s = b
        if r <= 0 <= s:
            raise Unbounded("division by an interval with zero")
        if s < 0:
            a, r, s = (-a[1], -a[0]), -s, -r
        p, q = a[0] << self.shift, a[1] << self.shift
        return p // (s if p >= 0 else r), -(-q // (r if q >= 0 else s))

    def power(self, a: Interval, e: int) -> Interval:
        """Return a to a whole positive power."""
        p, q = a
        if e % 2 == 0 and p < 0:
            p, q = (0, max(-p, q)) if q > 0 else (-q, -p)
        k = self.shift * (e - 1)
        return p**e >> k, -(-(q**e) >> k)

    def monotone(self, function: Callable[[arb], arb], a: Interval, rising: bool = True) -> Interval:
        """Return the image under a monotone function, from its values at the two ends."""
        p, q = a if rising else (a[1], a[0])
        before = ctx.prec
        ctx.prec = self.bits
        try:
            if p == q:
                return self._end(function, p)
            low, high = self._end(function, p)[0], self._end(function, q)[1]
        finally:
            ctx.prec = before
        return low, high

    def _end(self, function: Callable[[arb], arb], end: int) -> Interval:
        if end.bit_length() > MAXIMAL_BITS + self.shift:
            raise Unbounded("an argument is too large")
        return self.ends(function(arb(fmpz(end)) / arb(fmpz(self.one))))

    def ends(self, y: arb) -> Interval:
        """Return a ball as an interval."""
        if not y.is_finite():
            raise Unbounded("a value is not finite")
        y = y * arb(fmpz(self.one))
        return _floor(y.lower()), -_floor(-y.upper())

    def constant(self, name: str, make: Callable[[], arb]) -> Interval:
        """Return a constant, computed once."""
        if name not in self.constants:
            before = ctx.prec
            ctx.prec = self.bits
            try:
                self.constants[name] = self.ends(make())
            finally:
                ctx.prec = before
        return self.constants[name]

    def ball(self, a: Interval) -> arb:
        """Return an interval as a ball."""
        before = ctx.prec
        ctx.prec = self.bits
        try:
            return (arb(fmpz(a[0])) / arb(fmpz(self.one))).union(arb(fmpz(a[1])) / arb(fmpz(self.one)))
        finally:
            ctx.prec = before


def _floor(y: arb) -> int:
    """Return the largest whole number below an exact number."""
    mantissa, exponent = (int(part) for part in y.man_exp())
    if exponent > MAXIMAL_BITS:
        raise Unbounded("a value is too large")
    return mantissa << exponent if exponent >= 0 else mantissa >> -exponent
