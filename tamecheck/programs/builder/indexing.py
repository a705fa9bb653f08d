"""Indexing with Python's brackets, as static selections of entries.

Integers, slices, ``...``, ``None``, one list or array of integers (or of truth values), or
one tensor of indices that the program computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tamecheck.errors import InputError, ShapeError

if TYPE_CHECKING:
    from tamecheck.programs.builder.tensor import Tensor


def select(x: Tensor, key: object) -> Tensor:
    """Return ``x[key]``.

    The axes of a list of indices take the place of the axis they index, as for a single
    advanced index in NumPy.

    Raises
    ------
    ShapeError
        If there are too many indices or one is out of range.
    InputError
        If there are two lists of indices, or an index is of an unknown kind.
    """
    from tamecheck.programs.builder.tensor import Arithmetic

    parts = _expanded(x, key if isinstance(key, tuple) else (key,))
    triples, target, special = [], [], None
    axis = 0
    for part in parts:
        if part is None:
            target.append(1)
            continue
        extent = x.shape[axis]
        if isinstance(part, slice):
            start, stop, step = part.indices(extent)
            length = len(range(start, stop, step))
            triples.append((start if length else 0, step, length))
            target.append(length)
        elif hasattr(part, "__index__") and not isinstance(part, (bool, Arithmetic)) and not getattr(part, "shape", ()):
            k = part.__index__()
            if not -extent <= k < extent:
                raise ShapeError(f"index {k} of an axis of extent {extent} of shape {list(x.shape)}")
            triples.append((k % extent, 1, 1))
        elif special is not None:
            raise InputError("more than one list of indices", code="TC126", hint="index in two steps")
        else:
            special = (len(target), part)
            triples.append((0, 1, extent))
            target.append(extent)
        axis += 1
    kept = _cut(x, triples).reshape(target)
    return kept if special is None else _advanced(kept, *special)


def _cut(x: Tensor, triples: list[tuple[int, int, int]]) -> Tensor:
    from tamecheck.programs.builder.tensor import apply
    from tamecheck.programs.definitions.basics import cut

    return apply(cut, x, triples=triples)


def _expanded(x: Tensor, parts: tuple) -> list:
    """Return the parts of a key with ``...`` written out as full slices."""
    consumed = sum([p is not None and p is not Ellipsis for p in parts])
    dots = sum([p is Ellipsis for p in parts])
    if dots > 1 or consumed > x.ndim:
        raise ShapeError(f"{consumed} indices for a tensor of shape {list(x.shape)}" if dots < 2 else "more than one '...' in an index")
    full = [slice(None)] * (x.ndim - consumed)
    if not dots:
        return [*parts, *full]
    spot = next(k for k, p in enumerate(parts) if p is Ellipsis)
    return [*parts[:spot], *full, *parts[spot + 1 :]]


def _advanced(x: Tensor, axis: int, index: object) -> Tensor:
    from tamecheck.programs.builder.tensor import Arithmetic, apply

    if isinstance(index, Arithmetic):
        return apply(lambda p, table, n: p.lookup(table, n, axis), x, index)
    entries, shape = static_indices(index, x.shape[axis])
    return apply(lambda p, n: p.reindex(("gather", axis, entries, shape), n), x)


def static_indices(index: object, extent: int, what: str = "index") -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return integers in ``0 .. extent-1``, row-major, and their shape, from a list or an array of integers.

    Negative integers count from the end; a list of truth values selects where it is true.
    """
    from tamecheck.programs.builder.hyperparameters import array_entries

    rows = index.tolist() if hasattr(index, "tolist") else index
    if isinstance(rows, (list, tuple)) and rows and all(isinstance(r, bool) for r in rows):
        if len(rows) != extent:
            raise ShapeError(f"{what}: {len(rows)} truth values for an axis of extent {extent}")
        chosen = tuple(k for k, r in enumerate(rows) if r)
        return chosen, (len(chosen),)
    if not isinstance(rows, (list, tuple, int)):
        raise InputError(f"{what} of type {type(index).__name__} is not understood", code="TC126", hint="integers, slices, lists, tensors")
    entries, shape = array_entries(rows, what)
    for e in entries:
        if e.denominator != 1 or not -extent <= e < extent:
            raise ShapeError(f"{what} {e} is not an integer from {-extent} to {extent - 1}")
    return tuple(int(e) % extent for e in entries), shape
