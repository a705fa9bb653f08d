"""What the prover says of the builder's layers and losses: the table of building blocks.

The expected structures are those of the literature (for the function with all its
parameters and inputs free): piecewise linear, semialgebraic, exponential, error function,
Gamma function.
"""

import pytest

import tamecheck as tc
from tamecheck.programs import builder as nn
from tamecheck.programs.builder import regularisers

IMAGE, ROWS, SEQUENCE = nn.Input("x", (1, 4, 5, 5)), nn.Input("x", (3, 4)), nn.Input("x", (1, 4, 4))
X, Y, P = nn.Input("x", (3, 4)), nn.Input("y", (3, 4)), nn.Input("p", (3, 4), box=(0, 1))
W = nn.Parameter("w", (4, 3))
LABELS = [0, 3, 1]


def positive(name):
    """A learnt number that is visibly positive."""
    return nn.softplus(nn.Parameter(name, ()))


def experts(activation):
    """Three small networks."""
    return [nn.Sequential(nn.Linear(4, 3), activation, nn.Linear(3, 4)) for _ in range(3)]


TABLE = {
    "R_lin": {
        "relu": lambda: nn.relu(X),
        "leaky relu, static": lambda: nn.LeakyReLU(0.1)(X),
        "maxout": lambda: nn.Maxout(2)(X),
        "max pool": lambda: nn.MaxPool2d(2, padding=1)(IMAGE),
        "average pool": lambda: nn.AvgPool2d(3, padding=1)(IMAGE),
        "adaptive max pool": lambda: nn.AdaptiveMaxPool2d(3)(IMAGE),
        "embedding": lambda: nn.Embedding(5, 2)([1, 4]),
        "sinusoidal positions": lambda: nn.SinusoidalPositions()(SEQUENCE),
        "rotary positions": lambda: nn.rotary(SEQUENCE),
        "sparsemax": lambda: nn.sparsemax(X),
        "group sort": lambda: nn.GroupSort()(X),
        "bilinear upsampling": lambda: nn.Upsample(8, mode="bilinear")(IMAGE),
        "mean absolute error": lambda: nn.l1_loss(X, Y),
        "pinball": lambda: nn.quantile_loss(X, Y, "0.9"),
        "margins": lambda: nn.multi_margin_loss(X, LABELS),
        "l1": lambda: regularisers.l1(W),
        "total variation": lambda: regularisers.total_variation(W),
        "static convolution": lambda: nn.conv2d(IMAGE, nn.constant([[[[1, 2], [0, -1]]] * 4])),
    },
    "R_alg": {
        "leaky relu, learnt": lambda: nn.PReLU()(X),
        "linear": lambda: nn.Linear(4, 2)(X),
        "relu network": lambda: nn.MLP(4, 3, 1)(ROWS),
        "convolution": lambda: nn.Conv2d(4, 2, 3)(IMAGE),
        "transposed": lambda: nn.ConvTranspose2d(4, 2, 3, stride=2)(IMAGE),
        "batch norm, training": lambda: nn.BatchNorm2d(4)(IMAGE),
        "batch norm, evaluation": lambda: nn.BatchNorm2d(4, training=False)(IMAGE),
        "layer norm": lambda: nn.LayerNorm(4)(X),
        "rms norm": lambda: nn.RMSNorm(4)(X),
        "group norm": lambda: nn.GroupNorm(2, 4)(IMAGE),
        "response norm": lambda: nn.LocalResponseNorm(3)(IMAGE),
        "power pool": lambda: nn.LPPool2d(2, 2)(IMAGE),
        "softsign": lambda: nn.Softsign()(X),
        "relu recurrent": lambda: nn.RNN(4, 2, nonlinearity="relu")(SEQUENCE)[0],
        "relu, repeated": lambda: nn.RNN(4, 2, nonlinearity="relu", unroll=0)(SEQUENCE)[0],
        "linear attention": lambda: nn.LinearAttention(4, 2, "relu")(SEQUENCE),
        "splines": lambda: nn.SplineLinear(4, 2, base=None)(X),
        "bilinear gate": lambda: nn.BilinearGLU(4, 3)(X),
        "rational": lambda: nn.Rational()(X),
        "sampling": lambda: nn.grid_sample(IMAGE, nn.Input("g", (1, 2, 2, 2))),
        "spectral norm": lambda: nn.spectral_norm(nn.Linear(4, 2), eps="1e-9")(X),
        "squares": lambda: nn.mse_loss(X, Y),
        "huber": lambda: nn.huber_loss(X, Y),
        "triplet": lambda: nn.triplet_margin_loss(X, Y, P),
        "dice": lambda: nn.dice_loss(P, nn.Input("t", (3, 4), box=(0, 1))),
        "cosine": lambda: nn.cosine_similarity(X, Y),
        "lp": lambda: regularisers.lp(W, "1/2"),
        "nuclear": lambda: regularisers.nuclear(W),
        "spectral": lambda: regularisers.spectral(W),
        "groups": lambda: regularisers.group_lasso(W),
    },
    "R_exp": {
        "tanh network": lambda: nn.MLP(4, 3, 1, activation="tanh")(ROWS),
        "approximate gelu": lambda: nn.gelu(X, "tanh"),
        "elu": lambda: nn.elu(X),
        "swish, learnt": lambda: nn.SiLU(nn.Parameter(()))(X),
        "swiglu": lambda: nn.SwiGLU(4, 3)(X),
        "softmax": lambda: nn.softmax(X),
        "lstm": lambda: nn.LSTM(4, 2)(SEQUENCE)[0],
        "lstm, repeated": lambda: nn.LSTM(4, 2, unroll=0)(SEQUENCE)[0],
        "causal attention": lambda: nn.MultiheadAttention(4, 2, batch_first=True)(SEQUENCE, is_causal=True)[0],
        "padded attention": lambda: nn.MultiheadAttention(4, 2, batch_first=True)(SEQUENCE, key_padding_mask=[[False, True, False, True]])[
            0
        ],
        "grouped rotary": lambda: nn.Attention(4, 2, 1, causal=True, positions="rotary")(SEQUENCE),
        "alibi": lambda: nn.Attention(4, 2, positions="alibi")(SEQUENCE),
        "block": lambda: nn.Block(4, 2, 3)(SEQUENCE),
        "experts": lambda: nn.MixtureOfExperts(4, experts("relu"), 2)(X),
        "radial": lambda: nn.RadialBasis(4, 2)(X),
        "cross entropy": lambda: nn.cross_entropy(X, LABELS, weight=[1, 2, 3, 4], label_smoothing=0.1),
        "logistic": lambda: nn.logistic_loss(X, Y),
        "binary": lambda: nn.binary_cross_entropy(nn.sigmoid(X), P),
        "focal, learnt": lambda: nn.focal_loss(X, LABELS, positive("g")),
        "divergence": lambda: nn.kl_div(nn.log_softmax(X), nn.softmax(Y)),
        "poisson": lambda: nn.poisson_nll_loss(X, Y),
        "gaussian": lambda: nn.gaussian_nll_loss(X, Y, positive("v")),
        "student": lambda: nn.student_t_nll_loss(X, Y, positive("s"), 4),
        "contrast": lambda: nn.info_nce_loss(X, Y),
        "simclr": lambda: nn.nt_xent_loss(X, Y),
        "mixture": lambda: nn.gaussian_mixture_nll_loss(X, Y, nn.exp(P), nn.Input("t", (3,))),
        "alignment": lambda: nn.ctc_loss(nn.log_softmax(nn.Input("x", (6, 1, 4))), [[1, 1, 2]]),
    },
    "R_Pfaff": {
        "gelu network": lambda: nn.MLP(4, 3, 1, activation="gelu")(ROWS),
        "transformer layer": lambda: nn.TransformerEncoderLayer(4, 2, 3, activation="gelu", batch_first=True)(SEQUENCE),
    },
    "R_an, R_Pfaff": {
        "arctan network": lambda: nn.MLP(4, 3, 1, activation="arctan")(ROWS),
        "fourier features": lambda: nn.FourierFeatures([[1, 2]])(nn.Input("x", (3, 2), box=(-1, 1))),
    },
    "R_G_exp": {
        "student, learnt": lambda: nn.student_t_nll_loss(X, Y, positive("s"), positive("n")),
        "dirichlet": lambda: nn.dirichlet_nll_loss(nn.exp(X), nn.softmax(Y)),
        "counts": lambda: nn.negative_binomial_nll_loss(positive("r"), X, P),
        "evidence": lambda: nn.evidential_loss(X, positive("v"), positive("a") + 1, positive("b"), Y),
    },
}


@pytest.mark.parametrize(("homes", "case"), [(homes, case) for homes, rows in TABLE.items() for case in rows])
def test_building_blocks_live_where_the_literature_says(homes, case):
    """The smallest structures are the expected ones, and the function is defined everywhere."""
    certificate = tc.certify(nn.Network(TABLE[homes][case]()), sharpness=False)
    assert (certificate.verdict, ", ".join(map(str, certificate.homes))) == ("definable", homes)
    assert certificate.to_json_report()["total"] is True


@pytest.mark.parametrize(
    "network",
    [
        lambda: nn.Snake()(X), lambda: nn.Sequential(nn.Siren(4, 3), nn.Linear(3, 1))(X), lambda: nn.FourierFeatures(dim=4)(X),
        lambda: nn.grid_sample(IMAGE, nn.Input("g", (1, 2, 2, 2)), "reflection"),
    ],
)  # fmt: skip
def test_periodic_layers_are_definable_nowhere(network):
    """Sines of unbounded arguments and reflections at a border are no o-minimal matter; the prover never says they are."""
    assert tc.certify(nn.Network(network())).verdict in ("not-definable", "unknown")
    assert not tc.certify(nn.Network(network()), sharpness=False).homes
