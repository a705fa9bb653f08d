"""Where the operations of PyTorch (ATen) have kinks, ties, jumps and poles, and which of them the arguments touch.

`touches` looks at one call; what it returns holds masks and indices only, so that it costs a few comparisons per entry.  One-sided slopes are
those of the function; what backward returns is not written here: it is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

MAXIMAL_PAIRS = 200_000


@dataclass
class Touch:
    """What one call touches.

    Attributes
    ----------
    kind : as in `Finding`
    x : Tensor — the argument
    mask : Tensor of bool — the entries (rows, windows) that are touched, ``None`` if `plus` says it
    left, right : float or Tensor — slopes at a kink
    plus, minus : Tensor of int or None — flat indices in x of tied entries, for ties: the first has to become larger for the choice that was made
    minuend : Tensor or None — second argument: the kink is at x = minuend
    of : int
    operator, where : str — in the rule book
    live : Tensor of bool or None — of the mask: what is not locally constant
    separable : bool — whether the touched entries can be written as differences of entries of x
    probe : callable or None — the operation on a small sample, for measuring
    """

    kind: str
    x: torch.Tensor
    mask: torch.Tensor | None = None
    left: object = None
    right: object = None
    plus: torch.Tensor | None = None
    minus: torch.Tensor | None = None
    minuend: torch.Tensor | None = None
    of: int = 0
    operator: str = ""
    where: str = ""
    probe: Callable | None = None
    sample: torch.Tensor | None = None
    note: str = ""
    trivial: int = 0
    separable: bool = True
    live: torch.Tensor | None = None


def _arg(args, kwargs, k, name, default):
    return args[k] if len(args) > k else kwargs.get(name, default)


def _kink(x, at, left, right, operator, where, kind="kink", note=""):
    return Touch(kind, x, x == at, left, right, of=x.numel(), operator=operator, where=where, note=note)


def _hardtanh(a, k):
    low, high = _arg(a, k, 1, "min_val", -1.0), _arg(a, k, 2, "max_val", 1.0)
    name = "relu6" if (low, high) == (0, 6) else "hardtanh"
    at = ("x0 == 0", "x0 == 6") if name == "relu6" else ("x0 == low", "x0 == high")
    return [_kink(a[0], low, 0.0, 1.0, name, at[0]), _kink(a[0], high, 1.0, 0.0, name, at[1])]


def _clamp(a, k):
    low, high = _arg(a, k, 1, "min", None), _arg(a, k, 2, "max", None)
    found = []
    if low is not None:
        found.append(_kink(a[0], low, 0.0, 1.0, "clamp_min number", ""))
    if high is not None:
        found.append(_kink(a[0], high, 1.0, 0.0, "clamp_max number", ""))
    return found


def _elu(a, k):
    alpha, scale, inner = _arg(a, k, 1, "alpha", 1.0), _arg(a, k, 2, "scale", 1.0), _arg(a, k, 3, "input_scale", 1.0)
    left, right = float(alpha) * float(scale) * float(inner), float(scale)
    return [] if left == right else [_kink(a[0], 0, left, right, "selu" if scale != 1 else "elu", "x0 == 0")]


def _shrink(a, k, jump):
    t = _arg(a, k, 1, "lambd", 0.5)
    kind, name = ("jump", "hardshrink") if jump else ("kink", "softshrink")
    if t == 0:
        return []
    return [_kink(a[0], -t, 1.0, 0.0, name, "x0 == -threshold", kind), _kink(a[0], t, 0.0, 1.0, name, "x0 == threshold", kind)]


def _threshold(a, k):
    t, v = _arg(a, k, 1, "threshold", 0), _arg(a, k, 2, "value", 0)
    return [_kink(a[0], t, 0.0, 1.0, "threshold", "x0 == threshold", "kink" if t == v else "jump")]


def _prelu(a, k):
    x, w = torch.broadcast_tensors(a[0], a[1])
    return [Touch("kink", x, x == 0, w, 1.0, of=x.numel(), operator="prelu", where="x0 == 0")]


def _rrelu(a, k):
    if _arg(a, k, 4, "training", False):
        return None
    mean = (_arg(a, k, 2, "lower", 0.125) + _arg(a, k, 3, "upper", 1 / 3)) / 2
    return [_kink(a[0], 0, mean, 1.0, "rrelu", "")]


def _pow(a, k):
    x, e = a[0], a[1]
    if not isinstance(e, (int, float)):
        return None
    smooth = e == int(e) and e >= 0
    return [] if smooth or e >= 1 else [_kink(x, 0, None, None, "pow", "x0 == 0", "pole")]


def _jump(at, name):
    return lambda a, k: [Touch("jump", a[0], at(a[0]), of=a[0].numel(), operator=name)]


def _pole(points, name):
    def find(a, k):
        mask = torch.zeros_like(a[0], dtype=torch.bool)
        for p in points:
            mask |= a[0] == p
        return [Touch("pole", a[0], mask, of=a[0].numel(), operator=name, where=f"x0 == {points[0]}")]

    return find


def _div(a, k):
    mode = k.get("rounding_mode")
    if mode is not None:
        return None
    d = a[1]
    return [Touch("pole", d, d == 0, of=d.numel(), operator="div")] if isinstance(d, torch.Tensor) else []


def _modulo(a, k):
    quotient = a[0] / a[1]
    return [Touch("jump", a[0], quotient == torch.round(quotient), of=a[0].numel(), operator="mod")]


def _softplus(a, k):
    beta, limit = _arg(a, k, 1, "beta", 1), _arg(a, k, 2, "threshold", 20)
    return [_kink(a[0] * beta, limit, None, None, "softplus", "", "jump", "the value jumps by about 2e-9 at the threshold")]


def _bce(a, k):
    p = a[0]
    return [
        Touch(
            "pole",
            p,
            (p < 1e-12) | (1 - p < 1e-12),
            of=p.numel(),
            operator="binary_cross_entropy",
            note="the logarithm is clamped in the value and not in the derivative",
        )
    ]


def _extremum_of_two(name):
    def find(a, k):
        x, y = torch.broadcast_tensors(a[0], a[1])
        left, right = (0.0, 1.0) if "max" in name else (1.0, 0.0)
        return [
            Touch(
                "tie",
                x,
                x == y,
                left,
                right,
                minuend=y,
                of=x.numel(),
                operator={"maximum": "max", "minimum": "min"}.get(name, name),
                where="x0 == x1",
            )
        ]

    return find


def _smooth_l1(a, k):
    if _arg(a, k, 3, "beta", 1.0) != 0:
        return []
    return [Touch("tie", a[0], a[0] == a[1], -1.0, 1.0, minuend=a[1], of=a[0].numel(), operator="l1_loss")]


def _norm(a, k, out):
    x, order = a[0], _arg(a, k, 1, "ord", 2)
    if order == 1:
        return [_kink(x, 0, -1.0, 1.0, "norm 1", "", "kink")]
    if order == float("inf"):
        dims = _arg(a, k, 2, "dim", None)
        keep = out if _arg(a, k, 3, "keepdim", False) or dims is None else _expand(out, dims, x.dim())
        count = (x.abs() == keep).sum(dims if dims is not None else tuple(range(x.dim())))
        return [Touch("tie", x, (count > 1) | (out == 0), of=out.numel(), operator="norm inf", separable=False)]
    if order > 1:
        return [Touch("norm", x, out == 0, of=out.numel(), operator="norm 2" if order == 2 else "norm 3", separable=False)]
    return None


def _expand(out, dims, rank):
    for d in sorted([d % rank for d in ([dims] if isinstance(dims, int) else dims)]):
        out = out.unsqueeze(d)
    return out


def _zero_output(name):
    def find(a, k, out):
        return [Touch("norm", a[0], out == 0, of=out.numel(), operator=name, separable=False)]

    return find


def _reduced(a, k, out):
    """amax, amin: all tied entries share."""
    x, dims = a[0], _arg(a, k, 1, "dim", None)
    dims = tuple(range(x.dim())) if dims is None or dims == [] or x.dim() == 0 else dims
    keep = out if _arg(a, k, 2, "keepdim", False) or x.dim() == 0 else _expand(out, dims, x.dim())
    count = (x == keep).sum(dims) if x.dim() else torch.ones_like(x)
    return [Touch("tie", x, count > 1, of=out.numel(), operator="amax", separable=False, probe=torch.amax)]


def _whole(a, k, out):
    if len(a) > 1:
        return None
    count = (a[0] == out).sum()
    return [Touch("tie", a[0], (count > 1).reshape(1), of=1, operator="max all", separable=False)]


def _along(name, probe, smallest=False):
    """max.dim, min.dim: one of the tied entries wins."""

    def find(a, k, out):
        x, values, index = a[0], out[0], out[1]
        dim, keepdim = _arg(a, k, 1, "dim", 0), _arg(a, k, 2, "keepdim", False)
        if x.dim() == 0:
            return []
        if not keepdim:
            values, index = values.unsqueeze(dim), index.unsqueeze(dim)
        rivals = (x == values).scatter(dim, index, False)
        count = rivals.sum(dim, keepdim=True)
        plus, minus = _pairs(x, dim, index, rivals)
        if smallest:
            plus, minus = minus, plus
        return [Touch("tie", x, count > 0, plus=plus, minus=minus, of=count.numel(), operator=name, probe=probe)]

    return find


def _pairs(x, dim, index, rivals):
    """Return flat indices of winners and rivals."""
    where = rivals.nonzero()
    if len(where) > MAXIMAL_PAIRS:
        return None, None
    strides = torch.ones(x.dim(), dtype=torch.long)
    for d in range(x.dim() - 2, -1, -1):
        strides[d] = strides[d + 1] * x.shape[d + 1]
    minus = (where * strides).sum(1)
    at = where.clone()
    at[:, dim] = 0
    winner = index[tuple(at.T)]
    return minus + (winner - where[:, dim]) * strides[dim], minus


def _sorted(a, k, out):
    x, values = a[0], out[0]
    if x.dim() == 0:
        return []
    dim = k.get("dim", next((v for v in a[1:] if isinstance(v, int) and not isinstance(v, bool)), -1)) % x.dim()
    equal = values.narrow(dim, 1, values.shape[dim] - 1) == values.narrow(dim, 0, values.shape[dim] - 1)
    return [Touch("tie", x, equal, of=equal.numel(), operator="sort", separable=False)]


def _chosen(name):
    """topk, kthvalue, median along an axis, mode: ties of what is chosen with anything, also in other rows: rather too many than too few."""

    def find(a, k, out):
        x, values = a[0], out[0] if isinstance(out, (tuple, list)) else out
        flat = x.reshape(-1)
        _, counts = torch.unique(flat, return_counts=True)
        if not bool((counts > 1).any()):
            return [Touch("tie", x, torch.zeros(1, dtype=torch.bool), of=values.numel(), operator=name, separable=False)]
        duplicated = torch.unique(flat)[counts > 1]
        return [Touch("tie", x, torch.isin(values, duplicated), of=values.numel(), operator=name, separable=False)]

    return find


def _running(a, k, out):
    x = a[0]
    _, counts = torch.unique(x.reshape(-1), return_counts=True)
    mask = (counts > 1).any().reshape(1)
    return [Touch("tie", x, mask, of=1, operator="cummax last", separable=False)]


def _pool(rank):
    def find(a, k, out):
        x, (values, index) = a[0], out
        size = _list(a[1], rank)
        step = _list(_arg(a, k, 2, "stride", None) or size, rank)
        pad, gap = _list(_arg(a, k, 3, "padding", 0), rank), _list(_arg(a, k, 4, "dilation", 1), rank)
        batched = x if x.dim() == rank + 2 else x.unsqueeze(0)
        values, index = (t if t.dim() == rank + 2 else t.unsqueeze(0) for t in (values, index))
        area = 1
        for n in batched.shape[2:]:
            area *= n
        numbers = torch.arange(area, device=x.device).reshape(1, 1, *batched.shape[2:])
        widths = [w for p, n, s in zip(reversed(pad), reversed(batched.shape[2:]), reversed(step), strict=True) for w in (p, p + s + n)]
        big = torch.nn.functional.pad(batched, widths, value=float("-inf"))
        numbers = torch.nn.functional.pad(numbers, widths, value=-1)
        planes = torch.arange(batched.shape[0] * batched.shape[1], device=x.device).reshape(*batched.shape[:2], *[1] * rank) * area
        tied = torch.zeros_like(values, dtype=torch.bool)
        plus, minus = [], []
        for offset in torch.cartesian_prod(*[torch.arange(s) for s in size]).reshape(-1, rank).tolist():
            place = (
                slice(None),
                slice(None),
                *[slice(o * g, o * g + s * (n - 1) + 1, s) for o, g, s, n in zip(offset, gap, step, values.shape[2:], strict=True)],
            )
            here = numbers[place]
            rival = (big[place] == values) & (here >= 0) & (here != index)
            if bool(rival.any()):
                tied |= rival
                plus.append((planes + index)[rival])
                minus.append((planes + here)[rival])
        pairs = (torch.cat(plus), torch.cat(minus)) if plus else (index.new_zeros(0), index.new_zeros(0))
        probe = lambda row: torch.nn.functional.max_pool1d(row[None, None], row.numel())  # noqa: E731
        return [Touch("tie", x, tied, plus=pairs[0], minus=pairs[1], of=values.numel(), operator=f"max_pool {min(3, size[0])}", probe=probe)]

    return find


def _list(v, rank):
    v = [v] if isinstance(v, int) else list(v)
    return v * rank if len(v) == 1 else v


ENTRIES: dict[str, Callable] = {
    "relu": lambda a, k: [_kink(a[0], 0, 0.0, 1.0, "relu", "x0 == 0")],
    "abs": lambda a, k: [_kink(a[0], 0, -1.0, 1.0, "abs", "x0 == 0")],
    "leaky_relu": lambda a, k: [_kink(a[0], 0, float(_arg(a, k, 1, "negative_slope", 0.01)), 1.0, "leaky_relu", "x0 == 0")],
    "hardtanh": _hardtanh,
    "clamp": _clamp,
    "elu": _elu,
    "threshold": _threshold,
    "_prelu_kernel": _prelu,
    "rrelu_with_noise": _rrelu,
    "clamp_min": lambda a, k: [_kink(a[0], a[1], 0.0, 1.0, "clamp_min number", "")],
    "clamp_max": lambda a, k: [_kink(a[0], a[1], 1.0, 0.0, "clamp_max number", "")],
    "hardsigmoid": lambda a, k: [_kink(a[0], -3, 0.0, 1 / 6, "hardsigmoid", "x0 == -3"), _kink(a[0], 3, 1 / 6, 0.0, "hardsigmoid", "x0 == 3")],
    "hardswish": lambda a, k: [_kink(a[0], -3, 0.0, -0.5, "hardswish", "x0 == -3"), _kink(a[0], 3, 1.5, 1.0, "hardswish", "x0 == 3")],
    "softshrink": lambda a, k: _shrink(a, k, False),
    "hardshrink": lambda a, k: _shrink(a, k, True),
    "round": _jump(lambda x: x - torch.floor(x) == 0.5, "round"),
    "floor": _jump(lambda x: x == torch.floor(x), "floor"),
    "ceil": _jump(lambda x: x == torch.floor(x), "ceil"),
    "trunc": _jump(lambda x: (x == torch.floor(x)) & (x != 0), "trunc"),
    "frac": _jump(lambda x: (x == torch.floor(x)) & (x != 0), "frac"),
    "sign": _jump(lambda x: x == 0, "sign"),
    "sgn": _jump(lambda x: x == 0, "sign"),
    "heaviside": _jump(lambda x: x == 0, "heaviside"),
    "remainder": _modulo,
    "fmod": _modulo,
    "nan_to_num": _jump(lambda x: ~torch.isfinite(x), "nan_to_num"),
    "sqrt": _pole([0], "sqrt"),
    "rsqrt": _pole([0], "rsqrt"),
    "log": _pole([0], "log"),
    "log2": _pole([0], "log2"),
    "log10": _pole([0], "log10"),
    "log1p": _pole([-1], "log1p"),
    "reciprocal": _pole([0], "reciprocal"),
    "acosh": _pole([1], "acosh"),
    "asin": _pole([1, -1], "asin"),
    "acos": _pole([1, -1], "acos"),
    "atanh": _pole([1, -1], "atanh"),
    "erfinv": _pole([1, -1], "erfinv"),
    "logit": _pole([0, 1], "logit"),
    "special_entr": _pole([0], "entr"),
    "xlogy": lambda a, k: None,
    "div": _div,
    "pow": _pow,
    "softplus": _softplus,
    "binary_cross_entropy": _bce,
    "maximum": _extremum_of_two("maximum"),
    "minimum": _extremum_of_two("minimum"),
    "fmax": _extremum_of_two("fmax"),
    "fmin": _extremum_of_two("fmin"),
    "smooth_l1_loss": _smooth_l1,
    "huber_loss": lambda a, k: [],
}
"""Operations with one value per entry: arguments -> touches, ``None`` if this use is not listed."""

OUTPUTS: dict[str, Callable] = {
    "linalg_vector_norm": _norm,
    "std": _zero_output("std"),
    "_cdist_forward": _zero_output("norm 2"),
    "amax": _reduced,
    "amin": _reduced,
    "max": lambda a, k, out: _whole(a, k, out) if len(a) == 1 and not k else _along("max axis", lambda t: torch.max(t, 0).values)(a, k, out),
    "min": lambda a, k, out: (
        _whole(a, k, out) if len(a) == 1 and not k else _along("max axis", lambda t: torch.min(t, 0).values, smallest=True)(a, k, out)
    ),
    "sort": _sorted,
    "topk": _chosen("topk"),
    "kthvalue": _chosen("kthvalue"),
    "median": _chosen("median"),
    "mode": _chosen("mode"),
    "cummax": _running,
    "cummin": _running,
    "max_pool2d_with_indices": _pool(2),
    "max_pool3d_with_indices": _pool(3),
}
"""Operations that reduce or choose: arguments and output -> touches."""

COMPARISONS = frozenset(["eq", "ne", "gt", "ge", "lt", "le", "argmax", "argmin", "isclose"])
"""Operations whose value jumps where both sides are equal; it matters if something is chosen by them."""

SMOOTH = frozenset(
    """convolution celu unsafe_split unsafe_chunk _convolution mkldnn_convolution add sub rsub mul mm bmm addmm addmv baddbmm matmul mv dot linear
    neg sum mean exp exp2
    expm1 sin cos tan tanh sinh cosh asinh atan sigmoid erf erfc gelu silu mish softmax _softmax _log_softmax _safe_softmax
    log_sigmoid_forward logsumexp logaddexp logaddexp2 square native_layer_norm native_batch_norm _native_batch_norm_legit
    native_group_norm _batch_norm_with_update cudnn_batch_norm _fused_rms_norm var addcmul addcdiv lerp
    binary_cross_entropy_with_logits nll_loss_forward nll_loss2d_forward mse_loss soft_margin_loss prod cumsum cumprod logcumsumexp
    _scaled_dot_product_flash_attention_for_cpu mkldnn_rnn_layer native_dropout avg_pool2d avg_pool3d _adaptive_avg_pool2d
    _adaptive_avg_pool3d upsample_nearest1d upsample_nearest2d upsample_bilinear2d upsample_linear1d embedding index_select gather
    index scatter scatter_add index_add glu trace outer polar kl_div cat stack view reshape _unsafe_view t transpose permute expand
    squeeze unsqueeze select slice split split_with_sizes unbind chunk clone detach alias flatten repeat roll flip constant_pad_nd
    reflection_pad1d reflection_pad2d replication_pad2d as_strided diagonal diag_embed tril triu unfold im2col col2im pixel_shuffle
    pixel_unshuffle copy contiguous _to_copy to zeros_like ones_like empty_like full_like new_zeros new_ones new_empty rand_like
    randn_like lift_fresh masked_fill slice_scatter select_scatter movedim narrow fill zero _reshape_alias view_as_real sym_size
    is_same_size _local_scalar_dense norm_except_dim _weight_norm_interface linear_backward""".split()  # noqa: SIM905
)
"""Continuously differentiable where they are defined (with the epsilons of normalisations), or without derivative."""


def touches(name: str, args, kwargs, out) -> list[Touch] | None:
    """Return what a call touches, ``None`` if the operation is not listed."""
    if name in ENTRIES:
        return ENTRIES[name](args, kwargs)
    if name in OUTPUTS:
        return OUTPUTS[name](args, kwargs, out)
    return [] if name in SMOOTH else None


def flat_entries(name: str, args, kwargs, out) -> torch.Tensor | None:
    """Return where the value is locally constant although derivatives pass: the flat sides of rectifiers, products with zeros."""
    x = args[0] if args and isinstance(args[0], torch.Tensor) else None
    if name in ("relu",):
        return x < 0
    if name == "hardtanh":
        return (x < _arg(args, kwargs, 1, "min_val", -1.0)) | (x > _arg(args, kwargs, 2, "max_val", 1.0))
    if name == "threshold":
        return x < _arg(args, kwargs, 1, "threshold", 0)
    if name == "mul" and isinstance(args[1], torch.Tensor) and x is not None:
        frozen = [t for t in (x, args[1]) if not t.requires_grad]
        return (frozen[0] == 0).expand_as(out) if len(frozen) == 1 else None
    return None
