"""Quantifier elimination for small formulas, in front of the decomposition.

Blocks of quantifiers are eliminated from the inside, ``forall`` as the negation of ``exists``, by `tamecheck.geometry.cad.existential`.
What is left without quantifiers is written shortly: in one variable by the order of its roots, in several by a table of the signs of
the factors.  Where no step is known, or the formula grows, the caller decomposes: what has been eliminated until then is kept.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad import back_substitution, sign_tables, univariate_conditions
from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.existential import Block
from tamecheck.geometry.cad.factors import Factor, Table
from tamecheck.geometry.cad.sign_conditions import FALSE, RELATIONS, SETS, TRUE, Node, TooLarge, atoms, conjunction, disjunction, negated, uses
from tamecheck.ground.algebraic import AlgebraicNumber, rational
from tamecheck.ground.formulas import Formula
from tamecheck.ground.polynomials import Ring

ALLOWANCE = 160
"""Branches that are looked at before a decomposition is tried."""
MAXIMAL_ATOMS = 40
MAXIMAL_NODES = 160
SHORT = (5, 5, 5, 8)
"""Conditions of an answer that nobody tries to shorten, by the number of parameters (then as the last)."""
LONG = 30
"""Conditions of a result that nobody tries to shorten by a table of signs."""
TABLE_BITS = 300
"""Sign vectors up to which a table is made."""


class Answer(NamedTuple):
    """What became of a formula: a condition without quantifiers, or (``prefix`` not empty) an equivalent formula that is simpler.

    For a sentence ``values`` are those of the first block of variables that make it true (with ``forall``: false).
    """

    node: Node
    table: Table
    prefix: tuple[tuple[str, str], ...]
    branches: int
    values: dict[str, AlgebraicNumber] | None = None


def read(formula: Formula, table: Table) -> Node:
    """Return the matrix of a formula as a node over the factors of a table.

    Raises
    ------
    TooLarge
    """
    needed = formula.needed()
    if len(needed) > MAXIMAL_NODES or sum([1 for n in needed if formula.nodes[n][0] == "atom"]) > MAXIMAL_ATOMS:
        raise TooLarge
    done: dict[int, Node] = {}
    for n in needed:
        node = formula.nodes[n]
        if node[0] == "atom":
            done[n] = table.atom(formula.atoms[node[1]], SETS[node[2]])
        elif node[0] in ("true", "false"):
            done[n] = TRUE if node[0] == "true" else FALSE
        else:
            done[n] = (conjunction if node[0] == "and" else disjunction)([done[m] for m in node[1]])
    return done[formula.root]


def blocks(prefix: Sequence[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Return the blocks of equal quantifiers, outermost first."""
    out: list[tuple[str, list[str]]] = []
    for kind, name in prefix:
        if out and out[-1][0] == kind:
            out[-1][1].append(name)
        else:
            out.append((kind, [name]))
    return out


def attempt(formula: Formula, budget: Budget | None = None, witness: bool = False) -> Answer | None:
    """Return what became of a formula, ``None`` if nothing could be done with small effort.

    The steps and the time of a budget limit the attempt, but its steps are left for what is tried next.
    """
    table = Table(formula.ring)
    trial = None if budget is None else Budget(seconds=budget.remaining(), steps=budget.steps)
    try:
        return _attempt(formula, table, trial, witness)
    except (TooLarge, BudgetExceeded):
        return None


def _attempt(formula: Formula, table: Table, budget: Budget | None, witness: bool) -> Answer | None:
    node = read(formula, table)
    allowance, waiting = ALLOWANCE, blocks(formula.prefix)
    values = None
    while waiting:
        kind, names = waiting.pop()
        bits = sum([1 << formula.ring.index[name] for name in names])
        if kind == "forall":
            node = negated(node)
        start = Branch(table)
        block = Block(table, allowance, budget)
        block.run([start] if start.assume(node) else [], bits)
        allowance = block.allowance
        node = TRUE if block.true else disjunction([conjunction(b.nodes()) for b in [*block.finished, *[b for b, _ in block.stuck]]])
        if kind == "forall":
            node = negated(node)
        if block.stuck:
            used = uses(node)
            left = [name for name in names if used >> formula.ring.index[name] & 1]
            prefix = [pair for kind, names in waiting for pair in [(kind, name) for name in names]] + [(kind, name) for name in left]
            return Answer(node, table, tuple(prefix), ALLOWANCE - allowance)
        if witness and block.end is not None and not waiting and not formula.free:
            found = back_substitution.values(block.end, bits)
            if found is not None:
                values = {name: found.get(formula.ring.index[name], rational(0)) for name in names}
    return Answer(tidy(node, table), table, (), ALLOWANCE - allowance, values)


def easier(answer: Answer, formula: Formula) -> bool:
    """Return whether what is left has fewer variables than a formula, or lower degrees and not many more conditions."""
    if len(answer.prefix) < len(formula.prefix):
        return True
    question = [formula.atoms[formula.nodes[n][1]] for n in formula.needed() if formula.nodes[n][0] == "atom"]
    left = atoms(answer.node)
    lower = sum([int(p.total_degree()) for p in question]) > sum([int(f.p.total_degree()) for n in left for f, _ in n[1] if f.terms > 1])
    return lower and len(left) <= len(question) + len(answer.prefix)


def short(answer: Answer, formula: Formula) -> bool:
    """Return whether an answer is short enough to be given without a look for a shorter one."""
    left = atoms(answer.node)
    if len(formula.free) < 2 or len(left) <= SHORT[min(len(formula.free), 3)]:
        return True
    question = atoms(read(formula, answer.table))
    return len(left) <= len(question) and sign_tables.weight(answer.node) <= sign_tables.weight(("and", tuple(question)))


# ------------------------------------------------------------------------------------------------------------------ writing


def tidy(node: Node, table: Table) -> Node:
    """Return a short node that is true at the same points."""
    start = Branch(table)
    if not start.assume(node) or not start.settle():
        return FALSE
    node = conjunction(start.nodes())
    used = uses(node)
    if not used:
        return node
    if used & (used - 1) == 0:
        return univariate_conditions.minimal(node, used.bit_length() - 1)
    if len(atoms(node)) > LONG:
        return node
    found = by_signs(node, table)
    return node if found is None or sign_tables.weight(found) > sign_tables.weight(node) else found


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


def written(answer: Answer, names: Sequence[str]) -> Formula:
    """Return a condition as a formula whose free variables are ``names``, with the quantifiers that are left."""
    source = answer.table.ring
    ring = Ring([*names, *[name for _, name in answer.prefix]])
    out = Formula(ring, answer.prefix)
    target = [ring.index.get(name) for name in source.names]
    width = max(len(ring.names), 1)

    def moved(factors: Iterable[tuple[Factor, int]]):
        p = answer.table.product(factors)
        terms = {}
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            e = [0] * width
            for k, d in enumerate(exponents):
                if d:
                    e[target[k]] = int(d)
            terms[tuple(e)] = c
        return ring.context.from_dict(terms)

    def write(node: Node) -> int:
        if node[0] == "atom":
            return out.atom(moved(node[1]), RELATIONS[node[2]])
        return out.join(node[0], [write(child) for child in node[1]])

    out.root = write(answer.node)
    return out
