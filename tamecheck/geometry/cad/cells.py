"""Decompositions of R^n into cells on which the signs of polynomials are constant.

>>> d = cells(["x^2+y^2-1"], ["x", "y"])
>>> len(d), d.euler_characteristic()
(13, 1)
>>> cell = d.locate([0, 0])
>>> cell.index, cell.dimension, cell.signs
((3, 3), 2, (-1,))

A cell over a cell is a *section*, the graph of a root, or a *sector*, the band between two neighbouring roots; in its index
sectors are odd and sections even, counted from below.  Cells are made when they are looked at: a decomposition with a
hundred thousand of them is a few hundred stacks.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import ctx, fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError, Refusal
from tamecheck.geometry.cad.lifting import Lifting
from tamecheck.geometry.cad.points import Coordinate, Point, Sheet
from tamecheck.geometry.cad.projection import Factored, Projection, project
from tamecheck.geometry.cad.stacks import NotWellOriented, Root, Stack, build
from tamecheck.ground.algebraic import MAXIMAL_PRECISION, PRECISION, AlgebraicNumber, number, polynomial_text
from tamecheck.ground.polynomials import Ring, as_text, read
from tamecheck.ground.towers import sign_at

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tamecheck.geometry.cad.evidence import Evidence
    from tamecheck.geometry.cad.solutions import Elimination


def cells(
    polynomials: Sequence[object], variables: Sequence[str], *, projection: str = "auto", budget: Budget | None = None,
    executor: "Executor | None" = None,
) -> "Decomposition":  # fmt: skip
    """Return a cylindrical decomposition of R^n on whose cells every polynomial has constant sign.

    Parameters
    ----------
    polynomials : sequence of str — in the language of formulas; SymPy expressions are accepted
    variables : sequence of str — in order: the first is decomposed first, the last is eliminated first
    projection : ``"auto"`` (the reduced McCallum projection, and Lazard's where that is not valid), ``"brown"``,
        ``"mccallum"`` or ``"lazard"``
    budget : Budget — one step per stack
    executor : any `concurrent.futures.Executor`; workers build the stacks (worth it for minutes of work)

    Raises
    ------
    InputError
        TC150 not a polynomial, TC102 a variable that is not listed.
    BudgetExceeded
        ``partial`` is the unfinished `Decomposition`, whose `resume` goes on.
    Refusal
        With ``projection="brown"`` or ``"mccallum"`` only: a factor vanishes identically over a cell of positive dimension (TC211).

    Soundness
    ---------
    Signs at sample points are exact.  That they hold on the whole cell is McCallum's theorem (with Brown's
    improvement), or that of McCallum, Parusinski and Paunescu for Lazard's projection; see `tamecheck.geometry.cad.projection`.
    """
    for given, what in ((polynomials, "polynomials"), (variables, "names of variables")):
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise InputError(f"expected a list of {what}, not {type(given).__name__}", code="TC101", hint='cells(["x^2+y^2-1"], ["x", "y"])')
    if projection == "open":
        raise InputError("the open projection makes no decomposition of the whole space", code="TC101", hint='"auto"')
    ring = Ring([as_name(v) for v in variables])
    ring.limit(None if budget is None else budget.remaining())
    texts = [as_text(p) for p in polynomials]
    given = [read(ring, text)[0] for text in texts]
    d = Decomposition(ring, given, texts)
    d.prepare(projection)
    if executor is not None:
        from tamecheck.geometry.cad.distribution import distribute

        distribute(d.lifting, texts, executor, budget)
    d.resume(budget)
    return d


def as_name(value: object) -> str:
    """Return the name of a variable given as text or as a symbol."""
    text = as_text(value)
    if not (text.isascii() and text.replace("_", "a").isalnum() and text[:1].isalpha()):
        raise InputError(f"{text[:40]!r} is no name of a variable", code="TC102")
    return text


class Decomposition:
    """A cylindrical decomposition.

    Attributes
    ----------
    variables : tuple of str
    polynomials : tuple of str — as they were given
    method : str — the projection in use
    """

    def __init__(self, ring: Ring, given: Sequence[fmpz_mpoly], texts: Sequence[str]) -> None:
        self.ring = ring
        self.variables = ring.names
        self.polynomials = tuple(texts)
        self.method = ""
        self._asked = "auto"
        self._given = [p for p in given]
        self.projection: Projection | None = None
        self.lifting: Lifting | None = None
        self._inputs: list[Factored | None] = []

    def __repr__(self) -> str:
        state = "" if self.complete else ", unfinished"
        return f"Decomposition({len(self)} cells of R^{len(self.variables)}, {', '.join(self.variables)}{state})"

    def _repr_html_(self) -> str:
        rows = "".join([f"<tr><td>{d}</td><td>{n}</td></tr>" for d, n in enumerate(self.count_by_dimension())])
        return f"<table><caption>{len(self)} cells</caption><tr><th>dimension</th><th>cells</th></tr>{rows}</table>"

    # ----------------------------------------------------------------- making

    def prepare(self, method: str = "auto") -> None:
        """Project; ``auto`` starts with the reduced McCallum projection."""
        self._asked = method
        self._start("brown" if method == "auto" else method)

    def _start(self, method: str) -> None:
        self.method = method
        nonzero = [p for p in self._given if not p.is_zero()]
        self.projection, factored = project(self.ring, nonzero, method)
        rest = iter(factored)
        self._inputs = [None if p.is_zero() else next(rest) for p in self._given]
        self.lifting = Lifting(self.projection)

    def resume(self, budget: Budget | None = None) -> None:
        """Lift what is not lifted yet."""
        while not self.complete:
            self.lifting.budget = budget
            try:
                self.lifting.run()
            except BudgetExceeded as stop:
                stop.partial = self
                raise
            except NotWellOriented as reason:
                self._repair(reason)

    def _repair(self, reason: NotWellOriented) -> None:
        if self.lifting.cut(reason):
            return
        if self._asked == "auto":
            self._start("lazard")
        else:
            raise Refusal(
                f"the factor {reason.factor.polynomial} vanishes identically over a cell of positive dimension", code="TC211",
                where=f"the {self.method} projection", hint='projection="auto" or "lazard"',
            )  # fmt: skip

    @property
    def complete(self) -> bool:
        """Whether every stack has been built."""
        return self.lifting.complete()

    # ----------------------------------------------------------------- counting

    def __len__(self) -> int:
        return self.lifting.count()

    def fold(self, leaf, join) -> object:
        """Return a value computed from the top stacks down to the root, each shared stack once.

        ``leaf(stack)`` gives the value over a point of the last level, ``join(stack, values)`` that of a point from the
        values over its cells; unfinished parts give ``None``.
        """
        values: dict[int, object] = {}
        last = len(self.variables) - 1
        todo: list[Point] = [self.lifting.root]
        while todo:
            point = todo[-1]
            if id(point) in values or point.stack is None:
                values.setdefault(id(point), None)
                todo.pop()
            elif len(point.coordinates) == last:
                values[id(todo.pop())] = leaf(point.stack)
            else:
                waiting = [c for c in point.children if c is not None and id(c) not in values]
                if waiting:
                    todo += waiting
                else:
                    values[id(todo.pop())] = join(point.stack, [None if c is None else values[id(c)] for c in point.children])
        return values[id(self.lifting.root)]

    def count_by_dimension(self) -> list[int]:
        """Return the numbers of cells of dimension 0, 1, ..., n."""

        def leaf(stack: Stack) -> list[int]:
            return [len(stack) // 2, len(stack) // 2 + 1]

        def join(_: Stack, values: list) -> list[int]:
            total: list[int] = []
            for position, counts in enumerate(values):
                shifted = counts or [0] if position & 1 else [0, *(counts or [0])]
                total = [a + b for a, b in zip(_padded(total, len(shifted)), _padded(shifted, len(total)), strict=True)]
            return total

        if not self.variables:
            return [1]
        counts = self.fold(leaf, join) or []
        return _padded(counts, len(self.variables) + 1)

    def euler_characteristic(self, where=None) -> int:
        """Return the sum of (-1)^dimension over the cells (that satisfy ``where(cell)``): Euler's characteristic with compact supports."""
        if where is None:
            return sum([n if d % 2 == 0 else -n for d, n in enumerate(self.count_by_dimension())])
        return sum([1 if c.dimension % 2 == 0 else -1 for c in self.cells if where(c)])

    def describe(self, where: Callable[["Cell"], bool]) -> "Elimination":
        """Return a formula (with `smtlib`) for the union of the cells that satisfy ``where``."""
        from tamecheck.geometry.cad.solutions import describe

        return describe(self, where)

    def evidence(self) -> "Evidence":
        """Return a document from which `tamecheck.cell_checker` verifies the decomposition without this package."""
        from tamecheck.geometry.cad.evidence import of_decomposition

        return of_decomposition(self)

    # ----------------------------------------------------------------- pictures

    def to_networkx(self, kind: str = "closure"):
        """Return a directed graph of the cells, with index, dimension and signs as attributes.

        Parameters
        ----------
        kind : ``"closure"`` — an edge from c to d if d meets the closure of c; ``"tree"`` — the cylinders: an edge from
            each cell of R^k (named by its index) to the cells of the stack over it
        """
        if kind == "closure":
            from tamecheck.geometry.cad.shear import touching

            return touching(self)
        if kind != "tree":
            raise InputError(f"no graph of cells is called {str(kind)[:40]!r}", code="TC101", hint='"closure" or "tree"')
        import networkx

        graph = networkx.DiGraph()
        graph.add_node((), index=(), dimension=0)
        for cell in self.cells:
            for k in range(1, len(cell.index) + 1):
                index = cell.index[:k]
                if index not in graph:
                    graph.add_node(index, index=index, dimension=sum([i & 1 for i in index]))
                    graph.add_edge(index[:-1], index)
            graph.nodes[cell.index]["signs"] = cell.signs
        return graph

    def plot(self, where: Callable[["Cell"], bool] | None = None, window: object = None, ax: object = None) -> object:
        """Draw the decomposition of the plane or of space, cells coloured by dimension, and return matplotlib's axes.

        Parameters
        ----------
        where : which cells to draw; by default all of the plane, in space those on which a polynomial vanishes
        window : ``(low, high)`` for all axes or a pair for each; by default around what is special
        """
        from tamecheck.geometry.cad.cell_pictures import draw

        return draw(self, where, window, ax)

    # -------------------------------------------------------------------- cells

    @property
    def cells(self) -> "Cells":
        """The cells in lexicographic order of their indices."""
        return Cells(self)

    def __iter__(self) -> Iterator["Cell"]:
        return iter(self.cells)

    def cell(self, index: Sequence[int]) -> "Cell":
        """Return the cell with an index (one number per variable, from 1)."""
        stacks = []
        point = self.lifting.root
        if len(index) != len(self.variables):
            raise InputError(f"an index here has {len(self.variables)} numbers", code="TC101", where=f"index {tuple(index)}")
        for depth, i in enumerate(index):
            if point is None or point.stack is None:
                raise InputError("this part of the decomposition is not finished", code="TC101", where=f"index {tuple(index)}")
            if not 1 <= i <= len(point.stack):
                raise InputError(f"the stack has {len(point.stack)} cells", code="TC101", where=f"place {depth + 1} of index {tuple(index)}")
            stacks.append(point.stack)
            if depth + 1 < len(index):
                point = point.children[i - 1]
        return Cell(self, tuple([i - 1 for i in index]), tuple(stacks))

    def locate(self, point: Sequence[object]) -> "Cell":
        """Return the cell that holds a point with rational or algebraic coordinates.

        The roots over the given point are isolated anew and counted; by delineability their number and order are those
        over the sample point.
        """
        if len(point) != len(self.variables):
            raise InputError(f"a point here has {len(self.variables)} coordinates", code="TC101")
        given: list[AlgebraicNumber] = []
        for value in point:
            x = number(value)
            if x is None:
                raise InputError(f"{type(value).__name__} is no exact number", code="TC101", hint="Fraction, int or an algebraic number")
            given.append(x)
        path = Path(self.lifting)
        return self.cell([path.enter(x) + 1 for x in given])

    def signs_of(self, signs: dict[int, int]) -> tuple[int, ...]:
        """Return the signs of the given polynomials from the signs of the factors."""
        out = []
        for factored in self._inputs:
            if factored is None:
                out.append(0)
                continue
            sign, factors = factored
            for f, e in factors:
                s = signs[f.number]
                if s == 0:
                    sign = 0
                    break
                if e & 1:
                    sign *= s
            out.append(sign)
        return tuple(out)


