"""Pfaffian chains: formats of the literature, verification by differentiation, refusals, Khovanskii's bound."""

from dataclasses import replace

import pytest

from tamecheck.activation_report import activation
from tamecheck.frontends.formula_io import as_interval, load
from tamecheck.geometry.univariate.expressions import Algebra
from tamecheck.geometry.univariate.lowering import lower
from tamecheck.geometry.univariate.shapes import Shape
from tamecheck.proofs import pfaffian_polynomials as poly
from tamecheck.proofs.pfaffian import Chain, NoChain, chain_of, khovanskii, pieces, verify


def expression(text, domain="(-inf,inf)"):
    """Return a formula as one expression."""
    found = load(text, variables=["x"], boxes={"x": as_interval(domain)})
    f = lower(found.program, found.outputs["f"], Algebra())
    return next(e for e in f.between if hasattr(e, "kind")), f


def shape(text, domain="(-inf,inf)"):
    """Return the shape of a formula."""
    return Shape.of(expression(text, domain)[1])


FORMATS = [
    ("exp(x)", (1, 1, 1)), ("sigmoid(x)", (1, 2, 1)), ("tanh(x)", (1, 2, 1)), ("silu(x)", (1, 2, 2)), ("softplus(x)", (2, 2, 1)),
    ("exp(-x^2)", (1, 2, 1)), ("erf(x)", (2, 2, 1)), ("gelu(x)", (2, 2, 2)), ("gelu_tanh(x)", (1, 4, 2)), ("mish(x)", (2, 4, 4)),
    ("atan(x)", (2, 3, 1)), ("x - tanh(x)", (1, 2, 1)), ("x^5 - x", (0, 0, 5)), ("x/sqrt(1 + x^2)", (1, 4, 2)), ("log(cosh(x))", (2, 2, 1)),
    ("tanh(tanh(x))", (2, 4, 1)), ("x*sigmoid(x) + tanh(x/2)", (1, 2, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORMATS)
def test_formats_of_the_literature(text, expected):
    """A-30, A-31 and the table of the reference: order, degree of the chain, degree in the chain."""
    e, _ = expression(text)
    assert chain_of(e, None, None).format == expected


def test_a_sine_on_one_period():
    """A-32: sin on (-3, 3) by tan(x/2) and cos(x/2)^2 has format (2, 2, 2); on longer intervals the angle is divided further."""
    (only,) = pieces(shape("sin(x)", "(-3,3)"))
    assert only.chain.format == (2, 2, 2) and only.chain.zeros_bound == 64
    (longer,) = pieces(shape("sin(x) + x*cos(x)", "(0,20)"))
    assert longer.chain.format[:2] == (2, 2) and longer.isolated <= longer.chain.zeros_bound


def test_sine_and_cosine_are_no_chain():
    """A-32: (sin, cos) is not triangular, although both equations hold."""
    k = Algebra()
    sine, cosine = k.function("sin", k.x), k.function("cos", k.x)
    minus = poly.scale(k, k.number(-1), poly.symbol(k, 1))
    with pytest.raises(NoChain, match="not triangular"):
        verify(sine, Chain((sine, cosine), (poly.symbol(k, 2), minus), poly.symbol(k, 1)))


def test_a_wrong_equation_is_refused():
    """Each of the three things that are verified can fail: the equations, the outer polynomial, the number of functions."""
    e, _ = expression("gelu(x)")
    k = e.algebra
    good = chain_of(e, None, None)
    verify(e, good)
    wrong = poly.scale(k, k.number(2), good.derivatives[0])
    with pytest.raises(NoChain, match="derivative of function 1"):
        verify(e, replace(good, derivatives=(wrong, good.derivatives[1])))
    with pytest.raises(NoChain, match="is not the polynomial in the chain"):
        verify(e, replace(good, outer=poly.add(k, good.outer, poly.symbol(k, 1))))
    with pytest.raises(NoChain, match="more functions"):
        verify(e, replace(good, outer=poly.symbol(k, 3)))


@pytest.mark.parametrize(("text", "domain"), [("x*cos(x)", "(-inf,inf)"), ("lgamma(x)", "(0,inf)"), ("j0(x)", "(-inf,inf)")])
def test_no_chain_is_invented(text, domain):
    """What has none, or none that is known, is refused with a reason."""
    (found,) = pieces(shape(text, domain))
    assert found.chain is None and found.reason


def test_khovanskii():
    """A-33: (1; 2, 2, 2) gives 64; without a chain the bound is the degree."""
    assert khovanskii(2, 2, 2) == 64 and khovanskii(0, 0, 7) == 7 and khovanskii(1, 2, 1) == 3


@pytest.mark.parametrize(
    ("text", "domain", "order"),
    [
        ("x^0.3", "(0,inf)", 1), ("x^pi", "(0,inf)", 2), ("x^0.25391", "(0,inf)", 2), ("asin(x)", "(-1,1)", 2), ("acosh(x)", "(1,inf)", 2),
        ("lambertw(x)", "(1,inf)", 3), ("x/(exp(x) - 1)", "(0,inf)", 1), ("log(log(x))", "(1,inf)", 3), ("sin(exp(-x^2))", "(-inf,inf)", 3),
    ],
)  # fmt: skip
def test_powers_roots_and_special_functions(text, domain, order):
    """Chains exist on the open domain."""
    (found,) = pieces(shape(text, domain))
    assert found.chain.format[0] == order and found.consistent


@pytest.mark.parametrize(
    "text", ["relu(x)", "elu(x)", "selu(x)", "hardswish(x)", "exp(-x^2) - 1/3", "x^3 - 3*x + 1", "gelu(x) + 1/10", "x^2*exp(-x) - 1/4"]
)
def test_more_zeros_than_the_bound_are_never_found(text):
    """Khovanskii's theorem against the certified count, piece by piece."""
    section = activation(text).pfaffian
    assert section["order"] is not None
    for piece in section["pieces"]:
        assert piece["zeros_found"] <= piece["zeros_bound"]
    assert len(activation(text).zeros) <= section["zeros_bound"]


def test_the_section_of_the_report():
    """Formulas of the chain, of the derivatives and of the function; pieces when there are several; a reason when there is none."""
    section = activation("tanh(x)").pfaffian
    assert section["degrees"] == [2, 1] and section["chain"] == [{"name": "y1", "function": "1/(exp(2*x) + 1)", "derivative": "2*y1**2 - 2*y1"}]
    assert section["function"] == "-2*y1 + 1"
    parts = activation("elu(x)").pfaffian["pieces"]
    assert [p["order"] for p in parts] == [1, 0]
    none = activation("sin(x)").pfaffian
    assert none["order"] is None and "bounded" in none["reason"]
    assert "format (2, 2, 2)" in activation("gelu(x)").to_text()
