"""Eliminations without cells: equal to those by decomposition; every step is needed; short answers; budgets; witnesses."""

import itertools
import os
import random
from fractions import Fraction

import bank
import nodes
import pytest
import random_formulas as peers

import tamecheck as tc
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, TamecheckError
from tamecheck.geometry.cad import branches, equation_steps, existential, inequality_steps, quantifiers, small_formulas, variable_changes
from tamecheck.geometry.cad import virtual_substitution as vs
from tamecheck.geometry.cad.sign_conditions import FALSE, FLIP, NONNEGATIVE, NONZERO, POSITIVE, TRUE, ZERO, conjunction
from tamecheck.ground import statements
from tamecheck.ground.polynomials import Ring

MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))


def attempted(text: str):
    """Return the answer to a formula and the formula it is written as."""
    given = statements.read(text)
    answer = small_formulas.attempt(given)
    return answer, None if answer is None else small_formulas.written(answer, given.free)


def formula(seed: int) -> str:
    """Return a random formula with zero to two parameters, half of them with planted degeneracies."""
    r = random.Random(f"small {seed}")
    prefix, body = peers.statement(seed)
    free = r.choice((0, 1, 1)) if len(prefix) < 3 else r.choice((0, 1, 2))
    return peers.text(prefix[free:], body)


def compare(seeds: range, seconds: float = 10) -> dict[str, int]:
    """Compare answers with decompositions; what is left over counts as an answer, too, with its quantifiers."""
    counts = {"equal": 0, "left": 0, "refused": 0, "slow": 0}
    for seed in seeds:
        text = formula(seed)
        answer, found = attempted(text)
        if answer is None:
            counts["refused"] += 1
            continue
        counts["left"] += bool(answer.prefix)
        differ = f"not (({found.text()}) iff ({text}))"
        free = statements.read(text).free
        try:
            verdict = tc.decide(f"exists {', '.join(free)}: {differ}" if free else differ, projection="brown", budget=Budget(seconds=seconds)).verdict
        except BudgetExceeded:
            counts["slow"] += 1
            continue
        assert verdict == "false", f"seed {seed}: {text} is not {found.text()}"
        counts["equal"] += 1
    return counts


def test_answers_are_those_of_decompositions():
    """On random formulas; few are left over or refused."""
    counts = compare(range(90 * MULTIPLIER), 4)
    assert counts["equal"] > 80 * MULTIPLIER and counts["left"] < 10 * MULTIPLIER and counts["refused"] < 3 * MULTIPLIER


@pytest.mark.slow
def test_answers_are_those_of_decompositions_for_long():
    """On 3,000 random formulas."""
    counts = compare(range(1_000, 4_000))
    assert counts["equal"] > 2_800


def test_sentences_are_decided_as_by_z3():
    """With two and three variables; what is given up goes to the decomposition."""
    decided = 0
    for seed in range(30_000, 30_000 + 100 * MULTIPLIER):
        given = statements.read(peers.text(*peers.statement(seed)))
        found = quantifiers.by_substitution(given, None)
        if found is not None:
            decided += 1
            assert peers.z3_verdict(given.smtlib(), 300) in (found.verdict, "unknown"), given.text()
    assert decided > 90 * MULTIPLIER


@pytest.mark.slow
def test_sentences_are_decided_as_by_z3_for_long():
    """Three thousand."""
    for seed in range(40_000, 43_000):
        given = statements.read(peers.text(*peers.statement(seed)))
        found = quantifiers.by_substitution(given, None)
        assert found is None or peers.z3_verdict(given.smtlib(), 1_000) in (found.verdict, "unknown"), given.text()


# ------------------------------------------------------------------------------------------------------------- every step is needed

