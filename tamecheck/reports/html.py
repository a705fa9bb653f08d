"""A certificate as one self-contained HTML page: no scripts, no files from elsewhere, everything escaped."""

from collections.abc import Iterator
from html import escape as _escape

from tamecheck.reports.intervals import short_range
from tamecheck.reports.poset import poset_svg
from tamecheck.reports.reading import VERDICTS, Reading, clean, neither
from tamecheck.reports.refutations import sentences
from tamecheck.reports.terminal import SMALL, entrances, fact_lines, groups, inline, layout, varying_words
from tamecheck.structures import lattice
from tamecheck.structures.references import REFERENCES

LIMIT = 2000
STYLE = """
:root { --ink: #222; --soft: #666; --line: #ddd; --good: #1d6b34; --bad: #a12622; --doubt: #8a6100; --paper: #fff; --wash: #f7f5ef }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --soft: #a0a0a0; --line: #444; --good: #7bc98f; --bad: #ef8d88;
  --doubt: #e2b84e; --paper: #1c1c1c; --wash: #262522 } svg { background: #fff; border-radius: 8px } }
body { font: 16px/1.5 Georgia, serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line) }
.good { color: var(--good) } .bad { color: var(--bad) } .doubt { color: var(--doubt) } .soft { color: var(--soft) }
code, .tree { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace } .scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: .92rem } th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
th { border-bottom: 1px solid var(--line) } .tree td { padding: 0 1.2rem 0 0; white-space: nowrap } td.n { text-align: right }
details > summary { cursor: pointer; color: var(--soft) } ul { margin: .3rem 0; padding-left: 1.3rem }
.claim { background: var(--wash); padding: .8rem 1.2rem; border-radius: 8px }
"""


def e(text: object, longest: int = 400) -> str:
    """Return a text as HTML that prints it and does nothing else."""
    return _escape(clean(text, longest), quote=True)


def to_html(document: dict, limit: int = LIMIT) -> str:
    """Return the page."""
    r = Reading(document)
    title = f"{VERDICTS[r.verdict]}{' in ' + ' and in '.join(s.name for s in r.homes) if r.homes else ''}"
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{e(title)}</title><style>{STYLE}</style></head><body>",
        *claim(r, title), *negative(r), *inputs(r), *table_of_groups(r), *derivation(r, limit), *axioms(r), *order(r), *literature(r),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def claim(r: Reading, title: str) -> Iterator[str]:
    """Yield the verdict and the claimed facts."""
    style = {"definable": "good", "not-definable": "bad"}.get(r.verdict, "doubt")
    formula = r.formula(r.target)
    yield f'<div class="claim"><h1 class="{style}">{e(title)}</h1>'
    what = e(formula) if formula else f"node {r.target} {e(r.title(r.target))}".strip()
    yield f"<p>{what}, as a function of {e(varying_words(r))}</p><ul>"
    yield from (f"<li>{e(line)}</li>" for line in fact_lines(r))
    yield f'</ul><p class="soft">program <code>{e(r.claim["program"])}</code>, {len(r.nodes)} nodes, {len(r.steps)} steps</p></div>'


def negative(r: Reading) -> Iterator[str]:
    """Yield the refutations."""
    found = sentences(r)
    if found:
        yield f"<h2>Why not {e(neither(r.claim['not']))}</h2>"
    for lines in found:
        yield "<ul>" + "".join(f"<li>{e(line)}</li>" for line in lines) + "</ul>"


def inputs(r: Reading) -> Iterator[str]:
    """Yield the inputs."""
    listed = r.inputs()
    rows = [("input", "role", "shape", "entries in", "")]
    for n in listed[:LIMIT]:
        name, role, box = r.nodes[n][1]
        rows.append((name, role, list(r.nodes[n][3]), box, "varies" if r.varying(n) else "fixed"))
    yield f"<h2>Inputs</h2>{'<details><summary>' + str(len(listed)) + ' inputs</summary>' if len(listed) > 12 else ''}"
    yield from grid(rows)
    yield "</details>" if len(listed) > 12 else ""


