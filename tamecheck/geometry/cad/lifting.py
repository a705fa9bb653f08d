"""Lifting: from the line up, a stack over every cell.

Subtrees are shared: what lies over a cell depends only on the coordinates that polynomials of higher level still contain, and only
on their absolute values where these polynomials are even in them.  So the tree is a directed graph, built once per different
point, and a decomposition with a hundred thousand cells may have a few hundred stacks.

Lazard's rule: when x_k = a is substituted into a polynomial and the result is zero, the polynomial is differentiated with respect
to x_k until it is not; up to a number this divides by the power of (x_k - a) first.  With Lazard's projection this is valid for every
input.  With the others a factor that vanishes over a cell of positive dimension ends the attempt with `NotWellOriented`
(at the top level it is harmless: the polynomial is zero on the whole cylinder).  Over a point the fibre is cut where the
order of the polynomial jumps, at the common zeros of its partial derivatives of the least order m that do not all
vanish identically there; where there are none, its order is m on the whole fibre and nothing is lost.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement

from flint import ctx, fmpz_mpoly, fmpz_poly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.fibres import Ball, certainly_nonzero, exactly_zero
from tamecheck.geometry.cad.points import EARLY, Coordinate, Point, powers, substitute
from tamecheck.geometry.cad.projection import Factor, Projection, Step
from tamecheck.geometry.cad.stacks import NotWellOriented, Stack, build
from tamecheck.ground.algebraic import PRECISION, real_roots


class Lifting:
    """The growing decomposition.

    Parameters
    ----------
    projection : Projection
    budget : Budget or None — one step per stack
    dimension : int — number of variables lifted over
    """

    def __init__(self, projection: Projection, budget: Budget | None = None) -> None:
        self.projection = projection
        self.budget = budget
        self.dimension = len(projection.ring.names)
        self.lazard = projection.method == "lazard"
        self.stacks = 0
        self._locals = 0
        self._points: dict[tuple, Point] = {}
        self._relevant: list[list[tuple[int, bool]]] = []
        self._above: list[list[Factor]] = []
        for k in range(self.dimension + 1):
            above = [f for level in projection.levels[k + 1 :] for f in level]
            self._above.append(above)
            occurs, even = 0, -1
            for f in above:
                occurs |= f.occurs
                even &= f.even
            self._relevant.append([(i - 1, bool(even >> i & 1)) for i in range(1, k + 1) if occurs >> i & 1])
        # whether a factor that may vanish identically above looks at x_i: then it matters whether that is fixed
        self._rigid = [max([_last(f) for f in above if f.nullable], default=0) for above in self._above]
        if self.lazard:
            self._rigid = [0] * len(self._rigid)
        self._plans: list[tuple[list[int], list[tuple[int, Step]]] | None] = [None] * (self.dimension + 1)
        self.root = Point((), 0, 0, 0)
        for f in self._above[0]:
            self.root.arrays[f.number] = f.numbers if f.level > 1 else _dense(f)
        self._pending: list[Point] = [self.root] if self.dimension else []

    # ------------------------------------------------------------------- points

    def stack(self, point: Point) -> Stack:
        """Return the stack over a point, built on first use."""
        if point.stack is None:
            if self.budget is not None:
                self.budget.spend(1, "lifting")
                if self.budget.seconds is not None and self.budget.remaining() <= 0:
                    raise BudgetExceeded(f"time budget of {self.budget.seconds:g} s used up", code="TC301", where="lifting")
            k = len(point.coordinates)
            before = ctx.prec
            ctx.prec = PRECISION
            try:
                factors = self.projection.levels[k + 1]
                point.stack = build(point, [*factors, *point.extra] if point.extra else factors, self.delineate)
            finally:
                ctx.prec = before
            self.stacks += 1
            if k + 1 < self.dimension:
                point.children = [None] * len(point.stack)
            elif not point.irrational and k:
                # nothing is asked of them again
                point.arrays = {}
        return point.stack

    def child(self, point: Point, position: int) -> Point:
        """Return the sample point of a cell of the stack over ``point``, shared with cells that have the same future."""
        found = point.children[position]
        if found is None:
            found = point.children[position] = self._child(point, position)
        return found

    def _child(self, point: Point, position: int) -> Point:
        x = point.stack.coordinate(position)
        coordinates = (*point.coordinates, x)
        k = len(coordinates)
        rigid = k if position & 1 and point.rigid == k - 1 else point.rigid
        keys = [coordinates[i].even_key if even else coordinates[i].key for i, even in self._relevant[k]]
        # nothing is shared across a stack that was cut for its own sake
        home = point.home
        key = (k, min(rigid, self._rigid[k]), *keys) if home is None else (id(home), k, min(rigid, self._rigid[k]), *keys)
        found = self._points.get(key)
        if found is not None:
            return found
        vanishing = point.vanishing | point.stack.vanishing(position)
        irrational = point.irrational | (0 if x.rational is not None else 1 << k)
        new = self._points[key] = Point(coordinates, vanishing, irrational, rigid)
        new.parent, new.home = point, home
        self.specialise(point, new, x)
        return new

    def specialise(self, point: Point, new: Point, x: Coordinate) -> None:
        """Substitute the last coordinate into all factors of higher level."""
        k = len(new.coordinates)
        before = ctx.prec
        ctx.prec = PRECISION
        try:
            if not self.lazard and not point.replaced:
                old, arrays = point.arrays, new.arrays
                constant, moving = self._plan(k)
                for number in constant:
                    arrays[number] = old[number]
                if x.rational is None:
                    for number, step in moving:
                        arrays[number] = substitute(step, old[number], x, PRECISION)
                    return
                known: dict[int, list] = {}
                for number, (degree, groups) in moving:
                    p = known.get(degree)
                    if p is None:
                        p = known[degree] = powers(x, degree, PRECISION)
                    a = old[number]
                    arrays[number] = [a[g[0][0]] * p[g[0][1]] if len(g) == 1 else sum([a[i] * p[e] for i, e in g]) for g in groups]
                return
            for f in self._above[k]:
                replaced = point.replaced.get(f.number)
                if replaced is not None:
                    # already differentiated once: from scratch, this is rare
                    array: Sequence[Ball] = new.specialise(replaced, PRECISION)
                    f_now = replaced
                else:
                    step = f.steps()[k - 1]
                    array = point.arrays[f.number]
                    if step is None:
                        new.arrays[f.number] = array
                        continue
                    array = substitute(step, array, x, PRECISION)
                    f_now = f
                if self.lazard and not any([certainly_nonzero(c) for c in array]):
                    f_now, array = self._lazard(new, f_now, array)
                    new.vanishing |= f.bit if f_now is not f else 0
                if f_now is not f:
                    new.replace(f, f_now)
                new.arrays[f.number] = array
        finally:
            ctx.prec = before

    def _plan(self, k: int) -> tuple[list[int], list[tuple[int, Step]]]:
        """Return the factors above level k in which x_k does not occur, and those in which it does, with how to substitute it."""
        found = self._plans[k]
        if found is None:
            steps = [(f.number, f.steps()[k - 1]) for f in self._above[k]]
            found = self._plans[k] = [n for n, step in steps if step is None], [(n, step) for n, step in steps if step is not None]
        return found

    def _lazard(self, point: Point, f: Factor, array: Sequence[Ball]) -> tuple[Factor, Sequence[Ball]]:
        """Differentiate with respect to the last coordinate until the polynomial does not vanish identically over the point."""
        k = len(point.coordinates)
        while _vanishes_identically(point, f, array):
            p = f.polynomial.derivative(k - 1)
            f = derived(self.projection, p, f)
            array = point.specialise(f, PRECISION)
        return f, array

    def delineate(self, point: Point, f: Factor) -> Factor | None:
        """Return what replaces a factor of the next level that vanishes identically over the point, or ``None`` for nothing."""
        k = len(point.coordinates)
        if point.rigid < k:
            if f.level < self.dimension:
                self._constant_order(point, f)
            return None
        found: list[Factor] = []
        order = 0
        while not found:
            order += 1
            for p in partials(f.polynomial, f.level, order):
                g = derived(self.projection, p, f)
                if not _vanishes_identically(point, g, point.specialise(g, PRECISION)):
                    found.append(g)
        return self._common_zeros(point, found)

    def _constant_order(self, point: Point, f: Factor) -> None:
        """Show that a factor that vanishes identically over a cell S of positive dimension has the same order on all of S x R.

        S lies in the plane where the rigid coordinates have their values.  If all partial derivatives of f of order below m are
        zero polynomials on that plane, and two of order m have no common zero over S because their resultant is a product of
        factors with constant sign on S, then the order is m.

        Raises
        ------
        NotWellOriented
            If that does not succeed.
        """
        rigid = point.coordinates[: point.rigid]
        if any([x.rational is None for x in rigid]):
            raise NotWellOriented(f, point)
        on_plane = [p for p in [_restricted(f.polynomial, rigid, self.projection)] if not p.is_zero()]
        order = 0
        while not on_plane:
            order += 1
            on_plane = [_restricted(p, rigid, self.projection) for p in partials(f.polynomial, f.level, order)]
            on_plane = [p for p in on_plane if not p.is_zero()]
        if order == 0:
            raise NotWellOriented(f, point)
        missing: list[fmpz_mpoly] = []
        candidates = [p for p in on_plane if p.degrees()[f.level - 1] == 0]
        # the resultant of two polynomials without the variable is 1 and says nothing
        moving = [p for p in on_plane if p.degrees()[f.level - 1] > 0]
        candidates += [self.projection.ring.resultant(p, q, f.level) for i, p in enumerate(moving) for q in moving[:i]]
        for r in candidates:
            if r.is_zero():
                continue
            if r.is_constant():
                return
            mask = self._mask(point, r)
            if mask is None:
                missing.append(r)
            elif not mask & point.vanishing:
                return
        missing = [r for r in missing if self.projection.ring.level(r) == point.rigid + 1]
        raise NotWellOriented(f, point, min(missing, key=lambda r: r.total_degree(), default=None))

    def _mask(self, point: Point, p: fmpz_mpoly) -> int | None:
        """Return the bits of the factors of a polynomial, if all of them have constant sign on the cell of the point."""
        bits = 0
        local = {str(f.polynomial): f.bit for f in point.home.extra} if point.home is not None else {}
        for q, _ in self.projection.ring.factors(p)[1]:
            bit = self.projection.bit_of(q) or local.get(str(q))
            if bit is None:
                return None
            bits |= bit
        return bits

    def cut(self, reason: NotWellOriented) -> bool:
        """Cut a stack over a point of R^r, so that a factor above it, which vanishes identically there, gets constant order.

        Over a point of R^r further roots can be put into the stack of x_{r+1} at no cost elsewhere.  Returns False
        if that is not what is missing.
        """
        if reason.missing is None:
            return False
        base = reason.point
        while len(base.coordinates) > reason.point.rigid:
            base = base.parent
        if base.home not in (None, base):
            return False
        for q, _ in self.projection.ring.factors(reason.missing)[1]:
            if self.projection.bit_of(q) is None and not any([f.polynomial == q for f in base.extra]):
                self._locals += 1
                number = len(self.projection.factors) + self._locals
                f = Factor(self.projection.ring, q, number, len(base.coordinates) + 1)
                base.extra = (*base.extra, f)
                base.arrays[number] = base.specialise(f, PRECISION)
        base.home = base
        base.stack, base.children = None, ()
        self._pending = [p for p in self._pending if not _descends(p, base)]
        self._pending.append(base)
        return True

    def _common_zeros(self, point: Point, found: list[Factor]) -> Factor | None:
        """Return a polynomial whose real roots over the point hold the common ones of all, ``None`` if there are none."""
        best: Factor | None = None
        common: fmpz_poly | None = None
        for g in found:
            if g.occurs & point.irrational:
                fibre = point.fibre(g)
                if not fibre.at()[0]:
                    return None
            else:
                c = fmpz_poly(point.specialise(g, PRECISION))
                common = c if common is None else common.gcd(c)
                if not real_roots(tuple([int(v) for v in common.coeffs()])):
                    return None
            if best is None or g.degree < best.degree:
                best = g
        return best

    # --------------------------------------------------------------------- all

    def run(self) -> None:
        """Build every stack.  May be called again after `BudgetExceeded`: it goes on where it stopped."""
        last = self.dimension - 1
        while self._pending:
            point = self._pending[-1]
            stack = self.stack(point)
            self._pending.pop()
            if len(point.coordinates) < last:
                for position in range(len(stack)):
                    new = self.child(point, position)
                    if not new.count:
                        new.count = -1  # waiting or done
                        self._pending.append(new)

    def complete(self) -> bool:
        """Return whether `run` has finished."""
        return not self._pending

    def count(self) -> int:
        """Return the number of cells of the finished part (cells whose stacks are not built yet count as none)."""
        order: list[Point] = []
        seen: set[int] = set()
        todo: list[Point] = [self.root] if self.dimension else []
        while todo:
            point = todo.pop()
            if id(point) in seen or point.stack is None:
                continue
            seen.add(id(point))
            order.append(point)
            todo += [c for c in point.children if c is not None]
        # deeper points first, so that children are counted before their parents
        for point in sorted(order, key=lambda p: -len(p.coordinates)):
            if len(point.coordinates) == self.dimension - 1:
                point.count = len(point.stack)
            else:
                point.count = sum([c.count for c in point.children if c is not None and c.stack is not None])
        return self.root.count if self.root.stack is not None else 0 if self.dimension else 1


def derived(projection: Projection, p: fmpz_mpoly, original: Factor) -> Factor:
    """Return a derivative under the number of the factor it comes from; nothing is known of its discriminant."""
    return Factor(projection.ring, p, original.number, original.level, known=False)


def _descends(point: Point | None, base: Point) -> bool:
    """Return whether a point was made over ``base`` (or is it)."""
    while point is not None:
        if point is base:
            return True
        point = point.parent
    return False


def partials(p: fmpz_mpoly, variables: int, order: int) -> list[fmpz_mpoly]:
    """Return the nonzero partial derivatives of an order with respect to the first variables."""
    found = []
    for chosen in combinations_with_replacement(range(variables), order):
        q = p
        for i in chosen:
            q = q.derivative(i)
        if not q.is_zero():
            found.append(q)
    return found


def _restricted(p: fmpz_mpoly, values: Sequence[Coordinate], projection: Projection) -> fmpz_mpoly:
    """Return a positive multiple of a polynomial with rational values put for the first variables."""
    terms: dict[tuple[int, ...], int] = {}
    degrees = [int(d) for d in p.degrees()]
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        value = int(c)
        rest = [int(e) for e in exponents]
        for i, x in enumerate(values):
            value *= int(x.rational.p) ** rest[i] * int(x.rational.q) ** (degrees[i] - rest[i])
            rest[i] = 0
        if value:
            key = tuple(rest)
            terms[key] = terms.get(key, 0) + value
    return projection.ring.from_terms(terms.items())


def _last(f: Factor) -> int:
    """Return the last variable, below the main one, that occurs."""
    below = f.occurs & ((1 << f.level) - 1)
    return below.bit_length() - 1 if below else 0


def _dense(f: Factor) -> list[int]:
    c = [0] * (f.degree + 1)
    for exponents, value in zip(f.monomials, f.numbers, strict=True):
        c[exponents[0]] = value
    return c


def _vanishes_identically(point: Point, f: Factor, array: Sequence[Ball]) -> bool:
    """Return whether all coefficients (polynomials in the remaining variables) are zero at the point, exactly."""
    if any([certainly_nonzero(c) for c in array]):
        return False
    if all([exactly_zero(c) for c in array]):
        return True
    k = len(point.coordinates)
    if any([certainly_nonzero(c) for c in point.specialise(f, EARLY)]):
        return False
    parts: dict[tuple[int, ...], list] = {}
    for exponents, c in zip(f.monomials, f.polynomial.coeffs(), strict=True):
        parts.setdefault(exponents[k:], []).append((exponents, c))
    tower = point.tower()
    h = tower.height[k]
    return all([tower.is_zero(tower.value(terms, k), h) for terms in parts.values()])


def lift(projection: Projection, budget: Budget | None = None) -> Lifting:
    """Return the complete lifting.

    Raises
    ------
    BudgetExceeded
        With the unfinished `Lifting` as ``partial``; its `run` goes on.
    NotWellOriented
        See the module.
    """
    lifting = Lifting(projection, budget)
    try:
        lifting.run()
    except BudgetExceeded as stop:
        stop.partial = lifting
        raise
    return lifting
