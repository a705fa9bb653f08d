"""Does a curve keep to a cell?  Signs of the guards along it, by Sturm sequences."""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.autodiff.fields import Quotient
from tamecheck.autodiff.line import Line
from tamecheck.autodiff.space import Cell, Space


def stays(space: Space, cell: Cell, curve: Sequence[Quotient]) -> bool:
    """Return whether the guards have the signs of a cell along a curve for 0 < t < 1, exactly; t is the first variable."""
    f = space.field
    if isinstance(space, Line):
        return space.stays(cell, curve)
    if f.generators and any([f.transcendental(g) for g in space.guards]):
        ends = [f.substitute(c, [f.number(t)] * f.n) for t in (Fraction(0), Fraction(1)) for c in curve]
        straight = all([top.total_degree() <= 1 and bottom.is_constant() and not f.transcendental(top) for top, bottom in curve])
        if not straight or None in ends:
            return False
        values = [Fraction(int(a.coeffs()[0]) if len(a) else 0, int(b.coeffs()[0])) for a, b in ends]
        return space.stays(cell, [values[: f.n], values[f.n :]])
    for g, s in zip(space.guards, cell.signs, strict=True):
        on = f.substitute((g, f.one), list(curve))
        if on is None:
            return False
        if s == 0:
            if not on[0].is_zero():
                return False
            continue
        if on[0].is_zero() or roots_inside(on[0]) or roots_inside(on[1]):
            return False
        middle = value(on[0], Fraction(1, 2)) / value(on[1], Fraction(1, 2))
        if (middle > 0) - (middle < 0) != s:
            return False
    return True


def value(p: fmpz_mpoly, t: Fraction) -> Fraction:
    """Return the value of a polynomial in the first variable."""
    return sum([int(c) * t ** int(e[0]) for e, c in zip(p.monoms(), p.coeffs(), strict=True)], Fraction(0))


def roots_inside(p: fmpz_mpoly) -> bool:
    """Return whether a polynomial in the first variable has a root with 0 < t < 1."""
    from tamecheck.autodiff.verify import roots_inside as inside

    if p.is_constant():
        return p.is_zero()
    coefficients = [Fraction(0)] * (int(p.degrees()[0]) + 1)
    for e, c in zip(p.monoms(), p.coeffs(), strict=True):
        coefficients[int(e[0])] = Fraction(int(c))
    return inside(coefficients)
