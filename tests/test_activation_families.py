"""Families of activations: cases with exact boundaries, and every statement about an interval holds for members of it."""

from fractions import Fraction as F

import pytest

from tamecheck.activation_families import FACTS, family_report
from tamecheck.activation_report import activation
from tamecheck.errors import InputError
from tamecheck.geometry.univariate import families
from tamecheck.ground.intervals import LINE


def cases(formula, **rest):
    """Return the cases of a family by condition."""
    return {c["condition"]: c for c in activation(formula, **rest).family["cases"]}


@pytest.mark.parametrize(
    ("formula", "fact", "expected"),
    [
        ("elu(x, a)", "smoothness", {"a < 0": "C0", "a = 0": "C0", "0 < a < 1": "C0", "a = 1": "C1", "a > 1": "C0"}),
        ("elu(x, a)", "convex", {"a < 0": "neither", "a = 0": "convex", "0 < a < 1": "convex", "a = 1": "convex", "a > 1": "neither"}),
        ("leaky_relu(x, a)", "monotone",
         {"a < 0": "no", "a = 0": "nondecreasing", "0 < a < 1": "increasing", "a = 1": "increasing", "a > 1": "increasing"}),
        ("leaky_relu(x, a)", "smoothness", {"a < 0": "C0", "a = 0": "C0", "0 < a < 1": "C0", "a = 1": "analytic", "a > 1": "C0"}),
        ("x*sigmoid(a*x)", "affine", {"a < 0": False, "a = 0": True, "a > 0": False}),
        ("x*sigmoid(a*x)", "sad", {"a < 0": True, "a = 0": True, "a > 0": True}),
        ("celu(x, a)", "smoothness", {"a < 0": "C1", "a = 0": "analytic", "a > 0": "C1"}),
        ("softplus(x, a)", "verdict", {"a < 0": "definable", "a = 0": "undefined", "a > 0": "definable"}),
        ("x + sin(a*x)^2/a", "verdict", {"a < 0": "not-definable", "a = 0": "undefined", "a > 0": "not-definable"}),
        ("log(1 + exp(x)) - a*x", "monotone", {"a <= 0": "increasing", "0 < a < 1": "no", "a >= 1": "decreasing"}),
        ("max(min(x, a), -a)", "monotone", {"a < 0": "constant", "a = 0": "constant", "a > 0": "nondecreasing"}),
        ("where(x >= a, x, 0)", "smoothness", {"a < 0": "discontinuous", "a = 0": "C0", "a > 0": "discontinuous"}),
    ],
)  # fmt: skip
def test_verdicts_change_at_exact_values(formula, fact, expected):
    """The cases of one parameter cover the line, with exact ends, and each fact is that of the family."""
    assert {c: case[fact] for c, case in cases(formula).items()} == expected


def test_powers_of_relu_have_the_smoothness_of_their_exponent():
    """relu(x)^a is C^(ceil(a) - 1) for a > 0, on every interval between integers and at them."""
    found = cases("relu(x)^a", parameters={"a": (F(1, 2), F(7, 2))})
    smooth = {c: case["smoothness"] for c, case in found.items()}
    assert smooth["1/2 < a < 1"] == "C0" and smooth["a = 1"] == "C0"
    assert smooth["1 < a < 2"] == "C1" and smooth["a = 2"] == "C1" and smooth["a = 3"] == "C2" and smooth["3 < a < 7/2"] == "C3"


def test_irrational_boundaries_are_exact():
    """x^3 + (a^2 - 2) x stops being monotone between the square roots of 2."""
    report = activation("x^3 + (a^2 - 2)*x")
    assert [c["at"] for c in report.family["changes_at"]] == [[-1.4142135623730951, -1.414213562373095], [1.414213562373095, 1.4142135623730951]]
    assert [c["monotone"] for c in report.family["cases"] if c["interval"][0] != c["interval"][1]] == ["increasing", "no", "increasing"]


FORMULAS = [
    "elu(x, a)", "leaky_relu(x, a)", "x*sigmoid(a*x)", "softplus(x, a)", "celu(x, a)", "max(min(x, a), -a)", "a*x^2 + x", "hardshrink(x, a)",
    "softshrink(x, a)", "x^3 - a*x", "log(1 + exp(x)) - a*x", "tanh(x) + a*x", "erf(a*x)", "where(x >= a, x, 0)", "where(x > 0, x, a*x^2 + x)",
    "(x - a)^2*relu(x - 1)", "exp(x) - a*exp(-x)", "max(x, a) + max(-x, a)", "where(x > 0, x^2 + a*x, x)", "abs(x - a) - abs(x + a)",
    "where(x > a, 1, where(x > 0, x, -1))", "x/(1 + a*abs(x))", "exp(-a*x^2)", "relu(x)^a", "floor(a)*x", "sign(a - x)", "sqrt(x^2 + a)",
    "1/(x^2 + a)", "log(x + a)", "where(a > 0, x, x^2)", "x*(a*x - 1)*(x - a)", "max(a*x, x)", "x^a", "asin(a*x)", "exp(a*x) - exp(x)",
]  # fmt: skip
VALUES = [F(-3), F(-1), F(-1, 2), F(0), F(1, 3), F(1), F(2), F(5, 2), F(7)]


