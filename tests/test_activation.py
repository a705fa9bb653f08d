"""The activation report: facts of the literature, exact kinks, certified numbers, refusals."""

import json
from fractions import Fraction as F

import pytest

from tamecheck.activation_report import activation
from tamecheck.errors import InputError


def holds(shown, text):
    """Tell whether a reported number is, or encloses, a decimal that is given to its last digit."""
    if isinstance(shown, str):
        if shown in ("inf", "-inf"):
            return shown == text
        low = high = F(shown)
    else:
        low, high = (F(end) for end in shown)
    unit = F(1, 10 ** len(text.partition(".")[2]))
    return high - low < F(1, 10**12) and low - unit <= F(text) <= high + unit


def report(formula, **rest):
    """Return the JSON of a report."""
    return activation(formula, **rest).to_json()


@pytest.mark.parametrize(
    ("formula", "point", "value"),
    [
        ("gelu(x)", "-0.751791524693564", "-0.169971207479904"),
        ("gelu_tanh(x)", "-0.752461422", "-0.170040751"),
        ("x/(1 + exp(-x))", "-1.27846454276107", "-0.278464542761074"),
        ("x*tanh(log(1 + exp(x)))", "-1.1924312145155", "-0.30884341301725"),
        ("serf(x)", "-1.193059968928", "-0.34843745876"),
    ],
)
def test_the_minimum_of_the_smooth_rectifiers(formula, point, value):
    """A-45: one global minimum, decreasing before and increasing after."""
    r = report(formula)
    (low,) = r["extrema"]
    assert holds(low["point"], point) and holds(low["value"], value)
    assert low["kind"] == "minimum" and low["global"] and low["strict"]
    assert [p["kind"] for p in r["pieces"]] == ["decreasing", "increasing"]
    assert r["complete"] and r["range"]["low_attained"] and r["range"]["high"] == "inf"
    assert [holds(v["value"], value) for v in r["critical_values"]["smooth"]] == [True]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sigmoid(x)", True), ("tanh(x)", True), ("softplus(x)", True), ("silu(x)", True), ("mish(x)", True), ("gelu(x)", True),
        ("atan(x)", True), ("x/sqrt(1 + x^2)", True), ("log(cosh(x))", True), ("exp(-x^2)", True), ("erf(x)", True), ("asinh(x)", True),
        ("where(x == 0, 1, x/(exp(x) - 1))", True), ("x", True),
        ("relu(x)", False), ("x^2", False), ("exp(x)", False), ("sin(x)", False), ("softsign(x)", False), ("elu(x)", False),
        ("hardswish(x)", False), ("x + sin(x)^2", False), ("x*log(x)", False), ("where(x > 0, exp(-1/x), 0)", False),
    ],
)  # fmt: skip
def test_sad(formula, expected):
    """A-36 to A-39: sublinear, analytic, definable."""
    sad = report(formula)["sad"]
    assert sad["verdict"] is expected
    assert sad["affine"] is (formula == "x")
    assert all(sad[name] is True for name in ("sublinear", "analytic", "definable")) is expected


@pytest.mark.parametrize(
    ("formula", "parameters", "smoothness", "kinks"),
    [
        ("softsign(x)", {}, "C1", {"0": (["1", "1"], ["2", "-2"])}),
        ("elu(x, a)", {"a": 1}, "C1", {"0": (["1", "1"], ["1", "0"])}),
        ("elu(x, a)", {"a": "1/2"}, "C0", {"0": (["1/2", "1"], ["1/2", "0"])}),
        ("hardswish(x)", {}, "C0", {"-3": (["0", "-1/2"], ["0", "1/3"]), "3": (["3/2", "1"], ["1/3", "0"])}),
        ("relu(x)^2", {}, "C1", {"0": (["0", "0"], ["0", "2"])}),
        ("where(x >= 0, sqrt(x), -sqrt(-x))", {}, "C0", {"0": (["inf", "inf"], ["inf", "-inf"])}),
    ],
)
def test_kinks_with_their_one_sided_derivatives(formula, parameters, smoothness, kinks):
    """A-37: the exact order of smoothness and both one-sided derivatives of the first two orders."""
    r = report(formula, parameters=parameters)
    assert r["smoothness"] == smoothness
    assert {k["point"]: (k["derivatives"], k["second_derivatives"]) for k in r["kinks"]} == kinks


