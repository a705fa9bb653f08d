"""Random sentences against z3, cvc5 and QEPCAD; half of them with planted nullification and multiplicity.

300 by default; ``pytest -m slow`` runs 10,000 against the solvers and 1,000 against QEPCAD.
"""

import os

import pytest
import random_formulas as peers

import tamecheck as tc
from tamecheck.budget import Budget
from tamecheck.ground import statements

MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))


def compare(seeds: range, verdict, of_formula: bool = False) -> tuple[int, int]:
    """Return (agreements, unknown), asserting that there is no disagreement."""
    agreed, unknown = 0, 0
    for seed in seeds:
        text = peers.text(*peers.statement(seed))
        ours = tc.decide(text, budget=Budget(seconds=60)).verdict
        formula = statements.read(text)
        theirs = verdict(formula if of_formula else formula.smtlib())
        assert theirs in (ours, "unknown"), f"seed {seed}: {text} is {ours}, the peer says {theirs}"
        agreed, unknown = agreed + (theirs == ours), unknown + (theirs == "unknown")
    return agreed, unknown


def test_300_sentences_against_z3():
    """No disagreement, hardly an unknown."""
    count = 300 * MULTIPLIER
    agreed, _ = compare(range(count), lambda script: peers.z3_verdict(script, 300))
    assert agreed > 0.95 * count


def test_60_sentences_against_cvc5():
    """No disagreement; cvc5 gives up on many alternations."""
    pytest.importorskip("cvc5")
    agreed, _ = compare(range(1000, 1000 + 60 * MULTIPLIER), lambda script: peers.cvc5_verdict(script, 200))
    assert agreed > 36 * MULTIPLIER


@pytest.mark.skipif(peers.QEPCAD is None, reason="QEPCAD is not installed (apt install qepcad)")
def test_15_sentences_against_qepcad():
    """No disagreement."""
    agreed, _ = compare(range(2000, 2000 + 15 * MULTIPLIER), peers.qepcad_verdict, True)
    assert agreed > 11 * MULTIPLIER


@pytest.mark.slow
def test_10000_sentences_against_z3_and_cvc5():
    """No disagreement."""
    compare(range(10_000), peers.z3_verdict)
    pytest.importorskip("cvc5")
    compare(range(10_000), lambda script: peers.cvc5_verdict(script, 500))


@pytest.mark.slow
@pytest.mark.skipif(peers.QEPCAD is None, reason="QEPCAD is not installed (apt install qepcad)")
def test_1000_sentences_against_qepcad():
    """No disagreement."""
    compare(range(20_000, 21_000), peers.qepcad_verdict, True)
