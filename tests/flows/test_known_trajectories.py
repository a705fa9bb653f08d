"""Flows with known numbers: closed forms, valley laws, the bounds that hold along every trajectory, initial norms."""

import math

import numpy as np
import pytest

import tamecheck as tc


def run(formula: str, names: list[str], start: list[float], times: list[float]):
    """Return the gradient flow at the given times."""
    return tc.flow(formula, variables=names, initial=start, horizon=times[-1], times=[0.0, *times], rtol=1e-11, atol=1e-13)


def test_logistic_loss_in_one_variable():
    """A-65: w' = 1/(1 + e^w) from 0 satisfies w + e^w = t + 1, and t times the loss tends to 1."""
    f = run("softplus(-w)", ["w"], [0.0], [1.0, 1e3, 1e6])
    assert f.states[1:, 0] == pytest.approx([0.442854401002, 6.90183595836, 13.8154977424], abs=1e-8)
    assert f.states[1:, 0] + np.exp(f.states[1:, 0]) == pytest.approx(f.times[1:] + 1, rel=1e-7)
    assert 1e6 * f.diagnostics["loss"][-1] == pytest.approx(1, abs=1e-4)


def test_quartic():
    """A-67: x^4 from 1 is 1/sqrt(1 + 8t)."""
    f = run("x^4", ["x"], [1.0], [1.0, 100.0])
    assert f.states[-1, 0] == pytest.approx(0.0353332627, abs=1e-9)


def test_valley_of_x_squared_plus_xy_minus_one_squared():
    """A-68: from (1/2, 3/2) the flow escapes along the valley with y^4/(8t) and f sqrt(8t) to 1."""
    f = run("x^2 + (x*y - 1)^2", ["x", "y"], [0.5, 1.5], [1e4, 1e6, 1e8])
    assert f.diagnostics["loss"][0] == pytest.approx(0.3125)
    assert f.states[1:, 1] ** 4 / (8 * f.times[1:]) == pytest.approx([0.9859, 0.99859, 0.99986], abs=5e-5)
    assert f.diagnostics["loss"][-1] * math.sqrt(8e8) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("formula", "names", "start"),
    [("softplus(-w)", ["w"], [0.0]), ("x^2 + (x*y - 1)^2", ["x", "y"], [0.5, 1.5]), ("(a*tanh(v) - 2)^2", ["a", "v"], [0.3, 0.2])],
)
def test_bounds_along_trajectories(formula, names, start):
    """A-72: |Theta(t) - Theta(0)| <= sqrt(t (L(0) - inf L)) with inf L = 0, and the inequality of logarithms of norms."""
    times = list(np.geomspace(0.1, 1e4, 60))
    f = run(formula, names, start, times)
    loss = f.diagnostics["loss"]
    moved = np.linalg.norm(f.states - f.states[0], axis=1)
    assert (moved <= np.sqrt(f.times * loss[0]) * (1 + 1e-9)).all()
    norm, slope = np.linalg.norm(f.states[1:], axis=1), np.array([_slope(formula, names, s) for s in f.states[1:]])
    weight = norm * slope
    for s in range(0, len(norm) - 1, 7):
        for t in range(s + 1, len(norm)):
            if norm[t] > norm[s] and weight[s : t + 1].min() > 0:
                assert math.log(norm[t] / norm[s]) <= (loss[1 + s] - loss[1 + t]) / weight[s : t + 1].min() * 1.2 + 1e-9


def _slope(formula: str, names: list[str], state: np.ndarray) -> float:
    from tamecheck.flows.system import System

    return float(np.linalg.norm(System.of(formula, names).gradient(state)))


@pytest.mark.parametrize(
    ("layers", "norm"),
    [
        ((1, 10, 20, 10, 1), 5.505), ((2, 20, 40, 20, 1), 7.673), ((4, 20, 40, 20, 1), 7.868), ((10, 50, 50, 50, 1), 10.892),
        ((784, 256, 256, 10), 25.71),
    ],
)  # fmt: skip
def test_initial_norms(layers, norm):
    """A-74: uniform Xavier weights and zero biases have expected squared norm sum 2 a b/(a + b)."""
    pairs = list(zip(layers, layers[1:], strict=False))
    total = sum([2 * a * b / (a + b) for a, b in pairs])
    assert math.sqrt(total) == pytest.approx(norm, abs=6e-4 * norm)
    rng = np.random.default_rng(0)
    sample = [sum([float((rng.uniform(-1, 1, pair) ** 2).sum()) * 6 / sum(pair) for pair in pairs]) for _ in range(40)]
    assert math.sqrt(np.mean(sample)) == pytest.approx(norm, rel=0.03)
