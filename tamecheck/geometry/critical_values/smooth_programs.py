"""Analytic functions as straight-line programs, with symbolic gradients and interval derivatives.

The graph of a formula (`tamecheck.geometry.critical_values.critical_graph`) is rewritten so that logistic functions and hyperbolic
tangents are single operations with tight enclosures; gradients are built by reverse mode as operations of the same kind.  A program
evaluates all outputs, and their derivatives in forward mode, over a box of `tamecheck.geometry.critical_values.fixed_intervals`.
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import arb

from tamecheck.geometry.critical_values.critical_graph import Graph, arithmetic
from tamecheck.geometry.critical_values.fixed_intervals import Fixed, Interval, Unbounded

RISING = frozenset(["exp", "log", "tanh", "sigmoid", "softplus", "atan", "erf", "expm1", "log1p", "sinh", "asinh"])
"""Functions that increase on their domain."""
KNOWN = {
    "sigmoid": "sigmoid", "logistic": "sigmoid", "expit": "sigmoid", "tanh": "tanh", "softplus": "softplus", "atan": "atan", "arctan": "atan",
    "erf": "erf", "exp": "exp", "log": "log",
}  # fmt: skip
MAXIMAL_OPERATIONS = 4_000


class NotSmooth(Exception):
    """The formula holds an operation that is not analytic, or not supported here."""


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _softplus(x: arb) -> arb:
    return x.exp().log1p() if x < 0 else x + (-x).exp().log1p()


FUNCTIONS = {
    "exp": lambda x: x.exp(), "log": lambda x: x.log(), "tanh": lambda x: x.tanh(), "sigmoid": _sigmoid, "softplus": _softplus,
    "atan": lambda x: x.atan(), "erf": lambda x: x.erf(),
}  # fmt: skip


class Smooth:
    """Operations of an analytic function; ``outputs`` are the operations to evaluate."""

    def __init__(self, names: Sequence[str]) -> None:
        self.graph = Graph(names)
        self.n = len(names)
        self.outputs: list[int] = []

    @classmethod
    def of(cls, g: Graph) -> "Smooth":
        """Return the program of a formula.

        Raises
        ------
        NotSmooth
            For ``max``, ``abs``, cases and functions without an enclosure here.
        """
        program = cls(g.names)
        place: dict[int, int] = {}
        inside = _needed(g)
        for k in inside:
            place[k] = program._copy(g.operations[k], place)
        program.outputs = [place[g.root]]
        return program

    def _copy(self, op: tuple, place: dict[int, int]) -> int:
        kind = op[0]
        g = self.graph
        if kind in ("number", "variable"):
            return g.add(*op)
        if kind in ("add", "sub", "mul", "div", "neg"):
            return self.make(kind, *[place[c] for c in op[1:]])
        if kind == "power":
            return g.add("power", place[op[1]], op[2])
        if kind == "named":
            if op[1] in KNOWN:
                return g.add("function", KNOWN[op[1]], place[op[2]])
            return place[op[3]]
        if kind == "stop":
            return place[op[1]]
        if kind == "function" and op[1] == "root":
            if op[3] == Fraction(1, 2):
                return g.add("function", "sqrt", place[op[2]])
            return self.make("exp", self.make("mul", g.add("number", op[3]), g.add("function", "log", place[op[2]])))
        if kind == "function" and op[1] == "pi":
            return g.add("function", "pi")
        if kind == "function" and op[1] in FUNCTIONS:
            return g.add("function", op[1], place[op[2]])
        if kind == "function" and op[1] == "pow":
            return self.make("exp", self.make("mul", place[op[3]], g.add("function", "log", place[op[2]])))
        raise NotSmooth(op[1] if kind == "function" else kind)

    def make(self, kind: str, *a: int) -> int:
        """Add an operation, with the rewritings that keep enclosures tight."""
        g = self.graph
        if kind == "exp":
            return g.add("function", "exp", *a)
        numbers = [g.number(c) for c in a]
        if kind == "add" and 0 in numbers:
            return a[1] if numbers[0] == 0 else a[0]
        if kind == "sub" and numbers[1] == 0:
            return a[0]
        if kind == "sub" and numbers[0] == 0:
            return self.make("neg", a[1])
        if kind == "mul" and 0 in numbers:
            return g.add("number", Fraction(0))
        if kind == "mul" and 1 in numbers:
            return a[1] if numbers[0] == 1 else a[0]
        if kind == "mul" and a[0] == a[1]:
            return g.add("power", a[0], 2)
        if kind == "neg" and g.operations[a[0]][0] == "neg":
            return g.operations[a[0]][1]
        if kind == "div" and numbers[1] == 1:
            return a[0]
        if kind == "div" and numbers[1] is None:
            inner = self._logistic(a[1])
            if inner is not None:
                return self.make("mul", a[0], g.add("function", "sigmoid", inner))
        return arithmetic(g, kind, *a)

    def _logistic(self, a: int) -> int | None:
        """Return x if the operation is 1 + exp(-x)."""
        g = self.graph
        op = g.operations[a]
        if op[0] != "add":
            return None
        for one, other in ((op[1], op[2]), (op[2], op[1])):
            e = g.operations[other]
            if g.number(one) == 1 and e[0] == "function" and e[1] == "exp":
                return self.make("neg", e[2])
        return None

    # ------------------------------------------------------------------ derivatives

    def gradient(self) -> list[int]:
        """Add the partial derivatives of the first output and return their places."""
        g = self.graph
        root = self.outputs[0]
        bars: dict[int, int] = {root: g.add("number", Fraction(1))}
        for k in range(root, -1, -1):
            bar = bars.get(k)
            if bar is None:
                continue
            for child, factor in self._partials(k):
                term = self.make("mul", bar, factor)
                bars[child] = self.make("add", bars[child], term) if child in bars else term
        zero = g.add("number", Fraction(0))
        if len(g.operations) > MAXIMAL_OPERATIONS:
            raise NotSmooth("a formula of this length")
        return [bars.get(g.add("variable", i), zero) for i in range(self.n)]

    def _partials(self, k: int) -> list[tuple[int, int]]:
        """Return (argument, derivative) pairs of an operation."""
        g = self.graph
        op = g.operations[k]
        kind = op[0]
        one = g.add("number", Fraction(1))
        if kind == "add":
            return [(op[1], one), (op[2], one)]
        if kind == "sub":
            return [(op[1], one), (op[2], g.add("number", Fraction(-1)))]
        if kind == "neg":
            return [(op[1], g.add("number", Fraction(-1)))]
        if kind == "mul":
            return [(op[1], op[2]), (op[2], op[1])]
        if kind == "div":
            inverse = self.make("div", one, op[2])
            return [(op[1], inverse), (op[2], self.make("neg", self.make("mul", k, inverse)))]
        if kind == "power":
            e = op[2]
            lower = op[1] if e == 2 else g.add("power", op[1], e - 1)
            return [(op[1], self.make("mul", g.add("number", Fraction(e)), lower))]
        if kind == "function" and len(op) > 2:
            return [(op[2], self._slope(k, op[1], op[2]))]
        return []

    def _slope(self, k: int, name: str, x: int) -> int:
        """Return the derivative of a function, from its value where that is possible."""
        g = self.graph
        one = g.add("number", Fraction(1))
        if name == "exp":
            return k
        if name == "bump":
            return self.make("sub", one, self.make("mul", g.add("number", Fraction(2)), x))
        if name == "log":
            return self.make("div", one, x)
        if name == "tanh":
            return self.make("sub", one, g.add("power", k, 2))
        if name == "sigmoid":
            return g.add("function", "bump", k)
        if name == "softplus":
            return g.add("function", "sigmoid", x)
        if name == "atan":
            return self.make("div", one, self.make("add", one, g.add("power", x, 2)))
        if name == "erf":
            return self.make("mul", g.add("function", "2/sqrt(pi)"), self.make("exp", self.make("neg", g.add("power", x, 2))))
        if name == "sqrt":
            return self.make("div", g.add("number", Fraction(1, 2)), k)
        raise NotSmooth(name)

    # ------------------------------------------------------------------- evaluation

    def order(self) -> list[int]:
        """Return the operations that the outputs need, arguments first."""
        wanted = bytearray(len(self.graph.operations))
        for k in self.outputs:
            wanted[k] = 1
        for k in range(len(wanted) - 1, -1, -1):
            if wanted[k]:
                for c in _children(self.graph.operations[k]):
                    wanted[c] = 1
        return [k for k, w in enumerate(wanted) if w]

    def depends(self) -> list[int]:
        """Return for every operation the set of variables it depends on, as bits."""
        out: list[int] = []
        for op in self.graph.operations:
            bits = 1 << op[1] if op[0] == "variable" else 0
            for c in _children(op):
                bits |= out[c]
            out.append(bits)
        return out

    def values(self, fixed: Fixed, box: Sequence[Interval], order: Sequence[int]) -> list:
        """Return enclosures of the operations over a box."""
        values: list = [None] * len(self.graph.operations)
        operations = self.graph.operations
        for k in order:
            values[k] = _value(fixed, operations[k], values, box)
        return values

    def derivatives(self, fixed: Fixed, values: list, order: Sequence[int]) -> list:
        """Return for the operations the enclosures of their partial derivatives, ``None`` for those that are zero."""
        n = self.n
        rows: list = [None] * len(self.graph.operations)
        operations = self.graph.operations
        for k in order:
            rows[k] = _derivative(fixed, operations[k], k, values, rows, n)
        return rows


def _needed(g: Graph) -> list[int]:
    """Return the operations below the root; the insides of functions that are known are left out."""
    wanted = {g.root}
    out = []
    for k in range(g.root, -1, -1):
        if k in wanted:
            out.append(k)
            op = g.operations[k]
            if op[0] == "named" and op[1] in KNOWN:
                wanted.add(op[2])
            else:
                wanted.update(_children(op))
    return out[::-1]


def _children(op: tuple) -> Sequence[int]:
    kind = op[0]
    if kind in ("number", "variable"):
        return ()
    if kind in ("function", "named"):
        return [c for c in op[2:] if isinstance(c, int)]
    if kind == "compare":
        return op[2:]
    return op[1:2] if kind == "power" else op[1:]


def _value(fixed: Fixed, op: tuple, values: list, box: Sequence[Interval]) -> Interval:
    kind = op[0]
    if kind == "variable":
        return box[op[1]]
    if kind == "number":
        return fixed.number(op[1])
    if kind == "add":
        a, b = values[op[1]], values[op[2]]
        return a[0] + b[0], a[1] + b[1]
    if kind == "sub":
        a, b = values[op[1]], values[op[2]]
        return a[0] - b[1], a[1] - b[0]
    if kind == "neg":
        a = values[op[1]]
        return -a[1], -a[0]
    if kind == "mul":
        return fixed.mul(values[op[1]], values[op[2]])
    if kind == "div":
        return fixed.div(values[op[1]], values[op[2]])
    if kind == "power":
        return fixed.power(values[op[1]], op[2])
    name = op[1]
    if name == "pi":
        return fixed.constant("pi", arb.pi)
    if name == "2/sqrt(pi)":
        return fixed.constant(name, lambda: 2 / arb.pi().sqrt())
    a = values[op[2]]
    if name == "bump":
        return _bump(fixed, a)
    if name == "sqrt":
        if a[0] < 0:
            raise Unbounded("the root of a negative number")
        return fixed.monotone(lambda x: x.sqrt(), a)
    if name == "log" and a[0] <= 0:
        raise Unbounded("the logarithm of a number that may not be positive")
    return fixed.monotone(FUNCTIONS[name], a)


def _scaled(fixed: Fixed, row: list | None, factor: Interval) -> list | None:
    if row is None:
        return None
    return [None if r is None else fixed.mul(r, factor) for r in row]


def _sum(a: list | None, b: list | None, negative: bool = False) -> list | None:
    if b is None:
        return a
    if negative:
        b = [None if r is None else (-r[1], -r[0]) for r in b]
    if a is None:
        return b
    return [y if x is None else x if y is None else (x[0] + y[0], x[1] + y[1]) for x, y in zip(a, b, strict=True)]


def _derivative(fixed: Fixed, op: tuple, k: int, values: list, rows: list, n: int) -> list | None:
    kind = op[0]
    if kind == "variable":
        return [(fixed.one, fixed.one) if i == op[1] else None for i in range(n)]
    if kind == "add":
        return _sum(rows[op[1]], rows[op[2]])
    if kind == "sub":
        return _sum(rows[op[1]], rows[op[2]], True)
    if kind == "neg":
        return _sum(None, rows[op[1]], True)
    if kind == "mul":
        return _sum(_scaled(fixed, rows[op[1]], values[op[2]]), _scaled(fixed, rows[op[2]], values[op[1]]))
    if kind == "div":
        inverse = fixed.inverse(values[op[2]])
        return _scaled(fixed, _sum(rows[op[1]], _scaled(fixed, rows[op[2]], values[k]), True), inverse)
    if kind == "power":
        if rows[op[1]] is None:
            return None
        lower = values[op[1]] if op[2] == 2 else fixed.power(values[op[1]], op[2] - 1)
        return _scaled(fixed, rows[op[1]], (lower[0] * op[2], lower[1] * op[2]))
    if kind == "function" and len(op) > 2 and rows[op[2]] is not None:
        return _scaled(fixed, rows[op[2]], _slope_value(fixed, op[1], values[op[2]], values[k]))
    return None


def _bump(fixed: Fixed, y: Interval) -> Interval:
    """Return s(1-s) for s in an interval: it rises below 1/2 and falls above."""
    one = fixed.one
    ends = [fixed.mul((s, s), (one - s, one - s)) for s in y]
    top = one >> 2 if y[0] <= one >> 1 <= y[1] else max(ends[0][1], ends[1][1])
    return min(ends[0][0], ends[1][0]), top


def _slope_value(fixed: Fixed, name: str, x: Interval, y: Interval) -> Interval:
    """Return an enclosure of the derivative of a function from its argument and its value."""
    one = fixed.one
    if name == "exp":
        return y
    if name == "log":
        return fixed.inverse(x)
    if name == "tanh":
        s = fixed.power(y, 2)
        return max(one - s[1], 0), one - s[0]
    if name == "sigmoid":
        return _bump(fixed, y)
    if name == "bump":
        return one - 2 * x[1], one - 2 * x[0]
    if name == "softplus":
        return fixed.monotone(_sigmoid, x)
    if name == "atan":
        s = fixed.power(x, 2)
        return fixed.inverse((one + s[0], one + s[1]))
    if name == "erf":
        s = fixed.power(x, 2)
        e = fixed.monotone(lambda t: 2 / arb.pi().sqrt() * (-t).exp(), s, rising=False)
        return e
    if name == "sqrt":
        return fixed.inverse((2 * y[0], 2 * y[1]))
    raise NotSmooth(name)