SLOW = {"tanh(x) + a*x", "exp(a*x) - exp(x)", "log(1 + exp(x)) - a*x", "x*sigmoid(a*x)", "erf(a*x)", "exp(-a*x^2)", "softplus(x, a)"}


@pytest.mark.parametrize("formula", [pytest.param(f, marks=pytest.mark.slow) if f in SLOW else f for f in FORMULAS])
def test_what_is_said_of_an_interval_holds_for_its_members(formula):
    """Every established fact of a case agrees with the separate analysis of members inside, at special and ordinary values."""
    for case in activation(formula).family["cases"]:
        for value in [v for v in VALUES if inside(v, case)]:
            try:
                member = activation(formula, parameters={"a": value})
            except InputError:
                assert case["defined"] is not True, (value, case)
                continue
            facts = {"verdict": member.verdict, **families.facts(member.shape)}
            for name in FACTS:
                if name in facts and None not in (facts[name], case[name]) and case[name] != "unknown" and facts[name] != "unknown":
                    assert facts[name] == case[name], (name, value, case["condition"])


def inside(value, case):
    """Tell whether a value lies in the interval of a case."""
    low, high = [F(e) if isinstance(e, str) and "inf" not in e else e for e in case["interval"]]
    low, high = [F(sum(map(F, e)) / 2) if isinstance(e, list) else e for e in (low, high)]
    left = low == "-inf" or value > low or (value == low and case["closed"][0])
    return left and (high == "inf" or value < high or (value == high and case["closed"][1]))


MANY = ["hardtanh(x, lo, hi)", "s*where(x > 0, x, b*(exp(x) - 1))", "where(x > 0, s*x, b*x)", "tanh(s*x)*b", "s*relu(x) + b", "s*x^2 + b*x"]


@pytest.mark.parametrize("formula", MANY)
def test_what_is_said_under_conditions_holds_for_members(formula):
    """Several parameters: the conditions of the cases are disjoint, cover everything, and the facts hold for members."""
    from itertools import product

    from tamecheck.frontends.formula_io import load
    from tamecheck.programs.evaluate import evaluate

    report = activation(formula)
    names = list(report.family["parameters"])
    for values in product([F(-2), F(0), F(1, 2), F(1)], repeat=len(names)):
        point = dict(zip(names, values, strict=True))
        holding = []
        for case in report.family["cases"]:
            met = []
            for w in case["where"]:
                e = load(w["expression"], variables=names)
                v = float(evaluate(e.program, [e.outputs["f"]], {n: float(q) for n, q in point.items()})[0])
                met.append({"<": v < 0, "=": v == 0, ">": v > 0}[w["sign"]])
            if all(met):
                holding.append(case)
        assert len(holding) == 1, point
        facts = families.facts(activation(formula, parameters=point).shape)
        for name in FACTS:
            if name in facts and None not in (facts[name], holding[0][name]):
                assert facts[name] == holding[0][name], (name, point)


def test_what_is_open_is_evidence_at_one_value_only():
    """An open question comes with the facts at one value, marked as such, and no case claims them."""
    report = activation("x^a", parameters={"a": (F(2), None)})
    entry = report.family["open"][0]
    assert "total" in entry["questions"] and entry["sample"]["at"] == "3" and entry["sample"]["total"] is True
    (case,) = [c for c in report.family["cases"] if c["condition"] == entry["condition"]]
    assert case["total"] is None and "(at 3 only: total True" in " ".join(report.to_text().split())
    assert report.complete is False


def test_definability_of_all_members_and_jointly():
    """x^a is definable with power functions for every fixed a, and not known to be as a function of both."""
    report = activation("x^a", domain="(0,inf)", parameters={"a": (0, None)})
    assert report.verdict == "definable" and report.homes == ["R_pow"]
    learnt = activation("x^a", domain="(0,inf)", learnt=["a"])
    assert learnt.homes == ["R_exp"] and learnt.family["parameters"]["a"]["role"] == "learnt"


def test_a_refutation_of_one_member_says_nothing_about_the_others():
    """relu(x) + a sin(x) has a definable member, so the family is not called not definable."""
    report = activation("relu(x) + a*sin(x)")
    assert report.verdict == "unknown"
    assert {c["condition"]: c["verdict"] for c in report.family["cases"]}["a = 0"] == "definable"


