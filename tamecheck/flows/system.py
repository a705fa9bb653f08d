"""A function of a parameter vector, from the program that was certified: values, exact gradients, Hessian products.

>>> s = System.of("(x*y - 1)^2/2", ["x", "y"])
>>> s.value([1.0, 3.0]), s.gradient([1.0, 3.0]).tolist()
(2.0, [6.0, 2.0])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.derivatives import TORCH, Rule, directional, gradient
from tamecheck.flows.graph import Graph
from tamecheck.flows.lowering import lower
from tamecheck.flows.tape import Tape
from tamecheck.flows.vectorise import vectorised
from tamecheck.programs.program import Program

KINKED = frozenset(
    ["abs", "max", "min", "where", "amax", "argsort", "sign", "floor", "ceil", "rint", "greater", "equal", "less", "less_equal", "not_equal"]
)


class Vector:
    """Where every variable stands in the one vector theta."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = dict(shapes)
        self.places: dict[str, slice] = {}
        start = 0
        for name, shape in self.shapes.items():
            self.places[name] = slice(start, start + prod(shape))
            start += prod(shape)
        self.size = start

    def split(self, theta: np.ndarray) -> dict[str, np.ndarray]:
        """Return the variables as views of a vector."""
        return {name: theta[self.places[name]].reshape(shape) for name, shape in self.shapes.items()}

    def join(self, values: Mapping[str, object]) -> np.ndarray:
        """Return the vector for arrays by name.

        Raises
        ------
        InputError
            TC125 a variable without a value or of a wrong shape; TC181 entries that are not finite.
        """
        theta = np.zeros(self.size)
        for name, shape in self.shapes.items():
            if name not in values:
                raise InputError(f"no initial value is given for {name!r}", code="TC125", hint="one of " + ", ".join(self.shapes))
            array = np.asarray(values[name], dtype=np.float64)
            if array.shape != shape and array.size != prod(shape):
                raise InputError(f"{name!r} has shape {list(shape)}, its value has {list(array.shape)}", code="TC125")
            theta[self.places[name]] = array.reshape(-1)
        unknown = [name for name in values if name not in self.shapes]
        if unknown:
            raise InputError(f"there is no variable {unknown[0]!r}", code="TC125", hint="one of " + ", ".join(self.shapes))
        return checked(theta)

    def names(self) -> list[str]:
        """Return a name for every entry of the vector."""
        found = []
        for name, shape in self.shapes.items():
            found += [name + "".join([f"[{k}]" for k in index]) for index in np.ndindex(*shape)]
        return found


def checked(theta: np.ndarray) -> np.ndarray:
    """Return the vector if it is finite."""
    if not np.all(np.isfinite(theta)):
        raise InputError("an initial value is not finite", code="TC181")
    return theta


def nudged(theta: np.ndarray) -> np.ndarray:
    """Return a point next to theta that lies on no kink, unless by a freak of rounding.

    A function that is certified C^1 although it has kinked operations (softsign, relu(x)^2) has a gradient at the kinks, but what
    automatic differentiation returns exactly *there* need not be it: 1/(1 + relu(-x)) - 1/(1 + relu(x)) has slope 1 at 0.
    The gradient is continuous, so it is taken a relative distance of 1e-13 away.
    """
    offsets = np.modf(np.arange(1, theta.size + 1) * 0.6180339887498949)[0] - 0.5
    return theta + NUDGE * (1 + np.abs(theta)) * np.where(np.abs(offsets) < 0.05, 0.25, offsets)


NUDGE = 1e-13


