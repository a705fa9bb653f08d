"""The first question: is the program's function continuous and locally Lipschitz?  Nothing here looks at rules.

A function that is defined, continuous, and on finitely many cells equal to functions that are smooth on a neighbourhood of their closures is locally
Lipschitz (a continuous selection of C1 functions).  Where a piece is not smooth up to the boundary of its cell, its derivative is compared with
powers of the distance on a ray (exact in one variable), or it is bounded by a lemma for roots of sums of squares.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from tamecheck.autodiff import ellipsoids
from tamecheck.autodiff.curves import stays
from tamecheck.autodiff.fields import Quotient
from tamecheck.autodiff.line import Line
from tamecheck.autodiff.orders import along, order, unbounded
from tamecheck.autodiff.pieces import Piece, Pieces
from tamecheck.autodiff.semantics import Undecided
from tamecheck.autodiff.space import Cell
from tamecheck.geometry.univariate import constants


@dataclass
class FunctionFacts:
    """What is known about the function; ``None`` is not known.

    Attributes
    ----------
    jumps : list of (cell, open cell) — the pieces disagree where the first meets the second
    blowups : list of (cell, open cell, point, direction) — the derivative is unbounded on the ray
    """

    continuous: bool | None = True
    lipschitz: bool | None = True
    total: bool = True
    windowed: bool = False
    jumps: list[tuple[Cell, Cell]] = field(default_factory=list)
    blowups: list[tuple[Cell, Cell, tuple, tuple]] = field(default_factory=list)
    singular: set[tuple[int, int]] = field(default_factory=set)
    obligations: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember what is left to prove, once."""
        if text not in self.obligations:
            self.obligations.append(text)


def examine(pieces: Pieces, inside: frozenset[int] | None = None) -> FunctionFacts:
    """Return what is known about the function, everywhere or at the points of the cells inside an open set."""
    facts = FunctionFacts()
    facts.windowed = any([p.outside for p in pieces.pieces])
    facts.total = not any([p.value is None and not p.outside for p in pieces.pieces])
    space = pieces.space
    rough = [p for p in pieces.pieces if p.value is not None and p.cell.dimension == space.n and _rough(pieces, p)]
    line = isinstance(space, Line)
    if pieces.jumping or line:
        for cell in space.cells:
            own = pieces.of(cell)
            if cell.dimension < space.n and own.value is not None and (inside is None or cell.number in inside):
                for other in space.open_around(cell):
                    _meet(pieces, facts, own, pieces.of(other))
    for p in rough:
        for cell in space.boundary(p.cell):
            if inside is None or cell.number in inside:
                _edge(pieces, facts, p, cell)
    if facts.jumps:
        facts.continuous = facts.lipschitz = False
    elif facts.blowups:
        facts.lipschitz = False
    if facts.continuous is None and facts.lipschitz:
        facts.lipschitz = None
    if facts.windowed and facts.continuous:
        facts.continuous = facts.lipschitz = None
        facts.note("step functions are followed between -2 and 2 only")
    return facts


def _rough(pieces: Pieces, p: Piece) -> bool:
    """Return whether a piece need not be smooth beyond its cell."""
    generators = [g for g in pieces.field.generators if g.argument is not None]
    singular = any([g.kind in ("log", "root", "asin", "acos") or not g.argument[1].is_constant() for g in generators])
    return singular or not p.value[1].is_constant()


def _meet(pieces: Pieces, facts: FunctionFacts, own: Piece, other: Piece) -> None:
    """Compare the value on a cell with the limit from an open cell."""
    if other.value is None or other.outside:
        return
    f = pieces.field
    if isinstance(pieces.space, Line):
        _meet_on_line(pieces, facts, own, other)
        return
    if smooth_at(pieces, other.value, own.cell) is not True:
        _limit(pieces, facts, own, other)
        return
    same = pieces.vanishes(f.add(other.value, own.value, -1), own.cell)
    if same is False:
        facts.jumps.append((own.cell, other.cell))
    elif same is None:
        facts.continuous = None
        facts.note(f"continuity where {pieces.space.formula(own.cell)}")


def _meet_on_line(pieces: Pieces, facts: FunctionFacts, own: Piece, other: Piece) -> None:
    """Compare the value at a point of the line with the limit from one side, both exact."""
    limit, value = pieces.space.limit(other.value, own.cell, other.cell), pieces.space.value(own.value, own.cell)
    same = None if limit is None or value is None else 1 if isinstance(limit, int) else constants.compare(limit, value)
    if same is None:
        facts.continuous = None
        facts.note(f"continuity where {pieces.space.formula(own.cell)}")
    elif same:
        facts.jumps.append((own.cell, other.cell))


def _limit(pieces: Pieces, facts: FunctionFacts, own: Piece, other: Piece) -> None:
    """Look at the limit on a ray, where a piece is singular; a ray can only refute, except on a line."""
    f = pieces.field
    for start, direction in rays(pieces, own.cell, other.cell):
        on = along(f, other.value, start, direction)
        there = f.substitute(own.value, [f.number(c) for c in start])
        if on is None or there is None:
            continue
        difference = f.add(on, there, -1)
        o = None if difference[0].is_zero() else order(f, difference)
        if difference[0].is_zero() or (o is not None and (o[0] > 0 or (o[0] == 0 and o[1] < 0))):
            if f.n == 1:
                return
            continue
        if o is not None:
            facts.jumps.append((own.cell, other.cell))
            return
    facts.continuous = None
    facts.note(f"continuity where {pieces.space.formula(own.cell)}")