def _padded(counts: list[int], length: int) -> list[int]:
    return [*counts, *[0] * (length - len(counts))]


class Path:
    """A way up through a lifting along a given point, not along its samples."""

    def __init__(self, lifting: Lifting) -> None:
        self.lifting = lifting
        self.point = lifting.root
        self.tree: Point | None = lifting.root
        self.built = False

    def stack(self) -> Stack:
        """Return the stack over the point so far."""
        k = len(self.point.coordinates)
        if self.point.stack is None or (k and not self.built):
            before = ctx.prec
            ctx.prec = PRECISION
            try:
                factors = [*self.lifting.projection.levels[k + 1], *self.point.extra]
                self.point.stack = build(self.point, factors, self.lifting.delineate)
            finally:
                ctx.prec = before
        self.built = True
        return self.point.stack

    def enter(self, x: Coordinate) -> int:
        """Append a coordinate and return its position in the stack over the point so far."""
        k = len(self.point.coordinates)
        stack = self.stack()
        position = place(self.point, stack, x)
        rigid = k + 1 if position & 1 and self.point.rigid == k else self.point.rigid
        irrational = self.point.irrational | (0 if x.rational is not None else 1 << (k + 1))
        new = Point((*self.point.coordinates, x), self.point.vanishing | stack.vanishing(position), irrational, rigid)
        self.lifting.specialise(self.point, new, x)
        tree = self.tree.children[position] if self.tree is not None and self.tree.children else None
        if tree is not None:
            # the same cell in the decomposition: where its stack was cut, this one is, too
            new.extra, new.home = tree.extra, tree.home
            for f in new.extra:
                new.arrays[f.number] = new.specialise(f, PRECISION)
        self.tree = tree
        self.point = new
        self.built = False
        return position


