"""What validated steps share: the field -grad F in ball arithmetic, rounding outwards, polynomials with balls as coefficients."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb, arb_series

from tamecheck.errors import InputError
from tamecheck.flows.balls import Balls
from tamecheck.flows.derivatives import directional, gradient
from tamecheck.flows.system import DIRECTION, System


class Field:
    """The field -grad F and the products of the Hessian with unit vectors, on balls or on truncated power series.

    Raises
    ------
    InputError
        TC145 operations without enclosures (kinks).
    """

    def __init__(self, system: System) -> None:
        self.system = system
        g = system.graph
        self._slope = Balls(g, gradient(g, system.target, system.nodes))
        inputs = dict(g.inputs)
        directions = [g.input(name + DIRECTION, g.shape(n)) for name, n in inputs.items()]
        g.inputs = inputs
        self._product = Balls(g, directional(g, system.target, system.nodes, directions))

    def __call__(self, z: list, series: bool) -> list:
        """Return -grad F as a list."""
        parts = self._slope(split(self.system, z), series)
        return [-x for part in parts for x in part.reshape(-1)]

    def product(self, z: list, k: int, series: bool) -> list:
        """Return the column number ``k`` of the Hessian."""
        one, zero = (arb_series([arb(1)]), arb_series([arb(0)])) if series else (arb(1), arb(0))
        direction = [one if j == k else zero for j in range(self.system.size)]
        values = {**split(self.system, z), **{name + DIRECTION: v for name, v in split(self.system, direction).items()}}
        return [x for part in self._product(values, series) for x in part.reshape(-1)]


def coefficient(s: arb_series, k: int) -> arb:
    """Return a coefficient of a series, 0 beyond its length."""
    return s[k] if k < len(s) else arb(0)


def shifted(c: list[arb], at: arb) -> list[arb]:
    """Return the coefficients of the polynomial around another point (a ball: around every point of it)."""
    result = list(c)
    for i in range(len(result)):
        for j in range(len(result) - 2, i - 1, -1):
            result[j] = result[j] + at * result[j + 1]
    return result


def value(c: list[arb], at: arb) -> arb:
    """Return the value of a polynomial."""
    result = arb(0)
    for x in reversed(c):
        result = result * at + x
    return result


def split(system: System, flat: list) -> dict[str, np.ndarray]:
    """Return the entries of a vector as arrays by name of variable."""
    found = {}
    for name, place in system.vector.places.items():
        part = np.empty(place.stop - place.start, dtype=object)
        part[:] = flat[place]
        found[name] = part.reshape(system.vector.shapes[name])
    return found


def boxed(centre: list[arb], radius: float) -> list[arb]:
    """Return the box around a centre."""
    return [c + arb(0, radius) for c in centre]


def ball(x: float) -> arb:
    """Return a double as a ball of radius 0."""
    return arb(x)


def up(x: arb) -> float:
    """Return a double that is not smaller."""
    bound = float(x.upper())
    return bound if arb(bound) >= x.upper() else float(np.nextafter(bound, np.inf))


def down(x: arb) -> float:
    """Return a double that is not larger."""
    bound = float(x.lower())
    return bound if arb(bound) <= x.lower() else float(np.nextafter(bound, -np.inf))


def exact_sum(a: float, b: float) -> float:
    """Return the sum of two doubles if it is one."""
    if Fraction(a) + Fraction(b) != Fraction(a + b):
        raise InputError("the steps are too short for the time reached", code="TC146", hint="a shorter horizon")
    return a + b


def dyadic(h: float) -> float:
    """Return a slightly smaller number with few bits, so that times add up exactly."""
    mantissa, exponent = np.frexp(h)
    return float(np.ldexp(np.floor(mantissa * 256) / 256, exponent))