SENTENCES = [
    "exists x: a*x == 1 and x > 2", "exists x: a*x == b", "exists x: a*x^2+b*x+1 == 0", "exists x: a*x^2+b*x+c == 0 and x > 0",
    "exists x: x^2 == a and x < b", "exists x, y: x*y == a and x^2+y^2 == b", "exists x: x^2 == a", "exists x: x^2 == a and x > b",
    "exists x: x^2+a*x == 0 and x != 0", "exists x: x^2+a*x+1 == 0 and a*x == b", "exists x: (x-a)*(x-b) == 0 and x > 1",
    "exists x, y: x^2*y == a and x > 0", "exists x: x > a and x < b", "exists x: x >= a and x <= b and x != 0",
    "exists x: x^2+a*x+b < 0 and x > 0", "exists x: a*x > 1 and x < 1", "exists x: a*x^2+b*x+1 <= 0 and x > 0", "exists x: x > a and x^2 < b",
    "forall x: x^4+a*x^2+b*x+1 >= 0", "exists x: x^4+a*x+b == 0", "exists x, y: x*y > a and x+y == 1 and x > 0", "forall x: x > a implies x^2 > b",
    "exists x: x^3+a*x == 0 and x > b", "exists x, y: x^2+y^2 == a*x*y and x > 0", "exists x: x^2 == a and x^3 == b",
    "exists x, y: x^2-a*y^2 < 0 and x*y > 0", "exists x: x^3 == a and x^2 == b", "exists x: x^2 >= a and x^2 <= b and x*a > 1",
    "exists x: a*x^2+x+b == 0 and x > 1", "forall x, y: x^2+y^2 == 1 implies a*x+b*y <= 1", "exists x: x == a and x^2 == b",
    "exists x: a*x <= 0 and x > 0 and b*x >= 1", "exists x: x > 0 and x < 1 and a*x > b", "forall x: x^4+a*x^2+b*x+c >= 0",
    "exists x: a*x^2+b == 0 and x^3 > 2", "exists x, y: x^2 == a and y^2 == b and x > 0 and y > 1",
    "exists x, y: x > a and x < 1 and a*y^2+y == b and y > 0", "exists x, y: x == y+a and y == 2*x-b and x > y",
    "exists x, y: a == 1 and a*x+y > b and x*y == a and x > 0",
    "exists x, y: x^3+x*y^2+y^3 < 0 and x^3-3*x*y^2+y^3 > 0",
]  # fmt: skip


def generic_only(branch, f, k):
    """Forget that a leading coefficient may vanish."""
    generic = branch.copy()
    return [generic] if generic.assume(branch.table.atom(f.coefficients(k)[-1], NONZERO)) else []


def positive_denominator(self, table, c, d, side):
    """Take every denominator for positive."""
    self.__dict__.update(table=table, c=c, d=d, side=1)


def without_second_case(table, a, b, w, norm, mask):
    """Forget that the root may outweigh the rest."""
    if mask & POSITIVE:
        a, mask = -a, FLIP[mask]
    return conjunction([table.atom(a, mask), table.atom(norm, FLIP[mask])])


def wrong_order(values, mask):
    """Compare the last derivative first."""
    return ORIGINAL["first_sign"](list(reversed(values)), mask)


ORIGINAL = {"first_sign": vs.first_sign}
MUTANTS = {
    "leading coefficients vanish": lambda m: m.setattr(equation_steps, "by_coefficient", generic_only),
    "the sign of a denominator": lambda m: m.setattr(vs.LinearPlace, "__init__", positive_denominator),
    "sqrt sign conditions": lambda m: m.setattr(vs, "root_sign", without_second_case),
    "the order of derivatives": lambda m: m.setattr(vs, "first_sign", wrong_order),
    "epsilon": lambda m: m.setattr(vs, "beyond", lambda place, g, mask: place.at(g)(mask)),
    "minus infinity": lambda m: m.setattr(vs, "at_minus_infinity", lambda table, g, mask: FALSE),
    "ends of quadratic conditions": lambda m: m.setattr(vs, "_quadratic_ends", lambda *_: []),
    "discriminants": lambda m: [m.setattr(x, "discriminant", lambda g: g[1] * 0 + 1) for x in (vs, equation_steps)],
    "y >= 0 after y = x^2": lambda m: m.setattr(branches.Branch, "restrict", lenient(branches.Branch.restrict)),
    "both roots": lambda m: m.setattr(equation_steps, "RootPlace", lambda table, c, v, side: vs.RootPlace(table, c, 1, side)),
    "bounds of Fourier and Motzkin": lambda m: m.setattr(vs, "pairs", lambda branch, conditions, k: []),
    "an infinitesimal for nonnegative polynomials": lambda m: m.setattr(
        inequality_steps.root_counting, "takes_negative_values", inequality_steps.root_counting.has_root
    ),
    "the parity of a pseudo-remainder": lambda m: m.setattr(equation_steps, "remainder", forgetful(equation_steps.remainder)),
    "what components say about parameters": lambda m: m.setattr(existential, "_kept", careless(existential._kept)),
    "a parameter that is given stays given": lambda m: m.setattr(equation_steps, "substituted", unrestricted(equation_steps.substituted)),
    "negative multiples": lambda m: m.setattr(variable_changes, "ANY", POSITIVE),
}


