"""Subcomplexes of a polyhedral complex: level sets, decision boundaries, components, Betti numbers.

An unbounded polyhedron without lines retracts to the union of its bounded faces, which is contractible; so a closed subcomplex has the
homotopy type of its bounded faces, and its homology is that of a finite cell complex.  Lines (lineality) are divided out first.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property

from tamecheck.budget import Budget
from tamecheck.errors import InputError
from tamecheck.geometry.polyhedral.complexes import Face, PolyhedralComplex, build
from tamecheck.geometry.polyhedral.polyhedral_forms import combine
from tamecheck.ground.intervals import LINE


class Subcomplex:
    """A closed union of faces.

    Attributes
    ----------
    complex : PolyhedralComplex
    numbers : tuple of int — the faces
    """

    def __init__(self, complex: PolyhedralComplex, numbers: Iterable[int]) -> None:
        self.complex = complex
        self.numbers = tuple(sorted(numbers))
        inside = set(self.numbers)
        for f in self.numbers:
            if not inside.issuperset(complex.faces[f].facets):
                raise InputError("these faces are not closed", code="TC168", where=repr(complex.faces[f]), hint="add the faces in their boundary")

    def __repr__(self) -> str:
        counts = self.count_by_dimension()
        return f"Subcomplex({', '.join([f'{c} of dimension {d}' for d, c in enumerate(counts) if c]) or 'empty'})"

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def faces(self) -> list[Face]:
        """The faces."""
        return [self.complex.faces[f] for f in self.numbers]

    def count_by_dimension(self) -> list[int]:
        """Return the numbers of faces of dimension 0, 1, ..., n."""
        counts = [0] * (self.complex.dimension + 1)
        for f in self.faces:
            counts[f.dimension] += 1
        return counts

    def euler_characteristic(self) -> int:
        """Return Euler's characteristic with compact supports: the sum of (-1)^dimension over all faces."""
        return sum([1 if f.dimension % 2 == 0 else -1 for f in self.faces])

    @property
    def bounded(self) -> bool:
        """Whether all faces are bounded."""
        return all([f.bounded for f in self.faces])

    def components(self) -> list[list[int]]:
        """Return the connected components as lists of faces."""
        return components(self.complex, self.numbers)

    def betti(self) -> list[int]:
        """Return the Betti numbers over the field with two elements, b_0, b_1, ..., without zeros at the end."""
        from flint import nmod_mat

        core = [f for f in self.faces if not f.rays]
        extra = len(self.complex.lineality)
        by_dimension: list[list[Face]] = [[] for _ in range(self.complex.dimension + 1)]
        for f in core:
            by_dimension[f.dimension - extra].append(f)
        ranks = [0]
        for low, high in zip(by_dimension, by_dimension[1:], strict=False):
            row = {f.number: k for k, f in enumerate(low)}
            if not low or not high:
                ranks.append(0)
                continue
            entries = [[0] * len(high) for _ in low]
            for j, f in enumerate(high):
                for g in f.facets:
                    entries[row[g]][j] = 1
            ranks.append(int(nmod_mat(entries, 2).rank()))
        ranks.append(0)
        numbers = [len(faces) - ranks[d] - ranks[d + 1] for d, faces in enumerate(by_dimension)]
        while numbers and numbers[-1] == 0:
            numbers.pop()
        return numbers

    def to_networkx(self):
        """Return the face poset of the subcomplex as a directed graph."""
        return self.complex.to_networkx().subgraph(self.numbers).copy()


class LevelSet(Subcomplex):
    """Where an output has a value, with the two sides of it.

    ``complex`` is the complex of the network refined along the level set.
    """

    def __init__(self, complex: PolyhedralComplex, column: int) -> None:
        self._column = column
        super().__init__(complex, [f.number for f in complex.faces if f.signs[column] == 0])

    @cached_property
    def sides(self) -> tuple[int, int]:
        """The numbers of connected components of the set below the level and of the set above it."""
        below = [f.number for f in self.complex.faces if f.signs[self._column] < 0]
        above = [f.number for f in self.complex.faces if f.signs[self._column] > 0]
        return len(components(self.complex, below)), len(components(self.complex, above))


def components(complex: PolyhedralComplex, numbers: Iterable[int]) -> list[list[int]]:
    """Return the connected components of a union of (relatively open) faces.

    Two faces of which one bounds the other are joined; for a union that is locally closed or open in the complex this gives its components.
    """
    parent = {f: f for f in numbers}

    def find(f: int) -> int:
        while parent[f] != f:
            parent[f] = parent[parent[f]]
            f = parent[f]
        return f

    for f in parent:
        for g in complex.faces[f].facets:
            if g in parent:
                parent[find(f)] = find(g)
    out: dict[int, list[int]] = {}
    for f in parent:
        out.setdefault(find(f), []).append(f)
    return list(out.values())


def level_set(complex: PolyhedralComplex, level: Fraction, place: int) -> LevelSet:
    """Return the set where the output entry at a place has the value ``level``."""
    name, entry, form = complex.normal.outputs[place]
    shifted = combine([(Fraction(1), form), (-level, {0: Fraction(1)})])
    if not shifted:
        shifted = {0: Fraction(0)}
    refined = complex.cut_along(shifted, f"{name}[{entry}] - {level}")
    return LevelSet(refined, len(refined.normal.kinks) - 1)


def decision_boundary(complex: PolyhedralComplex, budget: Budget | None = None) -> Subcomplex:
    """Return where one output vanishes, or where the largest of several entries is attained twice."""
    entries = complex.normal.outputs
    if len(entries) == 1:
        return level_set(complex, Fraction(0), 0)
    tape = complex.normal.tape
    slots = [s for values in tape.outputs.values() for s in values]
    top = slots[0]
    for s in slots[1:]:
        top = tape.choose("max", top, s)
    outputs, shapes = dict(tape.outputs), dict(tape.shapes)
    try:
        tape.outputs["largest entry"] = [top]
        refined = build(tape, complex.boxes or [LINE] * complex.dimension, budget)
    finally:
        tape.outputs, tape.shapes = outputs, shapes
    tied = []
    for f in refined.faces:
        point = [*f.sample]
        maps = refined.affine(f.signs)
        values = [sum([a * x for a, x in zip(g, point, strict=True)], b) for g, b in maps]
        if sum([v == values[-1] for v in values[:-1]]) > 1:
            tied.append(f.number)
    return Subcomplex(refined, tied)
