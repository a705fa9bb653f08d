"""Critical values of a function of few variables: smooth, Clarke's, of automatic differentiation, at infinity; infimum and threshold.

`critical` reads a formula.  Piecewise rational functions are treated exactly (`tamecheck.geometry.critical_values.critical`,
`tamecheck.geometry.critical_values.infinity`); functions of one variable with exp, log, tanh, erf, atan by the one-variable engine; such
functions of two and three variables by certified enclosures in a box (`tamecheck.geometry.critical_values.krawczyk`), with arcs to
infinity.  What is not closed is listed in ``open``.

The values at infinity contain the bifurcation values at infinity; they may be more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.reports.keyed import Keyed

KINDS = ("smooth", "clarke", "ad", "asymptotic", "all")
MAXIMAL_VARIABLES = 6


class CriticalReport(Keyed):
    """What is known about the critical values of a function; the keys of `to_json` are attributes."""

    NO_TRUTH = "a report is not a truth value; look at .complete and .open"

    def __repr__(self) -> str:
        c = self._content
        parts = [f"{kind} {{{', '.join([shown(v) for v in c[kind]])}}}" for kind in KINDS[:-1] if c[kind] is not None]
        state = "complete" if c["complete"] else f"{len(c['open'])} open"
        return f"<critical values of {c['formula']}: {', '.join(parts)}; {state}>"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.to_text())}</pre>"

    def values(self, kind: str) -> list[str]:
        """Return the values of a kind as texts."""
        return [v["value"] for v in self._content[kind] or []]

    def to_text(self, width: int = 80) -> str:
        """Return the report as plain text."""
        from tamecheck.reports.critical_text import to_text

        return to_text(self._content, width)


def shown(entry: dict) -> str:
    """Return a value for a screen."""
    from tamecheck.reports.critical_text import short

    return short(entry)


def critical(
    formula: object,
    variables: Sequence[str] | None = None,
    *,
    kind: str = "all",
    box: Mapping[str, tuple] | Sequence[tuple] | None = None,
    rules: object = None,
    budget: Budget | None = None,
    observe: Callable[[CriticalReport], None] | None = None,
) -> CriticalReport:
    """Return the critical values of a function.

    Parameters
    ----------
    formula : str — in the language of formulas; SymPy expressions are accepted
    variables : names, at most six; ``None``: all names in order of appearance
    kind : ``"smooth"``, ``"clarke"``, ``"ad"``, ``"asymptotic"`` or ``"all"``: what is computed
    box : for functions that are not algebraic, an interval for every variable (numbers or fractions), in which critical points are
        searched; the whole line for one variable if not given
    rules : what automatic differentiation returns at kinks; PyTorch's rules if not given, see `tamecheck.geometry.critical_values.critical_rules`
    budget : Budget
    observe : called with an unfinished report when a part is known

    Raises
    ------
    InputError
        TC101 the formula cannot be read, TC102 variables, TC150 no function of real numbers.
    BudgetExceeded
        ``partial`` is a report with what was found until then.

    Examples
    --------
    >>> critical("x^2 + (x*y-1)^2", ["x", "y"])
    <critical values of x^2 + (x*y-1)^2: smooth {1}, clarke {1}, ad {1}, asymptotic {0}; complete>
    """
    from tamecheck.critical_certified import read_box
    from tamecheck.geometry.critical_values.critical_graph import graph
    from tamecheck.geometry.critical_values.critical_pieces import NotAlgebraic
    from tamecheck.ground.grammar import parse
    from tamecheck.ground.polynomials import as_text

    started = time.perf_counter()
    if kind not in KINDS:
        raise InputError(f"{str(kind)[:30]!r} is no kind of critical value", code="TC100", hint=", ".join(KINDS))
    text = as_text(formula)
    expression = parse(text)
    names = list(variables) if variables is not None else expression.names()
    _check_names(names, expression.names())
    read_box(names, box)
    g = graph(expression, names)
    content = _empty(text, names, kind)
    try:
        _algebraic(content, g, kind, rules, budget, observe)
        if box is not None:
            content["note"] += "; the box was not needed: an algebraic function is treated on the whole space"
    except NotAlgebraic as found:
        from tamecheck import critical_certified

        content = _empty(text, names, kind)
        critical_certified.fill(content, text, g, kind, box, found.name, budget)
    content["seconds"] = {"analyse": time.perf_counter() - started}
    return CriticalReport(content)


def _check_names(names: Sequence[str], occurring: Sequence[str]) -> None:
    if not names:
        raise InputError("the formula has no variable", code="TC102", hint="a function such as (x*y-1)^2")
    if len(set(names)) < len(names):
        raise InputError("a variable is listed twice", code="TC102", where=", ".join(names))
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise InputError(f"{str(name)[:30]!r} is no name of a variable", code="TC102", hint="names such as x, y1, w_2, separated by commas")
    for name in occurring:
        if name not in names:
            raise InputError(f"the variable {name!r} is not listed", code="TC102", where=f"variables {', '.join(names)}", hint="--vars")
    if len(names) > MAXIMAL_VARIABLES:
        raise InputError(f"{len(names)} variables; critical values are for few variables", code="TC151", hint=f"at most {MAXIMAL_VARIABLES}")


def _empty(text: str, names: Sequence[str], kind: str) -> dict:
    content: dict = {"formula": text, "variables": list(names), "kind": kind, "method": ""}
    content |= {k: [] if kind in (k, "all") else None for k in KINDS[:-1]}
    content |= {
        "asymptotic_complex": None, "strata": [], "infimum": {"value": None, "attained": None}, "epsilon": None, "complete": False, "open": [],
        "note": "the values at infinity contain the bifurcation values at infinity",
    }  # fmt: skip
    return content


# ------------------------------------------------------------------ piecewise rational


def _algebraic(content: dict, g, kind: str, rules: object, budget: Budget | None, observe) -> None:
    from tamecheck.geometry.critical_values.critical import Analysis
    from tamecheck.geometry.critical_values.critical_pieces import Pieces
    from tamecheck.geometry.critical_values.critical_rules import as_rules
    from tamecheck.geometry.critical_values.infinity import AtInfinity, at_infinity

    content["method"] = "exact"
    given = as_rules(rules)
    content["rules"] = given.name
    analysis = None
    try:
        pieces = Pieces(g, given, budget)
        if all([f.value is None for f in pieces.faces]):
            raise InputError("the function is defined nowhere", code="TC152", where=content["formula"][:80], hint="check for divisions by zero")
        analysis = Analysis(pieces, budget)
        wanted = ("smooth", "clarke", "ad") if kind in ("all", "asymptotic") else (kind,)
        analysis.run(wanted)
    except BudgetExceeded as stop:
        content["open"].append(stop.message)
        if analysis is not None:
            _finite(content, analysis, kind)
        stop.partial = CriticalReport(content)
        raise
    sets = analysis.sets
    _finite(content, analysis, kind)
    if observe is not None:
        observe(CriticalReport(content))
    infinite = AtInfinity()
    if kind in ("all", "asymptotic"):
        infinite = at_infinity(pieces, sets.clarke, budget)
        content["asymptotic"] = merged([_at_infinity(v) for v in infinite.values])
        content["asymptotic_complex"] = _over_complex(infinite.over_complex)
        content["open"] += infinite.open
    content["complete"] = not sets.open and infinite.complete and not sets.discontinuous
    content["open"] += sets.open + [f"{text}: no Clarke subdifferential there" for text in sets.discontinuous]
    if kind == "all":
        _threshold(content, analysis, infinite, budget)


def _finite(content: dict, analysis, kind: str) -> None:
    from tamecheck.geometry.critical_values.critical_components import components

    sets, pieces = analysis.sets, analysis.pieces
    parts: dict = {}
    for k in ("smooth", "clarke", "ad"):
        if content[k] is None:
            continue
        content[k] = grouped(getattr(sets, k), analysis.ring if k == "smooth" else None)
        for entry, value in zip(content[k], sorted({c.value for c in getattr(sets, k)}), strict=True):
            if entry["dimension"] > 0:
                if value not in parts:
                    parts[value] = components(pieces, value, analysis.budget)
                entry["components"] = None if parts[value] is None else len(parts[value])
                if parts[value] is not None:
                    entry["points"] = [[_coordinate(x) for x in p] for p in parts[value][:MAXIMAL_POINTS]]
                    entry.pop("lojasiewicz", None)
    content["guards"] = [pieces.guard_text(k) for k in range(len(pieces.guards))]
    for face in pieces.faces:
        found = sets.strata.get(face.key)
        if face.value is not None and found is not None:
            content["strata"].append({"signs": face.key, "dimension": face.dimension, "values": [v["value"] for v in grouped(found)]})


def grouped(found, ring=None) -> list[dict]:
    """Return critical pieces by value; with a ring, with Lojasiewicz exponents."""
    by_value: dict = {}
    for c in found:
        by_value.setdefault(c.value, []).append(c)
    out = []
    for value in sorted(by_value):
        group = by_value[value]
        entry = number(value)
        entry["dimension"] = max([c.dimension for c in group])
        ordered = sorted(group, key=lambda c: -c.dimension)
        entry["points"] = [[_coordinate(x) for x in c.solution.coordinates()] for c in ordered[:MAXIMAL_POINTS]]
        entry["pieces"] = len(group)
        entry["faces"] = sorted({c.face.key for c in group})
        reasons = list(dict.fromkeys([c.reason for c in group if c.reason]))
        if reasons:
            entry["reason"] = reasons[0]
        if group[0].returned is not None or any([c.returned is not None for c in group]):
            entry["returned_zero"] = any([bool(c.returned) for c in group])
        if ring is not None:
            entry["lojasiewicz"] = _exponents(ring, ordered[:MAXIMAL_POINTS])
        out.append(entry)
    return out


def _exponents(ring, found) -> list:
    """Return Lojasiewicz's exponent at isolated critical points inside a piece, ``None`` where it is not known."""
    from tamecheck.geometry.critical_values.exponents import exponent

    out = []
    for c in found:
        inside = c.face.dimension == len(ring.names)
        theta = exponent(ring, c.face.value, c.solution).value if inside else None
        out.append(None if theta is None else str(theta))
    return out


