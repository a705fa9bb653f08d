"""All zeros of a square system of analytic equations in a box, by branch and prune with certificates of existence and uniqueness.

For a box X with middle c, a derivative matrix J(X) over the box and any matrix Y, Krawczyk's operator is
``K(X) = c - Y F(c) + (I - Y J(X)) (X - c)``.

* Every zero in X lies in K(X); if K(X) misses X there is none.
* If K(X) lies in the interior of X, there is exactly one zero in X, and it is simple [K69]_ [R80]_.

A zero found by Newton's iteration gets the largest box on which the second holds, first; what is inside of such boxes need not be searched.
Everything else is cut until an equation excludes zero, or K misses it.  A box that is neither is *open*: near a degenerate zero, or near a set of
zeros of positive dimension, no interval method of this kind can end otherwise.  Newton's iteration uses rounded numbers and proves nothing.

.. [K69] R. Krawczyk, "Newton-Algorithmen zur Bestimmung von Nullstellen mit Fehlerschranken", Computing 4 (1969).
.. [R80] S. M. Rump, "Kleine Fehlerschranken bei Matrixproblemen", thesis, Karlsruhe 1980.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.critical_values.fixed_intervals import Fixed, Interval, Unbounded
from tamecheck.geometry.critical_values.smooth_programs import Smooth

Box = tuple[Interval, ...]
PLACES = 64
FINE = 160
"""Binary places of the final enclosures."""
STARTS = 3
"""Newton's iteration starts from a grid of so many points in each direction."""
MAXIMAL_BOXES = 20_000
SMALLEST = 24
"""A box that is smaller than the given one by so many binary places is open."""


@dataclass
class Zero:
    """A certified zero: a box that holds exactly one, which is simple.

    Attributes
    ----------
    box : Box — with `FINE` binary places
    unique : Box — a larger box (with `PLACES` places) without another zero
    """

    box: Box
    unique: Box

    def ends(self) -> list[tuple[Fraction, Fraction]]:
        """Return the coordinates as rational bounds."""
        one = 1 << FINE
        return [(Fraction(a, one), Fraction(b, one)) for a, b in self.box]


