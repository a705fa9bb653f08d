"""Values for the variables that virtual substitution has eliminated.

A branch that ended true has a history: each branch before says, for suitable values of the variables it mentions, more about one variable (or about a
component of them) than the branch after it.  Going back, the values known are put into the earlier branch, and a value for the new variable is read
from the cells of its line: one exists, because each step is an equivalence.  Rational values are preferred; an irrational one ends the
procedure, except for the last variable.
"""

from fractions import Fraction
from math import lcm

from flint import fmpz_mpoly

from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Table
from tamecheck.geometry.cad.sign_conditions import Node, conjunction, disjunction, uses
from tamecheck.geometry.cad.univariate_conditions import Roots, satisfied
from tamecheck.ground.algebraic import AlgebraicNumber, rational

Values = dict[int, AlgebraicNumber]


def values(last: Branch, bits: int) -> Values | None:
    """Return values for the variables of ``bits`` (a whole block, without parameters) that make the first branch of a history true."""
    found: Values = {}
    branch: Branch | None = last
    after = last
    while branch is not None:
        if after.renamed >= 0 and after is not branch:
            found.pop(after.renamed, None)
        used = 0
        for n in branch.nodes():
            used |= uses(n)
        if after is not branch and after.inner is not None:
            part = values(after.inner, bits)
            if part is None:
                return None
            found.update(part)
        missing = [k for k in range(used.bit_length()) if (used & bits) >> k & 1 and k not in found]
        if missing and not _extend(branch, missing, found):
            return None
        after, branch = branch, branch.parent
    return found


def _extend(branch: Branch, missing: list[int], found: Values) -> bool:
    """Add values of the missing variables that make a branch true: one of them was eliminated, the others have become irrelevant."""
    node = conjunction(branch.nodes())
    for k in missing:
        others = {i: rational(0) for i in missing if i != k}
        x = solved(node, k, {**found, **others}, branch.table)
        if x is not None:
            found.update(others)
            found[k] = x
            return True
    return False


def solved(node: Node, k: int, known: Values, table: Table) -> AlgebraicNumber | None:
    """Return a value of the variable at place ``k`` that makes a node true, the others having known values.

    ``None`` if there is none, or these are not rational.
    """
    numbers: dict[int, Fraction] = {}
    used = uses(node)
    for place, x in known.items():
        if not used >> place & 1:
            continue
        if x.rational is None:
            return None
        numbers[place] = Fraction(int(x.rational.p), int(x.rational.q))
    bits, roots, _, _ = satisfied(_specialised(node, k, numbers, table), k)
    return None if not bits else sample(bits, roots)


def _specialised(node: Node, k: int, numbers: dict[int, Fraction], table: Table) -> Node:
    if node[0] == "atom":
        parts = []
        for f, e in node[1]:
            sign, pairs = table.split(specialised(f.p, k, numbers))
            parts.append((sign, pairs) if e == 1 else (sign * sign, tuple([(q, 2) for q, _ in pairs])))
        return table.combined(parts, node[2])
    return (conjunction if node[0] == "and" else disjunction)([_specialised(child, k, numbers, table) for child in node[1]])


def specialised(p: fmpz_mpoly, k: int, numbers: dict[int, Fraction]) -> fmpz_mpoly:
    """Return a positive multiple of a polynomial with numbers put for all variables but the one at place ``k``."""
    totals: dict[int, Fraction] = {}
    width = len(p.degrees())
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = Fraction(int(c))
        for place, e in enumerate(exponents):
            if e and place != k:
                term *= numbers[place] ** int(e)
        totals[int(exponents[k])] = totals.get(int(exponents[k]), Fraction(0)) + term
    common = lcm(*[t.denominator for t in totals.values()])
    terms = {tuple([e if i == k else 0 for i in range(width)]): int(t * common) for e, t in totals.items() if t}
    return p.context().from_dict(terms)


def sample(bits: int, roots: Roots) -> AlgebraicNumber:
    """Return a number in one of the given cells of a line: in an interval if possible, a rational root otherwise."""
    intervals = [i for i in range(0, 2 * len(roots) + 1, 2) if bits >> i & 1]
    if intervals:
        return min([between(roots, i // 2) for i in intervals], key=lambda x: (int(x.rational.q), abs(int(x.rational.p))))
    places = [i // 2 for i in range(1, 2 * len(roots), 2) if bits >> i & 1]
    return next((roots[i][0] for i in places if roots[i][0].rational is not None), roots[places[0]][0])


def between(roots: Roots, i: int) -> AlgebraicNumber:
    """Return a rational number between the roots i - 1 and i, of small denominator and size."""
    if not roots:
        return rational(0)
    if i == 0:
        top = roots[0][0]
        return rational(min(0, _floor(top) - 1))
    if i == len(roots):
        return rational(max(0, _floor(roots[-1][0]) + 2))
    low, high = roots[i - 1][0], roots[i][0]
    denominator = 1
    while True:
        first = _floor(low, denominator) - 1
        for numerator in sorted(range(first, first + 5), key=abs):
            x = rational(Fraction(numerator, denominator).numerator, Fraction(numerator, denominator).denominator)
            if low < x < high:
                return x
        denominator *= 2


def _floor(x: AlgebraicNumber, scale: int = 1) -> int:
    """Return an integer within one of x times a scale, below or above."""
    if x.rational is not None:
        return int(x.rational.p) * scale // int(x.rational.q)
    # exact: a product of balls is rounded to the precision in force, and then has no certain integer part
    mantissa, exponent = (int(part) for part in x.ball(64 + 2 * scale.bit_length()).mid().man_exp())
    return mantissa * scale << exponent if exponent >= 0 else mantissa * scale >> -exponent
