"""Sub-graphs: branches, loops with a known bound, scans; and lists of tensors.

A branch on a computed condition evaluates both sides and selects.  A loop whose number of
turns is bounded by a constant is unrolled; when its condition is computed, the state stops
changing once it is false.  A loop without a constant bound is refused: it can count, and
so define the integers.
"""

from __future__ import annotations

from tamecheck.frontends.onnx_ops.indexing import truth
from tamecheck.frontends.onnx_ops.registry import Call, normal, operator
from tamecheck.frontends.onnx_ops.shapes import joined, pieces, reshaped, row, stacked
from tamecheck.frontends.onnx_ops.values import BOOL, INT64, Maybe, Sequence, Tensor, Unknown, Unsupported, malformed
from tamecheck.programs.definitions.basics import listed

MAXIMAL_TURNS = 100_000


def _poison() -> Tensor:
    from tamecheck.frontends.onnx_ops.importer import POISON

    return POISON


def sound(values: list) -> list:
    """Return the outputs of a sub-graph, or refuse when one of them has no translation."""
    if any(v is _poison() for v in values):
        raise Unsupported("a part of its sub-graph has no translation (see the other problems)")
    return values


def selected(c, condition: Tensor, a, b):
    """Return ``a`` where a computed truth value is true, else ``b``: equal kinds and shapes are needed."""
    if a is b:
        return a
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a.shape != b.shape:
            raise Unsupported(
                f"two branches give shapes {list(a.shape)} and {list(b.shape)} and the condition is computed from the data, "
                "so it is no function between fixed spaces"
            )
        n = c.node(condition)
        return c.new(c.p.where(c.p.reindex(("reshape", ()), n) if condition.shape else n, c.node(a), c.node(b)), a.dtype)
    if isinstance(a, Sequence) and isinstance(b, Sequence) and len(a.items) == len(b.items):
        return Sequence([selected(c, condition, x, y) for x, y in zip(a.items, b.items, strict=True)], a.dtype)
    raise Unsupported("two branches give lists or options of different kinds, chosen by a computed condition")


@operator("If", "then_branch else_branch")
def branch(c, call: Call):
    """One of two sub-graphs; with a computed condition both, and a selection."""
    condition = call[0]
    known = truth(c, condition)
    if known is not None:
        return tuple(sound(c.run_graph(call.graph("then_branch" if known else "else_branch"), call.scope, ())))
    yes = sound(c.run_graph(call.graph("then_branch"), call.scope, ()))
    no = sound(c.run_graph(call.graph("else_branch"), call.scope, ()))
    if len(yes) != len(no):
        raise malformed(f"the branches give {len(yes)} and {len(no)} outputs")
    return tuple([selected(c, condition, a, b) for a, b in zip(yes, no, strict=True)])


@operator("Loop", "body")
def loop(c, call: Call):
    """A loop with a known bound, unrolled."""
    bound, start = call.optional(0), call.optional(1)
    state = list(call.inputs[2:])
    body = call.graph("body")
    limit = None
    if bound is not None:
        if not bound.is_static:
            raise Unsupported("the number of turns is computed from the data: without a constant bound a loop can define the integers")
        limit = c.ints(bound, "the number of turns")[0]
    going = True if start is None else truth(c, start)
    active = start if going is None else None
    scans: list[list] = [[] for _ in range(len(body.output) - 1 - len(state))]
    turn = 0
    while going is not False and (limit is None or turn < limit):
        if turn >= MAXIMAL_TURNS:
            raise Unsupported(f"more than {MAXIMAL_TURNS} turns of a loop", "TC136")
        if active is not None and (limit is None or limit > MAXIMAL_TURNS):
            raise Unsupported("a loop that ends on a computed condition, without a bound on its turns, can define the integers")
        condition = Tensor((), BOOL, splat=1) if active is None else active
        values = sound(c.run_graph(body, call.scope, [Tensor((), INT64, splat=turn), condition, *state]))
        news = values[1 : 1 + len(state)]
        if active is None:
            state = news
        else:
            state = [selected(c, active, new, old) for new, old in zip(news, state, strict=True)]
            if scans:
                raise Unsupported("the number of its outputs depends on a computed condition, so it is no function between fixed spaces")
        for kept, value in zip(scans, values[1 + len(state) :], strict=True):
            kept.append(value)
        going = truth(c, values[0])
        if going is None:
            # from here on a turn counts only while every condition so far was true
            more = values[0]
            n = c.node(more)
            n = c.p.reindex(("reshape", ()), n)
            if active is not None:
                n = c.p.logic("and", c.p.reindex(("reshape", ()), c.node(active)), n)
            active = c.new(n, BOOL)
        turn += 1
    results = list(state)
    for kept, slot in zip(scans, body.output[1 + len(state) :], strict=True):
        if not kept:
            shape = tuple([d.dim_value for d in slot.type.tensor_type.shape.dim])
            results.append(Tensor((0, *shape), slot.type.tensor_type.elem_type or 1, splat=0))
        else:
            results.append(stacked(c, kept, 0))
    return tuple(results)


