"""Stratifications for people: text, data, pictures.

>>> print(strata("x^2+y^2 <= 1", ["x", "y"]))
Stratification(2 strata: 1 of dimension 1, 1 of dimension 2)
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from tamecheck.budget import Budget
from tamecheck.geometry.topology import strata as geometry
from tamecheck.reports import strata_text


class Report(geometry.Stratification):
    """A stratification that prints and draws itself."""

    def to_json(self) -> dict:
        """Return everything as plain data; exact numbers are texts, with decimals beside them."""
        return strata_text.to_json(self)

    def to_text(self, width: int = 80) -> str:
        """Return the report for a terminal."""
        return strata_text.to_text(self, width)

    def plot(self, path: str | Path, what: str = "auto") -> None:
        """Draw the strata (``"plane"``, ``"space"``) or the frontier poset (``"poset"``) into a file; needs matplotlib."""
        from tamecheck.reports.strata_picture import save

        save(self, path, what)


def strata(
    formula: object,
    variables: Sequence[str] | None = None,
    function: object = None,
    *,
    budget: Budget | None = None,
    observe: Callable[[dict], None] | None = None,
) -> Report:
    """Return a Whitney stratification; see `tamecheck.geometry.topology.strata.strata` for what may be given."""
    return geometry.strata(formula, variables, function, budget=budget, observe=observe, answer=Report)
