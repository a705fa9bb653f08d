"""``tamecheck critical``: critical values, finite and at infinity."""

import argparse
import json
import os
from pathlib import Path

from tamecheck.commands.common import box, common, print_json
from tamecheck.commands.proving import PARTIAL
from tamecheck.errors import BudgetExceeded, InputError

KINDS = ("smooth", "clarke", "ad", "asymptotic", "all")


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("critical", help="critical values: smooth, Clarke, of automatic differentiation, at infinity")
    p.add_argument("formula", metavar="FORMULA", help="a formula in quotes")
    p.add_argument("--vars", metavar="x,y", help="the variables in order (all names, in order of appearance)")
    p.add_argument("--kind", choices=KINDS, default="all", help="what is computed (all)")
    p.add_argument("--rules", choices=("torch", "jax", "tensorflow"), default="torch", help="what automatic differentiation returns at kinks (torch)")
    p.add_argument("--box", metavar="NAME=LO,HI", action="append", default=[], help="where to search, for exp, tanh, ... (repeatable)")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``critical``: exit status 0 if everything was closed, 2 if something stays open."""
    from tamecheck.critical_report import critical

    names = None if options.vars is None else [name.strip() for name in options.vars.split(",")]
    boxes = {}
    for text in options.box:
        name, equals, ends = text.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"not a box: {text[:60]!r}", code="TC105", hint="--box x=-5,5")
        boxes[name] = box(ends)
    try:
        report = critical(options.formula, names, kind=options.kind, box=boxes or None, rules=options.rules, observe=_keep)
    except BudgetExceeded as stop:
        if stop.partial is not None:
            if not options.json:
                print(stop.partial.to_text())
            stop.partial = stop.partial.to_json()
        raise
    if options.json:
        print_json("critical", "complete" if report.complete else "open", report.to_json())
    else:
        print(report.to_text())
    return 0 if report.complete else 2


def _keep(report: object) -> None:
    """Write down what is known so far, for the moment when a budget ends this process."""
    place = os.environ.get(PARTIAL)
    if place:
        Path(place).write_text(json.dumps({"text": repr(report), "report": report.to_json()}, default=str), encoding="utf-8")
