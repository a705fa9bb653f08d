"""Which cells of a decomposition lie in the closure of which, exactly.

Let d and c be cells of R^k with d in the closure of c and dim c = dim d + 1 (d is a *face* of c).  If no factor of
the next level vanishes identically over d, every section over c extends continuously to d with values in [-oo, oo], and by
delineability its limit is one section over d, or infinite.  This *limit map* gives the faces one level up:

* a section over c has as face over d the section it tends to;
* a sector over c has as faces over d the sectors between the limits of the sections that bound it;
* in a stack, a sector has the section below and the one above as faces.

The closure of a cell is the union of what is reached through faces.  The limit map is computed along a path in c that ends in the sample
point of d: the coordinate in which c and d differ moves, free coordinates stay, roots follow.  Rational numbers
s_0 < r_0 < s_1 < ... separate the roots r_i over d; a box around the sample point of d is found on which no factor vanishes at any s_i (in ball
arithmetic); roots over a point of the path in the box tend to the root over d between the same separators.  No step
compares approximations.

.. [ACM88] D. Arnon, G. Collins, S. McCallum, "An adjacency algorithm for cylindrical algebraic decompositions of three-dimensional
   space", J. Symbolic Comput. 5 (1988).
.. [L10] D. Lazard, "CAD and topology of semi-algebraic sets", Math. Comput. Sci. 4 (2010).
"""

from fractions import Fraction

from flint import arb, fmpq

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.geometry.cad.cells import Cell, Decomposition
from tamecheck.geometry.cad.lifting import Lifting
from tamecheck.geometry.cad.points import Coordinate, Point
from tamecheck.geometry.cad.projection import Factor
from tamecheck.geometry.cad.stacks import Stack, build
from tamecheck.ground.algebraic import MAXIMAL_PRECISION, PRECISION, precision, rational
from tamecheck.ground.isolation import ends, simplest_between

MAXIMAL_CELLS = 200_000
MAXIMAL_EXPONENT = 4_096
"""Boxes are not made smaller than 2^-4096."""


class Obstruction(Exception):
    """A factor vanishes identically over a cell: closures of cells are not unions of cells there.  Other coordinates help."""

    def __init__(self, cell: "Node") -> None:
        self.cell = cell
        super().__init__(f"a factor vanishes identically over the cell {cell.index} of R^{len(cell.path)}")


class Node:
    """A cell of R^k, its place in its stack, and the stack over it.

    Attributes
    ----------
    path : tuple of int — positions from 0, odd for sections
    point : Point or None — the sample point in the lifting (shared with cells that have the same future)
    stack : Stack or None — over the cell, ``None`` at the last level
    stacks : tuple of Stack — that hold the cell and the cells below it
    faces, cofaces : lists of numbers of cells of the same level
    limits : dict — for each face, to which root over it the sections over this cell tend (-1 and the number of roots are infinite)
    """

    __slots__ = ("path", "point", "stack", "stacks", "dimension", "faces", "cofaces", "limits", "first", "parent")

    def __init__(self, path: tuple[int, ...], point: Point | None, stacks: tuple[Stack, ...], parent: int) -> None:
        self.path, self.point, self.stacks, self.parent = path, point, stacks, parent
        self.stack: Stack | None = None
        self.dimension = len([p for p in path if not p & 1])
        self.faces: list[int] = []
        self.cofaces: list[int] = []
        self.limits: dict[int, list[int]] = {}
        self.first = 0

    @property
    def index(self) -> tuple[int, ...]:
        """The index of the cell, as in `Cell`."""
        return tuple([p + 1 for p in self.path])

    def coordinates(self) -> list[Coordinate]:
        """Return the exact coordinates of the sample point."""
        return [stack.coordinate(p) for stack, p in zip(self.stacks, self.path, strict=True)]


