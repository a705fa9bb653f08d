"""Pictures of decompositions of the plane and of space (matplotlib, an extra).  Floating point enters here, and only here.

Curves and surfaces are drawn from exact stacks over rational points: their number and order are right everywhere, whatever the mesh.
"""

from collections.abc import Callable
from fractions import Fraction
from math import cos, isfinite, pi

from tamecheck.errors import InputError
from tamecheck.geometry.cad.cells import Cell, Decomposition, Path
from tamecheck.ground.algebraic import number

PALE = ("#dbe9f6", "#fde8cf", "#e2f0d9", "#f4dfec", "#fff7cc", "#dff3f3", "#ebe4f5", "#f0ebe3")
SURFACES = ("#5b8db8", "#e0a458", "#7fb069", "#b56576", "#c9b458", "#5aa9a3")
CURVE, VERTICAL, POINT = "#24435e", "#9aa7b1", "#c0392b"
STEPS = 48
MESH = 14


def draw(d: Decomposition, where: Callable[[Cell], bool] | None, window: object, ax: object) -> object:
    """Draw the cells (that satisfy ``where``) coloured by dimension and return the axes; see `Decomposition.plot`."""
    if len(d.variables) not in (2, 3):
        raise InputError(f"a decomposition of R^{len(d.variables)} is not drawn", code="TC171", hint="two or three variables")
    if not d.complete:
        raise InputError("this decomposition is not finished", code="TC101", hint="resume it first")
    try:
        from matplotlib import pyplot
    except ImportError as missing:
        raise InputError("drawing needs matplotlib", code="TC156", hint="pip install matplotlib") from missing
    sides = _window(d, window)
    if len(d.variables) == 2:
        ax = ax or pyplot.subplots(figsize=(5.2, 5.2))[1]
        _plane(d, where or (lambda cell: True), sides, ax)
    else:
        ax = ax or pyplot.figure(figsize=(6, 6)).add_subplot(projection="3d")
        _space(d, where or (lambda cell: 0 in cell.signs), sides, ax)
    return ax


def _window(d: Decomposition, window: object) -> list[tuple[float, float]]:
    """Return the sides of the window: as given, or around all coordinates of samples that are roots."""
    n = len(d.variables)
    if window is not None:
        sides = [tuple(map(float, side)) for side in (window if hasattr(window[0], "__len__") else [window] * n)]
        if len(sides) != n or any([not (isfinite(a) and isfinite(b) and a < b) for a, b in sides]):
            raise InputError("a window is a pair (low, high), or one pair for every variable", code="TC101")
        return sides
    found: list[list[float]] = [[] for _ in range(n)]
    for cell in d.cells[:4000] if len(d) > 4000 else d.cells:
        if n == 2 and cell.dimension:
            continue
        for values, x, i in zip(found, cell.point, cell.index, strict=True):
            if i % 2 == 0:
                values.append(float(x.ball().mid()))
    sides = []
    for values in found:
        low, high = min(values, default=-1.0), max(values, default=1.0)
        margin = max((0.3 if n == 2 else 0.1) * (high - low), 0.6 if n == 2 else 0.2)
        sides.append((low - margin, high + margin))
    return sides


def _samples(low: float, high: float, count: int) -> list[Fraction]:
    """Return rational numbers inside an interval, denser at its ends, where curves turn."""
    inside = [low + (high - low) * (1 - cos(pi * (k + 0.5) / count)) / 2 for k in range(count)]
    ends = [low + (high - low) * 1e-6, high - (high - low) * 1e-6]
    return [Fraction(x).limit_denominator(10**9) for x in sorted([*inside, *ends])]


def _interval(d: Decomposition, stack, position: int, side: tuple[float, float]) -> tuple[float, float] | None:
    """Return the part of a sector in the window."""
    k = position >> 1
    low = float(stack.roots[k - 1].ball.mid()) if k else side[0]
    high = float(stack.roots[k].ball.mid()) if k < len(stack.roots) else side[1]
    low, high = max(low, side[0]), min(high, side[1])
    return (low, high) if low < high else None


def _over(d: Decomposition, point: list) -> tuple[list[float], object]:
    """Return the roots over a point, as floats, and the stack."""
    path = Path(d.lifting)
    for x in point:
        path.enter(number(x))
    stack = path.stack()
    return [float(r.ball.mid()) for r in stack.roots], stack


def _clip(values: list[float], side: tuple[float, float]) -> list[float]:
    low, high = side
    margin = high - low
    return [min(max(v, low - margin), high + margin) for v in values]


def _plane(d: Decomposition, where: Callable[[Cell], bool], sides: list[tuple[float, float]], ax) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    base = d.lifting.root.stack
    colours: dict[tuple[int, ...], str] = {}
    for position in range(len(base)):
        if position & 1:
            x = float(base.roots[position >> 1].ball.mid())
            _column(d, where, position, x, sides, ax)
            continue
        span = _interval(d, base, position, sides[0])
        if span is None:
            continue
        xs = _samples(*span, STEPS)
        columns = [_clip(_over(d, [x])[0], sides[1]) for x in xs]
        floats = [float(x) for x in xs]
        count = len(columns[0])
        for i in range(2 * count + 1):
            cell = d.cell((position + 1, i + 1))
            if not where(cell):
                continue
            if i & 1:
                style = {"color": CURVE, "linewidth": 1.8 if 0 in cell.signs else 0.9, "linestyle": "-" if 0 in cell.signs else ":"}
                ax.plot(floats, [c[i >> 1] for c in columns], zorder=3, **style)
            else:
                colour = colours.setdefault(cell.signs, PALE[len(colours) % len(PALE)])
                low = [c[(i >> 1) - 1] if i else sides[1][0] for c in columns]
                high = [c[i >> 1] if i < 2 * count else sides[1][1] for c in columns]
                ax.fill_between(floats, low, high, color=colour, linewidth=0, zorder=1)
    ax.set_xlim(*sides[0])
    ax.set_ylim(*sides[1])
    (a, b), (c, e) = sides
    if 1 / 3 < (b - a) / (e - c) < 3:
        ax.set_aspect("equal")
    ax.set_xlabel(d.variables[0])
    ax.set_ylabel(d.variables[1], rotation=0)
    counts = [sum([1 for c in d.cells if c.dimension == k and where(c)]) for k in range(3)]
    handles = [
        Patch(color=PALE[0], label=f"dimension 2: {counts[2]}"), Line2D([], [], color=CURVE, label=f"dimension 1: {counts[1]}"),
        Line2D([], [], color=POINT, marker="o", linestyle="", markersize=4, label=f"dimension 0: {counts[0]}"),
    ]  # fmt: skip
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize=8, frameon=False)


