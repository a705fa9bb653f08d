"""``tamecheck structures``: the table, the order, what is not known."""

import argparse

from tamecheck.commands.common import common, print_json, write


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("structures", help="print the named structures and their order")
    p.add_argument("--svg", metavar="FILE", help="draw the order")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``structures``: the table, the order, what is not known."""
    from tamecheck.reports import console, poset

    if options.svg:
        write(options.svg, poset.poset_svg().encode("utf-8"))
    if options.json:
        print_json("structures", "ok", {"structures": poset.as_json(), "svg": options.svg})
    else:
        console.structures()
    return 0
