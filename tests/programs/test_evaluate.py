"""The evaluator computes what each node kind says, in float64."""

from fractions import Fraction

import numpy as np
import pytest

from tamecheck.errors import InputError
from tamecheck.ground.intervals import LINE
from tamecheck.programs.evaluate import evaluate
from tamecheck.programs.program import BINARY, LINALG, UNARY, Program

X = np.array([[3.0, -1.0, 2.0], [0.5, 2.0, 2.0]])
S = np.array([[4.0, 1.0], [1.0, 3.0]])
CASES = {
    "splat": (lambda p, x, s: p.constant(Fraction(1, 4), (2,)), [0.25, 0.25]),
    "values": (lambda p, x, s: p.values([1, Fraction(-1, 2)], (2,)), [1, -0.5]),
    "opaque": (lambda p, x, s: p.opaque("d", (2,), LINE, np.array([5, 6])), [5, 6]),
    "round": (lambda p, x, s: p.map("round", p.values([Fraction(1, 2), Fraction(3, 2), Fraction(-5, 2)], (3,))), [0, 2, -2]),
    "pi": (lambda p, x, s: p.map("pi"), np.pi),
    "broadcast": (lambda p, x, s: p.map("sub", x, p.values([1, 0, 2], (3,))), X - [1, 0, 2]),
    "compare": (lambda p, x, s: p.compare("ge", x, p.constant(2)), X >= 2),
    "logic": (lambda p, x, s: p.logic("not", p.map("add", x, p.constant(1))), X == -1),
    "where": (lambda p, x, s: p.where(p.compare("lt", x, p.constant(0)), p.constant(7), x), np.where(X < 0, 7, X)),
    "contract": (lambda p, x, s: p.contract("ab,cb->ac", x, x), X @ X.T),
    "trace": (lambda p, x, s: p.contract("aa->", s), 7.0),
    "three": (lambda p, x, s: p.contract("ij,jk,lk->il", s, x, x), S @ X @ X.T),
    "reduce": (lambda p, x, s: p.reduce("max", x, [1], True), X.max(1, keepdims=True)),
    "cumulate": (lambda p, x, s: p.cumulate("sum", x, 1, True, True), [[1, 2, 0], [4, 2, 0]]),
    "running max": (lambda p, x, s: p.cumulate("max", x, 1), [[3, 3, 3], [0.5, 2, 2]]),
    "reshape": (lambda p, x, s: p.reindex(("reshape", (3, 2)), x), X.reshape(3, 2)),
    "transpose": (lambda p, x, s: p.reindex(("transpose", (1, 0)), x), X.T),
    "expand": (lambda p, x, s: p.reindex(("expand", (2, 2, 3)), x), [X, X]),
    "slice": (lambda p, x, s: p.reindex(("slice", ((0, 1, 2), (2, -2, 2))), x), X[:, ::-2]),
    "gather": (lambda p, x, s: p.reindex(("gather", 1, (2, 0, 0, 1), (2, 2)), x), X[:, [[2, 0], [0, 1]]]),
    "pad": (lambda p, x, s: p.reindex(("pad", ((0, 0), (1, 2))), x, p.constant(9)), np.pad(X, ((0, 0), (1, 2)), constant_values=9)),
    "concat": (lambda p, x, s: p.reindex(("concat", 1), x, x), np.concatenate([X, X], 1)),
    "windows": (lambda p, x, s: p.reindex(("windows", (1,), (2,), (1,), (2,)), x), X[:, None, ::2]),
    "strided": (lambda p, x, s: p.reindex(("windows", (1,), (1,), (2,), (1,)), x), X[:, ::2, None]),
    "diagonal": (lambda p, x, s: p.reindex(("diagonal",), x), [3, 2]),
    "sort": (lambda p, x, s: p.order("sort", x, 1), np.sort(X, 1)),
    "topk": (lambda p, x, s: p.order("topk", x, 1, 2, True), [[3, 2], [2, 2]]),
    "topk_index": (lambda p, x, s: p.order("topk_index", x, 1, 2, True), [[0, 2], [1, 2]]),
    "argmin": (lambda p, x, s: p.order("argmin", x, 1), [[1], [0]]),
    "argmax ties first": (lambda p, x, s: p.order("argmax", x, 1), [[0], [1]]),
    "argmax_last": (lambda p, x, s: p.order("argmax_last", x, 1), [[0], [2]]),
    "lookup": (lambda p, x, s: p.lookup(x, p.values([2, Fraction(1, 2)], (2,)), 1), [[2, np.nan], [2, np.nan]]),
    "solve": (lambda p, x, s: p.linalg("solve", s, x), np.linalg.solve(S, X)),
    "det": (lambda p, x, s: p.linalg("det", s), np.linalg.det(S)),
    "logabsdet": (lambda p, x, s: p.linalg("logabsdet", s), np.log(11.0)),
    "cholesky fails": (lambda p, x, s: p.linalg("cholesky", p.map("neg", s)), np.full((2, 2), np.nan)),
}


