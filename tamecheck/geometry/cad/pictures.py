"""Pictures of cells in the plane: every curve is followed through the exact roots over each abscissa, rounded to doubles.

Curves end where the cells end: at the exact limits (`tamecheck.geometry.cad.adjacency`), so neither cusps nor crossings nor asymptotes are
missed.  Matplotlib (the extra ``plot``) draws; the same cells give the same bytes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

from tamecheck.errors import InputError
from tamecheck.geometry.cad.descriptions import decimal

SAMPLES = 160
SETTINGS = {
    "svg.hashsalt": "tamecheck", "svg.fonttype": "none", "font.size": 9, "axes.linewidth": 0.6, "axes.unicode_minus": True,
    "font.family": ["DejaVu Sans"], "text.parse_math": False,
}  # fmt: skip


def write(path: str | Path, draw: Callable[[str], bytes]) -> None:
    """Write what ``draw(kind)`` gives to a file whose name ends in ``.svg``, ``.png`` or ``.pdf``.

    Raises
    ------
    InputError
        TC155 another ending, TC156 matplotlib is missing, TC128 the file cannot be written.
    """
    place = Path(path)
    kind = place.suffix.lower().lstrip(".")
    if kind not in ("svg", "png", "pdf"):
        raise InputError(f"cannot draw a file of kind {place.suffix or place.name!r}", code="TC155", where=str(path), hint="OUT.svg or OUT.png")
    content = draw(kind)
    try:
        place.write_bytes(content)
    except OSError as failure:
        raise InputError(f"cannot write: {failure.strerror}", code="TC128", where=str(place)) from failure


def rendered(kind: str, make: Callable) -> bytes:
    """Return the figure that ``make(Figure)`` builds as the bytes of an SVG, PNG or PDF, without dates."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise InputError("drawing needs matplotlib", code="TC156", hint="pip install 'tamecheck[plot]'") from missing
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        figure = make(Figure)
        stream = io.BytesIO()
        dates = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}, "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}
        figure.savefig(stream, format=kind, dpi=160, metadata=dates[kind])
    return stream.getvalue()


def user(frame, point: list[float]) -> list[float]:
    """Return a point of the frame in the coordinates of the user."""
    return [sum([c * x for c, x in zip(row, point, strict=True)]) for row in frame.chart.matrix]


def inverse(frame, point: list[float]) -> list[float]:
    """Return a point of the user in the coordinates of the frame."""
    return [sum([c * x for c, x in zip(row, point, strict=True)]) for row in frame.chart.inverse()]


def draw_plane(axes, frame, bounds, style: Callable[[int], tuple[str, int] | None]) -> None:
    """Draw cells of the plane; ``style(number)`` gives a colour and the dimension of what the cell belongs to, ``None`` leaves it out."""
    import numpy

    from tamecheck.geometry.cad.sheets import Follower, spaced

    (left, right), (low, high) = bounds
    cells = frame.adjacency
    follower = Follower(frame)
    corners = [inverse(frame, [a, b]) for a in (left, right) for b in (low, high)]
    u_low, u_high = min([c[0] for c in corners]), max([c[0] for c in corners])
    v_low, v_high = min([c[1] for c in corners]), max([c[1] for c in corners])
    columns = cells.levels[1]
    ends = [decimal(node.coordinates()[0]) for node in columns if node.dimension == 0]
    for node in columns:
        if node.dimension == 0:
            u = decimal(node.coordinates()[0])
            if u_low <= u <= u_high:
                _vertical(axes, frame, node, u, (v_low, v_high), style)
            continue
        k = node.path[0] >> 1
        a = max(ends[k - 1] if k else u_low, u_low)
        b = min(ends[k] if k < len(ends) else u_high, u_high)
        if not a < b:
            continue
        us = spaced(a, b, SAMPLES)
        start = ends[k - 1] if k and ends[k - 1] >= u_low else None
        end = ends[k] if k < len(ends) and ends[k] <= u_high else None
        rows = _branches(follower, cells, node, us, start, end)
        walls = [numpy.full(len(us), v_low - 1), *rows, numpy.full(len(us), v_high + 1)]
        for position in range(len(node.stack)):
            chosen = style(node.first + position)
            if chosen is None:
                continue
            colour, dimension = chosen
            if position & 1:
                if dimension < 2:
                    axes.plot(*_mapped(frame, us, rows[position >> 1]), color=colour, lw=1.8, zorder=3, solid_capstyle="round")
            elif dimension == 2:
                lower = numpy.clip(walls[position >> 1], v_low - 1, v_high + 1)
                upper = numpy.clip(walls[(position >> 1) + 1], v_low - 1, v_high + 1)
                (x1, y1), (x2, y2) = _mapped(frame, us, lower), _mapped(frame, us, upper)
                axes.fill(numpy.concatenate([x1, x2[::-1]]), numpy.concatenate([y1, y2[::-1]]), color=colour, lw=0.4, zorder=1)
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)


def _mapped(frame, us, vs):
    (a, b), (c, d) = frame.chart.matrix
    return a * us + b * vs, c * us + d * vs


def _branches(follower, cells, node, us, start: float | None, end: float | None):
    """Return the roots over each abscissa, one array per section; at a finite end of the column the exact limits."""
    import numpy

    count = len(node.stack.roots)
    if not count:
        return []
    rows = numpy.full((count, len(us)), math.nan)
    for i, u in enumerate(us):
        roots = follower.roots((u,), 2, count)
        if roots is not None:
            rows[:, i] = roots
    for face, place in ((start, 0), (end, len(us) - 1)):
        if face is not None:
            rows[:, place] = _limits(cells, node, face)
            us[place] = face
    return [_filled(us, row) for row in rows]


def _limits(cells, node, value: float) -> list[float]:
    """Return the limits of the sections over a column at one of its ends; infinite ones are far away."""
    from tamecheck.geometry.cad.sheets import decimal_of

    for number in node.faces:
        other = cells.levels[1][number]
        if abs(decimal(other.coordinates()[0]) - value) < 1e-9 * max(1, abs(value)):
            over = [decimal_of(other.stack, r) for r in range(len(other.stack.roots))]
            return [over[j] if 0 <= j < len(over) else math.copysign(1e3, j + 0.5) for j in node.limits[number]]
    return [math.nan] * len(node.stack.roots)


def _filled(us, row):
    """Interpolate abscissas at which rounding hid a root."""
    import numpy

    good = ~numpy.isnan(row)
    return row if good.all() or not good.any() else numpy.interp(us, us[good], row[good])


def _vertical(axes, frame, node, u: float, window: tuple[float, float], style) -> None:
    """Draw the one-dimensional cells that lie over a point of the base line."""
    import numpy

    from tamecheck.geometry.cad.sheets import decimal_of

    roots = [decimal_of(node.stack, r) for r in range(len(node.stack.roots))]
    walls = [min([window[0] - 1, *roots]), *roots, max([window[1] + 1, *roots])]
    for position in range(0, len(node.stack), 2):
        chosen = style(node.first + position)
        if chosen is not None and chosen[1] == 1:
            vs = numpy.array([walls[position >> 1], walls[(position >> 1) + 1]])
            axes.plot(*_mapped(frame, numpy.array([u, u]), vs), color=chosen[0], lw=1.8, zorder=3, solid_capstyle="round")
