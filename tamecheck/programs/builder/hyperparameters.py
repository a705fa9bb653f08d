"""Exact hyper-parameters: what a user types, read as the number it was meant to be.

A slope, an epsilon or a dropout rate is an exact rational.  The readings are

=============== ==============================================================
``int``         itself
``Fraction``    itself
``str``         a decimal or a quotient: ``"1e-5"``, ``"0.1"``, ``"2/3"``
``float``       its *shortest decimal*: ``0.1`` is 1/10, not the dyadic number
                next to it, because a person typed it
=============== ==============================================================

An **array** is different: its entries were stored, not typed, and each one is read as
the exact dyadic rational that its bits denote (see `array_entries`).
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from tamecheck.errors import InputError

Number = int | float | str | Fraction

MAXIMAL_TEXT = 200
MAXIMAL_EXPONENT = 400
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)$")


def number(value: Number, what: str = "hyper-parameter") -> Fraction:
    """Return the exact rational a hyper-parameter stands for.

    >>> number(0.1), number("1e-2"), number(3)
    (Fraction(1, 10), Fraction(1, 100), Fraction(3, 1))
    """
    if isinstance(value, bool) or value is None:
        raise InputError(f"{what} is {value!r}, not a number", code="TC124")
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    text = value if isinstance(value, str) else _scalar_text(value, what)
    exponent = _EXPONENT.search(text)
    if len(text) > MAXIMAL_TEXT or (exponent and abs(int(exponent[1])) > MAXIMAL_EXPONENT):
        raise InputError(f"{what} {text[:40]!r} is too long or too extreme", code="TC124", hint="give a Fraction")
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{what} {text!r} is not a finite number", code="TC124", hint="write 3, '1e-5', '2/3'") from None


def _scalar_text(value: object, what: str) -> str:
    """Return the shortest decimal of a float, a NumPy scalar or another exact rational."""
    if isinstance(value, float):
        return float.__repr__(value)
    if hasattr(value, "numerator") and hasattr(value, "denominator") and not callable(value.numerator):
        return f"{int(value.numerator)}/{int(value.denominator)}"
    if getattr(value, "shape", None) == ():
        return str(value)
    raise InputError(f"{what} is {type(value).__name__}, not a number", code="TC124")


def is_number(value: object) -> bool:
    """Tell whether ``value`` is one number (not an array, a tensor or a truth value)."""
    if isinstance(value, bool) or value is None:
        return False
    return isinstance(value, (int, float, Fraction)) or (hasattr(value, "dtype") and getattr(value, "shape", None) == ())


def at_least(value: int, low: int, what: str) -> int:
    """Return an integer hyper-parameter that is not below ``low``."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise InputError(f"{what} is {value!r}, not an integer", code="TC124")
    result = value.__index__()
    if result < low:
        raise InputError(f"{what} is {result}, it must be at least {low}", code="TC124")
    return result


def integers(value: int | Sequence[int], count: int, what: str, low: int = 1) -> tuple[int, ...]:
    """Return ``count`` integers from one integer or a sequence, as for a kernel size."""
    if hasattr(value, "__index__"):
        return (at_least(value, low, what),) * count
    result = tuple(at_least(v, low, what) for v in value)
    if len(result) != count:
        raise InputError(f"{what} has {len(result)} entries, {count} are needed", code="TC124")
    return result


def one_of(value: str, choices: Sequence[str], what: str) -> str:
    """Return ``value`` if it is one of the choices."""
    if value not in choices:
        raise InputError(f"{what} is {value!r}", code="TC124", hint="one of " + ", ".join(map(repr, choices)))
    return value


def array_entries(value: object, what: str = "array") -> tuple[list[Fraction], tuple[int, ...]]:
    """Return the entries, in row-major order, and the shape of nested lists or of an array.

    Floats typed in lists are decimals; entries of arrays are the dyadic numbers stored.
    """
    if hasattr(value, "tolist") and hasattr(value, "shape"):
        shape = tuple(int(e) for e in value.shape)
        flat = value.reshape(-1).tolist()
        return [stored(e, what) for e in flat], shape
    entries, shape = [value], ()
    while any(isinstance(e, (list, tuple)) for e in entries):
        extents = {len(e) if isinstance(e, (list, tuple)) else -1 for e in entries}
        if len(extents) != 1:
            raise InputError(f"{what} has ragged rows", code="TC124")
        shape = (*shape, extents.pop())
        entries = [inner for e in entries for inner in e]
        if len(shape) > 32:
            raise InputError(f"{what} is nested more than 32 deep", code="TC124")
    return [Fraction(e) if isinstance(e, bool) else number(e, what) for e in entries], shape


def stored(entry: object, what: str) -> Fraction:
    """Return the exact value of a stored array entry."""
    if isinstance(entry, (bool, int)):
        return Fraction(int(entry))
    if isinstance(entry, float) and entry - entry == 0:
        return Fraction(entry)
    raise InputError(f"{what} holds {entry!r}, not a finite real number", code="TC124")
