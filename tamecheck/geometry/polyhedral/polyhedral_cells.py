"""Faces of a complex of polyhedra under cuts, in exact integers.

Everything is made homogeneous: a vertex v is the ray of (1, v), an unbounded direction r the ray of (0, r), a polyhedron the cone over
it.  Then the faces at infinity are faces like others, an edge has two ends, and a cut is one rule: on an edge whose ends u, v
lie strictly on both sides of g = 0 there is the new generator ``|g(v)|*u + |g(u)|*v``, and a face of rank k that lies on both
sides falls into two of rank k and one of rank k - 1.

All cells of a complex that covers the space have the same lineality space (it belongs to every face of a cell, hence to the
neighbours).  The complex is kept modulo that space; a cut that is not constant along it is a suspension: every face F becomes
F and its joins with two new directions.

Every generator carries the value of every kink: piecewise linear functions are linear on the cells that were cut along
them, so a new generator gets its values by interpolation.  For an unbounded direction the value is the slope, which is the
same in all cells that contain the direction (the recession cones of a complete complex form a fan [BS11]_).

.. [BS11] J. I. Burgos Gil, M. Sombra, "When do the recession cones of a polyhedral complex form a fan?", Discrete Comput. Geom. 46 (2011).
"""

from collections.abc import Callable, Sequence
from math import gcd

from tamecheck.budget import Budget

Row = list[int]
"""Homogeneous coordinates (x0, x1, ..., xn) and the arguments of the kinks, up to a positive factor."""


