"""Whitney stratifications of semialgebraic sets and of piecewise polynomial functions in at most three variables.

>>> s = strata("x^2 == y^2*z", ["x", "y", "z"])
>>> s.count_by_dimension, s.euler
((1, 2, 2), 1)
>>> [stratum.sample for stratum in s.strata if stratum.dimension == 0]
[(Fraction(0, 1), Fraction(0, 1), Fraction(0, 1))]

Strata are connected analytic submanifolds, given by formulas; the closure of each is a union of strata (the frontier condition), and each pair
satisfies Whitney's conditions (a) and (b).  How cells are merged is described in `tamecheck.geometry.topology.frontier`, how Whitney's
conditions are decided in `tamecheck.geometry.topology.whitney`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.geometry.cad.cells import Decomposition, as_name
from tamecheck.geometry.cad.descriptions import Describer, Description, point_text
from tamecheck.geometry.cad.shear import REFINED_WORK, Combination, Frame, frame
from tamecheck.geometry.topology.arcs import Arc, refute, substituted, verify
from tamecheck.geometry.topology.frontier import Classification, Labels, NotTransversal
from tamecheck.geometry.topology.functions import Piece, is_statement, pieces
from tamecheck.geometry.topology.reasons import reason
from tamecheck.geometry.topology.regions import Problem, Region, read_matrix
from tamecheck.ground.algebraic import AlgebraicNumber, number
from tamecheck.ground.formulas import Formula
from tamecheck.ground.grammar import parse
from tamecheck.ground.polynomials import Ring, as_text, read
from tamecheck.ground.towers import sign_at

MAXIMAL_VARIABLES = 3
MAXIMAL_STACKS = 1_500
"""Stacks of a decomposition that is made for a formula only."""


def strata(
    formula: object,
    variables: Sequence[str] | None = None,
    function: object = None,
    *,
    budget: Budget | None = None,
    observe: Callable[[dict], None] | None = None,
    answer: type["Stratification"] | None = None,
) -> "Stratification":
    """Return a Whitney stratification.

    Parameters
    ----------
    formula : one of three things.
        A *set*, such as ``"x^2+y^2 <= 1 and x > 0"``: strata of the set.
        A *list of polynomials* (a single polynomial counts as a list of one): strata of R^n on which all of them have constant signs.
        A *piecewise polynomial function*, such as ``"max(x, y)"``: strata of R^n on each of which it is a polynomial.
    variables : sequence of str — at most three; ``None``: in order of appearance
    function : a piecewise polynomial function; the strata of the set are then adapted to it, too
    budget : Budget — a step per stack and per coordinate system
    observe : callable — told what is established, for the moment when a budget ends the work
    answer : class of the result

    Raises
    ------
    InputError
        TC150 not (piecewise) polynomial, TC102 a variable that is not listed, TC158 more than three variables.
    BudgetExceeded
        The budget, with what is known in ``partial``; TC306 a set that is too complicated.
    """
    kind, given = _kind(formula)
    names = [as_name(v) for v in (variables if variables is not None else _names([*given, function]))]
    if not names:
        raise InputError("no variable occurs", code="TC102", hint="list the variables, as in --vars x,y")
    if len(names) > MAXIMAL_VARIABLES:
        raise InputError(
            f"strata are computed in one, two or three variables, not in {len(names)}", code="TC158",
            hint="fix some variables; cells and decide have no such limit",
        )  # fmt: skip
    task = _task(kind, given, names, function, budget)
    task.problem.ring.limit(None if budget is None else budget.remaining())
    known: dict = {}

    def decomposed(d: Decomposition) -> None:
        if not known:
            known.update(_first_facts(task, d))
            if observe is not None:
                observe(known)

    try:
        found, classification = _classified(task, (), budget, decomposed)
    except BudgetExceeded as stop:
        stop.partial = known or None
        raise
    return (answer or Stratification)(task, found, classification, budget)


def _first_facts(task: "_Task", d: Decomposition) -> dict:
    """Return what the first complete decomposition tells without any closures."""
    inside = [c.dimension for c in d.cells if task.inside(c.signs)]
    return {
        "cells": len(d), "cells_of_the_set": len(inside), "dimension": max(inside, default=-1),
        "euler": len([1 for k in inside if k % 2 == 0]) - len([1 for k in inside if k % 2]),
    }  # fmt: skip


def _classified(
    task: "_Task", extra: Sequence[fmpz_mpoly], budget: Budget | None, observe: Callable[[Decomposition], None] | None = None
) -> tuple[Frame, Classification]:
    """Return a frame whose cells tell the strata, with further polynomials of constant sign."""
    kept: list[Classification] = []

    def accept(found: Frame) -> bool:
        try:
            kept.append(Classification(found, task.labels(found)))
        except NotTransversal:
            return False
        return True

    factors = [*task.problem.factors, *[p for p in extra if str(p) not in {str(f) for f in task.problem.factors}]]
    found = frame(task.problem.ring, factors, accept=accept, budget=budget, observe=observe)
    return found, kept[-1]


def _kind(formula: object) -> tuple[str, list]:
    if isinstance(formula, list | tuple):
        if not formula:
            raise InputError("an empty list of polynomials", code="TC101", hint='["x^2+y^2-1"]')
        return "polynomials", [parse(as_text(p)) for p in formula]
    if isinstance(formula, Formula):
        return "set", [formula]
    expression = parse(as_text(formula))
    if is_statement(expression):
        return "set", [expression]
    calls = [expression.nodes[n][0] for n in expression.needed()]
    return ("function" if "call" in calls or "where" in calls else "polynomials"), [expression]


def _names(given: Sequence[object]) -> list[str]:
    names: dict[str, None] = {}
    for g in given:
        if g is not None:
            names.update(dict.fromkeys(g.free if isinstance(g, Formula) else (g if hasattr(g, "names") else parse(as_text(g))).names()))
    return list(names)


@dataclass
class _Task:
    """What is stratified: the polynomials, and the labels of cells.

    ``matrix`` describes the set (``None``: all of R^n), ``family`` the products whose signs are kept, ``pieces`` the function.
    """

    kind: str
    problem: Problem
    matrix: Formula | None = None
    family: Sequence = ()
    pieces: Sequence[Piece] = ()
    conditions: Sequence[Sequence] = ()
    text: str = ""

    def inside(self, signs: Sequence[int]) -> bool:
        """Return whether a point with these signs belongs to the set."""
        if self.matrix is None:
            return True
        return bool(self.matrix.evaluate(lambda i: self.problem.sign(self.problem.products[i], signs)))

    def labels(self, found: Frame) -> Labels:
        """Return the labels of the cells of a frame."""
        cells = found.adjacency
        signs = [cells.cell(i).signs for i in range(len(cells))]
        inside = [self.inside(s) for s in signs]
        considered = frozenset().union(*[cells.closure(i) for i in range(len(cells)) if inside[i]])
        family = [tuple([self.problem.sign(p, s) for p in self.family]) for s in signs]
        masks = _Masks(self, found, signs)
        return Labels(considered, lambda i: (inside[i], family[i]), masks.of, len(self.problem.factors))

    def active(self, signs: Sequence[int]) -> int:
        """Return the number of the piece that gives the value."""
        for k, piece in enumerate(self.pieces):
            products = self.conditions[k]
            if piece.condition.evaluate(lambda i, products=products: self.problem.sign(products[i], signs)):
                return k
        raise BudgetExceeded("a point belongs to no piece: this is an error of the program", code="TC399", where="strata")


class _Masks:
    """For each cell the pieces whose polynomial agrees with the function there (as far as divisibility shows)."""

    def __init__(self, task: _Task, found: Frame, signs: Sequence[Sequence[int]]) -> None:
        self.task, self.found, self.signs = task, found, signs
        self._memo: dict[int, int] = {}

    def of(self, i: int) -> int:
        """Return the bits of the pieces."""
        if not self.task.pieces:
            return 1
        found = self._memo.get(i)
        if found is None:
            found = self._memo[i] = self._agreeing(i)
        return found

    def _agreeing(self, i: int) -> int:
        task = self.task
        own = task.pieces[task.active(self.signs[i])]
        zero = [f for f, s in zip(task.problem.factors, self.signs[i], strict=False) if s == 0]
        bits = 0
        for k, other in enumerate(task.pieces):
            difference = own.value * other.denominator - other.value * own.denominator
            if self._vanishes(difference, zero, i):
                bits |= 1 << k
        return bits

    def _vanishes(self, p: fmpz_mpoly, zero: Sequence[fmpz_mpoly], i: int) -> bool:
        if p.is_zero() or any([p.gcd(f).total_degree() == f.total_degree() for f in zero]):
            return True
        node = self.found.adjacency.cells[i]
        if node.dimension:
            return False
        chart, ring = self.found.chart, self.found.decomposition.ring
        return sign_at(chart.into(self.task.problem.ring, ring)(p), node.coordinates()) == 0


def _task(kind: str, given: list, names: list[str], function: object, budget: Budget | None) -> _Task:
    ring = Ring(names)
    problem = Problem(ring, [])
    task = _Task(kind, problem)
    if kind == "set":
        matrix = read_matrix(given[0], names, budget)
        if matrix.ring.names != tuple(names):
            raise InputError("the variables do not fit the formula", code="TC102", where=", ".join(names))
        task.problem = problem = Problem(matrix.ring, matrix.atoms)
        task.matrix = matrix
        task.text = matrix.text()
    elif kind == "polynomials":
        polynomials = [read(ring, g)[0] for g in given]
        task.problem = problem = Problem(ring, polynomials)
        task.family = list(problem.products)
        task.text = ", ".join([ring.text(p) for p in polynomials])
    source = given[0] if kind == "function" else function
    if source is not None:
        task.pieces = pieces(source, names)
        task.conditions = [[problem.add(_moved(p, piece.condition.ring, problem.ring)) for p in piece.condition.atoms] for piece in task.pieces]
        task.pieces = [Piece(p.condition, _moved(p.value, p.condition.ring, problem.ring), p.denominator) for p in task.pieces]
        task.text = task.text or "R^" + str(len(names))
    return task


def _moved(p: fmpz_mpoly, source: Ring, target: Ring) -> fmpz_mpoly:
    return target.from_terms([(tuple(map(int, e)), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True)])


# ------------------------------------------------------------------------ answer


@dataclass(frozen=True)
class Stratum:
    """A connected analytic submanifold.

    Attributes
    ----------
    number : int — its place in the stratification
    dimension : int
    cells : frozenset of int
    sample : tuple — exact coordinates
    euler : int — Euler's characteristic with compact supports; that of homology is (-1)^dimension times it
    reason : str — what keeps it apart from strata of higher dimension
    """

    number: int
    dimension: int
    cells: frozenset[int]
    sample: tuple[Fraction | AlgebraicNumber | Combination, ...]
    euler: int
    reason: str = ""
    region: Region | None = field(default=None, repr=False, compare=False)
    _describe: Callable | None = field(default=None, repr=False, compare=False)

    @cached_property
    def description(self) -> Description:
        """The formula, and whether it describes this stratum only or several of which this is a component."""
        return self._describe(self)

    @property
    def formula(self) -> str:
        """A formula in the variables of the user (``root(p, k, x)`` is the k-th real root of p in x)."""
        return self.description.text

    @property
    def betti(self) -> tuple[int, ...]:
        """The Betti numbers of the stratum."""
        return self.region.betti


class Stratification:
    """A Whitney stratification.

    Attributes
    ----------
    strata : tuple of Stratum — by falling dimension
    closures : tuple of frozensets — for each stratum the strata in its frontier
    frontier : tuple of pairs (i, j) — the edges of the Hasse diagram: stratum j lies in the frontier of i, and none between
    whitney : dict — ``{"a": True, "b": True}``
    """

    def __init__(self, task: _Task, found: Frame, classification: Classification, budget: Budget | None = None) -> None:
        self.frame = found
        self.task = task
        self.variables = found.chart.old
        self.kind = task.kind
        self.whitney = {"a": True, "b": True}
        cells = found.adjacency
        texts = [task.problem.ring.text(p) for p in task.problem.factors]
        signs = [cells.cell(i).signs for i in range(len(cells))]
        keep = [k for k, s in enumerate(classification.strata) if task.inside(signs[min(s)])]
        order = sorted(keep, key=lambda k: (-classification.grade[min(classification.strata[k])], min(classification.strata[k])))
        place = {k: i for i, k in enumerate(order)}
        self._budget = budget
        self._describers: list[tuple[Describer, dict[int, frozenset[int]]]] = []
        self._extras: list[list[fmpz_mpoly]] | None = None
        out = []
        for i, k in enumerate(order):
            members = classification.strata[k]
            part = Region(found, members, task.problem)
            grade = classification.grade[min(members)]
            why = reason(classification, texts, members)
            out.append(Stratum(i, grade, members, part.sample, part.euler_compact, why, part, self._describe))
        self.strata = tuple(out)
        met = classification.closures()
        self.closures = tuple([frozenset([place[j] for j in met[k] if j in place]) for k in order])
        self.frontier = tuple([(i, j) for i, below in enumerate(self.closures) for j in sorted(below) if not self._between(below, j)])
        self._classification = classification
        self._describers.append((Describer(found), {s.number: s.cells for s in self.strata}))

    # ----------------------------------------------------------------- formulas

    def _describe(self, s: Stratum) -> Description:
        """Return a formula: the point itself, else by signs, with more polynomials if need be, else with roots."""
        if s.dimension == 0:
            text = point_text(self.variables, s.sample)
            if text is not None:
                return Description(text, True)
        k = 0
        while k < len(self._describers) or self._more():
            describer, places = self._describers[k]
            k += 1
            if s.number in places:
                found = describer.describe(places[s.number])
                if found.exact:
                    return found
        first, places = self._describers[0]
        return first.by_roots(s.cells) or first.describe(s.cells)

    def _more(self) -> bool:
        """Decompose once more with further polynomials: the variables, and equations of the coordinates of points."""
        ring = self.task.problem.ring
        if self._extras is None:
            variables = [ring.variable(name) for name in ring.names]
            points = []
            for s in self.strata:
                if s.dimension == 0:
                    points += [_minimal(ring, name, x) for name, x in zip(ring.names, s.sample, strict=True)]
            points = [p for p in points if p is not None and p.total_degree() <= 2][:12]
            self._extras = [variables, variables + _distinct(points)]
        while self._extras:
            extra = self._extras.pop(0)
            before, ring.work = ring.work, min(ring.work, REFINED_WORK)
            try:
                steps = Budget(steps=MAXIMAL_STACKS, seconds=None if self._budget is None else self._budget.remaining())
                found, classification = _classified(self.task, extra, steps)
                places = self._matched(found, classification)
            except BudgetExceeded:
                continue
            finally:
                ring.work = before
            self._describers.append((Describer(found), places))
            return True
        return False

    def _matched(self, found: Frame, classification: Classification) -> dict[int, frozenset[int]]:
        """Return for each stratum the cells of another decomposition that make it up; a stratum that is not found is left out."""
        places: dict[int, frozenset[int]] = {}
        for members in classification.strata:
            part = Region(found, members, self.task.problem)
            owner = self.stratum_of(part.sample)
            if owner is not None:
                places[owner.number] = places.get(owner.number, frozenset()) | members
        return places

    def _between(self, below: frozenset[int], j: int) -> bool:
        return any([j in self.closures[k] for k in below])

    def __repr__(self) -> str:
        counts = ", ".join([f"{c} of dimension {d}" for d, c in enumerate(self.count_by_dimension) if c])
        return f"Stratification({len(self.strata)} strata: {counts or 'none'})"

    def __len__(self) -> int:
        return len(self.strata)

    def _repr_html_(self) -> str:
        rows = "".join([f"<tr><td>{s.number}</td><td>{s.dimension}</td><td>{_escaped(s.formula)}</td></tr>" for s in self.strata])
        return f"<table><tr><th></th><th>dimension</th><th>formula</th></tr>{rows}</table>"

    @property
    def count_by_dimension(self) -> tuple[int, ...]:
        """The numbers of strata of dimension 0, 1, ..."""
        top = max([s.dimension for s in self.strata], default=-1)
        return tuple([len([1 for s in self.strata if s.dimension == d]) for d in range(top + 1)])

    @cached_property
    def region(self) -> Region:
        """The stratified set as a union of cells."""
        members = frozenset().union(*[s.cells for s in self.strata])
        return Region(self.frame, members, self.task.problem, self.task.matrix)

    @property
    def euler(self) -> int:
        """Euler's characteristic with compact supports of the set: the sum over the strata."""
        return sum([s.euler for s in self.strata])

    @property
    def components(self) -> int:
        """The number of connected components of the set."""
        return len(self.region.components)

    @cached_property
    def zero_set(self) -> Region | None:
        """For polynomials: the set where their product is zero."""
        if self.kind != "polynomials":
            return None
        ring = self.task.problem.ring
        matrix = Formula(ring, ())
        used = sorted({k for product in self.task.family if product is not None for k, _ in product[1]})
        zero = None in self.task.family
        matrix.root = matrix.truth(True) if zero else matrix.join("or", [matrix.atom(self.task.problem.factors[k], "eq") for k in used])
        problem = Problem(ring, matrix.atoms)
        signs = {i: self.frame.adjacency.cell(i).signs for i in self.region.members}
        found = [i for i in self.region.members if zero or 0 in [signs[i][k] for k in used]]
        return Region(self.frame, frozenset(found), problem, matrix)

    def stratum_of(self, point: Sequence[object]) -> Stratum | None:
        """Return the stratum that holds a point with rational or algebraic coordinates, ``None`` if the point is not in the set."""
        if any([number(v) is None for v in point]):
            return None
        place = self.frame.locate(point)
        return next((s for s in self.strata if place in s.cells), None)

    def to_networkx(self):
        """Return the frontier poset as a directed graph: edges go from a stratum to those in its frontier, of the Hasse diagram."""
        import networkx

        graph = networkx.DiGraph()
        for s in self.strata:
            graph.add_node(s.number, dimension=s.dimension, euler=s.euler, formula=s.formula)
        graph.add_edges_from(self.frontier)
        return graph

    @cached_property
    def refinements(self) -> list["Refinement"]:
        """The points that are strata because of Whitney's conditions, with arcs where such are found."""
        out = []
        for cut in self._classification.cuts:
            owner = next((s for s in self.strata if cut.cell in s.cells), None)
            if cut.whitney and owner is not None:
                out.append(Refinement(owner.number, owner.sample, cut.reason, _arc(self, self._classification, cut.cell, owner.sample)))
        return out

    @property
    def coarse(self) -> dict[str, bool | None]:
        """Whether the partition into smooth parts alone (before points were cut out) would satisfy (a) and (b).

        ``False`` is proved by an arc, ``None``: by the discriminant, points had to be cut out, but no arc of the list shows it.
        """
        if not self.refinements:
            return {"a": True, "b": True}
        arcs = [r.arc for r in self.refinements if r.arc is not None]
        return {"a": False if any([a.condition == "a" for a in arcs]) else None, "b": False if arcs else None}


