"""What every command needs: the parser of arguments, boxes, source options, printing and writing."""

import argparse
import json
import re
from fractions import Fraction
from pathlib import Path

from tamecheck import __version__
from tamecheck.errors import InputError

SOURCE = "model.onnx, model.pt2, file.py:object (the file is run) or a formula in quotes"
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:/[0-9]{1,400})?", re.ASCII)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and exit status 3."""

    def error(self, message: str) -> None:
        raise InputError(message.replace("\n", " "), code="TC100", hint=f"{self.prog} --help")


def source_arguments(p: Parser) -> None:
    """Declare the source and what varies."""
    p.add_argument("source", metavar="SOURCE", help=SOURCE)
    p.add_argument("--about", choices=("parameters", "inputs", "both"), default="both", help="what varies (both)")
    model_arguments(p)


def model_arguments(p: Parser) -> None:
    """Declare how a model is read: output, box, parameters, constants, extents."""
    p.add_argument("--output", metavar="NAME", help="which output (the only one, or 'loss')")
    p.add_argument("--input-box", metavar="LO,HI", help="an interval for every data input; ends are numbers, p/q or inf")
    p.add_argument("--parameters", metavar="PATTERN", help="which tensors are parameters (names, * matches anything)")
    p.add_argument("--constants", metavar="PATTERN", help="which tensors are constants")
    p.add_argument("--dimension", metavar="NAME=N", action="append", default=[], help="the extent of a symbolic dimension (repeatable)")


def common(p: Parser) -> None:
    """Declare what every command takes: JSON and budgets."""
    p.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    p.add_argument("--timeout", metavar="TIME", help="wall time, such as 30, 5m, 1h")
    p.add_argument("--memory", metavar="SIZE", help="memory, such as 512M, 4G")


def natural(text: str) -> int:
    """Read a natural number of at most nine digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no natural number")
    return int(text)


def box(text: str | None, example: str = "--input-box=-1,1") -> tuple[Fraction | None, Fraction | None] | None:
    """Return the box written ``LO,HI``; ``-inf`` and ``inf`` are ``None``."""
    if text is None:
        return None
    low, comma, high = text.partition(",")
    if not comma:
        raise InputError(f"{text[:40]!r} is no box", code="TC101", hint=example)
    return _end(low.strip(), "-inf", text, example), _end(high.strip(), "inf", text, example)


def _end(text: str, infinite: str, whole: str, example: str) -> Fraction | None:
    if text == infinite or text == "+" + infinite:
        return None
    if not _NUMBER.fullmatch(text) or ("." in text and "/" in text) or re.search(r"/0+$", text):
        raise InputError(f"{text[:30]!r} is no end of a box", code="TC101", where=f"{example.split('=')[0]}={whole[:40]}", hint=example)
    return Fraction(text)


def print_json(command: str | None, verdict: str, rest: dict) -> None:
    """Print the one JSON object of a command."""
    print(json.dumps({"tamecheck": __version__, "command": command, **rest, "verdict": verdict}, default=str))


def write(path: str, content: bytes) -> None:
    """Write a file, or say why that is impossible."""
    try:
        Path(path).write_bytes(content)
    except OSError as failure:
        raise InputError(f"cannot write: {failure.strerror}", code="TC128", where=path) from failure


def dimensions(options: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Return the extents of symbolic dimensions as an option for the importer, nothing when none are given."""
    found: dict[str, int] = {}
    for text in options.dimension:
        name, equals, extent = text.partition("=")
        if not equals or not name or not extent.isascii() or not extent.isdigit() or len(extent) > 12:
            raise InputError(f"not a dimension: {text[:60]!r}", code="TC105", hint="write --dimension NAME=4")
        found[name] = int(extent)
    return {"dimensions": found} if found else {}
