"""Certified zeros of analytic systems; critical values of functions with exp, log, tanh, erf, atan."""

import random
from fractions import Fraction as Q

import pytest
from flint import arb

from tamecheck.critical_boxes import certified
from tamecheck.critical_report import critical
from tamecheck.geometry.critical_values import krawczyk, multipliers
from tamecheck.geometry.critical_values.coercive import coercive
from tamecheck.geometry.critical_values.critical_graph import graph
from tamecheck.geometry.critical_values.fixed_intervals import Fixed, Unbounded
from tamecheck.geometry.critical_values.krawczyk import zeros
from tamecheck.geometry.critical_values.linear_variables import reduce
from tamecheck.geometry.critical_values.multipliers import values_at_infinity
from tamecheck.geometry.critical_values.residuals import independent, residuals
from tamecheck.geometry.critical_values.smooth_programs import NotSmooth, Smooth, _needed
from tamecheck.ground.grammar import parse


def system(equations, names):
    """Return a program with several outputs."""
    program = Smooth(names)
    outputs = []
    for text in equations:
        g = graph(parse(text), names)
        place = {}
        for k in _needed(g):
            place[k] = program._copy(g.operations[k], place)
        outputs.append(place[g.root])
    program.outputs = outputs
    return program


@pytest.mark.parametrize(
    ("equations", "points"),
    [
        (["exp(x)-y-2", "x^2+y^2-4"], [(-1.103225312662688, -1.668200800113797), (1.266381652825669, 1.547991443576652)]),
        (
            ["exp(x*y)+x-2*y", "x^2*y-exp(x-y)+1/2"],
            [(-1.401435144923734, -0.1140553337757339), (-0.3479662672402182, 0.279654127966773), (0.3539975781638574, 0.8533317240109062)],
        ),
        (["tanh(x)-2*y", "atan(y)-x"], [(0, 0)]),
        (["x^2+y^2+1", "x-y"], []),
    ],
)
def test_all_zeros_in_a_box(equations, points):
    """The number of zeros is certified, and the enclosures hold the published digits."""
    result = zeros(system(equations, ["x", "y"]), [(Q(-3), Q(3))] * 2)
    assert result.complete and len(result.zeros) == len(points)
    for z, expected in zip(result.zeros, points, strict=True):
        for (low, high), x in zip(z.ends(), expected, strict=True):
            assert high - low < Q(1, 10**30) and abs(float(low) - x) < 1e-12


def test_degenerate_zeros_stay_open():
    """A double zero cannot be certified by this method, and is not."""
    result = zeros(system(["(x-y)^2+x^2", "x+y"], ["x", "y"]), [(Q(-1), Q(1))] * 2, boxes=400)
    assert not result.zeros and result.open
    assert all([low <= 0 <= high for low, high in result.open[0]])


def test_curves_of_zeros_stay_open():
    """A set of zeros of positive dimension ends as an open region that holds it."""
    result = zeros(system(["x^2+y^2-1", "2*x^2+2*y^2-2"], ["x", "y"]), [(Q(-2), Q(2))] * 2, boxes=300)
    assert not result.complete and not result.zeros


def test_zeros_on_the_boundary_are_not_counted():
    """Whether a zero on the boundary belongs to the box cannot be seen in an enclosure."""
    result = zeros(system(["exp(x)-1", "y-x"], ["x", "y"]), [(Q(0), Q(1)), (Q(-1), Q(1))])
    assert len(result.zeros) == 1 and result.zeros[0].ends()[0] == (0, 0) or result.open


def test_the_certificate_is_needed(monkeypatch):
    """Guard: if every image counted as inside, zeros would be certified where there are none."""
    program = ["x^2-2*x*y+2*y^2+1/10", "x-y/2"]
    assert zeros(system(program, ["x", "y"]), [(Q(-3), Q(3))] * 2).zeros == []
    monkeypatch.setattr(krawczyk, "_inside", lambda inner, outer: True)
    assert zeros(system(program, ["x", "y"]), [(Q(-3), Q(3))] * 2).zeros != []


def test_uniqueness_boxes_hold_one_zero():
    """In the box of uniqueness of each zero there is no other of the list."""
    result = zeros(system(["x^3-x-y/10", "y^3-y+x/7"], ["x", "y"]), [(Q(-2), Q(2))] * 2)
    assert result.complete and len(result.zeros) == 9
    one = 1 << krawczyk.PLACES
    for z in result.zeros:
        inside = [o for o in result.zeros if all([Q(a, one) <= p and q <= Q(b, one) for (p, q), (a, b) in zip(o.ends(), z.unique, strict=True)])]
        assert inside == [z]


