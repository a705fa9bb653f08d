"""Real solutions of polynomial equations with sign conditions, of any dimension, without loss.

Before anything is decomposed, a system is taken apart:

* an equation that is a product branches into its factors (the later branches carry ``factor != 0`` of the earlier ones, so that
  branches are disjoint);
* an equation ``a x + b = 0`` that is linear in a variable gives ``x = -b/a`` where ``a != 0``, and the branch ``a = b = 0``.

What is left, in fewer variables, is decomposed into cells (`tamecheck.geometry.cad.cells`).  A solution is a cell of that
decomposition with an exact sample point, and rational expressions for the variables that were eliminated: so the map from the cell to
the solution set is a bijection onto its image, and the dimension is that of the cell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.algebraic_values import Quotient, value_at
from tamecheck.geometry.cad.cells import Cell, Decomposition
from tamecheck.geometry.cad.order import brown
from tamecheck.geometry.cad.points import Coordinate
from tamecheck.ground.algebraic import AlgebraicNumber, rational
from tamecheck.ground.polynomials import Ring, positive
from tamecheck.ground.towers import Tower, sign_at

MAXIMAL_BRANCHES = 4_000
MAXIMAL_TERMS = 3_000
"""An elimination that would make a polynomial longer than that is not done."""

Condition = tuple[fmpz_mpoly, frozenset[int]]
"""A polynomial and the signs it may have; with `ANY` the solution is cut so that the sign is constant on every piece."""
NONZERO = frozenset([-1, 1])
ANY = frozenset([-1, 0, 1])


@dataclass
class Solution:
    """A connected piece of the solution set: the image of a cell under a rational map.

    Attributes
    ----------
    ring : Ring — the variables that are left
    point : tuple of Coordinate — a sample in these
    image : list of (numerator, denominator) — every original variable as a quotient of polynomials in those left
    dimension : int
    ends : tuple of frozenset — for each variable left, in which directions (1, -1) it goes to infinity in the piece while those before it are fixed
    """

    source: Ring
    ring: Ring
    point: tuple[Coordinate, ...]
    image: list[Quotient]
    dimension: int
    ends: tuple[frozenset[int], ...] = ()

    def pull(self, p: fmpz_mpoly) -> Quotient:
        """Return a polynomial in the original variables as a quotient in those left."""
        return compose(p, self.image, self.ring)

    def sign(self, p: fmpz_mpoly) -> int:
        """Return the sign of a polynomial in the original variables at the sample, exactly."""
        top, bottom = self.pull(p)
        if top.is_zero():
            return 0
        return sign_at(top, self.point) * (1 if bottom.is_constant() and bottom.coeffs()[0] > 0 else sign_at(bottom, self.point))

    def value(self, numerator: fmpz_mpoly, denominator: fmpz_mpoly | None = None) -> AlgebraicNumber:
        """Return the exact value of a quotient in the original variables at the sample."""
        a, b = self.pull(numerator)
        if denominator is not None:
            c, d = self.pull(denominator)
            a, b = a * d, b * c
        return value_at(self.point, a, b)

    def coordinate(self, k: int) -> AlgebraicNumber:
        """Return the k-th original coordinate of the sample."""
        top, bottom = self.image[k]
        return value_at(self.point, top, bottom)

    def coordinates(self) -> tuple[AlgebraicNumber, ...]:
        """Return the sample in the original variables."""
        return tuple([self.coordinate(k) for k in range(len(self.image))])


def compose(p: fmpz_mpoly, image: Sequence[Quotient], ring: Ring) -> Quotient:
    """Return p with quotients put for its variables, over a common denominator."""
    if not len(p):
        return ring.constant(0), ring.constant(1)
    degrees = p.degrees()
    tops: list[list[fmpz_mpoly]] = []
    denominator = ring.constant(1)
    for k, (top, bottom) in enumerate(image):
        d = int(degrees[k])
        table = []
        for e in range(d + 1):
            table.append(top**e * bottom ** (d - e))
        tops.append(table)
        denominator *= bottom**d
    total = ring.constant(0)
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = ring.constant(int(c))
        for k, table in enumerate(tops):
            term *= table[int(exponents[k])]
        total += term
    return total, denominator


@dataclass
class _Branch:
    """A system under way: equations and conditions, the variables left, and what the others have become."""

    equations: list[fmpz_mpoly]
    conditions: list[Condition]
    left: frozenset[int]
    image: dict[int, Quotient]


class Systems:
    """Solve systems over one ring; ``budget`` counts branches and stacks."""

    def __init__(self, ring: Ring, budget: Budget | None = None) -> None:
        self.ring = ring
        self.budget = budget

    def solve(self, equations: Iterable[fmpz_mpoly], conditions: Iterable[Condition] = ()) -> list[Solution]:
        """Return disjoint pieces that cover all real solutions."""
        ring = self.ring
        start = _Branch(list(equations), list(conditions), frozenset(range(len(ring.names))), {})
        todo = [start]
        found: list[Solution] = []
        branches = 0
        while todo:
            branches += 1
            if branches > MAXIMAL_BRANCHES:
                raise BudgetExceeded(f"a system has more than {MAXIMAL_BRANCHES} branches", code="TC306", where="polynomial systems")
            if self.budget is not None:
                self.budget.spend(1, "polynomial systems")
            branch = todo.pop()
            more = self._step(branch)
            if more is None:
                found += self._leaf(branch)
            else:
                todo += more
        return found

    # ------------------------------------------------------------------ taking apart

    def _step(self, b: _Branch) -> list[_Branch] | None:
        """Return the branches of a system, ``None`` if it cannot be taken apart any more."""
        tidy = self._tidy(b)
        if tidy is None:
            return []
        b.equations, b.conditions = tidy
        for i, p in enumerate(b.equations):
            factors = [q for q, _ in self.ring.factors(p)[1]]
            if len(factors) > 1:
                rest = b.equations[:i] + b.equations[i + 1 :]
                out = []
                for k, q in enumerate(factors):
                    excluded = [(f, NONZERO) for f in factors[:k]]
                    out.append(_Branch([*rest, q], [*b.conditions, *excluded], b.left, b.image))
                return out
        best = None
        for i, p in enumerate(b.equations):
            for k in b.left:
                if p.degrees()[k] == 1:
                    low, a = self.ring.coefficients(p, k + 1)
                    cost = (0 if a.is_constant() else 1, len(a) + len(low), k)
                    if best is None or cost < best[0]:
                        best = (cost, i, k, a, low)
        if best is None:
            return None
        _, i, k, a, low = best
        rest = b.equations[:i] + b.equations[i + 1 :]
        if max([len(q) * max(len(a), len(low)) ** int(q.degrees()[k]) for q in [*rest, *[c for c, _ in b.conditions]]], default=0) > MAXIMAL_TERMS**2:
            return None
        out = []
        if not a.is_constant():
            out.append(_Branch([*rest, a, low], b.conditions, b.left, b.image))
        quotient = (-low, a)
        equations = [self._replace(q, k, quotient)[0] for q in rest]
        conditions = [] if a.is_constant() else [(a, NONZERO)]
        for q, signs in b.conditions:
            top, e = self._replace(q, k, quotient)
            if e & 1:  # the value is top / a^e
                top = top * a
            conditions.append((top, signs))
        image = {j: self._replace_quotient(v, k, quotient) for j, v in b.image.items()}
        image[k] = quotient
        out.append(_Branch(equations, conditions, b.left - {k}, image))
        return out

    def _tidy(self, b: _Branch) -> tuple[list[fmpz_mpoly], list[Condition]] | None:
        """Return the system with numbers decided and known factors removed; ``None`` if it has no solution."""
        nonzero = {str(q) for p, signs in b.conditions if 0 not in signs and len(p) for q, _ in self.ring.factors(p)[1]}
        equations: dict[str, fmpz_mpoly] = {}
        for p in b.equations:
            if p.is_zero():
                continue
            product = self.ring.constant(1)
            for q, _ in self.ring.factors(p)[1]:
                if str(q) not in nonzero and not positive(q):
                    product *= q
            if product.is_constant():
                return None
            equations[str(product)] = product
        conditions: dict[tuple[str, frozenset[int]], Condition] = {}
        for p, signs in b.conditions:
            if p.is_zero():
                if 0 not in signs:
                    return None
                continue
            if p.is_constant():
                if (1 if p.coeffs()[0] > 0 else -1) not in signs:
                    return None
                continue
            if str(p) in equations and 0 not in signs:
                return None
            conditions[(str(p), signs)] = (p, signs)
        return list(equations.values()), list(conditions.values())

    def _replace(self, p: fmpz_mpoly, k: int, quotient: Quotient) -> tuple[fmpz_mpoly, int]:
        """Return ``(top, e)`` with p = top / bottom^e when the k-th variable is top / bottom."""
        total, e = self._exactly(p, k, quotient)
        if e and len(total) and quotient[1].is_constant():
            content = total.content()
            total = total / abs(int(content)) if abs(int(content)) > 1 and e % 2 == 0 else total
        return total, e

    def _replace_quotient(self, v: Quotient, k: int, quotient: Quotient) -> Quotient:
        top, e = self._exactly(v[0], k, quotient)
        bottom, f = self._exactly(v[1], k, quotient)
        top, bottom = top * quotient[1] ** f, bottom * quotient[1] ** e
        common = top.gcd(bottom) if len(top) else bottom
        return (top / common, bottom / common) if not common.is_constant() else (top, bottom)

    def _exactly(self, p: fmpz_mpoly, k: int, quotient: Quotient) -> tuple[fmpz_mpoly, int]:
        """As `_replace`, without removing numbers."""
        e = int(p.degrees()[k]) if len(p) else 0
        if e == 0:
            return p, 0
        top, bottom = quotient
        total = self.ring.constant(0)
        for i, c in enumerate(self.ring.coefficients(p, k + 1)):
            if not c.is_zero():
                total += c * top**i * bottom ** (e - i)
        return total, e

    # ---------------------------------------------------------------------- leaves

    def _leaf(self, b: _Branch) -> list[Solution]:
        """Decompose what is left."""
        ring = self.ring
        polynomials = [*b.equations, *[p for p, _ in b.conditions]]
        occurring = {k - 1 for p in polynomials for k in ring.occurring(p)} | b.left
        supports = [[tuple(map(int, e)) for e in p.monoms()] for p in polynomials]
        names = [name for name in brown(ring.names, supports, ring.index) if ring.index[name] in occurring and ring.index[name] in b.left]
        small = Ring(names)
        if self.budget is not None:
            small.limit(self.budget.remaining())
        place = [ring.index[name] for name in names]

        def move(p: fmpz_mpoly) -> fmpz_mpoly:
            return small.from_terms([(tuple([int(e[i]) for i in place]) or (0,), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True)])

        image: list[Quotient] = []
        for k, name in enumerate(ring.names):
            image.append((move(b.image[k][0]), move(b.image[k][1])) if k in b.image else (small.variable(name), small.constant(1)))
        if not names:
            # nothing is left: the conditions are numbers and have been decided
            return [Solution(ring, Ring(()), (), image, 0)]
        if not polynomials:
            return [Solution(ring, small, tuple([rational(0)] * len(names)), image, len(names), (NONZERO,) * len(names))]
        moved = [move(p) for p in polynomials]
        d = Decomposition(small, moved, [small.text(p) for p in moved])
        d.prepare("auto")
        d.resume(self.budget)
        allowed = [frozenset([0])] * len(b.equations) + [signs for _, signs in b.conditions]
        out = []
        for cell in d:
            if all([s in a for s, a in zip(cell.signs, allowed, strict=True)]):
                out.append(Solution(ring, small, cell.point, image, cell.dimension, _ends(cell)))
        return out


def _ends(cell: Cell) -> tuple[frozenset[int], ...]:
    """Return for each coordinate of a cell in which directions its sector is unbounded (none for a section)."""
    out = []
    for stack, p in zip(cell.stacks, cell.path, strict=True):
        out.append(frozenset([side for side, end in ((-1, 0), (1, len(stack) - 1)) if p == end]))
    return tuple(out)


def tower_of(point: Sequence[Coordinate]) -> Tower:
    """Return the tower of a sample point."""
    return Tower(point)