def test_selu():
    """SELU has slopes 1.75810 and 1.05070 at 0; its Lipschitz constant is the first, approached from the left."""
    r = report("selu(x)")
    (kink,) = r["kinks"]
    assert holds(kink["derivatives"][0], "1.75809934084738") and holds(kink["derivatives"][1], "1.05070098735548")
    assert r["smoothness"] == "C0"
    assert holds(r["lipschitz_constant"]["value"], "1.75809934084738")
    assert r["lipschitz_constant"]["attained"] is False
    assert F(r["lipschitz"]) >= F("1.7580993408473768599")


@pytest.mark.parametrize(
    ("formula", "defect", "slope", "gap"),
    [
        ("softplus(x)", "0.693147180560", "1", "0.693147180560"),
        ("gelu(x)", "0.293525326347", "1.12890414519", "0.16997120748"),
        ("silu(x)", "0.439228839891", "1.09983932013", "0.278464542761"),
        ("mish(x)", "0.477896899312", "1.08849816125", "0.308843413017"),
        ("elu(x)", "1", "1", "1"),
        ("relu(x)", "0", "1", "0"),
        ("leaky_relu(x)", "0", "1", "0"),
        ("tanh(x)", "1", "1", "1"),
        ("where(x > 1, x - 1/2, where(x > 0, x^2/2, 0))", "0.5", "1", "0.5"),
    ],
)
def test_constants_of_near_homogeneity(formula, defect, slope, gap):
    """H7: sup|x f' - f|, the Lipschitz constant, sup|f - f_H|."""
    r = report(formula)
    near = r["near_homogeneity"]
    assert holds(near["defect"]["value"], defect) and near["defect"]["exact"]
    assert holds(r["lipschitz_constant"]["value"], slope) and r["lipschitz_constant"]["exact"]
    assert holds(near["gap"]["value"], gap) and near["gap"]["exact"]


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        ("exp(-x)", ["0"]),
        ("atan(x)", ["-1.570796326795", "1.570796326795"]),
        ("sigmoid(x)", ["0", "1"]),
        ("tanh(x)", ["-1", "1"]),
        ("softsign(x)", ["-1", "1"]),
        ("x/sqrt(1 + x^2)", ["-1", "1"]),
        ("softplus(x)", ["0"]),
        ("gelu(x)", ["0"]),
        ("silu(x)", ["0"]),
        ("log(1 + x^2)", []),
        ("log(log(3 + x^2))", []),
        ("x + 1/x^2", []),
        ("relu(x)", ["0"]),
        ("exp(-x^2)*cos(x)", ["0"]),
    ],
)
def test_asymptotic_critical_values(formula, values):
    """A-55 to A-57: limits of f where |x||f'| tends to 0."""
    found = report(formula)["critical_values"]["asymptotic"]
    assert len(found) == len(values)
    assert all(holds(v["value"], w) for v, w in zip(found, values, strict=True))


@pytest.mark.parametrize(
    ("formula", "values"),
    [("abs(x)", ["0"]), ("abs(x^2 - 1)", ["0", "1"]), ("max(0, 1 - x) + x^2/2", ["1/2"]), ("(relu(x) - 1)^2/2", ["0", "1/2"])],
)
def test_clarke_critical_values(formula, values):
    """A-63: kinks whose subdifferential holds 0 count."""
    assert [v["value"] for v in report(formula)["critical_values"]["clarke"]] == values


