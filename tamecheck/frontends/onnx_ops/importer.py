"""The reader of a graph: runs its nodes in order, each adding its definition to one program.

The reader keeps what the file means apart from what it says: a stored tensor becomes a
parameter (an indeterminate) or a constant on its first use; integers that describe shapes
stay exact numbers; everything else is a node.  A node that cannot be translated is
recorded with its reason and its outputs are *poisoned*, so that one pass finds all problems.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod

import numpy as np

from tamecheck.errors import InputError
from tamecheck.frontends.onnx_ops import registry
from tamecheck.frontends.onnx_ops.registry import Call
from tamecheck.frontends.onnx_ops.values import (
    BOOL,
    COMPLEX64,
    COMPLEX128,
    FLOATS,
    INT64,
    MAXIMAL_STATIC,
    MAXIMAL_VALUES,
    NAMES,
    STRING,
    Tensor,
    Unsupported,
    clean,
    decode,
    dims,
    exact_number,
    malformed,
    objects,
    shown,
    small_integers,
)
from tamecheck.ground.intervals import interval
from tamecheck.programs.program import Program, broadcast

MAXIMAL_STEPS = 100_000  # operators run, beside ten times those the file holds
MAXIMAL_PROGRAM = 2_000_000  # nodes, beside twenty per operator of the file
MAXIMAL_NESTING = 32
MAXIMAL_PROBLEMS = 1_000
POISON = Tensor(shape=(), dtype=0)
TABLE_NAME = re.compile(
    r"(?:^|[._/])(?:inv_freq|cos_cached|sin_cached|causal_mask|attn_mask|attention_mask|masked_bias|position_ids|relative_position_index|"
    r"anchors|num_batches_tracked)$"
)


class Restart(Exception):
    """A stored tensor that was taken as a parameter must be a constant after all."""


class Missing(Exception):
    """A value is used that no node before defines."""


class Scope(dict):
    """The values of a graph by name; a missing name is looked up in the surrounding graph."""

    __slots__ = ("outer", "attributes")

    def __init__(self, outer: Scope | None = None, attributes: dict | None = None) -> None:
        super().__init__()
        self.outer = outer
        self.attributes = attributes if attributes is not None or outer is None else outer.attributes

    def __missing__(self, name: str) -> object:
        scope = self.outer
        while scope is not None:
            if name in scope:
                return dict.__getitem__(scope, name)
            scope = scope.outer
        raise Missing(name)


class Importer:
    """One reading of a model into a program; handlers receive it as ``c``."""

    def __init__(self, versions: dict[str, int], functions: dict, parameters: str | None, constants: str | None, forced: set[str]) -> None:
        self.p = Program()
        self.versions = versions
        self.functions = functions
        self.patterns = (_patterns(parameters), _patterns(constants))
        self.forced = forced
        self.parameters: dict[str, Tensor] = {}
        self.choices: dict[str, str] = {}  # a parameter's line is completed with its shape by `lines`
        self.roles: dict[str, bool] = {}
        self.literal: list[dict] = []
        self.problems: list[dict] = []
        self.splats: dict[tuple, int] = {}
        self.steps = self.work = 0
        self.operators = 0
        self.depth = 0
        self.entries: dict[tuple, tuple] = {}
        self.graphs: dict[int, tuple[object, dict]] = {}
        self.current: object = None
        self._known_problems: set[tuple] = set()
        self._noted: set[tuple] = set()

    def zero(self) -> int:
        """Return the node of the scalar 0."""
        n = self.splats.get((0, ()))
        if n is None:
            n = self.splats[0, ()] = self.p.constant(0)
        return n

    # ---------------------------------------------------------------- values to nodes

    def node(self, t: Tensor) -> int:
        """Return the node of a tensor of finite reals, adding a constant or a parameter if it is none yet."""
        if t.holes is not None:
            raise Unsupported("minus infinity reaches this operator; over the reals it is only a mask before softmax, max or exp")
        if t.node is None:
            self._materialise(t)
            if t.holes is not None:
                return self.node(t)
        return t.node

    def weight(self, t: Tensor) -> int:
        """Return the node of a tensor that stands in a weight's place: a computed float constant becomes a parameter too."""
        if t.node is None and t.shape and t.dtype in FLOATS and t.name is not None:
            if t.weighty:
                if not self._named(t.name, 1):
                    self._parameter(t, "made by the graph for a weight's place")
            elif t.proto is not None and self.role(t, weight=True):
                self._parameter(t, "stored float tensor")
        return self.node(t)

    def constant(self, t: Tensor) -> int:
        """Return the node of a tensor that is a constant by value in this place (a statistic), unless it is a parameter already."""
        if t.node is None and stored(t) and t.name not in self.roles and not self._named(t.name, 0):
            self.roles[t.name] = False
            self.choices[t.name] = "constant: a statistic of the training data, not trained"
        return self.node(t)

    def finite(self, t: Tensor) -> tuple[int, Tensor | None]:
        """Return the node of the finite part of a tensor (0 where it is minus infinity), and where that is."""
        if t.node is None:
            self._materialise(t)
        return t.node, t.holes

    def new(self, node: int, dtype: int, holes: Tensor | None = None) -> Tensor:
        """Return the tensor of a node."""
        return Tensor(self.p.nodes[node][3], dtype, node, holes=holes)

    def fold(self, array: np.ndarray, dtype: int) -> Tensor:
        """Return a static tensor of exact entries."""
        return Tensor(array.shape, dtype, data=array)

    def ints_tensor(self, entries: Sequence[int], shape: tuple | None = None, dtype: int = INT64) -> Tensor:
        """Return a static tensor of integers."""
        entries = list(entries)
        shape = (len(entries),) if shape is None else shape
        return Tensor(shape, dtype, data=objects(entries, shape))

    def _materialise(self, t: Tensor) -> None:
        if t.dtype == STRING:
            raise Unsupported("text is not a real number")
        if t.dtype in (COMPLEX64, COMPLEX128):
            raise Unsupported("complex numbers have no translation; split them into real and imaginary parts")
        if not t.is_static:
            raise Unsupported("its value is not known")
        if stored(t) and self.role(t):
            self._parameter(t, "stored float tensor")
            return
        if t.splat is not None:
            key = (t.splat, t.shape)
            n = self.splats.get(key)
            if n is None:
                self._refuse_infinite(t.splat)
                n = self.splats[key] = self.p.constant(t.splat, t.shape)
            t.node = n
            return
        array = t.array()
        if t.dtype in FLOATS:
            array = self._split(t, array)
        small = array.size <= MAXIMAL_VALUES or (array.dtype.kind in "Oiub" and array.size <= MAXIMAL_STATIC)
        if small:
            entries = [exact_number(x) for x in array.ravel().tolist()]
            t.node = self.p.values(entries, t.shape)
        else:
            t.node = self._opaque(array, t.shape)

    def _refuse_infinite(self, x: object) -> None:
        if isinstance(x, float):
            raise Unsupported(f"the constant {x} is not a real number")

    def _split(self, t: Tensor, array: np.ndarray) -> np.ndarray:
        """Return the entries with 0 for minus infinity, which is noted in ``holes``; refuse nan and infinity."""
        if array.dtype == object:
            odd = np.array([isinstance(x, float) for x in array.ravel().tolist()], dtype=bool).reshape(array.shape)
            if not odd.any():
                return array
            low = np.array([isinstance(x, float) and x == float("-inf") for x in array.ravel().tolist()], dtype=bool).reshape(array.shape)
        else:
            odd = ~np.isfinite(array)
            if not odd.any():
                return array
            low = np.asarray(array == -np.inf)
        if (odd & ~low).any():
            raise Unsupported("a constant holds nan or plus infinity, which are not real numbers")
        t.holes = Tensor(t.shape, BOOL, data=np.asarray(low.astype(np.int64), dtype=object))
        array = array.copy()
        array[low] = 0
        return array

    def _opaque(self, array: np.ndarray, shape: tuple) -> int:
        numbers = array.astype(np.float64)
        seal = hashlib.sha256(f"{array.dtype.str}{list(shape)}".encode())
        if array.dtype == object:
            seal.update(",".join([str(x) for x in array.ravel().tolist()]).encode())
            low, high = min(array.ravel().tolist()), max(array.ravel().tolist())
        else:
            seal.update(np.ascontiguousarray(array).tobytes())
            low, high = exact_number(array.min().item()), exact_number(array.max().item())
        if low == high:
            return self.p.constant(low, shape)
        return self.p.opaque(seal.hexdigest(), shape, interval(low, high), numbers)

    # -------------------------------------------------------- parameter or constant

    def _named(self, name: str, which: int) -> bool:
        patterns = self.patterns[which]
        return bool(patterns) and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    def role(self, t: Tensor, weight: bool = False) -> bool:
        """Decide once whether a stored tensor is a parameter; the reason goes into ``choices``."""
        known = self.roles.get(t.name)
        if known is not None:
            return known
        answer, reason = self._judge(t, weight)
        self.roles[t.name] = answer
        if not answer and t.dtype in FLOATS:
            self.choices[t.name] = f"constant: {reason}"
        return answer

    def _judge(self, t: Tensor, weight: bool) -> tuple[bool, str]:
        name = t.name
        if t.dtype not in FLOATS:
            return False, f"its type is {NAMES.get(t.dtype, t.dtype)}"
        if name in self.forced:
            return False, "its entries decide shapes or indices"
        if self._named(name, 1):
            return False, "named by the pattern of constants"
        if self._named(name, 0):
            return True, "named by the pattern of parameters"
        if not t.shape or (t.size == 1 and not weight):
            return False, "a scalar"
        if t.size == 0:
            return False, "it is empty"
        if TABLE_NAME.search(name):
            return False, "a table of positions or a mask by its name"
        if not np.isfinite(decode(t.proto)).all():
            return False, "it holds an infinity, a mask"
        return True, "stored float tensor"

    def _parameter(self, t: Tensor, reason: str) -> None:
        name = clean(t.name)
        known = self.parameters.get(name)
        k = 1
        while known is not None and (known.shape != t.shape or known.proto is not t.proto or known.splat != t.splat):
            k += 1
            known = self.parameters.get(f"{name}#{k}")
        if k > 1:
            name = f"{name}#{k}"
        if known is None:
            if name in self.p._inputs:
                name = f"{name}#parameter"
            self.parameters[name] = t
            self.choices[name] = reason
        # the shape was checked when the tensor was read, and the name is new or means the same tensor
        p = self.p
        t.node = n = p.add("input", (name, "parameter", "(-inf,inf)"), (), t.shape)
        p._inputs[name] = n
        p.names[n] = name
        if t.proto is not None:
            self.roles[t.name] = True

    def lines(self) -> list[str]:
        """Return one line per choice made."""
        chosen = self.parameters
        return [
            f"{name}: parameter, {text} of shape {list(chosen[name].shape)}" if name in chosen else f"{name}: {text}"
            for name, text in self.choices.items()
        ]

    # ------------------------------------------------------------------ static reading

    def static(self, t: Tensor) -> bool:
        """Tell whether the entries are known and may be computed with: static, small, and no parameter."""
        if t.splat is not None or t.data is not None and t.proto is None:
            return t.size <= MAXIMAL_STATIC or t.data is not None
        return t.proto is not None and t.dtype != STRING and (not stored(t) or not self.role(t))

    def known(self, t: Tensor, what: str) -> list:
        """Return the exact entries of a tensor that must not depend on the inputs."""
        if not t.is_static:
            raise Unsupported(f"{what} is computed from the data; it must be a constant, so that shapes and program are fixed", "TC130")
        if stored(t) and t.node is not None and self.roles.get(t.name):
            raise Restart(t.name)
        if stored(t) and t.name not in self.roles:
            self.roles[t.name] = False
            if t.dtype in FLOATS:
                self.choices[t.name] = f"constant: it is {what}"
        return t.entries()

    def ints(self, t: Tensor, what: str) -> list[int]:
        """Return the integers of a static tensor."""
        if t.dtype == INT64 and t.proto is not None and t.data is None:
            short = small_integers(t.proto)
            if short is not None:
                return short
        entries = self.known(t, what)
        if any(isinstance(x, float) or x.denominator != 1 for x in entries):
            raise malformed(f"{what} must be integers")
        return [int(x) for x in entries]

    def scalar(self, t: Tensor, what: str) -> Fraction | int | float:
        """Return the one entry of a static tensor."""
        if t.size != 1:
            raise malformed(f"{what} must be one number, not shape {list(t.shape)}")
        return self.known(t, what)[0]

    def number(self, t: Tensor, what: str) -> Fraction:
        """Return the one finite entry of a static tensor."""
        value = self.scalar(t, what)
        if isinstance(value, float):
            raise Unsupported(f"{what} is not a finite number")
        return Fraction(value)

    def moved(self, t: Tensor, on_array: Callable, on_node: Callable, dtype: int | None = None) -> Tensor:
        """Return a rearrangement of entries, of the numbers when they are known, else of the node (and of its mask)."""
        kind = t.dtype if dtype is None else dtype
        if t.node is None and self.static(t):
            if t.splat is not None and t.data is None:
                if t.size <= MAXIMAL_STATIC:
                    shape = on_array(np.broadcast_to(np.int8(0), t.shape)).shape
                    return Tensor(shape, kind, splat=t.splat, weighty=t.weighty)
            else:
                array = np.asarray(on_array(t.array()))
                return Tensor(array.shape, kind, data=array, weighty=t.weighty)
        n, holes = self.finite(t)
        m = on_node(n)
        result = Tensor(self.p.nodes[m][3], kind, m)
        if holes is not None:
            result.holes = self.moved(self.spread(holes, t.shape), on_array, on_node)
        return result

    def spread(self, t: Tensor, shape: tuple) -> Tensor:
        """Return the tensor broadcast to a shape."""
        if t.shape == shape:
            return t
        if t.splat is not None:
            return Tensor(shape, t.dtype, splat=t.splat)
        if t.node is None and t.data is not None:
            return Tensor(shape, t.dtype, data=np.broadcast_to(t.data, shape))
        return self.new(self.p.reindex(("expand", shape), self.node(t)), t.dtype)

    def common(self, tensors: Sequence[Tensor]) -> tuple:
        """Return the broadcast of the tensors' shapes."""
        shape: tuple = ()
        for t in tensors:
            if t.shape != shape:
                shape = broadcast(shape, t.shape)
        return shape

    def note(self, text: str) -> None:
        """Record a difference between the framework's literal program and the function it names."""
        node = self.current
        where = "" if node is None else clean(node.name or (node.output[0] if node.output else node.op_type))
        if (where, text) not in self._noted:
            self._noted.add((where, text))
            self.literal.append({"where": where, "text": text})

    # ------------------------------------------------------------------------ running

    def run(self, nodes: object, scope: Scope) -> None:
        """Translate nodes in order; record problems and poison what depends on them."""
        p, entries, attributes_of_caller = self.p, self.entries, scope.attributes
        labels, built, has_functions = p.names, p.nodes, bool(self.functions)
        self.steps += len(nodes)
        if self.steps > MAXIMAL_STEPS + 10 * self.operators:
            raise InputError(f"the model unrolls to more than {MAXIMAL_STEPS} operators", code="TC136")
        limit = MAXIMAL_PROGRAM + 20 * self.operators
        for node in nodes:
            if len(built) > limit:
                raise InputError(f"the model unrolls to more than {limit} nodes", code="TC136")
            op, domain = node.op_type, node.domain
            key = (domain, op, node.overload) if domain or has_functions else op
            entry = entries.get(key)
            if entry is None:
                entry = entries[key] = self._entry(domain, op, node.overload)
            function, allowed, version, reason, code, low, high = entry
            outputs = list(node.output)
            if function is None:
                self._problem(node, reason, code)
                self._poison(outputs, scope)
                continue
            listed = node.attribute
            attributes = {a.name: a for a in listed}
            try:
                inputs = [scope[name] if name else None for name in node.input]
                if POISON in inputs:
                    self._poison(outputs, scope)
                    continue
                if attributes:
                    if len(attributes) != len(listed):
                        raise malformed("an attribute is given twice")
                    if attributes_of_caller is not None:
                        attributes = _resolved(attributes, attributes_of_caller)
                    if allowed is not None and not allowed.issuperset(attributes):
                        odd = sorted(set(attributes) - allowed)
                        raise Unsupported(f"attribute {shown(odd[0])} is not one this operator is known to have")
                if not low <= len(inputs) <= high:
                    raise malformed(f"{len(inputs)} inputs, where the operator takes {low} to {high}")
                self.current = node
                results = function(self, Call(op, domain, version, inputs, attributes, outputs, scope))
                if results.__class__ is Tensor:
                    results = (results,)
                if len(outputs) > len(results) and any(outputs[len(results) :]):
                    raise malformed(f"{len(outputs)} outputs, where the operator gives {len(results)}")
                for name, t in zip(outputs, results):  # noqa: B905 - results that are not asked for are left out
                    if not name:
                        continue
                    if name in scope:
                        raise Unsupported(f"defines {shown(name)} a second time", "TC134")
                    if t is None:
                        raise Unsupported(f"its output {shown(name)} has no translation")
                    scope[name] = t
                    if t.__class__ is Tensor:
                        n = t.node
                        if n is None:
                            if t.weighty and t.name is None:
                                t.name = name
                        elif n not in labels:
                            labels[n] = name if name.isascii() and name.isprintable() else clean(name)
            except Unsupported as refusal:
                self._refused(node, scope, refusal.reason, refusal.code)
            except InputError as error:
                self._refused(node, scope, error.message, error.code)
            except Restart:
                raise
            except Missing as missing:
                reason = f"uses {shown(missing.args[0])} before it is defined: a cycle, a wrong order of nodes, or a missing value"
                self._refused(node, scope, reason, "TC134")
            except Exception as error:  # whatever a stranger's file provokes is a problem of that file
                self._refused(node, scope, f"its inputs or attributes do not fit together ({type(error).__name__})", "TC139")

    def _refused(self, node: object, scope: Scope, reason: str, code: str) -> None:
        self._problem(node, reason, code)
        self._poison(node.output, scope)

    def _poison(self, outputs: object, scope: Scope) -> None:
        for name in outputs:
            if name and name not in scope:
                scope[name] = POISON

    def _problem(self, node: object, reason: str, code: str) -> None:
        name = node.name or (node.output[0] if node.output else "")
        key = (name, node.op_type, reason)
        if key in self._known_problems:
            return
        self._known_problems.add(key)
        if len(self.problems) < MAXIMAL_PROBLEMS:
            self.problems.append({"node": clean(name), "op": clean(node.op_type)[:120], "reason": reason, "code": code})

    def _entry(self, domain: str, op: str, overload: str) -> tuple:
        """Return ``(function, allowed attributes, version, reason, code, fewest, most inputs)`` for an operator."""
        from onnx import defs

        own = self.functions.get((domain, op, overload))
        if own is not None:
            return (_CallFunction(own), None, 0, "", "", 0, len(own.input))
        plain = "" if domain == "ai.onnx" else domain
        version = self.versions.get(domain, self.versions.get(plain))
        if version is None:
            return (None, None, 0, f"the model does not import the operator set {shown(domain)}", "TC133", 0, 0)
        try:
            schema = defs.get_schema(op, version, plain)
        except Exception:
            if defs.has(op, plain):
                return (None, None, 0, f"operator {shown(op)} is not in version {version} of its operator set", "TC133", 0, 0)
            return (None, None, 0, f"operator {shown(op)} of domain {shown(plain)} is not known", "TC130", 0, 0)
        handler = registry.HANDLERS.get((plain, op))
        if schema.deprecated:
            return (None, None, 0, f"operator {shown(op)} is withdrawn in version {version} of its operator set", "TC133", 0, 0)
        if (plain, op) in registry.REFUSED:
            return (None, None, 0, registry.REFUSED[plain, op], "TC130", 0, 0)
        if handler is not None:
            return (handler.function, handler.attributes, version, "", "", schema.min_input, schema.max_input)
        if schema.has_function or schema.has_context_dependent_function:
            return (_ExpandSchema(schema), None, version, "", "", schema.min_input, schema.max_input)
        return (None, None, 0, f"operator {shown(op)} has no translation yet", "TC130", 0, 0)

    # ------------------------------------------------------------- graphs and functions

    def nested(self) -> None:
        """Count one level of nesting; `unnested` gives it back."""
        self.depth += 1
        if self.depth > MAXIMAL_NESTING:
            self.depth -= 1
            raise Unsupported(f"graphs and functions are nested more than {MAXIMAL_NESTING} deep", "TC136")

    def initialisers(self, graph: object) -> dict:
        """Return the stored tensors of a graph, the same objects each time it runs."""
        found = self.graphs.get(id(graph))
        if found is None:
            values: dict[str, Tensor] = {}
            for proto in graph.initializer:
                name = proto.name
                if not name or name in values:
                    raise InputError(f"stored tensor {shown(name)} has no name or is stored twice", code="TC134")
                values[name] = Tensor(dims(proto), proto.data_type, proto=proto, name=name)
            for sparse in graph.sparse_initializer:
                t = dense(sparse)
                t.name = sparse.values.name
                values[t.name] = t
            found = self.graphs[id(graph)] = (graph, values)
        return found[1]

    def run_graph(self, graph: object, outer: Scope, arguments: Sequence[object]) -> list:
        """Run a sub-graph on arguments for its inputs and return its outputs; poison passes through."""
        self.nested()
        current = self.current
        try:
            scope = Scope(outer)
            scope.update(self.initialisers(graph))
            if len(graph.input) < len(arguments):
                raise malformed(f"a sub-graph takes {len(graph.input)} inputs and is given {len(arguments)}")
            for slot, value in zip(graph.input, arguments, strict=False):
                if slot.name in scope:
                    raise Unsupported(f"the sub-graph defines {shown(slot.name)} a second time", "TC134")
                scope[slot.name] = value
            self.run(graph.node, scope)
            try:
                return [scope[o.name] for o in graph.output]
            except Missing as missing:
                raise Unsupported(f"the sub-graph does not define its output {shown(missing.args[0])}", "TC134") from None
        finally:
            self.depth -= 1
            self.current = current

    def run_function(self, function: object, call: Call, versions: dict[str, int]) -> tuple:
        """Run a function body (a FunctionProto) in its own scope, with the caller's attributes."""
        self.nested()
        kept, kept_entries, current = self.versions, self.entries, self.current
        try:
            attributes = {a.name: a for a in function.attribute_proto}
            attributes.update(call.attributes)
            scope = Scope(None, attributes)
            for k, name in enumerate(function.input):
                scope[name] = call.inputs[k] if k < len(call.inputs) else None
            self.versions, self.entries = versions, {}
            self.run(function.node, scope)
            results = []
            for name in list(function.output)[: max(len(call.outputs), 1)]:
                if name not in scope:
                    raise Unsupported(f"the function does not define its output {shown(name)}", "TC134")
                if scope[name] is POISON:
                    raise Unsupported("a part of its definition has no translation (see the other problems)")
                results.append(scope[name])
            return tuple(results)
        finally:
            self.depth -= 1
            self.versions, self.entries, self.current = kept, kept_entries, current


