"""Short formulas from tables of signs.

A *table* lists points (cells of a line, or vectors of signs), each a bit; a literal is the set of bits where a sign condition holds.  The set to
be described is covered greedily by conjunctions of literals, weighing how much a literal excludes against how much it keeps (in the spirit of
Hong 1992 and Brown 2003); what is superfluous is left out again.  Bits where the truth does not matter may be on either side.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tamecheck.geometry.cad.sign_conditions import NEGATIVE, NONNEGATIVE, NONPOSITIVE, NONZERO, POSITIVE, ZERO, Factor, Node, atoms, conjunction, disjunction

MASKS = (NONNEGATIVE, NONPOSITIVE, ZERO, POSITIVE, NEGATIVE, NONZERO)


class Literal(NamedTuple):
    """A sign condition, the bits where it holds, and its size."""

    factor: Factor
    mask: int
    bits: int
    weight: tuple[int, int]


Signs = dict[Factor, tuple[int, int, int]]
"""For every factor the bits where it is negative, zero, positive."""


def holds(signs: tuple[int, int, int], mask: int) -> int:
    """Return the bits where a factor has a sign of a set."""
    out = 0
    for place in range(3):
        if mask >> place & 1:
            out |= signs[place]
    return out


def truth(node: Node, signs: Signs, everything: int) -> int:
    """Return the bits where a node is true."""
    if node[0] == "atom":
        negative, positive = 0, everything
        for f, e in node[1]:
            n, z, p = signs[f]
            if e == 2:
                negative, positive = negative & ~z, positive & ~z
            else:
                negative, positive = (negative & p) | (positive & n), (positive & p) | (negative & n)
        zero = everything & ~(negative | positive)
        return holds((negative, zero, positive), node[2])
    if node[0] == "and":
        out = everything
        for child in node[1]:
            out &= truth(child, signs, everything)
        return out
    out = 0
    for child in node[1]:
        out |= truth(child, signs, everything)
    return out


def size(f: Factor) -> int:
    """Return how long a polynomial is to read."""
    return sum([sum(map(int, e)) + 1 for e in f.p.monoms()])


def literals(factors: Sequence[Factor], signs: Signs) -> list[Literal]:
    """Return all sign conditions, the short ones first."""
    out = []
    for f in factors:
        weight = size(f)
        for rank, mask in enumerate(MASKS):
            out.append(Literal(f, mask, holds(signs[f], mask), (weight, rank)))
    out.sort(key=lambda t: t.weight)
    return out


def cover(wanted: int, unwanted: int, available: Sequence[Literal]) -> list[list[Literal]]:
    """Return conjunctions that together hold on all wanted bits and on no unwanted one."""
    out: list[tuple[list[Literal], int]] = []
    left = wanted
    while left:
        chosen = _implicant(left & -left, left, unwanted, available)
        covered = wanted
        for t in chosen:
            covered &= t.bits
        out.append((chosen, covered))
        left &= ~covered
    for k in range(len(out) - 1, -1, -1):
        rest = 0
        for i, (_, covered) in enumerate(out):
            if i != k:
                rest |= covered
        if rest == wanted:
            del out[k]
    return [chosen for chosen, _ in out]


def _implicant(seed: int, left: int, unwanted: int, available: Sequence[Literal]) -> list[Literal]:
    usable = [t for t in available if t.bits & seed]
    chosen: list[Literal] = []
    open_bits, covered = unwanted, left
    while open_bits:
        best, most = None, 0
        for t in usable:
            score = (open_bits & ~t.bits).bit_count() * (1 + (t.bits & covered).bit_count())
            if score > most:
                best, most = t, score
        if best is None:
            raise ValueError("the signs do not tell the points apart")
        chosen.append(best)
        open_bits &= best.bits
        covered &= best.bits
    for t in sorted(chosen, key=lambda t: t.weight, reverse=True):
        rest = [u for u in chosen if u is not t]
        remaining = unwanted
        for u in rest:
            remaining &= u.bits
        if not remaining:
            chosen = rest
    # weaker relations read better
    for k, t in enumerate(chosen):
        remaining = unwanted
        for i, u in enumerate(chosen):
            if i != k:
                remaining &= u.bits
        for u in available:
            if u.factor is t.factor and u.mask & t.mask == t.mask and u.weight < t.weight and not remaining & u.bits:
                chosen[k] = u
                break
    return chosen


def shortest(wanted: int, everything: int, factors: Sequence[Factor], signs: Signs) -> Node:
    """Return a short node that is true exactly on the wanted bits: a disjunction of conjunctions or the other way round."""
    if not wanted:
        return disjunction([])
    unwanted = everything & ~wanted
    if not unwanted:
        return conjunction([])
    available = literals(factors, signs)
    for t in available:
        if t.bits == wanted:
            return "atom", ((t.factor, 1),), t.mask
    direct = disjunction([conjunction(_nodes(c)) for c in cover(wanted, unwanted, available)])
    other = [(t.factor, t.mask) for c in cover(unwanted, wanted, available) for t in c]
    if sum([size(f) for f, _ in other]) >= weight(direct):
        return direct
    dual = []
    for c in cover(unwanted, wanted, available):
        dual.append(disjunction([("atom", ((t.factor, 1),), 7 & ~t.mask) for t in _ordered(c)]))
    return conjunction(dual)


def weight(node: Node) -> int:
    """Return how long a node is to read."""
    return sum([size(f) for n in atoms(node) for f, _ in n[1]])


def _ordered(chosen: Sequence[Literal]) -> list[Literal]:
    return sorted(chosen, key=lambda t: (t.factor.uses, t.weight))


def _nodes(chosen: Sequence[Literal]) -> list[Node]:
    return [("atom", ((t.factor, 1),), t.mask) for t in _ordered(chosen)]
