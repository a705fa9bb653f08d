"""What ATen operators mean, over the reals: one function per operator, arguments by their schema names.

An argument that a function does not name is a refusal, never ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod

from tamecheck.frontends.torch_graph.archive import BOOL, FLOATS, INTEGERS
from tamecheck.programs.definitions import scalar, tensor

OPERATORS: dict[str, Callable[..., int]] = {}
VIEWS = frozenset(
    "view reshape permute transpose expand slice select squeeze unsqueeze flatten unflatten t numpy_T _unsafe_view detach alias "
    "lift_fresh broadcast_tensors contiguous to dropout feature_dropout alpha_dropout".split()
)
REFUSED = {
    "rand": "random numbers", "randn": "random numbers", "rand_like": "random numbers", "randn_like": "random numbers",
    "bernoulli": "random numbers", "multinomial": "random numbers",
}  # fmt: skip


class Unsupported(Exception):
    """Why one operator has no translation."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def op(*names: str) -> Callable:
    """Register a function for operators, written ``name.overload``."""

    def enter(function: Callable[..., int]) -> Callable[..., int]:
        for name in names:
            OPERATORS[name] = function
        return function

    return enter


def _unary(name: str, function: Callable) -> None:
    OPERATORS[f"{name}.default"] = lambda c, self: function(c.p, self)


for _name in "neg abs exp log sqrt sin cos tan asin acos atan erf floor ceil lgamma digamma".split():
    _unary(_name, lambda p, x, _n=_name: p.map(_n, x))
for _name in "rsqrt reciprocal tanh sigmoid relu relu6 silu hardsigmoid hardswish expm1 log1p log2 log10 exp2 sinh cosh mish square erfc".split():
    _unary(_name, getattr(scalar, _name))
_unary("log_sigmoid", scalar.logsigmoid)
_unary("sign", lambda p, x: p.map("sign", x))


@op("detach.default")
def _detach(c, self):
    if c.p.nodes[self][0] != "constant":
        c.note("detach passes no derivative on: what is said of automatic differentiation is about the program without it")
    return self


@op("alias.default", "lift_fresh_copy.default", "lift_fresh.default", "clone.default", "contiguous.default")
def _same(c, self, memory_format=None):
    return self


@op("dropout.default", "feature_dropout.default", "alpha_dropout.default")
def _dropout(c, input, p, train):
    if train and p:
        raise Unsupported("dropout in training is random; call model.eval() before exporting")
    return input


@op("add.Tensor", "add.Scalar")
def _add(c, self, other, alpha=1):
    if c.expected_dtype == BOOL:
        raise Unsupported("a sum of truth values")
    return c.p.map("add", c.tensor(self), tensor.scaled(c.p, c.tensor(other), alpha))


@op("sub.Tensor", "sub.Scalar")
def _sub(c, self, other, alpha=1):
    return c.p.map("sub", c.tensor(self), tensor.scaled(c.p, c.tensor(other), alpha))


@op("rsub.Scalar", "rsub.Tensor")
def _rsub(c, self, other, alpha=1):
    return c.p.map("sub", c.tensor(other), tensor.scaled(c.p, c.tensor(self), alpha))


@op("mul.Tensor", "mul.Scalar")
def _mul(c, self, other):
    return c.p.map("mul", c.tensor(self), c.tensor(other))


@op("div.Tensor", "div.Scalar")
def _div(c, self, other):
    return c.p.map("div", c.tensor(self), c.tensor(other))


@op("pow.Tensor_Scalar")
def _power(c, self, exponent):
    return tensor.power(c.p, self, exponent)


@op("maximum.default", "max.other")
def _maximum(c, self, other):
    return c.p.map("max", self, other)


@op("minimum.default", "min.other")
def _minimum(c, self, other):
    return c.p.map("min", self, other)


@op("leaky_relu.default")
def _leaky(c, self, negative_slope=Fraction(0.01)):
    return scalar.leaky_relu(c.p, self, slope=negative_slope)


@op("elu.default")
def _elu(c, self, alpha=1):
    return scalar.elu(c.p, self, alpha=alpha)


@op("gelu.default")
def _gelu(c, self, approximate="none"):
    if approximate not in ("none", "tanh"):
        raise Unsupported(f"approximation {approximate!r}")
    return scalar.gelu(c.p, self, approximate=approximate)


@op("softplus.default")
def _softplus(c, self, beta=1, threshold=20):
    return scalar.softplus(c.p, self, beta=beta, threshold=threshold)


@op("hardtanh.default")
def _clamp(c, self, min_val=-1, max_val=1):
    return c.p.map("min", c.p.map("max", self, c.p.constant(min_val)), c.p.constant(max_val))


