"""Equational constraints: equations that a formula implies, and the smaller projections that they allow.

Let x_n be quantified innermost, by ``exists``.  Where an implied equation e = 0 fails, the quantified matrix is false; so over a
region S of the other variables only the sections of e matter.

*Restricted* projection, at the top level [M99]_ Theorem 2.2: if e is delineable on a connected S, and the resultant of e and g is
not the zero polynomial and order-invariant in S, then g is sign-invariant in every section of e over S.  So discriminants and
coefficients of g, and resultants of two such g, are left out.  It fails where e vanishes identically over a cell of
positive dimension; lifting looks for that, and then everything is projected.  Over a single point the whole fibre is decomposed.

*Semi-restricted* projection, at lower levels [M01]_: with the discriminant and the coefficients of g besides, g is
order-invariant in every section of e, which is what the levels above need; only resultants of pairs without e are left out.

*Propagation* [M01]_: two implied equations of level k imply that their resultant is zero, an equation of a lower level.

For an innermost ``forall`` everything is meant for the negation.

.. [M99] S. McCallum, "On projection in CAD-based quantifier elimination with equational constraint", ISSAC 1999.
.. [M01] S. McCallum, "On propagation of equational constraints in CAD-based quantifier elimination", ISSAC 2001.
"""

from collections.abc import Sequence

from flint import fmpz_mpoly

from tamecheck.ground.formulas import Formula

MAXIMAL_PRODUCT = 400
"""Terms of a product of equations of different alternatives that is still used."""


def implied(formula: Formula) -> list[fmpz_mpoly]:
    """Return polynomials that vanish wherever the matrix holds (innermost ``exists``) or fails (innermost ``forall``).

    An equation implies itself, a conjunction what any part implies, a disjunction the products of what all parts imply.
    """
    if not formula.prefix:
        return []
    holds = formula.prefix[-1][0] == "exists"
    relation, joined = ("eq", "and") if holds else ("ne", "or")
    found: dict[int, list[fmpz_mpoly] | None] = {}
    for n in formula.needed():
        node = formula.nodes[n]
        if node[0] == "atom":
            found[n] = [formula.atoms[node[1]]] if node[2] == relation else []
        elif node[0] in ("true", "false"):
            # None: never true, implies everything
            found[n] = [] if (node[0] == "true") == holds else None
        else:
            found[n] = _all(node[1], found) if node[0] == joined else _any(node[1], found)
    return found[formula.root] or []


def _all(children: Sequence[int], found: dict) -> list[fmpz_mpoly] | None:
    if any([found[c] is None for c in children]):
        return None
    out: dict[str, fmpz_mpoly] = {}
    for c in children:
        out.update({str(p): p for p in found[c]})
    return list(out.values())


def _any(children: Sequence[int], found: dict) -> list[fmpz_mpoly] | None:
    parts = [found[c] for c in children if found[c] is not None]
    if not parts:
        return None
    if not all(parts):
        return []
    shared = set.intersection(*[{str(p) for p in part} for part in parts])
    if shared:
        return [p for p in parts[0] if str(p) in shared]
    product = None
    for part in parts:
        p = min(part, key=lambda p: (p.total_degree(), len(p)))
        if product is not None and len(product) * len(p) > MAXIMAL_PRODUCT:
            return []
        product = p if product is None else product * p
    return [product]
