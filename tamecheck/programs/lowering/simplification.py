"""Shorter descriptions of the same function: conditions that follow from others are dropped, equal neighbours are joined.

A linear condition is dropped if the others contradict its negation (decided exactly).  Two pieces with the same values whose conditions
differ in the signs of one polynomial only are joined: the union is given by the union of the signs.  What the program chose
differently on the two is forgotten; samples stay samples.
"""

from flint import fmpz_mpoly

from tamecheck.ground import linear
from tamecheck.programs.lowering.conditions import ANY, NEGATIVE, POSITIVE, Condition, linear_point, rows

MAXIMAL_CONDITIONS = 60


def irredundant(conditions: list[Condition], count: int) -> list[Condition]:
    """Return those of some conditions that do not follow from the rest, if all are linear, in ``count`` variables."""
    if len(conditions) > MAXIMAL_CONDITIONS or any([p.total_degree() > 1 for p, _ in conditions]):
        return conditions
    kept = list(conditions)
    for condition in conditions:
        if len(kept) > 1:
            rest = [c for c in kept if c is not condition]
            if not _feasible([*rest, (condition[0], ANY & ~condition[1])], count):
                kept = rest
    return kept


def _feasible(conditions: list[Condition], count: int) -> bool:
    columns = {tuple([int(i == k) for i in range(max(count, 1))]): k for k in range(count)}
    table: list[linear.Row] = rows(conditions, columns)
    unequal: list[fmpz_mpoly] = [p for p, mask in conditions if mask == NEGATIVE | POSITIVE]
    return linear_point(table, unequal, count) is not None


def joined(pieces: list, texts: list[str]) -> list:
    """Return the pieces with neighbours of equal value joined, until there are none.

    Parameters
    ----------
    pieces : list of Piece — changed in place
    texts : for every piece a text that is equal only for equal values
    """
    pairs = list(zip(pieces, texts, strict=True))
    again = True
    while again:
        again = False
        seen: dict[tuple, int] = {}
        for i, (piece, text) in enumerate(pairs):
            named = [(str(p), mask) for p, mask in piece.conditions]
            for k, (name, _) in enumerate(named):
                key = (text, name, frozenset(named[:k] + named[k + 1 :]))
                j = seen.setdefault(key, i)
                if j != i:
                    _join(pairs[j][0], piece, name)
                    del pairs[i]
                    again = True
                    break
            if again:
                break
    return [piece for piece, _ in pairs]


def _join(first, second, name: str) -> None:
    """Extend the first piece by the second; they differ in the signs of one polynomial."""
    masks = {str(p): mask for p, mask in second.conditions}
    conditions = [(p, mask | masks[name] if str(p) == name else mask) for p, mask in first.conditions]
    first.conditions = [(p, mask) for p, mask in conditions if mask != ANY]
    first.choices = {slot: choice for slot, choice in first.choices.items() if second.choices.get(slot) == choice}
    if first.sample is None:
        first.sample = second.sample
    first.nonempty = True if True in (first.nonempty, second.nonempty) else None
