"""A bank of functions of three variables at infinity: how many are closed, and laws that the answers obey."""

import random

import pytest

from tamecheck.budget import Budget
from tamecheck.critical_report import critical
from tamecheck.errors import BudgetExceeded

WRITTEN = [
    "x*(x*y+x*z-1)^2+y*z", "x+x^2*y+x^4*y*z", "x*(x^2*y^2*z-1)^2+z", "x^2*y^2+(y*z-1)^2", "x^2+(x*y*z-1)^2", "x^2+y^2+(x*y*z-1)^2",
    "(x*y-1)^2+(y*z-1)^2", "(x*y-1)^2+z^2*x^2", "x*y*z", "x*y+z", "x*y*z+x", "x^2*y*z+x", "x*(y*z-1)", "x^2*(y*z-1)+z", "(x*y+z-1)^2",
    "(x*y+z*y-1)^2+x^2", "(x*y*z-1)^2+(x-1)^2", "(x^2*y-1)^2+(x*z)^2", "x^3*y^2*z+x", "x^2*y+y^2*z+z^2*x", "x^4+y^4+z^4-4*x*y*z",
    "x^2*y^2+y^2*z^2+z^2*x^2", "x*y+y*z+z*x", "x^2-y^2*z", "x^2-y^2*z+y", "(x^2+y^2-z^2)^2+x", "(x+y+z)^4+x*y", "x^2*y+x+z^2*x",
    "x*(x*y-1)+z*(z*x-1)", "(x*y-1)^2+(x*z-1)^2", "(x*y-1)^2+(x*z-2)^2", "(x*(y+z)-1)^2+(x*(y-z)-2)^2", "(x*y+z-1)^2+(2*x*y+z-1)^2",
    "(x*y^2+z)^2+x^2", "x/(1+y^2+z^2)", "x*y/(1+x^2+y^2+z^2)", "x*y*z/(1+x^2+y^2+z^2)", "(x+y)/(1+z^2)", "x^2/(1+x^2+y^2)+z^2",
    "1/(1+(x*y-z)^2)", "(x*y-1)^2/(1+z^2)", "x/(1+x^2*y^2+z^2)", "(x*y*z-1)^2/(1+x^2)", "z+1/(1+x^2+y^2)", "x*y/(1+z^2)",
    "(relu(x)*z+relu(y)*z-1)^2", "(relu(x)*z-1)^2+(relu(y)*z-1)^2", "relu(x+y)-relu(z)", "abs(x*y-z)", "abs(x)+abs(y)+abs(z)", "max(x*y,z)",
    "relu(x*y)+z^2", "(z*relu(x+y)-1)^2+(z*relu(x-y)+1)^2", "(z*relu(x*y)-1)^2", "max(x,y,z)", "min(x*y,y*z)", "abs(x*y*z-1)",
    "relu(x)*relu(y)*relu(z)", "abs(x^2+y^2-z^2)", "relu(x*y-1)+relu(z)^2", "max(x^2-y,z)", "abs(x)*y+z^2", "abs(z)/(1+x^2+y^2)",
    "relu(x)/(1+y^2)+z^2", "max(x/(1+y^2),z)", "(abs(x)*z-1)^2+y^2", "relu(1-x^2-y^2)+z^2", "abs(x*y-1)+abs(z)",
]  # fmt: skip


def random_function(source):
    """Return a small random polynomial, quotient or function with pieces."""

    def monomial():
        powers = "".join([f"*{v}^{k}" for v, k in zip("xyz", [source.choice([0, 0, 1, 1, 2]) for _ in range(3)], strict=True) if k])
        return f"{source.choice([-2, -1, 1, 1, 2, 3])}{powers}"

    def polynomial(k):
        return "(" + "+".join([monomial() for _ in range(k)]) + f"+{source.randint(-1, 1)})"

    def line():
        return "(" + "+".join([f"{source.choice([-1, 0, 1, 1, 2])}*{v}" for v in "xyz"]) + f"+{source.randint(-1, 1)})"

    k = source.randint(0, 9)
    if k < 3:
        text = polynomial(source.randint(2, 3))
    elif k == 3:
        text = f"{polynomial(2)}^2+{line()}^2"
    elif k == 4:
        text = f"{source.choice('xyz')}*{polynomial(2)}^2+{monomial()}"
    elif k == 5:
        text = f"{polynomial(2)}/(1+{source.choice('xyz')}^2+{line()}^2)"
    elif k == 6:
        text = f"(relu{line()}*{source.choice('xyz')}-1)^2+{line()}^2"
    elif k == 7:
        text = f"relu{line()}*{line()}+{monomial()}"
    else:
        text = f"abs{polynomial(1)}+{monomial()}" if k == 8 else f"max({polynomial(1)},{line()})"
    return text.replace("+-", "-")


def answer(formula, seconds=120):
    """Return the report, ``None`` if the budget ended."""
    try:
        return critical(formula, ["x", "y", "z"], budget=Budget(seconds=seconds))
    except BudgetExceeded:
        return None


def open_ones(formulas):
    """Return the functions that are not closed, with what is open."""
    out = []
    for f in formulas:
        report = answer(f)
        if report is None or not report.complete:
            out.append((f, None if report is None else report.open))
    return out


@pytest.mark.slow
def test_functions_written_down():
    """All of them are closed; two may fail on a machine that starves the searches."""
    assert len(open_ones(WRITTEN)) <= 2


@pytest.mark.slow
def test_random_functions():
    """Of sixty random functions two were open when this was written; what is open is named."""
    found = open_ones([random_function(random.Random(seed)) for seed in range(60)])
    assert len(found) <= 6 and all([texts is None or texts for _, texts in found])


MOVES = [{"x": "(x+y)", "y": "y", "z": "(z-x)"}, {"x": "z", "y": "(x+1)", "z": "(y-2)"}]


def moved(formula, move):
    """Return a formula in other coordinates."""
    marked = formula.replace("max", "M_")
    for name in "xyz":
        marked = marked.replace(name, f"<{name}>")
    for name in "xyz":
        marked = marked.replace(f"<{name}>", move[name])
    return marked.replace("M_", "max")


def compare(formulas):
    """Return how many pairs of complete answers were compared in different coordinates; all have to agree."""
    compared = 0
    for f in formulas:
        for move in MOVES:
            a, b = answer(f, 60), answer(moved(f, move), 60)
            if a is None or b is None or not (a.complete and b.complete):
                continue
            compared += 1
            values = [{v["value"] for v in r.asymptotic if v["sense"] == "clarke"} for r in (a, b)]
            assert values[0] == values[1] and a.values("clarke") == b.values("clarke"), f
            assert (a.infimum["value"], a.infimum["attained"]) == (b.infimum["value"], b.infimum["attained"]), f
    return compared


def test_values_do_not_depend_on_coordinates():
    """Law: linear and affine changes of coordinates keep all values, on a few functions."""
    assert compare(["x*y*z", "(x*y-1)^2+z^2*x^2", "x/(1+y^2+z^2)", "abs(x*y-z)", "max(x*y,z)", "relu(x)*y+z^2"]) >= 8


@pytest.mark.slow
def test_values_do_not_depend_on_coordinates_at_length():
    """As above, on the whole bank."""
    assert compare(WRITTEN) > 90
