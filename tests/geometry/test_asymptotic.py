"""Critical values at infinity: the published functions, the traps, the arcs that prove them, and what stays open."""

import json
import random
from pathlib import Path

import pytest

from tamecheck.critical_report import critical
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.critical_values import escaping_arcs, infinity, newton_at_infinity, upper_bounds
from tamecheck.geometry.critical_values.asymptotic import Plane, separators
from tamecheck.geometry.critical_values.critical_graph import graph
from tamecheck.geometry.critical_values.critical_pieces import Pieces
from tamecheck.geometry.critical_values.escaping_arcs import Search
from tamecheck.geometry.critical_values.infinity import at_infinity, leading_form_is_regular
from tamecheck.geometry.critical_values.newton_at_infinity import bound
from tamecheck.geometry.critical_values.projective_charts import Values
from tamecheck.ground.algebraic import rational, real_roots
from tamecheck.ground.grammar import parse
from tamecheck.ground.polynomials import Ring, read

PUBLISHED = [
    ("x^2*y+x", "x,y", [], ["0"]), ("x^2+(x*y-1)^2", "x,y", ["1"], ["0"]), ("-y*(2*x^2*y^2-9*x*y+12)", "x,y", [], ["0"]),
    ("x^4*y^2+x^2*y^4-3*x^2*y^2+1", "x,y", ["0", "1"], ["1"]), ("(a*w^2-1)^2+(4*a*w^2-2)^2", "a,w", ["4/17", "5"], ["4/17", "5"]),
    ("x*(x*y+1)^2", "x,y", ["0"], ["0"]), ("x*(1+x^2*y)^2+y*0", "x,y", ["0"], ["0"]), ("x^3*y^2+x", "x,y", [], []),
    ("x+x^2*y+x^4*y*z", "x,y,z", [], ["0"]), ("x-3*x^3*y^2+2*x^4*y^3+y*z", "x,y,z", [], []), ("(u*v*w-1)^2", "u,v,w", ["0", "1"], ["0", "1"]),
    ("(v*b-1)^2+(v*(w+b)+1)^2", "v,w,b", ["0", "2"], ["0", "2"]), ("x^2*y^2+(y*z-1)^2", "x,y,z", ["0", "1"], ["0", "1"]),
    ("x-3*x^5*y^2+2*x^7*y^3+y*z", "x,y,z", [], ["0"]), pytest.param("x*(x^2*y^2*z-1)^2+z", "x,y,z", [], ["0"], marks=pytest.mark.slow),
    ("(x*y-1)^2", "x,y", ["0", "1"], ["0"]), ("x/(1+y^2)", "x,y", [], ["0"]),
    ("x^2+y^2", "x,y", ["0"], []), ("1/(1+x^2+y^2)", "x,y", ["1"], ["0"]), ("x*y/(1+x^2+y^2)", "x,y", ["0"], ["-1/2", "1/2"]),
    ("x/(1+abs(x))", "x", [], ["-1", "1"]), ("x^2/(1+x^2)", "x", ["0"], ["1"]),
]  # fmt: skip


def pieces(formula, names):
    """Return the pieces of a formula."""
    return Pieces(graph(parse(formula), list(names)))


@pytest.mark.parametrize(("formula", "names", "finite", "infinite"), PUBLISHED)
def test_published_values(formula, names, finite, infinite):
    """K_0 and the real K_inf, complete, with a certificate for each value at infinity."""
    report = critical(formula, names.split(","))
    assert report.complete, report.open
    assert report.values("smooth") == finite
    assert sorted({v["value"] for v in report.asymptotic}) == sorted(infinite)
    assert "contain the bifurcation values" in report.note
    for v in report.asymptotic:
        assert v["arc"] and v["certificate"] in ("arc", "branch", "critical set")


def test_without_a_bound_degenerate_cones_stay_open(monkeypatch):
    """Guard: where no elimination is finished and the least terms have a repeated factor with three terms nothing is known, and that is said."""
    monkeypatch.setattr(upper_bounds, "complex_values", lambda *rest: Values(None, False))
    report = critical("x*(x*y+x*z-1)^2+y*z", ["x", "y", "z"])
    assert not report.complete and report.epsilon is None
    assert any("degenerate cone" in text for text in report.open)


