"""Pictures and graphs of decompositions."""

import pytest

import tamecheck as tc
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError


def test_graphs_of_cells():
    """The tree has a node per cell of every R^k; the closure graph a node per cell, and the circle's points touch its arcs."""
    d = tc.cells(["x^2+y^2-1"], ["x", "y"])
    tree = d.to_networkx("tree")
    assert len(tree) == 1 + 5 + 13 and tree.number_of_edges() == 18
    assert tree.nodes[3, 3]["signs"] == (-1,) and tree.nodes[3, 3]["dimension"] == 2
    graph = d.to_networkx()
    place = {data["index"]: n for n, data in graph.nodes(data=True)}
    assert len(graph) == 13 and graph.has_edge(place[3, 2], place[2, 2]) and not graph.has_edge(place[2, 2], place[3, 2])
    with pytest.raises(InputError, match="TC101"):
        d.to_networkx("forest")


def test_pictures_are_drawn():
    """As many point markers as cells of dimension 0 in the plane; surfaces in space."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    d = tc.cells(["y^2-x^3-x^2", "x^2+y^2-1"], ["x", "y"])
    ax = d.plot()
    markers = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(markers) == d.count_by_dimension()[0]
    assert ax.get_xlabel() == "x"
    ax = tc.cells(["x^2+y^2+z^2-1"], ["x", "y", "z"]).plot(window=(-2, 2))
    assert len(ax.collections) >= 2 and ax.get_zlim() == (-2, 2)
    pyplot.close("all")


def test_what_is_not_drawn():
    """Four variables, unfinished decompositions, windows that are none."""
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="TC171"):
        tc.cells(["x+y+z+w"], ["x", "y", "z", "w"]).plot()
    with pytest.raises(InputError, match="TC101"):
        tc.cells(["x^2+y^2-1"], ["x", "y"]).plot(window=(1, 0))
    with pytest.raises(BudgetExceeded) as stop:
        tc.cells(["x^2+y^2-1"], ["x", "y"], budget=Budget(steps=2))
    with pytest.raises(InputError, match="TC101"):
        stop.value.partial.plot()


def test_html_and_text():
    """Decompositions and answers show themselves in notebooks."""
    d = tc.cells(["x^2+y^2-1"], ["x", "y"])
    assert "13 cells" in d._repr_html_() and "13 cells" in repr(d)
    assert "&lt;=" in tc.eliminate("forall x: x^2+b*x+c >= 0")._repr_html_()
