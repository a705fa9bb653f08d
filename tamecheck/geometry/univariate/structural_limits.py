"""Limits by the form of an expression, for constants of which only signs are known.

Bottom up: the limit of a sum, product, power or function is that of the limits of its parts, where this is no indeterminate
form.  ``0 * oo``, ``oo - oo`` and a division by something that tends to 0 give no answer.
"""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.expressions import Expr, Undefined

Limit = Expr | int | None
AT_INFINITY = {"atan": Fraction(1, 2), "erf": Fraction(1)}


def structural_limit(e: Expr, end: tuple) -> Limit:
    """Return the limit at an end: a constant, 1 or -1 for an infinite one, ``None`` when the form does not show it."""
    k = e.algebra
    point, side = end
    found: dict[Expr, Limit] = {}
    for p in e.ancestors():
        try:
            if not p.varies:
                found[p] = p
            elif p.kind == "x":
                found[p] = -side if point is None else point
            elif p.kind == "sum":
                found[p] = _sum(p, found)
            elif p.kind == "prod":
                found[p] = _product(p, found)
            elif p.kind == "seal":
                found[p] = found[p.args[0]]
            else:
                found[p] = _function(p, found[p.args[0]])
        except Undefined:
            found[p] = None
    result = found[e]
    return result if result is None or isinstance(result, int) or not k.oracle or k.oracle.defined(result) else None


def limit_with_parameter(e: Expr, end: tuple) -> Limit:
    """Return the limit of an expression with a parameter: by continuity, by terms, by form, by expansion.

    The signs that an expansion asks for on its way are no reason to split the interval of the parameter.
    """
    from tamecheck.geometry.univariate import asymptotics
    from tamecheck.geometry.univariate.parameters import Split, limit_by_terms
    from tamecheck.geometry.univariate.piecewise import analytic_at, value_at

    point = end[0]
    if point is not None and analytic_at(e, point):
        value = value_at(e, point)
        if isinstance(value, Expr):
            return value
    for way in (limit_by_terms, structural_limit):
        found = way(e, end)
        if found is not None:
            return found
    try:
        return asymptotics.limit(e, end)
    except (asymptotics.Unknown, Split):
        return None


def _sum(e: Expr, found: dict) -> Limit:
    k, infinite, total = e.algebra, set(), [e.algebra.number(e.data[0])]  # type: ignore[index]
    for c, a in zip(e.data[1], e.args, strict=True):  # type: ignore[index]
        v = found[a]
        if v is None:
            return None
        if isinstance(v, int):
            infinite.add(v if c > 0 else -v)
        else:
            total.append(k.scale(c, v))
    if infinite:
        return infinite.pop() if len(infinite) == 1 else None
    return k.add(*total)


def _product(e: Expr, found: dict) -> Limit:
    k, finite, infinite, sign, zero = e.algebra, [], False, 1, False
    for b, q in zip(e.args, e.data, strict=True):  # type: ignore[arg-type]
        v = found[b]
        if v is None:
            return None
        if isinstance(v, int):
            if v < 0 and q.denominator != 1:
                return None
            if q > 0:
                infinite = True
                sign *= v if q.numerator % 2 else 1
            else:
                zero = True
            continue
        s = constants.sign(v)
        if s is None or s < 0 and q.denominator != 1 or not s and q < 0:
            return None
        if not s:
            zero = True
            continue
        sign *= s if q.numerator % 2 else 1
        finite.append((v, q))
    if zero:
        return None if infinite else k.zero
    return sign if infinite else k.product(finite)


def _function(e: Expr, v: Limit) -> Limit:
    k = e.algebra
    if v is None:
        return None
    if not isinstance(v, int):
        edge = _at_an_end_of_the_domain(e, v)
        if edge is not None:
            return edge
        s = constants.sign(v) if e.kind in ("log", "gamma", "lgamma", "polygamma", "besselk", "bessely") else 1
        entire = e.kind in ("exp", "atan", "erf", "sin", "cos", "besseli", "besselj")
        return k.function(e.kind, v, e.data) if entire or s == 1 and e.kind != "seal" and e.kind not in ("asin", "erfinv", "lambertw") else None
    if e.kind == "exp":
        return 1 if v > 0 else k.zero
    if e.kind in ("log", "lambertw"):
        return 1 if v > 0 else None
    if e.kind in AT_INFINITY:
        return k.scale(v * AT_INFINITY[e.kind], k.pi if e.kind == "atan" else k.one)
    return None


def _at_an_end_of_the_domain(e: Expr, v: Expr) -> Limit:
    """Return the limit where the argument, which stays inside the domain, tends to an end of it: ``log`` at 0, ``erfinv`` at -1 and 1."""
    k = e.algebra
    if e.kind == "log":
        return -1 if constants.sign(v) == 0 else None
    if e.kind == "erfinv":
        return next((side for side in (1, -1) if constants.sign(k.sub(v, k.number(side))) == 0), None)
    if e.kind == "lambertw":
        s = constants.sign(k.add(v, k.exp(k.number(-1))))
        return k.number(-1) if s == 0 else k.function("lambertw", v) if s == 1 else None
    return None