def place(point: Point, stack: Stack, x: AlgebraicNumber) -> int:
    """Return the position of a number in a stack: twice the number of roots below, plus one if it is a root."""
    below = 0
    for root in stack.roots:
        side = _side(point, root, x)
        if side == 0:
            return 2 * below + 1
        if side < 0:
            break
        below += 1
    return 2 * below


def _side(point: Point, root: Root, x: AlgebraicNumber) -> int:
    """Return the sign of x - root, exactly."""
    y = root.coordinate
    if isinstance(y, AlgebraicNumber):
        return 0 if x == y else -1 if x < y else 1
    bits, candidate = PRECISION, None
    while bits <= MAXIMAL_PRECISION:
        a, b = x.ball(bits), y.ball(bits)
        if a < b:
            return -1
        if a > b:
            return 1
        if candidate is None and bits > PRECISION:
            candidate = sign_at(y.fibre.factor.polynomial, [*point.coordinates, x]) == 0
        if candidate and sum([1 for r, _ in y.fibre.at(bits)[0] if a.overlaps(type(a)(r))]) == 1:
            return 0
        bits *= 2
    raise BudgetExceeded("a comparison needs more than a million bits", code="TC306")


class Cells(Sequence):
    """The cells of a decomposition as a sequence; nothing is stored."""

    def __init__(self, decomposition: Decomposition) -> None:
        self._decomposition = decomposition

    def __len__(self) -> int:
        return len(self._decomposition)

    def __repr__(self) -> str:
        return f"<{len(self)} cells>"

    def __iter__(self) -> Iterator["Cell"]:
        d = self._decomposition
        last = len(d.variables) - 1
        root = d.lifting.root
        if not d.variables:
            yield Cell(d, (), ())
        todo: list[tuple[Point, tuple[int, ...], tuple[Stack, ...]]] = [(root, (), ())]
        while todo:
            point, path, stacks = todo.pop()
            stack = point.stack
            if stack is None:
                continue
            over = (*stacks, stack)
            if len(path) == last:
                for position in range(len(stack)):
                    yield Cell(d, (*path, position), over)
            else:
                for position in range(len(stack) - 1, -1, -1):
                    child = point.children[position]
                    if child is not None:
                        todo.append((child, (*path, position), over))

    def __getitem__(self, i: int | slice) -> "Cell | list[Cell]":
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        n = len(self)
        if i < 0:
            i += n
        if not 0 <= i < n:
            raise IndexError("no such cell")
        d = self._decomposition
        if not d.variables:
            return Cell(d, (), ())
        path: list[int] = []
        stacks: list[Stack] = []
        point = d.lifting.root
        while len(path) < len(d.variables) - 1:
            stacks.append(point.stack)
            for position, child in enumerate(point.children):
                size = child.count if child is not None and child.stack is not None else 0
                if i < size:
                    path.append(position)
                    point = child
                    break
                i -= size
        return Cell(d, (*path, i), (*stacks, point.stack))


