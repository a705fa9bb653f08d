"""From cells to strata: which cells merge into smooth pieces, dimension by dimension.

Cells carry labels; a stratum has one label.  From the top:

* cells whose open star has one label form the strata of dimension n;
* what is left, R, is a union of cells of dimension at most n - 1.  A cell of R belongs to a stratum of dimension n - 1 if near it R is the
  whole zero set of one irreducible polynomial with gradient different from zero (its order is 1), with one label;
* in the plane a point joins the curve if the two ends that meet there are one analytic branch (`tamecheck.geometry.topology.branches`);
* in R^3 the rest consists of curves and points.  A point stays on a curve if exactly two one-dimensional cells of the rest
  meet there, with one label, and Whitney's conditions hold there (`tamecheck.geometry.topology.whitney`);
* everything else is a point.

Orders are constant on cells (McCallum's theorem), so a test at the sample point speaks for the cell.  Along one-dimensional cells
of the rest, Whitney's conditions follow from the decomposition itself if the direction of projection is transversal; `NotTransversal` asks for
other coordinates.  At the end the frontier condition is checked on the cells, and where it fails strata are cut.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.lifting import partials
from tamecheck.geometry.cad.shear import Frame
from tamecheck.geometry.topology.branches import rational_point, smooth_branch
from tamecheck.geometry.topology.whitney import all_vanish, examine, order_at

MAXIMAL_ROUNDS = 50


class NotTransversal(Exception):
    """Multiplicity and order differ along a curve: the projection of the decomposition says nothing about Whitney's conditions there."""


@dataclass(frozen=True)
class Labels:
    """What strata have to respect.

    Attributes
    ----------
    considered : frozenset of int — a closed union of cells that holds the set
    key : callable — of a cell; equal keys may merge
    mask : callable — of a cell; merging cells need a common bit
    factors : int — so many first factors define what is stratified; others only serve to describe it
    """

    considered: frozenset[int]
    key: Callable[[int], object]
    mask: Callable[[int], int]
    factors: int


@dataclass(frozen=True)
class Cut:
    """Why a point is a stratum of its own: number of the cell and the reason; ``whitney`` if smoothness of curves alone did not ask for it."""

    cell: int
    reason: str
    whitney: bool = False


