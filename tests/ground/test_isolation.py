"""Isolation of real roots: known polynomials, exact ends, short rationals between."""

import random
from fractions import Fraction
from itertools import pairwise
from math import cos, pi

import pytest
from flint import arb, ctx, fmpz_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from tamecheck.errors import BudgetExceeded
from tamecheck.ground import isolation
from tamecheck.ground.algebraic import real_roots


def chebyshev(n: int) -> fmpz_poly:
    """Return the Chebyshev polynomial of the first kind."""
    a, b = fmpz_poly([1]), fmpz_poly([0, 1])
    for _ in range(n - 1):
        a, b = b, fmpz_poly([0, 2]) * b - a
    return b


@pytest.mark.parametrize("n", [3, 5, 12, 20, 31])
def test_chebyshev_has_all_roots_real(n):
    """The roots are the cosines of (2k - 1) pi / 2n."""
    found = [x for x, _ in real_roots(tuple([int(c) for c in chebyshev(n).coeffs()]))]
    expected = sorted([cos((2 * k - 1) * pi / (2 * n)) for k in range(1, n + 1)])
    assert len(found) == n
    for x, y in zip(found, expected, strict=True):
        assert abs(float(x.ball().mid()) - y) < 1e-13


@pytest.mark.parametrize("n", [5, 10, 20, 30])
def test_mignotte_polynomials_with_clustered_roots(n):
    """x^n - 2(1024x - 1)^2 has two roots at distance about 1024^(-n/2 - 1); even n gives four real roots, odd three."""
    c = [0] * (n + 1)
    c[n] = 1
    c[0] -= 2
    c[1] += 4 * 1024
    c[2] -= 2 * 1024**2
    found = [x for x, _ in real_roots(tuple(c))]
    assert len(found) == (4 if n % 2 == 0 else 3)
    assert all([a < b for a, b in pairwise(found)])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=3, max_size=9).filter(lambda c: c[-1] and c[0]))
def test_intervals_are_disjoint_and_hold_one_sign_change(c):
    """For irreducible factors: increasing intervals, and the polynomial changes sign across each."""
    for q, _ in fmpz_poly(c).factor()[1]:
        if q.degree() < 2:
            continue
        intervals = isolation.isolate(q)
        for low, high in intervals:
            assert isolation.sign_at(q, low) * isolation.sign_at(q, high) < 0
        ends = [isolation.as_fmpq(e) for pair in intervals for e in pair]
        assert ends == sorted(ends)
        assert len(intervals) == sum([1 for z, _ in q.complex_roots() if z.imag == 0])


@settings(max_examples=300, deadline=None)
@given(st.fractions(max_denominator=10**6), st.integers(1, 80), st.integers(0, 5))
def test_simplest_between_is_strictly_between(q, bits, extra):
    """Whatever the ends, the number lies strictly between, and the choice commutes with negation."""
    m = (q.numerator << bits) // q.denominator
    low, high = (m, -bits), (m + 1 + extra, -bits)
    x = isolation.simplest_between(low, high)
    assert Fraction(m, 2**bits) < x < Fraction(m + 1 + extra, 2**bits)
    assert isolation.simplest_between((-high[0], -bits), (-low[0], -bits)) == -x
    assert isolation.simplest_between(None, low) < Fraction(m, 2**bits) < isolation.simplest_between(low, None)


def test_ends_of_a_ball_are_exact_whatever_the_working_precision():
    """A ball made with more bits than the working precision keeps its ends; rounding them once made the sample search loop."""
    before = ctx.prec
    try:
        ctx.prec = 400
        ball = arb(2).sqrt()
        ctx.prec = 53
        low, high = isolation.ends(ball)
    finally:
        ctx.prec = before
    a, b = Fraction(low[0]) * Fraction(2) ** low[1], Fraction(high[0]) * Fraction(2) ** high[1]
    assert a * a < 2 < b * b and b - a < Fraction(1, 2**380)


def test_ends_in_the_wrong_order_are_an_error_not_a_loop():
    """The guard of the sample search."""
    with pytest.raises(BudgetExceeded, match="TC399"):
        isolation.simplest_between((3, 0), (2, 0))


def test_bounds_hold():
    """No positive root beyond the bound."""
    r = random.Random(7)
    for _ in range(200):
        c = [r.randint(-99, 99) for _ in range(r.randint(2, 8))] + [r.choice((-3, 1, 50))]
        k = isolation.positive_bound(c)
        for z, _ in fmpz_poly(c).complex_roots():
            if z.imag == 0 and z.real > 0:
                assert z.real < arb(2) ** k


@pytest.mark.parametrize("seed", range(300))
def test_numbers_of_roots_by_formulas(seed):
    """Discriminants count the real roots of irreducible polynomials of degree 2, 3 and 4 as isolation does."""
    r = random.Random(seed)
    height = r.choice((2, 5, 50))
    c = [*[r.randint(-height, height) for _ in range(r.choice((2, 3, 4)))], r.randint(1, height)]
    factors = fmpz_poly(c).factor()[1]
    if len(factors) == 1 and factors[0][1] == 1:
        c = [int(x) for x in factors[0][0].coeffs()]
        assert isolation.count(c) == len(isolation.isolate(fmpz_poly(c)))


@pytest.mark.parametrize(
    ("c", "expected"),
    [([2, 0, 0, 0, 1], 0), ([1, 0, -10, 0, 1], 4), ([-2, 0, 0, 0, 1], 2), ([1, 1, -9, 1, 1], 4), ([1, 0, 10, 0, 1], 0), ([-2, 0, 0, 1], 1)],
)  # fmt: skip
def test_numbers_of_roots(c, expected):
    """Both conditions for four real roots are needed."""
    assert isolation.count(c) == expected
