"""Tensor definitions agree with PyTorch's functions on random points, with every option."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from tamecheck.errors import ShapeError
from tamecheck.programs.definitions import tensor as t
from tamecheck.programs.evaluate import evaluate
from tamecheck.programs.program import Program

torch = pytest.importorskip("torch")
F = torch.nn.functional


def run(build, **arrays):
    """Build nodes from inputs named like the arrays and evaluate them."""
    p = Program()
    nodes = build(p, **{name: p.input(name, a.shape) for name, a in arrays.items()})
    values = evaluate(p, nodes if isinstance(nodes, list) else [nodes], arrays)
    return values if isinstance(nodes, list) else values[0]


def sample(*shape, seed=0):
    """Dyadic random entries, so that nothing is rounded on the way in."""
    return np.random.default_rng(seed + sum(shape)).integers(-64, 65, shape) / 32.0


def close(ours, theirs):
    """Equality up to rounding."""
    theirs = np.asarray(theirs.detach()) if hasattr(theirs, "detach") else np.asarray(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


CONVOLUTIONS = [
    (rank, stride, dilation, pad, groups, kernel)
    for rank in (1, 2, 3)
    for stride, dilation, pad, groups, kernel in [(1, 1, 0, 1, 3), (2, 1, 1, 1, 3), (2, 2, 2, 2, 2), (1, 1, 0, 1, 1), (3, 1, 0, 4, 1)]
]


@pytest.mark.parametrize(("rank", "stride", "dilation", "pad", "groups", "kernel"), CONVOLUTIONS)
def test_convolution_is_the_framework_convolution(rank, stride, dilation, pad, groups, kernel):
    """Convolution in one to three dimensions with strides, dilations, padding, groups and bias."""
    x, w, b = sample(2, 4, *([6] * rank)), sample(8, 4 // groups, *([kernel] * rank)), sample(8)
    options = dict(stride=(stride,) * rank, dilation=(dilation,) * rank, padding=((pad, pad),) * rank, groups=groups)
    ours = run(lambda p, x, w, b: t.conv(p, x, w, b, **options), x=x, w=w, b=b)
    theirs = getattr(F, f"conv{rank}d")(*map(torch.tensor, (x, w, b)), stride, pad, dilation, groups)
    close(ours, theirs)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    ("stride", "dilation", "pad", "groups", "kernel", "extra"),
    [(1, 1, 0, 1, 3, 0), (2, 1, 1, 1, 3, 1), (3, 2, 0, 2, 2, 2), (2, 1, 0, 4, 1, 0), (2, 1, 2, 1, 3, 0)],
)
def test_transposed_convolution_is_the_framework_one(rank, stride, dilation, pad, groups, kernel, extra):
    """Transposed convolution with output padding."""
    x, w, b = sample(2, 4, *([4] * rank)), sample(4, 8 // groups, *([kernel] * rank)), sample(8)
    options = dict(
        stride=(stride,) * rank, dilation=(dilation,) * rank, padding=((pad, pad),) * rank, output_padding=(extra,) * rank, groups=groups
    )  # fmt: skip
    ours = run(lambda p, x, w, b: t.conv_transpose(p, x, w, b, **options), x=x, w=w, b=b)
    theirs = getattr(F, f"conv_transpose{rank}d")(*map(torch.tensor, (x, w, b)), stride, pad, extra, groups, dilation)
    close(ours, theirs)


POOLS = list(itertools.product([1, 2, 3], [(2, 2, 0, False), (3, 2, 1, False), (3, 2, 1, True), (2, 3, 1, True), (3, 1, 1, False)]))


@pytest.mark.parametrize(("rank", "case"), POOLS)
def test_pools_are_the_framework_pools(rank, case):
    """Maximum and mean over windows, with padding and a partial last window."""
    k, s, pad, ceil = case
    x = sample(2, 3, *([7] * rank))
    options = dict(stride=(s,) * rank, padding=((pad, pad),) * rank, ceil=ceil)
    ours, place = run(
        lambda p, x: [t.max_pool(p, x, (k,) * rank, **options), t.max_pool_index(p, x, (k,) * rank, **options)], x=x
    )
    theirs, index = getattr(F, f"max_pool{rank}d")(torch.tensor(x), k, s, pad, ceil_mode=ceil, return_indices=True)
    close(ours, theirs)
    close(place, index.double())
    for include in (False, True):
        ours = run(lambda p, x, include=include: t.avg_pool(p, x, (k,) * rank, count_include_pad=include, **options), x=x)
        theirs = getattr(F, f"avg_pool{rank}d")(torch.tensor(x), k, s, pad, ceil_mode=ceil, count_include_pad=include)
        close(ours, theirs)


def test_dilated_max_pool_and_lp_pool():
    """Dilated maximum windows; L2 and L3 pools; a fixed divisor."""
    x = sample(2, 3, 9, 9)
    ours = run(lambda p, x: t.max_pool(p, x, (2, 3), stride=(2, 1), dilation=(3, 2), padding=((1, 1), (1, 1))), x=x)
    close(ours, F.max_pool2d(torch.tensor(x), (2, 3), (2, 1), 1, (3, 2)))
    for q in (2, 3):
        close(run(lambda p, x, q=q: t.lp_pool(p, x, (3, 3), q, stride=(2, 2)), x=np.abs(x)), F.lp_pool2d(torch.tensor(np.abs(x)), q, 3, 2))
    close(
        run(lambda p, x: t.avg_pool(p, x, (2, 2), stride=(2, 2), divisor=3), x=x), F.avg_pool2d(torch.tensor(x), 2, divisor_override=3)
    )
    close(run(lambda p, x: t.global_avg_pool(p, x), x=x), x.mean((2, 3), keepdims=True))
    close(run(lambda p, x: t.global_max_pool(p, x), x=x), x.max((2, 3), keepdims=True))


@pytest.mark.parametrize("case", [(3, 2, 1, 1, False), (3, 2, 1, 2, True), (4, 3, 2, 1, True), (2, 5, 1, 3, False), (5, 1, 2, 1, False)])
def test_long_pools_list_only_their_ends(case):
    """An axis with thousands of windows gives the same maxima with few listed places."""
    k, s, pad, dilation, ceil = case
    x = sample(1, 2, 9000)
    p = Program()
    n = t.max_pool(p, p.input("x", x.shape), (k,), stride=(s,), padding=((pad, pad),), dilation=(dilation,), ceil=ceil)
    assert sum(len(node[1][2]) for node in p.nodes if node[1][:1] == ("gather",)) < 100 or len(p.nodes) < 5
    close(evaluate(p, [n], {"x": x})[0], F.max_pool1d(torch.tensor(x), k, s, pad, dilation, ceil))


def test_a_window_of_padding_only_is_refused():
    """A maximum over nothing has no value."""
    p = Program()
    with pytest.raises(ShapeError, match="padding only"):
        t.max_pool(p, p.input("x", (1, 1, 4)), (2,), padding=((3, 0),))


@pytest.mark.parametrize(
    ("a", "b"), [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((5, 2, 3), (3, 4)), ((5, 1, 2, 3), (1, 4, 3, 2)), ((4, 3), (2, 1, 3, 2))]
)
def test_matrix_product_follows_numpy(a, b):
    """Vectors, matrices and broadcast batches."""
    x, y = sample(*a), sample(*b, seed=1)
    close(run(lambda p, x, y: t.matmul(p, x, y), x=x, y=y), np.matmul(x, y))


def test_gemm():
    """Both transposes, factors, and a broadcast summand."""
    a, b, c = sample(3, 2), sample(4, 3), sample(4)
    ours = run(lambda p, a, b, c: t.gemm(p, a, b, c, alpha=Fraction(1, 2), beta=3, transpose_a=True, transpose_b=True), a=a, b=b, c=c)
    close(ours, a.T @ b.T / 2 + 3 * c)


def test_softmaxes():
    """Softmax, its logarithm and the log of a sum of exponentials, on any axis."""
    x = sample(3, 4, 5)
    for axis in (0, 1, -1):
        close(run(lambda p, x, axis=axis: t.softmax(p, x, axis), x=x), torch.softmax(torch.tensor(x), axis))
        close(run(lambda p, x, axis=axis: t.log_softmax(p, x, axis), x=x), torch.log_softmax(torch.tensor(x), axis))
        close(run(lambda p, x, axis=axis: t.logsumexp(p, x, axis), x=x), torch.logsumexp(torch.tensor(x), axis))


def test_normalisations():
    """Batch (both modes), layer, RMS, group and instance normalisation; L2 and L1 unit vectors; response normalisation."""
    x, g, b, m, v = sample(2, 4, 5, 5), sample(4), sample(4, seed=1), sample(4, seed=2), np.abs(sample(4, seed=3))
    eps = Fraction(1, 1024)
    tx, tg, tb, tm, tv = map(torch.tensor, (x, g, b, m, v))
    close(
        run(lambda p, x, g, b, m, v: t.batch_norm(p, x, g, b, m, v, eps=eps), x=x, g=g, b=b, m=m, v=v),
        F.batch_norm(tx, tm, tv, tg, tb, False, 0.1, float(eps)),
    )
    close(
        run(lambda p, x, g, b: t.batch_norm(p, x, g, b, eps=eps, training=True), x=x, g=g, b=b),
        F.batch_norm(tx, None, None, tg, tb, True, 0.1, float(eps)),
    )
    close(run(lambda p, x, g, b: t.group_norm(p, x, 2, g, b, eps=eps), x=x, g=g, b=b), F.group_norm(tx, 2, tg, tb, float(eps)))
    theirs = F.instance_norm(tx, None, None, tg, tb, True, 0.1, float(eps))
    close(run(lambda p, x, g, b: t.instance_norm(p, x, g, b, eps=eps), x=x, g=g, b=b), theirs)
    w, c = sample(5, 5), sample(5, 5, seed=4)
    close(
        run(lambda p, x, w, c: t.layer_norm(p, x, w, c, axes=(-2, -1), eps=eps), x=x, w=w, c=c),
        F.layer_norm(tx, (5, 5), *map(torch.tensor, (w, c)), float(eps)),
    )
    close(run(lambda p, x, w: t.rms_norm(p, x, w, axes=(2, 3), eps=eps), x=x, w=w), F.rms_norm(tx, (5, 5), torch.tensor(w), float(eps)))
    close(run(lambda p, x: t.normalize(p, x, (1,), eps=eps), x=x), F.normalize(tx, dim=1, eps=float(eps)))
    close(run(lambda p, x: t.normalize(p, x, (1,), exponent=1), x=x), F.normalize(tx, p=1, dim=1))
    ours = run(lambda p, x: t.local_response_norm(p, x, 3, alpha=Fraction(1, 8), beta=Fraction(3, 4), bias=2), x=x)
    close(ours, F.local_response_norm(tx, 3, 0.125, 0.75, 2))
    close(run(lambda p, x: t.variance(p, x, (1, 2), correction=1), x=x), x.var((1, 2), ddof=1))


def test_one_hot_and_indices():
    """One-hot, computed gathers and scatters."""
    i = np.array([[0, 3], [2, -1]])
    close(run(lambda p, i: t.one_hot(p, i, 4), i=i), np.eye(5, 4)[i])
    close(run(lambda p, i: t.one_hot(p, i, 4, 0, wrap=True), i=i), np.moveaxis(np.eye(4)[i], -1, 0))
    x, j = sample(3, 4, 2), np.random.default_rng(0).integers(0, 4, (3, 5, 1))
    close(run(lambda p, x, j: t.gather_along(p, x, j, 1), x=x, j=j), np.take_along_axis(x[:, :, :1], j, 1))
    u = sample(2, 3, 2)
    k = np.array([[[0, 1], [3, 3], [2, 2]], [[3, 0], [1, 2], [0, 1]]])
    tx, tk, tu = map(torch.tensor, (x, k, u))
    close(run(lambda p, x, k, u: t.scatter_along(p, x, k, u, 1), x=x, k=k, u=u), tx.scatter(1, tk, tu))
    repeated = np.zeros_like(k)
    for reduction, name in (("sum", "sum"), ("prod", "prod"), ("max", "amax"), ("min", "amin")):
        for index in (k, repeated):
            ours = run(lambda p, x, k, u, r=reduction: t.scatter_along(p, x, k, u, 1, r), x=x, k=index, u=u)
            close(ours, tx.scatter_reduce(1, torch.tensor(index), tu, name))


def test_static_scatter():
    """Static places: the last update wins, or updates are combined."""
    x, u = sample(6), sample(4)
    places = [1, 4, 1, 1]
    close(run(lambda p, x, u: t.scatter_flat(p, x, places, u), x=x, u=u), np.array([x[0], u[3], x[2], x[3], u[1], x[5]]))
    for reduction, name in (("sum", "sum"), ("prod", "prod"), ("max", "amax"), ("min", "amin")):
        theirs = torch.tensor(x).scatter_reduce(0, torch.tensor(places), torch.tensor(u), name)
        close(run(lambda p, x, u, r=reduction: t.scatter_flat(p, x, places, u, r), x=x, u=u), theirs)


@pytest.mark.parametrize(("mode", "corners"), [("nearest", None), ("linear", False), ("linear", True), ("cubic", False), ("cubic", True)])
@pytest.mark.parametrize("sizes", [(7, 10), (3, 2), (1, 5)])
def test_interpolation(mode, corners, sizes):
    """Nearest, linear and cubic resampling, up and down, with and without aligned corners."""
    x = sample(2, 3, 5, 4)
    name = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}[mode]
    ours = run(lambda p, x: t.interpolate(p, x, sizes, mode, align_corners=bool(corners)), x=x)
    close(ours, F.interpolate(torch.tensor(x), sizes, mode=name, align_corners=corners))


def test_attention():
    """Scaled dot products, causal and masked, with grouped leading axes and additive bias."""
    q, k, v = sample(2, 3, 4, 8), sample(2, 3, 6, 8), sample(2, 3, 6, 5)
    tq, tk, tv = map(torch.tensor, (q, k, v))
    close(run(lambda p, q, k, v: t.attention(p, q, k, v), q=q, k=k, v=v), F.scaled_dot_product_attention(tq, tk, tv))
    close(
        run(lambda p, q, k, v: t.attention(p, q, k, v, causal=True, scale=Fraction(1, 4)), q=q, k=k, v=v),
        F.scaled_dot_product_attention(tq, tk, tv, is_causal=True, scale=0.25),
    )
    mask = np.random.default_rng(3).integers(0, 2, (2, 1, 4, 6))
    mask[..., 2] = 1
    theirs = F.scaled_dot_product_attention(tq, tk, tv, torch.tensor(mask).bool())
    close(run(lambda p, q, k, v, m: t.attention(p, q, k, v, mask=m), q=q, k=k, v=v, m=mask), theirs)
    bias = sample(4, 6)
    theirs = F.scaled_dot_product_attention(tq, tk, tv, torch.tensor(bias))
    close(run(lambda p, q, k, v, b: t.attention(p, q, k, v, bias=b), q=q, k=k, v=v, b=bias), theirs)


@pytest.mark.parametrize("empty", [None, 0, 1])
@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("mask", [[[1, 0, 1], [0, 1, 1]], [[0, 1, 0]], [[0, 0, 0], [1, 0, 0]], [[1, 1, 1], [1, 1, 1]]])
def test_masked_softmax_is_a_case_split(mask, dynamic, empty):
    """Static and computed masks give the same weights; rows without any entry are undefined or as asked."""
    x, m = sample(2, 2, 3), np.array(mask)

    def build(p, x, m):
        return t.masked_softmax(p, x, m if dynamic else p.values(m.flatten().tolist(), m.shape), empty=empty)

    p = Program()
    node = build(p, p.input("x", x.shape), p.input("m", m.shape) if dynamic else m)
    (ours,) = evaluate(p, [node], {"x": x, "m": m})
    with np.errstate(all="ignore"):
        e = np.where(m, np.exp(x), 0)
        theirs = e / e.sum(-1, keepdims=True)
    close(ours, theirs if empty is None else np.where(np.isnan(theirs), empty, theirs))
    other = run(lambda p, x: p.reindex(("transpose", (0, 2, 1)), t.masked_softmax(p, p.reindex(("transpose", (0, 2, 1)), x), p.values(m.T.flatten().tolist(), m.T.shape), 1, empty=empty)), x=x)  # noqa: E501
    close(other, ours)
