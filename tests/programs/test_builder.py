"""The builder by itself: arithmetic, names, numbers, messages, sharing, size; no framework needed."""

import time
from fractions import Fraction

import numpy as np
import pytest
from test_builder_harness import values_of

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs import builder as nn
from tamecheck.programs.builder import regularisers

A = np.arange(24.0).reshape(2, 3, 4) / 7 - 1
B = np.linspace(-1, 2, 12).reshape(3, 4)


def value(expression, **arrays):
    """Evaluate an expression in inputs called as the keyword arguments."""
    return values_of(expression, arrays)[0]


# ------------------------------------------------------------------------ arithmetic


EXPRESSIONS = {
    "ring": (lambda a, b: a + 2 * b - a * b + 1 - b, lambda a, b: a + 2 * b - a * b + 1 - b),
    "quotients": (lambda a, b: (a / 3 + 1 / (b * b + 1)) / (b + 5), lambda a, b: (a / 3 + 1 / (b * b + 1)) / (b + 5)),
    "powers": (
        lambda a, b: a**2 + (a * a + 1) ** 0.5 + 2**b + abs(a) ** (b + 2),
        lambda a, b: a**2 + np.sqrt(a * a + 1) + 2**b + abs(a) ** (b + 2),
    ),
    "remainder": (lambda a, b: a % 0.75 + a // 2, lambda a, b: a % 0.75 + a // 2),
    "signs": (lambda a, b: -a + +b + abs(a - b), lambda a, b: -a + b + abs(a - b)),
    "comparisons": (
        lambda a, b: (a < b) + 2 * (a <= 0) + 4 * (a > b) + 8 * (b >= 1),
        lambda a, b: (a < b) + 2.0 * (a <= 0) + 4 * (a > b) + 8 * (b >= 1),
    ),
    "equality": (lambda a, b: (a == 0) + 2 * (b != 0), lambda a, b: (a == 0) + 2.0 * (b != 0)),
    "logic": (lambda a, b: ((a > 0) & ~(b > 0)) | ((a > 0) ^ (b > 1)), lambda a, b: ((a > 0) & ~(b > 0)) | ((a > 0) ^ (b > 1))),
    "matrix": (lambda a, b: a @ b.T, lambda a, b: a @ b.T),
    "array left": (lambda a, b: B + a, lambda a, b: B + a),
    "array matrix": (lambda a, b: B.T @ b, lambda a, b: B.T @ b),
    "choice": (lambda a, b: nn.where(a > b, a, b * 2), lambda a, b: np.where(a > b, a, b * 2)),
    "clamp": (lambda a, b: a.clamp(-0.5, 1).clip(max=b), lambda a, b: np.minimum(np.clip(a, -0.5, 1), b)),
    "einsum": (lambda a, b: nn.einsum("bij, ij -> bi", a, b), lambda a, b: np.einsum("bij,ij->bi", a, b)),
    "joined": (lambda a, b: nn.cat([a[0], b, b * 2], 1), lambda a, b: np.concatenate([a[0], b, b * 2], 1)),
    "stacked": (lambda a, b: nn.stack([b, b + 1], -1), lambda a, b: np.stack([b, b + 1], -1)),
}


@pytest.mark.parametrize("case", EXPRESSIONS)
def test_operators_mean_what_python_means(case):
    """The operators are NumPy's, with broadcasting."""
    ours, theirs = EXPRESSIONS[case]
    a, b = nn.Input("a", A.shape), nn.Input("b", B.shape)
    np.testing.assert_allclose(value(ours(a, b), a=A, b=B), theirs(A, B), rtol=1e-12)


METHODS = {
    "sum": (lambda a: a.sum(1), lambda a: a.sum(1)),
    "sum all": (lambda a: a.sum(), lambda a: a.sum()),
    "mean": (lambda a: a.mean((0, 2), keepdim=True), lambda a: a.mean((0, 2), keepdims=True)),
    "extremes": (lambda a: a.max(-1) - a.min(-1), lambda a: a.max(-1) - a.min(-1)),
    "prod": (lambda a: a.prod(0), lambda a: a.prod(0)),
    "var": (lambda a: a.var(1) + a.std(1, correction=0), lambda a: a.var(1, ddof=1) + a.std(1)),
    "norm": (
        lambda a: a.norm(2, -1) + a.norm(3, -1) + a.norm("inf", -1),
        lambda a: np.linalg.norm(a, 2, -1) + (abs(a) ** 3).sum(-1) ** (1 / 3) + abs(a).max(-1),
    ),
    "running": (lambda a: a.cumsum(1) + a.cumprod(2), lambda a: a.cumsum(1) + a.cumprod(2)),
    "sorted": (lambda a: a.sort(0, descending=True), lambda a: np.sort(a, 0)[::-1]),
    "argmax": (lambda a: a.argmax(2), lambda a: a.argmax(2)),
    "topk": (lambda a: a.topk(2, 1)[0], lambda a: np.sort(a, 1)[:, ::-1][:, :2]),
    "transpose": (lambda a: a.transpose(0, 2), lambda a: a.transpose(2, 1, 0)),
    "T": (lambda a: a.T, lambda a: a.T),
    "mT": (lambda a: a.mT, lambda a: a.transpose(0, 2, 1)),
    "reshape": (lambda a: a.reshape(4, -1).view((6, 4)).flatten(), lambda a: a.reshape(-1)),
    "unflatten": (lambda a: a.unflatten(2, (2, 2)).squeeze().unsqueeze(0), lambda a: a.reshape(1, 2, 3, 2, 2)),
    "expand": (lambda a: a[:1].expand(5, -1, 4), lambda a: np.broadcast_to(a[:1], (5, 3, 4))),
    "flip": (lambda a: a.flip(1), lambda a: a[:, ::-1]),
    "index": (lambda a: a[1, ..., None, 2], lambda a: a[1, ..., None, 2]),
    "slices": (lambda a: a[:, ::-2, 1:3], lambda a: a[:, ::-2, 1:3]),
    "negative": (lambda a: a[-1, :, -2:], lambda a: a[-1, :, -2:]),
    "list": (lambda a: a[:, [2, 0, 2]], lambda a: a[:, [2, 0, 2]]),
    "matrix of indices": (lambda a: a[0, [[0, 1], [2, -1]]], lambda a: a[0, [[0, 1], [2, -1]]]),
    "truth values": (lambda a: a[:, [True, False, True]], lambda a: a[:, [True, False, True]]),
    "rows": (lambda a: nn.stack(list(a)[::-1]), lambda a: a[::-1]),
    "functions": (
        lambda a: a.exp() + (a * a + 1).log() + a.tanh() + a.sigmoid() + a.relu() + a.sin(),
        lambda a: np.exp(a) + np.log(a * a + 1) + np.tanh(a) + 1 / (1 + np.exp(-a)) + np.maximum(a, 0) + np.sin(a),
    ),
}


@pytest.mark.parametrize("case", METHODS)
def test_methods_mean_what_numpy_means(case):
    """Reductions, shapes and indices are NumPy's."""
    ours, theirs = METHODS[case]
    np.testing.assert_allclose(value(ours(nn.Input("a", A.shape)), a=A), theirs(A), rtol=1e-12, atol=1e-15)


def test_computed_index():
    """A tensor in brackets looks entries up."""
    a, k = nn.Input("a", (3, 4)), nn.Input("k", (2,))
    np.testing.assert_array_equal(value(a[:, k], a=B, k=np.array([3.0, 0])), B[:, [3, 0]])


# ------------------------------------------------------------------------- symbolic


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda x: bool(x > 0), r"no truth value.*nn\.where"),
        (lambda x: 1 if x == 0 else 2, "no truth value"),
        (lambda x: x > 0 and x, "no truth value"),
        (lambda x: 0 < x < 1, "no truth value"),
        (lambda x: 1 in x, "symbolic comparisons"),
        (float, "symbolic and has no value"),
        (lambda x: len(x[0]), "scalar tensor"),
    ],
)
def test_questions_that_have_no_answer_are_errors(act, message):
    """A tensor never becomes a truth value or a number silently."""
    with pytest.raises(TypeError, match=message):
        act(nn.Input("x", (3,)))


