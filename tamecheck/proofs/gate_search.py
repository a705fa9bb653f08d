"""Bounds of scalar gates that the kernel can verify, as sharp as a few hundred intervals make them.

The analysis of functions of one variable says what the suprema are.  Here the line is cut, the worst interval is halved again and again, and what
the balls then prove is claimed, a trifle above.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from fractions import Fraction

from tamecheck.kernel import gate_bounds
from tamecheck.kernel.gate_bounds import PRECISION, Bounds
from tamecheck.kernel.tails import Big, Tails

STARTS = (16, 64, 1024, 2**14, 2**20)
MAXIMAL_HALVINGS = 600
MAXIMAL_WORK = 6_000  # nodes evaluated: long functions are halved less often
CLOSE = 1 + Fraction(1, 2**40)
KEPT_BITS = 64


def verified_bounds(nodes: Sequence, wanted: Bounds, breaks: Iterable[Fraction]) -> Bounds | None:
    """Return bounds near the wanted ones that the kernel accepts, or None."""
    import flint

    before = flint.ctx.prec
    flint.ctx.prec = PRECISION
    try:
        found = _sharpest(flint, nodes, wanted, tuple(breaks))
    finally:
        flint.ctx.prec = before
    return found if found is not None and gate_bounds.verified(nodes, found) else None


def _sharpest(flint, nodes: Sequence, wanted: Bounds, breaks: tuple[Fraction, ...]) -> Bounds | None:
    rows = gate_bounds.members(nodes, wanted.node, wanted.root)
    if rows is None:
        return None
    gate = gate_bounds._Gate(flint, nodes, rows, wanted)
    ends = _ends(flint, gate)
    if ends is None:
        return None
    start, steep, defect, over = ends
    powers = [Fraction(2**k) for k in range(0, start.bit_length()) if start > 64 or k in (0, start.bit_length() - 1)]
    cuts = sorted({Fraction(0), *powers, *[-q for q in powers], *[b for b in breaks if abs(b) < start]})
    if len(cuts) > gate_bounds.MAXIMAL_CUTS:
        return None
    pieces, steeper = (_refined(gate, cuts, k, least) for k, least in ((0, max(defect, wanted.defect)), (1, max(steep, wanted.lipschitz))))
    if pieces is None or steeper is None:
        return None
    lip = _raised(_roomy(max([steep, *[p[1] for p in steeper]]), wanted.lipschitz))
    c = _raised(_roomy(max([defect, *[p[0] for p in pieces]]), wanted.defect))
    excess = [p[2] - lip * min(abs(p[3]), abs(p[4])) for p in pieces] + [s - lip * start for s in over]
    zero = _roomy(max([*excess, abs(wanted.at_zero), Fraction(0)]), abs(wanted.at_zero))
    zero = zero if zero == 0 else _raised(zero)
    return wanted._replace(defect=max(c, zero), lipschitz=lip, at_zero=zero, cuts=tuple(cuts))


def _ends(flint, gate) -> tuple | None:
    """Return where to start the half-lines, and the bounds on them."""
    best = None
    c, lip = gate.claim.defect * CLOSE, gate.claim.lipschitz * CLOSE
    for start in STARTS:
        sides = []
        for side in (-1, 1):
            tails = Tails(flint, flint.fmpq(start))
            found = gate.tail(tails, side)
            if found is None or isinstance(found, Big) or len(found.p) > 2:
                break
            sides.append([_rational(x) for x in gate.far(tails, found)[1:]])
        if len(sides) == 2 and all([None not in s for s in sides]):
            steep, defect = (max(s[k] for s in sides) for k in (0, 1))
            quality = max(steep / lip if lip else steep, defect / c if c else defect)
            if best is None or (quality - 1) * 6 < best[0] - 1:
                best = (quality, start, steep, defect, [s[2] for s in sides])
            if steep <= lip and defect <= c:
                break
    return None if best is None else best[1:]


def _refined(gate, cuts: list[Fraction], k: int, wanted: Fraction) -> list | None:
    """Halve the interval with the worst bound number k until all are as good as the wanted one, or the halvings are used up."""
    heap: list = []

    def push(low: Fraction, high: Fraction) -> None:
        rows = [[_rational(x) for x in found] for found in (gate.by_balls(low, high), gate.by_tail(low, high)) if found is not None]
        rows = [row for row in rows if None not in row]
        known, row = bool(rows), min(rows, key=lambda row: row[k], default=[None] * 3)
        heapq.heappush(heap, (known, -(row[k] - wanted * CLOSE) if known else 0, low, high, row))

    for low, high in zip(cuts, cuts[1:], strict=False):
        push(low, high)
    for _ in range(max(80, min(MAXIMAL_HALVINGS, MAXIMAL_WORK // len(gate.rows)))):
        known, worst, low, high, _ = heap[0]
        if known and worst >= 0:
            break
        heapq.heappop(heap)
        middle = (low + high) / 2
        push(low, middle)
        push(middle, high)
    return None if not heap[0][0] else [(*row, low, high) for _, _, low, high, row in heap]


def _rational(x) -> Fraction | None:
    """Return the exact value of an upper end."""
    if not x.is_finite():
        return None
    mantissa, exponent = (int(part) for part in x.upper().man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent if abs(exponent) < 4096 else None


def _roomy(q: Fraction, supremum: Fraction) -> Fraction:
    """Leave room for others who compute a bound that is not sharp: a ball's radius has 30 digits, and hulls at kinks feel it."""
    return q if q <= supremum * (1 + Fraction(1, 2**36)) else q * (1 + Fraction(1, 2**24))


def _raised(q: Fraction) -> Fraction:
    """Return a short number that is a trifle larger, unless the number is short itself."""
    if q.denominator <= 4096 and q.numerator.bit_length() <= KEPT_BITS:
        return q
    scale = Fraction(2) ** (KEPT_BITS - q.numerator.bit_length() + q.denominator.bit_length())
    return Fraction((q * scale * (1 + Fraction(1, 2**44))).__floor__() + 1) / scale
