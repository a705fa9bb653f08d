"""Compile a graph: every node gets a buffer, every operation becomes one call on fixed buffers.

Nothing is allocated while a tape runs, reshapes and transposes are views, and contractions of two factors go to the
matrix product.  A tape belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from tamecheck.flows.graph import BINARY, RELATIONS, UNARY, Graph


class Tape:
    """A compiled graph.

    >>> g = Graph()
    >>> x = g.input("x", (2,))
    >>> Tape(g, [g.sum(g.binary("mul", x, x), [0])])({"x": [3.0, 4.0]})
    [array(25.)]
    """

    def __init__(self, graph: Graph, outputs: Sequence[int], inputs: Mapping[str, np.ndarray] | None = None) -> None:
        """Compile; ``inputs`` are arrays to be read in place of buffers of the tape's own."""
        self.graph = graph
        self._given = dict(inputs or {})
        self.outputs = list(outputs)
        self.buffers: dict[int, np.ndarray] = {}
        self.steps: list[Callable[[], object]] = []
        self.inputs: dict[str, np.ndarray] = {}
        for n in graph.ancestors(outputs):
            self._compile(n)
        self._results = [self.buffers[n] for n in self.outputs]

    def __len__(self) -> int:
        return len(self.steps)

    def __call__(self, values: Mapping[str, object]) -> list[np.ndarray]:
        """Return the outputs for arrays by name of input."""
        for name, buffer in self.inputs.items():
            np.copyto(buffer, values[name])
        return self.run()

    def run(self) -> list[np.ndarray]:
        """Return copies of the outputs for what stands in the input buffers; no warnings, infinities and NaN speak for themselves."""
        return [r.copy() for r in self.refresh()]

    def refresh(self) -> list[np.ndarray]:
        """Return the buffers of the outputs; the next run overwrites them."""
        with np.errstate(all="ignore"):
            for step in self.steps:
                step()
        return self._results

    # ------------------------------------------------------------- compilation

    def _compile(self, n: int) -> None:
        operation, parameters, arguments, shape = self.graph.nodes[n]
        given = [self.buffers[a] for a in arguments]
        if operation == "input":
            given_buffer = self._given.get(parameters[0])
            self.buffers[n] = self.inputs[parameters[0]] = np.zeros(shape) if given_buffer is None else given_buffer
        elif operation == "constant":
            self.buffers[n] = self.graph.constants[parameters[0]]
        elif operation == "freeze":
            self.buffers[n] = given[0]
        elif operation == "expand":
            self.buffers[n] = np.broadcast_to(given[0], shape)
        elif operation == "reshape":
            self.buffers[n] = self._flat(given[0]).reshape(shape)
        else:
            out = self.buffers[n] = np.zeros(shape)
            self._step(operation, parameters, given, out)

    def _flat(self, a: np.ndarray) -> np.ndarray:
        """Return the entries as a vector that follows the buffer: a view, or a copy made at every run."""
        if a.flags.c_contiguous:
            return a.reshape(-1)
        copy = np.zeros(a.shape)
        self.steps.append(partial(np.copyto, copy, a))
        return copy.reshape(-1)

    def _step(self, operation: str, parameters: tuple, a: list[np.ndarray], out: np.ndarray) -> None:
        if operation in UNARY:
            self.steps.append(partial(UNARY[operation], a[0], out))
        elif operation in BINARY:
            self.steps.append(partial(BINARY[operation], a[0], a[1], out=out))
        elif operation in RELATIONS:
            self.steps.append(partial(RELATIONS[operation], a[0], a[1], out, casting="unsafe"))
        elif operation == "einsum":
            self.steps.append(contraction(parameters[0], a, out))
        elif operation == "sum":
            self.steps.append(partial(np.add.reduce, a[0], parameters, None, out, True))
        elif operation == "amax":
            self.steps.append(partial(np.maximum.reduce, a[0], parameters, None, out, True))
        elif operation == "take":
            self.steps.append(_take(self._flat(a[0]), self.graph.positions[parameters[0]], out))
        elif operation == "put":
            self.steps.append(_put(self._flat(a[0]), self.graph.positions[parameters[0]], out))
        else:
            self.steps.append(_other(operation, parameters, [self._flat(x).reshape(x.shape) if operation in FLATTENED else x for x in a], out))


FLATTENED = ("gather", "scatter")