@operator(
    "Scan",
    "body num_scan_inputs directions scan_input_axes scan_input_directions scan_output_axes scan_output_directions",
)
def scan(c, call: Call):
    """A body run over the entries of an axis, with a state carried along."""
    body = call.graph("body")
    count = call.integer("num_scan_inputs")
    batched = call.version < 9
    inputs = call.inputs[1:] if batched else call.inputs
    if batched and call.inputs and call.inputs[0] is not None:
        raise Unsupported("sequences of different lengths in an old scan")
    states = len(inputs) - (count or 0)
    if not count or states < 0 or any(t is None for t in inputs):
        raise malformed("the number of scanned inputs does not fit")
    if batched:
        return _batched_scan(c, call, body, inputs, states)
    axes = call.integers("scan_input_axes", (0,) * count)
    backwards = call.integers("scan_input_directions", (0,) * count)
    return tuple(_scanned(c, call, body, list(inputs[:states]), list(inputs[states:]), axes, backwards))


def _scanned(c, call: Call, body, state: list, scanned: list, axes, backwards) -> list:
    axes = [normal(a, len(t.shape)) for a, t in zip(axes, scanned, strict=True)]
    lengths = {t.shape[a] for t, a in zip(scanned, axes, strict=True)}
    outputs = len(body.output) - len(state)
    out_axes = call.integers("scan_output_axes", (0,) * outputs)
    out_backwards = call.integers("scan_output_directions", (0,) * outputs)
    if len(lengths) != 1 or outputs < 0 or len(out_axes) != outputs or len(out_backwards) != outputs or len(backwards) != len(scanned):
        raise malformed("scanned inputs of different lengths, or axes that do not fit")
    steps = lengths.pop()
    if steps > MAXIMAL_TURNS:
        raise Unsupported(f"more than {MAXIMAL_TURNS} turns of a scan", "TC136")
    kept: list[list] = [[] for _ in range(outputs)]
    for t in range(steps):
        parts = [row(c, x, a, steps - 1 - t if back else t) for x, a, back in zip(scanned, axes, backwards, strict=True)]
        values = sound(c.run_graph(body, call.scope, [*state, *parts]))
        state = values[: len(state)]
        for store, value in zip(kept, values[len(state) :], strict=True):
            store.append(value)
    if not steps:
        raise Unsupported("a scan over no entries")
    results = list(state)
    for store, axis, back in zip(kept, out_axes, out_backwards, strict=True):
        results.append(stacked(c, store[::-1] if back else store, axis))
    return results


def _batched_scan(c, call: Call, body, inputs: list, states: int) -> tuple:
    """The first version of Scan: every sample of the batch on its own, sequences on the second axis."""
    batch = inputs[0].shape[0]
    if batch > MAXIMAL_TURNS:
        raise Unsupported(f"more than {MAXIMAL_TURNS} samples of a scan", "TC136")
    count = len(inputs) - states
    backwards = call.integers("directions", (0,) * count)
    samples = []
    for b in range(batch):
        parts = [row(c, t, 0, b) for t in inputs]
        samples.append(_scanned(c, call, body, parts[:states], parts[states:], (0,) * count, backwards))
    return tuple([stacked(c, [s[k] for s in samples], 0) for k in range(len(samples[0]))])


# ------------------------------------------------------------------------ sequences


def _sequence(call: Call, k: int) -> Sequence:
    s = call.optional(k)
    if isinstance(s, Maybe):
        s = s.item
    if not isinstance(s, Sequence):
        raise malformed(f"input {k} is not a list of tensors")
    return s


def _place(c, t: Tensor | None, length: int, extra: int) -> int:
    if t is None:
        return length - 1 + extra
    i = c.ints(t, "a place in a list")[0]
    if not -length <= i < length + extra:
        raise malformed(f"place {i} of a list of {length}")
    return i + length if i < 0 else i


