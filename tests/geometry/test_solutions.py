"""Elimination: every answer of the bank, equivalence decided by ourselves and by z3, answers with roots."""

import random
from fractions import Fraction

import bank
import pytest
import random_formulas

import tamecheck as tc
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, TamecheckError
from tamecheck.ground import statements


def differs(first: str, second: str, variables: tuple[str, ...]) -> str:
    """Return the sentence that two formulas differ somewhere."""
    body = f"not (({first}) iff ({second}))"
    return f"exists {', '.join(variables)}: {body}" if variables else body


@pytest.mark.parametrize("problem", bank.ELIMINATION + bank.LITERATURE_ELIMINATION, ids=lambda p: p.name)
def test_answers_of_the_bank(problem):
    """Equivalent to the known answer: by our decision, and z3 does not object."""
    answer = tc.eliminate(problem.formula)
    assert not answer.extended
    sentence = differs(answer.formula, problem.answer, answer.variables)
    assert tc.decide(sentence).verdict == "false"
    assert random_formulas.z3_verdict(statements.read(sentence).smtlib(), 3000) in ("false", "unknown")


@pytest.mark.parametrize("problem", [p for p in bank.CRITICAL if "21" not in p.name], ids=lambda p: p.name)
def test_critical_values_by_elimination(problem):
    """The real critical values of a polynomial are a quantifier elimination."""
    from tamecheck.ground.polynomials import Ring, read

    ring = Ring(problem.variables.split())
    p, d = read(ring, problem.function)
    parts = [f"{ring.text(p)} == {d}*t", *[f"{ring.text(p.derivative(k))} == 0" for k in range(len(ring.names))]]
    answer = tc.eliminate(f"exists {', '.join(ring.names)}: {' and '.join(parts)}")
    assert tc.decide(differs(answer.formula, problem.values, ("t",))).verdict == "false"


@pytest.mark.parametrize("seed", range(30))
def test_random_eliminations_at_random_points(seed):
    """The answer holds at a rational point exactly if the formula with these values is true."""
    r = random.Random(f"elimination {seed}")
    names = random_formulas.NAMES[:3] if seed % 3 else random_formulas.NAMES[:2]
    body = random_formulas.matrix(r, names, seed % 2 == 1)
    quantified = names[-1:] if seed % 4 else names[1:]
    prefix = [(r.choice(("exists", "forall")), name) for name in quantified]
    text = random_formulas.text(prefix, body)
    answer = tc.eliminate(text, budget=Budget(seconds=20))
    assert not answer.extended or "root(" in answer.formula
    if answer.extended:
        return
    for k in range(8):
        point = {name: random_formulas.rational(r, 1) if k % 2 else Fraction(r.randint(-1, 1)) for name in answer.variables}
        fixed = " and ".join([f"{name} == {value}" for name, value in point.items()] or ["True"])
        quantifiers = f"exists {', '.join(answer.variables)}: " if answer.variables else ""
        left = tc.decide(f"{quantifiers}{fixed} and ({answer.formula})").verdict
        right = tc.decide(f"{quantifiers}{fixed} and ({text})").verdict
        assert left == right, (text, answer.formula, point)


def test_answers_go_out_as_smtlib_that_solvers_read():
    """z3 and cvc5 parse the script, and agree that b^2 = 4c + 1 is excluded."""
    answer = tc.eliminate("forall x: x^2+b*x+c >= 0")
    script = answer.smtlib()
    assert random_formulas.z3_verdict(script) == "true"
    pytest.importorskip("cvc5")
    assert random_formulas.cvc5_verdict(script) == "true"


def test_roots_are_used_only_when_allowed():
    """Without roots a formula is found by derivatives or refused."""
    text = "exists y: y^2 == x and x^5-x-1 == 0"
    plain = tc.eliminate(text, extended=False)
    assert not plain.extended and plain.smtlib() is not None


def test_an_elimination_can_be_resumed():
    """Steps of five stacks lead to the same formula."""
    text = "forall x: x^4+p*x^2+q*x+r >= 0"
    with pytest.raises(BudgetExceeded) as stop:
        tc.eliminate(text, projection="brown", budget=Budget(steps=5))
    pending = stop.value.partial
    seen = set()
    while True:
        try:
            answer = pending.resume(Budget(steps=5))
            break
        except BudgetExceeded:
            seen.add(len(pending.labels))
    assert len(seen) > 2 and "unfinished" in repr(pending)
    assert answer.formula == tc.eliminate(text, projection="brown").formula


@pytest.mark.parametrize(
    ("text", "code"), [("exists x: sin(x) > y", "TC150"), ("exists x: x^90*y^90+x^7*y^5-3 == y", "TC306"), (None, "TC101"), ("x+y", "TC150")]
)
def test_bad_formulas_are_refused(text, code):
    """With a code."""
    with pytest.raises(TamecheckError) as error:
        tc.eliminate(text)
    assert error.value.code == code


@pytest.mark.parametrize(("text", "expected"), [("x > 0 and x < 0", "False"), ("x^2 >= 0", "True"), ("True", "True"), ("exists y: x == y", "True")])
def test_empty_and_full_sets(text, expected):
    """Contradictions and tautologies print as truth values."""
    assert tc.eliminate(text).formula == expected
