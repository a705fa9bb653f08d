"""Lowering to pieces: exact agreement with the program, the facts about small nets, refusals and budgets."""

import itertools
import random
import time
from fractions import Fraction

import pytest

import tamecheck as tc
from tamecheck import nn
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError, Refusal
from tamecheck.frontends.formula_io import load
from tamecheck.networks import lower
from tamecheck.programs.lowering import exact, pieces
from tamecheck.programs.lowering.conditions import NEGATIVE, NULL, POSITIVE, Domain, evaluate, sign_mask
from tamecheck.programs.lowering.scalars import scalarise

SEED = 20
FORMULAS = [
    "relu(u)+relu(v)", "(relu(u)+relu(v)-1)^2+(relu(-u)+relu(-v)-2)^2", "max(u^2+v^2-1, 2*u)", "abs(abs(u)-abs(v))", "sign(u)*abs(v)",
    "where(u > v, u*v, v-u)", "hardswish(u-v)", "leaky_relu(u+v)*relu6(v)", "min(max(u, v), 1/2)", "(u > 0)*v + (u <= v)",
    "relu(relu(u)-relu(v)-1)", "u/(1+abs(v))", "where(u == v, 7, u/(u-v))", "where(u > 0 and not v > 0, 1, where(u > 0 or v > 0, 2, 3))",
    "hardtanh(3*u)*hardsigmoid(v)", "max(u, v, u*v, u)",
    "min(u-v, max(u, v, 2*v, 1/(1+u^2)), v)", "max(u, v, u+v, 1)", "sqrt(u^2*v^4)", "abs(u)^3 - relu(v)^2", "softshrink(u)+hardshrink(v)",
]  # fmt: skip


def points(rng, count, size):
    """Return rational points, many of them on kinks."""
    values = [Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-3), Fraction(7, 3), Fraction(-1, 5)]
    return [tuple(rng.choice(values) for _ in range(count)) for _ in range(size)]


@pytest.mark.parametrize("ties", ["merge", "split"])
@pytest.mark.parametrize("text", FORMULAS)
def test_pieces_agree_with_the_program_everywhere_tried(text, ties):
    """At every rational point exactly one piece holds, and its value is the program's, exactly."""
    source = load(text, variables=("u", "v"))
    f = pieces.lower(source.program, source.outputs, ties=ties)
    tape = scalarise(source.program, source.outputs, {})
    for q in points(random.Random(SEED), 2, 40):
        assert sum(piece.holds(q) for piece in f) == 1
        assert f(*q) == exact.evaluate(tape, q)["f"][0]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_lowered_formula_is_read_again_as_the_same_function(text):
    """The text of the pieces is a formula of the language with the same values."""
    source = load(text, variables=("u", "v"))
    f = pieces.lower(source.program, source.outputs)
    again = load(f.to_formula(), variables=("u", "v"))
    tape = scalarise(again.program, again.outputs, {})
    for q in points(random.Random(SEED), 2, 20):
        assert f(*q) == exact.evaluate(tape, q)["f"][0]


@pytest.mark.parametrize("text", FORMULAS)
def test_simplified_functions_are_the_same(text):
    """Dropping conditions and joining pieces changes neither values nor the partition into disjoint pieces."""
    source = load(text, variables=("u", "v"))
    for ties in ("merge", "split"):
        f = pieces.lower(source.program, source.outputs, ties=ties)
        g = f.simplified()
        assert len(g) <= len(f)
        assert sum(len(p.conditions) for p in g) <= sum(len(p.conditions) for p in f)
        for q in points(random.Random(SEED), 2, 25):
            assert sum(piece.holds(q) for piece in g) == 1
            assert g(*q) == f(*q)
        assert all(p.sample is None or p.holds(p.sample) for p in g)


