"""Quadratic programs min 1/2 z^T Q z + c^T z, A z = b, G z <= h, by the residual of their optimality conditions without products:

Q z + c + A^T nu + G^T mu = 0,  A z - b = 0,  mu - relu(mu + G z - h) = 0.   Parameters: c, b, h, in this order.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from tamecheck.autodiff.implicit import data, matrices
from tamecheck.autodiff.implicit.families import separable
from tamecheck.autodiff.implicit.hypotheses import Hypotheses, examine

MAXIMAL_INEQUALITIES = 10


@dataclass
class QuadraticSolution:
    """A solution with its multipliers, and the hypotheses there; rows of the Jacobian are z, nu, mu."""

    z: list[Fraction]
    nu: list[Fraction]
    mu: list[Fraction]
    hypotheses: Hypotheses


def quadratic(Q: object, c: object, G: object = None, h: object = None, A: object = None, b: object = None) -> QuadraticSolution:
    """Solve a convex quadratic program exactly and return the conservative Jacobian of its solution, as a set.

    Examples
    --------
    >>> s = quadratic([[1]], [0], G=[[1]], h=[0])      # the projection of -c onto z <= 0, at its kink
    >>> s.hypotheses.verdict, s.hypotheses.jacobian.range()[0][0]
    ('holds', (Fraction(-1, 1), Fraction(0, 1)))
    """
    q = data.square(Q, "Q")
    n = len(q)
    if any([q[i][j] != q[j][i] for i in range(n) for j in range(i)]):
        raise data.InputError("Q is not symmetric", code="TC174")
    if not matrices.positive_semidefinite(q):
        raise data.InputError("Q is not positive semidefinite", code="TC174", hint="a convex program")
    cost = data.vector(c, "c", n)
    a = [] if A is None else data.matrix(A, "A", columns=n)
    g = [] if G is None else data.matrix(G, "G", columns=n)
    right = data.vector([] if b is None else b, "b", len(a))
    bounds = data.vector([] if h is None else h, "h", len(g))
    data.few(len(g), MAXIMAL_INEQUALITIES, "inequalities")
    point = _solve(q, cost, a, right, g, bounds)
    if point is None:
        hint = "a bounded, feasible program with Q definite"
        raise data.InputError("no solution with independent active constraints was found", code="TC175", hint=hint)
    z, nu, mu = point
    return QuadraticSolution(z, nu, mu, _hypotheses(q, a, g, bounds, z, mu))


def _solve(q, cost, a, right, g, bounds):
    n, e, k = len(q), len(a), len(g)
    for active in product((0, 1), repeat=k):
        s = [i for i in range(k) if active[i]]
        rows = [*a, *[g[i] for i in s]]
        size = len(rows)
        big = [[*q[i], *[r[i] for r in rows]] for i in range(n)] + [[*r, *[Fraction(0)] * size] for r in rows]
        found = matrices.solve(big, [[-x] for x in cost] + [[x] for x in right] + [[bounds[i]] for i in s])
        if found is None:
            continue
        v = [r[0] for r in found]
        mu = [Fraction(0)] * k
        for i, x in zip(s, v[n + e :], strict=True):
            mu[i] = x
        slack = [sum([x * y for x, y in zip(g[i], v[:n], strict=True)], -bounds[i]) for i in range(k)]
        if all([x >= 0 for x in mu]) and all([x <= 0 for x in slack]):
            return v[:n], v[n : n + e], mu
    return None


def _hypotheses(q, a, g, bounds, z, mu) -> Hypotheses:
    n, e, k = len(q), len(a), len(g)
    zero = Fraction(0)
    p = n + e + k

    def unit(i: int) -> list[Fraction]:
        return [Fraction(int(i == j)) for j in range(p)]

    base = [[*unit(i), *q[i], *[r[i] for r in a], *[r[i] for r in g]] for i in range(n)]
    base += [[*[-x for x in unit(n + i)], *a[i], *[zero] * (e + k)] for i in range(e)]
    base += [[zero] * p + unit(n + e + i) for i in range(k)]
    slopes, texts = [], []
    for i in range(k):
        u = mu[i] + sum([x * y for x, y in zip(g[i], z, strict=True)], -bounds[i])
        row = [*unit(n + e + i), *[-x for x in g[i]], *[zero] * e, *[-x for x in unit(n + e + i)[n + e :]]]
        if u > 0:
            base[n + e + i] = [x + y for x, y in zip(base[n + e + i], row, strict=True)]
        elif u == 0:
            slopes.append((n + e + i, row))
            texts.append(f"inequality {i} is active with multiplier 0")
    return examine(separable(base, slopes, texts, dict.fromkeys(range(len(slopes)), zero)))
