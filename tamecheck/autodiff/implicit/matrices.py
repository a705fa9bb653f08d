"""Small exact linear algebra: determinants, inverses, definiteness, over the rationals."""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat

Matrix = Sequence[Sequence[Fraction]]


def flint(a: Matrix) -> fmpq_mat:
    """Return a FLINT matrix."""
    return fmpq_mat(len(a), len(a[0]), [fmpq(x.numerator, x.denominator) for row in a for x in row])


def unflint(a: fmpq_mat) -> list[list[Fraction]]:
    """Return rows of fractions."""
    return [[Fraction(int(a[i, j].p), int(a[i, j].q)) for j in range(a.ncols())] for i in range(a.nrows())]


def determinant(a: Matrix) -> Fraction:
    """Return the determinant."""
    d = flint(a).det()
    return Fraction(int(d.p), int(d.q))


def solve(a: Matrix, b: Matrix) -> list[list[Fraction]] | None:
    """Return X with a X = b, ``None`` if a is singular."""
    if not b[0]:
        return [[] for _ in a]
    try:
        return unflint(flint(a).solve(flint(b)))
    except ZeroDivisionError:
        return None


def identity(n: int) -> list[list[Fraction]]:
    """Return the identity matrix."""
    return [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]


def transpose(a: Matrix) -> list[list[Fraction]]:
    """Return the transposed matrix."""
    return [list(c) for c in zip(*a, strict=True)]


def product(a: Matrix, b: Matrix) -> list[list[Fraction]]:
    """Return a b."""
    columns = transpose(b)
    return [[sum([x * y for x, y in zip(row, c, strict=True) if x and y], Fraction(0)) for c in columns] for row in a]


def combine(a: Matrix, b: Matrix, s: Fraction | int = 1) -> list[list[Fraction]]:
    """Return a + s b."""
    return [[x + s * y for x, y in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]


def symmetric_part(a: Matrix) -> list[list[Fraction]]:
    """Return (a + a^T)/2."""
    return [[(a[i][j] + a[j][i]) / 2 for j in range(len(a))] for i in range(len(a))]


def pivots(a: Matrix) -> list[Fraction] | None:
    """Return the pivots of Gaussian elimination without exchanges; ``None`` if one vanishes before the end."""
    rows = [[fmpq(x.numerator, x.denominator) for x in r] for r in a]
    out = []
    for k in range(len(rows)):
        p = rows[k][k]
        out.append(Fraction(int(p.p), int(p.q)))
        if p == 0:
            return None
        for i in range(k + 1, len(rows)):
            if rows[i][k]:
                f = rows[i][k] / p
                rows[i] = [x - f * y for x, y in zip(rows[i], rows[k], strict=True)]
    return out


def positive_definite(a: Matrix) -> bool:
    """Return whether x^T a x > 0 for all x but 0: the pivots of the symmetric part are positive [Sylvester]."""
    found = pivots(symmetric_part(a))
    return found is not None and all([p > 0 for p in found])


def positive_semidefinite(a: Matrix) -> bool:
    """Return whether a symmetric matrix has x^T a x >= 0 for all x: by elimination, a zero pivot must have a zero row."""
    rows = [list(r) for r in a]
    for k in range(len(rows)):
        p = rows[k][k]
        if p < 0 or (p == 0 and any(rows[k][k:])):
            return False
        for i in range(k + 1, len(rows)):
            if rows[i][k]:
                f = rows[i][k] / p
                rows[i] = [x - f * y for x, y in zip(rows[i], rows[k], strict=True)]
    return True


def kernel_vector(a: Matrix) -> list[Fraction] | None:
    """Return a vector that is not zero with a v = 0, ``None`` if there is none."""
    n = len(a)
    reduced, rank = flint(a).rref()
    if rank == n:
        return None
    rows = unflint(reduced)
    lead = [next(j for j in range(n) if rows[i][j]) for i in range(rank)]
    free = next(j for j in range(n) if j not in lead)
    v = [Fraction(0)] * n
    v[free] = Fraction(1)
    for i, p in enumerate(lead):
        v[p] = -rows[i][free]
    return v
