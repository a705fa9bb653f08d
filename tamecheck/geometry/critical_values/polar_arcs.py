"""Arcs to infinity along rational polar curves: where the gradient is parallel to a fixed direction.

The polar curve of a direction l is the set where grad f is parallel to l.  Where its equations can be solved rationally for all
variables but one, every end of it is an explicit arc; f, the weighted gradient and the conditions of the face are quotients of polynomials of
one variable along it, and their limits are exact.  Nothing is claimed if there is no such arc: real polar curves can miss values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flint import fmpq, fmpq_poly, fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.cad.systems import NONZERO, Solution, Systems
from tamecheck.geometry.critical_values.critical import gradient
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.geometry.critical_values.unbounded_sets import quotient_text
from tamecheck.ground.algebraic import AlgebraicNumber, number
from tamecheck.ground.towers import as_univariate

MAXIMAL_DEGREE = 200
Found = tuple[AlgebraicNumber, dict[str, str], bool]


def polar_arcs(pieces: Pieces, face: Face, wanted: set[AlgebraicNumber], budget: Budget | None = None) -> Iterator[Found]:
    """Yield (value, arc, trivial) for wanted values that are limits along rational polar curves of a piece."""
    ring = pieces.ring
    slopes = gradient(face.value)
    left = set(wanted)
    for across in _complements(len(ring.names)):
        equations = [sum([slopes[k] * c for k, c in enumerate(row)], ring.constant(0)) for row in across]
        try:
            found = Systems(ring, budget).solve(equations, [*pieces.conditions(face), (face.value[1], NONZERO)])
        except BudgetExceeded as stop:
            if stop.code == "TC306":
                continue
            return
        for s in found:
            if len(s.ring.names) != 1 or s.dimension != 1:
                continue
            for value, arc, trivial in ends(s, face.value, slopes, pieces.conditions(face)):
                if value in left:
                    left.discard(value)
                    yield value, arc, trivial
        if not left:
            return


def _complements(n: int) -> list[list[tuple[int, ...]]]:
    """Return for some directions a basis of the vectors orthogonal to each."""
    unit = [tuple([int(j == k) for j in range(n)]) for k in range(n)]
    out = [[u for j, u in enumerate(unit) if j != k] for k in range(n)]
    for i in range(n):
        for j in range(i + 1, n):
            for sign in (1, -1):
                mixed = tuple([sign if k == i else -1 if k == j else 0 for k in range(n)])
                out.append([mixed, *[u for k, u in enumerate(unit) if k not in (i, j)]])
    return out


@dataclass(frozen=True)
class End:
    """An end of a line: the parameter is ``side * T`` or ``start + side / T`` with T -> +oo."""

    start: fmpq | None
    side: int

    def along(self, p: fmpz_mpoly) -> tuple[fmpq_poly, int]:
        """Return (q, m) with p = q(T) / T^m."""
        u = as_univariate(p, 1)
        coefficients = [int(c) for c in u.coeffs()]
        if self.start is None:
            return fmpq_poly([c * self.side**k for k, c in enumerate(coefficients)]), 0
        d = max(len(coefficients) - 1, 0)
        total, step = fmpq_poly([]), fmpq_poly([self.side, self.start])
        for k, c in enumerate(coefficients):
            total += fmpq_poly([0] * (d - k) + [1]) * step**k * c
        return total, d


def ends(s: Solution, value: Quotient, slopes: Sequence[fmpz_mpoly], conditions: Sequence) -> Iterator[Found]:
    """Yield the values at infinity at the ends of a rational curve, with the curve and whether the gradient is 0 along it."""
    image = s.image
    if max([int(p.total_degree()) for q in image for p in q if len(p)], default=0) > MAXIMAL_DEGREE:
        return
    places: list[End] = [End(None, 1), End(None, -1)]
    for start in _poles(image):
        places += [End(start, 1), End(start, -1)]
    square = value[1] * value[1]
    for end in places:
        x = [_growth(end, q) for q in image]
        size = max([g for g, _ in x if g is not None], default=0)
        if size <= 0:
            continue
        f = _growth(end, _pulled(s, value))
        if f[0] is not None and f[0] > 0 or any([_condition(end, s, p) not in allowed for p, allowed in conditions]):
            continue
        weights = [_growth(end, _pulled(s, (p, square)))[0] for p in slopes]
        if all([w is None or w + size < 0 for w in weights]):
            limit = fmpq(0) if f[0] is None or f[0] < 0 else f[1]
            yield number(limit), _text(s, end), all([w is None for w in weights])


def _poles(image: Sequence[Quotient]) -> list[fmpq]:
    """Return the rational zeros of the denominators."""
    found: dict[tuple[int, int], fmpq] = {}
    for _, bottom in image:
        if bottom.is_constant():
            continue
        for factor, _ in as_univariate(bottom, 1).factor()[1]:
            if factor.degree() == 1:
                root = fmpq(-int(factor[0]), int(factor[1]))
                found[(int(root.p), int(root.q))] = root
    return list(found.values())


def _pulled(s: Solution, value: Quotient) -> Quotient:
    a, b = s.pull(value[0])
    c, d = s.pull(value[1])
    return a * d, b * c


def _growth(end: End, value: Quotient) -> tuple[int | None, fmpq]:
    """Return the power of T and its coefficient with which a quotient grows; ``None`` for 0."""
    (a, i), (b, j) = end.along(value[0]), end.along(value[1])
    if a.degree() < 0:
        return None, fmpq(0)
    return a.degree() - i - b.degree() + j, a[a.degree()] / b[b.degree()]


def _condition(end: End, s: Solution, p: fmpz_mpoly) -> int:
    grows, lead = _growth(end, s.pull(p))
    return 0 if grows is None else 1 if lead > 0 else -1


def _text(s: Solution, end: End) -> dict[str, str]:
    """Return every variable as a text: the parameter in s -> 0+, the others in terms of it."""
    (parameter,) = s.ring.names
    sign = "" if end.side > 0 else "-"
    if end.start is None:
        own = f"{sign}1/s"
    else:
        own = f"{sign}s" if end.start == 0 else f"{end.start}{'+' if end.side > 0 else '-'}s"
    return {name: own if name == parameter else quotient_text(s.ring, *q) for name, q in zip(s.source.names, s.image, strict=True)}
