"""Constants, element types and shapes: what exporters compute before the network begins."""

from __future__ import annotations

from math import ceil, prod

import numpy as np

from tamecheck.frontends.onnx_ops.elementwise import folded
from tamecheck.frontends.onnx_ops.importer import dense
from tamecheck.frontends.onnx_ops.registry import Call, normal, normals, operator
from tamecheck.frontends.onnx_ops.values import (
    BOOL,
    FLOAT,
    FLOATS,
    INT64,
    INTEGERS,
    MAXIMAL_STATIC,
    STRING,
    TINY_FLOATS,
    Tensor,
    Unsupported,
    decode,
    dims,
    exact_float,
    exact_number,
    malformed,
    objects,
)
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.basics import listed, reshape
from tamecheck.programs.program import broadcast, check_shape


@operator("Constant", "value value_float value_floats value_int value_ints value_string value_strings sparse_value")
def constant(c, call: Call):
    """A stored number or tensor."""
    if len(call.attributes) != 1:
        raise malformed(f"{len(call.attributes)} values, where one is needed")
    ((name, a),) = call.attributes.items()
    if name == "value":
        proto = a.t
        return Tensor(dims(proto), proto.data_type, data=None, proto=proto, weighty=True)
    if name == "sparse_value":
        return dense(a.sparse_tensor)
    if name == "value_int":
        return Tensor((), INT64, splat=a.i)
    if name == "value_float":
        return Tensor((), FLOAT, splat=exact_number(a.f))
    if name == "value_ints":
        return c.ints_tensor(a.ints)
    if name == "value_floats":
        entries = [exact_number(x) for x in a.floats]
        return Tensor((len(entries),), FLOAT, data=objects(entries, (len(entries),)), weighty=True)
    return Tensor((len(a.strings),) if name == "value_strings" else (), STRING)


@operator("ConstantOfShape", "value")
def constant_of_shape(c, call: Call):
    """One number repeated; in a weight's place it becomes a parameter."""
    shape = tuple(c.ints(call[0], "the shape"))
    if shape and (min(shape) < 0 or len(shape) > 32 or prod(shape) > 2**62):
        raise malformed(f"shape {list(shape)[:8]} is negative or too large")
    a = call.attributes.get("value")
    if a is None:
        return Tensor(shape, FLOAT, splat=0, weighty=True)
    proto = a.t
    if proto.data_type == FLOAT and not proto.data_location:
        short = proto.float_data
        if len(short) == 1:
            return Tensor(shape, FLOAT, splat=exact_float(short[0]), weighty=True)
    array = decode(proto)
    if array.size != 1:
        raise malformed(f"the value has {array.size} entries, where one is needed")
    return Tensor(shape, proto.data_type, splat=exact_number(array.ravel()[0].item()), weighty=True)


@operator("Identity")
def identity(c, call: Call):
    """The same value."""
    if call.inputs[0] is None:
        raise malformed("input 0 is missing")
    return (call.inputs[0],)


@operator("Shape", "start end")
def shape_of(c, call: Call):
    """The extents, known integers."""
    shape = call[0].shape
    return c.ints_tensor(shape[slice(call.integer("start", 0), call.integer("end"))])


@operator("Size")
def size_of(c, call: Call):
    """The number of entries, a known integer."""
    return Tensor((), INT64, splat=prod(call[0].shape))


@operator("Cast", "to saturate round_mode")
def cast(c, call: Call):
    """Another element type: the identity between reals, rounding towards zero to integers, the test for 0 to truth values."""
    kind = call.integer("to") if call.version >= 6 else _named_type(call)
    return converted(c, call, call[0], kind)


@operator("CastLike", "saturate round_mode")
def cast_like(c, call: Call):
    """As Cast, to the type of the second input."""
    return converted(c, call, call[0], call[1].dtype)


def _named_type(call: Call) -> int:
    from tamecheck.frontends.onnx_ops.values import NAMES

    name = call.text("to").lower()
    for code, known in NAMES.items():
        if known == name:
            return code
    raise malformed("attribute to names no type")


