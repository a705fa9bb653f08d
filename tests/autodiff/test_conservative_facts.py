"""The facts about conservative fields, one test each: programs with their verdicts, values, sets and witnesses."""

from fractions import Fraction

import pytest

from tamecheck.conservative_report import conservative


def rule(operator, value, where="x0 == 0"):
    """Return a rule as text."""
    values = value if isinstance(value, (list, tuple)) else [value]
    condition = f'where = "{where}"\n' if where else ""
    shown = ", ".join([f'"{v}"' for v in values])
    return f'[[rule]]\noperator = "{operator}"\n{condition}value = [{shown}]\n'


def relu(alpha):
    """Return the rule relu'(0) = alpha."""
    return rule("relu", alpha)


def ties(a, b, operator="max"):
    """Return the rule with weights a, b at ties."""
    return rule(operator, (a, b), "x0 == x1")


def returned(report, point):
    """Return what differentiation returns at a rational point."""
    d = report.decision
    f = d.pieces.field
    for p in d.pieces.pieces:
        if d.pieces.space.contains(p.cell, point):
            values = [f.substitute(g, [f.number(Fraction(x)) for x in point]) if not isinstance(g, str) else g for g in p.returned]
            return tuple([g if isinstance(g, str) else f.text(g) for g in values])
    return None


ONE = [
    # id, program, rules, value at 0, conservative, Clarke, spurious, stuck
    ("A01", "relu(x)", relu(0), "0", True, True, "False", "False"),
    ("A02", "relu(x)", relu(2), "2", True, False, "False", "False"),
    ("A02", "relu(x)", relu("1/3"), "1/3", True, True, "False", "False"),
    ("A02", "relu(x)", relu(-1), "-1", True, False, "False", "False"),
    ("A03", "relu(-x) + x", relu(0), "1", True, True, "False", "False"),
    ("A04", "(relu(x) + relu(-x) + x)/2", relu(0), "1/2", True, True, "False", "False"),
    ("A05", "relu(-x) + x - relu(x)", relu(0), "1", True, False, "False", "False"),
    ("A06", "relu(x) - relu(-x)", relu(0), "0", True, False, "x == 0", "x == 0"),
    ("A07", "relu(x) - relu(-x)", relu("1/2"), "1", True, True, "False", "False"),
    ("A07", "relu(x) - relu(-x)", relu("1/3"), "2/3", True, False, "False", "False"),
    ("A07", "relu(x) - relu(-x)", relu(-1), "-2", True, False, "x == 0", "False"),
    ("A08", "x - (relu(-x) + x - relu(x))", relu(0), "0", True, False, "x == 0", "x == 0"),
    ("A09", "x^2 + 3*(relu(-x) + x - relu(x))", relu(0), "3", True, False, "False", "False"),
    ("A11", "(relu(x) - relu(-x) - 1)^2/2", relu(0), "0", True, False, "x == 0", "x == 0"),
    ("A13", "max(x, -x)", "torch", "0", True, True, "False", "False"),
    ("A13", "relu(x) + relu(-x)", "torch", "0", True, True, "False", "False"),
    ("A13", "where(x > 0, x, -x)", "torch", "-1", True, True, "False", "False"),
    ("A13", "x*sign(x)", "torch", "0", True, True, "False", "False"),
    ("A14", "relu(x) + log1p(exp(-abs(x)))", "torch", "0", True, False, "x == 0", "x == 0"),
    ("A15", "relu(x) + log1p(exp(-abs(x)))", "jax", "-1/2", True, False, "x == 0", "False"),
    ("A17", "hardsigmoid(3 + x) + hardsigmoid(-3 + x)", "torch", "0", True, False, "x == 0", "x == 0"),
    ("A20", "where(x == 0, 0, x)", "torch", "0", True, False, "x == 0", "x == 0"),
    ("A21", "where(x == 0, x, 2*x)", "torch", "1", True, False, "False", "False"),
    ("A22", "x*abs(x)", "torch", "0", True, True, "False", "False"),
    ("A25", "max(x, x)", ties("2/3", "1/3"), "1", True, True, "False", "False"),
    ("A26", "max(x, 0)", ties(1, 1), "1", True, True, "False", "False"),
    ("A27", "abs(x - x)", "torch", "0", True, True, "False", "False"),
]


