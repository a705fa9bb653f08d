"""The table of kinks in the documentation: what the frameworks return (from the rule books) and what the exact decision says about it.

python benchmarks/kink_table.py --write     write docs/reference/kinks.md
python benchmarks/kink_table.py             exit status 1 if the page is not what would be written
"""

import argparse
import sys
from fractions import Fraction
from pathlib import Path

from tamecheck.autodiff import consequences, rulebooks
from tamecheck.conservative_report import conservative

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "kinks.md"
HEAD = """# What frameworks return at kinks

Written by `python benchmarks/kink_table.py --write` from the stored rule books, which `benchmarks/rulebooks.py` makes by running the
frameworks: nothing here is typed or taken from documentation. Versions: {versions}; {dtype}, CPU. A dash: the framework has no such
operator, or the probe does not cover it.

Every line of the first table whose operator is a function of the language was also decided by `tc.conservative`: *conservative* says whether
the value is a selection of a conservative field, *Clarke* whether it is a Clarke subgradient; the set is the convex hull of the limits of
gradients. Where the frameworks differ the answers are listed in the order of the columns.

"""


def shown(values, refusal: str = "refused") -> str:
    """Return partial derivatives for a cell of the table."""
    if values is None:
        return refusal
    texts = [str(v) if isinstance(v, str) or v.denominator <= 10_000 else f"{float(v):.6f}" for v in values]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def formula_of(row: rulebooks.Row) -> tuple[str, list[str]] | None:
    """Return the program of a row and its variables."""
    p = {k: str(v) for k, v in row.parameters.items()}
    name = row.operator
    if name == "pow":
        return f"x^({p['exponent']})", ["x"]
    if name.endswith(" number"):
        programs = {"clamp number": "clamp(x, -1, 1)", "clamp_min number": "clamp(x, 0, 10^6)", "clamp_max number": "clamp(x, -10^6, 0)"}
        return programs[name], ["x"]
    if name in ("max", "min", "hypot", "logaddexp"):
        return f"{name}(x, y)", ["x", "y"]
    if len(row.point) > 1 or name in ("heaviside",):
        return None
    return f"{name}({', '.join(['x', *p.values()])})", ["x"]


def judge(program: str, names: list[str], framework: str, point: tuple) -> tuple[str, str, str]:
    """Return the Clarke set, conservative and Clarke as texts."""
    r = conservative(program, framework, variables=names)
    limits = "not known"
    d = r.decision
    if r.verdict == "not-conservative" and r.witness["kind"] == "blow-up":
        return "unbounded", "no", "no"
    if r.verdict == "not-conservative" and r.witness["kind"] == "jump-curve":
        return "discontinuous", "no", "no"
    if d.pieces is not None:
        for cell in d.pieces.space.cells:
            if all([isinstance(x, Fraction) for x in cell.sample]) and d.pieces.space.contains(cell, point):
                limits = _set(d, cell, point)
    word = {True: "yes", False: "no", None: "not known"}
    if r.verdict == "undefined":
        return limits, "undefined", "-"
    return limits, "yes" if r.positive else "no" if r.verdict in ("not-conservative", "conservative-for-other") else "not known", word[r.clarke]


def _set(d, cell, point) -> str:
    found = consequences.gradients(d.pieces, d.function, cell)
    if found is None:
        return "unit ball" if cell.dimension == 0 and d.pieces.field.n == 2 else "not known"
    f = d.pieces.field
    values = []
    for g in found:
        v = [f.substitute(a, [f.number(x) for x in point]) for a in g]
        texts = [f.text(a) if a[0].is_constant() and a[1].is_constant() else f.ball(a, point).str(6, radius=False) for a in v]
        values.append(texts)
    distinct = [list(t) for t in dict.fromkeys([tuple(v) for v in values])]
    if all([len(v) == 1 for v in distinct]):
        numbers = sorted({v[0] for v in distinct}, key=lambda t: float(Fraction(t)))
        return f"{{{_short(numbers[0])}}}" if len(numbers) == 1 else f"[{_short(numbers[0])}, {_short(numbers[-1])}]"
    return "conv{" + ", ".join([f"({', '.join(v)})" for v in distinct]) + "}" if len(distinct) > 1 else f"{{({', '.join(distinct[0])})}}"


