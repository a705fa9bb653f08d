"""Evaluation of smooth graphs in ball arithmetic, on numbers or on truncated power series, with certified enclosures.

Constants that are rounded in the graph (1/3, pi) are enclosed as what they stand for, so that the enclosure holds for the program, not only for
its rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from flint import arb, arb_series, ctx, fmpq

from tamecheck.errors import InputError
from tamecheck.flows.graph import Graph

SMOOTH = {"exp": "exp", "log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "arctan": "atan", "arcsin": "asin", "arccos": "acos",
          "erf": "erf", "gammaln": "lgamma", "gamma": "gamma"}  # fmt: skip


class Balls:
    """A graph to be evaluated for inputs of balls or series (object arrays)."""

    def __init__(self, graph: Graph, outputs: Sequence[int]) -> None:
        self.graph = graph
        self.outputs = list(outputs)
        self.order = graph.ancestors(outputs)
        for n in self.order:
            operation = graph.nodes[n][0]
            if operation not in KNOWN:
                raise InputError(f"{operation} has no enclosure here", code="TC145", hint="the validated mode is for smooth functions")

    def __call__(self, values: Mapping[str, np.ndarray], series: bool) -> list[np.ndarray]:
        """Return the outputs; ``series``: the inputs are power series (the length is ``flint.ctx.cap``)."""
        known: dict[int, np.ndarray] = {}
        for n in self.order:
            operation, parameters, arguments, shape = self.graph.nodes[n]
            if operation == "input":
                known[n] = values[parameters[0]]
            elif operation == "constant":
                known[n] = self._constant(parameters[0], series)
            else:
                known[n] = self._step(operation, parameters, [known[a] for a in arguments], shape)
        return [known[n] for n in self.outputs]

    def _constant(self, number: int, series: bool) -> np.ndarray:
        array = self.graph.constants[number]
        meant = self.graph.meant.get(number)
        found = np.empty(array.shape, dtype=object)
        for k, index in enumerate(np.ndindex(*array.shape)):
            ball = arb(float(array[index])) if meant is None else _named(meant) if isinstance(meant, str) else _fraction(meant[k])
            found[index] = arb_series([ball]) if series else ball
        return found

    def _step(self, operation: str, parameters: tuple, a: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        if operation in ("add", "sub", "mul", "div"):
            return _binary(operation, a[0], a[1], shape)
        if operation == "pow":
            return _each(lambda x, y: x**y, shape, *a)
        if operation == "einsum":
            return _contract(parameters[0], a, shape)
        if operation == "sum":
            return np.add.reduce(a[0], axis=parameters, keepdims=True)
        if operation == "reshape":
            return a[0].reshape(shape)
        if operation == "expand":
            return np.broadcast_to(a[0], shape)
        if operation == "take":
            places = self.graph.positions[parameters[0]]
            flat = a[0].reshape(-1)
            zero = flat[0] - flat[0] if flat.size else None
            return _filled([zero if k < 0 else flat[k] for k in places.reshape(-1)], shape)
        if operation == "put":
            return self._put(parameters[0], a[0].reshape(-1), shape)
        return _each(lambda x: _function(operation, x), shape, a[0])

    def _put(self, number: int, flat: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        zero = flat[0] - flat[0]
        out = [zero] * int(np.prod(shape, dtype=int))
        for k, place in enumerate(self.graph.positions[number].reshape(-1)):
            if place >= 0:
                out[place] = out[place] + flat[k]
        return _filled(out, shape)


def _fraction(q: Fraction) -> arb:
    return arb(fmpq(q.numerator, q.denominator))


def _named(name: str) -> arb:
    """Return an enclosure of a constant of `tamecheck.flows.graph.NAMED`."""
    if name == "pi":
        return arb.pi()
    return 2 / arb.pi().sqrt() if name == "2/sqrt(pi)" else arb.pi().sqrt() / 2


KNOWN = frozenset(
    ["input", "constant", "add", "sub", "mul", "div", "pow", "einsum", "sum", "reshape", "expand", "take", "put", "neg", "tanh", "sigmoid",
     "softplus", *SMOOTH]
)  # fmt: skip


def _filled(entries: list, shape: tuple[int, ...]) -> np.ndarray:
    found = np.empty(len(entries), dtype=object)
    found[:] = entries
    return found.reshape(shape)


def _each(f, shape: tuple[int, ...], *arrays: np.ndarray) -> np.ndarray:
    found = np.empty(shape, dtype=object)
    spread = [np.broadcast_to(a, shape) for a in arrays]
    for index in np.ndindex(*shape):
        found[index] = f(*[a[index] for a in spread])
    return found


def _binary(operation: str, x: np.ndarray, y: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    found = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide}[operation](x, y)
    return found if isinstance(found, np.ndarray) else _filled([found], shape)


def _function(operation: str, x):
    if operation == "neg":
        return -x
    if operation == "sigmoid":
        return 1 / (1 + (-x).exp())
    if operation == "tanh":
        return 1 - 2 / ((x + x).exp() + 1)
    if operation == "softplus":
        return (1 + x.exp()).log()
    return getattr(x, SMOOTH[operation])()


def _contract(specification: str, a: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    left, _, right = specification.partition("->")
    operands = left.split(",")
    extents: dict[str, int] = {}
    for letters, x in zip(operands, a, strict=True):
        extents.update(zip(letters, x.shape, strict=True))
    inner = [c for c in extents if c not in right]
    found = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        fixed = dict(zip(right, index, strict=True))
        total = None
        for summed in np.ndindex(*[extents[c] for c in inner]):
            place = {**fixed, **dict(zip(inner, summed, strict=True))}
            term = None
            for letters, x in zip(operands, a, strict=True):
                entry = x[tuple([place[c] for c in letters])]
                term = entry if term is None else term * entry
            total = term if total is None else total + term
        found[index] = total if total is not None else arb(0)
    return found


class Length:
    """Set the length of power series, and the precision in bits, for a while."""

    def __init__(self, length: int, bits: int) -> None:
        self.length, self.bits = length, bits

    def __enter__(self) -> None:
        self.before = ctx.cap, ctx.prec
        ctx.cap, ctx.prec = self.length, self.bits

    def __exit__(self, *_: object) -> None:
        ctx.cap, ctx.prec = self.before
