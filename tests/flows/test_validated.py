"""Validated flows: enclosures contain what is known, hold for every program constant, and refuse what they cannot enclose."""

import math
from fractions import Fraction

import numpy as np
import pytest

from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.flows.gradient_flow import gradient_flow
from tamecheck.flows.system import System
from tamecheck.flows.validated import _discs, _Run, enclose

TWO = "((a*tanh(v) - 4/5)^2 + (a*tanh(-v/2) + 3/10)^2)/2"


def test_the_two_parameter_network():
    """Known to 15 digits at t = 1 and to 11 at t = 5; the radius is near the rounding of the data."""
    e = enclose(System.of(TWO, ["a", "v"]), [0.5, 0.5], [1.0, 5.0])
    assert np.linalg.norm(e.mid(1) - [0.770204586584367, 0.723759716952984]) <= e.radii[1] + 1e-15
    assert np.linalg.norm(e.mid(2) - [1.02096956517, 0.86915666707]) <= 2e-11
    assert e.radius < 1e-14


@pytest.mark.parametrize(
    ("formula", "start", "solution"),
    [
        ("x^2/2", [3.0], lambda t: [3 * math.exp(-t)]),
        ("-x^2/2", [1.0], lambda t: [math.exp(t)]),
        ("exp(-x)", [0.0], lambda t: [math.log1p(t)]),
        ("x*y", [1.0, 0.5], lambda t: [math.cosh(t) - 0.5 * math.sinh(t), 0.5 * math.cosh(t) - math.sinh(t)]),
        ("(x^2 + 4*y^2)/2", [1.0, 1.0], lambda t: [math.exp(-t), math.exp(-4 * t)]),
    ],
)  # fmt: skip
def test_exact_solutions_lie_inside(formula, start, solution):
    """Closed forms, up to their own rounding."""
    times = [0.25, 1.0, 3.0]
    e = enclose(System.of(formula, ["x", "y"][: len(start)]), start, times)
    for k, t in enumerate(times, 1):
        expected = np.array(solution(t))
        assert np.linalg.norm(e.mid(k) - expected) <= e.radii[k] + 4e-16 * (1 + np.abs(expected).sum())
        assert e.radii[k] < 1e-10


def test_a_second_solver_lies_inside():
    """LSODA at tight tolerances is within its own error of the enclosure."""
    s = System.of("(x*gelu(y) - 1)^2 + sigmoid(x*y)", ["x", "y"])
    e, r = enclose(s, [0.5, 0.5], [4.0]), gradient_flow(s, [0.5, 0.5], 4.0, times=[0.0, 4.0])
    assert np.linalg.norm(e.mid() - r.last) <= e.radius + 1e-9


def test_bounds_of_norm_and_value():
    """The bounds hold the numbers they are about, and are narrow."""
    s = System.of(TWO, ["a", "v"])
    e = enclose(s, [0.5, 0.5], [2.0])
    (low, high), (bottom, top) = e.norm(), e.value()
    assert low <= np.linalg.norm(e.mid()) <= high <= low + 1e-12
    assert bottom <= s.value(e.mid()) + 1e-15 and s.value(e.mid()) <= top + 1e-15 and top - bottom < 1e-12


def test_the_bound_of_the_least_eigenvalue_is_a_bound():
    """Below the eigenvalues of every symmetric matrix, also for rotations that are far from orthogonal."""
    from flint import arb

    rng = np.random.default_rng(0)
    for scale in (0.0, 1e-9, 1e-2, 0.1):
        for _ in range(20):
            a = rng.normal(size=(4, 4))
            a = a + a.T
            vectors = np.linalg.eigh(a)[1] + scale * rng.normal(size=(4, 4)) / 8
            bound = _discs([[arb(float(x)) for x in row] for row in a], vectors)
            assert bound is None or bound <= np.linalg.eigvalsh(a)[0] + 1e-12
    assert _discs([[arb(1), arb(0)], [arb(0), arb(1)]], 3 * np.eye(2)) is None


def test_constants_that_are_no_doubles_are_widened():
    """1/3 and pi stand for themselves: the enclosure of x' = -1/3 holds the true solution at t = 3."""
    for formula, slope in (("x/3", Fraction(1, 3)), ("x/10", Fraction(1, 10))):
        e = enclose(System.of(formula, ["x"]), [1.0], [3.0])
        assert abs(Fraction(float(e.centres[-1][0].mid())) - (1 - 3 * slope)) <= Fraction(e.radius) + Fraction(1, 2**53)
        assert e.radius > 0
    assert enclose(System.of("x/4", ["x"]), [1.0], [3.0]).radius < 1e-25


def test_the_tube_is_checked():
    """With a defect that is too large for the tube no radius is returned, so a step is shortened."""
    s = System.of("-x^4/4", ["x"])
    run = _Run(s, None)
    from flint import arb

    from tamecheck.flows.balls import Length
    from tamecheck.flows.validated import BITS, ORDER

    with Length(ORDER + 1, BITS):
        c = run.taylor([arb(1)])
        assert run._radius(c, 0.4, 10.0, 1.0) is None
        assert run._radius(c, 2.0**-8, 1e-12, 1e-12) is not None


@pytest.mark.parametrize(
    ("call", "error", "code"),
    [
        (lambda: enclose(System.of("abs(x)"), [1.0], [1.0]), InputError, "TC145"),
        (lambda: enclose(System.of("-x^4/4"), [1.0], [1.0]), (InputError, BudgetExceeded), None),
        (lambda: enclose(System.of("x^2"), [math.nan], [1.0]), InputError, "TC181"),
        (lambda: enclose(System.of("x^2"), [1.0], [100.0], longest=5), BudgetExceeded, "TC302"),
    ],
)
def test_refusals(call, error, code):
    """Kinks, blow-up in finite time (at t = 1/2), numbers that are not finite, budgets."""
    with pytest.raises(error) as caught:
        call()
    assert code is None or caught.value.code == code