def test_tensors_can_be_keys():
    """Equality is symbolic, so handles are told apart by identity."""
    x, y = nn.Input("x", (3,)), nn.Input("y", (3,))
    assert {x: 1, y: 2}[y] == 2


# --------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (3, Fraction(3)), (Fraction(1, 3), Fraction(1, 3)), ("1e-5", Fraction(1, 100_000)), ("2/3", Fraction(2, 3)), (0.1, Fraction(1, 10)),
        (1e-5, Fraction(1, 100_000)), (np.float64(0.1), Fraction(1, 10)), (np.float32(0.1), Fraction(1, 10)), (np.int64(7), Fraction(7)),
        (-0.0, Fraction(0)),
    ],
)  # fmt: skip
def test_typed_numbers_are_decimals(given, expected):
    """A typed float is its shortest decimal, a text is read exactly."""
    assert nn.number(given) == expected


@pytest.mark.parametrize("given", ["abc", "", "1e999999999", "9" * 300, float("nan"), float("inf"), True, None, [1], "1/0", "0x10"])
def test_what_is_no_number_is_refused(given):
    """Words, infinities, truth values and absurd exponents are refused quickly."""
    with pytest.raises(InputError, match="TC124"):
        nn.number(given)


def test_arrays_are_dyadic():
    """The entries of an array are the numbers its bits denote, typed lists are decimals."""
    stored = nn.constant(np.array([0.1])).to_program()[0].nodes[0]
    typed = nn.constant([0.1]).to_program()[0].nodes[0]
    assert stored[1] == ("splat", "3602879701896397/36028797018963968")
    assert typed[1] == ("splat", "1/10")


