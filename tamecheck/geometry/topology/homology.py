"""Integral homology of chain complexes and of finite posets.

A chain complex of free groups is first made smaller: a pair (cell, face) with incidence number 1 or -1 may be removed (the algebraic
form of discrete Morse theory), which changes the complex by a chain homotopy equivalence.  What is left goes through Smith's normal form.

A finite poset has the homology of its order complex, whose simplices are the chains a_0 < ... < a_k.  A *weak point*, an element x for
which the elements below it, or those above it, form a poset that shrinks to a point by removing weak points, may be removed.

.. [F98] R. Forman, "Morse theory for cell complexes", Adv. Math. 134 (1998).
.. [BM08] J. A. Barmak, E. G. Minian, "Simple homotopy types and finite spaces", Adv. Math. 218 (2008).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flint import fmpz_mat

from tamecheck.errors import BudgetExceeded

MAXIMAL_SIMPLICES = 100_000
MAXIMAL_MATRIX = 300
"""Rows or columns up to which Smith's normal form of a full matrix is computed."""

Boundary = dict[object, dict[object, int]]
"""For each generator its boundary as a combination of generators one dimension below."""


@dataclass(frozen=True)
class Homology:
    """Homology groups Z^b_k + torsion.

    Attributes
    ----------
    betti : tuple of int — b_0, b_1, ...
    torsion : tuple of tuples of int — the orders of the cyclic summands
    """

    betti: tuple[int, ...]
    torsion: tuple[tuple[int, ...], ...]

    def euler(self) -> int:
        """Return the alternating sum of the Betti numbers."""
        return sum([b if k % 2 == 0 else -b for k, b in enumerate(self.betti)])

    def __str__(self) -> str:
        return ", ".join([f"H_{k} = {_group(b, t)}" for k, (b, t) in enumerate(zip(self.betti, self.torsion, strict=True))])


def _group(rank: int, torsion: Sequence[int]) -> str:
    parts = ["Z" if rank == 1 else f"Z^{rank}"] if rank else []
    return " + ".join([*parts, *[f"Z/{t}" for t in torsion]]) or "0"


def homology(generators: Sequence[Iterable], boundary: Boundary) -> Homology:
    """Return the homology of a chain complex.

    Parameters
    ----------
    generators : for each dimension its generators
    boundary : for each generator of positive dimension the combination that is its boundary; consumed

    Raises
    ------
    BudgetExceeded
        TC306 if the part that cannot be removed in pairs is too large; TC399 if the boundary of a boundary is not zero.
    """
    groups = [list(g) for g in generators]
    _verify(groups, boundary)
    for k in range(len(groups) - 1, 0, -1):
        groups[k], groups[k - 1] = _cancel(groups[k], groups[k - 1], boundary, groups[k + 1] if k + 1 < len(groups) else [])
    ranks, torsion = [], []
    for k in range(1, len(groups)):
        r, t = _smith(groups[k], groups[k - 1], boundary)
        ranks.append(r)
        torsion.append(t)
    ranks = [0, *ranks, 0]
    return Homology(tuple([len(g) - ranks[k] - ranks[k + 1] for k, g in enumerate(groups)]), (*torsion, ()))


def _verify(groups: Sequence[Sequence], boundary: Boundary) -> None:
    for g in groups[2:]:
        for x in g:
            total: dict[object, int] = {}
            for y, a in boundary[x].items():
                for z, b in boundary[y].items():
                    total[z] = total.get(z, 0) + a * b
            if any(total.values()):
                raise BudgetExceeded("a boundary has a boundary: this is an error of the program", code="TC399", where="homology")


def _cancel(upper: list, lower: list, boundary: Boundary, above: list) -> tuple[list, list]:
    """Remove pairs (x, y) with y in the boundary of x with coefficient 1 or -1, adjusting the boundaries of the others."""
    cofaces: dict[object, set] = {y: set() for y in lower}
    for x in upper:
        for y in boundary[x]:
            cofaces[y].add(x)
    gone: set = set()
    for x in upper:
        column = boundary[x]
        units = [y for y, a in column.items() if a in (1, -1)]
        if not units:
            continue
        y = min(units, key=lambda v: len(cofaces[v]))
        a = column[y]
        for w in list(cofaces[y]):
            if w is x:
                continue
            other = boundary[w]
            factor = -other[y] * a
            for z, c in column.items():
                value = other.get(z, 0) + factor * c
                if value:
                    other[z] = value
                    cofaces[z].add(w)
                else:
                    other.pop(z, None)
                    cofaces[z].discard(w)
        for z in column:
            cofaces[z].discard(x)
        gone.add(x)
        gone.add(y)
    # a removed x is no longer part of boundaries above
    for v in above:
        for x in [x for x in boundary[v] if x in gone]:
            del boundary[v][x]
    return [x for x in upper if x not in gone], [y for y in lower if y not in gone]


