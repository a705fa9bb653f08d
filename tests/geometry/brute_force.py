"""Random piecewise rational functions, and routes to their critical values that share nothing with the ones under test.

A function is built twice: as a text for the command, and as numbers (values and gradients in floating point, vectorised).  Everything here is
floating point and therefore evidence only; the statements that are exact are texts for `tamecheck.decide`.
"""

import random
from dataclasses import dataclass

import numpy as np


@dataclass
class Function:
    """A function as a text, as a quotient of texts with a positive denominator, and as numbers.

    ``at`` maps an array of points of shape (m, n) to values of shape (m,) and gradients of shape (m, n), at kinks one of the sides.
    """

    text: str
    top: str
    bottom: str
    at: object

    def below(self, level: str, relation: str = "<") -> str:
        """Return ``f < level`` without a quotient."""
        return f"{self.top} {relation} ({level})*({self.bottom})"


def variable(k: int, name: str) -> Function:
    """Return a coordinate."""

    def at(points):
        slopes = np.zeros_like(points)
        slopes[:, k] = 1
        return points[:, k], slopes

    return Function(name, name, "1", at)


def number(c: int) -> Function:
    """Return a constant."""
    return Function(f"({c})", f"({c})", "1", lambda points: (np.full(len(points), float(c)), np.zeros_like(points)))


def plus(f: Function, g: Function, sign: int = 1) -> Function:
    """Return f + g or f - g."""

    def at(points):
        (u, p), (v, q) = f.at(points), g.at(points)
        return u + sign * v, p + sign * q

    mark = "+" if sign > 0 else "-"
    if f.bottom == g.bottom:
        return Function(f"({f.text}{mark}{g.text})", f"({f.top}{mark}{g.top})", f.bottom, at)
    top = f"({f.top}*({g.bottom}){mark}{g.top}*({f.bottom}))"
    return Function(f"({f.text}{mark}{g.text})", top, f"({f.bottom})*({g.bottom})", at)


def times(f: Function, g: Function) -> Function:
    """Return fg."""

    def at(points):
        (u, p), (v, q) = f.at(points), g.at(points)
        return u * v, u[:, None] * q + v[:, None] * p

    bottom = f.bottom if g.bottom == "1" else g.bottom if f.bottom == "1" else f"({f.bottom})*({g.bottom})"
    return Function(f"({f.text}*{g.text})", f"({f.top}*{g.top})", bottom, at)


def power(f: Function, k: int) -> Function:
    """Return the k-th power."""

    def at(points):
        u, p = f.at(points)
        return u**k, k * u[:, None] ** (k - 1) * p

    return Function(f"{f.text}^{k}", f"{f.top}^{k}", "1" if f.bottom == "1" else f"({f.bottom})^{k}", at)


def over(f: Function, g: Function) -> Function:
    """Return f / g for a function g > 0 without a quotient in it."""

    def at(points):
        (u, p), (v, q) = f.at(points), g.at(points)
        return u / v, p / v[:, None] - (u / v**2)[:, None] * q

    return Function(f"({f.text}/({g.text}))", f.top, g.top if f.bottom == "1" else f"({f.bottom})*({g.top})", at)


def relu(f: Function) -> Function:
    """Return max(f, 0); the denominator is positive and comes out."""

    def at(points):
        u, p = f.at(points)
        return np.maximum(u, 0), np.where(u[:, None] > 0, p, 0)

    return Function(f"relu({f.text})", f"relu({f.top})", f.bottom, at)


def absolute(f: Function) -> Function:
    """Return |f|."""

    def at(points):
        u, p = f.at(points)
        return np.abs(u), np.where(u[:, None] > 0, p, -p)

    return Function(f"abs({f.text})", f"abs({f.top})", f.bottom, at)


def largest(f: Function, g: Function, name: str = "max") -> Function:
    """Return the maximum or minimum of two functions."""

    def at(points):
        (u, p), (v, q) = f.at(points), g.at(points)
        first = u > v if name == "max" else u < v
        return np.where(first, u, v), np.where(first[:, None], p, q)

    if f.bottom == g.bottom:
        return Function(f"{name}({f.text},{g.text})", f"{name}({f.top},{g.top})", f.bottom, at)
    top = f"{name}({f.top}*({g.bottom}),{g.top}*({f.bottom}))"
    return Function(f"{name}({f.text},{g.text})", top, f"({f.bottom})*({g.bottom})", at)


