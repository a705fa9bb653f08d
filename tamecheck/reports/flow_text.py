"""A flow on the terminal: the table of what was measured, and the verdicts."""

from __future__ import annotations

ROWS = 9


def show(found, overall: str) -> None:
    """Print a flow."""
    import numpy as np
    from rich.table import Table
    from rich.text import Text

    from tamecheck.reports.console import stdout

    out = stdout()
    homes = ", ".join(s.name for s in found.certificate.homes) or "no home proved"
    out.print(Text(f"{found.solver}; the function is in {homes}, {found.certificate.smoothness}"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("t", *found.diagnostics):
        table.add_column(name, justify="right")
    chosen = np.unique(np.linspace(0, len(found.times) - 1, min(ROWS, len(found.times))).astype(int))
    for k in chosen:
        table.add_row(f"{found.times[k]:.4g}", *[f"{values[k]:.5g}" for values in found.diagnostics.values()])
    out.print(table)
    last = found.states[-1]
    out.print(Text("last state  " + ", ".join([f"{n} = {x:.10g}" for n, x in list(zip(found.names, last, strict=True))[:8]])))
    if found.error_bar is not None:
        out.print(Text(f"error bar   {found.error_bar:.2g} (largest distance from a second solver)"))
    if not found.complete:
        out.print(Text(f"stopped early: {found.message}", "bold yellow"))
    for event in found.events[:12]:
        out.print(Text(f"  event at t = {event.get('time', 0):.6g}: {event.get('text', '')}", "dim"))
    for v in found.verdicts:
        style = {"consistent": "green", "inconsistent": "bold red"}.get(v["verdict"], "yellow")
        out.print(Text.assemble((v["verdict"], style), (f" with {v['id']}: {v['text']}", "")))
        out.print(Text(f"    proved: {'; '.join(v['proved']) or 'nothing'}", "dim"))
