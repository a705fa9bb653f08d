"""Numerical evaluation of programs: float64 arrays, evidence only.

The prover never reads these numbers.  They serve to compare a program with the model it
was imported from, to look for witnesses that are proved by other means, and to draw.
Rounding errors are those of NumPy; outside a primitive's domain the value is NaN or an
infinity, and no exception is raised for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from tamecheck.errors import InputError
from tamecheck.programs.selection import select

if TYPE_CHECKING:
    import numpy as np

    from tamecheck.programs.program import Program

MAXIMAL_NESTING = 64


def evaluate(program: Program, outputs: Sequence[int], values: Mapping[str, object]) -> list[np.ndarray]:
    """Return the values of the output nodes as float64 arrays.

    Parameters
    ----------
    program : Program
    outputs : sequence of int — positions of nodes
    values : mapping — an array for the name of every input that the outputs depend on

    Raises
    ------
    InputError
        If an input has no value or one of a wrong shape, if a constant is known by its digest
        only, or if a node is implicit (a definable choice has no formula to evaluate).
    """
    return _run(program, list(outputs), values, 0)


def _run(program: Program, outputs: list[int], values: Mapping[str, object], depth: int) -> list[np.ndarray]:
    import numpy as np

    if depth > MAXIMAL_NESTING:
        raise InputError(f"sub-programs are nested more than {MAXIMAL_NESTING} deep", code="TC125")
    order = program.ancestors(outputs)
    uses = dict.fromkeys(order, 0)
    for n in order:
        for a in program.nodes[n][2]:
            uses[a] += 1
    for n in outputs:
        uses[n] += 1
    known: dict[int, np.ndarray] = {}
    loops: dict[tuple, list[np.ndarray]] = {}
    with np.errstate(all="ignore"):
        for n in order:
            kind, parameters, arguments, shape = program.nodes[n]
            if kind == "input":
                result = _input(parameters[0], shape, values)
            elif kind == "constant":
                result = _constant(program, parameters, shape)
            elif kind == "repeat":
                key = (parameters[0], parameters[1], parameters[4], arguments)
                if key not in loops:
                    loops[key] = _repeat(program, parameters, [known[a] for a in arguments], depth)
                result = loops[key][parameters[3]]
            else:
                result = KINDS[kind](parameters, [known[a] for a in arguments], shape)
            known[n] = np.asarray(result, dtype=np.float64)
            if known[n].shape != shape:
                raise InputError(f"node {n} ({kind}) evaluates to shape {list(known[n].shape)}, not {list(shape)}", code="TC125")
            for a in set(arguments):
                uses[a] -= arguments.count(a)
                if not uses[a]:
                    del known[a]
    return [known[n] for n in outputs]


def _input(name: str, shape: tuple, values: Mapping[str, object]) -> np.ndarray:
    import numpy as np

    if name not in values:
        raise InputError(f"no value is given for input {name!r}", code="TC125")
    array = np.asarray(values[name], dtype=np.float64)
    if array.shape != shape:
        raise InputError(f"input {name!r} has shape {list(shape)}, its value has {list(array.shape)}", code="TC125")
    return array


def _constant(program: Program, parameters: tuple, shape: tuple) -> np.ndarray:
    import numpy as np

    if parameters[0] == "splat":
        return np.full(shape, number(parameters[1]))
    if parameters[0] == "values":
        return np.array([number(t) for t in parameters[1]]).reshape(shape)
    data = program.data.get(parameters[1])
    if data is None:
        raise InputError(f"the entries of constant {parameters[1][:20]} are not at hand", code="TC125")
    return np.asarray(data, dtype=np.float64).reshape(shape)


def number(text: str) -> float:
    """Return the double nearest to a rational ``p/q``, an infinity when it is too large."""
    q = Fraction(text)
    try:
        return float(q)
    except OverflowError:
        return float("inf") if q > 0 else float("-inf")


def _repeat(program: Program, parameters: tuple, arguments: list, depth: int) -> list[np.ndarray]:
    body, count, carries, _which, outputs = parameters
    inner = program.bodies[body]
    names = [inner.nodes[i][1][0] for i in inner.inputs()]
    state = dict(zip(names, arguments, strict=True))
    for _ in range(count):
        state.update(zip(names, _run(inner, list(outputs), state, depth + 1), strict=False))
    return [state[name] for name in names[:carries]]


# ------------------------------------------------------------------ entrywise


def _map(parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np
    from scipy import special

    name = parameters[0]
    if name == "pi":
        return np.pi
    if name in SPECIAL:
        result = getattr(special, SPECIAL[name])(*arguments)
        return result.real if name == "lambertw" else result
    return getattr(np, NUMPY.get(name, name))(*arguments)


NUMPY = {
    "neg": "negative", "round": "rint", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "add": "add", "sub": "subtract",
    "mul": "multiply", "div": "divide", "pow": "power", "max": "maximum", "min": "minimum",
}  # fmt: skip
SPECIAL = {
    "erf": "erf", "erfinv": "erfinv", "gamma": "gamma", "lgamma": "gammaln", "digamma": "digamma", "zeta": "zeta",
    "lambertw": "lambertw", "besselj0": "j0", "besselj1": "j1", "bessely0": "y0", "bessely1": "y1", "besseli0": "i0",
    "besseli1": "i1", "besselk0": "k0", "besselk1": "k1",
}  # fmt: skip
COMPARISONS = {"lt": "less", "le": "less_equal", "eq": "equal", "ne": "not_equal"}


def _compare(parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np

    return getattr(np, COMPARISONS[parameters[0]])(*arguments)


def _logic(parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np

    return getattr(np, f"logical_{parameters[0]}")(*[a != 0 for a in arguments])


def _where(_parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np

    return np.where(arguments[0] != 0, arguments[1], arguments[2])


# --------------------------------------------------------------------- tensors


def _contract(parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np

    return np.einsum(parameters[0], *arguments, optimize="greedy" if len(arguments) > 1 else False)


def _reduce(parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np

    operation, axes, keep = parameters
    return getattr(np, operation)(arguments[0], axis=axes, keepdims=bool(keep))


def _cumulate(parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np

    operation, axis, exclusive, reverse = parameters
    x = np.flip(arguments[0], axis) if reverse else arguments[0]
    ufunc = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}[operation]
    result = ufunc.accumulate(x, axis=axis)
    if exclusive:
        start = np.full_like(np.take(x, [0], axis), 0 if operation == "sum" else 1) if x.shape[axis] else x
        result = np.concatenate([start, np.delete(result, -1, axis)], axis) if x.shape[axis] else x
    return np.flip(result, axis) if reverse else result


def _reindex(parameters: tuple, arguments: list, shape: tuple) -> object:
    return select(parameters, arguments, shape, float(arguments[1]) if parameters[0] == "pad" else None)


def _order(parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np

    what, axis, count, largest = parameters
    x = arguments[0]
    if what.endswith("_last"):
        return x.shape[axis] - 1 - getattr(np, what[:6])(np.flip(x, axis), axis=axis, keepdims=True)
    ranks = np.argsort(-x if largest else x, axis=axis, kind="stable")
    ranks = np.take(ranks, np.arange(count), axis)
    return ranks if what in ("argsort", "topk_index", "argmax", "argmin") else np.take_along_axis(x, ranks, axis)


def _lookup(parameters: tuple, arguments: list, _shape: tuple) -> object:
    import numpy as np

    axis, (table, index) = parameters[0], arguments
    extent = table.shape[axis]
    good = (index == np.floor(index)) & (index >= 0) & (index < extent)
    place = np.where(good, index, 0).astype(np.int64)
    rows = np.take(table, place, axis=axis) if extent else np.zeros(_shape)
    spread = good.reshape((1,) * axis + index.shape + (1,) * (table.ndim - axis - 1))
    return np.where(spread, rows, np.nan)


def _linalg(parameters: tuple, arguments: list, shape: tuple) -> object:
    import numpy as np

    what = parameters[0]
    try:
        if what == "inverse":
            return np.linalg.inv(*arguments)
        if what == "logabsdet":
            return np.linalg.slogdet(*arguments)[1]
        if what == "expm":
            from scipy.linalg import expm

            return expm(*arguments)
        return getattr(np.linalg, what)(*arguments)
    except np.linalg.LinAlgError:
        return np.full(shape, np.nan)


def _implicit(parameters: tuple, _arguments: list, _shape: tuple) -> object:
    raise InputError(f"an implicit node ({parameters[0]}) has no formula to evaluate", code="TC125")


KINDS: dict[str, Callable[[tuple, list, tuple], object]] = {
    "map": _map, "contract": _contract, "reduce": _reduce, "cumulate": _cumulate, "reindex": _reindex, "compare": _compare,
    "logic": _logic, "where": _where, "order": _order, "lookup": _lookup, "linalg": _linalg, "implicit": _implicit,
}  # fmt: skip
