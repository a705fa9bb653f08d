"""What a path through a tape can meet: a split, a point without a value, an auxiliary variable."""

from typing import TYPE_CHECKING

from flint import fmpz_mpoly

if TYPE_CHECKING:
    from tamecheck.programs.lowering.conditions import Domain

Quotient = tuple[fmpz_mpoly, fmpz_mpoly]
"""Numerator and denominator, without a common factor."""


class Split(Exception):
    """A sign is open: the domains of the branches."""

    def __init__(self, domains: "list[Domain]") -> None:
        self.domains = domains


class Undefined(Exception):
    """The program has no value on this path."""


class Dead(Exception):
    """The path has no point."""


class Root:
    """An auxiliary variable: ``variable ** degree == numerator/denominator``, not negative."""

    __slots__ = ("variable", "degree", "radicand")

    def __init__(self, variable: str, degree: int, radicand: Quotient) -> None:
        self.variable, self.degree, self.radicand = variable, degree, radicand

    def __repr__(self) -> str:
        return f"{self.variable}**{self.degree} == {as_text(self.radicand)}, {self.variable} >= 0"


def as_text(v: Quotient) -> str:
    """Return a quotient in the language of formulas."""
    n, d = str(v[0]).replace(" ", ""), str(v[1]).replace(" ", "")
    if d == "1":
        return n
    top = f"({n})" if len(v[0]) > 1 else n
    bottom = d if d.replace("_", "a").isalnum() else f"({d})"
    return f"{top}/{bottom}"
