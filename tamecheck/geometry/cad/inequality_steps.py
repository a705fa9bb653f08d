"""Steps for what is left when equations have been used: disjunctions, inequalities of degree one and two, one condition of even degree.

Degree one or two: one condition alone is decided by its coefficients; linear conditions with coefficients of known signs are paired
(Fourier and Motzkin); otherwise test points are substituted.  A polynomial of odd degree alone takes all signs; for one of even
degree real roots are counted.
"""

from tamecheck.geometry.cad import root_counting, virtual_substitution
from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.sign_conditions import FLIP, NEGATIVE, POSITIVE, ZERO, TooLarge, separate
from tamecheck.geometry.cad.situations import Situation, places, without

MAXIMAL_WEIGHT = 30
"""Weight of the test points of one variable (one for a linear place, four for a root)."""


def split_disjunction(situation: Situation) -> list[Branch] | None:
    """Branch by a disjunction, or by the signs of the factors of a product."""
    branch, clauses = situation.branch, situation.clauses
    if not clauses:
        return None
    c = min(clauses, key=lambda c: len(c[1]))
    node = separate(c[1], c[2]) if c[0] == "atom" else c
    out = []
    rest = without(branch, c)
    for child in node[1] if node[0] == "or" else (node,):
        part = rest.copy()
        if part.assume(child):
            out.append(part)
    return out


def eliminate_inequalities(situation: Situation) -> list[Branch] | None:
    """Eliminate a variable that occurs with degree at most two."""
    branch, bits, facts = situation.branch, situation.bits, situation.facts
    best = None
    for k in places(bits):
        bit = 1 << k
        mine = [(f, m) for f, m in facts if f.uses & bit]
        if len(mine) == 1 and mine[0][0].degrees[k] % 2 and not branch.sign_of(mine[0][0].coefficients(k)[-1]) & ZERO and mine[0][1] != ZERO:
            # a polynomial of odd degree takes all signs
            return [without(branch, mine[0][0])]
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
        rest = without(rest, f)
    if len(mine) == 1:
        f, mask = mine[0]
        return [rest] if rest.assume(virtual_substitution.alone(rest, f.coefficients(k), mask)) else []
    paired = virtual_substitution.pairs(branch, mine, k)
    if paired is not None:
        return [rest] if all([rest.assume(n) for n in paired]) else []
    return virtual_substitution.eliminate(rest, mine, k)


def count_roots(situation: Situation) -> list[Branch] | None:
    """Eliminate a variable that occurs in one condition only, of even degree, by the number of real roots."""
    branch, bits, facts = situation.branch, situation.bits, situation.facts
    for k in places(bits):
        mine = [(f, m) for f, m in facts if f.uses >> k & 1]
        if len(mine) != 1 or mine[0][0].degrees[k] % 2:
            continue
        f, mask = mine[0]
        c = f.coefficients(k)
        sign = branch.sign_of(c[-1])
        if sign not in (POSITIVE, NEGATIVE) and (mask != ZERO or sign & ZERO):
            continue
        rest = without(branch, f)
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
