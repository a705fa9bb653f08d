"""Stratifications in space, cell by cell: the sheets of surfaces, curves and points; open regions are not drawn."""

from __future__ import annotations

import math

from tamecheck.geometry.cad.descriptions import decimal
from tamecheck.geometry.cad.sheets import Follower, limits_of, parametrised

VIEW = (24, -52)
FINEST, COARSEST = 34, 7


def space(figure_class, s, window, colours, caption: str):
    """Return a figure with the strata of dimension 0, 1 and 2 in a box."""
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    figure = figure_class(figsize=(5.4, 5.2))
    axes = figure.add_axes((0.0, 0.0, 1.0, 0.94), projection="3d", computed_zorder=False)
    follower = Follower(s.frame)
    limits = limits_of(s.frame, window.bounds)
    faces, shades = _faces(s, follower, limits, window.bounds, colours)
    if faces:
        axes.add_collection3d(Poly3DCollection(faces, facecolors=shades, edgecolors=shades, linewidths=0.2, zorder=1), autolim=False)
    for number, points in _curves(s, follower, limits, window.bounds):
        axes.plot(*zip(*points, strict=True), color=colours[number], lw=2.0, zorder=4, solid_capstyle="round")
    for k in s.strata:
        if k.dimension == 0:
            axes.plot(*[[decimal(x)] for x in k.sample], "o", color="black", ms=4.5, zorder=5)
    for setter, bound in zip((axes.set_xlim, axes.set_ylim, axes.set_zlim), window.bounds, strict=True):
        setter(*bound)
    for label, name in zip((axes.set_xlabel, axes.set_ylabel, axes.set_zlabel), s.variables, strict=True):
        label(name, labelpad=-4)
    axes.tick_params(labelsize=6.5, pad=-2)
    axes.locator_params(nbins=5)
    axes.set_box_aspect((1, 1, 1), zoom=0.95)
    axes.view_init(*VIEW)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set_facecolor("#ffffff")
        axis.pane.set_edgecolor("#cccccc")
    axes.grid(False)
    figure.suptitle(caption, fontsize=9, y=0.97)
    return figure


def _faces(s, follower, limits, bounds, colours) -> tuple[list, list]:
    cells = s.frame.adjacency
    owner = {i: k for k in s.strata if k.dimension == 2 for i in k.cells}
    sheets = [i for i in owner if cells.cells[i].dimension == 2]
    steps = max(COARSEST, min(FINEST, int(150 / math.sqrt(max(len(sheets), 1)))))
    faces, shades = [], []
    for i in sheets:
        grid = parametrised(follower, cells.cells[i], limits, (steps, steps))
        mapped = [[tuple(p) for p in follower.user(row)] if row else [] for row in grid]
        for face in _quadrangles(mapped, bounds):
            face = clipped(face, bounds)
            if len(face) > 2:
                faces.append(face)
                shades.append(_lit(colours[owner[i].number], face))
    return faces, shades


def _quadrangles(grid: list, bounds) -> list:
    """Return the meshes of a grid of points, without those that rounding has torn (a root mistaken for its neighbour near a wall)."""
    found = []
    for a, b in zip(grid, grid[1:], strict=False):
        for k in range(min(len(a), len(b)) - 1):
            face = [a[k], a[k + 1], b[k + 1], b[k]]
            if all([abs(v) < 1e9 for p in face for v in p]):
                edges = [math.dist(p, q) for p, q in zip(face, face[1:] + face[:1], strict=True)]
                inside = all([low <= v <= high for p in face for v, (low, high) in zip(p, bounds, strict=True)])
                found.append((face, max(edges), min(edges), inside))
    usual = sorted([longest for _, longest, _, _ in found])[len(found) // 2] if found else 0.0
    return [face for face, longest, least, inside in found if not (inside and longest > 3 * usual and least < 0.1 * longest)]


def _curves(s, follower, limits, bounds):
    """Yield (number of the stratum, points) for every one-dimensional cell of a stratum of dimension 1."""
    cells = s.frame.adjacency
    for k in s.strata:
        if k.dimension != 1:
            continue
        for i in sorted(k.cells):
            if cells.cells[i].dimension != 1:
                continue
            rows = parametrised(follower, cells.cells[i], limits, (60, 60))
            points = [tuple(p) for row in rows if row for p in follower.user(row)]
            inside = [p for p in points if not any([math.isnan(v) for v in p]) and all([a <= v <= b for v, (a, b) in zip(p, bounds, strict=True)])]
            if len(inside) > 1:
                yield k.number, inside


def clipped(face: list, bounds) -> list:
    """Return the part of a polygon in a box (Sutherland and Hodgman)."""
    for i, (low, high) in enumerate(bounds):
        for value, side in ((low, 1), (high, -1)):
            if all([side * (p[i] - value) >= 0 for p in face]):
                continue
            out = []
            for p, q in zip(face, face[1:] + face[:1], strict=True):
                a, b = side * (p[i] - value), side * (q[i] - value)
                if a >= 0:
                    out.append(p)
                if (a > 0 > b) or (a < 0 < b):
                    t = a / (a - b)
                    out.append(tuple([x + t * (y - x) for x, y in zip(p, q, strict=True)]))
            face = out
            if len(face) < 3:
                return []
    return face


def _lit(colour: str, face) -> tuple[float, float, float, float]:
    """Return a colour for a facet by its slope to the light: shape is seen without any texture."""
    n = [0.0, 0.0, 0.0]
    for (x0, y0, z0), (x1, y1, z1) in zip(face, face[1:] + face[:1], strict=True):
        n[0] += (y0 - y1) * (z0 + z1)
        n[1] += (z0 - z1) * (x0 + x1)
        n[2] += (x0 - x1) * (y0 + y1)
    size = math.sqrt(sum([c * c for c in n])) or 1.0
    light = (0.45, -0.55, 0.70)
    strength = 0.58 + 0.42 * abs(sum([c * v for c, v in zip(n, light, strict=True)])) / size
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return (*[min(1.0, strength * c) for c in rgb], 0.9)
