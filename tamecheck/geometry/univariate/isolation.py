"""All zeros of an analytic expression on an open interval, finite or infinite, with proof that none was missed.

The expression is split into factors (`normal_forms`); the zeros of a factor are found exactly when it is a polynomial with
rational coefficients or of degree at most two, or an exponential, logarithm or power of one beside a constant; otherwise by
a `Search`.  What cannot be closed is returned as an open interval with the reason.  Nothing is guessed.
"""

from __future__ import annotations

from tamecheck.geometry.univariate import constants, polynomials
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.derivatives import derivative
from tamecheck.geometry.univariate.exponentials import exponential_roots
from tamecheck.geometry.univariate.expressions import Expr, TooLarge, factors, terms
from tamecheck.geometry.univariate.normal_forms import identically_zero, vanishing_factors
from tamecheck.geometry.univariate.points import between
from tamecheck.geometry.univariate.ranges import sign_on
from tamecheck.geometry.univariate.search import Search
from tamecheck.geometry.univariate.zero_sets import NONE, Limits, Open, Zero, ZeroSet

LONGEST_FACTOR = 160
ODD_INJECTIONS = frozenset(["atan", "asin", "erf", "erfinv", "lambertw"])
"""Injective functions that vanish at 0 only, with derivative not 0 there."""
INVERSES = frozenset(["log", "atan", "asin", "lambertw", "erfinv"])
"""Functions whose sums may be constant although their normal form does not show it."""


def zeros(e: Expr, low: Expr | None, high: Expr | None) -> ZeroSet:
    """Return the zeros of an expression that is analytic on the open interval ``(low, high)``."""
    key = ("zeros", low, high)
    if key not in e.memo:
        try:
            e.memo[key] = _zeros(e, (low, high))
        except (Unresolved, TooLarge) as reason:
            e.memo[key] = ZeroSet((), (Open(low, high, getattr(reason, "message", str(reason))),))
    return e.memo[key]


def _zeros(e: Expr, limits: Limits) -> ZeroSet:
    if identically_zero(e):
        return ZeroSet((), (), True)
    if not e.varies:
        s = constants.sign(e)
        if s is None:
            return ZeroSet((), (Open(*limits, "a constant that cannot be told from 0"),))
        return NONE if s else ZeroSet((), (), True)
    if sign_on(e, *limits):
        return NONE
    oracle = e.algebra.oracle
    if oracle is not None and oracle.concerns(e) and not oracle.never_vanishes(e, *limits):
        return ZeroSet((), (Open(*limits, "it may vanish identically for some value of the parameter"),))
    parts = _parts(e, limits)
    fixed = _constant_sign(e, limits) if oracle is None else None
    if fixed is not None:
        return NONE if fixed else ZeroSet((), (), True)
    found: list[Zero] = []
    unsettled: list[Open] = []
    for factor, n in parts:
        some = _of_factor(factor, limits, e, len(parts) == 1 and n == 1)
        found += [Zero(z.point, z.order * n) for z in some.zeros]
        unsettled += some.open
    return _merged(found, unsettled)


def _constant_sign(e: Expr, limits: Limits) -> int | None:
    """Return the sign of an expression whose derivative is identically zero, as that of ``log(1 + e^x) - log(1 + e^-x) - x``."""
    if not any(p.varies and p.kind in INVERSES for p in e.ancestors()) or not identically_zero(derivative(e)):
        return None
    return constants.sign(e.algebra.at(e, e.algebra.number(between(*limits))))


def _parts(e: Expr, limits: Limits) -> list[tuple[Expr, int]]:
    """Return factors whose zeros are those of the expression."""
    split = vanishing_factors(e, lambda d: bool(sign_on(d, *limits)))
    if split is not None and all(len(f.args) <= LONGEST_FACTOR for f, _ in split):
        return [(f, int(n)) for f, n in split]
    plain = [(b, q) for b, q in factors(e) if b.varies and q > 0 and b.kind != "exp" and q.denominator == 1]
    return [(b, int(q)) for b, q in plain]


