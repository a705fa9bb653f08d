"""What a picture of a function shows: the window, from certified feature points, and the curve in it.

Feature points (breakpoints, zeros, extrema, inflections, ends of the domain) are certified; the curve between them is drawn
through midpoints of certified enclosures, or, where the analysis claims nothing, through floating-point values.  A picture
proves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tamecheck.geometry.univariate import balls
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.piecewise import Opaque
from tamecheck.geometry.univariate.points import enclosure
from tamecheck.geometry.univariate.shapes import MONOTONE, Shape, Stretch

HUGE = 1e300
BASE_POINTS = 48
MOST_POINTS = 360
CLOSE = 1 / 40
"""Features nearer to each other than this part of the window get a panel of their own, ..."""
NARROW = 1 / 5
"""... when their group is narrower than this part of it."""
MOST_PANELS = 3


@dataclass
class Piece:
    """A part of the curve with one kind of monotonicity; parallel lists of coordinates, ``certified`` or evidence only."""

    kind: str
    x: list[float]
    y: list[float]
    certified: bool = True


@dataclass
class Panel:
    """One window: the ends, the pieces of the curve in it, and the height."""

    left: float
    right: float
    pieces: list[Piece] = field(default_factory=list)
    low: float = 0.0
    high: float = 1.0


def real(e: object) -> float | None:
    """Return a double near a constant, ``None`` for anything that is not finite."""
    if not isinstance(e, Expr):
        return None
    try:
        low, high = enclosure(e)
        middle = (low + high) / 2
        value = middle.numerator / middle.denominator
    except (OverflowError, Unresolved):
        return None
    return value if abs(value) < HUGE else None


# ---------------------------------------------------------------------- window


def feature_points(shape: Shape) -> list[float]:
    """Return the places of all certified features, sorted; the ends of what is open are none."""
    found: list[float | None] = [real(b.point) for b in shape.breaks if b.kind != "unknown"]
    found += [real(z.point) for z in shape.zeros()[0]]
    for stretches in (shape.monotonicity(), shape.convexity()):
        loose = {id(end) for s in stretches if s.kind == "unknown" for end in (s.low, s.high)}
        found += [real(end) for s in stretches for end in (s.low, s.high) if id(end) not in loose]
    return sorted({v for v in found if v is not None})


def clusters(points: list[float]) -> list[tuple[float, float]]:
    """Return windows: the first holds all points, the others the groups that are too narrow to be seen in it."""
    if not points:
        return [(-4.0, 4.0)]
    windows = [_around(points)]
    queue = [(points, windows[0])]
    while queue and len(windows) < MOST_PANELS:
        group, (left, right) = queue.pop(0)
        for near in _groups(group, (right - left) * CLOSE):
            narrow = near[-1] - near[0] < NARROW * (right - left)
            if len(near) > 1 and narrow and len(windows) < MOST_PANELS:
                windows.append(_around(near, 0.8))
                queue.append((near, windows[-1]))
    return windows


def _around(points: list[float], margin: float | None = None) -> tuple[float, float]:
    """Return a window around some points, with room for what the function does beside them."""
    low, high = points[0], points[-1]
    width = high - low
    if margin is None and abs(low) <= 8 and abs(high) <= 8 and width < 16:
        low, high = min(low, 0.0), max(high, 0.0)
        room = max(0.55 * (high - low), 4 - (high - low) / 2, 0.5)
    elif margin is None:
        room = max(0.35 * width, 4.0 if width < 16 else 0.0)
    else:
        room = margin * width
    return low - room, high + room


def _groups(points: list[float], gap: float) -> list[list[float]]:
    groups = [[points[0]]]
    for p in points[1:]:
        if p - groups[-1][-1] <= gap:
            groups[-1].append(p)
        else:
            groups.append([p])
    return groups


# ----------------------------------------------------------------------- curve


class Sampler:
    """Values of one expression: midpoints of balls."""

    def __init__(self, e: Expr) -> None:
        self.tape = balls.Tape([e])

    def __call__(self, x: float) -> float:
        from fractions import Fraction

        with balls.precision(balls.BASE):
            value = self.tape.run(balls.ball(Fraction(x)), balls.BASE)[0]
        return float(value.mid()) if value.is_finite() else math.nan


def sample(f: Sampler, low: float, high: float, height: float = 0.0, base: int = BASE_POINTS) -> tuple[list[float], list[float]]:
    """Return points of a graph on an open interval, dense towards its ends and where it bends."""
    width = high - low
    marks = [low + width * (1 - math.cos(math.pi * t)) / 2 for t in _steps(base)]
    xs = sorted({min(max(x, math.nextafter(low, high)), math.nextafter(high, low)) for x in marks})
    points = [(x, f(x)) for x in xs]
    if height <= 0:
        return [p[0] for p in points], [p[1] for p in points]
    for _ in range(5):
        extra = _bends(points, width, height)
        if not extra or len(points) + len(extra) > MOST_POINTS:
            break
        points = sorted({*points, *[(x, f(x)) for x in extra]})
    return [p[0] for p in points], [p[1] for p in points]


def _steps(n: int) -> list[float]:
    return [2.0**-20, *[i / n for i in range(1, n)], 1 - 2.0**-20]


def _bends(points: list[tuple[float, float]], width: float, height: float) -> list[float]:
    """Return places beside points that are far from the chord of their neighbours, in units of the window."""
    extra: list[float] = []
    for (a, u), (x, v), (b, w) in zip(points, points[1:], points[2:], strict=False):
        if not all(map(math.isfinite, (u, v, w))) or b <= a:
            continue
        chord = u + (w - u) * (x - a) / (b - a)
        if abs(v - chord) > 0.002 * height and (b - a) > 1e-5 * width and min(abs(u), abs(v), abs(w)) < 1e3 * height + abs(chord):
            extra += [(a + x) / 2, (x + b) / 2]
    return sorted(set(extra))


def panel(shape: Shape, window: tuple[float, float], values: list[float], evidence) -> Panel:
    """Return the curve in a window.

    ``values`` are heights that have to be visible; ``evidence`` evaluates the function in floating point, on a list.
    """
    result = Panel(*window)
    rough: list[tuple[Stretch, Sampler | None, float, float]] = []
    for s, e in _stretches(shape):
        low = result.left if s.low is None else max(result.left, _number(s.low, result.left))
        high = result.right if s.high is None else min(result.right, _number(s.high, result.right))
        if low < high:
            rough.append((s, None if e is None else Sampler(e), low, high))
    count = max(12, min(BASE_POINTS, 600 // max(1, len(rough))))
    grids = [_grid(a, b, 200) if f is None else [] for _, f, a, b in rough]
    first = [sample(f, a, b, base=count) if f else (g, evidence(g)) for (_, f, a, b), g in zip(rough, grids, strict=True)]
    result.low, result.high = height_of(first, values)
    tall = result.high - result.low
    for s, f, a, b in rough:
        if f is None:
            xs = _grid(a, b, 900)
            result.pieces.append(Piece("unknown", *thinned(*_torn(xs, evidence(xs), tall), result), False))
        else:
            base = 4 * count if s.kind == "unknown" else count
            xs, ys = sample(f, a, b, tall, base)
            result.pieces.append(Piece(s.kind, *thinned(xs, ys, result)))
    return result


def _torn(xs: list[float], ys: list[float], tall: float) -> tuple[list[float], list[float]]:
    """Return a polyline that is not joined over what looks like a jump."""
    steps = [abs(v - u) if math.isfinite(u) and math.isfinite(v) else 0.0 for u, v in zip(ys, ys[1:], strict=False)]
    out_x, out_y = [xs[0]], [ys[0]]
    for i, step in enumerate(steps):
        beside = max(steps[i - 1] if i else 0.0, steps[i + 1] if i + 1 < len(steps) else 0.0)
        if step > 0.03 * tall and step > 5 * beside or step > 0.5 * tall:
            out_x.append((xs[i] + xs[i + 1]) / 2)
            out_y.append(math.nan)
        out_x.append(xs[i + 1])
        out_y.append(ys[i + 1])
    return out_x, out_y


def thinned(xs: list[float], ys: list[float], window: Panel) -> tuple[list[float], list[float]]:
    """Return the polyline without the vertices that nobody sees (Douglas and Peucker), clipped far outside the window."""
    tall, wide = window.high - window.low, window.right - window.left
    ys = [min(max(y, window.low - 2 * tall), window.high + 2 * tall) if math.isfinite(y) else math.nan for y in ys]
    kept = {0, len(xs) - 1} | {j for i, y in enumerate(ys) if math.isnan(y) for j in (i - 1, i, i + 1) if 0 <= j < len(xs)}
    ends = sorted(kept)
    stack = list(zip(ends, ends[1:], strict=False))
    while stack:
        a, b = stack.pop()
        if b - a < 2:
            continue
        dx, dy = (xs[b] - xs[a]) / wide, (ys[b] - ys[a]) / tall
        length = math.hypot(dx, dy) or 1.0
        far, at = max((abs((xs[i] - xs[a]) / wide * dy - (ys[i] - ys[a]) / tall * dx) / length, i) for i in range(a + 1, b))
        if far > 4e-4 or length < 1e-9:
            kept.add(at)
            stack += [(a, at), (at, b)]
    order = sorted(kept)
    return [xs[i] for i in order], [ys[i] for i in order]


def _number(e: Expr, otherwise: float) -> float:
    value = real(e)
    return otherwise if value is None else value


def _grid(a: float, b: float, n: int) -> list[float]:
    return [a + (b - a) * (i + 0.5) / n for i in range(n)]


def _stretches(shape: Shape) -> list[tuple[Stretch, Expr | None]]:
    """Return the monotone stretches of every interval with their expression; opaque intervals have none."""
    result: list[tuple[Stretch, Expr | None]] = []
    for i, r in enumerate(shape.parts):
        if r is not None:
            signs = r.signs(r.derivative(1), r.zeros(1))
            result += [(Stretch(low, high, MONOTONE[s]), r.function) for low, high, s in signs]
        elif isinstance(shape.function.between[i], Opaque):
            result.append((Stretch(*shape.function.interval(i), "unknown"), None))
    return result


def height_of(curves: list[tuple[list[float], list[float]]], values: list[float]) -> tuple[float, float]:
    """Return the heights to show: all values that matter, and as much of the curve as leaves them readable."""
    heights = sorted([y for _, ys in curves for y in ys if math.isfinite(y)])
    if not heights and not values:
        return -1.0, 1.0
    marks = sorted(values) or [heights[len(heights) // 2]]
    low, high = min(marks[0], heights[0] if heights else marks[0]), max(marks[-1], heights[-1] if heights else marks[-1])
    must = marks[-1] - marks[0]
    width = sum([xs[-1] - xs[0] for xs, _ in curves if xs])
    natural = 1.6 * width * _typical_slope(curves)
    limit = max(2.2 * must, natural)
    if 10 * must > 0.03 * natural:
        limit = min(limit, 10 * must)
    if high - low > limit > 0:
        spare = limit - must
        above, below = high - marks[-1], marks[0] - low
        take = min(above, max(spare / 2, spare - below))
        high, low = marks[-1] + take, marks[0] - min(below, spare - take)
    if high <= low:
        pad = max(abs(low), 1.0)
        return low - pad, high + pad
    pad = 0.09 * (high - low)
    return low - pad, high + pad


def _typical_slope(curves: list[tuple[list[float], list[float]]]) -> float:
    """Return the median, by length of the intervals, of the steepness that is not negligible."""
    steep: list[tuple[float, float]] = []
    for xs, ys in curves:
        for a, b, u, v in zip(xs, xs[1:], ys, ys[1:], strict=False):
            if math.isfinite(u) and math.isfinite(v) and b > a and abs(v - u) < HUGE:
                steep.append((abs(v - u) / (b - a), b - a))
    steep = sorted([(s, w) for s, w in steep if s > 0])
    half, total = sum([w for _, w in steep]) / 2, 0.0
    for s, w in steep:
        total += w
        if total >= half:
            return s
    return 0.0
