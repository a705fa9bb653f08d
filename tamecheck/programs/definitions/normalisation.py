"""Softmax and normalisations as definitions, in ideal real arithmetic.

No maximum is subtracted in softmax and nothing is clamped: the function is the one on
paper.  Denominators are sums of exponentials, or square roots of a sum of squares plus a
positive constant, so that their positivity is visible.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import prod

from tamecheck.errors import ShapeError
from tamecheck.programs.definitions.basics import MAXIMAL_LISTED, along, listed, mean, power, reshape, scaled, shifted, square
from tamecheck.programs.program import Program

Axes = int | Iterable[int]


def _axes(axes: Axes) -> list[int]:
    return [axes] if isinstance(axes, int) else list(axes)


def softmax(p: Program, x: int, axis: Axes = -1) -> int:
    """Return ``exp(x) / sum exp(x)`` over the axis (or axes)."""
    e = p.map("exp", x)
    return p.map("div", e, p.reduce("sum", e, _axes(axis), True))


def logsumexp(p: Program, x: int, axis: Axes = -1, keep: bool = False) -> int:
    """Return ``log sum exp(x)`` over the axis (or axes)."""
    return p.map("log", p.reduce("sum", p.map("exp", x), _axes(axis), keep))


def log_softmax(p: Program, x: int, axis: Axes = -1) -> int:
    """Return ``x - log sum exp(x)`` over the axis (or axes)."""
    return p.map("sub", x, logsumexp(p, x, axis, True))


def standardize(p: Program, x: int, axes: Iterable[int], eps: Fraction | int) -> tuple[int, int, int]:
    """Return ``(x - m) / sqrt(v + eps)``, ``m`` and ``v``: mean and variance over the axes, which are kept."""
    chosen = list(axes)
    centre = mean(p, x, chosen, True)
    deviation = p.map("sub", x, centre)
    spread = mean(p, square(p, deviation), chosen, True)
    return p.map("div", deviation, p.map("sqrt", shifted(p, spread, eps))), centre, spread


def affine(p: Program, x: int, scale: int | None, bias: int | None) -> int:
    """Return ``x * scale + bias`` with broadcasting, either of them optional."""
    y = x if scale is None else p.map("mul", x, scale)
    return y if bias is None else p.map("add", y, bias)


def batch_norm(
    p: Program, x: int, scale: int | None = None, bias: int | None = None, mean: int | None = None, variance: int | None = None,
    *, eps: Fraction | int = Fraction(1, 100_000), training: bool = False, axis: int = 1,
) -> int:  # fmt: skip
    """Normalise per entry of ``axis``: ``(x - m) / sqrt(v + eps) * scale + bias``.

    Evaluation (``training`` false): ``m`` and ``v`` are the running statistics given as vectors, and the
    map is written ``x * s + (bias - m * s)`` with ``s = scale / sqrt(v + eps)``.  Training: mean and
    variance of the batch itself, over all other axes.
    """
    rank = len(p.shape(x))
    a = axis % rank
    if training:
        y = standardize(p, x, [k for k in range(rank) if k != a], eps)[0]
        return affine(p, y, None if scale is None else along(p, scale, a, rank), None if bias is None else along(p, bias, a, rank))
    if mean is None or variance is None:
        raise ShapeError("batch normalisation in evaluation needs a running mean and variance")
    shape, own = p.shape(x), p.shape(mean)
    if own != (shape[a],) or any(n is not None and p.shape(n) != own for n in (scale, bias, variance)):
        raise ShapeError(f"statistics of shape {list(own)} for axis {a} of {list(shape)}")
    # shapes are known here, so nodes are added without working them out again
    root = p.add("map", ("sqrt",), (shifted(p, variance, eps),), own)
    factor = p.add("map", ("div",), (p.constant(1) if scale is None else scale, root), own)
    offset = p.add("map", ("mul",), (mean, factor), own)
    offset = p.map("neg", offset) if bias is None else p.add("map", ("sub",), (bias, offset), own)
    column = own + (1,) * (rank - 1 - a)
    if column != own:
        factor, offset = p.add("reindex", ("reshape",), (factor,), column), p.add("reindex", ("reshape",), (offset,), column)
    return p.add("map", ("add",), (p.add("map", ("mul",), (x, factor), shape), offset), shape)


def layer_norm(
    p: Program, x: int, scale: int | None = None, bias: int | None = None, *, axes: Iterable[int] = (-1,),
    eps: Fraction | int = Fraction(1, 100_000),
) -> int:  # fmt: skip
    """Normalise over the axes (the last ones) and apply ``* scale + bias``, which broadcast."""
    return affine(p, standardize(p, x, axes, eps)[0], scale, bias)


def rms_norm(
    p: Program, x: int, scale: int | None = None, *, axes: Iterable[int] = (-1,), eps: Fraction | int = Fraction(1, 100_000)
) -> int:
    """Return ``x / sqrt(mean(x^2) + eps) * scale`` over the axes."""
    root = p.map("sqrt", shifted(p, mean(p, square(p, x), list(axes), True), eps))
    return affine(p, p.map("div", x, root), scale, None)


def group_norm(
    p: Program, x: int, groups: int, scale: int | None = None, bias: int | None = None, *,
    eps: Fraction | int = Fraction(1, 100_000), scale_per_group: bool = False,
) -> int:  # fmt: skip
    """Normalise each of ``groups`` groups of channels (axis 1) with its own mean and variance per sample.

    ``scale`` and ``bias`` are vectors over channels, or over groups with ``scale_per_group``.
    """
    shape = p.shape(x)
    if len(shape) < 2 or groups < 1 or shape[1] % groups:
        raise ShapeError(f"{groups} groups of channels in shape {list(shape)}")
    split = (shape[0], groups, shape[1] // groups, *shape[2:])
    y = standardize(p, reshape(p, x, split), range(2, len(split)), eps)[0]
    if scale_per_group:
        rank = len(split)
        y = affine(p, y, *[None if v is None else along(p, v, 1, rank) for v in (scale, bias)])
        return reshape(p, y, shape)
    return affine(p, reshape(p, y, shape), *[None if v is None else along(p, v, 1, len(shape)) for v in (scale, bias)])


def instance_norm(
    p: Program, x: int, scale: int | None = None, bias: int | None = None, *, eps: Fraction | int = Fraction(1, 100_000)
) -> int:
    """Normalise each channel of each sample over its spatial axes."""
    rank = len(p.shape(x))
    y = standardize(p, x, range(2, rank), eps)[0]
    return affine(p, y, *[None if v is None else along(p, v, 1, rank) for v in (scale, bias)])


def norm(p: Program, x: int, axes: Iterable[int], exponent: Fraction | int = 2, keep: bool = False) -> int:
    """Return ``(sum |x|^q)^(1/q)`` over the axes."""
    q, chosen = Fraction(exponent), list(axes)
    if q == 2:
        return p.map("sqrt", p.reduce("sum", square(p, x), chosen, keep))
    return power(p, p.reduce("sum", power(p, p.map("abs", x), q), chosen, keep), 1 / q)


def normalize(
    p: Program, x: int, axes: Iterable[int] = (-1,), *, exponent: Fraction | int = 2, eps: Fraction | int = 0
) -> int:
    """Return ``x / max(norm(x), eps)``; with ``eps`` 0 it is ``x / norm(x)``, undefined at 0."""
    length = norm(p, x, axes, exponent, True)
    return p.map("div", x, length if eps == 0 else p.map("max", length, p.constant(eps)))


def local_response_norm(
    p: Program, x: int, size: int, *, alpha: Fraction, beta: Fraction, bias: Fraction | int = 1
) -> int:
    """Return ``x / (bias + alpha/size * sum of squares of the size nearest channels) ** beta``."""
    from tamecheck.programs.definitions.windows import sum_pool

    shape = p.shape(x)
    flat = reshape(p, square(p, x), (shape[0], shape[1], prod(shape[2:])))
    turned = p.reindex(("transpose", (0, 2, 1)), flat)
    before = (size - 1) // 2
    total = sum_pool(p, turned, (size,), padding=((before, size - 1 - before),))
    total = reshape(p, p.reindex(("transpose", (0, 2, 1)), total), shape)
    return p.map("div", x, power(p, shifted(p, scaled(p, total, Fraction(alpha) / size), bias), beta))


# ------------------------------------------------------------------- attention


def static_entries(p: Program, n: int) -> list[Fraction] | None:
    """Return the entries of a constant known by value, row-major, else ``None``."""
    kind, parameters, _, shape = p.nodes[n]
    if kind != "constant" or parameters[0] == "opaque":
        return None
    if parameters[0] == "splat":
        return [Fraction(parameters[1])] * prod(shape) if prod(shape) <= MAXIMAL_LISTED else None
    return [Fraction(t) for t in parameters[1]]


def masked_softmax(p: Program, x: int, mask: int, axis: int = -1, *, empty: Fraction | int | None = None) -> int:
    """Return softmax over the entries where ``mask`` is not 0, and 0 elsewhere; a case split, no infinity.

    When the mask is a constant, the denominator is written as one permitted exponential plus the others,
    so that its positivity is visible.  A row that permits nothing is 0/0, undefined, unless
    ``empty`` gives the value of its entries.
    """
    shape = p.shape(x)
    a = axis % len(shape)
    if a != len(shape) - 1:
        order = [*[k for k in range(len(shape)) if k != a], a]
        back = [order.index(k) for k in range(len(shape))]
        turned = p.reindex(("transpose", tuple(order)), x)
        mask = p.reindex(("transpose", tuple(order)), p.reindex(("expand", shape), mask))
        return p.reindex(("transpose", tuple(back)), masked_softmax(p, turned, mask, -1, empty=empty))
    e = p.map("exp", x)
    zero = p.constant(0)
    entries = static_entries(p, mask)
    if entries and len(p.shape(mask)) <= 2 and len(entries) * (shape[-1] if p.shape(mask)[-1:] in ((), (1,)) else 1) <= MAXIMAL_LISTED:
        return _static_masked(p, e, mask, entries, empty)
    kept = p.where(mask, e, zero)
    total = p.reduce("sum", kept, [-1], True)
    if empty is None:
        return p.map("div", kept, total)
    some = p.reduce("max", p.compare("ne", p.reindex(("expand", shape), mask), zero), [-1], True)
    quotient = p.map("div", kept, p.where(some, total, p.constant(1)))
    return quotient if empty == 0 else p.where(some, quotient, p.constant(empty))


def _static_masked(p: Program, e: int, mask: int, entries: Sequence[Fraction], empty: Fraction | int | None) -> int:
    shape = p.shape(e)
    own = p.shape(mask)
    columns = shape[-1]
    rows = own[0] if len(own) == 2 else 1
    if len(own) == 0 or own[-1] == 1:
        entries = [v for v in entries for _ in range(columns)]
    flags = [bool(v) for v in entries]
    first = [next((j for j in range(columns) if flags[r * columns + j]), None) for r in range(rows)]
    zero = p.constant(0)
    if all(flags):
        return p.map("div", e, p.reduce("sum", e, [-1], True))
    grid = (rows, columns) if len(own) == 2 else (columns,)
    kept = p.where(p.values([int(f) for f in flags], grid), e, zero)
    if None in first and empty is None:
        return p.map("div", kept, p.reduce("sum", kept, [-1], True))
    rest = list(flags)
    for r, j in enumerate(first):
        if j is not None:
            rest[r * columns + j] = False
    if rows == 1 or len(set(first)) == 1:
        chosen = p.reindex(("gather", len(shape) - 1, (first[0] or 0,), (1,)), e)
    else:
        flat = reshape(p, e, (*shape[:-2], rows * columns))
        places = tuple([r * columns + (j or 0) for r, j in enumerate(first)])
        chosen = p.reindex(("gather", len(shape) - 2, places, (rows, 1)), flat)
    total = p.map("add", chosen, p.reduce("sum", p.where(p.values([int(f) for f in rest], grid), e, zero), [-1], True))
    result = p.map("div", kept, total)
    if None in first and empty:
        result = p.where(p.values([int(j is not None) for j in first], (rows, 1) if len(own) == 2 else (1,)), result, p.constant(empty))
    return result


def attention(
    p: Program, query: int, key: int, value: int, *, scale: Fraction | int | None = None, factor: int | None = None,
    mask: int | None = None, bias: int | None = None, causal: bool = False, empty: Fraction | int | None = None,
) -> int:  # fmt: skip
    """Return ``softmax(scale * Q K^T + bias) V`` over the last two axes, leading axes broadcast.

    Parameters
    ----------
    scale : exact factor; when neither it nor ``factor`` is given, ``1/sqrt(width)`` as a node
    factor : scalar node that multiplies the scores instead
    mask : node of truth values that broadcasts to the scores; entries where it is 0 are left out
    bias : node added to the scores
    causal : leave out keys after the query's own place
    empty : value of the weights of a query that may attend to nothing (undefined when ``None``)
    """
    from tamecheck.programs.definitions.basics import matmul

    rank = len(p.shape(key))
    turned = p.reindex(("transpose", (*range(rank - 2), rank - 1, rank - 2)), key)
    scores = matmul(p, query, turned)
    if scale is not None:
        scores = scaled(p, scores, scale)
    else:
        if factor is None:
            factor = inverse_root(p, p.shape(query)[-1])
        scores = p.map("mul", scores, factor)
    if bias is not None:
        scores = p.map("add", scores, bias)
    if causal:
        rows, columns = p.shape(scores)[-2:]
        own = causal_mask(p, rows, columns)
        mask = own if mask is None else conjunction(p, mask, own)
    weights = softmax(p, scores) if mask is None else masked_softmax(p, scores, mask, empty=empty)
    return matmul(p, weights, value)


def causal_mask(p: Program, rows: int, columns: int, offset: int = 0) -> int:
    """Return the constant that is 1 where ``column <= row + offset``."""
    listed(rows * columns)
    return p.values([int(j <= i + offset) for i in range(rows) for j in range(columns)], (rows, columns))


def conjunction(p: Program, a: int, b: int) -> int:
    """Return ``a and b`` for truth values, folded when both are constants of rank at most 2."""
    left, right = static_entries(p, a), static_entries(p, b)
    if left is None or right is None or len(p.shape(a)) > 2 or len(p.shape(b)) != 2:
        return p.logic("and", a, b)
    rows, columns = p.shape(b)
    shape = (1,) * (2 - len(p.shape(a))) + p.shape(a)
    value = [
        int(bool(right[i * columns + j]) and bool(left[(i if shape[0] > 1 else 0) * shape[1] + (j if shape[1] > 1 else 0)]))
        for i in range(rows)
        for j in range(columns)
    ]
    return p.values(value, (rows, columns))


def inverse_root(p: Program, n: int) -> int:
    """Return the scalar ``1/sqrt(n)``: a rational constant when n is a square, else an exact quotient of nodes."""
    from math import isqrt

    r = isqrt(n)
    if r * r == n and n:
        return p.constant(Fraction(1, r))
    return p.map("div", p.constant(1), p.map("sqrt", p.constant(n)))
