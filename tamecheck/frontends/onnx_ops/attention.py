"""Scaled dot-product attention and rotary position embedding.

Masks are case splits: a key that a query may not attend to has weight 0, and a query that
may attend to nothing has all weights 0, as the operator specifies.
"""

from __future__ import annotations

from fractions import Fraction

from tamecheck.frontends.onnx_ops.elementwise import folded, negated
from tamecheck.frontends.onnx_ops.reductions import lowered
from tamecheck.frontends.onnx_ops.registry import Call, operator
from tamecheck.frontends.onnx_ops.shapes import expanded, joined, reshaped
from tamecheck.frontends.onnx_ops.values import BOOL, INT64, MAXIMAL_STATIC, Tensor, Unsupported, malformed
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.basics import cut, listed, matmul, reshape, scaled
from tamecheck.programs.definitions.normalisation import inverse_root, masked_softmax, softmax


def both(c, a: Tensor | None, b: Tensor | None) -> Tensor | None:
    """Return the conjunction of two masks, either of which may be missing."""
    if a is None or b is None:
        return a if b is None else b
    result = folded(c, lambda x, y: int(bool(x) and bool(y)), [a, b], BOOL)
    return result if result is not None else c.new(c.p.logic("and", c.node(a), c.node(b)), BOOL)