@pytest.mark.parametrize(("text", "texts"), [
    ("relu(-relu(x))", [[]]), ("relu(x) + relu(x - 1)", [["x-1>=0"], ["x>=0", "x-1<0"], ["x<0"]]), ("abs(x) - relu(x) - relu(-x)", [[]]),
    ("where(x == 0, 0, x)", [["x!=0"], ["x==0"]]), ("max(x, y, x+y, x-1)", None),
])  # fmt: skip
def test_descriptions_become_short(text, texts):
    """No condition that follows from the others is left, and equal neighbours are one piece."""
    f = lower(text).simplified()
    assert texts is None or sorted(map(sorted, (p.texts() for p in f))) == sorted(map(sorted, texts))
    assert texts is not None or all(len(p.conditions) == 2 for p in f)


@pytest.mark.parametrize("text", FORMULAS[:8])
def test_samples_lie_in_their_pieces(text):
    """Every sample satisfies the conditions of its piece, and pieces with a sample are not empty."""
    source = load(text, variables=("u", "v"))
    for piece in pieces.lower(source.program, source.outputs, ties="split"):
        assert piece.sample is None or (piece.nonempty and piece.holds(piece.sample))


def test_exact_evaluation_agrees_with_numpy():
    """The exact evaluator of tapes and the float evaluator of programs give the same numbers."""
    import numpy as np

    rng = random.Random(SEED)
    x = nn.Input("x", (2, 1, 4, 4))
    model = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3), nn.LeakyReLU())
    net = nn.Network({"logits": model(x), "sorted": model(x).sort(-1), "best": model(x).argmax(-1), "top": model(x).topk(2)[0]})
    values = {}
    for n in net.program.inputs():
        shape = net.program.shape(n)
        values[net.program.nodes[n][1][0]] = np.array([rng.randint(-4, 4) / 4 for _ in range(int(np.prod(shape)))]).reshape(shape)
    tape = scalarise(net.program, net.outputs, {k: [Fraction(e) for e in v.reshape(-1).tolist()] for k, v in values.items()})
    found = exact.evaluate(tape, [])
    for name, array in net.evaluate(values).items():
        assert np.allclose(np.array([float(q) for q in found[name]]), array.reshape(-1), atol=1e-12)


@pytest.mark.parametrize(("row", "ties"), list(itertools.product(itertools.product([0, 1, 2], repeat=3), [True, False])))
def test_sorting_networks_keep_the_order_of_ties(row, ties):
    """argsort, topk and argmax take the first of equal entries, as NumPy's stable sort does."""
    import numpy as np

    from tamecheck.programs.program import Program

    p = Program()
    x = p.values(row, (3,))
    nodes = {"argsort": p.order("argsort", x, 0, largest=ties), "topk": p.order("topk_index", x, 0, 2, ties)}
    nodes["argmax_last"] = p.order("argmax_last", x, 0)
    found = exact.evaluate(scalarise(p, nodes, {}), [])
    order = np.argsort(-np.array(row) if ties else np.array(row), kind="stable")
    assert [int(q) for q in found["argsort"]] == order.tolist()
    assert [int(q) for q in found["topk"]] == order[:2].tolist()
    assert int(found["argmax_last"][0]) == max(k for k in range(3) if row[k] == max(row))


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_the_parameter_plane_of_a_neuron_has_4n_plus_1_strata(count):
    """relu(w*x_i + b) for n different data x_i: n lines through the origin, 2n rays, 2n sectors, one point."""
    data = " + ".join(f"relu({k}*w+b)" for k in range(count))
    f = lower(data, ties="split")
    assert len(f) == 4 * count + 1
    assert all(piece.nonempty for piece in f)
    dimensions = [2 - sum(mask == NULL for _, mask in piece.conditions) for piece in f]
    assert (dimensions.count(2), dimensions.count(1)) == (2 * count, 2 * count)


def test_three_units_cut_the_plane_into_seven_regions():
    """G189: three lines in general position make 7 regions; with ties 9 edges and 3 vertices more."""
    assert len(lower("relu(u)+relu(v)+relu(u+v-1)")) == 7
    assert len(lower("relu(u)+relu(v)+relu(u+v-1)", ties="split")) == 7 + 9 + 3