@dataclass
class Zeros:
    """The zeros in a box: certified ones, and open boxes outside of which there are no others."""

    zeros: list[Zero] = field(default_factory=list)
    open: list[list[tuple[Fraction, Fraction]]] = field(default_factory=list)
    boxes: int = 0
    reason: str = ""
    kept: list[int] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether nothing is open."""
        return not self.open


class System:
    """F = 0 for the outputs of a program, as many as variables."""

    def __init__(self, program: Smooth) -> None:
        self.program = program
        self.n = program.n
        self.order = program.order()
        self.fixed = Fixed(PLACES)
        self.fine = Fixed(FINE)
        self.resolve: Callable[[System, Box], bool] | None = None

    # ---------------------------------------------------------------- evaluation

    def at(self, fixed: Fixed, box: Sequence[Interval]) -> tuple[list[Interval], list[list[Interval]]]:
        """Return F and its derivative matrix over a box."""
        values = self.program.values(fixed, box, self.order)
        return [values[k] for k in self.program.outputs], self.matrix(fixed, values)

    def matrix(self, fixed: Fixed, values: list) -> list[list[Interval]]:
        """Return the derivative matrix over a box from the values of all operations there."""
        rows = self.program.derivatives(fixed, values, self.order)
        zero = (0, 0)
        return [[r if r is not None else zero for r in (rows[k] or [None] * self.n)] for k in self.program.outputs]

    # ------------------------------------------------------------------ certificates

    def krawczyk(
        self, fixed: Fixed, box: Box, matrix: list, centre: list[int], at_centre: list[Interval], inverse: list[list[int]]
    ) -> list[Interval]:
        """Return K(X)."""
        n = self.n
        out = []
        for i in range(n):
            total = [centre[i], centre[i]]
            for j in range(n):
                y = inverse[i][j]
                a = _times(fixed, y, at_centre[j])
                total[0] -= a[1]
                total[1] -= a[0]
            for k in range(n):
                low = high = fixed.one if i == k else 0
                for j in range(n):
                    a = _times(fixed, inverse[i][j], matrix[j][k])
                    low, high = low - a[1], high - a[0]
                d = (box[k][0] - centre[k], box[k][1] - centre[k])
                a = fixed.mul((low, high), d)
                total[0] += a[0]
                total[1] += a[1]
            out.append((total[0], total[1]))
        return out

    def image(self, fixed: Fixed, box: Box) -> list[Interval] | None:
        """Return K(X) for the middle of the box and an approximate inverse there; ``None`` where that is not possible."""
        centre = [(a + b) // 2 for a, b in box]
        try:
            _, matrix = self.at(fixed, box)
            at_centre, middle = self.at(fixed, [(c, c) for c in centre])
        except Unbounded:
            return None
        inverse = _inverse(fixed, [[(a + b) // 2 for a, b in row] for row in middle])
        return None if inverse is None else self.krawczyk(fixed, box, matrix, centre, at_centre, inverse)

    def certify(self, point: Sequence[int], width: int) -> Zero | None:
        """Return the zero near an approximate one, with a box of uniqueness that is as large as doubling allows."""
        best: Box | None = None
        radius = max(width >> 16, 4)
        for _ in range(40):
            box = tuple([(c - radius, c + radius) for c in point])
            image = self.image(self.fixed, box)
            if image is None or not _inside(image, box):
                if best is not None or radius > width:
                    break
                radius *= 8
                if radius > width:
                    break
                continue
            best = box
            if radius > 2 * width:
                break
            radius *= 2
        if best is None:
            best = self._small(point)
        return None if best is None else Zero(self.refine(best), best)

    def _small(self, point: Sequence[int]) -> Box | None:
        for radius in (2**30, 2**20, 2**12):
            box = tuple([(c - radius, c + radius) for c in point])
            image = self.image(self.fixed, box)
            if image is not None and _inside(image, box):
                return box
        return None

    def refine(self, box: Box) -> Box:
        """Return a small box with the zero, by repeated intersection with K."""
        factor = FINE - PLACES
        current = tuple([(a << factor, b << factor) for a, b in box])
        for _ in range(60):
            image = self.image(self.fine, current)
            if image is None:
                break
            new = _meet(current, image)
            if new is None or all([b - a >= d - c for (a, b), (c, d) in zip(new, current, strict=True)]):
                break
            current = new
        return current

    def newton(self, start: list[int]) -> list[int] | None:
        """Return an approximate zero near a point, by rounded Newton steps: a hint."""
        fixed = self.fixed
        point = list(start)
        for _ in range(30):
            try:
                value, matrix = self.at(fixed, [(c, c) for c in point])
            except Unbounded:
                return None
            inverse = _inverse(fixed, [[(a + b) // 2 for a, b in row] for row in matrix])
            if inverse is None:
                return None
            step = [sum([inverse[i][j] * ((value[j][0] + value[j][1]) // 2) for j in range(self.n)]) >> fixed.shift for i in range(self.n)]
            point = [c - d for c, d in zip(point, step, strict=True)]
            if max([abs(d) for d in step]) < 2**10:
                return point
            if max([abs(c) for c in point]) > fixed.one << 20:
                return None
        return None


def zeros(
    program: Smooth,
    box: Sequence[tuple[Fraction, Fraction]],
    budget: Budget | None = None,
    boxes: int = MAXIMAL_BOXES,
    resolve: "Callable[[System, Box], bool] | None" = None,
) -> Zeros:
    """Return all zeros of the outputs of a program in a closed box.

    Parameters
    ----------
    box : one pair of rational ends for every variable
    boxes : how many boxes are looked at before the rest is left open
    resolve : may prove in another way that a box without the zeros already found holds none
    """
    system = System(program)
    system.resolve = resolve
    fixed = system.fixed
    whole: Box = tuple([(fixed.number(a)[0], fixed.number(b)[1]) for a, b in box])
    result = Zeros()
    found = _hints(system, whole)
    left: list[Box] = []
    given = [(Fraction(a), Fraction(b)) for a, b in box]
    for z in found:
        if all([a <= p and q <= b for (p, q), (a, b) in zip(z.ends(), given, strict=True)]):
            result.zeros.append(z)
        elif all([a <= q and p <= b for (p, q), (a, b) in zip(z.ends(), given, strict=True)]):
            left.append(tuple([(a >> (FINE - PLACES), -(-b >> (FINE - PLACES))) for a, b in z.box]))  # on the boundary
    todo: list[Box] = [whole]
    limits = [max((b - a) >> SMALLEST, 16) for a, b in whole]
    while todo:
        x = todo.pop()
        result.boxes += 1
        if result.boxes > boxes:
            left.append(x)
            left += todo
            result.reason = f"{boxes} boxes were looked at"
            break
        try:
            if budget is not None:
                budget.spend(1, "interval Newton")
                if budget.seconds is not None and result.boxes % 16 == 0 and budget.remaining() <= 0:
                    raise BudgetExceeded("time budget used up", code="TC301")
        except BudgetExceeded:
            left.append(x)
            left += todo
            result.reason = "the time budget was used up"
            break
        todo += _look(system, x, found, result, left, limits)
    result.open = [[(fixed.rational(a), fixed.rational(b)) for a, b in x] for x in _joined(left)]
    if result.open and not result.reason:
        result.reason = "a degenerate zero, or a set of zeros of positive dimension, may be there"
    result.zeros.sort(key=lambda z: z.box)
    return result


def _hints(system: System, whole: Box) -> list[Zero]:
    """Return certified zeros found by Newton's iteration from a grid."""
    found: list[Zero] = []
    grids = [[a + (b - a) * (2 * k + 1) // (2 * STARTS) for k in range(STARTS)] for a, b in whole]
    starts: list[list[int]] = [[]]
    for grid in grids:
        starts = [[*s, c] for s in starts for c in grid]
    width = max([b - a for a, b in whole])
    for start in starts:
        point = system.newton(start)
        if point is None or any([not a - (b - a) // 8 <= c <= b + (b - a) // 8 for c, (a, b) in zip(point, whole, strict=True)]):
            continue
        if any([_within(tuple([(c, c) for c in point]), z.unique) for z in found]):
            continue
        z = system.certify(point, width >> 2)
        if z is not None and not any([_meet(z.box, o.box) is not None for o in found]):
            found.append(z)
    return found


def _look(system: System, x: Box, found: list[Zero], result: Zeros, left: list[Box], limits: list[int]) -> list[Box]:
    """Return what has to be searched further of a box."""
    fixed, n = system.fixed, system.n
    for attempt in range(8):
        if any([_within(x, z.unique) for z in found]):
            return []
        try:
            values = system.program.values(fixed, x, system.order)
        except Unbounded:
            return _cut(x, limits, left, None)
        if any([values[k][0] > 0 or values[k][1] < 0 for k in system.program.outputs]):
            return []
        if attempt == 0 and system.resolve is not None and not any([_meet(x, z.unique) is not None for z in found]) and system.resolve(system, x):
            return []
        centre = [(a + b) // 2 for a, b in x]
        try:
            matrix = system.matrix(fixed, values)
            at_centre, middle = system.at(fixed, [(c, c) for c in centre])
        except Unbounded:
            return _cut(x, limits, left, None)
        for i in range(n):
            # the mean value form
            low, high = at_centre[i]
            for j in range(n):
                a = fixed.mul(matrix[i][j], (x[j][0] - centre[j], x[j][1] - centre[j]))
                low, high = low + a[0], high + a[1]
            if low > 0 or high < 0:
                return []
        inverse = _inverse(fixed, [[(a + b) // 2 for a, b in row] for row in middle])
        if inverse is None:
            return _cut(x, limits, left, matrix)
        image = system.krawczyk(fixed, x, matrix, centre, at_centre, inverse)
        if _inside(image, x):
            z = Zero(system.refine(x), x)
            if not any([_meet(z.box, o.box) is not None for o in found]):
                found.append(z)
                result.zeros.append(z)
            return []
        new = _meet(x, image)
        if new is None:
            return []
        new = _sharpen(system, new, matrix, centre, at_centre, inverse)
        if new is None:
            return []
        shrunk = any([4 * (d - c) < 3 * (b - a) for (a, b), (c, d) in zip(x, new, strict=True)])
        x = new
        if not shrunk:
            return _cut(x, limits, left, matrix)
    return _cut(x, limits, left, None)


def _sharpen(system: System, x: Box, matrix: list, centre: list[int], at_centre: list[Interval], inverse: list[list[int]]) -> Box | None:
    """Return the box after a Gauss-Seidel step with the preconditioned and the plain equations; ``None`` if it is empty."""
    fixed, n = system.fixed, system.n
    new = list(x)
    rows = []
    for i in range(n):
        rows.append(([_row(fixed, inverse[i], [m[k] for m in matrix]) for k in range(n)], _row(fixed, inverse[i], at_centre)))
    rows += [(matrix[i], at_centre[i]) for i in range(n)]
    for coefficients, constant in rows:
        for k in range(n):
            a = coefficients[k]
            if a[0] <= 0 <= a[1]:
                continue
            low, high = constant
            for j in range(n):
                if j != k:
                    b = fixed.mul(coefficients[j], (new[j][0] - centre[j], new[j][1] - centre[j]))
                    low, high = low + b[0], high + b[1]
            q = fixed.div((-high, -low), a)
            low, high = max(new[k][0], centre[k] + q[0]), min(new[k][1], centre[k] + q[1])
            if low > high:
                return None
            new[k] = (low, high)
    return tuple(new)


def _row(fixed: Fixed, y: Sequence[int], column: Sequence[Interval]) -> Interval:
    low = high = 0
    for a, b in zip(y, column, strict=True):
        p = _times(fixed, a, b)
        low, high = low + p[0], high + p[1]
    return low, high


def _cut(x: Box, limits: list[int], left: list[Box], matrix: list | None) -> list[Box]:
    """Return the two parts of a box, cut off the middle across the direction in which the equations vary most."""
    widths = [b - a for a, b in x]
    possible = [k for k, w in enumerate(widths) if w > limits[k]]
    if not possible:
        left.append(x)
        return []
    if matrix is None:
        k = max(possible, key=lambda k: widths[k] * 2**20 // limits[k])
    else:
        k = max(possible, key=lambda k: widths[k] * max([max(abs(row[k][0]), abs(row[k][1])) for row in matrix]))
    a, b = x[k]
    middle = a + (b - a) * 499 // 1000
    return [(*x[:k], (a, middle), *x[k + 1 :]), (*x[:k], (middle, b), *x[k + 1 :])]


def _times(fixed: Fixed, y: int, a: Interval) -> Interval:
    """Return an exact number (with the places of the arithmetic) times an interval."""
    p, q = (y * a[0], y * a[1]) if y >= 0 else (y * a[1], y * a[0])
    return p >> fixed.shift, -(-q >> fixed.shift)


def _inverse(fixed: Fixed, m: list[list[int]]) -> list[list[int]] | None:
    """Return an approximate inverse, rounded; ``None`` if the matrix is singular."""
    n = len(m)
    if n == 2:
        (a, b), (c, d) = m
        determinant = a * d - b * c
        square = fixed.one * fixed.one
        if determinant == 0:
            return None
        out = [[d * square // determinant, -b * square // determinant], [-c * square // determinant, a * square // determinant]]
        return None if max([abs(v) for row in out for v in row]) > fixed.one << 40 else out
    if n == 3:
        square = fixed.one * fixed.one
        adjugate = [[_cofactor(m, j, i) for j in range(3)] for i in range(3)]
        determinant = sum([m[0][j] * adjugate[j][0] for j in range(3)])
        if determinant == 0:
            return None
        out = [[v * square // determinant for v in row] for row in adjugate]
        return None if max([abs(v) for row in out for v in row]) > fixed.one << 40 else out
    rows = [[Fraction(v, fixed.one) for v in row] + [Fraction(int(i == j)) for j in range(n)] for i, row in enumerate(m)]
    scale = max([abs(v) for row in m for v in row], default=0)
    if scale == 0:
        return None
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if rows[pivot][k] == 0:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [_short(v / rows[k][k], fixed.shift) for v in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [_short(v - factor * w, fixed.shift) for v, w in zip(rows[i], rows[k], strict=True)]
    out = [[int(v * fixed.one) for v in row[n:]] for row in rows]
    return None if max([abs(v) for row in out for v in row]) > fixed.one << 40 else out


def _cofactor(m: list[list[int]], i: int, j: int) -> int:
    """Return the signed minor without row i and column j of a 3 x 3 matrix."""
    a, b = [k for k in range(3) if k != i]
    c, d = [k for k in range(3) if k != j]
    minor = m[a][c] * m[b][d] - m[a][d] * m[b][c]
    return minor if (i + j) % 2 == 0 else -minor


def _short(v: Fraction, shift: int) -> Fraction:
    places = shift + 64
    return Fraction((v.numerator << places) // v.denominator, 1 << places)


def _inside(inner: Sequence[Interval], outer: Sequence[Interval]) -> bool:
    """Return whether a box lies in the interior of another."""
    return all([c > a and d < b for (c, d), (a, b) in zip(inner, outer, strict=True)])


def _within(inner: Sequence[Interval], outer: Sequence[Interval]) -> bool:
    return all([c >= a and d <= b for (c, d), (a, b) in zip(inner, outer, strict=True)])


def _meet(a: Sequence[Interval], b: Sequence[Interval]) -> Box | None:
    out = tuple([(max(p, r), min(q, s)) for (p, q), (r, s) in zip(a, b, strict=True)])
    return None if any([p > q for p, q in out]) else out


def _joined(left: list[Box], most: int = 12) -> list[Box]:
    """Return few boxes that hold the given ones: neighbours are joined."""
    groups = [list(x) for x in left]
    if len(groups) > 3_000:
        return [_hull(groups)]
    merged = True
    while merged:
        merged = False
        out: list[list[Interval]] = []
        for g in groups:
            for k, h in enumerate(out):
                if _meet(g, h) is not None:
                    out[k] = list(_hull([g, h]))
                    merged = True
                    break
            else:
                out.append(list(g))
        groups = out
    return [tuple(g) for g in groups] if len(groups) <= most else [_hull(groups)]


def _hull(boxes: Sequence[Sequence[Interval]]) -> Box:
    n = len(boxes[0])
    return tuple([(min([b[k][0] for b in boxes]), max([b[k][1] for b in boxes])) for k in range(n)])
