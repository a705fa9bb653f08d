"""Faces of polyhedral complexes: vertices, directions, boundary, signs of the kinks, affine maps."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tamecheck.geometry.polyhedral.complexes import PolyhedralComplex

Vector = tuple[Fraction, ...]
Affine = tuple[Vector, Fraction]
"""Gradient and constant."""


class Face:
    """A face: the convex hull of its vertices plus the cone of its rays plus the lineality space of the complex.

    Attributes
    ----------
    number : int — its place in ``complex.faces``
    dimension : int
    vertices, rays : tuple of int — places in ``complex.vertices`` and ``complex.rays``
    facets : tuple of int — the faces of one dimension less in its boundary
    """

    __slots__ = ("complex", "number", "dimension", "vertices", "rays", "facets", "_signs")

    def __init__(self, complex: PolyhedralComplex, number: int, dimension: int, vertices: tuple, rays: tuple, facets: tuple) -> None:
        self.complex, self.number, self.dimension = complex, number, dimension
        self.vertices, self.rays, self.facets = vertices, rays, facets
        self._signs: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        points = " ".join(["(" + ", ".join([str(c) for c in p]) + ")" for p in self.points[:6]])
        more = f" and {len(self.points) - 6} more" if len(self.points) > 6 else ""
        cone = " + cone of " + " ".join(["(" + ", ".join([str(c) for c in d]) + ")" for d in self.directions[:6]]) if self.rays else ""
        return f"Face({self.number}, dimension {self.dimension}: {points}{more}{cone})"

    @property
    def points(self) -> list[Vector]:
        """The vertices (without lineality: one point of each minimal face)."""
        return [self.complex.vertices[v] for v in self.vertices]

    @property
    def directions(self) -> list[tuple[int, ...]]:
        """The primitive directions in which the face is unbounded."""
        return [self.complex.rays[r] for r in self.rays]

    @property
    def bounded(self) -> bool:
        """Whether the face is bounded."""
        return not self.rays and not self.complex.lineality

    @property
    def sample(self) -> Vector:
        """A rational point in the relative interior."""
        count = len(self.vertices)
        mean = [sum(c, Fraction(0)) / count for c in zip(*self.points, strict=True)]
        return tuple([m + sum([d[k] for d in self.directions]) for k, m in enumerate(mean)])

    @property
    def signs(self) -> tuple[int, ...]:
        """The sign of every kink on the relative interior."""
        if self._signs is None:
            self._signs = self.complex.signs_of(self.vertices, self.rays)
        return self._signs

    def pattern(self) -> dict[str, str]:
        """Return what the network does at every kink, in the user's names: ``on``, ``off`` or ``tie`` for a relu."""
        return self.complex.pattern(self.signs)

    def affine(self, output: str | None = None, entry: int = 0) -> Affine:
        """Return gradient and constant of an output entry on the face (for a face of full dimension the gradient is unique)."""
        return self.complex.affine(self.signs)[self.complex.place(output, entry)]

    def vertices_in_order(self) -> list[Vector]:
        """Return the vertices of a bounded polygon in cyclic order."""
        ring = [[self.complex.faces[e].vertices for e in self.facets]][0]
        order = [ring[0][0], ring[0][1]]
        left = list(ring[1:])
        while left:
            k = next(i for i, e in enumerate(left) if order[-1] in e)
            a, b = left.pop(k)
            order.append(b if a == order[-1] else a)
        return [self.complex.vertices[v] for v in order[:-1]]


def inside(face: Face, point: list[Fraction]) -> bool:
    """Return whether a point is a convex combination of the vertices plus a positive combination of the rays, all of them strictly."""
    from flint import fmpq

    from tamecheck.ground.linear import solve

    columns = [(1, *p) for p in face.points] + [(0, *d) for d in face.directions]
    lines = [(0, *d) for d in face.complex.lineality]
    rows = []
    for k, target in enumerate([Fraction(1), *point]):
        a = [fmpq(Fraction(c[k]).numerator, Fraction(c[k]).denominator) for c in columns + lines]
        rows.append((a, fmpq(-target.numerator, target.denominator), "eq"))
    count = len(columns) + len(lines)
    for k in range(len(columns)):
        rows.append(([fmpq(int(i == k)) for i in range(count)], fmpq(0), "gt"))
    return solve(rows, count) is not None
