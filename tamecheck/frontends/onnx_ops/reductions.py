"""Reductions, softmax and norms over axes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from tamecheck.frontends.onnx_ops.elementwise import negated
from tamecheck.frontends.onnx_ops.registry import Call, normal, normals, operator
from tamecheck.frontends.onnx_ops.values import BOOL, INTEGERS, MAXIMAL_STATIC, Tensor, Unsupported, malformed
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.basics import mean, power, square
from tamecheck.programs.definitions.normalisation import log_softmax, logsumexp, masked_softmax, norm, softmax, standardize

INPUT_SINCE = {"ReduceSum": 13}
EXACT = {"ReduceSum": np.add, "ReduceProd": np.multiply, "ReduceMax": np.maximum, "ReduceMin": np.minimum}


def chosen_axes(c, call: Call, x: Tensor) -> list[int] | None:
    """Return the axes of a reduction; ``None`` when the operator asks for none to be reduced."""
    rank = len(x.shape)
    given = call.optional(1)
    axes = call.integers("axes") if call.version < INPUT_SINCE.get(call.op, 18) else None
    if given is not None:
        axes = c.ints(given, "the axes")
    if not axes:
        if call.integer("noop_with_empty_axes", 0) and (axes is not None or call.version >= 13):
            return None
        return list(range(rank))
    return normals(axes, rank)


@operator(
    "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare",
    "axes keepdims noop_with_empty_axes",
)
def reduction(c, call: Call):
    """Sums, means, products, extrema and norms over axes; over nothing they have their neutral value where there is one."""
    x, op = call[0], call.op
    axes = chosen_axes(c, call, x)
    keep = bool(call.integer("keepdims", 1))
    if axes is None:
        axes, keep = [], True
    function = EXACT.get(op)
    if x.node is None and function is not None and c.static(x) and 0 < x.size <= MAXIMAL_STATIC:
        if not axes:
            return x
        array = np.asarray(function.reduce(x.exact(), axis=tuple(axes), keepdims=keep), dtype=object)
        return Tensor(array.shape, x.dtype, data=array)
    if not axes and op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"):
        return x
    if op == "ReduceMax" and x.holes is not None and axes and x.size:
        return _masked_maximum(c, x, axes, keep)
    if op == "ReduceLogSumExp" and x.holes is not None:
        n, holes = c.finite(x)
        kept = c.p.where(c.node(holes), c.p.constant(0), c.p.map("exp", n))
        return c.new(c.p.map("log", c.p.reduce("sum", kept, axes, keep)), x.dtype)
    n = c.node(x)
    empty = any(x.shape[a] == 0 for a in axes)
    if empty and op in ("ReduceMax", "ReduceMin", "ReduceMean"):
        if x.dtype == BOOL and op != "ReduceMean":
            shape = tuple([1 if a in axes else e for a, e in enumerate(x.shape) if keep or a not in axes])
            return Tensor(shape, BOOL, splat=int(op == "ReduceMin"))
        raise Unsupported("the extremum or mean of no entries is no real number")
    p = c.p
    if op == "ReduceSum":
        r = p.reduce("sum", n, axes, keep)
    elif op == "ReduceMean":
        r = mean(p, n, axes, keep)
        r = scalar.trunc(p, r) if x.dtype in INTEGERS else r
    elif op == "ReduceProd":
        r = p.reduce("prod", n, axes, keep)
    elif op in ("ReduceMax", "ReduceMin"):
        r = p.reduce(op[6:].lower(), n, axes, keep)
    elif op == "ReduceL1":
        r = p.reduce("sum", p.map("abs", n), axes, keep)
    elif op == "ReduceL2":
        r = p.map("sqrt", p.reduce("sum", square(p, n), axes, keep))
    elif op == "ReduceSumSquare":
        r = p.reduce("sum", square(p, n), axes, keep)
    elif op == "ReduceLogSum":
        r = p.map("log", p.reduce("sum", n, axes, keep))
    else:
        r = logsumexp(p, n, axes, keep) if axes else n
    return c.new(r, x.dtype)


def _masked_maximum(c, x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Return the largest of the entries that are not minus infinity; it is minus infinity where there is none."""
    p = c.p
    n, holes = c.finite(x)
    holes = c.spread(holes, x.shape)
    # the smallest finite entry stands in for a hole: it never exceeds the maximum of the others
    filled = p.where(c.node(holes), p.reduce("min", n, axes, True), n)
    result = c.new(p.reduce("max", filled, axes, keep), x.dtype)
    if holes.node is None and holes.is_static and holes.size <= MAXIMAL_STATIC:
        array = np.asarray(np.minimum.reduce(holes.exact(), axis=tuple(axes), keepdims=keep), dtype=object)
        result.holes = Tensor(array.shape, BOOL, data=array) if array.any() else None
    else:
        result.holes = c.new(p.reduce("min", p.compare("ne", c.node(holes), p.constant(0)), axes, keep), BOOL)
    return result


