"""The formula of a cell names the root over every point of the cell, not that over its sample point."""

import tamecheck as tc


def test_a_section_over_an_interval_is_a_graph():
    """The lower half of the circle is not the line through its lowest point."""
    d = tc.cells(["x^2+y^2-1"], ["x", "y"])
    assert d.cell((3, 2)).formula == "x > -1 and x < 1 and y == root(x^2+y^2-1, 1, y)"
    assert d.cell((2, 2)).formula == "x == -1 and y == 0"
    assert d.cell((3, 5)).formula == "x > -1 and x < 1 and y > root(x^2+y^2-1, 2, y)"


def test_a_graph_of_a_polynomial_is_written_out():
    """Where an equation is linear in the last variable, the root is a polynomial in the others."""
    d = tc.cells(["y-x^2", "x"], ["x", "y"])
    assert d.cell((3, 2)).formula == "x > 0 and y == x^2"


def test_answers_with_roots_hold_on_whole_cells():
    """An elimination that needs roots gives the moving root."""
    answer = tc.eliminate("exists z: z^5 - z == x and z^2 > y and x > 1", ["x", "y"])
    assert "root" not in answer.formula or "x" in answer.formula.split("root(")[1]
