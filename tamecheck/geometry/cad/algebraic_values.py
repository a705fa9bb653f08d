"""Values of rational functions at points with algebraic coordinates, as algebraic numbers with their minimal polynomials.

The coordinates generate a tower K = Q(a_1, ..., a_r) of dimension D over Q (or a product of such fields, where a modulus of the tower is
reducible).  Multiplication by v is a D x D matrix over Q whose characteristic polynomial vanishes at v; its factor with the root that lies
in the ball of v is the minimal polynomial.  No resultant is needed, so nothing can vanish identically.
"""

from collections.abc import Sequence

from flint import arb, fmpq, fmpq_mat, fmpq_poly, fmpz_mpoly, fmpz_poly

from tamecheck.errors import BudgetExceeded
from tamecheck.ground.algebraic import MAXIMAL_PRECISION, AlgebraicNumber, number, precision, real_roots
from tamecheck.ground.towers import Coordinate, Element, Tower

MAXIMAL_DIMENSION = 120
"""Largest degree of a tower in which a minimal polynomial is computed; 120 takes about a second."""

Quotient = tuple[fmpz_mpoly, fmpz_mpoly]
"""Numerator and denominator."""


def value_at(point: Sequence[Coordinate], numerator: fmpz_mpoly, denominator: fmpz_mpoly | None = None) -> AlgebraicNumber:
    """Return the value of a quotient of polynomials at a point where the denominator is not zero.

    Raises
    ------
    BudgetExceeded
        TC306 when the coordinates generate a field of too large a degree.
    """
    tower = Tower(point)
    n = len(point)
    h = tower.height[n]
    top = tower.value(_terms(numerator), n)
    if denominator is not None and not denominator.is_constant():
        bottom = tower.value(_terms(denominator), n)
        top = tower.mul(top, tower.inverse(bottom, h), h)
    elif denominator is not None:
        top = _scaled(top, 1 / fmpq(denominator.coeffs()[0]), h)
    if h == 0:
        return number(top)
    dimension = 1
    for k in range(h):
        dimension *= _degree(tower, k)
    if dimension > MAXIMAL_DIMENSION:
        raise BudgetExceeded(f"a value lies in a field of degree {dimension}", code="TC306", where="values at algebraic points")
    matrix = fmpq_mat(dimension, dimension)
    for j, basis in enumerate(_basis(tower, h)):
        for i, c in enumerate(_flat(tower, tower.mul(top, basis, h), h)):
            matrix[i, j] = c
    q = matrix.charpoly()
    p = q.numer()
    roots = [r for r, _ in real_roots(tuple([int(c) for c in p.coeffs()]))]
    return _pick(roots, lambda bits: tower.ball(top, h, bits))


def coordinate_value(x: Coordinate) -> AlgebraicNumber | None:
    """Return a coordinate as an algebraic number if it already is one."""
    return x if isinstance(x, AlgebraicNumber) else None


def _pick(roots: list[AlgebraicNumber], ball_at) -> AlgebraicNumber:
    bits = 64
    while bits <= MAXIMAL_PRECISION:
        with precision(bits):
            target: arb = ball_at(bits)
            roots = [r for r in roots if target.overlaps(r.ball(bits))]
        if len(roots) == 1:
            return roots[0]
        bits *= 2
    raise BudgetExceeded("a comparison needs more than a million bits", code="TC306")


def _terms(p: fmpz_mpoly) -> list:
    return list(zip(p.monoms(), p.coeffs(), strict=True))


def _scaled(a: Element, q: fmpq, h: int) -> Element:
    return a * q if h <= 1 else [_scaled(c, q, h - 1) for c in a]


def _degree(tower: Tower, k: int) -> int:
    m = tower.moduli[k]
    return m.degree() if isinstance(m, fmpq_poly | fmpz_poly) else len(m) - 1


def _basis(tower: Tower, h: int) -> list:
    """Return the products of powers of the generators, in the order of `_flat`."""
    d = _degree(tower, h - 1)
    if h == 1:
        return [fmpq_poly([0] * k + [1]) for k in range(d)]
    zero = tower.embed(fmpq(0), h - 1)
    return [[zero] * k + [b] for k in range(d) for b in _basis(tower, h - 1)]


def _flat(tower: Tower, a: Element, h: int) -> list[fmpq]:
    d = _degree(tower, h - 1)
    if h == 1:
        a = a % tower.moduli[0]
        return [a[k] for k in range(d)]
    zero = tower.embed(fmpq(0), h - 1)
    padded = list(a) + [zero] * (d - len(a))
    return [c for part in padded for c in _flat(tower, part, h - 1)]
