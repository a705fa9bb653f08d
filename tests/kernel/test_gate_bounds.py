"""Bounds of scalar functions: the known constants, tails against many digits, and what must not be accepted."""

import random
from fractions import Fraction
from math import log

import flint
import mpmath
import pytest

from tamecheck.kernel import gate_bounds
from tamecheck.kernel.gate_bounds import Bounds, members, verified
from tamecheck.kernel.tails import Big, Tail, Tails
from tamecheck.programs.definitions import scalar
from tamecheck.programs.program import Program
from tamecheck.proofs.gates import Gates

KNOWN = {  # sup |h s' - s|, Lipschitz constant, slopes at minus and plus infinity
    "softplus": (log(2), 1, 0, 1), "gelu": (0.293525326347, 1.12890414519, 0, 1), "silu": (0.439228839891, 1.09983932013, 0, 1),
    "mish": (0.477896899312, 1.08849816125, 0, 1), "elu": (1, 1, 0, 1), "tanh": (1, 1, 0, 0), "sigmoid": (1, 0.25, 0, 0),
    "hardtanh": (1, 1, 0, 0), "softsign": (1, 1, 0, 0), "hardswish": (1.5, 1.5, 0, 1), "tanhshrink": (1, 1, 1, 1), "squareplus": (1, 1, 0, 1),
    "relu": (0, 1, 0, 1), "leaky_relu": (0, 1, 0.01, 1), "logsigmoid": (log(2), 1, 1, 0),
}  # fmt: skip


def gate(name: str) -> tuple[Program, Bounds, bool]:
    """Return a program, the bounds of its last node, and whether they are verified."""
    p = Program()
    n = getattr(scalar, name)(p, p.input("x", ()))
    return p, *Gates(p).of(n)


@pytest.mark.parametrize("name", KNOWN)
def test_known_constants(name):
    """H7: verified bounds are bounds, and within 1e-4 of the suprema; slopes are exact."""
    _, bounds, certain = gate(name)
    defect, lipschitz, left, right = KNOWN[name]
    assert certain
    for found, exact in ((bounds.defect, defect), (bounds.lipschitz, lipschitz)):
        assert exact * (1 - 1e-11) <= found <= exact * (1 + 1e-4)
    assert (bounds.left, bounds.right) == (Fraction(str(left)), Fraction(str(right)))


@pytest.mark.parametrize("name", ["softplus", "gelu", "elu", "tanh", "softsign"])
def test_smaller_bounds_are_refused(name, monkeypatch):
    """A thousandth less of c or L, and another slope, are not accepted."""
    p, bounds, _ = gate(name)
    assert verified(p.nodes, bounds)
    monkeypatch.setattr(gate_bounds, "MAXIMAL_PIECES", 300)  # so that giving up is quick
    for change in ({"defect": bounds.defect * Fraction(999, 1000)}, {"lipschitz": bounds.lipschitz * Fraction(998, 1000)}, {"right": Fraction(1, 2)}):
        assert not verified(p.nodes, bounds._replace(**change))


def test_huber_relu():
    """H7: (1/2, 1) for the Huber function of the positive part."""
    p = Program()
    x = p.input("x", ())
    half = p.constant(Fraction(1, 2))
    inner = p.where(p.compare("lt", x, p.constant(1)), p.map("mul", half, p.map("mul", x, x)), p.map("sub", x, half))
    n = p.where(p.compare("lt", x, p.constant(0)), p.constant(0), inner)
    bounds, certain = Gates(p).of(n)
    assert certain and bounds.at_zero == 0
    assert float(bounds.defect) == pytest.approx(0.5, rel=1e-9) and float(bounds.lipschitz) == pytest.approx(1, rel=1e-9)


def test_what_is_no_function_of_one_variable():
    """Two inputs, a reduction, a tensor of different constants."""
    p = Program()
    x, y = p.input("x", (2,)), p.input("y", (2,))
    assert members(p.nodes, p.map("add", x, y), x) is None
    assert members(p.nodes, p.reduce("sum", x, [0]), x) is None
    assert members(p.nodes, p.map("mul", x, p.values([1, 2], (2,))), x) is None
    assert members(p.nodes, x, x) is None


