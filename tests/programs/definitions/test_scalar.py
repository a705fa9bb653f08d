"""Each scalar definition against SciPy, NumPy and, where it exists, PyTorch, at many points."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import special, stats

from tamecheck.errors import InputError
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.scalar import DEFINITIONS, At
from tamecheck.programs.evaluate import evaluate
from tamecheck.programs.program import Program

LINE = np.concatenate([np.linspace(-9, 9, 145), [-30.0, -20.5, 20.5, 30.0, 1e-9, -1e-9, 0.0]])
POSITIVE = np.array([1e-6, 1e-3, 0.1, 0.5, 1.0, 1.5, 2.0, 3.7, 10.0, 25.0])
UNIT = np.linspace(-0.999, 0.999, 41)
PROBABILITY = np.linspace(0.001, 0.999, 41)
ABOVE_ONE = np.array([1.0, 1.0001, 1.5, 2.0, 7.0, 300.0])


def value(name, *points, **parameters):
    """Evaluate a definition through a program with one input per argument."""
    p = Program()
    inputs = [p.input(f"x{k}", np.shape(v)) for k, v in enumerate(points)]
    n = DEFINITIONS[name].function(p, *inputs, **parameters)
    return evaluate(p, [n], {f"x{k}": v for k, v in enumerate(points)})[0]


def agree(got, expected, scale=1e-9):
    np.testing.assert_allclose(got, expected, rtol=scale, atol=1e-11)


ONE_ARGUMENT = [
    ("square", np.square, LINE), ("reciprocal", np.reciprocal, POSITIVE), ("rsqrt", lambda x: 1 / np.sqrt(x), POSITIVE),
    ("cbrt", np.cbrt, LINE), ("expm1", np.expm1, LINE), ("exp2", np.exp2, LINE), ("log1p", np.log1p, POSITIVE), ("log2", np.log2, POSITIVE),
    ("log10", np.log10, POSITIVE), ("entr", special.entr, np.append(POSITIVE, 0.0)), ("logit", special.logit, PROBABILITY),
    ("trunc", np.trunc, LINE), ("fix", np.fix, LINE), ("frac", lambda x: x - np.trunc(x), LINE), ("sinc", np.sinc, LINE),
    ("sec", lambda x: 1 / np.cos(x), UNIT), ("csc", lambda x: 1 / np.sin(x), PROBABILITY), ("cot", lambda x: 1 / np.tan(x), PROBABILITY),
    ("deg2rad", np.deg2rad, LINE), ("rad2deg", np.rad2deg, LINE), ("sinh", np.sinh, LINE), ("cosh", np.cosh, LINE), ("tanh", np.tanh, LINE),
    ("sech", lambda x: 1 / np.cosh(x), LINE), ("csch", lambda x: 1 / np.sinh(x), POSITIVE), ("coth", lambda x: 1 / np.tanh(x), POSITIVE),
    ("asinh", np.arcsinh, LINE), ("acosh", np.arccosh, ABOVE_ONE), ("atanh", np.arctanh, UNIT),
    ("acot", lambda x: np.arctan(1 / x), POSITIVE),
    ("asec", lambda x: np.arccos(1 / x), ABOVE_ONE), ("acsc", lambda x: np.arcsin(1 / x), ABOVE_ONE),
    ("acoth", lambda x: np.arctanh(1 / x), ABOVE_ONE[1:]), ("asech", lambda x: np.arccosh(1 / x), PROBABILITY),
    ("acsch", lambda x: np.arcsinh(1 / x), POSITIVE), ("erfc", special.erfc, LINE[np.abs(LINE) < 4]), ("erfcx", special.erfcx, UNIT),
    ("erfcinv", special.erfcinv, PROBABILITY), ("phi", special.ndtr, LINE), ("log_phi", special.log_ndtr, np.linspace(-4, 9, 40)),
    ("probit", special.ndtri, PROBABILITY), ("factorial", lambda x: special.gamma(x + 1), POSITIVE), ("i0e", special.i0e, LINE),
    ("i1e", special.i1e, LINE), ("k0e", special.k0e, POSITIVE), ("k1e", special.k1e, POSITIVE),
    ("log_cosh", lambda x: np.log(np.cosh(x)), LINE),
    ("gumbel", stats.gumbel_r.cdf, LINE), ("gaussian", lambda x: np.exp(-(x**2)), LINE), ("sigmoid", special.expit, LINE),
    ("logsigmoid", special.log_expit, LINE), ("smoothstep", lambda x: np.clip(x, 0, 1) ** 2 * (3 - 2 * np.clip(x, 0, 1)), LINE),
    ("mish", lambda x: x * np.tanh(np.logaddexp(0, x)), LINE), ("lisht", lambda x: x * np.tanh(x), LINE),
    ("tanhexp", lambda x: x * np.tanh(np.exp(x)), LINE), ("serf", lambda x: x * special.erf(np.logaddexp(0, x)), LINE),
    ("tanhshrink", lambda x: x - np.tanh(x), LINE), ("softsign", lambda x: x / (1 + np.abs(x)), LINE),
    ("isru", lambda x: x / np.sqrt(1 + x**2), LINE), ("isrlu", lambda x: np.where(x >= 0, x, x / np.sqrt(1 + x**2)), LINE),
    ("squareplus", lambda x: (x + np.sqrt(x**2 + 4)) / 2, LINE), ("snake", lambda x: x + np.sin(x) ** 2, LINE),
    ("sparse_plus", lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)), LINE),
    ("sparse_sigmoid", lambda x: np.clip((x + 1) / 2, 0, 1), LINE), ("star_relu", lambda x: 0.8944 * np.maximum(x, 0) ** 2 - 0.4472, LINE),
    ("hardmish", lambda x: x / 2 * np.clip(x + 2, 0, 2), LINE), ("relu_squared", lambda x: np.maximum(x, 0) ** 2, LINE),
    ("thresholded_relu", lambda x: np.where(x > 1, x, 0), LINE), ("shrink", lambda x: np.where(np.abs(x) > 0.5, x, 0), LINE),
    ("sinc_unnormalised", lambda x: np.sinc(x / np.pi), LINE), ("Heaviside", lambda x: np.heaviside(x, 0.5), LINE),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reference", "points"), ONE_ARGUMENT, ids=[row[0] for row in ONE_ARGUMENT])
def test_functions_of_one_variable(name, reference, points):
    """A definition computes the function it names."""
    agree(value(name, points), reference(points))


TWO_ARGUMENTS = [
    ("hypot", np.hypot), ("logaddexp", np.logaddexp), ("mod", np.mod), ("fmod", np.fmod), ("floor_divide", np.floor_divide),
    ("atan2", np.arctan2), ("max", np.maximum), ("min", np.minimum), ("heaviside", np.heaviside), ("pow", np.power),
    ("prelu", lambda x, a: np.where(x > 0, x, a * x)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reference"), TWO_ARGUMENTS, ids=[row[0] for row in TWO_ARGUMENTS])
def test_functions_of_two_variables(name, reference):
    """A definition of two variables computes the function it names, on a grid with all signs and ties."""
    grid = np.array([-7.5, -2.0, -0.75, -0.5, 0.25, 0.5, 1.0, 2.0, 3.25, 8.0])
    x, y = np.meshgrid(np.append(grid, 0.0), grid)
    if name == "pow":
        x = np.abs(x) + 0.1
    agree(value(name, x, y), reference(x, y))


def test_atan2_on_the_axes():
    """The angle on both axes, at the origin, and on the cut, where it is pi."""
    y, x = np.array([1.0, -1.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0, -1.0])
    agree(value("atan2", y, x), np.array([np.pi / 2, -np.pi / 2, 0.0, 0.0, np.pi]))


def test_entropy_terms_vanish_at_zero():
    """0*log(0) is 0 by definition, whatever the logarithm says."""
    x, y = np.array([0.0, 0.0, 2.0]), np.array([0.0, 3.0, 0.5])
    agree(value("xlogy", x, y), special.xlogy(x, y))
    agree(value("xlog1py", x, y), special.xlog1py(x, y))
    agree(value("lbeta", POSITIVE, POSITIVE + 1), special.betaln(POSITIVE, POSITIVE + 1))
    agree(value("beta", POSITIVE[2:], POSITIVE[2:] + 1), special.beta(POSITIVE[2:], POSITIVE[2:] + 1))


def test_logarithm_with_a_base():
    """log(x, b) is the logarithm to the base b."""
    agree(value("log", POSITIVE, POSITIVE + 2), np.log(POSITIVE) / np.log(POSITIVE + 2))
    agree(value("logsumexp", LINE, LINE - 1, LINE / 2), np.logaddexp(np.logaddexp(LINE, LINE - 1), LINE / 2))


TORCH = [
    ("relu", "relu", {}, {}), ("relu6", "relu6", {}, {}), ("leaky_relu", "leaky_relu", {}, {}),
    ("leaky_relu", "leaky_relu", {"slope": Fraction(1, 4)}, {"negative_slope": 0.25}), ("hardtanh", "hardtanh", {}, {}),
    ("hardtanh", "hardtanh", {"low": -2, "high": 3}, {"min_val": -2.0, "max_val": 3.0}), ("hardsigmoid", "hardsigmoid", {}, {}),
    ("hardswish", "hardswish", {}, {}), ("softshrink", "softshrink", {}, {}), ("hardshrink", "hardshrink", {}, {}),
    ("threshold", "threshold", {"threshold": Fraction(1, 2), "value": 7}, {"threshold": 0.5, "value": 7.0}),
    ("softsign", "softsign", {}, {}),
    ("elu", "elu", {}, {}), ("elu", "elu", {"alpha": Fraction(3, 2)}, {"alpha": 1.5}), ("celu", "celu", {"alpha": 2}, {"alpha": 2.0}),
    ("selu", "selu", {}, {}), ("softplus", "softplus", {"threshold": 20}, {}),
    ("softplus", "softplus", {"beta": 2, "threshold": 20}, {"beta": 2.0}), ("silu", "silu", {}, {}), ("mish", "mish", {}, {}),
    ("gelu", "gelu", {}, {}), ("gelu", "gelu", {"approximate": "tanh"}, {"approximate": "tanh"}), ("logsigmoid", "logsigmoid", {}, {}),
    ("tanhshrink", "tanhshrink", {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "theirs", "ours", "arguments"), TORCH, ids=[f"{r[0]}-{k}" for k, r in enumerate(TORCH)])
def test_activations_are_those_of_pytorch(name, theirs, ours, arguments):
    """Activations and their parameters mean what they mean in PyTorch."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(LINE, dtype=torch.float64)
    expected = getattr(torch.nn.functional, theirs)(x, **arguments).numpy()
    agree(value(name, LINE, **ours), expected, 1e-7)


