"""ONNX models as programs.

`load` reads a model and returns an `Imported`: the program, its outputs by name, which of
its inputs are parameters and why, and where the framework's literal program differs from
the function over the reals.  The file is a stranger's: sizes are checked before work is
done, nothing in it is run, nothing outside it is read unless asked for, and every problem
is reported at once.

Semantics: numbers are ideal reals.  A stored float is the exact dyadic number it is;
rounding, overflow and the wrapping of integers are ignored and said so; minus infinity is
understood where it masks (before softmax and exp), nowhere else.  Integer inputs are read
as real numbers, those of at most 16 bits within the range of their type.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from tamecheck.errors import InputError, UnsupportedModel
from tamecheck.ground.intervals import LINE, Interval, interval, meet
from tamecheck.programs.program import Program

if TYPE_CHECKING:
    import numpy as np

MAXIMAL_BYTES = 2**31
MAXIMAL_NODES = 1_000_000
MAXIMAL_INITIALISERS = 200_000
MAXIMAL_RESTARTS = 20


@dataclass
class Imported:
    """A model read into a program.

    Attributes
    ----------
    program : Program
    outputs : dict[str, int] — the model's outputs and their nodes
    parameters : list[str] — names of the inputs that are parameters
    data : list[str] — names of the inputs that are data
    literal : list[dict] — ``{"where", "text"}``: where the machine's program differs from the function
    opset : dict[str, int] — the operator sets that the model imports
    """

    program: Program
    outputs: dict[str, int]
    parameters: list[str]
    data: list[str]
    literal: list[dict]
    opset: dict[str, int]
    _reader: object = field(repr=False)
    _values: dict[str, object] = field(repr=False)

    @cached_property
    def choices(self) -> list[str]:
        """One line per stored tensor, dimension or input that had to be decided."""
        return self._reader.lines()

    @cached_property
    def names(self) -> dict[str, int]:
        """Every value of the graph that is a node, by its name."""
        from tamecheck.frontends.onnx_ops.values import Tensor, clean

        return {clean(k): t.node for k, t in self._values.items() if t.__class__ is Tensor and t.node is not None}

    def parameter_values(self) -> dict[str, np.ndarray]:
        """Return the stored values of the parameters as float64 arrays, for evaluation."""
        import numpy as np

        values = {}
        for name, t in self._reader.parameters.items():
            array = np.full(t.shape, float(t.splat)) if t.splat is not None else np.asarray(t.array(), dtype=np.float64)
            values[name] = array
        return values


def load(
    source: str | os.PathLike | bytes | object, parameters: str | None = None, constants: str | None = None,
    input_box: Interval | tuple | Mapping[str, Interval | tuple] | None = None, dimensions: Mapping[str, object] | None = None,
    *, fixed: Mapping[str, object] | None = None, external: str | os.PathLike | None = None,
) -> Imported:  # fmt: skip
    """Read an ONNX model.

    Parameters
    ----------
    source : path of a file, the bytes of one, or a parsed ``ModelProto``
    parameters, constants : shell patterns, separated by commas, for names of stored tensors (and, for
        ``parameters``, of inputs) that are parameters or constants whatever the default would be
    input_box : interval for the entries of floating inputs, or one per input name; ``(low, high)`` is closed
    dimensions : extents of named dimensions (``{"batch": 8}``) or whole shapes of inputs (``{"x": [1, 3]}``)
    fixed : arrays for inputs that are held constant (shapes, axes, masks)
    external : folder that stored tensors may be read from, when the file keeps them outside; off by default

    Raises
    ------
    InputError
        If the file is no model, exceeds a limit, or leaves a dimension open (codes TC131 to TC139).
    UnsupportedModel
        If operators have no translation or break their specification; ``problems`` lists all of them.

    Soundness: an operator, attribute or value that is not understood is a refusal, never a guess.
    """
    model = read_model(source)
    try:
        return _import(model, parameters, constants, input_box, dimensions or {}, fixed or {}, external)
    except InputError:
        raise
    except RecursionError:
        raise InputError("the model is nested too deeply", code="TC136") from None
    except Exception as error:  # whatever a stranger's file provokes is a problem of that file
        raise InputError(f"the model's structure cannot be read ({type(error).__name__})", code="TC139") from error


def read_model(source: object) -> object:
    """Return the parsed model of a path, of bytes, or as given; refuse what is no model."""
    import onnx

    where = ""
    if isinstance(source, onnx.ModelProto):
        model = source
    else:
        if isinstance(source, (str, os.PathLike)):
            where = _printable(os.fspath(source))
            content = _read_file(os.fspath(source), where)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            content = bytes(source)
        else:
            raise InputError(f"{type(source).__name__} is no ONNX model", code="TC131", hint="give a path, bytes or a ModelProto")
        if not content:
            raise InputError("the file is empty", code="TC131", where=where, hint="export the model again")
        if len(content) > MAXIMAL_BYTES:
            raise InputError(f"the model has {len(content)} bytes, the limit is {MAXIMAL_BYTES}", code="TC136", where=where)
        try:
            model = onnx.ModelProto.FromString(content)
        except Exception:
            raise InputError("this is no ONNX model, or it is cut off", code="TC132", where=where, hint="export the model again") from None
    if not model.HasField("graph") or not (model.opset_import or model.ir_version):
        raise InputError("the file holds no ONNX graph", code="TC132", where=where, hint="export the model again")
    return model


def _read_file(path: str, where: str) -> bytes:
    import stat

    try:
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):
            raise InputError("this is no regular file", code="TC131", where=where)
        if about.st_size > MAXIMAL_BYTES:
            raise InputError(f"the file has {about.st_size} bytes, the limit is {MAXIMAL_BYTES}", code="TC136", where=where)
        with open(path, "rb") as stream:
            return stream.read(MAXIMAL_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise InputError(f"the file cannot be read: {reason}", code="TC131", where=where) from None


def _printable(text: str) -> str:
    return text.encode("unicode_escape", "backslashreplace").decode("ascii")[:200]


def _import(model, parameters, constants, input_box, dimensions, fixed, external) -> Imported:
    from tamecheck.frontends.onnx_ops import importer as core
    from tamecheck.frontends.onnx_ops import registry

    if not registry.HANDLERS:
        registry.load_all()
    versions = _versions(model)
    functions = {(f.domain, f.name, f.overload): f for f in model.functions}
    graph = model.graph
    operators = _check_limits(graph, functions)
    if external is not None:
        from tamecheck.frontends.onnx_ops.external import inline

        inline(model, os.fspath(external))
    forced: set[str] = set()
    for _ in range(MAXIMAL_RESTARTS):
        c = core.Importer(versions, functions, parameters, constants, forced)
        c.operators = operators
        try:
            return _read_graph(c, graph, versions, input_box, dimensions, fixed)
        except core.Restart as again:
            forced.add(again.args[0])
    raise InputError("too many stored tensors are both weights and shapes", code="TC136")


def _versions(model: object) -> dict[str, int]:
    from onnx import defs

    versions: dict[str, int] = {}
    for entry in model.opset_import:
        domain = "" if entry.domain == "ai.onnx" else entry.domain
        versions[domain] = max(entry.version, versions.get(domain, entry.version))
    if not versions:
        raise InputError("the model imports no operator set", code="TC133", hint="export the model again")
    newest = defs.onnx_opset_version()
    if not 0 < versions.get("", 1) <= newest:
        raise InputError(
            f"operator set {versions['']} is not known; the newest here is {newest}", code="TC133", hint="export for a known one"
        )
    return versions


def _check_limits(graph: object, functions: dict) -> int:
    """Return the number of operators in the graph and the functions, within limits; sub-graphs count when they run."""
    if len(graph.node) > MAXIMAL_NODES or len(graph.initializer) > MAXIMAL_INITIALISERS:
        raise InputError(f"the graph has {len(graph.node)} nodes and {len(graph.initializer)} stored tensors", code="TC136")
    total = len(graph.node) + sum([len(f.node) for f in functions.values()])
    if total > MAXIMAL_NODES:
        raise InputError(f"the model has {total} operators, the limit is {MAXIMAL_NODES}", code="TC136")
    if not graph.output:
        raise InputError("the graph has no output", code="TC134", hint="export the model again")
    return total


def _read_graph(c, graph, versions, input_box, dimensions, fixed) -> Imported:
    from tamecheck.frontends.onnx_ops.importer import POISON, Scope
    from tamecheck.frontends.onnx_ops.values import Maybe, Sequence, Tensor, clean, shown

    scope = Scope()
    scope.update(c.initialisers(graph))
    data: list[str] = []
    chosen: list[str] = []
    open_dimensions: list[str] = []
    for slot in graph.input:
        name = slot.name
        if name in scope:
            if fixed and name in fixed:
                scope[name] = _fixed(fixed[name], slot)
            elif scope[name].proto is None or name not in c.initialisers(graph):
                raise InputError(f"two inputs are called {shown(name)}", code="TC134")
            continue
        if fixed and name in fixed:
            scope[name] = _fixed(fixed[name], slot)
            continue
        scope[name] = _data_input(c, slot, input_box, dimensions, data, chosen, open_dimensions)
    if open_dimensions:
        listed = ", ".join(open_dimensions[:12])
        raise InputError(
            f"extents are not given: {listed}", code="TC138", hint="give dimensions, as {name: extent} or {input: shape}"
        )
    c.run(graph.node, scope)
    outputs: dict[str, int] = {}
    bad = False
    for slot in graph.output:
        if slot.name not in scope:
            raise InputError(f"the output {shown(slot.name)} is not defined by the graph", code="TC134")
        value = scope[slot.name]
        if value is POISON:
            bad = True
            continue
        parts = [(slot.name, value)]
        if isinstance(value, Maybe):
            c.choices[f"output {clean(slot.name)}"] = "output: it may be missing" if value.item is None else "output: it is there"
            parts = [] if value.item is None else [(slot.name, value.item)]
        while any(isinstance(v, Sequence) for _, v in parts):
            parts = [
                (f"{n}[{k}]" if isinstance(v, Sequence) else n, item)
                for n, v in parts
                for k, item in enumerate(v.items if isinstance(v, Sequence) else [v])
            ]
        for name, t in parts:
            if isinstance(t, Tensor) and t.holes is not None:
                c.problems.append(
                    {"node": clean(name), "op": "output", "reason": "some of its entries are minus infinity, no real number", "code": "TC130"}
                )
                bad = True
                continue
            try:
                n = c.node(t) if isinstance(t, Tensor) else None
            except Exception as refusal:
                reason = getattr(refusal, "reason", None) or getattr(refusal, "message", type(refusal).__name__)
                c.problems.append({"node": clean(name), "op": "output", "reason": reason, "code": getattr(refusal, "code", "TC130")})
                bad = True
                continue
            if n is None:
                c.problems.append({"node": clean(name), "op": "output", "reason": "it is no tensor", "code": "TC130"})
                bad = True
                continue
            label = clean(name)
            while label in outputs:
                label += "#2"
            outputs[label] = n
            c.p.names.setdefault(n, clean(name))
    # a broken order of definitions makes the whole graph ambiguous, whether an output depends on it or not
    if bad or any(q["code"] == "TC134" for q in c.problems):
        _raise(c.problems)
    if not outputs:
        raise InputError("the model has no output that is a tensor of real numbers", code="TC134")
    return Imported(c.p, outputs, [*chosen, *c.parameters], data, c.literal, versions, c, scope)


def _raise(problems: list[dict]) -> None:
    """Raise one error that lists all problems, malformed ones first in its message."""
    unsupported = [q for q in problems if q["code"] == "TC130"]
    malformed = [q for q in problems if q["code"] != "TC130"]
    first = (malformed or unsupported)[0]
    more = len(problems) - 1
    tail = f" (and {more} more problem{'s' if more > 1 else ''})" if more else ""
    raise UnsupportedModel(
        f"{first['op']} {first['node']!r}: {first['reason']}{tail}", problems=problems, code=first["code"] if malformed else "TC130"
    )


def _fixed(value: object, slot: object) -> object:
    """Return the static value of an input that is held constant."""
    import numpy as np

    from tamecheck.frontends.onnx_ops.values import BOOL, FLOAT, INT64, STRING, Maybe, Sequence, Tensor

    kind = slot.type.tensor_type.elem_type
    if value is None:
        return Maybe(None)
    if isinstance(value, (list, tuple)) and slot.type.WhichOneof("value") in ("sequence_type", "optional_type"):
        known = [_fixed(v, slot) for v in value]
        items = Sequence([v.item if isinstance(v, Maybe) else v for v in known])
        return Maybe(items) if slot.type.WhichOneof("value") == "optional_type" else items
    if type(value).__name__ == "TensorProto":
        from onnx import numpy_helper

        kind = value.data_type
        value = numpy_helper.to_array(value)
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        return Tensor(array.shape, STRING)
    if not kind:
        kind = {"b": BOOL, "i": INT64, "u": INT64}.get(array.dtype.kind, FLOAT)
    if array.dtype.kind not in "biuf":
        array = array.astype(np.float64)
    t = Tensor(array.shape, kind, data=array)
    return Maybe(t) if slot.type.WhichOneof("value") == "optional_type" else t


def _data_input(c, slot, input_box, dimensions, data, chosen, open_dimensions) -> object:
    from tamecheck.frontends.onnx_ops.values import BOOL, COMPLEX64, COMPLEX128, INTEGERS, STRING, Tensor, Unknown, clean, shown

    name, kind = slot.name, slot.type.WhichOneof("value")
    if kind not in ("tensor_type", "sparse_tensor_type"):
        return Unknown(f"the input {shown(name)} is a {str(kind).removesuffix('_type')}, not a tensor; hold it fixed")
    about = getattr(slot.type, kind)
    dtype = about.elem_type
    if not dtype:
        raise InputError(f"the input {shown(name)} has no element type", code="TC134")
    if dtype in (STRING, COMPLEX64, COMPLEX128):
        return Tensor((), dtype)
    shape = _shape(c, name, about, dimensions, open_dimensions)
    if shape is None:
        return Tensor((), dtype)
    if prod(shape) > 2**62 or len(shape) > 32:
        raise InputError(f"the input {shown(name)} has shape {list(shape)[:8]}", code="TC136")
    own = LINE
    if dtype == BOOL:
        own = interval(0, 1)
    elif dtype in INTEGERS and INTEGERS[dtype][1] < 2**16:
        own = interval(*INTEGERS[dtype])
    if dtype in INTEGERS or dtype == BOOL:
        c.choices[f"input {clean(name)}"] = "input: integers or truth values, read as real numbers"
    box = _box(input_box, name, dtype in INTEGERS or dtype == BOOL)
    if box is not None:
        own = meet(own, box) or own
    role = "parameter" if c._named(name, 0) else "data"
    label = clean(name)
    (data if role == "data" else chosen).append(label)
    n = c.p.input(label, shape, role, own)
    t = Tensor(shape, dtype, n)
    if role == "parameter":
        c.choices[label] = f"parameter: an input named by the pattern, shape {list(shape)}"
    return t


def _shape(c, name, about, dimensions, open_dimensions) -> tuple[int, ...] | None:
    from tamecheck.frontends.onnx_ops.values import clean

    given = dimensions.get(name)
    if given is not None and not isinstance(given, int):
        return tuple([int(e) for e in given])
    if not about.HasField("shape"):
        open_dimensions.append(f"the shape of input {clean(name)!r}")
        return None
    shape: list[int] = []
    for axis, d in enumerate(about.shape.dim):
        if d.HasField("dim_value"):
            if d.dim_value < 0:
                raise InputError(f"axis {axis} of input {clean(name)!r} has extent {d.dim_value}", code="TC135")
            shape.append(d.dim_value)
            continue
        label = d.dim_param
        known = dimensions.get(label) if label else None
        if known is not None:
            shape.append(int(known))
        elif axis == 0 and len(about.shape.dim) > 1:
            text = f"dimension {clean(label)!r}" if label else f"axis 0 of input {clean(name)!r}"
            c.choices[text] = "extent 1: a batch dimension left open; shapes change nothing about definability"
            shape.append(1)
        else:
            open_dimensions.append(f"{clean(label)!r}" if label else f"axis {axis} of input {clean(name)!r}")
            shape.append(1)
    return tuple(shape)


def _box(input_box: object, name: str, integral: bool) -> Interval | None:
    if isinstance(input_box, Mapping):
        input_box = input_box.get(name)
    elif integral:
        return None
    if input_box is None:
        return None
    if len(input_box) == 4:
        return input_box
    low, high = [None if e is None else _exact(e) for e in input_box]
    return interval(low, high)


def _exact(value: object) -> Fraction | None:
    if isinstance(value, float):
        return None if value in (float("inf"), float("-inf")) else Fraction(value)
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+(/[0-9]+)?", value, re.ASCII):
        raise InputError(f"the end {value[:40]!r} of a box is no number", code="TC121")
    return Fraction(value)
