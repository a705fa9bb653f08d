"""Fields of functions: quotients of polynomials in the variables and in exp, log, roots, sin, cos, ... of such quotients.

A *generator* is a variable of the ring that stands for a function of the others.  Identities of polynomials are identities of functions,
so a zero is certain.  That something is not zero is never concluded from its form: it is shown by a value at a point (`ball`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx, fmpq, fmpz_mpoly

from tamecheck.errors import BudgetExceeded
from tamecheck.ground.polynomials import Ring

Quotient = tuple[fmpz_mpoly, fmpz_mpoly]
MAXIMAL_TERMS = 20_000
MAXIMAL_DEGREE = 400
SMALL = 1 << 64
"""Numbers that are factored; a larger one keeps its logarithm whole."""
SMOOTH = frozenset(["exp", "log", "sin", "cos", "tan", "atan", "asin", "acos", "erf", "root", "pi"])


class NoRoom(Exception):
    """The field was made without generators, and one is needed."""


class NotSupported(Exception):
    """A function that this field has no generators for."""


@dataclass(frozen=True)
class Generator:
    """``kind`` of ``argument`` (a quotient), for roots of order ``order``."""

    kind: str
    argument: Quotient | None
    order: int = 1


class Field:
    """The field; generators are added when they are met.

    Parameters
    ----------
    names : the variables
    pool : how many generators there may be
    """

    def __init__(self, names: Sequence[str], pool: int = 0) -> None:
        letter = "g"
        while any([n.startswith(letter) and n[len(letter) :].isdigit() for n in names]):
            letter += "g"
        self.n = len(names)
        self.ring = Ring([*names, *[f"{letter}{k}" for k in range(pool)]])
        self.generators: list[Generator] = []
        self.pool = pool
        self.one, self.zero = self.ring.constant(1), self.ring.constant(0)
        self._index: dict[tuple, int] = {}
        self._derivatives: dict[tuple[int, int], Quotient] = {}

    # ---------------------------------------------------------------- arithmetic

    def number(self, q: Fraction) -> Quotient:
        """Return a rational number."""
        return self.ring.constant(q.numerator), self.ring.constant(q.denominator)

    def variable(self, k: int) -> Quotient:
        """Return a variable."""
        return self.ring.variable(self.ring.names[k]), self.one

    def reduce(self, top: fmpz_mpoly, bottom: fmpz_mpoly) -> Quotient:
        """Return a quotient in lowest terms, with powers of roots, sines and cosines brought down."""
        if self.generators:
            top, bottom = self._relations(top, bottom)
        if top.is_zero():
            return self.zero, self.one
        if not bottom.is_one():
            common = top.gcd(bottom)
            if not common.is_one():
                top, bottom = top / common, bottom / common
            if bottom.coeffs()[0] < 0:
                top, bottom = -top, -bottom
        if max(len(top), len(bottom)) > MAXIMAL_TERMS or max(top.total_degree(), bottom.total_degree()) > MAXIMAL_DEGREE:
            raise BudgetExceeded("a piece of the program is too large a polynomial", code="TC306", where="exact decision")
        return top, bottom

    def _relations(self, top: fmpz_mpoly, bottom: fmpz_mpoly) -> Quotient:
        for k, g in enumerate(self.generators):
            order = g.order if g.kind == "root" else 2 if g.kind == "sin" else 0
            if order < 2:
                continue
            position = self.n + k
            for _ in range(64):
                if int(top.degrees()[position]) < order and int(bottom.degrees()[position]) < order:
                    break
                replacement = g.argument if g.kind == "root" else self._cosine(g)
                (a, b), (c, d) = self._lower(top, position, order, replacement), self._lower(bottom, position, order, replacement)
                top, bottom = a * d, b * c
        return top, bottom

    def _cosine(self, g: Generator) -> Quotient:
        c = self.apply("cos", g.argument)
        return self.one - c[0] * c[0], self.one

    def _lower(self, p: fmpz_mpoly, position: int, order: int, replacement: Quotient) -> Quotient:
        """Return p with r^order replaced, once per monomial."""
        if int(p.degrees()[position]) < order:
            return p, self.one
        kept: dict[tuple, int] = {}
        moved: dict[tuple, int] = {}
        for e, c in zip(p.monoms(), p.coeffs(), strict=True):
            e = [int(x) for x in e]
            if e[position] >= order:
                e[position] -= order
                moved[tuple(e)] = c
            else:
                kept[tuple(e)] = c
        a, b = self.ring.context.from_dict(kept), self.ring.context.from_dict(moved)
        return a * replacement[1] + b * replacement[0], replacement[1]

    def add(self, a: Quotient, b: Quotient, sign: int = 1) -> Quotient:
        """Return a + b, or a - b."""
        if a[1] == b[1]:
            return self.reduce(a[0] + b[0] * sign, a[1])
        return self.reduce(a[0] * b[1] + b[0] * a[1] * sign, a[1] * b[1])

    def mul(self, a: Quotient, b: Quotient) -> Quotient:
        """Return ab."""
        if a[0].is_zero() or b[0].is_zero():
            return self.zero, self.one
        return self.reduce(a[0] * b[0], a[1] * b[1])

    def inverse(self, a: Quotient) -> Quotient:
        """Return 1/a for a that is not 0."""
        return (-a[1], -a[0]) if a[0].coeffs()[0] < 0 else (a[1], a[0])

    def power(self, a: Quotient, e: int) -> Quotient:
        """Return a**e for a whole number e; a is not 0 if e < 0."""
        if e < 0:
            return self.power(self.inverse(a), -e)
        if max(len(a[0]), len(a[1])) ** min(e, 6) > 50 * MAXIMAL_TERMS and e > 1:
            raise BudgetExceeded("a power in the program is too large", code="TC306", where="exact decision")
        return self.reduce(a[0] ** e, a[1] ** e)

    def scale(self, a: Quotient, q: Fraction) -> Quotient:
        """Return qa."""
        return self.reduce(a[0] * q.numerator, a[1] * q.denominator)

    # ----------------------------------------------------------------- generators

    def _generator(self, key: tuple, g: Generator) -> Quotient:
        k = self._index.get(key)
        if k is None:
            k = len(self.generators)
            if not self.pool:
                raise NoRoom
            if k >= self.pool:
                raise BudgetExceeded(f"more than {self.pool} different transcendental expressions", code="TC306", where="exact decision")
            self._index[key] = k
            self.generators.append(g)
        return self.ring.variable(self.ring.names[self.n + k]), self.one

    def free(self, label: str) -> Quotient:
        """Return a generator about which nothing is known: a number that a rule does not tell."""
        return self._generator(("free", label), Generator("free", None))

    def apply(self, kind: str, u: Quotient | None, order: int = 1) -> Quotient:
        """Return a function of a quotient in normal form."""
        if kind == "pi":
            return self._generator(("pi",), Generator("pi", None))
        if kind == "exp":
            return self._exp(u)
        if kind == "log":
            return self._log(u)
        if kind == "tan" and u[0].is_constant() and u[1].is_constant():
            return self._generator(("tan", str(u[0]), str(u[1])), Generator("tan", u))
        if kind == "tan":
            return self.mul(self.apply("sin", u), self.inverse(self.apply("cos", u)))
        if kind in ("sin", "atan", "asin", "erf"):
            if u[0].is_zero():
                return u
            if u[0].coeffs()[0] < 0:
                top, bottom = self.apply(kind, (-u[0], u[1]))
                return -top, bottom
            if kind == "atan" and u[1].is_one() and self._is_tangent(u[0]):
                return self._is_tangent(u[0])
        elif kind == "cos":
            if u[0].is_zero():
                return self.one, self.one
            if u[0].coeffs()[0] < 0:
                u = (-u[0], u[1])
        elif kind not in ("acos", "root"):
            raise NotSupported(kind)
        return self._generator((kind, str(u[0]), str(u[1]), order), Generator(kind, u, order))

    def _is_tangent(self, p: fmpz_mpoly) -> Quotient | None:
        """Return c for tan(c) with a rational c between -pi/2 and pi/2."""
        for j, g in enumerate(self.generators):
            if g.kind == "tan" and p == self.ring.variable(self.ring.names[self.n + j]):
                c = Fraction(int(g.argument[0].coeffs()[0]), int(g.argument[1].coeffs()[0]))
                return g.argument if abs(c) < Fraction(3, 2) else None
        return None

    def _exp(self, u: Quotient) -> Quotient:
        if u[0].is_zero():
            return self.one, self.one
        if not u[1].is_constant():
            if u[0].coeffs()[0] < 0:
                return self.inverse(self._exp((-u[0], u[1])))
            return self._generator(("exp", str(u[0]), str(u[1])), Generator("exp", u))
        out = (self.one, self.one)
        d = int(u[1].coeffs()[0])
        for e, c in zip(u[0].monoms(), u[0].coeffs(), strict=True):
            q = Fraction(int(c), d)
            monomial = self.ring.context.from_dict({tuple([int(x) for x in e]): 1})
            part = (monomial, self.ring.constant(q.denominator))
            g = self._generator(("exp", str(monomial), str(q.denominator)), Generator("exp", part))
            known = self._of_logarithm(e, q)
            if known is not None:
                out = self.mul(out, known)
                continue
            if abs(q.numerator) > MAXIMAL_DEGREE:
                raise BudgetExceeded("an exponential with a large factor", code="TC306", where="exact decision")
            out = self.mul(out, self.power(g, int(q.numerator)))
        return out

    def _of_logarithm(self, exponents: Sequence[int], q: Fraction) -> Quotient | None:
        """Return exp(q*log(u)) = u^q for a number u and a rational number q."""
        places = [(k, int(e)) for k, e in enumerate(exponents) if int(e)]
        if len(places) != 1 or places[0][1] != 1 or places[0][0] < self.n or max(abs(q.numerator), q.denominator) > MAXIMAL_DEGREE:
            return None
        g = self.generators[places[0][0] - self.n]
        if g.kind != "log" or not (g.argument[0].is_constant() and g.argument[1].is_constant()):
            return None
        base = g.argument if q.denominator == 1 else self.apply("root", g.argument, q.denominator)
        return self.power(base, q.numerator)

    def _log(self, u: Quotient) -> Quotient:
        if u[0].is_constant() and u[1].is_constant():
            return self._log_of_number(u)
        if len(u[0]) == 1 and len(u[1]) == 1 and u[0].coeffs()[0] == u[1].coeffs()[0]:
            powers = [int(a) - int(b) for a, b in zip(u[0].monoms()[0], u[1].monoms()[0], strict=True)]
            used = [(k - self.n, e) for k, e in enumerate(powers) if e]
            if all([k >= 0 and self.generators[k].kind == "exp" for k, _ in used]):
                total = (self.zero, self.one)
                for k, e in used:
                    total = self.add(total, self.scale(self.generators[k].argument, Fraction(e)))
                return total
        return self._generator(("log", str(u[0]), str(u[1])), Generator("log", u))

    def _log_of_number(self, u: Quotient) -> Quotient:
        """Return the logarithm of a rational in logarithms of primes, which are linearly independent over the rationals."""
        from flint import fmpz

        total = (self.zero, self.one)
        for part, side in ((u[0], 1), (u[1], -1)):
            n = int(part.coeffs()[0])
            pairs = [(n, 1)] if n >= SMALL else [(int(p), int(k)) for p, k in fmpz(n).factor()]
            for p, k in pairs:
                if p != 1:
                    argument = self.number(Fraction(p))
                    g = self._generator(("log", str(argument[0]), str(argument[1])), Generator("log", argument))
                    total = self.add(total, self.scale(g, Fraction(side * k)))
        return total

    def local(self, kind: str, u: Quotient, value: Quotient, order: int = 1) -> Quotient:
        """Return the derivative of a function at u, given its value there."""
        if kind == "exp":
            return value
        if kind == "log":
            return self.inverse(u)
        if kind == "sin":
            return self.apply("cos", u)
        if kind == "cos":
            top, bottom = self.apply("sin", u)
            return -top, bottom
        if kind == "tan":
            return self.add((self.one, self.one), self.mul(value, value))
        if kind == "atan":
            return self.inverse(self.add((self.one, self.one), self.mul(u, u)))
        if kind in ("asin", "acos"):
            root = self.apply("root", self.add((self.one, self.one), self.mul(u, u), -1), 2)
            return self.scale(self.inverse(root), Fraction(1 if kind == "asin" else -1))
        if kind == "erf":
            root = self.apply("root", self.apply("pi", None), 2)
            top, bottom = self.mul(u, u)
            return self.scale(self.mul(self.apply("exp", (-top, bottom)), self.inverse(root)), Fraction(2))
        if kind == "root":
            return self.scale(self.mul(value, self.inverse(u)), Fraction(1, order))
        raise NotSupported(kind)

    def derivative(self, a: Quotient, k: int) -> Quotient:
        """Return the partial derivative of a function with respect to a variable."""
        total = self._partial(a, k)
        for j in range(len(self.generators)):
            if int(a[0].degrees()[self.n + j]) > 0 or int(a[1].degrees()[self.n + j]) > 0:
                total = self.add(total, self.mul(self._partial(a, self.n + j), self._inner(j, k)))
        return total

    def _partial(self, a: Quotient, k: int) -> Quotient:
        top, bottom = a
        if bottom.is_constant():
            return self.reduce(top.derivative(k), bottom)
        return self.reduce(top.derivative(k) * bottom - top * bottom.derivative(k), bottom * bottom)

    def _inner(self, j: int, k: int) -> Quotient:
        found = self._derivatives.get((j, k))
        if found is None:
            g = self.generators[j]
            if g.argument is None:
                found = (self.zero, self.one)
            else:
                own = (self.ring.variable(self.ring.names[self.n + j]), self.one)
                found = self.mul(self.local(g.kind, g.argument, own, g.order), self.derivative(g.argument, k))
            self._derivatives[j, k] = found
        return found

    # --------------------------------------------------------------- substitution

    def transcendental(self, p: fmpz_mpoly) -> bool:
        """Return whether generators occur in a polynomial."""
        return bool(self.generators) and any([int(d) > 0 for d in p.degrees()[self.n : self.n + len(self.generators)]])

    def substitute(self, a: Quotient, image: Sequence[Quotient]) -> Quotient | None:
        """Return a function with quotients put for the variables; ``None`` if a denominator vanishes."""
        if a[0].is_constant() and a[1].is_constant():
            return a
        everything = list(image)
        for j in range(len(self.generators)):
            used = any([int(p.degrees()[self.n + j]) > 0 for p in a])
            everything.append(self._image(j, image) if used else (self.zero, self.one))
            if everything[-1] is None:
                return None
        (p, q), (r, s) = self._compose(a[0], everything), self._compose(a[1], everything)
        if r.is_zero():
            return None
        return self.reduce(p * s, q * r)

    def _compose(self, p: fmpz_mpoly, image: Sequence[Quotient]) -> Quotient:
        """Return p with quotients put for the variables that occur, over a common denominator."""
        if p.is_constant():
            return p, self.one
        degrees = [int(d) for d in p.degrees()]
        used = [k for k, d in enumerate(degrees) if d]
        tables, denominator = {}, self.one
        for k in used:
            top, bottom = image[k]
            tops, bottoms = [self.one], [self.one]
            for _ in range(degrees[k]):
                tops.append(tops[-1] * top)
                bottoms.append(bottoms[-1] * bottom)
            tables[k] = [x * y for x, y in zip(tops, reversed(bottoms), strict=True)]
            denominator *= bottoms[-1]
        total = self.zero
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            term = self.ring.constant(int(c))
            for k in used:
                term *= tables[k][int(exponents[k])]
            total += term
        return total, denominator

    def _image(self, j: int, image: Sequence[Quotient]) -> Quotient | None:
        g = self.generators[j]
        if g.argument is None or (g.argument[0].is_constant() and g.argument[1].is_constant()):
            return self.ring.variable(self.ring.names[self.n + j]), self.one
        inner = self.substitute(g.argument, image)
        if inner is None:
            return None
        if g.kind in ("root", "log") and inner[0].is_zero():
            return (self.zero, self.one) if g.kind == "root" else None
        if g.kind == "root" and inner[0].is_constant() and inner[1].is_constant():
            q = Fraction(int(inner[0].coeffs()[0]), int(inner[1].coeffs()[0]))
            from tamecheck.programs.lowering.tape import exact_power

            root = exact_power(q, Fraction(1, g.order)) if q >= 0 else None
            if root is not None:
                return self.number(root)
        if g.kind == "log" and inner[0] == inner[1]:
            return self.zero, self.one
        return self.apply(g.kind, inner, g.order)

    # ---------------------------------------------------------------------- values

    def ball(self, a: Quotient, point: Sequence[object], bits: int = 128) -> arb:
        """Return an enclosure of the value at a point whose coordinates are rationals or have a method ``ball``."""
        before = ctx.prec
        ctx.prec = bits
        try:
            xs = [
                arb(fmpq(x.numerator, x.denominator)) if isinstance(x, Fraction) else arb(x) if isinstance(x, int | fmpq) else x.ball(bits)
                for x in point
            ]
            return self._evaluate(a, xs, {})
        finally:
            ctx.prec = before

    def _evaluate(self, a: Quotient, xs: list[arb], memo: dict[int, arb]) -> arb:
        return self._polynomial(a[0], xs, memo) / self._polynomial(a[1], xs, memo)

    def _polynomial(self, p: fmpz_mpoly, xs: list[arb], memo: dict[int, arb]) -> arb:
        total = arb(0)
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            term = arb(c)
            for k, e in enumerate(exponents):
                if int(e):
                    x = xs[k] if k < self.n else self._generated(k - self.n, xs, memo)
                    for _ in range(int(e)):
                        term *= x
            total += term
        return total

    def _generated(self, j: int, xs: list[arb], memo: dict[int, arb]) -> arb:
        if j not in memo:
            g = self.generators[j]
            if g.kind == "pi":
                memo[j] = arb.pi()
            elif g.kind == "free":
                memo[j] = arb(0, 1) * arb(2) ** 100
            else:
                u = self._evaluate(g.argument, xs, memo)
                if g.kind == "root":
                    memo[j] = u.sqrt() if g.order == 2 else u.root(g.order)
                elif g.kind == "erf":
                    memo[j] = u.erf()
                else:
                    memo[j] = getattr(u, g.kind)()
        return memo[j]

    def text(self, a: Quotient) -> str:
        """Return a function in the language of formulas."""
        top, bottom = self._text(a[0]), self._text(a[1])
        if bottom == "1":
            return top
        if len(a[0]) > 1:
            top = f"({top})"
        return f"{top}/{bottom}" if a[1].is_constant() else f"{top}/({bottom})"

    def _text(self, p: fmpz_mpoly) -> str:
        text = str(p).replace(" ", "")
        for j in range(len(self.generators) - 1, -1, -1):
            g, name = self.generators[j], self.ring.names[self.n + j]
            if name in text:
                text = _replace(text, name, self._shown(g))
        return text

    def _shown(self, g: Generator) -> str:
        if g.kind == "pi":
            return "pi"
        if g.kind == "free":
            return "unknown"
        inner = self.text(g.argument)
        return f"({inner})^(1/{g.order})" if g.kind == "root" else f"{g.kind}({inner})"


def _replace(text: str, name: str, by: str) -> str:
    import re

    return re.sub(rf"\b{name}\b", by, text)