def _take(flat: np.ndarray, places: np.ndarray, out: np.ndarray) -> Callable[[], object]:
    if places.size and places.min() < 0:
        keep = (places >= 0).astype(float)
        safe = np.maximum(places, 0)
        return lambda: np.multiply(flat.take(safe) if flat.size else 0.0, keep, out)
    target = out.reshape(-1)
    return partial(flat.take, places.reshape(-1), None, target, "clip") if flat.size else lambda: None


def _put(flat: np.ndarray, places: np.ndarray, out: np.ndarray) -> Callable[[], object]:
    kept = places.reshape(-1)
    index = np.flatnonzero(kept >= 0)
    goal, size, target = kept[index], out.size, out.reshape(-1)
    if len(np.unique(goal)) == len(goal):
        def place() -> None:
            target[goal] = flat[index]
        return place

    def add_up() -> None:
        target[:] = np.bincount(goal, flat[index], size)

    return add_up


def _other(operation: str, parameters: tuple, a: list[np.ndarray], out: np.ndarray) -> Callable[[], object]:
    from scipy import special

    if operation == "where":
        def choose() -> None:
            out[...] = np.where(a[0], a[1], a[2])
        return choose
    if operation == "sigmoid":
        return partial(special.expit, a[0], out)
    if operation == "softplus":
        return partial(np.logaddexp, a[0], 0.0, out)
    if operation == "argsort":
        return partial(_argsort, a[0], parameters[0], out)
    if operation == "gather":
        return lambda: np.copyto(out, a[0].reshape(-1)[a[1].astype(np.intp)])
    if operation == "scatter":
        return lambda: np.copyto(out, np.bincount(a[1].reshape(-1).astype(np.intp), a[0].reshape(-1), out.size).reshape(out.shape))
    if operation == "inverse":
        return lambda: np.copyto(out, np.linalg.inv(a[0]))
    if operation == "det":
        return lambda: np.copyto(out, np.linalg.det(a[0]))
    if operation == "lambertw":
        return lambda: np.copyto(out, special.lambertw(a[0]).real)
    if operation == "polygamma":
        return lambda: np.copyto(out, special.polygamma(parameters[0], a[0]))
    return partial(getattr(special, {"digamma": "psi"}.get(operation, operation)), a[0], out)


def _argsort(a: np.ndarray, axis: int, out: np.ndarray) -> None:
    index = np.arange(a.size).reshape(a.shape)
    out[...] = np.take_along_axis(index, np.argsort(a, axis=axis, kind="stable"), axis=axis)


# --------------------------------------------------------------- contractions


def contraction(specification: str, a: list[np.ndarray], out: np.ndarray) -> Callable[[], object]:
    """Return a step that contracts fixed buffers into a fixed buffer."""
    left, _, right = specification.partition("->")
    operands = left.split(",")
    views = product_views(operands, right, a, out) if len(a) == 2 else None
    if views is not None:
        return partial(np.matmul, *views)
    path = np.einsum_path(specification, *a, optimize="greedy")[0] if len(a) > 2 else False
    return partial(np.einsum, specification, *a, out=out, optimize=path)


def product_views(operands: list[str], right: str, a: list[np.ndarray], out: np.ndarray) -> tuple[np.ndarray, ...] | None:
    """Return views (x, y, z) with z = matmul(x, y), when every class of letters has at most one member (besides the batch)."""
    first, second = operands
    if any(len(set(t)) != len(t) for t in operands):
        return None
    both = [c for c in first if c in second]
    batch = [c for c in both if c in right]
    inner = [c for c in both if c not in right]
    rows, columns = [c for c in first if c not in second], [c for c in second if c not in first]
    if len(inner) > 1 or len(rows) > 1 or len(columns) > 1 or any(c not in right for c in rows + columns):
        return None
    x = _arranged(a[0], first, [batch, rows, inner])
    y = _arranged(a[1], second, [batch, inner, columns])
    z = _arranged(out, right, [batch, rows, columns])
    return x, y, z


def _arranged(a: np.ndarray, letters: str, groups: list[list[str]]) -> np.ndarray:
    view = np.transpose(a, [letters.index(c) for group in groups for c in group])
    place = len(groups[0])
    for group in groups[1:]:
        if not group:
            view = np.expand_dims(view, place)
        place += 1
    return view
