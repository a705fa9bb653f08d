"""Critical points of sums of squares: where the residuals have independent gradients, only zeros of all residuals are critical.

Let ``f = sum c_i r_i^2`` with c_i > 0 and at most as many residuals as variables.  Then ``grad f = 2 J^T C r``, and on a box where some maximal
minor of the matrix J of derivatives has no zero, grad f = 0 means r = 0.
The equations r = 0 are of first order where grad f = 0 is of second: boxes are
discarded far earlier.  (This is the statement that a wide network has no bad critical points where its tangent kernel is regular.)
"""

from itertools import combinations
from math import lcm

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.critical_values.atoms import Atoms, TooLarge
from tamecheck.geometry.critical_values.critical import maximal_minors
from tamecheck.geometry.critical_values.fixed_intervals import Fixed, Interval, Unbounded
from tamecheck.geometry.critical_values.smooth_programs import Smooth


def residuals(program: Smooth) -> list[int] | None:
    """Return the operations r_i if the first output is a sum of positive multiples of squares, otherwise ``None``."""
    g = program.graph
    todo = [program.outputs[0]]
    found: list[int] = []
    while todo:
        k = todo.pop()
        op = g.operations[k]
        if op[0] == "add":
            todo += [op[1], op[2]]
        elif op[0] == "power" and op[2] == 2:
            found.append(op[1])
        elif op[0] == "mul" and any([(g.number(c) or 0) > 0 for c in op[1:]]):
            todo.append(op[2] if (g.number(op[1]) or 0) > 0 else op[1])
        elif op[0] == "div" and (g.number(op[2]) or 0) > 0:
            todo.append(op[1])
        else:
            return None
    return found if found and len(set(found)) == len(found) else None


def independent(fixed: Fixed, matrix: list[list[Interval]]) -> bool:
    """Return whether some maximal minor of a matrix of intervals excludes zero."""
    m, n = len(matrix), len(matrix[0])
    if m > n:
        return False
    for columns in combinations(range(n), m):
        low, high = _determinant(fixed, [[row[c] for c in columns] for row in matrix])
        if low > 0 or high < 0:
            return True
    return False


def _determinant(fixed: Fixed, m: list[list[Interval]]) -> Interval:
    if len(m) == 1:
        return m[0][0]
    low = high = 0
    for k, a in enumerate(m[0]):
        minor = _determinant(fixed, [[q for j, q in enumerate(row) if j != k] for row in m[1:]])
        p = fixed.mul(a, minor)
        low, high = (low + p[0], high + p[1]) if k % 2 == 0 else (low - p[1], high - p[0])
    return low, high


