"""The construction of a Pfaffian chain: an expression is written as a polynomial in functions that are added as they are needed.

What is added, and why it is enough, is said in `tamecheck.proofs.pfaffian`; whatever is built here is verified there.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, gcd

from tamecheck.geometry.univariate import balls
from tamecheck.geometry.univariate.derivatives import derivative
from tamecheck.geometry.univariate.expressions import Algebra, Expr, terms
from tamecheck.geometry.univariate.normal_forms import NormalForm, normal_form, to_expression, usable
from tamecheck.geometry.univariate.ranges import bounds_on, sign_on
from tamecheck.proofs import pfaffian_polynomials as poly
from tamecheck.proofs.pfaffian_polynomials import NoChain, Polynomial, TooBig

MOST_FUNCTIONS = 10
DEEPEST = 24
MOST_TURNS = 8
MOST_POWER = 48
LARGEST_ROOT = 8
BY_DERIVATIVE = frozenset(["log", "atan", "asin", "erf"])


def _multiple(angle: tuple, n: int, times, plus) -> tuple:
    """Return ``(sin n z, cos n z)`` from ``(sin z, cos z)`` by the addition theorem."""
    result = angle
    for _ in range(n - 1):
        sine = plus(times(result[0], angle[1]), times(result[1], angle[0]), 1)
        result = sine, plus(times(result[1], angle[1]), times(result[0], angle[0]), -1)
    return result


def _deflated(form: NormalForm) -> NormalForm:
    """Put one generator for ``E^m`` where only powers of ``E^m`` occur, E an exponential."""
    steps = []
    for i, g in enumerate(form.generators):
        powers = [int(m[i]) for p in (form.numerator, form.denominator) for m in p.monoms()] if g.kind == "exp" else []  # type: ignore[attr-defined]
        steps.append(max(gcd(*powers), 1) if powers else 1)
    if all(m == 1 for m in steps):
        return form
    parts = []
    for p in (form.numerator, form.denominator):
        table = {}
        for m, c in zip(p.monoms(), p.coeffs(), strict=True):  # type: ignore[attr-defined]
            table[tuple([int(n) // steps[j] if j < len(steps) else int(n) for j, n in enumerate(m)])] = c
        parts.append(p.context().from_dict(table))  # type: ignore[attr-defined]
    generators = tuple([g.algebra.power(g, m) if m != 1 else g for g, m in zip(form.generators, steps, strict=True)])
    return NormalForm(*parts, generators, form.algebra)


class Builder:
    """Collects the functions of a chain while expressions are written as polynomials in them."""

    def __init__(self, k: Algebra, low: Expr | None, high: Expr | None, by_terms: bool) -> None:
        self.k = k
        self.low, self.high = low, high
        self.by_terms = by_terms
        self.functions: list[Expr] = []
        self.derivatives: list[Polynomial] = []
        self.place: dict[Expr, int] = {}
        self.angles: dict[Expr, Expr] = {}
        self.known: dict[Expr, Polynomial] = {}
        self.depth = 0
        self.bases: dict[Expr, int] = {}

    # ------------------------------------------------------------- the result

    def finish(self, outer: Polynomial) -> tuple[tuple[Expr, ...], tuple[Polynomial, ...], Polynomial]:
        """Return the chain without the functions that are not needed: functions, derivatives, and the polynomial of the whole."""
        needed, todo = set(), list(poly.used(outer))
        while todo:
            i = todo.pop()
            if i not in needed:
                needed.add(i)
                todo += poly.used(self.derivatives[i - 1])
        place = {old: new for new, old in enumerate(sorted(needed), start=1)}
        functions = tuple([self.functions[i - 1] for i in sorted(needed)])
        derivatives = tuple([poly.renumbered(self.derivatives[i - 1], place) for i in sorted(needed)])
        return functions, derivatives, poly.renumbered(outer, place)

    def _nonzero(self, d: Expr) -> bool:
        return bool(sign_on(d, self.low, self.high)) or self._no_zeros(d)

    def _no_zeros(self, d: Expr) -> bool:
        from tamecheck.geometry.univariate.asymptotics import DEEPEST as EXPANDED
        from tamecheck.geometry.univariate.asymptotics import nesting
        from tamecheck.geometry.univariate.isolation import zeros

        if nesting(d) > EXPANDED:
            return False
        found = zeros(d, self.low, self.high)
        return not found.zeros and not found.open and not found.identical

    def _include(self, y: Expr, needs: Callable) -> int:
        """Return the number of a function; a new one is added after what ``needs()`` adds, with the derivative that it returns for its number."""
        if y in self.place:
            return self.place[y]
        made = needs()
        if len(self.functions) >= MOST_FUNCTIONS:
            raise NoChain(f"the chain would have more than {MOST_FUNCTIONS} functions")
        number = len(self.functions) + 1
        self.functions.append(y)
        self.derivatives.append(made(number))
        self.place[y] = number
        return number

    # ------------------------------------------------------------ expressions

    def written(self, e: Expr) -> Polynomial:
        """Return an expression as a polynomial in the chain."""
        if e not in self.known:
            if not self.depth:
                for part in e.ancestors():
                    if part.kind == "prod" and part.varies:
                        self.bases |= {b: q.denominator for b, q in zip(part.args, part.data, strict=True) if 1 < q.denominator <= LARGEST_ROOT}  # type: ignore[arg-type]
            self.depth += 1
            if self.depth > DEEPEST:
                raise NoChain("the formula is nested too deeply")
            if not e.varies:
                self.known[e] = poly.constant(e)
            elif self.by_terms and e.kind == "sum":
                parts = [poly.scale(self.k, self.k.number(c), self.written(t)) for c, t in terms(e)]
                self.known[e] = poly.add(self.k, *parts)
            else:
                self.known[e] = self._quotient(e)
            self.depth -= 1
        return self.known[e]

    def _quotient(self, e: Expr) -> Polynomial:
        form = normal_form(e)
        if form is None:
            return self._structural(e)
        form = _deflated(usable(form, self._nonzero))
        bottom, roots = self._root_bases(form)
        factors = bottom.factor()  # type: ignore[attr-defined]
        front = self.k.number(1 / Fraction(int(factors[0].p), int(factors[0].q)))
        split = [(p, int(n)) for p, n in factors[1]]
        logistic, inverse, others = self._sorted(form, split)
        for i, n in roots.items():
            inverse[i] = inverse.get(i, 0) + n
        total: Polynomial = {}
        for exponents, c in zip(form.numerator.monoms(), form.numerator.coeffs(), strict=True):  # type: ignore[attr-defined]
            part = poly.constant(self.k.mul(front, self.k.number(Fraction(int(c.p), int(c.q)))))
            for i, n in enumerate([int(n) for n in exponents]):
                if i < len(form.generators) and (n or i in logistic or i in inverse):
                    part = poly.mul(self.k, part, self._power(form.generators[i], n, logistic.get(i), inverse.get(i, 0)))
            total = poly.add(self.k, total, part)
            if len(total) > poly.MOST_TERMS:
                raise TooBig
        for p, n in others:
            total = poly.mul(self.k, total, poly.power(self.k, self._reciprocal(to_expression(form, p)), n))
        return total

    def _structural(self, e: Expr) -> Polynomial:
        """Write a sum by its terms and a product by its factors, without a common denominator."""
        k = self.k
        if e.kind == "sum":
            return poly.add(k, *[poly.scale(k, k.number(c), self.written(t)) for c, t in terms(e)])
        if e.kind != "prod":
            raise NoChain("a quotient is too large")
        total: Polynomial = {(): k.one}
        for b, q in zip(e.args, e.data, strict=True):  # type: ignore[arg-type]
            if q.denominator != 1:
                part = self._real_power(b, q)
            elif abs(q) > MOST_POWER:
                raise NoChain("a power is too large")
            else:
                part = poly.power(k, self.written(b) if q > 0 else self._reciprocal(b), abs(int(q)))
            total = poly.mul(k, total, part)
        return total

    def _real_power(self, b: Expr, q: Fraction) -> Polynomial:
        """Return ``w = b^q`` with ``w' = q b' (1/b) w``."""
        k = self.k
        slope = derivative(b)

        def needs():
            p = poly.scale(k, k.number(q), poly.mul(k, self.written(slope), self._reciprocal(b)))
            return lambda number: poly.mul(k, p, poly.symbol(k, number))

        return poly.symbol(k, self._include(k.power(b, q), needs))

    def _root_bases(self, form: NormalForm) -> tuple[object, dict[int, int]]:
        """Divide the denominator by bases of roots: ``1/b = (b^(-1/d))^d``; return the rest, and d times the powers by generator."""
        bottom, found = form.denominator, {}
        for i, g in enumerate(form.generators):
            if not (g.varies and self._is_root(g)):
                continue
            other = normal_form(g.args[0])
            places = {h: j for j, h in enumerate(form.generators)}
            if other is None or not other.denominator.is_constant():  # type: ignore[attr-defined]
                continue
            table: dict[tuple, object] = {}
            for exponents, c in zip(other.numerator.monoms(), other.numerator.coeffs(), strict=True):  # type: ignore[attr-defined]
                target = [0] * len(bottom.context().gens())  # type: ignore[attr-defined]
                for h, n in zip(other.generators, [int(n) for n in exponents], strict=False):
                    if n and h in places:
                        target[places[h]] = n
                    elif n:
                        table = {}
                        break
                else:
                    table[tuple(target)] = c
                    continue
                break
            base = bottom.context().from_dict(table)  # type: ignore[attr-defined]
            while not base.is_constant():
                quotient, rest = divmod(bottom, base)  # type: ignore[operator]
                if not rest.is_zero():
                    break
                bottom, found[i] = quotient, found.get(i, 0) + g.data[0].denominator  # type: ignore[index]
        return bottom, found

    def _sorted(self, form: NormalForm, split: list[tuple[object, int]]) -> tuple[dict, dict, list]:
        """Sort factors of the denominator: ``a + c E`` alone with its exponential, a generator itself, anything else."""
        logistic: dict[int, tuple[Expr, Expr, int]] = {}
        inverse: dict[int, int] = {}
        others: list[tuple[object, int]] = []
        uses = [{i for i, d in enumerate(p.degrees()) if d > 0 and form.generators[i].varies} for p, _ in split]  # type: ignore[attr-defined]
        for (p, n), varying in zip(split, uses, strict=True):
            generator = form.generators[min(varying)] if len(varying) == 1 else None
            i = min(varying, default=0)
            alone = generator is not None and sum([i in other for other in uses]) == 1
            if not varying:
                others.append((p, n))
            elif generator is not None and len(p) == 1 and p.degrees()[i] == 1 and generator.kind in ("exp", "prod", "sum"):  # type: ignore[arg-type, attr-defined]
                inverse[i] = n
            elif alone and generator.kind == "exp" and p.degrees()[i] == 1:  # type: ignore[attr-defined, union-attr]
                slope = p.derivative(i)  # type: ignore[attr-defined]
                rest = p - slope * p.context().gen(i)  # type: ignore[attr-defined]
                logistic[i] = (to_expression(form, rest), to_expression(form, slope), n)
            else:
                others.append((p, n))
        return logistic, inverse, others

    def _power(self, g: Expr, n: int, logistic: tuple | None, below: int) -> Polynomial:
        """Return ``g^n`` of a generator, over ``(a + c g)^m`` or ``g^below`` when those stand in the denominator."""
        if not g.varies:
            return poly.constant(self.k.power(g, n - below))
        if logistic is not None:
            return self._logistic(g, n, *logistic)
        if g.kind == "exp":
            return self._exponential(g, n - below)
        if self._is_root(g):
            return self._root(g, n - below)
        return poly.power(self.k, self._atom(g), n)

    # --------------------------------------------------------------- functions

    def _atom(self, g: Expr) -> Polynomial:
        if g is self.k.x:
            return poly.symbol(self.k, 0)
        if g.kind in BY_DERIVATIVE:
            return poly.symbol(self.k, self._include(g, lambda: self._fixed(self.written(derivative(g)))))
        if g.kind in ("sin", "cos"):
            return self._circular(g)
        if g.kind == "lambertw":
            return self._lambert(g)
        raise NoChain(f"no chain is known for {g.kind}" + ("" if g.data is None else f" of order {g.data}"))

    @staticmethod
    def _fixed(p: Polynomial):
        return lambda number: p

    def _exponential(self, e: Expr, n: int) -> Polynomial:
        """Return ``e^n`` for an exponential; what is already there with a smaller exponent is used."""
        if not n:
            return {(): self.k.one}
        base = e if n > 0 else self.k.power(e, -1)
        for y, i in self.place.items():
            if y.kind == "exp":
                ratio = self.k.div(base.args[0], y.args[0]).rational
                if ratio is not None and ratio > 0 and ratio.denominator == 1:
                    return poly.symbol(self.k, i, abs(n) * int(ratio))
        slope = derivative(base.args[0])

        def needs():
            p = self.written(slope)
            return lambda number: poly.mul(self.k, p, poly.symbol(self.k, number))

        return poly.symbol(self.k, self._include(base, needs), abs(n))

    def _logistic(self, e: Expr, n: int, a: Expr, c: Expr, m: int) -> Polynomial:
        """Return ``e^n/(a + c e)^m`` with ``s = a/(a + c e)``: ``e/(a + c e) = (1 - s)/c``."""
        k = self.k
        whole = k.add(a, k.mul(c, e))
        if not self._nonzero(whole):
            raise NoChain("a denominator may vanish on the interval")
        s = k.div(a, whole)
        if s.kind == "sum":  # a rational multiple of the interned quotient
            s = k.product([(a, Fraction(1)), (whole, Fraction(-1))])
        slope = derivative(e.args[0])

        def needs():
            p = self.written(slope)
            return lambda number: poly.mul(k, p, poly.add(k, poly.symbol(k, number, 2), poly.scale(k, k.number(-1), poly.symbol(k, number))))

        z = poly.symbol(k, self._include(s, needs))
        upper = poly.scale(k, k.power(c, -1), poly.add(k, poly.constant(k.one), poly.scale(k, k.number(-1), z)))
        lower = poly.scale(k, k.power(a, -1), z)
        inside = min(n, m)
        result = poly.mul(k, poly.power(k, upper, inside), poly.power(k, lower, m - inside))
        return poly.mul(k, result, self._exponential(e, n - inside)) if n > m else result

    def _reciprocal(self, d: Expr) -> Polynomial:
        """Return ``1/d``."""
        k = self.k
        if not d.varies:
            return poly.constant(k.power(d, -1))
        if not self._nonzero(d):
            raise NoChain("a denominator may vanish on the interval")
        if d in self.bases:  # a root of it is needed anyway
            n = self.bases[d]
            return self._root(k.power(d, Fraction(1, n)), -n)
        slope = derivative(d)

        def needs():
            p = poly.scale(k, k.number(-1), self.written(slope))
            return lambda number: poly.mul(k, p, poly.symbol(k, number, 2))

        return poly.symbol(k, self._include(k.power(d, -1), needs))

    @staticmethod
    def _is_root(g: Expr) -> bool:
        return g.kind == "prod" and len(g.args) == 1 and g.data[0].denominator != 1  # type: ignore[index]

    def _root(self, g: Expr, n: int) -> Polynomial:
        """Return ``g^n`` for ``g = b^(p/d)``, with ``u = b^(-1/d)``."""
        k = self.k
        b, q = g.args[0], g.data[0] * n  # type: ignore[index]
        if not n:
            return {(): k.one}
        if sign_on(b, self.low, self.high) != 1 and not self._no_zeros(b):
            raise NoChain("the base of a root may vanish on the interval")
        inner = b.args[0] if b.kind == "seal" else b
        d = g.data[0].denominator  # type: ignore[index]
        slope = derivative(inner)

        def needs():
            p = poly.scale(k, k.number(Fraction(-1, d)), self.written(slope))
            return lambda number: poly.mul(k, p, poly.symbol(k, number, d + 1))

        i = self._include(k.power(b, Fraction(-1, d)), needs)
        whole = max(ceil(q), 0)
        return poly.mul(k, poly.power(k, self.written(inner), whole), poly.symbol(k, i, int((whole - q) * d)))

    def _circular(self, g: Expr) -> Polynomial:
        """Return sin(h) or cos(h) by ``t = tan(y)`` and ``c = cos(y)^2`` with ``h = m + 2 n y`` and y in (-pi/2, pi/2)."""
        k, h = self.k, g.args[0]
        m, n = self._turns(h)
        y = k.scale(Fraction(1, 2 * n), k.sub(h, k.number(m)))
        sine, cosine = k.function("sin", y), k.function("cos", y)
        slope = derivative(y)

        def tangent():
            p = self.written(slope)
            return lambda number: poly.mul(k, p, poly.add(k, poly.constant(k.one), poly.symbol(k, number, 2)))

        t = self._include(k.div(sine, cosine), tangent)

        def square():
            p = poly.scale(k, k.number(-2), self.written(slope))
            return lambda number: poly.mul(k, p, poly.mul(k, poly.symbol(k, t), poly.symbol(k, number)))

        c = self._include(k.power(cosine, 2), square)
        double = (
            poly.scale(k, k.number(2), poly.mul(k, poly.symbol(k, t), poly.symbol(k, c))),  # sin 2y
            poly.add(k, poly.scale(k, k.number(2), poly.symbol(k, c)), poly.constant(k.number(-1))),  # cos 2y
        )
        pair = _multiple(double, n, lambda p, q: poly.mul(k, p, q), lambda p, q, sign: poly.add(k, p, poly.scale(k, k.number(sign), q)))
        exact = (k.scale(2, k.mul(sine, cosine)), k.sub(k.scale(2, k.power(cosine, 2)), k.one))
        same = _multiple(exact, n, k.mul, lambda p, q, sign: k.add(p, k.scale(sign, q)))
        cos_m, sin_m = k.function("cos", k.number(m)), k.function("sin", k.number(m))
        if g.kind == "sin":
            self.angles[g] = k.add(k.mul(same[0], cos_m), k.mul(same[1], sin_m))
            return poly.add(k, poly.scale(k, cos_m, pair[0]), poly.scale(k, sin_m, pair[1]))
        self.angles[g] = k.sub(k.mul(same[1], cos_m), k.mul(same[0], sin_m))
        return poly.add(k, poly.scale(k, cos_m, pair[1]), poly.scale(k, k.neg(sin_m), pair[0]))

    def _turns(self, h: Expr) -> tuple[Fraction, int]:
        """Return (m, n) with ``|h - m| < n pi`` on the interval: m = 0 if n = 1 does with it, else m near the middle."""
        low, high = bounds_on(h, self.low, self.high)
        if low is None or high is None or not (low.is_finite() and high.is_finite()):
            raise NoChain("a sine or cosine of something that is not bounded has no chain by this construction")
        with balls.precision(balls.BASE):
            middle = Fraction(round(balls.exact(((low + high) / 2).mid()) * 16), 16)
            for n in range(1, MOST_TURNS + 1):
                for m in (Fraction(0), middle):
                    if all(abs(end - balls.ball(m)) < balls.value(self.k.pi) * n for end in (low, high)):
                        return m, n
        raise NoChain(f"a sine or cosine of an argument that may vary by {2 * MOST_TURNS} pi or more is not written out")

    def _lambert(self, g: Expr) -> Polynomial:
        """``q = 1/(1 + W(h))``, ``q' = (h'/h) (q^3 - q^2)``, ``W(h)' = (h'/h) (1 - q)`` where h is not 0."""
        k, h = self.k, g.args[0]
        if not self._nonzero(h):
            raise NoChain("Lambert's function of something that may vanish has no chain by this construction")
        slope = k.div(derivative(h), h)
        self.angles[k.exp(k.neg(g))] = k.div(g, h)

        def first():
            p = self.written(slope)
            return lambda number: poly.mul(k, p, poly.add(k, poly.symbol(k, number, 3), poly.scale(k, k.number(-1), poly.symbol(k, number, 2))))

        q = self._include(k.power(k.add(k.one, g), -1), first)

        def second():
            p = self.written(slope)
            return lambda number: poly.mul(k, p, poly.add(k, poly.constant(k.one), poly.scale(k, k.number(-1), poly.symbol(k, q))))

        return poly.symbol(k, self._include(g, second))
