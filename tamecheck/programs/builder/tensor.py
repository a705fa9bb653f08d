"""Tensors: handles on nodes, with the operators of Python arithmetic.

``h = nn.relu(W @ x + b)`` writes nodes and returns a handle.  Nothing is computed: a
comparison is a tensor of truth values, and asking Python for the truth of a tensor is an
error.  Numbers that meet a tensor are read exactly (see `hyperparameters`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from math import prod

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.builder.hyperparameters import Number, is_number, number
from tamecheck.programs.builder.indexing import select
from tamecheck.programs.builder.trace import Trace, extract, join
from tamecheck.programs.definitions import basics, scalar
from tamecheck.programs.program import Program

Axes = int | Sequence[int] | None


class Arithmetic:
    """Operators and methods shared by tensors and by leaves (inputs, parameters)."""

    __slots__ = ()
    __array_ufunc__ = None  # a NumPy array on the left lets us answer
    shape: tuple[int, ...]

    # -------------------------------------------------------------- operators

    def __add__(self, other: Operand) -> Tensor:
        return _map("add", self, other)

    def __radd__(self, other: Operand) -> Tensor:
        return _map("add", other, self)

    def __sub__(self, other: Operand) -> Tensor:
        return _map("sub", self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return _map("sub", other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return _map("mul", self, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return _map("mul", other, self)

    def __truediv__(self, other: Operand) -> Tensor:
        return _map("div", self, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return _map("div", other, self)

    def __pow__(self, other: Operand) -> Tensor:
        return power(self, other)

    def __rpow__(self, other: Operand) -> Tensor:
        return _map("pow", other, self)

    def __mod__(self, other: Operand) -> Tensor:
        return apply(scalar.mod, self, other)

    def __floordiv__(self, other: Operand) -> Tensor:
        return apply(scalar.floor_divide, self, other)

    def __matmul__(self, other: Operand) -> Tensor:
        return apply(basics.matmul, self, other)

    def __rmatmul__(self, other: Operand) -> Tensor:
        return apply(basics.matmul, other, self)

    def __neg__(self) -> Tensor:
        return _map("neg", self)

    def __pos__(self) -> Tensor:
        return as_tensor(self)

    def __abs__(self) -> Tensor:
        return _map("abs", self)

    def __lt__(self, other: Operand) -> Tensor:
        return _compare("lt", self, other)

    def __le__(self, other: Operand) -> Tensor:
        return _compare("le", self, other)

    def __gt__(self, other: Operand) -> Tensor:
        return _compare("gt", self, other)

    def __ge__(self, other: Operand) -> Tensor:
        return _compare("ge", self, other)

    def __eq__(self, other: Operand) -> Tensor:  # type: ignore[override]
        return _compare("eq", self, other)

    def __ne__(self, other: Operand) -> Tensor:  # type: ignore[override]
        return _compare("ne", self, other)

    def __and__(self, other: Operand) -> Tensor:
        return _logic("and", self, other)

    def __or__(self, other: Operand) -> Tensor:
        return _logic("or", self, other)

    def __xor__(self, other: Operand) -> Tensor:
        return _logic("xor", self, other)

    def __invert__(self) -> Tensor:
        return _logic("not", self)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(
            "a tensor has no truth value while a program is written: use nn.where(condition, a, b) to choose, "
            "& | ~ instead of and, or, not, and `is` to compare handles"
        )

    def __float__(self) -> float:
        raise TypeError("a tensor is symbolic and has no value; evaluate the program to see numbers")

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a scalar tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return iter([self[k] for k in range(len(self))])

    def __contains__(self, value: object) -> bool:
        raise TypeError("`in` asks for the truth of symbolic comparisons; compare positions or names instead")

    def __getitem__(self, key: object) -> Tensor:
        return select(as_tensor(self), key)

    # ------------------------------------------------------------------ shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def T(self) -> Tensor:
        """The tensor with the order of all axes reversed."""
        return self.permute(*reversed(range(self.ndim)))

    @property
    def mT(self) -> Tensor:
        """The tensor with its last two axes swapped."""
        return self.transpose(-1, -2)

    def size(self, dim: int | None = None) -> tuple[int, ...] | int:
        """Return the shape, or one extent of it."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """Return the number of entries."""
        return prod(self.shape)

    def reshape(self, *shape: int | Sequence[int]) -> Tensor:
        """Return the entries, in row-major order, under another shape; one extent may be -1."""
        target = list(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else list(shape)
        if target.count(-1) == 1:
            rest = -prod(target)
            if rest == 0 or self.numel() % rest:
                raise ShapeError(f"cannot reshape {list(self.shape)} to {target}")
            target[target.index(-1)] = self.numel() // rest
        return apply(basics.reshape, self, shape=tuple(target))

    view = reshape

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Return the tensor with a range of axes merged into one."""
        a, b = self._dim(start_dim), self._dim(end_dim)
        return self.reshape(*self.shape[:a], prod(self.shape[a : b + 1]), *self.shape[b + 1 :])

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Tensor:
        """Return the tensor with one axis split into several."""
        a = self._dim(dim)
        return self.reshape(*self.shape[:a], *sizes, *self.shape[a + 1 :])

    def squeeze(self, dim: int | None = None) -> Tensor:
        """Return the tensor without its axes of extent 1 (without that one axis if it has extent 1)."""
        gone = range(self.ndim) if dim is None else [self._dim(dim)]
        return self.reshape(*[e for a, e in enumerate(self.shape) if a not in gone or e != 1])

    def unsqueeze(self, dim: int) -> Tensor:
        """Return the tensor with a new axis of extent 1."""
        a = dim + self.ndim + 1 if dim < 0 else dim
        return self.reshape(*self.shape[:a], 1, *self.shape[a:])

    def permute(self, *dims: int | Sequence[int]) -> Tensor:
        """Return the tensor with its axes reordered."""
        order = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
        return apply(basics.transpose, self, permutation=tuple(self._dim(d) for d in order))

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Return the tensor with two axes swapped."""
        order = list(range(self.ndim))
        a, b = self._dim(dim0), self._dim(dim1)
        order[a], order[b] = b, a
        return self.permute(*order)

    def expand(self, *shape: int | Sequence[int]) -> Tensor:
        """Return the tensor broadcast to a shape; -1 keeps an extent."""
        target = list(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else list(shape)
        gap = len(target) - self.ndim
        target = [self.shape[k - gap] if e == -1 and k >= gap else e for k, e in enumerate(target)]
        return apply(lambda p, n: p.reindex(("expand", tuple(target)), n), self)

    def flip(self, dim: int) -> Tensor:
        """Return the tensor in reversed order along an axis."""
        a = self._dim(dim)
        triples = [(0, 1, e) for e in self.shape]
        if self.shape[a]:
            triples[a] = (self.shape[a] - 1, -1, self.shape[a])
        return apply(basics.cut, self, triples=triples)

    def _dim(self, dim: int) -> int:
        if not -self.ndim <= dim < self.ndim:
            raise ShapeError(f"axis {dim} of a tensor of shape {list(self.shape)}")
        return dim % self.ndim

    def _dims(self, dim: Axes) -> tuple[int, ...]:
        if dim is None:
            return tuple(range(self.ndim))
        return tuple(sorted({self._dim(d) for d in ([dim] if isinstance(dim, int) else dim)}))

    # ------------------------------------------------------------- reductions

    def _reduce(self, operation: str, dim: Axes, keepdim: bool) -> Tensor:
        return apply(lambda p, n: p.reduce(operation, n, self._dims(dim), keepdim), self)

    def sum(self, dim: Axes = None, keepdim: bool = False) -> Tensor:
        """Return the sum over axes, over all of them when none is given."""
        return self._reduce("sum", dim, keepdim)

    def prod(self, dim: Axes = None, keepdim: bool = False) -> Tensor:
        """Return the product over axes."""
        return self._reduce("prod", dim, keepdim)

    def max(self, dim: Axes = None, keepdim: bool = False) -> Tensor:
        """Return the maximum over axes (the values; the places are `argmax`)."""
        return self._reduce("max", dim, keepdim)

    def min(self, dim: Axes = None, keepdim: bool = False) -> Tensor:
        """Return the minimum over axes."""
        return self._reduce("min", dim, keepdim)

    amax, amin = max, min

    def mean(self, dim: Axes = None, keepdim: bool = False) -> Tensor:
        """Return the mean over axes."""
        return apply(basics.mean, self, axes=self._dims(dim), keep=keepdim)

    def var(self, dim: Axes = None, keepdim: bool = False, correction: int = 1) -> Tensor:
        """Return the variance over axes, divided by ``n - correction``."""
        return apply(basics.variance, self, axes=self._dims(dim), keep=keepdim, correction=correction)

    def std(self, dim: Axes = None, keepdim: bool = False, correction: int = 1) -> Tensor:
        """Return the square root of the variance."""
        return self.var(dim, keepdim, correction).sqrt()

    def norm(self, p: Number = 2, dim: Axes = None, keepdim: bool = False) -> Tensor:
        """Return ``(sum |x|^p)^(1/p)``; ``p`` is a positive rational or ``"inf"``."""
        if p in ("inf", float("inf")):
            return abs(self).max(dim, keepdim)
        q = number(p, "norm exponent")
        if q <= 0:
            raise InputError(f"norm exponent {q} is not positive", code="TC124")
        powers = self * self if q == 2 else power(abs(self), q)
        return power(powers.sum(dim, keepdim), 1 / q)

    def cumsum(self, dim: int) -> Tensor:
        """Return the running sums along an axis."""
        return apply(lambda p, n: p.cumulate("sum", n, dim), self)

    def cumprod(self, dim: int) -> Tensor:
        """Return the running products along an axis."""
        return apply(lambda p, n: p.cumulate("prod", n, dim), self)

    def argmax(self, dim: int, keepdim: bool = False) -> Tensor:
        """Return the place of the maximum along an axis, the first one at a tie."""
        best = apply(lambda p, n: p.order("argmax", n, dim), self)
        return best if keepdim else best.squeeze(dim)

    def sort(self, dim: int = -1, descending: bool = False) -> Tensor:
        """Return the entries sorted along an axis."""
        return apply(lambda p, n: p.order("sort", n, dim, largest=descending), self)

    def topk(self, k: int, dim: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
        """Return the ``k`` extreme entries in order and their places; ties go to the first place."""
        values = apply(lambda p, n: p.order("topk", n, dim, k, largest), self)
        return values, apply(lambda p, n: p.order("topk_index", n, dim, k, largest), self)

    # -------------------------------------------------------------- entrywise

    def exp(self) -> Tensor:
        """Return the exponential."""
        return _map("exp", self)

    def log(self) -> Tensor:
        """Return the natural logarithm."""
        return _map("log", self)

    def sqrt(self) -> Tensor:
        """Return the square root."""
        return _map("sqrt", self)

    def sin(self) -> Tensor:
        """Return the sine."""
        return _map("sin", self)

    def cos(self) -> Tensor:
        """Return the cosine."""
        return _map("cos", self)

    def abs(self) -> Tensor:
        """Return the absolute value."""
        return _map("abs", self)

    def sign(self) -> Tensor:
        """Return the sign, 0 at 0."""
        return _map("sign", self)

    def floor(self) -> Tensor:
        """Return the largest integer not above."""
        return _map("floor", self)

    def round(self) -> Tensor:
        """Return the nearest integer, the even one at a tie."""
        return _map("round", self)

    def erf(self) -> Tensor:
        """Return the error function."""
        return _map("erf", self)

    def lgamma(self) -> Tensor:
        """Return the logarithm of the Gamma function."""
        return _map("lgamma", self)

    def square(self) -> Tensor:
        """Return the square."""
        return _map("mul", self, self)

    def relu(self) -> Tensor:
        """Return ``max(x, 0)``."""
        return apply(scalar.relu, self)

    def tanh(self) -> Tensor:
        """Return the hyperbolic tangent."""
        return apply(scalar.tanh, self)

    def sigmoid(self) -> Tensor:
        """Return ``1/(1 + exp(-x))``."""
        return apply(scalar.sigmoid, self)

    def clamp(self, min: Operand | None = None, max: Operand | None = None) -> Tensor:
        """Return the entries pulled into ``[min, max]``."""
        result = as_tensor(self)
        if min is not None:
            result = _map("max", result, min)
        return result if max is None else _map("min", result, max)

    clip = clamp

    # ------------------------------------------------------------------ whole

    def to_program(self, name: str = "output") -> tuple[Program, dict[str, int]]:
        """Return the program of this tensor alone, and where its one output is."""
        handle = as_tensor(self)
        program, outputs = extract(handle.trace, [handle.node])
        return program, {name: outputs[0]}


class Tensor(Arithmetic):
    """A handle on one node of a program under construction."""

    __slots__ = ("_trace", "_node")

    def __init__(self, trace: Trace, node: int) -> None:
        self._trace = trace
        self._node = node

    def _resolve(self) -> None:
        while self._trace.joined is not None:
            self._trace, places = self._trace.joined
            self._node = places[self._node]

    @property
    def trace(self) -> Trace:
        """The trace that holds the node now."""
        self._resolve()
        return self._trace

    @property
    def node(self) -> int:
        """The position of the node in the trace's program."""
        self._resolve()
        return self._node

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the axes."""
        self._resolve()
        return self._trace.program.shape(self._node)

    @property
    def program(self) -> Program:
        """The program under construction; it may hold more than this tensor needs, see `to_program`."""
        return self.trace.program

    def __repr__(self) -> str:
        kind, parameters = self.program.nodes[self.node][:2]
        what = parameters[0] if kind in ("map", "reduce", "input", "compare", "reindex", "order", "linalg") else kind
        return f"Tensor(shape={list(self.shape)}, {kind if kind == what else f'{kind} {what}'})"


Operand = Arithmetic | Number | Sequence


# ------------------------------------------------------------------- writing nodes


def common_trace(values: Iterable[object]) -> Trace:
    """Return the one trace of all the tensors among the values; leaves and numbers have none."""
    return join([v.trace for v in values if isinstance(v, Tensor)])


def place(trace: Trace, value: object) -> int:
    """Return the node of a tensor, a leaf, a derived weight or a constant, in a trace."""
    if isinstance(value, Tensor):
        return value.node if value.trace is trace else trace.capture(value)
    derive = getattr(value, "derived", None)
    if derive is not None:
        return place(trace, derive(trace))
    if isinstance(value, Arithmetic):
        return trace.bind(value)  # type: ignore[arg-type]
    return trace.constant(value)


def apply(function: Callable[..., int], *operands: object, **options: object) -> Tensor:
    """Call ``function(program, node, ..., option=...)`` on operands of any kind; ``None`` stays ``None``."""
    trace = common_trace(operands)
    nodes = [None if v is None else place(trace, v) for v in operands]
    return Tensor(trace, function(trace.program, *nodes, **options))


def as_tensor(value: Operand, near: Arithmetic | None = None) -> Tensor:
    """Return a handle on a leaf, a number or an array, in the trace of ``near`` if there is one."""
    if isinstance(value, Tensor):
        return value
    trace = common_trace([near])
    return Tensor(trace, place(trace, value))


def _map(primitive: str, *operands: object) -> Tensor:
    trace = common_trace(operands)
    return Tensor(trace, trace.program.map(primitive, *[place(trace, v) for v in operands]))


def _compare(relation: str, a: object, b: object) -> Tensor:
    return apply(lambda p, m, n: p.compare(relation, m, n), a, b)


def _logic(connective: str, *operands: object) -> Tensor:
    return apply(lambda p, *n: p.logic(connective, *n), *operands)


def power(base: Operand, exponent: Operand) -> Tensor:
    """Return ``base ** exponent``: a product or a root where the exponent is 2 or 1/2, a constant power, or a learnt one."""
    if is_number(exponent):
        q = number(exponent, "exponent")
        return as_tensor(base) if q == 1 else apply(basics.power, base, exponent=q)
    return _map("pow", base, exponent)


def constant(value: object, shape: Sequence[int] | None = None) -> Tensor:
    """Return a constant tensor; see `hyperparameters` for how numbers are read.

    >>> constant([[0.5, 0.25]]).shape, constant(1, (3, 3)).shape
    ((1, 2), (3, 3))
    """
    trace = Trace()
    if shape is not None:
        return Tensor(trace, trace.program.constant(number(value), shape))
    return Tensor(trace, trace.constant(value))


def full_like(x: Arithmetic, value: Number | Fraction) -> Tensor:
    """Return a constant tensor of the shape of ``x``, in its trace."""
    trace = common_trace([x])
    return Tensor(trace, trace.program.constant(number(value), x.shape))