def test_intervals_hold_the_values():
    """Enclosures over boxes hold the values at points, for all operations and all signs."""
    fixed = Fixed(64)
    source = random.Random(1)
    formulas = ["x*y-x/(2+y^2)", "exp(x)-log(4+y)", "tanh(x*y)+atan(y)", "1/(1+exp(-x-y))", "softplus(x)*erf(y)", "x^3-y^4+x^2*y", "sqrt(5+x)*y"]
    for text in formulas:
        program = Smooth.of(graph(parse(text), ["x", "y"]))
        program.outputs = [program.outputs[0], *program.gradient()]
        order = program.order()
        for _ in range(30):
            ends = [sorted([Q(source.randint(-200, 200), 100) for _ in range(2)]) for _ in range(2)]
            box = [(fixed.number(a)[0], fixed.number(b)[1]) for a, b in ends]
            point = [a + (b - a) * Q(source.randint(0, 10), 10) for a, b in ends]
            wide = program.values(fixed, box, order)
            narrow = program.values(fixed, [fixed.number(p) for p in point], order)
            rows = program.derivatives(fixed, wide, order)
            for k, output in enumerate(program.outputs):
                assert wide[output][0] <= narrow[output][1] and narrow[output][0] <= wide[output][1]
                if k == 0:
                    # two ways: the symbolic gradient and forward derivatives
                    for i, symbolic in enumerate(program.outputs[1:]):
                        low, high = rows[output][i] or (0, 0)
                        assert low <= narrow[symbolic][1] and narrow[symbolic][0] <= high


def test_division_by_an_interval_with_zero_is_refused():
    """Guard: such a quotient is not defined on the box."""
    fixed = Fixed(64)
    with pytest.raises(Unbounded):
        fixed.div((1, 2), (-1, 1))
    with pytest.raises(Unbounded):
        Smooth.of(graph(parse("log(x)"), ["x"])).values(fixed, [(-fixed.one, fixed.one)], [0, 1])


def test_constants_are_enclosed():
    """pi and 2/sqrt(pi) at the precision of the arithmetic."""
    fixed = Fixed(160)
    low, high = fixed.constant("pi", arb.pi)
    assert low < high and high - low < 1 << 40


def test_linear_variables_are_eliminated():
    """Output weights leave the system of the gradient."""
    program = Smooth.of(graph(parse("(u*tanh(w)-1)^2+(u*tanh(2*w)-3)^2+u^2"), ["u", "w"]))
    program.outputs = program.gradient()
    small = reduce(program)
    assert small.kept == [1] and small.eliminated == [0] and len(small.program.outputs) == 1 and len(small.slopes) == 1


def test_residuals_of_a_sum_of_squares():
    """The residuals are read off, and independence of their gradients is certified."""
    program = Smooth.of(graph(parse("(x-1)^2+2*(y+x)^2"), ["x", "y"]))
    assert len(residuals(program)) == 2
    assert residuals(Smooth.of(graph(parse("(x-1)^2-(y+x)^2"), ["x", "y"]))) is None
    fixed = Fixed(64)
    one = fixed.one
    assert independent(fixed, [[(one, one), (0, 0)], [(one, one), (one, 2 * one)]])
    assert not independent(fixed, [[(one, one), (0, 0)], [(one, one), (-one, one)]])


@pytest.mark.parametrize(
    ("formula", "finite", "infinite"),
    [
        ("x*exp(-x)", ["exp(-1)"], ["0"]), ("1/(1+exp(-x))", [], ["0", "1"]), ("tanh(x)^2", ["0"], ["1"]),
        ("sigmoid(x)*(1-sigmoid(x))", ["1/4"], ["0"]),
        ("log(1+exp(-x))+log(1+exp(x))", ["2*log(2)"], []), ("(tanh(x)-1)^2", [], ["0", "4"]), ("atan(x)", [], ["-pi/2", "pi/2"]),
        ("softplus(x)", [], ["0"]),
        ("exp(-x)", [], ["0"]), ("log(1+x^2)", ["0"], []), ("x/sqrt(1+x^2)", [], ["-1", "1"]), ("tanh(x)", [], ["-1", "1"]),
        ("gelu(x)", ["-0.16997120748"], ["0"]), ("silu(x)", ["-0.278464542761"], ["0"]), ("exp(x)+x^2", ["0.827184026128"], []),
    ],
)  # fmt: skip
def test_one_variable(formula, finite, infinite):
    """Finite values and limits are complete on the whole line."""
    report = critical(formula)
    assert report.complete, report.open
    assert report.values("smooth") == finite and sorted({v["value"] for v in report.asymptotic}) == sorted(infinite)


