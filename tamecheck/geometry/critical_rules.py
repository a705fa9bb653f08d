"""What automatic differentiation returns where an operator has no derivative, as data."""

from collections.abc import Mapping
from fractions import Fraction

from tamecheck.errors import InputError

SIDES = ("left", "right", "largest", "smallest")
HALF = (Fraction(1, 2), Fraction(1, 2))


class Rules:
    """The derivatives at kinks; the defaults are those of PyTorch.

    Parameters
    ----------
    kinks : operator -> {place: derivative}, or one of ``"left"``, ``"right"``, ``"largest"``, ``"smallest"`` one-sided derivative; a
        place that is not listed is differentiated through the operator's definition
    ties : ``"max"`` or ``"min"`` -> the two partial derivatives where the arguments are equal
    absolute : derivative of ``abs`` at 0
    name : for people
    """

    def __init__(
        self,
        kinks: Mapping[str, Mapping | str] | None = None,
        ties: Mapping[str, tuple] | None = None,
        absolute: Fraction | int = 0,
        name: str = "torch",
    ) -> None:
        self.kinks: dict[str, Mapping[Fraction, Fraction] | str] = {}
        for op, table in (TORCH_KINKS if kinks is None else kinks).items():
            if isinstance(table, str) and table not in SIDES:
                raise InputError(f"{table[:30]!r} is no side of a kink", code="TC100", hint=", ".join(SIDES))
            self.kinks[op] = table if isinstance(table, str) else {Fraction(at): Fraction(d) for at, d in table.items()}
        self.ties = {"max": HALF, "min": HALF}
        for op, pair in (ties or {}).items():
            self.ties[op] = (Fraction(pair[0]), Fraction(pair[1]))
        self.absolute = Fraction(absolute)
        self.name = name

    def __repr__(self) -> str:
        return f"Rules({self.name!r})"

    def kink(self, operator: str) -> Mapping[Fraction, Fraction] | str:
        """Return the derivatives given for an operator, by place, or the side."""
        return self.kinks.get(operator, {})


TORCH_KINKS: dict[str, Mapping | str] = {
    "relu": {0: 0}, "relu6": "smallest", "hardtanh": "smallest", "hardswish": {-3: Fraction(-1, 2), 3: Fraction(3, 2)}, "hardsigmoid": "smallest",
    "leaky_relu": "left", "clamp": "largest", "clip": "largest",
}  # fmt: skip
"""``relu`` and ``hardtanh`` return 0 at their kinks, ``clamp`` 1, ``leaky_relu`` its negative slope, ``hardswish`` the inner derivatives."""

JAX_KINKS: dict[str, Mapping | str] = {
    "relu": {0: 0}, "relu6": {0: 0, 6: 0}, "hardtanh": "smallest", "hardswish": {-3: 0, 3: 1}, "leaky_relu": "right", "clamp": {}, "clip": {},
}  # fmt: skip

TORCH = Rules()
JAX = Rules(JAX_KINKS, absolute=1, name="jax")
NAMED = {"torch": TORCH, "jax": JAX}


def as_rules(rules: object) -> Rules:
    """Return rules from ``None``, a name, a `Rules`, a mapping of its parameters, or an object with a method ``kink_rules`` that returns one.

    Raises
    ------
    InputError
        TC100 for anything else.
    """
    if rules is None:
        return TORCH
    if isinstance(rules, Rules):
        return rules
    if isinstance(rules, str) and rules in NAMED:
        return NAMED[rules]
    if isinstance(rules, Mapping):
        return Rules(**{"name": "given", **rules})
    made = getattr(rules, "kink_rules", None)
    if made is not None:
        return as_rules(made())
    raise InputError(f"{str(rules)[:40]!r} is no set of rules", code="TC100", hint=", ".join(NAMED))
