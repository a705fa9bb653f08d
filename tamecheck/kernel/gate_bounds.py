"""Bounds of a scalar function s inside a program, verified by balls: |s'| <= L, |h s' - s| <= c, |s(h)| <= z + L|h|, slopes at infinity.

The line is cut at given points; between the first and the last, intervals are halved until balls (plain, or by the mean value form
with second derivatives) prove the bounds; beyond them the calculus of `tamecheck.kernel.tails` does.  Derivatives are
meant where s has them, that is except at finitely many points, where only the bound of the value is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from tamecheck.kernel.tails import LONGEST_BITS, Big, Tail, Tails, _series

ENTRYWISE = ("map", "compare", "logic", "where")
PRECISION = 192
MAXIMAL_MEMBERS = 200
MAXIMAL_PIECES = 4_096
MAXIMAL_CUTS = 64
MAXIMAL_BITS = 256


class Bounds(NamedTuple):
    """What is claimed: node and root, c, L, z, where to cut, and the slopes at minus and plus infinity (None: not stated)."""

    node: int
    root: int
    defect: Fraction
    lipschitz: Fraction
    at_zero: Fraction
    cuts: tuple[Fraction, ...]
    left: Fraction | None
    right: Fraction | None


def members(nodes: Sequence, n: int, root: int) -> list[int] | None:
    """Return the nodes from the root (exclusive) to ``n``, in order, when n is an entrywise function of the root and of numbers."""
    waiting, found, touched = [n], set(), False
    while waiting:
        m = waiting.pop()
        if m == root:
            touched = True
            continue
        if m in found:
            continue
        kind, parameters, arguments, _ = nodes[m]
        if kind not in ENTRYWISE and not (kind == "constant" and parameters[0] == "splat"):
            return None
        found.add(m)
        if len(found) > MAXIMAL_MEMBERS:
            return None
        waiting.extend(arguments)
    return sorted(found) if touched and n != root else None


def key(nodes: Sequence, rows: Sequence[int], root: int) -> tuple:
    """Return what two equal functions have in common, wherever they stand."""
    place = {m: k for k, m in enumerate(rows)} | {root: -1}
    return tuple([(nodes[m][0], tuple(nodes[m][1]), tuple([place[a] for a in nodes[m][2]])) for m in rows])


def verified(nodes: Sequence, claim: Bounds) -> bool:
    """Tell whether all that is claimed of the function is proved."""
    cuts = claim.cuts
    rows = members(nodes, claim.node, claim.root)
    numbers = (claim.defect, claim.lipschitz, claim.at_zero, *cuts)
    if rows is None or max([_bits(q) for q in numbers]) > MAXIMAL_BITS:
        return False
    if not cuts:
        return claim.defect == 0 and claim.at_zero == 0 and _homogeneous(nodes, rows, claim)
    ordered = 3 <= len(cuts) <= MAXIMAL_CUTS and list(cuts) == sorted(set(cuts)) and 0 in cuts and cuts[0] <= -1 and cuts[-1] >= 1
    if not ordered or not 0 <= claim.at_zero <= claim.defect:
        return False
    import flint

    before = flint.ctx.prec
    flint.ctx.prec = PRECISION
    try:
        gate = _Gate(flint, nodes, rows, claim)
        return gate.beyond(-1, claim.left) and gate.beyond(1, claim.right) and gate.between()
    finally:
        flint.ctx.prec = before


def _homogeneous(nodes: Sequence, rows: list[int], claim: Bounds) -> bool:
    """Tell whether s(h) = a h for h > 0 and b h for h < 0, with slopes at most L in size."""
    import flint

    before = flint.ctx.prec
    flint.ctx.prec = PRECISION
    try:
        gate = _Gate(flint, nodes, rows, claim)
        return gate.straight_side(-1, claim.left) and gate.straight_side(1, claim.right) and gate.value_at(Fraction(0))
    finally:
        flint.ctx.prec = before


def _bits(q: Fraction) -> int:
    return max(q.numerator.bit_length(), q.denominator.bit_length())


class _Value(NamedTuple):
    """Ball series (value, slope, half the curvature); ``rough``: a choice was open, and the series are hulls without curvature."""

    series: object
    rough: bool


class _Gate:
    """A scalar function under examination."""

    def __init__(self, flint, nodes: Sequence, rows: list[int], claim: Bounds) -> None:
        self.flint, self.nodes, self.rows, self.claim = flint, nodes, rows, claim
        self.c, self.lip, self.zero = (flint.arb(self.q(x)) for x in (claim.defect, claim.lipschitz, claim.at_zero))
        self.lines = self.straight()

    def q(self, x: Fraction):
        """Return a rational of the ball library."""
        return self.flint.fmpq(x.numerator, x.denominator)

    def straight(self) -> dict:
        """Return a and b of the nodes that are a h + b by their form: choices between them are decided exactly."""
        found: dict = {self.claim.root: (Fraction(1), Fraction(0))}
        for m in self.rows:
            kind, parameters, arguments, _ = self.nodes[m]
            if kind == "constant":
                found[m] = (Fraction(0), Fraction(parameters[1]))
            elif kind == "map" and all([a in found for a in arguments]):
                line = _line(parameters[0], [found[a] for a in arguments])
                if line is not None:
                    found[m] = line
        return found

    # --------------------------------------------------------- beyond the cuts

    def beyond(self, side: int, slope: Fraction | None) -> bool:
        """Prove the bounds beyond the last cut (side 1) or before the first (-1)."""
        start = self.claim.cuts[-1] if side > 0 else -self.claim.cuts[0]
        tails = Tails(self.flint, self.q(start))
        found = self.tail(tails, side)
        if found is None or isinstance(found, Big) or len(found.p) > 2:
            return False
        found_bounds = self.far(tails, found)
        if slope is not None and not (tails.exact(found_bounds[0]) and found_bounds[0] == self.q(slope) * side):
            return False
        _, steep, defect, value = found_bounds
        return bool(steep <= self.lip and defect <= self.c and value - self.lip * tails.start <= self.zero)

    def straight_side(self, side: int, slope: Fraction | None) -> bool:
        """Prove s(h) = a h on one side of 0, with |a| <= L."""
        tails = Tails(self.flint, self.flint.fmpq(0))
        found = self.tail(tails, side)
        if not isinstance(found, Tail) or found.e is not None or len(found.p) > 2:
            return False
        if found.p and not (found.p[0] == 0):  # noqa: SIM201 - a ball around 0 is neither equal nor unequal to 0
            return False
        a = (*found.p, *[self.flint.fmpq(0)] * 2)[1]
        if not tails.exact(a):
            return slope is None and bool(tails.size(a) <= self.lip)
        return abs(a) <= self.q(self.claim.lipschitz) and (slope is None or a == self.q(slope) * side)

    def far(self, tails: Tails, found) -> tuple:
        """Return the slope at infinity, and bounds of |s'|, of |h s' - s|, and of |s| at the start (from where it grows no faster than L)."""
        b, a = (*found.p, *[self.flint.fmpq(0)] * 2)[:2]
        e, f = (self.flint.arb(0),) * 2 if found.e is None else (found.e[0], found.f[0])
        reach, constant, here = abs(self.flint.arb(a)), abs(self.flint.arb(b)), abs(self.flint.arb(a) * tails.start + self.flint.arb(b))
        if not constant <= reach.lower() * tails.start:  # else a h + b has the sign of a
            here = reach * tails.start + constant
        return a, reach + f / tails.start, constant + e + f, here + e

    def tail(self, tails: Tails, side: int):
        """Return the function of h = side x on the half-line of large h."""
        fmpq = self.flint.fmpq
        found: dict = {self.claim.root: tails.scale(Tail((fmpq(0), fmpq(1))), fmpq(side))}
        for m in self.rows:
            kind, parameters, arguments, _ = self.nodes[m]
            u = [found[a] for a in arguments]
            found[m] = tails.number(self.q(Fraction(parameters[1]))) if kind == "constant" else _tail_rule(tails, kind, parameters, u, self, m)
        return found[self.claim.node]

    # --------------------------------------------------------- between the cuts

    def between(self) -> bool:
        """Prove the bounds between the first and the last cut."""
        cuts = self.claim.cuts
        waiting, pieces = list(zip(cuts, cuts[1:], strict=False)), 0
        if not all([self.value_at(q) for q in cuts]):
            return False
        while waiting:
            low, high = waiting.pop()
            pieces += 1
            if pieces > MAXIMAL_PIECES:
                return False
            if not self.over(low, high):
                middle = (low + high) / 2
                if not self.value_at(middle):
                    return False
                waiting += [(low, middle), (middle, high)]
        return True

    def value_at(self, q: Fraction) -> bool:
        """Prove |s(q)| <= z + L|q| at one point."""
        found = self.at(q, q, {})
        return found is not None and bool(abs(found.series[0]) <= self.zero + self.lip * abs(self.flint.arb(self.q(q))))

    def over(self, low: Fraction, high: Fraction) -> bool:
        """Prove the bounds in the interior of one interval on one side of 0."""
        near = self.flint.arb(self.q(min(abs(low), abs(high))))
        for found in (self.by_balls(low, high), self.by_tail(low, high)):
            if found is not None and found[0] <= self.c and found[1] <= self.lip and found[2] <= self.zero + self.lip * near:
                return True
        return False

    def by_tail(self, low: Fraction, high: Fraction) -> tuple | None:
        """Return the bounds on the half-line that holds the interval."""
        near, side = min(abs(low), abs(high)), 1 if low > 0 else -1
        if near < 2:
            return None
        tails = Tails(self.flint, self.q(near))
        found = self.tail(tails, side)
        if found is None or isinstance(found, Big) or len(found.p) > 2:
            return None
        _, steep, defect, value = self.far(tails, found)
        return defect.upper(), steep.upper(), value.upper()

    def by_balls(self, low: Fraction, high: Fraction) -> tuple | None:
        """Return bounds of |h s' - s|, of |s'|, and of |s| at the end next to 0 (everywhere, when a choice was open)."""
        choices: dict = {}
        found = self.at(low, high, choices)
        if found is None:
            return None
        x = self.flint.arb(self.q(low)).union(self.flint.arb(self.q(high)))
        s, slope = found.series[0], found.series[1]
        defect, steep = _size(x * slope - s), _size(slope)
        if found.rough:
            return defect, steep, _size(s)
        middle, curve = (low + high) / 2, 2 * found.series[2]
        inner, foot = self.at(middle, middle, choices), self.at(*[low if low >= 0 else high] * 2, choices)
        if inner is None or foot is None:
            return None
        m = self.flint.arb(self.q(middle))
        value, rise = inner.series[0], inner.series[1]  # the mean value form: (h s' - s)' = h s''
        defect = min(defect, _size(m * rise - value + (x - m) * x * curve))
        return defect, min(steep, _size(rise + (x - m) * curve)), _size(foot.series[0])

    def at(self, low: Fraction, high: Fraction, choices: dict) -> _Value | None:
        """Return value, slope and curvature over [low, high]; ``choices`` holds, or receives, what was chosen in its interior."""
        flint = self.flint
        x = flint.arb(self.q(low)).union(flint.arb(self.q(high)))
        found: dict = {self.claim.root: _Value(flint.arb_series([x, 1], 3), False)}
        for m in self.rows:
            kind, parameters, arguments, _ = self.nodes[m]
            if kind == "constant":
                found[m] = _Value(flint.arb_series([flint.arb(self.q(Fraction(parameters[1])))], 3), False)
                continue
            u = [found[a] for a in arguments]
            chosen = self.decision(m, kind, parameters, arguments, u, low, high, choices)
            found[m] = self.value(kind, parameters, u, chosen)
        return found[self.claim.node]

    def decision(self, m: int, kind: str, parameters: Sequence, arguments: Sequence[int], u: list, low: Fraction, high: Fraction, choices: dict):
        """Return what is chosen: an index of an argument, a sign, a truth value; None when it is open."""
        name = parameters[0] if parameters else ""
        choosing = kind in ("compare", "where", "logic") or name in ("abs", "sign", "max", "min")
        if not choosing:
            return None
        if m not in choices:
            choices[m] = self.decided(kind, name, arguments, u, low, high)
        return choices[m]

    def decided(self, kind: str, name: str, arguments: Sequence[int], u: list, low: Fraction, high: Fraction):
        """Decide a choice over one interval."""
        if kind == "where":
            t = _truth(u[0])
            return None if t is None else 1 if t else 2
        if kind == "logic":
            return _connected(name, [_truth(v) for v in u])
        s = self.order(arguments, u, low, high)
        if kind == "compare":
            return None if s is None else int({"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0}[name])
        if name in ("max", "min"):
            return None if s is None else int((s < 0) == (name == "max"))
        return s

    def order(self, arguments: Sequence[int], u: list, low: Fraction, high: Fraction) -> int | None:
        """Return the sign of the first argument (minus the second) in the interior of the interval, or None."""
        lines = [self.lines.get(a) for a in arguments]
        if None not in lines:
            a, b = lines[0] if len(lines) == 1 else (lines[0][0] - lines[1][0], lines[0][1] - lines[1][1])
            ends = [(v > 0) - (v < 0) for v in (a * low + b, a * high + b)]
            return ends[0] or ends[1] if ends[0] * ends[1] >= 0 else None
        if None in u:
            return None
        d = u[0].series[0] if len(u) == 1 else u[0].series[0] - u[1].series[0]
        return 1 if d > 0 else -1 if d < 0 else None

    def value(self, kind: str, parameters: Sequence, u: list, chosen) -> _Value | None:
        """Return the series of a node from those of its arguments."""
        flint = self.flint
        if kind in ("compare", "logic"):
            return self.hull([self.number(0), self.number(1)]) if chosen is None else self.number(chosen)
        if kind == "where":
            return self.hull(u[1:]) if chosen is None else u[chosen]
        if None in u:
            return None
        name = parameters[0]
        rough = any([v.rough for v in u])
        if name in ("max", "min"):
            return u[chosen] if chosen is not None else self.between_two(u, name)
        if name in ("abs", "sign"):
            down = _Value(-u[0].series, rough)
            if name == "abs":
                return self.between_two([u[0], down], "max") if chosen is None else u[0] if chosen >= 0 else down
            return self.number(chosen) if chosen is not None else self.hull([self.number(-1), self.number(1)])
        made = _map(flint, name, [v.series for v in u])
        limit = flint.arb(2) ** LONGEST_BITS
        if made is None or not all([abs(made[k]) < limit for k in range(2 if rough else 3)]):
            return None
        return _Value(made, rough)

    def number(self, k: int) -> _Value:
        """Return a constant."""
        return _Value(self.flint.arb_series([self.flint.arb(k)], 3), False)

    def hull(self, u: list) -> _Value | None:
        """Return what holds two functions and their slopes."""
        if None in u:
            return None
        a, b = u[0].series, u[1].series
        return _Value(self.flint.arb_series([a[0].union(b[0]), a[1].union(b[1])], 3), True)

    def between_two(self, u: list, name: str) -> _Value:
        """Return the larger or smaller of two: the slope is one of the two."""
        a, b = u[0].series, u[1].series
        value = a[0].max(b[0]) if name == "max" else a[0].min(b[0])
        return _Value(self.flint.arb_series([value, a[1].union(b[1])], 3), True)


def _size(x):
    """Return |x| from above."""
    return abs(x).upper()


def _line(name: str, u: list) -> tuple[Fraction, Fraction] | None:
    """Return slope and constant of a sum, a negative, a multiple."""
    if name == "neg":
        return -u[0][0], -u[0][1]
    if name in ("add", "sub"):
        s = 1 if name == "add" else -1
        return u[0][0] + s * u[1][0], u[0][1] + s * u[1][1]
    if name == "mul" and 0 in (u[0][0], u[1][0]):
        (_, q), (a, b) = sorted(u, key=lambda v: v[0] != 0)
        return a * q, b * q
    if name == "div" and u[1][0] == 0 and u[1][1] != 0:
        return u[0][0] / u[1][1], u[0][1] / u[1][1]
    return None


def _truth(v: _Value | None) -> bool | None:
    """Tell whether a number is certainly not 0, or certainly 0."""
    if v is None:
        return None
    x = v.series[0]
    return True if x > 0 or x < 0 else False if x == 0 else None


def _connected(name: str, truths: list) -> int | None:
    """Return the truth of a connective."""
    if name in ("and", "or"):
        decisive = name == "or"
        if decisive in truths:
            return int(decisive)
    if None in truths:
        return None
    if name == "not":
        return int(not truths[0])
    return int(truths[0] != truths[1]) if name == "xor" else int(name == "and")


def _map(flint, name: str, u: list):
    """Return the series of a primitive, or None."""
    try:
        if name == "neg":
            return -u[0]
        if name == "pi":
            return flint.arb_series([flint.arb.pi()], 3)
        if name in ("add", "sub", "mul", "div"):
            return u[0] + u[1] if name == "add" else u[0] - u[1] if name == "sub" else u[0] * u[1] if name == "mul" else u[0] / u[1]
        if name == "pow":
            return _power(flint, u[0], u[1])
        return _series(flint, name, u[0])
    except (ValueError, ZeroDivisionError):
        return None


def _power(flint, u, exponent):
    """The series of a power with a constant exponent."""
    q = exponent[0]
    if not (exponent[1] == 0 and exponent[2] == 0):
        return None
    whole = q.unique_fmpz() if q.is_exact() and abs(q) <= 64 else None
    if whole is None:
        return (exponent * u.log()).exp() if u[0] > 0 else None
    found, base = flint.arb_series([flint.arb(1)], 3), u
    for _ in range(abs(int(whole))):
        found = found * base
    return found if whole >= 0 else 1 / found


def _tail_rule(tails: Tails, kind: str, parameters: Sequence, u: list, gate: _Gate, m: int):
    """Return a node on the half-line from its arguments."""
    fmpq = tails.flint.fmpq
    if kind == "where":
        s = tails.sign(u[0])
        return None if s is None else u[2] if s == 0 else u[1]
    if kind == "logic":
        t = _connected(parameters[0], [None if (s := tails.sign(v)) is None else s != 0 for v in u])
        return None if t is None else tails.number(fmpq(t))
    name = parameters[0]
    if kind == "compare" or name in ("max", "min"):
        s = tails.sign(tails.add(u[0], u[1], -1))
        if s is None:
            return None
        if kind == "compare":
            return tails.number(fmpq(int({"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0}[name])))
        return u[int((s < 0) == (name == "max"))]
    if name in ("add", "sub"):
        return tails.add(u[0], u[1], 1 if name == "add" else -1)
    if name in ("mul", "div"):
        return tails.mul(u[0], u[1]) if name == "mul" else tails.div(u[0], u[1])
    if name == "pow":
        line = gate.lines.get(gate.nodes[m][2][1])
        return tails.power_of(u[0], gate.q(line[1])) if line is not None and line[0] == 0 and u[0] is not None else None
    if name == "pi":
        return tails.number(tails.flint.arb.pi())
    return tails.unary(name, u[0])