def converted(c, call: Call, x: Tensor, kind: int) -> Tensor:
    """Return the tensor with element type ``kind``."""
    if kind == x.dtype:
        return x
    if STRING in (kind, x.dtype):
        raise Unsupported("text is not a real number")
    if kind in TINY_FLOATS:
        from tamecheck.frontends.onnx_ops.quantised import tiny_rounded

        return tiny_rounded(c, x, kind, bool(call.integer("saturate", 1)))
    if kind in FLOATS:
        if x.node is None and c.static(x):
            return Tensor(x.shape, kind, data=x.data, splat=x.splat, proto=x.proto, weighty=x.weighty)
        if x.proto is not None and x.dtype in FLOATS:
            c.node(x)  # a parameter keeps its identity under another width
        n, holes = c.finite(x)
        return Tensor(x.shape, kind, n, holes=holes)
    if kind == BOOL:
        if x.node is None and c.static(x):
            result = folded(c, lambda v: int(v != 0), [x], BOOL)
            if result is not None:
                return result
        return c.new(c.p.compare("ne", c.node(x), c.p.constant(0)), BOOL)
    if kind not in INTEGERS:
        raise Unsupported("its type is not one of real numbers")
    low, high = INTEGERS[kind]
    if x.node is None and c.static(x):

        def whole(v):
            if isinstance(v, float):
                raise Unsupported("an infinity or nan becomes an integer")
            n = int(v) if v >= 0 else ceil(v)
            return (n - low) % (high - low + 1) + low

        result = folded(c, whole, [x], kind)
        if result is not None:
            return result
    n = c.node(x)
    if x.dtype in INTEGERS or x.dtype == BOOL:
        if x.dtype in INTEGERS and not (low <= INTEGERS[x.dtype][0] and INTEGERS[x.dtype][1] <= high):
            c.note("integers here are read as real numbers; the machine's narrower integers wrap around")
        return Tensor(x.shape, kind, n)
    c.note("a real number becomes an integer by dropping its fraction; beyond the type's range the machine's result is arbitrary")
    return c.new(scalar.trunc(c.p, n), kind)


@operator("BitCast", "to")
def bit_cast(c, call: Call):
    """The bits read as another type: only the identity is a real function."""
    if call.integer("to") == call[0].dtype:
        return call[0]
    raise Unsupported("it reads the bits of a number as another type; this is no function of real numbers")


# ----------------------------------------------------------------------- reshaping


def reshaped(c, x: Tensor, shape: tuple) -> Tensor:
    """Return the same entries under another shape."""
    if shape == x.shape:
        return x
    if prod(shape) != x.size:
        raise malformed(f"{x.size} entries cannot have shape {list(shape)}")
    if x.splat is not None and x.node is None and x.data is None:
        return Tensor(shape, x.dtype, splat=x.splat, weighty=x.weighty)
    return c.moved(x, lambda v: v.reshape(shape), lambda n: reshape(c.p, n, shape))


@operator("Reshape", "shape allowzero consumed_inputs")
def reshape_to(c, call: Call):
    """Row-major order under another shape; -1 is worked out, 0 copies."""
    x = call[0]
    wanted = list(call.integers("shape", ())) if call.version < 5 else c.ints(call[1], "the shape")
    if not call.integer("allowzero", 0):
        if any(e == 0 and k >= len(x.shape) for k, e in enumerate(wanted)):
            raise malformed(f"shape {wanted} copies an axis that {list(x.shape)} does not have")
        wanted = [x.shape[k] if e == 0 else e for k, e in enumerate(wanted)]
    if wanted.count(-1) > 1 or any(e < -1 for e in wanted):
        raise malformed(f"shape {wanted} leaves more than one extent open")
    if -1 in wanted:
        rest = -prod(wanted)
        if rest == 0 or x.size % rest:
            raise malformed(f"{x.size} entries cannot have shape {wanted}")
        wanted[wanted.index(-1)] = x.size // rest
    return reshaped(c, x, tuple(wanted))


@operator("Flatten", "axis")
def flatten(c, call: Call):
    """Two axes: the product of the first ones, and of the rest."""
    x = call[0]
    rank = len(x.shape)
    axis = call.integer("axis", 1)
    if not -rank <= axis <= rank:
        raise malformed(f"axis {axis} of a tensor with {rank} axes")
    axis += rank if axis < 0 else 0
    return reshaped(c, x, (prod(x.shape[:axis]), prod(x.shape[axis:])))


def _axes(c, call: Call, default: tuple | None) -> tuple | None:
    if call.version < 13:
        return call.integers("axes", default)
    t = call.optional(1)
    return default if t is None else tuple(c.ints(t, "the axes"))


@operator("Squeeze", "axes")
def squeeze(c, call: Call):
    """Axes of extent 1 dropped."""
    x = call[0]
    axes = _axes(c, call, None)
    chosen = [k for k, e in enumerate(x.shape) if e == 1] if axes is None else normals(axes, len(x.shape))
    if any(x.shape[k] != 1 for k in chosen):
        raise malformed(f"an axis to be dropped from {list(x.shape)} has more than one entry")
    return reshaped(c, x, tuple([e for k, e in enumerate(x.shape) if k not in chosen]))


