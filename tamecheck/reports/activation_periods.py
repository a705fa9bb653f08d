"""Functions with ``f(x + T) = f(x) + c``: one period with its features stands for infinitely many, and global facts are read off it."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from tamecheck.geometry.univariate import constants, sizes
from tamecheck.geometry.univariate.behaviour import sublinear
from tamecheck.geometry.univariate.expressions import Algebra, Expr
from tamecheck.geometry.univariate.lowering import lower
from tamecheck.geometry.univariate.periods import period_of
from tamecheck.geometry.univariate.points import enclosure
from tamecheck.geometry.univariate.printing import text
from tamecheck.geometry.univariate.shapes import Shape
from tamecheck.reports import activation_json as sections

LONGEST_PERIOD = 40
QUESTIONS = {"zeros": "zeros", "extrema": "monotonicity and extrema", "inflections": "convexity and inflections", "kinks": "breakpoint"}


def section(program, node: int, content: dict) -> dict | None:
    """Return the section ``periodic``, and settle in the report what one period shows; ``None`` when no period is seen.

    ``zeros`` (if the increment is 0), ``extrema``, ``inflections``, ``kinks`` and ``discontinuities`` are those in ``[0, T)``; all
    others are their translates by multiples of T, values by the same multiples of the increment.  ``settled``: nothing is open in a period.
    """
    k = Algebra()
    found = period_of(program, node, k)
    if found is None or enclosure(found.period)[1] > LONGEST_PERIOD:
        return None
    period, increment = text(found.period), text(found.increment)
    statement = f"f(x + {period}) = f(x)" + ("" if increment == "0" else f" + {increment}")
    result: dict = {"period": period, "increment": increment, "statement": statement}
    window = Shape.of(lower(program, node, k, box=f"[-1,{ceil(enclosure(found.period)[1]) + 1}]"))
    low, high = sizes.range_of(window)
    shown = _features(window, low, high, found)
    settled = not window.hidden and not sections.unsettled(window)
    result |= shown | {"settled": settled}
    if settled:
        _global(content, window, found.increment is k.zero, low, high)
        _answer(content, result)
    return result


def _features(window: Shape, low, high, found) -> dict:
    """Return what happens in ``[0, T)``."""
    k = found.period.algebra

    def kept(points: list, entries: list) -> list:
        return [e for p, e in zip(points, entries, strict=True) if p is None or _inside(p, k.zero, found.period)]

    ends = {b.point.id for b in window.breaks if b.kind == "end"}
    zeros, _ = window.zeros()
    extrema = [e for e in window.extrema() if e.point is None or e.point.id not in ends]
    joints = [b for b in window.breaks if b.kind in ("kink", "smooth")]
    jumps = [b for b in window.breaks if b.kind in ("jump", "pole", "removable", "unknown")]
    result = {
        "extrema": [e for e in sections.extrema(window, low, high) if _wanted(e, kept([x.point for x in extrema], extrema))],
        "inflections": [e for e in sections.inflections(window) if _place_inside(e, found)],
        "kinks": kept([b.point for b in joints], [e for e in sections.joints(window)[0]]),
        "discontinuities": [e for e in sections.joints(window)[1] if any(_same(e, b) for b in jumps) and _place_inside(e, found)],
    }
    if found.increment is k.zero:
        result["zeros"] = kept([z.point for z in zeros], sections.roots(window)[0])
    return result


def _same(entry: dict, b) -> bool:
    from tamecheck.reports.activation_numbers import number

    return entry["point"] == number(b.point)


def _wanted(entry: dict, kept: list) -> bool:
    from tamecheck.reports.activation_numbers import number

    return any(e.point is not None and entry.get("point") == number(e.point) and entry["kind"] == e.kind for e in kept)


def _place_inside(entry: dict, found) -> bool:
    """Tell whether a listed place lies in ``[0, T)``; an enclosure that straddles an end is decided by its middle, exact ends by themselves."""
    shown = entry["point"]
    low, high = enclosure(found.period)
    place = Fraction(shown) if isinstance(shown, str) else (Fraction(shown[0]) + Fraction(shown[1])) / 2
    slack = Fraction(0) if isinstance(shown, str) else Fraction(1, 10**9)
    return -slack <= place < low - slack


def _inside(p: Expr, low: Expr, high: Expr) -> bool:
    return constants.compare(p, low) in (0, 1) and constants.compare(p, high) == -1


def _global(content: dict, window: Shape, repeats: bool, low, high) -> None:
    """Read global facts off a window longer than a period."""
    from tamecheck.geometry.univariate.breaks import ANALYTIC
    from tamecheck.reports.activation_json import smoothness_word

    orders = [b.order for b in window.breaks if b.kind != "end" and isinstance(b.value, Expr)]
    total = all(isinstance(b.value, Expr) for b in window.breaks) and len(window.regions) == len(window.parts) - 2
    content["total"] = total
    if None not in orders:
        content["smoothness"] = "discontinuous" if any(o < 0 for o in orders) else smoothness_word(min([ANALYTIC, *orders]))  # type: ignore[operator, type-var]
    if repeats:
        content["range"], content["image"] = sections.span(low, high), sections.image(window)
    best = sizes.lipschitz(window)
    if best.exact and total:
        content["lipschitz"], content["lipschitz_constant"] = sections.upper_bound(best), sections.supremum(best)
        if isinstance(best.value, Expr):
            content["locally_lipschitz"] = content["path_differentiable"] = True
    if total and sublinear(window)[0]:
        content["sublinear"] = True


def _answer(content: dict, periodic: dict) -> None:
    """Say of each open question that the answer is infinite and repeats."""
    for o in content["open"]:
        for name, question in QUESTIONS.items():
            if o["question"] == question and periodic.get(name):
                o["infinitely_many"] = True
                o["reason"] = f"infinitely many, see periodic: {periodic['statement']}"
