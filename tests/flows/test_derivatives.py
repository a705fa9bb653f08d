"""Derivatives of every operation, every layer of the builder and the operators of ONNX, against differences with fifty digits."""

import inspect
import warnings
from fractions import Fraction

import numpy as np
import pytest
from precise import curvature, slope

from tamecheck import nn
from tamecheck.errors import InputError
from tamecheck.flows.system import System
from tamecheck.programs.program import Program

ACTIVATIONS = (
    "CELU ELU GELU GLU SELU Arctan Erf Exp Gaussian GroupSort Hardmish Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LiSHT LogCosh LogSigmoid "
    "LogSoftmax Mish PReLU Rational ReLU ReLU6 ReLUSquared RReLU Serf Sigmoid SiLU Sin Snake Softmax Softmin Softplus Softshrink Softsign Sparsemax "
    "Squareplus Swish Tanh Tanhshrink CReLU Identity Dropout SinusoidalPositions"
).split()
ROWS = {name: (getattr(nn, name), [(2, 4)]) for name in ACTIVATIONS}
PLANES, CUBE, LINE = (1, 2, 4, 4), (1, 2, 3, 3, 3), (1, 2, 5)
ROWS.update({
    "Maxout": (lambda: nn.Maxout(2), [(2, 4)]), "Softmax2d": (nn.Softmax2d, [(1, 2, 2, 2)]), "Threshold": (lambda: nn.Threshold(0, 1), [(2, 3)]),
    "Attention": (lambda: nn.Attention(4, 2, positions="rotary", causal=True), [(1, 3, 4)]),
    "LearntPositions": (lambda: nn.LearntPositions(3, 4), [(1, 3, 4)]), "LinearAttention": (lambda: nn.LinearAttention(4, 2), [(1, 3, 4)]),
    "MultiheadAttention": (lambda: nn.MultiheadAttention(4, 2, batch_first=True), [(1, 3, 4)]),
    "ChannelShuffle": (lambda: nn.ChannelShuffle(2), [(1, 4, 2, 2)]), "Flatten": (nn.Flatten, [(2, 2, 2)]),
    "Fold": (lambda: nn.Fold((3, 3), 2), [(1, 8, 4)]), "Unfold": (lambda: nn.Unfold(2), [(1, 2, 3, 3)]),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 2)), [(2, 4)]), "PatchEmbedding": (lambda: nn.PatchEmbedding(2, 3, 2), [PLANES]),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), [(1, 4, 2, 2)]), "PixelUnshuffle": (lambda: nn.PixelUnshuffle(2), [(1, 1, 4, 4)]),
    "Upsample": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), [(1, 1, 2, 2)]), "MLP": (lambda: nn.MLP(3, 4, 1, activation="tanh"), [(2, 3)]),
    "Bilinear": (lambda: nn.Bilinear(2, 3, 2), [(2, 2), (2, 3)]), "CosineSimilarity": (nn.CosineSimilarity, [(2, 3), (2, 3)]),
    "PairwiseDistance": (nn.PairwiseDistance, [(2, 3), (2, 3)]), "GatedLinear": (lambda: nn.GatedLinear(3, 4), [(2, 3)]),
    "Highway": (lambda: nn.Highway(3), [(2, 3)]), "Linear": (lambda: nn.Linear(3, 2), [(2, 3)]),
    "RadialBasis": (lambda: nn.RadialBasis(2, 3), [(2, 2)]),
    "SqueezeExcite": (lambda: nn.SqueezeExcite(4, 2), [(1, 4, 2, 2)]), "FourierFeatures": (lambda: nn.FourierFeatures(dim=2, features=2), [(2, 2)]),
    "MixtureOfExperts": (lambda: nn.MixtureOfExperts(3, [nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)], top_k=2), [(2, 3)]),
    "Siren": (lambda: nn.Siren(2, 3), [(2, 2)]), "SplineLinear": (lambda: nn.SplineLinear(2, 2), [(2, 2)]),
    "Lambda": (lambda: nn.Lambda(lambda x: x * x), [(2, 2)]), "Parallel": (lambda: nn.Parallel(nn.Linear(2, 2), "tanh"), [(2, 2)]),
    "Residual": (lambda: nn.Residual(nn.Linear(2, 2)), [(2, 2)]), "Sequential": (lambda: nn.Sequential(nn.Linear(2, 2), "gelu"), [(2, 2)]),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), [(2, 4, 3)]), "LayerNorm": (lambda: nn.LayerNorm(4), [(2, 4)]),
    "RMSNorm": (lambda: nn.RMSNorm(4), [(2, 4)]),
    "GlobalAvgPool": (nn.GlobalAvgPool, [PLANES]), "GlobalMaxPool": (nn.GlobalMaxPool, [PLANES]),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(3), [PLANES]),
    "GRU": (lambda: nn.GRU(2, 2), [(2, 1, 2)]), "LSTM": (lambda: nn.LSTM(2, 2), [(2, 1, 2)]), "RNN": (lambda: nn.RNN(2, 2), [(2, 1, 2)]),
    "GRUCell": (lambda: nn.GRUCell(2, 3), [(1, 2)]), "LSTMCell": (lambda: nn.LSTMCell(2, 3), [(1, 2)]),
    "RNNCell": (lambda: nn.RNNCell(2, 3), [(1, 2)]),
    "DiagonalStateSpace": (lambda: nn.DiagonalStateSpace(2, 2), [(1, 3, 2)]), "Block": (lambda: nn.Block(4, 2, 4), [(1, 2, 4)]),
    "Transformer": (lambda: nn.Transformer(4, 2, 1, 1, 4, batch_first=True), [(1, 2, 4), (1, 2, 4)]),
    "TransformerDecoder": (lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 4, batch_first=True), 1), [(1, 2, 4), (1, 2, 4)]),
    "TransformerDecoderLayer": (lambda: nn.TransformerDecoderLayer(4, 2, 4, batch_first=True), [(1, 2, 4), (1, 2, 4)]),
    "TransformerEncoder": (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 4, batch_first=True), 1), [(1, 2, 4)]),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, 4, activation="gelu", batch_first=True), [(1, 2, 4)]),
})  # fmt: skip
for rank, shape in ((1, LINE), (2, PLANES), (3, CUBE)):
    for kind in ("Circular", "Constant", "Reflection", "Replication", "Zero"):
        ROWS[f"{kind}Pad{rank}d"] = (lambda kind=kind, rank=rank: getattr(nn, f"{kind}Pad{rank}d")(1), [shape])
    for kind in ("AvgPool", "MaxPool"):
        ROWS[f"{kind}{rank}d"] = (lambda kind=kind, rank=rank: getattr(nn, f"{kind}{rank}d")(2), [shape])
        ROWS[f"Adaptive{kind}{rank}d"] = (lambda kind=kind, rank=rank: getattr(nn, f"Adaptive{kind}{rank}d")(2), [shape])
    ROWS[f"LPPool{rank}d"] = (lambda rank=rank: getattr(nn, f"LPPool{rank}d")(2, 2), [shape])
    ROWS[f"Conv{rank}d"] = (lambda rank=rank: getattr(nn, f"Conv{rank}d")(2, 2, 2), [shape])
    ROWS[f"ConvTranspose{rank}d"] = (lambda rank=rank: getattr(nn, f"ConvTranspose{rank}d")(2, 1, 2), [shape])
    ROWS[f"BatchNorm{rank}d"] = (lambda rank=rank: getattr(nn, f"BatchNorm{rank}d")(2), [shape])
    ROWS[f"InstanceNorm{rank}d"] = (lambda rank=rank: getattr(nn, f"InstanceNorm{rank}d")(2), [shape])
