"""Arcs on which Whitney's conditions fail: exact certificates that a point of a singular line is a stratum of its own.

Points x(s) of the regular part of {p = 0} and y(s) of the line tend to P as s > 0 tends to 0.  If the normals at x(s) have the limit n, then (a)
fails if n is not orthogonal to the line, and (b) fails if it is not orthogonal to the limit of the secants x(s) - y(s).  The
coordinates of x(s) are polynomials, or one of them is the power series that solves the equation, of which the beginning decides all limits.

.. [W65] H. Whitney, "Tangents to an analytic variety", Ann. of Math. 81 (1965).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, product
from math import gcd, lcm

from flint import fmpq, fmpq_poly, fmpz_mpoly

ACCURACY = 12
"""Coefficients of a power series that are computed."""


@dataclass(frozen=True)
class Arc:
    """A failure of Whitney's condition along a line through a point, with arcs in s > 0.

    Attributes
    ----------
    condition : ``"a"`` or ``"b"``
    point : the limit, rational
    curve : three texts in s — points of the regular part
    companion : three texts in s — points of the singular line
    normal : the limit of the normals at the curve
    direction : of the line (condition a) or the limit of the secants (condition b); not orthogonal to the normal
    data : the coefficients of curve and companion
    solved : number of the coordinate that is a power series (of which ``data`` holds the beginning), ``None`` if all are polynomials
    """

    condition: str
    point: tuple[Fraction, ...]
    curve: tuple[str, ...]
    companion: tuple[str, ...]
    normal: tuple[int, ...]
    direction: tuple[int, ...]
    data: tuple[tuple[tuple[Fraction, ...], ...], tuple[tuple[Fraction, ...], ...]]
    solved: int | None = None

    def __str__(self) -> str:
        at = ", ".join([str(c) for c in self.point])
        if self.condition == "a":
            return (
                f"(a) fails at ({at}): along ({', '.join(self.curve)}) the normal tends to {self.normal}, "
                f"so the tangent plane does not contain the direction {self.direction} of the line"
            )
        return (
            f"(b) fails at ({at}): along ({', '.join(self.curve)}) the normal tends to {self.normal}, but the secant from "
            f"({', '.join(self.companion)}) tends to {self.direction}, which is not in the tangent plane"
        )


EXPONENTS = (0, 1, 2, 3)
COEFFICIENTS = (1, -1, 2, -2)


def refute(p: fmpz_mpoly, point: Sequence[Fraction], line: Sequence[int]) -> Arc | None:
    """Search an arc on which (a), else (b), fails for the regular part of {p = 0} along a line through a rational point."""
    weaker: Arc | None = None
    for solved, curve in chain([(None, c) for c in _arcs(p, point)], _series(p, point)):
        found = judge(p, curve, point, line, solved)
        if found is not None and found.condition == "a":
            return found
        weaker = weaker or found
    return weaker


def _arcs(p: fmpz_mpoly, point: Sequence[Fraction]) -> Iterator[tuple[tuple[Fraction, ...], ...]]:
    """Yield the arcs point + (c_i s^e_i) that lie on {p = 0}, simple ones first: coordinates as tuples of coefficients."""
    terms = _centred(p, point)
    choices = [(0, 0), *[(c, e) for e in EXPONENTS[1:] for c in COEFFICIENTS]]
    top = max([max(e) for e, _ in terms])
    # a point of each arc first (s = 2): it rules out nearly all of them
    powers = {pair: [(pair[0] * 2 ** pair[1]) ** k for k in range(top + 1)] for pair in choices}
    for combination in sorted(product(choices, repeat=3), key=lambda t: sum([e for _, e in t])):
        a, b, c = [powers[pair] for pair in combination]
        if not any([pair[0] for pair in combination]) or sum([v * a[i] * b[j] * c[k] for (i, j, k), v in terms]):
            continue
        curve = []
        for at, (value, e) in zip(point, combination, strict=True):
            curve.append((Fraction(at), *[Fraction(0)] * (e - 1), Fraction(value)) if value else (Fraction(at),))
        if substituted(p, curve) == 0:
            yield tuple(curve)


def _series(p: fmpz_mpoly, point: Sequence[Fraction]) -> Iterator[tuple[int, tuple[tuple[Fraction, ...], ...]]]:
    """Yield arcs with two monomial coordinates whose third one is the power series that solves the equation.

    Let g(c, s) be p on the arc with third offset c, divided by the largest possible power of s.  If g(0, 0) = 0 and the derivative of
    g by c is not zero there, there is exactly one such series c(s) with c(0) = 0, and it is found by Newton's iteration to any order.
    """
    terms = _centred(p, point)
    choices = [(0, 0), *[(c, e) for e in EXPONENTS[1:] for c in COEFFICIENTS]]
    for solved in range(3):
        others = [i for i in range(3) if i != solved]
        for pairs in sorted(product(choices, repeat=2), key=lambda t: sum([e for _, e in t])):
            if not any([c for c, _ in pairs]):
                continue
            rows = _on_arc(terms, solved, others, pairs)
            c = _root(rows)
            if c is None:
                continue
            curve: list[tuple[Fraction, ...]] = [()] * 3
            for i, (value, e) in zip(others, pairs, strict=True):
                curve[i] = (Fraction(point[i]), *[Fraction(0)] * (e - 1), Fraction(value)) if value else (Fraction(point[i]),)
            curve[solved] = (Fraction(point[solved]), *(_list(c)[1:]))
            yield solved, tuple(curve)


def _on_arc(terms: Sequence, solved: int, others: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[fmpq_poly]:
    """Return g(c, s), divided by a power of s, as polynomials in s, one for each power of c."""
    found: dict[int, dict[int, int]] = {}
    for exponents, v in terms:
        power = 0
        for i, (value, e) in zip(others, pairs, strict=True):
            v *= value ** exponents[i]
            power += e * exponents[i]
        if v:
            row = found.setdefault(exponents[solved], {})
            row[power] = row.get(power, 0) + v
    low = min([k for row in found.values() for k, v in row.items() if v], default=0)
    out = []
    for k in range(max(found, default=-1) + 1):
        row = found.get(k, {})
        dense = [0] * (max(row, default=low) - low + 1)
        for power, v in row.items():
            if v:
                dense[power - low] = v
        out.append(fmpq_poly(dense))
    return out


def _root(rows: Sequence[fmpq_poly]) -> fmpq_poly | None:
    """Return the power series c(s) with c(0) = 0 and g(c(s), s) = 0 up to `ACCURACY`, ``None`` if 0 is no simple root of g(c, 0)."""
    if len(rows) < 2 or rows[0][0] != 0 or rows[1][0] == 0:
        return None
    c, known = fmpq_poly([0]), 1
    while known < ACCURACY:
        known = min(2 * known, ACCURACY)
        value, slope = fmpq_poly([0]), fmpq_poly([0])
        for row in reversed(rows):
            slope = _cut(slope * c + value, known)
            value = _cut(value * c + row, known)
        # both are taken at c; 1/slope exists as a series because its constant term is not zero
        c = _cut(c - value * _inverse(slope, known), known)
    return c


def _cut(a: fmpq_poly, length: int) -> fmpq_poly:
    return fmpq_poly(a.coeffs()[:length])


def _inverse(a: fmpq_poly, length: int) -> fmpq_poly:
    b = fmpq_poly([1 / a[0]])
    known = 1
    while known < length:
        known = min(2 * known, length)
        b = _cut(b * (2 - _cut(a, known) * b), known)
    return b


def _centred(p: fmpz_mpoly, point: Sequence[Fraction]) -> list[tuple[tuple[int, int, int], int]]:
    """Return the terms of a positive multiple of p(point + x)."""
    scale = lcm(*[Fraction(c).denominator for c in point])
    gens = [p.context().gen(i) for i in range(3)]
    # q(x) = p((numerators + x) / scale) scale^degree, by homogeneous parts; x is scale times the offset
    degree = int(p.total_degree())
    total = p * 0
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = p.context().constant(int(c) * scale ** (degree - sum([int(e) for e in exponents])))
        for g, at, e in zip(gens, point, exponents, strict=True):
            term *= (g * scale + int(at * scale)) ** int(e)
        total += term
    return [(tuple([int(e) for e in exponents]), int(c)) for exponents, c in zip(total.monoms(), total.coeffs(), strict=True)]


def _poly(c: Sequence[Fraction]) -> fmpq_poly:
    return fmpq_poly([fmpq(x.numerator, x.denominator) for x in c])


def substituted(p: fmpz_mpoly, curve: Sequence[Sequence[Fraction]]) -> fmpq_poly:
    """Return p(x(s)) as a polynomial in s."""
    rows = [_poly(row) for row in curve]
    total = fmpq_poly([0])
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = fmpq_poly([c])
        for x, e in zip(rows, exponents, strict=True):
            term *= x ** int(e)
        total += term
    return total


def _limit(rows: Sequence[fmpq_poly], solved: int | None = None) -> tuple[int, ...] | None:
    """Return the limit direction of a vector as s tends to 0, as coprime integers; ``None`` if it is zero (as far as it is known)."""
    k = 0
    while not any([row[k] != 0 for row in rows]):
        k += 1
        if k > max([row.degree() for row in rows]) or (solved is not None and k >= ACCURACY):
            return None
    lead = [row[k] for row in rows]
    scale = lcm(*[int(c.q) for c in lead])
    whole = [int(c * scale) for c in lead]
    common = gcd(*whole)
    sign = next(1 if c > 0 else -1 for c in whole if c)
    return tuple([sign * c // common for c in whole])


def judge(
    p: fmpz_mpoly, curve: Sequence[Sequence[Fraction]], point: Sequence[Fraction], line: Sequence[int], solved: int | None = None
) -> Arc | None:
    """Return the failure that an arc shows, ``None`` if it shows none.

    The companion is the foot of the perpendicular from the arc to the line.  Coordinates are polynomials in s, and the limits exact; for a series all
    that is cut off has order at least `ACCURACY`, and limits with a higher order than that are not used.
    """
    gradient = [substituted(p.derivative(i), curve) for i in range(3)]
    normal = _limit(gradient, solved)
    if normal is None or [row[0] for row in curve] != [Fraction(c) for c in point]:
        return None
    offset = [_poly(row) - fmpq(Fraction(c).numerator, Fraction(c).denominator) for row, c in zip(curve, point, strict=True)]
    length = sum([c * c for c in line])
    parameter = sum([offset[i] * line[i] for i in range(3)], fmpq_poly([0])) / length
    foot = [parameter * line[i] for i in range(3)]
    companion = tuple([_list(foot[i] + fmpq(Fraction(point[i]).numerator, Fraction(point[i]).denominator)) for i in range(3)])
    data = (tuple([tuple(row) for row in curve]), companion)
    texts = tuple([_text(row, i == solved) for i, row in enumerate(curve)]), tuple([_text(row, solved is not None) for row in companion])
    place = tuple([Fraction(c) for c in point])
    if sum([n * t for n, t in zip(normal, line, strict=True)]):
        return Arc("a", place, *texts, normal, tuple(line), data, solved)
    secant = _limit([offset[i] - foot[i] for i in range(3)], solved)
    if secant is not None and sum([n * t for n, t in zip(normal, secant, strict=True)]):
        return Arc("b", place, *texts, normal, secant, data, solved)
    return None


def verify(p: fmpz_mpoly, arc: Arc, line: Sequence[int]) -> bool:
    """Check an arc against the surface from its data alone: it lies on it, tends to the point, and its limits are as stated."""
    curve, companion = arc.data
    if not (substituted(p, curve) == 0 if arc.solved is None else _solves(p, arc)):
        return False
    on_line = [_poly(c) - fmpq(x.numerator, x.denominator) for c, x in zip(companion, arc.point, strict=True)]
    parallel = all([on_line[i] * line[j] == on_line[j] * line[i] for i in range(3) for j in range(i)])
    again = judge(p, curve, arc.point, line, arc.solved)
    return parallel and again is not None and (again.condition, again.normal, again.direction) == (arc.condition, arc.normal, arc.direction)


def _solves(p: fmpz_mpoly, arc: Arc) -> bool:
    """Check the beginning of a series: g(c, 0) has the simple root 0 and g(c(s), s) vanishes to the order `ACCURACY`."""
    curve = arc.data[0]
    offsets = [_poly(row) - fmpq(x.numerator, x.denominator) for row, x in zip(curve, arc.point, strict=True)]
    found: dict[int, fmpq_poly] = {}
    for exponents, v in _centred(p, arc.point):
        term = fmpq_poly([v])
        for i in range(3):
            if i != arc.solved:
                term *= offsets[i] ** exponents[i]
        k = exponents[arc.solved]
        found[k] = found.get(k, fmpq_poly([0])) + term
    order = min([next(i for i, c in enumerate(row.coeffs()) if c) for row in found.values() if row != 0], default=0)
    rows = [fmpq_poly(found.get(k, fmpq_poly([0])).coeffs()[order:]) for k in range(max(found) + 1)]
    c = offsets[arc.solved]
    value = fmpq_poly([0])
    for row in reversed(rows):
        value = value * c + row
    simple = len(rows) > 1 and rows[0][0] == 0 and rows[1][0] != 0
    return simple and c[0] == 0 and _cut(value, ACCURACY) == 0


def _list(p: fmpq_poly) -> tuple[Fraction, ...]:
    return tuple([Fraction(int(c.p), int(c.q)) for c in p.coeffs()]) or (Fraction(0),)


def _text(c: Sequence[Fraction], series: bool = False) -> str:
    out = ""
    shown = 0
    for k, v in enumerate(c):
        if v and shown == 3 and series:
            return out + "+..."
        if v:
            shown += 1
            power = "" if k == 0 else "s" if k == 1 else f"s^{k}"
            size = str(abs(v)) if not power else power if abs(v) == 1 else f"{abs(v)}*{power}"
            out += ("-" if v < 0 else "+" if out else "") + size
    return (out or "0") + ("+..." if series and shown > 1 else "")
