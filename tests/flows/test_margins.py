"""Margins, losses in logarithmic form, limits of directions, KKT residuals; the numbers are known in closed form or were computed twice."""

import math

import numpy as np
import pytest

from tamecheck.errors import InputError
from tamecheck.flows.log_flow import log_flow
from tamecheck.flows.margins import Margins, inverse_loss
from tamecheck.flows.separation import DUAL, ORDER, largest_margin
from tamecheck.flows.stationarity import fenchel_young, margins_of, stationarity, tangent_margin
from tamecheck.programs.program import Program

X3, Y3 = np.array([[1.0, 2.0], [-4.0, -1.0], [2.0, 3.0]]), np.array([1.0, -1.0, 1.0])
Z3 = X3 * Y3[:, None]
Z4 = np.array([[1.0, 2, 0], [2, -1, 1], [0, 1, 3], [3, 0, -1]])
XOR = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])


def linear(rows: np.ndarray, labels: np.ndarray) -> Margins:
    """Margins of w.x."""
    p = Program()
    w, x = p.input("w", (rows.shape[1],), "parameter"), p.input("x", rows.shape)
    return Margins.batch((p, {"f": p.contract("i,bi->b", w, x)}), {"x": rows}, labels)


def deep_linear(rows: np.ndarray, labels: np.ndarray, depth: int) -> Margins:
    """Margins of a product of matrices with four hidden units."""
    p = Program()
    x = p.input("x", rows.shape)
    for k in range(depth):
        shape = (1 if k == depth - 1 else 4, rows.shape[1] if k == 0 else 4)
        x = p.contract("ji,bi->bj", p.input(f"W{k}", shape, "parameter"), x)
    return Margins.batch((p, {"f": x}), {"x": rows}, labels)


def two_layers(rows: np.ndarray, labels: np.ndarray, units: int) -> Margins:
    """Margins of two layers of ReLU."""
    p = Program()
    w, a = p.input("W", (units, rows.shape[1]), "parameter"), p.input("a", (units,), "parameter")
    h = p.map("max", p.contract("mi,bi->bm", w, p.input("x", rows.shape)), p.constant(0))
    return Margins.batch((p, {"f": p.contract("bm,m->b", h, a)}), {"x": rows}, labels)


# ------------------------------------------------------------- linear problems


@pytest.mark.parametrize(
    ("norm", "direction", "margin"),
    [("l2", [1 / math.sqrt(5), 2 / math.sqrt(5)], math.sqrt(5)), ("l_inf", [1, 1], 3), ("l1", [0.25, 0.75], 1.75)],
)
def test_largest_margins(norm, direction, margin):
    """Direction, margin, and a dual certificate without a gap."""
    found = largest_margin(Z3, norm)
    assert found.margin == pytest.approx(margin) and found.direction == pytest.approx(np.array(direction))
    assert abs(found.gap) < 1e-9 and found.dual.min() >= -1e-12 and found.dual.sum() == pytest.approx(1)


@pytest.mark.parametrize("norm", ORDER)
def test_dual_certificates_on_random_data(norm):
    """The margin of the direction equals the dual norm of the combination."""
    rng = np.random.default_rng(1)
    for _ in range(10):
        z = rng.normal(size=(6, 4)) + 1.5
        found = largest_margin(z, norm)
        assert np.linalg.norm(found.dual @ z, DUAL[norm]) == pytest.approx(found.margin, rel=1e-6)
        assert np.linalg.norm(found.direction, ORDER[norm]) == pytest.approx(1)


def test_unseparable_data_are_refused():
    """No direction has a positive margin."""
    for norm in ORDER:
        with pytest.raises(InputError) as caught:
            largest_margin(np.array([[1.0, 0], [-1, 0]]), norm)
        assert caught.value.code == "TC118"


# ------------------------------------------------------------------- log flows


def test_linear_log_flow():
    """Exponential loss from 0: direction, margin sqrt 5, t L -> 1/5."""
    r = log_flow(linear(X3, Y3), [0.0, 0.0], 1e4)
    inverse, log_time = r.measured["log_inverse_loss"], r.measured["log_time"]
    assert r.complete and inverse[-1] == pytest.approx(1e4)
    assert r.last / np.linalg.norm(r.last) == pytest.approx([1 / math.sqrt(5), 2 / math.sqrt(5)], abs=2e-4)
    assert math.exp(log_time[-1] - inverse[-1]) == pytest.approx(0.2, abs=1e-9)


def test_the_start_of_the_linear_flow_in_ordinary_time():
    """At t = 1: w = (.77218527, .80088383), L = .1328770766."""
    m = linear(X3, Y3)
    r = log_flow(m, [0.0, 0.0], 2.2, levels=[-math.log(0.1328770766)])
    assert r.states[1] == pytest.approx([0.77218527, 0.80088383], abs=1e-7)
    assert r.measured["log_time"][1] == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize(("depth", "margin", "rate"), [(2, 1.1179797, 0.223629), (3, 0.42834, 0.194960)])
def test_deep_linear_log_flow(depth, margin, rate):
    """Normalised margin and t L (log 1/L)^(2 - 2/depth) at log 1/L = 1e4."""
    rng = np.random.default_rng(0)
    starts = {2: rng.normal(0, 0.5, 12)}
    starts[3] = rng.normal(0, 0.5, 28)
    m = deep_linear(X3, Y3, depth)
    r = log_flow(m, starts[depth], 1e4, levels=[1e2, 1e3, 1e4])
    inverse, log_time = r.measured["log_inverse_loss"][-1], r.measured["log_time"][-1]
    assert margins_of(m, r.last, depth)["normalised"] == pytest.approx(margin, abs=5e-6)
    assert math.exp(log_time - inverse) * inverse ** (2 - 2 / depth) == pytest.approx(rate, abs=2e-6)
    assert m.vector.size == (12 if depth == 2 else 28)


