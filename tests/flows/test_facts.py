"""Known numbers of flows and margins: linear and deep linear models, ReLU and relu^2 on XOR, softplus, Adam, sliding flows, evaluation counts."""

import math

import numpy as np
import pytest
from test_margins import X3, XOR, Y3, Z4, deep_linear, linear, two_layers

import tamecheck as tc
from tamecheck.flows.filippov import log_subgradient_flow, subgradient_flow
from tamecheck.flows.gradient_flow import gradient_flow
from tamecheck.flows.log_flow import log_flow
from tamecheck.flows.margin_descent import adam, normalised_descent, stochastic
from tamecheck.flows.margins import Margins
from tamecheck.flows.observations import imbalance, layer_alignment
from tamecheck.flows.separation import largest_margin
from tamecheck.flows.stationarity import fenchel_young, margins_of, stationarity, tangent_margin
from tamecheck.flows.system import System
from tamecheck.programs.definitions import scalar
from tamecheck.programs.program import Program

XOR_SIGNS = XOR[:, 0] * XOR[:, 1]


def gated(rows: np.ndarray, labels: np.ndarray, units: int, gate: str) -> tuple[Margins, object]:
    """Return the margins of two layers with a gate, and their bounds of near-homogeneity."""
    p = Program()
    w, a, x = p.input("W", (units, rows.shape[1]), "parameter"), p.input("a", (units,), "parameter"), p.input("x", rows.shape)
    inner = p.contract("mi,bi->bm", w, x)
    h = p.map("mul", p.map("max", inner, p.constant(0)), p.map("max", inner, p.constant(0))) if gate == "relu2" else getattr(scalar, gate)(p, inner)
    f = p.contract("bm,m->b", h, a)
    near = tc.homogeneity((p, {"f": f}), input_box=(-4, 4)).near
    return Margins.batch((p, {"f": f}), {"x": rows}, labels), near


# ----------------------------------------------------------------- closed forms


def test_scalar_flows():
    """w' = e^-w: w = log(1 + t); f = w^L: t L (log 1/L)^(2 - 2/L) at log 1/L = 1e4 is 1, 0.250025, 0.111126."""
    run = gradient_flow(System.of("exp(-w)"), [0.0], 1e6, times=[0.0, 1e6])
    assert run.last == pytest.approx([13.815511557964], abs=1e-8)
    for degree, expected in ((1, 1.0), (2, 0.250025), (3, 0.111126)):
        p = Program()
        f = p.input("w", (1,), "parameter")
        m = Margins.batch((p, {"f": p.map("pow", f, p.constant(degree))}), {}, [1])
        run = log_flow(m, [1.0], 1e4, levels=[1e4])
        inverse, log_time = run.measured["log_inverse_loss"][-1], run.measured["log_time"][-1]
        assert math.exp(log_time - inverse) * inverse ** (2 - 2 / degree) == pytest.approx(expected, abs=2e-6)


def test_the_linear_flow():
    """L < 1 first at t = .0761334257, w(1e6) is known to nine digits, t L = .19680 at log 1/L = 10."""
    m = linear(X3, Y3)
    run = log_flow(m, [0.0, 0.0], 20.0, levels=[1e-9, 10.0, -math.log(1.99360506e-7)], rtol=1e-10, atol=1e-12)
    assert math.exp(run.measured["log_time"][1]) == pytest.approx(0.0761334257, abs=1e-8)
    assert run.states[1] == pytest.approx([0.27222797, 0.24908488], abs=1e-7)
    times = np.exp(run.measured["log_time"][2:] - run.measured["log_inverse_loss"][2:])
    assert times[0] == pytest.approx(0.19680, abs=1e-5)
    assert run.states[3] == pytest.approx([3.68071082, 5.87660216], abs=1e-6)
    assert math.exp(run.measured["log_time"][3]) == pytest.approx(1e6, rel=1e-6)


