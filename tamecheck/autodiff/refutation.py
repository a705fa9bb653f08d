"""Curves that refute a rule: straight segments first, with small numbers, then graphs; both sides exact.

* *jump curve*: the function is not continuous along it;
* *blow-up*: the derivative is unbounded on a ray, so the function is not locally Lipschitz;
* *open-cell loop*: what is returned on an open set has a curl, it is nobody's gradient; *open-cell curve*: it is the gradient of another function;
* *stratum-hugging loop*: out along a kink with what is returned there, back beside it.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

from flint import arb, ctx, fmpz_mpoly

from tamecheck.autodiff.criterion import Violation
from tamecheck.autodiff.curves import roots_inside, stays
from tamecheck.autodiff.fields import Quotient
from tamecheck.autodiff.function import FunctionFacts
from tamecheck.autodiff.orders import along, order
from tamecheck.autodiff.pieces import Piece, Pieces
from tamecheck.autodiff.space import Cell
from tamecheck.autodiff.witnesses import Leg, Number, Witness, decimal_of, rational
from tamecheck.errors import BudgetExceeded

Point = tuple[Fraction, ...]
NICE = [
    Fraction(q)
    for q in ("0", "1", "-1", "2", "-2", "1/2", "-1/2", "3", "-3", "1/4", "-1/4", "3/4", "3/2", "-3/4", "-3/2", "4", "5", "-4", "-5", "10")
]
STEPS = [Fraction(q) for q in ("1", "-1", "2", "-2", "1/2", "-1/2", "1/4", "-1/4", "1/10", "-1/10", "1/100", "-1/100", "1/100000", "-1/100000")]
MAXIMAL_TRIES = 4_000


class Refuter:
    """Builds witnesses for one program."""

    def __init__(self, pieces: Pieces) -> None:
        self.pieces, self.field, self.space = pieces, pieces.field, pieces.space

    # ----------------------------------------------------------------- geometry

    def holds(self, cell: Cell, point: Sequence[Fraction], weak: bool = False) -> bool:
        """Return whether the guards have the signs of a cell at a rational point (``weak``: or vanish)."""
        return self.space.holds(cell, point, weak)

    def at(self, a: Quotient, point: Sequence[Fraction]) -> Fraction:
        """Return the value of a quotient of polynomials (without generators) at a rational point."""
        return _value(a[0], point) / _value(a[1], point)

    def stays(self, cell: Cell, curve: Sequence[Quotient]) -> bool:
        """Return whether a curve lies in the sets with the signs of the cell for 0 < t < 1."""
        return stays(self.space, cell, curve)

    def nice_points(self, cell: Cell, weak: bool = True) -> Iterator[Point]:
        """Yield rational points of (the closure of) a cell, simple ones first."""
        n = self.field.n
        count = len(NICE) if n == 1 else 9 if n == 2 else 5 if n == 3 else 3 if n < 6 else 1
        grid = sorted(product(range(count), repeat=n), key=lambda k: (sum(k), k))
        for places in grid[:MAXIMAL_TRIES]:
            point = tuple([NICE[k] for k in places])
            if self.holds(cell, point, weak):
                yield point
        for point in self.space.points(cell, 8):
            if all([isinstance(x, Fraction) for x in point]):
                yield point

    def segment(self, p: Point, q: Point) -> list[Quotient]:
        """Return the segment as functions of t, the first variable."""
        f = self.field
        t = f.variable(0)
        return [f.add(f.number(a), f.scale(t, b - a)) if a != b else f.number(a) for a, b in zip(p, q, strict=True)]

    # ---------------------------------------------------------------------- legs

    def leg(self, piece: Piece, curve: list[Quotient], value_at_start: Quotient | None = None) -> Leg | None:
        """Return a leg on which the program keeps to a piece; ``None`` if something is singular at its ends, or too large."""
        try:
            return self._leg(piece, curve, value_at_start)
        except BudgetExceeded as reason:
            if reason.code != "TC306":
                raise
            return None

    def _leg(self, piece: Piece, curve: list[Quotient], value_at_start: Quotient | None) -> Leg | None:
        f = self.field
        value = f.substitute(piece.value, curve)
        returned = [f.substitute(d, curve) for d in piece.returned]
        if value is None or any([d is None for d in returned]):
            return None
        integrand = (f.zero, f.one)
        for d, c in zip(returned, curve, strict=True):
            integrand = f.add(integrand, f.mul(d, f.derivative(c, 0)))
        zero, one = [f.number(Fraction(0))] * f.n, [f.number(Fraction(1))] * f.n
        first = value_at_start if value_at_start is not None else f.substitute(value, zero)
        last = f.substitute(value, one)
        total = self.integral(integrand)
        if first is None or last is None or total is None:
            return None
        start, end = self._end(curve, zero), self._end(curve, one)
        if start is None or end is None:
            return None
        return Leg(
            tuple([self.show(c) for c in curve]),
            start,
            end,
            self.show(value),
            tuple([self.show(d) for d in returned]),
            self.number(f.add(last, first, -1)),
            total,
            self.space.formula(piece.cell),
        )

    def _end(self, curve: list[Quotient], t: list[Quotient]) -> Point | None:
        out = []
        for c in curve:
            v = self.field.substitute(c, t)
            if v is None or not (v[0].is_constant() and v[1].is_constant()):
                return None
            out.append(_constant(v))
        return tuple(out)

    def show(self, a: Quotient) -> str:
        """Return a function of t as text."""
        import re

        return re.sub(rf"\b{self.field.ring.names[0]}\b", "t", self.field.text(a))

    def number(self, a: Quotient) -> Number:
        """Return a constant."""
        if a[0].is_constant() and a[1].is_constant():
            return rational(_constant(a))
        return Number(None, self.show(a), self.field.ball(a, [Fraction(0)] * self.field.n, 192))

    def integral(self, a: Quotient) -> Number | None:
        """Return the integral over t from 0 to 1: exact for polynomials, else a rigorous enclosure."""
        f = self.field
        if a[1].is_constant() and not f.transcendental(a[0]):
            total = Fraction(0)
            for e, c in zip(a[0].monoms(), a[0].coeffs(), strict=True):
                total += Fraction(int(c), int(e[0]) + 1)
            return rational(total / int(a[1].coeffs()[0]))
        primitive = self._primitive(a)
        if primitive is not None:
            return primitive
        before = ctx.prec
        ctx.prec = 128
        try:
            exact = _rational_integral(f, a)
            pieces = [exact] if exact is not None else [_enclose(f, a, Fraction(k, 64), Fraction(k + 1, 64)) for k in range(64)]
        finally:
            ctx.prec = before
        if any([p is None for p in pieces]):
            return None
        total = sum(pieces, arb(0))
        return Number(None, f"the integral of {self.show(a)} over 0 < t < 1", total)

    def _primitive(self, a: Quotient) -> Number | None:
        """Return the integral of c/(a t + b)."""
        if len(a[0]) != 1 or not a[0].is_constant() or a[1].total_degree() != 1 or self.field.transcendental(a[1]):
            return None
        n = self.field.n
        low, high = _value(a[1], [Fraction(0)] * n), _value(a[1], [Fraction(1)] * n)
        if low * high <= 0:
            return None
        c = Fraction(int(a[0].coeffs()[0])) / (high - low)
        before = ctx.prec
        ctx.prec = 192
        try:
            q = high / low
            ball = (arb(q.numerator) / q.denominator).log() * c.numerator / c.denominator
        finally:
            ctx.prec = before
        return Number(None, f"({c})*log({q})", ball)

    # ----------------------------------------------------------------- refutations

    def loop(self, v: Violation) -> Witness | None:
        """Return a rectangle in an open cell around which what is returned has a circulation, if it has a curl."""
        return self._loop(self.pieces.of(v.cell))

    def violation(self, v: Violation) -> Witness | None:
        """Return a witness for a cell on which the rule disagrees with the function."""
        piece = self.pieces.of(v.cell)
        if v.cell.dimension == self.field.n:
            return self._loop(piece) or self._curve(piece, v, "open-cell-curve")
        return self._hugging(piece, v) or self._curve(piece, v, "stratum-curve") or self._direction(piece, v)

    def _curves(self, piece: Piece, v: Violation) -> Iterator[list[Quotient]]:
        """Yield curves in a cell: segments along the coordinate axes or the tangent vectors, then graphs."""
        f = self.field
        constant = [_constants(w) for w in (self.space.vectors(piece.cell) or [])]
        vectors = [c for c in [_constants(v.vector), *constant] if c is not None]
        tried = 0
        for p in self.nice_points(piece.cell):
            for vector in vectors:
                for h in STEPS:
                    tried += 1
                    curve = self.segment(p, tuple([x + h * y for x, y in zip(p, vector, strict=True)]))
                    if self.stays(piece.cell, curve):
                        yield curve
                        break
            if tried > MAXIMAL_TRIES:
                return
        if piece.cell.dimension == f.n - 1:
            yield from self._graphs(piece.cell)
            if f.n == 2:
                yield from self._conics(piece.cell)

    def _graphs(self, cell: Cell) -> Iterator[list[Quotient]]:
        """Yield curves on a surface that is the graph of a rational function of the other variables."""
        f = self.field
        for q in self.space.kinks(cell):
            for j in range(f.n):
                parts = f.ring.coefficients(q, j + 1)
                if len(parts) != 2 or parts[1].is_zero():
                    continue
                others = [k for k in range(f.n) if k != j]
                for i in others:
                    for places in sorted(product(range(5), repeat=f.n), key=lambda k: (sum(k), k))[:200]:
                        for h in STEPS:
                            curve = [f.number(NICE[k]) for k in places]
                            curve[i] = f.add(f.number(NICE[places[i]]), f.scale(f.variable(0), h))
                            top, bottom = f.substitute((parts[0], f.one), curve), f.substitute((parts[1], f.one), curve)
                            if bottom[0].is_zero():
                                continue
                            ratio = f.mul(top, f.inverse(bottom))
                            curve[j] = (-ratio[0], ratio[1])
                            if self.stays(cell, curve):
                                yield curve
                                break

    def _conics(self, cell: Cell) -> Iterator[list[Quotient]]:
        """Yield arcs of conics through a rational point: the second intersections with the lines through it."""
        f = self.field
        t = f.variable(0)
        for q in self.space.kinks(cell):
            if q.total_degree() != 2:
                continue
            for p in self.nice_points(cell, weak=True):
                if self.at((q, f.one), p) or not all([isinstance(x, Fraction) for x in p]):
                    continue
                for slope, h in product(NICE[:9], (Fraction(1), Fraction(1, 4))):
                    for direction in (
                        (f.number(Fraction(1)), f.add(f.number(slope), f.scale(t, h))),
                        (f.add(f.number(slope), f.scale(t, h)), f.number(Fraction(1))),
                    ):
                        curve = self._second(q, p, direction)
                        if curve is not None and self.stays(cell, curve):
                            yield curve

    def _second(self, q: fmpz_mpoly, p: Point, direction: Sequence[Quotient]) -> list[Quotient] | None:
        """Return p + s v with q(p + s v) = s (A + B s) = 0, s not 0."""
        f = self.field
        gradient = [self.at((q.derivative(k), f.one), p) for k in range(2)]
        first = f.add(f.scale(direction[0], gradient[0]), f.scale(direction[1], gradient[1]))
        second = (f.zero, f.one)
        for i in range(2):
            for j in range(2):
                c = self.at((q.derivative(i).derivative(j), f.one), p) / 2
                second = f.add(second, f.scale(f.mul(direction[i], direction[j]), c))
        if second[0].is_zero():
            return None
        s = f.mul(first, f.inverse(second))
        return [f.add(f.number(p[k]), f.mul(s, direction[k]), -1) for k in range(2)]

    def _curve(self, piece: Piece, v: Violation, kind: str) -> Witness | None:
        for curve in self._curves(piece, v):
            leg = self.leg(piece, curve)
            if leg is not None and _different(leg.delta_f, leg.integral):
                text = f"along {_path(leg)} the program changes by {leg.delta_f.shown()}, the integral of what is returned is {leg.integral.shown()}"
                w = Witness(kind, [leg], leg.delta_f, leg.integral, None, text)
                potential = self.potential(piece) if kind == "open-cell-curve" and len(self.space.cells) == 1 else None
                if potential is not None:
                    w.more["conservative_for"] = potential
                    w.text += f"; it is the gradient of {potential}"
                return w
        return None

    def potential(self, piece: Piece) -> str | None:
        """Return the polynomial whose gradient is returned, if there is one (Euler's identity, degree by degree)."""
        f = self.field
        total = (f.zero, f.one)
        for k, d in enumerate(piece.returned):
            if not d[1].is_constant() or f.transcendental(d[0]):
                return None
            total = f.add(total, f.mul(d, f.variable(k)))
        parts = (f.zero, f.one)
        for e, c in zip(total[0].monoms(), total[0].coeffs(), strict=True):
            monomial = f.ring.context.from_dict({tuple([int(x) for x in e]): c})
            parts = f.add(parts, f.scale((monomial, total[1]), Fraction(1, sum([int(x) for x in e]))))
        if any([not f.add(f.derivative(parts, k), d, -1)[0].is_zero() for k, d in enumerate(piece.returned)]):
            return None
        return f.text(parts)

    def _loop(self, piece: Piece) -> Witness | None:
        """Return a rectangle in an open cell with a circulation."""
        f = self.field
        n = f.n
        for i in range(n):
            for j in range(i + 1, n):
                curl = f.add(f.derivative(piece.returned[j], i), f.derivative(piece.returned[i], j), -1)
                if curl[0].is_zero():
                    continue
                for p in self.nice_points(piece.cell):
                    for h in (Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 10), Fraction(1, 100)):
                        w = self._rectangle(piece, p, i, j, h)
                        if w is not None:
                            return w
        return None

    def _rectangle(self, piece: Piece, p: Point, i: int, j: int, h: Fraction) -> Witness | None:
        corners = [p]
        for k, step in ((i, h), (j, h), (i, -h), (j, -h)):
            corners.append(tuple([x + step if a == k else x for a, x in enumerate(corners[-1])]))
        return self._closed(piece, corners, "open-cell-loop")

    def _closed(self, piece: Piece, corners: list[Point], kind: str) -> Witness | None:
        legs = []
        for a, b in zip(corners, corners[1:], strict=False):
            curve = self.segment(a, b)
            leg = self.leg(piece, curve) if self.stays(piece.cell, curve) else None
            if leg is None or leg.integral.rational is None:
                return None
            legs.append(leg)
        total = sum([leg.integral.rational for leg in legs], Fraction(0))
        if not total:
            return None
        text = f"around {_corners(corners)} what is returned has the circulation {total}; a gradient has 0"
        return Witness(kind, legs, rational(Fraction(0)), None, rational(total), text)

    def _hugging(self, piece: Piece, v: Violation) -> Witness | None:
        """Return a loop out along a stratum and back through an open cell beside it."""
        for tries, curve in enumerate(self._curves(piece, v)):
            if tries > 40:
                return None
            out = self.leg(piece, curve)
            if out is None or not _different(out.delta_f, out.integral):
                continue
            for other in self._beside(piece.cell):
                w = self._back(piece, out, curve, other)
                if w is not None:
                    return w
        return None

    def _beside(self, cell: Cell) -> list[Piece]:
        """Return the open pieces around a cell on which the rule is the derivative."""
        f = self.field
        found = []
        for other in self.space.open_around(cell):
            q = self.pieces.of(other)
            if q.value is None or not q.defined or q.unknown:
                continue
            if all([f.add(d, f.derivative(q.value, k), -1)[0].is_zero() for k, d in enumerate(q.returned)]):
                found.append(q)
        return found

    def _back(self, piece: Piece, out: Leg, curve: list[Quotient], other: Piece) -> Witness | None:
        p, q = out.start, out.end
        turns: list[Point] = []
        for k in range(self.field.n):
            turns += [tuple([p[i] if i == k else q[i] for i in range(self.field.n)]), tuple([q[i] if i == k else p[i] for i in range(self.field.n)])]
        for k in range(self.field.n):
            for h in (Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-1, 2), Fraction(1, 8), Fraction(-1, 8)):
                turns += [tuple([x + h if i == k else x for i, x in enumerate(e)]) for e in (q, p)]
        turns += [s for s in self.space.points(other.cell, 4) if all([isinstance(x, Fraction) for x in s])]
        for r in turns:
            if not self.holds(other.cell, r):
                continue
            first, second = self.segment(q, r), self.segment(r, p)
            if not (self.stays(other.cell, first) and self.stays(other.cell, second)):
                continue
            legs = [out, self.leg(other, first), self.leg(other, second)]
            if any([leg is None for leg in legs]):
                continue
            return self._closing(piece, legs, curve, other)
        return None

    def _closing(self, piece: Piece, legs: list[Leg], curve: list[Quotient], other: Piece) -> Witness | None:
        total = _add([leg.integral for leg in legs])
        if total.rational is not None and total.rational < 0:
            # the other way round, so that the circulation is positive
            f = self.field
            t = f.add((f.one, f.one), f.variable(0), -1)
            turned = [f.substitute(c, [t] * f.n) for c in curve]
            first = self.leg(piece, turned)
            p, q, r = legs[0].start, legs[0].end, legs[1].end
            legs = [first, self.leg(other, self.segment(p, r)), self.leg(other, self.segment(r, q))]
            if any([leg is None for leg in legs]):
                return None
            total = _add([leg.integral for leg in legs])
        if not _different(total, rational(Fraction(0))):
            return None
        names = ", ".join(self.field.ring.names[: self.field.n])
        text = (
            f"around {_corners([leg.start for leg in legs] + [legs[0].start])} in ({names}), the first leg "
            f"on {legs[0].where}, what is returned has the circulation "
            f"{total.shown()}; a conservative field has 0. On the first leg the program changes by "
            f"{legs[0].delta_f.shown()}, the integral is {legs[0].integral.shown()}"
        )
        return Witness("stratum-hugging-loop", legs, legs[0].delta_f, legs[0].integral, total, text)

    def _direction(self, piece: Piece, v: Violation) -> Witness | None:
        """Return the disagreement at one point of a stratum that has no rational curve at hand: a sign that is not 0, exactly."""
        f = self.field
        point = [x if isinstance(x, Fraction) else x.ball(128) for x in v.cell.sample]
        ball = f.ball(v.defect, v.cell.sample)
        if not (ball > 0 or ball < 0):
            return None
        shown = ", ".join([str(x) if isinstance(x, Fraction) else x.mid().str(8, radius=False) for x in point])
        vector = [f.text(a) for a in v.vector]
        text = (
            f"on {self.space.formula(v.cell)} at ({shown}), along the tangent ({', '.join(vector)}), what is returned and the program differ by "
            f"{f.text(v.defect)} = {ball.mid().str(8, radius=False)}"
        )
        more = {
            "point": [str(x) if isinstance(x, Fraction) else x.mid().str(20, radius=False) for x in point],
            "tangent": vector,
            "defect": f.text(v.defect),
        }
        return Witness("stratum-direction", [], None, Number(None, f.text(v.defect), ball), None, text, more)

    def jump(self, cell: Cell, other: Cell) -> Witness | None:
        """Return a segment from a cell into an open cell, along which the program jumps at the start."""
        f = self.field
        own, there = self.pieces.of(cell), self.pieces.of(other)
        for p in self.nice_points(cell, weak=False):
            start = [f.number(x) for x in p]
            value, limit = f.substitute(own.value, start), f.substitute(there.value, start)
            if value is None or limit is None:
                continue
            difference = self.number(f.add(limit, value, -1))
            if not _different(difference, rational(Fraction(0))):
                continue
            for r in self._targets(p, other):
                curve = self.segment(p, r)
                if not self.holds(other, r) or not self.stays(other, curve) or not there.defined:
                    continue
                leg = self.leg(there, curve, value)
                if leg is None or not _different(leg.delta_f, leg.integral):
                    continue
                text = (
                    f"the program is {self.number(value).shown()} at {_point(p)} and tends to "
                    f"{self.number(limit).shown()} along {_path(leg)}, where it changes by "
                    f"{leg.delta_f.shown()} while the integral of what is returned is {leg.integral.shown()}"
                )
                more = {
                    "at": [str(x) for x in p],
                    "value": self.number(value).text,
                    "limit": self.number(limit).text,
                    "jump": difference.text,
                    "jump_decimal": difference.decimal(),
                }
                numbers = (self.number(value), self.number(limit))
                return Witness("jump-curve", [leg], leg.delta_f, leg.integral, None, text, more, numbers=numbers)
        return None

    def _targets(self, p: Point, cell: Cell) -> Iterator[Point]:
        for h in STEPS:
            for k in range(self.field.n):
                yield tuple([x + h if i == k else x for i, x in enumerate(p)])
        for s in self.space.points(cell, 4):
            if all([isinstance(x, Fraction) for x in s]):
                yield s

    def singular_jump(self, facts: FunctionFacts, cell: Cell, other: Cell) -> Witness | None:
        """Return a ray along which a singular piece does not tend to the value at its start."""
        from tamecheck.autodiff.function import rays

        f = self.field
        own, there = self.pieces.of(cell), self.pieces.of(other)
        for start, direction in rays(self.pieces, cell, other):
            on, value = along(f, there.value, start, direction), f.substitute(own.value, [f.number(c) for c in start])
            if on is None or value is None:
                continue
            o = order(f, f.add(on, value, -1)) if not f.add(on, value, -1)[0].is_zero() else None
            if o is None or o[0] > 0 or (o[0] == 0 and o[1] < 0):
                continue
            text = (
                f"at {_point(start)} the program is {self.number(value).shown()}; on the ray "
                f"{_point(start)} + t {_point(direction)} it is {self.show(on)}"
            )
            return Witness(
                "jump-curve",
                [],
                None,
                None,
                None,
                text,
                {"at": [str(x) for x in start], "direction": [str(x) for x in direction], "along": self.show(on)},
                numbers=(self.number(value), _limit(f, on)),
            )
        return None

    def blowup(self, cell: Cell, other: Cell, start: Point, direction: Point) -> Witness:
        """Return the ray on which the derivative is unbounded, with its order."""
        f = self.field
        on = along(f, self.pieces.of(other).value, start, direction)
        slope = f.derivative(on, 0)
        a, b, c = order(f, slope)
        growth = f"t^({a})" if a else ""
        if b:
            growth += ("*" if growth else "") + f"log(1/t)^{b}" if b != 1 else ("*" if growth else "") + "log(1/t)"
        quotients = []
        for k in (2, 4, 8, 16):
            t = Fraction(1, 2**k)
            quotients.append([str(t), f.ball(slope, [t] * f.n).mid().str(8, radius=False)])
        text = (
            f"on the ray {_point(start)} + t {_point(direction)} the derivative of the program grows like "
            f"{c.mid().str(6, radius=False)}*{growth}: it is not locally "
            "Lipschitz, so no conservative field exists"
        )
        more = {
            "at": [str(x) for x in start],
            "direction": [str(x) for x in direction],
            "along": self.show(on),
            "derivative": self.show(slope),
            "growth": growth,
            "slopes": quotients,
        }
        return Witness("blow-up", [], None, None, None, text, more, numbers=(rational(a), rational(b)))


