"""Polyhedral complexes: exact agreement with the program on every face, degenerate nets, counts that theory knows."""

import itertools
import random
from fractions import Fraction
from math import comb

import pytest

import tamecheck as tc
from tamecheck import nn
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError, Refusal
from tamecheck.geometry.polyhedral.polyhedral_topology import Subcomplex, components
from tamecheck.programs.lowering import exact

SEED = 7


def network(widths, seed, corners=False, activation=None):
    """Return a random fully connected net and its weights; corners: small integers, many zeros and coincidences."""
    rng = random.Random(seed)
    layers, values = [], {}
    for k, (a, b) in enumerate(itertools.pairwise(widths)):
        name = str(len(layers))
        layers.append(nn.Linear(a, b))
        draw = (lambda: rng.choice([-1, 0, 0, 1, 2])) if corners else (lambda: Fraction(rng.randint(-999, 999), 128))
        values[f"{name}.weight"] = [[draw() for _ in range(a)] for _ in range(b)]
        values[f"{name}.bias"] = [draw() for _ in range(b)]
        if k < len(widths) - 2:
            layers.append(activation() if activation else nn.ReLU())
    return nn.Network(nn.Sequential(*layers)(nn.Input("x", (1, widths[0])))), values


def agrees(c):
    """Assert that on every face the affine map is the program's value, by the exact evaluation of the program itself."""
    name = c.normal.outputs[0][0]
    for f in c:
        assert c.locate(f.sample) is f
        value = exact.evaluate(c.normal.tape, f.sample)[name]
        assert value == [sum(a * x for a, x in zip(g, f.sample, strict=True)) + b for g, b in c.affine(f.signs)]
        assert f.dimension == 0 or f.facets or not f.rays or len(f.rays) >= 1
    for k, v in enumerate(c.vertices):
        assert exact.evaluate(c.normal.tape, v)[name][0] == c.value(k)
    for f in c:
        for r in f.rays:
            end = [a + 3 * d for a, d in zip(f.sample, c.rays[r], strict=True)]
            slope = c.slope(r)
            gradient = f.affine()[0]
            assert slope == sum(a * d for a, d in zip(gradient, c.rays[r], strict=True))
            assert c.locate(end) is f


def lattice(c):
    """Assert what the face lattice of a complex of polyhedra obeys."""
    assert c.euler_characteristic() == (-1) ** c.dimension
    for f in c:
        for g in f.facets:
            assert c.faces[g].dimension == f.dimension - 1
            assert set(c.faces[g].vertices) <= set(f.vertices) and set(c.faces[g].rays) <= set(f.rays)
        if not c.boxed and f.dimension == c.dimension - 1:
            assert len(c.cofaces[f.number]) == 2
    # the diamond: between a face and one of its faces two dimensions below lie exactly two others
    for f in c:
        below: dict[int, int] = {}
        for g in f.facets:
            for h in c.faces[g].facets:
                below[h] = below.get(h, 0) + 1
        assert set(below.values()) <= {2}


@pytest.mark.parametrize("seed", range(40))
def test_random_nets_with_many_coincidences(seed):
    """Small integer weights make zero units, parallel and equal hyperplanes, and many planes through one point."""
    shapes = [(1, 3, 1), (2, 3, 3, 1), (2, 4, 2, 2), (3, 3, 3, 1), (2, 2, 2, 2, 1), (4, 3, 2, 1), (3, 4, 1)]
    activation = [None, nn.LeakyReLU, nn.Hardtanh, nn.ReLU6][seed % 4]
    widths = shapes[seed % len(shapes)]
    net, values = network(widths, SEED + seed, corners=True, activation=activation)
    c = tc.polyhedral_complex(net, values=values)
    agrees(c)
    lattice(c)
    core = c.bounded_faces()
    assert c.lineality or core.betti() == [1]


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 400, 50))
def test_many_more_random_nets(start):
    """Four hundred nets full of coincidences, with four activations."""
    shapes = [(1, 3, 1), (2, 3, 3, 1), (2, 4, 2, 2), (3, 3, 3, 1), (2, 2, 2, 2, 1), (4, 3, 2, 1), (3, 4, 1), (2, 5, 3, 1), (3, 4, 3, 1)]
    for seed in range(start + 1000, start + 1050):
        activation = [None, nn.LeakyReLU, nn.Hardtanh, nn.ReLU6][seed % 4]
        net, values = network(shapes[seed % len(shapes)], seed, corners=True, activation=activation)
        c = tc.polyhedral_complex(net, values=values)
        agrees(c)
        lattice(c)
        assert c.lineality or c.bounded_faces().betti() == [1]


