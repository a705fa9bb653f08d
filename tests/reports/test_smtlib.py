"""SMT-LIB text: its models are the points of the graph, checked with z3 at exact rational points."""

from fractions import Fraction

import pytest
import z3
from report_specimens import formula, hostile, transformer

import tamecheck as tc
from tamecheck import nn
from tamecheck.errors import InputError
from tamecheck.programs.evaluate import evaluate
from tamecheck.reports.smtlib import rational, to_smtlib
from tamecheck.reports.smtlib_terms import literal


def solve(text: str, values: dict[str, Fraction]):
    """Return a model of the text with some constants fixed, or ``None``."""
    solver = z3.Solver()
    solver.set("timeout", 20_000)
    solver.from_string(text)
    for name, q in values.items():
        solver.add(z3.Real(name) == z3.Q(q.numerator, q.denominator))
    answer = solver.check()
    assert answer != z3.unknown
    return solver.model() if answer == z3.sat else None


def value(model, name: str) -> Fraction:
    found = model.eval(z3.Real(name), model_completion=True)
    return Fraction(found.numerator_as_long(), found.denominator_as_long())


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("max(x, 0)", "-2", "0"), ("abs(x) - min(x, 1)", "3", "2"), ("x**3 - x/3", "1/2", "-1/24"), ("sqrt(x)", "9/4", "3/2"),
        ("sqrt(x)", "-1", None), ("1/x", "0", None), ("x**(-2)", "2", "1/4"), ("x**(-2)", "0", None), ("x**(3/2)", "4", "8"),
        ("x**(3/2)", "-4", None), ("x**(-1/2)", "0", None), ("floor(x)", "-3/2", "-2"), ("ceil(x)", "-3/2", "-1"), ("round(x)", "5/2", "2"),
        ("round(x)", "7/2", "4"), ("round(x)", "-5/2", "-2"), ("round(x)", "-13/5", "-3"), ("sign(x)", "-7", "-1"),
        ("where(x > 1, x, 2*x)", "1", "2"), ("where(x >= 1, x, 2*x)", "1", "1"), ("piecewise((x**2, x < 0), (x, x < 2), 5)", "2", "5"),
        ("clip(x, -1, 1)", "9", "1"), ("0*x + 1/(x - 1)", "1", None), ("where(x > 0, 1/x, 0)", "0", None),
    ],
)  # fmt: skip
def test_scalar_graphs_have_exactly_their_points(text, x, expected):
    """At a rational point the solver finds the value, or nothing where the function is undefined."""
    model = solve(to_smtlib(tc.certify(text, sharpness=False).document), {"x0_0": Fraction(x)})
    assert (None if model is None else value(model, "y_0")) == (None if expected is None else Fraction(expected))


def tensors():
    """Yield small tensor programs with rational values."""
    x = nn.Input("x", (2, 3))
    yield "relu net", nn.Network(nn.relu(x) @ nn.Input("w", (3, 2)))
    yield "transposed sum", nn.Network(x.transpose(0, 1).sum(0))
    yield "maximum", nn.Network(x.max(1))
    yield "average pool", nn.Network(nn.AvgPool1d(2, 1)(nn.Input("x", (1, 1, 4))))
    yield "padded convolution", nn.Network(nn.Conv1d(1, 1, 3, padding=1)(nn.Input("x", (1, 1, 4))))


@pytest.mark.parametrize(("name", "network"), list(tensors()), ids=lambda v: v if isinstance(v, str) else "")
def test_tensor_graphs_agree_with_evaluation(name, network):
    """Entry by entry, the solver's values are those of the evaluator."""
    import numpy as np

    certificate = tc.certify(network, sharpness=False)
    program, document = certificate.proof.program, certificate.document
    numbers = np.random.default_rng(5)
    fixed, arrays = {}, {}
    for n in program.inputs():
        shape = program.shape(n)
        entries = numbers.integers(-8, 9, size=shape) / 4
        arrays[program.nodes[n][1][0]] = entries
        fixed.update({f"x{n}_{k}": Fraction(float(v)) for k, v in enumerate(np.ravel(entries))})
    model = solve(to_smtlib(document), fixed)
    expected = np.ravel(evaluate(program, [certificate.proof.node], arrays)[0])
    assert [float(value(model, f"y_{k}")) for k in range(expected.size)] == [float(v) for v in expected]


@pytest.mark.parametrize("q", ["0", "3", "-3", "1/3", "-7/2", "10000000000000000000001/3"])
def test_literals_come_back(q):
    """Print then read is the identity."""
    assert literal(rational(Fraction(q))) == Fraction(q)


def test_transcendental_functions_are_declared_and_guarded():
    """A logarithm's argument is asserted to be positive."""
    text = to_smtlib(formula("partial"))
    assert "(declare-fun log (Real) Real)" in text
    assert "(assert (> x0_0 0.0))" in text and "(assert (not (= (- x1_0 2.0) 0.0)))" in text


def test_names_stay_in_comments():
    """A hostile name is one escaped comment and never a symbol."""
    text = to_smtlib(hostile())
    assert text.isascii()
    solve(text, {})


def test_large_programs_are_refused_with_the_count():
    """No megabytes by surprise."""
    with pytest.raises(InputError, match=r"TC142 the program has \d+ scalar entries, SMT-LIB text is written up to 100"):
        to_smtlib(transformer(), maximal_entries=100)


def test_what_has_no_finite_form_is_refused_by_name():
    """Eigenvalues have no scalar term here."""
    from tamecheck.programs.program import Program

    p = Program()
    y = p.linalg("eigvalsh", p.input("x", (2, 2)))
    with pytest.raises(InputError, match="TC143 eigvalsh of 2 by 2 matrices has no finite scalar form"):
        to_smtlib(tc.certify((p, y), sharpness=False).document)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda p, x: p.order("sort", x, 0), ["-2", "1", "1", "3"]),
        (lambda p, x: p.order("argsort", x, 0), ["2", "0", "3", "1"]),
        (lambda p, x: p.order("topk", x, 0, 2, True), ["3", "1"]),
        (lambda p, x: p.order("argmax", x, 0), ["1"]),
        (lambda p, x: p.cumulate("sum", x, 0), ["1", "4", "2", "3"]),
        (lambda p, x: p.cumulate("prod", x, 0, exclusive=True), ["1", "1", "3", "-6"]),
        (lambda p, x: p.linalg("det", p.reindex(("reshape", (2, 2)), x)), ["7"]),
        (lambda p, x: p.linalg("inverse", p.reindex(("reshape", (2, 2)), x)), ["1/7", "-3/7", "2/7", "1/7"]),
        (lambda p, x: p.lookup(x, p.order("argmin", x, 0)), ["-2"]),
    ],
)
def test_orders_running_reductions_and_matrices(build, expected):
    """Ranks, running sums, determinants and inverses at x = (1, 3, -2, 1)."""
    from tamecheck.programs.program import Program

    p = Program()
    x = p.input("x", (4,))
    document = tc.certify((p, build(p, x)), sharpness=False).document
    place = next(n for n, node in enumerate(document["program"]["nodes"]) if node[0] == "input")
    fixed = {f"x{place}_{k}": Fraction(v) for k, v in enumerate((1, 3, -2, 1))}
    model = solve(to_smtlib(document), fixed)
    assert [value(model, f"y_{k}") for k in range(len(expected))] == [Fraction(v) for v in expected]
