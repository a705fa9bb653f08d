"""Programs evaluated with many digits, and random programs: what the adversary of homogeneity claims needs."""

import random
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np

from tamecheck.ground.intervals import interval
from tamecheck.programs.definitions import scalar
from tamecheck.programs.program import Program

UNARY = {
    "neg": lambda x: -x, "abs": abs, "sign": mpmath.sign, "exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "sin": mpmath.sin,
    "cos": mpmath.cos, "atan": mpmath.atan, "erf": mpmath.erf, "tan": mpmath.tan,
}  # fmt: skip
BINARY = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "max": max, "min": min,
    "pow": lambda a, b: a ** int(b) if b == int(b) else a**b,
}  # fmt: skip
COMPARE = {"lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "eq": lambda a, b: a == b, "ne": lambda a, b: a != b}


def number(text: str) -> mpmath.mpf:
    """Return a rational text as a number."""
    q = Fraction(text)
    return mpmath.mpf(q.numerator) / q.denominator


def entrywise(f, *arrays: np.ndarray) -> np.ndarray:
    """Apply a function of scalars with broadcasting."""
    arrays = np.broadcast_arrays(*arrays)
    out = np.empty(arrays[0].shape, dtype=object)
    for k in np.ndindex(*out.shape):
        out[k] = f(*[a[k] for a in arrays])
    return out


def contract(text: str, *arrays: np.ndarray) -> np.ndarray:
    """Return a contraction, one term after the other."""
    left, _, right = text.partition("->")
    operands = left.split(",")
    extent = {c: e for t, a in zip(operands, arrays, strict=True) for c, e in zip(t, a.shape, strict=True)}
    out = np.full([extent[c] for c in right], mpmath.mpf(0), dtype=object)
    for values in product(*[range(e) for e in extent.values()]):
        at = dict(zip(extent, values, strict=True))
        term = mpmath.mpf(1)
        for t, a in zip(operands, arrays, strict=True):
            term *= a[tuple(at[c] for c in t)]
        out[tuple(at[c] for c in right)] += term
    return out


def evaluate(p: Program, target: int, values: dict) -> np.ndarray:
    """Return the value of a node with the digits that mpmath is set to; ``values`` are by name of input."""
    found: dict = {}
    for n in p.ancestors([target]):
        kind, parameters, arguments, shape = p.nodes[n]
        u = [found[a] for a in arguments]
        found[n] = _node(kind, parameters, shape, u, values)
    return found[target]


def _node(kind: str, parameters: tuple, shape: tuple, u: list, values: dict) -> np.ndarray:
    if kind == "input":
        return np.array(values[parameters[0]], dtype=object).reshape(shape)
    if kind == "constant":
        entries = [parameters[1]] * int(np.prod(shape, dtype=int)) if parameters[0] == "splat" else parameters[1]
        out = np.empty(len(entries), dtype=object)
        out[:] = [number(t) for t in entries]
        return out.reshape(shape)
    if kind == "map":
        if parameters[0] == "pi":
            return np.array(+mpmath.pi, dtype=object)
        return entrywise(UNARY.get(parameters[0]) or BINARY[parameters[0]], *u)
    if kind == "contract":
        return contract(parameters[0], *u)
    if kind == "reduce":
        f = {"sum": np.sum, "max": np.max, "min": np.min, "prod": np.prod}[parameters[0]]
        return np.array(f(u[0], axis=tuple(parameters[1]), keepdims=bool(parameters[2])), dtype=object)
    if kind == "compare":
        return entrywise(lambda a, b: mpmath.mpf(int(COMPARE[parameters[0]](a, b))), *u)
    if kind == "where":
        return entrywise(lambda c, a, b: a if c != 0 else b, *u)
    if kind == "order" and parameters[0] == "sort":
        return np.array(np.sort(u[0], axis=parameters[1]), dtype=object)[..., :: -1 if parameters[3] else 1]
    if kind == "reindex":
        how = parameters[0]
        if how == "reshape":
            return u[0].reshape(shape)
        if how == "transpose":
            return u[0].transpose(parameters[1])
        if how == "expand":
            return np.broadcast_to(u[0], shape).copy()
        if how == "concat":
            return np.concatenate(u, axis=parameters[1])
    raise NotImplementedError(f"{kind} {parameters[:1]}")


GATES = (
    "softplus gelu silu mish elu selu tanh sigmoid logsigmoid tanhshrink softsign squareplus isru hardswish hardtanh relu leaky_relu relu6 celu"
).split()


def gate(p: Program, rng: random.Random, x: int) -> int:
    """Apply a random scalar function."""
    kind = rng.random()
    if kind < 0.7:
        return getattr(scalar, rng.choice(GATES))(p, x)
    q = Fraction(rng.randint(-9, 9), rng.randint(1, 7))
    if kind < 0.8:
        return p.map("max", p.map("sub", x, p.constant(q)), p.map("mul", p.constant(Fraction(rng.randint(-3, 3), 7)), x))
    if kind < 0.9:
        return p.map("mul", p.map("atan", x), p.constant(q))
    square = p.map("add", p.map("mul", x, x), p.constant(abs(q) + 1))
    return p.map("sub", p.map("sqrt", square), p.map("mul", p.constant(q), x))


def random_program(rng: random.Random) -> tuple[Program, int, list[str]]:
    """Return a program of few parameters whose target is near-homogeneous more often than not, and the names of the parameters."""
    p = Program()
    names = [("a", ()), ("v", (2,)), ("w", (2, 2)), ("u", (3,))]
    pool = [p.input(name, shape, "parameter") for name, shape in names]
    x = p.input("x", (2,), "data", interval(-1, 1))
    pool += [x, p.constant(Fraction(rng.randint(-5, 5), 3), (2,)), p.values([1, Fraction(-3, 2)], (2,))]
    for _ in range(rng.randint(4, 11)):
        pool.append(_step(p, rng, pool, x))
    target = pool[-1]
    if rng.random() < 0.7 and p.shape(target):
        target = p.reduce("sum", target, range(len(p.shape(target))))
    return p, target, [name for name, _ in names]


def _step(p: Program, rng: random.Random, pool: list[int], x: int) -> int:
    recent = pool[-4:] + pool
    a = rng.choice(recent)
    same = [b for b in pool if p.shape(b) == p.shape(a) or not p.shape(b)]
    b, kind = rng.choice(same), rng.random()
    if kind < 0.25:
        return gate(p, rng, a)
    if kind < 0.45:
        return p.map(rng.choice(["add", "sub", "mul", "mul", "max", "min"]), a, b)
    if kind < 0.75:
        return _contraction(p, rng, pool, a)
    if kind < 0.8 and p.shape(a):
        return p.reduce(rng.choice(["sum", "max", "min"]), a, [rng.randrange(len(p.shape(a)))])
    if kind < 0.85:
        return p.map("pow", a, p.constant(rng.choice([2, 3])))
    if kind < 0.9:
        return p.map("div", a, p.constant(Fraction(rng.choice([-7, 3, 5]), 2)))
    if kind < 0.95:
        axes = range(len(p.shape(a)))
        return p.reindex(("transpose", tuple(reversed(axes))), a) if len(axes) > 1 else p.reindex(("expand", (2, *p.shape(a))), a)
    if len(p.shape(a)) == 1 and len(p.shape(b)) == 1:
        return p.reindex(("concat", 0), a, b)
    return p.map(rng.choice(["abs", "neg"]), a)


def _contraction(p: Program, rng: random.Random, pool: list[int], a: int) -> int:
    """Contract two tensors over random letters."""
    others = [b for b in pool if len(p.shape(b)) <= 2]
    b = rng.choice(others)
    letters: dict[str, int] = {}

    def word(shape: tuple) -> str:
        out = ""
        for e in shape:
            free = [c for c, k in letters.items() if k == e and (c not in out or rng.random() < 0.1)]
            c = rng.choice(free) if free and rng.random() < 0.75 else "ijklmnop"[len(letters)]
            letters[c] = e
            out += c
        return out

    left = f"{word(p.shape(a))},{word(p.shape(b))}"
    right = "".join([c for c in letters if rng.random() < 0.4])[:2]
    return p.contract(f"{left}->{right}", a, b)