@pytest.mark.parametrize(("widths", "seed"), [((2, 6, 6, 1), 1), ((3, 5, 3, 1), 2), ((1, 8, 8, 8, 1), 3), ((4, 4, 2, 1), 4)])
def test_random_nets_in_general_position(widths, seed):
    """Every face agrees with the program, the lattice is one, and the bounded faces are contractible."""
    net, values = network(widths, seed)
    c = tc.polyhedral_complex(net, values=values)
    agrees(c)
    lattice(c)
    assert c.bounded_faces().betti() == [1]


@pytest.mark.parametrize(("n", "k"), [(1, 5), (2, 6), (3, 5), (4, 5)])
def test_one_generic_layer_has_the_faces_of_zaslavskys_theorem(n, k):
    """k hyperplanes in general position in R^n: sum over i <= n of C(k, i) regions, C(k, n) vertices."""
    net, values = network((n, k, 1), SEED)
    c = tc.polyhedral_complex(net, values=values)
    counts = c.count_by_dimension()
    assert counts[n] == sum(comb(k, i) for i in range(n + 1))
    assert counts[0] == comb(k, n)
    assert counts == [comb(k, n - d) * sum(comb(k - n + d, i) for i in range(d + 1)) for d in range(n + 1)]


def test_three_units_in_general_position():
    """G189: 7 regions, 9 edges, 3 vertices."""
    assert tc.polyhedral_complex("relu(u)+relu(v)+relu(u+v-1)").count_by_dimension() == [3, 9, 7]


def test_four_lines_two_of_them_parallel():
    """G190: 10 regions; G086: the lines are connected with Euler characteristic -9, their complement has 10 components."""
    c = tc.polyhedral_complex("relu(u)+relu(v)+relu(u+v-1)+relu(u+v+2)")
    assert c.count_by_dimension() == [5, 14, 10]
    lines = Subcomplex(c, [f.number for f in c if f.dimension < 2])
    assert (lines.euler_characteristic(), len(lines.components()), len(components(c, [f.number for f in c.regions]))) == (-9, 1, 10)


@pytest.mark.parametrize("k", [1, 2, 3, 6, 10])
def test_iterated_tents_on_the_interval(k):
    """G191: the k-th iterate of the tent has 2^k linear pieces and 2^k fixed points on [0, 1]."""
    text, inner = "", "x"
    for i in range(k):
        text, inner = f"{text}let y{i} = relu(2*{inner})-relu(4*{inner}-2); ", f"y{i}"
    c = tc.polyhedral_complex(text + inner, box=(0, 1))
    pieces = {}
    for f in c.regions:
        pieces.setdefault(f.affine(), []).append(f)
    assert len(pieces) == 2**k
    assert {abs(g[0]) for g, _ in pieces} == {2**k}
    assert c.lipschitz(2).value == 2**k
    assert c.range() == (0, 1)
    fixed = tc.polyhedral_complex(f"{text}{inner} - x", box=(0, 1)).level_set(0)
    assert len(fixed) == 2**k


def test_montufars_folding_net_reaches_its_bound():
    """Layers that fold the square: w = 2 units a coordinate and L layers give at least 2^(n L) regions in the square."""
    fold = "let a{k} = 2*abs({x})-1; let b{k} = 2*abs({y})-1; "
    text, x, y = "", "u", "v"
    for k in range(3):
        text += fold.format(k=k, x=x, y=y)
        x, y = f"a{k}", f"b{k}"
    c = tc.polyhedral_complex(f"{text}{x} + {y}", box=(-1, 1))
    assert len(c.regions) == 4**3


