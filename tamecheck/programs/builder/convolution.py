"""Convolutions in one to three dimensions, their transposes, paddings, resampling and shuffles.

Tensors are ``(batch, channels, *spatial)``; weights have PyTorch's shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.builder.hyperparameters import Number, at_least, integers, number, one_of
from tamecheck.programs.builder.leaves import Parameter
from tamecheck.programs.builder.module import Module, einsum
from tamecheck.programs.builder.tensor import Arithmetic, Operand, Tensor, apply
from tamecheck.programs.definitions import basics, selection, windows

Pairs = tuple[tuple[int, int], ...]
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


# ------------------------------------------------------------------------- functions


def pad(x: Arithmetic, amounts: Sequence[int], mode: str = "constant", value: Number = 0) -> Tensor:
    """Pad the last axes: ``amounts`` is ``(left, right)`` of the last axis, then of the one before, as in PyTorch.

    Modes: ``constant``, ``reflect``, ``replicate``, ``circular``.
    """
    one_of(mode, ("constant", *PADDING_MODES), "mode")
    if len(amounts) % 2 or len(amounts) > 2 * len(x.shape):
        raise ShapeError(f"{len(amounts)} padding amounts for shape {list(x.shape)}")
    pairs = [(int(amounts[k]), int(amounts[k + 1])) for k in range(0, len(amounts), 2)]
    gap = len(x.shape) - len(pairs)
    every = tuple([(0, 0)] * gap + pairs[::-1])
    return _padded(x, every, "zeros" if mode == "constant" else mode, value)


def _padded(x: Arithmetic, pairs: Pairs, mode: str, value: Number = 0) -> Tensor:
    if mode == "zeros":
        return apply(lambda p, n: basics.pad(p, n, pairs, p.constant(number(value, "value"))), x)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            chosen = _places(x.shape[axis], before, after, mode)
            x = apply(lambda p, n, a=axis, c=chosen: p.reindex(("gather", a, c, (len(c),)), n), x)
    return apply(lambda p, n: n, x)


def _places(extent: int, before: int, after: int, mode: str) -> tuple[int, ...]:
    """Return which entries of an axis a padded axis reads."""
    limit = {"reflect": extent - 1, "circular": extent, "replicate": before + after}[mode]
    if max(before, after) > limit:
        raise ShapeError(f"{mode} padding by {max(before, after)} of an axis of extent {extent}")
    chosen = []
    for k in range(-before, extent + after):
        if mode == "replicate":
            k = min(max(k, 0), extent - 1)
        elif mode == "circular":
            k %= extent
        else:
            k = -k if k < 0 else 2 * (extent - 1) - k if k >= extent else k
        chosen.append(k)
    return tuple(chosen)


def convolve(
    x: Operand, weight: Operand, bias: Operand | None = None, stride: int | Sequence[int] = 1, padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1, padding_mode: str = "zeros",
) -> Tensor:  # fmt: skip
    """Return the cross-correlation in as many dimensions as ``weight`` has spatial axes.

    ``padding`` is an integer, one per axis, ``"valid"`` or ``"same"``.
    """
    rank = len(weight.shape) - 2
    dilated = integers(dilation, rank, "dilation")
    pairs = _pairs(padding, weight.shape[2:], dilated, rank)
    if padding_mode != "zeros" and any(b or a for b, a in pairs):
        one_of(padding_mode, PADDING_MODES, "padding_mode")
        x = _padded(x, ((0, 0), (0, 0), *pairs), padding_mode)
        pairs = ((0, 0),) * rank
    return apply(
        windows.conv, x, weight, bias, stride=integers(stride, rank, "stride"), dilation=dilated, padding=pairs, groups=groups
    )  # fmt: skip


def _pairs(padding: int | str | Sequence[int], kernel: Sequence[int], dilation: Sequence[int], rank: int) -> Pairs:
    if isinstance(padding, str):
        if one_of(padding, ("same", "valid"), "padding") == "valid":
            return ((0, 0),) * rank
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((t // 2, t - t // 2) for t in totals)
    return tuple((k, k) for k in integers(padding, rank, "padding", 0))


conv1d = conv2d = conv3d = convolve


def convolve_transposed(
    x: Operand, weight: Operand, bias: Operand | None = None, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0, groups: int = 1, dilation: int | Sequence[int] = 1,
) -> Tensor:  # fmt: skip
    """Return the transposed convolution: the adjoint of `convolve` with the same arguments."""
    rank = len(weight.shape) - 2
    return apply(
        windows.conv_transpose, x, weight, bias, stride=integers(stride, rank, "stride"), dilation=integers(dilation, rank, "dilation"),
        padding=tuple((k, k) for k in integers(padding, rank, "padding", 0)),
        output_padding=integers(output_padding, rank, "output_padding", 0), groups=groups,
    )  # fmt: skip


conv_transpose1d = conv_transpose2d = conv_transpose3d = convolve_transposed


def unfold(
    x: Arithmetic, kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Tensor:  # fmt: skip
    """Return the patches of ``(batch, channels, *spatial)`` as columns: ``(batch, channels*prod(kernel), positions)``."""
    rank = len(x.shape) - 2
    kernel = integers(kernel_size, rank, "kernel_size")
    padded = _padded(x, ((0, 0), (0, 0), *[(k, k) for k in integers(padding, rank, "padding", 0)]), "zeros")
    how = ("windows", tuple(range(2, 2 + rank)), kernel, integers(stride, rank, "stride"), integers(dilation, rank, "dilation"))
    w = apply(lambda p, n: p.reindex(how, n), padded)
    turned = w.permute(0, 1, *range(2 + rank, 2 + 2 * rank), *range(2, 2 + rank))
    return turned.reshape(x.shape[0], x.shape[1] * prod(kernel), prod(w.shape[2 : 2 + rank]))


def interpolate(
    x: Arithmetic, size: int | Sequence[int] | None = None, scale_factor: int | Sequence[int] | None = None, mode: str = "nearest",
    align_corners: bool = False,
) -> Tensor:  # fmt: skip
    """Resample the spatial axes: nearest, linear, bilinear, trilinear or bicubic; factors are integers."""
    rank = len(x.shape) - 2
    if (size is None) == (scale_factor is None):
        raise InputError("give either a size or a scale_factor", code="TC124")
    if size is None:
        size = [e * f for e, f in zip(x.shape[2:], integers(scale_factor, rank, "scale_factor"), strict=True)]
    return apply(selection.interpolate, x, sizes=integers(size, rank, "size"), mode=mode, align_corners=align_corners)


def grid_sample(x: Arithmetic, grid: Arithmetic, padding_mode: str = "zeros", align_corners: bool = False) -> Tensor:
    """Return ``(batch, channels, h, w)`` read bilinearly at the points of ``grid (batch, p, q, 2)``, in [-1, 1] from edge to edge.

    With the hat function ``max(1 - |t|, 0)`` it is ``sum_ij x_ij hat(u - i) hat(v - j)``: no floor is
    needed, and the result is semialgebraic.  ``padding_mode``: ``zeros``; ``border``, which clamps the
    points; ``reflection``, which folds the plane up periodically and is definable in no o-minimal structure.
    """
    one_of(padding_mode, ("zeros", "border", "reflection"), "padding_mode")
    if len(x.shape) != 4 or len(grid.shape) != 4 or grid.shape[-1] != 2 or grid.shape[0] != x.shape[0]:
        raise ShapeError(f"grid_sample of shape {list(x.shape)} at points of shape {list(grid.shape)}")
    hats = []
    for k, extent in ((1, x.shape[2]), (0, x.shape[3])):  # the last axis of the grid is (horizontal, vertical)
        t = grid[..., k]
        t = (t + 1) * Fraction(extent - 1, 2) if align_corners else (t + 1) * Fraction(extent, 2) - Fraction(1, 2)
        if padding_mode == "reflection":
            low, span = (Fraction(0), extent - 1) if align_corners else (Fraction(-1, 2), extent)
            t = low + span - abs((t - low) % (2 * span) - span) if span else t * 0
        if padding_mode != "zeros":
            t = t.clamp(0, extent - 1)
        hats.append((1 - abs(t.unsqueeze(-1) - list(range(extent)))).relu())
    return einsum("bcij,bpqi,bpqj->bcpq", x, *hats)


def fold(
    x: Arithmetic, output_size: int | Sequence[int], kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0, stride: int | Sequence[int] = 1,
) -> Tensor:  # fmt: skip
    """Return the sum of patches ``(batch, channels*prod(kernel), positions)`` put back in place: the adjoint of `unfold`."""
    rank = 2 if isinstance(output_size, int) else len(output_size)
    out, kernel = integers(output_size, rank, "output_size"), integers(kernel_size, rank, "kernel_size")
    pads, steps, holes = integers(padding, rank, "padding", 0), integers(stride, rank, "stride"), integers(dilation, rank, "dilation")
    counts = [(e + 2 * p - d * (k - 1) - 1) // s + 1 for e, k, p, s, d in zip(out, kernel, pads, steps, holes, strict=True)]
    if len(x.shape) != 3 or x.shape[1] % prod(kernel) or x.shape[2] != prod(counts):
        raise ShapeError(f"fold of shape {list(x.shape)} to {list(out)}: expected {prod(counts)} positions of {prod(kernel)}*channels")
    readers: dict[tuple[int, ...], list[int]] = {place: [] for place in product(*map(range, out))}
    for m, (tap, window) in enumerate(product(product(*map(range, kernel)), product(*map(range, counts)))):
        place = tuple(w * s + t * d - p for w, s, t, d, p in zip(window, steps, tap, holes, pads, strict=True))
        if place in readers:
            readers[place].append(m)
    width, spare = max([1, *map(len, readers.values())]), prod(kernel) * prod(counts)
    places = [row + [spare] * (width - len(row)) for row in readers.values()]
    flat = x.reshape(x.shape[0], x.shape[1] // prod(kernel), spare)
    padded = apply(lambda p, n: basics.pad(p, n, ((0, 0), (0, 0), (0, 1))), flat)
    return padded[:, :, places].sum(-1).reshape(*flat.shape[:2], *out)


def pixel_shuffle(x: Arithmetic, factor: int) -> Tensor:
    """Return ``(…, c*f*f, h, w)`` rearranged to ``(…, c, h*f, w*f)``."""
    *lead, c, h, w = x.shape
    if c % (factor * factor):
        raise ShapeError(f"pixel shuffle by {factor} of {c} channels")
    k = len(lead)
    y = x.reshape(*lead, c // factor**2, factor, factor, h, w)
    y = y.permute(*range(k), k, k + 3, k + 1, k + 4, k + 2)
    return y.reshape(*lead, c // factor**2, h * factor, w * factor)


def pixel_unshuffle(x: Arithmetic, factor: int) -> Tensor:
    """Return the inverse of `pixel_shuffle`."""
    *lead, c, h, w = x.shape
    if h % factor or w % factor:
        raise ShapeError(f"pixel unshuffle by {factor} of shape {list(x.shape)}")
    k = len(lead)
    y = x.reshape(*lead, c, h // factor, factor, w // factor, factor)
    y = y.permute(*range(k), k, k + 2, k + 4, k + 1, k + 3)
    return y.reshape(*lead, c * factor**2, h // factor, w // factor)


def channel_shuffle(x: Arithmetic, groups: int) -> Tensor:
    """Return the channels with the two factors ``(groups, channels/groups)`` of their order swapped."""
    n, c, *rest = x.shape
    if c % groups:
        raise ShapeError(f"channel shuffle of {c} channels in {groups} groups")
    return x.reshape(n, groups, c // groups, *rest).transpose(1, 2).reshape(n, c, *rest)


# --------------------------------------------------------------------------- modules


class Windowed(Module):
    """What convolutions and transposed convolutions share: channels, groups, window, bias."""

    rank = 0

    def _set(self, channels: tuple[int, int], groups: int, kernel_size, stride, dilation) -> None:
        self.in_channels, self.out_channels = at_least(channels[0], 1, "in_channels"), at_least(channels[1], 1, "out_channels")
        self.groups = at_least(groups, 1, "groups")
        if self.in_channels % groups or self.out_channels % groups:
            raise InputError(f"{self.in_channels} and {self.out_channels} channels do not split into {groups} groups", code="TC124")
        self.kernel_size = integers(kernel_size, self.rank, "kernel_size")
        self.stride, self.dilation = integers(stride, self.rank, "stride"), integers(dilation, self.rank, "dilation")

    def extra_repr(self) -> str:
        """Return the channels and the window."""
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"

    def _expect_images(self, x: Tensor) -> None:
        good = x.ndim == self.rank + 2 and x.shape[1] == self.in_channels
        self.expect(good, f"(batch, {self.in_channels}, {self.rank} spatial axes)", x)


class Convolution(Windowed):
    """A convolution in ``rank`` dimensions; use `Conv1d`, `Conv2d`, `Conv3d`."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int | Sequence[int], stride: int | Sequence[int] = 1,
        padding: int | str | Sequence[int] = 0, dilation: int | Sequence[int] = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros",
    ) -> None:  # fmt: skip
        self._set((in_channels, out_channels), groups, kernel_size, stride, dilation)
        self.padding = padding if isinstance(padding, str) else integers(padding, self.rank, "padding", 0)
        self.padding_mode = one_of(padding_mode, PADDING_MODES, "padding_mode")
        self.weight = Parameter((out_channels, in_channels // groups, *self.kernel_size))
        self.bias = Parameter((out_channels,)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Apply the convolution."""
        self._expect_images(x)
        return convolve(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups, self.padding_mode)


class Conv1d(Convolution):
    """Convolution of ``(batch, channels, length)``."""

    rank = 1


class Conv2d(Convolution):
    """Convolution of ``(batch, channels, height, width)``."""

    rank = 2


class Conv3d(Convolution):
    """Convolution of ``(batch, channels, depth, height, width)``."""

    rank = 3


class TransposedConvolution(Windowed):
    """A transposed convolution in ``rank`` dimensions; use `ConvTranspose1d` and its fellows."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int | Sequence[int], stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0, output_padding: int | Sequence[int] = 0, groups: int = 1, bias: bool = True,
        dilation: int | Sequence[int] = 1,
    ) -> None:  # fmt: skip
        self._set((in_channels, out_channels), groups, kernel_size, stride, dilation)
        self.padding = integers(padding, self.rank, "padding", 0)
        self.output_padding = integers(output_padding, self.rank, "output_padding", 0)
        self.weight = Parameter((in_channels, out_channels // groups, *self.kernel_size))
        self.bias = Parameter((out_channels,)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Apply the transposed convolution."""
        self._expect_images(x)
        return convolve_transposed(x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation)


class ConvTranspose1d(TransposedConvolution):
    """Transposed convolution of ``(batch, channels, length)``."""

    rank = 1


class ConvTranspose2d(TransposedConvolution):
    """Transposed convolution of ``(batch, channels, height, width)``."""

    rank = 2


class ConvTranspose3d(TransposedConvolution):
    """Transposed convolution of ``(batch, channels, depth, height, width)``."""

    rank = 3


class Padding(Module):
    """Padding of the spatial axes; use `ZeroPad2d`, `ReflectionPad1d` and their fellows."""

    rank, mode = 0, "constant"

    def __init__(self, padding: int | Sequence[int], value: Number = 0) -> None:
        self.padding = integers(padding, 2 * self.rank, "padding", 0)
        self.value = number(value, "value")

    def extra_repr(self) -> str:
        """Return the amounts."""
        return f"{self.padding}"

    def forward(self, x: Tensor) -> Tensor:
        """Pad the last axes."""
        return pad(x, self.padding, self.mode, self.value)


def _padding(title: str, rank: int, mode: str) -> type[Padding]:
    doc = f"Padding of {rank} spatial axes, mode {mode}."
    return type(title, (Padding,), {"rank": rank, "mode": mode, "__doc__": doc, "__module__": __name__})


ZeroPad1d, ZeroPad2d, ZeroPad3d = [_padding(f"ZeroPad{r}d", r, "constant") for r in (1, 2, 3)]
ConstantPad1d, ConstantPad2d, ConstantPad3d = [_padding(f"ConstantPad{r}d", r, "constant") for r in (1, 2, 3)]
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = [_padding(f"ReflectionPad{r}d", r, "reflect") for r in (1, 2, 3)]
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = [_padding(f"ReplicationPad{r}d", r, "replicate") for r in (1, 2, 3)]
CircularPad1d, CircularPad2d, CircularPad3d = [_padding(f"CircularPad{r}d", r, "circular") for r in (1, 2, 3)]


class Upsample(Module):
    """Resampling of the spatial axes."""

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: int | Sequence[int] | None = None, mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:  # fmt: skip
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners

    def forward(self, x: Tensor) -> Tensor:
        """Resample."""
        return interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)


class PixelShuffle(Module):
    """Channels to pixels."""

    def __init__(self, upscale_factor: int) -> None:
        self.factor = at_least(upscale_factor, 1, "upscale_factor")

    def forward(self, x: Tensor) -> Tensor:
        """Rearrange."""
        return pixel_shuffle(x, self.factor)


class PixelUnshuffle(Module):
    """Pixels to channels."""

    def __init__(self, downscale_factor: int) -> None:
        self.factor = at_least(downscale_factor, 1, "downscale_factor")

    def forward(self, x: Tensor) -> Tensor:
        """Rearrange."""
        return pixel_unshuffle(x, self.factor)


class ChannelShuffle(Module):
    """Channels in another order."""

    def __init__(self, groups: int) -> None:
        self.groups = at_least(groups, 1, "groups")

    def forward(self, x: Tensor) -> Tensor:
        """Rearrange."""
        return channel_shuffle(x, self.groups)


class Unfold(Module):
    """Patches as columns."""

    def __init__(
        self, kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
        stride: int | Sequence[int] = 1,
    ) -> None:  # fmt: skip
        self.arguments = (kernel_size, dilation, padding, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return the patches."""
        return unfold(x, *self.arguments)


class Fold(Module):
    """Patches put back in place and added."""

    def __init__(
        self, output_size: int | Sequence[int], kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0, stride: int | Sequence[int] = 1,
    ) -> None:  # fmt: skip
        self.arguments = (output_size, kernel_size, dilation, padding, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return the image."""
        return fold(x, *self.arguments)


class Flatten(Module):
    """A range of axes merged into one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Tensor) -> Tensor:
        """Reshape."""
        return x.flatten(self.start_dim, self.end_dim)


class Unflatten(Module):
    """One axis split into several."""

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim, self.sizes = dim, tuple(unflattened_size)

    def forward(self, x: Tensor) -> Tensor:
        """Reshape."""
        return x.unflatten(self.dim, self.sizes)


class PatchEmbedding(Module):
    """Non-overlapping patches of an image as a sequence of vectors ``(batch, positions, features)``."""

    def __init__(self, in_channels: int, features: int, patch: int) -> None:
        self.projection = Conv2d(in_channels, features, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        """Project the patches."""
        return self.projection(x).flatten(2).transpose(1, 2)
