"""Coordinates in which closures of cells behave, and the way back to the coordinates of the user.

A chart is a linear change x = M u with an integer matrix of determinant 1 or -1.  Three things may be wanted of it:

* no projection factor vanishes identically over a point: then closures of cells are unions of cells (`tamecheck.geometry.cad.adjacency`);
* it is *proper*: the leading coefficient of every projection factor is a number, so that roots over a bounded set are bounded;
* whatever else the caller tests.

Charts are tried in a fixed order: the variables as given, other orders of them, and shears with small numbers (almost every shear is good, by
Noether's normalisation).  Everything is deterministic.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import permutations
from math import comb

from flint import arb, fmpq, fmpz_mat, fmpz_mpoly, fmpz_poly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.adjacency import Adjacency, Node, Obstruction
from tamecheck.geometry.cad.cells import Decomposition
from tamecheck.geometry.cad.order import cost
from tamecheck.geometry.cad.projection import Projection, project
from tamecheck.ground.algebraic import MAXIMAL_PRECISION, AlgebraicNumber, number, precision, real_roots
from tamecheck.ground.polynomials import MAXIMAL_TERMS, Ring
from tamecheck.ground.towers import Tower

SHEARS = ((1, 1, 1), (1, 2, 1), (-1, 1, 2), (2, 1, -1), (1, -2, 1), (3, 1, 1), (2, -3, 1), (-1, 3, 2), (3, 2, -2), (5, -3, 4))
REFINED_STACKS = 1_500
REFINED_WORK = 3 * 10**6
"""Limits for a decomposition in which another one is refined; see `tamecheck.ground.polynomials.MAXIMAL_WORK`."""
MAXIMAL_DEGREE = 24
"""Degree up to which a coordinate is written with its minimal polynomial."""


@dataclass(frozen=True)
class Chart:
    """A linear change of coordinates: old = matrix times new.

    Attributes
    ----------
    old, new : tuple of str — names of the variables
    matrix : tuple of rows of int
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]

    @property
    def trivial(self) -> bool:
        """Whether the variables are only put in another order."""
        return set(self.old) == set(self.new)

    def into(self, source: Ring, target: Ring) -> Callable[[fmpz_mpoly], fmpz_mpoly]:
        """Return the map of polynomials p(old) to p(M new)."""
        images = [_linear(target, row) for row in self.matrix]
        return lambda p: _composed(p, images, target, self.trivial)

    def back(self, source: Ring, target: Ring) -> Callable[[fmpz_mpoly], fmpz_mpoly]:
        """Return the map of polynomials q(new) to q(M^-1 old)."""
        images = [_linear(source, row) for row in self.inverse()]
        return lambda p: _composed(p, images, source, self.trivial)

    def inverse(self) -> list[list[int]]:
        """Return the inverse matrix."""
        m = fmpz_mat([list(row) for row in self.matrix]).inv()
        n = len(self.old)
        return [[int(fmpq(m[i, j]).p) for j in range(n)] for i in range(n)]

    def forms(self) -> list[str]:
        """Return each new variable as a text in the old ones."""
        return [_form(row, self.old) for row in self.inverse()]

    def __str__(self) -> str:
        if self.trivial:
            return ", ".join(self.new)
        return ", ".join([f"{name} = {form}" for name, form in zip(self.new, self.forms(), strict=True)])


def _form(row: Sequence[int], names: Sequence[str]) -> str:
    text = ""
    for c, name in zip(row, names, strict=True):
        if c:
            size = name if abs(c) == 1 else f"{abs(c)}*{name}"
            text += ("-" if c < 0 else "+" if text else "") + size
    return text or "0"


def _linear(ring: Ring, row: Sequence[int]) -> fmpz_mpoly:
    total = ring.constant(0)
    for c, name in zip(row, ring.names, strict=True):
        total += ring.variable(name) * c
    return total


def _composed(p: fmpz_mpoly, images: list[fmpz_mpoly], ring: Ring, trivial: bool) -> fmpz_mpoly:
    degree = p.total_degree() if not p.is_zero() else 0
    if not trivial and comb(int(degree) + len(images), len(images)) > MAXIMAL_TERMS:
        raise BudgetExceeded(f"a polynomial of degree {degree} is too large for a change of coordinates", code="TC306")
    return p.compose(*images, ctx=ring.context)


