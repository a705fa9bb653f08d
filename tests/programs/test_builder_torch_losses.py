"""Every loss of the builder is the PyTorch loss of the same name, at random values."""

import numpy as np
import pytest
from test_builder_harness import assert_same, same_function

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs import builder as nn

torch = pytest.importorskip("torch", reason="torch is not installed")
pytestmark = pytest.mark.filterwarnings("ignore:reduction")  # of the mean of kl_div, by PyTorch
F = torch.nn.functional
D = torch.distributions
RANDOM = np.random.default_rng(7)


def normal(*shape):
    """Random numbers of both signs."""
    return RANDOM.standard_normal(shape)


def positive(*shape):
    """Random numbers above 0.2."""
    return np.abs(RANDOM.standard_normal(shape)) + 0.2


def unit(*shape):
    """Random numbers inside (0, 1)."""
    return RANDOM.uniform(0.05, 0.95, shape)


def signs(*shape):
    """Random labels -1 and 1."""
    return RANDOM.choice([-1.0, 1.0], shape)


def bits(*shape):
    """Random labels 0 and 1."""
    return RANDOM.choice([0.0, 1.0], shape)


def counts(*shape):
    """Random non-negative integers."""
    return RANDOM.integers(0, 6, shape).astype(float)


X, Y = normal(5, 3), normal(5, 3)
P, Q = unit(5, 3), unit(5, 3)
W = positive(5, 3)
PAIRS = {
    "mse": (nn.mse_loss, F.mse_loss, [X, Y]),
    "mae": (nn.l1_loss, F.l1_loss, [X, Y]),
    "huber": (lambda x, y, r: nn.huber_loss(x, y, r, 0.7), lambda x, y, reduction: F.huber_loss(x, y, reduction, 0.7), [X, Y]),
    "smooth-l1": (
        lambda x, y, r: nn.smooth_l1_loss(x, y, r, "0.4"),
        lambda x, y, reduction: F.smooth_l1_loss(x, y, reduction=reduction, beta=0.4),
        [X, Y],
    ),
    "hinge-embedding": (
        lambda x, y, r: nn.hinge_embedding_loss(x, y, 2, r),
        lambda x, y, reduction: F.hinge_embedding_loss(x, y, 2.0, reduction=reduction),
        [X, signs(5, 3)],
    ),
    "soft-margin": (nn.soft_margin_loss, F.soft_margin_loss, [X, signs(5, 3)]),
    "bce": (lambda p, y, r: nn.binary_cross_entropy(p, y, None, r), F.binary_cross_entropy, [P, Q]),
    "bce-weight": (
        lambda p, y, w, r: nn.binary_cross_entropy(p, y, w, r, floor=-100),
        lambda p, y, w, reduction: F.binary_cross_entropy(p, y, w, reduction=reduction),
        [P, Q, W],
    ),
    "bce-logits": (lambda x, y, r: nn.binary_cross_entropy_with_logits(x, y, None, r), F.binary_cross_entropy_with_logits, [X, Q]),
    "bce-logits-weights": (
        lambda x, y, w, v, r: nn.binary_cross_entropy_with_logits(x, y, w, r, v),
        lambda x, y, w, v, reduction: F.binary_cross_entropy_with_logits(x, y, w, reduction=reduction, pos_weight=v),
        [X, Q, W, positive(3)],
    ),
    "kl": (nn.kl_div, F.kl_div, [np.log(P), Q]),
    "kl-log": (
        lambda x, y, r: nn.kl_div(x, y, r, True),
        lambda x, y, reduction: F.kl_div(x, y, reduction=reduction, log_target=True),
        [np.log(P), np.log(Q)],
    ),
    "poisson": (lambda x, y, r: nn.poisson_nll_loss(x, y, reduction=r), F.poisson_nll_loss, [X, counts(5, 3)]),
    "poisson-full": (
        lambda x, y, r: nn.poisson_nll_loss(x, y, False, True, reduction=r),
        lambda x, y, reduction: F.poisson_nll_loss(x, y, False, True, reduction=reduction),
        [W, counts(5, 3)],
    ),
    "gaussian": (lambda x, y, v, r: nn.gaussian_nll_loss(x, y, v, reduction=r), F.gaussian_nll_loss, [X, Y, W]),
    "gaussian-full": (
        lambda x, y, v, r: nn.gaussian_nll_loss(x, y, v, True, reduction=r),
        lambda x, y, v, reduction: F.gaussian_nll_loss(x, y, v, True, reduction=reduction),
        [X, Y, W],
    ),
    "multilabel-soft-margin": (
        lambda x, y, w, r: nn.multilabel_soft_margin_loss(x, y, w, r),
        lambda x, y, w, reduction: F.multilabel_soft_margin_loss(x, y, w, reduction=reduction),
        [X, bits(5, 3), positive(3)],
    ),
    "margin-ranking": (
        lambda a, b, y, r: nn.margin_ranking_loss(a, b, y, "0.3", r),
        lambda a, b, y, reduction: F.margin_ranking_loss(a, b, y, 0.3, reduction=reduction),
        [normal(5), normal(5), signs(5)],
    ),
    "cosine-embedding": (
        lambda a, b, y, r: nn.cosine_embedding_loss(a, b, y, 0.2, r),
        lambda a, b, y, reduction: F.cosine_embedding_loss(a, b, y, 0.2, reduction=reduction),
        [X, Y, signs(5)],
    ),
    "triplet": (lambda a, b, c, r: nn.triplet_margin_loss(a, b, c, reduction=r), F.triplet_margin_loss, [X, Y, normal(5, 3)]),
    "triplet-swap": (
        lambda a, b, c, r: nn.triplet_margin_loss(a, b, c, 2, 1, swap=True, reduction=r),
        lambda a, b, c, reduction: F.triplet_margin_loss(a, b, c, 2.0, 1.0, swap=True, reduction=reduction),
        [X, Y, normal(5, 3)],
    ),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", PAIRS)
def test_losses_of_tensors(case, reduction):
    """A loss of tensors is PyTorch's under every reduction."""
    ours, theirs, arrays = PAIRS[case]
    same_function(lambda *x: ours(*x, reduction), lambda *x: theirs(*x, reduction=reduction), *arrays)


SCORES, IMAGES = normal(6, 4), normal(2, 4, 3, 2)
LABELS, PIXELS = [0, 3, 1, 1, 2, 0], [[[0, 1], [2, 3], [3, 3]], [[1, 1], [0, 2], [2, 0]]]
WEIGHT = positive(4)
CLASSIFICATION = {
    "plain": dict(),
    "weight": dict(weight=WEIGHT),
    "ignore": dict(ignore_index=1),
    "ignore-weight": dict(ignore_index=1, weight=WEIGHT),
    "smoothing": dict(label_smoothing=0.1),
    "smoothing-weight": dict(label_smoothing=0.1, weight=WEIGHT),
    "everything": dict(label_smoothing=0.3, weight=WEIGHT, ignore_index=1),
}


def _torch_options(options):
    return {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("scores", "labels"), [(SCORES, LABELS), (IMAGES, PIXELS)], ids=["rows", "images"])
@pytest.mark.parametrize("case", CLASSIFICATION)
def test_cross_entropy_of_integer_labels(case, scores, labels, reduction):
    """Cross entropy is PyTorch's: weights, ignored labels, smoothing, reductions, and labels that are data."""
    options = CLASSIFICATION[case]
    theirs = F.cross_entropy(torch.from_numpy(scores), torch.tensor(labels), reduction=reduction, **_torch_options(options))
    x = nn.Input("x", scores.shape)
    static = nn.cross_entropy(x, labels, reduction=reduction, **options)
    assert_same(static, theirs, {"x": scores})
    given = nn.cross_entropy(x, nn.Input("labels", np.shape(labels)), reduction=reduction, **options)
    assert_same(given, theirs, {"x": scores, "labels": np.array(labels, dtype=float)})


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", ["plain", "weight", "smoothing-weight"])
@pytest.mark.parametrize("shape", [(6, 4), (2, 4, 3)])
def test_cross_entropy_of_probabilities(case, shape, reduction):
    """Cross entropy with soft labels is PyTorch's."""
    options = CLASSIFICATION[case]
    target = np.exp(normal(*shape))
    target /= target.sum(1, keepdims=True)
    same_function(
        lambda x, t: nn.cross_entropy(x, t, reduction=reduction, **options),
        lambda x, t: F.cross_entropy(x, t, reduction=reduction, **_torch_options(options)), normal(*shape), target,
    )  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", ["plain", "weight", "ignore", "ignore-weight"])
def test_nll(case, reduction):
    """The negative log-likelihood of labels is PyTorch's."""
    options = CLASSIFICATION[case]
    logs = np.log(unit(6, 4))
    theirs = F.nll_loss(torch.from_numpy(logs), torch.tensor(LABELS), reduction=reduction, **_torch_options(options))
    assert_same(nn.nll_loss(nn.Input("x", (6, 4)), LABELS, reduction=reduction, **options), theirs, {"x": logs})


def test_cross_entropy_of_one_vector():
    """Scores without a batch axis have one label."""
    x = normal(4)
    assert_same(nn.cross_entropy(nn.Input("x", (4,)), 2), F.cross_entropy(torch.from_numpy(x), torch.tensor(2)), {"x": x})


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_multi_margin(p, weight):
    """The multi-class hinge loss is PyTorch's."""
    theirs = F.multi_margin_loss(
        torch.from_numpy(SCORES), torch.tensor(LABELS), p=p, margin=0.8, weight=None if weight is None else torch.from_numpy(weight)
    )
    assert_same(nn.multi_margin_loss(nn.Input("x", (6, 4)), LABELS, p, "0.8", weight), theirs, {"x": SCORES})


LIKELIHOODS = {
    "student-t": (
        lambda m, s, v, y: nn.student_t_nll_loss(m, y, s, v, "none"),
        lambda m, s, v, y: -D.StudentT(v, m, s).log_prob(y),
        [normal(4), positive(4), positive(4) + 1, normal(4)],
    ),
    "laplace": (
        lambda m, s, y: nn.laplace_nll_loss(m, y, s, "none"),
        lambda m, s, y: -D.Laplace(m, s).log_prob(y),
        [normal(4), positive(4), normal(4)],
    ),
    "gamma": (
        lambda a, b, y: nn.gamma_nll_loss(a, b, y, "none"),
        lambda a, b, y: -D.Gamma(a, b).log_prob(y),
        [positive(4), positive(4), positive(4)],
    ),
    "beta": (
        lambda a, b, y: nn.beta_nll_loss(a, b, y, "none"),
        lambda a, b, y: -D.Beta(a, b).log_prob(y),
        [positive(4), positive(4), unit(4)],
    ),
    "negative-binomial": (
        lambda r, z, y: nn.negative_binomial_nll_loss(r, z, y, "none"),
        lambda r, z, y: -D.NegativeBinomial(r, logits=z).log_prob(y),
        [positive(4), normal(4), counts(4)],
    ),
}


@pytest.mark.parametrize("case", LIKELIHOODS)
def test_likelihoods(case):
    """A likelihood is the log-density of PyTorch's distribution."""
    ours, theirs, arrays = LIKELIHOODS[case]
    same_function(ours, theirs, *arrays)


def test_dirichlet_likelihood():
    """The Dirichlet likelihood agrees on the simplex."""
    y = unit(5, 3)
    y /= y.sum(1, keepdims=True)
    same_function(lambda a, t: nn.dirichlet_nll_loss(a, t, "none"), lambda a, t: -D.Dirichlet(a).log_prob(t), positive(5, 3), y)


def test_gaussian_mixture_likelihood():
    """The mixture likelihood agrees with PyTorch's mixture distribution."""

    def theirs(z, m, s, y):
        return -D.MixtureSameFamily(D.Categorical(logits=z), D.Normal(m, s)).log_prob(y)

    same_function(
        lambda z, m, s, y: nn.gaussian_mixture_nll_loss(z, m, s, y, "none"), theirs, normal(5, 3), normal(5, 3), positive(5, 3), normal(5)
    )


def test_evidential_loss():
    """The evidential loss is a Student t likelihood plus its regulariser."""

    def theirs(g, v, a, b, y):
        student = D.StudentT(2 * a, g, (b * (1 + v) / (v * a)).sqrt())
        return -student.log_prob(y) + 0.01 * (y - g).abs() * (2 * v + a)

    arrays = [normal(4), positive(4), positive(4) + 1, positive(4), normal(4)]
    same_function(lambda *x: nn.evidential_loss(*x, reduction="none"), theirs, *arrays)


@pytest.mark.parametrize(("alpha", "gamma"), [("0.25", 2), (None, "1.5")])
def test_focal_losses(alpha, gamma):
    """The focal losses agree with their usual implementations."""

    def binary(x, y):
        p, ce = x.sigmoid(), F.binary_cross_entropy_with_logits(x, y, reduction="none")
        pt = p * y + (1 - p) * (1 - y)
        loss = ce * (1 - pt) ** float(gamma)
        return (loss if alpha is None else (0.25 * y + 0.75 * (1 - y)) * loss).mean()

    same_function(lambda x, y: nn.sigmoid_focal_loss(x, y, alpha, gamma), binary, X, bits(5, 3))

    def classes(x):
        logs = x.log_softmax(1)[torch.arange(6), LABELS]
        return (-((1 - logs.exp()) ** float(gamma)) * logs).mean()

    same_function(lambda x: nn.focal_loss(x, LABELS, gamma), classes, SCORES)


def test_metric_losses():
    """Contrastive, InfoNCE and SimCLR losses agree with their definitions."""

    def contrastive(a, b, y):
        d = (a - b).norm(dim=1)
        return (y * d**2 + (1 - y) * (1 - d).clamp(min=0) ** 2).mean()

    same_function(nn.contrastive_loss, contrastive, X, Y, bits(5))

    def info(a, b):
        scores = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / 0.1
        return F.cross_entropy(scores, torch.arange(5))

    same_function(nn.info_nce_loss, info, X, Y)

    def simclr(a, b):
        z = F.normalize(torch.cat([a, b]), dim=1)
        scores = (z @ z.T / 0.5).masked_fill(torch.eye(10, dtype=torch.bool), -torch.inf)
        return F.cross_entropy(scores, torch.arange(10).roll(5))

    same_function(nn.nt_xent_loss, simclr, X, Y)


def test_overlap_losses():
    """Dice, Jaccard and Tversky losses agree with their definitions."""

    def dice(p, y):
        return 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)

    def jaccard(p, y):
        t = (p * y).sum((1,))
        return (1 - (t + 1) / (p.sum(1) + y.sum(1) - t + 1)).mean()

    same_function(nn.dice_loss, dice, P, bits(5, 3))
    same_function(lambda p, y: nn.jaccard_loss(p, y, dims=1), jaccard, P, bits(5, 3))


