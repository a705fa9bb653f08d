"""``tamecheck conservative``: is what differentiation returns a legitimate derivative of this program?"""

import argparse
import shutil

from tamecheck.commands.common import common, print_json, write
from tamecheck.errors import InputError

MODEL = (".onnx", ".pt2", ".pt", ".pth", ".keras", ".h5", ".py")


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("conservative", help="is what differentiation returns at kinks a legitimate derivative of the program?")
    p.add_argument("source", metavar="FORMULA|SOURCE", help="a program in quotes, or a model: 'relu(x) - relu(-x)', 'let u = relu(x); u*u'")
    p.add_argument("--vars", metavar="x,y", help="the variables in order (all names, in order of appearance)")
    p.add_argument("--rules", metavar="NAME|FILE", default="torch", help="torch, jax, tensorflow, or a TOML file of rules (torch)")
    p.add_argument("--mode", choices=("reverse", "forward"), default="reverse", help="the mode of differentiation (reverse)")
    p.add_argument("-o", "--out", dest="certificate", metavar="CERT.json", help="write the certificate, for tamecheck check")
    p.add_argument("--norms-as-operators", action="store_true", help="models: a root of a sum of squares is one operator, with bounded numbers at 0")
    p.add_argument("--plot", metavar="OUT", help="draw the witness on the graph of the program (SVG, PNG, PDF; needs matplotlib)")
    common(p)


def run(options: argparse.Namespace) -> int:
    """``conservative``: exit status 0 for exact-c1, clarke and conservative, 2 for unknown, 1 otherwise."""
    from tamecheck.conservative_report import POSITIVE, conservative

    source = options.source
    if source.lower().endswith(MODEL) or ".py:" in source:
        return _model(options)
    names = None if options.vars is None else [name.strip() for name in options.vars.split(",")]
    report = conservative(source, options.rules, variables=names, mode=options.mode)
    if options.plot:
        report.plot(options.plot)
    checked = None if report.positive or report.certificate is None else report.certificate.checked.verdict
    written = _write(options.certificate, report.certificate) if options.certificate else None
    if options.json:
        more = {"certificate": written, "certificate_obstacle": report.certificate_obstacle} if options.certificate else {}
        print_json("conservative", report.verdict, {**report.to_json(), "checked": checked, **more})
    else:
        print(report.to_text(min(shutil.get_terminal_size((100, 24)).columns, 140)))
        if checked:
            print(f"\nchecker   the independent checker says: {checked}")
        if options.certificate:
            print(f"written   {written}" if written else f"no certificate: {report.certificate_obstacle}")
    return 0 if report.verdict in POSITIVE else 2 if report.verdict == "unknown" else 1


def _write(path: str, certificate) -> str | None:
    """Write a certificate; return its path, ``None`` if there is none."""
    if certificate is None:
        return None
    write(path, certificate.to_bytes())
    return path


def _model(options: argparse.Namespace) -> int:
    """A model of any size: the compositional certificate."""
    from tamecheck.conservative_models import conservative_model, model_text

    for flag, value in (("--vars", options.vars), ("--plot", options.plot)):
        if value:
            raise InputError(f"{flag} is for formulas", code="TC194", where=options.source[:60], hint="leave it out for models")
    report = conservative_model(options.source, options.rules, norms_as_operators=options.norms_as_operators)
    certificate = report.pop("certificate")
    proved = report["verdict"] != "unknown"
    written = _write(options.certificate, certificate if proved else None) if options.certificate else None
    if options.json:
        more = {"certificate": written} if options.certificate else {}
        print_json("conservative", report["verdict"], {**report, "homes": [s.name for s in certificate.homes], **more})
    else:
        print(model_text(report))
        if options.certificate:
            print(f"written   {written}" if written else "no certificate: nothing is proved about differentiation")
    return 2 if report["verdict"] == "unknown" else 0
