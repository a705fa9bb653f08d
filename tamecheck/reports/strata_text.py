"""The report of `tamecheck strata`: as data, and as plain text."""

from fractions import Fraction
from textwrap import wrap

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.descriptions import decimal
from tamecheck.ground.algebraic import AlgebraicNumber, polynomial_text

NAMES = {0: ("point", "points"), 1: ("curve", "curves"), 2: ("surface", "surfaces")}
LISTED = 40
LONGEST = 400


def exact(x: object, name: str) -> str:
    """Return a coordinate as exact text; a number without a known minimal polynomial as an enclosure."""
    if isinstance(x, Fraction):
        return str(x)
    if isinstance(x, AlgebraicNumber):
        return f"root({polynomial_text(x.polynomial, name)}, {x.index + 1}, {name})"
    return str(x)


def short(x: object) -> str:
    """Return a coordinate for a table."""
    return str(x) if isinstance(x, Fraction) else f"{decimal(x):.4g}.."


def to_json(s) -> dict:
    """Return a stratification as plain data; exact numbers are texts."""
    topology = facts(s)
    zero = s.zero_set
    return {
        "kind": s.kind,
        "variables": list(s.variables),
        "cells": len(s.frame.adjacency),
        "coordinates": str(s.frame.chart),
        "strata": [_stratum(s, k) for k in s.strata],
        "count_by_dimension": list(s.count_by_dimension),
        "frontier": [list(edge) for edge in s.frontier],
        "closures": [sorted(c) for c in s.closures],
        "whitney": dict(s.whitney),
        "whitney_reason": reason(s),
        "coarse": s.coarse,
        "refinements": [_refinement(s, r) for r in s.refinements],
        "euler": s.euler,
        "euler_ordinary": topology["euler_ordinary"],
        "betti": topology["betti"],
        "topology": topology,
        "components": s.components,
        "zero_set": None if zero is None else _set_facts(zero),
    }


def _stratum(s, k) -> dict:
    description = k.description
    return {
        "number": k.number,
        "dimension": k.dimension,
        "formula": description.text,
        "formula_exact": description.exact,
        "sample": [exact(x, name) for x, name in zip(k.sample, s.variables, strict=True)],
        "sample_decimal": [decimal(x) for x in k.sample],
        "euler": k.euler,
        "euler_ordinary": -k.euler if k.dimension % 2 else k.euler,
        "cells": len(k.cells),
        "reason": k.reason,
    }


def _refinement(s, r) -> dict:
    arc = r.arc
    return {
        "stratum": r.stratum,
        "point": [exact(x, name) for x, name in zip(r.point, s.variables, strict=True)],
        "reason": r.reason,
        "arc": None
        if arc is None
        else {
            "condition": arc.condition, "curve": list(arc.curve), "companion": list(arc.companion), "normal": list(arc.normal),
            "direction": list(arc.direction), "text": str(arc),
        },
    }  # fmt: skip


def facts(s) -> dict:
    """Return the topology of the whole set."""
    return _set_facts(s.region)


def _set_facts(r) -> dict:
    out = {
        "dimension": r.dimension, "components": len(r.components), "euler": r.euler_compact, "open": r.is_open, "closed": r.is_closed,
        "bounded": r.is_bounded, "euler_ordinary": None, "betti": None, "torsion": None, "method": None, "unknown_because": None,
    }  # fmt: skip
    try:
        out["betti"], out["euler_ordinary"] = list(r.betti), r.euler
        out["torsion"] = [list(t) for t in r.homology.torsion]
        out["method"] = r.method if r.members else "cells"
    except BudgetExceeded as stop:
        out["unknown_because"] = str(stop)
    return out


def reason(s) -> str:
    """Return why Whitney's conditions hold."""
    if len(s.variables) == 1:
        return "points and intervals of the line"
    if len(s.variables) == 2:
        return "curves and points of the plane: a branch of a semialgebraic curve has a limit tangent at its end"
    return "the surface is equisingular along each curve (smooth discriminants along transversal directions, Zariski 1965)"


# -------------------------------------------------------------------------- text


def to_text(s, width: int = 80) -> str:
    """Return the report for a terminal."""
    lines = wrap(_title(s), width) + [""]
    lines.append(_counts(s))
    cells = len(s.frame.adjacency)
    lines.append(f"from {cells} {'cell' if cells == 1 else 'cells'}; coordinates {s.frame.chart}")
    if not s.strata:
        return "\n".join(lines)
    lines.append("")
    lines += _table(s, width)
    lines.append("")
    lines += _frontier(s, width)
    lines += _whitney(s, width)
    lines += _topology(s, width)
    return "\n".join(lines)


