"""Cells as graphs, in doubles: what a picture needs to follow sections from wall to wall.

How many roots lie over a point of a cell is known exactly; rounding is forgiven as far as that number allows.
"""

from __future__ import annotations

import math

import numpy

from tamecheck.geometry.cad.descriptions import decimal

MARGIN = 1e-6
"""Relative distance from the walls of a cell, where roots may coincide."""


class Follower:
    """Roots over points of the cells of one frame."""

    def __init__(self, frame) -> None:
        self.frame = frame
        self.matrix = numpy.array(frame.chart.matrix, dtype=float)
        self.levels = []
        for factors in frame.decomposition.projection.levels:
            level = []
            for f in factors:
                level.append((f.degree, [(e, float(int(c))) for e, c in zip(f.monomials, f.polynomial.coeffs(), strict=True)]))
            self.levels.append(level)

    def user(self, points):
        """Return points of the frame in the coordinates of the user."""
        return numpy.asarray(points) @ self.matrix.T

    def roots(self, prefix, level: int, expected: int) -> list[float] | None:
        """Return the roots over a point, ``None`` if rounding does not give as many as there are."""
        found = []
        for degree, terms in self.levels[level]:
            c = [0.0] * (degree + 1)
            for exponents, value in terms:
                term = value
                for x, e in zip(prefix, exponents, strict=False):
                    if e:
                        term *= x**e
                c[exponents[level - 1]] += term
            size = max([abs(v) for v in c])
            while c and abs(c[-1]) <= 1e-13 * size:
                c.pop()
            if len(c) > 1:
                found += numpy.roots(c[::-1]).tolist() if len(c) > 2 else [complex(-c[0] / c[1])]
        for width in (1e-7, 1e-5, 1e-3):
            real = sorted([z.real for z in found if abs(z.imag) < width * max(1.0, abs(z))])
            joined = _joined(real, width)
            if len(joined) == expected:
                return joined
            if len(joined) > expected > 0:
                continue
        return None


def _joined(values: list[float], width: float) -> list[float]:
    groups: list[list[float]] = []
    for v in values:
        if groups and v - groups[-1][-1] <= width * max(1.0, abs(v)):
            groups[-1].append(v)
        else:
            groups.append([v])
    return [sum(g) / len(g) for g in groups]


def spaced(low: float, high: float, count: int):
    """Return abscissas from wall to wall, denser near them, where branches may be vertical."""
    t = (1 - numpy.cos(numpy.linspace(0, math.pi, count))) / 2
    return low + (high - low) * (MARGIN + (1 - 2 * MARGIN) * t)


def parametrised(follower: Follower, node, limits, counts) -> list[list[tuple[float, ...]]]:
    """Return points of a cell: a row of them for a curve, rows for a surface (a grid by its first free coordinate).

    ``limits`` bounds the coordinates of the frame, ``counts`` gives the number of steps for each free coordinate.
    """
    rows: list[list[tuple[float, ...]]] = [[()]]
    free = 0
    fixed = True
    for level, position in enumerate(node.path):
        stack = node.stacks[level]
        now: list[list[tuple[float, ...]]] = []
        for row in rows:
            extended: list[list[tuple[float, ...]]] = [[]] if position & 1 else [[] for _ in row]
            for i, prefix in enumerate(row):
                walls = _walls(follower, stack, prefix, fixed)
                if walls is None:
                    nan = (*prefix, math.nan)
                    if position & 1:
                        extended[0].append(nan)
                    else:
                        extended[i] += [nan] * counts[free]
                    continue
                k = position >> 1
                if position & 1:
                    extended[0].append((*prefix, walls[k]))
                    continue
                low = max(walls[k - 1] if k else -math.inf, limits[level][0])
                high = min(walls[k] if k < len(walls) else math.inf, limits[level][1])
                if low < high:
                    extended[i] += [(*prefix, float(x)) for x in spaced(low, high, counts[free])]
                else:
                    extended[i] += [(*prefix, math.nan)] * counts[free]
            now += extended
        if not position & 1:
            free += 1
            if free == 2:
                rows = now
            else:
                rows = [[point for row in now for point in row]]
        else:
            rows = now
        fixed = fixed and bool(position & 1)
    return rows


def _walls(follower: Follower, stack, prefix, fixed: bool) -> list[float] | None:
    if fixed:
        return [decimal_of(stack, k) for k in range(len(stack.roots))]
    if any([math.isnan(x) for x in prefix]):
        return None
    return follower.roots(prefix, len(prefix) + 1, len(stack.roots))


def decimal_of(stack, k: int) -> float:
    """Return a root of a stack over a fixed point as a double."""
    return decimal(stack.coordinate(2 * k + 1))


def limits_of(frame, bounds) -> list[tuple[float, float]]:
    """Return bounds of the coordinates of the frame over a box of the user's coordinates."""
    from itertools import product

    inverse = numpy.array(frame.chart.inverse(), dtype=float)
    corners = numpy.array([inverse @ numpy.array(c) for c in product(*bounds)])
    return [(float(corners[:, i].min()), float(corners[:, i].max())) for i in range(len(bounds))]
