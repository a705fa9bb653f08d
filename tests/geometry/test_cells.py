"""Decompositions: the bank's cell counts, the invariants on every one, access to cells, hostile input."""

import itertools
import random
import time

import bank
import pytest
import random_formulas
from invariants import check

import tamecheck as tc
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError, TamecheckError
from tamecheck.geometry.cad.lifting import Lifting
from tamecheck.geometry.cad.projection import project
from tamecheck.ground.algebraic import real_roots
from tamecheck.ground.polynomials import Ring, read

HEAVY = {"x_axis_ellipse_polys", "solotareff_polys", "hong90_reduced_polys"}


@pytest.mark.parametrize("problem", [pytest.param(p, id=p.name, marks=[pytest.mark.slow] if p.name in HEAVY else []) for p in bank.CAD])
def test_cells_of_the_bank(problem):
    """As many cells as QEPCAD, give or take what is known, every sign right at random points."""
    d = tc.cells(problem.polynomials, problem.variables.split())
    assert len(d) <= 1.13 * problem.qepcad
    assert len(d) <= problem.mccallum or len(d) - problem.qepcad <= 4
    if problem.name in HEAVY:
        assert d.euler_characteristic() == (-1) ** len(d.variables)
    else:
        check(d)


@pytest.mark.parametrize("problem", [p for p in bank.CAD if p.lazard and p.name not in HEAVY], ids=lambda p: p.name)
def test_lazard_cells_of_the_bank(problem):
    """Lazard's projection has the cells that the literature counts, and is right, too."""
    d = tc.cells(problem.polynomials, problem.variables.split(), projection="lazard")
    assert len(d) == problem.lazard
    check(d, points=6)


@pytest.mark.parametrize("problem", [p for p in bank.CAD if p.name not in HEAVY], ids=lambda p: p.name)
def test_mccallum_cells_of_the_bank(problem):
    """McCallum's projection has the cells that the literature counts, but for fewer coefficients where they cannot vanish together."""
    d = tc.cells(problem.polynomials, problem.variables.split(), projection="mccallum")
    assert 0.8 * problem.mccallum <= len(d) <= problem.mccallum
    check(d, points=10)


@pytest.mark.parametrize("problem", bank.LITERATURE, ids=lambda p: p.name)
def test_invariants_on_problems_from_the_literature(problem):
    """The invariants hold."""
    check(tc.cells(problem.polynomials, problem.variables.split()))


@pytest.mark.parametrize("seed", range(24))
def test_invariants_on_random_problems(seed):
    """Half of the random polynomials vanish identically somewhere or have multiple factors."""
    r = random.Random(f"cells {seed}")
    names = random_formulas.NAMES[: r.choice((2, 3, 3))]
    make = random_formulas.planted if seed % 2 else random_formulas.sparse
    polynomials = [make(r, names) for _ in range(r.randint(1, 2))]
    for method in ("auto", "lazard"):
        check(tc.cells(polynomials, names, projection=method), seed)


@pytest.mark.parametrize("seed", range(8))
def test_euler_characteristics_do_not_depend_on_the_order_of_variables(seed):
    """Every sign condition has the same Euler characteristic in every order."""
    r = random.Random(f"orders {seed}")
    names = random_formulas.NAMES[:3]
    p, q = random_formulas.planted(r, names), random_formulas.sparse(r, names, 2, 2)
    found = set()
    for order in itertools.permutations(names):
        d = tc.cells([p, q], order)
        sums: dict[tuple[int, ...], int] = {}
        for cell in d:
            sums[cell.signs] = sums.get(cell.signs, 0) + (-1) ** cell.dimension
        found.add(tuple(sorted([(k, v) for k, v in sums.items() if v])))
    assert len(found) == 1, (p, q)


EULER = [  # Euler characteristic with compact supports of {p = 0}
    ("x^2+y^2-1", "x y", 0), ("y^2-x^3-x^2", "x y", -2), ("y^2-x^3+x^2", "x y", 0), ("(x^2+y^2)^2-2*(x^2-y^2)", "x y", -1),
    ("y^4-2*y^3+y^2-3*x^2*y+2*x^4", "x y", -2), ("x*y", "x y", -3), ("x^2+y^2+z^2-1", "x y z", 2),
    ("(x^2+y^2+z^2+3)^2-16*(x^2+y^2)", "x y z", 0), ("x^2-y^2*z", "z y x", 1), ("x^2+y^2-z^2-1", "z x y", 0), ("z-x^2-y^2", "x y z", 1),
    ("y^2-x^3-z^2*x^2", "z x y", 3), ("x*y*z", "x y z", 7), ("z^2-x^2*y+y^3", "x y z", 1), ("x*y*(x-y)*(x-z*y)", "z x y", 11),
    ("x*y-1", "x y", -2), ("y^2-x^3+x", "x y", -1), ("x^2*y+x", "x y", -3), ("x^2*y+x-1", "x y", -2), ("y^2-x^3", "x y", -1),
    ("x^4*y^2+x^2*y^4-3*x^2*y^2", "x y", -7), ("u*v*(u+v-1)*(u+v+2)", "u v", -9), ("(u*v-1)^2-1", "u v", -5), ("(u*v-1)^2-1/4", "u v", -4),
    ("x^2*y^2+2*x*y+(y^2-1)^2+1", "x y", 2), ("x^2*y^2+2*x*y+(y^2-1)^2-1", "x y", -3), ("x*(x*y+1)^2", "x y", -3),
]  # fmt: skip


