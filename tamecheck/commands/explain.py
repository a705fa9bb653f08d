"""``tamecheck explain``: prove and print the derivation as a tree."""

import argparse

from tamecheck.commands.common import common, natural, print_json, source_arguments
from tamecheck.commands.proving import EXIT, proved


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("explain", help="print the derivation as a tree")
    source_arguments(p)
    p.add_argument("--limit", type=natural, default=200, metavar="N", help="nodes of the tree (200)")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``explain``: prove and print the tree."""
    c = proved(options)
    if options.json:
        from tamecheck.reports.graph import to_networkx

        graph = to_networkx(c.document)
        nodes = [{"node": n, **graph.nodes[n], "arguments": list(c.document["program"]["nodes"][n][2])} for n in graph.nodes]
        print_json("explain", c.verdict, {**c.to_json_report(), "derivation": nodes})
    else:
        from tamecheck.reports.console import stdout
        from tamecheck.reports.terminal import show

        show(c.document, stdout(), options.limit)
    return EXIT[c.verdict]
