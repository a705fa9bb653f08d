"""Discrete descents: limits that are known, identities between methods, determinism."""

import numpy as np
import pytest
from test_margins import X3, XOR, Y3, Z4, linear, two_layers

from tamecheck.errors import InputError
from tamecheck.flows.margin_descent import adam, normalised_descent, stochastic
from tamecheck.flows.separation import ORDER, largest_margin
from tamecheck.flows.stationarity import margins_of
from tamecheck.flows.steepest import descend, direction, dual_norm
from tamecheck.flows.system import System, Vector


@pytest.mark.parametrize("norm", ORDER)
def test_each_method_approaches_the_largest_margin_in_its_norm(norm):
    """Linear model, three samples: the gap falls like one over the square root of the number of steps."""
    m = linear(X3, Y3)
    r = normalised_descent(m, [0.0, 0.0], norm, 20_000, 0.05)
    w = r.last / np.linalg.norm(r.last, ORDER[norm])
    goal = largest_margin(X3 * Y3[:, None], norm).margin
    assert goal * 0.99 < (X3 * Y3[:, None] @ w).min() <= goal + 1e-9


def test_adam_without_memory_is_sign_descent():
    """Step for step, up to rounding."""
    m = linear(Z4, np.ones(4))
    a = adam(m, [0.1, 0.2, -0.1], 200, 0.01, betas=(0.0, 0.0))
    b = normalised_descent(m, [0.1, 0.2, -0.1], "l_inf", 200, 0.01)
    assert np.allclose(a.states, b.states, atol=1e-12)


def test_directions_and_dual_norms():
    """<d, g> = -|g|_* and |d| = 1, for vectors and matrices."""
    rng = np.random.default_rng(3)
    v = Vector({"W": (3, 2)})
    for _ in range(20):
        g = rng.normal(size=6)
        for norm, p, q in (("l2", 2, 2), ("l_inf", np.inf, 1), ("l1", 1, np.inf)):
            d = direction(g, norm)
            assert np.linalg.norm(d, p) == pytest.approx(1) and dual_norm(g, norm) == pytest.approx(np.linalg.norm(g, q))
        d = direction(g, "spectral", v).reshape(3, 2)
        assert np.linalg.norm(d, 2) == pytest.approx(1) and dual_norm(g, "spectral", v) == pytest.approx(np.linalg.norm(g.reshape(3, 2), "nuc"))
    assert not direction(np.zeros(3), "l2").any() and not direction(np.zeros(3), "l1").any()


def test_stochastic_gradients_approach_the_margin_of_xor():
    """Constant steps, one sample at a time: the normalised margin is near 0.1768 and never above it."""
    m = two_layers(XOR, XOR[:, 0] * XOR[:, 1], 8)
    start = np.random.default_rng(0).normal(0, 0.5, m.vector.size)
    r = stochastic(m, start, 60_000, 0.05)
    margin = margins_of(m, r.last, 2)["normalised"]
    assert 0.16 < margin <= 0.1767767 + 1e-6
    assert np.array_equal(stochastic(m, start, 500, 0.05, seed=4).last, stochastic(m, start, 500, 0.05, seed=4).last)
    assert not np.array_equal(stochastic(m, start, 500, 0.05, seed=4).last, stochastic(m, start, 500, 0.05, seed=5).last)


def test_gradient_descent_follows_the_flow():
    """Small steps on a quadratic: the exact iterate."""
    r = descend(System.of("(x^2 + 3*y^2)/2", ["x", "y"]), [1.0, 1.0], "gd", 50, 0.01)
    assert r.last == pytest.approx([0.99**50, 0.97**50])


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: normalised_descent(linear(X3, Y3), [0.0, 0.0], "l3", 10, 0.1), "TC186"),
        (lambda: normalised_descent(linear(X3, Y3), [0.0, 0.0], "l2", 10, -0.1), "TC184"),
        (lambda: stochastic(linear(X3, Y3), [0.0, 0.0], 10, 0.1, batch=9), "TC184"),
        (lambda: stochastic(linear(X3, Y3), [0.0], 10, 0.1), "TC125"),
    ],
)
def test_bad_input(call, code):
    """A code for every mistake."""
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code