@operator("Softmax LogSoftmax", "axis")
def softmaxes(c, call: Call):
    """``exp(x) / sum exp(x)`` and its logarithm; before version 13 over all axes from ``axis`` on.

    Where a mask puts minus infinity the weight is 0: a case split.
    """
    x = call[0]
    rank = len(x.shape)
    if call.version < 13:
        axis = normal(call.integer("axis", 1), rank)
        axes: int | list[int] = list(range(axis, rank)) if rank - axis != 1 else axis
        if not rank:
            axes = []
    else:
        axes = normal(call.integer("axis", -1), rank)
        if not rank:
            axes = []
    n, holes = c.finite(x)
    if holes is None:
        return c.new((softmax if call.op == "Softmax" else log_softmax)(c.p, n, axes), x.dtype)
    if not isinstance(axes, int):
        raise Unsupported("a mask under a softmax over several axes")
    if call.op == "Softmax":
        keep = negated(c, holes)
        return c.new(masked_softmax(c.p, n, c.node(lowered(c, keep)), axes), x.dtype)
    kept = c.p.where(c.node(holes), c.p.constant(0), c.p.map("exp", n))
    total = c.p.map("log", c.p.reduce("sum", kept, [axes], True))
    return c.new(c.p.map("sub", n, total), x.dtype, holes)


def lowered(c, t: Tensor) -> Tensor:
    """Return a known mask without the leading axes along which it repeats itself, so that its rows are seen."""
    if t.node is not None or not t.is_static or len(t.shape) <= 2 or t.size > MAXIMAL_STATIC:
        return t
    array = t.exact()
    while array.ndim > 2:
        if array.shape[0] == 0 or not (array == array[:1]).all():
            return t
        array = array[0]
    return c.fold(array, t.dtype)


@operator("LpNormalization", "axis p")
def lp_normalization(c, call: Call):
    """``x / norm(x)`` along an axis; frameworks give 0 at 0, here it is 0 as well, by cases."""
    x = call[0]
    axis = call.axis("axis", len(x.shape), -1)
    order = call.integer("p", 2)
    if order not in (1, 2):
        raise malformed("attribute p is neither 1 nor 2")
    n, p = c.node(x), c.p
    length = norm(p, n, [axis], order, True)
    quotient = p.map("div", n, length)
    if call.version >= 22:
        zero = p.constant(0)
        quotient = p.where(p.compare("eq", length, zero), zero, quotient)
    return c.new(quotient, x.dtype)


@operator("MeanVarianceNormalization", "axes")
def mean_variance_normalization(c, call: Call):
    """``(x - mean) / (sqrt(variance) + 1e-9)`` over axes."""
    x = call[0]
    axes = normals(call.integers("axes", (0, 2, 3)), len(x.shape))
    p, n = c.p, c.node(x)
    deviation = p.map("sub", n, mean(p, n, axes, True))
    spread = p.map("sqrt", mean(p, square(p, deviation), axes, True))
    tiny = Fraction(float(np.float32(1e-9)))
    return c.new(p.map("div", deviation, p.map("add", spread, p.constant(tiny))), x.dtype)


@operator("LayerNormalization", "axis epsilon stash_type")
def layer_normalization(c, call: Call):
    """Normalisation over the axes from ``axis`` on, with scale and bias; also the mean and the inverse deviation."""
    x = call[0]
    rank = len(x.shape)
    axes = list(range(normal(call.integer("axis", -1), rank), rank))
    p, n = c.p, c.node(x)
    eps = call.number("epsilon", 1e-5)
    if not (call.wants(1) or call.wants(2)):
        y = standardize(p, n, axes, eps)[0]
        inverse = centre = None
    else:
        y, centre, spread = standardize(p, n, axes, eps)
        inverse = p.map("div", p.constant(1), p.map("sqrt", p.map("add", spread, p.constant(eps))))
    if call.optional(1) is not None:
        y = p.map("mul", y, c.weight(call[1]))
    if call.optional(2) is not None:
        y = p.map("add", y, c.weight(call[2]))
    extra = [None if m is None else c.new(m, call.integer("stash_type", 1)) for m in (centre, inverse)]
    return c.new(y, x.dtype), *extra


