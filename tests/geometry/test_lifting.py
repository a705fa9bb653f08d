"""Lifting: degenerate fibres, shared subtrees, and that every guard of the construction is needed (each is taken out once)."""

from fractions import Fraction

import pytest
from invariants import check

import tamecheck as tc
from tamecheck.geometry.cad import points, projection, stacks
from tamecheck.geometry.cad.lifting import Lifting
from tamecheck.geometry.cad.points import Point
from tamecheck.geometry.cad.projection import Factor, Projection, project
from tamecheck.geometry.cad.stacks import NotWellOriented
from tamecheck.ground.algebraic import rational
from tamecheck.ground.polynomials import Ring, read


def lifted(polynomials: list[str], variables: str, method: str = "brown") -> Lifting:
    """Return an empty lifting over a projection."""
    ring = Ring(variables.split())
    return Lifting(project(ring, [read(ring, p)[0] for p in polynomials], method)[0])


def walk(made: Lifting, values: list[int]):
    """Return the point of the lifting over cells that hold the values."""
    point = made.root
    for value in values:
        stack = made.stack(point)
        position = next(
            i for i in range(len(stack)) if (i & 1 and stack.roots[i >> 1].coordinate == value) or (i % 2 == 0 and _holds(stack, i, value))
        )
        point = made.child(point, position)
    return point


def _holds(stack, position: int, value: int) -> bool:
    k = position >> 1
    below = k == 0 or stack.roots[k - 1].coordinate < value
    return below and (k == len(stack.roots) or stack.roots[k].coordinate > value)


DEGENERATE = [
    (["x*z+y"], "x y z"), (["x*z^2+y*z+x*y", "z-1"], "x y z"), (["x^2+y^2*z", "z^2-x"], "x y z"), (["x*w+y", "w-z"], "x y z w"),
    (["x*z-y^2", "w^2-x*z+y^2"], "x y z w"), (["(x^2-2)*z+y^2-2", "z-x*y"], "x y z"), (["(x^2-2)*y+x^4-4"], "x y"),
    (["(y^2-x)^2*(z-1)+(x-2)^2"], "x y z"), (["z^3-3*z*x+2*y"], "x y z"), (["(z^2-x)*(z^2-y)"], "x y z"), (["x*y*z", "x+y"], "x y z"),
    (["(z-x)^2+(y^2-2)^2"], "x y z"), (["y^4-2*x*y^2+x^2", "y^2-x"], "x y"), (["x*t+y*s+z*(x^2+y^2)"], "x y t s z"),
]  # fmt: skip


@pytest.mark.parametrize("method", ["auto", "lazard"])
@pytest.mark.parametrize(("polynomials", "variables"), DEGENERATE)
def test_degenerate_fibres(polynomials, variables, method):
    """Polynomials that vanish identically, multiple roots, coincidences over algebraic points."""
    check(tc.cells(polynomials, variables.split(), projection=method), points=60)


def test_the_order_jumps_inside_a_fibre():
    """Over the origin x z - y^2 vanishes identically; its order is 1 for z != 0 and 2 for z = 0, so the fibre is cut there."""
    made = lifted(["w^2-x*z+y^2"], "x y z w")
    origin = walk(made, [0, 0])
    assert made.stack(origin).null and [root.coordinate for root in made.stack(origin).roots] == [0]


def test_without_cuts_the_fibre_stays_whole(monkeypatch):
    """The guard of the test before, taken out."""
    monkeypatch.setattr(Lifting, "delineate", lambda self, point, f: None)
    made = lifted(["w^2-x*z+y^2"], "x y z w")
    assert not made.stack(walk(made, [0, 0])).roots


def test_constant_order_needs_a_proof():
    """Over x = y = 0 the order of x t + y s + z (x^2 + y^2) jumps where t = s = 0: two polynomials without z prove nothing by their resultant.

    The resultant of polynomials in which the variable does not occur is 1.
    """
    ring = Ring(("x", "y", "t", "s", "z", "w"))
    f = Factor(ring, read(ring, "x*t+y*s+z*(x^2+y^2)")[0], 0, 5)
    zero, one = rational(0), rational(1)
    with pytest.raises(NotWellOriented) as reason:
        Lifting(Projection(ring, "brown"))._constant_order(Point((zero, zero, one, one), 0, 0, 2), f)
    assert reason.value.missing is not None
    # with a term that keeps the order at 1 everywhere there is a proof
    g = Factor(ring, read(ring, "x*(t^2+1)+y*s+z*(x^2+y^2)")[0], 0, 5)
    known = Projection(ring, "brown")
    known.register(read(ring, "t^2+1")[0])
    Lifting(known)._constant_order(Point((zero, zero, one, one), 0, 0, 2), g)


