"""Whether polynomial conditions have a common real point: the oracle of `tamecheck.programs.lowering`."""

from collections.abc import Sequence

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.quantifiers import decide
from tamecheck.ground.polynomials import Ring
from tamecheck.programs.lowering.conditions import SYMBOL

SECONDS = 2
STACKS = 4_000
MAXIMAL_VARIABLES, MAXIMAL_TERMS, MAXIMAL_DEGREE = 6, 200, 40


def nonempty(ring: Ring, conditions: Sequence[tuple[fmpz_mpoly, int]]) -> bool | None:
    """Return whether a point satisfies all conditions, ``None`` if a small budget does not suffice to decide it.

    Parameters
    ----------
    ring : Ring
    conditions : sequence of (polynomial, mask of its signs)

    Soundness: both answers are those of a cylindrical decomposition.
    """
    names = [name for k, name in enumerate(ring.names, 1) if any([k in ring.occurring(p) for p, _ in conditions])]
    if len(names) > MAXIMAL_VARIABLES or any([len(p) > MAXIMAL_TERMS or p.total_degree() > MAXIMAL_DEGREE for p, _ in conditions]):
        return None
    matrix = " and ".join([f"{ring.text(p)} {SYMBOL[mask]} 0" for p, mask in conditions])
    try:
        answer = decide(f"exists {', '.join(names)}: {matrix}" if names else matrix, budget=Budget(seconds=SECONDS, steps=STACKS))
    except BudgetExceeded:
        return None
    return answer.verdict == "true"
