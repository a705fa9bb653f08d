"""``tamecheck flow``: run a small flow of a certified program and hold it against the theorems."""

import argparse

from tamecheck.commands.common import common, natural, print_json
from tamecheck.errors import InputError


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("flow", help="run a small gradient flow or descent and compare it with what is promised")
    p.add_argument("source", metavar="CONFIG.toml|SOURCE", help="a configuration, or a source with the options below")
    p.add_argument("--vars", metavar="x,y", help="the variables, in order")
    p.add_argument("--initial", metavar="A,B", help="the initial state, one number per variable (=-1,2 when the first is negative)")
    p.add_argument("--kind", help="gradient (default), subgradient, gd, sign, coordinate, spectral, adam; in a configuration with samples sgd")
    p.add_argument("--horizon", type=float, help="time up to which a flow runs (100)")
    p.add_argument("--steps", type=natural, help="steps of a discrete method (10000)")
    p.add_argument("--step", type=float, help="step size of a discrete method (0.01)")
    p.add_argument("--solver", help="of the gradient flow: scipy (default), heyoka, diffrax")
    common(p)


def run(options: argparse.Namespace) -> int:
    """Run, report; 0 when nothing contradicts a theorem whose hypotheses are proved, 1 when something does, 2 when nothing could be said."""
    from tamecheck.flow_report import flow

    chosen = _chosen(options)
    if options.source.endswith(".toml") and chosen:
        name = "vars" if "variables" in chosen else next(iter(chosen))
        raise InputError(f"--{name} has no effect beside a configuration", code="TC100", where=options.source, hint="write it into the file")
    found = flow(options.source, **chosen)
    overall = found.verdict
    if options.json:
        print_json("flow", overall, found.to_json())
    else:
        from tamecheck.reports.flow_text import show

        show(found, overall)
    return {"consistent": 0, "inconsistent": 1, "undecided": 2}[overall]


def _chosen(options: argparse.Namespace) -> dict:
    found = {k: getattr(options, k) for k in ("kind", "horizon", "steps", "step", "solver") if getattr(options, k) is not None}
    if options.vars:
        found["variables"] = [v.strip() for v in options.vars.split(",")]
    if options.initial:
        try:
            found["initial"] = [float(x) for x in options.initial.split(",")]
        except ValueError as bad:
            raise InputError(f"{options.initial[:40]!r} is no list of numbers", code="TC101", hint="--initial=1,0.5") from bad
    return found