def test_two_parallel_lines():
    """G190: four lines, two of them parallel, make 10 regions."""
    assert len(lower("relu(u)+relu(v)+relu(u+v-1)+relu(u+v+2)")) == 10


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_iterated_tents(k):
    """G191: on [0, 1] the k-th iterate of the tent has 2^k pieces of slope 2^k or -2^k, and 2^k fixed points."""
    text, inner = "", "x"
    for i in range(k):
        text += f"let y{i} = relu(2*{inner})-relu(4*{inner}-2); "
        inner = f"y{i}"
    f = lower(text + inner, box=(Fraction(0), Fraction(1), True, True))
    assert {abs(p.value[0].derivative(0).leading_coefficient() / p.value[1].leading_coefficient()) for p in f} == {2**k}
    linear = [p for p in f if p.sample is not None]
    assert len(linear) == 2**k
    fixed = tc.decide(f"exists x: ({f.to_graph('x')}) and 0 <= x and x <= 1").verdict
    assert fixed == "true"
    count = tc.cells([*f.surfaces, *[f"{p.expressions()['f']} - x" for p in f]], ["x"])
    zeros = [Fraction(str(c.sample[0])) for c in count.cells if c.dimension == 0 and 0 <= c.sample[0] <= 1]
    assert len([x for x in zeros if f(x) == x]) == 2**k


@pytest.mark.parametrize(("text", "signs"), [
    ("(relu(u)+relu(v)-1)^2+(relu(-u)+relu(-v)-2)^2", 9), ("(relu(u)+relu(v)-1)^2", 9), ("(v*relu(w)-1)^2+(v*relu(-w)+1)^2", 3),
    ("max(x^2+y^2-1,2*x)", 3), ("(leaky_relu(w+b)-1)^2+(leaky_relu(b-w)-1)^2", 9), ("(a*w^2-1)^2+(4*a*w^2-2)^2", 1),
])  # fmt: skip
def test_the_sign_vectors_of_the_nets_in_the_facts(text, signs):
    """G152 to G159: one piece per sign vector of the breakpoint functions."""
    assert len(lower(text, ties="split")) == signs


@pytest.mark.parametrize("operation", ["max", "min"])
def test_the_extreme_of_k_entries_has_k_pieces(operation):
    """A maximum over nine entries has nine pieces, not 2^8, and the pattern names the entry."""
    f = lower(nn.Network(getattr(nn.Input("x", (3, 3)), operation)()))
    assert len(f) == 9
    point = [Fraction(k * (-1) ** k % 7) for k in range(9)]
    best = point.index(max(point) if operation == "max" else min(point))
    assert list(f.locate(point).pattern().values()) == [f"entry {best}"]
    for q in points(random.Random(SEED), 9, 60):
        assert f(*q) == (max(q) if operation == "max" else min(q))
        assert sum(piece.holds(q) for piece in f) == 1
    assert len(lower(f"{operation}(x, 2*x, 3*x, y)")) == 3
    assert len(lower(f"{operation}(x, x, y)")) == 2
    assert len(lower(nn.Network(nn.MaxPool2d(2)(nn.Input("x", (1, 1, 2, 4))).sum()))) == 16


def test_activation_patterns_come_in_the_users_names():
    """A piece says which unit of which layer is on, as the module is called."""
    x = nn.Input("x", (1, 2))
    net = nn.Network(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))(x))
    f = lower(net, "inputs", {"0.weight": [[1, 0], [0, 1], [1, 1]], "0.bias": [0, 0, -1], "2.weight": [[1, 1, -1]], "2.bias": 0})
    assert f.locate([2, 2]).pattern() == {"1 (ReLU)[0,0]": "on", "1 (ReLU)[0,1]": "on", "1 (ReLU)[0,2]": "on"}
    assert [str(c) for c in f.coordinates] == ["x[0,0]", "x[0,1]"]