def test_blowing_up_is_needed(monkeypatch):
    """Guard: without it the hardest published function stays open; with it but without its cones a value would be lost."""
    ring = Ring(("x", "y", "z"))
    p, _ = read(ring, "x-3*x^5*y^2+2*x^7*y^3+y*z")
    full = bound(ring, p)
    assert full.candidates == {rational(0)} and not full.degenerate
    monkeypatch.setattr(newton_at_infinity, "MAXIMAL_DEPTH", 0)
    assert bound(ring, p).degenerate


def test_the_polar_trap():
    """0 is a value at infinity although polar curves in several directions have no real branch for it."""
    found = Plane(pieces("x^3*y^2-3*x^2*y+3*x+3*x^4*y", "xy")).run()
    assert rational(0) in {e.value for e in found}


@pytest.mark.parametrize(
    ("formula", "names", "regular"),
    [
        ("x^4+y^4+z^4+x*y*z+x^2*y-3*z", "xyz", True), ("a^2+b^2+c^2+d^2-a*b*c", "abcd", False), ("a^2-b^2+c^2+d^2+a", "abcd", True),
        ("x^3-3*x*y^2+x", "xy", True), ("x^2*y+x", "xy", False), ("x+y", "xy", True), ("x^2", "xy", False),
    ],
)  # fmt: skip
def test_a_regular_leading_form_leaves_no_value(formula, names, regular):
    """If the leading form has no real critical point but 0, the weighted gradient tends to infinity."""
    ring = Ring(tuple(names))
    assert leading_form_is_regular(ring, read(ring, formula)[0]) is regular
    if regular:
        report = critical(formula, list(names), kind="asymptotic")
        assert report.complete and report.asymptotic == []


@pytest.mark.parametrize(
    ("formula", "infinite"),
    [
        ("(x+z-1)^2+(z-x-y+1)^2", ["0"]), ("(x+y+z)^3-3*(x+y+z)", ["-2", "2"]), ("((x+y)*z-1)^2", ["0", "1"]),
        ("(x-y)^2+((x-y)*(y+z)-1)^2", ["0", "1"]),
        ("(relu(x+z)-1)^2+(z-x-y+1)^2", ["0", "1"]), ("(x+2*y+z)^2+z", []),
    ],
)  # fmt: skip
def test_functions_of_fewer_linear_forms(formula, infinite):
    """A function that is constant along lines has its critical values at infinity, too."""
    report = critical(formula, ["x", "y", "z"])
    assert report.complete, report.open
    assert sorted(report.values("asymptotic")) == infinite


def test_too_large_resultants_in_the_plane(monkeypatch):
    """Where a resultant is refused, initial forms and arcs take over, with the same answer."""
    exact = critical("x^2+(x*y-1)^2").values("asymptotic")
    monkeypatch.setattr(Plane, "run", too_large)
    report = critical("x^2+(x*y-1)^2")
    assert report.complete and report.values("asymptotic") == exact == ["0"]


def too_large(self):
    """Refuse, as for a large resultant."""
    raise BudgetExceeded("too large", code="TC306")


LINEAR = [(1, 1, 0, 1), (2, -1, 1, 1), (1, -2, 1, 1), (3, 1, 2, 1)]


def random_function(source):
    """Return a random piecewise function of x and y."""

    def line():
        return f"({source.randint(-2, 2)}*x+{source.randint(-2, 2)}*y+{source.randint(-2, 2)})"

    def atom():
        monomial = f"({source.choice([-1, 1, 2])}*x^{source.randint(0, 2)}*y^{source.randint(0, 1)}+{source.randint(-1, 1)}*y)"
        return source.choice([f"relu{line()}", f"abs{line()}", f"max({line()},{line()})", f"abs{monomial}", monomial])

    k = source.random()
    if k < 0.5:
        return f"({atom()}-{source.randint(0, 2)})^2"
    return f"{atom()}+{source.choice([-1, 1, 2])}*{atom()}" if k < 0.8 else f"{atom()}/(1+x^2+y^2)"


