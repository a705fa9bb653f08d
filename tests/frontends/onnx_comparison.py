"""Compare an imported ONNX model with given or computed outputs; used by the tests beside it."""

import numpy as np
import onnx
from onnx import numpy_helper

from tamecheck.errors import InputError
from tamecheck.frontends.onnx_io import Imported, load
from tamecheck.programs.evaluate import evaluate


def plain(value):
    """Return stored tensors as arrays."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return [plain(v) for v in value] if isinstance(value, list) else value


def is_float(value) -> bool:
    """Tell whether a value is an array of floats of any width."""
    return isinstance(value, np.ndarray) and (value.dtype.kind == "f" or value.dtype.name.startswith(("bfloat", "float")))


def real(value) -> bool:
    """Tell whether an input holds real numbers only."""
    return not is_float(value) or bool(np.isfinite(value.astype(np.float64)).all())


def imported(model, inputs: dict) -> tuple[str, Imported]:
    """Import a model: with free inputs, else with integers held fixed, else with all inputs held fixed."""
    shapes = {name: list(v.shape) for name, v in inputs.items() if isinstance(v, np.ndarray)}
    integers = {name: v for name, v in inputs.items() if not is_float(v)}
    last = None
    for how, fixed in (("free", {}), ("integers fixed", integers), ("all fixed", inputs)):
        try:
            return how, load(model, dimensions=shapes, fixed=fixed)
        except InputError as refusal:
            last = refusal
    raise last


def flattened(names, outputs) -> dict:
    """Return expected outputs by name, lists by position."""
    found = {}
    for name, value in zip(names, outputs, strict=False):
        if isinstance(value, list):
            found.update({f"{name}[{k}]": v for k, v in enumerate(value)})
        elif value is not None:
            found[name] = value
    return found


def differences(model_read: Imported, inputs: dict, expected: dict, rtol: float, atol: float, steps: bool = False) -> list[str]:
    """Return what differs between the evaluated program and the expected outputs, beyond rounding.

    Where the model's output is not finite, the program must not be finite either.  With ``steps``
    a difference of one unit in the last place of a code is rounding at a tie.
    """
    values = {name: np.asarray(v, dtype=np.float64) for name, v in inputs.items() if name in model_read.data}
    got = evaluate(model_read.program, list(model_read.outputs.values()), {**model_read.parameter_values(), **values})
    bad = []
    for name, ours in zip(model_read.outputs, got, strict=True):
        theirs = np.asarray(expected[name]).astype(np.float64)
        if ours.shape != theirs.shape:
            bad.append(f"{name}: shape {ours.shape}, expected {theirs.shape}")
            continue
        finite = np.isfinite(theirs)
        slack = atol + rtol * np.abs(theirs[finite]) + (1.0 if steps else 0.0)
        gap = np.abs(ours[finite] - theirs[finite])
        if not (gap <= slack).all():
            bad.append(f"{name}: differs by {np.nanmax(np.where(np.isfinite(gap), gap, np.inf))}")
        if np.isfinite(ours[~finite]).any():
            bad.append(f"{name}: finite where the model is not")
    bad += [f"{name}: missing" for name in set(expected) - set(model_read.outputs)]
    return bad
