"""Simplification of conditions: every rule keeps the truth at all points, and does simplify."""

import itertools
import random

import nodes
import pytest

from tamecheck.geometry.cad import definite
from tamecheck.geometry.cad.branches import UNBOUNDED, Branch, narrowed, side
from tamecheck.geometry.cad.factors import Table
from tamecheck.geometry.cad.sign_conditions import (
    ANY,
    FALSE,
    NEGATIVE,
    NONNEGATIVE,
    NONPOSITIVE,
    NONZERO,
    POSITIVE,
    TRUE,
    ZERO,
    TooLarge,
    atoms,
    conjunction,
    disjunction,
    negated,
    separate,
)  # fmt: skip
from tamecheck.ground.polynomials import Ring, read

MASKS = (NEGATIVE, ZERO, POSITIVE, NONZERO, NONPOSITIVE, NONNEGATIVE)
POINTS = list(itertools.product((-2, -1, 0, 1, 2), repeat=3))


@pytest.fixture
def table():
    """Return a table over x, y, z."""
    return Table(Ring(("x", "y", "z")))


def atom(table, text, mask):
    """Return the node that a polynomial has a sign of a set."""
    return table.atom(read(table.ring, text)[0], mask)


POLYNOMIALS = [
    "x", "y", "-x", "x-1", "1-2*x", "x+2", "x*y", "-x^2*y", "x*y^2*z", "x^2+y^2", "x^2+y^2+1", "x^2-2*x+1+y^2", "x^2*y^3*(x-1)", "x^2*(y-1)^2",
    "2*x*y-2*y", "x^2+x*y+y^2", "-x^2-1", "x^2*y^2+z", "x*z+y*z", "x^2-y^2", "(x+y)^2*z", "3", "0", "-1",
]  # fmt: skip


@pytest.mark.parametrize("text", POLYNOMIALS)
def test_splitting_keeps_signs(table, text):
    """An atom says what the polynomial said."""
    p = read(table.ring, text)[0]
    for mask in MASKS:
        node = table.atom(p, mask)
        for point in POINTS:
            assert nodes.true(node, point) == nodes.inside(nodes.sign(nodes.value(p, point)), mask)
            for n in atoms(node):
                parts = separate(n[1], n[2])
                assert nodes.true(parts, point) == nodes.true(n, point)
                assert all([len(m[1]) == 1 and m[1][0][1] == 1 for m in atoms(parts)])
            assert nodes.true(negated(node), point) != nodes.true(node, point)


def random_node(table, r, depth=2):
    """Return a random node."""
    if not depth or r.random() < 0.3:
        return atom(table, r.choice(POLYNOMIALS), r.choice(MASKS))
    return (conjunction if r.random() < 0.5 else disjunction)([random_node(table, r, depth - 1) for _ in range(r.randint(1, 3))])


@pytest.mark.parametrize("seed", range(60))
def test_a_branch_says_what_was_assumed(table, seed):
    """At every point, after settling; a branch that is called contradictory is true nowhere."""
    r = random.Random(seed)
    parts = [random_node(table, r) for _ in range(3)]
    branch = Branch(table)
    consistent = all([branch.assume(n) for n in parts]) and branch.settle()
    after = conjunction(branch.nodes())
    for point in POINTS:
        expected = all([nodes.true(n, point) for n in parts])
        assert expected == (consistent and nodes.true(after, point))
        if expected:
            for f in table.factors:
                assert nodes.inside(nodes.sign(nodes.value(f.p, point)), branch.known(f)), (f, branch.facts)


@pytest.mark.parametrize("seed", range(20))
def test_a_branch_without_a_fact_does_not_know_it(table, seed):
    """What is left follows from what is left."""
    r = random.Random(1000 + seed)
    branch = Branch(table)
    if not (all([branch.assume(random_node(table, r, 1)) for _ in range(4)]) and branch.settle()):
        return
    for gone in branch.facts:
        left = branch.without([gone], [])
        for point in POINTS:
            if all([nodes.inside(nodes.sign(nodes.value(f.p, point)), m) for f, m in left.facts.items()]):
                for f in table.factors:
                    assert nodes.inside(nodes.sign(nodes.value(f.p, point)), left.known(f)), (gone, f)


KNOWN = [
    (["x > 0", "y > 0"], "x*y+1", POSITIVE), (["x > 0", "y >= 0"], "x+y", POSITIVE), (["x >= 0"], "x^3+x*y^2", NONNEGATIVE),
    ([], "x^2+y^2", NONNEGATIVE), (["x != 0"], "x^2+y^2", POSITIVE), ([], "-x^2-y^4-2", NEGATIVE), (["x > 2"], "x-1", POSITIVE),
    (["x > 2"], "x", POSITIVE), (["x < 0", "y < 0"], "x*y", POSITIVE), ([], "x^2-2*x+2", POSITIVE), ([], "x^2+x*y+y^2", NONNEGATIVE),
    (["y > 0"], "x^2-2*x+1+y^2", POSITIVE), ([], "x^2-2*x*y+y^2+x^2+1", POSITIVE), (["x*y > 3"], "x*y-2", POSITIVE), (["x*y > 1"], "x*y-2", ANY),
    ([], "x^2-3*x+2", ANY), (["x >= 1"], "x^2+x", POSITIVE), ([], "x^2-y^2", ANY), ([], "x^2+2*x*y+y^2+z", ANY),
    (["x+y >= 2"], "2*x+2*y-3", POSITIVE), (["x <= 2"], "x-3", NEGATIVE), (["x <= 2"], "x-2", NONPOSITIVE),
]  # fmt: skip


