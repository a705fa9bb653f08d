"""Evaluate graphs with fifty digits, by mpmath on arrays of objects: what tapes and derivatives are compared with."""

import mpmath
import numpy as np

DIGITS = 50


def _each(function):
    return np.frompyfunc(function, 1, 1)


def _real(value):
    return value.real if isinstance(value, mpmath.mpc) else value


UNARY = {
    "neg": lambda x: -x, "abs": abs, "sign": mpmath.sign, "floor": mpmath.floor, "ceil": mpmath.ceil, "rint": mpmath.nint, "exp": mpmath.exp,
    "log": mpmath.log, "sqrt": mpmath.sqrt, "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan, "arcsin": mpmath.asin, "arccos": mpmath.acos,
    "arctan": mpmath.atan, "tanh": mpmath.tanh, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "erf": mpmath.erf, "erfinv": mpmath.erfinv, "gamma": mpmath.gamma, "gammaln": lambda x: mpmath.log(abs(mpmath.gamma(x))),
    "digamma": mpmath.digamma, "lambertw": lambda x: _real(mpmath.lambertw(x)), "j0": lambda x: mpmath.besselj(0, x),
    "j1": lambda x: mpmath.besselj(1, x), "y0": lambda x: mpmath.bessely(0, x), "y1": lambda x: mpmath.bessely(1, x),
    "i0": lambda x: mpmath.besseli(0, x), "i1": lambda x: mpmath.besseli(1, x), "k0": lambda x: mpmath.besselk(0, x),
    "k1": lambda x: mpmath.besselk(1, x),
}  # fmt: skip
BINARY = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "pow": lambda a, b: _real(mpmath.power(a, int(b) if b == int(b) else b)), "max": lambda a, b: a if a >= b else b,
    "min": lambda a, b: a if a <= b else b, "greater": lambda a, b: mpmath.mpf(int(a > b)), "less": lambda a, b: mpmath.mpf(int(a < b)),
    "equal": lambda a, b: mpmath.mpf(int(a == b)), "not_equal": lambda a, b: mpmath.mpf(int(a != b)),
    "less_equal": lambda a, b: mpmath.mpf(int(a <= b)),
}  # fmt: skip


def evaluate(graph, node: int, values: dict) -> mpmath.mpf:
    """Return the value of a scalar node; ``values`` are object arrays of mpf by name of input."""
    known: dict[int, np.ndarray] = {}
    for n in graph.ancestors([node]):
        operation, parameters, arguments, shape = graph.nodes[n]
        a = [known[x] for x in arguments]
        known[n] = np.asarray(_step(graph, operation, parameters, a, shape, values), dtype=object).reshape(shape)
    return known[node].item()


def _constant(graph, number: int) -> np.ndarray:
    array = graph.constants[number]
    meant = graph.meant.get(number)
    out = np.empty(array.shape, dtype=object)
    for k, index in enumerate(np.ndindex(*array.shape)):
        if meant is None:
            out[index] = mpmath.mpf(float(array[index]))
        elif isinstance(meant, str):
            out[index] = {"pi": mpmath.pi, "2/sqrt(pi)": 2 / mpmath.sqrt(mpmath.pi), "sqrt(pi)/2": mpmath.sqrt(mpmath.pi) / 2}[meant] * 1
        else:
            out[index] = mpmath.mpf(meant[k].numerator) / meant[k].denominator
    return out


def _step(graph, operation: str, parameters: tuple, a: list, shape: tuple, values: dict):
    if operation == "input":
        return values[parameters[0]]
    if operation == "constant":
        return _constant(graph, parameters[0])
    if operation in UNARY:
        return _each(UNARY[operation])(a[0])
    if operation in BINARY:
        return np.frompyfunc(BINARY[operation], 2, 1)(a[0], a[1])
    if operation == "polygamma":
        return _each(lambda x: mpmath.polygamma(parameters[0], x))(a[0])
    if operation == "where":
        return np.frompyfunc(lambda c, x, y: x if c != 0 else y, 3, 1)(*a)
    if operation == "einsum":
        return np.einsum(parameters[0], *a)
    if operation == "sum":
        return np.add.reduce(a[0], axis=parameters, keepdims=True)
    if operation == "amax":
        found = a[0]
        for axis in parameters:
            found = np.maximum.reduce(found, axis=axis, keepdims=True)
        return found
    return _places(graph, operation, parameters, a, shape)


def _places(graph, operation: str, parameters: tuple, a: list, shape: tuple):
    zero = mpmath.mpf(0)
    if operation in ("reshape", "freeze"):
        return a[0].reshape(shape)
    if operation == "expand":
        return np.broadcast_to(a[0], shape)
    size = int(np.prod(shape, dtype=int))
    if operation == "take":
        flat = a[0].reshape(-1)
        return np.array([zero if k < 0 else flat[k] for k in graph.positions[parameters[0]].reshape(-1)] + [None], dtype=object)[:-1]
    if operation == "put":
        return _added(size, graph.positions[parameters[0]].reshape(-1), a[0].reshape(-1))
    if operation == "argsort":
        index = np.arange(size).reshape(shape)
        return np.take_along_axis(index, np.argsort(a[0].astype(float), axis=parameters[0], kind="stable"), axis=parameters[0])
    if operation == "gather":
        return a[0].reshape(-1)[a[1].astype(int)]
    if operation == "scatter":
        return _added(size, a[1].astype(int).reshape(-1), a[0].reshape(-1))
    matrices = a[0].reshape(-1, *a[0].shape[-2:])
    rows = [mpmath.matrix(m.tolist()) for m in matrices]
    if operation == "det":
        return np.array([mpmath.det(m) for m in rows] + [None], dtype=object)[:-1]
    return np.array([list(map(list, (m**-1).tolist())) for m in rows], dtype=object)


def _added(size: int, places, entries) -> np.ndarray:
    out = [mpmath.mpf(0)] * size
    for k, x in zip(places, entries, strict=True):
        if k >= 0:
            out[int(k)] += x
    return np.array([*out, None], dtype=object)[:-1]


def slope(system, theta: np.ndarray, direction: np.ndarray, step: str = "1e-18") -> tuple[mpmath.mpf, mpmath.mpf]:
    """Return value and directional derivative at a point, the latter by a central difference with error far below a double's rounding."""
    with mpmath.workdps(DIGITS):
        h = mpmath.mpf(step)
        rows = []
        for sign in (-1, 0, 1):
            moved = np.array([mpmath.mpf(float(t)) + sign * h * mpmath.mpf(float(d)) for t, d in zip(theta, direction, strict=True)], dtype=object)
            rows.append(evaluate(system.graph, system.target, system.vector.split(moved)))
        return rows[1], (rows[2] - rows[0]) / (2 * h)


def curvature(system, theta: np.ndarray, direction: np.ndarray) -> mpmath.mpf:
    """Return the second derivative along a direction."""
    with mpmath.workdps(DIGITS):
        h = mpmath.mpf("1e-12")
        rows = []
        for sign in (-1, 0, 1):
            moved = np.array([mpmath.mpf(float(t)) + sign * h * mpmath.mpf(float(d)) for t, d in zip(theta, direction, strict=True)], dtype=object)
            rows.append(evaluate(system.graph, system.target, system.vector.split(moved)))
        return (rows[0] - 2 * rows[1] + rows[2]) / h**2
