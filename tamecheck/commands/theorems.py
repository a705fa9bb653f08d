"""``tamecheck theorems``: which published theorems apply, which hypotheses are proved, which are left."""

import argparse

from tamecheck.commands.common import common, print_json, source_arguments
from tamecheck.commands.proving import EXIT, proved


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("theorems", help="which published theorems apply, and what is missing for the others")
    source_arguments(p)
    common(p)


def run(options: argparse.Namespace) -> int:
    """Prove, then hold every theorem's hypotheses against what was proved."""
    from tamecheck.reports import console

    c = proved(options)
    report = c.to_json_report()
    if options.json:
        kept = ("homes", "structure", "smoothness", "locally_lipschitz", "path_differentiable", "homogeneity", "theorems", "seconds")
        print_json("theorems", c.verdict, {key: report[key] for key in kept})
    else:
        console.theorems(c, report)
    return EXIT[c.verdict]
