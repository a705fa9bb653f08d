"""Has a polynomial a zero on the unit cube?  Signs of Bernstein coefficients, with halving; a sign change is shown by two points."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import comb

from tamecheck.autodiff.implicit.families import Poly, plus, times

MAXIMAL_COEFFICIENTS = 4_096
MAXIMAL_BOXES = 400
MAXIMAL_SIZE = 6


@dataclass(frozen=True)
class Range:
    """What was found: ``sign`` of the polynomial on the whole cube, or two points with values of different sign, or (both ``None``) neither."""

    sign: int | None
    points: tuple[tuple[Fraction, ...], tuple[Fraction, ...]] | None = None
    bound: Fraction | None = None
    reason: str = ""


def determinant(rows: Sequence[Sequence[Poly]]) -> Poly | None:
    """Return the determinant of a matrix of polynomials by expansion along the rows, ``None`` for more than six rows."""
    n = len(rows)
    if n > MAXIMAL_SIZE:
        return None
    minors: dict[tuple[int, ...], Poly] = {(): {(): Fraction(1)}}
    for row in rows:
        following: dict[tuple[int, ...], Poly] = {}
        for columns, minor in minors.items():
            for j, p in enumerate(row):
                if j in columns or not p:
                    continue
                chosen = tuple(sorted((*columns, j)))
                swaps = len([c for c in columns if c > j])
                following[chosen] = plus(following.get(chosen, {}), times(minor, p), -1 if swaps % 2 else 1)
        minors = following
    return minors.get(tuple(range(n)), {})


def sign_on_cube(p: Poly, count: int) -> Range:
    """Return the sign of a polynomial on [0, 1]^count, or two points that show that it changes."""
    degrees = [max([m.count(k) for m in p], default=0) for k in range(count)]
    active = [k for k in range(count) if degrees[k]]
    size = 1
    for k in active:
        size *= degrees[k] + 1
        if size > MAXIMAL_COEFFICIENTS:
            return Range(None, reason=f"the determinant has more than {MAXIMAL_COEFFICIENTS} Bernstein coefficients")
    shape = [degrees[k] for k in active]
    power = {index: Fraction(0) for index in product(*[range(d + 1) for d in shape])}
    for m, c in p.items():
        power[tuple([m.count(k) for k in active])] += c
    start = _bernstein(power, shape)
    boxes = [(start, [(Fraction(0), Fraction(1))] * len(active))]
    found: dict[int, tuple[Fraction, ...]] = {}
    least: Fraction | None = None
    for _ in range(MAXIMAL_BOXES):
        if not boxes:
            return Range(next(iter(found)), bound=least)
        values, box = boxes.pop(0)
        corner_signs = set()
        for corner in product(*[(0, d) for d in shape]):
            v = values[corner]
            at = [Fraction(0)] * count
            for k, c, (low, high) in zip(active, corner, box, strict=True):
                at[k] = high if c else low
            s = (v > 0) - (v < 0)
            corner_signs.add(s)
            found.setdefault(s, tuple(at))
        if 0 in found:
            return Range(None, points=(found[0], found[0]))
        if len(found) == 2:
            return Range(None, points=(found[-1], found[1]))
        signs = {(v > 0) - (v < 0) for v in values.values()}
        if len(signs) == 1:
            bound = min([abs(v) for v in values.values()])
            least = bound if least is None else min(least, bound)
            continue
        k = max(range(len(active)), key=lambda i: (box[i][1] - box[i][0], shape[i]))
        boxes += _halves(values, shape, box, k)
    return Range(None, reason=f"no sign after {MAXIMAL_BOXES} boxes: the determinant comes close to 0")


def _bernstein(power: dict, shape: list[int]) -> dict:
    values = power
    for k, d in enumerate(shape):
        out = {}
        for index in values:
            j = index[k]
            out[index] = sum([Fraction(comb(j, i), comb(d, i)) * values[(*index[:k], i, *index[k + 1 :])] for i in range(j + 1)], Fraction(0))
        values = out
    return values


def _halves(values: dict, shape: list[int], box: list, k: int) -> list:
    """Halve along coordinate k [de Casteljau]."""
    low, high = {}, {}
    d = shape[k]
    for index in values:
        if index[k]:
            continue
        line = [values[(*index[:k], i, *index[k + 1 :])] for i in range(d + 1)]
        for i in range(d + 1):
            low[(*index[:k], i, *index[k + 1 :])] = line[0]
            high[(*index[:k], d - i, *index[k + 1 :])] = line[-1]
            line = [(a + b) / 2 for a, b in zip(line[:-1], line[1:], strict=True)]
    a, b = box[k]
    mid = (a + b) / 2
    return [(low, [*box[:k], (a, mid), *box[k + 1 :]]), (high, [*box[:k], (mid, b), *box[k + 1 :]])]