def under_linear_maps(seed, count):
    """Compare all answers for random functions with those after a random affine change of coordinates."""
    source = random.Random(seed)
    compared = 0
    for _ in range(count):
        f = random_function(source).replace("+-", "-")
        a, b, c, d = source.choice(LINEAR)
        g = f.replace("max", "M_").replace("x", "X").replace("y", "Y").replace("M_", "max").replace("X", f"({a}*x+{b}*y+1)")
        g = g.replace("Y", f"({c}*x+{d}*y-2)")
        one, two = [critical(h, ["x", "y"]) for h in (f, g)]
        if not (one.complete and two.complete):
            continue
        compared += 1
        for kind in ("smooth", "clarke", "ad"):
            assert one.values(kind) == two.values(kind), (f, g, kind)
        ends = [{v["value"] for v in r.asymptotic if v["sense"] == "clarke"} for r in (one, two)]
        assert ends[0] == ends[1], (f, g)
        assert one.infimum == two.infimum and one.epsilon == two.epsilon, (f, g)
        assert set(one.values("smooth")) <= set(one.values("clarke")) <= set(one.values("ad")), f
    return compared


def test_random_functions_under_affine_maps():
    """Critical values, infimum and threshold do not depend on coordinates; smooth is part of Clarke, Clarke of AD."""
    assert under_linear_maps(7, 10) >= 7


@pytest.mark.slow
def test_many_random_functions_under_affine_maps():
    """As above, at length."""
    assert under_linear_maps(8, 150) > 100


def test_trivial_values():
    """Critical points that go to infinity make a value trivial."""
    values = {v["value"]: v["trivial"] for v in critical("(x*y-1)^2").asymptotic}
    assert values == {"0": True}
    assert {v["trivial"] for v in critical("x^2+(x*y-1)^2").asymptotic} == {False}
    (both,) = critical("y*(x^2*y-1)^2").asymptotic
    assert both["trivial"] is False and len(both["arcs"]) == 2


def test_the_condition_on_the_gradient_is_needed(monkeypatch):
    """Guard: with a gradient that counts as zero, limits of f would be values at infinity that are none."""
    formula = "x*y/(1+x^2+y^2)"
    exact = {str(e.value) for e in Plane(pieces(formula, "xy")).run()}
    assert exact == {"-1/2", "1/2"}
    original = Plane._curve
    monkeypatch.setattr(Plane, "_curve", lambda self, face, slopes, c, big: original(self, face, [p * 0 for p in slopes], c, big))
    assert {str(e.value) for e in Plane(pieces(formula, "xy")).run()} > exact


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("(relu(u)+relu(v)-1)^2+(relu(-u)+relu(-v)-2)^2", {}), ("abs(u)-abs(v)", {}), ("relu(u)+0*v", {("0", "clarke")}),
        ("2*v+abs(v)+0*u", {("0", "stratum")}), ("abs(v)+1/(1+u^2)", {("0", "clarke")}), ("max(u*v, -u)", {("0", "clarke")}),
        ("(v*relu(u)-1)^2+(v*relu(-u)+1)^2", {("1", "clarke"), ("2", "stratum")}),
    ],
)  # fmt: skip
def test_piecewise_functions(formula, expected):
    """Every piece and every guard curve is followed; Clarke's sense is kept apart from that of the stratum."""
    report = critical(formula, ["u", "v"])
    assert report.complete
    assert {(v["value"], v["sense"]) for v in report.asymptotic} == set(expected)


def test_only_the_part_of_a_piece_counts():
    """A branch in the region of another piece gives no value."""
    inside = critical("where(y > 0, x^2+(x*y-1)^2, x^2+(x*y-1)^2)")
    assert inside.values("asymptotic") == ["0"]
    assert critical("where(y > 0, x^2+y^2, where(x > 0, x^2+y^2, x^2+y^2))").values("asymptotic") == []
    half = Plane(pieces("max(x, 0)*0 + where(x*y > 2, x^2+(x*y-1)^2, 1 + x^2 + 0*y)", "xy")).run()
    assert rational(0) not in {e.value for e in half}


