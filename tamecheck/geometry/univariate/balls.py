"""Rigorous evaluation of expressions over balls (Arb), at any precision.

A `Tape` lists the parts of some expressions once; `Tape.run` gives, for a ball ``X``, balls that hold the
values at every point of ``X``.  A value that is not finite says nothing.  Monotone functions and even powers are
evaluated from the ends of wide balls, which keeps ``exp(X) > 0`` and ``X^2 >= 0``; ``1 -+ erf(y)`` is evaluated as
``erfc``, which does not cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

from tamecheck.geometry.univariate.expressions import Expr, ancestors

if TYPE_CHECKING:
    from flint import arb

BASE = 96
LADDER = (96, 384, 1536, 4096)
COSTS = {name: 60 for name in ("besseli", "besselj", "besselk", "bessely", "polygamma", "gamma", "lgamma", "lambertw", "erfinv")}
"""How many times a sum the evaluation of a function costs, roughly, when it is not cheap."""

HURWITZ = 600
"""The same for polygamma functions of positive order."""


@contextmanager
def precision(bits: int):
    """Set Arb's working precision in bits, and put it back."""
    import flint

    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def ball(q: Fraction | int) -> arb:
    """Return the ball of a rational at the current precision."""
    import flint

    q = Fraction(q)
    return flint.arb(flint.fmpq(q.numerator, q.denominator))


def span(low: Fraction, high: Fraction) -> arb:
    """Return a ball that holds the interval ``[low, high]``."""
    return ball(low).union(ball(high)) if low != high else ball(low)