def test_large_arrays_are_opaque():
    """A large constant is known by its digest and its range, and can still be evaluated."""
    table = np.sin(np.arange(9000.0)).reshape(3, 3000)
    handle = nn.constant(table)
    kind, parameters, _, shape = handle.to_program()[0].nodes[0]
    assert (kind, parameters[0], shape) == ("constant", "opaque", (3, 3000))
    np.testing.assert_array_equal(value(handle * 2), table * 2)
    with pytest.raises(InputError, match="not a finite real number"):
        nn.constant(np.full((100, 100), np.nan))


# ----------------------------------------------------------------------------- names


class Encoder(nn.Module):
    """A module written by hand."""

    def __init__(self):
        self.layers = [nn.Linear(3, 3) for _ in range(2)]
        self.heads = {"mean": nn.Linear(3, 1), "scale": nn.Linear(3, 1, bias=False)}
        self.scale = nn.Parameter(())

    def forward(self, x):
        """Two layers and two heads."""
        for layer in self.layers:
            x = nn.tanh(layer(x))
        return self.heads["mean"](x) * self.scale + nn.softplus(self.heads["scale"](x))


NAMES = [
    "scale",
    "layers.0.weight",
    "layers.0.bias",
    "layers.1.weight",
    "layers.1.bias",
    "heads.mean.weight",
    "heads.mean.bias",
    "heads.scale.weight",
]


def test_names_are_attribute_paths():
    """Parameters are named by the path of attributes, lists and dictionaries that leads to them."""
    model = Encoder()
    network = model.network(nn.Input("x", (4, 3)))
    assert sorted(network.parameters) == sorted(NAMES)
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert model.count_parameters() == network.count_parameters() == 2 * 12 + 4 + 3 + 1


def test_known_values_replace_parameters():
    """Values of a state dict become exact constants; unknown names and wrong shapes are refused."""
    model = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 1)).fix({"0.weight": np.array([[0.5, 0.1]]), "0.bias": np.array([1.0])})
    network = model.network(nn.Input("x", (2,)))
    assert list(network.parameters) == ["1.weight", "1.bias"]
    assert ("values", ("1/2", "3602879701896397/36028797018963968")) in [node[1] for node in network.program.nodes]
    with pytest.raises(InputError, match=r"no parameter '2\.weight'"):
        model.fix({"2.weight": np.zeros((1, 1))})
    with pytest.raises(ShapeError, match=r"1\.bias has shape \[1\], its value has \[2\]"):
        model.fix({"1.bias": np.zeros(2)})


def test_names_do_not_depend_on_the_order_of_calls():
    """A part called before the whole is still named by the whole."""
    model, x = Encoder(), nn.Input("x", (4, 3))
    early = model.layers[1](x)
    assert set(nn.Network(early + model(x)).parameters) == set(NAMES)
    assert set(nn.Network(model(x) + early).parameters) == set(NAMES)


def test_equal_names_of_two_modules_get_a_prefix():
    """Two modules in one program do not share names, and a given name is used."""
    x = nn.Input("x", (4, 3))
    first, second, third = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3).named("decoder")
    assert list(nn.Network(third(second(first(x)))).parameters) == [
        "weight", "bias", "linear.weight", "linear.bias", "decoder.weight", "decoder.bias",
    ]  # fmt: skip


