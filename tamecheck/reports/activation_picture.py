"""The activation report as a picture: the graph with its cells, kinks, jumps, extrema, zeros, asymptotes.

Matplotlib (the extra ``plot``) draws; the files are the same for the same function and version of matplotlib: no dates, fixed
identifiers, text as text.  Pieces are told apart by colour (Okabe and Ito's palette, safe for colour-blind readers), by
brightness in grey, and by the arrows in the strip of cells below the graph.
"""

from __future__ import annotations

import io
import math
from pathlib import Path

from tamecheck.errors import InputError
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.regions import limit_of
from tamecheck.geometry.univariate.shapes import Shape
from tamecheck.geometry.univariate.sizes import slope_at
from tamecheck.reports import activation_curve as curve
from tamecheck.reports.activation_json import smoothness_word
from tamecheck.reports.activation_labels import Placer, shown
from tamecheck.reports.reading import clean

COLOURS = {"increasing": "#0072B2", "decreasing": "#E69F00", "constant": "#000000", "unknown": "#8c8c8c"}
WIDTHS = {"increasing": 2.3, "decreasing": 2.3, "constant": 2.3, "unknown": 1.1}
ARROWS = {"increasing": "↗", "decreasing": "↘", "constant": "→", "unknown": "?"}
BENDS = {"convex": "∪", "concave": "∩", "affine": "—", "unknown": "?"}
WASH = {"increasing": "#cfe3f1", "decreasing": "#fae6bd", "constant": "#d9d9d9", "unknown": "#f2f2f2"}
SOFT = "#6b6b6b"
MOST_LABELS = 12
MOST_MARKS = 60
SETTINGS = {
    "svg.hashsalt": "tamecheck", "svg.fonttype": "none", "font.size": 9, "axes.linewidth": 0.6, "axes.unicode_minus": True,
    "font.family": ["DejaVu Sans"], "path.simplify": True, "path.simplify_threshold": 0.2, "text.parse_math": False,
}  # fmt: skip


def save(report, path: str | Path, *, small: bool = False) -> None:
    """Write the picture of a report to a file whose name ends in ``.svg``, ``.png`` or ``.pdf``.

    Raises
    ------
    InputError
        If matplotlib is missing, the ending is another one, or the file cannot be written.
    """
    place = Path(path)
    kind = place.suffix.lower().lstrip(".")
    if kind not in ("svg", "png", "pdf"):
        raise InputError(f"cannot draw a file of kind {place.suffix or place.name!r}", code="TC155", where=str(path), hint="OUT.svg or OUT.png")
    _write(place, draw(report, kind, small=small))


def _write(place: Path, content: bytes) -> None:
    try:
        place.write_bytes(content)
    except OSError as failure:
        raise InputError(f"cannot write: {failure.strerror}", code="TC128", where=str(place)) from failure


def thumbnail(report, path: str | Path | None = None) -> bytes:
    """Return a small SVG (160 x 110 points: curve and axes, no text), and write it to a file if a path is given."""
    content = draw(report, "svg", small=True)
    if path is not None:
        _write(Path(path), content)
    return content


