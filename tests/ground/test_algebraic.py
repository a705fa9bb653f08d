"""Real algebraic numbers against high precision, against each other, and against the laws of a field."""

import time
from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb, ctx, fmpz_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.ground.algebraic import compare, number, precision, rational, real_roots

COEFFICIENTS = st.lists(st.integers(-9, 9), min_size=2, max_size=6).filter(lambda c: any(c[1:]))


def roots(c: list[int]) -> list:
    """Return the distinct real roots of a polynomial."""
    while c and c[-1] == 0:
        c = c[:-1]
    return [x for x, _ in real_roots(tuple(c))]


NUMBERS = COEFFICIENTS.map(roots).filter(bool).flatmap(st.sampled_from)


@settings(max_examples=150, deadline=None)
@given(COEFFICIENTS)
def test_real_roots_are_those_of_flint(c):
    """As many as FLINT's certified complex roots with imaginary part zero, in order, inside the balls."""
    while c[-1] == 0:
        c = c[:-1]
    found = real_roots(tuple(c))
    with precision(200):
        theirs = sorted([(float(z.real.mid()), int(m)) for z, m in fmpz_poly(c).complex_roots() if z.imag == 0])
    assert [m for _, m in found] == [m for _, m in theirs]
    for (x, _), (y, _) in zip(found, theirs, strict=True):
        assert abs(float(x.ball(64).mid()) - y) <= 1e-12 * (1 + abs(y))
        assert x.sign_of(fmpz_poly(c)) == 0
    assert all([a < b for (a, _), (b, _) in pairwise(found)])


@settings(max_examples=80, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS)
def test_field_laws(a, b, c):
    """Sums and products are exact: the laws hold as equalities of polynomials and indices."""
    if a.degree() * b.degree() * c.degree() > 27:
        return
    assert a + b == b + a and a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert a * (b + c) == a * b + a * c
    assert a - a == rational(0) and (-a) * (-1) == a
    if b.sign():
        assert (a / b) * b == a
    assert (a < b) == ((a - b).sign() < 0)
    assert hash(a + b) == hash(b + a)


@settings(max_examples=100, deadline=None)
@given(NUMBERS, st.lists(st.integers(-9, 9), min_size=1, max_size=5))
def test_signs_of_polynomials_agree_with_high_precision(a, c):
    """A ball of 600 bits excludes zero or the sign is zero."""
    p = fmpz_poly(c)
    with precision(600):
        value = p(a.ball(600))
    s = a.sign_of(p)
    assert s == (1 if value > 0 else -1 if value < 0 else 0)


@pytest.mark.parametrize("bits", [64, 128, 1000, 20_000])
def test_balls_are_as_sharp_as_asked(bits):
    """A relative error of about 2^-bits, also for roots of high degree."""
    for c in ((-2, 0, 1), (-1, -1, 0, 1), (5, -7, 0, 0, 0, 1), (-2, 0, 0, 0, 0, 0, 0, 1)):
        for x, _ in real_roots(c):
            ball = x.ball(bits)
            with precision(bits + 64):
                assert ball.rad() * arb(2) ** (bits - 12) < abs(ball.mid())


def test_comparison_at_distance_ten_to_the_minus_hundred():
    """Neighbours are told apart; equal numbers from different polynomials are equal."""
    near = real_roots((-1 - 2 * 10**200, 0, 10**200))[1][0]
    root2 = real_roots((-2, 0, 1))[1][0]
    assert compare(root2, near) == -1 and near > root2
    twice = [x for x, _ in real_roots((4, 0, -4, 0, 1))]  # (x^2 - 2)^2
    assert twice[1] == root2 and twice[1] is root2 or twice[1] == root2


def test_equality_with_rationals_and_others():
    """Numbers compare with int and Fraction, and with nothing else."""
    half = rational(1, 2)
    assert half == Fraction(1, 2) and half != 0 and half < 1 and hash(half) == hash(Fraction(1, 2))
    assert half != "1/2" and number("1/2") is None and number(0.5) is None
    with pytest.raises(TypeError):
        assert half < 0.7
    with pytest.raises(InputError, match="TC150"):
        rational(0).inverse()


def test_sums_of_roots_have_the_right_degree():
    """sqrt 2 + sqrt 3 has degree 4, sqrt 2 + sqrt 8 has degree 2, sqrt 2 * sqrt 2 is 2."""
    two, three, eight = [real_roots((-n, 0, 1))[1][0] for n in (2, 3, 8)]
    assert (two + three).degree() == 4 and (two + eight).degree() == 2 and two * two == 2


@pytest.mark.parametrize("degree", [2_000, 100_000])
def test_hopeless_degrees_are_refused_at_once(degree):
    """No hanging in FLINT."""
    start = time.perf_counter()
    with pytest.raises(BudgetExceeded, match="TC306"):
        real_roots((1, *[0] * (degree // 2), -3, *[0] * (degree // 2 - 2), 7))
    assert time.perf_counter() - start < 1


def test_working_precision_is_restored():
    """FLINT's global precision is as before, also after errors."""
    before = ctx.prec
    real_roots((-3, 0, 0, 1))[0][0].ball(5_000)
    with pytest.raises(InputError):
        rational(0).inverse()
    assert ctx.prec == before