@operator("SequenceEmpty", "dtype")
def sequence_empty(c, call: Call):
    """The empty list."""
    return (Sequence([], call.integer("dtype", 1)),)


@operator("SequenceConstruct")
def sequence_construct(c, call: Call):
    """A list of tensors."""
    items = [call[k] for k in range(len(call.inputs))]
    return (Sequence(items, items[0].dtype if items else 1),)


@operator("SequenceAt")
def sequence_at(c, call: Call):
    """One tensor of a list, at a known place."""
    s = _sequence(call, 0)
    if not s.items:
        raise malformed("the list is empty")
    return (s.items[_place(c, call[1], len(s.items), 0)],)


@operator("SequenceInsert")
def sequence_insert(c, call: Call):
    """A list with one more tensor."""
    s = _sequence(call, 0)
    items = list(s.items)
    items.insert(_place(c, call.optional(2), len(items), 1), call[1])
    return (Sequence(items, s.dtype),)


@operator("SequenceErase")
def sequence_erase(c, call: Call):
    """A list with one tensor less."""
    s = _sequence(call, 0)
    items = list(s.items)
    del items[_place(c, call.optional(1), len(items), 0)]
    return (Sequence(items, s.dtype),)


@operator("SequenceLength")
def sequence_length(c, call: Call):
    """The number of tensors, known."""
    return Tensor((), INT64, splat=len(_sequence(call, 0).items))


@operator("ConcatFromSequence", "axis new_axis")
def concat_from_sequence(c, call: Call):
    """The tensors of a list joined along an axis, old or new."""
    s = _sequence(call, 0)
    axis = call.integer("axis")
    if not s.items or axis is None:
        raise malformed("the list is empty, or the axis is missing")
    if call.integer("new_axis", 0):
        return stacked(c, s.items, axis)
    return joined(c, s.items, normal(axis, len(s.items[0].shape)))


@operator("SplitToSequence", "axis keepdims")
def split_to_sequence(c, call: Call):
    """A tensor cut along an axis into a list of known parts."""
    x, given = call[0], call.optional(1)
    axis = call.axis("axis", len(x.shape), 0)
    extent = x.shape[axis]
    if given is None:
        parts = pieces(c, x, axis, [1 for _ in listed(extent)])
        if not call.integer("keepdims", 1):
            shape = x.shape[:axis] + x.shape[axis + 1 :]
            parts = [reshaped(c, t, shape) for t in parts]
    else:
        sizes = c.ints(given, "the lengths of the parts")
        if not given.shape:
            step = sizes[0]
            if step < 1:
                raise malformed(f"parts of length {step}")
            sizes = [step for _ in listed(extent // step)] + ([extent % step] if extent % step else [])
        parts = pieces(c, x, axis, sizes)
    return (Sequence(parts, x.dtype),)


@operator("SequenceMap", "body")
def sequence_map(c, call: Call):
    """A sub-graph applied to every tensor of a list."""
    s = _sequence(call, 0)
    body = call.graph("body")
    results: list[list] = [[] for _ in body.output]
    for k in range(len(s.items)):
        arguments = []
        for other in call.inputs:
            if isinstance(other, Sequence):
                if len(other.items) != len(s.items):
                    raise malformed("lists of different lengths")
                other = other.items[k]
            arguments.append(other)
        for kept, value in zip(results, sound(c.run_graph(body, call.scope, arguments)), strict=True):
            kept.append(value)
    return tuple([Sequence(kept, kept[0].dtype if kept else 1) for kept in results])


@operator("Optional", "type")
def optional(c, call: Call):
    """A value that may be missing."""
    return (Maybe(call.optional(0)),)


@operator("OptionalHasElement")
def optional_has_element(c, call: Call):
    """Whether a value is there, known."""
    value = call.optional(0)
    if isinstance(value, Unknown):
        raise Unsupported(value.reason)
    there = value.item is not None if isinstance(value, Maybe) else value is not None
    return Tensor((), BOOL, splat=int(there))


@operator("OptionalGetElement")
def optional_get_element(c, call: Call):
    """The value that is there."""
    value = call.optional(0)
    if isinstance(value, Maybe):
        value = value.item
    if isinstance(value, Unknown):
        raise Unsupported(value.reason)
    if value is None:
        raise malformed("there is no value to get")
    return (value,)
