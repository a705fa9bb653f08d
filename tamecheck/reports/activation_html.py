"""The activation report as HTML: a fragment for notebooks, a self-contained page; no scripts, everything escaped.

The picture is an SVG inside an ``img`` element, so that its identifiers and styles stay its own; without matplotlib the page
has none.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from tamecheck.errors import InputError
from tamecheck.reports.activation_text import sections
from tamecheck.reports.html import STYLE, e

VERDICTS = {"definable": "good", "not-definable": "bad"}
LOOK = """
.act { font: 15px/1.45 Georgia, serif; max-width: 62rem }
.act img { max-width: 100%; height: auto; background: #fff; border-radius: 8px }
.act table { border-collapse: collapse; font-size: .92rem; width: 100%; table-layout: auto }
.act tr { border-top: 1px solid rgba(128,128,128,.3); background: none }
.act th { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0; font-weight: normal; opacity: .75; white-space: nowrap; width: 7rem }
.act td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; overflow-wrap: anywhere }
.act .formula { font: 600 1.1rem/1.3 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }
.act .chips span { display: inline-block; margin: .3rem .4rem .3rem 0; padding: .05rem .6rem; border-radius: 1rem; font-size: .85rem;
  border: 1px solid rgba(128,128,128,.5) }
.act .chips .good { border-color: #2f8a4c } .act .chips .bad { border-color: #b23a34 } .act .chips .doubt { border-color: #a87a00 }
.act details > summary { cursor: pointer } .act .scroll { overflow-x: auto }
@media (max-width: 40rem) { .act th { white-space: normal; padding-right: .6rem; width: auto } }
"""
LONG = 10


def fragment(report) -> str:
    """Return the report as a piece of HTML with its own style."""
    return f"<style>{LOOK}</style>" + "".join(_body(report))


def to_html(report) -> str:
    """Return the report as a page."""
    return _page(report.formula, _body(report))


def family_fragment(report) -> str:
    """Return the report about a family as a piece of HTML with its own style."""
    return f"<style>{LOOK}</style>" + "".join(_family(report))


def family_page(report) -> str:
    """Return the report about a family as a page."""
    return _page(report.formula, _family(report))


def _page(title: str, body: Iterator[str]) -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return "\n".join([
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{e(title, 120)}</title><style>{STYLE}{LOOK}</style></head><body>", *body, "</body></html>", "",
    ])  # fmt: skip


def _family(report) -> Iterator[str]:
    """Yield the cases of a family as a table: one row per case, one column per fact."""
    from tamecheck.reports.activation_family_text import case_words
    from tamecheck.reports.activation_numbers import decimal

    family = report.family
    yield f'<div class="act"><div class="formula">f({e(report.variable, 40)}) = {e(report.formula, 400)}</div><div class="chips">'
    homes = " and ".join(report.homes) if report.verdict == "definable" else "some member is not known to be definable"
    yield f'<span class="{VERDICTS.get(report.verdict, "doubt")}">{e(homes)}</span>'
    yield "".join([f"<span>{e(n, 40)} in {e(p['range'])}, {e(p['role'])}</span>" for n, p in family["parameters"].items()]) + "</div><table>"
    for case in family["cases"]:
        yield f"<tr><th>{e(case['condition'], 200)}</th><td>{e('; '.join(case_words(case)), 600)}</td></tr>"
    for change in family["changes_at"]:
        yield f"<tr><th>at {e(decimal(change['at'], 8))}</th><td>change: {e(', '.join([w.replace('_', ' ') for w in change['what']]))}</td></tr>"
    for entry in family["open"]:
        yield f"<tr><th>open</th><td>{e(', '.join(entry['questions']))} for {e(entry['condition'], 200)}</td></tr>"
    yield "</table></div>"


def _body(report) -> Iterator[str]:
    yield '<div class="act">'
    yield f'<div class="formula">f({e(report.variable, 40)}) = {e(report.formula, 400)}</div>'
    yield "".join(_chips(report))
    yield _picture(report)
    yield "<table>"
    for title, lines in sections(report.to_json()):
        if lines:
            yield f"<tr><th>{e(title)}</th><td>{_lines(lines)}</td></tr>"
    yield "</table></div>"


def _chips(report) -> Iterator[str]:
    homes = " and ".join(report.homes) or {"not-definable": "no o-minimal structure"}.get(report.verdict, "no structure found")
    sad = {True: "SAD", False: "not SAD", None: "SAD: not established"}[report.sad["verdict"]]
    state = "complete" if report.complete else f"{len(report.open)} open"
    where = [f"on {report.domain}"] if report.domain != "(-inf,inf)" else []
    fixed = [f"{k} = {v}" for k, v in report.parameters.items()]
    yield f'<div class="chips"><span class="{VERDICTS.get(report.verdict, "doubt")}">{e(homes)}</span>'
    for text in (report.smoothness, sad, state, *where, *fixed):
        yield f"<span>{e(text)}</span>"
    yield "</div>"


def _picture(report) -> str:
    from tamecheck.reports.activation_picture import description, draw

    try:
        svg = draw(report)
    except InputError:  # matplotlib is not installed
        return ""
    return f'<img alt="{e(description(report), 600)}" src="data:image/svg+xml;base64,{b64encode(svg).decode("ascii")}">'


def _lines(lines: list[str]) -> str:
    shown = "<br>".join([e(line) for line in lines[:LONG]])
    if len(lines) > LONG + 1:
        rest = "<br>".join([e(line) for line in lines[LONG:]])
        return f"{shown}<details><summary>{len(lines) - LONG} more</summary>{rest}</details>"
    return "<br>".join([e(line) for line in lines])
