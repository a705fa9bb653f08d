"""Critical values of piecewise rational functions: on strata, smooth, Clarke's, of automatic differentiation; infimum and threshold."""

import json
import random
from fractions import Fraction

import pytest

from tamecheck.commands import critical as command
from tamecheck.critical_report import critical
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.geometry.cad.systems import Systems
from tamecheck.geometry.critical_values.critical import Analysis, distinct_values
from tamecheck.geometry.critical_values.critical_graph import graph
from tamecheck.geometry.critical_values.critical_pieces import Pieces
from tamecheck.geometry.critical_values.critical_rules import Rules, as_rules
from tamecheck.ground.grammar import parse
from tamecheck.ground.polynomials import Ring, read

NETS = [
    (
        "(relu(u)+relu(v)-1)^2+(relu(-u)+relu(-v)-2)^2", "u,v",
        {"++": "4", "+0": "4", "+-": "0", "0+": "4", "00": "5", "0-": "1", "-+": "0", "-0": "1", "--": "1"},
        {"+0": "4", "0+": "4", "00": "5", "0-": "1", "-0": "1"},
    ),
    (
        "(relu(u)+relu(v)-1)^2", "u,v",
        {"++": "0", "+0": "0", "+-": "0", "0+": "0", "00": "1", "0-": "1", "-+": "0", "-0": "1", "--": "1"},
        {"+0": "0", "0+": "0", "00": "1", "0-": "1", "-0": "1"},
    ),
    (
        "(relu(u)-relu(v)-1)^2+(2*relu(u)-2*relu(v)-2)^2+(relu(-u)-relu(-v))^2", "u,v",
        {"++": "0", "+0": "0", "+-": "", "0+": "", "00": "5", "0-": "", "-+": "", "-0": "", "--": "5"},
        {"+0": "0", "0+": "", "00": "5", "0-": "", "-0": ""},
    ),
    ("(v*relu(w)-1)^2+(v*relu(-w)+1)^2", "w,v", {"+": "1", "0": "2", "-": "1"}, {"0": "2"}),
    (
        "(leaky_relu(w+b,0.1)-1)^2+(leaky_relu(b-w,0.1)-1)^2", "w,b",
        {"++": "0", "+0": "1", "+-": "", "0+": "1", "00": "2", "0-": "", "-+": "", "-0": "", "--": ""},
        {"+0": "", "0+": "", "00": "", "0-": "", "-0": ""},
    ),
    ("(a*w^2-1)^2+(4*a*w^2-2)^2", "a,w", {"all": "4/17 5"}, {}),
]  # fmt: skip


def analysed(formula, names, rules=None):
    """Return the critical sets of a formula."""
    return Analysis(Pieces(graph(parse(formula), list(names)), rules)).run()


def texts(values):
    """Return exact values as one text."""
    return " ".join([str(v) for v in values])


@pytest.mark.parametrize(("formula", "names", "strata", "clarke"), NETS, ids=[n[0][:28] for n in NETS])
def test_losses_of_small_nets_stratum_by_stratum(formula, names, strata, clarke):
    """Critical values on every face of the breakpoints, and which of them are Clarke's, are the published ones."""
    sets = analysed(formula, names.split(","))
    assert not sets.open and not sets.discontinuous
    for key, expected in strata.items():
        assert texts(distinct_values(sets.strata.get(key, []))) == expected, key
    for key, expected in clarke.items():
        assert texts(distinct_values([c for c in sets.clarke if c.face.key == key])) == expected, key


def test_a_max_pool_keeps_one_of_two_values():
    """Of two irrational critical values on the ridge of a maximum, Clarke's condition keeps one."""
    sets = analysed("max(x^2+y^2-1,2*x)", "xy")
    ridge = distinct_values(sets.strata["0"])
    assert [v.polynomial.coeffs() for v in ridge] == [[-4, -4, 1]] * 2 and [v.sign() for v in ridge] == [-1, 1]
    assert distinct_values(sets.clarke) == ridge[:1]
    assert distinct_values(sets.smooth) == []