@operator("Unsqueeze", "axes")
def unsqueeze(c, call: Call):
    """Axes of extent 1 added."""
    x = call[0]
    axes = _axes(c, call, None)
    if axes is None:
        raise malformed("the axes are missing")
    rank = len(x.shape) + len(axes)
    chosen = set(normals(axes, rank))
    rest = iter(x.shape)
    return reshaped(c, x, tuple([1 if k in chosen else next(rest) for k in range(rank)]))


@operator("Transpose", "perm")
def transpose(c, call: Call):
    """Axes permuted, by default reversed."""
    x = call[0]
    order = call.integers("perm")
    order = tuple(range(len(x.shape)))[::-1] if order is None else order
    if sorted(order) != list(range(len(x.shape))):
        raise malformed(f"{list(order)} is no permutation of {len(x.shape)} axes")
    return c.moved(x, lambda v: v.transpose(order), lambda n: c.p.reindex(("transpose", order), n))


@operator("Expand")
def expand(c, call: Call):
    """Repeated along axes by broadcasting."""
    x = call[0]
    shape = broadcast(x.shape, check_shape(c.ints(call[1], "the shape")))
    return expanded(c, x, shape)


def expanded(c, x: Tensor, shape: tuple) -> Tensor:
    """Return the tensor broadcast to a shape."""
    if shape == x.shape:
        return x
    if x.splat is not None and x.node is None:
        return Tensor(shape, x.dtype, splat=x.splat, weighty=x.weighty)
    if prod(shape) > MAXIMAL_STATIC and x.node is None:
        c.finite(x)
    return c.moved(x, lambda v: np.broadcast_to(v, shape), lambda n: c.p.reindex(("expand", shape), n))


@operator("Tile", "")
def tile(c, call: Call):
    """Copies laid side by side along each axis."""
    x = call[0]
    if call.version < 6:
        count, axis = c.ints(call[1], "the number of copies")[0], normal(c.ints(call[2], "the axis")[0], len(x.shape))
        repeats = [count if k == axis else 1 for k in range(len(x.shape))]
    else:
        repeats = c.ints(call[1], "the numbers of copies")
    if len(repeats) != len(x.shape) or any(r < 0 for r in repeats):
        raise malformed(f"{repeats} copies of a tensor with {len(x.shape)} axes")
    if x.node is None and c.static(x) and prod(repeats) * x.size > MAXIMAL_STATIC:
        c.finite(x)

    def on_node(n):
        shape = x.shape
        lifted, spread, joined = [], [], []
        for e, r in zip(shape, repeats, strict=True):
            lifted += [1, e] if r != 1 else [e]
            spread += [r, e] if r != 1 else [e]
            joined.append(r * e)
        if 0 in repeats:
            return c.p.reindex(("slice", tuple([(0, 1, 0 if r == 0 else e) for e, r in zip(shape, repeats, strict=True)])), n)
        return reshape(c.p, c.p.reindex(("expand", tuple(spread)), reshape(c.p, n, lifted)), joined)

    return c.moved(x, lambda v: np.tile(v, repeats), on_node)


@operator("Concat", "axis")
def concat(c, call: Call):
    """Tensors joined along an axis."""
    tensors = [call[k] for k in range(len(call.inputs))]
    axis = call.integer("axis", 1 if call.version < 4 else None)
    if axis is None:
        raise malformed("attribute axis is missing")
    axis = normal(axis, len(tensors[0].shape))
    return joined(c, tensors, axis)


def joined(c, tensors: list[Tensor], axis: int) -> Tensor:
    """Return tensors concatenated along an axis."""
    kind = tensors[0].dtype
    if len(tensors) == 1:
        return tensors[0]
    if all(t.node is None and c.static(t) for t in tensors) and sum([t.size for t in tensors]) <= MAXIMAL_STATIC:
        array = np.concatenate([t.exact() for t in tensors], axis=axis)
        return Tensor(array.shape, kind, data=array)
    parts = [c.finite(t) for t in tensors]
    n = c.p.reindex(("concat", axis), *[n for n, _ in parts])
    if all(h is None for _, h in parts):
        return c.new(n, kind)
    no = Tensor((), BOOL, splat=0)
    holes = joined(c, [c.spread(h or no, t.shape) for (_, h), t in zip(parts, tensors, strict=True)], axis)
    return c.new(n, kind, holes)


