"""Exact values of functions at constants: circular functions at multiples of pi/12, zeros, factorials."""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tamecheck.geometry.univariate.expressions import Algebra, Expr

HALF = Fraction(1, 2)
LARGEST_FACTORIAL = 60


def special_value(algebra: Algebra, name: str, a: Expr, order: int | None) -> Expr | None:
    """Return the exact value of a function at a constant, or ``None`` when there is no simpler form.

    The argument of an odd function is given with the sign that `Algebra.function` prefers.
    """
    if name in ("sin", "cos"):
        return _circular(algebra, name, a)
    q = a.rational
    if q == 0 and name in ("asin", "atan", "erf", "erfinv", "lambertw"):
        return algebra.zero
    if q == 0 and name in ("besseli", "besselj"):
        return algebra.number(1 if order == 0 else 0)
    if name == "atan":
        return _of_table(algebra, a, {1: Fraction(1, 4)}, {3: Fraction(1, 3), Fraction(1, 3): Fraction(1, 6)})
    if name == "asin":
        squares = {Fraction(1, 2): Fraction(1, 4), Fraction(3, 4): Fraction(1, 3)}
        return _of_table(algebra, a, {1: HALF, HALF: Fraction(1, 6)}, squares)
    if name == "gamma" and q is not None and 0 < q <= LARGEST_FACTORIAL and (2 * q).denominator == 1:
        return _gamma(algebra, q)
    if name == "lgamma" and q is not None and 0 < q <= LARGEST_FACTORIAL and (2 * q).denominator == 1:
        return algebra.log(_gamma(algebra, q))
    return None


def _gamma(algebra: Algebra, q: Fraction) -> Expr:
    """``gamma`` at a positive integer or half of an odd one."""
    if q.denominator == 1:
        return algebra.number(factorial(int(q) - 1))
    n = int(q - HALF)
    value = Fraction(factorial(2 * n), 4**n * factorial(n))
    return algebra.scale(value, algebra.sqrt(algebra.pi))


def _of_table(algebra: Algebra, a: Expr, plain: dict, squares: dict) -> Expr | None:
    """Return the multiple of pi that belongs to a rational, or to the square root of one."""
    q = a.rational
    if q is not None:
        return algebra.scale(plain[q], algebra.pi) if q in plain else None
    square = algebra.power(a, 2).rational
    positive = a.kind == "prod" or a.kind == "sum" and a.data[0] == 0 and all(c > 0 for c in a.data[1])
    return algebra.scale(squares[square], algebra.pi) if square in squares and positive else None


def _circular(algebra: Algebra, name: str, a: Expr) -> Expr | None:
    """Sine and cosine at rational multiples of pi with denominator 1, 2, 3, 4 or 6."""
    if a is algebra.zero:
        return algebra.number(0 if name == "sin" else 1)
    turn = None
    if a is algebra.pi:
        turn = Fraction(1)
    elif a.kind == "sum" and a.args == (algebra.pi,) and not a.data[0]:
        turn = a.data[1][0]
    if turn is None:
        return None
    if name == "sin":
        turn = HALF - turn
    turn = abs(turn) % 2  # cosine of turn*pi from here on
    turn = min(turn, 2 - turn)
    sign = 1
    if turn > HALF:
        turn, sign = 1 - turn, -1
    squares = {Fraction(0): 1, Fraction(1, 6): Fraction(3, 4), Fraction(1, 4): HALF, Fraction(1, 3): Fraction(1, 4), HALF: 0}
    if turn not in squares:
        return None
    return algebra.scale(sign, algebra.sqrt(algebra.number(squares[turn])))
