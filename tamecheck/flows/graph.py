"""A graph of NumPy operations with a fixed shape for every node: what flows evaluate, and what is differentiated.

Unlike the kinds of a `Program` the operations here are chosen for floating point: ``tanh``, ``sigmoid``, ``softplus`` and
``logsumexp`` are operations, so that neither they nor their derivatives overflow, and every static selection of entries is
a ``take`` by flat positions whose adjoint is a ``put``.  Nodes are interned; constants are folded.

=========== =======================================================================
operation   parameters, arguments
=========== =======================================================================
input       name
constant    position in `Graph.constants`
unary       neg abs sign floor ceil rint exp log sqrt sin cos tan arcsin arccos arctan tanh sigmoid softplus, and those of `SPECIAL`
binary      add sub mul div pow max min greater equal less less_equal not_equal; the last five give 0 or 1
where       three arguments; entries of the second where the first is not 0
einsum      specification
sum, amax   axes (kept with extent 1)
reshape     one argument, the same entries in the same order
expand      broadcasting to the shape
take        flat positions (a position in `Graph.positions`), -1 for 0
put         flat positions: entries are added up at their places
argsort     axis; flat positions of the sorted entries are computed at run time (``gather`` and ``scatter`` use them)
=========== =======================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from tamecheck.errors import InputError

UNARY = {
    "neg": np.negative, "abs": np.abs, "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "rint": np.rint, "exp": np.exp, "log": np.log,
    "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan,
    "tanh": np.tanh,
}  # fmt: skip
BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "max": np.maximum, "min": np.minimum,
}  # fmt: skip
RELATIONS = {"greater": np.greater, "equal": np.equal, "less": np.less, "less_equal": np.less_equal, "not_equal": np.not_equal}
SPECIAL = (
    "sigmoid", "softplus", "erf", "erfinv", "gamma", "gammaln", "digamma", "polygamma", "lambertw", "j0", "j1", "y0", "y1", "i0", "i1",
    "k0", "k1",
)  # fmt: skip

NAMED = {"pi": np.pi, "2/sqrt(pi)": 2 / np.sqrt(np.pi), "sqrt(pi)/2": np.sqrt(np.pi) / 2}
"""Constants with a name, which enclosures compute to any precision."""

Node = tuple[str, tuple, tuple[int, ...], tuple[int, ...]]


class Graph:
    """A growing graph; methods add nodes and return their positions.

    Attributes
    ----------
    nodes : list of (operation, parameters, arguments, shape)
    constants, positions : arrays, by number
    inputs : dict — node of every input, by name
    meant : dict — by number of a constant whose entries are rounded, the numbers that are meant: a name of `NAMED`, or a tuple of
        fractions, one per entry
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.constants: list[np.ndarray] = []
        self.positions: list[np.ndarray] = []
        self.inputs: dict[str, int] = {}
        self.meant: dict[int, str | tuple[Fraction, ...]] = {}
        self._index: dict[Node, int] = {}
        self._constant_index: dict[tuple, int] = {}
        self._position_index: dict[tuple, int] = {}

    def __len__(self) -> int:
        return len(self.nodes)

    def shape(self, n: int) -> tuple[int, ...]:
        """Return the shape of a node."""
        return self.nodes[n][3]

    def add_node(self, operation: str, parameters: tuple, arguments: tuple[int, ...], shape: tuple[int, ...]) -> int:
        """Intern a node."""
        node = (operation, parameters, arguments, tuple(shape))
        found = self._index.get(node)
        if found is None:
            found = self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    # ------------------------------------------------------------------ leaves

    def input(self, name: str, shape: Sequence[int]) -> int:
        """Add an input."""
        n = self.inputs[name] = self.add_node("input", (name,), (), tuple(shape))
        return n

    def constant(self, value: object, shape: Sequence[int] | None = None, meant: str | tuple[Fraction, ...] | None = None) -> int:
        """Add a constant array; ``meant``: what its entries stand for, when they are only the doubles nearest to it."""
        array = np.array(value, dtype=np.float64)
        if shape is not None:
            array = np.broadcast_to(array, tuple(shape)).copy()
        key = (array.shape, array.tobytes(), meant)
        number = self._constant_index.get(key)
        if number is None:
            number = self._constant_index[key] = len(self.constants)
            self.constants.append(array)
            if meant is not None:
                self.meant[number] = meant
        return self.add_node("constant", (number,), (), array.shape)

    def named(self, name: str, shape: Sequence[int] = ()) -> int:
        """Add a constant of `NAMED`."""
        return self.constant(NAMED[name], shape, meant=name)

    def value_of(self, n: int) -> np.ndarray | None:
        """Return the array of a constant node."""
        operation, parameters, _, _ = self.nodes[n]
        return self.constants[parameters[0]] if operation == "constant" else None

    def is_all(self, n: int, value: float) -> bool:
        """Tell whether a node is a constant all of whose entries have this value."""
        array = self.value_of(n)
        return array is not None and bool(np.all(array == value))

    def zeros(self, shape: Sequence[int]) -> int:
        """Add a constant of zeros."""
        return self.constant(0.0, shape)

    # --------------------------------------------------------------- entrywise

    def unary(self, operation: str, a: int) -> int:
        """Apply a function entrywise."""
        if operation == "neg":
            if self.nodes[a][0] == "neg":
                return self.nodes[a][2][0]
            if self.nodes[a][0] == "sub":
                return self.binary("sub", *reversed(self.nodes[a][2]))
        return self.add_node(operation, (), (a,), self.shape(a))

    def binary(self, operation: str, a: int, b: int) -> int:
        """Combine entrywise, with broadcasting; neutral constants disappear."""
        shape = np.broadcast_shapes(self.shape(a), self.shape(b))
        simple = self._simplified(operation, a, b, shape)
        if simple is not None:
            return simple
        return self.add_node(operation, (), (a, b), shape)

    def _simplified(self, operation: str, a: int, b: int, shape: tuple[int, ...]) -> int | None:
        if operation in ("add", "mul") and self.value_of(a) is not None and self.value_of(b) is None:
            a, b = b, a
        if operation == "mul" and (self.is_all(b, 0.0) or self.is_all(a, 0.0)):
            return self.zeros(shape)
        if operation == "mul" and self.is_all(b, -1.0) and shape == self.shape(a):
            return self.unary("neg", a)
        neutral = {"add": 0.0, "sub": 0.0, "mul": 1.0, "div": 1.0, "pow": 1.0}.get(operation)
        if neutral is not None and self.is_all(b, neutral):
            return self.expand(a, shape)
        if operation == "sub" and self.is_all(a, 0.0) and shape == self.shape(b):
            return self.unary("neg", b)
        if operation == "add" and self.nodes[b][0] == "neg":
            return self.binary("sub", a, self.nodes[b][2][0])
        if operation == "pow" and self.is_all(b, 2.0):
            return self.binary("mul", a, a)
        return None

    def where(self, c: int, a: int, b: int) -> int:
        """Choose entrywise."""
        shape = np.broadcast_shapes(self.shape(c), self.shape(a), self.shape(b))
        if a == b:
            return self.expand(a, shape)
        return self.add_node("where", (), (c, a, b), shape)

    # ----------------------------------------------------------------- tensors

    def einsum(self, specification: str, *arguments: int) -> int:
        """Contract; letters are lower or upper case, none is repeated in the output."""
        left, _, right = specification.partition("->")
        extents: dict[str, int] = {}
        for letters, n in zip(left.split(","), arguments, strict=True):
            extents.update(zip(letters, self.shape(n), strict=True))
        shape = tuple([extents[c] for c in right])
        if any(self.is_all(a, 0.0) for a in arguments):
            return self.zeros(shape)
        return self.add_node("einsum", (specification,), arguments, shape)

    def sum(self, a: int, axes: Sequence[int], keep: bool = False) -> int:
        """Sum over axes."""
        return self._reduced("sum", a, axes, keep)

    def amax(self, a: int, axes: Sequence[int], keep: bool = False) -> int:
        """Return the maximum over axes."""
        return self._reduced("amax", a, axes, keep)

    def _reduced(self, operation: str, a: int, axes: Sequence[int], keep: bool) -> int:
        shape = self.shape(a)
        chosen = tuple(sorted({x % len(shape) for x in axes})) if shape else ()
        if not chosen:
            return a
        kept = tuple([1 if k in chosen else e for k, e in enumerate(shape)])
        n = self.add_node(operation, chosen, (a,), kept)
        return n if keep else self.reshape(n, [e for k, e in enumerate(shape) if k not in chosen])

    def reshape(self, a: int, shape: Sequence[int]) -> int:
        """Return the same entries under another shape."""
        target = tuple(shape)
        return a if target == self.shape(a) else self.add_node("reshape", (), (a,), target)

    def expand(self, a: int, shape: Sequence[int]) -> int:
        """Broadcast."""
        target = tuple(shape)
        if target == self.shape(a):
            return a
        array = self.value_of(a)
        if array is None:
            return self.add_node("expand", (), (a,), target)
        meant = self.meant.get(self.nodes[a][1][0])
        if isinstance(meant, tuple):
            spread = np.broadcast_to(np.arange(len(meant)).reshape(array.shape), target)
            meant = tuple([meant[k] for k in spread.reshape(-1)])
        return self.constant(np.broadcast_to(array, target), meant=meant)

    def take(self, a: int, positions: np.ndarray) -> int:
        """Select entries by flat positions; -1 gives 0."""
        return self.add_node("take", (self._positions(positions),), (a,), positions.shape)

    def put(self, a: int, positions: np.ndarray, shape: Sequence[int]) -> int:
        """Add the entries up at flat positions of a new array; those at -1 are dropped."""
        return self.add_node("put", (self._positions(positions),), (a,), tuple(shape))

    def _positions(self, positions: np.ndarray) -> int:
        array = np.ascontiguousarray(positions, dtype=np.intp)
        key = (array.shape, array.tobytes())
        number = self._position_index.get(key)
        if number is None:
            number = self._position_index[key] = len(self.positions)
            self.positions.append(array)
        return number

    def ordered(self, a: int, axis: int) -> int:
        """Return, for the ascending order along an axis (ties in their given order), the flat positions at run time."""
        return self.add_node("argsort", (axis,), (a,), self.shape(a))

    def gather(self, a: int, places: int) -> int:
        """Select entries at flat positions computed at run time."""
        return self.add_node("gather", (), (a, places), self.shape(places))

    def scatter(self, a: int, places: int, shape: Sequence[int]) -> int:
        """Add entries up at flat positions computed at run time."""
        return self.add_node("scatter", (), (a, places), tuple(shape))

    def lowered(self, a: int, shape: Sequence[int]) -> int:
        """Sum a node down to a shape that broadcasts to its own: the adjoint of broadcasting."""
        target, own = tuple(shape), self.shape(a)
        if target == own:
            return a
        lead = len(own) - len(target)
        axes = [k for k in range(len(own)) if k < lead or (target[k - lead] == 1 and own[k] != 1)]
        return self.reshape(self.sum(a, axes), target)

    def ancestors(self, outputs: Sequence[int], frozen: bool = True) -> list[int]:
        """Return, in order, everything the outputs depend on; not ``frozen``: except what only a ``freeze`` looks at, whose derivative cancels."""
        needed = bytearray(len(self.nodes))
        for n in outputs:
            needed[n] = 1
        for n in range(len(self.nodes) - 1, -1, -1):
            if needed[n] and (frozen or self.nodes[n][0] != "freeze"):
                for a in self.nodes[n][2]:
                    needed[a] = 1
        return [n for n, flag in enumerate(needed) if flag]


def unsupported(what: str, node: int, hint: str = "") -> InputError:
    """Return the error for a node that flows cannot evaluate or differentiate."""
    return InputError(f"{what} at node {node} has no numerical derivative here", code="TC180", hint=hint)