def random_function(source: random.Random, names: str) -> Function:
    """Return a random function of one or two variables, small enough to be decided exactly."""
    coordinates = [variable(k, name) for k, name in enumerate(names)]

    def line() -> Function:
        out = number(source.choice([0, 0, -1, 1, 2]))
        for x in coordinates:
            c = source.choice([-2, -1, 0, 1, 1, 2])
            if c:
                out = plus(out, x if c == 1 else times(number(c), x))
        return out

    def monomial() -> Function:
        out = number(source.choice([-1, 1, 2]))
        for x in coordinates:
            e = source.randint(0, 3 if len(names) == 1 else 2)
            if e:
                out = times(out, x if e == 1 else power(x, e))
        return out

    def polynomial() -> Function:
        out = plus(monomial(), number(source.choice([-1, 0, 1])))
        return plus(out, monomial()) if source.random() < 0.5 else out

    def positive() -> Function:
        q = plus(number(1), power(source.choice(coordinates), 2))
        return plus(q, power(line(), 2)) if source.random() < 0.5 else q

    def atom() -> Function:
        inner = source.choice([line, line, polynomial])
        kind = source.randint(0, 6)
        if kind == 0:
            return relu(inner())
        if kind == 1:
            return absolute(inner())
        if kind == 2:
            return largest(inner(), line(), source.choice(["max", "min"]))
        if kind == 3:
            return over(source.choice([line, polynomial])(), positive())
        if kind == 4:
            return over(relu(line()), positive())
        return inner()

    kind = source.randint(0, 5)
    if kind == 0:
        return power(atom(), 2)
    if kind == 1:
        return plus(power(atom(), 2), power(atom(), 2))
    if kind == 2:
        return absolute(atom())
    if kind == 3:
        return times(atom(), atom())
    return plus(atom(), atom(), source.choice([1, -1]))


# ------------------------------------------------------------------------------------ finite critical values


def least_norm(slopes: np.ndarray) -> np.ndarray:
    """Return for each of m sets of k vectors in R^1 or R^2, shape (m, k, n), the distance of 0 from the convex hull."""
    m, k, n = slopes.shape
    if n == 1:
        low, high = slopes[:, :, 0].min(axis=1), slopes[:, :, 0].max(axis=1)
        return np.where((low <= 0) & (high >= 0), 0, np.minimum(np.abs(low), np.abs(high)))
    best = np.linalg.norm(slopes, axis=2).min(axis=1)
    inside = np.zeros(m, dtype=bool)
    angles = np.sort(np.arctan2(slopes[:, :, 1], slopes[:, :, 0]), axis=1)
    gaps = np.diff(np.concatenate([angles, angles[:, :1] + 2 * np.pi], axis=1), axis=1)
    inside = gaps.max(axis=1) <= np.pi + 1e-12
    for i in range(k):
        for j in range(i + 1, k):
            a, b = slopes[:, i], slopes[:, j]
            d = b - a
            size = np.maximum((d * d).sum(axis=1), 1e-300)
            t = np.clip(-(a * d).sum(axis=1) / size, 0, 1)
            best = np.minimum(best, np.linalg.norm(a + t[:, None] * d, axis=1))
    return np.where(inside, 0, best)


