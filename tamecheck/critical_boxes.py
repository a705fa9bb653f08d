"""Critical values of analytic functions of two and more variables: exact where the equations separate, otherwise certified in a box."""

from __future__ import annotations

from fractions import Fraction

from tamecheck.budget import Budget
from tamecheck.critical_certified import constant
from tamecheck.critical_report import merged

DEFAULT = Fraction(8)
"""Half the side of the box that is searched if none is given."""
MAXIMAL_VARIABLES = 3
DEFAULT_SECONDS = 30
"""Wall time of the search of a box if no budget is given."""


def fill_boxes(content: dict, g, kind: str, boxes: list | None, budget: Budget | None) -> None:
    """Fill a report for a function of several variables that is not algebraic."""
    from tamecheck.geometry.critical_values.exponential_arcs import Space
    from tamecheck.geometry.critical_values.smooth_programs import NotSmooth, Smooth

    content["method"] = "certified"
    names = content["variables"]
    try:
        space = Space(Smooth.of(g))
    except NotSmooth as reason:
        content["open"].append(f"everything: {reason} is not analytic, or has no enclosures here, beside functions that are not algebraic")
        content["complete"] = False
        return
    if len(names) > MAXIMAL_VARIABLES:
        content["open"].append(f"everything: functions that are not algebraic in {len(names)} variables, at most {MAXIMAL_VARIABLES}")
        return
    points = space.everywhere() if boxes is None else None
    closed = points is not None
    if points is not None:
        content["method"] = "certified on the whole space"
        entries = _exact(space, points)
    else:
        entries, closed = _search(content, space, g, boxes, budget)
    for key in ("smooth", "clarke", "ad"):
        if kind in (key, "all"):
            # the function is analytic: the three notions agree
            content[key] = [dict(e) for e in entries]
    content["open"] = [t for t in content["open"] if not t.startswith("critical values of automatic differentiation")]
    settled = True
    if kind in ("all", "asymptotic"):
        settled = _infinity(content, space, g)
        if kind == "asymptotic":
            closed = settled
    content["complete"] = closed and settled
    if kind == "all":
        _infimum(content, space, g, points is not None, settled)


def _infinity(content: dict, space, g) -> bool:
    """Fill in the critical values at infinity; return whether these are all."""
    from tamecheck.geometry.critical_values.coercive import coercive
    from tamecheck.geometry.critical_values.multipliers import values_at_infinity
    from tamecheck.geometry.critical_values.smooth_programs import Smooth

    content["coercive"] = coercive(Smooth.of(g))
    if content["coercive"]:
        content["asymptotic"] = []
        return True
    content["asymptotic"] = merged([_escape(e) for e in space.escapes()])
    candidates = values_at_infinity(Smooth.of(g))
    if candidates is None:
        content["open"].append("critical values at infinity: those along the curves that were tried; there may be more")
        return False
    proved = {e["value"] for e in content["asymptotic"] if e["exact"]}
    missing = [c for c in candidates if c.rational is None or str(c) not in proved]
    for c in missing:
        content["open"].append(f"whether {c} is a critical value at infinity; there are no others")
    return not missing


def _infimum(content: dict, space, g, everywhere: bool, settled: bool) -> None:
    """Fill in the infimum: a value that equals a lower bound, or the least value of a function that tends to infinity; and epsilon."""
    from tamecheck.geometry.critical_values.infimum import lower_bound
    from tamecheck.reports.activation_numbers import down, up

    low = lower_bound(g)
    finite = [e for e in content["smooth"]]
    exact = {e["value"]: e for e in [*content["asymptotic"], *finite] if e.get("exact")}
    least = min(finite, key=lambda e: e["enclosure"][0], default=None)
    if low is not None and str(low) in exact:
        # a value that is attained is a critical value
        attained = True if str(low) in [e["value"] for e in finite if e.get("exact")] else False if everywhere else None
        content["infimum"] = {"value": str(low), "enclosure": [down(low), up(low)], "attained": attained}
    elif space.unbounded_below():
        content["infimum"] = {"value": "-inf", "attained": False}
        return
    elif everywhere and content["coercive"] and least is not None and all([e is least or e["enclosure"][0] > least["enclosure"][1] for e in finite]):
        content["infimum"] = {k: least[k] for k in ("value", "exact", "enclosure")} | {"attained": True}
    else:
        content["open"].append("the infimum and epsilon")
        return
    if everywhere and settled:
        _epsilon(content, [*finite, *content["asymptotic"]])
    else:
        content["open"].append("epsilon: not all critical values are known")


def _epsilon(content: dict, known: list[dict]) -> None:
    """Fill in epsilon from values whose enclosures are disjoint from that of the infimum."""
    least = content["infimum"]
    rest = [e for e in known if e["value"] != least["value"]]
    if any([e["enclosure"][0] <= least["enclosure"][1] for e in rest]):
        content["open"].append("epsilon: two values could not be told apart")
        return
    if not rest:
        content["epsilon"] = {"value": "inf", "reason": "no critical value above the infimum"}
        return
    above = min(rest, key=lambda e: e["enclosure"][0])
    try:
        gap = Fraction(above["value"]) - Fraction(least["value"])
        content["epsilon"] = {"value": str(gap), "exact": True, "enclosure": _enclosure(gap, gap)}
    except ValueError:
        low, high = [Fraction(a) - Fraction(b) for a, b in zip(above["enclosure"], reversed(least["enclosure"]), strict=True)]
        content["epsilon"] = _value(low, high)


