"""Every layer of the builder is the PyTorch layer of the same name, at random parameters."""

import numpy as np
import pytest
from test_builder_harness import assert_same, randomised, same_function, same_module, state_of

from tamecheck.programs import builder as nn

torch = pytest.importorskip("torch", reason="torch is not installed")
pytestmark = pytest.mark.filterwarnings("ignore:Using padding")  # of even kernels, by PyTorch
tn = torch.nn
F = torch.nn.functional


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (nn.ReLU(), tn.ReLU()), (nn.ReLU6(), tn.ReLU6()), (nn.LeakyReLU(), tn.LeakyReLU()), (nn.LeakyReLU(0.2), tn.LeakyReLU(0.2)),
        (nn.PReLU(), tn.PReLU()), (nn.PReLU(3), tn.PReLU(3)), (nn.RReLU(), tn.RReLU()), (nn.ELU(), tn.ELU()), (nn.ELU(0.7), tn.ELU(0.7)),
        (nn.CELU(0.6), tn.CELU(0.6)), (nn.SELU(), tn.SELU()), (nn.GELU(), tn.GELU()), (nn.GELU("tanh"), tn.GELU("tanh")),
        (nn.SiLU(), tn.SiLU()), (nn.Mish(), tn.Mish()), (nn.Softplus(), tn.Softplus()), (nn.Softplus(2, 20), tn.Softplus(2, 20)),
        (nn.Sigmoid(), tn.Sigmoid()), (nn.LogSigmoid(), tn.LogSigmoid()), (nn.Tanh(), tn.Tanh()), (nn.Hardtanh(), tn.Hardtanh()),
        (nn.Hardtanh("-0.3", 2), tn.Hardtanh(-0.3, 2)), (nn.Hardsigmoid(), tn.Hardsigmoid()), (nn.Hardswish(), tn.Hardswish()),
        (nn.Hardshrink(), tn.Hardshrink()), (nn.Softshrink(0.3), tn.Softshrink(0.3)), (nn.Softsign(), tn.Softsign()),
        (nn.Tanhshrink(), tn.Tanhshrink()), (nn.Threshold(0.1, 20), tn.Threshold(0.1, 20)), (nn.Softmax(1), tn.Softmax(1)),
        (nn.Softmin(-1), tn.Softmin(-1)), (nn.LogSoftmax(1), tn.LogSoftmax(1)), (nn.Softmax2d(), tn.Softmax2d()), (nn.GLU(3), tn.GLU(3)),
        (nn.Identity(), tn.Identity()), (nn.Flatten(), tn.Flatten()), (nn.Unflatten(1, (3, 1)), tn.Unflatten(1, (3, 1))),
    ],
    ids=lambda m: repr(m) if isinstance(m, nn.Module) else "",
)  # fmt: skip
def test_activations(ours, theirs):
    """An activation is PyTorch's, entry by entry."""
    same_module(ours, theirs, (2, 3, 4, 6), scale=2.0, train=not isinstance(theirs, tn.RReLU))


