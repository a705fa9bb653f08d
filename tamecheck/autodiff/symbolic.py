"""Numbers a + b_1 c_1 + ... + b_m c_m with rational a, b_i and constants c_i such as log(2): right hand sides of linear guards.

They are a vector space over the rationals, which is all that linear systems with rational coefficients need.  Logarithms of rationals are written in
logarithms of primes, which are linearly independent, so zero shows; a sign is that of an enclosure that excludes zero.  Two numbers that cannot be
told apart at `MAXIMAL_BITS` bits leave the question open (`Undecided`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, ctx, fmpq, fmpz_mpoly

from tamecheck.autodiff.semantics import Undecided
from tamecheck.ground import linear

if TYPE_CHECKING:
    from tamecheck.autodiff.fields import Field, Quotient

MAXIMAL_BITS = 4_096
Exponents = tuple[int, ...]


class Symbolic:
    """A number; ``parts`` maps products of constants (their exponents in the ring of the field) to rational coefficients."""

    __slots__ = ("field", "rational", "parts", "_sign")

    def __init__(self, field: Field, rational: fmpq, parts: dict[Exponents, fmpq]) -> None:
        self.field, self.rational = field, fmpq(rational)
        self.parts = {k: v for k, v in parts.items() if v}
        self._sign: int | None = None

    def sign(self) -> int:
        """Return the sign.

        Raises
        ------
        Undecided
        """
        if self._sign is None:
            self._sign = self._found()
        return self._sign

    def _found(self) -> int:
        if not self.parts:
            return (self.rational > 0) - (self.rational < 0)
        bits = 128
        while bits <= MAXIMAL_BITS:
            ball = self.ball(bits)
            if ball > 0 or ball < 0:
                return 1 if ball > 0 else -1
            bits *= 2
        raise Undecided(f"the sign of the number {self}")

    def ball(self, bits: int) -> arb:
        """Return an enclosure."""
        before = ctx.prec
        ctx.prec = bits
        try:
            total, memo = arb(self.rational), {}
            for exponents, c in self.parts.items():
                term = arb(c)
                for k, e in enumerate(exponents):
                    for _ in range(e):
                        term *= self.field._generated(k - self.field.n, [], memo)
                total += term
            return total
        finally:
            ctx.prec = before

    def quotient(self) -> Quotient:
        """Return the number as an element of the field."""
        f = self.field
        total = f.number(linear.rational(self.rational))
        for exponents, c in self.parts.items():
            monomial = f.ring.context.from_dict({exponents: 1})
            total = f.add(total, f.scale((monomial, f.one), linear.rational(c)))
        return total

    def __str__(self) -> str:
        return self.field.text(self.quotient())

    # ------------------------------------------------------------------- arithmetic

    def _with(self, other: object, factor: int) -> Symbolic:
        if isinstance(other, Symbolic):
            parts = dict(self.parts)
            for k, v in other.parts.items():
                parts[k] = parts.get(k, fmpq(0)) + factor * v
            return Symbolic(self.field, self.rational + factor * other.rational, parts)
        return Symbolic(self.field, self.rational + factor * _rational(other), self.parts)

    def __add__(self, other: object) -> Symbolic:
        return self._with(other, 1)

    __radd__ = __add__

    def __sub__(self, other: object) -> Symbolic:
        return self._with(other, -1)

    def __rsub__(self, other: object) -> Symbolic:
        return (-self)._with(other, 1)

    def __neg__(self) -> Symbolic:
        return self * -1

    def __mul__(self, other: object) -> Symbolic:
        q = _rational(other)
        return Symbolic(self.field, self.rational * q, {k: v * q for k, v in self.parts.items()})

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Symbolic:
        return self * (1 / _rational(other))

    # ------------------------------------------------------------------- comparison

    def __eq__(self, other: object) -> bool:
        return (self - other).sign() == 0

    def __lt__(self, other: object) -> bool:
        return (self - other).sign() < 0

    def __gt__(self, other: object) -> bool:
        return (self - other).sign() > 0

    def __le__(self, other: object) -> bool:
        return (self - other).sign() <= 0

    def __ge__(self, other: object) -> bool:
        return (self - other).sign() >= 0

    def __bool__(self) -> bool:
        return self.sign() != 0

    __hash__ = None


def _rational(x: object) -> fmpq:
    return fmpq(x.numerator, x.denominator) if isinstance(x, Fraction) else fmpq(x)


def coordinate(x: fmpq | Symbolic) -> Fraction | Symbolic:
    """Return a coordinate as a `Fraction` where it is rational."""
    if isinstance(x, Symbolic):
        return x if x.parts else linear.rational(x.rational)
    return linear.rational(x)


def affine(field: Field, p: fmpz_mpoly) -> bool:
    """Return whether a polynomial is linear in the variables with rational coefficients; its constant may hold constants such as log(2)."""
    if not any([int(d) > 0 for d in p.degrees()[: field.n]]):
        return False
    for exponents in p.monoms():
        powers = [int(e) for e in exponents]
        held, rest = sum(powers[: field.n]), [j for j, e in enumerate(powers[field.n :]) if e]
        if held > 1 or (held and rest) or not all([constant_generator(field, j) for j in rest]):
            return False
    return True


def constant_generator(field: Field, j: int) -> bool:
    """Return whether a generator is a number, such as log(2) or pi."""
    g = field.generators[j]
    if g.kind == "pi":
        return True
    return g.argument is not None and all([constant(field, p) for p in g.argument])


def constant(field: Field, p: fmpz_mpoly) -> bool:
    """Return whether a polynomial is a number."""
    degrees = [int(d) for d in p.degrees()]
    if any([d > 0 for d in degrees[: field.n]]):
        return False
    return all([constant_generator(field, j) for j in range(len(field.generators)) if degrees[field.n + j] > 0])
