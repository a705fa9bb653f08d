"""``tamecheck strata``: Whitney stratifications of sets, polynomials and piecewise polynomial functions."""

import argparse
import json
import os
import shutil
from pathlib import Path

from tamecheck.commands.common import common, print_json
from tamecheck.commands.proving import PARTIAL
from tamecheck.errors import BudgetExceeded, InputError

MAXIMAL_WIDTH = 120


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("strata", help="smooth pieces of a set or a function, in at most three variables")
    p.add_argument("formula", metavar="FORMULA", help="a set ('x^2+y^2 <= 1'), polynomials ('x*y; x-y'), or a function ('max(x, y)')")
    p.add_argument("--vars", metavar="x,y", help="the variables (all names, in order of appearance)")
    p.add_argument("--function", metavar="F", help="the strata of the set are adapted to this function, too")
    p.add_argument("--plot", metavar="OUT", help="draw the strata: OUT.svg, OUT.png or OUT.pdf (needs matplotlib: the extra 'plot')")
    p.add_argument("--poset", metavar="OUT", help="draw the frontier poset")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``strata``: exit status 0; every stratification that is printed is proved."""
    from tamecheck.reports.console import working
    from tamecheck.strata_report import strata

    names = None if options.vars is None else [name.strip() for name in options.vars.split(",")]
    parts = [part.strip() for part in options.formula.split(";")]
    if len(parts) > 1 and not all(parts):
        raise InputError("an empty polynomial in the list", code="TC101", where=options.formula[:80], hint="'x*y; x-y'")
    try:
        with working("strata"):
            report = strata(parts if len(parts) > 1 else options.formula, names, options.function, observe=_keep)
    except BudgetExceeded as stop:
        if stop.partial and not options.json:
            print(f"known: {_known(stop.partial)}")
        raise
    written = {}
    for key, what in (("plot", "auto"), ("poset", "poset")):
        path = getattr(options, key)
        if path:
            report.plot(Path(path), what)
            written[key] = path
    if options.json:
        print_json("strata", "stratified", {**report.to_json(), **written})
    else:
        print(report.to_text(min(shutil.get_terminal_size((80, 24)).columns, MAXIMAL_WIDTH)))
        for path in written.values():
            print(f"written: {path}")
    return 0


def _known(partial: dict) -> str:
    return (
        f"{partial['cells']} cells, {partial['cells_of_the_set']} of them in the set; its dimension is {partial['dimension']}, "
        f"chi_c = {partial['euler']}"
    )


def _keep(known: dict) -> None:
    """Write down what is known so far, for the moment when a budget ends this process."""
    place = os.environ.get(PARTIAL)
    if place:
        Path(place).write_text(json.dumps({"text": _known(known), **known}), encoding="utf-8")
