"""Proofs that an expression has infinitely many zeros near an end, because a sine of something unbounded decides its sign.

Let every oscillating sine and cosine have an argument ``n*theta(x) + d`` with integers n, constants d and one continuous
theta that tends to infinity.  For a number t put ``sin(n*t + d)`` in place of ``sin(n*theta + d)``; the result ``e_t`` does
not oscillate, and ``e(x) = e_t(x)`` at each of the infinitely many points with ``theta(x) = t + 2 pi k``.  So if ``e_t`` is
eventually positive for one t and eventually negative for another, e changes its sign infinitely often, and if some ``e_t``
is zero, e has infinitely many zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd, lcm

from tamecheck.geometry.univariate.asymptotics import End, Unknown, leading, size_at
from tamecheck.geometry.univariate.expressions import Algebra, Expr, Undefined, terms

PHASES = 24


def infinitely_many_zeros(e: Expr, end: End) -> bool:
    """Tell whether an expression that is analytic near an end is proved to have infinitely many zeros there."""
    key = ("infinite", end)
    if key not in e.memo:
        try:
            e.memo[key] = _prove(e, end)
        except (Unknown, Undefined):
            e.memo[key] = False
    return e.memo[key]


def _prove(e: Expr, end: End) -> bool:
    seen: set[int] = set()
    for frozen in _frozen(e, end):
        try:
            s = leading(frozen, end).sign
        except Unknown:  # a phase at which nothing is decided
            continue
        if s == 0:
            return True
        seen.add(s)
        if len(seen) == 2:
            return True
    return False


def has_no_limit(e: Expr, end: End) -> bool:
    """Tell whether it is proved that an expression tends to nothing at an end, not even to an infinity."""
    from tamecheck.geometry.univariate.regions import compare_limits, limit_of

    try:
        first = None
        for frozen in _frozen(e, end):
            found = limit_of(frozen, end)
            if first is None:
                first = found
            elif compare_limits(first, found):
                return True
    except (Unknown, Undefined):
        pass
    return False


def _frozen(e: Expr, end: End) -> Iterator[Expr]:
    """Yield ``e_t`` for t in a circle of phases; nothing when the oscillation is not of one phase."""
    found = _phases(e, end)
    if found is None:
        return
    nodes, unit = found
    k = e.algebra
    for j in range(PHASES):
        t = k.scale(Fraction(2 * j, PHASES), k.pi)
        replace = {node: k.function(node.kind, k.add(k.scale(c / unit, t), d)) for node, c, d in nodes}
        yield k.rebuild([e], replace)[0]


def _phases(e: Expr, end: End) -> tuple[list[tuple[Expr, Fraction, Expr]], Fraction] | None:
    """Return the oscillating nodes as ``(node, c, d)`` with argument ``c*g + d`` for one g, and the unit of the c."""
    nodes: list[tuple[Expr, Fraction, Expr]] = []
    direction: Expr | None = None
    for part in e.ancestors():
        if part.kind not in ("sin", "cos") or not part.varies:
            continue
        c, g, d = _split(e.algebra, part.args[0])
        if size_at(g, end) <= 0:
            continue
        if direction is not None and g is not direction:
            return None
        direction = g
        nodes.append((part, c, d))
    if not nodes:
        return None
    unit = Fraction(gcd(*[c.numerator for _, c, _ in nodes]), lcm(*[c.denominator for _, c, _ in nodes]))
    return nodes, unit


def _split(k: Algebra, argument: Expr) -> tuple[Fraction, Expr, Expr]:
    """Write an argument as ``c*g + d`` with a rational c, a constant d and the same g for all multiples."""
    varying = [(c, t) for c, t in terms(argument) if t.varies]
    constant = k.linear([(c, t) for c, t in terms(argument) if not t.varies])
    c = varying[-1][0]
    return c, k.linear([(q / c, t) for q, t in varying]), constant
