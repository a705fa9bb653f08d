"""Points of the line: exact constants, and numbers known as the only zero of a function in a small interval."""

from __future__ import annotations

from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.expressions import Algebra, Expr

if TYPE_CHECKING:
    from flint import arb

_numbers = count(1)


class IsolatedZero:
    """The only zero of ``function`` in ``[low, high]``, where its derivative does not vanish.

    Attributes
    ----------
    function : Expr
    minimal : list of int or None — coefficients of the minimal polynomial when the number is algebraic
    """

    __slots__ = ("function", "low", "high", "tape", "minimal", "name", "_bits")

    def __init__(self, function: Expr, slope: Expr, low: Fraction, high: Fraction, minimal: list[int] | None = None) -> None:
        self.function = function
        self.low = low
        self.high = high
        self.tape = balls.Tape([function, slope])
        self.minimal = minimal
        self.name = f"z{next(_numbers)}"
        self._bits = 0

    def refine(self, bits: int) -> None:
        """Shrink the interval to a relative width of about ``2^-bits`` by interval Newton steps and bisection."""
        if self._bits >= bits:
            return
        with balls.precision(bits + 64):
            for _ in range(4 * bits):
                width = self.high - self.low
                scale = max(abs(self.low), abs(self.high))
                if width == 0 or width * 2**bits <= scale or width < Fraction(1, 2 ** (4 * bits)):
                    break
                if not self._newton(bits + 64) and not self._halve(bits + 64):
                    break
        self._bits = bits

    def _newton(self, bits: int) -> bool:
        middle = _dyadic((self.low + self.high) / 2, bits)
        slope = self.tape.run(balls.span(self.low, self.high), bits)[1]
        at = self.tape.run(balls.ball(middle), bits)[0]
        step = at / slope
        if not step.is_finite():
            return False
        below, above = balls.ends(balls.ball(middle) - step)
        low, high = max(self.low, below), min(self.high, above)
        if low > high or (high - low) * 2 > self.high - self.low:
            return False
        self.low, self.high = low, high
        return True

    def _halve(self, bits: int) -> bool:
        middle = _dyadic((self.low + self.high) / 2, bits)
        here = balls.sign(self.tape.run(balls.ball(middle), bits)[0])
        left = balls.sign(self.tape.run(balls.ball(self.low), bits)[0])
        if here == 0:
            self.low = self.high = middle
            return True
        if not here or not left:
            quarter = (3 * self.low + self.high) / 4
            ahead = balls.sign(self.tape.run(balls.ball(quarter), bits)[0])
            right = balls.sign(self.tape.run(balls.ball(self.high), bits)[0])
            if ahead and right and ahead != right:
                self.low = quarter
                return True
            if ahead and right and ahead == right:
                self.high = quarter
                return True
            return False
        if here == left:
            self.low = middle
        else:
            self.high = middle
        return True

    def ball(self, bits: int) -> arb:
        """Return a ball that holds the number."""
        self.refine(bits)
        with balls.precision(bits + 64):
            return balls.span(self.low, self.high)


def _dyadic(q: Fraction, bits: int) -> Fraction:
    """Round to a multiple of a power of two, relative to the size."""
    size = max(q.numerator.bit_length() - q.denominator.bit_length(), -4 * bits)
    shift = bits - size
    return Fraction(round(q * Fraction(2) ** shift)) / Fraction(2) ** shift


def isolated(algebra: Algebra, function: Expr, slope: Expr, low: Fraction, high: Fraction, minimal: list[int] | None = None) -> Expr:
    """Return the constant that is the only zero of a function in an interval."""
    return algebra.atom("root", IsolatedZero(function, slope, low, high, minimal))


def enclosure(e: Expr, bits: int = balls.BASE) -> tuple[Fraction, Fraction]:
    """Return rational bounds of a point; equal ones for a rational."""
    if e.rational is not None:
        return e.rational, e.rational
    for finer in (bits, *[b for b in balls.LADDER if b > bits]):
        found = constants.bounds(e, finer)
        if found is not None:
            return found
    raise Unresolved(f"no enclosure of {str(e)[:80]}")


def between(a: Expr | None, b: Expr | None) -> Fraction:
    """Return a rational point strictly between two points; ``None`` is minus infinity on the left, plus infinity on the right."""
    if a is None and b is None:
        return Fraction(0)
    if a is None:
        low = enclosure(b)[0]  # type: ignore[arg-type]
        return simplest(low - 2, low - 1)
    if b is None:
        high = enclosure(a)[1]
        return simplest(high + 1, high + 2)
    for bits in balls.LADDER:
        low, high = enclosure(a, bits)[1], enclosure(b, bits)[0]
        if low < high:
            gap = (high - low) / 8
            return simplest(low + gap, high - gap)
    raise Unresolved("two points cannot be told apart")


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """Return the rational with the least denominator in ``[low, high]`` (Stern and Brocot)."""
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest(-high, -low)
    whole = []
    while True:
        floor = low.numerator // low.denominator
        if floor == low or high >= floor + 1:
            value = Fraction(floor if floor == low else floor + 1)
            break
        whole.append(floor)
        low, high = 1 / (high - floor), 1 / (low - floor)
    for a in reversed(whole):
        value = a + 1 / value
    return value