def test_a_shared_parameter_is_one_input():
    """Weight tying is using the same object."""
    embedding, head = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
    head.weight = embedding.weight
    network = nn.Network(head(embedding([0, 4, 2])))
    assert list(network.parameters) == ["weight"]
    table = np.random.default_rng(0).standard_normal((5, 3))
    np.testing.assert_allclose(value(head(embedding([0, 4])), weight=table), table[[0, 4]] @ table.T)


def test_a_module_called_twice_is_the_same_function():
    """Siamese branches share their parameters, also when they were written apart and joined later."""
    model = nn.Sequential(nn.Linear(2, 2), "tanh")
    left, right = model(nn.Input("a", (2,))), model(nn.Input("b", (2,)))
    network = nn.Network((left - right).square().sum())
    assert list(network.parameters) == ["0.weight", "0.bias"]


def test_loose_parameters_have_unique_names():
    """Parameters outside modules are called by their names, made unique."""
    w, v = nn.Parameter("W", (2,)), nn.Parameter("W", (2,))
    assert list(nn.Network(w * v + nn.Parameter((2,))).parameters) == ["W", "W_2", "parameter"]


def test_different_data_of_one_name_is_refused():
    """One name of data is one tensor."""
    with pytest.raises(InputError, match="two different inputs are called 'x'"):
        nn.Network(nn.Input("x", (2,)) + nn.Input("x", (2,), box=(0, 1)))
    assert list(nn.Network(nn.Input("x", (2,)) + nn.Input("x", (2,))).inputs) == ["x"]


def test_the_program_holds_nothing_else():
    """What an output does not depend on is not in its program."""
    x, y = nn.Input("x", (2,)), nn.Input("y", (2,))
    both = x + y
    program, outputs = (both - both[0]).to_program()
    assert [program.nodes[n][1][0] for n in program.inputs()] == ["x", "y"]
    program, outputs = nn.relu(x).to_program("loss")
    assert len(program) == 3 and list(outputs) == ["loss"]


def test_boxes_and_roles_reach_the_program():
    """Inputs carry their box, parameters their role."""
    x = nn.Input("x", (2,), box=("-1/2", float("inf")))
    program, _ = (x * nn.Parameter("w", (2,), box=(0, None))).to_program()
    assert [program.nodes[n][1] for n in program.inputs()] == [("x", "data", "[-1/2,inf)"), ("w", "parameter", "[0,inf)")]


def test_network_says_what_it_is():
    """The representation of a network counts and names."""
    loss = nn.Loss(nn.Linear(3, 1)(nn.Input("x", (4, 3))).mean())
    assert repr(loss) == "Loss(loss: []; 2 parameter tensors, 4 numbers; inputs x: [4, 3]; 8 nodes)"
    assert loss.loss == loss.outputs["loss"] and loss.shape("weight") == (1, 3)
    assert repr(nn.Sequential(nn.Linear(2, 3), nn.GELU())) == (
        "Sequential()\n  (0): Linear(in_features=2, out_features=3, bias=True)\n  (1): GELU(approximate=none)"
    )


# -------------------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: nn.Sequential(nn.Linear(4, 8), nn.Sequential("relu", nn.Linear(9, 1)))(nn.Input("x", (2, 4))),
         r"TC120 Linear\(in_features=9, .*\) expects a last axis of extent 9, got shape \[2, 8\]; in 1\.1 \(Linear\)"),
        (lambda: nn.Conv2d(3, 4, 3)(nn.Input("x", (2, 4, 8, 8))), r"expects \(batch, 3, 2 spatial axes\), got .* in Conv2d"),
        (lambda: nn.BatchNorm1d(3)(nn.Input("x", (2, 4))), "expects 2 or 3 axes with 3 channels on axis 1"),
        (lambda: nn.LayerNorm((4, 5))(nn.Input("x", (2, 5))), r"expects last axes \[4, 5\]"),
        (lambda: nn.MultiheadAttention(6, 4), "embed_dim 6 does not split into 4 heads"),
        (lambda: nn.Loss(nn.Input("x", (3,))), r"a loss is a scalar, got shape \[3\]"),
        (lambda: nn.Input("x", (3,)) + nn.Input("y", (2,)), r"shapes \[3\] and \[2\] do not broadcast"),
        (lambda: nn.Input("x", (3,))[5], "index 5 of an axis of extent 3"),
        (lambda: nn.Input("x", (3,))[1, 2], r"2 indices for a tensor of shape \[3\]"),
        (lambda: nn.Input("x", (2, 3))[[0], [1]], "more than one list of indices"),
        (lambda: nn.activation("gelo"), "no activation is called 'gelo'"),
        (lambda: nn.GELU("exact"), "approximate is 'exact'"),
        (lambda: nn.Dropout(1.5), r"dropout rate 3/2 is not in \[0, 1\)"),
        (lambda: nn.Linear(0, 3), "in_features is 0, it must be at least 1"),
        (lambda: nn.Linear(2.5, 3), "in_features is 2.5, not an integer"),
        (lambda: nn.MultiheadAttention(4, 2)(nn.Input("x", (3, 1, 4)), attn_mask=[[True] * 3] * 3), "mask allows nothing"),
        (lambda: nn.Network({}), "a network needs tensors as outputs"),
        (lambda: nn.L2()(nn.ReLU()), "nothing to regularise"),
    ],
)  # fmt: skip
def test_messages_name_the_module_and_both_shapes(act, message):
    """A mistake is answered by where it is, what was expected and what was given."""
    with pytest.raises((ShapeError, InputError), match=message):
        act()