@dataclass(frozen=True)
class Refinement:
    """A point that is a stratum because of Whitney's conditions: its stratum, coordinates, the reason, and an arc if one was found."""

    stratum: int
    point: tuple
    reason: str
    arc: Arc | None


def _arc(s: Stratification, classification: Classification, cell: int, point: Sequence[object]) -> Arc | None:
    """Return a verified arc on which (a) or (b) fails at a rational point of a singular line."""
    if not all([isinstance(x, Fraction) for x in point]):
        return None
    cells = s.frame.adjacency
    ends = [j for j in cells.star(cell) if cells.cells[j].dimension == 1 and classification.grade.get(j) == 1]
    relevant = sorted(frozenset().union(*[classification.vanishing(j) for j in ends]))
    surface = s.task.problem.ring.constant(1)
    for f in relevant:
        surface *= s.task.problem.factors[f]
    if surface.is_constant() or surface.total_degree() > 12:
        return None
    for j in ends:
        there = s.frame.sample(cells.cells[j])
        if not all([isinstance(x, Fraction) for x in there]):
            continue
        line = _whole([a - b for a, b in zip(there, point, strict=True)])
        if not _singular_line(surface, point, line):
            continue
        found = refute(surface, point, line)
        if found is not None and verify(surface, found, line):
            return found
    return None


