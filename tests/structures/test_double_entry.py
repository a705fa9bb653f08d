"""Double entry: the checker's own tables, typed separately, agree with the catalogue line by line."""

import importlib.util
from pathlib import Path

import pytest

import tamecheck
from tamecheck.ground.intervals import from_text
from tamecheck.programs import program
from tamecheck.structures import lattice
from tamecheck.structures.primitives import BY_NAME, INTERVAL, PRIMITIVES, UNBOUNDED, UNBOUNDED_ABOVE
from tamecheck.structures.table import TABLE


def stranger():
    """Load the checker as the plain file that it is."""
    path = Path(tamecheck.__file__).with_name("checker.py")
    spec = importlib.util.spec_from_file_location("stranger", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


checker = stranger()
LINE = from_text("(-inf,inf)")
UNARY = [row.name for row in PRIMITIVES if row.arity == 1]


def test_structures_and_inclusions_agree():
    """Fourteen structures in one order, with one set of inclusions."""
    assert tuple(s.name for s in TABLE) == tuple(checker.NAMES)
    assert {s.name: lattice.UP[s.name] for s in TABLE} == checker.UP
    assert {s.name: lattice.DOWN[s.name] for s in TABLE} == checker.DOWN


@pytest.mark.parametrize("name", UNARY)
def test_where_a_primitive_is_definable_agrees(name):
    """Homes on the domain, the open set, homes on its compact pieces, the domain, the mark."""
    row = BY_NAME[name]
    homes, region, compact = checker.AXIOMS[name][:3]
    assert (lattice.parse(row.homes), lattice.parse(row.compact)) == (homes, compact)
    if name == "lambertw":
        assert (row.region, region) == ("(-1/e,inf)", ("-1/e", None))
    else:
        assert (from_text(row.region)[:2] if row.region else None) == region
        if name != "tan":
            assert from_text(row.domain) == checker.DOMAIN.get(name, checker.NO_FACT_OUTSIDE.get(name, LINE))
    assert row.bounded == (name in checker.KEEPS_BOUNDED)


@pytest.mark.parametrize("name", UNARY)
def test_what_a_refutation_may_take_as_an_axiom_agrees(name):
    """Excluded on any interval, and where the argument is unbounded."""

    def mask(*places: str) -> int:
        rows = [e for e in BY_NAME[name].excluded if e.rule and e.where in places]
        return lattice.close_down(sum({lattice.BIT[s] for e in rows for s in e.structures}))

    anywhere, far = checker.NEGATIVE_AXIOMS.get(name, (0, 0))[:2]
    assert (mask(INTERVAL), mask(INTERVAL, UNBOUNDED, UNBOUNDED_ABOVE)) == (anywhere, anywhere | far)


def test_the_kinds_of_nodes_agree():
    """The checker knows the same primitives, reductions, orderings and matrix operations as programs do."""
    assert checker.UNARY == program.UNARY
    assert checker.BINARY == program.BINARY
    assert checker.LINALG == program.LINALG
    assert checker.ORDERINGS == program.ORDERINGS
