"""Elimination of a block of existential quantifiers by cases, equations first.

``exists x, y, ...`` is distributed over disjunctions; what is left are *branches*, conjunctions, worked off one by one.  Each step replaces a branch by
branches whose disjunction is equivalent (as statements that quantify the remaining variables of the block):

* a product that is zero: one of its factors is zero and those before are not;
* ``c x + d = 0``: where c != 0, x is -d/c everywhere (Gauss); else c = d = 0;
* x occurs in powers of x^n only: y = x^n, with y >= 0 if n is even;
* two equations in x: a pseudo-remainder replaces the one of higher degree, where the leading coefficient of the other is not zero;
* ``a x^2 + b x + c = 0`` with a != 0: everything else is reduced to degree one in x; alone it says D >= 0; with one
  equation ``d x + e = 0`` it says that the resultant is zero and D >= 0 (a common root of real polynomials is real where d != 0, and for d = 0
  the resultant is a e^2); otherwise both roots are substituted;
* an equation of odd degree with leading coefficient not zero, alone: there is a root;
* conditions that share no variable of the block are treated apart;
* a variable that occurs alone, without parameters: roots are isolated;
* a variable that occurs in one condition only: real roots are counted (`tamecheck.geometry.cad.root_counting`);
* conditions that are homogeneous in the variables of the block: one of these variables is 0, 1 or -1;
* inequalities of degree one or two: Fourier-Motzkin, one condition alone, or test points (`tamecheck.geometry.cad.virtual_substitution`).

A branch for which no step is known is returned as it is.  Results are facts of the other branches, negated: the disjunction does not change,
and many branches become contradictory at once.
"""

from collections.abc import Sequence
from math import gcd

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad import root_counting, univariate_conditions, virtual_substitution
from tamecheck.geometry.cad.sign_conditions import (
    ANY, FALSE, FLIP, NEGATIVE, NONNEGATIVE, NONZERO, POSITIVE, TRUE, ZERO, Branch, Factor, Node, Table, TooLarge, atoms, conjunction, disjunction,
    mapped, separate, uses,
)  # fmt: skip
from tamecheck.geometry.cad.virtual_substitution import LinearPlace, RootPlace, discriminant

MAXIMAL_DEGREE = 12
"""Degree in a variable up to which an equation is substituted."""
MAXIMAL_WEIGHT = 30
"""Weight of the test points of one variable (one for a linear place, three or four for a root)."""
DEPTH = 24
"""Nested components."""


