"""Gradient flows by heyoka's adaptive Taylor method: the graph of the certified program, entry by entry, as heyoka expressions.

An optional extra (``pip install tamecheck[heyoka]``).  Taylor series of high order reach errors near rounding in few steps; the
price is compilation, and an expression per entry, so it is meant for some hundred entries of hidden layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.derivatives import gradient
from tamecheck.flows.graph import Graph
from tamecheck.flows.system import System
from tamecheck.flows.trajectory import Trajectory

SAME = {"exp": "exp", "log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
        "tanh": "tanh", "sigmoid": "sigmoid", "erf": "erf"}  # fmt: skip
LARGEST = 200_000
"""Entries of nodes that are written as expressions."""
LONGEST = 3e6
MOST_STEPS = 2_000_000


def solve(system: System, start: np.ndarray, at: np.ndarray, rtol: float) -> Trajectory:
    """Return the gradient flow at the given times.

    Raises
    ------
    InputError
        TC148 heyoka is not installed; TC180 an operation without an expression; TC149 too many entries.
    """
    hy = _library()
    variables = hy.make_vars(*[f"t{k:05d}" for k in range(system.size)])
    variables = [variables] if system.size == 1 else list(variables)
    slopes = expressions(hy, system, variables)
    tolerance = max(rtol, 1e-16)
    integrator = hy.taylor_adaptive([(v, -s) for v, s in zip(variables, slopes, strict=True)], start.tolist(), tol=tolerance, compact_mode=True)
    integrator.time = float(at[0])
    outcome, _, _, steps, _, states = integrator.propagate_grid(at.tolist(), max_steps=MOST_STEPS)
    good = np.all(np.isfinite(states), axis=1)
    found = states[good] if good.any() else start[None]
    complete = bool(len(found) == len(at)) and outcome == hy.taylor_outcome.time_limit
    message = "" if complete else f"heyoka stopped at t = {integrator.time:.6g}: {outcome.name}"
    return Trajectory(at[: len(found)], found, f"heyoka, tolerance {tolerance:g}", int(steps), None, complete, message)


def _library():
    try:
        import heyoka
    except ImportError as missing:
        hint = "pip install 'tamecheck[heyoka]', or solver = \"scipy\""
        hint = "pip install 'tamecheck[heyoka]', or solver = \"scipy\""
        raise InputError("the solver heyoka is not installed", code="TC148", hint=hint) from missing
    return heyoka


def expressions(hy, system: System, variables: Sequence) -> list:
    """Return the entries of the gradient as expressions in the entries of theta."""
    g = system.graph
    outputs = gradient(g, system.target, system.nodes, system.rule)
    order = g.ancestors(outputs, frozen=False)
    size = sum([int(np.prod(g.shape(n), dtype=int)) for n in order])
    if size > LARGEST:
        raise InputError(f"the gradient has {size} entries, more than {LARGEST}", code="TC149", hint='solver = "scipy"')
    length = longest(g, order)
    if length > LONGEST:
        text = f"an expression of the gradient has up to {length:.3g} terms, more than {LONGEST:.3g}"
        raise InputError(text, code="TC149", hint='solver = "scipy"')
    flat = np.empty(system.size, dtype=object)
    flat[:] = list(variables)
    given = system.vector.split(flat)
    walk = _Walk(hy, system, given)
    for n in order:
        walk.node(n)
    found = [x for n in outputs for x in walk.known[n].reshape(-1)]
    return [x if isinstance(x, hy.expression) else hy.expression(float(x)) for x in found]


def longest(g: Graph, order: Sequence[int]) -> float:
    """Return a bound of the size of an entry written out as an expression: what is shared is counted as often as it is used."""
    sizes: dict[int, float] = {}
    for n in order:
        operation, parameters, arguments, shape = g.nodes[n]
        total = 1.0 + sum([sizes.get(a, 1.0) for a in arguments])
        if operation in ("constant", "input", "freeze"):
            total = 1.0
        elif operation == "einsum":
            left, _, right = parameters[0].partition("->")
            extents = {c: e for letters, a in zip(left.split(","), arguments, strict=True) for c, e in zip(letters, g.shape(a), strict=True)}
            total *= float(np.prod([e for c, e in extents.items() if c not in right]))
        elif operation == "sum":
            total *= float(np.prod([g.shape(arguments[0])[k] for k in parameters]))
        elif operation == "put":
            total *= float(np.bincount(np.maximum(g.positions[parameters[0]].reshape(-1), 0)).max(initial=1))
        sizes[n] = total
    return max(sizes.values(), default=1.0)


class _Walk:
    def __init__(self, hy, system: System, given: dict[str, np.ndarray]) -> None:
        self.hy, self.g, self.given = hy, system.graph, given
        self.known: dict[int, np.ndarray] = {}

    def node(self, n: int) -> None:
        operation, parameters, arguments, shape = self.g.nodes[n]
        if operation == "input":
            self.known[n] = self.given[parameters[0]]
        elif operation == "constant":
            self.known[n] = self.g.constants[parameters[0]].astype(object)
        elif operation == "freeze":
            self.known[n] = np.full(shape, 0.0, dtype=object)  # log sum exp(x - m) + m is the same for every m
        else:
            self.known[n] = self.step(operation, parameters, [self.known[a] for a in arguments], shape, n)

    def step(self, operation: str, parameters: tuple, a: list[np.ndarray], shape: tuple[int, ...], n: int) -> np.ndarray:
        if operation in ("add", "sub", "mul", "div", "pow"):
            return _each(lambda x, y: self.binary(operation, x, y), shape, *a)
        if operation == "einsum":
            return self.contraction(parameters[0], a, shape)
        if operation == "sum":
            return self.reduced(a[0], parameters, shape)
        if operation == "reshape":
            return a[0].reshape(shape)
        if operation == "expand":
            return np.broadcast_to(a[0], shape)
        if operation == "take":
            flat = a[0].reshape(-1)
            return _filled([0.0 if k < 0 else flat[k] for k in self.g.positions[parameters[0]].reshape(-1)], shape)
        if operation == "put":
            out: list[list] = [[] for _ in range(int(np.prod(shape, dtype=int)))]
            for x, k in zip(a[0].reshape(-1), self.g.positions[parameters[0]].reshape(-1), strict=True):
                if k >= 0:
                    out[k].append(x)
            return _filled([self.total(terms) for terms in out], shape)
        if operation in SAME or operation in ("neg", "softplus"):
            return _each(lambda x: self.unary(operation, x), shape, a[0])
        hint = 'solver = "scipy"'
        raise InputError(f"{operation} has no heyoka expression here", code="TC180", where=f"node {n} of the graph", hint=hint)

    def constant(self, x) -> bool:
        return not isinstance(x, self.hy.expression)

    def unary(self, operation: str, x):
        if operation == "neg":
            return -x
        x = self.hy.expression(float(x)) if self.constant(x) else x
        if operation == "softplus":
            return self.hy.log(1.0 + self.hy.exp(x))
        return getattr(self.hy, SAME[operation])(x)

    def binary(self, operation: str, x, y):
        if operation == "mul":
            if any(self.constant(t) and t == 0.0 for t in (x, y)):
                return 0.0
            return x * y
        if operation == "add":
            return x + y
        if operation == "sub":
            return x - y
        if operation == "div":
            return x / y
        return x**y if not (self.constant(x) and self.constant(y)) else float(x) ** float(y)

    def total(self, terms: list):
        moving = [t for t in terms if not self.constant(t)]
        still = float(sum([t for t in terms if self.constant(t)]))
        if not moving:
            return still
        return self.hy.sum(moving if still == 0.0 else [*moving, self.hy.expression(still)])

    def reduced(self, a: np.ndarray, axes: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
        moved = np.moveaxis(a, axes, range(len(axes)))
        rows = moved.reshape(int(np.prod([a.shape[k] for k in axes], dtype=int)), -1)
        return _filled([self.total(list(column)) for column in rows.T], shape)

    def contraction(self, specification: str, a: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        left, _, right = specification.partition("->")
        operands = left.split(",")
        extents: dict[str, int] = {}
        for letters, x in zip(operands, a, strict=True):
            extents.update(zip(letters, x.shape, strict=True))
        inner = [c for c in extents if c not in right]
        entries = []
        for index in np.ndindex(*shape):
            fixed = dict(zip(right, index, strict=True))
            terms = []
            for summed in np.ndindex(*[extents[c] for c in inner]):
                place = {**fixed, **dict(zip(inner, summed, strict=True))}
                factors = [x[tuple([place[c] for c in letters])] for letters, x in zip(operands, a, strict=True)]
                terms.append(reduce(lambda p, q: self.binary("mul", p, q), factors))
            entries.append(self.total(terms))
        return _filled(entries, shape)


def _filled(entries: list, shape: tuple[int, ...]) -> np.ndarray:
    found = np.empty(len(entries), dtype=object)
    found[:] = entries
    return found.reshape(shape)


def _each(f, shape: tuple[int, ...], *arrays: np.ndarray) -> np.ndarray:
    spread = [np.broadcast_to(a, shape) for a in arrays]
    return _filled([f(*[a[index] for a in spread]) for index in np.ndindex(*shape)], shape)