def _split_heads(c, x: Tensor, heads: int | None) -> Tensor:
    """Return ``(batch, heads, length, width)`` for ``(batch, length, heads * width)``."""
    if len(x.shape) == 4:
        return x
    if len(x.shape) != 3 or not heads or heads < 1 or x.shape[2] % heads:
        raise malformed(f"{heads} heads in shape {list(x.shape)}")
    batch, length, width = x.shape
    parted = reshape(c.p, c.node(x), (batch, length, heads, width // heads))
    return c.new(c.p.reindex(("transpose", (0, 2, 1, 3)), parted), x.dtype)


def _band(c, rows: int, columns: int, offset: Tensor | int, test) -> Tensor:
    """Return the mask of ``test(column - row - offset)``; the offset is a number, or one per sample."""
    shift = Tensor((), INT64, splat=offset) if isinstance(offset, int) else reshaped(c, offset, (offset.size, 1, 1, 1))
    if rows * columns <= MAXIMAL_STATIC:
        gaps = c.ints_tensor([j - i for i in range(rows) for j in range(columns)], (rows, columns))
        known = folded(c, lambda g, s: int(test(g - s)), [gaps, shift], BOOL)
        if known is not None:
            return known
    down, across = c.p.values(listed(rows), (rows, 1)), c.p.values(listed(columns), (columns,))
    gap = c.p.map("sub", c.p.map("sub", across, down), c.node(shift))
    low, high = test.bounds
    result = None
    for bound, relation in ((low, "ge"), (high, "le")):
        if bound is not None:
            n = c.p.compare(relation, gap, c.p.constant(bound))
            result = n if result is None else c.p.logic("and", result, n)
    return c.new(result, BOOL)


class _Between:
    """The test ``low <= g <= high``; ``None`` is no bound."""

    def __init__(self, low: int | None, high: int | None) -> None:
        self.bounds = (low, high)

    def __call__(self, g: int) -> bool:
        low, high = self.bounds
        return (low is None or g >= low) and (high is None or g <= high)


@operator(
    "Attention",
    "is_causal kv_num_heads left_window_size q_num_heads qk_matmul_output_mode right_window_size scale softcap softmax_precision",
)
def attention(c, call: Call):
    """``softmax(scale * Q K^T + bias) V`` with heads, caches, masks, windows and a soft cap."""
    p = c.p
    flat = len(call[0].shape) == 3
    q = _split_heads(c, call[0], call.integer("q_num_heads"))
    k = _split_heads(c, call[1], call.integer("kv_num_heads"))
    v = _split_heads(c, call[2], call.integer("kv_num_heads"))
    mask, past_key, past_value, valid = [call.optional(i) for i in (3, 4, 5, 6)]
    if (past_key is None) != (past_value is None):
        raise malformed("a past key comes with a past value")
    if past_key is not None:
        k, v = joined(c, [past_key, k], 2), joined(c, [past_value, v], 2)
    if not q.shape[0] == k.shape[0] == v.shape[0] or k.shape[2] != v.shape[2] or k.shape[1] != v.shape[1] or q.shape[3] != k.shape[3]:
        raise malformed(f"queries {list(q.shape)}, keys {list(k.shape)} and values {list(v.shape)} do not fit")
    heads, own = q.shape[1], k.shape[1]
    if own == 0 or heads % own:
        raise malformed(f"{heads} query heads for {own} key heads")
    repeat = tuple([h // (heads // own) for h in listed(heads)])
    keys, values = [t if heads == own else c.new(p.reindex(("gather", 1, repeat, (heads,)), c.node(t)), t.dtype) for t in (k, v)]
    turned = p.reindex(("transpose", (0, 1, 3, 2)), c.node(keys))
    scores = matmul(p, c.node(q), turned)
    scale = call.number("scale")
    scores = p.map("mul", scores, inverse_root(p, q.shape[3])) if scale is None else scaled(p, scores, scale)
    mode = call.integer("qk_matmul_output_mode", 0)
    raw = scores
    cap = call.number("softcap", 0)
    if cap:
        scores = scaled(p, scalar.tanh(p, p.map("div", scores, p.constant(cap))), cap)
    capped = scores
    rows, columns = q.shape[2], k.shape[2]
    if mask is not None and mask.shape[-1] < columns:
        from tamecheck.frontends.onnx_ops.indexing import constant_pad

        gap = columns - mask.shape[-1]
        pairs = [(0, 0)] * (len(mask.shape) - 1) + [(0, gap)]
        inside = Tensor(mask.shape, BOOL, splat=1)
        padded = constant_pad(c, inside, pairs, None)
        mask = constant_pad(c, mask, pairs, None)
        allowed: Tensor | None = padded
    else:
        allowed = None
    holes = None
    if mask is not None:
        if mask.dtype == BOOL:
            allowed = both(c, allowed, mask)
        else:
            n, holes = c.finite(mask)
            scores = p.map("add", scores, n)
            if p.shape(scores) != (*q.shape[:3], columns):
                raise malformed(f"a mask of shape {list(mask.shape)} for scores of shape {[*q.shape[:3], columns]}")
            if holes is not None:
                allowed = both(c, allowed, negated(c, holes))
    offset: Tensor | int = 0
    if past_key is not None:
        offset = past_key.shape[2]
    elif valid is not None:
        offset = folded(c, lambda n: n - rows, [valid], valid.dtype)
        if offset is None:
            offset = c.new(p.map("sub", c.node(valid), p.constant(rows)), valid.dtype)
    if call.integer("is_causal", 0):
        allowed = both(c, allowed, _band(c, rows, columns, offset, _Between(None, 0)))
    left, right = call.integer("left_window_size", -1), call.integer("right_window_size", -1)
    if left >= 0 or right >= 0:
        allowed = both(c, allowed, _band(c, rows, columns, offset, _Between(-left if left >= 0 else None, right if right >= 0 else None)))
    if valid is not None:
        ends = reshaped(c, valid, (valid.size, 1, 1, 1))
        places = c.ints_tensor(listed(columns))
        real = folded(c, lambda j, n: int(j < n), [places, ends], BOOL)
        allowed = both(c, allowed, real if real is not None else c.new(p.compare("lt", c.node(places), c.node(ends)), BOOL))
    if allowed is None:
        weights = softmax(p, scores)
    else:
        shape = c.common([allowed, Tensor((1, columns))]) if len(allowed.shape) < 2 else allowed.shape
        weights = masked_softmax(p, scores, c.node(lowered(c, expanded(c, allowed, shape))), empty=0)
    y = matmul(p, weights, c.node(values))
    if flat:
        y = reshape(p, p.reindex(("transpose", (0, 2, 1, 3)), y), (q.shape[0], rows, heads * v.shape[3]))
    extra = None
    if call.wants(3):
        choice = {0: raw, 1: capped, 2: scores, 3: weights}.get(mode)
        if choice is None:
            raise malformed("attribute qk_matmul_output_mode is not known")
        if mode == 2 and allowed is not None:
            keep = expanded(c, allowed, c.common([allowed, Tensor(p.shape(scores))]))
            extra = c.new(scores, q.dtype, negated(c, keep))
        else:
            extra = c.new(choice, q.dtype)
    return c.new(y, q.dtype), k, v, extra


@operator("RotaryEmbedding", "interleaved num_heads rotary_embedding_dim")
def rotary_embedding(c, call: Call):
    """Pairs of coordinates turned by the angles whose cosines and sines are given."""
    x, cos, sin, place = call[0], call[1], call[2], call.optional(3)
    p, n = c.p, c.node(x)
    heads = call.integer("num_heads", 0)
    if len(x.shape) == 4:
        n = p.reindex(("transpose", (0, 2, 1, 3)), n)
    elif len(x.shape) == 3 and heads and x.shape[2] % heads == 0:
        n = reshape(p, n, (*x.shape[:2], heads, x.shape[2] // heads))
    else:
        raise malformed(f"{heads} heads in shape {list(x.shape)}")
    batch, length, count, width = p.shape(n)
    turned = call.integer("rotary_embedding_dim", 0) or width
    half = turned // 2
    if cos.shape[-1] != half or cos.shape != sin.shape or turned > width:
        raise malformed(f"angles of shape {list(cos.shape)} for {turned} coordinates")
    tables = []
    for t in (cos, sin):
        m = c.node(t)
        if place is not None and place.is_static:
            m = p.reindex(("gather", 0, tuple(c.ints(place, "the positions")), place.shape), m)
        elif place is not None:
            m = p.lookup(m, c.node(place), 0)
        tables.append(reshape(p, m, (batch, length, 1, half)))
    whole = [(0, 1, batch), (0, 1, length), (0, 1, count)]
    if call.integer("interleaved", 0):
        a, b = cut(p, n, [*whole, (0, 2, half)]), cut(p, n, [*whole, (1, 2, half)])
    else:
        a, b = cut(p, n, [*whole, (0, 1, half)]), cut(p, n, [*whole, (half, 1, half)])
    real = p.map("sub", p.map("mul", tables[0], a), p.map("mul", tables[1], b))
    imaginary = p.map("add", p.map("mul", tables[1], a), p.map("mul", tables[0], b))
    if call.integer("interleaved", 0):
        pair = [reshape(p, m, (batch, length, count, half, 1)) for m in (real, imaginary)]
        y = reshape(p, p.reindex(("concat", 4), *pair), (batch, length, count, turned))
    else:
        y = p.reindex(("concat", 3), real, imaginary)
    if turned < width:
        y = p.reindex(("concat", 3), y, cut(p, n, [*whole, (turned, 1, width - turned)]))
    y = p.reindex(("transpose", (0, 2, 1, 3)), y) if len(x.shape) == 4 else reshape(p, y, x.shape)
    return c.new(y, x.dtype)


@operator("LinearAttention", "chunk_size kv_num_heads q_num_heads scale update_rule")
def linear_attention(c, call: Call):
    """A state of key-value products carried along the sequence, with decay and correction, read by each query."""
    p = c.p
    rule = call.text("update_rule", "gated_delta")
    heads, own = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
    if rule not in ("linear", "gated", "delta", "gated_delta") or own < 1 or heads % own:
        raise malformed(f"{heads} query heads for {own} key heads, or an unknown update_rule")
    q, k, v = [_split_heads(c, call[i], n) for i, n in ((0, heads), (1, own), (2, own))]
    batch, _, length, width = q.shape
    out = v.shape[3]
    past, decay, beta = [call.optional(i) for i in (3, 4, 5)]
    gated, corrected = "gated" in rule, "delta" in rule
    if gated != (decay is not None) or corrected != (beta is not None) or length > 4096:
        raise Unsupported(f"update_rule {rule} with these inputs, or more than 4096 steps") if length > 4096 else malformed(
            f"update_rule {rule} does not fit the inputs decay and beta"
        )
    state = p.constant(0, (batch, own, width, out)) if past is None else c.node(past)
    gate = step = None
    if gated:
        last = decay.shape[2]
        gate = p.map("exp", c.node(_split_heads(c, decay, own)))
        if last not in (own, own * width):
            raise malformed(f"decay of shape {list(decay.shape)}")
    if corrected:
        step = c.node(_split_heads(c, beta, beta.shape[2]))
    scale = call.number("scale", 0)

    def at(n: int, t: int) -> int:
        b, h, _, w = p.shape(n)
        return reshape(p, cut(p, n, [(0, 1, b), (0, 1, h), (t, 1, 1), (0, 1, w)]), (b, h, w))

    spread = tuple([h // (heads // own) for h in listed(heads)])
    rows = []
    for t in range(length):
        key, value = at(c.node(k), t), at(c.node(v), t)
        if gate is not None:
            g = at(gate, t)
            state = p.map("mul", state, reshape(p, g, (*p.shape(g), 1)))
        if step is not None:
            found = p.contract("bhdm,bhd->bhm", state, key)
            value = p.map("mul", at(step, t), p.map("sub", value, found))
        state = p.map("add", state, p.contract("bhd,bhm->bhdm", key, value))
        read = state if heads == own else p.reindex(("gather", 1, spread, (heads,)), state)
        rows.append(reshape(p, p.contract("bhd,bhdm->bhm", at(c.node(q), t), read), (batch, 1, heads * out)))
    y = p.reindex(("concat", 1), *rows)
    y = p.map("mul", y, inverse_root(p, width)) if not scale else scaled(p, y, Fraction(scale))
    return c.new(y, call[0].dtype), c.new(state, past.dtype if past is not None else call[0].dtype)
