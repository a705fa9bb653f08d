"""Conditions on one variable: which of the points and intervals between roots satisfy them.

The factors are irreducible and different, so each has simple roots and no two share one.  Hence the sign of a factor on an interval is the
sign of its leading coefficient times (-1) to the number of its roots to the right: nothing is evaluated, only the roots are put in order.
The truth of a condition is a function of these signs, so a set that is described by conditions can be described again by the shortest
ones that tell the cells apart.
"""

from collections.abc import Iterable

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.factors import Factor
from tamecheck.geometry.cad.sign_conditions import Node, TooLarge, atoms
from tamecheck.geometry.cad.sign_tables import Signs, shortest, truth
from tamecheck.ground.algebraic import AlgebraicNumber, irreducible_roots, rational

MAXIMAL_DEGREE = 40
Roots = list[tuple[AlgebraicNumber, Factor]]


def dense(f: Factor, k: int) -> tuple[int, ...]:
    """Return the coefficients of a factor that uses only the variable at place ``k``, lowest first."""
    out = [0] * (f.degrees[k] + 1)
    for e, c in zip(f.p.monoms(), f.p.coeffs(), strict=True):
        out[int(e[k])] = int(c)
    return tuple(out)


def ordered_roots(factors: Iterable[Factor], k: int) -> Roots:
    """Return the real roots of different irreducible factors in one variable, in increasing order."""
    found: Roots = []
    for f in factors:
        degree = f.degrees[k]
        if degree > MAXIMAL_DEGREE:
            raise TooLarge
        c = dense(f, k)
        if degree == 1:
            found.append((rational(-c[0], c[1]), f))
        elif degree > 2 or c[1] * c[1] > 4 * c[0] * c[2]:
            try:
                found += [(x, f) for x in irreducible_roots(c)]
            except BudgetExceeded:
                raise TooLarge from None
    found.sort(key=lambda pair: pair[0])
    return found


def sign_table(factors: Iterable[Factor], k: int) -> tuple[Roots, Signs, int]:
    """Return the roots, the signs of the factors on the 2m + 1 cells of the line (from the left), and the bits of all cells."""
    factors = list(factors)
    roots = ordered_roots(factors, k)
    count = 2 * len(roots) + 1
    everything = (1 << count) - 1
    signs: Signs = {}
    for f in factors:
        places = [2 * i + 1 for i, (_, g) in enumerate(roots) if g is f]
        negative, zero, side = 0, 0, f.p.leading_coefficient() > 0
        last = count
        for place in reversed(places):
            if not side:
                negative |= (1 << last) - (1 << place + 1)
            zero |= 1 << place
            side, last = not side, place
        if not side:
            negative |= (1 << last) - 1
        signs[f] = (negative, zero, everything & ~(negative | zero))
    return roots, signs, everything


def satisfied(node: Node, k: int) -> tuple[int, Roots, Signs, int]:
    """Return the bits of the cells of the line where a node in the variable at place ``k`` is true, with the table."""
    factors = list({f: None for n in atoms(node) for f, _ in n[1]})
    roots, signs, everything = sign_table(factors, k)
    return truth(node, signs, everything), roots, signs, everything


def satisfiable(node: Node, k: int) -> bool:
    """Return whether a node in one variable is true somewhere."""
    return satisfied(node, k)[0] != 0


def minimal(node: Node, k: int) -> Node:
    """Return a short node in the variable at place ``k`` that is true at the same points."""
    bits, _, signs, everything = satisfied(node, k)
    return shortest(bits, everything, sorted(signs, key=lambda f: f.number), signs)