def _whole(v: Sequence[Fraction]) -> tuple[int, ...]:
    from math import gcd, lcm

    scale = lcm(*[x.denominator for x in v])
    whole = [int(x * scale) for x in v]
    common = gcd(*whole) or 1
    sign = next((1 if c > 0 else -1 for c in whole if c), 1)
    return tuple([sign * c // common for c in whole])


def _singular_line(p: fmpz_mpoly, point: Sequence[Fraction], line: Sequence[int]) -> bool:
    rows = [(x, Fraction(c)) for x, c in zip(point, line, strict=True)]
    return all([substituted(q, rows) == 0 for q in (p, *[p.derivative(i) for i in range(3)])])


def _minimal(ring: Ring, name: str, x: object) -> fmpz_mpoly | None:
    """Return the minimal polynomial of a coordinate, in that variable."""
    a = number(x)
    if a is None:
        return None
    i = ring.index[name]
    return ring.from_terms([(tuple([k if j == i else 0 for j in range(len(ring.names))]), int(c)) for k, c in enumerate(a.polynomial.coeffs())])


def _distinct(polynomials: Sequence[fmpz_mpoly]) -> list[fmpz_mpoly]:
    return list({str(p): p for p in polynomials}.values())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


__all__ = ["Refinement", "Stratification", "Stratum", "strata"]
