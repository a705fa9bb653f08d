"""Values of automatic differentiation at the kinks of activations that frameworks ship."""

import pytest

from tamecheck.activation_report import activation
from tamecheck.reports import activation_rules

CASES = [  # formula, framework, point, value, Clarke
    ("relu(x)", "torch", "0", "0", True), ("max(x, 0)", "jax", "0", "0", True), ("abs(x)", "torch", "0", "0", True),
    ("abs(x)", "jax", "0", "1", True),
    ("leaky_relu(x, 0.01)", "torch", "0", "1/100", True), ("leaky_relu(x, 0.01)", "jax", "0", "1", True), ("hardtanh(x)", "torch", "-1", "0", True),
    ("hardtanh(x)", "jax", "1", "1", True), ("hardswish(x)", "torch", "3", "1", True), ("relu6(x)", "tensorflow", "6", "0", True),
    ("elu(x, 2)", "torch", "0", "2", True), ("softshrink(x, 1/2)", "torch", "1/2", "0", True), ("celu(x, 2)", "tensorflow", "0", "2", False),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "framework", "point", "value", "clarke"), CASES)
def test_values_at_kinks(formula, framework, point, value, clarke):
    """A-88, A-89: as the frameworks were run; any finite value is conservative, between the one-sided derivatives it is Clarke."""
    entry = activation(formula).ad_rule[framework]
    (kink,) = [k for k in entry["kinks"] if k["point"] == point]
    assert (kink["value"], kink["clarke"]) == (value, clarke)
    assert entry["conservative"] is True and entry["clarke"] is clarke and entry["version"]


def test_parameters_that_were_not_probed():
    """All probes of torch's leaky_relu return the left derivative; so the left derivative is given, and said to be inferred."""
    (kink,) = activation("leaky_relu(x, 0.3)").ad_rule["torch"]["kinks"]
    assert kink["value"] == "3/10" and kink["side"] == "left" and "other parameters" in kink["source"]


def test_a_jump_has_no_conservative_rule():
    """Hardshrink jumps: what AD returns cannot be conservative."""
    entry = activation("hardshrink(x, 1/2)").ad_rule["torch"]
    assert entry["conservative"] is False and entry["clarke"] is False


@pytest.mark.parametrize("formula", ["tanh(x)", "max(x, 0) + x/100", "abs(x) + abs(x - 1)", "where(x > 0, x, 2*x + 1)", "1/abs(x)"])
def test_unknown_is_not_like_relu(formula):
    """A function that no framework ships, or without kinks, has no entry."""
    assert activation(formula).ad_rule is None


def test_without_rule_books():
    """The seam: no books, no answer."""
    shape = activation("relu(x)").shape
    assert activation_rules.section(shape, given=[]) is None


def test_an_undefined_value():
    """A book that says nan at the kink: not conservative, not Clarke."""

    class Book:
        framework, version, mode = "made up", "1", "reverse"

        def operators(self):
            return ["abs"]

        def at(self, operator, point, parameters):
            from types import SimpleNamespace

            return SimpleNamespace(values={"reverse": ("nan",)}, side=None, call="sqrt(x*x)")

    entry = activation_rules.section(activation("abs(x)").shape, given=[Book()])["made up"]
    assert entry["conservative"] is False and entry["clarke"] is False
    assert "not conservative" in activation_rules.lines({"made up": entry})[0]