MAXIMAL_POINTS = 24


def number(value) -> dict:
    """Return an algebraic number as JSON: exact text, polynomial, enclosure."""
    from tamecheck.geometry.critical_values.asymptotic import _bounds
    from tamecheck.ground.algebraic import polynomial_text
    from tamecheck.reports.activation_numbers import down, up

    if value.rational is not None:
        q = Fraction(int(value.rational.p), int(value.rational.q))
        return {"value": str(q), "enclosure": [down(q), up(q)]}
    low, high = _bounds(value)
    polynomial = polynomial_text(value.polynomial, "c")
    return {"value": f"root({polynomial}, {value.index + 1}, c)", "polynomial": polynomial, "enclosure": [down(low), up(high)]}


def _coordinate(x) -> str:
    from tamecheck.ground.algebraic import polynomial_text

    return str(x) if x.rational is not None else f"root({polynomial_text(x.polynomial, 'c')}, {x.index + 1}, c)"


def merged(entries: list[dict]) -> list[dict]:
    """Return values at infinity once for each sense: the first with a nontrivial arc leads, all arcs are listed."""
    out: dict = {}
    for e in sorted(entries, key=lambda e: (e["enclosure"][0], bool(e["trivial"]))):
        first = out.setdefault((e["value"], e["sense"]), {**e, "arcs": []})
        first["arcs"].append(e["arc"])
        first["trivial"] = bool(first["trivial"]) and bool(e["trivial"])
    return list(out.values())


