"""What automatic differentiation returns where an operator has no derivative, as data.

The rules of the frameworks are the measured ones of `tamecheck.autodiff.rulebooks`; operators that no book lists are differentiated through
their definition.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from tamecheck.errors import InputError

SIDES = ("left", "right", "mean", "largest", "smallest")
HALF = (Fraction(1, 2), Fraction(1, 2))
Kink = Mapping[Fraction, Fraction] | str | tuple
"""Derivatives by place, one side for all kinks, or a side or number for each kink from below."""


class Rules:
    """The derivatives at kinks.

    Parameters
    ----------
    kinks : operator -> {place: derivative}, or one of `SIDES`, or a tuple with one of these (or a number) for each kink from below; a place
        that is not listed is differentiated through the operator's definition
    ties : ``"max"`` or ``"min"`` -> the two partial derivatives where the arguments are equal
    absolute : derivative of ``abs`` at 0
    name : for people
    """

    def __init__(
        self,
        kinks: Mapping[str, object] | None = None,
        ties: Mapping[str, Sequence] | None = None,
        absolute: Fraction | int = 0,
        name: str = "given",
    ) -> None:
        self.kinks: dict[str, Kink] = {op: _kink(table) for op, table in (kinks or {}).items()}
        self.ties = {"max": HALF, "min": HALF}
        for op, pair in (ties or {}).items():
            self.ties[op] = (Fraction(pair[0]), Fraction(pair[1]))
        self.absolute = Fraction(absolute)
        self.name = name

    def __repr__(self) -> str:
        return f"Rules({self.name!r})"

    def kink(self, operator: str) -> Kink:
        """Return the derivatives given for an operator."""
        return self.kinks.get(operator, {})


def _kink(table: object) -> Kink:
    if isinstance(table, Mapping):
        return {Fraction(at): Fraction(d) for at, d in table.items()}
    entries = (table,) if isinstance(table, str) else tuple(table)
    for e in entries:
        if isinstance(e, str) and e not in SIDES:
            raise InputError(f"{e[:30]!r} is no side of a kink", code="TC100", hint=", ".join(SIDES))
    return table if isinstance(table, str) else tuple([e if isinstance(e, str) else Fraction(e) for e in entries])


def from_book(book) -> Rules:
    """Return the rules of a rule book (`tamecheck.autodiff.rulebooks.RuleBook`)."""
    kinks: dict[str, object] = {}
    for operator in book.operators():
        rows = [r for r in book.kinks(operator) if r.values[book.mode] is not None]
        plain = [r for r in rows if len(r.point) == 1 and not r.parameters]
        if plain:
            kinks[operator] = {r.point[0]: r.values[book.mode][0] for r in plain if isinstance(r.values[book.mode][0], Fraction)}
        elif rows and all([len(r.point) == 1 for r in rows]):
            sides = [book.side(operator, where) for where in dict.fromkeys([r.where for r in rows])]
            if None not in sides:
                kinks[operator] = tuple(sides)
        elif operator == "clamp":
            kinks["clamp"] = kinks["clip"] = tuple([r.values[book.mode][0] for r in rows if isinstance(r.values[book.mode][0], Fraction)])
    ties = {op: book.value(op, (1, 1)) for op in ("max", "min") if book.value(op, (1, 1)) is not None}
    absolute = book.value("abs", 0)
    return Rules(kinks, ties, absolute[0] if absolute else 0, book.name)


def as_rules(rules: object) -> Rules:
    """Return rules from ``None`` (PyTorch's), the name of a framework, a rule book, a `Rules`, or a mapping of its parameters.

    Raises
    ------
    InputError
        TC100 for anything else, TC190 for a name that is no framework's.
    """
    from tamecheck.autodiff import rulebooks

    if rules is None or isinstance(rules, str):
        return from_book(rulebooks.load(rules or "torch"))
    if isinstance(rules, Rules):
        return rules
    if isinstance(rules, rulebooks.RuleBook):
        return from_book(rules)
    if isinstance(rules, Mapping):
        unknown = [k for k in rules if k not in ("kinks", "ties", "absolute", "name")]
        if unknown:
            raise InputError(f"unknown key {str(unknown[0])[:30]!r} in rules", code="TC100", hint="kinks, ties, absolute, name")
        return Rules(**rules)
    raise InputError(f"{str(rules)[:40]!r} is no set of rules", code="TC100", hint=", ".join(rulebooks.NAMES))