@pytest.mark.parametrize(("assumed", "text", "expected"), KNOWN)
def test_what_follows_is_known(table, assumed, text, expected):
    """Signs of monomials, squares completed, bounds."""
    branch = Branch(table)
    relations = {">": POSITIVE, ">=": NONNEGATIVE, "!=": NONZERO, "<": NEGATIVE, "<=": NONPOSITIVE}
    for a in assumed:
        left, relation, right = a.split(" ")
        assert branch.assume(atom(table, f"{left}-({right})", relations[relation]))
    assert branch.sign_of(read(table.ring, text)[0]) == expected


CONTRADICTIONS = [
    ["x > 0", "x < 0"], ["x > 2", "x <= 2"], ["x*y > 0", "x > 0", "y < 0"], ["x^2+1 <= 0"], ["x^2+y^2 == 0", "x > 1"], ["x^2-x+1 < 0"],
    ["2*x > 3", "3*x < 4"], ["x+y > 1", "2*x+2*y < 2"], ["x*y == 0", "x != 0", "y != 0"],
]  # fmt: skip


@pytest.mark.parametrize("parts", CONTRADICTIONS, ids=lambda p: " and ".join(p))
def test_contradictions_are_noticed(table, parts):
    """In every order."""
    relations = {">": POSITIVE, ">=": NONNEGATIVE, "!=": NONZERO, "<": NEGATIVE, "<=": NONPOSITIVE, "==": ZERO}
    for order in itertools.permutations(parts):
        branch = Branch(table)
        found = True
        for a in order:
            left, relation, right = a.split(" ")
            found = found and branch.assume(atom(table, f"{left}-({right})", relations[relation]))
        assert not (found and branch.settle())


def test_conditions_on_one_product_are_one():
    """x < 0 or x == 0 is x <= 0; x >= 0 and x <= 0 is x == 0; complementary ones are true or false."""
    table = Table(Ring(("x", "y", "z")))
    x = read(table.ring, "x")[0]
    assert disjunction([table.atom(x, NEGATIVE), table.atom(x, ZERO)]) == table.atom(x, NONPOSITIVE)
    assert conjunction([table.atom(x, NONNEGATIVE), table.atom(x, NONPOSITIVE)]) == table.atom(x, ZERO)
    assert disjunction([table.atom(x, NEGATIVE), table.atom(x, NONNEGATIVE)]) == TRUE
    assert conjunction([table.atom(x, NEGATIVE), table.atom(x, NONNEGATIVE)]) == FALSE


def test_intervals():
    """Ends belong to an interval or not."""
    bounds = narrowed(narrowed(UNBOUNDED, NONNEGATIVE, 1), NEGATIVE, 3)
    assert bounds == (1, True, 3, False)
    assert [side(bounds, v) for v in (0, 1, 2, 3, 4)] == [POSITIVE, NONNEGATIVE, ANY, NEGATIVE, NEGATIVE]
    assert narrowed(bounds, POSITIVE, 1) == (1, False, 3, False) and narrowed(bounds, NONPOSITIVE, 3) == bounds


@pytest.mark.parametrize("seed", range(40))
def test_completed_squares(seed):
    """A sign that is claimed is the sign at all small points, and sums of squares of linear forms are recognised."""
    r = random.Random(seed)
    ring = Ring(("x", "y", "z"))
    names = ("x", "y", "z")[: r.randint(1, 3)]
    forms = ["(" + "+".join([f"({r.randint(-2, 2)})*{n}" for n in names] + [str(r.randint(-2, 2))]) + ")" for _ in range(3)]
    mixed = "+".join([f"({r.randint(-2, 3)})*{f}*{g}" for f in forms for g in forms])
    p = read(ring, "+".join([f"{r.randint(1, 3)}*{f}^2" for f in forms]) if seed % 2 else mixed)[0]
    if p.total_degree() != 2 or 1 in p.degrees():
        return
    found = definite.square(p)
    assert not seed % 2 or found.side == 1
    for point in itertools.product([i / 2 for i in range(-6, 7)], repeat=3):
        s = nodes.sign(nodes.value(p, point))
        assert not found.side or s in (0, found.side)
        assert not (found.strict and s == 0)
    if found.zero is not None:
        place = dict(found.zero)
        assert nodes.value(p, [place.get(k, 0) for k in range(3)]) == 0


def test_what_is_large_is_refused():
    """Before FLINT is asked."""
    table = Table(Ring(("x", "y", "z")))
    for text in ("x^40*y-1", f"{10**200}*x*y-1", "+".join([f"{i + 1}*x^{i % 9}*y^{i // 9}" for i in range(200)])):
        with pytest.raises(TooLarge):
            table.split(read(table.ring, text)[0])
