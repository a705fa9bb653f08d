"""Truth of first-order statements about real numbers, by partial cylindrical decomposition.

The truth of a formula over a cell is found by a search that descends only as long as the signs known do not decide it, and that
leaves a stack as soon as one cell decides the quantifier (Collins and Hong 1991).  Two shortcuts: where the last
block of quantifiers is existential over an open set (only ``<``, ``>``, ``!=``), or universal over a closed one, sections need not be
looked at; and an equation that the matrix implies restricts the first projection to its factors.

.. [CH91] G. E. Collins, H. Hong, "Partial cylindrical algebraic decomposition for quantifier elimination", J. Symbolic Comput. 12 (1991).
.. [M99] S. McCallum, "On projection in CAD-based quantifier elimination with equational constraint", ISSAC 1999.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.geometry.cad import coverings, order, reductions, small_formulas
from tamecheck.geometry.cad.constraints import implied
from tamecheck.geometry.cad.lifting import Lifting
from tamecheck.geometry.cad.points import Coordinate, Point
from tamecheck.geometry.cad.projection import Factored
from tamecheck.geometry.cad.stacks import NotWellOriented, Stack
from tamecheck.ground import statements
from tamecheck.ground.algebraic import AlgebraicNumber, rational
from tamecheck.ground.formulas import OPEN, Formula
from tamecheck.ground.polynomials import Ring, read
from tamecheck.ground.towers import sign_at

VERIFIED_DEGREE = 64
"""Witnesses in fields of larger degree are not put into the formula again."""
PATIENCE = 2_000
"""Lines that coverings may look at before a decomposition is tried."""
CLOSED = frozenset(["le", "ge", "eq"])


@dataclass(frozen=True)
class Decision:
    """The truth of a sentence.

    Attributes
    ----------
    verdict : ``"true"`` or ``"false"``
    witness : for a true statement that begins with ``exists`` (or a false one that begins with ``forall``), exact values of these
        variables; empty otherwise
    verified : whether the witness was put into the matrix and the signs of all atoms computed exactly again
    method : the projection that was used, ``"coverings"`` or ``"virtual substitution"``
    stacks : how many stacks were built (lines looked at, branches)
    """

    verdict: str
    witness: dict[str, Fraction | Coordinate] = field(default_factory=dict)
    verified: bool = False
    method: str = ""
    stacks: int = 0

    def __bool__(self) -> bool:
        raise TypeError('a verdict is not a truth value; compare .verdict with "true"')

    def __repr__(self) -> str:
        shown = ", ".join([f"{name} = {value}" for name, value in self.witness.items()])
        return f"Decision({self.verdict!r}{', ' + shown if shown else ''})"


def decide(formula: object, *, projection: str = "auto", budget: Budget | None = None) -> Decision:
    """Return whether a sentence about real numbers is true.

    Parameters
    ----------
    formula : str — without free variables, for example ``"forall x: exists y: y > x^2"``
    projection : as for `tamecheck.geometry.cad.cells.cells`; with ``"auto"`` small sentences are decided by virtual substitution
        (`tamecheck.geometry.cad.small_formulas`), others with one kind of quantifier by coverings (`tamecheck.geometry.cad.coverings`), where
        these apply

    Raises
    ------
    InputError
        TC150 not polynomial, TC153 a free variable.
    BudgetExceeded
        TC301, TC302 the budget, TC306 a projection is too large.

    Examples
    --------
    >>> decide("exists x: x^2 == 2 and x > 0").witness
    {'x': root 2 of x^2-2 near 1.41421}
    """
    given = formula if isinstance(formula, Formula) else statements.read(formula)
    if given.free:
        raise InputError(
            f"the variable {given.free[0]!r} is free, so this is no statement that is true or false", code="TC153",
            hint="bind it with forall or exists, or use eliminate",
        )  # fmt: skip
    if projection == "auto":
        for method in (by_substitution, by_coverings):
            found = method(given, budget)
            if found is not None:
                return found
    return _Pending(Search(given, projection, budget)).resume(budget)


def by_substitution(given: Formula, budget: Budget | None) -> Decision | None:
    """Decide a small sentence by virtual substitution; ``None`` where that does not go through, or does not give a witness that is due."""
    answer = small_formulas.attempt(given, budget, witness=True)
    if answer is None or answer.prefix:
        return None
    holds = answer.node == small_formulas.TRUE
    due = bool(given.prefix) and holds == (given.prefix[0][0] == "exists")
    if not due:
        return Decision("true" if holds else "false", {}, False, "virtual substitution", answer.branches)
    values = answer.values
    if values is None:
        return None
    verified = len(values) == len(given.ring.names) and prod([x.degree() for x in values.values()]) <= VERIFIED_DEGREE
    if verified:
        point = [values[name] for name in given.ring.names]
        signs = {i: sign_at(p, point) for i, p in enumerate(given.atoms)}
        if given.evaluate(signs.get) is not holds:
            raise BudgetExceeded("a witness does not verify: this is an error of the program", code="TC399", where="decide")
    return Decision("true" if holds else "false", named(given, (), values), verified, "virtual substitution", answer.branches)


def by_coverings(given: Formula, budget: Budget | None) -> Decision | None:
    """Decide a sentence with one kind of quantifier by coverings, ``None`` where these do not apply or take too long."""
    removed: list[reductions.Removed] = []
    formula = reductions.reduce(given, removed)
    if not formula.prefix or formula.evaluate(lambda _: None) is not None or coverings.applicable(formula) is None:
        return None
    seconds = None if budget is None else budget.remaining()
    # half of the time is left for the decomposition
    trial = Budget(seconds=None if seconds is None else seconds / 2, steps=PATIENCE if budget is None or budget.steps is None else budget.steps)
    try:
        values, lines = coverings.satisfy(formula, trial)
    except coverings.Nullified:
        return None
    except BudgetExceeded as stop:
        if stop.code == "TC399":
            raise
        return None
    holds = (values is not None) == (formula.prefix[0][0] == "exists")
    witness = {} if values is None else named(given, removed, values)
    return Decision("true" if holds else "false", witness, values is not None, "coverings", lines)


class _Pending:
    """An unfinished decision: ``resume`` goes on where the budget ended it."""

    def __init__(self, search: "Search") -> None:
        self.search = search

    def __repr__(self) -> str:
        return f"<unfinished decision, {self.search.lifting.stacks if self.search.lifting else 0} stacks built>"

    def resume(self, budget: Budget | None = None) -> Decision:
        """Return the decision, or raise `BudgetExceeded` with this object as ``partial`` again."""
        search = self.search
        search.budget = budget
        try:
            value = search.run()
        except BudgetExceeded as stop:
            stop.partial = self
            raise
        path = search.path(value)
        return Decision("true" if value else "false", search.witness(path), search.verify(path, value), search.method, search.stacks)


class TooMuch(Exception):
    """A search has used its allowance of stacks."""


class _Frame:
    """A point whose stack is being searched."""

    __slots__ = ("point", "positions", "next", "value", "key", "decisive")

    def __init__(self, point: Point, positions: Sequence[int], value: bool, key: tuple) -> None:
        self.point, self.positions, self.value, self.key = point, positions, value, key
        self.next = 0
        self.decisive: int | None = None


class Search:
    """Search of the truth values of a formula over the cells of the space of its free variables.

    ``extra`` polynomials (as texts) are added to the projection; ``fixed`` keeps the order of the free variables.

    Attributes
    ----------
    formula : Formula — after simple reductions, in the order of variables that is used
    table : list of (positions, stacks, truth) — disjoint cells that cover the space of the free variables
    """

    def __init__(
        self, formula: Formula, projection: str = "auto", budget: Budget | None = None, extra: Sequence[str] = (), fixed: bool = False
    ) -> None:
        self.given = formula
        self.budget = budget
        self.asked = projection
        self.fixed = fixed
        self.extra = [text for text in extra]
        self.removed: list[reductions.Removed] = []
        self.formula = reductions.reduce(formula, self.removed)
        self.method = ""
        self.stacks = 0
        self.table: list[tuple[tuple[int, ...], tuple[Stack, ...], bool]] = []
        self.atoms: list[Factored] = []
        self._memo: dict[tuple, tuple[bool, int | None]] = {}
        self.lifting: Lifting | None = None
        self.equational = True
        self.banned: set[int] = set()
        self.allowance: int | None = None
        self._prepared = False

    # ----------------------------------------------------------------- preparing

    def _blocks(self) -> list[list[str]]:
        f = self.formula
        free = list(f.free)
        blocks = [[name] for name in free] if self.fixed else [free] if free else []
        kind = None
        for quantifier, name in f.prefix:
            if quantifier == kind:
                blocks[-1].append(name)
            else:
                blocks.append([name])
            kind = quantifier
        return blocks

    def _prepare(self, method: str) -> None:
        f = self.formula
        used = sorted({f.nodes[n][1] for n in f.needed() if f.nodes[n][0] == "atom"})
        polynomials = [f.atoms[i] for i in used]
        polynomials += [read(f.ring, text)[0] for text in self.extra]
        f.ring.limit(None if self.budget is None else self.budget.remaining())
        equations = [e for i, e in enumerate(implied(f)) if i not in self.banned] if self.equational and method == "brown" else []
        ring, projection, factored = order.best(self._blocks(), polynomials, f.ring, method, equations, len(f.free))
        self.ring: Ring = ring
        self.atoms = [(1, ())] * len(f.atoms)
        for i, pair in zip(used, factored, strict=False):
            self.atoms[i] = pair
        self.method = method
        self.kinds = dict((name, kind) for kind, name in f.prefix)
        self.lifting = Lifting(projection, self.budget)
        self._memo.clear()
        self.free_count = len(f.free)
        self._sectors_from = self._first_open()
        self.innermost = f.prefix[-1][0] if f.prefix else ""
        self._guards = [(max([projection.factors[n].level for n in e]), tuple(sorted(e))) for e in projection.guards]
        self._designated = {k: sum([1 << n for n in e]) for k, e in projection.designated.items()}

    def _first_open(self) -> int:
        """Return the depth from which on sections need not be looked at."""
        f = self.formula
        n = len(self.ring.names)
        if not f.prefix:
            return n
        kind = f.prefix[-1][0]
        if not f.relations() <= (OPEN if kind == "exists" else CLOSED):
            return n
        depth = n
        while depth > self.free_count and self.kinds[self.ring.names[depth - 1]] == kind:
            depth -= 1
        return depth

    # ------------------------------------------------------------------- running

    def run(self) -> bool | None:
        """Fill the table; return the truth value if there are no free variables.

        May be called again after `BudgetExceeded` (with another ``budget``): what is lifted and decided is kept.
        """
        f = self.formula
        constant = f.evaluate(lambda _: None)
        if constant is not None:
            self.table = [((), (), constant)]
            return constant if not f.free else None
        if not self._prepared:
            self._prepare(self._first_method())
            self._prepared = True
        while True:
            try:
                self.lifting.budget = self.budget
                value = self._search()
                break
            except BudgetExceeded as stop:
                stop.partial = self
                raise
            except NotWellOriented as reason:
                if self._designated:
                    # the restricted projections are not valid with this equation
                    self._ban(reason.factor.number)
                    self._prepare(self.method)
                elif not self.lifting.cut(reason):
                    if self.asked != "auto":
                        raise BudgetExceeded(f"{reason}; the {self.method} projection is not valid", code="TC306", hint="auto") from None
                    self._prepare("lazard")
                self._memo.clear()
        self.stacks = self.lifting.stacks
        return value if not f.free else None

    def _ban(self, number: int) -> None:
        """Give up the equations with a factor; all, if it does not come from one of them."""
        left = [i for i in range(len(self.banned) + len(self.lifting.projection.equations)) if i not in self.banned]
        guilty = [i for i, e in zip(left, self.lifting.projection.equations, strict=True) if number in e]
        if guilty:
            self.banned.update(guilty)
        else:
            self.equational = False

    def _first_method(self) -> str:
        f = self.formula
        if self.asked != "auto":
            return self.asked
        kinds = {kind for kind, _ in f.prefix}
        if not f.free and len(kinds) == 1 and f.relations() <= (OPEN if "exists" in kinds else CLOSED):
            return "open"
        return "brown"

    def _sign(self, atom: int, signs: list[dict[int, int]]) -> tuple[int, bool]:
        """Return the sign of the known factors of an atom, and whether all are known."""
        sign, complete = self.atoms[atom][0], True
        depth = len(signs)
        for f, e in self.atoms[atom][1]:
            if f.level > depth:
                complete = False
                continue
            s = signs[f.level - 1][f.number]
            if s == 0:
                return 0, True
            if e & 1:
                sign *= s
        return sign, complete

    def _search(self) -> bool | None:
        """Depth-first search with an explicit stack of frames; a frame is a cell whose truth its stack decides."""
        names, free = self.ring.names, self.free_count
        self.table = []
        frames: list[_Frame] = []
        path: list[int] = []
        stacks: list[Stack] = []
        signs: list[dict[int, int]] = []

        def enter(point: Point | None) -> bool | None:
            depth = len(path)
            if point is None:
                value, key = self._matrix(signs), ()
            else:
                value, key = self._known(point, signs)
            if value is not None:
                if depth <= free:
                    self.table.append((tuple(path), tuple(stacks), value))
                return value
            stack = self.lifting.stack(point)
            if self.allowance is not None and self.lifting.stacks > self.allowance:
                raise TooMuch
            frames.append(_Frame(point, self._positions(point, stack, depth), depth >= free and self.kinds[names[depth]] == "forall", key))
            return None

        result = enter(self.lifting.root)
        while frames:
            frame, depth = frames[-1], len(frames) - 1
            if result is not None:
                if depth >= free and result == (self.kinds[names[depth]] == "exists"):
                    frame.value, frame.decisive, frame.next = result, path[-1], len(frame.positions)
                path.pop()
                stacks.pop()
                signs.pop()
            if frame.next < len(frame.positions):
                position = frame.positions[frame.next]
                frame.next += 1
                path.append(position)
                stacks.append(frame.point.stack)
                signs.append(frame.point.stack.signs(position))
                result = enter(None if len(path) == len(names) else self.lifting.child(frame.point, position))
                continue
            frames.pop()
            result = frame.value
            if depth >= free:
                self._memo[frame.key] = (result, frame.decisive)
            if depth == free:
                self.table.append((tuple(path), tuple(stacks), result))
        return result

    def _known(self, point: Point, signs: list[dict[int, int]]) -> tuple[bool | None, tuple]:
        """Return the truth value over a cell if the signs so far or an earlier visit decide it."""
        known = [self._sign(i, signs) for i in range(len(self.atoms))]
        value = self.formula.evaluate(lambda i: known[i][0] if known[i][1] else None)
        if value is None and self._excluded(signs):
            value = self.innermost == "forall"
        key = (id(point), *known)
        if value is None and len(signs) >= self.free_count:
            value = self._memo.get(key, (None, None))[0]
        return value, key

    def _excluded(self, signs: list[dict[int, int]]) -> bool:
        """Return whether an implied equation fails over the cell."""
        depth = len(signs)
        factors = self.lifting.projection.factors
        return any([level <= depth and all([signs[factors[n].level - 1][n] for n in numbers]) for level, numbers in self._guards])

    def _matrix(self, signs: list[dict[int, int]]) -> bool:
        return bool(self.formula.evaluate(lambda i: self._sign(i, signs)[0]))

    def _positions(self, point: Point, stack: Stack, depth: int) -> list[int]:
        """Return the cells of a stack in the order of the search: sectors with short samples first.

        Where an equation was projected, only its sections matter, unless it vanishes identically: over a point the whole
        fibre is searched, over anything larger the projection was not valid.

        Raises
        ------
        NotWellOriented
            An implied equation vanishes identically over a cell of positive dimension.
        """
        equation = self._designated.get(depth + 1, 0)
        if equation & stack.null:
            if point.rigid < depth:
                number = (equation & stack.null).bit_length() - 1
                raise NotWellOriented(self.lifting.projection.factors[number], point)
            equation = 0
        if depth < self.free_count:
            return list(range(len(stack)))
        if equation and self.kinds[self.ring.names[depth]] == self.innermost:
            return [i for i in range(1, len(stack), 2) if stack.vanishing(i) & equation]
        sectors = sorted(range(0, len(stack), 2), key=lambda i: _size(stack.coordinate(i)))
        return sectors if depth >= self._sectors_from else sectors + list(range(1, len(stack), 2))

    # ------------------------------------------------------------------ witnesses

    def path(self, value: bool | None) -> list[Coordinate]:
        """Return the coordinates of a point that decides the first block of quantifiers, or nothing if none does."""
        f = self.formula
        if value is None or not f.prefix or f.free or self.lifting is None or value != (f.prefix[0][0] == "exists"):
            return []
        names = self.ring.names
        length = 0
        while length < len(names) and self.kinds[names[length]] == f.prefix[0][0]:
            length += 1
        found: list[Coordinate] = []
        signs: list[dict[int, int]] = []
        point: Point | None = self.lifting.root
        while len(found) < length:
            decided, key = self._known(point, signs) if point is not None else (value, ())
            position = self._memo[key][1] if key in self._memo else None
            if position is None:
                # the signs so far decide: the other variables may have any value
                found.append(rational(0))
                point = None
                continue
            stack = point.stack
            found.append(stack.coordinate(position))
            signs.append(stack.signs(position))
            point = self.lifting.child(point, position) if len(found) < len(names) else None
        return found

    def witness(self, path: list[Coordinate]) -> dict[str, Fraction | Coordinate]:
        """Return the values of a path by the names of the variables, in the order of the formula.

        Variables that an equation has removed get their values back where arithmetic with them is cheap.
        """
        values: dict[str, Coordinate] = dict(zip(self.ring.names if path else (), path, strict=False))
        settled = not self.formula.prefix and self.formula.nodes[self.formula.root][0] == "true"
        if path or (settled and self.given.prefix and self.given.prefix[0][0] == "exists"):
            return named(self.given, self.removed, values)
        return {}

    def verify(self, path: list[Coordinate], value: bool | None) -> bool:
        """Return True if the path gives all variables and the matrix, with all signs computed anew from the point, has the value."""
        if not path or len(path) < len(self.ring.names):
            return False
        if prod([1 if x.rational is not None else x.degree() for x in path]) > VERIFIED_DEGREE:
            return False
        f = self.formula.with_order(self.ring.names)
        signs = {i: sign_at(p, path) for i, p in enumerate(f.atoms)}
        if f.evaluate(signs.get) is not value:
            raise BudgetExceeded("a witness does not verify: this is an error of the program", code="TC399", where="decide")
        return True


def named(given: Formula, removed: Sequence[reductions.Removed], values: dict[str, Coordinate]) -> dict[str, Fraction | Coordinate]:
    """Return the values of the first block of quantified variables, those that an equation has removed put back."""
    values = dict(values)
    for r in reversed(removed):
        x = _back(r, values)
        if x is not None:
            values[r.name] = x
    out: dict[str, Fraction | Coordinate] = {}
    for kind, name in given.prefix:
        if kind != given.prefix[0][0]:
            break
        if name in values:
            x = values[name]
            out[name] = x if x.rational is None else Fraction(int(x.rational.p), int(x.rational.q))
    return out


def _back(removed: reductions.Removed, values: dict[str, Coordinate]) -> Coordinate | None:
    """Return the value of a removed variable, ``None`` if it is not known or expensive."""
    p = removed.numerator
    if p is None:
        return rational(0)
    names = [removed.ring.names[k - 1] for k in sorted(removed.ring.occurring(p))]
    given = [values.get(name) for name in names]
    if any([not isinstance(x, AlgebraicNumber) for x in given]) or prod([x.degree() for x in given]) > 16:
        return None
    total = rational(0)
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = rational(int(c), 1)
        for name, e in zip(removed.ring.names, exponents, strict=False):
            for _ in range(int(e)):
                term = term * values[name]
        total = total + term
    return total / removed.denominator


def _size(x: Coordinate) -> tuple[int, int, bool]:
    q = x.rational
    return (int(q.q), abs(int(q.p)), int(q.p) < 0)