def _column(d: Decomposition, where: Callable[[Cell], bool], position: int, x: float, sides: list[tuple[float, float]], ax) -> None:
    """Draw the cells over a root of the line: points, and vertical open segments."""
    stack = d.cell((position + 1, 1)).stacks[1]
    values = [float(r.ball.mid()) for r in stack.roots]
    bounds = [sides[1][0], *values, sides[1][1]]
    for i in range(len(stack)):
        cell = d.cell((position + 1, i + 1))
        if not where(cell):
            continue
        if i & 1:
            ax.plot([x], [values[i >> 1]], marker="o", markersize=4, color=POINT, zorder=5)
        else:
            on = 0 in cell.signs
            style = {"color": CURVE if on else VERTICAL, "linewidth": 1.8 if on else 0.8, "linestyle": "-" if on else "--"}
            ax.plot([x, x], [bounds[i >> 1], bounds[(i >> 1) + 1]], zorder=2, **style)


def _space(d: Decomposition, where: Callable[[Cell], bool], sides: list[tuple[float, float]], ax) -> None:
    base = d.lifting.root.stack
    for position in range(len(base)):
        exact = base.coordinate(position) if position & 1 else None
        if exact is not None:
            if sides[0][0] <= float(exact.ball().mid()) <= sides[0][1]:
                _sheet(d, where, (position,), [exact], sides, ax)
            continue
        span = _interval(d, base, position, sides[0])
        if span is not None:
            _sheet(d, where, (position,), _samples(*span, MESH), sides, ax)
    ax.set_xlim(*sides[0])
    ax.set_ylim(*sides[1])
    ax.set_zlim(*sides[2])
    for axis, name in zip((ax.set_xlabel, ax.set_ylabel, ax.set_zlabel), d.variables, strict=True):
        axis(name)


def _sheet(d: Decomposition, where: Callable[[Cell], bool], path: tuple[int, ...], xs: list, sides: list[tuple[float, float]], ax) -> None:
    """Draw the cells over one cell of the line: surfaces, curves and points."""
    import numpy as np

    columns = [_over(d, [x]) for x in xs]
    along = [float(x) if isinstance(x, Fraction) else float(x.ball().mid()) for x in xs]
    count = len(columns[0][0])
    for i in range(2 * count + 1):
        if i & 1:
            rows = [[columns[k][1].roots[i >> 1].coordinate] for k in range(len(xs))]
        else:
            rows = []
            for values, _ in columns:
                low = max(values[(i >> 1) - 1] if i else sides[1][0], sides[1][0])
                high = min(values[i >> 1] if i < 2 * count else sides[1][1], sides[1][1])
                rows.append(_samples(low, high, MESH) if low < high else [])
        if not all(rows):
            continue
        _cells_over(d, where, (*path, i), along, xs, rows, sides, ax, np)


def _cells_over(d, where, path, along, xs, rows, sides, ax, np) -> None:
    """Draw the sections over one cell of the plane, sampled on a mesh."""
    heights = [[_top(d, x, y) for y in row] for x, row in zip(xs, rows, strict=True)]
    count = len(heights[0][0])
    flat = len(xs) == 1
    thin = len(rows[0]) == 1
    for k in range(count):
        cell = d.cell((*[p + 1 for p in path], 2 * k + 2))
        if not where(cell):
            continue
        x = np.array([[a] * len(row) for a, row in zip(along, rows, strict=True)])
        y = np.array([[float(v) if isinstance(v, Fraction) else float(v.ball().mid()) for v in row] for row in rows])
        z = np.array([[h[k] for h in row] for row in heights])
        outside = (z < sides[2][0]) | (z > sides[2][1]) | (y < sides[1][0]) | (y > sides[1][1])
        z = np.where(outside, np.nan, z)
        if flat and thin:
            ax.scatter(x, y, z, color=POINT, s=14, zorder=6)
        elif flat or thin:
            ax.plot(x.ravel(), y.ravel(), z.ravel(), color=CURVE, linewidth=1.1, zorder=5)
        else:
            zero = next((n for n, s in enumerate(cell.signs) if s == 0), 0)
            ax.plot_surface(x, y, z, color=SURFACES[zero % len(SURFACES)], alpha=0.75, linewidth=0, antialiased=True, rstride=1, cstride=1)


def _top(d: Decomposition, x: object, y: object) -> list[float]:
    """Return the heights of the sections over a point of the plane."""
    path = Path(d.lifting)
    for value in (x, y):
        path.enter(value if not isinstance(value, Fraction) else number(value))
    return [float(r.ball.mid()) for r in path.stack().roots]
