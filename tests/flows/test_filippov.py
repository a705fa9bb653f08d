"""Subgradient flows: slides and crossings with known solutions, a network whose events are known, refusals."""

import math

import numpy as np
import pytest

import tamecheck as tc
from tamecheck import nn
from tamecheck.errors import InputError
from tamecheck.flows.filippov import subgradient_flow
from tamecheck.flows.gradient_flow import gradient_flow
from tamecheck.flows.patterns import Patterned
from tamecheck.flows.subgradients import least_element
from tamecheck.flows.system import System


def test_slide_then_exit():
    """L = w2 relu(w1) - w1/2 + w2 from (1/2, 2): hits w1 = 0 at log(3/2), slides for one unit of time, leaves like cosh."""
    r = subgradient_flow(System.of("w2*relu(w1) - w1/2 + w2", ["w1", "w2"]), [0.5, 2.0], 3.0, times=[0.0, 1.0, 3.0])
    assert [e["time"] for e in r.events] == pytest.approx([math.log(1.5), math.log(1.5) + 1], abs=1e-9)
    assert "slides" in r.events[0]["text"] and "leaves" in r.events[1]["text"]
    assert r.last == pytest.approx([1.564520162071, -1.861517237216], abs=1e-9)
    assert r.error_bar < 1e-7


@pytest.mark.parametrize(
    ("formula", "start", "horizon", "end"),
    [
        ("abs(x)", [0.75], 2.0, [0.0]),
        ("abs(x) + abs(y)", [0.5, -0.25], 2.0, [0.0, 0.0]),
        ("abs(x) + x/2", [1.0], 3.0, [0.0]),
        ("max(x, -x)*2 + (y - 1)^2", [0.5, 0.0], 20.0, [0.0, 1.0]),
        ("max(x, 2*x)", [1.0], 1.0, [-0.5]),
        ("abs(x - y) + (x + y)^2", [1.0, 0.0], 20.0, [0.0, 0.0]),
        ("where(x < 0, -x, 2*x)", [1.0], 1.0, [0.0]),
        ("relu(x) - relu(-x)", [1.0], 3.0, [-2.0]),
        ("relu(x) - relu(-x)", [0.0], 1.0, [-1.0]),
        ("3*x + relu(x) - 2*relu(2*x) + 2*relu(-x)", [-1.0], 1.0, [-2.0]),
        ("x + relu(x - y) - relu(y - x) + (x + y)^2/2", [1.0, 0.0], 0.0625, None),
    ],
)
def test_exact_solutions(formula, start, horizon, end):
    """Solutions by hand: straight lines that stop at a kink, cross it, or slide along it."""
    names = ["x", "y"][: len(start)]
    r = subgradient_flow(System.of(formula, names), start, horizon)
    if end is None:  # the function is smooth: relu(h) - relu(-h) = h
        end = gradient_flow(System.of("x + x - y + (x + y)^2/2", names), start, horizon).last
    assert r.last == pytest.approx(end, abs=1e-8)


def relu_twin() -> tuple[System, np.ndarray]:
    """A 2-8-1 network of ReLU with 32 samples, mean square loss, and its initial state."""
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (32, 2))
    targets = np.sin(np.pi * inputs[:, 0]) * inputs[:, 1]
    start = [rng.normal(0, 1, (8, 2)), rng.normal(0, 0.5, 8), rng.normal(0, 1 / np.sqrt(8), 8), np.zeros(1)]
    net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    loss = nn.Network(nn.MSELoss()(net(nn.Input("x", (32, 2))), nn.Input("y", (32, 1))))
    s = System.of(loss, None, {"x": inputs, "y": targets[:, None]})
    return s, np.concatenate([a.reshape(-1) for a in start])


def test_a_network_of_relu_units():
    """34 events, three slides, and the loss at t = 100, where every solver for smooth problems fails."""
    s, start = relu_twin()
    r = subgradient_flow(s, start, 100.0, rtol=1e-8, atol=1e-10, second=False)
    assert s.value(r.last) == pytest.approx(0.01815368857, abs=1e-9)
    assert len(r.events) == 34 and sum("slides" in e["text"] for e in r.events) == 3
    losses = [s.value(theta) for theta in r.states]
    assert np.all(np.diff(losses) <= 1e-12)


def test_a_smooth_function_has_no_events():
    """Without kinks both flows agree."""
    s = System.of("(x*y - 1)^2", ["x", "y"])
    a, b = subgradient_flow(s, [2.0, 1.0], 5.0), gradient_flow(s, [2.0, 1.0], 5.0)
    assert not a.events and a.last == pytest.approx(b.last, abs=1e-8)


