"""Where minus what is returned leads up: points x with f'(x; -d(x)) > 0, to first order.

Even Clarke subgradients can do that, and a conservative rule can do it at a point where the program is smooth (relu(x) + log1p(exp(-|x|)) with
abs'(0) = 1).  On a cell the direction -d enters the open cells around that have the signs of <grad g, -d> for the guards g that vanish there; the
program is continuously differentiable up to the boundary of these, so its directional derivative is <grad f, -d> with the gradient of any of them.
Where a guard is tangent to the direction, all open cells that are possible have to give the same answer.
"""

from tamecheck.autodiff import hulls
from tamecheck.autodiff.consequences import Consequences
from tamecheck.autodiff.fields import Quotient
from tamecheck.autodiff.function import FunctionFacts
from tamecheck.autodiff.pieces import Piece, Pieces
from tamecheck.autodiff.semantics import Undecided
from tamecheck.autodiff.space import Cell
from tamecheck.budget import Budget


def examine(pieces: Pieces, facts: FunctionFacts, found: Consequences, budget: Budget | None = None) -> None:
    """Fill the set of ascent points.

    Raises
    ------
    Missing
        A sign is needed that is not constant on a cell: cut space by it and ask again.
    """
    out: list[Cell] | None = []
    for cell in pieces.space.cells:
        if budget is not None:
            budget.spend(1024, "ascent points")
        p = pieces.of(cell)
        if p.value is None or p.outside or (not p.defined and not p.unknown):
            continue
        answer = _leads_up(pieces, facts, p)
        if answer is None:
            out = None
            found.note("the set of ascent points")
            break
        if answer:
            out.append(cell)
    found.ascent = out


def _leads_up(pieces: Pieces, facts: FunctionFacts, p: Piece) -> bool | None:
    if p.unknown or not p.defined:
        return None
    f, space, cell = pieces.field, pieces.space, p.cell
    if all([pieces.vanishes(d, cell) is True for d in p.returned]):
        return False
    if cell.dimension == space.n:
        gradient = pieces.derivative(p)
        if all([f.add(a, b, -1)[0].is_zero() for a, b in zip(gradient, p.returned, strict=True)]):
            return False
        s = _sign(pieces, _along(pieces, gradient, p.returned), cell)
        return None if s is None else s > 0
    wanted = {}
    for k, (g, s) in enumerate(zip(space.guards, cell.signs, strict=True)):
        if s == 0:
            wanted[k] = _sign(pieces, _along(pieces, [f.derivative((g, f.one), j) for j in range(f.n)], p.returned), cell)
    answers = set()
    for other in space.open_around(cell):
        if any([s not in (0, None, other.signs[k]) for k, s in wanted.items()]):
            continue
        q = pieces.of(other)
        if q.value is None or q.outside or (other.number, cell.number) in facts.singular:
            return None
        s = _sign(pieces, _along(pieces, pieces.derivative(q), p.returned), cell)
        answers.add(None if s is None else s > 0)
    return answers.pop() if len(answers) == 1 else None


def _along(pieces: Pieces, gradient: list[Quotient], returned: list[Quotient]) -> Quotient:
    """Return <gradient, -returned>."""
    f, total = pieces.field, (pieces.field.zero, pieces.field.one)
    for a, b in zip(gradient, returned, strict=True):
        total = f.add(total, f.mul(a, b), -1)
    return total


def _sign(pieces: Pieces, a: Quotient, cell: Cell) -> int | None:
    if pieces.vanishes(a, cell) is True:
        return 0
    on = hulls.on_cell(pieces, [a], cell)
    if on is None:
        return None
    try:
        return pieces.sign(on[0][0], cell) * pieces.sign(on[0][1], cell)
    except Undecided:
        return None
