"""What an imported model says: parameters and why, masks, branches, loops, functions, literal differences."""

from fractions import Fraction

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tamecheck.errors import InputError, UnsupportedModel  # noqa: E402
from tamecheck.frontends.onnx_io import load  # noqa: E402
from tamecheck.programs.evaluate import evaluate  # noqa: E402

F, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def slot(name, shape=(2, 3), kind=F):
    """Declare an input or output."""
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes, inputs=None, outputs=None, initializer=(), opset=18, **rest):
    """Build a model; x goes in and y comes out unless said otherwise."""
    graph = helper.make_graph(
        nodes, "g", [slot("x")] if inputs is None else inputs, [slot("y", None)] if outputs is None else outputs, list(initializer),
        sparse_initializer=rest.get("sparse", ()),
    )  # fmt: skip
    sets = [helper.make_opsetid("", opset), *[helper.make_opsetid(d, v) for d, v in rest.get("imports", ())]]
    return helper.make_model(graph, opset_imports=sets, functions=rest.get("functions", ()))


node = helper.make_node


def tensor(name, values, kind=np.float32):
    """Store a tensor."""
    return numpy_helper.from_array(np.array(values, dtype=kind), name)


def value(read, **inputs):
    """Evaluate the only output."""
    (n,) = read.outputs.values()
    return evaluate(read.program, [n], {**read.parameter_values(), **inputs})[0]


def same_as_reference(m, read, **inputs):
    """Compare with the reference evaluator."""
    from onnx.reference import ReferenceEvaluator

    arrays = {k: np.asarray(v, dtype=np.float32) for k, v in inputs.items()}
    (expected,) = ReferenceEvaluator(m).run(None, arrays)
    np.testing.assert_allclose(value(read, **inputs), expected, rtol=1e-5, atol=1e-6)


LINEAR = model(
    [node("MatMul", ["x", "fc.weight"], ["h"]), node("Add", ["h", "fc.bias"], ["z"]), node("Mul", ["z", "half"], ["y"])],
    initializer=[tensor("fc.weight", np.ones((3, 4))), tensor("fc.bias", [1, 2, 3, 4]), tensor("half", 0.5)],
)


def test_stored_floats_are_parameters_and_scalars_are_constants():
    """Weights and biases are parameters, a scalar is its exact value, and the choices say so."""
    read = load(LINEAR)
    assert read.parameters == ["fc.weight", "fc.bias"]
    assert read.data == ["x"]
    assert read.choices == [
        "fc.weight: parameter, stored float tensor of shape [3, 4]", "fc.bias: parameter, stored float tensor of shape [4]",
        "half: constant: a scalar",
    ]  # fmt: skip
    roles = [read.program.nodes[n][1][1] for n in read.program.inputs()]
    assert sorted(roles) == ["data", "parameter", "parameter"]
    assert ("constant", ("splat", "1/2"), (), ()) in read.program.nodes


@pytest.mark.parametrize(
    ("options", "parameters", "data"),
    [
        ({}, ["fc.weight", "fc.bias"], ["x"]),
        ({"constants": "*.bias"}, ["fc.weight"], ["x"]),
        ({"constants": "*"}, [], ["x"]),
        ({"constants": "fc.*", "parameters": "x"}, ["x"], []),
        ({"parameters": "half"}, ["fc.weight", "fc.bias", "half"], ["x"]),
        ({"constants": "*.weight, *.bias"}, [], ["x"]),
    ],
)
def test_patterns_change_the_choice(options, parameters, data):
    """``parameters`` and ``constants`` name stored tensors and inputs by pattern."""
    read = load(LINEAR, **options)
    assert (read.parameters, read.data) == (parameters, data)
    np.testing.assert_allclose(value(read, x=np.ones((2, 3))), [[2, 2.5, 3, 3.5]] * 2)