def lenient(restrict):
    """Return a Branch.restrict that ignores what powers of variables are restricted to."""

    def changed(self, f, mask):
        return True if f.terms == 1 and mask == NONNEGATIVE else restrict(self, f, mask)

    return changed


def careless(kept):
    """Return a way to replace a component by nothing."""
    return lambda branch, members, instead: kept(branch, members, TRUE)


def unrestricted(substituted):
    """Return a substitution whose branches forget facts that are added later."""

    def changed(branch, k, equation, place):
        out = substituted(branch, k, equation, place)
        return [Forgetful(b) for b in out] if not branch.facts.keys().isdisjoint([equation]) and equation.line >= 0 else out

    return changed


class Forgetful(branches.Branch):
    """A branch that does not keep the equation of a parameter."""

    def __init__(self, other):
        super().__init__(other.table)
        for name in ("facts", "bounds", "signs", "clauses"):
            setattr(self, name, getattr(other, name))

    def restrict(self, f, mask):
        return True if f.line >= 0 and mask == ZERO else super().restrict(f, mask)


def forgetful(remainder):
    """Return a remainder that does not count its steps."""

    def changed(g, f, x, steps=None):
        found = remainder(g, f, x, None)
        if steps is not None:
            steps.append(0)
        return found

    return changed


def points(names) -> list[dict]:
    """Return the points with small coordinates, zeros among them."""
    return [dict(zip(names, values, strict=True)) for values in itertools.product((-2, -1, 0, 1, 2), repeat=len(names))]


def numbers(text: str) -> list[bool | None]:
    """Return the truth of the answer to a formula at these points, ``None`` for no answer."""
    given = statements.read(text)
    try:
        answer = small_formulas.attempt(given)
    except Exception:  # whatever a mutant does
        answer = None
    if answer is None or answer.prefix:
        return [None] * len(points(given.free))
    return [nodes.true(answer.node, [p.get(n, 0) for n in given.ring.names]) for p in points(given.free)]


@pytest.fixture(scope="module")
def right() -> dict[str, list]:
    """Return the truth of the sentences at points, by decompositions."""
    out = {}
    for text in SENTENCES:
        matrix = tc.eliminate(text, projection="brown").matrix
        names = matrix.ring.names
        out[text] = [
            matrix.evaluate({i: nodes.sign(nodes.value(q, [p[n] for n in names])) for i, q in enumerate(matrix.atoms)}.get) for p in points(names)
        ]
    return out


@pytest.mark.parametrize("text", SENTENCES)
def test_formulas_that_use_every_step(text, right):
    """Answers with parameters, and they are right at points with many zeros."""
    assert numbers(text) == right[text]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_every_guard_is_needed(mutant, monkeypatch, right):
    """Without it an answer is wrong somewhere: this is how its loss is noticed."""
    MUTANTS[mutant](monkeypatch)
    wrong = [text for text in SENTENCES if any([v is not None and v != w for v, w in zip(numbers(text), right[text], strict=True)])]
    assert wrong


# --------------------------------------------------------------------------------------------------------------------- answers

