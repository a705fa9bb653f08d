"""A stranger's model file: every bad one is refused in one line with a code, quickly, and nothing else happens."""

import os
import time

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tamecheck.errors import InputError, UnsupportedModel  # noqa: E402
from tamecheck.frontends.onnx_io import load  # noqa: E402

F, I64 = TensorProto.FLOAT, TensorProto.INT64


def slot(name, shape=(2, 3), kind=F):
    """Declare an input or output."""
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes, inputs=None, outputs=None, initializer=(), opset=18, functions=(), imports=()):
    """Build a model; x goes in and y comes out unless said otherwise."""
    graph = helper.make_graph(
        nodes, "g", [slot("x")] if inputs is None else inputs, [slot("y", None)] if outputs is None else outputs, list(initializer)
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset), *[helper.make_opsetid(d, v) for d, v in imports]], functions=list(functions)
    )


def node(op, inputs, outputs, **attributes):
    """Build a node."""
    return helper.make_node(op, inputs, outputs, **attributes)


def tensor(name, values, kind=np.int64):
    """Store a tensor."""
    return numpy_helper.from_array(np.array(values, dtype=kind), name)


RELU = node("Relu", ["x"], ["y"])
GOOD = model([RELU]).SerializeToString()


def bomb():
    """A small file that declares a stored tensor of 2^50 floats."""
    t = TensorProto(name="w", data_type=F, dims=[2**50], raw_data=b"\0\0\0\0")
    return model([node("Add", ["x", "w"], ["y"])], initializer=[t], inputs=[slot("x", (1,))])


def nested(depth):
    """``If`` in ``If``, to a depth."""
    leaf = graph = helper.make_graph([node("Identity", ["x"], ["r"])], "in", [], [slot("r")])
    for k in range(depth):
        inner = helper.make_node("If", ["c"], [f"r{k}"], then_branch=graph, else_branch=leaf)
        graph = helper.make_graph([inner], "in", [], [slot(f"r{k}")])
    return model([node("If", ["c"], ["y"], then_branch=graph, else_branch=leaf)], inputs=[slot("x"), slot("c", (), TensorProto.BOOL)])


def recursion(width):
    """A function that calls itself."""
    body = [helper.make_node("f", ["a"], [f"b{k}"], domain="me") for k in range(width)]
    f = helper.make_function("me", "f", ["a"], ["b0"], body, [helper.make_opsetid("me", 1)])
    return model([helper.make_node("f", ["x"], ["y"], domain="me")], functions=[f], imports=[("me", 1)])


def doubling_functions(levels):
    """Functions that call the next one twice: 2^levels calls in a small file."""
    functions = []
    for k in range(levels):
        op = f"f{k + 1}" if k + 1 < levels else "Relu"
        domain = "me" if k + 1 < levels else ""
        body = [helper.make_node(op, ["a"], ["m"], domain=domain), helper.make_node(op, ["m"], ["b"], domain=domain)]
        sets = [helper.make_opsetid("", 18), helper.make_opsetid("me", 1)]
        functions.append(helper.make_function("me", f"f{k}", ["a"], ["b"], body, sets))
    return model([helper.make_node("f0", ["x"], ["y"], domain="me")], functions=functions, imports=[("me", 1)])


def doubled_attribute():
    """The same attribute twice."""
    n = node("LeakyRelu", ["x"], ["y"], alpha=0.5)
    n.attribute.append(helper.make_attribute("alpha", 0.25))
    return model([n])


def external(location):
    """A stored tensor kept in another file."""
    t = TensorProto(name="w", data_type=F, dims=[3], data_location=TensorProto.EXTERNAL)
    t.external_data.add(key="location", value=location)
    return model([node("Add", ["x", "w"], ["y"])], initializer=[t])


def with_opset(version):
    """A model for some version of the operators."""
    m = model([RELU])
    m.opset_import[0].version = version
    return m


def negative_dimension():
    """An input with a negative extent."""
    m = model([RELU])
    m.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -3
    return m


def huge_input():
    """An input with more entries than numbers."""
    return model([RELU], inputs=[slot("x", [2**40] * 5)])