DENSE = {
    "linear": (lambda: nn.Linear(5, 7), lambda: tn.Linear(5, 7), [(2, 3, 5)]),
    "linear-vector": (lambda: nn.Linear(5, 7, bias=False), lambda: tn.Linear(5, 7, bias=False), [(5,)]),
    "bilinear": (lambda: nn.Bilinear(3, 4, 5), lambda: tn.Bilinear(3, 4, 5), [(2, 3), (2, 4)]),
    "cosine": (lambda: nn.CosineSimilarity(1), lambda: tn.CosineSimilarity(1), [(4, 3), (4, 3)]),
    "sequential": (
        lambda: nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Sequential(nn.Linear(8, 3), "relu")),
        lambda: tn.Sequential(tn.Linear(4, 8), tn.Tanh(), tn.Sequential(tn.Linear(8, 3), tn.ReLU())), [(2, 4)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DENSE)
def test_dense(case):
    """Affine and bilinear layers are PyTorch's."""
    ours, theirs, shapes = DENSE[case]
    same_module(ours(), theirs(), *shapes)


CONVOLUTIONS = [
    (1, dict(in_channels=4, out_channels=6, kernel_size=3), (2, 4, 9)),
    (1, dict(in_channels=4, out_channels=6, kernel_size=3, stride=2, padding=2, dilation=2, groups=2), (2, 4, 9)),
    (1, dict(in_channels=4, out_channels=6, kernel_size=4, padding="same"), (2, 4, 9)),
    (1, dict(in_channels=4, out_channels=2, kernel_size=3, padding=1, padding_mode="circular"), (2, 4, 7)),
    (2, dict(in_channels=4, out_channels=6, kernel_size=(3, 2), stride=(1, 2), padding=(1, 0), bias=False), (2, 4, 6, 5)),
    (2, dict(in_channels=4, out_channels=8, kernel_size=3, groups=4, dilation=(1, 2)), (1, 4, 6, 7)),
    (2, dict(in_channels=2, out_channels=3, kernel_size=3, padding=2, padding_mode="reflect"), (1, 2, 5, 4)),
    (2, dict(in_channels=2, out_channels=3, kernel_size=3, padding=1, padding_mode="replicate"), (1, 2, 5, 4)),
    (2, dict(in_channels=3, out_channels=5, kernel_size=1), (2, 3, 4, 4)),
    (3, dict(in_channels=2, out_channels=4, kernel_size=2, stride=2, padding=1, groups=2), (1, 2, 3, 4, 5)),
    (3, dict(in_channels=2, out_channels=2, kernel_size=(1, 2, 3), dilation=(1, 2, 1), padding="valid"), (1, 2, 2, 4, 5)),
]


@pytest.mark.parametrize(("rank", "options", "shape"), CONVOLUTIONS)
def test_convolutions(rank, options, shape):
    """Convolutions are PyTorch's for all strides, paddings, dilations, groups and padding modes."""
    same_module(getattr(nn, f"Conv{rank}d")(**options), getattr(tn, f"Conv{rank}d")(**options), shape)


TRANSPOSED = [
    (1, dict(in_channels=4, out_channels=6, kernel_size=3), (2, 4, 5)),
    (1, dict(in_channels=4, out_channels=6, kernel_size=3, stride=3, padding=2, output_padding=2, dilation=2, groups=2), (2, 4, 5)),
    (2, dict(in_channels=4, out_channels=6, kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), bias=False), (1, 4, 3, 4)),
    (2, dict(in_channels=4, out_channels=4, kernel_size=4, stride=2, padding=1, groups=4), (1, 4, 3, 4)),
    (3, dict(in_channels=2, out_channels=3, kernel_size=2, stride=2, padding=1, output_padding=1), (1, 2, 2, 3, 2)),
]


@pytest.mark.parametrize(("rank", "options", "shape"), TRANSPOSED)
def test_transposed_convolutions(rank, options, shape):
    """Transposed convolutions are PyTorch's."""
    same_module(getattr(nn, f"ConvTranspose{rank}d")(**options), getattr(tn, f"ConvTranspose{rank}d")(**options), shape)


