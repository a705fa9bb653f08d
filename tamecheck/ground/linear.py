"""Systems of linear inequalities over the rationals, strict ones included: an exact point, or the certainty that there is none.

The simplex method in the form that solvers of linear arithmetic use [DM06]_: every inequality gets a slack variable with a lower
bound, a violated basic slack is moved to its bound by a pivot, and Bland's rule (least index first) makes it end.  A strict
inequality has the bound epsilon; values are pairs ``(a, b)`` that mean ``a + b*epsilon``.

.. [DM06] B. Dutertre, L. de Moura, "A fast linear-arithmetic solver for DPLL(T)", CAV 2006.
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq

Row = tuple[Sequence[fmpq], fmpq, str]
"""Coefficients a, constant b and relation: ``a.x + b`` is ``ge``, ``gt``, ``le``, ``lt`` or ``eq`` zero."""
ZERO, ONE = fmpq(0), fmpq(1)


def solve(rows: Sequence[Row], count: int, start: Sequence[fmpq] | None = None) -> list[fmpq] | None:
    """Return a rational point that satisfies all rows, or ``None`` if no real point does.

    The point is checked against every row before it is returned.

    Parameters
    ----------
    rows : sequence of (coefficients, constant, relation)
    count : int — the number of variables
    start : a point near which the search begins; cheap if it satisfies nearly all rows

    Examples
    --------
    >>> one, q = fmpq(1), fmpq
    >>> [str(x) for x in solve([([one], q(-1), "gt"), ([one], q(-2), "lt")], 1)]
    ['3/2']
    >>> solve([([one], q(0), "gt"), ([one], q(0), "lt")], 1) is None
    True
    """
    if start is not None:
        moved = [(a, sum([c * x for c, x in zip(a, start, strict=True) if c], b), relation) for a, b, relation in rows]
        found = solve(moved, count)
        return None if found is None else [x + y for x, y in zip(start, found, strict=True)]
    substitution: dict[int, tuple[list[fmpq], fmpq]] = {}
    weak: list[tuple[list[fmpq], fmpq, bool]] = []
    for coefficients, constant, relation in rows:
        if relation == "eq" and not _eliminate(list(coefficients), constant, substitution):
            return None
    for coefficients, constant, relation in rows:
        if relation == "eq":
            continue
        a, b = _substituted(list(coefficients), constant, substitution)
        if relation in ("le", "lt"):
            a, b = [-c for c in a], -b
        strict = relation in ("gt", "lt")
        if not any(a):
            if b < 0 or (strict and b == 0):
                return None
            continue
        weak.append((a, b, strict))
    free = [k for k in range(count) if k not in substitution]
    point = _simplex(weak, free, count)
    if point is None:
        return None
    for k, (a, b) in substitution.items():
        point[k] = sum([c * x for c, x in zip(a, point, strict=True) if c], b)
    if not all([holds(row, point) for row in rows]):
        raise ArithmeticError("the simplex method returned a point that violates a row")
    return point


def holds(row: Row, point: Sequence[fmpq]) -> bool:
    """Return whether a row holds at a point."""
    coefficients, constant, relation = row
    value = sum([c * x for c, x in zip(coefficients, point, strict=True) if c], constant)
    return {"ge": value >= 0, "gt": value > 0, "le": value <= 0, "lt": value < 0, "eq": value == 0}[relation]


def rational(value: fmpq) -> Fraction:
    """Return a FLINT rational as a `Fraction`."""
    return Fraction(int(value.p), int(value.q))


def _substituted(a: list[fmpq], b: fmpq, substitution: dict) -> tuple[list[fmpq], fmpq]:
    for k, (c, d) in substitution.items():
        if a[k]:
            factor, a[k] = a[k], ZERO
            a = [x + factor * y for x, y in zip(a, c, strict=True)]
            b = b + factor * d
    return a, b


def _eliminate(a: list[fmpq], b: fmpq, substitution: dict) -> bool:
    """Solve an equation for one variable, in terms of those that are not eliminated; return False if it is absurd."""
    a, b = _substituted(a, b, substitution)
    pivot = next((k for k, c in enumerate(a) if c), None)
    if pivot is None:
        return b == 0
    factor = -ONE / a[pivot]
    a[pivot] = ZERO
    solved, constant = [c * factor for c in a], b * factor
    for k, (c, d) in list(substitution.items()):
        if c[pivot]:
            m, c[pivot] = c[pivot], ZERO
            substitution[k] = ([x + m * y for x, y in zip(c, solved, strict=True)], d + m * constant)
    substitution[pivot] = (solved, constant)
    return True


def _simplex(weak: list[tuple[list[fmpq], fmpq, bool]], free: list[int], count: int) -> list[fmpq] | None:
    """Return values of the free variables (zero elsewhere) with a.x + b >= 0, or > 0 where strict."""
    n = len(free)
    table = [[a[k] for k in free] for a, _, _ in weak]
    # variable v < n is a coordinate, n + i the slack of row i; its lower bound is -b_i, plus epsilon where strict
    bound = [(-b, ONE if strict else ZERO) for _, b, strict in weak]
    basic, outer = [n + i for i in range(len(weak))], list(range(n))
    value: list[tuple[fmpq, fmpq]] = [(ZERO, ZERO)] * (n + len(weak))
    while True:
        broken = [r for r, v in enumerate(basic) if v >= n and value[v] < bound[v - n]]
        if not broken:
            break
        r = min(broken, key=basic.__getitem__)
        row, v = table[r], basic[r]
        # a free coordinate may move both ways, a slack outside the basis stands at its bound and may only grow
        columns = [c for c in range(n) if row[c] and (outer[c] < n or row[c] > 0 or value[outer[c]] > bound[outer[c] - n])]
        if not columns:
            return None
        c = min(columns, key=outer.__getitem__)
        _move(table, basic, outer, value, r, c, bound[v - n])
    epsilon = ONE
    for i in range(len(weak)):
        (a, s), (b, t) = value[n + i], bound[i]
        if s < t:  # a + s*epsilon >= b + t*epsilon limits epsilon
            epsilon = min(epsilon, (a - b) / (t - s))
    point = [ZERO] * count
    for k, v in zip(free, range(n), strict=True):
        point[k] = value[v][0] + value[v][1] * epsilon
    return point


def _move(table: list, basic: list[int], outer: list[int], value: list, r: int, c: int, target: tuple[fmpq, fmpq]) -> None:
    """Set the basic variable of row ``r`` to the target by moving the variable of column ``c``, and exchange the two."""
    row, pivot = table[r], table[r][c]
    v, w = basic[r], outer[c]
    step = ((target[0] - value[v][0]) / pivot, (target[1] - value[v][1]) / pivot)
    value[v] = target
    value[w] = (value[w][0] + step[0], value[w][1] + step[1])
    for i, other in enumerate(table):
        if i != r and other[c]:
            u, factor = basic[i], other[c]
            value[u] = (value[u][0] + factor * step[0], value[u][1] + factor * step[1])
    inverse = ONE / pivot
    new = [-x * inverse for x in row]
    new[c] = inverse
    table[r] = new
    for i, other in enumerate(table):
        if i != r and other[c]:
            factor, other[c] = other[c], ZERO
            table[i] = [x + factor * y for x, y in zip(other, new, strict=True)]
    basic[r], outer[c] = w, v
