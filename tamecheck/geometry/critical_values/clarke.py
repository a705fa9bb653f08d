"""Clarke's condition 0 in conv{v_1, ..., v_m} for vectors with algebraic entries, decided by signs of determinants.

By Caratheodory's theorem zero lies in the convex hull if and only if it is a positive combination of a minimal dependent subset, a
*positive circuit*: k + 1 vectors of rank k, each k of them independent, with coefficients of one sign.  The coefficients of a circuit are
minors, so their signs are signs of polynomials at a point, which are exact.  In dimension at most three the circuits are single
zero vectors, opposite pairs, coplanar triples and quadruples.

A function that is piecewise continuously differentiable on pieces R_1, ..., R_m that meet at x, and continuous there, has the Clarke subdifferential
conv{grad f_i(x)} over the pieces with x in the closure of the interior of R_i.

.. [C83] F. H. Clarke, Optimization and Nonsmooth Analysis, Theorem 2.5.1.
"""

from collections.abc import Callable, Sequence
from itertools import combinations

from flint import fmpz_mpoly

Vector = Sequence[fmpz_mpoly]
Sign = Callable[[fmpz_mpoly], int]


def circuit(vectors: Sequence[Vector], sign: Sign) -> tuple[int, ...] | None:
    """Return the positions of a positive circuit, or ``None`` if zero is not in the convex hull.

    Parameters
    ----------
    vectors : sequence of vectors of polynomials — all of one length, at most 3
    sign : the sign of a polynomial at the point in question
    """
    n = len(vectors[0]) if vectors else 0
    zero = [all([sign(p) == 0 for p in v]) for v in vectors]
    if any(zero):
        return (zero.index(True),)
    for i, j in combinations(range(len(vectors)), 2):
        if _opposite(vectors[i], vectors[j], sign):
            return (i, j)
    if n >= 2:
        for triple in combinations(range(len(vectors)), 3):
            if _triple([vectors[k] for k in triple], sign):
                return triple
    if n >= 3:
        for four in combinations(range(len(vectors)), 4):
            if _quadruple([vectors[k] for k in four], sign):
                return four
    return None


def minors(vectors: Sequence[Vector]) -> list[fmpz_mpoly]:
    """Return polynomials whose signs decide `circuit`: constant signs of all of them mean a constant answer."""
    n = len(vectors[0]) if vectors else 0
    out = [p for v in vectors for p in v]
    for i, j in combinations(range(len(vectors)), 2):
        out += cross(vectors[i], vectors[j])
        out.append(dot(vectors[i], vectors[j]))
    if n == 3:
        for a, b, c in combinations(vectors, 3):
            out.append(determinant(a, b, c))
            x, y, z = cross(b, c), cross(c, a), cross(a, b)
            out += [dot(x, y), dot(y, z), dot(z, x)]
    return [p for p in out if not p.is_constant()]


def dot(a: Vector, b: Vector) -> fmpz_mpoly:
    """Return the scalar product."""
    total = a[0] * b[0]
    for p, q in zip(a[1:], b[1:], strict=True):
        total += p * q
    return total


def cross(a: Vector, b: Vector) -> list[fmpz_mpoly]:
    """Return the 2 x 2 minors of two vectors: one in the plane, three in space, none on the line."""
    if len(a) == 1:
        return []
    if len(a) == 2:
        return [a[0] * b[1] - a[1] * b[0]]
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def determinant(a: Vector, b: Vector, c: Vector) -> fmpz_mpoly:
    """Return the determinant of three vectors in space."""
    return dot(a, cross(b, c))


def _opposite(a: Vector, b: Vector, sign: Sign) -> bool:
    return sign(dot(a, b)) < 0 and all([sign(m) == 0 for m in cross(a, b)])


def _triple(v: Sequence[Vector], sign: Sign) -> bool:
    a, b, c = v
    if len(a) == 2:
        s = [sign(cross(p, q)[0]) for p, q in ((b, c), (c, a), (a, b))]
        return 0 not in s and len(set(s)) == 1
    if sign(determinant(a, b, c)) != 0:
        return False
    x, y, z = cross(b, c), cross(c, a), cross(a, b)
    return sign(dot(x, y)) > 0 and sign(dot(y, z)) > 0 and sign(dot(z, x)) > 0


def _quadruple(v: Sequence[Vector], sign: Sign) -> bool:
    a, b, c, d = v
    s = [sign(determinant(b, c, d)), -sign(determinant(a, c, d)), sign(determinant(a, b, d)), -sign(determinant(a, b, c))]
    return 0 not in s and len(set(s)) == 1
