"""Satisfiability of conjunctions by cylindrical algebraic coverings.

Instead of projecting everything first, a sample is extended coordinate by coordinate.  Where it cannot be extended, the intervals of
the next coordinate that are excluded, and why, cover the line; the polynomials that keep this covering in place (their coefficients,
discriminants, and resultants of neighbouring bounds) give an interval around the last coordinate that is excluded for the same
reason.  A formula is unsatisfiable when intervals cover the first line; a sample that survives all lines satisfies it [ADEK21]_.

Validity rests on McCallum's theorem, so no polynomial in use may vanish identically over a sample; where one does, `Nullified` says
so, and the caller decomposes instead.

.. [ADEK21] E. Abraham, J. H. Davenport, M. England, G. Kremer, "Deciding the consistency of non-linear real arithmetic constraints with a
   conflict driven search using cylindrical algebraic coverings", J. Log. Algebr. Methods Program. 119 (2021).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flint import ctx, fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad import order
from tamecheck.geometry.cad.cells import place
from tamecheck.geometry.cad.points import Coordinate, Point
from tamecheck.geometry.cad.projection import Factor, Factored, Projection
from tamecheck.geometry.cad.stacks import Stack, build
from tamecheck.ground.algebraic import PRECISION
from tamecheck.ground.formulas import HOLDS, NEGATED, Formula
from tamecheck.ground.polynomials import Ring
from tamecheck.ground.towers import sign_at

ALTERNATIVES = 24
"""Conjunctions into which a matrix may split."""

Bound = tuple[int, int] | None
"""A root as (number of a factor, index among its distinct real roots); ``None`` is infinite."""


class Nullified(Exception):
    """A polynomial vanishes identically over a sample: coverings do not apply."""


class Interval(NamedTuple):
    """An excluded open interval (or, if both bounds are the same root and ``section``, that root) with its reasons.

    ``lower`` and ``upper`` are the factors that vanish at the bounds, ``own`` all factors of this level that must not change their
    roots' order, ``below`` the factors of lower levels whose sign matters.
    """

    low: Bound
    high: Bound
    section: bool
    lower: frozenset[int]
    upper: frozenset[int]
    own: frozenset[int]
    below: frozenset[int]


class Line:
    """The last coordinate over a sample: the stack of all factors in play, and the intervals excluded so far."""

    def __init__(self, point: Point, factors: Iterable[Factor]) -> None:
        self.point = point
        self.factors = {f.number: f for f in factors}
        self.intervals: list[Interval] = []
        self.stack: Stack | None = None
        self.where: dict[tuple[int, int], int] = {}
        self.roots_of: dict[int, list[int]] = {}

    def refresh(self, more: Iterable[Factor] = ()) -> None:
        """Build the stack again with further factors."""
        self.factors.update({f.number: f for f in more})
        point = self.point
        for f in self.factors.values():
            if f.number not in point.arrays:
                point.arrays[f.number] = _array(point, f)
        before = ctx.prec
        ctx.prec = PRECISION
        try:
            self.stack = build(point, list(self.factors.values()), lambda p, f: None)
        finally:
            ctx.prec = before
        if self.stack.null:
            raise Nullified
        self.where.clear()
        self.roots_of = {n: [] for n in self.factors}
        for k, root in enumerate(self.stack.roots):
            for f, _ in root.factors:
                self.where[f.number, len(self.roots_of[f.number])] = k
                self.roots_of[f.number].append(k)

    def name(self, k: int, allowed: frozenset[int]) -> tuple[Bound, frozenset[int]]:
        """Return a root as a bound, with the allowed factors that vanish there."""
        here = [f.number for f, _ in self.stack.roots[k].factors if f.number in allowed]
        return (here[0], self.roots_of[here[0]].index(k)), frozenset(here)

    def span(self, interval: Interval) -> tuple[int, int]:
        """Return the first and last position of the stack in an interval."""
        if interval.section:
            k = self.where[interval.low]
            return 2 * k + 1, 2 * k + 1
        low = -1 if interval.low is None else self.where[interval.low]
        high = len(self.stack.roots) if interval.high is None else self.where[interval.high]
        return 2 * low + 2, 2 * high

    def free(self) -> int | None:
        """Return a position that no interval covers: sectors first, short samples first."""
        covered = bytearray(len(self.stack))
        for interval in self.intervals:
            first, last = self.span(interval)
            covered[first : last + 1] = b"\1" * (last + 1 - first)
        sectors = [i for i in range(0, len(covered), 2) if not covered[i]]
        if sectors:
            return min(sectors, key=lambda i: _size(self.stack.coordinate(i)))
        return next((i for i in range(1, len(covered), 2) if not covered[i]), None)

    def between(self, position: int, own: frozenset[int], below: frozenset[int]) -> Interval:
        """Return the largest interval around a position (a root if a factor of ``own`` vanishes there) without roots of ``own``."""
        roots = sorted({k for n in own for k in self.roots_of[n]})
        if position & 1 and position >> 1 in roots:
            bound, here = self.name(position >> 1, own)
            return Interval(bound, bound, True, here, here, own, below)
        low = [k for k in roots if 2 * k + 1 < position]
        high = [k for k in roots if 2 * k + 1 > position]
        (a, lower) = self.name(low[-1], own) if low else (None, frozenset())
        (b, upper) = self.name(high[0], own) if high else (None, frozenset())
        return Interval(a, b, False, lower, upper, own, below)

    def cover(self) -> list[Interval]:
        """Return the intervals of a covering from below, without those that others make superfluous."""
        spans = sorted([(*self.span(i), n) for n, i in enumerate(self.intervals)], key=lambda t: (t[0], -t[1]))
        chosen: list[int] = []
        reached = -1
        while reached < len(self.stack) - 1:
            best = max([t for t in spans if t[0] <= reached + 1 and t[1] > reached], key=lambda t: t[1])
            chosen.append(best[2])
            reached = best[1]
        return [self.intervals[n] for n in chosen]


def _array(point: Point, f: Factor) -> list:
    if point.coordinates:
        return point.specialise(f, PRECISION)
    dense = [0] * (f.degree + 1)
    for exponents, c in zip(f.monomials, f.polynomial.coeffs(), strict=True):
        dense[exponents[0]] = int(c)
    return dense


def _size(x: Coordinate) -> tuple[int, int, bool]:
    q = x.rational
    return int(q.q), abs(int(q.p)), int(q.p) < 0


class Search:
    """The search for a point of a conjunction of sign conditions.

    Attributes
    ----------
    stacks : int — lines looked at
    """

    def __init__(self, ring: Ring, conditions: Sequence[tuple[fmpz_mpoly, str]], budget: Budget | None = None) -> None:
        self.ring, self.budget = ring, budget
        self.registry = Projection(ring, "brown")
        self.stacks = 0
        self.conditions: list[tuple[Factored, str, int]] = []
        for p, relation in conditions:
            factored = self.registry.register(p)
            self.conditions.append((factored, relation, max([f.level for f, _ in factored[1]], default=0)))

    def run(self) -> list[Coordinate] | None:
        """Return a point, or ``None`` if there is none.

        Raises
        ------
        Nullified
            See the module.
        """
        return self._extend(Point((), 0, 0, 0), {})[0]

    def _extend(self, point: Point, signs: dict[int, int]) -> tuple[list[Coordinate] | None, Line]:
        """Return a point over the sample, or a line whose intervals cover it.  The depth is the number of variables."""
        level = len(point.coordinates) + 1
        line = Line(point, [f for factored, _, top in self.conditions if top == level for f, _ in factored[1] if f.level == level])
        line.refresh(self._below(level))
        self._spend()
        self._direct(line, level, signs)
        while True:
            position = line.free()
            if position is None:
                return None, line
            x = line.stack.coordinate(position)
            if level == len(self.ring.names):
                return [*point.coordinates, x], line
            name = line.name(position >> 1, frozenset(line.factors))[0] if position & 1 else None
            child = Point((*point.coordinates, x), 0, point.irrational | (0 if x.rational is not None else 1 << level), 0)
            found, above = self._extend(child, {**signs, **line.stack.signs(position)})
            if found is not None:
                return found, line
            reasons = self._characterise(child, above)
            own = frozenset([f.number for f in reasons if f.level == level])
            line.refresh([f for f in reasons if f.level == level])
            self._spend()
            position = 2 * line.where[name] + 1 if name is not None else place(point, line.stack, x)
            line.intervals.append(line.between(position, own, frozenset([f.number for f in reasons if f.level < level])))

    def _below(self, level: int) -> list[Factor]:
        """Return the factors of a level of conditions that are decided later: their signs are needed there."""
        return [f for factored, _, top in self.conditions if top > level for f, _ in factored[1] if f.level == level]

    def verifies(self, point: Sequence[Coordinate]) -> bool:
        """Return whether a point satisfies all conditions, computed from the point alone."""
        for (unit, factors), relation, _ in self.conditions:
            sign = unit
            for f, e in factors:
                s = sign_at(f.polynomial, point)
                sign *= s if e & 1 else s * s
            if sign not in HOLDS[relation]:
                return False
        return True

    def _spend(self) -> None:
        self.stacks += 1
        if self.budget is not None:
            self.budget.spend(1, "coverings")
            if self.budget.seconds is not None and self.budget.remaining() <= 0:
                raise BudgetExceeded(f"time budget of {self.budget.seconds:g} s used up", code="TC301", where="coverings")

    def _direct(self, line: Line, level: int, signs: dict[int, int]) -> None:
        """Exclude what the conditions of this level exclude themselves."""
        for (unit, factors), relation, top in self.conditions:
            if top != level:
                continue
            outside = [f for f, _ in factors if f.level < level]
            zero = [f.number for f in outside if signs[f.number] == 0]
            if zero:
                if 0 not in HOLDS[relation]:
                    line.intervals.append(Interval(None, None, False, frozenset(), frozenset(), frozenset(), frozenset(zero[:1])))
                continue
            own = frozenset([f.number for f, _ in factors if f.level == level])
            below = frozenset([f.number for f in outside])
            seen = -1
            for position in range(len(line.stack)):
                if position <= seen:
                    continue
                table = line.stack.signs(position)
                sign = unit
                for f, e in factors:
                    s = table[f.number] if f.level == level else signs[f.number]
                    sign *= s if e & 1 else s * s
                interval = line.between(position, own, below)
                seen = line.span(interval)[1]
                if sign not in HOLDS[relation]:
                    line.intervals.append(interval)

    # ---------------------------------------------------------------- reasons

    def _characterise(self, point: Point, line: Line) -> list[Factor]:
        """Return the factors, of the levels up to the sample's, on whose signs it depends that the line is covered."""
        level = len(point.coordinates) + 1
        wanted: set[int] = set()
        cover = line.cover()
        for interval in cover:
            wanted |= interval.below
            for n in interval.own:
                wanted |= self._delineating(point, line.factors[n])
            for bounds, inner, side in ((interval.lower, interval.low, 1), (interval.upper, interval.high, -1)):
                if inner is None:
                    continue
                edge = line.where[inner]
                for q in interval.own:
                    if any([k * side <= edge * side for k in line.roots_of[q]]):
                        wanted |= self._resultants(bounds, q, level)
        for left, right in zip(cover, cover[1:], strict=False):
            for q in right.lower:
                wanted |= self._resultants(left.upper, q, level)
        return [self.registry.factors[n] for n in sorted(wanted)]

    def _numbers(self, p: fmpz_mpoly) -> set[int]:
        return set() if p.is_constant() else {f.number for f, _ in self.registry.register(p)[1]}

    def _resultants(self, bounds: frozenset[int], q: int, level: int) -> set[int]:
        out: set[int] = set()
        for n in bounds:
            if n != q:
                out |= self._numbers(self.ring.resultant_root(self.registry.factors[n].polynomial, self.registry.factors[q].polynomial, level))
        return out

    def _delineating(self, point: Point, f: Factor) -> set[int]:
        """Return the factors of the discriminant and of the coefficients down to the first that is not zero at the sample."""
        out: set[int] = set()
        if f.degree > 1:
            for part in self.ring.discriminant_parts(f.polynomial, f.level):
                out |= self._numbers(part)
        for c in reversed(f.coefficients):
            if c.is_zero():
                continue
            if c.is_constant():
                return out
            out |= self._numbers(c)
            if sign_at(c, point.coordinates):
                return out
        raise Nullified