def test_kinks_inside_a_layer_are_named_after_it():
    """A leaky unit is a relu and a min; both say before which named value they stand."""
    net = nn.Network(nn.Sequential(nn.Linear(1, 1), nn.LeakyReLU())(nn.Input("x", (1, 1))))
    names = [k.name for k in lower(net, "inputs", {"0.weight": 1, "0.bias": 0}).kinks()]
    assert [n.split(" at node ")[0] for n in names] == ["relu", "min"]
    assert all("(before 1 (LeakyReLU))[0,0]" in n for n in names)


def test_parameters_vary_over_fixed_data():
    """The loss of a 1-2-1 net on two data is a piecewise polynomial of its weights."""
    x, y = nn.Input("x", (2, 1)), nn.Input("y", (2, 1))
    model = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU())
    loss = nn.Loss(((model(x).sum(1, keepdim=True) - y) ** 2).sum())
    f = lower(loss, "parameters", {"x": [[1], [-1]], "y": [[1], [2]]})
    assert len(f) == 4
    assert f(0, 0) == 5
    assert f.kind == "polynomial"


@pytest.mark.parametrize("seed", range(4))
def test_small_linear_algebra_is_written_out(seed):
    """Determinants, inverses, solutions, Cholesky factors and 2 x 2 eigenvalues agree with NumPy; larger ones are refused."""
    import numpy as np

    from tamecheck.programs.program import Program

    rng = random.Random(seed)
    a = [[Fraction(rng.randint(-4, 4)) for _ in range(3)] for _ in range(3)]
    s = [[sum(x * y for x, y in zip(r, t, strict=True)) + 9 * (i == j) for j, t in enumerate(a)] for i, r in enumerate(a)]
    p = Program()
    m, b = p.values([x for r in s for x in r], (3, 3)), p.values([1, 2, 3], (3, 1))
    small = p.values([4, 3, 3, -4], (2, 2))
    nodes = {"det": p.linalg("det", m), "inverse": p.linalg("inverse", m), "solve": p.linalg("solve", m, b)}
    nodes["eig"] = p.linalg("eigvalsh", small)
    found = exact.evaluate(scalarise(p, nodes, {}), [])
    array = np.array([[float(x) for x in r] for r in s])
    assert np.isclose(float(found["det"][0]), np.linalg.det(array))
    assert np.allclose([float(x) for x in found["inverse"]], np.linalg.inv(array).reshape(-1))
    assert np.allclose([float(x) for x in found["solve"]], np.linalg.solve(array, np.array([1.0, 2, 3])))
    assert found["eig"] == [-5, 5]
    f = pieces.lower(p, {"c": p.linalg("cholesky", p.values([4, 2, 2, 2], (2, 2)))})
    assert [v for v in f()["c"]] == [2, 0, 1, 1]
    with pytest.raises(Refusal, match="TC230 det of 5 x 5"):
        scalarise(p, {"d": p.linalg("det", p.constant(1, (5, 5)))}, {})


def test_a_lowered_loss_is_stratified_and_its_critical_values_found():
    """The function by pieces goes on to strata, critical values and cells as it is."""
    f = lower("relu(u)*v + abs(v) - 1")
    assert len(tc.strata(f, ["u", "v"]).strata) == len(tc.strata(f.to_formula(), ["u", "v"]).strata) == 9
    assert tc.critical(lower("(relu(u)+relu(v)-1)^2+(relu(-u)+relu(-v)-2)^2")).values("clarke") == ["0", "1", "4", "5"]
    assert len(tc.cells(f.surfaces, f.variables)) == 9


