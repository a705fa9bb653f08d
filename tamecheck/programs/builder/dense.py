"""Dense layers: affine maps, bilinear forms, gates, embeddings, dropout with a fixed mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.builder import activations
from tamecheck.programs.builder.hyperparameters import Number, array_entries, at_least, number, one_of
from tamecheck.programs.builder.indexing import static_indices
from tamecheck.programs.builder.leaves import Buffer, Parameter
from tamecheck.programs.builder.module import Layer, Module, as_layer
from tamecheck.programs.builder.tensor import Arithmetic, Operand, Tensor, apply
from tamecheck.programs.definitions.basics import LETTERS
from tamecheck.programs.program import Program

# ------------------------------------------------------------------------- functions


def linear(x: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """Return ``x W^T + b`` over the last axis; ``weight`` has shape ``(out, in)``."""

    def write(p: Program, n: int, w: int, b: int | None) -> int:
        lead = LETTERS[: len(p.shape(n)) - 1]
        if not p.shape(n) or len(p.shape(w)) != 2 or p.shape(n)[-1] != p.shape(w)[1]:
            raise ShapeError(f"linear map of shape {list(p.shape(n))} by weights of shape {list(p.shape(w))}")
        y = p.contract(f"{lead}z,yz->{lead}y", n, w)
        return y if b is None else p.map("add", y, b)

    return apply(write, x, weight, bias)


def bilinear(x1: Operand, x2: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """Return ``y_k = x1^T W_k x2 + b_k`` over the last axes; ``weight`` has shape ``(out, in1, in2)``."""

    def write(p: Program, m: int, n: int, w: int, b: int | None) -> int:
        lead = LETTERS[: len(p.shape(m)) - 1]
        y = p.contract(f"{lead}x,{lead}y,zxy->{lead}z", m, n, w)
        return y if b is None else p.map("add", y, b)

    return apply(write, x1, x2, weight, bias)


def one_hot(index: Arithmetic | Sequence, num_classes: int) -> Tensor:
    """Return the 0/1 tensor with a new last axis; static integers give a constant."""
    from tamecheck.programs.definitions.selection import one_hot as definition

    if isinstance(index, Arithmetic):
        return apply(definition, index, depth=num_classes)
    entries, shape = static_indices(index, num_classes, "class")
    values = [int(k == c) for k in entries for c in range(num_classes)]
    return apply(lambda p: p.values(values, (*shape, num_classes)))


def embedding(index: Arithmetic | Sequence, weight: Arithmetic) -> Tensor:
    """Return rows of a table: a selection for static integers, a lookup for computed ones."""
    if isinstance(index, Arithmetic):
        return apply(lambda p, table, n: p.lookup(table, n, 0), weight, index)
    entries, shape = static_indices(index, weight.shape[0], "embedding index")
    return apply(lambda p, table: p.reindex(("gather", 0, entries, shape), table), weight)


# --------------------------------------------------------------------------- modules


class Linear(Module):
    """``y = x W^T + b`` over the last axis.

    >>> Linear(4, 8)
    Linear(in_features=4, out_features=8, bias=True)
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.in_features = at_least(in_features, 1, "in_features")
        self.out_features = at_least(out_features, 1, "out_features")
        self.weight = Parameter((out_features, in_features))
        self.bias = Parameter((out_features,)) if bias else None

    def extra_repr(self) -> str:
        """Return the extents."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"

    def forward(self, x: Tensor) -> Tensor:
        """Apply the affine map."""
        self.expect(x.ndim > 0 and x.shape[-1] == self.in_features, f"a last axis of extent {self.in_features}", x)
        return linear(x, self.weight, self.bias)


class Bilinear(Module):
    """``y_k = x1^T W_k x2 + b_k``."""

    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True) -> None:
        self.weight = Parameter((out_features, in1_features, in2_features))
        self.bias = Parameter((out_features,)) if bias else None

    def extra_repr(self) -> str:
        """Return the extents."""
        out, first, second = self.weight.shape
        return f"in1_features={first}, in2_features={second}, out_features={out}, bias={self.bias is not None}"

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Apply the bilinear map."""
        self.expect(x1.shape[-1:] == self.weight.shape[1:2], f"a last axis of extent {self.weight.shape[1]}", x1)
        self.expect(x2.shape[-1:] == self.weight.shape[2:], f"a last axis of extent {self.weight.shape[2]}", x2)
        return bilinear(x1, x2, self.weight, self.bias)


