"""Behaviour at infinity and at the ends of the domain: limits, leading terms, growth, sublinearity."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from tamecheck.geometry.univariate import asymptotics, constants
from tamecheck.geometry.univariate.asymptotics import End, Leading, Unknown, bounded_by, leading
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.monomials import IDENTITY, LOGARITHM, ONE, Monomial
from tamecheck.geometry.univariate.oscillation import has_no_limit
from tamecheck.geometry.univariate.piecewise import UNDEFINED
from tamecheck.geometry.univariate.regions import Limit, Region
from tamecheck.geometry.univariate.shapes import Shape


class EndBehaviour(NamedTuple):
    """What the function does at one end of a region: its limit, its leading term, or why that is not known.

    ``endless``: it is proved that there is no limit, because the function oscillates.
    """

    end: End
    limit: Limit
    leading: Leading | None
    reason: str
    endless: bool = False


def behaviour(r: Region, end: End) -> EndBehaviour:
    """Return the behaviour of a region's function at one of its ends."""
    try:
        return EndBehaviour(end, r.limit(0, end), leading(r.function, end), "")
    except Unknown as unknown:
        limit = r.limit(0, end)
        return EndBehaviour(end, limit, None, str(unknown), limit is None and has_no_limit(r.function, end))


def domain_ends(shape: Shape) -> list[EndBehaviour]:
    """Return the behaviour at plus and minus infinity and wherever the domain ends or the function has a pole."""
    result = []
    for i, r in enumerate(shape.parts):
        if r is None:
            continue
        around = shape.breaks[i - 1] if i else None, shape.breaks[i] if i < len(shape.breaks) else None
        for end, b in zip(r.ends(), around, strict=True):
            if b is None or b.kind in ("end", "pole") or b.value is UNDEFINED:
                result.append(behaviour(r, end))
    return result


def monomial_expression(m: Monomial, coefficient: Expr, end: End) -> Expr:
    """Return ``c*m`` written in the variable: X is x at plus infinity, -x at minus infinity, ``1/|x - a|`` at a."""
    k = coefficient.algebra
    point, side = end
    base = k.scale(-side, k.x) if point is None else k.scale(side, k.sub(k.x, point))
    return k.mul(coefficient, _written(m, base, 1 if point is None else -1))


def _written(m: Monomial, base: Expr, sign: int) -> Expr:
    """Write a monomial in ``X = base**sign``."""
    k = base.algebra
    exponent = k.add(*[k.mul(c, _written(n, base, sign)) for n, c in m.h]) if m.h else k.zero
    factors = [(k.exp(exponent), Fraction(1)), (base, sign * m.p)]
    if m.q or m.r:
        log = k.scale(sign, k.log(base))
        factors.append((log, m.q))
        if m.r:
            factors.append((k.log(log), m.r))
    return k.product(factors)


def growth_class(found: Leading, algebra) -> str:
    """Return a word for the growth of a germ."""
    m = found.monomial
    if m is None:
        return "zero"
    scale = asymptotics._scale(algebra)
    s = scale.compare(m, ONE)
    if s < 0:
        return "vanishing"
    if s == 0:
        return "bounded"
    if m.h:
        lead, c = m.h[0]
        if constants.sign(c) == 1:
            order = scale.compare(lead, IDENTITY)
            if order > 0:
                return "faster than exponential"
            if order == 0:
                return "exponential"
            return "between powers and exponentials" if scale.compare(lead, LOGARITHM) > 0 else "power"
        return "power"
    if m.p == 0:
        return "logarithmic"
    if m.p == 1 and not m.q and not m.r:
        return "linear"
    below = (m.p, m.q, m.r) < (1, 0, 0)
    return "below linear" if below else f"polynomial of degree {m.p}" if m.p.denominator == 1 and not m.q and not m.r else "above linear"


def sublinear(shape: Shape) -> tuple[bool | None, str]:
    """Tell whether ``|f(x)| <= C (1 + |x|)`` on the domain, and why."""
    if shape.hidden:
        return None, f"not analysed: {shape.hidden[0].reason}"
    doubts = ""
    for r in shape.regions:
        for end in r.ends():
            if end[0] is None:
                found = bounded_by(r.function, end, IDENTITY)
                if found is False:
                    return False, f"grows faster than |x| at {'plus' if end[1] < 0 else 'minus'} infinity"
                if found is None:
                    doubts = "the growth at infinity is not established"
            else:
                limit = r.limit(0, end)
                if isinstance(limit, int):
                    return False, f"unbounded near {end[0]}"
                if limit is None and bounded_by(r.function, end, ONE) is not True:
                    doubts = f"boundedness near {end[0]} is not established"
    return (None, doubts) if doubts else (True, "|f(x)| <= C (1 + |x|)")
