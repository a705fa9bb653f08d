"""Decisions: known sentences, witnesses that verify, the laws of quantifiers, budgets, hostile input."""

import time
from fractions import Fraction

import pytest
import random_formulas

import tamecheck as tc
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, TamecheckError
from tamecheck.geometry.cad.quantifiers import Search
from tamecheck.ground import statements

TRUE = [
    "exists x: x^2 == 2", "forall x: x^2 >= 0", "forall x: exists y: y > x^2", "exists x: x*x*x == 5 and x > 1", "True", "1 < 2",
    "forall a, b: a^2+b^2 >= 2*a*b", "exists x, y: x^2+y^2 == 1 and x == y", "not (exists x: x^2 < 0)", "forall x: x > 0 implies x^3 > 0",
    "forall a: a != 0 implies (exists x: a*x == 1)", "forall x, y: x < y implies (exists z: x < z and z < y)",
    "forall x: abs(x) >= x", "forall x, y: max(x,y)+min(x,y) == x+y", "forall x: relu(x)-relu(-x) == x", "exists x: forall y: x*y == 0",
    "forall p, q: (exists x: x^2+p*x+q == 0) iff p^2 >= 4*q", "forall x: (x-1)^2*(x+2)^4 >= 0", "exists x: (x^2-2)^2 == 0 and x < 0",
    "forall x, y, z: x^2+y^2+z^2 >= x*y+y*z+z*x", "exists x, y, z: x+y+z == 0 and x*y+y*z+z*x == -3 and x*y*z == -1",
    "exists x: x^5-x-1 == 0 and 116*x > 135 and 116*x < 136", "forall x, y: (x^2+y^2)*(x^2+y^2) >= 4*x^2*y^2",
    "exists x: forall y: y^2 > x", "forall x: exists y: x^2*y == 1 or x == 0", "forall x, y: x^3 == y^3 iff x == y",
]  # fmt: skip
FALSE = [
    "exists x: x^2 == -1", "forall x: x^2 > 0", "exists y: forall x: y > x^2", "exists x: x > 0 and x < 0", "False", "2 < 1",
    "forall x: exists y: x*y == 1", "exists x: x^2 == 2 and x^3 == 3", "forall x, y: x^2 == y^2 implies x == y",
    "exists x, y: x^2+y^2 < 0", "exists x, y, z: x^2+y^2+z^2 <= 1 and 100*x*y*z > 20", "exists x: x*0 == 1", "exists x: max(x,1) < 1",
    "exists x, y: x^4*y^2+x^2*y^4-3*x^2*y^2+1 < 0", "forall x: x >= 1 implies x^2 > x", "exists x, y: x*y == 1 and x*y == 2",
    "exists x: forall y: exists z: z > x and z < y and x*z == 1 and y < 0 and x > 0",
]  # fmt: skip


@pytest.mark.parametrize("text", TRUE)
@pytest.mark.parametrize("projection", ["auto", "lazard"])
def test_true_sentences(text, projection):
    """And their negations are false."""
    assert tc.decide(text, projection=projection).verdict == "true"
    assert tc.decide(f"not ({text})", projection=projection).verdict == "false"


@pytest.mark.parametrize("text", FALSE)
@pytest.mark.parametrize("projection", ["auto", "lazard"])
def test_false_sentences(text, projection):
    """And their negations are true."""
    assert tc.decide(text, projection=projection).verdict == "false"
    assert tc.decide(f"not ({text})", projection=projection).verdict == "true"


def test_witnesses_are_exact_and_verified():
    """The values are put into the formula again."""
    d = tc.decide("exists x, y: x^2 == 2 and y^3 == x^2 and y > 1")
    assert d.verdict == "true" and d.verified and set(d.witness) == {"x", "y"}
    d = tc.decide("exists x, y: x^2 == 2 and y^3 == x^2 and y > 1", projection="brown")
    assert d.verdict == "true" and d.verified and set(d.witness) == {"x", "y"}
    d = tc.decide("exists x, y: x^2 == 2 and 2*y == x+3 and x > 0")
    assert d.verified and d.witness["y"] * 2 == d.witness["x"] + 3
    assert tc.decide("exists x: 2*x == 3").witness == {"x": Fraction(3, 2)}
    assert tc.decide("forall x: x^2 > 1/4").witness == {"x": Fraction(0)}
    with pytest.raises(TypeError, match="verdict"):
        bool(d)


