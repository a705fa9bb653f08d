"""Graphs, derivatives and tapes against the plain evaluation of programs and central differences."""

import numpy as np
import pytest

import tamecheck as tc
from tamecheck import nn
from tamecheck.errors import InputError
from tamecheck.flows.derivatives import Rule
from tamecheck.flows.lowering import lower
from tamecheck.flows.system import System
from tamecheck.flows.tape import Tape
from tamecheck.frontends.sources import read
from tamecheck.programs.evaluate import evaluate

SMOOTH = [
    "sin(x*y) + cos(x)*exp(-y^2)", "log(1 + x^2 + y^2)*atan(x/y)", "tanh(x + 2*y)/(1 + exp(-x*y))", "softplus(x)*sigmoid(y)", "gelu(x)*silu(y)",
    "mish(x) + elu(y)^2", "sqrt(1 + x^2)^3 - x^4/(1 + y^2)", "erf(x)*besselj0(y) + besseli0(x/3)", "lgamma(2 + x^2) + digamma(2 + y^2)",
    "asin(x/9) + acos(y/9) + tan(x/9)", "abs(x)^3 + max(x, y)^2", "where(x < y, x^2, y^2)", "(1 + x^2)^y", "lambertw(1 + x^2) + erfinv(y/9)",
    "min(x, y)*relu(x) + hardswish(y)",
]  # fmt: skip
LAYERS = {
    "convolution": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 1)), (1, 2, 6, 6)),
    "max pooling": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 1)), (1, 1, 4, 4)),
    "normalisation": (lambda: nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.Softplus(), nn.Linear(6, 1)), (3, 4)),
    "attention": (lambda: nn.TransformerEncoderLayer(8, 2, 8, activation="gelu"), (2, 3, 8)),
    "softmax": (lambda: nn.Sequential(nn.Linear(4, 5), nn.Softmax(-1), nn.Linear(5, 1)), (3, 4)),
    "log-softmax": (lambda: nn.Sequential(nn.Linear(4, 5), nn.LogSoftmax(-1), nn.Linear(5, 1)), (3, 4)),
    "tanh": (lambda: nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1)), (3, 4)),
}  # fmt: skip


def close(found: np.ndarray, expected: np.ndarray, scale: float = 1.0) -> None:
    """Compare with central differences of step 1e-5."""
    assert np.allclose(found, expected, rtol=2e-5, atol=2e-6 * scale), np.abs(found - expected).max()


