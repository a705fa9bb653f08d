"""The extras heyoka and diffrax: the same flows as SciPy's, from the same graph; skipped where they are not installed."""

from importlib.util import find_spec

import numpy as np
import pytest

import tamecheck as tc
from tamecheck import nn
from tamecheck.errors import InputError
from tamecheck.flows.gradient_flow import gradient_flow
from tamecheck.flows.system import System

HEYOKA, DIFFRAX = find_spec("heyoka") is not None, find_spec("diffrax") is not None
needs_heyoka = pytest.mark.skipif(not HEYOKA, reason="heyoka is not installed")
needs_diffrax = pytest.mark.skipif(not DIFFRAX, reason="diffrax is not installed")
BOTH = [pytest.param("heyoka", marks=needs_heyoka), pytest.param("diffrax", marks=needs_diffrax)]
FORMULAS = [
    "(x*y - 1)^2 + (x - y)^2/10", "exp(-x)*(1 + y^2)", "(gelu(x) - y)^2 + log(1 + y^2)", "sqrt(1 + x^2)/(2 + sin(y)) + atan(x*y)",
    "(tanh(x) - sigmoid(y))^2 + softplus(x - y)", "log(exp(x) + exp(-y)) + x^2/10 + y^2/10", "(1 + x^2)^1.5/10 + erf(y)*y",
]  # fmt: skip


def tanh_net() -> tuple[System, np.ndarray]:
    """Return the loss of a 2-8-1 tanh network and its start; L(100) = 0.0071988156826322."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (32, 2))
    y = np.sin(np.pi * x[:, 0]) * x[:, 1]
    start = [rng.normal(0, 1, (8, 2)), rng.normal(0, 0.5, 8), rng.normal(0, 1 / np.sqrt(8), 8), np.zeros(1)]
    net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    loss = nn.Network(nn.MSELoss()(net(nn.Input("x", (32, 2))), nn.Input("y", (32, 1))))
    return System.of(loss, None, {"x": x, "y": y[:, None]}), np.concatenate([a.reshape(-1) for a in start])


def test_the_default_solver_reaches_the_known_value():
    """LSODA within 1e-8 and the error bar of Radau above the true error."""
    s, start = tanh_net()
    run = gradient_flow(s, start, 100.0)
    assert abs(s.value(run.last) - 0.0071988156826322) < 1e-10 and 1e-12 < run.error_bar < 1e-7


@needs_heyoka
def test_heyoka_reaches_rounding():
    """At the smallest tolerance the loss at t = 100 is right to 1e-15, and the error bar is that of the second solver."""
    s, start = tanh_net()
    run = gradient_flow(s, start, 100.0, solver="heyoka", rtol=1e-16)
    assert abs(s.value(run.last) - 0.0071988156826322) < 2e-16 and run.complete and run.error_bar < 1e-8 and "heyoka" in run.solver


@pytest.mark.parametrize("solver", BOTH)
@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_agree(formula, solver):
    """The error bar, a distance to SciPy's solution at all output times, is small."""
    run = gradient_flow(System.of(formula, ["x", "y"]), [0.7, -0.4], 5.0, solver=solver)
    assert run.complete and run.error_bar < 1e-7


@pytest.mark.parametrize("solver", BOTH)
def test_layers_agree(solver):
    """A convolution and a pooling, whose lowering moves entries about."""
    rng = np.random.default_rng(1)
    out = nn.Sequential(nn.Conv2d(1, 2, 2), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(2, 2))(nn.Input("x", (1, 1, 4, 4)))
    s = System.of(nn.Network((out * out).sum()), None, {"x": rng.normal(size=(1, 1, 4, 4))})
    run = gradient_flow(s, rng.normal(size=s.size) / 2, 1.0, solver=solver)
    assert run.complete and run.error_bar < 1e-7


def transformer() -> tuple[System, np.ndarray]:
    """Return a function with attention, softmax and layer normalisation."""
    rng = np.random.default_rng(1)
    out = nn.TransformerEncoderLayer(2, 1, 2, activation="gelu", batch_first=True)(nn.Input("t", (1, 2, 2)))
    s = System.of(nn.Network((out * out * out).sum()), None, {"t": rng.normal(size=(1, 2, 2))})
    return s, rng.normal(size=s.size) / 2


