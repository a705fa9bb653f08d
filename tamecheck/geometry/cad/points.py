"""Sample points: a prefix of coordinates, everything of higher level specialised there, and exact questions about it.

A coordinate is an algebraic number over Q or a `Sheet`, the root of a polynomial over the coordinates before it.
Rational coordinates are substituted exactly and keep polynomials integral; irrational ones turn coefficients into balls.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from flint import arb, ctx, fmpz_mpoly, fmpz_poly

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.fibres import Ball, Complexes, Reals, certainly_nonzero, exactly_zero, solve
from tamecheck.geometry.cad.projection import Factor, Step
from tamecheck.ground.algebraic import MAXIMAL_PRECISION, PRECISION, AlgebraicNumber, rational
from tamecheck.ground.towers import Tower

ZERO = rational(0)
NOTHING: Mapping = MappingProxyType({})
EARLY = 128
"""Precision up to which a coincidence is hoped for before exact arithmetic is asked."""


class Sheet:
    """A real root of a polynomial over a sample point with algebraic coordinates."""

    __slots__ = ("fibre", "index", "powers", "_derived")
    rational = None
    polynomial = None

    def __init__(self, fibre: "Fibre", index: int) -> None:
        self.fibre, self.index = fibre, index
        self.powers: dict[int, list] = {}
        self._derived: bool | None = None

    def __repr__(self) -> str:
        return f"root {self.index + 1} of {self.fibre.factor.polynomial} near {self.ball().mid().str(6, radius=False)}"

    @property
    def key(self) -> tuple:
        """Tells the roots of one fibre apart; good as long as the fibre is alive."""
        return id(self.fibre), self.index

    @property
    def even_key(self) -> tuple:
        """Equal for a root and its negative, if the polynomial is even."""
        f = self.fibre.factor
        if not f.even >> f.level & 1:
            return self.key
        return id(self.fibre), min(self.index, len(self.fibre.at()[0]) - 1 - self.index), 0

    def ball(self, bits: int = PRECISION) -> arb:
        """Return an enclosure; the accuracy grows without bound with ``bits``."""
        return self.fibre.at(bits)[0][self.index][0]

    def degree(self) -> int:
        """Return the degree of the equation over the coordinates before."""
        return self.fibre.degree

    def simple(self) -> bool:
        """Return whether `equation` is known to have simple roots only.

        A root of multiplicity m is a simple root of the derivative of order m - 1, and balls mostly show that this has no
        multiple root; that is far cheaper than a squarefree part.
        """
        if self.fibre.distinct == self.fibre.degree:
            return True
        if self._derived is None:
            self._derived = self.fibre.separable_derivative(self.fibre.at()[0][self.index][1] - 1)
        return self._derived

    def equation(self, tower: Tower) -> list:
        """Return a polynomial over the coordinates before with this root, as coefficients in their tower."""
        f = self.fibre.factor
        p = f.polynomial
        if self.fibre.distinct < self.fibre.degree and self.simple():
            for _ in range(self.fibre.at()[0][self.index][1] - 1):
                p = p.derivative(f.level - 1)
        return tower.univariate(zip([tuple(map(int, e)) for e in p.monoms()], p.coeffs(), strict=True), f.level - 1)


Coordinate = AlgebraicNumber | Sheet


def powers(x: Coordinate, degree: int, bits: int) -> list:
    """Return what the monomials 1, x, ..., x^degree are multiplied by.

    For x = p/q these are the integers p^e q^(degree - e): the polynomial is multiplied by a positive number.
    """
    cache = x.powers
    if x.rational is not None:
        found = cache.get(degree)
        if found is None:
            p, q = int(x.rational.p), int(x.rational.q)
            found = cache[degree] = [p**e * q ** (degree - e) for e in range(degree + 1)]
        return found
    found = cache.get(-bits)
    if found is None:
        found = cache[-bits] = [1, x.ball(bits)]
    if len(found) <= degree:
        before = ctx.prec
        ctx.prec = bits
        while len(found) <= degree:
            found.append(found[-1] * found[1])
        ctx.prec = before
    return found


def substitute(step: Step, array: Sequence[Ball], x: Coordinate, bits: int) -> list[Ball]:
    """Return the coefficients after one more substitution."""
    degree, groups = step
    p = powers(x, degree, bits)
    out: list[Ball] = []
    if x.rational is None:
        for g in groups:
            if len(g) == 1:
                i, e = g[0]
                c = array[i]
                out.append(c * p[e] if e and c.__class__ is not int else c * p[e] if e and c else c)
            else:
                out.append(sum([array[i] * p[e] for i, e in g if array[i].__class__ is not int or array[i]]))
    else:
        for g in groups:
            if len(g) == 1:
                i, e = g[0]
                out.append(array[i] * p[e])
            else:
                out.append(sum([array[i] * p[e] for i, e in g]))
    return out


class Point:
    """A sample point x_1 = a_1, ..., x_k = a_k, the set of factors that vanish there, and the factors of higher level over it.

    Attributes
    ----------
    coordinates : tuple of Coordinate
    vanishing : int — bits of factors that are zero at the point
    arrays : dict — for factors of higher level, their coefficients with the coordinates substituted, at base precision
    irrational : int — bit i is set if a_i is irrational
    rigid : int — so many first coordinates are roots, so that the cell projects to a point in these
    replaced : dict — factors that vanish identically over the point: what Lazard's rule puts in their place
    parent : Point or None — of which it is a child (the first one, if it is shared)
    extra : list of Factor — cut the stack over this point only, besides the factors of the projection
    home : Point or None — the nearest of itself and its ancestors with such extra factors
    """

    __slots__ = (
        "coordinates", "vanishing", "arrays", "irrational", "rigid", "replaced", "stack", "children", "count", "parent", "extra",
        "home", "_tower", "_fibres",
    )  # fmt: skip

    def __init__(self, coordinates: tuple[Coordinate, ...], vanishing: int, irrational: int, rigid: int) -> None:
        self.coordinates = coordinates
        self.vanishing = vanishing
        self.irrational = irrational
        self.rigid = rigid
        self.arrays: dict[int, Sequence[Ball]] = {}
        # of the many points few have any of these: what is shared here is never written to
        self.replaced: Mapping[int, Factor] = NOTHING
        self.stack = None
        self.children: Sequence[Point | None] = ()
        self.count = 0
        self.parent: Point | None = None
        self.extra: Sequence[Factor] = ()
        self.home: Point | None = None
        self._tower: Tower | None = None
        self._fibres: dict[int, Fibre] | None = None

    def tower(self) -> Tower:
        """Return the exact field of the coordinates (made on first use)."""
        if self._tower is None:
            self._tower = Tower(self.coordinates)
        return self._tower

    def specialise(self, f: Factor, bits: int, until: int | None = None) -> list[Ball]:
        """Return the coefficients of a factor with the coordinates (or the first ``until``) substituted at a precision."""
        before = ctx.prec
        ctx.prec = bits
        try:
            array: Sequence[Ball] = f.numbers
            plan = f.steps()
            for k in range(len(self.coordinates) if until is None else until):
                step = plan[k]
                if step is not None:
                    array = substitute(step, array, self.coordinates[k], bits)
            return list(array)
        finally:
            ctx.prec = before

    def is_zero(self, p: fmpz_mpoly) -> bool:
        """Return whether a polynomial in the coordinates is zero at the point, exactly."""
        return self.tower().vanishes(p, len(self.coordinates))

    def fibre(self, f: Factor) -> "Fibre":
        """Return the roots of a factor of the next level over the point."""
        found = self.fibres().get(id(f))
        if found is None:
            found = self._fibres[id(f)] = Fibre(self, f)
        return found

    def fibres(self) -> "dict[int, Fibre]":
        """Return the factors of the next level that were looked at, by identity."""
        if self._fibres is None:
            self._fibres = {}
        return self._fibres

    def replace(self, f: Factor, by: Factor) -> None:
        """Put a polynomial in the place of a factor that vanishes identically over the point."""
        self.replaced = {**self.replaced, f.number: by}


class Fibre:
    """A factor of level k + 1 over a point with k coordinates: its degree there and its roots, exactly certified.

    Attributes
    ----------
    degree : int — of the specialised polynomial, -1 if it is zero
    sign : int — of its leading coefficient
    distinct : int — number of distinct complex roots
    """

    __slots__ = ("point", "factor", "degree", "sign", "distinct", "_zeros", "_bits", "_found", "_off_axis", "dropped")

    def __init__(self, point: Point, factor: Factor) -> None:
        self.point, self.factor = point, factor
        self._zeros: set[int] = set()
        self._bits = 0
        self._found: tuple[Reals, Complexes] | None = None
        self._off_axis = False
        c = self._array(PRECISION)
        self.degree = self._degree(c)
        self.dropped = factor.degree - self.degree
        self.sign = self._sign(c)
        self.distinct = self._distinct(c) if self.degree > 1 else max(self.degree, 0)

    def __repr__(self) -> str:
        return f"Fibre({self.factor.polynomial}, degree {self.degree}, {self.distinct} distinct roots)"

    # ------------------------------------------------------------- exact facts

    def _vanishes(self, i: int, c: Ball) -> bool:
        """Return whether the coefficient of the i-th power is zero: known factors, then balls, then exact arithmetic."""
        if certainly_nonzero(c):
            return False
        if exactly_zero(c) or i in self._zeros:
            return True
        mask = self.factor.masks[i]
        if mask is not None:
            zero = bool(mask & self.point.vanishing)
        else:
            sharper = self.point.specialise(self.factor, EARLY)[i]
            zero = not certainly_nonzero(sharper) and self.point.is_zero(self.factor.coefficients[i])
        if zero:
            self._zeros.add(i)
        return zero

    def _degree(self, c: list[Ball]) -> int:
        d = len(c) - 1
        while d >= 0 and self._vanishes(d, c[d]):
            d -= 1
        return d

    def _sign(self, c: list[Ball]) -> int:
        if self.degree < 0:
            return 0
        bits = PRECISION
        lead = c[self.degree]
        while bits <= MAXIMAL_PRECISION:
            if lead > 0:
                return 1
            if lead < 0:
                return -1
            bits *= 2
            lead = self.point.specialise(self.factor, bits)[self.degree]
        raise BudgetExceeded("a sign needs more than a million bits", code="TC306")

    def discriminant_vanishes(self) -> bool | None:
        """Return what the projection knows of multiple roots: yes, no, or ``None`` for nothing.

        The discriminant for degree d is, where the degree is d - 1, that for degree d - 1 times the square of the leading
        coefficient; where it is less, it is zero whatever the roots are.
        """
        f = self.factor
        if not f.known or f.discriminant is None or self.dropped > 1:
            return None
        return bool(f.discriminant & self.point.vanishing)

    def _distinct(self, c: list[Ball]) -> int:
        known = self.discriminant_vanishes()
        if known is False:
            return self.degree
        c = c[: self.degree + 1]
        if all([x.__class__ is int for x in c]):
            p = fmpz_poly(c)
            return self.degree - p.gcd(p.derivative()).degree()
        if known is None:
            # balls alone may show that all roots are simple
            for bits in (PRECISION, 2 * PRECISION):
                found = self._solve(bits, self.degree, True)
                if found is not None:
                    # zero may still be an exact multiple root
                    return len(found[0]) + len(found[1])
        else:
            for bits in (PRECISION, 2 * PRECISION):
                found = self._solve(bits, self.degree - 1, True, False)
                if found is not None:
                    return len(found[0]) + len(found[1])
        tower = self.point.tower()
        h = tower.height[-1]
        p = tower.univariate(zip(self.factor.monomials, self.factor.polynomial.coeffs(), strict=True), self.factor.level - 1)
        return self.degree - tower.gcd_degree(p, tower.derivative(p, h), h)

    def separable_derivative(self, order: int) -> bool:
        """Return True if balls show that the derivative of an order has only simple roots."""
        for bits in (PRECISION, 2 * PRECISION):
            c = self.coefficients(bits)
            for _ in range(order):
                c = [k * x for k, x in enumerate(c)][1:]
            if not certainly_nonzero(c[-1]):
                continue
            before = ctx.prec
            ctx.prec = bits
            try:
                found = solve(c, len(c) - 1, True)
                if found is not None:
                    return all([m == 1 for _, m in [*found[0], *found[1]]])
            finally:
                ctx.prec = before
        return False

    # ------------------------------------------------------------------ numbers

    def coefficients(self, bits: int) -> list[Ball]:
        """Return the coefficients up to the true degree; low ones that are zero are the exact number 0."""
        c = self._array(bits)[: self.degree + 1]
        for i in self._zeros:
            if i <= self.degree:
                c[i] = 0
        if self.degree == 2 and exactly_zero(c[1]) and not certainly_nonzero(c[0]):
            # ax^2 + c has a multiple root exactly where c = 0
            known = self.discriminant_vanishes()
            if known is not None:
                if known:
                    self._zeros.add(0)
                    c[0] = 0
                return c
        for i, x in enumerate(c):
            if certainly_nonzero(x) or not self._vanishes(i, x):
                break
            c[i] = 0
        return c

    def _array(self, bits: int) -> list[Ball]:
        """Return the coefficients with the coordinates substituted at a precision."""
        base = self.point.arrays.get(self.factor.number) if bits == PRECISION and self.factor.known else None
        return self.point.specialise(self.factor, bits) if base is None else list(base)

    def _solve(self, bits: int, distinct: int, off_axis: bool = False, patient: bool = True) -> tuple[Reals, Complexes] | None:
        c = self.coefficients(bits)
        if not certainly_nonzero(c[-1]):
            return None
        before = ctx.prec
        ctx.prec = bits
        try:
            found = solve(c, distinct, off_axis, patient)
        finally:
            ctx.prec = before
        if found is not None:
            self._found, self._bits, self._off_axis = found, bits, off_axis
        return found

    def at(self, bits: int = PRECISION, off_axis: bool = False) -> tuple[Reals, Complexes]:
        """Return the roots, isolated, computed with at least ``bits`` bits."""
        attempt = bits
        while self._bits < bits or (off_axis and not self._off_axis):
            if attempt > MAXIMAL_PRECISION:
                raise BudgetExceeded("roots too close to be told apart", code="TC306", where="lifting")
            self._solve(attempt, self.distinct, off_axis)
            attempt *= 2
        return self._found


def common_roots(a: Fibre, b: Fibre) -> int:
    """Return the degree of the greatest common divisor of two polynomials over the same point, exactly."""
    tower = a.point.tower()
    k = len(a.point.coordinates)
    p, q = [tower.univariate(zip(f.monomials, f.polynomial.coeffs(), strict=True), k) for f in (a.factor, b.factor)]
    return tower.gcd_degree(p, q, tower.height[-1])
