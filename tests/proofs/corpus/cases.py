"""The form of a line of the corpus, and how the tables are read.

A line is one formula of the language, the box of its variables, what was asked, and why the answer is what it is: a
few words and a source.  Sources are keys of ``tamecheck.structures.references``; ``calculus``, a computation that
fits in the words; or ``folklore``, a known trap that follows at once from the axioms of o-minimality.

Not definable: ``wild.toml`` (in no structure), ``bounds.toml`` (not in the one asked).  Definable: ``calm.toml``, and
``cancelling.toml``, where naive reasoning would refute, or call a home the smallest, and be wrong.
"""

import tomllib
from pathlib import Path
from typing import NamedTuple

from tamecheck.frontends.formula_io import load
from tamecheck.programs.program import Program

FOLDER = Path(__file__).parent


class Case(NamedTuple):
    """One line: ``asked`` is a structure, or ``any``; ``homes`` are the minimal structures known to define the function."""

    formula: str
    box: str
    asked: str
    homes: str
    why: str
    source: str

    @property
    def name(self) -> str:
        """A short name for messages."""
        return f"{self.formula} on {self.box} in {self.asked or self.homes}".replace("(-inf,inf)", "R")


def table(name: str) -> list[Case]:
    """Return the lines of one file."""
    groups = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["group"]
    return [Case(f, g["box"], g.get("asked", ""), g.get("homes", ""), g["why"], g["source"]) for g in groups for f in g["formulas"]]


def program(case: Case) -> tuple[Program, int]:
    """Return the program of a line: one box for all variables, or ``x:[0,1] y:(0,inf)``."""
    if ":" in case.box:
        boxes = dict([part.split(":") for part in case.box.split()])
    else:
        boxes = dict.fromkeys(load(case.formula).variables, case.box)
    found = load(case.formula, boxes=boxes)
    return found.program, found.outputs["f"]


WILD, BOUNDS, CALM, CANCELLING = (table(name) for name in ("wild", "bounds", "calm", "cancelling"))