# ------------------------------------------------------------------------------ small things


def _value(p: fmpz_mpoly, point: Sequence[Fraction]) -> Fraction:
    total = Fraction(0)
    for e, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = Fraction(int(c))
        for k, x in enumerate(point):
            if int(e[k]):
                term *= x ** int(e[k])
        total += term
    return total


def _constant(a: Quotient) -> Fraction:
    return Fraction(int(a[0].coeffs()[0]) if len(a[0]) else 0, int(a[1].coeffs()[0]))


def _constants(vector: Sequence[Quotient]) -> list[Fraction] | None:
    return [_constant(a) for a in vector] if all([a[0].is_constant() and a[1].is_constant() for a in vector]) else None


def _limit(f, on: Quotient) -> Number | None:
    """Return the limit at 0+ of a function of t whose order shows, ``None`` if it is infinite."""
    a, b, c = order(f, on) if not on[0].is_zero() else (1, 0, arb(0))
    if a or b:
        return rational(Fraction(0)) if a > 0 or (a == 0 and b < 0) else None
    lowest = [min(zip(p.monoms(), p.coeffs(), strict=True), key=lambda term: int(term[0][0]))[1] for p in on]
    return Number(None, "", c) if any([f.transcendental(p) for p in on]) else rational(Fraction(int(lowest[0]), int(lowest[1])))