@pytest.mark.parametrize(("fact", "program", "rules", "value", "cons", "clarke", "spurious", "stuck"), ONE)
def test_one_variable(fact, program, rules, value, cons, clarke, spurious, stuck):
    """One variable: what is returned at the kink, conservative, Clarke, spurious and stuck sets."""
    r = conservative(program, rules)
    assert returned(r, [0]) == (value,)
    assert r.positive is cons
    assert r.clarke is clarke
    assert (r.spurious, r.stuck) == (spurious, stuck)


def test_exactly_continuously_differentiable_programs_are_told_apart():
    """A22 and a smooth program are C1; relu is only Clarke."""
    assert conservative("x*abs(x)").verdict == "exact-c1"
    assert conservative("x^2").verdict == "exact-c1"
    assert conservative("relu(x)").verdict == "clarke"


def test_a09_a_minimiser_with_a_gradient():
    """x^2 + 3 zero(x): the only critical point is 0, and 3 is returned there."""
    r = conservative("x^2 + 3*(relu(-x) + x - relu(x))")
    assert r.restless == "x == 0"
    assert r.critical_values["clarke"] == [{"value": "0", "decimal": "0"}]


def test_a11_a_critical_value_that_is_an_artifact():
    """(w - 1)^2/2 written with relu has the value 1/2 at an artificial critical point."""
    r = conservative("(relu(w) - relu(-w) - 1)^2/2")
    assert {v["value"] for v in r.critical_values["ad"]} == {"0", "1/2"}
    assert {v["value"] for v in r.critical_values["clarke"]} == {"0"}


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_a12_the_function_and_the_rule_are_two_questions(framework):
    """sqrt(x^2) is |x|, path-differentiable; the rule returns no number at 0."""
    r = conservative("sqrt(x^2)", framework)
    assert (r.verdict, r.undefined_at) == ("undefined", "x == 0")
    assert r.function["path_differentiable"] is True


def test_a25_weights_at_a_tie_everywhere():
    """max(x, x) with weights (1, 1) doubles the derivative: on [0, 1] the change is 1, the integral 2."""
    w = conservative("max(x, x)", ties(1, 1)).witness
    assert (w["delta_f"], w["integral"], w["verified"]) == ("1", "2", True)


@pytest.mark.parametrize(("framework", "verdict"), [("torch", "exact-c1"), ("jax", "undefined"), ("tensorflow", "undefined")])
def test_a29_the_zeroth_power(framework, verdict):
    """x^0 is 1; jax and TensorFlow return nan at 0."""
    assert conservative("x^0", framework).verdict == verdict


SEVERAL = [
    ("B01", "max(x, y)", ["x", "y"], ties("1/2", "1/2"), True, True, "False"),
    ("B02", "max(x, y)", ["x", "y"], ties(1, 0), True, True, "False"),
    ("B02", "max(x, y)", ["x", "y"], ties("1/3", "2/3"), True, True, "False"),
    ("B02", "max(x, y)", ["x", "y"], ties(2, -1), True, False, "False"),
    ("B03", "max(a, max(b, c))", ["a", "b", "c"], "torch", True, True, "False"),
    ("B05", "max(x, y) + min(x, y)", ["x", "y"], "tensorflow", True, False, "False"),
    ("B08", "relu(x - y) - relu(y - x)", ["x", "y"], "torch", True, False, "x-y == 0"),
    ("B09", "x + relu(y) - relu(-y)", ["x", "y"], "torch", True, False, "False"),
    ("B13", "(w1*relu(w2) - 1)^2/2", ["w1", "w2"], "torch", True, True, "False"),
    ("B13", "(w1*clamp(w2, 0, 1000) - 1)^2/2", ["w1", "w2"], "torch", True, True, "False"),
    ("B14", "(relu(w + b) - relu(-w - b) - 1)^2/2", ["w", "b"], "torch", True, False, "w+b == 0"),
    ("B15", "relu(w2*relu(w1))", ["w1", "w2"], relu(0), True, True, "False"),
    ("B15", "relu(w2*relu(w1))", ["w1", "w2"], relu(-7), True, False, "False"),
    ("B18", "let m = stop_gradient(max(x, y)); m + log(exp(x - m) + exp(y - m))", ["x", "y"], "torch", True, True, None),
    ("B19", "abs(x) + abs(y)", ["x", "y"], rule("abs", "1/2"), True, True, "False"),
    ("B19", "abs(x) + abs(y)", ["x", "y"], rule("abs", 2), True, False, "False"),
]


