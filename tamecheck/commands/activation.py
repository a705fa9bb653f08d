"""``tamecheck activation``: the report of a function of one variable, or of a family of them."""

import argparse
import sys
from pathlib import Path

from tamecheck.commands.common import box, common, print_json, write
from tamecheck.commands.proving import EXIT
from tamecheck.errors import InputError


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("activation", help="everything one may assume about a function of one variable, or of a family of them")
    p.add_argument("formula", metavar="FORMULA", help="a formula in quotes; names other than the variable are parameters")
    p.add_argument("--var", default="x", metavar="NAME", help="the variable (x)")
    p.add_argument("--domain", metavar="LO,HI", help="the interval of the variable; ends are numbers, p/q or inf")
    p.add_argument("--parameter", metavar="NAME=VALUE", action="append", default=[], help="a value, or a range LO,HI, of a parameter (repeatable)")
    p.add_argument("--range", metavar="NAME=LO,HI", action="append", default=[], help="a range of a parameter (repeatable); the line if not given")
    p.add_argument("--learnt", metavar="NAME", action="append", default=[], help="a parameter that is an argument, not a constant (repeatable)")
    p.add_argument("--plot", metavar="OUT", help="draw the graph: OUT.svg, OUT.png or OUT.pdf (needs matplotlib: the extra 'plot')")
    p.add_argument("--latex", metavar="OUT.tex", help="write a proposition with its proof")
    p.add_argument("--html", metavar="OUT.html", help="write a page")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``activation``: report, and write what was asked for."""
    from tamecheck.activation_report import activation

    given = _parameters(options)
    report = activation(options.formula, options.var, box(options.domain, "--domain=-1,1"), given, options.learnt)
    written = _written(report, options)
    content = report.to_json()
    if options.json:
        print_json("activation", report.verdict, {**content, **written})
        return EXIT[report.verdict]
    free = [n for n in content.get("family", {}).get("parameters", {}) if n not in given and n not in options.learnt]
    if free:
        print(f"note: no value is given for {', '.join(free)}, so this is about the family; --parameter {free[0]}=1 reports on one member, "
              f"--range {free[0]}=0,inf restricts it, --learnt {free[0]} makes it an argument", file=sys.stderr)  # fmt: skip
    print(report.to_text())
    for name, path in written.items():
        print(f"  {name} written to {path}")
    return EXIT[report.verdict]


def _parameters(options: argparse.Namespace) -> dict[str, object]:
    """Return values and ranges by name."""
    found: dict[str, object] = {}
    for text in [*options.parameter, *options.range]:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier() or text in options.range and "," not in value:
            raise InputError(f"not a parameter: {text[:60]!r}", code="TC105", hint="write --parameter alpha=1/2 or --range alpha=0,inf")
        if name in found:
            raise InputError(f"{name!r} is given twice", code="TC105", where=text[:60])
        found[name] = box(value, "--range alpha=0,inf") if "," in value and value[:1] not in "([" else value
    return found


def _written(report, options: argparse.Namespace) -> dict[str, str]:
    """Write the files."""
    written = {}
    for name, make in (("latex", "to_latex"), ("html", "to_html")):
        path = getattr(options, name)
        if path:
            write(path, getattr(report, make)().encode("utf-8"))
            written[name] = path
    if options.plot:
        report.plot(Path(options.plot))
        written["plot"] = options.plot
    return written