@op("clamp.default", "clip.default")
def _clip(c, self, min=None, max=None):
    x = self if min is None else c.p.map("max", self, c.p.constant(min))
    return x if max is None else c.p.map("min", x, c.p.constant(max))


@op("clamp_min.default")
def _clamp_min(c, self, min):
    return c.p.map("max", self, c.p.constant(min))


@op("softmax.int", "_softmax.default")
def _softmax(c, self, dim, dtype=None, half_to_float=False):
    return tensor.softmax(c.p, self, dim)


@op("log_softmax.int", "_log_softmax.default")
def _log_softmax(c, self, dim, dtype=None, half_to_float=False):
    return tensor.log_softmax(c.p, self, dim)


@op("logsumexp.default")
def _logsumexp(c, self, dim, keepdim=False):
    return tensor.logsumexp(c.p, self, dim, keepdim)


# ------------------------------------------------------------------ linear maps


@op("linear.default")
def _linear(c, input, weight, bias=None):
    y = tensor.matmul(c.p, input, tensor.transpose(c.p, weight, (1, 0)))
    return y if bias is None else c.p.map("add", y, bias)


@op("mm.default", "bmm.default", "matmul.default")
def _matmul(c, self, mat2=None, other=None):
    return tensor.matmul(c.p, self, other if mat2 is None else mat2)


@op("addmm.default")
def _addmm(c, self, mat1, mat2, beta=1, alpha=1):
    return c.p.map("add", tensor.scaled(c.p, self, beta), tensor.scaled(c.p, tensor.matmul(c.p, mat1, mat2), alpha))


@op("conv1d.default", "conv2d.default", "conv3d.default")
def _conv(c, input, weight, bias=None, stride=(1,), padding=(0,), dilation=(1,), groups=1):
    rank = len(c.p.shape(weight)) - 2
    if len(c.p.shape(input)) != rank + 2:
        raise Unsupported("an input without a batch axis")
    stride, padding, dilation = each(stride, rank), each(padding, rank), each(dilation, rank)
    return tensor.conv(c.p, input, weight, bias, stride=stride, padding=[(k, k) for k in padding], dilation=dilation, groups=groups)


def each(value: object, rank: int) -> list[int]:
    """Return one number per spatial axis; a single one stands for all."""
    numbers = list(value) if isinstance(value, (list, tuple)) else [value]
    return numbers * rank if len(numbers) == 1 else numbers


@op("max_pool1d.default", "max_pool2d.default", "max_pool3d.default")
def _max_pool(c, self, kernel_size, stride=(), padding=(0,), dilation=(1,), ceil_mode=False):
    rank = {"1": 1, "2": 2, "3": 3}[c.target.split("pool")[1][0]]
    size = each(kernel_size, rank)
    return tensor.max_pool(
        c.p, self, size, stride=each(stride, rank) if stride else size, padding=[(k, k) for k in each(padding, rank)],
        dilation=each(dilation, rank), ceil=ceil_mode,
    )  # fmt: skip


@op("avg_pool2d.default")
def _avg_pool(c, self, kernel_size, stride=(), padding=(0,), ceil_mode=False, count_include_pad=True, divisor_override=None):
    if any(each(padding, 2)) or ceil_mode or divisor_override is not None:
        raise Unsupported("average pooling with padding, ceil_mode or a divisor of its own")
    size = each(kernel_size, 2)
    return tensor.avg_pool(c.p, self, size, stride=each(stride, 2) if stride else size)