def draw(report, kind: str = "svg", *, small: bool = False) -> bytes:
    """Return the picture of a report as the bytes of an SVG, PNG or PDF."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise InputError("drawing needs matplotlib", code="TC156", hint="pip install 'tamecheck[plot]'") from missing
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        figure = _thumbnail(Figure, report) if small else _figure(Figure, report)
        stream = io.BytesIO()
        dates = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}, "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}
        figure.savefig(stream, format=kind, dpi=160, metadata=dates[kind])
    content = stream.getvalue()
    return _accessible(content, report) if kind == "svg" else content


def _accessible(svg: bytes, report) -> bytes:
    """Put in the title and description that screen readers speak."""
    from html import escape

    head, mark, rest = svg.decode("utf-8").partition("<svg ")
    opening, end, rest = rest.partition(">")
    title, words = escape(clean(f"Graph of {report.formula}", 200)), escape(clean(description(report), 900))
    names = f"<title>{title}</title><desc>{words}</desc>"
    return f'{head}{mark}role="img" {opening}{end}{names}{rest}'.encode()


def description(report) -> str:
    """Return the picture in words."""
    from tamecheck.reports.activation_numbers import decimal

    pieces = [f"{p['kind']} on ({decimal(p['interval'][0], 5)}, {decimal(p['interval'][1], 5)})" for p in report.pieces[:12]]
    peaks = [f"{e['kind']} {decimal(e['value'], 5)} at {decimal(e['point'], 5)}" for e in report.extrema[:8] if "point" in e]
    kinks = [f"kink at {decimal(k['point'], 5)}" for k in report.kinks[:8]]
    jumps = [f"{b['kind']} at {decimal(b['point'], 5)}" for b in report.discontinuities[:8]]
    more = ["and so on"] if len(report.pieces) > 12 else []
    return "; ".join([*pieces, *more, *peaks, *kinks, *jumps])


# --------------------------------------------------------------------- the parts


def _evidence(report):
    """Return a function from places to floating-point values of the report's program, for intervals about which nothing is claimed."""

    def values(xs: list[float]) -> list[float]:
        import numpy as np

        from tamecheck.programs.evaluate import evaluate

        source = report.certificate.source
        node = next(iter(source.outputs.values()))
        found = []
        for x in xs:
            try:
                found.append(float(evaluate(source.program, [node], {report.variable: np.float64(x)})[0]))
            except InputError:
                found.append(math.nan)
        return found

    return values


def _heights(shape: Shape, window: tuple[float, float]) -> list[float]:
    """Return the finite values that should be visible: at features, one-sided limits, and limits at infinity."""
    left, right = window
    found: list[float | None] = []
    for b in shape.breaks:
        x = curve.real(b.point)
        if x is not None and left <= x <= right:
            found += [curve.real(v) for v in (b.value, *b.limits)]
    for e in shape.extrema():
        x = curve.real(e.point)
        if e.plateau is not None or (x is not None and left <= x <= right):
            found.append(curve.real(e.value))
    for r in shape.regions:
        found += [curve.real(r.limit(0, end)) for end in r.ends() if end[0] is None]
    found += [0.0 for z in shape.zeros()[0] if (x := curve.real(z.point)) is not None and left <= x <= right]
    return [v for v in found if v is not None]


def _panels(report) -> list[curve.Panel]:
    shape, evidence = report.shape, _evidence(report)
    windows = curve.clusters(curve.feature_points(shape))
    return [curve.panel(shape, w, _heights(shape, w) if i == 0 else _near(shape, w), evidence) for i, w in enumerate(windows)]


def _near(shape: Shape, window: tuple[float, float]) -> list[float]:
    """Return the values at features inside a window."""
    left, right = window
    found = [curve.real(v) for b in shape.breaks for v in (b.value, *b.limits) if left <= (curve.real(b.point) or left - 1) <= right]
    found += [curve.real(e.value) for e in shape.extrema() if e.point is not None and left <= (curve.real(e.point) or left - 1) <= right]
    return [v for v in found if v is not None]


def _curves(axes, panel: curve.Panel, thick: float = 1.0) -> None:
    for p in panel.pieces:
        wide = WIDTHS[p.kind] * thick if p.certified else 0.9 * thick
        axes.plot(p.x, p.y, color=COLOURS[p.kind], linewidth=wide, solid_capstyle="butt", solid_joinstyle="round", zorder=3)


def _frame(axes, panel: curve.Panel) -> None:
    axes.set_xlim(panel.left, panel.right)
    axes.set_ylim(panel.low, panel.high)
    axes.axhline(0, color="#bbbbbb", linewidth=0.7, zorder=1)
    axes.axvline(0, color="#bbbbbb", linewidth=0.7, zorder=1)