class GatedLinear(Module):
    """``down(gate(W x) * (V x))``: the gated feed-forward unit.

    The gate is ``sigmoid`` (GLU), ``silu`` (SwiGLU), ``gelu`` (GeGLU), ``relu`` (ReGLU), ``identity``
    (bilinear) or any layer.  Parameters: ``w`` and ``v`` of shape ``(hidden, in)``, and ``down``.
    """

    def __init__(
        self, in_features: int, hidden_features: int, out_features: int | None = None, gate: Layer | str = "silu", bias: bool = False
    ) -> None:
        self.w = Linear(in_features, hidden_features, bias)
        self.v = Linear(in_features, hidden_features, bias)
        self.down = Linear(hidden_features, out_features or in_features, bias)
        self.gate = as_layer(gate)

    def forward(self, x: Tensor) -> Tensor:
        """Multiply the gate and the value, then project."""
        return self.down(self.gate(self.w(x)) * self.v(x))


def _gate(name: str, doc: str) -> Callable[..., GatedLinear]:
    def build(in_features: int, hidden_features: int, out_features: int | None = None, bias: bool = False) -> GatedLinear:
        return GatedLinear(in_features, hidden_features, out_features, name, bias)

    build.__doc__ = doc
    return build


SwiGLU = _gate("silu", "Return the gated unit with the gate ``x*sigmoid(x)``.")
GeGLU = _gate("gelu", "Return the gated unit with the exact GELU as gate.")
ReGLU = _gate("relu", "Return the gated unit with ReLU as gate.")
BilinearGLU = _gate("identity", "Return the gated unit without a nonlinearity: a product of two linear maps.")
SigmoidGLU = _gate("sigmoid", "Return the gated unit with the gate ``sigmoid``.")


class Highway(Module):
    """``t*h(x) + (1 - t)*x`` with a transform gate ``t = sigmoid(T x + c)`` (Srivastava, Greff, Schmidhuber 2015)."""

    def __init__(self, features: int, activation: Layer | str = "relu") -> None:
        self.transform = Linear(features, features)
        self.plain = Linear(features, features)
        self.activation = as_layer(activation)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the layer and its input."""
        t = activations.sigmoid(self.transform(x))
        return t * self.activation(self.plain(x)) + (1 - t) * x


class Embedding(Module):
    """A table of vectors: called on static integers it selects rows, on a tensor it looks rows up.

    A computed index must be an integer in range, else the result is undefined.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None) -> None:
        self.weight = Parameter((at_least(num_embeddings, 1, "num_embeddings"), at_least(embedding_dim, 1, "embedding_dim")))

    def extra_repr(self) -> str:
        """Return the extents of the table."""
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}"

    def forward(self, index: Tensor | Sequence) -> Tensor:
        """Return the rows, in a new last axis."""
        return embedding(index, self.weight)


class EmbeddingBag(Module):
    """The sum, mean or maximum of embeddings over the last axis of static indices ``(batch, count)``."""

    def __init__(self, num_embeddings: int, embedding_dim: int, mode: str = "mean") -> None:
        self.weight = Parameter((num_embeddings, embedding_dim))
        self.mode = one_of(mode, ("sum", "mean", "max"), "mode")

    def forward(self, index: Tensor | Sequence) -> Tensor:
        """Return one vector per row of indices."""
        rows = embedding(index, self.weight)
        return {"sum": rows.sum, "mean": rows.mean, "max": rows.max}[self.mode](-2)


class Dropout(Module):
    """Dropout with a **fixed** mask: ``x*mask/(1 - p)``; the identity in evaluation.

    A random mask is not a function of the parameters, a drawn one is.  ``mask="fixed"`` makes it
    data: at every call an input of its own, named after the module, with entries in ``[0, 1]``, of which the masks of 0
    and 1 are a part.  An array gives the mask itself; ``mask=None`` drops nothing.  With
    ``channels`` whole channels are dropped, as in ``Dropout2d``.
    """

    def __init__(self, p: Number = "0.5", mask: object = "fixed", inplace: bool = False, channels: bool = False) -> None:
        self.p = number(p, "p")
        self.channels = channels
        self._mask = mask
        if not 0 <= self.p < 1:
            raise InputError(f"dropout rate {self.p} is not in [0, 1)", code="TC124")
        if isinstance(mask, str):
            one_of(mask, ("fixed",), "mask")

    def extra_repr(self) -> str:
        """Return the rate."""
        return f"p={self.p}"

    def forward(self, x: Tensor) -> Tensor:
        """Apply the mask and rescale."""
        if not self.training or self._mask is None or self.p == 0:
            return x
        mask = self._mask
        if isinstance(mask, str):
            shape = (*x.shape[:2], *[1] * (x.ndim - 2)) if self.channels else x.shape
            path = x.trace.modules.get(self, "") or "dropout"
            mask = Buffer(shape, box=(0, 1), name=f"{path}.mask")
        elif not isinstance(mask, Arithmetic):
            self.expect(array_entries(mask, "mask")[1] in (x.shape, ()), "the shape of its mask", x)
        return x * mask * (1 / (1 - self.p))


