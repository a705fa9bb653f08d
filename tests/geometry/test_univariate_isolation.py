"""Zeros: all of them, with their orders, and a refusal where a list cannot be given."""

from fractions import Fraction as F

import pytest

from tamecheck.frontends.formula_io import load
from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.derivatives import derivatives
from tamecheck.geometry.univariate.expressions import Algebra
from tamecheck.geometry.univariate.isolation import zeros
from tamecheck.geometry.univariate.lowering import lower
from tamecheck.geometry.univariate.oscillation import has_no_limit, infinitely_many_zeros
from tamecheck.geometry.univariate.points import enclosure
from tamecheck.geometry.univariate.polynomials import real_roots


def expression(text):
    """Return a formula that is one analytic expression on the line."""
    found = load(text, variables=["x"])
    pieces = lower(found.program, found.outputs["f"], Algebra())
    assert pieces.points == ()
    return pieces.between[0]


def near(point, text):
    """Tell whether a decimal, give or take one unit in its last digit, meets the enclosure of a point."""
    unit = F(1, 10 ** len(text.partition(".")[2]))
    low, high = enclosure(point)
    return low - unit <= F(text) <= high + unit


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("x*sigmoid(x)", 1, [("-1.27846454276107", 1)]),
        ("x*sigmoid(x)", 2, [("-2.39935728052", 1), ("2.39935728052", 1)]),
        ("gelu(x)", 1, [("-0.751791524693564", 1)]),
        ("gelu(x)", 2, [("-1.41421356237", 1), ("1.41421356237", 1)]),
        ("mish(x)", 1, [("-1.1924312145155", 1)]),
        ("tanh(x)", 0, [("0", 1)]),
        ("tanh(x)", 1, []),
        ("x*tanh(x)", 0, [("0", 2)]),
        ("cosh(x) - 1", 0, [("0", 2)]),
        ("x - tanh(x)", 0, [("0", 3)]),
        ("(x*exp(x) - 1)^2", 0, [("0.56714329041", 2)]),
        ("(x^2 - 2)^3*(x - 1)^2", 0, [("-1.41421356237", 3), ("1", 2), ("1.41421356237", 3)]),
        ("1/(1 + exp(2 - 4*x)) - x", 0, [("0.5", 3)]),
        ("exp(x) - 3", 0, [("1.09861228867", 1)]),
        ("x^3 - 3*x + 1", 0, [("-1.87938524157", 1), ("0.34729635533", 1), ("1.53208888624", 1)]),
        ("exp(x) - 1 - x - x^2/2", 0, [("0", 3)]),
        ("exp(-x^2) - 1/1000000000000", 0, [("-5.25652176976", 1), ("5.25652176976", 1)]),
        ("atan(x) - x/(1 + x^2)", 0, [("0", 3)]),
        ("x^2 + 1/10^9", 0, []),
        ("exp(x) - x - 1 + 1/10^9", 0, []),
        ("erf(x) - 1", 0, []),
        ("exp(-exp(x)) - exp(-exp(x) - 1)", 0, []),
        ("x^2 - 2*x*sqrt(2) + 2", 0, [("1.41421356237", 2)]),
    ],
)
def test_zeros_are_complete(text, order, expected):
    """Every zero of a derivative, with its order, and nothing open."""
    found = zeros(derivatives(expression(text), order)[order], None, None)
    assert not found.open
    assert len(found.zeros) == len(expected)
    for z, (place, multiplicity) in zip(found.zeros, expected, strict=True):
        assert near(z.point, place)
        assert z.order == multiplicity


def test_exact_zeros_are_named():
    """Zeros that are rational, quadratic, logarithms or multiples of pi are known exactly."""
    assert [repr(z.point) for z in zeros(expression("x^2 - 2"), None, None).zeros] == ["-sqrt(2)", "sqrt(2)"]
    assert [repr(z.point) for z in zeros(expression("exp(x) - 2"), None, None).zeros] == ["log(2)"]
    k = Algebra()
    found = zeros(k.function("sin", k.x), k.number(1), k.number(7))
    assert [repr(z.point) for z in found.zeros] == ["pi", "2*pi"]
    assert not found.open


@pytest.mark.parametrize(("text", "order"), [("x + 2*sin(x)", 1), ("x - sin(x)", 1), ("sin(x)^2 + x/2", 1), ("cos(x)*exp(-x^2)", 0)])
def test_infinitely_many_zeros_are_proved_and_not_listed(text, order):
    """x + 2 sin x has infinitely many critical points: a finite list is refused, with the reason."""
    e = derivatives(expression(text), order)[order]
    found = zeros(e, None, None)
    assert [o.infinite for o in found.open] == [True, True]
    assert infinitely_many_zeros(e, (None, -1))


def test_what_is_not_proved_stays_open():
    """Two incommensurable frequencies: nothing is claimed about the tails, not even that the zeros are infinitely many."""
    found = zeros(expression("3 + sin(x) + sin(x*sqrt(2)) + cos(x)"), None, None)
    assert [o.infinite for o in found.open] == [False, False]


def test_limits_that_do_not_exist():
    """sin x has no limit; exp(-x) sin x has one."""
    assert has_no_limit(expression("sin(x)"), (None, -1))
    assert not has_no_limit(expression("exp(-x)*sin(x)"), (None, -1))


def test_a_cluster_is_left_open():
    """A double zero at an irrational place that no algebra sees is an open interval, not a guess."""
    found = zeros(expression("(erf(x) - 1/2)^2 + (exp(x) - 2) - (exp(x) - 2)"), None, None)
    assert [z.order for z in found.zeros] == [2]
    k = Algebra()
    g = k.sub(k.exp(k.x), k.scale(F("2.718281828459045"), k.x))  # minimum within 1e-15 of zero
    assert zeros(g, None, None).open or len(zeros(g, None, None).zeros) in (0, 2)


@pytest.mark.parametrize("seed", range(12))
def test_polynomial_roots_against_their_construction(seed):
    """A product of known linear and irreducible factors gives back its roots with multiplicities."""
    import random

    rng = random.Random(seed)
    roots = sorted({F(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(3)})
    powers = [rng.randint(1, 3) for _ in roots]
    numbers = [F(1)]
    for r, n in zip(roots, powers, strict=True):
        for _ in range(n):
            numbers = [(numbers[i - 1] if i else 0) - (r * numbers[i] if i < len(numbers) else 0) for i in range(len(numbers) + 1)]
    numbers = [(numbers[i - 2] if i > 1 else 0) + (numbers[i] if i < len(numbers) else 0) for i in range(len(numbers) + 2)]
    assert [(p.rational, n) for p, n in real_roots(Algebra(), numbers)] == list(zip(roots, powers, strict=True))


def test_isolated_zeros_are_refined_and_compared():
    """Two algebraic numbers are told apart, and each satisfies its equation exactly."""
    k = Algebra()
    first, *_, last = [p for p, _ in real_roots(k, [F(1), F(-3), F(0), F(1)])]
    assert constants.compare(first, last) == -1
    assert constants.sign(k.add(k.power(last, 3), k.scale(-3, last), k.one)) == 0
    low, high = enclosure(last, 300)
    assert high - low < F(1, 2**290)
