"""Steps that use equations.

* a product is zero: one of its factors is zero and those before are not;
* ``c x + d = 0``: where c != 0, x is -d/c everywhere (Gauss); else c = d = 0;
* two equations in x: a pseudo-remainder replaces the one of higher degree, where the leading coefficient of the other is not zero;
* ``a x^2 + b x + c = 0`` with a != 0: everything else is reduced to degree one in x; alone it says D >= 0; with one
  equation ``d x + e = 0`` it says that the resultant is zero and D >= 0 (a common root of real polynomials is real where d != 0, and for d = 0
  the resultant is a e^2); otherwise both roots are substituted;
* an equation of odd degree with leading coefficient not zero, alone: there is a root.
"""

from collections.abc import Sequence

from flint import fmpz_mpoly

from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Factor
from tamecheck.geometry.cad.sign_conditions import NEGATIVE, NONNEGATIVE, NONZERO, POSITIVE, ZERO, Node, TooLarge, atoms, mapped, uses
from tamecheck.geometry.cad.situations import Situation, places, without
from tamecheck.geometry.cad.variable_changes import substituted
from tamecheck.geometry.cad.virtual_substitution import LinearPlace, RootPlace, discriminant

MAXIMAL_TERMS = 200
"""Terms of a pseudo-remainder."""


def substitute_linear(situation: Situation) -> list[Branch] | None:
    """Substitute by an equation that is linear in a variable with a coefficient that is not zero."""
    branch, bits, equations = situation.branch, situation.bits, situation.equations
    best = None
    for f in equations:
        for k in places(f.uses & bits):
            if f.degrees[k] == 1:
                d, c = f.coefficients(k)
                sign = POSITIVE if c.is_constant() else branch.sign_of(c)
                if not sign & ZERO:
                    score = (not c.is_constant(), f.terms, situation.occurrences(k))
                    if best is None or score < best[0]:
                        best = (score, f, k, c, d, sign)
    if best is None:
        return None
    _, f, k, c, d, sign = best
    if c.is_constant():
        sign = POSITIVE if c.leading_coefficient() > 0 else NEGATIVE
    place = LinearPlace(branch.table, c, d, 1 if sign == POSITIVE else -1 if sign == NEGATIVE else 0)
    return substituted(branch, k, f, place)


def split_product(situation: Situation) -> list[Branch] | None:
    """Branch by the factors of a product that is zero."""
    branch, clauses = situation.branch, situation.clauses
    for c in clauses:
        if c[0] == "atom" and c[2] == ZERO:
            out = []
            rest = without(branch, c)
            for f, _ in sorted(c[1], key=lambda pair: (pair[0].terms, pair[0].number)):
                part = rest.copy()
                if part.restrict(f, ZERO):
                    out.append(part)
                if not rest.restrict(f, NONZERO):
                    break
            return out
    return None


def substitute_parameter(situation: Situation) -> list[Branch] | None:
    """Substitute a parameter that an equation of degree one, or with at most two terms, gives; the equation stays."""
    branch, bits = situation.branch, situation.bits
    for f, m in branch.facts.items():
        if m != ZERO or f.uses & bits or (f.terms > 2 and f.p.total_degree() > 1):
            continue
        for k in places(f.uses):
            if f.degrees[k] == 1 and f.coefficients(k)[1].is_constant() and situation.mentions(k) > 1:
                d, c = f.coefficients(k)
                place = LinearPlace(branch.table, c, d, 1 if c.leading_coefficient() > 0 else -1)
                return [b for b in substituted(branch, k, f, place) if b.restrict(f, ZERO)]
    return None


def split_linear(situation: Situation) -> list[Branch] | None:
    """Branch by whether the coefficient of a variable in an equation of degree one is zero."""
    branch, bits, equations = situation.branch, situation.bits, situation.equations
    best = None
    for f in equations:
        for k in places(f.uses & bits):
            if f.degrees[k] == 1:
                if any([g.degrees[k] == 2 and g.coefficients(k)[2].is_constant() for g in equations if g is not f]):
                    continue
                score = (f.terms, len(f.coefficients(k)[1]), situation.occurrences(k))
                if best is None or score < best[0]:
                    best = (score, f, k)
    return None if best is None else by_coefficient(branch, best[1], best[2])


def by_coefficient(branch: Branch, f: Factor, k: int) -> list[Branch]:
    """Return the branches where the leading coefficient of an equation is not zero, and where it is zero and the rest is the equation."""
    lead = f.coefficients(k)[-1]
    out = []
    generic = branch.copy()
    if generic.assume(branch.table.atom(lead, NONZERO)):
        out.append(generic)
    special = without(branch, f)
    if special.assume(branch.table.atom(lead, ZERO)) and special.assume(
        branch.table.atom(f.p - lead * branch.table.context.gen(k) ** f.degrees[k], ZERO)
    ):
        out.append(special)
    return out


