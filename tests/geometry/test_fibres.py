"""Roots of polynomials with balls as coefficients: number, order and multiplicities against exact arithmetic."""

import os
import random

import pytest
from flint import arb, fmpz_poly

from tamecheck.geometry.cad import fibres
from tamecheck.ground.algebraic import precision, real_roots

MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))


@pytest.mark.parametrize("seed", range(60 * MULTIPLIER))
def test_multiple_roots_of_polynomials_with_balls(seed):
    """Euclid's algorithm in balls finds the roots and multiplicities that exact factors have, or nothing."""
    r = random.Random(seed)
    f = fmpz_poly([r.randint(1, 3)])
    for _ in range(r.randint(1, 3)):
        f *= fmpz_poly([*[r.randint(-5, 5) for _ in range(r.randint(1, 2))], r.randint(1, 3)]) ** r.choice((1, 2, 2, 3))
    d = f.degree()
    distinct = d - f.gcd(f.derivative()).degree()
    if not 3 <= d <= 9 or distinct == d or f[0] == 0:
        return
    with precision(64):
        for off_axis in (True, False):
            found = fibres.solve([arb(int(x)) * arb(3).sqrt() for x in f.coeffs()], distinct, off_axis, patient=False)
            if found is None:
                continue
            exact = real_roots(tuple([int(x) for x in f.coeffs()]))
            assert [m for _, m in found[0]] == [m for _, m in exact]
            assert all([x.ball(64).overlaps(arb(y)) for (x, _), (y, _) in zip(exact, found[0], strict=True)])
            if off_axis:
                assert len(found[0]) + len(found[1]) == distinct and sum([m for _, m in found[0] + found[1]]) == d


@pytest.mark.parametrize(
    ("coefficients", "distinct", "reals"),
    [
        ([-2, 3, 0, -1], 2, [(-2, 1), (1, 2)]), ([4, -4, -3, 2, 1], 2, [(-2, 2), (1, 2)]), ([-1, 3, -3, 1], 1, [(1, 3)]),
        ([2, -5, 3, 1, -1], 2, [(-2, 1), (1, 3)]), ([-8, 20, -18, 7, -1], 2, [(1, 1), (2, 3)]), ([2, 1, 4, 2, 2, 1], 3, [(-2, 1)]),
    ],
)  # fmt: skip
def test_multiple_roots_without_slow_methods(coefficients, distinct, reals):
    """Double, two double, and triple roots are settled by Euclid's algorithm alone."""
    with precision(64):
        found = fibres.solve([arb(x) * arb(2).sqrt() for x in coefficients], distinct, True, patient=False)
    assert [(round(float(x.mid())), m) for x, m in found[0]] == reals
    assert sum([m for _, m in found[0] + found[1]]) == len(coefficients) - 1


@pytest.mark.parametrize("degree", [1, 2])
def test_a_divisor_is_not_claimed_where_balls_hide_the_degree(degree):
    """The remainder of degree 1 of a polynomial with a triple root may be zero: nothing follows."""
    with precision(64):
        cube = [arb(3).sqrt() * x for x in (-8, 4, 6, -5, 1)]  # (x + 1)(x - 2)^3
        found = fibres.common_divisor(cube, degree)
    assert (found is None) == (degree == 1)
