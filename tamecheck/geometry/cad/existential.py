"""Elimination of a block of existential quantifiers by cases, equations first.

``exists x, y, ...`` is distributed over disjunctions; what is left are *branches*, conjunctions, worked off one by one.  Each step replaces a branch
by branches whose disjunction is equivalent (as statements that quantify the remaining variables of the block): see
`tamecheck.geometry.cad.equation_steps`, `variable_changes` and `inequality_steps`.  Conditions that share no variable of the block
are treated apart, and a variable that occurs alone, without parameters, is settled by isolating roots.

A branch for which no step is known is returned as it is.  A result that is one condition is a fact of the branches to come, negated: the disjunction
does not change, and many of them become contradictory at once.
"""

from collections.abc import Sequence

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad import equation_steps, inequality_steps, univariate_conditions, variable_changes
from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Table
from tamecheck.geometry.cad.sign_conditions import ANY, TRUE, Node, TooLarge, conjunction, disjunction, uses
from tamecheck.geometry.cad.situations import Situation, situation

DEPTH = 24
"""Nested components."""
FIRST = (
    equation_steps.substitute_linear, equation_steps.split_product, equation_steps.substitute_parameter, variable_changes.lower_powers,
)  # fmt: skip
"""Steps that are tried before components are looked for."""
LATER = (
    equation_steps.split_linear, equation_steps.use_equation, inequality_steps.split_disjunction, inequality_steps.eliminate_inequalities,
    inequality_steps.count_roots, variable_changes.dehomogenise,
)  # fmt: skip


class Block:
    """One block of existential quantifiers.

    ``allowance`` is the number of branches that may be looked at, shared with components; ``finished`` are the branches without variables
    of the block, ``stuck`` those for which no step is known.  ``true`` is set if the whole disjunction is true, and ``end`` is then the
    branch that showed it.
    """

    def __init__(self, table: Table, allowance: int, budget: Budget | None = None, depth: int = 0) -> None:
        self.table = table
        self.allowance, self.budget, self.depth = allowance, budget, depth
        self.finished: list[Branch] = []
        self.stuck: list[tuple[Branch, int]] = []
        self.true = False
        self.end: Branch | None = None

    def run(self, branches: Sequence[Branch], bits: int) -> None:
        """Eliminate the variables of ``bits`` from a disjunction of branches.

        Raises
        ------
        TooLarge
            The allowance is used up, or a polynomial has become too large.
        """
        stack = [(b, bits) for b in reversed(branches)]
        while stack:
            branch, bits = stack.pop()
            if not branch.settle():
                continue
            used = 0
            for f in branch.facts:
                used |= f.uses
            for c in branch.clauses:
                used |= uses(c)
            bits &= used
            if not bits:
                if not branch.facts and not branch.clauses:
                    self.true, self.end = True, branch
                    self.finished = []
                    self.stuck = []
                    return
                self._finish(branch, stack)
                continue
            self._spend()
            parts = self._step(branch, bits)
            if parts is None:
                self.stuck.append((branch, bits))
            else:
                for b in parts:
                    b.parent = branch
                stack += [(b, bits) for b in reversed(parts)]

    def _spend(self) -> None:
        self.allowance -= 1
        if self.allowance < 0:
            raise TooLarge
        if self.budget is not None:
            self.budget.spend(1, "virtual substitution")
            if self.budget.seconds is not None and self.budget.remaining() <= 0:
                raise BudgetExceeded("time budget used up", code="TC301", where="virtual substitution")

    def _finish(self, branch: Branch, stack: list[tuple[Branch, int]]) -> None:
        """Keep a result, and assume in the branches to come that it is not true, if it is a single condition."""
        nodes = branch.nodes()
        self.finished.append(branch)
        if len(nodes) == 1 and nodes[0][0] == "atom":
            other = ("atom", nodes[0][1], ANY & ~nodes[0][2])
            kept = []
            for b, bits in stack:
                if b.assume(other):
                    kept.append((b, bits))
            stack[:] = kept

    def _step(self, branch: Branch, bits: int) -> list[Branch] | None:
        """Return the branches that the first possible step gives, ``None`` if there is none."""
        seen = situation(branch, bits)
        for step in FIRST:
            found = step(seen)
            if found is not None:
                return found
        found = self._components(seen)
        if found is not None:
            return found
        for step in LATER:
            found = step(seen)
            if found is not None:
                return found
        return None

    def _components(self, seen: Situation) -> list[Branch] | None:
        """Treat conditions apart that share no variable of the block; a variable alone without parameters is settled by its roots."""
        branch, bits, facts, clauses, _ = seen
        groups: list[tuple[int, list[Node]]] = []
        for n in [*[("atom", ((f, 1),), m) for f, m in facts], *clauses]:
            mine, members, rest = uses(n) & bits, [n], []
            for other, nodes in groups:
                if other & mine:
                    mine, members = mine | other, nodes + members
                else:
                    rest.append((other, nodes))
            groups = [*rest, (mine, members)]
        for mine, members in groups:
            everything = 0
            for n in members:
                everything |= uses(n)
            if mine & (mine - 1) == 0 and everything == mine:
                if not univariate_conditions.satisfiable(conjunction(members), mine.bit_length() - 1):
                    return []
                return _kept(branch, members, TRUE)
        if len(groups) < 2 or self.depth >= DEPTH:
            return None
        # the component with fewest variables is settled on its own, and what it says about the parameters is put in its place
        mine, members = min(groups, key=lambda g: g[0].bit_count())
        inner = Block(self.table, self.allowance, self.budget, self.depth + 1)
        start = branch.without([f for f in branch.facts if f.uses & bits], [])
        outside = dict(start.facts)
        for n in members:
            if not start.assume(n):
                return []
        inner.run([start], mine)
        self.allowance = inner.allowance
        if inner.stuck:
            return None
        if inner.true or any([b.facts == outside and not b.clauses for b in inner.finished]):
            out = _kept(branch, members, TRUE)
            for b in out:
                b.inner = inner.end
            return out
        return _kept(branch, members, disjunction([conjunction(b.nodes()) for b in inner.finished]))


def _kept(branch: Branch, members: list[Node], instead: Node) -> list[Branch]:
    """Return the branch with another node for some of its members."""
    gone = {n[1][0][0] for n in members if n[0] == "atom" and len(n[1]) == 1}
    out = branch.without(gone, [c for c in branch.clauses if c not in members])
    return [out] if out.assume(instead) else []
