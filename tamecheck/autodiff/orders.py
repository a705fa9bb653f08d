"""How a function of one variable behaves beside a point: t^a log(1/t)^b with a constant, exactly, or nothing.

For f' ~ c t^a log(1/t)^b the function is locally Lipschitz on that side if and only if a > 0, or a = 0 and b <= 0.
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import arb, fmpz_mpoly

from tamecheck.autodiff.fields import Field, Quotient

Order = tuple[Fraction, Fraction, arb]
"""(a, b, c): the function is c t^a log(1/t)^b (1 + o(1)), c is not 0."""


def along(field: Field, a: Quotient, start: Sequence[Fraction], direction: Sequence[Fraction]) -> Quotient | None:
    """Return a function on a ray: in the first variable, for t > 0."""
    t = field.variable(0)
    image = [field.add(field.number(p), field.scale(t, v)) if v else field.number(p) for p, v in zip(start, direction, strict=True)]
    return field.substitute(a, image)


def order(field: Field, a: Quotient) -> Order | None:
    """Return the order of a function of the first variable at 0+, ``None`` if it does not show."""
    top, bottom = _polynomial(field, a[0], {}), _polynomial(field, a[1], {})
    if top is None or bottom is None:
        return None
    return top[0] - bottom[0], top[1] - bottom[1], top[2] / bottom[2]


def unbounded(o: Order | None) -> bool | None:
    """Return whether a function of that order is unbounded."""
    return None if o is None else o[0] < 0 or (o[0] == 0 and o[1] > 0)


def _polynomial(field: Field, p: fmpz_mpoly, memo: dict[int, Order | None]) -> Order | None:
    if p.is_zero():
        return None
    found: dict[tuple[Fraction, Fraction], arb] = {}
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        a, b, value = Fraction(0), Fraction(0), arb(c)
        for k, e in enumerate(exponents):
            e = int(e)
            if not e:
                continue
            if k == 0:
                a += e
                continue
            if k < field.n:
                return None
            g = _generator(field, k - field.n, memo)
            if g is None:
                return None
            a, b, value = a + e * g[0], b + e * g[1], value * g[2] ** e
        found[a, b] = found.get((a, b), arb(0)) + value
    least = min([a for a, _ in found])
    top = max([b for a, b in found if a == least])
    c = found[least, top]
    return (least, top, c) if c > 0 or c < 0 else None


def _generator(field: Field, j: int, memo: dict[int, Order | None]) -> Order | None:
    if j not in memo:
        memo[j] = _order_of(field, j, memo)
    return memo[j]


def _order_of(field: Field, j: int, memo: dict[int, Order | None]) -> Order | None:
    g = field.generators[j]
    zero = Fraction(0)
    if g.kind == "pi":
        return zero, zero, arb.pi()
    if g.argument is None:
        return None
    u = order(field, g.argument)
    if u is None:
        return None
    a, b, c = u
    if g.kind == "root" and c > 0:
        return a / g.order, b / g.order, c.root(g.order)
    if g.kind == "log" and c > 0 and b == 0:
        if a:
            return zero, Fraction(1), arb(-a.numerator) / a.denominator
        value = c.log()
        return (zero, zero, value) if value > 0 or value < 0 else None
    if g.kind == "exp" and b == 0 and a >= 0:
        return zero, zero, arb(1) if a > 0 else c.exp()
    if g.kind in ("sin", "atan", "asin", "erf") and a > 0:
        return (a, b, c) if g.kind != "erf" else (a, b, c * 2 / arb.pi().sqrt())
    if g.kind == "cos" and a > 0:
        return zero, zero, arb(1)
    return None
