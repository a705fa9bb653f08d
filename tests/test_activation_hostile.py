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
    assert r.zero_intervals == [{"interval": ["-inf", "inf"], "closed": [False, False]}] and r.zeros == [] and r.complete


def test_a_constant_that_jumps():
    """atan(x) + atan(1/x) is -pi/2 left of 0 and pi/2 right of it."""
    r = activation("atan(x) + atan(1/x)")
    assert [p["kind"] for p in r.pieces] == ["constant", "constant"] and not r.open
    assert (r.range["low_exact"], r.range["high_exact"]) == ("-pi/2", "pi/2")


def test_one_algebraic_number_met_twice():
    """The breakpoints of the outer absolute value are the zeros of the same cubic again."""
    r = activation("abs(abs(x^3 - x) - 1/8)")
    assert len(r.zeros) == 6 and r.complete and all(not z["crossing"] for z in r.zeros)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1/x", "(-inf,0)(0,inf)"), ("sign(x)", "[-1,-1][0,0][1,1]"), ("hardshrink(x, 1/2)", "(-inf,-1/2)[0,0](1/2,inf)"),
        ("x + 1/x", "(-inf,-2][2,inf)"),
        ("1/(x^2 - 1)", "(-inf,-1](0,inf)"), ("where(x > 0, x + 1, x)", "(-inf,0](1,inf)"), ("where(x > 0, x, x)", "(-inf,inf)"),
        ("tanh(x)", "(-1,1)"),
        ("relu(x)", "[0,inf)"), ("sin(x)", "[-1,1]"), ("where(x == 0, 5, x^2)", "(0,inf)"), ("where(x == 0, -5, x^2)", "[-5,-5](0,inf)"),
    ],
)  # fmt: skip
def test_the_set_of_values(formula, expected):
    """The image is an exact union of intervals and points; the range is its hull."""
    r = activation(formula)
    shown = "".join([("[" if p["low_attained"] else "(") + f"{p['low']},{p['high']}" + ("]" if p["high_attained"] else ")") for p in r.image])
    assert shown == expected
    assert (r.range["low"], r.range["high"]) == (r.image[0]["low"], r.image[-1]["high"])


@pytest.mark.parametrize(
    ("formula", "point", "exponent", "reason"),
    [
        ("abs(x - sqrt(2))^3", None, "2/3", "order 3"), ("abs(x)^(3/2)", "0", "1/3", "3/2"), ("max(-x, x^3)", "0", "2/3", "order 3"),
        ("where(x > 0, x^2, -x^4)", "0", "3/4", "order 4"), ("abs(x)", "0", "0", "order 1"),
        ("where(x == 0, 0, exp(-1/x^2))", "0", None, "none below 1"),
        ("where(x == 0, 0, sign(x)*exp(-1/abs(x)))", "0", None, "none below 1"), ("where(x == 0, 0, x^2*log(abs(x)))", "0", "1/2", "logarithm"),
        ("where(x == 0, 0, -x^2/log(abs(x)))", "0", None, "every exponent above 1/2 works, 1/2 does not"), ("x^7", "0", "6/7", "order 7"),
    ],
)  # fmt: skip
def test_exponents_of_lojasiewicz(formula, point, exponent, reason):
    """A-76, A-78: odd orders, kinks, unequal sides, irrational places, flat points, logarithms."""
    domain = "(-1/2,1/2)" if "/log" in formula else None
    found = [e for e in activation(formula, domain=domain).lojasiewicz if point is None or e.get("point") == point]
    assert len(found) == 1 and found[0]["exponent"] == exponent and reason in found[0]["reason"]


def test_a_value_that_is_zero_by_algebra():
    """The square of a cubic at the cubic's root is 0, not an enclosure of it."""
    assert activation("(x^3 - x - 1)^2").critical_values["smooth"][0]["value"] == "0"


@pytest.mark.parametrize("depth", [12, pytest.param(30, marks=pytest.mark.slow)])
def test_deep_nesting_is_open_within_seconds(depth):
    """tanh of tanh of ...: monotonic with its range; what is too large is open, and it does not take minutes."""
    import time

    formula = "x"
    for _ in range(depth):
        formula = f"tanh({formula})"
    started = time.process_time()
    r = activation(formula)
    assert time.process_time() - started < 20
    assert [p["kind"] for p in r.pieces] == ["increasing"] and r.open and not r.complete
    assert [z["point"] for z in r.zeros] == ["0"] and r.image and not r.image[0]["low_attained"]


@pytest.mark.parametrize(
    ("formula", "domain", "low", "high"),
    [("erfinv(x)", "(-1,1)", "-inf", "inf"), ("lambertw(x)", None, "-1", "inf"), ("x^pi", "(0,inf)", "0", "inf")],
)
def test_ends_of_special_functions(formula, domain, low, high):
    """The ends of erfinv, Lambert's function and irrational powers are found by their form where no expansion is known."""
    r = activation(formula, domain=domain)
    assert (r.range["low"], r.range["high"]) == (low, high)
    assert [z["point"] for z in r.zeros] == ([] if "pi" in formula else ["0"])
    assert not [o for o in r.open if o["question"] == "zeros"]
