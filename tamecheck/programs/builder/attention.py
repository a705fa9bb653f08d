"""Attention: scaled dot products, PyTorch's multi-head layer, grouped queries, positions.

Scores are ``Q K^T / sqrt(width)``; ``1/sqrt(width)`` is an exact number.  Positions are static,
so that rotary angles, sinusoidal tables and ALiBi slopes are constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.programs.builder import activations, masks
from tamecheck.programs.builder.dense import Dropout, Linear, linear
from tamecheck.programs.builder.hyperparameters import Number, at_least, number, one_of
from tamecheck.programs.builder.leaves import Parameter
from tamecheck.programs.builder.module import Module, cat, stack
from tamecheck.programs.builder.tensor import Arithmetic, Tensor, apply
from tamecheck.programs.definitions import normalisation
from tamecheck.programs.program import Program

# -------------------------------------------------------------------------- functions


def scaled_dot_product_attention(
    query: Arithmetic, key: Arithmetic, value: Arithmetic, attn_mask: object = None, is_causal: bool = False,
    scale: Number | None = None, window: int | None = None,
) -> Tensor:  # fmt: skip
    """Return ``softmax(scale Q K^T + mask) V`` over the last two axes.

    ``attn_mask``: booleans that say what is *allowed*, or numbers to add (minus infinity
    forbids), static; or a tensor, which is added.  ``scale`` is ``1/sqrt(width)`` if not given.
    """
    static, bias = (None, attn_mask) if attn_mask is None or isinstance(attn_mask, Arithmetic) else masks.read_mask(attn_mask, True)
    return _attend(query, key, value, static, bias, is_causal, scale, window)[0]


def _attend(
    query: Arithmetic, key: Arithmetic, value: Arithmetic, static: masks.Static | None, bias: Arithmetic | None, is_causal: bool,
    scale: Number | None, window: int | None = None, dropout: Dropout | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    width = query.shape[-1]
    factor = apply(lambda p: normalisation.inverse_root(p, width)) if scale is None else number(scale, "scale")
    scores = (query @ key.transpose(-1, -2)) * factor
    if bias is not None:
        scores = scores + bias
    weights = _weights(scores, static, is_causal or window is not None, window)
    used = weights if dropout is None else dropout(weights)
    return used @ value, weights


def _weights(scores: Tensor, static: masks.Static | None, is_causal: bool, window: int | None) -> Tensor:
    if is_causal and static is None:
        return masks.causal_softmax(scores, window)
    if is_causal:
        static = masks.both(static, masks.causal(*scores.shape[-2:], window))
    return masks.masked_softmax(scores, static)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """Return ``(…, length, heads*width)`` as ``(…, heads, length, width)``."""
    y = x.unflatten(-1, (heads, x.shape[-1] // heads))
    return y.transpose(-2, -3)


def merge_heads(x: Tensor) -> Tensor:
    """Return ``(…, heads, length, width)`` as ``(…, length, heads*width)``."""
    y = x.transpose(-2, -3)
    return y.reshape(*y.shape[:-2], y.shape[-2] * y.shape[-1])


def repeat_heads(x: Tensor, times: int) -> Tensor:
    """Return every head ``times`` times in a row, along axis -3: grouped-query attention."""
    if times == 1:
        return x
    y = x.unsqueeze(-3)
    y = y.expand(*x.shape[:-2], times, *x.shape[-2:])
    return y.reshape(*x.shape[:-3], x.shape[-3] * times, *x.shape[-2:])


# -------------------------------------------------------------------------- positions


def frequencies(p: Program, width: int, base: Fraction) -> int:
    """Return the constants ``base**(-2i/width)`` for ``i = 0 .. width/2 - 1``."""
    exponents = p.values([Fraction(-2 * i, width) for i in range(width // 2)], (width // 2,))
    return p.map("pow", p.constant(base), exponents)


def angles(p: Program, positions: Sequence[Fraction], width: int, base: Fraction) -> int:
    """Return ``position * frequency``, of shape ``(positions, width/2)``."""
    column = p.values(positions, (len(positions), 1))
    return p.map("mul", column, frequencies(p, width, base))


def rotary(x: Arithmetic, base: Number = 10000, offset: int = 0, interleaved: bool = False) -> Tensor:
    """Return rotary position embedding of ``(…, length, width)`` at the static positions ``offset, offset+1, …``.

    The pairs that are rotated are the halves of the last axis, or with ``interleaved`` its
    consecutive entries.  Angles are constants: the map is linear in ``x``.
    """
    length, width = x.shape[-2:]
    if width % 2:
        raise InputError(f"rotary embedding of the odd width {width}", code="TC120")
    places = [Fraction(offset + k) for k in range(length)]
    b = number(base, "base")
    cosine = apply(lambda p: p.map("cos", angles(p, places, width, b)))
    sine = apply(lambda p: p.map("sin", angles(p, places, width, b)))
    if interleaved:
        a, c = x[..., 0::2], x[..., 1::2]
        return stack([a * cosine - c * sine, a * sine + c * cosine], -1).reshape(*x.shape)
    a, c = activations.halves(x, -1)
    return cat([a * cosine - c * sine, c * cosine + a * sine], -1)


def sinusoidal_positions(length: int, width: int, base: Number = 10000) -> Tensor:
    """Return the table ``sin(k w_i), cos(k w_i)`` in alternating columns, of shape ``(length, width)``: constants."""
    if width % 2:
        raise InputError(f"sinusoidal positions of the odd width {width}", code="TC120")
    places, b = [Fraction(k) for k in range(length)], number(base, "base")
    sine = apply(lambda p: p.map("sin", angles(p, places, width, b)))
    cosine = apply(lambda p: p.map("cos", angles(p, places, width, b)))
    return stack([sine, cosine], -1).reshape(length, width)


def alibi_slopes(heads: int) -> list[Fraction]:
    """Return the exponents ``e`` of the ALiBi slopes ``2**-e``, one per head (Press, Smith, Lewis 2022).

    For a power of two they are ``8k/heads``; else those of the next lower power, then every
    second one of the next higher.
    """
    lower = 1 << (heads.bit_length() - 1)
    own = [Fraction(8 * (k + 1), lower) for k in range(lower)]
    return own + [Fraction(8 * (2 * k + 1), 2 * lower) for k in range(heads - lower)]


def alibi(heads: int, rows: int, columns: int) -> Tensor:
    """Return ``-slope * |i - j|`` of shape ``(heads, rows, columns)``; the last rows and columns are aligned."""
    shift = columns - rows

    def write(p: Program) -> int:
        slopes = p.map("pow", p.constant(2), p.values([-e for e in alibi_slopes(heads)], (heads, 1, 1)))
        gap = p.map("sub", p.values([i + shift for i in range(rows)], (rows, 1)), p.values(range(columns), (columns,)))
        return p.map("neg", p.map("mul", slopes, p.map("abs", gap)))

    return apply(write)


class SinusoidalPositions(Module):
    """``x`` plus the sinusoidal table; ``x`` is ``(…, length, width)``."""

    def __init__(self, base: Number = 10000) -> None:
        self._base = number(base, "base")

    def forward(self, x: Tensor) -> Tensor:
        """Add the table."""
        return x + sinusoidal_positions(x.shape[-2], x.shape[-1], self._base)


class LearntPositions(Module):
    """``x`` plus a learnt table; ``x`` is ``(…, length, width)`` with at most ``length`` positions."""

    def __init__(self, length: int, width: int) -> None:
        self.weight = Parameter((length, width))

    def forward(self, x: Tensor) -> Tensor:
        """Add the first rows of the table."""
        good = x.ndim > 1 and x.shape[-1] == self.weight.shape[1] and x.shape[-2] <= self.weight.shape[0]
        self.expect(good, f"at most {self.weight.shape[0]} positions of width {self.weight.shape[1]}", x)
        return x + self.weight[: x.shape[-2]]


# ----------------------------------------------------------------------------- modules


class MultiheadAttention(Module):
    """Multi-head attention with PyTorch's parameters and arguments.

    Called as ``output, weights = attention(query, key, value)``; ``weights`` is ``None`` unless
    ``need_weights``.  Masks are static: ``key_padding_mask`` ``(batch, keys)`` and ``attn_mask``
    ``(queries, keys)`` or ``(batch*heads, queries, keys)``, where ``True`` *forbids*, or numbers to add.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: Number = 0, bias: bool = True, kdim: int | None = None, vdim: int | None = None,
        batch_first: bool = False,
    ) -> None:  # fmt: skip
        self.embed_dim, self.num_heads = at_least(embed_dim, 1, "embed_dim"), at_least(num_heads, 1, "num_heads")
        if embed_dim % num_heads:
            raise InputError(f"embed_dim {embed_dim} does not split into {num_heads} heads", code="TC124")
        self.batch_first = batch_first
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.joint = self.kdim == embed_dim == self.vdim
        if self.joint:
            self.in_proj_weight = Parameter((3 * embed_dim, embed_dim))
        else:
            self.q_proj_weight = Parameter((embed_dim, embed_dim))
            self.k_proj_weight = Parameter((embed_dim, self.kdim))
            self.v_proj_weight = Parameter((embed_dim, self.vdim))
        self.in_proj_bias = Parameter((3 * embed_dim,)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias)
        self.drop = Dropout(dropout) if number(dropout) else None

    def extra_repr(self) -> str:
        """Return width and heads."""
        return f"{self.embed_dim}, {self.num_heads}"

    def forward(
        self, query: Tensor, key: Tensor | None = None, value: Tensor | None = None, key_padding_mask: object = None,
        need_weights: bool = False, attn_mask: object = None, average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """Return the output and, on demand, the weights (averaged over the heads)."""
        key = query if key is None else key
        value = key if value is None else value
        for x, width in ((query, self.embed_dim), (key, self.kdim), (value, self.vdim)):
            self.expect(x.ndim in (2, 3) and x.shape[-1] == width, f"two or three axes, the last of extent {width}", x)
        batched = query.ndim == 3
        if batched and not self.batch_first:
            query, key, value = [x.transpose(0, 1) for x in (query, key, value)]
        q, k, v = [split_heads(x, self.num_heads) for x in self._project(query, key, value)]
        static, bias = self._masks(key_padding_mask, attn_mask, q.shape, k.shape[-2])
        out, weights = _attend(q, k, v, static, bias, is_causal and attn_mask is None, None, None, self.drop)
        result = self.out_proj(merge_heads(out))
        if batched and not self.batch_first:
            result = result.transpose(0, 1)
        if not need_weights:
            return result, None
        return result, weights.mean(-3) if average_attn_weights else weights

    def _project(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        e = self.embed_dim
        if self.joint:
            w = self.in_proj_weight
            weights = [w[:e], w[e : 2 * e], w[2 * e :]]
        else:
            weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        b = self.in_proj_bias
        biases = [None] * 3 if b is None else [b[:e], b[e : 2 * e], b[2 * e :]]
        return [linear(x, w, c) for x, w, c in zip((query, key, value), weights, biases, strict=True)]

    def _masks(
        self, key_padding_mask: object, attn_mask: object, shape: tuple[int, ...], keys: int
    ) -> tuple[masks.Static | None, Arithmetic | None]:
        static, bias = None, None
        if attn_mask is not None:
            static, bias = (None, attn_mask) if isinstance(attn_mask, Arithmetic) else masks.read_mask(attn_mask, False)
            split = (-1, self.num_heads, shape[-2], keys)
            if static is not None and len(static[1]) == 3 and len(shape) == 4:
                static = (static[0], (static[1][0] // self.num_heads, *split[1:]))
            if bias is not None and bias.ndim == 3 and len(shape) == 4:
                bias = bias.reshape(*split)
        if key_padding_mask is not None:
            allowed, added = masks.read_mask(key_padding_mask, False)
            if allowed is not None:
                static = masks.both(static, (allowed[0], (*allowed[1][:-1], *[1] * (len(shape) - len(allowed[1])), keys)))
            if added is not None:
                added = added.reshape(*added.shape[:-1], *[1] * (len(shape) - added.ndim), keys)
                bias = added if bias is None else bias + added
        return static, bias


class Attention(Module):
    """Self- or cross-attention of ``(…, length, width)`` in the style of language models.

    Parameters
    ----------
    dim, heads, kv_heads, head_dim : int — ``kv_heads`` fewer than ``heads`` share keys (grouped queries)
    positions : None, "rotary", "rotary-interleaved" or "alibi"
    causal : bool, window : int or None — which keys a query may see
    qk_norm : bool — RMS normalisation of queries and keys
    softcap : number or None — scores become ``softcap*tanh(scores/softcap)``
    """

    def __init__(
        self, dim: int, heads: int, kv_heads: int | None = None, head_dim: int | None = None, bias: bool = False, causal: bool = False,
        window: int | None = None, positions: str | None = None, base: Number = 10000, context_dim: int | None = None,
        qk_norm: bool = False, softcap: Number | None = None,
    ) -> None:  # fmt: skip
        from tamecheck.programs.builder.normalisation import RMSNorm

        self.heads, self.kv_heads = at_least(heads, 1, "heads"), at_least(kv_heads or heads, 1, "kv_heads")
        self.head_dim = head_dim or dim // heads
        if heads % self.kv_heads or (head_dim is None and dim % heads):
            raise InputError(f"{heads} heads do not split into {self.kv_heads} groups, or width {dim} into heads", code="TC124")
        self.causal, self.window, self.dim = causal, window, dim
        self.positions = None if positions is None else one_of(positions, ("rotary", "rotary-interleaved", "alibi"), "positions")
        self._base = number(base, "base")
        self._softcap = None if softcap is None else number(softcap, "softcap")
        source = context_dim or dim
        self.q_proj = Linear(dim, heads * self.head_dim, bias)
        self.k_proj = Linear(source, self.kv_heads * self.head_dim, bias)
        self.v_proj = Linear(source, self.kv_heads * self.head_dim, bias)
        self.o_proj = Linear(heads * self.head_dim, dim, bias)
        self.q_norm = RMSNorm(self.head_dim) if qk_norm else None
        self.k_norm = RMSNorm(self.head_dim) if qk_norm else None

    def extra_repr(self) -> str:
        """Return width, heads and the variants."""
        return f"{self.dim}, heads={self.heads}, kv_heads={self.kv_heads}, causal={self.causal}, positions={self.positions}"

    def forward(self, x: Tensor, context: Tensor | None = None, attn_mask: object = None) -> Tensor:
        """Attend to the context, or to ``x`` itself."""
        self.expect(x.ndim > 1 and x.shape[-1] == self.dim, f"(…, length, {self.dim})", x)
        source = x if context is None else context
        q = split_heads(self.q_proj(x), self.heads)
        k, v = split_heads(self.k_proj(source), self.kv_heads), split_heads(self.v_proj(source), self.kv_heads)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        if self.positions in ("rotary", "rotary-interleaved"):
            q, k = [rotary(t, self._base, interleaved=self.positions != "rotary") for t in (q, k)]
        k, v = [repeat_heads(t, self.heads // self.kv_heads) for t in (k, v)]
        bias = alibi(self.heads, q.shape[-2], k.shape[-2]) if self.positions == "alibi" else None
        static = None
        if isinstance(attn_mask, Arithmetic):
            bias = attn_mask if bias is None else bias + attn_mask
        elif attn_mask is not None:
            static, added = masks.read_mask(attn_mask, True)
            bias = added if bias is None else bias if added is None else bias + added
        if self._softcap is None:
            out = _attend(q, k, v, static, bias, self.causal, None, self.window)[0]
        else:
            out = self._capped(q, k, v, static, bias)
        return self.o_proj(merge_heads(out))

    def _capped(self, q: Tensor, k: Tensor, v: Tensor, static: masks.Static | None, bias: Arithmetic | None) -> Tensor:
        width, cap = self.head_dim, self._softcap
        scores = (q @ k.mT) * apply(lambda p: normalisation.inverse_root(p, width))
        scores = activations.tanh(scores / cap) * cap
        scores = scores if bias is None else scores + bias
        return _weights(scores, static, self.causal or self.window is not None, self.window) @ v


class LinearAttention(Module):
    """``phi(Q) (phi(K)^T V) / (phi(Q) sum phi(K))``: attention without softmax (Katharopoulos et al. 2020).

    ``phi = elu + 1`` is positive, so the quotient is defined everywhere; ``"relu"`` is semialgebraic
    and needs the positive ``eps``.
    """

    def __init__(self, dim: int, heads: int, feature: str = "elu", eps: Number = "1e-6") -> None:
        self.heads, self.dim = at_least(heads, 1, "heads"), dim
        self._feature, self._eps = one_of(feature, ("elu", "relu"), "feature"), number(eps, "eps")
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = [Linear(dim, dim, False) for _ in range(4)]

    def forward(self, x: Tensor) -> Tensor:
        """Attend, in time linear in the length."""
        self.expect(x.ndim > 1 and x.shape[-1] == self.dim, f"(…, length, {self.dim})", x)
        q, k, v = [split_heads(f(x), self.heads) for f in (self.q_proj, self.k_proj, self.v_proj)]
        q, k = [activations.elu(t) + 1 if self._feature == "elu" else activations.relu(t) for t in (q, k)]
        top = q @ (k.mT @ v)
        bottom = q @ k.sum(-2).unsqueeze(-1)
        return self.o_proj(merge_heads(top / (bottom + self._eps)))
