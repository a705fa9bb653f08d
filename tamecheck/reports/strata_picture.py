"""Pictures of stratifications: the plane with exact boundaries, surfaces in space, and the frontier poset.

Matplotlib (the extra ``plot``) draws.  In the plane every curve is followed through the exact roots over each abscissa (rounded to
doubles), and ends in the points in which the cells end, so neither cusps nor crossings are missed.  In space surfaces are drawn sheet by
sheet over a grid that is refined near the boundary of each cell; strata of dimension 0 and 1 lie on top.
"""

from __future__ import annotations

from pathlib import Path

from tamecheck.errors import InputError
from tamecheck.geometry.cad.descriptions import decimal
from tamecheck.geometry.cad.pictures import draw_plane, rendered, user, write
from tamecheck.reports.strata_text import name

# Okabe and Ito: regions are washes of these, curves and points are dark
REGIONS = ("#cfe3f1", "#fae6bd", "#cdeee0", "#f6d9e6", "#e9e4f5", "#fbe0cf", "#eef0c9", "#e3e3e3")
SURFACES = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999")
CURVES = ("#0072B2", "#D55E00", "#007a5a", "#a3447e", "#7a5c00", "#3b3b98", "#8c2d04", "#444444")
POINT = "#000000"
SOFT = "#6b6b6b"
MOST_LABELS = 24


def save(s, path: str | Path, what: str = "auto") -> None:
    """Write a picture to a file whose name ends in ``.svg``, ``.png`` or ``.pdf``.

    Raises
    ------
    InputError
        TC155 another ending, TC156 matplotlib is missing, TC128 the file cannot be written, TC101 no such picture.
    """
    write(path, lambda kind: draw(s, kind, what))


def draw(s, kind: str = "svg", what: str = "auto") -> bytes:
    """Return a picture as the bytes of an SVG, PNG or PDF."""
    n = len(s.variables)
    what = {1: "line", 2: "plane", 3: "space"}[n] if what == "auto" else what
    if what not in ("line", "plane", "space", "poset") or (what != "poset" and what != {1: "line", 2: "plane", 3: "space"}[n]):
        raise InputError(f"no picture {what[:20]!r} in {n} variables", code="TC101", hint="auto or poset")
    content = rendered(kind, lambda figure_class: {"line": _line, "plane": _plane, "space": _space, "poset": _poset}[what](figure_class, s))
    return _accessible(content, s, what) if kind == "svg" else content


def _accessible(svg: bytes, s, what: str) -> bytes:
    """Put in the title and description that screen readers speak."""
    from html import escape

    from tamecheck.reports.reading import clean

    head, mark, rest = svg.decode("utf-8").partition("<svg ")
    opening, end, rest = rest.partition(">")
    counts = ", ".join([f"{c} of dimension {d}" for d, c in enumerate(s.count_by_dimension) if c])
    title = "Frontier poset" if what == "poset" else "Strata"
    names = f"<title>{escape(title)} of {escape(clean(s.task.text or 'a function', 200))}</title><desc>{escape(counts)}</desc>"
    return f'{head}{mark}role="img" {opening}{end}{names}{rest}'.encode()


def caption(s) -> str:
    """Return one line under a picture."""
    counts = [(d, c) for d, c in enumerate(s.count_by_dimension) if c]
    return ", ".join([f"{c} {name(d, len(s.variables), c)}" for d, c in reversed(counts)])


# ------------------------------------------------------------------------- line


def _line(figure_class, s):
    figure = figure_class(figsize=(6, 1.4), layout="constrained")
    axes = figure.subplots()
    points = [decimal(k.sample[0]) for k in s.strata if k.dimension == 0]
    low, high = (min(points) - 1, max(points) + 1) if points else (-1, 1)
    cells = s.frame.adjacency
    place = 0
    for k in s.strata:
        if k.dimension == 0:
            axes.plot(decimal(k.sample[0]), 0, "o", color=POINT, ms=5, zorder=3)
            continue
        ends = []
        for i in k.cells:
            ends += [decimal(cells.cells[j].coordinates()[0]) for j in cells.closure(i) if cells.cells[j].dimension == 0]
            node = cells.cells[i]
            ends += [low] if node.path[0] == 0 else []
            ends += [high] if node.path[0] == len(node.stacks[0]) - 1 and node.dimension else []
        axes.plot([min(ends), max(ends)], [0, 0], color=CURVES[place % len(CURVES)], lw=3, solid_capstyle="butt", zorder=2)
        place += 1
    axes.axhline(0, color=SOFT, lw=0.6, zorder=1)
    axes.set_yticks([])
    axes.set_xlim(low, high)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel(s.variables[0])
    axes.set_title(caption(s), fontsize=9)
    return figure


# ------------------------------------------------------------------------ plane


class Window:
    """What part of the space is shown: bounds of each variable, around the bounded strata, with room for the others."""

    def __init__(self, s) -> None:
        n = len(s.variables)
        cells = s.frame.adjacency
        thin = [k for k in s.strata if k.dimension < n] or list(s.strata)
        finite = [k for k in thin if k.region.is_bounded]
        whole = len(finite) == len(thin)
        points = [[decimal(c) for c in cells.cells[i].coordinates()] for k in finite for i in sorted(k.cells)]
        points = [user(s.frame, p) for p in points]
        self.bounds = []
        for i in range(n):
            f = [p[i] for p in points]
            if not f or max(f) - min(f) < 1e-9:
                f += [decimal(k.sample[i]) for k in s.strata]
            low, high = (min(f), max(f)) if f else (-1.0, 1.0)
            near = [] if n == 3 else [x for x in [decimal(k.sample[i]) for k in s.strata] if low - (high - low) <= x <= high + (high - low)]
            low, high = min([low, *near]), max([high, *near])
            pad = 0.18 * (high - low) if whole and high > low else max(0.3 * (high - low), 0.8)
            self.bounds.append((low - pad, high + pad))
        widths = [b - a for a, b in self.bounds]
        if max(widths) < 4 * min(widths):
            self.bounds = [((a + b - max(widths)) / 2, (a + b + max(widths)) / 2) for a, b in self.bounds]