def exact(value: arb) -> Fraction:
    """Return the rational that an exact ball (an end, a midpoint) is."""
    mantissa, exponent = (int(part) for part in value.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def ends(value: arb) -> tuple[Fraction, Fraction]:
    """Return rational ends of a finite ball."""
    return exact(value.lower()), exact(value.upper())


def sign(value: arb) -> int | None:
    """Return the sign of every number in the ball, ``None`` if it holds numbers of different signs (or is not finite)."""
    if value > 0:
        return 1
    if value < 0:
        return -1
    return 0 if value.is_zero() else None


# ----------------------------------------------------------------- functions


def _wide(v: arb) -> bool:
    return not v.is_exact() and bool(v.rad() * 1024 > 1)


def _monotone(name: str) -> Callable[[arb], arb]:
    def run(v: arb) -> arb:
        f = getattr(v, name)
        if v.is_exact() or not v.is_finite() or not _wide(v):
            return f()
        return getattr(v.lower(), name)().union(getattr(v.upper(), name)())

    return run


def _power(v: arb, n: int) -> arb:
    """``v**n`` for an integer, tight for even ones and wide balls."""
    if n < 0:
        return 1 / _power(v, -n)
    if v.is_exact() or n == 1 or not v.is_finite():
        return v**n
    if n % 2 == 0:
        return (v.abs_lower() ** n).union(v.abs_upper() ** n)
    return (v.lower() ** n).union(v.upper() ** n)


def _root(v: arb, q: Fraction) -> arb:
    """``v**q`` for a fraction and v >= 0."""
    if q < 0:
        return 1 / _root(v, -q)
    if v.is_exact() or not v.is_finite():
        return _exact_root(v, q)
    low, high = v.lower(), v.upper()
    if not low >= 0:  # overestimation: where the expression is defined, v is not negative
        low = v * 0 if high >= 0 else v.nan()
        low = low.mid() if low.is_finite() else low
    return _exact_root(low, q).union(_exact_root(high, q))


def _exact_root(v: arb, q: Fraction) -> arb:
    if v.is_zero():
        return v
    if q.denominator == 2:
        return v.sqrt() if q.numerator == 1 else v.sqrt() ** q.numerator
    return v ** ball(q)


def _function(name: str, order: object) -> Callable[[arb], arb]:
    if name in ("exp", "log", "atan", "asin", "erf", "erfinv", "lambertw"):
        return _monotone(name)
    if name == "polygamma":
        return lambda v: v.digamma() if order == 0 else _polygamma(v, int(order))  # type: ignore[call-overload]
    if name.startswith("bessel"):
        return _bessel({"i": "bessel_i", "j": "bessel_j", "k": "bessel_k", "y": "bessel_y"}[name[-1]], int(order))  # type: ignore[call-overload]
    if name == "lgamma":
        return lambda v: v.lgamma() if v > 0 else abs(v.gamma()).log()
    return lambda v: getattr(v, name)()


def _bessel(method: str, order: int) -> Callable[[arb], arb]:
    """Bessel functions; ``I_n`` and ``K_n`` are monotone on either side of 0 and taken from the ends of wide balls."""

    def run(v: arb) -> arb:
        n = v.mid() * 0 + order
        if method in ("bessel_i", "bessel_k") and _wide(v) and not v.contains(0):
            return getattr(v.lower(), method)(n).union(getattr(v.upper(), method)(n))
        return getattr(v, method)(n)

    return run


def _polygamma(v: arb, n: int) -> arb:
    """``psi^(n)(v) = (-1)^(n+1) n! zeta(n + 1, v)`` for v > 0; nothing is known elsewhere."""
    from math import factorial

    if not v > 0:
        return v.nan()
    low, high = v.lower(), v.upper()
    values = (low * 0 + n + 1).zeta(low).union((high * 0 + n + 1).zeta(high)) if _wide(v) else (v * 0 + n + 1).zeta(v)
    return values * factorial(n) * (1 if n % 2 else -1)


class Tape:
    """The parts of some expressions in order, ready to be evaluated many times."""

    def __init__(self, outputs: Sequence[Expr]) -> None:
        self.outputs = list(outputs)
        self.parts = ancestors(self.outputs)
        place = {e.id: i for i, e in enumerate(self.parts)}
        self.targets = [place[e.id] for e in self.outputs]
        self.steps: list[tuple] = [self._step(e, place) for e in self.parts]
        self.constants: dict[int, list] = {}
        self.cost = sum([HURWITZ if e.kind == "polygamma" and e.data else COSTS.get(e.kind, 1 + len(e.args)) for e in self.parts])

    @staticmethod
    def _step(e: Expr, place: dict[int, int]) -> tuple:
        at = [place[a.id] for a in e.args]
        if e.kind == "sum":
            return _sum_step(e, at, place)
        if e.kind == "prod":
            powers = [(i, int(q)) for i, q in zip(at, e.data, strict=True) if q.denominator == 1]  # type: ignore[arg-type]
            roots = [(i, q) for i, q in zip(at, e.data, strict=True) if q.denominator != 1]  # type: ignore[arg-type]
            return ("prod", powers, roots)
        if e.kind in ("x", "number", "pi", "root", "parameter"):
            return (e.kind, e.data)
        if e.kind == "seal":
            return ("seal", at[0])
        return ("function", at[0], _function(e.kind, e.data))

    def _prepared(self, bits: int) -> list:
        """Return the values of the parts without the variable, and the coefficients of sums, at a precision."""
        known = self.constants.get(bits)
        if known is None:
            known = []
            values: list = []
            for e, step in zip(self.parts, self.steps, strict=True):
                extra = [ball(c) for c in step[1]] if step[0] in ("sum", "erfc") else None
                fixed = None
                if not e.varies:
                    fixed = e.memo.get(bits)
                    if fixed is None:
                        fixed = e.memo[bits] = _constant(e, step, extra, values, bits)
                values.append(fixed)
                known.append((fixed, extra))
            self.constants[bits] = known
        return known

    def run(self, x: arb, bits: int) -> list[arb]:
        """Return balls that hold the outputs on the ball ``x``; the working precision must be ``bits`` already."""
        values = self.all(x, bits)
        return [values[i] for i in self.targets]

    def all(self, x: arb, bits: int) -> list[arb]:
        """Return balls for all parts."""
        values: list = []
        for step, (fixed, extra) in zip(self.steps, self._prepared(bits), strict=True):
            values.append(fixed if fixed is not None else _apply(step, extra, values, x))
        return values

    def analytic(self, x: arb, bits: int) -> bool:
        """Tell whether every part is shown to be analytic at every point of the ball: arguments lie inside open domains."""
        values = self.all(x, bits)
        for e, step, v in zip(self.parts, self.steps, values, strict=True):
            if not e.varies:
                continue
            if not v.is_finite():
                return False
            if step[0] == "prod":
                if any(n < 0 and values[i].contains(0) for i, n in step[1]) or any(not values[i] > 0 for i, _ in step[2]):
                    return False
            elif step[0] == "function" and not _inside(e.kind, values[step[1]]):
                return False
        return True


def _inside(name: str, v: arb) -> bool:
    """Tell whether the ball lies inside an open interval on which the function is analytic."""
    if name in ("log", "gamma", "lgamma", "polygamma", "besselk", "bessely"):
        return bool(v > 0)
    if name in ("asin", "erfinv"):
        return bool(abs(v) < 1)
    if name == "lambertw":
        return bool(v * 3 > -1)
    return True


def _sum_step(e: Expr, at: list[int], place: dict[int, int]) -> tuple:
    """Prepare a sum; a constant ``+-c`` beside ``c*erf(y)`` is turned into ``erfc``."""
    start, coefficients = e.data  # type: ignore[misc]
    for k, a in enumerate(e.args):
        c = coefficients[k]
        if a.kind == "erf" and abs(c) == abs(start):
            others = [i for j, i in enumerate(at) if j != k]
            rest = [q for j, q in enumerate(coefficients) if j != k]
            # c*erf(y) + c = c*erfc(-y),  c*erf(y) - c = -c*erfc(y)
            return ("erfc", [c if start == c else -c, *rest], others, place[a.args[0].id], start == c)
    return ("sum", [start, *coefficients], at)


def _apply(step: tuple, extra: list | None, values: list, x: arb) -> arb:
    """Evaluate one step."""
    kind = step[0]
    if kind == "sum":
        total = extra[0]  # type: ignore[index]
        for c, i in zip(extra[1:], step[2], strict=True):  # type: ignore[index]
            total = total + c * values[i]
        return total
    if kind == "prod":
        total = None
        for i, n in step[1]:
            v = values[i] if n == 1 else _power(values[i], n)
            total = v if total is None else total * v
        for i, q in step[2]:
            v = _root(values[i], q)
            total = v if total is None else total * v
        return total
    if kind == "function":
        return step[2](values[step[1]])
    if kind == "x":
        return x
    if kind == "erfc":
        y = values[step[3]]
        total = extra[0] * (-y if step[4] else y).erfc()  # type: ignore[index]
        for c, i in zip(extra[1:], step[2], strict=True):  # type: ignore[index]
            total = total + c * values[i]
        return total
    return values[step[1]]  # seal


def _constant(e: Expr, step: tuple, extra: list | None, values: list, bits: int) -> arb:
    """Evaluate a part without the variable."""
    import flint

    if e.kind == "number":
        return ball(e.data)  # type: ignore[arg-type]
    if e.kind == "pi":
        return flint.arb.pi()
    if e.kind in ("root", "parameter"):
        return e.data.ball(bits)  # type: ignore[union-attr]
    return _apply(step, extra, values, ball(0))


def value(e: Expr, bits: int = BASE) -> arb:
    """Return a ball for a constant."""
    known = e.memo.get(bits)
    if known is None:
        with precision(bits):
            known = Tape([e]).run(ball(0), bits)[0]
        e.memo[bits] = known
    return known
