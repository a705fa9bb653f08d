"""Invertibility of every matrix of an interval matrix, however many multipliers there are.

Let B lie between C - R and C + R, entry by entry, and let Y be any matrix.  If a vector v > 0 has ``(|I - Y C| + |Y| R) v < v``, then
``|I - Y B| v < v`` for every such B, so that Y B is strictly diagonally dominant up to scaling: B is invertible, and det B keeps its sign on the
whole (connected) set (Rump 1983; Rex and Rohn, SIAM J. Matrix Anal. Appl. 20, 1998).  Y is the inverse of C, rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tamecheck.autodiff.implicit import matrices
from tamecheck.autodiff.implicit.families import Poly

BITS = 40


@dataclass(frozen=True)
class Regular:
    """A certificate: the matrix Y, the vector v, the sign of the determinants."""

    inverse: list[list[Fraction]]
    vector: list[Fraction]
    sign: int


def enclosure(p: Poly) -> tuple[Fraction, Fraction]:
    """Return centre and radius of the values of a polynomial with multipliers in [0, 1]: every product of multipliers is there too."""
    radius = sum([abs(c) for m, c in p.items() if m], Fraction(0)) / 2
    centre = p.get((), Fraction(0)) + sum([c for m, c in p.items() if m], Fraction(0)) / 2
    return centre, radius


def regular(rows: Sequence[Sequence[Poly]]) -> Regular | None:
    """Return a certificate that every matrix between the bounds of the entries is invertible, ``None`` if this does not show it."""
    n = len(rows)
    centre = [[enclosure(p)[0] for p in row] for row in rows]
    radius = [[enclosure(p)[1] for p in row] for row in rows]
    exact = matrices.solve(centre, matrices.identity(n))
    if exact is None:
        return None
    rounded = [[Fraction(round(x * (1 << BITS)), 1 << BITS) for x in row] for row in exact]
    absolute = [[abs(x) for x in row] for row in rounded]
    defect = [[abs(x) for x in row] for row in matrices.combine(matrices.identity(n), matrices.product(rounded, centre), -1)]
    total = matrices.combine(defect, matrices.product(absolute, radius))
    found = matrices.solve(matrices.combine(matrices.identity(n), total, -1), [[Fraction(1)] for _ in range(n)])
    if found is None:
        return None
    scale = max([abs(r[0]) for r in found])
    vector = [Fraction(round(r[0] / scale * (1 << BITS)), 1 << BITS) for r in found]
    moved = [row[0] for row in matrices.product(total, [[v] for v in vector])]
    if any([v <= 0 or m >= v for m, v in zip(moved, vector, strict=True)]):
        return None
    return Regular(rounded, vector, 1 if matrices.determinant(centre) > 0 else -1)
