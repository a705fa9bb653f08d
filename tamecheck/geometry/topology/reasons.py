"""Why a stratum is one: what keeps it apart from the strata of higher dimension."""

from collections.abc import Sequence

from tamecheck.geometry.topology.frontier import Classification


def reason(found: Classification, texts: Sequence[str], members: frozenset[int]) -> str:
    """Return a sentence; ``texts`` are the polynomials in the variables of the user."""
    grade = found.grade[min(members)]
    i = next(j for j in sorted(members) if found.cells.cells[j].dimension == grade)
    if grade == found.n:
        return "open: nothing changes there"
    if grade == 0:
        return next((cut.reason for cut in found.cuts if cut.cell == i), "an isolated point")
    near = [j for j in found.cells.star(i) if j in found.grade and j != i and found.grade[j] < found.n]
    sheets = [j for j in near if found.cells.cells[j].dimension == found.n - 1]
    own = sorted(found.vanishing(i))
    if grade == found.n - 1:
        smooth = [k for k in own if found.order(i, k) == 1]
        shown = texts[smooth[0]] if smooth else texts[own[0]] if own else "the set"
        return f"smooth points of {_short(shown)} == 0"
    if not sheets:
        return "a curve that is not on a surface"
    vanishing = sorted({k for j in sheets for k in found.vanishing(j)} & set(own))
    order = sum([found.order(i, k) for k in vanishing])
    if order > 1:
        shown = ", ".join([_short(texts[k]) for k in vanishing])
        meeting = f"{len(sheets)} sheets meet there" if len(sheets) > 1 else "one sheet ends there"
        return f"{meeting}; {shown} {'have together' if len(vanishing) > 1 else 'has'} order {order}"
    return "an edge: the set, a sign or the piece of the function changes across it"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
