"""Rule books hold what was probed, and nothing else."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tamecheck.autodiff import rulebooks
from tamecheck.errors import InputError

ROOT = Path(__file__).resolve().parent.parent.parent
HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("framework", "operator", "point", "expected"),
    [
        ("torch", "relu", 0, (0,)),
        ("jax", "relu", 0, (0,)),
        ("tensorflow", "relu", 0, (0,)),
        ("torch", "abs", 0, (0,)),
        ("jax", "abs", 0, (1,)),
        ("tensorflow", "abs", 0, (0,)),
        ("torch", "max", (1, 1), (HALF, HALF)),
        ("jax", "max", (1, 1), (HALF, HALF)),
        ("tensorflow", "max", (1, 1), (1, 0)),
        ("torch", "hardswish", 3, (1,)),
        ("jax", "hardswish", -3, (0,)),
        ("torch", "relu6", 6, (0,)),
        ("torch", "clamp", (-1, -1, 1), (1, 0, 0)),
        ("jax", "clamp", (-1, -1, 1), (HALF, HALF, 0)),
        ("torch", "fmax", (1, 1), (1, 0)),
        ("jax", "fmax", (1, 1), (0, 1)),
        ("torch", "sqrt", 0, ("inf",)),
        ("torch", "hypot", (0, 0), ("nan", "nan")),
        ("jax", "hypot", (0, 0), (HALF, HALF)),
    ],
)
def test_values_at_kinks(framework, operator, point, expected):
    """The values of the three frameworks at kinks, as published elsewhere from other runs."""
    assert rulebooks.load(framework).value(operator, point) == expected


def test_what_was_not_probed_is_unknown():
    """An operator or a point without a row has no value, not a plausible one."""
    book = rulebooks.load("torch")
    assert book.value("relu", 1) is None
    assert book.value("glu", 0) is None
    assert book.value("leaky_relu", 0, {"slope": Fraction(3, 10)}) is None
    assert book.side("leaky_relu", "x0 == 0") == "left"
    assert rulebooks.load("jax").side("leaky_relu", "x0 == 0") == "right"


def test_forward_and_reverse_mode_are_two_books():
    """prelu returns its slope in reverse mode and 1 in forward mode."""
    point = (0, Fraction(1, 4))
    assert rulebooks.load("torch").value("prelu", point) == (Fraction(1, 4), 0)
    assert rulebooks.load("torch", "forward").value("prelu", point) == (1, 0)


def test_bad_names_are_errors():
    """An unknown framework or mode is an input error with what would work."""
    with pytest.raises(InputError, match="no rule book for 'theano'"):
        rulebooks.load("theano")
    with pytest.raises(InputError, match="no mode 'sideways'"):
        rulebooks.load("torch", "sideways")


@pytest.mark.parametrize("framework", rulebooks.NAMES)
def test_books_are_complete_documents(framework):
    """Every row has an operator, a point, a call, and a value or a reason in each mode."""
    data = json.loads((Path(rulebooks.__file__).with_name(f"{framework}.json")).read_text(encoding="utf-8"))
    assert data["framework"] == framework and data["dtype"] == "float64" and data["version"]
    for row in [*data["scalar"], *data["several"], *data["tensors"]]:
        for mode in rulebooks.MODES:
            assert row[mode] is not None or row[f"{mode}_refusal"]


@pytest.mark.slow
def test_the_installed_torch_agrees():
    """Probing the installed framework again finds no difference from the stored book."""
    pytest.importorskip("torch")
    run = subprocess.run([sys.executable, str(ROOT / "benchmarks" / "rulebooks.py"), "torch"], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
