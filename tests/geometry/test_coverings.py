"""Coverings: against decompositions on random conjunctions, points verified, every part of the reasons needed."""

import random

import pytest
import random_formulas

import tamecheck as tc
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad import coverings
from tamecheck.ground import statements
from tamecheck.ground.formulas import HOLDS
from tamecheck.ground.towers import sign_at


def conjunction(seed: int) -> str:
    """Return a random existential conjunction."""
    r = random.Random(f"covering {seed}")
    names = random_formulas.NAMES[: r.choice((2, 3, 3))]
    make = random_formulas.planted if seed % 2 else random_formulas.sparse
    atoms = []
    for _ in range(r.randint(2, 4)):
        p = make(r, names) if r.random() < 0.7 else random_formulas.sparse(r, names)
        atoms.append(f"({p} {r.choice(random_formulas.RELATIONS)} 0)")
    return f"exists {', '.join(names)}: {' and '.join(atoms)}"


def covered(text: str) -> str:
    """Return the verdict by coverings, ``nullified`` where they do not apply."""
    formula = statements.read(text)
    if formula.evaluate(lambda _: None) is not None:
        return "nullified"
    try:
        point, _ = coverings.satisfy(formula, Budget(seconds=30))
    except coverings.Nullified:
        return "nullified"
    if point is None:
        return "false"
    # a coordinate may be a root over those before it: they come in the order of the search
    ordered = formula.with_order(list(point))
    values = list(point.values())
    assert ordered.evaluate({i: sign_at(p, values) for i, p in enumerate(ordered.atoms)}.get) is True
    return "true"


def compare(seeds: range) -> dict[str, int]:
    """Count verdicts, asserting that decompositions agree."""
    counts = {"true": 0, "false": 0, "nullified": 0}
    for seed in seeds:
        text = conjunction(seed)
        verdict = covered(text)
        counts[verdict] += 1
        if verdict != "nullified":
            assert tc.decide(text, projection="brown" if seed % 3 else "lazard").verdict == verdict, text
    return counts


def test_coverings_agree_with_decompositions():
    """On random conjunctions; both verdicts occur, and few samples nullify a polynomial."""
    counts = compare(range(120))
    assert counts["true"] > 60 and counts["false"] > 8 and counts["nullified"] < 30


@pytest.mark.slow
def test_coverings_agree_with_decompositions_for_long():
    """Three thousand of them."""
    compare(range(1_000, 4_000))


UNSATISFIABLE = [
    "exists x, y: x^2+y^2 < 1 and x+y > 3/2", "exists x, y: x*y == 1 and x+y == 1", "exists x, y, z: x^2+y^2+z^2 <= 1 and 100*x*y*z > 20",
    "exists x, y: y^2 == x^3 and x < 0", "exists x, y: x^2+y^2 == 1 and (x-3)^2+y^2 == 1", "exists x, y, z: x^2+y^2+z^2 < 2*x-1",
    "exists x, y: y == x^2 and x == y^2 and x*y < 0", "exists x, y: x^2-2*y^2 == 0 and x*y == 1 and x > 0 and y < 0",
    "exists x, y, z: z == x*y and z^2 == x^2+y^2+1 and z < x and z < y and x > 0 and y > 0 and z > 0",
]  # fmt: skip


@pytest.mark.parametrize("text", UNSATISFIABLE)
def test_unsatisfiable_conjunctions(text):
    """Intervals cover the line."""
    assert covered(text) in ("false", "nullified")
    assert tc.decide(text).verdict == "false"


PARTS = {
    "discriminants": lambda monkeypatch: monkeypatch.setattr(coverings.Ring, "discriminant_parts", lambda self, p, k: []),
    "resultants": lambda monkeypatch: monkeypatch.setattr(coverings.Search, "_resultants", lambda self, bounds, q, level: set()),
    "coefficients": lambda monkeypatch: monkeypatch.setattr(coverings, "sign_at", lambda c, point: 1),
}


@pytest.mark.parametrize("part", ["discriminants", "resultants"])
def test_every_part_of_the_reasons_is_needed(monkeypatch, part):
    """Left out, a satisfiable conjunction is called unsatisfiable: this is how their loss is noticed."""
    satisfiable = [
        "exists x, y: x^2+y^2 <= 1 and x > 9/10 and y^2 < 1/5", "exists x, y: y^2 == x^3-x and x > 1/10 and y > 7",
        "exists x, y: y > x^2+3 and y < 4*x and y > 0", "exists x, y: x*y > 40 and x+y < 14 and x > 0",
        "exists x, y, z: x^2+y^2+z^2 < 4 and x+y+z > 3 and x > y", "exists x, y: x^2+y^2 < 30 and x*y > 14 and x > 3",
        "exists x, y: y^2-x^2 > 1 and y < 2*x-5 and y > 0", "exists x, y: (x-7)^2+(y-7)^2 < 1 and y > x+1/2",
        *[conjunction(seed) for seed in range(200, 260)],
    ]  # fmt: skip
    truth = [tc.decide(text, projection="brown").verdict for text in satisfiable]
    PARTS[part](monkeypatch)
    wrong = 0
    for text, expected in zip(satisfiable, truth, strict=True):
        try:
            wrong += covered(text) not in (expected, "nullified")
        except Exception:  # whatever a mutant does
            wrong += 1
    assert wrong


def test_a_polynomial_that_vanishes_identically_is_noticed():
    """No verdict rather than a wrong one; the decision falls back on a decomposition."""
    text = "exists x, y, z: x*z == y and x^2+y^2 <= 0 and z > 1 and z < 2"
    assert covered(text) in ("nullified", "true")
    assert tc.decide(text).verdict == "true"


@pytest.fixture
def no_substitution(monkeypatch):
    """Let sentences reach the coverings that virtual substitution would decide."""
    from tamecheck.geometry.cad import quantifiers

    monkeypatch.setattr(quantifiers, "by_substitution", lambda formula, budget: None)


def test_decide_uses_coverings_and_verifies(no_substitution):
    """The method is named, the point has been put in again; universal statements are refuted by a point."""
    d = tc.decide("exists x, y: x^2+y^2 == 3 and x*y == 1 and x > 1")
    assert (d.verdict, d.method, d.verified) == ("true", "coverings", True)
    assert set(d.witness) == {"x", "y"}
    d = tc.decide("forall x, y: x^2+y^2 > 1 or x*y < 1/4")
    assert d.verdict == "false" and d.verified
    assert tc.decide("exists x: forall y: y^2 >= x").method != "coverings"


def test_a_wrong_point_is_an_error_of_the_program(monkeypatch, no_substitution):
    """The verification is no formality."""
    monkeypatch.setattr(coverings.Search, "run", lambda self: [coverings_zero()] * len(self.ring.names))
    with pytest.raises(BudgetExceeded, match="TC399"):
        tc.decide("exists x, y: x+y > 1 and x*y > 2")


def coverings_zero():
    """Return zero as a coordinate."""
    from tamecheck.ground.algebraic import rational

    return rational(0)


def test_alternatives():
    """Disjunctions split; too many alternatives are left to decompositions."""
    f = statements.read("exists x, y: (x > 1 or y > 1) and (x < 0 or y < 0)")
    assert len(coverings.conjunctions(f)) == 4 and len(coverings.conjunctions(f, True)) == 2
    many = " and ".join([f"(x > {k} or y*x < {-k})" for k in range(8)])
    assert coverings.conjunctions(statements.read(f"exists x, y: {many}")) is None
    assert tc.decide(f"exists x, y: {many}").verdict == "true"
    assert HOLDS["ge"] == frozenset([0, 1])
