"""``tamecheck activation``: the report of a function of one variable."""

import argparse

from tamecheck.commands.common import box, common, print_json
from tamecheck.commands.proving import EXIT
from tamecheck.errors import InputError


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("activation", help="everything one may assume about a function of one variable")
    p.add_argument("formula", metavar="FORMULA", help="a formula in quotes")
    p.add_argument("--var", default="x", metavar="NAME", help="the variable (x); other names need a value")
    p.add_argument("--domain", metavar="LO,HI", help="the interval of the variable; ends are numbers, p/q or inf")
    p.add_argument("--parameter", metavar="NAME=VALUE", action="append", default=[], help="a value for another name (repeatable)")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``activation``: the report of a function of one variable."""
    from tamecheck.activation_report import activation

    values: dict[str, str] = {}
    for text in options.parameter:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"not a parameter: {text[:60]!r}", code="TC105", hint="write --parameter alpha=1/2")
        values[name] = value
    report = activation(options.formula, options.var, box(options.domain), values)
    if options.json:
        print_json("activation", report.verdict, report.to_json())
    else:
        print(report.to_text())
    return EXIT[report.verdict]
