"""Stratifications: the classical surfaces, plane curves, piecewise functions; laws on random sets; bad input; the command."""

import json
import random
from fractions import Fraction

import pytest
from flint import fmpq

import tamecheck as tc
from tamecheck import cli
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.geometry.topology import frontier as frontier_module
from tamecheck.geometry.topology import strata as strata_module
from tamecheck.geometry.topology.branches import smooth_branch
from tamecheck.geometry.topology.frontier import Classification
from tamecheck.ground import statements
from tamecheck.ground.algebraic import number
from tamecheck.ground.polynomials import Ring, read
from tamecheck.ground.towers import sign_at

SURFACES = [
    # name, set, strata of dimension 0, 1, 2, chi_c, the points
    ("umbrella", "x^2-y^2*z==0", (1, 2, 2), 1, {(0, 0, 0)}),
    ("cusp family", "y^2-x^3-z^2*x^2==0", (1, 2, 4), 3, {(0, 0, 0)}),
    ("cayley", "1-x^2-y^2-z^2+2*x*y*z==0", (4, 0, 5), 2, {(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)}),
    ("cone", "x^2+y^2-z^2==0", (1, 0, 2), 1, {(0, 0, 0)}),
    ("cusp cylinder", "y^2-x^3==0", (0, 1, 2), 1, set()),
    ("swallowtail", "256*z^3-128*x^2*z^2+144*x*y^2*z+16*x^4*z-27*y^4-4*x^3*y^2==0", (1, 4, 4), 1, {(0, 0, 0)}),
    ("D4", "z^2-x^2*y+y^3==0", (1, 0, 3), 1, {(0, 0, 0)}),
    ("four planes", "x*y*(x-y)*(x-z*y)==0", (2, 7, 16), 11, {(0, 0, 0), (0, 0, 1)}),
    ("steiner", "x^2*y^2+y^2*z^2+z^2*x^2-2*x*y*z==0", (7, 12, 4), -1,
     {(0, 0, 0), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)}),
    ("torus", "(x^2+y^2+z^2+3)^2-16*(x^2+y^2)==0", (0, 0, 1), 0, set()),
    ("cartan", "z*(x^2+y^2)==x^3", (1, 2, 1), -1, {(0, 0, 0)}),
    ("two planes", "x*y==0", (0, 1, 4), 3, set()),
    ("three planes", "x*y*z==0", (1, 6, 12), 7, {(0, 0, 0)}),
    ("sphere", "x^2+y^2+z^2==1", (0, 0, 1), 2, set()),
    ("hyperboloid", "x^2+y^2-z^2==1", (0, 0, 1), 0, set()),
    ("two spheres", "(x^2+y^2+z^2-1)*((x-1)^2+y^2+z^2-1)==0", (0, 1, 4), 4, set()),
    ("tangent spheres", "(x^2+y^2+z^2-1)*((x-2)^2+y^2+z^2-1)==0", (1, 0, 2), 3, {(1, 0, 0)}),
    ("cuspidal edge", "(y-z^2)^2==x^3", (0, 1, 2), 1, set()),
    ("A3 family", "y^2==x^4+z^2*x^2", (1, 2, 4), 3, {(0, 0, 0)}),
    ("cylinder and plane", "(x^2+y^2-1)*z==0", (0, 1, 4), 1, set()),
    # the following counts were made by hand, from parametrisations
    ("conoid", "z*(x^2+y^2)==2*x*y", (2, 3, 1), -1, {(0, 0, 1), (0, 0, -1)}),
    ("cone and plane", "z*(x^2+y^2-z^2)==0", (1, 0, 3), 1, {(0, 0, 0)}),
    ("four generic planes", "x*y*z*(x+y+z)==0", (1, 12, 24), 13, {(0, 0, 0)}),
    ("ding dong", "x^2+y^2==z^2*(1-z)", (1, 0, 2), 2, {(0, 0, 0)}),
    ("citric", "x^2+z^2==y^3*(1-y)^3", (2, 0, 1), 2, {(0, 0, 0), (0, 1, 0)}),
    ("crossed saddles", "x^2-y^2*z^2==0", (1, 4, 8), 5, {(0, 0, 0)}),
    ("tangent parabolas", "y*z*(x^2+y-z)==0", (1, 6, 12), 7, {(0, 0, 0)}),
    ("crossed cylinders", "(x^2+y^2-1)*(x^2+z^2-1)==0", (2, 4, 8), 2, {(1, 0, 0), (-1, 0, 0)}),
    ("cuspidal umbrella", "x^2==y^2*z^3", (1, 4, 4), 1, {(0, 0, 0)}),
    ("sphere and tangent plane", "(z-1)*(x^2+y^2+z^2-1)==0", (1, 0, 2), 2, {(0, 0, 1)}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "formula", "counts", "chi", "points"), SURFACES, ids=[s[0] for s in SURFACES])