def _softsign(e):
    return f"(({e})/(1+abs({e})))"


SOFTSIGN_NET = f"(12*{_softsign('3-2*' + _softsign('x+2') + '-2*' + _softsign('2-x'))}-3-x^2)^2"


@pytest.mark.parametrize(
    ("formula", "values", "dimension", "infimum", "attained"),
    [
        ("silu(x)-silu(-x)", [], None, "-inf", False), ("gelu(x)-gelu(-x)", [], None, "-inf", False),
        ("softplus(x)-softplus(-x)", [], None, "-inf", False), ("mish(x)-mish(-x)", [], None, "-inf", False),
        ("x*silu(x)+(-x)*silu(-x)", ["0"], 0, "0", True), ("x*relu(x)+(-x)*relu(-x)", ["0"], 0, "0", True),
        (SOFTSIGN_NET, ["0"], 1, "0", True),
    ],
    ids=["swish", "gelu", "softplus", "mish", "swiglu", "reglu", "softsign net"],
)  # fmt: skip
def test_identities_of_activations(formula, values, dimension, infimum, attained):
    """Differences that are x, gated units that are x^2, and the softsign net that fits x^2 exactly on [-2, 2]: its zero loss is attained."""
    report = critical(formula)
    assert report.complete and report.values("clarke") == values and report.asymptotic == []
    assert dimension is None or report.clarke[0]["dimension"] == dimension
    assert (report.infimum["value"], report.infimum["attained"]) == (infimum, attained)


def test_infinitely_many_critical_values_are_refused():
    """x + 2 sin x has no finite list, and none is claimed."""
    report = critical("x+2*sin(x)")
    assert not report.complete and any("infinitely many" in text for text in report.open) and report.epsilon is None


@pytest.mark.parametrize(
    ("formula", "finite", "infinite", "complete", "infimum", "attained", "epsilon"),
    [
        ("y*exp(x)", [], ["0"], True, "-inf", False, None), ("exp(x)-x*y", ["1"], [], False, "-inf", False, None),
        ("exp(x)+exp(y)", [], ["0"], True, "0", False, "inf"), ("(a/(1+exp(-w))-1)^2", ["0"], ["0", "1"], True, "0", True, "1"),
        ("(tanh(w)-1)^2+u^2", [], ["0", "4"], True, "0", False, "4"), ("atan(x)+y^2", [], ["-pi/2", "pi/2"], False, None, None, None),
        ("softplus(x)+x^2+y^2", ["0.63757895383"], [], True, "0.63757895383", True, "inf"), ("exp(x)*(1+y^2)", [], ["0"], True, "0", False, "inf"),
    ],
)  # fmt: skip
def test_several_variables_on_the_whole_space(formula, finite, infinite, complete, infimum, attained, epsilon):
    """Where the equations separate, the finite values are complete; an identity or coercivity closes those at infinity."""
    report = critical(formula)
    assert report.values("smooth") == finite and sorted(report.values("asymptotic")) == sorted(infinite) and report.complete is complete
    assert (report.infimum["value"], report.infimum["attained"]) == (infimum, attained)
    assert (None if report.epsilon is None else report.epsilon["value"]) == epsilon


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        ("y*exp(x)", [0]), ("exp(x)+exp(y)", [0]), ("(a*sigmoid(w)-1)^2", [0, 1]), ("(tanh(w)-1)^2+u^2", [0, 4]), ("(u*v*w*z-1)^2", [0, 1]),
        ("exp(x)-x*y", None), ("x+y", None),
    ],
)  # fmt: skip
def test_identities_bound_the_values_at_infinity(formula, values):
    """P(f) = sum of multipliers times derivatives, with multipliers of linear growth where f is bounded."""
    found = values_at_infinity(Smooth.of(graph(parse(formula), parse(formula).names())))
    assert found == values if values is not None else found in (None, [])