# ------------------------------------------------------------------ layers by formulas


def test_mlp_by_hand():
    """A network is its formula."""
    generator = np.random.default_rng(0)
    arrays = {"0.weight": (5, 3), "0.bias": (5,), "2.weight": (2, 5), "2.bias": (2,), "x": (4, 3)}
    arrays = {k: generator.standard_normal(s) for k, s in arrays.items()}
    model = nn.Sequential(nn.Linear(3, 5), "softplus", nn.Linear(5, 2))
    hidden = np.log1p(np.exp(arrays["x"] @ arrays["0.weight"].T + arrays["0.bias"]))
    expected = hidden @ arrays["2.weight"].T + arrays["2.bias"]
    np.testing.assert_allclose(value(model(nn.Input("x", (4, 3))), **arrays), expected, rtol=1e-12)


def test_attention_by_hand():
    """Masked attention is a softmax over what is allowed."""
    generator = np.random.default_rng(1)
    q, k, v = [generator.standard_normal((2, 4, 3)) for _ in range(3)]
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(3)
    weights = np.exp(scores) * np.tri(4)
    weights /= weights.sum(-1, keepdims=True)
    inputs = [nn.Input(name, (2, 4, 3)) for name in "qkv"]
    got = value(nn.scaled_dot_product_attention(*inputs, is_causal=True), q=q, k=k, v=v)
    np.testing.assert_allclose(got, weights @ v, rtol=1e-12)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_splines_are_b_splines(degree):
    """The basis of the spline layer agrees with SciPy's B-splines and adds up to one inside the grid."""
    interpolate = pytest.importorskip("scipy.interpolate", reason="scipy is not installed")
    layer, points = nn.SplineLinear(1, 1, intervals=4, degree=degree), np.linspace(-0.99, 0.99, 23)
    got = value(layer.basis(nn.Input("x", (23,))), x=points)
    knots = -1 + np.arange(-degree, 4 + degree + 1) * 0.5
    expected = np.stack([interpolate.BSpline.basis_element(knots[j : j + degree + 2], False)(points) for j in range(4 + degree)], -1)
    np.testing.assert_allclose(got, np.nan_to_num(expected), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got.sum(-1), 1, rtol=1e-9)


def test_sparsemax_is_the_projection_on_the_simplex():
    """Sparsemax satisfies the optimality conditions of the projection."""
    z = np.random.default_rng(2).standard_normal((50, 6)) * 1.5
    p = value(nn.sparsemax(nn.Input("z", z.shape)), z=z)
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-12)
    t = (z - p).max(1, keepdims=True)
    np.testing.assert_allclose(np.maximum(z - t, 0), p, atol=1e-12)


def arrays_of(network, seed=0):
    """Random arrays for every input and parameter of a network."""
    generator = np.random.default_rng(seed)
    names = [*network.parameters, *network.inputs]
    return {name: generator.standard_normal(network.shape(name)) for name in names}


def same_as_formula(tensor, formula):
    """Compare a tensor with a function of the arrays."""
    network = nn.Network(tensor)
    arrays = arrays_of(network)
    np.testing.assert_allclose(network.evaluate(arrays)["output"], formula(arrays), rtol=1e-10, atol=1e-12)


