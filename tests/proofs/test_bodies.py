"""Sub-programs: a fixed number of rounds, and definable choice."""

import tamecheck as tc
from tamecheck.ground.intervals import interval
from tamecheck.programs.program import Program


def looped(step: str, count: int = 5) -> Program:
    """Return a program that applies one map to a carry a fixed number of times."""
    body = Program()
    h = body.input("h", (3,))
    w = body.input("w", (3,))
    if step == "tanh":
        e = body.map("exp", body.map("mul", w, h))
        out = body.map("div", e, body.map("add", e, body.constant(1)))
    elif step == "double":
        out = body.map("add", h, h)
    else:
        out = body.map(step, h)
    p = Program()
    x, weight = p.input("x", (3,)), p.input("w", (3,), role="parameter")
    p.repeat(p.body(body), [out], count, [x, weight], 1, 0)
    return p


def test_a_loop_of_fixed_length_inherits_the_home_of_its_body():
    """An unrolled recurrence is as definable as one step (carry and weight both vary)."""
    p = looped("tanh")
    certificate = tc.certify((p, {"h": len(p) - 1}))
    assert [s.name for s in certificate.homes] == ["R_exp"]
    assert certificate.record[4] and certificate.smoothness == "analytic"


def test_a_semilinear_loop_stays_semilinear():
    """x -> 2x a hundred times is linear."""
    p = looped("double", 100)
    assert [s.name for s in tc.certify((p, {"h": len(p) - 1})).homes] == ["R_lin"]


def test_a_loop_over_sine_is_not_given_a_home():
    """The body has no home on an unbounded carry, so neither has the loop."""
    p = looped("sin")
    certificate = tc.certify((p, {"h": len(p) - 1}))
    assert certificate.verdict != "definable"


def test_an_invariant_interval_bounds_the_carry():
    """sin maps [-1,1] into itself: on a box the loop is restricted analytic."""
    body = Program()
    out = body.map("sin", body.input("h", ()))
    p = Program()
    p.repeat(p.body(body), [out], 7, [p.input("x", (), box=interval(-1, 1))], 1, 0)
    certificate = tc.certify((p, {"h": len(p) - 1}))
    assert {s.name for s in certificate.homes} == {"R_an", "R_Pfaff"}


def test_a_minimum_over_a_definable_set_is_definable():
    """Definable choice: min over y of (x - y)^2 + |y| has the home of its objective."""
    body = Program()
    y, x = body.input("y", ()), body.input("x", ())
    d = body.map("sub", x, y)
    out = body.map("add", body.map("mul", d, d), body.map("abs", y))
    p = Program()
    p.implicit("min", p.body(body), out, [p.input("x", ())], 1)
    certificate = tc.certify((p, {"prox": len(p) - 1}))
    assert [s.name for s in certificate.homes] == ["R_alg"]
    assert not certificate.record[4]
