"""The conservative Jacobian of the solution of F(x, z) = 0: the set of all -B^-1 A, exactly, as a set that need not be convex."""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq

from tamecheck.autodiff.implicit import matrices
from tamecheck.autodiff.implicit.families import Family
from tamecheck.autodiff.implicit.vertices import rank_one
from tamecheck.ground import linear

MAXIMAL_VERTICES = 10
MAXIMAL_TRIED = 400


class SolutionJacobian:
    """The set { -B(q)^-1 A(q) : q in the unit cube } of matrices of shape (m, n).

    Attributes
    ----------
    family : Family — the matrices [A B]
    vertices : list of (multipliers, matrix) — the elements at vertices of the cube; ``None`` if there are too many
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self.vertices: list[tuple[tuple[Fraction, ...], list[list[Fraction]]]] | None = None
        if len(family.used()) <= MAXIMAL_VERTICES:
            seen = []
            for q in family.vertices():
                element = self.at(q)
                if element is not None and element not in [m for _, m in seen]:
                    seen.append((q, element))
            self.vertices = seen

    def __repr__(self) -> str:
        return f"SolutionJacobian({self.family.m} x {self.family.n}, {len(self.family.used())} multipliers)"

    def at(self, q: Sequence[Fraction]) -> list[list[Fraction]] | None:
        """Return the element of a choice of multipliers, ``None`` if its B is singular."""
        a, b = self.family.at(q)
        found = matrices.solve(b, a)
        return None if found is None else [[-x for x in row] for row in found]

    def chosen(self) -> list[list[Fraction]] | None:
        """Return the element that the rules of differentiation select, ``None`` if they do not say."""
        q = [f.chosen for f in self.family.free]
        if any([q[k] is None for k in self.family.used()]) or not self.family.exact:
            return None
        return self.at([Fraction(0) if x is None else x for x in q])

    def range(self) -> list[list[tuple[Fraction, Fraction]]] | None:
        """Return, per entry, the smallest and the largest value on the set.

        With Cramer's rule an entry is a quotient of two functions that are affine in each multiplier (if each has rank one in [A B]); it
        is monotone in each
        multiplier, so the extreme values are taken at vertices.  ``None`` where that does not hold.
        """
        if self.vertices is None or not rank_one(self.family.rows):
            return None
        out = []
        for i in range(self.family.m):
            out.append([])
            for j in range(self.family.n):
                entries = [m[i][j] for _, m in self.vertices]
                out[-1].append((min(entries), max(entries)))
        return out

    def contains(self, matrix: Sequence[Sequence[Fraction | int]]) -> bool | None:
        """Return whether a matrix is in the set: is there q in the cube with B(q) M + A(q) = 0?  A linear program over the rationals;
        ``None`` for kinks in kinks."""
        family = self.family
        if not family.affine:
            return None
        k = len(family.free)
        rows = []
        for row in family.rows:
            for j in range(family.n):
                coefficients, total = [Fraction(0)] * k, Fraction(0)
                parts = [(row[j], Fraction(1))] + [(row[family.n + i], Fraction(matrix[i][j])) for i in range(family.m)]
                for p, factor in parts:
                    for m, c in p.items():
                        if m:
                            coefficients[m[0]] += c * factor
                        else:
                            total += c * factor
                rows.append(([fmpq(c.numerator, c.denominator) for c in coefficients], fmpq(total.numerator, total.denominator), "eq"))
        for i in range(k):
            unit = [fmpq(int(i == j)) for j in range(k)]
            rows += [(unit, fmpq(0), "ge"), (unit, fmpq(-1), "le")]
        return linear.solve(rows, k) is not None

    def not_convex(self) -> dict | None:
        """Return two elements whose midpoint is not in the set, if there are such among the vertices."""
        if self.vertices is None:
            return None
        elements = [m for _, m in self.vertices]
        tried = 0
        for i, a in enumerate(elements):
            for b in elements[i + 1 :]:
                tried += 1
                if tried > MAXIMAL_TRIED:
                    return None
                middle = [[(x + y) / 2 for x, y in zip(p, r, strict=True)] for p, r in zip(a, b, strict=True)]
                if self.contains(middle) is False:
                    return {"elements": [a, b], "midpoint": middle}
        return None

    def to_json(self) -> dict:
        """Return the set as JSON."""
        span = self.range()
        apart = self.not_convex()
        return {
            "multipliers": len(self.family.used()),
            "vertices": None if self.vertices is None else [{"multipliers": texts(q), "matrix": [texts(r) for r in m]} for q, m in self.vertices],
            "range": None if span is None else [[texts(e) for e in row] for row in span],
            "convex": False if apart is not None else True if len(self.family.used()) == 0 or self._interval() else None,
            "not_convex": None if apart is None else {
                "elements": [[texts(r) for r in m] for m in apart["elements"]], "midpoint": [texts(r) for r in apart["midpoint"]],
            },
        }  # fmt: skip

    def _interval(self) -> bool:
        """A connected set of numbers is an interval."""
        return self.family.m == self.family.n == 1


def texts(numbers: Sequence[Fraction]) -> list[str]:
    """Return numbers as text."""
    return [str(x) for x in numbers]
