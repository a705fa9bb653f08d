"""The JSON keys that `activation` adds to those of `certify`; every number is exact or an enclosure."""

from __future__ import annotations

from tamecheck.geometry.univariate import asymptotics, behaviour, constants, critical, images, sizes
from tamecheck.geometry.univariate.breaks import ANALYTIC, INFINITE, Break
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.isolation import Open
from tamecheck.geometry.univariate.piecewise import UNDEFINED
from tamecheck.geometry.univariate.printing import text
from tamecheck.geometry.univariate.shapes import Shape, Stretch
from tamecheck.reports.activation_numbers import closed_form, doubles, endpoint, interval, number


def smoothness_word(order: int) -> str:
    """Return the word of the interface for an order of smoothness."""
    return "discontinuous" if order < 0 else "analytic" if order >= ANALYTIC else "Cinf" if order >= INFINITE else f"C{order}"


def _named(entry: dict, key: str, e: object) -> dict:
    """Add a number under a key, and its closed form when it has one that is not rational."""
    entry[key] = number(e)
    exact = closed_form(e)
    if exact is not None:
        entry[f"{key}_exact"] = exact
    return entry


def _open(items: list[Open], question: str) -> list[dict]:
    result = []
    for o in items:
        entry = {"interval": interval(o.low, o.high), "question": question, "reason": o.reason, "infinitely_many": o.infinite}
        if entry not in result:
            result.append(entry)
    return result


# -------------------------------------------------------------------- sections


def stretches(items: list[Stretch]) -> list[dict]:
    """Intervals of monotonicity or convexity."""
    return [{"interval": interval(s.low, s.high), "kind": s.kind} for s in items]


def joints(shape: Shape) -> tuple[list[dict], list[dict]]:
    """Kinks (with one-sided derivatives and the exact order), and discontinuities."""
    kinks, jumps = [], []
    for b in shape.breaks:
        if b.kind in ("kink", "smooth"):
            entry = _named({}, "point", b.point)
            _named(entry, "value", b.value)
            entry["smoothness"] = smoothness_word(b.order)  # type: ignore[arg-type]
            entry["derivatives"] = [number(v) for v in b.slopes]
            entry["second_derivatives"] = [number(v) for v in b.curvatures]
            kinks.append(entry)
        elif b.kind in ("jump", "pole", "removable", "unknown") or b.kind == "end" and b.order is not None and b.order < 0:
            jumps.append(_jump(b))
    return kinks, jumps


def _jump(b: Break) -> dict:
    entry = _named({"kind": b.kind}, "point", b.point)
    entry["value"] = number(b.value) if isinstance(b.value, Expr) else "undefined" if b.value is UNDEFINED else None
    entry["limits"] = [number(v) for v in b.limits]
    return entry


def roots(shape: Shape) -> tuple[list[dict], list[dict]]:
    """Isolated zeros, and intervals of zeros."""
    points, whole = shape.zeros()
    shown = []
    for z in points:
        entry = _named({}, "point", z.point)
        entry["order"], entry["crossing"] = z.order, z.crossing
        shown.append(entry)
    return shown, [{"interval": interval(s.low, s.high), "closed": closed(shape, s.low, s.high)} for s in whole]


def closed(shape: Shape, low: object, high: object) -> list[bool]:
    """Tell for each end of an interval of constancy whether the value there is that of the inside."""
    found = []
    for end, side in ((low, 1), (high, 0)):
        b = next((b for b in shape.breaks if end is not None and b.point is end), None)
        if b is None:  # inside of a region: the function is continuous there
            found.append(end is not None)
        else:
            found.append(isinstance(b.value, Expr) and isinstance(b.limits[side], Expr) and constants.compare(b.value, b.limits[side]) == 0)
    return found


def extrema(shape: Shape, low: sizes.Supremum, high: sizes.Supremum) -> list[dict]:
    """Local extrema; ``global`` where the value is the supremum or infimum of the function."""
    from tamecheck.geometry.univariate.regions import compare_limits

    result = []
    for e in shape.extrema():
        entry: dict = {}
        if e.plateau is None:
            _named(entry, "point", e.point)
        else:
            entry["interval"], entry["closed"] = interval(*e.plateau), closed(shape, *e.plateau)
        _named(entry, "value", e.value)
        entry["kind"], entry["strict"] = e.kind, e.strict
        best = high if e.kind == "maximum" else low
        s = compare_limits(e.value, best.value) if best.exact else None
        entry["global"] = None if s is None else s == 0
        result.append(entry)
    return result


def inflections(shape: Shape) -> list[dict]:
    """Points where the kind of strict convexity changes and the function is differentiable or kinked inside a region."""
    result = []
    pieces = shape.convexity()
    smooth = {b.point.id: b for b in shape.breaks}
    for a, b in zip(pieces, pieces[1:], strict=False):
        if {a.kind, b.kind} == {"convex", "concave"} and a.high is not None and a.high is b.low:
            joint = smooth.get(a.high.id)
            if joint is None or (joint.order is not None and joint.order >= 1):
                result.append(_named({}, "point", a.high))
    return result


def critical_values(shape: Shape) -> tuple[dict, list[dict], list[dict]]:
    """Critical values of the three kinds, Lojasiewicz exponents, and what is open."""
    points = critical.critical_points(shape)
    asymptotic, unsettled = critical.asymptotic_values(shape)
    unsettled_points = shape.open(1)
    result = {
        "smooth": _values([c for c in points if c.smooth]),
        "clarke": _values(points),
        "asymptotic": _asymptotic(asymptotic),
        "complete": not unsettled_points and not unsettled and not any(b.kind == "unknown" for b in shape.breaks),
    }
    exponents = []
    for c in points:
        entry: dict = {}
        if c.interval is None:
            _named(entry, "point", c.point)
        else:
            entry["interval"] = interval(*c.interval)
        entry["value"] = number(c.value)
        entry["exponent"] = None if c.exponent is None else str(c.exponent)
        entry["reason"] = c.reason
        exponents.append(entry)
    return result, exponents, _open(unsettled, "asymptotic critical values")


