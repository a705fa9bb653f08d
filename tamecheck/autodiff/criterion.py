"""The second question: is what differentiation returns a conservative field of the program's function?

For f locally Lipschitz and definable, and d definable and locally bounded, the closure of d is a conservative field of f if and only if there is a
finite partition into C1 manifolds M with <d(x), v> = d(f|M)(x)[v] for all x in M and v tangent to M at x [DD22]_.  The cells of the kinks are such
manifolds, f and d are analytic on each, so each cell passes as a whole or fails on an open part of it: then a curve in it refutes the rule.

.. [DD22] D. Davis, D. Drusvyatskiy, "Conservative and semismooth derivatives are equivalent for semialgebraic maps", Set-Valued Var. Anal. 30 (2022).
"""

from dataclasses import dataclass, field

from tamecheck.autodiff.fields import Quotient
from tamecheck.autodiff.function import smooth_at
from tamecheck.autodiff.line import Line
from tamecheck.autodiff.pieces import Piece, Pieces
from tamecheck.autodiff.space import Cell


@dataclass
class Violation:
    """A cell and a tangent vector along which the rule disagrees with the function; ``defect`` is the difference."""

    cell: Cell
    vector: list[Quotient]
    defect: Quotient


@dataclass
class RuleFacts:
    """What is known about the rule.

    Attributes
    ----------
    violations : list of Violation
    undefined : cells on which the program has a value and differentiation returns no number
    unbounded : list of (cell, cell of its boundary) — what is returned on the first is unbounded near the second
    """

    violations: list[Violation] = field(default_factory=list)
    undefined: list[Cell] = field(default_factory=list)
    unbounded: list[tuple[Cell, Cell]] = field(default_factory=list)
    bounded: bool | None = True
    obligations: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember what is left to prove, once."""
        if text not in self.obligations:
            self.obligations.append(text)


def defect(pieces: Pieces, p: Piece, vector: list[Quotient]) -> Quotient:
    """Return <d, v> - df[v]."""
    f = pieces.field
    total = (f.zero, f.one)
    for k, (d, v) in enumerate(zip(p.returned, vector, strict=True)):
        if not v[0].is_zero():
            total = f.add(total, f.mul(f.add(d, f.derivative(p.value, k), -1), v))
    return total


def examine(pieces: Pieces, inside: frozenset[int] | None = None) -> RuleFacts:
    """Return what is known about the rule, everywhere or at the points of the cells inside an open set."""
    facts = RuleFacts()
    space = pieces.space
    for cell in sorted(space.cells, key=lambda c: (-c.dimension, c.number)):
        p = pieces.of(cell)
        if p.value is None or p.outside or (inside is not None and cell.number not in inside):
            continue
        if not p.defined:
            facts.undefined.append(cell)
            continue
        for text in p.unknown:
            facts.note(text)
        vectors = space.vectors(cell)
        if vectors is None:
            # tangents of a smooth hypersurface around the cell: sufficient, not necessary
            wider = space.wider_vectors(cell)
            if wider is not None and not p.unknown and all([pieces.vanishes(defect(pieces, p, v), cell) is True for v in wider]):
                _bounds(pieces, facts, p, inside)
            elif space.kinks(cell):
                facts.note(f"the tangents where {space.formula(cell)}")
            continue
        for v in vectors:
            w = defect(pieces, p, v)
            zero = pieces.vanishes(w, cell)
            if zero is False:
                if p.unknown:
                    facts.note("; ".join(p.unknown) + f", where {space.formula(cell)}")
                else:
                    facts.violations.append(Violation(cell, v, w))
                break
            if zero is None:
                facts.note(f"whether {pieces.field.text(w)} is 0 where {space.formula(cell)}"[:300])
                break
        _bounds(pieces, facts, p, inside)
    return facts


def _bounds(pieces: Pieces, facts: RuleFacts, p: Piece, inside: frozenset[int] | None = None) -> None:
    """Ask whether what is returned on a cell is bounded near the boundary of the cell."""
    f = pieces.field
    rough = [d for d in p.returned if not d[1].is_constant() or f.transcendental(d[0])]
    if p.cell.dimension == 0 or not rough:
        return
    near = [p] if p.cell.dimension == f.n else [q for q in map(pieces.of, pieces.space.open_around(p.cell)) if q.value is not None]
    for q in near:
        if all([f.add(d, f.derivative(q.value, k), -1)[0].is_zero() for k, d in enumerate(p.returned)]):
            return  # the derivative of a piece nearby: bounded if the function is locally Lipschitz
    for cell in pieces.space.boundary(p.cell):
        if inside is not None and cell.number not in inside:
            continue
        if isinstance(pieces.space, Line):
            _bounds_on_line(pieces, facts, p, cell)
            continue
        for d in rough:
            regular = smooth_at(pieces, d, cell)
            if regular is None:
                facts.bounded = None
                facts.note(f"a bound of what is returned near {pieces.space.formula(cell)}")
            elif not regular:
                at = pieces.vanishes((d[0], f.one), cell)
                if at is False and not f.transcendental(d[1]):
                    facts.unbounded.append((p.cell, cell))
                    facts.bounded = False
                else:
                    facts.bounded = facts.bounded and None
                    facts.note(f"a bound of what is returned near {pieces.space.formula(cell)}")


def _bounds_on_line(pieces: Pieces, facts: RuleFacts, p: Piece, cell: Cell) -> None:
    bounded = pieces.space.bounded(p.returned[0], cell, p.cell)
    if bounded is False:
        facts.unbounded.append((p.cell, cell))
        facts.bounded = False
    elif bounded is None:
        facts.bounded = facts.bounded and None
        facts.note(f"a bound of what is returned near {pieces.space.formula(cell)}")