def near_critical_values(f: Function, n: int, source: random.Random, size: float = 4.0, depth: int = 16, keep: int = 300) -> list[float]:
    """Return values of f at points where 0 is, up to rounding, in the convex hull of the gradients around, found by subdivision.

    A cell is kept if the distance of 0 from the gradients at random points in it is small against its size and how much these differ.
    """
    rng = np.random.default_rng(source.randint(0, 2**31))
    per_axis = 24 if n == 2 else 200
    axes = [np.linspace(-size, size, per_axis + 1)[:-1] + size / per_axis + 0.0123 * size / per_axis] * n
    centres = np.stack([a.ravel() for a in np.meshgrid(*axes)], axis=1)
    h = size / per_axis
    for _ in range(depth):
        k = 12 if n == 2 else 8
        offsets = rng.uniform(-1.3, 1.3, size=(len(centres), k, n)) * h
        points = (centres[:, None, :] + offsets).reshape(-1, n)
        _, slopes = f.at(points)
        slopes = slopes.reshape(len(centres), k, n)
        distance = least_norm(slopes)
        spread = np.linalg.norm(slopes - slopes[:, :1], axis=2).max(axis=1)
        centres = centres[distance <= 0.35 * spread + 1e-13]
        if not len(centres):
            return []
        if len(centres) > keep:
            centres = centres[rng.choice(len(centres), keep, replace=False)]
        h /= 2
        moves = np.array(np.meshgrid(*[[-h, h]] * n)).reshape(n, -1).T
        centres = (centres[:, None, :] + moves[None]).reshape(-1, n)
    values, slopes = f.at(centres)
    points = (centres[:, None, :] + rng.uniform(-2, 2, size=(len(centres), 16, n)) * h).reshape(-1, n)
    slopes = f.at(points)[1].reshape(len(centres), 16, n)
    good = least_norm(slopes) < 1e-3 * h**0.4 * 10
    return sorted(values[good])


def clusters(values: list[float], width: float) -> list[float]:
    """Return one number for each run of numbers that are closer than ``width``."""
    out: list[list[float]] = []
    for v in sorted(values):
        if out and v - out[-1][-1] < width:
            out[-1].append(v)
        else:
            out.append([v])
    return [sum(group) / len(group) for group in out]


# ------------------------------------------------------------------------------------------------- infinity


def values_far_away(f: Function, n: int, source: random.Random) -> list[float]:
    """Return limits of f along points with |x| -> oo where |x| |grad f|, made small on circles, tends to 0."""
    if n == 1:
        out = []
        for side in (1, -1):
            v, d = f.at(side * np.array([[1e5], [1e6]]))
            if abs(d[1, 0]) * 1e6 < 1e-3:
                out.append(float(v[1]))
        return out
    radii = [10.0 ** k for k in (2, 3, 4)]
    found = []
    rows = []
    logs = np.concatenate([[0], 10.0 ** np.linspace(-13, 0, 4000)])
    small = np.concatenate([-logs[::-1], logs])
    for radius in radii:
        best = []
        for big in (0, 1):
            for side in (1, -1):
                points = np.empty((len(small), 2))
                points[:, big], points[:, 1 - big] = side * radius, small * radius
                points, values, weights = _least(f, points, 1 - big, radius)
                best += list(zip(values, weights, strict=True))
        rows.append(best)
    for v, w in rows[-1]:
        if w < 0.02 and abs(v) < 1e3:
            before = [u for u, x in rows[-2] if abs(u - v) < 0.1 * (1 + abs(v)) and w < 0.6 * x + 1e-9]
            if before:
                found.append(float(v))
    return found


def _least(f: Function, points: np.ndarray, free: int, radius: float) -> tuple:
    """Return the points of a line where |x| |grad f| is least among neighbours, refined."""

    def weight(p):
        v, d = f.at(p)
        return v, radius * np.linalg.norm(d, axis=1)

    _, w = weight(points)
    chosen = [k for k in range(1, len(points) - 1) if w[k] <= w[k - 1] and w[k] <= w[k + 1]]
    if len(chosen) > 60:
        chosen = chosen[:: len(chosen) // 60 + 1]
    low = points[[k - 1 for k in chosen], free]
    high = points[[k + 1 for k in chosen], free]
    p = points[chosen].copy()
    for _ in range(80):
        a, b = low + 0.382 * (high - low), low + 0.618 * (high - low)
        p[:, free] = a
        _, wa = weight(p)
        p[:, free] = b
        _, wb = weight(p)
        left = wa < wb
        high, low = np.where(left, b, high), np.where(left, low, a)
    p[:, free] = (low + high) / 2
    v, w = weight(p)
    return p, v, w


__all__ = ["Function", "clusters", "near_critical_values", "random_function", "values_far_away"]
