"""The onnx package's model collections: exported layers, simple graphs, and nine real architectures."""

import os
from glob import glob

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import numpy_helper  # noqa: E402
from onnx_comparison import differences, flattened, imported  # noqa: E402
from scipy.special import softmax  # noqa: E402

from tamecheck.errors import InputError  # noqa: E402
from tamecheck.frontends.onnx_io import load  # noqa: E402
from tamecheck.programs.evaluate import evaluate  # noqa: E402

DATA = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data")
FOLDERS = {
    kind: sorted(os.listdir(os.path.join(DATA, kind))) for kind in ("simple", "pytorch-operator", "pytorch-converted")
}  # fmt: skip
LIGHT = sorted(name for name in os.listdir(os.path.join(DATA, "light")) if name.endswith(".onnx"))
# text and derivatives of the surrounding graph
REFUSED = {"StringNormalizer": 6, "Gradient": 2}


def stored(path, kind):
    """Return a stored tensor or list of tensors."""
    with open(path, "rb") as stream:
        content = stream.read()
    if kind.WhichOneof("value") == "sequence_type":
        return list(numpy_helper.to_list(onnx.SequenceProto.FromString(content)))
    return numpy_helper.to_array(onnx.TensorProto.FromString(content))


@pytest.mark.parametrize("kind", FOLDERS)
def test_exported_models_equal_their_outputs(kind):
    """Every model of the collection is imported and computes its stored outputs, or is refused with a reason."""
    refused: dict[str, int] = {}
    wrong = {}
    for name in FOLDERS[kind]:
        folder = os.path.join(DATA, kind, name)
        model = onnx.load(os.path.join(folder, "model.onnx"))
        sets = sorted(glob(os.path.join(folder, "test_data_set_*")))
        slots, given, outputs = list(model.graph.input), {}, []
        if sets:
            count = len(glob(os.path.join(sets[0], "input_*.pb")))
            given = {s.name: stored(os.path.join(sets[0], f"input_{k}.pb"), s.type) for k, s in enumerate(slots[:count])}
            outputs = [stored(os.path.join(sets[0], f"output_{k}.pb"), o.type) for k, o in enumerate(model.graph.output)]
        try:
            _, read = imported(model, given)
        except InputError as refusal:
            op = refusal.problems[0]["op"]
            refused[op] = refused.get(op, 0) + 1
            continue
        if outputs:
            bad = differences(read, given, flattened([o.name for o in model.graph.output], outputs), 1e-3, 1e-4)
            if bad:
                wrong[name] = bad
    assert wrong == {}
    assert refused == (REFUSED if kind == "simple" else {})


ARCHITECTURES = {
    "light_bvlc_alexnet.onnx": 16, "light_densenet121.onnx": 368, "light_inception_v1.onnx": 116, "light_inception_v2.onnx": 235,
    "light_resnet50.onnx": 161, "light_shufflenet.onnx": 150, "light_squeezenet.onnx": 52, "light_vgg19.onnx": 38,
    "light_zfnet512.onnx": 16,
}  # fmt: skip


@pytest.mark.parametrize("name", LIGHT)
def test_real_architectures_are_imported(name):
    """Weights that the graph makes are parameters, running statistics are not, and one image goes in."""
    read = load(os.path.join(DATA, "light", name))
    assert len(read.parameters) == ARCHITECTURES[name]
    assert len(read.data) == 1
    assert [len(read.program.shape(n)) for n in read.outputs.values()] in ([2], [4])
    assert read.literal == []
    assert any("parameter" in line for line in read.choices)
    assert not any("parameter" in line and ("_rm" in line or "_riv" in line) for line in read.choices)


def scores_of_softmax(read):
    """Return the node under the final ``exp(x) / sum exp(x)`` and its axes; the stored weights make exp itself overflow."""
    nodes = read.program.nodes
    (output,) = read.outputs.values()
    if nodes[output][1] == ("add",):
        return output, None
    while nodes[output][0] == "reindex":
        (output,) = nodes[output][2]
    _, primitive, (above, below), _ = nodes[output]
    assert primitive == ("div",)
    assert nodes[below][:3] == ("reduce", nodes[below][1], (above,))
    assert nodes[above][1] == ("exp",)
    return nodes[above][2][0], nodes[below][1][1]


@pytest.mark.slow
@pytest.mark.parametrize("name", LIGHT)
def test_real_architectures_compute_their_stored_outputs(name):
    """The program of a real architecture computes what the model's authors stored."""
    path = os.path.join(DATA, "light", name)
    read = load(path)
    (place,) = [n for n in read.program.inputs() if read.program.nodes[n][1][0] == read.data[0]]
    shape = read.program.shape(place)
    size = int(np.prod(shape))
    image = (np.arange(size).reshape(shape) / size).astype(np.float32)
    expected = stored(path.replace(".onnx", "_output_0.pb"), onnx.helper.make_tensor_type_proto(1, []))
    node, axes = scores_of_softmax(read)
    (scores,) = evaluate(read.program, [node], {**read.parameter_values(), read.data[0]: image})
    scores = scores if axes is None else softmax(scores, axis=axes)
    np.testing.assert_allclose(scores.reshape(expected.shape), expected, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["light_squeezenet.onnx", "light_shufflenet.onnx", "light_resnet50.onnx"])
def test_real_architectures_equal_the_reference_evaluator_with_random_weights(name):
    """With random weights in place of constant ones, program and reference evaluator agree on a random image."""
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(os.path.join(DATA, "light", name))
    rng = np.random.default_rng(0)
    read = load(model)
    values = {}
    for parameter, array in read.parameter_values().items():
        # running variances of 0.02 multiply by seven in each layer: small scales keep single precision from overflowing
        fan = int(np.prod(array.shape[1:])) if array.ndim > 1 else 64
        values[parameter] = (np.round(rng.normal(size=array.shape) * 256 / np.sqrt(fan)) / 256).astype(np.float32)
    kept = [node for node in model.graph.node if node.output[0] not in values]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    stored_before = [t for t in model.graph.initializer if t.name not in values]
    del model.graph.initializer[:]
    model.graph.initializer.extend(stored_before + [numpy_helper.from_array(a, k) for k, a in values.items()])
    (place,) = [n for n in read.program.inputs() if read.program.nodes[n][1][0] == read.data[0]]
    image = (rng.integers(-32, 33, read.program.shape(place)) / 16).astype(np.float32)
    if "squeezenet" not in name:
        # the reference evaluator's batch normalisation of version 9 takes the batch's own statistics; version 15 says which
        model.opset_import[0].version = 15
    # compare the scores before softmax: the reference evaluator takes softmax of version 9 over the last axis only
    (last,) = [node for node in model.graph.node if node.op_type == "Softmax"]
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info(last.input[0], 1, None))
    (expected,) = ReferenceEvaluator(model).run(None, {read.data[0]: image})
    assert np.ptp(expected) > 1e-3
    (scores,) = evaluate(read.program, [scores_of_softmax(read)[0]], {**values, read.data[0]: image})
    np.testing.assert_allclose(scores.reshape(expected.shape), expected, rtol=1e-3, atol=1e-3 * np.ptp(expected))
