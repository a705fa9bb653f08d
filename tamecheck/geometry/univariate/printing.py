"""Expressions and monomials as text in the language of formulas."""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate.expressions import Expr, terms

LONGEST = 4_000
LONGEST_NUMBER = 40


def text(e: Expr, variable: str = "x") -> str:
    """Return a formula; long ones are cut."""
    written: dict[int, tuple[str, int]] = {}
    for part in e.ancestors():
        shown = _write(part, written, variable)
        written[part.id] = shown if len(shown[0]) <= LONGEST else ("...", 4)
    return written[e.id][0]


def _write(e: Expr, written: dict[int, tuple[str, int]], variable: str) -> tuple[str, int]:
    """Return the text of a node and how tightly it binds: 1 sum, 2 product, 3 power, 4 atom."""
    if e.kind == "x":
        return variable, 4
    if e.kind == "number":
        return number(e.data), 4 if e.data >= 0 and e.data.denominator == 1 else 2 if e.data >= 0 else 1  # type: ignore[union-attr]
    if e.kind == "pi":
        return "pi", 4
    if e.kind in ("root", "parameter"):
        return e.data.name, 4  # type: ignore[union-attr]
    if e.kind == "seal":
        return written[e.args[0].id]
    if e.kind == "sum":
        return _sum(e, written)
    if e.kind == "prod":
        return _product([(written[b.id], k) for b, k in zip(e.args, e.data, strict=True)])  # type: ignore[arg-type]
    inner = written[e.args[0].id][0]
    name = e.kind if e.data is None else f"{e.kind}{e.data}"
    return f"{name}({inner})", 4


def _sum(e: Expr, written: dict[int, tuple[str, int]]) -> tuple[str, int]:
    parts = sorted(terms(e), key=lambda t: not t[1].varies)
    pieces = []
    for c, t in parts:
        shown, binding = written[t.id] if t.kind != "number" else ("", 4)
        if not shown:
            body = number(abs(c))
        elif abs(c) == 1:
            body = shown if binding >= 2 else f"({shown})"
        else:
            inner = shown if binding >= 2 else f"({shown})"
            top, bottom = abs(c).numerator, abs(c).denominator
            body = (f"{top}*" if top != 1 else "") + inner + (f"/{bottom}" if bottom != 1 else "")
        pieces.append(("-" if c < 0 else "+", body))
    head = ("-" if pieces[0][0] == "-" else "") + pieces[0][1]
    return head + "".join([f" {s} {b}" for s, b in pieces[1:]]), 1 if len(pieces) > 1 or pieces[0][0] == "-" else 2


def _product(parts: list[tuple[tuple[str, int], Fraction]]) -> tuple[str, int]:
    above = [_power(t, k) for t, k in parts if k > 0]
    below = [_power(t, -k) for t, k in parts if k < 0]
    top = "*".join(above) or "1"
    if not below:
        return top, 3 if len(above) == 1 and parts[0][1] != 1 else 2
    bottom = below[0] if len(below) == 1 else f"({'*'.join(below)})"
    return f"{top}/{bottom}", 2


def _power(shown: tuple[str, int], k: Fraction) -> str:
    body, binding = shown
    if k == 1:
        return body if binding >= 2 else f"({body})"
    if k == Fraction(1, 2):
        return f"sqrt({body})"
    base = body if binding >= 4 else f"({body})"
    return f"{base}**{k}" if k.denominator == 1 else f"{base}**({k})"


def number(q: Fraction) -> str:
    """Return a rational as ``p`` or ``p/q``; a long one as a decimal with 17 digits, which is near it only."""
    shown = str(q)
    if len(shown) <= LONGEST_NUMBER:
        return shown
    size = len(str(abs(q.numerator))) - len(str(q.denominator))
    digits = 17 - size
    scaled = q * Fraction(10) ** digits
    mantissa = round(scaled)
    return f"{mantissa}e{-digits}" if abs(size) > 12 else _decimal(mantissa, digits)


def _decimal(mantissa: int, digits: int) -> str:
    """Write ``mantissa * 10^-digits``."""
    sign, body = "-" if mantissa < 0 else "", str(abs(mantissa)).rjust(digits + 1, "0")
    return f"{sign}{body[:-digits]}.{body[-digits:].rstrip('0') or '0'}" if digits > 0 else f"{sign}{body}{'0' * -digits}"