@operator("RMSNormalization", "axis epsilon stash_type")
def rms_normalization(c, call: Call):
    """``x / sqrt(mean(x^2) + epsilon) * scale`` over the axes from ``axis`` on."""
    x = call[0]
    rank = len(x.shape)
    axes = list(range(normal(call.integer("axis", -1), rank), rank))
    p, n = c.p, c.node(x)
    eps = call.number("epsilon", 1e-5)
    root = p.map("sqrt", p.map("add", mean(p, square(p, n), axes, True), p.constant(eps)))
    y = p.map("div", n, root)
    return c.new(p.map("mul", y, c.weight(call[1])), x.dtype)


@operator("GlobalAveragePool GlobalMaxPool GlobalLpPool", "p")
def global_pool(c, call: Call):
    """The mean, maximum or norm over all spatial axes."""
    x = call[0]
    if len(x.shape) < 2:
        raise malformed(f"shape {list(x.shape)} has no channels")
    axes = range(2, len(x.shape))
    n = c.node(x)
    if call.op == "GlobalAveragePool":
        return c.new(mean(c.p, n, axes, True), x.dtype)
    if call.op == "GlobalMaxPool":
        return c.new(c.p.reduce("max", n, axes, True), x.dtype)
    order = call.number("p", 2) if call.version < 2 else call.integer("p", 2)
    total = c.p.reduce("sum", power(c.p, c.p.map("abs", n), order), axes, True)
    return c.new(power(c.p, total, 1 / Fraction(order)), x.dtype)


@operator("Einsum", "equation")
def einsum(c, call: Call):
    """A contraction written in letters; a letter of extent 1 broadcasts, three dots stand for leading axes."""
    tensors = [call[k] for k in range(len(call.inputs))]
    left, arrow, right = call.text("equation").replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors) or not all(ch.isalpha() and ch.isascii() or ch == "." for ch in left.replace(",", "") + right):
        raise malformed("the equation does not fit its inputs")
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        right = ("..." if "..." in left else "") + "".join(sorted({ch for ch in letters if letters.count(ch) == 1}))
    spare = [ch for ch in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if ch not in left + right]
    hidden = max([len(t.shape) - len(term.replace("...", "")) for term, t in zip(terms, tensors, strict=True) if "..." in term], default=0)
    dots = "".join(spare[:hidden])
    spare = spare[hidden:]
    extents: dict[str, int] = {}
    spelled = []
    for term, t in zip(terms, tensors, strict=True):
        own = len(t.shape) - len(term.replace("...", ""))
        if own < 0 or ("..." not in term and own != 0) or term.replace("...", "", 1).count("."):
            raise malformed(f"term {term!r} does not fit shape {list(t.shape)}")
        word = term.replace("...", dots[hidden - own :] if own else "")
        spelled.append(word)
        for ch, e in zip(word, t.shape, strict=True):
            extents[ch] = e if extents.get(ch, 1) == 1 else extents[ch]
    final = []
    for word, t in zip(spelled, tensors, strict=True):
        # an axis of extent 1 that meets a longer one gets a letter of its own and is summed over its single entry
        fixed = ""
        for ch, e in zip(word, t.shape, strict=True):
            if e == 1 and extents[ch] != 1:
                if not spare:
                    raise Unsupported("the equation needs more letters than there are")
                fixed += spare.pop()
            else:
                fixed += ch
        final.append(fixed)
    target = right.replace("...", dots)
    nodes = [c.node(t) for t in tensors]
    return c.new(c.p.contract(",".join(final) + "->" + target, *nodes), tensors[0].dtype)


@operator("LRN", "alpha beta bias size")
def lrn(c, call: Call):
    """Local response normalisation over neighbouring channels."""
    from tamecheck.programs.definitions.normalisation import local_response_norm

    x, size = call[0], call.integer("size")
    if not size or size < 1 or len(x.shape) < 2:
        raise malformed(f"a window of {size} channels in shape {list(x.shape)}")
    n = local_response_norm(
        c.p, c.node(x), size, alpha=call.number("alpha", 1e-4), beta=call.number("beta", 0.75), bias=call.number("bias", 1.0)
    )
    return c.new(n, x.dtype)


@operator("Det")
def det(c, call: Call):
    """Determinants of the last two axes."""
    return c.new(c.p.linalg("det", c.node(call[0])), call[0].dtype)