def _short(text: str) -> str:
    return text if len(text) < 10 else f"{float(Fraction(text)):.6f}"


def scalar_table(books: dict) -> list[str]:
    """Return the table of operators with scalar arguments."""
    keys: dict[tuple, None] = {}
    for book in books.values():
        for r in book.rows:
            keys[r.operator, tuple(sorted(r.parameters.items())), r.where, r.point] = None
    lines = ["| operator | at | " + " | ".join(books) + " | limits of gradients | conservative | Clarke |", "|" + "---|" * (len(books) + 5)]
    for operator, parameters, where, point in keys:
        cells, answers = [], []
        for name, book in books.items():
            row = next(
                (r for r in book.rows if (r.operator, tuple(sorted(r.parameters.items())), r.where, r.point) == (operator, parameters, where, point)),
                None,
            )
            if row is None:
                cells.append("-")
                continue
            reverse, forward = row.values["reverse"], row.values["forward"]
            cells.append(shown(reverse) + ("" if reverse == forward or forward is None else f"; forward {shown(forward)}"))
            made = formula_of(row)
            if made is not None:
                answers.append(judge(*made, name, point))
        title = f"`{operator}`" + (f" ({', '.join([f'{k} {v}' for k, v in parameters])})" if parameters else "")
        columns = [
            " / ".join(dict.fromkeys([a[k] for a in answers])) if len({a[k] for a in answers}) == 1 else " / ".join([a[k] for a in answers]) or "-"
            for k in range(3)
        ]
        lines.append(f"| {title} | {', '.join([str(x) for x in point])} | " + " | ".join(cells + columns) + " |")
    return lines


def tensor_table(books: dict) -> list[str]:
    """Return the table of reductions, sorts, norms and small programs."""
    keys = {(t["operator"], t["program"], tuple(t["point"])): None for book in books.values() for t in book.tensors}
    lines = ["| operation | program | at | " + " | ".join(books) + " |", "|" + "---|" * (len(books) + 3)]
    for operator, program, point in keys:
        cells = []
        for book in books.values():
            t = next((t for t in book.tensors if (t["operator"], t["program"], tuple(t["point"])) == (operator, program, point)), None)
            text = "-" if t is None else "refused" if t["reverse"] is None else f"({', '.join(t['reverse'])})" if len(point) > 1 else t["reverse"][0]
            if t is not None and t["forward"] is not None and t["forward"] != t["reverse"]:
                text += f"; forward ({', '.join(t['forward'])})" if len(point) > 1 else f"; forward {t['forward'][0]}"
            cells.append(text)
        lines.append(f"| {operator} | `{program}` | ({', '.join(point)}) | " + " | ".join(cells) + " |")
    return lines


def page() -> str:
    """Return the page."""
    books = {name: rulebooks.load(name) for name in rulebooks.NAMES}
    versions = ", ".join([b.name for b in books.values()])
    parts = [HEAD.format(versions=versions, dtype=next(iter(books.values())).dtype)]
    parts.append("## Operators with scalar arguments\n\n" + "\n".join(scalar_table(books)) + "\n")
    parts.append(
        "\nForward mode is written where it differs. `inf` and `nan` are no values: a rule that returns them is undefined there.\n\n"
        "## Reductions, sorts, norms, small programs\n\n" + "\n".join(tensor_table(books)) + "\n"
    )
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    text = page()
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
        print(f"{PAGE.name}: {len(text.splitlines())} lines")
        return 0
    return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text else 1


if __name__ == "__main__":
    sys.exit(main())