def test_running_statistics_are_constants_and_scales_are_parameters():
    """Batch normalisation: scale and bias are trained, mean and variance are measured."""
    stored = [tensor(n, v) for n, v in (("s", [1, 2, 3]), ("b", [0, 1, 0]), ("m", [1, 1, 2]), ("v", [1, 4, 9]))]
    m = model([node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"])], inputs=[slot("x", (2, 3, 4))], initializer=stored)
    read = load(m)
    assert read.parameters == ["s", "b"]
    assert "m: constant: a statistic of the training data, not trained" in read.choices
    same_as_reference(m, read, x=np.arange(24.0).reshape(2, 3, 4))
    assert load(m, parameters="v").parameters == ["s", "b", "v"]


def test_weights_made_by_the_graph_are_parameters_in_a_weights_place():
    """``ConstantOfShape`` that feeds a convolution is a weight; elsewhere it is a constant."""
    nodes = [
        node("ConstantOfShape", ["s"], ["w"], value=tensor("", [0.5])), node("Conv", ["x", "w"], ["h"]),
        node("ConstantOfShape", ["t"], ["k"], value=tensor("", [0.25])), node("Add", ["h", "k"], ["y"]),
    ]  # fmt: skip
    stored = [tensor("s", [2, 3, 1, 1], np.int64), tensor("t", [2, 1, 1], np.int64)]
    m = model(nodes, inputs=[slot("x", (1, 3, 2, 2))], initializer=stored)
    read = load(m)
    assert read.parameters == ["w"]
    np.testing.assert_array_equal(read.parameter_values()["w"], np.full((2, 3, 1, 1), 0.5))
    same_as_reference(m, read, x=np.arange(12.0).reshape(1, 3, 2, 2))
    assert load(m, constants="w").parameters == []


@pytest.mark.parametrize("name", ["model.rotary.inv_freq", "layers.0.causal_mask"])
def test_tables_are_constants_by_name(name):
    """Position tables and masks are not trained."""
    read = load(model([node("Mul", ["x", name], ["y"])], initializer=[tensor(name, [1, 2, 3])]))
    assert read.parameters == []
    assert read.choices == [f"{name}: constant: a table of positions or a mask by its name"]


def test_a_tensor_that_decides_shapes_cannot_stay_a_parameter():
    """A stored tensor used as a weight and then as sizes is a constant everywhere: the program is read again."""
    nodes = [node("Mul", ["x", "scales"], ["h"]), node("Resize", ["h", "", "scales"], ["y"], mode="nearest")]
    m = model(nodes, inputs=[slot("x", (2, 2))], initializer=[tensor("scales", [1, 2])])
    read = load(m)
    assert read.parameters == []
    assert read.choices == ["scales: constant: its entries decide shapes or indices"]


def test_large_constants_are_known_by_digest_and_range():
    """A large constant is opaque: a digest, an exact range, and its entries beside the program."""
    entries = np.linspace(-1, 3, 50, dtype=np.float32)
    read = load(model([node("Mul", ["x", "w"], ["y"])], inputs=[slot("x", (50,))], initializer=[tensor("w", entries)]), constants="w")
    (constant,) = [n for n in read.program.nodes if n[0] == "constant"]
    assert constant[1][0] == "opaque"
    assert constant[1][2] == "[-1,3]"
    np.testing.assert_allclose(value(read, x=np.ones(50)), entries)


# ----------------------------------------------------------------- exact constants


def test_an_exponent_is_the_stored_dyadic_number_and_its_decimal_is_reported():
    """``x ** 0.1`` is x to the power 13421773/2^27; the literal list names the decimal it stands for."""
    read = load(model([node("Pow", ["x", "e"], ["y"])], initializer=[tensor("e", 0.1)]))
    assert ("constant", ("splat", "13421773/134217728"), (), ()) in read.program.nodes
    (line,) = read.literal
    assert line == {"where": "y", "text": "the exponent is the stored number 13421773/134217728; 0.1 is the decimal it stands for"}
    for plain in (0.5, 2.0, 3.0, -1.0, 0.25):
        assert load(model([node("Pow", ["x", "e"], ["y"])], initializer=[tensor("e", plain)])).literal == []


def test_default_attributes_are_single_precision():
    """The slope 0.01 of a leaky ReLU is the float the standard stores."""
    read = load(model([node("LeakyRelu", ["x"], ["y"])]))
    assert ("constant", ("splat", str(Fraction(float(np.float32(0.01))))), (), ()) in read.program.nodes


def test_shape_arithmetic_leaves_no_trace():
    """What exporters compute about shapes is followed exactly and disappears."""
    nodes = [
        node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]), node("Unsqueeze", ["n", "axes"], ["n1"]),
        node("Concat", ["n1", "rest"], ["t"], axis=0), node("Reshape", ["x", "t"], ["y"]),
    ]  # fmt: skip
    stored = [tensor("zero", 0, np.int64), tensor("axes", [0], np.int64), tensor("rest", [-1, 1], np.int64)]
    read = load(model(nodes, initializer=stored))
    assert [n[0] for n in read.program.nodes] == ["input", "reindex"]
    assert read.program.shape(read.outputs["y"]) == (2, 3, 1)
    assert read.choices == []


