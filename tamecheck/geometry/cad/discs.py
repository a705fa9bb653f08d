"""Discs around the complex roots of polynomials over an algebraic point, with radii for which Pellet's test succeeds.

The discs are evidence: `tamecheck.cell_checker` repeats the test and nothing else.  They are made small against all distances
between different roots of all polynomials of the stack, so that discs of two polynomials meet (almost) only at common roots.
"""

from collections.abc import Sequence

from flint import acb, arb, fmpq, fmpz_poly

from tamecheck.cell_checker import pellet
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.points import Point
from tamecheck.geometry.cad.projection import Factor
from tamecheck.ground.algebraic import precision

FIRST_BITS = 128
MAXIMAL_BITS = 1 << 14


class Roots:
    """The roots of a polynomial of a stack over its point, at any precision."""

    def __init__(self, point: Point, f: Factor) -> None:
        self.point, self.factor = point, f
        self.exact: fmpz_poly | None = None
        if not f.occurs & point.irrational:
            self.exact = fmpz_poly([int(c) for c in point.specialise(f, 64)])
            self.degree = self.exact.degree()
        else:
            self.degree = point.fibre(f).degree

    def all(self, bits: int) -> list[tuple[acb, int]]:
        """Return balls around all complex roots, with multiplicities; real ones have imaginary part exactly 0."""
        if self.degree < 1:
            return []
        with precision(bits):
            if self.exact is not None:
                return [(acb(z), int(m)) for z, m in self.exact.complex_roots()]
            reals, complexes = self.point.fibre(self.factor).at(bits, True)
            return [*[(acb(arb(x)), m) for x, m in reals], *complexes]

    def reals(self, bits: int) -> list[tuple[acb, int]]:
        """Return the real ones."""
        return [(z, m) for z, m in self.all(bits) if z.imag == 0]

    def coefficients(self, bits: int) -> list:
        """Return the coefficients up to the degree over the point."""
        if self.exact is not None:
            return list(self.exact.coeffs())
        return self.point.fibre(self.factor).coefficients(bits)


def discs(point: Point, factors: Sequence[Factor], samples: Sequence[fmpq]) -> tuple[list[list], int]:
    """Return for each polynomial its degree and discs ``[re, im, radius, multiplicity]`` (upper half plane only), and the precision used.

    ``samples`` are the samples of the sectors: a real disc stays between the two samples beside its section.
    """
    given = [Roots(point, f) for f in factors]
    bits = FIRST_BITS
    while True:
        found = _attempt(given, bits, samples)
        if found is not None:
            return found, bits
        bits *= 2
        if bits > MAXIMAL_BITS:
            raise BudgetExceeded("no discs around the roots of a stack were found", code="TC306", where="evidence")


def _attempt(given: Sequence[Roots], bits: int, samples: Sequence[fmpq]) -> list[list] | None:
    roots = [r.all(bits) for r in given]
    with precision(bits):
        marks = [acb(arb(x)) for x in samples]
        everything = [z for part in roots for z, _ in part] + marks
        out: list[list] = []
        for r, part in zip(given, roots, strict=True):
            c = r.coefficients(bits)
            shown = []
            for z, m in part:
                if z.imag < 0:
                    continue
                disc = _disc(c, z, m, everything)
                if disc is None:
                    return None
                shown.append(disc)
            out.append([max(r.degree, 0), shown])
    return out


def _disc(c: list, z: acb, m: int, everything: Sequence[acb]) -> list | None:
    """Return a disc around a root that passes Pellet's test and stays away from all other roots and the samples."""
    real = z.imag == 0
    room = arb(1) if real else abs(z.imag) / 2
    for w in everything:
        for v in (w, w.conjugate()):
            if not v.overlaps(z):
                room = room.min(abs(v - z).lower() / 5)
    exponent = 0
    while not arb(2) ** -exponent < room:
        exponent += 1
        if exponent > 4 * MAXIMAL_BITS:
            return None
    for k in range(exponent, exponent + 60, 3):
        radius = fmpq(1, 1 << k)
        re, im = _rounded(z.real, k + 6), fmpq(0) if real else _rounded(z.imag, k + 6)
        if re is None or im is None:
            return None
        if pellet(c, re, im, radius, m):
            return [str(re), str(im), str(radius), m]
    return None


def _rounded(x: arb, bits: int) -> fmpq | None:
    """Return the middle of a ball rounded to so many bits after the point, ``None`` if the ball is wider than that."""
    scaled = (x.mid() * arb(2) ** bits + arb(1) / 2).floor().unique_fmpz()
    if scaled is None or not x.rad() < arb(2) ** (-bits + 2):
        return None
    return fmpq(int(scaled), 1 << bits)
