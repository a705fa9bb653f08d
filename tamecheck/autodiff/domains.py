"""A program that has no value everywhere, such as relu(log(x)): the same questions on the interior of its domain.

The domain is the union of the cells on which the program has a value; a cell of it is inside if all cells around it are in the domain.  The union of
these is open, conservativity is a local property there (curves inside an open set), so function and rule are examined at the cells inside only.
"""

from dataclasses import dataclass

from tamecheck.autodiff import consequences, criterion, function, line_consequences
from tamecheck.autodiff.line import Line
from tamecheck.autodiff.pieces import Pieces
from tamecheck.autodiff.semantics import Missing, Undecided
from tamecheck.autodiff.sets import formula
from tamecheck.errors import BudgetExceeded


@dataclass
class OnDomain:
    """The verdict on the interior of the domain, and the domain as a formula."""

    verdict: str
    formula: str


def on_domain(pieces: Pieces) -> OnDomain | None:
    """Return the verdict on the interior of the domain, ``None`` for a program with values everywhere or nowhere."""
    if pieces is None or any([p.outside for p in pieces.pieces]):
        return None
    space = pieces.space
    held = {p.cell.number for p in pieces.pieces if p.value is not None}
    if not held or len(held) == len(space.cells):
        return None
    inside = frozenset([c.number for c in space.cells if c.number in held and all([d.number in held for d in space.around(c)])])
    try:
        return OnDomain(_verdict(pieces, inside), formula(space, [c for c in space.cells if c.number in inside]))
    except (Undecided, Missing, BudgetExceeded):
        return None


def _verdict(pieces: Pieces, inside: frozenset[int]) -> str:
    facts, rule = function.examine(pieces, inside), criterion.examine(pieces, inside)
    if facts.jumps or facts.blowups or rule.violations:
        return "not-conservative"
    if rule.undefined:
        return "undefined"
    if facts.obligations or rule.obligations or not facts.lipschitz or rule.bounded is None:
        return "unknown"
    if rule.bounded is False:
        return "conservative-unbounded"
    line = isinstance(pieces.space, Line)
    found = line_consequences.examine(pieces, inside, sets=False) if line else consequences.examine_clarke(pieces, facts, None, inside)
    return "conservative" if not found.clarke else "exact-c1" if found.smooth else "clarke"
