"""Connected components of critical sets of positive dimension, with one exact sample each.

For a function with one piece the set of critical points at a value is given by a formula; its components come from the closure relation of a
cell decomposition (`tamecheck.geometry.topology.regions`).
"""

from fractions import Fraction

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, TamecheckError
from tamecheck.geometry.critical_values.asymptotic import _bounds
from tamecheck.geometry.critical_values.critical import gradient
from tamecheck.geometry.critical_values.critical_pieces import Pieces
from tamecheck.ground.algebraic import AlgebraicNumber, number, polynomial_text

SECONDS = 3
MAXIMAL_VARIABLES = 3


def components(pieces: Pieces, value: AlgebraicNumber, budget: Budget | None = None) -> list[tuple[AlgebraicNumber, ...]] | None:
    """Return a point of every component of the critical set at a value; ``None`` if that is not decided (several pieces, or a budget)."""
    names = pieces.ring.names
    if pieces.guards or len(names) > MAXIMAL_VARIABLES or pieces.faces[0].value is None:
        return None
    from tamecheck.geometry.topology.regions import region

    left = None if budget is None else budget.remaining()
    try:
        share = Budget(seconds=SECONDS if left is None else max(min(SECONDS, left / 2), 0.01))
        found = region(critical_set(pieces, value), list(names), budget=share)
        samples = [part.sample for part in found.components]
    except (BudgetExceeded, TamecheckError):
        return None
    if any([s is None for s in samples]):
        return None
    return [tuple([number(x) for x in s]) for s in samples]


def critical_set(pieces: Pieces, value: AlgebraicNumber) -> str:
    """Return a formula for the critical points at a value."""
    ring = pieces.ring
    top, bottom = pieces.faces[0].value
    parts = [f"{ring.text(p)} == 0" for p in gradient((top, bottom)) if not p.is_zero()]
    if value.rational is not None:
        q = Fraction(int(value.rational.p), int(value.rational.q))
        parts.append(f"{ring.text(top * q.denominator - bottom * q.numerator)} == 0")
    else:
        low, high = _bounds(value)
        f = f"({ring.text(top)})/({ring.text(bottom)})" if bottom.is_constant() else None
        if f is None:
            raise BudgetExceeded("an irrational value of a quotient", code="TC306")
        parts += [f"{polynomial_text(value.polynomial, 'c').replace('c', f'({f})')} == 0", f"{f} >= {low}", f"{f} <= {high}"]
    if not bottom.is_constant():
        parts.append(f"{ring.text(bottom)} != 0")
    return " and ".join(parts)