@pytest.mark.parametrize(("polynomial", "variables", "expected"), EULER)
def test_euler_characteristics_of_known_sets(polynomial, variables, expected):
    """The alternating sum over the cells of a set is its Euler characteristic with compact supports."""
    for method in ("auto", "lazard"):
        d = tc.cells([polynomial], variables.split(), projection=method)
        assert d.euler_characteristic(lambda cell: cell.signs[0] == 0) == expected


def test_three_lines_cut_the_plane_into_seven_regions_nine_edges_three_points():
    """Components by sign vectors: an arrangement of lines."""
    d = tc.cells(["u", "v", "u+v-1"], ["u", "v"])
    signs = {cell.signs for cell in d}
    assert [sum([1 for s in signs if s.count(0) == k]) for k in (0, 1, 2)] == [7, 9, 3]


def test_himmelblau_has_nine_critical_points():
    """Four minima, four saddles and a maximum: solving by radicals finds four of them."""
    d = tc.cells(["4*x*(x^2+y-11)+2*(x+y^2-7)", "2*(x^2+y-11)+4*y*(x+y^2-7)"], ["x", "y"])
    assert sum([1 for cell in d if cell.signs == (0, 0)]) == 9


def open_only(polynomials: list[str], variables: list[str]) -> Lifting:
    """Return the would-be decomposition by leading coefficients only, without any care for polynomials that vanish identically."""
    ring = Ring(variables)
    projection, _ = project(ring, [read(ring, p)[0] for p in polynomials], "open")
    lifting = Lifting(projection)
    lifting.delineate = lambda point, factor: None
    lifting.run()
    return lifting


def test_leading_coefficients_alone_are_wrong():
    """Counting cells of the parametric quadratic exposes the projection that forgets the lower coefficients."""
    assert open_only(["a*x^2+b*x+c"], ["a", "b", "c", "x"]).count() == 19 < 115 == len(tc.cells(["a*x^2+b*x+c"], ["a", "b", "c", "x"]))
    with pytest.raises(InputError, match="TC101"):
        tc.cells(["a*x^2+b*x+c"], ["a", "b", "c", "x"], projection="open")


def test_invariants_catch_the_projection_by_leading_coefficients():
    """With it, signs at random points differ from those of the cell that holds them."""
    d = tc.cells(["a*x^2+b*x+c"], ["a", "b", "c", "x"])
    check(d, points=100)
    d.lifting = open_only(["a*x^2+b*x+c"], ["a", "b", "c", "x"])
    d.projection = d.lifting.projection
    d._inputs = [(1, ((d.projection.levels[4][0], 1),))]
    with pytest.raises(AssertionError):
        check(d, points=100)


def test_roots_closer_than_the_precision_are_told_apart():
    """Distances of 10^-60 are no problem, neither between roots nor for the sample points between them."""
    d = tc.cells(["10^120*x^2-2*10^120*x+10^120-1"], ["x"])
    assert [c.signs for c in d] == [(1,), (0,), (-1,), (0,), (1,)]
    check(d)
    check(tc.cells(["10^60*x^2-2*10^60*x+10^60-1", "(x-1)*10^30*y-1"], ["x", "y"]))


def test_algebraic_points_are_located():
    """The point (sqrt 2/2, sqrt 2/2) is on the circle and on the diagonal."""
    d = tc.cells(["x^2+y^2-1", "x-y"], ["x", "y"])
    half = real_roots((-1, 0, 2))[1][0]
    assert d.locate([half, half]).signs == (0, 0)
    assert d.locate([half, -half]).signs == (0, 1)
    assert d.locate([half, half]).contains([half, half])


def test_the_formula_of_a_cell_describes_it():
    """Root expressions count real roots from below."""
    d = tc.cells(["x^2+y^2-1"], ["x", "y"])
    assert d.locate([0, 0]).formula == "x > -1 and x < 1 and y > root(x^2+y^2-1, 1, y) and y < root(x^2+y^2-1, 2, y)"


