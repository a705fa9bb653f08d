"""Damaged certificates: a clean verdict, never a false claim, and two independent checkers of one mind.

``TAMECHECK_TEST_MULTIPLIER=10`` makes the run ten times longer; the slow test does a million.
"""

import json
import os
from collections import Counter

import mutants
import pytest
import second_checker

from tamecheck import checker

COUNT = 10_000 * int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
VERDICTS = {"valid", "invalid", "holey", "unreadable", "budget"}
FORM_ONLY = {"TC461", "TC606", "TC607"}  # order of names, surplus premises, unused jumps: no statement is proved by these


@pytest.fixture(scope="module")
def seedlings() -> list[mutants.Seedling]:
    """Good certificates, and near proofs of false claims."""
    return mutants.seedlings()


def test_seedlings_are_what_they_say(seedlings):
    """Every good certificate is accepted by both checkers, every near proof of a false claim by neither."""
    for s in seedlings:
        for module in (checker, second_checker):
            answer = module.check(s.document, s.claim)
            assert (answer.verdict == "valid") is not s.false, f"{module.__name__} on {s.name}: {answer}"


def judge(s: mutants.Seedling, data: bytes, tally: Counter) -> None:
    """What no mutant may do: crash a checker, prove another claim than was asked for, prove a falsehood, divide the checkers."""
    first, second = checker.check(data, s.claim), second_checker.check(data, s.claim)
    assert first.verdict in VERDICTS and second.verdict in VERDICTS
    tally[first.verdict] += 1
    accepted = "valid" in (first.verdict, second.verdict)
    assert not (accepted and s.false), f"{s.name}: a false claim is accepted: {data!r}"
    if accepted:
        assert mutants.canonical(json.loads(data)["claim"]) == s.claim
    if (first.verdict == "valid") != (second.verdict == "valid"):
        assert first.verdict != "valid" or second.code in FORM_ONLY, f"{s.name}: {first} against {second} on {data!r}"


def judge_alone(data: bytes) -> None:
    """A mutant that may choose its own claim never contradicts itself, and the checkers agree."""
    data = mutants.repaired(data)
    first = checker.check(data)
    if first.verdict == "valid":
        second = second_checker.check(data)
        assert second.verdict == "valid" or second.code in FORM_ONLY, f"{second} on {data!r}"
        claim = json.loads(data)["claim"]
        homes, excluded = second_checker.upset(claim["holds"][1]), claim["not"]
        assert not (homes and excluded == "any"), f"definable and not definable: {data!r}"
        assert excluded == "any" or not homes & second_checker.below(excluded), f"definable and not definable: {data!r}"
        assert not (claim["discontinuous"] and claim["holds"][6] != "none" and claim["holds"][4]), f"continuous and not: {data!r}"


def run(seedlings: list[mutants.Seedling], count: int, seed: int) -> Counter:
    """Judge so many mutants."""
    tally: Counter = Counter()
    for k, (s, data) in enumerate(mutants.mutants(seedlings, count, seed)):
        judge(s, data, tally)
        if k % 3 == 0:
            judge_alone(data)
    return tally


def test_no_mutant_is_believed(seedlings):
    """Ten thousand mutants: no crash, no false claim, no claim but the one asked for."""
    tally = run(seedlings, COUNT, seed=20_261_121)
    print(dict(tally))
    assert tally["valid"] > COUNT // 100, "almost every mutant is refused: the damage is too crude to tell anything"


@pytest.mark.slow
def test_a_million_mutants(seedlings):
    """A million mutants: by the rule of three, fewer than 3 in a million of this kind are wrongly accepted (95 %)."""
    run(seedlings, 1_000_000, seed=1)