CTC = {
    "one": dict(labels=[[1, 2, 3]], time=6),
    "repeats": dict(labels=[[2, 2, 1, 1]], time=7),
    "tight": dict(labels=[[1, 1, 2]], time=4),
    "batch": dict(labels=[[1, 2, 3], [3, 3]], time=8, lengths=[8, 5]),
    "blank": dict(labels=[[0, 2], [1, 0]], time=5, blank=3),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", CTC)
def test_ctc(case, reduction):
    """The finite sum over alignments is PyTorch's CTC loss."""
    options = CTC[case]
    labels, time, blank = options["labels"], options["time"], options.get("blank", 0)
    lengths = options.get("lengths", [time] * len(labels))
    scores = normal(time, len(labels), 4)
    theirs = F.ctc_loss(
        torch.from_numpy(scores).log_softmax(-1), torch.tensor([c for row in labels for c in row]), lengths, [len(r) for r in labels],
        blank=blank, reduction=reduction,
    )  # fmt: skip
    x = nn.Input("x", scores.shape)
    ours = nn.ctc_loss(nn.log_softmax(x, -1), labels, lengths, blank=blank, reduction=reduction)
    assert_same(ours, theirs, {"x": scores})


def test_ctc_that_cannot_align_is_refused():
    """A target that does not fit is refused: its loss is infinite."""
    with pytest.raises(InputError, match="no alignment of 3 labels fits in 3 steps"):
        nn.ctc_loss(nn.Input("x", (3, 1, 4)), [[1, 1, 2]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: nn.mse_loss(x, nn.Input("y", (4, 1))), r"shape \[4, 3\] against a target of shape \[4, 1\]"),
        (lambda x: nn.cross_entropy(x, [0, 1]), r"labels of shape \[2\] for scores of shape \[4, 3\]"),
        (lambda x: nn.cross_entropy(x, [0, 1, 2, 3]), "label 3 is not an integer from 0 to 2"),
        (lambda x: nn.cross_entropy(x, [1, 1, 1, 1], ignore_index=1), "every label is ignored"),
    ],
)
def test_losses_refuse_what_is_almost_surely_a_mistake(call, message):
    """Shapes that merely broadcast, and labels that are out of range, are refused."""
    with pytest.raises((ShapeError, InputError), match=message):
        call(nn.Input("x", (4, 3)))


def test_losses_as_modules():
    """A loss module is the function with its options."""
    x = normal(6, 4)
    module = nn.CrossEntropyLoss(label_smoothing="0.1", weight=nn.constant([1, 2, 3, 4]))
    theirs = torch.nn.CrossEntropyLoss(label_smoothing=0.1, weight=torch.tensor([1.0, 2, 3, 4]).double())
    assert_same(module(nn.Input("x", (6, 4)), LABELS), theirs(torch.from_numpy(x), torch.tensor(LABELS)), {"x": x})
    with pytest.raises(InputError, match="HuberLoss has no option 'beta'"):
        nn.HuberLoss(beta=1)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_multilabel_margin(reduction):
    """The margin loss of several labels per row is PyTorch's."""
    labels = [[3, 0, -1, 1], [2, -1, -1, -1]]
    x = normal(2, 4)
    theirs = F.multilabel_margin_loss(torch.from_numpy(x), torch.tensor(labels), reduction=reduction)
    assert_same(nn.multilabel_margin_loss(nn.Input("x", (2, 4)), labels, reduction), theirs, {"x": x})
