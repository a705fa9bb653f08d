"""The value of a tape at a rational point, in exact arithmetic: the program itself, not its pieces."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.programs.lowering.tape import Tape, apply, exact_power


def evaluate(tape: Tape, point: Sequence[Fraction]) -> dict[str, list[Fraction]]:
    """Return the entries of every output at a point.

    Raises
    ------
    InputError
        TC163: the program has no value there, or no rational one.
    """
    x = [Fraction(c) for c in point]
    if len(x) != len(tape.coordinates):
        raise InputError(f"a point here has {len(tape.coordinates)} coordinates, got {len(x)}", code="TC162")
    values: dict[int, Fraction] = {}
    stack = [s for slots in tape.outputs.values() for s in slots]
    outputs = {name: list(slots) for name, slots in tape.outputs.items()}
    while stack:
        s = stack[-1]
        if s in values:
            stack.pop()
            continue
        operation, payload, arguments = tape.slots[s]
        if operation == "where":
            c = arguments[0]
            arguments = (c,) if c not in values else (c, arguments[1] if values[c] else arguments[2])
        waiting = [a for a in arguments if a not in values]
        if waiting:
            stack += waiting
            continue
        values[s] = _value(tape, s, operation, payload, [values[a] for a in arguments], x)
        stack.pop()
    return {name: [values[s] for s in slots] for name, slots in outputs.items()}


def _value(tape: Tape, slot: int, operation: str, payload: object, given: list[Fraction], x: list[Fraction]) -> Fraction:
    rule = RULES.get(operation)
    if operation == "variable":
        return x[payload]
    if operation == "number":
        return payload
    if rule is not None:
        result = rule(given, payload)
    elif operation == "opaque" and payload in ROUNDED:
        result = Fraction(ROUNDED[payload](given[0]))
    elif operation in ("undefined", "opaque"):
        result = None
    else:
        result = apply(operation, given)
    if result is None:
        raise InputError("the program has no rational value at this point", code="TC163", where=tape.place(slot))
    return result


def _power(given: list[Fraction], exponent: Fraction) -> Fraction | None:
    base = given[0]
    if exponent.denominator == 1:
        return base ** int(exponent) if base or exponent > 0 else None
    return exact_power(base, exponent) if base >= 0 else None


def _product(given: list[Fraction], _: object) -> Fraction:
    return given[0] * given[1]


ROUNDED: dict[object, Callable] = {"floor": Fraction.__floor__, "ceil": Fraction.__ceil__, "round": Fraction.__round__}
RULES: dict[str, Callable] = {
    "sum": lambda given, _: sum(given, Fraction(0)), "product": _product, "power": _power,
    "quotient": lambda given, _: given[0] / given[1] if given[1] else None, "where": lambda given, _: given[-1],
}  # fmt: skip
