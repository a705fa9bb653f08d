"""``tamecheck certify``: prove, write what was asked for, report."""

import argparse

from tamecheck.commands.common import common, print_json, source_arguments, write
from tamecheck.commands.proving import EXIT, proved


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("certify", help="prove in which structures a model, loss or formula is definable")
    source_arguments(p)
    p.add_argument("--structure", metavar="NAME", help="ask for this structure; see 'tamecheck structures'")
    p.add_argument("-o", dest="certificate", metavar="CERT.json", help="write the certificate")
    p.add_argument("--latex", metavar="OUT.tex", help="write theorem, proof and bibliography")
    p.add_argument("--html", metavar="OUT.html", help="write one self-contained page")
    p.add_argument("--smt2", metavar="OUT.smt2", help="write the graph of the function in SMT-LIB 2")
    p.add_argument("--near", action="store_true", help="also claim near-homogeneity in the parameters, with its polynomials")
    p.add_argument("--check", action="store_true", help="run the independent checker on the certificate")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``certify``: prove, write what was asked for, report."""
    from tamecheck.reports import console

    c = proved(options)
    written = {}
    if options.certificate:
        write(options.certificate, c.to_bytes())
        written["certificate"] = options.certificate
    for name, make in (("latex", c.to_latex), ("html", c.to_html), ("smt2", c.to_smtlib)):
        path = getattr(options, name)
        if path:
            write(path, make().encode("utf-8"))
            written[name] = path
    answer = None
    if options.check:
        with console.working("checking"):
            answer = c.check()
    report = {**c.to_json_report(), **written}
    if options.json:
        if answer is not None:
            report["check"] = answer
        print_json("certify", c.verdict, report)
    else:
        console.certified(c, report, written, answer)
    if answer is not None and answer.get("exit") != 0:
        return 1
    return EXIT[c.verdict]