POOLS = [
    ("MaxPool1d", (3,), {}, (2, 3, 10)),
    ("MaxPool1d", (3,), dict(stride=2, padding=1, dilation=2), (2, 3, 10)),
    ("MaxPool2d", (2,), dict(ceil_mode=True), (2, 3, 5, 7)),
    ("MaxPool2d", ((3, 2),), dict(stride=(2, 1), padding=(1, 1)), (2, 3, 5, 7)),
    ("MaxPool3d", (2,), dict(stride=1), (1, 2, 3, 4, 3)),
    ("AvgPool1d", (3,), dict(stride=2, padding=1), (2, 3, 10)),
    ("AvgPool2d", (3,), dict(stride=2, padding=1, count_include_pad=False), (2, 3, 6, 7)),
    ("AvgPool2d", (3,), dict(stride=2, padding=1, ceil_mode=True), (2, 3, 6, 8)),
    ("AvgPool2d", (2,), dict(divisor_override=3), (2, 3, 6, 7)),
    ("AvgPool3d", ((1, 2, 3),), {}, (1, 2, 3, 4, 6)),
    ("LPPool1d", (2, 3), {}, (2, 3, 9)),
    ("LPPool2d", (2, 2), dict(stride=1), (2, 3, 4, 5)),
    ("LPPool2d", (1, 2), {}, (2, 3, 4, 5)),
    ("LPPool3d", (4, 2), {}, (1, 2, 4, 4, 2)),
    ("AdaptiveAvgPool1d", (4,), {}, (2, 3, 10)),
    ("AdaptiveAvgPool2d", ((3, None),), {}, (2, 3, 7, 5)),
    ("AdaptiveAvgPool3d", ((2, 1, 3),), {}, (1, 2, 3, 4, 5)),
    ("AdaptiveMaxPool1d", (4,), {}, (2, 3, 10)),
    ("AdaptiveMaxPool2d", ((3, 2),), {}, (2, 3, 7, 5)),
    ("AdaptiveMaxPool3d", (2,), {}, (1, 2, 3, 4, 5)),
    ("LocalResponseNorm", (3,), dict(alpha=0.1, beta=0.75, k=2), (2, 6, 4)),
    ("ZeroPad2d", ((1, 2, 0, 3),), {}, (1, 2, 3, 4)),
    ("ConstantPad1d", (2, 1.5), {}, (1, 2, 3)),
    ("ReflectionPad2d", ((1, 2, 2, 1),), {}, (1, 2, 4, 4)),
    ("ReplicationPad3d", (1,), {}, (1, 2, 2, 3, 2)),
    ("CircularPad2d", ((1, 2, 3, 0),), {}, (1, 2, 4, 4)),
    ("PixelShuffle", (2,), {}, (2, 8, 3, 4)),
    ("PixelUnshuffle", (2,), {}, (2, 3, 4, 6)),
    ("ChannelShuffle", (3,), {}, (2, 6, 3, 2)),
    ("Unfold", ((2, 3),), dict(dilation=1, padding=1, stride=2), (2, 3, 5, 6)),
    ("Upsample", (), dict(scale_factor=2, mode="nearest"), (1, 2, 3, 4)),
    ("Upsample", (), dict(size=(5, 7), mode="bilinear"), (1, 2, 3, 4)),
    ("Upsample", (), dict(size=(5, 7), mode="bilinear", align_corners=True), (1, 2, 3, 4)),
    ("Upsample", (), dict(scale_factor=3, mode="bicubic"), (1, 2, 3, 4)),
    ("Upsample", (), dict(scale_factor=2, mode="linear"), (1, 2, 5)),
]


@pytest.mark.parametrize(("name", "arguments", "options", "shape"), POOLS)
def test_pools_paddings_and_rearrangements(name, arguments, options, shape):
    """Layers without parameters are PyTorch's."""
    same_module(getattr(nn, name)(*arguments, **options), getattr(tn, name)(*arguments, **options), shape)


def test_max_pool_indices():
    """The places of the maxima are PyTorch's."""
    same_module(
        nn.MaxPool2d(2, padding=1, return_indices=True), tn.MaxPool2d(2, padding=1, return_indices=True), (2, 3, 5, 6),
        call_theirs=lambda m, x: [v.double() for v in m(x)],
    )  # fmt: skip


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(("rank", "shape"), [(1, (5, 3)), (1, (5, 3, 4)), (2, (2, 3, 4, 2)), (3, (2, 3, 2, 2, 3))])
def test_batch_norm(rank, shape, train):
    """Batch normalisation is PyTorch's, with batch statistics and with running ones."""
    same_module(getattr(nn, f"BatchNorm{rank}d")(3, training=train), getattr(tn, f"BatchNorm{rank}d")(3), shape, train=train)


NORMS = {
    "layer": (lambda: nn.LayerNorm(6), lambda: tn.LayerNorm(6), (2, 5, 6)),
    "layer-2": (lambda: nn.LayerNorm((5, 6), eps=0.1, bias=False), lambda: tn.LayerNorm((5, 6), eps=0.1, bias=False), (2, 5, 6)),
    "rms": (lambda: nn.RMSNorm(6, eps="1e-6"), lambda: tn.RMSNorm(6, eps=1e-6), (2, 5, 6)),
    "group": (lambda: nn.GroupNorm(2, 6), lambda: tn.GroupNorm(2, 6), (2, 6, 3, 2)),
    "group-plain": (lambda: nn.GroupNorm(3, 6, affine=False), lambda: tn.GroupNorm(3, 6, affine=False), (2, 6)),
    "instance-1": (lambda: nn.InstanceNorm1d(3), lambda: tn.InstanceNorm1d(3), (2, 3, 5)),
    "instance-2": (lambda: nn.InstanceNorm2d(3, affine=True), lambda: tn.InstanceNorm2d(3, affine=True), (2, 3, 4, 2)),
    "instance-3": (lambda: nn.InstanceNorm3d(3), lambda: tn.InstanceNorm3d(3), (2, 3, 2, 2, 2)),
}