class Faces:
    """A complex of cones.

    Attributes
    ----------
    generators : list of Row — vertices (x0 > 0) and directions (x0 = 0)
    lineality : list of Row — a basis of the space that all cells contain
    rank : list of int — dimension of the cone modulo lineality, per face; 0 for a face that is gone
    facets, cofacets : list of lists of faces
    rays : dict — the generator of a face of rank 1
    edges : list of int — the faces of rank 2
    """

    def __init__(self, dimension: int, budget: Budget | None = None) -> None:
        self.n = dimension
        self.budget = budget
        self.generators: list[Row] = [[1] + [0] * dimension]
        self.lineality: list[Row] = [[0] + [int(i == k) for i in range(dimension)] for k in range(dimension)]
        self.rank: list[int] = [1]
        self.facets: list[list[int]] = [[]]
        self.cofacets: list[list[int]] = [[]]
        self.rays: dict[int, int] = {0: 0}
        self.edges: list[int] = []

    def copy(self) -> "Faces":
        """Return an independent copy, without the budget."""
        other = Faces(self.n)
        other.generators, other.lineality = [list(row) for row in self.generators], [list(row) for row in self.lineality]
        other.rank, other.rays, other.edges = list(self.rank), dict(self.rays), list(self.edges)
        other.facets, other.cofacets = [list(f) for f in self.facets], [list(f) for f in self.cofacets]
        return other

    def add(self, rank: int, facets: Sequence[int]) -> int:
        """Add a face and tell its facets."""
        f = len(self.rank)
        self.rank.append(rank)
        self.facets.append(list(facets))
        self.cofacets.append([])
        if rank == 2:
            self.edges.append(f)
        for g in facets:
            self.cofacets[g].append(f)
        return f

    def add_generator(self, row: Row) -> int:
        """Add a generator and its face of rank 1; return the face."""
        common = gcd(*row)
        if common > 1:
            row = [x // common for x in row]
        self.generators.append(row)
        f = self.add(1, ())
        self.rays[f] = len(self.generators) - 1
        return f

    # ----------------------------------------------------------------- new columns

    def append(self, value: Callable[[Row], int]) -> None:
        """Append a column that is linear on every cell: the argument of the next kink."""
        for row in self.generators:
            row.append(value(row))
        for row in self.lineality:
            row.append(value(row))

    # ------------------------------------------------------------------------ cuts

    def cut(self) -> None:
        """Cut all cells along the zeros of the last column."""
        along = next((k for k, row in enumerate(self.lineality) if row[-1]), None)
        if along is not None:
            self._suspend(along)
            return
        column = [row[-1] for row in self.generators]
        states = {f: (1 if column[v] > 0 else 2 if column[v] < 0 else 0) for f, v in self.rays.items()}
        zeros = [f for f, state in states.items() if not state]
        mixed = self._mixed_edges(states)
        if self.budget is not None:
            self.budget.spend(len(mixed) + 1, "polyhedral complex")
        middle: dict[int, int] = {}
        while mixed or zeros:
            # a face with both signs has a facet with both, or else its zeros are a face two ranks below
            around = self._above(zeros)
            above = self._above(mixed)
            for f in self._above(around):
                if f not in above and self._state(f, states) == 3:
                    above[f] = None
            zeros = [f for f in around if self._state(f, states) == 0]
            for f in above:
                states[f] = 3
            for f in mixed:
                self._split(f, states, middle)
            mixed = list(above)

    def _mixed_edges(self, states: dict[int, int]) -> list[int]:
        """Return the faces of rank 2 with both signs, and mark them."""
        facets, mixed = self.facets, []
        for f in self.edges:
            a, b = facets[f]
            if states[a] | states[b] == 3:
                mixed.append(f)
                states[f] = 3
        return mixed

    def _above(self, faces: Sequence[int]) -> dict[int, None]:
        """Return the faces of one rank more, each once."""
        return dict.fromkeys([g for f in faces for g in self.cofacets[f]])

    def _state(self, f: int, states: dict[int, int]) -> int:
        """Return which signs occur on a face: 1 positive, 2 negative, 3 both, 0 none."""
        known = states.get(f)
        if known is None:
            known = 0
            for g in self.facets[f]:
                known |= self._state(g, states)
            states[f] = known
        return known

    def _split(self, f: int, states: dict[int, int], middle: dict[int, int]) -> None:
        """Split a face whose facets are split: it keeps its number on the positive side.

        Split facets are in ``middle`` with their face on the zeros; their negative part follows in number.
        """
        rank, old = self.rank[f], self.facets[f]
        if rank == 2:
            zero = self._crossing(*old)
            states[zero] = 0
        else:
            # the face on the zeros is bounded by those of the split facets and by faces that lie in the zeros
            bounding: dict[int, None] = {}
            for g in old:
                if g in middle:
                    bounding[middle[g]] = None
                else:
                    for h in self.facets[g]:
                        if self._state(h, states) == 0:
                            bounding[h] = None
            zero = self.add(rank - 1, list(bounding))
            states[zero] = 0
        positive, negative = [zero], [zero]
        for g in old:
            if g in middle:
                positive.append(g)
                negative.append(middle[g] + 1)
            elif self._state(g, states) == 1:
                positive.append(g)
            else:
                negative.append(g)
                self.cofacets[g].remove(f)
        other = self.add(rank, negative)  # its number is zero + 1
        self.facets[f] = positive
        self.cofacets[zero].append(f)
        middle[f] = zero
        states[f], states[other] = 1, 2

    def _crossing(self, a: int, b: int) -> int:
        """Return the new face of rank 1 where an edge crosses the zeros of the last column."""
        u, v = self.generators[self.rays[a]], self.generators[self.rays[b]]
        s, t = abs(v[-1]), abs(u[-1])
        return self.add_generator([s * x + t * y for x, y in zip(u, v, strict=True)])

    def _suspend(self, along: int) -> None:
        """Cut along a form that is not constant on the lineality space."""
        line = self.lineality.pop(along)
        if line[-1] < 0:
            line = [-x for x in line]
        top = line[-1]
        for k, row in enumerate(self.lineality):
            self.lineality[k] = _shifted(row, line, top)
        for k, row in enumerate(self.generators):
            self.generators[k] = _shifted(row, line, top)
        before = [f for f, r in enumerate(self.rank) if r > 0]
        before.sort(key=self.rank.__getitem__)
        for direction in (line, [-x for x in line]):
            apex = self.add_generator(direction)
            join: dict[int, int] = {}
            for f in before:
                bounding = [f, apex] if self.rank[f] == 1 else [f, *[join[g] for g in self.facets[f]]]
                join[f] = self.add(self.rank[f] + 1, bounding)

    # ------------------------------------------------------------------ restriction

    def keep(self, side: int) -> None:
        """Remove the faces on which the last column (along which the complex was cut) has the other sign somewhere."""
        wrong = 2 if side > 0 else 1
        states = {f: (1 if self.generators[v][-1] > 0 else 2 if self.generators[v][-1] < 0 else 0) for f, v in self.rays.items()}
        if self.lineality and any(row[-1] for row in self.lineality):
            raise ArithmeticError("a restriction that was not cut")
        gone = {f for f, r in enumerate(self.rank) if r > 0 and self._state(f, states) & wrong}
        for f in gone:
            self.rank[f] = 0
            self.facets[f] = []
            self.cofacets[f] = []
            self.rays.pop(f, None)
        self.edges = [f for f in self.edges if f not in gone]
        for f, r in enumerate(self.rank):
            if r > 0:
                self.cofacets[f] = [g for g in self.cofacets[f] if g not in gone]

    # --------------------------------------------------------------------- reading

    def spans(self) -> dict[int, frozenset[int]]:
        """Return the generators of every face that is there."""
        out: dict[int, frozenset[int]] = {}
        for f in sorted([f for f, r in enumerate(self.rank) if r > 0], key=self.rank.__getitem__):
            if self.rank[f] == 1:
                out[f] = frozenset([self.rays[f]])
            else:
                out[f] = frozenset().union(*[out[g] for g in self.facets[f]])
        return out


def _shifted(row: Row, line: Row, top: int) -> Row:
    """Return the row moved along the line to the zeros of the last column."""
    if not row[-1]:
        return row
    last = row[-1]
    moved = [top * x - last * y for x, y in zip(row, line, strict=True)]
    common = gcd(*moved)
    return [x // common for x in moved] if common > 1 else moved