@pytest.mark.parametrize(("text", "variables", "counts", "lineality"), [
    ("x", ["x"], [0, 1], 1), ("relu(x)+0*y", ["x", "y"], [0, 1, 2], 1), ("relu(x+y-1)+relu(2-2*x-2*y)", ["x", "y"], [0, 1, 2], 1),
    ("abs(x)+abs(y)+0*z", ["x", "y", "z"], [0, 1, 4, 4], 1), ("relu(0*x-1)+x", ["x"], [0, 1], 1), ("max(x, x, x-1)", ["x"], [0, 1], 1),
    ("relu(x)+relu(2*x)+relu(-3*x)", ["x"], [1, 2], 0), ("relu(x)*3+relu(y)+relu(x+y)+relu(x-y)", ["x", "y"], [1, 8, 8], 0),
])  # fmt: skip
def test_degenerate_nets(text, variables, counts, lineality):
    """No kink, one kink twice, units that are dead or constant, lines in one direction, many lines through one point."""
    c = tc.polyhedral_complex(text)
    assert list(c.variables) == variables
    assert (c.count_by_dimension(), len(c.lineality)) == (counts, lineality)
    agrees(c)


def test_maxpool_argmax_and_sorting_nets():
    """Maxima of several arguments, clamps and sorted entries are cut exactly."""
    x = nn.Input("x", (3,))
    agrees(tc.polyhedral_complex(nn.Network(x.sort(0)[1])))
    c = tc.polyhedral_complex(nn.Network(x.max()))
    assert len(tc.polyhedral_complex("max(x,y,z)").regions) == len(c.regions)
    net = nn.Network(nn.MaxPool1d(2)(nn.Input("x", (1, 1, 4))).sum())
    c = tc.polyhedral_complex(net)
    assert len(c.regions) == 4 and len(c.lineality) == 2


def test_where_is_understood_where_it_does_not_jump():
    """A leaky unit written by cases is continuous; a step is refused, and named."""
    c = tc.polyhedral_complex("where(x > 0, x, x/10) + where(x + y >= 1 and y > -5 or x + y >= 1, x + y - 1, 0)")
    agrees(c)
    for text in ("where(x > 0, 1, 0)", "where(x > 0, x + 1, x)", "where(x == 0, 5, x)", "(x > 0)*1 + x", "where(x+y>0, x, y)"):
        with pytest.raises(Refusal, match="TC232"):
            tc.polyhedral_complex(text)


@pytest.mark.parametrize(("text", "guilty"), [("x*relu(y)", "product"), ("relu(x)/y", "quotient"), ("exp(x)", "exp"), ("x^2+abs(x)", "power")])
def test_what_is_not_piecewise_linear_is_refused(text, guilty):
    """The refusal names the node."""
    with pytest.raises(Refusal, match=f"TC231 {guilty} at node"):
        tc.polyhedral_complex(text)


def test_patterns_of_faces_come_in_the_users_names():
    """On a vertex units are tied, on a region they are on or off."""
    net, values = network((2, 2, 1), SEED)
    values["0.weight"], values["0.bias"] = [[1, 0], [0, -1]], [0, 0]
    c = tc.polyhedral_complex(net, values=values)
    assert c.locate([0, 0]).pattern() == {"1 (ReLU)[0,0]": "tie", "1 (ReLU)[0,1]": "tie"}
    assert c.locate([1, 1]).pattern() == {"1 (ReLU)[0,0]": "on", "1 (ReLU)[0,1]": "off"}


def test_a_box_cuts_and_bounds_everything():
    """With a box all faces are bounded, and Euler's sum is that of a ball."""
    net, values = network((2, 5, 5, 1), 5)
    c = tc.polyhedral_complex(net, values=values, box=(-1, 1))
    assert all(f.bounded for f in c)
    assert c.euler_characteristic() == 1
    agrees(c)
    lattice(c)
    with pytest.raises(InputError, match="TC163"):
        c.locate([2, 0])
    free = tc.polyhedral_complex(net, values=values)
    assert len(c) != len(free)