AXES = [Fraction(q) for q in (0, 1, -1, 2, -2)]


def rays(pieces: Pieces, cell: Cell, other: Cell) -> list[tuple[tuple, tuple]]:
    """Return (point of the cell, direction): the point plus t times the direction lies in the other cell for 0 < t < 1."""
    if not all([isinstance(x, Fraction) for x in cell.sample]):
        return []
    f, out = pieces.field, []
    if pieces.space.linear:
        for p in pieces.space.points(other, 4):
            out.append((cell.sample, tuple([a - b for a, b in zip(p, cell.sample, strict=True)])))
        return out
    for d in product(AXES, repeat=f.n):
        for h in (Fraction(1), Fraction(1, 8), Fraction(1, 1000)):
            direction = tuple([h * c for c in d])
            curve = [f.add(f.number(a), f.scale(f.variable(0), b)) for a, b in zip(cell.sample, direction, strict=True)]
            if any(d) and stays(pieces.space, other, curve):
                out.append((cell.sample, direction))
                break
    return out


def smooth_at(pieces: Pieces, a: Quotient, cell: Cell) -> bool | None:
    """Return whether a function is smooth near a cell of the boundary of its own: denominators, arguments of log and roots are not 0 there."""
    f = pieces.field
    todo, seen = [a], set()
    try:
        while todo:
            top, bottom = todo.pop()
            if not bottom.is_constant() and pieces.sign(bottom, cell) == 0:
                return False
            for j, g in enumerate(f.generators):
                if j in seen or g.argument is None or not any([int(p.degrees()[f.n + j]) for p in (top, bottom)]):
                    continue
                seen.add(j)
                if g.kind in ("log", "root") and pieces.sign(g.argument[0], cell) == 0:
                    return False
                if g.kind in ("asin", "acos"):
                    return None
                todo.append(g.argument)
    except Undecided:
        return None
    return True


def _edge(pieces: Pieces, facts: FunctionFacts, p: Piece, cell: Cell) -> None:
    """Ask whether the derivative of a piece is bounded near a cell of its boundary."""
    regular = smooth_at(pieces, p.value, cell)
    if regular:
        return
    if isinstance(pieces.space, Line):
        _edge_on_line(pieces, facts, p, cell)
        return
    facts.singular.add((p.cell.number, cell.number))
    f = pieces.field
    gradient = pieces.derivative(p)
    found: list[bool | None] = []
    for start, direction in rays(pieces, cell, p.cell):
        on = along(f, p.value, start, direction)
        if on is None:
            continue
        slope = f.derivative(on, 0)
        bounded = False if slope[0].is_zero() else unbounded(order(f, slope))
        found.append(bounded)
        if bounded:
            facts.blowups.append((cell, p.cell, start, direction))
            return
    if f.n == 1 and found and found[0] is False:
        return
    if all([_bounded_by_root(pieces, g) for g in gradient]):
        return
    facts.lipschitz = None
    facts.note(f"a bound of the derivative near {pieces.space.formula(cell)}")


def _edge_on_line(pieces: Pieces, facts: FunctionFacts, p: Piece, cell: Cell) -> None:
    """Ask for the limit of the derivative at an end of an interval."""
    bounded = pieces.space.bounded(pieces.derivative(p)[0], cell, p.cell)
    if bounded is False:
        facts.blowups.append((cell, p.cell, cell.sample, (Fraction(1 if p.cell.number > cell.number else -1),)))
    elif bounded is None:
        facts.lipschitz = None
        facts.note(f"a bound of the derivative near {pieces.space.formula(cell)}")


def _bounded_by_root(pieces: Pieces, a: Quotient) -> bool:
    """Return whether |N/r| is bounded: r^2 = u and K u - N^2 is a sum of squares by its form, for some K."""
    f = pieces.field
    top, bottom = a
    if top.is_zero() or (bottom.is_constant() and not f.transcendental(top)):
        return True
    for j, g in enumerate(f.generators):
        if g.kind != "root" or g.order != 2 or not g.argument[1].is_constant():
            continue
        r = f.ring.variable(f.ring.names[f.n + j])
        # a = N r / (c u), or N / (c r): both are N/(c r)
        for numerator, c in _over_root(f, top, bottom, r, g.argument[0]):
            # (N + M r)/(c r) is bounded if N/(c r) is
            slope = numerator.derivative(f.n + j)
            numerator = numerator - slope * r
            if f.transcendental(numerator) or f.transcendental(slope):
                continue
            for k in (1, 4, 16, 64):
                rest = g.argument[0] * (k * c * c) - numerator * numerator * int(g.argument[1].coeffs()[0])
                if all([q > 0 and not any([int(e) & 1 for e in m]) for m, q in zip(rest.monoms(), rest.coeffs(), strict=True)]):
                    return True
                if rest.total_degree() <= 2 and not f.transcendental(rest) and ellipsoids.nonnegative(f, rest):
                    return True
    return False


def _over_root(f, top, bottom, r, u):
    """Yield (N, c) such that top/bottom is N/(c r) times a number, plus a polynomial; r^2 = u up to a number."""
    quotient, rest = divmod(bottom, r)
    if rest.is_zero() and quotient.is_constant():
        yield top, int(quotient.coeffs()[0])
    quotient, rest = divmod(bottom, u)
    if rest.is_zero() and quotient.is_constant():
        inner = top.derivative(list(f.ring.names).index(str(r)))
        if divmod(top - inner * r, u)[1].is_zero():
            yield inner, int(quotient.coeffs()[0])
