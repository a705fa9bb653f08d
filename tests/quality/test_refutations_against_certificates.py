"""Two opposite claims never hold: a program that is certified for all admissible rules is refuted by no curve with any of them."""

import json
import os
import random
from fractions import Fraction

import pytest
import second_checker

import tamecheck as tc
from tamecheck import checker
from tamecheck.programs.program import Program

MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
LINE = "(-inf,inf)"


def random_program(rng: random.Random, smooth: bool) -> tuple[Program, int]:
    """Return a random scalar program with many coinciding values; ``smooth``: with exp, sin and roots that are away from 0."""
    p = Program()
    pool = [p.input("x"), p.input("y"), p.constant(0), p.constant(Fraction(1, 2))]
    for _ in range(rng.randint(2, 7)):
        a, b, c = (rng.choice(pool[-4:] + pool[:2]) for _ in range(3))
        kind = rng.random()
        if smooth and kind < 0.25:
            name = rng.choice(["exp", "sin", "atan", "sqrt", "log"])
            inside = p.map("add", p.map("mul", a, a), p.constant(1)) if name in ("sqrt", "log") else p.map("sin", a) if name == "exp" else a
            n = p.map(name, inside)
        elif kind < 0.45:
            n = p.map(rng.choice(["neg", "abs"]), a)
        elif kind < 0.85:
            n = p.map(rng.choice(["add", "sub", "max", "min", "mul", "max"]), a, b)
        else:
            n = p.where(p.compare(rng.choice(["lt", "le", "eq"]), a, p.constant(0)), b, c)
        pool.append(n)
    return p, pool[-1]


def formula(arity: int, *nodes: list) -> dict:
    """Return a formula of a rule."""
    return {"bodies": [], "nodes": [["input", [f"x{k}", "data", LINE], [], []] for k in range(arity)] + list(nodes)}


def admissible(rng: random.Random) -> list:
    """Return rules with weights of sum 1 at ties, perhaps functions of the point, and any numbers at 0."""
    a = Fraction(rng.randint(-6, 6), rng.randint(1, 3))
    number = ["constant", ["splat", str(a)], [], []]
    rest = ["constant", ["splat", str(1 - a)], [], []]
    tie, zero = formula(2, ["compare", ["eq"], [0, 1], []]), formula(1, ["constant", ["splat", "0"], [], []], ["compare", ["eq"], [0, 1], []])
    weights = [formula(2, number), formula(2, rest)]
    if rng.random() < 0.3:  # x0 and 1 - x0
        one = ["constant", ["splat", "1"], [], []]
        product = ["map", ["mul"], [0, 2], []]
        weights = [formula(2, number, product), formula(2, number, product, one, ["map", ["sub"], [4, 3], []])]
    return [["max", tie, "value", weights], ["min", tie, "value", weights], ["abs", zero, "value", [formula(1, number)]]]


def component(rng: random.Random) -> list:
    """Return t -> a short polynomial, sometimes a constant, sometimes over 1 + t."""
    p = [rng.choice([0, 0, 1, -1, 2, Fraction(1, 2)]) for _ in range(rng.choice([1, 2, 2, 2, 3]))]
    while p and p[-1] == 0:
        p.pop()
    return [[str(c) for c in p], ["1", "1"] if rng.random() < 0.1 else ["1"]]


def claims(document: dict, rules: list, curve: list, because: str, numbers: list, **inside: int) -> bytes:
    """Return a refutation of a certified program, with the given numbers."""
    nothing = [1, "", "", LINE, 0, 0, "none", 0, None]
    said = {"because": because, "rules": rules, "verdict": "not"}
    claim = {**document["claim"], "holds": nothing, "not": "", "discontinuous": 0, "conservative": said}
    claim = {k: v for k, v in claim.items() if k in checker.CLAIM_KEYS | {"conservative"}}
    value = {**document, "claim": claim, "facts": [nothing], "steps": [], "instances": [], "jumps": [], "refutations": [],
             "witness": {"curves": [curve], "numbers": numbers, **inside}}  # fmt: skip
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode("ascii")


