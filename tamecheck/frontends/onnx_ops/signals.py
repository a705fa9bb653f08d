"""Discrete Fourier transforms, windows and mel filters: linear maps with cosines of constants.

The cosine of a rational multiple of pi is a real constant; it is written as a cosine, not
rounded.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from tamecheck.frontends.onnx_ops.registry import Call, normal, operator
from tamecheck.frontends.onnx_ops.values import FLOAT, Tensor, Unsupported, malformed, objects
from tamecheck.programs.definitions.basics import cut, listed, reshape, scaled
from tamecheck.programs.program import Program

MAXIMAL_LENGTH = 2**16


def turn(p: Program, what: str, parts: list[Fraction], shape: tuple) -> int:
    """Return ``cos(2 pi q)`` or ``sin(2 pi q)`` for known fractions of a turn."""
    angles = p.map("mul", p.constant(2), p.map("mul", p.map("pi"), p.values(parts, shape)))
    return p.map(what, angles)


def grid(p: Program, rows: int, columns: int, length: int) -> int:
    """Return the angles ``2 pi r s / length`` for row r and column s, as a product of two vectors."""
    turns = p.map("mul", p.constant(2), p.map("mul", p.map("pi"), p.values([Fraction(r, length) for r in listed(rows)], (rows, 1))))
    return p.map("mul", turns, p.values(listed(columns), (columns,)))


def _pair(c, x: Tensor, axis: int, length: int) -> tuple[int, int | None]:
    """Return the real and imaginary nodes, padded or cut to ``length`` along ``axis``, without the last axis."""
    p, n = c.p, c.node(x)
    if x.shape[-1] not in (1, 2):
        raise malformed(f"shape {list(x.shape)} does not end in a real or complex entry")
    own = x.shape[axis]
    if own > length:
        n = cut(p, n, [(0, 1, length) if k == axis else (0, 1, e) for k, e in enumerate(x.shape)])
    elif own < length:
        amounts = tuple([(0, length - own) if k == axis else (0, 0) for k in range(len(x.shape))])
        n = p.reindex(("pad", amounts), n, p.constant(0))
    shape = p.shape(n)
    whole = [(0, 1, e) for e in shape[:-1]]
    real = reshape(p, cut(p, n, [*whole, (0, 1, 1)]), shape[:-1])
    return real, reshape(p, cut(p, n, [*whole, (1, 1, 1)]), shape[:-1]) if shape[-1] == 2 else None


def transform(p: Program, real: int, imaginary: int | None, axis: int, count: int, inverse: bool) -> tuple[int, int]:
    """Return the real and imaginary parts of the first ``count`` Fourier coefficients along an axis."""
    rank, length = len(p.shape(real)), p.shape(real)[axis]
    angles = grid(p, count, length, length)
    cos, sin = p.map("cos", angles), p.map("sin", angles)
    letters = "abcdefghijklmnopqrstuvwxy"[:rank]
    word = f"{letters},z{letters[axis]}->{letters[:axis]}z{letters[axis + 1 :]}"

    def along(n: int, matrix: int) -> int:
        return p.contract(word, n, matrix)

    # exp(-i w) for the transform, exp(+i w) for its inverse
    re, im = along(real, cos), along(real, sin)
    im = im if inverse else p.map("neg", im)
    if imaginary is not None:
        other, own = along(imaginary, sin), along(imaginary, cos)
        re = p.map("sub" if inverse else "add", re, other)
        im = p.map("add", im, own)
    if inverse:
        re, im = scaled(p, re, Fraction(1, length)), scaled(p, im, Fraction(1, length))
    return re, im


def stacked_pair(p: Program, re: int, im: int) -> int:
    """Return real and imaginary parts along a new last axis."""
    shape = p.shape(re)
    return p.reindex(("concat", len(shape)), reshape(p, re, (*shape, 1)), reshape(p, im, (*shape, 1)))


@operator("DFT", "axis inverse onesided")
def dft(c, call: Call):
    """The discrete Fourier transform, its inverse, one-sided or whole."""
    x, given = call[0], call.optional(1)
    rank = len(x.shape)
    axis = call.integer("axis", 1) if call.version < 20 else -2
    if call.optional(2) is not None:
        axis = int(c.number(call[2], "the axis"))
    axis = normal(axis, rank)
    inverse, onesided = bool(call.integer("inverse", 0)), bool(call.integer("onesided", 0))
    length = c.ints(given, "the length")[0] if given is not None else x.shape[axis]
    if given is None and inverse and onesided:
        length = 2 * (x.shape[axis] - 1)
    if axis == rank - 1 or not 1 <= length <= MAXIMAL_LENGTH:
        raise Unsupported(f"a transform of length {length} along axis {axis} of {rank}; the longest is {MAXIMAL_LENGTH}")
    p = c.p
    if inverse and onesided:
        half = length // 2 + 1
        re, im = _pair(c, x, axis, half)
        letters = "abcdefghijklmnopqrstuvwxy"[: rank - 1]
        word = f"{letters},z{letters[axis]}->{letters[:axis]}z{letters[axis + 1 :]}"
        angles = grid(p, length, half, length)
        twice = p.values([Fraction(1 if k == 0 or 2 * k == length else 2, length) for k in range(half)], (half,))
        y = p.contract(word, re, p.map("mul", p.map("cos", angles), twice))
        if im is not None:
            y = p.map("sub", y, p.contract(word, im, p.map("mul", p.map("sin", angles), twice)))
        return c.new(reshape(p, y, (*p.shape(y), 1)), x.dtype)
    re, im = _pair(c, x, axis, length)
    return c.new(stacked_pair(p, *transform(p, re, im, axis, length // 2 + 1 if onesided else length, inverse)), x.dtype)


@operator("STFT", "onesided")
def stft(c, call: Call):
    """Fourier transforms of windows that move along a signal."""
    x, window = call[0], call.optional(2)
    step = c.ints(call[1], "the frame step")[0]
    frame = c.ints(call[3], "the frame length")[0] if call.optional(3) is not None else None
    if frame is None:
        frame = window.shape[0] if window is not None else 0
    if len(x.shape) not in (2, 3) or step < 1 or not 1 <= frame <= min(x.shape[1], MAXIMAL_LENGTH):
        raise malformed(f"frames of {frame} every {step} in shape {list(x.shape)}")
    p, n = c.p, c.node(x)
    if len(x.shape) == 2:
        n = reshape(p, n, (*x.shape, 1))
    frames = p.reindex(("windows", (1,), (frame,), (step,), (1,)), n)
    frames = p.reindex(("transpose", (0, 1, 3, 2)), frames)
    if window is not None:
        frames = p.map("mul", frames, reshape(p, c.node(window), (frame, 1)))
    re, im = _pair(c, c.new(frames, x.dtype), 2, frame)
    count = frame // 2 + 1 if call.integer("onesided", 1) else frame
    return c.new(stacked_pair(p, *transform(p, re, im, 2, count, False)), x.dtype)


# cosine coefficients of each window, as the standard's reference has them
WINDOWS = {
    "HannWindow": (Fraction(1, 2), Fraction(-1, 2)),
    "HammingWindow": (Fraction(25, 46), Fraction(-21, 46)),
    "BlackmanWindow": (Fraction(21, 50), Fraction(-1, 2), Fraction(2, 25)),
}


@operator(" ".join(WINDOWS), "output_datatype periodic")
def window_of(c, call: Call):
    """A window of known length: cosines of fractions of a turn."""
    size = c.ints(call[0], "the size")[0]
    span = size if call.integer("periodic", 1) else size - 1
    if not 1 <= size <= MAXIMAL_LENGTH or span < 1:
        raise malformed(f"a window of {size} entries")
    p = c.p
    total = p.constant(WINDOWS[call.op][0])
    for k, a in enumerate(WINDOWS[call.op][1:], start=1):
        wave = turn(p, "cos", [Fraction(k * i, span) for i in range(size)], (size,))
        total = p.map("add", total, p.map("mul", p.constant(a), wave))
    return c.new(total, call.integer("output_datatype", FLOAT))


@operator("MelWeightMatrix", "output_datatype")
def mel_weight_matrix(c, call: Call):
    """Triangular filters on the mel scale; the bins are rounded down from logarithms, as the standard says."""
    bins, length, rate = [c.ints(call[k], "a size of the filters")[0] for k in range(3)]
    low, high = [float(c.number(call[k], "an edge of the filters")) for k in (3, 4)]
    spectrum = length // 2 + 1
    if bins < 1 or length < 1 or rate < 1:
        raise malformed(f"{bins} filters for {length} samples")
    listed(bins * spectrum)
    first, last = 2595 * np.log10(1 + low / 700), 2595 * np.log10(1 + high / 700)
    marks = np.arange(bins + 2) * ((last - first) / (bins + 2)) + first
    edges = [int(f) for f in ((length + 1) * (700 * (10 ** (marks / 2595) - 1))) // rate]
    rows = [[Fraction(0)] * bins for _ in range(spectrum)]
    if min(edges) < 0 or max(edges) > spectrum:
        raise malformed("an edge of the filters lies outside the spectrum")
    for i in range(bins):
        left, centre, right = edges[i : i + 3]
        if left == centre:
            rows[centre][i] = Fraction(1)
        for j in range(left, centre + 1 if left < centre else left):
            rows[j][i] = Fraction(j - left, centre - left)
        for j in range(centre, right):
            rows[j][i] = Fraction(right - j, right - centre)
    c.note("the edges of the filters are rounded down from logarithms computed in floating point")
    flat = [v for row in rows for v in row]
    return Tensor((spectrum, bins), call.integer("output_datatype", FLOAT), data=objects(flat, (spectrum, bins)))
