"""The lasso min 1/2 |X b - y|^2 + lambda |b|_1 as an implicit layer in lambda: residual b - S_lambda(b - X^T (X b - y))."""

from fractions import Fraction
from itertools import product

from tamecheck.autodiff.implicit import data, matrices
from tamecheck.autodiff.implicit.families import separable
from tamecheck.autodiff.implicit.hypotheses import Hypotheses, examine

MAXIMAL_COLUMNS = 8


def solve(X: list[list[Fraction]], y: list[Fraction], level: Fraction) -> list[Fraction] | None:
    """Return a solution, exactly, by signs of its entries: the optimality conditions are checked."""
    p = len(X[0])
    data.few(p, MAXIMAL_COLUMNS, "columns")
    gram = matrices.product(matrices.transpose(X), X)
    xy = [r[0] for r in matrices.product(matrices.transpose(X), [[v] for v in y])]
    for signs in sorted(product((0, 1, -1), repeat=p), key=lambda s: sum(map(abs, s))):
        s = [j for j in range(p) if signs[j]]
        beta = [Fraction(0)] * p
        if s:
            part = matrices.solve([[gram[i][j] for j in s] for i in s], [[xy[i] - level * signs[i]] for i in s])
            if part is None:
                continue
            for j, r in zip(s, part, strict=True):
                beta[j] = r[0]
        c = correlations(gram, xy, beta)
        if all([signs[j] * beta[j] >= 0 and (c[j] == level * signs[j] if signs[j] else abs(c[j]) <= level) for j in range(p)]):
            return beta
    return None


def correlations(gram: list[list[Fraction]], xy: list[Fraction], beta: list[Fraction]) -> list[Fraction]:
    """Return X^T (y - X b)."""
    return [t - sum([g * b for g, b in zip(row, beta, strict=True)], Fraction(0)) for row, t in zip(gram, xy, strict=True)]


def lasso(X: object, y: object, level: object) -> tuple[list[Fraction], Hypotheses]:
    """Return a solution of the lasso and its conservative Jacobian in lambda; entries with correlation lambda and coefficient 0 are free.

    Examples
    --------
    >>> beta, h = lasso([[1]], [2], 2)
    >>> beta, h.jacobian.range()
    ([Fraction(0, 1)], [[(Fraction(-1, 1), Fraction(0, 1))]])
    """
    x = data.matrix(X, "X")
    t, lam = data.vector(y, "y", len(x)), data.number(level, "level")
    if lam <= 0:
        raise data.InputError("lambda is not positive", code="TC174", where="level")
    beta = solve(x, t, lam)
    if beta is None:
        raise data.InputError("no solution has independent columns on its support", code="TC175", hint="columns in general position")
    p = len(beta)
    gram = matrices.product(matrices.transpose(x), x)
    xy = [r[0] for r in matrices.product(matrices.transpose(x), [[v] for v in t])]
    c = correlations(gram, xy, beta)
    base = [[Fraction(0)] + [Fraction(int(i == j)) for j in range(p)] for i in range(p)]
    slopes, texts = [], []
    for j in range(p):
        u = beta[j] + c[j]
        row = [Fraction((u > 0) - (u < 0))] + [gram[j][i] - int(i == j) for i in range(p)]
        if abs(u) > lam:
            base[j] = [a + b for a, b in zip(base[j], row, strict=True)]
        elif abs(u) == lam:
            slopes.append((j, row))
            texts.append(f"column {j} has correlation lambda and coefficient 0")
    return beta, examine(separable(base, slopes, texts))