def _smith(upper: Sequence, lower: Sequence, boundary: Boundary) -> tuple[int, tuple[int, ...]]:
    """Return the rank of a boundary map and the invariant factors above 1."""
    if not upper or not lower:
        return 0, ()
    if max(len(upper), len(lower)) > MAXIMAL_MATRIX:
        raise BudgetExceeded(f"a boundary matrix of size {len(lower)} x {len(upper)} is left", code="TC306", where="homology")
    place = {y: i for i, y in enumerate(lower)}
    rows = [[0] * len(upper) for _ in lower]
    for j, x in enumerate(upper):
        for y, a in boundary[x].items():
            rows[place[y]][j] = a
    normal = fmpz_mat(rows).snf()
    diagonal = [abs(int(normal[i, i])) for i in range(min(len(lower), len(upper)))]
    found = [d for d in diagonal if d]
    return len(found), tuple([d for d in found if d > 1])


# ----------------------------------------------------------------------- posets


class Poset:
    """A finite poset given by the sets of elements strictly below each element; elements are removed in place."""

    def __init__(self, below: Mapping[object, Iterable]) -> None:
        self.below: dict[object, set] = {x: set(b) for x, b in below.items()}
        self.above: dict[object, set] = {x: set() for x in self.below}
        for x, b in self.below.items():
            for y in b:
                self.above[y].add(x)

    def __len__(self) -> int:
        return len(self.below)

    def restricted(self, elements: Iterable) -> "Poset":
        """Return the poset on some of the elements."""
        chosen = set(elements)
        return Poset({x: self.below[x] & chosen for x in chosen})

    def remove(self, x: object) -> None:
        """Take an element out."""
        for y in self.below.pop(x):
            self.above[y].discard(x)
        for y in self.above.pop(x):
            self.below[y].discard(x)

    def reduce(self, deep: bool = True) -> None:
        """Remove weak points until none is found; without ``deep`` only those whose one side has a largest or smallest element."""
        todo = list(self.below)
        while todo:
            again: dict[object, None] = {}
            for x in todo:
                if x not in self.below or len(self.below) == 1:
                    continue
                down, up = self.below[x], self.above[x]
                if self._shrinks(down, deep) or self._shrinks(up, deep):
                    again.update(dict.fromkeys([*down, *up]))
                    self.remove(x)
            todo = [x for x in again if x in self.below]

    def _shrinks(self, elements: set, deep: bool) -> bool:
        """Return whether the elements form a poset that reduces to a point (False may mean that it was not found out)."""
        if not elements:
            return False
        if any([len(self.below[y] & elements) == len(elements) - 1 or len(self.above[y] & elements) == len(elements) - 1 for y in elements]):
            return True
        if not deep:
            return False
        part = self.restricted(elements)
        part.reduce(deep=False)
        return len(part) == 1

    def homology(self) -> Homology:
        """Return the homology of the order complex.

        Raises
        ------
        BudgetExceeded
            TC306 if there are too many chains.
        """
        order = sorted(self.below, key=lambda x: len(self.below[x]))
        place = {x: i for i, x in enumerate(order)}
        below = [sorted([place[y] for y in self.below[x]]) for x in order]
        layers: list[list[tuple[int, ...]]] = [[(i,) for i in range(len(order))]]
        total = len(order)
        while layers[-1]:
            longer = [(j, *chain) for chain in layers[-1] for j in below[chain[0]]]
            total += len(longer)
            if total > MAXIMAL_SIMPLICES:
                raise BudgetExceeded(f"more than {MAXIMAL_SIMPLICES} chains of cells", code="TC306", where="homology")
            layers.append(longer)
        layers.pop()
        boundary: Boundary = {}
        for layer in layers[1:]:
            for chain in layer:
                boundary[chain] = {(*chain[:i], *chain[i + 1 :]): 1 - 2 * (i & 1) for i in range(len(chain))}
        return homology(layers, boundary)