@needs_diffrax
def test_softmax_and_normalisation_agree():
    """Maxima, sums over axes and quotients through diffrax."""
    rng = np.random.default_rng(1)
    out = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Softmax(-1))(nn.Input("t", (2, 2)))
    s = System.of(nn.Network((out * out * out).sum()), None, {"t": rng.normal(size=(2, 2))})
    run = gradient_flow(s, rng.normal(size=s.size) / 2, 1.0, solver="diffrax")
    assert run.complete and run.error_bar < 1e-7


@needs_heyoka
def test_expressions_that_would_be_too_long_are_refused():
    """heyoka's expressions repeat what is shared; a transformer layer is refused at once instead of filling the memory."""
    with pytest.raises(InputError) as caught:
        gradient_flow(*transformer(), 1.0, solver="heyoka")
    assert caught.value.code == "TC149" and "scipy" in caught.value.hint


@pytest.mark.parametrize("solver", BOTH)
def test_the_public_flow(solver):
    """tc.flow names the solver, and its verdicts are those of SciPy's run."""
    run = tc.flow("(x*y - 1)^2", initial=[2.0, 1.0], horizon=50.0, solver=solver)
    plain = tc.flow("(x*y - 1)^2", initial=[2.0, 1.0], horizon=50.0)
    assert solver in run.solver and [v["verdict"] for v in run.verdicts] == [v["verdict"] for v in plain.verdicts]


@needs_diffrax
def test_many_starts_at_once():
    """diffrax runs members together; each is the run of its own."""
    from tamecheck.flows.jax_solver import solve_many

    s = System.of("(x*y - 1)^2 + (x - y)^2/10", ["x", "y"])
    starts, at = np.random.default_rng(2).normal(size=(16, 2)), np.array([0.0, 1.0, 3.0])
    runs = solve_many(s, starts, at, 1e-10, 1e-12)
    for start, run in zip(starts, runs, strict=True):
        assert run.last == pytest.approx(gradient_flow(s, start, 3.0, times=at, second=False).last, abs=1e-8)


@needs_diffrax
def test_doubles_are_switched_on_for_the_call_only():
    """JAX is left in the precision it was in."""
    import jax.numpy as jnp

    gradient_flow(System.of("x^2"), [1.0], 1.0, solver="diffrax")
    assert jnp.ones(3).dtype == jnp.float32


@pytest.mark.parametrize(
    ("solver", "formula"),
    [pytest.param("heyoka", "lgamma(2 + x^2)", marks=needs_heyoka), pytest.param("heyoka", "softsign(x)^2", marks=needs_heyoka),
     pytest.param("diffrax", "lambertw(1 + x^2)", marks=needs_diffrax)],
)  # fmt: skip
def test_operations_without_a_form_are_refused(solver, formula):
    """An operation that the extra does not have is named, with SciPy as the way out."""
    with pytest.raises(InputError) as caught:
        gradient_flow(System.of(formula), [0.7], 1.0, solver=solver, smooth=True)
    assert caught.value.code == "TC180" and "scipy" in caught.value.hint


@pytest.mark.parametrize(("solver", "there"), [("heyoka", HEYOKA), ("diffrax", DIFFRAX)])
def test_a_missing_extra_is_named(solver, there):
    """The error says what to install."""
    if there:
        pytest.skip(f"{solver} is installed")
    with pytest.raises(InputError) as caught:
        gradient_flow(System.of("x^2"), [1.0], 1.0, solver=solver)
    assert caught.value.code == "TC148" and "pip install" in caught.value.hint


@pytest.mark.parametrize("solver", BOTH)
def test_a_blow_up_ends(solver):
    """-x^4 from 1 leaves every bound at t = 1/8: the run is incomplete."""
    run = gradient_flow(System.of("-x^4"), [1.0], 1.0, solver=solver, second=False, times=[0.0, 0.05, 1.0])
    assert not run.complete and run.message
