"""A flow on the terminal: the table of what was measured, and the verdicts with what is proved and what was seen."""

from __future__ import annotations

ROWS = 9
STYLES = {"consistent": "green", "inconsistent": "bold red"}
HIDDEN = 12


def show(found, overall: str) -> None:
    """Print a flow."""
    from rich.text import Text

    from tamecheck.reports.console import stdout

    out = stdout()
    homes = ", ".join(s.name for s in found.certificate.homes) or "no home proved"
    out.print(Text(f"{found.solver}; the function is in {homes}, {found.certificate.smoothness}"))
    for table in _tables(found, out.width):
        out.print(table)
    last = found.states[-1]
    out.print(Text("last state  " + ", ".join([f"{n} = {x:.10g}" for n, x in list(zip(found.names, last, strict=True))[:8]]) + _more(found.names, 8)))
    if found.error_bar is not None:
        out.print(Text(f"error bar   {found.error_bar:.2g} (largest distance from a second solver)"))
    if not found.complete:
        out.print(Text(f"stopped early: {found.message}", "bold yellow"))
    for event in found.events[:HIDDEN]:
        out.print(Text(f"  event at t = {event.get('time', 0):.6g}: {event.get('text', '')}", "dim"))
    if len(found.events) > HIDDEN:
        out.print(Text(f"  and {len(found.events) - HIDDEN} more events", "dim"))
    for v in found.verdicts:
        _verdict(out, v)
    if not found.verdicts:
        out.print(Text("no theorem of the catalogue is put to the test by this kind of run", "yellow"))


def _more(names: list[str], shown: int) -> str:
    return f", and {len(names) - shown} more" if len(names) > shown else ""


def _tables(found, width: int) -> list:
    """Return the measurements in as many tables as the width asks for, the time in each."""
    import numpy as np
    from rich.table import Table

    chosen = np.unique(np.linspace(0, len(found.times) - 1, min(ROWS, len(found.times))).astype(int))
    columns = [(name, [f"{values[k]:.5g}" for k in chosen]) for name, values in found.diagnostics.items()]
    times = [f"{found.times[k]:.4g}" for k in chosen]
    room, parts = 0, []
    for name, cells in columns:
        need = max(len(name), *map(len, cells)) + 2
        if not parts or room + need > width:
            parts.append([])
            room = max(map(len, times)) + 1
        parts[-1].append((name, cells))
        room += need
    tables = []
    for part in parts:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("t", *[name for name, _ in part]):
            table.add_column(name, justify="right", no_wrap=True)
        for k, t in enumerate(times):
            table.add_row(t, *[cells[k] for _, cells in part])
        tables.append(table)
    return tables


def _verdict(out, v: dict) -> None:
    from rich.padding import Padding
    from rich.text import Text

    wraps = out.is_terminal  # a pipe gets one line for each row, however long
    promise, _, reason = v["text"].partition(": ")
    out.print(Text.assemble((v["verdict"], STYLES.get(v["verdict"], "yellow")), (f" with {v['id']}: {promise}", "")))
    rows = [reason, "proved: " + ("; ".join(v["proved"]) or "nothing")]
    if v["assumptions"]:
        rows.append("left to you: " + "; ".join(v["assumptions"]))
    for row in rows:
        out.print(Padding(Text(row, "dim"), (0, 0, 0, 4)) if wraps else Text("    " + row, "dim"))
