"""Linear algebra on small matrices, written out: determinants by expansion, inverses by minors, Cholesky factors and 2 x 2 eigenvalues by roots."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as pairs
from typing import TYPE_CHECKING

from tamecheck.programs.lowering.tape import Tape

if TYPE_CHECKING:
    from tamecheck.programs.lowering.scalars import Writer

MAXIMAL_MATRIX = 4


def linalg(w: Writer, parameters: tuple, given: list, shape: tuple) -> object:
    """Return the slots of a matrix operation on small matrices, by determinants and square roots."""
    import numpy as np

    what = parameters[0]
    rule = {"det": _det, "inverse": _inverse, "solve": _solve, "cholesky": _cholesky, "eigvalsh": _eigvalsh}.get(what)
    size = given[0].shape[-1]
    if rule is None or size > (2 if what == "eigvalsh" else MAXIMAL_MATRIX):
        limit = "2 x 2" if what == "eigvalsh" else f"{MAXIMAL_MATRIX} x {MAXIMAL_MATRIX}"
        raise w.refuse(f"{what} of {size} x {size} matrices", f"determinants, inverses, solutions and Cholesky factors up to {limit} are written out")
    lead = given[0].shape[:-2]
    out = np.empty(shape, dtype=np.int64)
    for place in np.ndindex(*lead):
        out[place] = rule(w.tape, *[g[place].tolist() for g in given])
    return out


def _det(t: Tape, m: list[list[int]]) -> int:
    if not m:
        return t.number(1)
    terms = []
    for k, a in enumerate(m[0]):
        if t.value(a) == 0:
            continue
        minor = _det(t, [[*row[:k], *row[k + 1 :]] for row in m[1:]])
        term = t.product(a, minor)
        terms.append(t.negative(term) if k & 1 else term)
    return t.sum(terms)


def _inverse(t: Tape, m: list[list[int]]) -> list[list[int]]:
    n, d = len(m), _det(t, m)
    out = [[0] * n for _ in range(n)]
    for i, j in pairs(range(n), range(n)):
        minor = _det(t, [[*row[:j], *row[j + 1 :]] for k, row in enumerate(m) if k != i])
        out[j][i] = t.quotient(t.negative(minor) if (i + j) & 1 else minor, d)
    return out


def _solve(t: Tape, m: list[list[int]], b: list[list[int]]) -> list[list[int]]:
    inverse = _inverse(t, m)
    return [[t.sum([t.product(r, b[k][c]) for k, r in enumerate(row)]) for c in range(len(b[0]))] for row in inverse]


def _cholesky(t: Tape, m: list[list[int]]) -> list[list[int]]:
    n = len(m)
    low = [[t.number(0)] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            rest = t.sum([m[i][j], *[t.negative(t.product(low[i][k], low[j][k])) for k in range(j)]])
            low[i][j] = t.power(rest, Fraction(1, 2)) if i == j else t.quotient(rest, low[j][j])
    return low


def _eigvalsh(t: Tape, m: list[list[int]]) -> list[int]:
    if len(m) == 1:
        return [m[0][0]]
    a, b, d = m[0][0], m[1][0], m[1][1]
    spread = t.sum([t.power(t.difference(a, d), Fraction(2)), t.product(t.number(4), t.power(b, Fraction(2)))])
    distance = t.power(spread, Fraction(1, 2))
    half = t.number(Fraction(1, 2))
    middle = t.sum([a, d])
    return [t.product(half, t.difference(middle, distance)), t.product(half, t.sum([middle, distance]))]
