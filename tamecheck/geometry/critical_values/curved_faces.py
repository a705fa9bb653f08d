"""Arcs in curved faces {h = 0} where h is of degree one in some variable: x_j = -low/a, the other coordinates powers of s.

The gradient of f restricted to {h = 0} has the size of ``|grad f ^ grad h| / |grad h|``: with u_kl = f_k h_l - f_l h_k its square is
``sum u_kl^2 / |h'|^2``.  Along arcs with x_i = +- s^e_i or 0 everything is a quotient of polynomials in s, so limits are exact.  Between two
pieces the value is one in Clarke's sense if the derivatives across the face have opposite signs along the arc, see
`tamecheck.geometry.critical_values.faces_at_infinity`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from flint import fmpq, fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.cad.systems import compose
from tamecheck.geometry.critical_values.critical import gradient
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.geometry.critical_values.unbounded_sets import quotient_text
from tamecheck.ground.algebraic import AlgebraicNumber, number
from tamecheck.ground.polynomials import Ring

REACH = 3
MAXIMAL_VARIABLES = 3
MAXIMAL_LENGTH = 400
Monomials = tuple[tuple[int, int | None], ...]
"""For each coordinate its sign and exponent, ``None`` for a coordinate that is 0."""


@dataclass
class Along:
    """A value with its arc in a face; ``kind`` is ``"guard"`` (Clarke's sense) or ``"stratum"``."""

    value: AlgebraicNumber
    face: str
    arc: dict[str, str]
    kind: str


def along_curved(pieces: Pieces, face: Face, sides: Sequence[Face], wanted: set[AlgebraicNumber], budget: Budget | None = None) -> Iterator[Along]:
    """Yield wanted values with arcs in a face of codimension one; values in Clarke's sense once, others at most once before."""
    (h,) = pieces.equations(face)
    if len(pieces.ring.names) > MAXIMAL_VARIABLES:
        return
    seen: set[tuple[AlgebraicNumber, str]] = set()
    for j, degree in enumerate(h.degrees()):
        if degree != 1:
            continue
        graph = _Graph(pieces, face, sides, h, j)
        if graph.size > MAXIMAL_LENGTH or not graph.continuous:
            continue
        for arc in _monomials(len(graph.ring.names)):
            if budget is not None:
                try:
                    budget.spend(64, "arcs in curved faces")
                except BudgetExceeded:
                    return
            found = graph.value(arc)
            if found is None or found[0] not in wanted or found in seen or (found[0], "guard") in seen:
                continue
            seen.add(found)
            yield Along(found[0], face.key, graph.text(arc), found[1])


def _monomials(n: int) -> list[Monomials]:
    """Return arcs with simple exponents first."""
    one = [(1, None), *[(sign, e) for e in range(-REACH, REACH + 1) for sign in (1, -1)]]
    return sorted(product(one, repeat=n), key=lambda arc: sum([abs(e) if e is not None else 0 for _, e in arc]))


class _Graph:
    """A hypersurface as a graph over the other coordinates, with everything that is needed along arcs in these."""

    def __init__(self, pieces: Pieces, face: Face, sides: Sequence[Face], h: fmpz_mpoly, j: int) -> None:
        wide = pieces.ring
        n = len(wide.names)
        self.wide, self.j = wide, j
        self.ring = ring = Ring([name for k, name in enumerate(wide.names) if k != j])

        def moved(p: fmpz_mpoly) -> fmpz_mpoly:
            return ring.from_terms([(tuple([int(v) for k, v in enumerate(e) if k != j]), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True)])

        low, a = wide.coefficients(h, j + 1)
        solved = (-moved(low), moved(a))
        self.image: list[Quotient] = [solved if k == j else (ring.variable(name), ring.constant(1)) for k, name in enumerate(wide.names)]
        normal = [h.derivative(k) for k in range(n)]
        slopes = gradient(face.value)
        pull = self._pull
        self.value_of = self._quotient(face.value)
        self.bottom = pull(face.value[1])
        self.normal = [pull(p) for p in normal]
        self.tangential = [pull(slopes[k] * normal[m] - slopes[m] * normal[k]) for k, m in combinations(range(n), 2)]
        self.conditions = [(pull(p), signs) for p, signs in pieces.conditions(face)]
        self.across = []
        self.continuous = True
        for f in sides:
            total = wide.constant(0)
            for u, v in zip(normal, gradient(f.value), strict=True):
                total += u * v
            self.across.append((pull(total), pull(f.value[1])))
            self.continuous = self.continuous and pull(f.value[0] * face.value[1] - face.value[0] * f.value[1])[0].is_zero()
        self.size = max([len(p) for q in [self.value_of, *self.normal, *self.tangential] for p in q])

    def _pull(self, p: fmpz_mpoly) -> Quotient:
        return compose(p, self.image, self.ring)

    def _quotient(self, value: Quotient) -> Quotient:
        (a, b), (c, d) = self._pull(value[0]), self._pull(value[1])
        return a * d, b * c

    def value(self, arc: Monomials) -> tuple[AlgebraicNumber, str] | None:
        """Return the limit of f along an arc and the sense in which it is a value at infinity, ``None`` if it is none."""
        far = [_order(q, arc) for q in self.image]
        if any([order is UNDEFINED for order, _ in far]):
            return None
        size = min([order for order, _ in far if order is not None], default=0)
        order, lead = _order(self.value_of, arc)
        below = _order(self.bottom, arc)[0]
        steep = [order for order, _ in [_order(q, arc) for q in self.normal] if isinstance(order, int)]
        if size >= 0 or order is UNDEFINED or below in (None, UNDEFINED) or not steep or order is not None and order < 0:
            return None
        for q in self.tangential:
            along = _order(q, arc)[0]
            if along is UNDEFINED or along is not None and along - min(steep) - 2 * below + size <= 0:
                return None
        if any([_sign(q, arc) not in allowed for q, allowed in self.conditions]):
            return None
        limit = number(lead if order == 0 else fmpq(0))
        return limit, "guard" if self._opposite(arc) else "stratum"

    def _opposite(self, arc: Monomials) -> bool:
        if len(self.across) != 2 or any([_sign(bottom, arc) in (0, None) for _, bottom in self.across]):
            return False
        a, b = [_sign(q, arc) for q, _ in self.across]
        return a is not None and b is not None and a * b <= 0

    def text(self, arc: Monomials) -> dict[str, str]:
        """Return every variable as a text, the dependent one in terms of the others."""
        out = {}
        for name, (sign, e) in zip(self.ring.names, arc, strict=True):
            minus = "" if sign > 0 else "-"
            if e is None:
                out[name] = "0"
            elif e == 0:
                out[name] = f"{minus}1"
            else:
                s = "s" if abs(e) == 1 else f"s^{abs(e)}"
                out[name] = f"{minus}{s}" if e > 0 else f"{minus}1/{s}"
        dependent = self.wide.names[self.j]
        out[dependent] = quotient_text(self.ring, *self.image[self.j])
        return {name: out[name] for name in self.wide.names}


UNDEFINED = "undefined"


def _series(p: fmpz_mpoly, arc: Monomials) -> tuple[int | None, int]:
    """Return the least power of s in a polynomial along an arc, and its coefficient; ``None`` for 0."""
    powers: dict[int, int] = {}
    for m, c in zip(p.monoms(), p.coeffs(), strict=True):
        power, coefficient = 0, int(c)
        for (sign, e), k in zip(arc, map(int, m), strict=True):
            if k:
                if e is None:
                    coefficient = 0
                    break
                power += e * k
                coefficient *= sign if k & 1 else 1
        if coefficient:
            powers[power] = powers.get(power, 0) + coefficient
    left = [k for k, c in powers.items() if c]
    return (min(left), powers[min(left)]) if left else (None, 0)


def _order(q: Quotient, arc: Monomials) -> tuple[int | None | str, fmpq]:
    """Return the order of a quotient along an arc (``None`` for 0) and its first coefficient."""
    (a, c), (b, d) = _series(q[0], arc), _series(q[1], arc)
    if b is None:
        return UNDEFINED, fmpq(0)
    return (None, fmpq(0)) if a is None else (a - b, fmpq(c, d))


def _sign(q: Quotient, arc: Monomials) -> int | None:
    """Return the sign of a quotient along an arc for small s > 0, ``None`` where it is not defined."""
    order, lead = _order(q, arc)
    return None if order is UNDEFINED else 0 if order is None else 1 if lead > 0 else -1
