"""Selection of entries: slices, gathers, scatters, padding, ordering."""

from __future__ import annotations

from math import prod

import numpy as np

from tamecheck.frontends.onnx_ops.elementwise import folded
from tamecheck.frontends.onnx_ops.registry import Call, normal, normals, operator
from tamecheck.frontends.onnx_ops.shapes import expanded, reshaped, slab
from tamecheck.frontends.onnx_ops.values import BOOL, INT64, MAXIMAL_STATIC, Tensor, Unsupported, malformed
from tamecheck.programs.definitions import selection
from tamecheck.programs.definitions.basics import MAXIMAL_LISTED, listed, reshape
from tamecheck.programs.definitions.basics import pad as padded
from tamecheck.programs.definitions.windows import positions

REDUCTIONS = {"none": "none", "add": "sum", "mul": "prod", "max": "max", "min": "min"}


@operator("Slice", "starts ends axes")
def slice_of(c, call: Call):
    """A range with a step along each axis, cut off at the ends."""
    x = call[0]
    rank = len(x.shape)
    if call.version < 10:
        starts, ends = call.integers("starts", ()), call.integers("ends", ())
        axes, steps = call.integers("axes"), None
    else:
        starts, ends = c.ints(call[1], "the starts of a slice"), c.ints(call[2], "the ends of a slice")
        axes = c.ints(call[3], "the axes of a slice") if call.optional(3) is not None else None
        steps = c.ints(call[4], "the steps of a slice") if call.optional(4) is not None else None
    axes = normals(range(len(starts)) if axes is None else axes, rank)
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise malformed("starts, ends, axes and steps of a slice do not match")
    picks = [slice(None)] * rank
    triples = [(0, 1, e) for e in x.shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        extent = x.shape[axis]
        if step > 0:
            low = min(max(start + extent if start < 0 else start, 0), extent)
            high = min(max(end + extent if end < 0 else end, 0), extent)
            count = max(-(-(high - low) // step), 0)
        else:
            low = min(max(start + extent if start < 0 else start, 0), extent - 1)
            high = min(max(end + extent if end < 0 else end, -1), extent - 1)
            count = max(-(-(low - high) // -step), 0) if extent else 0
        triples[axis] = (low if count else 0, step if count else 1, count)
        stop = low + step * count
        picks[axis] = slice(low, stop if stop >= 0 else None, step) if count else slice(0, 0)
    if triples == [(0, 1, e) for e in x.shape]:
        return x
    place = tuple(picks)
    return c.moved(x, lambda v: v[place], lambda n: c.p.reindex(("slice", tuple(triples)), n))


# ------------------------------------------------------------------------- padding


@operator("Pad", "mode pads paddings value")
def pad(c, call: Call):
    """Entries added at the ends of axes: a constant, the edge, the reflection, or the other end."""
    x = call[0]
    rank = len(x.shape)
    fill: Tensor | None = None
    axes = None
    if call.version < 11:
        amounts = call.integers("pads", call.integers("paddings", ()))
        fill = Tensor((), x.dtype, splat=call.number("value", 0))
    else:
        amounts = c.ints(call[1], "the amounts of padding")
        fill = call.optional(2)
        axes = c.ints(call[3], "the axes of padding") if call.optional(3) is not None else None
    axes = list(range(rank)) if axes is None else normals(axes, rank)
    if len(amounts) != 2 * len(axes):
        raise malformed(f"{len(amounts)} amounts of padding for {len(axes)} axes")
    pairs = [(0, 0)] * rank
    for k, axis in enumerate(axes):
        pairs[axis] = (amounts[k], amounts[len(axes) + k])
    mode = call.text("mode", "constant")
    if mode == "constant":
        return constant_pad(c, x, pairs, fill)
    if mode not in ("edge", "reflect", "wrap"):
        raise malformed("attribute mode is not a padding")
    for axis, (before, after) in enumerate(pairs):
        extent = x.shape[axis]
        if before == after == 0:
            continue
        if extent == 0 or before + extent + after < 0 or before + extent + after < 1:
            raise malformed(f"padding ({before}, {after}) of an axis of extent {extent}")
        listed(before + extent + after)
        places = [_folded_place(i, extent, mode) for i in range(-before, extent + after)]
        x = gathered(c, x, axis, places, (len(places),))
    return x


def _folded_place(i: int, extent: int, mode: str) -> int:
    if mode == "edge" or extent == 1:
        return min(max(i, 0), extent - 1)
    if mode == "wrap":
        return i % extent
    i %= 2 * (extent - 1)
    return i if i < extent else 2 * (extent - 1) - i


def constant_pad(c, x: Tensor, pairs: list, fill: Tensor | None) -> Tensor:
    """Return the tensor padded with one number, or cropped where an amount is negative."""
    if fill is not None and fill.size != 1:
        raise malformed(f"the padding value has shape {list(fill.shape)}")
    known = x.node is None and c.static(x) and (fill is None or (fill.node is None and c.static(fill)))
    if known and prod([b + e + a for e, (b, a) in zip(x.shape, pairs, strict=True)]) <= MAXIMAL_STATIC:
        value = 0 if fill is None else fill.entries()[0]
        low = tuple([slice(max(-b, 0), e + min(a, 0)) for e, (b, a) in zip(x.shape, pairs, strict=True)])
        grown = [(max(b, 0), max(a, 0)) for b, a in pairs]
        return c.fold(np.pad(x.exact()[low], grown, constant_values=value), x.dtype)
    n, holes = c.finite(x)
    if fill is not None and fill.node is None and fill.is_static and fill.entries()[0] == float("-inf"):
        inner = holes if holes is not None else Tensor((), BOOL, splat=0)
        beyond = constant_pad(c, c.spread(inner, x.shape), pairs, Tensor((), BOOL, splat=1))
        return Tensor(beyond.shape, x.dtype, padded(c.p, n, pairs), holes=beyond)
    value = None
    if fill is not None and not (fill.node is None and fill.is_static and fill.entries()[0] == 0):
        value = c.node(fill)
        value = reshape(c.p, value, ()) if fill.shape else value
    result = c.new(padded(c.p, n, pairs, value), x.dtype)
    if holes is not None:
        result.holes = constant_pad(c, c.spread(holes, x.shape), pairs, None)
    return result


@operator("CenterCropPad", "axes")
def center_crop_pad(c, call: Call):
    """Each chosen axis cropped or padded with zeros around its middle."""
    x = call[0]
    target = c.ints(call[1], "the shape")
    axes = normals(call.integers("axes", range(len(x.shape))), len(x.shape))
    if len(target) != len(axes):
        raise malformed(f"{len(target)} extents for {len(axes)} axes")
    pairs = [(0, 0)] * len(x.shape)
    for axis, new in zip(axes, target, strict=True):
        gap = new - x.shape[axis]
        before = gap // 2 if gap >= 0 else -(-gap // 2)
        pairs[axis] = (before, gap - before)
    return constant_pad(c, x, pairs, None)


# ------------------------------------------------------------------------- gathers


def gathered(c, x: Tensor, axis: int, places: list[int], shape: tuple) -> Tensor:
    """Return entries along an axis at known places, arranged in ``shape``."""
    extent = x.shape[axis]
    if any(not -extent <= i < extent for i in places):
        raise malformed(f"an index leaves an axis of extent {extent}")
    chosen = tuple([i % extent for i in places])
    index = np.array(chosen, dtype=np.int64).reshape(shape)
    return c.moved(x, lambda v: np.take(v, index, axis), lambda n: c.p.reindex(("gather", axis, chosen, shape), n))


def wrapped(c, index: Tensor, extent: int) -> int:
    """Return the node of an index, counted from the end where it is negative."""
    return selection.wrapped(c.p, c.node(index), extent)


def known_index(c, t: Tensor) -> bool:
    """Tell whether indices are constants."""
    return t.is_static and t.size <= MAXIMAL_LISTED


@operator("Gather", "axis")
def gather(c, call: Call):
    """Rows at given places along an axis; computed places are a lookup."""
    x, index = call[0], call[1]
    axis = call.axis("axis", len(x.shape), 0)
    if known_index(c, index):
        return gathered(c, x, axis, c.ints(index, "the indices"), index.shape)
    c.weight(x)
    return c.new(c.p.lookup(c.node(x), wrapped(c, index, x.shape[axis]), axis), x.dtype)


@operator("GatherElements", "axis")
def gather_elements(c, call: Call):
    """One place along an axis for every entry of the result."""
    x, index = call[0], call[1]
    axis = call.axis("axis", len(x.shape), 0)
    if known_index(c, index):
        places = element_places(x.shape, index.shape, axis, c.ints(index, "the indices"))
        return gathered(c, reshaped(c, x, (x.size,)), 0, places, index.shape)
    return c.new(selection.gather_along(c.p, c.node(x), wrapped(c, index, x.shape[axis]), axis), x.dtype)


def element_places(shape: tuple, own: tuple, axis: int, index: list[int]) -> list[int]:
    """Return the row-major places in ``shape`` that an index tensor of shape ``own`` along ``axis`` names."""
    if len(own) != len(shape) or any(o > e for k, (o, e) in enumerate(zip(own, shape, strict=True)) if k != axis):
        raise malformed(f"indices of shape {list(own)} into {list(shape)} along axis {axis}")
    extent = shape[axis]
    listed(prod(own))
    if any(not -extent <= i < extent for i in index):
        raise malformed(f"an index leaves an axis of extent {extent}")
    grid = np.indices(own) if own else np.zeros((0,), dtype=np.int64)
    total = np.zeros(own, dtype=np.int64)
    for k in range(len(shape)):
        place = np.array(index, dtype=np.int64).reshape(own) % extent if k == axis else grid[k]
        total += place * prod(shape[k + 1 :])
    return total.ravel().tolist()


def flat_index(c, index: Tensor, extents: tuple) -> Tensor:
    """Return the row-major place that the last axis of an index tensor names in ``extents``."""
    strides = [prod(extents[k + 1 :]) for k in range(len(extents))]
    if known_index(c, index):
        rows = np.array(c.ints(index, "the indices"), dtype=np.int64).reshape(-1, len(extents))
        if any(((rows[:, k] < -e) | (rows[:, k] >= e)).any() for k, e in enumerate(extents)):
            raise malformed(f"an index leaves the extents {list(extents)}")
        return c.ints_tensor(((rows % np.array(extents)) @ np.array(strides)).tolist(), index.shape[:-1])
    n = c.node(index)
    bounds = c.p.values(extents, (len(extents),))
    n = c.p.where(c.p.compare("lt", n, c.p.constant(0)), c.p.map("add", n, bounds), n)
    letters = "abcdefghijklmnopqrstuvwxy"[: len(index.shape) - 1]
    return c.new(c.p.contract(f"{letters}z,z->{letters}", n, c.p.values(strides, (len(strides),))), INT64)


@operator("GatherND", "batch_dims")
def gather_nd(c, call: Call):
    """Blocks at places named by the last axis of the indices, within each batch."""
    x, index = call[0], call[1]
    batch = call.integer("batch_dims", 0)
    width = index.shape[-1] if index.shape else 0
    if not 0 <= batch <= min(len(x.shape), len(index.shape) - 1) or batch + width > len(x.shape):
        raise malformed(f"indices of shape {list(index.shape)} into {list(x.shape)}")
    if x.shape[:batch] != index.shape[:batch]:
        raise malformed(f"batches {list(x.shape[:batch])} and {list(index.shape[:batch])} differ")
    chosen, rest = x.shape[batch : batch + width], x.shape[batch + width :]
    place = flat_index(c, index, chosen)
    batches, block = prod(x.shape[:batch]), prod(chosen)
    if batches > 1:
        offsets = c.ints_tensor([b * block for b in listed(batches)], x.shape[:batch] + (1,) * (len(index.shape) - 1 - batch))
        place = folded(c, lambda i, j: i + j, [place, offsets], INT64) or c.new(c.p.map("add", c.node(place), c.node(offsets)), INT64)
    rows = reshaped(c, x, (batches * block, *rest))
    if place.is_static:
        return gathered(c, rows, 0, place.entries(), place.shape)
    return c.new(c.p.lookup(c.node(rows), c.node(place), 0), x.dtype)


# ------------------------------------------------------------------------ scatters


@operator("ScatterElements Scatter", "axis reduction")
def scatter_elements(c, call: Call):
    """Entries replaced, or combined, at one place along an axis for every update."""
    x, index, updates = call[0], call[1], call[2]
    axis = call.axis("axis", len(x.shape), 0)
    reduction = REDUCTIONS.get(call.text("reduction", "none"))
    if reduction is None:
        raise malformed("attribute reduction is not known")
    return scattered(c, x, index, updates, axis, reduction)


def scattered(c, x: Tensor, index: Tensor, updates: Tensor, axis: int, reduction: str) -> Tensor:
    """Return the tensor with entries changed along an axis."""
    if index.shape != updates.shape:
        raise malformed(f"indices of shape {list(index.shape)} for updates of shape {list(updates.shape)}")
    if known_index(c, index):
        places = element_places(x.shape, index.shape, axis, c.ints(index, "the indices"))
        known = x.node is None and updates.node is None and c.static(x) and c.static(updates)
        if reduction == "none" and known and x.size <= MAXIMAL_STATIC:
            array = x.exact().copy().reshape(-1)
            for i, v in zip(places, updates.entries(), strict=True):
                array[i] = v
            return c.fold(array.reshape(x.shape), x.dtype)
        return c.new(selection.scatter_flat(c.p, c.node(x), places, c.node(updates), reduction), x.dtype)
    if reduction == "none":
        c.note("the places computed for these updates are taken to be distinct, as the operator requires")
    n = selection.scatter_along(c.p, c.node(x), wrapped(c, index, x.shape[axis]), c.node(updates), axis, reduction)
    return c.new(n, x.dtype)


@operator("ScatterND", "reduction")
def scatter_nd(c, call: Call):
    """Blocks replaced, or combined, at places named by the last axis of the indices."""
    x, index, updates = call[0], call[1], call[2]
    reduction = REDUCTIONS.get(call.text("reduction", "none"))
    width = index.shape[-1] if index.shape else 0
    if reduction is None or width > len(x.shape) or updates.shape != index.shape[:-1] + x.shape[width:]:
        raise malformed(f"indices of shape {list(index.shape)} and updates of shape {list(updates.shape)} into {list(x.shape)}")
    blocks, block, count = prod(x.shape[:width]), prod(x.shape[width:]), prod(index.shape[:-1])
    place = reshaped(c, flat_index(c, index, x.shape[:width]), (count, 1))
    rows, news = reshaped(c, x, (blocks, block)), reshaped(c, updates, (count, block))
    if place.is_static and reduction == "none" and not (c.static(x) and c.static(updates)):
        source = list(listed(blocks))
        for k, i in enumerate(place.entries()):
            source[i] = blocks + k
        both = c.p.reindex(("concat", 0), c.node(rows), c.node(news))
        n = c.p.reindex(("gather", 0, tuple(source), (blocks,)), both)
        return c.new(reshape(c.p, n, x.shape), x.dtype)
    return reshaped(c, scattered(c, rows, expanded(c, place, (count, block)), news, 0, reduction), x.shape)


@operator("TensorScatter", "axis mode")
def tensor_scatter(c, call: Call):
    """A cache with consecutive entries written from a place per sample."""
    x, updates, start = call[0], call[1], call.optional(2)
    axis = call.axis("axis", len(x.shape), -2)
    mode = call.text("mode", "linear")
    length, extent = updates.shape[axis], x.shape[axis]
    if axis == 0 or len(updates.shape) != len(x.shape) or mode not in ("linear", "circular"):
        raise malformed(f"updates of shape {list(updates.shape)} into {list(x.shape)}")
    start = c.ints_tensor([0] * x.shape[0]) if start is None else start
    steps = c.ints_tensor(listed(length), (length,) + (1,) * (len(x.shape) - 1 - axis))
    first = reshaped(c, start, (x.shape[0],) + (1,) * (len(x.shape) - 1))
    place = folded(c, lambda i, j: (i + j) % extent if mode == "circular" else i + j, [first, steps], INT64)
    if place is None:
        n = c.p.map("add", c.node(first), c.node(steps))
        if mode == "circular":
            # a place lies in 0 .. extent-1 and fewer than extent entries follow: one turn is enough
            n = c.p.where(c.p.compare("ge", n, c.p.constant(extent)), c.p.map("sub", n, c.p.constant(extent)), n)
        place = c.new(n, INT64)
    return scattered(c, x, expanded(c, place, updates.shape), updates, axis, "none")


@operator("OneHot", "axis")
def one_hot(c, call: Call):
    """One number at the place of each index, another elsewhere; an index outside gives the other everywhere."""
    index, values = call[0], call[2]
    depth = c.ints(call[1], "the depth")
    if len(depth) != 1 or depth[0] < 0 or values.shape != (2,):
        raise malformed("the depth is no number, or the values are not two")
    axis = normal(call.integer("axis", -1), len(index.shape) + 1)
    off, on = slab(c, values, 0, 0, 1), slab(c, values, 0, 1, 1)
    n = selection.one_hot(c.p, c.node(index), depth[0], axis, wrap=True)
    return c.new(c.p.where(n, reshape(c.p, c.node(on), ()), reshape(c.p, c.node(off), ())), values.dtype)


@operator("ReverseSequence", "batch_axis time_axis")
def reverse_sequence(c, call: Call):
    """The first entries of each sequence in reverse order, as many as its length."""
    x, lengths = call[0], call[1]
    rank = len(x.shape)
    batch, time = normal(call.integer("batch_axis", 1), rank), normal(call.integer("time_axis", 0), rank)
    if {batch, time} != {0, 1} or lengths.shape != (x.shape[batch],):
        raise malformed(f"lengths of shape {list(lengths.shape)} for {list(x.shape)}")
    steps = x.shape[time]
    own = tuple([x.shape[k] if k in (batch, time) else 1 for k in range(rank)])
    length = reshaped(c, lengths, tuple([x.shape[k] if k == batch else 1 for k in range(rank)]))
    t = c.ints_tensor(listed(steps), tuple([steps if k == time else 1 for k in range(rank)]))
    place = folded(c, lambda i, n: n - 1 - i if i < n else i, [t, length], INT64)
    if place is None:
        i, n = c.node(t), c.node(length)
        back = c.p.map("sub", c.p.map("sub", n, c.p.constant(1)), i)
        place = c.new(c.p.where(c.p.compare("lt", i, n), back, i), INT64)
    place = expanded(c, place, x.shape) if place.is_static or rank > 2 else place
    if place.is_static:
        places = element_places(x.shape, x.shape, time, place.entries())
        return gathered(c, reshaped(c, x, (x.size,)), 0, places, x.shape)
    del own
    return c.new(selection.gather_along(c.p, c.node(x), c.node(place), time), x.dtype)


# -------------------------------------------------------------------- blocks, columns


@operator("DepthToSpace SpaceToDepth", "blocksize mode")
def depth_and_space(c, call: Call):
    """Channels unfolded into space, or space folded into channels."""
    x, b = call[0], call.integer("blocksize")
    if len(x.shape) != 4 or not b or b < 1:
        raise malformed(f"blocks of {b} in shape {list(x.shape)}")
    n, ch, h, w = x.shape
    column_row = call.text("mode", "DCR") == "CRD"
    if call.op == "DepthToSpace":
        split = (n, ch // (b * b), b, b, h, w) if column_row else (n, b, b, ch // (b * b), h, w)
        order = (0, 1, 4, 2, 5, 3) if column_row else (0, 3, 4, 1, 5, 2)
        final = (n, ch // (b * b), h * b, w * b)
    else:
        split = (n, ch, h // b, b, w // b, b)
        order = (0, 1, 3, 5, 2, 4) if column_row else (0, 3, 5, 1, 2, 4)
        final = (n, ch * b * b, h // b, w // b)
    parted = reshaped(c, x, split)
    turned = c.moved(parted, lambda v: v.transpose(order), lambda m: c.p.reindex(("transpose", order), m))
    return reshaped(c, turned, final)


@operator("Col2Im", "dilations pads strides")
def col2im(c, call: Call):
    """Columns of blocks added up where the blocks lie in the image."""
    x = call[0]
    image, block = c.ints(call[1], "the image shape"), c.ints(call[2], "the block shape")
    rank = len(image)
    strides, dilations = call.integers("strides", (1,) * rank), call.integers("dilations", (1,) * rank)
    pads = call.integers("pads", (0,) * (2 * rank))
    if len(x.shape) != 3 or len(block) != rank or not len(strides) == len(dilations) == rank or len(pads) != 2 * rank:
        raise malformed("image, block, strides, dilations and pads do not match")
    batch, channels = x.shape[0], x.shape[1] // max(prod(block), 1)
    counts = [positions(image[k], block[k], strides[k], dilations[k], pads[k], pads[rank + k], False) for k in range(rank)]
    if x.shape[1] != channels * prod(block) or x.shape[2] != prod(counts):
        raise malformed(f"columns of shape {list(x.shape)} for blocks {block} in an image {image}")
    listed(x.size)
    large = [e + pads[k] + pads[rank + k] for k, e in enumerate(image)]
    places = np.zeros((1,) * (2 + 2 * rank), dtype=np.int64)
    shape = (batch, channels, *large)
    for k, (count, extra) in enumerate([(batch, None), (channels, None)]):
        view = [1] * (2 + 2 * rank)
        view[k] = count
        places = places + (np.arange(count) * prod(shape[k + 1 :])).reshape(view)
        del extra
    for k in range(rank):
        stride = prod(shape[3 + k :])
        for slot, count, step in ((2 + k, block[k], dilations[k]), (2 + rank + k, counts[k], strides[k])):
            view = [1] * (2 + 2 * rank)
            view[slot] = count
            places = places + (np.arange(count) * step * stride).reshape(view)
    n = selection.scatter_flat(c.p, c.p.constant(0, shape), places.ravel().tolist(), c.node(x), "sum")
    crop = [(0, 0), (0, 0), *[(-pads[k], -pads[rank + k]) for k in range(rank)]]
    return c.new(padded(c.p, n, crop), x.dtype)


# --------------------------------------------------------------------------- order


@operator("ArgMax ArgMin", "axis keepdims select_last_index")
def arg(c, call: Call):
    """The place of the largest or smallest entry, the first one or the last one at a tie."""
    x = call[0]
    axis = call.axis("axis", len(x.shape), 0)
    what = call.op.lower() + ("_last" if call.integer("select_last_index", 0) else "")
    n = c.p.order(what, c.node(x), axis)
    if not call.integer("keepdims", 1):
        n = reshape(c.p, n, x.shape[:axis] + x.shape[axis + 1 :])
    return c.new(n, INT64)


@operator("TopK", "axis k largest sorted")
def top_k(c, call: Call):
    """The largest (or smallest) entries in order, and their places."""
    x = call[0]
    axis = call.axis("axis", len(x.shape), -1)
    k = call.integer("k") if call.version < 10 else c.ints(call[1], "the number of entries")[0]
    largest = bool(call.integer("largest", 1))
    if k is None:
        raise malformed("attribute k is missing")
    n = c.node(x)
    places = c.new(c.p.order("topk_index", n, axis, k, largest), INT64) if call.wants(1) else None
    return c.new(c.p.order("topk", n, axis, k, largest), x.dtype), places


@operator("CumSum CumProd", "exclusive reverse")
def running(c, call: Call):
    """Running sums and products along an axis."""
    x = call[0]
    axis = normal(int(c.number(call[1], "the axis")), len(x.shape))
    what = "sum" if call.op == "CumSum" else "prod"
    n = c.p.cumulate(what, c.node(x), axis, bool(call.integer("exclusive", 0)), bool(call.integer("reverse", 0)))
    return c.new(n, x.dtype)


@operator("Hardmax", "axis")
def hardmax(c, call: Call):
    """1 at the first largest entry along an axis, 0 elsewhere; before version 13 on a matrix view."""
    x = call[0]
    rank = len(x.shape)
    if call.version < 13:
        axis = normal(call.integer("axis", 1), rank)
        flat = reshaped(c, x, (prod(x.shape[:axis]), prod(x.shape[axis:])))
        return reshaped(c, _hard(c, flat, 1), x.shape)
    return _hard(c, x, normal(call.integer("axis", -1), rank))


def _hard(c, x: Tensor, axis: int) -> Tensor:
    winner = c.p.order("argmax", c.node(x), axis)
    places = c.p.values(listed(x.shape[axis]), (x.shape[axis],) + (1,) * (len(x.shape) - 1 - axis))
    return c.new(c.p.compare("eq", winner, places), x.dtype)


# ------------------------------------------------------- shapes that depend on entries


@operator("NonZero")
def non_zero(c, call: Call):
    """The places of the entries that are not 0; known entries only."""
    x = call[0]
    if x.node is not None or not c.static(x):
        raise Unsupported("the number of its outputs depends on the data, so it is no function between fixed spaces")
    places = np.nonzero(x.exact())
    array = np.array(places, dtype=np.int64).reshape(len(x.shape), -1)
    return c.ints_tensor(array.ravel().tolist(), array.shape)


@operator("Compress", "axis")
def compress(c, call: Call):
    """The entries where a known condition is true."""
    x, condition = call[0], call[1]
    if not condition.is_static:
        raise Unsupported("the number of its outputs depends on the data, so it is no function between fixed spaces")
    places = [k for k, v in enumerate(c.ints(condition, "the condition")) if v]
    axis = call.integer("axis")
    if axis is None:
        return gathered(c, reshaped(c, x, (x.size,)), 0, places, (len(places),))
    return gathered(c, x, normal(axis, len(x.shape)), places, (len(places),))


@operator("Unique", "axis sorted")
def unique(c, call: Call):
    """Distinct entries; known ones only."""
    x = call[0]
    if x.node is not None or not c.static(x) or call.integer("axis") is not None:
        raise Unsupported("the number of its outputs depends on the data, so it is no function between fixed spaces")
    entries = x.entries()
    order = sorted(set(entries)) if call.integer("sorted", 1) else list(dict.fromkeys(entries))
    first = [entries.index(v) for v in order]
    rank = {v: k for k, v in enumerate(order)}
    data = np.array(order, dtype=object)
    counts = [entries.count(v) for v in order] if len(entries) <= 4096 else []
    if not counts:
        raise Unsupported(f"{len(entries)} constants would have to be compared", "TC136")
    inverse = c.ints_tensor([rank[v] for v in entries])
    return c.fold(data, x.dtype), c.ints_tensor(first), inverse, c.ints_tensor(counts)


def truth(c, t: Tensor) -> bool | None:
    """Return a known truth value, or ``None`` when it is computed."""
    if t.size != 1:
        raise malformed(f"a truth value of shape {list(t.shape)}")
    if t.node is None and t.is_static and t.dtype == BOOL:
        return bool(t.entries()[0])
    return None