@pytest.mark.parametrize(
    ("formula", "smooth", "clarke"),
    [
        ("abs(x)", "", "0"), ("abs(x^2-1)", "1", "0 1"), ("max(0,1-x)+x^2/2", "", "1/2"), ("(relu(w)-1)^2/2", "0 1/2", "0 1/2"),
        ("abs(x)-abs(y)", "", "0"), ("abs(y^2-x^3)", "0", "0"), ("max(x, -x, 2*x)", "", "0"), ("relu(x)^2", "0", "0"), ("x+abs(x)/2", "", ""),
        ("abs(x^2+y^2)+z^2", "0", "0"), ("abs(x^2+y^2)+z", "", ""), ("abs((x-1)^2+y^2*z^2)+x^2", "1/2", "1/2"),
        ("1/x+x", "-2 2", "-2 2"), ("1/x+x+abs(y)", "", "-2 2"), ("abs(x+y+z)+abs(x)+abs(y)+abs(z)", "", "0"), ("max(x,y)-min(x,y)+x+y", "", ""),
        ("max(abs(x), abs(y))", "", "0"), ("min(abs(x), abs(y))", "", "0"), ("where(x > 0, x^3, x^5)", "0", "0"), ("clamp(x, 0, 1)", "0 1", "0 1"),
    ],
)  # fmt: skip
def test_values_known_by_hand(formula, smooth, clarke):
    """Kinks, corners, ridges and plateaus."""
    sets = analysed(formula, parse(formula).names())
    assert (texts(distinct_values(sets.smooth)), texts(distinct_values(sets.clarke))) == (smooth, clarke)


def test_himmelblau_has_nine_critical_points():
    """None of the nine is lost, and each is certified by exact signs."""
    report = critical("(x^2+y-11)^2+(x+y^2-7)^2")
    assert sum([len(e["points"]) for e in report.smooth]) == 9
    assert len(report.smooth) == 6  # the four minima share the value 0
    assert report.complete and report.asymptotic == []


@pytest.mark.parametrize(
    ("formula", "rules", "expected"),
    [
        ("(relu(w)-relu(-w)-1)^2/2", None, "0 1/2"), ("relu(w)-relu(-w)", None, "0"), ("abs(x)+x/2", "jax", "0"), ("relu(-t)+t-relu(t)", None, "0"),
        ("relu(w+b)-relu(-w-b)", None, "0"), ("x+leaky_relu(y,0.1)*0", None, ""), ("max(x,0)+2*x", Rules({}, {"max": (-2, 0)}), "0"),
    ],
)  # fmt: skip
def test_automatic_differentiation_finds_artificial_critical_points(formula, rules, expected):
    """Rules are data: what they return at kinks decides where a subgradient method can stop."""
    assert texts(distinct_values(analysed(formula, parse(formula).names(), rules).ad)) == expected


@pytest.mark.parametrize(
    ("formula", "framework", "returned"),
    [
        ("relu(x)", "torch", "0"), ("abs(x)", "torch", "0"), ("abs(x)", "jax", "1"), ("leaky_relu(x, 0.1)", "torch", "1/10"),
        ("relu6(6+x)", "torch", "0"),
        ("hardtanh(1+x)", "torch", "0"), ("hardtanh(x-1)", "torch", "0"), ("clamp(x, 0, 1)", "torch", "1"), ("max(x, -x)", "torch", "0"),
        ("max(2*x, x)", "jax", "3/2"), ("hardtanh(3*x-2, -2, 5)", "torch", "0"), ("leaky_relu(-x, 0.1)", "torch", "-1/10"),
    ],
)  # fmt: skip
def test_what_frameworks_return_at_a_kink(formula, framework, returned):
    """At x = 0 the gradient is what the measured rule book says."""
    pieces = Pieces(graph(parse(formula), ["x"]), framework)
    (kink,) = [f for f in pieces.faces if f.dimension == 0 and f.cells[0].sample[0] == 0]
    top, bottom = kink.gradient[0]
    assert str(Fraction(int(top.coeffs()[0]) if len(top) else 0, int(bottom.coeffs()[0]))) == returned
    assert as_rules(framework).name.startswith(framework)


def test_a_rule_that_is_not_conservative_is_reported():
    """With derivative 0 for stop_gradient f varies on the set where AD returns 0: that is said, not listed."""
    sets = analysed("where(x==0, stop_gradient(y), x+y)", "xy")
    assert any("not conservative" in text for text in sets.open)


def test_discontinuous_functions_have_no_clarke_values_at_the_jump():
    """At a jump nothing is claimed."""
    report = critical("where(x>0, x^2+1, x^2)", ["x"])
    assert not report.complete and any("not continuous" in text for text in report.open)


@pytest.mark.parametrize(
    ("formula", "infimum", "attained", "epsilon"),
    [
        ("x^2+(x*y-1)^2", "0", False, "1"), ("abs(x)-abs(y)", "-inf", False, None), ("(relu(w)-1)^2/2", "0", True, "1/2"),
        ("(x^2+y-11)^2+(x+y^2-7)^2", "0", True, "root"), ("x^2+y^2+1", "1", True, "inf"), ("x^4*y^2+x^2*y^4-3*x^2*y^2+1", "0", True, "1"),
        ("1/(1+x^2)", "0", False, "1"), ("x^3-3*x", "-inf", False, None), ("(u*v*w-1)^2", "0", True, "1"), ("(x^2-2)^2-x", "root", True, "root"),
    ],
)  # fmt: skip
def test_infimum_and_threshold(formula, infimum, attained, epsilon):
    """The infimum is exact, it is known whether it is attained, and the threshold is the gap to the next critical value."""
    report = critical(formula)
    assert report.complete, report.open
    assert report.infimum["value"].split("(")[0] == infimum and report.infimum["attained"] is attained
    assert (None if report.epsilon is None else report.epsilon["value"].split("(")[0]) == epsilon


