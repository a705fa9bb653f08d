"""Functions that repeat: the period is proved node by node, and one period stands for infinitely many."""

import pytest

from tamecheck.activation_report import activation
from tamecheck.frontends.formula_io import load
from tamecheck.geometry.univariate.expressions import Algebra
from tamecheck.geometry.univariate.periods import period_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sin(x)", ("2*pi", "0")), ("x + 2*sin(x)", ("2*pi", "2*pi")), ("abs(x - 2*floor(x/2 + 1/2))", ("2", "0")),
        ("floor(x) + ceil(2*x)", ("1", "3")),
        ("sin(pi*x/3) + cos(x*pi/2)", ("12", "0")), ("round(x) - x", ("2", "0")), ("tan(x)", ("pi", "0")),
        ("where(sin(x) > 0, x, x + 1)", ("2*pi", "2*pi")),
        ("sin(x) + sin(x*sqrt(2))", None), ("x*sin(x)", None), ("sin(x^2)", None), ("floor(x/3)*sin(x)", None), ("tanh(x)", None),
        ("max(x, sin(x))", None), ("floor(x)*x", None), ("where(x > 0, sin(x), 0)", None), ("floor(x/2)^2", None),
    ],
)  # fmt: skip
def test_periods(text, expected):
    """f(x + T) = f(x) + c, or nothing is claimed."""
    found = load(text, variables=["x"])
    period = period_of(found.program, found.outputs["f"], Algebra())
    assert expected == (None if period is None else (str(period.period), str(period.increment)))


def test_the_triangular_wave():
    """Zeros at the even integers, maxima at the odd ones, values [0, 1], Lipschitz constant 1: all read off one period."""
    r = activation("abs(x - 2*floor(x/2 + 1/2))")
    p = r.periodic
    assert p["settled"] and p["statement"] == "f(x + 2) = f(x)"
    assert [z["point"] for z in p["zeros"]] == ["0"] and [(e["point"], e["kind"]) for e in p["extrema"]] == [("0", "minimum"), ("1", "maximum")]
    assert (r.range["low"], r.range["high"], r.lipschitz, r.smoothness, r.sublinear, r.total) == ("0", "1", 1, "C0", True, True)
    assert not r.complete and any(o["infinitely_many"] for o in r.open if o["question"] == "zeros")


def test_critical_points_repeat_although_the_function_does_not():
    """A-64: x + 2 sin x has two critical points in a period, and no finite list of all."""
    r = activation("x + 2*sin(x)")
    assert r.periodic["increment"] == "2*pi" and "zeros" not in r.periodic
    assert len(r.periodic["extrema"]) == 2 and r.lipschitz == 3 and (r.range["low"], r.range["high"]) == ("-inf", "inf")
    assert not r.critical_values["complete"] and not r.complete


def test_jumps_and_poles_repeat():
    """The fractional part jumps at the integers, the tangent has one pole in a period."""
    r = activation("x - floor(x)")
    assert r.smoothness == "discontinuous" and r.lipschitz == "inf" and [d["point"] for d in r.periodic["discontinuities"]] == ["0"]
    assert r.image == [{"low": "0", "high": "1", "low_attained": True, "high_attained": False}]
    t = activation("tan(x)")
    assert len(t.periodic["discontinuities"]) == 1 and t.total is False


def test_a_complete_report_has_no_need_of_it():
    """Nothing periodic is said of what is settled otherwise."""
    assert activation("tanh(x)").periodic is None
