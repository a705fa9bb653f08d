"""The search for the zeros of one factor: guards at the two ends of an interval, bisection between them.

A *guard* is a neighbourhood of an end without zeros, by a certified leading term (`asymptotics`) or because a derivative
does not vanish.  The compact rest is bisected: a box is closed when an enclosure excludes zero (directly or by the mean
value theorem), or when the derivative has no zero there and the signs at the ends decide.  A zero of order m at a simple
constant r is recognised exactly, and ``f^(m) != 0`` on a neighbourhood excludes others there.
"""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate import asymptotics, balls, constants
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.derivatives import derivative, derivatives
from tamecheck.geometry.univariate.expressions import Expr, Undefined
from tamecheck.geometry.univariate.oscillation import infinitely_many_zeros
from tamecheck.geometry.univariate.points import between, enclosure, isolated, simplest
from tamecheck.geometry.univariate.ranges import sign_on
from tamecheck.geometry.univariate.zero_sets import Limits, Open, Zero, ZeroSet

MOST_BOXES = 3_000
MOST_COST = 600_000
MOST_TOTAL = 1_200_000
FEWEST = 40
MOST_ZEROS = 32
MOST_ORDER = 8
SMALLEST = Fraction(1, 2**44)
REACHES = (12, 3, Fraction(1, 2))


