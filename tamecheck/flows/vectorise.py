"""The same graph for many directions at once: every node that depends on the chosen inputs gets a leading axis.

>>> g = Graph()
>>> x, d = g.input("x", ()), g.input("d", ())
>>> h, (n,) = vectorised(g, [g.binary("mul", x, d)], ["d"], 3)
>>> h.shape(n)
(3,)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tamecheck.flows.graph import BINARY, RELATIONS, Graph

LETTER = "Z"
"""The letter of the leading axis in contractions."""


def vectorised(source: Graph, outputs: Sequence[int], inputs: Sequence[str], count: int) -> tuple[Graph, list[int]]:
    """Return a graph in which the named inputs, and what depends on them, have a leading axis of the given extent.

    The outputs get the axis in any case.
    """
    run = _Run(source, set(inputs), count)
    for n in source.ancestors(outputs):
        run.node(n)
    return run.g, [run.lifted(n) for n in outputs]


class _Run:
    def __init__(self, source: Graph, inputs: set[str], count: int) -> None:
        self.source, self.inputs, self.count = source, inputs, count
        self.g = Graph()
        self.place: dict[int, int] = {}
        self.many: set[int] = set()

    def lifted(self, n: int) -> int:
        """Return the node with the leading axis."""
        if n in self.many:
            return self.place[n]
        shape = self.source.shape(n)
        return self.g.expand(self.g.reshape(self.place[n], (1, *shape)), (self.count, *shape))

    def node(self, n: int) -> None:
        operation, parameters, arguments, shape = self.source.nodes[n]
        g = self.g
        if operation == "input":
            if parameters[0] in self.inputs:
                self.many.add(n)
                shape = (self.count, *shape)
            self.place[n] = g.input(parameters[0], shape)
        elif operation == "constant":
            self.place[n] = g.constant(self.source.constants[parameters[0]])
        elif any(a in self.many for a in arguments):
            self.many.add(n)
            self.place[n] = self._many(operation, parameters, arguments, shape)
        else:
            number = parameters
            if operation in ("take", "put"):
                number = (g._positions(self.source.positions[parameters[0]]),)
            self.place[n] = g.add_node(operation, number, tuple([self.place[a] for a in arguments]), shape)

    def aligned(self, n: int, rank: int) -> int:
        """Return an argument of an entrywise operation of the given rank, with axes inserted after the leading one."""
        own = self.source.shape(n)
        if n not in self.many:
            return self.place[n]
        return self.g.reshape(self.place[n], (self.count, *[1] * (rank - len(own)), *own))

    def _many(self, operation: str, parameters: tuple, arguments: tuple[int, ...], shape: tuple[int, ...]) -> int:
        g, rank, full = self.g, len(shape), (self.count, *shape)
        if operation in BINARY or operation in RELATIONS or operation == "where" or len(arguments) == 1 and operation not in SPECIAL:
            return g.add_node(operation, parameters, tuple([self.aligned(a, rank) for a in arguments]), full)
        if operation == "einsum":
            left, _, right = parameters[0].partition("->")
            letters = [LETTER + t if a in self.many else t for t, a in zip(left.split(","), arguments, strict=True)]
            return g.einsum(",".join(letters) + "->" + LETTER + right, *[self.place[a] for a in arguments])
        if operation in ("sum", "amax"):
            return g.add_node(operation, tuple([a + 1 for a in parameters]), (self.lifted(arguments[0]),), full)
        if operation == "reshape":
            return g.reshape(self.lifted(arguments[0]), full)
        if operation == "expand":
            return g.expand(self.aligned(arguments[0], rank), full)
        if operation in ("take", "put"):
            return self._moved(operation, parameters, arguments[0], full)
        raise NotImplementedError(operation)

    def _moved(self, operation: str, parameters: tuple, argument: int, full: tuple[int, ...]) -> int:
        places = self.source.positions[parameters[0]]
        target = self.source.shape(argument) if operation == "take" else full[1:]
        size = int(np.prod(target, dtype=int))
        offsets = (np.arange(self.count) * size).reshape(-1, *[1] * places.ndim)
        moved = np.where(places[None] >= 0, places[None] + offsets, -1)
        a = self.lifted(argument)
        return self.g.take(a, moved) if operation == "take" else self.g.put(a, moved, full)


SPECIAL = frozenset(["einsum", "sum", "amax", "reshape", "expand", "take", "put", "argsort", "gather", "scatter", "inverse", "det"])
