"""Monotone inclusions 0 in M x + theta + N(x) through the resolvent equation x = P(x - gamma (M x + theta)), P a projection or a soft threshold.

Theorem used: if M has a positive definite symmetric part and V is symmetric with 0 <= V <= I (every element of the Clarke Jacobian of the
proximal map of a
convex function is), then I - V (I - gamma M) is invertible.  Proof: let w = V (w - gamma M w).  Then <w, w - gamma M w> >= |w|^2, because
<V u, u> >= |V u|^2;
so <w, M w> <= 0 and w = 0.  It holds for every closed convex set and every convex function, polyhedral or not.
"""

from fractions import Fraction

from tamecheck.autodiff.implicit import data, matrices
from tamecheck.autodiff.implicit.families import separable
from tamecheck.autodiff.implicit.hypotheses import Hypotheses, examine

PROX = ("orthant", "box", "soft")


def strongly_monotone(M: object) -> bool:
    """Return whether x -> M x is strongly monotone: the hypothesis then holds for the resolvent equation of every convex function.

    Examples
    --------
    >>> strongly_monotone([[1, 5], [-5, 1]]), strongly_monotone([[0, 1], [-1, 0]])
    (True, False)
    """
    return matrices.positive_definite(data.square(M, "M"))


def inclusion(M: object, theta: object, x: object, prox: str = "orthant", gamma: object = 1, level: object = 1) -> Hypotheses:
    """Return the hypotheses at a solution of x = P(x - gamma (M x + theta)), and the conservative Jacobian of x in theta.

    Parameters
    ----------
    prox : ``"orthant"`` (x >= 0), ``"box"`` (0 <= x <= level), ``"soft"`` (threshold gamma*level, the proximal map of level*|x|_1)
    x : the solution; it is checked
    """
    m = data.square(M, "M")
    n = len(m)
    t, z = data.vector(theta, "theta", n), data.vector(x, "x", n)
    step, height = data.number(gamma, "gamma"), data.number(level, "level")
    if prox not in PROX or step <= 0 or height <= 0:
        raise data.InputError("prox is one of " + ", ".join(PROX) + "; gamma and level are positive", code="TC174", where=str(prox)[:20])
    base, slopes, texts = [], [], []
    for i in range(n):
        u = z[i] - step * sum([a * b for a, b in zip(m[i], z, strict=True)], t[i])
        value, slope = _prox(prox, u, step, height)
        if value != z[i]:
            raise data.InputError(f"x is no solution: entry {i} is {z[i]}, the right side {value}", code="TC173")
        unit = [Fraction(int(i == j)) for j in range(n)]
        row = [step * e for e in unit] + [step * a - e for a, e in zip(m[i], unit, strict=True)]
        start = [Fraction(0)] * n + unit
        if slope is None:
            slopes.append((i, row))
            texts.append(f"entry {i} is at a kink of the {prox} map")
        base.append([a + b for a, b in zip(start, row, strict=True)] if slope else start)
    return examine(separable(base, slopes, texts))


def _prox(prox: str, u: Fraction, step: Fraction, level: Fraction) -> tuple[Fraction, int | None]:
    """Return value and slope; ``None`` at a kink."""
    if prox == "soft":
        w = step * level
        return (u - w if u > w else u + w if u < -w else Fraction(0)), None if abs(u) == w else int(abs(u) > w)
    if prox == "orthant":
        return max(u, Fraction(0)), None if u == 0 else int(u > 0)
    return min(max(u, Fraction(0)), level), None if u in (0, level) else int(0 < u < level)
