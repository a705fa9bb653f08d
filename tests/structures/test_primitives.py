"""The table of primitives against the programs, the prover's own copy and numbers."""

import math
from fractions import Fraction

import pytest

from tamecheck.ground.intervals import from_text
from tamecheck.kernel.negation import AXIOMS, UPWARD_ONLY
from tamecheck.kernel.primitives import DOMAINS, HOMES, LOCALLY_BOUNDED, STRICT_DOMAINS, homes_on
from tamecheck.programs.program import BINARY, NULLARY, UNARY
from tamecheck.structures import lattice
from tamecheck.structures.primitives import BY_NAME, INTERVAL, PRIMITIVES, UNBOUNDED, UNBOUNDED_ABOVE
from tamecheck.structures.references import REFERENCES

LINE = from_text("(-inf,inf)")


def test_every_primitive_of_a_program_has_one_row():
    """Coverage: nothing a program can hold is missing, nothing is there twice."""
    assert sorted(row.name for row in PRIMITIVES) == sorted(UNARY | BINARY | NULLARY)
    arity = {**dict.fromkeys(UNARY, 1), **dict.fromkeys(BINARY, 2), **dict.fromkeys(NULLARY, 0)}
    assert {row.name: row.arity for row in PRIMITIVES} == arity


def test_every_fact_has_a_reason_and_a_reference():
    """No axiom without a source."""
    for row in PRIMITIVES:
        assert row.reason
        for references in (row.references, *(e.references for e in row.excluded)):
            assert references and all(key in REFERENCES for key in references)


@pytest.mark.parametrize("name", sorted(HOMES))
def test_homes_agree_with_the_rules(name):
    """Double entry: the prover's copy of homes, region and compact pieces is this table."""
    row, (homes, region, compact) = BY_NAME[name], HOMES[name]
    assert (lattice.parse(row.homes), lattice.parse(row.compact)) == (homes, compact)
    if region == ("-1/e", None):
        assert row.region == "(-1/e,inf)"
    elif region is None:
        assert row.region == ""
    else:
        assert from_text(row.region)[:2] == region
        assert not any(from_text(row.region)[2:])


@pytest.mark.parametrize("name", sorted(HOMES))
def test_domains_and_marks_agree_with_the_rules(name):
    """Double entry: natural domains, and which primitives are bounded on compact boxes."""
    row = BY_NAME[name]
    if name not in ("tan", "lambertw"):
        assert from_text(row.domain) == DOMAINS.get(name, STRICT_DOMAINS.get(name, LINE))
    assert row.bounded == (name in LOCALLY_BOUNDED)


@pytest.mark.parametrize("name", sorted(row.name for row in PRIMITIVES))
def test_excluded_structures_agree_with_the_axiom_rule(name):
    """Double entry: what a refutation may take as an axiom."""

    def mask(*places):
        rows = [e for e in BY_NAME[name].excluded if e.rule and e.where in places]
        return lattice.close_down(sum({lattice.BIT[s] for e in rows for s in e.structures}))

    anywhere, far = AXIOMS.get(name, (0, 0))
    assert mask(INTERVAL) == anywhere
    assert mask(INTERVAL, UNBOUNDED, UNBOUNDED_ABOVE) == anywhere | far
    if mask(UNBOUNDED_ABOVE):
        assert name in UPWARD_ONLY


def test_nothing_is_both_definable_and_excluded():
    """A structure that defines a function on its domain is not in its list of exclusions."""
    for row in PRIMITIVES:
        for e in row.excluded:
            for s in e.structures:
                if s == "any":
                    assert row.homes == ""
                else:
                    assert not lattice.parse(row.homes) & lattice.DOWN[s]
                    if e.where == INTERVAL:
                        assert not lattice.parse(row.compact) & lattice.DOWN[s]


@pytest.mark.parametrize(
    ("name", "value_range", "expected"),
    [("exp", "(-inf,inf)", "R_exp"), ("exp", "[0,1]", "R_exp|R_an"), ("sin", "(-inf,inf)", ""), ("sin", "(-1,1)", "R_an|R_Pfaff"),
     ("log", "(0,1]", "R_exp"), ("log", "[1,2]", "R_exp|R_an"), ("gamma", "(0,inf)", "R_G_exp"), ("gamma", "[1,2]", "R_an"),
     ("zeta", "[2,3]", "R_an"), ("zeta", "(1,inf)", "R_anstar_exp"), ("atan", "(-inf,inf)", "R_an|R_Pfaff"), ("floor", "[0,7]", "R_lin")],
)  # fmt: skip
def test_where_a_primitive_lives(name, value_range, expected):
    """The structure depends on the range of the argument."""
    assert lattice.text(homes_on(name, from_text(value_range))) == expected


def _values(name):
    special = pytest.importorskip("scipy.special")
    functions = {
        "exp": math.exp, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "asin": math.asin, "acos": math.acos, "atan": math.atan,
        "erf": math.erf, "gamma": math.gamma, "lgamma": math.lgamma, "zeta": special.zeta, "besselj0": special.j0, "besselj1": special.j1,
        "besseli0": special.i0, "besselk0": special.k0, "besselk1": special.k1, "lambertw": lambda x: special.lambertw(x).real,
    }
    return functions[name]


@pytest.mark.parametrize(
    "name",
    ["exp", "sqrt", "sin", "cos", "asin", "acos", "atan", "erf", "gamma", "lgamma", "zeta", "besselj0", "besselj1", "besseli0",
     "besselk0", "besselk1", "lambertw"],
)
def test_values_lie_in_the_stated_range(name):
    """The constants in the table hold at many points of the domain (evidence, not proof)."""
    row = BY_NAME[name]
    low, high = ("-0.36", "30") if row.domain.startswith("[-1/e") else row.domain[1:-1].split(",")
    a = max(-30.0, float(low)) + 1e-9
    b = min(30.0, float(high)) - 1e-9
    bottom, top, bottom_closed, top_closed = from_text(row.value_range)
    function = _values(name)
    for k in range(401):
        x = a + (b - a) * k / 400
        if name == "erf" and abs(x) > 5:  # rounds to 1 in floating point
            continue
        y = Fraction(float(function(x)))
        assert bottom is None or y > bottom or (y == bottom and bottom_closed), (x, y)
        assert top is None or y < top or (y == top and top_closed), (x, y)
