"""A second road: check a certificate of the implicit function theorem from its text alone, with elimination written out here and nothing
from the decision."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

MAXIMAL_CASES = 1 << 15
MAXIMAL_GRID = 5
MAXIMAL_BOXES = 512


def check(certificate: Mapping) -> bool | None:
    """Return whether a certificate is right; ``None``: a determinant of degree above two in a multiplier has no second road."""
    try:
        m, n, count = int(certificate["m"]), int(certificate["n"]), len(certificate["family"]["multipliers"])
        entries = [[[(tuple(k), Fraction(c)) for k, c in p] for p in row[n:]] for row in certificate["family"]["entries"]]
        if len(entries) != m or any([len(row) != m for row in entries]):
            return False
        if any([k < 0 or k >= count or len(set(ks)) < len(ks) for row in entries for p in row for ks, _ in p for k in ks]):
            return False
        if certificate["verdict"] == "fails":
            return _fails(entries, count, certificate["singular"])
        method, sign = certificate["method"], certificate["sign"]
        if certificate["verdict"] != "holds" or sign not in (1, -1):
            return False
        if method == "vertices":
            return _vertices(entries, count, sign)
        if method == "rows":
            return _rows(entries, count, sign)
        if method == "preconditioned":
            return _preconditioned(entries, certificate["regular"], sign)
        return _interpolated(entries, count, sign) if method == "bernstein" else False
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError, AttributeError):
        return False


def _value(p: Sequence, q: Sequence[Fraction]) -> Fraction:
    total = Fraction(0)
    for ks, c in p:
        for k in ks:
            c *= q[k]
        total += c
    return total


def eliminate(a: Sequence[Sequence[Fraction]]) -> tuple[int, Fraction]:
    """Return rank and determinant (of a square matrix) by elimination."""
    rows, det, rank = [list(r) for r in a], Fraction(1), 0
    for j in range(len(rows[0]) if rows else 0):
        k = next((i for i in range(rank, len(rows)) if rows[i][j]), None)
        if k is None:
            det = Fraction(0)
            continue
        if k != rank:
            rows[k], rows[rank], det = rows[rank], rows[k], -det
        det *= rows[rank][j]
        for i in range(rank + 1, len(rows)):
            f = rows[i][j] / rows[rank][j]
            rows[i] = [x - f * y for x, y in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return rank, det


def _occurring(rows: Sequence) -> list[int]:
    return sorted({k for row in rows for p in row for ks, _ in p for k in ks})


def _vertices(entries: Sequence, count: int, sign: int) -> bool:
    if any([len(ks) > 1 for row in entries for p in row for ks, _ in p]):
        return False  # vertices alone say nothing about the convex hull of kinks inside of kinks
    places = _occurring(entries)
    if 2 ** len(places) > MAXIMAL_CASES:
        return False
    for k in places:
        slope = [[sum([c for ks, c in p if k in ks], Fraction(0)) for p in row] for row in entries]
        if eliminate(slope)[0] > 1:
            return False
    for bits in product((0, 1), repeat=len(places)):
        q = [Fraction(0)] * count
        for k, b in zip(places, bits, strict=True):
            q[k] = Fraction(b)
        if eliminate([[_value(p, q) for p in row] for row in entries])[1] * sign <= 0:
            return False
    return True


def _rows(entries: Sequence, count: int, sign: int) -> bool:
    choices = []
    for row in entries:
        places = _occurring([row])
        found = set()
        for bits in product((0, 1), repeat=len(places)):
            q = [Fraction(0)] * count
            for k, b in zip(places, bits, strict=True):
                q[k] = Fraction(b)
            found.add(tuple([_value(p, q) for p in row]))
        choices.append(sorted(found))
    return all([eliminate(b)[1] * sign > 0 for b in product(*choices)])


def _preconditioned(entries: Sequence, regular: Mapping, sign: int) -> bool:
    """For each row of Y: |e_i - (Y B)_i| v, at most, against v_i, entry by entry from the coefficients; and one determinant."""
    m = len(entries)
    inverse, vector = [[Fraction(x) for x in row] for row in regular["inverse"]], [Fraction(x) for x in regular["vector"]]
    if len(inverse) != m or len(vector) != m or any([len(row) != m for row in inverse]) or min(vector) <= 0:
        return False
    low = [[sum([c for ks, c in p if not ks or c < 0], Fraction(0)) for p in row] for row in entries]
    high = [[sum([c for ks, c in p if not ks or c > 0], Fraction(0)) for p in row] for row in entries]
    for i, y in enumerate(inverse):
        total = Fraction(0)
        for j in range(m):
            ends = [sum([t * (a[k][j] if t > 0 else b[k][j]) for k, t in enumerate(y)]) for a, b in ((low, high), (high, low))]
            total += max([abs(int(i == j) - e) for e in ends]) * vector[j]
        if total >= vector[i]:
            return False
    middle = [[(a + b) / 2 for a, b in zip(x, y, strict=True)] for x, y in zip(low, high, strict=True)]
    return eliminate(middle)[1] * sign > 0


def _interpolated(entries: Sequence, count: int, sign: int) -> bool | None:
    """The determinant from its values at 0, 1/2 and 1 in every multiplier, in Bernstein form on smaller and smaller boxes.

    In q_k it has degree two at most if q_k enters two rows or two columns only.
    """
    places = _occurring(entries)
    for k in places:
        touched = [(i, j) for i, row in enumerate(entries) for j, p in enumerate(row) if any([k in ks for ks, _ in p])]
        if min(len({i for i, _ in touched}), len({j for _, j in touched})) > 2:
            return None
    if len(places) > MAXIMAL_GRID:
        return None
    boxes, done = [[(Fraction(0), Fraction(1))] * len(places)], 0
    while boxes:
        box, done = boxes.pop(), done + 1
        if done > MAXIMAL_BOXES:
            return False
        numbers = _bernstein(entries, count, places, box)
        if min([c * sign for c in numbers]) > 0:
            continue
        widest = max(range(len(box)), key=lambda k: box[k][1] - box[k][0])
        a, b = box[widest]
        boxes += [[*box[:widest], part, *box[widest + 1 :]] for part in ((a, (a + b) / 2), ((a + b) / 2, b))]
    return True


def _bernstein(entries: Sequence, count: int, places: Sequence[int], box: Sequence) -> list[Fraction]:
    """Return the Bernstein coefficients of degree two in every multiplier, on a box."""
    values: list = []
    for nodes in product(*[(a, (a + b) / 2, b) for a, b in box]):
        q = [Fraction(0)] * count
        for k, x in zip(places, nodes, strict=True):
            q[k] = x
        values.append(eliminate([[_value(p, q) for p in row] for row in entries])[1])
    step = 1
    for _ in places:
        for start in range(len(values)):
            if start // step % 3 == 0:
                first, middle, last = values[start], values[start + step], values[start + 2 * step]
                values[start + step] = 2 * middle - (first + last) / 2
        step *= 3
    return values


def _matrix(entries: Sequence, count: int, element: Mapping) -> list[list[Fraction]] | None:
    """Return B of an element of the set or of its convex hull; the weights are checked."""
    parts = element["hull"] if "hull" in element else [["1", element["multipliers"]]]
    total, weight = [[Fraction(0)] * len(entries) for _ in entries], Fraction(0)
    for w, q in parts:
        w, q = Fraction(w), [Fraction(x) for x in q]
        if w < 0 or len(q) != count or any([x < 0 or x > 1 for x in q]):
            return None
        weight += w
        total = [[t + w * _value(p, q) for t, p in zip(a, row, strict=True)] for a, row in zip(total, entries, strict=True)]
    return total if weight == 1 else None


def _fails(entries: Sequence, count: int, singular: Mapping) -> bool:
    if "negative" in singular:
        ends = [_matrix(entries, count, singular[k]) for k in ("negative", "positive")]
        return None not in ends and eliminate(ends[0])[1] < 0 < eliminate(ends[1])[1]
    b = _matrix(entries, count, singular)
    return b is not None and eliminate(b)[1] == 0
