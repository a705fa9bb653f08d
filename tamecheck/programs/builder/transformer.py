"""Transformer layers with PyTorch's parameters, and the pre-norm block of language models."""

from __future__ import annotations

import copy

from tamecheck.programs.builder.attention import Attention, MultiheadAttention
from tamecheck.programs.builder.dense import Dropout, GatedLinear, Linear
from tamecheck.programs.builder.hyperparameters import Number, at_least, number
from tamecheck.programs.builder.module import Identity, Layer, Module, as_layer
from tamecheck.programs.builder.normalisation import LayerNorm, RMSNorm
from tamecheck.programs.builder.tensor import Tensor


def _drop(rate: Number) -> Module:
    return Dropout(rate) if number(rate) else Identity()


class TransformerEncoderLayer(Module):
    """Self-attention and a feed-forward network, each with a residual and a layer norm.

    Arguments are PyTorch's, but ``dropout`` is 0 unless given, and then has fixed masks.
    ``activation="gelu"`` is the exact GELU.
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: Number = 0, activation: Layer | str = "relu",
        layer_norm_eps: Number = "1e-5", batch_first: bool = False, norm_first: bool = False, bias: bool = True,
    ) -> None:  # fmt: skip
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first)
        self.linear1, self.linear2 = Linear(d_model, dim_feedforward, bias), Linear(dim_feedforward, d_model, bias)
        self.norm1, self.norm2 = [LayerNorm(d_model, layer_norm_eps, bias=bias) for _ in range(2)]
        self.dropout, self.dropout1, self.dropout2 = [_drop(dropout) for _ in range(3)]
        self.activation = as_layer(activation)
        self.norm_first = norm_first

    def forward(self, src: Tensor, src_mask: object = None, src_key_padding_mask: object = None, is_causal: bool = False) -> Tensor:
        """Apply the layer to a sequence."""

        def attend(x: Tensor) -> Tensor:
            found = self.self_attn(x, x, x, attn_mask=src_mask, key_padding_mask=src_key_padding_mask, is_causal=is_causal)
            return self.dropout1(found[0])

        def feed(x: Tensor) -> Tensor:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            x = src + attend(self.norm1(src))
            return x + feed(self.norm2(x))
        x = self.norm1(src + attend(src))
        return self.norm2(x + feed(x))


class TransformerDecoderLayer(Module):
    """Self-attention, attention to a memory, and a feed-forward network; arguments as for the encoder layer."""

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: Number = 0, activation: Layer | str = "relu",
        layer_norm_eps: Number = "1e-5", batch_first: bool = False, norm_first: bool = False, bias: bool = True,
    ) -> None:  # fmt: skip
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first)
        self.linear1, self.linear2 = Linear(d_model, dim_feedforward, bias), Linear(dim_feedforward, d_model, bias)
        self.norm1, self.norm2, self.norm3 = [LayerNorm(d_model, layer_norm_eps, bias=bias) for _ in range(3)]
        self.dropout, self.dropout1, self.dropout2, self.dropout3 = [_drop(dropout) for _ in range(4)]
        self.activation = as_layer(activation)
        self.norm_first = norm_first

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: object = None, memory_mask: object = None,
        tgt_key_padding_mask: object = None, memory_key_padding_mask: object = None, tgt_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Apply the layer to a sequence and a memory."""

        def attend(x: Tensor) -> Tensor:
            found = self.self_attn(x, x, x, attn_mask=tgt_mask, key_padding_mask=tgt_key_padding_mask, is_causal=tgt_is_causal)
            return self.dropout1(found[0])

        def cross(x: Tensor) -> Tensor:
            found = self.multihead_attn(x, memory, memory, attn_mask=memory_mask, key_padding_mask=memory_key_padding_mask)
            return self.dropout2(found[0])

        def feed(x: Tensor) -> Tensor:
            return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            x = tgt + attend(self.norm1(tgt))
            x = x + cross(self.norm2(x))
            return x + feed(self.norm3(x))
        x = self.norm1(tgt + attend(tgt))
        x = self.norm2(x + cross(x))
        return self.norm3(x + feed(x))


class TransformerEncoder(Module):
    """Copies of an encoder layer, with parameters of their own."""

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.layers = [copy.deepcopy(encoder_layer) for _ in range(at_least(num_layers, 1, "num_layers"))]
        self.norm = norm

    def forward(self, src: Tensor, mask: object = None, src_key_padding_mask: object = None, is_causal: bool = False) -> Tensor:
        """Apply the layers in order."""
        for layer in self.layers:
            src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=is_causal)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Copies of a decoder layer, with parameters of their own."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.layers = [copy.deepcopy(decoder_layer) for _ in range(at_least(num_layers, 1, "num_layers"))]
        self.norm = norm

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: object = None, memory_mask: object = None,
        tgt_key_padding_mask: object = None, memory_key_padding_mask: object = None, tgt_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Apply the layers in order."""
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            )  # fmt: skip
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """Encoder and decoder, as in "Attention is all you need"; arguments are PyTorch's."""

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6, dim_feedforward: int = 2048,
        dropout: Number = 0, activation: Layer | str = "relu", layer_norm_eps: Number = "1e-5", batch_first: bool = False,
        norm_first: bool = False, bias: bool = True,
    ) -> None:  # fmt: skip
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        norms = [LayerNorm(d_model, layer_norm_eps, bias=bias) for _ in range(2)]
        self.encoder = TransformerEncoder(TransformerEncoderLayer(*options), num_encoder_layers, norms[0])
        self.decoder = TransformerDecoder(TransformerDecoderLayer(*options), num_decoder_layers, norms[1])

    def forward(self, src: Tensor, tgt: Tensor, src_mask: object = None, tgt_mask: object = None, memory_mask: object = None) -> Tensor:
        """Encode the source and decode the target."""
        memory = self.encoder(src, mask=src_mask)
        return self.decoder(tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask)


class Block(Module):
    """The pre-norm block of language models: ``x + attention(norm x)``, then ``x + feed(norm x)``.

    RMS norms, grouped rotary attention and SwiGLU unless other modules are given.
    """

    def __init__(
        self, dim: int, heads: int, hidden: int, kv_heads: int | None = None, causal: bool = True, positions: str | None = "rotary",
        attention: Module | None = None, feed: Module | None = None, eps: Number = "1e-6",
    ) -> None:  # fmt: skip
        self.attention_norm, self.feed_norm = RMSNorm(dim, eps), RMSNorm(dim, eps)
        self.attention = Attention(dim, heads, kv_heads, causal=causal, positions=positions) if attention is None else attention
        self.feed = GatedLinear(dim, hidden, gate="silu") if feed is None else feed

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        x = x + self.attention(self.attention_norm(x))
        return x + self.feed(self.feed_norm(x))


def generate_square_subsequent_mask(length: int) -> list[list[bool]]:
    """Return the causal mask in PyTorch's sense for modules: ``True`` forbids."""
    return [[j > i for j in range(length)] for i in range(length)]