def test_critical_sets_of_positive_dimension():
    """The zero set of a deep linear net is a surface, its dead part a curve."""
    report = critical("(u*v*w-1)^2", ["u", "v", "w"])
    assert [(e["value"], e["dimension"], e["components"]) for e in report.smooth] == [("0", 2, 4), ("1", 1, 1)]
    assert len(report.smooth[0]["points"]) == 4
    assert [e["components"] for e in critical("(x*y-1)^2").smooth if e["dimension"]] == [2]
    assert [e["components"] for e in critical("(x^2+y^2-1)^2*(x^2+y^2-4)^2").smooth if e["dimension"]] == [2, 1]


MOVES = [("x+2", "y-3"), ("(3*x+4*y)/5", "(4*x-3*y)/5"), ("2*x", "2*y"), ("y", "x")]


@pytest.mark.parametrize("move", MOVES, ids=["translation", "reflection", "scaling", "exchange"])
@pytest.mark.parametrize("formula", ["(relu(x)+relu(y)-1)^2+x^2", "x^3-3*x*y^2+x", "max(x^2+y^2-1,2*x)", "x^2+(x*y-1)^2"])
def test_values_do_not_change_under_similarities(formula, move):
    """Critical values, finite and at infinity, belong to the function and not to the coordinates."""
    moved = formula.replace("x", "X").replace("maX", "max").replace("y", "Y").replace("X", f"({move[0]})").replace("Y", f"({move[1]})")
    a, b = critical(formula, ["x", "y"]), critical(moved, ["x", "y"])
    assert a.complete and b.complete
    for kind in ("smooth", "clarke"):
        assert a.values(kind) == b.values(kind)
    inside = [{v["value"] for v in r.asymptotic if v["sense"] == "clarke"} for r in (a, b)]
    assert inside[0] == inside[1]


@pytest.mark.parametrize("formula", ["x^2*(x-1)^2+y^2", "abs(x^2-1)+y^2", "(x*y-1)^2"])
def test_adding_a_constant_moves_all_values(formula):
    """f + 5/3 has the values of f, plus 5/3."""
    a, b = [analysed(f, "xy") for f in (formula, formula + "+5/3")]
    assert [v + Fraction(5, 3) for v in distinct_values(a.clarke)] == distinct_values(b.clarke)


@pytest.mark.parametrize(("f", "g"), [("x^3-3*x", "(y^2-1)^2"), ("abs(x)-x^2", "y^2+abs(y-1)"), ("max(x,1-x)^2", "y^3-y")])
def test_sums_of_separate_functions(f, g):
    """The Clarke critical values of f(x) + g(y) are the sums of those of f and g."""
    one, two, both = analysed(f, "x"), analysed(g, "y"), analysed(f"{f}+{g}", "xy")
    sums = sorted({a + b for a in distinct_values(one.clarke) for b in distinct_values(two.clarke)})
    assert distinct_values(both.clarke) == sums


def test_random_gradients_agree_with_the_sets():
    """Evidence: at random rational points the gradient vanishes only where the critical set says so."""
    source = random.Random(5)
    for _ in range(12):
        terms = [f"{source.randint(-3, 3)}*x^{i}*y^{j}" for i in range(4) for j in range(4 - i)]
        formula = "+".join(terms).replace("+-", "-")
        ring = Ring(("x", "y"))
        p, _ = read(ring, formula)
        if p.is_constant():
            continue
        slopes = [p.derivative(0), p.derivative(1)]
        found = Systems(ring).solve(slopes)
        for s in found:
            assert [s.sign(q) for q in slopes] == [0, 0]
            value = s.value(p)
            assert value.sign_of(value.polynomial) == 0
        # Newton's iteration in floating point finds no critical point that is not listed
        listed = [[float(c.ball(64).mid().str(17, radius=False)) for c in s.coordinates()] for s in found if s.dimension == 0]
        if any([s.dimension for s in found]):
            continue
        for _ in range(10):
            end = _newton(slopes, [source.uniform(-3, 3), source.uniform(-3, 3)])
            if end is not None:
                assert min([abs(a - end[0]) + abs(b - end[1]) for a, b in listed]) < 1e-4, (formula, end)


