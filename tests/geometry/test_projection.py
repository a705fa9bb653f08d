"""Projection operators: what they contain, and that nothing needed is left out."""

import pytest

from tamecheck.geometry.cad.constraints import implied
from tamecheck.geometry.cad.projection import project
from tamecheck.ground import statements
from tamecheck.ground.polynomials import Ring, read


def factors(polynomials: list[str], variables: str, method: str, level: int) -> set[str]:
    """Return the factors of a level of a projection."""
    ring = Ring(variables.split())
    projection, _ = project(ring, [read(ring, p)[0] for p in polynomials], method)
    return {ring.text(f.polynomial) for f in projection.levels[level]}


@pytest.mark.parametrize(
    ("polynomials", "variables", "method", "level", "expected"),
    [
        (["x^2+y^2-1"], "x y", "brown", 1, {"x-1", "x+1"}),
        (["y^2-x^3"], "x y", "brown", 1, {"x"}),
        (["y-x", "y+x-2"], "x y", "brown", 1, {"x-1"}),
        (["a*x^2+b*x+c"], "a b c x", "open", 1, {"a"}),
        (["a*x^2+b*x+c"], "a b c x", "brown", 2, {"b"}),
        (["a*x^2+b*x+c"], "a b c x", "brown", 3, {"c", "4*a*c-b^2"}),
        (["a*x^2+b*x+c"], "a b c x", "lazard", 3, {"c", "4*a*c-b^2"}),
        (["x*z+y"], "x y z", "lazard", 2, {"y"}),
        (["(x^2+1)*z+y"], "x y z", "brown", 2, set()),
        (["(x^2+1)*z+y"], "x y z", "mccallum", 2, set()),
        (["(x^2+1)*z+y"], "x y z", "lazard", 2, {"y"}),
        (["x*z^2+y*z+1"], "x y z", "mccallum", 2, {"y", "4*x-y^2"}),
        (["x*z^2+y*z+1"], "x y z", "brown", 2, {"4*x-y^2"}),
        # where x = 0 the other coefficient is 2*y^2 + 3
        (["3*x*z-x^2+2*y^2+3"], "x y z", "brown", 2, set()),
        (["3*x*z-x^2+2*y^2-3"], "x y z", "brown", 2, {"x^2-2*y^2+3"}),
    ],
)
def test_factors(polynomials, variables, method, level, expected):
    """Leading (Lazard: and trailing) coefficients, more where a polynomial may vanish identically, discriminants, resultants."""
    assert factors(polynomials, variables, method, level) == expected


@pytest.mark.parametrize("method", ["mccallum", "brown"])
@pytest.mark.parametrize(
    ("polynomial", "nullified"), [("x*z+y", True), ("x*z+1", False), ("(x^2+y^2+1)*z+x", False), ("x*z^2+(x-1)*z+y", False)]
)
def test_coefficients_locate_where_a_polynomial_vanishes_identically(method, polynomial, nullified):
    """The known coefficients vanish together at a point of the plane exactly where all do."""
    ring = Ring(("x", "y", "z"))
    projection, _ = project(ring, [read(ring, polynomial)[0]], method)
    f = projection.levels[3][0]
    located = not projection._never_nullified(f)
    kept = [c for c, mask in zip(f.coefficients, f.masks, strict=True) if mask is not None]
    for x in (-1, 0, 1, 2):
        for y in (-1, 0, 1):
            values = {"x": x, "y": y}
            vanishes = all([c.subs(values).is_zero() for c in f.coefficients])
            assert nullified or not vanishes
            if located:
                assert all([c.subs(values).is_zero() for c in kept]) == vanishes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exists x: x^2 == y and x > 0", {"x^2-y"}),
        ("exists x: (x == 1 and y > 0) or (x == 2 and y < 0)", {"x^2-3*x+2"}),
        ("exists x: (x == y and y > 0) or x == y", {"x-y"}),
        ("exists x: x == 1 or y > 0", set()),
        ("exists x: x > 0", set()),
        ("forall x: x^2 == y implies x > 0", {"x^2-y"}),
        ("forall x: x^2 != y and x > 0", set()),
        ("exists x: x*y == 1 and x^2 == 2 and y != 0", {"x*y-1", "x^2-2"}),
        ("exists x: x^2 != y", set()),
        ("exists x: False and x == 1", set()),
    ],
)
def test_implied_equations(text, expected):
    """A conjunction implies all its equations, a disjunction their product, an inequation none."""
    f = statements.read(text, ["y", "x"])
    assert {str(p) for p in implied(f)} == {str(read(f.ring, p)[0]) for p in expected} or {str(-p) for p in implied(f)} == {
        str(read(f.ring, p)[0]) for p in expected
    }


def test_equations_make_the_projection_smaller_but_not_at_free_levels():
    """Only resultants with the equation remain; the space of the free variables is decomposed completely."""
    f = statements.read("exists y: x^2+y^2 == 1 and y > x and y < 2*x+5", ["x", "y"])
    full, _ = project(f.ring, f.atoms, "brown")
    small, _ = project(f.ring, f.atoms, "brown", implied(f), 1)
    assert small.designated.keys() == {2}
    assert {str(p.polynomial) for p in small.levels[1]} < {str(p.polynomial) for p in full.levels[1]}
    g = statements.read("exists z: x^2+y^2 == 1 and y > x and y < 2*x+5 and z > x", ["x", "y", "z"])
    same, _ = project(g.ring, g.atoms, "brown", implied(g), 2)
    complete, _ = project(g.ring, g.atoms, "brown")
    assert {str(p.polynomial) for p in same.levels[1]} == {str(p.polynomial) for p in complete.levels[1]}


def test_propagated_equations_guard_the_levels_below():
    """Two equations in z imply that their resultant vanishes."""
    f = statements.read("exists x, y, z: x^2+y^2+z^2 == 4 and z == x*y and x > 1", ["x", "y", "z"])
    projection, _ = project(f.ring, f.atoms, "brown", implied(f))
    names = [{str(projection.factors[n].polynomial) for n in guard} for guard in projection.guards]
    assert {"x^2*y^2 + x^2 + y^2 - 4"} in names