def _exact(space, points: list) -> list[dict]:
    from tamecheck.geometry.univariate.critical import distinct
    from tamecheck.geometry.univariate.regions import compare_limits
    from tamecheck.reports.activation_numbers import number

    out = []
    for value in distinct([space.value(p) for p, _ in points]):
        entry = constant(value)
        group = [(p, d) for p, d in points if compare_limits(space.value(p), value) == 0]
        entry |= {"dimension": max([d for _, d in group]), "points": [[number(x) for x in p] for p, _ in group], "pieces": len(group)}
        out.append(entry)
    return out


def _search(content: dict, space, g, boxes: list | None, budget: Budget | None) -> tuple[list[dict], bool]:
    """Search a box; return entries and whether the result is closed."""
    names = content["variables"]
    given = [(None, None)] * len(names) if boxes is None else boxes
    ends = [(-DEFAULT if a is None else a, DEFAULT if b is None else b) for a, b in given]
    result, full = certified(g, ends, budget)
    entries = []
    for zero in full:
        value = zero["value"]
        proof = "exactly one critical point in the enclosure"
        entries.append({**value, "dimension": 0, "points": [zero["point"]], "pieces": 1, "certificate": proof})
    for box in result.open:
        where = ", ".join([f"{name} in [{_short(a)}, {_short(b)}]" for name, (a, b) in zip(result_names(result, names), box, strict=False)])
        content["open"].append(f"critical points with {where}: {result.reason}")
    shown = ", ".join([f"{name} in [{_short(a)}, {_short(b)}]" for name, (a, b) in zip(names, ends, strict=True)])
    content["box"] = [[str(a), str(b)] for a, b in ends]
    content["boxes"] = result.boxes
    whole = boxes is not None and all([a is not None and b is not None for a, b in boxes])
    if not whole:
        content["open"].append(f"critical points outside the box {shown} are not excluded")
    return sorted(entries, key=lambda e: e["enclosure"][0]), whole and result.complete


def result_names(result, names: list) -> list:
    """Return the names of the variables of open boxes."""
    return [names[k] for k in result.kept]


def _short(q: Fraction) -> str:
    return f"{float(q):.4g}"


def certified(g, ends: list, budget: Budget | None = None):
    """Return the certified critical points of a formula in a box, and the enclosures of point and value of each."""
    from tamecheck.geometry.critical_values.krawczyk import FINE, System, zeros
    from tamecheck.geometry.critical_values.linear_variables import reduce
    from tamecheck.geometry.critical_values.residuals import Resolver, residuals
    from tamecheck.geometry.critical_values.smooth_programs import Smooth

    program = Smooth.of(g)
    program.outputs = program.gradient()
    reduced = reduce(program)
    kept = reduced.kept
    extra = reduced.solutions
    resolver = None
    squares = Smooth.of(g)
    found = residuals(squares)
    if found is not None and len(found) <= len(ends):
        squares.outputs = found
        resolver = Resolver(squares, kept, reduced.eliminated, extra)
    result = zeros(reduced.program, [ends[k] for k in kept], budget or Budget(seconds=DEFAULT_SECONDS), resolve=resolver)
    result.kept = kept
    fine = System(reduced.program).fine
    out = []
    for zero in list(result.zeros):
        reduced.program.outputs = extra
        values = reduced.program.values(fine, zero.box, reduced.program.order())
        full = [(0, 0)] * len(ends)
        for k, interval in zip(kept, zero.box, strict=True):
            full[k] = interval
        for k, place in zip(reduced.eliminated, extra, strict=True):
            full[k] = values[place]
        one = 1 << FINE
        rational = [(Fraction(a, one), Fraction(b, one)) for a, b in full]
        if any([q < a or p > b for (p, q), (a, b) in zip(rational, ends, strict=True)]):
            result.zeros.remove(zero)  # the eliminated variable lies outside
            continue
        f = Smooth.of(g)
        low, high = f.values(fine, full, f.order())[f.outputs[0]]
        out.append({"point": [_enclosure(p, q) for p, q in rational], "value": _value(Fraction(low, one), Fraction(high, one))})
    return result, out


def _enclosure(p: Fraction, q: Fraction) -> list[float]:
    from tamecheck.reports.activation_numbers import down, up

    return [down(p), up(q)]


def _value(p: Fraction, q: Fraction) -> dict:
    from tamecheck.reports.activation_numbers import decimal

    enclosure = _enclosure(p, q)
    return {"value": str(p) if p == q else decimal(enclosure), "exact": p == q, "enclosure": enclosure}


def _escape(e) -> dict:
    entry = constant(e.value)
    entry |= {"arc": e.curve, "dimension": 1, "certificate": "limits along the curve, t -> oo", "trivial": e.trivial, "sense": "clarke"}
    return entry
