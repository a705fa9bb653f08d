"""Breakpoints: where they are, what happens there, and how smooth the joint is."""

import pytest

from tamecheck.errors import InputError
from tamecheck.frontends.formula_io import load
from tamecheck.geometry.univariate.breaks import ANALYTIC, INFINITE
from tamecheck.geometry.univariate.expressions import Algebra, Expr
from tamecheck.geometry.univariate.lowering import lower
from tamecheck.geometry.univariate.piecewise import UNDEFINED, Opaque
from tamecheck.geometry.univariate.shapes import Shape


def shape(text, box="(-inf,inf)"):
    """Return the shape of a formula in x."""
    found = load(text, variables=["x"], boxes={"x": box})
    return Shape.of(lower(found.program, found.outputs["f"], Algebra()))


@pytest.mark.parametrize(
    ("text", "points", "kinds"),
    [
        ("max(x, 0)", ["0"], ["kink"]),
        ("abs(x^2 - 1)", ["-1", "1"], ["kink", "kink"]),
        ("sign(x)", ["0"], ["jump"]),
        ("1/x", ["0"], ["pole"]),
        ("sin(x)/x", ["0"], ["removable"]),
        ("x/(exp(x) - 1)", ["0"], ["removable"]),
        ("where(x == 0, 1, x/(exp(x) - 1))", ["0"], ["analytic"]),
        ("where(x == 0, 2, x/(exp(x) - 1))", ["0"], ["removable"]),
        ("log(x)", ["0"], ["end"]),
        ("sqrt(1 - x^2)", ["-1", "1"], ["end", "end"]),
        ("max(x, x + x^2 - 2)", ["-sqrt(2)", "sqrt(2)"], ["kink", "kink"]),
        ("min(x, 3 - x)", ["3/2"], ["kink"]),
        ("where(x > pi, sin(x), 0)", ["pi"], ["kink"]),
        ("where(abs(x) < 1, exp(-1/(1 - x^2)), 0)", ["-1", "1"], ["smooth", "smooth"]),
        ("where(x > 0, exp(-1/x), 0)", ["0"], ["smooth"]),
        ("where(x != 0, exp(-1/x^2), 0)", ["0"], ["smooth"]),
        ("min(7, floor(max(0, x)))", ["1", "2", "3", "4", "5", "6", "7"], ["jump"] * 7),
        ("abs(x)*abs(x)", [], []),
        ("max(x, x)", [], []),
        ("sqrt(x^2)", ["0"], ["kink"]),
        ("round(min(max(x, 0), 2))", ["1/2", "3/2"], ["jump", "jump"]),
    ],
)
def test_breakpoints(text, points, kinds):
    """Every breakpoint is found exactly and classified."""
    found = shape(text).breaks
    assert [repr(b.point) for b in found] == points
    assert [b.kind for b in found] == kinds


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("relu(x)", [0]),
        ("relu(x)^2", [1]),
        ("relu(x)^3", [2]),
        ("softsign(x)", [1]),
        ("elu(x)", [1]),
        ("elu(x, 1/2)", [0]),
        ("abs(x)^(5/2)", [2]),
        ("abs(x)^3", [2]),
        ("where(x > 0, x*log(x), 0)", [0]),
        ("where(x > 0, x/log(x/(1 + x)), 0)", [1]),
        ("where(x > 0, sin(x), x)", [2]),
        ("where(x > 0, cos(x), 1 - x^2/2)", [3]),
        ("where(x > 0, exp(x), 1 + x + x^2/2 + x^3/6 + x^4/24)", [4]),
        ("where(x > 0, sin(x)^2, 1 - cos(x)^2)", [ANALYTIC]),
        ("where(x > 0, exp(-1/x), 0)", [INFINITE]),
        ("where(x > 0, x + exp(-1/x), x)", [INFINITE]),
        ("max(x, exp(x) - 2)", [0, 0]),
        ("where(x > 0, x^(1/3), 0)", [0]),
        ("where(x^3 - 3*x + 1 > 0, 0, (x^3 - 3*x + 1)^2)", [1, 1, 1]),
    ],
)
def test_exact_order_of_smoothness(text, orders):
    """k with f in C^k and not in C^(k+1), at every joint."""
    assert [b.order for b in shape(text).breaks] == orders


def test_a_differentiable_function_that_is_not_c1_is_not_called_smooth():
    """x^2 sin(1/x) oscillates at 0: nothing is claimed about its order there."""
    (b,) = shape("where(x != 0, x^2*sin(1/x), 0)").breaks
    assert b.order is None
    assert b.kind == "unknown"


def test_the_unselected_branch_may_be_undefined():
    """where(x > 0, log(x), 0) is defined everywhere."""
    f = shape("where(x > 0, log(x), 0)").function
    assert all(isinstance(e, Expr) for e in (*f.between, *f.at))


def test_domains():
    """log(x) + sqrt(2 - x) lives on (0, 2]."""
    f = shape("log(x) + sqrt(2 - x)").function
    assert [repr(p) for p in f.points] == ["0", "2"]
    assert f.between[0] is UNDEFINED and f.between[2] is UNDEFINED
    assert f.at[0] is UNDEFINED and repr(f.at[1]) == "log(2)"


def test_endless_steps_are_not_listed():
    """floor(x) has infinitely many jumps; beyond a few nothing is listed."""
    first, *_, last = shape("floor(x)").function.between
    assert isinstance(first, Opaque) and first.endless
    assert isinstance(last, Opaque) and last.endless


def test_tensors_are_refused():
    """A program with a tensor is no function of one variable."""
    from tamecheck.programs.program import Program

    p = Program()
    x = p.input("x", (3,))
    with pytest.raises(InputError, match="TC151"):
        lower(p, p.reduce("sum", x, [0]), Algebra())