def test_classical_surfaces(name, formula, counts, chi, points):
    """Numbers of connected real strata, the points, and chi_c; both Whitney conditions hold."""
    s = tc.strata(formula, ["x", "y", "z"])
    assert (s.count_by_dimension, s.euler) == (counts, chi)
    assert {k.sample for k in s.strata if k.dimension == 0} == points
    assert s.whitney == {"a": True, "b": True}


@pytest.mark.parametrize("names", ["xyz", "zyx", "yxz", "zxy"])
@pytest.mark.parametrize("case", SURFACES[:7], ids=[s[0] for s in SURFACES[:7]])
def test_the_order_of_variables_does_not_matter(case, names):
    """Strata are those of the set, in whatever coordinates they were found."""
    s = tc.strata(case[1], list(names))
    assert (s.count_by_dimension, s.euler) == (case[2], case[3])


SHEAR = {"x": "(x+y)", "y": "(y-z)", "z": "z"}


@pytest.mark.parametrize("case", [SURFACES[i] for i in (0, 1, 3, 4, 6, 11)], ids=lambda c: c[0])
def test_a_linear_change_does_not_matter(case):
    """The sheared surface has as many strata of each dimension."""
    moved = "".join([SHEAR.get(c, c) for c in case[1]])
    s = tc.strata(moved, ["x", "y", "z"])
    assert (s.count_by_dimension, s.euler) == (case[2], case[3])


