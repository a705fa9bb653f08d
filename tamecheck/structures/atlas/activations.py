"""The atlas of activation functions: formulas as data, read from ``activations.toml``.

An entry is a formula of our language with the default values of its parameters.  Nothing about
definability is stored: that is proved from the formula each time it is asked.
"""

import tomllib
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files


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
    """

    name: str
    group: str
    formula: str
    parameters: dict[str, Fraction] = field(default_factory=dict)
    domain: str = "(-inf,inf)"
    note: str = ""
    reference: str = ""
    row: str = ""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """An activation of the catalogue without a formula in our language, and why."""

    name: str
    group: str
    reason: str


@lru_cache(maxsize=1)
def _tables() -> dict:
    return tomllib.loads(files("tamecheck.structures.atlas").joinpath("activations.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def activations() -> tuple[Activation, ...]:
    """Return all entries, in the order of the file."""
    return tuple([
        Activation(**{**entry, "parameters": {k: Fraction(v) for k, v in entry.get("parameters", {}).items()}})
        for entry in _tables()["activation"]
    ])


@lru_cache(maxsize=1)
def unwritten() -> tuple[Unwritten, ...]:
    """Return what could not be written, with the reason."""
    return tuple([Unwritten(**entry) for entry in _tables()["unwritten"]])


def find(name: str) -> Activation | None:
    """Return the entry of that name, letter case ignored, or ``None``."""
    wanted = name.casefold()
    return next((a for a in activations() if a.name.casefold() == wanted), None)
