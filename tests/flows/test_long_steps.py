"""Implicit validated steps: exact solutions lie inside, long times in few steps, and every bound is a bound."""

import math

import numpy as np
import pytest
from flint import arb

from tamecheck.errors import InputError
from tamecheck.flows.balls import Length
from tamecheck.flows.enclosing import Field
from tamecheck.flows.long_steps import LongSteps, bounded, radau, scales
from tamecheck.flows.system import System
from tamecheck.flows.validated import enclose

NEURON = "(" + " + ".join([f"(v*gelu(w*({k}/5) + b) + c - ({k}/5)^2)^2" for k in range(-5, 6)]) + ")/11"
START = [0.8, -0.75, 7.0, 1.1]


@pytest.mark.parametrize(
    ("formula", "start", "times", "solution"),
    [
        ("x^2/2", [3.0], [1.0, 30.0], lambda t: [3 * math.exp(-t)]),
        ("exp(-x)", [0.0], [1.0, 1e6], lambda t: [math.log1p(t)]),
        ("(x^2/1000 + 50*y^2)/2", [1.0, 0.5], [0.5, 20.0], lambda t: [math.exp(-t / 1000), 0.5 * math.exp(-50 * t)]),
        ("x*y", [1.0, 0.5], [0.5, 2.0], lambda t: [math.cosh(t) - 0.5 * math.sinh(t), 0.5 * math.cosh(t) - math.sinh(t)]),
        ("x^4/4", [1.0], [1.0, 1e4], lambda t: [1 / math.sqrt(1 + 2 * t)]),
    ],
)  # fmt: skip
def test_exact_solutions_lie_inside(formula, start, times, solution):
    """Stiff, unstable and slowly decaying flows with closed forms, up to the rounding of those."""
    e = enclose(System.of(formula, ["x", "y"][: len(start)]), start, times, stiff=True)
    for k, t in enumerate(times, 1):
        expected = np.array(solution(t))
        assert np.linalg.norm(e.mid(k) - expected) <= e.radii[k] + 1e-15 * (1 + np.abs(expected).sum())
        assert e.radii[k] < 1e-13
    assert e.steps < 160


def test_both_kinds_of_steps_agree():
    """Short Taylor steps and implicit ones enclose the same point, which no part of the code of one step tells the other."""
    s = System.of("((a*tanh(v) - 4/5)^2 + (a*tanh(-v/2) + 3/10)^2)/2", ["a", "v"])
    a, b = enclose(s, [0.5, 0.5], [5.0]), enclose(s, [0.5, 0.5], [5.0], stiff=True)
    with Length(1, 128):
        distance = sum([(x - y) ** 2 for x, y in zip(a.centres[1], b.centres[1], strict=True)], arb(0)).sqrt()
        assert distance <= arb(a.radii[1]) + arb(b.radii[1])
    assert b.steps < a.steps


def test_a_neuron_with_an_exact_valley():
    """F = exp(-x) + 50 (y - x^2/100)^2 has a curved valley that falls to 0 at infinity: at t = 10^6 the norm is certified to 12 digits."""
    e = enclose(System.of("exp(-x) + 50*(y - x^2/100)^2", ["x", "y"]), [0.0, 0.5], [1e6], stiff=True)
    low, high = e.norm()
    assert 13 < low <= high < low + 1e-11 and e.value()[1] < 2e-6


@pytest.mark.slow
def test_the_neuron_at_a_thousand_million():
    """One GELU neuron cannot fit x^2: at t = 10^4 its flow is outside the ball of radius 14.6, at 10^9 outside that of radius 569: a theorem."""
    e = enclose(System.of(NEURON, ["w", "b", "v", "c"]), START, [1e4, 1e8, 1e9], stiff=True)
    assert e.norm(1)[0] > 14.615 > 2 * 7.1702 and e.norm(2)[0] > 266.01 and e.norm(3)[0] > 569.9
    assert e.value(3)[1] < 1.073e-4 and e.radius < 1e-12


def matrices(rng, n: int, terms: int) -> list[np.ndarray]:
    """Return random symmetric coefficients of a matrix polynomial with one small eigenvalue at 0."""
    q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    found = [q @ np.diag([1e-4, *rng.uniform(1, 9, n - 1)]) @ q.T]
    for k in range(1, terms):
        a = rng.normal(size=(n, n)) / 2**k
        found.append((a + a.T) / 2)
    return found


