"""What must hold for every decomposition, checked with arithmetic that does not come from lifting."""

import random
from fractions import Fraction
from math import prod

from tamecheck.ground.polynomials import Ring, read
from tamecheck.ground.towers import sign_at

SIZE = 400
"""Cells that are looked at one by one."""


def value_sign(text: str, variables: tuple[str, ...], point: list[Fraction]) -> int:
    """Return the sign of a polynomial at a rational point by plain integer arithmetic."""
    p, _ = read(Ring(variables), text)
    total = Fraction(0)
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = Fraction(int(c))
        for x, e in zip(point, exponents, strict=False):
            term *= x ** int(e)
        total += term
    return (total > 0) - (total < 0)


def check(d, seed: int = 0, points: int = 25) -> None:
    """Assert the invariants of a complete decomposition."""
    n = len(d.variables)
    assert d.complete
    # the alternating sum is the Euler characteristic with compact supports of R^n
    assert d.euler_characteristic() == (-1) ** n
    counts = d.count_by_dimension()
    assert sum(counts) == len(d) == len(d.cells)
    r = random.Random(seed)
    total = len(d)
    chosen = range(total) if total <= 60 else sorted(r.sample(range(total), 60))
    algebraic = 0
    for i in chosen:
        cell = d.cells[i]
        assert d.cell(cell.index) == cell
        if all([isinstance(x, Fraction) for x in cell.sample]):
            # each sample point lies in its own cell, and the signs there are those of the cell
            assert d.locate(cell.sample) == cell
            assert cell.signs == tuple([value_sign(p, d.variables, list(cell.sample)) for p in d.polynomials])
        elif algebraic < 20 and prod([x.degree() for x in cell.point]) <= 24:
            # at algebraic points signs are computed again in the tower of the coordinates
            algebraic += 1
            assert cell.signs == tuple([sign_at(read(d.ring, p)[0], cell.point) for p in d.polynomials])
    for k in range(points):
        # half of the points lie on the coordinate planes and diagonals, where the special cells are
        choose = (lambda: Fraction(r.randint(-40, 40), r.choice((1, 2, 3, 5, 8)))) if k & 1 else (lambda: Fraction(r.randint(-1, 1)))
        point = [choose() for _ in range(n)]
        cell = d.locate(point)
        assert cell.signs == tuple([value_sign(p, d.variables, point) for p in d.polynomials]), (point, cell)
