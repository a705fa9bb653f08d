"""Norms where they vanish: the Clarke subdifferential of c*sqrt(u) + smooth, u a positive semidefinite quadratic, is an ellipsoid.

Let u(x) = (x-p)' A (x-p), A positive semidefinite.  Where u vanishes, on the affine space p + ker A, the gradients A(x-p)/sqrt((x-p)'A(x-p)) of
sqrt(u) fill the surface {A y : y' A y = 1}; its convex hull is the solid ellipsoid {A y : y' A y <= 1} in the image of A, scaled by |c| and moved by
the gradient of the smooth part.  The largest eigenvalue of a symmetric 2x2 matrix (a, b; b, c) is (a + c)/2 + sqrt((a - c)^2/4 + b^2).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import fmpz_mpoly

from tamecheck.autodiff.fields import Field, Quotient

if TYPE_CHECKING:
    from tamecheck.autodiff.pieces import Pieces
    from tamecheck.autodiff.space import Cell

Matrix = list[list[Fraction]]


def member(pieces: Pieces, cell: Cell, vector: Sequence[Quotient]) -> bool | None:
    """Return whether a vector is a Clarke subgradient at the points of a cell on which a norm vanishes; ``None`` if this is not the situation."""
    f = pieces.field
    if not all([isinstance(x, Fraction) for x in cell.sample]):
        return None
    values = [pieces.of(c).value for c in pieces.space.open_around(cell)]
    if not values or any([v != values[0] for v in values]) or values[0] is None:
        return None
    found = _shape(f, values[0], cell.sample)
    if found is None:
        return None
    c, matrix, smooth = found
    difference = []
    for k, a in enumerate(vector):
        d = f.add(a, f.derivative(smooth, k), -1)
        d = pieces.space.restrict(d, cell) if cell.dimension else f.substitute(d, [f.number(x) for x in cell.sample])
        if d is None or not (d[0].is_constant() and d[1].is_constant()):
            return None
        difference.append(Fraction(int(d[0].coeffs()[0]) if len(d[0]) else 0, int(d[1].coeffs()[0])))
    solved = _solve(matrix, difference)
    if solved is None:
        return False  # not in the image of A
    return sum([a * b for a, b in zip(difference, solved, strict=True)], Fraction(0)) <= c * c


def _number(f: Field, a: Quotient, point: Sequence[Fraction]) -> Fraction | None:
    v = f.substitute(a, [f.number(x) for x in point])
    if v is None or not (v[0].is_constant() and v[1].is_constant()):
        return None
    return Fraction(int(v[0].coeffs()[0]) if len(v[0]) else 0, int(v[1].coeffs()[0]))


def _shape(f: Field, value: Quotient, point: Sequence[Fraction]) -> tuple[Fraction, Matrix, Quotient] | None:
    """Return (c, A, smooth part) of a function c*sqrt(u) + smooth, u a positive semidefinite quadratic that vanishes at the point."""
    top, bottom = value
    if not bottom.is_constant():
        return None
    used = [j for j in range(len(f.generators)) if int(top.degrees()[f.n + j]) > 0]
    if len(used) != 1 or f.generators[used[0]].kind != "root" or f.generators[used[0]].order != 2:
        return None
    j = used[0]
    slope = top.derivative(f.n + j)
    if not slope.is_constant():
        return None
    r = f.ring.variable(f.ring.names[f.n + j])
    smooth = f.reduce(top - slope * r, bottom)
    c = Fraction(int(slope.coeffs()[0]), int(bottom.coeffs()[0]))
    u = f.generators[j].argument
    if not u[1].is_constant() or u[0].total_degree() != 2 or f.transcendental(u[0]):
        return None
    flat = [_number(f, u, point), *[_number(f, f.derivative(u, k), point) for k in range(f.n)]]
    if any([x != 0 for x in flat]):
        return None
    matrix = [[_number(f, f.derivative(f.derivative(u, i), k), point) / 2 for k in range(f.n)] for i in range(f.n)]
    return (c, matrix, smooth) if positive_semidefinite(matrix) else None


def nonnegative(f: Field, p: fmpz_mpoly) -> bool:
    """Return whether a polynomial of degree at most two in the variables is nowhere negative: its homogenisation is positive semidefinite."""
    n = f.n
    matrix = [[Fraction(0)] * (n + 1) for _ in range(n + 1)]
    for e, c in zip(p.monoms(), p.coeffs(), strict=True):
        places = [k for k in range(n) for _ in range(int(e[k]))] + [n, n]
        i, k = places[:2]
        matrix[i][k] += Fraction(int(c), 2)
        matrix[k][i] += Fraction(int(c), 2)
    return positive_semidefinite(matrix)


def positive_semidefinite(matrix: Matrix) -> bool:
    """Return whether a symmetric matrix is positive semidefinite, by symmetric elimination."""
    m = [list(row) for row in matrix]
    left = list(range(len(m)))
    while left:
        if any([m[k][k] < 0 for k in left]):
            return False
        pivot = next((k for k in left if m[k][k] > 0), None)
        if pivot is None:
            return not any([m[i][k] for i in left for k in left])
        left.remove(pivot)
        for i in left:
            factor = m[i][pivot] / m[pivot][pivot]
            for k in left:
                m[i][k] -= factor * m[pivot][k]
    return True


def _solve(matrix: Matrix, right: Sequence[Fraction]) -> list[Fraction] | None:
    """Return a solution of a linear system, ``None`` if there is none."""
    n = len(right)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    pivots: list[int] = []
    for k in range(n):
        place = next((i for i in range(len(pivots), n) if rows[i][k]), None)
        if place is None:
            continue
        i = len(pivots)
        rows[i], rows[place] = rows[place], rows[i]
        rows[i] = [x / rows[i][k] for x in rows[i]]
        for j in range(n):
            if j != i and rows[j][k]:
                factor = rows[j][k]
                rows[j] = [x - factor * y for x, y in zip(rows[j], rows[i], strict=True)]
        pivots.append(k)
    if any([row[n] for row in rows[len(pivots) :]]):
        return None
    out = [Fraction(0)] * n
    for i, k in enumerate(pivots):
        out[k] = rows[i][n]
    return out