MUTANTS = {
    "coefficients that locate where a polynomial vanishes identically": (
        lambda m: m.setattr(projection.Projection, "_locating", lambda self, f: [f.degree]), ["a*x^2+b*x+c"], "a b c x", "brown",
    ),
    "all overlapping roots are equal": (lambda m: m.setattr(stacks, "_equal", lambda *a: True), ["y^2-x", "10^30*y^2-10^30*x-1"], "x y", "brown"),
    "roots are not sorted": (lambda m: m.setattr(stacks, "_merge", lambda point, roots: None), ["y^2-x", "y-3*x"], "x y", "brown"),
    "no discriminants": (lambda m: m.setattr(Ring, "discriminant_parts", lambda self, p, k: []), ["x^2+y^2-1"], "x y", "brown"),
    "no resultants": (lambda m: m.setattr(Ring, "resultant_root", lambda self, p, q, k: self.constant(1)), ["y-x", "y+x"], "x y", "brown"),
    "no leading coefficient": (
        lambda m: m.setattr(projection.Projection, "_coefficients", lambda self, f: None), ["x*y-1"], "x y", "brown",
    ),
    "negative leading coefficients": (
        lambda m: m.setattr(points.Fibre, "_sign", lambda self, c: 1), ["x^2-2", "(x-3)*y+1"], "x y", "brown",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(MUTANTS))
def test_invariants_notice(monkeypatch, name):
    """Every mutant is caught by the invariants, or stops with an error; the original passes."""
    mutate, polynomials, variables, method = MUTANTS[name]
    check(tc.cells(polynomials, variables.split(), projection=method), points=40)
    mutate(monkeypatch)
    with pytest.raises(Exception):  # noqa: B017
        check(tc.cells(polynomials, variables.split(), projection=method), points=200)


def test_lazard_valuations_matter():
    """Over x = 0 (x a sector's end) the polynomial x (w - z) + x^2 is treated as w - z."""
    d = tc.cells(["x*w-x*z+x^2*y"], ["x", "y", "z", "w"], projection="lazard")
    check(d, points=60)
    made = lifted(["x*z+y"], "x y z", "lazard")
    over = walk(made, [0, 0])
    assert over.replaced and over.vanishing


def test_coincidences_over_towers():
    """At x = sqrt 2, y = sqrt 3 the roots of z^2 - 6 and z - x y meet; next to it they do not."""
    d = tc.cells(["x^2-2", "y^2-3", "z^2-6", "z-x*y"], ["x", "y", "z"])
    meeting = [c for c in d if c.signs == (0, 0, 0, 0)]
    assert len(meeting) == 4 and all([c.dimension == 0 for c in meeting])
    check(d)


def test_shared_subtrees_know_their_own_dimension():
    """What lies over x = 0 and over an interval differs where a polynomial vanishes identically."""
    check(tc.cells(["y*w+z", "x*(x-1)"], ["x", "y", "z", "w"]), points=80)
    check(tc.cells(["x*y", "y*w+z*x"], ["x", "y", "z", "w"]), points=80)


def test_samples_of_sections_are_exact():
    """A section has an algebraic coordinate that vanishes under its factors, a sector a rational one."""
    d = tc.cells(["y^3-x*y+1"], ["x", "y"])
    for cell in d:
        for i, x in zip(cell.index, cell.sample, strict=True):
            assert isinstance(x, Fraction) or i % 2 == 0


def test_the_lifting_is_small():
    """A hundred thousand cells share a few hundred stacks."""
    d = tc.cells(["x^2+y^2+z^2-1", "x^2-1/2", "y^2-1/3", "x*y"], ["x", "y", "z"])
    assert d.lifting.stacks < len(d) / 4
