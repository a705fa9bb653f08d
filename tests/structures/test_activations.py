"""The atlas of activations: every entry is a formula of the language."""

import numpy as np
import pytest

from tamecheck.frontends.formula_io import load
from tamecheck.programs.evaluate import evaluate
from tamecheck.structures.atlas.activations import activations, find, unwritten


@pytest.mark.parametrize("entry", activations(), ids=[a.name for a in activations()])
def test_every_entry_is_a_formula(entry):
    """Every entry parses; with its default parameters it is a function of x, y, z; all its parameters occur."""
    with_parameters = load(entry.formula)
    assert set(entry.parameters) <= set(with_parameters.variables)
    f = load(entry.formula, constants=entry.parameters, boxes=None)
    assert set(f.variables) <= {"x", "y", "z"}
    value = evaluate(f.program, [f.outputs["f"]], dict.fromkeys(f.variables, 0.625))[0]
    assert np.isfinite(value)


def test_names_are_unique():
    """No two entries, written or not, share a name."""
    names = [a.name.casefold() for a in (*activations(), *unwritten())]
    assert len(set(names)) == len(names)


def test_what_is_missing_has_a_reason():
    """Entries without a formula say why."""
    assert all(u.reason for u in unwritten())
    assert len(activations()) >= 250


def test_find_ignores_case():
    """An entry is found by its name in any letter case."""
    assert find("gelu").name == "GELU"
    assert find("no such unit") is None


VALUES = [
    ("Binary step (Heaviside)", 0.0, 1.0), ("Sign (bipolar step)", 0.0, 0.0), ("SQNL", 3.0, 1.0), ("SQNL", -1.0, -0.75),
    ("Smooth step", -0.5, 0.0),
    ("Hat", 1.5, 0.5), ("Hardshrink", 0.5, 0.0), ("Sinc", 0.0, 1.0), ("Haar wavelet", 0.5, -1.0), ("EUAF", 2.0, 0.0), ("EUAF", -1.0, -0.5),
    ("Quantised ReLU (k levels, saturating)", 9.5, 7.0), ("B-spline (KAN edge)", 3.0, 3 / (1 + np.exp(-3.0))),
    ("Triangular wave", 3.0, 1.0),
    ("GELU", 1.0, 0.8413447460685429), ("Bump", 1.0, 0.0), ("exp(-1/x) gate", 0.0, 0.0), ("Softplus (PyTorch program)", 21.0, 21.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "point", "expected"), VALUES)
def test_values_at_kinks_and_jumps(name, point, expected):
    """Cases are read in their order, with the values meant at jumps."""
    entry = find(name)
    f = load(entry.formula, constants=entry.parameters)
    assert evaluate(f.program, [f.outputs["f"]], {"x": point})[0] == pytest.approx(expected, abs=1e-12)