def _values(points: list[critical.CriticalPoint]) -> list[dict]:
    from tamecheck.geometry.univariate.regions import compare_limits

    result = []
    for v in critical.distinct([c.value for c in points]):
        same = [c for c in points if c.value is v or compare_limits(c.value, v) == 0]
        entry = _named({}, "value", v)
        entry["points"] = [number(c.point) if c.interval is None else {"interval": interval(*c.interval)} for c in same]
        result.append(entry)
    return result


def _asymptotic(items: list[critical.Asymptotic]) -> list[dict]:
    from tamecheck.geometry.univariate.regions import compare_limits

    result = []
    for v in critical.distinct([a.value for a in items]):
        same = [a for a in items if compare_limits(a.value, v) == 0]
        entry = _named({}, "value", v)
        entry["at"] = ["inf" if a.side > 0 else "-inf" for a in same]
        entry["trivial"] = all(a.trivial for a in same)
        result.append(entry)
    return result


def end_behaviour(shape: Shape, variable: str) -> tuple[list[dict], list[dict], list[dict]]:
    """Limits and leading terms at infinity and at the ends of the domain, and what is open."""
    limits, growth, unsettled = [], [], []
    for b in behaviour.domain_ends(shape):
        point, side = b.end
        at = ("-inf" if side > 0 else "inf") if point is None else number(point)
        entry = {"at": at} if point is None else {"at": at, "side": "right" if side > 0 else "left"}
        limits.append(_named(dict(entry), "limit", b.limit))
        if b.limit is None:
            limits[-1]["exists"] = False if b.endless else None
        if b.leading is None:
            if b.endless or b.limit is not None:
                continue
            unsettled.append({"interval": [at, at], "question": "behaviour at an end", "reason": b.reason, "infinitely_many": False})
            continue
        term = b.leading
        k = term.coefficient.algebra
        entry["term"] = "0" if term.monomial is None else text(behaviour.monomial_expression(term.monomial, term.coefficient, b.end), variable)
        entry["class"] = behaviour.growth_class(term, k)
        if term.monomial is not None:
            entry["monomial"] = text(behaviour.monomial_expression(term.monomial, k.one, b.end), variable)
            _named(entry, "coefficient", term.coefficient)
        growth.append(entry)
    return limits, growth, unsettled


def span(low: sizes.Supremum, high: sizes.Supremum) -> dict:
    """The range: infimum and supremum, attained or not."""
    result: dict = {}
    for name, s in (("low", low), ("high", high)):
        _named(result, name, s.value)
        result[f"{name}_attained"] = s.attained
        result[f"{name}_exact_bound"] = s.exact
    return result


def image(shape: Shape) -> list[dict] | None:
    """The set of all values as disjoint intervals and points; ``None`` when it is not known exactly."""
    found = images.image(shape)
    if found is None:
        return None
    result = []
    for s in found:
        entry: dict = {}
        _named(entry, "low", s.low)
        _named(entry, "high", s.high)
        result.append(entry | {"low_attained": s.low_closed, "high_attained": s.high_closed})
    return result


def supremum(s: sizes.Supremum) -> dict:
    """A supremum with its places."""
    entry = _named({}, "value", s.value)
    entry["exact"] = s.exact
    entry["attained"] = s.attained
    entry["where"] = [_place(p) for p in s.places]
    return entry


def _place(place: object) -> object:
    if isinstance(place, Expr):
        return number(place)
    point, side = place  # type: ignore[misc]
    if point is None:
        return "-inf" if side > 0 else "inf"
    return {"point": number(point), "side": "right" if side > 0 else "left"}


def upper_bound(s: sizes.Supremum) -> object:
    """A certified upper bound as one JSON number, ``"inf"`` or ``None``."""
    if s.value is None:
        return None
    if isinstance(s.value, int):
        return "inf"
    q = s.value.rational
    high = doubles(s.value)[1]
    return int(q) if q is not None and q.denominator == 1 and abs(q) < 2**53 else high


def slopes(shape: Shape) -> dict:
    """Recession slopes ``lim f(x)/x`` at plus and minus infinity."""
    result: dict = {}
    for name, side in (("inf", 1), ("-inf", -1)):
        try:
            _named(result, name, sizes.slope_at(shape, side))
        except asymptotics.Unknown:
            result[name] = None
    return result


def unsettled(shape: Shape) -> list[dict]:
    """Every interval on which something is open, with the question."""
    result = []
    for order, question in ((0, "zeros"), (1, "monotonicity and extrema"), (2, "convexity and inflections")):
        result += _open(shape.open(order), question)
    result += _open([d for r in shape.regions for d in r.doubts], "signs")
    for b in shape.breaks:
        if b.kind == "unknown":
            result.append(_at_point(b, "breakpoint", "limits or values are not decided"))
        elif b.kind in ("kink", "end") and b.order is None and isinstance(b.value, Expr):
            result.append(_at_point(b, "smoothness", "the order is not decided"))
    return result


def _at_point(b: Break, question: str, reason: str) -> dict:
    return {"interval": [number(b.point)] * 2, "question": question, "reason": reason, "infinitely_many": False}


__all__ = ["endpoint"]