PAIR = [(3, 4), (3, 4)]
LOSSES = {name: (getattr(nn, name), PAIR, ()) for name in (
    "MSELoss L1Loss MAELoss HuberLoss SmoothL1Loss LogCoshLoss QuantileLoss PinballLoss ExpectileLoss HingeLoss SquaredHingeLoss SoftMarginLoss "
    "LogisticLoss ExponentialLoss HingeEmbeddingLoss BCELoss BCEWithLogitsLoss SigmoidFocalLoss InfoNCELoss NTXentLoss DiceLoss JaccardLoss IoULoss "
    "TverskyLoss KLDivLoss PoissonNLLLoss MultiLabelSoftMarginLoss"
).split()}  # fmt: skip
CLASSES = ([0, 2, 1],)
LOSSES.update({
    **{name: (getattr(nn, name), [(3, 4)], CLASSES) for name in ("MultiMarginLoss", "NLLLoss", "CrossEntropyLoss", "FocalLoss")},
    "MarginRankingLoss": (nn.MarginRankingLoss, [(3,), (3,), (3,)], ()),
    "CosineEmbeddingLoss": (nn.CosineEmbeddingLoss, [(3, 2), (3, 2)], ([1, -1, 1],)),
    "TripletMarginLoss": (nn.TripletMarginLoss, [(3, 2)] * 3, ()), "ContrastiveLoss": (nn.ContrastiveLoss, [(3, 2), (3, 2)], ([1, 0, 1],)),
    **{name: (getattr(nn, name), [(4,)] * 3, ()) for name in ("GaussianNLLLoss", "LaplaceNLLLoss", "GammaNLLLoss", "BetaNLLLoss")},
    "NegativeBinomialNLLLoss": (nn.NegativeBinomialNLLLoss, [(4,)] * 3, ()), "StudentTNLLLoss": (nn.StudentTNLLLoss, [(4,)] * 4, ()),
    "DirichletNLLLoss": (nn.DirichletNLLLoss, [(2, 3), (2, 3)], ()), "GaussianMixtureNLLLoss": (nn.GaussianMixtureNLLLoss, [(2, 3)] * 3 + [(2,)], ()),
    "EvidentialLoss": (nn.EvidentialLoss, [(4,)] * 5, ()),
})  # fmt: skip
REGULARISERS = {name: getattr(nn, name) for name in ("L1", "L2", "Lp", "ElasticNet", "Frobenius", "GroupLasso", "TotalVariation", "Orthogonality")}
NO_NUMBERS = {
    "Nuclear": "singular values are implicit nodes", "Spectral": "singular values are implicit nodes",
    "Schatten": "singular values are implicit nodes",
}  # fmt: skip
ABSTRACT = {"Activation", "Module", "ModuleList", "Loss"}
ELSEWHERE = {"Embedding", "EmbeddingBag", "CTCLoss", "MultiLabelMarginLoss"}


