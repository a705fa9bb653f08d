"""Critical values of functions with exp, log, tanh, erf, atan: one variable by the one-variable engine, more by enclosures in a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from tamecheck.budget import Budget
from tamecheck.errors import InputError


def fill(content: dict, text: str, g, kind: str, box: object, function: str, budget: Budget | None) -> None:
    """Fill a report for a formula that is not algebraic because of ``function``."""
    content["rules"] = None
    kinks = [op[0] for op in g.operations if op[0] in ("max", "min", "abs", "sign", "where")]
    if content["ad"] is not None and kinks:
        content["ad"] = None
        content["open"].append(f"critical values of automatic differentiation: not computed for {kinks[0]} beside {function}")
    boxes = read_box(content["variables"], box)
    if len(content["variables"]) == 1:
        _line(content, text, kind, boxes)
    else:
        from tamecheck.critical_boxes import fill_boxes

        fill_boxes(content, g, kind, boxes, budget)


def read_box(names: Sequence[str], box: object) -> list[tuple[Fraction | None, Fraction | None]] | None:
    """Return the ends for every variable, ``None`` for infinite ones."""
    if box is None:
        return None
    if isinstance(box, Mapping):
        unknown = [name for name in box if name not in names]
        if unknown:
            raise InputError(f"the box names {unknown[0]!r}, which is no variable", code="TC102", where=f"variables {', '.join(names)}")
        pairs = [box.get(name, (None, None)) for name in names]
    else:
        pairs = list(box)  # type: ignore[call-overload]
        if len(pairs) != len(names):
            raise InputError(f"{len(pairs)} intervals for {len(names)} variables", code="TC105", hint="one pair (low, high) for each")
    out = []
    for name, pair in zip(names, pairs, strict=True):
        low, high = [_end(e) for e in pair]
        if low is not None and high is not None and low >= high:
            raise InputError(f"the interval of {name!r} is empty", code="TC121", hint="low < high")
        out.append((low, high))
    return out


def _end(value: object) -> Fraction | None:
    if value is None or isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    try:
        return Fraction(value)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError) as bad:
        raise InputError(f"{str(value)[:40]!r} is no end of an interval", code="TC105", hint="a number or None") from bad


# --------------------------------------------------------------------------- one variable


def _line(content: dict, text: str, kind: str, boxes: list | None) -> None:
    from tamecheck.frontends import formula_io
    from tamecheck.geometry.univariate import critical
    from tamecheck.geometry.univariate.expressions import Algebra
    from tamecheck.geometry.univariate.lowering import lower
    from tamecheck.geometry.univariate.shapes import Shape

    (name,) = content["variables"]
    limits = {} if boxes is None else {name: boxes[0]}
    found = formula_io.load(text, variables=[name], boxes=limits)
    shape = Shape.of(lower(found.program, found.outputs["f"], Algebra()))
    if not shape.regions and not shape.hidden:
        raise InputError("the function is defined nowhere", code="TC152", where=text[:80], hint="check for 0/0 and logarithms of negative numbers")
    content["method"] = "certified in one variable"
    points = critical.critical_points(shape)
    open_parts = shape.open(1)
    notes = [f"critical points {_span(o.low, o.high, name)}: {o.reason}" for o in open_parts]
    for key, chosen in (("smooth", [p for p in points if p.smooth]), ("clarke", points)):
        if content[key] is not None:
            content[key] = _points(chosen)
    if content["ad"] is not None:
        # nothing has a kink: automatic differentiation returns the derivative
        content["ad"] = _points([p for p in points if p.smooth])
    values, unsettled = critical.asymptotic_values(shape)
    if content["asymptotic"] is not None:
        from tamecheck.critical_report import merged

        content["asymptotic"] = merged([_escape(a, name) for a in values])
        notes += [f"critical values at infinity {_span(o.low, o.high, name)}: {o.reason}" for o in unsettled]
    content["complete"] = not notes
    content["open"] += notes
    if kind == "all":
        _bounds(content, shape, [p.value for p in points], [a.value for a in values])


def _span(low: object, high: object, name: str) -> str:
    from tamecheck.reports.activation_numbers import decimal, number

    ends = ["-inf" if low is None else decimal(number(low)), "inf" if high is None else decimal(number(high))]
    return f"for {name} in ({ends[0]}, {ends[1]})"


def constant(e) -> dict:
    """Return a constant of the one-variable engine as JSON: exact text where there is one, enclosure."""
    from tamecheck.reports.activation_numbers import closed_form, decimal, doubles

    exact = str(e.rational) if e.rational is not None else closed_form(e)
    return {"value": exact or decimal(doubles(e)), "exact": exact is not None, "enclosure": doubles(e)}


def _points(points: list) -> list[dict]:
    from tamecheck.geometry.univariate.critical import distinct
    from tamecheck.geometry.univariate.regions import compare_limits
    from tamecheck.reports.activation_numbers import interval, number

    out = []
    for value in distinct([p.value for p in points]):
        group = [p for p in points if compare_limits(p.value, value) == 0]
        entry = constant(value)
        entry["dimension"] = max([0 if p.interval is None else 1 for p in group], default=0)
        entry["points"] = [[number(p.point)] if p.interval is None else [interval(*p.interval)] for p in group]
        entry["pieces"] = len(group)
        exponents = [str(p.exponent) for p in group if p.exponent is not None]
        if exponents:
            entry["lojasiewicz"] = exponents
        out.append(entry)
    return out


def _escape(a, name: str) -> dict:
    entry = constant(a.value)
    entry |= {"arc": {name: "1/s" if a.side > 0 else "-1/s"}, "dimension": 1, "certificate": "limit", "trivial": a.trivial, "sense": "clarke"}
    return entry


def _bounds(content: dict, shape, finite: list, infinite: list) -> None:
    """Fill in the infimum and epsilon from values at breakpoints and limits at ends of regions."""
    from tamecheck.geometry.univariate.critical import distinct
    from tamecheck.geometry.univariate.expressions import Expr
    from tamecheck.geometry.univariate.regions import compare_limits

    if not content["complete"]:
        content["open"].append("the infimum and epsilon: not all critical values are known")
        return
    reached = list(finite) + [b.value for b in shape.breaks if isinstance(b.value, Expr)]
    limits: list = []
    for r in shape.regions:
        for end in r.ends():
            limits.append(r.limit(0, end))
    if any([v is None for v in limits]):
        content["open"].append("the infimum and epsilon: a limit is not known")
        return
    if any([isinstance(v, int) and v < 0 for v in limits]):
        content["infimum"] = {"value": "-inf", "attained": False}
        return
    known = distinct([*reached, *[v for v in limits if isinstance(v, Expr)]])
    if not known:
        return
    least = known[0]
    for v in known[1:]:
        if compare_limits(least, v) is None:
            content["open"].append("the infimum and epsilon: two values could not be compared")
            return
    attained = any([compare_limits(v, least) == 0 for v in reached])
    content["infimum"] = {**constant(least), "attained": attained}
    above = [v for v in distinct([*finite, *infinite]) if compare_limits(v, least) == 1]
    if not above:
        content["epsilon"] = {"value": "inf", "reason": "no critical value above the infimum"}
        return
    k = least.algebra
    content["epsilon"] = constant(k.sub(above[0], least))
