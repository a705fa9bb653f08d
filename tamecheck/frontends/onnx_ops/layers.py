"""Layers with weights: convolutions, pools, matrix products, batch and group norms, dropout."""

from __future__ import annotations

from fractions import Fraction

from tamecheck.frontends.onnx_ops.indexing import truth
from tamecheck.frontends.onnx_ops.registry import Call, operator
from tamecheck.frontends.onnx_ops.shapes import reshaped
from tamecheck.frontends.onnx_ops.values import BOOL, INT64, Tensor, Unsupported, malformed
from tamecheck.programs.definitions import windows
from tamecheck.programs.definitions.basics import along, listed, matmul, scaled
from tamecheck.programs.definitions.normalisation import batch_norm, group_norm, instance_norm, standardize


def window_options(call: Call, spatial: tuple, kernel: tuple) -> tuple[tuple, tuple, list[tuple[int, int]]]:
    """Return strides, dilations and ``(before, after)`` pads per spatial axis, with ``auto_pad`` worked out."""
    rank = len(spatial)
    one = (1,) * rank
    stride, dilation = call.integers("strides") or one, call.integers("dilations") or one
    pads = call.integers("pads")
    if len(stride) != rank or len(dilation) != rank or len(kernel) != rank or (pads and len(pads) != 2 * rank):
        raise malformed(f"kernel {list(kernel)}, strides {list(stride)}, dilations {list(dilation)} or pads for {rank} spatial axes")
    if min(*stride, *dilation, *kernel, 1) < 1:
        raise malformed("an extent, stride or dilation of a window is not positive")
    how = call.text("auto_pad", "NOTSET")
    if how == "NOTSET":
        if not pads:
            return stride, dilation, [(0, 0)] * rank
        return stride, dilation, [(pads[k], pads[rank + k]) for k in range(rank)]
    if how == "VALID":
        return stride, dilation, [(0, 0)] * rank
    if how not in ("SAME_UPPER", "SAME_LOWER"):
        raise malformed("attribute auto_pad is not known")
    pairs = []
    for e, k, s, d in zip(spatial, kernel, stride, dilation, strict=True):
        total = max((-(-e // s) - 1) * s + d * (k - 1) + 1 - e, 0)
        small = total // 2
        pairs.append((small, total - small) if how == "SAME_UPPER" else (total - small, small))
    return stride, dilation, pairs


@operator("Conv", "auto_pad dilations group kernel_shape pads strides")
def conv(c, call: Call):
    """Convolution with strides, dilations, padding, groups and bias."""
    x, w = call[0], call[1]
    kernel = w.shape[2:]
    given = call.integers("kernel_shape")
    if given is not None and given != kernel:
        raise malformed(f"kernel_shape {list(given)} and weights of shape {list(w.shape)}")
    stride, dilation, padding = window_options(call, x.shape[2:], kernel)
    bias = None if call.optional(2) is None else c.weight(call[2])
    n = windows.conv(
        c.p, c.node(x), c.weight(w), bias, stride=stride, dilation=dilation, padding=padding, groups=call.integer("group", 1)
    )
    return c.new(n, x.dtype)


@operator("ConvTranspose", "auto_pad dilations group kernel_shape output_padding output_shape pads strides")
def conv_transpose(c, call: Call):
    """Transposed convolution; a requested output shape decides the padding."""
    x, w = call[0], call[1]
    kernel, spatial = w.shape[2:], x.shape[2:]
    rank = len(spatial)
    stride, dilation = call.integers("strides") or (1,) * rank, call.integers("dilations") or (1,) * rank
    extra = call.integers("output_padding") or (0,) * rank
    pads, target = call.integers("pads"), call.integers("output_shape")
    how = call.text("auto_pad", "NOTSET")
    if not len(kernel) == len(stride) == len(dilation) == len(extra) == rank or (pads and len(pads) != 2 * rank):
        raise malformed(f"weights of shape {list(w.shape)} for {rank} spatial axes")
    if how in ("SAME_UPPER", "SAME_LOWER") and not target:
        target = tuple([e * s for e, s in zip(spatial, stride, strict=True)])
    if target:
        padding = []
        for e, k, s, d, o, t in zip(spatial, kernel, stride, dilation, extra, target[-rank:], strict=True):
            total = s * (e - 1) + o + d * (k - 1) + 1 - t
            small = total // 2  # also when the output asked for is larger, as in the standard's own example
            padding.append((small, total - small) if how == "SAME_UPPER" else (total - small, small))
    else:
        padding = [(pads[k], pads[rank + k]) for k in range(rank)] if pads and how == "NOTSET" else [(0, 0)] * rank
    bias = None if call.optional(2) is None else c.weight(call[2])
    n = windows.conv_transpose(
        c.p, c.node(x), c.weight(w), bias, stride=stride, dilation=dilation, padding=padding, output_padding=extra,
        groups=call.integer("group", 1),
    )  # fmt: skip
    return c.new(n, x.dtype)


@operator("MaxPool AveragePool LpPool", "auto_pad ceil_mode count_include_pad dilations kernel_shape p pads storage_order strides")
def pool(c, call: Call):
    """The maximum, mean or norm over windows."""
    x = call[0]
    size = call.integers("kernel_shape")
    if size is None or len(x.shape) != len(size) + 2:
        raise malformed(f"windows {size} on shape {list(x.shape)}")
    stride, dilation, padding = window_options(call, x.shape[2:], size)
    options = {"stride": stride, "dilation": dilation, "padding": padding, "ceil": bool(call.integer("ceil_mode", 0))}
    n, p = c.node(x), c.p
    if call.op == "AveragePool":
        return c.new(windows.avg_pool(p, n, size, count_include_pad=bool(call.integer("count_include_pad", 0)), **options), x.dtype)
    if call.op == "LpPool":
        order = call.number("p", 2) if call.version < 2 else call.integer("p", 2)
        if not order > 0:
            raise malformed("attribute p is not positive")
        return c.new(windows.lp_pool(p, n, size, Fraction(order), **options), x.dtype)
    result = c.new(windows.max_pool(p, n, size, **options), x.dtype)
    if not call.wants(1):
        return result
    place = windows.max_pool_index(p, n, size, column_major=bool(call.integer("storage_order", 0)), **options)
    # places count through batch and channels too
    batch, channels = x.shape[:2]
    area = x.size // max(batch * channels, 1)
    base = p.values([k * area for k in listed(batch * channels)], (batch, channels) + (1,) * len(size))
    return result, c.new(p.map("add", place, base), INT64)


@operator("MaxUnpool", "kernel_shape pads strides")
def max_unpool(c, call: Call):
    """Entries put back at given places of a larger tensor of zeros."""
    from math import prod

    from tamecheck.programs.definitions.selection import scatter_along

    x, place = call[0], call[1]
    size = call.integers("kernel_shape")
    stride, _, padding = window_options(call, x.shape[2:], size)
    inner = [(e - 1) * s - b - a + k for e, s, (b, a), k in zip(x.shape[2:], stride, padding, size, strict=True)]
    shape = x.shape[:2] + tuple(inner)
    if call.optional(2) is not None:
        shape = tuple(c.ints(call[2], "the output shape"))
    p = c.p
    flat = p.constant(0, (prod(x.shape[:2]) * prod(inner),))
    index = reshaped(c, place, (x.size,))
    n = scatter_along(p, flat, c.node(index), c.node(reshaped(c, x, (x.size,))), 0)
    n = p.reindex(("reshape", x.shape[:2] + tuple(inner)), n)
    if shape != x.shape[:2] + tuple(inner):
        # the operator fills a tensor of the smaller shape and lays it into a corner of the larger one
        amounts = tuple([(0, t - e) for t, e in zip(shape, p.shape(n), strict=True)])
        n = p.reindex(("pad", amounts), n, p.constant(0))
    return c.new(n, x.dtype)


@operator("MatMul")
def mat_mul(c, call: Call):
    """The matrix product with broadcast leading axes."""
    a, b = call[0], call[1]
    left = c.weight(a) if b.node is not None or not b.is_static else c.node(a)
    right = c.weight(b) if a.node is not None or not a.is_static else c.node(b)
    return c.new(matmul(c.p, left, right), a.dtype)


@operator("Gemm", "alpha beta broadcast transA transB")
def gemm(c, call: Call):
    """``alpha * A B + beta * C``"""
    from tamecheck.programs.definitions.basics import gemm as general

    a, b = call[0], call[1]
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise malformed(f"matrices of shapes {list(a.shape)} and {list(b.shape)}")
    bias = None if call.optional(2) is None else c.weight(call[2])
    n = general(
        c.p, c.node(a), c.weight(b), bias, alpha=call.number("alpha", 1), beta=call.number("beta", 1),
        transpose_a=bool(call.integer("transA", 0)), transpose_b=bool(call.integer("transB", 0)),
    )  # fmt: skip
    if len(c.p.shape(n)) != 2:
        raise malformed(f"the summand of shape {list(call[2].shape)} does not fit the product")
    return c.new(n, a.dtype)


@operator("BatchNormalization", "consumed_inputs epsilon is_test momentum spatial training_mode")
def batch_normalization(c, call: Call):
    """Normalisation per channel, with running statistics (constants by default) or those of the batch."""
    x = call[0]
    eps = call.number("epsilon", 1e-5)
    if call.version >= 14:
        training = bool(call.integer("training_mode", 0))
    elif call.version >= 7:
        training = any(call.wants(k) for k in range(1, 5))  # these versions train exactly when more outputs are asked for
    else:
        training = not call.integer("is_test", 0)
    if not call.integer("spatial", 1):
        raise Unsupported("statistics per entry (spatial=0) instead of per channel")
    if len(x.shape) < 2 and not training and x.shape:
        x = reshaped(c, x, x.shape + (1,))
    n, p = c.node(x), c.p
    scale, bias = c.weight(call[1]), c.weight(call[2])
    if not training:
        y = batch_norm(p, n, scale, bias, c.constant(call[3]), c.constant(call[4]), eps=eps)
        return (c.new(y, x.dtype) if x is call[0] else reshaped(c, c.new(y, x.dtype), call[0].shape),)
    rank = len(x.shape)
    axes = [k for k in range(rank) if k != 1]
    y, centre, spread = standardize(p, n, axes, eps)
    y = p.map("add", p.map("mul", y, along(p, scale, 1, rank)), along(p, bias, 1, rank))
    results = [c.new(y, x.dtype)]
    momentum = call.number("momentum", 0.9)
    for k, statistic in ((1, centre), (2, spread)):
        if not call.wants(k):
            results.append(None)
            continue
        new = scaled(p, p.reindex(("reshape", (x.shape[1],)), statistic), 1 - momentum)
        results.append(c.new(p.map("add", scaled(p, c.constant(call[2 + k]), momentum), new), x.dtype))
    saved = [c.new(p.reindex(("reshape", (x.shape[1],)), n), x.dtype) if call.wants(k) else None for k, n in ((3, centre), (4, spread))]
    return (*results, *saved)


@operator("InstanceNormalization", "consumed_inputs epsilon")
def instance_normalization(c, call: Call):
    """Normalisation of each channel of each sample over space."""
    x = call[0]
    n = instance_norm(c.p, c.node(x), c.weight(call[1]), c.weight(call[2]), eps=call.number("epsilon", 1e-5))
    return c.new(n, x.dtype)


@operator("GroupNormalization", "epsilon num_groups stash_type")
def group_normalization(c, call: Call):
    """Normalisation of groups of channels; before version 21 scale and bias are per group."""
    x, groups = call[0], call.integer("num_groups")
    n = group_norm(
        c.p, c.node(x), groups or 0, c.weight(call[1]), c.weight(call[2]), eps=call.number("epsilon", 1e-5),
        scale_per_group=call.version < 21,
    )  # fmt: skip
    return c.new(n, x.dtype)


@operator("Dropout", "consumed_inputs is_test ratio seed")
def dropout(c, call: Call):
    """The identity, as in inference; with random zeros it is not a function of its inputs."""
    x = call[0]
    training = call.optional(2)
    if call.version >= 12:
        on = truth(c, training) if training is not None else False
        ratio = call.optional(1)
        idle = ratio is not None and ratio.node is None and ratio.is_static and ratio.entries()[0] == 0
        if on is None:
            raise Unsupported("whether it drops entries at random is computed from the data")
        if on and not idle:
            raise Unsupported("it drops entries at random, so it is no function of its inputs; export the model for inference")
    if call.version < 7 and not call.integer("is_test", 0):
        raise Unsupported("it drops entries at random (is_test is 0), so it is no function of its inputs; export the model for inference")
    mask = Tensor(x.shape, BOOL if call.version >= 10 else x.dtype, splat=1)
    return x, mask


@operator("CausalConvWithState", "activation")
def causal_conv_with_state(c, call: Call):
    """A depthwise causal convolution that continues from a stored state, and the state after it."""
    from tamecheck.programs.definitions import scalar

    x, w = call[0], call[1]
    bias, state = call.optional(2), call.optional(3)
    if len(x.shape) != 3 or len(w.shape) != 3:
        raise malformed(f"weights of shape {list(w.shape)} for {list(x.shape)}")
    batch, channels, _ = x.shape
    back = w.shape[2] - 1
    p, n = c.p, c.node(x)
    before = p.constant(0, (batch, channels, back)) if state is None else c.node(state)
    whole = p.reindex(("concat", 2), before, n) if back else n
    y = windows.conv(p, whole, c.weight(w), None if bias is None else c.weight(bias), groups=channels)
    how = call.text("activation", "none")
    if how in ("silu", "swish"):
        y = scalar.silu(p, y)
    elif how != "none":
        raise malformed("attribute activation is not known")
    total = p.shape(whole)[2]
    last = p.reindex(("slice", ((0, 1, batch), (0, 1, channels), (total - back if back else 0, 1, back))), whole)
    return c.new(y, x.dtype), c.new(last, x.dtype)


