"""Numbers of real roots from signs of Sturm-Habicht coefficients, with multiple roots on purpose."""

import random
from fractions import Fraction

import nodes
import pytest

from tamecheck.geometry.cad import root_counting
from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Table
from tamecheck.geometry.cad.sign_conditions import TooLarge
from tamecheck.ground.algebraic import real_roots
from tamecheck.ground.polynomials import Ring


def product(a, b):
    """Multiply lists of coefficients."""
    out = [0] * (len(a) + len(b) - 1)
    for i, u in enumerate(a):
        for j, v in enumerate(b):
            out[i + j] += u * v
    return out


def polynomial(r: random.Random, degree: int, lead: tuple[int, ...] = (-2, -1, 1, 3)) -> list[int]:
    """Return a polynomial of a degree, often with multiple roots."""
    out = [r.choice(lead)]
    while len(out) <= degree:
        left = degree + 1 - len(out)
        if left > 1 and r.random() < 0.5:
            out = product(out, r.choice(([1, 0, 1], [2, 1, 1], [0, 0, 1], [1, 2, 1], [-2, 0, 1], [3, -2, 1])))
        else:
            out = product(out, [r.randint(-2, 2), 1])
    return out


@pytest.mark.parametrize("degree", [2, 3, 4, 5, 6])
def test_counts(degree):
    """Of different real roots, whatever their multiplicities; gaps in the sequence occur."""
    ring = Ring(("x",))
    r, gaps = random.Random(degree), 0
    for _ in range(150):
        c = polynomial(r, degree)
        h = root_counting.sequence([ring.constant(v) for v in c])
        signs = [1, 1, *[nodes.sign(int(v.leading_coefficient())) if len(v) else 0 for v in h]]
        gaps += any([signs[i] == 0 and any(signs[i:]) for i in range(len(signs))])
        assert root_counting.possible(signs), c
        assert root_counting.count(signs) == len(real_roots(tuple(c))), c
    assert degree < 4 or gaps


@pytest.mark.parametrize("degree", [3, 4])
def test_two_ways_to_the_sequence(degree):
    """Subresultants and minors of the Hankel matrix have the same signs, for a number as leading coefficient."""
    ring = Ring(("x",))
    r = random.Random(degree)
    for _ in range(60):
        c = [ring.constant(v) for v in polynomial(r, degree)]
        minors = root_counting.minors(c)
        if minors is None:
            continue
        derivative = [h * i for i, h in enumerate(c)][1:]
        for j, minor in zip(range(degree - 2, -1, -1), minors, strict=True):
            size = 2 * (degree - j) - 1
            rows = [root_counting._row(c, i, size, 2 * degree - 2 - j) for i in range(degree - 2 - j, -1, -1)]
            rows += [root_counting._row(derivative, i, size, 2 * degree - 2 - j) for i in range(degree - j)]
            other = root_counting.determinant(rows) / c[-1]
            assert [nodes.sign(int(v.leading_coefficient())) if len(v) else 0 for v in (minor, other)][0] == (
                nodes.sign(int(other.leading_coefficient())) if len(other) else 0
            )


def parametric(degree, lead):
    """Return a branch and the coefficients a + b x + ... with parameters; a number as the leading one unless it is ``None``."""
    names = ("a", "b", "c", "d", "e")[: degree + (lead is None)]
    table = Table(Ring((*names, "x")))
    c = [table.ring.variable(n) for n in names]
    return Branch(table), c if lead is None else [*c, table.ring.constant(lead)]


@pytest.mark.parametrize("lead", [1, 3, None])
def test_conditions_for_roots_of_quartics(lead):
    """With parameters: the condition at a point is the number of roots there, and the sign of the least value."""
    branch, c = parametric(4, lead)
    table = branch.table
    # the general quartic is long: two of its coefficients are given
    c = [c[0], c[1], c[2], c[3] * 0 + 1, c[4]] if lead is not None else [c[0], c[1], c[2] * 0 + 2, c[3] * 0, c[4]]
    k = len(table.ring.names) - 1
    rooted, negative = root_counting.has_root(branch, c, k), root_counting.takes_negative_values(branch, c, k)
    r = random.Random(str(lead))
    seen = set()
    for _ in range(300):
        point = [r.choice((-2, -1, 0, 0, 1, 2, Fraction(1, 4))) for _ in range(k)] + [0]
        if lead is None:
            point[4] = r.choice((1, 2, Fraction(1, 3)))
        numbers = [nodes.value(h, point) for h in c]
        roots = nodes.some([(numbers, 2)])
        below = nodes.some([(numbers, 1)])
        seen.add((roots, below))
        assert nodes.true(rooted, point) == roots, point
        assert nodes.true(negative, point) == below, point
    assert len(seen) >= 2


def test_double_roots_decide_nonnegativity():
    """(x^2 - 1)^2 is nonnegative, x^3 (x - 1) is not, although the plain signs are the same in number."""
    branch, _ = parametric(4, 1)
    table = branch.table
    a, b, c, d, x = [table.ring.variable(n) for n in table.ring.names]
    del x
    one = table.ring.constant(1)
    condition = root_counting.takes_negative_values(branch, [a, b, c, d * 0, one], 4)
    assert not nodes.true(condition, [1, 0, -2, 0, 0])  # (x^2 - 1)^2
    assert nodes.true(condition, [-3, 8, -6, 0, 0])  # (x - 1)^3 (x + 3)
    assert not nodes.true(condition, [0, 0, 0, 0, 0]) and nodes.true(condition, [0, 1, 0, 0, 0])
    assert nodes.true(condition, [Fraction(1, 2), 0, -2, 0, 0]) and not nodes.true(condition, [4, 0, 5, 0, 0])


def test_large_ones_are_refused():
    """By degree and by terms."""
    branch, c = parametric(4, 1)
    with pytest.raises(TooLarge):
        root_counting.has_root(branch, [*c, *c], 4)
