"""Symbolic derivatives of expressions: a pass over the parts in the order of their numbers."""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate.expressions import MAXIMAL_FOR_DERIVATIVES, Algebra, Expr, TooLarge


def derivative(e: Expr) -> Expr:
    """Return the derivative with respect to the variable, valid wherever the expression is analytic.

    Raises
    ------
    TooLarge
        If the expressions of the function have become too many.
    """
    known = e.memo.get("derivative")
    if known is None:
        for part in e.ancestors():
            if "derivative" not in part.memo:
                if len(part.algebra.table) > MAXIMAL_FOR_DERIVATIVES:
                    raise TooLarge("the derivatives of the formula are too large")
                part.memo["derivative"] = _step(part.algebra, part)
        known = e.memo["derivative"]
    return known


def _step(k: Algebra, e: Expr) -> Expr:
    """Differentiate one node whose arguments are differentiated."""
    if e.kind == "x":
        return k.one
    if not e.varies:
        return k.zero
    inner = [a.memo["derivative"] for a in e.args]
    if e.kind == "sum":
        return k.linear(zip(e.data[1], inner, strict=True))  # type: ignore[index]
    if e.kind == "prod":
        pairs = list(zip(e.args, e.data, strict=True))  # type: ignore[arg-type]
        total = []
        for i, (_, power) in enumerate(pairs):
            if inner[i] is not k.zero:
                lowered = [(b, p - 1 if j == i else p) for j, (b, p) in enumerate(pairs)]
                total.append((power, k.product([*lowered, (inner[i], Fraction(1))])))
        return k.linear(total)
    if e.kind == "seal":
        return inner[0]
    return k.mul(_outer(k, e, e.args[0]), inner[0])


def _outer(k: Algebra, e: Expr, a: Expr) -> Expr:
    """Return the derivative of the function at the head, at its argument."""
    name, n = e.kind, e.data
    if name == "exp":
        return e
    if name == "log":
        return k.power(a, -1)
    if name == "sin":
        return k.function("cos", a)
    if name == "cos":
        return k.neg(k.function("sin", a))
    if name == "atan":
        return k.power(k.add(k.one, k.power(a, 2)), -1)
    if name == "asin":
        return k.power(k.sub(k.one, k.power(a, 2)), Fraction(-1, 2))
    two_over_root_pi = k.product([(k.number(2), Fraction(1)), (k.pi, Fraction(-1, 2))])
    if name == "erf":
        return k.mul(two_over_root_pi, k.exp(k.neg(k.power(a, 2))))
    if name == "erfinv":
        return k.mul(k.power(two_over_root_pi, -1), k.exp(k.power(e, 2)))
    if name == "gamma":
        return k.mul(e, k.function("polygamma", a, 0))
    if name == "lgamma":
        return k.function("polygamma", a, 0)
    if name == "polygamma":
        return k.function("polygamma", a, n + 1)
    if name == "lambertw":
        return k.div(k.exp(k.neg(e)), k.add(k.one, e))
    return _bessel(k, name, a, n)


def _bessel(k: Algebra, name: str, a: Expr, n: int) -> Expr:
    """``2 C_n' = C_(n-1) -+ C_(n+1)`` and ``C_0' = -+ C_1``; minus for j, y (and k up to the sign)."""
    if n == 0:
        first = k.function(name, a, 1)
        return first if name == "besseli" else k.neg(first)
    before, after = k.function(name, a, n - 1), k.function(name, a, n + 1)
    both = k.add(before, after) if name in ("besseli", "besselk") else k.sub(before, after)
    return k.scale(Fraction(-1, 2) if name == "besselk" else Fraction(1, 2), both)


def derivatives(e: Expr, order: int) -> list[Expr]:
    """Return ``[e, e', ..., e^(order)]``."""
    result = [e]
    for _ in range(order):
        result.append(derivative(result[-1]))
    return result