Conditions = list[tuple[fmpz_mpoly, str]]


def conjunctions(formula: Formula, negated: bool = False) -> list[Conditions] | None:
    """Return conjunctions whose disjunction is the matrix (or its negation), ``None`` if there are more than `ALTERNATIVES`."""
    found: dict[int, list[Conditions]] = {}
    for n in formula.needed():
        node = formula.nodes[n]
        if node[0] == "atom":
            found[n] = [[(formula.atoms[node[1]], NEGATED[node[2]] if negated else node[2])]]
        elif node[0] in ("true", "false"):
            found[n] = [[]] if (node[0] == "true") != negated else []
        elif (node[0] == "or") != negated:
            found[n] = [c for child in node[1] for c in found[child]]
        else:
            found[n] = [[]]
            for child in node[1]:
                found[n] = [a + b for a in found[n] for b in found[child]]
                if len(found[n]) > ALTERNATIVES:
                    return None
        if len(found[n]) > ALTERNATIVES:
            return None
    return found[formula.root]


def applicable(formula: Formula) -> list[Conditions] | None:
    """Return what has to be satisfied to decide a sentence, ``None`` if its quantifiers are mixed or it splits into too many parts."""
    kinds = {kind for kind, _ in formula.prefix}
    if formula.free or len(kinds) != 1:
        return None
    return conjunctions(formula, "forall" in kinds)


