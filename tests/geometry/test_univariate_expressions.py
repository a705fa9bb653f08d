"""Expressions in one variable: every rewriting is an identity, derivatives are right, constants have signs."""

import random
from fractions import Fraction as F

import pytest

from tamecheck.geometry.univariate import balls, constants, normal_forms
from tamecheck.geometry.univariate.derivatives import derivatives
from tamecheck.geometry.univariate.expressions import Algebra, Undefined
from tamecheck.geometry.univariate.points import simplest

K = Algebra()
X = K.x


def n(q):
    """Return a rational constant."""
    return K.number(F(q))


def ball_at(e, q, bits=256):
    """Return a ball for the value of an expression at a rational."""
    with balls.precision(bits):
        return balls.Tape([e]).run(balls.ball(F(q)), bits)[0]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (K.mul(K.sqrt(n(2)), K.sqrt(n(6))), K.scale(2, K.sqrt(n(3)))),
        (K.exp(K.log(n("2/3"))), n("2/3")),
        (K.log(K.exp(K.add(X, n(3)))), K.add(X, n(3))),
        (K.mul(K.exp(X), K.exp(K.neg(X))), K.one),
        (K.function("sin", K.scale(F(5, 6), K.pi)), n("1/2")),
        (K.function("cos", K.scale(7, K.pi)), n(-1)),
        (K.function("atan", n(-1)), K.scale(F(-1, 4), K.pi)),
        (K.function("gamma", n("1/2")), K.sqrt(K.pi)),
        (K.function("lgamma", n(2)), K.zero),
        (K.function("erf", K.neg(X)), K.neg(K.function("erf", X))),
        (K.power(K.exp(X), F(1, 2)), K.exp(K.scale(F(1, 2), X))),
        (K.log(n(12)), K.add(K.log(n(3)), K.scale(2, K.log(n(2))))),
    ],
)
def test_equal_constants_and_expressions_are_one_object(found, expected):
    """What is equal by the rules of the canonical form is the same object."""
    assert found is expected


def test_the_root_of_a_square_is_not_taken_apart():
    """sqrt(x^2) is not x: its value at -3 is 3."""
    e = K.power(K.power(X, 2), F(1, 2))
    assert e is not X
    assert ball_at(e, -3).contains(3)


@pytest.mark.parametrize("e", [K.power(X, -1), K.log(X), K.mul(X, K.power(K.sub(K.exp(X), K.one), -1))])
def test_division_by_zero_is_noticed(e):
    """1/x, log(x) and x/(exp(x) - 1) have no value at 0."""
    with pytest.raises(Undefined):
        K.at(e, K.zero)


def random_expression(rng, depth):
    """Return a random expression that is analytic on the line, and the same built from plain balls."""
    if depth == 0:
        q = F(rng.randint(-4, 4), rng.choice([1, 2, 3]))
        return (X, lambda v: v) if rng.random() < 0.6 else (n(q), lambda v, q=q: v * 0 + balls.ball(q))
    kind = rng.choice(["add", "sub", "mul", "exp", "sin", "atan", "square", "root", "inverse"])
    a, f = random_expression(rng, depth - 1)
    if kind in ("add", "sub", "mul"):
        b, g = random_expression(rng, depth - 1)
        return getattr(K, kind)(a, b), {"add": lambda v: f(v) + g(v), "sub": lambda v: f(v) - g(v), "mul": lambda v: f(v) * g(v)}[kind]
    if kind == "square":
        return K.power(a, 2), lambda v: f(v) * f(v)
    if kind == "exp":
        small = K.function("atan", a)
        return K.exp(small), lambda v: f(v).atan().exp()
    if kind == "root":
        return K.sqrt(K.add(K.one, K.power(a, 2))), lambda v: (1 + f(v) * f(v)).sqrt()
    if kind == "inverse":
        return K.power(K.add(K.one, K.power(a, 2)), -1), lambda v: 1 / (1 + f(v) * f(v))
    return K.function(kind, a), lambda v: getattr(f(v), kind)()


@pytest.mark.parametrize("seed", range(60))
def test_rewriting_keeps_the_value(seed):
    """A random expression in canonical form, and its factored normal form, have the value of the plain one."""
    rng = random.Random(seed)
    e, plain = random_expression(rng, 4)
    simple = normal_forms.simplified(e, lambda d: False)
    for q in (F(-3, 2), F(1, 7), F(5, 2)):
        with balls.precision(256):
            expected = plain(balls.ball(q))
            assert ball_at(e, q).overlaps(expected)
            assert ball_at(simple, q).overlaps(expected)


@pytest.mark.parametrize("seed", range(30))
def test_derivatives_agree_with_difference_quotients(seed):
    """(f(x+h) - f(x-h))/2h tends to f'(x)."""
    e, _ = random_expression(random.Random(1000 + seed), 3)
    slope = derivatives(e, 1)[1]
    h = F(1, 2**60)
    for q in (F(-3, 2), F(5, 7)):
        with balls.precision(512):
            quotient = (ball_at(e, q + h, 512) - ball_at(e, q - h, 512)) / balls.ball(2 * h)
            gap = abs(quotient - ball_at(slope, q, 512))
            assert gap < balls.ball(F(1, 2**80)) * (1 + abs(quotient))


@pytest.mark.parametrize("name", ["log", "erf", "asin", "erfinv", "gamma", "lgamma", "lambertw", "sin", "cos"])
def test_derivatives_of_functions(name):
    """The table of derivatives, against difference quotients at 3/7."""
    e = K.function(name, X)
    h, q = F(1, 2**60), F(3, 7)
    with balls.precision(512):
        quotient = (ball_at(e, q + h, 512) - ball_at(e, q - h, 512)) / balls.ball(2 * h)
        assert abs(quotient - ball_at(derivatives(e, 1)[1], q, 512)) < balls.ball(F(1, 2**80))


@pytest.mark.parametrize(
    ("e", "sign"),
    [
        (K.sub(K.pi, n("355/113")), -1),
        (K.sub(K.power(K.add(n(1), K.sqrt(n(2))), -1), K.sub(K.sqrt(n(2)), n(1))), 0),
        (K.sub(K.power(K.add(K.exp(n(1)), n(1)), 2), K.add(K.exp(n(2)), K.scale(2, K.exp(n(1))), n(1))), 0),
        (K.sub(K.exp(n(1)), n("2718281828459045/1000000000000000")), 1),
    ],
)
def test_signs_of_constants_are_exact(e, sign):
    """Zero by algebra, the rest by enclosures."""
    assert constants.sign(e) == sign


def test_identities_are_found_by_the_normal_form():
    """(e^x + 1)^2 - e^2x - 2 e^x - 1 is zero; asinh'(x) sqrt(1 + x^2) - 1 too."""
    u = K.exp(X)
    assert normal_forms.identically_zero(K.sub(K.power(K.add(u, K.one), 2), K.add(K.power(u, 2), K.scale(2, u), K.one)))
    root = K.sqrt(K.add(K.one, K.power(X, 2)))
    slope = derivatives(K.log(K.add(X, root)), 1)[1]
    assert normal_forms.identically_zero(K.sub(K.mul(slope, root), K.one))


@pytest.mark.parametrize(("low", "high", "expected"), [("1/3", "1/2", "1/2"), ("-1", "5", "0"), ("31/10", "32/10", "16/5"), ("-5/2", "-9/4", "-5/2")])
def test_simplest_rational(low, high, expected):
    """The rational with the least denominator in an interval."""
    assert simplest(F(low), F(high)) == F(expected)