def test_the_smoothed_margin_does_not_decrease():
    """Along the flow of a homogeneous network, and it lies below the normalised margin."""
    m = deep_linear(X3, Y3, 2)
    r = log_flow(m, np.random.default_rng(0).normal(0, 0.5, 12), 50.0)
    rows = [margins_of(m, theta, 2) for theta in r.states[1:] if -m.log_loss(theta) > 0]
    smoothed = np.array([row["smoothed"] for row in rows])
    assert np.all(np.diff(smoothed) > 0)
    assert all(row["smoothed"] <= row["normalised"] + 1e-12 for row in rows)


def test_epsilon_is_the_alignment():
    """epsilon = gbar^(-1/L) sqrt(2 (1 - beta)) for smooth networks."""
    m = deep_linear(X3, Y3, 2)
    r = log_flow(m, np.random.default_rng(0).normal(0, 0.5, 12), 40.0, levels=[5.0, 20.0, 40.0])
    for theta in r.states[1:]:
        found, margin = stationarity(m, theta, 2), margins_of(m, theta, 2)["normalised"]
        assert found["epsilon"] == pytest.approx(margin**-0.5 * math.sqrt(2 * (1 - found["alignment"])), rel=1e-5)


def test_logistic_and_exponential_losses():
    """l^{-1}(0.01) = 4.600166..., logarithms of losses far below the smallest double."""
    assert inverse_loss(math.log(0.01), "logistic") == pytest.approx(4.600166019325)
    m = linear(X3, Y3)
    assert m.log_loss([300.0, 600.0], "logistic") == pytest.approx(-1500.0, rel=1e-9)
    assert m.weights([1.0, 1.0], "exp").sum() == pytest.approx(1)


# -------------------------------------------------------------- KKT residuals


def optimum(scale: float = 1.0) -> np.ndarray:
    """The four-neuron optimum of XOR."""
    return scale * np.concatenate([(XOR / math.sqrt(2)).reshape(-1), XOR[:, 0] * XOR[:, 1]])


def test_the_optimum_of_xor():
    """Margin 1/(4 sqrt 2), multipliers 1/sqrt 2, residual 0 although two kinks touch every sample."""
    m = two_layers(XOR, XOR[:, 0] * XOR[:, 1], 4)
    found = stationarity(m, optimum(), 2)
    assert margins_of(m, optimum(), 2)["normalised"] == pytest.approx(1 / (4 * math.sqrt(2)))
    assert found["residual"] < 1e-12 and found["largest_multiplier"] == pytest.approx(1 / math.sqrt(2))
    assert found["kinks"] == 4


def test_two_neurons_are_a_stationary_point_too():
    """AX2 with equal labels: margins .25 (two neurons along the axes) and .3535 (one along the diagonal) are both KKT."""
    rows = np.eye(2)
    m = two_layers(rows, np.ones(2), 2)
    both = np.array([1.0, 0, 0, 1, 1, 1])
    assert margins_of(m, both, 2)["normalised"] == pytest.approx(0.25) and stationarity(m, both, 2)["residual"] < 1e-12
    one = np.array([1 / math.sqrt(2), 1 / math.sqrt(2), 0, 0, 1, 0])
    assert margins_of(m, one, 2)["normalised"] == pytest.approx(1 / (2 * math.sqrt(2))) and stationarity(m, one, 2)["residual"] < 1e-12
    tilted = np.array([1.0, 0.3, 0, 1, 1, 1])
    assert stationarity(m, tilted, 2)["residual"] > 0.05


def test_fenchel_young_residuals():
    """Zero for the pair of the l_inf optimum, and 1/4 for the l2 point measured in other norms."""
    a = np.array([0.4545455, 0.2727273, 0.3636364])
    assert fenchel_young(a, np.array([0.4545455, 0, 0]), "l_inf") == pytest.approx(0, abs=1e-7)
    w = largest_margin(Z4, "l2")
    a = w.direction / w.margin
    assert fenchel_young(a, a) == pytest.approx(0)
    rng = np.random.default_rng(2)
    for norm in ORDER:
        assert all(fenchel_young(rng.normal(size=3), rng.normal(size=3), norm) >= -1e-12 for _ in range(50))


def test_the_tangent_margin_of_a_linear_model_is_the_largest_margin():
    """The gradients of w.x are the data."""
    assert tangent_margin(linear(X3, Y3), np.ones(2)) == pytest.approx(math.sqrt(5))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: linear(X3, np.array([1.0, 0.5, 1])), "TC116"),
        (lambda: linear(X3, Y3[:2]), "TC116"),
        (lambda: stationarity(linear(X3, -Y3), np.ones(2), 1), "TC119"),
        (lambda: log_flow(linear(X3, Y3), [0.0, 0.0], -5.0), "TC117"),
        (lambda: linear(X3, Y3).log_loss([1.0, 1.0], "hinge"), "TC116"),
        (lambda: Margins.of("w*x", ["w"], {"x": [1.0, np.nan]}, [1, 1]), "TC181"),
        (lambda: Margins.of("w*x", ["w"], {"z": [1.0, 2.0]}, [1, 1]), "TC182"),
    ],
)
def test_bad_input(call, code):
    """A code for every mistake."""
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code