@pytest.mark.parametrize(("depth", "limit"), [(2, 1.1180339887), (3, 0.4303314829)])
def test_margins_of_deep_linear_networks(depth, limit):
    """The largest normalised margin is sqrt(5)/depth^(depth/2): balanced rank-one layers reach it, and it is a KKT point."""
    u = np.array([1.0, 2.0]) / math.sqrt(5)
    e = np.eye(4)[0]
    layers = [np.outer(e, u), *[np.outer(e, e)] * (depth - 2), e[None]]
    m = deep_linear(X3, Y3, depth)
    theta = np.concatenate([w.reshape(-1) for w in layers])
    assert margins_of(m, theta, depth)["normalised"] == pytest.approx(limit, abs=1e-9)
    assert stationarity(m, theta, depth)["kkt"] < 1e-9


@pytest.mark.parametrize(
    ("depth", "misalignment"), [(2, (2.50e-3, 2.44e-4, 2.43e-5)), (3, (3.28e-2, 7.16e-3, 1.55e-3))]
)
def test_alignment_of_deep_linear_networks(depth, misalignment):
    """1 - beta at log 1/L = 1e2, 1e3, 1e4; layers align, W'W - WW' does not drift, the smoothed margin grows; epsilon is the alignment."""
    rng = np.random.default_rng(0)
    start = {2: rng.normal(0, 0.5, 12)}
    start[3] = rng.normal(0, 0.5, 28)
    m = deep_linear(X3, Y3, depth)
    run = log_flow(m, start[depth], 1e4, levels=[1.0, 5.0, 20.0, 1e2, 500.0, 1e3, 1e4], rtol=1e-10, atol=1e-12)
    found = [1 - stationarity(m, run.states[k], depth)["alignment"] for k in (4, 6, 7)]
    assert found == pytest.approx(misalignment, rel=4e-3)
    layers = [list(m.vector.split(theta).values()) for theta in (run.states[0], run.last)]
    assert min(layer_alignment(layers[1])) > (1 - 1.2e-8 if depth == 2 else 1 - 3.1e-6)
    size = float(run.last @ run.last)
    assert max(abs(a - b) for a, b in zip(imbalance(layers[0]), imbalance(layers[1]), strict=True)) < 1e-9 * size
    assert np.all(np.diff([margins_of(m, theta, depth)["smoothed"] for theta in run.states[1:]]) > 0)
    for theta in run.states[1:6]:
        row, gbar = stationarity(m, theta, depth), margins_of(m, theta, depth)["normalised"]
        assert row["epsilon"] == pytest.approx(gbar ** (-1 / depth) * math.sqrt(2 * (1 - row["alignment"])), rel=1e-8)


@pytest.mark.parametrize(("depth", "length"), [(1, 0.47524), (2, 1.07545), (3, 1.28703)])
def test_arc_lengths(depth, length):
    """The direction moves by a finite amount to log 1/L = 1e5."""
    size = {1: 2, 2: 12, 3: 28}[depth]
    start = np.full(2, 1e-9) if depth == 1 else np.random.default_rng(0).normal(0, 0.5, size)
    m = linear(X3, Y3) if depth == 1 else deep_linear(X3, Y3, depth)
    run = log_flow(m, start, 1e5, levels=[10.0, 1e3, 1e5])
    assert run.measured["arc"][-1] == pytest.approx(length, abs=2e-4)


def test_the_lemma_along_flows():
    """(log gtil)'(log rho)' >= L |u'|^2, by differences of the flow of a product of two layers."""
    m = deep_linear(X3, Y3, 2)
    run = log_flow(m, np.random.default_rng(0).normal(0, 0.5, 12), 200.0, levels=np.geomspace(1, 200, 400), rtol=1e-11, atol=1e-13)
    theta = run.states[1:]
    sizes = np.linalg.norm(theta, axis=1)
    gtil = np.log([margins_of(m, t, 2)["smoothed"] for t in theta])
    u = theta / sizes[:, None]
    slack = np.diff(gtil) * np.diff(np.log(sizes)) - 2 * np.sum(np.diff(u, axis=0) ** 2, axis=1)
    assert slack.min() > -1e-9


# --------------------------------------------------------------------- margins