@operator("Split", "axis split num_outputs")
def split(c, call: Call):
    """A tensor cut along an axis into parts of given or equal lengths."""
    x = call[0]
    axis = call.axis("axis", len(x.shape), 0)
    total, count = x.shape[axis], len(call.outputs)
    given = call.optional(1)
    if call.integers("split") is not None:
        sizes = list(call.integers("split"))
    elif given is not None:
        sizes = c.ints(given, "the lengths of the parts")
    else:
        count = call.integer("num_outputs", count)
        length = -(-total // count) if call.version >= 18 else total // count
        sizes = [length] * (total // length if length else count)
        sizes += [total - sum(sizes)] if sum(sizes) < total else []
        sizes += [0] * (count - len(sizes))
    return tuple(pieces(c, x, axis, sizes))


def pieces(c, x: Tensor, axis: int, sizes: list[int]) -> list[Tensor]:
    """Return consecutive parts of a tensor along an axis."""
    if sum(sizes) != x.shape[axis] or any(s < 0 for s in sizes):
        raise malformed(f"parts {sizes[:8]} of an axis of extent {x.shape[axis]}")
    parts, start = [], 0
    for s in sizes:
        parts.append(slab(c, x, axis, start, s))
        start += s
    return parts


def slab(c, x: Tensor, axis: int, start: int, length: int) -> Tensor:
    """Return ``length`` entries along an axis."""
    if length == x.shape[axis]:
        return x
    triples = tuple([(start, 1, length) if k == axis else (0, 1, e) for k, e in enumerate(x.shape)])
    place = tuple([slice(start, start + length) if k == axis else slice(None) for k in range(len(x.shape))])
    return c.moved(x, lambda v: v[place], lambda n: c.p.reindex(("slice", triples), n))


def row(c, x: Tensor, axis: int, place: int) -> Tensor:
    """Return one entry along an axis, which is dropped."""
    part = slab(c, x, axis, place, 1)
    return reshaped(c, part, part.shape[:axis] + part.shape[axis + 1 :])


def stacked(c, tensors: list[Tensor], axis: int) -> Tensor:
    """Return tensors of one shape along a new axis."""
    rank = len(tensors[0].shape) + 1
    a = normal(axis, rank)
    shape = tensors[0].shape[:a] + (1,) + tensors[0].shape[a:]
    if any(t.shape != tensors[0].shape for t in tensors):
        raise malformed("tensors of different shapes are stacked")
    return joined(c, [reshaped(c, t, shape) for t in tensors], a)


# ------------------------------------------------------------------------ generators


@operator("Range", "stash_type")
def arange(c, call: Call):
    """``start, start + delta, ...`` before the limit."""
    start, limit, delta = [c.number(call[k], what) for k, what in enumerate(("the start", "the limit", "the step"))]
    if delta == 0:
        raise malformed("the step is 0")
    count = max(ceil((limit - start) / delta), 0)
    entries = [start + k * delta for k in listed(count)]
    if call[0].dtype in INTEGERS:
        entries = [int(x) for x in entries]
    return Tensor((count,), call[0].dtype, data=objects(entries, (count,)))


@operator("EyeLike", "dtype k")
def eye_like(c, call: Call):
    """Ones on a diagonal."""
    x, k = call[0], call.integer("k", 0)
    if len(x.shape) != 2 or x.size > MAXIMAL_STATIC:
        raise malformed(f"no diagonal for shape {list(x.shape)}")
    rows, columns = x.shape
    entries = [int(j == i + k) for i in range(rows) for j in range(columns)]
    return Tensor(x.shape, call.integer("dtype", x.dtype), data=objects(entries, x.shape))


@operator("Trilu", "upper")
def trilu(c, call: Call):
    """The entries on one side of a diagonal, zeros on the other."""
    x = call[0]
    k = int(c.number(call[1], "the diagonal")) if call.optional(1) is not None else 0
    if len(x.shape) < 2:
        raise malformed(f"no triangle in shape {list(x.shape)}")
    upper, (rows, columns) = call.integer("upper", 1), x.shape[-2:]
    if rows * columns > MAXIMAL_STATIC:
        down, across = c.p.values(listed(rows), (rows, 1)), c.p.values(listed(columns), (columns,))
        gap = c.p.map("sub", across, down)
        mask = c.p.compare("ge" if upper else "le", gap, c.p.constant(k))
        return c.new(c.p.where(mask, c.node(x), c.p.constant(0)), x.dtype)
    keep = [int(j >= i + k if upper else j <= i + k) for i in range(rows) for j in range(columns)]
    if x.node is None and c.static(x) and x.size <= MAXIMAL_STATIC:
        mask = np.array(keep, dtype=bool).reshape(rows, columns)
        return c.fold(np.where(mask, x.exact(), 0), x.dtype)
    n, holes = c.finite(x)
    mask = c.p.values(keep, (rows, columns))
    result = c.new(c.p.where(mask, n, c.p.constant(0)), x.dtype)
    if holes is not None:
        result.holes = c.new(c.p.logic("and", mask, c.node(holes)), BOOL)
        if holes.is_static and holes.size <= MAXIMAL_STATIC:
            inside = np.array(keep, dtype=bool).reshape(rows, columns)
            result.holes = c.fold(np.where(inside, c.spread(holes, x.shape).exact(), 0), BOOL)
    return result


