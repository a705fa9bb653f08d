"""Facts with exp, log, roots, atan and eigenvalues; ascent points; other functions; partial programs."""

from fractions import Fraction

import pytest

from tamecheck.conservative_report import conservative


def rule(operator, value, where=None):
    """Return a rule as text."""
    condition = f'where = "{where}"\n' if where else ""
    shown = ", ".join([f'"{v}"' for v in (value if isinstance(value, (list, tuple)) else [value])])
    return f'[[rule]]\noperator = "{operator}"\n{condition}value = [{shown}]\n'


ONE = [
    # program, verdict, Clarke, spurious, restless
    ("relu(exp(x) - 2)", "clarke", True, "False", "False"),
    ("abs(exp(x) - 1)", "clarke", True, "False", "False"),
    ("max(exp(x), 1 + x)", "exact-c1", True, "False", "False"),
    ("max(exp(x), 2 + x)", "clarke", True, "False", "False"),
    ("relu(tanh(x) - x)", "exact-c1", True, "False", "False"),
    ("relu(sigmoid(x) - 1/3)", "clarke", True, "False", "False"),
    ("abs(softplus(x) - 1)", "clarke", True, "False", "False"),
    ("relu(gelu(x))", "clarke", True, "False", "False"),
    ("max(gelu(x), silu(x)) - max(silu(x), gelu(x))", "exact-c1", True, "False", "False"),
    ("abs(x)^(3/2)", "exact-c1", True, "False", "False"),
    ("abs(x - sqrt(2))", "clarke", True, "False", "False"),
    ("sqrt(1 + relu(x))", "clarke", True, "False", "False"),
    ("relu(exp(x) - 2) - relu(2 - exp(x))", "conservative", False, "x == log(2)", "False"),
    ("relu(exp(x) - x - 2) - relu(2 + x - exp(x)) + x", "conservative", False, "False", None),
    ("where(exp(x) > 3, x, log(3))", "clarke", True, "False", "False"),
    ("where(x >= 1, exp(x), x + exp(1) - 1)", "clarke", True, "False", "False"),
    ("abs(exp(x) - exp(x/2)^2)", "exact-c1", True, "False", "False"),
    ("hardswish(exp(x))", "clarke", True, "False", "False"),
]


@pytest.mark.parametrize(("program", "verdict", "clarke", "spurious", "restless"), ONE)
def test_kinks_at_zeros_of_transcendental_functions(program, verdict, clarke, spurious, restless):
    """One variable: every kink is found, with proof, also at log(2) and at zeros without a name."""
    r = conservative(program)
    assert (r.verdict, r.clarke, r.spurious) == (verdict, clarke, spurious)
    assert restless is None or r.restless == restless


@pytest.mark.parametrize(
    ("program", "kind", "where"),
    [
        ("where(exp(x) > 2, 1, 0)", "jump-curve", "log(2)"),
        ("round(tanh(x))", "jump-curve", "-log(3)/2"),
        ("sqrt(relu(exp(x) - 2))", "blow-up", "log(2)"),
        ("log(abs(exp(x) - 3))*(exp(x) - 3)", None, None),
        ("where(x > 0, exp(1/x), 0)", "jump-curve", "0"),
    ],
)
def test_jumps_and_blow_ups_at_irrational_points(program, kind, where):
    """Refutations where no segment with rational ends begins."""
    r = conservative(program)
    if kind is None:
        assert r.verdict in ("undefined", "not-conservative")
        return
    assert (r.verdict, r.witness["kind"], r.witness["at"]) == ("not-conservative", kind, [where])


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        ("where(x > 0, x*sin(1/where(x > 0, x, 1)), 0)", "unknown"),
        ("where(x > 0, sin(1/where(x > 0, x, 1)), 0)", "unknown"),
        ("where(x > 0, exp(-1/where(x > 0, x, 1)), 0)", "exact-c1"),
        ("where(x > 0, x*exp(-1/where(x > 0, x, 1)), 0*x)", "exact-c1"),
        ("where(x > 0, x*exp(1/where(x > 0, x, 1)), 0)", "not-conservative"),
        ("where(x > 0, x*atan(1/where(x > 0, x, 1)), 0)", "clarke"),
    ],
)
def test_functions_of_what_tends_to_infinity(program, verdict):
    """A denominator inside exp, sin, atan makes a piece singular at the end of its interval: x sin(1/x) is continuous and not Lipschitz."""
    assert conservative(program).verdict == verdict


