"""Convolutions and pools as definitions: windows of a padded tensor, then a contraction or a reduction.

Tensors are ``(batch, channels, *spatial)`` with any number of spatial axes.  No padding
value stands for minus infinity: a maximum over a window that leaves the tensor is taken
over the window's own entries, by reading one of them twice.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from tamecheck.errors import ShapeError
from tamecheck.programs.definitions.basics import along, cut, listed, pad, power, reshape, scaled
from tamecheck.programs.program import Program

Pairs = Sequence[tuple[int, int]]
SHORT = 4096  # windows with fewer places in all have every place listed: fewer nodes
AXES = [tuple(range(2, 2 + rank)) for rank in range(9)]


def conv(
    p: Program, x: int, weight: int, bias: int | None = None, *, stride: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None, padding: Pairs | None = None, groups: int = 1,
) -> int:  # fmt: skip
    """Return the cross-correlation ``y[n,o,s] = sum_{c,k} w[o,c,k] x[n,c,stride*s + dilation*k] + b[o]``.

    Parameters
    ----------
    x : node of shape ``(batch, channels, *spatial)``
    weight : node of shape ``(out, channels // groups, *kernel)``
    bias : node of shape ``(out,)``, optional
    stride, dilation : one integer per spatial axis, 1 when not given
    padding : one ``(before, after)`` per spatial axis, of zeros
    """
    shape, kernel = p.shape(x), p.shape(weight)[2:]
    rank = len(shape) - 2
    if rank < 0 or len(p.shape(weight)) != len(shape):
        raise ShapeError(f"convolution of shape {list(shape)} by weights of shape {list(p.shape(weight))}")
    stride, dilation = tuple(stride or (1,) * rank), tuple(dilation or (1,) * rank)
    if padding is not None and any([b or a for b, a in padding]):
        x = pad(p, x, ((0, 0), (0, 0), *padding))
    channels, out = shape[1], p.shape(weight)[0]
    space, taps = "stuvwxyz"[:rank], "STUVWXYZ"[:rank]
    if rank > 8 or groups < 1 or channels % groups or out % groups or p.shape(weight)[1] * groups != channels:
        raise ShapeError(f"convolution of {channels} channels by weights of shape {list(p.shape(weight))} in {groups} groups")
    pointwise = kernel == stride == (1,) * rank
    if not pointwise:
        x = p.reindex(("windows", AXES[rank], kernel, stride, dilation), x)
    inner = space if pointwise else space + taps
    now = p.shape(x)
    if groups == 1:
        # the letters fit by the checks above, so the node is added without reading them again
        y = p.add("contract", (f"ac{inner},oc{taps}->ao{space}",), (x, weight), (now[0], out, *now[2 : 2 + rank]))
    else:
        x = reshape(p, x, (now[0], groups, channels // groups, *now[2:]))
        weight = reshape(p, weight, (groups, out // groups, channels // groups, *kernel))
        y = p.contract(f"agc{inner},goc{taps}->ago{space}", x, weight)
        y = reshape(p, y, (now[0], out, *p.shape(y)[3:]))
    return y if bias is None else p.map("add", y, along(p, bias, 1, rank + 2))


def conv_transpose(
    p: Program, x: int, weight: int, bias: int | None = None, *, stride: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None, padding: Pairs | None = None, output_padding: Sequence[int] | None = None,
    groups: int = 1,
) -> int:  # fmt: skip
    """Return the transposed convolution, the adjoint in ``x`` of `conv` with the same arguments.

    ``weight`` has shape ``(channels, out // groups, *kernel)``.  Zeros are inserted between the
    entries of ``x``, which is then correlated with the reversed kernel; ``padding`` crops the
    result and ``output_padding`` adds positions at its end.
    """
    shape, kernel = p.shape(x), p.shape(weight)[2:]
    rank = len(shape) - 2
    if rank < 0 or rank > 8 or len(p.shape(weight)) != len(shape):
        raise ShapeError(f"transposed convolution of shape {list(shape)} by weights of shape {list(p.shape(weight))}")
    stride, dilation = stride or (1,) * rank, dilation or (1,) * rank
    padding, extra = padding or ((0, 0),) * rank, output_padding or (0,) * rank
    channels, part = shape[1], p.shape(weight)[1]
    if groups < 1 or channels % groups or p.shape(weight)[0] != channels:
        raise ShapeError(f"transposed convolution of {channels} channels by weights of shape {list(p.shape(weight))}")
    if any(s > 1 for s in stride):
        spread, amounts, joined = [*shape[:2]], [(0, 0), (0, 0)], [*shape[:2]]
        for e, s in zip(shape[2:], stride, strict=True):
            spread += [e, 1]
            amounts += [(0, 0), (0, s - 1)]
            joined.append(e * s)
        x = reshape(p, pad(p, reshape(p, x, spread), amounts), joined)
    amounts = [(0, 0), (0, 0)]
    for k, s, d, (b, a), e in zip(kernel, stride, dilation, padding, extra, strict=True):
        amounts.append((d * (k - 1) - b, d * (k - 1) - a + e - (s - 1)))
    x = pad(p, x, amounts)
    weight = cut(p, weight, [(0, 1, channels), (0, 1, part), *[(k - 1, -1, k) if k > 1 else (0, 1, k) for k in kernel]])
    x = p.reindex(("windows", tuple(range(2, 2 + rank)), kernel, (1,) * rank, tuple(dilation)), x)
    space, taps = "stuvwxyz"[:rank], "STUVWXYZ"[:rank]
    if groups == 1:
        y = p.contract(f"ac{space}{taps},co{taps}->ao{space}", x, weight)
    else:
        now = p.shape(x)
        x = reshape(p, x, (now[0], groups, channels // groups, *now[2:]))
        weight = reshape(p, weight, (groups, channels // groups, part, *kernel))
        y = p.contract(f"agc{space}{taps},gco{taps}->ago{space}", x, weight)
        y = reshape(p, y, (now[0], groups * part, *p.shape(y)[3:]))
    return y if bias is None else p.map("add", y, along(p, bias, 1, rank + 2))


# ------------------------------------------------------------------------- pools


def positions(extent: int, size: int, stride: int, dilation: int, before: int, after: int, ceil: bool) -> int:
    """Return how many windows fit an axis; ``ceil`` admits a last one that starts inside and ends outside."""
    reach = dilation * (size - 1) + 1
    room = extent + before + after - reach
    if min(size, stride, dilation) < 1 or room < 0 and not ceil:
        raise ShapeError(f"window of reach {reach} on a padded axis of extent {extent + before + after}")
    count = (-(-room // stride) if ceil else room // stride) + 1
    while ceil and count > 1 and (count - 1) * stride >= extent + before:
        count -= 1
    if count < 1:
        raise ShapeError(f"window of reach {reach} on a padded axis of extent {extent + before + after}")
    return count


def taps(extent: int, size: int, stride: int, dilation: int, before: int, count: int) -> list[list[int]]:
    """Return the places each window reads along one axis; places outside ``0 .. extent-1`` are padding."""
    listed(count * size)
    return [[i * stride - before + t * dilation for t in range(size)] for i in range(count)]


def _inside(start: int, size: int, dilation: int, low: int, high: int) -> int:
    """Return how many of the places ``start + t * dilation`` lie in ``low .. high - 1``."""
    return max(min((high - 1 - start) // dilation, size - 1) - max(-((start - low) // dilation), 0) + 1, 0)


def _options(rank: int, size, stride, dilation, padding):
    one = (1,) * rank
    return tuple(size), tuple(stride or one), tuple(dilation or one), tuple(padding or ((0, 0),) * rank)


def max_pool(
    p: Program, x: int, size: Sequence[int], *, stride: Sequence[int] | None = None, dilation: Sequence[int] | None = None,
    padding: Pairs | None = None, ceil: bool = False,
) -> int:  # fmt: skip
    """Return the maximum over each window; padding never wins, it is not there."""
    w = max_windows(p, x, size, stride=stride, dilation=dilation, padding=padding, ceil=ceil)
    rank = len(size)
    last = len(p.shape(w))
    return p.reduce("max", w, range(last - rank, last))


def max_windows(
    p: Program, x: int, size: Sequence[int], *, stride: Sequence[int] | None = None, dilation: Sequence[int] | None = None,
    padding: Pairs | None = None, ceil: bool = False,
) -> int:  # fmt: skip
    """Return ``(batch, channels, *positions, *size)``: each window, its padding replaced by its first real entry per axis.

    Leading axes before the spatial ones are kept, so ``x`` may have any rank of at least ``len(size)``.
    """
    rank, lead = len(size), len(p.shape(x)) - len(size)
    size, stride, dilation, padding = _options(rank, size, stride, dilation, padding)
    spatial = p.shape(x)[lead:]
    counts = [positions(e, *o[:3], *o[3], ceil) for e, o in zip(spatial, zip(size, stride, dilation, padding, strict=True), strict=True)]
    inside = not ceil and not any(b or a for b, a in padding)
    if inside:
        return p.reindex(("windows", tuple(range(lead, lead + rank)), size, stride, dilation), x)
    if sum([c * k for c, k in zip(counts, size, strict=True)]) > SHORT:
        for k in range(rank):
            x = _axis_windows(p, x, lead + k, size[k], stride[k], dilation[k], padding[k][0], counts[k])
        return x
    for k in range(rank):
        places = _places(spatial[k], size[k], stride[k], dilation[k], padding[k][0], counts[k])
        x = p.reindex(("gather", lead + 2 * k, tuple(places), (counts[k], size[k])), x)
    order = (*range(lead), *range(lead, lead + 2 * rank, 2), *range(lead + 1, lead + 2 * rank, 2))
    return p.reindex(("transpose", order), x)


def _places(extent: int, size: int, stride: int, dilation: int, before: int, count: int) -> list[int]:
    """Return the places that windows along one axis read, row by row; padding reads the window's first real entry."""
    chosen: list[int] = []
    for row in taps(extent, size, stride, dilation, before, count):
        real = next((i for i in row if 0 <= i < extent), None)
        if real is None:
            raise ShapeError(f"a pooling window lies in the padding only: size {size}, padding {before}, extent {extent}")
        chosen += [i if 0 <= i < extent else real for i in row]
    return chosen


def _axis_windows(p: Program, x: int, axis: int, size: int, stride: int, dilation: int, before: int, count: int) -> int:
    """Return the windows along one axis, their entries on a new last axis; padding reads the window's first real entry.

    Windows that stay inside are one reindexing; only those at the two ends have their places listed.
    """
    extent, rank = p.shape(x)[axis], len(p.shape(x))
    reach = dilation * (size - 1)
    first = min(-(-before // stride), count)
    last = min(max((extent - 1 - reach + before) // stride + 1, first), count)
    parts = []
    for low, high in ((0, first), (last, count)):
        chosen = _places(extent, size, stride, dilation, before - low * stride, high - low)
        if chosen:
            end = p.reindex(("gather", axis, tuple(chosen), (high - low, size)), x)
            order = (*range(axis + 1), *range(axis + 2, rank + 1), axis + 1)
            parts.append(p.reindex(("transpose", order), end))
    if last > first:
        start = first * stride - before
        triples = [(0, 1, e) for e in p.shape(x)]
        triples[axis] = (start, 1, (last - 1 - first) * stride + reach + 1)
        inner = p.reindex(("windows", (axis,), (size,), (stride,), (dilation,)), cut(p, x, triples))
        parts.insert(1 if first else 0, inner)
    return p.reindex(("concat", axis), *parts)


def sum_pool(
    p: Program, x: int, size: Sequence[int], *, stride: Sequence[int] | None = None, dilation: Sequence[int] | None = None,
    padding: Pairs | None = None, ceil: bool = False,
) -> int:  # fmt: skip
    """Return the sum over each window, padding counted as zero."""
    rank, lead = len(size), len(p.shape(x)) - len(size)
    size, stride, dilation, padding = _options(rank, size, stride, dilation, padding)
    amounts = [(0, 0)] * lead
    for e, k, s, d, (b, a) in zip(p.shape(x)[lead:], size, stride, dilation, padding, strict=True):
        count = positions(e, k, s, d, b, a, ceil)
        needed = (count - 1) * s + d * (k - 1) + 1
        amounts.append((b, max(a, needed - e - b)))
    w = p.reindex(("windows", tuple(range(lead, lead + rank)), size, stride, dilation), pad(p, x, amounts))
    last = len(p.shape(w))
    return p.reduce("sum", w, range(last - rank, last))


def avg_pool(
    p: Program, x: int, size: Sequence[int], *, stride: Sequence[int] | None = None, dilation: Sequence[int] | None = None,
    padding: Pairs | None = None, ceil: bool = False, count_include_pad: bool = False, divisor: int | None = None,
) -> int:  # fmt: skip
    """Return the mean over each window.

    The divisor is the number of real entries in the window, or with ``count_include_pad`` of
    entries inside the padded tensor (what ``ceil`` adds beyond it never counts), or ``divisor``.
    """
    total = sum_pool(p, x, size, stride=stride, dilation=dilation, padding=padding, ceil=ceil)
    rank, lead = len(size), len(p.shape(x)) - len(size)
    size, stride, dilation, padding = _options(rank, size, stride, dilation, padding)
    if divisor is not None:
        return scaled(p, total, Fraction(1, divisor))
    common = Fraction(1)
    for k in range(rank):
        e, count = p.shape(x)[lead + k], p.shape(total)[lead + k]
        low, high = (-padding[k][0], e + padding[k][1]) if count_include_pad else (0, e)
        counts = [_inside(i * stride[k] - padding[k][0], size[k], dilation[k], low, high) for i in listed(count)]
        if not all(counts):
            raise ShapeError(f"an averaging window lies in the padding only: size {size[k]}, padding {padding[k]}, extent {e}")
        if len(set(counts)) == 1:
            common /= counts[0]
        else:
            reciprocals = p.values([Fraction(1, c) for c in counts], (count,))
            total = p.map("mul", total, along(p, reciprocals, lead + k, lead + rank))
    return scaled(p, total, common)


def lp_pool(
    p: Program, x: int, size: Sequence[int], exponent: Fraction | int = 2, *, stride: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None, padding: Pairs | None = None, ceil: bool = False,
) -> int:  # fmt: skip
    """Return ``(sum |x|^q)^(1/q)`` over each window."""
    q = Fraction(exponent)
    inner = p.map("mul", x, x) if q == 2 else power(p, p.map("abs", x), q)
    return power(p, sum_pool(p, inner, size, stride=stride, dilation=dilation, padding=padding, ceil=ceil), 1 / q)


def max_pool_index(
    p: Program, x: int, size: Sequence[int], *, stride: Sequence[int] | None = None, dilation: Sequence[int] | None = None,
    padding: Pairs | None = None, ceil: bool = False, column_major: bool = False,
) -> int:  # fmt: skip
    """Return, for each window, the row-major spatial place of its maximum, the first one at a tie.

    ``column_major`` counts places with the first spatial axis fastest.
    """
    w = max_windows(p, x, size, stride=stride, dilation=dilation, padding=padding, ceil=ceil)
    rank, lead = len(size), len(p.shape(x)) - len(size)
    spatial, counts = p.shape(x)[lead:], p.shape(w)[lead : lead + rank]
    stride, dilation, padding = _options(rank, size, stride, dilation, padding)[1:]
    step, table = 1, [0] * rank
    for k in range(rank) if column_major else reversed(range(rank)):
        rows = taps(spatial[k], size[k], stride[k], dilation[k], padding[k][0], counts[k])
        real = [next(i for i in row if 0 <= i < spatial[k]) for row in rows]
        own = [step * (i if 0 <= i < spatial[k] else r) for row, r in zip(rows, real, strict=True) for i in row]
        shape = [1] * (2 * rank)
        shape[k], shape[rank + k] = counts[k], size[k]
        table[k] = p.values(own, shape)
        step *= spatial[k]
    place = table[0]
    for other in table[1:]:
        place = p.map("add", place, other)
    together = len(listed(prod(size)))
    place = reshape(p, place, (*counts, together))
    winner = p.order("argmax", reshape(p, w, (*p.shape(w)[:-rank], together)), -1)
    hit = p.compare("eq", winner, p.values(range(together), (together,)))
    return p.reduce("sum", p.map("mul", hit, place), [-1])
