"""From a program, the same one that was certified, to a graph of NumPy operations.

Definitions that the program spells out and floating point does not survive are recognised: 1/(1 + exp(-x)), 1 - 2/(exp(2x) + 1),
log(1 + exp(x)) and log(sum(exp(x))) become one stable operation each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.graph import BINARY, UNARY, Graph
from tamecheck.programs.evaluate import number
from tamecheck.programs.program import Program

NAMES = {"round": "rint", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "lgamma": "gammaln", "besselj0": "j0", "besselj1": "j1",
         "bessely0": "y0", "bessely1": "y1", "besseli0": "i0", "besseli1": "i1", "besselk0": "k0", "besselk1": "k1"}  # fmt: skip
RELATION = {"lt": "less", "le": "less_equal", "eq": "equal", "ne": "not_equal"}
MAXIMAL_ROUNDS = 10_000


def lower(
    program: Program, outputs: Sequence[int], values: Mapping[str, object] | None = None, graph: Graph | None = None
) -> tuple[Graph, list[int]]:
    """Return a graph and its nodes for the outputs.

    Parameters
    ----------
    values : arrays for inputs that are data, by name; the other inputs stay inputs of the graph

    Raises
    ------
    InputError
        TC180 a kind of node that has no numerical form (implicit nodes, opaque constants without entries).
    """
    g = Graph() if graph is None else graph
    found = _Lowering(g, program, values or {}).run(program, outputs, {})
    return g, [found[n] for n in outputs]


class _Lowering:
    def __init__(self, graph: Graph, program: Program, values: Mapping[str, object]) -> None:
        self.g = graph
        self.values = values

    def run(self, program: Program, outputs: Sequence[int], given: Mapping[int, int]) -> dict[int, int]:
        """Lower what the outputs need; ``given`` are graph nodes that stand for the inputs of a body."""
        found: dict[int, int] = dict(given)
        loops: dict[tuple, list[int]] = {}
        for n in program.ancestors(outputs):
            if n in found:
                continue
            kind, parameters, arguments, shape = program.nodes[n]
            if kind == "input":
                found[n] = self.input(parameters[0], shape)
            elif kind == "constant":
                found[n] = self.constant(program, n, parameters, shape)
            elif kind == "repeat":
                key = (parameters[0], parameters[1], parameters[4], arguments)
                if key not in loops:
                    loops[key] = self.repeat(program, parameters, [found[a] for a in arguments])
                found[n] = loops[key][parameters[3]]
            else:
                rule = getattr(self, f"_{kind}", None)
                if rule is None:
                    raise InputError(f"a node of kind {kind} has no numerical form", code="TC180", where=f"node {n}")
                found[n] = rule(parameters, [found[a] for a in arguments], shape, n)
        return found

    def input(self, name: str, shape: tuple[int, ...]) -> int:
        if name not in self.values:
            return self.g.inputs[name] if name in self.g.inputs else self.g.input(name, shape)
        try:
            array = np.asarray(self.values[name], dtype=np.float64)
        except (TypeError, ValueError) as bad:
            raise InputError(f"the value of input {name!r} is no array of numbers", code="TC125", hint=f"shape {list(shape)}") from bad
        if array.shape != shape:
            raise InputError(f"input {name!r} has shape {list(shape)}, its value has {list(array.shape)}", code="TC125")
        if not np.all(np.isfinite(array)):
            raise InputError(f"the value of input {name!r} has entries that are not finite", code="TC181")
        return self.g.constant(array)

    def constant(self, program: Program, n: int, parameters: tuple, shape: tuple[int, ...]) -> int:
        if parameters[0] == "splat":
            return self.rational([parameters[1]] * int(np.prod(shape, dtype=int)), shape)
        if parameters[0] == "values":
            return self.rational(parameters[1], shape)
        data = program.data.get(parameters[1])
        if data is None:
            raise InputError("the entries of a constant are not at hand", code="TC180", where=f"node {n}")
        return self.g.constant(np.asarray(data, dtype=np.float64).reshape(shape))

    def rational(self, texts: Sequence[str], shape: tuple[int, ...]) -> int:
        """Add a constant of rational entries; those that are no doubles are kept beside it, a few of them only once."""
        values = {t: number(t) for t in set(texts)}
        array = np.array([values[t] for t in texts], dtype=np.float64).reshape(shape)
        if all([_exact(v, t) for t, v in values.items()]):
            return self.g.constant(array)
        fractions = {t: Fraction(t) for t in values}
        return self.g.constant(array, meant=tuple([fractions[t] for t in texts]))

    def repeat(self, program: Program, parameters: tuple, arguments: list[int]) -> list[int]:
        body_number, count, carries, _, outputs = parameters
        if count > MAXIMAL_ROUNDS:
            raise InputError(f"{count} rounds are not unrolled", code="TC180")
        body = program.bodies[body_number]
        slots, state = body.inputs(), list(arguments)
        for _ in range(count):
            found = self.run(body, list(outputs), dict(zip(slots, state, strict=True)))
            state[:carries] = [found[o] for o in outputs]
        return state[:carries]

    # ------------------------------------------------------------------ kinds

    def _map(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        name = parameters[0]
        g = self.g
        if name == "pi":
            return g.named("pi", shape)
        if name in BINARY:
            return self.stable(name, a[0], a[1])
        if name == "log":
            return self.logarithm(a[0])
        operation = NAMES.get(name, name)
        if operation == "zeta":
            raise InputError("zeta has no derivative here", code="TC180", where=f"node {n}")
        return g.unary(operation, a[0]) if operation in UNARY else g.add_node(operation, (), (a[0],), shape)

    def one_plus_exp(self, n: int) -> int | None:
        """Return u when the node is 1 + exp(u); also for 1 + (1 + exp(v))^2, where u is 2 softplus(v)."""
        g = self.g
        operation, _, arguments, _ = g.nodes[n]
        if operation == "add":
            for x, y in (arguments, arguments[::-1]):
                if g.is_all(x, 1.0) and g.nodes[y][0] == "exp":
                    return g.nodes[y][2][0]
                if g.is_all(x, 1.0) and g.nodes[y][0] == "mul" and g.nodes[y][2][0] == g.nodes[y][2][1]:
                    v = self.one_plus_exp(g.nodes[y][2][0])
                    if v is not None:
                        return g.binary("mul", g.constant(2.0), g.add_node("softplus", (), (v,), g.shape(v)))
        return None

    def stable(self, name: str, a: int, b: int) -> int:
        """Recognise the logistic function and the hyperbolic tangent."""
        g = self.g
        if name == "div":
            u = self.one_plus_exp(b)
            if u is not None and g.value_of(a) is not None and g.shape(b) == g.shape(u):
                return g.binary("mul", a, g.add_node("sigmoid", (), (g.unary("neg", u),), g.shape(u)))
            if u is not None and g.nodes[a] == ("exp", (), (u,), g.shape(u)):
                return g.add_node("sigmoid", (), (u,), g.shape(u))
        if name == "sub" and g.is_all(a, 1.0) and g.nodes[b][0] == "mul":
            x, y = g.nodes[b][2]
            for c, s in ((x, y), (y, x)):
                if g.is_all(c, 2.0) and g.nodes[s][0] == "sigmoid":
                    return self.tanh(g.nodes[s][2][0])
        return g.binary(name, a, b)

    def tanh(self, u: int) -> int:
        """Return 1 - 2 sigmoid(u) = tanh(-u/2)."""
        g = self.g
        inner = g.unary("neg", u)
        if g.nodes[inner][0] == "mul":
            x, y = g.nodes[inner][2]
            for c, v in ((x, y), (y, x)):
                if g.is_all(c, 2.0) and g.shape(v) == g.shape(inner):
                    return g.unary("tanh", v)
        return g.unary("tanh", g.binary("mul", inner, g.constant(0.5)))

    def logarithm(self, a: int) -> int:
        """Recognise softplus and logsumexp."""
        g = self.g
        u = self.one_plus_exp(a)
        if u is not None and g.shape(u) == g.shape(a):
            return g.add_node("softplus", (), (u,), g.shape(u))
        inner, outer = a, None
        if g.nodes[inner][0] == "reshape":
            inner, outer = g.nodes[inner][2][0], g.shape(a)
        if g.nodes[inner][0] == "sum" and g.nodes[g.nodes[inner][2][0]][0] == "exp":
            w, axes = g.nodes[g.nodes[inner][2][0]][2][0], g.nodes[inner][1]
            top = g.add_node("freeze", (), (g.amax(w, axes, keep=True),), g.shape(inner))
            shifted = g.sum(g.unary("exp", g.binary("sub", w, top)), axes, keep=True)
            result = g.binary("add", top, g.unary("log", shifted))
            return result if outer is None else g.reshape(result, outer)
        return g.unary("log", a)

    def _compare(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        return self.g.add_node(RELATION[parameters[0]], (), tuple(a), shape)

    def _logic(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        g = self.g
        truths = [g.add_node("not_equal", (), (x, g.constant(0.0)), g.shape(x)) for x in a]
        if parameters[0] == "not":
            return g.binary("sub", g.constant(1.0), truths[0])
        if parameters[0] == "xor":
            return g.add_node("not_equal", (), tuple(truths), shape)
        return g.binary("mul" if parameters[0] == "and" else "max", *truths)

    def _where(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        return self.g.where(*a)

    def _contract(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        left, _, right = parameters[0].partition("->")
        operands, nodes = [], []
        for letters, x in zip(left.split(","), a, strict=True):
            kept = "".join(dict.fromkeys(letters))
            nodes.append(x if kept == letters else self.g.take(x, _diagonal(self.g.shape(x), letters)))
            operands.append(kept)
        return self.g.einsum(",".join(operands) + "->" + right, *nodes)

    def _reduce(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        operation, axes, keep = parameters
        g = self.g
        if operation == "prod":
            return self.product(a[0], axes, shape)
        if operation == "min":
            return g.unary("neg", g.reshape(g.amax(g.unary("neg", a[0]), axes), shape))
        return g.reshape(g.sum(a[0], axes) if operation == "sum" else g.amax(a[0], axes), shape)

    def product(self, a: int, axes: Sequence[int], shape: tuple[int, ...]) -> int:
        """Multiply along axes, halving the extent each time."""
        g = self.g
        own = g.shape(a)
        rest = [k for k in range(len(own)) if k not in axes]
        count = int(np.prod([own[k] for k in axes], dtype=int))
        if count == 0:
            return g.constant(1.0, shape)
        places = np.transpose(np.arange(int(np.prod(own, dtype=int))).reshape(own), [*axes, *rest]).reshape(count, -1)
        rows = [g.take(a, row) for row in places]
        while len(rows) > 1:
            rows = [g.binary("mul", rows[k], rows[k + 1]) if k + 1 < len(rows) else rows[k] for k in range(0, len(rows), 2)]
        return g.reshape(rows[0], shape)

    def _cumulate(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        operation, axis, exclusive, reverse = parameters
        g, extent = self.g, shape[axis]
        index = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
        slices = [g.take(a[0], np.take(index, k, axis=axis)) for k in range(extent)]
        order = range(extent - 1, -1, -1) if reverse else range(extent)
        combine = {"sum": "add", "prod": "mul", "max": "max", "min": "min"}[operation]
        neutral = g.constant({"sum": 0.0, "prod": 1.0}.get(operation, 0.0), g.shape(slices[0]) if slices else ())
        made: dict[int, int] = {}
        running = None
        for k in order:
            before = running
            running = slices[k] if running is None else g.binary(combine, running, slices[k])
            made[k] = (neutral if before is None else before) if exclusive else running
        result = g.zeros(shape)
        for k, part in made.items():
            result = g.binary("add", result, g.put(part, np.take(index, k, axis=axis), shape))
        return result

    def _reindex(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        from tamecheck.programs.evaluate import KINDS

        g, how = self.g, parameters[0]
        if how == "reshape":
            return g.reshape(a[0], shape)
        if how == "expand":
            return g.expand(a[0], shape)
        starts = np.cumsum([0, *[int(np.prod(g.shape(x), dtype=int)) for x in a]])
        labels = [np.arange(s, e, dtype=np.float64).reshape(g.shape(x)) for s, e, x in zip(starts[:-1], starts[1:], a, strict=True)]
        places = np.asarray(KINDS["reindex"](parameters, labels, shape)).astype(np.intp)
        if len(a) == 1:
            return g.take(a[0], places)
        result = g.zeros(shape)
        for x, start, end in zip(a, starts[:-1], starts[1:], strict=True):
            mine = np.where((places >= start) & (places < end), places - start, -1)
            result = g.binary("add", result, g.take(x, mine))
        return result

    def _order(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        what, axis, count, largest = parameters
        if what.endswith("_last"):
            raise InputError(f"{what} has no numerical form in flows", code="TC180", where=f"node {n}")
        g = self.g
        sign = g.unary("neg", a[0]) if largest else a[0]
        places = g.ordered(sign, axis)
        index = np.take(np.arange(int(np.prod(g.shape(a[0]), dtype=int))).reshape(g.shape(a[0])), np.arange(count), axis=axis)
        if what not in ("sort", "topk"):
            places = self.coordinate(places, axis)
            return g.reshape(g.take(places, index), shape)
        found = g.gather(a[0], places)
        return g.take(found, index) if index.shape != g.shape(found) else found

    def coordinate(self, places: int, axis: int) -> int:
        """Return the coordinate along an axis of flat positions."""
        g = self.g
        own = g.shape(places)
        below, extent = float(np.prod(own[axis + 1 :], dtype=int)), float(own[axis])
        row = g.unary("floor", g.binary("div", places, g.constant(below)))
        return g.binary("sub", row, g.binary("mul", g.constant(extent), g.unary("floor", g.binary("div", row, g.constant(extent)))))

    def _lookup(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        """Rows of a table at an index that is computed; NaN where it is no index."""
        g, axis = self.g, parameters[0]
        table, index = g.shape(a[0]), g.shape(a[1])
        extent, below = table[axis], int(np.prod(table[axis + 1 :], dtype=int))
        spread = (*[1] * axis, *index, *[1] * (len(table) - axis - 1))
        row = g.reshape(a[1], spread)
        low, high = g.add_node("less_equal", (), (g.constant(0.0), row), spread), g.add_node("less", (), (row, g.constant(float(extent))), spread)
        inside = g.binary("mul", low, high)
        whole = g.add_node("equal", (), (row, g.unary("floor", row)), spread)
        good = g.binary("mul", inside, whole)
        above = np.arange(int(np.prod(table[:axis], dtype=int))).reshape(*table[:axis], *[1] * (len(shape) - axis)) * extent * below
        last = np.arange(below).reshape(*[1] * (axis + len(index)), *table[axis + 1 :])
        safe = g.where(good, row, g.constant(0.0))
        places = g.binary("add", g.binary("mul", safe, g.constant(float(below))), g.constant((above + last).astype(float)))
        found = g.gather(a[0], g.expand(places, shape))
        return g.where(g.expand(good, shape), found, g.constant(np.nan))

    def _linalg(self, parameters: tuple, a: list[int], shape: tuple[int, ...], n: int) -> int:
        if parameters[0] not in ("det", "inverse", "solve"):
            raise InputError(f"{parameters[0]} has no numerical form in flows", code="TC180", where=f"node {n}")
        if parameters[0] == "solve":
            letters = "abcdefgh"[: len(shape) - 2]
            return self.g.einsum(f"{letters}ij,{letters}jk->{letters}ik", self.g.add_node("inverse", (), (a[0],), self.g.shape(a[0])), a[1])
        return self.g.add_node(parameters[0], (), tuple(a), shape)


def _exact(value: float, text: str) -> bool:
    return bool(np.isfinite(value)) and Fraction(value) == Fraction(text)


def _diagonal(shape: tuple[int, ...], letters: str) -> np.ndarray:
    """Return the flat positions of the entries whose coordinates of equal letters are equal."""
    kept = list(dict.fromkeys(letters))
    extents = [shape[letters.index(c)] for c in kept]
    grids = np.indices(extents).reshape(len(kept), -1)
    coordinates = [grids[kept.index(c)] for c in letters]
    return np.ravel_multi_index(coordinates, shape).reshape(extents)
