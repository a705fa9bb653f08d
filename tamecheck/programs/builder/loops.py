"""Loops with a static count: unrolled, or one ``repeat`` node when they are long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.builder.hyperparameters import at_least
from tamecheck.programs.builder.tensor import Operand, Tensor, as_tensor, common_trace, place
from tamecheck.programs.builder.trace import Trace

UNROLLED = 64  # loops of at most this many turns are written out


def iterate(
    body: Callable[..., Sequence[Operand] | Operand], carries: Sequence[Operand], count: int, *, unroll: int = UNROLLED
) -> list[Tensor]:
    """Return the carries after ``count`` turns of ``carries = body(*carries)``.

    Up to ``unroll`` turns are written out; more become one ``repeat`` node, whose body is written
    once.  The body may use parameters, inputs and tensors from outside; they are the same in
    every turn.  A carry keeps its shape.

    >>> from tamecheck.programs.builder.leaves import Input
    >>> iterate(lambda h: h * 2 + 1, [Input("x", (3,))], 1000)
    [Tensor(shape=[3], repeat)]
    """
    turns = at_least(count, 0, "count")
    if not carries:
        raise InputError("a loop without carries has no result", code="TC126")
    trace = common_trace(carries)
    state = [Tensor(trace, place(trace, c)) for c in carries]
    if turns <= unroll:
        for _ in range(turns):
            state = [as_tensor(s, state[0]) for s in _results(body, state)]
        return state
    inner = Trace(state[0].trace)
    slots = [Tensor(inner, inner.program.input(f"carry.{k}", s.shape)) for k, s in enumerate(state)]
    results = [as_tensor(r, slots[0]) for r in _results(body, slots)]
    outputs = [place(inner, r) for r in results]
    for k, (s, r) in enumerate(zip(state, results, strict=True)):
        if s.shape != r.shape:
            raise ShapeError(f"carry {k} of a loop changes its shape from {list(s.shape)} to {list(r.shape)}")
    arguments = _arguments(inner, state)
    outer = common_trace(arguments)
    nodes = [place(outer, a) for a in arguments]
    number = outer.program.body(inner.program)
    return [Tensor(outer, outer.program.repeat(number, outputs, turns, nodes, len(state), k)) for k in range(len(state))]


def _results(body: Callable, state: list[Tensor]) -> list[Operand]:
    found = body(*state)
    results = list(found) if isinstance(found, (list, tuple)) else [found]
    if len(results) != len(state):
        raise InputError(f"the body of a loop returns {len(results)} tensors for {len(state)} carries", code="TC126")
    return results


def _arguments(inner: Trace, state: list[Tensor]) -> list[Operand]:
    """Return what stands at each input of a body: the carries, then leaves and captured tensors."""
    outer = common_trace(state)
    for module in inner.roots:
        outer.register(module)
    leaf_at = {n: leaf for leaf, n in inner.leaves.items()}
    slots = inner.program.inputs()[len(state) :]
    return [*state, *[leaf_at[n] if n in leaf_at else inner.captures[n] for n in slots]]
