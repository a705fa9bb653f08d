"""Expressions as quotients of polynomials in their independent-looking parts, with exact factorisation (FLINT).

The *generators* of an expression are the variable, one exponential per direction (all ``exp(c*g)`` with rational
``c`` are powers of one of them), roots ``b^(1/d)`` and the other functions and constants that occur.  The relations
``(b^(1/d))^d = b`` and ``cos^2 = 1 - sin^2`` are used.  Two facts follow and are used for proofs:

* a numerator that is the zero polynomial proves that the expression is identically zero;
* where an expression is defined its zeros are those of the factors of its numerator, because every denominator is a
  product of denominators of the expression, and exponentials and roots ``b^(1/d)`` of positive numbers do not vanish.

The converse of the first is not claimed: generators may have relations that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from tamecheck.geometry.univariate.expressions import Algebra, Expr, factors, terms

MOST_TERMS = 1_200
MOST_GENERATORS = 14
MOST_POWER = 48


class TooBig(Exception):
    """The polynomials grew beyond the limits; the caller does without them."""


class NormalForm(NamedTuple):
    """A quotient of polynomials in ``generators``.

    ``rationalised`` is another one, without square roots in its denominator, if there were any.  It was multiplied by
    conjugates, which may vanish, so it may be used only where its denominator has no zero.
    """

    numerator: object
    denominator: object
    generators: tuple[Expr, ...]
    algebra: Algebra
    rationalised: NormalForm | None = None


def normal_form(e: Expr) -> NormalForm | None:
    """Return the normal form of an expression, or ``None`` when it is too big."""
    if "normal" not in e.memo:
        try:
            e.memo["normal"] = _Builder(e).result()
        except TooBig:
            e.memo["normal"] = None
    return e.memo["normal"]


def _primitive(g: Expr) -> tuple[Fraction, Expr]:
    """Return ``(c, g0)`` with ``g = c*g0`` and g0 the same for all rational multiples of g."""
    pairs = list(terms(g))
    c = pairs[-1][0]
    return c, g.algebra.scale(1 / c, g)


def _dependent(exponents: list[Expr]) -> bool:
    """Tell whether different directions among exponents are linearly dependent over the rationals, as x, h and x - h are."""
    directions = {_primitive(g)[1] for g in exponents}
    if len(directions) < 3:
        return False
    rows = [{t: c for c, t in terms(g)} for g in directions]
    rank = 0
    while rows:
        row = rows.pop()
        if not row:
            continue
        rank += 1
        pivot = next(iter(row))
        for other in rows:
            q = other.get(pivot, 0) / row[pivot]
            if q:
                for t, c in row.items():
                    value = other.get(t, 0) - q * c
                    if value:
                        other[t] = value
                    else:
                        other.pop(t, None)
    return rank < len(directions)


class _Builder:
    def __init__(self, e: Expr) -> None:
        import flint

        self.root = e
        self.algebra = e.algebra
        self.parts = e.ancestors()
        self.units: dict[Expr, Fraction] = {}
        self.depths: dict[Expr, int] = {}
        needed = self._needed()
        self.parts = [p for p in self.parts if p in needed]
        names = self._collect(needed)
        if len(names) > MOST_GENERATORS:
            raise TooBig
        self.generators = tuple(names)
        self.ring = flint.fmpq_mpoly_ctx.get([f"g{i}" for i in range(max(len(names), 1))], flint.Ordering.lex)
        gens = self.ring.gens()
        self.one = gens[0] ** 0
        self.place = {g: gens[i] for i, g in enumerate(names)}
        sines = {g.args[0]: g for g in names if g.kind == "sin"}
        self.circles = [(g, sines[g.args[0]]) for g in names if g.kind == "cos" and g.args[0] in sines]
        self.form: dict[Expr, tuple] = {}

    def _needed(self) -> set[Expr]:
        """Return the parts that matter: arguments of functions are not entered."""
        seen, stack = {self.root}, [self.root]
        while stack:
            e = stack.pop()
            if e.kind in ("sum", "prod", "seal"):
                for a in e.args:
                    if a not in seen:
                        seen.add(a)
                        stack.append(a)
        return seen

    def _collect(self, needed: set[Expr]) -> list[Expr]:
        """List the generators: the variable, exponentials by direction, roots by base, the rest."""
        names: dict[Expr, None] = {}
        self.by_terms = _dependent([e.args[0] for e in self.parts if e.kind == "exp"])
        for e in self.parts:
            if e.kind == "exp":
                for c, direction in self._directions(e.args[0]):
                    old = self.units.get(direction)
                    self.units[direction] = abs(c) if old is None else _rational_gcd(old, abs(c))
            elif e.kind == "prod":
                for b, q in zip(e.args, e.data, strict=True):  # type: ignore[arg-type]
                    if abs(q) > MOST_POWER:
                        raise TooBig
                    if q.denominator != 1:
                        self.depths[b] = lcm(self.depths.get(b, 1), q.denominator)
        for direction, unit in self.units.items():
            names[self.algebra.exp(self.algebra.scale(unit, direction))] = None
        for e in self.parts:
            if e.kind not in ("sum", "prod", "number", "exp", "seal") and e not in self.depths:
                names[e] = None
        for b, d in self.depths.items():
            names[self.algebra.power(b, Fraction(1, d))] = None
        return [self.algebra.x, *[n for n in names if n is not self.algebra.x]]

    def _directions(self, g: Expr) -> list[tuple[Fraction, Expr]]:
        """Write an exponent as ``sum c*g0``: one direction, or its terms when the exponents are linearly dependent."""
        return list(terms(g)) if self.by_terms else [_primitive(g)]

    # ---------------------------------------------------------------- fractions

    def result(self) -> NormalForm:
        for e in self.parts:
            self.form[e] = self._reduced(self._step(e))
        top, bottom = self.form[self.root]
        return NormalForm(top, bottom, self.generators, self.algebra, self._rationalised(top, bottom))

    def _rationalised(self, top: object, bottom: object) -> NormalForm | None:
        """Multiply by ``a - b*y`` where the denominator is ``a + b*y`` with a square root y."""
        start = bottom
        try:
            for b, d in reversed(self.depths.items()):
                i = self.generators.index(self.algebra.power(b, Fraction(1, d)))
                if d == 2 and bottom.degrees()[i] == 1:  # type: ignore[attr-defined]
                    table = {}
                    for exponents, c in zip(bottom.monoms(), bottom.coeffs(), strict=True):  # type: ignore[attr-defined]
                        table[tuple([int(n) for n in exponents])] = -c if exponents[i] else c
                    conjugate = self.ring.from_dict(table)
                    self._check(top * conjugate, bottom * conjugate)  # type: ignore[operator]
                    top, bottom = self._reduced((top * conjugate, bottom * conjugate))  # type: ignore[operator]
        except TooBig:
            return None
        return None if bottom is start else NormalForm(top, bottom, self.generators, self.algebra)

    def _step(self, e: Expr) -> tuple:
        if e.kind == "number":
            return self._constant(e.data), self.one  # type: ignore[arg-type]
        if e.kind == "exp":
            total = (self.one, self.one)
            for c, direction in self._directions(e.args[0]):
                unit = self.units[direction]
                base = self.place[self.algebra.exp(self.algebra.scale(unit, direction))]
                total = self._times(total, self._power((base, self.one), int(c / unit)))
            return total
        if e in self.depths:
            d = self.depths[e]
            return self._power((self.place[self.algebra.power(e, Fraction(1, d))], self.one), d)
        if e.kind == "sum":
            return self._sum(e)
        if e.kind == "prod":
            total = (self.one, self.one)
            for b, q in zip(e.args, e.data, strict=True):  # type: ignore[arg-type]
                if q.denominator == 1:
                    part = self._power(self.form[b], int(q))
                else:
                    d = self.depths[b]
                    part = self._power((self.place[self.algebra.power(b, Fraction(1, d))], self.one), int(q * d))
                total = self._times(total, part)
            return total
        if e.kind == "seal":
            return self.form[e.args[0]]
        return self.place[e], self.one

    def _constant(self, q: Fraction) -> object:
        import flint

        return self.one * flint.fmpq(q.numerator, q.denominator)

    def _sum(self, e: Expr) -> tuple:
        top, bottom = self._constant(e.data[0]), self.one  # type: ignore[index]
        for c, a in zip(e.data[1], e.args, strict=True):  # type: ignore[index]
            p, q = self.form[a]
            p = p * self._constant(c)
            if q == bottom:
                top = top + p
            else:
                g = bottom.gcd(q)
                left, right = q / g, bottom / g
                top, bottom = top * left + p * right, bottom * left
            self._check(top, bottom)
        return self._cancelled(top, bottom)

    def _times(self, a: tuple, b: tuple) -> tuple:
        self._check(a[0] if len(a[0]) * len(b[0]) <= MOST_TERMS * 4 else None)
        return self._cancelled(a[0] * b[0], a[1] * b[1])

    def _power(self, a: tuple, n: int) -> tuple:
        top, bottom = a if n >= 0 else (a[1], a[0])
        n = abs(n)
        if n > MOST_POWER or (n > 1 and max(len(top), len(bottom)) ** min(n, 4) > 40 * MOST_TERMS):
            raise TooBig
        return top**n, bottom**n

    def _check(self, *polynomials: object) -> None:
        if any(p is None or len(p) > MOST_TERMS for p in polynomials):  # type: ignore[arg-type]
            raise TooBig

    def _cancelled(self, top: object, bottom: object) -> tuple:
        self._check(top, bottom)
        if bottom == self.one or bottom.is_constant():  # type: ignore[attr-defined]
            return top, bottom
        g = top.gcd(bottom)  # type: ignore[attr-defined]
        return (top, bottom) if g.is_constant() else (top / g, bottom / g)

    def _reduced(self, form: tuple) -> tuple:
        """Use ``y^d = b`` for the roots."""
        top, bottom = form
        for b, d in reversed(self.depths.items()):
            base = self.form.get(b)
            if base is None or b not in self.form:
                continue
            if b in self.depths and base[0] == self.place[self.algebra.power(b, Fraction(1, d))] ** d:
                plain = self._plain(b)
                if plain is None:
                    continue
                base = plain
            i = self.generators.index(self.algebra.power(b, Fraction(1, d)))
            top, extra = self._lowered(top, i, d, base)
            bottom, more = self._lowered(bottom, i, d, base)
            top, bottom = top * more, bottom * extra
        for cosine, sine in self.circles:
            i = self.generators.index(cosine)
            base = (self.one - self.place[sine] ** 2, self.one)
            top, bottom = self._lowered(top, i, 2, base)[0], self._lowered(bottom, i, 2, base)[0]
        return self._cancelled(top, bottom)

    def _plain(self, b: Expr) -> tuple | None:
        """Return the quotient that the base of a root is, not written with the root."""
        if b.kind == "number":
            return self._constant(b.data), self.one  # type: ignore[arg-type]
        if b.kind == "sum":
            return self._sum(b)
        if b.kind == "prod" or b.kind == "seal":
            return self._step_plain(b)
        return None

    def _step_plain(self, b: Expr) -> tuple:
        if b.kind == "seal":
            return self.form[b.args[0]]
        saved = self.depths
        self.depths = {k: v for k, v in saved.items() if k is not b}
        try:
            return self._step(b)
        finally:
            self.depths = saved

    def _lowered(self, p: object, i: int, d: int, base: tuple) -> tuple:
        """Return ``(q, s)`` with ``p = q/s`` and the degree of q in generator i below d."""
        degree = p.degrees()[i] if not p.is_zero() else 0  # type: ignore[attr-defined]
        if degree < d:
            return p, self.one
        most = degree // d
        total = self.one * 0
        groups: dict[int, dict] = {}
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):  # type: ignore[attr-defined]
            k = int(exponents[i])
            kept = tuple([int(x) if j != i else k % d for j, x in enumerate(exponents)])
            bucket = groups.setdefault(k // d, {})
            bucket[kept] = bucket.get(kept, 0) + c
        for k, table in groups.items():
            total = total + self.ring.from_dict(table) * base[0] ** k * base[1] ** (most - k)
            self._check(total)
        return total, base[1] ** most


def _rational_gcd(a: Fraction, b: Fraction) -> Fraction:
    return Fraction(gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)


def to_expression(form: NormalForm, polynomial: object) -> Expr:
    """Return a polynomial in the generators as an expression."""
    k = form.algebra
    pairs = []
    for exponents, c in zip(polynomial.monoms(), polynomial.coeffs(), strict=True):  # type: ignore[attr-defined]
        monomial = k.product([(g, Fraction(int(n))) for g, n in zip(form.generators, exponents, strict=False) if int(n)])
        pairs.append((Fraction(int(c.p), int(c.q)), monomial))
    return k.linear(pairs)


def identically_zero(e: Expr) -> bool:
    """Tell whether an expression is proved to be zero wherever it is defined."""
    if e is e.algebra.zero:
        return True
    if e.kind != "sum":
        return False
    form = normal_form(e)
    return form is not None and form.numerator.is_zero()  # type: ignore[attr-defined]


Nonzero = Callable[[Expr], bool]
"""A test that says True only if an expression has no zero on the interval in question."""


def usable(form: NormalForm, nonzero: Nonzero) -> NormalForm:
    """Return the rationalised form if its denominator is seen not to vanish, else the form itself."""
    other = form.rationalised
    if other is None:
        return form
    parts = [to_expression(other, p) for p, _ in other.denominator.factor()[1]]  # type: ignore[attr-defined]
    return other if all(nonzero(p) for p in parts) else form


def vanishing_factors(e: Expr, nonzero: Nonzero) -> list[tuple[Expr, Fraction]] | None:
    """Return ``(factor, multiplicity)`` whose zeros are those of ``e`` on an interval where it is defined; ``None``: too big.

    Factors that cannot vanish (constants, exponentials, roots of positive numbers) are left out.
    """
    form = normal_form(e)
    if form is None or form.numerator.is_zero():  # type: ignore[attr-defined]
        return None
    form = usable(form, nonzero)
    result = []
    for polynomial, n in form.numerator.factor()[1]:  # type: ignore[attr-defined]
        factor = to_expression(form, polynomial)
        for base, q in factors(factor):
            if q > 0 and base.varies and base.kind != "exp" and q.denominator == 1:
                result.append((base, q * int(n)))
    return result


def simplified(e: Expr, nonzero: Nonzero) -> Expr:
    """Return the factored normal form on an interval where ``e`` is defined, if it has fewer parts than ``e``."""
    form = normal_form(e)
    if form is None:
        return e
    form = usable(form, nonzero)
    k = e.algebra
    parts = []
    for polynomial, sign in ((form.numerator, 1), (form.denominator, -1)):
        if polynomial.is_zero():  # type: ignore[attr-defined]
            return k.zero
        constant, split = polynomial.factor()  # type: ignore[attr-defined]
        parts.append((k.number(Fraction(int(constant.p), int(constant.q))), Fraction(sign)))
        parts += [(to_expression(form, p), Fraction(sign * int(n))) for p, n in split]
    other = k.product(parts)
    return other if len(other.ancestors()) < len(e.ancestors()) else e