@pytest.mark.parametrize(
    ("formula", "exponents"),
    [
        ("x^2", ["1/2"]), ("x^4", ["3/4"]), ("x^6", ["5/6"]), ("abs(x)", ["0"]), ("abs(x)^(3/2)", ["1/3"]),
        ("where(x != 0, exp(-1/x^2), 0)", [None]), ("gelu(x)", ["1/2"]), ("x^3", ["2/3"]), ("tanh(x)", []),
    ],
)  # fmt: skip
def test_lojasiewicz_exponents(formula, exponents):
    """A-76 and A-78: 1 - 1/m at a critical point of order m, none below 1 at a flat one."""
    assert [v["exponent"] for v in report(formula)["lojasiewicz"]] == exponents


def test_a_flat_function():
    """exp(-1/x^2) is C^inf and not analytic, flat at 0, with a global minimum there."""
    r = report("where(x != 0, exp(-1/x^2), 0)")
    assert r["smoothness"] == "Cinf" and r["complete"]
    assert [(e["point"], e["value"], e["kind"]) for e in r["extrema"]] == [("0", "0", "minimum")]
    assert "none below 1" in r["lojasiewicz"][0]["reason"]
    assert r["range"] == {
        "low": "0", "low_attained": True, "low_exact_bound": True, "high": "1", "high_attained": False, "high_exact_bound": True,
    }  # fmt: skip


def test_a_bump():
    """The bump function: C^inf, zero outside (-1, 1), one maximum 1/e."""
    r = report("where(abs(x) < 1, exp(-1/(1 - x^2)), 0)")
    assert r["smoothness"] == "Cinf" and r["complete"]
    assert [p["kind"] for p in r["pieces"]] == ["constant", "increasing", "decreasing", "constant"]
    (top,) = [e for e in r["extrema"] if e["kind"] == "maximum"]
    assert top["value_exact"] == "exp(-1)" and top["point"] == "0"
    assert [z["interval"] for z in r["zero_intervals"]] == [["-inf", "-1"], ["1", "inf"]]


def test_a_removable_singularity():
    """x/(exp(x) - 1) tends to 1 at 0 from both sides; with that value it is analytic and decreasing on the line."""
    r = report("x/(exp(x) - 1)")
    assert r["total"] is False
    assert r["discontinuities"] == [{"kind": "removable", "point": "0", "value": "undefined", "limits": ["1", "1"]}]
    filled = report("where(x == 0, 1, x/(exp(x) - 1))")
    assert filled["smoothness"] == "analytic" and filled["total"] is True
    assert filled["pieces"] == [{"interval": ["-inf", "inf"], "kind": "decreasing"}]


def test_ends_of_the_domain():
    """x*log(x): limit 0 at 0 from the right, minimum -1/e at 1/e, not defined left of 0."""
    r = report("x*log(x)")
    assert r["total"] is False
    (first, second) = r["limits"]
    assert first == {"at": "0", "side": "right", "limit": "0"} and second["limit"] == "inf"
    assert [v["term"] for v in r["growth"]] == ["x*log(x)", "x*log(x)"]
    assert r["extrema"][0]["point_exact"] == "exp(-1)"
    half = report("log(x)", domain="(0,inf)")
    assert half["total"] is True and half["sad"]["verdict"] is False


def test_infinitely_many_critical_points_are_refused():
    """A-64: x + 2 sin x gets no finite list of critical values, and a proof that there is none."""
    r = report("x + 2*sin(x)")
    assert r["critical_values"]["complete"] is False and r["complete"] is False
    assert r["verdict"] == "not-definable"
    endless = [o for o in r["open"] if o["infinitely_many"]]
    assert {o["question"] for o in endless} == {"monotonicity and extrema", "convexity and inflections"}
    assert [v["limit"] for v in r["limits"]] == ["-inf", "inf"]


def test_growth_and_limits():
    """Leading terms with their coefficients, at both ends."""
    r = report("gelu(x)")
    assert [v["term"] for v in r["growth"]] == ["-sqrt(2)*exp(-x**2/2)/sqrt(pi)/2", "x"]
    assert [v["class"] for v in r["growth"]] == ["vanishing", "linear"]
    assert [v["limit"] for v in r["limits"]] == ["0", "inf"]
    assert r["recession_slopes"] == {"inf": "1", "-inf": "0"}
    assert [v["class"] for v in report("exp(exp(x))")["growth"]] == ["bounded", "faster than exponential"]
    assert [v["class"] for v in report("asinh(x)")["growth"]] == ["logarithmic", "logarithmic"]


