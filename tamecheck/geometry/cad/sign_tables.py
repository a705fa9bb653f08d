"""Short formulas from tables of signs.

A *table* lists points (cells of a line, or vectors of signs), each a bit; a literal is the set of bits where a sign condition holds.  The set to
be described is covered greedily by conjunctions of literals, weighing how much a literal excludes against how much it keeps (in the spirit of
Hong 1992 and Brown 2003); what is superfluous is left out again.  Bits where the truth does not matter may be on either side.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Factor
from tamecheck.geometry.cad.sign_conditions import (
    NEGATIVE,
    NONNEGATIVE,
    NONPOSITIVE,
    NONZERO,
    POSITIVE,
    ZERO,
    Node,
    TooLarge,
    atoms,
    conjunction,
    disjunction,
)  # fmt: skip

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


def literals(factors: Sequence[Factor], signs: Signs, unwanted: int) -> list[Literal]:
    """Return all sign conditions, the short ones first; where a sign is not known they hold on the unwanted bits and on no other."""
    out = []
    for f in factors:
        weight = f.size
        negative, zero, positive = signs[f]
        unknown = unwanted & ~(negative | zero | positive)
        for rank, mask in enumerate(MASKS):
            out.append(Literal(f, mask, holds(signs[f], mask) | unknown, (weight, rank)))
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
    """Return a short node that is true on the wanted bits and false on the others: a disjunction of conjunctions or the other way round.

    On a bit that is in none of the sets of a factor its sign is not known: there the node does not depend on it.
    """
    if not wanted:
        return disjunction([])
    unwanted = everything & ~wanted
    if not unwanted:
        return conjunction([])
    available = literals(factors, signs, unwanted)
    for t in available:
        if t.bits == wanted:
            return "atom", ((t.factor, 1),), t.mask
    direct = disjunction([conjunction(_nodes(c)) for c in cover(wanted, unwanted, available)])
    found = cover(unwanted, wanted, literals(factors, signs, wanted))
    if sum([t.weight[0] for c in found for t in c]) >= weight(direct):
        return direct
    return conjunction([disjunction([("atom", ((t.factor, 1),), 7 & ~t.mask) for t in _ordered(c)]) for c in found])


Question = Callable[[dict[Factor, int]], "bool | None | Factor"]
"""The truth value for some signs, ``None`` if such signs do not occur, or a factor whose sign has to be known for it."""


def from_signs(branch: Branch, value: Question, limit: int) -> Node:
    """Return a short node with given truth values for the signs of factors.

    Signs that contradict what the branch knows are left out: there the node may be true or false.

    Raises
    ------
    TooLarge
        More than ``limit`` sign vectors have to be distinguished.
    """
    columns: dict[Factor, list[int]] = {}
    wanted, bit, seen = 0, 1, 0
    stack: list[tuple[Branch, dict[Factor, int]]] = [(branch, {})]
    while stack:
        part, signs = stack.pop()
        found = value(signs)
        if isinstance(found, Factor):
            possible = part.known(found)
            for place in range(3):
                if possible >> place & 1:
                    other = part.copy()
                    if other.restrict(found, 1 << place):
                        stack.append((other, {**signs, found: place - 1}))
            seen += 1
            if seen > limit:
                raise TooLarge
        elif found is not None and part.settle():
            for f, s in signs.items():
                columns.setdefault(f, [0, 0, 0])[s + 1] |= bit
            if found:
                wanted |= bit
            bit <<= 1
    factors = sorted(columns, key=lambda f: f.number)
    return shortest(wanted, bit - 1, factors, {f: (c[0], c[1], c[2]) for f, c in columns.items()})


def weight(node: Node) -> int:
    """Return how long a node is to read."""
    return sum([f.size for n in atoms(node) for f, _ in n[1]])


def _ordered(chosen: Sequence[Literal]) -> list[Literal]:
    return sorted(chosen, key=lambda t: (t.factor.uses, t.weight))


def _nodes(chosen: Sequence[Literal]) -> list[Node]:
    return [("atom", ((t.factor, 1),), t.mask) for t in _ordered(chosen)]