def _newton(slopes, point):
    values = [[(e, int(c)) for e, c in zip(p.monoms(), p.coeffs(), strict=True)] for p in slopes]
    hessian = [[[(e, int(c)) for e, c in zip(q.monoms(), q.coeffs(), strict=True)] for q in (p.derivative(0), p.derivative(1))] for p in slopes]

    def at(terms, x):
        return sum([c * x[0] ** int(e[0]) * x[1] ** int(e[1]) for e, c in terms])

    for _ in range(80):
        a, b = [at(t, point) for t in values]
        (p, q), (r, s) = [[at(t, point) for t in row] for row in hessian]
        d = p * s - q * r
        if abs(d) < 1e-6 or max(abs(point[0]), abs(point[1])) > 50:
            return None
        step = ((a * s - b * q) / d, (p * b - r * a) / d)
        point = [point[0] - step[0], point[1] - step[1]]
        if abs(step[0]) + abs(step[1]) < 1e-13:
            return point
    return None


@pytest.mark.parametrize(
    ("formula", "variables", "code"),
    [
        ("x^2+y", ["x"], "TC102"), ("x^2+", None, "TC101"), ("3", None, "TC102"), ("x^2", ["x", "x"], "TC102"), ("forall y: y > x", None, "TC150"),
        ("x^100", None, "TC151"), ("1/(x-x)", None, "TC152"), ("nosuch(x)", None, "TC150"), ("a+b+c+d+e1+f+g", None, "TC151"), (3.5, None, "TC101"),
    ],
)  # fmt: skip
def test_bad_input_is_a_clear_error(formula, variables, code):
    """What is wrong, with its code, at once."""
    with pytest.raises(InputError) as error:
        critical(formula, variables)
    assert error.value.code == code


def test_sympy_expressions_and_notebooks():
    """An expression of SymPy is read through its text; a notebook shows the text of the report; a report is no truth value."""
    sympy = pytest.importorskip("sympy")
    x, y = sympy.symbols("x y")
    report = critical(x**2 + (x * y - 1) ** 2, ["x", "y"], box={"x": (-1, 1)})
    assert report.values("asymptotic") == ["0"] and "box was not needed" in report.note
    assert report._repr_html_().startswith("<pre>f(x, y)") and "complete" in repr(report)
    with pytest.raises(TypeError):
        bool(report)
    with pytest.raises(AttributeError, match="it has"):
        report.nothing  # noqa: B018


def test_kinds_are_checked_and_respected():
    """Only what is asked for is computed."""
    with pytest.raises(InputError, match="no kind of critical value"):
        critical("x^2", kind="rough")
    report = critical("x^2+y^2", kind="smooth")
    assert report.asymptotic is None and report.clarke is None and report.values("smooth") == ["0"]


def test_a_budget_ends_with_what_was_found():
    """Running out of steps is a budget error that carries a report."""
    from tamecheck.budget import Budget

    with pytest.raises(BudgetExceeded) as stop:
        critical("(x^2+y-11)^2+(x+y^2-7)^2", budget=Budget(steps=2))
    assert stop.value.partial is not None and not stop.value.partial.complete


def test_the_command_prints_json(capsys):
    """The keys of the interface are there."""
    from tamecheck.cli import main

    assert main(["critical", "x^2+(x*y-1)^2", "--vars", "x,y", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["command"] == "critical" and content["verdict"] == "complete" and content["tamecheck"]
    assert [e["value"] for e in content["smooth"]] == ["1"] and content["smooth"][0]["points"] == [["0", "0"]]
    assert content["infimum"] == {"value": "0", "enclosure": [0.0, 0.0], "attained": False} and content["epsilon"]["value"] == "1"
    assert set(content["asymptotic"][0]["arc"]) == {"x", "y"} and content["complete"] is True and content["open"] == []
    assert set(command.KINDS) == {"smooth", "clarke", "ad", "asymptotic", "all"}


def test_the_command_says_what_is_open(capsys):
    """Exit status 2, and the reason in the text."""
    from tamecheck.cli import main

    assert main(["critical", "x+2*sin(x)"]) == 2
    assert "infinitely many" in capsys.readouterr().out
    assert main(["critical", "x+"]) == 3


def test_the_screen_fits(capsys):
    """No line is longer than 80 columns for the examples of the tutorial."""
    for formula in ("(relu(u)+relu(v)-1)^2+(relu(-u)+relu(-v)-2)^2", "x^2+(x*y-1)^2", "x*(x*y+x*z-1)^2+y*z"):
        text = critical(formula).to_text()
        assert max([len(line) for line in text.splitlines()[1:]]) <= 80
