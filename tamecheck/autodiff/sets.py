"""Unions of cells as short formulas: conditions that no cell outside of the union satisfies are left out."""

from collections.abc import Sequence

from tamecheck.autodiff.line import Line
from tamecheck.autodiff.space import Cell, Space

MAXIMAL_PARTS = 60


def formula(space: Space, cells: Sequence[Cell] | None) -> str | None:
    """Return a formula for a union of cells, ``None`` for ``None``; ``False`` for the empty set."""
    if cells is None:
        return None
    if not cells:
        return "False"
    if len(cells) == len(space.cells):
        return "True"
    if isinstance(space, Line):
        return _on_line(space, cells)
    inside = {c.number for c in cells}
    mixed: list[Cell] = []
    classes: dict[tuple[int, ...], list[Cell]] = {}
    for c in space.cells:
        classes.setdefault(c.signs, []).append(c)
    whole, outside = [], []
    for signs, members in classes.items():
        held = [c for c in members if c.number in inside]
        if len(held) == len(members):
            whole.append(signs)
        elif held:
            mixed += held
            outside.append(signs)
        else:
            outside.append(signs)
    parts = [_text(space, literals) for literals in _cover(whole, outside)]
    parts += [c.inner.formula for c in mixed]
    if len(parts) > MAXIMAL_PARTS:
        return " or ".join([f"({p})" for p in parts[:MAXIMAL_PARTS]]) + f" or ... ({len(parts) - MAXIMAL_PARTS} more)"
    return parts[0] if len(parts) == 1 else " or ".join([f"({p})" if " and " in p else p for p in parts])


def _on_line(space: Line, cells: Sequence[Cell]) -> str:
    """Return a formula for points and intervals; what hangs together is one interval, with its ends or without."""
    runs: list[list[int]] = []
    for number in sorted([c.number for c in cells]):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [space.run_formula(space.cells[run[0]], space.cells[run[-1]]) for run in runs]
    if len(parts) > MAXIMAL_PARTS:
        return " or ".join([f"({p})" for p in parts[:MAXIMAL_PARTS]]) + f" or ... ({len(parts) - MAXIMAL_PARTS} more)"
    return parts[0] if len(parts) == 1 else " or ".join([f"({p})" if " and " in p else p for p in parts])


def _cover(whole: list[tuple[int, ...]], outside: list[tuple[int, ...]]) -> list[dict[int, frozenset[int]]]:
    """Return conditions (guard to the signs it may have) whose union is exactly the given classes."""
    left = list(whole)
    out: list[dict[int, frozenset[int]]] = []
    while left:
        seed = left[0]
        literals = {k: frozenset([s]) for k, s in enumerate(seed)}
        for k in sorted(literals, key=lambda k: (seed[k] == 0, k)):
            for wider in (frozenset([-1, 0, 1]), literals[k] | {0}, frozenset([0, 1]), frozenset([-1, 0]), frozenset([-1, 1])):
                if not literals[k] <= wider or wider == literals[k]:
                    continue
                trial = {**literals, k: wider}
                if not any([_holds(trial, signs) for signs in outside]):
                    literals = trial
                    break
        literals = {k: v for k, v in literals.items() if len(v) < 3}
        out.append(literals)
        left = [signs for signs in left if not _holds(literals, signs)]
    for literals in list(out):
        others = [other for other in out if other is not literals]
        if others and all([any([_holds(other, signs) for other in others]) for signs in whole if _holds(literals, signs)]):
            out = others
    return out


def _holds(literals: dict[int, frozenset[int]], signs: tuple[int, ...]) -> bool:
    return all([signs[k] in v for k, v in literals.items()])


_SYMBOL = {
    frozenset([0]): "==",
    frozenset([1]): ">",
    frozenset([-1]): "<",
    frozenset([0, 1]): ">=",
    frozenset([-1, 0]): "<=",
    frozenset([-1, 1]): "!=",
}


def _text(space: Space, literals: dict[int, frozenset[int]]) -> str:
    parts = [f"{space.field._text(space.guards[k])} {_SYMBOL[v]} 0" for k, v in sorted(literals.items())]
    return " and ".join(parts) or "True"
