"""``tamecheck catalogue``: primitives, activations, operators."""

import argparse

from tamecheck.commands.common import common, print_json
from tamecheck.errors import InputError


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("catalogue", help="print primitives, activations and operators")
    p.add_argument("name", nargs="?", metavar="[KIND]", help="only one table: primitives, activations or operators")
    p.add_argument("rest", nargs="?", metavar="NAME", help="only rows with this name (or part of it)")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``catalogue``: primitives, activations, operators."""
    from tamecheck.reports import catalogue, console

    kind, name = (options.name, options.rest) if options.name in catalogue.KINDS else (None, options.name)
    if kind is None and options.rest is not None:
        hint = f"one of {', '.join(catalogue.KINDS)}, then a name; quote a name with spaces"
        raise InputError(f"the catalogue has no table called {options.name[:60]!r}", code="TC141", hint=hint)
    tables = catalogue.tables(name, kind)
    if not any(table.rows for table in tables):
        raise InputError(f"the catalogue has no row called {str(name)[:60]!r}", code="TC141", hint="tamecheck catalogue")
    counted = kind == "activations" and name is None
    if options.json:
        content: dict = {t.key: [dict(zip(t.columns, row, strict=True)) for row in t.rows] for t in tables}
        if counted:
            content["census"] = catalogue.census_counts()
        print_json("catalogue", "ok", content)
    else:
        console.catalogue(tables)
        if counted:
            print("\n".join(["census", *catalogue.census()]))
    return 0