def test_every_layer_is_in_a_table():
    """A layer that is added to the builder has to be added here."""
    classes = {n for n in nn.__all__ if inspect.isclass(getattr(nn, n)) and issubclass(getattr(nn, n), nn.Module)}
    aliases = {"Dropout1d", "Dropout2d", "Dropout3d"}
    known = set(ROWS) | set(LOSSES) | set(REGULARISERS) | set(NO_NUMBERS) | ABSTRACT | ELSEWHERE | aliases
    assert classes <= known, sorted(classes - known)


def first_of(value):
    """Open tuples."""
    return first_of(value[0]) if isinstance(value, tuple) else value


def agrees(s: System, theta: np.ndarray, rng, rtol: float = 1e-8) -> None:
    """Compare value, slope and curvature along a random direction."""
    direction = rng.normal(size=s.size)
    value, exact = slope(s, theta, direction)
    found = s.gradient(theta)
    scale = float(np.abs(found) @ np.abs(direction)) + 1e-12
    assert s.value(theta) == pytest.approx(float(value), rel=1e-9, abs=1e-9)
    assert abs(found @ direction - float(exact)) <= rtol * scale
    bent = float(curvature(s, theta, direction))
    product = s.hessian_product(theta, direction)
    assert abs(product @ direction - bent) <= 1e-6 * (float(np.abs(product) @ np.abs(direction)) + 1e-9 * scale + abs(bent)) + 1e-9


def built(out, seed: int) -> tuple[System, np.random.Generator]:
    """Return a random linear combination of the entries of a tensor, plus half its square, as a system."""
    rng = np.random.default_rng(seed)
    weights = nn.Input("weights of entries", out.shape)
    loss = nn.Network((weights * out * (1 + out / 2)).sum())
    return System.of(loss, None, {"weights of entries": rng.normal(size=out.shape)}), rng


@pytest.mark.parametrize("name", sorted(ROWS))
def test_layers(name):
    """Parameters and inputs together."""
    make, shapes = ROWS[name]
    out = first_of(make()(*[nn.Input(f"x{k}", shape) for k, shape in enumerate(shapes)]))
    s, rng = built(out, 1)
    agrees(s, rng.normal(size=s.size) / 2, rng)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_losses(name):
    """Entries between 0.2 and 0.8, which all losses accept."""
    make, shapes, rest = LOSSES[name]
    rng = np.random.default_rng(2)
    s = System.of(nn.Network(make()(*[nn.Input(f"x{k}", shape) for k, shape in enumerate(shapes)], *rest)))
    agrees(s, rng.uniform(0.2, 0.8, s.size) + (1.5 if name in ("EvidentialLoss", "StudentTNLLLoss") else 0), rng)