def grid(rows: list[tuple], numbers: frozenset[int] = frozenset(), css: str = "") -> Iterator[str]:
    """Yield a table whose first row is its head."""
    yield f'<div class="scroll"><table class="{css}"><tr>' + "".join(f"<th>{e(cell)}</th>" for cell in rows[0]) + "</tr>"
    for row in rows[1:]:
        cells = (f'<td class="n">{e(cell)}</td>' if k in numbers else f"<td>{e(cell)}</td>" for k, cell in enumerate(row))
        yield "<tr>" + "".join(cells) + "</tr>"
    yield "</table></div>"


def table_of_groups(r: Reading) -> Iterator[str]:
    """Yield the nodes grouped by rule and fact, and where structures enter."""
    rows: list[tuple] = [("nodes", "rule", "definable in", "smooth", "defined", "first")]
    for (rule, homes, smooth, total), members in groups(r)[:60]:
        rows.append((len(members), rule, homes, smooth, total, f"#{members[0]} {r.title(members[0])}"))
    if len(r.cone) <= SMALL:
        return
    yield "<h2>Nodes by rule and fact</h2>"
    yield from grid(rows, frozenset([0]))
    changes: dict[tuple[str, str], list[int]] = {}
    for n in entrances(r):
        changes.setdefault((r.fact(n).homes or "no home", r.rule_words(n)), []).append(n)
    if changes:
        yield "<p>Where structures enter:</p><ul>"
        for (homes, rule), members in sorted(changes.items(), key=lambda item: -len(item[1]))[:40]:
            yield f"<li>{e(homes)}: {len(members)} × {e(rule)}, first at #{members[0]} {e(r.title(members[0]))}</li>"
        yield "</ul>"


def derivation(r: Reading, limit: int) -> Iterator[str]:
    """Yield the derivation, the longest path straight down and side branches indented."""
    rows = layout(r, limit)
    total = sum(not inline(r, n) for n in r.cone)
    yield f"<h2>Derivation</h2><details{' open' if len(rows) <= 60 else ''}>"
    yield f'<summary>{len(rows)} of {total} nodes, from the claimed one down</summary><div class="scroll"><table class="tree">'
    yield "<tr><th>node</th><th>name</th><th>definable in</th><th>rule</th><th>values in</th><th>smooth</th></tr>"
    for depth, n in rows:
        f = r.fact(n)
        homes = "constant" if not f.varies else f.homes or ("locally " + f.local if f.local else "no home")
        style = "soft" if not f.varies else "good" if f.homes else "bad"
        keys = f' <span class="soft">[{e(", ".join(r.rule_references(n)))}]</span>' if r.rule_references(n) else ""
        yield (
            f'<tr id="n{n}"><td>{"&nbsp;│&nbsp;" * min(depth, 24)}<span class="soft">#{n}</span> {e(r.expression(n))}</td>'
            f'<td>{e(r.title(n))}</td><td class="{style}">{e(homes)}</td><td>{e(r.rule_words(n))}{keys}</td>'
            f"<td>{e(short_range(f.range))}{'' if f.total else ' (partial)'}</td><td>{e(f.smooth)}</td></tr>"
        )
    yield "</table></div></details>"


def axioms(r: Reading) -> Iterator[str]:
    """Yield what the proof takes from the literature."""
    found = r.axioms()
    if found:
        yield "<h2>Relying on</h2><ul>"
        for a in found:
            yield f'<li><b>{e(a.name)}</b>, {a.uses}×: {e(a.statement)} <span class="soft">[{e(", ".join(a.references))}]</span></li>'
        yield "</ul>"


def order(r: Reading) -> Iterator[str]:
    """Yield the picture of the structures, those that define the function filled."""
    mask = lattice.parse(r.holds.homes)
    if mask:
        yield "<h2>Structures</h2><p>Filled: the structures of the table in which the function is proved definable.</p>"
        yield f'<div class="scroll">{poset_svg(mask)}</div>'


def literature(r: Reading) -> Iterator[str]:
    """Yield the references."""
    yield "<h2>References</h2><ul>"
    yield from (f"<li>[{e(key)}] {e(REFERENCES[key], 600)}</li>" for key in r.bibliography())
    yield "</ul>"
