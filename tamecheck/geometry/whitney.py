"""Whitney's conditions for strata of hypersurfaces in R^3, decided by discriminants.

Let V = {F = 0} with F squarefree, P a point of V of order m (the lowest order of a partial derivative of F that is not zero at P), and v a
direction that is *transversal*: F(P + t v) vanishes to order exactly m at t = 0.  Project along v.  If the reduced discriminant of F is smooth at
the image of P, then near P

* the singular points of V (m > 1) form one smooth curve C over it: the roots are Puiseux series in one variable (Jung, Abhyankar), and
  those that come together at P stay together along the curve;
* V is equisingular along C, and the regular part of V satisfies Whitney's conditions (a) and (b) along C [Z65]_.

Conversely, if it is not smooth although no other root over that point is multiple, V is not equisingular at P.  So a 0-dimensional stratum
is needed there for the complex points, and where no direction of a fixed list gives a smooth discriminant we keep one: the result is a Whitney
stratification in either case, and the reason is recorded.

Along a cell of dimension one no test at a point is enough; but there the decomposition itself has a smooth reduced discriminant, so it suffices
that the direction of projection is transversal along the cell, which is checked with multiplicities and orders (both are constant on it).

A failure of (a) or (b) at P is shown by an *arc*: points x(s) of the regular part and y(s) of C that tend to P, with polynomial coordinates, and the
exact limits of normals and secants.

.. [Z65] O. Zariski, "Studies in equisingularity II", Amer. J. Math. 87 (1965).
.. [T82] B. Teissier, "Varietes polaires II", in: Algebraic Geometry (La Rabida 1981), LNM 961, Springer 1982.
.. [W65] H. Whitney, "Tangents to an analytic variety", Ann. of Math. 81 (1965).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import comb, gcd, lcm

from flint import fmpq, fmpq_poly, fmpz_mpoly

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.lifting import partials
from tamecheck.ground.polynomials import MAXIMAL_TERMS, Ring
from tamecheck.ground.towers import sign_at

DIRECTIONS = ((0, 0, 1), (1, 2, 1), (-2, 1, 1), (3, -1, 1), (1, -3, 1))
"""The directions that are tried, all with last coordinate 1."""
MAXIMAL_ORDER = 64


def order_at(p: fmpz_mpoly, point: Sequence, variables: int) -> int:
    """Return the lowest order of a partial derivative of a nonzero polynomial that is not zero at a point, exactly."""
    for order in range(MAXIMAL_ORDER):
        if order == 0:
            if sign_at(p, point):
                return 0
        elif any([sign_at(q, point) for q in partials(p, variables, order)]):
            return order
    return MAXIMAL_ORDER


def transversal(p: fmpz_mpoly, order: int, point: Sequence, direction: Sequence[int]) -> bool:
    """Return whether a polynomial vanishes at a point along a direction to its order there."""
    q = p
    for _ in range(order):
        q = along(q, direction)
    return sign_at(q, point) != 0


def along(p: fmpz_mpoly, direction: Sequence[int]) -> fmpz_mpoly:
    """Return the derivative in a direction."""
    total = p * 0
    for i, c in enumerate(direction):
        if c:
            total += p.derivative(i) * c
    return total


@dataclass(frozen=True)
class Verdict:
    """Whether the regular part of a surface satisfies Whitney's conditions at a point along its singular curve, and why."""

    good: bool
    reason: str


def examine(ring: Ring, factors: Sequence[fmpz_mpoly], point: Sequence) -> Verdict:
    """Decide Whitney's conditions at a point of {F = 0}, F the product of distinct irreducible factors in three variables, by discriminants."""
    orders = [order_at(p, point, 3) for p in factors]
    tried = 0
    for direction in DIRECTIONS:
        if not all([transversal(p, m, point, direction) for p, m in zip(factors, orders, strict=True)]):
            continue
        try:
            smooth = smooth_discriminant(ring, factors, point, direction)
        except BudgetExceeded as stop:
            # a point too many is no error: the strata stay a Whitney stratification
            return Verdict(False, f"not decided: {stop.message}")
        tried += 1
        if smooth:
            return Verdict(True, f"the discriminant along {direction} is smooth there")
    if tried == 0:
        return Verdict(False, "no direction of the list is transversal there")
    return Verdict(False, f"the discriminant is singular there, along {tried} transversal directions")


def smooth_discriminant(ring: Ring, factors: Sequence[fmpz_mpoly], point: Sequence, direction: Sequence[int]) -> bool:
    """Return whether the reduced discriminant along a direction (a, b, 1) is smooth at the image of a point.

    It is, if exactly one irreducible factor of the discriminants and resultants vanishes there, and its gradient does not.
    """
    if any([comb(int(p.total_degree()) + 3, 3) > MAXIMAL_TERMS for p in factors]):
        raise BudgetExceeded("a polynomial is too large for a change of coordinates", code="TC306")
    x, y, z = [ring.variable(name) for name in ring.names]
    a, b, _ = direction
    # new coordinates (x - a z, y - b z, z): a point of them is x = u + a w, y = v + b w, z = w
    moved = [p.compose(x + a * z, y + b * z, z, ctx=ring.context) for p in factors]
    found: dict[str, fmpz_mpoly] = {}
    for i, p in enumerate(moved):
        candidates = [ring.discriminant(p, 3)] if p.degrees()[2] > 1 else [p] if p.degrees()[2] == 0 else []
        candidates += [ring.resultant(p, q, 3) for q in moved[:i] if p.degrees()[2] > 0 and q.degrees()[2] > 0]
        for r in candidates:
            if r.is_constant():
                continue
            for h, _ in ring.factors(r)[1]:
                found[str(h)] = h
    # back to the coordinates of the point: u = x - a z, v = y - b z
    back = [h.compose(x - a * z, y - b * z, z, ctx=ring.context) for h in found.values()]
    through = [h for h in back if sign_at(h, point) == 0]
    return len(through) == 1 and any([sign_at(through[0].derivative(i), point) for i in range(3)])


