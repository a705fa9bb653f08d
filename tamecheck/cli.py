"""The command line: arguments and exit codes, nothing else.

Exit status: 0 positive verdict, 1 negative, 2 unknown (or definable only under assumptions), 3 bad
input, 4 budget used up.  ``check``: 0 every step good, 1 a bad step, 2 holey, 3 unreadable, 4 budget.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from tamecheck import __version__
from tamecheck.errors import BudgetExceeded, InputError, Refusal, TamecheckError

EXIT = {"definable": 0, "not-definable": 1, "unknown": 2, "definable-under-assumptions": 2}
CHECKED = {"valid": 0, "invalid": 1, "holey": 2, "unreadable": 3, "budget": 4}
SOURCE = "model.onnx, file.py:object (the file is run) or a formula in quotes"
PARTIAL = "TAMECHECK_PARTIAL"
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:/[0-9]{1,400})?", re.ASCII)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and exit status 3."""

    def error(self, message: str) -> None:
        raise InputError(message.replace("\n", " "), code="TC100", hint=f"{self.prog} --help")


def parser() -> Parser:
    """Return the parser of all commands."""
    top = Parser(prog="tamecheck", description="Certify that a model or loss is definable in an o-minimal structure.")
    top.add_argument("--version", action="version", version=f"tamecheck {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    certify = commands.add_parser("certify", help="prove in which structures a model, loss or formula is definable")
    _source_arguments(certify)
    certify.add_argument("--structure", metavar="NAME", help="ask for this structure; see 'tamecheck structures'")
    certify.add_argument("-o", dest="certificate", metavar="CERT.json", help="write the certificate")
    certify.add_argument("--latex", metavar="OUT.tex", help="write theorem, proof and bibliography")
    certify.add_argument("--html", metavar="OUT.html", help="write one self-contained page")
    certify.add_argument("--smt2", metavar="OUT.smt2", help="write the graph of the function in SMT-LIB 2")
    certify.add_argument("--check", action="store_true", help="run the independent checker on the certificate")
    _common(certify)

    check = commands.add_parser("check", help="verify a certificate with the independent checker")
    check.add_argument("certificate", metavar="CERT.json")
    check.add_argument("--claim", metavar="CLAIM.json", help="the claim that the certificate must prove")
    check.add_argument("--model", metavar="SOURCE", help="import this model and compare it with the certificate's program")
    _model_arguments(check)
    _common(check)

    activation = commands.add_parser("activation", help="everything one may assume about a function of one variable")
    activation.add_argument("formula", metavar="FORMULA", help="a formula in quotes")
    activation.add_argument("--var", default="x", metavar="NAME", help="the variable (x); other names need a value")
    activation.add_argument("--domain", metavar="LO,HI", help="the interval of the variable; ends are numbers, p/q or inf")
    activation.add_argument("--parameter", metavar="NAME=VALUE", action="append", default=[], help="a value for another name (repeatable)")
    _common(activation)

    explain = commands.add_parser("explain", help="print the derivation as a tree")
    _source_arguments(explain)
    explain.add_argument("--limit", type=_natural, default=200, metavar="N", help="nodes of the tree (200)")
    _common(explain)

    structures = commands.add_parser("structures", help="print the named structures and their order")
    structures.add_argument("--svg", metavar="FILE", help="draw the order")
    _common(structures)

    catalogue = commands.add_parser("catalogue", help="print primitives, activations and operators")
    catalogue.add_argument("name", nargs="?", metavar="NAME", help="only rows with this name (or part of it)")
    _common(catalogue)
    return top


def _source_arguments(p: Parser) -> None:
    p.add_argument("source", metavar="SOURCE", help=SOURCE)
    p.add_argument("--about", choices=("parameters", "inputs", "both"), default="both", help="what varies (both)")
    _model_arguments(p)


def _model_arguments(p: Parser) -> None:
    p.add_argument("--output", metavar="NAME", help="which output (the only one, or 'loss')")
    p.add_argument("--input-box", metavar="LO,HI", help="an interval for every data input; ends are numbers, p/q or inf")
    p.add_argument("--parameters", metavar="PATTERN", help="which tensors are parameters (names, * matches anything)")
    p.add_argument("--constants", metavar="PATTERN", help="which tensors are constants")
    p.add_argument("--dimension", metavar="NAME=N", action="append", default=[], help="the extent of a symbolic dimension (repeatable)")


def _common(p: Parser) -> None:
    p.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    p.add_argument("--timeout", metavar="TIME", help="wall time, such as 30, 5m, 1h")
    p.add_argument("--memory", metavar="SIZE", help="memory, such as 512M, 4G")


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no natural number")
    return int(text)


def box(text: str | None) -> tuple[Fraction | None, Fraction | None] | None:
    """Return the box written ``LO,HI``; ``-inf`` and ``inf`` are ``None``."""
    if text is None:
        return None
    low, comma, high = text.partition(",")
    if not comma:
        raise InputError(f"{text[:40]!r} is no box", code="TC101", hint="--input-box=-1,1")
    return _end(low.strip(), "-inf", text), _end(high.strip(), "inf", text)


def _end(text: str, infinite: str, whole: str) -> Fraction | None:
    if text == infinite or text == "+" + infinite:
        return None
    if not _NUMBER.fullmatch(text) or ("." in text and "/" in text) or re.search(r"/0+$", text):
        raise InputError(f"{text[:30]!r} is no end of a box", code="TC101", where=f"--input-box={whole[:40]}", hint="--input-box=-1,1")
    return Fraction(text)


# ------------------------------------------------------------------------ main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json, command = "--json" in words, words[0] if words and not words[0].startswith("-") else None
    try:
        options = parser().parse_args(words)
        if options.timeout or options.memory:
            return _supervised(options, words)
        return COMMANDS[options.command](options)
    except BudgetExceeded as stop:
        return _failure(stop, 4, as_json, command)
    except Refusal as no:
        return _failure(no, 1, as_json, command)
    except TamecheckError as bad:
        return _failure(bad, 3, as_json, command)
    except MemoryError:
        return _failure(BudgetExceeded("memory used up", code="TC303"), 4, as_json, command)
    except KeyboardInterrupt:
        return _failure(BudgetExceeded("interrupted", code="TC304"), 4, as_json, command)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _failure(error: TamecheckError, status: int, as_json: bool, command: str | None) -> int:
    """Print an error: one line, and one more per problem when a model has several."""
    from tamecheck.reports.reading import clean

    problems = getattr(error, "problems", [])
    print(clean(str(error), 600), file=sys.stderr)
    for problem in problems:
        where = f"{problem.get('node', '')} ({problem.get('op', '')})" if problem.get("op") else problem.get("node", "")
        print(f"  {clean(problem.get('code', ''), 8)} {clean(where, 80)}: {clean(problem.get('reason', ''), 300)}", file=sys.stderr)
    if as_json:
        verdict = {1: "not-definable", 4: "unknown"}.get(status, "bad-input")
        detail = {"code": error.code, "message": error.message, "where": error.where, "hint": error.hint, "problems": problems}
        _print_json(command, verdict, {"error": detail, "partial": getattr(error, "partial", None)})
    return status


def _print_json(command: str | None, verdict: str, rest: dict) -> None:
    print(json.dumps({"tamecheck": __version__, "command": command, **rest, "verdict": verdict}, default=str))


def _supervised(options: argparse.Namespace, words: list[str]) -> int:
    """Run the same command without its budget in a child that can be killed."""
    import tempfile

    from tamecheck import budget

    seconds = budget.seconds_from_text(options.timeout) if options.timeout else None
    memory = budget.mebibytes_from_text(options.memory) if options.memory else None
    plain = _without(words, ("--timeout", "--memory"))
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "partial.json"
        command = [sys.executable, "-m", "tamecheck", *plain]
        outcome = budget.run(command, budget.Budget(seconds, memory), {PARTIAL: str(note)})
        if outcome.how == "done":
            return outcome.status
        partial = json.loads(note.read_text()) if note.exists() else None
    what = {"time": f"time budget of {options.timeout} used up", "memory": f"memory budget of {options.memory} used up",
            "interrupt": "interrupted", "signal": f"the child was ended by signal {-outcome.status}"}[outcome.how]  # fmt: skip
    code = {"time": "TC301", "memory": "TC303", "interrupt": "TC304", "signal": "TC305"}[outcome.how]
    kept = f"kept: {partial['text']}" if partial else "nothing was established before"
    raise BudgetExceeded(f"{what}; {kept}", partial, code=code)


def _without(words: list[str], flags: tuple[str, ...]) -> list[str]:
    """Return the words without these flags and their values (argparse's abbreviations included)."""
    kept, skip = [], False
    for word in words:
        head = word.split("=", 1)[0]
        if skip:
            skip = False
        elif len(head) > 2 and any(flag.startswith(head) for flag in flags):
            skip = "=" not in word
        else:
            kept.append(word)
    return kept


def _note_partial(report: dict) -> None:
    """Leave what is established so far where a supervising parent finds it."""
    place = os.environ.get(PARTIAL)
    if place:
        homes = " and ".join(report["homes"]) or "no home yet"
        text = f"{report['verdict']} ({homes}), sharpness not yet examined"
        temporary = Path(place).with_suffix(".writing")
        temporary.write_text(json.dumps({"text": text, **report}, default=str))
        temporary.replace(place)


# -------------------------------------------------------------------- commands


def _dimensions(options: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Return the extents of symbolic dimensions as an option for the importer, nothing when none are given."""
    found: dict[str, int] = {}
    for text in options.dimension:
        name, equals, extent = text.partition("=")
        if not equals or not name or not extent.isascii() or not extent.isdigit() or len(extent) > 12:
            raise InputError(f"not a dimension: {text[:60]!r}", code="TC105", hint="write --dimension NAME=4")
        found[name] = int(extent)
    return {"dimensions": found} if found else {}


def _proved(options: argparse.Namespace):
    """Return the certificate of the source, telling a supervising parent about the first half of the work."""
    from tamecheck.certification import certify
    from tamecheck.reports.console import working

    chosen = {
        "about": options.about, "structure": getattr(options, "structure", None), "output": options.output,
        "input_box": box(options.input_box), "parameters": options.parameters, "constants": options.constants, **_dimensions(options),
    }
    with working("certifying"):
        if PARTIAL in os.environ:
            _note_partial(certify(options.source, sharpness=False, **chosen).to_json_report())
        return certify(options.source, **chosen)


def _certify(options: argparse.Namespace) -> int:
    """``certify``: prove, write what was asked for, report."""
    from tamecheck.reports import console

    c = _proved(options)
    written = {}
    if options.certificate:
        _write(options.certificate, c.to_bytes())
        written["certificate"] = options.certificate
    for name, make in (("latex", c.to_latex), ("html", c.to_html), ("smt2", c.to_smtlib)):
        path = getattr(options, name)
        if path:
            _write(path, make().encode("utf-8"))
            written[name] = path
    answer = None
    if options.check:
        with console.working("checking"):
            answer = c.check()
    report = {**c.to_json_report(), **written}
    if options.json:
        if answer is not None:
            report["check"] = answer
        _print_json("certify", c.verdict, report)
    else:
        console.certified(c, report, written, answer)
    if answer is not None and answer.get("exit") != 0:
        return 1
    return EXIT[c.verdict]


def _write(path: str, content: bytes) -> None:
    try:
        Path(path).write_bytes(content)
    except OSError as failure:
        raise InputError(f"cannot write: {failure.strerror}", code="TC128", where=path) from failure


def _explain(options: argparse.Namespace) -> int:
    """``explain``: prove and print the tree."""
    c = _proved(options)
    if options.json:
        from tamecheck.reports.graph import to_networkx

        graph = to_networkx(c.document)
        nodes = [{"node": n, **graph.nodes[n], "arguments": list(c.document["program"]["nodes"][n][2])} for n in graph.nodes]
        _print_json("explain", c.verdict, {**c.to_json_report(), "derivation": nodes})
    else:
        from tamecheck.reports.console import stdout
        from tamecheck.reports.terminal import show

        show(c.document, stdout(), options.limit)
    return EXIT[c.verdict]


def _check(options: argparse.Namespace) -> int:
    """``check``: run the independent checker; with ``--model`` compare the program as well."""
    from tamecheck.certification import run_checker
    from tamecheck.reports import console

    path = Path(options.certificate)
    if not path.is_file():
        raise InputError("no such file", code="TC128", where=options.certificate, hint="check the path")
    with console.working("checking"):
        answer = run_checker(path, Path(options.claim) if options.claim else None)
    status = _status(answer)
    if options.model and status in (0, 2):
        same, sentence = _same_program(options, path)
        answer["model"] = {"same": same, "text": sentence}
        if not same:
            status, answer["verdict"] = 1, "invalid"
    if options.json:
        _print_json("check", answer["verdict"], dict(answer))
    else:
        console.checked(answer, status)
    return status


def _status(answer: dict) -> int:
    """Return the exit status of the checker's answer; an answer that does not fit its own status is unreadable."""
    status = CHECKED.get(answer.get("verdict"), 3)
    if status != answer.pop("exit", None):
        answer["verdict"], status = "unreadable", 3
    return status


def _same_program(options: argparse.Namespace, path: Path) -> tuple[bool, str]:
    """Import the model and tell whether one of its outputs is the program of the certificate."""
    from tamecheck.frontends.sources import read
    from tamecheck.ground.intervals import interval

    claim = json.loads(path.read_bytes())["claim"]
    ends = box(options.input_box)
    found = read(
        options.model, box=None if ends is None else interval(*ends), parameters=options.parameters, constants=options.constants,
        **_dimensions(options),
    )
    for name, node in found.outputs.items():
        small, (target,) = found.program.restrict([node])
        if options.output in (None, name) and target == claim["node"] and small.digest() == claim["program"]:
            return True, f"the certificate is about output {name!r} of {options.model}"
    return False, f"TC405 the certificate is about another program than {options.model} (or another choice of boxes and parameters)"


def _activation(options: argparse.Namespace) -> int:
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
        _print_json("activation", report.verdict, report.to_json())
    else:
        print(report.to_text())
    return EXIT[report.verdict]


def _structures(options: argparse.Namespace) -> int:
    """``structures``: the table, the order, what is not known."""
    from tamecheck.reports import console, poset

    if options.svg:
        _write(options.svg, poset.poset_svg().encode("utf-8"))
    if options.json:
        _print_json("structures", "ok", {"structures": poset.as_json(), "svg": options.svg})
    else:
        console.structures()
    return 0


def _catalogue(options: argparse.Namespace) -> int:
    """``catalogue``: primitives, activations, operators."""
    from tamecheck.reports import catalogue, console

    tables = catalogue.tables(options.name)
    if not any(table.rows for table in tables):
        raise InputError(f"the catalogue has no row called {options.name[:60]!r}", code="TC141", hint="tamecheck catalogue")
    if options.json:
        _print_json("catalogue", "ok", {t.key: [dict(zip(t.columns, row, strict=True)) for row in t.rows] for t in tables})
    else:
        console.catalogue(tables)
    return 0


COMMANDS = {"certify": _certify, "activation": _activation, "check": _check, "explain": _explain, "structures": _structures, "catalogue": _catalogue}
