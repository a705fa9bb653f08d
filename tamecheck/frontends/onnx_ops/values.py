"""What an ONNX value is while a graph is read: a node of the program, or numbers known exactly.

A `Tensor` has a shape and an element type.  It stands for a node of the program, or for
static entries: one exact number repeated (a *splat*), a small array of exact numbers
(``int``, `Fraction`, and the floats inf and nan where the file stores them), or a stored
array of the file.  Static integers are how shape arithmetic is followed; nothing of the
size a shape declares is ever allocated for a splat.

``holes`` marks entries that are minus infinity: the mask of attention scores.  It is a
tensor of truth values that broadcasts to the shape, and the node is 0 where it is true.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import prod
from struct import Struct

import numpy as np

from tamecheck.errors import InputError

FLOAT, UINT8, INT8, UINT16, INT16, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
UINT32, UINT64, COMPLEX64, COMPLEX128, BFLOAT16, UINT4, INT4, UINT2, INT2 = 12, 13, 14, 15, 16, 21, 22, 25, 26
FLOATS = frozenset([FLOAT, FLOAT16, DOUBLE, BFLOAT16])
TINY_FLOATS = frozenset([17, 18, 19, 20, 23, 24])
INTEGERS = {
    UINT8: (0, 2**8 - 1), INT8: (-(2**7), 2**7 - 1), UINT16: (0, 2**16 - 1), INT16: (-(2**15), 2**15 - 1),
    INT32: (-(2**31), 2**31 - 1), INT64: (-(2**63), 2**63 - 1), UINT32: (0, 2**32 - 1), UINT64: (0, 2**64 - 1),
    UINT4: (0, 15), INT4: (-8, 7), UINT2: (0, 3), INT2: (-2, 1),
}  # fmt: skip
NAMES = {
    1: "float", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool", 10: "float16",
    11: "double", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8e4m3fn",
    18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0",
    25: "uint2", 26: "int2",
}  # fmt: skip
STORED = {
    FLOAT: "<f4", DOUBLE: "<f8", FLOAT16: "<f2", INT64: "<i8", INT32: "<i4", INT16: "<i2", INT8: "i1", UINT8: "u1", UINT16: "<u2",
    UINT32: "<u4", UINT64: "<u8", BOOL: "?",
}  # fmt: skip
SHORT = {8 * n: Struct(f"<{n}q").unpack for n in range(1, 33)}
MAXIMAL_STATIC = 2**16
MAXIMAL_VALUES = 16


class Unsupported(Exception):
    """Why one operator of a model has no translation."""

    def __init__(self, reason: str, code: str = "TC130") -> None:
        self.reason = reason
        self.code = code
        super().__init__(reason)


def malformed(reason: str) -> Unsupported:
    """Return the refusal of a node that breaks the operator's own specification."""
    return Unsupported(reason, "TC135")


class Tensor:
    """One value of the graph; see the module's text.  ``name`` is set for stored initialisers."""

    __slots__ = ("shape", "dtype", "node", "data", "splat", "proto", "name", "holes", "weighty")

    def __init__(self, shape=(), dtype=FLOAT, node=None, data=None, splat=None, proto=None, name=None, holes=None, weighty=False):
        self.shape = shape
        self.dtype = dtype
        self.node = node
        self.data = data
        self.splat = splat
        self.proto = proto
        self.name = name
        self.holes = holes
        self.weighty = weighty

    def __repr__(self) -> str:
        what = f"node {self.node}" if self.node is not None else "static" if self.is_static else "nothing"
        return f"Tensor({NAMES.get(self.dtype, self.dtype)}, {list(self.shape)}, {what})"

    @property
    def is_static(self) -> bool:
        """Whether the entries are known without the inputs."""
        return self.data is not None or self.splat is not None or self.proto is not None

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether the element type is a floating one."""
        return self.dtype in FLOATS or self.dtype in TINY_FLOATS

    def array(self) -> np.ndarray:
        """Return the static entries as an array, of exact objects or as stored; large splats are refused."""
        if self.data is None:
            if self.splat is not None:
                if self.size > MAXIMAL_STATIC:
                    raise Unsupported(f"a constant of shape {list(self.shape)} would have to be written out", "TC136")
                self.data = np.empty(self.shape, dtype=object)
                self.data.fill(self.splat)
            elif self.proto is not None:
                self.data = decode(self.proto)
            else:
                raise Unsupported("its entries are computed from the data")
        return self.data

    def exact(self) -> np.ndarray:
        """Return the static entries as an array of ``int`` and `Fraction` (and the floats inf, nan)."""
        array = self.array()
        if array.dtype != object:
            if array.size > MAXIMAL_STATIC:
                raise Unsupported(f"a constant of {array.size} entries would have to be written out", "TC136")
            array = exact_array(array)
            if self.proto is None:
                self.data = array
        return array

    def entries(self) -> list:
        """Return the exact entries in row-major order."""
        if self.splat is not None and self.data is None and self.size == 1:
            return [self.splat]
        return self.exact().ravel().tolist()


class Sequence:
    """A list of tensors, known in length and order."""

    __slots__ = ("items", "dtype")

    def __init__(self, items: list, dtype: int = FLOAT) -> None:
        self.items = items
        self.dtype = dtype


class Maybe:
    """An optional value: a tensor or sequence, or nothing."""

    __slots__ = ("item",)

    def __init__(self, item: Tensor | Sequence | None) -> None:
        self.item = item


class Unknown:
    """An input that is no tensor and is not held fixed; using it is a refusal."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


