"""Expansions of functions whose argument is a germ: Taylor at a finite limit, asymptotic series at infinity.

The remainders are those of the classical theorems: Lagrange's for Taylor polynomials; for ``erfc``, ``log Gamma`` and the
polygamma functions of a positive argument the error of the asymptotic series is at most the first term left out.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import factorial
from typing import TYPE_CHECKING

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.derivatives import derivative
from tamecheck.geometry.univariate.expressions import Algebra, Expr, Undefined
from tamecheck.geometry.univariate.germs import Frame, Germ, LargerStart, MoreTerms, Undecided, Unsupported
from tamecheck.geometry.univariate.monomials import ONE

if TYPE_CHECKING:
    from flint import arb

HALF = Fraction(1, 2)
MOST_TAYLOR = 14


def expand_function(frame: Frame, e: Expr, f: Germ) -> Germ:
    """Return the germ of ``e``, a function at the head whose argument has the germ ``f``."""
    name, k = e.kind, frame.algebra
    if name == "exp":
        return frame.exp(f)
    if name == "log":
        return frame.log(f)
    lead = frame.size(f)[1]
    bounded = frame.scale.compare(lead, ONE) <= 0
    if bounded and (f.rest is None or frame.scale.compare(f.rest[1], ONE) < 0):
        _, c, d = frame.split(f)
        return _at_finite(frame, e, c, d, f)
    if name in ("sin", "cos", "besselj"):
        frame.oscillates = True
        return Germ((), (balls.ball(1), ONE))
    if not f.terms:
        raise MoreTerms
    s = constants.sign(f.terms[0][1])
    if s is None:
        raise Undecided(f"the sign of {f.terms[0][1]}")
    y = f if s > 0 else frame.scaled(k.number(-1), f)
    if name == "atan":
        turned = frame.scaled(k.number(-1), _at_finite_of(frame, "atan", k.zero, frame.power(y, Fraction(-1))))
        return frame.scaled(k.number(s), frame.linear(k.scale(HALF, k.pi), [(k.one, turned)]))
    if name == "erf":
        return frame.scaled(k.number(s), frame.linear(k.one, [(k.number(-1), erfc(frame, y))]))
    if s > 0 and name in ("lgamma", "gamma"):
        log_gamma = stirling(frame, y)
        return log_gamma if name == "lgamma" else frame.exp(log_gamma)
    if s > 0 and name == "polygamma":
        return polygamma(frame, y, int(e.data))  # type: ignore[call-overload]
    if name == "besseli":
        grown = bessel(frame, y, int(e.data), 1)  # type: ignore[call-overload]
        return frame.scaled(k.number(s), grown) if int(e.data) % 2 else grown  # type: ignore[call-overload]
    if s > 0 and name == "besselk":
        return bessel(frame, y, int(e.data), -1)  # type: ignore[call-overload]
    raise Unsupported(f"{name} at infinity")


# --------------------------------------------------------------- finite limits


def _at_finite_of(frame: Frame, name: str, c: Expr, d: Germ, order: int | None = None) -> Germ:
    return _taylor(frame, name, order, c, d)


def _at_finite(frame: Frame, e: Expr, c: Expr, d: Germ, f: Germ) -> Germ:
    """Expand a function at the finite limit ``c`` of its argument ``c + d``."""
    name, k = e.kind, frame.algebra
    if d.exactly_zero:
        return frame.constant(k.function(name, c, e.data))  # type: ignore[arg-type]
    if name in ("gamma", "lgamma", "polygamma") and c is k.zero:
        return _at_pole(frame, e, f)
    if name in ("gamma", "lgamma", "polygamma", "besselk", "bessely") and constants.sign(c) != 1:
        raise Unsupported(f"{name} at a number that is not positive")
    if name == "asin":
        for side in (1, -1):
            if constants.is_zero(k.sub(c, k.number(side))):
                return _arcsine_at_end(frame, side, f)
    return _taylor(frame, name, e.data, c, d)  # type: ignore[arg-type]


def _taylor(frame: Frame, name: str, order: int | None, c: Expr, d: Germ) -> Germ:
    size, lead = frame.size(d)
    most = (size * frame.supremum(lead)).abs_upper()
    if not most < 1:
        raise LargerStart
    n = min(frame.count + 1, MOST_TAYLOR)
    coefficients, remainder = taylor_coefficients(frame.algebra, name, order, c, n, most)
    return frame.series(coefficients, d, remainder, (size, lead))


def taylor_coefficients(k: Algebra, name: str, order: int | None, c: Expr, n: int, radius: arb) -> tuple[list[Expr], arb]:
    """Return the first n Taylor coefficients at ``c`` and a bound of the n-th over ``[c - radius, c + radius]``."""
    current = k.function(name, k.x, order)
    coefficients = []
    for j in range(n):
        try:
            coefficients.append(k.scale(Fraction(1, factorial(j)), k.at(current, c)))
        except Undefined as bad:
            raise Unsupported(f"{name} at the end of its domain") from bad
        current = derivative(current)
    around = balls.value(c) + radius * balls.span(Fraction(-1), Fraction(1))
    tape = balls.Tape([current, k.function(name, k.x, order)])
    if not tape.analytic(around, balls.BASE):
        raise LargerStart
    last = tape.run(around, balls.BASE)[0]
    return coefficients, (abs(last) / factorial(n)).abs_upper()


def _arcsine_at_end(frame: Frame, side: int, f: Germ) -> Germ:
    """``asin(y) = pi/2 - 2 asin(sqrt((1 - y)/2))`` near 1."""
    k = frame.algebra
    gap = frame.linear(k.number(HALF), [(k.number(Fraction(-side, 2)), f)])
    root = frame.power(gap, HALF)
    inner = _taylor(frame, "asin", None, k.zero, root)
    return frame.linear(k.scale(HALF * side, k.pi), [(k.number(-2 * side), inner)])


def _at_pole(frame: Frame, e: Expr, f: Germ) -> Germ:
    """Gamma and its relatives at 0 from the right, by the functional equation."""
    k, one = frame.algebra, frame.algebra.one
    if not f.terms or constants.sign(f.terms[0][1]) != 1:
        raise Unsupported("a pole approached from the left")
    above = frame.linear(one, [(one, f)])
    _, c, d = frame.split(above)
    shifted = _taylor(frame, e.kind, e.data, c, d)  # type: ignore[arg-type]
    if e.kind == "gamma":
        return frame.mul(shifted, frame.power(f, Fraction(-1)))
    if e.kind == "lgamma":
        return frame.add(shifted, frame.scaled(k.number(-1), frame.log(f)))
    n = int(e.data)  # type: ignore[call-overload]
    return frame.add(shifted, frame.scaled(k.number(-factorial(n) if n % 2 == 0 else factorial(n)), frame.power(f, Fraction(-n - 1))))


# ------------------------------------------------------------------ at infinity


def _asymptotic(frame: Frame, w: Germ, numbers: list[Fraction]) -> Germ:
    """Return ``sum numbers[j] w^j`` without the last number, which bounds the remainder ``|last| |w|^n``."""
    size = frame.size(w)
    coefficients = [frame.algebra.number(q) for q in numbers[:-1]]
    total = frame.constant(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = frame.add(frame.constant(c), frame.mul(w, total))
    n = len(coefficients)
    bound = (abs(balls.ball(numbers[-1])) * size[0] ** n, frame.scale.power(size[1], Fraction(n)))
    return frame.germ(list(total.terms), [bound, *([total.rest] if total.rest is not None else [])])


def erfc(frame: Frame, y: Germ) -> Germ:
    """``erfc(y) = exp(-y^2)/(y sqrt(pi)) * (1 - 1/(2y^2) + 3/(4y^4) - ...)`` as y tends to +oo."""
    k = frame.algebra
    square = frame.mul(y, y)
    tail = frame.exp(frame.scaled(k.number(-1), square))
    inverse = frame.power(y, Fraction(-1))
    numbers, b = [], Fraction(1)
    for j in range(frame.count + 1):
        numbers.append(b)
        b = -b * Fraction(2 * j + 1, 2)
    series = _asymptotic(frame, frame.mul(inverse, inverse), numbers)
    return frame.scaled(k.power(k.pi, Fraction(-1, 2)), frame.mul(tail, frame.mul(inverse, series)))


@lru_cache(maxsize=1)
def _bernoulli() -> list[Fraction]:
    """Bernoulli numbers B_0 ... B_40, with B_1 = -1/2."""
    from math import comb

    b = [Fraction(1)]
    for n in range(1, 41):
        b.append(-sum([comb(n + 1, j) * b[j] for j in range(n)], Fraction(0)) / (n + 1))
    return b


def stirling(frame: Frame, y: Germ) -> Germ:
    """``log Gamma(y) = (y - 1/2) log y - y + log(2 pi)/2 + sum B_2k/(2k(2k-1) y^(2k-1))`` as y tends to +oo."""
    k, b = frame.algebra, _bernoulli()
    count = min(frame.count, 15)
    inverse = frame.power(y, Fraction(-1))
    numbers = [b[2 * j] / (2 * j * (2 * j - 1)) for j in range(1, count + 2)]
    series = frame.mul(inverse, _asymptotic(frame, frame.mul(inverse, inverse), numbers))
    first = frame.mul(frame.linear(k.number(-HALF), [(k.one, y)]), frame.log(y))
    start = k.scale(HALF, k.log(k.scale(2, k.pi)))
    return frame.linear(start, [(k.one, first), (k.number(-1), y), (k.one, series)])


def polygamma(frame: Frame, y: Germ, n: int) -> Germ:
    """``psi^(n)(y)`` as y tends to +oo, the n-th derivative of ``log y - 1/(2y) - sum B_2k/(2k y^2k)``."""
    k, b = frame.algebra, _bernoulli()
    count = min(frame.count, 15)
    inverse = frame.power(y, Fraction(-1))
    numbers = [-b[2 * j] * Fraction(factorial(2 * j + n - 1), factorial(2 * j)) for j in range(1, count + 2)]
    square = frame.mul(inverse, inverse)
    series = frame.mul(frame.power(inverse, Fraction(n + 2)) if n else square, _asymptotic(frame, square, numbers))
    half = frame.scaled(k.number(-HALF * factorial(n)), frame.power(inverse, Fraction(n + 1)))
    if n == 0:
        return frame.linear(k.zero, [(k.one, frame.log(y)), (k.one, half), (k.one, series)])
    first = frame.scaled(k.number(-factorial(n - 1)), frame.power(inverse, Fraction(n)))
    both = frame.linear(k.zero, [(k.one, first), (k.one, half), (k.one, series)])
    return frame.scaled(k.number(-1 if n % 2 else 1), both) if n % 2 else both


def bessel(frame: Frame, y: Germ, n: int, side: int) -> Germ:
    """Hankel's expansions of ``I_n`` (side 1) and ``K_n`` (side -1) as y tends to +oo, with Olver's bounds (DLMF 10.40(iii)).

    ``K_n(y) = sqrt(pi/(2y)) e^-y (sum a_k/y^k + R)``, and ``I_n`` is the real part of ``(i/pi) K_n(y e^(pi i))``, so that
    ``I_n(y) = e^y/sqrt(2 pi y) (sum (-1)^k a_k/y^k + R)``; with l terms ``|R| <= 2 |a_l| c_l y^-l exp(|n^2 - 1/4| c_1/y)``, where
    ``c_l`` is 1 for K and ``sqrt(pi) Gamma(l/2 + 1)/Gamma(l/2 + 1/2) <= sqrt(pi (l/2 + 1))`` for I.
    """
    k, count = frame.algebra, min(frame.count + 1, 20)
    a = [Fraction(1)]
    for j in range(1, count + 1):
        a.append(a[-1] * Fraction(4 * n * n - (2 * j - 1) ** 2, 8 * j))
    signs = [(-1) ** j if side > 0 else 1 for j in range(count)]
    inverse = frame.power(y, Fraction(-1))
    size, lead = frame.size(inverse)
    most = (size * frame.supremum(lead)).abs_upper()
    pi = balls.value(k.pi)
    widened = (pi * balls.ball(Fraction(count, 2) + 1)).sqrt() if side > 0 else balls.ball(1)
    first = pi / 2 if side > 0 else balls.ball(1)
    remainder = abs(balls.ball(2 * a[count])) * widened * (balls.ball(abs(n * n - Fraction(1, 4))) * first * most).exp()
    series = frame.series([k.number(c * s) for c, s in zip(a, signs, strict=False)], inverse, remainder.abs_upper(), (size, lead))
    front = frame.mul(frame.exp(frame.scaled(k.number(side), y)), frame.power(y, Fraction(-1, 2)))
    constant = k.power(k.scale(2, k.pi), -HALF) if side > 0 else k.sqrt(k.scale(HALF, k.pi))
    return frame.scaled(constant, frame.mul(front, series))
