"""Steps that put something else for a variable: a place, a power of it, or one of the values 0, 1, -1.

A factor p of degree n in x at the place x = -d/c has the sign of c^n p(-d/c), times that of c if n is odd (Gauss).  Where x occurs in powers of
x^n only, y = x^n runs over all numbers if n is odd and over y >= 0 if n is even, and x has the sign of y or any sign.  Where all conditions
are homogeneous in the variables of the block, positive multiples of a solution are solutions, so a variable may be assumed to be 0, 1 or -1.
"""

from math import gcd

from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Factor, Table
from tamecheck.geometry.cad.sign_conditions import ANY, NONNEGATIVE, NONZERO, POSITIVE, ZERO, Node, TooLarge, atoms, mapped, separate
from tamecheck.geometry.cad.situations import Situation, places
from tamecheck.geometry.cad.virtual_substitution import LinearPlace, RootPlace

MAXIMAL_DEGREE = 12
"""Degree in a variable up to which a place is substituted."""
MAXIMAL_TERMS = 40
"""Terms of the denominator of a place."""


def substituted(branch: Branch, k: int, equation: Factor | None, place: LinearPlace | RootPlace) -> list[Branch]:
    """Return the branch with a place put for a variable; the equation itself is fulfilled."""
    bit = 1 << k

    def change(factors: tuple, mask: int) -> Node:
        if len(factors) > 1 and (isinstance(place, RootPlace) or mask in (ZERO, NONZERO)):
            return mapped(separate(factors, mask), bit, change)
        if isinstance(place, RootPlace):
            f = factors[0][0]
            return place.at(f.coefficients(k))(mask) if f.uses & bit else ("atom", factors, mask)
        return at_place(branch.table, place, factors, mask, k)

    nodes = [change(((f, 1),), m) for f, m in branch.facts.items() if f.uses & bit and f is not equation]
    out = branch.without([f for f in branch.facts if f.uses & bit], [])
    nodes += [mapped(c, bit, change) for c in branch.clauses]
    for n in nodes:
        if not out.assume(n):
            return []
    return [out]


def at_place(table: Table, place: LinearPlace, factors: tuple, mask: int, k: int) -> Node:
    """Return a condition on a product at a linear place."""
    parts: list[tuple[int, tuple]] = []
    for f, e in factors:
        degree = f.degrees[k]
        if not degree:
            parts.append((1, ((f, e),)))
            continue
        if degree > MAXIMAL_DEGREE or len(place.c) > MAXIMAL_TERMS:
            raise TooLarge
        g = f.coefficients(k)
        total, power = g[-1], place.c
        for coefficient in reversed(g[:-1]):
            total = coefficient * power - total * place.d
            power = power * place.c
        sign, found = table.split(total)
        if e == 2:
            parts.append((sign * sign, tuple([(q, 2) for q, _ in found])))
            continue
        parts.append((sign, found))
        if degree % 2:
            parts.append((place.side, ()) if place.side else table.split(place.c))
    return table.combined(parts, mask)


def lower_powers(situation: Situation) -> list[Branch] | None:
    """Put y for x^n if x occurs in such powers only."""
    branch, bits, facts, clauses = situation.branch, situation.bits, situation.facts, situation.clauses
    everything = [f for f, _ in facts] + [f for c in clauses for n in atoms(c) for f, _ in n[1]]
    for k in places(bits):
        bit, step = 1 << k, 0
        for f in everything:
            if f.uses & bit and f.terms > 1:
                step = gcd(step, f.steps[k])
                if step == 1:
                    break
        x = branch.table.variable(k)
        if step < 2 or (step % 2 == 0 and any([f is x for c in clauses for n in atoms(c) for f, _ in n[1]])):
            continue

        def change(factors: tuple, mask: int, k: int = k, bit: int = bit, step: int = step, x: Factor = x) -> Node:
            parts = [branch.table.split(f.p) if f is x or not f.uses & bit else deflated(branch.table, f, k, step) for f, e in factors if e == 1]
            parts += [(1, tuple([(q, 2) for q, _ in deflated(branch.table, f, k, step)[1]])) for f, e in factors if e == 2]
            return branch.table.combined(parts, mask)

        out = Branch(branch.table)
        for f, m in branch.facts.items():
            if f is x and step % 2 == 0:
                node = ("atom", ((f, 1),), ZERO if m == ZERO else NONNEGATIVE if m & ZERO else POSITIVE)
            else:
                node = change(((f, 1),), m) if f.uses & bit else ("atom", ((f, 1),), m)
            if not out.assume(node):
                return []
        if step % 2 == 0 and x not in branch.facts and not out.restrict(x, NONNEGATIVE):
            return []
        for c in branch.clauses:
            if not out.assume(mapped(c, bit, change)):
                return []
        out.renamed = k
        return [out]
    return None


def deflated(table: Table, f: Factor, k: int, step: int) -> tuple[int, tuple]:
    """Return the factors of q with f = q(x^step) for the variable at place ``k``."""
    return table.split(table.ring.deflated(f.p, k + 1, step)) if f.uses >> k & 1 else (1, ((f, 1),))


def dehomogenise(situation: Situation) -> list[Branch] | None:
    """Give a variable the values 0, 1 and -1 if all conditions are homogeneous in the variables of the block."""
    branch, bits, facts, clauses = situation.branch, situation.bits, situation.facts, situation.clauses
    variables = places(bits)
    if len(variables) < 2 or clauses:
        return None
    for f, _ in facts:
        if len({sum([int(e[k]) for k in variables]) for e in f.p.monoms()}) > 1:
            return None
    k = max(variables, key=lambda k: sum([f.degrees[k] for f, _ in facts]))
    one, out = branch.table.context.constant(1), []
    for value in (1, -1, 0):
        known = branch.facts.get(branch.table.variable(k), ANY)
        if known >> (value + 1) & 1:
            out += substituted(branch, k, branch.table.variable(k), LinearPlace(branch.table, one, one * -value, 1))
    return out