@pytest.mark.parametrize("name", CASES)
def test_every_node_kind_has_its_value(name):
    """A node evaluates to what its kind promises, in the promised shape."""
    build, expected = CASES[name]
    p = Program()
    x, s = p.input("x", (2, 3)), p.input("s", (2, 2))
    n = build(p, x, s)
    (value,) = evaluate(p, [n], {"x": X, "s": S})
    assert value.dtype == np.float64
    assert value.shape == p.shape(n)
    np.testing.assert_allclose(value, np.asarray(expected, dtype=float), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("primitive", sorted(UNARY | BINARY))
def test_every_primitive_evaluates(primitive):
    """No scalar primitive is forgotten; inside its domain the value is finite."""
    p = Program()
    x = p.input("x")
    arguments = [x] if primitive in UNARY else [x, p.constant(Fraction(3, 2))]
    at = 2.5 if primitive == "zeta" else 0.5
    assert np.isfinite(evaluate(p, [p.map(primitive, *arguments)], {"x": at})[0])


@pytest.mark.parametrize("what", sorted(LINALG))
def test_every_linear_algebra_node_evaluates(what):
    """No linear algebra node is forgotten."""
    p = Program()
    s = p.input("s", (2, 2))
    assert np.isfinite(evaluate(p, [p.linalg(what, *([s, s] if what == "solve" else [s]))], {"s": S})[0]).all()


def test_repeat_runs_its_body():
    """A body runs its count of times on its carries, with fixed values beside them."""
    body = Program()
    a, b, k = body.input("a"), body.input("b"), body.input("k")
    outputs = [b, body.map("add", body.map("mul", k, a), b)]
    p = Program()
    x, y = p.input("x"), p.constant(1)
    number = p.body(body)
    nodes = [p.repeat(number, outputs, 5, [x, y, p.constant(1)], 2, which) for which in (0, 1)]
    assert [float(v) for v in evaluate(p, nodes, {"x": 0})] == [5, 8]
    assert float(evaluate(p, [p.repeat(number, outputs, 0, [x, y, y], 2, 0)], {"x": 4})[0]) == 4


def test_long_chains_do_not_recurse():
    """Depth is no limit."""
    p = Program()
    n, one = p.input("x"), p.constant(1)
    for _ in range(20_000):
        n = p.map("add", n, one)
    assert float(evaluate(p, [n], {"x": 0})[0]) == 20_000


@pytest.mark.parametrize(
    ("build", "values", "text"),
    [
        (lambda p: p.input("x", (2,)), {}, "no value is given for input 'x'"),
        (lambda p: p.input("x", (2,)), {"x": [1, 2, 3]}, "input 'x' has shape \\[2\\], its value has \\[3\\]"),
        (lambda p: p.opaque("digest", (2,), LINE), {}, "constant digest are not at hand"),
    ],
)
def test_missing_values_are_named(build, values, text):
    """What cannot be evaluated is said in one line."""
    p = Program()
    with pytest.raises(InputError, match=text):
        evaluate(p, [build(p)], values)


def test_implicit_nodes_are_refused():
    """A definable choice is not computed."""
    body = Program()
    t = body.input("t")
    p = Program()
    n = p.implicit("min", p.body(body), t, [], 1)
    with pytest.raises(InputError, match="implicit node"):
        evaluate(p, [n], {})
