"""Real expressions in one variable in a canonical form, and exact constants as the special case without the variable.

An `Algebra` interns expressions: equal ones are one object, and the arguments of an expression have
smaller numbers than itself, so that every traversal is a loop in the order of numbers.  The form:

* a *sum* is a rational constant and rational multiples of different expressions that are no sums;
* a *product* is a set of different bases with rational exponents; its rational coefficient stands in the
  sum around it; it holds at most one ``exp`` with a varying and one with a constant argument;
* functions: ``exp log sin cos atan asin acos erf erfinv gamma lgamma lambertw``, ``polygamma`` and the Bessel
  functions ``besseli j k y`` with their order, and ``root``, the number a `Point` isolates.

Soundness of the rewriting.  An expression denotes a real number only where every part of it is defined in the
real sense: logarithms and fractional powers of positive numbers, no division by zero.  There, every rule below
is an identity.  Where a part is undefined (``x/x`` at 0) the caller has to know: `pieces` decides domains on the
program, before anything is rewritten.  A fractional power of a product is distributed only over factors that are
positive wherever the whole is defined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from tamecheck.errors import InputError

if TYPE_CHECKING:
    from tamecheck.geometry.univariate.parameters import Oracle

MAXIMAL_NODES = 120_000
MAXIMAL_FOR_DERIVATIVES = 12_000
SMALL = 1 << 64
ODD = frozenset(["atan", "asin", "erf", "erfinv", "sin"])


class Undefined(Exception):
    """An expression has no real value at a point: division by zero, logarithm of zero, root of a negative number."""


class TooLarge(InputError):
    """The expressions of one function outgrew the limit."""

    code = "TC302"


class Expr:
    """One interned expression; ``kind`` is number, x, sum, prod or the name of a function."""

    __slots__ = ("algebra", "id", "kind", "data", "args", "varies", "memo")

    def __init__(self, algebra: Algebra, number: int, kind: str, data: object, args: tuple[Expr, ...]) -> None:
        self.algebra = algebra
        self.id = number
        self.kind = kind
        self.data = data
        self.args = args
        self.varies = kind == "x" or any(a.varies for a in args)
        self.memo: dict = {}

    def __repr__(self) -> str:
        from tamecheck.geometry.univariate.printing import text

        return text(self)

    @property
    def rational(self) -> Fraction | None:
        """The value of a rational number, ``None`` for anything else."""
        return self.data if self.kind == "number" else None  # type: ignore[return-value]

    def ancestors(self) -> list[Expr]:
        """Return all parts, itself last, arguments before what uses them."""
        return ancestors([self])


def ancestors(roots: Iterable[Expr]) -> list[Expr]:
    """Return all parts of the roots in the order of their numbers."""
    seen = {e.id: e for e in roots}
    stack = list(seen.values())
    while stack:
        for a in stack.pop().args:
            if a.id not in seen:
                seen[a.id] = a
                stack.append(a)
    return [seen[i] for i in sorted(seen)]


class Algebra:
    """The expressions of one function: a table of interned nodes and the operations that keep the form."""

    def __init__(self) -> None:
        self.oracle: Oracle | None = None  # decides signs of constants that hold a parameter
        self.table: dict[tuple, Expr] = {}
        self.numbers: dict[tuple[int, int], Expr] = {}
        self.x = self._node("x", None, ())
        self.zero = self.number(0)
        self.one = self.number(1)
        self.pi = self._node("pi", None, ())

    def _node(self, kind: str, data: object, args: tuple[Expr, ...]) -> Expr:
        key = (kind, data, tuple([a.id for a in args]))
        found = self.table.get(key)
        if found is None:
            if len(self.table) >= MAXIMAL_NODES:
                raise TooLarge(f"the formula needs more than {MAXIMAL_NODES} expressions")
            found = self.table[key] = Expr(self, len(self.table), kind, data, args)
        return found

    # ------------------------------------------------------------------ sums

    def number(self, value: Fraction | int) -> Expr:
        """Return a rational number."""
        key = (value.numerator, value.denominator)
        found = self.numbers.get(key)
        if found is None:
            found = self.numbers[key] = self._node("number", Fraction(value), ())
        return found

    def linear(self, pairs: Iterable[tuple[Fraction, Expr]], constant: Fraction | int = 0) -> Expr:
        """Return ``constant + sum of coefficient * expression``."""
        total, terms = Fraction(constant), {}
        for c, e in pairs:
            if not c:
                continue
            if e.kind == "number":
                total += c * e.data
            elif e.kind == "sum":
                start, coefficients = e.data
                total += c * start
                for k, a in zip(coefficients, e.args, strict=True):
                    terms[a] = terms.get(a, 0) + c * k
            else:
                terms[e] = terms.get(e, 0) + c
        kept = sorted([(e.id, e, c) for e, c in terms.items() if c])
        if not kept:
            return self.number(total)
        if len(kept) == 1 and not total and kept[0][2] == 1:
            return kept[0][1]
        return self._node("sum", (total, tuple([c for _, _, c in kept])), tuple([e for _, e, _ in kept]))

    def add(self, *expressions: Expr) -> Expr:
        """Return the sum."""
        if len(expressions) == 2 and expressions[0].kind == expressions[1].kind == "number":
            return self.number(expressions[0].data + expressions[1].data)  # type: ignore[operator]
        return self.linear([(Fraction(1), e) for e in expressions])

    def sub(self, a: Expr, b: Expr) -> Expr:
        """Return ``a - b``."""
        return self.linear([(Fraction(1), a), (Fraction(-1), b)])

    def neg(self, a: Expr) -> Expr:
        """Return ``-a``."""
        return self.linear([(Fraction(-1), a)])

    def scale(self, c: Fraction | int, a: Expr) -> Expr:
        """Return ``c*a`` for a rational c."""
        if c == 1:
            return a
        if a.kind == "number":
            return self.number(c * a.data)  # type: ignore[operator]
        return self.linear([(Fraction(c), a)])

    # -------------------------------------------------------------- products

    def mul(self, *factors: Expr) -> Expr:
        """Return the product."""
        if len(factors) == 2:
            a, b = factors
            if a.kind == "number":
                return self.number(a.data * b.data) if b.kind == "number" else self.scale(a.data, b)  # type: ignore[operator]
            if b.kind == "number":
                return self.scale(b.data, a)  # type: ignore[arg-type]
        return self.product([(f, Fraction(1)) for f in factors])

    def div(self, a: Expr, b: Expr) -> Expr:
        """Return ``a/b``; `Undefined` when b is the number 0."""
        return self.product([(a, Fraction(1)), (b, Fraction(-1))])

    def power(self, a: Expr, exponent: Fraction | int) -> Expr:
        """Return ``a**exponent`` for a rational exponent; fractional ones need a > 0."""
        return self.product([(a, Fraction(exponent))])

    def sqrt(self, a: Expr) -> Expr:
        """Return the square root."""
        return self.power(a, Fraction(1, 2))

    def product(self, factors: Iterable[tuple[Expr, Fraction]]) -> Expr:
        """Return the product of powers."""
        coefficient = Fraction(1)
        bases: dict[Expr, Fraction] = {}
        exponents: list[tuple[Fraction, Expr]] = []
        stack = list(factors)
        exponent = self.zero
        while stack:
            base, e = stack.pop()
            if not e:
                pass
            elif base.kind == "number":
                coefficient *= self._number_power(base.data, e, bases)
            elif base.kind == "exp":
                exponents.append((e, base.args[0]))
            elif base.kind == "prod":
                stack.extend(self._distribute(base, e))
            elif base.kind == "sum":
                inside = self._content(base, e)
                if inside is None:
                    bases[base] = bases.get(base, 0) + e
                else:
                    stack.extend(inside)
            else:
                bases[base] = bases.get(base, 0) + e
            if not stack and exponents:  # logarithms in the exponent become powers
                logarithms, others = [], []
                for c, t in terms(self.linear([*exponents, (Fraction(1), exponent)])):
                    (logarithms if t.kind == "log" else others).append((c, t))
                exponent, exponents = self.linear(others), []
                stack = [(t.args[0], c) for c, t in logarithms]
        if not coefficient:
            return self._zero_product(bases)
        again = self._exponentials(exponent)
        for base in [b for b in bases if b.kind == "number"]:
            e = bases.pop(base)
            coefficient *= self._number_power(base.data, e, bases)
        pairs = sorted([(b.id, b, e) for b, e in bases.items() if e] + [(b.id, b, e) for b, e in again])
        if not pairs:
            return self.number(coefficient)
        if len(pairs) == 1 and pairs[0][2] == 1:
            return self.linear([(coefficient, pairs[0][1])])
        whole = self._node("prod", tuple([e for _, _, e in pairs]), tuple([b for _, b, _ in pairs]))
        return whole if coefficient == 1 else self.linear([(coefficient, whole)])

    def _zero_product(self, bases: dict[Expr, Fraction]) -> Expr:
        """Return 0, unless a constant that stands in a denominator might be 0 too."""
        from tamecheck.geometry.univariate.constants import sign

        for base, e in bases.items():
            if e < 0 and not base.varies and not sign(base):
                raise Undefined("zero times something that may be infinite")
        return self.zero

    def _number_power(self, value: Fraction, e: Fraction, bases: dict[Expr, Fraction]) -> Fraction:
        """Return the rational part of ``value**e``; what is irrational goes into the bases as primes."""
        if value == 0:
            if e < 0:
                raise Undefined("division by zero")
            return Fraction(0)
        if e.denominator == 1:
            if abs(e) * (value.numerator.bit_length() + value.denominator.bit_length()) > 1_000_000:
                raise TooLarge("a power of a number is too large")
            return value ** int(e)
        if value < 0:
            raise Undefined("fractional power of a negative number")
        result = Fraction(1)
        for part, sign in ((value.numerator, 1), (value.denominator, -1)):
            for prime, k in _factors(part):
                total = e * k * sign
                whole = total.numerator // total.denominator
                if abs(whole) * prime.bit_length() > 1_000_000:
                    raise TooLarge("a power of a number is too large")
                result *= Fraction(prime) ** whole
                rest = total - whole
                if rest:
                    base = self.number(prime)
                    summed = bases.get(base, Fraction(0)) + rest
                    if summed >= 1:
                        result *= prime
                        summed -= 1
                    if summed:
                        bases[base] = summed
                    else:
                        bases.pop(base, None)
        return result

    def _distribute(self, base: Expr, e: Fraction) -> list[tuple[Expr, Fraction]]:
        """Return ``(product)**e`` over its factors, as far as that is allowed."""
        parts = list(zip(base.args, base.data, strict=True))
        if e.denominator == 1 or len(parts) == 1 and _positive_base(*parts[0]):
            return [(b, k * e) for b, k in parts]
        free = [(b, k * e) for b, k in parts if b.kind in ("exp", "pi", "number") or k.denominator != 1]
        tied = [(b, k) for b, k in parts if not (b.kind in ("exp", "pi", "number") or k.denominator != 1)]
        if not tied:
            return free
        if len(tied) == 1 and tied[0][1].numerator % 2:
            return [*free, (tied[0][0], tied[0][1] * e)]
        pairs = sorted([(b.id, b, k) for b, k in tied])
        rest = self._node("prod", tuple([k for _, _, k in pairs]), tuple([b for _, b, _ in pairs]))
        return [*free, (self._sealed(rest), e)]

    def _sealed(self, e: Expr) -> Expr:
        """Return a node that stands for the expression as a base that is not taken apart (an even power)."""
        return self._node("seal", None, (e,))

    def _content(self, base: Expr, e: Fraction) -> list[tuple[Expr, Fraction]] | None:
        """Split the rational content off a sum: ``6x + 4 = 2(3x + 2)``; ``None`` if there is none."""
        constant, coefficients = base.data
        numbers = [*coefficients, constant] if constant else list(coefficients)
        if len(numbers) == 1:
            c = numbers[0]
            if e.denominator == 1 or c > 0:
                return [(self.number(c), e), (base.args[0], e)]
            if c == -1:
                return None
            return [(self.number(-c), e), (self.linear([(Fraction(-1), base.args[0])]), e)]
        content = _gcd(numbers)
        if e.denominator == 1 and coefficients[-1] < 0:
            content = -content
        if content == 1:
            return None
        return [(self.number(content), e), (self.linear([(1 / content, base)]), e)]

    def _exponentials(self, exponent: Expr) -> list[tuple[Expr, Fraction]]:
        """Return ``exp(exponent)`` as at most two factors, a constant and a varying one."""
        parts = list(terms(exponent))
        varying = self.linear([(c, e) for c, e in parts if e.varies])
        constant = self.linear([(c, e) for c, e in parts if not e.varies])
        return [(self._node("exp", None, (a,)), Fraction(1)) for a in (constant, varying) if a is not self.zero]

    # ------------------------------------------------------------- functions

    def exp(self, a: Expr) -> Expr:
        """Return ``exp(a)``."""
        return self.product([(self._node("exp", None, (a,)), Fraction(1))])

    def log(self, a: Expr) -> Expr:
        """Return ``log(a)``, for a > 0."""
        if a.kind == "number":
            if a.data <= 0:
                raise Undefined("logarithm of a number that is not positive")
            pairs = [(Fraction(k), p) for p, k in _factors(a.data.numerator)]
            pairs += [(Fraction(-k), p) for p, k in _factors(a.data.denominator)]
            return self.linear([(k, self._node("log", None, (self.number(p),))) for k, p in pairs])
        if a.kind == "exp":
            return a.args[0]
        if a.kind == "sum":
            inside = self._content(a, Fraction(1))
            if inside is not None and inside[0][0].data > 0:
                return self.add(self.log(inside[0][0]), self.log(inside[1][0]))
        if a.kind == "prod":
            free = [(b, k) for b, k in zip(a.args, a.data, strict=True) if b.kind in ("exp", "pi", "number")]
            tied = [(b, k) for b, k in zip(a.args, a.data, strict=True) if b.kind not in ("exp", "pi", "number")]
            if len(tied) == 1 and _positive_base(*tied[0]):
                free, tied = free + tied, []
            if free:
                logs = [(k, self._node("log", None, (b,)) if b.kind != "exp" else b.args[0]) for b, k in free]
                rest = [(Fraction(1), self.log(self.product(tied)))] if tied else []
                return self.linear(logs + rest)
        return self._node("log", None, (a,))

    def function(self, name: str, a: Expr, order: int | None = None) -> Expr:
        """Return a function of the list above; exact values at the usual arguments."""
        if name == "exp":
            return self.exp(a)
        if name == "log":
            return self.log(a)
        if name in ODD and _negative_looking(a):
            return self.neg(self.function(name, self.neg(a)))
        if name == "cos" and _negative_looking(a):
            return self.function(name, self.neg(a))
        if name == "acos":
            return self.sub(self.scale(Fraction(1, 2), self.pi), self.function("asin", a))
        if name in ("sin", "cos") and a.kind in ("atan", "asin"):
            return self._of_inverse(name, a.kind, a.args[0])
        if a.varies:
            return self._node(name, order, (a,))
        from tamecheck.geometry.univariate.special_values import special_value

        known = special_value(self, name, a, order)
        return known if known is not None else self._node(name, order, (a,))

    def _of_inverse(self, name: str, inverse: str, a: Expr) -> Expr:
        """Return sin or cos of atan or asin: ``sin(atan a) = a/sqrt(1 + a^2)``, ``cos(asin a) = sqrt(1 - a^2)``."""
        square = self.power(a, 2)
        if inverse == "asin":
            return a if name == "sin" else self.sqrt(self.sub(self.one, square))
        root = self.power(self.add(self.one, square), Fraction(-1, 2))
        return self.mul(a, root) if name == "sin" else root

    def atom(self, kind: str, data: object) -> Expr:
        """Return a constant that is known by an enclosure only (``root``)."""
        return self._node(kind, data, ())

    # ------------------------------------------------------------ rebuilding

    def rebuild(self, roots: list[Expr], replace: dict[Expr, Expr]) -> list[Expr]:
        """Return the roots with parts replaced; the form is restored on the way.

        Raises
        ------
        Undefined
            If a part has no value after the replacement.
        """
        image: dict[Expr, Expr] = {}
        for e in ancestors(roots):
            image[e] = replace[e] if e in replace else e if not e.args else self.again(e, [image[a] for a in e.args])
        return [image[r] for r in roots]

    def again(self, e: Expr, args: list[Expr]) -> Expr:
        """Return an expression of the kind of ``e`` with other arguments."""
        if all(a is b for a, b in zip(args, e.args, strict=True)):
            return e
        if e.kind == "sum":
            return self.linear(zip(e.data[1], args, strict=True), e.data[0])  # type: ignore[index]
        if e.kind == "prod":
            return self.product(zip(args, e.data, strict=True))  # type: ignore[arg-type]
        if e.kind == "seal":
            return self._sealed(args[0]) if args[0].kind == "prod" and args[0].varies else args[0]
        return self.function(e.kind, args[0], e.data)  # type: ignore[arg-type]

    def at(self, e: Expr, value: Expr) -> Expr:
        """Return the value of an expression at a constant."""
        return self.rebuild([e], {self.x: value})[0]


def _positive_base(base: Expr, exponent: Fraction) -> bool:
    """Tell whether a base must be positive where its power is defined and positive."""
    return base.kind in ("exp", "pi", "number") or exponent.denominator != 1 or exponent.numerator % 2 == 1


def _negative_looking(a: Expr) -> bool:
    """Tell, for odd and even functions, which of a and -a is written negatively."""
    if a.kind == "number":
        return a.data < 0  # type: ignore[operator]
    return a.kind == "sum" and a.data[1][-1] < 0  # type: ignore[index]


def _gcd(numbers: list[Fraction]) -> Fraction:
    from math import gcd, lcm

    top, bottom = 0, 1
    for q in numbers:
        top, bottom = gcd(top, q.numerator), lcm(bottom, q.denominator)
    return Fraction(top, bottom)


@lru_cache(maxsize=4096)
def _factors(n: int) -> tuple[tuple[int, int], ...]:
    """Return the prime factors of a positive integer; a large one is left whole."""
    if n == 1:
        return ()
    if n >= SMALL:
        return ((n, 1),)
    import flint

    return tuple([(int(p), int(k)) for p, k in flint.fmpz(n).factor()])


def terms(e: Expr) -> Iterator[tuple[Fraction, Expr]]:
    """Yield the terms ``(coefficient, expression)`` of a sum; the constant comes with the expression 1."""
    if e.kind == "sum":
        constant, coefficients = e.data  # type: ignore[misc]
        if constant:
            yield constant, e.algebra.one
        yield from zip(coefficients, e.args, strict=True)
    elif e.kind == "number":
        if e.data:
            yield e.data, e.algebra.one  # type: ignore[misc]
    else:
        yield Fraction(1), e


def factors(e: Expr) -> list[tuple[Expr, Fraction]]:
    """Return the factors ``(base, exponent)`` of a product or of a multiple of one, without the rational coefficient."""
    if e.kind == "sum" and len(e.args) == 1 and not e.data[0]:  # type: ignore[index]
        e = e.args[0]
    if e.kind == "prod":
        return list(zip(e.args, e.data, strict=True))  # type: ignore[arg-type]
    return [] if e.kind == "number" else [(e, Fraction(1))]