def test_infinitely_many_kinks_are_not_listed():
    """|sin x| has no finite list of kinks: open, never passed over."""
    r = conservative("abs(sin(x))")
    assert r.verdict == "unknown" and "infinitely many" in r.obligations[0]


SEVERAL = [
    ("relu(exp(x + y) - 2)", "clarke"),
    ("max(exp(x + y), 3*exp(x - 2*y))", "clarke"),
    ("relu(exp(x) - 2) + relu(exp(y) - 3)", "clarke"),
    ("max(exp(x), 2) + max(exp(y), 4) - max(exp(x + y), 8)", "clarke"),
    ("relu(exp(x - y) - 2) - relu(2 - exp(x - y))", "conservative"),
    ("relu(sigmoid(x + y) - 1/2)", "clarke"),
    ("relu(tanh(x - y))", "clarke"),
    ("relu(atan(x + y) - 1)", "clarke"),
    ("relu(log(1 + x^2) - log(1 + y^2))", "clarke"),
    ("max(sqrt(x^2 + 1), y)", "clarke"),
    ("relu(sqrt(1 + x^2) - sqrt(1 + y^2))", "clarke"),
    ("relu(sqrt(x^2 + y^2 + 1) - 2)", "clarke"),
    ("relu(gelu(x)*y)", "clarke"),
    ("abs(softplus(x) - softplus(y))", "clarke"),
    ("where(exp(x + y) > 2, x + y, log(2))", "clarke"),
    ("1/(2 + sin(x*y))", "exact-c1"),
]


@pytest.mark.parametrize(("program", "verdict"), SEVERAL)
def test_kinks_of_several_variables_by_monotonicity(program, verdict):
    """exp(p) > c if and only if p > log(c); A + B sqrt(u) by squares; log, atan, erf, tanh are increasing."""
    assert conservative(program, variables=["x", "y"]).verdict == verdict


@pytest.mark.parametrize(
    ("program", "off", "on"),
    [
        ("relu(exp(x + y) - 2)", ("3/5", "0"), ("7/10", "0")),
        ("relu(2 - exp(x + y))", ("7/10", "0"), ("3/5", "0")),
        ("relu(exp(x)*exp(y) - 3*exp(2*x - y))", ("0", "1/2"), ("0", "3/5")),
        ("relu(sqrt(x^2 + y^2 + 1) - 2)", ("0", "0"), ("3", "0")),
        ("relu(2 - sqrt(x^2 + y^2 + 1))", ("3", "0"), ("0", "0")),
        ("relu(y - sqrt(x^2 + 1))", ("0", "-2"), ("0", "2")),
        ("relu(y + (1 + x^2)^(1/3))", ("0", "-2"), ("0", "-1/2")),
        ("relu(atan(x + y) - 1)", ("1", "1/5"), ("1", "1")),
        ("relu(1 - atan(x + y))", ("1", "1"), ("1", "1/5")),
        ("relu(atan(x) - atan(y))", ("0", "1"), ("1", "0")),
        ("relu(acos(x/9) - acos(y/9))", ("1", "0"), ("0", "1")),
        ("relu(erf(x*y))", ("1", "-1"), ("1", "1")),
        ("relu(log(1 + x^2) - log(2 + y^2))", ("1", "1"), ("2", "1")),
        ("relu(tanh(x - y) - 1/2)", ("1/2", "0"), ("3/5", "0")),
    ],
)
def test_pieces_are_on_their_side(program, off, on):
    """The sign that is found by monotonicity is the sign at points: 0 on one side, the formula on the other."""
    d = conservative(program, variables=["x", "y"]).decision
    shown = []
    for point in (off, on):
        p = tuple([Fraction(q) for q in point])
        piece = next(d.pieces.of(c) for c in d.pieces.space.cells if d.pieces.space.contains(c, p))
        shown.append(piece.value[0].is_zero())
    assert shown == [True, False]


