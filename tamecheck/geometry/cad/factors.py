"""Irreducible polynomials as objects, and products split into them.

Polynomials are factored at once (`Table.split`), and each irreducible factor is one object of its `Table`, so that what is known about it is found by
identity: degrees, coefficients, the signs of its monomials.  Sizes are bounded before FLINT is called; beyond, `TooLarge` sends the formula to a
decomposition.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd

from flint import fmpz_mpoly

from tamecheck.geometry.cad.definite import Square, square
from tamecheck.geometry.cad.sign_conditions import FALSE, FLIP, TRUE, Node, TooLarge
from tamecheck.ground.polynomials import Ring

MAXIMAL_TERMS = 160
MAXIMAL_BITS = 400
SMALL_DEGREE = 16
"""Total degree up to which FLINT factors at once (see `tamecheck.ground.factoring`)."""


class Factor:
    """An irreducible polynomial, primitive, with positive first coefficient; equal ones of one table are identical.

    Attributes
    ----------
    p : fmpz_mpoly
    number : int — in the order of appearance
    terms, size : int — of monomials, and how long it is to read
    degrees : tuple of int — in each variable
    uses : int — bit k is set if the variable at place k (from 0) occurs
    steps : tuple of int — the greatest common divisor of the exponents of each variable
    shape : tuple — for every monomial its sign and the places of the variables with odd and with even exponents; empty if the polynomial
        is never definite by these
    direction, value : int and rational — the polynomial is a positive number times q - value, where q is primitive without constant term,
        and the number of q in its table
    quadratic : bool — whether its total degree is two, no variable occurs to the first power only, and not all in squares only
    line : int — the place of the variable if q is a variable, -1 otherwise
    """

    __slots__ = (
        "p", "number", "degrees", "uses", "terms", "size", "direction", "value", "line", "quadratic", "shape", "steps", "_coefficients", "_square",
    )  # fmt: skip

    def __init__(self, p: fmpz_mpoly, number: int, directions: "Register") -> None:
        self.p, self.number, self.terms = p, number, len(p)
        monomials = [tuple(map(int, e)) for e in p.monoms()]
        self.size = sum(map(sum, monomials)) + self.terms
        self.degrees = tuple(map(max, zip(*monomials, strict=True)))
        self.steps = tuple(map(gcd, *monomials)) if len(monomials) > 1 else monomials[0]
        self.uses = sum([1 << k for k, d in enumerate(self.degrees) if d])
        c = 0 if any(monomials[-1]) else int(p.coefficient(self.terms - 1))
        rest = p - c if c else p
        content = int(rest.content())
        self.direction = directions.number(rest / content if content > 1 else rest)
        self.value: int | Fraction = -c if content == 1 else Fraction(-c, content)
        self.line = self.uses.bit_length() - 1 if self.terms - (c != 0) == 1 and sum(self.degrees) == 1 else -1
        self.shape = self._monomials(monomials) if self.terms > 1 else ()
        # a sum of squares of variables and a number has said everything by its shape
        self.quadratic = self.terms > 2 and 1 in self.steps and 1 not in self.degrees and p.total_degree() == 2
        self._square: Square | None = None
        self._coefficients: dict[int, list[fmpz_mpoly]] = {}

    def __repr__(self) -> str:
        return f"<{self.p}>"

    def _monomials(self, monomials: list[tuple[int, ...]]) -> tuple:
        rows, fixed = [], 0
        for e, c in zip(monomials, self.p.coeffs(), strict=True):
            sign = 1 if c > 0 else -1
            odd = tuple([k for k, d in enumerate(e) if d & 1])
            if not odd:
                if fixed == -sign:
                    return ()
                fixed = sign
            rows.append((sign, odd, tuple([k for k, d in enumerate(e) if d and not d & 1])))
        rows.sort(key=_oddness)
        return tuple(rows)

    def square(self) -> Square:
        """Return what completing squares says, for total degree two."""
        if self._square is None:
            self._square = square(self.p)
        return self._square

    def coefficients(self, k: int) -> list[fmpz_mpoly]:
        """Return c_0, ..., c_d as a polynomial in the variable at place ``k``."""
        found = self._coefficients.get(k)
        if found is None:
            found = self._coefficients[k] = coefficients(self.p, k, self.degrees[k])
        return found


def coefficients(p: fmpz_mpoly, k: int, degree: int) -> list[fmpz_mpoly]:
    """Return the coefficients of a polynomial in the variable at place ``k``, by repeated derivatives."""
    if degree == 0:
        return [p]
    x = p.context().gen(k)
    if degree == 1:
        top = p.derivative(k)
        return [p - top * x, top]
    if degree == 2:
        slope = p.derivative(k)
        double = slope.derivative(k)
        middle = slope - double * x
        top = double / 2
        return [p - (top * x + middle) * x, middle, top]
    out: list[fmpz_mpoly] = []
    rest = p
    for d in range(degree, 0, -1):
        top, factorial = rest, 1
        for i in range(d):
            top, factorial = top.derivative(k), factorial * (i + 1)
        top = top if factorial == 1 else top / factorial
        out.append(top)
        rest = rest - top * x**d
    return [rest, *reversed(out)]


def _oddness(row: tuple) -> int:
    return -len(row[1])


class Register:
    """Polynomials and what belongs to them: they are not hashable, but fast to compare."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, int], list[tuple[fmpz_mpoly, object]]] = {}
        self._count = 0

    def bucket(self, p: fmpz_mpoly) -> list[tuple[fmpz_mpoly, object]]:
        """Return the pairs among which a nonzero polynomial is, or to which it is to be added."""
        key = (len(p), int(p.leading_coefficient()))
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = []
        return found

    def number(self, p: fmpz_mpoly) -> int:
        """Return the number of a polynomial, in the order of appearance."""
        bucket = self.bucket(p)
        for q, n in bucket:
            if p == q:
                return n
        self._count += 1
        bucket.append((p, self._count))
        return self._count


