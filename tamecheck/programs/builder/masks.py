"""Masks of attention: what may be attended to, and what is added to the scores.

A static mask is a case split known beforehand: no infinity is ever a number here.  A row
that permits nothing is refused, because its softmax is 0/0.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.builder.hyperparameters import number
from tamecheck.programs.builder.tensor import Arithmetic, Tensor, apply, as_tensor
from tamecheck.programs.definitions import normalisation
from tamecheck.programs.program import Program, broadcast

Static = tuple[list[int], tuple[int, ...]]  # 0/1 entries in row-major order and their shape


def read_mask(mask: object, true_means_allowed: bool) -> tuple[Static | None, Arithmetic | None]:
    """Return the truth values of a static mask, and what it adds to the scores.

    Booleans say what is allowed, or with ``true_means_allowed=False`` what is forbidden (as in
    ``torch.nn.MultiheadAttention``).  Numbers are added, and minus infinity forbids.
    """
    rows = mask.tolist() if hasattr(mask, "tolist") else mask
    entries, shape = [rows], ()
    while entries and isinstance(entries[0], (list, tuple)):
        shape = (*shape, len(entries[0]))
        entries = [inner for e in entries for inner in e]
    if len(entries) != prod(shape):
        raise InputError("a mask has ragged rows", code="TC124")
    if all(isinstance(e, bool) for e in entries):
        return ([int(e == true_means_allowed) for e in entries], shape), None
    allowed = [int(not (isinstance(e, float) and e == float("-inf"))) for e in entries]
    added = [number(e, "mask") if a else Fraction(0) for e, a in zip(entries, allowed, strict=True)]
    bias = apply(lambda p: p.values(added, shape)) if any(added) else None
    return (None if all(allowed) else (allowed, shape)), bias


def causal(rows: int, columns: int, window: int | None = None) -> Static:
    """Return the mask that lets a row see the columns up to its own place, at most ``window`` of them."""
    low = rows + columns if window is None else window
    return [int(i - low < j <= i) for i in range(rows) for j in range(columns)], (rows, columns)


def causal_softmax(scores: Tensor, window: int | None = None) -> Tensor:
    """Return softmax over the columns ``j`` with ``i - window < j <= i`` of each row ``i``, 0 elsewhere.

    The mask is written by comparing places, so that its size is linear in the length; the
    denominator is the diagonal entry, which is always allowed, plus the others.
    """
    rows, columns = scores.shape[-2:]
    if rows > columns:
        return masked_softmax(scores, causal(rows, columns, window))

    def write(p: Program, n: int) -> int:
        i, j = p.values(range(rows), (rows, 1)), p.values(range(columns), (columns,))
        earlier = p.compare("lt", j, i)
        if window is not None and window < columns:
            earlier = p.logic("and", earlier, p.compare("gt", j, p.values([k - window for k in range(rows)], (rows, 1))))
        e, lead = p.map("exp", n), len(scores.shape) - 2
        flat = p.reindex(("reshape", (*scores.shape[:-2], rows * columns)), e)
        own = p.reindex(("gather", lead, tuple([k * columns + k for k in range(rows)]), (rows, 1)), flat)
        rest = p.where(earlier, e, p.constant(0))
        total = p.map("add", own, p.reduce("sum", rest, [-1], True))
        kept = p.where(p.compare("eq", j, i), e, rest)
        return p.map("div", kept, total)

    return apply(write, scores)


def both(a: Static | None, b: Static | None) -> Static | None:
    """Return what both masks allow."""
    if a is None or b is None:
        return a if b is None else b
    shape = broadcast(a[1], b[1])
    left, right = spread(a, shape), spread(b, shape)
    return [x & y for x, y in zip(left, right, strict=True)], shape


def spread(mask: Static, shape: tuple[int, ...]) -> list[int]:
    """Return the entries of a mask broadcast to a shape."""
    entries, own = mask
    if own == shape:
        return entries
    if broadcast(own, shape) != shape:
        raise ShapeError(f"a mask of shape {list(own)} does not broadcast to {list(shape)}")
    own = (1,) * (len(shape) - len(own)) + own
    strides = [0 if own[k] == 1 else prod(own[k + 1 :]) for k in range(len(own))]
    return [entries[sum([i * s for i, s in zip(place, strides, strict=True)])] for place in product(*map(range, shape))]


def masked_softmax(scores: Tensor, mask: Static | None, dynamic: Arithmetic | None = None) -> Tensor:
    """Return softmax over the last axis of the allowed entries, 0 elsewhere.

    Axes along which a static mask varies are merged into one axis of rows, so that the mask
    is a matrix and the denominator shows its positive term.
    """
    if dynamic is not None:
        if mask is not None:
            given = mask
            static = apply(lambda p: p.values(*given))
            dynamic = static & dynamic
        return apply(normalisation.masked_softmax, scores, dynamic)
    if mask is None:
        return apply(normalisation.softmax, scores)
    shape = scores.shape
    entries, own = mask
    own = (1,) * (len(shape) - len(own)) + own
    varies = [k for k in range(len(shape) - 1) if own[k] > 1]
    fixed = [k for k in range(len(shape) - 1) if own[k] == 1]
    small = (*[own[k] for k in varies], shape[-1])
    rows = spread((entries, (*[own[k] for k in varies], own[-1])), small)
    _no_empty_row(rows, shape[-1])
    order = [*fixed, *varies, len(shape) - 1]
    turned = scores.permute(order) if order != list(range(len(shape))) else as_tensor(scores)
    grid = (prod(small[:-1]), shape[-1]) if varies else (shape[-1],)
    merged = turned.reshape(*[shape[k] for k in fixed], *grid)
    weights = apply(lambda p, n: normalisation.masked_softmax(p, n, _values(p, rows, grid)), merged)
    back = weights.reshape(*turned.shape)
    return back.permute([order.index(k) for k in range(len(shape))]) if order != list(range(len(shape))) else back


def _values(p: Program, rows: Sequence[int], shape: tuple[int, ...]) -> int:
    return p.values(rows, shape)


def _no_empty_row(rows: Sequence[int], columns: int) -> None:
    for k in range(0, len(rows), columns):
        if not any(rows[k : k + columns]):
            raise InputError(
                f"row {k // columns} of an attention mask allows nothing, so its weights are 0/0",
                code="TC126",
                hint="let every query see at least one key",
            )
