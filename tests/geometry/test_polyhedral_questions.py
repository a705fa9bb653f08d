"""Questions about polyhedral complexes: level sets and their topology, Lipschitz constants, ranges, minima."""

import random
from fractions import Fraction

import pytest

import tamecheck as tc
from tamecheck.errors import InputError
from tamecheck.geometry.polyhedral.polyhedral_bounds import region_bounds
from tamecheck.geometry.polyhedral.polyhedral_topology import Subcomplex
from tamecheck.ground.algebraic import number
from tamecheck.programs.lowering import exact
from tests.geometry.test_polyhedral import network


@pytest.mark.parametrize(("text", "betti", "sides"), [
    ("abs(x)+abs(y)-1", [1, 1], (1, 1)), ("max(abs(x),abs(y),abs(z))-1", [1, 0, 1], (1, 1)), ("relu(x)+relu(y)-1", [1], (1, 1)),
    ("abs(abs(x)-2)-1+0*y", [4], (2, 3)), ("max(abs(x),abs(y))+min(0,1-abs(x)-abs(y))-1/4", [5, 1], (5, 1)),
    ("abs(x)+abs(y)+1", [], (0, 1)), ("relu(x)", [1], (0, 1)), ("max(abs(max(abs(x),abs(y))-2),abs(z))-1", [1, 2, 1], (1, 1)),
    ("min(abs(x-3)+abs(y), abs(x+3)+abs(y))-1", [2, 2], (2, 1)), ("0*x", [1], (0, 0)), ("x+y", [1], (1, 1)),
])  # fmt: skip
def test_decision_boundaries_have_their_topology(text, betti, sides):
    """Circles, spheres, a torus, parallel lines, flat zeros, nothing: Betti numbers and components of the two sides."""
    boundary = tc.polyhedral_complex(text).decision_boundary()
    assert boundary.betti() == betti
    assert boundary.sides == sides
    assert len(boundary.components()) == (betti or [0])[0]


@pytest.mark.parametrize("seed", range(12))
def test_level_sets_obey_duality(seed):
    """In the plane, off vertices' values: components of the complement are 1 + b_1 + (unbounded components), whatever the net."""
    net, values = network((2, 4, 3, 1), seed)
    c = tc.polyhedral_complex(net, values=values)
    level = c.value(0) + Fraction(1, 977)
    cut = c.level_set(level)
    below, above = cut.sides
    ends = sum(len(f.rays) for f in cut.faces if f.dimension == 1)
    assert cut.euler_characteristic() == sum((-1) ** k * b for k, b in enumerate(cut.betti())) - ends
    circles = (cut.betti() + [0, 0])[1]
    arcs = len([k for k in cut.components() if any(cut.complex.faces[f].rays for f in k)])
    assert below + above == 1 + circles + arcs
    for f in cut.faces:
        assert exact.evaluate(c.normal.tape, f.sample)["output"][0] == level


def test_classes_meet_where_the_largest_logit_is_a_tie():
    """max(x, y, z) of three logits x, y, -x-y: three rays from the origin."""
    from tamecheck import nn

    x = nn.Input("x", (2,))
    net = nn.Network({"a": x[0], "b": x[1], "c": -x[0] - x[1]})
    boundary = tc.polyhedral_complex(net).decision_boundary()
    assert boundary.count_by_dimension() == [1, 3, 0]
    assert boundary.betti() == [1]


def test_a_subcomplex_is_closed():
    """A region without its edges is refused."""
    c = tc.polyhedral_complex("relu(u)+relu(v)")
    with pytest.raises(InputError, match="TC168"):
        Subcomplex(c, [c.regions[0].number])


