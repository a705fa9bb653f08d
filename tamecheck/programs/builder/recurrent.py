"""Recurrent cells and layers: plain, LSTM, GRU; several layers, both directions.

Names and order of the parameters are PyTorch's.  Sequences of at most `loops.UNROLLED`
steps are written out, longer ones are one ``repeat`` node: the sequence is rolled past the
body, so that no index is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tamecheck.errors import InputError
from tamecheck.programs.builder import activations, loops
from tamecheck.programs.builder.dense import Dropout, linear
from tamecheck.programs.builder.hyperparameters import Number, at_least, number, one_of
from tamecheck.programs.builder.leaves import Parameter
from tamecheck.programs.builder.module import Module, cat, stack
from tamecheck.programs.builder.tensor import Operand, Tensor, common_trace

State = tuple[Tensor, ...]


# ------------------------------------------------------------------------- one step


def rnn_step(gates: Tensor, hidden: Tensor, state: State, nonlinearity: str = "tanh") -> State:
    """Return ``act(gates + hidden)``, where the arguments are ``W x + b`` and ``U h + c``."""
    total = gates + hidden
    return (activations.tanh(total) if nonlinearity == "tanh" else activations.relu(total),)


def lstm_step(gates: Tensor, hidden: Tensor, state: State) -> State:
    """Return the next ``(h, c)``: ``c' = f c + i g`` and ``h' = o tanh(c')``."""
    i, f, g, o = split(gates + hidden, 4)
    cell = activations.sigmoid(f) * state[1] + activations.sigmoid(i) * activations.tanh(g)
    return activations.sigmoid(o) * activations.tanh(cell), cell


def gru_step(gates: Tensor, hidden: Tensor, state: State) -> State:
    """Return the next ``h = (1 - z) n + z h`` with ``n = tanh(W x + b + r (U h + c))``."""
    r_in, z_in, n_in = split(gates, 3)
    r_h, z_h, n_h = split(hidden, 3)
    r, z = activations.sigmoid(r_in + r_h), activations.sigmoid(z_in + z_h)
    n = activations.tanh(n_in + r * n_h)
    return ((1 - z) * n + z * state[0],)


def split(x: Tensor, count: int) -> list[Tensor]:
    """Return equal parts of the last axis."""
    width = x.shape[-1] // count
    return [x[..., k * width : (k + 1) * width] for k in range(count)]


def zeros(near: Tensor, shape: Sequence[int]) -> Tensor:
    """Return zeros in the trace of another tensor."""
    trace = common_trace([near])
    return Tensor(trace, trace.program.constant(0, shape))


# ----------------------------------------------------------------------------- cells


class Cell(Module):
    """One step of a recurrent network; use `RNNCell`, `LSTMCell` or `GRUCell`."""

    gates, states = 1, 1
    step: Callable[..., State]

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        self.input_size, self.hidden_size = at_least(input_size, 1, "input_size"), at_least(hidden_size, 1, "hidden_size")
        rows = self.gates * hidden_size
        self.weight_ih = Parameter((rows, input_size))
        self.weight_hh = Parameter((rows, hidden_size))
        self.bias_ih = Parameter((rows,)) if bias else None
        self.bias_hh = Parameter((rows,)) if bias else None

    def extra_repr(self) -> str:
        """Return the extents."""
        return f"{self.input_size}, {self.hidden_size}"

    def forward(self, x: Tensor, state: Tensor | State | None = None) -> Tensor | State:
        """Return the next state: ``h``, or ``(h, c)`` for an LSTM; the first one is zero if not given."""
        self.expect(x.ndim > 0 and x.shape[-1] == self.input_size, f"a last axis of extent {self.input_size}", x)
        if state is None:
            state = (zeros(x, (*x.shape[:-1], self.hidden_size)),) * self.states
        now = state if isinstance(state, tuple) else (state,)
        after = self.advance(linear(x, self.weight_ih, self.bias_ih), linear(now[0], self.weight_hh, self.bias_hh), now)
        return after if self.states > 1 else after[0]

    def advance(self, gates: Tensor, hidden: Tensor, state: State) -> State:
        """Return the next state from the two affine maps."""
        return type(self).step(gates, hidden, state)


class RNNCell(Cell):
    """``h' = tanh(W x + b + U h + c)``, or with ``relu``."""

    step = staticmethod(rnn_step)

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh") -> None:
        super().__init__(input_size, hidden_size, bias)
        self.nonlinearity = one_of(nonlinearity, ("tanh", "relu"), "nonlinearity")

    def advance(self, gates: Tensor, hidden: Tensor, state: State) -> State:
        """Return the next state."""
        return rnn_step(gates, hidden, state, self.nonlinearity)


class LSTMCell(Cell):
    """Long short-term memory; the state is ``(h, c)``."""

    gates, states = 4, 2
    step = staticmethod(lstm_step)


class GRUCell(Cell):
    """Gated recurrent unit."""

    gates, states = 3, 1
    step = staticmethod(gru_step)


# ---------------------------------------------------------------------------- layers


class Recurrent(Module):
    """A recurrent layer over sequences; use `RNN`, `LSTM` or `GRU`.

    Called as ``output, state = layer(x, state)``: ``x`` is ``(length, batch, input)``, or
    ``(batch, length, input)`` with ``batch_first``, or without a batch axis.  ``state`` is ``h`` of shape
    ``(layers*directions, batch, hidden)``, for an LSTM a pair of them, zero if not given.
    """

    gates, states = 1, 1
    step: Callable[..., State]

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: Number = 0, bidirectional: bool = False, unroll: int = loops.UNROLLED,
    ) -> None:  # fmt: skip
        self.input_size, self.hidden_size = at_least(input_size, 1, "input_size"), at_least(hidden_size, 1, "hidden_size")
        self.num_layers = at_least(num_layers, 1, "num_layers")
        self.batch_first, self.bidirectional, self.unroll = batch_first, bidirectional, at_least(unroll, 0, "unroll")
        self.directions = 2 if bidirectional else 1
        rows = self.gates * hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * self.directions
            for suffix in ("", "_reverse")[: self.directions]:
                setattr(self, f"weight_ih_l{layer}{suffix}", Parameter((rows, width)))
                setattr(self, f"weight_hh_l{layer}{suffix}", Parameter((rows, hidden_size)))
                setattr(self, f"bias_ih_l{layer}{suffix}", Parameter((rows,)) if bias else None)
                setattr(self, f"bias_hh_l{layer}{suffix}", Parameter((rows,)) if bias else None)
        self.dropouts = [Dropout(dropout) for _ in range(num_layers - 1)] if number(dropout) else []

    def extra_repr(self) -> str:
        """Return the extents."""
        return f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}, bidirectional={self.bidirectional}"

    def forward(self, x: Tensor, state: Tensor | State | None = None) -> tuple[Tensor, Tensor | State]:
        """Return the outputs of the last layer and the final state of all layers."""
        good = x.ndim in (2, 3) and x.shape[-1] == self.input_size
        self.expect(good, f"a sequence of vectors of extent {self.input_size}", x)
        batched = x.ndim == 3
        sequence = x.transpose(0, 1) if batched and self.batch_first else x
        first = None if state is None else state if isinstance(state, tuple) else (state,)
        if first is not None and len(first) != self.states:
            raise InputError(f"{type(self).__name__} has {self.states} state tensors, got {len(first)}", code="TC126")
        finals: list[State] = []
        for layer in range(self.num_layers):
            outputs = []
            for k, suffix in enumerate(("", "_reverse")[: self.directions]):
                place = layer * self.directions + k
                empty = zeros(sequence, (*sequence.shape[1:-1], self.hidden_size))
                start = (empty,) * self.states if first is None else tuple([s[place] for s in first])
                out, final = self._scan(sequence, start, f"_l{layer}{suffix}", k == 1)
                outputs.append(out)
                finals.append(final)
            sequence = outputs[0] if len(outputs) == 1 else cat(outputs, -1)
            if self.dropouts and layer + 1 < self.num_layers:
                sequence = self.dropouts[layer](sequence)
        result = sequence.transpose(0, 1) if batched and self.batch_first else sequence
        ends = tuple([stack([f[s] for f in finals], 0) for s in range(self.states)])
        return result, ends if self.states > 1 else ends[0]

    def _scan(self, sequence: Tensor, start: State, key: str, reverse: bool) -> tuple[Tensor, State]:
        """Run one direction of one layer over the first axis."""
        w, b = getattr(self, "weight_hh" + key), getattr(self, "bias_hh" + key)
        gates = linear(sequence, getattr(self, "weight_ih" + key), getattr(self, "bias_ih" + key))
        length = sequence.shape[0]
        if length <= self.unroll:
            state, outputs = start, []
            for t in reversed(range(length)) if reverse else range(length):
                state = self.advance(gates[t], linear(state[0], w, b), state)
                outputs.append(state[0])
            return stack(outputs[::-1] if reverse else outputs, 0), state
        if reverse:
            gates = gates.flip(0)

        def body(rolled: Tensor, kept: Tensor, *state: Tensor) -> list[Tensor]:
            after = self.advance(rolled[0], linear(state[0], w, b), state)
            return [_roll(rolled, rolled[0]), _roll(kept, after[0]), *after]

        kept = zeros(gates, (length, *start[0].shape))
        found = loops.iterate(body, [gates, kept, *start], length, unroll=0)
        return found[1].flip(0) if reverse else found[1], tuple(found[2:])

    def advance(self, gates: Tensor, hidden: Tensor, state: State) -> State:
        """Return the next state from the two affine maps."""
        return type(self).step(gates, hidden, state)


