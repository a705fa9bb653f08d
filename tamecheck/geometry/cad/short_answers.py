"""Short ways to write a condition without quantifiers.

In one variable the cells of the line are described anew.  In several there are two ways, of which the shorter counts: what a part of the condition
knows is used in its alternatives, and what the other parts imply is left out; or the table of all signs that the factors may have together
is described.
"""

from tamecheck.geometry.cad import sign_tables, univariate_conditions
from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Factor, Table
from tamecheck.geometry.cad.sign_conditions import FALSE, Node, TooLarge, atoms, conjunction, disjunction, uses

LONG = 30
"""Conditions of a result that nobody tries to shorten by a table of signs."""
TABLE_BITS = 300
"""Sign vectors up to which a table is made."""
FACTS = 12
"""Facts of a conjunction up to which it is asked which of them the others imply."""


def tidy(node: Node, table: Table) -> Node:
    """Return a short node that is true at the same points."""
    used = uses(node)
    if used and used & (used - 1) == 0:
        found = univariate_conditions.minimal(node, used.bit_length() - 1)
        if sign_tables.weight(found) <= sign_tables.weight(node):
            return found
    node = sharpened(node, Branch(table))
    if not uses(node) or len(atoms(node)) < 2 or len(atoms(node)) > LONG:
        return node
    found = by_signs(node, table)
    return node if found is None or sign_tables.weight(found) > sign_tables.weight(node) else found


def sharpened(node: Node, context: Branch) -> Node:
    """Return a shorter node that is equivalent wherever what the context says is true."""
    if node[0] == "atom":
        return context.reduced(node)
    if node[0] == "or":
        return disjunction([sharpened(child, context) for child in node[1]])
    branch = context.copy()
    if not branch.assume(node) or not branch.settle():
        return FALSE
    facts = {f: m for f, m in branch.facts.items() if context.facts.get(f) != m}
    known = branch.without([], [])
    alternatives = [sharpened(c, known) for c in branch.clauses]
    if len(branch.facts) <= FACTS:
        for f in sorted(facts, key=lambda f: -f.size):
            rest = known.without([f], [])
            if not rest.known(f) & ~facts[f]:
                known = rest
                del facts[f]
    return conjunction([*[("atom", ((f, 1),), m) for f, m in facts.items()], *alternatives])


def by_signs(node: Node, table: Table) -> Node | None:
    """Return a short node with the same truth for all signs that the factors may have together, ``None`` if these are too many."""
    try:
        return sign_tables.from_signs(Branch(table), lambda signs: holds(node, signs), TABLE_BITS)
    except TooLarge:
        return None


def holds(node: Node, signs: dict[Factor, int]) -> bool | Factor:
    """Return whether a node is true for given signs of its factors, or a factor whose sign matters and is not given."""
    if node[0] == "atom":
        sign, missing = 1, None
        for f, e in node[1]:
            s = signs.get(f)
            if s is None:
                missing = missing or f
            else:
                sign *= s**e
        if sign and missing is not None:
            return missing
        return bool(node[2] >> (sign + 1) & 1)
    decisive, missing = node[0] == "or", None
    for child in node[1]:
        found = holds(child, signs)
        if found is decisive:
            return decisive
        if missing is None and isinstance(found, Factor):
            missing = found
    return not decisive if missing is None else missing