@pytest.mark.parametrize(("text", "l1", "l2", "linf"), [
    ("abs(x)+abs(y)", 1, "x^2-2", 2), ("3*relu(x)-4*relu(y)", 4, Fraction(5), 7), ("relu(x)+relu(x+y)+relu(y)", 2, "x^2-8", 4), ("0*x+1", 0, 0, 0),
])  # fmt: skip
def test_lipschitz_constants_are_exact(text, l1, l2, linf):
    """In l1 the largest entry of a gradient, in linf the sum of sizes, in l2 an algebraic number."""
    c = tc.polyhedral_complex(text)
    assert c.lipschitz(1).value == l1
    assert c.lipschitz("inf").value == linf
    found = c.lipschitz(2).value
    assert l2 in (found, str(found).split(" ")[-3] if isinstance(l2, str) else None)


def test_the_spectral_norm_of_several_outputs():
    """The matrix [[1, 1], [0, 1]] has the golden ratio as its largest singular value."""
    from tamecheck import nn

    x = nn.Input("x", (2,))
    net = nn.Network({"a": x[0] + x[1], "b": x[1].relu() - (-x[1]).relu()})
    golden = tc.polyhedral_complex(net).lipschitz(2).value
    assert golden * golden == golden + 1


@pytest.mark.parametrize("seed", range(6))
def test_lipschitz_constants_bound_all_differences(seed):
    """No two points are further apart in value than the constant allows, and some region attains it."""
    net, values = network((2, 4, 3, 1), seed, corners=seed % 2 == 0)
    c = tc.polyhedral_complex(net, values=values)
    rng = random.Random(seed)
    for norm, size in ((1, sum), ("inf", max)):
        bound = c.lipschitz(norm).value
        for _ in range(30):
            p, q = [[Fraction(rng.randint(-40, 40), 8) for _ in range(2)] for _ in range(2)]
            change = abs(exact.evaluate(c.normal.tape, p)["output"][0] - exact.evaluate(c.normal.tape, q)["output"][0])
            assert change <= bound * size(abs(a - b) for a, b in zip(p, q, strict=True))
    two = c.lipschitz(2)
    gradient = two.region.affine()[0]
    assert number(two.value) * number(two.value) == sum(g * g for g in gradient)


@pytest.mark.parametrize("seed", range(6))
def test_ranges_over_a_box_are_attained_and_never_exceeded(seed):
    """Exact extremes over a box: values at vertices, and no sample leaves them."""
    net, values = network((2, 4, 4, 1), seed)
    c = tc.polyhedral_complex(net, values=values, box=(-1, 1))
    low, high = c.range()
    assert {low, high} <= {c.value(v) for v in range(len(c.vertices))}
    rng = random.Random(seed)
    for _ in range(50):
        value = exact.evaluate(c.normal.tape, [Fraction(rng.randint(-64, 64), 64) for _ in range(2)])["output"][0]
        assert low <= value <= high


@pytest.mark.parametrize(("text", "low", "high"), [("relu(x)", 0, None), ("-abs(x)", None, 0), ("x", None, None), ("min(max(x,0),1)+0*y", 0, 1)])
def test_unbounded_ranges_say_so(text, low, high):
    """None where a value grows for ever."""
    assert tc.polyhedral_complex(text).range() == (low, high)


@pytest.mark.parametrize(("text", "expected"), [
    ("abs(x)+abs(y)-1", [(-1, True, True)]), ("min(abs(x-2),abs(x+2)+1)", [(0, True, True), (1, True, False)]), ("x+relu(y)", []),
    ("relu(abs(x)+abs(y)-1)", [(0, False, True)]), ("relu(x)-relu(x-1)+0*y", [(0, False, True)]), ("abs(abs(x)-1)", [(0, True, True)] * 2),
    ("max(-x, 0) + max(x - 5, 0)", [(0, False, True)]), ("min(x, 1-x)", []), ("abs(x)-relu(x-1)*2", [(0, True, False)]),
])  # fmt: skip
def test_minima_are_found_with_their_plateaus(text, expected):
    """Local and global minima, points and plateaus, none where the function falls for ever."""
    found = [(m.value, m.strict, m.globally) for m in tc.polyhedral_complex(text).minima()]
    assert found == expected


@pytest.mark.parametrize(("inputs", "widths", "expected"), [(2, [3], (7, 7)), (1, [4, 4], (20, 25)), (2, [4, 4], (44, 121)), (3, [2, 5], (0, 64))])
def test_bounds_on_the_number_of_regions(inputs, widths, expected):
    """Zaslavsky's sum for one layer; Montufar's products for several."""
    assert region_bounds(inputs, widths) == expected