class System:
    """A scalar function F(theta) and, when there are several outputs in ``parts``, the vector of them.

    Attributes
    ----------
    vector : Vector — names and shapes of the variables
    smooth : bool — no operation with a kink stands between the variables and the value
    certified_smooth : bool — the function is known to be continuously differentiable whatever its operations; gradients are
        then taken next to kinks, never on them
    """

    certified_smooth = False

    def __init__(self, graph: Graph, target: int, rule: Rule = TORCH) -> None:
        if graph.shape(target) not in ((), (1,)):
            shape = list(graph.shape(target))
            raise InputError(f"the function has values of shape {shape}, flows are of one number", code="TC182", hint="a loss, such as nn.MSELoss()")
        if graph.shape(target):
            target = graph.reshape(target, ())
        self.graph = graph
        self.target = target
        self.rule = rule
        self.vector = Vector({name: graph.shape(n) for name, n in graph.inputs.items()})
        self.nodes = list(graph.inputs.values())
        self.kinks = kinks_of(graph, target, self.nodes)
        self._tapes: dict[str, Tape] = {}
        self._theta = np.zeros(self.vector.size)
        self._views = self.vector.split(self._theta)
        self._slopes: list[int] | None = None

    @classmethod
    def from_program(cls, program: Program, node: int, values: Mapping[str, object] | None = None, rule: Rule = TORCH) -> System:
        """Return the system of a scalar node; ``values`` are the data, the other inputs are variables."""
        graph, (target,) = lower(program, [node], values)
        if not graph.inputs:
            raise InputError("the function has no variables", code="TC182", hint="give values to the data only")
        return cls(graph, target, rule)

    @classmethod
    def of(cls, source: object, variables: Sequence[str] | None = None, data: Mapping[str, object] | None = None, *,
           output: str | None = None, rule: Rule = TORCH) -> System:  # fmt: skip
        """Return the system of a source: a formula, a builder network, a model; see `certify`.

        Raises
        ------
        InputError
            TC182 variables that are not the inputs without data.
        """
        from tamecheck.frontends.sources import read

        found = read(source)
        node = found.outputs[output] if output is not None else found.outputs.get("loss", next(iter(found.outputs.values())))
        inputs = [found.program.nodes[n][1][0] for n in found.program.inputs()]
        missing = [n for n in inputs if n not in (data or {}) and variables is not None and n not in variables]
        if missing:
            raise InputError(f"input {missing[0]!r} is neither a variable nor has it data", code="TC182", hint="data={...} or variables=[...]")
        system = cls.from_program(found.program, node, data, rule)
        return system if variables is None else system.reordered(variables)

    def reordered(self, variables: Sequence[str]) -> System:
        """Return the same function with the variables in the given order."""
        unknown = [v for v in variables if v not in self.graph.inputs]
        if unknown:
            raise InputError(f"there is no variable {unknown[0]!r}", code="TC182", hint="one of " + ", ".join(self.graph.inputs))
        missing = [v for v in self.graph.inputs if v not in variables]
        if missing or len(set(variables)) < len(list(variables)):
            text = f"input {missing[0]!r} is neither a variable nor has it data" if missing else "a variable is named twice"
            raise InputError(text, code="TC182", hint="data={...} or variables=[...]")
        self.graph.inputs = {v: self.graph.inputs[v] for v in variables}
        return System(self.graph, self.target, self.rule)

    @property
    def size(self) -> int:
        """The number of entries of theta."""
        return self.vector.size

    @property
    def smooth(self) -> bool:
        """No operation with a kink stands between the variables and the value."""
        return not self.kinks

    def _tape(self, name: str, make: Callable[[], Tape]) -> Tape:
        if name not in self._tapes:
            self._tapes[name] = make()
        return self._tapes[name]

    def _gradients(self) -> list[int]:
        if self._slopes is None:
            self._slopes = gradient(self.graph, self.target, self.nodes, self.rule)
        return self._slopes

    def value(self, theta: object) -> float:
        """Return F(theta)."""
        self._theta[:] = theta
        return float(self._tape("value", lambda: Tape(self.graph, [self.target], self._views)).refresh()[0])

    def _next_to(self, theta: object) -> object:
        return nudged(np.asarray(theta, dtype=np.float64)) if self.certified_smooth and self.kinks else theta

    def value_and_gradient(self, theta: object) -> tuple[float, np.ndarray]:
        """Return F and its gradient (at kinks: what the rule says)."""
        return self.value(theta), self.gradient(theta)

    def gradient(self, theta: object) -> np.ndarray:
        """Return the gradient (at kinks: what the rule says)."""
        self._theta[:] = self._next_to(theta)
        parts = self._tape("gradient", lambda: Tape(self.graph, self._gradients(), self._views)).refresh()
        return np.concatenate([p.reshape(-1) for p in parts])

    def hessian_product(self, theta: object, direction: object) -> np.ndarray:
        """Return the product of the Hessian with a direction."""
        tape = self._tape("product", lambda: Tape(self.graph, self._product(), self._views))
        self._theta[:] = self._next_to(theta)
        direction = np.asarray(direction, dtype=np.float64)
        for name, place in self.vector.places.items():
            buffer = tape.inputs.get(name + DIRECTION)
            if buffer is not None:
                buffer[...] = direction[place].reshape(buffer.shape)
        return np.concatenate([p.reshape(-1) for p in tape.refresh()])

    def _product(self) -> list[int]:
        inputs = dict(self.graph.inputs)
        directions = [self.graph.input(name + DIRECTION, self.graph.shape(n)) for name, n in inputs.items()]
        self.graph.inputs = inputs
        return directional(self.graph, self.target, self.nodes, directions, self.rule)

    def hessian(self, theta: object) -> np.ndarray:
        """Return the Hessian: the products with all unit vectors, in one run."""
        tape = self._tape("hessian", self._all_products)
        self._theta[:] = self._next_to(theta)
        matrix = np.concatenate([p.reshape(self.size, -1) for p in tape.refresh()], axis=1)
        return (matrix + matrix.T) / 2

    def _all_products(self) -> Tape:
        """Compile the products with all unit vectors."""
        outputs = self._product()
        names = [name + DIRECTION for name in self.vector.shapes]
        graph, nodes = vectorised(self.graph, outputs, names, self.size)
        units = {}
        for name, place in self.vector.places.items():
            unit = np.zeros((self.size, place.stop - place.start))
            unit[place] = np.eye(place.stop - place.start)
            units[name + DIRECTION] = unit.reshape(self.size, *self.vector.shapes[name])
        return Tape(graph, nodes, {**self._views, **units})


DIRECTION = " direction"
"""What distinguishes the name of a direction from that of its variable; names of variables hold no blank."""


def kinks_of(graph: Graph, target: int, nodes: Sequence[int]) -> list[str]:
    """Return the kinked operations between the input nodes and the target; the maximum inside a logsumexp is none."""
    moving = set(nodes)
    found = set()
    for n in graph.ancestors([target], frozen=False):
        operation, _, arguments, _ = graph.nodes[n]
        if operation != "freeze" and any(a in moving for a in arguments):
            moving.add(n)
            if operation in KINKED:
                found.add(operation)
    return sorted(found)
