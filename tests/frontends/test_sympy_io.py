"""SymPy expressions in and out: values agree, strings are refused, nothing unknown slips through."""

import numpy as np
import pytest

from tamecheck.errors import InputError
from tamecheck.frontends.sympy_io import load, to_sympy
from tamecheck.ground.intervals import to_text
from tamecheck.programs.evaluate import evaluate

sp = pytest.importorskip("sympy")
x, y = sp.symbols("x y")
z = sp.Symbol("z", positive=True)
POINT = {"x": 0.3, "y": 0.7, "z": 1.3}

EXPRESSIONS = [
    1 / (1 + sp.exp(-x)), x - y, x - 3 * y, -x - y, x / y**2, sp.sqrt(x) / sp.sqrt(y), sp.Max(x, y, 0), sp.Min(x, y), x**y, 2**x,
    sp.log(z), x ** sp.Float("0.1"),
    sp.erf(x) * sp.pi + sp.E, sp.Mod(x, y), sp.besselj(0, x), sp.bessely(1, z), sp.besseli(1, x), sp.besselk(0, z), sp.Heaviside(x),
    sp.Heaviside(x, 0),
    sp.Piecewise((x, x > 1), (sp.exp(x) - 1, True)), sp.Piecewise((1, (x > 0) & (x < 1)), (0, True)),
    sp.Piecewise((1, (x > 1) | ~(y < 1)), (0, True)),
    sp.digamma(z), sp.sinc(x), sp.gamma(z + 1), sp.loggamma(z), sp.EulerGamma + x, sp.GoldenRatio * x, sp.tan(x), sp.Abs(x), sp.sign(x),
    sp.atan2(x, y), -2 * x / 3, sp.sinh(x), sp.cosh(x), sp.tanh(x), sp.asinh(x), sp.acosh(z), sp.atanh(x), sp.sech(x), sp.csch(x),
    sp.coth(x), sp.acot(x),
    sp.asec(z), sp.LambertW(x), sp.floor(5 * x), sp.ceiling(5 * x), sp.frac(5 * x), sp.erfc(x), sp.erfinv(x), sp.log(x, 3),
    sp.exp(sp.exp(x)),
    x**-3, x ** sp.Rational(-2, 3), (x + y) ** 2 / (x - 3 * y) ** 2, sp.Mul(x, sp.Pow(x, -1), evaluate=False), sp.Integer(7),
    sp.Rational(-3, 4) + x,
    sp.beta(x, y), sp.factorial(x), sp.zeta(z + 1), sp.ITE(x > y, x > 0, y > 0), sp.Eq(x, y), x * sp.Piecewise((1, x > 0), (0, True)),
    sp.sec(x), sp.csc(x), sp.cot(x),
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=[str(e) for e in EXPRESSIONS])
def test_values_agree_with_sympy(expression):
    """The program computes what SymPy computes, and so does what is shown of it."""
    f = load(expression)
    n = f.outputs["f"]
    got = float(evaluate(f.program, [n], {k: POINT[k] for k in f.variables})[0])
    for e in (expression, to_sympy(f.program, n)):
        point = {s: sp.Float(POINT[s.name], 30) for s in e.free_symbols}
        number = e.subs(point)
        expected = float(number) if number not in (sp.true, sp.false) else float(number == sp.true)
        np.testing.assert_allclose(got, expected, rtol=1e-9)


TEXTS = ["x", "__import__('os')", b"x", 3, 2.5, None, ["x"], sp.Matrix([x]), sp.sin]


@pytest.mark.parametrize("thing", TEXTS, ids=[repr(t)[:30] for t in TEXTS])
def test_only_expression_objects(thing):
    """A text, a number or a matrix is no expression; nothing is converted, so nothing is evaluated."""
    with pytest.raises(InputError, match="TC10"):
        load(thing)