def _plane(figure_class, s):
    window = Window(s)
    (left, right), (low, high) = window.bounds
    figure = figure_class(figsize=(5.2, 5.0), layout="constrained")
    axes = figure.subplots()
    colours = _colours(s)
    owner = {i: k for k in s.strata for i in k.cells}

    def style(number: int) -> tuple[str, int] | None:
        stratum = owner.get(number)
        return None if stratum is None else (colours[stratum.number], stratum.dimension)

    draw_plane(axes, s.frame, window.bounds, style)
    for k in s.strata:
        if k.dimension == 0:
            axes.plot(*[decimal(x) for x in k.sample], "o", color=POINT, ms=4.5, zorder=5)
    axes.set_xlabel(s.variables[0])
    axes.set_ylabel(s.variables[1], rotation=0)
    if abs((right - left) - (high - low)) < 1e-9:
        axes.set_aspect("equal")
    _labels(axes, s, window)
    axes.set_title(caption(s), fontsize=9)
    return figure


def _colours(s) -> dict[int, str]:
    """Return a colour for each stratum: neighbouring regions get different ones as far as there are enough."""
    counters: dict[int, int] = {}
    out = {}
    n = len(s.variables)
    for k in s.strata:
        c = counters.get(k.dimension, 0)
        counters[k.dimension] = c + 1
        palette = REGIONS if k.dimension == n else SURFACES if k.dimension == 2 else CURVES
        out[k.number] = POINT if k.dimension == 0 else palette[c % len(palette)]
    return out


def _labels(axes, s, window) -> None:
    if len(s.strata) > MOST_LABELS:
        return
    for k in s.strata:
        if not all([a < decimal(v) < b for v, (a, b) in zip(k.sample, window.bounds, strict=True)]):
            continue
        if k.dimension == len(s.variables):
            x, y = [decimal(v) for v in k.sample]
            axes.text(x, y, str(k.number), color=SOFT, ha="center", va="center", fontsize=8, zorder=4)
        elif k.dimension == 0:
            axes.annotate(str(k.number), [decimal(v) for v in k.sample], xytext=(5, 5), textcoords="offset points", fontsize=8, zorder=6)
        else:
            axes.annotate(
                str(k.number), [decimal(v) for v in k.sample], xytext=(4, -10), textcoords="offset points", fontsize=8, zorder=6,
                color=_colours(s)[k.number],
            )  # fmt: skip


# ------------------------------------------------------------------------ space


def _space(figure_class, s):
    from tamecheck.reports.strata_space import space

    return space(figure_class, s, Window(s), _colours(s), caption(s))


# ------------------------------------------------------------------------ poset


def _poset(figure_class, s):
    """Draw the Hasse diagram of the frontier relation, dimension by dimension."""
    levels: dict[int, list] = {}
    for k in s.strata:
        levels.setdefault(k.dimension, []).append(k)
    widest = max([len(v) for v in levels.values()], default=1)
    figure = figure_class(figsize=(max(4.0, min(0.62 * widest + 1.6, 14)), 1.25 * len(levels) + 0.9), layout="constrained")
    axes = figure.subplots()
    place = _arranged(s, levels)
    for i, j in s.frontier:
        axes.plot([place[i][0], place[j][0]], [place[i][1], place[j][1]], color="#9a9a9a", lw=0.8, zorder=1)
    colours = _colours(s)
    for k in s.strata:
        x, y = place[k.number]
        shade = colours[k.number] if k.dimension else "#ffffff"
        axes.plot(x, y, "o", ms=17, mfc=shade, mec="#303030", mew=0.7, zorder=2)
        dark = k.dimension == 1
        axes.text(x, y, str(k.number), ha="center", va="center", fontsize=8, color="white" if dark else "black", zorder=3)
    heights = sorted(levels)
    axes.set_yticks([float(d) for d in heights], [f"dimension {d}" for d in heights])
    axes.set_xticks([])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.margins(x=0.12, y=0.28)
    axes.set_title(f"closures: {caption(s)}" if len(levels) > 1 else caption(s), fontsize=9)
    return figure


def _arranged(s, levels: dict[int, list]) -> dict[int, tuple[float, float]]:
    """Return positions, sorted so that few lines cross: each row by the mean of its neighbours in the row below, a few times."""
    place: dict[int, tuple[float, float]] = {}
    for d, row in levels.items():
        for i, k in enumerate(row):
            place[k.number] = ((i + 0.5) / len(row), float(d))
    near: dict[int, list[int]] = {k.number: [] for k in s.strata}
    for i, j in s.frontier:
        near[i].append(j)
        near[j].append(i)
    for turn in range(8):
        for d in sorted(levels, reverse=bool(turn & 1)):
            row = levels[d]

            def mean(k) -> float:
                xs = [place[j][0] for j in near[k.number]]
                return sum(xs) / len(xs) if xs else place[k.number][0]

            for i, k in enumerate(sorted(row, key=mean)):
                place[k.number] = ((i + 0.5) / len(row), float(d))
    return place


__all__ = ["Window", "caption", "draw", "save"]
