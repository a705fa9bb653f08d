"""Normalisation layers, and the normalisations of weights."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from tamecheck.errors import InputError
from tamecheck.programs.builder.hyperparameters import Number, at_least, number
from tamecheck.programs.builder.leaves import Buffer, Parameter
from tamecheck.programs.builder.module import Derived, Module
from tamecheck.programs.builder.tensor import Tensor, apply, as_tensor, place
from tamecheck.programs.builder.trace import Trace
from tamecheck.programs.definitions import normalisation as definitions


class BatchNorm(Module):
    """Batch normalisation over the batch and the spatial axes; use `BatchNorm1d` and its fellows.

    ``training=True`` uses the mean and the variance of the batch; ``training=False`` the running
    statistics, which are data (buffers ``running_mean`` and ``running_var``, the latter in [0, inf)).
    """

    ranks: tuple[int, ...] = ()

    def __init__(
        self, num_features: int, eps: Number = "1e-5", momentum: Number | None = "0.1", affine: bool = True,
        track_running_stats: bool = True, training: bool = True,
    ) -> None:  # fmt: skip
        shape = (at_least(num_features, 1, "num_features"),)
        self.eps = number(eps, "eps")
        self.training = training
        self.weight = Parameter(shape) if affine else None
        self.bias = Parameter(shape) if affine else None
        self.running_mean = Buffer(shape) if track_running_stats else None
        self.running_var = Buffer(shape, box=(0, None)) if track_running_stats else None
        self.num_features = num_features

    def extra_repr(self) -> str:
        """Return the extent and the mode."""
        return f"{self.num_features}, eps={self.eps}, training={self.training}"

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        good = x.ndim in self.ranks and x.shape[1] == self.num_features
        self.expect(good, f"{' or '.join(map(str, self.ranks))} axes with {self.num_features} channels on axis 1", x)
        running = not self.training and self.running_mean is not None
        mean, var = (self.running_mean, self.running_var) if running else (None, None)
        return apply(definitions.batch_norm, x, self.weight, self.bias, mean, var, eps=self.eps, training=not running)


class BatchNorm1d(BatchNorm):
    """Batch normalisation of ``(batch, features)`` or ``(batch, channels, length)``."""

    ranks = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch normalisation of ``(batch, channels, height, width)``."""

    ranks = (4,)


class BatchNorm3d(BatchNorm):
    """Batch normalisation of ``(batch, channels, depth, height, width)``."""

    ranks = (5,)


class LayerNorm(Module):
    """Normalisation over the last axes of the given shape, with a learnt scale and shift."""

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: Number = "1e-5", elementwise_affine: bool = True, bias: bool = True
    ) -> None:
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape = shape
        self.eps = number(eps, "eps")
        self.weight = Parameter(shape) if elementwise_affine else None
        self.bias = Parameter(shape) if elementwise_affine and bias else None

    def extra_repr(self) -> str:
        """Return the shape."""
        return f"{self.normalized_shape}, eps={self.eps}"

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        k = len(self.normalized_shape)
        self.expect(x.shape[x.ndim - k :] == self.normalized_shape, f"last axes {list(self.normalized_shape)}", x)
        return apply(definitions.layer_norm, x, self.weight, self.bias, axes=tuple(range(-k, 0)), eps=self.eps)


class RMSNorm(Module):
    """``x / sqrt(mean(x^2) + eps) * weight`` over the last axes of the given shape.

    PyTorch's default ``eps=None`` is the rounding unit of the data type; give it a number here.
    """

    def __init__(self, normalized_shape: int | Sequence[int], eps: Number = "1e-6", elementwise_affine: bool = True) -> None:
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape = shape
        self.eps = number(eps, "eps")
        self.weight = Parameter(shape) if elementwise_affine else None

    def extra_repr(self) -> str:
        """Return the shape."""
        return f"{self.normalized_shape}, eps={self.eps}"

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        k = len(self.normalized_shape)
        self.expect(x.shape[x.ndim - k :] == self.normalized_shape, f"last axes {list(self.normalized_shape)}", x)
        return apply(definitions.rms_norm, x, self.weight, axes=tuple(range(-k, 0)), eps=self.eps)