HALVES = [["(-inf,{q}]", "({q},inf)"], ["({q},inf)", "(-inf,{q}]"]]
ORDERS = [["-1/2", "0"], ["-1", "0"], ["0", "1"], ["-2", "0"], ["-1/3", "0"], []]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_certified_is_not_refuted(seed):
    """Change and integral of a certified program are never on two sides of a number, it never jumps and never grows: in both checkers."""
    rng, certified, followed = random.Random(seed), 0, 0
    for _ in range(8 * MULTIPLIER):
        p, target = random_program(rng, seed % 2 == 1)
        certificate = tc.certify((p, {"f": target}), sharpness=False)
        document = json.loads(certificate.to_bytes())
        if document["claim"].get("conservative") != 1:
            continue
        certified += 1
        for _ in range(4):
            rules, curve = admissible(rng), [component(rng) for _ in document["program"]["nodes"] if _[0] == "input"]
            everything = checker.check(claims(document, rules, curve, "curve", [LINE, LINE]))
            if everything.code != "TC761":  # the curve crosses a kink
                continue
            followed += 1
            q = Fraction(rng.randint(-40, 40), 8)
            tried = [("curve", [text.format(q=q) for text in half], rules) for half in HALVES]
            tried += [("jump", [text.format(q=q) for text in half], []) for half in HALVES] + [("jump", [LINE, "unbounded"], [])]
            tried += [("growth", order, []) for order in ORDERS]
            for because, numbers, listed in tried:
                data = claims(document, listed, curve, because, numbers)
                for module in (checker, second_checker):
                    assert module.check(data).verdict == "invalid", (because, numbers, data)
    assert certified >= 2 and followed >= 1


@pytest.mark.parametrize("seed", range(6))
def test_no_jump_and_no_growth_inside(seed):
    """Short curves through zeros of what a certified program compares: it neither jumps nor grows there."""
    rng, crossed = random.Random(200 + seed), 0
    for _ in range(20 * MULTIPLIER):
        p, target = random_program(rng, seed % 2 == 1)
        document = json.loads(tc.certify((p, {"f": target}), sharpness=False).to_bytes())
        if document["claim"].get("conservative") != 1:
            continue
        inputs = [node for node in document["program"]["nodes"] if node[0] == "input"]
        for _ in range(3):
            middle, slopes = Fraction(rng.randint(-4, 4), 2), [rng.choice([1, -1, 2, 0]) for _ in inputs]
            lines = [trimmed([middle - Fraction(m, 97), Fraction(m, 30)]) for m in slopes]
            everything = checker.check(claims(document, [], lines, "jump", [LINE, LINE], inside=1))
            crossed += everything.code == "TC665"
            q = Fraction(rng.randint(-40, 40), 8)
            tried = [("jump", [text.format(q=q) for text in half]) for half in HALVES] + [("jump", [LINE, "unbounded"])]
            for because, numbers in [*tried, *[("growth", order) for order in ORDERS]]:
                data = claims(document, [], lines, because, numbers, inside=1)
                for module in (checker, second_checker):
                    assert module.check(data).verdict == "invalid", (because, numbers, data)
    assert crossed >= 1


def trimmed(p: list) -> list:
    """Return a component from coefficients."""
    while p and p[-1] == 0:
        p.pop()
    return [[str(c) for c in p], ["1"]]


@pytest.mark.parametrize("seed", range(6))
def test_change_and_integral_are_the_same_number(seed):
    """Computed along random curves, both numbers of a certified program agree: exactly when they are exact, as enclosures otherwise."""
    rng, compared = random.Random(100 + seed), 0
    for _ in range(18 * MULTIPLIER):
        p, target = random_program(rng, seed % 2 == 1)
        document = json.loads(tc.certify((p, {"f": target}), sharpness=False).to_bytes())
        if document["claim"].get("conservative") != 1:
            continue
        for _ in range(4):
            curve = [component(rng) for node in document["program"]["nodes"] if node[0] == "input"]
            change, total = measured(document, admissible(rng), curve)
            if None in (*change, *total):
                continue
            compared += 1
            assert max(change[0], total[0]) <= min(change[1], total[1]), (document["program"], curve, change, total)
            assert change[1] - change[0] < Fraction(1, 1000) and total[1] - total[0] < max(1, abs(total[0]))
    assert compared > 2


def measured(document: dict, rules: list, curve: list) -> tuple:
    """Return what the first checker computes along a curve, nothing if it refuses."""
    seen = []

    class Spy(checker.Refutation):
        def chain_rule(self) -> None:
            seen.append(self.circulation(self.curves[0]))

    checker_document = checker.Document()
    checker_document.program = checker.Program(document["program"])
    checker_document.roles = checker.ROLES["both"]
    claim = {"conservative": {"because": "curve", "rules": rules, "verdict": "not"}, "node": document["claim"]["node"]}
    try:
        Spy(checker_document, claim, {"curves": [curve], "numbers": [LINE, LINE]})
    except checker.Reject:
        return (None, None), (None, None)
    return seen[0]
