"""Cells and sets leave as SMT-LIB: z3 and cvc5 read the scripts and find no point that is not in the cell."""

from fractions import Fraction

import pytest
import random_formulas as peers

import tamecheck as tc
from tamecheck.geometry.cad import cell_smtlib

EXAMPLES = [
    (["x^2+y^2-1"], "x y"), (["y^2-x^3-x^2"], "x y"), (["x^3-3*x+1"], "x"), (["y^3-x*y+1"], "x y"), (["x^2-y^2*z"], "z y x"), (["x*z+y"], "x y z"),
]  # fmt: skip


@pytest.mark.parametrize(("polynomials", "variables"), EXAMPLES)
def test_rational_samples_satisfy_the_script_of_their_cell_and_of_no_other(polynomials, variables):
    """By z3, for cells with rational samples: the sample is a model of its own cell."""
    names = variables.split()
    d = tc.cells(polynomials, names)
    cells = [c for c in d if all([isinstance(x, Fraction) for x in c.sample])][:12]
    for cell in cells:
        at = "".join([f"(assert (= {n} {cell_smtlib.number(x)}))\n" for n, x in zip(names, cell.sample, strict=True)])
        for other in cells[:6]:
            script = other.smtlib().replace("(check-sat)", at + "(check-sat)")
            verdict = peers.z3_verdict(script, 1000)
            assert verdict in ("true" if other == cell else "false", "unknown"), (cell, other)


@pytest.mark.parametrize(("polynomials", "variables"), EXAMPLES)
def test_both_solvers_read_the_scripts(polynomials, variables):
    """No syntax error, and never the verdict that a cell is empty."""
    pytest.importorskip("cvc5")
    for cell in list(tc.cells(polynomials, variables.split()))[:9]:
        assert peers.z3_verdict(cell.smtlib(), 300) != "false"
        assert peers.cvc5_verdict(cell.smtlib(), 100) != "false"


def test_sets_of_cells_print_as_formulas():
    """The lens of two discs by signs; half of a circle's sections needs a root or a sign of a projection factor."""
    d = tc.cells(["x^2+y^2-1", "(x-1)^2+y^2-1"], ["x", "y"])
    lens = d.describe(lambda c: c.signs == (-1, -1))
    assert not lens.extended
    difference = f"exists x, y: not (({lens}) iff (x^2+y^2 < 1 and (x-1)^2+y^2 < 1))"
    assert tc.decide(difference).verdict == "false"
    assert peers.z3_verdict(lens.smtlib()) == "true"


def test_roots_in_answers_leave_as_quantifiers():
    """The largest root of a cubic cannot be told apart by signs of the cubic alone."""
    d = tc.cells(["x^3-3*x+1"], ["x"])
    largest = d.describe(lambda c: c.index == (6,))
    assert largest.extended and largest.formula == "x == root(x^3-3*x+1, 3, x)"
    script = largest.smtlib()
    at = "(assert (> x 1.5))(assert (< x 1.6))\n(check-sat)"
    assert peers.z3_verdict(script.replace("(check-sat)", at)) == "true"
    assert peers.z3_verdict(script.replace("(check-sat)", at.replace("(> x 1.5)", "(< x 1.5)"))) == "false"


def test_empty_and_full_sets():
    """Nothing and everything."""
    d = tc.cells(["x^2+y^2-1"], ["x", "y"])
    assert str(d.describe(lambda c: False)) == "False" and str(d.describe(lambda c: True)) == "True"
