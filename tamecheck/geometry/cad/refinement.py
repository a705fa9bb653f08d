"""A finer decomposition of the space of the free variables, labelled by an earlier search.

When signs of projection factors do not tell true cells from false ones, derivatives are added.  The truth values are known already: over
the same cell, the stack of the finer decomposition has all roots of the coarser one, so counting these roots gives the coarser
cell that holds a finer one.  Nothing is lifted above the free variables again.
"""

from collections.abc import Sequence

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.lifting import Lifting
from tamecheck.geometry.cad.points import Point
from tamecheck.geometry.cad.projection import project
from tamecheck.geometry.cad.quantifiers import Search, TooMuch
from tamecheck.geometry.cad.stacks import Stack
from tamecheck.ground.polynomials import Ring, read


def suitable(search: Search) -> bool:
    """Return whether a search can be refined: no stack was cut for its own sake, and Lazard's rule was not used."""
    return search.lifting is not None and search.method == "brown" and not search.lifting._locals and search.free_count > 0


class Refinement:
    """The labels of a search on the cells of a finer decomposition; has what `Search` has for the answer.

    `run` raises `NotWellOriented` where the finer projection is not valid; then a new search has to be made.
    """

    def __init__(self, search: Search, extra: Sequence[str], budget: Budget | None, allowance: int | None) -> None:
        self.free_count = search.free_count
        self.ring = Ring(search.ring.names[: self.free_count])
        self.ring.limit(None if budget is None else budget.remaining())
        self.method, self.stacks, self.allowance = search.method, search.stacks, allowance
        old = [f for level in search.lifting.projection.levels[: self.free_count + 1] for f in level]
        coarse = [read(self.ring, str(f.polynomial))[0] for f in old]
        projection, _ = project(self.ring, [*coarse, *[read(self.ring, text)[0] for text in extra]], search.method)
        names = {str(p) for p in coarse}
        # of how many coarse roots a fine stack consists, by the numbers of the factors
        self._coarse = frozenset([f.number for f in projection.factors if str(f.polynomial) in names])
        self._truth = {path: value for path, _, value in search.table}
        self._longest = max([len(path) for path in self._truth], default=0)
        self.lifting = Lifting(projection, budget)
        self.table: list[tuple[tuple[int, ...], tuple[Stack, ...], bool]] = []
        self._before = search.stacks

    def run(self, budget: Budget | None) -> None:
        """Fill the table; may be called again after `BudgetExceeded`, and keeps the stacks that are built."""
        self.lifting.budget = budget
        self.table = []
        todo: list[tuple[Point | None, tuple[int, ...], tuple[Stack, ...], tuple[int, ...]]] = [(self.lifting.root, (), (), ())]
        while todo:
            point, path, stacks, coarse = todo.pop()
            value = self._truth.get(coarse)
            if value is not None:
                self.table.append((path, stacks, value))
                continue
            if point is None or len(coarse) >= self._longest:
                raise BudgetExceeded("a cell without a label: this is an error of the program", code="TC399", where="eliminate")
            stack = self.lifting.stack(point)
            if self.allowance is not None and self.lifting.stacks > self.allowance:
                raise TooMuch
            place = self._places(stack)
            for position in range(len(stack) - 1, -1, -1):
                child = self.lifting.child(point, position) if len(path) + 1 < self.free_count else None
                todo.append((child, (*path, position), (*stacks, stack), (*coarse, place[position])))
        self.stacks = self._before + self.lifting.stacks

    def _places(self, stack: Stack) -> list[int]:
        """Return for each position of a fine stack the position in the coarse one."""
        out, below = [0], 0
        for root in stack.roots:
            if any([f.number in self._coarse for f, _ in root.factors]):
                below += 1
                out += [2 * below - 1, 2 * below]
            else:
                out += [2 * below, 2 * below]
        return out