# -------------------------------------------------------------------------- arcs


@dataclass(frozen=True)
class Arc:
    """A failure of Whitney's condition along a line through a point, with polynomial arcs in s > 0.

    Attributes
    ----------
    condition : ``"a"`` or ``"b"``
    point : the limit, rational
    curve : three texts in s — points of the regular part
    companion : three texts in s — points of the singular line
    normal : the limit of the normals at the curve
    direction : of the line (condition a) or the limit of the secants (condition b); not orthogonal to the normal
    """

    condition: str
    point: tuple[Fraction, ...]
    curve: tuple[str, ...]
    companion: tuple[str, ...]
    normal: tuple[int, ...]
    direction: tuple[int, ...]
    data: tuple[tuple[tuple[Fraction, ...], ...], tuple[tuple[Fraction, ...], ...]]

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
    for curve in _arcs(p, point):
        found = judge(p, curve, point, line)
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


def _limit(rows: Sequence[fmpq_poly]) -> tuple[int, ...] | None:
    """Return the limit direction of a polynomial vector as s tends to 0, as coprime integers; ``None`` for the zero vector."""
    k = 0
    while not any([row[k] != 0 for row in rows]):
        k += 1
        if k > max([row.degree() for row in rows]):
            return None
    lead = [row[k] for row in rows]
    scale = lcm(*[int(c.q) for c in lead])
    whole = [int(c * scale) for c in lead]
    common = gcd(*whole)
    sign = next(1 if c > 0 else -1 for c in whole if c)
    return tuple([sign * c // common for c in whole])


def judge(p: fmpz_mpoly, curve: Sequence[Sequence[Fraction]], point: Sequence[Fraction], line: Sequence[int]) -> Arc | None:
    """Return the failure that an arc shows, ``None`` if it shows none.  Everything is computed with exact polynomials in s.

    The companion is the foot of the perpendicular from the arc to the line.
    """
    gradient = [substituted(p.derivative(i), curve) for i in range(3)]
    normal = _limit(gradient)
    if normal is None or [row[0] for row in curve] != [Fraction(c) for c in point]:
        return None
    offset = [_poly(row) - fmpq(Fraction(c).numerator, Fraction(c).denominator) for row, c in zip(curve, point, strict=True)]
    length = sum([c * c for c in line])
    parameter = sum([offset[i] * line[i] for i in range(3)], fmpq_poly([0])) / length
    foot = [parameter * line[i] for i in range(3)]
    companion = tuple([_list(foot[i] + fmpq(Fraction(point[i]).numerator, Fraction(point[i]).denominator)) for i in range(3)])
    data = (tuple([tuple(row) for row in curve]), companion)
    texts = tuple([_text(row) for row in curve]), tuple([_text(row) for row in companion])
    place = tuple([Fraction(c) for c in point])
    if sum([n * t for n, t in zip(normal, line, strict=True)]):
        return Arc("a", place, *texts, normal, tuple(line), data)
    secant = _limit([offset[i] - foot[i] for i in range(3)])
    if secant is not None and sum([n * t for n, t in zip(normal, secant, strict=True)]):
        return Arc("b", place, *texts, normal, secant, data)
    return None


def verify(p: fmpz_mpoly, arc: Arc, line: Sequence[int]) -> bool:
    """Check an arc against the surface from its data alone: it lies on it, tends to the point, and its limits are as stated."""
    curve, companion = arc.data
    if substituted(p, curve) != 0:
        return False
    on_line = [_poly(c) - fmpq(x.numerator, x.denominator) for c, x in zip(companion, arc.point, strict=True)]
    parallel = all([on_line[i] * line[j] == on_line[j] * line[i] for i in range(3) for j in range(i)])
    again = judge(p, curve, arc.point, line)
    return parallel and again is not None and (again.condition, again.normal, again.direction) == (arc.condition, arc.normal, arc.direction)


def _list(p: fmpq_poly) -> tuple[Fraction, ...]:
    return tuple([Fraction(int(c.p), int(c.q)) for c in p.coeffs()]) or (Fraction(0),)


def _text(c: Sequence[Fraction]) -> str:
    out = ""
    for k, v in enumerate(c):
        if v:
            power = "" if k == 0 else "s" if k == 1 else f"s^{k}"
            size = str(abs(v)) if not power else power if abs(v) == 1 else f"{abs(v)}*{power}"
            out += ("-" if v < 0 else "+" if out else "") + size
    return out or "0"
