"""Topology of semialgebraic sets that are unions of cells: closure, components, Euler characteristics, homology.

>>> r = region("x^2+y^2 <= 4 and x^2+y^2 > 1", ["x", "y"])
>>> r.dimension, r.euler_compact, r.euler, r.betti, r.is_open, r.is_closed
(2, 0, 0, (1, 1, 0), False, False)

The cells are those of a frame (`tamecheck.geometry.cad.shear`) in which the closure of a cell is a union of cells.  Then

* interior, closure and boundary are read off the face relation;
* connected components are those of the graph of faces: if neither of two sets of cells meets the closure of the other, their
  union is disconnected;
* chi_c is the alternating sum of the numbers of cells, whatever the decomposition.

Homology H_* (ordinary) with integral coefficients, by the first of these that applies:

``cells``    compact sets: the cells are a regular complex; the boundary maps are those of `Adjacency.incidence`.
``duality``  open sets of R^n: Poincare duality, H_k(U) = H_c^(n-k)(U), and the cochains of cells compute the latter.
``poset``    any union of cells in a proper frame: the set is homotopy equivalent to the order complex of the poset of its cells.  Proof: cut off
             at infinity (a deformation, since over bounded sets roots are bounded), where closed cells are balls, so that the whole is a
             regular complex K; in the barycentric subdivision of K, push away from the barycentres of cells outside the set.

Borel-Moore homology of locally closed sets (homology of the one-point compactification relative to the point) comes from the complex of all
cells of the set; its Euler characteristic is chi_c.

.. [L10] D. Lazard, "CAD and topology of semi-algebraic sets", Math. Comput. Sci. 4 (2010).
.. [BPR06] S. Basu, R. Pollack, M.-F. Roy, "Algorithms in Real Algebraic Geometry", Springer 2006, chapter 6.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import InputError
from tamecheck.geometry.cad.adjacency import Adjacency
from tamecheck.geometry.cad.cells import as_name
from tamecheck.geometry.cad.shear import Frame, frame
from tamecheck.geometry.cad.solutions import eliminate
from tamecheck.geometry.topology.homology import Boundary, Homology, Poset, homology
from tamecheck.ground import statements
from tamecheck.ground.algebraic import AlgebraicNumber
from tamecheck.ground.formulas import Formula
from tamecheck.ground.polynomials import Ring


def region(formula: object, variables: Sequence[str], *, proper: bool = False, budget: Budget | None = None) -> "Region":
    """Return the set of points of R^n that satisfy a formula, as a union of cells.

    Parameters
    ----------
    formula : str — for example ``"x^2+y^2 <= 1"``; quantifiers are eliminated first
    variables : sequence of str — all free variables, in any order
    proper : whether to insist on coordinates in which the homology of any set can be computed

    Raises
    ------
    InputError
        TC150 not polynomial, TC102 a variable that is not listed.
    BudgetExceeded
        The budget, or TC306 for a set that is too complicated.
    """
    names = [as_name(v) for v in variables]
    matrix = read_matrix(formula, names, budget)
    ring = matrix.ring
    ring.limit(None if budget is None else budget.remaining())
    problem = Problem(ring, matrix.atoms)
    found = frame(ring, problem.factors, only_proper=proper, budget=budget)
    members = [i for i in range(len(found.adjacency)) if problem.holds(matrix, found.adjacency.cell(i).signs)]
    return Region(found, frozenset(members), problem, matrix)


def read_matrix(formula: object, names: Sequence[str], budget: Budget | None = None) -> Formula:
    """Return a formula without quantifiers in exactly the given variables."""
    given = formula if isinstance(formula, Formula) else statements.read(formula, names)
    if given.prefix:
        answer = eliminate(given, budget=budget, extended=False)
        if answer.matrix is None:
            raise InputError("the quantifiers could not be eliminated without roots", code="TC150", hint="write the set without quantifiers")
        given = statements.read(answer.formula, names)
    return given


class Problem:
    """Polynomials of a ring as products of irreducible factors.

    Attributes
    ----------
    ring : Ring
    factors : list of fmpz_mpoly — irreducible, without repetition
    products : list of (sign of the constant, ((number of the factor, exponent), ...)); ``None`` for the polynomial 0
    """

    def __init__(self, ring: Ring, polynomials: Iterable[fmpz_mpoly]) -> None:
        self.ring = ring
        self.factors: list[fmpz_mpoly] = []
        self.products: list[tuple[int, tuple[tuple[int, int], ...]] | None] = []
        self._place: dict[str, int] = {}
        for p in polynomials:
            self.products.append(self.add(p))

    def add(self, p: fmpz_mpoly) -> tuple[int, tuple[tuple[int, int], ...]] | None:
        """Return a polynomial as a product, adding new factors."""
        if p.is_zero():
            return None
        unit, pairs = self.ring.factors(p)
        found = []
        for q, e in pairs:
            key = str(q)
            if key not in self._place:
                self._place[key] = len(self.factors)
                self.factors.append(q)
            found.append((self._place[key], e))
        return (1 if unit > 0 else -1), tuple(found)

    def sign(self, product: tuple[int, tuple[tuple[int, int], ...]] | None, signs: Sequence[int]) -> int:
        """Return the sign of a product from those of the factors."""
        if product is None:
            return 0
        sign, pairs = product
        for i, e in pairs:
            s = signs[i]
            if s == 0:
                return 0
            if e & 1:
                sign *= s
        return sign

    def holds(self, matrix: Formula, signs: Sequence[int]) -> bool:
        """Return the truth of a formula whose atoms are the first products."""
        return bool(matrix.evaluate(lambda i: self.sign(self.products[i], signs)))


class Region:
    """A union of cells of R^n.

    Attributes
    ----------
    frame : Frame — the coordinates and the cells
    members : frozenset of int — numbers of the cells
    """

    def __init__(self, found: Frame, members: frozenset[int], problem: Problem, matrix: Formula | None = None) -> None:
        self.frame = found
        self.members = members
        self.problem = problem
        self.matrix = matrix

    def __repr__(self) -> str:
        return f"Region(dimension {self.dimension}, {len(self.members)} cells of R^{self.ambient})"

    def __contains__(self, point: Sequence[object]) -> bool:
        """Return whether a point with rational coordinates (in the variables of the user) lies in the set."""
        values = [Fraction(v) for v in point]
        inverse = self.frame.chart.inverse()
        moved = [sum([c * v for c, v in zip(row, values, strict=True)]) for row in inverse]
        return self.cells.number(self.frame.decomposition.locate(moved)) in self.members

    def _with(self, members: Iterable[int]) -> "Region":
        return Region(self.frame, frozenset(members), self.problem)

    @property
    def cells(self) -> Adjacency:
        """The cells and their closures."""
        return self.frame.adjacency

    @property
    def ambient(self) -> int:
        """The number of variables."""
        return len(self.frame.chart.old)

    # -------------------------------------------------------------- point sets

    @cached_property
    def dimension(self) -> int:
        """The dimension, -1 for the empty set."""
        return max([self.cells.cells[i].dimension for i in self.members], default=-1)

    def local_dimension(self, number: int) -> int:
        """Return the dimension of the set near the points of one of its cells (-1 if the cell is not in its closure)."""
        return max([self.cells.cells[i].dimension for i in self.cells.star(number) & self.members], default=-1)

    def closure(self) -> "Region":
        """Return the closure."""
        return self._with(frozenset().union(*[self.cells.closure(i) for i in self.members]))

    def interior(self) -> "Region":
        """Return the interior."""
        return self._with([i for i in self.members if self.cells.star(i) <= self.members])

    def boundary(self) -> "Region":
        """Return closure minus interior."""
        return self._with(self.closure().members - self.interior().members)

    def frontier(self) -> "Region":
        """Return closure minus the set."""
        return self._with(self.closure().members - self.members)

    def complement(self) -> "Region":
        """Return the complement."""
        return self._with(frozenset(range(len(self.cells))) - self.members)

    @cached_property
    def is_closed(self) -> bool:
        """Whether the set is closed."""
        return all([j in self.members for i in self.members for j in self.cells.cells[i].faces])

    @cached_property
    def is_open(self) -> bool:
        """Whether the set is open in R^n."""
        return all([j in self.members for i in self.members for j in self.cells.cells[i].cofaces])

    @cached_property
    def is_locally_closed(self) -> bool:
        """Whether the set is open in its closure."""
        return self.frontier().is_closed

    @cached_property
    def is_bounded(self) -> bool:
        """Whether the set is bounded."""
        bounded = bounded_cells(self.cells)
        return all([bounded[i] for i in self.members])

    # -------------------------------------------------------------- components

    def _components(self) -> list[frozenset[int]]:
        left = set(self.members)
        found = []
        for start in sorted(self.members):
            if start not in left:
                continue
            left.discard(start)
            part, todo = [start], [start]
            while todo:
                node = self.cells.cells[todo.pop()]
                for j in (*node.faces, *node.cofaces):
                    if j in left:
                        left.discard(j)
                        part.append(j)
                        todo.append(j)
            found.append(frozenset(part))
        return found

    @cached_property
    def components(self) -> list["Region"]:
        """The connected components, in the order of their first cells.

        A cell may touch another of the set only through cells outside; faces of codimension one are not enough then, so all of the closure
        counts.
        """
        parts = self._components()
        owner = {i: k for k, part in enumerate(parts) for i in part}
        joined = list(range(len(parts)))

        def root(k: int) -> int:
            while joined[k] != k:
                k = joined[k]
            return k

        for i in self.members:
            for j in self.cells.closure(i) & self.members:
                a, b = root(owner[i]), root(owner[j])
                if a != b:
                    joined[max(a, b)] = min(a, b)
        groups: dict[int, set[int]] = {}
        for k, part in enumerate(parts):
            groups.setdefault(root(k), set()).update(part)
        return [self._with(groups[k]) for k in sorted(groups)]

    def path(self, start: int, goal: int) -> list[int] | None:
        """Return a chain of cells of the set, each in the closure of the next or the other way round; ``None`` if there is none."""
        came: dict[int, int | None] = {start: None}
        todo = [start]
        for current in todo:
            if current == goal:
                chain = []
                step: int | None = goal
                while step is not None:
                    chain.append(step)
                    step = came[step]
                return chain[::-1]
            for j in sorted((self.cells.closure(current) | self.cells.star(current)) & self.members):
                if j not in came:
                    came[j] = current
                    todo.append(j)
        return None

    @property
    def sample(self) -> tuple[Fraction | AlgebraicNumber, ...] | None:
        """An exact point of the set, as simple as its cells allow; ``None`` for the empty set."""
        if not self.members:
            return None
        best = min(self.members, key=lambda i: (self._irrational(i), -self.cells.cells[i].dimension, self._size(i), i))
        return self.frame.sample(self.cells.cells[best])

    def _irrational(self, number: int) -> int:
        return len([1 for x in self.cells.cells[number].coordinates() if x.rational is None])

    def _size(self, number: int) -> int:
        rationals = [x.rational for x in self.cells.cells[number].coordinates() if x.rational is not None]
        return sum([abs(int(q.p)).bit_length() + int(q.q).bit_length() for q in rationals])

    # ---------------------------------------------------------------- algebra

    @cached_property
    def euler_compact(self) -> int:
        """Euler's characteristic with compact supports: the sum of (-1)^dimension over the cells."""
        return sum([1 if self.cells.cells[i].dimension % 2 == 0 else -1 for i in self.members])

    @cached_property
    def euler(self) -> int:
        """Euler's characteristic of the homology."""
        return self.homology.euler()

    @cached_property
    def betti(self) -> tuple[int, ...]:
        """The Betti numbers b_0, ..., b_dimension."""
        return self.homology.betti

    @cached_property
    def homology(self) -> Homology:
        """The integral homology; ``method`` says which theorem was used.

        Raises
        ------
        BudgetExceeded
            TC306 if the complex is too large.
        """
        if not self.members:
            return Homology((), ())
        return self._homology()[0]

    @cached_property
    def method(self) -> str:
        """How the homology is computed: ``"cells"``, ``"duality"`` or ``"poset"``, see the module."""
        return self._homology()[1]

    def _homology(self) -> tuple[Homology, str]:
        if self.is_closed and self.is_bounded:
            return self._padded(self.borel_moore()), "cells"
        if self.is_open:
            return self._dual(), "duality"
        return self.by_poset(), "poset"

    def _padded(self, found: Homology) -> Homology:
        length = self.dimension + 1
        return replace(
            found, betti=(*found.betti, *[0] * (length - len(found.betti)))[:length], torsion=(*found.torsion, *[()] * length)[:length]
        )  # fmt: skip

    def _chains(self) -> tuple[list[list[int]], Boundary]:
        """Return the cells of the set by dimension, and their boundaries within the set."""
        groups: list[list[int]] = [[] for _ in range(self.dimension + 1)]
        boundary: Boundary = {}
        for i in sorted(self.members):
            node = self.cells.cells[i]
            groups[node.dimension].append(i)
            boundary[i] = {j: self.cells.incidence(i, j) for j in node.faces if j in self.members}
        return groups, boundary

    def borel_moore(self) -> Homology:
        """Return the Borel-Moore homology of a locally closed set.

        Raises
        ------
        InputError
            TC101 if the set is not locally closed.
        """
        if not self.is_locally_closed:
            raise InputError("Borel-Moore homology is computed for locally closed sets only", code="TC101")
        if not self.members:
            return Homology((), ())
        return homology(*self._chains())

    def _dual(self) -> Homology:
        """Return H_k = H_c^(n-k) of an open set from the cochains of its cells."""
        n = self.ambient
        groups, boundary = self._chains()
        dual: Boundary = {}
        for i in self.members:
            dual[i] = {}
        for i, column in boundary.items():
            for j, a in column.items():
                dual[j][i] = a
        return homology(groups[::-1], dual) if n + 1 == len(groups) else Homology((), ())

    def by_poset(self) -> Homology:
        """Return the homology of the poset of the cells, in a proper frame."""
        region_ = self if self.frame.proper else self.in_proper_frame()
        members = region_.members
        poset = Poset({i: (region_.cells.closure(i) & members) - {i} for i in members})
        poset.reduce()
        return self._padded(poset.homology())

    def in_proper_frame(self) -> "Region":
        """Return the same set as a union of cells in coordinates where roots over bounded sets are bounded.

        A cell there is connected and the projection factors of the frame here have constant signs on it, so it lies in one cell
        here: that of its sample point.  (It cannot leave a section or a sector without a change of sign.)
        """
        if self.frame.proper:
            return self
        problem = self.problem
        if self.matrix is not None:
            found = frame(problem.ring, problem.factors, only_proper=True)
            members = [i for i in range(len(found.adjacency)) if problem.holds(self.matrix, found.adjacency.cell(i).signs)]
            return Region(found, frozenset(members), problem, self.matrix)
        found, owners = self.frame.refined()
        return Region(found, frozenset([i for i, owner in enumerate(owners) if owner in self.members]), problem)

    def to_networkx(self):
        """Return the poset of the cells of the set as a directed graph from cells to their faces."""
        return self.cells.to_networkx().subgraph(self.members).copy()


def bounded_cells(adjacency: Adjacency) -> list[bool]:
    """Return for every cell whether it is bounded.

    A section over a bounded cell is bounded if and only if its limits over all faces are finite and the sections there are bounded.
    """
    flags = [True]
    for k in range(1, len(adjacency.levels)):
        below, here = adjacency.levels[k - 1], adjacency.levels[k]
        section: dict[int, bool] = {}
        for i in sorted(range(len(below)), key=lambda i: below[i].dimension):
            node = below[i]
            for position in range(1, len(node.stack), 2):
                good = flags[i]
                for face in node.faces:
                    limit = node.limits[face][position >> 1] if k > 1 else 0
                    inside = 0 <= limit < len(below[face].stack.roots)
                    good = good and inside and section[below[face].first + 2 * limit + 1]
                section[node.first + position] = good
        now = []
        for i, cell in enumerate(here):
            base, position = below[cell.parent], cell.path[-1]
            if position & 1:
                now.append(section[i])
            elif position == 0 or position == len(base.stack) - 1:
                now.append(False)
            else:
                now.append(flags[cell.parent] and section[base.first + position - 1] and section[base.first + position + 1])
        flags = now
    return flags


__all__ = ["Problem", "Region", "bounded_cells", "read_matrix", "region"]