def charts(ring: Ring, factors: Sequence[fmpz_mpoly]) -> Iterator[tuple[Chart, Ring, list[fmpz_mpoly]]]:
    """Yield charts with their rings and the polynomials there: the given order, other orders by the cost of projection, shears."""
    names = ring.names
    n = len(names)

    def order_chart(order: Sequence[int]) -> tuple[Chart, Ring, list[fmpz_mpoly]]:
        new = tuple([names[i] for i in order])
        matrix = tuple([tuple([1 if names[i] == v else 0 for v in new]) for i in range(n)])
        return _with(Chart(names, new, matrix), ring, factors)

    yield order_chart(range(n))
    others = []
    # more than three variables: too many orders to project them all
    for order in list(permutations(range(n)))[1:] if n <= 3 else []:
        candidate = order_chart(order)
        try:
            others.append((cost(project(candidate[1], candidate[2], "brown")[0]), len(others), candidate))
        except BudgetExceeded:
            continue
    for _, _, candidate in sorted(others, key=lambda t: t[:2]):
        yield candidate
    if n > 1:
        yield from sheared(ring, factors)


def sheared(ring: Ring, factors: Sequence[fmpz_mpoly]) -> Iterator[tuple[Chart, Ring, list[fmpz_mpoly]]]:
    """Yield charts x_i = u_i + (small numbers) u_j for j > i, in which the polynomials are monic in the last variable."""
    n = len(ring.names)
    new = _fresh(ring.names)
    for k, triple in enumerate(SHEARS):
        matrix = [[1 if i == j else 0 for j in range(n)] for i in range(n)]
        for i in range(n):
            for j in range(i + 1, n):
                # the last column is the direction of projection
                matrix[i][j] = triple[i % 3] if j == n - 1 else triple[2] + (i + j + k) % 2
        chart, target, moved = _with(Chart(ring.names, new, tuple([tuple(row) for row in matrix])), ring, factors)
        if all([constant_lead(target, p) for p in moved]):
            yield chart, target, moved


def constant_lead(ring: Ring, p: fmpz_mpoly) -> bool:
    """Return whether the degree in the last variable is the total degree."""
    return p.degrees()[len(ring.names) - 1] == p.total_degree()


def _fresh(names: Sequence[str]) -> tuple[str, ...]:
    for stem in ("uvw", "rst", "abc"):
        if len(names) <= 3 and not set(stem) & set(names):
            return tuple(stem[: len(names)])
    k = 1
    while any([name.startswith(f"u{k}_") for name in names]):
        k += 1
    return tuple([f"u{k}_{i + 1}" for i in range(len(names))])


def _with(chart: Chart, ring: Ring, factors: Sequence[fmpz_mpoly]) -> tuple[Chart, Ring, list[fmpz_mpoly]]:
    target = Ring(chart.new)
    target.work = ring.work
    into = chart.into(ring, target)
    return chart, target, [into(p) for p in factors]


def proper(projection: Projection) -> bool:
    """Return whether the leading coefficient of every factor is a number."""
    return all([f.coefficients[f.degree].is_constant() for f in projection.factors])


@dataclass(eq=False)
class Frame:
    """A decomposition in a chart, with the closures of its cells."""

    chart: Chart
    source: Ring
    decomposition: Decomposition
    adjacency: Adjacency
    _refined: "tuple[Frame, list[int]] | BudgetExceeded | None" = field(default=None, repr=False)

    @property
    def proper(self) -> bool:
        """Whether roots over bounded sets are bounded."""
        return proper(self.decomposition.projection)

    def sample(self, node: Node) -> tuple[Fraction | AlgebraicNumber, ...]:
        """Return the sample point of a cell in the old coordinates, exactly."""
        return tuple([value(node, row) for row in self.chart.matrix])

    def locate(self, point: Sequence[object]) -> int:
        """Return the number of the cell that holds a point given in the old coordinates."""
        moved = []
        for row in self.chart.inverse():
            total = number(0)
            for c, v in zip(row, point, strict=True):
                total = total + number(v) * c if c else total
            moved.append(total)
        return self.adjacency.number(self.decomposition.locate(moved))

    def refined(self) -> "tuple[Frame, list[int]]":
        """Return a proper frame whose cells lie in cells of this one, and for each of them the number of that cell.

        Raises
        ------
        BudgetExceeded
            TC306 if there are too many cells, or a sample point has coordinates of too large degree.
        """
        if self._refined is None:
            try:
                self._refined = self._refine()
            except BudgetExceeded as stop:
                self._refined = stop
        if isinstance(self._refined, BudgetExceeded):
            raise self._refined
        return self._refined

    def _refine(self) -> "tuple[Frame, list[int]]":
        back = self.chart.back(self.source, self.decomposition.ring)
        factors = [back(f.polynomial) for f in self.decomposition.projection.factors]
        # the projection of a projection: large resultants are refused, not waited for
        ring = Ring(self.source.names)
        ring.work = REFINED_WORK
        try:
            found = frame(ring, factors, only_proper=True, budget=Budget(steps=REFINED_STACKS))
        except BudgetExceeded as stop:
            raise BudgetExceeded("coordinates without escaping roots need too many cells", code="TC306", where=stop.message) from stop
        owners = []
        for node in found.adjacency.cells:
            point = found.sample(node)
            if any([isinstance(x, Combination) for x in point]):
                raise BudgetExceeded("a sample point has coordinates of too large degree", code="TC306", where="proper coordinates")
            owners.append(self.locate(point))
        return found, owners