def test_a_pattern_makes_the_function_smooth():
    """With the masks of the point, value and gradient are those of the function."""
    s, start = relu_twin()
    f = Patterned(s)
    mask, h = f.pattern(start)
    value, slope, _ = f.at(start, mask)
    assert f.count == 32 * 8 and set(np.unique(mask)) == {0.0, 1.0}
    assert value == pytest.approx(s.value(start)) and slope == pytest.approx(s.gradient(start))
    k = int(np.argmin(np.abs(h)))
    n, e = f.normal(start, mask, k), 1e-6 * np.ones(s.size)
    assert (f.at(start + e, mask)[2][k] - f.at(start - e, mask)[2][k]) / 2e-6 == pytest.approx(n.sum(), abs=1e-6)


@pytest.mark.parametrize(
    ("formula", "start", "code"),
    [("-abs(x)", [0.0], "TC114"), ("round(x)*x", [0.3], "TC189"), ("where(x == 0, 0, x)", [0.3], "TC189"), ("abs(x)", [1.0, 2.0], "TC125")],
)
def test_refusals(formula, start, code):
    """Solutions that are not unique, jumps, and wrong sizes are errors."""
    with pytest.raises(InputError) as caught:
        subgradient_flow(System.of(formula), start, 1.0)
    assert caught.value.code == code


def test_the_public_flow():
    """tc.flow with kind subgradient."""
    run = tc.flow("abs(x) + (y - 1)^2", variables=["x", "y"], initial=[0.5, 0.0], kind="subgradient", horizon=10.0)
    assert run.verdicts[0]["verdict"] == "consistent" and run.events[0]["time"] == pytest.approx(0.5)
    assert run.to_json()["states"][-1] == pytest.approx([0.0, 1.0], abs=1e-7)


def random_network(seed: int) -> tuple[System, np.ndarray]:
    """Return the loss of a random small ReLU network and a random start."""
    rng = np.random.default_rng(seed)
    units, samples = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    net = nn.Sequential(nn.Linear(2, units), nn.ReLU() if seed % 3 else nn.LeakyReLU("0.1"), nn.Linear(units, 1))
    loss = nn.Network(nn.MSELoss()(net(nn.Input("x", (samples, 2))), nn.Input("y", (samples, 1))))
    s = System.of(loss, None, {"x": rng.normal(size=(samples, 2)), "y": rng.normal(size=(samples, 1))})
    return s, rng.normal(size=s.size)


def energy_balance(s: System, start: np.ndarray, horizon: float) -> tuple[float, float, int]:
    """Return the fall of F, the integral of |v|^2 over the pieces between events (v the least subgradient), and how many events slide."""
    first = subgradient_flow(s, start, horizon, second=False)
    edges = np.unique([0.0, *[e["time"] for e in first.events], horizon])
    parts = np.concatenate([[0.0], 2.0 ** np.arange(-9, 1)])  # fine after every event, where the field has jumped
    edges = np.unique(np.concatenate([a + (b - a) * parts for a, b in zip(edges, edges[1:], strict=False)]))
    nodes, weights = np.polynomial.legendre.leggauss(10)
    middles, halves = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    times = (middles[:, None] + halves[:, None] * nodes).reshape(-1)
    order = np.unique(np.concatenate([[0.0], times, [horizon]]))
    run = subgradient_flow(s, start, horizon, times=order, second=False)
    rate = {t: float(np.sum(least_element(s, theta) ** 2)) for t, theta in zip(run.times, run.states, strict=True)}
    total = sum(h * w * rate[t] for h, row in zip(halves, times.reshape(len(halves), -1), strict=True) for w, t in zip(weights, row, strict=True))
    values = [s.value(theta) for theta in run.states]
    assert np.all(np.diff(values) <= 1e-11)
    return values[0] - values[-1], total, sum("slides" in e["text"] for e in run.events)


@pytest.mark.parametrize("seed", range(8))
def test_energy(seed):
    """F falls by the integral of |v|^2, v the element of least norm of the subdifferential, through crossings and slides."""
    s, start = random_network(seed)
    fall, total, _ = energy_balance(s, start, 4.0)
    assert fall == pytest.approx(total, rel=1e-7, abs=1e-9)


@pytest.mark.slow
def test_energy_of_many_networks():
    """The same for 150 networks; some of them slide."""
    slides = 0
    for seed in range(8, 158):
        s, start = random_network(seed)
        fall, total, k = energy_balance(s, start, 6.0)
        slides += k
        assert fall == pytest.approx(total, rel=1e-6, abs=1e-8), seed
    assert slides > 10
