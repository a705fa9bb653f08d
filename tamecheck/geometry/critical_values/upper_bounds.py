"""Finite sets that hold all critical values at infinity of f along a face of a piecewise function.

A value at infinity of a piecewise function in Clarke's sense is one of f restricted to some face: where 0 is near the convex hull of the
gradients, the part tangent to the face is small.  So the following sets are enough.

* A face of full dimension, or in a linear space: the real zeros of the polynomial that vanishes on the complex values of f on that space
  (`tamecheck.geometry.critical_values.projective_charts`); if no finite set was found in time, the cones of exponents
  (`tamecheck.geometry.critical_values.newton_at_infinity`).
* A face of codimension one between two pieces: points of {h = 0} with a number l in [0, 1] such that ``|x| |l grad f_a + (1 - l) grad f_b|``
  tends to 0; l stays bounded, so it is one more coordinate at infinity.
* Otherwise, for a face in a hypersurface {h = 0}: with h_m the largest component of grad h, the tangential gradient is small if and only if all
  ``f_k - f_m h_k/h_m`` are; on the singular part of {h = 0} all limits of f are taken.
* A curve: all limits of f.

`FaceBound.refine` removes values: those without a real point at infinity (with l in [0, 1]), those near which f has no value on the face, those
that contradict the sign of a guard (its limit is one more coordinate, or it is infinite), and those that the cones of exponents exclude.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from flint import fmpz_mpoly, fmpz_poly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.cad.quantifiers import decide
from tamecheck.geometry.cad.systems import Systems
from tamecheck.geometry.critical_values.asymptotic import Plane, _bounds, on_the_line
from tamecheck.geometry.critical_values.critical import gradient
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.geometry.critical_values.groebner import Limits
from tamecheck.geometry.critical_values.linear_spaces import idle_direction, leading_form_is_regular, on_a_linear_space, single, without
from tamecheck.geometry.critical_values.newton_at_infinity import bound
from tamecheck.geometry.critical_values.projective_charts import Chart, Values, complex_values, fresh, limits_at_infinity
from tamecheck.ground.algebraic import AlgebraicNumber, real_roots
from tamecheck.ground.polynomials import Ring

SECONDS = 1.0
"""For each chart, if no budget says less."""
REAL_POINTS = 2
"""Seconds for the question whether there is a real point at infinity."""
RANGE_SECONDS = 2
"""Seconds for the question whether f has values near a candidate on a face."""
NEARBY = Fraction(1, 64)
NOT_NEGATIVE = frozenset([0, 1])
CURVED_DEGREE = 8
"""Largest degree of a guard and of f for which curved faces are attempted."""


@dataclass
class FaceBound:
    """Numbers that hold all values at infinity of f on a face.

    Attributes
    ----------
    face : Face
    values : set of AlgebraicNumber
    reason : str — why more values may exist; empty if the set holds all
    over_complex : Values or None — the complex values of f on the whole space, for a face without equations
    between : bool — whether the charts have the number l as a coordinate before t
    """

    face: Face
    pieces: Pieces = field(repr=False)
    values: set[AlgebraicNumber] = field(default_factory=set)
    reason: str = ""
    over_complex: Values | None = None
    charts: list[Chart] = field(default_factory=list, repr=False)
    between: bool = False
    flat: tuple[Ring, Quotient] | None = field(default=None, repr=False)
    budget: Budget | None = field(default=None, repr=False)

    def replace(self, values: set[AlgebraicNumber]) -> None:
        """Take another set that holds all values."""
        self.values, self.reason, self.charts, self.flat = values, "", [], None

    def possible(self, i: int, value: AlgebraicNumber) -> bool:
        """Return whether a value is possible where the i-th coordinate dominates (on a face of full dimension)."""
        if self.between or self.flat is None or len(self.charts) != len(self.pieces.ring.names):
            return True
        values = self.charts[i].values
        return values is None or values.degree() > 0 and value.sign_of(values) == 0

    def refine(self, suspects: set[AlgebraicNumber], *, thorough: bool = False) -> None:
        """Remove those suspects that are certainly no values; ``thorough``: by the cones of exponents, too."""
        suspects = suspects & self.values
        for exclude in (self._far_points, self._range, *([self._by_guards, self._by_cones] if thorough else [])):
            if suspects:
                try:
                    excluded = exclude(suspects)
                except BudgetExceeded as stop:
                    if stop.code not in ("TC301", "TC302", "TC306"):
                        raise
                    continue
                self.values -= excluded
                suspects = suspects - excluded

    def _by_guards(self, suspects: set[AlgebraicNumber]) -> set[AlgebraicNumber]:
        """Return the suspects that some guard excludes on a face of full dimension."""
        pieces, face = self.pieces, self.face
        n = len(pieces.ring.names)
        if face.dimension < n or n > 3:
            return set()
        slopes, square = gradient(face.value), face.value[1] * face.value[1]
        forms = [(a, square) for a in slopes]
        left = set(suspects)
        limits = chart_limits(self.budget, SECONDS / 2)
        name = fresh(pieces.ring, "u")
        wide = Ring([*pieces.ring.names, name])
        for k, sign in enumerate(face.signs):
            if not left:
                break
            g = pieces.guards[k]
            far = limits_at_infinity(pieces.ring, face.value, forms, vanishing=[(pieces.ring.constant(1), g)], limits=limits)
            if far.polynomial is None:
                continue
            possible = {v for v in left if v.sign_of(far.polynomial) == 0}
            lifted = [[_lifted(wide, p) for p in q] for q in [face.value, *forms]]
            equation = wide.variable(name) - _lifted(wide, g)
            near = limits_at_infinity(wide, tuple(lifted[0]), [tuple(q) for q in lifted[1:]], [equation], parameters=1, limits=limits)
            side = frozenset([0, -sign if pieces.turned[k] else sign])
            for chart in near.charts:
                if chart.values is None:
                    possible |= left
                elif chart.values.degree() > 0 and any([v.sign_of(chart.values) == 0 for v in left - possible]):
                    u = chart.ring.variable(chart.ring.names[-2])
                    found = Systems(chart.ring, share(self.budget, REAL_POINTS)).solve(chart.points, [(u, side)])
                    possible |= {s.coordinate(len(chart.ring.names) - 1) for s in found}
            left &= possible
        return suspects - left

    def _by_cones(self, suspects: set[AlgebraicNumber]) -> set[AlgebraicNumber]:
        """Return the suspects that no cone of exponents leaves."""
        if self.flat is None or not self.flat[1][1].is_constant() or not 1 < len(self.flat[0].names) <= 3:
            return set()
        ring, (top, bottom) = self.flat
        cones = bound(ring, top, int(bottom.coeffs()[0]), self.budget)
        return set() if cones.degenerate else suspects - cones.candidates

    def _range(self, suspects: set[AlgebraicNumber]) -> set[AlgebraicNumber]:
        """Return the suspects near which f has no value on the face."""
        out = set()
        for value in suspects:
            low, high = _bounds(value)
            where = inside(self.pieces, self.face, low - NEARBY, high + NEARBY)
            if decide(f"exists {', '.join(self.pieces.ring.names)}: {where}", budget=share(self.budget, RANGE_SECONDS)).verdict == "false":
                out.add(value)
        return out

    def _far_points(self, suspects: set[AlgebraicNumber]) -> set[AlgebraicNumber]:
        """Return the suspects without a real point at infinity."""
        return suspects - self._with_real_points(suspects) if self.charts else set()

    def _with_real_points(self, suspects: set[AlgebraicNumber]) -> set[AlgebraicNumber]:
        """Return those suspects with a real point at infinity at which arcs might end."""
        kept: set[AlgebraicNumber] = set()
        for chart in self.charts:
            if chart.values is None:
                return set(suspects)
            if chart.values.degree() < 1 or not any([v.sign_of(chart.values) == 0 for v in suspects]):
                continue
            last = len(chart.ring.names) - 1
            conditions = []
            if self.between:
                number = chart.ring.variable(chart.ring.names[last - 1])
                conditions = [(number, NOT_NEGATIVE), (1 - number, NOT_NEGATIVE)]
            for s in Systems(chart.ring, share(self.budget, REAL_POINTS)).solve(chart.points, conditions):
                kept.add(s.coordinate(last))
        return kept


def face_bound(pieces: Pieces, face: Face, budget: Budget | None = None) -> FaceBound:
    """Return numbers that hold all values at infinity of f on a face."""
    out = FaceBound(face, pieces, budget=budget)
    if face.dimension == 0:
        return out
    equations = pieces.equations(face)
    if _between(pieces, face, equations, out):
        return out
    flat = on_a_linear_space(pieces.ring, equations)
    if flat is None:
        _curved(pieces, face, equations, out)
        return out
    ring, images = flat
    top, bottom = face.value
    if images is not None:
        top, bottom = [p.compose(*images, ctx=ring.context) if len(p) else ring.constant(0) for p in (top, bottom)]
    if bottom.is_zero() or not ring.names:
        return out
    _everywhere(ring, (top, bottom), out, within=len(pieces.ring.names))
    return out


def share(budget: Budget | None, seconds: float) -> Budget:
    """Return a part of a budget, at most so many seconds."""
    left = None if budget is None else budget.remaining()
    return Budget(seconds=seconds if left is None else max(min(seconds, left / 3), 0.01))


def inside(pieces: Pieces, face: Face, low: Fraction, high: Fraction) -> str:
    """Return a formula for the points of a face where f is strictly between two numbers."""
    ring = pieces.ring
    p, q = face.value
    parts = [f"{pieces.guard_text(k)} {'=><'[s] if s else '=='} 0" for k, s in enumerate(face.signs)]
    for bound_, sign in ((low, 1), (high, -1)):
        g = (p * bound_.denominator - q * bound_.numerator) * q * sign
        parts.append(f"{ring.text(g)} > 0")
    return " and ".join(parts)


def chart_limits(budget: Budget | None, seconds: float = SECONDS) -> Limits:
    """Return the limits of one chart."""
    left = None if budget is None else budget.remaining()
    return Limits(seconds if left is None else max(min(seconds, left / 8), 0.01))


def _everywhere(ring: Ring, value: Quotient, out: FaceBound, within: int) -> None:
    """Bound the values of a quotient on a whole space."""
    n, budget = len(ring.names), out.budget
    top, bottom = value
    if n == 1:
        out.values |= {e.value for e in on_the_line(single(ring, value))}
        return
    if n == 2 and within > 2:
        try:
            out.values |= {e.value for e in Plane(single(ring, value), budget).run()}
            return
        except BudgetExceeded as stop:
            if stop.code != "TC306":
                raise
    charts = complex_values(ring, value, chart_limits(budget, min(SECONDS, 6 / n)))
    if n == within:
        out.over_complex = charts
    if bottom.is_constant() and leading_form_is_regular(ring, top, budget):
        return
    if charts.polynomial is not None:
        out.values |= set(real_zeros(charts.polynomial))
        out.charts, out.flat = charts.charts, (ring, value)
        return
    k = idle_direction(ring, [top, bottom])
    if k is not None:
        # f is h, constant along a line: the values of f at infinity are those of h and its critical values
        small = Ring([name for i, name in enumerate(ring.names) if i != k])
        h = [without(small, p, k) for p in value]
        for s in Systems(small, budget).solve([p for p in gradient((h[0], h[1]))], [(h[1], frozenset([-1, 1]))]):
            out.values.add(s.value(*h))
        _everywhere(small, (h[0], h[1]), out, within + 1)
        return
    _cones(ring, value, out)


def _cones(ring: Ring, value: Quotient, out: FaceBound) -> None:
    """Bound the values of a polynomial by the cones of exponents."""
    top, bottom = value
    key = out.face.key
    if not bottom.is_constant():
        out.reason = f"critical values at infinity on the face {key}: the function is not a polynomial there, and no bound was found in time"
        return
    if len(ring.names) > 3:
        out.reason = f"critical values at infinity in {len(ring.names)} variables: no bound was found in time, only arcs were searched"
        return
    found = bound(ring, top, int(bottom.coeffs()[0]), out.budget)
    if found.degenerate:
        names, e = found.degenerate[0]
        directions = ", ".join([f"{name} ~ s^{k}" for name, k in zip(names, e, strict=True)])
        out.reason = f"more critical values at infinity on the face {key} (degenerate cone {directions})"
    out.values |= found.candidates


def _lifted(wide: Ring, p: fmpz_mpoly) -> fmpz_mpoly:
    """Return a polynomial in a ring with one more variable."""
    return wide.from_terms([((*[int(v) for v in m], 0), c) for m, c in zip(p.monoms(), p.coeffs(), strict=True)])


def _between(pieces: Pieces, face: Face, equations: Sequence[fmpz_mpoly], out: FaceBound) -> bool:
    """Bound the values in Clarke's sense on a face between two pieces; return whether that succeeded."""
    n = len(pieces.ring.names)
    if face.dimension != n - 1 or len(equations) != 1 or n > 4:
        return False
    sides = [f for f in pieces.faces if f.dimension == n and all([s == t or t == 0 for s, t in zip(f.signs, face.signs, strict=True)])]
    degrees = [int(p.total_degree()) for f in sides if f.value is not None for p in f.value if len(p)]
    if len(sides) != 2 or any([f.value is None for f in sides]) or max([*degrees, int(equations[0].total_degree())]) > CURVED_DEGREE:
        return False
    name = fresh(pieces.ring, "l")
    wide = Ring([*pieces.ring.names, name])
    share_of_a = wide.variable(name)
    (a, p), (b, q) = [([_lifted(wide, g) for g in gradient(f.value)], _lifted(wide, f.value[1])) for f in sides]
    forms = [(share_of_a * u * q * q + (1 - share_of_a) * v * p * p, p * p * q * q) for u, v in zip(a, b, strict=True)]
    value = tuple([_lifted(wide, r) for r in face.value])
    found = limits_at_infinity(wide, value, forms, [_lifted(wide, equations[0])], parameters=1, limits=chart_limits(out.budget, SECONDS / 2))
    if found.polynomial is None:
        return False
    out.values |= set(real_zeros(found.polynomial))
    out.charts, out.between = found.charts, True
    return True