@pytest.mark.parametrize("name", sorted(REGULARISERS))
def test_regularisers(name):
    """Norms and their relatives of a matrix."""
    make = REGULARISERS[name]
    s = System.of(nn.Network(make(p=3)(nn.Input("w", (3, 2))) if name == "Lp" else make()(nn.Input("w", (3, 2)))))
    rng = np.random.default_rng(3)
    agrees(s, rng.normal(size=s.size), rng)


def test_embeddings_and_other_indices():
    """Rows that are looked up by constants."""
    for out in (nn.Embedding(4, 2)([[0, 3, 3]]), nn.EmbeddingBag(4, 2)([[0, 3], [1, 1]])):
        s, rng = built(out, 4)
        agrees(s, rng.normal(size=s.size), rng)


@pytest.mark.parametrize("name", sorted(NO_NUMBERS))
def test_what_has_no_numbers_is_refused(name):
    """With a code, before anything runs."""
    with pytest.raises(InputError) as caught:
        System.of(nn.Network((nn.Schatten(p=3) if name == "Schatten" else getattr(nn, name)())(nn.Input("w", (3, 2)))))
    assert caught.value.code == "TC180"


PRIMITIVES = [
    ("sin", 0.3), ("cos", 0.3), ("tan", 0.4), ("asin", 0.3), ("acos", 0.3), ("atan", 0.7), ("exp", 0.2), ("log", 1.7), ("sqrt", 2.1), ("erf", 0.4),
    ("erfinv", 0.3), ("gamma", 2.3), ("lgamma", 3.1), ("digamma", 1.9), ("lambertw", 0.8), ("besselj0", 1.1), ("besselj1", 1.2), ("bessely0", 1.3),
    ("bessely1", 1.4), ("besseli0", 0.6), ("besseli1", 0.7), ("besselk0", 0.8), ("besselk1", 0.9), ("abs", -0.4), ("lgamma", 0.4), ("gamma", 0.6),
]  # fmt: skip


@pytest.mark.parametrize(("name", "at"), PRIMITIVES)
def test_primitives(name, at):
    """Value, slope and curvature near a point."""
    p = Program()
    x = p.input("x", ())
    s = System.from_program(p, p.map("mul", p.map(name, x), p.map("exp", x)))
    agrees(s, np.array([at]), np.random.default_rng(5), 1e-11)


def random_program(rng) -> System:
    """Return a random program of tensor operations over inputs of shape (2, 3), (3, 2) and (3,)."""
    p = Program()
    pool = [p.input("a", (2, 3)), p.map("sin", p.input("b", (3, 2))), p.input("c", (3,))]
    for _ in range(10):
        pool.append(random_step(p, rng, pool))
    total = None
    for n in pool:
        shape = p.shape(n)
        part = p.reduce("sum", n, list(range(len(shape)))) if shape else n
        total = part if total is None else p.map("add", total, part)
    return System.from_program(p, p.map("sin", p.map("div", total, p.constant(7))))


def random_step(p: Program, rng, pool: list[int]) -> int:
    """Return a node of a random operation that fits."""
    n = pool[rng.integers(len(pool))]
    shape = p.shape(n)
    kind = rng.integers(9)
    if kind == 0 and len(shape) == 2:
        return p.contract("ij,kj->ik", n, n)
    if kind == 1 and shape:
        return p.reduce(["sum", "max", "min", "prod"][rng.integers(4)], n, [int(rng.integers(len(shape)))])
    if kind == 2 and shape:
        return p.cumulate(["sum", "prod"][rng.integers(2)], n, 0, reverse=bool(rng.integers(2)), exclusive=bool(rng.integers(2)))
    if kind == 3 and shape:
        return p.order("sort", n, len(shape) - 1)
    if kind == 4:
        return p.where(p.compare("lt", n, p.constant(Fraction(1, 10))), p.map("mul", n, n), p.map("exp", n))
    if kind == 5:
        same = [m for m in pool if p.shape(m) == shape]
        return p.map(["add", "mul", "max", "min", "sub"][rng.integers(5)], n, same[rng.integers(len(same))])
    if kind == 6:
        return p.map("div", n, p.map("add", p.constant(2), p.map("mul", n, n)))
    if kind == 7 and len(shape) == 2:
        return p.reindex(("transpose", (1, 0)), n)
    return p.map(["sin", "atan", "exp", "erf", "abs"][rng.integers(5)], p.map("atan", n))


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed):
    """Sums, products, sorts, choices and running products in random order."""
    rng = np.random.default_rng(seed)
    s = random_program(rng)
    agrees(s, rng.normal(size=s.size), rng, 1e-7)


