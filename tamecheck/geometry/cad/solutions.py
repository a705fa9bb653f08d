"""Quantifier-free formulas: without cells for small formulas, otherwise from decompositions whose cells are labelled true or false.

Every cell has a sign vector of projection factors.  If no vector belongs to both a true and a false cell, the true set is a union of
sign conditions, and a short disjunction of these is chosen greedily (in the spirit of Hong 1992 and Brown 2003).  Otherwise derivatives of the
factors are added to the projection (Thom: with all derivatives, roots are told apart by signs), or the cell is described with
roots: ``x > root(p, i, x)``, the extended language of Tarski algebra.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from html import escape

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad import cell_smtlib, small_formulas
from tamecheck.geometry.cad.cells import Cell, Decomposition, cell_text
from tamecheck.geometry.cad.projection import Factor
from tamecheck.geometry.cad.quantifiers import Search, TooMuch, by_coverings
from tamecheck.geometry.cad.refinement import Refinement, suitable
from tamecheck.geometry.cad.stacks import NotWellOriented, Stack
from tamecheck.ground import statements
from tamecheck.ground.formulas import HOLDS, SIGNS, Formula, smt_matrix
from tamecheck.ground.polynomials import Ring

RELATIONS = ("ge", "le", "eq", "gt", "lt", "ne")
ATTEMPTS = 5
"""Times that derivatives are added before roots are used."""
CHEAP = 2_000
"""Stacks that may be built only to shorten an answer."""
PATIENCE = 4
"""So many times the stacks of the first attempt a later one may take, if roots are allowed in the answer."""

Label = tuple[tuple[int, ...], tuple[Stack, ...], bool]
Literal = tuple[int, str]
"""Factor number and relation."""


@dataclass(frozen=True)
class Elimination:
    """A formula without quantifiers.

    Attributes
    ----------
    formula : str — in the language of formulas
    matrix : Formula or None — the same as an object; ``None`` if roots had to be used
    variables : tuple of str — the free variables
    extended : bool — whether ``root( )`` occurs
    method : the projection that was used, ``"coverings"`` or ``"virtual substitution"``
    stacks : how many stacks were built (lines looked at, branches)
    """

    formula: str
    matrix: Formula | None
    variables: tuple[str, ...]
    extended: bool = False
    method: str = ""
    stacks: int = field(default=0, compare=False)
    script: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return self.formula

    def _repr_html_(self) -> str:
        return f"<code>{escape(self.formula)}</code>"

    def smtlib(self) -> str:
        """Return the formula as an SMT-LIB script; roots are said with quantifiers."""
        return self.script if self.matrix is None else self.matrix.smtlib()


def eliminate(
    formula: object, variables: Sequence[str] | None = None, *, projection: str = "auto", extended: bool = True, budget: Budget | None = None
) -> Elimination:
    """Return a quantifier-free formula that holds for the same values of the free variables.

    Parameters
    ----------
    formula : str — with free variables, for example ``"exists x: x^2 + b*x + c == 0"``
    variables : sequence of str — the order of the free variables to use; ``None`` leaves it to the heuristics
    extended : whether roots ``root(p, i, x)`` may occur in the answer; if not, and derivatives do not help either, `BudgetExceeded`

    Examples
    --------
    >>> eliminate("forall x: x^2 + b*x + c >= 0").formula
    'b^2 - 4*c <= 0'
    """
    given = formula if isinstance(formula, Formula) else statements.read(formula, variables)
    if projection == "auto":
        answer = small_formulas.attempt(given, budget)
        if answer is not None and not answer.prefix:
            found = _substituted(given, answer)
            return found if small_formulas.short(answer, given) else _shortened(given, answer, found, budget)
        if answer is not None and small_formulas.easier(answer, given):
            given = small_formulas.written(answer, given.free)
    if not given.free and projection == "auto":
        decision = by_coverings(given, budget)
        if decision is not None:
            matrix = Formula(Ring(()), ())
            matrix.root = matrix.truth(decision.verdict == "true")
            return Elimination(str(decision.verdict == "true"), matrix, (), False, decision.method, decision.stacks)
    return _Pending(given, projection, variables is not None, extended).resume(budget)


def _substituted(given: Formula, answer: small_formulas.Answer) -> Elimination:
    """Return the elimination that virtual substitution has found."""
    matrix = small_formulas.written(answer, given.free)
    text = matrix.map(lambda p, relation: f"{p} {SIGNS[relation]} 0")
    return Elimination(text, matrix, given.free, False, "virtual substitution", answer.branches)


def _shortened(given: Formula, answer: small_formulas.Answer, found: Elimination, budget: Budget | None) -> Elimination:
    """Return a shorter answer by cells, of the formula or of the answer itself, if that is cheap and it is shorter."""
    steps = CHEAP if budget is None or budget.steps is None else min(CHEAP, budget.steps)
    source = found.matrix if small_formulas.worth_cells(answer, given) else given
    try:
        other = _Pending(source, "auto", False, False).resume(Budget(seconds=None if budget is None else budget.remaining(), steps=steps))
    except BudgetExceeded as stop:
        if stop.code == "TC399":
            raise
        return found
    return replace(other, variables=given.free) if len(other.formula) <= len(found.formula) else found


class _Pending:
    """An unfinished elimination: ``resume`` goes on where the budget ended it, ``labels`` are the cells decided so far."""

    def __init__(self, given: Formula, projection: str, fixed: bool, extended: bool) -> None:
        self.given, self.projection, self.fixed, self.extended = given, projection, fixed, extended
        self.extra: list[str] = []
        self.attempt = 0
        self.search: Search | None = None
        self.settled: tuple | None = None
        self.coarse: Search | None = None
        self.refined: tuple[list[str], Refinement] | None = None

    def __repr__(self) -> str:
        return f"<unfinished elimination, {len(self.labels)} cells decided>"

    @property
    def labels(self) -> list[Label]:
        """The cells of the space of the free variables that are decided."""
        if self.refined is not None:
            return self.refined[1].table
        return self.search.table if self.search is not None else []

    def resume(self, budget: Budget | None = None) -> Elimination:
        """Return the elimination, or raise `BudgetExceeded` with this object as ``partial`` again."""
        try:
            return self._run(budget)
        except BudgetExceeded as stop:
            stop.partial = self
            raise

    def _run(self, budget: Budget | None) -> Elimination:
        while True:
            try:
                search = self._searched(budget)
            except TooMuch:
                search, labels, factors, clashes = self.settled
                return _answer(self.given, search, labels, factors, clashes)
            labels, ring = search.table, search.ring if search.lifting is not None else Ring(self.given.free)
            levels = search.lifting.projection.levels[: search.free_count + 1] if search.lifting else ()
            factors = [f for level in levels for f in level]
            clashes = conflicts(labels, factors)
            more = [p for p in _derivatives(ring, clashes, labels) if p not in self.extra] if clashes else []
            if not more or self.attempt == ATTEMPTS:
                break
            self.attempt += 1
            if self.extended and self.settled is None:
                self.settled = (search, labels, factors, clashes)
            self.extra = self.extra + more
            if isinstance(search, Search):
                self.coarse = search
            self.search = None
        if clashes and not self.extended:
            raise BudgetExceeded("no formula without roots was found", code="TC306", where="eliminate", hint="extended=True")
        return _answer(self.given, search, labels, factors, clashes)

    def _searched(self, budget: Budget | None) -> "Search | Refinement":
        """Return the labels with the derivatives so far: from scratch, or by refining the first search."""
        # a shorter answer is worth some work, not any
        allowance = None if self.settled is None else PATIENCE * (self.settled[0].stacks + 50)
        if self.search is None and self.coarse is not None and suitable(self.coarse):
            try:
                if self.refined is None or self.refined[0] != self.extra:
                    self.refined = (self.extra, Refinement(self.coarse, self.extra, budget, allowance))
                self.refined[1].run(budget)
                return self.refined[1]
            except NotWellOriented:
                self.coarse = None
        if self.search is None:
            self.search = Search(self.given, self.projection, budget, self.extra, fixed=self.fixed)
        self.search.budget, self.search.allowance = budget, allowance
        self.search.run()
        return self.search


def signs_of(label: Label) -> dict[int, int]:
    """Return the signs of the factors known on a labelled cell."""
    signs: dict[int, int] = {}
    for stack, position in zip(label[1], label[0], strict=True):
        signs.update(stack.signs(position))
    return signs


def conflicts(labels: Sequence[Label], factors: Sequence[Factor]) -> list[tuple[int, int]]:
    """Return pairs (true cell, false cell) that no sign of a factor tells apart."""
    vectors = [tuple(sorted(signs_of(label).items())) for label in labels]
    by_vector: dict[tuple, int] = {}
    found: dict[tuple, tuple[int, int]] = {}
    partial: list[int] = []
    deepest = max([len(label[0]) for label in labels], default=0)
    for i, label in enumerate(labels):
        if len(label[0]) < deepest:
            partial.append(i)
            continue
        first = by_vector.setdefault(vectors[i], i)
        if labels[first][2] != label[2]:
            found.setdefault(vectors[i], (i, first) if label[2] else (first, i))
    # a cell that was decided early stands for all signs of the factors above
    for i in partial:
        known = dict(vectors[i])
        for j, other in enumerate(labels):
            if other[2] != labels[i][2] and all([known.get(n, s) == s for n, s in vectors[j]]):
                found.setdefault((i, j), (i, j) if labels[i][2] else (j, i))
    return list(found.values())


def _derivatives(ring: Ring, clashes: Sequence[tuple[int, int]], labels: Sequence[Label]) -> list[str]:
    """Return derivatives that can tell the cells of the clashes apart (Brown 1999).

    Where the paths of two cells part, in a stack over a common cell, a factor has roots between the two and the same signs;
    its derivative vanishes between these roots.
    """
    wanted: dict[str, None] = {}
    for i, j in clashes:
        (first, stacks, _), (second, _, _) = labels[i], labels[j]
        for level, (a, b) in enumerate(zip(first, second, strict=False)):
            if a == b:
                continue
            low, high = min(a, b), max(a, b)
            between = [f for k, root in enumerate(stacks[level].roots) if low <= 2 * k + 1 <= high for f, _ in root.factors if f.degree > 1]
            for f in sorted(between, key=lambda f: (f.degree, len(f.monomials)))[:1]:
                wanted[ring.text(f.polynomial.derivative(f.level - 1))] = None
            break
    return list(wanted)


class Chooser:
    """Greedy choice of a short disjunction of conjunctions of sign conditions."""

    def __init__(self, labels: Sequence[Label], factors: Sequence[Factor]) -> None:
        self.factors = {f.number: f for f in factors}
        true: dict[tuple, None] = {}
        false: dict[tuple, None] = {}
        for label in labels:
            (true if label[2] else false)[tuple(sorted(signs_of(label).items()))] = None
        self.true = [dict(v) for v in true]
        self.false = [dict(v) for v in false]
        self.covers: dict[Literal, int] = {}
        self.excludes: dict[Literal, int] = {}
        for f in factors:
            for relation in RELATIONS:
                holds = HOLDS[relation]
                key = (f.number, relation)
                self.covers[key] = _bits([v.get(f.number) in holds for v in self.true])
                # a false cell on which the sign is not known is not excluded
                self.excludes[key] = _bits([f.number in v and v[f.number] not in holds for v in self.false])

    def weight(self, literal: Literal) -> tuple[int, int]:
        """Return the size of a literal: short polynomials and weak relations are preferred."""
        f = self.factors[literal[0]]
        return sum([sum(e) + 1 for e in f.monomials]), RELATIONS.index(literal[1])

    def run(self) -> list[list[Literal]]:
        """Return conjunctions that together hold on all true vectors and on no false one."""
        left = (1 << len(self.true)) - 1
        everything = (1 << len(self.false)) - 1
        out: list[tuple[list[Literal], int]] = []
        while left:
            seed = (left & -left).bit_length() - 1
            literals = self._implicant(seed, everything, left)
            covered = (1 << len(self.true)) - 1
            for literal in literals:
                covered &= self.covers[literal]
            out.append((literals, covered))
            left &= ~covered
        # leave out conjunctions that the others make superfluous
        for k in range(len(out) - 1, -1, -1):
            rest = 0
            for i, (_, covered) in enumerate(out):
                if i != k:
                    rest |= covered
            if rest == (1 << len(self.true)) - 1:
                del out[k]
        return [literals for literals, _ in out]

    def _implicant(self, seed: int, everything: int, left: int) -> list[Literal]:
        available = [literal for literal, covered in self.covers.items() if covered >> seed & 1]
        chosen: list[Literal] = []
        open_false, covered = everything, left
        while open_false:
            best = max(
                available,
                key=lambda t: (
                    (self.excludes[t] & open_false).bit_count() * (1 + (self.covers[t] & covered).bit_count()),
                    (-self.weight(t)[0], -self.weight(t)[1]),
                ),
            )
            if not self.excludes[best] & open_false:
                break
            chosen.append(best)
            open_false &= ~self.excludes[best]
            covered &= self.covers[best]
        for literal in sorted(chosen, key=self.weight, reverse=True):
            rest = [t for t in chosen if t != literal]
            excluded = 0
            for t in rest:
                excluded |= self.excludes[t]
            if excluded == everything:
                chosen = rest
        # weaken what is left: >= for >, and the like
        for k, (number, relation) in enumerate(chosen):
            for weaker in {"gt": ("ge", "ne"), "lt": ("le", "ne"), "eq": ("ge", "le")}.get(relation, ()):
                trial = [*chosen[:k], (number, weaker), *chosen[k + 1 :]]
                excluded = 0
                for t in trial:
                    excluded |= self.excludes[t]
                if excluded == everything:
                    chosen = trial
                    break
        return sorted(chosen, key=lambda t: (self.factors[t[0]].level, self.weight(t)))


def _bits(flags: Sequence[bool]) -> int:
    return sum([1 << i for i, flag in enumerate(flags) if flag])


def describe(decomposition: Decomposition, where: Callable[[Cell], bool]) -> Elimination:
    """Return a formula for the union of the cells that satisfy ``where``: signs of projection factors, and roots where these do not do."""
    labels = [(cell.path, cell.stacks, bool(where(cell))) for cell in decomposition.cells]
    factors = decomposition.projection.factors
    names = decomposition.variables
    clashes = conflicts(labels, factors)
    return _assemble(names, names, labels, factors, clashes, decomposition.method, decomposition.lifting.stacks)


def _answer(
    given: Formula, search: "Search | Refinement", labels: Sequence[Label], factors: Sequence[Factor], clashes: Sequence[tuple[int, int]]
) -> Elimination:
    names = search.ring.names if search.lifting is not None else given.free
    return _assemble(given.free, names, labels, factors, clashes, search.method, search.stacks)


def _assemble(
    variables: Sequence[str], names: Sequence[str], labels: Sequence[Label], factors: Sequence[Factor],
    clashes: Sequence[tuple[int, int]], method: str, stacks: int,
) -> Elimination:  # fmt: skip
    """Return the formula of the true labels; ``names`` is the order of the variables in the stacks."""
    extended = bool(clashes)
    ambiguous = {i for pair in clashes for i in pair}
    if extended:
        # every true cell whose signs do not single it out is described with roots
        vectors = {tuple(sorted(signs_of(labels[i]).items())) for i in ambiguous}
        by_roots = [x for x in labels if x[2] and tuple(sorted(signs_of(x).items())) in vectors]
        plain = [x for x in labels if not (x[2] and tuple(sorted(signs_of(x).items())) in vectors)]
    else:
        by_roots, plain = [], list(labels)
    ring = Ring(variables)
    out = Formula(ring, ())

    def poly(f: Factor) -> fmpz_mpoly:
        terms = []
        for e, c in zip(f.monomials, f.polynomial.coeffs(), strict=True):
            exponents = [0] * max(len(ring.names), 1)
            for name, power in zip(names, e, strict=False):
                if power:
                    exponents[ring.index[name]] = power
            terms.append((tuple(exponents), c))
        return ring.from_terms(terms)

    if not any([x[2] for x in labels]):
        out.root = out.truth(False)
    elif all([x[2] for x in labels]):
        out.root = out.truth(True)
    else:
        chooser = Chooser(plain, factors)
        conjunctions = chooser.run() if chooser.true else []
        parts = [out.join("and", [out.atom(poly(chooser.factors[n]), r) for n, r in literals]) for literals in conjunctions]
        out.root = out.join("or", parts)
    text = out.map(lambda p, relation: f"{p} {SIGNS[relation]} 0")
    if by_roots:
        cells = [cell_text(names, x[1], x[0]) for x in by_roots]
        text = " or ".join([*([text] if text != "False" else []), *[f"({c})" if " and " in c else c for c in cells]])
    script = ""
    if extended:
        conditions = [cell_smtlib.cell(names[: len(x[0])], x[1], x[0]) for x in by_roots]
        script = cell_smtlib.script(variables, [smt_matrix(out), *conditions])
    return Elimination(text, None if extended else out, tuple(variables), extended, method, stacks, script)