@pytest.mark.parametrize("half", [0.0, 1e-3, 0.05])
def test_the_bound_of_the_least_eigenvalue_is_a_bound(half):
    """For matrix polynomials on an interval, whatever frame and rate of rotation are offered, good or bad."""
    rng = np.random.default_rng(int(1e4 * half))
    for _ in range(15):
        parts = matrices(rng, 4, 3)
        least = min(np.linalg.eigvalsh(sum(p * s**k for k, p in enumerate(parts)))[0] for s in np.linspace(-half, half, 41))
        vectors = np.linalg.eigh(parts[0])[1]
        for spoiled in (0.0, 0.05):
            turn = rng.normal(size=(4, 4)) * 0.3
            with Length(1, 106):
                frame = vectors + spoiled * rng.normal(size=(4, 4))
                found = bounded([[[arb(float(x)) for x in r] for r in p] for p in parts], frame, turn - turn.T, half)
            assert found is None or found <= least + 1e-12
    assert bounded([[[arb(1), arb(0)], [arb(0), arb(1)]]], 3 * np.eye(2), np.zeros((2, 2)), 0.0) is None


def test_the_rotating_frame_makes_the_bound_sharp():
    """With the rate of rotation the small eigenvalue of a turning matrix is found; without it the bound is useless."""
    big, half = np.diag([1e-3, 5.0]), 0.02
    generator = np.array([[0.0, -1.0], [1.0, 0.0]])
    second = generator @ big - big @ generator
    third = generator @ second - second @ generator
    with Length(1, 106):
        parts = [[[arb(float(x)) for x in r] for r in p] for p in (big, second, third / 2)]
        sharp = bounded(parts, np.eye(2), generator, half)
        blunt = bounded(parts, np.eye(2), np.zeros((2, 2)), half)
    assert sharp > 5e-4 and blunt < 0, (sharp, blunt)


def test_a_defect_is_noticed():
    """A path that is moved away from the flow by 1e-6 has a defect of at least that size times its rate; the good path has none."""
    f = Field(System.of("(x^2 + 30*y^2)/2", ["x", "y"]))
    steps = LongSteps(f, 128)
    path = steps.path([arb(1), arb(0.25)], 2.0**-6)
    assert steps.defect(path, 2.0**-6, 1e-14) is not None
    spoiled = [list(row) for row in path]
    spoiled[0][1] += arb(1e-6)
    assert steps.defect(spoiled, 2.0**-6, 6e-5) is None and steps.defect(spoiled, 2.0**-6, 1e-3) > 6e-5


def test_a_tube_that_is_left_is_refused():
    """When the error can outgrow the tube there is no radius, and the step is shortened."""
    steps = LongSteps(Field(System.of("-50*x^2/2", ["x"])), 128)
    path = steps.path([arb(1)], 0.5)
    assert path is None or steps.radius(path, 0.5, 1e-9, 1e-20) is None
    path = steps.path([arb(1)], 2.0**-6)
    assert 1e-9 < steps.radius(path, 2.0**-6, 1e-9, 1e-20) < 4e-9


def test_points_and_scales():
    """Radau's points end at 1; scales are 1 without a gap."""
    assert radau(3) == pytest.approx([(4 - math.sqrt(6)) / 10, (4 + math.sqrt(6)) / 10, 1.0])
    assert scales(np.array([1.0, 0.0]), np.array([[0.0, 0.0], [0.0, 0.0]]))[1] == 1.0
    assert scales(np.array([1.0]), np.zeros((1, 1))) == [1.0]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: enclose(System.of("-x^4/4"), [1.0], [1.0], stiff=True), "TC146"),
        (lambda: enclose(System.of("abs(x)"), [1.0], [1.0], stiff=True), "TC145"),
        (lambda: enclose(System.of("x^2"), [1.0], [2.0, 1.0], stiff=True), "TC184"),
        (lambda: enclose(System.of("x^2"), [1.0], [], stiff=True), "TC184"),
        (lambda: enclose(System.of("x^2"), [1.0], [math.inf]), "TC184"),
    ],
)
def test_refusals(call, code):
    """Blow-up at t = 1/2, kinks, times that do not increase."""
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code
