"""Multiple roots much closer together than the working precision suggests are isolated, with certified multiplicities."""

import pytest
from flint import arb, ctx

import tamecheck as tc
from tamecheck.geometry.cad.adjacency import Adjacency
from tamecheck.geometry.cad.fibres import solve


def polynomial(roots):
    """Return the coefficients of the monic polynomial with these roots, as balls."""
    c = [arb(1)]
    for r in roots:
        shifted = [arb(0), *c]
        c = [a - arb(r) * b for a, b in zip(shifted, [*c, arb(0)], strict=True)]
    return c


@pytest.mark.parametrize(("steps", "multiplicities"), [
    ((0, 0, 1), [2, 1]), ((0, 0, 0, 1), [3, 1]), ((0, 0, 1, 1), [2, 2]), ((0, 0, 1, 3, 3), [2, 1, 2]), ((0, 1, 1, 2, 2, 2), [1, 2, 3]),
])  # fmt: skip
def test_clusters_of_multiple_roots(steps, multiplicities):
    """Roots 1 + k 2^-100 with multiplicities, and a root far away."""
    before = ctx.prec
    try:
        ctx.prec = 1500
        epsilon = arb(2) ** -100
        c = polynomial([1 + k * epsilon for k in steps] + [-3])
        reals, complexes = solve(c, len(set(steps)) + 1)
    finally:
        ctx.prec = before
    assert [m for _, m in reals] == [1, *multiplicities] and not complexes
    for (x, _), k in zip(reals[1:], sorted(set(steps)), strict=True):
        assert x.overlaps(1 + k * epsilon)


def test_a_nearly_triple_root_over_a_point_of_the_discriminant():
    """Near a cusp of the discriminant three roots of this cubic are 10^-35 apart, two of them equal."""
    p = "(2*x-2*y+2*z)^2-(-2*x+y-z)^2*(2*y+z+x*y)"
    cells = Adjacency(tc.cells([p.replace("x", "(y-w)").replace("w", "x")], ["x", "y", "z"]))
    assert sum([(-1) ** c.dimension for c in cells.cells]) == -1
