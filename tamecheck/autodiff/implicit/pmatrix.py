"""P-matrices: all principal minors positive.  I - W is one iff z = relu(W z + b) has exactly one solution for every b [CPS09]_.

Three certificates that cost a linear solve come first: strict diagonal dominance up to scaling (I - |W| times a positive vector is positive, which by
Perron and Frobenius says that the spectral radius of |W| is less than one), a positive definite symmetric part, then all principal minors.

.. [CPS09] R. Cottle, J.-S. Pang, R. Stone, "The Linear Complementarity Problem", SIAM 2009, theorem 3.3.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from tamecheck.autodiff.implicit import matrices

MAXIMAL_MINORS = 14


@dataclass
class PMatrix:
    """Whether a matrix is a P-matrix (``None``: not known), and why.

    Attributes
    ----------
    method : ``"comparison"``, ``"definite"``, ``"minors"``
    vector : of ``"comparison"``: positive, with (comparison matrix) times vector positive
    minors : of ``"minors"``: all principal minors, by index set
    witness : an index set with a principal minor that is not positive, and its value
    """

    holds: bool | None
    method: str
    vector: list[Fraction] | None = None
    minors: dict[tuple[int, ...], Fraction] | None = None
    witness: tuple[tuple[int, ...], Fraction] | None = None
    reason: str = ""


def comparison(a: Sequence[Sequence[Fraction]]) -> list[Fraction] | None:
    """Return v > 0 with (2 diag(a) - |a|) v > 0 if a has a positive diagonal and there is such a vector: a is an H-matrix."""
    n = len(a)
    if any([a[i][i] <= 0 for i in range(n)]):
        return None
    c = [[a[i][i] if i == j else -abs(a[i][j]) for j in range(n)] for i in range(n)]
    found = matrices.solve(c, [[Fraction(1)] for _ in range(n)])
    # a nonsingular M-matrix has a nonnegative inverse without a zero row, so a negative entry says that there is no vector at all
    return None if found is None or any([r[0] <= 0 for r in found]) else [r[0] for r in found]


def contraction(w: Sequence[Sequence[Fraction]]) -> dict[str, bool]:
    """Return which norms of W are less than one: rows, columns, Euclid (by pivots of I - W^T W), and the spectral radius of |W|."""
    n = len(w)
    gram = matrices.product(matrices.transpose(w), w)
    absolute = [[(1 if i == j else 0) - abs(w[i][j]) for j in range(n)] for i in range(n)]
    found = matrices.solve(absolute, [[Fraction(1)] for _ in range(n)])
    return {
        "rows": all([sum([abs(x) for x in row]) < 1 for row in w]),
        "columns": all([sum([abs(row[j]) for row in w]) < 1 for j in range(n)]),
        "euclidean": matrices.positive_definite(matrices.combine(matrices.identity(n), gram, -1)),
        "spectral radius of |W|": found is not None and all([r[0] > 0 for r in found]),
    }


def principal_minors(a: Sequence[Sequence[Fraction]]) -> dict[tuple[int, ...], Fraction]:
    """Return all principal minors; there are 2^n - 1."""
    n = len(a)
    out = {}
    for size in range(1, n + 1):
        for s in combinations(range(n), size):
            out[s] = matrices.determinant([[a[i][j] for j in s] for i in s])
    return out


def check(a: Sequence[Sequence[Fraction]], minors: bool = False) -> PMatrix:
    """Return whether a matrix is a P-matrix.

    Parameters
    ----------
    a : square matrix of rationals
    minors : compute the minors even if a cheaper certificate exists

    Examples
    --------
    >>> one = Fraction(1)
    >>> check([[one, 3 * one], [-3 * one, one]], minors=True).minors
    {(0,): Fraction(1, 1), (1,): Fraction(1, 1), (0, 1): Fraction(10, 1)}
    """
    n = len(a)
    if not minors or n > MAXIMAL_MINORS:
        vector = comparison(a)
        if vector is not None:
            return PMatrix(True, "comparison", vector=vector)
        if matrices.positive_definite(a):
            return PMatrix(True, "definite")
    for size in (1, 2):
        for s in combinations(range(n), size):
            d = matrices.determinant([[a[i][j] for j in s] for i in s])
            if d <= 0:
                return PMatrix(False, "minors", witness=(s, d))
    if n > MAXIMAL_MINORS:
        return PMatrix(None, "", reason=f"{n} units: no cheap certificate, and all minors are computed for up to {MAXIMAL_MINORS}")
    found = principal_minors(a)
    worst = next(((s, d) for s, d in found.items() if d <= 0), None)
    return PMatrix(worst is None, "minors", minors=found, witness=worst)
