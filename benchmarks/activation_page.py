"""Write docs/reference/activations.md and its thumbnails from the atlas and its records.

Usage: ``python benchmarks/activation_page.py [--pictures] [--check]``

The page comes from ``tamecheck/structures/atlas`` alone.  ``--pictures`` also draws a thumbnail of each function of one variable
from its report (`tamecheck.activation`): pieces coloured by monotonicity.  ``--check`` writes nothing, and fails if the page differs.
"""

import argparse
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

from tamecheck.reports.activation_atlas import homes, lines, lipschitz
from tamecheck.structures.atlas.activations import LINE, Activation, activations, golden, unwritten

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "activations.md"
PICTURES = PAGE.parent / "activations"
HEAD = """# The atlas of activations

Every function of one variable below is a formula of the [language](formulas.md), with the parameters at the defaults printed, on the line
unless an interval is given. What the columns say was proved by `tamecheck activation`, never typed in: the records are data of the
package, and a test proves them again. A claim "definable in" carries a certificate that the independent [checker](checker.md) accepts.

* **definable in**: the smallest structures of our [lattice](structures.md) that are proved; *none*: in no o-minimal structure, proved;
  *unknown*: neither.
* **smooth**: exactly, on the domain: analytic, C^k and no more, discontinuous.
* **Lipschitz**: the least global constant to six digits (*at most*: some constant); *no* when the slopes are unbounded or there is a jump.
* **SAD**: sublinear, analytic, definable (and total on the line).
* **zeros, extrema**: how many there are, each isolated with proof, an interval of them counted once with the extrema;
  *infinitely many* is proved too; *open*: the search could not be closed everywhere.

The entries "same as" another are equal to it at the defaults printed, or one formula with another default: literature rediscovers. `folklore`
marks a formula for which no single source is meant; entries without a source came without one from a list compiled from surveys, of which the
largest is V. Kunc, J. Klema, *Three decades of activations: a comprehensive survey of 400 activation functions for neural networks*, 2024,
arXiv:2402.09092. Pictures: blue where the function increases, orange where it decreases, black where it is constant.
"""
COMMANDS = """
```console
$ tamecheck catalogue activations phish
activations
  name                   Phish
  group                  self-gated
  formula                x*tanh(x*(erf(x/sqrt(2))/2 + 1/2))
  parameters
  domain                 (-inf,inf)
  definable in           R_Pfaff
  smooth                 analytic
  SAD                    yes
  Lipschitz              1.29831
  zeros                  1
  extrema                2
  range                  0 ... inf
  same as
  note
  source                 Naveen, Phish: a novel activation function, 2022
```

The whole table, the census and one entry: `tamecheck catalogue activations`, `tamecheck catalogue activations NAME`, both with `--json`; one function
anew, with everything else that is known of it: `tamecheck activation FORMULA`. This page: `python benchmarks/activation_page.py --pictures`; the
records: `python benchmarks/activation_atlas.py --write --check`.
"""


def slug(name: str) -> str:
    """Return a file name for an entry."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold().replace("*", " star ").replace("+", " plus ").replace("/", " over ")).strip("-")


def cell(text: str) -> str:
    """Return a text that does not break a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def decimal(value: Fraction) -> str:
    """Return a rational as a decimal where a short one is exact, otherwise as a quotient."""
    text = f"{float(value):.6g}"
    return text if Fraction(text) == value else str(value)


def about(entry: Activation) -> str:
    """Return the second column: name, formula, parameters, domain, source."""
    parameters = ", ".join(f"{k} = {decimal(v)}" for k, v in entry.parameters.items())
    parts = [f"**{cell(entry.name)}**<br>`{entry.formula}`"]
    if parameters:
        parts.append(f"; {parameters}")
    if entry.domain != LINE:
        parts.append(f"; x in {entry.domain}")
    extra = [f"same as *{cell(entry.same_as)}*"] if entry.same_as else []
    extra += [cell(t) for t in (entry.note, entry.reference) if t]
    return "".join(parts) + (f"<br><sub>{'. '.join(extra)}</sub>" if extra else "")


def row(entry: Activation, record: dict) -> str:
    """Return a line of a table."""
    sad = {True: "yes", False: "no", None: "unknown"}[record["sad"]]
    local = " (locally yes)" if not record["homes"] and record["locally_definable"] else ""
    picture = f'<img src="activations/{slug(entry.name)}.svg" width="112" alt="graph">'
    cells = (picture, about(entry), homes(record) + local, record["smoothness"], lipschitz(record), sad, record["zeros"], record["extrema"])
    return f"| {' | '.join(map(str, cells))} |"


def page() -> str:
    """Return the text of the page."""
    records = golden()
    single = [a for a in activations() if a.name in records]
    out = [HEAD, f"{len(activations())} entries; {len(single)} of one variable, {sum(not a.same_as for a in single)} of them distinct. The census:\n"]
    out += ["```text", *lines(records), "```", COMMANDS]
    groups = list(dict.fromkeys(a.group for a in single))
    out.append("Groups: " + ", ".join(f"[{g}](#{slug(g)})" for g in groups) + ".\n")
    for group in groups:
        members = [a for a in single if a.group == group]
        out += [f"## {group}\n", "| | function | definable in | smooth | Lipschitz | SAD | zeros | extrema |", "|---|---|---|---|---|---|---|---|"]
        out += [row(a, records[a.name]) for a in members]
        out.append("")
    several = [a for a in activations() if a.name not in records]
    out += ["## Gates and vectors\n", "Functions of several variables; `tamecheck catalogue activations NAME` proves where they are definable.\n"]
    out += ["| function | formula | note |", "|---|---|---|"]
    out += [f"| {cell(a.name)} | `{a.formula}` | {cell(a.note)} |" for a in several]
    out += ["", "## Without a formula\n", "| name | why it has no formula in the language |", "|---|---|"]
    out += [f"| {cell(u.name)} | {cell(u.reason)} |" for u in unwritten()]
    return "\n".join(out) + "\n"


def smaller(svg: str) -> str:
    """Return a thumbnail without prologue and metadata, with coordinates to a tenth of a point."""
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"-?\d+\.\d{2,}", lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), svg)
    return re.sub(r"\s+", " ", svg).replace("> <", "><").strip() + "\n"


def picture(name: str) -> tuple[str, str]:
    """Return the thumbnail of an entry."""
    from activation_atlas import report

    from tamecheck.reports.activation_picture import thumbnail

    return slug(name), smaller(thumbnail(report(name)).decode())


def main(arguments: list[str] | None = None) -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    if options.check:
        return 0 if PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.write_text(page(), encoding="utf-8")
    if options.pictures:
        PICTURES.mkdir(exist_ok=True)
        with ProcessPoolExecutor(options.processes) as pool:
            made = dict(pool.map(picture, golden(), chunksize=4))
        if len(made) != len(golden()):
            raise SystemExit("two entries have one file name")
        for old in PICTURES.glob("*.svg"):
            if old.stem not in made:
                old.unlink()
        for name, svg in made.items():
            (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(f"{len(made)} thumbnails, {sum(map(len, made.values())) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
