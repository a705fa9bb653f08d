"""Quantised operators: rounding to a grid with saturation, and arithmetic on the codes.

Codes are integers read as real numbers.  A saturated rounding takes finitely many values
between proved bounds, so it is a step function with finitely many steps.
"""

from __future__ import annotations

from fractions import Fraction

from tamecheck.frontends.onnx_ops.layers import window_options
from tamecheck.frontends.onnx_ops.registry import Call, normal, operator
from tamecheck.frontends.onnx_ops.values import FLOAT, INT32, INTEGERS, TINY_FLOATS, UINT8, Tensor, Unsupported, malformed
from tamecheck.programs.definitions import scalar, windows
from tamecheck.programs.definitions.basics import along, listed, matmul, reshape

# significant bits (with the leading one), least exponent of a normal number, largest finite value
TINY = {17: (4, -6, 448), 18: (4, -7, 240), 19: (3, -14, 57344), 20: (3, -15, 57344), 23: (2, 0, 6)}


def tiny_grid(kind: int) -> list[Fraction]:
    """Return the non-negative finite values of an eight-bit or four-bit floating type, in order."""
    bits, least, largest = TINY[kind]
    values = {Fraction(m) * Fraction(2) ** (least - bits + 1) for m in range(2 ** (bits - 1))}
    e = least
    while Fraction(2) ** e <= largest:
        values |= {Fraction(m) * Fraction(2) ** (e - bits + 1) for m in range(2 ** (bits - 1), 2**bits)}
        e += 1
    return sorted(v for v in values if v <= largest)


def tiny_rounded(c, x: Tensor, kind: int, saturate: bool) -> Tensor:
    """Return the nearest value of a small floating type, ties to even, saturating: a sum of finitely many steps."""
    if kind not in TINY:
        raise Unsupported("rounding to powers of two (float8e8m0) is not a function with finitely many values over the reals")
    if not saturate:
        c.note("beyond the largest value of the small floating type the machine gives an infinity or nan; here it saturates")
    n = rounded_to_grid(c.p, c.node(x), tiny_grid(kind))
    return c.new(n, kind)


def rounded_to_grid(p, n: int, grid: list[Fraction]) -> int:
    """Return the nearest of the grid's values and their negatives, ties to the value of even rank."""
    # |x| passes the midpoint after value k: strictly when k is even (a tie stays), else from it on
    steps = [b - a for a, b in zip(grid, grid[1:], strict=False)]
    middles = [(a + b) / 2 for a, b in zip(grid, grid[1:], strict=False)]
    size = reshape(p, p.map("abs", n), (*p.shape(n), 1))
    even = [k for k in range(len(steps)) if k % 2 == 0]
    odd = [k for k in range(len(steps)) if k % 2 == 1]
    total = None
    for ranks, relation in ((even, "gt"), (odd, "ge")):
        if not ranks:
            continue
        hit = p.compare(relation, size, p.values([middles[k] for k in ranks], (len(ranks),)))
        part = p.reduce("sum", p.map("mul", hit, p.values([steps[k] for k in ranks], (len(ranks),))), [-1])
        total = part if total is None else p.map("add", total, part)
    return p.map("mul", p.map("sign", n), total)


