"""A branch and the variables to be eliminated from it, as the steps of an elimination look at it."""

from typing import NamedTuple

from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Factor
from tamecheck.geometry.cad.sign_conditions import ZERO, Node, uses


class Situation(NamedTuple):
    """A branch, the variables of the block (as bits), and what mentions them: facts, clauses, and the factors that are zero."""

    branch: Branch
    bits: int
    facts: list[tuple[Factor, int]]
    clauses: list[Node]
    equations: list[Factor]

    def occurrences(self, k: int) -> int:
        """Return how many facts and clauses mention the variable at place ``k`` of the block."""
        bit = 1 << k
        return sum([1 for f, _ in self.facts if f.uses & bit]) + sum([1 for c in self.clauses if uses(c) & bit])

    def mentions(self, k: int) -> int:
        """Return how many facts and clauses of the branch mention any variable."""
        bit = 1 << k
        return sum([1 for f in self.branch.facts if f.uses & bit]) + sum([1 for c in self.branch.clauses if uses(c) & bit])


def situation(branch: Branch, bits: int) -> Situation:
    """Return what the steps look at."""
    facts = [(f, m) for f, m in branch.facts.items() if f.uses & bits]
    return Situation(branch, bits, facts, [c for c in branch.clauses if uses(c) & bits], [f for f, m in facts if m == ZERO])


def places(bits: int) -> list[int]:
    """Return the places of the bits that are set."""
    out = []
    while bits:
        low = bits & -bits
        out.append(low.bit_length() - 1)
        bits ^= low
    return out


def without(branch: Branch, gone: Factor | Node) -> Branch:
    """Return the branch without a fact or a clause; what was deduced from it stays, which is implied."""
    return branch.without([gone] if isinstance(gone, Factor) else [], [c for c in branch.clauses if c is not gone])