def _roll(sequence: Tensor, last: Tensor) -> Tensor:
    """Return the sequence without its first entry and with another one at its end."""
    return cat([sequence[1:], last.unsqueeze(0)], 0)


class RNN(Recurrent):
    """Plain recurrent layer, with ``tanh`` or ``relu``."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: Number = 0, bidirectional: bool = False, unroll: int = loops.UNROLLED,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, unroll)
        self.nonlinearity = one_of(nonlinearity, ("tanh", "relu"), "nonlinearity")

    def advance(self, gates: Tensor, hidden: Tensor, state: State) -> State:
        """Return the next state."""
        return rnn_step(gates, hidden, state, self.nonlinearity)


class LSTM(Recurrent):
    """Long short-term memory layer; the state is the pair ``(h, c)``."""

    gates, states = 4, 2
    step = staticmethod(lstm_step)


class GRU(Recurrent):
    """Gated recurrent unit layer."""

    gates, states = 3, 1
    step = staticmethod(gru_step)


class DiagonalStateSpace(Module):
    """``h_t = a h_{t-1} + B x_t``, ``y_t = C h_t + D x_t`` with a diagonal ``a`` in (0, 1), over ``(…, length, features)``.

    ``a = exp(-exp(log_rate) * softplus(step))`` per state; the recurrence is linear in ``x``.
    """

    def __init__(self, features: int, states: int, unroll: int = loops.UNROLLED) -> None:
        self.log_rate = Parameter((states,))
        self.step_size = Parameter(())
        self.b, self.c, self.d = Parameter((states, features)), Parameter((features, states)), Parameter((features,))
        self.unroll = unroll

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all steps."""
        self.expect(x.ndim > 1 and x.shape[-1] == self.d.shape[0], f"(…, length, {self.d.shape[0]})", x)
        decay = activations.exp(-(activations.exp(self.log_rate) * activations.softplus(self.step_size)))
        driven = linear(x, self.b).transpose(0, -2) if x.ndim > 2 else linear(x, self.b)
        start = zeros(driven, driven.shape[1:])
        length = driven.shape[0]
        if length <= self.unroll:
            state: Operand = start
            outputs = []
            for t in range(length):
                state = decay * state + driven[t]
                outputs.append(state)
            states = stack(outputs, 0)
        else:

            def body(rolled: Tensor, kept: Tensor, h: Tensor) -> list[Tensor]:
                after = decay * h + rolled[0]
                return [_roll(rolled, rolled[0]), _roll(kept, after), after]

            states = loops.iterate(body, [driven, zeros(driven, driven.shape), start], length, unroll=0)[1]
        states = states.transpose(0, -2) if x.ndim > 2 else states
        return linear(states, self.c) + self.d * x


__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNCell", "DiagonalStateSpace"]