def Dropout1d(p: Number = "0.5", mask: object = "fixed") -> Dropout:
    """Return dropout of whole channels."""
    return Dropout(p, mask, channels=True)


Dropout2d = Dropout3d = Dropout1d


class CosineSimilarity(Module):
    """``x.y / (max(|x|, eps) max(|y|, eps))`` along an axis."""

    def __init__(self, dim: int = 1, eps: Number = "1e-8") -> None:
        self.dim, self.eps = dim, number(eps, "eps")

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the cosines."""
        return cosine_similarity(x, y, self.dim, self.eps)


def cosine_similarity(x: Arithmetic, y: Arithmetic, dim: int = 1, eps: Number = "1e-8") -> Tensor:
    """Return ``x.y / (max(|x|, eps) max(|y|, eps))`` along an axis."""
    e = number(eps, "eps")
    return (x * y).sum(dim) / (x.norm(2, dim).clamp(e) * y.norm(2, dim).clamp(e))


def normalize(x: Arithmetic, p: Number = 2, dim: int = 1, eps: Number = "1e-12") -> Tensor:
    """Return ``x / max(|x|_p, eps)`` along an axis."""
    from tamecheck.programs.definitions import normalisation

    return apply(normalisation.normalize, x, axes=(dim,), exponent=number(p, "p"), eps=number(eps, "eps"))


def pairwise_distance(x: Arithmetic, y: Arithmetic, p: Number = 2, eps: Number = "1e-6", keepdim: bool = False) -> Tensor:
    """Return ``|x - y + eps|_p`` along the last axis, with PyTorch's eps inside."""
    return (x - y + number(eps, "eps")).norm(p, -1, keepdim)


def cdist(x: Arithmetic, y: Arithmetic, p: Number = 2) -> Tensor:
    """Return all distances between the rows of ``x (…, m, d)`` and ``y (…, n, d)``."""
    return (x.unsqueeze(-2) - y.unsqueeze(-3)).norm(p, -1)


class PairwiseDistance(Module):
    """``|x - y + eps|_p`` along the last axis."""

    def __init__(self, p: Number = 2, eps: Number = "1e-6", keepdim: bool = False) -> None:
        self.p, self.eps, self.keepdim = number(p, "p"), number(eps, "eps"), keepdim

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the distances."""
        return pairwise_distance(x, y, self.p, self.eps, self.keepdim)


class SqueezeExcite(Module):
    """``x * sigmoid(W2 relu(W1 mean(x)))`` per channel (Hu, Shen, Sun 2018); ``x`` is ``(batch, channels, *spatial)``."""

    def __init__(self, channels: int, reduced: int, activation: Layer | str = "relu", gate: Layer | str = "sigmoid") -> None:
        self.fc1 = Linear(channels, reduced)
        self.fc2 = Linear(reduced, channels)
        self.activation, self.gate = as_layer(activation), as_layer(gate)

    def forward(self, x: Tensor) -> Tensor:
        """Scale the channels by a gate computed from their means."""
        self.expect(x.ndim > 2, "spatial axes", x)
        pooled = x.mean(tuple(range(2, x.ndim)))
        gate = self.gate(self.fc2(self.activation(self.fc1(pooled))))
        return x * gate.reshape(*gate.shape, *[1] * (x.ndim - 2))


class RadialBasis(Module):
    """``exp(-gamma_j |x - c_j|^2)`` with learnt centres and, unless given, learnt positive widths."""

    def __init__(self, in_features: int, out_features: int, gamma: Number | None = None) -> None:
        self.centres = Parameter((out_features, in_features))
        self.log_gamma = Parameter((out_features,)) if gamma is None else None
        self._gamma = None if gamma is None else number(gamma, "gamma")

    def forward(self, x: Tensor) -> Tensor:
        """Return the activations of all centres."""
        self.expect(x.shape[-1:] == self.centres.shape[1:], f"a last axis of extent {self.centres.shape[1]}", x)
        squares = (x.unsqueeze(-2) - self.centres).square().sum(-1)
        gamma = self._gamma if self.log_gamma is None else activations.exp(self.log_gamma)
        return activations.exp(-(squares * gamma))


class MLP(Module):
    """Linear layers with an activation between them: ``MLP(4, 64, 64, 1, activation="gelu")``."""

    def __init__(self, *features: int, activation: Layer | str = "relu", bias: bool = True) -> None:
        if len(features) < 2:
            raise InputError("an MLP needs an input and an output width", code="TC127")
        self.layers = [Linear(a, b, bias) for a, b in zip(features, features[1:], strict=False)]
        self.activation = as_layer(activation)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers."""
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)
