"""Functions with ``f(x + T) = f(x) + c`` on the line: the pattern of one period repeats, so infinitely many features have a finite description.

Increments go through the program node by node: under ``x -> x + T`` the variable grows by T, a sum by the sum, a multiple by the
multiple; sin and cos of something that grows by a multiple of 2 pi do not change; floor and ceil of something that grows by an
integer grow by it, and round by an even one (it rounds halves to even); any function of arguments that do not change does not
change; max, min and a choice grow by what both sides grow by.  T is the least common multiple of the periods met.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.expressions import Algebra, Expr
from tamecheck.programs.program import Program

LONGEST = 60


class Period(NamedTuple):
    """``f(x + period) = f(x) + increment`` for all x."""

    period: Expr
    increment: Expr


def period_of(program: Program, output: int, algebra: Algebra) -> Period | None:
    """Return a period of a program with one scalar input on the whole line, ``None`` when none is seen."""
    order = program.ancestors([output])
    if any(program.nodes[n][3] != () or (program.nodes[n][0] == "input" and program.nodes[n][1][2] != "(-inf,inf)") for n in order):
        return None
    slopes = _slopes(program, order, algebra)
    candidate = _common(_bases(program, order, slopes, algebra))
    if candidate is None:
        return None
    grown = _increments(program, order, slopes, candidate, algebra)
    found = grown.get(output)
    return None if found is None else Period(candidate, found)


def _slopes(program: Program, order: list[int], k: Algebra) -> dict[int, tuple[Expr, Expr | None]]:
    """Return ``(a, value)`` for nodes ``a x + b``; the value is that of a constant node."""
    known: dict[int, tuple[Expr, Expr | None]] = {}
    for n in order:
        kind, parameters, arguments, _ = program.nodes[n]
        inner = [known.get(a) for a in arguments]
        if kind == "input":
            known[n] = k.one, None
        elif kind == "constant" and parameters[0] == "splat":
            known[n] = k.zero, k.number(Fraction(parameters[1]))
        elif kind != "map" or None in inner:
            continue
        elif parameters[0] == "pi":
            known[n] = k.zero, k.pi
        elif parameters[0] in ("add", "sub"):
            sign = 1 if parameters[0] == "add" else -1
            values = [v for _, v in inner]  # type: ignore[misc]
            total = None if None in values else k.linear([(Fraction(1), values[0]), (Fraction(sign), values[1])])
            known[n] = k.linear([(Fraction(1), inner[0][0]), (Fraction(sign), inner[1][0])]), total  # type: ignore[index]
        elif parameters[0] == "neg":
            known[n] = k.neg(inner[0][0]), None if inner[0][1] is None else k.neg(inner[0][1])  # type: ignore[index]
        elif parameters[0] == "mul":
            for (a, x), (_, y) in (inner, inner[::-1]):  # type: ignore[misc]
                if y is not None:
                    known[n] = k.mul(a, y), None if x is None else k.mul(x, y)
                    break
        elif parameters[0] == "div" and inner[1][1] is not None and constants.sign(inner[1][1]):  # type: ignore[index]
            (a, x), (_, y) = inner  # type: ignore[misc]
            known[n] = k.div(a, y), None if x is None else k.div(x, y)
    return known


def _bases(program: Program, order: list[int], slopes: dict, k: Algebra) -> list[Expr]:
    """Return the least periods of the oscillating nodes with affine arguments."""
    result = []
    for n in order:
        kind, parameters, arguments, _ = program.nodes[n]
        if kind != "map" or parameters[0] not in ("sin", "cos", "tan", "floor", "ceil", "round") or arguments[0] not in slopes:
            continue
        a = slopes[arguments[0]][0]
        s = constants.sign(a)
        if not s:
            continue
        unit = {"sin": k.scale(2, k.pi), "cos": k.scale(2, k.pi), "tan": k.pi, "round": k.number(2)}.get(parameters[0], k.one)
        result.append(k.scale(s, k.div(unit, a)))
    return result


def _common(periods: list[Expr]) -> Expr | None:
    """Return the least common multiple of commensurable periods."""
    if not periods:
        return None
    first = periods[0]
    ratios = [first.algebra.div(p, first).rational for p in periods]
    if None in ratios:
        return None
    top, bottom = 1, 0
    for q in ratios:
        top, bottom = lcm(top, q.numerator), gcd(bottom, q.denominator)  # type: ignore[union-attr]
    return first.algebra.scale(Fraction(top, bottom), first) if top <= LONGEST else None


def _increments(program: Program, order: list[int], slopes: dict, period: Expr, k: Algebra) -> dict[int, Expr]:
    grown: dict[int, Expr] = {}
    for n in order:
        kind, parameters, arguments, _ = program.nodes[n]
        if n in slopes:
            grown[n] = k.mul(slopes[n][0], period)
            continue
        inner = [grown.get(a) for a in arguments]
        found = None if None in inner else _increment(k, kind, parameters, arguments, inner, slopes)  # type: ignore[arg-type]
        if found is not None:
            grown[n] = found
    return grown


def _increment(k: Algebra, kind: str, parameters: tuple, arguments: tuple, inner: list[Expr], slopes: dict) -> Expr | None:
    same = all(c is k.zero for c in inner)
    if kind in ("compare", "where", "logic") or kind == "map":
        if same:
            return k.zero
    else:
        return None
    if kind == "compare":
        return k.zero if inner[0] is inner[1] else None
    if kind == "where":
        return inner[1] if inner[0] is k.zero and inner[1] is inner[2] else None
    if kind != "map":
        return None
    name = parameters[0]
    if name in ("add", "sub"):
        return k.linear([(Fraction(1), inner[0]), (Fraction(1 if name == "add" else -1), inner[1])])
    if name == "neg":
        return k.neg(inner[0])
    if name in ("max", "min"):
        return inner[0] if inner[0] is inner[1] else None
    if name in ("mul", "div"):
        for i, j in ((0, 1), (1, 0)) if name == "mul" else ((0, 1),):
            value = slopes.get(arguments[j], (None, None))[1]
            if value is not None:
                return k.mul(inner[i], value) if name == "mul" else k.div(inner[i], value)
        return None
    turns = {"sin": k.scale(2, k.pi), "cos": k.scale(2, k.pi), "tan": k.pi}.get(name)
    if turns is not None:
        q = k.div(inner[0], turns).rational
        return k.zero if q is not None and q.denominator == 1 else None
    q = inner[0].rational
    if name in ("floor", "ceil", "round") and q is not None and q.denominator == 1 and (name != "round" or q.numerator % 2 == 0):
        return inner[0]
    return None