def _thumbnail(figure_class, report):
    figure = figure_class(figsize=(160 / 72, 110 / 72))
    axes = figure.add_axes((0.02, 0.03, 0.96, 0.94))
    panel = _panels(report)[0]
    _frame(axes, panel)
    _curves(axes, panel, 0.8)
    for b in report.shape.breaks if len(report.shape.breaks) <= MOST_LABELS else []:
        _dots(axes, b, panel, 2.6)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def _figure(figure_class, report):
    panels = _panels(report)
    rest = len(panels) - 1
    wide = 6.8 + 3.1 * rest
    figure = figure_class(figsize=(wide, 4.5))
    grid = figure.add_gridspec(
        2, 1 + rest, height_ratios=[1, 0.13], width_ratios=[1.0, *[0.5] * rest], hspace=0.17, wspace=0.2,
        left=0.58 / wide, right=1 - 0.16 / wide, top=0.885 - 0.035 * bool(rest), bottom=0.03,
    )  # fmt: skip
    done: set[str] = set()
    for i in reversed(range(len(panels))):  # narrow windows first: what is labelled there is not labelled again
        axes = figure.add_subplot(grid[0, i])
        strip = figure.add_subplot(grid[1, i], sharex=axes)
        _main(figure, axes, report, panels[i], done)
        _strip(strip, report, panels[i], titles=not i)
        if i:
            axes.set_title(f"detail {i}", fontsize=9, color=SOFT)
    for i, detail in enumerate(panels[1:], 1):
        _pointer(figure.axes[-2], panels[0], detail, i)
    title = clean(report.formula, 70 + 34 * rest)
    home = " and ".join(report.homes) or {"not-definable": "no o-minimal structure"}.get(report.verdict, "no structure found")
    text = figure.text(0.58 / wide, 0.955, f"f({report.variable}) = {title}", fontsize=10.5, weight="bold", parse_math=False)
    note = figure.text(1 - 0.16 / wide, 0.955, f"{home}; {smooth(report.smoothness)}", fontsize=8.5, color=SOFT, ha="right", parse_math=False)
    _fit(figure, text, note)
    return figure


def _fit(figure, title, note) -> None:
    """Shrink the title until it leaves room for the note."""
    renderer = figure._get_renderer()  # noqa: SLF001
    while title.get_fontsize() > 6 and title.get_window_extent(renderer).x1 > note.get_window_extent(renderer).x0 - 8:
        title.set_fontsize(title.get_fontsize() - 0.5)
    if title.get_window_extent(renderer).x1 > note.get_window_extent(renderer).x0 - 8:
        room = (note.get_window_extent(renderer).x0 - 8 - title.get_window_extent(renderer).x0) / title.get_window_extent(renderer).width
        title.set_text(clean(title.get_text(), max(12, int(len(title.get_text()) * room) - 1)))


def _pointer(axes, panel: curve.Panel, detail: curve.Panel, number: int) -> None:
    """Show in the first panel where a detail lies."""
    if panel.left <= detail.left and detail.right <= panel.right:
        axes.axvspan(detail.left, detail.right, facecolor="#cc79a7", alpha=0.25, linewidth=0, zorder=0.5)
        axes.text((detail.left + detail.right) / 2, panel.high, f"detail {number}", ha="center", va="bottom", fontsize=7.5, color="#8d3f6c")


SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def smooth(word: str) -> str:
    """Return a word of smoothness for a picture: ``C¹``."""
    return "C^∞" if word == "Cinf" else "C" + word[1:].translate(SUPERSCRIPTS) if word[:1] == "C" else word


