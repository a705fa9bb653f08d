"""Margins of a network on labelled data, and losses with exponential tails in logarithmic form.

q_i = y_i f(theta; x_i); the loss is the *sum* of l(q_i), l = exp(-q) or log(1 + exp(-q)).  Exponentials of margins are never formed: what is
computed is log L, the weights p_i = -l'(q_i)/L, and the pull v = sum p_i grad q_i = -grad log L.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.derivatives import TORCH, Rule, gradient
from tamecheck.flows.graph import Graph
from tamecheck.flows.lowering import lower
from tamecheck.flows.system import System, Vector, kinks_of, nudged
from tamecheck.flows.tape import Tape

LOSSES = ("exp", "logistic")


class Margins:
    """The margins q(theta) of n samples, their Jacobian, and the losses.

    >>> m = Margins.of("w1*x1 + w2*x2", ["w1", "w2"], {"x1": [1.0, -4.0], "x2": [2.0, -1.0]}, [1, -1])
    >>> m.q([1.0, 1.0]).tolist()
    [3.0, 5.0]

    ``certified_smooth``: the margins are known to be continuously differentiable whatever their operations.
    """

    certified_smooth = False

    def __init__(self, graph: Graph, q: int, rule: Rule = TORCH) -> None:
        if len(graph.shape(q)) != 1 or not graph.shape(q)[0]:
            raise InputError(f"margins are a vector with an entry per sample, not of shape {list(graph.shape(q))}", code="TC116")
        self.graph = graph
        self.node = q
        self.rule = rule
        self.count = graph.shape(q)[0]
        self.vector = Vector({name: graph.shape(n) for name, n in graph.inputs.items()})
        self.nodes = list(graph.inputs.values())
        self.kinks = kinks_of(graph, q, self.nodes)
        weights = graph.add_node("input", ("weights of samples",), (), (self.count,))
        total = graph.einsum("a,a->", weights, q)
        self._tape = Tape(graph, [q])
        self._pull = Tape(graph, gradient(graph, total, self.nodes, rule))

    @classmethod
    def of(
        cls, source: object, variables: Sequence[str] | Mapping[str, tuple[int, ...]], data: Mapping[str, object], labels: Sequence[float], *,
        output: str | None = None, rule: Rule = TORCH,
    ) -> Margins:  # fmt: skip
        """Return the margins of a scalar function of one sample: ``data`` have one row per sample.

        Variables may be given with their shapes; then those that the function does not depend on are allowed, and so are such data.

        Raises
        ------
        InputError
            TC116 labels other than +1 and -1, or not one per sample; TC182 inputs that are neither variables nor data; TC181 data that
            are not finite.
        """
        from tamecheck.frontends.sources import read

        found = read(source)
        node = found.outputs[output] if output is not None else next(iter(found.outputs.values()))
        y = signs(labels)
        if found.program.shape(node) not in ((), (1,)):
            raise InputError(f"the output for one sample has shape {list(found.program.shape(node))}, not one number", code="TC116")
        inputs = {found.program.nodes[n][1][0]: found.program.shape(n) for n in found.program.inputs()}
        missing = [n for n in inputs if n not in variables and n not in data]
        if missing:
            raise InputError(f"input {missing[0]!r} is neither a variable nor has it data", code="TC182")
        shapes = dict(variables) if isinstance(variables, Mapping) else None
        rows = _rows(inputs, data if shapes is None else {k: v for k, v in data.items() if k in inputs}, len(y))
        graph = Graph()
        for v in variables:
            if v not in inputs and shapes is None:
                raise InputError(f"there is no variable {v!r}", code="TC182", hint="one of " + ", ".join(inputs))
            graph.input(v, inputs[v] if shapes is None else shapes[v])
        values = [graph.reshape(lower(found.program, [node], row, graph)[1][0], (1,)) for row in rows]
        return cls(graph, _stacked(graph, values, y), rule)

    @classmethod
    def batch(cls, source: object, data: Mapping[str, object], labels: Sequence[float], *, output: str | None = None, rule: Rule = TORCH,
              variables: Mapping[str, tuple[int, ...]] | None = None) -> Margins:  # fmt: skip
        """Return the margins of a network whose output has one entry per sample (a batch as first axis).

        ``variables`` fixes names, shapes and order of the variables; by default they are the inputs without data, in the order of their use.

        Raises
        ------
        InputError
            TC116 labels that do not fit the output; otherwise as `of`.
        """
        from tamecheck.frontends.sources import read

        found = read(source)
        node = found.outputs[output] if output is not None else next(iter(found.outputs.values()))
        y = signs(labels)
        graph = Graph()
        for name, shape in (variables or {}).items():
            graph.input(name, shape)
        (n,) = lower(found.program, [node], data, graph)[1]
        if int(np.prod(graph.shape(n), dtype=int)) != len(y):
            raise InputError(f"{len(y)} labels (+1 or -1) for an output of shape {list(graph.shape(n))}", code="TC116")
        return cls(graph, graph.binary("mul", graph.reshape(n, (len(y),)), graph.constant(y)), rule)

    # -------------------------------------------------------------- evaluation

    def _load(self, tape: Tape, theta: object) -> None:
        theta = np.asarray(theta, dtype=np.float64)
        for name, place in self.vector.places.items():
            if name in tape.inputs:
                tape.inputs[name][...] = theta[place].reshape(self.vector.shapes[name])

    def q(self, theta: object) -> np.ndarray:
        """Return the margins."""
        self._load(self._tape, theta)
        return self._tape.run()[0]

    def combined(self, theta: object, weights: np.ndarray) -> np.ndarray:
        """Return sum of weights_i grad q_i."""
        self._load(self._pull, nudged(np.asarray(theta, dtype=np.float64)) if self.certified_smooth and self.kinks else theta)
        buffer = self._pull.inputs.get("weights of samples")
        if buffer is not None:
            buffer[...] = weights
        return np.concatenate([p.reshape(-1) for p in self._pull.run()])

    def jacobian(self, theta: object) -> np.ndarray:
        """Return the gradients of the margins, one row per sample."""
        return np.array([self.combined(theta, row) for row in np.eye(self.count)])

    def log_system(self) -> System:
        """Return log sum exp(-q) as a system: its gradient flow is that of the exponential loss, run in logarithmic time."""
        g, inputs = self.graph, dict(self.graph.inputs)
        terms = g.unary("neg", self.node)
        top = g.add_node("freeze", (), (g.amax(terms, [0], keep=True),), (1,))
        total = g.sum(g.unary("exp", g.binary("sub", terms, top)), [0], keep=True)
        g.inputs = {name: n for name, n in inputs.items() if name in self.vector.shapes}
        return System(g, g.reshape(g.binary("add", top, g.unary("log", total)), ()), self.rule)

    def log_loss(self, theta: object, loss: str = "exp") -> float:
        """Return log of the sum of the losses."""
        return float(log_sum(log_terms(self.q(theta), loss)))

    def weights(self, theta: object, loss: str = "exp") -> np.ndarray:
        """Return p_i = -l'(q_i)/L; they sum to 1 for the exponential loss."""
        q = self.q(theta)
        return np.exp(log_slopes(q, loss) - log_sum(log_terms(q, loss)))

    def pull(self, theta: object, loss: str = "exp") -> np.ndarray:
        """Return v = sum p_i grad q_i = -grad log L."""
        return self.combined(theta, self.weights(theta, loss))


