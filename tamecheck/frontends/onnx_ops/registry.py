"""The table of translations: operator name to handler, with the attributes each handler reads.

A handler is a function ``(c, call) -> tensors``: ``c`` is the importer (the program and its
conveniences), ``call`` the node: its inputs, attributes and the operator-set version in force.
An attribute that no handler declares is a refusal, never silently ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from importlib import import_module
from typing import NamedTuple

from tamecheck.frontends.onnx_ops.values import Tensor, Unknown, Unsupported, exact_number, malformed, single


class Handler(NamedTuple):
    """A translation and the attributes that it reads."""

    function: Callable
    attributes: frozenset[str]


HANDLERS: dict[tuple[str, str], Handler] = {}
EXPANDED: dict[tuple[str, str], str] = {}
REFUSED: dict[tuple[str, str], str] = {}
FAMILIES = (
    "elementwise", "shapes", "indexing", "reductions", "layers", "resampling", "quantised", "recurrent", "control", "attention",
    "losses", "signals", "learning", "training", "refusals",
)  # fmt: skip


def operator(names: str, attributes: str = "", domain: str = "") -> Callable[[Callable], Callable]:
    """Register a handler for the operators named in ``names`` (words), which reads the attributes named."""

    def register(function: Callable) -> Callable:
        for name in names.split():
            HANDLERS[domain, name] = Handler(function, frozenset(attributes.split()))
        return function

    return register


def load_all() -> None:
    """Import every family, so that the tables are full."""
    for name in FAMILIES:
        import_module(f"tamecheck.frontends.onnx_ops.{name}")


KINDS = {1: "a number", 2: "an integer", 3: "text", 4: "a tensor", 5: "a graph", 6: "numbers", 7: "integers", 8: "texts"}


class Call:
    """One node of the graph, ready for its handler."""

    __slots__ = ("op", "domain", "version", "inputs", "attributes", "outputs", "scope")

    def __init__(self, op, domain, version, inputs, attributes, outputs, scope):
        self.op = op
        self.domain = domain
        self.version = version
        self.inputs = inputs
        self.attributes = attributes
        self.outputs = outputs
        self.scope = scope

    def __getitem__(self, k: int) -> Tensor:
        """Return input number ``k``, a tensor that must be there."""
        t = self.inputs[k] if k < len(self.inputs) else None
        if t.__class__ is Tensor:
            return t
        if t is None:
            raise malformed(f"input {k} is missing")
        if isinstance(t, Unknown):
            raise Unsupported(t.reason)
        raise malformed(f"input {k} is not a tensor")

    def optional(self, k: int) -> Tensor | None:
        """Return input number ``k`` or ``None`` when it is left out."""
        return self.inputs[k] if k < len(self.inputs) else None

    def wants(self, k: int) -> bool:
        """Tell whether the graph names output number ``k``."""
        return k < len(self.outputs) and bool(self.outputs[k])

    def _read(self, name: str, kinds: tuple[int, ...]) -> object:
        a = self.attributes.get(name)
        if a is None:
            return None
        if a.type not in kinds and not (a.type == 0):
            raise malformed(f"attribute {name} is not {KINDS[kinds[0]]}")
        return a

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Return an integer attribute."""
        a = self.attributes.get(name)
        if a is None:
            return default
        if a.type != 2 and a.type != 0:
            raise malformed(f"attribute {name} is not an integer")
        return a.i

    def integers(self, name: str, default: Iterable[int] | None = None) -> tuple[int, ...] | None:
        """Return an attribute that is a list of integers."""
        a = self.attributes.get(name)
        if a is None:
            return default
        if a.type != 7 and a.type != 0:
            raise malformed(f"attribute {name} is not a list of integers")
        return tuple(a.ints)

    def number(self, name: str, default: float | Fraction | None = None) -> Fraction | None:
        """Return a float attribute as the exact dyadic number stored."""
        a = self._read(name, (1,))
        if a is None:
            return default if default is None or isinstance(default, (Fraction, int)) else single(default)
        q = exact_number(a.f)
        if q.__class__ is float:
            raise Unsupported(f"attribute {name} is not a finite number")
        return q if q.__class__ is Fraction else Fraction(q)

    def numbers(self, name: str, default: tuple | None = None) -> tuple | None:
        """Return an attribute that is a list of floats, exactly."""
        a = self._read(name, (6,))
        return default if a is None else tuple([exact_number(x) for x in a.floats])

    def text(self, name: str, default: str = "") -> str:
        """Return a text attribute."""
        a = self._read(name, (3,))
        return default if a is None else a.s.decode("utf-8", "backslashreplace")

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return an attribute that is a list of texts."""
        a = self._read(name, (8,))
        return None if a is None else tuple([s.decode("utf-8", "backslashreplace") for s in a.strings])

    def graph(self, name: str) -> object:
        """Return a sub-graph attribute."""
        a = self._read(name, (5,))
        if a is None:
            raise malformed(f"attribute {name} is missing")
        return a.g

    def axis(self, name: str, rank: int, default: int) -> int:
        """Return an axis attribute between 0 and ``rank - 1``."""
        return normal(self.integer(name, default), rank)


def normal(axis: int, rank: int) -> int:
    """Return an axis counted from the front."""
    if not -rank <= axis < max(rank, 1):
        raise malformed(f"axis {axis} of a tensor with {rank} axes")
    return axis % rank if rank else 0


def normals(axes: Iterable[int], rank: int) -> list[int]:
    """Return distinct axes counted from the front."""
    found = [normal(a, rank) for a in axes]
    if len(set(found)) != len(found):
        raise malformed(f"axes {list(axes)} repeat one of {rank} axes")
    return found
