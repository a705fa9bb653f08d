"""The lattice of structures: its laws, and its refusals."""

import itertools

import pytest

import tamecheck.structures as structures
from tamecheck.errors import InputError
from tamecheck.structures import lattice
from tamecheck.structures.references import REFERENCES
from tamecheck.structures.table import INCLUSIONS, SEPARATIONS, TABLE

# Section 4 of docs/reference/certificate-format.md, typed a second time.
INCLUSIONS_OF_THE_FORMAT = {
    "R_lin": [], "R_alg": ["R_lin"], "R_pow": ["R_alg"], "R_exp": ["R_pow"], "R_an": ["R_alg"], "R_an_pow": ["R_an", "R_pow"],
    "R_an_exp": ["R_an_pow", "R_exp"], "R_anstar_exp": ["R_an_exp"], "R_G": ["R_an"], "R_G_exp": ["R_G", "R_an_exp"],
    "R_Gstar_exp": ["R_G_exp", "R_anstar_exp"], "R_Pfaff": ["R_exp"], "R_Pfaff_an": ["R_Pfaff", "R_an_exp"],
    "R_Pfaff_G": ["R_Pfaff_an", "R_G_exp"],
}
NAMES = tuple(INCLUSIONS_OF_THE_FORMAT)


def test_the_table_is_the_one_of_the_certificate_format():
    """Names, order and immediate inclusions are those that checkers are told."""
    assert {s.name: [r.name for r in s.expands] for s in TABLE} == INCLUSIONS_OF_THE_FORMAT
    assert [s.name for s in TABLE] == list(NAMES)


def test_every_immediate_inclusion_has_a_reason_and_nothing_else_has():
    """Double entry: the list of reasons and the structures' own reducts agree."""
    assert sorted((i.big.name, i.small.name) for i in INCLUSIONS) == sorted((s.name, r.name) for s in TABLE for r in s.expands)


def test_every_reference_exists():
    """No fact without a source."""
    for item in (*TABLE, *INCLUSIONS, *SEPARATIONS):
        assert item.references
        assert all(key in REFERENCES for key in item.references)


def test_no_separation_contradicts_an_inclusion():
    """A table that says both yes and no would be worthless."""
    for a, b in itertools.product(TABLE, repeat=2):
        assert not (lattice.expands(a, b) and lattice.separation(a, b))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("R_alg", "R_exp", "R_exp"), ("R_exp", "R_an", "R_an_exp"), ("R_an", "R_an", "R_an"), ("R_G", "R_pow", "R_G_exp"),
     ("R_an", "R_Pfaff", "R_Pfaff_an"), ("R_G_exp", "R_Pfaff", "R_Pfaff_G"), ("R_lin", "R_Gstar_exp", "R_Gstar_exp")],
)  # fmt: skip
def test_join_is_the_least_common_expansion(a, b, expected):
    """A composite lives in the least structure that holds both parts."""
    assert str(lattice.join(lattice.find(a), lattice.find(b))) == expected


@pytest.mark.parametrize(("a", "b"), [("R_anstar_exp", "R_Pfaff"), ("R_Gstar_exp", "R_Pfaff_an"), ("R_Pfaff", "R_anstar_exp")])
def test_no_common_expansion_is_refused_not_guessed(a, b):
    """Soundness: two structures are never silently put into a bigger one."""
    with pytest.raises(lattice.NoCommonExpansion, match=f"TC203 no least structure in the table expands both {a} and {b}"):
        lattice.join(lattice.find(a), lattice.find(b))


def _joined(a, b):
    try:
        return lattice.join(a, b)
    except lattice.NoCommonExpansion:
        return None


def test_join_is_commutative_idempotent_and_an_upper_bound():
    """The order in which layers are composed cannot change the verdict."""
    for a, b in itertools.product(TABLE, repeat=2):
        found = _joined(a, b)
        assert found is _joined(b, a)
        if found is not None:
            assert lattice.expands(found, a) and lattice.expands(found, b)
        if lattice.expands(a, b):
            assert found is a


def test_text_and_parse_are_inverse():
    """Print, then parse, is the identity on up-sets."""
    for a, b in itertools.product(NAMES, repeat=2):
        mask = lattice.UP[a] | lattice.UP[b]
        assert lattice.parse(lattice.text(mask)) == mask
    assert lattice.parse("") == lattice.NONE and lattice.text(lattice.NONE) == ""


@pytest.mark.parametrize(
    ("names", "expected"),
    [("R_an|R_Pfaff", "R_an|R_Pfaff"), ("R_Pfaff|R_an", "R_an|R_Pfaff"), ("R_exp|R_alg", "R_alg"), ("R_lin|R_Gstar_exp", "R_lin")],
)
def test_homes_are_minimal_and_in_table_order(names, expected):
    """Homes are an antichain."""
    assert lattice.text(lattice.parse(names)) == expected


@pytest.mark.parametrize("names", ["R_nope", "R_an|", "|", "R_an R_exp", "r_an"])
def test_unknown_names_are_refused(names):
    """A typing error is not a structure."""
    with pytest.raises(InputError, match="no structure is called"):
        lattice.parse(names)


@pytest.mark.parametrize(("homes", "expected"), [("R_alg", True), ("R_an|R_Pfaff", True), ("R_exp", False), ("R_G", True), ("", False)])
def test_polynomially_bounded(homes, expected):
    """Some home of the up-set is polynomially bounded."""
    assert lattice.polynomially_bounded(lattice.parse(homes)) is expected


def test_close_down_collects_reducts():
    """What is not definable in a structure is definable in none of its reducts."""
    assert lattice.close_down(lattice.BIT["R_exp"]) == sum(lattice.BIT[n] for n in ("R_lin", "R_alg", "R_pow", "R_exp"))


def test_a_separation_is_inherited():
    """sin on an interval separates R_exp, hence R_pow, from everything above R_an."""
    assert lattice.separation(lattice.find("R_exp"), lattice.find("R_Gstar_exp")).witness == "sin on [0, 2 pi]"
    assert lattice.separation(lattice.find("R_pow"), lattice.find("R_G")).witness == "sin on [0, 2 pi]"
    assert lattice.separation(lattice.find("R_Gstar_exp"), lattice.find("R_Pfaff")) is None


def test_structures_are_attributes_and_print_as_names():
    """str(home) is the ASCII name."""
    for name in NAMES:
        assert str(getattr(structures, name)) == name == repr(getattr(structures, name))