@pytest.mark.parametrize("seed", range(8))
def test_no_net_has_more_regions_than_the_bound(seed):
    """Random nets stay below the upper bound, and one generic layer attains it."""
    widths = [(2, 4, 4, 1), (2, 3, 3, 3, 1), (3, 4, 3, 1), (2, 6, 1)][seed % 4]
    net, values = network(widths, seed + 50)
    c = tc.polyhedral_complex(net, values=values)
    _, upper = region_bounds(widths[0], list(widths[1:-1]))
    assert len(c.regions) <= upper
    assert len(c.regions) == upper or len(widths) > 3


def test_a_folding_net_reaches_the_lower_bound():
    """The net of Montufar and others: each layer folds the line into four, the last has four units: (4)(5) regions and more in one input."""
    fold = "4*(relu(x) - 2*relu(x - 1/4) + 2*relu(x - 1/2) - 2*relu(x - 3/4))"
    last = "+".join(f"relu(y - {k}/5)" for k in range(1, 5))
    c = tc.polyhedral_complex(f"let y = {fold}; {last}")
    low, upper = region_bounds(1, [4, 4])
    assert low <= len(c.regions) <= upper


def test_linear_pieces_join_regions():
    """A kink that cancels separates regions, not pieces."""
    c = tc.polyhedral_complex("relu(x) - relu(-x) + relu(y)")
    assert (len(c.regions), len(c.linear_pieces())) == (4, 2)
    assert len(tc.polyhedral_complex("abs(x) + abs(y)").linear_pieces()) == 4
    assert len(tc.polyhedral_complex("relu(x) + relu(1 - x)*0 + relu(-x) - relu(-x)").linear_pieces()) == 2


def test_verify_evaluates_the_program_on_every_face():
    """All faces agree; a complex whose output was tampered with does not."""
    net, values = network((2, 4, 3, 1), 3, corners=True)
    c = tc.polyhedral_complex(net, values=values)
    assert c.verify() == len(c)
    name, entry, form = c.normal.outputs[0]
    c.normal.outputs[0] = (name, entry, {**form, 0: form.get(0, Fraction(0)) + 1})
    with pytest.raises(ArithmeticError, match="not that of the program"):
        c.verify()


def test_flat_regions():
    """A dead unit leaves flat regions."""
    c = tc.polyhedral_complex("relu(x+y)-relu(x+y-1)")
    assert len(c.flat_regions()) == 2
    assert all(not any(f.affine()[0]) for f in c.flat_regions())


def test_complexes_are_drawn(tmp_path):
    """One and two inputs are drawn with regions, kinks and the boundary; three are refused."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    c = tc.polyhedral_complex("abs(x)+abs(y)-1+relu(x-2)")
    ax = c.plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    assert len(ax.patches) == 6 and len([line for line in ax.lines if line.get_linewidth() == 2.2]) == 4
    ax.get_figure().savefig(tmp_path / "a.svg")
    assert tc.polyhedral_complex("abs(x)-1").plot().lines
    assert tc.polyhedral_complex("relu(x)+0*y").plot(window=((-1, 1), (-2, 2)), level=None).patches
    pyplot.close("all")
    for bad, code in ((lambda: tc.polyhedral_complex("max(x,y,z)").plot(), "TC170"), (lambda: c.plot(window=(1, 0)), "TC121")):
        with pytest.raises(InputError, match=code):
            bad()


def test_neighbouring_regions_have_different_colours():
    """The greedy colouring separates regions with a common edge."""
    from tamecheck.geometry.polyhedral.polyhedral_pictures import neighbour_colours

    net, values = network((2, 5, 3, 1), 8)
    c = tc.polyhedral_complex(net, values=values)
    colours = neighbour_colours(c)
    for f in c.of_dimension(1):
        a, b = c.cofaces[f.number]
        assert colours[a] != colours[b]
