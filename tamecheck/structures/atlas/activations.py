"""The atlas of activation functions: formulas as data, read from the files ``activations*.toml`` beside this one.

An entry is a formula of our language with the default values of its parameters.  Nothing about
definability is typed in: `golden` reads verdicts that the prover wrote (``benchmarks/activation_golden.py``), and a
test proves them again.
"""

import json
import tomllib
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files

SOURCES = ("activations.toml", "activations_literature.toml", "activations_losses.toml", "activations_kernels.toml")
LINE = "(-inf,inf)"


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation function.

    Attributes
    ----------
    name, group : str
    formula : str — in ``x``, or ``x, y`` and ``x, y, z`` for gates and vectors, and in the parameters
    parameters : dict of str to Fraction — default values
    domain : str — the interval of every variable, in canonical text
    note, reference : str — short, possibly empty
    row : str — the row of the catalogue of peers that this entry answers, or empty
    same_as : str — the entry that is the same function up to names, scaling of parameters or default values, or empty
    """

    name: str
    group: str
    formula: str
    parameters: dict[str, Fraction] = field(default_factory=dict)
    domain: str = LINE
    note: str = ""
    reference: str = ""
    row: str = ""
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A function that is named in the literature and has no formula in our language, and why."""

    name: str
    group: str
    reason: str


@lru_cache(maxsize=1)
def _tables() -> list[dict]:
    folder = files("tamecheck.structures.atlas")
    return [tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8")) for name in SOURCES]


@lru_cache(maxsize=1)
def activations() -> tuple[Activation, ...]:
    """Return all entries, in the order of the files."""
    return tuple([
        Activation(**{**entry, "parameters": {k: Fraction(v) for k, v in entry.get("parameters", {}).items()}})
        for table in _tables()
        for entry in table["activation"]
    ])


@lru_cache(maxsize=1)
def unwritten() -> tuple[Unwritten, ...]:
    """Return what could not be written, with the reason."""
    return tuple([Unwritten(**entry) for table in _tables() for entry in table.get("unwritten", ())])


def find(name: str) -> Activation | None:
    """Return the entry of that name, letter case ignored, or ``None``."""
    wanted = name.casefold()
    return next((a for a in activations() if a.name.casefold() == wanted), None)


@lru_cache(maxsize=1)
def golden() -> dict[str, dict]:
    """Return the verdicts the prover wrote for each entry of one variable, by name.

    They are data for tables; whoever needs a verdict proves it (`tamecheck.certify`, `tamecheck.activation`).
    """
    text = files("tamecheck.structures.atlas").joinpath("activations_golden.json").read_text(encoding="utf-8")
    return json.loads(text)["entries"]
