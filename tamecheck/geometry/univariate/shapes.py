"""The monotonicity theorem made visible: maximal intervals of strict monotonicity, of convexity, zeros and extrema.

Everything is read off the signs of f, f' and f'' between their certified zeros, and off the classified breakpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.breaks import Break, breaks
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.isolation import Open
from tamecheck.geometry.univariate.piecewise import Opaque, Piecewise, value_at
from tamecheck.geometry.univariate.regions import Limit, Region, compare_limits, opaque_parts, regions

MONOTONE = {1: "increasing", -1: "decreasing", 0: "constant", None: "unknown"}
CONVEX = {1: "convex", -1: "concave", 0: "affine", None: "unknown"}


class Stretch(NamedTuple):
    """A maximal interval with one kind of behaviour; ``None`` is an infinite end."""

    low: Expr | None
    high: Expr | None
    kind: str


class Root(NamedTuple):
    """A zero of the function; ``order`` is that of an analytic zero, ``crossing`` whether the sign changes there."""

    point: Expr
    order: int | None
    crossing: bool | None


class Extremum(NamedTuple):
    """A local extremum at a point, or on a whole interval of constancy (then ``point`` is ``None``)."""

    point: Expr | None
    plateau: tuple[Expr | None, Expr | None] | None
    value: Expr
    kind: str
    strict: bool


@dataclass
class Shape:
    """A function by cases with its regions and breakpoints; the answers are methods."""

    function: Piecewise
    parts: list[Region | None]
    breaks: list[Break]
    hidden: list[Open]

    @classmethod
    def of(cls, f: Piecewise) -> Shape:
        """Analyse the regions and breakpoints of a function by cases."""
        parts = regions(f)
        return cls(f, parts, breaks(f, parts), opaque_parts(f))

    @property
    def regions(self) -> list[Region]:
        """The regions, without what is undefined or opaque."""
        return [r for r in self.parts if r is not None]

    def open(self, order: int) -> list[Open]:
        """Return the intervals on which the zeros of the derivative of that order are not known."""
        return self.hidden + [o for r in self.regions for o in r.zeros(order).open]

    # -------------------------------------------------------------- stretches

    def _stretches(self, order: int, names: dict) -> list[list[Stretch]]:
        """Return, for every interval of the function, its stretches (none where it is undefined)."""
        result = []
        for i, r in enumerate(self.parts):
            if r is None:
                opaque = isinstance(self.function.between[i], Opaque)
                result.append([Stretch(*self.function.interval(i), "unknown")] if opaque else [])
                continue
            pieces: list[Stretch] = []
            for low, high, s in r.signs(r.derivative(order), r.zeros(order)):
                if pieces and pieces[-1].kind == names[s]:
                    pieces[-1] = Stretch(pieces[-1].low, high, names[s])
                else:
                    pieces.append(Stretch(low, high, names[s]))
            result.append(pieces)
        return result

    def monotonicity(self) -> list[Stretch]:
        """Return the maximal intervals of strict monotonicity or constancy on which the function is continuous."""
        return self._joined(self._stretches(1, MONOTONE), lambda b, kind: b.order is not None and b.order >= 0)

    def convexity(self) -> list[Stretch]:
        """Return the maximal intervals on which the function is strictly convex, strictly concave or affine."""

        def smooth(b: Break, kind: str) -> bool:
            if b.order is None or b.order < 0:
                return False
            if b.order >= 1:
                return True
            s = compare_limits(b.slopes[1], b.slopes[0])
            return s == 0 or s == {"convex": 1, "concave": -1}.get(kind)

        return self._joined(self._stretches(2, CONVEX), smooth)

    def _joined(self, groups: list[list[Stretch]], joins) -> list[Stretch]:
        result: list[Stretch] = []
        for i, group in enumerate(groups):
            here = list(group)
            if i and result and here and groups[i - 1] and result[-1].kind == here[0].kind and joins(self.breaks[i - 1], here[0].kind):
                result[-1] = Stretch(result[-1].low, here[0].high, here[0].kind)
                here = here[1:]
            result += here
        return result

    def convex(self) -> str | None:
        """Return "convex", "concave", "affine" or "neither" for the whole function, ``None`` when not known."""
        inside = [i for i, r in enumerate(self.parts) if r is not None]
        if self.hidden or not inside or any(b.kind == "unknown" for b in self.breaks):
            return None
        first, last = inside[0], inside[-1]
        inner = self.breaks[first:last]
        if not all(b.order is not None and b.order >= 0 and b.left and b.right for b in inner):
            return "neither"
        outer = [b for i, b in enumerate(self.breaks) if not first <= i < last and isinstance(b.value, Expr)]
        if any(b.kind == "isolated" for b in outer):
            return "neither"
        if any(b.order is None or b.order < 0 for b in outer):
            return None
        kinds = {s.kind for s in self.convexity()}
        bends = {0 if b.order >= 1 else compare_limits(b.slopes[1], b.slopes[0]) for b in inner}  # type: ignore[operator]
        if "unknown" in kinds or None in bends:
            return None
        up, down = "convex" in kinds or 1 in bends, "concave" in kinds or -1 in bends
        return "neither" if up and down else "convex" if up else "concave" if down else "affine"

    # ------------------------------------------------------------------- zeros

    def zeros(self) -> tuple[list[Root], list[Stretch]]:
        """Return the isolated zeros and the intervals on which the function is zero."""
        points: list[tuple[Expr, Root]] = []
        whole: list[Stretch] = []
        for r in self.regions:
            found = r.zeros(0)
            if found.identical:
                whole.append(Stretch(r.low, r.high, "zero"))
            points += [(z.point, Root(z.point, z.order, bool(z.order % 2))) for z in found.zeros]
        for i, b in enumerate(self.breaks):
            if isinstance(b.value, Expr) and constants.sign(b.value) == 0:
                flat = [r is not None and r.zeros(0).identical for r in (self.parts[i], self.parts[i + 1])]
                if not any(flat):
                    points.append((b.point, Root(b.point, None, self._crossing(i))))
        from tamecheck.geometry.univariate.regions import ordered

        table = {p.id: r for p, r in points}
        return [table[p.id] for p in ordered([p for p, _ in points])], whole

    def _crossing(self, i: int) -> bool | None:
        signs = []
        for r, last in ((self.parts[i], True), (self.parts[i + 1], False)):
            if r is None:
                return None
            pieces = r.signs(r.function, r.zeros(0))
            signs.append(pieces[-1][2] if last else pieces[0][2])
        return None if None in signs else signs[0] * signs[1] < 0  # type: ignore[operator]

    def undecided_values(self) -> list[Break]:
        """Return the breakpoints at which it is not known whether the value is 0."""
        return [b for b in self.breaks if isinstance(b.value, Expr) and constants.sign(b.value) is None]

    # ------------------------------------------------------------------ extrema

    def extrema(self) -> list[Extremum]:
        """Return the local extrema: turning points, kinks, ends of the domain, values at jumps, plateaus."""
        result: list[Extremum] = []
        for r in self.regions:
            found = r.zeros(1)
            pieces = r.signs(r.derivative(1), found)
            for (_, p, before), (_, _, after) in zip(pieces, pieces[1:], strict=False):
                if before and after and before != after and any(z.point is p for z in found.zeros):
                    value = value_at(r.function, p)  # type: ignore[arg-type]
                    if isinstance(value, Expr):
                        result.append(Extremum(p, None, value, "maximum" if before > 0 else "minimum", True))
        for i, b in enumerate(self.breaks):
            result += self._at_break(i, b)
        result += self._plateaus()
        from functools import cmp_to_key

        def place(e: Extremum) -> Expr | None:
            return e.point if e.plateau is None else e.plateau[0]

        def order(a: Extremum, b: Extremum) -> int:
            p, q = place(a), place(b)
            return 0 if p is q else -1 if p is None else 1 if q is None else constants.compare(p, q) or 0

        return sorted(result, key=cmp_to_key(order))

    def _side(self, i: int, left: bool) -> tuple[Limit, int | None] | None:
        """Return the limit at break i from a side and the direction in which the function goes *towards* it."""
        r = self.parts[i] if left else self.parts[i + 1]
        if r is None:
            return None
        b = self.breaks[i]
        pieces = r.signs(r.derivative(1), r.zeros(1))
        s = pieces[-1][2] if left else pieces[0][2]
        return b.limits[0 if left else 1], s if left or s is None else -s

    def _at_break(self, i: int, b: Break) -> list[Extremum]:
        """A value at a breakpoint against what is near it."""
        if not isinstance(b.value, Expr) or b.kind in ("isolated", "unknown"):
            return []
        for kind, up in (("maximum", 1), ("minimum", -1)):
            verdicts = []
            for left in (True, False):
                side = self._side(i, left)
                if side is None:
                    continue
                s = compare_limits(b.value, side[0])
                if s is None or (s == 0 and side[1] is None):
                    return []
                towards = up * side[1] if side[1] is not None else 0
                verdicts.append(1 if s * up > 0 else -1 if s * up < 0 else towards)
            if verdicts and min(verdicts) > 0:
                return [Extremum(b.point, None, b.value, kind, True)]
            if verdicts and min(verdicts) == 0 and max(verdicts) > 0 and b.order is not None and b.order < 0:
                return [Extremum(b.point, None, b.value, kind, False)]
        return []

    def _plateaus(self) -> list[Extremum]:
        """Intervals of constancy that lie on one side of what is next to them."""
        result = []
        pieces = self.monotonicity()
        for j, s in enumerate(pieces):
            if s.kind != "constant":
                continue
            sides = [self._neighbour(pieces, j, -1), self._neighbour(pieces, j, 1)]
            known = [x for x in sides if x is not None]
            if not known or any(x == "unknown" for x in known):
                continue
            value = self._constant_on(s)
            if value is None:
                continue
            before = {"increasing": 1, "decreasing": -1}.get(sides[0] or "")
            after = {"increasing": -1, "decreasing": 1}.get(sides[1] or "")
            tops = [x for x in (before, after) if x is not None]
            if tops and len(tops) == len(known) and len(set(tops)) == 1:
                result.append(Extremum(None, (s.low, s.high), value, "maximum" if tops[0] > 0 else "minimum", False))
        return result

    def _neighbour(self, pieces: list[Stretch], j: int, step: int) -> str | None:
        """Return the kind of the continuous neighbour of a stretch, ``None`` if the function ends or jumps there."""
        edge = pieces[j].low if step < 0 else pieces[j].high
        if edge is None:
            return None
        for b in self.breaks:
            if b.point is edge and not (b.order is not None and b.order >= 0):
                return "unknown"
        k = j + step
        return pieces[k].kind if 0 <= k < len(pieces) else None

    def _constant_on(self, s: Stretch) -> Expr | None:
        for r in self.regions:
            if r.zeros(1).identical and (r.low is s.low or r.high is s.high):
                value = r.function
                if value.varies:
                    from tamecheck.geometry.univariate.points import between

                    value = value.algebra.at(value, value.algebra.number(between(r.low, r.high)))
                return value
        return None
