"""Functions made to mislead the analysis; every one was wrong, or silent, once or could easily be."""

import pytest

from tamecheck.activation_report import activation


@pytest.mark.parametrize(
    ("formula", "domain", "total"),
    [
        ("x^pi", None, False), ("x^0.3", None, False), ("x^pi", "(0,inf)", True), ("log(x)", "[0,inf)", False), ("log(x)", "(0,inf)", True),
        ("sqrt(x)", "[0,inf)", True), ("1/x", "(0,1)", True), ("1/x", "[0,1)", False), ("where(x > 1, x, where(x < -1, -x, 1/0))", None, False),
    ],
)  # fmt: skip
def test_defined_on_the_whole_domain(formula, domain, total):
    """A power with an irrational exponent is not defined left of 0, although no point was found by the prover."""
    assert activation(formula, domain=domain).total is total


@pytest.mark.parametrize(
    "formula", ["softplus(x) - softplus(-x) - x", "gelu(x) - gelu(-x) - x", "x*sigmoid(x) + x*sigmoid(-x) - x", "sin(atan(x)) - x/sqrt(1 + x^2)"]
)
def test_identities_are_seen(formula):
    """A-42: the function is zero everywhere; its derivative is identically zero, and it vanishes at one point."""
    r = activation(formula)
    assert r.zero_intervals == [{"interval": ["-inf", "inf"]}] and r.zeros == [] and r.complete


def test_a_constant_that_jumps():
    """atan(x) + atan(1/x) is -pi/2 left of 0 and pi/2 right of it."""
    r = activation("atan(x) + atan(1/x)")
    assert [p["kind"] for p in r.pieces] == ["constant", "constant"] and not r.open
    assert (r.range["low_exact"], r.range["high_exact"]) == ("-pi/2", "pi/2")


def test_one_algebraic_number_met_twice():
    """The breakpoints of the outer absolute value are the zeros of the same cubic again."""
    r = activation("abs(abs(x^3 - x) - 1/8)")
    assert len(r.zeros) == 6 and r.complete and all(not z["crossing"] for z in r.zeros)
