"""Every rule of virtual substitution against the numbers it speaks of, on small coefficients with many zeros."""

import itertools
import os
import random
from fractions import Fraction

import nodes
import pytest

from tamecheck.geometry.cad import virtual_substitution as vs
from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Table
from tamecheck.geometry.cad.sign_conditions import ANY, NEGATIVE, NONNEGATIVE, NONPOSITIVE, NONZERO, POSITIVE, ZERO
from tamecheck.ground.algebraic import rational, real_roots
from tamecheck.ground.polynomials import Ring

MASKS = (NEGATIVE, ZERO, POSITIVE, NONZERO, NONPOSITIVE, NONNEGATIVE, ANY)
ROUNDS = 12 * int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
NAMES = ("a", "b", "c", "d", "e", "f", "x")


@pytest.fixture
def table():
    """Return a table over coefficients a, ..., f and a variable x."""
    return Table(Ring(NAMES))


def variables(table, names):
    """Return variables as polynomials."""
    return [table.ring.variable(n) for n in names]


@pytest.mark.parametrize("mask", MASKS)
def test_signs_of_a_plus_b_root_w(table, mask):
    """All signs of a and b, and all ways in which a^2 compares with b^2 w, w >= 0."""
    a, b, w = variables(table, "abc")
    node = vs.root_sign(table, a, b, w, a * a - b * b * w, mask)
    for x, y, z in itertools.product((-3, -2, -1, 0, 1, 2, 3), (-2, -1, 0, 1, 2), (0, 1, 2, 4)):
        # a + b sqrt(w) has the sign of its square with the right sign where the signs differ
        first, second = nodes.sign(x), nodes.sign(y) * nodes.sign(z)
        exact = first if first * second >= 0 and first else second if first * second >= 0 else first * nodes.sign(x * x - y * y * z)
        assert nodes.true(node, (x, y, z, 0, 0, 0, 0)) == nodes.inside(exact, mask), (x, y, z)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("degree", [0, 1, 2, 3])
@pytest.mark.parametrize("side", [1, -1, 0])
def test_values_at_a_linear_place(table, mask, degree, side):
    """c^n g(-d/c), times c for odd n, for c of known and of unknown sign."""
    c, d = variables(table, "ef")
    g = variables(table, "abcd")[: degree + 1]
    node = vs.LinearPlace(table, c, d, side).at(g)(mask)
    r = random.Random(f"{mask} {degree} {side}")
    for _ in range(ROUNDS):
        point = [r.choice((-2, -1, 0, 0, 1, 3)) for _ in range(4)] + [(side or r.choice((-1, 1))) * r.choice((1, 2)), r.choice((-2, -1, 0, 1)), 0]
        exact = nodes.sign(nodes.evaluated(point[: degree + 1], Fraction(-point[5], point[4])))
        assert nodes.true(node, point) == nodes.inside(exact, mask), point


def quadratics(r: random.Random, count: int, s: int):
    """Yield (coefficients of a quadratic with leading sign s and real roots, its lower and upper root, coefficients of another polynomial)."""
    while count:
        f = [r.choice((-2, -1, 0, 0, 1)), r.choice((-3, -2, -1, 0, 1, 2)), s * r.choice((1, 2))]
        roots = [x for x, _ in real_roots(tuple(f))] if f[1] ** 2 >= 4 * f[0] * f[2] else []
        if roots:
            count -= 1
            yield f, roots[0], roots[-1], [r.choice((-2, -1, 0, 1, 2)) for _ in range(3)]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("degree", [0, 1, 2])
