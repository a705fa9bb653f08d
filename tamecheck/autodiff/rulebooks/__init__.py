"""Rule books: what a framework's automatic differentiation returns at the kinks and ties of its operators.

The files beside this one were written by ``benchmarks/rulebooks.py``, which runs the framework; nothing is taken from documentation.  A book
knows what was probed and nothing else: an operator that is not listed is unknown, never "like relu".

>>> book = load("torch")
>>> book.version, book.value("relu", 0), book.value("max", (1, 1))
('2.13.0', (Fraction(0, 1),), (Fraction(1, 2), Fraction(1, 2)))
>>> load("jax").value("abs", 0), load("jax").value("sqrt", 0), load("jax").value("nothing", 0)
((Fraction(1, 1),), ('inf',), None)
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

from tamecheck.errors import InputError

NAMES = ("torch", "jax", "tensorflow")
MODES = ("reverse", "forward")
Entry = Fraction | str
"""A partial derivative: a rational, or ``"nan"``, ``"inf"``, ``"-inf"`` where the framework returns no number."""


@dataclass(frozen=True)
class Row:
    """One operator at one point.

    Attributes
    ----------
    operator : str
    parameters : mapping — of numbers that the operator takes besides its arguments
    where : str — the condition, in ``x0, x1, ...`` and the parameters
    point : tuple — where the framework was run
    call : str — what was run
    values : mapping — mode to the partial derivatives, one per argument; ``None`` if the mode is refused
    side : ``"left"``, ``"right"``, ``"mean"`` or ``"both"`` one-sided derivatives (equal ones), if the value is one of them
    """

    operator: str
    parameters: Mapping[str, Fraction]
    where: str
    point: tuple[Fraction, ...]
    call: str
    values: Mapping[str, tuple[Entry, ...] | None]
    side: str | None = None


@dataclass(frozen=True)
class RuleBook:
    """The kinks and ties of one framework in one mode.

    Attributes
    ----------
    framework, version, dtype, mode : str
    rows : tuple of Row — operators with scalar arguments
    tensors : tuple of dict — reductions, sorts, norms and small programs, as they were probed; for tables
    """

    framework: str
    version: str
    dtype: str
    mode: str
    rows: tuple[Row, ...] = field(repr=False)
    tensors: tuple[dict, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """The framework with its version."""
        return f"{self.framework} {self.version}"

    def operators(self) -> list[str]:
        """Return the operators that are listed."""
        return list(dict.fromkeys([r.operator for r in self.rows]))

    def at(self, operator: str, point: object, parameters: Mapping[str, object] | None = None) -> Row | None:
        """Return the row of an operator at a point (with exactly these parameters), or ``None``."""
        place = tuple([Fraction(c) for c in (point if isinstance(point, Sequence) else (point,))])
        wanted = {k: Fraction(v) for k, v in (parameters or {}).items()}
        for r in self.rows:
            if r.operator == operator and r.point == place and (r.parameters == wanted or (not wanted and parameters is None)):
                return r
        return None

    def value(self, operator: str, point: object, parameters: Mapping[str, object] | None = None) -> tuple[Entry, ...] | None:
        """Return the partial derivatives at a point that was probed, ``None`` where nothing is known."""
        row = self.at(operator, point, parameters)
        return None if row is None else row.values[self.mode]

    def kinks(self, operator: str) -> list[Row]:
        """Return all rows of an operator."""
        return [r for r in self.rows if r.operator == operator]

    def side(self, operator: str, where: str) -> str | None:
        """Return the side that all probes of a parametrised operator agree on at a kink, if there is one."""
        found = {r.side for r in self.rows if r.operator == operator and r.where == where} - {"both"}
        return found.pop() if len(found) == 1 else None


@cache
def load(name: str, mode: str = "reverse") -> RuleBook:
    """Return the stored rule book of a framework.

    Raises
    ------
    InputError
        TC190: no such framework or mode.
    """
    if name not in NAMES:
        raise InputError(f"no rule book for {str(name)[:40]!r}", code="TC190", hint=", ".join(NAMES) + ", or a file of rules")
    if mode not in MODES:
        raise InputError(f"no mode {str(mode)[:40]!r} of differentiation", code="TC190", hint=" or ".join(MODES))
    data = json.loads((Path(__file__).with_name(f"{name}.json")).read_text(encoding="utf-8"))
    rows = []
    for raw in [*data["scalar"], *data["several"]]:
        values = {m: None if raw[m] is None else tuple([_entry(v) for v in raw[m]]) for m in MODES}
        parameters = {k: Fraction(v) for k, v in raw.get("parameters", {}).items()}
        rows.append(Row(raw["operator"], parameters, raw["where"], tuple([Fraction(c) for c in raw["point"]]), raw["call"], values, raw.get("side")))
    return RuleBook(data["framework"], data["version"], data["dtype"], mode, tuple(rows), tuple(data["tensors"]))


def _entry(text: str) -> Entry:
    """Return a stored number; ``none`` (no gradient flows) is 0."""
    return text if text in ("nan", "inf", "-inf") else Fraction(0) if text == "none" else Fraction(text)