def spread(c, t: Tensor, shape: tuple, axis: int, block: int) -> int:
    """Return the node of a scale or zero point, per tensor, per entry of an axis, or per block along it."""
    p, n = c.p, c.node(t)
    if t.size == 1:
        return reshape(p, n, ())
    axis = normal(axis, len(shape))
    if not block:
        if len(t.shape) != 1 or t.shape[0] != shape[axis]:
            raise malformed(f"a scale of shape {list(t.shape)} for axis {axis} of {list(shape)}")
        return along(p, n, axis, len(shape))
    places = tuple([k // block for k in listed(shape[axis])])
    if len(t.shape) != len(shape) or t.shape[axis] != -(-shape[axis] // block):
        raise malformed(f"a scale of shape {list(t.shape)} for blocks of {block} along axis {axis} of {list(shape)}")
    return p.reindex(("gather", axis, places, (shape[axis],)), n)


def saturated(c, n: int, kind: int) -> int:
    """Return the node clamped to the range of an integer type."""
    if kind not in INTEGERS:
        raise malformed("the result's type is not an integer one")
    low, high = INTEGERS[kind]
    return scalar.hardtanh(c.p, n, low=low, high=high)


@operator("QuantizeLinear", "axis block_size output_dtype precision saturate")
def quantize_linear(c, call: Call):
    """``saturate(round(x / scale) + zero point)``"""
    x, scale, zero = call[0], call[1], call.optional(2)
    axis, block = call.integer("axis", 1), call.integer("block_size", 0)
    kind = zero.dtype if zero is not None else call.integer("output_dtype", 0) or UINT8
    p = c.p
    n = p.map("div", c.node(x), spread(c, scale, x.shape, axis, block))
    if kind in TINY_FLOATS:
        return tiny_rounded(c, c.new(n, x.dtype), kind, bool(call.integer("saturate", 1)))
    n = p.map("round", n)
    if zero is not None:
        n = p.map("add", n, spread(c, zero, x.shape, axis, block))
    return c.new(saturated(c, n, kind), kind)


@operator("DequantizeLinear", "axis block_size output_dtype")
def dequantize_linear(c, call: Call):
    """``(x - zero point) * scale``"""
    x, scale, zero = call[0], call[1], call.optional(2)
    axis, block = call.integer("axis", 1), call.integer("block_size", 0)
    p, n = c.p, c.node(x)
    if zero is not None and zero.dtype not in TINY_FLOATS:
        n = p.map("sub", n, spread(c, zero, x.shape, axis, block))
    return c.new(p.map("mul", n, spread(c, scale, x.shape, axis, block)), call.integer("output_dtype", 0) or scale.dtype)


@operator("DynamicQuantizeLinear")
def dynamic_quantize_linear(c, call: Call):
    """Codes 0 .. 255 for the range of the entries and 0; with all entries 0 the scale is 1/255 by cases."""
    x, p = call[0], c.p
    n, zero = c.node(x), p.constant(0)
    axes = range(len(x.shape))
    high = p.map("max", p.reduce("max", n, axes), zero)
    low = p.map("min", p.reduce("min", n, axes), zero)
    span = p.map("sub", high, low)
    span = p.where(p.compare("eq", span, zero), p.constant(1), span)
    top = p.constant(255)
    scale = p.map("div", span, top)
    start = p.map("round", scalar.hardtanh(p, p.map("div", p.map("mul", p.map("neg", low), top), span), low=0, high=255))
    y = scalar.hardtanh(p, p.map("add", p.map("round", p.map("div", p.map("mul", n, top), span)), start), low=0, high=255)
    return c.new(y, UINT8), c.new(scale, FLOAT), c.new(start, UINT8)


def _centred(c, t: Tensor, zero: Tensor | None, rank: int, axis: int, per_row: bool = False) -> int:
    n = c.node(t)
    if zero is None:
        return n
    z = c.node(zero)
    if zero.size == 1:
        z = reshape(c.p, z, ())
    elif len(zero.shape) == 1 and (per_row or zero.shape[0] == t.shape[axis]):
        z = along(c.p, z, axis, rank)
    return c.p.map("sub", n, z)


@operator("ConvInteger", "auto_pad dilations group kernel_shape pads strides")
def conv_integer(c, call: Call):
    """Convolution of codes, zero points subtracted."""
    x, w = call[0], call[1]
    stride, dilation, padding = window_options(call, x.shape[2:], w.shape[2:])
    rank = len(x.shape)
    left, right = _centred(c, x, call.optional(2), rank, 1), _centred(c, w, call.optional(3), rank, 0)
    n = windows.conv(c.p, left, right, stride=stride, dilation=dilation, padding=padding, groups=call.integer("group", 1))
    return c.new(n, INT32)


@operator("MatMulInteger")
def mat_mul_integer(c, call: Call):
    """Matrix product of codes, zero points subtracted (per row on the left, per column on the right)."""
    a, b = call[0], call[1]
    left = _centred(c, a, call.optional(2), len(a.shape), -2, True)
    right = _centred(c, b, call.optional(3), len(b.shape), -1, True)
    return c.new(matmul(c.p, left, right), INT32)


def _requantised(c, n: int, factor: int, zero: Tensor | None, kind: int) -> Tensor:
    p = c.p
    n = p.map("round", p.map("mul", n, factor))
    if zero is not None:
        n = p.map("add", n, reshape(p, c.node(zero), ()) if zero.size == 1 else c.node(zero))
    return c.new(saturated(c, n, kind), kind)


@operator("QLinearConv", "auto_pad dilations group kernel_shape pads strides")
def q_linear_conv(c, call: Call):
    """Convolution of codes, scaled, rounded and saturated."""
    x, w, bias = call[0], call[3], call.optional(8)
    stride, dilation, padding = window_options(call, x.shape[2:], w.shape[2:])
    rank, p = len(x.shape), c.p
    left, right = _centred(c, x, call.optional(2), rank, 1), _centred(c, w, call.optional(5), rank, 0)
    n = windows.conv(
        p, left, right, None if bias is None else c.node(bias), stride=stride, dilation=dilation, padding=padding,
        groups=call.integer("group", 1),
    )  # fmt: skip
    weight_scale = c.node(call[4])
    weight_scale = reshape(p, weight_scale, ()) if call[4].size == 1 else along(p, weight_scale, 1, rank)
    factor = p.map("div", p.map("mul", reshape(p, c.node(call[1]), ()), weight_scale), reshape(p, c.node(call[6]), ()))
    zero = call.optional(7)
    return _requantised(c, n, factor, zero, zero.dtype if zero is not None else x.dtype)


@operator("QLinearMatMul")
def q_linear_mat_mul(c, call: Call):
    """Matrix product of codes, scaled, rounded and saturated."""
    a, b, p = call[0], call[3], c.p
    left = _centred(c, a, call.optional(2), len(a.shape), -2, True)
    right = _centred(c, b, call.optional(5), len(b.shape), -1, True)
    n = matmul(p, left, right)

    def scale(k: int, axis: int, rank: int) -> int:
        t = call[k]
        m = c.node(t)
        return reshape(p, m, ()) if t.size == 1 else along(p, m, axis, rank) if len(t.shape) == 1 else m

    rank = len(p.shape(n))
    factor = p.map("div", p.map("mul", scale(1, -2, rank), scale(4, -1, rank)), scale(6, -1, rank))
    zero = call.optional(7)
    return _requantised(c, n, factor, zero, zero.dtype if zero is not None else a.dtype)


