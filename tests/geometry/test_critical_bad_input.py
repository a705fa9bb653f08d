"""`tamecheck critical` on wrong, hostile and degenerate input: a clear error at once, or what is known and what is open."""

import time

import pytest

from tamecheck.cli import main
from tamecheck.critical_report import critical

critical("max(x, 0)")  # everything is imported before times are measured
MANY = "+".join([f"{k}*x^{k % 7}*y^{k % 5}" for k in range(1, 201)])
REFUSED = [
    (["x^2+y", "--vars", "x"], "TC102 the variable 'y' is not listed"), (["x^2+y^2", "--vars", ""], "TC102 '' is no name of a variable"),
    (["x^2+y^2", "--vars", "x,,y"], "TC102 '' is no name of a variable"), (["x^2+y^2", "--vars", "x,y,1z"], "TC102 '1z' is no name of a variable"),
    (["x*y", "--vars", "x,y,x"], "TC102 a variable is listed twice"), (["x^100000"], "TC151 the exponent 100000 is larger than 64"),
    (["x^100000*y+x"], "TC151 the exponent 100000 is larger than 64"), (["10^1000*x^2+y^2"], "TC151 the exponent 1000 is larger than 64"),
    (["(" * 300 + "x" + ")" * 300], "TC110 formula too deep"), (["1/0*x"], "TC152 the function is defined nowhere"),
    (["where(x>0 and x<0, x, 1/(x-x))"], "TC152 the function is defined nowhere"), (["sqrt(-1-x^2)"], "TC152 the function is defined nowhere"),
    (["log(-1-x^2)"], "TC152 the function is defined nowhere"), (["x and y"], "TC101 an operand of 'and' must be a condition"),
    (["forall x: x>0"], "TC102 the formula has no variable"), ([""], "TC101 the formula is empty"), (["x^2;y"], "TC101 unexpected ';'"),
    (["nan*x"], "TC101 nan"), (["inf*x"], "TC101 inf"), (["7"], "TC102 the formula has no variable"), (["x^2+"], "TC101"), (["nosuch(x)"], "TC150"),
    (["x^2", "--box", "x=1,0"], "TC121 the interval of 'x' is empty"), (["x^2", "--box", "y=0,1"], "TC102 the box names 'y'"),
    (["exp(x)", "--box", "x=1,1"], "TC121 the interval of 'x' is empty"), (["exp(x)", "--box", "x"], "TC105 not a box"),
    (["a+b+c+d+e1+f+g"], "TC151 7 variables"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "first"), REFUSED)
def test_wrong_input_is_refused_at_once(arguments, first, capsys):
    """Exit status 3, one line on stderr that says what and where, within a second of the processor."""
    started = time.process_time()
    assert main(["critical", *arguments]) == 3
    assert time.process_time() - started < 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith(first) and len(shown.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (MANY, "a value lies in a field of degree"), ("(x+y+z+1)^30+x", "a discriminant may have"),
        ("(x^9+y^8+z^7+x*y*z-1)^3+(x*y+z)^5", "a discriminant may have"),
    ],
    ids=["200 terms", "high power", "high degree"],
)  # fmt: skip
def test_what_is_too_large_is_said_in_time(formula, message, capsys):
    """Exit status 4 with the reason, and what was known until then as a report."""
    started = time.process_time()
    assert main(["critical", formula]) == 4
    assert time.process_time() - started < 5
    shown = capsys.readouterr()
    assert message in shown.err and shown.err.startswith("TC306")


@pytest.mark.parametrize(
    ("formula", "smooth", "clarke"),
    [
        ("abs(" * 150 + "x" + ")" * 150, [], ["0"]), ("relu(" * 60 + "x-1" + ")" * 60, ["0"], ["0"]), ("+".join(["x^2"] * 3000), ["0"], ["0"]),
        ("1e400*x^2+y^2", ["0"], ["0"]), ("x^-2", [], []), ("(x^2+1)/(x^2+1)*x^2", ["0"], ["0"]), ("0*x", ["0"], ["0"]),
    ],
    ids=["nested abs", "nested relu", "3000 terms", "huge number", "pole", "cancelled", "constant"],
)  # fmt: skip
def test_degenerate_but_meaningful_input_is_answered(formula, smooth, clarke):
    """Deep nesting, many equal terms, huge numbers, poles and constants have their exact answer."""
    started = time.process_time()
    report = critical(formula)
    assert (report.values("smooth"), report.values("clarke")) == (smooth, clarke)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("formula", ["x > 0", "x^2+sqrt(y)*x", "where(x > 0, 1, 0) + y^2"])
def test_what_cannot_be_closed_is_open(formula, capsys):
    """Conditions as numbers, roots beside other variables, jumps: exit status 2 with the reason."""
    assert main(["critical", formula]) == 2
    assert "not complete; open:" in capsys.readouterr().out