def differences(f, theta: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Return central differences of a function, vector-valued or not."""
    rows = []
    for row in np.eye(theta.size):
        rows.append((np.asarray(f(theta + step * row)) - np.asarray(f(theta - step * row))) / (2 * step))
    return np.array(rows)


@pytest.mark.parametrize("formula", SMOOTH)
def test_formulas(formula):
    """Value, gradient and Hessian of formulas at random points."""
    s = System.of(formula, ["x", "y"])
    found = read(formula)
    rng = np.random.default_rng(3)
    for _ in range(5):
        theta = rng.uniform(-2, 2, 2)
        value = evaluate(found.program, list(found.outputs.values()), dict(zip("xy", theta, strict=True)))[0]
        assert s.value(theta) == pytest.approx(float(value), rel=1e-12, abs=1e-12)
        close(s.gradient(theta), differences(s.value, theta), 1 + abs(float(value)))
        close(s.hessian(theta), differences(s.gradient, theta), 1 + abs(float(value)))


@pytest.mark.parametrize("name", LAYERS)
def test_networks(name):
    """Value, gradient and Hessian product of networks with data, against the program and differences."""
    make, shape = LAYERS[name]
    rng = np.random.default_rng(4)
    out = make()(nn.Input("x", shape))
    network = nn.Network(nn.MSELoss()(out, nn.Input("y", out.shape)))
    data = {"x": rng.normal(size=shape), "y": rng.normal(size=out.shape)}
    s = System.of(network, None, data)
    theta = rng.normal(size=s.size) / 2
    values = {**data, **s.vector.split(theta)}
    expected = evaluate(network.program, list(network.outputs.values()), values)[0]
    assert s.value(theta) == pytest.approx(float(expected), rel=1e-10)
    slope = s.gradient(theta)
    for k in rng.choice(s.size, 12):
        e = 1e-5 * np.eye(1, s.size, k)[0]
        assert slope[k] == pytest.approx((s.value(theta + e) - s.value(theta - e)) / 2e-5, rel=1e-4, abs=1e-6)
    v = rng.normal(size=s.size)
    close(s.hessian_product(theta, v), (s.gradient(theta + 1e-5 * v) - s.gradient(theta - 1e-5 * v)) / 2e-5, np.abs(slope).max() * 10)


@pytest.mark.parametrize("formula", ["softplus(x)", "sigmoid(x)", "tanh(x)", "silu(x)", "log(exp(x) + exp(y))", "mish(x)"])
def test_large_arguments_do_not_overflow(formula):
    """Values and derivatives at 1000 and -1000 are finite where the function's are."""
    s = System.of(formula)
    for x in (-1000.0, 1000.0):
        theta = np.full(s.size, x)
        if formula.startswith("log("):
            continue
        value, slope = s.value_and_gradient(theta)
        assert np.isfinite(value) and np.all(np.isfinite(slope))


def test_sorting_running_sums_products_and_determinants():
    """The tensor operations that formulas cannot write."""
    from tamecheck.programs.program import Program

    p = Program()
    x = p.input("x", (3,))
    m = p.input("m", (3, 3))
    parts = [
        p.contract("a,a->", p.order("sort", x, 0), p.values([1, 5, 7], (3,))), p.reduce("prod", x, [0]),
        p.contract("a,a->", p.cumulate("sum", x, 0, exclusive=True), x), p.contract("a,a->", p.cumulate("prod", x, 0, reverse=True), x),
        p.linalg("det", m), p.contract("ij,ij->", p.linalg("inverse", m), m), p.contract("ii->", m), p.reduce("max", x, [0]),
        p.contract("ij,jk,kl->", m, m, m), p.contract("ai,ib->", p.linalg("solve", m, p.reindex(("reshape", (3, 1)), x)), p.constant(1, (1, 2))),
    ]  # fmt: skip
    rng = np.random.default_rng(5)
    for part in parts:
        g, (n,) = lower(p, [part])
        s = System(g, n)
        theta = rng.normal(size=s.size) + (np.eye(3).reshape(-1) * 3 if s.size == 9 else 0)
        expected = evaluate(p, [part], {"x": np.zeros(3), "m": np.eye(3), **s.vector.split(theta)})[0]
        assert s.value(theta) == pytest.approx(float(expected), rel=1e-10)
        close(s.gradient(theta), differences(s.value, theta), 10)
        close(s.hessian(theta), differences(s.gradient, theta), 100)


def test_the_rule_at_kinks_is_chosen():
    """relu, abs and ties of maxima follow the rule; the defaults are PyTorch's."""
    at = [0.0, 0.0]
    assert System.of("relu(x) + y").gradient(at).tolist() == [0.0, 1.0]
    assert System.of("relu(x) + y", rule=Rule(relu=1.0)).gradient(at).tolist() == [1.0, 1.0]
    assert System.of("abs(x) + y", rule=Rule(abs=-1.0)).gradient(at).tolist() == [-1.0, 1.0]
    assert System.of("max(x, y)").gradient(at).tolist() == [0.5, 0.5]
    assert System.of("min(x, y)", rule=Rule(maximum=1.0)).gradient(at).tolist() == [1.0, 0.0]


def test_a_tape_allocates_its_results_only():
    """Results do not change when the tape runs again."""
    s = System.of("x*y", ["x", "y"])
    first = s.gradient([1.0, 2.0])
    s.gradient([5.0, 6.0])
    assert first.tolist() == [2.0, 1.0]
    g, (n,) = lower(read("x + 1").program, list(read("x + 1").outputs.values()))
    tape = Tape(g, [n])
    a, b = tape({"x": 1.0})[0], tape({"x": 5.0})[0]
    assert (float(a), float(b)) == (2.0, 6.0)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: System.of("x*y", ["x", "z"]), "TC182"),
        (lambda: System.of("x*y", ["x"]), "TC182"),
        (lambda: System.of("zeta(x)"), "TC180"),
        (lambda: System.of("x*y", None, {"y": np.nan}), "TC181"),
        (lambda: tc.flow("abs(x)", initial=[1.0]), "TC183"),
        (lambda: tc.flow("x^2", initial=[1.0, 2.0]), "TC125"),
        (lambda: tc.flow("x^2", initial=[np.inf]), "TC181"),
        (lambda: tc.flow("x^2", initial=[1.0], horizon=-1.0), "TC184"),
        (lambda: tc.flow("x^2", initial=[1.0], kind="magic"), "TC186"),
        (lambda: tc.flow("x^2", initial=[1.0], kind="gd", step=3.0), "TC187"),
        (lambda: tc.flow("x^2"), "TC125"),
    ],
)
def test_bad_input(call, code):
    """A code, a place, a hint."""
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code


def test_smooth_functions_made_of_kinks():
    """softsign is C^1 with slope 1 at 0, which differentiation of its parts on the kink does not find; a flow that starts there must move."""
    s = System.of("(softsign(x) - 1/2)^2")
    assert s.gradient([0.0]).tolist() == [0.0]
    s.certified_smooth = True
    assert s.gradient([0.0]) == pytest.approx([-1.0], abs=1e-9)
    run = tc.flow("(softsign(x) - 1/2)^2", initial=[0.0], horizon=500.0)
    assert run.states[-1] == pytest.approx([1.0], abs=1e-6) and run.verdict == "consistent"
    with pytest.raises(InputError):
        tc.flow("(abs(x) - 1/2)^2", initial=[0.0], horizon=5.0)
