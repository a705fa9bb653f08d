"""``tamecheck check``: run the independent checker; with ``--model`` compare the program as well."""

import argparse
import json
from pathlib import Path

from tamecheck.commands.common import box, common, dimensions, model_arguments, print_json
from tamecheck.errors import InputError

CHECKED = {"valid": 0, "invalid": 1, "holey": 2, "unreadable": 3, "budget": 4}


def add(commands: "argparse._SubParsersAction") -> None:
    """Declare the arguments."""
    p = commands.add_parser("check", help="verify a certificate with the independent checker")
    p.add_argument("certificate", metavar="CERT.json")
    p.add_argument("--claim", metavar="CLAIM.json", help="the claim that the certificate must prove")
    p.add_argument("--model", metavar="SOURCE", help="import this model and compare it with the certificate's program")
    model_arguments(p)
    common(p)


def run(options: argparse.Namespace) -> int:
    """``check``: run the independent checker; with ``--model`` compare the program as well."""
    from tamecheck.certification import run_checker
    from tamecheck.reports import console

    path = Path(options.certificate)
    if not path.is_file():
        raise InputError("no such file", code="TC128", where=options.certificate, hint="check the path")
    with console.working("checking"):
        answer = _decomposition(path) or run_checker(path, Path(options.claim) if options.claim else None)
    status = _status(answer)
    if options.model and status in (0, 2):
        same, sentence = _same_program(options, path)
        answer["model"] = {"same": same, "text": sentence}
        if not same:
            status, answer["verdict"] = 1, "invalid"
    if options.json:
        print_json("check", answer["verdict"], dict(answer))
    else:
        console.checked(answer, status)
    return status


def _status(answer: dict) -> int:
    """Return the exit status of the checker's answer; an answer that does not fit its own status is unreadable."""
    status = CHECKED.get(answer.get("verdict"), 3)
    if status != answer.pop("exit", None):
        answer["verdict"], status = "unreadable", 3
    return status


def _decomposition(path: Path) -> dict | None:
    """Return the answer of the checker of decompositions, ``None`` if the file is no evidence of a decomposition."""
    with path.open("rb") as handle:
        if b"tamecheck decomposition" not in handle.read(200):
            return None
    from tamecheck.geometry.cad.evidence import run_checker

    answer = run_checker(path)
    cell = answer.pop("where", None)
    if cell:
        answer["where"] = f"cell {tuple(cell)}"
    if "theorem" in answer:
        answer["axioms"] = [{"name": "constancy of signs on cells", "reference": answer["theorem"]}]
    return {**answer, "steps": answer.get("stacks"), "exit": CHECKED[answer["verdict"]]}


def _same_program(options: argparse.Namespace, path: Path) -> tuple[bool, str]:
    """Import the model and tell whether one of its outputs is the program of the certificate."""
    from tamecheck.frontends.sources import read
    from tamecheck.ground.intervals import interval

    claim = json.loads(path.read_bytes())["claim"]
    ends = box(options.input_box)
    found = read(
        options.model, box=None if ends is None else interval(*ends), parameters=options.parameters, constants=options.constants,
        **dimensions(options),
    )
    for name, node in found.outputs.items():
        small, (target,) = found.program.restrict([node])
        if options.output in (None, name) and target == claim["node"] and small.digest() == claim["program"]:
            return True, f"the certificate is about output {name!r} of {options.model}"
    return False, f"TC405 the certificate is about another program than {options.model} (or another choice of boxes and parameters)"