def test_known_optima():
    """AX2 with labels (+, -): 1/4; D3 with four units: .7249011454; relu^2 on XOR: 1/(6 sqrt 3); XOR with inputs of norm 1: 1/8."""
    apart = two_layers(np.eye(2), np.array([1.0, -1.0]), 2)
    assert margins_of(apart, np.array([1.0, 0, 0, 1, 1, -1]), 2)["normalised"] == pytest.approx(1 / 4)
    m = two_layers(XOR / math.sqrt(2), XOR_SIGNS, 4)
    best = np.concatenate([(XOR / math.sqrt(2)).reshape(-1), XOR_SIGNS])
    assert margins_of(m, best, 2)["normalised"] == pytest.approx(1 / 8) and stationarity(m, best, 2)["residual"] < 1e-12
    squared, _ = gated(XOR, XOR_SIGNS, 4, "relu2")
    w = np.concatenate([XOR.reshape(-1) * math.sqrt(1 / 2), XOR_SIGNS * math.sqrt(1 / 2)])
    assert margins_of(squared, w, 3)["normalised"] == pytest.approx(0.0962250449) and stationarity(squared, w, 3)["kkt"] < 1e-9
    pairs = two_layers(X3, Y3, 2)
    first, second = np.array([1.0, 2.0]) / 5**0.75, np.array([-4.0, -1.0]) / 17**0.75
    theta = np.concatenate([first, second, [5**-0.25, -(17**-0.25)]])
    assert margins_of(pairs, theta, 2)["normalised"] == pytest.approx(0.7249011454, abs=1e-9)


def test_tangent_margins_of_infinite_width():
    """XOR with unit inputs, Gaussian weights: 1/(2 sqrt pi) and .3587737685 pointwise; Frobenius-normalised .3535534 and .4128226."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t = 4 * (nodes + 1)
    mass = 4 * weights * np.sqrt(2 / np.pi) * np.exp(-(t**2) / 2)  # of |g|, g standard normal
    a, u, v = np.meshgrid(t, t, t, indexing="ij")  # |a|, and |v.x| along the two pairs of opposite samples, which are orthogonal
    density = mass[:, None, None] * mass[None, :, None] * mass[None, None, :]
    inner, outer = a**2 / 8, (u - v) ** 2 / 16  # of sum p_i y_i times the gradient in a unit's weights and in a, p = 1/4
    assert float(np.sum(density * np.sqrt(inner))) == pytest.approx(0.2820947918, abs=1e-6)
    assert float(np.sum(density * np.sqrt(inner + outer))) == pytest.approx(0.3587737685, abs=2e-5)
    assert math.sqrt(float(np.sum(density * inner))) == pytest.approx(0.3535534, abs=1e-6)
    assert math.sqrt(float(np.sum(density * (inner + outer)))) == pytest.approx(0.4128226, abs=1e-6)
    x = XOR / math.sqrt(2)
    rng = np.random.default_rng(0)
    units = 1000
    m = two_layers(x, XOR_SIGNS, units)
    w = rng.normal(size=2 * units)
    theta = np.concatenate([w, rng.normal(size=units)])
    assert tangent_margin(m, theta) / math.sqrt(units) == pytest.approx(0.4128226, abs=0.02)


def test_fenchel_young_of_the_margin_points():
    """The D4 l2 KKT point gives 0 for (l2, l2) and 1/4 for (l_inf, l1) and (l1, l_inf)."""
    best = largest_margin(Z4, "l2")
    a = best.direction / best.margin
    assert fenchel_young(a, a, "l2") == pytest.approx(0, abs=1e-12)
    assert fenchel_young(a, a, "l_inf") == pytest.approx(0.25, abs=1e-9) and fenchel_young(a, a, "l1") == pytest.approx(0.25, abs=1e-9)


def test_thresholds_and_selections():
    """w^3 + w: the plain margin decreases, the modified one is 1; Euler's identity holds for every derivative of ReLU at 0."""
    from tamecheck.flows.derivatives import Rule

    run = tc.flow("w^3 + w", variables=["w"], labels=[1], initial=[1.5], goal=100.0)
    assert np.all(np.diff(run.diagnostics["smoothed"]) < 0) and run.diagnostics["modified"] == pytest.approx(np.ones(len(run.times)))
    for value in (0.0, 0.5, 1.0):
        s = System.of("a*relu(v*3 + w*4)", ["a", "v", "w"], rule=Rule(relu=value))
        theta = np.array([2.0, 4.0, -3.0])
        assert s.gradient(theta) @ theta == pytest.approx(2 * s.value(theta), abs=1e-12)


