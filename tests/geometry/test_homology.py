"""Homology of chain complexes and posets against spaces whose groups are known."""

from itertools import combinations

import pytest

from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.topology.homology import Poset, homology

# triangulations by their largest simplices
CIRCLE = ["ab", "bc", "ac"]
SPHERE = ["abc", "abd", "acd", "bcd"]
PROJECTIVE_PLANE = ["123", "134", "145", "156", "126", "235", "346", "452", "563", "624"]
TORUS = [f"{i % 7}{(i + 1) % 7}{(i + 3) % 7}" for i in range(7)] + [f"{i % 7}{(i + 2) % 7}{(i + 3) % 7}" for i in range(7)]
SPACES = [
    ("point", ["a"], (1,), ((),)),
    ("circle", CIRCLE, (1, 1), ((), ())),
    ("sphere", SPHERE, (1, 0, 1), ((), (), ())),
    ("projective plane", PROJECTIVE_PLANE, (1, 0, 0), ((), (2,), ())),
    ("torus", TORUS, (1, 2, 1), ((), (), ())),
    ("two discs", ["abc", "def"], (2, 0, 0), ((), (), ())),
]


def simplices(tops):
    """Return all simplices by dimension, as sorted tuples."""
    found = {tuple(sorted(s)) for top in tops for k in range(1, len(top) + 1) for s in combinations(sorted(top), k)}
    return [sorted([s for s in found if len(s) == k + 1]) for k in range(max(map(len, found)))]


@pytest.mark.parametrize(("name", "tops", "betti", "torsion"), SPACES, ids=[s[0] for s in SPACES])
def test_simplicial_complexes_have_their_groups(name, tops, betti, torsion):
    """Triangulated surfaces have the homology of the textbook, torsion included."""
    layers = simplices(tops)
    boundary = {s: {(*s[:i], *s[i + 1 :]): (-1) ** i for i in range(len(s))} for layer in layers[1:] for s in layer}
    found = homology(layers, boundary)
    assert (found.betti, found.torsion) == (betti, torsion)


@pytest.mark.parametrize(("name", "tops", "betti", "torsion"), SPACES, ids=[s[0] for s in SPACES])
def test_face_posets_have_the_same_groups(name, tops, betti, torsion):
    """The order complex of the face poset is the barycentric subdivision; removing weak points changes no group."""
    layers = simplices(tops)
    everything = [s for layer in layers for s in layer]
    below = {s: [t for t in everything if len(t) < len(s) and set(t) < set(s)] for s in everything}
    whole, reduced = Poset(below), Poset(below)
    reduced.reduce()
    for found in (whole.homology(), reduced.homology()):
        padded = (*found.betti, *[0] * (len(betti) - len(found.betti)))
        assert padded == betti
        assert [t for t in found.torsion if t] == [t for t in torsion if t]


def test_a_cone_reduces_to_a_point():
    """A poset with a largest element is contractible, and found to be."""
    poset = Poset({"a": [], "b": [], "c": ["a", "b"], "d": ["a", "b"], "top": ["a", "b", "c", "d"]})
    poset.reduce()
    assert len(poset) == 1


def test_a_circle_does_not_reduce():
    """Four elements, each pair of levels comparable, are a circle."""
    poset = Poset({"a": [], "b": [], "c": ["a", "b"], "d": ["a", "b"]})
    poset.reduce()
    assert len(poset) == 4
    assert poset.homology().betti == (1, 1)


def test_a_boundary_with_a_boundary_is_an_error():
    """Wrong incidence numbers are noticed and not turned into groups."""
    layers = simplices(["abc"])
    boundary = {s: {(*s[:i], *s[i + 1 :]): 1 for i in range(len(s))} for layer in layers[1:] for s in layer}
    with pytest.raises(BudgetExceeded, match="TC399"):
        homology(layers, boundary)


def test_multiples_are_torsion():
    """A disc glued to a circle six times around gives Z/6."""
    found = homology([["p"], ["e"], ["d"]], {"e": {}, "d": {"e": 6}})
    assert (found.betti, found.torsion) == ((1, 0, 0), ((), (6,), ()))
    assert str(found) == "H_0 = Z, H_1 = Z/6, H_2 = 0"