class Block:
    """One block of existential quantifiers.

    ``allowance`` is the number of branches that may be looked at, shared with components; ``finished`` are the branches without variables
    of the block, ``stuck`` those for which no step is known.
    """

    def __init__(self, table: Table, allowance: int, budget: Budget | None = None, depth: int = 0) -> None:
        self.table = table
        self.allowance, self.budget, self.depth = allowance, budget, depth
        self.finished: list[Branch] = []
        self.stuck: list[tuple[Branch, int]] = []
        self.true = False

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
                    self.true = True
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

    # --------------------------------------------------------------------------------------------------- choosing a step

    def _step(self, branch: Branch, bits: int) -> list[Branch] | None:
        facts = [(f, m) for f, m in branch.facts.items() if f.uses & bits]
        clauses = [c for c in branch.clauses if uses(c) & bits]
        equations = [f for f, m in facts if m == ZERO]
        for step in (self._gauss, self._products, self._parameters, self._powers):
            found = step(branch, bits, facts, clauses, equations)
            if found is not None:
                return found
        found = self._components(branch, bits, facts, clauses)
        if found is not None:
            return found
        steps = (self._linear_equation, self._equations, self._alternatives, self._inequalities, self._counted, self._homogeneous)
        for step in steps:
            found = step(branch, bits, facts, clauses, equations)
            if found is not None:
                return found
        return None

    def _gauss(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Substitute by an equation that is linear in a variable with a coefficient that is not zero."""
        best = None
        for f in equations:
            for k in places(f.uses & bits):
                if f.degrees[k] == 1:
                    d, c = f.coefficients(k)
                    sign = POSITIVE if c.is_constant() else branch.sign_of(c)
                    if not sign & ZERO:
                        score = (not c.is_constant(), f.terms, _occurrences(facts, clauses, k))
                        if best is None or score < best[0]:
                            best = (score, f, k, c, d, sign)
        if best is None:
            return None
        _, f, k, c, d, sign = best
        if c.is_constant():
            sign = POSITIVE if c.leading_coefficient() > 0 else NEGATIVE
        place = LinearPlace(self.table, c, d, 1 if sign == POSITIVE else -1 if sign == NEGATIVE else 0)
        return self._substituted(branch, k, f, place)

    def _substituted(self, branch: Branch, k: int, equation: Factor | None, place: LinearPlace | RootPlace) -> list[Branch]:
        """Return the branch with a place put for a variable; the equation itself is fulfilled."""
        bit = 1 << k

        def change(factors: tuple, mask: int) -> Node:
            if len(factors) > 1 and (isinstance(place, RootPlace) or mask in (ZERO, NONZERO)):
                return mapped(separate(factors, mask), bit, change)
            if isinstance(place, RootPlace):
                f = factors[0][0]
                return place.value(f.coefficients(k), mask) if f.uses & bit else ("atom", factors, mask)
            return self._at(place, factors, mask, k)

        nodes = [change(((f, 1),), m) for f, m in branch.facts.items() if f.uses & bit and f is not equation]
        out = branch.without([f for f in branch.facts if f.uses & bit], [])
        nodes += [mapped(c, bit, change) for c in branch.clauses]
        for n in nodes:
            if not out.assume(n):
                return []
        return [out]

    def _at(self, place: LinearPlace, factors: tuple, mask: int, k: int) -> Node:
        """Return a condition on a product at a linear place."""
        table, parts = self.table, []
        for f, e in factors:
            degree = f.degrees[k]
            if not degree:
                parts.append((1, ((f, e),)))
                continue
            if degree > MAXIMAL_DEGREE or len(place.c) > 40:
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

    def _products(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Branch by the factors of a product that is zero."""
        for c in clauses:
            if c[0] == "atom" and c[2] == ZERO:
                out = []
                rest = _without(branch, c)
                for f, _ in sorted(c[1], key=lambda pair: (pair[0].terms, pair[0].number)):
                    part = rest.copy()
                    if part.restrict(f, ZERO):
                        out.append(part)
                    if not rest.restrict(f, NONZERO):
                        break
                return out
        return None

    def _parameters(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Substitute a parameter that an equation with at most two terms gives; the equation stays."""
        for f, m in branch.facts.items():
            if m != ZERO or f.terms > 2 or f.uses & bits:
                continue
            for k in places(f.uses):
                if f.degrees[k] == 1 and f.coefficients(k)[1].is_constant() and _occurrences(list(branch.facts.items()), branch.clauses, k) > 1:
                    d, c = f.coefficients(k)
                    place = LinearPlace(self.table, c, d, 1 if c.leading_coefficient() > 0 else -1)
                    return [b for b in self._substituted(branch, k, f, place) if b.restrict(f, ZERO)]
        return None

    def _powers(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Put y for x^n if x occurs in such powers only."""
        everything = [f for f, _ in facts] + [f for c in clauses for n in atoms(c) for f, _ in n[1]]
        for k in places(bits):
            bit, step = 1 << k, 0
            for f in everything:
                if f.uses & bit and f.terms > 1:
                    step = gcd(step, *[int(e[k]) for e in f.p.monoms()])
                    if step == 1:
                        break
            x = self.table.variable(k)
            if step < 2 or (step % 2 == 0 and any([f is x for c in clauses for n in atoms(c) for f, _ in n[1]])):
                continue

            def change(factors: tuple, mask: int, k: int = k, bit: int = bit, step: int = step, x: Factor = x) -> Node:
                parts = [self.table.split(f.p) if f is x or not f.uses & bit else self._deflated(f, k, step) for f, e in factors if e == 1]
                parts += [(1, tuple([(q, 2) for q, _ in self._deflated(f, k, step)[1]])) for f, e in factors if e == 2]
                return self.table.combined(parts, mask)

            out = Branch(self.table)
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
            return [out]
        return None

    def _deflated(self, f: Factor, k: int, step: int) -> tuple[int, tuple]:
        return self.table.split(self.table.ring.deflated(f.p, k + 1, step)) if f.uses >> k & 1 else (1, ((f, 1),))

    # --------------------------------------------------------------------------------------------------------- components

    def _components(self, branch: Branch, bits: int, facts: list, clauses: list) -> list[Branch] | None:
        """Treat conditions apart that share no variable of the block; a variable alone without parameters is settled by its roots."""
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
                return self._kept(branch, members, TRUE)
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
            return self._kept(branch, members, TRUE)
        return self._kept(branch, members, disjunction([conjunction(b.nodes()) for b in inner.finished]))

    def _kept(self, branch: Branch, members: list[Node], instead: Node) -> list[Branch]:
        """Return the branch with another node for some of its members."""
        gone = {n[1][0][0] for n in members if n[0] == "atom" and len(n[1]) == 1}
        out = branch.without(gone, [c for c in branch.clauses if c not in members])
        return [out] if out.assume(instead) else []

    # ---------------------------------------------------------------------------------------------------------- equations

    def _linear_equation(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Branch by whether the coefficient of a variable in an equation of degree one is zero."""
        best = None
        for f in equations:
            for k in places(f.uses & bits):
                if f.degrees[k] == 1:
                    if any([g.degrees[k] == 2 and g.coefficients(k)[2].is_constant() for g in equations if g is not f]):
                        continue
                    score = (f.terms, len(f.coefficients(k)[1]), _occurrences(facts, clauses, k))
                    if best is None or score < best[0]:
                        best = (score, f, k)
        return None if best is None else self._by_coefficient(branch, best[1], best[2])

    def _by_coefficient(self, branch: Branch, f: Factor, k: int) -> list[Branch]:
        """Return the branches where the leading coefficient of an equation is not zero, and where it is zero and the rest is the equation."""
        lead = f.coefficients(k)[-1]
        out = []
        generic = branch.copy()
        if generic.assume(self.table.atom(lead, NONZERO)):
            out.append(generic)
        special = _without(branch, f)
        if special.assume(self.table.atom(lead, ZERO)) and special.assume(
            self.table.atom(f.p - lead * self.table.context.gen(k) ** f.degrees[k], ZERO)
        ):
            out.append(special)
        return out

    def _equations(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Use an equation of degree at least two in a variable."""
        best = None
        for f in equations:
            for k in places(f.uses & bits):
                others = [g for g in equations if g is not f and g.uses >> k & 1]
                degree, lead = f.degrees[k], f.coefficients(k)[-1]
                if degree > 2 and degree % 2 == 0 and not any([g.degrees[k] >= degree for g in others]):
                    continue
                if degree > 2 and degree % 2 and not any([g.degrees[k] >= degree for g in others]) and _occurrences(facts, clauses, k) > 1:
                    continue
                known = not branch.sign_of(lead) & ZERO
                score = (not known, not lead.is_constant(), degree, _occurrences(facts, clauses, k), f.terms)
                if best is None or score < best[0]:
                    best = (score, f, k, lead)
        if best is None:
            return None
        score, f, k, lead = best
        if score[0]:
            return self._by_coefficient(branch, f, k)
        bit = 1 << k
        others = [g for g in equations if g is not f and g.uses & bit]
        higher = [g for g in others if g.degrees[k] >= f.degrees[k]]
        if higher:
            g = min(higher, key=lambda g: g.degrees[k])
            out = _without(branch, g)
            return [out] if out.assume(self.table.atom(_remainder(g.coefficients(k), f.coefficients(k), self.table.context.gen(k)), ZERO)) else []
        rest = [(g, m) for g, m in facts if g is not f and g.uses & bit]
        used = [c for c in clauses if uses(c) & bit]
        if not rest and not used:
            out = _without(branch, f)
            if f.degrees[k] % 2:
                return [out]
            return [out] if out.assume(self.table.atom(discriminant(f.coefficients(k)), NONNEGATIVE)) else []
        c = f.coefficients(k)
        if f.degrees[k] != 2:
            return None
        if others and len(rest) == 1 and not used:
            e, d = others[0].coefficients(k)
            out = _without(_without(branch, f), others[0])
            common = c[2] * e * e - c[1] * d * e + c[0] * d * d
            return [out] if out.assume(self.table.atom(common, ZERO)) and out.assume(self.table.atom(discriminant(c), NONNEGATIVE)) else []
        if others:
            return self._by_coefficient(branch, others[0], k)
        sign = branch.sign_of(lead)
        side = 1 if sign == POSITIVE else -1 if sign == NEGATIVE else 0
        reducible = [g for g, _ in rest] + [g for n in used for a in atoms(n) for g, _ in a[1] if g.uses & bit]
        if max([g.degrees[k] for g in reducible]) > 2:
            return self._reduced(branch, f, k, side)
        out = []
        for v in (-1, 1):
            part = self._substituted(branch, k, f, RootPlace(self.table, c, v, side))
            out += [b for b in part if b.assume(self.table.atom(discriminant(c), NONNEGATIVE))]
        return out

    def _reduced(self, branch: Branch, f: Factor, k: int, side: int) -> list[Branch]:
        """Return the branch with everything of degree above two reduced by a quadratic equation."""
        bit, lead = 1 << k, f.coefficients(k)[-1]
        x = self.table.context.gen(k)

        def change(factors: tuple, mask: int) -> Node:
            parts = []
            for g, e in factors:
                if g.degrees[k] <= 2:
                    parts.append((1, ((g, e),)))
                    continue
                steps: list[int] = []
                sign, found = self.table.split(_remainder(g.coefficients(k), f.coefficients(k), x, steps))
                parts.append((sign, found) if e == 1 else (sign * sign, tuple([(q, 2) for q, _ in found])))
                if e == 1 and steps[0] % 2:
                    parts.append((side, ()) if side else self.table.split(lead))
            return self.table.combined(parts, mask)

        out = Branch(self.table)
        for g, m in branch.facts.items():
            if not out.assume(change(((g, 1),), m) if g.uses & bit and g is not f else ("atom", ((g, 1),), m)):
                return []
        for c in branch.clauses:
            if not out.assume(mapped(c, bit, change)):
                return []
        return [out]

    # ------------------------------------------------------------------------------------------------------- inequalities

    def _alternatives(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Branch by a disjunction, or by the signs of the factors of a product."""
        if not clauses:
            return None
        c = min(clauses, key=lambda c: len(c[1]))
        node = separate(c[1], c[2]) if c[0] == "atom" else c
        out = []
        rest = _without(branch, c)
        for child in node[1] if node[0] == "or" else (node,):
            part = rest.copy()
            if part.assume(child):
                out.append(part)
        return out

    def _inequalities(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Eliminate a variable that occurs with degree at most two."""
        best = None
        for k in places(bits):
            bit = 1 << k
            mine = [(f, m) for f, m in facts if f.uses & bit]
            if len(mine) == 1 and mine[0][0].degrees[k] % 2 and not branch.sign_of(mine[0][0].coefficients(k)[-1]) & ZERO and mine[0][1] != ZERO:
                # a polynomial of odd degree takes all signs
                return [_without(branch, mine[0][0])]
            if any([f.degrees[k] > 2 for f, _ in mine]):
                continue
            score = sum([1 if f.degrees[k] == 1 else 4 for f, _ in mine]), sum([f.terms for f, _ in mine])
            if best is None or score < best[0]:
                best = (score, k, mine)
        if best is None or best[0][0] > MAXIMAL_WEIGHT:
            return None
        _, k, mine = best
        rest = branch
        for f, _ in mine:
            rest = _without(rest, f)
        if len(mine) == 1:
            f, mask = mine[0]
            return [rest] if rest.assume(virtual_substitution.alone(self.table, f.coefficients(k), mask)) else []
        paired = virtual_substitution.pairs(branch, mine, k)
        if paired is not None:
            return [rest] if all([rest.assume(n) for n in paired]) else []
        out = []
        for node in virtual_substitution.eliminate(branch, mine, (), k):
            part = rest.copy()
            if part.assume(node) and part.settle():
                if part.facts == rest.facts and part.clauses == rest.clauses:
                    return [rest]
                out.append(part)
        return out


    def _counted(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Eliminate a variable that occurs in one condition only, of even degree, by the number of real roots."""
        for k in places(bits):
            mine = [(f, m) for f, m in facts if f.uses >> k & 1]
            if len(mine) != 1 or mine[0][0].degrees[k] % 2:
                continue
            f, mask = mine[0]
            c = f.coefficients(k)
            sign = branch.sign_of(c[-1])
            if sign not in (POSITIVE, NEGATIVE) and (mask != ZERO or sign & ZERO):
                continue
            rest = _without(branch, f)
            if mask & sign:
                return [rest]
            if sign == NEGATIVE:
                c, mask = [-h for h in c], FLIP[mask]
            try:
                node = (root_counting.takes_negative_values if mask == NEGATIVE else root_counting.has_root)(rest, c, k)
            except TooLarge:
                continue
            return [rest] if rest.assume(node) else []
        return None


    def _homogeneous(self, branch: Branch, bits: int, facts: list, clauses: list, equations: list[Factor]) -> list[Branch] | None:
        """Give a variable the values 0, 1 and -1 if all conditions are homogeneous in the variables of the block: positive multiples satisfy them, too."""
        variables = places(bits)
        if len(variables) < 2 or clauses:
            return None
        for f, _ in facts:
            if len({sum([int(e[k]) for k in variables]) for e in f.p.monoms()}) > 1:
                return None
        k = max(variables, key=lambda k: sum([f.degrees[k] for f, _ in facts]))
        one, out = self.table.context.constant(1), []
        for value in (1, -1, 0):
            known = branch.facts.get(self.table.variable(k), ANY)
            if known >> (value + 1) & 1:
                out += self._substituted(branch, k, self.table.variable(k), LinearPlace(self.table, one, one * -value, 1))
        return out


def places(bits: int) -> list[int]:
    """Return the places of the bits that are set."""
    out = []
    while bits:
        low = bits & -bits
        out.append(low.bit_length() - 1)
        bits ^= low
    return out


def _occurrences(facts: list, clauses: list, k: int) -> int:
    bit = 1 << k
    return sum([1 for f, _ in facts if f.uses & bit]) + sum([1 for c in clauses if uses(c) & bit])


def _without(branch: Branch, gone: Factor | Node) -> Branch:
    """Return the branch without a fact or a clause; what was deduced from it stays, which is implied."""
    return branch.without([gone] if isinstance(gone, Factor) else [], [c for c in branch.clauses if c is not gone])


def _remainder(g: Sequence[fmpz_mpoly], f: Sequence[fmpz_mpoly], x: fmpz_mpoly, steps: list[int] | None = None) -> fmpz_mpoly:
    """Return the remainder of c^n g by f, where c is the leading coefficient of f; n is appended to ``steps``."""
    rest, lead, n = list(g), f[-1], 0
    while len(rest) >= len(f):
        top, shift = rest.pop(), len(rest) + 1 - len(f)
        if top.is_zero():
            continue
        n += 1
        rest = [h * lead - (top * f[i - shift] if i >= shift else 0) for i, h in enumerate(rest)]
        if sum([len(h) for h in rest]) > 200:
            raise TooLarge
    if steps is not None:
        steps.append(n)
    total = x * 0
    for i, h in enumerate(rest):
        total += h * x**i
    return total
