"""Matrices and vectors that a user gives: exact numbers of the right shape."""

from fractions import Fraction

from tamecheck.errors import InputError

MAXIMAL_SIDE = 200


def number(x: object, name: str) -> Fraction:
    """Return an exact number; a float is the decimal that is typed."""
    try:
        if isinstance(x, bool):
            raise TypeError
        return Fraction(repr(float(x))) if isinstance(x, float) else Fraction(x)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError) as failure:
        raise InputError(f"{str(x)[:30]!r} is no rational number", code="TC174", where=name, hint='1, "1/3", 0.5') from failure


def vector(v: object, name: str, length: int | None = None) -> list[Fraction]:
    """Return a vector; TC174 if it is none or has another length."""
    if isinstance(v, str) or not hasattr(v, "__iter__"):
        raise InputError(f"{name} is no vector", code="TC174", hint="a list of numbers")
    out = [number(x, name) for x in (v.tolist() if hasattr(v, "tolist") else v)]
    if length is not None and len(out) != length:
        raise InputError(f"{name} has {len(out)} entries, not {length}", code="TC174")
    return out


def matrix(a: object, name: str, rows: int | None = None, columns: int | None = None) -> list[list[Fraction]]:
    """Return a matrix as rows; TC174 if it is none or has another shape."""
    if isinstance(a, str) or not hasattr(a, "__iter__"):
        raise InputError(f"{name} is no matrix", code="TC174", hint="a list of rows")
    given = a.tolist() if hasattr(a, "tolist") else list(a)
    if len(given) > MAXIMAL_SIDE:
        raise InputError(f"{name} has {len(given)} rows, the limit is {MAXIMAL_SIDE}", code="TC174")
    out = [vector(row, name) for row in given]
    if not out or not out[0] or len({len(r) for r in out}) > 1:
        raise InputError(f"{name} is empty or its rows have different lengths", code="TC174")
    if (rows is not None and len(out) != rows) or (columns is not None and len(out[0]) != columns):
        raise InputError(f"{name} has shape {len(out)} x {len(out[0])}, not {rows or 'any'} x {columns or 'any'}", code="TC174")
    return out


def square(a: object, name: str) -> list[list[Fraction]]:
    """Return a square matrix."""
    out = matrix(a, name)
    return matrix(out, name, len(out), len(out))


def few(count: int, limit: int, what: str) -> None:
    """Refuse an exact solution by enumeration that would be too long: TC175."""
    if count > limit:
        raise InputError(f"{count} {what}, the solution is enumerated exactly for {limit}", code="TC175", hint="a smaller instance")
