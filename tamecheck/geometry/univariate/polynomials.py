"""Real roots of polynomials with rational coefficients, exactly: factors over Q, then Descartes' rule with bisection."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from tamecheck.geometry.univariate.derivatives import derivative
from tamecheck.geometry.univariate.expressions import Algebra, Expr, terms
from tamecheck.geometry.univariate.points import isolated

MOST_DEGREE = 60


def coefficients(e: Expr) -> list[Fraction] | None:
    """Return the coefficients (constant first) when ``e`` is a polynomial in the variable with rational ones."""
    table: dict[int, Fraction] = {}
    x = e.algebra.x
    for c, t in terms(e):
        if t.kind == "number":
            n = 0
        elif t is x:
            n = 1
        elif t.kind == "prod" and t.args == (x,) and t.data[0].denominator == 1 and 0 < t.data[0] <= MOST_DEGREE:  # type: ignore[index]
            n = int(t.data[0])  # type: ignore[index]
        else:
            return None
        table[n] = table.get(n, Fraction(0)) + c
    return [table.get(i, Fraction(0)) for i in range(max(table, default=0) + 1)]


def low_degree_roots(e: Expr) -> list[tuple[Expr, int]] | None:
    """Return the real roots of a polynomial of degree 1 or 2 whose coefficients are constants of any kind.

    ``None`` if it is none, or if the sign of the leading coefficient or of the discriminant is not decided.
    """
    from tamecheck.geometry.univariate import constants

    k = e.algebra
    groups: dict[int, list[tuple[Fraction, Expr]]] = {0: [], 1: [], 2: []}
    for c, t in terms(e):
        n = 0
        if t.varies:
            power = t.data[t.args.index(k.x)] if t.kind == "prod" and k.x in t.args else 1 if t is k.x else 0  # type: ignore[index]
            t = k.div(t, k.power(k.x, power))
            if power not in (1, 2) or t.varies:
                return None
            n = int(power)
        groups[n].append((c, t))
    a, b, c = [k.linear(groups[n]) for n in (2, 1, 0)]
    if constants.sign(a) == 0:
        return [(k.neg(k.div(c, b)), 1)] if constants.sign(b) else None
    square = k.sub(k.power(b, 2), k.scale(4, k.mul(a, c)))
    s = constants.sign(square)
    if constants.sign(a) is None or s is None:
        return None
    half = k.power(k.scale(2, a), -1)
    middle = k.neg(k.mul(b, half))
    if s <= 0:
        return [(middle, 2)] if s == 0 else []
    root = k.mul(k.sqrt(square), half)
    return sort_points([(k.sub(middle, root), 1), (k.add(middle, root), 1)])


def real_roots(algebra: Algebra, numbers: list[Fraction]) -> list[tuple[Expr, int]]:
    """Return the real roots in order, each with its multiplicity: rationals, square roots, isolated algebraic numbers."""
    import flint

    scale = lcm(*[q.denominator for q in numbers])
    polynomial = flint.fmpz_poly([int(q * scale) for q in numbers])
    found: list[tuple[Expr, int]] = []
    for factor, n in polynomial.factor()[1]:
        found += [(r, int(n)) for r in _roots_of_irreducible(algebra, [int(c) for c in factor.coeffs()])]
    return sort_points(found)


def sort_points(found: list[tuple[Expr, int]]) -> list[tuple[Expr, int]]:
    """Sort by value; different points can always be told apart here."""
    from functools import cmp_to_key

    from tamecheck.geometry.univariate import constants

    return sorted(found, key=cmp_to_key(lambda a, b: constants.compare(a[0], b[0]) or 0))


def _roots_of_irreducible(k: Algebra, c: list[int]) -> list[Expr]:
    if len(c) == 2:
        return [k.number(Fraction(-c[0], c[1]))]
    if len(c) == 3:
        square = c[1] * c[1] - 4 * c[2] * c[0]
        if square < 0:
            return []
        root = k.scale(Fraction(1, 2 * abs(c[2])), k.sqrt(k.number(square)))
        middle = k.number(Fraction(-c[1], 2 * c[2]))
        return [k.sub(middle, root), k.add(middle, root)]
    key = ("roots", tuple(c))  # the same number is the same object wherever it is met
    if key not in k.x.memo:
        e = k.linear([(Fraction(v), k.power(k.x, i)) for i, v in enumerate(c)])
        slope = derivative(e)
        k.x.memo[key] = [isolated(k, e, slope, low, high, c) for low, high in isolate(c)]
    return k.x.memo[key]


def isolate(c: list[int]) -> list[tuple[Fraction, Fraction]]:
    """Return intervals that hold one root each of a squarefree polynomial without rational roots; the derivative has no zero there."""
    import flint

    p = flint.fmpz_poly(c)
    bound = Fraction(2 + max(abs(v) for v in c[:-1]) // abs(c[-1]))
    size = Fraction(1 << (int(bound) - 1).bit_length())
    result = []
    stack = [(-size, Fraction(0)), (Fraction(0), size)]
    while stack:
        low, high = stack.pop()
        n = _variations(p, low, high)
        if n == 0:
            continue
        if n == 1 and _monotone(p, low, high):
            result.append((low, high))
            continue
        middle = (low + high) / 2
        stack += [(low, middle), (middle, high)]
    return sorted(result)


def _variations(p: object, low: Fraction, high: Fraction) -> int:
    """Sign variations of ``(x+1)^n p((low + high x)/(x + 1))``: at least the number of roots in the interval, of the same parity."""
    import flint

    q = flint.fmpq_poly(p.coeffs())(flint.fmpq_poly([_q(low), _q(high - low)]))  # type: ignore[attr-defined]
    n = q.degree()
    reverse = flint.fmpq_poly([q[n - i] for i in range(n + 1)])
    shifted = reverse(flint.fmpq_poly([1, 1]))
    signs = [1 if v > 0 else -1 for v in shifted.coeffs() if v != 0]
    return sum([a != b for a, b in zip(signs, signs[1:], strict=False)])


def _monotone(p: object, low: Fraction, high: Fraction) -> bool:
    """Tell whether the derivative is seen by ball arithmetic to have no zero in the closed interval."""
    from tamecheck.geometry.univariate import balls

    with balls.precision(balls.BASE):
        v = p.derivative()(balls.span(low, high))  # type: ignore[attr-defined]
        return balls.sign(v) in (1, -1)


def _q(q: Fraction) -> object:
    import flint

    return flint.fmpq(q.numerator, q.denominator)


