"""Programs over the second-order cone K = {(t, x): |x| <= t}: min 1/2 z^T Q z + c^T z, z in K, by z = P(z - Q z - c)."""

from fractions import Fraction

from tamecheck.autodiff.implicit import data, matrices
from tamecheck.autodiff.implicit.families import Family, Multiplier, constant, plus
from tamecheck.autodiff.implicit.hypotheses import Hypotheses, examine


def project(u: list[Fraction]) -> tuple[list[Fraction], list[list[list[Fraction]]]] | None:
    """Return the projection onto the cone and the ends of the segment of its derivatives (one matrix where it is smooth); ``None`` if the
    norm is not rational.

    At the apex the Clarke Jacobian is no segment: the list of ends is empty.
    """
    from tamecheck.programs.lowering.tape import root

    t, x = u[0], u[1:]
    n = len(u)
    square = sum([a * a for a in x], Fraction(0))
    parts = root(square.numerator, 2), root(square.denominator, 2)
    if None in parts:
        return None
    r = Fraction(parts[0]) / Fraction(parts[1])
    one, zero = matrices.identity(n), [[Fraction(0)] * n for _ in range(n)]
    if r == 0 and t == 0:
        return [Fraction(0)] * n, []
    if r < t:
        return list(u), [one]
    if r < -t:
        return [Fraction(0)] * n, [zero]
    w = [a / r for a in x]
    s = t / r
    middle = [[Fraction(1, 2), *[a / 2 for a in w]]]
    for i in range(n - 1):
        middle.append([w[i] / 2, *[((1 + s) * int(i == j) - s * w[i] * w[j]) / 2 for j in range(n - 1)]])
    value = [(r + t) / 2, *[(r + t) / 2 * a for a in w]]
    return value, [middle] if abs(t) < r else [middle, one if t > 0 else zero]


def cone(Q: object, c: object, z: object) -> Hypotheses:
    """Return the hypotheses at a solution over the second-order cone, and the conservative Jacobian of z in c.

    If Q is positive definite they hold everywhere (`monotone.strongly_monotone`); the set is returned where the derivatives form a point
    or a segment.

    Examples
    --------
    >>> cone([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, -3, -4], ["5/2", "3/2", 2]).verdict
    'holds'
    """
    q = data.square(Q, "Q")
    n = len(q)
    cost, point = data.vector(c, "c", n), data.vector(z, "z", n)
    u = [p - sum([a * b for a, b in zip(row, point, strict=True)], k) for p, row, k in zip(point, q, cost, strict=True)]
    found = project(u)
    if found is None:
        return Hypotheses("unknown", reason="the norm of the argument of the projection is not rational")
    if found[0] != point:
        raise data.InputError("z is no solution of z = P(z - Q z - c)", code="TC173", hint="an exact solution")
    if not found[1]:
        if matrices.positive_definite(q):
            reason = "at the apex of the cone: Q is positive definite, so every B is invertible; the set has no list of vertices"
            return Hypotheses("holds", reason=reason)
        return Hypotheses("unknown", reason="at the apex of the cone, and Q is not positive definite")
    one = matrices.identity(n)
    wide = [[*e, *[a - b for a, b in zip(row, f, strict=True)]] for e, row, f in zip(one, q, one, strict=True)]  # [I, Q - I]
    last = [[Fraction(0)] * n + e for e in one]
    ends = [matrices.combine(matrices.product(v, wide), last) for v in found[1]]
    rows = [[constant(x) for x in row] for row in ends[0]]
    free = []
    if len(ends) == 2:
        free = [Multiplier("kink", "the boundary of the cone")]
        slope = matrices.combine(ends[1], ends[0], -1)
        rows = [[plus(p, {(0,): d} if d else {}) for p, d in zip(r, s, strict=True)] for r, s in zip(rows, slope, strict=True)]
    return examine(Family(rows, free))