class _CallFunction:
    """The handler of a function that the model defines itself."""

    def __init__(self, function: object) -> None:
        self.function = function

    def __call__(self, c: Importer, call: Call) -> tuple:
        versions = {"" if o.domain == "ai.onnx" else o.domain: o.version for o in self.function.opset_import}
        return c.run_function(self.function, call, versions or c.versions)


class _ExpandSchema:
    """The handler of an operator that the standard defines by a function body."""

    def __init__(self, schema: object) -> None:
        self.schema = schema

    def __call__(self, c: Importer, call: Call) -> tuple:
        import onnx
        from onnx import defs

        schema = self.schema
        if schema.has_context_dependent_function:
            node = onnx.helper.make_node(call.op, [f"i{k}" if t is not None else "" for k, t in enumerate(call.inputs)], call.outputs)
            node.domain = call.domain
            node.attribute.extend(call.attributes.values())
            types = []
            for t in call.inputs:
                kind = onnx.TypeProto()
                if isinstance(t, Tensor):
                    kind = onnx.helper.make_tensor_type_proto(t.dtype, list(t.shape))
                types.append(kind.SerializeToString())
            versions = list(schema.context_dependent_function_opset_versions)
            fit = max([v for v in versions if v <= call.version], default=versions[0])
            text = schema.get_context_dependent_function_with_opset_version(fit, node.SerializeToString(), types)
            function = onnx.FunctionProto.FromString(text)
        else:
            versions = list(schema.function_opset_versions)
            fit = max([v for v in versions if v <= call.version], default=versions[0])
            function = onnx.FunctionProto.FromString(schema.get_function_with_opset_version(fit).SerializeToString())
        defaults = {name: a.default_value for name, a in schema.attributes.items() if a.default_value.name}
        whole = Call(
            call.op, call.domain, call.version, call.inputs, {**defaults, **call.attributes}, call.outputs, call.scope
        )
        # a body may leave out the operator set it is written in when the model imports none
        known = {"": defs.onnx_opset_version(), **c.versions, **{o.domain: o.version for o in function.opset_import}}
        return c.run_function(function, whole, known)


