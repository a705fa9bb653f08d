"""Expansions at infinity and at points: remainders hold on the whole half line, leading terms are right."""

from fractions import Fraction as F

import pytest

from tamecheck.geometry.univariate import asymptotics, balls
from tamecheck.geometry.univariate.behaviour import monomial_expression
from tamecheck.geometry.univariate.expressions import Algebra
from tamecheck.geometry.univariate.germs import Frame
from tamecheck.geometry.univariate.monomials import Monomial, Scale

K = Algebra()
X = K.x
ONE = K.one
PLUS, MINUS = (None, -1), (None, 1)


def n(q):
    """Return a rational constant."""
    return K.number(F(q))


SIGMOID = K.power(K.add(ONE, K.exp(K.neg(X))), -1)
SOFTPLUS = K.log(K.add(ONE, K.exp(X)))
CASES = {
    "sigmoid": SIGMOID,
    "softplus": SOFTPLUS,
    "gelu": K.mul(X, K.add(ONE, K.function("erf", K.div(X, K.sqrt(n(2)))))),
    "erf of softplus": K.function("erf", SOFTPLUS),
    "cube root": K.power(K.add(ONE, K.power(X, 2)), F(1, 3)),
    "arctangent": K.function("atan", X),
    "nested": K.exp(K.neg(K.exp(K.neg(X)))),
    "silu gate": K.power(K.add(ONE, K.exp(K.neg(K.mul(X, SIGMOID)))), -1),
    "log gamma of softplus": K.function("lgamma", SOFTPLUS),
    "bessel": K.mul(K.exp(K.neg(X)), K.function("besseli", X, 1)),
    "sine of a bounded thing": K.function("sin", SIGMOID),
    "logarithms": K.log(K.add(K.power(X, 2), K.log(K.add(K.power(X, 2), n(3))))),
}


@pytest.mark.parametrize("side", [PLUS, MINUS], ids=["plus", "minus"])
@pytest.mark.parametrize("name", list(CASES))
def test_remainders_hold_beyond_the_start(name, side):
    """Terms plus remainder hold the value, at the start of the half line and far beyond it."""
    if name == "bessel" and side is MINUS:
        side = PLUS
    e, scale, start = CASES[name], Scale(K), F(16)
    with balls.precision(balls.BASE):
        germ = asymptotics.germ_of(e, side, Frame(scale, start, 4))
    bits = 4000
    with balls.precision(bits):
        for point in (start, start + F(1, 3), 3 * start, 40 * start):
            value = balls.Tape([e]).run(balls.ball(-side[1] * point), bits)[0]
            total = balls.ball(0)
            for m, c in germ.terms:
                total = total + balls.value(c, bits) * Scale(K).value(m, point)
            gap = abs(value - total)
            bound = germ.rest[0] * Scale(K).value(germ.rest[1], point) if germ.rest else balls.ball(0)
            assert not gap > bound


@pytest.mark.parametrize(
    ("e", "end", "term"),
    [
        (CASES["gelu"], MINUS, "-sqrt(2)*exp(-x**2/2)/sqrt(pi)"),
        (CASES["gelu"], PLUS, "2*x"),
        (SOFTPLUS, MINUS, "exp(x)"),
        (K.sub(SOFTPLUS, X), PLUS, "exp(-x)"),
        (CASES["nested"], MINUS, "exp(-exp(-x))"),
        (K.log(K.add(X, K.sqrt(K.add(K.power(X, 2), ONE)))), PLUS, "log(x)"),
        (K.sub(K.sqrt(K.add(K.power(X, 2), ONE)), X), PLUS, "1/x/2"),
        (K.mul(X, K.exp(K.neg(X))), PLUS, "x*exp(-x)"),
        (K.function("lgamma", X), PLUS, "x*log(x)"),
        (K.div(X, K.sub(K.exp(X), ONE)), (K.zero, 1), "1"),
        (K.sqrt(K.sub(ONE, K.power(X, 2))), (ONE, -1), "sqrt(2)*sqrt(-x + 1)"),
        (K.add(X, K.scale(2, K.function("sin", X))), PLUS, "x"),
        (K.exp(K.sqrt(K.log(X))), PLUS, "exp(sqrt(log(x)))"),
    ],
)
def test_leading_terms(e, end, term):
    """The leading term in the Hardy field, with its coefficient."""
    found = asymptotics.leading(e, end)
    assert repr(monomial_expression(found.monomial, found.coefficient, end)) == term


def test_order_of_monomials():
    """exp(sqrt(log X)) lies between log X and every power of X."""
    scale = Scale(K)
    half = Monomial((), F(0), F(1, 2), F(0))
    m = Monomial(((half, ONE),), F(0), F(0), F(0))
    assert scale.compare(m, Monomial((), F(0), F(5), F(0))) == 1
    assert scale.compare(m, Monomial((), F(1, 100), F(0), F(0))) == -1


@pytest.mark.parametrize("e", [K.function("sin", X), K.add(ONE, K.scale(2, K.function("cos", X)))])
def test_oscillation_has_no_leading_term(e):
    """sin x and 1 + 2 cos x have no limit, and none is invented."""
    with pytest.raises(asymptotics.Unknown, match="oscillates"):
        asymptotics.leading(e, PLUS)


def test_an_outweighed_oscillation_is_not_tame():
    """x^3 + sin x has the leading term x^3, but its expansion may not be differentiated."""
    assert asymptotics.leading(K.add(K.power(X, 3), K.function("sin", X)), PLUS).tame is False


def test_a_tail_is_signed_on_the_whole_half_line():
    """Beyond the start the leading term outweighs the rest: swish' < 0 on (-oo, -start]."""
    e = K.add(SIGMOID, K.mul(X, SIGMOID, K.sub(ONE, SIGMOID)))
    found = asymptotics.leading(e, MINUS)
    with balls.precision(200):
        for k in range(60):
            q = -(found.start + F(k * k, 3))
            assert balls.Tape([e]).run(balls.ball(q), 200)[0] < 0
    assert found.sign == -1
