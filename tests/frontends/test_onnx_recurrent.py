"""Recurrent ONNX models: derivatives with respect to weights and inputs are legitimate, and the checker agrees."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tamecheck.conservative_models import conservative_model  # noqa: E402

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def recurrent(kind: str, steps: int, **attributes: object):
    """Return a model of one recurrent node, two inputs and three hidden numbers."""
    rng, g, h = np.random.default_rng(0), GATES[kind], 3
    weights = {"W": rng.normal(size=(1, g * h, 2)), "R": rng.normal(size=(1, g * h, h)), "B": rng.normal(size=(1, 2 * g * h))}
    tensors = [numpy_helper.from_array(a.astype("float32"), name) for name, a in weights.items()]
    node = helper.make_node(kind, ["x", *weights], ["Y", "last"], hidden_size=h, **attributes)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [steps, 1, 2])
    y = helper.make_tensor_value_info("last", TensorProto.FLOAT, [1, 1, h])
    return helper.make_model(helper.make_graph([node], kind, [x], [y], tensors), opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize("about", ["parameters", "inputs"])
@pytest.mark.parametrize(
    ("kind", "attributes", "verdict"),
    [
        ("RNN", {}, "exact-c1"), ("GRU", {}, "exact-c1"), ("GRU", {"linear_before_reset": 1}, "exact-c1"), ("LSTM", {}, "exact-c1"),
        ("RNN", {"activations": ["Relu"]}, "conservative"), ("LSTM", {"activations": ["HardSigmoid", "Tanh", "Tanh"]}, "conservative"),
    ],
)  # fmt: skip
def test_recurrent_models(kind, attributes, verdict, about, tmp_path):
    """Twenty steps of each kind of cell, smooth and kinked."""
    path = tmp_path / "model.onnx"
    onnx.save(recurrent(kind, 20, **attributes), path)
    report = conservative_model(str(path), about=about)
    assert (report["verdict"], report["obligations"]) == (verdict, [])
    assert report["certificate"].document["claim"]["conservative"] == 1
    assert report["certificate"].check().verdict == "valid"


def test_a_step_in_a_cell_is_found(tmp_path):
    """A round behind the recurrent node is named as what stands in the way."""
    model = recurrent("GRU", 5)
    model.graph.node.append(helper.make_node("Round", ["last"], ["z"]))
    model.graph.output[0].name = "z"
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    report = conservative_model(str(path), about="inputs")
    assert report["verdict"] == "unknown" and "round jumps" in report["obligations"][0]
