"""Texts in a picture: short numbers, and places for labels at which they hide neither the curve nor each other."""

from __future__ import annotations

import math

from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.reports.activation_numbers import closed_form, decimal, number

LONGEST = 9
STEPS = (12, 20, 30, 44, 62)


def shown(e: object, digits: int = 4) -> str:
    """Return a number for a picture: exact when that is short, else a few decimals on which its enclosure agrees."""
    if isinstance(e, Expr) and e.rational is None:
        exact = closed_form(e)
        if exact is not None and len(exact) <= LONGEST and "exp" not in exact and "erf" not in exact:
            for a, b in (("sqrt(2)", "√2"), ("sqrt(3)", "√3"), ("sqrt(5)", "√5"), ("sqrt(6)", "√6"), ("pi", "π"), ("*", "·"), ("-", "−")):
                exact = exact.replace(a, b)
            return exact
    if isinstance(e, Expr) and e.rational is not None:
        q = e.rational
        text = str(q)
        if len(text) > 6:
            text = f"{q.numerator / q.denominator:.{digits}g}" if abs(q) < 10**300 else text[:8]
        return text.replace("-", "−")
    return decimal(number(e), digits).replace("-", "−").replace("inf", "∞")


class Placer:
    """Puts texts beside their points; boxes are in pixels."""

    def __init__(self, figure, axes, curves: list[tuple[list[float], list[float]]]) -> None:
        self.figure, self.axes = figure, axes
        self.renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else figure._get_renderer()  # noqa: SLF001
        self.frame = axes.get_window_extent(self.renderer)
        self.boxes: list[tuple[float, float, float, float]] = []
        self.obstacles = self._polyline(curves)

    def _polyline(self, curves: list[tuple[list[float], list[float]]]) -> list[tuple[float, float]]:
        """Return points every few pixels along the curves."""
        result: list[tuple[float, float]] = []
        for xs, ys in curves:
            places = [self.axes.transData.transform((x, y)) for x, y in zip(xs, ys, strict=True) if math.isfinite(y)]
            for (a, b), (c, d) in zip(places, places[1:], strict=False):
                if not all(map(math.isfinite, (a, b, c, d))) or max(abs(b), abs(d)) > 1e5:
                    continue
                n = max(1, int(min(math.hypot(c - a, d - b) / 5, 200)))
                result += [(a + (c - a) * i / n, b + (d - b) * i / n) for i in range(n)]
        return result

    def put(self, label) -> bool:
        """Draw the text at the best place; leave it out when every place hides something."""
        px, py = self.axes.transData.transform((label.x, label.y))
        text = self.axes.annotate(
            label.text, (label.x, label.y), xytext=(0, 0), textcoords="offset points", fontsize=8, color="#111111", zorder=8,
            annotation_clip=False, parse_math=False,
        )  # fmt: skip
        size = text.get_window_extent(self.renderer)
        scale = self.figure.dpi / 72
        best = None
        for step in STEPS:
            for k in range(16):
                angle = math.pi / 2 + (k + 1) // 2 * (math.pi / 8) * (1 if k % 2 else -1)
                dx, dy = step * math.cos(angle) * scale, step * math.sin(angle) * scale
                left = px + dx - size.width * (1 - math.cos(angle)) / 2
                low = py + dy - size.height * (1 - math.sin(angle)) / 2
                box = (left, low, left + size.width, low + size.height)
                cost = self._cost(box, (px, py)) + step / 400
                if best is None or cost < best[0]:
                    best = (cost, box, step)
            if best is not None and best[0] < 0.2:
                break
        cost, box, step = best  # type: ignore[misc]
        if cost >= 3:
            text.remove()
            return False
        text.set_position(((box[0] - px) / scale, (box[1] - py) / scale))
        if step > STEPS[1]:
            near = (min(max(px, box[0]), box[2]), min(max(py, box[1]), box[3]))
            a, b = self.axes.transData.inverted().transform([near, (px, py)])
            self.axes.plot([a[0], b[0]], [a[1], b[1]], color="#999999", linewidth=0.5, zorder=4)
        self.boxes.append(box)
        return True

    def _cost(self, box: tuple[float, float, float, float], point: tuple[float, float]) -> float:
        left, low, right, high = box
        cost = 0.0
        if left < self.frame.x0 + 2 or right > self.frame.x1 + 4 or low < self.frame.y0 + 2 or high > self.frame.y1 + 4:
            cost += 4
        for a, b, c, d in self.boxes:
            if left < c + 3 and a < right + 3 and low < d + 2 and b < high + 2:
                cost += 4
        hidden = sum([1 for x, y in self.obstacles if left - 3 < x < right + 3 and low - 3 < y < high + 3])
        return cost + min(hidden, 20) / 4