@op("adaptive_avg_pool2d.default", "_adaptive_avg_pool2d.default")
def _adaptive(c, self, output_size):
    shape, target = c.p.shape(self)[-2:], each(output_size, 2)
    if any(t < 1 or e % t for e, t in zip(shape, target, strict=True)):
        raise Unsupported(f"adaptive pooling of {list(shape)} to {target}, which does not divide it")
    size = [e // t for e, t in zip(shape, target, strict=True)]
    return tensor.avg_pool(c.p, self, size, stride=size)


# -------------------------------------------------------------- normalisation


@op("layer_norm.default")
def _layer_norm(c, input, normalized_shape, weight=None, bias=None, eps=Fraction(1e-5), cudnn_enable=True):
    return tensor.layer_norm(c.p, input, weight, bias, axes=range(-len(normalized_shape), 0), eps=eps)


@op("group_norm.default")
def _group_norm(c, input, num_groups, weight=None, bias=None, eps=Fraction(1e-5), cudnn_enabled=True):
    return tensor.group_norm(c.p, input, num_groups, weight, bias, eps=eps)


@op("batch_norm.default")
def _batch_norm(c, input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=True):
    if training or running_mean is None or running_var is None:
        raise Unsupported("batch normalisation in training changes its statistics; call model.eval() before exporting")
    return tensor.batch_norm(c.p, input, weight, bias, running_mean, running_var, eps=eps)


# ------------------------------------------------------------------ reductions


def axes_of(c, x: int, dim: object) -> list[int]:
    """Return the axes that ``dim`` means: all of them when it is missing or empty."""
    rank = len(c.p.shape(x))
    chosen = list(range(rank)) if dim is None or dim == [] else [dim] if isinstance(dim, int) else list(dim)
    return [a % rank for a in chosen] if rank else []


@op("mean.default", "mean.dim")
def _mean(c, self, dim=None, keepdim=False, dtype=None):
    return tensor.mean(c.p, self, axes_of(c, self, dim), keepdim)


@op("sum.default", "sum.dim_IntList")
def _sum(c, self, dim=None, keepdim=False, dtype=None):
    return c.p.reduce("sum", self, axes_of(c, self, dim), keepdim)


@op("amax.default", "max.default")
def _amax(c, self, dim=None, keepdim=False):
    return c.p.reduce("max", self, axes_of(c, self, dim), keepdim)


@op("amin.default", "min.default")
def _amin(c, self, dim=None, keepdim=False):
    return c.p.reduce("min", self, axes_of(c, self, dim), keepdim)


@op("var.correction")
def _var(c, self, dim=None, correction=1, keepdim=False):
    return tensor.variance(c.p, self, axes_of(c, self, dim), keepdim, correction=correction)


@op("var.dim")
def _var_dim(c, self, dim, unbiased=True, keepdim=False):
    return tensor.variance(c.p, self, axes_of(c, self, dim), keepdim, correction=int(unbiased))


# ---------------------------------------------------------------------- shapes


@op("view.default", "reshape.default", "flatten.using_ints", "squeeze.default", "squeeze.dim", "squeeze.dims", "unsqueeze.default",
    "_unsafe_view.default", "unflatten.int")
def _reshape(c, self, size=None, shape=None, start_dim=0, end_dim=-1, dim=None, sizes=None):
    return tensor.reshape(c.p, self, c.expected)


@op("permute.default")
def _permute(c, self, dims):
    rank = len(c.p.shape(self))
    return tensor.transpose(c.p, self, [a % rank for a in dims])


@op("transpose.int")
def _transpose(c, self, dim0, dim1):
    order = list(range(len(c.p.shape(self))))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return tensor.transpose(c.p, self, order)


@op("t.default", "numpy_T.default")
def _t(c, self):
    return tensor.transpose(c.p, self, range(len(c.p.shape(self)))[::-1])


@op("expand.default")
def _expand(c, self, size, implicit=False):
    return c.p.reindex(("expand", c.expected), self)


@op("broadcast_tensors.default")
def _broadcast(c, tensors):
    return [c.p.reindex(("expand", c.expected), n) for n in tensors]


@op("slice.Tensor")
def _slice(c, self, dim=0, start=None, end=None, step=1):
    shape = c.p.shape(self)
    low, high, step = slice(start, end, step).indices(shape[dim])
    triples = [(0, 1, e) for e in shape]
    triples[dim] = (low, step, len(range(low, high, step)))
    return tensor.cut(c.p, self, triples)


@op("select.int")
def _select(c, self, dim, index):
    shape = c.p.shape(self)
    triples = [(0, 1, e) for e in shape]
    triples[dim] = (index % shape[dim], 1, 1)
    return tensor.reshape(c.p, tensor.cut(c.p, self, triples), c.expected)


@op("cat.default")
def _cat(c, tensors, dim=0):
    return c.p.reindex(("concat", dim % len(c.p.shape(tensors[0]))), *tensors)


@op("stack.default")
def _stack(c, tensors, dim=0):
    return tensor.stack(c.p, tensors, dim % (len(c.p.shape(tensors[0])) + 1))


@op("embedding.default")
def _embedding(c, weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    return c.p.lookup(weight, indices)


# ------------------------------------------------------------- decisions


def _relation(name: str) -> Callable:
    return lambda c, self, other: c.p.compare(name, c.tensor(self), c.tensor(other))


for _name in "gt lt ge le eq ne".split():
    OPERATORS[f"{_name}.Scalar"] = OPERATORS[f"{_name}.Tensor"] = _relation(_name)
for _name in "and or xor".split():
    OPERATORS[f"logical_{_name}.default"] = lambda c, self, other, _n=_name: c.p.logic(_n, self, other)
OPERATORS["logical_not.default"] = lambda c, self: c.p.logic("not", self)


@op("where.self", "where.ScalarOther", "where.ScalarSelf")
def _where(c, condition, self, other):
    return c.p.where(condition, c.tensor(self), c.tensor(other))


@op("masked_fill.Scalar")
def _masked_fill(c, self, mask, value):
    return c.p.where(mask, c.p.constant(value), self)


@op("to.dtype", "to.dtype_layout", "_to_copy.default")
def _to(c, self, dtype=None, layout=None, device=None, pin_memory=None, non_blocking=False, copy=False, memory_format=None):
    old, new = c.dtype(self), c.expected_dtype
    if new in FLOATS and (old in FLOATS or old in INTEGERS or old == BOOL) or (old == BOOL and new in INTEGERS) or old == new:
        return self
    raise Unsupported("a cast to integers or truth values")


# ----------------------------------------------------------------------- losses


def reduced(c, x: int, reduction: int) -> int:
    """Return the entries, their mean or their sum for 0, 1, 2."""
    if reduction not in (0, 1, 2):
        raise Unsupported(f"reduction {reduction}")
    axes = range(len(c.p.shape(x)))
    return x if reduction == 0 else tensor.mean(c.p, x, axes) if reduction == 1 else c.p.reduce("sum", x, axes)


@op("mse_loss.default")
def _mse(c, self, target, reduction=1):
    return reduced(c, tensor.square(c.p, c.p.map("sub", self, target)), reduction)


@op("l1_loss.default")
def _l1(c, self, target, reduction=1):
    return reduced(c, c.p.map("abs", c.p.map("sub", self, target)), reduction)


@op("binary_cross_entropy_with_logits.default")
def _bce_logits(c, self, target, weight=None, pos_weight=None, reduction=1):
    if weight is not None or pos_weight is not None:
        raise Unsupported("weights of samples or classes")
    first = c.p.map("mul", c.p.map("sub", c.p.constant(1), target), self)
    return reduced(c, c.p.map("sub", first, scalar.logsigmoid(c.p, self)), reduction)


@op("cross_entropy_loss.default")
def _cross_entropy(c, self, target, weight=None, reduction=1, ignore_index=-100, label_smoothing=0):
    return _nll_of(c, lambda axis: tensor.log_softmax(c.p, self, axis), self, target, weight, reduction, label_smoothing)


@op("nll_loss.default", "nll_loss_nd.default")
def _nll(c, self, target, weight=None, reduction=1, ignore_index=-100):
    return _nll_of(c, lambda axis: self, self, target, weight, reduction, 0)


def _nll_of(c, logs, x, target, weight, reduction, smoothing):
    """Return ``-sum_k [k = target] l_k``; labels 0 .. K-1, others (also the ignored one) are outside the domain."""
    if weight is not None or smoothing:
        raise Unsupported("class weights or label smoothing")
    shape = c.p.shape(x)
    axis = 1 if len(shape) > 1 else 0
    if c.dtype(target) in FLOATS:
        if c.p.shape(target) != shape:
            raise Unsupported("target probabilities of another shape")
        each_loss = c.p.map("neg", c.p.reduce("sum", c.p.map("mul", logs(axis), target), [axis]))
        if reduction == 1:
            batch = prod(c.p.shape(each_loss))
            return tensor.scaled(c.p, c.p.reduce("sum", each_loss, range(len(c.p.shape(each_loss)))), Fraction(1, max(1, batch)))
        return reduced(c, each_loss, reduction)
    if c.lies_outside(target, shape[axis]):
        raise Unsupported("a stored label lies outside the classes")
    c.note("class labels outside 0 .. K-1, also ignore_index, are outside the claim")
    line = tensor.gather_along(c.p, logs(axis), tensor.reshape(c.p, target, [*shape[:axis], 1, *shape[axis + 1 :]]), axis)
    return reduced(c, c.p.map("neg", tensor.reshape(c.p, line, [e for k, e in enumerate(shape) if k != axis])), reduction)


@op("scaled_dot_product_attention.default")
def _attention(c, query, key, value, attn_mask=None, dropout_p=0, is_causal=False, scale=None, enable_gqa=False):
    if dropout_p or enable_gqa:
        raise Unsupported("dropout or grouped queries in attention")
    if attn_mask is None:
        return tensor.attention(c.p, query, key, value, scale=scale, causal=is_causal)
    how = "mask" if c.dtype(attn_mask) == BOOL else "bias"
    return tensor.attention(c.p, query, key, value, scale=scale, causal=is_causal, **{how: attn_mask})
