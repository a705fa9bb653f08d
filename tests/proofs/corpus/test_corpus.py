"""The corpus: never a wrong "definable", never a wrong "not definable", never a false sharpness.

What the prover does not decide is counted, not forbidden; the counts may only grow.
"""

import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

import pytest

import tamecheck as tc
from corpus.bricks import Graph
from corpus.calm_graphs import DEFINABLE as CALM_GRAPHS
from corpus.cancelling_graphs import CANCELLING as CANCELLING_GRAPHS
from corpus.cases import BOUNDS, CALM, CANCELLING, WILD, Case, program
from corpus.wild_graphs import NOT_DEFINABLE as WILD_GRAPHS
from tamecheck.kernel.curves import ANY
from tamecheck.programs.program import Program
from tamecheck.structures import lattice

REFUTED, CERTIFIED, EXACT = 430, 450, 42  # of formulas; lower them never, raise them when the prover learns
REFUSED = WILD + BOUNDS
STRIDE = max(1, 4 // int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1")))  # one line in four goes to the checker by default


@cache
def answer(case: Case):
    """Return the certificate of a line; asked once."""
    return tc.certify(program(case), structure=None if case.asked in ("any", "") else case.asked)


def graph(build: Graph):
    """Return the certificate of a graph."""
    p = Program()
    out = build(p)
    return tc.certify((p, out))


def sound(certificate, homes: int) -> None:
    """Check homes, exclusions and sharpness against the structures that are known to define the function."""
    assert certificate.verdict != "not-definable"
    assert not certificate.record[1] & ~homes, "a home in which the function is not known to be definable"
    assert not certificate.proof.excluded & (homes | ANY), "a structure is excluded that defines the function"
    assert not certificate.sharp or certificate.record[1] == homes, "a home is called sharp and is not"


def test_the_corpus_is_large_and_its_lines_are_distinct():
    """At least 300 lines of each kind, 100 cancellations, and nothing twice."""
    assert [len(REFUSED) >= 300, len(CALM) >= 300, len(CANCELLING) >= 100] == [True] * 3
    for table in (REFUSED, CALM, CANCELLING):
        keys = [(c.formula, c.box, c.asked) for c in table]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c.name)
def test_never_definable(case):
    """What is not definable is never certified; a refutation comes with a witness."""
    certificate = answer(case)
    assert certificate.verdict != "definable"
    if certificate.verdict == "not-definable":
        assert certificate.proof.refutations


@pytest.mark.parametrize("case", CALM + CANCELLING, ids=lambda c: c.name)
def test_never_refuted(case):
    """What is definable is never refuted, in any structure that defines it."""
    sound(answer(case), lattice.parse(case.homes))


@pytest.mark.parametrize("build", WILD_GRAPHS, ids=lambda g: g.__name__)
def test_graphs_never_definable(build):
    """The same for graphs of tensor nodes."""
    assert graph(build).verdict != "definable"


@pytest.mark.parametrize(("homes", "build"), [(h, g) for h, graphs in CALM_GRAPHS.items() for g in graphs])
def test_graphs_never_refuted(homes, build):
    """The same for graphs of tensor nodes; nearly all are certified exactly."""
    certificate = graph(build)
    sound(certificate, lattice.parse(homes))
    assert build.__name__ == "no_rounds_of_sine" or lattice.text(certificate.record[1]) == homes


@pytest.mark.parametrize("build", CANCELLING_GRAPHS, ids=lambda g: g.__name__)
def test_cancelling_graphs_never_refuted(build):
    """Cancellation through reshapes, slices, running sums, determinants, and tensors without entries."""
    sound(graph(build), lattice.ALL)


@cache
def checker():
    """Return the checker as a module of its own, loaded from its file as a stranger would."""
    path = Path(tc.__file__).with_name("checker.py")
    specification = importlib.util.spec_from_file_location("stranger_checker", path)
    module = importlib.util.module_from_spec(specification)
    sys.modules["stranger_checker"] = module
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", (REFUSED + CALM + CANCELLING)[::STRIDE], ids=lambda c: c.name)
def test_the_checker_agrees(case):
    """The independent checker accepts what was proved of a line, positive and negative."""
    certificate = answer(case)
    result = checker().check(certificate.to_bytes(), certificate.claim_bytes())
    assert result.verdict == "valid", (result.code, result.reason, result.where)


@pytest.mark.parametrize("build", WILD_GRAPHS + [g for graphs in CALM_GRAPHS.values() for g in graphs] + CANCELLING_GRAPHS)
def test_the_checker_agrees_on_graphs(build):
    """The same for graphs of tensor nodes."""
    certificate = graph(build)
    result = checker().check(certificate.to_bytes(), certificate.claim_bytes())
    assert result.verdict == "valid", (result.code, result.reason, result.where)


def test_the_prover_does_not_forget():
    """How many lines are refuted, certified, and given their true homes in spite of cancellation."""
    refuted = sum(answer(c).verdict == "not-definable" for c in REFUSED)
    certified = sum(answer(c).record[1] == lattice.parse(c.homes) for c in CALM)
    exact = sum(answer(c).record[1] == lattice.parse(c.homes) for c in CANCELLING)
    assert (refuted >= REFUTED, certified >= CERTIFIED, exact >= EXACT) == (True, True, True), (refuted, certified, exact)
