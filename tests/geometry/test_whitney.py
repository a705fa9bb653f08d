"""Whitney's conditions at points: orders, the discriminant criterion, arcs that refute and what makes them invalid."""

from dataclasses import replace
from fractions import Fraction

import pytest

import tamecheck as tc
from tamecheck.geometry.topology.arcs import judge, refute, verify
from tamecheck.geometry.topology.whitney import examine, order_at, smooth_discriminant, transversal
from tamecheck.ground.algebraic import number
from tamecheck.ground.polynomials import Ring, read

RING = Ring(["x", "y", "z"])
ORIGIN = [Fraction(0)] * 3
AXIS = (0, 0, 1)


def poly(text):
    """Return a polynomial in x, y, z."""
    return read(RING, text)[0]


def at(*values):
    """Return a point with exact coordinates."""
    return [number(Fraction(v)) for v in values]


@pytest.mark.parametrize(("text", "point", "order"), [
    ("x^2-y^2*z", (0, 0, 0), 2), ("x^2-y^2*z", (0, 0, 5), 2), ("x^2-y^2*z", (1, 1, 1), 1), ("x^2-y^2*z", (1, 0, 0), 0),
    ("z*(x^2+y^2)-x^3", (0, 0, 0), 3), ("x^4+y^5", (0, 0, 3), 4), ("x*y*z", (0, 0, 0), 3),
])  # fmt: skip
def test_orders(text, point, order):
    """The order of a polynomial at a point is that of its lowest nonzero derivative."""
    assert order_at(poly(text), at(*point), 3) == order


POINTS = [
    ("x^2-y^2*z", (0, 0, 0), False), ("x^2-y^2*z", (0, 0, 1), True), ("x^2-y^2*z", (0, 0, -1), True), ("y^2-x^3-z^2*x^2", (0, 0, 0), False),
    ("y^2-x^3-z^2*x^2", (0, 0, 2), True), ("y^2-x^3", (0, 0, 0), True), ("x*y", (0, 0, 0), True), ("x*y*(x-y)*(x-z*y)", (0, 0, 0), False),
    ("x*y*(x-y)*(x-z*y)", (0, 0, 1), False), ("x*y*(x-y)*(x-z*y)", (0, 0, 2), True), ("x^2-z*y^3", (0, 0, 0), False),
    ("x^3-y^3*z^2", (0, 0, 0), False), ("(y-z^2)^2-x^3", (0, 1, 1), True), ("z^3-x^2", (0, 0, 0), True), ("x^2+y^2*z^2", (0, 0, 0), False),
    ("x^3+y^3+z*x*y", (0, 0, 0), False), ("x^3+y^3+z*x*y", (0, 0, 1), True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "point", "good"), POINTS)
def test_points_of_singular_curves(text, point, good):
    """Whitney's conditions along the singular curve, as known for these families."""
    factors = [q for q, _ in RING.factors(poly(text))[1]]
    assert examine(RING, factors, at(*point)).good is good


def test_a_direction_has_to_be_transversal():
    """For the edge of z^3 = x^2 the direction of z is tangent to the surface: its discriminant is smooth but proves nothing."""
    p = poly("z^3-x^2")
    assert not transversal(p, 2, at(0, 0, 0), (0, 0, 1))
    assert transversal(p, 2, at(0, 0, 0), (1, 2, 1))


def test_a_tangent_direction_can_deceive():
    """x^2 = y^2 z along (0, 1, 1)...: a smooth discriminant counts only with transversality, which `examine` asks for."""
    p = poly("x-z^2")
    assert smooth_discriminant(RING, [p], at(0, 0, 0), (0, 0, 1)) is True
    assert smooth_discriminant(RING, [poly("x^2-y^2*z")], at(0, 0, 0), (1, 2, 1)) is False


ARCS = [("x^2-y^2*z", "a"), ("y^2-x^3-z^2*x^2", "b"), ("x^2-y^4*z", "a"), ("z*(x^2+y^2)-x^3", "a")]


@pytest.mark.parametrize(("text", "condition"), ARCS)
def test_arcs_refute(text, condition):
    """An arc shows which condition fails at the origin along the z-axis; it passes its check."""
    p = poly(text)
    arc = refute(p, ORIGIN, AXIS)
    assert arc.condition == condition
    assert verify(p, arc, AXIS)