HOSTILE = [
    (["x^3000+y^3000-1"], ["x", "y"], "TC306"), (["x^100*y^100+x^37*y^59-3*x*y+7"], ["x", "y"], "TC306"),
    (["x^3000-x^1499+7*x-5"], ["x"], "TC306"), (["(x+y+z+w+1)^60"], ["x", "y", "z", "w"], "TC151"), (["x^5000"], ["x"], "TC151"),
    (["x-" + "9" * 1_000_000], ["x"], "TC112"), (["x-1e1000000000"], ["x"], "TC112"), (["sin(x)"], ["x"], "TC150"), (["1/x"], ["x"], "TC150"),
    (["x^(1/2)"], ["x"], "TC150"), (["x^-1"], ["x"], "TC150"), (["x > 0"], ["x"], "TC150"), (["x+y"], ["x"], "TC102"),
    (["x"], ["x", "x"], "TC102"), (["x"], ["x y"], "TC102"), (["x"], [""], "TC102"), ([None], ["x"], "TC101"), ([1.5], ["x"], "TC101"),
    (None, ["x"], "TC101"), (["x"], None, "TC101"), ("x^2-1", ["x"], "TC101"), (["2^x"], ["x"], "TC150"), (["pi*x"], ["x"], "TC150"),
    (["x/0"], ["x"], "TC150"), (["(((((x"], ["x"], "TC1"), (["x**x"], ["x"], "TC150"), (["y^40+x^60-x^20*y^20-1"], ["x", "y"], "TC306"),
]  # fmt: skip


@pytest.mark.parametrize(("polynomials", "variables", "code"), HOSTILE, ids=lambda v: str(v)[:30])
def test_bad_input_is_refused_at_once(polynomials, variables, code):
    """An error with a code, within about a second."""
    start = time.perf_counter()
    with pytest.raises(TamecheckError) as error:
        tc.cells(polynomials, variables)
    assert error.value.code.startswith(code)
    assert time.perf_counter() - start < 4  # a second on an idle machine


TRIVIAL = [  # (polynomials, variables, cells)
    ([], ["x", "y"], 1), ([], [], 1), (["3"], [], 1), (["3", "0", "-2/5"], ["x"], 1), (["x", "x", "2*x", "-x"], ["x"], 3),
    (["x-x"], ["x", "y"], 1), (["x^2-1"], ["x", "y", "z"], 5), (["z^2-1"], ["x", "y", "z"], 5), (["x^2+1"], ["x"], 1),
    (["(x-1)^7*(x+1)^2"], ["x"], 5), (["x^3000"], ["x"], 3),
]  # fmt: skip


@pytest.mark.parametrize(("polynomials", "variables", "expected"), TRIVIAL)
def test_trivial_input_is_no_exception(polynomials, variables, expected):
    """No polynomials, numbers, repetitions, zero, variables that do not occur."""
    d = tc.cells(polynomials, variables)
    assert len(d) == expected
    check(d)


def test_a_budget_keeps_what_is_finished_and_can_be_resumed():
    """The cells of the finished stacks are there; the rest is built later, and the result is the same."""
    problem = next(p for p in bank.CAD if p.name == "sphere_and_catastrophe")
    with pytest.raises(BudgetExceeded) as stop:
        tc.cells(problem.polynomials, problem.variables.split(), budget=Budget(steps=40))
    d = stop.value.partial
    assert stop.value.code == "TC302" and not d.complete and 0 < len(d) < 971 and "unfinished" in repr(d)
    assert all([cell.signs for cell in d])
    rounds = 0
    while not d.complete:
        rounds += 1
        try:
            d.resume(Budget(steps=40))
        except BudgetExceeded as again:
            assert again.partial is d
    assert rounds > 2 and len(d) == 971
    check(d)


def test_time_budgets_end_in_time():
    """A second is a second, in the projection as in lifting."""
    start = time.perf_counter()
    with pytest.raises(BudgetExceeded):
        tc.cells(["x^8+y^8+z^8-x^3*y^2*z-7", "x^5*z+y^4-z^6*x+3", "x^4+z^4*y^3-2"], ["x", "y", "z"], budget=Budget(seconds=0.5))
    assert time.perf_counter() - start < 3


def test_a_hundred_thousand_cells_within_four_seconds():
    """Stacks that look alike are built once."""
    problem = next(p for p in bank.CAD if p.name == "x_axis_ellipse_polys")
    start = time.process_time()
    d = tc.cells(problem.polynomials, problem.variables.split())
    assert len(d) > 100_000 and time.process_time() - start < 4
