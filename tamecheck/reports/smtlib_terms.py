"""Literals of SMT-LIB."""

from fractions import Fraction


def rational(q: Fraction) -> str:
    """Return an exact real literal."""
    size = f"{abs(q.numerator)}.0" if q.denominator == 1 else f"(/ {abs(q.numerator)}.0 {q.denominator}.0)"
    return f"(- {size})" if q < 0 else size


def literal(term: str) -> Fraction | None:
    """Return the rational behind a literal written by `rational`, or ``None``."""
    body = term[3:-1] if term.startswith("(- ") else term
    parts = body[3:-1].split() if body.startswith("(/ ") else [body]
    if not all(part.endswith(".0") and part[:-2].isdigit() for part in parts):
        return None
    value = Fraction(int(parts[0][:-2]), int(parts[1][:-2]) if len(parts) == 2 else 1)
    return -value if term.startswith("(- ") else value