def _over_complex(found) -> dict | None:
    """Return the complex asymptotic critical values as JSON, real ones first; ``None`` where no finite set is known."""
    if found is None or found.polynomial is None:
        return None
    from flint import fmpz_poly

    from tamecheck.geometry.critical_values.upper_bounds import real_zeros
    from tamecheck.ground.algebraic import polynomial_text

    values = [{**number(v), "real": True} for v in real_zeros(found.polynomial)]
    for q, _ in found.polynomial.factor()[1]:
        text = polynomial_text(q, "c")
        for root, _ in fmpz_poly(q).complex_roots():
            if not root.imag.is_zero():
                values.append({"value": f"root({text}, c)", "polynomial": text, "enclosure": [_ends(root.real), _ends(root.imag)], "real": False})
    return {"polynomial": polynomial_text(found.polynomial, "c"), "values": values, "complete": found.exact}


def _ends(ball) -> list[float]:
    """Return two doubles around a ball."""
    from tamecheck.geometry.critical_values.asymptotic import _dyadic
    from tamecheck.reports.activation_numbers import down, up

    return [down(_dyadic(ball.lower())), up(_dyadic(ball.upper()))]


def _at_infinity(v) -> dict:
    entry = number(v.value)
    entry |= {"arc": v.arc, "dimension": 1, "face": v.face, "certificate": v.certificate, "trivial": v.trivial}
    entry["sense"] = "stratum" if v.kind == "stratum" else "clarke"
    return entry


def _threshold(content: dict, analysis, infinite, budget: Budget | None) -> None:
    """Fill in the infimum and epsilon."""
    from tamecheck.geometry.critical_values.infimum import infimum

    sets, pieces = analysis.sets, analysis.pieces
    finite = [c.value for c in sets.clarke]
    values = sorted({*finite, *infinite.distinct()})
    everywhere = all([f.value is not None for f in pieces.faces])
    complete = content["complete"] and everywhere
    answer = infimum(pieces, values, finite, complete, budget)
    if answer.value is None:
        content["open"].append(f"the infimum: {answer.reason}")
        content["infimum"] = {"value": None, "attained": None}
        return
    if isinstance(answer.value, str):
        content["infimum"] = {"value": answer.value, "attained": False}
        return
    content["infimum"] = {**number(answer.value), "attained": answer.attained}
    above = [v for v in values if v > answer.value]
    if not content["complete"]:
        content["open"].append("epsilon: not all critical values are known")
    elif not above:
        content["epsilon"] = {"value": "inf", "reason": "no critical value above the infimum"}
    else:
        content["epsilon"] = number(above[0] - answer.value)