def test_clip_bounds_that_are_no_bounds():
    """An infinite bound and the type's largest number are no bounds; other bounds are exact."""
    largest = float(np.finfo(np.float32).max)
    read = load(model([node("Clip", ["x", "a", "b"], ["y"])], initializer=[tensor("a", 0), tensor("b", largest)]))
    assert [n[1] for n in read.program.nodes if n[0] == "map"] == [("max",)]
    assert read.literal[0]["text"] == "a bound that is the type's largest number is read as no bound"
    with pytest.raises(UnsupportedModel, match="not real numbers"):
        load(model([node("Clip", ["x", "a"], ["y"])], initializer=[tensor("a", np.inf)]))


# ------------------------------------------------------------------------- inputs


def test_dimensions_are_given_by_name_or_by_shape():
    """Open extents are given; an open batch is one sample, and the choice says so."""
    m = model([node("Relu", ["x"], ["y"])], inputs=[slot("x", ("batch", 3, "time"))])
    with pytest.raises(InputError, match="'time'"):
        load(m)
    read = load(m, dimensions={"time": 5})
    assert read.program.shape(read.outputs["y"]) == (1, 3, 5)
    assert read.choices == ["dimension 'batch': extent 1: a batch dimension left open; shapes change nothing about definability"]
    assert load(m, dimensions={"time": 5, "batch": 4}).program.shape(0) == (4, 3, 5)
    assert load(m, dimensions={"x": [2, 3, 7]}).program.shape(0) == (2, 3, 7)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 1), "[0,1]"), ((-0.5, None), "[-1/2,inf)"), ({"x": (0, Fraction(1, 3))}, "[0,1/3]"), ({"z": (0, 1)}, "(-inf,inf)"),
        (None, "(-inf,inf)"),
    ],
)
def test_input_boxes(box, expected):
    """Inputs range over a box, exactly."""
    read = load(model([node("Relu", ["x"], ["y"])]), input_box=box)
    assert read.program.nodes[0][1] == ("x", "data", expected)


@pytest.mark.parametrize(
    ("kind", "expected"), [(TensorProto.UINT8, "[0,255]"), (TensorProto.INT8, "[-128,127]"), (BOOL, "[0,1]"), (I64, "(-inf,inf)")]
)
def test_integer_inputs_are_real_numbers_in_the_range_of_their_type(kind, expected):
    """Narrow integers lie in their range; wide ones are the line; the choices say how they are read."""
    read = load(model([node("Cast", ["x"], ["y"], to=F)], inputs=[slot("x", (2,), kind)]))
    assert read.program.nodes[0][1] == ("x", "data", expected)
    assert read.choices == ["input x: input: integers or truth values, read as real numbers"]


def test_fixed_inputs_are_constants():
    """An input held fixed can decide shapes."""
    m = model([node("Reshape", ["x", "s"], ["y"])], inputs=[slot("x"), slot("s", (2,), I64)])
    with pytest.raises(UnsupportedModel, match="the shape is computed from the data"):
        load(m)
    read = load(m, fixed={"s": [3, 2]})
    assert read.program.shape(read.outputs["y"]) == (3, 2)
    assert read.data == ["x"]


# --------------------------------------------------------------------------- masks


def attention_scores(mask_nodes, stored, inputs=()):
    """Build a softmax over masked scores."""
    return model([*mask_nodes, node("Softmax", ["m"], ["y"], axis=-1)], inputs=[slot("x", (3, 3)), *inputs], initializer=stored)


LOW = np.triu(np.full((3, 3), -np.inf, dtype=np.float32), 1)


@pytest.mark.parametrize(
    ("nodes", "stored"),
    [
        ([node("Add", ["x", "low"], ["m"])], [tensor("low", LOW)]),
        ([node("Where", ["keep", "x", "inf"], ["m"])], [tensor("keep", LOW == 0, bool), tensor("inf", -np.inf)]),
        ([node("Where", ["drop", "inf", "x"], ["m"])], [tensor("drop", LOW < 0, bool), tensor("inf", -np.inf)]),
        (
            [node("Where", ["keep", "zero", "inf"], ["a"]), node("Unsqueeze", ["a", "axes"], ["b"]), node("Squeeze", ["b", "axes"], ["d"]),
             node("Add", ["x", "d"], ["m"])],
            [tensor("keep", LOW == 0, bool), tensor("zero", 0), tensor("inf", -np.inf), tensor("axes", [0], np.int64)],
        ),
    ],
)  # fmt: skip
def test_minus_infinity_is_a_mask(nodes, stored):
    """Masks by adding or selecting minus infinity are case splits before softmax; no infinity is in the program."""
    m = attention_scores(nodes, stored)
    read = load(m)
    assert read.parameters == []
    assert not any("inf" in str(n[1]) for n in read.program.nodes if n[0] == "constant")
    same_as_reference(m, read, x=np.arange(9.0).reshape(3, 3) / 4)