@pytest.mark.parametrize(("fact", "program", "names", "rules", "cons", "clarke", "spurious"), SEVERAL)
def test_several_variables(fact, program, names, rules, cons, clarke, spurious):
    """Several variables: conservative, Clarke, spurious."""
    r = conservative(program, rules, variables=names)
    assert r.positive is cons
    assert r.clarke is clarke
    if spurious is not None:
        assert r.spurious == spurious


def test_b03_weights_of_nested_maxima():
    """max(a, max(b, c)) returns (1/2, 1/4, 1/4) at a triple tie."""
    r = conservative("max(a, max(b, c))", variables=["a", "b", "c"])
    assert returned(r, [1, 1, 1]) == ("1/2", "1/4", "1/4")


def test_b07_a_polynomial_with_spurious_lines():
    """z0*z1 with the rule of a running product that returns 0 where a factor is 0: two lines of spurious points, one critical value."""
    r = conservative("where(x*y == 0, stop_gradient(x*y), x*y)", variables=["x", "y"])
    assert r.verdict == "conservative" and r.clarke is False
    assert r.critical_values["ad"] == [{"value": "0", "decimal": "0"}]
    assert r.spurious == r.stuck == "(x == 0 and y != 0) or (x != 0 and y == 0)"


def test_b14_gradient_descent_is_stuck_at_loss_one_half():
    """A line where (0, 0) is returned, at the value 1/2; the true infimum is 0."""
    r = conservative("(relu(w + b) - relu(-w - b) - 1)^2/2", variables=["w", "b"])
    assert r.stuck == "w+b == 0"
    assert {v["value"] for v in r.critical_values["ad"]} == {"0", "1/2"}
    assert {v["value"] for v in r.critical_values["clarke"]} == {"0"}


BUGGY = '[[rule]]\noperator = "relu"\nbackward = ["where(x0 == 0, {alpha}, where(x0 > 0, g, 0))"]\n'


@pytest.mark.parametrize("alpha", ["0", "1", "-3"])
def test_b16_a_dropped_upstream_gradient_is_conservative(alpha):
    """Writing alpha instead of alpha times what arrives at the kink of relu is conservative, whatever alpha is."""
    r = conservative("w2*relu(w1)", BUGGY.format(alpha=alpha), variables=["w1", "w2"])
    assert r.verdict in ("conservative", "clarke")
    assert r.clarke is (alpha == "0")


NORM = '[[rule]]\noperator = "hypot"\nwhere = "x0 == 0 and x1 == 0"\nvalue = ["{a}", "{b}"]\n'


@pytest.mark.parametrize(("a", "b", "clarke"), [("0", "0", True), ("1/2", "1/2", True), ("3/5", "4/5", True), ("1", "1/2", False), ("2", "0", False)])
def test_b20_the_euclidean_norm(a, b, clarke):
    """Any value at 0 is conservative; it is a Clarke subgradient if and only if its norm is at most 1."""
    r = conservative("hypot(x, y)", NORM.format(a=a, b=b), variables=["x", "y"])
    assert r.verdict in ("conservative", "clarke")
    assert r.clarke is clarke


def test_b23_half_the_squared_norm():
    """x^2/2 + y^2/2 by way of the norm, with 0 returned at 0."""
    r = conservative("hypot(x, y)^2/2", NORM.format(a="0", b="0"), variables=["x", "y"])
    assert r.positive and r.clarke


