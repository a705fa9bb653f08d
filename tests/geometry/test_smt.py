"""Random sentences against z3, cvc5 and QEPCAD; half of them with planted nullification and multiplicity.

300 by default; ``pytest -m slow`` runs 10,000 against the solvers and 1,000 against QEPCAD.  ``TAMECHECK_SEEDS=3500:10000`` goes on where an earlier
run was ended.
"""

import os
import time

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


def apart(seeds: range, verdict, milliseconds: int) -> tuple[int, int]:
    """Compare with a peer that runs in a process of its own."""
    peer = peers.Apart(verdict, milliseconds)
    try:
        return compare(seeds, peer)
    finally:
        peer.close()


def chosen(seeds: range) -> range:
    """Return the seeds, or those of the environment."""
    low, colon, high = os.environ.get("TAMECHECK_SEEDS", "").partition(":")
    return range(int(low), int(high)) if colon else seeds


def test_a_peer_that_hangs_is_killed():
    """A peer that does not answer counts as unknown, and the next question goes to a new process."""
    peer = peers.Apart(hang_or_answer, 0, patience=0.5)
    try:
        assert [peer("true"), peer("hang"), peer("false")] == ["true", "unknown", "false"]
        assert peer.killed == 1
    finally:
        peer.close()


def hang_or_answer(script: str, milliseconds: int) -> str:
    """Answer with the script, or never."""
    while script == "hang":
        time.sleep(0.1)
    return script


def test_300_sentences_against_z3():
    """No disagreement, hardly an unknown."""
    count = 300 * MULTIPLIER
    agreed, _ = compare(range(count), lambda script: peers.z3_verdict(script, 300))
    assert agreed > 0.95 * count


def test_60_sentences_against_cvc5():
    """No disagreement; cvc5 gives up on many alternations."""
    pytest.importorskip("cvc5")
    agreed, _ = apart(range(1000, 1000 + 60 * MULTIPLIER), peers.cvc5_verdict, 200)
    assert agreed > 36 * MULTIPLIER


@pytest.mark.skipif(peers.QEPCAD is None, reason="QEPCAD is not installed (apt install qepcad)")
def test_15_sentences_against_qepcad():
    """No disagreement."""
    agreed, _ = compare(range(2000, 2000 + 15 * MULTIPLIER), peers.qepcad_verdict, True)
    assert agreed > 11 * MULTIPLIER


@pytest.mark.slow
def test_10000_sentences_against_z3_and_cvc5():
    """No disagreement."""
    seeds = chosen(range(10_000))
    compare(seeds, peers.z3_verdict)
    pytest.importorskip("cvc5")
    apart(seeds, peers.cvc5_verdict, 500)


@pytest.mark.slow
@pytest.mark.skipif(peers.QEPCAD is None, reason="QEPCAD is not installed (apt install qepcad)")
def test_1000_sentences_against_qepcad():
    """No disagreement."""
    compare(chosen(range(20_000, 21_000)), peers.qepcad_verdict, True)