def _factored_minors(program: Smooth) -> list[list[int]]:
    """Return for each maximal minor of the derivatives of the outputs its factors as operations (nothing where that is too large)."""
    outputs = list(program.outputs)
    rows = []
    for r in outputs:
        program.outputs = [r]
        rows.append(program.gradient())
    try:
        atoms = Atoms(program, [k for row in rows for k in row])
        matrix = [[atoms.values[k][0] for k in row] for row in rows]
        # entries have positive denominators; rows are scaled to a common one
        for i, row in enumerate(rows):
            common = 1
            for k in row:
                common = lcm(common, atoms.values[k][1])
            matrix[i] = [p * (common // atoms.values[k][1]) for p, k in zip(matrix[i], row, strict=True)]
        found = []
        for p in maximal_minors(matrix, len(matrix)):
            found.append([atoms.operation(q) for q, _ in atoms.ring.factors(p)[1]])
        return found
    except (TooLarge, BudgetExceeded):
        return []


class Resolver:
    """Proves that boxes hold no critical point by way of the residuals.

    Parameters
    ----------
    program : Smooth — in all variables; its outputs are the residuals
    kept, eliminated : positions of the variables of the reduced system and of those that were solved for
    extra : the outputs of the reduced program that give the eliminated variables
    """

    def __init__(self, program: Smooth, kept: list[int], eliminated: list[int], extra: list[int]) -> None:
        from tamecheck.geometry.critical_values.krawczyk import System

        self.kept, self.eliminated, self.extra = kept, eliminated, extra
        outputs = list(program.outputs)
        self.minors = _factored_minors(program)
        program.outputs = outputs
        self.system = System(program)
        self.program = program
        program.outputs = sorted({k for factors in self.minors for k in factors})
        self.order = program.order()
        program.outputs = outputs

    def __call__(self, reduced, x) -> bool:
        """Return whether the box certainly holds no critical point."""
        fixed = reduced.fixed
        full: list[Interval] = [(0, 0)] * (len(self.kept) + len(self.eliminated))
        for k, interval in zip(self.kept, x, strict=True):
            full[k] = interval
        try:
            if self.eliminated:
                program = reduced.program
                before = program.outputs
                program.outputs = self.extra
                order = program.order()
                program.outputs = before
                values = program.values(fixed, x, order)
                for k, place in zip(self.eliminated, self.extra, strict=True):
                    full[k] = values[place]
            if self.minors:
                if not self._some_minor(fixed, full):
                    return False
                values = self.system.program.values(fixed, full, self.system.order)
                value = [values[k] for k in self.system.program.outputs]
                if any([a > 0 or b < 0 for a, b in value]):
                    return True
                return self._excluded(fixed, full, self.system.matrix(fixed, values))
            value, matrix = self.system.at(fixed, full)
        except Unbounded:
            return False
        if not independent(fixed, matrix):
            return False
        return any([a > 0 or b < 0 for a, b in value]) or self._excluded(fixed, full, matrix)

    def _some_minor(self, fixed: Fixed, full: list[Interval]) -> bool:
        """Return whether some maximal minor has no zero on the box: every factor by its enclosure, or by the mean value form."""
        program = self.program
        values = program.values(fixed, full, self.order)
        doubtful = [[k for k in factors if values[k][0] <= 0 <= values[k][1]] for factors in self.minors]
        if any([not factors for factors in doubtful]):
            return True
        rows = program.derivatives(fixed, values, self.order)
        centre = [(a + b) // 2 for a, b in full]
        middle = program.values(fixed, [(c, c) for c in centre], self.order)
        return any([all([self._centred(fixed, full, centre, middle[k], rows[k]) for k in factors]) for factors in doubtful])

    @staticmethod
    def _centred(fixed: Fixed, full: list[Interval], centre: list[int], value: Interval, row: list | None) -> bool:
        low, high = value
        for j, slope in enumerate(row or []):
            if slope is not None:
                a = fixed.mul(slope, (full[j][0] - centre[j], full[j][1] - centre[j]))
                low, high = low + a[0], high + a[1]
        return low > 0 or high < 0

    def _excluded(self, fixed: Fixed, full: list[Interval], matrix: list[list[Interval]]) -> bool:
        """Return whether r = 0 is impossible by Krawczyk's operator (a square system) or the mean value form."""
        from tamecheck.geometry.critical_values.krawczyk import _inverse, _meet

        n = len(full)
        centre = [(a + b) // 2 for a, b in full]
        try:
            at_centre, middle = self.system.at(fixed, [(c, c) for c in centre])
        except Unbounded:
            return False
        for i in range(len(matrix)):
            low, high = at_centre[i]
            for j in range(n):
                a = fixed.mul(matrix[i][j], (full[j][0] - centre[j], full[j][1] - centre[j]))
                low, high = low + a[0], high + a[1]
            if low > 0 or high < 0:
                return True
        if len(matrix) != n:
            return False
        inverse = _inverse(fixed, [[(a + b) // 2 for a, b in row] for row in middle])
        if inverse is None:
            return False
        image = self.system.krawczyk(fixed, tuple(full), matrix, centre, at_centre, inverse)
        return _meet(full, image) is None