def test_two_methods_agree_in_the_plane():
    """The exact answer lies in the bound by initial forms, on random sparse polynomials."""
    source = random.Random(3)
    ring = Ring(("x", "y"))
    nonempty = decided = 0
    for _ in range(60):
        terms = [f"{source.choice([-2, -1, 1, 2])}*x^{source.randint(0, 3)}*y^{source.randint(0, 3)}" for _ in range(3)]
        if source.random() < 0.5:
            # a repeated factor along a subtorus: a blow-up is needed
            terms = [f"x^{source.randint(0, 2)}*(x^{source.randint(1, 2)}*y^{source.randint(1, 2)}-{source.randint(1, 2)})^2", terms[0]]
        formula = "+".join(terms).replace("+-", "-")
        p, _ = read(ring, formula)
        if p.is_constant():
            continue
        exact = {e.value for e in Plane(pieces(formula, "xy")).run()}
        limit = bound(ring, p)
        nonempty += bool(exact)
        decided += not limit.degenerate
        if not limit.degenerate:
            assert exact <= limit.candidates, formula
    assert nonempty > 5 and decided > 40


def test_arcs_verify_and_forged_arcs_do_not():
    """An arc proves its value and no other."""
    p = pieces("x^2+(x*y-1)^2", "xy")
    arc = Search(p, p.faces[0]).run([rational(0)])[rational(0)]
    assert arc.verify(p.faces[0].value) and arc.text(["x", "y"]) == {"x": "s-s^3", "y": "1/s"}
    arc.value = rational(1)
    assert not arc.verify(p.faces[0].value)
    arc.value = rational(0)
    other = pieces("x^2+(x*y-1)^2+y^2/1000", "xy")
    assert not arc.verify(other.faces[0].value)


def test_arcs_respect_the_piece():
    """An arc must stay in the region of its piece."""
    p = pieces("where(x > 0, x^2+(x*y-1)^2, x^2+(x*y-1)^2)", "xy")
    for face in p.faces:
        if face.dimension == 2:
            for arc in Search(p, face).run([rational(0)]).values():
                side = arc.text(["x", "y"])["x"].startswith("-")
                assert side == (face.key == "+")  # the condition 0 < x makes -x the guard


def test_the_search_for_arcs_is_needed_for_completeness(monkeypatch):
    """Guard: a candidate without an arc stays open."""
    monkeypatch.setattr(escaping_arcs.Search, "run", lambda self, *rest: {})
    monkeypatch.setattr(infinity, "polar_arcs", lambda *rest: [])
    result = at_infinity(pieces("(u*v*w-1)^2", "uvw"))
    assert not result.complete and len(result.open) >= 2


def test_initial_forms_without_their_cones_would_be_wrong(monkeypatch):
    """Guard: the cones of positive codimension are where cancellation happens."""
    ring = Ring(("x", "y", "z"))
    p, _ = read(ring, "x^2*y^2+(y*z-1)^2")
    assert len(bound(ring, p).candidates) == 2
    monkeypatch.setattr(newton_at_infinity, "_cones", lambda *rest: [])
    assert len(bound(ring, p).candidates) < 2


def test_separators_separate():
    """Every number has its own open interval with rational ends."""
    roots = [r for r, _ in real_roots((-2, 0, 1))] + [rational(2), rational(2001, 1000)]
    for value, (low, high) in zip(roots, separators(roots), strict=True):
        assert value > low and value < high
        assert sum([other > low and other < high for other in roots]) == 1


def test_all_facts_of_the_bank_if_present():
    """The bank of problems is used where it is available."""
    bank = Path(__file__).parent / "critical_bank.json"
    for row in json.loads(bank.read_text()):
        report = critical(row["formula"], row["variables"])
        found = sorted({v["value"] for v in report.asymptotic if v["sense"] == "clarke"})
        assert found == sorted(row["infinite"]), row["formula"]
        assert report.values("smooth") == row["finite"], row["formula"]


