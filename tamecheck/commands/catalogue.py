"""``tamecheck catalogue``: primitives, activations, operators."""

import argparse

from tamecheck.commands.common import common, print_json
from tamecheck.errors import InputError


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("catalogue", help="print primitives, activations and operators")
    p.add_argument("name", nargs="?", metavar="NAME", help="only rows with this name (or part of it)")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``catalogue``: primitives, activations, operators."""
    from tamecheck.reports import catalogue, console

    tables = catalogue.tables(options.name)
    if not any(table.rows for table in tables):
        raise InputError(f"the catalogue has no row called {options.name[:60]!r}", code="TC141", hint="tamecheck catalogue")
    if options.json:
        print_json("catalogue", "ok", {t.key: [dict(zip(t.columns, row, strict=True)) for row in t.rows] for t in tables})
    else:
        console.catalogue(tables)
    return 0