def _main(figure, axes, report, panel: curve.Panel, done: set[str]) -> None:
    shape = report.shape
    _frame(axes, panel)
    _curves(axes, panel)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, length=3, width=0.6)
    _ticks(axes, panel)
    _asymptotes(axes, report, panel)
    for b in shape.breaks:
        x = curve.real(b.point)
        if x is None or not panel.left <= x <= panel.right:
            continue
        axes.axvline(x, color="#999999", linewidth=0.5, linestyle=(0, (1, 2.5)), zorder=1.5)
        _dots(axes, b, panel, 5)
    _open_parts(axes, report, panel)
    figure.canvas.draw()
    lines = [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines if line.get_gid() == "asymptote"]
    lines += [([panel.left, panel.right], [0.0, 0.0])] if panel.low < 0 < panel.high else []
    lines += [([0.0, 0.0], [panel.low, panel.high])] if panel.left < 0 < panel.right else []
    placer = Placer(figure, axes, [*[(p.x, p.y) for p in panel.pieces], *lines])
    room = MOST_LABELS
    for label in sorted(_labels(report, panel), key=lambda item: item.rank)[:MOST_MARKS]:
        if label.marker:
            axes.plot([label.x], [label.y], zorder=5, markersize=label.size, linestyle="none", **label.marker)
        if label.text and label.text not in done and room:
            room -= placer.put(label)
            done.add(label.text)


