"""The third question: what follows.  Clarke's subdifferential, critical points that are artifacts of the rule, points where descent is stuck.

At x in a cell the Clarke subdifferential is the convex hull of the limits of gradients from the open cells around; the closure D of the rule holds
these limits, what is returned on lower cells around, and what is returned at x.  *Spurious* is where 0 is in conv D(x) and not in the
subdifferential; *stuck* where 0 is what is returned and not in the subdifferential.
"""

from dataclasses import dataclass, field

from tamecheck.autodiff import ellipsoids, hulls
from tamecheck.autodiff.fields import Quotient
from tamecheck.autodiff.function import FunctionFacts
from tamecheck.autodiff.line import Line
from tamecheck.autodiff.pieces import Piece, Pieces
from tamecheck.autodiff.semantics import Undecided
from tamecheck.autodiff.space import Cell
from tamecheck.budget import Budget


@dataclass
class Consequences:
    """Sets are lists of cells; ``None`` where something could not be decided.

    Attributes
    ----------
    clarke : whether what is returned is a Clarke subgradient everywhere
    smooth : whether the function is continuously differentiable and what is returned is its gradient
    outside_clarke : cells where it is not one
    spurious, stuck, restless : cells: artificial critical points; where 0 is returned at no critical point; critical points where 0 is not returned
    clarke_critical, rule_critical : cells
    ascent : cells: minus what is returned is a direction in which the function increases to first order
    """

    clarke: bool | None = True
    smooth: bool | None = True
    outside_clarke: list[Cell] = field(default_factory=list)
    spurious: list[Cell] | None = field(default_factory=list)
    stuck: list[Cell] | None = field(default_factory=list)
    restless: list[Cell] | None = field(default_factory=list)
    clarke_critical: list[Cell] | None = field(default_factory=list)
    rule_critical: list[Cell] | None = field(default_factory=list)
    ascent: list[Cell] | None = field(default_factory=list)
    obligations: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember what is left to prove, once."""
        if text not in self.obligations:
            self.obligations.append(text)


def gradients(pieces: Pieces, facts: FunctionFacts, cell: Cell) -> list[list[Quotient]] | None:
    """Return the limits of gradients at the points of a cell, from all open cells around; ``None`` where a piece is singular."""
    if cell.dimension == pieces.space.n:
        p = pieces.of(cell)
        return None if p.value is None else [pieces.derivative(p)]
    out: dict[str, list[Quotient]] = {}
    for other in pieces.space.open_around(cell):
        p = pieces.of(other)
        if p.value is None or p.outside or (other.number, cell.number) in facts.singular:
            return None
        g = pieces.derivative(p)
        out.setdefault(p.key if g == p.returned else "|".join([f"{a}/{b}" for a, b in g]), g)
    return list(out.values())


SETS = ("clarke_critical", "rule_critical", "spurious", "stuck", "restless", "ascent")


def examine_all(pieces: Pieces, facts: FunctionFacts, budget: Budget | None = None) -> Consequences:
    """Return Clarke's question and all sets.

    Raises
    ------
    Missing
        A sign is needed that is not constant on a cell: cut space by it and ask again.
    """
    if isinstance(pieces.space, Line):
        from tamecheck.autodiff import line_consequences

        return line_consequences.examine(pieces)
    found = examine_clarke(pieces, facts, budget)
    examine_critical(pieces, facts, found, budget)
    return found


def examine_clarke(pieces: Pieces, facts: FunctionFacts, budget: Budget | None = None, inside: frozenset[int] | None = None) -> Consequences:
    """Return whether the rule returns Clarke subgradients (everywhere, or inside an open set); the cells of lower dimension are what matters."""
    found = Consequences()
    f, space = pieces.field, pieces.space
    for cell in space.cells:
        if budget is not None:
            budget.spend(1024, "critical sets")
        p = pieces.of(cell)
        if p.value is None or p.outside or not p.defined or (inside is not None and cell.number not in inside):
            continue
        if cell.dimension == space.n:
            differences = [] if p.unknown else [f.add(a, b, -1) for a, b in zip(p.returned, pieces.derivative(p), strict=True)]
            if any([pieces.vanishes(d, cell) is False for d in differences]):
                found.clarke = found.smooth = False
                found.outside_clarke.append(cell)
            continue
        around = gradients(pieces, facts, cell)
        centre = ellipsoids.member(pieces, cell, p.returned) if around is None and not p.unknown else None
        if centre is not None:
            found.smooth = False
            if not centre:
                found.clarke = False
                found.outside_clarke.append(cell)
            continue
        if around is None or p.unknown:
            found.clarke = found.clarke and None
            found.smooth = found.smooth and None
            found.note(f"whether what is returned where {space.formula(cell)} is a Clarke subgradient")
            continue
        if found.smooth is not False and all(
            [pieces.vanishes(f.add(a, b, -1), cell) is True for g in around for a, b in zip(g, p.returned, strict=True)]
        ):
            continue
        found.smooth = False
        if p.returned in around:
            continue
        held = hulls.contains(pieces, around, p.returned, cell)
        if held is None:
            found.clarke = found.clarke and None
            found.note(f"whether what is returned where {space.formula(cell)} is a Clarke subgradient")
        elif not held:
            found.clarke = False
            found.outside_clarke.append(cell)
    return found


def examine_critical(pieces: Pieces, facts: FunctionFacts, found: Consequences, budget: Budget | None = None) -> None:
    """Fill the critical, spurious and stuck sets."""
    f, space = pieces.field, pieces.space
    zero = [(f.zero, f.one)] * f.n
    for name in SETS:
        setattr(found, name, [])
    found.ascent = None  # a question of its own: `tamecheck.autodiff.ascent`
    for cell in space.cells:
        if budget is not None:
            budget.spend(1024, "critical sets")
        p = pieces.of(cell)
        if p.value is None or p.outside:
            continue
        around = gradients(pieces, facts, cell)
        critical = ellipsoids.member(pieces, cell, zero) if around is None else _critical(pieces, around, zero, cell)
        if cell.dimension == space.n:
            returned = critical if _same(pieces, p, around) else _critical(pieces, [p.returned], zero, cell) if p.defined else None
        elif not p.defined or p.unknown:
            returned = True if critical else None
        else:
            everything = None if around is None else [*around, p.returned, *_lower(pieces, cell)]
            returned = True if critical else None if everything is None else _critical(pieces, everything, zero, cell)
        _collect(found, "clarke_critical", critical, cell)
        _collect(found, "rule_critical", returned, cell)
        _collect(found, "spurious", None if critical is None or returned is None else returned and not critical, cell)
        still = _still(pieces, p, cell) if p.defined and not p.unknown else None
        _collect(found, "stuck", False if critical or still is False else None if critical is None or still is None else True, cell)
        _collect(found, "restless", False if critical is False or still else None if critical is None or still is None else True, cell)


def _same(pieces: Pieces, p: Piece, around: list | None) -> bool:
    return around is not None and p.defined and all([pieces.field.add(a, b, -1)[0].is_zero() for a, b in zip(around[0], p.returned, strict=True)])


def _critical(pieces: Pieces, vectors: list, zero: list, cell: Cell) -> bool | None:
    if len(vectors) == 1:
        return _zero(pieces, vectors[0], cell)
    return hulls.contains(pieces, vectors, zero, cell)


def _zero(pieces: Pieces, vector: list[Quotient], cell: Cell) -> bool | None:
    """Return whether a vector is 0 on a cell (True), nowhere on it (False), not known; cuts the cell where that changes."""
    unclear = False
    for a in vector:
        if a[0].is_zero() or pieces.vanishes(a, cell) is True:
            continue
        restricted = hulls.on_cell(pieces, [a], cell)
        try:
            if restricted is not None and pieces.sign(restricted[0][0], cell) != 0:
                return False
        except Undecided:
            unclear = True
            continue
    return None if unclear else True


def _still(pieces: Pieces, p: Piece, cell: Cell) -> bool | None:
    return _zero(pieces, p.returned, cell)


def _lower(pieces: Pieces, cell: Cell) -> list[list[Quotient]]:
    out: dict[str, list[Quotient]] = {}
    for other in pieces.space.around(cell):
        p = pieces.of(other)
        if other.dimension < pieces.space.n and p.value is not None and p.defined and not p.unknown:
            out.setdefault(p.key, p.returned)
    return list(out.values())


def _collect(found: Consequences, name: str, answer: bool | None, cell: Cell) -> None:
    current = getattr(found, name)
    if answer is None:
        setattr(found, name, None)
        found.note(f"the set of {name.replace('_', ' ')} points")
    elif answer and current is not None:
        current.append(cell)