class GroupNorm(Module):
    """Normalisation of groups of channels, per sample."""

    def __init__(self, num_groups: int, num_channels: int, eps: Number = "1e-5", affine: bool = True) -> None:
        self.num_groups, self.num_channels = at_least(num_groups, 1, "num_groups"), at_least(num_channels, 1, "num_channels")
        if num_channels % num_groups:
            raise InputError(f"{num_channels} channels do not split into {num_groups} groups", code="TC124")
        self.eps = number(eps, "eps")
        self.weight = Parameter((num_channels,)) if affine else None
        self.bias = Parameter((num_channels,)) if affine else None

    def extra_repr(self) -> str:
        """Return groups and channels."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}"

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        self.expect(x.ndim > 1 and x.shape[1] == self.num_channels, f"{self.num_channels} channels on axis 1", x)
        groups, eps = self.num_groups, self.eps
        return apply(lambda p, n, w, b: definitions.group_norm(p, n, groups, w, b, eps=eps), x, self.weight, self.bias)


class InstanceNorm(Module):
    """Normalisation of each channel of each sample; use `InstanceNorm1d` and its fellows."""

    rank = 0

    def __init__(self, num_features: int, eps: Number = "1e-5", momentum: Number = "0.1", affine: bool = False) -> None:
        self.num_features = at_least(num_features, 1, "num_features")
        self.eps = number(eps, "eps")
        self.weight = Parameter((num_features,)) if affine else None
        self.bias = Parameter((num_features,)) if affine else None

    def extra_repr(self) -> str:
        """Return the channels."""
        return f"{self.num_features}, eps={self.eps}"

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        good = x.ndim == self.rank + 2 and x.shape[1] == self.num_features
        self.expect(good, f"(batch, {self.num_features}, {self.rank} spatial axes)", x)
        return apply(definitions.instance_norm, x, self.weight, self.bias, eps=self.eps)


class InstanceNorm1d(InstanceNorm):
    """Instance normalisation of ``(batch, channels, length)``."""

    rank = 1


class InstanceNorm2d(InstanceNorm):
    """Instance normalisation of ``(batch, channels, height, width)``."""

    rank = 2


class InstanceNorm3d(InstanceNorm):
    """Instance normalisation of ``(batch, channels, depth, height, width)``."""

    rank = 3


# ------------------------------------------------------------ normalisations of weights


class WeightNormalised(Derived):
    """``g * v/|v|`` with one norm per slice along ``dim`` (of the whole tensor when ``dim`` is None).

    Undefined where a slice of ``v`` vanishes (Salimans and Kingma 2016).
    """

    def __init__(self, shape: tuple[int, ...], dim: int | None = 0) -> None:
        self.shape, self.dim = shape, dim
        self.g = Parameter(tuple(e if k == dim else 1 for k, e in enumerate(shape)) if dim is not None else ())
        self.v = Parameter(shape)

    def derived(self, trace: Trace) -> Tensor:
        """Return the weight."""
        v = Tensor(trace, place(trace, self.v))
        axes = None if self.dim is None else [k for k in range(v.ndim) if k != self.dim % v.ndim]
        return v * (self.g / v.norm(2, axes, keepdim=self.dim is not None))


class SpectrallyNormalised(Derived):
    """``W / sigma(W)`` with the largest singular value of the matrix ``(out, everything else)``.

    The exact singular value, which power iteration approaches (Miyato et al. 2018).
    Undefined at ``W = 0``, unless ``eps`` is positive: then the divisor is ``max(sigma, eps)``.
    """

    def __init__(self, shape: tuple[int, ...], eps: Number = 0) -> None:
        self.shape = shape
        self.original = Parameter(shape)
        self._eps = number(eps, "eps")

    def derived(self, trace: Trace) -> Tensor:
        """Return the weight."""
        w = Tensor(trace, place(trace, self.original))
        sigma = singular_values(w)[..., 0]
        return w / (sigma if self._eps == 0 else sigma.clamp(self._eps))


class Standardised(Derived):
    """``(W - mean)/sqrt(var + eps)`` per output channel: weight standardisation (Qiao et al. 2019)."""

    def __init__(self, shape: tuple[int, ...], eps: Number = "1e-5") -> None:
        self.shape = shape
        self.original = Parameter(shape)
        self._eps = number(eps, "eps")

    def derived(self, trace: Trace) -> Tensor:
        """Return the weight."""
        w = place(trace, self.original)
        return Tensor(trace, definitions.standardize(trace.program, w, range(1, len(self.shape)), self._eps)[0])


def singular_values(w: Tensor) -> Tensor:
    """Return the singular values, descending, of a tensor seen as a matrix ``(first axis, the others)``."""
    matrix = as_tensor(w)
    if matrix.ndim < 2:
        matrix = matrix.reshape(1, -1)
    elif matrix.ndim > 2:
        matrix = matrix.reshape(matrix.shape[0], prod(matrix.shape[1:]))
    return apply(lambda p, n: p.linalg("svdvals", n), matrix)


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Replace a weight of the module by ``g * v/|v|``; return the module."""
    setattr(module, name, WeightNormalised(getattr(module, name).shape, dim))
    return module


def spectral_norm(module: Module, name: str = "weight", eps: Number = 0) -> Module:
    """Replace a weight of the module by ``W/sigma(W)``; return the module."""
    setattr(module, name, SpectrallyNormalised(getattr(module, name).shape, eps))
    return module


def weight_standardisation(module: Module, name: str = "weight", eps: Number = "1e-5") -> Module:
    """Replace a weight of the module by its standardised form; return the module."""
    setattr(module, name, Standardised(getattr(module, name).shape, eps))
    return module