SETS = [
    ("x^2+y^2<=1", "xy", (0, 1, 1)), ("x^2+y^2<1", "xy", (0, 0, 1)), ("x^2+y^2==1", "xy", (0, 1)), ("y^2==x^3", "xy", (1, 2)),
    ("y^2==x^3+x^2", "xy", (1, 3)), ("x*y==0", "xy", (1, 4)), ("x>=0 and y>=0", "xy", (1, 2, 1)), ("x>=0 and y>0", "xy", (0, 1, 1)),
    ("y==0 and x>=0", "xy", (1, 1)), ("x^2+y^2==0", "xy", (1,)), ("x==0 or y>0", "xy", (1, 1, 1)), ("x^2<=2", "x", (2, 1)),
    ("x^2+y^2+z^2<=1", "xyz", (0, 0, 1, 1)), ("x^2+y^2+z^2<=1 and z>=0", "xyz", (0, 1, 2, 1)),
    ("x>=0 and x<=1 and y>=0 and y<=1 and z>=0 and z<=1", "xyz", (8, 12, 6, 1)), ("x>0 and z>0 or z==0", "xyz", (0, 1, 2, 1)),
    ("x^2+y^2==1 and z==x*y", "xyz", (0, 1)), ("x>0 and x<0", "xy", ()), ("x==x", "xy", (0, 0, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "names", "counts"), SETS)
def test_sets(formula, names, counts):
    """Open, closed and half-open sets, with corners, edges and faces."""
    assert tc.strata(formula, list(names)).count_by_dimension == counts


FUNCTIONS = [
    ("max(x,y)", "xy", (0, 1, 2)), ("abs(x*y-1)", "xy", (0, 2, 3)), ("relu(x)", "xy", (0, 1, 2)), ("x^2+y", "xy", None),
    ("(relu(u)+relu(v)-1)^2+(relu(-u)+relu(-v)-2)^2", "uv", (1, 4, 4)), ("max(x^2+y^2-1,2*x)", "xy", (0, 1, 2)),
    ("relu(x)-relu(-x)", "xy", (0, 0, 1)), ("abs(x)*abs(x)", "x", (0, 1)), ("where(x^2+y^2<1, x, y)", "xy", (0, 1, 2)),
    ("max(x, y, z)", "xyz", (0, 1, 3, 3)), ("sign(x)", "x", (1, 2)), ("abs(x)+abs(y)+abs(z)", "xyz", (1, 6, 12, 8)),
    ("min(max(x,0),1)", "xy", (0, 2, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("function", "names", "counts"), FUNCTIONS)
def test_functions(function, names, counts):
    """A piecewise polynomial is a polynomial on every stratum, and no breakpoint that cancels makes a stratum."""
    s = tc.strata(function, list(names))
    if counts is None:
        assert s.kind == "polynomials"
    else:
        assert s.count_by_dimension == counts


@pytest.mark.parametrize(("formula", "counts"), [
    ("y^3+x^2*y+x^5==0", (0, 1)), ("x^3+y^2*x+y^5==0", (0, 1)), ("y^5+2*x^2*y^3+x^4*y+x^9==0", (0, 1)), ("y*(x^2+y^2)==x^4", (0, 1)),
    ("(y-1)^3+(x-2)^2*(y-1)+(x-2)^5==0", (0, 1)), ("(y-x)*((y-x)^2+x^2)==x^4", (0, 1)), ("y^3==2*x^3+x^5", (0, 1)),
    ("y^2==x^3", (1, 2)), ("y^3==x^4", (1, 2)), ("y^5==x^9", (1, 2)), ("y^2==x^2*(1+x) and x>=0", (1, 2)), ("x*y==0 and x>=0 and y>=0", (1, 2)),
])  # fmt: skip
def test_curves_that_are_smooth_over_the_reals_only(formula, counts):
    """A real branch that is analytic is no reason for a point, whatever the complex branches do; a cusp, a root, a corner are."""
    assert tc.strata(formula, ["x", "y"]).count_by_dimension == counts


def test_a_branch_is_cut_where_a_function_changes():
    """The same smooth branch with |x| on it keeps its point."""
    assert tc.strata("y^3+x^2*y+x^5==0", ["x", "y"], "abs(x)").count_by_dimension == (1, 2)


@pytest.mark.parametrize(("polynomial", "expected"), [
    ("y^3+x^2*y+x^5", True), ("y^2-x^2", True), ("y^2-2*x^2", True), ("x^2-y^6", True), ("y^2-x^3", False), ("y^3-x^4", False), ("x^2+y^2", False),
    ("(y-x^2)^2-x^5", False), ("(y-x^2)^2-x^6", True), ("(y^2-2*x^2)^2-x^5", False), ("x+1", False), ("y^2+x^4", False), ("x*(x^2+y^4)", True),
])  # fmt: skip
def test_smooth_branches(polynomial, expected):
    """Newton's polygon finds analytic branches, and none where there is none."""
    ring = Ring(["x", "y"])
    assert smooth_branch(read(ring, polynomial)[0], [fmpq(0), fmpq(0)]) is expected


def test_every_stratum_has_a_reason():
    """Open pieces, smooth sheets, double curves, curves without surface, points: each says why it is a stratum."""
    reasons = [k.reason for k in tc.strata("x^2==y^2*z", ["x", "y", "z"]).strata]
    assert reasons[:2] == ["smooth points of x^2-y^2*z == 0"] * 2
    assert set(reasons[2:4]) == {"a curve that is not on a surface", "4 sheets meet there; x^2-y^2*z has order 2"}
    assert "discriminant" in reasons[4]
    ball = [k.reason for k in tc.strata("x^2+y^2+z^2<=1 and z>=0", ["x", "y", "z"]).strata]
    assert ball[0] == "open: nothing changes there" and ball[-1].startswith("2 sheets meet there; ")
    assert tc.strata("y^2==x^3", ["x", "y"]).strata[-1].reason == "a curve is not smooth there"
    assert all(k.reason for case in SURFACES[:8] for k in tc.strata(case[1], ["x", "y", "z"]).strata)


def test_a_set_with_a_function():
    """The circle with abs(x) on it has two points and two arcs."""
    s = tc.strata("x^2+y^2==1", ["x", "y"], "abs(x)")
    assert s.count_by_dimension == (2, 2)


@pytest.mark.parametrize(("polynomials", "counts"), [
    (["x^2+y^2-1"], (0, 1, 2)), (["x", "y"], (1, 4, 4)), (["x*y", "x-y"], (1, 6, 6)), (["y-x^2", "y"], (1, 4, 4)), (["x^2+y^2"], (1, 0, 1)),
])  # fmt: skip
def test_families_of_polynomials(polynomials, counts):
    """Strata of the plane on which all signs are constant."""
    assert tc.strata(polynomials, ["x", "y"]).count_by_dimension == counts


# ------------------------------------------------------------------------- laws


def holds(formula, names, point):
    """Return whether a formula holds at an exact point."""
    f = statements.read(formula, names).with_order(names)
    values = [number(v) for v in point]
    return bool(f.evaluate(lambda i: sign_at(f.atoms[i], values)))


def random_set(rng, n):
    """Return a random semialgebraic set of R^n, linear and quadratic."""
    names = "xyz"[:n]

    def polynomial():
        monomials = [*names, *[f"{a}*{b}" for a in names for b in names], "1"]
        terms = [f"{rng.choice([-2, -1, 1, 2])}*{m}" for m in monomials if rng.random() < (0.45 if n == 2 else 0.3)]
        return "+".join(terms) or names[0]

    atoms = [f"{polynomial()} {rng.choice(['<', '<=', '==', '>=', '>'])} 0" for _ in range(2 if n == 2 else rng.choice([1, 2]))]
    return f" {rng.choice(['and', 'or'])} ".join(atoms)


def check(s, formula, names, seed, points=6):
    """Check the laws of a stratification; return nothing."""
    owner = {}
    for k in s.strata:
        for i in k.cells:
            assert owner.setdefault(i, k.number) == k.number
        assert s.stratum_of(k.sample) is k
        assert {s.frame.adjacency.cells[i].dimension for i in k.cells} <= set(range(k.dimension + 1))
        assert len(k.region.components) == 1, "connected"
        if formula is not None:
            assert holds(formula, names, k.sample)
        try:
            assert k.region.euler == (-1) ** k.dimension * k.euler, "Poincare duality of a manifold"
        except BudgetExceeded as stop:
            assert stop.code == "TC306"
    for k in s.strata:
        reach = k.region.closure().members
        for other in s.strata:
            part = reach & other.cells
            assert part in (frozenset(), other.cells), (seed, "frontier condition")
            assert (part == other.cells) == (other is k or other.number in s.closures[k.number])
            if part and other is not k:
                assert other.dimension < k.dimension
    for k in s.strata:
        description = k.description
        if description.exact and not description.extended and "root" not in description.text:
            assert all(holds(description.text, names, o.sample) == (o is k) for o in s.strata), (seed, description.text)
    rng = random.Random(seed)
    for _ in range(points):
        p = [Fraction(rng.randint(-12, 12), rng.choice([1, 2, 4])) for _ in names]
        inside = s.stratum_of(p) is not None
        assert inside == (formula is None or holds(formula, names, p)), (seed, p)


@pytest.mark.parametrize("seed", range(30))
def test_laws_in_the_plane(seed):
    """Disjoint connected manifolds that cover the set, with the frontier condition, and formulas that tell them apart."""
    formula = random_set(random.Random(seed), 2)
    check(tc.strata(formula, ["x", "y"]), formula, ["x", "y"], seed)


@pytest.mark.parametrize("seed", range(12))
def test_laws_in_space(seed):
    """The same in R^3."""
    formula = random_set(random.Random(500 + seed), 3)
    try:
        s = tc.strata(formula, ["x", "y", "z"], budget=Budget(steps=4000))
    except BudgetExceeded:
        pytest.skip("more than the budget")
    check(s, formula, ["x", "y", "z"], seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(150))
def test_laws_on_many_sets(seed):
    """Many more random sets of the plane and of space."""
    n = 2 if seed % 3 else 3
    formula = random_set(random.Random(9000 + seed), n)
    names = list("xyz"[:n])
    try:
        s = tc.strata(formula, names, budget=Budget(steps=6000))
    except BudgetExceeded:
        pytest.skip("more than the budget")
    check(s, formula, names, seed)


FORMS = ["{a}^2-{b}^3", "{a}^2-{b}^2*{c}", "{a}*{b}*{c}", "{a}^2-{b}^2*{q}", "{q}*{a}", "{a}^2*{b}-{c}^3", "{a}^2+{b}^2-{c}^2*{d}", "{a}*{b}-{c}*{d}",
         "{q}^2-{a}^2", "{a}^2+{b}^3+{c}*{b}^2"]  # fmt: skip


def planted(rng):
    """Return a surface with planted singular curves."""

    def form(monomials, chance, otherwise):
        return "(" + "+".join([f"{rng.choice([-2, -1, 1, 2])}*{m}" for m in monomials if rng.random() < chance] or [otherwise]) + ")"

    linear = {name: form(["x", "y", "z", "1"], 0.5, "x") for name in "abcd"}
    return rng.choice(FORMS).format(**linear, q=form(["x", "y", "z", "x*y", "y*z", "x*x", "z*z", "1"], 0.3, "y")) + rng.choice(["==0", "==0", "<=0"])


def shape(formula, names):
    """Return what does not depend on coordinates."""
    s = tc.strata(formula, names, budget=Budget(steps=3000))
    return s.count_by_dimension, s.euler, s.components, len(s.frontier)


@pytest.mark.parametrize("seed", [*range(16), *[pytest.param(k, marks=pytest.mark.slow) for k in range(16, 250)]])
def test_strata_do_not_depend_on_coordinates(seed):
    """Surfaces with planted singularities have the same strata in three orders of the variables and after a shear."""
    formula = planted(random.Random(seed))
    moved = "".join([SHEAR.get(c, c) for c in formula])
    found = {shape(formula, list(names)) for names in ("xyz", "zxy", "yzx")} | {shape(moved, ["x", "y", "z"])}
    assert len(found) == 1, formula


CURVES = ["{a}^3+{b}^2*{a}+{b}^5", "{a}^2-{b}^3", "{a}*({a}^2+{b}^2)-{b}^4", "{a}^2-{b}^2*{q}", "{a}*{b}", "{a}^3-{b}^4", "({a}-{b}^2)*({a}^2+{b}^2)",
          "{a}^5+2*{a}^3*{b}^2+{a}*{b}^4+{b}^9"]  # fmt: skip


@pytest.mark.parametrize("seed", range(24))
def test_strata_of_plane_curves_do_not_depend_on_coordinates(seed):
    """Singular points with one real branch, smooth or not, are judged alike in both orders of the variables and after a linear change."""
    rng = random.Random(seed)

    def form(monomials, chance, otherwise):
        return "(" + "+".join([f"{rng.choice([-2, -1, 1, 2])}*{m}" for m in monomials if rng.random() < chance] or [otherwise]) + ")"

    a, b, q = form(["x", "y", "1"], 0.7, "x"), form(["x", "y", "1"], 0.7, "y"), form(["x", "y", "1", "x*y", "x*x"], 0.4, "x")
    formula = CURVES[seed % len(CURVES)].format(a=a, b=b, q=q) + "==0"
    moved = "".join([{"x": "(x+2*y)", "y": "(y-x)"}.get(c, c) for c in formula])
    assert len({shape(formula, ["x", "y"]), shape(formula, ["y", "x"]), shape(moved, ["x", "y"])}) == 1, formula


@pytest.mark.parametrize("case", SURFACES, ids=[s[0] for s in SURFACES])
def test_laws_for_the_classics(case):
    """Frontier condition, connectedness, membership and formulas of the classical surfaces."""
    check(tc.strata(case[1], ["x", "y", "z"]), case[1], ["x", "y", "z"], 7)


def test_the_poset_of_the_umbrella():
    """Two sheets meet along a half line, which ends where the handle begins."""
    graph = tc.strata("x^2 == y^2*z", ["x", "y", "z"]).to_networkx()
    dims = {n: graph.nodes[n]["dimension"] for n in graph}
    assert sorted([(dims[i], dims[j]) for i, j in graph.edges]) == [(1, 0), (1, 0), (2, 1), (2, 1)]


def test_cells_of_a_surface_must_be_smooth(monkeypatch):
    """The guard of smoothness: if every order counted as 1, the cone would lose its vertex."""
    assert tc.strata("x^2+y^2-z^2==0", ["x", "y", "z"]).count_by_dimension == (1, 0, 2)
    monkeypatch.setattr(Classification, "order", lambda self, i, f: 1)
    assert tc.strata("x^2+y^2-z^2==0", ["x", "y", "z"]).count_by_dimension != (1, 0, 2)


def test_the_discriminant_criterion_is_needed(monkeypatch):
    """The guard of Whitney's conditions: two sheets and two complex ones, whose contact changes at the origin; no closure of cells shows it."""
    from tamecheck.geometry.topology.whitney import Verdict

    surface = "(x^2-y^2)*(x^2+z^2*y^2+y^4)+y^7 == 0"
    s = tc.strata(surface, ["x", "y", "z"])
    assert s.stratum_of([0, 0, 0]).dimension == 0
    monkeypatch.setattr(frontier_module, "examine", lambda *_: Verdict(True, ""))
    assert tc.strata(surface, ["x", "y", "z"]).stratum_of([0, 0, 0]).dimension == 1


def test_factors_without_sheets_do_not_count():
    """The complex sheets of x^2 + z^2 y^2 + y^4 change at the origin; the real ones, two planes or none, do not."""
    assert tc.strata("x*y*(x^2+z^2*y^2+y^4) == 0", ["x", "y", "z"]).count_by_dimension == (0, 1, 4)
    assert tc.strata("x^2+z^2*y^2+y^4 == 0", ["x", "y", "z"]).count_by_dimension == (0, 1)
    assert tc.strata("(x-y)*(x^2+z^2*y^2+y^4) == 0", ["x", "y", "z"]).count_by_dimension == (0, 0, 1)


def test_the_frontier_condition_is_checked(monkeypatch):
    """The guard of the frontier condition: even without Whitney's conditions the cusp family is cut at the origin."""
    from tamecheck.geometry.topology.whitney import Verdict

    monkeypatch.setattr(frontier_module, "examine", lambda *_: Verdict(True, ""))
    assert tc.strata("y^2-x^3-z^2*x^2==0", ["x", "y", "z"]).count_by_dimension == (1, 2, 4)
    monkeypatch.setattr(Classification, "_violations", lambda self: self.closures() and set())
    assert tc.strata("y^2-x^3-z^2*x^2==0", ["x", "y", "z"]).count_by_dimension == (0, 1, 4)


def test_transversality_is_asked_for(monkeypatch):
    """Along a curve where the projection is tangent to the surface, other coordinates are taken."""
    seen = []
    original = Classification._transversal

    def spy(self, i):
        try:
            original(self, i)
        except frontier_module.NotTransversal:
            seen.append(self.frame.chart)
            raise

    monkeypatch.setattr(Classification, "_transversal", spy)
    # the cuspidal edge z = x = 0 of z^3 = x^2 has order 2, and multiplicity 3 along the z-axis
    s = tc.strata("z^3 == x^2", ["x", "y", "z"])
    assert s.count_by_dimension == (0, 1, 2)
    assert seen and seen[0].new == ("x", "y", "z") and s.frame.chart.new != ("x", "y", "z")


# -------------------------------------------------------------------- bad input


BAD = [
    ("exp(x)", ["x"], "TC150"), ("x+y", ["x"], "TC102"), ("x/y", ["x", "y"], "TC150"), ("x + ", ["x"], "TC1"), ([], ["x"], "TC101"),
    ("x*y*z*w", ["x", "y", "z", "w"], "TC158"), ("max(x,y)", ["x"], "TC102"), ("x>0", [], "TC1"), (3.5, ["x"], "TC101"),
    ("x^5000", ["x"], "TC1"), ("x > 0", ["x", "x"], "TC102"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "names", "code"), BAD)
def test_bad_input_is_refused(formula, names, code):
    """Every refusal has a code and says what is wrong."""
    with pytest.raises(InputError, match=code):
        tc.strata(formula, names)


def test_the_zero_polynomial_vanishes_everywhere():
    """Its zero set is the plane, not the empty set; constants vanish nowhere."""
    s = tc.strata(["x-x"], ["x", "y"])
    assert s.count_by_dimension == (0, 0, 1) and s.zero_set.euler_compact == 1 and s.zero_set.is_open
    assert tc.strata(["3"], ["x"]).zero_set.dimension == -1
    assert tc.strata(["x", "x^2+y^2"], ["x", "y"]).zero_set.betti == (1, 0)


def test_a_budget_keeps_what_is_known():
    """When the steps run out after the first decomposition, its numbers are kept."""
    with pytest.raises(BudgetExceeded) as stop:
        tc.strata("x^2*y^2+y^2*z^2+z^2*x^2-2*x*y*z==0", ["x", "y", "z"], budget=Budget(steps=120))
    assert stop.value.partial == {"cells": 83, "cells_of_the_set": 27, "dimension": 2, "euler": -1}


def test_formulas_fall_back_to_components(monkeypatch):
    """Without further decompositions and roots, a stratum is named as a component, and says so."""
    monkeypatch.setattr(strata_module.Stratification, "_more", lambda self: False)
    monkeypatch.setattr(strata_module.Describer, "by_roots", lambda self, members: None)
    s = tc.strata("x^2+y^2-z^2==0", ["x", "y", "z"])
    assert not s.strata[0].description.exact
    assert "the component of the sample" in s.to_text()


# ------------------------------------------------------------------- the command


def run(capsys, *words):
    """Return (status, output, error) of a command."""
    status = cli.main(["strata", *words])
    out = capsys.readouterr()
    return status, out.out, out.err


def test_the_command_prints_a_report(capsys, monkeypatch):
    """At 80 columns every line fits, and the screen names strata, closures, reasons."""
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run(capsys, "x^2 == y^2*z", "--vars", "x,y,z")
    assert status == 0 and max(map(len, out.splitlines())) <= 80
    for words in ("5 strata: 2 surfaces, 2 curves, 1 point", "cl(0) = 0 + 3 + 4", "(a) fails at (0, 0, 0)", "chi_c = 1"):
        assert words in out


def test_the_command_prints_json(capsys):
    """The keys of the interface, with exact samples."""
    status, out, _ = run(capsys, "max(x,y)", "--vars", "x,y", "--json")
    data = json.loads(out)
    assert status == 0 and data["command"] == "strata" and data["verdict"] == "stratified"
    assert data["count_by_dimension"] == [0, 1, 2] and data["whitney"] == {"a": True, "b": True}
    assert data["frontier"] == [[0, 2], [1, 2]] and data["components"] == 1 and data["euler"] == 1 and data["cells"] == 3
    assert [set(k) >= {"dimension", "formula", "sample", "euler"} for k in data["strata"]] == [True] * 3
    assert data["strata"][2]["formula"] == "x-y == 0"


def test_the_command_takes_a_list(capsys):
    """Polynomials are separated by semicolons."""
    status, out, _ = run(capsys, "x*y; x-y", "--json")
    assert status == 0 and json.loads(out)["count_by_dimension"] == [1, 6, 6]


@pytest.mark.parametrize(("words", "status", "code"), [
    (["exp(x)"], 3, "TC150"), (["x; ; y"], 3, "TC101"), (["x*y", "--vars", "x"], 3, "TC102"), (["a*b*c*d > 0"], 3, "TC158"),
    (["1 > 0"], 3, "TC102"), (["x > 0", "--plot", "out.gif"], 3, "TC155"), (["x > 0", "--plot", "missing-folder/out.svg"], 3, "TC128"),
])  # fmt: skip
def test_the_command_refuses(capsys, words, status, code):
    """One line on standard error, exit status 3."""
    pytest.importorskip("matplotlib")
    found, _, err = run(capsys, *words)
    assert (found, code in err, err.count("\n")) == (status, True, 1)


@pytest.mark.parametrize(("formula", "kind"), [
    ("x^2 == y^2*z and z <= 1", "png"), ("y^2-x^3-x^2", "svg"), ("x^2<=2", "svg"), ("abs(x*y-1)", "svg"), ("x^2+y^2==0", "png"),
    ("x>0 and x<0 and y > 0", "svg"), ("x^2+y^2+z^2 <= 1", "svg"),
])  # fmt: skip
def test_pictures_are_drawn(tmp_path, formula, kind):
    """The same bytes for the same set; an SVG has a title for screen readers."""
    pytest.importorskip("matplotlib")
    s = tc.strata(formula)
    for what in ("auto", "poset"):
        first, second = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
        s.plot(first, what)
        s.plot(second, what)
        assert first.read_bytes() == second.read_bytes()
        assert kind == "png" or b"<title>" in first.read_bytes()