def _different(a: Number, b: Number) -> bool:
    if a.rational is not None and b.rational is not None:
        return a.rational != b.rational
    x = a.ball if a.rational is None else arb(a.rational.numerator) / a.rational.denominator
    y = b.ball if b.rational is None else arb(b.rational.numerator) / b.rational.denominator
    return not x.overlaps(y)


def _add(numbers: list[Number]) -> Number:
    if all([x.rational is not None for x in numbers]):
        return rational(sum([x.rational for x in numbers], Fraction(0)))
    total = arb(0)
    for x in numbers:
        total += x.ball if x.rational is None else arb(x.rational.numerator) / x.rational.denominator
    return Number(None, " + ".join([x.text for x in numbers]), total)


def _rational_integral(f, a: Quotient) -> arb | None:
    """Return a rigorous enclosure of the integral of a rational function without poles on [0, 1]."""
    from flint import acb

    if f.transcendental(a[0]) or f.transcendental(a[1]) or roots_inside(a[1]):
        return None

    def integrand(z, _analytic):
        return _horner(a[0], z) / _horner(a[1], z)

    found = acb.integral(integrand, acb(0), acb(1))
    return found.real if found.is_finite() else None


def _horner(p: fmpz_mpoly, z):
    total = z * 0
    for e, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = z * 0 + c
        for _ in range(int(e[0])):
            term *= z
        total += term
    return total


def _enclose(f, a: Quotient, low: Fraction, high: Fraction) -> arb | None:
    """Return an enclosure of the integral over a short interval: the length times an enclosure of the integrand."""
    x = (arb(low.numerator) / low.denominator).union(arb(high.numerator) / high.denominator)
    try:
        value = f._evaluate(a, [x] * f.n, {})
    except (ZeroDivisionError, ValueError):
        return None
    return value * (high - low).numerator / (high - low).denominator if value.is_finite() else None


def _point(p: Sequence[Fraction]) -> str:
    shown = [str(x) if len(str(x)) < 14 else decimal_of(x) for x in p]
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"


def _corners(points: Sequence[Point]) -> str:
    return " -> ".join([_point(p) for p in points])


def _path(leg: Leg) -> str:
    straight = all(["t^" not in c and "/(" not in c for c in leg.components])
    return _corners([leg.start, leg.end]) if straight else f"({', '.join(leg.components)}) for t from 0 to 1"
