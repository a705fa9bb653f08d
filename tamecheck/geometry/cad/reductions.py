"""Eliminations that need no decomposition: an equation that gives a quantified variable.

If the matrix is ``t == e and ...`` with t quantified by the innermost ``exists`` and e free of t, then t is replaced by e; dually for
``forall`` and ``t != e or ...``.  A quantifier whose variable does not occur is dropped.
"""

from typing import NamedTuple

from flint import fmpz_mpoly

from tamecheck.ground.formulas import Formula
from tamecheck.ground.polynomials import MAXIMAL_TERMS, Ring


class Removed(NamedTuple):
    """A bound variable that is gone: it has the value numerator/denominator, or any value if the numerator is ``None``."""

    name: str
    ring: Ring
    numerator: fmpz_mpoly | None
    denominator: int


def reduce(formula: Formula, removed: list[Removed] | None = None) -> Formula:
    """Return an equivalent formula with fewer quantifiers, as far as this goes; what is removed is appended to ``removed``."""
    removed = [] if removed is None else removed
    while formula.prefix:
        step = _step(formula, removed)
        if step is None:
            return formula
        formula = step
    return formula


def _step(f: Formula, removed: list[Removed]) -> Formula | None:
    used = {i for n in f.needed() if f.nodes[n][0] == "atom" for i in f.ring.occurring(f.atoms[f.nodes[n][1]])}
    for _, name in f.prefix:
        if f.ring.index[name] + 1 not in used:
            removed.append(Removed(name, f.ring, None, 1))
            return _without(f, name, None)
    kind = f.prefix[-1][0]
    block = []
    for quantifier, name in reversed(f.prefix):
        if quantifier != kind:
            break
        block.append(name)
    root = f.nodes[f.root]
    joined, relation = ("and", "eq") if kind == "exists" else ("or", "ne")
    places = root[1] if root[0] == joined else [f.root]
    best = None
    for n in places:
        node = f.nodes[n]
        if node[0] != "atom" or node[2] != relation:
            continue
        p = f.atoms[node[1]]
        for name in block:
            k = f.ring.index[name] + 1
            if p.degrees()[k - 1] == 1:
                c = f.ring.coefficients(p, k)
                if c[1].is_constant() and (best is None or len(p) < best[0]):
                    best = (len(p), name, c)
    if best is None:
        return None
    out = _without(f, best[1], best[2])
    if out is not None:
        removed.append(Removed(best[1], f.ring, -best[2][0], int(best[2][1].coeffs()[0])))
    return out


def _without(f: Formula, name: str, c: list[fmpz_mpoly] | None) -> Formula | None:
    """Return the formula without a bound variable, which is replaced by -c_0/c_1."""
    k = f.ring.index[name]
    ring = Ring([n for n in f.ring.names if n != name])
    out = Formula(ring, [(q, n) for q, n in f.prefix if n != name])
    copied: dict[int, int] = {}
    for n in f.needed():
        node = f.nodes[n]
        if node[0] == "atom":
            p = f.atoms[node[1]]
            relation = node[2]
            if c is not None and p.degrees()[k] > 0:
                # p(-c0/c1) times c1 to an even power
                degree = int(p.degrees()[k])
                even = degree + (degree & 1)
                parts = f.ring.coefficients(p, k + 1)
                if len(c[0]) ** degree * max([len(part) for part in parts]) > MAXIMAL_TERMS:
                    return None
                lead = int(c[1].coeffs()[0])
                total = f.ring.constant(0)
                power = f.ring.constant(1)
                for i, part in enumerate(parts):
                    total += part * power * lead ** (even - i)
                    power *= -c[0]
                p = total
            dropped = [(tuple([int(e) for i, e in enumerate(exponents) if i != k]), v) for exponents, v in zip(p.monoms(), p.coeffs(), strict=True)]
            if not ring.names:
                dropped = [((0,), v) for _, v in dropped]
            copied[n] = out.atom(ring.from_terms(dropped), relation)
        elif node[0] in ("true", "false"):
            copied[n] = out.truth(node[0] == "true")
        else:
            copied[n] = out.join(node[0], [copied[m] for m in node[1]])
    out.root = copied[f.root]
    return out
