"""What the renderings say of a certificate, before they say it."""

import pytest
from report_specimens import FORMULAS, formula, hostile, transformer

from tamecheck.kernel import rules as kernel_rules
from tamecheck.reports.axioms import used_axioms
from tamecheck.reports.reading import RULES, Reading, maximal, neither, words_of
from tamecheck.reports.refutations import polynomial_text, sentences, witness
from tamecheck.structures.references import REFERENCES


@pytest.mark.parametrize(
    ("name", "verdict", "sharp"),
    [("swish", "definable", True), ("sum with sine", "not-definable", False), ("unknown", "unknown", False), ("arctan", "definable", True)],
)
def test_verdict_and_sharpness_are_read_from_the_claim(name, verdict, sharp):
    """The words of the interface."""
    r = Reading(formula(name))
    assert (r.verdict, r.sharp) == (verdict, sharp)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_every_rule_used_has_words_and_every_reference_exists(name):
    """No rule goes unexplained, no citation dangles."""
    r = Reading(formula(name))
    for step in r.steps:
        assert step[0] in RULES
    for instance in r.instances:
        for step in instance["steps"]:
            assert step[0] in RULES, step[0]
    assert all(key in REFERENCES for key in r.bibliography())
    assert all(key in REFERENCES for _, _, keys in RULES.values() for key in keys)


def test_an_unknown_rule_speaks_for_itself():
    """A rendering never fails because of a rule it has no words for."""
    assert words_of("brand new")[0] == "brand new"
    assert kernel_rules is not None


def test_axioms_are_those_used():
    """GELU rests on erf and field operations, not on exp."""
    names = [a["name"] for a in used_axioms(formula("gelu"))]
    assert names[:2] == ["erf", "field operations"] or names[:2] == ["field operations", "erf"]
    assert "exp" not in names and "R_Pfaff" in names
    assert all(a["reference"] for a in used_axioms(transformer()))


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ([["1", "1"]], "t"), ([["1", "0"], ["-1/2", "2"]], "-1/2*t**2 + 1"), ([["-1", "0"], ["3", "1/2"]], "3*t**(1/2) - 1"), ([], "0"),
        ([["-1", "1"]], "-t"), ([["2", "-1"]], "2*t**(-1)"),
    ],
)  # fmt: skip
def test_polynomials_are_written_as_people_do(terms, text):
    """Signs and exponents read naturally."""
    assert polynomial_text(terms) == text


def test_excluded_structures_are_named_by_the_largest():
    """Six names become two."""
    assert maximal("R_lin R_alg R_pow R_an R_an_pow R_G") == ("R_an_pow", "R_G")
    assert neither("R_lin R_alg R_pow R_an R_an_pow R_G") == "in R_an_pow, R_G or below"
    assert neither("any") == "in any o-minimal structure"
    assert neither("R_lin") == "in R_lin"


def test_a_witness_has_rule_curve_base_and_text():
    """The keys of the interface."""
    found = witness(Reading(formula("sum with sine")))
    assert set(found) == {"rule", "curve", "base", "text"} and "2*pi" in found["text"]
    assert witness(Reading(formula("swish"))) is None


def test_sentences_survive_hostile_names():
    """Names stay one line."""
    assert all("\n" not in line for lines in sentences(Reading(hostile())) for line in lines)


def test_a_formula_is_written_out_when_short():
    """Parentheses where needed and only of use."""
    assert Reading(formula("swish")).formula(Reading(formula("swish")).target) == "x / (1 + exp(neg(x)))"
    assert Reading(transformer()).formula(Reading(transformer()).target) is None
