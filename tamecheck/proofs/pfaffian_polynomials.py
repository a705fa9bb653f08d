"""Polynomials in the variable and the functions of a chain, with exact real constants as coefficients.

A polynomial is a dictionary ``{((i, n), ...): c}``: the monomial ``prod z_i^n`` with increasing i and n >= 1, where ``z_0`` is the
variable and ``z_i`` function number i of the chain, and c a constant expression that is not the number 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from tamecheck.geometry.univariate.expressions import Algebra, Expr
from tamecheck.geometry.univariate.printing import text

Monomial = tuple[tuple[int, int], ...]
Polynomial = Mapping[Monomial, Expr]

MOST_TERMS = 400


class TooBig(Exception):
    """A polynomial has too many terms."""


class NoChain(Exception):
    """No chain was found, or one does not hold; the text says why.  That is no proof that there is none."""


def constant(c: Expr) -> Polynomial:
    """Return a constant polynomial."""
    return {} if c is c.algebra.zero else {(): c}


def symbol(k: Algebra, i: int, power: int = 1) -> Polynomial:
    """Return ``z_i^power``."""
    return {((i, power),): k.one} if power else {(): k.one}


def add(k: Algebra, *summands: Polynomial) -> Polynomial:
    """Return the sum."""
    total: dict[Monomial, Expr] = {}
    for p in summands:
        for m, c in p.items():
            total[m] = k.add(total[m], c) if m in total else c
    return _checked(k, total)


def scale(k: Algebra, c: Expr, p: Polynomial) -> Polynomial:
    """Return ``c*p``."""
    return _checked(k, {m: k.mul(c, d) for m, d in p.items()})


def mul(k: Algebra, p: Polynomial, q: Polynomial) -> Polynomial:
    """Return the product."""
    if len(p) * len(q) > 20 * MOST_TERMS:
        raise TooBig
    total: dict[Monomial, Expr] = {}
    for m, c in p.items():
        for n, d in q.items():
            product = _product(m, n)
            value = k.mul(c, d)
            total[product] = k.add(total[product], value) if product in total else value
    return _checked(k, total)


def power(k: Algebra, p: Polynomial, n: int) -> Polynomial:
    """Return ``p^n`` for n >= 0."""
    result: Polynomial = {(): k.one}
    for _ in range(n):
        result = mul(k, result, p)
    return result


def _product(m: Monomial, n: Monomial) -> Monomial:
    if not m or not n:
        return m or n
    exponents = dict(m)
    for i, e in n:
        exponents[i] = exponents.get(i, 0) + e
    return tuple(sorted(exponents.items()))


def _checked(k: Algebra, p: dict[Monomial, Expr]) -> Polynomial:
    from tamecheck.geometry.univariate.normal_forms import identically_zero

    kept = {m: c for m, c in p.items() if c is not k.zero and not identically_zero(c)}
    if len(kept) > MOST_TERMS:
        raise TooBig
    return kept


def degree(p: Polynomial) -> int:
    """Return the total degree; 0 for constants."""
    return max([sum([e for _, e in m]) for m in p], default=0)


def highest(p: Polynomial) -> int:
    """Return the largest number of a function that occurs, 0 if none does."""
    return max([i for m in p for i, _ in m], default=0)


def used(p: Polynomial) -> set[int]:
    """Return the numbers of the functions that occur."""
    return {i for m in p for i, _ in m if i}


def renumbered(p: Polynomial, place: Mapping[int, int]) -> Polynomial:
    """Return the polynomial with other numbers of functions; the variable stays."""
    return {tuple(sorted([(place[i] if i else 0, e) for i, e in m])): c for m, c in p.items()}


def evaluated(k: Algebra, p: Polynomial, functions: list[Expr]) -> Expr:
    """Return the polynomial as an expression, with the functions (number i is ``functions[i - 1]``) put in."""
    values = [k.x, *functions]
    return k.linear([(Fraction(1), k.product([(c, Fraction(1)), *[(values[i], Fraction(e)) for i, e in m]])) for m, c in p.items()])


def shown(p: Polynomial, names: list[str]) -> str:
    """Return the polynomial as a formula in the variable ``names[0]`` and the functions after it."""
    pieces: list[tuple[str, str]] = []
    for m, c in sorted(p.items(), key=lambda item: (-sum([e for _, e in item[0]]), item[0])):
        factors = [names[i] + (f"**{e}" if e != 1 else "") for i, e in m]
        q = c.rational
        sign = "-" if q is not None and q < 0 else "+"
        if q is not None:
            front = "" if abs(q) == 1 and factors else str(abs(q)) if abs(q).denominator == 1 else f"({abs(q)})"
        else:
            front = f"({text(c)})"
        pieces.append((sign, "*".join([*([front] if front else []), *factors])))
    if not pieces:
        return "0"
    head = ("-" if pieces[0][0] == "-" else "") + pieces[0][1]
    return head + "".join([f" {s} {body}" for s, body in pieces[1:]])