@pytest.mark.parametrize("program", ["max(exp(x), y)", "relu(exp(x^2 + y^2) - 2)", "relu(exp(x) + exp(y) - 1)"])
def test_what_monotonicity_does_not_reach_is_said(program):
    """Curved kinks that are no algebraic curves stay open, and the obligation names the expression."""
    r = conservative(program, variables=["x", "y"])
    assert r.verdict == "unknown" and "the sign of" in r.obligations[0]


def test_degenerate_position_of_irrational_kinks_is_seen():
    """x = log 2, y = log 4 and x + y = log 8 meet in one point: 1 + 2 = 3 in multiples of log 2."""
    space = conservative("max(exp(x), 2) + max(exp(y), 4) - max(exp(x + y), 8)").decision.pieces.space
    corners = [c for c in space.cells if c.dimension == 0 and c.signs.count(0) >= 3]
    assert ["log(2)", "2*log(2)"] in [[str(x) for x in c.sample] for c in corners]


def test_a_wrong_tie_on_an_irrational_line_is_refuted():
    """Weights (1, 1) where exp(x + y) = 2: the disagreement is shown at an exact point."""
    r = conservative("max(exp(x + y), 2 + x - x)", rule("max", (1, 1), "x0 == x1"), variables=["x", "y"])
    assert r.verdict in ("not-conservative", "clarke", "conservative")
    r = conservative("max(exp(x)*exp(y), 2*exp(x - 3*y))", rule("max", (1, 1), "x0 == x1"), variables=["x", "y"])
    assert (r.verdict, r.witness["kind"]) == ("not-conservative", "stratum-direction")


# --------------------------------------------------------------------------------- facts


LARGEST = "(a + c)/2 + hypot((a - c)/2, b)"


@pytest.mark.parametrize(("values", "clarke"), [(("-1", "0"), True), (("3", "0"), False), (("3/5", "4/5"), True), (("3/5", "5/6"), False)])
def test_b22_the_largest_eigenvalue(values, clarke):
    """lambda_max of (a, b; b, c) at multiples of I, V = diag(1 + p, 1 - p)/2 + ...: conservative; Clarke if and only if V is semidefinite."""
    r = conservative(LARGEST, rule("hypot", values, "x0 == 0 and x1 == 0"), variables=["a", "b", "c"])
    assert (r.verdict, r.clarke) == ("clarke" if clarke else "conservative", clarke)


BCE = rule("log", "(1 - x0)/max(x0*(1 - x0), 10^-12)")


def test_c12_binary_cross_entropy():
    """torch's derivative of -log(p), its denominator clipped: from 1e-14 to 1e-13 the program changes by -log(10), the integral is -0.09."""
    r = conservative("-log(p)", BCE, variables=["p"])
    assert r.verdict == "not-conservative" and r.on_domain == {"verdict": "not-conservative", "domain": "p > 0"}
    d = r.decision
    f, point = d.pieces.field, (Fraction(1, 2 * 10**13),)
    piece = next(d.pieces.of(c) for c in d.pieces.space.cells if d.pieces.space.contains(c, point))
    assert f.text(piece.returned[0]) == "1000000000000*p-1000000000000"
    a, b = Fraction(1, 10**14), Fraction(1, 10**13)
    assert float(10**12 * (b * b - a * a) / 2 - 10**12 * (b - a)) == pytest.approx(-0.09, abs=1e-6)


def test_c13_binary_cross_entropy_of_a_sigmoid():
    """The kinks are where p (1 - p) = 1e-12, at logarithms of quadratic numbers; beyond them the rule is wrong."""
    r = conservative("-log(sigmoid(z))", BCE, variables=["z"])
    assert (r.verdict, r.witness["kind"]) == ("not-conservative", "open-cell-curve")
    assert abs(float(r.witness["delta_f_decimal"]) - float(r.witness["integral_decimal"])) > 0.1


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_c17_the_angle(framework):
    """atan2 jumps by 2 pi across the negative axis."""
    r = conservative("atan2(y, x)", framework, variables=["x", "y"])
    assert (r.verdict, r.witness["kind"], r.function["continuous"]) == ("not-conservative", "jump-curve", False)


@pytest.mark.parametrize("value", [-1, 1, "1/2", 5])
def test_d01_every_selection_of_a_finite_set(value):
    """|x| with D(0) = {-1, 1}: each selection is conservative, so is the union (P4)."""
    r = conservative("abs(x)", rule("abs", value, "x0 == 0"))
    assert r.positive and r.clarke is (value != 5)