STE = '[[rule]]\noperator = "{}"\nvalue = ["{}"]\n'
REVERSAL = '[[rule]]\noperator = "add"\nbackward = ["-g", "-g"]\n'
HARDTANH = "where(x-1 > 0, 1, where(x+1 <= 0, -1, x))"
WRONG = [
    ("C01", "max(x, y)", ["x", "y"], ties(1, 1), {"circulation": "1", "kind": "stratum-hugging-loop"}),
    ("C02", "max(x, y)", ["x", "y"], ties(0, 0), {"circulation": "1", "kind": "stratum-hugging-loop"}),
    ("C03", "round(x)", ["x"], STE.format("round", 1), {"kind": "jump-curve", "conservative_for": "x"}),
    ("C03", "x + stop_gradient(round(x) - x)", ["x"], "torch", {"kind": "jump-curve", "conservative_for": "x"}),
    ("C04", "round(x)", ["x"], "torch", {"kind": "jump-curve"}),
    ("C06", "x*stop_gradient(x)", ["x"], "torch", {"delta_f": "1", "integral": "1/2", "conservative_for": "x^2/2"}),
    ("C07", "x*stop_gradient(y)", ["x", "y"], "torch", {"circulation": "-1", "kind": "open-cell-loop"}),
    (
        "C09",
        "-relu(w)",
        ["w"],
        '[[rule]]\noperator = "relu"\nbackward = ["where(g > 0, where(x0 > 0, g, 0), 0)"]\n',
        {"delta_f": "-1", "integral": "0", "conservative_for": "0"},
    ),
    ("C16", "hardshrink(x)", ["x"], "torch", {"kind": "jump-curve"}),
    ("C16", "threshold(x, 1, 0)", ["x"], "torch", {"kind": "jump-curve"}),
    ("C16", "frac(x)", ["x"], "torch", {"kind": "jump-curve"}),
    ("C16", "fmod(x, 1)", ["x"], "torch", {"kind": "jump-curve"}),
    ("C16", "remainder(x, 1)", ["x"], "torch", {"kind": "jump-curve"}),
    ("C16", "heaviside(x, 1)", ["x"], "torch", {"kind": "jump-curve"}),
    ("C16", "sign(x)", ["x"], "torch", {"kind": "jump-curve"}),
    (
        "C18",
        "where(x*y == 0, stop_gradient(abs(x) + abs(y)), abs(x) + abs(y))",
        ["x", "y"],
        "torch",
        {"kind": "stratum-hugging-loop", "circulation": "1"},
    ),
    ("C21", "x - stop_gradient((x + y)/2)", ["x", "y"], "torch", {"conservative_for": "x"}),
    (
        "C23",
        "let y = stop_gradient(x/2); (x - y)^2 + 2*y",
        ["x"],
        "torch",
        {"delta_f": "5/4", "integral": "1/2", "conservative_for": "x^2/2"},
    ),
    ("C24", "x + 0*x", ["x"], REVERSAL, {"delta_f": "1", "integral": "-1", "conservative_for": "-x"}),
    ("C24", "relu(x) + x", ["x"], '[[rule]]\noperator = "relu"\nbackward = ["-g"]\n', {"kind": "open-cell-curve", "conservative_for": "0"}),
    ("C25", "relu(x)", ["x"], STE.format("relu", 1), {"delta_f": "0", "integral": "-1", "conservative_for": "x"}),
    ("C27", "where(x == 0, y - stop_gradient(y), 0)", ["x", "y"], "torch", {"circulation": "1", "kind": "stratum-hugging-loop"}),
    (
        "D08",
        "relu(x)",
        ["x"],
        STE.format("relu", "where(x0 > 0, 1/2, 0)"),
        {"delta_f": "1", "integral": "1/2", "conservative_for": "where(x > 0, x/2, 0)"},
    ),
    ("A-86", "sign(x)", ["x"], STE.format("sign", "where(abs(x0) <= 1, 1, 0)"), {"kind": "jump-curve", "conservative_for": HARDTANH}),
]


@pytest.mark.parametrize(("fact", "program", "names", "rules", "expected"), WRONG)
def test_not_conservative(fact, program, names, rules, expected):
    """A witness with two different exact numbers, which passes the second check; the other function if there is one in closed form."""
    r = conservative(program, rules, variables=names)
    assert r.verdict == ("conservative-for-other" if "conservative_for" in expected and len(names) > 1 else "not-conservative")
    assert r.conservative_for == expected.get("conservative_for")
    assert r.witness["verified"] is True
    assert {k: r.witness.get(k) for k in expected} == expected


def test_c10_gradient_clipping():
    """x^2 y with the gradient of the product clipped to [-1, 1]."""
    clip = '[[rule]]\noperator = "mul"\nbackward = ["clamp(g*x1, -1, 1)", "clamp(g*x0, -1, 1)"]\n'
    r = conservative("(x^2)*y", clip, variables=["x", "y"])
    assert r.verdict == "not-conservative" and r.witness["verified"] is True


def test_c12_a_clipped_denominator():
    """-log(p) with the denominator of the derivative clipped at 1e-12 (binary cross entropy)."""
    clip = '[[rule]]\noperator = "log"\nvalue = ["1/max(x0, 10^-12)"]\n'
    r = conservative("-log(p)", clip, variables=["p"])
    assert r.verdict == "not-conservative"