class Cell:
    """A cell.

    Attributes
    ----------
    index : tuple of int — odd for sectors, even for sections
    dimension : int
    sample : tuple — exact coordinates of a point: `Fraction`, or an algebraic number that can be refined
    signs : tuple of int — of the polynomials
    """

    __slots__ = ("decomposition", "path", "stacks")

    def __init__(self, decomposition: Decomposition, path: tuple[int, ...], stacks: tuple[Stack, ...]) -> None:
        self.decomposition = decomposition
        self.path = path
        self.stacks = stacks

    def __repr__(self) -> str:
        shown = ", ".join([str(x) if isinstance(x, Fraction) else x.ball().mid().str(6, radius=False) for x in self.sample])
        return f"Cell{self.index}, dimension {self.dimension}, at ({shown})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self.path == other.path and self.decomposition is other.decomposition

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def index(self) -> tuple[int, ...]:
        return tuple([p + 1 for p in self.path])

    @property
    def dimension(self) -> int:
        return sum([1 for p in self.path if not p & 1])

    @property
    def point(self) -> tuple[Coordinate, ...]:
        """The sample point as numbers that can be refined."""
        return tuple([s.coordinate(p) for s, p in zip(self.stacks, self.path, strict=True)])

    @property
    def sample(self) -> tuple[Fraction | Coordinate, ...]:
        out: list[Fraction | Coordinate] = []
        for x in self.point:
            out.append(x if x.rational is None else Fraction(int(x.rational.p), int(x.rational.q)))
        return tuple(out)

    def factor_signs(self) -> dict[int, int]:
        """Return the sign of every projection factor, by number."""
        signs: dict[int, int] = {}
        for s, p in zip(self.stacks, self.path, strict=True):
            signs.update(s.signs(p))
        return signs

    @property
    def signs(self) -> tuple[int, ...]:
        return self.decomposition.signs_of(self.factor_signs())

    @property
    def formula(self) -> str:
        """A formula for exactly this cell; ``root(p, i, x)`` is the i-th real root of p in x, from 1, each counted once."""
        return cell_text(self.decomposition.variables, self.stacks, self.path)

    def smtlib(self) -> str:
        """Return an SMT-LIB script whose models are the points of this cell; roots are said with quantifiers."""
        from tamecheck.geometry.cad import cell_smtlib

        names = self.decomposition.variables
        return cell_smtlib.script(names, [cell_smtlib.cell(names, self.stacks, self.path)])

    def contains(self, point: Sequence[object]) -> bool:
        """Return whether a point lies in this cell."""
        return self.decomposition.locate(point).path == self.path


