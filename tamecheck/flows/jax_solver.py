"""Gradient flows by diffrax: the graph of the certified program as a JAX function, compiled.

An optional extra (``pip install tamecheck[diffrax]``), worth its compilation for many members at once (`solve_many`) or repeated runs.
Doubles are switched on for the time of a call only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.derivatives import gradient
from tamecheck.flows.graph import BINARY, RELATIONS, UNARY, Graph
from tamecheck.flows.system import System, nudged
from tamecheck.flows.trajectory import Trajectory

MOST_STEPS = 1_000_000
SPECIAL = {"erf": "erf", "erfinv": "erfinv", "gammaln": "gammaln", "digamma": "digamma", "i0": "i0", "i1": "i1", "sigmoid": "expit"}
NAMES = {"neg": "negative", "abs": "abs", "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "pow": "power", "max": "maximum",
         "min": "minimum"}  # fmt: skip


def solve(system: System, start: np.ndarray, at: np.ndarray, rtol: float, atol: float) -> Trajectory:
    """Return the gradient flow at the given times, by Dormand and Prince's method of order 8.

    Raises
    ------
    InputError
        TC148 diffrax is not installed; TC180 an operation without a JAX form.
    """
    return solve_many(system, start[None], at, rtol, atol)[0]


def solve_many(system: System, starts: np.ndarray, at: np.ndarray, rtol: float, atol: float) -> list[Trajectory]:
    """Return the gradient flows from several starts, run together."""
    jax, jnp, diffrax = _library()
    with jax.enable_x64(True):
        slope = function(jax, jnp, system)
        control = diffrax.PIDController(rtol=rtol, atol=atol)
        term = diffrax.ODETerm(lambda t, y, args: -slope(y))

        def one(y):
            return diffrax.diffeqsolve(
                term, diffrax.Dopri8(), float(at[0]), float(at[-1]), None, y, saveat=diffrax.SaveAt(ts=jnp.asarray(at)), stepsize_controller=control,
                max_steps=MOST_STEPS, throw=False,
            )  # fmt: skip

        found = jax.jit(jax.vmap(one))(jnp.asarray(starts))
        states, steps = np.asarray(found.ys), np.asarray(found.stats["num_steps"])
        good = [bool(r) for r in np.asarray(jax.vmap(lambda r: r == diffrax.RESULTS.successful)(found.result))]
    name = f"diffrax Dopri8, rtol {rtol:g}, atol {atol:g}"
    result = []
    for k in range(len(starts)):
        whole = np.all(np.isfinite(states[k]), axis=1)
        rows = states[k][whole] if whole.any() else starts[k][None]
        complete = good[k] and bool(whole.all())
        message = "" if complete else f"diffrax stopped after {int(steps[k])} steps"
        result.append(Trajectory(at[: len(rows)], rows, name, int(steps[k]), None, complete, message))
    return result


def _library() -> tuple:
    try:
        import diffrax
        import jax
        import jax.numpy as jnp
    except ImportError as missing:
        hint = "pip install 'tamecheck[diffrax]', or solver = \"scipy\""
        raise InputError("the solver diffrax is not installed", code="TC148", hint=hint) from missing
    return jax, jnp, diffrax


def function(jax, jnp, system: System) -> Callable:
    """Return the gradient as a JAX function of the vector theta."""
    g = system.graph
    outputs = gradient(g, system.target, system.nodes, system.rule)
    order = g.ancestors(outputs)
    unknown = [g.nodes[n][0] for n in order if not _known(g.nodes[n][0])]
    if unknown:
        raise InputError(f"{unknown[0]} has no JAX form here", code="TC180", hint='solver = "scipy"')

    shift = nudged(np.zeros(system.size)) if system.certified_smooth and system.kinks else None

    def slope(theta):
        if shift is not None:
            theta = theta + shift * (1 + jnp.abs(theta))
        known: dict = {}
        for n in order:
            operation, parameters, arguments, shape = g.nodes[n]
            if operation == "input":
                name = parameters[0]
                known[n] = theta[system.vector.places[name]].reshape(system.vector.shapes[name])
            else:
                known[n] = _step(jax, jnp, g, operation, parameters, [known[a] for a in arguments], shape)
        return jnp.concatenate([jnp.broadcast_to(known[n], g.shape(n)).reshape(-1) for n in outputs])

    return slope


STRUCTURAL = ("input", "constant", "freeze", "einsum", "sum", "amax", "reshape", "expand", "take", "put", "where", "softplus", "argsort", "gather",
              "scatter", "inverse", "det")  # fmt: skip


def _known(operation: str) -> bool:
    return operation in STRUCTURAL or operation in UNARY or operation in BINARY or operation in RELATIONS or operation in SPECIAL


def _step(jax, jnp, g: Graph, operation: str, parameters: tuple, a: Sequence, shape: tuple[int, ...]):
    if operation == "constant":
        return jnp.asarray(g.constants[parameters[0]])
    if operation == "freeze":
        return a[0]
    if operation in RELATIONS:
        return getattr(jnp, operation)(*a).astype(jnp.float64)
    if operation in UNARY or operation in BINARY:
        return getattr(jnp, NAMES.get(operation, operation))(*a)
    if operation in SPECIAL:
        return getattr(jax.scipy.special, SPECIAL[operation])(a[0])
    if operation == "softplus":
        return jnp.logaddexp(a[0], 0.0)
    if operation == "where":
        return jnp.where(a[0] != 0, a[1], a[2])
    return _tensor(jnp, g, operation, parameters, a, shape)


def _tensor(jnp, g: Graph, operation: str, parameters: tuple, a: Sequence, shape: tuple[int, ...]):
    if operation == "einsum":
        return jnp.einsum(parameters[0], *a)
    if operation in ("sum", "amax"):
        return getattr(jnp, {"amax": "max"}.get(operation, operation))(a[0], axis=parameters, keepdims=True)
    if operation == "reshape":
        return a[0].reshape(shape)
    if operation == "expand":
        return jnp.broadcast_to(a[0], shape)
    if operation == "take":
        places = g.positions[parameters[0]]
        return jnp.where(places >= 0, a[0].reshape(-1)[np.maximum(places, 0)], 0.0)
    size = int(np.prod(shape, dtype=int))
    if operation == "put":
        places = g.positions[parameters[0]].reshape(-1)
        return jnp.zeros(size + 1).at[np.where(places >= 0, places, size)].add(a[0].reshape(-1))[:size].reshape(shape)
    if operation == "argsort":
        index = np.arange(size).reshape(shape)
        return jnp.take_along_axis(jnp.asarray(index), jnp.argsort(a[0], axis=parameters[0], stable=True), axis=parameters[0])
    if operation == "gather":
        return a[0].reshape(-1)[a[1]]
    if operation == "scatter":
        return jnp.zeros(size).at[a[1].reshape(-1)].add(a[0].reshape(-1)).reshape(shape)
    return getattr(jnp.linalg, {"inverse": "inv"}.get(operation, operation))(a[0])