class Table:
    """The factors that occur, over one ring."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.context = ring.context
        self.factors: list[Factor] = []
        self._variables: dict[int, Factor] = {}
        self._interned = Register()
        self._directions = Register()
        self._split = Register()

    def factor(self, p: fmpz_mpoly) -> Factor:
        """Return the object of an irreducible polynomial that is primitive with positive first coefficient."""
        bucket = self._interned.bucket(p)
        for q, f in bucket:
            if p == q:
                return f
        out = Factor(p, len(self.factors), self._directions)
        self.factors.append(out)
        bucket.append((p, out))
        return out

    def variable(self, k: int) -> Factor:
        """Return the variable at place ``k``."""
        found = self._variables.get(k)
        if found is None:
            found = self._variables[k] = self.factor(self.context.gen(k))
        return found

    def split(self, p: fmpz_mpoly) -> tuple[int, tuple[tuple[Factor, int], ...]]:
        """Return the sign of the number and the factors, with exponent 1 if it is odd and 2 if it is even; sign 0 for zero."""
        if p.is_constant():
            c = p.leading_coefficient() if len(p) else 0
            return (c > 0) - (c < 0), ()
        bucket = self._split.bucket(p)
        for q, parts in bucket:
            if p == q:
                return parts
        parts = self._factored(p)
        bucket.append((p, parts))
        return parts

    def _factored(self, p: fmpz_mpoly) -> tuple[int, tuple[tuple[Factor, int], ...]]:
        if len(p) > MAXIMAL_TERMS or p.total_degree() > SMALL_DEGREE or max(map(abs, p.coeffs())).bit_length() > MAXIMAL_BITS:
            raise TooLarge
        sign, out = 1, []
        monomial = p.term_content()
        rest = p
        if not monomial.is_constant():
            for k, e in enumerate(monomial.degrees()):
                if e:
                    out.append((self.variable(k), 2 - int(e) % 2))
            rest = p / monomial
        elif monomial.leading_coefficient() != 1:
            rest = p / monomial
        if rest.is_constant():
            return (1 if rest.leading_coefficient() > 0 else -1), tuple(out)
        if rest.leading_coefficient() < 0:
            rest, sign = -rest, -1
        for q, e in self._parts(rest):
            if q.leading_coefficient() < 0:
                q, sign = -q, sign if e % 2 == 0 else -sign
            out.append((self.factor(q), 2 - e % 2))
        return sign, tuple(out)

    def _parts(self, p: fmpz_mpoly) -> list[tuple[fmpz_mpoly, int]]:
        """Return the irreducible factors of a polynomial without a factor that is a monomial, and their exponents."""
        degrees = p.degrees()
        if 1 in degrees:
            k = degrees.index(1)
            c = p.derivative(k)
            if c.is_constant():
                return [(p, 1)]
            # p = c x + d is irreducible up to the common divisor of c and d
            common = c.gcd(p - c * self.context.gen(k))
            if common.is_constant():
                return [(p, 1)]
            return [*self._parts(common / common.content()), (p / common, 1)]
        try:
            return [(q, int(e)) for q, e in p.factor()[1]]
        except OverflowError:  # python-flint 0.9 cannot sort factors with long coefficients
            raise TooLarge from None

    def atom(self, p: fmpz_mpoly, mask: int) -> Node:
        """Return the node that says that ``p`` has a sign of a set."""
        sign, factors = self.split(p)
        if not factors:
            return TRUE if mask >> (sign + 1) & 1 else FALSE
        return "atom", factors, mask if sign > 0 else FLIP[mask]

    def combined(self, parts: Iterable[tuple[int, Sequence[tuple[Factor, int]]]], mask: int) -> Node:
        """Return the node that says that a product of split polynomials has a sign of a set."""
        sign = 1
        exponents: dict[Factor, int] = {}
        for s, factors in parts:
            sign *= s
            for f, e in factors:
                exponents[f] = exponents.get(f, 0) + e
        if sign == 0 or not exponents:
            return TRUE if mask >> (sign + 1) & 1 else FALSE
        return "atom", tuple([(f, 2 - e % 2) for f, e in exponents.items()]), mask if sign > 0 else FLIP[mask]

    def product(self, factors: Sequence[tuple[Factor, int]]) -> fmpz_mpoly:
        """Return the polynomial of a list of factors."""
        out = self.context.constant(1)
        for f, e in factors:
            out = out * f.p**e
        return out