FUNCTIONS = {
    "log(1 + exp(h))": lambda t, h: t.unary("log", t.add(t.number(flint.fmpq(1)), t.unary("exp", h))),
    "h/(1 + h)": lambda t, h: t.div(h, t.add(h, t.number(flint.fmpq(1)))),
    "(h^3 + 2)/(h^2 + h - 1)": lambda t, h: t.div(t.add(t.power_of(h, flint.fmpq(3)), t.number(flint.fmpq(2))),
                                                  t.add(t.add(t.mul(h, h), h), t.number(flint.fmpq(-1)))),
    "sqrt(h^2 + 3*h + 5)": lambda t, h: t.unary("sqrt", t.add(t.add(t.mul(h, h), t.scale(h, flint.fmpq(3))), t.number(flint.fmpq(5)))),
    "h*erf(h/2)": lambda t, h: t.mul(h, t.unary("erf", t.scale(h, flint.fmpq(1, 2)))),
    "h*atan(h - 1)": lambda t, h: t.mul(h, t.unary("atan", t.add(h, t.number(flint.fmpq(-1))))),
    "h/(1 + exp(-h))": lambda t, h: t.div(h, t.add(t.number(flint.fmpq(1)), t.unary("exp", t.unary("neg", h)))),
    "h*exp(-h*h/3)": lambda t, h: t.mul(h, t.unary("exp", t.scale(t.mul(h, h), flint.fmpq(-1, 3)))),
    "log((exp(h) - exp(-h))^2)": lambda t, h: t.unary("log", t.power_of(
        t.add(t.unary("exp", h), t.unary("exp", t.unary("neg", h)), -1), flint.fmpq(2))),
    "(exp(h) - 1)/(exp(h) + 3)": lambda t, h: t.div(
        t.add(t.unary("exp", h), t.number(flint.fmpq(-1))), t.add(t.unary("exp", h), t.number(flint.fmpq(3)))),
    "sin(1/h)": lambda t, h: t.unary("sin", t.inverse(h)),
    "sqrt(4 + 1/h)": lambda t, h: t.unary("sqrt", t.add(t.number(flint.fmpq(4)), t.inverse(h))),
    "abs(2 - h) + max(h, 3)": lambda t, h: t.add(t.unary("abs", t.add(t.number(flint.fmpq(2)), h, -1)), h),
}  # fmt: skip


@pytest.mark.parametrize("text", FUNCTIONS)
@pytest.mark.parametrize("start", [8, 64, 1024])
def test_tails_hold(text, start):
    """p(h) + r(h) with |r| <= e_k h^-k and |h r'| <= f_k h^-k, at many h and with many digits."""
    tails = Tails(flint, flint.fmpq(start))
    found = FUNCTIONS[text](tails, Tail((flint.fmpq(0), flint.fmpq(1))))
    assert found is not None and not isinstance(found, Big)
    rng = random.Random(start)
    names = {k: getattr(mpmath, k) for k in ("exp", "log", "sqrt", "erf", "atan", "sin")} | {"abs": abs, "max": max}
    with mpmath.workdps(900):
        function = eval(f"lambda h: {text.replace('^', '**')}", dict(names))  # noqa: S307 - a text of this file
        for _ in range(12):
            h = mpmath.mpf(start) * mpmath.mpf(10) ** rng.choice([0, 0.01, rng.uniform(0, 2)])
            eps = mpmath.mpf(10) ** -200
            rest = [function(x) - sum([_high(c) * x**i for i, c in enumerate(found.p)], mpmath.mpf(0)) for x in (h, h * (1 + eps))]
            width = sum([_radius(c) * h**i for i, c in enumerate(found.p)], mpmath.mpf(0)) + mpmath.mpf(10) ** -300
            turn = (rest[1] - rest[0]) / eps
            for k, (e, f) in enumerate(zip(found.e or (0,), found.f or (0,), strict=True)):
                assert abs(rest[0]) <= _high(e) * h**-k * (1 + mpmath.mpf(10) ** -9) + width
                assert abs(turn) <= _high(f) * h**-k * (1 + mpmath.mpf(10) ** -9) + width * 10 + mpmath.mpf(10) ** -90


def _high(c) -> mpmath.mpf:
    """Return the middle of a coefficient with all digits."""
    if isinstance(c, (int, flint.fmpq)):
        q = Fraction(str(c))
        return mpmath.mpf(q.numerator) / q.denominator
    mantissa, exponent = (int(part) for part in c.mid().man_exp())
    return mpmath.mpf(mantissa) * mpmath.mpf(2) ** exponent


def _radius(c) -> mpmath.mpf:
    return mpmath.mpf(0) if isinstance(c, (int, flint.fmpq)) else mpmath.mpf(str(c.rad().upper().mid()).strip("[]").split(" ")[0])


def test_exact_slopes_stay_exact():
    """log(1 + exp(h)) is h plus what decays: the slope is the rational 1, not a ball."""
    tails = Tails(flint, flint.fmpq(16))
    found = FUNCTIONS["log(1 + exp(h))"](tails, Tail((flint.fmpq(0), flint.fmpq(1))))
    assert found.p == (flint.fmpq(0), flint.fmpq(1)) and all(isinstance(c, flint.fmpq) for c in found.p)
    assert float(found.e[0]) < 1e-6