def frame(
    ring: Ring,
    factors: Sequence[fmpz_mpoly],
    *,
    accept: Callable[[Frame], bool] | None = None,
    only_proper: bool = False,
    budget: Budget | None = None,
    observe: Callable[[Decomposition], None] | None = None,
) -> Frame:
    """Return the first chart in which closures of cells are unions of cells (and that is proper, and accepted, if wanted).

    ``observe`` is called with every complete decomposition on the way.

    Raises
    ------
    BudgetExceeded
        The budget, TC306 if no chart of the list will do.
    """
    failure: BudgetExceeded | None = None
    for chart, target, moved in charts(ring, factors):
        try:
            target.limit(None if budget is None else budget.remaining())
            d = Decomposition(target, moved, [target.text(p) for p in moved])
            d.prepare()
            if only_proper and not proper(d.projection):
                continue
            if budget is not None and chart.trivial is False:
                budget.spend(1, "coordinates")
            d.resume(budget)
            if observe is not None:
                observe(d)
            found = Frame(chart, ring, d, Adjacency(d, budget))
        except Obstruction:
            continue
        except BudgetExceeded as stop:
            if stop.code != "TC306":
                raise
            failure = failure or stop
            continue
        if accept is None or accept(found):
            return found
    if failure is not None:
        raise failure
    raise BudgetExceeded("no coordinates of the list are good enough", code="TC306", where="coordinates")


def touching(decomposition: Decomposition, budget: Budget | None = None):
    """Return which cells of any complete decomposition meet the closure of which, as a networkx graph with edges from c to d if d meets cl(c).

    Where a factor vanishes identically over a point, the closure of a cell may hold a part of a cell only.  Then "meets" is decided in
    other coordinates, on a decomposition in which all projection factors (and derivatives that cut such fibres) have constant signs: each
    cell there lies in one cell here.
    """
    import networkx

    graph = networkx.DiGraph()
    for i, cell in enumerate(decomposition.cells):
        graph.add_node(i, index=cell.index, dimension=cell.dimension, signs=cell.signs)
    try:
        cells = Adjacency(decomposition, budget)
        graph.add_edges_from([(i, j) for i in range(len(cells)) for j in cells.closure(i) if j != i])
        return graph
    except Obstruction:
        pass
    ring = decomposition.ring
    factors = {str(f.polynomial): f.polynomial for f in decomposition.projection.factors}
    for cell in decomposition.cells:
        for stack in cell.stacks:
            if stack.null:
                factors.update({str(q): q for root in stack.roots for f, _ in root.factors if not f.known for q, _ in ring.factors(f.polynomial)[1]})
    found = frame(ring, list(factors.values()), budget=budget)
    place = {cell.path: i for i, cell in enumerate(decomposition.cells)}
    owners = []
    for node in found.adjacency.cells:
        point = found.sample(node)
        if any([isinstance(x, Combination) for x in point]):
            raise BudgetExceeded("a sample point has coordinates of too large degree", code="TC306", where="adjacency")
        owners.append(place[decomposition.locate(point).path])
    for i, owner in enumerate(owners):
        graph.add_edges_from([(owner, owners[j]) for j in found.adjacency.closure(i) if owners[j] != owner])
    return graph


# ------------------------------------------------------------------------ values


class Combination:
    """An integer combination of the coordinates of a point whose minimal polynomial was not found: exact, by enclosures."""

    rational = None

    def __init__(self, coordinates: Sequence, row: Sequence[int]) -> None:
        self.coordinates, self.row = tuple(coordinates), tuple(row)

    def __repr__(self) -> str:
        return f"number near {self.ball(64).mid().str(8, radius=False)}"

    def ball(self, bits: int = 64) -> arb:
        """Return an enclosure."""
        with precision(bits):
            return _ball(self.coordinates, self.row, bits)


