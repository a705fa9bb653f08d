"""Real algebraic numbers: an irreducible integer polynomial, which of its real roots, and a ball that is refined on demand.

Equality is decided by identity of polynomial and index, order by refining balls until they are disjoint (they must
become so), the sign of a polynomial by a ball, and where that does not exclude zero by a division with remainder.
Comparisons of balls mean "certainly"; their negation is never used.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache, total_ordering
from math import gcd, isqrt

from flint import arb, ctx, fmpq, fmpq_poly, fmpz, fmpz_poly

from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.ground import factoring, isolation
from tamecheck.ground.isolation import Dyadic

PRECISION = 64
MAXIMAL_PRECISION = 1 << 20
"""Bits; a doubling beyond it means that a theoretical bound was wrong, and stops with TC306."""

_NEGATED = fmpz_poly([0, -1])


@total_ordering
class AlgebraicNumber:
    """A real algebraic number.

    Attributes
    ----------
    polynomial : fmpz_poly — irreducible over Q, primitive, positive leading coefficient
    index : int — how many real roots of the polynomial are smaller
    rational : fmpq or None — the value, if it is rational (the degree is 1)
    """

    __slots__ = ("polynomial", "index", "rational", "_low", "_high", "_shared", "_ball", "_bits", "powers", "_key", "_even_key")

    def __init__(
        self, polynomial: fmpz_poly, index: int, low: Dyadic | None, high: Dyadic | None, shared: list[tuple[Dyadic, Dyadic]] | None = None
    ) -> None:
        self.polynomial = polynomial
        self.index = index
        self._low, self._high = low, high
        # the isolating intervals of all real roots of the polynomial, found when they are needed
        self._shared = shared
        self._ball: arb | None = None
        self._bits = 0
        # powers of the number at the working precision of a decomposition, filled there
        self.powers: dict[int, list] = {}
        self._key: tuple | None = None
        self._even_key: tuple | None = None
        self.rational = fmpq(-polynomial[0], polynomial[1]) if polynomial.degree() == 1 else None

    def __repr__(self) -> str:
        if self.rational is not None:
            return str(self.rational)
        return f"root {self.index + 1} of {polynomial_text(self.polynomial)} near {decimal(self.ball(64))}"

    @property
    def key(self) -> tuple:
        """Equal for equal numbers, and for no others: (numerator, denominator), or (coefficients, index)."""
        if self._key is None:
            q = self.rational
            self._key = (int(q.p), int(q.q)) if q is not None else (tuple([int(c) for c in self.polynomial.coeffs()]), self.index)
        return self._key

    @property
    def even_key(self) -> tuple:
        """Equal for x and -x, and for no others."""
        if self._even_key is None:
            if self.rational is not None:
                p, q = self.key
                self._even_key = (abs(p), q)
            else:
                c, index = self.key
                mirrored = tuple([-v if i & 1 else v for i, v in enumerate(c)])
                if mirrored[-1] < 0:
                    mirrored = tuple([-v for v in mirrored])
                self._even_key = min((c, index), (mirrored, len(irreducible_roots(c)) - 1 - index))
        return self._even_key

    def degree(self) -> int:
        """Return the degree over the rationals."""
        return self.polynomial.degree()

    def ball(self, bits: int = PRECISION) -> arb:
        """Return a ball that holds the number, with about ``bits`` correct bits."""
        if bits <= self._bits:
            return self._ball
        p = self.polynomial
        if self.rational is not None:
            with _precision(bits):
                self._ball = arb(self.rational)
        elif p.degree() == 2:
            self._ball = isolation.quadratic(int(p[0]), int(p[1]), int(p[2]), bits)[self.index]
        else:
            if self._low is None:
                if self._shared is None:
                    self._shared = []
                if not self._shared:
                    self._shared += isolation.isolate(p)
                self._low, self._high = self._shared[self.index]
            self._ball, self._low, self._high = isolation.refine(p, p.derivative(), self._low, self._high, bits)
        self._bits = bits
        return self._ball

    def sign_of(self, q: fmpz_poly) -> int:
        """Return the sign of ``q`` at this number, exactly."""
        if self.rational is not None:
            value = q(self.rational)
            return (value > 0) - (value < 0)
        bits = PRECISION
        tested = False
        while bits <= MAXIMAL_PRECISION:
            with _precision(bits):
                value = q(self.ball(bits))
            if value > 0:
                return 1
            if value < 0:
                return -1
            if not tested and (fmpq_poly(q) % fmpq_poly(self.polynomial)).is_zero():
                return 0
            tested = True
            bits *= 2
        raise BudgetExceeded("a sign needs more than a million bits", code="TC306")

    def sign(self) -> int:
        """Return -1, 0 or 1."""
        return self.sign_of(fmpz_poly([0, 1]))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        b = number(other)
        if b is None:
            return NotImplemented
        return self.index == b.index and self.polynomial == b.polynomial

    def __hash__(self) -> int:
        if self.rational is not None:
            return hash(Fraction(int(self.rational.p), int(self.rational.q)))
        return hash((tuple([int(c) for c in self.polynomial.coeffs()]), self.index))

    def __lt__(self, other: object) -> bool:
        b = number(other)
        if b is None:
            return NotImplemented
        return compare(self, b) < 0

    def __neg__(self) -> "AlgebraicNumber":
        p = self.polynomial(_NEGATED)
        return _pick(p if p.leading_coefficient() > 0 else -p, lambda bits: -self.ball(bits))

    def __add__(self, other: object) -> "AlgebraicNumber":
        return _combine(self, other, "+")

    def __sub__(self, other: object) -> "AlgebraicNumber":
        return _combine(self, other, "-")

    def __mul__(self, other: object) -> "AlgebraicNumber":
        return _combine(self, other, "*")

    def __truediv__(self, other: object) -> "AlgebraicNumber":
        b = number(other)
        if b is None:
            return NotImplemented
        return _combine(self, b.inverse(), "*")

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: object) -> "AlgebraicNumber":
        return -self + other

    def __rtruediv__(self, other: object) -> "AlgebraicNumber":
        return self.inverse() * other

    def inverse(self) -> "AlgebraicNumber":
        """Return 1/x."""
        if self.polynomial[0] == 0:
            raise InputError("division by zero", code="TC150")
        p = fmpz_poly(self.polynomial.coeffs()[::-1])
        return _pick(p if p.leading_coefficient() > 0 else -p, lambda bits: 1 / self.ball(bits))


def compare(a: AlgebraicNumber, b: AlgebraicNumber) -> int:
    """Return -1, 0 or 1, exactly."""
    if a is b or (a.index == b.index and a.polynomial == b.polynomial):
        return 0
    bits = PRECISION
    while bits <= MAXIMAL_PRECISION:
        x, y = a.ball(bits), b.ball(bits)
        if x < y:
            return -1
        if x > y:
            return 1
        bits *= 2
    raise BudgetExceeded("a comparison needs more than a million bits", code="TC306")


def number(value: object) -> AlgebraicNumber | None:
    """Return a whole number, a fraction or an algebraic number as an algebraic number; ``None`` for anything else."""
    if isinstance(value, AlgebraicNumber):
        return value
    if isinstance(value, fmpq):
        return rational(int(value.p), int(value.q))
    if isinstance(value, int | Fraction | fmpz):
        q = Fraction(int(value)) if isinstance(value, fmpz) else Fraction(value)
        return rational(q.numerator, q.denominator)
    return None


@lru_cache(maxsize=16_384)
def rational(numerator: int, denominator: int = 1) -> AlgebraicNumber:
    """Return the rational number as an algebraic number of degree 1; equal ones are (almost always) the same object."""
    return AlgebraicNumber(fmpz_poly([-numerator, denominator]), 0, None, None)


@lru_cache(maxsize=16_384)
def irreducible_roots(coefficients: tuple[int, ...]) -> tuple[AlgebraicNumber, ...]:
    """Return the real roots, in increasing order, of an irreducible primitive polynomial with positive leading coefficient."""
    p = fmpz_poly(list(coefficients))
    if len(coefficients) == 2:
        return (rational(-coefficients[0], coefficients[1]),)
    known = isolation.count(coefficients)
    shared = isolation.isolate(p) if known is None else []
    return tuple([AlgebraicNumber(p, k, None, None, shared) for k in range(len(shared) if known is None else known)])


@lru_cache(maxsize=65_536)
def real_roots(coefficients: tuple[int, ...]) -> tuple[tuple[AlgebraicNumber, int], ...]:
    """Return the (real root, multiplicity) pairs, in increasing order, of the nonzero polynomial c_0 + c_1 x + ...

    Examples
    --------
    >>> real_roots((-2, 0, 1))
    ((root 1 of x^2-2 near -1.41421, 1), (root 2 of x^2-2 near 1.41421, 1))
    """
    found: list[tuple[AlgebraicNumber, int]] = []
    for key, e in irreducible_factors(coefficients):
        found += [(root, e) for root in irreducible_roots(key)]
    return tuple(sorted(found, key=_ByValue)) if len(found) > 1 else tuple(found)


class _ByValue:
    """A sort key that compares pairs by their exact numbers."""

    __slots__ = ("root",)

    def __init__(self, pair: tuple[AlgebraicNumber, int]) -> None:
        self.root = pair[0]

    def __lt__(self, other: "_ByValue") -> bool:
        return compare(self.root, other.root) < 0


def unordered_roots(c: Sequence[int]) -> list[tuple[AlgebraicNumber, int]]:
    """Return the (real root, multiplicity) pairs of a polynomial with last coefficient not zero, in no particular order.

    Up to degree 2 by formulas, and without FLINT where all coefficients of an even polynomial have one sign.
    """
    if len(c) == 2:
        return [(_quotient(-c[0], c[1]), 1)]
    if len(c) == 3:
        return _quadratic_roots(*c)
    if not any(c[1::2]) and c[0] and (min(c) >= 0 or max(c) <= 0):
        return []
    return [(x, e) for key, e in irreducible_factors(tuple(c)) for x in irreducible_roots(key)]


def _quotient(p: int, q: int) -> AlgebraicNumber:
    common = gcd(p, q) if q > 0 else -gcd(p, q)
    return rational(p // common, q // common)


def _quadratic_roots(c: int, b: int, a: int) -> list[tuple[AlgebraicNumber, int]]:
    """Return the roots of ax^2 + bx + c."""
    d = b * b - 4 * a * c
    if d < 0:
        return []
    if d == 0:
        return [(_quotient(-b, 2 * a), 2)]
    root = isqrt(d)
    if root * root == d:
        return [(_quotient(-b - root, 2 * a), 1), (_quotient(root - b, 2 * a), 1)]
    common = gcd(a, b, c) if a > 0 else -gcd(a, b, c)
    return [(x, 1) for x in irreducible_roots((c // common, b // common, a // common))]


def irreducible_factors(coefficients: tuple[int, ...]) -> list[tuple[tuple[int, ...], int]]:
    """Return the irreducible factors, primitive with positive leading coefficient, with their exponents."""
    p = fmpz_poly(list(coefficients))
    if p.degree() == 1:
        common = gcd(*coefficients)
        if coefficients[1] < 0:
            common = -common
        return [((coefficients[0] // common, coefficients[1] // common), 1)]
    factoring.check_univariate(p.degree(), max([abs(c).bit_length() for c in coefficients]))
    result = []
    for q, e in p.factor()[1]:
        key = tuple([int(c) for c in q.coeffs()])
        result.append((key if key[-1] > 0 else tuple([-c for c in key]), int(e)))
    return result


def _pick(p: fmpz_poly, ball_at) -> AlgebraicNumber:
    """Return the real root of ``p`` that lies in ``ball_at(bits)`` for every ``bits``."""
    roots = [r for r, _ in real_roots(tuple([int(c) for c in p.coeffs()]))]
    bits = PRECISION
    while bits <= MAXIMAL_PRECISION:
        with _precision(bits):
            target = ball_at(bits)
            roots = [r for r in roots if target.overlaps(r.ball(bits))]
        if len(roots) == 1:
            return roots[0]
        bits *= 2
    raise BudgetExceeded("a comparison needs more than a million bits", code="TC306")


def _combine(a: AlgebraicNumber, other: object, operation: str) -> AlgebraicNumber:
    """Return a + b, a - b or ab by a resultant that vanishes at it, factored, and balls to pick the root."""
    b = number(other)
    if b is None:
        return NotImplemented
    if a.rational is not None and b.rational is not None:
        x, y = a.rational, b.rational
        return number({"+": x + y, "-": x - y, "*": x * y}[operation])
    if operation == "-":
        return _combine(a, -b, "+")
    if operation == "*" and (a.rational == 0 or b.rational == 0):
        return rational(0)
    from tamecheck.ground.polynomials import Ring

    ring = Ring(("x", "y"))
    n = a.degree()
    p = [int(c) for c in a.polynomial.coeffs()]
    x, y = ring.variable("x"), ring.variable("y")
    if operation == "+":  # p(x - y)
        shifted, power = ring.constant(0), ring.constant(1)
        for c in p:
            shifted, power = shifted + power * c, power * (x - y)
    else:  # y^n p(x / y)
        shifted = ring.constant(0)
        for k, c in enumerate(p):
            shifted += c * x**k * y ** (n - k)
    q = ring.from_terms([((0, k), int(c)) for k, c in enumerate(b.polynomial.coeffs())])
    eliminated = ring.resultant(shifted, q, 2)
    dense = [0] * (eliminated.degrees()[0] + 1)
    for exponents, c in zip(eliminated.monoms(), eliminated.coeffs(), strict=True):
        dense[exponents[0]] = int(c)
    if operation == "+":
        return _pick(fmpz_poly(dense), lambda bits: a.ball(bits) + b.ball(bits))
    return _pick(fmpz_poly(dense), lambda bits: a.ball(bits) * b.ball(bits))


class _precision:
    """Set FLINT's working precision for a block and put it back."""

    __slots__ = ("bits", "before")

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __enter__(self) -> None:
        self.before = ctx.prec
        ctx.prec = self.bits

    def __exit__(self, *_: object) -> None:
        ctx.prec = self.before


precision = _precision


def polynomial_text(p: fmpz_poly, name: str = "x") -> str:
    """Return a univariate polynomial in the language of formulas."""
    pieces = []
    for k in range(p.degree(), -1, -1):
        c = int(p[k])
        if c:
            power = "" if k == 0 else name if k == 1 else f"{name}^{k}"
            size = power if abs(c) == 1 and k else f"{abs(c)}*{power}" if k else str(abs(c))
            pieces.append(("-" if c < 0 else "+" if pieces else "") + size)
    return "".join(pieces) or "0"


def decimal(ball: arb, digits: int = 6) -> str:
    """Return a short decimal near the middle of a ball: for the eye, it proves nothing."""
    text = ball.mid().str(digits, radius=False)
    return text


def coefficients_of(p: Sequence[int]) -> tuple[int, ...]:
    """Return the coefficients without leading zeros."""
    n = len(p)
    while n and p[n - 1] == 0:
        n -= 1
    return tuple(p[:n])