class Adjacency:
    """The face relation of all cells of a complete decomposition.

    Attributes
    ----------
    decomposition : Decomposition
    levels : list of lists of Node — ``levels[k]`` are the cells of R^k in lexicographic order
    stacks : int — how many stacks were built besides those of the decomposition

    Raises
    ------
    Obstruction
        If a factor vanishes identically over a cell; use other coordinates (`tamecheck.geometry.cad.shear`).
    BudgetExceeded
        One step per stack; TC306 for too many cells.
    """

    def __init__(self, decomposition: Decomposition, budget: Budget | None = None) -> None:
        if not decomposition.complete:
            raise InputError("the decomposition is not finished", code="TC101", hint="resume it")
        self.decomposition = decomposition
        self.budget = budget
        self.stacks = 0
        lifting = decomposition.lifting
        if len(decomposition) > MAXIMAL_CELLS:
            raise BudgetExceeded(f"{len(decomposition)} cells are too many for their closures", code="TC306", where="adjacency")
        root = Node((), lifting.root, (), -1)
        root.stack = lifting.root.stack
        self.levels: list[list[Node]] = [[root]]
        n = len(decomposition.variables)
        for k in range(n):
            if k:
                self._limits(k)
            self.levels.append(self._raise(k, k + 1 == n))
        self._closures: list[frozenset[int] | None] = [None] * len(self.cells)
        self._stars: list[frozenset[int] | None] = [None] * len(self.cells)
        self._numbers = {node.path: i for i, node in enumerate(self.cells)}

    @property
    def cells(self) -> list[Node]:
        """The cells of the whole space, in the order of the decomposition."""
        return self.levels[-1]

    def __len__(self) -> int:
        return len(self.cells)

    def number(self, cell: Cell | Node) -> int:
        """Return the number of a cell."""
        return self._numbers[cell.path]

    def cell(self, number: int) -> Cell:
        """Return the cell with a number."""
        node = self.cells[number]
        return Cell(self.decomposition, node.path, node.stacks)

    # ------------------------------------------------------------------- using

    def closure(self, number: int) -> frozenset[int]:
        """Return the numbers of the cells whose union is the closure of a cell."""
        return self._reach(number, self._closures, "faces")

    def star(self, number: int) -> frozenset[int]:
        """Return the numbers of the cells whose closure holds a cell: their union is an open neighbourhood of it."""
        return self._reach(number, self._stars, "cofaces")

    def _reach(self, number: int, memo: list, name: str) -> frozenset[int]:
        found = memo[number]
        if found is not None:
            return found
        # no recursion: the order of dimensions bounds the depth, but a memo of all steps wants a stack
        stack = [number]
        while stack:
            top = stack[-1]
            waiting = [i for i in getattr(self.cells[top], name) if memo[i] is None]
            if waiting:
                stack += waiting
                continue
            stack.pop()
            memo[top] = frozenset([top]).union(*[memo[i] for i in getattr(self.cells[top], name)])
        return memo[number]

    def to_networkx(self):
        """Return the face poset as a directed graph from cells to their faces, with dimension, index and signs as attributes."""
        import networkx

        graph = networkx.DiGraph()
        for i, node in enumerate(self.cells):
            graph.add_node(i, index=node.index, dimension=node.dimension, signs=self.cell(i).signs)
        graph.add_edges_from([(i, j) for i, node in enumerate(self.cells) for j in node.faces])
        return graph

    def incidence(self, cell: int, face: int) -> int:
        """Return the incidence number of a cell and a face for the orientations by the free coordinates in order.

        Cell and face differ in one coordinate, the r-th free one (from 0) of the cell; the face is at its lower or its upper end:
        -(-1)^r or (-1)^r.
        """
        c, d = self.cells[cell].path, self.cells[face].path
        i = next(k for k in range(len(c)) if c[k] & 1 != d[k] & 1)
        r = len([1 for p in c[:i] if not p & 1])
        end = self._end(cell, face, i)
        return end if r % 2 == 0 else -end

    def _end(self, cell: int, face: int, i: int) -> int:
        """Return 1 if the face lies at the upper end of the coordinate in which the two differ, else -1."""
        c, d = self.cells[cell].path[i], self.cells[face].path[i]
        # the same stack: coordinates before are those of one cell
        return 1 if d > c else -1

    # ------------------------------------------------------------------ making

    def _raise(self, k: int, last: bool) -> list[Node]:
        """Return the cells of level k + 1 with their faces."""
        below = self.levels[k]
        out: list[Node] = []
        for i, node in enumerate(below):
            node.first = len(out)
            for position in range(len(node.stack)):
                point = None if last else node.point.children[position]
                new = Node((*node.path, position), point, (*node.stacks, node.stack), i)
                if not last:
                    new.stack = point.stack
                out.append(new)
        for node in below:
            for position in range(len(node.stack)):
                new = out[node.first + position]
                if position & 1 == 0:
                    new.faces += [node.first + p for p in (position - 1, position + 1) if 0 <= p < len(node.stack)]
                for face in node.faces:
                    new.faces += _across(position, node.limits[face], below[face])
        for i, node in enumerate(out):
            for face in node.faces:
                out[face].cofaces.append(i)
        return out

    def _limits(self, k: int) -> None:
        """Fill the limit maps of level k."""
        nodes = self.levels[k]
        for node in nodes:
            for face in node.faces:
                target = nodes[face]
                if target.stack.null or node.stack.null:
                    raise Obstruction(target if target.stack.null else node)
                node.limits[face] = self._limit(node, target)

    def _limit(self, cell: Node, face: Node) -> list[int]:
        m = len(cell.stack.roots)
        if m == 0:
            return []
        roots = face.stack.roots
        if m == len(roots) and all([any([e & 1 for _, e in r.factors]) for r in roots]):
            # where a factor changes sign there is a root nearby; as many roots as places leave no choice
            return list(range(m))
        if self.budget is not None:
            self.budget.spend(1, "adjacency")
        self.stacks += 1
        return _Approach(self.decomposition.lifting, cell, face).limits()


