"""Short answers: the same truth at all points, whatever is left out."""

import itertools
import random

import nodes
import pytest
from test_sign_conditions import MASKS, POINTS, random_node, table  # noqa: F401

import tamecheck as tc
from tamecheck.geometry.cad import short_answers, sign_tables, univariate_conditions
from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.sign_conditions import FALSE, TRUE, atoms, conjunction, disjunction, negated
from tamecheck.ground.polynomials import read


@pytest.mark.parametrize("seed", range(120))
def test_every_way_to_shorten_keeps_the_truth(seed, table):  # noqa: F811
    """At all small points, for conditions nested three deep."""
    node = random_node(table, random.Random(seed), 3)
    found = [short_answers.tidy(node, table), short_answers.sharpened(node, Branch(table)), short_answers.by_signs(node, table)]
    for point in POINTS:
        expected = nodes.true(node, point)
        for other in found:
            assert other is None or nodes.true(other, point) == expected, point


@pytest.mark.parametrize("seed", range(40))
def test_a_context_is_used_and_stays_valid(seed, table):  # noqa: F811
    """Wherever what the context says is true, the shortened condition has the same truth."""
    r = random.Random(seed)
    context, node = Branch(table), random_node(table, r, 3)
    if not (context.assume(random_node(table, r, 0)) and context.assume(random_node(table, r, 0)) and context.settle()):
        return
    context = context.without([], [])
    found = short_answers.sharpened(node, context)
    for point in POINTS:
        if all([nodes.inside(nodes.sign(nodes.value(f.p, point)), m) for f, m in context.facts.items()]):
            assert nodes.true(found, point) == nodes.true(node, point)


def test_alternatives_are_not_lost_with_a_superfluous_fact():
    """x^3 < 12 follows from x < 0; the alternatives beside it do not."""
    text = "exists z: x*z^2-x^2*z+3 > 0 and 2*z+2*y^2-1 < 0"
    answer = tc.eliminate(text)
    assert answer.formula != "True"
    differ = f"not (({answer.formula}) iff ({text}))"
    assert tc.decide(f"exists x, y: {differ}", projection="brown").verdict == "false"


@pytest.mark.parametrize("seed", range(60))
def test_conditions_in_one_variable(seed, table):  # noqa: F811
    """The cells of the line are described anew: the same truth on all of them, and never longer."""
    r = random.Random(seed)
    texts = ["x", "x-1", "2*x+1", "x^2-2", "x^2+1", "x^3-x-1", "x^2-x-1", "5-x", "x^2*(x-1)", "(x-1)*(x+2)", "x^4-5*x^2+6"]
    parts = [table.atom(read(table.ring, r.choice(texts))[0], r.choice(MASKS)) for _ in range(4)]
    outer, inner = (conjunction, disjunction) if seed % 2 else (disjunction, conjunction)
    node = outer([inner(parts[:2]), inner(parts[2:])])
    found = univariate_conditions.minimal(node, 0)
    assert sign_tables.weight(short_answers.tidy(node, table)) <= sign_tables.weight(node)
    assert univariate_conditions.satisfiable(node, 0) == (found != FALSE)
    assert univariate_conditions.satisfiable(negated(node), 0) == (found != TRUE)
    lines = [univariate_conditions.dense(f, 0) for f in {f for n in (*atoms(node), *atoms(found)) for f, _ in n[1]}]
    for x in nodes.samples(lines):
        assert _true(found, x) == _true(node, x), (x, node, found)


def _true(node, x) -> bool:
    if node[0] == "atom":
        s = 1
        for f, e in node[1]:
            s *= nodes.sign_at(list(univariate_conditions.dense(f, 0)), x) ** e
        return nodes.inside(s, node[2])
    return (all if node[0] == "and" else any)([_true(child, x) for child in node[1]])


def test_tables_may_leave_signs_open(table):  # noqa: F811
    """A factor that nobody asked for does not occur; signs that do not occur may be anything."""
    x, y = table.variable(0), table.variable(1)
    node = sign_tables.from_signs(Branch(table), lambda signs: x if x not in signs else signs[x] > 0, 20)
    assert node == ("atom", ((x, 1),), 4)
    value = lambda signs: next((f for f in (x, y) if f not in signs), None if signs.get(x) == 0 else signs.get(x, 0) > 0)  # noqa: E731
    node = sign_tables.from_signs(Branch(table), value, 20)
    assert len(atoms(node)) == 1
    for s, t in itertools.product((-1, 1), (-1, 0, 1)):
        assert nodes.true(node, (s, t, 0)) == (s > 0)