def test_an_onnx_model_brings_its_weights(tmp_path):
    """The stored weights of a file are its exact dyadic numbers, and units are called as in the graph."""
    onnx = pytest.importorskip("onnx")
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    w, b = np.array([[1.0, 0.1], [-2.0, 0.5]], np.float32), np.array([0.25, -1.0], np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Relu", ["h"], ["hidden"]),
         helper.make_node("ReduceSum", ["hidden"], ["y"], keepdims=0)],
        "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")],
    )  # fmt: skip
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    f = lower(str(path), "inputs")
    assert len(f) == 4
    assert f(1, 0) == Fraction(5, 4)
    assert f(20, 0) == 20 + Fraction(1, 4) + 20 * Fraction(float(np.float32(0.1))) - 1
    assert set(f.locate([5, 0]).pattern()) == {"hidden[0,0]", "hidden[0,1]"}


@pytest.mark.parametrize(("text", "value"), [("sqrt(x)", "r1"), ("x^(2/3)", "r1^2"), ("1/sqrt(x)", "1/r1"), ("abs(x)^(1/2)", "r1")])
def test_roots_become_variables_with_a_definition(text, value):
    """An irrational root is a new variable with its equation and its sign; the graph formula binds it."""
    f = lower(text)
    assert f.kind == "algebraic"
    assert f[0].expressions()["f"] == value
    decided = tc.decide(f"exists x, t: x == 4 and t > 1/3 and ({f.to_graph('t')})")
    assert decided.verdict == "true"


@pytest.mark.parametrize(("text", "point", "expected"), [
    ("relu(sqrt(x) - 1)", Fraction(1, 4), "0"), ("relu(sqrt(x) - 1)", 9, "2"), ("sqrt(1 + sqrt(x))", 2, "near 1.55377"),
    ("x^(1/3) - sqrt(x)", 8, "near -0.828427"), ("where(sqrt(x) < 3/2, 1, sqrt(x)/x)", 4, "1/2"), ("cbrt(x)", -8, "-2"),
    ("sqrt(sqrt(x)-1)", 16, "near 1.73205"),
])  # fmt: skip
def test_algebraic_values_are_exact(text, point, expected):
    """Pieces with roots are told apart and evaluated in exact algebraic numbers."""
    assert str(lower(text)(point)).endswith(expected)


@pytest.mark.parametrize(("text", "count"), [
    ("floor(x)", 5), ("ceil(x)", 5), ("round(x)", 5), ("floor(x*y/2) + x", None), ("round(3*x/2)*relu(y) - ceil(-x)", None), ("floor(x^2)", 5),
])  # fmt: skip
def test_rounding_is_piecewise_constant_on_a_box(text, count):
    """On a bounded box floor, ceil and round (halves to even) have finitely many pieces; without one they are refused."""
    source = load(text, variables=("x", "y"), boxes={"x": (-2, 2), "y": (-2, 2)})
    f = pieces.lower(source.program, source.outputs)
    tape = scalarise(source.program, source.outputs, {})
    assert count is None or len(f) == count
    for q in itertools.product([Fraction(k, 4) for k in range(-8, 9)], [Fraction(-2), Fraction(0), Fraction(7, 4)]):
        assert sum(piece.holds(q) for piece in f) == 1
        assert f(*q) == exact.evaluate(tape, q)["f"][0]
    with pytest.raises(Refusal, match="try: a box"):
        lower(text)


def test_conditions_on_roots_are_shown():
    """Two pieces that differ by the sign of an expression in a root say so."""
    assert [p.texts() for p in lower("relu(sqrt(x) - 1)")] == [["x>=0", "r1-1>=0"], ["x>=0", "r1-1<0"]]


def test_too_many_roots_are_refused():
    """More than 24 different roots on one path: TC312."""
    with pytest.raises(BudgetExceeded, match="TC312"):
        lower("+".join(f"sqrt(x+{k})" for k in range(30)), box=(Fraction(0), Fraction(1), True, True))


def test_undefined_points_are_pieces_of_their_own():
    """Division by zero and roots of negative numbers are reported with the conditions where they happen."""
    f = lower("where(x > 0, x/y, sqrt(x))")
    assert sorted(reason for _, reason in f.undefined) == ["a root of a negative number", "division by zero"]
    with pytest.raises(InputError, match="TC163"):
        f(1, 0)