@pytest.mark.parametrize("text", ['value = ["(-oo, oo)"]', 'value = ["R"]', "value = [[1, 2]]"])
def test_d03_rules_that_are_no_numbers_are_refused(text):
    """A value that is no compact set of numbers cannot be written."""
    from tamecheck.errors import InputError

    with pytest.raises(InputError):
        conservative("abs(x)", f'[[rule]]\noperator = "abs"\nwhere = "x0 == 0"\n{text}\n')


@pytest.mark.parametrize(
    ("program", "names", "value"),
    [
        ("relu(-t) + t", ["t"], "1"),
        ("(relu(t) + relu(-t) + t)/2", ["t"], "1/2"),
        ("relu(-t) + t - relu(t)", ["t"], "1"),
        ("relu(t) - relu(-t)", ["t"], "0"),
    ],
)
def test_a83_a84_outputs_are_selections_of_conservative_fields(program, names, value):
    """The rules are accepted, with a warning where the value is no Clarke subgradient or the critical point is an artifact."""
    r = conservative(program, rule("relu", 0, "x0 == 0"), variables=names)
    f, d = r.decision.pieces.field, r.decision
    at = next(d.pieces.of(c) for c in d.pieces.space.cells if d.pieces.space.contains(c, (Fraction(0),)))
    assert f.text(at.returned[0]) == value and r.positive
    if program == "relu(t) - relu(-t)":
        assert r.spurious == r.stuck == "t == 0" and "critical for the rules and not for the program: t == 0" in r.to_text(100)


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_a87_roots_at_zero(framework):
    """sqrt(x^2): no number at 0; sqrt: not locally Lipschitz."""
    assert conservative("sqrt(x^2)", framework).undefined_at == "x == 0"
    assert conservative("sqrt(x)", framework).function["locally_lipschitz"] is False


def test_a91_one_straight_through_estimator_anywhere():
    """A conservative program with one straight-through estimator inside is not certified."""
    assert conservative("max(x, y) - abs(x - y)", variables=["x", "y"]).positive
    r = conservative("max(x + stop_gradient(round(x) - x), y) - abs(x - y)", variables=["x", "y"])
    assert not r.positive and r.verdict == "not-conservative"


# ------------------------------------------------------------------------- ascent points


@pytest.mark.parametrize(
    ("program", "rules", "ascent"),
    [
        ("relu(x) + log1p(exp(-abs(x)))", "jax", "x == 0"),
        ("relu(x) + log1p(exp(-abs(x)))", "torch", "False"),
        ("relu(x) - relu(-x)", rule("relu", -1, "x0 == 0"), "x == 0"),
        ("relu(x) - relu(-x)", rule("relu", 1, "x0 == 0"), "False"),
        ("x^2 + 3*(relu(-x) + x - relu(x))", "torch", "False"),
        ("abs(exp(x) - 1)", rule("abs", 2, "x0 == 0"), "x == 0"),
        ("abs(exp(x) - 1)", rule("abs", -2, "x0 == 0"), "x == 0"),
        ("relu(exp(x) - 1)", rule("relu", 2, "x0 == 0"), "False"),
        ("relu(exp(x) - 1)", rule("relu", -2, "x0 == 0"), "x == 0"),
        ("max(x, y)", rule("max", (2, -1), "x0 == x1"), "x-y == 0"),
        ("max(x, y)", rule("max", ("1/2", "1/2"), "x0 == x1"), "False"),
        ("abs(x) + abs(y)", rule("abs", 2, "x0 == 0"), "y == 0 or x == 0"),
        ("relu(w2*relu(w1))", rule("relu", -7, "x0 == 0"), "w1 > 0 and w2 == 0"),
    ],
)
def test_ascent_points(program, rules, ascent):
    """Where minus what is returned is a direction of increase; A15: a step of 0.1 from 0 raises 0.69315 to 0.71846."""
    r = conservative(program, rules)
    assert r.ascent == ascent
    assert ("leads up" in r.to_text(100)) == (ascent != "False")


