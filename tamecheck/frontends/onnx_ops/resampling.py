"""Resizing, sampling at computed coordinates, regions of interest.

Static resizing is a linear map along each axis.  Sampling at a computed coordinate ``u`` is
a sum over the pixels ``i`` of their value times ``hat(u - i)``, a function of the coordinate
that is piecewise polynomial: nothing is rounded to find the neighbours.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor, prod

import numpy as np

from tamecheck.frontends.onnx_ops.registry import Call, normals, operator
from tamecheck.frontends.onnx_ops.values import Tensor, Unsupported, malformed
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.basics import along, listed, matmul, reshape, scaled, shifted
from tamecheck.programs.definitions.selection import Taps, cubic_weights, resample
from tamecheck.programs.program import Program

HALF = Fraction(1, 2)


# ------------------------------------------------------------------ static resizing


def _coordinate(i: int, scale: Fraction, old: int, new: int, mode: str, region: tuple) -> Fraction:
    width = scale * old
    if mode == "align_corners":
        return Fraction(0) if width == 1 else Fraction(i) * (old - 1) / (width - 1)
    if mode == "asymmetric":
        return i / scale
    if mode == "tf_crop_and_resize":
        first, last = region
        if width == 1:
            return first * (old - 1) + (last - first) * (old - 1) / 2
        return first * (old - 1) + i * (last - first) * (old - 1) / (width - 1)
    if mode == "pytorch_half_pixel" and new == 1:
        return Fraction(0)
    u = (i + HALF) / scale - HALF
    if mode == "half_pixel_symmetric":
        return Fraction(old, 2) * (1 - new / width) + u
    if mode in ("half_pixel", "pytorch_half_pixel"):
        return u
    raise malformed("attribute coordinate_transformation_mode is not known")


def _nearest(u: Fraction, how: str) -> int:
    low = floor(u)
    rest = u - low
    if rest == 0 or how == "floor":
        return low
    if how == "ceil":
        return low + 1
    if how == "round_prefer_floor":
        return low if rest <= HALF else low + 1
    if how == "round_prefer_ceil":
        return low if rest < HALF else low + 1
    raise malformed("attribute nearest_mode is not known")


def _kernel(u: Fraction, scale: Fraction, mode: str, a: Fraction, smooth: bool) -> list[tuple[int, Fraction]]:
    """Return places and weights around the coordinate ``u``; ``smooth`` widens the kernel when shrinking."""
    low = floor(u)
    if not smooth or scale >= 1:
        if mode == "linear":
            return [(low, 1 - (u - low)), (low + 1, u - low)]
        return [(low - 1 + k, w) for k, w in enumerate(cubic_weights(u - low, a))]
    reach = (1 if mode == "linear" else 2) / scale
    taps = []
    listed(floor(2 * reach) + 3)
    for q in range(floor(u - reach), floor(u + reach) + 2):
        d = abs(q - u) * scale
        if mode == "linear":
            w = max(1 - d, Fraction(0))
        elif d <= 1:
            w = ((a + 2) * d - (a + 3)) * d * d + 1
        else:
            w = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a if d < 2 else Fraction(0)
        if w:
            taps.append((q, w))
    total = sum([w for _, w in taps])
    return [(q, w / total) for q, w in taps]


def _rows(old: int, new: int, scale: Fraction, options: dict, region: tuple) -> tuple[Taps, list[bool]]:
    rows, outside = [], []
    for i in range(new):
        u = _coordinate(i, scale, old, new, options["coordinates"], region)
        outside.append(options["coordinates"] == "tf_crop_and_resize" and not 0 <= u <= old - 1)
        if options["mode"] == "nearest":
            taps = [(_nearest(u, options["nearest"]), Fraction(1))]
        else:
            taps = [(q, w) for q, w in _kernel(u, scale, options["mode"], options["a"], options["smooth"]) if w]
        if options["exclude"]:
            inside = [(q, w) for q, w in taps if 0 <= q < old]
            total = sum([w for _, w in inside])
            taps = [(q, w / total) for q, w in inside] if total else [(0, Fraction(0))]
        gathered: dict[int, Fraction] = {}
        for q, w in taps:
            place = min(max(q, 0), old - 1)
            gathered[place] = gathered.get(place, Fraction(0)) + w
        rows.append(sorted(gathered.items()))
    return rows, outside


def resized(c, x: Tensor, axes: list[int], sizes: list[int], scales: list[Fraction], options: dict, regions: list | None) -> Tensor:
    """Return the tensor resampled along axes to new sizes."""
    p, n = c.p, c.node(x)
    for k, axis in enumerate(axes):
        old, new = p.shape(n)[axis], sizes[k]
        region = (Fraction(0), Fraction(1)) if regions is None else (regions[k], regions[len(axes) + k])
        if old == new and scales[k] == 1 and region == (0, 1):
            continue
        listed(new)
        if old < 1:
            raise malformed(f"an axis of extent {old} is resized to {new}")
        if new == 0:
            n = p.reindex(("slice", tuple([(0, 1, 0 if a == axis else e) for a, e in enumerate(p.shape(n))])), n)
            continue
        rows, outside = _rows(old, new, scales[k], options, region)
        n = resample(p, n, axis, rows)
        if any(outside):
            flags = along(p, p.values([int(f) for f in outside], (new,)), axis, len(x.shape))
            n = p.where(flags, p.constant(options["beyond"]), n)
    return c.new(n, x.dtype)


def _float_size(old: int, scale: Fraction) -> int:
    """Return the extent that frameworks compute in single precision."""
    return int(np.floor(np.float32(old) * np.float32(float(scale))))


@operator(
    "Resize",
    "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value keep_aspect_ratio_policy mode "
    "nearest_mode",
)
def resize(c, call: Call):
    """Nearest, linear or cubic resampling to known sizes."""
    x = call[0]
    rank = len(x.shape)
    axes = normals(call.integers("axes", range(rank)), rank)
    old = [x.shape[a] for a in axes]
    options = {
        "mode": call.text("mode", "nearest"), "coordinates": call.text("coordinate_transformation_mode", "half_pixel"),
        "nearest": call.text("nearest_mode", "round_prefer_floor"), "a": call.number("cubic_coeff_a", -0.75),
        "exclude": bool(call.integer("exclude_outside", 0)), "smooth": bool(call.integer("antialias", 0)),
        "beyond": call.number("extrapolation_value", 0),
    }  # fmt: skip
    if options["mode"] not in ("nearest", "linear", "cubic"):
        raise malformed("attribute mode is not known")
    regions = None
    if call.version == 10:
        options.update(coordinates="asymmetric", nearest="floor")
        scale_input, size_input = call[1], None
    else:
        scale_input, size_input = call.optional(2), call.optional(3)
        if options["coordinates"] == "tf_crop_and_resize":
            regions = [Fraction(v) for v in c.known(call[1], "the region")]
            if len(regions) != 2 * len(axes):
                raise malformed(f"a region of {len(regions)} numbers for {len(axes)} axes")
    if size_input is not None and size_input.size:
        sizes = c.ints(size_input, "the sizes")
        scales = [Fraction(s, o) if o else Fraction(1) for s, o in zip(sizes, old, strict=True)]
        policy = call.text("keep_aspect_ratio_policy", "stretch")
        if policy in ("not_larger", "not_smaller"):
            common = min(scales) if policy == "not_larger" else max(scales)
            scales = [common] * len(axes)
            sizes = [floor(common * o + HALF) for o in old]
        elif policy != "stretch":
            raise malformed("attribute keep_aspect_ratio_policy is not known")
    elif scale_input is not None:
        scales = [Fraction(v) for v in c.known(scale_input, "the scales")]
        if len(scales) != len(axes):
            raise malformed(f"{len(scales)} scales for {len(axes)} axes")
        sizes = [_float_size(o, s) for o, s in zip(old, scales, strict=True)]
    else:
        raise malformed("neither scales nor sizes are given")
    if any(s <= 0 for s in scales) and x.size:
        raise malformed("a scale is not positive")
    return resized(c, x, axes, sizes, scales, options, regions)


@operator("Upsample", "height_scale mode scales width_scale")
def upsample(c, call: Call):
    """The older resizing: each place divided by the scale."""
    x = call[0]
    mode = call.text("mode", "nearest")
    if call.version >= 9:
        scales = [Fraction(v) for v in c.known(call[1], "the scales")]
    elif call.version >= 7:
        scales = [Fraction(v) for v in call.numbers("scales", ())]
    else:
        scales = [Fraction(1), Fraction(1), call.number("height_scale", 1), call.number("width_scale", 1)]
    if len(scales) != len(x.shape) or any(s <= 0 for s in scales) or mode not in ("nearest", "linear", "bilinear"):
        raise malformed(f"{len(scales)} scales for shape {list(x.shape)}, or an unknown mode")
    options = {
        "mode": "nearest" if mode == "nearest" else "linear", "coordinates": "asymmetric", "nearest": "floor", "a": Fraction(-3, 4),
        "exclude": False, "smooth": False, "beyond": 0,
    }  # fmt: skip
    sizes = [_float_size(o, s) for o, s in zip(x.shape, scales, strict=True)]
    return resized(c, x, list(range(len(x.shape))), sizes, scales, options, None)


# -------------------------------------------------------- sampling at coordinates


def hat(p: Program, distance: int) -> int:
    """Return ``max(0, 1 - |d|)``, the weight of linear interpolation."""
    return scalar.relu(p, p.map("sub", p.constant(1), p.map("abs", distance)))


def cubic_hat(p: Program, distance: int, a: Fraction) -> int:
    """Return the weight of cubic interpolation at a distance, by cases ``|d| <= 1``, ``|d| < 2``."""
    d = p.map("abs", distance)

    def polynomial(coefficients: list[Fraction]) -> int:
        total = p.constant(coefficients[0])
        for q in coefficients[1:]:
            total = shifted(p, p.map("mul", total, d), q)
        return total

    near = polynomial([a + 2, -(a + 3), Fraction(0), Fraction(1)])
    far = polynomial([a, -5 * a, 8 * a, -4 * a])
    one, two, zero = p.constant(1), p.constant(2), p.constant(0)
    return p.where(p.compare("le", d, one), near, p.where(p.compare("lt", d, two), far, zero))


def places(p: Program, low: int, high: int) -> int:
    """Return the constant vector of integers from ``low`` to ``high``."""
    listed(high - low + 1)
    return p.values(range(low, high + 1), (high - low + 1,))


def clamp_matrix(p: Program, low: int, high: int, extent: int) -> int:
    """Return the 0/1 matrix that folds places ``low .. high`` onto the nearest of ``0 .. extent-1``."""
    listed((high - low + 1) * extent)
    entries = [int(min(max(q, 0), extent - 1) == i) for q in range(low, high + 1) for i in range(extent)]
    return p.values(entries, (high - low + 1, extent))


def _reflected(p: Program, u: int, low: Fraction, high: Fraction) -> int:
    """Return the coordinate folded back into [low, high] by reflection, a triangle wave."""
    span = high - low
    if span == 0:
        return p.map("mul", u, p.constant(0)) if low == 0 else p.map("add", p.map("mul", u, p.constant(0)), p.constant(low))
    v = shifted(p, u, -low)
    turned = scalar.mod(p, v, p.constant(2 * span))
    return shifted(p, p.map("sub", p.constant(span), p.map("abs", p.map("sub", turned, p.constant(span)))), low)


def _axis_weights(p: Program, u: int, extent: int, mode: str, padding: str, corners: bool, a: Fraction) -> int:
    """Return weights of shape ``u.shape + (extent,)`` for sampling one axis at coordinates ``u``."""
    low, high = (Fraction(0), Fraction(extent - 1)) if corners else (-HALF, extent - HALF)
    own = p.shape(u)
    if mode in ("nearest", "linear") and padding == "reflection":
        u = _reflected(p, u, low, high)
        # between the last pixel and the border the nearest pixel is repeated
        u = scalar.hardtanh(p, u, low=0, high=extent - 1)
    elif padding == "border" and mode != "cubic":
        u = scalar.hardtanh(p, u, low=0, high=extent - 1)
    if mode == "nearest":
        u = p.map("round", u)
        return p.compare("eq", reshape(p, u, (*own, 1)), places(p, 0, extent - 1))
    if mode == "linear":
        return hat(p, p.map("sub", reshape(p, u, (*own, 1)), places(p, 0, extent - 1)))
    if padding == "zeros":
        return cubic_hat(p, p.map("sub", reshape(p, u, (*own, 1)), places(p, 0, extent - 1)), a)
    if padding == "border":
        u = scalar.hardtanh(p, u, low=-2, high=extent + 1)
        weights = cubic_hat(p, p.map("sub", reshape(p, u, (*own, 1)), places(p, -3, extent + 2)), a)
        return matmul(p, weights, clamp_matrix(p, -3, extent + 2, extent))
    raise Unsupported("cubic sampling with reflection at the border")


@operator("GridSample", "align_corners mode padding_mode")
def grid_sample(c, call: Call):
    """Values at computed coordinates in [-1, 1], nearest, linear or cubic."""
    x, grid = call[0], call[1]
    rank = len(x.shape) - 2
    modes = {"bilinear": "linear", "bicubic": "cubic", "linear": "linear", "cubic": "cubic", "nearest": "nearest"}
    mode = modes.get(call.text("mode", "linear" if call.version >= 20 else "bilinear"))
    padding, corners = call.text("padding_mode", "zeros"), bool(call.integer("align_corners", 0))
    if rank < 1 or grid.shape[:1] != x.shape[:1] or grid.shape[-1:] != (rank,) or len(grid.shape) != rank + 2:
        raise malformed(f"a grid of shape {list(grid.shape)} for {list(x.shape)}")
    if mode is None or padding not in ("zeros", "border", "reflection"):
        raise malformed("attribute mode or padding_mode is not known")
    p, n, g = c.p, c.node(x), c.node(grid)
    batch, points = x.shape[0], prod(grid.shape[1:-1])
    g = reshape(p, g, (batch, points, rank))
    weights = []
    for k in range(rank):
        extent = x.shape[2 + k]
        # the last coordinate of the grid belongs to the last axis
        u = reshape(p, p.reindex(("slice", ((0, 1, batch), (0, 1, points), (rank - 1 - k, 1, 1))), g), (batch, points))
        u = shifted(p, u, 1)
        u = scaled(p, u, Fraction(extent - 1, 2)) if corners else shifted(p, scaled(p, u, Fraction(extent, 2)), -HALF)
        weights.append(_axis_weights(p, u, extent, mode, padding, corners, Fraction(-3, 4)))
    space = "uvwxyz"[:rank]
    result = p.contract(f"nc{space}," + ",".join([f"np{s}" for s in space]) + "->ncp", n, *weights)
    return c.new(reshape(p, result, (*x.shape[:2], *grid.shape[1:-1])), x.dtype)


@operator("AffineGrid", "align_corners")
def affine_grid(c, call: Call):
    """Coordinates of a grid under an affine map per sample."""
    theta = call[0]
    size = c.ints(call[1], "the size")
    rank = len(size) - 2
    if theta.shape != (size[0], rank, rank + 1) or rank not in (2, 3):
        raise malformed(f"maps of shape {list(theta.shape)} for a size {size}")
    p = c.p
    listed(prod(size[2:]) * (rank + 1))
    rows: list[Fraction] = []
    steps = []
    for e in size[2:]:
        if call.integer("align_corners", 0):
            steps.append([Fraction(2 * i, e - 1) - 1 if e > 1 else Fraction(0) for i in range(e)])
        else:
            steps.append([Fraction(2 * i + 1, e) - 1 for i in range(e)])
    for place in np.ndindex(*size[2:]):
        rows += [steps[k][place[k]] for k in reversed(range(rank))] + [Fraction(1)]
    base = p.values(rows, (prod(size[2:]), rank + 1))
    grid = p.contract("pk,nrk->npr", base, c.node(theta))
    return c.new(reshape(p, grid, (size[0], *size[2:], rank)), theta.dtype)


@operator("DeformConv", "dilations group kernel_shape offset_group pads strides")
def deform_conv(c, call: Call):
    """Convolution that reads each tap at a computed offset, by linear interpolation."""
    from tamecheck.frontends.onnx_ops.layers import window_options

    x, w, offset = call[0], call[1], call[2]
    bias, mask = call.optional(3), call.optional(4)
    if len(x.shape) != 4 or len(w.shape) != 4:
        raise Unsupported("deformable convolution other than in two dimensions")
    batch, channels, height, width = x.shape
    kernel = w.shape[2:]
    stride, dilation, padding = window_options(call, x.shape[2:], kernel)
    groups, parts = call.integer("group", 1), call.integer("offset_group", 1)
    rows, columns = offset.shape[2:]
    taps = prod(kernel)
    if offset.shape[1] != 2 * parts * taps or channels % parts or channels % groups or w.shape[0] % groups:
        raise malformed(f"offsets of shape {list(offset.shape)} for weights of shape {list(w.shape)}")
    p = c.p
    o = reshape(p, c.node(offset), (batch, parts, taps, 2, rows * columns))
    weights = []
    for axis, extent in ((0, height), (1, width)):
        base = []
        listed(taps * rows * columns)
        for t in range(taps):
            tap = t // kernel[1] if axis == 0 else t % kernel[1]
            for q in range(rows * columns):
                at = q // columns if axis == 0 else q % columns
                base.append(at * stride[axis] - padding[axis][0] + tap * dilation[axis])
        triples = ((0, 1, batch), (0, 1, parts), (0, 1, taps), (axis, 1, 1), (0, 1, rows * columns))
        own = reshape(p, p.reindex(("slice", triples), o), (batch, parts, taps, rows * columns))
        u = p.map("add", own, p.values(base, (taps, rows * columns)))
        weights.append(hat(p, p.map("sub", reshape(p, u, (*p.shape(u), 1)), places(p, 0, extent - 1))))
    image = reshape(p, c.node(x), (batch, parts, channels // parts, height, width))
    if mask is None:
        sampled = p.contract("npchw,nptqh,nptqw->npctq", image, *weights)
    else:
        m = reshape(p, c.node(mask), (batch, parts, taps, rows * columns))
        sampled = p.contract("npchw,nptqh,nptqw,nptq->npctq", image, *weights, m)
    sampled = reshape(p, sampled, (batch, groups, channels // groups, taps, rows * columns))
    out = w.shape[0]
    kernels = reshape(p, c.weight(w), (groups, out // groups, channels // groups, taps))
    y = reshape(p, p.contract("ngctq,goct->ngoq", sampled, kernels), (batch, out, rows, columns))
    return c.new(y if bias is None else p.map("add", y, along(p, c.weight(bias), 1, 4)), x.dtype)


@operator("RoiAlign", "coordinate_transformation_mode mode output_height output_width sampling_ratio spatial_scale")
def roi_align(c, call: Call):
    """Means or maxima of samples in the cells of a computed region; the number of samples must be given."""
    x, regions, index = call[0], call[1], call[2]
    rows, columns = call.integer("output_height", 1), call.integer("output_width", 1)
    ratio, scale = call.integer("sampling_ratio", 0), call.number("spatial_scale", 1.0)
    mode = call.text("mode", "avg")
    shifted_by = HALF if call.text("coordinate_transformation_mode", "half_pixel" if call.version >= 16 else "") == "half_pixel" else 0
    if ratio <= 0:
        raise Unsupported(
            "sampling_ratio 0 takes a number of samples that grows with the region, rounded up: not definable for unbounded regions; "
            "export with a positive sampling_ratio"
        )
    if len(x.shape) != 4 or regions.shape[1:] != (4,) or rows < 1 or columns < 1 or mode not in ("avg", "max"):
        raise malformed(f"regions of shape {list(regions.shape)} for {list(x.shape)}")
    p, count = c.p, regions.shape[0]
    boxes = shifted(p, scaled(p, c.node(regions), scale), -shifted_by)
    weights = []
    for axis, cells, extent in ((1, rows, x.shape[2]), (0, columns, x.shape[3])):
        first = p.reindex(("slice", ((0, 1, count), (axis, 1, 1))), boxes)
        last = p.reindex(("slice", ((0, 1, count), (axis + 2, 1, 1))), boxes)
        span = p.map("sub", last, first)
        if not shifted_by:
            span = p.map("max", span, p.constant(1))
        steps = p.values([(Fraction(k) + HALF) / (ratio * cells) for k in listed(cells * ratio)], (cells * ratio,))
        u = p.map("add", first, p.map("mul", span, steps))
        outside = p.logic("or", p.compare("lt", u, p.constant(-1)), p.compare("gt", u, p.constant(extent)))
        inner = scalar.hardtanh(p, u, low=0, high=extent - 1)
        spread = hat(p, p.map("sub", reshape(p, inner, (count, cells * ratio, 1)), places(p, 0, extent - 1)))
        weights.append(p.where(reshape(p, outside, (count, cells * ratio, 1)), p.constant(0), spread))
    if index.is_static:
        numbers = c.ints(index, "the batch indices")
        images = p.reindex(("gather", 0, tuple(numbers), (count,)), c.node(x))
    else:
        images = p.lookup(c.node(x), c.node(index), 0)
    if mode == "avg":
        samples = p.contract("rchw,rih,rjw->rcij", images, *weights)
    else:
        # the maximum is over the four weighted neighbours of every sample, which only the framework's program takes
        raise Unsupported("the maximum is taken over weighted neighbours of computed samples, which depend on rounding")
    samples = reshape(p, samples, (count, x.shape[1], rows, ratio, columns, ratio))
    return c.new(scaled(p, p.reduce("sum", samples, [3, 5]), Fraction(1, ratio * ratio)), x.dtype)


__all__ = ["affine_grid", "deform_conv", "grid_sample", "hat", "resize", "resized", "roi_align", "upsample"]
