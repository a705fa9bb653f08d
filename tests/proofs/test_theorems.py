"""The theorem engine grants nothing that was not proved."""

import pytest

import tamecheck as tc
from tamecheck.proofs.theorems import THEOREMS


def applies(formula: str) -> dict[str, str]:
    """Return the verdict per theorem."""
    return {entry["id"]: entry["applies"] for entry in tc.certify(formula).to_json_report()["theorems"]}


@pytest.mark.parametrize(
    ("formula", "theorem", "verdict"),
    [
        ("relu(x)", "sgd-ddkl-2020", "under-assumptions"),
        ("relu(x)", "kl-bdls-2007", "yes"),
        ("relu(x)", "lojasiewicz-power", "yes"),
        ("tanh(x)", "lojasiewicz-power", "no"),
        ("tanh(x)", "sad-dichotomy-2025", "yes"),
        ("relu(x)", "sad-dichotomy-2025", "unknown"),
        ("sin(x)", "kl-bdls-2007", "no"),
        ("sign(x)", "sgd-ddkl-2020", "no"),
        ("sqrt(x)", "sgd-ddkl-2020", "unknown"),
        ("tanh(x)", "sgd-bp-2021", "under-assumptions"),
        ("relu(x)-max(x,3)", "sgd-bp-2021", "under-assumptions"),
        ("sqrt(x^2)", "sgd-bp-2021", "unknown"),
        ("x^2", "sard-generalized-dacunto-2000", "yes"),
    ],
)
def test_a_theorem_applies_only_when_its_hypotheses_are_proved(formula, theorem, verdict):
    """Proved, refuted and open hypotheses lead to yes, no and unknown (A-77)."""
    assert applies(formula)[theorem] == verdict


def test_every_theorem_has_a_reference_and_a_statement():
    """A record without its source would be an opinion."""
    assert len({t.id for t in THEOREMS}) == len(THEOREMS) >= 18
    assert all(t.reference and t.statement and t.hypotheses for t in THEOREMS)