def _ball(coordinates: Sequence, row: Sequence[int], bits: int) -> arb:
    total = arb(0)
    for c, x in zip(row, coordinates, strict=True):
        if c:
            total += c * (arb(x.rational) if x.rational is not None else x.ball(bits))
    return total


def value(node: Node, row: Sequence[int]) -> Fraction | AlgebraicNumber | Combination:
    """Return an integer combination of the coordinates of a sample point, with its minimal polynomial."""
    coordinates = node.coordinates()
    irrational = [i for i, x in enumerate(coordinates) if x.rational is None and row[i]]
    known = [coordinates[i] for i in irrational if isinstance(coordinates[i], AlgebraicNumber)]
    if len(known) == len(irrational) < 2:
        total = number(sum([Fraction(row[i] * int(x.rational.p), int(x.rational.q)) for i, x in enumerate(coordinates) if x.rational is not None]))
        for i in irrational:
            total = total + coordinates[i] * row[i]
    else:
        total = recognise(coordinates[: irrational[-1] + 1], row[: irrational[-1] + 1])
        rest = [(c, x) for c, x in zip(row[irrational[-1] + 1 :], coordinates[irrational[-1] + 1 :], strict=True) if c]
        if total is None:
            return Combination(coordinates, row)
        for c, x in rest:
            total = total + number(x.rational) * c
    return Fraction(int(total.rational.p), int(total.rational.q)) if total.rational is not None else total


def recognise(coordinates: Sequence, row: Sequence[int]) -> AlgebraicNumber | None:
    """Return an integer combination of algebraic coordinates as an algebraic number, ``None`` if its degree is too large.

    An integer polynomial is guessed by lattice reduction from an enclosure and then proved to vanish, in the tower of the
    coordinates.  So a wrong guess costs time and nothing else.
    """
    tower = Tower(coordinates)
    degrees = [len(m) - 1 if isinstance(m, list) else m.degree() for m in tower.moduli]
    bound = 1
    for d in degrees:
        bound *= d
    for degree in sorted({1, 2, 3, 4, 6, 8, 12, 16, MAXIMAL_DEGREE, min(bound, MAXIMAL_DEGREE)}):
        if degree > max(bound, 1):
            break
        for bits in (64 * (degree + 1), 192 * (degree + 1)):
            guess = _relation(coordinates, row, degree, bits)
            if guess is None or not _vanishes(tower, guess, row):
                continue
            return _pick(guess, coordinates, row)
    return None


def _relation(coordinates: Sequence, row: Sequence[int], degree: int, bits: int) -> fmpz_poly | None:
    """Return a small integer polynomial that nearly vanishes (a guess)."""
    with precision(2 * bits + 64):
        x = _ball(coordinates, row, 2 * bits + 64)
        rows = []
        scaled = arb(2) ** bits
        for k in range(degree + 1):
            rounded = (scaled.mid() + arb(fmpq(1, 2))).floor().unique_fmpz()
            scaled *= x
            if rounded is None:
                return None
            rows.append([1 if i == k else 0 for i in range(degree + 1)] + [int(rounded)])
    shortest = fmpz_mat(rows).lll()
    c = [int(shortest[0, i]) for i in range(degree + 1)]
    p = fmpz_poly(c)
    return p if p.degree() > 0 else None


def _vanishes(tower: Tower, p: fmpz_poly, row: Sequence[int]) -> bool:
    h = len(tower.generators)
    x = tower.value(_terms(row), len(row))
    total = tower.embed(fmpq(0), h)
    for c in reversed(p.coeffs()):
        total = tower.add(tower.mul(total, x, h), tower.embed(fmpq(c), h), h)
    return tower.is_zero(total, h)


def _terms(row: Sequence[int]) -> list[tuple[tuple[int, ...], int]]:
    return [(tuple([1 if i == j else 0 for j in range(len(row))]), c) for i, c in enumerate(row) if c]


def _pick(p: fmpz_poly, coordinates: Sequence, row: Sequence[int]) -> AlgebraicNumber | None:
    """Return the real root of ``p`` that the combination is; it is known to be one."""
    roots = [x for x, _ in real_roots(tuple([int(c) for c in p.coeffs()]))]
    bits = 64
    while len(roots) > 1 and bits <= MAXIMAL_PRECISION:
        with precision(bits):
            x = _ball(coordinates, row, bits)
            roots = [r for r in roots if x.overlaps(r.ball(bits))]
        bits *= 2
    return roots[0] if len(roots) == 1 else None
