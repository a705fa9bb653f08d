"""Signs of expressions with exp, log, roots, ... of several variables, reduced to signs of simpler functions by monotonicity.

* A + B r with r = u^(1/k) > 0: where A and B have different signs, the k-th powers of A and -B r are compared;
* two products of exponentials: exp(p) > c exp(q) if and only if p - q > log(c); the number log(c) is kept as it is (`symbolic`);
* h(p) - h(q) and h(p) - c for h = log, atan, erf, asin increasing and acos decreasing;
* a polynomial in one exponential without positive roots;
* functions with known bounds, sin, cos, atan, erf, alone; all monomials of one sign; a single point.

What is asked for in the end is a polynomial sign, on which space is cut; anything else stays open (`Undecided`) with the expression.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, ctx, fmpz_mpoly, fmpz_poly

from tamecheck.autodiff.fields import NotSupported, Quotient
from tamecheck.autodiff.semantics import Missing, Undecided
from tamecheck.autodiff.space import Arrangement, Cell
from tamecheck.autodiff.symbolic import affine, constant

if TYPE_CHECKING:
    from tamecheck.autodiff.pieces import Pieces

INCREASING = frozenset(["log", "atan", "erf", "asin"])
BOUNDS = {"sin": 1, "cos": 1, "erf": 1, "atan": 2, "asin": 2, "acos": 4}
POSITIVE = frozenset(["exp", "pi", "root"])
MAXIMAL_TERMS = 400
DEEPEST = 12


class Signs:
    """Signs on one cell; ``pieces`` answers for polynomials."""

    def __init__(self, pieces: Pieces, cell: Cell, depth: int = 0) -> None:
        self.pieces, self.field, self.cell, self.depth = pieces, pieces.field, cell, depth

    def of(self, q: fmpz_mpoly) -> int:
        """Return the sign of an irreducible polynomial with generators.

        Raises
        ------
        Missing
            A polynomial that is no guard yet.
        Undecided
        """
        if self.depth > DEEPEST:
            raise self._open(q)
        if constant(self.field, q):
            return self._number(q)
        if affine(self.field, q):
            return self._affine(q)
        for attempt in (self._roots, self._binomial, self._exponential, self._bounded, self._monomials, self._point):
            s = attempt(q)
            if s is not None:
                return s
        raise self._open(q)

    def _open(self, q: fmpz_mpoly) -> Undecided:
        return Undecided(f"the sign of {self.field.text((q, self.field.one))[:160]}")

    def _sign(self, a: Quotient) -> int:
        """Return the sign of a quotient, one step deeper."""
        total = 1
        for p in a:
            total *= self.pieces.sign(p, self.cell, self.depth + 1)
        return total

    # ------------------------------------------------------------------------ numbers

    def _number(self, q: fmpz_mpoly) -> int:
        for bits in (128, 512, 2048):
            ball = self.field.ball((q, self.field.one), [Fraction(0)] * self.field.n, bits)
            if ball > 0 or ball < 0:
                return 1 if ball > 0 else -1
        raise self._open(q)

    def _affine(self, q: fmpz_mpoly) -> int:
        if not isinstance(self.pieces.space, Arrangement):
            raise Undecided(f"curved kinks beside the kink {self.field.text((q, self.field.one))} == 0, whose constant is not rational")
        if self.pieces.settled:
            s = self.pieces.space.linear_sign(q, self.cell)
            if s is not None:
                return s
        raise Missing(q)

    # --------------------------------------------------------------------------- roots

    def _roots(self, q: fmpz_mpoly) -> int | None:
        f = self.field
        for j in range(len(f.generators) - 1, -1, -1):
            g = f.generators[j]
            if g.kind != "root" or int(q.degrees()[f.n + j]) != 1 or constant(f, g.argument[0]) and constant(f, g.argument[1]):
                continue
            b = q.derivative(f.n + j)
            a = q - b * f.ring.variable(f.ring.names[f.n + j])
            return self._compared(a, b, g.argument, g.order)
        return None

    def _compared(self, a: fmpz_mpoly, b: fmpz_mpoly, u: Quotient, k: int) -> int:
        """Return the sign of a + b u^(1/k), u > 0."""
        one = self.field.one
        first, second = (self._sign((p, one)) if not p.is_zero() else 0 for p in (a, b))
        if first * second >= 0:
            return first or second
        if max(len(a), len(b)) ** k > MAXIMAL_TERMS:
            raise self._open(a)
        # |a| against |b| u^(1/k): the sign of |a|^k - |b|^k u
        difference = a**k * u[1] - b**k * u[0] if k % 2 == 0 else a**k * u[1] + b**k * u[0]
        below = self._sign((u[1], one))
        s = self._sign(self.field.reduce(difference, one)) * below
        # for odd k the sum a^k + b^k u has the sign of a + b u^(1/k) itself
        return s if k % 2 else first * s

    # --------------------------------------------------------------------- monotonicity

    def _binomial(self, q: fmpz_mpoly) -> int | None:
        f = self.field
        if len(q) != 2 or any([int(d) > 0 for d in q.degrees()[: f.n]]):
            return None
        (e, d), (b, c) = [[int(x) for x in m[f.n :]] for m in q.monoms()], [int(x) for x in q.coeffs()]
        kinds = {f.generators[j].kind for j in range(len(f.generators)) if e[j] or d[j]}
        if kinds == {"exp"}:
            if (b > 0) == (c > 0):
                return 1 if b > 0 else -1
            total = (f.zero, f.one)
            for j, (x, y) in enumerate(zip(e, d, strict=True)):
                if x != y:
                    total = f.add(total, f.scale(f.generators[j].argument, Fraction(x - y)))
            ratio = Fraction(-c, b)
            if ratio != 1:
                total = f.add(total, f.apply("log", f.number(ratio)), -1)
            return (1 if b > 0 else -1) * self._sign(total)
        if len(kinds) != 1 or sum(e) + sum(d) > 2 or max([*e, *d]) > 1:
            return None
        return self._inverted(kinds.pop(), e, d, b, c)

    def _inverted(self, kind: str, e: list[int], d: list[int], b: int, c: int) -> int | None:
        """Return the sign of b h(p) + c h(q), or of b h(p) + c."""
        f = self.field
        up = 1 if kind in INCREASING else -1 if kind == "acos" else 0
        if not up:
            return None
        if sum(e) and sum(d):
            if b + c:
                return None
            p, q = f.generators[e.index(1)].argument, f.generators[d.index(1)].argument
            return (1 if b > 0 else -1) * up * self._sign(f.add(p, q, -1))
        if not sum(e):
            e, d, b, c = d, e, c, b
        p, target = f.generators[e.index(1)].argument, Fraction(-c, b)
        side = 1 if b > 0 else -1
        if kind == "log":
            return side * self._sign(f.add(p, f.apply("exp", f.number(target)), -1))
        if kind == "erf" and abs(target) >= 1:
            return side if target < 0 else -side
        if kind == "atan":
            half = arb.pi() / 2
            size = arb(abs(target).numerator) / abs(target).denominator
            if size > half:
                return side if target < 0 else -side
            if size < half:
                return side * self._sign(f.add(p, f.apply("tan", f.number(target)), -1))
        return None

    def _exponential(self, q: fmpz_mpoly) -> int | None:
        """Return the sign of a polynomial in one exponential that has no positive root."""
        f = self.field
        degrees = [int(d) for d in q.degrees()]
        used = [k for k, d in enumerate(degrees) if d > 0]
        if len(used) != 1 or used[0] < f.n or f.generators[used[0] - f.n].kind != "exp":
            return None
        coefficients = [0] * (degrees[used[0]] + 1)
        for e, c in zip(q.monoms(), q.coeffs(), strict=True):
            coefficients[int(e[used[0]])] = int(c)
        for root, _ in fmpz_poly(coefficients).complex_roots():
            if not (root.real < 0 or root.imag > 0 or root.imag < 0):
                return None
        return 1 if coefficients[-1] > 0 else -1

    # --------------------------------------------------------------------------- bounds

    def _bounded(self, q: fmpz_mpoly) -> int | None:
        """Return the sign of a polynomial in functions between -1 and 1, 2 or 4, if these bounds show it."""
        f = self.field
        degrees = [int(d) for d in q.degrees()]
        used = [j for j in range(len(f.generators)) if degrees[f.n + j] > 0]
        if any([d > 0 for d in degrees[: f.n]]) or not all([f.generators[j].kind in BOUNDS for j in used]):
            return None
        total = arb(0)
        for e, c in zip(q.monoms(), q.coeffs(), strict=True):
            term = arb(c)
            for j in used:
                for _ in range(int(e[f.n + j])):
                    term *= arb(0, BOUNDS[f.generators[j].kind])
            total += term
        return 1 if total > 0 else -1 if total < 0 else None

    def _monomials(self, q: fmpz_mpoly) -> int | None:
        signs = set()
        for exponents, c in zip(q.monoms(), q.coeffs(), strict=True):
            s = 1 if c > 0 else -1
            for k, e in enumerate(exponents):
                if int(e) and s:
                    own = self._variable(k)
                    if own is None:
                        return None
                    s *= own if int(e) & 1 else abs(own)
            signs.add(s)
        return sum(signs) if signs <= {0, 1} or signs <= {0, -1} else None

    def _variable(self, k: int) -> int | None:
        f = self.field
        if k < f.n:
            name = f.ring.names[k]
            if name not in self.cell.known:
                raise Missing(f.ring.variable(name))
            return self.cell.known[name]
        g = f.generators[k - f.n]
        if g.kind in POSITIVE:
            return 1
        if g.kind in ("atan", "asin", "erf"):
            return self._sign(g.argument)
        if g.kind == "log":
            return self._sign(f.add(g.argument, (f.one, f.one), -1))
        return None

    def _point(self, q: fmpz_mpoly) -> int | None:
        f, cell = self.field, self.cell
        if cell.dimension:
            return None
        if all([isinstance(x, Fraction) for x in cell.sample]):
            b = f.substitute((q, f.one), [f.number(x) for x in cell.sample])
            if b is not None and b[0].is_zero():
                return 0
        before = ctx.prec
        try:
            ball = f.ball((q, f.one), cell.sample)
        except (NotSupported, ValueError):
            return None
        finally:
            ctx.prec = before
        return 1 if ball > 0 else -1 if ball < 0 else None
