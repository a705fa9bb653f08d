"""What the commands print for people, on a ``rich`` console."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tamecheck.reports import poset
from tamecheck.reports.catalogue import Table
from tamecheck.reports.reading import Reading, clean

MESSAGES = {0: ("accepted", "bold green"), 1: ("REJECTED", "bold red"), 2: ("HOLEY", "bold yellow"), 3: ("unreadable", "bold red"),
            4: ("budget used up", "bold yellow")}  # fmt: skip
SHOWN_CHOICES = 4  # lines about which tensors are parameters
WIDE = 200  # columns of tables that go to a file or a pipe


def stdout():
    """Return the console of standard output."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on standard error that work goes on, when that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(what), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(what, total=None)
        yield


def certified(certificate, report: dict, written: dict, answer: dict | None) -> None:
    """Print what was proved."""
    from rich.text import Text

    from tamecheck.reports.terminal import headline, negatives, varying_words

    out = stdout()
    r = Reading(certificate.document)
    if certificate.asked is not None:
        style = {"definable": "bold green", "not-definable": "bold red"}.get(certificate.verdict, "bold yellow")
        word = {"definable": "definable", "not-definable": "not definable"}.get(certificate.verdict, "unknown whether definable")
        out.print(Text(f"{word} in {certificate.asked}, as a function of {varying_words(r)}", style))
    out.print(headline(r))
    if certificate.verdict == "not-definable":
        for part in negatives(r):
            out.print(part)
    for entry in report["unknown_because"][:12]:
        name = f" '{clean(entry['name'])}'" if entry["name"] else ""
        out.print(Text(f"  unknown because of node {entry['node']}{name}: {clean(entry['reason'], 200)}"))
    for row in (report["homogeneity"] or {}).get("near", []):
        out.print(Text(f"  {near_words(row)}"))
    if report["literal"]:
        out.print(Text(f"  the framework's program differs from the function it names: {clean(report['literal']['differs'], 300)}"))
    for choice in report["parameters"][:SHOWN_CHOICES]:
        out.print(Text(f"  {clean(choice, 200)}", "dim"))
    if len(report["parameters"]) > SHOWN_CHOICES:
        out.print(Text(f"  and {len(report['parameters']) - SHOWN_CHOICES} more tensors, see --json", "dim"))
    seconds = ", ".join(f"{name} {value:.3f} s" for name, value in report["seconds"].items())
    out.print(Text(f"  {report['nodes']} nodes, {report['steps']} steps; {seconds}", "dim"))
    for what, path in written.items():
        out.print(Text(f"  {what} written to {clean(path, 200)}"))
    if answer is not None:
        checked(answer, answer.get("exit", 3))


def near_words(row: dict) -> str:
    """Say of what degree a function is nearly homogeneous, and how far it is from its homogenisation."""
    from decimal import ROUND_CEILING, Context

    upwards = Context(prec=6, rounding=ROUND_CEILING)
    terms = [f"{upwards.create_decimal(c).normalize():g}" + (f" r^{i}" if i > 1 else " r" if i else "") for i, c in enumerate(row["gap"]) if c]
    names = ", ".join([clean(name, 40) for name in row["group"][:6]]) + (", ..." if len(row["group"]) > 6 else "")
    end = "; its leading part f_H is 0" if row["degenerate"] else ""
    return f"near-homogeneous of degree {row['degree']} in {names}: |f - f_H| <= {' + '.join(terms) or '0'}, r the norm of these{end}"


def theorems(certificate, report: dict) -> None:
    """Print the theorems: those that apply first, then those that need assumptions, then what is missing or refuted."""
    from rich.padding import Padding
    from rich.text import Text

    from tamecheck.reports.terminal import headline

    styles = {"yes": ("applies", "bold green"), "under-assumptions": ("applies under assumptions", "bold yellow"),
              "unknown": ("open", "bold yellow"), "no": ("does not apply", "bold red")}  # fmt: skip
    out = stdout()
    out.print(headline(Reading(certificate.document)))
    for answer, (word, style) in styles.items():
        for entry in report["theorems"]:
            if entry["applies"] != answer:
                continue
            out.print(Text.assemble((word, style), (": ", ""), (entry["id"], "bold"), (f", {entry['reference']}", "dim")))
            lines = [(entry["statement"], "")]
            for name, key in (("proved", "proved"), ("to be assumed", "assumptions"), ("not proved", "missing"), ("refuted", "refuted")):
                if entry[key]:
                    lines.append((f"{name}: {'; '.join(entry[key])}", "dim"))
            for line, kind in lines:
                out.print(Padding(Text(line, kind), (0, 0, 0, 4)), soft_wrap=False)


def checked(answer: dict, status: int) -> None:
    """Print the checker's answer: what is proved and on what it rests, or the first bad step and the reason."""
    from rich.text import Text

    out = stdout()
    word, style = MESSAGES.get(status, ("unreadable", "bold red"))
    count = answer.get("steps")
    out.print(Text(f"certificate {word}" + (f": {count} steps recomputed" if status in (0, 2) and count else ""), style))
    step = f"step {answer['step']}" if answer.get("step") is not None else ""
    lines = [" ".join(str(part) for part in (answer.get("code"), step, answer.get("where"), answer.get("reason")) if part)]
    if status in (0, 2):
        lines += [*str(answer.get("proved") or "").split("; "), *(f"ASSUMED: {text}" for text in answer.get("assumptions") or [])]
        for a in answer.get("axioms") or []:
            name = a["name"].removeprefix("not ")
            lines.append(f"relying on {name}{' (not definable)' if name != a['name'] else ''}: {a['reference']}")
    lines.append((answer.get("model") or {}).get("text", ""))
    for text in lines:
        if text:
            out.print(Text(f"  {clean(text, 400)}"))


def structures() -> None:
    """Print the table of structures, the order, the separations and what is open."""
    out = stdout()
    for title, body in (
        ("Named o-minimal structures, in the table's order", poset.table_text()),
        ("Order (a line leads up to an expansion)", poset.poset_text()),
        ("Known not to be included", poset.separations_text()),
        ("Neither inclusion nor separation is known to the table", poset.open_text()),
        ("References", poset.references_text()),
    ):
        out.print(title, style="bold", markup=False)
        out.print(body, markup=False)
        out.print("")


def catalogue(tables: list[Table]) -> None:
    """Print the tables of the catalogue."""
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    out = stdout()
    if not out.is_terminal:
        out.width = WIDE
    for table in tables:
        if not table.rows:
            continue
        if len(table.rows) == 1:
            out.print(Text(table.title, "bold"))
            for column, cell in zip(table.columns, table.rows[0], strict=True):
                out.print(Text(f"  {column:<22} {clean(cell, 400)}"))
            continue
        grid = Grid(title=f"{table.title} ({len(table.rows)})", box=box.SIMPLE, title_justify="left", title_style="bold")
        places = [table.columns.index(c) for c in table.short]
        for column in table.short:
            grid.add_column(column, overflow="fold")
        for row in table.rows:
            grid.add_row(*[Text(clean(row[k], 240)) for k in places])
        out.print(grid, soft_wrap=False)
