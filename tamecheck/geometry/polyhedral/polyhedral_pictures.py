"""Pictures of polyhedral complexes in one and two inputs (matplotlib, an extra).  Floating point enters here, and only here."""

from collections.abc import Sequence
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.geometry.polyhedral.complexes import Face, PolyhedralComplex, build
from tamecheck.geometry.polyhedral.polyhedral_topology import level_set
from tamecheck.ground.intervals import interval, meet

PALE = ["#dbe9f6", "#fde8cf", "#e2f0d9", "#f4dfec", "#fff7cc", "#dff3f3", "#ebe4f5", "#f0ebe3"]
INK, BOUNDARY = "#33475b", "#c0392b"


def draw(complex: PolyhedralComplex, output: str | None, entry: int, level: object, ax: object, window: object) -> object:
    """Draw the complex: regions in pale colours (neighbours differ), edges, vertices, the level set in red; return the axes.

    For one input the graph of the output is drawn, with its kinks.

    Parameters
    ----------
    level : number, or ``None`` for no level set
    window : ``(low, high)`` for both axes, or a pair of such pairs; by default around the vertices
    """
    if complex.dimension not in (1, 2):
        raise InputError(f"a complex in {complex.dimension} inputs is not drawn", code="TC170", hint="fix all but two inputs by values=")
    try:
        from matplotlib import pyplot
    except ImportError as missing:
        raise InputError("drawing needs matplotlib", code="TC156", hint="pip install matplotlib") from missing
    if ax is None:
        _, ax = pyplot.subplots(figsize=(5, 5) if complex.dimension == 2 else (5, 3))
    sides = read_window(complex, window, _level_vertices(complex, output, entry, level))
    boxes = [meet(box, interval(low, high)) for box, (low, high) in zip(complex.boxes, sides, strict=True)]
    if None in boxes:
        raise InputError("the window does not meet the box", code="TC121")
    visible = build(complex.normal.tape, boxes)
    if complex.dimension == 1:
        return _graph(visible, output, entry, ax)
    _regions(visible, ax)
    if level is not None and complex.normal.outputs:
        cut = level_set(visible, Fraction(level), visible.place(output, entry))
        for f in cut.faces:
            if f.dimension == 1:
                _segment(f, ax, color=BOUNDARY, linewidth=2.2, zorder=4)
            elif f.dimension == 2:
                ax.fill(*_floats(f.vertices_in_order()), color=BOUNDARY, alpha=0.25, zorder=2, linewidth=0)
    ax.set_xlim(*[float(c) for c in sides[0]])
    ax.set_ylim(*[float(c) for c in sides[1]])
    ax.set_aspect("equal")
    ax.set_xlabel(str(complex.normal.tape.coordinates[0]))
    ax.set_ylabel(str(complex.normal.tape.coordinates[1]))
    return ax


def _level_vertices(complex: PolyhedralComplex, output: str | None, entry: int, level: object) -> list:
    """Return the vertices of the level set."""
    if level is None or complex.dimension == 1 or not complex.normal.outputs:
        return []
    cut = level_set(complex, Fraction(level), complex.place(output, entry))
    return [p for f in cut.faces if f.dimension == 0 for p in f.points]


def _regions(visible: PolyhedralComplex, ax: object) -> None:
    colours = neighbour_colours(visible)
    for f in visible.regions:
        ax.fill(*_floats(f.vertices_in_order()), color=PALE[colours[f.number] % len(PALE)], linewidth=0, zorder=1)
    inner = [f for f in visible.of_dimension(1) if len(visible.cofaces[f.number]) == 2]
    for f in inner:
        _segment(f, ax, color=INK, linewidth=0.9, zorder=3, solid_capstyle="round")
    crossing: dict[int, int] = {}
    for f in inner:
        for v in f.vertices:
            crossing[v] = crossing.get(v, 0) + 1
    points = [visible.vertices[v] for v, count in crossing.items() if count > 1]
    ax.plot(*_floats(points), "o", color=INK, markersize=3.4, zorder=5)


def _graph(visible: PolyhedralComplex, output: str | None, entry: int, ax: object) -> object:
    order = sorted(range(len(visible.vertices)), key=lambda v: visible.vertices[v])
    points = [(visible.vertices[v][0], visible.value(v, output, entry)) for v in order]
    ax.plot(*_floats(points), color=INK, linewidth=1.6)
    ax.plot(*_floats(points[1:-1]), "o", color=BOUNDARY, markersize=4)
    ax.set_xlabel(str(visible.normal.tape.coordinates[0]))
    return ax


def neighbour_colours(c: PolyhedralComplex) -> dict[int, int]:
    """Return a colour number for every region such that regions with a common facet differ (greedy, in order)."""
    colours: dict[int, int] = {}
    for f in c.regions:
        taken = {colours[h] for g in f.facets for h in c.cofaces[g] if h in colours}
        colours[f.number] = next(k for k in range(len(taken) + 1) if k not in taken)
    return colours


def read_window(c: PolyhedralComplex, window: object, more: Sequence = ()) -> list[tuple[Fraction, Fraction]]:
    """Return the sides of the window: as given, or around the vertices (and more points) with a margin."""
    if window is None:
        return [_around([v[k] for v in [*c.vertices, *more]]) for k in range(c.dimension)]
    pairs = [window] * c.dimension if not isinstance(window[0], Sequence) else list(window)
    sides = [(Fraction(low), Fraction(high)) for low, high in pairs]
    if len(sides) != c.dimension or any(low >= high for low, high in sides):
        raise InputError(f"{window!r} is no window", code="TC121", hint="(low, high), or one such pair per input")
    return sides


def _around(values: list[Fraction]) -> tuple[Fraction, Fraction]:
    low, high = min(values), max(values)
    margin = (high - low) / 5 or Fraction(1)
    return low - margin, high + margin


def _segment(f: Face, ax: object, **style: object) -> None:
    ax.plot(*_floats(f.points), **style)


def _floats(points: Sequence[Sequence[Fraction]]) -> tuple[list[float], list[float]]:
    return [float(p[0]) for p in points], [float(p[1]) for p in points]
