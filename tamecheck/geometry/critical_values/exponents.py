"""The Lojasiewicz exponent of the gradient at an isolated critical point: the least theta with ``|grad f| >= C |f - f(p)|^theta`` near p.

* Where the Hessian is regular, theta = 1/2, in any number of variables.
* In one variable ``f - f(p) ~ c t^m`` gives ``theta = 1 - 1/m``.
* In two variables, let N = |grad f|^2.  On a level set {f = t} in a small ball N is least at a point where grad N is parallel to grad f
  (on the sphere it stays away from 0 as p is isolated): a point of the curve ``f_x N_y - f_y N_x = 0``.  So theta is the largest of
  ``ord N / (2 ord (f - f(p)))`` over the real half-branches of this curve at p on which f - f(p) is not zero, and the orders are read off
  Puiseux series (`tamecheck.geometry.critical_values.puiseux`).

.. [G99] J. Gwozdziewicz, "The Lojasiewicz exponent of an analytic function at an isolated zero", Comment. Math. Helv. 74 (1999).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.cad.systems import Solution
from tamecheck.geometry.critical_values.critical import gradient, maximal_minors
from tamecheck.geometry.critical_values.puiseux import Terms, Unsupported, half_branches, leading_term, terms_of
from tamecheck.ground.algebraic import AlgebraicNumber
from tamecheck.ground.polynomials import Ring

LINES = ((1, 0), (0, 1), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1), (1, 3), (3, 1), (1, -3), (3, -1))
"""Directions that are looked at where N is a function of f."""


@dataclass
class Exponent:
    """The exponent, or ``None`` with the reason why it is not known."""

    value: Fraction | None
    reason: str


def exponent(ring: Ring, value: Quotient, solution: Solution) -> Exponent:
    """Return the exponent of a quotient of polynomials at an isolated critical point."""
    n = len(ring.names)
    top, bottom = value
    if solution.dimension > 0:
        return Exponent(None, "the critical point is not isolated")
    slopes = gradient(value)
    hessian = [[p.derivative(k) for k in range(n)] for p in slopes]
    # at a critical point the derivatives of the gradient times a positive function are those of the gradient, times it
    determinant = maximal_minors(hessian, n)
    if determinant and solution.sign(determinant[0]) != 0:
        return Exponent(Fraction(1, 2), "the Hessian is regular")
    c = solution.value(top, bottom)
    if c.rational is None:
        return Exponent(None, "a degenerate critical point with an irrational value")
    shifted = top * int(c.rational.q) - bottom * int(c.rational.p)
    point = solution.coordinates()
    if n == 1:
        return _on_the_line(shifted, point)
    if n > 2:
        return Exponent(None, "a degenerate critical point in more than two variables")
    try:
        return _in_the_plane(ring, shifted, bottom, slopes, point)
    except Unsupported as reason:
        return Exponent(None, f"a degenerate critical point: {reason}")


def _on_the_line(f: fmpz_mpoly, point: Sequence[AlgebraicNumber]) -> Exponent:
    from tamecheck.ground.towers import sign_at

    m, p = 0, f
    while sign_at(p, point) == 0:
        m, p = m + 1, p.derivative(0)
    return Exponent(1 - Fraction(1, m), f"f - f(p) has order {m}")


def _in_the_plane(ring: Ring, f: fmpz_mpoly, q: fmpz_mpoly, slopes: Sequence[fmpz_mpoly], point: Sequence[AlgebraicNumber]) -> Exponent:
    # f - f(p) is the numerator over a function that is not zero at p, and so is the gradient: orders do not change
    a, b = slopes
    if _critical_curve(ring, a, b, point):
        return Exponent(None, "the critical point is not isolated")
    n = a * a + b * b
    # N is n / q^4: its gradient times q^5
    nx = n.derivative(0) * q - 4 * n * q.derivative(0)
    ny = n.derivative(1) * q - 4 * n * q.derivative(1)
    polar = a * ny - b * nx
    best: Fraction | None = None
    text = ""
    for curve, mirrored, swapped in _curves(ring, polar, f, point):
        for branch in half_branches(curve):
            f_term = leading_term(terms_of(f, point, mirrored, swapped), branch)
            if f_term is None:
                continue
            n_term = leading_term(terms_of(n, point, mirrored, swapped), branch)
            if n_term is None:
                return Exponent(None, "the critical point is not isolated")
            theta = n_term[0] / (2 * f_term[0])
            if best is None or theta > best:
                best, text = theta, f"on a half-branch with f - f(p) of order {f_term[0]} and |grad f| of order {n_term[0] / 2}"
    if best is None:
        return Exponent(None, "no half-branch of the polar curve")
    return Exponent(best, text)


def _critical_curve(ring: Ring, a: fmpz_mpoly, b: fmpz_mpoly, point: Sequence[AlgebraicNumber]) -> bool:
    """Return whether a real curve of critical points goes through the point."""
    common = a.gcd(b)
    if common.is_constant():
        return False
    for q, _ in ring.factors(common)[1]:
        local = terms_of(q, point)
        if (0, 0) in local:
            continue
        if not any([i == 0 for i, _ in local]):
            return True  # a vertical line
        if any([half_branches(terms_of(q, point, mirrored)) for mirrored in (False, True)]):
            return True
    return False


def _curves(ring: Ring, polar: fmpz_mpoly, f: fmpz_mpoly, point: Sequence[AlgebraicNumber]) -> list[tuple[Terms, bool, bool]]:
    """Return the squarefree factors of the polar curve through the point on which f is not constant, on both sides, and x = 0 swapped."""
    x, y = ring.variable(ring.names[0]), ring.variable(ring.names[1])
    factors: list[fmpz_mpoly] = []
    if polar.is_zero():
        # N is a function of f near p: every curve will do that meets all levels; lines through a rational point
        px, py = point
        if px.rational is None or py.rational is None:
            raise Unsupported("the polar curve is everything, at an irrational point")
        for u, v in LINES:
            d = int(px.rational.q) * int(py.rational.q)
            line = (x * d - int(px.rational.p) * int(py.rational.q)) * v - (y * d - int(py.rational.p) * int(px.rational.q)) * u
            factors.append(line)
    else:
        factors = [q for q, _ in ring.factors(polar)[1]]
    out = []
    for q in factors:
        if not f.gcd(q).is_constant():
            continue
        local = terms_of(q, point)
        if (0, 0) in local:
            continue
        vertical = not any([i == 0 for i, _ in local])
        for mirrored in (False, True):
            out.append((terms_of(q, point, mirrored, vertical), mirrored, vertical))
    return out
