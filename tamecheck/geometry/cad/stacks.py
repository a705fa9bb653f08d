"""The stack over a sample point: real roots of all factors of the next level, merged in order, with exact coincidences.

Balls decide that roots differ.  That two roots are equal is known only by counting: algebra gives a lower bound for the number of
common complex roots of two factors (a resultant whose factor vanishes at the point gives 1, a greatest common divisor gives all);
when exactly so many pairs of balls still overlap, these pairs are equal.
"""

from collections.abc import Callable, Sequence

from flint import acb, arb, fmpz_mpoly

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.fibres import Ball
from tamecheck.geometry.cad.points import EARLY, ZERO, Coordinate, Fibre, Point, Sheet, common_roots
from tamecheck.geometry.cad.projection import Factor
from tamecheck.ground.algebraic import MAXIMAL_PRECISION, PRECISION, AlgebraicNumber, rational, unordered_roots
from tamecheck.ground.isolation import ends, floor, simplest_between

MAXIMAL_SOLVED = 4_096
"""Polynomials in one variable whose roots are remembered with the factor they come from."""


Solved = tuple[list[tuple[AlgebraicNumber, int]], int]
"""The real roots of a polynomial with multiplicities, in no particular order, and its sign below all of them (0: it is zero)."""


class Root:
    """A place where some factors vanish: the coordinate, and each factor with its multiplicity and its place among the factor's roots."""

    __slots__ = ("coordinate", "_ball", "factors", "bits")

    def __init__(self, coordinate: Coordinate, ball: arb | None, factor: Factor, multiplicity: int) -> None:
        self.coordinate = coordinate
        self._ball = ball
        self.factors: list[tuple[Factor, int]] = [(factor, multiplicity)]
        self.bits = PRECISION

    @property
    def ball(self) -> arb:
        """An enclosure that meets that of no other root of the stack, once this is in order."""
        if self._ball is None:
            self._ball = self.coordinate.ball(self.bits)
        return self._ball

    def above(self) -> int:
        """Return an integer greater than the root, as small as its enclosure shows."""
        if self.coordinate.rational is not None:
            p, q = self.coordinate.key
            return p // q + 1
        return floor(*ends(self.ball)[1]) + 1

    def below(self) -> int:
        """Return an integer less than the root, as large as its enclosure shows."""
        if self.coordinate.rational is not None:
            p, q = self.coordinate.key
            return -(-p // q) - 1
        m, e = ends(self.ball)[0]
        return -floor(-m, e) - 1

    def refine(self) -> None:
        """Double the precision."""
        self.bits *= 2
        if self.bits > MAXIMAL_PRECISION:
            raise BudgetExceeded("roots too close to be told apart", code="TC306", where="lifting")
        self._ball = self.coordinate.ball(self.bits)


class Stack:
    """The cells over a cell: sectors (even positions) and sections (odd positions), from below.

    Attributes
    ----------
    roots : list of Root — the sections, put in order when they are first looked at
    null : int — bits of factors of this level that vanish on the whole fibre
    ends : dict — for each factor number, its sign below all roots (0: everywhere)
    """

    __slots__ = ("null", "_roots", "_ends", "_parts", "_length", "_samples", "_signs")

    def __init__(self, roots: list[Root], null: int, ends: dict[int, int]) -> None:
        self.null = null
        self._roots: list[Root] | None = roots
        self._ends: dict[int, int] | None = ends
        self._parts: tuple[Sequence[Factor], list[Solved]] | None = None
        self._length = 2 * len(roots) + 1
        self._samples: dict[int, AlgebraicNumber] = {}
        self._signs: list[dict[int, int]] | None = None

    @classmethod
    def over_rationals(cls, factors: Sequence[Factor], solved: list[Solved]) -> "Stack":
        """Return the stack over a point where all polynomials have rational coefficients and none is zero.

        Algebraic numbers with different keys are different, so nothing is left to decide but their order, when that is asked for.
        """
        new = cls((), 0, {})
        new._roots = new._ends = None
        new._parts = factors, solved
        new._length = 2 * (len(solved[0][0]) if len(solved) == 1 else len({x.key for found, _ in solved for x, _ in found})) + 1
        return new

    @property
    def roots(self) -> list[Root]:
        if self._roots is None:
            by_key: dict[tuple, Root] = {}
            for f, (found, _) in zip(*self._parts, strict=True):
                for x, multiplicity in found:
                    known = by_key.get(x.key)
                    if known is None:
                        by_key[x.key] = Root(x, None, f, multiplicity)
                    else:
                        known.factors.append((f, multiplicity))
            roots = list(by_key.values())
            if len(roots) > 1:
                _merge(None, roots)
            self._roots = roots
        return self._roots

    @property
    def ends(self) -> dict[int, int]:
        if self._ends is None:
            self._ends = {f.number: sign for f, (_, sign) in zip(*self._parts, strict=True)}
        return self._ends

    def __len__(self) -> int:
        return self._length

    def vanishing(self, position: int) -> int:
        """Return the bits of the factors of this level that vanish on a cell of the stack."""
        bits = self.null
        if position & 1:
            for f, _ in self.roots[position >> 1].factors:
                bits |= f.bit
        return bits

    def coordinate(self, position: int) -> Coordinate:
        """Return the sample coordinate of a cell: the root itself, or a short rational between two roots."""
        k = position >> 1
        if position & 1:
            return self.roots[k].coordinate
        found = self._samples.get(k)
        if found is None:
            found = self._samples[k] = self._sample(k)
        return found

    def _sample(self, k: int) -> AlgebraicNumber:
        """Return the integer of least size between two neighbouring roots, or else a short dyadic number."""
        roots = self.roots
        low = roots[k - 1].above() if k else None
        high = roots[k].below() if k < len(roots) else None
        if (low is None or low <= 0) and (high is None or high >= 0):
            return ZERO
        if low is None or (high is not None and low <= high < 0):
            return rational(high, 1)
        if high is None or low <= high:
            return rational(low, 1)
        q = simplest_between(ends(roots[k - 1].ball)[1], ends(roots[k].ball)[0])
        return rational(q.numerator, q.denominator)

    def signs(self, position: int) -> dict[int, int]:
        """Return the sign of every factor of this level, by number."""
        if self._signs is None:
            current = dict(self.ends)
            table = [current]
            for root in self.roots:
                at, after = dict(current), dict(current)
                for f, multiplicity in root.factors:
                    at[f.number] = 0
                    if multiplicity & 1:
                        after[f.number] = -after[f.number]
                table += [at, after]
                current = after
            self._signs = table
        return self._signs[position]


class NotWellOriented(Exception):
    """A factor vanishes identically over a cell of positive dimension, where the projection in use does not allow it.

    ``missing`` is a polynomial that would make it harmless if it had constant sign on the cell.
    """

    def __init__(self, factor: Factor, point: Point, missing: fmpz_mpoly | None = None) -> None:
        self.factor, self.point, self.missing = factor, point, missing
        super().__init__(f"{factor.polynomial} vanishes identically over a cell")


def build(point: Point, factors: Sequence[Factor], delineate: Callable[[Point, Factor], Factor | None]) -> Stack:
    """Return the stack over a point.

    ``delineate(point, factor)`` is called for a factor that vanishes identically over the point; it returns what to
    use in its place for the roots, or ``None`` for no roots (or raises `NotWellOriented`).
    """
    if not point.irrational and not point.replaced:
        solved = [_solved(f, point.arrays[f.number]) for f in factors]
        if all([sign for _, sign in solved]):
            return Stack.over_rationals(factors, solved)
    roots: list[Root] = []
    by_key: dict[tuple, Root] = {}
    null = 0
    below: dict[int, int] = {}
    for original in factors:
        f = point.replaced.get(original.number)
        if f is None:
            found, sign = _roots(point, original, point.arrays[original.number])
            f = original if sign else delineate(point, original)
        if f is original:
            below[f.number] = sign
        else:
            null |= original.bit
            below[original.number] = 0
            if f is None:
                continue
            found, _ = _roots(point, f, point.specialise(f, PRECISION))
        for x, multiplicity in found:
            key = x.key
            known = by_key.get(key)
            if known is None:
                by_key[key] = root = Root(x, None, f, multiplicity)
                roots.append(root)
            else:
                known.factors.append((f, multiplicity))
    if len(roots) > 1:
        _merge(point, roots)
    return Stack(roots, null, below)


def _roots(point: Point, f: Factor, c: Sequence[Ball]) -> tuple[list[tuple[Coordinate, int]], int]:
    """Return the real roots of a factor over the point, and its sign below all of them (0 if it vanishes identically)."""
    if not f.occurs & point.irrational:
        return _solved(f, c)
    fibre = point.fibre(f)
    sign = -fibre.sign if fibre.degree & 1 else fibre.sign
    if fibre.degree < 1:
        return [], sign
    return [(ZERO if x.__class__ is int else Sheet(fibre, i), m) for i, (x, m) in enumerate(fibre.at()[0])], sign


def _solved(f: Factor, c: Sequence[int]) -> Solved:
    """Return the roots of a factor over a point where its coefficients are the given integers; they are remembered."""
    key = tuple(c)
    known = f.solved.get(key)
    if known is None:
        if len(f.solved) >= MAXIMAL_SOLVED:
            f.solved.clear()
        known = f.solved[key] = _exact(c)
    return known


def _exact(c: Sequence[int]) -> Solved:
    """Return the real roots of an integer polynomial, and its sign below all of them."""
    degree = _exact_degree(c)
    if degree < 0:
        return [], 0
    sign = 1 if (c[degree] > 0) == (degree & 1 == 0) else -1
    return (unordered_roots(c[: degree + 1]) if degree else []), sign


def _exact_degree(c: Sequence[int]) -> int:
    d = len(c) - 1
    while d >= 0 and c[d] == 0:
        d -= 1
    return d


def _by_middle(root: Root) -> arb:
    return root.ball.mid()


def _merge(point: Point | None, roots: list[Root]) -> None:
    """Sort the roots, joining those that are equal."""
    roots.sort(key=_by_middle)
    i = 0
    while i + 1 < len(roots):
        a, b = roots[i], roots[i + 1]
        if a.ball < b.ball:
            i += 1
            continue
        if _equal(point, a, b):
            _join(a, b)
            del roots[i + 1]
        # balls of different roots shrink until they separate; the order may have been wrong before
        else:
            while not (a.ball < b.ball or b.ball < a.ball):
                a.refine()
                b.refine()
        roots.sort(key=_by_middle)
        i = 0


def _join(a: Root, b: Root) -> None:
    """Put what is known of ``b`` into ``a``; the simpler coordinate stays."""
    a.factors += b.factors
    if isinstance(b.coordinate, AlgebraicNumber) and (
        not isinstance(a.coordinate, AlgebraicNumber) or b.coordinate.degree() < a.coordinate.degree()
    ):
        a.coordinate, a._ball, a.bits = b.coordinate, b.ball, b.bits


def _equal(point: Point, a: Root, b: Root) -> bool:
    """Decide whether two roots with overlapping balls are equal."""
    if isinstance(a.coordinate, AlgebraicNumber) and isinstance(b.coordinate, AlgebraicNumber):
        return a.coordinate == b.coordinate
    unknown = []
    for f, _ in a.factors:
        for g, _ in b.factors:
            if f.number == g.number:
                # two roots of one polynomial are different
                return False
            p, q = point.fibre(f), point.fibre(g)
            least = _common(p, q)
            if least == 0:
                return False
            unknown.append((p, q, least))
    p, q, least = min(unknown, key=lambda t: t[0].degree * t[1].degree)
    return _coincide(p, q, least, a, b)


def _common(p: Fibre, q: Fibre) -> int | None:
    """Return 0 if two polynomials have no common root, 1 if they have one at least, ``None`` if the projection does not know."""
    f, g = p.factor, q.factor
    mask = f.resultants.get(g.number)
    if mask is None or not f.known or not g.known or (p.dropped and q.dropped):
        return None
    return 1 if mask & p.point.vanishing else 0


def _coincide(p: Fibre, q: Fibre, least: int | None, a: Root, b: Root) -> bool:
    """Decide whether a root ``a`` of ``p`` is the root ``b`` of ``q``; ``least`` is a lower bound for the number of common roots."""
    bits, exact = PRECISION, False
    while bits <= MAXIMAL_PRECISION:
        i, j = _place(p, a, bits), _place(q, b, bits)
        if i is not None and j is not None:
            if not _touch(p.at(bits)[0][i][0], q.at(bits)[0][j][0]):
                return False
            overlapping = _overlaps(p, q, bits)
            if overlapping != least and bits >= EARLY and not exact:
                least, exact = common_roots(p, q), True
            if overlapping == least:
                return True
            if least == 0:
                return False
        bits *= 2
    raise BudgetExceeded("roots too close to be told apart", code="TC306", where="lifting")


def _place(p: Fibre, a: Root, bits: int) -> int | None:
    """Return which real root of ``p`` the root is, if its ball meets one only."""
    ball = a.coordinate.ball(bits)
    meeting = [i for i, (x, _) in enumerate(p.at(bits)[0]) if _touch(x, ball)]
    return meeting[0] if len(meeting) == 1 else None


def _touch(x: Ball | acb, y: Ball | acb) -> bool:
    return acb(x).overlaps(acb(y))


def _overlaps(p: Fibre, q: Fibre, bits: int) -> int:
    """Return the number of common roots that the balls leave possible, with multiplicity."""
    left, right = p.at(bits, True), q.at(bits, True)
    return sum([min(m, n) for x, m in [*left[0], *left[1]] for y, n in [*right[0], *right[1]] if _touch(x, y)])
