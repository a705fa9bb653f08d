"""Conditions on the signs of products of polynomials, as trees.

A *sign set* is a set of signs that a polynomial may have, as three bits: `NEGATIVE`, `ZERO`, `POSITIVE`.  A *node* says that a product of irreducible
polynomials has a sign of a set, or combines nodes by "and" and "or"; negations are gone into the sign sets.  Nodes come from formulas of bounded size
(`tamecheck.geometry.cad.small_formulas`), so functions over them may recurse.
"""

from collections.abc import Callable, Iterable, Sequence

NEGATIVE, ZERO, POSITIVE = 1, 2, 4
NONZERO, NONPOSITIVE, NONNEGATIVE, ANY = 5, 3, 6, 7
FLIP = (0, 4, 2, 6, 1, 5, 3, 7)
"""The sign set of -p, by that of p."""
SETS = {"lt": NEGATIVE, "le": NONPOSITIVE, "eq": ZERO, "ne": NONZERO, "ge": NONNEGATIVE, "gt": POSITIVE}
RELATIONS = {mask: relation for relation, mask in SETS.items()}
PRODUCT = [
    [sum({(NEGATIVE, ZERO, POSITIVE)[s * t + 1] for s in (-1, 0, 1) if a >> (s + 1) & 1 for t in (-1, 0, 1) if b >> (t + 1) & 1}) for b in range(8)]
    for a in range(8)
]
"""The sign set of a product, by those of its factors."""


class TooLarge(Exception):
    """The formula is not small, or has ceased to be: a decomposition is the better method."""


Node = tuple
"""``("atom", factors with exponents 1 or 2, sign set)``, ``("and", nodes)``, ``("or", nodes)``."""
TRUE: Node = ("and", ())
FALSE: Node = ("or", ())


def conjunction(nodes: Iterable[Node]) -> Node:
    """Return the conjunction of nodes: flat, conditions on the same product as one."""
    flat: list[Node] = []
    for n in nodes:
        if n[0] == "and":
            flat += n[1]
        elif n == FALSE:
            return FALSE
        else:
            flat.append(n)
    if len(flat) < 2:
        return flat[0] if flat else TRUE
    out: dict = {}
    for n in flat:
        if n[0] == "atom":
            mask = out[n[1]][2] & n[2] if n[1] in out else n[2]
            if not mask:
                return FALSE
            out[n[1]] = ("atom", n[1], mask)
        else:
            out[n] = n
    return next(iter(out.values())) if len(out) == 1 else ("and", tuple(out.values()))


def disjunction(nodes: Iterable[Node]) -> Node:
    """Return the disjunction of nodes: flat, conditions on the same product as one."""
    flat: list[Node] = []
    for n in nodes:
        if n[0] == "or":
            flat += n[1]
        elif n == TRUE:
            return TRUE
        else:
            flat.append(n)
    if len(flat) < 2:
        return flat[0] if flat else FALSE
    out: dict = {}
    for n in flat:
        if n[0] == "atom":
            mask = out[n[1]][2] | n[2] if n[1] in out else n[2]
            if mask == ANY:
                return TRUE
            out[n[1]] = ("atom", n[1], mask)
        else:
            out[n] = n
    return next(iter(out.values())) if len(out) == 1 else ("or", tuple(out.values()))


def uses(node: Node) -> int:
    """Return the variables that occur in a node, as bits."""
    out, stack = 0, [node]
    while stack:
        n = stack.pop()
        if n[0] == "atom":
            for f, _ in n[1]:
                out |= f.uses
        else:
            stack += n[1]
    return out


def atoms(node: Node) -> list[Node]:
    """Return the atoms of a node."""
    out, stack = [], [node]
    while stack:
        n = stack.pop()
        if n[0] == "atom":
            out.append(n)
        else:
            stack += n[1]
    return out


Mapping = Callable[[tuple, int], Node]


def mapped(node: Node, bits: int, change: Mapping) -> Node:
    """Return a node with the atoms that use a variable (bit in ``bits``) replaced."""
    if node[0] == "atom":
        return change(node[1], node[2]) if any([f.uses & bits for f, _ in node[1]]) else node
    joined = conjunction if node[0] == "and" else disjunction
    return joined([mapped(child, bits, change) for child in node[1]])


def separate(factors: Sequence[tuple[object, int]], mask: int) -> Node:
    """Return a condition on a product as a combination of conditions on its factors."""
    if mask == ANY:
        return TRUE
    if mask == ZERO:
        return disjunction([("atom", ((f, 1),), ZERO) for f, _ in factors])
    if mask == NONZERO:
        return conjunction([("atom", ((f, 1),), NONZERO) for f, _ in factors])
    (f, e), rest = factors[0], factors[1:]
    if not rest:
        if e == 1:
            return "atom", ((f, 1),), mask
        if mask == NEGATIVE:
            return FALSE
        return TRUE if mask == NONNEGATIVE else ("atom", ((f, 1),), NONZERO if mask == POSITIVE else ZERO)
    if e == 2:
        other = separate(rest, mask)
        own = ("atom", ((f, 1),), ZERO if mask & ZERO else NONZERO)
        return disjunction([own, other]) if mask & ZERO else conjunction([own, other])
    up = conjunction([("atom", ((f, 1),), NONNEGATIVE if mask & ZERO else POSITIVE), separate(rest, mask)])
    down = conjunction([("atom", ((f, 1),), NONPOSITIVE if mask & ZERO else NEGATIVE), separate(rest, FLIP[mask])])
    return disjunction([up, down])


def negated(node: Node) -> Node:
    """Return the negation of a node."""
    if node[0] == "atom":
        return "atom", node[1], ANY & ~node[2]
    return (disjunction if node[0] == "and" else conjunction)([negated(child) for child in node[1]])