class Classification:
    """The dimension of the stratum of every cell, and the strata.

    Attributes
    ----------
    grade : dict — for every considered cell the dimension of its stratum
    strata : list of frozensets of cells
    cuts : list of Cut
    """

    def __init__(self, frame: Frame, labels: Labels) -> None:
        self.frame, self.labels = frame, labels
        self.cells = frame.adjacency
        self.n = len(frame.chart.old)
        d = frame.decomposition
        if d.method not in ("brown", "mccallum"):
            raise NotTransversal("orders are not constant on the cells of Lazard's projection")
        self.inputs = [factored[1][0][0] for factored in d._inputs]
        self._zero: dict[int, frozenset[int]] = {}
        self._orders: dict[tuple[int, int], int] = {}
        self._verdicts: dict[int, Cut | None] = {}
        self.demoted: set[int] = set()
        self.cuts: list[Cut] = []
        for _ in range(MAXIMAL_ROUNDS):
            self._classify()
            self.strata = self._connect()
            violation = self._violations()
            if not violation:
                return
            self.demoted |= violation
        raise BudgetExceeded("the frontier condition could not be reached", code="TC399", where="strata")

    # ------------------------------------------------------------------- facts

    def vanishing(self, i: int) -> frozenset[int]:
        """Return the numbers of the factors that vanish on a cell."""
        found = self._zero.get(i)
        if found is None:
            signs = self.cells.cell(i).signs
            found = self._zero[i] = frozenset([k for k, s in enumerate(signs[: self.labels.factors]) if s == 0])
        return found

    def order(self, i: int, factor: int) -> int:
        """Return the order of a factor on a cell."""
        key = (i, factor)
        found = self._orders.get(key)
        if found is None:
            node = self.cells.cells[i]
            f = self.inputs[factor]
            if f.level == self.n and node.path[-1] & 1 and self.multiplicity(i, factor) == 1:
                found = 1
            else:
                found = order_at(f.polynomial, node.coordinates(), self.n)
            self._orders[key] = found
        return found

    def multiplicity(self, i: int, factor: int) -> int | None:
        """Return the multiplicity of a section as a root of a factor, ``None`` if it is none."""
        node = self.cells.cells[i]
        for f, m in node.stacks[-1].roots[node.path[-1] >> 1].factors:
            if f.number == self.inputs[factor].number:
                return m
        return None

    def _uniform(self, cells: Iterable[int]) -> bool:
        """Return whether cells have one key and a common bit."""
        keys, mask = set(), -1
        for i in cells:
            keys.add(self.labels.key(i))
            mask &= self.labels.mask(i)
        return len(keys) == 1 and mask != 0

    # --------------------------------------------------------------- dimensions

    def _classify(self) -> None:
        considered = self.labels.considered
        self.grade: dict[int, int] = {}
        self.cuts = []
        for i in considered:
            star = self.cells.star(i)
            if star <= considered and i not in self.demoted and self._uniform(star):
                self.grade[i] = self.n
        rest = considered - self.grade.keys()
        if self.n > 1:
            smooth = [i for i in rest if i not in self.demoted and self._smooth(i, rest)]
            self.grade.update(dict.fromkeys(smooth, self.n - 1))
        last = rest - self.grade.keys()
        for i in sorted(last):
            dimension = self.cells.cells[i].dimension
            if dimension == 0:
                cut = self._cut(i, rest, last)
                self.grade[i] = 0 if cut else 1
                if cut:
                    self.cuts.append(cut)
            elif dimension == 1 and self.n == 3:
                self._transversal(i)
                self.grade[i] = 1
            else:
                raise NotTransversal("a cell of codimension one is not smooth")

    def _smooth(self, i: int, rest: frozenset[int]) -> bool:
        """Return whether the rest is near a cell a smooth hypersurface with one label."""
        star = self.cells.star(i)
        near = star & rest
        factors: set[int] = set()
        for j in near:
            if self.cells.cells[j].dimension == self.n - 1:
                factors |= self.vanishing(j)
        if len(factors) != 1:
            return False
        g = next(iter(factors))
        if any([(g in self.vanishing(j)) != (j in near) for j in star]) or not self._uniform(near):
            return False
        return self.order(i, g) == 1

    def _transversal(self, i: int) -> None:
        """Check that the direction of projection is transversal along a one-dimensional cell.

        Over a point of the plane the factors that vanish on a vertical cell do not contain the last variable: a product,
        where nothing is to be checked.
        """
        if not self.cells.cells[i].path[-1] & 1:
            return
        for factor in self.vanishing(i):
            if self.inputs[factor].level == 3 and self.multiplicity(i, factor) != self.order(i, factor):
                raise NotTransversal(f"along the cell {self.cells.cells[i].index}")

    def _cut(self, i: int, rest: frozenset[int], last: frozenset[int]) -> Cut | None:
        """Return why a point of the rest is a stratum, ``None`` if it belongs to a curve."""
        if i in self.demoted:
            return Cut(i, "needed for the frontier condition")
        star = self.cells.star(i)
        ends = [j for j in star & last if self.cells.cells[j].dimension == 1]
        if self.n != 3:
            ends = [j for j in star & rest if self.cells.cells[j].dimension == 1]
            if len(ends) == 2 and not self._uniform([i, *ends]):
                return Cut(i, "the label or the piece of the function changes along the curve")
            return None if self._one_branch(i, ends) else Cut(i, _branches(len(ends)))
        if len(ends) != 2:
            sheets = [j for j in star & rest if self.cells.cells[j].dimension == 2]
            alone = "an isolated singular point of the surface" if sheets else "an isolated point"
            return Cut(i, _branches(len(ends)) if ends else alone)
        if not self._uniform([i, *ends]):
            return Cut(i, "the label or the piece of the function changes along the curve")
        if i not in self._verdicts:
            self._verdicts[i] = self._examine(i, ends, star & rest)
        return self._verdicts[i]

    def _one_branch(self, i: int, ends: Sequence[int]) -> bool:
        """Return True if two ends of curves in the plane are one analytic branch, although the polynomial is singular at the point.

        A polynomial that vanishes on these two of the cells around the point, and on no other, vanishes on the graph of an analytic
        function through the point: the two ends are its two halves.
        """
        point = rational_point(self.cells.cells[i].coordinates())
        if self.n != 2 or len(ends) != 2 or point is None:
            return False
        around = [j for j in self.cells.star(i) if self.cells.cells[j].dimension == 1]
        for f in self.vanishing(ends[0]) & self.vanishing(ends[1]):
            if len([j for j in around if f in self.vanishing(j)]) == 2 and smooth_branch(self.inputs[f].polynomial, point):
                return True
        return False

    def _examine(self, i: int, ends: Sequence[int], near: frozenset[int]) -> Cut | None:
        """Return why a point where two ends of curves meet is a stratum.

        What counts are the polynomials that vanish on the sheets around the point, if the curve is singular on their union; else all that
        vanish on a cell around it; and if there are no sheets, only the curve has to be smooth.
        """
        sheets = frozenset().union(*[self.vanishing(j) for j in near if self.cells.cells[j].dimension == 2])
        if not sheets and self._smooth_curve(i, ends):
            return None
        everything = frozenset().union(*[self.vanishing(j) for j in near if j != i])
        if sheets != everything and all([self._sum(j, sheets) > 1 for j in ends]) and self._equisingular(i, ends, sheets) is None:
            return None
        return self._equisingular(i, ends, everything)

    def _sum(self, i: int, factors: frozenset[int]) -> int:
        return sum([self.order(i, f) for f in factors if f in self.vanishing(i)])

    def _equisingular(self, i: int, ends: Sequence[int], factors: frozenset[int]) -> Cut | None:
        here, along = self._sum(i, factors), [self._sum(j, factors) for j in ends]
        if any([m != here for m in along]):
            return Cut(i, f"the multiplicity is {here} at the point and {min(along)} along the curve", True)
        polynomials = [self.inputs[f].polynomial for f in sorted(factors)]
        verdict = examine(self.frame.decomposition.ring, polynomials, self.cells.cells[i].coordinates())
        return None if verdict.good else Cut(i, verdict.reason, True)

    def _smooth_curve(self, i: int, ends: Sequence[int]) -> bool:
        """Return True if two polynomials that vanish on both ends have independent gradients at the point.

        They define a smooth curve there, which the two ends fill.  Candidates are the projection factors, and the partial derivatives of
        order below that of a factor along the ends.
        """
        node = self.cells.cells[i]
        zero = [self.cells.cell(j).factor_signs() for j in (i, *ends)]
        found = [f.polynomial for f in self.frame.decomposition.projection.factors if all([signs[f.number] == 0 for signs in zero])]
        for factor in frozenset.intersection(*[self.vanishing(j) for j in ends]):
            for k in range(1, min([self.order(j, factor) for j in ends])):
                found += partials(self.inputs[factor].polynomial, self.n, k)
        gradients = [[p.derivative(k) for k in range(3)] for p in found]
        minors = [a[k] * b[m] - a[m] * b[k] for a, b in combinations(gradients, 2) for k, m in ((0, 1), (0, 2), (1, 2))]
        return not all_vanish([m for m in minors if not m.is_zero()], node.coordinates())

    # ------------------------------------------------------------------- strata

    def _connect(self) -> list[frozenset[int]]:
        left = dict.fromkeys(sorted(self.grade))
        found = []
        while left:
            start = next(iter(left))
            del left[start]
            part, todo = [start], [start]
            while todo:
                node = self.cells.cells[todo.pop()]
                for j in (*node.faces, *node.cofaces):
                    if j in left and self.grade[j] == self.grade[start]:
                        del left[j]
                        part.append(j)
                        todo.append(j)
            found.append(frozenset(part))
        return found

    def closures(self) -> list[frozenset[int]]:
        """Return for each stratum the numbers of the strata that its closure meets, without itself."""
        owner = {i: k for k, s in enumerate(self.strata) for i in s}
        self._touching = [frozenset().union(*[self.cells.closure(i) for i in s]) for s in self.strata]
        return [frozenset([owner[j] for j in reach]) - {k} for k, reach in enumerate(self._touching)]

    def _violations(self) -> set[int]:
        """Return cells at which strata have to be cut, because the closure of a stratum holds a part of another only."""
        bad: set[int] = set()
        met = self.closures()
        for k, others in enumerate(met):
            for t in others:
                part = self.strata[t] & self._touching[k]
                if part == self.strata[t]:
                    continue
                edge = {i for i in part if not self.cells.star(i) & self.strata[t] <= part}
                lower = {j for i in part for j in self.cells.closure(i) & self.strata[t] if not self.cells.star(j) & self.strata[t] <= part}
                bad |= {i for i in edge | lower if self.cells.cells[i].dimension < self.grade[i]}
                if not bad:
                    raise BudgetExceeded("a stratum cannot be cut: this is an error of the program", code="TC399", where="strata")
        return bad


def _branches(count: int) -> str:
    if count == 0:
        return "an isolated point"
    if count == 1:
        return "an end of a curve"
    if count == 2:
        return "a curve is not smooth there"
    return f"{count} branches of curves meet"
