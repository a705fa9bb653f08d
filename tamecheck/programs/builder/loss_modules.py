"""Losses as modules with PyTorch's names: ``nn.CrossEntropyLoss(label_smoothing=0.1)(logits, labels)``."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

from tamecheck.errors import InputError
from tamecheck.programs.builder import likelihoods, losses
from tamecheck.programs.builder.module import Module
from tamecheck.programs.builder.tensor import Arithmetic, Tensor


class LossModule(Module):
    """A loss function with its options; tensors among the options are its members."""

    function: Callable[..., Tensor]

    def __init__(self, **options: object) -> None:
        known = signature(type(self).function).parameters
        wrong = [name for name in options if name not in known]
        if wrong:
            raise InputError(f"{type(self).__name__} has no option {wrong[0]!r}", code="TC124", hint=", ".join(known))
        self._options = list(options)
        for name, value in options.items():
            setattr(self, name, value)

    def extra_repr(self) -> str:
        """Return the options."""
        return ", ".join(f"{n}={'tensor' if isinstance(getattr(self, n), Arithmetic) else getattr(self, n)!r}" for n in self._options)

    def forward(self, *inputs: object) -> Tensor:
        """Return the loss of its inputs."""
        return type(self).function(*inputs, **{name: getattr(self, name) for name in self._options})


def _loss(title: str, function: Callable[..., Tensor]) -> type[LossModule]:
    doc = (function.__doc__ or "").splitlines()[0]
    return type(title, (LossModule,), {"function": staticmethod(function), "__doc__": doc, "__module__": __name__})


MODULES: dict[str, Callable[..., Tensor]] = {
    "MSELoss": losses.mse_loss, "L1Loss": losses.l1_loss, "MAELoss": losses.l1_loss, "HuberLoss": losses.huber_loss,
    "SmoothL1Loss": losses.smooth_l1_loss, "LogCoshLoss": losses.log_cosh_loss, "QuantileLoss": losses.quantile_loss,
    "PinballLoss": losses.quantile_loss, "ExpectileLoss": losses.expectile_loss, "HingeLoss": losses.hinge_loss,
    "SquaredHingeLoss": losses.squared_hinge_loss, "SoftMarginLoss": losses.soft_margin_loss, "LogisticLoss": losses.soft_margin_loss,
    "ExponentialLoss": losses.exponential_loss, "HingeEmbeddingLoss": losses.hinge_embedding_loss,
    "MultiMarginLoss": losses.multi_margin_loss, "MultiLabelSoftMarginLoss": losses.multilabel_soft_margin_loss,
    "MultiLabelMarginLoss": losses.multilabel_margin_loss,
    "MarginRankingLoss": losses.margin_ranking_loss, "BCELoss": losses.binary_cross_entropy,
    "BCEWithLogitsLoss": losses.binary_cross_entropy_with_logits, "SigmoidFocalLoss": losses.sigmoid_focal_loss,
    "NLLLoss": losses.nll_loss, "CrossEntropyLoss": losses.cross_entropy, "FocalLoss": losses.focal_loss,
    "CosineEmbeddingLoss": losses.cosine_embedding_loss, "TripletMarginLoss": losses.triplet_margin_loss,
    "ContrastiveLoss": losses.contrastive_loss, "InfoNCELoss": losses.info_nce_loss, "NTXentLoss": losses.nt_xent_loss,
    "DiceLoss": losses.dice_loss, "JaccardLoss": losses.jaccard_loss, "IoULoss": losses.jaccard_loss, "TverskyLoss": losses.tversky_loss,
    "KLDivLoss": likelihoods.kl_div, "PoissonNLLLoss": likelihoods.poisson_nll_loss, "GaussianNLLLoss": likelihoods.gaussian_nll_loss,
    "LaplaceNLLLoss": likelihoods.laplace_nll_loss, "StudentTNLLLoss": likelihoods.student_t_nll_loss,
    "GammaNLLLoss": likelihoods.gamma_nll_loss, "BetaNLLLoss": likelihoods.beta_nll_loss,
    "DirichletNLLLoss": likelihoods.dirichlet_nll_loss, "NegativeBinomialNLLLoss": likelihoods.negative_binomial_nll_loss,
    "GaussianMixtureNLLLoss": likelihoods.gaussian_mixture_nll_loss, "EvidentialLoss": likelihoods.evidential_loss,
    "CTCLoss": likelihoods.ctc_loss,
}  # fmt: skip

CLASSES: dict[str, type[LossModule]] = {title: _loss(title, function) for title, function in MODULES.items()}
