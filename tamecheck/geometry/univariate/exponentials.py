"""Zeros of expressions that are polynomials of degree at most two in one exponential: ``a*exp(2h) + b*exp(h) + c``.

The coefficients are constants of any kind.  With ``u = exp(h) > 0`` the zeros are those of ``h - log(r)`` for the positive
roots r of the polynomial in u.
"""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.expressions import Expr, factors, terms
from tamecheck.geometry.univariate.polynomials import low_degree_roots


def by_varying_part(e: Expr) -> dict[Expr, Expr]:
    """Return the terms of a sum by their part that holds the variable (1 for none), each with its constant coefficient."""
    k, groups = e.algebra, {}
    for c, t in terms(e):
        parts = factors(t) if t.varies else []
        varying = k.product([(b, q) for b, q in parts if b.varies])
        front = k.product([(b, q) for b, q in parts if not b.varies]) if t.varies else t
        groups.setdefault(varying, []).append((c, front))
    return {v: k.linear(pairs) for v, pairs in groups.items()}


def exponential_roots(e: Expr) -> list[tuple[Expr, int]] | None:
    """Return pairs ``(g, n)``: the zeros of ``e`` are the zeros of the expressions g, n times; ``None`` if ``e`` has another form.

    Both coefficients at the ends of the polynomial must be seen not to vanish.
    """
    k = e.algebra
    groups = by_varying_part(e)
    exponents: dict[Expr, Expr] = {}
    for varying in groups:
        if varying is k.one:
            exponents[varying] = k.zero
        elif varying.kind == "exp":
            exponents[varying] = varying.args[0]
        else:
            return None
    direction = next((g for g in exponents.values() if g is not k.zero), None)
    if direction is None:
        return None
    c, unit = _primitive(direction)
    powers: dict[Expr, Fraction] = {}
    for varying, g in exponents.items():
        r, other = (Fraction(0), unit) if g is k.zero else _primitive(g)
        if other is not unit:
            return None
        powers[varying] = r
    lowest = min(powers.values())
    steps = sorted({p - lowest for p in powers.values()})
    if len(steps) < 2 or any(s / steps[1] not in (0, 1, 2) for s in steps):
        return None
    polynomial = k.add(*[k.mul(groups[v], k.power(k.x, (p - lowest) / steps[1])) for v, p in powers.items()])
    roots = low_degree_roots(polynomial)
    if roots is None:
        return None
    found: list[tuple[Expr, int]] = []
    for r, n in roots:
        s = constants.sign(r)
        if s is None:
            return None
        if s > 0:
            found.append((k.sub(k.scale(steps[1], unit), k.log(r)), n))
    return found


def _primitive(g: Expr) -> tuple[Fraction, Expr]:
    """Return ``(c, g0)`` with ``g = c*g0`` and g0 the same for all rational multiples of g."""
    c = list(terms(g))[-1][0]
    return c, g.algebra.scale(1 / c, g)