def _curved(pieces: Pieces, face: Face, equations: Sequence[fmpz_mpoly], out: FaceBound) -> None:
    """Bound the values on a face that is in no linear space."""
    ring, n = pieces.ring, len(pieces.ring.names)
    refused = f"critical values at infinity along the face {face.key}, which is not in a linear space"
    degrees = [int(p.total_degree()) for p in [*equations, *face.value] if len(p)]
    if face.dimension > 1 and len(equations) > 1 or max(degrees) > CURVED_DEGREE or n > 4:
        out.reason = refused
        return
    systems: list[tuple[list[Quotient], list[fmpz_mpoly]]] = []
    if face.dimension == 1:
        systems.append(([], list(equations)))
    else:
        (h,) = equations
        normal = [h.derivative(k) for k in range(n)]
        slopes, square = gradient(face.value), face.value[1] * face.value[1]
        for m in range(n):
            if not normal[m].is_zero():
                forms = [(slopes[k] * normal[m] - slopes[m] * normal[k], square * normal[m]) for k in range(n) if k != m]
                systems.append((forms, [h]))
        systems.append(([], [h, *[p for p in normal if not p.is_zero()]]))
    limits = chart_limits(out.budget, SECONDS / 2)
    total = fmpz_poly([1])
    for forms, conditions in systems:
        found = limits_at_infinity(ring, face.value, forms, conditions, limits=limits)
        if found.polynomial is None:
            out.reason = refused
            return
        total *= found.polynomial
        out.charts += found.charts
    out.values |= set(real_zeros(total))


def real_zeros(p: fmpz_poly) -> list[AlgebraicNumber]:
    """Return the real zeros in increasing order."""
    return [r for r, _ in real_roots(tuple([int(c) for c in p.coeffs()]))] if p.degree() > 0 else []