SHORT = [
    ("forall x: x^2+b*x+c >= 0", "b^2 - 4*c <= 0"), ("exists x: a*x == b", "a != 0 or b == 0"), ("exists x, y: x^2+(x*y-1)^2 == c", "c > 0"),
    ("exists x, y: x == y and x > 0 and y < c", "c > 0"), ("exists u, v: x == u*v and y == v and z == u^2", "z >= 0 and x^2 - y^2*z == 0"),
    ("exists x, y, z: x^2+y^2+z^2 < 1 and x^2+(y+z-2)^2 < 1", "True"), ("exists x: x^3+a*x+b > 0", "True"),
    ("exists x: x > 0 and y > x and x^2 == 2 and y^2 == z", "y^2 - z == 0 and y^2 - 2 > 0 and y > 0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "least"), SHORT)
def test_answers_are_short(text, least):
    """Not longer than what one would write."""
    found = tc.eliminate(text)
    assert found.method == "virtual substitution" and len(found.formula) <= len(least) + 4
    free = ", ".join(found.variables)
    differ = f"not (({found.formula}) iff ({least}))"
    assert tc.decide(f"exists {free}: {differ}" if free else differ, projection="brown").verdict == "false"


@pytest.mark.parametrize("problem", bank.ELIMINATION + bank.LITERATURE_ELIMINATION, ids=lambda p: p.name)
def test_answers_of_the_bank_are_not_longer_than_those_of_decompositions(problem):
    """Up to a quarter, or a few signs."""
    ours, cells = tc.eliminate(problem.formula), tc.eliminate(problem.formula, projection="brown")
    assert not ours.extended and len(ours.formula) <= 1.25 * len(cells.formula) + 12


def test_long_answers_are_left_to_decompositions():
    """An answer that grew is not given."""
    text = bank.ELIMINATION[4].formula
    given = statements.read(text)
    answer = small_formulas.attempt(given)
    assert answer is None or not small_formulas.short(answer, given)
    assert tc.eliminate("forall x, y: a*x^2+b*y^2 == 1 implies x^2+y^2 <= 1").formula == "(a <= 0 and b <= 0) or (a - 1 >= 0 and b - 1 >= 0)"


def test_an_answer_is_better_than_none():
    """A budget that does not suffice for cells does not lose the long answer; where it does, the shorter one is given."""
    text = "exists x: abs(x-1)+abs(x-a) <= b"
    assert sorted(tc.eliminate(text).formula.split(" and ")) == ["a + b - 1 >= 0", "a - b - 1 <= 0"]
    found = tc.eliminate(text, budget=Budget(steps=20, seconds=60))
    assert found.method in ("virtual substitution", "brown")
    disc = "forall x, y: (x-a)^2+(y-b)^2 <= r^2 and r > 0 implies x^2+y^2 <= 1"
    found = tc.eliminate(disc, budget=Budget(steps=150))
    assert found.method == "virtual substitution" and found.variables == ("a", "b", "r")
    half = Fraction(1, 2)
    for a, b, r in [(0, 0, 1), (0, 0, half), (half, 0, half), (1, 1, half / 2), (0, 1, -1), (half, 0, 1)]:
        expected = r <= 0 or (r <= 1 and a * a + b * b <= (1 - r) ** 2)
        signs = {i: nodes.sign(nodes.value(p, (a, b, r))) for i, p in enumerate(found.matrix.atoms)}
        assert found.matrix.evaluate(signs.get) is expected, (a, b, r)


def test_what_is_left_over_is_an_easier_formula():
    """Two of three variables are gone, and the rest is decomposed."""
    answer, left = attempted("exists r: exists s: exists t: (r+s+t==0 and r*s+s*t+t*r-a==0 and r*s*t-b==0)")
    assert len(answer.prefix) == 1 and left.free == ("a", "b")
    assert tc.eliminate("exists r, s, t: r+s+t==0 and r*s+s*t+t*r-a==0 and r*s*t-b==0").formula == "4*a^3 + 27*b^2 <= 0"


def test_a_budget_limits_the_attempt_only():
    """Without steps there is no attempt; the elimination by cells still begins with all of them."""
    text = "exists x, y, z: x^2+y^2+z^2 <= 1 and 100*x*y*z > 20"
    given = statements.read(text)
    assert small_formulas.attempt(given, Budget(steps=3)) is None
    assert small_formulas.attempt(given, Budget(seconds=0)) is None
    budget = Budget(steps=1000)
    assert small_formulas.attempt(given, budget) is not None and budget.spent == 0
    with pytest.raises(BudgetExceeded) as stop:
        tc.decide(text, budget=Budget(steps=3))
    assert stop.value.partial.resume().verdict == "false"


def test_allowances_end_attempts(monkeypatch):
    """And then cells are built."""
    monkeypatch.setattr(small_formulas, "ALLOWANCE", 2)
    assert attempted("exists x, y, z: x^2+y^2+z^2 <= 1 and 100*x*y*z > 20")[0] is None
    assert tc.eliminate("exists x, y: x*y == 1 and x^2+y^2 == c and x > 1").method != "virtual substitution"


def test_large_formulas_are_not_small():
    """Nodes, atoms, terms and degrees are counted before anything is done."""
    many = " or ".join([f"x*y > {i}" for i in range(60)])
    assert attempted(f"exists x: {many}")[0] is None
    assert attempted("exists x: x^40+y*x+1 < 0")[0] is None
    assert existential.DEPTH > 2


# -------------------------------------------------------------------------------------------------------------------- witnesses

WITNESSES = [
    "exists x, y: x^2+y^2 < 1 and x > y and y > 1/4", "exists x: x^2 == 2 and x < 0", "exists x, y, z: x*y*z == 1 and x > 2 and y < 0",
    "forall x, y: x^2+y^2 > 2*x*y", "exists x: x^4 == 16 and x < 0", "exists x, y: x^2*y == 3 and x == 3", "exists x: forall y: y^2 > x",
    "forall x: exists y: x*y == 1", "exists x, y, z: x^2+y^2+z^2 <= 1 and 100*x*y*z > 19", "exists x, y: (x-1)*(y-2) == 0 and x > 5",
    "exists x: 2*x == 3", "exists x, y: x^2+3*x*y+y^2 < 0", "exists x, y: y > 10", "exists x, y: x^3 == y^3+1 and x > 7", "forall x: x^3 != 2",
]  # fmt: skip


@pytest.mark.parametrize("text", WITNESSES)
def test_witnesses_make_the_matrix_true(text):
    """All variables of the first block have values, and these have been put in again."""
    given = statements.read(text)
    found = quantifiers.by_substitution(given, None)
    kind = given.prefix[0][0]
    assert found is not None and found.verdict == ("true" if kind == "exists" else "false")
    block = [name for i, (k, name) in enumerate(given.prefix) if all([q == kind for q, _ in given.prefix[: i + 1]])]
    assert set(found.witness) == set(block)
    assert found.verified == (len(block) == len(given.prefix))
    fixed = " and ".join([f"{n} == {v}" for n, v in found.witness.items() if isinstance(v, Fraction)] or ["True"])
    body = text.split(": ", 1)[1]
    closed = f"exists {', '.join(block)}: {fixed} and {'not' if kind == 'forall' else ''} ({body})"
    assert tc.decide(closed, projection="brown").verdict == "true"


def test_random_witnesses_are_verified():
    """Wherever one is due."""
    due = 0
    for seed in range(50_000, 50_200):
        given = statements.read(peers.text(*peers.statement(seed)))
        found = quantifiers.by_substitution(given, None)
        if found is not None:
            expected = (found.verdict == "true") == (given.prefix[0][0] == "exists")
            due += expected
            assert bool(found.witness) == expected
    assert due > 80


def test_a_wrong_witness_is_an_error_of_the_program(monkeypatch):
    """The verification is no formality."""
    monkeypatch.setattr(quantifiers, "sign_at", lambda p, point: 7)
    with pytest.raises(TamecheckError, match="TC399"):
        tc.decide("exists x, y: x^2+y^2 < 1 and x > y")


def test_variables_keep_their_names():
    """Whatever their order in the formula."""
    found = tc.eliminate("exists q: q*z == 1 and q < w", ["w", "z"])
    assert found.variables == ("w", "z")
    ring = Ring(("w", "z"))
    assert found.matrix.ring.names == ring.names
    assert "TC150" in str(pytest.raises(TamecheckError, tc.eliminate, "exists q: sin(q) > z").value)