def test_the_branch_that_is_not_taken_restricts_nothing():
    """where(x == 0, 1, 1/x) has a value everywhere."""
    f = lower("where(x == 0, 1, 1/x)")
    assert not f.undefined
    assert (f(0), f(4)) == (1, Fraction(1, 4))


@pytest.mark.parametrize(("text", "guilty"), [("relu(x)+exp(x)", "exp"), ("floor(x)", "floor"), ("x^y", "pow"), ("where(x<0,0,erf(x))", "erf")])
def test_what_is_not_piecewise_algebraic_is_refused_by_name(text, guilty):
    """The refusal names the primitive and its node."""
    with pytest.raises(Refusal, match=rf"TC230 {guilty} at node \d+ is not piecewise algebraic"):
        lower(text)


def test_an_exponential_on_a_path_that_no_point_takes_is_harmless():
    """Only what a path needs is asked for."""
    assert len(lower("where(x^2 + 1 > 0, x, exp(x))")) == 1


def test_transcendental_functions_of_numbers_are_carried_out_where_the_value_is_rational():
    """exp(0) is 1; exp(1) is refused."""
    assert lower("x*exp(0)+log(1)")(3) == 3
    with pytest.raises(Refusal, match="TC230"):
        lower("x*exp(1)")


def test_conditions_that_contradict_each_other_leave_no_piece():
    """Linear conditions are decided exactly, nonlinear ones by decomposition."""
    assert {p.expressions()["f"] for p in lower("where(x > y and y > z and z > x, 1, 0)")} == {"0"}
    assert {p.expressions()["f"] for p in lower("where(x > y and y > z and x > z, 1, 0)")} == {"0", "1"}
    f = lower("where(x^2 + y^2 < 1 and x + y > 2, 1, 0)")
    assert "1" not in [p.expressions()["f"] for p in f]


def test_a_budget_leaves_the_pieces_found_so_far_and_goes_on():
    """Too many pieces: TC311 with the partial function, whose resume finds the rest."""
    text = "+".join(f"relu({k}*x+{k * k}*y+{k % 5})" for k in range(1, 12))
    whole = lower(text)
    with pytest.raises(BudgetExceeded, match="TC311") as stop:
        lower(text, limit=10)
    part = stop.value.partial
    assert len(part) == 10 and not part.complete and "open" in repr(part)
    assert len(part.resume()) == len(whole)
    with pytest.raises(BudgetExceeded, match="TC302") as stop:
        lower(text, budget=Budget(steps=200))
    assert not stop.value.partial.complete


@pytest.mark.parametrize(("values", "message"), [
    ({"0.weight": [[1, 0], [0, 1], [1, 1]]}, "TC165 no value is given for 0.bias"), ({"0.weigt": 1}, "TC102 a value is given for '0.weigt'"),
    ({"0.weight": [1, 2, 3]}, "TC166 '0.weight' has shape"), ({"0.weight": float("nan")}, "TC124"),
])  # fmt: skip
def test_bad_values_are_refused_with_what_to_try(values, message):
    """Missing, misspelt, misshapen and infinite values."""
    net = nn.Network(nn.Sequential(nn.Linear(2, 3), nn.ReLU())(nn.Input("x", (1, 2))))
    with pytest.raises(InputError) as error:
        lower(net, "inputs", values)
    assert str(error.value).startswith(message)


def test_too_large_a_net_is_refused_at_once():
    """A thousand by a thousand products are not written out."""
    net = nn.Network(nn.Linear(2000, 2000)(nn.Input("x", (1, 2000))))
    begin = time.monotonic()
    with pytest.raises(InputError, match="TC160"):
        lower(net, "both")
    assert time.monotonic() - begin < 2


@pytest.mark.parametrize("text", ["(x+y+z)^4000", "".join(f"let a{k} = {f'a{k - 1}' if k else 'x'}^2+1; " for k in range(40)) + "a39"])
def test_powers_that_would_explode_are_refused_before_they_are_computed(text):
    """TC306 within a second."""
    begin = time.monotonic()
    with pytest.raises(BudgetExceeded, match="TC306"):
        lower(text)
    assert time.monotonic() - begin < 3


