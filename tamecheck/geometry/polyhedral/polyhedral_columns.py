"""Columns of a complex: the kinks of a normal form, added one by one to the faces."""

from collections.abc import Iterable
from fractions import Fraction

from tamecheck.errors import Refusal
from tamecheck.geometry.polyhedral import polyhedral_forms as forms
from tamecheck.geometry.polyhedral.polyhedral_cells import Faces, Row
from tamecheck.geometry.polyhedral.polyhedral_forms import Kink, NormalForm


def extend(cells: Faces, normal: NormalForm, kink: Kink) -> None:
    """Add a kink: its column, and the cut along its zeros."""
    normal.kinks.append(kink)
    if kink.kind == "select":
        _select(cells, normal, kink)
        return
    terms = [(j, c, j > normal.dimension and normal.kinks[j - normal.dimension - 1].kind == "relu") for j, c in kink.form]

    def value(row: Row) -> int:
        total = 0
        for j, c, positive in terms:
            v = row[j]
            if v > 0 or not positive:
                total += c * v
        return total

    cells.append(value)
    cells.cut()


def _select(cells: Faces, normal: NormalForm, kink: Kink) -> None:
    """Add the column of a selection: its value where the condition holds, 0 elsewhere; refuse it where it jumps."""
    n, values = normal.dimension, {}
    for v in cells.rays.values():
        values[v] = sum([c * post(normal, cells.generators[v], j) for j, c in kink.form])
    lines = [sum([c * post(normal, row, j) for j, c in kink.form]) for row in cells.lineality]
    along = any(lines)
    spans = cells.spans()
    truths = {}
    for f, span in spans.items():
        signs = []
        for k in range(len(normal.kinks) - 1):
            column = [cells.generators[v][1 + n + k] for v in span]
            signs.append(1 if any([x > 0 for x in column]) else -1 if any([x < 0 for x in column]) else 0)
        truths[f] = forms.truth(normal, kink.condition, signs)
    finite = {f for f, span in spans.items() if any([cells.generators[v][0] for v in span])}
    for f in finite:
        for g in cells.facets[f]:
            if g in finite and truths[f] != truths[g] and (along or any([values[v] for v in spans[g]])):
                raise Refusal(
                    "a case distinction jumps", code="TC232", where=normal.tape.place(kink.condition),
                    hint="the branches have to agree where the condition changes",
                )  # fmt: skip
    columns = {}
    for f in sorted(finite, key=cells.rank.__getitem__):
        for v in spans[f]:
            columns[v] = values[v] if truths[f] else 0
    top = max(finite, key=cells.rank.__getitem__)
    for row, value in zip(cells.lineality, lines, strict=True):
        row.append(value if truths[top] else 0)
    for v, row in enumerate(cells.generators):
        row.append(columns.get(v, 0))


def post(normal: NormalForm, row: Row, column: int) -> int:
    """Return the value of a column: a coordinate, or the output of a kink."""
    v = row[column]
    return 0 if v < 0 and column > normal.dimension and normal.kinks[column - normal.dimension - 1].kind == "relu" else v


def scale(normal: NormalForm, column: int) -> Fraction:
    """Return the factor by which a column exceeds the value of the program."""
    return normal.kinks[column - normal.dimension - 1].scale if column > normal.dimension else Fraction(1)


def combination(form: Iterable[tuple[int, object]], columns: list[list[Fraction]], zero: list[Fraction]) -> list[Fraction]:
    """Return the linear combination of columns."""
    total = zero
    for c, q in form:
        total = [x + q * y for x, y in zip(total, columns[c], strict=True)]
    return total
