"""Critical values at infinity of piecewise rational functions of one and two variables, exactly.

c is an asymptotic critical value of f if points x_k exist with |x_k| -> oo, f(x_k) -> c and ``|x_k| |grad f(x_k)| -> 0`` (Malgrange's
condition; for a piecewise function the distance of 0 from Clarke's subdifferential takes the place of |grad f|).

The plane is cut into the four sectors where one coordinate dominates.  Take the sector |y| <= |x|, a piece of f on a face F,
and h = x^2 |grad f|^2, which is |x|^2 |grad f|^2 up to a factor 2.  On a slice x = R the set {h < d} consists of intervals in F, on each of
which f changes by at most 2R sup|f_y| <= 2 sqrt(d).  Each interval holds a point where h is least: a zero of dh/dy, an end y = +-x of the
slice, or a point of a guard.  So *the values are exactly the limits of f along the unbounded branches of finitely many algebraic curves,
those on which h -> 0*.  No generic choice is made and nothing is complexified.

A branch of C(x, y) = 0 is followed to infinity without expansion: the limits of f along C are among the zeros of the leading
coefficient in x of ``Res_y(C, q T - p)``, so rational separators decide which one it is at a single x beyond all places where
anything changes, where the branch is a real root of C(x, y).

On a guard curve between two pieces a finite limit of f is a critical value if the derivatives across the curve have opposite signs
there: then 0 is at distance o(1/|x|) from the segment between the gradients, as f - c is an algebraic function of the arc length.

.. [KOS00] K. Kurdyka, P. Orro, S. Simon, "Semialgebraic Sard theorem for generalized critical values", J. Differential Geom. 56 (2000).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpz_mpoly, fmpz_poly

from tamecheck.budget import Budget
from tamecheck.geometry.critical_values.critical import gradient
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.ground.algebraic import AlgebraicNumber, rational, real_roots
from tamecheck.ground.polynomials import Ring
from tamecheck.ground.towers import as_univariate, sign_at


@dataclass
class Escape:
    """A critical value at infinity with the branch along which it is approached.

    Attributes
    ----------
    value : AlgebraicNumber
    face : Face
    arc : dict — every variable as a text: the dominating one is ``1/s`` or ``-1/s`` (s -> 0+), the other ``root(C, k, y)``
    trivial : bool — the gradient (or 0 in conv) vanishes along the branch
    kind : ``"piece"``, ``"guard"`` (between two pieces) or ``"stratum"`` (critical on the stratum only, not in Clarke's sense)
    """

    value: AlgebraicNumber
    face: Face
    arc: dict[str, str]
    trivial: bool
    kind: str = "piece"


def on_the_line(pieces: Pieces) -> list[Escape]:
    """Return the values at infinity of a function of one variable: its finite limits."""
    out = []
    (name,) = pieces.ring.names
    for side in (1, -1):
        faces = [f for f in pieces.faces if f.dimension == 1]
        if pieces.decomposition is not None:
            end = pieces.decomposition.cells[-1 if side > 0 else 0]
            faces = [f for f in faces if end in f.cells]
        for face in faces:
            if face.value is None:
                continue
            top, bottom = as_univariate(face.value[0], 1), as_univariate(face.value[1], 1)
            if top.degree() > bottom.degree():
                continue
            d = bottom.degree()
            limit = Fraction(int(top[d]), int(bottom[d]))
            value = rational(limit.numerator, limit.denominator)
            constant = (top * int(bottom[d]) - bottom * int(top[d])) == fmpz_poly([])
            out.append(Escape(value, face, {name: "1/s" if side > 0 else "-1/s"}, constant))
    return out


class Plane:
    """The values at infinity of a function of two variables."""

    def __init__(self, pieces: Pieces, budget: Budget | None = None) -> None:
        self.pieces, self.budget = pieces, budget
        self.ring = pieces.ring
        x, y = pieces.ring.names
        limit = "T" if "T" not in (x, y) else "T_"
        while limit in (x, y):
            limit += "_"
        self.extended = Ring((x, y, limit))
        self.found: list[Escape] = []
        if budget is not None:
            self.extended.limit(budget.remaining())
            self.ring.limit(budget.remaining())

    def run(self) -> list[Escape]:
        """Find all values."""
        full = [f for f in self.pieces.faces if f.dimension == 2 and f.value is not None]
        for big in (0, 1):
            for face in full:
                self._piece(face, big)
            for k, g in enumerate(self.pieces.guards):
                if g.degrees()[1 - big] > 0:
                    self._guard(k, big, full)
        return self.found

    # ----------------------------------------------------------------- curves

    def _piece(self, face: Face, big: int) -> None:
        """Follow the curves on which the weighted gradient is least, in one pair of sectors."""
        small = 1 - big
        g = gradient(face.value)
        q = face.value[1]
        size = g[0] * g[0] + g[1] * g[1]
        least = q * size.derivative(small) - 4 * size * q.derivative(small)
        x, y = self.ring.variable(self.ring.names[big]), self.ring.variable(self.ring.names[small])
        curves = {self.ring.text(c): c for c in (x - y, x + y)}
        for p in [least, *[h for h in self.pieces.guards]]:
            if not p.is_zero():
                for c, _ in self.ring.factors(p)[1]:
                    curves[self.ring.text(c)] = c
        for c in curves.values():
            if c.degrees()[small] > 0:
                if self.budget is not None:
                    self.budget.spend(1, "critical values at infinity")
                self._curve(face, g, c, big)

    def _curve(self, face: Face, g: Sequence[fmpz_mpoly], c: fmpz_mpoly, big: int) -> None:
        p, q = face.value
        if _divides(c, q):
            return  # the function is not defined along the curve
        values = self.limits(c, p, q, big)
        if not values:
            return
        x = self.ring.variable(self.ring.names[big])
        weighted = [x * d for d in g]
        bound = self._gap([self.limits(c, w, q * q, big) for w in weighted])
        trivial = all([_divides(c, d) for d in g])
        events = [(w * bound.denominator - q * q * s * bound.numerator) for w in weighted for s in (1, -1)]
        for value, (low, high) in zip(values, separators(values), strict=True):
            levels = [p * e.denominator - q * e.numerator for e in (low, high)]
            for side, k, point in self.samples(c, [*events, *levels, q], big):
                if not self._inside(face, point, c):
                    continue
                sign = self._sign(q, point)
                if self._sign(levels[0], point) * sign <= 0 or self._sign(levels[1], point) * sign >= 0:
                    continue
                if any([self._sign(events[2 * i], point) >= 0 or self._sign(events[2 * i + 1], point) <= 0 for i in (0, 1)]):
                    continue
                self._add(Escape(value, face, self.arc(c, big, side, k), trivial))

    def _guard(self, k: int, big: int, full: Sequence[Face]) -> None:
        """Follow a guard curve between two pieces."""
        g = self.pieces.guards[k]
        normal = [g.derivative(0), g.derivative(1)]
        for a in full:
            for b in full:
                differing = [i for i, (s, t) in enumerate(zip(a.signs, b.signs, strict=True)) if s != t]
                if differing != [k] or a.signs[k] < b.signs[k]:
                    continue
                p, q = a.value
                if _divides(g, q) or _divides(g, b.value[1]) or not _divides(g, p * b.value[1] - b.value[0] * q):
                    continue
                values = self.limits(g, p, q, big)
                across = [sum([u * v for u, v in zip(normal, gradient(f.value), strict=True)], self.ring.constant(0)) for f in (a, b)]
                for value, (low, high) in zip(values, separators(values), strict=True):
                    levels = [p * e.denominator - q * e.numerator for e in (low, high)]
                    for side, index, point in self.samples(g, [*levels, *across, q], big):
                        if not self._inside(a, point, g) or not self._inside(b, point, g):
                            continue
                        sign = self._sign(q, point)
                        if self._sign(levels[0], point) * sign <= 0 or self._sign(levels[1], point) * sign >= 0:
                            continue
                        opposite = self._sign(across[0], point) * self._sign(across[1], point) <= 0
                        self._add(Escape(value, a, self.arc(g, big, side, index), False, "guard" if opposite else "stratum"))

    # ---------------------------------------------------------------- exact tools

    def limits(self, c: fmpz_mpoly, p: fmpz_mpoly, q: fmpz_mpoly, big: int) -> list[AlgebraicNumber]:
        """Return finitely many numbers among which all finite limits of p/q along branches of C with x -> oo are."""
        ring = self.extended
        t = ring.variable(ring.names[2])

        def lift(a: fmpz_mpoly) -> fmpz_mpoly:
            return ring.from_terms([((int(e[0]), int(e[1]), 0), v) for e, v in zip(a.monoms(), a.coeffs(), strict=True)])

        r = ring.resultant(lift(c), lift(q) * t - lift(p), 2 - big)
        if r.is_zero():
            return []
        lead = ring.coefficients(r, big + 1)[-1]
        if lead.is_constant():
            return []
        dense = as_univariate(lead, 3)
        return [root for root, _ in real_roots(tuple([int(v) for v in dense.coeffs()]))]

    def _gap(self, families: Sequence[Sequence[AlgebraicNumber]]) -> Fraction:
        """Return a positive rational below the sizes of all the numbers that are not zero."""
        bound = Fraction(1)
        for family in families:
            for v in family:
                if v.sign():
                    low, high = _bounds(v)
                    size = min(abs(low), abs(high))
                    bound = min(bound, size / 2)
        return Fraction(1, -(-bound.denominator // bound.numerator)) if bound < 1 else Fraction(1)

    def samples(self, c: fmpz_mpoly, events: Sequence[fmpz_mpoly], big: int) -> list[tuple[int, int, tuple]]:
        """Return (side, index, point) for every branch of C in the sectors, beyond all zeros of the events on C."""
        ring, small = self.ring, 1 - big
        x, y = ring.variable(ring.names[big]), ring.variable(ring.names[small])
        radius = 1
        coefficients = ring.coefficients(c, small + 1)
        polynomials = [coefficients[-1]]
        if len(coefficients) > 2:
            polynomials.append(ring.discriminant(c, small + 1))
        for e in [*events, x - y, x + y, *self.pieces.guards]:
            if e.is_zero() or e.is_constant() or _divides(c, e):
                continue
            for part, _ in ring.factors(e)[1]:
                polynomials.append(ring.resultant(c, part, small + 1) if part.degrees()[small] > 0 else part)
        for r in polynomials:
            if not r.is_constant():
                radius = max(radius, _root_bound(as_univariate(r, big + 1)))
        out = []
        for side in (1, -1):
            at = rational(side * radius)
            line = _substituted(c, big, side * radius)
            for k, (root, _) in enumerate(real_roots(line)):
                point = (at, root) if big == 0 else (root, at)
                if sign_at(x * x - y * y, point) >= 0:
                    out.append((side, k, point))
        return out

    def _sign(self, p: fmpz_mpoly, point: tuple) -> int:
        return 0 if p.is_zero() else sign_at(p, point)

    def _inside(self, face: Face, point: tuple, c: fmpz_mpoly) -> bool:
        """Return whether the branch lies in the closure of a full-dimensional face."""
        for g, t, s in zip(self.pieces.guards, self.pieces.turned, face.signs, strict=True):
            if g == c:
                continue  # the curve is smooth at the sample: both sides are near
            if self._sign(g, point) != (-s if t else s):
                return False
        return True

    def arc(self, c: fmpz_mpoly, big: int, side: int, k: int) -> dict[str, str]:
        """Return the branch as texts: a curve with parameter s -> 0+."""
        names = self.ring.names
        inverse = "1/s" if side > 0 else "-1/s"
        rest = f"root({self.ring.text(c)}, {k + 1}, {names[1 - big]})"
        if c.degrees()[1 - big] == 1 and self.ring.coefficients(c, 2 - big)[1].is_constant():
            low, a = self.ring.coefficients(c, 2 - big)
            rest = _linear(self.ring, low, int(a.coeffs()[0]))
        return {names[big]: inverse, names[1 - big]: rest}

    def _add(self, e: Escape) -> None:
        for old in self.found:
            if old.value == e.value and old.kind == e.kind and old.trivial == e.trivial and old.face is e.face:
                return
        self.found.append(e)


def separators(values: Sequence[AlgebraicNumber]) -> list[tuple[Fraction, Fraction]]:
    """Return for each of some increasing numbers an open rational interval that holds it and none of the others."""
    cuts: list[Fraction] = []
    for a, b in zip(values, values[1:], strict=False):
        bits = 64
        while not (_bounds(a, bits)[1] < _bounds(b, bits)[0]):
            bits *= 2
        cuts.append(between(_bounds(a, bits)[1], _bounds(b, bits)[0]))
    if not values:
        return []
    first, last = _bounds(values[0])[0], _bounds(values[-1])[1]
    ends = [Fraction(first.numerator // first.denominator - 1), *cuts, Fraction(-(-last.numerator // last.denominator) + 1)]
    return list(zip(ends, ends[1:], strict=False))


def between(low: Fraction, high: Fraction) -> Fraction:
    """Return a rational with small denominator strictly between two others (a dyadic one)."""
    whole = low.numerator // low.denominator
    if whole + 1 < high:
        return Fraction(0) if low < 0 < high else Fraction(whole + 1)
    denominator = 1
    while True:
        denominator *= 2
        candidate = Fraction((low * denominator).__floor__() + 1, denominator)
        if candidate < high:
            return candidate


def _bounds(v: AlgebraicNumber, bits: int = 64) -> tuple[Fraction, Fraction]:
    """Return rational bounds of a number."""
    if v.rational is not None:
        q = Fraction(int(v.rational.p), int(v.rational.q))
        return q, q
    while True:
        ball = v.ball(bits)
        low, high = _dyadic(ball.lower()), _dyadic(ball.upper())
        if low > 0 or high < 0:
            return low, high
        bits *= 2


def _dyadic(ball) -> Fraction:
    mantissa, exponent = (int(part) for part in ball.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def _root_bound(p: fmpz_poly) -> int:
    """Return a power of two beyond all real zeros."""
    lead = abs(int(p.leading_coefficient()))
    size = max([abs(int(c)) for c in p.coeffs()])
    return 1 << ((size // lead) + 2).bit_length()


def _substituted(c: fmpz_mpoly, k: int, value: int) -> tuple[int, ...]:
    """Return the dense coefficients of a polynomial of two variables with a whole number put for one."""
    dense = [0] * (int(c.degrees()[1 - k]) + 1)
    for e, v in zip(c.monoms(), c.coeffs(), strict=True):
        dense[int(e[1 - k])] += int(v) * value ** int(e[k])
    while len(dense) > 1 and dense[-1] == 0:
        dense.pop()
    return tuple(dense) if len(dense) > 1 else (1, 0)[:1]


def _divides(c: fmpz_mpoly, p: fmpz_mpoly) -> bool:
    """Return whether an irreducible polynomial divides another."""
    return p.is_zero() or not p.gcd(c).is_constant()


def _linear(ring: Ring, low: fmpz_mpoly, a: int) -> str:
    """Return the text of -low/a."""
    text = ring.text(-low if a > 0 else low)
    return text if abs(a) == 1 else f"({text})/{abs(a)}"