def test_a_wrong_witness_is_an_error_of_the_program(monkeypatch):
    """The second evaluation is no formality."""
    from tamecheck.geometry.cad import quantifiers

    monkeypatch.setattr(quantifiers, "sign_at", lambda p, point: 7)
    with pytest.raises(TamecheckError, match="TC399"):
        tc.decide("exists x, y: x^2+y^2 < 1 and x > y", projection="brown")


@pytest.mark.parametrize("seed", range(40))
def test_equational_constraints_change_nothing(seed):
    """Restricted projections give the same truth as full ones, and as Lazard's."""
    prefix, body = random_formulas.statement(seed)
    r = __import__("random").Random(seed)
    names = tuple([name for _, name in prefix])
    equation = random_formulas.planted(r, names) if seed % 2 else random_formulas.sparse(r, names)
    text = random_formulas.text(prefix, f"{equation} == 0 and ({body})")
    found = set()
    for equational, method in ((True, "auto"), (False, "auto"), (False, "lazard")):
        search = Search(statements.read(text), method)
        search.equational = equational
        found.add(search.run())
    assert len(found) == 1, text


def test_an_equation_that_vanishes_identically_is_not_trusted():
    """Over the line x = y = 0 the equation x z = y says nothing about z; the other polynomials must be projected there."""
    text = "exists t, x, y: x^2+y^2 == 0 and t == 5 and (exists z: x*z == y and (z-t)*(z-2) < 0 and z > 3)"
    assert tc.decide(text).verdict == "true"
    search = Search(statements.read("exists t, y, x, z: x*z == y and x == 0 and (z-t)*(z-2) < 0 and z > 3 and t > 4"))
    assert search.run() is True


def test_the_guard_against_vanishing_equations_is_needed(monkeypatch):
    """Without it, truths are lost: the test that notices its removal."""
    text = "exists z: x*z == y and z > 1 and z < 2"
    at_origin = f"exists x, y: x == 0 and y == 0 and ({tc.eliminate(text, projection='brown').formula})"
    assert tc.decide(at_origin).verdict == "true"
    from tamecheck.geometry.cad import quantifiers

    original = quantifiers.Search._positions

    def careless(self, point, stack, depth):
        equation = self._designated.get(depth + 1, 0)
        if equation and depth >= self.free_count:
            return [i for i in range(1, len(stack), 2) if stack.vanishing(i) & equation]
        return original(self, point, stack, depth)

    monkeypatch.setattr(quantifiers.Search, "_positions", careless)
    at_origin = f"exists x, y: x == 0 and y == 0 and ({tc.eliminate(text, projection='brown').formula})"
    assert tc.decide(at_origin).verdict == "false"


def test_budgets_keep_what_is_known_and_go_on():
    """A decision in steps of seven stacks."""
    text = "exists x, y, z: x^2+y^2+z^2 <= 1 and 100*x*y*z > 20"
    with pytest.raises(BudgetExceeded) as stop:
        tc.decide(text, budget=Budget(steps=7))
    pending, rounds = stop.value.partial, 0
    while True:
        rounds += 1
        try:
            result = pending.resume(Budget(steps=7))
            break
        except BudgetExceeded as again:
            assert again.partial is pending
    assert rounds > 2 and result.verdict == "false" == tc.decide(text).verdict


HOSTILE = [
    ("x > 0", "TC153"), ("x + 1", "TC150"), ("3", "TC150"), ("exists x: sin(x) > 0", "TC150"), ("exists x: 1/x > 0", "TC150"),
    ("exists x: x^100*x^37 > 0 and (x+1)^5000 > 0", "TC151"), ("forall", "TC1"), ("exists x: x^x == 1", "TC150"), ("", "TC1"),
    ("exists x: " + "9" * 1_000_000 + " < x", "TC112"), (None, "TC101"), (5.0, "TC101"), ("exists x: exists y: x^90*y^90+x^7*y^5-3 == y", "TC306"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), HOSTILE, ids=lambda v: str(v)[:24])
def test_bad_sentences_are_refused_at_once(text, code):
    """With a code, in about a second."""
    start = time.perf_counter()
    with pytest.raises(TamecheckError) as error:
        tc.decide(text)
    assert error.value.code.startswith(code)
    assert time.perf_counter() - start < 4


def test_many_quantifiers_and_many_cases():
    """A hundred quantifiers of unused variables cost nothing; too many cases are refused."""
    assert tc.decide("".join([f"exists x{i}: " for i in range(100)]) + "x1 > 0").verdict == "true"
    nested = "x" + "".join([f"+abs(x-{i})" for i in range(12)])
    with pytest.raises(TamecheckError, match="TC152"):
        tc.decide(f"exists x: {nested.replace('x-', 'x^2-')} < {nested.replace('x-', '3*x-')}")