def loop(bound, body_condition="c"):
    """A loop; the condition of the body is its own input or a comparison with the state."""
    inner = [node("Add", ["s", "s"], ["t"])]
    if body_condition == "computed":
        inner.append(node("Less", ["t", "limit"], ["d"]))
    else:
        inner.append(node("Identity", ["c"], ["d"]))
    body = helper.make_graph(
        inner, "b", [slot("i", (), I64), slot("c", (), TensorProto.BOOL), slot("s", ())],
        [slot("d", (), TensorProto.BOOL), slot("t", ())], [tensor("limit", 5.0, np.float32)],
    )  # fmt: skip
    stored = [tensor("true", True, bool)] + ([tensor("n", bound)] if isinstance(bound, int) else [])
    inputs = [slot("x", ())] + ([slot("n", (), I64)] if bound == "input" else [])
    return model([node("Loop", ["" if bound is None else "n", "true", "x"], ["y"], body=body)], inputs=inputs, initializer=stored)


# what is wrong, the file, the code, and a part of the one line
BAD = {
    "empty": (lambda: b"", "TC131", "empty"),
    "random bytes": (lambda: bytes(range(256)) * 4, "TC132", "no ONNX"),
    "text": (lambda: b"this is not a model at all, sorry", "TC132", "no ONNX"),
    "truncated": (lambda: GOOD[: len(GOOD) - 7], "TC132", "cut off"),
    "other message": (lambda: helper.make_tensor("t", F, [2], [1, 2]).SerializeToString(), "TC132", "no ONNX"),
    "no graph": (lambda: onnx.ModelProto(ir_version=8).SerializeToString(), "TC132", "no ONNX graph"),
    "a number": (lambda: 7, "TC131", "int is no ONNX model"),
    "no operator set": (lambda: onnx.ModelProto(ir_version=8, graph=model([RELU]).graph), "TC133", "no operator set"),
    "operator set of the future": (lambda: with_opset(9999), "TC133", "operator set 9999 is not known"),
    "operator set below one": (lambda: with_opset(-1), "TC133", "operator set -1"),
    "operator younger than its set": (lambda: model([node("Gelu", ["x"], ["y"])], opset=9), "TC133", "not in version 9"),
    "withdrawn operator": (lambda: model([node("Upsample", ["x", "s"], ["y"])], opset=18), "TC133", "withdrawn"),
    "foreign domain": (lambda: model([helper.make_node("Relu", ["x"], ["y"], domain="com.example")]), "TC133", "com.example"),
    "unknown operator": (lambda: model([node("Sparkle", ["x"], ["y"])]), "TC130", "'Sparkle'"),
    "no output": (lambda: model([RELU], outputs=[]), "TC134", "no output"),
    "output of nothing": (lambda: model([RELU], outputs=[slot("z")]), "TC134", "'z' is not defined"),
    "cycle": (
        lambda: model([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])], outputs=[slot("b")]), "TC134", "before it is defined"
    ),
    "wrong order": (lambda: model([node("Relu", ["a"], ["y"]), node("Relu", ["x"], ["a"])]), "TC134", "before it is defined"),
    "defined twice": (lambda: model([RELU, node("Abs", ["x"], ["y"])]), "TC134", "second time"),
    "two inputs of one name": (lambda: model([RELU], inputs=[slot("x"), slot("x")]), "TC134", "two inputs"),
    "stored twice": (lambda: model([RELU], initializer=[tensor("w", 1), tensor("w", 2)]), "TC134", "stored twice"),
    "shapes differ": (
        lambda: model([node("MatMul", ["x", "w"], ["y"])], initializer=[tensor("w", np.ones((2, 3)), np.float32)]), "TC120", "means both"
    ),
    "kernel larger than its input": (
        lambda: model([node("MaxPool", ["x"], ["y"], kernel_shape=[9])], inputs=[slot("x", (1, 1, 4))]), "TC120", "window"
    ),
    "axis outside": (lambda: model([node("Softmax", ["x"], ["y"], axis=7)]), "TC135", "axis 7"),
    "not a permutation": (lambda: model([node("Transpose", ["x"], ["y"], perm=[0, 0])]), "TC135", "permutation"),
    "reshape to another size": (lambda: model([node("Reshape", ["x", "s"], ["y"])], initializer=[tensor("s", [7])]), "TC135", "6 entries"),
    "index outside": (lambda: model([node("Gather", ["x", "i"], ["y"])], initializer=[tensor("i", [5])]), "TC135", "index"),
    "too few inputs": (lambda: model([node("Add", ["x"], ["y"])]), "TC135", "1 inputs"),
    "too many outputs": (lambda: model([node("Relu", ["x"], ["y", "z"])]), "TC135", "2 outputs"),
    "missing input": (lambda: model([node("Add", ["x", ""], ["y"])]), "TC135", "missing"),
    "unknown attribute": (lambda: model([node("Relu", ["x"], ["y"], sparkle=1)]), "TC130", "sparkle"),
    "attribute of a wrong type": (lambda: model([node("LeakyRelu", ["x"], ["y"], alpha="much")]), "TC135", "alpha"),
    "attribute twice": (doubled_attribute, "TC135", "twice"),
    "infinite attribute": (lambda: model([node("LeakyRelu", ["x"], ["y"], alpha=float("inf"))]), "TC130", "not a finite"),
    "stored data too short": (bomb, "TC135", "declares 1125899906842624 entries"),
    "stored tensor beyond all numbers": (
        lambda: model([RELU], initializer=[TensorProto(name="w", data_type=F, dims=[2**40, 2**40])]), "TC136", "declares shape"
    ),
    "constant of 2^60 written out": (
        lambda: model(
            [node("ConstantOfShape", ["s"], ["c"], value=tensor("v", [1])), node("Reshape", ["x", "c"], ["y"])],
            initializer=[tensor("s", [2**60])],
        ), "TC136", "written out",
    ),
    "range of 2^60": (
        lambda: model([node("Range", ["a", "b", "c"], ["y"])], initializer=[tensor("a", 0), tensor("b", 2**60), tensor("c", 1)]),
        "TC136", "written out",
    ),
    "means over 2^50 windows": (
        lambda: model([node("AveragePool", ["x"], ["y"], kernel_shape=[3], pads=[1, 1])], inputs=[slot("x", (1, 1, 2**50))]),
        "TC136", "written out",
    ),
    "reflection over 2^50 places": (
        lambda: model([node("Pad", ["x", "p"], ["y"], mode="reflect")], inputs=[slot("x", (2**50,))], initializer=[tensor("p", [1, 1])]),
        "TC136", "written out",
    ),
    "one-hot of 2^50 classes": (
        lambda: model(
            [node("OneHot", ["x", "d", "v"], ["y"])], initializer=[tensor("d", 2**50), tensor("v", [0, 1], np.float32)]
        ), "TC136", "written out",
    ),
    "hardmax over 2^50 places": (lambda: model([node("Hardmax", ["x"], ["y"])], inputs=[slot("x", (1, 2**50))]), "TC136", "written out"),
    "a list of 2^50 tensors": (
        lambda: model(
            [node("SplitToSequence", ["x"], ["s"]), node("ConcatFromSequence", ["s"], ["y"], axis=0)], inputs=[slot("x", (2**50,))]
        ), "TC136", "written out",
    ),
    "regions of 2^40 cells": (
        lambda: model(
            [node("RoiAlign", ["x", "r", "i"], ["y"], output_height=2**40, output_width=1, sampling_ratio=2)],
            inputs=[slot("x", (1, 1, 4, 4)), slot("r", (1, 4)), slot("i", (1,), I64)],
        ), "TC136", "written out",
    ),
    "2^50 recurrent steps": (
        lambda: model(
            [node("RNN", ["x", "w", "r"], ["y"], hidden_size=2)],
            inputs=[slot("x", (2**50, 1, 2)), slot("w", (1, 2, 2)), slot("r", (1, 2, 2))],
        ), "TC136", "unrolled",
    ),
    "more than all numbers": (huge_input, "TC136", "has shape"),
    "negative extent": (negative_dimension, "TC135", "extent -3"),
    "rank above 32": (lambda: model([RELU], inputs=[slot("x", [1] * 40)]), "TC136", "has shape"),
    "external data": (lambda: external("weights.bin"), "TC137", "another file"),
    "open dimension": (lambda: model([RELU], inputs=[slot("x", ("batch", "time"))]), "TC138", "'time'"),
    "no shape": (lambda: model([RELU], inputs=[slot("x", None)]), "TC138", "shape of input 'x'"),
    "function calls itself": (lambda: recursion(1), "TC136", "nested more than"),
    "function calls itself many times": (lambda: recursion(40), "TC136", "nested more than"),
    "functions that double": (lambda: doubling_functions(30), "TC136", "unrolls"),
    "loop without end": (lambda: loop(None), "TC136", "unrolls"),
    "loop until a computed condition": (lambda: loop(None, "computed"), "TC130", "define the integers"),
    "loop with the largest bound": (lambda: loop(2**62, "computed"), "TC130", "define the integers"),
    "loop of computed length": (lambda: loop("input"), "TC130", "define the integers"),
    "text input": (lambda: model([node("Identity", ["x"], ["y"])], inputs=[slot("x", (2,), TensorProto.STRING)]), "TC130", "text"),
    "complex input": (lambda: model([node("Identity", ["x"], ["y"])], inputs=[slot("x", (2,), TensorProto.COMPLEX64)]), "TC130", "complex"),
    "stored nan": (lambda: model([node("Add", ["x", "w"], ["y"])], initializer=[tensor("w", np.nan, np.float32)]), "TC130", "nan"),
    "infinity in arithmetic": (
        lambda: model([node("Add", ["x", "w"], ["a"]), node("Sin", ["a"], ["y"])], initializer=[tensor("w", [-np.inf, 0, 0], np.float32)]),
        "TC130", "minus infinity",
    ),
    "infinite output": (
        lambda: model([node("Add", ["x", "w"], ["y"])], initializer=[tensor("w", [-np.inf, 0, 0], np.float32)]), "TC130", "minus infinity"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_every_bad_file_is_refused_in_one_line(name):
    """The code, the reason, one printable line, in less than a second or two on a slow machine."""
    build, code, part = BAD[name]
    content = build()
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        load(content)
    assert time.process_time() - start < 4
    error = caught.value
    assert (error.code, part in error.message) == (code, True), str(error)
    assert "\n" not in str(error)
    assert str(error).isprintable()
    if isinstance(error, UnsupportedModel):
        assert error.problems
        assert all(set(q) == {"node", "op", "reason", "code"} for q in error.problems)


def test_deep_nesting_is_refused():
    """Graphs nested to the limit of the file format are read or refused, never crashed on."""
    for depth in (3, 20, 30):
        try:
            load(nested(depth).SerializeToString())
        except InputError as error:
            assert error.code in ("TC132", "TC136")


def test_long_doubling_chains_stay_small():
    """Sixty doublings share their nodes."""
    nodes = [node("Add", [f"a{k}" if k else "x"] * 2, [f"a{k + 1}" if k < 59 else "y"]) for k in range(60)]
    assert len(load(model(nodes)).program) < 100
    joins = [node("Concat", [f"a{k}" if k else "x"] * 2, [f"a{k + 1}" if k < 49 else "y"], axis=0) for k in range(50)]
    read = load(model(joins))
    assert read.program.shape(read.outputs["y"]) == (2**51, 3)


def test_all_problems_are_reported_at_once():
    """Three independent bad operators give three problems with node, operator and reason."""
    nodes = [
        helper.make_node("RandomNormalLike", ["x"], ["a"], name="noise"),
        helper.make_node("Sparkle", ["x"], ["b"], name="glitter"),
        helper.make_node("BitCast", ["x"], ["c"], to=6, name="bits"),
        helper.make_node("Sum", ["a", "b", "c"], ["y"], name="sum"),
    ]
    with pytest.raises(UnsupportedModel) as caught:
        load(model(nodes, opset=26))
    found = [(q["node"], q["op"]) for q in caught.value.problems]
    assert found == [("noise", "RandomNormalLike"), ("glitter", "Sparkle"), ("bits", "BitCast")]
    assert "and 2 more problems" in caught.value.message


def test_names_with_control_characters_are_escaped():
    """A name cannot write to the terminal, neither in an error nor in the result."""
    evil = "\x1b[31m<script>\n\r\u202e"
    with pytest.raises(UnsupportedModel) as caught:
        load(model([helper.make_node("Sparkle", ["x"], ["y"], name=evil)]))
    assert str(caught.value).isprintable()
    assert caught.value.problems[0]["node"].isprintable()
    read = load(model([node("Relu", ["x"], [evil])], outputs=[slot(evil)]))
    assert all(name.isprintable() for name in [*read.outputs, *read.names, *read.program.names.values()])


def test_names_that_look_alike_when_escaped_stay_apart():
    """No output is lost when two names are escaped to the same text."""
    names = ["a\x01", "a\\x01"]
    read = load(model([node("Relu", ["x"], [names[0]]), node("Abs", ["x"], [names[1]])], outputs=[slot(n) for n in names]))
    assert len(set(read.outputs.values())) == 2


def test_files_that_cannot_be_read(tmp_path):
    """A missing file, a folder and a device are refused in one line."""
    for path in (tmp_path / "missing.onnx", tmp_path, "/dev/zero", "a\0b"):
        with pytest.raises(InputError) as caught:
            load(path)
        assert caught.value.code == "TC131"
    good = tmp_path / "good.onnx"
    good.write_bytes(GOOD)
    assert load(str(good)).outputs
    assert load(good).outputs


def test_truncation_at_every_byte():
    """However a good file is cut, the answer is a program or an `InputError`."""
    weights = tensor("w", np.ones((2, 3, 3, 3)), np.float32)
    content = model([node("Conv", ["x", "w"], ["y"])], inputs=[slot("x", (1, 3, 5, 5))], initializer=[weights])
    text = content.SerializeToString()
    for k in range(len(text)):
        try:
            load(text[:k])
        except InputError as error:
            assert error.code.startswith("TC1")


@pytest.mark.parametrize("seed", range(5))
def test_random_byte_flips(seed):
    """Flipped bytes give a program or an `InputError`, nothing else."""
    rng = np.random.default_rng(seed)
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]), node("BatchNormalization", ["a", "s", "s", "s", "s"], ["b"]),
        node("Reshape", ["b", "shape"], ["c"]), node("Gemm", ["c", "m"], ["d"], alpha=0.5), node("Softmax", ["d"], ["y"], axis=1),
    ]  # fmt: skip
    stored = [
        tensor("w", rng.normal(size=(2, 3, 3, 3)), np.float32), tensor("s", [1, 2], np.float32), tensor("shape", [1, -1]),
        tensor("m", rng.normal(size=(18, 4)), np.float32),
    ]  # fmt: skip
    text = bytearray(model(nodes, inputs=[slot("x", (1, 3, 6, 6))], initializer=stored).SerializeToString())
    for _ in range(400):
        copy = bytearray(text)
        for _ in range(int(rng.integers(1, 5))):
            copy[int(rng.integers(len(copy)))] = int(rng.integers(256))
        try:
            load(bytes(copy))
        except InputError as error:
            assert error.code.startswith("TC1")
            assert "\n" not in str(error)


