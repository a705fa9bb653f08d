"""Closures of cells: known examples, the boundary of a boundary, invariance under a change of coordinates, enemies of each guard."""

import random

import pytest

import tamecheck as tc
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.geometry.cad import adjacency as module
from tamecheck.geometry.cad.adjacency import Adjacency, Obstruction

BANK = [
    (["x^2+y^2-1"], "xy"), (["x*y-1"], "xy"), (["y^2-x^3-x^2"], "xy"), (["y^2-x^3"], "xy"), (["(x^2+y^2)^2-2*(x^2-y^2)"], "xy"),
    (["y^4-2*y^3+y^2-3*x^2*y+2*x^4"], "xy"), (["144*y^2+96*x^2*y+9*x^4+105*x^2+70*x-98", "x*y^2+6*x*y+x^3+9*x"], "xy"),
    (["x^2-y^2*z"], "zyx"), (["x^2+y^2+z^2-1"], "xyz"), (["(x^2+y^2+z^2+3)^2-16*(x^2+y^2)"], "xyz"), (["1-x^2-y^2-z^2+2*x*y*z"], "xyz"),
    (["256*z^3-128*x^2*z^2+144*x*y^2*z+16*x^4*z-27*y^4-4*x^3*y^2"], "xyz"), (["x^2+y^2+z^2-1", "z^3+x*z+y"], "xyz"),
    (["x*z-1"], "xyz"), (["y*z-x"], "zyx"), (["x^2+y^2+z^2+w^2-1"], "xyzw"),
]  # fmt: skip


def ids(case):
    """Return a short name of a case."""
    return case[0][0][:24]


@pytest.mark.parametrize("case", BANK, ids=ids)
def test_a_boundary_has_no_boundary(case):
    """The incidence numbers of every cell over every cell two dimensions below cancel, in every decomposition."""
    cells = Adjacency(tc.cells(case[0], list(case[1])))
    for i, cell in enumerate(cells.cells):
        total = {}
        for j in cell.faces:
            assert cells.cells[j].dimension == cell.dimension - 1
            for k in cells.cells[j].faces:
                total[k] = total.get(k, 0) + cells.incidence(i, j) * cells.incidence(j, k)
        assert not any(total.values())


@pytest.mark.parametrize("case", BANK[:12], ids=ids)
def test_counting_roots_and_following_them_agree(case, monkeypatch):
    """Where signs and counts decide a limit, following the roots along a path gives the same one."""
    d = tc.cells(case[0], list(case[1]))
    short = Adjacency(d)

    def long_way(self, cell, face):
        return module._Approach(self.decomposition.lifting, cell, face).limits() if cell.stack.roots else []

    monkeypatch.setattr(Adjacency, "_limit", long_way)
    again = Adjacency(d)
    assert [c.faces for c in short.cells] == [c.faces for c in again.cells]
    assert [c.limits for level in short.levels for c in level] == [c.limits for level in again.levels for c in level]


def test_the_circle():
    """The closure of the open disc is the disc, that of the upper half circle an arc with both ends."""
    d = tc.cells(["x^2+y^2-1"], ["x", "y"])
    cells = Adjacency(d)
    disc, arc = cells.number(d.cell((3, 3))), cells.number(d.cell((3, 4)))
    assert {cells.cells[i].index for i in cells.closure(disc)} == {(3, 3), (3, 2), (3, 4), (2, 2), (4, 2)}
    assert {cells.cells[i].index for i in cells.closure(arc)} == {(3, 4), (2, 2), (4, 2)}
    assert cells.star(cells.number(d.cell((2, 1)))) == {cells.number(d.cell(i)) for i in [(2, 1), (1, 1), (3, 1)]}


def test_branches_that_escape_have_no_limit():
    """The branches of the hyperbola go to infinity over x = 0, on different sides."""
    d = tc.cells(["x*y-1"], ["x", "y"])
    cells = Adjacency(d)
    assert [cells.closure(cells.number(d.cell(i))) for i in [(1, 2), (3, 2)]] == [{cells.number(d.cell(i))} for i in [(1, 2), (3, 2)]]
    axis = cells.number(d.cell((2, 1)))
    # to the left the axis is above the branch, to the right below
    assert axis in cells.closure(cells.number(d.cell((1, 3)))) and axis not in cells.closure(cells.number(d.cell((1, 1))))
    assert axis in cells.closure(cells.number(d.cell((3, 1)))) and axis not in cells.closure(cells.number(d.cell((3, 3))))


def test_over_an_algebraic_point():
    """Two cubics with irrational crossings: every crossing ends four arcs."""
    d = tc.cells(["y-x^3+2*x", "y+x^3-2*x-1"], ["x", "y"])
    cells = Adjacency(d)
    crossings = [i for i, c in enumerate(cells.cells) if c.dimension == 0 and cells.cell(i).signs == (0, 0)]
    assert len(crossings) == 3
    for i in crossings:
        arcs = [j for j in cells.star(i) if cells.cells[j].dimension == 1 and 0 in cells.cell(j).signs]
        assert len(arcs) == 4