def _resolved(attributes: dict, caller: dict) -> dict:
    """Return a function body's attributes with references replaced by the caller's, or left out."""
    found = {}
    for name, a in attributes.items():
        if a.ref_attr_name:
            value = caller.get(a.ref_attr_name)
            if value is not None:
                found[name] = value
        else:
            found[name] = a
    return found


def dense(sparse: object) -> Tensor:
    """Return a stored sparse tensor as a dense static one."""
    shape = dims(sparse)
    values = decode(sparse.values).ravel()
    places = decode(sparse.indices)
    count = prod(shape)
    if count > 2**24:
        raise InputError(f"a sparse tensor of shape {list(shape)} would have to be written out", code="TC136")
    if places.ndim == 2:
        if places.shape != (len(values), len(shape)):
            raise InputError("the indices of a sparse tensor do not fit its values", code="TC135")
        strides = [prod(shape[k + 1 :]) for k in range(len(shape))]
        if any(((places[:, k] < 0) | (places[:, k] >= e)).any() for k, e in enumerate(shape)):
            raise InputError("an index of a sparse tensor leaves its shape", code="TC135")
        places = places @ np.array(strides, dtype=np.int64)
    places = places.ravel()
    if len(places) != len(values) or (len(places) and (places.min() < 0 or places.max() >= count)):
        raise InputError("the indices of a sparse tensor do not fit its shape", code="TC135")
    flat = np.zeros(count, dtype=values.dtype)
    flat[places] = values
    return Tensor(shape, sparse.values.data_type, data=flat.reshape(shape), weighty=True)


def stored(t: Tensor) -> bool:
    """Tell whether a tensor is an initialiser of the file, known by its name."""
    return t.proto is not None and t.name is not None and not t.weighty


def _patterns(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()] if text else []