# ---------------------------------------------------------------- ReLU and kinks


@pytest.mark.parametrize("units", [8, pytest.param(16, marks=pytest.mark.slow), pytest.param(32, marks=pytest.mark.slow)])
def test_xor(units):
    """Subgradient flows of two ReLU layers reach 1/(4 sqrt 2), whatever the seed."""
    m = two_layers(XOR, XOR_SIGNS, units)
    for seed in range(1 if units == 8 else 2):
        run = log_subgradient_flow(m, 0.5 * np.random.default_rng(seed).normal(size=m.vector.size), 300.0 if units == 8 else 1e3, rtol=1e-8)
        assert run.complete and (0.176765 if units < 32 else 0.1767) < margins_of(m, run.last, 2)["normalised"] < 0.176777
        if units == 32:  # more kinks are touched at once than are listed (TC144)
            continue
        found = stationarity(m, run.last, 2)
        plain = stationarity(m, run.last, 2, tolerance=-1.0)  # one gradient per sample, what automatic differentiation returns
        assert found["residual"] < 0.01 < 0.3 < plain["residual"] and found["alignment"] < 0.999 and found["kinks"] == 4


def test_two_neurons_stay_and_leave():
    """AX2 with equal labels: the aligned two-neuron start stays at 1/4; moved by 1e-6 it ends at 1/(2 sqrt 2)."""
    m = two_layers(np.eye(2), np.ones(2), 2)
    both = np.array([1.0, 0, 0, 1, 1, 1])
    stays = log_subgradient_flow(m, both, 300.0)
    assert margins_of(m, stays.last, 2)["normalised"] == pytest.approx(0.25, abs=1e-6)
    moved = normalised_descent(m, both + 1e-6 * np.array([0, 1.0, 0, 0, 1, 0]), "l2", 20_000, 0.05, hold=1e9)
    assert margins_of(m, moved.last, 2)["normalised"] > 0.35


def test_sliding_and_euler():
    """On a flow that slides the events are right to 1e-9 in few evaluations; Euler's method with relu'(0) = 0 converges like the step."""
    s = System.of("w2*relu(w1) - w1/2 + w2", ["w1", "w2"])
    exact = np.array([1.564520162071, -1.861517237216])
    run = subgradient_flow(s, [0.5, 2.0], 3.0, times=[0.0, 3.0], second=False)
    assert np.linalg.norm(run.last - exact) < 1e-9 and run.evaluations < 2000
    for h in (1e-2, 1e-3):
        w = np.array([0.5, 2.0])
        for _ in range(round(3 / h)):
            w = w - h * s.gradient(w)
        assert np.linalg.norm(w - exact) <= 2 * h + 1e-3


def test_a_spiral_is_not_definable():
    """e^(-1/D)(1 - c sin(phi - 1/D)), D = 1 - r^2: the phase phi = 1/D is invariant, and the function is not certified definable."""
    assert tc.certify("exp(-1/(1-r^2))*(1 - 4*r^4/(4*r^4 + (1-r^2)^4)*sin(p - 1/(1-r^2)))", "both").verdict != "definable"


# -------------------------------------------------------- smooth and stochastic


@pytest.mark.parametrize(("gate", "scale", "margin"), [("softplus", 2.5, 0.72478), ("gelu", 1.5, 0.72487)])
def test_near_homogeneous_flows(gate, scale, margin):
    """From strong separability on the modified margin grows; the homogenised margin reaches the KKT value .7249 to 1e-3."""
    m, near = gated(X3, Y3, 4, gate)
    w = np.array([[0.45, 0.9], [0.4, 0.95], [-0.45, -0.9], [-0.5, -0.8]])
    start = scale * np.concatenate([w.reshape(-1), [1.0, 0.9, -1.0, -0.9]])
    run = log_flow(m, start, 3e4)
    rows = [margins_of(m, theta, 2, gap=near.gap)["modified"] for theta in run.states]
    good = np.array(rows) > 0
    assert good[-1] and np.all(np.diff(np.array(rows)[good]) > 0)
    limit = two_layers(X3, Y3, 4)
    assert margins_of(limit, run.last, 2)["normalised"] == pytest.approx(margin, abs=1.5e-3)
    assert stationarity(limit, run.last, 2)["residual"] < 0.1