def test_the_order_of_units_does_not_matter():
    """Permuting the hidden units permutes nothing that can be seen."""
    net, values = network((2, 5, 1), 11, corners=True)
    other = dict(values)
    order = [3, 1, 4, 0, 2]
    other["0.weight"] = [values["0.weight"][k] for k in order]
    other["0.bias"] = [values["0.bias"][k] for k in order]
    other["2.weight"] = [[row[k] for k in order] for row in values["2.weight"]]
    a, b = tc.polyhedral_complex(net, values=values), tc.polyhedral_complex(net, values=other)
    assert sorted(map(sorted, [a.vertices])) == sorted(map(sorted, [b.vertices]))
    assert {(f.dimension, frozenset(f.points), frozenset(f.directions)) for f in a} == {
        (f.dimension, frozenset(f.points), frozenset(f.directions)) for f in b
    }


def test_pieces_of_the_lowering_are_the_regions():
    """Two roads to the same regions: sign vectors by linear programming, faces by cutting."""
    for seed in range(6):
        net, values = network((2, 3, 2, 1), seed, corners=True)
        c = tc.polyhedral_complex(net, values=values)
        f = tc.lower(net, "inputs", values, ties="split")
        vectors = {tuple(sorted(p.pattern().items())) for p in f}
        assert len(f) == len(c)
        assert vectors == {tuple(sorted(face.pattern().items())) for face in c}


def test_parameters_may_be_the_variables():
    """A network without hidden weights is piecewise linear in its weights too: 4n + 1 faces for n data."""
    x = nn.Input("x", (3, 1))
    net = nn.Network(nn.Sequential(nn.Linear(1, 1), nn.ReLU())(x).sum())
    c = tc.polyhedral_complex(net, "parameters", {"x": [[0], [1], [2]]})
    assert c.count_by_dimension() == [1, 6, 6]


def test_a_budget_leaves_the_complex_of_the_first_kinks():
    """Steps and a limit on faces: TC302 and TC313, with a complex that covers the plane and has no outputs."""
    net, values = network((2, 12, 12, 1), 3)
    for stop, options in (("TC302", {"budget": Budget(steps=60)}), ("TC313", {"limit": 100})):
        with pytest.raises(BudgetExceeded, match=stop) as error:
            tc.polyhedral_complex(net, values=values, **options)
        part = error.value.partial
        assert len(part) > 10 and part.euler_characteristic() == 1
        lattice(part)
        with pytest.raises(InputError, match="TC169"):
            part.value(0)


@pytest.mark.parametrize(("arguments", "code"), [
    (("relu(x)", "inputs", {"y": 1}), "TC102"), (("relu(3)",), "TC167"), (("+".join(f"x{k}" for k in range(9)),), "TC167"),
    (("relu(x)", "nothing"), "TC164"), (("relu(x)+y*0", "inputs", {"y": [1, 2]}), "TC166"),
])  # fmt: skip
def test_bad_input_is_refused(arguments, code):
    """Unknown names, no input, too many inputs, a wrong word."""
    with pytest.raises(InputError, match=code):
        tc.polyhedral_complex(*arguments)


def test_a_box_of_one_point_is_refused():
    """The hint says to fix the input instead."""
    with pytest.raises(InputError, match="TC121 the interval of x is one point"):
        tc.polyhedral_complex("relu(x)+y", box=(1, 1))


def test_a_complex_goes_out_as_a_graph_and_as_json():
    """The face poset with exact vertices, and a JSON value that json can write."""
    import json

    import networkx as nx

    c = tc.polyhedral_complex("relu(u)+relu(v)+relu(u+v-1/3)")
    graph = c.to_networkx()
    assert nx.is_directed_acyclic_graph(graph)
    assert (len(graph), graph.number_of_edges()) == (len(c), sum(len(f.facets) for f in c))
    assert (Fraction(1, 3), Fraction(0)) in graph.nodes[c.locate([Fraction(1, 3), 0]).number]["vertices"]
    text = json.dumps(c.to_json())
    assert "1/3" in text and json.loads(text)["euler"] == 1
    assert "7 of dimension 2" in repr(c) and "<table>" in c._repr_html_()