def use_equation(situation: Situation) -> list[Branch] | None:
    """Use an equation of degree at least two in a variable."""
    branch, bits, facts, clauses, equations = situation.branch, situation.bits, situation.facts, situation.clauses, situation.equations
    best = None
    for f in equations:
        for k in places(f.uses & bits):
            others = [g for g in equations if g is not f and g.uses >> k & 1]
            degree, lead = f.degrees[k], f.coefficients(k)[-1]
            if degree > 2 and degree % 2 == 0 and not any([g.degrees[k] >= degree for g in others]):
                continue
            if degree > 2 and degree % 2 and not any([g.degrees[k] >= degree for g in others]) and situation.occurrences(k) > 1:
                continue
            known = not branch.sign_of(lead) & ZERO
            score = (not known, not lead.is_constant(), degree, situation.occurrences(k), f.terms)
            if best is None or score < best[0]:
                best = (score, f, k, lead)
    if best is None:
        return None
    score, f, k, lead = best
    if score[0]:
        return by_coefficient(branch, f, k)
    bit = 1 << k
    others = [g for g in equations if g is not f and g.uses & bit]
    higher = [g for g in others if g.degrees[k] >= f.degrees[k]]
    if higher:
        g = min(higher, key=lambda g: g.degrees[k])
        out = without(branch, g)
        return [out] if out.assume(branch.table.atom(remainder(g.coefficients(k), f.coefficients(k), branch.table.context.gen(k)), ZERO)) else []
    rest = [(g, m) for g, m in facts if g is not f and g.uses & bit]
    used = [c for c in clauses if uses(c) & bit]
    if not rest and not used:
        out = without(branch, f)
        if f.degrees[k] % 2:
            return [out]
        return [out] if out.assume(branch.table.atom(discriminant(f.coefficients(k)), NONNEGATIVE)) else []
    c = f.coefficients(k)
    if f.degrees[k] != 2:
        return None
    if others and len(rest) == 1 and not used:
        e, d = others[0].coefficients(k)
        out = without(without(branch, f), others[0])
        common = c[2] * e * e - c[1] * d * e + c[0] * d * d
        return [out] if out.assume(branch.table.atom(common, ZERO)) and out.assume(branch.table.atom(discriminant(c), NONNEGATIVE)) else []
    if others:
        return by_coefficient(branch, others[0], k)
    sign = branch.sign_of(lead)
    side = 1 if sign == POSITIVE else -1 if sign == NEGATIVE else 0
    reducible = [g for g, _ in rest] + [g for n in used for a in atoms(n) for g, _ in a[1] if g.uses & bit]
    if max([g.degrees[k] for g in reducible]) > 2:
        return reduced(branch, f, k, side)
    out = []
    for v in (-1, 1):
        part = substituted(branch, k, f, RootPlace(branch.table, c, v, side))
        out += [b for b in part if b.assume(branch.table.atom(discriminant(c), NONNEGATIVE))]
    return out


def reduced(branch: Branch, f: Factor, k: int, side: int) -> list[Branch]:
    """Return the branch with everything of degree above two reduced by a quadratic equation."""
    bit, lead = 1 << k, f.coefficients(k)[-1]
    x = branch.table.context.gen(k)

    def change(factors: tuple, mask: int) -> Node:
        parts = []
        for g, e in factors:
            if g.degrees[k] <= 2:
                parts.append((1, ((g, e),)))
                continue
            steps: list[int] = []
            sign, found = branch.table.split(remainder(g.coefficients(k), f.coefficients(k), x, steps))
            parts.append((sign, found) if e == 1 else (sign * sign, tuple([(q, 2) for q, _ in found])))
            if e == 1 and steps[0] % 2:
                parts.append((side, ()) if side else branch.table.split(lead))
        return branch.table.combined(parts, mask)

    out = Branch(branch.table)
    for g, m in branch.facts.items():
        if not out.assume(change(((g, 1),), m) if g.uses & bit and g is not f else ("atom", ((g, 1),), m)):
            return []
    for c in branch.clauses:
        if not out.assume(mapped(c, bit, change)):
            return []
    return [out]


def remainder(g: Sequence[fmpz_mpoly], f: Sequence[fmpz_mpoly], x: fmpz_mpoly, steps: list[int] | None = None) -> fmpz_mpoly:
    """Return the remainder of c^n g by f, where c is the leading coefficient of f; n is appended to ``steps``."""
    rest, lead, n = list(g), f[-1], 0
    while len(rest) >= len(f):
        top, shift = rest.pop(), len(rest) + 1 - len(f)
        if top.is_zero():
            continue
        n += 1
        rest = [h * lead - (top * f[i - shift] if i >= shift else 0) for i, h in enumerate(rest)]
        if sum([len(h) for h in rest]) > MAXIMAL_TERMS:
            raise TooLarge
    if steps is not None:
        steps.append(n)
    total = x * 0
    for i, h in enumerate(rest):
        total += h * x**i
    return total
