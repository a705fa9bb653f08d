"""Hankel's expansions of I_n and K_n with Olver's bound (DLMF 10.40(iii)), checked against Arb's own enclosures."""

from fractions import Fraction as F

import pytest

from tamecheck.geometry.univariate import balls
from tamecheck.geometry.univariate.expansions import bessel
from tamecheck.geometry.univariate.expressions import Algebra
from tamecheck.geometry.univariate.germs import Frame, Germ
from tamecheck.geometry.univariate.monomials import IDENTITY, Scale

START = F(16)


def at(m, y):
    """Return a monomial at y."""
    value = y ** balls.ball(m.p)
    for n, c in m.h:
        assert n == IDENTITY
        value = value * (y * balls.value(c)).exp()
    return value


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize(("side", "step", "points"), [(1, F(4), 96), (-1, F(3), 6)])
@pytest.mark.parametrize("count", [5, 18])
def test_the_bound_holds(order, side, step, points, count):
    """At y = 16, 16 + step, ...: the distance of Arb's value from the expansion is below the bound of the remainder.

    For K_n the remainder is at most the first term left out (DLMF 10.40(ii)), half of the bound used; for I_n this is a check of
    the bound at points up to 400, by enclosures at each of them.
    """
    import flint

    with balls.precision(balls.BASE):
        k = Algebra()
        germ = bessel(Frame(Scale(k), START, count), Germ(((IDENTITY, k.one),), None), order, side)
    method = "bessel_i" if side > 0 else "bessel_k"
    with balls.precision(300):
        for j in range(points):
            y = balls.ball(START + j * step)
            true = getattr(y, method)(flint.arb(order))
            middle = sum([balls.value(c, 300) * at(m, y) for m, c in germ.terms], balls.ball(0))
            assert abs(true - middle) < germ.rest[0] * at(germ.rest[1], y)


@pytest.mark.parametrize("order", [0, 1])
def test_a_smaller_bound_would_fail(order):
    """The remainder is not idle: a hundredth of the first term left out is too small somewhere, so the comparison can fail."""
    import flint

    with balls.precision(400):
        k = Algebra()
        germ = bessel(Frame(Scale(k), START, 5), Germ(((IDENTITY, k.one),), None), order, 1)
        y = balls.ball(START)
        middle = sum([balls.value(c, 400) * at(m, y) for m, c in germ.terms], balls.ball(0))
        assert abs(y.bessel_i(flint.arb(order)) - middle) > germ.rest[0] * at(germ.rest[1], y) / 10**4
