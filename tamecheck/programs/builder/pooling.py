"""Pools: maximum, mean, power mean, adaptive and global, in one to three dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from tamecheck.programs.builder.hyperparameters import Number, at_least, integers, number
from tamecheck.programs.builder.module import Module
from tamecheck.programs.builder.tensor import Arithmetic, Tensor, apply, power
from tamecheck.programs.definitions import normalisation, selection, windows

Extents = int | Sequence[int]


# ------------------------------------------------------------------------- functions


def max_pool(
    x: Arithmetic, kernel_size: Extents, stride: Extents | None = None, padding: Extents = 0, dilation: Extents = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:  # fmt: skip
    """Return the maximum over windows of the spatial axes, and on demand its flat places (the first at a tie)."""
    rank = len(x.shape) - 2
    size, options = _window(rank, kernel_size, stride, padding, ceil_mode)
    options["dilation"] = integers(dilation, rank, "dilation")
    values = apply(windows.max_pool, x, size=size, **options)
    return (values, apply(windows.max_pool_index, x, size=size, **options)) if return_indices else values


def avg_pool(
    x: Arithmetic, kernel_size: Extents, stride: Extents | None = None, padding: Extents = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Return the mean over windows of the spatial axes."""
    size, options = _window(len(x.shape) - 2, kernel_size, stride, padding, ceil_mode)
    return apply(windows.avg_pool, x, size=size, count_include_pad=count_include_pad, divisor=divisor_override, **options)


def lp_pool(x: Arithmetic, norm_type: Number, kernel_size: Extents, stride: Extents | None = None, ceil_mode: bool = False) -> Tensor:
    """Return ``(sum x^q)^(1/q)`` over windows, as PyTorch writes it; for an even ``q`` it is a norm."""
    q = number(norm_type, "norm_type")
    size, options = _window(len(x.shape) - 2, kernel_size, stride, 0, ceil_mode)
    if q.denominator == 1 and q % 2 == 0:
        return apply(windows.lp_pool, x, size=size, exponent=q, **options)
    return power(apply(windows.sum_pool, power(x, q), size=size, **options), 1 / q)


def _window(rank: int, kernel_size: Extents, stride: Extents | None, padding: Extents, ceil: bool) -> tuple[tuple[int, ...], dict]:
    size = integers(kernel_size, rank, "kernel_size")
    pads = tuple((k, k) for k in integers(padding, rank, "padding", 0))
    return size, {"stride": size if stride is None else integers(stride, rank, "stride"), "padding": pads, "ceil": ceil}


def adaptive_ranges(extent: int, count: int) -> list[range]:
    """Return the entries each of ``count`` outputs reads: from ``floor(i e/n)`` to ``ceil((i+1) e/n)``."""
    return [range(i * extent // count, -(-(i + 1) * extent // count)) for i in range(count)]


def adaptive_avg_pool(x: Arithmetic, output_size: Extents | Sequence[int | None]) -> Tensor:
    """Return means over as many nearly equal windows as the output has entries."""
    y = apply(lambda p, n: n, x)
    for axis, count in _adaptive(x, output_size):
        taps = [[(k, Fraction(1, len(r))) for k in r] for r in adaptive_ranges(x.shape[axis], count)]
        y = apply(selection.resample, y, axis=axis, taps=taps)
    return y


def adaptive_max_pool(x: Arithmetic, output_size: Extents | Sequence[int | None]) -> Tensor:
    """Return maxima over as many nearly equal windows as the output has entries."""
    y = apply(lambda p, n: n, x)
    for axis, count in _adaptive(x, output_size):
        ranges = adaptive_ranges(x.shape[axis], count)
        width = max([len(r) for r in ranges])
        places = tuple([r[min(k, len(r) - 1)] for r in ranges for k in range(width)])
        y = apply(lambda p, n, a=axis, c=places, s=(count, width): p.reindex(("gather", a, c, s), n), y).max(axis + 1)
    return y


def _adaptive(x: Arithmetic, output_size: Extents | Sequence[int | None]) -> list[tuple[int, int]]:
    rank = len(x.shape) - 2
    sizes = (output_size,) * rank if isinstance(output_size, int) else tuple(output_size)
    counts = integers([e if s is None else s for s, e in zip(sizes, x.shape[2:], strict=False)], rank, "output_size")
    return [(2 + k, c) for k, c in enumerate(counts) if c != x.shape[2 + k]]


def local_response_norm(x: Arithmetic, size: int, alpha: Number = "1e-4", beta: Number = "0.75", k: Number = 1) -> Tensor:
    """Return ``x / (k + alpha * mean of squares of the size nearest channels)**beta``."""
    options = {"alpha": number(alpha, "alpha"), "beta": number(beta, "beta"), "bias": number(k, "k")}
    return apply(normalisation.local_response_norm, x, size=at_least(size, 1, "size"), **options)


# --------------------------------------------------------------------------- modules


class Pool(Module):
    """A pool in ``rank`` spatial dimensions with its options; use the numbered classes."""

    rank = 0
    function: Callable[..., Tensor]

    def __init__(self, *arguments: object, **options: object) -> None:
        self.arguments, self.options = arguments, options

    def extra_repr(self) -> str:
        """Return the options."""
        return ", ".join([*map(str, self.arguments), *[f"{k}={v}" for k, v in self.options.items()]])

    def forward(self, x: Tensor) -> Tensor:
        """Apply the pool."""
        self.expect(x.ndim == self.rank + 2, f"(batch, channels, {self.rank} spatial axes)", x)
        return type(self).function(x, *self.arguments, **self.options)


def _pool(title: str, rank: int, function: Callable[..., Tensor]) -> type[Pool]:
    doc = f"{(function.__doc__ or '').splitlines()[0]} {rank} spatial axes."
    return type(title, (Pool,), {"rank": rank, "function": staticmethod(function), "__doc__": doc, "__module__": __name__})


MaxPool1d, MaxPool2d, MaxPool3d = [_pool(f"MaxPool{r}d", r, max_pool) for r in (1, 2, 3)]
AvgPool1d, AvgPool2d, AvgPool3d = [_pool(f"AvgPool{r}d", r, avg_pool) for r in (1, 2, 3)]
LPPool1d, LPPool2d, LPPool3d = [_pool(f"LPPool{r}d", r, lp_pool) for r in (1, 2, 3)]
AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d = [_pool(f"AdaptiveAvgPool{r}d", r, adaptive_avg_pool) for r in (1, 2, 3)]
AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d = [_pool(f"AdaptiveMaxPool{r}d", r, adaptive_max_pool) for r in (1, 2, 3)]


class GlobalAvgPool(Module):
    """The mean over all spatial axes: ``(batch, channels)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the means."""
        self.expect(x.ndim > 2, "spatial axes", x)
        return x.mean(tuple(range(2, x.ndim)))


class GlobalMaxPool(Module):
    """The maximum over all spatial axes: ``(batch, channels)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the maxima."""
        self.expect(x.ndim > 2, "spatial axes", x)
        return x.max(tuple(range(2, x.ndim)))


class LocalResponseNorm(Module):
    """Division by a power of the energy of neighbouring channels."""

    def __init__(self, size: int, alpha: Number = "1e-4", beta: Number = "0.75", k: Number = 1) -> None:
        self.options = (size, number(alpha, "alpha"), number(beta, "beta"), number(k, "k"))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        return local_response_norm(x, *self.options)