def test_a_computed_mask_is_a_case_split():
    """The condition may be an input."""
    m = attention_scores([node("Where", ["c", "x", "inf"], ["m"])], [tensor("inf", -np.inf)], [slot("c", (3, 3), BOOL)])
    read = load(m)
    c = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]])
    x = np.arange(9.0).reshape(3, 3) / 4
    e = np.where(c, np.exp(x), 0)
    np.testing.assert_allclose(value(read, x=x, c=c), e / e.sum(1, keepdims=True))


def test_a_large_finite_mask_is_what_it_is():
    """Adding -10000 is not a mask: it is a number."""
    read = load(model([node("Add", ["x", "low"], ["m"]), node("Softmax", ["m"], ["y"])], initializer=[tensor("low", -10000)]))
    assert not any(n[0] == "where" for n in read.program.nodes)


# ------------------------------------------------------------------------ sub-graphs


def graph(nodes, inputs, outputs, stored=()):
    """Build a sub-graph."""
    return helper.make_graph(nodes, "sub", inputs, outputs, list(stored))


THEN = graph([node("Mul", ["x", "two"], ["a"])], [], [slot("a")], [tensor("two", 2)])
ELSE = graph([node("Abs", ["x"], ["b"])], [], [slot("b")])


def test_branches():
    """A known condition chooses one branch; a computed one selects between both."""
    m = model([node("If", ["c"], ["y"], then_branch=THEN, else_branch=ELSE)], initializer=[tensor("c", True, bool)])
    assert not any(n[0] == "where" for n in load(m).program.nodes)
    m = model([node("If", ["c"], ["y"], then_branch=THEN, else_branch=ELSE)], inputs=[slot("x"), slot("c", (), BOOL)])
    read = load(m)
    x = np.array([[1.0, -2, 3], [0, -1, 1]])
    np.testing.assert_array_equal(value(read, x=x, c=1), 2 * x)
    np.testing.assert_array_equal(value(read, x=x, c=0), abs(x))
    shorter = graph([node("ReduceSum", ["x"], ["b"])], [], [slot("b")])
    m = model([node("If", ["c"], ["y"], then_branch=THEN, else_branch=shorter)], inputs=[slot("x"), slot("c", (), BOOL)])
    with pytest.raises(UnsupportedModel, match="no function between fixed spaces"):
        load(m)


def halving(condition):
    """A loop body that halves its state and scans it out; its condition is ``condition``."""
    nodes = [node("Mul", ["s", "half"], ["t"]), node("Identity", ["t"], ["out"]), *condition]
    inputs = [slot("i", (), I64), slot("c", (), BOOL), slot("s", ())]
    return nodes, inputs


def test_loops_with_a_known_bound():
    """A loop of five turns, with outputs of every turn."""
    nodes, inputs = halving([node("Identity", ["c"], ["d"])])
    body = graph(nodes, inputs, [slot("d", (), BOOL), slot("t", ()), slot("out", ())], [tensor("half", 0.5)])
    m = model(
        [node("Loop", ["n", "", "x"], ["last", "y"], body=body)], inputs=[slot("x", ())], initializer=[tensor("n", 5, np.int64)]
    )
    read = load(m)
    np.testing.assert_array_equal(value(read, x=8.0), [4, 2, 1, 0.5, 0.25])


@pytest.mark.parametrize("x", [0.75, 1.5, 3.0, 100.0, 1e6])
def test_loops_that_stop_on_a_computed_condition(x):
    """With a bound, a loop until a computed condition is a bounded case distinction."""
    nodes, inputs = halving([node("Greater", ["t", "one"], ["d"])])
    body = graph(nodes, inputs, [slot("d", (), BOOL), slot("t", ())], [tensor("half", 0.5), tensor("one", 1.0)])
    m = model(
        [node("Loop", ["n", "true", "x"], ["y"], body=body)], inputs=[slot("x", ())],
        initializer=[tensor("n", 12, np.int64), tensor("true", True, bool)],
    )  # fmt: skip
    s, turns, going = x, 0, True
    while going and turns < 12:
        s, turns = s / 2, turns + 1
        going = s > 1
    assert float(value(load(m), x=x)) == s


