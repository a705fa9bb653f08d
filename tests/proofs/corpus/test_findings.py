"""Every mistake that was found in the prover, with its smallest example, so that none comes back."""

from fractions import Fraction

import pytest

import tamecheck as tc
from tamecheck.ground.intervals import interval
from tamecheck.programs.program import Program


def certified(build):
    """Return the certificate of a program built by a function."""
    p = Program()
    out = build(p)
    return tc.certify((p, out))


def test_the_exponential_of_a_very_negative_number_is_inside_its_range():
    """exp(-2820) is about 2^-4068.4: an upper bound of 2^-4096 is none."""
    low, high, _, _ = tc.certify("exp(-2820)").record[3]
    assert low < Fraction(1, 2**4068) and high > Fraction(1, 2**4069)


@pytest.mark.parametrize("formula", ["where(exp(-2820) < 1e-1228, 0, sin(x))", "where(exp(min(x,-2820)) < 1e-1228, 0, sin(x))"])
def test_no_branch_is_chosen_by_a_bound_that_is_too_small(formula):
    """The condition is false (at -2820), and the function is sin x there."""
    assert tc.certify(formula).verdict != "definable"


@pytest.mark.parametrize("primitive", ["sin", "floor", "exp"])
def test_a_tensor_without_entries_is_not_refuted(primitive):
    """An empty map is definable, and in every structure."""
    certificate = certified(lambda p: p.map(primitive, p.input("x", (0,))))
    assert certificate.verdict != "not-definable" and not certificate.proof.excluded


@pytest.mark.parametrize("primitive", ["sign", "floor"])
def test_a_tensor_without_entries_does_not_jump(primitive):
    """No entry is discontinuous."""
    assert certified(lambda p: p.map(primitive, p.input("x", (0,)))).smoothness != "discontinuous"


def dropped_logarithm(p: Program) -> int:
    """Return the entry x of the pair (log x, x)."""
    x = p.reindex(("reshape", (1,)), p.input("x", ()))
    return p.reindex(("slice", ((1, 1, 1),)), p.reindex(("concat", 0), p.map("log", x), x))


def sum_over_no_logarithms(p: Program) -> int:
    """Return the sum over an empty slice of log x."""
    return p.reduce("sum", p.reindex(("slice", ((0, 1, 0),)), p.map("log", p.input("x", (3,)))), [0])


@pytest.mark.parametrize("build", [dropped_logarithm, sum_over_no_logarithms])
def test_an_entry_that_is_dropped_makes_nothing_undefined(build):
    """The output has a value at every point."""
    assert certified(build).undefined is None


def test_a_quotient_does_not_jump_where_it_has_no_value():
    """where(x > 0, 1/x, 2/(2x)) is 1/x, which is continuous on its domain."""
    certificate = tc.certify("where(x>0, 1/x, 2/(2*x))")
    assert certificate.smoothness != "discontinuous" and certificate.locally_lipschitz is not False


def test_infinite_ends_of_a_range_are_open():
    """An interval never has a closed infinite end."""
    spread = tc.certify("atan(x)", input_box=(2**4200, 2**4201)).record[3]
    assert not (spread[0] is None and spread[2]) and not (spread[1] is None and spread[3])


def test_the_input_box_leaves_parameters_free():
    """cos(w x) with an unbounded weight w is in no o-minimal structure, however small the data."""
    assert tc.certify("cos(w*x)", parameters="w", input_box="[-1,1]").verdict != "definable"


def test_the_input_box_reaches_the_inputs_of_a_program():
    """sin on [0, 1] is definable."""
    p = Program()
    out = p.map("sin", p.input("x", ()))
    assert tc.certify((p, out), input_box=interval(0, 1)[:2]).verdict != "not-definable"


@pytest.mark.parametrize("exponent", ["1997/2", "1999/2", "2001/2", "4001/2"])
def test_high_orders_of_differentiability_are_not_analyticity(exponent):
    """max(x, 0)^q is C^floor(q) at 0, never analytic, however large q."""
    assert tc.certify(f"relu(x)^({exponent})").smoothness not in ("analytic", "Cinf")
