"""How many of the onnx package's own models are imported, and why the others are refused.

Run: ``python benchmarks/onnx_sweep.py [--names]``.  The models are the single-operator cases of
``onnx.backend.test.case.node.collect_testcases`` and the collections ``simple``, ``pytorch-operator``,
``pytorch-converted`` and ``light``.  A case whose shapes or indices are inputs is imported with its
integer inputs held fixed at the case's values, and if that is not enough with all of them.
"""

import os
import sys
import time
import warnings
from collections import Counter, defaultdict
from glob import glob


def is_float(value: object) -> bool:
    """Tell whether a value is an array of floats of any width."""
    kind = getattr(value, "dtype", None)
    return kind is not None and (kind.kind == "f" or kind.name.startswith(("bfloat", "float")))


def cases():
    """Yield ``(collection, name, model, inputs)`` for every model."""
    import onnx
    from onnx import numpy_helper
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = collect_testcases(None)

    def plain(value: object) -> object:
        if isinstance(value, onnx.TensorProto):
            return numpy_helper.to_array(value)
        return [plain(v) for v in value] if isinstance(value, list) else value

    for case in nodes:
        slots = [slot.name for slot in case.model.graph.input]
        yield "single operators", case.name, case.model, dict(zip(slots, map(plain, case.data_sets[0][0]), strict=False))
    data = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data")
    for folder in ("simple", "pytorch-operator", "pytorch-converted"):
        for name in sorted(os.listdir(os.path.join(data, folder))):
            model = onnx.load(os.path.join(data, folder, name, "model.onnx"))
            inputs = {}
            for k, slot in enumerate(model.graph.input):
                for path in glob(os.path.join(data, folder, name, "test_data_set_0", f"input_{k}.pb")):
                    if slot.type.WhichOneof("value") == "tensor_type":
                        with open(path, "rb") as stream:
                            inputs[slot.name] = numpy_helper.to_array(onnx.TensorProto.FromString(stream.read()))
            yield folder, name, model, inputs
    for name in sorted(os.listdir(os.path.join(data, "light"))):
        if name.endswith(".onnx"):
            yield "light", name, onnx.load(os.path.join(data, "light", name)), {}


def attempt(model: object, inputs: dict) -> tuple[str, object]:
    """Return how the model was imported, or the refusal."""
    from tamecheck.errors import InputError
    from tamecheck.frontends.onnx_io import load

    shapes = {name: list(v.shape) for name, v in inputs.items() if hasattr(v, "shape")}
    integers = {name: v for name, v in inputs.items() if not is_float(v)}
    refusal = None
    for how, fixed in (("imported", {}), ("imported, integers fixed", integers), ("imported, all inputs fixed", inputs)):
        try:
            return how, load(model, dimensions=shapes, fixed=fixed)
        except InputError as error:
            refusal = error
    return "refused", refusal


def main() -> None:
    """Print the two tables."""
    counts: dict[str, Counter] = defaultdict(Counter)
    reasons: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    literal, nodes, seconds = Counter(), 0, 0.0
    for collection, name, model, inputs in cases():
        started = time.perf_counter()
        how, result = attempt(model, inputs)
        seconds += time.perf_counter() - started
        counts[collection][how] += 1
        if how == "refused":
            first = result.problems[0] if getattr(result, "problems", None) else {"op": "", "reason": result.message, "code": result.code}
            reasons[first["code"], first["op"], first["reason"]].append(name)
        else:
            nodes += len(result.program)
            literal.update({line["text"][:100] for line in result.literal})
    columns = ["imported", "imported, integers fixed", "imported, all inputs fixed", "refused"]
    print(f"{'collection':20}" + "".join(f"{c:>28}" for c in columns))
    for collection, row in counts.items():
        print(f"{collection:20}" + "".join(f"{row[c]:28}" for c in columns))
    print(f"\n{sum(sum(r.values()) for r in counts.values())} models, {nodes} program nodes, {seconds:.1f} s\n\nrefused")
    for (code, op, reason), names in sorted(reasons.items(), key=lambda item: -len(item[1])):
        print(f"{len(names):5}  {code} {op}: {reason}")
        if "--names" in sys.argv:
            print("       " + ", ".join(names))
    print("\nmodels with a difference between the machine's program and the function")
    for text, count in literal.most_common():
        print(f"{count:5}  {text}")


if __name__ == "__main__":
    main()