def satisfy(formula: Formula, budget: Budget | None = None) -> tuple[dict[str, Coordinate] | None, int]:
    """Return a point that makes the matrix of an existential sentence true (of a universal one: false), or ``None``; and the lines looked at.

    Every alternative is tried in an order of the variables of its own.  A point that is found has been put into the conditions again.

    Raises
    ------
    Nullified
        The formula has another form, or a polynomial vanishes identically over a sample.
    """
    parts = applicable(formula)
    if parts is None:
        raise Nullified
    lines, failure = 0, None
    formula.ring.limit(None if budget is None else budget.remaining())
    for conditions in parts:
        supports = [[tuple(map(int, e)) for e in p.monoms()] for p, _ in conditions]
        ring = Ring(order.brown(formula.ring.names, supports, formula.ring.index))
        ring.work, ring.patience, ring.deadline = formula.ring.work, formula.ring.patience, formula.ring.deadline
        search = Search(ring, [(order.moved(p, formula.ring, ring), relation) for p, relation in conditions], budget)
        try:
            found = search.run()
        except Nullified as reason:
            failure = reason
            continue
        finally:
            lines += search.stacks
        if found is not None:
            if not search.verifies(found):
                raise BudgetExceeded("a point does not verify: this is an error of the program", code="TC399", where="coverings")
            return dict(zip(ring.names, found, strict=True)), lines
    if failure is not None:
        raise failure
    return None, lines