def _merged(found: list[Zero], unsettled: list[Open]) -> ZeroSet:
    """Sort, and add the orders of equal zeros."""
    result: list[Zero] = []
    for z in found:
        place = len(result)
        for i, old in enumerate(result):
            s = constants.compare(z.point, old.point)
            if s is None:
                unsettled = [*unsettled, Open(z.point, z.point, "two zeros that cannot be told apart")]
                place = -1
                break
            if s == 0:
                result[i] = Zero(old.point, old.order + z.order)
                place = -1
                break
            if s < 0:
                place = i
                break
        if place >= 0:
            result.insert(place, z)
    return ZeroSet(tuple(result), tuple(unsettled))


def _of_factor(g: Expr, limits: Limits, whole: Expr, alone: bool = False) -> ZeroSet:
    if sign_on(g, *limits):
        return NONE
    numbers = polynomials.coefficients(g)
    if numbers is not None:
        return _inside([Zero(r, n) for r, n in polynomials.real_roots(g.algebra, numbers)], limits)
    roots = polynomials.low_degree_roots(g)
    if roots is not None:
        return _inside([Zero(r, n) for r, n in roots], limits)
    inverse = _inverted(g)
    if inverse is not None:
        return _zeros(inverse, limits) if inverse.varies else NONE
    simple = exponential_roots(g)
    if simple is not None:
        found, unsettled = [], []
        for inner, n in simple:
            some = _zeros(inner, limits)
            found += [Zero(z.point, z.order * n) for z in some.zeros]
            unsettled += some.open
        return _merged(found, unsettled)
    if g.algebra.oracle is not None and g.algebra.oracle.concerns(g):
        return _searched(g, limits, whole, alone)
    return Search(g, limits, whole, alone).run()


def _searched(g: Expr, limits: Limits, whole: Expr, alone: bool) -> ZeroSet:
    """Search with a parameter; the places where a search probes are arbitrary, so they are no reason to split its interval."""
    from tamecheck.geometry.univariate import balls
    from tamecheck.geometry.univariate.parameters import Split

    if not all(balls.value(p).is_finite() for p in g.ancestors() if p.kind == "parameter"):
        return ZeroSet((), (Open(*limits, "the zeros depend on a parameter that is not bounded"),))  # enclosures say nothing
    try:
        return Search(g, limits, whole, alone).run()
    except Split:
        return ZeroSet((), (Open(*limits, "the zeros depend on the parameter"),))


def _inverted(g: Expr) -> Expr | None:
    """Return an expression with the same zeros as ``c*exp(h) + d``, ``c*log(h) + d`` or ``c*h^q + d``: h minus a constant."""
    k = g.algebra
    varying = [(c, t) for c, t in terms(g) if t.varies]
    if len(varying) != 1:
        return None
    c, t = varying[0]
    inner = [(b, q) for b, q in factors(t) if b.varies]
    if len(inner) != 1:
        return None
    base, q = inner[0]
    if q == 1 and base.kind in ODD_INJECTIONS and all(e.varies for _, e in terms(g)):
        return base.args[0]  # zero exactly where the argument is, of the same order
    if not (q == 1 and base.kind in ("exp", "log")) and q.denominator == 1:
        return None
    front = k.scale(c, k.div(t, k.power(base, q)))
    rest = k.linear([(r, e) for r, e in terms(g) if not e.varies])
    target = k.neg(k.div(rest, front))
    s = constants.sign(target)
    if s is None:
        return None
    if base.kind == "log" and q == 1:
        return k.sub(base.args[0], k.exp(target))
    if s <= 0:
        return k.one
    return k.sub(base.args[0], k.log(target)) if q == 1 else k.sub(base, k.power(target, 1 / q))


def _inside(candidates: list[Zero], limits: Limits) -> ZeroSet:
    """Keep the zeros that lie strictly between the limits."""
    kept, unsettled = [], []
    low, high = limits
    for z in candidates:
        left = 1 if low is None else constants.compare(z.point, low)
        right = -1 if high is None else constants.compare(z.point, high)
        if left is None or right is None:
            unsettled.append(Open(z.point, z.point, "a zero that cannot be told from an end of the interval"))
        elif left > 0 > right:
            kept.append(z)
    return ZeroSet(tuple(kept), tuple(unsettled))


__all__ = ["Open", "Zero", "ZeroSet", "zeros"]
