"""Signs of exact constants: decided by canonical form, by exact algebra, or by enclosures; never guessed."""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate import balls
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.normal_forms import identically_zero, normal_form, to_expression

MOST_ROUNDS = 4
MOST_ARGUMENTS = 12


class Unresolved(Exception):
    """Two numbers could not be told apart, or a number could not be enclosed; the text says which."""


def sign(e: Expr) -> int | None:
    """Return -1, 0 or 1 for a constant, ``None`` when it is too close to zero to tell and no algebra shows that it is 0."""
    q = e.rational
    if q is not None:
        return (q > 0) - (q < 0)
    oracle = e.algebra.oracle
    if oracle is not None and oracle.concerns(e):
        return oracle.sign(e)
    if "sign" not in e.memo:
        e.memo["sign"] = _sign(e)
    return e.memo["sign"]


def _sign(e: Expr) -> int | None:
    for bits in balls.LADDER[:2]:
        found = balls.sign(balls.value(e, bits))
        if found:
            return found
    if _shown_zero(e):
        return 0
    for rewritten in (expanded, definitions_filled_in, merged):
        other = rewritten(e)
        if other is not e and _shown_zero(other):
            return 0
    for bits in balls.LADDER[2:]:
        found = balls.sign(balls.value(e, bits))
        if found:
            return found
    return None


def _shown_zero(e: Expr) -> bool:
    return identically_zero(e) or algebraic_zero(e) or zero_by_definition(e)


def algebraic_zero(e: Expr) -> bool:
    """Tell whether a polynomial in one isolated algebraic number is zero: its minimal polynomial divides it."""
    form = normal_form(e)
    if form is None:
        return False
    import flint

    used = [i for i, d in enumerate(form.numerator.degrees()) if d > 0]  # type: ignore[attr-defined]
    if len(used) != 1:
        return False
    root = form.generators[used[0]]
    if root.kind != "root" or root.data.minimal is None:  # type: ignore[union-attr]
        return False
    table: dict[int, object] = {}
    for exponents, c in zip(form.numerator.monoms(), form.numerator.coeffs(), strict=True):  # type: ignore[attr-defined]
        table[int(exponents[used[0]])] = c
    polynomial = flint.fmpq_poly([table.get(i, 0) for i in range(max(table) + 1)])
    return (polynomial % flint.fmpq_poly(root.data.minimal)) == 0  # type: ignore[union-attr]


def expanded(e: Expr) -> Expr:
    """Write the sums and products inside a constant as quotients of polynomials in roots and other constants.

    So ``sqrt(1 + sqrt(3)^2)`` is 2, ``2/(3 + sqrt(5))`` is ``3/2 - sqrt(5)/2``, and ``1 - exp(-3)*(exp(3) - 1)`` is ``exp(-3)``.
    """
    k, image = e.algebra, {}
    for part in e.ancestors():
        new = k.again(part, [image[a] for a in part.args]) if part.args else part
        form = normal_form(new) if new.kind in ("sum", "prod") else None
        if form is not None:
            other = form.rationalised
            if other is not None and other.denominator.is_constant():  # type: ignore[attr-defined]
                form = other
            written = k.div(to_expression(form, form.numerator), to_expression(form, form.denominator))
            if form is other or form.denominator.is_constant() or len(written.ancestors()) < len(new.ancestors()):  # type: ignore[attr-defined]
                new = written
        image[part] = new
    return image[e]


def definitions_filled_in(e: Expr) -> Expr:
    """Use the equation of an isolated zero z that is linear in something: where ``sqrt(1 + z) - 3 = 0`` the root is 3."""
    k, replace = e.algebra, {}
    for part in e.ancestors():
        if part.kind != "root":
            continue
        form = normal_form(k.rebuild([part.data.function], {k.x: part})[0])  # type: ignore[union-attr]
        if form is None:
            continue
        for i, t in enumerate(form.generators):
            if t.varies or t is part or form.numerator.degrees()[i] != 1:  # type: ignore[attr-defined]
                continue
            slope = form.numerator.derivative(i)  # type: ignore[attr-defined]
            rest = form.numerator - slope * form.numerator.context().gen(i)  # type: ignore[attr-defined]
            bottom = to_expression(form, slope)
            if balls.sign(balls.value(bottom)):
                replace[t] = k.neg(k.div(to_expression(form, rest), bottom))
                break
    return k.rebuild([e], replace)[0] if replace else e


def merged(e: Expr) -> Expr:
    """Make arguments of functions and bases of roots one object where algebra shows that they are equal numbers."""
    for _ in range(MOST_ROUNDS):
        inner = {a.id: a for p in e.ancestors() for a in _arguments(p)}
        found = sorted(inner.values(), key=lambda a: (a.kind != "number", a.id))[:MOST_ARGUMENTS]
        pairs = [(a, b) for i, a in enumerate(found) for b in found[i + 1 :]]
        same = next(((a, b, s) for a, b in pairs for s in (-1, 1) if _cancel(a, b, s)), None)
        if same is None:
            return e
        a, b, s = same
        e = e.algebra.rebuild([e], {b: e.algebra.scale(-s, a)})[0]
    return e


def _arguments(e: Expr) -> list[Expr]:
    if e.kind == "prod":
        return [b for b, q in zip(e.args, e.data, strict=True) if q.denominator != 1]  # type: ignore[arg-type]
    return list(e.args) if e.kind not in ("sum", "seal") else []


def _cancel(a: Expr, b: Expr, s: int) -> bool:
    """Tell whether ``a + s*b`` is shown to be 0."""
    total = a.algebra.add(a, a.algebra.scale(s, b))
    return total is a.algebra.zero or total.kind != "number" and balls.value(total).contains(0) and _shown_zero(total)


def zero_by_definition(e: Expr) -> bool:
    """Tell whether a constant is a multiple of ``g(z)``, where z is known as a zero of g.

    The quotient ``e/g(z)`` in normal form is ``p/q``; if q is not 0, then ``e = g(z) p/q = 0``.
    """
    k = e.algebra
    for part in e.ancestors():
        if part.kind != "root":
            continue
        zero = k.rebuild([part.data.function], {k.x: part})[0]  # type: ignore[union-attr]
        form = normal_form(k.product([(e, Fraction(1)), (zero, Fraction(-1))]))
        if form is not None and balls.sign(balls.value(to_expression(form, form.denominator))):
            return True
    return False


def is_zero(e: Expr) -> bool | None:
    """Tell whether a constant is 0."""
    found = sign(e)
    return None if found is None else found == 0


def compare(a: Expr, b: Expr) -> int | None:
    """Return the sign of ``a - b``."""
    return 0 if a is b else sign(e=a.algebra.sub(a, b))


def bounds(e: Expr, bits: int = balls.BASE) -> tuple[Fraction, Fraction] | None:
    """Return rational bounds of a constant, or ``None`` when it has no finite enclosure."""
    with balls.precision(bits + 32):
        v = balls.value(e, bits)
        return balls.ends(v) if v.is_finite() else None