def test_vertical_fibres_obstruct_and_say_so():
    """Over the origin x^2 - y^2 z vanishes on the whole fibre: closures are no unions of cells, so no answer is given."""
    with pytest.raises(Obstruction, match="vanishes identically"):
        Adjacency(tc.cells(["x^2-y^2*z"], ["x", "y", "z"]))


def test_an_unfinished_decomposition_is_refused():
    """Half a decomposition has no closures."""
    with pytest.raises(BudgetExceeded) as stop:
        tc.cells(["(x^2+y^2+z^2+3)^2-16*(x^2+y^2)"], ["x", "y", "z"], budget=Budget(steps=5))
    with pytest.raises(InputError, match="not finished"):
        Adjacency(stop.value.partial)


def test_too_many_cells_are_refused(monkeypatch):
    """The limit on the number of cells is looked at."""
    monkeypatch.setattr(module, "MAXIMAL_CELLS", 10)
    with pytest.raises(BudgetExceeded, match="TC306"):
        Adjacency(tc.cells(["x^2+y^2-1"], ["x", "y"]))


def test_a_budget_stops_it():
    """One step per stack that is built."""
    d = tc.cells(["(x^2+y^2+z^2+3)^2-16*(x^2+y^2)"], ["x", "y", "z"])
    with pytest.raises(BudgetExceeded, match="TC302"):
        Adjacency(d, Budget(steps=3))


def test_the_graph_knows_dimensions():
    """The networkx graph has an edge for each face."""
    graph = Adjacency(tc.cells(["x^2+y^2-1"], ["x", "y"])).to_networkx()
    assert graph.number_of_nodes() == 13
    assert all(graph.nodes[i]["dimension"] == graph.nodes[j]["dimension"] + 1 for i, j in graph.edges)


def curve(rng):
    """Return a random plane curve with small coefficients."""
    terms = [f"{rng.choice([-3, -2, -1, 1, 2, 3])}*x^{i}*y^{j}" for i in range(4) for j in range(4 - i) if rng.random() < 0.6]
    return "+".join(terms) or "x"


@pytest.mark.parametrize("seed", range(25))
def test_alexander_duality_for_random_curves(seed):
    """The complement of a curve has b_0(curve + infinity) - chi_c(curve) components (Alexander duality in the sphere)."""
    import networkx

    rng = random.Random(seed)
    p = curve(rng)
    cells = Adjacency(tc.cells([p], ["x", "y"]))
    zero = {i for i in range(len(cells)) if cells.cell(i).signs[0] == 0}
    graph = cells.to_networkx().to_undirected()
    from tamecheck.geometry.topology.regions import bounded_cells

    bounded = bounded_cells(cells)
    parts = list(networkx.connected_components(graph.subgraph(zero)))
    infinite = [part for part in parts if not all(bounded[i] for i in part)]
    with_infinity = len(parts) - len(infinite) + 1
    chi = sum((-1) ** cells.cells[i].dimension for i in zero)
    complement = networkx.number_connected_components(graph.subgraph(set(graph) - zero))
    # chi of the curve and infinity together is chi_c + 1 = b_0 - b_1; the complement has b_1 + 1 parts
    assert complement == with_infinity - (chi + 1) + 1, (seed, p)


def test_cells_over_a_vertical_fibre_touch_as_they_should():
    """In the coordinates (x, y, z) the umbrella holds the z-axis as a vertical fibre: the sheets touch it, those over the x-axis do not exist."""
    from tamecheck.geometry.cad.shear import touching

    d = tc.cells(["x^2-y^2*z"], ["x", "y", "z"])
    graph = touching(d)
    surface = [i for i in graph if graph.nodes[i]["signs"] == (0,)]
    axis = [i for i in surface if d.cells[i].sample[:2] == (0, 0)]
    sheets = [i for i in surface if graph.nodes[i]["dimension"] == 2]
    assert len(axis) == 1 and len(sheets) == 4
    assert all([graph.has_edge(i, axis[0]) for i in sheets])
    import networkx

    assert networkx.number_connected_components(graph.to_undirected().subgraph(surface)) == 1
    complement = set(graph) - set(surface)
    # outside, and inside on either side of the xz-plane
    assert networkx.number_connected_components(graph.to_undirected().subgraph(complement)) == 3


def test_touching_is_closure_where_nothing_is_vertical():
    """Without vertical fibres the graph is that of closures."""
    from tamecheck.geometry.cad.shear import touching

    d = tc.cells(["x^2+y^2-1"], ["x", "y"])
    cells = Adjacency(d)
    assert {(i, j) for i in range(13) for j in cells.closure(i) if i != j} == set(touching(d).edges)