def test_a_time_budget_holds_on_nonlinear_conditions():
    """The budget in seconds is looked at between paths, and leaves the pieces found."""
    text = "+".join(f"relu(x^{k % 4 + 2}*y-{k}*x+y^{k % 3 + 1}-1)" for k in range(8))
    begin = time.monotonic()
    with pytest.raises(BudgetExceeded, match="TC301") as stop:
        lower(text, budget=Budget(seconds=1))
    assert time.monotonic() - begin < 8
    assert not stop.value.partial.complete


def test_functions_go_out_as_json_html_and_text():
    """JSON that json can write, a table for notebooks, and a text that names what has no value."""
    import json

    f = lower("where(x > 0, 1/y, relu(x+y))")
    value = json.loads(json.dumps(f.to_json()))
    assert value["kind"] == "rational" and value["complete"] and value["variables"] == {"x": "x", "y": "y"}
    assert {p["values"]["f"] for p in value["pieces"]} == {"1/y", "x+y", "0"}
    assert value["undefined"] == [{"conditions": ["x > 0", "y == 0"], "reason": "division by zero"}]
    assert f._repr_html_().count("<tr>") == len(f) + 1
    assert "no value (division by zero): x > 0, y == 0" in str(f)


def test_every_kind_of_source_is_read():
    """Formulas, SymPy expressions, builder tensors, programs with outputs."""
    sympy = pytest.importorskip("sympy")
    from tamecheck.programs.program import Program

    x = sympy.Symbol("x")
    assert lower(sympy.Max(x, 0) + sympy.Abs(x))(-2) == 2
    assert tc.polyhedral_complex(sympy.Max(x, 2 * x)).count_by_dimension() == [1, 2]
    assert lower(nn.relu(nn.Input("x", ())))(5) == 5
    p = Program()
    assert lower((p, p.map("abs", p.input("x"))))(-3) == 3


def test_let_bindings_share():
    """The straight-line form keeps sharing and lists the kinks in order."""
    f = lower("let u = relu(x); u - u + abs(u - 1)")
    assert [k.operator for k in f.kinks()] == ["relu", "abs"]
    assert any("max" in line for line in f.tape.lets())


@pytest.mark.parametrize("seed", range(5))
def test_linear_conditions_agree_with_a_solver(seed):
    """Emptiness of systems of linear conditions, strict and unequal ones included, as z3 sees it."""
    z3 = pytest.importorskip("z3")
    from tamecheck.ground.polynomials import Ring

    rng, ring = random.Random(seed), Ring(["x", "y", "z"])
    unknowns = z3.Reals("x y z")
    for _ in range(40):
        domain, solver = Domain(ring, [], None), z3.Solver()
        domain.settle()
        for _ in range(rng.randint(1, 8)):
            a = [rng.randint(-2, 2) for _ in range(4)]
            p = sum((c * ring.variable(n) for c, n in zip(a, ring.names, strict=False)), ring.constant(a[3]))
            mask = rng.choice([NEGATIVE, NULL, POSITIVE, NEGATIVE | NULL, NULL | POSITIVE, NEGATIVE | POSITIVE])
            e = z3.Sum([c * u for c, u in zip(a, unknowns, strict=False)]) + a[3]
            solver.add(z3.Or([r for bit, r in ((1, e < 0), (2, e == 0), (4, e > 0)) if mask & bit]))
            domain.restrict(p, mask)
            if p.is_constant() and not mask & domain.signs(p):
                domain.masks["contradiction"] = 0
            if rng.random() < 0.5:
                domain.settle()
        assert domain.settle() == (solver.check() == z3.sat)
        assert domain.witness is None or all(mask & sign_mask(evaluate(p, domain.witness)) for p, mask in domain.conditions())
