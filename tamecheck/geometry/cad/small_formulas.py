"""Quantifier elimination for small formulas, in front of the decomposition.

Blocks of quantifiers are eliminated from the inside, ``forall`` as the negation of ``exists``, by `tamecheck.geometry.cad.existential`.
What is left without quantifiers is written shortly: in one variable by the order of its roots, in several by a table of the signs of
the factors.  Where no step is known, or the formula grows, the caller decomposes: what has been eliminated until then is kept.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad import back_substitution, short_answers, sign_tables
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
PLANE_DEGREE = 4
"""Total degree up to which a longer answer in two parameters is decomposed."""
GROWTH = 3
"""So many times as long as the question what is left may be to be decomposed in its place."""
SHORT = (3, 3, 3, 8)
"""Conditions of an answer that nobody tries to shorten, by the number of parameters (then as the last)."""


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
    return Answer(short_answers.tidy(node, table), table, (), ALLOWANCE - allowance, values)


def easier(answer: Answer, formula: Formula) -> bool:
    """Return whether what is left has fewer variables than a formula and is not much longer, or lower degrees and not many more conditions."""
    whole = read(formula, answer.table)
    if len(answer.prefix) < len(formula.prefix):
        return sign_tables.weight(answer.node) <= GROWTH * sign_tables.weight(whole)
    question = [formula.atoms[formula.nodes[n][1]] for n in formula.needed() if formula.nodes[n][0] == "atom"]
    left = atoms(answer.node)
    lower = sum([int(p.total_degree()) for p in question]) > sum([int(f.p.total_degree()) for n in left for f, _ in n[1] if f.terms > 1])
    return lower and len(left) <= len(question) + len(answer.prefix)


def short(answer: Answer, formula: Formula) -> bool:
    """Return whether an answer is short enough to be given without a look for a shorter one."""
    left = atoms(answer.node)
    parameters = len(formula.free)
    if parameters < 2 or len(left) <= SHORT[min(parameters, 3)]:
        return True
    if parameters == 2:
        # cells of the plane are cheap while degrees are low
        return len(left) <= SHORT[3] and max([f.p.total_degree() for n in left for f, _ in n[1]]) > PLANE_DEGREE
    question = read(formula, answer.table)
    return len(left) <= len(atoms(question)) and sign_tables.weight(answer.node) <= sign_tables.weight(question)


def worth_cells(answer: Answer, formula: Formula) -> bool:
    """Return whether a long answer is better decomposed than the formula it answers: in at most two variables, and not much longer."""
    return len(formula.free) <= 2 and sign_tables.weight(answer.node) <= GROWTH * sign_tables.weight(read(formula, answer.table))


# ------------------------------------------------------------------------------------------------------------------ writing


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
