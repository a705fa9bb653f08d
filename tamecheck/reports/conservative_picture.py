"""The witness of `tamecheck conservative` on the graph of the program: in one variable both curves over t, in two the loop on the surface."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tamecheck.errors import InputError

if TYPE_CHECKING:
    from tamecheck.conservative_report import ConservativeReport

INK, RED, BLUE, GREY = "#222222", "#b3261e", "#1f5fa8", "#9aa0a6"
STEPS = 200


def draw(report: ConservativeReport, path: str) -> None:
    """Write the picture.

    Raises
    ------
    InputError
        TC195 there is nothing to draw, or matplotlib is not installed.
    """
    decision = report.decision
    if decision.pieces is None or decision.pieces.field.n > 2:
        raise InputError("pictures are of programs of one or two variables", code="TC195", hint="fix the others by numbers")
    try:
        from matplotlib.figure import Figure
    except ImportError as failure:
        raise InputError("pictures need matplotlib", code="TC195", hint="pip install 'tamecheck[plot]'") from failure
    figure = Figure(figsize=(7.2, 4.6), dpi=150, layout="constrained")
    if decision.pieces.field.n == 1:
        _line(figure, report)
    else:
        _surface(figure, report)
    figure.suptitle(_shortened(report.formula, 70), fontsize=10, color=INK)
    suffix = Path(path).suffix.lstrip(".").lower() or "svg"
    if suffix not in ("svg", "png", "pdf"):
        raise InputError(f"no picture format {suffix[:10]!r}", code="TC195", hint="svg, png or pdf")
    metadata = {"Date": None} if suffix == "svg" else {"CreationDate": None} if suffix == "pdf" else {"Software": None}
    figure.savefig(path, format=suffix, metadata=metadata)


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _value(report: ConservativeReport, point: list[float]) -> float | None:
    """Return the program at a point, in floating point: a picture proves nothing."""
    pieces = report.decision.pieces
    f = pieces.field
    q = [Fraction(x).limit_denominator(10**6) for x in point]
    cell = next((c for c in pieces.space.cells if pieces.space.holds(c, q)), None)
    piece = None if cell is None else pieces.of(cell)
    return None if piece is None or piece.value is None else float(f.ball(piece.value, q, 64).mid())


def _returned(report: ConservativeReport, point: list[float]) -> float:
    """Return the first entry of what is returned at a point, in floating point."""
    pieces = report.decision.pieces
    q = [Fraction(x).limit_denominator(10**6) for x in point]
    cell = next((c for c in pieces.space.cells if pieces.space.holds(c, q)), None)
    piece = None if cell is None else pieces.of(cell)
    return 0.0 if piece is None or not piece.defined or not piece.returned else float(pieces.field.ball(piece.returned[0], q, 64).mid())


def _corners(report: ConservativeReport) -> list[list[float]]:
    w = report.witness
    if w is None:
        return []
    corners = [[float(Fraction(x)) for x in leg["from"]] for leg in w["curve"]]
    if w["curve"]:
        corners.append([float(Fraction(x)) for x in w["curve"][-1]["to"]])
    elif "at" in w:
        corners = [[float(Fraction(x)) for x in w.get("at_decimal", w["at"])]]
    return corners


def _line(figure, report: ConservativeReport) -> None:
    axes = figure.subplots()
    corners = [c[0] for c in _corners(report)] or [0.0]
    low, high = min(corners), max(corners)
    margin = max(high - low, 1.0) * 0.6
    low, high = low - margin, high + margin
    xs = [low + (high - low) * k / (2 * STEPS) for k in range(2 * STEPS + 1)]
    ys = [_value(report, [x]) for x in xs]
    runs: list[tuple[list[float], list[float]]] = [([], [])]
    step = (high - low) / (2 * STEPS)
    for x, y in zip(xs, ys, strict=True):
        last = runs[-1][1]
        if y is None or (last and abs(y - last[-1]) > 30 * step + 0.02 * abs(last[-1])):
            runs.append(([], []))
        if y is not None:
            runs[-1][0].append(x)
            runs[-1][1].append(y)
    for k, (a, b) in enumerate(runs):
        axes.plot(a, b, color=INK, linewidth=1.6, label="the program" if k == 0 else None)
    w = report.witness
    if w is not None and w["curve"] and "integral" in w:
        leg = w["curve"][0]
        start, end = float(Fraction(leg["from"][0])), float(Fraction(leg["to"][0]))
        base = _value(report, [start]) or 0.0
        count = 60
        points = [start + (end - start) * (k + 0.5) / count for k in range(count)]
        heights = [base]
        for x in points:
            heights.append(heights[-1] + _returned(report, [x]) * (end - start) / count)
        ends = [start + (end - start) * k / count for k in range(count + 1)]
        axes.plot(ends, heights, color=RED, linewidth=1.6, linestyle="--", label="from there, the integral of what is returned")
        axes.plot([ends[0], ends[-1]], [heights[0], heights[-1]], color=RED, linestyle="none", marker="o", markersize=4)
        label = f"change {w['delta_f_decimal']}\nintegral {w['integral_decimal']}"
        axes.annotate(label, (end, heights[-1]), textcoords="offset points", xytext=(8, 8), fontsize=9, color=RED)
        axes.margins(x=0.08, y=0.14)
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.set_xlabel(report.variables[0])
    axes.legend(frameon=False, fontsize=9, loc="best")
    axes.spines[["top", "right"]].set_visible(False)


def _surface(figure, report: ConservativeReport) -> None:
    axes = figure.add_subplot(projection="3d")
    corners = _corners(report) or [[0.0, 0.0]]
    box = []
    for k in range(2):
        low, high = min([c[k] for c in corners]), max([c[k] for c in corners])
        margin = max(high - low, 0.5) * 0.45
        box.append((low - margin, high + margin))
    count = 28
    xs = [[box[0][0] + (box[0][1] - box[0][0]) * i / count for i in range(count + 1)] for _ in range(count + 1)]
    ys = [[box[1][0] + (box[1][1] - box[1][0]) * j / count for _ in range(count + 1)] for j in range(count + 1)]
    zs = [[_value(report, [x, y]) for x, y in zip(a, b, strict=True)] for a, b in zip(xs, ys, strict=True)]
    zs = [[float("nan") if z is None else z for z in row] for row in zs]
    import numpy
    from matplotlib.ticker import MaxNLocator

    axes.plot_surface(
        numpy.array(xs), numpy.array(ys), numpy.array(zs), color="#cfd8e3", edgecolor="#8fa3b8", linewidth=0.25, alpha=0.55, rstride=1, cstride=1
    )
    legs = report.witness["curve"] if report.witness is not None else []
    for k, leg in enumerate(legs):
        points = [_along(leg, j / 40) for j in range(41)]
        values = [_value(report, p) or 0.0 for p in points]
        colour = RED if k == 0 and len(legs) == 3 else BLUE
        axes.plot([p[0] for p in points], [p[1] for p in points], values, color=colour, linewidth=2.4, zorder=10)
        middle = points[20]
        frame = {"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.9}
        axes.text(middle[0], middle[1], values[20] + 0.06, leg["integral"], color=colour, fontsize=9, zorder=11, ha="center", bbox=frame)
    if report.witness is not None and "circulation" in report.witness:
        axes.set_title(f"integrals of what is returned along the legs; circulation {report.witness['circulation']}", fontsize=9, color=INK)
    axes.set_xlabel(report.variables[0])
    axes.set_ylabel(report.variables[1])
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_major_locator(MaxNLocator(4))
    axes.set_zlabel("value")
    axes.view_init(elev=32, azim=-62)


def _along(leg: dict, t: float) -> list[float]:
    """Return the point of a leg at t: its components are formulas in t."""
    from tamecheck.autodiff.code import read
    from tamecheck.autodiff.verify import ONE, Walk
    from tamecheck.ground.grammar import parse

    q = Fraction(t).limit_denominator(1000)
    out = []
    for text in leg["components"]:
        code = read(parse(text), ["t"])
        top, bottom = Walk(code, [([q] if q else [], ONE)], None).v[code.root]
        out.append(float((top[0] if top else Fraction(0)) / bottom[0]))
    return out