@lru_cache(maxsize=4096)
def exact_float(f: float) -> object:
    """Return the exact number that a float is: an ``int`` or a `Fraction`; inf and nan stay floats."""
    if f != f or f in (float("inf"), float("-inf")):
        return f
    q = Fraction(f)
    return q.numerator if q.denominator == 1 else q


def exact_number(x: object) -> object:
    """Return an exact number for a Python or NumPy scalar; inf and nan stay floats."""
    if x.__class__ is float:
        return exact_float(x)
    if isinstance(x, Fraction):
        return x
    return exact_float(float(x)) if isinstance(x, np.floating) else int(x)


def exact_array(array: np.ndarray) -> np.ndarray:
    """Return the array with exact entries."""
    if array.dtype == object:
        return array
    if array.dtype.kind in "iub":
        return array.astype(np.int64).astype(object) if array.dtype.kind == "b" else array.astype(object)
    result = np.empty(array.shape, dtype=object)
    flat = result.reshape(-1)
    for k, x in enumerate(array.astype(np.float64).ravel().tolist()):
        flat[k] = exact_number(x)
    return flat.reshape(array.shape)


def objects(entries: list, shape: tuple) -> np.ndarray:
    """Return an object array of the given entries and shape."""
    result = np.empty(len(entries), dtype=object)
    for k, x in enumerate(entries):
        result[k] = x
    return result.reshape(shape)


def single(x: float) -> Fraction:
    """Return the exact value of the single precision float nearest to ``x``: what ONNX stores for an attribute."""
    return Fraction(float(np.float32(x)))


def dims(proto: object) -> tuple:
    """Return the declared extents of a stored tensor, within limits."""
    shape = tuple(proto.dims)
    if shape and (len(shape) > 32 or min(shape) < 0 or prod(shape) > 2**62):
        raise InputError(f"a stored tensor declares shape {list(shape)[:8]}", code="TC136", hint="at most 32 axes, no negative extent")
    return shape


def decode(proto: object) -> np.ndarray:
    """Return the entries of a stored tensor; it must hold as many as it declares, and inside the file."""
    shape, kind = dims(proto), proto.data_type
    if proto.data_location == 1 or proto.external_data:
        raise InputError(
            f"tensor {shown(proto.name)} keeps its entries in another file", code="TC137", hint="pass external= the folder, if you trust it"
        )
    if kind == STRING:
        raise Unsupported("text is not a real number")
    count = prod(shape)
    if proto.HasField("raw_data"):
        raw = proto.raw_data
        if kind in STORED:
            stored = np.dtype(STORED[kind])
            if len(raw) != count * stored.itemsize:
                raise wrong_length(proto, len(raw) // stored.itemsize, count)
            return np.frombuffer(raw, dtype=stored).reshape(shape)
        if len(raw) * 8 < count:
            raise wrong_length(proto, len(raw), count)
    elif kind == FLOAT:
        return _field(proto, proto.float_data, np.float32, count).reshape(shape)
    elif kind == INT64:
        return _field(proto, proto.int64_data, np.int64, count).reshape(shape)
    elif kind == DOUBLE:
        return _field(proto, proto.double_data, np.float64, count).reshape(shape)
    elif kind in (UINT32, UINT64):
        return _field(proto, proto.uint64_data, np.uint64, count).reshape(shape)
    elif kind in (INT32, INT16, INT8, UINT16, UINT8, BOOL):
        return _field(proto, proto.int32_data, np.int64, count).reshape(shape)
    elif count > 8 * len(proto.int32_data) + 8 * len(proto.float_data):
        raise wrong_length(proto, len(proto.int32_data), count)
    if kind in (COMPLEX64, COMPLEX128):
        raise Unsupported("complex numbers have no translation; split them into real and imaginary parts")
    from onnx import numpy_helper

    try:
        array = numpy_helper.to_array(proto)
    except Exception as error:
        raise InputError(f"tensor {shown(proto.name)} cannot be read: {type(error).__name__}", code="TC135") from None
    return array.astype(np.int64) if kind in INTEGERS else array.astype(np.float64)


def small_integers(proto: object) -> list[int] | None:
    """Return the entries of a stored 64-bit integer tensor the short way, or ``None`` when it is kept otherwise."""
    raw = proto.raw_data
    read = SHORT.get(len(raw))
    if read is None or len(raw) != 8 * prod(proto.dims) or proto.data_location:
        return None
    return list(read(raw))


def _field(proto: object, field: object, kind: type, count: int) -> np.ndarray:
    if len(field) != count:
        raise wrong_length(proto, len(field), count)
    return np.array(field, dtype=kind)


def wrong_length(proto: object, found: int, declared: int) -> InputError:
    """Return the error of a stored tensor whose entries do not match its shape."""
    return InputError(
        f"tensor {shown(proto.name)} declares {declared} entries of type {NAMES.get(proto.data_type, proto.data_type)} and stores {found}",
        code="TC135",
    )


def shown(name: str) -> str:
    """Return a name of the file fit to be printed: one short line, control characters escaped, in quotes."""
    text = name if len(name) <= 120 else name[:117] + "..."
    return repr(text.encode("unicode_escape", "backslashreplace").decode("ascii").replace("\\\\", "\\"))


def clean(name: str) -> str:
    """Return a name of the file with control and non-ASCII characters escaped, bare."""
    if name.isascii() and name.isprintable():
        return name
    return name.encode("unicode_escape", "backslashreplace").decode("ascii")