def test_the_limit_of_adam():
    """Adam(.9, .99) with epsilon 0 on D4: direction (1, .60044, .80022), margin 2.19978."""
    run = adam(linear(Z4, np.ones(4)), np.zeros(3), 30_000, 0.01, betas=(0.9, 0.99))
    w = run.last / np.abs(run.last).max()
    assert w == pytest.approx([1, 0.6, 0.8], abs=5e-3) and (Z4 @ w).min() == pytest.approx(2.2, abs=1e-2)


def test_relu_squared_aligns():
    """relu^2 on XOR: 1 - beta falls and the margin approaches .096225."""
    m, _ = gated(XOR, XOR_SIGNS, 8, "relu2")
    start = 0.5 * np.random.default_rng(0).normal(size=m.vector.size)
    run = log_flow(m, start, 1e3, levels=[10.0, 1e2, 1e3], smooth=True)
    found = [1 - stationarity(m, theta, 3)["alignment"] for theta in run.states[2:]]
    margins = [margins_of(m, theta, 3)["normalised"] for theta in run.states[2:]]
    assert run.complete and found[1] < found[0] and margins[0] < margins[1] < 0.096226


def test_stochastic_gradients_on_a_linear_model():
    """The direction error of constant-step SGD falls, logarithmically slowly."""
    m = linear(X3, Y3)
    goal = np.array([1.0, 2.0]) / math.sqrt(5)
    run = stochastic(m, [0.0, 0.0], 20_000, 0.05, outputs=200)
    kept = [run.states[np.searchsorted(run.times, k)] for k in (100, 1000, 20_000)]
    errors = [np.linalg.norm(theta / np.linalg.norm(theta) - goal) for theta in kept]
    assert errors[0] > errors[1] > errors[2] > 0.05


@pytest.mark.slow
def test_stochastic_gradients_on_xor():
    """At 10^6 steps the margin of two ReLU layers is within one per cent of 1/(4 sqrt 2), and |theta|^2/log k is near its inverse."""
    m = two_layers(XOR, XOR_SIGNS, 8)
    run = stochastic(m, np.random.default_rng(0).normal(0, 0.5, m.vector.size), 1_000_000, 0.05)
    assert margins_of(m, run.last, 2)["normalised"] == pytest.approx(0.1767767, rel=0.01)
    assert run.last @ run.last / math.log(1e6) == pytest.approx(5.4, abs=0.5)


# -------------------------------------------------------------------- backends


def test_underflow():
    """At log 1/L > 745 the plain loss has no gradient in doubles; the logarithmic flow has, and at log 1/L = 40 both agree."""
    m = deep_linear(X3, Y3, 2)
    start = np.random.default_rng(0).normal(0, 0.5, 12)
    far = log_flow(m, start, 1e3, levels=[40.0, 1e3])
    assert np.all(np.exp(-m.q(far.last)) == 0) and np.linalg.norm(m.pull(far.last)) > 1
    from scipy.integrate import solve_ivp

    end = math.exp(far.measured["log_time"][1])
    plain = solve_ivp(lambda t, y: m.combined(y, np.exp(-m.q(y))), (0, end), start, method="LSODA", rtol=1e-10, atol=1e-12)
    assert plain.y[:, -1] == pytest.approx(far.states[1], rel=1e-6)


def test_evaluations_grow_slowly():
    """Explicit methods pay in proportion to the horizon, the default does not."""
    from scipy.integrate import solve_ivp

    s = System.of("(tanh(x*y) - 1/2)^2 + (x - y - 1)^2", ["x", "y"])
    ours = [gradient_flow(s, [2.0, -1.0], t, times=[0.0, t], rtol=1e-8, atol=1e-10, second=False).evaluations for t in (1e2, 1e4)]
    explicit = [solve_ivp(lambda t, y: -s.gradient(y), (0, t), [2.0, -1.0], method="DOP853", rtol=1e-8, atol=1e-10).nfev for t in (1e2, 1e3)]
    assert ours[1] < 3 * ours[0] and explicit[1] > 5 * explicit[0]
