"""Zero in the convex hull of vectors, by signs of determinants; which pieces meet at a point."""

import random

import pytest
from flint import fmpq

from tamecheck.geometry.critical_values import clarke, critical
from tamecheck.geometry.critical_values.clarke import circuit, minors
from tamecheck.geometry.critical_values.critical import Analysis, distinct_values
from tamecheck.geometry.critical_values.critical_graph import graph
from tamecheck.geometry.critical_values.critical_pieces import Pieces
from tamecheck.ground import linear
from tamecheck.ground.grammar import parse
from tamecheck.ground.polynomials import Ring


def constants(vectors):
    """Return vectors of numbers as vectors of constant polynomials, with their sign function."""
    ring = Ring(("x",))
    return [[ring.constant(v) for v in vector] for vector in vectors], lambda p: 0 if p.is_zero() else (1 if p.coeffs()[0] > 0 else -1)


def by_simplex(vectors):
    """Return whether zero is a convex combination, by exact linear programming."""
    n = len(vectors)
    rows = [([fmpq(int(i == k)) for i in range(n)], fmpq(0), "ge") for k in range(n)]
    rows.append(([fmpq(1)] * n, fmpq(-1), "eq"))
    for k in range(len(vectors[0])):
        rows.append(([fmpq(v[k]) for v in vectors], fmpq(0), "eq"))
    return linear.solve(rows, n) is not None


@pytest.mark.parametrize(
    ("vectors", "answer"),
    [
        ([(1,), (2,)], None), ([(1,), (-2,)], (0, 1)), ([(0,), (1,)], (0,)),
        ([(1, 0), (0, 1), (-1, -1)], (0, 1, 2)), ([(1, 0), (0, 1), (1, 1)], None),
        ([(-2, -2), (-2, 4), (4, -2), (4, 4)], (0, 3)), ([(0, -4), (-9, -11), (9, -11), (0, -2)], None), ([(1, 2), (-2, -4)], (0, 1)),
        ([(1, 0, 0), (0, 1, 0), (0, 0, 1), (-1, -1, -1)], (0, 1, 2, 3)), ([(1, 0, 1), (0, 1, 1), (-1, -1, 1)], None),
        ([(1, 0, 0), (0, 1, 0), (-1, -1, 0), (0, 0, 5)], (0, 1, 2)),
    ],
)  # fmt: skip
def test_circuits(vectors, answer):
    """A positive circuit is found if and only if there is one."""
    polynomials, sign = constants(vectors)
    assert circuit(polynomials, sign) == answer


def test_circuits_agree_with_the_simplex_method():
    """Two ways: determinants and exact linear programming, on small random vectors with many coincidences."""
    source = random.Random(11)
    seen = set()
    for _ in range(400):
        n = source.randint(1, 3)
        vectors = [tuple([source.randint(-2, 2) for _ in range(n)]) for _ in range(source.randint(1, 6))]
        polynomials, sign = constants(vectors)
        found = circuit(polynomials, sign)
        assert (found is not None) == by_simplex(vectors), vectors
        seen.add(found is not None)
        if found is not None:
            assert by_simplex([vectors[k] for k in found])
    assert seen == {True, False}


def test_minors_decide():
    """Vectors with the same signs of all minors give the same answer."""
    ring = Ring(("x", "y"))
    x, y = ring.variable("x"), ring.variable("y")
    vectors = [[x, y], [y, x], [-x, ring.constant(1)]]
    names = {str(p) for p in minors(vectors)}
    assert {"x", "y"} <= names and str(x * x - y * y) in names


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        # three lines through one point: only six of the eight sign vectors occur, and the two that do not would make 0 critical
        ("max(x, 0) + max(y, 0) + max(x + y, 0) + x/4 + y/4", ""),
        ("max(x,0)-2*max(y,0)+max(x-y,0)-x/2+2*y", "0"),
        ("abs(x)+abs(y)+abs(x+y)-5/2*x-5/2*y", ""),
        ("abs(x)+abs(y)+abs(x+y)", "0"),
    ],
)
def test_dependent_breakpoints(formula, values):
    """Pieces are those that exist near the point, not all sign vectors."""
    assert " ".join([str(v) for v in distinct_values(Analysis(Pieces(graph(parse(formula), ["x", "y"]))).run().clarke)]) == values


FAR = "10*max(0, min(-x, -y, x+y+x^2+y^2)) + x + y/3"  # the bump begins at distance 1 from the origin


def test_pieces_far_away_are_not_active(monkeypatch):
    """Guard: the signs of a piece may occur somewhere, but not near the point; counting it would make the origin critical."""
    origin = [c for c in analysed(FAR).clarke if c.solution.coordinates() == (0, 0)]
    assert origin == []
    monkeypatch.setattr(Analysis, "active", lambda self, face, s, candidates, independent: candidates)
    assert [c for c in analysed(FAR).clarke if c.solution.coordinates() == (0, 0)]


def analysed(formula):
    """Return the critical sets of a function of x and y."""
    return Analysis(Pieces(graph(parse(formula), ["x", "y"]))).run()


def test_a_function_that_is_continuous_only_at_the_point_is_not_claimed(monkeypatch):
    """Both pieces are 0 at the cusp, but f jumps arbitrarily near it."""
    formula = "where(y^2 < x^3, -2*x, x)"
    sets = analysed(formula)
    assert sets.discontinuous and distinct_values(sets.clarke) == []
    monkeypatch.setattr(Analysis, "_jumps", lambda self: None)
    assert distinct_values(analysed(formula).clarke) == [0]


@pytest.mark.parametrize("guard", ["_opposite", "_triple"])
def test_every_kind_of_circuit_is_needed(monkeypatch, guard):
    """Guard: without opposite pairs, or without triples, critical points are lost."""
    monkeypatch.setattr(clarke, guard, lambda v, *rest: False)
    formulas = {"_opposite": ("abs(x)+y^2", "0"), "_triple": ("max(x, y, -x-y)", "0")}
    formula, expected = formulas[guard]
    assert " ".join([str(v) for v in distinct_values(Analysis(Pieces(graph(parse(formula), ["x", "y"]))).run().clarke)]) != expected


def test_the_cut_of_critical_curves_is_needed(monkeypatch):
    """Guard: on a ridge along which f is constant only a part is Clarke critical; one sample without the cut would decide for all."""
    formula = "max(x*(y-3), -x)"  # on x = 0 the gradients are (y-3, 0) and (-1, 0): critical for y >= 3
    cut = [c.solution for c in analysed(formula).clarke if c.face.dimension == 1]
    assert {c.dimension for c in cut} == {0, 1} and all([c.coordinates()[1] >= 3 for c in cut if c.coordinates()[0] == 0])
    monkeypatch.setattr(critical, "minors", lambda vectors: [])
    monkeypatch.setattr(Analysis, "_difference", staticmethod(lambda a, b: a[0] * 0))
    whole = [c.solution for c in analysed(formula).clarke if c.face.dimension == 1]
    assert len(whole) != len(cut)
