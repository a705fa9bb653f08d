"""Norms at their centre: the Clarke subdifferential of c*sqrt((x-p)' A (x-p)) + smooth at p is an ellipsoid.

For A positive definite the gradients A(x-p)/sqrt((x-p)'A(x-p)) fill, near p, the whole surface {v : v' A^{-1} v = 1}; its convex hull is the
solid ellipsoid, scaled by |c| and moved by the gradient of the smooth part.
"""

from collections.abc import Sequence
from fractions import Fraction

from tamecheck.autodiff.fields import Field, Quotient
from tamecheck.autodiff.pieces import Pieces
from tamecheck.autodiff.space import Cell

Matrix = list[list[Fraction]]


def member(pieces: Pieces, cell: Cell, vector: Sequence[Quotient]) -> bool | None:
    """Return whether a vector is a Clarke subgradient at a point that is the centre of a norm; ``None`` if this is not the situation."""
    f = pieces.field
    if cell.dimension or not all([isinstance(x, Fraction) for x in cell.sample]):
        return None
    values = [pieces.of(c).value for c in pieces.space.open_around(cell)]
    if not values or any([v != values[0] for v in values]) or values[0] is None:
        return None
    found = _shape(f, values[0], cell.sample)
    target = [_number(f, a, cell.sample) for a in vector]
    if found is None or None in target:
        return None
    c, matrix, centre = found
    difference = [a - b for a, b in zip(target, centre, strict=True)]
    solved = _solve(matrix, difference)
    if solved is None:
        return None
    return sum([a * b for a, b in zip(difference, solved, strict=True)], Fraction(0)) <= c * c


def _number(f: Field, a: Quotient, point: Sequence[Fraction]) -> Fraction | None:
    v = f.substitute(a, [f.number(x) for x in point])
    if v is None or not (v[0].is_constant() and v[1].is_constant()):
        return None
    return Fraction(int(v[0].coeffs()[0]) if len(v[0]) else 0, int(v[1].coeffs()[0]))


def _shape(f: Field, value: Quotient, point: Sequence[Fraction]) -> tuple[Fraction, Matrix, list[Fraction]] | None:
    """Return (c, A, gradient of the smooth part) of a function c*sqrt(u) + smooth, u a positive definite form at the point."""
    top, bottom = value
    if not bottom.is_constant():
        return None
    used = [j for j in range(len(f.generators)) if int(top.degrees()[f.n + j])]
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
    if not _positive_definite(matrix):
        return None
    return c, matrix, [_number(f, f.derivative(smooth, k), point) for k in range(f.n)]


def _positive_definite(matrix: Matrix) -> bool:
    """Return whether all leading minors are positive (Sylvester)."""
    return all([_determinant([row[:k] for row in matrix[:k]]) > 0 for k in range(1, len(matrix) + 1)])


def _determinant(matrix: Matrix) -> Fraction:
    m, total = [list(row) for row in matrix], Fraction(1)
    for k in range(len(m)):
        pivot = next((i for i in range(k, len(m)) if m[i][k]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != k:
            m[k], m[pivot], total = m[pivot], m[k], -total
        total *= m[k][k]
        for i in range(k + 1, len(m)):
            factor = m[i][k] / m[k][k]
            m[i] = [a - factor * b for a, b in zip(m[i], m[k], strict=True)]
    return total


def _solve(matrix: Matrix, right: Sequence[Fraction]) -> list[Fraction] | None:
    """Return the solution of a regular system (Cramer's rule; the systems are small)."""
    d = _determinant(matrix)
    if not d:
        return None
    out = []
    for k in range(len(matrix)):
        out.append(_determinant([[right[i] if j == k else x for j, x in enumerate(row)] for i, row in enumerate(matrix)]) / d)
    return out