@pytest.mark.slow
def test_operators_of_onnx():
    """Every single-operator model of the onnx package with floating inputs: a random combination of its outputs has the right slope, or the
    operator is refused with a code."""
    pytest.importorskip("onnx")
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "frontends"))
    from onnx.backend.test.case.node import collect_testcases
    from onnx_comparison import imported, is_float, plain

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    checked, refused, wrong = 0, {}, []
    for case in cases:
        try:
            outcome = onnx_slope(case, imported, is_float, plain)
        except Exception as unforeseen:
            outcome = f"wrong {unforeseen!r}"
        if outcome == "checked":
            checked += 1
        elif outcome is not None:
            (wrong if outcome.startswith("wrong") else refused.setdefault(outcome, [])).append((case.name, outcome))
    assert not wrong, [len(wrong), *[w[0] for w in wrong]]
    assert checked > 600, (checked, {k: len(v) for k, v in refused.items()})


def onnx_slope(case, imported, is_float, plain) -> str | None:
    """Return "checked", the code of a refusal, "wrong ..." or None when the model has no small smooth floating input."""
    inputs, _ = case.data_sets[0]
    given = {slot.name: plain(v) for slot, v in zip(case.model.graph.input, inputs, strict=False)}
    floats = {k: v for k, v in given.items() if isinstance(v, np.ndarray) and is_float(v)}
    if not floats or sum(v.size for v in floats.values()) > 200 or not all(np.isfinite(v.astype(float)).all() for v in floats.values()):
        return None
    try:
        _, read = imported(case.model, given)
        names = [k for k in floats if k in read.data]
        if not names or not read.outputs:
            return None
        s, theta = combined(read, given, names)
    except InputError as no:
        return no.code
    rng = np.random.default_rng(6)
    if s is None:
        return None
    direction = rng.normal(size=s.size)
    s.certified_smooth = True  # at points on kinks, which the second difference finds, no slope is compared
    found = s.gradient(theta)
    if not np.all(np.isfinite(found)):
        return None
    try:
        value, exact = slope(s, theta, direction)
        bent = curvature(s, theta, direction)
    except (ZeroDivisionError, ValueError):
        return None  # outside the domain
    if abs(bent) > 1e9 or abs(exact) > 1e9 or not np.isfinite(s.value(theta)):
        return None  # the point lies on a kink, or a jump: the second difference with step 1e-12 sees it
    scale = float(np.abs(found) @ np.abs(direction)) + 1e-9 + abs(float(value))
    return "checked" if abs(found @ direction - float(exact)) <= 1e-7 * scale else f"wrong {found @ direction} {float(exact)}"


def combined(read, given: dict, names: list[str]) -> tuple[System | None, np.ndarray]:
    """Return a random combination of the first output as a system in the floating inputs, moved a little off the grid."""
    from tamecheck.flows.lowering import lower

    node = next(iter(read.outputs.values()))
    shape = read.program.shape(node)
    if int(np.prod(shape, dtype=int)) > 400:
        return None, np.zeros(0)
    values = {k: np.asarray(v, dtype=float) for k, v in read.parameter_values().items()}
    values |= {k: np.asarray(v, dtype=float) for k, v in given.items() if k in read.data and k not in names}
    graph, (n,) = lower(read.program, [node], values)
    if not graph.inputs:
        return None, np.zeros(0)
    rng = np.random.default_rng(7)
    weights = graph.constant(rng.normal(size=shape))
    target = graph.reshape(graph.sum(graph.binary("mul", n, weights), range(len(shape))), ())
    s = System(graph, target)
    theta = s.vector.join({k: np.asarray(given[k], dtype=float) * (1 + 1e-3 * rng.normal(size=given[k].shape)) for k in s.vector.shapes})
    return s, theta