@pytest.mark.parametrize("name", sorted({n for n, d in DEFINITIONS.items() if d.parameters}))
def test_every_parameter_may_be_learnt(name):
    """A parameter given as a node computes the same as the number it holds."""
    definition = DEFINITIONS[name]
    numbers = [Fraction(k + 3, 2) for k in range(len(definition.parameters))]
    given = dict(zip(definition.parameters, numbers, strict=True))
    p = Program()
    x = p.input("x", LINE.shape)
    learnt = {key: At(p.input(key)) for key in given}
    n, m = definition.function(p, x, **learnt), definition.function(p, x, **given)
    values = {"x": LINE, **{key: float(q) for key, q in given.items()}}
    agree(*evaluate(p, [n, m], values))


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_every_definition_has_a_formula_and_expands(name):
    """Every name of the language expands into primitives, on tensors too, and says its formula."""
    definition = DEFINITIONS[name]
    p = Program()
    inputs = [p.input(f"x{k}", (2, 3)) for k in range(definition.arity)]
    assert p.shape(definition.expand(p, *inputs)) == (2, 3)
    assert definition.formula


def test_constants_are_exact():
    """The constants of SELU and of the tanh form are the decimals their authors print, not floats."""
    p = Program()
    scalar.gelu_tanh(p, p.input("x"))
    scalar.selu(p, p.input("x"))
    numbers = {node[1][1] for node in p.nodes if node[0] == "constant"}
    assert str(Fraction("0.044715")) in numbers
    assert str(scalar.SELU_ALPHA) in numbers


def test_unknown_approximation_is_refused():
    """A misspelt variant is an error with the choices."""
    p = Program()
    with pytest.raises(InputError, match="knows no approximation 'tnah'"):
        scalar.gelu(p, p.input("x"), approximate="tnah")