def test_c14_softplus_with_a_threshold():
    """The literal program of torch jumps by 2.0611536e-9 at 20; the ideal function is exact."""
    r = conservative("softplus(x, 1, 20)")
    assert (r.verdict, r.witness["kind"], r.witness["at"]) == ("not-conservative", "jump-curve", ["20"])
    assert r.witness["jump_decimal"].startswith("-2.0611536") and r.witness["jump_decimal"].endswith("e-9")
    assert conservative("softplus(x)").verdict == "exact-c1"


@pytest.mark.parametrize(
    "program", ["sqrt(x)", "log(x)", "x*log(x)", "abs(x)^(1/2)", "abs(x)^(9/10)", "cbrt(x)", "sqrt(relu(x))", "where(x > 0, sqrt(x), 0)", "1/x"]
)
def test_c15_blow_ups(program):
    """Not locally Lipschitz at 0: the derivative grows like a power or a logarithm on a ray."""
    r = conservative(program)
    assert (r.verdict, r.witness["kind"]) == ("not-conservative", "blow-up")
    assert r.function["locally_lipschitz"] is False


def test_c30_rules_that_are_not_definable_cannot_be_written():
    """The language of rules has no rational-number predicate: an unknown function is an input error."""
    from tamecheck.errors import InputError

    with pytest.raises(InputError, match="rational"):
        conservative("0*x", '[[rule]]\noperator = "mul"\nvalue = ["rational(x0)", "0"]\n')


def test_d02_an_isolated_value_far_away():
    """|x| with 5 at 0: conservative after closure, not Clarke."""
    r = conservative("abs(x)", rule("abs", 5))
    assert (r.verdict, r.clarke) == ("conservative", False)


def test_d04_normal_values_on_a_line():
    """f = 0 with (0, 1) on y = 0: conservative, not Clarke."""
    r = conservative("where(y == 0, y, 0)", variables=["x", "y"])
    assert (r.verdict, r.clarke) == ("conservative", False)


def test_d10_no_number_at_a_point_is_undefined():
    """An empty value is never a no."""
    r = conservative("abs(x)", rule("abs", "nan"))
    assert (r.verdict, r.undefined_at) == ("undefined", "x == 0")


def test_w1_an_unbounded_rule_is_told_apart():
    """x*y with 1/y added to the first derivative on x = 0, y > 0: the chain rule holds, what is returned is not locally bounded."""
    unbounded = '[[rule]]\noperator = "mul"\nwhere = "x0 == 0 and x1 > 0"\nvalue = ["x1 + 1/x1", "0"]\n'
    assert conservative("x*y", unbounded, variables=["x", "y"]).verdict == "conservative-unbounded"
    bounded = '[[rule]]\noperator = "mul"\nwhere = "x0 == 0 and x1 > 0"\nvalue = ["x1 + 1/(1 + x1)", "0"]\n'
    assert conservative("x*y", bounded, variables=["x", "y"]).verdict == "conservative"


def test_e14_an_envelope():
    """(x - y)^2 + y^2 with y = stop_gradient(x/2), its minimiser: exact, because the derivative in y is 0."""
    assert conservative("let y = stop_gradient(x/2); (x - y)^2 + y^2").verdict == "exact-c1"


@pytest.mark.parametrize(
    ("program", "torch", "jax"),
    [
        ("relu(x) + log1p(exp(-abs(x)))", "0", "-1/2"),
        ("clamp(x, 0, 1000) + log1p(exp(-abs(x)))", "1", "0"),
        ("relu(x) - x + log1p(exp(-abs(x)))", "-1", "-3/2"),
        ("clamp(x, 0, 1000) - x + log1p(exp(-abs(x)))", "0", "-1"),
        ("clamp(x, 0, 1000) - clamp(-x, 0, 1000)", "2", "1"),
        ("abs(x) - relu(x) - relu(-x)", "0", "1"),
        ("relu(x) - (x + abs(x))/2", "-1/2", "-1"),
        ("x/(1 + abs(x))", "1", "1"),
        ("cos(abs(x))", "0", "0"),
        ("exp(-abs(x))*(1 + abs(x))", "0", "0"),
        ("abs(x) - log1p(abs(x))", "0", "0"),
    ],
)
def test_smooth_functions_made_of_kinked_pieces(program, torch, jax):
    """The table of section 4.6: what the two frameworks return at 0; every rule is conservative."""
    for framework, value in (("torch", torch), ("jax", jax)):
        r = conservative(program, framework)
        assert returned(r, [0]) == (value,)
        assert r.positive