@pytest.mark.parametrize(
    ("formula", "degree"),
    [("relu(x)", 1), ("relu(x)^2", 2), ("abs(x)^(3/2)", "3/2"), ("sign(x)", 0), ("softplus(x)", None), ("relu(x - 1)", None)],
)
def test_homogeneity(formula, degree):
    """f(tx) = t^p f(x) for t > 0, exactly or not at all."""
    assert report(formula)["homogeneity"] == degree


@pytest.mark.parametrize(
    ("formula", "convex"),
    [
        ("softplus(x)", "convex"), ("relu(x)", "convex"), ("elu(x)", "convex"), ("gelu(x)", "neither"), ("min(x, 0)", "concave"),
        ("2*x", "affine"), ("sign(x)", "neither"),
    ],
)
def test_convexity(formula, convex):
    """Convex, concave, affine or neither, over kinks and jumps."""
    assert report(formula)["convex"] == convex


def test_inflections_of_gelu_are_exact():
    """GELU bends at the two square roots of 2."""
    assert [p["point_exact"] for p in report("gelu(x)")["inflections"]] == ["-sqrt(2)", "sqrt(2)"]


def test_plateaus_are_extrema():
    """ReLU has its global minimum 0 on a half line; the bounded one has a maximum on the other."""
    (low,) = report("relu(x)")["extrema"]
    assert low == {"interval": ["-inf", "0"], "closed": [False, True], "value": "0", "kind": "minimum", "strict": False, "global": True}
    assert [e["kind"] for e in report("relu6(x)")["extrema"]] == ["minimum", "maximum"]


@pytest.mark.parametrize(
    ("formula", "rest", "first"),
    [
        ("0/0*x", {}, "TC152 the function is defined nowhere"),
        ("log(-exp(x))", {}, "TC152 the function is defined nowhere"),
        ("3", {}, "TC153 the formula does not contain the variable 'x'"),
        ("tanh(y)", {}, "TC153 the formula does not contain the variable 'x'"),
        ("elu(x, a)", {"learnt": ["b"]}, "TC154 'b' is no parameter of the formula"),
        ("elu(x, a)", {"parameters": {"a": "one"}}, "TC101 'one' is no number"),
        ("foo(x)", {}, "TC10"),
        ("(" * 300 + "x" + ")" * 300, {}, "TC110"),
    ],
)
def test_bad_input_is_refused_in_one_line(formula, rest, first):
    """A clear message, with its code."""
    with pytest.raises(InputError) as caught:
        activation(formula, **rest)
    assert str(caught.value).startswith(first)
    assert "\n" not in str(caught.value)


def test_the_report_prints_and_serialises():
    """repr, text and JSON; a report is no truth value; its keys are attributes."""
    r = activation("x*tanh(log(1 + exp(x)))")
    assert repr(r) == "<activation x*tanh(log(1 + exp(x))): definable (R_exp), analytic, SAD; complete>"
    assert "global minimum -0.308843413017 at -1.19243121452" in r.to_text()
    assert json.loads(json.dumps(r.to_json())) == r.to_json()
    assert r.homes == ["R_exp"] and r.verdict == "definable"
    with pytest.raises(TypeError, match="three values"):
        bool(r)
    with pytest.raises(AttributeError, match="has no 'nothing'"):
        r.nothing  # noqa: B018


def test_other_sources_and_names():
    """Another variable, a program, and a sympy expression give the same report."""
    import sympy

    from tamecheck.frontends.formula_io import load

    plain = report("t*sigmoid(t)", variable="t")
    found = load("x*sigmoid(x)")
    assert report((found.program, found.outputs))["extrema"] == plain["extrema"]
    x = sympy.Symbol("x")
    assert report(x / (1 + sympy.exp(-x)))["extrema"] == plain["extrema"]