def signs(labels: object) -> np.ndarray:
    """Return labels as an array.

    Raises
    ------
    InputError
        TC116 anything else than a list of +1 and -1.
    """
    try:
        y = np.asarray(labels, dtype=np.float64)
    except (TypeError, ValueError):
        y = np.zeros(1)
    if y.ndim == 0 or not np.all(np.abs(y) == 1):
        raise InputError("labels are a list of +1 and -1, one per sample", code="TC116")
    return y.reshape(-1)


def refuse_contradictions(data: Mapping[str, object], y: np.ndarray) -> None:
    """Refuse samples with equal data and opposite labels: nothing separates them.

    Raises
    ------
    InputError
        TC118 names the first such pair.
    """
    arrays = [np.asarray(a, dtype=np.float64) for a in data.values()]
    if not arrays or any(a.ndim == 0 or len(a) != len(y) for a in arrays):
        return
    rows = np.concatenate([a.reshape(len(y), -1) for a in arrays], axis=1)
    seen: dict[bytes, int] = {}
    for i, row in enumerate(rows + 0.0):
        first = seen.setdefault(row.tobytes(), i)
        if y[first] != y[i]:
            raise InputError(f"samples {first} and {i} have the same data and opposite labels: nothing separates them", code="TC118",
                             hint="check the labels")  # fmt: skip


def log_terms(q: np.ndarray, loss: str) -> np.ndarray:
    """Return log l(q_i)."""
    if loss == "exp":
        return -q
    if loss == "logistic":
        return np.where(q > 30, -q, np.log(np.logaddexp(0.0, -np.minimum(q, 30.0))))
    raise InputError(f"there is no loss {loss!r}", code="TC116", hint="one of " + ", ".join(LOSSES))


def log_slopes(q: np.ndarray, loss: str) -> np.ndarray:
    """Return log -l'(q_i)."""
    return -q if loss == "exp" else -np.logaddexp(0.0, q)


def log_sum(terms: np.ndarray) -> float:
    """Return log sum exp."""
    top = terms.max()
    return float(top + np.log(np.sum(np.exp(terms - top))))


def inverse_loss(log_value: float, loss: str) -> float:
    """Return l^{-1}(exp(log_value)): -log_value for exp, -log(expm1(exp(log_value))) for logistic."""
    if loss == "exp":
        return -log_value
    value = np.exp(log_value)
    return float(-np.log(np.expm1(value))) if value > 1e-12 else float(-log_value)


def _rows(inputs: Mapping[str, tuple[int, ...]], data: Mapping[str, object], count: int) -> list[dict[str, np.ndarray]]:
    arrays = {}
    for name, value in data.items():
        if name not in inputs:
            raise InputError(f"there is no input {name!r}", code="TC182", hint="one of " + ", ".join(inputs))
        try:
            arrays[name] = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError) as bad:
            raise InputError(f"data {name!r} are no array of numbers", code="TC116", hint=f"shape {[count, *inputs[name]]}") from bad
        if arrays[name].shape != (count, *inputs[name]):
            raise InputError(f"data {name!r} have shape {list(arrays[name].shape)}, expected {[count, *inputs[name]]}", code="TC116")
    return [{name: a[i] for name, a in arrays.items()} for i in range(count)]


def _stacked(graph: Graph, values: list[int], y: np.ndarray) -> int:
    result = graph.zeros((len(values),))
    for i, n in enumerate(values):
        result = graph.binary("add", result, graph.put(n, np.array([i]), (len(values),)))
    return graph.binary("mul", result, graph.constant(y))