@pytest.mark.parametrize(("s", "v"), [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_values_at_a_root_place(table, mask, degree, s, v):
    """g at (-b + v sqrt D)/(2a), for both signs of a, double roots and common roots included."""
    f = variables(table, "abc")
    g = variables(table, "def")[: degree + 1]
    node = vs.RootPlace(table, f, v, s).at(g)(mask)
    for numbers, low, high, other in quadratics(random.Random(f"{mask} {degree} {s} {v}"), ROUNDS, s):
        if other[0] == 2:  # a polynomial that shares the roots
            other = [c * v for c in numbers]
        root = low if s * v < 0 else high
        exact = nodes.sign_at([Fraction(c) for c in other[: degree + 1]], root)
        assert nodes.true(node, [*numbers, *other, 0]) == nodes.inside(exact, mask), (numbers, other)


@pytest.mark.parametrize("mask", MASKS)
def test_both_roots_where_the_sign_of_the_leading_coefficient_is_unknown(table, mask):
    """With side 0 the two places are the two roots, in some order."""
    f = variables(table, "abc")
    g = variables(table, "def")
    places = [vs.RootPlace(table, f, v, 0).at(g)(mask) for v in (1, -1)]
    for s in (1, -1):
        for numbers, low, high, other in quadratics(random.Random(f"{mask} {s}"), ROUNDS, s):
            found = sorted([nodes.true(n, [*numbers, *other, 0]) for n in places])
            exact = sorted([nodes.inside(nodes.sign_at([Fraction(c) for c in other], root), mask) for root in (low, high)])
            assert found == exact, (numbers, other)


def immediately_after(g, e) -> int:
    """Return the sign of a polynomial on an interval that begins at a number."""
    line = [Fraction(c) for c in g]
    later = [x for x in nodes.samples([line, [-e, 1]]) if isinstance(x, Fraction) and x > e]
    return nodes.sign_at(line, min(later))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("degree", [0, 1, 2])
def test_epsilon_after_a_linear_place(table, mask, degree):
    """The first derivative that does not vanish decides, in this order."""
    c, d = variables(table, "ef")
    g = variables(table, "abc")[: degree + 1]
    for side in (1, -1):
        node = vs.beyond(vs.LinearPlace(table, c, d, side), g, mask)
        for numbers in itertools.product((-2, -1, 0, 1), repeat=degree + 1):
            for shift in (-1, 0, 1, 2):
                point = [*numbers, *[0] * (3 - degree - 1), 0, side, side * -shift, 0]
                assert nodes.true(node, point) == nodes.inside(immediately_after(numbers, Fraction(shift)), mask), (numbers, shift)


@pytest.mark.parametrize("mask", MASKS)
def test_epsilon_after_a_root_place(table, mask):
    """The same after sqrt: x^2 - 4 and others with rational roots."""
    f = variables(table, "abc")
    g = variables(table, "def")
    for v in (1, -1):
        node = vs.beyond(vs.RootPlace(table, f, v, 1), g, mask)
        for low, high in ((-2, 2), (0, 0), (-1, 3)):
            for numbers in itertools.product((-4, 0, 1), (-2, 0), (-1, 0, 1)):
                point = [low * high, -low - high, 1, *numbers, 0]
                exact = immediately_after(numbers, Fraction(low if v < 0 else high))
                assert nodes.true(node, point) == nodes.inside(exact, mask), (low, high, numbers)


@pytest.mark.parametrize("mask", MASKS)
def test_minus_infinity(table, mask):
    """The sign of g far on the left."""
    g = variables(table, "abc")
    node = vs.at_minus_infinity(table, g, mask)
    for numbers in itertools.product((-2, -1, 0, 1), repeat=3):
        exact = nodes.sign(nodes.evaluated(numbers, -1000))
        assert nodes.true(node, [*numbers, 0, 0, 0, 0]) == nodes.inside(exact, mask), numbers


def lines(table, count, degree):
    """Return polynomials in x whose coefficients are parameters, as factors, and the places of their coefficients."""
    out, taken = [], 0
    x = table.ring.variable("x")
    for _ in range(count):
        own = variables(table, NAMES[taken : taken + degree + 1])
        p = own[0] * 0
        for e, c in enumerate(own):
            p = p + c * x**e
        out.append((table.factor(p), list(range(taken, taken + degree + 1))))
        taken += degree + 1
    return out


@pytest.mark.parametrize("masks", list(itertools.product(MASKS[:-1], repeat=2)))
@pytest.mark.parametrize(("degree", "known"), [(1, False), (2, False), (2, True)])
def test_test_points_are_enough(table, masks, degree, known):
    """Two conditions with arbitrary coefficients, leading zeros often: some test point satisfies them if any number does, and only then."""
    r = random.Random(f"{masks} {degree} {known}")
    branch = Branch(table)
    found = lines(table, 2, degree)
    if known:  # what the branch knows leaves out cases
        for _, own in found:
            assert branch.restrict(table.variable(own[-1]), POSITIVE)
    parts = vs.eliminate(branch, [(f, mask) for (f, _), mask in zip(found, masks, strict=True)], 6)
    for _ in range(ROUNDS):
        point = [r.choice((-2, -1, -1, 0, 0, 0, 1, 1, 3)) for _ in range(6)] + [0]
        if r.random() < 0.3:  # the same polynomial up to a number: coinciding roots
            factor = r.choice((-1, 1, 2))
            for (i, j) in zip(found[0][1], found[1][1], strict=True):
                point[j] = point[i] * factor
        if known:
            for _, own in found:
                point[own[-1]] = abs(point[own[-1]]) or 1
        exact = nodes.some([([Fraction(point[i]) for i in own], mask) for (_, own), mask in zip(found, masks, strict=True)])
        assert any([all([nodes.true(n, point) for n in b.nodes()]) for b in parts]) == exact, point


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("lead", [None, POSITIVE, NEGATIVE, NONZERO, NONNEGATIVE])
def test_one_condition_alone(table, mask, degree, lead):
    """For all small coefficients, also where the degree drops."""
    branch = Branch(table)
    if lead is not None:
        assert branch.restrict(table.variable(degree), lead)
    node = vs.alone(branch, variables(table, "abc")[: degree + 1], mask)
    for numbers in itertools.product((-2, -1, 0, 1, 2), repeat=degree + 1):
        if lead is None or nodes.inside(nodes.sign(numbers[-1]), lead):
            exact = nodes.some([([Fraction(c) for c in numbers], mask)])
            assert nodes.true(node, [*numbers, *[0] * (7 - degree - 1)]) == exact, numbers


@pytest.mark.parametrize("masks", list(itertools.combinations_with_replacement([m for m in MASKS if m not in (ZERO, ANY)], 3)))
def test_pairs_of_bounds(table, masks):
    """Three linear conditions with coefficients of known signs: bounds are paired, points excluded by != included."""
    for signs in itertools.product((POSITIVE, NEGATIVE), repeat=3):
        branch = Branch(table)
        found = lines(table, 3, 1)
        for (_, own), s in zip(found, signs, strict=True):
            assert branch.restrict(table.variable(own[1]), s)
        parts = vs.pairs(branch, [(f, mask) for (f, _), mask in zip(found, masks, strict=True)], 6)
        if parts is None:
            assert NONZERO in masks and (NONNEGATIVE in masks or NONPOSITIVE in masks)
            continue
        for offsets in itertools.product((-1, 0, 1), repeat=3):
            point = [0] * 7
            for (_, own), s, d in zip(found, signs, offsets, strict=True):
                point[own[0]], point[own[1]] = d, 1 if s == POSITIVE else -1
            exact = nodes.some([([Fraction(point[i]) for i in own], mask) for (_, own), mask in zip(found, masks, strict=True)])
            assert all([nodes.true(n, point) for n in parts]) == exact, (signs, offsets)


def test_a_condition_that_begins_at_its_place_is_not_asked_again(table):
    """x^2 - a <= 0 has its end at the lower root, where D >= 0 is all that is needed."""
    a, x = table.ring.variable("a"), table.ring.variable("x")
    parts = vs.eliminate(Branch(table), [(table.factor(x * x - a), NONPOSITIVE)], 6)
    assert [b.nodes() for b in parts] == [[table.atom(a, NONNEGATIVE)]]
    start = Branch(table)
    assert vs.eliminate(start, [(table.factor(x), NEGATIVE)], 6) == [start]


def test_rational_roots_are_numbers():
    """The oracle of these tests knows 1/2."""
    assert nodes.sign_at([Fraction(-1, 2), Fraction(1)], rational(1, 2)) == 0