def position_text(name: str, stack: Stack, position: int, fixed: bool) -> list[str]:
    """Return the conditions that a coordinate is in a cell of a stack; ``fixed`` says that all coordinates before are numbers."""
    k = position >> 1
    if position & 1:
        return [f"{name} == {root_text(name, stack, k, fixed)}"]
    above = [f"{name} > {root_text(name, stack, k - 1, fixed)}"] if k else []
    return above + ([f"{name} < {root_text(name, stack, k, fixed)}"] if k < len(stack.roots) else [])


def cell_text(names: Sequence[str], stacks: Sequence[Stack], path: Sequence[int]) -> str:
    """Return a formula for the cell with these positions in these stacks."""
    parts: list[str] = []
    fixed = True
    for name, stack, position in zip(names, stacks, path, strict=False):
        parts += position_text(name, stack, position, fixed)
        fixed = fixed and bool(position & 1)
    return " and ".join(parts) or "True"


def root_text(name: str, stack: Stack, k: int, fixed: bool) -> str:
    """Return the k-th root of a stack as a term.

    The root over the sample point is a number, but over the other points of the cell it is another one, unless the cell is
    a point or the polynomial has no other variable.
    """
    root = stack.roots[k]
    x = root.coordinate
    free = [f for f, _ in root.factors if f.occurs == 1 << f.level]
    if fixed or free:
        if x.rational is not None:
            return str(Fraction(int(x.rational.p), int(x.rational.q)))
        if isinstance(x, AlgebraicNumber):
            return f"root({polynomial_text(x.polynomial, name)}, {x.index + 1}, {name})"
    f = min([f for f, _ in root.factors], key=lambda f: (f.degree, len(f.monomials)))
    if f.degree == 1 and f.coefficients[1].is_constant():
        lead = int(f.coefficients[1].coeffs()[0])
        value = str(-f.coefficients[0] if lead > 0 else f.coefficients[0]).replace(" ", "")
        return (f"({value})" if len(f.coefficients[0]) > 1 else value) + (f"/{abs(lead)}" if abs(lead) > 1 else "")
    below = sum([1 for other in stack.roots[:k] if any([g is f for g, _ in other.factors])])
    return f"root({str(f.polynomial).replace(' ', '')}, {below + 1}, {name})"


__all__ = ["Cell", "Cells", "Decomposition", "Sheet", "cells"]