def _title(s) -> str:
    n = len(s.variables)
    if s.kind == "set":
        return f"strata of the set {s.task.text} in R^{n}"
    if s.kind == "function":
        return f"strata of R^{n} on each of which the function is a polynomial ({len(s.task.pieces)} pieces at most)"
    many = "" if len(s.task.family) == 1 else "all of "
    return f"strata of R^{n} with constant sign of {many}{s.task.text}"


def name(dimension: int, ambient: int, count: int) -> str:
    """Return what strata of a dimension are called."""
    if dimension == ambient:
        word = "open interval" if ambient == 1 else "open region"
        return word if count == 1 else word + "s"
    return NAMES[dimension][count != 1]


def _counts(s) -> str:
    counts = list(enumerate(s.count_by_dimension))
    parts = [f"{c} {name(d, len(s.variables), c)}" for d, c in reversed(counts) if c]
    if not parts:
        return "no strata: the set is empty"
    return f"{len(s.strata)} {'stratum' if len(s.strata) == 1 else 'strata'}: " + ", ".join(parts)


def _table(s, width: int) -> list[str]:
    shown = s.strata[:LISTED]
    samples = ["(" + ", ".join([short(x) for x in k.sample]) + ")" for k in shown]
    pad = max([len(t) for t in samples], default=6)
    lines = [f"  no. dim  chi_c  {'sample':<{pad}}  formula"] if shown else []
    for k, sample in zip(shown, samples, strict=True):
        description = k.description
        text = description.text if description.exact else f"the component of the sample in: {description.text}"
        if len(text) > LONGEST:
            text = text[: LONGEST - 40].rsplit(" ", 1)[0] + " ... (whole: --json)"
        head = f"  {k.number:>3} {k.dimension:>3}  {k.euler:>5}  {sample:<{pad}}  "
        room = max(width - len(head), 30)
        rows = wrap(text, room, break_long_words=False) or [""]
        lines.append(head + rows[0])
        lines += [" " * len(head) + row for row in rows[1:]]
    if len(s.strata) > LISTED:
        lines.append(f"  and {len(s.strata) - LISTED} more (--json lists all)")
    return lines


def _frontier(s, width: int) -> list[str]:
    if not s.frontier:
        return ["frontier   no stratum meets the closure of another"]
    parts = []
    for k in s.strata:
        if s.closures[k.number]:
            parts.append(f"cl({k.number}) = {_numbers([k.number, *s.closures[k.number]])}")
    return wrap("frontier   " + "; ".join(parts[:LISTED]) + ("; ..." if len(parts) > LISTED else ""), width, subsequent_indent=" " * 11)


def _numbers(values: list[int]) -> str:
    return " + ".join([str(v) for v in sorted(values)])


def _whitney(s, width: int) -> list[str]:
    lines = wrap(f"Whitney    (a) and (b) hold for every pair: {reason(s)}", width, subsequent_indent=" " * 11)
    for r in s.refinements:
        at = ", ".join([short(x) for x in r.point])
        why = f"the point ({at}) had to be a stratum: " + (str(r.arc) if r.arc is not None else r.reason)
        lines += wrap(why, width, initial_indent=" " * 11, subsequent_indent=" " * 13)
    return lines


def _topology(s, width: int) -> list[str]:
    if not s.strata:
        return []
    lines = wrap("set        " + _words(facts(s)), width, subsequent_indent=" " * 11)
    if s.zero_set is not None:
        lines += wrap("zero set   " + _words(_set_facts(s.zero_set)), width, subsequent_indent=" " * 11)
    return lines


def _words(f: dict) -> str:
    if f["dimension"] < 0:
        return "empty"
    count = f["components"]
    parts = ["connected" if count == 1 else f"{count} components"]
    parts.append("closed" if f["closed"] else "open" if f["open"] else "neither open nor closed")
    parts.append("bounded" if f["bounded"] else "unbounded")
    text = ", ".join(parts) + f"; chi_c = {f['euler']}"
    if f["betti"] is None:
        return text + f"; Betti numbers open: {f['unknown_because']}"
    torsion = [f"Z/{t} in H_{k}" for k, orders in enumerate(f["torsion"]) for t in orders]
    return text + f", chi = {f['euler_ordinary']}; Betti numbers ({','.join([str(b) for b in f['betti']])})" + (
        f"; torsion {', '.join(torsion)}" if torsion else "")  # fmt: skip