def _ticks(axes, panel: curve.Panel) -> None:
    """Write the places as plain numbers, with as many digits as tell them apart."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    digits = max(0, math.ceil(math.log10(max(abs(panel.left), abs(panel.right)) / (panel.right - panel.left)))) + 3
    axes.ticklabel_format(axis="y", scilimits=(-4, 5))
    axes.xaxis.set_major_locator(MaxNLocator(9 if axes.get_position().width > 0.5 else 4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.{digits}g}".replace("-", "−")))


def _dots(axes, b, panel: curve.Panel, size: float) -> None:
    """Open dots at one-sided limits that are not the value, a closed one at the value."""
    x = curve.real(b.point)
    if x is None or not panel.left <= x <= panel.right or b.kind in ("kink", "smooth", "analytic"):
        return
    value = curve.real(b.value)
    for limit in b.limits:
        y = curve.real(limit)
        if y is not None and (value is None or abs(y - value) > 1e-9 * (panel.high - panel.low)):
            axes.plot([x], [y], marker="o", markersize=size, color="white", markeredgecolor="#333333", markeredgewidth=0.9, zorder=6)
    if value is not None and (b.kind in ("jump", "removable", "isolated", "end", "pole")):
        axes.plot([x], [value], marker="o", markersize=size, color="#333333", zorder=6)


def _open_parts(axes, report, panel: curve.Panel) -> None:
    """Wash the intervals on which the monotonicity is open, and say so."""
    for s in report.shape.monotonicity():
        if s.kind != "unknown":
            continue
        low = panel.left if s.low is None else curve.real(s.low)
        high = panel.right if s.high is None else curve.real(s.high)
        if low is None or high is None or min(high, panel.right) <= max(low, panel.left):
            continue
        axes.axvspan(max(low, panel.left), min(high, panel.right), facecolor="#f4f4f4", edgecolor="#dddddd", hatch="////", linewidth=0, zorder=0)


# -------------------------------------------------------------------- asymptotes


def lines_at_infinity(shape: Shape) -> list[tuple[int, object, object]]:
    """Return ``(side, a, b)`` where f(x) - (a x + b) tends to 0 at that end, with exact or isolated a and b."""
    from tamecheck.geometry.univariate.asymptotics import Unknown

    result = []
    for side in (-1, 1):
        r = shape.parts[-1] if side > 0 else shape.parts[0]
        try:
            slope = slope_at(shape, side)
        except (Unknown, Unresolved):
            continue
        if r is None or not isinstance(slope, Expr):
            continue
        k = r.function.algebra
        rest = limit_of(k.sub(r.function, k.mul(slope, k.x)), (None, -side))
        if isinstance(rest, Expr):
            result.append((side, slope, rest))
    return result


def _lines_apart(shape) -> list[tuple]:
    """Return the lines at infinity that the function does not lie on: side, slope and value at 0, as numbers and exactly."""
    from tamecheck.geometry.univariate.normal_forms import identically_zero

    found = []
    for side, slope, rest in lines_at_infinity(shape):
        function = (shape.parts[-1] if side > 0 else shape.parts[0]).function
        k = function.algebra
        a, b = curve.real(slope), curve.real(rest)
        if a is not None and b is not None and not identically_zero(k.sub(function, k.add(k.mul(slope, k.x), rest))):
            found.append((side, a, b, slope, rest))
    return found


def _asymptotes(axes, report, panel: curve.Panel) -> None:
    """Draw the lines at infinity that the function does not lie on, and vertical ones at infinite limits."""
    for side, a, b, _, _ in _lines_apart(report.shape):
        middle = (panel.left + panel.right) / 2
        ends = (middle, panel.right) if side > 0 else (panel.left, middle)
        axes.plot(ends, [a * x + b for x in ends], color="#555555", linewidth=0.8, linestyle=(0, (5, 3)), zorder=2, gid="asymptote")
    for br in report.shape.breaks:
        x = curve.real(br.point)
        if x is not None and panel.left <= x <= panel.right and any(isinstance(v, int) for v in br.limits):
            axes.plot([x, x], [panel.low, panel.high], color="#555555", linewidth=0.8, linestyle=(0, (5, 3)), zorder=2, gid="asymptote")


# ------------------------------------------------------------------------ labels


class Label:
    """A marked point with its text; a smaller rank is more important."""

    def __init__(self, rank: int, x: float, y: float, text: str, marker: dict | None, size: float = 5) -> None:
        self.rank, self.x, self.y, self.text, self.marker, self.size = rank, x, y, text, marker, size


def _labels(report, panel: curve.Panel) -> list[Label]:
    """Return what is marked in a panel: extrema, kinks, jumps and poles, asymptotes, zeros, inflections."""
    shape, found = report.shape, []
    peak = {"marker": "D", "color": "#D55E00", "markeredgecolor": "white", "markeredgewidth": 0.6}
    extrema = shape.extrema()
    for e in extrema:
        if e.point is not None and (len(extrema) <= MOST_LABELS or e.strict):
            found.append((0, e.point, e.value, f"{e.kind[:3]} {shown(e.value)} at {shown(e.point)}", peak, 6))
    places = {id(e.point) for e in extrema if e.point is not None}
    for b in shape.breaks:
        if b.kind in ("kink", "smooth") and id(b.point) not in places:
            found.append((1, b.point, b.value, _kink(b), {"marker": "s", "color": "#333333", "markeredgecolor": "white", "markeredgewidth": 0.6}, 5))
        elif b.kind in ("jump", "removable", "end", "pole"):
            y = next((v for v in (b.value, *b.limits) if isinstance(v, Expr)), None)
            if y is not None:
                found.append((1, b.point, y, _break(b), None, 0))
            elif b.kind == "pole":
                found.append((2, b.point, 0.0, f"pole at {shown(b.point)}", None, 0))
    for z in shape.zeros()[0]:
        if id(z.point) not in places and all(b.point is not z.point for b in shape.breaks):
            mark = {"marker": "o", "color": "#333333", "markeredgecolor": "white", "markeredgewidth": 0.5}
            found.append((3, z.point, 0.0, f"zero {shown(z.point)}", mark, 4.5))
    for p, y in _inflections(report):
        mark = {"marker": "o", "color": "white", "markeredgecolor": "#009E73", "markeredgewidth": 1.2}
        same = any(p is z.point for z in shape.zeros()[0])
        found.append((4, p, y, "" if same else f"inflection {shown(p)}", mark, 4 if not same else 6.5))
    result = []
    for rank, p, v, text, marker, size in found:
        x, y = curve.real(p), v if isinstance(v, float) else curve.real(v)
        if x is not None and y is not None and panel.left <= x <= panel.right and panel.low <= y <= panel.high:
            result.append(Label(rank, x, y, text, marker, size))
    return result + _line_labels(report, panel)


def _kink(b) -> str:
    sides = " | ".join([shown(v) for v in b.slopes])
    return f"{smooth(smoothness_word(b.order))} at {shown(b.point)}" + (f", f′ = {sides}" if b.order == 0 else "")


def _break(b) -> str:
    if b.kind == "end":
        return ""
    value = next((v for v in b.limits if isinstance(v, Expr)), None)
    return f"{b.kind} at {shown(b.point)}" + (f", limit {shown(value)}" if b.kind == "removable" and value is not None else "")


def _inflections(report) -> list[tuple[Expr, object]]:
    """Return inflection points with their values."""
    from tamecheck.geometry.univariate.piecewise import value_at

    shape, result = report.shape, []
    pieces = shape.convexity()
    table = {b.point.id: b for b in shape.breaks}
    for a, b in zip(pieces, pieces[1:], strict=False):
        if {a.kind, b.kind} == {"convex", "concave"} and a.high is not None and a.high is b.low:
            joint = table.get(a.high.id)
            if joint is not None:
                if joint.order is not None and joint.order >= 1:
                    result.append((a.high, joint.value))
                continue
            inside = [r for r in shape.regions if _holds(r, a)]
            if inside:
                result.append((a.high, value_at(inside[0].function, a.high)))
    return [(p, v) for p, v in result if isinstance(v, Expr)]


def _holds(region, stretch) -> bool:
    """Tell whether a stretch ends inside a region."""
    return any(z.point is stretch.high for z in region.zeros(2).zeros)


def _line_labels(report, panel: curve.Panel) -> list[Label]:
    result = []
    for side, a, b, slope, rest in _lines_apart(report.shape):
        near = 0.08 * (panel.right - panel.left)
        x = panel.right - near if side > 0 else panel.left + near
        y = a * x + b
        if y > panel.high or y < panel.low:
            if not a:
                continue
            x = ((panel.high if a * side > 0 else panel.low) * 0.9 + (panel.low if a * side > 0 else panel.high) * 0.1 - b) / a
            y = a * x + b
            if not (panel.left < x < panel.right and (x - (panel.left + panel.right) / 2) * side > 0):
                continue
        result.append(Label(2, x, y, f"y = {_line(slope, rest, report.variable)}", None))
    return result


def _line(slope: Expr, rest: Expr, variable: str) -> str:
    q, c = slope.rational, rest.rational
    if q == 0:
        return shown(rest)
    head = variable if q == 1 else f"−{variable}" if q == -1 else f"{shown(slope)} {variable}"
    if c == 0:
        return head
    tail = shown(rest)
    return f"{head} − {tail[1:]}" if tail.startswith("−") else f"{head} + {tail}"


# ------------------------------------------------------------------------- strip


def _strip(axes, report, panel: curve.Panel, titles: bool) -> None:
    """Draw the cells below the graph: one row for monotonicity, one for convexity."""
    shape = report.shape
    axes.set_ylim(0, 2)
    for row, word in enumerate(("bend", "slope") if titles else ()):
        axes.text(-0.01, (row + 0.47) / 2, word, transform=axes.transAxes, ha="right", va="center", fontsize=7.5, color=SOFT)
    for row, (stretches, signs) in enumerate(((shape.convexity(), BENDS), (shape.monotonicity(), ARROWS))):
        for s in stretches:
            low = panel.left if s.low is None else curve.real(s.low)
            high = panel.right if s.high is None else curve.real(s.high)
            if low is None or high is None:
                continue
            low, high = max(low, panel.left), min(high, panel.right)
            if high <= low:
                continue
            face = WASH[s.kind] if row else "#f4f4f4"
            axes.add_patch(_bar(low, row + 0.08, high - low, 0.84, face))
            if (high - low) > 0.03 * (panel.right - panel.left):
                axes.text((low + high) / 2, row + 0.47, signs[s.kind], ha="center", va="center", fontsize=9 if row else 8, color="#222222")
    axes.tick_params(left=False, labelleft=False, labelbottom=False, bottom=False)
    for side in axes.spines.values():
        side.set_visible(False)


def _bar(x: float, y: float, width: float, height: float, face: str):
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, facecolor=face, edgecolor="#888888", linewidth=0.5)