def _across(position: int, limits: list[int], face: Node) -> list[int]:
    """Return the faces over a face of the base of the cell at a position in the stack."""
    count = len(face.stack.roots)
    k = position >> 1
    if position & 1:
        return [face.first + 2 * limits[k] + 1] if 0 <= limits[k] < count else []
    low = limits[k - 1] if k else -1
    high = limits[k] if k < len(limits) else count
    return [face.first + 2 * i for i in range(low + 1, high + 1)]


class _Approach:
    """A path in a cell that tends to the sample point of a face."""

    def __init__(self, lifting: Lifting, cell: Node, face: Node) -> None:
        self.lifting, self.cell, self.face = lifting, cell, face
        self.target = face.coordinates()
        self.moving = next(i for i, (p, q) in enumerate(zip(cell.path, face.path, strict=True)) if p & 1 != q & 1)
        # +1: the path comes down to the face
        self.side = 1 if cell.path[self.moving] > face.path[self.moving] else -1

    def limits(self) -> list[int]:
        """Return for each root over the cell the number of the root over the face to which it tends."""
        k = len(self.target)
        separators = [self.face.stack.coordinate(2 * i) for i in range(len(self.face.stack.roots) + 1)]
        exponent = self._shrink(k, [_fraction(s.rational) for s in separators], 2)
        for j in range(k - 1, self.moving, -1):
            if self.face.path[j] & 1:
                wanted = self._around(j, exponent)
            else:
                wanted = [_fraction(self.target[j].rational)]
            exponent = max(exponent, self._shrink(j, wanted, exponent))
        stack = self._stack(exponent)
        if len(stack.roots) != len(self.cell.stack.roots):
            raise BudgetExceeded("a stack changes along a cell: this is an error of the program", code="TC399", where="adjacency")
        return [_between(root, separators) for root in stack.roots]

    def _around(self, j: int, exponent: int) -> list[Fraction]:
        """Return rationals below and above the j-th target coordinate, closer than 2^-exponent, with no other root between."""
        stack, k = self.face.stacks[j], self.face.path[j] >> 1
        x = self.target[j]
        with precision(2 * exponent + 64):
            ball = x.ball(2 * exponent + 64)
            width = arb(2) ** -exponent
            low, high = ball - width, ball + width
            if k:
                low = low.max(stack.coordinate(2 * k).ball(64))
            if k + 1 < len(stack.roots):
                high = high.min(stack.coordinate(2 * k + 2).ball(64))
            return [simplest_between(ends(low)[1], ends(ball)[0]), simplest_between(ends(ball)[1], ends(high)[0])]

    def _shrink(self, level: int, values: list[Fraction], start: int) -> int:
        """Return e such that no factor of level + 1 vanishes at a value over the box of size 2^-e around the first coordinates."""
        point = self._parent(level)
        factors = [*self.lifting.projection.levels[level + 1], *point.extra]
        exponent = start
        while exponent <= MAXIMAL_EXPONENT:
            bits = 64 + 4 * exponent
            with precision(bits):
                box = self._box(level, exponent, bits)
                arrays = [_specialised(f, box) for f in factors]
                if all([0 not in _value(a, v) for a in arrays for v in values]):
                    return exponent
            exponent += 1 + exponent // 2
        raise BudgetExceeded("a box around a point would be too small", code="TC306", where="adjacency")

    def _parent(self, level: int) -> Point:
        point = self.lifting.root
        for position in self.face.path[:level]:
            point = point.children[position]
        return point

    def _box(self, level: int, exponent: int, bits: int) -> list[arb]:
        out = []
        for j, x in enumerate(self.target[:level]):
            ball = arb(x.rational) if x.rational is not None else x.ball(bits)
            if j == self.moving or (j > self.moving and self.face.path[j] & 1):
                ball += arb(0, 1) * arb(2) ** -exponent
            out.append(ball)
        return out

    def _stack(self, exponent: int) -> Stack:
        """Return the stack over a point of the cell in the box."""
        point = self.lifting.root
        tree: Point = point
        for j, position in enumerate(self.cell.path):
            x: Coordinate
            if j < self.moving:
                point = tree = tree.children[position]
                continue
            if j == self.moving:
                x = self._moved(exponent)
            elif position & 1:
                x = point.stack.coordinate(position)
            else:
                x = self.target[j]
            point = self._child(point, tree, position, x)
            tree = tree.children[position]
        return point.stack

    def _moved(self, exponent: int) -> Coordinate:
        """Return a rational near the target, on the side of the cell and in it."""
        stack, position = self.cell.stacks[self.moving], self.cell.path[self.moving]
        own = stack.coordinate(position)
        bits = 2 * exponent + 64
        with precision(bits):
            ball = self.target[self.moving].ball(bits)
            edge = ball + self.side * (arb(2) ** -exponent)
            if self.side > 0:
                q = simplest_between(ends(ball)[1], ends(edge.min(own.ball(64)))[0])
            else:
                q = simplest_between(ends(edge.max(own.ball(64)))[1], ends(ball)[0])
        return rational(q.numerator, q.denominator)

    def _child(self, point: Point, tree: Point, position: int, x: Coordinate) -> Point:
        """Return the point one level up with its stack, built for this coordinate."""
        k = len(point.coordinates) + 1
        rigid = k if position & 1 and point.rigid == k - 1 else point.rigid
        irrational = point.irrational | (0 if x.rational is not None else 1 << k)
        new = Point((*point.coordinates, x), point.vanishing | point.stack.vanishing(position), irrational, rigid)
        self.lifting.specialise(point, new, x)
        child = tree.children[position]
        new.extra, new.home = child.extra, child.home
        for f in new.extra:
            new.arrays[f.number] = new.specialise(f, PRECISION)
        with precision(PRECISION):
            new.stack = build(new, [*self.lifting.projection.levels[k + 1], *new.extra], self.lifting.delineate)
        return new


