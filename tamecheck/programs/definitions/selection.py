"""Indexing by static and by computed places: one-hot, gather, scatter, resampling.

With static places everything is a selection of entries.  With computed places the index
is a finite-valued function: an entry is chosen by comparing the index with each place.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.definitions.basics import listed, reshape, scaled
from tamecheck.programs.program import Program

MAXIMAL_PLACES = 2**22  # of a computed index: no list is written, only shapes grow
NEUTRAL = {"sum": 0, "prod": 1}


def one_hot(p: Program, index: int, depth: int, axis: int = -1, wrap: bool = False) -> int:
    """Return the 0/1 tensor that is 1 where the new ``axis`` of extent ``depth`` meets the index.

    An index outside ``0 .. depth-1`` gives zeros; ``wrap`` lets ``-depth .. -1`` count from the end.
    """
    shape = p.shape(index)
    a = axis % (len(shape) + 1)
    lifted = reshape(p, index, shape[:a] + (1,) + shape[a:])
    tail = (depth,) + (1,) * (len(shape) - a)
    hit = p.compare("eq", lifted, p.values(listed(depth), tail))
    if wrap:
        hit = p.logic("or", hit, p.compare("eq", lifted, p.values(range(-depth, 0), tail)))
    return hit


def wrapped(p: Program, index: int, extent: int) -> int:
    """Return the index with ``extent`` added where it is negative."""
    return p.where(p.compare("lt", index, p.constant(0)), p.map("add", index, p.constant(extent)), index)


def gather_along(p: Program, x: int, index: int, axis: int) -> int:
    """Return ``y[..., i, ...] = x[..., index[..., i, ...], ...]``: computed places, one per entry of the result.

    ``index`` has the rank of ``x`` and at most its extents on the other axes; its values
    lie in ``0 .. extent-1`` (use `wrapped` before for negative ones).
    """
    shape, own = p.shape(x), p.shape(index)
    a = axis % len(shape)
    if len(own) != len(shape) or any(i > e for k, (i, e) in enumerate(zip(own, shape, strict=True)) if k != a):
        raise ShapeError(f"indices of shape {list(own)} into {list(shape)} along axis {a}")
    place = scaled(p, index, prod(shape[a + 1 :]))
    for k in range(len(shape)):
        if k != a and own[k] > 1:
            stride = prod(shape[k + 1 :])
            tail = (own[k],) + (1,) * (len(shape) - k - 1)
            place = p.map("add", place, p.values([stride * i for i in listed(own[k])], tail))
    return p.lookup(reshape(p, x, (prod(shape),)), place, 0)


def cumsum(p: Program, x: int, axis: int = -1, exclusive: bool = False, reverse: bool = False) -> int:
    """Return running sums along an axis."""
    return p.cumulate("sum", x, axis, exclusive, reverse)


# ---------------------------------------------------------------------- scatter


def scatter_flat(p: Program, x: int, places: Sequence[int], updates: int, reduction: str = "none") -> int:
    """Return ``x`` with entries changed at static row-major ``places``, one per entry of ``updates``.

    ``reduction`` none: the last update of a place wins; sum, prod, max, min: combined with ``x``.
    """
    shape, n = p.shape(x), prod(p.shape(x))
    if len(places) != prod(p.shape(updates)) or not all(0 <= i < n for i in places):
        raise ShapeError(f"{len(places)} places for updates of shape {list(p.shape(updates))} into {list(shape)}")
    if not places or not n:
        return x
    flat = reshape(p, x, (n,))
    news = reshape(p, updates, (len(places),))
    if reduction == "none":
        source = list(listed(n))
        for k, i in enumerate(places):
            source[i] = n + k
        return reshape(p, p.reindex(("gather", 0, tuple(source), (n,)), p.reindex(("concat", 0), flat, news)), shape)
    groups: dict[int, list[int]] = {}
    for k, i in enumerate(places):
        groups.setdefault(i, []).append(k)
    width = max(map(len, groups.values()))
    listed(width * len(groups))
    # pad each group with its own first update for max and min, with the neutral entry for sum and prod
    spare = len(places)
    rows: list[int] = []
    for members in groups.values():
        rows += members + [members[0] if reduction in ("max", "min") else spare] * (width - len(members))
    if width > 1:
        pool = news if reduction in ("max", "min") else p.reindex(("pad", ((0, 1),)), news, p.constant(NEUTRAL[reduction]))
        news = p.reduce(reduction, p.reindex(("gather", 0, tuple(rows), (len(groups), width)), pool), [1])
    else:
        news = p.reindex(("gather", 0, tuple(rows), (len(groups),)), news)
    old = p.reindex(("gather", 0, tuple(groups), (len(groups),)), flat)
    combine = {"sum": "add", "prod": "mul", "max": "max", "min": "min"}[reduction]
    return scatter_flat(p, x, list(groups), p.map(combine, old, news), "none")


def scatter_along(p: Program, x: int, index: int, updates: int, axis: int, reduction: str = "none") -> int:
    """Return ``x`` with ``x[..., index[..., j, ...], ...]`` changed by ``updates[..., j, ...]``; computed places.

    Without a reduction the places along ``axis`` are assumed distinct, as frameworks require.
    """
    shape, own = p.shape(x), p.shape(index)
    a = axis % len(shape)
    if own != p.shape(updates) or len(own) != len(shape) or any(i > e for k, (i, e) in enumerate(zip(own, shape, strict=True)) if k != a):
        raise ShapeError(f"indices of shape {list(own)} and updates of shape {list(p.shape(updates))} into {list(shape)}")
    if prod(own) * shape[a] > MAXIMAL_PLACES:
        raise InputError(f"{prod(own)} computed places in an axis of extent {shape[a]} are too many", code="TC126")
    # hit[..., v, j, ...]: update j goes to place v
    hit = one_hot(p, index, shape[a], a)
    lifted = reshape(p, updates, own[:a] + (1,) + own[a:])
    window = tuple([(0, 1, e if k == a else o) for k, (e, o) in enumerate(zip(shape, own, strict=True))])
    inner = x if own[:a] + own[a + 1 :] == shape[:a] + shape[a + 1 :] else p.reindex(("slice", window), x)
    if reduction in ("none", "sum"):
        total = p.reduce("sum", p.map("mul", hit, lifted), [a + 1])
        new = p.map("add", inner, total) if reduction == "sum" else p.where(p.reduce("max", hit, [a + 1]), total, inner)
    else:
        kept = reshape(p, inner, p.shape(inner)[: a + 1] + (1,) + p.shape(inner)[a + 1 :])
        other = p.constant(1) if reduction == "prod" else kept
        new = p.reduce(reduction, p.where(hit, lifted, other), [a + 1])
        new = p.map({"prod": "mul", "max": "max", "min": "min"}[reduction], inner, new)
    if inner == x:
        return new
    places = [0]
    listed(prod(p.shape(new)))
    for k, o in enumerate(p.shape(new)):
        stride = prod(shape[k + 1 :])
        places = [q + stride * i for q in places for i in range(o)]
    return scatter_flat(p, x, places, new)


# -------------------------------------------------------------------- resampling

Taps = Sequence[Sequence[tuple[int, Fraction]]]


def resample(p: Program, x: int, axis: int, taps: Taps) -> int:
    """Return the static linear map along one axis: ``y_i = sum of weight * x_place`` over ``taps[i]``."""
    shape = p.shape(x)
    a = axis % len(shape)
    if not taps:
        raise ShapeError("resampling to no positions")
    width = max([len(t) for t in taps])
    listed(len(taps) * width)
    places = tuple([t[min(k, len(t) - 1)][0] for t in taps for k in range(width)])
    weights = [t[k][1] if k < len(t) else Fraction(0) for t in taps for k in range(width)]
    if width == 1:
        y = p.reindex(("gather", a, places, (len(taps),)), x)
        if all(w == 1 for w in weights):
            return y
        return p.map("mul", y, p.values(weights, (len(taps),) + (1,) * (len(shape) - a - 1)))
    y = p.reindex(("gather", a, places, (len(taps), width)), x)
    letters = "abcdefghijklmnopqrstuvw"[: len(shape)]
    spread = letters[: a + 1] + "z" + letters[a + 1 :]
    return p.contract(f"{spread},{letters[a]}z->{letters}", y, p.values(weights, (len(taps), width)))


def nearest_taps(old: int, new: int) -> list[list[tuple[int, Fraction]]]:
    """Return nearest-neighbour taps as PyTorch's ``interpolate(mode="nearest")``: ``floor(i * old / new)``."""
    return [[(min(i * old // new, old - 1), Fraction(1))] for i in listed(new)]


def linear_taps(old: int, new: int, align_corners: bool = False) -> list[list[tuple[int, Fraction]]]:
    """Return linear interpolation taps: half-pixel centres, or corners mapped to corners; edges are repeated."""
    rows = []
    for i in listed(new):
        if align_corners:
            t = Fraction(i * (old - 1), new - 1) if new > 1 else Fraction(0)
        else:
            t = max(Fraction(2 * i + 1, 2) * Fraction(old, new) - Fraction(1, 2), Fraction(0))
        k = min(t.numerator // t.denominator, old - 1)
        weight = t - k
        rows.append([(k, Fraction(1))] if weight == 0 or k + 1 >= old else [(k, 1 - weight), (k + 1, weight)])
    return rows


def cubic_weights(t: Fraction, a: Fraction) -> list[Fraction]:
    """Return the four weights of cubic convolution at fraction ``t`` in [0, 1) with parameter ``a``."""

    def near(s: Fraction) -> Fraction:
        return ((a + 2) * s - (a + 3)) * s * s + 1

    def far(s: Fraction) -> Fraction:
        return ((a * s - 5 * a) * s + 8 * a) * s - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def cubic_taps(old: int, new: int, align_corners: bool = False, a: Fraction = Fraction(-3, 4)) -> list[list[tuple[int, Fraction]]]:
    """Return cubic interpolation taps (PyTorch's bicubic has ``a = -3/4``); edges are repeated."""
    rows = []
    for i in listed(new):
        if align_corners:
            t = Fraction(i * (old - 1), new - 1) if new > 1 else Fraction(0)
        else:
            t = Fraction(2 * i + 1, 2) * Fraction(old, new) - Fraction(1, 2)
        k = t.numerator // t.denominator
        rows.append([(min(max(k - 1 + j, 0), old - 1), w) for j, w in enumerate(cubic_weights(t - k, a))])
    return rows


def interpolate(
    p: Program, x: int, sizes: Sequence[int], mode: str = "nearest", *, align_corners: bool = False, axes: Sequence[int] | None = None
) -> int:
    """Resample the axes (the last ones when not given) to new sizes; mode nearest, linear or cubic."""
    rank = len(p.shape(x))
    for axis, new in zip(axes if axes is not None else range(rank - len(sizes), rank), sizes, strict=True):
        old = p.shape(x)[axis]
        if old == new:
            continue
        if mode == "nearest":
            taps = nearest_taps(old, new)
        elif mode in ("linear", "bilinear", "trilinear"):
            taps = linear_taps(old, new, align_corners)
        elif mode in ("cubic", "bicubic"):
            taps = cubic_taps(old, new, align_corners)
        else:
            raise InputError(f"{mode!r} is not an interpolation mode", code="TC123", hint="nearest, linear or cubic")
        x = resample(p, x, axis, taps)
    return x