@pytest.mark.parametrize("case", NORMS)
def test_norms(case):
    """Layer, RMS, group and instance normalisation are PyTorch's."""
    ours, theirs, shape = NORMS[case]
    same_module(ours(), theirs(), shape)


@pytest.mark.parametrize("index", [[1, 3, 3], [[0, 4], [2, 2]], 3])
def test_embedding_of_static_integers(index):
    """An embedding of known integers selects rows."""
    theirs = randomised(tn.Embedding(5, 3))
    assert_same(nn.Embedding(5, 3)(index), theirs(torch.tensor(index)), state_of(theirs))


def test_embedding_of_computed_integers():
    """An embedding of integers that are data looks rows up."""
    theirs = randomised(tn.Embedding(5, 3))
    ids = np.array([[1.0, 4.0], [0.0, 2.0]])
    ours = nn.Embedding(5, 3)(nn.Input("ids", (2, 2)))
    assert_same(ours, theirs(torch.from_numpy(ids).long()), {**state_of(theirs), "ids": ids})


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_embedding_bag(mode):
    """A bag of embeddings is PyTorch's."""
    theirs = randomised(tn.EmbeddingBag(6, 3, mode=mode))
    index = [[0, 2, 5], [1, 1, 4]]
    assert_same(nn.EmbeddingBag(6, 3, mode=mode)(index), theirs(torch.tensor(index)), state_of(theirs))


@pytest.mark.parametrize("options", [dict(), dict(bias=False)], ids=str)
@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_recurrent_cells(name, options):
    """One step of a recurrent network is PyTorch's, from zero and from a given state."""
    ours, theirs = getattr(nn, name)(4, 3, **options), getattr(tn, name)(4, 3, **options)
    same_module(ours, theirs, (2, 4))
    if name == "LSTMCell":
        same_module(
            ours, theirs, (2, 4), (2, 3), (2, 3), call_ours=lambda m, x, h, c: m(x, (h, c)), call_theirs=lambda m, x, h, c: m(x, (h, c))
        )
    else:
        same_module(ours, theirs, (2, 4), (2, 3))


RECURRENT = [
    ("RNN", dict(), (5, 2, 4)),
    ("RNN", dict(nonlinearity="relu", num_layers=2, bidirectional=True), (5, 2, 4)),
    ("LSTM", dict(num_layers=2, batch_first=True), (2, 5, 4)),
    ("LSTM", dict(bidirectional=True, bias=False), (5, 4)),
    ("GRU", dict(num_layers=2, bidirectional=True, batch_first=True), (2, 5, 4)),
]


@pytest.mark.parametrize("unroll", [64, 2], ids=["unrolled", "repeat"])
@pytest.mark.parametrize(("name", "options", "shape"), RECURRENT)
def test_recurrent_layers(name, options, shape, unroll):
    """Recurrent layers are PyTorch's, written out and as a repeated body."""
    ours = getattr(nn, name)(4, 3, unroll=unroll, **options)
    theirs = getattr(tn, name)(4, 3, **options)
    same_module(ours, theirs, shape)


def test_recurrent_layers_from_a_state():
    """A recurrent layer starts from a given state."""
    given = ((5, 2, 4), (4, 2, 3), (4, 2, 3))
    same_module(
        nn.LSTM(4, 3, 2, bidirectional=True, unroll=3), tn.LSTM(4, 3, 2, bidirectional=True), *given,
        call_ours=lambda m, x, h, c: m(x, (h, c)), call_theirs=lambda m, x, h, c: m(x, (h, c)),
    )  # fmt: skip


