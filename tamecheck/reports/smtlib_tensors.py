"""Tensor operations entry by entry, as SMT-LIB terms; one function per kind of node."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product
from math import prod
from typing import TYPE_CHECKING

from tamecheck.reports.smtlib_terms import rational

if TYPE_CHECKING:
    from tamecheck.reports.smtlib import Lowering


def _entrywise(low: Lowering, arguments: list, shape: tuple, build) -> object:
    import numpy as np

    views = [np.ravel(np.broadcast_to(a, shape)) for a in arguments]
    return low.array([build([v[k] for v in views]) for k in range(prod(shape))], shape)


def _map(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    return _entrywise(low, arguments, shape, lambda args: low.scalar(parameters[0], args))


def _compare(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    test = {"lt": "(< {0} {1})", "le": "(<= {0} {1})", "eq": "(= {0} {1})", "ne": "(not (= {0} {1}))"}[parameters[0]]
    return _entrywise(low, arguments, shape, lambda args: low.define(f"(ite {test.format(*args)} 1.0 0.0)"))


def _logic(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    def build(args: list[str]) -> str:
        truths = " ".join(f"(not (= {a} 0.0))" for a in args)
        return low.define(f"(ite ({parameters[0]} {truths}) 1.0 0.0)")

    return _entrywise(low, arguments, shape, build)


def _where(low: Lowering, _parameters: list, arguments: list, shape: tuple) -> object:
    return _entrywise(low, arguments, shape, lambda args: low.define(f"(ite (not (= {args[0]} 0.0)) {args[1]} {args[2]})"))


def _contract(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    left, _, right = parameters[0].partition("->")
    operands = left.split(",")
    extents = {c: e for letters, a in zip(operands, arguments, strict=True) for c, e in zip(letters, a.shape, strict=True)}
    summed = [c for c in extents if c not in right]
    items = []
    for out in product(*(range(extents[c]) for c in right)):
        terms = []
        for inner in product(*(range(extents[c]) for c in summed)):
            at = {**dict(zip(right, out, strict=True)), **dict(zip(summed, inner, strict=True))}
            factors = [a[tuple(at[c] for c in letters)] for letters, a in zip(operands, arguments, strict=True)]
            terms.append(factors[0] if len(factors) == 1 else f"(* {' '.join(factors)})")
        items.append(low.fold("sum", terms))
    return low.array(items, shape)


def _reduce(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    import numpy as np

    operation, axes, _ = parameters
    x = arguments[0]
    moved = np.moveaxis(x, tuple(axes), tuple(range(x.ndim - len(axes), x.ndim)))
    rest = moved.shape[: x.ndim - len(axes)]
    rows = moved.reshape((prod(rest), prod([x.shape[a] for a in axes])))
    return low.array([low.fold(operation, list(row)) for row in rows], shape)


def _cumulate(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    import numpy as np

    operation, axis, exclusive, reverse = parameters
    x = np.moveaxis(np.flip(arguments[0], axis) if reverse else arguments[0], axis, -1)
    result = np.empty(x.shape, dtype=object)
    for place in np.ndindex(*x.shape[:-1]):
        for k in range(x.shape[-1]):
            if exclusive:
                before = [] if k == 0 else [result[(*place, k - 1)], x[(*place, k - 1)]]
            else:
                before = [x[(*place, k)]] if k == 0 else [result[(*place, k - 1)], x[(*place, k)]]
            result[(*place, k)] = low.fold(operation, before)
    result = np.moveaxis(result, -1, axis)
    return np.flip(result, axis) if reverse else result


def _reindex(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    import numpy as np

    from tamecheck.programs import evaluate

    if parameters[0] == "pad":
        inside = np.pad(np.ones(arguments[0].shape, dtype=bool), [tuple(p) for p in parameters[1]])
        result = np.full(shape, arguments[1].item(), dtype=object)
        result[inside] = np.ravel(arguments[0])
        return result
    return np.asarray(evaluate.KINDS["reindex"](tuple(parameters), arguments, shape), dtype=object)


def _order(low: Lowering, parameters: list, arguments: list, _shape: tuple) -> object:
    """Ranks by counting: the entry of rank k is the one with k entries before it."""
    import numpy as np

    what, axis, count, largest = parameters
    x = np.moveaxis(arguments[0], axis, -1)
    result = np.empty((*x.shape[:-1], count), dtype=object)
    for place in np.ndindex(*x.shape[:-1]):
        row = list(x[place])
        if what.endswith("_last"):
            row.reverse()
        ranks = [_rank(low, row, i, bool(largest)) for i in range(len(row))]
        for k in range(count):
            items = [rational(Fraction(i)) for i in range(len(row))] if what not in ("sort", "topk") else row
            if what.endswith("_last"):
                items.reverse()
            term = items[-1]
            for i in range(len(row) - 2, -1, -1):
                term = low.define(f"(ite (= {ranks[i]} {k}.0) {items[i]} {term})")
            result[(*place, k)] = term
    return np.moveaxis(result, -1, axis)


def _rank(low: Lowering, row: list[str], i: int, largest: bool) -> str:
    sign = ">" if largest else "<"
    before = [f"(ite ({sign}{'=' if j < i else ''} {row[j]} {row[i]}) 1.0 0.0)" for j in range(len(row)) if j != i]
    return low.fold("sum", before)


def _lookup(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    import numpy as np

    axis, (table, index) = parameters[0], arguments
    rows = np.moveaxis(table, axis, 0)
    result = np.empty((*index.shape, *rows.shape[1:]), dtype=object)
    for place in np.ndindex(*index.shape):
        i = index[place]
        low.line(f"(assert (or false {' '.join(f'(= {i} {k}.0)' for k in range(rows.shape[0]))}))")
        for rest in np.ndindex(*rows.shape[1:]):
            term = rows[(rows.shape[0] - 1, *rest)] if rows.shape[0] else "0.0"
            for k in range(rows.shape[0] - 2, -1, -1):
                term = low.define(f"(ite (= {i} {k}.0) {rows[(k, *rest)]} {term})")
            result[(*place, *rest)] = term
    return np.moveaxis(result, range(index.ndim), range(axis, axis + index.ndim)).reshape(shape)


def _linalg(low: Lowering, parameters: list, arguments: list, shape: tuple) -> object:
    """Determinants by expansion; inverses and solutions as constants that solve the equations."""
    import numpy as np

    what, matrix = parameters[0], arguments[0]
    size = matrix.shape[-1]
    if what not in ("det", "inverse", "solve") or size > 5:
        raise low.unsupported(f"{what} of {size} by {size} matrices")
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(*matrix.shape[:-2]):
        determinant = _determinant(low, matrix[place])
        if what == "det":
            result[place] = determinant
            continue
        low.line(f"(assert (not (= {determinant} 0.0)))")
        if what == "solve":
            right = arguments[1][place]
        else:
            right = low.array(["1.0" if i == j else "0.0" for i in range(size) for j in range(size)], (size, size))
        unknowns = low.array([low.unknown("s") for _ in range(right.size)], right.shape)
        for i, j in np.ndindex(*right.shape):
            row = [f"(* {matrix[place][i, k]} {unknowns[k, j]})" for k in range(size)]
            low.line(f"(assert (= {low.fold('sum', row)} {right[i, j]}))")
        result[place] = unknowns
    return result


def _determinant(low: Lowering, m: object) -> str:
    size = m.shape[0]
    terms = []
    for order in permutations(range(size)):
        odd = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size)) % 2
        factors = [m[i, order[i]] for i in range(size)]
        term = factors[0] if size == 1 else f"(* {' '.join(factors)})" if size else "1.0"
        terms.append(f"(- {term})" if odd else term)
    return low.fold("sum", terms)


KINDS = {"map": _map, "compare": _compare, "logic": _logic, "where": _where, "contract": _contract, "reduce": _reduce,
         "cumulate": _cumulate, "reindex": _reindex, "order": _order, "lookup": _lookup, "linalg": _linalg}  # fmt: skip