def test_the_numbers_of_the_prover_and_of_the_analysis_agree():
    """Smoothness found by the prover is never better than the exact one."""
    ranks = {"unknown": -2, "discontinuous": -1, **{f"C{k}": k for k in range(20)}, "Cinf": 100, "analytic": 200}
    for formula in ("relu(x)^3", "elu(x)", "hardswish(x)", "gelu(x)", "where(x > 0, exp(-1/x), 0)", "min(x, sin(x))", "smoothstep(x)"):
        r = activation(formula)
        assert ranks[r.certificate.smoothness] <= ranks[r.smoothness]


@pytest.mark.parametrize(
    "formula", ["(x + sin(x))/(1 + exp(-x))", "(x + cos(x))/(1 + exp(-x))", "tanh(x)/3 + sin(x)/2", "sigmoid(x)/2 + sin(x)/2"]
)
def test_a_verdict_needs_a_certificate(formula):
    """SinLU, CosLU, GLN, APAF: infinitely many zeros are a fact of the analysis; no certificate says not definable, so the verdict is unknown."""
    from tamecheck.certification import certify

    r = activation(formula)
    assert r.verdict == certify(formula).verdict
    assert r.oscillation and all(o["checked"] is False and "proof" in o for o in r.oscillation)
    if r.verdict == "unknown":
        assert r.witness is None and r.sad["definable"] is None and r.unknown_because


def test_no_oscillation_is_claimed_where_there_is_none():
    """The fact is proved, not read off the presence of a sine."""
    assert activation("sin(tanh(x))").oscillation == []
    assert activation("x + sin(x)/(1 + x^2)").oscillation == [] or all(o["of"] != "f" for o in activation("x + sin(x)/(1 + x^2)").oscillation)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("abs(x)**(3/2)", True), ("piecewise((exp(-1/x), x > 0), 0)", True), ("sqrt(abs(x))", False), ("sign(x)", False), ("log(abs(x))", None)],
)
def test_path_differentiable(formula, expected):
    """Locally Lipschitz and analytic but at isolated points: yes; not locally Lipschitz: no; not defined everywhere: not said."""
    assert activation(formula).path_differentiable is expected


@pytest.mark.parametrize(
    ("formula", "intervals"),
    [
        ("relu(x)", [(["-inf", "0"], [False, True])]),
        ("max(abs(x) - 1, 0)", [(["-1", "1"], [True, True])]),
        ("where(x < 0, 0, x + 1)", [(["-inf", "0"], [False, False])]),
        ("where(x <= 0, 0, x + 1)", [(["-inf", "0"], [False, True])]),
    ],
)
def test_intervals_of_zeros_know_their_ends(formula, intervals):
    """An end belongs to the interval when the value there is 0."""
    assert [(z["interval"], z["closed"]) for z in activation(formula).zero_intervals] == intervals


@pytest.mark.parametrize(
    ("formula", "verdict", "degree"),
    [
        ("x^3 - x", True, 3), ("0*x + 2", True, 0), ("0*x", True, -1), ("(x^2 + 1)^2/(x^2 + 1)", True, 2), ("abs(x)^2", True, 2),
        ("exp(log(1 + x^2))", True, 2), ("tanh(x)", False, None), ("max(x, 0)", False, None), ("(x^2 - 1)/(x - 1)", False, None),
        ("sqrt(1 + x^2)", False, None), ("x^2 + 1/(1 + x^2)", False, None), ("x*abs(x)", False, None), ("sin(x)", False, None),
        ("sin(x)^2 + cos(x)^2 + x", None, None),
    ],
)  # fmt: skip
def test_polynomials_are_recognised(formula, verdict, degree):
    """Yes with the degree, no with a reason, or not known."""
    found = activation(formula).polynomial
    assert (found["verdict"], found["degree"]) == (verdict, degree) and found["reason"]