def test_a15_the_step_that_leads_up():
    """The number of the fact, by the program itself."""
    from math import exp, log1p

    def f(x):
        return max(x, 0) + log1p(exp(-abs(x)))

    assert (round(f(0), 5), round(f(0.05), 5)) == (0.69315, 0.71846)


def test_the_closure_of_the_rule_holds_what_is_returned_nearby():
    """x + y, returned: (1, 1) almost everywhere and at 0, (1, -2) and (-2, 1) on the axes. Their mean is 0: the origin is spurious by the closure."""
    program = "where(x == 0 and y == 0, x + y, relu(x) - relu(-x) + relu(y) - relu(-y))"
    r = conservative(program, rule("relu", -1, "x0 == 0"), variables=["x", "y"])
    assert (r.verdict, r.spurious, r.stuck) == ("conservative", "x == 0 and y == 0", "False")


def test_non_stationary_minimisers_are_listed():
    """A09: 0 is the minimiser of x^2 and 3 is returned there."""
    r = conservative("x^2 + 3*(relu(-x) + x - relu(x))")
    assert r.non_stationary_minimisers == r.restless == "x == 0"


# ------------------------------------------------------------------------ other functions


@pytest.mark.parametrize(
    ("program", "function"),
    [
        ("x*stop_gradient(x)", "x^2/2"),
        ("x - stop_gradient((x + y)/2)", "x"),
        ("x*stop_gradient(y) + y*stop_gradient(x)", "x*y"),
        ("exp(x)*stop_gradient(exp(x))", "exp(x)^2/2"),
        ("max(x, y)*stop_gradient(max(x, y))", "where(x-y < 0, y^2/2, x^2/2)"),
        ("max(x^2, y) + stop_gradient(x)", "where(x^2-y < 0, y, x^2)"),
        ("x + stop_gradient(round(x) - x)", "x"),
        ("y*stop_gradient(3) + stop_gradient(relu(x))", "3*y"),
        ("stop_gradient(softplus(x)) + x^2", "x^2"),
    ],
)
def test_the_other_function_is_named(program, function):
    """The verdict, the function, and a witness against the program; the rule is conservative for the function, decided again as a program."""
    r = conservative(program)
    verdict = "conservative-for-other" if len(r.variables) > 1 else "not-conservative"  # on the line every bounded rule has an integral
    assert (r.verdict, r.conservative_for, r.witness["conservative_for"]) == (verdict, function, function)
    assert r.clarke is False and not r.positive


@pytest.mark.parametrize(
    "program", ["x*stop_gradient(y)", "max(x, y) + min(x, y)*stop_gradient(x)", "hardshrink(x)", "where(x == 0, y - stop_gradient(y), 0)", "1/x"]
)
def test_no_other_function(program):
    """Curls, wrong strata, functions at fault: no other function is named."""
    r = conservative(program)
    assert r.verdict == "not-conservative" and r.conservative_for is None


def test_a_potential_on_the_open_cells_is_not_enough():
    """What is returned is a gradient on every open cell, but not along the tie, or not of a continuous function: no other function."""
    r = conservative("stop_gradient(x) + max(x, y)", rule("max", (1, 1), "x0 == x1"), variables=["x", "y"])
    assert (r.verdict, r.conservative_for) == ("not-conservative", None)
    r = conservative("where(x > 0, y, stop_gradient(y))", variables=["x", "y"])
    assert (r.verdict, r.conservative_for) == ("not-conservative", None)


@pytest.mark.parametrize(
    ("program", "domain", "verdict"),
    [
        ("relu(log(x))", "x > 0", "clarke"),
        ("log(x)", "x > 0", "exact-c1"),
        ("relu(log(x) - 1) - relu(1 - log(x))", "x > 0", "conservative"),
        ("log(x)*stop_gradient(x)", "x > 0", "not-conservative"),
        ("1/x + 0*y", "x != 0", "exact-c1"),
        ("x*sqrt(x)", "x > 0", "exact-c1"),
        ("log(x) + log(y)", "x > 0 and y > 0", "exact-c1"),
    ],
)
def test_the_answer_on_the_domain(program, domain, verdict):
    """A program without a value somewhere is no program on all of space; on the interior of its domain the questions have answers."""
    r = conservative(program)
    assert r.on_domain == {"verdict": verdict, "domain": domain} and not r.positive