def _fraction(q: fmpq) -> Fraction:
    return Fraction(int(q.p), int(q.q))


def _specialised(f: Factor, box: list[arb]) -> list[arb]:
    """Return enclosures of the coefficients of a factor in its main variable over a box."""
    out = [arb(0)] * (f.degree + 1)
    powers: list[list[arb]] = [[arb(1)] for _ in box]
    for exponents, c in zip(f.monomials, f.polynomial.coeffs(), strict=True):
        term = arb(c)
        for j, x in enumerate(box):
            e = exponents[j]
            while len(powers[j]) <= e:
                # x**2 is not a number in python-flint 0.9 if the ball holds zero
                powers[j].append(powers[j][-1] * x)
            if e:
                term *= powers[j][e]
        out[exponents[f.level - 1]] += term
    return out


def _value(array: list[arb], q: Fraction) -> arb:
    x = arb(fmpq(q.numerator, q.denominator))
    total = arb(0)
    for c in reversed(array):
        total = total * x + c
    return total


def _between(root, separators: list) -> int:
    """Return the number of separators below a root, minus one; no separator is a root."""
    below = 0
    for s in separators:
        bits = PRECISION
        while True:
            x = root.coordinate
            if x.rational is not None:
                below += 1 if x.rational > s.rational else 0
                break
            with precision(bits):
                a, b = x.ball(bits), arb(s.rational)
            if a > b:
                below += 1
                break
            if a < b:
                break
            bits *= 2
            if bits > MAXIMAL_PRECISION:
                raise BudgetExceeded("roots too close to be told apart", code="TC306", where="adjacency")
    return below - 1