class Search:
    """Guards and bisection for one factor ``g`` of an expression ``whole``: where the whole has no zero, nor has g.

    So a box may be closed by an enclosure of either.  When g is the only factor (``alone``) the two have the same zeros, and
    a box may also be settled by monotonicity of either.
    """

    def __init__(self, g: Expr, limits: Limits, whole: Expr, alone: bool) -> None:
        self.g = g
        self.whole = whole
        self.k = g.algebra
        self.limits = limits
        self.forms = [(g, balls.Tape([g, derivative(g)]))]
        self.alone = alone
        if whole is not g:
            self.forms.append((whole, balls.Tape([whole, derivative(whole)])))
        self.tape = self.forms[0][1]
        self.found: list[Zero] = []
        self.unsettled: list[Open] = []
        self.tried: set[Expr] = set()
        self.reach: Fraction | int = REACHES[0]
        self.circular = any(p.kind in ("sin", "cos") for p in g.ancestors())
        self.boxes = 0
        self.spent = self.k.x.memo.setdefault("spent", [0])
        self.most = min(MOST_BOXES, MOST_COST // self.tape.cost, max(MOST_TOTAL - self.spent[0], 0) // self.tape.cost + FEWEST)

    def run(self) -> ZeroSet:
        for reach in REACHES:
            self.reach, self.found, self.unsettled, self.boxes = reach, [], [], 0
            self.tried = set()
            left = self._guard(0)
            right = self._guard(1)
            if left < right:
                self._bisect(left, right)
            self.spent[0] += self.boxes * self.tape.cost
            if not any(o.infinite for o in self.unsettled) or len(self.found) <= MOST_ZEROS:
                break
        found = [z for i, z in enumerate(self.found) if all(z.point is not w.point for w in self.found[:i])]
        order = [(enclosure(z.point)[0], i) for i, z in enumerate(found)]
        return ZeroSet(tuple([found[i] for _, i in sorted(order)]), tuple(self.unsettled))

    # ----------------------------------------------------------------- guards

    def _guard(self, which: int) -> Fraction:
        """Return a rational cut such that there is no zero between it and the end, or note an open interval."""
        point, side = self.limits[which], 1 if which == 0 else -1
        end = (point, side)
        if point is None:
            for n in (4, 16, 64):
                half = (self.k.number(n), None) if side < 0 else (None, self.k.number(-n))
                if sign_on(self.g, *half):
                    return Fraction(-side * n)
        else:
            near = self._near(point, side)
            if near is not None:
                return near
        reason = "zero throughout a neighbourhood of the end"
        for e, tries in ((self.whole, 1), (self.g, 3), (self.whole, 3)):
            try:
                found = asymptotics.leading(e, end, tries)
                if found.sign:
                    return self._clipped(asymptotics.cut(end, found.start), which)
                break
            except asymptotics.Unknown as unknown:
                reason = str(unknown)
        cut = self._fallback(which)
        edge = self.k.number(cut)
        endless = point is None and infinitely_many_zeros(self.g, end)
        reason = "infinitely many zeros" if endless else reason
        self.unsettled.append(Open(*((point, edge) if which == 0 else (edge, point)), reason, endless))
        return cut

    def _clipped(self, cut: Fraction, which: int) -> Fraction:
        """Move a cut that lies beyond the other end inside."""
        other = self.limits[1 - which]
        if other is None:
            return cut
        low, high = enclosure(other)
        beyond = cut >= low if which == 0 else cut <= high
        if not beyond:
            return cut
        return between(*self.limits)

    def _fallback(self, which: int) -> Fraction:
        point, other = self.limits[which], self.limits[1 - which]
        if point is None:
            bound = Fraction(self.reach if which else -self.reach)
            if other is None:
                return bound
            low, high = enclosure(other)
            return high + self.reach if which else low - self.reach
        near = between(*self.limits)
        step = Fraction(1, 2**20)
        low, high = enclosure(point)
        return max(low - step, near) if which else min(high + step, near)

    def _near(self, point: Expr, side: int) -> Fraction | None:
        """Exclude zeros next to a finite end where the expression is analytic up to it: value or first derivative not 0."""
        try:
            order = self._order_at(point)
        except (Undefined, Unresolved):
            return None
        if order is None:
            return None
        target = derivatives(self.g, order)[order]
        tape = balls.Tape([target])
        low, high = enclosure(point)
        middle = between(*self.limits)
        for bits in (2, 5, 10, 16, 24):
            step = Fraction(1, 2**bits)
            far = min(high + step, middle) if side > 0 else max(low - step, middle)
            box = balls.span(low, far) if side > 0 else balls.span(far, high)
            with balls.precision(balls.BASE):
                if balls.sign(tape.run(box, balls.BASE)[0]) and balls.Tape([self.g]).run(box, balls.BASE)[0].is_finite():
                    return far
        return None

    def _order_at(self, point: Expr) -> int | None:
        """Return the order of the zero at a point where the expression is finite, ``None`` if not decided."""
        current = self.g
        for order in range(MOST_ORDER):
            if current.varies and order == 0 and not balls.Tape([current]).run(balls.value(point), balls.BASE)[0].is_finite():
                return None
            s = constants.sign(self.k.at(current, point))
            if s is None:
                return None
            if s:
                return order
            current = derivative(current)
        return None

    # --------------------------------------------------------------- bisection

    def sign_at(self, q: Fraction, form: int) -> int | None:
        """Return the sign of a form at a rational point, decided exactly or ``None``."""
        function, tape = self.forms[form]
        for bits in balls.LADDER[:3]:
            with balls.precision(bits):
                found = balls.sign(tape.run(balls.ball(q), bits)[0])
            if found:
                return found
        try:
            return constants.sign(self.k.at(function, self.k.number(q)))
        except Undefined:
            return None

    def _bisect(self, left: Fraction, right: Fraction) -> None:
        stack = [(left, right, balls.BASE)]
        if left < 0 < right:
            stack = [(Fraction(0), right, balls.BASE), (left, Fraction(0), balls.BASE)]
            self._recognise(self.k.zero, stack)
        tiny: list[tuple[Fraction, Fraction]] = []
        while stack:
            low, high, bits = stack.pop()
            if self.boxes > self.most or len(self.found) > MOST_ZEROS:
                tiny.append((low, high))
                continue
            self.boxes += 1
            more = self._box(low, high, bits, stack)
            if more is None:
                continue
            middle = _middle(low, high)
            if high - low <= SMALLEST * max(1, abs(low), abs(high)):
                tiny.append((low, high))
            else:
                stack += [(middle, high, more), (low, middle, more)]
        for low, high in _joined(tiny):
            self.unsettled.append(Open(self.k.number(low), self.k.number(high), self._why()))

    def _why(self) -> str:
        if len(self.found) > MOST_ZEROS:
            return f"more than {MOST_ZEROS} zeros"
        return "too much work" if self.boxes > self.most else "several zeros, or a touching one, not resolved"

    def _box(self, low: Fraction, high: Fraction, bits: int, stack: list) -> int | None:
        """Close a box and return ``None``, or return the precision with which to go on."""
        more = bits
        for i in range(len(self.forms)):
            answer = self._close(low, high, bits, i)
            if answer is None:
                if i:  # what worked is tried first from now on
                    self.forms.reverse()
                return None
            more = max(more, answer)
        if high - low < Fraction(1, 4):
            for candidate in self._candidates(low, high):
                cleared = self._recognise(candidate, stack)
                if cleared is not None:
                    left, right = cleared
                    stack += [(a, b, bits) for a, b in ((low, min(high, left)), (max(low, right), high)) if a < b]
                    return None
        return more

    def _close(self, low: Fraction, high: Fraction, bits: int, form: int) -> int | None:
        """Close a box with one form, or return the precision with which to go on."""
        function, tape = self.forms[form]
        with balls.precision(bits):
            box = balls.span(low, high)
            value, slope = tape.run(box, bits)
            if balls.sign(value):
                return None
            if not balls.sign(slope) or not (self.alone or function is self.g):
                if slope.is_finite():
                    middle = balls.ball(_middle(low, high))
                    centre = tape.run(middle, bits)[0]
                    if balls.sign(centre + slope * (box - middle)):
                        return None
                    vague = not balls.sign(centre)
                else:
                    vague = high - low < Fraction(1, 2**12)
                return bits * 4 if vague and bits < balls.LADDER[2] else bits
        self._monotone(low, high, form)
        return None

    def _candidates(self, low: Fraction, high: Fraction) -> list[Expr]:
        """Return simple constants in an interval: a rational, and a multiple of pi where circular functions occur."""
        q = simplest(low, high)
        found = [self.k.number(q)] if q.denominator <= 64 else []
        if self.circular and low * high > 0:
            a, b = balls.ends(balls.span(low, high) / balls.value(self.k.pi))
            r = simplest(a, b)
            if r.denominator <= 24:
                found.append(self.k.scale(r, self.k.pi))
        return [p for p in found if p not in self.tried]

    def _recognise(self, point: Expr, stack: list) -> tuple[Fraction, Fraction] | None:
        """Recognise an exact zero; return a neighbourhood in which it is the only one, and take it out of the stack."""
        self.tried.add(point)
        with balls.precision(balls.BASE):
            here = self.tape.run(balls.value(point), balls.BASE)[0]
        if not here.is_finite() or balls.sign(here):
            return None
        try:
            order = self._order_at(point)
        except (Undefined, Unresolved):
            return None
        if not order:
            return None
        tape = balls.Tape([derivatives(self.g, order)[order]])
        low, high = enclosure(point)
        for bits in (1, 2, 3, 5, 8, 12, 18, 26):
            step = Fraction(1, 2**bits)
            left, right = _short(low - step, -1, bits), _short(high + step, 1, bits)
            with balls.precision(balls.BASE):
                if balls.sign(tape.run(balls.span(left, right), balls.BASE)[0]):
                    self.found.append(Zero(point, order))
                    _trim(stack, left, right)
                    return left, right
        return None

    def _monotone(self, low: Fraction, high: Fraction, form: int) -> None:
        """Settle a box on which the derivative of a form has no zero."""
        a, b = self.sign_at(low, form), self.sign_at(high, form)
        if a is None or b is None:
            self.unsettled.append(Open(self.k.number(low), self.k.number(high), "a sign at a point is not decided"))
            return
        for s, q in ((a, low), (b, high)):
            if s == 0 and not any(z.point.rational == q for z in self.found):
                self.found.append(Zero(self.k.number(q), 1))
        if a * b < 0:
            function = self.forms[form][0]
            point = isolated(self.k, function, derivative(function), low, high)
            self.found.append(Zero(self._nice(point), 1))

    def _nice(self, point: Expr) -> Expr:
        """Return the rational that an isolated zero is seen to be, or the zero itself."""
        low, high = enclosure(point, 60)
        candidate = simplest(low, high)
        options = [self.k.number(candidate)] if candidate.denominator <= 10_000 and abs(candidate.numerator) <= 10**6 else []
        if self.circular and low * high > 0:
            r = simplest(*balls.ends(balls.span(low, high) / balls.value(self.k.pi)))
            options += [self.k.scale(r, self.k.pi)] if r.denominator <= 24 else []
        for option in options:
            try:
                if constants.sign(self.k.at(self.g, option)) == 0:
                    return option
            except Undefined:
                continue
        return point


def _short(q: Fraction, side: int, bits: int) -> Fraction:
    """Round outwards to a multiple of ``2^-(bits+4)``."""
    scale = 1 << (bits + 4)
    scaled = q * scale
    return Fraction(scaled.numerator // scaled.denominator if side < 0 else -(-scaled.numerator // scaled.denominator), scale)


def _middle(low: Fraction, high: Fraction) -> Fraction:
    """Return a dyadic number near the middle; between numbers of very different sizes, near their geometric mean."""
    if low > 0 and high > 64 * low:
        return _power_of_two(low, high)
    if high < 0 and low < 64 * high:
        return -_power_of_two(-high, -low)
    width = high - low
    bits = max(width.denominator.bit_length() - width.numerator.bit_length() + 4, 0)
    return Fraction(round((low + high) * (1 << bits) / 2), 1 << bits)


def _power_of_two(low: Fraction, high: Fraction) -> Fraction:
    a = low.numerator.bit_length() - low.denominator.bit_length()
    b = high.numerator.bit_length() - high.denominator.bit_length()
    found = Fraction(2) ** ((a + b) // 2 + 1)
    return found if low < found < high else (low + high) / 2


def _trim(stack: list, low: Fraction, high: Fraction) -> None:
    """Cut an interval out of the boxes that wait."""
    waiting = list(stack)
    stack.clear()
    for a, b, bits in waiting:
        if b <= low or a >= high:
            stack.append((a, b, bits))
            continue
        if a < low:
            stack.append((a, low, bits))
        if b > high:
            stack.append((high, b, bits))


def _joined(boxes: list[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, Fraction]]:
    result: list[tuple[Fraction, Fraction]] = []
    for low, high in sorted(boxes):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result
