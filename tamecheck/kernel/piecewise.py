"""Functions by cases: a cone between a node and one node below it, split at breakpoints.

When every path from a node down passes through one node x and all between is entrywise,
every entry of the node is one function F of an entry of x.  F is proved piece by piece, and
the pieces are joined by comparing exact Taylor polynomials.  Specification:
``docs/reference/certificate-format.md``, section 6.
"""

from fractions import Fraction

from tamecheck.ground.intervals import Interval, hull, meet, to_text
from tamecheck.kernel import images, series
from tamecheck.kernel.derivation import Derivation, Facts
from tamecheck.kernel.judgments import ANALYTIC, R_LIN, ROUGH, Record, combine, settle
from tamecheck.kernel.quotients import chosen_branch
from tamecheck.programs.program import Program

SWITCHES = frozenset(["max", "min"])
ENTRYWISE = frozenset(["map", "compare", "logic", "where"])


class Cone(Derivation):
    """A derivation about the nodes between ``node`` and ``pivot``, the pivot ranging over an interval."""

    __slots__ = ("node", "pivot", "range")

    def __init__(self, program: Program, facts: Facts, node: int, pivot: int, spread: Interval) -> None:
        super().__init__(program, facts)
        self.node, self.pivot, self.range = node, pivot, spread
        self.conclude("pivot", pivot, (), (), settle((1, R_LIN, R_LIN, spread, 1, 1, ANALYTIC, 1, Fraction(1))))

    def to_json(self) -> dict:
        """Return the instance as it stands in the certificate."""
        return {"kind": "cone", "node": self.node, "pivot": self.pivot, "range": to_text(self.range), "steps": self.steps}


def pieces_of(spread: Interval, breaks: list[Fraction]) -> list[Interval]:
    """Return the intervals between breakpoints; closed ends of the whole stay closed."""
    ends = [spread[0], *breaks, spread[1]]
    result = []
    for k, (low, high) in enumerate(zip(ends, ends[1:], strict=False)):
        result.append((low, high, k == 0 and spread[2], k == len(breaks) and spread[3]))
    return result


def taylor(c: Cone, nodes: list[int], q: Fraction) -> series.Series | None:
    """Return the series at q of the analytic function that the cone is on this piece."""
    found: dict[int, series.Series | None] = {c.pivot: series.identity(q)}
    for n in nodes:
        if n != c.pivot:
            found[n] = _series(c, n, found)
    return found[c.node]


def _series(c: Cone, n: int, found: dict[int, series.Series | None]) -> series.Series | None:
    kind, parameters, arguments, _ = c.program.nodes[n]
    record = c.record(n)
    if kind == "constant":
        return series.constant(Fraction(parameters[1]))
    if record[3][0] is not None and record[3][0] == record[3][1] and record[4]:
        return series.constant(record[3][0])
    if kind == "where":
        chosen = chosen_branch(c, arguments)
        return None if chosen is None else found[chosen]
    if kind != "map" or not arguments:
        return None
    values = [found[a] for a in arguments]
    p = parameters[0]
    if p in SWITCHES:
        return _extreme(p, [c.record(a)[3] for a in arguments], values)
    if None in values:
        return None
    if p == "abs":
        a = c.record(arguments[0])[3]
        return values[0] if a[0] is not None and a[0] >= 0 else series.apply("neg", values[0]) if a[1] is not None and a[1] <= 0 else None
    if len(arguments) == 1:
        return series.apply(p, values[0])
    return _binary_series(c, p, arguments, values)


def _extreme(p: str, ranges: list[Interval], values: list) -> series.Series | None:
    a, b = ranges if p == "max" else (ranges[1], ranges[0])
    first, second = values
    if b[1] is not None and a[0] is not None and b[1] <= a[0]:
        return first
    return second if a[1] is not None and b[0] is not None and a[1] <= b[0] else None


def _binary_series(c: Cone, p: str, arguments: tuple[int, ...], values: list) -> series.Series | None:
    a, b = values
    if p == "pow":
        q = c.record(arguments[1])[3]
        return series.power(a, q[0]) if q[0] is not None and q[0] == q[1] else None
    if p == "add":
        return series.add(a, b)
    if p == "sub":
        return series.add(a, series.scale(b, Fraction(-1)))
    return series.multiply(a, b) if p == "mul" else series.divide(a, b)


def joined_record(
    before: Record, pivot: Record, pieces: list[Cone], points: list[Cone], nodes: list[int], breaks: list[Fraction],
    bounds: list[Interval | None],
) -> tuple[Record, list[int]]:
    """Return the record of the node by cases, and the order of each join (-1: none)."""
    homes, spread, total = pivot[1], None, pivot[4]
    smooth, loclip, lip = pivot[6], pivot[7], Fraction(0)
    for c, bound in zip(pieces + points, [*bounds, *[None] * len(points)], strict=True):
        f = c.record(c.node)
        part = f[3] if bound is None else meet(f[3], bound) or f[3]
        spread = part if spread is None else hull(spread, part)
        total &= f[4]
    for c in pieces:
        f = c.record(c.node)
        homes, smooth, loclip = homes & f[1], min(smooth, f[6]), loclip & f[7]
        lip = None if lip is None or f[8] is None else max(lip, f[8])
    orders = []
    for k, q in enumerate(breaks):
        orders.append(join_order(pieces[k], pieces[k + 1], points[k], nodes, q))
    worst = min(orders, default=ANALYTIC)
    smooth = min(smooth, worst) if worst >= 0 else ROUGH
    if worst < 0:
        loclip = 0
    lip = None if lip is None or pivot[8] is None or not loclip else images.outward(lip * pivot[8], 1)
    gain = (1, homes, 0, spread, total, 0, smooth, loclip, lip if total else None)
    return combine(before, settle(gain)), orders


def join_order(left: Cone, right: Cone, at: Cone, nodes: list[int], q: Fraction) -> int:
    """Return the largest order to which two neighbouring pieces and the value at q agree, -1 for none."""
    value = at.record(at.node)
    if not value[4] or value[3][0] is None or value[3][0] != value[3][1]:
        return ROUGH
    a, b = taylor(left, nodes, q), taylor(right, nodes, q)
    if a is None or b is None or a[0] != value[3][0]:
        return ROUGH
    return series.agreement(a, b)
