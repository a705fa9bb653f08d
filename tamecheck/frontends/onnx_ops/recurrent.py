"""Recurrent layers, unrolled over the known number of steps."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tamecheck.frontends.onnx_ops.registry import Call, operator
from tamecheck.frontends.onnx_ops.values import Tensor, Unsupported, malformed, single
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.basics import cut, reshape
from tamecheck.programs.program import Program

MAXIMAL_STEPS = 4096
Activation = Callable[[Program, int], int]


def _affine(alpha: Fraction, beta: Fraction) -> Activation:
    return lambda p, x: scalar.add(p, scalar.scale(p, x, alpha), p.constant(beta))


def activation(name: str, alpha: Fraction | None, beta: Fraction | None) -> Activation:
    """Return the activation of a recurrent layer by its ONNX name and constants."""
    low = name.lower()
    plain = {
        "relu": scalar.relu, "tanh": scalar.tanh, "sigmoid": scalar.sigmoid, "softsign": scalar.softsign, "softplus": scalar.softplus,
    }  # fmt: skip
    if low in plain:
        return plain[low]
    defaults = {
        "affine": (1.0, 0.0), "leakyrelu": (0.01, 0.0), "thresholdedrelu": (1.0, 0.0), "scaledtanh": (1.0, 1.0),
        "hardsigmoid": (0.2, 0.5), "elu": (1.0, 0.0),
    }  # fmt: skip
    if low not in defaults:
        raise malformed(f"no recurrent activation is called {name[:40]!r}")
    a = single(defaults[low][0]) if alpha is None else alpha
    b = single(defaults[low][1]) if beta is None else beta
    if low == "affine":
        return _affine(a, b)
    if low == "leakyrelu":
        return lambda p, x: scalar.leaky_relu(p, x, slope=a)
    if low == "thresholdedrelu":
        return lambda p, x: scalar.thresholded_relu(p, x, alpha=a)
    if low == "scaledtanh":
        return lambda p, x: scalar.scale(p, scalar.tanh(p, scalar.scale(p, x, b)), a)
    if low == "hardsigmoid":
        return lambda p, x: scalar.hardsigmoid(p, x, slope=a, offset=b)
    return lambda p, x: scalar.elu(p, x, alpha=a)


def _activations(call: Call, default: tuple[str, ...], directions: int) -> list[list[Activation]]:
    names = call.texts("activations") or default * directions
    alphas, betas = list(call.numbers("activation_alpha", ())), list(call.numbers("activation_beta", ()))
    if len(names) != len(default) * directions:
        raise malformed(f"{len(names)} activations, where {len(default) * directions} are needed")
    clip = call.number("clip")
    takes_alpha = {"affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "hardsigmoid", "elu"}
    takes_beta = {"affine", "scaledtanh", "hardsigmoid"}
    functions: list[Activation] = []
    for name in names:
        low = name.lower()
        a = alphas.pop(0) if low in takes_alpha and alphas else None
        b = betas.pop(0) if low in takes_beta and betas else None
        f = activation(name, a, b)
        if clip is not None:
            inner = f

            def f(p: Program, x: int, inner: Activation = inner) -> int:
                return inner(p, scalar.hardtanh(p, x, low=-clip, high=clip))

        functions.append(f)
    width = len(default)
    return [functions[k * width : (k + 1) * width] for k in range(directions)]


class _Cell:
    """The parts of a layer that every step of one direction needs: nodes of shape without the direction axis."""

    def __init__(self, c, call: Call, d: int, gates: int, hidden: int) -> None:
        p = c.p

        def direction(t: Tensor | None, rest: tuple) -> int | None:
            if t is None:
                return None
            n = c.weight(t)
            if t.shape[1:] != rest:
                raise malformed(f"weights of shape {list(t.shape)}, where {[t.shape[0], *rest]} is needed")
            return reshape(p, cut(p, n, [(d, 1, 1), *[(0, 1, e) for e in rest]]), rest)

        x, w = call[0], call[1]
        self.p = p
        self.hidden = hidden
        self.w = direction(w, (gates * hidden, x.shape[2]))
        self.r = direction(call[2], (gates * hidden, hidden))
        self.b = direction(call.optional(3), (2 * gates * hidden,))

    def bias(self, first: int, count: int) -> int | None:
        """Return a part of the bias vector."""
        if self.b is None:
            return None
        return cut(self.p, self.b, [(first * self.hidden, 1, count * self.hidden)])

    def rows(self, n: int, first: int, count: int) -> int:
        """Return rows of a stacked weight matrix."""
        return cut(self.p, n, [(first * self.hidden, 1, count * self.hidden), (0, 1, self.p.shape(n)[1])])

    def gate(self, n: int, k: int) -> int:
        """Return gate ``k`` of stacked pre-activations."""
        return cut(self.p, n, [(0, 1, self.p.shape(n)[0]), (k * self.hidden, 1, self.hidden)])

    def plus(self, n: int, b: int | None) -> int:
        """Return ``n + b`` when there is a bias."""
        return n if b is None else self.p.map("add", n, b)


def _rnn_step(cell: _Cell, f: list[Activation]) -> Callable:
    p = cell.p

    def step(xw: int, state: list[int]) -> list[int]:
        z = p.map("add", xw, p.contract("bi,oi->bo", state[0], cell.r))
        return [f[0](p, cell.plus(cell.plus(z, cell.bias(0, 1)), cell.bias(1, 1)))]

    return step


def _gru_step(cell: _Cell, f: list[Activation], linear_before_reset: bool) -> Callable:
    p = cell.p
    gates_r, new_r = cell.rows(cell.r, 0, 2), cell.rows(cell.r, 2, 1)

    def step(xw: int, state: list[int]) -> list[int]:
        h = state[0]
        both = cut(p, xw, [(0, 1, p.shape(xw)[0]), (0, 1, 2 * cell.hidden)])
        both = p.map("add", both, p.contract("bi,oi->bo", h, gates_r))
        both = cell.plus(cell.plus(both, cell.bias(0, 2)), cell.bias(3, 2))
        z, r = f[0](p, cell.gate(both, 0)), f[0](p, cell.gate(both, 1))
        own = cell.plus(cell.gate(xw, 2), cell.bias(2, 1))
        if linear_before_reset:
            back = p.map("mul", r, cell.plus(p.contract("bi,oi->bo", h, new_r), cell.bias(5, 1)))
        else:
            back = cell.plus(p.contract("bi,oi->bo", p.map("mul", r, h), new_r), cell.bias(5, 1))
        new = f[1](p, p.map("add", own, back))
        return [p.map("add", p.map("mul", p.map("sub", p.constant(1), z), new), p.map("mul", z, h))]

    return step


def _lstm_step(cell: _Cell, f: list[Activation], peepholes: int | None, input_forget: bool) -> Callable:
    p, n = cell.p, cell.hidden

    def peep(k: int, gate: int, memory: int) -> int:
        if peepholes is None:
            return gate
        return p.map("add", gate, p.map("mul", cut(p, peepholes, [(k * n, 1, n)]), memory))

    def step(xw: int, state: list[int]) -> list[int]:
        h, memory = state
        z = p.map("add", xw, p.contract("bi,oi->bo", h, cell.r))
        z = cell.plus(cell.plus(z, cell.bias(0, 4)), cell.bias(4, 4))
        i = f[0](p, peep(0, cell.gate(z, 0), memory))
        forget = p.map("sub", p.constant(1), i) if input_forget else f[0](p, peep(2, cell.gate(z, 2), memory))
        candidate = f[1](p, cell.gate(z, 3))
        new = p.map("add", p.map("mul", forget, memory), p.map("mul", i, candidate))
        o = f[0](p, peep(1, cell.gate(z, 1), new))
        return [p.map("mul", o, f[2](p, new)), new]

    return step


@operator(
    "RNN GRU LSTM",
    "activation_alpha activation_beta activations clip direction hidden_size input_forget layout linear_before_reset output_sequence",
)
def recurrent(c, call: Call):
    """A recurrent layer over all steps, forwards, backwards or both, with the length of each sequence."""
    op = call.op
    gates, default = {"RNN": (1, ("Tanh",)), "GRU": (3, ("Sigmoid", "Tanh")), "LSTM": (4, ("Sigmoid", "Tanh", "Tanh"))}[op]
    x, w, recurrence = call[0], call[1], call[2]
    lengths = call.optional(4)
    how = call.text("direction", "forward")
    directions = 2 if how == "bidirectional" else 1
    if how not in ("forward", "reverse", "bidirectional") or len(x.shape) != 3 or len(w.shape) != 3 or len(recurrence.shape) != 3:
        raise malformed(f"a direction {how[:20]!r} or shapes {list(x.shape)}, {list(w.shape)}, {list(recurrence.shape)}")
    hidden = recurrence.shape[2]
    if w.shape[0] != directions or call.integer("hidden_size", hidden) != hidden:
        raise malformed(f"weights of shape {list(w.shape)} for {directions} directions, hidden size {hidden}")
    p, batch_first = c.p, bool(call.integer("layout", 0))
    n = c.node(x)
    if batch_first:
        n = p.reindex(("transpose", (1, 0, 2)), n)
    steps, batch, width = p.shape(n)
    if steps > MAXIMAL_STEPS:
        raise Unsupported(f"{steps} steps would be unrolled; the limit is {MAXIMAL_STEPS}", "TC136")
    functions = _activations(call, default, directions)
    states = 2 if op == "LSTM" else 1
    initial = []
    for k in range(states):
        t = call.optional(5 + k)
        m = p.constant(0, (directions, batch, hidden)) if t is None else c.node(t)
        if t is not None and batch_first:
            m = p.reindex(("transpose", (1, 0, 2)), m)
        initial.append(m)
    per_direction, finals = [], []
    for d in range(directions):
        cell = _Cell(c, call, d, gates, hidden)
        if op == "RNN":
            step = _rnn_step(cell, functions[d])
        elif op == "GRU":
            step = _gru_step(cell, functions[d], bool(call.integer("linear_before_reset", 0)))
        else:
            peepholes = None
            if call.optional(7) is not None:
                peepholes = reshape(p, cut(p, c.weight(call[7]), [(d, 1, 1), (0, 1, 3 * hidden)]), (3 * hidden,))
            step = _lstm_step(cell, functions[d], peepholes, bool(call.integer("input_forget", 0)))
        state = [reshape(p, cut(p, m, [(d, 1, 1), (0, 1, batch), (0, 1, hidden)]), (batch, hidden)) for m in initial]
        backwards = how == "reverse" or d == 1
        outputs, state = _unrolled(c, n, cell, step, state, backwards, lengths)
        per_direction.append(outputs)
        finals.append(state)
    rows = []
    for t in range(steps):
        both = [reshape(p, per_direction[d][t], (1, 1, batch, hidden)) for d in range(directions)]
        rows.append(p.reindex(("concat", 1), *both))
    y = p.reindex(("concat", 0), *rows) if rows else p.constant(0, (0, directions, batch, hidden))
    lasts = [p.reindex(("concat", 0), *[reshape(p, finals[d][k], (1, batch, hidden)) for d in range(directions)]) for k in range(states)]
    if batch_first:
        y = p.reindex(("transpose", (2, 0, 1, 3)), y)
        lasts = [p.reindex(("transpose", (1, 0, 2)), m) for m in lasts]
    del width
    return c.new(y, x.dtype), *[c.new(m, x.dtype) for m in lasts]


def _unrolled(c, n: int, cell: _Cell, step: Callable, state: list[int], backwards: bool, lengths: Tensor | None) -> tuple[list, list]:
    """Run the steps in order; beyond a sequence's length the state stays and the output is 0."""
    p = c.p
    steps, batch, width = p.shape(n)
    projected = p.contract("tbi,oi->tbo", n, cell.w)
    outputs: list[int] = [0] * steps
    full = lengths is None or (lengths.is_static and all(v == steps for v in c.ints(lengths, "the lengths of the sequences")))
    length = None if full else reshape(p, c.node(lengths), (batch, 1))
    zero = p.constant(0)
    for t in reversed(range(steps)) if backwards else range(steps):
        xw = reshape(p, cut(p, projected, [(t, 1, 1), (0, 1, batch), (0, 1, p.shape(projected)[2])]), (batch, p.shape(projected)[2]))
        new = step(xw, state)
        if length is None:
            outputs[t] = new[0]
            state = new
        else:
            inside = p.compare("lt", p.constant(t), length)
            outputs[t] = p.where(inside, new[0], zero)
            state = [p.where(inside, a, b) for a, b in zip(new, state, strict=True)]
    del width
    return outputs, state