CAUSAL = [[j > i for j in range(5)] for i in range(5)]
PADDED = [[False, False, True, False, True], [False] * 5]
ADDED = np.where(np.array(CAUSAL), -np.inf, np.arange(25.0).reshape(5, 5) / 8)
MASKS = {
    "none": {},
    "causal": dict(attn_mask=CAUSAL),
    "padding": dict(key_padding_mask=PADDED),
    "both": dict(attn_mask=CAUSAL, key_padding_mask=PADDED),
    "added": dict(attn_mask=ADDED),
    "per head": dict(attn_mask=np.array([CAUSAL, np.zeros((5, 5), bool), CAUSAL, CAUSAL])),
    "weights": dict(need_weights=True),
    "heads": dict(need_weights=True, average_attn_weights=False),
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("batch_first", [True, False])
def test_multihead_attention(mask, batch_first):
    """Multi-head self-attention is PyTorch's under every kind of mask."""
    options = MASKS[mask]
    theirs_options = {k: torch.as_tensor(np.array(v)) if "mask" in k else v for k, v in options.items()}
    theirs_options.setdefault("need_weights", False)
    same_module(
        nn.MultiheadAttention(6, 2, batch_first=batch_first), tn.MultiheadAttention(6, 2, batch_first=batch_first),
        (2, 5, 6) if batch_first else (5, 2, 6), call_ours=lambda m, x: m(x, x, x, **options),
        call_theirs=lambda m, x: m(x, x, x, **theirs_options),
    )  # fmt: skip


@pytest.mark.parametrize("bias", [True, False])
def test_cross_attention(bias):
    """Attention to another sequence, with other widths, is PyTorch's."""
    options = dict(kdim=3, vdim=5, bias=bias)
    same_module(
        nn.MultiheadAttention(6, 3, **options), tn.MultiheadAttention(6, 3, **options), (4, 2, 6), (7, 2, 3), (7, 2, 5),
        call_theirs=lambda m, *x: m(*x, need_weights=False),
    )  # fmt: skip


@pytest.mark.parametrize("causal", [True, False])
def test_scaled_dot_product_attention(causal):
    """The function agrees with PyTorch's, also when keys outnumber queries."""
    generator = np.random.default_rng(1)
    arrays = [generator.standard_normal(s) for s in [(2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 6)]]
    same_function(
        lambda q, k, v: nn.scaled_dot_product_attention(q, k, v, is_causal=causal),
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal), *arrays,
    )  # fmt: skip


def _rotate(x, base=10000.0):
    """Rotary embedding with split halves, as in common language models."""
    length, width = x.shape[-2:]
    inverse = base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * inverse
    cosine, sine = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)
    a, b = x.chunk(2, -1)
    return x * cosine + torch.cat([-b, a], -1) * sine


def _rotate_pairs(x, base=10000.0):
    """Rotary embedding of consecutive pairs, as complex multiplication."""
    length, width = x.shape[-2:]
    inverse = base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * inverse
    z = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous()) * torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(z).reshape(x.shape)


@pytest.mark.parametrize(("interleaved", "theirs"), [(False, _rotate), (True, _rotate_pairs)])
def test_rotary_positions(interleaved, theirs):
    """Both layouts of rotary embedding agree with their usual implementations."""
    x = np.random.default_rng(2).standard_normal((2, 5, 8))
    same_function(lambda t: nn.rotary(t, interleaved=interleaved), theirs, x)


class Grouped(tn.Module):
    """Grouped-query attention as language models write it."""

    def __init__(self, positions=None, window=None):
        super().__init__()
        self.q_proj, self.k_proj = tn.Linear(8, 8, bias=False), tn.Linear(8, 4, bias=False)
        self.v_proj, self.o_proj = tn.Linear(8, 4, bias=False), tn.Linear(8, 8, bias=False)
        self.positions, self.window = positions, window

    def forward(self, x):
        q, k, v = [f(x).unflatten(-1, (-1, 2)).transpose(-2, -3) for f in (self.q_proj, self.k_proj, self.v_proj)]
        if self.positions == "rotary":
            q, k = _rotate(q), _rotate(k)
        n = x.shape[-2]
        place = torch.arange(n)
        gap = place[:, None] - place[None, :]
        allowed = (gap >= 0) & (gap < (self.window or n))
        mask = torch.zeros(4, n, n, dtype=torch.float64)
        if self.positions == "alibi":
            mask = mask - (2.0 ** -torch.arange(2, 9, 2, dtype=torch.float64))[:, None, None] * gap.abs()
        mask = mask.masked_fill(~allowed, -torch.inf)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
        return self.o_proj(y.transpose(-2, -3).flatten(-2))