def sigmoid(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def softmax(x):
    """The softmax over the last axis."""
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def elu(x):
    """The exponential linear unit."""
    return np.where(x > 0, x, np.expm1(x))


def heads(x, w, count):
    """Project and split into heads."""
    return (x @ w.T).reshape(*x.shape[:-1], count, -1).swapaxes(-2, -3)


def rms(x, w):
    """RMS normalisation."""
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * w


def capped_attention(a):
    """Attention with normalised queries and keys and bounded scores."""
    q, k, v = [heads(a["x"], a[f"{n}_proj.weight"], 2) for n in "qkv"]
    q, k = rms(q, a["q_norm.weight"]), rms(k, a["k_norm.weight"])
    y = softmax(5 * np.tanh(q @ k.swapaxes(-1, -2) / np.sqrt(2) / 5)) @ v
    return y.swapaxes(-2, -3).reshape(a["x"].shape) @ a["o_proj.weight"].T


def linear_attention(a):
    """Attention with positive features, without a softmax."""
    q, k, v = [heads(a["x"], a[f"{n}_proj.weight"], 2) for n in "qkv"]
    q, k = elu(q) + 1, elu(k) + 1
    y = (q @ k.swapaxes(-1, -2)) @ v / ((q @ k.swapaxes(-1, -2)).sum(-1, keepdims=True) + 1e-6)
    return y.swapaxes(-2, -3).reshape(a["x"].shape) @ a["o_proj.weight"].T


def state_space(a):
    """The recurrence of the diagonal state-space layer."""
    decay, h, out = np.exp(-np.exp(a["log_rate"]) * np.log1p(np.exp(a["step_size"]))), 0, []
    for x in a["x"]:
        h = decay * h + x @ a["b"].T
        out.append(h @ a["c"].T + a["d"] * x)
    return np.stack(out)


def standardised(a):
    """A linear layer with standardised rows."""
    w = a["weight.original"]
    w = (w - w.mean(1, keepdims=True)) / np.sqrt(w.var(1, keepdims=True) + 1e-5)
    return a["x"] @ w.T + a["bias"]


FORMULAS = {
    "residual": (nn.Residual(nn.Linear(3, 3)), (2, 3), lambda a: a["x"] + a["x"] @ a["layer.weight"].T + a["layer.bias"]),
    "parallel": (
        nn.Parallel(nn.Linear(3, 2, bias=False), "tanh", join="concat"),
        (2, 3),
        lambda a: np.concatenate([a["x"] @ a["branches.0.weight"].T, np.tanh(a["x"])], -1),
    ),
    "parallel max": (nn.Parallel("tanh", nn.Identity(), "sigmoid", join="max"), (4,), lambda a: np.maximum(a["x"], sigmoid(a["x"]))),
    "highway": (
        nn.Highway(3),
        (2, 3),
        lambda a: (
            (t := sigmoid(a["x"] @ a["transform.weight"].T + a["transform.bias"]))
            * np.maximum(a["x"] @ a["plain.weight"].T + a["plain.bias"], 0)
            + (1 - t) * a["x"]
        ),
    ),
    "radial": (
        nn.RadialBasis(3, 4),
        (2, 3),
        lambda a: np.exp(-((a["x"][:, None] - a["centres"]) ** 2).sum(-1) * np.exp(a["log_gamma"])),
    ),
    "rational": (
        nn.Rational(2, 2),
        (5,),
        lambda a: np.polyval(a["numerator"][::-1], a["x"]) / (1 + abs(np.polyval([*a["denominator"][::-1], 0], a["x"]))),
    ),
    "siren": (nn.Siren(3, 2), (2, 3), lambda a: np.sin(30 * (a["x"] @ a["linear.weight"].T + a["linear.bias"]))),
    "fourier": (
        nn.FourierFeatures([[1, 0.5]]),
        (3, 2),
        lambda a: np.concatenate([f(2 * np.pi * a["x"] @ np.array([[1.0], [0.5]])) for f in (np.sin, np.cos)], -1),
    ),
    "capped attention": (nn.Attention(4, 2, softcap=5, qk_norm=True), (3, 4), capped_attention),
    "linear attention": (nn.LinearAttention(4, 2), (3, 4), linear_attention),
    "state space": (nn.DiagonalStateSpace(2, 3), (6, 2), state_space),
    "state space, repeated": (nn.DiagonalStateSpace(2, 3, unroll=0), (6, 2), state_space),
    "weight standardisation": (nn.weight_standardisation(nn.Linear(3, 2)), (4, 3), standardised),
    "learnt positions": (nn.LearntPositions(5, 3), (2, 4, 3), lambda a: a["x"] + a["weight"][:4]),
    "patches": (
        nn.PatchEmbedding(2, 3, 2),
        (1, 2, 4, 4),
        lambda a: (
            np.einsum("bcphqw,ochw->bpqo", a["x"].reshape(1, 2, 2, 2, 2, 2), a["projection.weight"]).reshape(1, 4, 3) + a["projection.bias"]
        ),
    ),
}


@pytest.mark.parametrize("case", FORMULAS)
def test_layers_that_have_no_counterpart(case):
    """A layer that PyTorch does not ship is its formula."""
    module, shape, formula = FORMULAS[case]
    same_as_formula(module(nn.Input("x", shape)), formula)


def test_alibi_slopes_of_a_count_that_is_no_power_of_two():
    """The slopes for 6 heads are those of 4 heads, then every second one of 8."""
    table = value(nn.alibi(6, 2, 2))
    np.testing.assert_allclose(-table[:, 0, 1], [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3])


def test_sinusoidal_positions():
    """The table has sines and cosines in alternating columns."""
    k, i = np.arange(5)[:, None], np.arange(3)[None, :]
    angle = k / 10000 ** (2 * i / 6)
    expected = np.stack([np.sin(angle), np.cos(angle)], -1).reshape(5, 6)
    np.testing.assert_allclose(value(nn.sinusoidal_positions(5, 6)), expected, rtol=1e-12)


W = np.random.default_rng(3).standard_normal((4, 3))
SINGULAR = np.linalg.svd(W, compute_uv=False)
REGULARISERS = {
    "l1": (lambda w: regularisers.l1(w), abs(W).sum()),
    "l2": (lambda w: nn.L2("1/2")(w), (W**2).sum() / 2),
    "lp": (lambda w: regularisers.lp(w, "3/2"), (abs(W) ** 1.5).sum()),
    "elastic": (lambda w: nn.ElasticNet(2, l1_ratio="1/4")(w), 2 * (abs(W).sum() / 4 + (W**2).sum() * 3 / 8)),
    "frobenius": (lambda w: nn.Frobenius()(w), np.linalg.norm(W)),
    "nuclear": (lambda w: nn.Nuclear()(w), SINGULAR.sum()),
    "spectral": (lambda w: nn.Spectral()(w), SINGULAR[0]),
    "schatten": (lambda w: nn.Schatten(p=3)(w), (SINGULAR**3).sum() ** (1 / 3)),
    "group": (lambda w: nn.GroupLasso()(w), np.sqrt(3) * np.linalg.norm(W, axis=1).sum()),
    "variation": (lambda w: nn.TotalVariation(dims=(0, 1))(w), abs(np.diff(W, axis=0)).sum() + abs(np.diff(W, axis=1)).sum()),
    "orthogonality": (lambda w: nn.Orthogonality()(w), ((W @ W.T - np.eye(4)) ** 2).sum()),
}  # fmt: skip


@pytest.mark.parametrize("case", REGULARISERS)
def test_regularisers(case):
    """A regulariser is its formula."""
    ours, expected = REGULARISERS[case]
    np.testing.assert_allclose(value(ours(nn.Parameter("w", (4, 3))), w=W), expected, rtol=1e-12)


def test_a_regulariser_of_a_module_uses_its_parameters():
    """The parameters of a regulariser are those of the loss it is added to, whatever is larger."""
    model = nn.MLP(2, 3, 1)
    loss = nn.Loss(model(nn.Input("x", (1, 2))).square().sum() + nn.L2(0.1)(model))
    other = nn.Loss(nn.L2(0.1)(model) + model(nn.Input("x", (1, 2))).square().sum())
    expected = {"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"}
    assert set(loss.parameters) == set(other.parameters) == expected


def test_targets_may_be_lists():
    """Labels and targets that are typed are constants."""
    x = nn.Input("x", (2,), box=(0, 1))
    values = np.array([0.25, 0.75])
    assert value(nn.binary_cross_entropy(x, [0, 1]), x=values) == pytest.approx(-np.log(0.75))
    assert value(nn.binary_cross_entropy_with_logits(x, [0, 1], pos_weight=[1, 1]), x=values) == pytest.approx(
        (np.log1p(np.exp(0.25)) + np.log1p(np.exp(-0.75))) / 2
    )
    assert value(nn.dice_loss(x, [0, 1]), x=values) == pytest.approx(1 - (1.5 + 1) / (2 + 1))
    assert value(nn.hinge_loss(x, [-1, 1]) + nn.quantile_loss(x, [1, 0], "0.9"), x=values) == pytest.approx(0.75 + 0.375)


def test_hyper_parameters_may_be_learnt():
    """A slope that is a parameter is an input of the program, a number is a constant."""
    x = nn.Input("x", (3,))
    assert list(nn.Network(nn.LeakyReLU(nn.Parameter(()))(x)).parameters) == ["negative_slope"]
    assert not nn.Network(nn.LeakyReLU(0.1)(x)).parameters
    assert list(nn.Network(nn.activation("isru", alpha=nn.Parameter(()))(x)).parameters) == ["alpha"]


def test_dropout_masks_are_data():
    """Every call has a mask of its own, named after the module, with entries between 0 and 1."""
    drop, x = nn.Sequential("relu", nn.Dropout("1/2")), nn.Input("x", (3,))
    network = nn.Network(drop(drop(x)))
    assert list(network.inputs) == ["x", "1.mask", "1.mask_2"]
    assert network.program.nodes[network.inputs["1.mask"]][1][2] == "[0,1]"
    apart = nn.Network(drop(nn.Input("a", (3,))) + drop(nn.Input("b", (3,))))
    assert len([name for name in apart.inputs if "mask" in name]) == 2
    given = value(nn.Dropout("1/2", mask=[1, 0, 1])(x), x=np.ones(3))
    np.testing.assert_array_equal(given, [2, 0, 2])


# --------------------------------------------------------------------- loops and depth


def test_loops_unrolled_and_repeated_agree():
    """A long loop is one node with the same values, with parameters and tensors from outside."""
    w, x = nn.Parameter("w", (3,)), nn.Input("x", (3,))
    layer = nn.Linear(3, 3)
    outside = x * 2

    def body(h, k):
        return nn.tanh(layer(h) * w + outside), k + 1

    generator = np.random.default_rng(4)
    arrays = {"w": (3,), "x": (3,), "weight": (3, 3), "bias": (3,)}
    arrays = {k: generator.standard_normal(s) for k, s in arrays.items()}
    short = nn.iterate(body, [x, nn.constant(0)], 7, unroll=10)
    long = nn.iterate(body, [x, nn.constant(0)], 7, unroll=0)
    assert "repeat" in repr(long[0]) and set(nn.Network(long[0]).parameters) == {"w", "weight", "bias"}
    np.testing.assert_allclose(value(long[0], **arrays), value(short[0], **arrays), rtol=1e-12)
    assert value(long[1], **arrays) == 7


def test_nested_loops():
    """A loop inside a loop sees the tensors around both."""
    x = nn.Input("x", ())

    def outer(h):
        return nn.iterate(lambda g: g + h * x, [h], 3, unroll=0)

    def by_hand(v):
        h = v
        for _ in range(2):
            h = h + 3 * h * v
        return h

    assert value(nn.iterate(outer, [x], 2, unroll=0)[0], x=np.array(0.5)) == pytest.approx(by_hand(0.5))


def test_a_body_does_not_leak():
    """A tensor made in the body of a loop is not used outside it."""
    kept = []

    def body(h):
        kept.append(h * 2)
        return h + 1

    result = nn.iterate(body, [nn.Input("x", (2,))], 100)[0]
    with pytest.raises(InputError, match="made inside the body of a loop"):
        nn.Network(result + kept[0])
    with pytest.raises(InputError, match="made inside the body of a loop"):
        nn.Network(kept[0])


def test_a_carry_keeps_its_shape():
    """A loop whose carry grows is refused."""
    with pytest.raises(ShapeError, match=r"carry 0 of a loop changes its shape from \[2\] to \[4\]"):
        nn.iterate(lambda h: nn.cat([h, h]), [nn.Input("x", (2,))], 100)


def test_building_is_linear_in_depth():
    """Ten times the layers take about ten times the time, and nothing recurses."""

    def seconds(count):
        started = time.process_time()
        model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(count)])
        network = model.network(nn.Input("x", (1, 2)))
        assert len(network.parameters) == 2 * count
        return time.process_time() - started

    small = min(seconds(1000), seconds(1000))
    assert seconds(10_000) < 40 * small


def test_long_chains_of_operators():
    """A hundred thousand operations in a row are built and extracted."""
    x = nn.Input("x", ())
    h = x
    for _ in range(50_000):
        h = h + x
    assert value(h[None][0], x=np.array(2.0)) == 100_002


def test_expressions_written_apart_are_joined():
    """Many small expressions, each begun on its own, become one program."""
    parts = [nn.exp(nn.Parameter("w", (2,))) * k for k in range(300)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    assert len(nn.Network(total).parameters) == 300
