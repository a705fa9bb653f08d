"""What happens at the points between the pieces: jump, pole, removable singularity, kink, or a smooth joint, exactly.

Order of smoothness.  Let the left piece be analytic at p, and let D be the right piece minus the left one, a germ at p
from the right in a Hardy field.  If ``D = c*t^e*(1 + small)`` with ``t = x - p``, then the joint is C^k with ``k`` the
largest integer below e, and no more: derivatives of D are found by differentiating, because a Hardy field is closed under
derivation (L'Hopital's rule and its converse).  If D is smaller than all powers of t the joint is C^inf and not analytic;
if D is zero it is analytic.  An expression with one formula on both sides, meromorphic at p and with a finite limit, has a
removable singularity and is analytic there when the value fits (Riemann).
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from tamecheck.geometry.univariate import asymptotics, constants
from tamecheck.geometry.univariate.asymptotics import Unknown, leading
from tamecheck.geometry.univariate.expressions import Expr, Undefined
from tamecheck.geometry.univariate.piecewise import UNDEFINED, Entry, Opaque, Piecewise, analytic_at, value_at
from tamecheck.geometry.univariate.regions import Limit, Region, compare_limits, limit_of

ANALYTIC = 10**6
"""The order of smoothness of an analytic joint."""
INFINITE = 10**5
"""The order of a joint that is C^inf and not analytic."""
MOST_DERIVATIVES = 6


class Break(NamedTuple):
    """A point between two intervals.

    Attributes
    ----------
    kind : "end" (the function lives on one side), "isolated", "jump", "removable", "pole", "kink", "smooth", "analytic", "unknown"
    value : the value there, `UNDEFINED` or opaque
    limits : one-sided limits, left and right; ``None`` where there is no region or it is not known
    slopes, curvatures : one-sided limits of the first and second derivative
    order : k of C^k; `INFINITE`, `ANALYTIC`; -1 when not continuous; ``None`` when not known
    """

    point: Expr
    kind: str
    value: Entry
    left: Region | None
    right: Region | None
    limits: tuple[Limit, Limit]
    slopes: tuple[Limit, Limit]
    curvatures: tuple[Limit, Limit]
    order: int | None

    @property
    def continuous(self) -> bool | None:
        """Whether the function is continuous there, on its domain."""
        return None if self.order is None and self.kind == "unknown" else self.order is None or self.order >= 0


def breaks(f: Piecewise, parts: list[Region | None]) -> list[Break]:
    """Return all points between intervals, classified."""
    result = []
    for i, p in enumerate(f.points):
        left, right = parts[i], parts[i + 1]
        hidden = isinstance(f.between[i], Opaque) or isinstance(f.between[i + 1], Opaque) or isinstance(f.at[i], Opaque)
        result.append(_classified(p, f.at[i], left, right, hidden))
    return result


def _classified(p: Expr, value: Entry, left: Region | None, right: Region | None, hidden: bool) -> Break:
    sides = [[None if r is None else r.limit(n, (p, s)) for r, s in ((left, -1), (right, 1))] for n in range(3)]
    limits, slopes, curvatures = [tuple(pair) for pair in sides]

    def made(kind: str, order: int | None) -> Break:
        return Break(p, kind, value, left, right, limits, slopes, curvatures, order)  # type: ignore[arg-type]

    if hidden:
        return made("unknown", None)
    if left is None and right is None:
        return made("isolated", None)
    known = [v for v, r in zip(limits, (left, right), strict=True) if r is not None]
    if left is None or right is None:
        if value is UNDEFINED:
            return made("end", None)
        fits = compare_limits(known[0], value)  # type: ignore[arg-type]
        if fits is None:
            return made("unknown", None)
        region, side = (right, 1) if left is None else (left, -1)
        return made("end", _order_at_end(region, p, side) if fits == 0 else -1)  # type: ignore[arg-type]
    if any(v is None for v in known):
        return made("unknown", None)
    if any(isinstance(v, int) for v in known):
        return made("pole", -1)
    same = compare_limits(known[0], known[1])
    if same is None:
        return made("unknown", None)
    if same:
        return made("jump", -1)
    if not isinstance(value, Expr):
        return made("removable", None)
    fits = compare_limits(known[0], value)
    if fits is None:
        return made("unknown", None)
    if fits:
        return made("removable", -1)
    order = joint_order(left.function, right.function, p)
    kind = "unknown" if order is None else "analytic" if order == ANALYTIC else "smooth" if order == INFINITE else "kink"
    return made(kind, order)


def joint_order(left: Expr, right: Expr, p: Expr) -> int | None:
    """Return k such that a continuous function that is ``left`` before p and ``right`` after it is C^k there and not C^(k+1)."""
    if left is right and meromorphic_at(left, p):
        return ANALYTIC
    if left.algebra.oracle is not None and analytic_at(left, p) and analytic_at(right, p):
        from tamecheck.geometry.univariate.parameters import order_by_taylor

        return order_by_taylor(left, right, p, MOST_DERIVATIVES)
    for first, second, side in ((left, right, 1), (right, left, -1)):
        if analytic_at(first, p):
            difference = first.algebra.sub(second, first)
            try:
                return _order_of(leading(difference, (p, side)))
            except Unknown:
                break
    if _flat(left, p, -1) and _flat(right, p, 1):
        return INFINITE
    return _order_by_limits(left, right, p)


def _flat(e: Expr, p: Expr, side: int) -> bool:
    """Tell whether e minus its limit is not zero and smaller than every power of the distance: all derivatives tend to 0."""
    limit = limit_of(e, (p, side))
    if not isinstance(limit, Expr):
        return False
    try:
        found = leading(e.algebra.sub(e, limit), (p, side))
    except Unknown:
        return False
    return found.monomial is not None and found.tame and bool(found.monomial.h)


def _order_of(found: asymptotics.Leading) -> int | None:
    if found.monomial is None:
        return ANALYTIC
    if not found.tame:
        return None
    m = found.monomial
    if m.h:
        return INFINITE
    exponent = -m.p
    smaller = (m.q, m.r) < (0, 0)  # t^e over a logarithm: one more derivative tends to 0 when e is an integer
    return max(int(exponent) if smaller and exponent.denominator == 1 else ceil(exponent) - 1, 0)


def _order_by_limits(left: Expr, right: Expr, p: Expr) -> int | None:
    """Compare one-sided limits of derivatives; they decide as soon as one differs or is infinite."""
    from tamecheck.geometry.univariate.derivatives import derivative

    for k in range(1, MOST_DERIVATIVES + 1):
        left, right = derivative(left), derivative(right)
        a, b = limit_of(left, (p, -1)), limit_of(right, (p, 1))
        s = compare_limits(a, b)
        if s is None:
            return None
        if s or isinstance(a, int):
            return k - 1
    return None


def _order_at_end(region: Region, p: Expr, side: int) -> int | None:
    """Return the order of smoothness up to a closed end of the domain."""
    e = region.function
    if analytic_at(e, p) or meromorphic_at(e, p):
        return ANALYTIC
    for k in range(1, MOST_DERIVATIVES + 1):
        found = region.limit(k, (p, side))
        if found is None:
            return None
        if isinstance(found, int):
            return k - 1
    return None


def meromorphic_at(e: Expr, p: Expr) -> bool:
    """Tell whether an expression is seen to be meromorphic on a neighbourhood of p, removable singularities inside filled in."""
    for part in e.ancestors():
        if not part.varies or part.kind in ("x", "sum", "seal"):
            continue
        if part.kind == "prod":
            roots = [b for b, q in zip(part.args, part.data, strict=True) if q.denominator != 1]  # type: ignore[arg-type]
            if not all(_positive_limit(b, p) for b in roots):
                return False
        elif not _analytic_at_limit(part, p):
            return False
    return True


def _limits(e: Expr, p: Expr) -> tuple[Limit, Limit]:
    return limit_of(e, (p, 1)), limit_of(e, (p, -1))


def _positive_limit(e: Expr, p: Expr) -> bool:
    a, b = _limits(e, p)
    return isinstance(a, Expr) and isinstance(b, Expr) and constants.sign(a) == 1 and constants.compare(a, b) == 0


def _analytic_at_limit(e: Expr, p: Expr) -> bool:
    """Tell whether the function at the head is analytic at the limit of its argument."""
    a, b = _limits(e.args[0], p)
    if not isinstance(a, Expr) or not isinstance(b, Expr) or constants.compare(a, b) != 0:
        return False
    head = e.algebra.function(e.kind, e.algebra.x, e.data)  # type: ignore[arg-type]
    try:
        return analytic_at(head, a) and isinstance(value_at(head, a), Expr)
    except Undefined:
        return False
