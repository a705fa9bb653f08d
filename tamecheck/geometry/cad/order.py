"""In which order variables are eliminated: heuristics, any answer is correct.

Within a block of equal quantifiers (and within the free variables, if the caller does not fix them) the order is free, and
it decides between milliseconds and hours.  Few orders are tried out by projecting and comparing degrees; where there are many, the
next variable is chosen by Brown's rule: lowest degree, then lowest total degree of the terms with it, then fewest such terms.
"""

from collections.abc import Sequence
from itertools import permutations, product
from math import factorial, prod

from flint import fmpz_mpoly

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.projection import Factor, Projection
from tamecheck.ground.polynomials import Ring

TRIED = 6
"""Number of orders up to which all are projected."""


def brown(names: Sequence[str], supports: Sequence[Sequence[tuple[int, ...]]], place: dict[str, int]) -> list[str]:
    """Return the names with the variable to eliminate first last."""

    def weight(name: str) -> tuple[int, int, int]:
        i = place[name]
        with_it = [e for support in supports for e in support if e[i]]
        return max([e[i] for e in with_it], default=0), max([sum(e) for e in with_it], default=0), len(with_it)

    # equal weights stay in alphabetical order (a reversed sort is stable, too)
    return sorted(sorted(names), key=weight, reverse=True)


def candidates(blocks: Sequence[Sequence[str]], polynomials: Sequence[fmpz_mpoly], ring: Ring) -> list[list[str]]:
    """Return the orders worth trying: all if they are few, the one of Brown's rule first."""
    supports = [[tuple(map(int, e)) for e in p.monoms()] for p in polynomials]
    first = [name for b in blocks for name in brown(b, supports, ring.index)]
    if prod([factorial(len(b)) for b in blocks]) <= TRIED:
        every = [[name for part in choice for name in part] for choice in product(*[permutations(b) for b in blocks])]
        return [first, *[names for names in every if names != first]]
    return [first]


def cost(projection: Projection) -> int:
    """Return the sum of the degrees of all monomials of all projection factors."""
    return projection.cost()


def moved(p: fmpz_mpoly, source: Ring, target: Ring) -> fmpz_mpoly:
    """Return a polynomial in a ring with the variables in another order."""
    place = [source.index[name] for name in target.names]
    return target.from_terms([(tuple([int(e[i]) for i in place]), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True)])


def best(
    blocks: Sequence[Sequence[str]], polynomials: Sequence[fmpz_mpoly], ring: Ring, method: str,
    equations: Sequence[fmpz_mpoly] = (), free: int = 0,
) -> tuple[Ring, Projection, list[tuple[int, tuple[tuple[Factor, int], ...]]]]:  # fmt: skip
    """Return the ring in the best order found, with the projection of the polynomials there.

    Raises
    ------
    BudgetExceeded
        If no order tried has a projection of acceptable size.
    """
    from tamecheck.geometry.cad.projection import TooCostly, project

    chosen, least, failure = None, None, None
    for names in candidates(blocks, polynomials, ring):
        target = Ring(names)
        target.work, target.patience, target.deadline = ring.work, ring.patience, ring.deadline
        try:
            projection, factored = project(
                target, [moved(p, ring, target) for p in polynomials], method, [moved(p, ring, target) for p in equations], free, least
            )
        except TooCostly:
            continue
        except BudgetExceeded as stop:
            failure = stop
            continue
        weight = projection.cost()
        if least is None or weight < least:
            chosen, least = (target, projection, factored), weight
    if chosen is None:
        raise failure
    return chosen