def test_multipliers_must_be_bounded(monkeypatch):
    """Guard: with an exponential as a bounded function a value would be lost or invented."""
    formula = "exp(x)-x*y"
    assert values_at_infinity(Smooth.of(graph(parse(formula), ["x", "y"]))) is None
    with_weights = "(a*sigmoid(w)-1)^2"
    monkeypatch.setattr(multipliers, "residuals", lambda program: None)
    monkeypatch.setattr(multipliers, "BOUNDED", frozenset())
    assert values_at_infinity(Smooth.of(graph(parse(with_weights), ["a", "w"]))) is None


@pytest.mark.parametrize(
    ("formula", "answer"),
    [
        ("softplus(x)+x^2+y^2", True), ("(u*tanh(w)-1)^2+(u^2+w^2)/10", True), ("exp(x)+x^2", True), ("tanh(x*y)+x^4+y^4-3*x^3*y", None),
        ("exp(x)+y^2", False),
        ("x^2-y^2+exp(x)", False), ("x^2+y^2-exp(x)", False), ("x^2+x*y+y^2+atan(x)", True), ("x^2+2*x*y+y^2+erf(x)", False),
    ],
)  # fmt: skip
def test_coercive_functions(formula, answer):
    """A definite leading form and terms that are bounded below."""
    found = coercive(Smooth.of(graph(parse(formula), parse(formula).names())))
    assert found is (answer if answer is not None else False)


@pytest.mark.parametrize("formula", ["log(x)+y^2*exp(y)", "exp(y)/x+x", "sqrt(x)*exp(x)+y^2", "exp(x)/(x+y)"])
def test_functions_that_are_not_defined_everywhere_are_not_closed(formula):
    """Guard: the argument for the whole space needs a function that is analytic on it."""
    report = critical(formula, box=None, kind="smooth")
    assert not report.complete and report.method == "certified"


@pytest.mark.parametrize(
    ("formula", "infimum"), [("x**y", None), ("log(x)+log(y)-x-y", "-inf"), ("exp(x+y)*sqrt(x)", None), ("log(x*y)+x^2", "-inf")]
)
def test_curves_stay_in_the_domain(formula, infimum):
    """Guard: a limit along a curve counts only where the function is defined: x**y is positive."""
    report = critical(formula, box={"x": (Q(1, 2), 2), "y": (Q(1, 2), 2)})
    assert report.infimum["value"] == infimum


def test_a_box_is_searched_and_said():
    """Without a box the default one is named; with one the answer is closed."""
    formula = "softplus(x)+x^2+y^2+erf(x*y)"
    inside = critical(formula, box={"x": (-3, 3), "y": (-3, 3)}, kind="smooth")
    assert inside.complete and len(inside.smooth) == 1
    default = critical(formula, kind="smooth")
    assert not default.complete and any("outside the box" in text for text in default.open)


def test_a_logistic_neuron_in_two_variables():
    """One weight and one bias, three data: exactly one critical point, certified."""
    formula = "(sigmoid(b)-1/4)^2+(sigmoid(w+b)-1/2)^2+(sigmoid(2*w+b)-4/5)^2"
    report = critical(formula, ["w", "b"], box={"w": (0, 3), "b": (-3, 1)}, kind="smooth")
    assert report.complete and len(report.smooth) == 1 and report.smooth[0]["exact"] is False


def test_the_neuron_with_three_parameters():
    """The exact interpolation u = 5/2, w = log(9/4), b = -log 9 is the only critical point in the published box."""
    formula = "(u/(1+exp(-b))-1/4)^2+(u/(1+exp(-(w+b)))-1/2)^2+(u/(1+exp(-(2*w+b)))-9/10)^2"
    result, points = certified(graph(parse(formula), ["u", "w", "b"]), [(Q(1, 5), Q(3)), (Q(1, 10), Q(3)), (Q(-3), Q(3))])
    assert result.complete and len(points) == 1
    assert [round(p[0], 5) for p in points[0]["point"]] == [2.5, 0.81093, -2.19722]
    assert points[0]["value"]["enclosure"][0] <= 0 <= points[0]["value"]["enclosure"][1]


@pytest.mark.parametrize("formula", ["exp(x)+abs(y)", "floor(x)*exp(y)", "max(exp(x), y)"])
def test_what_is_not_analytic_stays_open(formula):
    """Nothing is claimed for functions that this engine cannot treat."""
    report = critical(formula)
    assert not report.complete and report.smooth == [] and report.open


def test_not_smooth_is_an_error_inside():
    """The program refuses operations it has no enclosure for."""
    with pytest.raises(NotSmooth):
        Smooth.of(graph(parse("abs(x)*exp(x)"), ["x"]))
