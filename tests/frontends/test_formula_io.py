"""Formulas become programs: constants, inputs, boxes, and values that agree with a direct computation."""

from fractions import Fraction

import numpy as np
import pytest

from tamecheck.errors import InputError
from tamecheck.frontends.formula_io import load
from tamecheck.ground.grammar import FormulaError
from tamecheck.programs.evaluate import evaluate

X = np.array([-3.5, -1.0, -0.25, 0.0, 0.5, 1.0, 2.0, 7.25])
Y = np.array([1.0, 2.0, 0.5, 3.0, 1.5, 1.0, 4.0, 0.25])


def values(text, **points):
    """Evaluate a formula pointwise."""
    f = load(text)
    given = {"x": X, "y": Y, **points}
    rows = zip(*[np.broadcast_to(given[name], X.shape) for name in f.variables], strict=True)
    return np.array([evaluate(f.program, [f.outputs["f"]], dict(zip(f.variables, row, strict=True)))[0] for row in rows])


TABLE = [
    ("x + y*2 - x/y", X + Y * 2 - X / Y), ("-x**2", -(X**2)), ("y**(1/2)", Y**0.5), ("y^-2", Y**-2.0), ("e**x + E", np.exp(X) + np.e),
    ("2**x", 2**X), ("x % y", np.mod(X, Y)), ("x // y", np.floor_divide(X, Y)),
    ("where(x > 0 and y < 2, x, -1)", np.where((X > 0) & (Y < 2), X, -1)),
    ("Piecewise((1, x > 1), (x, x >= 0), (0, True))", np.where(X > 1, 1, np.where(X >= 0, X, 0))), ("x*(x > 0)", X * (X > 0)),
    ("where(0 < x < 1, 1, 0)", (X > 0) & (X < 1)), ("where(not x > 0 or x == 7.25, 1, 2)", np.where((X <= 0) | (X == 7.25), 1, 2)),
    ("where((x > 0) iff (y > 1), 1, 0)", (X > 0) == (Y > 1)), ("where((x > 0) implies (y > 1), 1, 0)", (X <= 0) | (Y > 1)),
    ("max(x, y, 0) + min(x, y)", np.maximum(np.maximum(X, Y), 0) + np.minimum(X, Y)),
    ("let u = relu(x); u - u*y", np.maximum(X, 0) * (1 - Y)),
    ("stop_gradient(x)*y", X * Y), ("log(y, 2)", np.log2(Y)), ("sin(pi*x)", np.sin(np.pi * X)), ("True + x", 1 + X),
    ("Heaviside(x)", np.heaviside(X, 0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_values(text, expected):
    """The program computes what the formula says."""
    np.testing.assert_allclose(values(text), np.broadcast_to(expected, X.shape), rtol=1e-12, atol=1e-12)


def test_rational_arithmetic_is_exact():
    """Constants are folded exactly, so exponents are rational numbers and not quotients of nodes."""
    f = load("x**(1/3 + 0.1)")
    assert f.program.nodes[1] == ("constant", ("splat", "13/30"), (), ())
    assert len(f.program) == 3


@pytest.mark.parametrize("text", ["1/0", "x**(1/0)", "0**-1", "10**100000", "2**2**2**2**2**2", "(1/3)**99999"])
def test_folding_never_computes_nonsense_or_giants(text):
    """Division by zero and huge powers stay in the program as they are."""
    assert len(load(text).program) >= 3


def test_boxes_roles_and_order():
    """Variables come in the order asked, with boxes, and named parameters have their role."""
    f = load("w*x", variables=["x", "w", "unused"], boxes={"x": "[0, 1]", "w": (None, 3)}, parameters=["w"])
    assert f.variables == ("x", "w", "unused")
    assert [f.program.nodes[n][1] for n in f.program.inputs()] == [
        ("x", "data", "[0,1]"), ("w", "parameter", "(-inf,3]"), ("unused", "data", "(-inf,inf)"),
    ]  # fmt: skip


def test_constants_replace_names():
    """A name with a given number is no variable."""
    f = load("a*x", constants={"a": Fraction(1, 3)})
    assert f.variables == ("x",)
    assert ("constant", ("splat", "1/3"), (), ()) in f.program.nodes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"text": "x", "boxes": {"z": "[0,1]"}}, "TC102 box 'z'"), ({"text": "x", "parameters": ["z"]}, "TC102 parameter 'z'"),
        ({"text": "x", "boxes": {"x": "[1,0]"}}, "TC121"), ({"text": "x", "boxes": {"x": (float("nan"), 1)}}, "TC121"),
        ({"text": "x*y", "variables": ["x"]}, "TC102 unknown name 'y'"), ({"text": "exists t: t > 0"}, "makes a statement, not a function"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    """Boxes and parameters of strangers, empty boxes and statements are refused."""
    with pytest.raises(InputError, match=message):
        load(**call)


def test_origin_and_marks():
    """Nodes know their column, and what stands under a stop_gradient is marked."""
    f = load("exp(x) + stop_gradient(sin(x))")
    sine = next(n for n, node in enumerate(f.program.nodes) if node[1] == ("sin",))
    assert f.marked == (sine,)
    assert f.origin[sine] == 10 or f.origin[sine] == 24


def test_long_sums_load():
    """A sum of 10^5 terms becomes a program."""
    f = load("+".join(f"{k}*x{k % 100}" for k in range(100_000)))
    assert len(f.variables) == 100
    assert len(f.program) > 200_000


def test_errors_are_formula_errors():
    """Wrong numbers of arguments are found before anything is built."""
    with pytest.raises(FormulaError, match="TC113 gelu takes 1 argument, got 2"):
        load("gelu(x, 1)")
    with pytest.raises(FormulaError, match="softplus takes 1 to 3 arguments"):
        load("softplus(x, 1, 2, 3)")
