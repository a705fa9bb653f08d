"""Intervals shortened for people: long rational ends are rounded outwards, so the interval still holds all values."""

from fractions import Fraction

from tamecheck.ground.intervals import from_text


def short_range(text: str) -> str:
    """Return an interval with long rational ends rounded outwards to a short decimal, marked ``~``."""
    if len(text) <= 24:
        return text
    low, high, low_closed, high_closed = from_text(text)
    left = "-inf" if low is None else _short(low, -1)
    right = "inf" if high is None else _short(high, 1)
    return f"{'[' if low_closed else '('}{left}, {right}{']' if high_closed else ')'}"


def _short(q: Fraction, direction: int) -> str:
    """Return a rational as it is when short, else rounded away from the interval to five decimals or digits."""
    text = str(q)
    if len(text) <= 9:
        return text
    size = abs(q.numerator) // q.denominator
    scale = 10**5 if size < 10**6 else 1
    scaled = (q.numerator * scale) // q.denominator + (1 if direction > 0 else 0)
    if scale == 1:
        digits = str(abs(scaled))
        head = int(digits[:4]) + (1 if (scaled > 0) == (direction > 0) else 0)
        return f"~{'-' if scaled < 0 else ''}{head}e{len(digits) - 4}"
    whole, rest = divmod(abs(scaled), scale)
    if scaled == 0 or (whole == 0 and rest == 0):
        return "~0"
    return f"~{'-' if scaled < 0 else ''}{whole}.{rest:05d}".rstrip("0").rstrip(".")
