"""Diagnostics over trajectories: known exponents, conserved quantities, layers that align."""

import numpy as np
import pytest
from test_margins import X3, Y3, deep_linear

from tamecheck.errors import InputError
from tamecheck.flows.gradient_flow import gradient_flow
from tamecheck.flows.log_flow import log_flow
from tamecheck.flows.observations import direction_speed, imbalance, kl_exponent, layer_alignment, power_fit, rotation, valley
from tamecheck.flows.system import System


def layers(m, theta) -> list[np.ndarray]:
    """Return the matrices of a deep linear network."""
    return list(m.vector.split(theta).values())


def test_layers_align_and_stay_balanced():
    """Depth 2 to log 1/L = 1e4: the top singular vectors align to 1e-7, and the imbalance does not drift."""
    m = deep_linear(X3, Y3, 2)
    start = np.random.default_rng(0).normal(0, 0.5, 12)
    r = log_flow(m, start, 1e4, levels=[1e2, 1e4])
    assert layer_alignment(layers(m, r.last))[0] > 1 - 1e-7
    first, last = imbalance(layers(m, start)), imbalance(layers(m, r.last))
    assert abs(first[0] - last[0]) < 1e-5


@pytest.mark.parametrize(("k", "growth"), [(1, 1 / 3), (2, 1 / 4), (4, 1 / 6)])
def test_the_valley_law(k, growth):
    """F = (1 + x^2)^(-k/2) behaves like x^-k far out: the norm grows like t^(1/(k+2))."""
    s = System.of(f"(1 + x^2)^(-{k}/2)", ["x"])
    r = gradient_flow(s, [3.0], 1e10, times=[0.0, *np.geomspace(1, 1e10, 60)])
    found = valley(s, r)
    assert found.norm.slope == pytest.approx(growth, abs=0.01) and found.k == pytest.approx(k, rel=0.05)
    assert found.norm.scatter < 0.02


@pytest.mark.parametrize(("formula", "exponent"), [("x^2", 0.5), ("x^4", 0.75), ("x^6", 5 / 6)])
def test_empirical_exponents(formula, exponent):
    """|grad F| ~ (F - F_inf)^s with the Lojasiewicz exponent s."""
    s = System.of(formula, ["x"])
    r = gradient_flow(s, [0.5], 20.0 if formula == "x^2" else 1e6)
    assert kl_exponent(s, r, 0.0).slope == pytest.approx(exponent, abs=1e-3)


def test_rotation_and_speed():
    """A quarter turn; a velocity along theta does not turn it."""
    a, b = np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[0.0, 3.0], [1.0, 0.0]])
    assert rotation(a, b) == pytest.approx([np.pi / 2, 0.0])
    theta = np.array([3.0, 4.0])
    assert direction_speed(theta, theta) == pytest.approx(0) and direction_speed(theta, np.array([-4.0, 3.0])) == pytest.approx(1.0)


def test_a_fit_needs_points():
    """Three points, or a zero, are refused."""
    for x, y in ((np.ones(3), np.ones(3)), (np.ones(5), np.zeros(5))):
        with pytest.raises(InputError):
            power_fit(x, y)
    with pytest.raises(InputError):
        layer_alignment([np.ones((2, 3)), np.ones((4, 5))])