@pytest.mark.parametrize(("positions", "window"), [(None, None), ("rotary", None), ("alibi", None), ("rotary", 3)])
def test_grouped_query_attention(positions, window):
    """Causal attention with shared keys, positions and a window agrees with PyTorch's kernels."""
    ours = nn.Attention(8, 4, kv_heads=2, causal=True, positions=positions, window=window)
    same_module(ours, Grouped(positions, window), (2, 6, 8))


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_transformer_layers(norm_first, activation, batch_first):
    """Encoder and decoder layers are PyTorch's, pre-norm and post-norm."""
    options = dict(d_model=6, nhead=2, dim_feedforward=8, dropout=0, norm_first=norm_first, activation=activation, batch_first=batch_first)
    ours_options = {**options, "dropout": 0}
    source, target = ((2, 5, 6), (2, 3, 6)) if batch_first else ((5, 2, 6), (3, 2, 6))
    mask = torch.tensor(CAUSAL)
    same_module(
        nn.TransformerEncoderLayer(**ours_options), tn.TransformerEncoderLayer(**options), source,
        call_ours=lambda m, x: m(x, src_mask=CAUSAL), call_theirs=lambda m, x: m(x, src_mask=mask),
    )  # fmt: skip
    same_module(nn.TransformerDecoderLayer(**ours_options), tn.TransformerDecoderLayer(**options), target, source)


def test_transformer():
    """The whole encoder-decoder model is PyTorch's, with the names of all its parameters."""
    options = dict(d_model=4, nhead=2, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=6, dropout=0.0, batch_first=True)
    causal = nn.generate_square_subsequent_mask(3)
    same_module(
        nn.Transformer(**{**options, "dropout": 0}), tn.Transformer(**options), (1, 4, 4), (1, 3, 4),
        call_ours=lambda m, s, t: m(s, t, tgt_mask=causal), call_theirs=lambda m, s, t: m(s, t, tgt_mask=torch.tensor(causal)),
    )  # fmt: skip


class Mixtral(tn.Module):
    """Top-k routing by gathering, as language models write it."""

    def __init__(self, kind):
        super().__init__()
        self.gate = tn.Linear(4, 5, bias=False)
        self.experts = tn.ModuleList([tn.Sequential(tn.Linear(4, 6), tn.SiLU(), tn.Linear(6, 4)) for _ in range(5)])
        self.kind = kind

    def forward(self, x):
        scores = self.gate(x)
        if self.kind == "selected":
            values, places = scores.topk(2, -1)
            values = values.softmax(-1)
        elif self.kind == "all":
            values, places = scores.softmax(-1).topk(2, -1)
        else:
            values, places = scores.sigmoid().topk(2, -1)
            values = values / values.sum(-1, keepdim=True)
        results = torch.stack([e(x) for e in self.experts], -2)
        chosen = results.gather(-2, places[..., None].expand(*places.shape, 4))
        return (values[..., None] * chosen).sum(-2)


@pytest.mark.parametrize("kind", ["selected", "all", "sigmoid"])
def test_mixture_of_experts(kind):
    """Routing by rank nodes agrees with routing by gathered indices."""
    experts = [nn.Sequential(nn.Linear(4, 6), "silu", nn.Linear(6, 4)) for _ in range(5)]
    same_module(nn.MixtureOfExperts(4, experts, 2, weights=kind), Mixtral(kind), (2, 3, 4))


def test_weight_normalisation():
    """A weight-normalised layer is PyTorch's parametrisation."""
    theirs = tn.utils.parametrizations.weight_norm(tn.Linear(4, 3))
    ours = nn.weight_norm(nn.Linear(4, 3))
    theirs = randomised(theirs)
    state = state_of(theirs)
    values = {
        "weight.g": state["parametrizations.weight.original0"], "weight.v": state["parametrizations.weight.original1"],
        "bias": state["bias"], "x": np.random.default_rng(0).standard_normal((2, 4)),
    }  # fmt: skip
    assert_same(ours(nn.Input("x", (2, 4))), theirs(torch.from_numpy(values["x"])), values)


def test_spectral_normalisation():
    """A spectrally normalised layer divides by the exact singular value."""
    generator = np.random.default_rng(0)
    w, x = generator.standard_normal((6, 2, 3, 3)), generator.standard_normal((1, 2, 5, 5))
    ours = nn.spectral_norm(nn.Conv2d(2, 6, 3, bias=False))(nn.Input("x", (1, 2, 5, 5)))
    sigma = torch.linalg.matrix_norm(torch.from_numpy(w).flatten(1), 2)
    assert_same(ours, F.conv2d(torch.from_numpy(x), torch.from_numpy(w) / sigma), {"weight.original": w, "x": x})