def test_scans():
    """A running sum over rows, backwards, with a weight of the surrounding graph."""
    inner = [node("Add", ["s", "r"], ["t"]), node("Mul", ["t", "w"], ["o"])]
    body = graph(inner, [slot("s", (3,)), slot("r", (3,))], [slot("t", (3,)), slot("o", (3,))])
    m = model(
        [node("Scan", ["zero", "x"], ["last", "y"], body=body, num_scan_inputs=1, scan_input_directions=[1])],
        initializer=[tensor("zero", [0, 0, 0]), tensor("w", [1, 2, 3])],
    )  # fmt: skip
    read = load(m)
    assert sorted(read.parameters) == ["w", "zero"]
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(value(read, x=x), np.cumsum(x[::-1], 0) * [1, 2, 3])


def test_functions_of_the_model():
    """A function with an attribute, called with two values of it, inside another function."""
    scale = node("LeakyRelu", ["a"], ["b"])
    scale.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    inner = helper.make_function("me", "bend", ["a"], ["b"], [scale], [helper.make_opsetid("", 18)], ["slope"])
    body = [node("bend", ["p"], ["q"], domain="me", slope=0.5), node("bend", ["q"], ["r"], domain="me", slope=0.25)]
    outer = helper.make_function("me", "twice", ["p"], ["r"], body, [helper.make_opsetid("me", 1)])
    m = model([node("twice", ["x"], ["y"], domain="me")], functions=[inner, outer], imports=[("me", 1)])
    read = load(m)
    x = np.array([[8.0, -8, 0], [1, -1, 2]])
    np.testing.assert_array_equal(value(read, x=x), np.where(x < 0, x / 8, x))


def test_sparse_tensors():
    """A stored sparse matrix is its dense form, a parameter in a weight's place."""
    values, indices = tensor("w", [2, 3]), tensor("", [[0, 1], [2, 0]], np.int64)
    sparse = onnx.SparseTensorProto(values=values, indices=indices, dims=[3, 2])
    read = load(model([node("MatMul", ["x", "w"], ["y"])], sparse=[sparse]))
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(value(read, x=x), x @ np.array([[0, 2], [0, 0], [3, 0]]))
    assert read.parameters == ["w"]


# ----------------------------------------------------------------------- differences


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        ([node("Cast", ["x"], ["y"], to=TensorProto.INT32)], "dropping its fraction"),
        ([node("IsNaN", ["x"], ["n"]), node("Where", ["n", "x", "x"], ["y"])], "not-a-number is false"),
        ([node("Cast", ["x"], ["i"], to=I64), node("Mul", ["i", "i"], ["y"])], "wrap around"),
    ],
)
def test_differences_between_program_and_function_are_listed(nodes, text):
    """Where the machine computes something else than the function over the reals, it is said, with the place."""
    read = load(model(nodes))
    assert any(text in line["text"] for line in read.literal)
    assert all(set(line) == {"where", "text"} for line in read.literal)


def test_float_to_integer_is_truncation():
    """The image of a cast is the integers: it is not hidden."""
    read = load(model([node("Cast", ["x"], ["y"], to=I64)]))
    assert ("floor",) in [n[1] for n in read.program.nodes]
    np.testing.assert_array_equal(value(read, x=[[1.5, -1.5, 2], [-0.5, 0.5, 0]]), [[1, -1, 2], [0, 0, 0]])


def test_quantisation_is_a_saturated_step():
    """Quantise and dequantise: rounding between two bounds."""
    nodes = [node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["y"])]
    m = model(nodes, initializer=[tensor("s", 0.25), tensor("z", 128, np.uint8)], opset=21)
    read = load(m)
    kinds = [n[1] for n in read.program.nodes if n[0] == "map"]
    assert kinds.index(("round",)) < kinds.index(("max",)) < kinds.index(("min",))
    same_as_reference(m, read, x=[[0.3, -0.1, 100], [-100, 0, 5]])


def test_a_dropout_in_training_is_refused_and_in_inference_is_the_identity():
    """Random zeros are no function."""
    nodes = [node("Dropout", ["x", "r", "t"], ["y"])]
    stored = [tensor("r", 0.5), tensor("t", True, bool)]
    with pytest.raises(UnsupportedModel, match="at random"):
        load(model(nodes, initializer=stored))
    read = load(model([node("Dropout", ["x"], ["y"])]))
    assert read.outputs["y"] == 0


def test_importing_is_deterministic():
    """The same file gives the same program, name by name."""
    content = LINEAR.SerializeToString()
    a, b = load(content), load(content)
    assert a.program.digest() == b.program.digest()
    assert (a.names, a.choices, a.outputs) == (b.names, b.choices, b.outputs)
