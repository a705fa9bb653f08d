"""The line cut by functions with exp, log, roots, ...: the space of programs of one variable that are not piecewise rational.

A guard is any function of the field of the program.  Its zeros on an interval on which it is analytic are found with proof that none was missed
(`tamecheck.geometry.univariate.isolation`); where that fails the question stays open (`Undecided`), never guessed.  The cells are points, exact
numbers such as log(2) or the only zero of a function between two rationals, and open intervals between them.
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import arb, fmpz_mpoly

from tamecheck.autodiff.fields import Field, Quotient
from tamecheck.autodiff.semantics import Missing, Undecided
from tamecheck.autodiff.space import MAXIMAL_CELLS, Cell, Space
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.asymptotics import bounded_by
from tamecheck.geometry.univariate.balls import precision
from tamecheck.geometry.univariate.balls import value as ball_of
from tamecheck.geometry.univariate.expressions import Algebra, Expr, TooLarge, Undefined
from tamecheck.geometry.univariate.monomials import ONE
from tamecheck.geometry.univariate.piecewise import Split, Unresolved, sign_between, sign_split
from tamecheck.geometry.univariate.points import between, enclosure
from tamecheck.geometry.univariate.printing import text
from tamecheck.geometry.univariate.regions import Limit, limit_of

Ends = tuple[Expr | None, Expr | None]
TOTAL = frozenset(["exp", "sin", "cos", "atan", "erf"])
POSITIVE_ARGUMENTS = frozenset(["log", "root"])


class Place:
    """An exact number that is not rational: a coordinate of a point."""

    __slots__ = ("expression",)

    def __init__(self, expression: Expr) -> None:
        self.expression = expression

    def ball(self, bits: int) -> arb:
        """Return an enclosure."""
        with precision(bits + 32):
            return ball_of(self.expression, bits)

    def __str__(self) -> str:
        if named(self.expression):
            return text(self.expression)
        return self.ball(64).mid().str(15, radius=False)


def named(e: Expr) -> bool:
    """Return whether a constant is written in known functions, rather than as the zero of something."""
    return not any([p.kind == "root" for p in e.ancestors()])


class Translation:
    """Functions of a field in one variable as expressions of the exact engine for one variable."""

    def __init__(self, field: Field) -> None:
        self.field, self.algebra = field, Algebra()
        self._polynomials: dict[str, Expr] = {}
        self.splits: dict[str, Split | None] = {}
        self._generators: dict[int, Expr] = {}

    def quotient(self, a: Quotient) -> Expr:
        """Return a quotient."""
        return self.algebra.div(self.polynomial(a[0]), self.polynomial(a[1]))

    def polynomial(self, p: fmpz_mpoly) -> Expr:
        """Return a polynomial in the variable and the generators."""
        key = str(p)
        found = self._polynomials.get(key)
        if found is None:
            k, n, pairs = self.algebra, self.field.n, []
            for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
                factors = [(k.x if j < n else self.generator(j - n), Fraction(int(e))) for j, e in enumerate(exponents) if int(e)]
                pairs.append((Fraction(int(c)), k.product(factors)))
            found = self._polynomials[key] = k.linear(pairs)
        return found

    def generator(self, j: int) -> Expr:
        """Return a generator."""
        found = self._generators.get(j)
        if found is None:
            g, k = self.field.generators[j], self.algebra
            if g.kind == "free":
                raise Undecided("a number that the rules do not tell")
            if g.kind == "pi":
                found = k.pi
            else:
                inner = self.quotient(g.argument)
                found = k.power(inner, Fraction(1, g.order)) if g.kind == "root" else k.function(g.kind, inner)
            self._generators[j] = found
        return found


def translation(field: Field) -> Translation:
    """Return the translation of a field, made once."""
    found = getattr(field, "translation", None)
    if found is None:
        found = field.translation = Translation(field)
    return found


class Line(Space):
    """One variable, any guards; cells from left to right: interval, point, interval, ...

    Attributes
    ----------
    ends : list of (low, high) — of the cells; ``None`` is infinite, both ends of a point are the point
    """

    linear = False

    def __init__(self, field: Field, guards: Sequence[fmpz_mpoly], budget: Budget | None = None) -> None:
        super().__init__(field, guards)
        self.to = translation(field)
        self.algebra = self.to.algebra
        self.zero_of: dict[int, list[int]] = {}
        points = self._cut(budget)
        self.ends: list[Ends] = []
        for low, high in zip([None, *points], [*points, None], strict=True):
            self.ends.append((low, high))
            if high is not None:
                self.ends.append((high, high))
        if len(self.ends) > MAXIMAL_CELLS:
            raise BudgetExceeded(f"more than {MAXIMAL_CELLS} cells", code="TC306", where="exact decision")
        for number, (low, high) in enumerate(self.ends):
            signs = tuple([self._sign_of_guard(i, g, low, high) for i, g in enumerate(self.guards)])
            known = {t: s for t, s in zip(self.texts, signs, strict=True) if s is not None}
            if low is high and low is not None:
                sample = low.rational if low.rational is not None else Place(low)
            else:
                sample = between(low, high)
            self.cells.append(Cell(number, signs, int(not (low is high and low is not None)), (sample,), known))

    # ------------------------------------------------------------------------ cutting

    def _cut(self, budget: Budget | None) -> list[Expr]:
        """Return the zeros of all guards in increasing order; a guard has values where the arguments of its logarithms and roots are positive,
        so intervals that were cut later are looked at again until nothing is new."""
        points: list[Expr] = []
        while True:
            made = self._cut_once(points, budget)
            if len(made) == len(points):
                return points
            points = made

    def _cut_once(self, points: list[Expr], budget: Budget | None) -> list[Expr]:
        for i, g in enumerate(self.guards):
            if budget is not None:
                budget.spend(1024, "kinks of a program")
            whole = self._whole(g)
            if whole is not None:
                points = self._merged(points, whole.points, i)
                continue
            made: list[Expr] = []
            for low, high in zip([None, *points], [*points, None], strict=True):
                split = self._split(g, low, high)
                if split is not None:
                    for p in split.points:
                        made.append(p)
                        self.zero_of.setdefault(i, []).append(p.id)
                if high is not None:
                    made.append(high)
            points = made
        return points

    def _merged(self, points: list[Expr], zeros: Sequence[Expr], i: int) -> list[Expr]:
        """Return the points with the zeros of guard number i among them; equal numbers are one point."""
        out, held = list(points), set(self.zero_of.get(i, ()))
        for z in zeros:
            place = 0
            while place < len(out) and self._compare(out[place], z) < 0:
                place += 1
            if place < len(out) and self._compare(out[place], z) == 0:
                z = out[place]
            else:
                out.insert(place, z)
            if z.id not in held:
                self.zero_of.setdefault(i, []).append(z.id)
        return out

    def _compare(self, a: Expr, b: Expr) -> int:
        s = constants.compare(a, b)
        if s is None:
            raise Undecided(f"whether the kinks {Place(a)} and {Place(b)} are one point")
        return s

    def _whole(self, p: fmpz_mpoly) -> Split | None:
        """Return the signs of a function on the whole line, found once; ``None`` if it is not defined everywhere or its zeros are not found so."""
        key = str(p)
        if key not in self.to.splits:
            found = None
            if self._total(p):
                try:
                    found = self._split(p, None, None)
                except Undecided:
                    found = None
            self.to.splits[key] = found
        return self.to.splits[key]

    def _total(self, p: fmpz_mpoly) -> bool:
        """Return whether a function is analytic on the line by its form."""
        for j, g in enumerate(self.field.generators):
            if g.argument is None or int(p.degrees()[self.field.n + j]) <= 0:
                continue
            constant = g.argument[0].is_constant() and g.argument[1].is_constant()
            if not constant and (g.kind not in TOTAL or not g.argument[1].is_constant() or not self._total(g.argument[0])):
                return False
        return True

    def _located(self, split: Split, x: Expr) -> int:
        """Return the sign at a point that a split says."""
        for k, z in enumerate(split.points):
            s = self._compare(x, z)
            if s <= 0:
                return split.at[k] if s == 0 else split.between[k]
        return split.between[-1]

    def _split(self, p: fmpz_mpoly, low: Expr | None, high: Expr | None) -> Split | None:
        """Return the signs of a function on an interval, ``None`` where it has no value.

        Raises
        ------
        Undecided
            If some sign stays open.
        """
        if not self._defined(p, low, high):
            return None
        try:
            found = sign_split(self.to.polynomial(p), low, high)
        except (Unresolved, TooLarge, Undefined) as reason:
            raise Undecided(f"the zeros of {self._shown(p)}: {reason}") from reason
        if None in found.between or any([s is None for s in found.at]):
            raise Undecided(f"the zeros of {self._shown(p)}: {found.reason or 'a sign is not known'}")
        return found

    def _defined(self, p: fmpz_mpoly, low: Expr | None, high: Expr | None) -> bool:
        """Return whether all functions in a polynomial have values, and are analytic, on an interval."""
        for j, g in enumerate(self.field.generators):
            if g.argument is None or int(p.degrees()[self.field.n + j]) <= 0:
                continue
            top, bottom = g.argument
            if not self._defined(top, low, high) or not self._defined(bottom, low, high):
                return False
            below = self._constant_sign(bottom, low, high)
            if not below:
                return False
            if g.kind in POSITIVE_ARGUMENTS and below * (self._constant_sign(top, low, high) or 0) <= 0:
                return False
            if g.kind in ("asin", "acos") and not all(
                [(self._constant_sign(bottom + top * s, low, high) or 0) * below > 0 for s in (1, -1)]
            ):
                return False
        return True

    def _constant_sign(self, p: fmpz_mpoly, low: Expr | None, high: Expr | None) -> int | None:
        """Return the sign of a function that is defined, ``None`` if it changes."""
        if p.is_constant():
            return 0 if p.is_zero() else 1 if p.coeffs()[0] > 0 else -1
        found = self._split(p, low, high)
        return None if found is None or found.points else found.between[0]

    def _shown(self, p: fmpz_mpoly) -> str:
        return self.field.text((p, self.field.one))[:120]

    def _sign_of_guard(self, i: int, g: fmpz_mpoly, low: Expr | None, high: Expr | None) -> int | None:
        if low is high and low is not None:
            if low.id in self.zero_of.get(i, ()):
                return 0
            whole = self._whole(g)
            try:
                return self._sign_at(g, low) if whole is None else self._located(whole, low)
            except Undecided:
                return None
        whole = self._whole(g)
        if whole is not None:
            return self._located(whole, self.algebra.number(between(low, high)))
        if not self._defined(g, low, high):
            return None
        e = self.to.polynomial(g)
        from tamecheck.geometry.univariate.isolation import zeros

        if zeros(e, low, high).identical:
            return 0
        s = sign_between(e, low, high)
        if s is None:
            raise Undecided(f"the sign of {self._shown(g)}")
        return s

    def _sign_at(self, p: fmpz_mpoly, point: Expr) -> int:
        try:
            s = constants.sign(self.algebra.at(self.to.polynomial(p), point))
        except (Undefined, TooLarge) as reason:
            raise Undecided(f"{self._shown(p)} has no value at {text(point)}") from reason
        if s is None:
            raise Undecided(f"the sign of {self._shown(p)} at {Place(point)}")
        return s

    # ---------------------------------------------------------------------- questions

    def sign(self, p: fmpz_mpoly, cell: Cell) -> int:
        """Return the sign of a function on a whole cell.

        Raises
        ------
        Missing
            If it changes: cut the line by the function.
        Undecided
        """
        low, high = self.ends[cell.number]
        whole = self._whole(p)
        if whole is not None:
            inside = [z for z in whole.points if (low is None or self._compare(low, z) < 0) and (high is None or self._compare(z, high) < 0)]
            if inside and cell.dimension:
                raise Missing(p)
            return self._located(whole, low if cell.dimension == 0 else self.algebra.number(cell.sample[0]))
        if cell.dimension == 0:
            return self._sign_at(p, low)
        found = self._split(p, low, high)
        if found is None:
            raise Undecided(f"{self._shown(p)} has no value where {self.formula(cell)}")
        if found.points:
            raise Missing(p)
        return found.between[0]

    def vanishes(self, a: Quotient, cell: Cell) -> bool | None:
        if a[0].is_zero():
            return True
        try:
            return self.sign(a[0], cell) == 0
        except Missing:
            return False
        except Undecided:
            pass
        try:
            ball = self.field.ball((a[0], self.field.one), cell.sample)
        except (ValueError, ZeroDivisionError):
            return None
        return False if ball > 0 or ball < 0 else None

    def vectors(self, cell: Cell) -> list[list[Quotient]]:
        return [[(self.field.one, self.field.one)]] if cell.dimension else []

    def restrict(self, a: Quotient, cell: Cell) -> Quotient | None:
        if cell.dimension or not isinstance(cell.sample[0], Fraction):
            return a
        return self.field.substitute(a, [self.field.number(cell.sample[0])])

    def around(self, cell: Cell) -> list[Cell]:
        return [] if cell.dimension else [self.cells[cell.number - 1], self.cells[cell.number + 1]]

    def boundary(self, cell: Cell) -> list[Cell]:
        return [self.cells[k] for k in (cell.number - 1, cell.number + 1) if cell.dimension and 0 <= k < len(self.cells)]

    def value(self, a: Quotient, cell: Cell) -> Expr | None:
        """Return the value of a function at a point (or at the sample of an interval)."""
        k = self.algebra
        point = self.ends[cell.number][0] if cell.dimension == 0 else k.number(cell.sample[0])
        try:
            return k.at(self.to.quotient(a), point)
        except (Undefined, Undecided, TooLarge):
            return None

    def limit(self, a: Quotient, point: Cell, side: Cell) -> Limit:
        """Return the limit of a function at a point from the interval beside it: a constant, 1 or -1 for infinite ones, or ``None``."""
        if not self._beside(a, side):
            return None
        try:
            return limit_of(self.to.quotient(a), (self.ends[point.number][0], 1 if side.number > point.number else -1))
        except (Undefined, Undecided, Unresolved, TooLarge):
            return None

    def bounded(self, a: Quotient, point: Cell, side: Cell) -> bool | None:
        """Return whether a function on an interval is bounded near one of its ends."""
        found = self.limit(a, point, side)
        if found is not None:
            return not isinstance(found, int)
        if not self._beside(a, side):
            return None
        try:
            end = (self.ends[point.number][0], 1 if side.number > point.number else -1)
            return True if bounded_by(self.to.quotient(a), end, ONE) else None
        except (Undefined, Undecided, Unresolved, TooLarge):
            return None

    def _beside(self, a: Quotient, side: Cell) -> bool:
        try:
            return all([self._defined(p, *self.ends[side.number]) for p in a])
        except Undecided:
            return False

    # ------------------------------------------------------------------------- points

    def contains(self, cell: Cell, point: Sequence[Fraction]) -> bool:
        """Return whether a rational point lies in a cell."""
        return self.holds(cell, point)

    def holds(self, cell: Cell, point: Sequence[Fraction], weak: bool = False) -> bool:
        """Return whether a rational point lies in a cell (``weak``: or in its closure)."""
        low, high = self.ends[cell.number]
        x = self.algebra.number(Fraction(point[0]))
        left = 1 if low is None else constants.compare(x, low)
        right = -1 if high is None else constants.compare(x, high)
        if left is None or right is None:
            return False
        return (left >= 0 >= right) if weak or cell.dimension == 0 else left > 0 > right

    def stays(self, cell: Cell, curve: Sequence[Quotient]) -> bool:
        """Return whether a segment lies in an interval for 0 < t < 1."""
        top, bottom = curve[0]
        if not cell.dimension or not bottom.is_constant() or top.total_degree() > 1 or self.field.transcendental(top) or top.is_constant():
            return False
        d = int(bottom.coeffs()[0])
        table = {int(e[0]): Fraction(int(c), d) for e, c in zip(top.monoms(), top.coeffs(), strict=True)}
        start = table.get(0, Fraction(0))
        return all([self.holds(cell, [x], weak=True) for x in (start, start + table.get(1, Fraction(0)))])

    def points(self, cell: Cell, count: int) -> list[tuple[Fraction, ...]]:
        """Return a few rational points of a cell."""
        if cell.dimension == 0:
            return [cell.sample] if isinstance(cell.sample[0], Fraction) else []
        low, high = self.ends[cell.number]
        out, k = [cell.sample], self.algebra
        a = b = k.number(cell.sample[0])
        for _ in range(1, count, 2):
            a, b = k.number(between(low, a)), k.number(between(b, high))
            out += [(a.rational,), (b.rational,)]
        return out[:count]

    # --------------------------------------------------------------------------- text

    def formula(self, cell: Cell) -> str:
        """Return the conditions of a cell, as text that can be read again."""
        return self.run_formula(cell, cell)

    def run_formula(self, first: Cell, last: Cell) -> str:
        """Return the conditions of the union of all cells from one to another."""
        low, high = self.ends[first.number][0], self.ends[last.number][1]
        if first is last and first.dimension == 0:
            return self._equal(low)
        parts = [self._side(p, s, not c.dimension) for p, s, c in ((low, 1, first), (high, -1, last)) if p is not None]
        return " and ".join(parts) or "True"

    def _equal(self, p: Expr) -> str:
        name = self.field.ring.names[0]
        if named(p):
            return f"{name} == {text(p)}"
        i, low, high = self._bracket(p)
        return f"{self._shown(self.guards[i])} == 0 and {name} > {low} and {name} < {high}"

    def _side(self, p: Expr, side: int, closed: bool) -> str:
        name = self.field.ring.names[0]
        if named(p):
            return f"{name} {'>' if side > 0 else '<'}{'=' if closed else ''} {text(p)}"
        # the guard has no other zero between the rationals: its sign tells the sides apart
        i, low, high = self._bracket(p)
        place = self.ends.index((p, p))
        s = self.cells[place + side].signs[i]
        condition = f"{self._shown(self.guards[i])} {'>' if s > 0 else '<'}{'=' if closed else ''} 0"
        far, near = (high, low) if side > 0 else (low, high)
        beyond = ">" if side > 0 else "<"
        return f"({name} {beyond} {far} or ({name} {beyond} {near} and {condition}))"

    def _bracket(self, p: Expr) -> tuple[int, Fraction, Fraction]:
        """Return a guard that vanishes at a point, and rationals around the point between which no other point of the cut lies."""
        i = next(k for k, zeros in self.zero_of.items() if p.id in zeros)
        place = self.ends.index((p, p))
        before, after = self.ends[place - 1][0], self.ends[place + 1][1]
        below, above = enclosure(p)
        k = self.algebra
        left = between(before if before is not None else k.number(below - 1), p)
        right = between(p, after if after is not None else k.number(above + 1))
        return i, left, right