def test_the_arc_of_the_cusp_family_is_the_classical_one():
    """Along (-s^2, 0, s) normals and secants tend to the x-axis."""
    arc = refute(poly("y^2-x^3-z^2*x^2"), ORIGIN, AXIS)
    assert (arc.curve, arc.companion, arc.normal, arc.direction) == (("-s^2", "0", "s"), ("0", "0", "s"), (1, 0, 0), (1, 0, 0))


def test_forged_arcs_are_rejected():
    """Another surface, another limit, a companion off the line, a point elsewhere: each is noticed."""
    p = poly("y^2-x^3-z^2*x^2")
    arc = refute(p, ORIGIN, AXIS)
    assert not verify(poly("y^2-x^3"), arc, AXIS)
    assert not verify(p, replace(arc, normal=(0, 1, 0)), AXIS)
    assert not verify(p, replace(arc, direction=(0, 1, 0)), AXIS)
    assert not verify(p, replace(arc, condition="a"), AXIS)
    assert not verify(p, replace(arc, point=(Fraction(0), Fraction(0), Fraction(1))), AXIS)
    off = (arc.data[0], ((Fraction(0),), (Fraction(0), Fraction(1)), (Fraction(0), Fraction(1))))
    assert not verify(p, replace(arc, data=off), AXIS)


STEINER = "x^2*y^2+y^2*z^2+z^2*x^2-2*x*y*z"


def test_series_arcs():
    """At the pinch point (0, 1, 0) of the Steiner surface: x = z = s, and y is the series that solves the equation."""
    p, point = poly(STEINER), [Fraction(0), Fraction(1), Fraction(0)]
    arc = refute(p, point, (0, 1, 0))
    assert arc.condition == "a" and arc.solved == 1 and verify(p, arc, (0, 1, 0))
    assert arc.curve == ("s", "1-1/2*s^2-1/4*s^4+...", "s") and arc.normal == (0, 1, 0)


def test_forged_series_are_rejected():
    """A wrong coefficient, even the last one, and a point where the root is not simple are noticed."""
    p, point = poly(STEINER), [Fraction(0), Fraction(1), Fraction(0)]
    arc = refute(p, point, (0, 1, 0))
    (x, y, z), companion = arc.data
    for k in (2, 4, len(y) - 1):
        wrong = (*y[:k], y[k] + 1, *y[k + 1 :])
        assert not verify(p, replace(arc, data=((x, wrong, z), companion)), (0, 1, 0))
    assert not verify(p, replace(arc, solved=None), (0, 1, 0))
    assert not verify(p, replace(arc, solved=0), (0, 1, 0))
    assert not verify(poly("x^2-z^2"), arc, (0, 1, 0))


@pytest.mark.parametrize("text", ["y^2-x^3", "x*y", "x^3-x*y^2"])
def test_no_arc_where_nothing_fails(text):
    """Products satisfy both conditions, so no arc is found."""
    assert refute(poly(text), ORIGIN, AXIS) is None


def test_an_arc_in_the_singular_line_shows_nothing():
    """Where the gradient vanishes identically there is no normal."""
    assert judge(poly("x^2-y^2*z"), ((Fraction(0),), (Fraction(0),), (Fraction(0), Fraction(1))), ORIGIN, AXIS) is None


def test_reasons_are_reported():
    """The umbrella fails (a), the cusp family (b) only; what no arc shows stays open."""
    umbrella = tc.strata("x^2 == y^2*z", ["x", "y", "z"])
    cusps = tc.strata("y^2 == x^3 + z^2*x^2", ["x", "y", "z"])
    steiner = tc.strata("x^2*y^2+y^2*z^2+z^2*x^2-2*x*y*z == 0", ["x", "y", "z"])
    assert umbrella.coarse == {"a": False, "b": False}
    assert cusps.coarse == {"a": None, "b": False}
    assert tc.strata("y^2 == x^3", ["x", "y", "z"]).coarse == {"a": True, "b": True}
    assert len(steiner.refinements) == 6 and all("discriminant" in r.reason for r in steiner.refinements)
    assert all(r.arc.condition == "a" for r in steiner.refinements) and steiner.coarse == {"a": False, "b": False}
    cartan = tc.strata("z*(x^2+y^2) == x^3", ["x", "y", "z"])
    assert cartan.refinements[0].reason == "the multiplicity is 3 at the point and 2 along the curve"