def test_scaled_copies_have_their_lipschitz_constant():
    """tanh(a x) is a scaled copy of tanh: the exponents and the constant of one member are given."""
    case = cases("tanh(a*x)")["a > 0"]
    assert (case["scaling"]["a0"], case["scaling"]["w"], case["scaling"]["c"]) == ("1", "1", "0")
    assert case["scaling"]["lipschitz"]["value"] == "1" and case["proof"].startswith("scaling")


def test_closed_and_open_ranges():
    """The ends of a closed range are cases of their own when something changes there."""
    assert list(cases("elu(x, a)", parameters={"a": (0, 1)})) == ["a = 0", "0 < a < 1", "a = 1"]
    assert list(cases("elu(x, a)", parameters={"a": "(0,1)"})) == ["0 < a < 1"]
    assert list(cases("elu(x, a)", parameters={"a": (1, 1)})) == ["a = 1"]


def test_the_report_of_a_family_prints():
    """repr, text within 80 columns, JSON; members are reports; there is no single graph."""
    import json

    report = activation("elu(x, alpha)")
    assert repr(report) == "<family elu(x, alpha): definable (R_exp); 5 cases, 0 open>"
    assert all(len(line) <= 80 for line in report.to_text().splitlines())
    assert json.loads(json.dumps(report.to_json())) == report.to_json()
    assert report.smoothness == "C0" and report.complete
    assert report.member(alpha=1).smoothness == "C1"
    with pytest.raises(InputError, match="TC157"):
        report.plot()
    assert "&lt;" in report._repr_html_()


@pytest.mark.parametrize(
    ("rest", "first"),
    [
        ({"parameters": {"b": (0, 1)}}, "TC154 'b' is no parameter of the formula"),
        ({"parameters": {"a": 1}, "learnt": ["a"]}, "TC154 'a' has a value and cannot be learnt"),
        ({"parameters": {"a": (3, 2)}}, "TC121 the interval from 3 to 2 is empty"),
        ({"parameters": {"a": "one"}}, "TC101 'one' is no number"),
    ],
)
def test_bad_parameters_are_refused(rest, first):
    """A clear message with its code."""
    with pytest.raises(InputError) as caught:
        activation("elu(x, a)", **rest)
    assert str(caught.value).startswith(first)


def test_a_guard_against_expressions_that_vanish_for_one_value():
    """exp(a x) - exp(x) is zero for a = 1 although no coefficient vanishes: the interval is split there."""
    found = cases("exp(a*x) - exp(x)")
    assert found["a = 1"]["affine"] is True and found["a = 1"]["monotone"] == "constant"


def test_a_report_of_many_parameters_stays_small():
    """More conditions than can be listed are left open, not guessed."""
    report = family_report("a*x + b*relu(x) + c*relu(-x) + d*x^2", "x", None, {}, dict.fromkeys("abcd", LINE), [])
    assert len(report.family["cases"]) <= 27 and report.verdict == "definable"


def test_constants_are_read_only_where_they_are_defined():
    """1/(a - 1/2) has no zero on (0, 1), and no sign either: the interval is split at the pole."""
    from tamecheck.geometry.univariate.expressions import Algebra
    from tamecheck.geometry.univariate.parameters import Oracle, Split

    line, k = Algebra(), Algebra()
    k.oracle = Oracle(k, "a", line.zero, line.one, line)
    with pytest.raises(Split) as caught:
        k.oracle.sign(k.power(k.sub(k.oracle.atom, k.number(F(1, 2))), -1))
    assert [p.rational for p in caught.value.points] == [F(1, 2)]


def test_several_parameters_may_make_an_expression_vanish():
    """exp(a x) - exp(b x) vanishes identically where a = b: the analysis has to branch before it counts zeros."""
    from tamecheck.geometry.univariate.expressions import Algebra
    from tamecheck.geometry.univariate.guards import Branch, Guards

    k = Algebra()
    k.oracle = Guards(k, {"a": (None, None), "b": (None, None)}, [])
    a, b = k.oracle.atoms.values()
    with pytest.raises(Branch):
        k.oracle.never_vanishes(k.sub(k.exp(k.mul(a, k.x)), k.exp(k.mul(b, k.x))), None, None)


def test_impossible_and_redundant_conditions_are_left_out():
    """Of hardtanh only hi > lo is interesting; conditions that follow from others are not shown."""
    conditions = [c["condition"] for c in activation("hardtanh(x, lo, hi)").family["cases"]]
    assert "hi > lo" in conditions and len(conditions) <= 9
    assert all(condition.count(" and ") <= 1 for condition in conditions)


def test_no_range_is_the_whole_line():
    """A parameter without a range, or with ``None``, ranges over all numbers."""
    assert activation("a*x", parameters={"a": None}).family["cases"] == activation("a*x").family["cases"]