@pytest.mark.parametrize(
    ("name", "gate"),
    [("SwiGLU", F.silu), ("GeGLU", F.gelu), ("ReGLU", F.relu), ("SigmoidGLU", torch.sigmoid), ("BilinearGLU", lambda x: x)],
)
def test_gated_units(name, gate):
    """Gated units multiply a gate and a value, then project."""

    class Gated(tn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.v, self.down = tn.Linear(4, 6, bias=False), tn.Linear(4, 6, bias=False), tn.Linear(6, 4, bias=False)

        def forward(self, x):
            return self.down(gate(self.w(x)) * self.v(x))

    same_module(getattr(nn, name)(4, 6), Gated(), (2, 3, 4))


def test_squeeze_excite():
    """A squeeze-and-excite unit scales channels by a gate of their means."""

    class SqueezeExcite(tn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = tn.Linear(6, 2), tn.Linear(2, 6)

        def forward(self, x):
            return x * self.fc2(self.fc1(x.mean((2, 3))).relu()).sigmoid()[:, :, None, None]

    same_module(nn.SqueezeExcite(6, 2), SqueezeExcite(), (2, 6, 3, 4))


def test_dropout_with_a_fixed_mask():
    """Dropout is multiplication by a mask that is data; in evaluation it is the identity."""
    x, y = nn.Input("x", (2, 3)), nn.Sequential(nn.Linear(3, 4), nn.Dropout("0.25"))
    theirs = randomised(tn.Linear(3, 4))
    values = {f"0.{k}": v for k, v in state_of(theirs).items()}
    values |= {"x": np.arange(6.0).reshape(2, 3), "1.mask": np.array([[1.0, 0, 1, 1], [0, 1, 1, 0]])}
    expected = theirs(torch.from_numpy(values["x"])) * torch.from_numpy(values["1.mask"]) / 0.75
    assert_same(y(x), expected, values)
    assert_same(y.eval()(x), theirs(torch.from_numpy(values["x"])), values)


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("mode", ["zeros", "border", "reflection"])
def test_grid_sample(mode, align):
    """Bilinear sampling by hat functions is PyTorch's, inside and far outside the image."""
    generator = np.random.default_rng(5)
    x, grid = generator.standard_normal((2, 3, 4, 5)), generator.uniform(-3, 3, (2, 6, 7, 2))
    same_function(
        lambda a, g: nn.grid_sample(a, g, mode, align),
        lambda a, g: F.grid_sample(a, g, padding_mode=mode, align_corners=align), x, grid,
    )  # fmt: skip


@pytest.mark.parametrize("options", [dict(kernel_size=2), dict(kernel_size=(3, 2), stride=2, padding=1, dilation=(1, 2))], ids=str)
def test_fold(options):
    """Folding patches back is PyTorch's."""
    theirs = tn.Fold((5, 6), **options)
    patches = F.unfold(torch.zeros(2, 3, 5, 6, dtype=torch.float64), **options)
    same_module(nn.Fold((5, 6), **options), theirs, tuple(patches.shape))


def test_a_trained_network_with_its_numbers():
    """With a state dict the network is the trained one: no parameters are left, and it computes the same."""
    theirs = randomised(tn.Sequential(tn.Conv2d(2, 4, 3), tn.BatchNorm2d(4), tn.ReLU(), tn.Flatten(), tn.Linear(16, 3))).eval()
    ours = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), "relu", nn.Flatten(), nn.Linear(16, 3)).eval()
    network = ours.fix(theirs.state_dict()).network(nn.Input("x", (5, 2, 4, 4)))
    assert not network.parameters and list(network.inputs) == ["x"]
    x = np.random.default_rng(0).standard_normal((5, 2, 4, 4))
    expected = theirs(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(network.evaluate({"x": x})["output"], expected, rtol=1e-9)


def test_fixing_a_transformer_layer():
    """Values can stand for every kind of parameter."""
    theirs = randomised(tn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True))
    ours = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True).fix(theirs.state_dict())
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    expected = theirs(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(ours.network(nn.Input("x", (2, 3, 4))).evaluate({"x": x})["output"], expected, rtol=1e-9)
