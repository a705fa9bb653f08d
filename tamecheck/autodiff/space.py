"""Space cut by the zero sets of polynomials, the *guards*: cells on which every guard has one sign, exactly, with their closures.

Two ways to cut, with one face to the outside:

* all guards linear, any number of variables: cells are relatively open polyhedra, one per vector of signs that occurs.  A cell lies in the closure of
  another if and only if its signs arise from the other's by putting zeros (move from a point of the one to a point of the other);
* otherwise, in at most three variables, a cylindrical decomposition: cells are connected, closures come from `tamecheck.geometry.cad.adjacency`.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from flint import fmpq, fmpz_mpoly

from tamecheck.autodiff.fields import Field, Quotient
from tamecheck.autodiff.semantics import Undecided
from tamecheck.autodiff.symbolic import Symbolic, affine, coordinate
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.ground import linear
from tamecheck.ground.polynomials import Ring

MAXIMAL_CELLS = 9_000
MAXIMAL_CURVED = 3


class TooCurved(Exception):
    """Curved guards in too many variables, or a decomposition without closures."""


class Cell:
    """A set on which the guards have constant signs.

    Attributes
    ----------
    number : int
    signs : tuple of int — of the guards
    dimension : int
    sample : tuple — exact coordinates: `Fraction`, or algebraic numbers
    """

    __slots__ = ("number", "signs", "dimension", "sample", "known", "inner")

    def __init__(self, number: int, signs: tuple[int, ...], dimension: int, sample: tuple, known: dict[str, int], inner: object = None) -> None:
        self.number, self.signs, self.dimension, self.sample, self.known, self.inner = number, signs, dimension, sample, known, inner

    def __repr__(self) -> str:
        return f"Cell({''.join(['0+-'[s] for s in self.signs])}, dimension {self.dimension})"


class Space:
    """The cells of a set of guards.

    Attributes
    ----------
    field : Field
    guards : list of irreducible polynomials of the ring of the field, in the variables only
    cells : list of Cell
    """

    linear = True

    def __init__(self, field: Field, guards: Sequence[fmpz_mpoly]) -> None:
        self.field, self.n = field, field.n
        self.guards = list(guards)
        self.texts = [str(g) for g in guards]
        self.cells: list[Cell] = []
        self._restrictions: dict[int, list[Quotient]] = {}
        self._bases: dict[int, tuple] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.cells)} cells of {len(self.guards)} guards)"

    def kinks(self, cell: Cell) -> list[fmpz_mpoly]:
        """Return the guards that vanish on a cell."""
        return [g for g, s in zip(self.guards, cell.signs, strict=True) if s == 0]

    def formula(self, cell: Cell) -> str:
        """Return the conditions of a cell, as text that can be read again."""
        parts = []
        for g, s in zip(self.guards, cell.signs, strict=True):
            parts.append(f"{self.field._text(g)} {'=><'[s]}{'=' if s == 0 else ''} 0")
        return " and ".join(parts) or "True"

    def _row(self, p: fmpz_mpoly) -> tuple[list[fmpq], fmpq | Symbolic]:
        a, b, parts = [fmpq(0)] * self.n, fmpq(0), {}
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            places = [k for k in range(self.n) if int(exponents[k])]
            if places:
                a[places[0]] = fmpq(c)
            elif any([int(e) for e in exponents]):
                parts[tuple([int(e) for e in exponents])] = fmpq(c)
            else:
                b = fmpq(c)
        return a, Symbolic(self.field, b, parts) if parts else b

    def holds(self, cell: Cell, point: Sequence[Fraction], weak: bool = False) -> bool:
        """Return whether the guards have the signs of a cell at a rational point (``weak``: or vanish)."""
        for g, s in zip(self.guards, cell.signs, strict=True):
            v = sum([int(c) * prod([x ** int(e) for x, e in zip(point, m, strict=False)]) for m, c in zip(g.monoms(), g.coeffs(), strict=True)])
            sign = (v > 0) - (v < 0)
            if sign != s and not (weak and sign == 0):
                return False
        return True

    def basis(self, cell: Cell) -> tuple[list[int], list[list[Fraction]], list[tuple[int, list[Fraction], Fraction]]]:
        """Return the free coordinates, a basis of the direction space (one vector per free coordinate), and x_j = sum c x + d for the others."""
        if cell.number not in self._bases:
            rows = [[*a, b] for a, b in [self._row(g) for g in self.kinks(cell) if affine(self.field, g)]]
            reduced, pivots = _echelon(rows, self.n)
            free = [k for k in range(self.n) if k not in pivots]
            solved = []
            for row, p in zip(reduced, pivots, strict=True):
                solved.append((p, [linear.rational(-row[k]) for k in free], coordinate(-row[self.n])))
            vectors = []
            for i, k in enumerate(free):
                v = [Fraction(0)] * self.n
                v[k] = Fraction(1)
                for p, c, _ in solved:
                    v[p] = c[i]
                vectors.append(v)
            self._bases[cell.number] = (free, vectors, solved)
        return self._bases[cell.number]

    def restriction(self, cell: Cell) -> list[Quotient]:
        """Return the coordinates of the points where the linear guards that vanish on a cell vanish, in terms of the free ones."""
        if cell.number not in self._restrictions:
            free, _, solved = self.basis(cell)
            f = self.field
            image = [f.variable(k) for k in range(self.n)]
            for p, c, d in solved:
                total = d.quotient() if isinstance(d, Symbolic) else f.number(d)
                for k, q in zip(free, c, strict=True):
                    if q:
                        total = f.add(total, f.scale(f.variable(k), q))
                image[p] = total
            self._restrictions[cell.number] = image
        return self._restrictions[cell.number]

    def restrict(self, a: Quotient, cell: Cell) -> Quotient | None:
        """Return a function in fewer variables that is the same on a cell; ``None`` if a denominator vanishes there."""
        if cell.dimension == self.n or not any([affine(self.field, g) for g in self.kinks(cell)]):
            return a
        return self.field.substitute(a, self.restriction(cell))

    def vectors(self, cell: Cell) -> list[list[Quotient]] | None:
        """Return vectors that span the tangent space at almost all points of a cell, ``None`` if that is not known."""
        raise NotImplementedError

    def wider_vectors(self, cell: Cell) -> list[list[Quotient]] | None:
        """Return vectors whose span holds the tangent space at almost all points of a cell, ``None`` if none are at hand."""
        return None

    def vanishes(self, a: Quotient, cell: Cell) -> bool | None:
        """Return whether a function is zero on a whole cell; ``None``: not known."""
        raise NotImplementedError

    def around(self, cell: Cell) -> list[Cell]:
        """Return the other cells with the cell in their closure."""
        raise NotImplementedError

    def open_around(self, cell: Cell) -> list[Cell]:
        """Return those of full dimension."""
        return [c for c in self.around(cell) if c.dimension == self.n]

    def boundary(self, cell: Cell) -> list[Cell]:
        """Return the other cells in the closure of a cell."""
        return [c for c in self.cells if c is not cell and any([d is cell for d in self.around(c)])]


class Arrangement(Space):
    """Linear guards."""

    def __init__(self, field: Field, guards: Sequence[fmpz_mpoly], budget: Budget | None = None) -> None:
        super().__init__(field, guards)
        self.rows = [self._row(g) for g in guards]
        self._enumerate(budget)
        self._by_signs = {c.signs: c for c in self.cells}
        self._around: dict[int, list[Cell]] = {}

    def _enumerate(self, budget: Budget | None) -> None:
        """Add the guards one by one: a guard independent of those before takes all three signs on every cell, else linear programs decide."""
        cells: list[tuple[tuple[int, ...], list[fmpq]]] = [((), [fmpq(0)] * self.n)] if self.n > 1 or not self.rows else self._sorted()
        basis: list[list[fmpq]] = []
        for a, b in self.rows if self.n > 1 else ():
            if budget is not None:
                budget.spend(1024, "kinks of a program")
            direction = _independent(basis, a, self.n)
            out = []
            for signs, point in cells:
                value = _dot(a, point) + b
                for s in (0, 1, -1):
                    if direction is not None:
                        t = (fmpq(s) - value) if s == 0 or _sign(value) != s else fmpq(0)
                        out.append(((*signs, s), [x + t * v for x, v in zip(point, direction, strict=True)]))
                    elif _sign(value) == s:
                        out.append(((*signs, s), point))
                    else:
                        found = linear.solve([(*self.rows[j], _RELATION[r]) for j, r in enumerate((*signs, s))], self.n)
                        if found is not None:
                            out.append(((*signs, s), found))
                if len(out) > MAXIMAL_CELLS:
                    raise BudgetExceeded(f"more than {MAXIMAL_CELLS} sets of kinks", code="TC306", where="exact decision", hint="a smaller program")
            if direction is not None:
                basis.append(a)
            cells = out
        for signs, point in cells:
            zeros = [self.rows[j][0] for j, s in enumerate(signs) if s == 0]
            sample = self._simple(signs, point) if len(zeros) == 0 else tuple([coordinate(x) for x in point])
            known = dict(zip(self.texts, signs, strict=True))
            self.cells.append(Cell(len(self.cells), signs, self.n - _rank(zeros), sample, known))

    def _sorted(self) -> list[tuple[tuple[int, ...], list[fmpq]]]:
        """Return the cells of the line: the zeros of the guards in increasing order and points between them."""
        zeros = sorted({-b / a[0] for a, b in self.rows})
        points = [zeros[0] - 1]
        for p, q in zip(zeros, [*zeros[1:], zeros[-1] + 2], strict=True):
            points += [p, (p + q) / 2]
        return [(tuple([_sign(a[0] * x + b) for a, b in self.rows]), [x]) for x in points]

    def _simple(self, signs: tuple[int, ...], point: list) -> tuple[Fraction, ...]:
        """Return a rational point of an open cell near a point of it."""
        if not any([isinstance(x, Symbolic) for x in point]):
            return tuple([coordinate(x) for x in point])
        for bits in (20, 60, 200, 1_000):
            near = [_near(x, bits) for x in point]
            if all([_sign(_dot(a, near) + b) == s for (a, b), s in zip(self.rows, signs, strict=True)]):
                return tuple([linear.rational(x) for x in near])
        raise Undecided("a rational point of an open cell")

    def holds(self, cell: Cell, point: Sequence[Fraction], weak: bool = False) -> bool:
        x = [_exact(c) for c in point]
        found = [_sign(_dot(a, x) + b) for a, b in self.rows]
        return all([f == s or (weak and f == 0) for f, s in zip(found, cell.signs, strict=True)])

    def stays(self, cell: Cell, ends: Sequence[Sequence[Fraction]]) -> bool:
        """Return whether a segment lies in a cell, its ends left out."""
        x, y = [[_exact(c) for c in p] for p in ends]
        for (a, b), s in zip(self.rows, cell.signs, strict=True):
            first, last = _sign(_dot(a, x) + b), _sign(_dot(a, y) + b)
            if {first, last} - {s, 0} or (s != 0) == (first == 0 == last):
                return False
        return True

    def vectors(self, cell: Cell) -> list[list[Quotient]]:
        return [[self.field.number(c) for c in v] for v in self.basis(cell)[1]]

    def vanishes(self, a: Quotient, cell: Cell) -> bool | None:
        if a[0].is_zero():
            return True
        b = self.restrict(a, cell)
        if b is None:
            return None
        if b[0].is_zero():
            return True
        return self._nonzero(b, cell)

    def _nonzero(self, b: Quotient, cell: Cell) -> bool | None:
        """Return False for what is not zero; an expression with generators must show it at a point."""
        if not self.field.transcendental(b[0]):
            return False
        ball = self.field.ball(b, cell.sample)
        if ball > 0 or ball < 0:
            return False
        for point in self.points(cell, 6):
            ball = self.field.ball(b, point)
            if ball > 0 or ball < 0:
                return False
        return None

    def points(self, cell: Cell, count: int) -> list[tuple[Fraction, ...]]:
        """Return a few rational points of a cell."""
        out = [cell.sample]
        _, vectors, _ = self.basis(cell)
        for t in range(1, count):
            step = [Fraction((7 * t + 3 * i) % 5 - 2, 1 + (t + i) % 3) for i in range(len(vectors))]
            scale = Fraction(1)
            for _ in range(12):
                shifts = [scale * sum([s * v[k] for s, v in zip(step, vectors, strict=True)], Fraction(0)) for k in range(self.n)]
                point = tuple([x + s if s else x for x, s in zip(cell.sample, shifts, strict=True)])
                if self.contains(cell, point):
                    out.append(point)
                    break
                scale /= 3
        return out

    def contains(self, cell: Cell, point: Sequence[Fraction]) -> bool:
        """Return whether a point lies in a cell."""
        return self.holds(cell, point)

    def linear_sign(self, p: fmpz_mpoly, cell: Cell) -> int | None:
        """Return the sign of a linear polynomial on a cell if it is one, by linear programs."""
        own = self._row(p)
        rows = [(*self.rows[k], _RELATION[s]) for k, s in enumerate(cell.signs)]
        found = [s for s in (1, 0, -1) if linear.solve([*rows, (*own, _RELATION[s])], self.n) is not None]
        return found[0] if len(found) == 1 else None

    def _neighbours(self, cell: Cell) -> list[Cell]:
        """Return the cells beside a cell of the line; they are sorted."""
        return [self.cells[k] for k in (cell.number - 1, cell.number + 1) if 0 <= k < len(self.cells)]

    def around(self, cell: Cell) -> list[Cell]:
        if self.n == 1:
            return [] if cell.dimension else self._neighbours(cell)
        found = self._around.get(cell.number)
        if found is None:
            zeros = [k for k, s in enumerate(cell.signs) if s == 0]
            found = []
            if 3 ** len(zeros) <= 4 * len(self.cells):
                for choice in product((0, 1, -1), repeat=len(zeros)):
                    signs = list(cell.signs)
                    for k, s in zip(zeros, choice, strict=True):
                        signs[k] = s
                    other = self._by_signs.get(tuple(signs))
                    if other is not None and other is not cell:
                        found.append(other)
            else:
                found = [c for c in self.cells if c is not cell and all([s in (0, r) for s, r in zip(cell.signs, c.signs, strict=True)])]
            self._around[cell.number] = found
        return found

    def boundary(self, cell: Cell) -> list[Cell]:
        if self.n == 1:
            return self._neighbours(cell) if cell.dimension else []
        return [c for c in self.cells if c is not cell and all([s in (0, r) for s, r in zip(c.signs, cell.signs, strict=True)])]


class Curved(Space):
    """Any guards, by cylindrical decomposition."""

    linear = False

    def __init__(self, field: Field, guards: Sequence[fmpz_mpoly], budget: Budget | None = None) -> None:
        from tamecheck.geometry.cad.cells import Decomposition

        super().__init__(field, guards)
        if self.n > MAXIMAL_CURVED:
            raise TooCurved(f"curved kink surfaces in {self.n} variables; the limit is {MAXIMAL_CURVED}")
        self.base = Ring(field.ring.names[: self.n])
        self.budget = budget
        self.polynomials = [self.down(g) for g in guards]
        d = self.decomposition = Decomposition(self.base, self.polynomials, [self.base.text(p) for p in self.polynomials])
        d.prepare("auto")
        d.resume(budget)
        for c in d:
            signs = c.signs
            if len(self.cells) > MAXIMAL_CELLS:
                raise BudgetExceeded(f"more than {MAXIMAL_CELLS} cells", code="TC306", where="exact decision")
            self.cells.append(Cell(len(self.cells), signs, c.dimension, c.sample, dict(zip(self.texts, signs, strict=True)), c))
        self._relation = None
        self._numbers: dict[tuple, Cell] = {c.inner.path: c for c in self.cells}
        self._around: dict[int, list[Cell]] = {}

    def down(self, p: fmpz_mpoly) -> fmpz_mpoly:
        """Return a polynomial without generators in the ring of the variables."""
        return self.base.context.from_dict({tuple([int(x) for x in e[: max(self.n, 1)]]): c for e, c in zip(p.monoms(), p.coeffs(), strict=True)})

    def vanishes(self, a: Quotient, cell: Cell) -> bool | None:
        p = a[0]
        if p.is_zero():
            return True
        if cell.dimension == self.n:
            return False if not self.field.transcendental(p) else self._ball(a, cell)
        zeros = self.kinks(cell)
        for q in zeros:
            if _divides(q, p):
                return True
        if self.field.transcendental(p):
            return self._on_axes(a, cell)
        if self.sign(p, cell) != 0:
            return False
        if cell.dimension == 0:
            return True
        if cell.dimension == self.n - 1 and zeros:
            # two polynomials without a common factor have no common zeros on a set of dimension n - 1 [van den Essen, or Bezout]
            return False
        return None

    def _on_axes(self, a: Quotient, cell: Cell) -> bool | None:
        """Decide for functions with generators: at a rational point by substitution, else by a ball."""
        if cell.dimension == 0 and all([isinstance(x, Fraction) for x in cell.sample]):
            b = self.field.substitute(a, [self.field.number(x) for x in cell.sample])
            if b is not None and b[0].is_zero():
                return True
        return self._ball(a, cell)

    def _ball(self, a: Quotient, cell: Cell) -> bool | None:
        ball = self.field.ball(a, cell.sample)
        return False if ball > 0 or ball < 0 else None

    def sign(self, p: fmpz_mpoly, cell: Cell) -> int:
        """Return the sign of a polynomial at the sample of a cell."""
        from tamecheck.ground.towers import sign_at

        return sign_at(self.down(p), cell.inner.point)

    def vectors(self, cell: Cell) -> list[list[Quotient]] | None:
        f = self.field
        n, d = self.n, cell.dimension
        one, zero = (f.one, f.one), (f.zero, f.one)
        if d == 0:
            return []
        if d == n:
            return [[one if i == k else zero for i in range(n)] for k in range(n)]
        gradients = [[(q.derivative(k), f.one) for k in range(n)] for q in self._equations(cell)]
        if d == n - 1:
            for g in gradients:
                if any([self.sign(c[0], cell) for c in g]):
                    return [[g[j] if i == k else (-g[k][0], f.one) if i == j else zero for i in range(n)] for k in range(n) for j in range(k + 1, n)]
            return None
        for i, a in enumerate(gradients):
            for b in gradients[i + 1 :]:
                v = [a[1][0] * b[2][0] - a[2][0] * b[1][0], a[2][0] * b[0][0] - a[0][0] * b[2][0], a[0][0] * b[1][0] - a[1][0] * b[0][0]]
                if any([self.sign(p, cell) for p in v]):
                    return [[(p, f.one) for p in v]]
        return None

    def wider_vectors(self, cell: Cell) -> list[list[Quotient]] | None:
        f, n = self.field, self.n
        one, zero = (f.one, f.one), (f.zero, f.one)
        for q in self.kinks(cell):
            g = [(q.derivative(k), f.one) for k in range(n)]
            if any([self.sign(c[0], cell) for c in g]):
                return [[g[j] if i == k else (-g[k][0], f.one) if i == j else zero for i in range(n)] for k in range(n) for j in range(k + 1, n)]
        return [[one if i == k else zero for i in range(n)] for k in range(n)]

    def _equations(self, cell: Cell) -> list[fmpz_mpoly]:
        """Return polynomials that vanish on a cell: guards, then factors of the projection."""
        out = self.kinks(cell)
        signs = cell.inner.factor_signs()
        seen = {str(p) for p in out}
        for level in self.decomposition.lifting.projection.levels:
            for factor in level or ():
                if signs.get(factor.number) == 0:
                    p = self.up(factor.polynomial)
                    if str(p) not in seen:
                        out.append(p)
        return out

    def up(self, p: fmpz_mpoly) -> fmpz_mpoly:
        """Return a polynomial of the ring of the variables in the ring of the field."""
        m = len(self.field.ring.names)
        return self.field.ring.context.from_dict(
            {(*[int(x) for x in e[: self.n]], *[0] * (m - self.n)): c for e, c in zip(p.monoms(), p.coeffs(), strict=True)}
        )

    def around(self, cell: Cell) -> list[Cell]:
        from tamecheck.geometry.cad.adjacency import Adjacency, Obstruction

        if self._relation is None:
            try:
                self._relation = Adjacency(self.decomposition, self.budget)
            except Obstruction as reason:
                raise TooCurved("the closures of the cells are not known: a factor vanishes over a cell of the plane") from reason
        found = self._around.get(cell.number)
        if found is None:
            a = self._relation
            star = a.star(a.number(cell.inner))
            found = self._around[cell.number] = [c for c in (self._numbers[a.cell(k).path] for k in sorted(star)) if c is not cell]
        return found

    def boundary(self, cell: Cell) -> list[Cell]:
        self.around(cell)
        a = self._relation
        return [c for c in (self._numbers[a.cell(k).path] for k in sorted(a.closure(a.number(cell.inner)))) if c is not cell]

    def contains(self, cell: Cell, point: Sequence[Fraction]) -> bool:
        """Return whether a rational point lies in a cell."""
        return self.decomposition.locate(point).path == cell.inner.path

    def points(self, cell: Cell, count: int) -> list[tuple]:
        """Return rational points of a cell near its sample (only the sample if that is not rational or the cell is no open set)."""
        if not all([isinstance(x, Fraction) for x in cell.sample]):
            return []
        out = [cell.sample]
        if cell.dimension == self.n:
            for t in range(1, count):
                for shrink in (1, 4, 16):
                    point = tuple([x + Fraction((5 * t + 3 * k) % 7 - 3, 2 * shrink) for k, x in enumerate(cell.sample)])
                    if self.contains(cell, point):
                        out.append(point)
                        break
        return out


_RELATION = {0: "eq", 1: "gt", -1: "lt"}


def _sign(q: fmpq | Symbolic) -> int:
    return q.sign() if isinstance(q, Symbolic) else (q > 0) - (q < 0)


def _exact(x: Fraction | Symbolic) -> fmpq | Symbolic:
    return x if isinstance(x, Symbolic) else fmpq(x.numerator, x.denominator)


def _near(x: fmpq | Symbolic, bits: int) -> fmpq:
    """Return a rational near a number."""
    if not isinstance(x, Symbolic):
        return x
    q = x.ball(bits + 64).mid() * 2**bits
    return fmpq(int(q.floor().fmpq().p), 2**bits)


def _dot(a: Sequence[fmpq], x: Sequence[fmpq]) -> fmpq:
    return sum([c * y for c, y in zip(a, x, strict=True) if c], fmpq(0))


def _echelon(rows: Sequence[Sequence[fmpq]], n: int) -> tuple[list[list[fmpq]], list[int]]:
    """Return the reduced rows and their pivots among the first n columns; the last coordinate is solved for first."""
    reduced: list[list[fmpq]] = []
    pivots: list[int] = []
    for row in rows:
        r = list(row)
        for other, p in zip(reduced, pivots, strict=True):
            if r[p]:
                factor = r[p]
                r = [x - factor * y for x, y in zip(r, other, strict=True)]
        p = next((k for k in range(n - 1, -1, -1) if r[k]), None)
        if p is None:
            continue
        r = [x / r[p] for x in r]
        for i, other in enumerate(reduced):
            if other[p]:
                factor = other[p]
                reduced[i] = [x - factor * y for x, y in zip(other, r, strict=True)]
        reduced.append(r)
        pivots.append(p)
    return reduced, pivots


def _rank(rows: Sequence[Sequence[fmpq]]) -> int:
    return len(_echelon(rows, len(rows[0]))[1]) if rows else 0


def _independent(basis: Sequence[Sequence[fmpq]], a: Sequence[fmpq], n: int) -> list[fmpq] | None:
    """Return v with b.v = 0 for the basis and a.v = 1, ``None`` if a depends on the basis."""
    reduced, pivots = _echelon([*basis, a], n)
    if len(pivots) != len(basis) + 1:
        return None
    # solve the system of all rows: b.v = 0, a.v = 1, free coordinates 0
    rows = [[*b, fmpq(0)] for b in basis] + [[*a, fmpq(-1)]]
    solved, places = _echelon(rows, n)
    v = [fmpq(0)] * n
    for row, p in zip(solved, places, strict=True):
        v[p] = -row[n]
    return v


def _divides(q: fmpz_mpoly, p: fmpz_mpoly) -> bool:
    try:
        return divmod(p, q)[1].is_zero()
    except (ArithmeticError, ValueError):
        return False