# ------------------------------------------------------------------ outside entries


def test_external_data_is_off_by_default_and_read_on_request(tmp_path):
    """Entries beside the model are read only when the folder is named."""
    (tmp_path / "weights.bin").write_bytes(np.array([1, 2, 3], dtype=np.float32).tobytes())
    with pytest.raises(InputError, match="TC137"):
        load(external("weights.bin"))
    read = load(external("weights.bin"), external=tmp_path)
    np.testing.assert_array_equal(read.parameter_values()["w"], [1, 2, 3])


PATHS = ["../weights.bin", "a/../../weights.bin", "/etc/passwd", "", ".", "link.bin", "hard.bin", "a\\b", "short.bin", "sub"]


@pytest.mark.parametrize("location", PATHS)
def test_external_paths_that_leave_the_folder_are_refused(tmp_path, location):
    """No parent, absolute path, symbolic or hard link, directory or short file."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "sub").mkdir()
    outside = tmp_path / "weights.bin"
    outside.write_bytes(b"\0" * 12)
    os.symlink(outside, folder / "link.bin")
    os.link(outside, folder / "hard.bin")
    (folder / "short.bin").write_bytes(b"\0" * 3)
    with pytest.raises(InputError) as caught:
        load(external(location), external=folder)
    assert caught.value.code in ("TC135", "TC137")