REFUSED = [
    (sp.Function("g")(x), "unknown function 'g'"), (sp.Function("exp")(x), "unknown function 'exp'"), (sp.Integral(x, (x, 0, y)), "doit"),
    (sp.Sum(x, (x, 1, 3)), "doit"), (sp.Derivative(sp.sin(x), x), "doit"),
    (sp.oo * sp.Symbol("p", positive=True), "Infinity is not a real number"),
    (sp.I * x, "not a real number"), (sp.nan, "not a real number"), (sp.zoo, "not a real number"),
    (sp.Piecewise((x, x > 0)), "every condition fails"),
    (sp.besselj(2, x), "order 2"), (sp.airyai(x), "unknown function 'airyai'"), (sp.Integer(7) ** 10000, "TC112"),
    (sp.Float("1e20000"), "TC112"),
    (sp.zeta(x, y), "zeta with 2 arguments"), (sp.LambertW(x, -1), "LambertW with 2"),
    (sp.Symbol("x", positive=True) + x, "two different symbols"),
    (sp.MatrixSymbol("A", 2, 2), "unknown object"), (sp.FiniteSet(1), "unknown object"), (sp.Lambda(x, x**2), "unknown object"),
    (sp.Tuple(x, y), "unknown object"), (sp.Contains(x, sp.Interval(0, 1)), "unknown object"), (sp.Catalan, "Catalan has no translation"),
    (sp.polygamma(1, x), "order above 0"), (sp.Dummy("x") + x, "two different symbols"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=[str(k) for k in range(len(REFUSED))])
def test_what_has_no_translation_is_named(expression, message):
    """Unknown functions, unevaluated operators, sets, infinities and giants are refused by name."""
    with pytest.raises(InputError, match=message):
        load(expression)


def test_assumptions_become_boxes():
    """A positive symbol lives on the positive half line, and a note says so; a given box wins."""
    f = load(sp.log(z))
    assert f.program.nodes[0][1] == ("z", "data", "(0,inf)")
    assert f.notes == ("the assumptions of the symbol z restrict it to a half line",)
    assert load(sp.log(z), boxes={"z": "[1,2]"}).program.nodes[0][1][2] == to_text((1, 2, True, True))


def test_floats_are_dyadic_or_decimal():
    """A Float is the binary number it is, or on request the decimal it was meant to be; a note says which."""
    e = x ** sp.Float(0.1)
    assert ("constant", ("splat", "3602879701896397/36028797018963968"), (), ()) in load(e).program.nodes
    assert ("constant", ("splat", "1/10"), (), ()) in load(e, floats="decimal").program.nodes
    assert load(e).notes == ("the Float 0.1 is taken as the binary number it is",)
    assert load(x * sp.Float(0.5)).notes == ()


def test_deep_and_shared_expressions():
    """Two thousand levels are read without recursion; two hundred doublings stay linear."""
    deep = x
    for k in range(2000):
        deep = sp.exp(deep, evaluate=False) if k % 2 else deep + 1
    assert len(load(deep).program) == 2002
    doubled = x
    for _ in range(200):
        doubled = sp.Mul(doubled, doubled + 1, evaluate=False)
    assert len(load(doubled).program) < 500


def test_display_does_not_rewrite():
    """What is shown is the program's formula: x/x stays x/x, and log(exp(x)) stays."""
    from tamecheck.frontends import formula_io

    for text, shown in [("x/x", "x/x"), ("log(exp(x))", "log(exp(x))"), ("sqrt(x)**2", "(sqrt(x))**2"), ("x - x", "-x + x")]:
        f = formula_io.load(text)
        assert str(to_sympy(f.program, f.outputs["f"])) == shown


def test_display_refuses_tensors_and_giants():
    """Tensors have no scalar formula."""
    from tamecheck.programs.program import Program

    p = Program()
    with pytest.raises(InputError, match="tensor of shape"):
        to_sympy(p, p.input("x", (3,)))
