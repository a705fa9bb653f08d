"""Functions with kinks as smooth functions of a parameter vector and an activation pattern.

Every max, min, abs and continuous choice between two expressions switches where some function h_k changes sign.  Written with a mask m_k, 1 where
h_k > 0 and 0 where h_k < 0, the function is smooth in theta for every fixed pattern; on a kink the masks between 0 and 1
give the convex hull of the neighbouring gradients.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.derivatives import gradient
from tamecheck.flows.graph import Graph
from tamecheck.flows.system import System, Vector
from tamecheck.flows.tape import Tape

PARALLEL = 1e-12
"""1 - |cosine| of two normals below which they count as parallel."""
FLAT = ("sign", "floor", "ceil", "rint", "amax", "argsort")
COMPARED = {"less": (1, 0), "less_equal": (1, 0), "greater": (0, 1)}


class Patterned:
    """F(theta; m), its gradient in theta, the switching functions h(theta; m) and combinations of their gradients.

    Attributes
    ----------
    count : int — the number of switching functions, all entries counted
    """

    def __init__(self, system: System) -> None:
        self._begin(system.vector)
        self._copy(system.graph, system.target)
        self._compile(self._place[system.target])

    @classmethod
    def of_weighted(cls, margins) -> Patterned:
        """Return the weighted sum of the margins of samples, with the weights as inputs."""
        f = cls.__new__(cls)
        f._begin(margins.vector)
        f._copy(margins.graph, margins.node)
        weights = f.graph.add_node("input", ("weights of samples",), (), (margins.count,))
        f._compile(f.graph.einsum("a,a->", weights, f._place[margins.node]))
        return f

    def _begin(self, vector: Vector) -> None:
        self.vector = vector
        self.graph = Graph()
        self._place: dict[int, int] = {}
        self._masks: list[tuple[str, int]] = []
        self._switches: list[int] = []
        self._moving: set[int] = set()

    def _compile(self, target: int) -> None:
        variables = [self.graph.inputs[name] for name in self.vector.shapes]
        g = self.graph
        self.sizes = [int(np.prod(g.shape(h), dtype=int)) for h in self._switches]
        self.count = sum(self.sizes)
        value = [target, *gradient(g, target, variables), *self._switches]
        self._tape = Tape(g, value)
        weights = [g.input(f"weight {k}", g.shape(h)) for k, h in enumerate(self._switches)]
        total = g.zeros(())
        for w, h in zip(weights, self._switches, strict=True):
            total = g.binary("add", total, g.sum(g.binary("mul", w, h), range(len(g.shape(h)))))
        self._normals = Tape(g, gradient(g, total, variables)) if weights else None

    # ---------------------------------------------------------------- copying

    def _copy(self, source: Graph, target: int) -> None:
        g = self.graph
        for name in self.vector.shapes:
            n = source.inputs[name]
            self._place[n] = g.input(name, source.shape(n))
            self._moving.add(n)
        switching = set(source.ancestors([target], frozen=False))
        for n in source.ancestors([target]):
            if n in self._place:
                continue
            operation, parameters, arguments, shape = source.nodes[n]
            if n in switching and operation != "freeze" and any(a in self._moving for a in arguments):
                self._moving.add(n)
            self._place[n] = self._node(source, n, operation, parameters, arguments, shape)

    def _node(self, source: Graph, n: int, operation: str, parameters: tuple, arguments: tuple[int, ...], shape: tuple[int, ...]) -> int:
        g = self.graph
        a = [self._place[x] for x in arguments]
        if operation == "constant":
            return g.constant(source.constants[parameters[0]])
        if n in self._moving and operation in FLAT:
            raise InputError(f"{operation} has kinks or jumps that the flow cannot follow", code="TC189", hint="max, min, abs, where")
        if n in self._moving and operation in ("max", "min"):
            h = g.binary("sub", *a)
            chosen = g.binary("mul", self._mask(h), h)
            return g.binary("add", a[1], chosen) if operation == "max" else g.binary("sub", a[0], chosen)
        if n in self._moving and operation == "abs":
            return g.binary("mul", g.binary("sub", g.binary("mul", g.constant(2.0), self._mask(a[0])), g.constant(1.0)), a[0])
        if operation == "where" and arguments[0] in self._moving:
            return self._choice(source, arguments[0], a, shape)
        if operation in COMPARED or operation in ("equal", "not_equal"):
            return a[0]  # used as a condition only; `_choice` looks at the source
        if operation in ("take", "put"):
            places = source.positions[parameters[0]]
            return g.take(a[0], places) if operation == "take" else g.put(a[0], places, shape)
        return g.add_node(operation, parameters, tuple(a), shape)

    def _choice(self, source: Graph, condition: int, a: list[int], shape: tuple[int, ...]) -> int:
        g = self.graph
        operation, _, arguments, _ = source.nodes[condition]
        if operation not in COMPARED:
            raise InputError("a choice by something else than an inequality", code="TC189", hint="where(a < b, ..., ...)")
        first, second = COMPARED[operation]
        h = g.binary("sub", self._place[arguments[first]], self._place[arguments[second]])
        return g.binary("add", a[2], g.binary("mul", self._mask(h), g.binary("sub", a[1], a[2])))

    def _mask(self, h: int) -> int:
        if h in self._switches:
            return self._masks[self._switches.index(h)][1]
        n = self.graph.input(f"mask {len(self._masks)}", self.graph.shape(h))
        self._masks.append((f"mask {len(self._masks)}", n))
        self._switches.append(h)
        return n

    # -------------------------------------------------------------- evaluation

    def _load(self, tape: Tape, theta: np.ndarray, mask: np.ndarray) -> None:
        for name, place in self.vector.places.items():
            if name in tape.inputs:
                tape.inputs[name][...] = theta[place].reshape(self.vector.shapes[name])
        start = 0
        for (name, _), size in zip(self._masks, self.sizes, strict=True):
            if name in tape.inputs:
                tape.inputs[name][...] = mask[start : start + size].reshape(tape.inputs[name].shape)
            start += size

    def at(self, theta: np.ndarray, mask: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return F, its gradient and the switching functions."""
        self._load(self._tape, theta, mask)
        found = self._tape.run()
        parts = len(self.vector.shapes)
        slope = np.concatenate([p.reshape(-1) for p in found[1 : 1 + parts]])
        switches = np.concatenate([h.reshape(-1) for h in found[1 + parts :]]) if self.count else np.zeros(0)
        return float(found[0]), slope, switches

    def weighted(self, theta: np.ndarray, mask: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the gradient of the weighted sum of margins (see `of_weighted`)."""
        buffer = self._tape.inputs.get("weights of samples")
        if buffer is not None:
            buffer[...] = weights
        return self.at(theta, mask)[1]

    def owned_by(self, theta: np.ndarray, mask: np.ndarray, weights: np.ndarray) -> list[int]:
        """Return the switches whose masks matter for the weighted sum, found by flipping each."""
        start = self.weighted(theta, mask, weights)
        found = []
        for k in range(self.count):
            flipped = mask.copy()
            flipped[k] = 1.0 - flipped[k]
            if not np.array_equal(self.weighted(theta, flipped, weights), start):
                found.append(k)
        return found

    def normal(self, theta: np.ndarray, mask: np.ndarray, k: int) -> np.ndarray:
        """Return the gradient of the switching function h_k."""
        self._load(self._normals, theta, mask)
        start = 0
        for j, size in enumerate(self.sizes):
            buffer = self._normals.inputs.get(f"weight {j}")
            if buffer is not None:
                buffer[...] = 0.0
                if start <= k < start + size:
                    buffer.reshape(-1)[k - start] = 1.0
            start += size
        return np.concatenate([p.reshape(-1) for p in self._normals.run()])

    def pattern(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pattern at a point (nested switches settled from below), 0 where h is 0, and h."""
        mask = np.zeros(self.count)
        for _ in range(self.count + 1):
            switches = self.at(theta, mask)[2]
            new = (switches > 0).astype(float)
            if np.array_equal(new, mask):
                break
            mask = new
        return mask, self.at(theta, mask)[2]


Group = tuple[tuple[int, float], ...]
"""Kinks that switch together, with +1 or -1: numbers and whether they switch on or off when the first does."""


def grouped(kinks: Sequence[int], normals: Sequence[np.ndarray]) -> list[Group]:
    """Return kinks with parallel normals in groups.

    relu(h) and relu(-h) switch on the same surface: of the four combinations of their masks only two occur near it, so a group has one mask.
    """
    groups: list[list[tuple[int, float]]] = []
    units: list[np.ndarray] = []
    for k, n in zip(kinks, normals, strict=True):
        size = float(np.linalg.norm(n))
        unit = n / size if size else n
        for group, first in zip(groups, units, strict=True):
            cosine = float(first @ unit)
            if abs(cosine) > 1 - PARALLEL:
                group.append((k, 1.0 if cosine > 0 else -1.0))
                break
        else:
            groups.append([(k, 1.0)])
            units.append(unit)
    return [tuple(g) for g in groups]


def with_masks(mask: np.ndarray, groups: Sequence[Group], values: Sequence[float]) -> np.ndarray:
    """Return a mask in which every group has the given value (its members with -1: one minus it)."""
    found = mask.copy()
    for group, value in zip(groups, values, strict=True):
        for k, sign in group:
            found[k] = value if sign > 0 else 1.0 - value
    return found
